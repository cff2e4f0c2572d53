"""The consoles that commands print to.

Belongs here: loading rich when something is printed with it, for a command that answers without it pays a tenth of its
time for the import. Does not belong here: what is printed.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


class LazyConsole:
    """A rich console on standard output or standard error."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def rich(self) -> "Console":
        """The console itself."""
        from rich.console import Console

        return Console(stderr=self._stderr, highlight=False)

    def print(self, *objects: object, **options: Any) -> None:
        """Print as ``rich.console.Console.print`` does."""
        self.rich.print(*objects, **options)
