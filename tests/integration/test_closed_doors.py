"""``kh02 dev`` as a user runs it: its UI works in a browser, and no other page does anything to it."""

import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, WHY_NOT, Page
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
PAGES = ["/", "/overview/activity/timeline", "/assets", "/runs", "/jobs", "/automation", "/deployment/daemons"]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Ui:
    """The UI at work, and the process that started it."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def ask(self, query: str) -> Any:
        """A query or mutation as a program sends it."""
        status, text = self.send("POST", "/graphql", json.dumps({"query": query}), Content_Type="application/json")
        assert status == 200, text
        return json.loads(text)["data"]

    def limits(self) -> list[str]:
        """What the mutation of ``limit`` changes: harmless, and seen at once."""
        found = self.ask("{instance{concurrencyLimits{concurrencyKey}}}")["instance"]["concurrencyLimits"]
        return [limit["concurrencyKey"] for limit in found if "attack" in limit["concurrencyKey"]]

    def reported(self) -> list[str]:
        """The assets that somebody reported as made."""
        found = self.ask('{assetNodes(assetKeys:[{path:["commune"]}]){assetMaterializations{runId}}}')["assetNodes"]
        return [made["runId"] for node in found for made in node["assetMaterializations"]]


def limit(key: str) -> str:
    return f'mutation{{setConcurrencyLimit(concurrencyKey:"{key}",limit:1)}}'


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """``kh02 dev`` on a fresh home, ended by Ctrl-C."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = tmp_path_factory.mktemp("ui")
    process = subprocess.Popen(
        [sys.executable, "-m", "kh02_pipelines.cli.main", "dev", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "KH02_HOME": str(folder / "home")},
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    found = Ui(port, process)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                assert found.send("GET", "/server_info")[0] == 200
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < until, (folder / "log").read_text()
                time.sleep(0.2)
        yield found
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, (folder / "log").read_text()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), 1)
    finally:
        process.kill()
        process.wait()


def test_the_daemon_runs_beside_the_ui(ui: Ui) -> None:
    until = time.monotonic() + START_SECONDS
    query = "{instance{daemonHealth{allDaemonStatuses{daemonType required healthy}}}}"
    while time.monotonic() < until:
        daemons = ui.ask(query)["instance"]["daemonHealth"]["allDaemonStatuses"]
        if all(daemon["healthy"] for daemon in daemons if daemon["required"]):
            break
        time.sleep(0.5)
    assert {daemon["daemonType"] for daemon in daemons if daemon["healthy"]} >= {"SCHEDULER", "SENSOR"}


def test_what_a_program_asks_is_done(ui: Ui) -> None:
    """Without this, the attacks below might fail for another reason."""
    ui.ask(limit("no_attack"))
    assert ui.limits() == ["no_attack"]
    ui.ask('mutation{deleteConcurrencyLimit(concurrencyKey:"no_attack")}')


def test_attacks_by_hand_change_nothing(ui: Ui) -> None:
    query, body = f"/graphql?query={limit('attack')}", json.dumps({"query": limit("attack")})
    report = "/report_asset_materialization/commune"
    foreign, json_ = "http://evil.example", "application/json"
    answers = [
        ui.send("GET", query),
        ui.send("HEAD", query),
        ui.send("GET", query.replace("?", "%0a?")),
        ui.send("GET", query, Host="evil.example"),
        ui.send("POST", query, Content_Type="text/plain"),
        ui.send("POST", "/graphql", body, Content_Type="text/plain; application/json"),
        ui.send("POST", "/graphql", limit("attack"), Content_Type="application/graphql"),
        ui.send("POST", "/graphql", body, Content_Type=json_, Origin=foreign),
        ui.send("POST", "/graphql", body, Content_Type=json_, Origin="null"),
        ui.send("POST", "/graphql", body, Content_Type=json_, Host="evil.example", Origin=foreign),
        ui.send("POST", "/graphql", body, Content_Type=json_, Origin=f"http://localhost:{ui.port}"),
        ui.send("OPTIONS", "/graphql", Origin=foreign, Access_Control_Request_Method="POST"),
        ui.send("POST", report, "{}", Content_Type=json_),
        ui.send("POST", report, "{}", Content_Type="text/plain", Origin=foreign),
        ui.send("POST", "/report_asset_observation/commune", "{}"),
        ui.send("POST", "/report_asset_check/commune?check_name=nothing_quarantined&passed=true"),
    ]
    assert {status for status, _ in answers} == {403}, answers
    for origin in (None, "http://evil.example", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(f"ws://127.0.0.1:{ui.port}/graphql", origin=origin and Origin(origin), proxy=None)
    assert ui.limits() == []
    assert ui.reported() == []
    assert ui.send("POST", report, "{}", Content_Type=json_, Origin=ui.origin)[0] == 200
    assert len(ui.reported()) == 1


# ---- in a browser ----

ATTACK = """<!doctype html><meta charset=utf-8><title>evil</title>
<img src="%(ui)s/graphql?query=%(get)s">
<iframe name=sink></iframe><iframe id=framed src="%(ui)s/assets"></iframe>
<form id=plain target=sink method=post enctype=text/plain action="%(ui)s/graphql">
<input name='%(body)s,"x":"' value='"}'></form>
<form id=query target=sink method=post action="%(ui)s/graphql?query=%(get)s"></form>
<form id=report target=sink method=post action="%(ui)s/report_asset_materialization/province"></form>
<script>
const ui = "%(ui)s", body = `%(body)s}`, json = {"content-type": "application/json"};
const ways = {
  simple: () => fetch(ui + "/graphql", {method: "POST", mode: "no-cors", body}),
  typed: () => fetch(ui + "/graphql",
    {method: "POST", mode: "no-cors", body, headers: {"content-type": "text/plain; application/json"}}),
  asked: () => fetch(ui + "/graphql", {method: "POST", headers: json, body}),
  read: () => fetch(ui + "/graphql", {method: "POST", headers: json, body: '{"query":"{version}"}'}),
  beacon: async () => navigator.sendBeacon(ui + "/report_asset_materialization/province", "{}"),
  socket: () => new Promise((yes, no) => {
    const s = new WebSocket(ui.replace("http", "ws") + "/graphql", "graphql-ws"); s.onopen = yes; s.onerror = no; }),
};
(async () => {
  const done = {};
  for (const [name, way] of Object.entries(ways)) {
    done[name] = await way().then(answer => answer?.type ?? "open", () => "refused");
  }
  for (const form of document.forms) { form.submit(); await new Promise(go => setTimeout(go, 300)); }
  window.done = done;
})();
</script>"""


@contextmanager
def served(page: str) -> Iterator[str]:
    """The address of a page on another port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)
def test_a_page_open_in_the_same_browser_does_nothing(ui: Ui, page: Page) -> None:
    get = limit("attack_by_page").replace('"', "%22")
    body = json.dumps({"query": limit("attack_by_page")})[:-1]
    before = ui.reported()
    with served(ATTACK % {"ui": ui.origin, "get": get, "body": body.replace('\\"', '\\\\"')}) as address:
        page.open(address)
        page.wait(lambda: page.value("window.done !== undefined") is True, "the attacks")
        done = page.value("JSON.stringify(window.done)")
    assert json.loads(str(done)) == {
        "simple": "opaque",  # the browser does not say what the server answered
        "typed": "opaque",
        "asked": "refused",
        "read": "refused",
        "beacon": "open",
        "socket": "refused",
    }
    refused = [answer["response"] for answer in page.of("Network.responseReceived")]
    statuses = {
        str(answer["url"]).partition("?")[0]: answer["status"] for answer in refused if ui.origin in answer["url"]
    }
    assert statuses[f"{ui.origin}/graphql"] == 403
    assert ui.limits() == []
    assert ui.reported() == before
    province = ui.ask('{assetNodes(assetKeys:[{path:["province"]}]){assetMaterializations{runId}}}')
    assert province["assetNodes"] == [{"assetMaterializations": []}]


@pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)
@pytest.mark.parametrize("path", PAGES)
def test_the_pages_of_the_ui_work(ui: Ui, page: Page, path: str) -> None:
    page.open(ui.origin + path)

    def settled() -> bool:
        asked = [event for event in page.of("Network.requestWillBeSent") if "/graphql" in event["request"]["url"]]
        ended = {event["requestId"] for event in page.of("Network.loadingFinished")}
        return (
            len(asked) > 1
            and sum(event["requestId"] in ended for event in asked) >= len(asked) - 1
            and any("connection_ack" in event["response"]["payloadData"] for event in frames())
            and len(str(page.value("document.body.innerText"))) > 100
        )

    def frames() -> list[Any]:
        return page.of("Network.webSocketFrameReceived")

    page.wait(settled, f"{path}: {page.value('document.body.innerText')}")
    assert page.of("Runtime.exceptionThrown") == []
    assert [event for event in page.of("Runtime.consoleAPICalled") if event["type"] in ("error", "assert")] == []
    assert [event["entry"] for event in page.of("Log.entryAdded") if event["entry"]["level"] == "error"] == []
    answers: list[Any] = [event["response"] for event in page.of("Network.responseReceived")]
    assert [answer["url"] for answer in answers if answer["status"] >= 400] == []
    strangers = {answer["url"] for answer in answers if not answer["url"].startswith((ui.origin, "data:", "blob:"))}
    assert strangers == set()
