"""Reading other packages' data without running them, and comparing names to units."""

import json

import pandas as pd
import pytest

from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.intake.conversion_day import ConversionDay
from kh02_pipelines.intake.cross_checks import accented, cross_check_conflicts, squeezed
from kh02_pipelines.sources.cross_check import read_cross_check
from kh02_pipelines.sources.trace import accepted_lines

TREE = {
    "Tỉnh A": {
        "Huyện X": {
            "Xã Một": {"new_provine_name": "A", "new_ward_name": "Xã Mới"},
            "Xã Hai": {"new_provine_name": "A", "new_ward_name": "Xã Khác"},
            "Xã Lạ": {"new_provine_name": "A", "new_ward_name": "Xã Mới"},
            "legacy_ward_mapping": {"xã 1": "Xã Một"},
        }
    }
}
OLD = pd.DataFrame(
    [
        ("01", "province", "Tỉnh A", "Tỉnh", ""),
        ("001", "district", "Huyện X", "Huyện", "01"),
        ("00001", "commune", "Xã Một", "Xã", "001"),
        ("00002", "commune", "Xã Hai", "Xã", "001"),
        ("00003", "commune", "Xã Ba", "Xã", "001"),
    ],
    columns=["code", "level", "name", "type", "parent_code"],
)
NEW = pd.DataFrame(
    [
        ("01", "province", "Tỉnh A", "Tỉnh", ""),
        ("00001", "commune", "Xã Mới", "Xã", "01"),
        ("00002", "commune", "Xã Khác", "Xã", "01"),
    ],
    columns=["code", "level", "name", "type", "parent_code"],
)
RULINGS = pd.DataFrame(columns=["ruling_id", "target", "action", "key", "legal_document", "clause"], dtype="str")


def install(tmp_path, monkeypatch, data: str) -> None:
    """A package as pip would lay it out."""
    (tmp_path / "vn_address_converter" / "data").mkdir(parents=True)
    (tmp_path / "vn_address_converter" / "data" / "ward_mapping.json").write_text(data, encoding="utf-8")
    (tmp_path / "vn_address_converter" / "__init__.py").write_text("raise RuntimeError('must not be run')")
    info = tmp_path / "vn_address_converter-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vn-address-converter\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_package_is_read_without_being_run_and_its_differences_are_classed(tmp_path, monkeypatch) -> None:
    install(tmp_path, monkeypatch, json.dumps(TREE))
    records, trace = read_cross_check("vn-address-converter", "other")
    trace.accepted = accepted_lines(records, trace)
    assert trace.counts() == {"rows_in": 3, "accepted": 3, "quarantined": 0, "set_aside": 0}
    pairs = pd.DataFrame(
        {
            "predecessor_code": ["00001", "00001", "00002", "00003"],
            "successor_code": ["00001", "00002", "00001", "00001"],
            "ruling_id": "",
        }
    )
    day = ConversionDay("2025-06-30", "2025-07-01")
    found = cross_check_conflicts("other", records, OLD, NEW, pairs, RULINGS, day)
    assert sorted(zip(found["subject"], found["class"], found["value"], strict=True)) == [
        ("2025-07-01/link/3", "not_identified", "-"),
        ("2025-07-01/succession/00001>00002", "one_of_several", "listed"),
        ("2025-07-01/succession/00002>00001", "succession", "listed"),
        ("2025-07-01/succession/00002>00002", "succession", "-"),
        ("2025-07-01/succession/00003>00001", "not_listed", "listed"),
    ]
    assert not found["blocking"].any()


def test_other_data_and_a_missing_package_are_named(tmp_path, monkeypatch) -> None:
    with monkeypatch.context() as without:
        without.setattr("sys.path", [])
        with pytest.raises(EnvironmentFault, match="install the extra crosscheck"):
            read_cross_check("vn-address-converter", "other")
    install(tmp_path, monkeypatch, "[1, 2]")
    with pytest.raises(SourceError, match=r"vn-address-converter 9\.9 has its data in another shape"):
        read_cross_check("vn-address-converter", "other")


def test_keys_fold_what_packages_fold() -> None:
    names = pd.Series(["Phường 01", "Xã Đắk R'Măng", "Xã Hoà An", "Xã Ia H' Drai"])
    assert squeezed(names).tolist() == ["phuong1", "xadakrmang", "xahoaan", "xaiahdrai"]
    assert accented(names).tolist()[2] == accented(pd.Series(["Xã Hòa An"])).iloc[0]
