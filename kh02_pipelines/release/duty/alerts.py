"""Telling people: what is an alert, which are due, and sending them by mail and webhook.

Belongs here: the alert, the ledger of what was told, the two channels. Does not belong here: when to look (the sensor
``automation.duty_sensor`` and ``kh02 doctor --alert``), or what is wrong (``problems``). Everything is also logged. An
alert is told once, again every day while it lasts, and anew when it comes back. An address may hold a password: faults
name the host alone.
"""

import datetime as dt
import json
import logging
import smtplib
import ssl
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from kh02_pipelines.release.duty.status import Status
from kh02_pipelines.release.files.durable import write_json

AGAIN = dt.timedelta(days=1)
SECONDS = 20
LEDGER = "alerts.json"

log = logging.getLogger("kh02.alerts")


@dataclass(frozen=True)
class Alert:
    """Something to tell. ``key``: what makes two alerts the same; ``link``: a path on the UI's web server."""

    key: str
    vi: str
    en: str
    remedy: str
    link: str


@dataclass(frozen=True)
class Channels:
    """Where alerts go. ``mail``: ``smtp://``, ``smtps://`` or ``smtp+starttls://user:password@host:port``."""

    mail: str = field(default="", repr=False)
    sender: str = ""
    recipients: tuple[str, ...] = ()
    webhook: str = field(default="", repr=False)
    ui: str = "http://localhost:3000"
    retry_seconds: float = 1.0


def alerts_of(status: Status) -> list[Alert]:
    """One alert for each problem of the status; a new failed run is a new alert."""
    run = status.facts.instance.last_run if status.facts.instance else None
    return [
        Alert(
            f"{problem.code}:{run.run_id}" if problem.code == "last_run_failed" and run else problem.code,
            problem.vi,
            problem.en,
            problem.remedy,
            problem.link,
        )
        for problem in status.problems
    ]


def notify(alerts: Iterable[Alert], channels: Channels, folder: Path, now: dt.datetime) -> list[Alert]:
    """Send what is due, all in one message, and note it in the ledger in ``folder``; returns what was sent.

    What no channel took is due again at the next look. A ledger that cannot be read is begun anew: twice is better
    than not at all.
    """
    standing = {alert.key: alert for alert in alerts}
    told = {key: when for key, when in _read(folder / LEDGER).items() if key in standing}
    due = [alert for key, alert in standing.items() if key not in told or now - told[key] >= AGAIN]
    for alert in due:
        log.error("%s · %s; remedy: %s", alert.vi, alert.en, alert.remedy)
    if due and _sent(due, channels):
        told |= {alert.key: now for alert in due}
    else:
        due = []
    if told != _read(folder / LEDGER):
        write_json(folder / LEDGER, {key: when.isoformat() for key, when in told.items()})
    return due


def text_of(alerts: Sequence[Alert], ui: str) -> str:
    """The message: Vietnamese, then English, the remedy and the link of each."""
    return "\n\n".join(
        f"{alert.vi}\n{alert.en}\nKhắc phục · Remedy: {alert.remedy}\n{ui.rstrip('/')}{alert.link}" for alert in alerts
    )


def subject_of(alerts: Sequence[Alert]) -> str:
    """The first alert in Vietnamese, and how many others there are."""
    more = f" (+{len(alerts) - 1})" if len(alerts) > 1 else ""
    return f"KH02: {' '.join(alerts[0].vi.split())[:120]}{more}"


def _sent(alerts: Sequence[Alert], channels: Channels) -> bool:
    """Whether a channel took the message; without any channel the log is what there is."""
    ways: list[tuple[str, Callable[[Sequence[Alert], Channels], None]]] = []
    ways += [(channels.mail, _mail)] if channels.mail and channels.recipients else []
    ways += [(channels.webhook, _post)] if channels.webhook else []
    taken = not ways
    for address, send in ways:
        try:
            retrying = Retrying(
                stop=stop_after_attempt(3),
                wait=wait_exponential(multiplier=channels.retry_seconds),
                retry=retry_if_exception_type(OSError),
                reraise=True,
            )
            retrying(send, alerts, channels)
            taken = True
        except (OSError, ValueError, smtplib.SMTPException) as error:
            log.error("alerts could not be sent to %s: %s", urlsplit(address).hostname, type(error).__name__)
    return taken


def _mail(alerts: Sequence[Alert], channels: Channels) -> None:
    place = urlsplit(channels.mail)
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        subject_of(alerts),
        channels.sender or "kh02@localhost",
        ", ".join(channels.recipients),
    )
    message.set_content(text_of(alerts, channels.ui))
    secure = ssl.create_default_context()
    host = place.hostname or "localhost"
    with (
        smtplib.SMTP_SSL(host, place.port or 465, timeout=SECONDS, context=secure)
        if place.scheme == "smtps"
        else smtplib.SMTP(host, place.port or 25, timeout=SECONDS)
    ) as server:
        if place.scheme == "smtp+starttls":
            server.starttls(context=secure)
        if place.username:
            server.login(unquote(place.username), unquote(place.password or ""))
        server.send_message(message)


def _post(alerts: Sequence[Alert], channels: Channels) -> None:
    body = {"text": text_of(alerts, channels.ui), "alerts": [asdict(alert) for alert in alerts]}
    if urlsplit(channels.webhook).scheme not in ("http", "https"):
        raise ValueError("a webhook is an http or https address")
    request = urllib.request.Request(  # noqa: S310
        channels.webhook, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310


def _read(ledger: Path) -> dict[str, dt.datetime]:
    try:
        return {
            str(key): dt.datetime.fromisoformat(when) for key, when in json.loads(ledger.read_text("utf-8")).items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
