"""Fetching over loopback: bounded, whole, and no secret in an error."""

import base64
import contextlib
import datetime as dt
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kh02_pipelines.credentials import file_name, web_address
from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.sources.config import FileSource
from kh02_pipelines.sources.fetch import StaysHttps, fetch
from kh02_pipelines.sources.fetch import address as address_of


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        if self.path.startswith("/drip"):
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked has given up
                for _ in range(40):
                    self.wfile.write(b"0")
                    time.sleep(0.1)
            return
        if self.path.startswith("/login"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers.get("Authorization", "none").encode())
            return
        if self.path.startswith("/chunked"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\nabc")
            return
        if self.path.startswith("/nonsense"):
            self.wfile.write(b"hello, token=hunter2\r\n\r\n")
            return
        if self.path.startswith("/gone"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", "20" if self.path.startswith("/short") else "10")
        self.end_headers()
        self.wfile.write(b"0123456789")

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_whole_files_are_fetched(address) -> None:
    assert fetch(f"{address}/file.csv") == ("file.csv", b"0123456789")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/short", "cut short|cannot be fetched"),
        ("/gone", "cannot be fetched"),
        ("/away", "the server answers 302"),
        ("/chunked", "cannot be fetched: IncompleteRead"),
        ("/nonsense", "cannot be fetched: BadStatusLine"),
    ],
)
def test_what_is_not_whole_or_not_there_is_refused(address, path, words) -> None:
    with pytest.raises(SourceError, match=words) as error:
        fetch(f"{address}{path}?token=hunter2")
    assert "hunter2" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_server_that_answers_byte_by_byte_does_not_hold_the_run(address) -> None:
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"/drip did not answer within 0.3 seconds.*timeout_seconds") as error:
        fetch(f"{address}/drip?token=hunter2", seconds=0.3)
    assert time.monotonic() - start < 3
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("begin", "to", "allowed"),
    [
        ("https://a/x", "https://b/y", True),
        ("https://a/x", "http://a/x", False),
        ("http://a/x", "http://a/y", True),
        ("http://a/x", "https://a/x", True),
        ("http://a/x", "ftp://a/x", False),
    ],
)
def test_a_redirect_never_leads_from_https_to_http(begin, to, allowed) -> None:
    request = urllib.request.Request(begin)  # noqa: S310 (it is not sent)
    with contextlib.nullcontext() if allowed else pytest.raises(urllib.error.URLError, match="from https to http"):
        assert StaysHttps().redirect_request(request, None, 302, "", {}, to).full_url == to


def test_user_and_password_are_sent_as_a_header_and_never_shown(address) -> None:
    with_user = address.replace("://", "://me:hunter%202@")
    assert fetch(f"{with_user}/login")[1].split(b" ")[1] == base64.b64encode(b"me:hunter 2")
    assert fetch(f"{address}/login")[1] == b"none"
    with pytest.raises(SourceError) as error:
        fetch(f"{with_user}/gone?token=hunter3")
    assert "hunter" not in str(error.value)
    assert "the server answers 404" in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/a.csv?token=hunter2",
        "http://localhost:99999/a.csv?token=hunter2",
        "http://me:hunter2@",
        "http://localhost:hunter2/a.csv",
        "https://me:hunter2 x@localhost:1/x.md",
        "http://local host:1/x.md?hunter2",
        "https://me:p@ss/hunter2@host/x.md",
        "https://me:p@hunter2@host/x.md",
        "https://me:12/hunter2@host/x.md",
    ],
)
def test_addresses_that_are_none_are_refused_without_showing_them(url) -> None:
    with pytest.raises(SourceError) as error:
        fetch(url)
    assert "hunter2" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a/b%20c.csv?name=/x/secret", "b c.csv"),
        ("https://me:secret@host", "download"),
        ("https://host/?token=secret/secret", "download"),
    ],
)
def test_the_file_name_is_the_end_of_the_path(url, name) -> None:
    assert file_name(web_address(url)) == name


def test_an_address_can_stand_in_the_environment(monkeypatch) -> None:
    source = FileSource(
        name="a", kind="nso_register", role="old_register", url_env="KH02_ADDRESS", date=dt.date(2025, 6, 30)
    )
    monkeypatch.delenv("KH02_ADDRESS", raising=False)
    with pytest.raises(EnvironmentFault, match="KH02_ADDRESS is not set"):
        address_of(source)
    monkeypatch.setenv("KH02_ADDRESS", "https://me:hunter2@host/a.csv")
    assert address_of(source) == "https://me:hunter2@host/a.csv"


def test_too_much_and_other_schemes_are_refused(address) -> None:
    with pytest.raises(SourceError, match="more than 5 bytes"):
        fetch(f"{address}/file.csv", limit=5)
    with pytest.raises(SourceError, match="no http"):
        fetch("file:///etc/hostname")
