"""The main job on Salesforce: a whole firm in, each client's rows to that client, an edit in the CRM arrives."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select

from flows.check import check
from flows.hub import Hub
from flows.reconcile import reconcile_source
from flows.sync import sync_source
from hub.settings import Settings, Source
from sandbox import firm, northwind
from sandbox.serve import serving
from sandbox.state import State
from store.tables import Client, Shipment
from warehouse.landing import Landing

TODAY = dt.date(2026, 11, 24)
NORTHWIND = Path(os.environ.get("FRONTDESK_NORTHWIND", Path(__file__).parents[2].parent / "shared/data/northwind"))


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "sandbox.sqlite")


@pytest.fixture
def sandbox(state: State) -> Iterator[str]:
    with serving(state) as address:
        yield address


def salesforce(sandbox: str, **changes: str) -> Source:
    credentials = {
        "domain": "acme.my",
        "client_id": "sandbox-consumer-key",
        "client_secret": "sandbox-consumer-secret",
        "base_url": sandbox,
    }
    return Source(connector="salesforce", **(credentials | changes))


@pytest.fixture
def hub(engine: Engine, sandbox: str, tmp_path: Path) -> Hub:
    settings = Settings(secret_key="x" * 32, sources={"salesforce": salesforce(sandbox)})
    return Hub(settings, engine, Landing(tmp_path / "landing"))


def count(hub: Hub, *where: Any) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(*where)) or 0


def test_the_sample_firm_arrives_whole_and_a_quiet_run_asks_once_per_stream(
    hub: Hub, state: State, sandbox: str
) -> None:
    firm.seed(state, today=TODAY)
    assert [finding.sentence for finding in check(hub) if not finding.ok] == []
    first = sync_source(hub, "salesforce")
    assert {result.state for result in first.streams} == {"done"}
    assert sum(result.held for result in first.streams) == 0
    assert reconcile_source(hub, "salesforce").agrees
    httpx.delete(f"{sandbox}/control/requests")
    quiet = sync_source(hub, "salesforce")
    assert sum(r.added + r.updated + r.removed for r in quiet.streams) == 0
    assert httpx.get(f"{sandbox}/control/requests").json()["count"] == len(quiet.streams) + 1  # and one token


def test_a_shipment_delayed_in_the_crm_is_late_here_after_the_next_sync(hub: Hub, state: State, sandbox: str) -> None:
    firm.seed(state, today=TODAY)
    sync_source(hub, "salesforce")
    with hub.engine.connect() as connection:
        row = connection.execute(select(Shipment).where(Shipment.status == "in_transit").limit(1)).one()
    answer = httpx.post(f"{sandbox}/control/edits/delay-shipment", json={"id": row.external_id, "days": 3})
    answer.raise_for_status()
    summary = sync_source(hub, "salesforce")
    assert sum(result.updated for result in summary.streams) == 1
    with hub.engine.connect() as connection:
        later = connection.scalar(select(Shipment.eta_at).where(Shipment.id == row.id))
    assert later == row.eta_at + dt.timedelta(days=3)


def test_revoked_credentials_are_said_in_one_sentence_and_nothing_is_lost(
    engine: Engine, state: State, sandbox: str, tmp_path: Path
) -> None:
    firm.seed(state, clients=6, today=TODAY)
    wrong = Settings(secret_key="x" * 32, sources={"salesforce": salesforce(sandbox, client_secret="wrong")})
    summary = sync_source(Hub(wrong, engine, Landing(tmp_path / "landing")), "salesforce")
    assert summary.state == "failed"
    assert all(result.error_kind == "NeedsPerson" and result.step for result in summary.streams)
    assert "wrong" not in str(summary)


@pytest.mark.skipif(not NORTHWIND.is_dir(), reason="the Northwind tables stay out of the repository")
def test_a_company_nobody_here_made_up_arrives_with_every_accent(hub: Hub, state: State) -> None:
    northwind.seed(state, NORTHWIND)
    summary = sync_source(hub, "salesforce")
    assert summary.state == "done"
    assert count(hub, Client.id.is_not(None)) == 91
    assert count(hub, Shipment.client_id.is_not(None)) == 830
    assert count(hub, Shipment.shipped_on.is_(None)) == 21
    with hub.engine.connect() as connection:
        names = set(connection.scalars(select(Client.name)))
    assert {"Ana Trujillo Emparedados y helados", "Blondesddsl père et fils", "Folk och fä HB"} <= names
