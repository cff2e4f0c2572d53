"""Addresses without their credentials: what may be printed, logged and published of them.

Belongs here: reading an address so that no part of a password passes for something else, the address as it may be
shown, and a text without what is secret in one. Does not belong here: connecting. Hidden is everything that is not
known to be harmless: the password, and the values of all query parameters but a few.
"""

import re
from urllib.parse import SplitResult, quote, quote_plus, unquote, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

HIDDEN = "***"
_SHOWN_PARAMETERS = frozenset(
    {
        *("host", "port", "unix_socket", "application_name", "sslmode", "charset", "connect_timeout"),
        *("target_session_attrs", "mode", "uri"),
    }
)
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_LOGIN = re.compile("^[^:]*://(?:[^:/]*(?::[^@]*)?@)?")
"""The beginning of a URL as SQLAlchemy reads it, with user and password."""
_SHORTEST = 3
"""Shorter values are not sought in messages: they would be found in every word."""
_FILE_NAME = re.compile(r".*\.[a-z0-9]{1,5}", re.IGNORECASE)


def database_url(text: str) -> URL:
    """A SQLAlchemy URL, with the driver named where a bare dialect would leave the choice to SQLAlchemy's version.

    ``postgresql://`` means psycopg2 before SQLAlchemy 2.1 and psycopg 3 after it; ``mysql://`` and ``mariadb://`` mean
    a driver that is not installed here. Raises ValueError, which shows nothing of the text, for what is no URL, and for
    an ``@`` too many: SQLAlchemy takes what follows the first one in a password for host and database, which are shown.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database URL") from None  # the cause may show the text
    if _misread(url) or re.search("[?&][^=&]*@", _LOGIN.sub("", text)):
        raise ValueError("has an @ in its password that is not written as %40")
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def web_address(text: str) -> SplitResult:
    """The parts of an http(s) address. Raises ValueError, which shows nothing of the text, as ``database_url`` does."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        known = False
    if not known:
        raise ValueError("is no http(s) address")
    if parts.netloc.count("@") > 1 or "@" in parts.path:
        raise ValueError("has an @ in its password or path that is not written as %40")
    return parts


def shown(address: URL | SplitResult, *, private: bool = False) -> str:
    """An address as it may be shown: no password, no parameter that may be one. ``private``: no path either."""
    if isinstance(address, SplitResult):
        host = f"[{address.hostname}]" if ":" in str(address.hostname) else address.hostname
        return f"{address.scheme}://{host}{'/' + HIDDEN if private else address.path}"
    if _misread(address):
        return f"{address.drivername}://{HIDDEN}"
    parameters = [f"{name}={value}" for name, value in sorted(address.query.items()) if name in _SHOWN_PARAMETERS]
    parameters += [HIDDEN] * any(name not in _SHOWN_PARAMETERS for name in address.query)
    place = address.set(query={}).render_as_string(hide_password=True)
    return f"{place}?{'&'.join(parameters)}" if parameters else place


def file_name(address: SplitResult, *, private: bool = False) -> str:
    """The last part of an address's path as the name of its file; ``download`` where there is none.

    ``private``: also where it does not look like the name of a file, as a token does not.
    """
    name = unquote(address.path.rpartition("/")[2])
    return name if name and (not private or _FILE_NAME.fullmatch(name)) else "download"


def without(text: str, url: URL) -> str:
    """A text, such as a driver's message, without what is secret in the URL."""
    values = (value for name, value in url.query.items() if name not in _SHOWN_PARAMETERS)
    several = ((value,) if isinstance(value, str) else value for value in values)
    secrets = [str(url.password or ""), *(part for parts in several for part in parts)]
    forms = {spell(secret) for secret in secrets for spell in (str, quote, quote_plus)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN) if len(form) >= _SHORTEST else text
    return text


def cause(error: BaseException, url: URL) -> BaseException | None:
    """An error as the cause of another, unless its text or that of one before it shows a secret: causes are logged."""
    link: BaseException | None = error
    while link is not None:
        if without(str(link), url) != str(link):
            return None
        link = link.__cause__ or link.__context__
    return error


def _misread(url: URL) -> bool:
    """Whether an ``@`` stands where only the rest of a password can have brought it."""
    remote = url.host or url.username is not None
    return bool(remote) and "@" in "".join([url.host or "", url.database or "", *url.query])
