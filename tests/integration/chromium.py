"""Headless Chromium over the DevTools protocol.

Belongs here: starting it, a page and its events. Does not belong here: what a page should show.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WHY_NOT = "Chromium is not installed (Debian: apt install chromium)"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
]


class Page:
    """A page over the DevTools protocol; keeps every event."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.events, self._last = socket, [], 0

    def call(self, method: str, **params: object) -> dict[str, object]:
        self._last += 1
        self.socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == self._last:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def value(self, expression: str) -> object:
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")  # type: ignore[attr-defined]

    def open(self, address: str) -> None:
        for domain in ("Network", "Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=address)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self.socket.recv(timeout=60)))

    def wait(self, done: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Take events in until it is done."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, f"not in {seconds} s: {what}"
            try:
                self.events.append(json.loads(self.socket.recv(timeout=0.1)))
            except TimeoutError:
                continue

    def of(self, method: str) -> list[dict[str, object]]:
        return [event["params"] for event in self.events if event.get("method") == method]


@contextmanager
def chromium(profile: Path) -> Iterator[int]:
    """Chromium's DevTools port."""
    process = subprocess.Popen(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port_file = profile / "DevToolsActivePort"
        until = time.monotonic() + 60
        while not port_file.is_file() or not port_file.read_text():
            assert process.poll() is None, "Chromium ended at once"
            assert time.monotonic() < until, "Chromium did not open its DevTools port"
            time.sleep(0.1)
        yield int(port_file.read_text().splitlines()[0])
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def new_page(port: int) -> Iterator[Page]:
    """An empty page in a tab of its own."""
    with urlopen(Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")) as answer:
        target = json.load(answer)
    with connect(target["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
        yield Page(socket)
