"""Small laws of the years to come, authored for tests: the files that a legal officer would drop, and their totals.

Belongs here: writing such files with a configuration beside them. Does not belong here: what tests expect of them.
Units are those in force since 2026-09-20.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

CHANGES = (
    "change_id",
    "effective_date",
    "kind",
    "predecessor_level",
    "predecessor_code",
    "successor_level",
    "successor_code",
    "name",
    "type",
    "parent_code",
    "extent",
    "population",
    "legal_document",
    "clause",
)
DOCUMENTS = ("number", "issuer", "issued_on", "effective_on", "title", "governs")
TOTALS = ("valid_from", "level", "type", "province_code", "count", "source")
COUNTRY = {"phường": 709, "xã": 2599, "đặc khu": 13}
PROVINCES = {"thành phố": 9, "tỉnh": 25}


@dataclass(frozen=True)
class Law:
    """One law: its day, its number, what it governs, its changes and the totals that it states."""

    name: str
    day: str
    number: str
    governs: str
    changes: Sequence[Mapping[str, str]]
    totals: Sequence[tuple[str, str, str, int]]
    periods: Sequence[Mapping[str, str]] = field(default_factory=list)
    documents: Sequence[tuple[str, str]] = field(default_factory=list)
    """Further documents that govern the same: number and effective date."""

    def with_wrong_total(self) -> "Law":
        """The same law with one unit too many in its last total."""
        *others, (level, kind, province, count) = self.totals
        return replace(self, totals=[*others, (level, kind, province, count + 1)])


def _links(kind: str, *ends: tuple[str, str], level: str = "commune", **more: str) -> list[dict[str, str]]:
    return [
        {
            "kind": kind,
            "predecessor_level": level,
            "predecessor_code": old,
            "successor_level": level,
            "successor_code": new,
            "clause": "1" if level == "commune" else "",
            **more,
        }
        for old, new in ends
    ]


def _country(wards: int = 0, communes: int = 0) -> list[tuple[str, str, str, int]]:
    return [
        ("commune", "phường", "", COUNTRY["phường"] + wards),
        ("commune", "xã", "", COUNTRY["xã"] + communes),
        ("commune", "đặc khu", "", COUNTRY["đặc khu"]),
    ]


def _province(code: str, **counts: int) -> list[tuple[str, str, str, int]]:
    return [("commune", kind, code, number) for kind, number in counts.items()]


LAWS = (
    Law(
        "fresh_code",
        "2027-01-01",
        "501/NQ-UBTVQH16",
        "commune:04",
        _links("merger", ("01290", "01991"), ("01294", "01991"), name="Xã Bảo Lý", type="Xã", parent_code="04"),
        [*_country(communes=-1), *_province("04", phường=3, xã=52)],
    ),
    Law(
        "members_code",
        "2027-03-01",
        "502/NQ-UBTVQH16",
        "commune:08",
        _links("merger", ("00715", "00721"), ("00721", "00721")),
        [*_country(communes=-1), *_province("08", phường=7, xã=116)],
    ),
    Law(
        "two_provinces",
        "2028-01-01",
        "5/2027/QH16",
        "province:11 province:12",
        _links("merger", ("11", "11"), ("12", "11"), level="province", name="Tỉnh Điện Biên", type="Tỉnh"),
        [
            ("province", "thành phố", "", PROVINCES["thành phố"]),
            ("province", "tỉnh", "", PROVINCES["tỉnh"] - 1),
            *_province("11", phường=5, xã=78),
        ],
    ),
    Law(
        "second_reform",
        "2030-01-01",
        "9/2029/QH17",
        "commune:*",
        [
            *_links(
                "merger", ("01297", "01992"), ("01304", "01992"), name="Xã Quảng Nam Lâm", type="Xã", parent_code="04"
            ),
            *_links("merger", ("22918", "22918"), ("22924", "22918")),
        ],
        [*_country(-1, -1), *_province("04", phường=3, xã=52), *_province("68", phường=19, xã=103, **{"đặc khu": 1})],
        [
            {
                "valid_from": "2030-01-01",
                "code_list": "9/2029/QH17",
                "opening_codes": "member|fresh",
                "standing_document": "9/2029/QH17",
            }
        ],
    ),
    Law(
        "split_into_two",
        "2027-05-01",
        "503/NQ-UBTVQH16",
        "commune:66",
        [
            *_links("split", ("22057", "22060"), ("22057", "22075"), extent="part"),
            *_links("split", ("22060", "22060"), ("22075", "22075"), extent="whole"),
        ],
        [*_country(communes=-1), *_province("66", phường=14, xã=87)],
    ),
    Law(
        "split_to_two_provinces",
        "2027-07-01",
        "504/NQ-UBTVQH16",
        "commune:33 commune:31",
        [
            *_links("split", ("11977", "11980"), ("11977", "10537"), extent="part"),
            *_links("split", ("11980", "11980"), ("10537", "10537"), extent="whole"),
        ],
        [
            *_country(communes=-1),
            *_province("33", phường=11, xã=92),
            *_province("31", phường=45, xã=67, **{"đặc khu": 2}),
        ],
    ),
    Law(
        "code_again",
        "2029-01-01",
        "505/NQ-UBTVQH16",
        "commune:82",
        [
            *_links("split", ("28321", "29953"), name="Xã Gò Mới", type="Xã", parent_code="82", extent="part"),
            *_links("split", ("28321", "28321"), extent="part"),
        ],
        [*_country(communes=1), *_province("82", phường=20, xã=83)],
    ),
    Law(
        "repeal",
        "2027-09-01",
        "506/NQ-UBTVQH16",
        "commune:52",
        [
            *_links("merger", ("21609", "21616"), ("21616", "21616")),
            {
                "kind": "repeal",
                "change_id": "2027-09-01/commune/21616",
                "effective_date": "2027-08-01",
                "legal_document": "507/NQ-UBTVQH16",
            },
        ],
        [*_country(), *_province("52", phường=25, xã=110)],
        documents=[("507/NQ-UBTVQH16", "2027-08-01")],
    ),
)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Path:
    """One file with a header; what a row leaves out is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_laws(folder: Path, *laws: Law) -> Path:
    """The files of some laws and the configuration that names them; returns the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    issued = "2026-11-01"
    documents = [
        {
            "number": number,
            "issuer": "Ủy ban Thường vụ Quốc hội",
            "issued_on": issued,
            "effective_on": day,
            "title": f"Về việc sắp xếp: {law.name}",
            "governs": law.governs,
        }
        for law in laws
        for number, day in [(law.number, law.day), *law.documents]
    ]
    changes = [
        {"effective_date": law.day, "legal_document": law.number, **change} for law in laws for change in law.changes
    ]
    totals = [
        {
            "valid_from": law.day,
            "level": level,
            "type": kind,
            "province_code": province,
            "count": count,
            "source": law.number,
        }
        for law in laws
        for level, kind, province, count in law.totals
    ]
    write_csv(folder / "legal_documents.csv", DOCUMENTS, documents)
    write_csv(folder / "changes_to_come.csv", CHANGES, changes)
    write_csv(folder / "totals.csv", TOTALS, totals)
    kinds = {"legal_documents": "legal_documents.csv", "changes": "changes_to_come.csv", "totals": "totals.csv"}
    periods = [period for law in laws for period in law.periods]
    if periods:
        write_csv(folder / "periods.csv", list(periods[0]), periods)
        kinds["periods"] = "periods.csv"
    lines = [f"  - {{name: law_{kind}, kind: {kind}, role: {kind}, path: {file}}}" for kind, file in kinds.items()]
    config = folder / "kh02.yaml"
    config.write_text("version: 1\nsources:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return config
