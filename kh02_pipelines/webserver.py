"""Dagster's web server behind a guard: the UI's own pages may do everything, no other page may do anything.

Belongs here: which requests are refused, and serving the rest. Does not belong here: arguments and child processes
(``cli.servers``). The UI has no login, and every page open in the same browser can send it requests: whoever passes
here may start runs and stop the schedule. Programs without a browser (``DagsterGraphQLClient``, curl) pass with
GraphQL by POST with JSON, which no foreign page can send without asking first; nothing here answers such a question.
"""

import logging
import re
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget
from dagster._utils.interrupts import setup_interrupt_handlers
from dagster._utils.log import configure_loggers
from dagster_webserver.version import __version__
from dagster_webserver.webserver import DagsterWebserver
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

GRAPHQL = "/graphql"
JSON = "application/json"
READS = ("GET", "HEAD")
SHUTDOWN_SECONDS = 5
POLL_MILLISECONDS = 2000
"""How often the UI asks for what is new, as in ``dagster dev``."""

log = logging.getLogger("dagster-webserver")
_PLACE = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[0-9a-z_.-]+)(:(?P<port>[0-9]{1,5}))?", re.IGNORECASE | re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Guard:
    """ASGI middleware that refuses, before Dagster sees it, what a page of another origin could send.

    ``hosts``: the names under which this server may be addressed, on any port. A name that an attacker lets point
    here (DNS rebinding) is not among them.
    """

    app: ASGIApp
    hosts: Collection[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 403 and a line of the reason (a WebSocket: without accepting it), or pass on."""
        reason = None if scope["type"] == "lifespan" else refusal(scope, self.hosts)
        if reason is None:
            await self.app(scope, receive, send)
            return
        log.warning("refused %s %.200r: %s", scope.get("method", "WebSocket"), scope["path"], reason)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await PlainTextResponse(f"Từ chối · Refused: {reason}\n", status_code=403)(scope, receive, send)


def refusal(scope: Scope, hosts: Collection[str]) -> str | None:
    """Why a request is refused; None if it may pass.

    Headers and path are compared so that what is not understood is refused: the path ``/graphql`` as a prefix where
    that forbids, and in full where it allows.
    """
    headers = Headers(scope=scope)
    named = headers.getlist("host")
    addressed = _PLACE.fullmatch(named[0]) if len(named) == 1 else None
    if addressed is None or addressed["host"].lower() not in hosts:
        return f"Host {', '.join(named)[:80]!r} is not a name of this server; remedy: add it to KH02_UI_HOSTS"
    origins = headers.getlist("origin")
    if origins and not _same_origin(origins, addressed):
        return (
            f"Origin {origins[0][:80]!r} is not Host {addressed.string!r}; remedy: open the UI itself; a proxy has to "
            "pass on the Host that the browser sent"
        )
    if scope["type"] != "http":
        return None if origins else "a WebSocket needs an Origin"
    if scope["method"] in READS:
        return "GraphQL is asked by POST with JSON" if scope["path"].startswith(GRAPHQL) else None
    if scope["path"] == GRAPHQL:
        kinds = [kind.partition(";")[0].strip().lower() for kind in headers.getlist("content-type")]
        return None if scope["method"] == "POST" and kinds == [JSON] else "GraphQL is asked by POST with JSON"
    return None if origins else "what changes something needs an Origin"


def _same_origin(origins: list[str], addressed: re.Match[str]) -> bool:
    """Whether the page came from where the request went; a port left out is the scheme's own."""
    scheme, _, rest = origins[0].partition("://")
    place = _PLACE.fullmatch(rest)
    if len(origins) != 1 or scheme not in _DEFAULT_PORTS or place is None:
        return False
    own = str(_DEFAULT_PORTS[scheme])
    return place["host"].lower() == addressed["host"].lower() and (place["port"] or own) == (addressed["port"] or own)


class GuardedWebserver(DagsterWebserver[WorkspaceProcessContext, WorkspaceRequestContext]):
    """Dagster's server with the guard before everything else, in no other page's frame."""

    def __init__(
        self, context: WorkspaceProcessContext, hosts: Collection[str], pages: Sequence[BaseRoute] = ()
    ) -> None:
        self._hosts, self._pages = hosts, pages
        super().__init__(context, live_data_poll_rate=POLL_MILLISECONDS)

    def build_middleware(self) -> list[Middleware]:
        """The guard, then Dagster's own."""
        return [Middleware(Guard, hosts=self._hosts), *super().build_middleware()]

    def build_routes(self) -> list[BaseRoute]:
        """Our own pages, then Dagster's, the last of which takes every address."""
        return [*self._pages, *super().build_routes()]  # type: ignore[no-untyped-call]

    def make_security_headers(self) -> dict[str, str]:
        """Dagster's headers, and that no page may show the UI in a frame (and have it clicked on unseen)."""
        return {**super().make_security_headers(), "X-Frame-Options": "DENY"}


def serve(
    target: WorkspaceLoadTarget, listener: socket.socket, hosts: Collection[str], pages: Sequence[BaseRoute] = ()
) -> None:
    """Serve the UI of the instance in ``DAGSTER_HOME`` on a bound socket until SIGINT or SIGTERM."""
    configure_loggers()
    setup_interrupt_handlers()  # SIGTERM ends it as Ctrl-C does: with the code servers it started
    try:
        with DagsterInstance.get() as instance, WorkspaceProcessContext(instance, target, __version__) as context:
            instance.optimize_for_webserver(statement_timeout=15_000, pool_recycle=3600, max_overflow=20)
            app = GuardedWebserver(context, hosts, pages).create_asgi_app()
            config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=SHUTDOWN_SECONDS)
            host, port = listener.getsockname()[:2]
            log.info("Dagster UI: http://%s:%s", f"[{host}]" if ":" in host else host, port)
            uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        log.info("Dagster UI: ended")
