"""Which process works on a run, and whether it is still there.

Belongs here: the tag that records it and how it is read. Does not belong here: what becomes of a run whose process
is gone (``automation.dead_runs``), or waiting for a live one (``frame_io``).

A process id alone proves nothing: ids are used again. With it stand the start of the machine and the moment after it
at which the process started, which no change of the clock moves. Where the system does not show them (no ``/proc``),
the id alone decides, and a run may be taken for alive.
"""

import json
import os
import socket
import time
from pathlib import Path

import dagster as dg

PROCESS = "kh02/process"
ENDED = ("Z", "X")
"""States of a process that only waits to be forgotten."""


def record_process(instance: dg.DagsterInstance, run_id: str) -> None:
    """Tag the run with this process. A re-execution carries its parent's tag until it has its own, so it says whose."""
    pid = os.getpid()
    here = {"run": run_id, "host": socket.gethostname(), "boot": _boot(), "pid": pid, "start": _start(pid)}
    instance.add_run_tags(run_id, {PROCESS: json.dumps(here)})


def recorded_process(run: dg.DagsterRun) -> dict[str, str | int] | None:
    """What ``record_process`` recorded for this very run; None before it did."""
    recorded: dict[str, str | int] = json.loads(run.tags.get(PROCESS, "{}"))
    return recorded if recorded.get("run") == run.run_id else None


def is_gone(recorded: dict[str, str | int]) -> bool:
    """Whether the recorded process has ended; False for one on another machine, which cannot be seen from here."""
    if recorded["host"] != socket.gethostname():
        return False
    return recorded["boot"] != _boot() or not exists(pid := int(recorded["pid"])) or recorded["start"] != _start(pid)


def was_there(pid: int, moment: float) -> bool:
    """Whether a process of that id runs now and did at ``moment``, a timestamp: for runs without the tag.

    A minute's grace, because clocks are set.
    """
    start = _start(pid)
    if not exists(pid) or not start:
        return exists(pid)
    uptime = float(Path("/proc/uptime").read_text("ascii").split()[0])
    return time.time() - uptime + int(start) / os.sysconf("SC_CLK_TCK") <= moment + 60


def exists(pid: int) -> bool:
    """Whether a process of that id runs, of whichever user; one that has ended and was not yet reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _status(pid)[0] not in ENDED


def _boot() -> str:
    """The identity of the machine's current start; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When the process started, in clock ticks since the machine did; empty where the system does not tell."""
    return _status(pid)[1]


def _status(pid: int) -> tuple[str, str]:
    """State and start of a process."""
    try:
        # the second field, the name, may hold anything; the third is the state, the twenty-second the start
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]
