"""Legacy encodings of the columns of one source: which column is in which, with the evidence, and decoding it.

Belongs here: deciding column by column for any source (file, workbook, database), and noting it in the trace.
Does not belong here: the encodings themselves (``names.encodings``) and bytes (``grid``).
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names.encodings import ENCODINGS, MIN_SHARE, Detection, decode_legacy, detect_encoding
from kh02_pipelines.sources.trace import Trace

_BEYOND_BYTES = "[\u0102-\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]"
"""Vietnamese letters that no byte stands for: a column that holds one was written in Unicode."""
_CONTROLS = "[\x80-\x9f]"
"""Control characters that stand for bytes; Unicode text has none."""


def decode_columns(
    records: pd.DataFrame, fields: tuple[str, ...], encoding: str, trace: Trace, *, legacy: bool = False
) -> pd.DataFrame:
    """The records with the columns ``fields`` in Unicode; ``sheet`` and ``line`` say where each row stands.

    ``encoding``: ``auto`` or one of ``names.ENCODINGS``. An override holds for every column that does not read
    better as Unicode. ``legacy``: the source's bytes were no UTF-8, so none of it is Unicode. Each decoded cell is
    traced as ``decode_<encoding>``, and the evidence for each column as a notice (``encoding_detected``,
    ``encoding_configured``, ``encoding_not_applied``, ``encoding_undecided``).

    Raises SourceError for a column that must be in a legacy encoding and reads well in none.
    """
    written = [name for name in fields if not records[name].map(str.isascii).all()]
    if encoding == "unicode" or not written:
        return records
    if encoding == "auto":
        unicode = [name for name in written if records[name].str.contains(_BEYOND_BYTES).any()]
        for name in unicode:
            _require_no_controls(records, name, trace)
        written = [name for name in written if name not in unicode]
    found = {name: detect_encoding(records[name]) for name in written}
    chosen = _detected(records, found, legacy) if encoding == "auto" else _configured(found, encoding, legacy)
    decoded = records.copy()
    for name, detection in found.items():
        if chosen[name] == "unicode":
            _note_left_alone(records[name], detection, name, encoding, legacy, trace)
            continue
        decoded[name] = decode_legacy(records[name], chosen[name])
        trace.changed(records, name, records[name], decoded[name], f"decode_{chosen[name]}")
        rule = "encoding_detected" if encoding == "auto" else "encoding_configured"
        trace.notice(name, _shares(detection), chosen[name], rule)
    return decoded


def _detected(records: pd.DataFrame, found: dict[str, Detection], legacy: bool) -> dict[str, str]:
    """Each column by its own words; one with too few follows the columns beside it if it reads better so."""
    chosen: dict[str, str] = {name: detection.encoding for name, detection in found.items()}
    together = [name for name, detection in found.items() if not _has_letters_beyond_bytes(detection)]
    if not together:
        return chosen
    pooled = detect_encoding(pd.concat([records[name] for name in together], ignore_index=True)).encoding
    for name in together:
        reads_better = _share(found[name], pooled) > _share(found[name], "unicode")
        if chosen[name] == "unicode" and (legacy or reads_better):
            chosen[name] = pooled
    return chosen


def _configured(found: dict[str, Detection], encoding: str, legacy: bool) -> dict[str, str]:
    """The override for each column, unless it reads better as Unicode, or as well and has letters beyond bytes."""

    def fits(detection: Detection) -> bool:
        lead = _share(detection, encoding) - _share(detection, "unicode")
        return legacy or lead > 0 or (lead == 0 and not _has_letters_beyond_bytes(detection))

    return {name: encoding if fits(detection) else "unicode" for name, detection in found.items()}


def _require_no_controls(records: pd.DataFrame, name: str, trace: Trace) -> None:
    """A column of Unicode in which a row is in a legacy encoding cannot be put right row by row."""
    torn = records.loc[records[name].str.contains(_CONTROLS), "line"]
    if len(torn):
        raise SourceError(
            "Unicode text, but with control characters of a legacy encoding",
            file=trace.origin.file,
            row=int(torn.iloc[0]),
            field=name,
            remedy="save the file anew as UTF-8 from the program that made it",
        )


def _note_left_alone(
    values: pd.Series, detection: Detection, name: str, encoding: str, legacy: bool, trace: Trace
) -> None:
    if legacy or values.str.contains(_CONTROLS).any():
        raise SourceError(
            f"neither UTF-8 nor a known Vietnamese encoding (words that read well: {_shares(detection)})",
            file=trace.origin.file,
            field=name,
            remedy="save the file as UTF-8, or configure encoding: tcvn3, vni or viscii",
        )
    if encoding != "auto":
        trace.notice(name, _shares(detection), "unicode", "encoding_not_applied")
    elif _share(detection, "unicode") < MIN_SHARE:
        trace.notice(name, _shares(detection), "unicode", "encoding_undecided")


def _has_letters_beyond_bytes(detection: Detection) -> bool:
    evidence = detection.evidence.set_index("encoding")
    return bool(evidence.loc["unicode", "values_with_signature"])


def _share(detection: Detection, encoding: str) -> float:
    return dict(zip(detection.evidence["encoding"], detection.evidence["share"], strict=True))[encoding]


def _shares(detection: Detection) -> str:
    """The evidence in one line: the share of accented words that are Vietnamese, by encoding."""
    words = int(detection.evidence["words"].max())
    return ", ".join(f"{name} {_share(detection, name):.0%}" for name in ENCODINGS) + f" of {words} words"
