"""Typed settings, read once from the environment (``KH02_*``) by whoever starts the program.

Belongs here: what differs between two installations. Does not belong here: facts of the field, table
declarations, or anything that changes from run to run (that is run configuration in Dagster).
Nothing is read at import.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL

from kh02_pipelines.catalogue.candidate import Limits
from kh02_pipelines.credentials import database_url
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.duty.limits import DutyLimits
from kh02_pipelines.release.retention import Retention


class Settings(BaseSettings):
    """Settings of one installation; every field is an environment variable ``KH02_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="KH02_", extra="ignore", frozen=True)

    home: Path = Field(default=Path("var"), description="Folder for releases, staging and the Dagster instance.")
    database_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL of the published database; default SQLite in the home folder."
    )
    config: Path | None = Field(
        default=None, description="YAML file that names the sources; without it, the embedded reference."
    )
    profile: Literal["local", "production"] = Field(default="local", description="Which deployment this is.")
    ui_hosts: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset({"localhost", "127.0.0.1", "[::1]"}),
        description="Names under which browsers may address the UI, without ports; default those of this machine.",
    )

    alert_mail: SecretStr = Field(
        default=SecretStr(""),
        description="Mail server of alerts: smtp, smtps or smtp+starttls://user:password@host:port.",
    )
    alert_from: str = Field(default="", description="Sender of alerts.")
    alert_to: str = Field(default="", description="Recipients of alerts, with commas between them.")
    alert_webhook: SecretStr = Field(default=SecretStr(""), description="Address that alerts are posted to as JSON.")
    ui_url: str = Field(default="http://localhost:3000", description="Where people open the UI, for links in alerts.")

    keep_releases: int = Field(default=10, ge=1, description="How many releases stay when others are pruned.")
    keep_days: int = Field(default=7, ge=7, description="Days for which no release is pruned that readers had.")

    max_source_age: int = Field(default=180, ge=0, description="Days; older sources are a finding (WARN).")
    max_law_age: int = Field(default=365, ge=0, description="Days since the newest document took effect (WARN).")
    max_as_of_age: int = Field(default=7, ge=0, description="Days between the release date and today (WARN).")
    max_check_hours: int = Field(default=26, ge=1, description="Hours without a run that passed; more is a fault.")
    min_free_mb: int = Field(default=1024, ge=0, description="MiB that have to be free where the home lies.")
    max_row_drift: float = Field(default=0.01, ge=0, description="Share of rows about the past; more blocks.")
    max_name_drift: float = Field(default=0.02, ge=0, description="Share of names on the same day; more blocks.")
    max_code_drift: float = Field(default=0.005, ge=0, description="Share of codes on the same day; more blocks.")

    @field_validator("ui_hosts", mode="before")
    @classmethod
    def _host_names(cls, given: object) -> object:
        """Names with commas between them, as a ``Host`` header writes them: an IPv6 address in brackets."""
        if not isinstance(given, str):
            return given
        names = frozenset(given.lower().replace(",", " ").split())
        wrong = sorted(name for name in names if not re.fullmatch(r"\[[0-9a-f:.]+\]|[0-9a-z_.-]+", name))
        if wrong or not names:
            shown = ", ".join(map(repr, wrong)) or "nothing"
            raise ValueError(f"{shown} is not a host name; write names without port, as in localhost,[::1],kh02.vn")
        return names

    @property
    def limits(self) -> Limits:
        """From where on age and drift are a finding."""
        return Limits(
            source_age=self.max_source_age,
            law_age=self.max_law_age,
            as_of_age=self.max_as_of_age,
            row_drift=self.max_row_drift,
            name_drift=self.max_name_drift,
            code_drift=self.max_code_drift,
        )

    @property
    def duty_limits(self) -> DutyLimits:
        """From where on silence and lack of room are a fault."""
        return DutyLimits(
            dt.timedelta(hours=self.max_check_hours), self.min_free_mb * 1024**2, self.profile == "production"
        )

    @property
    def retention(self) -> Retention:
        """Which releases stay when others are pruned."""
        return Retention(self.keep_releases, self.keep_days)

    @property
    def home_path(self) -> Path:
        """The home folder as an absolute path (relative ones are taken from the working directory).

        Raises EnvironmentFault for a path that Dagster, which puts it into an address as it stands, would misread.
        """
        path = self.home.expanduser().resolve()
        if "?" in str(path) or unquote(str(path)) != str(path):
            raise EnvironmentFault(
                "has a ? or a %XX in its path, which Dagster's storage would take for signs of an address",
                file=path,
                field="KH02_HOME",
                remedy="choose a folder without them",
            )
        return path

    @property
    def config_path(self) -> Path | None:
        """The file that names the sources as an absolute path, if one is set."""
        return None if self.config is None or not str(self.config).strip(". ") else self.config.expanduser().resolve()

    @property
    def dagster_home(self) -> Path:
        """Where the persistent Dagster instance lives."""
        return self.home_path / "dagster"

    @property
    def has_database_url(self) -> bool:
        """Whether a database was named; otherwise it is SQLite in the home folder."""
        return self.database_url is not None and bool(self.database_url.get_secret_value())

    def sqlalchemy_url(self) -> URL:
        """The database to publish to.

        Raises EnvironmentFault when ``KH02_DATABASE_URL`` is not a SQLAlchemy URL (the value is not shown:
        it may hold a password).
        """
        if self.database_url is None or not self.has_database_url:
            return URL.create("sqlite", database=str(self.home_path / "catalogue.db"))
        try:
            return database_url(self.database_url.get_secret_value())
        except ValueError as error:
            raise EnvironmentFault(
                f"KH02_DATABASE_URL {error}",
                remedy="write it as dialect+driver://user:password@host/database, with special characters as %XX",
            ) from None
