"""The commands of ``kh02`` that serve: ``webserver``, the UI behind its guard, ``daemon``, and ``dev``, both at once.

Belongs here: arguments, the port, starting and ending the two processes. Does not belong here: what the guard refuses
(``webserver``). Exit codes as in ``cli``: 0 ended by Ctrl-C or SIGTERM; 2 usage or environment.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kh02_pipelines.errors import EnvironmentFault

if TYPE_CHECKING:
    from kh02_pipelines.settings import Settings

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 3000
MODULE = "kh02_pipelines.definitions"
WATCH_SECONDS = 0.5
END_SECONDS = 60
"""How long a process may take to end; the daemon first ends what it started."""
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1

Port = Annotated[int, typer.Option(help="Cổng · Port.")]


def webserver(
    host: Annotated[str, typer.Option(help="Địa chỉ để nghe · Address to listen on.")] = LOOPBACK,
    port: Port = DEFAULT_PORT,
) -> None:
    """Giao diện Dagster, từ chối trang lạ · The Dagster UI, which refuses requests of other pages."""
    settings = _prepared()
    with bound(host, port) as listener:
        from dagster._cli.workspace.cli_target import workspace_opts_to_load_target
        from dagster_shared.cli import WorkspaceOpts

        from kh02_pipelines.resources.stores import Stores
        from kh02_pipelines.webserver import serve
        from kh02_pipelines.webserver_pages import routes

        os.environ["DAGSTER_HOME"] = str(settings.dagster_home)  # the code servers it starts read it, too
        here = _workspace_file()
        chosen = WorkspaceOpts(workspace=[str(here)]) if here else WorkspaceOpts(module_name=[MODULE])
        serve(
            workspace_opts_to_load_target(chosen), listener, settings.ui_hosts, routes(Stores.from_settings(settings))
        )


def daemon() -> None:
    """Chạy lịch, hàng đợi và các lượt chạy · Run schedules, sensors, the queue, and the runs themselves."""
    settings = _prepared()
    command = [sys.executable, *_daemon()]  # it becomes the daemon: a service's signals reach that itself
    os.execve(sys.executable, command, {**os.environ, "DAGSTER_HOME": str(settings.dagster_home)})  # noqa: S606


def dev(port: Port = DEFAULT_PORT) -> None:
    """Mở giao diện Dagster trên máy này · Open the Dagster UI on loopback, with the daemon, on this home's instance."""
    settings = _prepared()
    bound(LOOPBACK, port).close()  # better known now than after the servers have started
    run(
        {
            "webserver": ["-m", "kh02_pipelines.cli.main", "webserver", "--port", str(port)],
            "daemon": _daemon(),
        },
        {**os.environ, "DAGSTER_HOME": str(settings.dagster_home)},
    )


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises EnvironmentFault when that cannot be had, with the reason."""
    remedy = "give another with --port, from 1024 to 65535"
    if not 0 < port < 65536:
        raise EnvironmentFault(f"there is no port {port}", field="port", remedy=remedy)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise EnvironmentFault(
            f"{host} is not an address of this machine: {error.strerror}", field="host", remedy="correct --host"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise EnvironmentFault(
            f"port {port} of {host} cannot be used: {error.strerror}", field="port", remedy=remedy
        ) from error
    return listener


def run(programs: dict[str, list[str]], environment: dict[str, str]) -> None:
    """Run Python programs beside each other until Ctrl-C, SIGTERM or SIGHUP, or until one ends; then end the others.

    Each has a session of its own, so that Ctrl-C reaches them through us, once. Raises EnvironmentFault when one ended
    by itself.
    """
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    running: dict[str, subprocess.Popen[bytes]] = {}
    ended: list[str] = []
    try:
        for name, words in programs.items():
            running[name] = subprocess.Popen(  # noqa: S603
                [sys.executable, *words], env=environment, start_new_session=True, preexec_fn=_end_with_parent
            )
        while not ended and not stop.wait(WATCH_SECONDS):
            ended = [name for name, process in running.items() if process.poll() is not None]
    finally:
        codes = {name: process.poll() for name, process in running.items()}
        _end(running)
        for number, handler in before.items():
            signal.signal(number, handler)
    if ended:
        raise EnvironmentFault(
            f"the {ended[0]} ended by itself with code {codes[ended[0]]}, so everything was ended",
            remedy="see what it says above, then start again",
        )


def _end(running: dict[str, "subprocess.Popen[bytes]"]) -> None:
    """Let all end, then kill what has not."""
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with_parent() -> None:
    """In the child, on Linux: be told to end when this process is killed and cannot say so."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _daemon() -> list[str]:
    """What Python has to run to be Dagster's daemon."""
    here = _workspace_file()
    # it loads the code anew every minute, and warns each time that the server of the old code has ended
    quiet = ("--code-server-log-level", "error")
    return ["-m", "dagster._daemon", "run", *quiet, *(("-w", str(here)) if here else ("-m", MODULE))]


def _prepared() -> "Settings":
    """The settings, with a home that can be written and holds an instance with its storage and its pool."""
    from kh02_pipelines.automation.instance import prepare_instance  # Dagster's import costs a second or two
    from kh02_pipelines.release.files.durable import require_writable
    from kh02_pipelines.settings import Settings

    settings = Settings()
    require_writable(settings.home_path)
    prepare_instance(settings.dagster_home)
    return settings


def _workspace_file() -> Path | None:
    """``workspace.yaml`` of the working directory, where it names this package; it may name others beside it."""
    here = Path("workspace.yaml")
    return here if here.is_file() and MODULE in here.read_text("utf-8") else None
