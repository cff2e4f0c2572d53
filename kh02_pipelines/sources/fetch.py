"""A source at an http(s) address, within bounds.

Belongs here: fetching bytes. Does not belong here: where they are kept or what they mean, and what of an
address may be shown (``credentials``).
"""

import base64
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request

from kh02_pipelines.credentials import file_name, shown, web_address
from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.sources.config import FileSource
from kh02_pipelines.sources.deadline import within
from kh02_pipelines.sources.grid import MAX_BYTES

DEADLINE_SECONDS = 300
"""Longest that a fetch takes in all, where the configuration does not say; a silence of 60 seconds ends it sooner."""
_SILENCE_SECONDS = 60
_LEADS_AWAY = "redirected to something other than http(s), or from https to http"
_READ_AT_ONCE = 1 << 20


class StaysHttps(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http(s) alone, and from https to https alone."""

    def redirect_request(self, request, *arguments):  # type: ignore[no-untyped-def]
        """The request to follow, or URLError."""
        allowed = ("https",) if request.type == "https" else ("http", "https")
        if urllib.parse.urlsplit(arguments[-1]).scheme not in allowed:
            raise urllib.error.URLError(_LEADS_AWAY)
        return super().redirect_request(request, *arguments)


def address(source: FileSource) -> str:
    """The address of a source: as configured, or from the environment variable that it names.

    Raises EnvironmentFault when the variable is not set.
    """
    if source.url_env is None:
        return str(source.url)
    url = os.environ.get(source.url_env, "")
    if not url:
        raise EnvironmentFault(
            f"{source.url_env} is not set", field=source.url_env, remedy=f"set it to the address of {source.name}"
        )
    return url


def fetch(
    url: str, seconds: float = DEADLINE_SECONDS, limit: int = MAX_BYTES, *, private: bool = False
) -> tuple[str, bytes]:
    """The name of the file and the bytes at an http(s) address, at most ``limit``.

    ``private``: the address comes from an environment variable, so that nothing but its host is shown, and the name
    only if it looks like a file's. A user and password in the address are sent as basic authorization, to that host
    alone. A redirect never leads from https to http. Raises SourceError, also for a short or too slow answer.
    """
    try:
        parts = web_address(url)
    except ValueError as error:
        raise SourceError(
            str(error), field="url", remedy="write it as https://host/path, with special characters as %XX"
        ) from None
    place = shown(parts, private=private)
    return file_name(parts, private=private), within(seconds, lambda: _whole(parts, place, limit), place, "url")


def _whole(parts: urllib.parse.SplitResult, place: str, limit: int) -> bytes:
    try:
        with urllib.request.build_opener(StaysHttps).open(_request(parts), timeout=_SILENCE_SECONDS) as answer:
            chunks, size = [], 0
            while chunk := answer.read(_READ_AT_ONCE):
                size += len(chunk)
                if size > limit:
                    raise SourceError(f"more than {limit} bytes", file=place, remedy="check that it is the right file")
                chunks.append(chunk)
            stated = answer.headers.get("Content-Length")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SourceError(
            f"cannot be fetched: {_reason(error)}",
            file=place,
            remedy="check the address and the connection, then run again",
        ) from None  # the cause may show the whole address
    if stated is not None and stated.isdigit() and int(stated) != size:
        raise SourceError(f"was cut short: {size} of {stated} bytes", file=place, remedy="run again")
    return b"".join(chunks)


def _request(parts: urllib.parse.SplitResult) -> urllib.request.Request:
    """The request, with user and password as a header that a redirect does not carry on."""
    host = parts.netloc.rpartition("@")[2]
    plain = urllib.parse.quote(parts._replace(netloc=host, fragment="").geturl(), safe="/:?#[]@!$&'()*+,;=%")
    request = urllib.request.Request(plain)  # noqa: S310 (http or https: see _parts)
    if parts.username is not None:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
    return request


def _reason(error: Exception) -> str:
    """Why it failed, in words that cannot repeat the address."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code}"
    inner = getattr(error, "reason", None)
    if isinstance(inner, OSError):
        return inner.strerror or type(inner).__name__
    return inner if inner == _LEADS_AWAY else type(error).__name__
