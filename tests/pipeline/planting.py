"""One planted fault per check: what to change so that this check, and no other, fails.

``FAULTS`` maps a check's name to a function that takes a sound case and returns the spoilt one.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import one_finding
from kh02_pipelines.intake.source_rulings import UNMATCHED
from kh02_pipelines.names.encodings import encode_legacy

AS_OF = dt.date(2026, 9, 20)


@dataclass(frozen=True)
class Case:
    """A candidate in its surroundings, and a folder in which spoilt files may be written."""

    candidate: Candidate
    scratch: Path

    def table(self, name: str) -> pd.DataFrame:
        return self.candidate.tables[name].copy()

    def with_tables(self, **changed: pd.DataFrame) -> "Case":
        tables = {**self.candidate.tables, **changed}
        return self._with(tables=tables)

    def with_evidence(self, **changed: pd.DataFrame) -> "Case":
        return self._with(evidence={**self.candidate.evidence, **changed})

    def with_context(self, **changed: object) -> "Case":
        return self._with(context=dataclasses.replace(self.candidate.context, **changed))

    def with_previous(self, **changed: object) -> "Case":
        return self.with_context(previous=dataclasses.replace(self.candidate.context.previous, **changed))

    def with_previous_table(self, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> "Case":
        previous = self.candidate.context.previous
        assert previous is not None
        return self.with_previous(tables={**previous.tables, name: change(previous.tables[name].copy())})

    def with_file(self, table: str, spoil: Callable[[Path, Path], None]) -> "Case":
        spoilt = self.scratch / f"{table}.parquet"
        spoil(self.candidate.context.files[table], spoilt)
        return self.with_context(files={**self.candidate.context.files, table: spoilt})

    def _with(self, **changed: object) -> "Case":
        return dataclasses.replace(self, candidate=dataclasses.replace(self.candidate, **changed))


Fault = Callable[[Case], Case]
FAULTS: dict[str, Fault] = {}


def _noted(case: Case, table: str, counted: tuple[str, ...], **values: object) -> Case:
    """One more row about the first source file, and the counts that say so."""
    files = case.table("source_file")
    for column in counted:
        files.loc[0, column] += 1
    about = {"source": files.loc[0, "source"], "sha256": files.loc[0, "sha256"], "sheet": "-", "line": 1}
    return case.with_tables(source_file=files, **{table: pd.DataFrame([{**about, **values}])})


def fault(check: str) -> Callable[[Fault], Fault]:
    def keep(function: Fault) -> Fault:
        assert check not in FAULTS
        FAULTS[check] = function
        return function

    return keep


def _set(table: str, column: str, value: object, where: Callable[[pd.DataFrame], pd.Series]) -> Fault:
    """Change one column of the first row that answers ``where``."""

    def plant(case: Case) -> Case:
        frame = case.table(table)
        frame.loc[where(frame).idxmax(), column] = value
        return case.with_tables(**{table: frame})

    return plant


def _on_the_last_day(versions: pd.DataFrame) -> pd.Series:
    """Versions in force on the last three-tier day."""
    return (versions["valid_from"] <= "2025-06-30") & (
        versions["valid_to"].isna() | (versions["valid_to"] > "2025-06-30")
    )


def _long_ago(versions: pd.DataFrame) -> pd.Series:
    """Versions of communes that no table of units shows."""
    return (versions["level"] == "commune") & (versions["valid_to"] < "2010-01-01")


def _rename_old(case: Case, code: str, name: str, level: str = "commune", **also: object) -> Case:
    """Another name for an old unit, in every table that prints it."""
    units = case.table(f"legacy_{level}")
    units.loc[units["code"] == code, ["name", *also]] = [name, *also.values()]
    versions = case.table("unit_version")
    here = (versions["level"] == level) & (versions["code"] == code) & _on_the_last_day(versions)
    versions.loc[here, ["name", *also]] = [name, *also.values()]
    changed = {f"legacy_{level}": units, "unit_version": versions}
    prefix = "old" if level == "commune" else f"old_{level}"
    for table in ("commune_crosswalk", "district_crosswalk"):
        links = case.table(table)
        if f"{prefix}_name" in links and f"{prefix}_code" in links:
            links.loc[links[f"{prefix}_code"] == code, f"{prefix}_name"] = name
            changed[table] = links
    return case.with_tables(**changed)


def _rename_new(case: Case, code: str, name: str, kind: str) -> Case:
    """Another name and type for a commune in force, in every table that prints it."""
    communes, versions = case.table("commune"), case.table("unit_version")
    links, districts = case.table("commune_crosswalk"), case.table("district_crosswalk")
    communes.loc[communes["code"] == code, ["name", "type"]] = [name, kind]
    here = (versions["code"] == code) & versions["valid_to"].isna()
    versions.loc[here, ["name", "type"]] = [name, kind]
    links.loc[links["new_code"] == code, "new_name"] = name
    districts.loc[districts["new_commune_code"] == code, "new_commune_name"] = name
    return case.with_tables(
        commune=communes, unit_version=versions, commune_crosswalk=links, district_crosswalk=districts
    )


def _merged(links: pd.DataFrame) -> pd.DataFrame:
    """Links of unruled old communes that went whole into a commune of at least four others."""
    others = links.groupby("new_code")["old_code"].transform("size")
    return links[(links["relation"] == "merged") & ~links["same_code"] & (others > 4) & links["ruling_id"].isna()]


# ---- đúng

fault("codes_fit_level")(_set("unit_version", "code", "033", _long_ago))
fault("parents_fit_level")(_set("unit_version", "parent_code", "99", lambda t: t["code"] == "755"))
fault("law_in_force")(
    _set("legal_document", "effective_on", pd.Timestamp("2025-08-01"), lambda t: t["number"] == "1654/NQ-UBTVQH15")
)
fault("law_governs_events")(
    _set("change_event", "legal_document", "1654/NQ-UBTVQH15", lambda t: t["event_id"] == "2025-07-01/commune/00004")
)
fault("law_governs_links")(
    _set("commune_crosswalk", "legal_document", "1654/NQ-UBTVQH15", lambda t: t["old_code"] == "00004")
)
fault("whole_means_one_successor")(
    _set("commune_crosswalk", "successor_count", 2, lambda t: t["relation"] == "unchanged")
)
fault("rulings_applied")(_set("commune_crosswalk", "ruling_id", None, lambda t: t["ruling_id"] == "R001"))


@fault("types_fit_names")
def _(case: Case) -> Case:
    units = case.table("legacy_district")
    chosen = units[units["type"] == "huyện"].iloc[0]
    return _rename_old(case, chosen["code"], chosen["name"].replace("Huyện", "Quận"), "district")


@fault("new_code_is_members")
def _(case: Case) -> Case:
    """A commune's own code goes into a neighbour of the same old district instead of into itself."""
    links = case.table("commune_crosswalk")
    groups = links.groupby("new_code")
    plain = groups["extent"].transform(lambda e: (e == "whole").all()) & (
        groups["old_district_code"].transform("nunique") == 1
    )
    big = links[plain & (groups["old_code"].transform("size") >= 3) & links["ruling_id"].isna()]
    own = big[big["same_code"]]
    for row in own.itertuples():
        others = big[(big["old_district_code"] == row.old_district_code) & (big["new_code"] != row.new_code)]
        if len(others):
            neighbour = others.iloc[0]
            at = row.Index
            links.loc[at, ["new_code", "new_name", "same_code"]] = [neighbour["new_code"], neighbour["new_name"], False]
            return case.with_tables(commune_crosswalk=links)
    raise AssertionError("no commune to plant in")


@fault("provinces_stay_whole")
def _(case: Case) -> Case:
    links = case.table("commune_crosswalk")
    at = _merged(links[links["new_province_code"] == "01"]).index[0]
    other = links[links["new_province_code"] == "04"].iloc[0]
    columns = ["new_province_code", "new_province_name", "legal_document"]
    links.loc[at, columns] = other[columns].to_list()
    return case.with_tables(commune_crosswalk=links)


@fault("one_population_heir")
def _(case: Case) -> Case:
    links = case.table("commune_crosswalk")
    two = links[(links["successor_count"] == 2) & (links["population"] == "part")]
    links.loc[links["old_code"] == two["old_code"].iloc[0], "population"] = "all"
    return case.with_tables(commune_crosswalk=links)


# ---- đủ


@fault("unit_totals")
def _(case: Case) -> Case:
    old = _merged(case.table("commune_crosswalk"))
    chosen = old[old["old_name"].str.startswith("Xã ")].iloc[0]
    return _rename_old(case, chosen["old_code"], chosen["old_name"].replace("Xã ", "Phường "), type="phường")


@fault("province_totals")
def _(case: Case) -> Case:
    """Two communes of two provinces change types, so that the totals of the country stay right."""
    communes = case.table("commune")
    one = communes[(communes["province_code"] == "01") & (communes["type"] == "phường")].iloc[0]
    other = communes[(communes["province_code"] == "79") & (communes["type"] == "xã")].iloc[0]
    case = _rename_new(case, one["code"], one["name"].replace("Phường", "Xã"), "xã")
    return _rename_new(case, other["code"], other["name"].replace("Xã", "Phường"), "phường")


@fault("change_totals")
def _(case: Case) -> Case:
    """One successor of a commune divided in three is lost; what is left fits together."""
    links = case.table("succession")
    reform = links[links["event_id"].str.startswith("2025-07-01") & (links["extent"] == "part")]
    parts = reform.groupby("predecessor_id")["predecessor_id"].transform("size")
    lost = links.loc[parts[parts == 3].index]
    return case.with_tables(succession=links.drop(index=lost.index[0]))


@fault("every_unit_linked")
def _(case: Case) -> Case:
    links = case.table("commune_crosswalk")
    return case.with_tables(commune_crosswalk=links.drop(index=_merged(links).index[0]))


@fault("rows_conserved")
def _(case: Case) -> Case:
    flow = case.candidate.row_flow.copy()
    flow.loc[0, "rows_out"] -= 1
    return case._with(row_flow=flow)


@fault("nothing_quarantined")
def _(case: Case) -> Case:
    return _noted(case, "quarantine", ("quarantined", "rows_in"), field="code", value="1.0", reason="not a code")


@fault("source_rows_conserved")
def _(case: Case) -> Case:
    files = case.table("source_file")
    files.loc[0, "accepted"] -= 1
    return case.with_tables(source_file=files)


@fault("rulings_fit_sources")
def _(case: Case) -> Case:
    rule = f"{UNMATCHED} R001"
    return _noted(case, "source_issue", ("issues",), field="type", raw_value="Xã", cleaned_value="Xã", rule=rule)


# ---- sạch


@fault("names_clean")
def _(case: Case) -> Case:
    units = case.table("legacy_commune")
    chosen = units[units["name"].str.contains("'", regex=False)].iloc[0]
    return _rename_old(case, chosen["code"], chosen["name"].replace("'", "’"))


@fault("names_without_strays")
def _(case: Case) -> Case:
    chosen = _merged(case.table("commune_crosswalk")).iloc[0]
    return _rename_old(case, chosen["old_code"], chosen["old_name"] + "µ")


@fault("names_distinct")
def _(case: Case) -> Case:
    links = case.table("commune_crosswalk")
    merged = _merged(links[links["old_name"].str.startswith("Xã ")])
    district = merged["old_district_code"].value_counts().index[0]
    one, other = merged[merged["old_district_code"] == district].iloc[:2].itertuples()
    return _rename_old(case, other.old_code, one.old_name)


@fault("names_not_legacy_encoded")
def _(case: Case) -> Case:
    units, links = case.table("legacy_province"), case.table("commune_crosswalk")
    provinces = case.table("province_crosswalk")
    units["name"] = encode_legacy(units["name"], "vni")
    links["old_province_name"] = encode_legacy(links["old_province_name"], "vni")
    provinces["old_name"] = encode_legacy(provinces["old_name"], "vni")
    return case.with_tables(legacy_province=units, commune_crosswalk=links, province_crosswalk=provinces)


for _table, _column, _value in (
    ("province", "short_name", ""),
    ("commune", "short_name", ""),
    ("legacy_province", "short_name", ""),
    ("legacy_district", "short_name", ""),
    ("legacy_commune", "short_name", ""),
    ("legal_document", "title", ""),
    ("change_event", "kind", "surprise"),
    ("commune_crosswalk", "clause", 0),
    ("district_crosswalk", "old_district_name", ""),
    ("province_crosswalk", "old_name", ""),
    ("succession", "ruling_id", ""),
    ("code_crosswalk", "old_name", ""),
    ("code_alias", "printed_in", ""),
    ("unresolved", "old_name", ""),
    ("unresolved_candidate", "candidate_name", ""),
    ("source_file", "file", ""),
    ("source_conflict", "field", ""),
):
    fault(f"declared_{_table}")(_set(_table, _column, _value, lambda t: pd.Series(True, index=t.index)))


fault("declared_unit_version")(_set("unit_version", "name", "", _long_ago))


@fault("declared_quarantine")
def _(case: Case) -> Case:
    return case.with_tables(quarantine=case.table("quarantine").drop(columns="reason"))


@fault("declared_source_issue")
def _(case: Case) -> Case:
    return _noted(case, "source_issue", ("issues",), field="name", raw_value="a", cleaned_value="b", rule="")


fault("conflicts_well_formed")(_set("source_conflict", "legal_document", None, lambda t: t["ruling"] != "open"))


# ---- sống


@fault("source_age")
def _(case: Case) -> Case:
    return case.with_tables(source_file=case.table("source_file").assign(speaks_for=pd.Timestamp("2025-07-01")))


@fault("newest_law_age")
def _(case: Case) -> Case:
    documents = case.table("legal_document")
    documents.loc[documents["effective_on"] > pd.Timestamp("2025-07-01"), "effective_on"] = pd.NaT
    return case.with_tables(legal_document=documents)


@fault("law_applied")
def _(case: Case) -> Case:
    documents = case.table("legal_document")
    new = documents[documents["number"] == "36/2026/QH16"].assign(number="99/2026/QH16", governs="province:01")
    return case.with_tables(legal_document=pd.concat([documents, new], ignore_index=True))


@fault("release_age")
def _(case: Case) -> Case:
    return case.with_context(today=AS_OF + dt.timedelta(days=30))


@fault("row_drift")
def _(case: Case) -> Case:
    return case.with_previous_table("legacy_commune", lambda table: table.iloc[200:])


@fault("name_drift")
def _(case: Case) -> Case:
    def rename(versions: pd.DataFrame) -> pd.DataFrame:
        some = versions[versions["valid_to"].isna()].index[:200]
        versions.loc[some, "name"] = versions.loc[some, "name"] + " cũ"
        return versions

    return case.with_previous_table("unit_version", rename)


@fault("code_drift")
def _(case: Case) -> Case:
    def recode(versions: pd.DataFrame) -> pd.DataFrame:
        some = versions[versions["valid_to"].isna() & (versions["level"] == "commune")].index[:30]
        versions.loc[some, "code"] = [f"9{number:04d}" for number in range(30)]
        return versions

    return case.with_previous_table("unit_version", recode)


@fault("late_changes")
def _(case: Case) -> Case:
    return case.with_previous_table("change_event", lambda events: events.iloc[:-1])


# ---- thống nhất


@fault("changes_keep_their_day")
def _(case: Case) -> Case:
    def redate(events: pd.DataFrame) -> pd.DataFrame:
        last = events.index[events["event_id"].str.startswith("2026-09-20/commune/")][0]
        events.loc[last, "event_id"] = events.loc[last, "event_id"].replace("2026-09-20", "2026-09-19")
        return events

    return case.with_previous_table("change_event", redate)


fault("versions_consistent")(
    _set("unit_version", "valid_from_exact", False, lambda t: t["started_by"].notna() & t["valid_to"].isna())
)
fault("states_match_versions")(
    _set("commune", "valid_from", pd.Timestamp("2025-06-30"), lambda t: pd.Series(True, index=t.index))
)
fault("district_sets_complete")(
    _set("district_crosswalk", "commune_within_district", False, lambda t: t["commune_within_district"])
)
fault("events_fit_relations")(
    _set("commune_crosswalk", "relation", "unchanged", lambda t: t["old_code"] == "31105")  # xã Thổ Châu, now đặc khu
)
fault("names_agree")(
    _set("commune_crosswalk", "old_district_name", "Huyện Khác", lambda t: pd.Series(True, index=t.index))
)


def _opened(blocking: bool) -> Fault:
    """The first settled conflict of a kind is open again; one of spelling would need no ruling."""
    return _set(
        "source_conflict",
        "ruling",
        "open",
        lambda t: (t["blocking"] == blocking) & ~t["class"].isin(["spelling", "total"]),
    )


fault("conflicts_settled")(_opened(True))
fault("conflicts_ruled")(_opened(False))


@fault("ids_kept")
def _(case: Case) -> Case:
    def remember(versions: pd.DataFrame) -> pd.DataFrame:
        ended = versions[versions["valid_to"].notna()].head(1)
        return pd.concat([versions, ended.assign(unit_id="99999@2025-06-30")], ignore_index=True)

    return case.with_previous_table("unit_version", remember)


@fault("goes_forward")
def _(case: Case) -> Case:
    return case.with_previous(as_of=AS_OF + dt.timedelta(days=1))


@fault("stores_agree")
def _(case: Case) -> Case:
    return case.with_context(holdings=one_finding("release", "2026-09-20+22222222", "the view commune shows 3320 rows"))


# ---- dùng chung

fault("references_exist")(
    _set("change_event", "legal_document", "1/2026/QH16", lambda t: t["legal_document"] == "1654/NQ-UBTVQH15")
)


@fault("schema_contract")
def _(case: Case) -> Case:
    previous = case.candidate.context.previous
    assert previous is not None
    commune = {**previous.schemas["commune"], "population": ("int32", True)}
    return case.with_previous(schemas={**previous.schemas, "commune": commune})


@fault("join_keys_alike")
def _(case: Case) -> Case:
    def widen(good: Path, spoilt: Path) -> None:
        table = pq.read_table(good, partitioning=None)
        at = table.schema.get_field_index("province_code")
        field = table.schema.field(at).with_type(pa.large_string())
        pq.write_table(table.set_column(at, field, table.column(at).cast(pa.large_string())), spoilt)

    return case.with_file("commune", widen)


@fault("dictionary_complete")
def _(case: Case) -> Case:
    def strip(good: Path, spoilt: Path) -> None:
        table = pq.read_table(good, partitioning=None)
        pq.write_table(table.cast(pa.schema([field.remove_metadata() for field in table.schema])), spoilt)

    return case.with_file("commune", strip)


@fault("files_readable")
def _(case: Case) -> Case:
    def truncate(good: Path, spoilt: Path) -> None:
        spoilt.write_bytes(good.read_bytes()[:-100])

    return case.with_file("commune", truncate)
