"""The sources of one installation, as a small YAML file says them (``KH02_CONFIG``).

Belongs here: the shape of that file, strict reading of it, and errors that name file, line and remedy. Does not
belong here: reading the sources (``load``). Secrets never stand in the file: it names the environment variable
that holds one.
"""

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.grid import read_bounded
from kh02_pipelines.sources.law import REQUIRED as LAW_COLUMNS
from kh02_pipelines.sources.law import LawKind

MAX_CONFIG_BYTES = 256 * 1024
MAX_DEPTH = 20

RegisterRole = Literal["old_register", "new_register"]
FileFormat = Literal["nso_register", "nso_conversion", "nso_code_list"]
LandedFormat = FileFormat | LawKind
FileRole = Literal["old_register", "new_register", "conversion"] | LawKind
Encoding = Literal["auto", "unicode", "tcvn3", "vni", "viscii"]

_VARIABLE = r"^[A-Z][A-Z0-9_]{0,79}$"
"""The name of an environment variable."""

ROLES_OF = {
    "nso_register": ("old_register", "new_register"),
    "nso_conversion": ("conversion",),
    "nso_code_list": ("new_register",),
    **{kind: (kind,) for kind in LAW_COLUMNS},
}
"""Which roles a file format can have."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


class _Source(_Strict):
    role: str
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Short name, used in every table.")]
    date: dt.date | None = Field(default=None, description="The date the source speaks for; the law has its own.")
    priority: int = Field(default=100, ge=1, le=999, description="Lower goes first where sources disagree.")

    @model_validator(mode="after")
    def _of_its_day(self, info: ValidationInfo) -> "_Source":
        """The date is the one that the role speaks for; the dates come with the validation's context."""
        if (self.date is None) == (self.role not in LAW_COLUMNS):
            raise ValueError(
                "a source of this role needs its date"
                if self.date is None
                else f"{self.role} have their days in their rows: take the date out"
            )
        expected = (info.context or {}).get(self.role)
        allowed = ROLES_OF.get(str(getattr(self, "format", "") or getattr(self, "kind", "")))
        if allowed is not None and self.role not in allowed:
            return self  # said by the source itself
        if expected is not None and self.date != expected:
            raise ValueError(f"the {self.role} is the state of {expected}, not {self.date}")
        return self


class FileSource(_Source):
    """A file of the National Statistics Office, or of the law, at a path (relative to the YAML file) or an http(s) URL.

    ``url_env`` names the environment variable with the URL, for one that holds a password or a token.
    """

    kind: LandedFormat
    role: FileRole
    path: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://")
    url_env: str | None = Field(default=None, pattern=_VARIABLE)
    encoding: Encoding = "auto"
    sheet: str | None = None
    timeout_seconds: int = Field(default=300, ge=1, le=86_400, description="Longest that fetching takes in all.")

    @model_validator(mode="after")
    def _consistent(self) -> "FileSource":
        if [self.path, self.url, self.url_env].count(None) != 2:
            raise ValueError("give one of path, url and url_env")
        if self.url is not None and "@" in re.split(r"[/?#\\]", self.url.partition("://")[2])[0]:
            raise ValueError("the url holds a user or password: put it into an environment variable, named by url_env")
        _require_role(self.kind, self.role)
        return self


class LandingSource(_Source):
    """A drop folder: the newest complete file that matches ``pattern``."""

    kind: Literal["landing"]
    role: FileRole
    folder: str
    pattern: str = Field(default="*", pattern=r"^[^/\\]+$")
    format: LandedFormat
    settle_seconds: int = Field(default=60, ge=1, le=86_400)
    encoding: Encoding = "auto"
    sheet: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "LandingSource":
        _require_role(self.format, self.role)
        return self


class DatabaseSource(_Source):
    """A table or query of a database; ``url_env`` names the environment variable with the SQLAlchemy URL."""

    kind: Literal["database"]
    role: Literal["old_register", "new_register", "conversion"]
    url_env: str = Field(pattern=_VARIABLE)
    table: str | None = None
    query: str | None = None
    columns: dict[str, str] = Field(min_length=1, description="Our field → the column in the result.")
    encoding: Encoding = "auto"
    timeout_seconds: int = Field(default=300, ge=1, le=86_400, description="Longest that connecting and reading take.")

    @model_validator(mode="after")
    def _consistent(self) -> "DatabaseSource":
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        return self


class CrossCheckSource(_Source):
    """Another public mapping, read from an installed package: compared, never trusted."""

    kind: Literal["cross_check"]
    role: Literal["cross_check"] = "cross_check"
    package: Literal["vietnamadminunits", "vietnam-address-converter", "vn-address-converter"]


class ReferenceSource(_Source):
    """The embedded reference: always there and always last; naming it changes nothing."""

    kind: Literal["reference"]
    role: Literal["reference"] = "reference"
    name: Annotated[str, Field(pattern=r"^reference$")] = "reference"
    date: dt.date = dt.date.min
    priority: int = Field(default=999, ge=1, le=999)


Source = Annotated[
    FileSource | LandingSource | DatabaseSource | CrossCheckSource | ReferenceSource, Field(discriminator="kind")
]


class SourcesConfig(_Strict):
    """The whole file. An installation without one has no sources but the embedded reference."""

    version: Literal[1]
    sources: tuple[Source, ...] = Field(min_length=1)

    @field_validator("sources")
    @classmethod
    def _named_once(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {', '.join(twice)}")
        if sum(source.role == "conversion" for source in sources) > 1:
            raise ValueError("only one source can have the role conversion")
        return sources


def read_config(path: Path, role_dates: Mapping[str, dt.date] | None = None) -> SourcesConfig:
    """The sources that a YAML file names. ``role_dates``: the one date that a role can speak for, if any.

    Raises SourceError, with the line where one can be told, for a file that is missing, too large or no YAML,
    that holds tags, anchors or a key twice, or that says something the models do not know.
    """
    data = read_bounded(path, MAX_CONFIG_BYTES)
    try:
        text = data.decode("utf-8-sig")
        node = yaml.compose(text, Loader=_StrictLoader)
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader, stricter still)
    except UnicodeDecodeError as error:
        raise SourceError("is not UTF-8", file=path, remedy="save the file as UTF-8") from error
    except RecursionError as error:
        raise SourceError("is nested too deeply", file=path, remedy="write it as in kh02.example.yaml") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise SourceError(
            f"is not plain YAML: {getattr(error, 'problem', None) or error}",
            file=path,
            row=mark.line + 1 if mark else None,
            remedy="use plain keys and values: no tags, anchors or repeated keys",
        ) from None  # the cause shows what stands in the file
    try:
        return SourcesConfig.model_validate(content, context=dict(role_dates or {}))
    except ValidationError as error:
        first = error.errors()[0]
        place = [part for part in first["loc"] if part not in _KIND_TAGS or not isinstance(part, str)]
        raise SourceError(
            f"{first['msg']}" + (f" ({first['input']!r})" if first["type"] == "literal_error" else ""),
            file=path,
            row=_line_of(node, place),
            field=".".join(str(part) for part in place) or None,
            remedy=_remedy(first["type"]),
        ) from None  # the cause shows what stands in the file


_KIND_TAGS = {*ROLES_OF, "landing", "database", "cross_check", "reference"}


def _remedy(kind: str) -> str:
    return {
        "extra_forbidden": "remove the key or correct its spelling",
        "missing": "add the key",
        "union_tag_invalid": "use a kind that the documentation lists",
    }.get(kind, "correct the value")


def _require_role(file_format: str, role: str) -> None:
    if role not in ROLES_OF[file_format]:
        raise ValueError(f"{file_format} cannot be {role}; it can be {', '.join(ROLES_OF[file_format])}")


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML: no aliases (they can grow without bound) and no key twice; code tags are unknown to it anyway."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError):
            kind = str(node.tag).rpartition(":")[2].replace("timestamp", "date")
            raise yaml.constructor.ConstructorError(
                None, None, f"the value is no valid {kind}", node.start_mark
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no plain word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _line_of(node: yaml.Node | None, place: list[Any]) -> int | None:
    """The line of the deepest part of ``place`` that stands in the file."""
    line = node.start_mark.line + 1 if node is not None else None
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            match = [(key, value) for key, value in node.value if key.value == str(part)]
            if not match:
                break
            line = match[0][0].start_mark.line + 1
            node = match[0][1]
        else:
            break
    return line
