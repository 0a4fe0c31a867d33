"""The main job: three real systems in, each client's rows to that client, an edit arrives, a fault loses nothing."""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, func, select

from flows.check import check
from flows.hub import Hub
from flows.reconcile import reconcile_source
from flows.sync import sync_source
from hub.settings import Settings, Source
from portal_api.queries import statement
from portal_api.statement import ledger_of
from sandbox import firm, northwind
from sandbox.serve import serving
from sandbox.state import State
from store.hub_tables import Crosswalk
from store.scope import Reader, Scope
from store.tables import BillingAccount, Client, Document, Invoice, Shipment
from warehouse.landing import Landing

TODAY = dt.date(2026, 11, 24)
NORTHWIND = Path(os.environ.get("FRONTDESK_NORTHWIND", Path(__file__).parents[2].parent / "shared/data/northwind"))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample firm in a file, made once."""
    path = tmp_path_factory.mktemp("firm") / "sandbox.sqlite"
    made = State(path)
    firm.seed(made, today=TODAY)
    made.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    return path


@pytest.fixture
def state(request: pytest.FixtureRequest, tmp_path: Path) -> State:
    """A sandbox of the test's own, holding the sample firm unless the test is about another company."""
    path = tmp_path / "sandbox.sqlite"
    if "nobody_here" not in request.node.name:
        shutil.copy(request.getfixturevalue("seeded"), path)
    return State(path)


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


def sources(sandbox: str) -> dict[str, Source]:
    key = httpx.get(f"{sandbox}/control/google/service-account.json").text
    return {
        "salesforce": salesforce(sandbox),
        "quickbooks": Source(
            connector="quickbooks",
            base_url=sandbox,
            client_id="sandbox-qbo-client",
            client_secret="sandbox-qbo-secret",
            realm_id="4620816365179422850",
            refresh_token="sandbox-refresh-0",
        ),
        "google_drive": Source(
            connector="google_drive",
            base_url=sandbox,
            service_account_json=key,
            subject="hub@sandbox.example",
            root_folder_id="fld-clients",
        ),
    }


@pytest.fixture
def hub(engine: Engine, sandbox: str, tmp_path: Path) -> Hub:
    settings = Settings(secret_key="x" * 32, sources=sources(sandbox))
    return Hub(settings, engine, Landing(tmp_path / "landing"))


def count(hub: Hub, *where: Any) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(*where)) or 0


SYSTEMS = ("salesforce", "quickbooks", "google_drive")


def test_the_sample_firm_arrives_whole_and_a_quiet_run_asks_once_a_stream_at_most(
    hub: Hub, state: State, sandbox: str
) -> None:
    assert [finding.sentence for finding in check(hub) if not finding.ok] == []
    for source in SYSTEMS:
        first = sync_source(hub, source)
        assert {result.state for result in first.streams} == {"done"}
        assert sum(result.held for result in first.streams) == 0
        assert reconcile_source(hub, source).agrees
    stored = list[str]()
    event.listen(hub.engine, "commit", lambda _: stored.append(source))
    for source in SYSTEMS:
        httpx.delete(f"{sandbox}/control/requests")
        quiet = sync_source(hub, source)
        assert stored.count(source) == 2, "the run began, and it ended"
        assert sum(r.added + r.updated + r.removed for r in quiet.streams) == 0
        assert httpx.get(f"{sandbox}/control/requests").json()["count"] <= len(quiet.streams) + 1  # and one token


def test_an_invoice_paid_and_a_file_saved_again_are_so_here_after_the_next_sync(
    hub: Hub, state: State, sandbox: str
) -> None:
    for source in SYSTEMS:
        sync_source(hub, source)
    with hub.engine.connect() as connection:
        bill = connection.execute(select(Invoice).where(Invoice.c.balance_minor > 0).limit(1)).one()
        file = connection.execute(select(Document).where(Document.c.media_type == "application/pdf").limit(1)).one()
    httpx.post(f"{sandbox}/control/edits/pay-invoice", json={"id": bill.external_id}).raise_for_status()
    httpx.post(f"{sandbox}/control/edits/new-version", json={"id": file.external_id}).raise_for_status()
    for source in SYSTEMS:
        sync_source(hub, source)
    with hub.engine.connect() as connection:
        assert connection.scalar(select(Invoice.c.balance_minor).where(Invoice.c.id == bill.id)) == 0
        assert connection.scalar(select(Document.c.revision).where(Document.c.id == file.id)) != file.revision


def test_whatever_is_not_matched_belongs_to_nobody(hub: Hub, state: State) -> None:
    for source in reversed(SYSTEMS):
        sync_source(hub, source)
    clients = select(Client.c.id)
    assert count(hub, Invoice.c.client_id.is_not(None), Invoice.c.client_id.not_in(clients)) == 0
    for table in (Invoice, Document):
        rows = count(hub, table.c.id.is_not(None))
        assert 0 < count(hub, table.c.client_id.is_(None)) < rows / 5, "the sample firm has a few strays of each kind"


@pytest.mark.parametrize("source", SYSTEMS)
@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "html_body", "cut_connection", "expired_token"])
def test_a_fault_on_the_way_loses_nothing(hub: Hub, state: State, sandbox: str, source: str, fault: str) -> None:
    struck = {"fault": fault, "vendor": source, "times": 1, "after": 2, "retry_after": 0}
    httpx.post(f"{sandbox}/control/faults", json=struck).raise_for_status()
    sync_source(hub, source)
    httpx.delete(f"{sandbox}/control/faults")
    assert sync_source(hub, source).state == "done"
    assert reconcile_source(hub, source).agrees


def test_what_commits_late_while_a_long_transaction_runs_is_not_lost(hub: Hub, state: State, sandbox: str) -> None:
    httpx.post(f"{sandbox}/control/salesforce/covered", json={"seconds": 7200}).raise_for_status()
    sync_source(hub, "salesforce")
    late = {"kind": "Account", "seconds": 300, "fields": {"Name": "Late & Sons"}}
    httpx.post(f"{sandbox}/control/edits/late-commit", json=late).raise_for_status()
    sync_source(hub, "salesforce")
    assert count(hub, Client.c.name == "Late & Sons") == 1
    assert reconcile_source(hub, "salesforce").agrees


def test_a_full_disk_is_said_and_the_next_run_goes_on(hub: Hub, state: State, monkeypatch: pytest.MonkeyPatch) -> None:

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        summary = sync_source(hub, "salesforce")
    assert summary.state == "failed"
    assert "is full; nothing was stored" in (summary.streams[0].sentence or "")
    assert count(hub, Client.c.id.is_not(None)) == 0
    assert sync_source(hub, "salesforce").state == "done"
    assert reconcile_source(hub, "salesforce").agrees


def test_an_unreachable_source_is_said_and_the_others_go_on(hub: Hub, state: State, sandbox: str) -> None:
    away = dict(hub.settings.sources) | {"salesforce": salesforce("http://127.0.0.1:9")}
    broken = Hub(hub.settings.model_copy(update={"sources": away}), hub.engine, hub.landing)
    summary = sync_source(broken, "salesforce")
    assert summary.state == "failed"
    assert all(result.error_kind == "RetryLater" and result.sentence for result in summary.streams)
    assert sync_source(broken, "quickbooks").state == "done"


def test_a_shipment_delayed_in_the_crm_is_late_here_after_the_next_sync(hub: Hub, state: State, sandbox: str) -> None:
    sync_source(hub, "salesforce")
    with hub.engine.connect() as connection:
        row = connection.execute(select(Shipment).where(Shipment.c.status == "in_transit").limit(1)).one()
    answer = httpx.post(f"{sandbox}/control/edits/delay-shipment", json={"id": row.external_id, "days": 3})
    answer.raise_for_status()
    summary = sync_source(hub, "salesforce")
    assert sum(result.updated for result in summary.streams) == 1
    with hub.engine.connect() as connection:
        later = connection.scalar(select(Shipment.c.eta_at).where(Shipment.c.id == row.id))
    assert later == row.eta_at + dt.timedelta(days=3)


def test_accounts_merged_in_the_crm_are_one_client_here_after_the_next_sync(
    hub: Hub, state: State, sandbox: str
) -> None:
    sync_source(hub, "salesforce")
    with hub.engine.connect() as connection:
        some = select(Shipment.c.client_id).where(Shipment.c.deleted_at.is_(None)).distinct()
        master, loser = connection.execute(select(Client).where(Client.c.id.in_(some)).order_by(Client.c.id).limit(2))
    whose = [Shipment.c.client_id == client.id for client in (master, loser)]
    mine, theirs = (count(hub, condition) for condition in whose)
    merge = {"id": master.external_id, "loser": loser.external_id}
    httpx.post(f"{sandbox}/control/edits/merge-accounts", json=merge).raise_for_status()
    sync_source(hub, "salesforce")
    assert [count(hub, condition) for condition in whose] == [mine + theirs, 0]
    assert count(hub, Client.c.id == loser.id, Client.c.deleted_at.is_not(None)) == 1
    assert reconcile_source(hub, "salesforce").agrees


def test_revoked_credentials_are_said_in_one_sentence_and_nothing_is_lost(
    engine: Engine, state: State, sandbox: str, tmp_path: Path
) -> None:
    wrong = Settings(secret_key="x" * 32, sources={"salesforce": salesforce(sandbox, client_secret="wrong")})
    summary = sync_source(Hub(wrong, engine, Landing(tmp_path / "landing")), "salesforce")
    assert summary.state == "failed"
    assert all(result.error_kind == "NeedsPerson" and result.step for result in summary.streams)
    assert "wrong" not in str(summary)


def test_a_customer_who_is_made_inactive_keeps_the_invoices_at_the_client(hub: Hub, state: State, sandbox: str) -> None:
    # The vendor writes " (deleted)" behind the name; this customer is matched by name alone.
    for source in SYSTEMS:
        sync_source(hub, source)
    with hub.engine.connect() as connection:
        known = connection.execute(
            select(Crosswalk).where(Crosswalk.c.rule == "name", Crosswalk.c.source == SYSTEMS[1])
        )
        customer = known.one()
    theirs = (Invoice.c.owner_id == customer.id, Invoice.c.client_id == customer.client_id)
    assert (before := count(hub, *theirs)) > 0
    with hub.engine.connect() as connection:
        unpaid = connection.scalars(select(Invoice.c.external_id).where(*theirs, Invoice.c.balance_minor > 0)).all()
    for invoice in unpaid:  # who owes something cannot be made inactive
        httpx.post(f"{sandbox}/control/edits/pay-invoice", json={"id": invoice}).raise_for_status()
    gone = {"vendor": SYSTEMS[1], "kind": "Customer", "id": customer.external_id}
    httpx.post(f"{sandbox}/control/edits/delete", json=gone).raise_for_status()
    sync_source(hub, SYSTEMS[1])
    assert count(hub, *theirs) == before
    with hub.engine.connect() as connection:
        shown = connection.execute(select(BillingAccount).where(BillingAccount.c.id == customer.id)).one()
    assert (shown.active, "deleted" in shown.name) == (False, False)


@pytest.mark.skipif(not NORTHWIND.is_dir(), reason="the Northwind tables stay out of the repository")
def test_a_company_nobody_here_made_up_arrives_with_every_accent(hub: Hub, state: State) -> None:
    northwind.seed(state, NORTHWIND)
    for source in SYSTEMS:
        assert sync_source(hub, source).state == "done"
    assert count(hub, Invoice.c.client_id.is_not(None)) == 830
    assert count(hub, Client.c.id.is_not(None)) == 91
    assert count(hub, Shipment.c.client_id.is_not(None)) == 830
    assert count(hub, Shipment.c.shipped_on.is_(None)) == 21
    with hub.engine.connect() as connection:
        names = set(connection.scalars(select(Client.c.name)))
    assert {"Ana Trujillo Emparedados y helados", "Blondesddsl père et fils", "Folk och fä HB"} <= names


def test_the_lines_of_every_invoice_add_up_to_what_it_comes_to(hub: Hub, state: State) -> None:
    for source in SYSTEMS[:2]:
        sync_source(hub, source)
    with hub.engine.connect() as connection:
        bills = connection.execute(select(Invoice).where(Invoice.c.voided.is_not(True), Invoice.c.lines.is_not(None)))
        found = [(sum(line["amount_minor"] or 0 for line in bill.lines), bill) for bill in bills]
    assert any(line["amount_minor"] < 0 for _, bill in found for line in bill.lines if line["amount_minor"])
    assert [bill.number for lines, bill in found if lines + (bill.tax_minor or 0) != bill.total_minor] == []


def test_a_statement_closes_with_what_there_is_to_pay_deposits_included(hub: Hub, state: State) -> None:
    for source in SYSTEMS[:2]:
        sync_source(hub, source)
    with hub.engine.connect() as connection:
        mine = Invoice.c.client_id.is_not(None)
        bill = connection.execute(select(Invoice).where(Invoice.c.balance_minor > 100_00, mine).limit(1)).one()
    found = state.get("quickbooks", "Invoice", bill.external_id)
    assert found is not None
    ahead = {"Deposit": 50.0, "Balance": found.body["Balance"] - 50.0}
    state.put("quickbooks", "Invoice", bill.external_id, {**found.body, **ahead})
    sync_source(hub, "quickbooks")
    wrong, ahead_of = [], 0
    with hub.engine.connect() as connection:
        for client in connection.scalars(select(Client.c.id).where(Client.c.deleted_at.is_(None))):
            reader = Reader(connection, Scope(client, None, "owner", "session"))
            lists = reader.bundle(statement.PAGE, first=dt.date(1, 1, 1), last=dt.date(9999, 1, 1))
            for account in ledger_of(lists, TODAY):
                wrong += [account] if account.closing_minor != account.due_minor else []
                ahead_of += sum(line.movement.kind == "deposit" for line in account.lines)
    assert (wrong, ahead_of) == ([], 1)
