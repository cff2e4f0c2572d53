"""Running the command line as its entry point does, for the pipeline tests."""

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kh02_pipelines.cli import main as cli
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.sources.reference_data import REFERENCE_FOLDER

OK = 0


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """The lines that name a fault."""
        return [line for line in self.err.splitlines() if line.startswith("kh02: ")]


Kh02 = Callable[..., Answer]


@pytest.fixture
def kh02(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clock_at: Any) -> Kh02:
    """Run a command as its entry point does, on 21 November 2026, in a home and with settings of one's own."""
    original = Stores.from_settings.__func__  # type: ignore[attr-defined]

    def command(*words: str, home: Path, reference: Path = REFERENCE_FOLDER, **settings: str) -> Answer:
        with monkeypatch.context() as patch:
            patch.setattr(
                Stores,
                "from_settings",
                classmethod(
                    lambda cls, given, **_: original(
                        cls, given, clock=clock_at(dt.date(2026, 11, 21)), reference=reference
                    )
                ),
            )
            patch.setattr(sys, "argv", ["kh02", *words])
            patch.setenv("KH02_HOME", str(home))
            patch.setenv("COLUMNS", "160")
            patch.setenv("NO_COLOR", "1")
            for name, value in settings.items():
                patch.setenv(f"KH02_{name.upper()}", value)
            capsys.readouterr()
            try:
                cli.main()
                code = OK
            except SystemExit as stopped:
                code = stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
            printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Answer(code, printed.out, printed.err)

    return command
