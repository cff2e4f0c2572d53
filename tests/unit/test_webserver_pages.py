"""The pages beside the UI: status, reports, runbook; nothing in them runs, and what they show is escaped."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kh02_pipelines import webserver_pages
from kh02_pipelines.release.duty import problems


@pytest.fixture
def client(install: Any, tmp_path: Path) -> TestClient:
    stores = install(tmp_path / "<home>").stores
    stores.reports.mkdir(parents=True)
    (stores.reports / "2026-01-01+00000000.html").write_text("<!doctype html>báo cáo", "utf-8")
    return TestClient(Starlette(routes=webserver_pages.routes(stores)))


def test_the_status_page_says_what_is_wrong_and_what_to_do(client: TestClient) -> None:
    answer = client.get("/status")
    assert answer.status_code == 200
    assert 'class="light failed"' in answer.text
    assert "Chưa có bản phát hành nào" in answer.text
    assert "/runbook#duty-no-release" in answer.text
    assert "<home>" not in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    document = client.get("/status.json").json()
    assert (document["status"], document["release_id"]) == ("failed", None)


def test_reports_are_served_and_nothing_above_them(client: TestClient) -> None:
    assert "báo cáo" in client.get("/reports/2026-01-01+00000000.html").text
    for path in ("/reports/", "/reports/none.html", "/reports/..%2F..%2Fcatalogue.db", "/reports/%2e%2e/current.json"):
        assert client.get(path).status_code == 404


def test_every_problem_has_its_entry_in_the_runbook(client: TestClient) -> None:
    source = Path(problems.__file__).read_text("utf-8")
    codes = set(re.findall(r'Problem\(\s*"(\w+)"', source))
    assert len(codes) == 15
    shown = client.get("/runbook").text
    for code in codes:
        assert f'id="duty-{code.replace("_", "-")}"' in shown, code


def test_a_package_without_the_runbook_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver_pages, "runbook_page", lambda: None)
    assert client.get("/runbook").status_code == 404


def test_markdown_brings_no_html_of_its_own() -> None:
    assert webserver_pages.rendered("# A b: c\n\n<script>x</script>") == (
        '<h1 id="a-b-c">A b: c</h1>\n<p>&lt;script&gt;x&lt;/script&gt;</p>\n'
    )
