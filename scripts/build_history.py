#!/usr/bin/env python3
"""Rebuild the embedded history before 1 July 2025 from a folder of facts about units and changes.

Belongs here: bringing the facts of such a folder (unit versions, events, successions, documents, aliases) into the
shape of the reference: one opening register and one file of changes a year. Does not belong here: corrections
(``rulings.csv``) and everything from 1 July 2025 on, which people write by hand and this script leaves as it is.

    python scripts/build_history.py FOLDER             write the files
    python scripts/build_history.py FOLDER --check     write nothing; exit 1 if a file differs

FOLDER holds ``unit_versions_ended.csv``, ``unit_valid_from_2025-06-30.csv``, ``change_events.csv``,
``successions.csv``, ``district_successions.csv``, ``legal_documents.csv``, ``code_aliases.csv``, ``unknown.csv`` and
``retired_2024_2025_lineage.csv``. Only the standard library is used. Exit codes: 0 done or equal, 1 a file differs,
2 FOLDER is not as expected.

What is inferred here, and marked ``derived`` in the files:

* a district that ends passes whole to the one district that took its communes, in parts to several;
* a confirmed row of the lineage closes a retired code whose successor is otherwise unknown, with unknown extent;
* the type of a unit is what its name begins with, where the last register prints another;
* a unit that continues, and whose event gave nothing away, goes whole into its next version.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[1] / "kh02_pipelines" / "sources" / "reference"

FLOOR, LAST, HAND = "2004-08-31", "2025-06-30", "2025-07-01"
"""First register; last day these facts speak of; from this day on changes are written by hand."""

REGISTER_HEADER = ("code", "level", "name", "type", "parent_code", "confidence")
CHANGE_HEADER = (
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
    "basis",
    "confidence",
    "document_basis",
    "evidence",
    "ruling_id",
)
DOCUMENT_HEADER = ("number", "issuer", "issued_on", "effective_on", "title", "governs", "register_date")
ALIAS_HEADER = ("printed_in", "as_of", "level", "printed_code", "code", "kind")
LEVELS = ("province", "district", "commune")
KINDS = ("creation", "recode", "abolition", "merger", "split", "retype", "rename", "transfer", "spelling")
"""The one word an event is filed under, the first that its source uses of it."""

TYPES = ("Thị trấn", "Phường", "Xã", "Thị xã", "Thành phố", "Huyện", "Quận", "Tỉnh")

Row = dict[str, str]


class HistoryBuildError(Exception):
    """A file is missing or does not hold what it should."""


class Facts:
    """The files of one folder, and what is looked up in them."""

    def __init__(self, folder: Path, register: Path) -> None:
        self.folder = folder
        self.events = self.read("change_events")
        self.ended = self.read("unit_versions_ended")
        self.since = {(row["level"], row["code"]): row for row in self.read("unit_valid_from_2025-06-30")}
        self.register = read_csv(register)
        numbers = Counter(row["number"] for row in self.read("legal_documents"))
        self.repeated = {number for number, count in numbers.items() if count > 1}
        self.event = {(row["date"], row["level"], row["code"]): row for row in self.events}
        self.versions: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.ended:
            self.versions[row["level"], row["code"]].append(row)
        for row in self.register:
            start = self.since.get((row["level"], row["code"]), {"valid_from": FLOOR, "from_basis": "floor"})
            kind = leading_type(row["name"], row["type"])
            now = {**row, **start, "type": kind, "valid_to": "9999-12-31", "to_basis": "", "confidence": "sourced"}
            self.versions[row["level"], row["code"]].append(now)

    def read(self, name: str) -> list[Row]:
        """The rows of one file of the folder."""
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            raise HistoryBuildError(f"{path.name} is not in {self.folder}")
        return read_csv(path)

    def document(self, number: str, date: str) -> str:
        """How a document is cited: its number, with its date in the register where the number repeats."""
        return f"{number} ({date})" if number in self.repeated else number

    def at(self, level: str, code: str, day: str) -> Row | None:
        """The version of a code that was in force on a day."""
        found = [row for row in self.versions[level, code] if row["valid_from"] <= day < row["valid_to"]]
        return found[0] if found else None

    def before(self, level: str, code: str, day: str) -> Row | None:
        """The version of a code that was in force on the day before."""
        found = [row for row in self.versions[level, code] if row["valid_from"] < day <= row["valid_to"]]
        return found[0] if found else None


def leading_type(name: str, printed: str) -> str:
    """The type that a name begins with, where the register prints another."""
    if name.casefold().startswith(printed.casefold() + " "):
        return printed
    return next((kind for kind in TYPES if name.casefold().startswith(kind.casefold() + " ")), printed)


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV file by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def opening_register(facts: Facts) -> list[Row]:
    """Every unit of the first register; ``confidence`` says which were reconstructed."""
    rows = [
        {**version, "confidence": "" if version["confidence"] == "sourced" else version["confidence"]}
        for versions in facts.versions.values()
        for version in versions
        if version["valid_from"] == FLOOR
    ]
    return sorted(rows, key=lambda row: (LEVELS.index(row["level"]), row["code"]))


def change_rows(facts: Facts) -> list[Row]:
    """Every link from the first register to 30 June 2025, by day, successor and predecessor."""
    into: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    outgoing: set[tuple[str, str]] = set()
    for row in facts.read("successions"):
        into[row["date"], row["successor_level"], row["successor_code"]].append(row)
        outgoing.add((row["date"], row["predecessor_code"]))
    confirmed = lineage(facts)
    for row in confirmed:
        into[row["date"], "commune", row["successor_code"]].append(row)
        outgoing.add((row["date"], row["predecessor_code"]))
    passed = facts.read("district_successions")
    rows: list[Row] = []
    for event in facts.events:
        day, level, code = event["date"], event["level"], event["code"]
        if event["kind"] == "abolition" or not event["name_after"]:
            continue
        preds = into.pop((day, level, code), []) if level == "commune" else district_links(facts, passed, day, code)
        if event["name_before"] and not any(row["predecessor_code"] == code for row in preds):
            given = level == "district" and any(
                row["date"] == day and row["predecessor_code"] == code for row in passed
            )
            preds = [*preds, itself(code, given)]
        given_by = level == "district" and any((row["date"], row["successor_code"]) == (day, code) for row in passed)
        rows += [founding(facts, event, row) for row in preds or [nobody(given_by)]]
    rows += [absorbed(facts, key, row) for key, links in into.items() for row in links]
    for row in passed:
        started = facts.event.get((row["date"], "district", row["successor_code"]), {}).get("name_after", "")
        ends = facts.event.get((row["date"], "district", row["predecessor_code"]), {})
        if ends.get("kind") == "abolition":
            rows += [] if started else [absorbed_district(facts, passed, row)]
        elif not started or not ends:
            rows.append(passing(facts, row))
    named = {(row["effective_date"], row["predecessor_level"], row["predecessor_code"]) for row in rows}
    for event in facts.events:
        if event["kind"] == "abolition" and (event["date"], event["level"], event["code"]) not in named:
            rows.append(ended(facts, event))
    return sorted(rows, key=sort_key)


def lineage(facts: Facts) -> list[Row]:
    """Confirmed successors of retired codes without one; the map says where, not how much."""
    unknown = {row["code"]: row for row in facts.read("unknown") if row["what"] == "no successor known"}
    found = []
    for row in facts.read("retired_2024_2025_lineage"):
        if row["confidence"] == "confirmed" and row["retired_code"] in unknown:
            hole = unknown[row["retired_code"]]
            found.append({
                "date": hole["date"], "predecessor_code": row["retired_code"], "predecessor_level": "commune",
                "successor_level": "commune", "successor_code": row["successor_2025_06_30"], "extent": "unknown",
                "population": "unknown", "confidence": "derived", "basis": "map_and_former_names",
                "document": facts.document(hole["legal_document"], hole["date"]),
            })  # fmt: skip
    return found


def itself(code: str, given: bool) -> Row:
    """The link of a unit that continues as another version."""
    extent, people, sure = ("part", "unknown", "derived") if given else ("whole", "all", "sourced")
    return {"predecessor_code": code, "extent": extent, "population": people, "confidence": sure, "basis": "continues"}


def nobody(given_by: bool = False) -> Row:
    """The link of a new unit whose origin is not known, or stands in ``transfer`` rows of districts that go on."""
    if given_by:
        nothing = {"predecessor_code": "", "extent": "", "population": ""}
        return {**nothing, "confidence": "sourced", "basis": "transfers"}
    unknown = dict.fromkeys(("extent", "population", "confidence"), "unknown")
    return {"predecessor_code": "", "basis": "origin_unknown", **unknown}


def row_kind(facts: Facts, row: Row) -> str:
    """``ends`` where the predecessor has a version that ends that day, else ``transfer``."""
    return "ends" if (row["date"], "district", row["predecessor_code"]) in facts.event else "transfer"


def district_links(facts: Facts, passed: list[Row], day: str, code: str) -> list[Row]:
    """Predecessors of a district that begins a version, as far as they end one that day; itself is not among them."""
    return [
        district_share(facts, passed, row)
        for row in passed
        if (row["date"], row["successor_code"]) == (day, code) and row_kind(facts, row) == "ends"
    ]


def district_share(facts: Facts, passed: list[Row], row: Row) -> Row:
    """A district's link: whole where it ends and one district took its communes."""
    ends = facts.event[row["date"], "district", row["predecessor_code"]]["kind"] == "abolition"
    heirs = [
        other
        for other in passed
        if (other["date"], other["predecessor_code"]) == (row["date"], row["predecessor_code"])
    ]
    whole = ends and len(heirs) == 1
    return {
        **row, "extent": "whole" if whole else "part", "population": "all" if whole else "unknown",
        "confidence": "derived", "basis": f"communes_passed {row['communes_passed']}",
        "document": facts.document(row["legal_document"], row["date"]),
    }  # fmt: skip


def founding(facts: Facts, event: Row, link: Row) -> Row:
    """A link into a version that begins that day, which it describes."""
    level, code, day = event["level"], event["code"], event["date"]
    version = facts.at(level, code, day)
    if version is None:
        raise HistoryBuildError(f"no version of {level} {code} begins on {day}")
    predecessor = link["predecessor_code"]
    evidence = link["basis"] + (" reconstructed" if version["confidence"] == "reconstructed" else "")
    return line(
        day, kind_of(event), ("" if not predecessor else level, predecessor), (level, code),
        name=version["name"], type=version["type"], parent_code=version["parent_code"], basis=version["from_basis"],
        extent=link["extent"], population=link["population"], confidence=link["confidence"], evidence=evidence,
        **cited(facts, event),
    )  # fmt: skip


def absorbed(facts: Facts, key: tuple[str, str, str], link: Row) -> Row:
    """A link of a unit that ends into one that goes on as it is."""
    day, level, code = key
    if facts.before(level, code, day) is None:
        raise HistoryBuildError(f"{level} {code} succeeds {link['predecessor_code']} on {day} and is not in force")
    event = facts.event[day, "commune", link["predecessor_code"]]
    return line(
        day, "abolition", ("commune", link["predecessor_code"]), (level, code),
        extent=link["extent"], population=link["population"], confidence=link["confidence"], evidence=link["basis"],
        basis=ending(facts, event)["to_basis"], **cited(facts, event),
    )  # fmt: skip


def passing(facts: Facts, row: Row) -> Row:
    """Communes that pass from one district to another, both of which go on, or the second of which is new."""
    moved = Counter(
        version["from_basis"]
        for (level, _), versions in facts.versions.items()
        if level == "commune"
        for version in versions
        if version["valid_from"] == row["date"] and version["parent_code"] == row["successor_code"]
    )
    number = facts.document(row["legal_document"], row["date"])
    return line(
        row["date"], "transfer", ("district", row["predecessor_code"]), ("district", row["successor_code"]),
        extent="part", population="unknown", confidence="sourced", evidence=f"communes_passed {row['communes_passed']}",
        legal_document=number, document_basis="succession" if number else "none",
        basis=moved.most_common(1)[0][0] if moved else "register",
    )  # fmt: skip


def absorbed_district(facts: Facts, passed: list[Row], row: Row) -> Row:
    """A district that ends and leaves communes to one that goes on as it is."""
    event = facts.event[row["date"], "district", row["predecessor_code"]]
    link = district_share(facts, passed, row)
    return line(
        row["date"], "abolition", ("district", row["predecessor_code"]), ("district", row["successor_code"]),
        extent=link["extent"], population=link["population"], confidence=link["confidence"], evidence=link["basis"],
        basis=ending(facts, event)["to_basis"], **cited(facts, event),
    )  # fmt: skip


def ended(facts: Facts, event: Row) -> Row:
    """A unit that ends: a province into the one that took its districts, any other nobody knows into what."""
    day, level, code = event["date"], event["level"], event["code"]
    unknown = {**nobody(), "successor_level": "", "successor_code": "", "basis": "successor_unknown"}
    link = province_heir(facts, day, code) if level == "province" else unknown
    return line(
        day, "abolition", (level, code), (link["successor_level"], link["successor_code"]),
        extent=link["extent"], population=link["population"], confidence=link["confidence"],
        evidence=link["basis"], basis=ending(facts, event)["to_basis"], **cited(facts, event),
    )  # fmt: skip


def province_heir(facts: Facts, day: str, code: str) -> Row:
    """The one province that the districts of a province that ends pass to."""
    districts = [row for row in facts.events if row["date"] == day and row["level"] == "district"]
    heirs = {row["parent_after"] for row in districts if row["parent_before"] == code and row["parent_after"]}
    if len(heirs) != 1:
        raise HistoryBuildError(f"the districts of province {code} pass to {sorted(heirs)} on {day}")
    share = {"extent": "whole", "population": "all", "confidence": "derived", "basis": "districts_passed"}
    return {"successor_level": "province", "successor_code": heirs.pop(), **share}


def ending(facts: Facts, event: Row) -> Row:
    """The version that ends with an event."""
    versions = facts.versions[event["level"], event["code"]]
    return next(row for row in versions if row["valid_to"] == event["date"])


def cited(facts: Facts, event: Row) -> Row:
    """The document of an event and how it is known to be the one."""
    number = facts.document(event["legal_document"], event["document_register_date"])
    return {"legal_document": number, "document_basis": event["document_basis"]}


def kind_of(event: Row) -> str:
    """The one word an event is filed under."""
    words = event["kind"].split("+")
    return next(kind for kind in KINDS if kind in words)


def line(day: str, kind: str, predecessor: tuple[str, str], successor: tuple[str, str], **values: str) -> Row:
    """One row of the changes."""
    level, code = successor if successor[1] else predecessor
    row = dict.fromkeys(CHANGE_HEADER, "")
    ends = dict(zip(("predecessor_level", "predecessor_code"), predecessor, strict=True))
    ends |= dict(zip(("successor_level", "successor_code"), successor, strict=True))
    return {**row, "change_id": f"{day}/{level}/{code}", "effective_date": day, "kind": kind, **ends, **values}


def sort_key(row: Row) -> tuple[str, int, str, str]:
    """By day, level and successor; a unit that ends without one stands by its own code."""
    day, level, code = row["change_id"].split("/")
    return day, LEVELS.index(level), code, row["predecessor_code"]


def document_rows(facts: Facts, here: list[Row]) -> list[Row]:
    """The documents of the folder beside those already in the reference, which win."""
    known = {row["number"]: {**row, "register_date": row.get("register_date") or ""} for row in here}
    for row in facts.read("legal_documents"):
        number = facts.document(row["number"], row["register_date"])
        governs = " ".join(f"*:{code}" for code in row["provinces"].split()) or "*:*"
        known[number] = {**row, "number": number, "governs": governs}
    return [known[number] for number in sorted(known)]


def alias_rows(facts: Facts) -> list[Row]:
    """The codes that some register printed for a time, with the level that their length says."""
    kinds = {"ghost: ended years before": "ghost", "not matched": "not_matched"}
    rows = []
    for row in facts.read("code_aliases"):
        kind = kinds.get(row["what"], row["what"])
        kind = "reused" if kind.startswith("code of ") else kind
        level = "district" if len(row["printed_code"]) == 3 else "commune"
        rows.append({**row, "level": level, "kind": kind})
    return sorted(rows, key=lambda row: (row["as_of"], row["printed_in"], row["printed_code"]))


def as_csv(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Render a table: UTF-8, LF, a header row, quotes only where they are needed."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, lineterminator="\n", quoting=csv.QUOTE_MINIMAL, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def build(folder: Path, reference: Path) -> dict[str, bytes]:
    """Make the bytes of every file, by name."""
    facts = Facts(folder, reference / "registers" / f"{LAST}.csv")
    changes: dict[str, list[Row]] = defaultdict(list)
    for row in change_rows(facts):
        changes[row["effective_date"][:4]].append(row)
    by_hand = reference / "changes" / f"{HAND[:4]}.csv"
    if by_hand.is_file():
        changes[HAND[:4]] += [row for row in read_csv(by_hand) if row["effective_date"] >= HAND]
    documents = reference / "legal_documents.csv"
    return {
        f"registers/{FLOOR}.csv": as_csv(REGISTER_HEADER, opening_register(facts)),
        **{f"changes/{year}.csv": as_csv(CHANGE_HEADER, rows) for year, rows in sorted(changes.items())},
        "legal_documents.csv": as_csv(DOCUMENT_HEADER, document_rows(facts, by_hand_documents(facts, documents))),
        "code_aliases.csv": as_csv(ALIAS_HEADER, alias_rows(facts)),
    }


def by_hand_documents(facts: Facts, path: Path) -> list[Row]:
    """The documents of the reference that are not of the folder: those people have added."""
    theirs = {facts.document(row["number"], row["register_date"]) for row in facts.read("legal_documents")}
    return [row for row in read_csv(path) if row["number"] not in theirs]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the files, then write or compare them."""
    parser = argparse.ArgumentParser(description="Rebuild the embedded history before 1 July 2025.")
    parser.add_argument("folder", type=Path, help="the folder of facts")
    parser.add_argument("--reference", type=Path, default=REFERENCE, help="where the reference files are")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    options = parser.parse_args(arguments)
    try:
        files = build(options.folder, options.reference)
    except HistoryBuildError as error:
        print(f"build_history: {error}", file=sys.stderr)
        return 2
    changed = [
        name for name, content in files.items()
        if not (options.reference / name).is_file() or (options.reference / name).read_bytes() != content
    ]  # fmt: skip
    if options.check:
        if changed:
            print(f"build_history: {', '.join(changed)} differ from the facts of the folder", file=sys.stderr)
            return 1
        print(f"{len(files)} reference files are what the folder says")
        return 0
    for name in changed:
        path = options.reference / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
    print(f"{len(changed)} of {len(files)} files written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
