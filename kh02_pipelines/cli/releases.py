"""The commands of ``kh02`` that are about releases: releases, rollback, verify, and ``db`` upgrade and roles.

Belongs here: arguments, printing, exit codes. Does not belong here: what they do (``release``). Exit codes as in
``cli``: 0 ok; 1 something is not as it was published; 2 usage or environment.
"""

import datetime as dt
from typing import Annotated

import typer

from kh02_pipelines.cli.console import LazyConsole

PROBLEMS_FOUND = 1


def register(app: typer.Typer, out: LazyConsole, err: LazyConsole) -> None:
    """Add the commands to the application."""
    db = typer.Typer(no_args_is_help=True, help="Lược đồ cơ sở dữ liệu công bố · The published database's schema.")
    app.add_typer(db, name="db")

    @app.command()
    def releases() -> None:
        """Các bản phát hành còn lưu · The releases that are kept, newest first."""
        from kh02_pipelines.release.clock import of_the_future
        from kh02_pipelines.release.files.home_lock import started
        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.settings import Settings

        stores = Stores.from_settings(Settings())
        now = stores.clock()
        held = {info.release_id: info for info in stores.database.releases()}
        files = {info.release_id: info for info in stores.parquet.releases()}
        shown, pointed = stores.database.current_release(), stores.parquet.pointed()
        mark = started(stores.parquet.root)
        unshown = {mark[0]} - held.keys() - {pointed} if mark else set()
        published_at = {name: dt.datetime.fromisoformat(info.published_at) for name, info in files.items()}
        published_at |= {name: info.published_at for name, info in held.items()}
        line = "{:1} {:20} {:25} {:>7} {:>9} {:>11} {:8} {}".format
        out.print(line("", "release", "published at", "age", "rows", "bytes", "database", "files"), soft_wrap=True)
        for name, published in sorted(published_at.items(), key=lambda item: (item[1], item[0]), reverse=True):
            folder = stores.parquet.folder(name)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if name in files else 0
            rows = held[name].rows if name in held else files[name].rows
            text = line(
                "*" if shown and shown.release_id == name else "",
                name,
                published.isoformat(timespec="seconds"),
                _age(now - published),
                f"{sum(rows.values()):,}",
                f"{size:,}",
                "yes" if name in held else "-",
                _state(name, pointed, unshown) if name in files else "-",
            )
            out.print(text, markup=False, soft_wrap=True)
        for info in held.values():
            if why := of_the_future(info, now):
                err.print(
                    f"kh02: {info.release_id}: bản của tương lai · of the future: {why}; remedy: set the clock",
                    style="yellow",
                    markup=False,
                    soft_wrap=True,
                )
        for name in stores.parquet.damaged():
            err.print(
                f"kh02: {name}: thư mục hỏng · its folder is damaged; remedy: "
                + ("kh02 build makes it anew" if name == pointed else f"remove {stores.parquet.folder(name)}"),
                style="yellow",
                markup=False,
                soft_wrap=True,
            )
        if (shown.release_id if shown else None) != pointed:
            err.print(
                f"kh02: con trỏ lệch nhau · the database shows {shown.release_id if shown else 'nothing'}, the file "
                f"pointer names {pointed or 'nothing'}; remedy: kh02 build brings them together",
                style="yellow",
                markup=False,
                soft_wrap=True,
            )

    @app.command()
    def rollback(
        release: Annotated[str, typer.Argument(metavar="RELEASE", help="Một bản trong kh02 releases · One it lists.")],
        reason: Annotated[str, typer.Option(help="Lý do, được ghi lại · Why; it is recorded.")],
    ) -> None:
        """Quay về một bản còn lưu: chỉ con trỏ đổi · Go back to a kept release: only the pointers move."""
        from kh02_pipelines.release.files.home_lock import one_publisher
        from kh02_pipelines.release.rollback import roll_back
        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.settings import Settings

        stores = Stores.from_settings(Settings())
        with one_publisher(stores.home, what="rolling back"):
            left = roll_back(stores.parquet, stores.database, release, reason, stores.clock())
        if left is None:
            out.print(f"{release}: đang là bản hiện hành · already the current release", markup=False)
            return
        out.print(f"{left} → {release}", markup=False)
        from kh02_pipelines.automation.rollback import report_rollback  # Dagster's import costs a second or two

        try:
            report_rollback(stores, release, left, reason)
        except Exception as error:  # readers have the release; the UI follows with the next run
            err.print(f"kh02: the UI could not be told: {error}", style="yellow", markup=False, soft_wrap=True)

    @app.command()
    def verify(
        release: Annotated[
            str | None, typer.Argument(metavar="[RELEASE]", help="Mặc định bản hiện hành · Default: the current one.")
        ] = None,
    ) -> None:
        """Băm lại tệp, so cơ sở dữ liệu với Parquet · Re-hash the files, compare the database with Parquet."""
        from kh02_pipelines.release.verify import verify as compare
        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.settings import Settings

        stores = Stores.from_settings(Settings())
        found = compare(stores.parquet, stores.database, release)
        for problem in found.problems:
            err.print(f"kh02: {problem}", style="red", markup=False, soft_wrap=True)
        if found.problems:
            raise typer.Exit(PROBLEMS_FOUND)
        out.print(
            f"{found.release_id}: nguyên vẹn · as published ({found.files} files, {found.rows:,} rows, "
            "database and Parquet agree)",
            markup=False,
            soft_wrap=True,
        )

    @db.command()
    def upgrade() -> None:
        """Tạo hoặc nâng cấp bảng và khung nhìn · Make or bring up to date the tables and views."""
        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.settings import Settings

        stores = Stores.from_settings(Settings())
        done = stores.database.upgrade()
        for line in done:
            out.print(line, markup=False)
        if not done:
            out.print("đã mới nhất · up to date", markup=False)

    @db.command()
    def roles(
        alone: Annotated[
            bool,
            typer.Option(
                "--alone", help="Cơ sở dữ liệu chỉ có danh mục · The database holds nothing else: shut others out."
            ),
        ] = False,
    ) -> None:
        """In kịch bản SQL tạo vai trò PostgreSQL · Print the SQL script of the PostgreSQL roles."""
        from kh02_pipelines.release.database.roles import roles_script
        from kh02_pipelines.release.database.store import published_schema

        typer.echo(roles_script(published_schema("postgresql"), alone=alone), nl=False)


def _state(release: str, pointed: str | None, unshown: set[str]) -> str:
    """What the files of a release are to readers."""
    if release == pointed:
        return "current"
    return "not yet" if release in unshown else "yes"


def _age(span: dt.timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} d" if hours >= 48 else f"{hours:.1f} h"
