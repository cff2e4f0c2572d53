"""The guard before Dagster's server: every way in which a foreign page could send a request, and the UI's own."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kh02_pipelines.webserver import Guard, refusal

HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "kh02.example.org"})
UI = "http://localhost:3000"
Headers = list[tuple[str, str]]

FOREIGN = [
    "http://evil.example",
    "https://evil.example",
    "http://evil.example:3000",
    "null",
    "",
    "localhost:3000",
    "file://",
    "http://localhost",  # another program on this machine
    "http://localhost:8888",
    "http://127.0.0.1:3000",
    "http://localhost:3000.evil.example",
    "http://localhost:3000@evil.example",
    "http://localhost:3000/",
    "chrome-extension://localhost:3000",
    "http://localhost:3000 http://evil.example",
    "http://localhost:3000, http://evil.example",
]


def scope(method: str, path: str, *headers: tuple[str, str], host: str | None = "localhost:3000") -> dict[str, Any]:
    """A request as the server hands it on; with method ``WEBSOCKET`` the opening of one."""
    named: Headers = [] if host is None else [("host", host)]
    kind = {"type": "websocket"} if method == "WEBSOCKET" else {"type": "http", "method": method}
    return {
        **kind,
        "path": path,
        "query_string": b"query=mutation{stopRunningSchedule}",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [*named, *headers]],
    }


def asked(request: dict[str, Any], hosts: frozenset[str] = HOSTS) -> tuple[int, str]:
    """The status and text that the sender gets; 200 when Dagster would have been asked."""
    sent: list[dict[str, Any]] = []

    async def dagster(*_: Any) -> None:
        sent.append({"type": "passed"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the body of a refused request is not read")

    asyncio.run(Guard(dagster, hosts)(request, receive, send))
    if sent[0]["type"] == "passed":
        return 200, ""
    if request["type"] == "websocket":  # closed before it is accepted: the server answers 403
        assert [message["type"] for message in sent] == ["websocket.close"]
        return 403, ""
    return sent[0]["status"], sent[1]["body"].decode()


JSON = ("content-type", "application/json")
OWN = ("origin", UI)
ALLOWED = {
    "page": scope("GET", "/"),
    "page followed from a link elsewhere": scope("GET", "/assets", ("sec-fetch-site", "cross-site")),
    "page by another of the names": scope("GET", "/runs", host="127.0.0.1"),
    "page by a name in capitals": scope("GET", "/runs", host="LocalHost:3000"),
    "page by IPv6": scope("GET", "/runs", host="[::1]:3000"),
    "script": scope("GET", "/_next/static/main.js", OWN),
    "GraphQL of the UI": scope("POST", "/graphql", JSON, OWN),
    "GraphQL with a charset": scope("POST", "/graphql", ("content-type", "Application/JSON; charset=utf-8"), OWN),
    "GraphQL of a program": scope("POST", "/graphql", JSON),
    "GraphQL behind a proxy with TLS": scope(
        "POST", "/graphql", JSON, ("origin", "https://kh02.example.org"), host="kh02.example.org"
    ),
    "GraphQL behind a proxy on a port": scope(
        "POST", "/graphql", JSON, ("origin", "https://kh02.example.org:8443"), host="kh02.example.org:8443"
    ),
    "subscription": scope("WEBSOCKET", "/graphql", OWN),
    "report of the UI": scope("POST", "/report_asset_materialization/commune", OWN, JSON),
    "start of the server": {"type": "lifespan"},
}

ATTACKS = {
    **{
        f"host {host!r}": scope("GET", "/", host=host)
        for host in (
            None,
            "",
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "evil.example.localhost",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:3000:3000",
            "localhost:",
            "localhost\n",
            "localhost.",
            "localhost ",
            "localhost, evil.example",
            "0.0.0.0:3000",
            "[::ffff:127.0.0.1]",
            "[::1",
            "2130706433",
        )
    },
    "two hosts": scope("GET", "/", ("host", "localhost:3000")),
    "two half hosts": scope("GET", "/", ("host", "host"), host="local"),
    "rebound name": scope("POST", "/graphql", JSON, ("origin", "http://evil.example:3000"), host="evil.example:3000"),
    "rebound WebSocket": scope("WEBSOCKET", "/graphql", ("origin", "http://evil.example"), host="evil.example"),
    **{
        f"{method} {path} from {origin!r}": scope(method, path, ("origin", origin), JSON)
        for origin in FOREIGN
        for method, path in (
            ("GET", "/"),
            ("POST", "/graphql"),
            ("OPTIONS", "/graphql"),
            ("POST", "/report_asset_materialization/commune"),
            ("WEBSOCKET", "/graphql"),
        )
    },
    "two origins": scope("POST", "/graphql", JSON, OWN, ("origin", "http://evil.example")),
    **{
        f"GraphQL by {method} {path!r}": scope(method, path)
        for method in ("GET", "HEAD")
        for path in ("/graphql", "/graphql/", "/graphql\n", "/graphql;x")
    },
    **{f"GraphQL by {method}": scope(method, "/graphql", JSON) for method in ("PUT", "PATCH", "DELETE", "OPTIONS")},
    **{
        f"GraphQL as {kind!r}": scope("POST", "/graphql", OWN, ("content-type", kind))
        for kind in (
            "text/plain",
            "text/plain; application/json",
            "text/plain;charset=application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=application/json",
            "application/graphql",
            "application/json, text/plain",
            "",
        )
    },
    "GraphQL of no kind": scope("POST", "/graphql", OWN),
    "GraphQL of two kinds": scope("POST", "/graphql", OWN, JSON, ("content-type", "text/plain")),
    "GraphQL under another spelling": scope("POST", "/graphql\n", JSON),
    **{
        f"{method} /{path} without an origin": scope(method, f"/{path}/commune", JSON)
        for path in ("report_asset_materialization", "report_asset_check", "report_asset_observation", "anything")
        for method in ("POST", "PUT", "DELETE")
    },
    "WebSocket without an origin": scope("WEBSOCKET", "/graphql"),
    "WebSocket elsewhere without an origin": scope("WEBSOCKET", "/anything"),
}


@pytest.mark.parametrize("request_", ALLOWED.values(), ids=ALLOWED)
def test_the_ui_and_programs_pass(request_: dict[str, Any]) -> None:
    assert asked(request_) == (200, "")


@pytest.mark.parametrize("request_", ATTACKS.values(), ids=ATTACKS)
def test_what_a_foreign_page_could_send_is_refused(request_: dict[str, Any]) -> None:
    status, text = asked(request_)
    assert status == 403
    assert len(text.splitlines()) <= 1


def test_a_refusal_says_what_to_do() -> None:
    _, text = asked(scope("GET", "/", host="kh02.bo.example"))
    assert "'kh02.bo.example'" in text
    assert "add it to KH02_UI_HOSTS" in text
    _, text = asked(scope("POST", "/graphql", JSON, ("origin", "https://kh02.example.org"), host="127.0.0.1:3000"))
    assert "pass on the Host that the browser sent" in text


def test_names_are_those_given() -> None:
    assert asked(scope("GET", "/", host="localhost:3000"), frozenset({"kh02.example.org"}))[0] == 403


@given(st.text(st.characters(max_codepoint=255)), st.none() | st.text(st.characters(max_codepoint=255)))
def test_nothing_passes_but_a_known_host_and_its_own_origin(host: str, origin: str | None) -> None:
    headers = [] if origin is None else [("origin", origin)]
    if refusal(scope("POST", "/graphql", JSON, *headers, host=host), HOSTS) is None:
        assert host.rpartition(":")[0] in HOSTS or host.lower() in HOSTS
        assert origin is None or host.lower() in origin.lower()
