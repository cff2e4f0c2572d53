"""One line that names what, where and the remedy."""

from pathlib import Path

from kh02_pipelines.errors import AuditError, EnvironmentFault, Kh02Error, RulingError, SourceError


def test_message_names_file_row_field_and_remedy() -> None:
    error = SourceError("no such unit", file=Path("a/b.csv"), row=7, field="code", remedy="correct it")
    assert str(error) == "no such unit; file a/b.csv, row 7, field code; remedy: correct it"
    assert (error.what, error.file, error.row, error.field) == ("no such unit", "a/b.csv", 7, "code")


def test_message_leaves_out_what_is_not_known() -> None:
    assert str(Kh02Error("lost", remedy="look again")) == "lost; remedy: look again"
    assert str(Kh02Error("lost", field="x", remedy="look")) == "lost; field x; remedy: look"


def test_message_stays_one_line_whatever_is_put_in() -> None:
    text = str(RulingError("two\nlines\r\n and\ttabs", file="x\ny.csv", remedy="a\n\nb"))
    assert text == "two lines and tabs; file x y.csv; remedy: a b"


def test_every_kind_is_caught_as_one() -> None:
    assert all(issubclass(kind, Kh02Error) for kind in (SourceError, RulingError, EnvironmentFault, AuditError))
