"""A whole run with secrets in every address: not in what is logged, kept or published, whether it ends well or not."""

import base64
import datetime as dt
import io
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from sqlalchemy.engine import URL

from kh02_pipelines.automation.runner import run_catalogue
from kh02_pipelines.client import open_catalogue
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.errors import Kh02Error
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings
from kh02_pipelines.tables.catalogue import CATALOGUE

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

SECRET = "hunter2correcthorse"  # noqa: S105
NOW = dt.datetime(2025, 7, 2, tzinfo=dt.UTC)
CONFIG = """version: 1
sources:
  - {name: office, kind: nso_register, role: old_register, url_env: KH02_OFFICE, date: 2025-06-30}
"""


@pytest.fixture
def office(register_export: pd.DataFrame) -> Iterator[int]:
    """A server that gives the register to who has user, password and token, and nothing to anybody else."""
    data = register_export.to_csv(index=False).encode()
    login = f"Basic {base64.b64encode(f'me:{SECRET}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == login and self.path == f"/dl/{SECRET}?token={SECRET}"
            self.send_response(200 if known else 403)
            self.send_header("Content-Length", str(len(data) if known else 0))
            self.end_headers()
            self.wfile.write(data if known else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def everything(home: Path) -> Iterator[tuple[str, str]]:
    """All that a run has left: the event log as Dagster reads it, every file as it is, Parquet as tables."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        for record in instance.get_runs():
            yield "run", str(record)
            for entry in instance.all_logs(record.run_id):
                yield "event log", dg.serialize_value(entry)
    for path in sorted(home.rglob("*")):
        if path.suffix == ".parquet":
            table = io.BytesIO()
            csv.write_csv(pq.read_table(path, partitioning=None), table)
            yield str(path), table.getvalue().decode()
        elif path.is_file():
            yield str(path), path.read_bytes().decode("latin-1")


def run(settings: Settings) -> tuple[Any, Stores]:
    stores = Stores.from_settings(settings, clock=lambda: NOW)
    return run_catalogue(
        build_defs(settings, stores), settings.dagster_home, None, lambda *_: None, lambda *_: None
    ), stores


def test_runs_and_what_they_publish(
    tmp_path: Path, postgres_url: URL, office: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kh02.yaml").write_text(CONFIG, "utf-8")
    url = postgres_url.update_query_dict({"password": SECRET}).render_as_string(hide_password=False)
    settings = Settings(home=tmp_path / "home", config=tmp_path / "kh02.yaml", database_url=url)
    DatabaseStore(settings.sqlalchemy_url()).upgrade()

    monkeypatch.setenv("KH02_OFFICE", f"http://me:{SECRET}@127.0.0.1:{office}/dl/{SECRET}?token={SECRET}x")
    outcome, _ = run(settings)
    assert not outcome.success
    assert "http://127.0.0.1/***" in outcome.failures[0]
    assert "the server answers 403" in outcome.failures[0]

    monkeypatch.setenv("KH02_OFFICE", f"http://me:{SECRET}@127.0.0.1:{office}/dl/{SECRET}?token={SECRET}")
    outcome, stores = run(settings)
    assert outcome.success, outcome.failures
    catalogue = open_catalogue(url)
    assert "office" in set(catalogue.table("source_file")["source"]), "the register was taken"
    for name in CATALOGUE:
        assert SECRET not in catalogue.table(name).to_csv(), name
    assert SECRET not in catalogue.place + stores.database.display_url
    found = [place for place, text in everything(settings.home_path) if SECRET in text]
    assert found == []
    printed = capfd.readouterr()
    assert SECRET not in printed.out + printed.err


def test_a_run_whose_database_is_away(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / f"{SECRET}.key").write_text("no key")
    url = (
        f"postgresql://w:{SECRET}@127.0.0.1:{port}/d?sslpassword={SECRET}&sslmode=require&sslcert=/dev/null"
        f"&sslkey={tmp_path}/{SECRET}.key"
    )
    settings = Settings(home=tmp_path / "home", database_url=url)
    outcome, _ = run(settings)
    assert not outcome.success
    assert any("the database postgresql+psycopg://w:***@127.0.0.1" in line for line in outcome.failures)
    assert [place for place, text in everything(settings.home_path) if SECRET in text] == []
    with pytest.raises(Exception, match="cannot be read") as error:
        open_catalogue(url)
    assert SECRET not in str(error.value)
    printed = capfd.readouterr()
    assert SECRET not in printed.out + printed.err + str(outcome)


def test_a_misread_address_makes_no_run(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=f"postgresql://w:p@{SECRET}@127.0.0.1/d")
    with pytest.raises(Kh02Error, match="not written as %40") as error:
        run(settings)
    assert SECRET not in str(error.value)
