"""Alerts by mail and webhook, against servers on loopback: once, again after a day, never lost, no secret in a log."""

import datetime as dt
import http.server
import json
import logging
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from kh02_pipelines.release.duty.alerts import Alert, Channels, notify, subject_of

NOW = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
FULL = Alert(
    "low_disk", "Đĩa sắp đầy", "the disk is nearly full", "giải phóng đĩa · free space", "/runbook#duty-low-disk"
)
OFF = Alert("schedule_off", "Lịch đêm đang tắt", "the schedule is off", "bật lại · switch it on", "/runbook#x")


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(server.answers.pop(0) if server.answers else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Mail(socketserver.StreamRequestHandler):
    """As much SMTP as a message takes."""

    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 SMTPUTF8\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                server.taken.append(message_from_bytes(body, policy=policy.default))
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 yes\r\n")


@contextmanager
def served(server: Any) -> Iterator[Any]:
    server.taken, server.answers = [], []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[Any]:
    with served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)) as server:
        yield server


def to(hook: Any, **more: Any) -> Channels:
    address = f"http://127.0.0.1:{hook.server_port}/s3cret"
    return Channels(webhook=address, ui="https://kh02.example/", retry_seconds=0.0, **more)


def test_a_webhook_gets_vietnamese_first_then_english_remedy_and_link(hook: Any, tmp_path: Path) -> None:
    assert notify([FULL, OFF], to(hook), tmp_path, NOW) == [FULL, OFF]
    (body,) = hook.taken
    assert body["text"].splitlines()[:4] == [
        "Đĩa sắp đầy",
        "the disk is nearly full",
        "Khắc phục · Remedy: giải phóng đĩa · free space",
        "https://kh02.example/runbook#duty-low-disk",
    ]
    assert [alert["key"] for alert in body["alerts"]] == ["low_disk", "schedule_off"]


def test_mail(tmp_path: Path) -> None:
    with served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)) as server:
        address = f"smtp://127.0.0.1:{server.server_address[1]}"
        channels = Channels(mail=address, sender="kh02@example.vn", recipients=("truc@example.vn", "b@example.vn"))
        assert notify([FULL, OFF], channels, tmp_path, NOW) == [FULL, OFF]
        (message,) = server.taken
    assert message["Subject"] == "KH02: Đĩa sắp đầy (+1)"
    assert message["To"] == "truc@example.vn, b@example.vn"
    assert "giải phóng đĩa · free space" in message.get_content()


def test_once_again_after_a_day_and_anew_when_it_comes_back(hook: Any, tmp_path: Path) -> None:
    channels = to(hook)
    assert notify([FULL], channels, tmp_path, NOW) == [FULL]
    assert notify([FULL], channels, tmp_path, NOW + dt.timedelta(hours=23)) == []
    assert notify([FULL, OFF], channels, tmp_path, NOW + dt.timedelta(hours=23)) == [OFF]
    assert notify([FULL, OFF], channels, tmp_path, NOW + dt.timedelta(hours=24)) == [FULL]
    assert notify([], channels, tmp_path, NOW + dt.timedelta(hours=25)) == []
    assert notify([FULL], channels, tmp_path, NOW + dt.timedelta(hours=26)) == [FULL]
    assert len(hook.taken) == 4


def test_what_nobody_took_is_due_again_and_no_secret_is_logged(
    hook: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook.answers += [500, 500, 500]
    with caplog.at_level(logging.INFO):
        assert notify([FULL], to(hook), tmp_path, NOW) == []
    assert len(hook.taken) == 3  # tried with growing pauses
    assert "could not be sent to 127.0.0.1: HTTPError" in caplog.text
    assert "s3cret" not in caplog.text + repr(to(hook, mail="smtp://u:s3cret@h"))
    assert "Đĩa sắp đầy" in caplog.text
    assert notify([FULL], to(hook), tmp_path, NOW + dt.timedelta(minutes=1)) == [FULL]


def test_one_broken_channel_does_not_silence_the_other(hook: Any, tmp_path: Path) -> None:
    channels = to(hook, mail="smtp://127.0.0.1:1", recipients=("a@example.vn",))
    assert notify([FULL], channels, tmp_path, NOW) == [FULL]
    assert len(hook.taken) == 1


def test_without_channels_the_log_is_told_once_and_a_broken_ledger_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "alerts.json").write_text("[not json", "utf-8")
    with caplog.at_level(logging.ERROR):
        assert notify([FULL], Channels(), tmp_path, NOW) == [FULL]
        assert notify([FULL], Channels(), tmp_path, NOW) == []
    assert caplog.text.count("Đĩa sắp đầy") == 1


def test_a_subject_is_one_short_line() -> None:
    long = Alert("x", "dòng một\nBcc: kẻ lạ " + "a" * 300, "", "", "/")
    assert "\n" not in subject_of([long])
    assert len(subject_of([long])) < 130
