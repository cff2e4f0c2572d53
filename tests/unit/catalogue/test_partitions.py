"""Random reforms of a small country: whatever is merged and split, the catalogue says so and loses nothing."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.release.audit import audit

LETTERS = ["An", "Bình", "Cát", "Dương", "Gia", "Hòa", "Khánh", "Lộc", "Mỹ", "Nam", "Phú", "Quý"]
AFTER = dt.date(2025, 7, 1)


@dataclass(frozen=True)
class Reform:
    """District of each old commune, and the pairs; new communes take the code of their first member."""

    district_of: tuple[int, ...]
    pairs: frozenset[tuple[int, int]]


@st.composite
def reforms(draw: st.DrawFn) -> Reform:
    """Up to twelve communes in up to four districts of one or two old provinces that become one."""
    number = draw(st.integers(1, len(LETTERS)))
    districts = draw(st.integers(1, min(4, number)))
    district_of = tuple(range(districts)) + tuple(
        draw(st.lists(st.integers(0, districts - 1), min_size=number - districts, max_size=number - districts))
    )
    leaders = draw(st.integers(1, number))
    pairs = {(leader, leader) for leader in range(leaders)}
    for commune in range(number):
        chosen = draw(st.sets(st.integers(0, leaders - 1), min_size=int(commune >= leaders), max_size=3))
        pairs |= {(commune, leader) for leader in chosen}
    return Reform(district_of, frozenset(pairs))


def code(commune: int) -> str:
    return f"{10_000 + commune:05d}"


def frame(rows: list[tuple[str, ...]], columns: str) -> pd.DataFrame:
    built = pd.DataFrame(rows, columns=columns.split(), dtype="str")
    return built.assign(row=range(2, len(built) + 2))


def raw_of(reform: Reform) -> dict[str, pd.DataFrame]:
    """A complete set of reference frames for the reform of a small country."""
    unit = "code level name type parent_code"
    districts = sorted(set(reform.district_of))
    old_provinces = ("01", "02") if len(districts) > 1 else ("01",)
    old = [(province, "province", f"Tỉnh {province}", "Tỉnh", "") for province in old_provinces]
    old += [
        (f"{district:03d}", "district", f"Huyện {district}", "Huyện", "02" if district == 1 else "01")
        for district in districts
    ]
    old += [
        (code(commune), "commune", f"Xã {LETTERS[commune]}", "Xã", f"{district:03d}")
        for commune, district in enumerate(reform.district_of)
    ]
    leaders = sorted({leader for _, leader in reform.pairs})
    new = [("01", "province", "Tỉnh 01", "Tỉnh", "")]
    new += [(code(leader), "commune", f"Xã {LETTERS[leader]}", "Xã", "01") for leader in leaders]
    counts = [
        (*days, level, kind, "", str(count), source)
        for days, units, source in (
            (("2025-06-30", "2025-07-01"), old, "124/2004/QĐ-TTg"),
            (("2025-07-01", ""), new, "202/2025/QH15"),
        )
        for (level, kind), count in Counter((row[1], row[3].lower()) for row in units).items()
    ]
    counts.append(("2025-07-01", "", "commune", "xã", "01", str(len(leaders)), "1/NQ-UBTVQH15"))
    successors = Counter(old for old, _ in reform.pairs)
    predecessors = Counter(new for _, new in reform.pairs)
    facts = {f"communes_into_{n}": str(k) for n, k in Counter(successors.values()).items()}
    facts["commune_pairs"] = str(len(reform.pairs))
    facts["unchanged_communes"] = str(sum(successors[old] == predecessors[new] == 1 for old, new in reform.pairs))
    governs = {
        "1/NQ-UBTVQH15": "commune:01",
        "202/2025/QH15": "province:*",
        "203/2025/QH15": "district:*",
        "124/2004/QĐ-TTg": "codes",
    }
    changes = [
        *(("commune", code(a), "commune", code(b), "1/NQ-UBTVQH15", "1", "") for a, b in sorted(reform.pairs)),
        *(("province", province, "province", "01", "202/2025/QH15", "", "") for province in old_provinces),
        *(("district", f"{district:03d}", "", "", "203/2025/QH15", "", "abolition") for district in districts),
    ]
    columns = "predecessor_level predecessor_code successor_level successor_code legal_document clause kind"
    registers = [("2025-06-30", *row, "") for row in old] + [("2025-07-01", *row, "") for row in new]
    types = ("tỉnh|thành phố", "huyện", "xã", "124/2004/QĐ-TTg", "member|fresh", "member|fresh", "124/2004/QĐ-TTg")
    later = ("tỉnh|thành phố", "", "xã", "19/2025/QĐ-TTg", "member", "member|fresh", "202/2025/QH15")
    return {
        "registers": frame(registers, f"date {unit} confidence").assign(file="registers.csv"),
        "changes": frame(changes, columns).assign(effective_date="2025-07-01", change_id=""),
        "rulings": frame(
            [],
            "ruling_id target action key field source_value ruled_value legal_document clause reason",
        ),
        "legal_documents": frame(
            [(number, "issuer", "2025-06-16", "", "title", what, "") for number, what in governs.items()],
            "number issuer issued_on effective_on title governs register_date",
        ),
        "periods": frame(
            [
                ("2025-06-30", "2025-07-01", "province district commune", *types, "complete"),
                ("2025-07-01", "", "province commune", *later, "complete"),
            ],
            "valid_from valid_to levels province_types district_types commune_types code_list opening_codes new_codes "
            "standing_document chain",
        ),
        "totals": frame(counts, "valid_from valid_to level type province_code count source"),
        "change_totals": frame(
            [("2025-07-01", fact, count, "drawn") for fact, count in facts.items()], "effective_date fact count source"
        ),
        "code_aliases": frame([], "printed_in as_of level printed_code code kind"),
    }


@pytest.mark.no_cover  # every example is a whole catalogue
@settings(max_examples=12)
@given(reforms())
def test_any_partition_is_carried_over_exactly(reform: Reform) -> None:
    candidate = build_candidate(raw_of(reform), AFTER)
    links = candidate.tables["commune_crosswalk"]
    successors = Counter(old for old, _ in reform.pairs)
    predecessors = Counter(new for _, new in reform.pairs)

    def expected_relation(old: int, new: int) -> str:
        if successors[old] > 1:
            return "split"
        return "merged" if predecessors[new] > 1 else "unchanged"  # alone, it leads to itself

    expected = {
        (code(old), code(new)): (
            "whole" if successors[old] == 1 else "part",
            "all" if successors[old] == 1 else "part",
            expected_relation(old, new),
            successors[old],
            old == new,
        )
        for old, new in reform.pairs
    }
    columns = ["extent", "population", "relation", "successor_count", "same_code"]
    found = dict(
        zip(
            zip(links["old_code"], links["new_code"], strict=True),
            links[columns].itertuples(index=False, name=None),
            strict=True,
        )
    )
    assert found == expected

    districts = candidate.tables["district_crosswalk"]
    sets = {(f"{reform.district_of[old]:03d}", code(new)) for old, new in reform.pairs}
    assert set(zip(districts["old_district_code"], districts["new_commune_code"], strict=True)) == sets
    assert {name: rows.to_dict("records") for name, rows in audit(candidate).items() if len(rows)} == {}
