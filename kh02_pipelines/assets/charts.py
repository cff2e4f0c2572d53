"""Small bar charts as SVG, shown in the UI inside Markdown metadata.

Belongs here: drawing. Does not belong here: what is drawn (the asset modules).
"""

import base64
from html import escape

import dagster as dg
import pandas as pd

_WIDTH, _BAR, _LABEL = 560, 18, 210


def bar_chart(values: pd.Series, title: str) -> dg.MarkdownMetadataValue:
    """Horizontal bars, one per index entry, in the given order, with the value at the end of each bar."""
    largest = max(float(values.max()), 1.0) if len(values) else 1.0
    height = 30 + len(values) * (_BAR + 6)
    scale = (_WIDTH - _LABEL - 60) / largest
    bars = []
    for position, (label, value) in enumerate(values.items()):  # a handful of bars
        top = 26 + position * (_BAR + 6)
        width = max(float(value) * scale, 1.0)
        bars.append(
            f'<text x="{_LABEL - 8}" y="{top + 13}" text-anchor="end">{escape(str(label))}</text>'
            f'<rect x="{_LABEL}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="#b3261e" rx="2"/>'
            f'<text x="{_LABEL + width + 6:.1f}" y="{top + 13}">{int(value):,}</text>'
        )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="8" y="16" font-weight="bold">{escape(title)}</text>{"".join(bars)}</svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{encoded})")
