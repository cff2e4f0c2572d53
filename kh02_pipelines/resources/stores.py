"""The stores of one installation, as one object that assets are handed.

Belongs here: folders and stores made from the settings. Does not belong here: the settings themselves: their
secrets must not show as Dagster configuration.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from kh02_pipelines.catalogue.candidate import Limits
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.duty.alerts import Channels
from kh02_pipelines.release.duty.facts import InstanceFacts, gather_facts
from kh02_pipelines.release.duty.limits import DutyLimits
from kh02_pipelines.release.duty.status import Status, status_of
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.report.shelf import REPORTS
from kh02_pipelines.release.retention import Retention
from kh02_pipelines.settings import Settings
from kh02_pipelines.sources.reference_data import REFERENCE_FOLDER

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")

Clock = Callable[[], dt.datetime]


def system_clock() -> dt.datetime:
    """Now, in Viet Nam."""
    return dt.datetime.now(VIET_NAM)


@dataclass(frozen=True)
class Stores:
    """Where this installation reads its reference data, stages, publishes, and what time it is there."""

    home: Path
    parquet: ParquetStore
    database: DatabaseStore
    reference: Path = REFERENCE_FOLDER
    clock: Clock = system_clock
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    config: Path | None = None
    duty: DutyLimits = field(default_factory=DutyLimits)
    channels: Channels = field(default_factory=Channels, repr=False)

    @classmethod
    def from_settings(
        cls, settings: Settings, *, clock: Clock = system_clock, reference: Path = REFERENCE_FOLDER
    ) -> "Stores":
        """The stores of an installation. Raises EnvironmentFault for an unusable database URL."""
        home, url = settings.home_path, settings.sqlalchemy_url()
        return cls(
            home=home,
            parquet=ParquetStore(home / "parquet"),
            # a SQLite file is nobody else's and is made on first use; a server's schema is kh02 db upgrade's
            database=DatabaseStore(url, upgrades_itself=url.get_backend_name() == "sqlite"),
            reference=reference,
            clock=clock,
            limits=settings.limits,
            retention=settings.retention,
            config=settings.config_path,
            duty=settings.duty_limits,
            channels=Channels(
                mail=settings.alert_mail.get_secret_value(),
                sender=settings.alert_from,
                recipients=tuple(settings.alert_to.replace(",", " ").split()),
                webhook=settings.alert_webhook.get_secret_value(),
                ui=settings.ui_url,
            ),
        )

    @property
    def staging(self) -> Path:
        """Where candidates are staged."""
        return self.home / "staging"

    @property
    def reports(self) -> Path:
        """Where the quality report of every release lies, with its results as a table."""
        return self.parquet.root / REPORTS

    @property
    def failing_rows(self) -> Path:
        """Where the rows that failed checks are kept, by content hash."""
        return self.home / "checks"

    @property
    def dagster_home(self) -> Path:
        """Where the persistent Dagster instance lives."""
        return self.home / "dagster"

    def status(self, read_instance: Callable[[], InstanceFacts | None]) -> Status:
        """The one light, now; ``read_instance`` gives what Dagster knows (``resources.instance_facts``)."""
        facts = gather_facts(
            self.clock(), self.home, self.parquet, self.database, self.reports, self.config, read_instance
        )
        return status_of(facts, self.duty)
