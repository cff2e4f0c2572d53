"""The configured law over the embedded one: changes, legal documents, totals, periods and rulings.

Belongs here: putting the rows of configured files beneath the embedded rows, where both then pass the same validation,
and telling which of them count on a day. Does not belong here: reading the files (``sources.law``) or what the rows
mean (``history``).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from kh02_pipelines.history.legal import parse_dates
from kh02_pipelines.sources.law import days_of
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.raw_store import RawStore
from kh02_pipelines.sources.reference_data import REFERENCE_FILES
from kh02_pipelines.sources.refusal import refuse_first
from kh02_pipelines.sources.trace import Origin

_YEAR = pd.DateOffset(years=1)


def with_law(reference: Mapping[str, pd.DataFrame], law: Sequence[SourceRead]) -> dict[str, pd.DataFrame]:
    """The raw frames with the configured rows below the embedded ones; each row names its ``file`` and ``row``.

    A configured total takes the place of an embedded one without end of the same level and province from its day on,
    and a period that of the period before. Raises SourceError for a document that takes effect more than a year before
    its issue, a scope of a document that is none, and a total that no known document gives.
    """
    frames, stated = dict(reference), list[pd.DataFrame]()
    for kind in dict.fromkeys(read.role for read in law):
        columns = [*REFERENCE_FILES[kind].columns, "file", "row"]
        embedded = reference[kind]
        if "file" not in embedded.columns:
            embedded = embedded.assign(file=f"{kind}.csv")
        added = pd.concat([read.records[columns] for read in law if read.role == kind], ignore_index=True)
        frames[kind] = _FITTED[kind](embedded, added)
        if kind == "totals":
            stated.append(added)
    for totals in stated:
        refuse_first(
            totals,
            ~totals["source"].isin(frames["legal_documents"]["number"]),
            "the total rests on {source!r}, which is no known document",
            field="source",
            remedy="give the number of the document that states the total, and the document in legal_documents",
        )
    return frames


def due_reads(law: Sequence[SourceRead], raw: RawStore, today: dt.date) -> list[SourceRead]:
    """The configured law as a source of what is published on ``today``: without the rows whose day is still to come.

    A file of which some rows are to come is kept a second time without them, and named after those bytes: so nothing
    that is published changes when a future law is added. A file of future rows alone is no source yet.
    """
    found = []
    for read in law:
        days = days_of(read.role, read.records)
        due = (days <= f"{today:%Y-%m-%d}").fillna(False)
        if not due.any():
            continue
        origin = read.trace.origin
        rows = read.records[due]
        if not due.all():
            kept = rows[list(REFERENCE_FILES[read.role].columns)].to_csv(index=False, lineterminator="\n")
            origin = Origin(origin.source, raw.put(kept.encode()), origin.file)
        newest = max(days[due])
        found.append(
            replace(
                read, records=rows, date=dt.date.fromisoformat(newest), trace=read.trace.of_lines(origin, rows["line"])
            )
        )
    return found


def _below(embedded: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([embedded, added], ignore_index=True)


def _documents(embedded: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    issued, effective = (parse_dates(added, field, "") for field in ("issued_on", "effective_on"))
    refuse_first(
        added,
        effective + _YEAR < issued,
        "the document {number} takes effect on {effective_on}, more than a year before its issue on {issued_on}",
        field="effective_on",
        remedy="correct the effective date or the day of issue",
    )
    refuse_first(
        added,
        ~added["governs"].str.fullmatch(_SCOPES).fillna(False).astype(bool),
        "the document {number} governs {governs!r}",
        field="governs",
        remedy="write level:province, such as commune:01 or commune:*, several divided by a space",
    )
    return _below(embedded, added)


_SCOPE = r"(?:province|district|commune|\*):(?:[0-9]{2}|\*)"
_SCOPES = rf"{_SCOPE}(?: {_SCOPE})*"


def _totals(embedded: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Totals without end of the same level and province end where a later one begins."""
    parse_dates(added, "valid_from", "")
    rows = _below(embedded, added)
    scope = ["level", "province_code"]
    begun = rows[[*scope, "valid_from"]].drop_duplicates().sort_values([*scope, "valid_from"])
    begun["following"] = begun.groupby(scope)["valid_from"].shift(-1)
    following = rows.merge(begun, on=[*scope, "valid_from"], how="left")["following"].fillna("")
    rows["valid_to"] = rows["valid_to"].mask(rows["valid_to"] == "", following)
    return rows


def _periods(embedded: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Each period ends where the next one begins; what a configured one leaves empty is as in the period before."""
    parse_dates(added, "valid_from", "")
    rows = _below(embedded.assign(mine=False), added.assign(mine=True))
    rows = rows.sort_values("valid_from", kind="stable", ignore_index=True)
    following = rows["valid_from"].shift(-1).fillna("")
    rows["valid_to"] = rows["valid_to"].mask(rows["valid_to"] == "", following)
    described = [name for name in REFERENCE_FILES["periods"].columns if name not in ("valid_from", "valid_to")]
    mine = rows.pop("mine").astype(bool)
    filled = rows[described].mask(rows[described] == "").ffill().fillna("")
    rows.loc[mine, described] = filled[mine]
    return rows


_FITTED = {
    "changes": _below,
    "rulings": _below,
    "legal_documents": _documents,
    "totals": _totals,
    "periods": _periods,
}
