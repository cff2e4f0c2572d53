"""What the web server shows beside Dagster's UI: the status, the quality reports, the runbook.

Belongs here: those pages, which read and change nothing, hold no script, and fetch nothing. Does not belong here: the
guard before them and the UI (``webserver``), or what the status says (``release.duty``).
"""

import functools
import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from kh02_pipelines.release.duty.status import Status, as_document, rows_of
from kh02_pipelines.resources.instance_facts import read_home
from kh02_pipelines.resources.stores import Stores

RUNBOOK = Path(__file__).resolve().parents[1] / "docs" / "runbook.md"
"""In the source tree, from which an installation is made; a package without it has no such page."""

AGAIN_SECONDS = 30
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_PAGE = """<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{% if again %}<meta http-equiv="refresh" content="{{ again }}">{% endif %}<link rel="icon" href="data:,">
<title>{{ title }}</title><style>
body { font: 16px/1.5 system-ui, "Noto Sans", "DejaVu Sans", sans-serif; color: #1c1b1a; background: #fbfaf8;
  max-width: 1080px; margin: 0 auto; padding: 20px; }
nav a { margin-right: 18px; } a { color: #2f6f8f; } code { font-size: 14px; }
.light { font-size: 26px; font-weight: 700; padding: 12px 16px; color: #fff; border-radius: 8px; margin: 14px 0; }
.ok { background: #1f7a45; } .warning { background: #a86200; } .failed { background: #b3261e; }
.problem { border-left: 5px solid #b3261e; background: #fff; padding: 8px 14px; margin: 8px 0; }
.problem.w { border-color: #a86200; } .problem b { font-size: 18px; } .soft { color: #625d58; }
table { border-collapse: collapse; width: 100%; background: #fff; } th, td { text-align: left; padding: 6px 12px;
  border: 1px solid #e3ded8; vertical-align: top; } th { font-weight: 600; width: 19em; }
:target { background: #fff2c2; }
</style></head><body>
<nav><a href="/">Dagster</a><a href="/status">Tình trạng · Status</a>
{% if report %}<a href="/reports/{{ report }}.html">Báo cáo chất lượng · Quality report</a>{% endif %}
<a href="/runbook">Cẩm nang vận hành · Runbook</a></nav>
{{ body }}</body></html>"""

_STATUS = """<div class="light {{ status.light }}">● {{ status.headline }}</div>
{% for problem in status.problems %}<div class="problem{% if problem.severity != "failed" %} w{% endif %}">
<b>{{ problem.vi }}</b><br><span class="soft">{{ problem.en }}</span><br>
<b>→</b> {{ problem.remedy }} (<a href="{{ problem.link }}">cẩm nang · runbook</a>)</div>{% endfor %}
<table>{% for vi, en, value in rows %}
<tr><th>{{ vi }} <span class="soft">· {{ en }}</span></th><td>{{ value }}</td></tr>
{% endfor %}</table>
<p class="soft">{{ status.facts.now.strftime("%d/%m/%Y %H:%M:%S") }} · <a href="/status.json">JSON</a></p>"""


def routes(stores: Stores) -> list[BaseRoute]:
    """The pages of one installation, to stand before those of Dagster."""

    def status(_: Request) -> Response:
        return page(status_page(_now(stores)))

    def document(_: Request) -> Response:
        return JSONResponse(as_document(_now(stores)), headers=HEADERS)

    def runbook(_: Request) -> Response:
        text = runbook_page()
        return page(text) if text else page("", 404)

    return [
        Route("/status", status),
        Route("/status.json", document),
        Route("/runbook", runbook),
        Mount("/reports", StaticFiles(directory=stores.reports, check_dir=False)),
    ]


def page(text: str, code: int = 200) -> HTMLResponse:
    """A page that a browser runs nothing of."""
    return HTMLResponse(text, code, HEADERS)


def status_page(status: Status) -> str:
    """The status as HTML; it asks for itself anew every half minute."""
    body = _template(_STATUS).render(status=status, rows=rows_of(status))
    report = status.facts.release_id if status.facts.report else None
    return _around(f"{status.light} · KH02", body, {"again": AGAIN_SECONDS, "report": report})


def runbook_page(file: Path = RUNBOOK) -> str | None:
    """The runbook as HTML, its headings with the anchors that links name; None where it is not installed."""
    try:
        text = file.read_text("utf-8")
    except OSError:
        return None
    return _around("Runbook · KH02", rendered(text), {})


def rendered(text: str) -> str:
    """Markdown as HTML without any HTML of its own; each heading has the anchor that forges give it."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens: list[Token] = markdown.parse(text)
    for heading, content in itertools.pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", re.sub(r"[^\w -]", "", content.content.lower()).replace(" ", "-"))
    return markdown.renderer.render(tokens, markdown.options, {})


def _now(stores: Stores) -> Status:
    return stores.status(lambda: read_home(stores.dagster_home))


def _around(title: str, body: str, more: Mapping[str, object]) -> str:
    return _template(_PAGE).render(title=title, body=Markup(body), **more)  # noqa: S704 it escaped its parts


@functools.cache
def _template(text: str) -> jinja2.Template:
    return jinja2.Environment(autoescape=True).from_string(text)
