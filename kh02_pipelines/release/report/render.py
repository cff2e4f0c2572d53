"""The quality report as HTML: one file, no script, nothing from the network, values escaped.

Belongs here: rendering. Does not belong here: what is said (``model``).
"""

import functools
from pathlib import Path

import jinja2

from kh02_pipelines.checks.remedies import vietnamese_remedy
from kh02_pipelines.release.report.model import CONFLICT_SHOWN, ROWS_SHOWN, Report


def render(report: Report) -> str:
    """The report as one HTML document; the same report gives the same text."""
    return _template().render(report=report, rows_shown=ROWS_SHOWN, conflict_shown=CONFLICT_SHOWN)


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}".replace(",", "\u202f")
    environment.filters["figure"] = _figure
    environment.filters["vietnamese_remedy"] = vietnamese_remedy
    return environment.get_template("report.html.j2")


def _figure(value: float) -> str:
    """A number as briefly as it can be said."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"
