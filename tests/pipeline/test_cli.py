"""The command line: what it prints, its exit codes, and one clear line for every fault a user can mend."""

import functools
import json
import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kh02_pipelines.cli import main as cli
from kh02_pipelines.cli import servers
from kh02_pipelines.release.files.home_lock import held
from kh02_pipelines.resources.frame_io import LOCK, FrameIOManager
from kh02_pipelines.tables.catalogue import CATALOGUE, PUBLISHED
from kh02_pipelines.tables.dictionary import data_dictionary

ROOT = Path(__file__).resolve().parents[2]
OK, CHECKS_FAILED, USAGE_OR_ENVIRONMENT = 0, 1, 2


class Answer(Protocol):
    """What a command printed and how it ended (see ``conftest.py``)."""

    code: int
    out: str
    err: str
    faults: list[str]


Kh02 = Callable[..., Answer]


def one_line(answer: Answer, *parts: str, code: int = USAGE_OR_ENVIRONMENT) -> str:
    """The one line that names the fault: it has all the parts and a remedy."""
    assert answer.code == code, answer
    assert len(answer.faults) == 1, answer.err
    line = answer.faults[0]
    for part in (*parts, "remedy: "):
        assert part in line
    return line


# ---- build ----


def types(home: Path, table: str) -> dict[str, int]:
    pointer = json.loads((home / "parquet" / "current.json").read_text("utf-8"))
    frame = pq.read_table(home / "parquet" / pointer["path"] / f"{table}.parquet", columns=["type"]).to_pandas()
    return {str(kind): int(number) for kind, number in frame["type"].value_counts().items()}


@pytest.mark.no_cover  # a whole run: the tracer would double its time
def test_build_of_the_day_of_the_reform(kh02: Kh02, tmp_path: Path) -> None:
    home = tmp_path / "home"
    answer = kh02("build", "--as-of", "2025-07-01", home=home)
    assert answer.code == OK, answer.err
    assert types(home, "commune") == {"xã": 2621, "phường": 687, "đặc khu": 13}
    assert types(home, "province") == {"thành phố": 6, "tỉnh": 28}
    release = json.loads((home / "parquet" / "current.json").read_text("utf-8"))["release_id"]
    assert release in answer.out
    assert "new release" in answer.out
    assert str(home / "parquet" / release) in answer.out
    assert str(home / "catalogue.db") in answer.out
    assert all(name in answer.out for name in CATALOGUE)
    assert re.search(r"commune_crosswalk\W+10,566\b", answer.out)


@pytest.mark.parametrize(
    ("date", "parts"),
    [
        ("yesterday", ("'yesterday' is not a date", "YYYY-MM-DD")),
        ("2025-02-30", ("'2025-02-30' is not a date",)),
        ("30/06/2025", ("'30/06/2025' is not a date",)),
        ("2026-11-22", ("2026-11-22 lies in the future", "today is 2026-11-21")),
        ("2025-06-29", ("no state is known for 2025-06-29", "2025-06-30")),
    ],
)
def test_a_date_nobody_can_answer_for(kh02: Kh02, tmp_path: Path, date: str, parts: tuple[str, ...]) -> None:
    one_line(kh02("build", "--as-of", date, home=tmp_path / "home"), *parts)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", [("build",), ("doctor",), ("daemon",), ("dev",), ("webserver",)])
def test_a_home_that_cannot_be_written(kh02: Kh02, tmp_path: Path, command: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    home.write_text("a file where the folder should be")
    answer = kh02(*command, home=home)
    assert answer.code == USAGE_OR_ENVIRONMENT
    line = next(line for line in answer.faults if "cannot write here" in line)
    assert str(home) in line
    assert "KH02_HOME" in line
    assert home.read_text() == "a file where the folder should be"


SECRET_URLS = {
    "password": "postgresql://w:{secret}@127.0.0.1:{port}/d",
    "with a slash": "postgresql://w:a/{secret}@127.0.0.1:{port}/d",
    "with an @": "postgresql://w:a@{secret}@127.0.0.1:{port}/d",
    "with an @ and a slash": "postgresql://w:a@b/{secret}@127.0.0.1:{port}/d",
    "with an @ and a colon": "postgresql://w:a@1:{secret}@127.0.0.1:{port}/d",
    "with an @ and a ?": "postgresql://w:a@b?{secret}@127.0.0.1:{port}/d",
    "password in the query": "postgresql://w@127.0.0.1:{port}/d?password={secret}",
    "key in the query": "postgresql://w@127.0.0.1:{port}/d?sslkey=/keys/{secret}&sslpassword={secret}&sslmode=require",
    "unknown parameter": "postgresql://w@127.0.0.1:{port}/d?token={secret}",
    "MariaDB": "mysql://w:{secret}@127.0.0.1:{port}/d?ssl_key=/keys/{secret}",
}
TOUCHING_THE_DATABASE = [
    *(("build",), ("status",), ("doctor",), ("releases",), ("verify",), ("db", "upgrade")),
    ("rollback", "2025-07-01+00000000", "--reason", "because"),
]


@pytest.mark.parametrize("command", TOUCHING_THE_DATABASE, ids=" ".join)
@pytest.mark.parametrize("url", SECRET_URLS.values(), ids=SECRET_URLS)
def test_no_part_of_a_secret_is_printed(
    kh02: Kh02, tmp_path: Path, closed_port: int, url: str, command: tuple[str, ...]
) -> None:
    given = url.format(secret="hunter2", port=closed_port)  # noqa: S106
    answer = kh02(*command, home=tmp_path / "home", database_url=given)
    assert answer.code != OK
    assert answer.faults or command == ("status",)  # its light is its answer
    assert "hunter2" not in answer.out + answer.err


@pytest.mark.parametrize("command", [("build",), ("doctor",), ("releases",)])
def test_a_database_url_that_is_none(kh02: Kh02, tmp_path: Path, command: tuple[str, ...]) -> None:
    answer = kh02(*command, home=tmp_path / "home", database_url="hunter2@nowhere")
    one_line(answer, "KH02_DATABASE_URL is not a database URL", "dialect+driver://")
    assert "hunter2" not in answer.out + answer.err


def test_no_room_for_what_dagster_keeps(kh02: Kh02, tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk; the published database is there already."""
    assert kh02("db", "upgrade", home=tmp_path).code == OK
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        answer = kh02("build", home=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    one_line(answer, "Dagster's storage cannot be used: ", f"file {tmp_path / 'dagster'}; remedy: free space there")


def test_an_unknown_profile(kh02: Kh02, tmp_path: Path) -> None:
    one_line(kh02("build", home=tmp_path, profile="staging"), "KH02_PROFILE", "correct the environment variable")


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_database_that_does_not_answer(kh02: Kh02, home_copy: Path, closed_port: int) -> None:
    url = f"postgresql+psycopg://writer:hunter2@127.0.0.1:{closed_port}/catalogue"
    before = {path: path.read_bytes() for path in (home_copy / "parquet").rglob("*") if path.is_file()}
    answer = kh02("build", home=home_copy, database_url=url)
    one_line(answer, f"127.0.0.1:{closed_port}", "is not reachable", "start the database")
    assert "hunter2" not in answer.out + answer.err
    assert {path: path.read_bytes() for path in (home_copy / "parquet").rglob("*") if path.is_file()} == before

    doctor = kh02("doctor", home=home_copy, database_url=url)
    one_line(doctor, "is not reachable")
    assert "hunter2" not in doctor.out + doctor.err


def test_a_second_build_is_told_of_the_first(kh02: Kh02, home_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs at once would hand each other their frames and dates."""
    impatient = functools.partial(FrameIOManager, wait_seconds=0.1)
    monkeypatch.setattr("kh02_pipelines.definitions.FrameIOManager", impatient)
    before = (home_copy / "parquet" / "current.json").read_bytes()
    with held(home_copy / "dagster" / "storage" / "frames", LOCK, 1, "the nightly run"):
        answer = kh02("build", "--as-of", "2025-07-01", home=home_copy)
    waits, fault = answer.faults
    assert "Waits for the run at work" in waits
    assert "the nightly run" in waits
    for part in ("another run has been at work here", "the nightly run", str(os.getpid()), "remedy: "):
        assert part in fault
    assert answer.code == USAGE_OR_ENVIRONMENT
    assert (home_copy / "parquet" / "current.json").read_bytes() == before


def missing(reference: Any) -> tuple[str, ...]:
    reference.path("code_aliases").unlink()
    return ("code_aliases.csv", "No such file", "restore the file")


def other_header(reference: Any) -> tuple[str, ...]:
    reference.replace("totals", "valid_from,valid_to,level,type", "from,to,level,type")
    return ("totals.csv", "row 1", "the header is from, to, level, type")


def not_utf8(reference: Any) -> tuple[str, ...]:
    path = reference.path("legal_documents")
    path.write_bytes(path.read_bytes().replace("Quốc hội".encode(), b"Qu\xf4c h\xf4i", 1))
    return ("legal_documents.csv", "not UTF-8")


def lost_zeros(reference: Any) -> tuple[str, ...]:
    reference.replace("registers/2025-06-30", "\n00004,commune", "\n4,commune")
    return ("2025-06-30.csv", "row ", "field code", "not a commune code", "leading zeros")


def ruling_without_match(reference: Any) -> tuple[str, ...]:
    reference.replace("rulings", "set,01615>01648", "set,01616>01648")
    return ("ruling R001 matches nothing", "rulings.csv", "row 2", "01616>01648")


def successor_from_nowhere(reference: Any) -> tuple[str, ...]:
    change = {"effective_date": "2026-12-01", "predecessor_level": "commune", "predecessor_code": "99999"}
    change |= {"successor_level": "commune", "successor_code": "99999", "legal_document": "237/NQ-UBTVQH16"}
    row = reference.append("changes/2026", change | {"effective_date": "2026-10-01"})
    return ("commune 99999 is not in force on 2026-10-01", "changes/2026.csv", f"row {row}")


@pytest.mark.parametrize(
    "plant",
    [missing, other_header, not_utf8, lost_zeros, ruling_without_match, successor_from_nowhere],
    ids=lambda plant: plant.__name__,
)
def test_faults_in_the_reference_data(kh02: Kh02, tmp_path: Path, reference_copy: Any, plant: Any) -> None:
    parts = plant(reference_copy)
    answer = kh02("build", home=tmp_path / "home", reference=reference_copy.folder)
    one_line(answer, *parts)
    assert "nothing new was published" in answer.err
    assert not (tmp_path / "home" / "parquet").exists()


# ---- lookup ----


@pytest.fixture
def home(first_run: Any) -> Path:
    path: Path = first_run.installation.home
    return path


def test_lookup_of_a_code(kh02: Kh02, home: Path) -> None:
    answer = kh02("lookup", "00112", home=home)
    assert (answer.code, answer.err) == (OK, "")
    lines = [line for line in answer.out.splitlines() if line.startswith("  =")]
    assert [line.split()[1] for line in lines] == ["00004", "00103"]
    assert "no people" in lines[0]
    assert "all people" in lines[1]
    assert "none is picked" in answer.out
    assert "1656/NQ-UBTVQH15, Điều 1 khoản 3" in answer.out


def test_lookup_that_finds_nothing(kh02: Kh02, home: Path) -> None:
    answer = kh02("lookup", "Xã Không Có Đâu", home=home)
    assert (answer.code, answer.out) == (CHECKS_FAILED, "")
    assert len(answer.faults) == 1
    assert "nothing found for 'Xã Không Có Đâu'" in answer.faults[0]


def test_lookup_before_any_release(kh02: Kh02, tmp_path: Path) -> None:
    one_line(kh02("lookup", "00004", home=tmp_path), "no release has been published yet", "kh02 build")


def test_a_broken_pointer_is_named(kh02: Kh02, home_copy: Path) -> None:
    pointer = home_copy / "parquet" / "current.json"
    pointer.write_text('{"release_id": ', "utf-8")
    one_line(kh02("lookup", "00004", home=home_copy), "pointer", "current.json", "kh02 build")


def test_a_release_file_that_is_gone_is_named(kh02: Kh02, home_copy: Path) -> None:
    release = json.loads((home_copy / "parquet" / "current.json").read_text("utf-8"))["path"]
    (home_copy / "parquet" / release / "unit_version.parquet").unlink()
    one_line(kh02("lookup", "00004", home=home_copy), "unit_version.parquet")


# ---- doctor, releases, dictionary, dev ----


def test_doctor_of_a_sound_home(kh02: Kh02, home: Path) -> None:
    answer = kh02("doctor", home=home)
    assert answer.code == OK, answer
    for word in ("dagster", "pandas", "great-expectations", str(home), "2026-11-21+"):
        assert word in answer.out


@pytest.mark.parametrize(("ended", "complains"), [("2026-11-21", False), ("2026-11-19", True)])
def test_doctor_sees_that_the_runs_have_stopped(kh02: Kh02, home_copy: Path, ended: str, complains: bool) -> None:
    """An unchanged catalogue makes no release: the age of the newest one says nothing."""
    note = home_copy / "parquet" / "checked.json"
    noted = json.loads(note.read_text("utf-8"))
    assert noted["last_checked_at"] == "2026-11-21T08:30:00+07:00"
    note.write_text(json.dumps({**noted, "last_checked_at": f"{ended}T01:30:00+07:00"}), "utf-8")
    answer = kh02("doctor", home=home_copy)
    assert ended in answer.out
    if complains:
        assert answer.code == USAGE_OR_ENVIRONMENT
        assert "no run has passed all checks for 2 days" in answer.faults[0]
        assert "nightly_sync" in answer.faults[0]
    else:
        assert answer.code == OK
        assert "no run has passed" not in answer.err


def test_doctor_says_that_a_release_has_no_report(kh02: Kh02, home_copy: Path) -> None:
    for page in (home_copy / "parquet" / "reports").glob("*.html"):
        page.unlink()
    assert "has no quality report; remedy: kh02 build" in kh02("doctor", home=home_copy).err


def test_doctor_before_any_release(kh02: Kh02, tmp_path: Path) -> None:
    one_line(kh02("doctor", home=tmp_path / "home"), "no release has been published", "kh02 build")


def test_doctor_sees_a_database_that_holds_something_else(kh02: Kh02, home_copy: Path) -> None:
    (home_copy / "catalogue.db").unlink()
    one_line(kh02("doctor", home=home_copy), "different releases", "kh02 build")


def test_doctor_and_releases_of_an_empty_home_list_nothing(kh02: Kh02, tmp_path: Path) -> None:
    answer = kh02("releases", home=tmp_path)
    assert answer.code == OK
    assert "+" not in answer.out


def test_dictionary_prints_the_declarations(kh02: Kh02, tmp_path: Path) -> None:
    answer = kh02("dictionary", home=tmp_path)
    assert answer.code == OK
    assert answer.out == data_dictionary(PUBLISHED)


def test_dev_starts_the_ui_and_the_daemon_on_this_home(
    kh02: Kh02, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    """In this repository by its workspace.yaml, elsewhere by the package; ``test_closed_doors`` really starts them."""
    started: list[tuple[dict[str, list[str]], dict[str, str]]] = []
    monkeypatch.setattr(servers, "run", lambda *arguments: started.append(arguments))
    for folder in (ROOT, tmp_path):
        monkeypatch.chdir(folder)
        assert kh02("dev", "--port", str(closed_port), home=tmp_path / "home").code == OK
    (here, environment), (elsewhere, _) = started
    assert here["webserver"][-3:] == ["webserver", "--port", str(closed_port)]
    assert here["daemon"][-2:] == ["-w", "workspace.yaml"]
    assert elsewhere["daemon"][-2:] == ["-m", "kh02_pipelines.definitions"]
    assert environment["DAGSTER_HOME"] == str(tmp_path / "home" / "dagster")
    assert "granularity: run" in (tmp_path / "home" / "dagster" / "dagster.yaml").read_text("utf-8")


def test_the_daemon_starts_with_an_instance_that_has_its_pool(
    kh02: Kh02, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments))
    home = tmp_path / "home"
    (home / "dagster").mkdir(parents=True)
    (home / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n", "utf-8")  # of the version before
    for folder in (ROOT, tmp_path):
        monkeypatch.chdir(folder)
        assert kh02("daemon", home=home).code == OK
    (_, here, environment), (_, elsewhere, _) = started
    assert here[1:4] == ["-m", "dagster._daemon", "run"]
    assert here[-2:] == ["-w", "workspace.yaml"]
    assert elsewhere[-2:] == ["-m", "kh02_pipelines.definitions"]
    assert environment["DAGSTER_HOME"] == str(home / "dagster")
    settings = (home / "dagster" / "dagster.yaml").read_text("utf-8")
    assert "telemetry: {enabled: false}" in settings
    assert "granularity: run" in settings


@pytest.mark.parametrize("command", ["dev", "webserver"])
def test_a_port_that_is_taken_or_none(kh02: Kh02, tmp_path: Path, command: str) -> None:
    one_line(kh02(command, "--port", "99999", home=tmp_path), "there is no port 99999", "--port")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        one_line(kh02(command, "--port", str(port), home=tmp_path), f"port {port} of 127.0.0.1 cannot be used: Address")


def test_names_of_the_ui_that_are_none(kh02: Kh02, tmp_path: Path) -> None:
    one_line(kh02("webserver", home=tmp_path, ui_hosts="ui:3000"), "KH02_UI_HOSTS", "'ui:3000' is not a host name")


@pytest.mark.parametrize("words", [("build", "--nonsense"), ("lookup",), ("nonsense",)])
def test_wrong_usage_ends_with_two(kh02: Kh02, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert kh02(*words, home=tmp_path).code == USAGE_OR_ENVIRONMENT


def test_help_names_every_command_in_both_languages() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"])
    assert shown.exit_code == OK
    for command in ("build", "lookup", "releases", "doctor", "dictionary", "daemon", "dev"):
        assert command in shown.output
    assert "Danh mục" in shown.output


def test_the_installed_command_in_a_process_of_its_own(home: Path, tmp_path: Path) -> None:
    def run(*words: str, at: Path, **others: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kh02_pipelines.cli.main", *words],
            env={**os.environ, "KH02_HOME": str(at), "COLUMNS": "160", "PYTHONPATH": str(ROOT), **others},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    found = run("lookup", "26732", at=home)
    assert (found.returncode, found.stderr) == (OK, "")
    assert "Đặc khu Côn Đảo" in found.stdout
    refused = run("build", "--as-of", "9999-12-31", at=tmp_path / "none")
    assert refused.returncode == USAGE_OR_ENVIRONMENT
    assert refused.stderr.splitlines()[0].startswith("kh02: 9999-12-31 lies in the future")
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stdout == ""
    terminal = run("lookup", "26732", at=home, PYTHONIOENCODING="ascii")
    assert (terminal.returncode, terminal.stderr) == (OK, "")
    assert terminal.stdout.encode("ascii").decode("unicode_escape") == found.stdout
    assert run("--help", at=home, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0").returncode == OK
