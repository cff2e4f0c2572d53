"""The commands of ``kh02`` for whoever is on duty: status and doctor.

Belongs here: arguments, printing, exit codes. Does not belong here: facts and problems (``release.duty``). Exit codes:
``status`` 0, or 1 when the light is ``failed``; ``doctor`` 0, or 2 when it found a fault.
"""

import json
import sys
from typing import Annotated

import typer

from kh02_pipelines.cli.console import LazyConsole

NO, FAULTS = 1, 2
COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


def register(app: typer.Typer, out: LazyConsole, err: LazyConsole) -> None:
    """Add the commands to the application."""

    @app.command()
    def status(
        as_json: Annotated[bool, typer.Option("--json", help="In JSON · Print JSON (docs/status.md).")] = False,
    ) -> None:
        """Một đèn: người đọc có gì, lịch và daemon, có gì hỏng · One light: what readers have, what is wrong."""
        from kh02_pipelines.release.duty.status import as_document, rows_of
        from kh02_pipelines.resources.instance_facts import read_home
        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.settings import Settings

        stores = Stores.from_settings(Settings())
        found = stores.status(lambda: read_home(stores.dagster_home))
        if as_json:
            sys.stdout.write(json.dumps(as_document(found), ensure_ascii=False, indent=2) + "\n")
        else:
            out.print(f"● {found.headline}", style=COLOURS[found.light], markup=False)
            for vi, en, value in rows_of(found):
                out.print(f"{f'{vi} · {en}':38} {value}", markup=False, soft_wrap=True)
            for problem in found.problems:
                out.print(f"! {problem.line}", style=COLOURS[problem.severity], markup=False, soft_wrap=True)
        raise typer.Exit(NO if found.light == "failed" else 0)

    @app.command()
    def doctor(
        alert: Annotated[
            bool, typer.Option("--alert", help="Gửi cảnh báo · Send alerts, as the daemon would.")
        ] = False,
    ) -> None:
        """Kiểm tra cài đặt và những gì đang chạy · Check the installation and what should be running in it."""
        import importlib.metadata

        from kh02_pipelines.release.duty.status import rows_of
        from kh02_pipelines.resources.instance_facts import read_home
        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.settings import Settings

        stores = Stores.from_settings(Settings())
        for name in ("kh02-pipelines", "dagster", "pandas", "pyarrow", "great-expectations", "sqlalchemy"):
            out.print(f"{name:38} {importlib.metadata.version(name)}", markup=False)
        out.print(f"{'python':38} {sys.version.split()[0]}")
        out.print(f"{'home':38} {stores.home}", markup=False, soft_wrap=True)
        out.print(f"{'database':38} {stores.database.display_url}", markup=False, soft_wrap=True)
        found = stores.status(lambda: read_home(stores.dagster_home))
        for vi, en, value in rows_of(found):
            out.print(f"{f'{vi} · {en}':38} {value}", markup=False, soft_wrap=True)
        for problem in found.problems:
            prefix = "kh02" if problem.severity == "failed" else "cảnh báo · warning"
            err.print(f"{prefix}: {problem.line}", style=COLOURS[problem.severity], markup=False, soft_wrap=True)
        if alert and stores.home.is_dir():
            from kh02_pipelines.release.duty.alerts import alerts_of, notify

            notify(alerts_of(found), stores.channels, stores.home, stores.clock())
        raise typer.Exit(FAULTS if found.light == "failed" else 0)
