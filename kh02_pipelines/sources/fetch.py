"""A source at an http(s) address, within bounds.

Belongs here: fetching bytes. Does not belong here: where they are kept or what they mean. The address is shown
in errors without user, password and query, which may be secrets.
"""

import urllib.error
import urllib.parse
import urllib.request

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.grid import MAX_BYTES

TIMEOUT_SECONDS = 60
_READ_AT_ONCE = 1 << 20


class _HttpOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments, **keywords):  # type: ignore[no-untyped-def]
        if urllib.parse.urlsplit(arguments[5]).scheme not in ("http", "https"):
            raise urllib.error.URLError("redirected to something other than http")
        return super().redirect_request(*arguments, **keywords)


def fetch(url: str, limit: int = MAX_BYTES) -> bytes:
    """The bytes at an http(s) address, at most ``limit``. Raises SourceError, also for a short answer."""
    parts = urllib.parse.urlsplit(url)
    shown = f"{parts.scheme}://{parts.hostname}{parts.path}"
    if parts.scheme not in ("http", "https"):
        raise SourceError("is no http(s) address", file=shown, remedy="use http or https, or a path")
    try:
        with urllib.request.build_opener(_HttpOnly).open(url, timeout=TIMEOUT_SECONDS) as answer:
            chunks, size = [], 0
            while chunk := answer.read(_READ_AT_ONCE):
                size += len(chunk)
                if size > limit:
                    raise SourceError(f"more than {limit} bytes", file=shown, remedy="check that it is the right file")
                chunks.append(chunk)
            stated = answer.headers.get("Content-Length")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise SourceError(
            f"cannot be fetched: {reason}", file=shown, remedy="check the address and the connection, then run again"
        ) from None  # the cause may show the whole address
    if stated is not None and stated.isdigit() and int(stated) != size:
        raise SourceError(f"was cut short: {size} of {stated} bytes", file=shown, remedy="run again")
    return b"".join(chunks)
