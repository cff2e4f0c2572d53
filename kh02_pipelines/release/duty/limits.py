"""From where on silence and lack of room are a fault; settings make it, so it imports nothing heavy."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class DutyLimits:
    """``silence`` without a run that passed; ``free_bytes`` on the home's disk; ``production``: a daemon has to run."""

    silence: dt.timedelta = dt.timedelta(hours=26)
    free_bytes: int = 1024**3
    production: bool = False
