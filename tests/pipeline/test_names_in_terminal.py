"""What ``kh02 build`` says of names that sources print otherwise: those that block, and those it publishes."""

import pandas as pd
import pytest
from office_files import Files, reference

pytestmark = pytest.mark.no_cover  # whole runs: the tracer would double their time, other tests cover the code


def test_a_wrong_name_stops_the_build_and_the_terminal_names_it_and_its_source(kh02, tmp_path) -> None:
    files = Files.of("list", "table", "register").named("list", "commune", {"21220": "Xã Bịa Đặt"})
    answer = kh02("build", home=tmp_path / "home", config=str(files.write(tmp_path)))
    truth = reference("new_register").set_index("code")["name"]["21220"]
    assert answer.code == 1
    problem = f"list: Xã Bịa Đặt ≠ reference: {truth}; table: {truth}"
    assert f"  2025-07-01/commune/21220>name: {problem}" in answer.err.splitlines()
    assert not (tmp_path / "home" / "parquet" / "current.json").exists()


def test_published_names_in_other_letters_are_named_twenty_at_most_and_the_file_has_all(kh02, tmp_path) -> None:
    communes = reference("old_register").query("level == 'commune' and name.str.contains('Tân')")
    communes = communes[~communes["code"].isin(reference("new_register")["code"])]  # one unchanged would be renamed
    names = communes.set_index("code")["name"].str.replace("Tân", "Tăn").head(24).to_dict()
    names["00004"] = "Phường Trúc Bánh"  # another letter: the least alike, so the first
    files = Files.of("register").named("register", "commune", names)
    answer = kh02("build", home=tmp_path / "home", config=str(files.write(tmp_path)))
    assert answer.code == 0, answer.err
    lines = answer.err.splitlines()
    start = next(number for number, line in enumerate(lines) if "conflicts_ruled: 25 rows" in line)
    said = lines[start + 1 : start + 22]
    assert said[0] == "  2025-06-30/commune/00004>name: register: Phường Trúc Bánh ≠ reference: Phường Trúc Bạch"
    assert all(line.startswith("  2025-06-30/commune/") for line in said[:20])
    head, _, file = said[20].partition(": ")
    assert head == "  all 25"
    assert len(pd.read_parquet(file)) == 25
