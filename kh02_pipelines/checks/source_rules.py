"""Rules on the tables about sources: nothing lost on the way in, nothing ruled without law.

Belongs here: rules on the ``quality`` family of tables. Does not belong here: rules on what the sources say
(``invariants``), whether conflicts and quarantine are settled (``settlement``), or the traces themselves.
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, findings, together
from kh02_pipelines.intake.source_rulings import UNMATCHED
from kh02_pipelines.tables.quality import OPEN

_KEY = ["source", "sha256"]


def source_rows_lost(candidate: Candidate) -> pd.DataFrame:
    """Sources whose rows in are not accepted + quarantined + title rows, or whose rows are not all listed."""
    files = candidate.tables["source_file"]
    named = files.set_index(_KEY).index
    quarantine, issues = candidate.tables["quarantine"], candidate.tables["source_issue"]
    refused = quarantine.groupby(_KEY).size().reindex(named, fill_value=0).to_numpy()
    changed = issues.groupby(_KEY).size().reindex(named, fill_value=0).to_numpy()
    titles = issues[issues["rule"] == "title_row"].groupby(_KEY).size().reindex(named, fill_value=0).to_numpy()
    counted = files[["rows_in", "accepted", "quarantined", "set_aside"]].astype("str")
    sums = counted["accepted"] + " accepted + " + counted["quarantined"] + " quarantined + " + counted["set_aside"]
    lost = files["rows_in"] != files["accepted"] + files["quarantined"] + files["set_aside"]
    problems = (
        (lost, counted["rows_in"] + " rows in are not " + sums + " title rows"),
        (files["quarantined"] != refused, "the quarantine lists another number of rows"),
        (files["issues"] != changed, "the trace lists another number of issues"),
        (files["set_aside"] != titles, "the trace lists another number of title rows"),
    )
    return together(
        *(findings("source_file", files[wrong], ["source", "file"], problem) for wrong, problem in problems)
    )


def conflicts_contradict(candidate: Candidate) -> pd.DataFrame:
    """Conflicts that are none, and ruled ones without a legal document."""
    conflicts = candidate.tables["source_conflict"]
    keys = ["subject", "field", "other_source"]
    equal = conflicts[conflicts["value"] == conflicts["other_value"]]
    unlawful = conflicts[(conflicts["ruling"] != OPEN) & conflicts["legal_document"].isna()]
    return together(
        findings("source_conflict", equal, keys, "both sources say the same"),
        findings("source_conflict", unlawful, keys, "ruled without a legal document"),
    )


def rulings_unmatched(candidate: Candidate) -> pd.DataFrame:
    """Rulings on a source that prints neither what they correct nor what they say."""
    issues = candidate.tables["source_issue"]
    rows = issues[issues["rule"].str.startswith(UNMATCHED)]
    return findings("source_issue", rows, ["source", "rule"], "found " + rows["raw_value"])


RULES = (
    Rule(
        "source_rows_conserved",
        Word.COMPLETE,
        "Mỗi nguồn: số dòng vào = số dòng nhận + số dòng cách ly + dòng tiêu đề; mọi dòng cách ly đều được liệt kê",
        "For every source, rows in = accepted + quarantined + title rows, and every refused row is listed",
        "run the whole job again; if it stays, the reader of the named source loses rows",
        source_rows_lost,
    ),
    Rule(
        "conflicts_well_formed",
        Word.CORRECT,
        "Mỗi khác biệt có hai giá trị khác nhau; mỗi đính chính có căn cứ pháp lý",
        "Every conflict has two values that differ, and every ruling its legal document",
        "add the citation to the ruling",
        conflicts_contradict,
    ),
    Rule(
        "rulings_fit_sources",
        Word.CORRECT,
        "Mọi đính chính đều khớp với điều nguồn in hoặc điều luật định",
        "Every ruling finds in its source what it corrects, or what it says",
        "read the source again and correct or remove the ruling",
        rulings_unmatched,
        blocking=False,
    ),
)
