"""A MariaDB server for tests: Debian's binaries, unprivileged, on a unix socket, gone with its parent."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql
from sqlalchemy.engine import URL, make_url

UNPRIVILEGED = 65534
PR_SET_PDEATHSIG = 1
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def binaries() -> tuple[str, str] | None:
    """``mariadbd`` and ``mariadb-install-db``, or None when either is missing."""
    server = shutil.which("mariadbd", path=_PATH)
    install = shutil.which("mariadb-install-db", path=_PATH)
    return (server, install) if server and install else None


class MariaDbServer:
    def __init__(self, server: str, install: str) -> None:
        self.server = server
        self.folder = Path(tempfile.mkdtemp(prefix="kh02my", dir="/tmp"))
        self.socket = self.folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            os.chown(self.folder, UNPRIVILEGED, UNPRIVILEGED)
        done = subprocess.run(
            [
                install,
                "--no-defaults",
                f"--datadir={self.folder}/data",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            capture_output=True,
            check=False,
            **self._unprivileged(),
        )
        if done.returncode:
            raise RuntimeError(done.stdout.decode() + done.stderr.decode())

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self.server,
                "--no-defaults",
                f"--datadir={self.folder}/data",
                f"--socket={self.socket}",
                "--skip-networking",
                f"--pid-file={self.folder}/pid",
                "--innodb-flush-log-at-trx-commit=2",
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=16M",
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            **self._unprivileged(),
        )
        until = time.monotonic() + 60
        while True:
            try:
                self.sql("SELECT 1")
                return
            except pymysql.err.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.1)

    def url(self, database: str) -> URL:
        return make_url(f"mysql+pymysql://root@/{database}?unix_socket={self.socket}")

    def new_database(self, name: str) -> URL:
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def sql(self, *statements: str) -> None:
        with (
            pymysql.connect(user="root", unix_socket=str(self.socket), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    def remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _unprivileged() -> dict[str, object]:
        libc = ctypes.CDLL(None)

        def die_with_parent() -> None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

        identity = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
        return {"preexec_fn": die_with_parent, "cwd": "/", **identity}
