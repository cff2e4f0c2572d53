"""The quality report in headless Chromium: no request to the network, no console error, fits wide and narrow."""

import base64
import datetime as dt
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

from kh02_pipelines.catalogue.build import build_candidate, read_reference
from kh02_pipelines.intake.source_tables import SourceTables
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, outcomes
from kh02_pipelines.release.report.model import report_of
from kh02_pipelines.release.report.render import render

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt install chromium)")

AS_OF = dt.date(2026, 9, 20)
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

    def of(self, method: str) -> list[dict[str, object]]:
        return [event["params"] for event in self.events if event.get("method") == method]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, source_tables: SourceTables) -> Path:
    """A report with a failed check, whose first row tries to be markup."""
    candidate = build_candidate(read_reference(), AS_OF, source_tables)
    legal = candidate.tables["legal_document"].copy()
    legal.loc[0, "title"] = (
        "<img src=http://127.0.0.1:9/x.png onerror=alert(1)><script>fetch('http://127.0.0.1:9')</script>"
    )
    legal.loc[1, "governs"] = "province:99"
    spoilt = type(candidate)(**{**vars(candidate), "tables": {**candidate.tables, "legal_document": legal}})
    found = outcomes(spoilt, (*RULES, *PUBLISHED_RULES))
    now = dt.datetime.combine(AS_OF, dt.time(2), dt.timezone(dt.timedelta(hours=7)))
    page = report_of(spoilt, found, release_id="2026-09-20+00000000", content_hash="0" * 64, written_at=now)
    assert page.failed
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(page), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Chromium's DevTools port."""
    profile = tmp_path_factory.mktemp("profile")
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


@pytest.fixture
def page(browser: int) -> Iterator[Page]:
    with urlopen(Request(f"http://127.0.0.1:{browser}/json/new?about:blank", method="PUT")) as answer:
        target = json.load(answer)
    with connect(target["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
        yield Page(socket)


@pytest.mark.parametrize("width", [1280, 390])
def test_opens_without_network_or_console_errors(page: Page, report: Path, width: int, tmp_path: Path) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
    page.open(report.as_uri())
    page.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    asked = [request["request"]["url"] for request in page.of("Network.requestWillBeSent")]  # type: ignore[index]
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert page.of("Runtime.exceptionThrown") == []
    assert page.of("Runtime.consoleAPICalled") == []
    assert page.of("Log.entryAdded") == []
    assert page.value("document.documentElement.scrollWidth") <= width, "the page is wider than the window"
    assert page.value("document.scripts.length") == 0
    picture = base64.b64decode(str(page.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
    assert len(picture) > 20_000, "the page is blank"
    (tmp_path / f"{width}.png").write_bytes(picture)


def test_the_switch_needs_no_script(page: Page, report: Path) -> None:
    page.open(report.as_uri())
    heading = "document.querySelector('h1').innerText"
    assert page.value(heading) == "Báo cáo chất lượng danh mục hành chính hai cấp"
    label = "document.querySelector('label[for=lang-en]').getBoundingClientRect()"
    place = f"(r => [r.x + r.width / 2, r.y + r.height / 2])({label})"
    x, y = page.value(place)  # type: ignore[misc]
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    assert page.value(heading) == "Quality report of the two-tier administrative catalogue"
    assert page.value("document.querySelectorAll('.mark.bad').length") > 0
