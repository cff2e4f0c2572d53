"""Lookup by code and by name, in every span and on a day: what is known of the questions that officials ask."""

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.history.answers import Span
from kh02_pipelines.history.lookup import Lookup
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.vocabulary import CODE_STATUSES, STATUSES

REFORM = dt.date(2025, 7, 1)


@pytest.fixture(scope="module")
def questions(candidate_today: Candidate) -> Lookup:
    kept: dict[str, pa.Table] = {}

    def columns(name: str, wanted: Sequence[str]) -> pa.Table:
        if name not in kept:
            kept[name] = to_arrow(candidate_today.tables[name], CATALOGUE[name])
        return kept[name].select(list(wanted))

    return Lookup(columns, candidate_today.as_of)


def heirs(span: Span) -> dict[str, tuple[str, str, str]]:
    return {unit.code: (unit.extent, unit.population, unit.confidence) for unit in span.today}


def path(span: Span) -> list[tuple[str, tuple[str, ...]]]:
    return [(str(step.date), step.to) for step in span.steps]


def named(questions: Lookup, query: str) -> list[tuple[str, str, str]]:
    return [(span.code, span.name, str(span.valid_from)) for span in questions.ask(query).spans]


# ---- codes ----


def test_a_code_given_again_means_a_unit_in_each_span(questions: Lookup) -> None:
    town, ward, now = questions.ask("03388").spans
    assert (town.name, town.valid_to, town.status) == ("Thị trấn Phong Thổ", dt.date(2004, 10, 25), "ended")
    assert (ward.name, ward.valid_from, ward.valid_to) == ("Phường Quyết Tiến", dt.date(2012, 11, 3), REFORM)
    assert ward.printed == (("reused", "register of 2012-11-03 on"),)
    assert (now.name, now.valid_to, now.status) == ("Phường Đoàn Kết", None, "in_force")
    assert heirs(now) == {"03388": ("whole", "all", "sourced")}


def test_one_unit_in_two_spans_of_its_code(questions: Lookup) -> None:
    first, again = questions.ask("11344").spans
    assert (first.name, first.valid_to) == ("Phường Lương Khánh Thiện", dt.date(2020, 2, 1))
    assert path(first)[:2] == [("2020-02-01", ("11353",)), ("2022-04-10", ("11344",))]
    assert (again.name, again.valid_from, again.status) == ("Phường Cầu Đất", dt.date(2022, 4, 10), "ended")
    assert set(heirs(first)) == set(heirs(again)) == {"11359", "11383"}


def test_a_recoded_unit_and_the_alias_of_its_old_code(questions: Lookup) -> None:
    *own, alias = questions.ask("11353").spans
    assert [span.name for span in own] == ["Phường Cầu Đất"] * len(own)
    assert own[-1].steps[0].kind == "recode"
    assert own[-1].steps[0].to == ("11344",)
    assert (alias.code, alias.status) == ("11344", "alias")
    assert alias.printed == (("recoded", "register 2020-02-01 .. 2022-04-09"),)


def test_a_successor_of_another_name_is_followed_by_the_law_and_not_by_the_name(questions: Lookup) -> None:
    (span,) = questions.ask("27106").spans
    assert path(span) == [("2021-01-01", ("27118",)), ("2025-07-01", ("27094",))]
    assert [(step.legal_document, step.clause) for step in span.steps] == [
        ("1111/NQ-UBTVQH14", None),
        ("1685/NQ-UBTVQH15", 78),
    ]


def test_a_split_unit_goes_to_both_and_its_code_was_printed_for_another(questions: Lookup) -> None:
    own, alias = questions.ask("04966").spans
    assert path(own)[0] == ("2020-01-01", ("04960", "04969"))
    assert (alias.code, alias.status, str(alias.valid_from)) == ("04969", "alias", "2020-01-01")


def test_a_unit_that_ended_before_the_reform(questions: Lookup) -> None:
    (span,) = questions.ask("05764").spans
    assert (span.name, span.valid_to, span.status) == ("Thị trấn Quân Chu", dt.date(2023, 4, 10), "ended")
    assert [(unit.code, unit.name) for unit in span.today] == [("05851", "Xã Quân Chu")]
    assert span.path == "Huyện Đại Từ, Tỉnh Thái Nguyên"


def test_a_derived_link_is_no_certainty(questions: Lookup) -> None:
    (span,) = questions.ask("00142").spans
    assert heirs(span) == {"00127": ("unknown", "none", "derived"), "00136": ("unknown", "unknown", "derived")}


def test_a_district_code_that_meant_two_districts(questions: Lookup) -> None:
    district, city = questions.ask("769").spans
    assert (district.name, district.level, set(heirs(district))) == ("Quận 2", "district", {"27094", "27097", "27112"})
    assert path(district)[0] == ("2021-01-01", ("769",))
    assert (city.name, str(city.valid_from), len(city.today)) == ("Thành phố Thủ Đức", "2021-01-01", 12)
    assert set(city.steps[-1].to) == set(heirs(city))


def test_a_ghost_is_called_one_and_says_who_printed_it(questions: Lookup) -> None:
    before, ghost = questions.ask("07693").spans
    assert (before.status, ghost.status, ghost.valid_to) == ("ended", "ghost", dt.date(2020, 1, 1))
    assert ghost.printed == (("ghost", "web service pulled 2024-12-30 (as of 2025-01-01)"),)
    assert questions.ask("07693", dt.date(2015, 1, 1)).spans[0].status == "in_force"


def test_an_unresolved_code_has_candidates_and_no_successor(questions: Lookup, candidate_today: Candidate) -> None:
    for row in candidate_today.tables["unresolved"].itertuples():
        span = next(span for span in questions.ask(row.old_code).spans if span.valid_to == row.ended_on.date())
        assert span.status == "unresolved"
        if row.reason == "no_successor_known":
            assert set(heirs(span).values()) == {("unknown", "unknown", "unknown")}


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("26740.0", {"26740"}),
        (" '26740 ", {"26740"}),
        ("3388", {"03388"}),
        ("142.0", {"00142"}),
        ("1", {"01", "001", "00001"}),
        ("Phường Thụy Khuê (00112)", {"00112"}),
        ("24", {"24"}),
    ],
)
def test_codes_as_spreadsheets_leave_them(questions: Lookup, query: str, codes: set[str]) -> None:
    assert {span.code for span in questions.ask(query).spans} == codes


def test_a_number_that_is_no_code_as_it_stands_is_only_hinted_at(questions: Lookup) -> None:
    answer = questions.ask("142")
    assert answer.spans == ()
    assert answer.suggestions == ("Phường Sài Đồng, Quận Long Biên, Thành phố Hà Nội (00142)",)


def test_what_a_new_unit_was_made_of(questions: Lookup, candidate_today: Candidate) -> None:
    crosswalk = candidate_today.tables["commune_crosswalk"]
    now = questions.ask("00004").spans[-1]
    assert {code for step in now.came_from for code in step.to} == set(
        crosswalk.loc[crosswalk["new_code"] == "00004", "old_code"]
    )
    assert {step.clause for step in now.came_from} == {3}


# ---- before the crosswalk begins ----


def test_a_unit_that_ended_before_the_crosswalk_begins(questions: Lookup) -> None:
    province, *communes = questions.ask("Hà Tây").spans
    assert (province.level, province.code, str(province.valid_to)) == ("province", "28", "2008-08-01")
    assert heirs(province) == {"01": ("whole", "all", "derived")}
    assert [(step.kind, step.legal_document) for step in province.steps] == [("abolition", "15/2008/QH12")]
    assert {span.level for span in communes} == {"commune"}


def test_today_is_what_the_crosswalk_says(questions: Lookup, candidate_today: Candidate) -> None:
    published = candidate_today.tables["code_crosswalk"]
    spans = published.groupby(["level", "old_code", "old_name"])["valid_from"].nunique()
    once = spans[spans == 1].index[::61]  # a span of its own, not cut by what happened above it
    assert len(once) > 150
    for level, code, name in once:
        rows = published[(published["old_code"] == code) & (published["old_name"] == name)].dropna(subset="new_code")
        mine = [s for s in questions.ask(code).spans if (s.level, s.name, s.code) == (level, name, code)][-1]
        words = zip(rows["extent"], rows["population"], rows["confidence"], strict=True)
        if mine.status != "unresolved":
            assert heirs(mine) == dict(zip(rows["new_code"], words, strict=True)), code


# ---- names ----


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Quận 9", ("763", "Quận 9", "2004-08-31")),
        ("Huyện Tân Thành", ("754", "Huyện Tân Thành", "2004-08-31")),
        ("Thị trấn Hòa Thành", ("25630", "Thị trấn Hòa Thành", "2004-08-31")),
        ("P. Tân Thuận Tây, Q7", ("27469", "Phường Tân Thuận Tây", "2004-08-31")),
        ("Phường 1, Quận 3", ("27160", "Phường 1", "2025-01-01")),
        ("TP. Thủ Đức", ("769", "Thành phố Thủ Đức", "2021-01-01")),
        ("TX. Sa Pa", ("088", "Thị xã Sa Pa", "2020-01-01")),
        ("Xã Trảng Bom", ("26248", "Xã Trảng Bom", "2025-07-01")),
        ("thuỵ khuê, tây hồ", ("00112", "Phường Thụy Khuê", "2004-08-31")),
    ],
)
def test_names_as_people_write_them(questions: Lookup, query: str, found: tuple[str, str, str]) -> None:
    answer = named(questions, query)
    assert found in answer
    assert questions.ask(query).exact
    assert {code for code, *_ in answer} <= {found[0]}


def test_initials_and_other_accents_are_answered_and_not_passed_off_as_exact(questions: Lookup) -> None:
    city = questions.ask("TPHCM")
    assert {span.code for span in city.spans} == {"79"}
    assert (city.exact, city.suggestions) == (False, ("Thành phố Hồ Chí Minh (79)",))
    town = questions.ask("Phó Bảng")
    assert [span.code for span in town.spans] == ["00712", "00745"]
    assert not town.exact
    assert town.suggestions[0] == "Thị trấn Phố Bảng, Huyện Đồng Văn, Tỉnh Hà Giang (00712)"


def test_a_name_that_2026_ended_says_what_it_is_now(questions: Lookup) -> None:
    (span,) = questions.ask("Xã Lộc Ninh, Tỉnh Đồng Nai").spans
    assert (str(span.valid_from), str(span.valid_to)) == ("2025-07-01", "2026-04-30")
    assert [(unit.code, unit.name) for unit in span.today] == [("25270", "Phường Lộc Ninh")]
    assert [(step.kind, step.legal_document) for step in span.steps] == [("retype", "237/NQ-UBTVQH16")]


def test_no_answer_is_cut_off(questions: Lookup) -> None:
    spans = questions.ask("tan thanh").spans
    assert len(spans) > 70
    assert {span.level for span in spans} == {"district", "commune"}


@pytest.mark.parametrize("query", ["99999", "Xã Không Có Đâu", "", ",", "123456", "()"])
def test_nothing_found(questions: Lookup, query: str) -> None:
    assert questions.ask(query).spans == ()


def test_near_misses_are_suggested_as_questions_that_find_them(questions: Lookup) -> None:
    answer = questions.ask("Quạn 9")
    assert answer.spans == ()
    assert answer.suggestions[0] == "Quận 9, Thành phố Hồ Chí Minh (763)"
    assert {span.code for span in questions.ask(answer.suggestions[0]).spans} == {"763"}


# ---- days ----


def test_on_a_day_the_unit_in_force_answers(questions: Lookup) -> None:
    day = dt.date(2019, 4, 1)
    assert [(span.name, span.status) for span in questions.ask("769", day).spans] == [("Quận 2", "in_force")]
    (ended, to_come) = questions.ask("03388", dt.date(2010, 1, 1)).spans
    assert [(ended.status, ended.name), (to_come.status, to_come.name)] == [
        ("ended", "Thị trấn Phong Thổ"),
        ("future", "Phường Quyết Tiến"),
    ]


def test_a_day_near_a_change_that_only_a_register_shows_is_answered_with_the_band(questions: Lookup) -> None:
    district, town = questions.ask("754", dt.date(2018, 4, 20)).spans
    assert (district.name, town.name) == ("Huyện Tân Thành", "Thị xã Phú Mỹ")
    assert district.band == town.band == (dt.date(2018, 4, 11), dt.date(2018, 6, 13))
    (named_district,) = questions.ask("Huyện Tân Thành", dt.date(2018, 4, 20)).spans
    assert named_district.band == district.band
    (later,) = questions.ask("754", dt.date(2018, 7, 1)).spans
    assert later.band is None
    (by_law,) = questions.ask("769", dt.date(2021, 1, 1)).spans
    assert by_law.band is None


def test_the_days_that_can_be_asked_about(questions: Lookup) -> None:
    assert questions.days == (dt.date(2004, 8, 31), dt.date(2026, 11, 21))


# ---- the documented form ----


def test_json_has_the_documented_form(questions: Lookup) -> None:
    answer = questions.ask("05764").as_json()
    assert answer == {
        "query": "05764",
        "spans": [
            {
                "level": "commune",
                "code": "05764",
                "name": "Thị trấn Quân Chu",
                "valid_from": "2004-08-31",
                "valid_to": "2023-04-10",
                "status": "ended",
                "today": [
                    {
                        "code": "05851",
                        "name": "Xã Quân Chu",
                        "extent": "whole",
                        "population": "all",
                        "confidence": "sourced",
                    }
                ],
                "steps": [
                    {
                        "date": "2023-04-10",
                        "kind": "merger",
                        "to": ["05851"],
                        "legal_document": "729/NQ-UBTVQH15",
                        "clause": None,
                    },
                    {
                        "date": "2025-07-01",
                        "kind": "merger",
                        "to": ["05851"],
                        "legal_document": "1683/NQ-UBTVQH15",
                        "clause": 34,
                    },
                ],
            }
        ],
        "suggestions": [],
    }
    assert questions.ask("754", dt.date(2018, 4, 20)).as_json()["spans"][0]["band"] == ["2018-04-11", "2018-06-13"]


def test_one_vocabulary_of_status(questions: Lookup) -> None:
    assert set(CODE_STATUSES) < set(STATUSES)
    found = {
        span.status for code in ("00004", "11353", "07693", "05782", "04966") for span in questions.ask(code).spans
    }
    assert found <= set(STATUSES)
    assert {"in_force", "ended", "alias", "ghost", "unresolved"} <= found
