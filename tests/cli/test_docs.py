"""The documentation is part of the build: its example works, its commands exist, its links lead somewhere."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

import connectors
from cli.app import SUBJECTS
from cli.main import app
from flows.hub import open_hub
from flows.sync import sync_source
from hub.settings import Settings, Source
from store.engine import create_engine
from store.migrate import upgrade
from store.tables import Client, Project

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
NAMED = re.compile(r"^# ((?:connectors|mappings)/\S+)\n", re.MULTILINE)


def blocks(page: Path) -> dict[str, str]:
    """The code blocks of a page that name their file in the first line."""
    found = re.findall(r"```(?:python|yaml)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return {match[1]: block for block in found if (match := NAMED.match(block))}


@contextmanager
def acme(truth: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Acme Time as the page describes it, two records a page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if self.headers["Authorization"] != "Bearer good":
                self.send_error(401)
                return
            rows = [row for row in truth[parts.path[1:]] if row["changed"] >= asked.get("since", "")]
            start = 2 * (int(asked["page"]) - 1)
            following = int(asked["page"]) + 1 if start + 2 < len(rows) else None
            body = {"items": rows[start : start + 2], "next": following, "now": "2026-11-24T09:00:00Z"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def record(id_: str, changed: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "changed": changed, "deleted": False, **fields}


def test_the_example_connector_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in blocks(ROOT / "docs/add-a-connector.md").items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path / "connectors")])
    customers = [record(str(n), "2026-11-02T10:00:00Z", name=f"Client {n}", trade="agency") for n in range(3)]
    projects = [record("p1", "2026-11-03T10:00:00Z", name="Launch", state="open", customer="2", progress=40)]
    url = f"sqlite:///{tmp_path}/store.sqlite"
    engine = create_engine(url)
    upgrade(engine)
    engine.dispose()
    with acme({"customers": customers, "projects": projects}) as address:
        settings = Settings(
            database_url=url,
            landing_url=str(tmp_path / "landing"),
            mappings_path=tmp_path / "mappings",
            secret_key="x" * 32,
            sources={"acme": Source(connector="acme", base_url=address, token="good")},
        )
        with open_hub(settings) as hub:
            first = sync_source(hub, "acme")
            assert [(r.stream, r.state, r.added) for r in first.streams] == [
                ("customers", "done", 3),
                ("projects", "done", 1),
            ]
            assert sum(r.added + r.updated for r in sync_source(hub, "acme").streams) == 0
            projects[0] |= {"changed": "2026-11-04T10:00:00Z", "deleted": True}
            assert {r.stream: r.removed for r in sync_source(hub, "acme").streams} == {"customers": 0, "projects": 1}
            with hub.engine.connect().execution_options(reading=True) as connection:
                launch = connection.execute(
                    select(Project, Client.c.name.label("client")).join(Client, Client.c.id == Project.c.client_id)
                ).one()
    assert (launch.name, launch.status, launch.client) == ("Launch", "active", "Client 2")
    assert launch.deleted_at is not None


OWN = re.compile(r"\b[A-Za-z_]+__c\b")


def test_every_field_that_a_firm_adds_to_its_salesforce_is_listed_and_no_other() -> None:
    read = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "mappings/salesforce").glob("*.yaml"))
    listed = (ROOT / "docs/what-is-read.md").read_text(encoding="utf-8")
    assert set(OWN.findall(listed)) == set(OWN.findall(read))


def commands() -> set[str]:
    """Every command, groups with their own."""
    found = set()
    for info in app.registered_commands:
        assert info.rich_help_panel in SUBJECTS
        found.add(info.name or info.callback.__name__.replace("_", "-"))
    for group in app.registered_groups:
        found |= {
            f"{group.name} {inner.name or inner.callback.__name__}"
            for inner in group.typer_instance.registered_commands
        }
        found.add(group.name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`frontdesk ([a-z][a-z-]*)", page.read_text(encoding="utf-8"))
    assert [name for name in named if name not in commands()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
