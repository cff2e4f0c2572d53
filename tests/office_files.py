"""The embedded reference in the layouts of the statistics office: register, conversion table, code list.

Belongs here: files that say exactly what the reference says, for tests that then spoil them. Does not belong here: the
office's own dirt (``realdata/``), or assertions.
"""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.history.rulings import apply_succession_rulings, pair_keys
from kh02_pipelines.intake.conversion_day import HEIRS, LAND, NEW, OLD, PAIRS, conversion_day, frames_of_day
from kh02_pipelines.intake.gather import gather
from kh02_pipelines.intake.intake import Intake
from kh02_pipelines.sources.reference_data import REFERENCE_FILES, REFERENCE_FOLDER, read_reference

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ROLES = {"register": ("nso_register", "old_register", "2025-06-30"), "table": ("nso_conversion", "conversion",
         "2025-07-01"), "list": ("nso_code_list", "new_register", "2025-07-01")}  # fmt: skip
PLACES = {
    ("register", "commune"): ("Mã", "Tên"),
    ("register", "district"): ("Mã QH", "Quận Huyện"),
    ("register", "province"): ("Mã TP", "Tỉnh / Thành Phố"),
    ("table", "commune"): ("Mã Xã mới", "Tên Xã mới"),
    ("table", "old commune"): ("Mã Xã cũ", "Tên Xã cũ"),
    ("table", "district"): ("district", "Quận/huyện"),
    ("list", "commune"): ("Mã số", "Tên đơn vị hành chính"),
}
"""Source and level → the columns of its code and its name; the table prints a district's code behind its name."""


@cache
def reference(name: str) -> pd.DataFrame:
    """An embedded frame, or one of the day of the reform by its name among them; tests must not change it."""
    if name in REFERENCE_FILES:
        return REFERENCE_FILES[name].read()
    raw = read_reference()
    return frames_of_day(raw, conversion_day(periods_of(raw["periods"])))[name]


def register() -> pd.DataFrame:
    """The old register as the office exports it; districts without communes are rows of their own, at the end."""
    tiers = _tiers(OLD)
    communes, districts, provinces = tiers["commune"], tiers["district"], tiers["province"]
    empty = districts[~districts.index.isin(communes["parent_code"])]
    rows = pd.concat(
        [
            communes.rename_axis("Mã").reset_index(),
            pd.DataFrame({"Mã": "", "name": "", "type": "Huyện", "parent_code": empty.index}),
        ],
        ignore_index=True,
    )
    province = rows["parent_code"].map(districts["parent_code"])
    return pd.DataFrame(
        {
            "Mã": rows["Mã"],
            "Tên": rows["name"],
            "Cấp": rows["type"],
            "Mã QH": rows["parent_code"],
            "Quận Huyện": rows["parent_code"].map(districts["name"]),
            "Mã TP": province,
            "Tỉnh / Thành Phố": province.map(provinces["name"]),
        }
    )


def table() -> pd.DataFrame:
    """The conversion table: the printed pairs with the names of both sides, and the islands."""
    printed = reference(PAIRS)
    ruled = apply_succession_rulings(printed, reference("rulings"), "successions_2025-07-01")
    ruled["split"] = ruled.duplicated("predecessor_code", keep=False)
    ruled = ruled.iloc[: len(printed)]
    key = pair_keys(ruled)
    note = ruled["split"].map({True: "Nhập một phần", False: "Nhập toàn bộ"})
    note = note.mask(key.isin(pair_keys(reference(HEIRS))), "Nhập một phần diện tích, toàn bộ dân số")
    note = note.mask(key.isin(pair_keys(reference(LAND))), "Nhập một phần diện tích")
    links = reference("changes")
    links = links[(links["predecessor_level"] == "district") & (links["successor_level"] == "commune")]
    old, new = _tiers(OLD), _tiers(NEW)
    island = links["predecessor_code"].map(old["district"]["name"]).str.removeprefix("Huyện ")
    rows = pd.DataFrame(
        {
            "new": [*ruled["successor_code"], *links["successor_code"]],
            "old": [*printed["predecessor_code"], *([""] * len(links))],
            "named": [*ruled["predecessor_code"].map(old["commune"]["name"]), *([""] * len(links))],
            "note": [*note, *("Sắp xếp toàn bộ huyện " + island + " thành đặc khu " + island)],
            "district": [*ruled["predecessor_code"].map(old["commune"]["parent_code"]), *links["predecessor_code"]],
        }
    )
    after, before = new["province"]["name"], old["province"]["name"]
    province, former = rows["new"].map(new["commune"]["parent_code"]), rows["district"].map(
        old["district"]["parent_code"])  # fmt: skip
    return pd.DataFrame(
        {
            "Tỉnh mới": province.map(after) + " (" + province + ")",
            "Tên Xã mới": rows["new"].map(new["commune"]["name"]),
            "Mã Xã mới": rows["new"],
            "Tên Xã cũ": rows["named"],
            "Mã Xã cũ": rows["old"],
            "Ghi chú": rows["note"],
            "Quận/huyện": rows["district"].map(old["district"]["name"]) + " (" + rows["district"] + ")",
            "Tỉnh cũ": former.map(before) + " (" + former + ")",
        }
    )


def code_list() -> pd.DataFrame:
    """The list of new communes with the names of their provinces."""
    new = _tiers(NEW)
    communes = new["commune"].reset_index()
    return pd.DataFrame(
        {
            "Mã số": communes["code"],
            "Tên đơn vị hành chính": communes["name"],
            "Tỉnh (thành phố)": communes["parent_code"].map(new["province"]["name"]),
        }
    )


@dataclass(frozen=True)
class Files:
    """Some of the three files by name, in order of priority, as frames to write."""

    frames: dict[str, pd.DataFrame]

    @classmethod
    def of(cls, *names: str) -> "Files":
        """Unspoilt files."""
        made = {"register": register, "table": table, "list": code_list}
        return cls({name: made[name]() for name in names})

    def named(self, source: str, level: str, names: dict[str, str]) -> "Files":
        """The same, but ``source`` prints other names for some codes of a level."""
        code, name = PLACES[source, level]
        frame = self.frames[source].copy()
        if code == "district":
            parts = frame[name].str.extract(r"^(.*) \((\d+)\)$")
            frame[name] = parts[1].map(names).fillna(parts[0]) + " (" + parts[1] + ")"
        else:
            frame[name] = frame[code].map(names).fillna(frame[name])
        return replace(self, frames={**self.frames, source: frame})

    def write(self, folder: Path) -> Path:
        """Write the files and their configuration; its path."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["version: 1", "sources:"]
        for priority, (name, frame) in enumerate(self.frames.items(), start=10):
            frame.to_csv(folder / f"{name}.csv", index=False)
            kind, role, date = ROLES[name]
            lines.append(f"  - {{name: {name}, kind: {kind}, role: {role}, path: {name}.csv, date: {date}, "
                         f"priority: {priority}}}")  # fmt: skip
        path = folder / "kh02.yaml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def take_in(self, folder: Path) -> Intake:
        """What the sources give, without a run."""
        return gather(REFERENCE_FOLDER, self.write(folder), folder / "home", NOW)


def _tiers(name: str) -> dict[str, pd.DataFrame]:
    units = reference(name)
    return {level: rows.set_index("code") for level, rows in units.groupby("level")}
