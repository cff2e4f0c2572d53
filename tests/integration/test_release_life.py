"""Publishing, going back, verifying, pruning and mending, over both stores."""

import datetime as dt
import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from synthetic import MORNING, Home, marker, with_password

from kh02_pipelines.client import ReleaseNotFound, open_catalogue
from kh02_pipelines.errors import AuditError, EnvironmentFault
from kh02_pipelines.release.reconcile import reconcile
from kh02_pipelines.release.retention import Retention
from kh02_pipelines.release.rollback import roll_back
from kh02_pipelines.release.verify import verify
from kh02_pipelines.tables.contract import CONTRACT_VERSION

LATER = MORNING + dt.timedelta(days=90)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", f"sqlite:///{tmp_path / 'catalogue.db'}")


def shown(home: Home) -> tuple[str, str | None]:
    with home.database.database.transaction("was read") as connection:
        return connection.execute(text("SELECT min(name) FROM commune")).scalar_one(), home.files.pointed()


def test_an_unchanged_catalogue_makes_no_new_release(home: Home) -> None:
    first = home.publish(1)
    again = home.publish(1)
    assert (first.new, again.new) == (True, False)
    assert first.release_id == again.release_id
    assert len(home.database.releases()) == len(home.files.releases()) == 1


def test_an_unchanged_night_moves_the_time_of_the_last_check_and_nothing_else(
    tmp_path: Path, database_url: URL
) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    release = home.publish(1).release_id

    def seen() -> tuple[dict[str, bytes], list[object], dict[str, object]]:
        files = {str(path): path.read_bytes() for path in sorted(home.files.root.rglob("*")) if path.is_file()}
        checked = json.loads(files.pop(str(home.files.root / "checked.json")))
        with home.database.database.transaction("was read") as connection:
            query = (
                "SELECT release_id, content_hash, run_id, published_at, row_counts, is_current FROM published_release"
            )
            rest = [tuple(row) for row in connection.execute(text(query))]
        return files, rest, checked

    files, rest, checked = seen()
    first = MORNING + dt.timedelta(days=1)
    assert checked == {"release_id": release, "last_checked_at": first.isoformat(), "run_id": None}
    assert open_catalogue(home.url).last_checked_at == open_catalogue(home.path).last_checked_at == first
    later = first + dt.timedelta(days=3)
    assert home.publish_again(1, days_later=3).new is False
    assert seen() == (files, rest, {**checked, "last_checked_at": later.isoformat()})
    assert open_catalogue(home.url).last_checked_at == open_catalogue(home.path).last_checked_at == later


def test_a_night_whose_audit_fails_leaves_the_time_of_the_last_check(home: Home) -> None:
    release = home.publish(1).release_id
    roll_to = home.publish(2).release_id
    before = open_catalogue(home.path).last_checked_at
    roll_back(home.files, home.database, release, "sai tên xã", LATER)
    with pytest.raises(AuditError):
        home.publish_again(2, days_later=1)
    assert json.loads((home.files.root / "checked.json").read_text("utf-8"))["release_id"] == roll_to
    assert open_catalogue(home.path, release=roll_to).last_checked_at == before
    assert open_catalogue(home.url).last_checked_at == open_catalogue(home.path).last_checked_at < before


def test_files_say_which_release_they_are_of_and_have_the_same_bytes_every_time(home: Home, tmp_path: Path) -> None:
    release = home.publish(1).release_id
    other = Home(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    other.publish(1)
    for path in sorted(home.files.folder(release).glob("*.parquet")):
        metadata = pq.read_metadata(path).metadata
        assert metadata[b"kh02.release_id"].decode() == release
        assert {b"kh02.as_of", b"kh02.contract_version", b"kh02.sources", b"kh02.content_hash"} <= set(metadata)
        twin = other.files.folder(release) / path.name
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(twin.read_bytes()).digest()


def test_going_back_moves_the_pointers_and_records_why(tmp_path: Path, database_url: URL) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    first, second = home.publish(1).release_id, home.publish(2).release_id
    folders = sorted(path.name for path in home.files.root.iterdir())
    assert roll_back(home.files, home.database, first, "sai tên xã", LATER) == second
    assert shown(home) == (marker(1), first)
    assert sorted(path.name for path in home.files.root.iterdir()) == folders
    with home.database.database.transaction("was read") as connection:
        move = connection.execute(text("SELECT * FROM release_move ORDER BY seq DESC")).mappings().first()
    assert move is not None
    assert (move["action"], move["release_id"], move["left_release_id"], move["reason"]) == (
        "rollback",
        first,
        second,
        "sai tên xã",
    )
    assert roll_back(home.files, home.database, first, "again", LATER) is None


def test_what_was_rolled_back_from_does_not_come_back_by_itself(home: Home) -> None:
    first, second = home.publish(1).release_id, home.publish(2).release_id
    roll_back(home.files, home.database, first, "sai tên xã", LATER)
    with pytest.raises(AuditError, match=f"{second}, from which .* rolled back at .*: sai tên xã".replace("+", r"\+")):
        home.publish(2)
    assert shown(home) == (marker(1), first)
    assert home.publish(3).new
    roll_back(home.files, home.database, second, "đã kiểm tra lại", LATER)
    assert home.publish(2).new is False


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001])
def test_going_back_needs_a_reason(home: Home, reason: str) -> None:
    first = home.publish(1).release_id
    with pytest.raises(EnvironmentFault, match="needs a reason"):
        roll_back(home.files, home.database, first, reason, LATER)


def test_going_back_to_what_is_not_whole_is_refused(home: Home) -> None:
    first, second = home.publish(1).release_id, home.publish(2).release_id
    for wrong in ("../../etc", "2020-01-01+00000000"):
        with pytest.raises(EnvironmentFault, match="kh02 releases"):
            roll_back(home.files, home.database, wrong, "x", LATER)
    with (home.files.folder(first) / "commune.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(EnvironmentFault, match="damaged"):
        roll_back(home.files, home.database, first, "x", LATER)
    assert shown(home) == (marker(2), second)


def test_verification_finds_what_was_changed_where(tmp_path: Path, database_url: URL) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    first, second = home.publish(1).release_id, home.publish(2).release_id
    assert verify(home.files, home.database).problems == []
    with home.database.database.transaction("was spoilt", writes=True) as connection:
        connection.execute(
            text(f"UPDATE commune_release SET name = 'x' WHERE release_id = '{first}' AND code = '00001'")
        )
        connection.execute(text(f"DELETE FROM province_release WHERE release_id = '{second}' AND code = '00001'"))
    assert any("database's content is not" in line for line in verify(home.files, home.database, first).problems)
    assert any("shows 19 rows, Parquet has 20" in line for line in verify(home.files, home.database, second).problems)
    (home.files.folder(second) / "commune.parquet").unlink()
    assert any("commune.parquet: missing" in line for line in verify(home.files, home.database).problems)
    home.files.point_to(first)
    assert any("file pointer names" in line for line in verify(home.files, home.database).problems)
    with pytest.raises(EnvironmentFault, match="in neither store"):
        verify(home.files, home.database, "2020-01-01+00000000")


def test_old_releases_go_from_both_stores(home: Home) -> None:
    for number in range(14):
        home.publish(number, retention=Retention(releases=3, days=7))
    kept = {info.release_id for info in home.files.releases()}
    assert kept == {info.release_id for info in home.database.releases()}
    # readers had it until seven days before the fourteenth day; older ones are beyond the third
    assert min(kept)[:10] == "2026-01-06"
    assert len(kept) == 9


def test_a_release_gone_back_to_is_not_taken_from_under_its_readers(home: Home) -> None:
    """A reader that pinned the release of a rollback still has it when the next publication prunes."""
    retention = Retention(releases=2, days=7)
    old = home.publish(1, retention=retention).release_id
    home.publish(2, retention=retention)
    with_it = MORNING + dt.timedelta(days=30)
    roll_back(home.files, home.database, old, "the later one is wrong", with_it)
    pinned = open_catalogue(home.files.root)
    assert pinned.release_id == old
    home.publish(31, retention=retention)
    assert pinned.table("commune", as_="pyarrow").num_rows == 20
    assert {old} <= {release.release_id for release in home.database.releases()}
    home.publish(45, retention=retention)
    assert old not in {release.release_id for release in home.database.releases()}
    assert not home.files.has(old)


@pytest.mark.parametrize("text_of_description", ["", "{", '{"release_id": "x"}', "[]"])
def test_a_damaged_old_release_stops_nobody(home: Home, text_of_description: str) -> None:
    first = home.publish(1).release_id
    home.publish(2)
    (home.files.folder(first) / "release.json").write_text(text_of_description)
    third = home.publish(3).release_id
    assert shown(home) == (marker(3), third)
    assert home.files.damaged() == [first]
    assert first not in {info.release_id for info in home.files.releases()}
    assert verify(home.files, home.database).problems == []
    assert verify(home.files, home.database, first).problems != []


def test_changes_are_told_against_what_readers_had(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'catalogue.db'}", whole=True)
    first, second = home.publish(1).release_id, home.publish(2).release_id
    roll_back(home.files, home.database, first, "the second is wrong", LATER)
    third = home.publish(3).release_id
    assert [home.files.describe(release).replaces for release in (first, second, third)] == [None, first, first]
    with home.database.database.transaction("was read") as connection:
        told = connection.execute(text("SELECT DISTINCT release_id, previous_release_id FROM release_change"))
        assert set(told.all()) == {(second, first), (third, first)}


def test_a_damaged_current_release_does_not_stop_the_good_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'catalogue.db'}", whole=True)
    first, second = home.publish(1).release_id, home.publish(2).release_id
    (home.files.folder(second) / "commune.parquet").unlink()
    third = home.publish(3).release_id
    assert shown(home) == (marker(3), third)
    with home.database.database.transaction("was read") as connection:
        told = connection.execute(
            text("SELECT DISTINCT previous_release_id FROM release_change WHERE release_id = :it"), {"it": third}
        )
        assert told.scalars().all() == [first]


def test_two_homes_with_the_same_content_share_one_release(home: Home, tmp_path: Path) -> None:
    """The date is no part of the content: the second home takes over the id that the database shows."""
    release = home.publish(1).release_id
    other = Home(tmp_path / "other", home.url)
    for _ in range(2):
        published = other.publish_again(1, days_later=3)
        assert published.release_id == release
        assert shown(other) == (marker(1), release)
        assert home.publish(1).new is False
    assert len(home.database.releases()) == 1
    assert verify(other.files, other.database).problems == []
    metadata = pq.read_metadata(other.files.folder(release) / "commune.parquet").metadata
    assert (metadata[b"kh02.release_id"].decode(), metadata[b"kh02.as_of"].decode()) == (release, release[:10])
    assert other.files.describe(release).published_at == home.files.describe(release).published_at


def test_a_release_that_was_never_shown_cannot_be_opened(home: Home) -> None:
    class CutOff(Exception):
        pass

    def cut(step: str) -> None:
        if step == "database.rows_committed":
            raise CutOff

    first = home.publish(1).release_id
    with pytest.raises(CutOff):
        Home(home.path, home.url, step=cut).publish(2)
    (unshown,) = {info.release_id for info in home.files.releases()} - {first}
    with pytest.raises(ReleaseNotFound):
        open_catalogue(home.files.root, release=unshown)
    assert open_catalogue(home.files.root).release_id == first


def test_the_description_of_a_release_is_proved_too(home: Home) -> None:
    release = home.publish(1).release_id
    path = home.files.folder(release) / "release.json"
    path.write_text(path.read_text("utf-8").replace('"commune": 20', '"commune": 7'), "utf-8")
    problems = verify(home.files, home.database).problems
    assert any("SHA256SUMS" in line for line in problems)
    assert any("not as many as its description says" in line for line in problems)


def test_the_pointer_says_the_contract_of_its_release(home: Home) -> None:
    release = home.publish(1).release_id
    manifest = home.files.folder(release) / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(f'"{CONTRACT_VERSION}"', '"0.9"'), "utf-8")
    home.files.point_to(release)
    assert json.loads((home.files.root / "current.json").read_text("utf-8"))["contract_version"] == "0.9"


def test_a_new_empty_database_costs_no_release(home: Home, tmp_path: Path) -> None:
    first, second = home.publish(1).release_id, home.publish(2).release_id
    moved = Home(home.path, f"sqlite:///{tmp_path / 'new.db'}")
    assert reconcile(moved.files, moved.database) == []
    assert {info.release_id for info in moved.files.releases()} == {first, second}
    assert moved.publish(2).release_id == second
    assert shown(moved) == (marker(2), second)
    assert verify(moved.files, moved.database).problems == []


def test_a_home_that_lost_its_files_gets_them_again(home: Home) -> None:
    release = home.publish(1).release_id
    shutil.rmtree(home.files.root)
    assert home.publish(1).release_id == release
    assert shown(home) == (marker(1), release)
    assert verify(home.files, home.database).problems == []


def test_a_lagging_file_pointer_follows_the_database(home: Home) -> None:
    first, second = home.publish(1).release_id, home.publish(2).release_id
    home.files.point_to(first)
    assert reconcile(home.files, home.database) == [f"moved the file pointer to {second}, which the database shows"]
    assert shown(home) == (marker(2), second)
    home.files.point_to(first)
    (home.files.folder(second) / "commune.parquet").unlink()
    assert "the file pointer stays until" in reconcile(home.files, home.database)[0]
    assert home.files.pointed() == first
    home.publish(2)
    assert shown(home) == (marker(2), second)
    assert verify(home.files, home.database).problems == []
