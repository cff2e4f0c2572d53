"""Ports that cannot be had, and programs that start and end together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kh02_pipelines.cli import servers
from kh02_pipelines.errors import EnvironmentFault

WAIT = 20
LASTS = "import sys, time; open(sys.argv[1], 'x'); time.sleep(60)"
ENDS = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)\nsys.exit(7)"
DEAF = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'x'); time.sleep(60)"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((servers.LOOPBACK, 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_port_in_use_is_named(taken: int) -> None:
    with pytest.raises(EnvironmentFault, match=f"port {taken} of 127.0.0.1 cannot be used: Address already in use"):
        servers.bound(servers.LOOPBACK, taken)


@pytest.mark.parametrize("port", [0, -1, 65536, 99999])
def test_a_port_that_is_none_is_named(port: int) -> None:
    with pytest.raises(EnvironmentFault, match=rf"there is no port {port}; .*remedy: give another with --port"):
        servers.bound(servers.LOOPBACK, port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(EnvironmentFault, match=r"port 3000 of 192\.0\.2\.1 cannot be used: Cannot assign"):
        servers.bound("192.0.2.1", 3000)


def test_a_port_just_left_can_be_had_at_once() -> None:
    with socket.socket() as probe:
        probe.bind((servers.LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    with servers.bound(servers.LOOPBACK, port) as first:
        first.listen()
        with socket.create_connection((servers.LOOPBACK, port)):
            first.accept()[0].close()  # by the server first: its end of the connection lingers
    servers.bound(servers.LOOPBACK, port).close()


def program(code: str, mark: Path) -> list[str]:
    return ["-c", code, str(mark)]


def when_there(mark: Path, act: Callable[[], None]) -> None:
    """Act from another thread as soon as the program that makes the mark is at work."""

    def wait() -> None:
        until = time.monotonic() + WAIT
        while not mark.exists() and time.monotonic() < until:
            time.sleep(0.02)
        act()

    threading.Thread(target=wait, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all(tmp_path: Path, number: signal.Signals) -> None:
    marks = [tmp_path / "a", tmp_path / "b"]
    before = signal.getsignal(number)
    when_there(marks[1], lambda: os.kill(os.getpid(), number))
    servers.run({mark.name: program(LASTS, mark) for mark in marks}, dict(os.environ))
    assert signal.getsignal(number) == before


def test_one_that_ends_takes_the_others_along(tmp_path: Path) -> None:
    mark = tmp_path / "a"
    started = time.monotonic()
    with pytest.raises(EnvironmentFault, match="the daemon ended by itself with code 7"):
        servers.run({"webserver": program(LASTS, mark), "daemon": program(ENDS, mark)}, dict(os.environ))
    assert time.monotonic() - started < WAIT


def test_one_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "END_SECONDS", 0.5)
    mark = tmp_path / "a"
    when_there(mark, lambda: os.kill(os.getpid(), signal.SIGINT))
    servers.run({"deaf": program(DEAF, mark)}, dict(os.environ))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: the kernel tells the children")
def test_none_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    mark, pid = tmp_path / "a", tmp_path / "pid"
    child = f"import os, pathlib; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); {LASTS}"
    code = f"from kh02_pipelines.cli import servers; servers.run({{'a': ['-c', {child!r}, {str(mark)!r}]}}, {{}})"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        until = time.monotonic() + WAIT
        while not mark.exists() and time.monotonic() < until:
            time.sleep(0.02)
        parent.kill()
    stat = Path("/proc") / pid.read_text() / "stat"
    while stat.exists() and " Z " not in stat.read_text() and time.monotonic() < until:
        time.sleep(0.02)
    assert time.monotonic() < until
