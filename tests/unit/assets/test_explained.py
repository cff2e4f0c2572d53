"""Errors of ours in the UI: Vietnamese first, with file, row, remedy and runbook; any other error stays as it is."""

import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kh02_pipelines import errors
from kh02_pipelines.assets.explained import explained, failure_of

ROOT = Path(__file__).resolve().parents[3]
OURS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Kh02Error)]


def anchors() -> set[str]:
    """The anchors of the runbook's headings, as the web server and forges make them."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_every_error_of_ours_is_explained(kind: type[errors.Kh02Error]) -> None:
    failure = failure_of(kind("no such code", file="a.csv", row=7, field="Mã", remedy="correct it"))
    vietnamese, _, english = str(failure.description).partition(" · ")
    assert re.search("[ạảăâđêôơư]", vietnamese)
    assert "a.csv" in vietnamese
    assert "dòng 7" in vietnamese
    assert english == "no such code; file a.csv, row 7, field Mã; remedy: correct it"
    shown = {name: value.value for name, value in failure.metadata.items()}
    assert (shown["file"], shown["row"], shown["field"]) == ("a.csv", 7, "Mã")
    assert shown["remedy"].endswith(" · correct it")
    assert shown["runbook"].removeprefix("/runbook#") in anchors()
    assert failure.allow_retries is False


def test_the_decorator_shows_ours_and_leaves_the_others_alone() -> None:
    @explained
    def ours() -> None:
        raise errors.SourceError("broken", remedy="mend it")

    @explained
    def ours_later() -> Iterator[int]:
        yield 1
        raise errors.SourceError("broken", remedy="mend it")

    @explained
    def other() -> None:
        raise KeyError("a defect")

    with pytest.raises(dg.Failure) as raised:
        ours()
    assert isinstance(raised.value.__cause__, errors.SourceError)
    steps = ours_later()
    assert next(steps) == 1
    with pytest.raises(dg.Failure):
        next(steps)
    with pytest.raises(KeyError, match="a defect"):
        other()
