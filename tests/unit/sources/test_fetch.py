"""Fetching over loopback: bounded, whole, and no secret in an error."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.fetch import fetch


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
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
    assert fetch(f"{address}/file.csv") == b"0123456789"


@pytest.mark.parametrize(
    ("path", "words"), [("/short", "cut short|cannot be fetched"), ("/gone", "cannot be fetched"), ("/away", "fetched")]
)
def test_what_is_not_whole_or_not_there_is_refused(address, path, words) -> None:
    with pytest.raises(SourceError, match=words) as error:
        fetch(f"{address}{path}?token=hunter2")
    assert "hunter2" not in str(error.value)


def test_too_much_and_other_schemes_are_refused(address) -> None:
    with pytest.raises(SourceError, match="more than 5 bytes"):
        fetch(f"{address}/file.csv", limit=5)
    with pytest.raises(SourceError, match="no http"):
        fetch("file:///etc/hostname")
