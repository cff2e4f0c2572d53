"""The errors a user can cause and mend.

Belongs here: exceptions whose message names what is wrong, where, and the remedy. The command line prints
them as one line and Dagster shows them as the reason of a failed step. Does not belong here: programming
errors (those stay ordinary Python exceptions) and failed data-quality checks (those are data, not errors).
"""

from pathlib import Path


class Kh02Error(Exception):
    """Something in the input or the environment that the user can mend.

    The text is one line: ``<what>; file <file>, row <row>, field <field>; remedy: <remedy>``.

    ``row`` counts as an editor does: the header is row 1.
    """

    def __init__(
        self,
        what: str,
        *,
        remedy: str,
        file: str | Path | None = None,
        row: int | None = None,
        field: str | None = None,
    ) -> None:
        self.what, self.remedy, self.row, self.field = what, remedy, row, field
        self.file = None if file is None else str(file)
        places = [
            f"{word} {value}"
            for word, value in (("file", self.file), ("row", row), ("field", field))
            if value is not None
        ]
        text = "; ".join([what, *([", ".join(places)] if places else []), f"remedy: {remedy}"])
        super().__init__(" ".join(text.split()))


class SourceError(Kh02Error):
    """A source file is missing, malformed or says something impossible."""


class VintageError(SourceError):
    """A register file speaks for another date than configured."""


class RulingError(Kh02Error):
    """A ruling matches nothing in the source it corrects, or matches something else."""


class EnvironmentFault(Kh02Error):
    """The home folder, the database or an installed version cannot be used."""


class AuditError(Kh02Error):
    """Staged bytes failed the publisher's own audit; nothing was published."""
