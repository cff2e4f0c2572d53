"""The answer to a question about a code or a name: spans, steps, units of today, and the documented JSON form.

Belongs here: what an answer says. Does not belong here: finding it (``history.lookup``) or printing it (``cli``).
"""

import datetime as dt
from typing import Any, NamedTuple


class Today(NamedTuple):
    """A unit of today that a unit has become, wholly or in part, or may have become."""

    code: str
    name: str
    extent: str
    population: str
    confidence: str
    path: str


class Step(NamedTuple):
    """What happened on a day to a unit or to what it had become: the codes it led to, the law."""

    date: dt.date
    kind: str
    to: tuple[str, ...]
    legal_document: str | None
    clause: int | None
    names: tuple[str, ...]


class Span(NamedTuple):
    """One unit version that the question can mean.

    ``valid_to`` is exclusive, None while in force; ``status`` as in ``tables.vocabulary.STATUSES``, on the day asked
    about or today; ``path`` names the units above it on its last day. ``from_basis`` and ``to_basis``: how the days are
    known. ``band``: the first and last day between which the change lies that the day asked about is too near to.
    ``printed``: kind and register of every alias (``code_alias``) that the span is about. ``came_from``: what the unit
    was made of.
    """

    level: str
    code: str
    name: str
    valid_from: dt.date
    valid_to: dt.date | None
    status: str
    today: tuple[Today, ...]
    steps: tuple[Step, ...]
    path: str
    from_basis: str
    to_basis: str | None
    came_from: tuple[Step, ...] = ()
    band: tuple[dt.date, dt.date] | None = None
    printed: tuple[tuple[str, str], ...] = ()


class Answer(NamedTuple):
    """The spans that a question can mean, by level, code and day, and what to ask instead.

    ``exact``: whether names are spelled as in the question; otherwise they meet it only without accents or by initials.
    """

    query: str
    spans: tuple[Span, ...]
    suggestions: tuple[str, ...] = ()
    exact: bool = True

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form: days as ISO text; ``band`` only where there is one."""
        return {
            "query": self.query,
            "spans": [_span_json(span) for span in self.spans],
            "suggestions": list(self.suggestions),
        }


def _span_json(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {
        "level": span.level,
        "code": span.code,
        "name": span.name,
        "valid_from": span.valid_from.isoformat(),
        "valid_to": None if span.valid_to is None else span.valid_to.isoformat(),
        "status": span.status,
        "today": [
            {name: getattr(unit, name) for name in ("code", "name", "extent", "population", "confidence")}
            for unit in span.today
        ],
        "steps": [
            {
                "date": step.date.isoformat(),
                "kind": step.kind,
                "to": list(step.to),
                "legal_document": step.legal_document,
                "clause": step.clause,
            }
            for step in span.steps
        ],
    }
    if span.band is not None:
        found["band"] = [day.isoformat() for day in span.band]
    return found
