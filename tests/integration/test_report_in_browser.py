"""The quality report in headless Chromium: no request to the network, no console error, fits wide and narrow."""

import base64
import datetime as dt
from pathlib import Path

import pytest
from chromium import CHROMIUM, WHY_NOT, Page

from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.intake.source_tables import SourceTables
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, outcomes
from kh02_pipelines.release.report.model import report_of
from kh02_pipelines.release.report.render import render
from kh02_pipelines.sources.reference_data import read_reference

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

AS_OF = dt.date(2026, 9, 20)


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
