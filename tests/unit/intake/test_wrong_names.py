"""Names that no source should have printed: what is published, what blocks, what the terminal names."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pytest
from office_files import Files, reference

from kh02_pipelines.catalogue.candidate import Candidate, Context
from kh02_pipelines.checks.settlement import conflicts_open, conflicts_unruled
from kh02_pipelines.history.rulings import apply_unit_rulings
from kh02_pipelines.intake.intake import Intake
from kh02_pipelines.names import to_ascii

OLD, NEW = "old_register", "new_register"
DAYS = {OLD: "2025-06-30", NEW: "2025-07-01"}
NAMED_IN_TERMINAL = 20


def conflicts(intake: Intake) -> pd.DataFrame:
    rows = intake.tables.source_conflict
    return rows[(rows["ruling"] == "open") & (rows["field"] == "name")].set_index(["subject", "other_source"])


def judged(intake: Intake, rule: Callable[[Candidate], pd.DataFrame]) -> list[str]:
    tables = {"source_conflict": intake.tables.source_conflict}
    none = pd.DataFrame()
    found = rule(Candidate(tables, dt.date(2026, 11, 1), none, none, {}, Context()))
    return found["key"].str.removesuffix(">name").to_list()


def published_wrong(intake: Intake) -> set[str]:
    """Subjects whose name would be published otherwise than the reference has it."""
    wrong: set[str] = set()
    for target, day in DAYS.items():
        registers = intake.raw["registers"]
        published = registers[registers["date"] == day].reset_index(drop=True)
        mine, truth = (
            apply_unit_rulings(frame, rulings, f"units_{day}").set_index(["level", "code"])["name"]
            for frame, rulings in (
                (published, intake.raw["rulings"]),
                (reference(target), reference("rulings")),
            )
        )
        differs = mine.index[mine != truth.reindex(mine.index)]
        wrong |= {f"{day}/{level}/{code}" for level, code in differs}
    return wrong


def test_a_name_of_the_list_alone_blocks_under_its_true_source(tmp_path) -> None:
    files = Files.of("list", "table").named("list", "commune", {"21220": "Xã Bịa Đặt"})
    found = conflicts(files.take_in(tmp_path))
    assert set(found.index) == {("2025-07-01/commune/21220", "table"), ("2025-07-01/commune/21220", "reference")}
    assert set(found["source"]) == {"list"}
    assert found["blocking"].all()


@pytest.mark.parametrize(
    "names",
    [{"21220": "Xã Bịa Đặt"}, {"00004": "Phường Hoàn Kiếm", "00070": "Phường Ba Đình"}],
    ids=["invented", "swapped"],
)
def test_new_names_of_the_conversion_table_alone_block_against_the_reference(names, tmp_path) -> None:
    found = conflicts(Files.of("table").named("table", "commune", names).take_in(tmp_path))
    assert set(found.index) == {(f"2025-07-01/commune/{code}", "reference") for code in names}
    assert found["blocking"].all()


@pytest.mark.parametrize(
    "names",
    [{"001": "Quận Hoàn Kiếm", "002": "Quận Ba Đình"}, {"001": "Quận Hoàn Kiếm"}, {"001": "Quận Bịa Đặt"}],
    ids=["swapped", "repeated", "invented"],
)
def test_district_names_block(names, tmp_path) -> None:
    found = conflicts(Files.of("register").named("register", "district", names).take_in(tmp_path))
    assert set(found.index) == {(f"2025-06-30/district/{code}", "reference") for code in names}
    assert found["blocking"].all()


def test_old_districts_of_the_table_are_compared_and_its_islands_stand_under_its_name(tmp_path) -> None:
    files = Files.of("register", "table").named(
        "table", "district", {"002": "Quận Bịa Đặt", "318": "Huyện Bạch Long Vỹ"}
    )
    files.frames["register"] = files.frames["register"].query("Mã != ''")
    found = conflicts(files.take_in(tmp_path))
    assert found.loc[("2025-06-30/district/002", "table"), ["source", "other_value", "blocking"]].to_list() == [
        "register", "Quận Bịa Đặt", False]  # fmt: skip
    assert found.loc[("2025-06-30/district/318", "reference"), "source"] == "table"


def test_alike_names_are_followed_and_named(tmp_path) -> None:
    """Another letter, a lost accent, a lost capital; conventions are explained by their class."""
    names = {
        "00004": "Phường Trúc Bách",
        "00006": "phường Vĩnh Phúc",
        "00007": "PHƯỜNG CỐNG VỊ",
        "00008": "Phường Liểu Giai",
    }
    intake = Files.of("register").named("register", "commune", names).take_in(tmp_path)
    assert judged(intake, conflicts_open) == []
    assert sorted(judged(intake, conflicts_unruled)) == [f"2025-06-30/commune/{code}" for code in sorted(names)]


def test_the_least_alike_names_come_first_and_known_ones_last() -> None:
    rows = pd.DataFrame(
        [
            ("2025-06-30/commune/1", "Xã Tân An", "Xã Tần An"),
            ("2025-06-30/commune/2", "Xã Sà Phìn", "Xã Xà Phìn"),
            ("2025-06-30/commune/3", "Xã Sáng Nhè", "Xã Xá Nhè"),
        ],
        columns=["subject", "value", "other_value"],
    ).assign(field="name", source="a", other_source="b", ruling="open", blocking=False, **{"class": "name"})

    def keys(held: pd.DataFrame | None) -> list[str]:
        none = pd.DataFrame()
        last = None if held is None else type("Last", (), {"tables": {"source_conflict": held}})()
        candidate = Candidate({"source_conflict": rows}, dt.date(2026, 11, 1), none, none, {}, Context(previous=last))
        return [key.removesuffix(">name")[-1] for key in conflicts_unruled(candidate)["key"]]

    assert keys(None) == ["3", "2", "1"]
    assert keys(rows.iloc[[2]]) == ["2", "1", "3"]


@dataclass(frozen=True)
class Spot:
    """Files in order of priority, and which of them a mutation is put into, at which level."""

    files: tuple[str, ...]
    wrong: tuple[str, ...]
    level: str = "commune"

    @property
    def target(self) -> str:
        return OLD if "register" in self.wrong or self.level != "commune" else NEW

    @property
    def two_agree(self) -> bool:
        """Whether a file beside the reference prints the names as they are."""
        printing = {"register", "table"} if self.target == OLD else {"table", "list"}
        return bool(printing & set(self.files) - set(self.wrong))


SPOTS = (
    Spot(("register",), ("register",)),
    Spot(("register",), ("register",), "district"),
    Spot(("register",), ("register",), "province"),
    Spot(("table",), ("table",)),
    Spot(("list", "table"), ("list",)),
    Spot(("register", "list", "table"), ("list",)),
    Spot(("register", "table", "list"), ("register",)),
    Spot(("register", "table", "list"), ("register",), "district"),
    Spot(("register", "table", "list"), ("table",)),
    Spot(("register", "table", "list"), ("list",)),
    Spot(("register", "table", "list"), ("table",), "old commune"),
    Spot(("register", "table", "list"), ("table",), "district"),
    Spot(("register", "list", "table"), ("list", "table")),
    Spot(("register", "table", "list"), ("register", "table"), "district"),
)


def some_units(units: pd.DataFrame, rng: random.Random) -> tuple[pd.Series, pd.Series, pd.Series]:
    """A unit, one of its type within the same unit above, and one of its type elsewhere."""
    groups = units.groupby(["parent_code", "type"])
    rows = groups.get_group(rng.choice(sorted(key for key, size in groups.size().items() if size > 1)))
    one, sibling = rng.sample(range(len(rows)), 2)
    away = units[(units["type"] == rows["type"].iloc[0]) & ~units["code"].isin(rows["code"])]
    far = away if len(away) else rows.drop(rows.index[one])
    return rows.iloc[one], rows.iloc[sibling], far.iloc[rng.randrange(len(far))]


def swap(one: pd.Series, sibling: pd.Series, far: pd.Series) -> dict[str, str]:
    return {one["code"]: sibling["name"], sibling["code"]: one["name"]}


def swap_far(one: pd.Series, sibling: pd.Series, far: pd.Series) -> dict[str, str]:
    return {one["code"]: far["name"], far["code"]: one["name"]}


def invent(one: pd.Series, sibling: pd.Series, far: pd.Series) -> dict[str, str]:
    return {one["code"]: f"{one['type']} Bịa Đặt"}


def repeat(one: pd.Series, sibling: pd.Series, far: pd.Series) -> dict[str, str]:
    return {one["code"]: sibling["name"]}


def lose_accents(one: pd.Series, sibling: pd.Series, far: pd.Series) -> dict[str, str]:
    bare = one["name"].removeprefix(one["type"])
    return {one["code"]: one["type"] + str(to_ascii(pd.Series([bare])).iloc[0])}


def change_capital(one: pd.Series, sibling: pd.Series, far: pd.Series) -> dict[str, str]:
    head, _, last = one["name"].rpartition(" ")
    return {one["code"]: f"{head} {last[0].lower()}{last[1:]}"}


WRONG_UNIT = (swap, invent, repeat)
KINDS = (*WRONG_UNIT, swap_far, lose_accents, change_capital)


def accented(units: pd.DataFrame, names: dict[str, str]) -> int:
    """How many letters of the name lost their accents: with one it may be another spelling."""
    (code,) = names
    unit = units[units["code"] == code].iloc[0]
    return sum(one != other for one, other in zip(unit["name"], names[code], strict=True))


def check_mutation(number: int, folder) -> tuple[bool, bool]:
    """Whether the mutation changed what is followed, and whether it blocks."""
    rng = random.Random(number)  # noqa: S311
    spot, kind = SPOTS[number % len(SPOTS)], KINDS[number // len(SPOTS) % len(KINDS)]
    units = reference(spot.target)
    units = units[units["level"] == spot.level.removeprefix("old ")]
    names = kind(*some_units(units, rng))
    files = Files.of(*spot.files)
    for source in spot.wrong:
        files = files.named(source, spot.level, names)
    intake = files.take_in(folder)
    wrong = published_wrong(intake)
    blocked = bool(judged(intake, conflicts_open))
    about = f"{number}: {kind.__name__} {spot} {names}"
    if wrong and not blocked:
        assert kind not in WRONG_UNIT, about
        assert not spot.two_agree or kind is not change_capital, about
        assert not spot.two_agree or kind is not lose_accents or accented(units, names) == 1, about
        assert wrong <= set(judged(intake, conflicts_unruled)[:NAMED_IN_TERMINAL]), about
    return bool(wrong), blocked


@pytest.mark.parametrize("number", [0, 3, 17, 18, 29, 45, 57, 73])
def test_a_mutated_name_blocks_or_is_named(number, tmp_path) -> None:
    wrong, _ = check_mutation(number, tmp_path)
    assert wrong, "the mutation changed nothing that is followed"


@pytest.mark.drill
@pytest.mark.parametrize("first", range(0, 158, 20))
def test_many_mutated_names_block_or_are_named(first, tmp_path) -> None:
    numbers = range(first, min(first + 20, 158))
    found = [check_mutation(number, tmp_path / f"{number}") for number in numbers]
    assert sum(wrong for wrong, _ in found) > len(found) / 2
