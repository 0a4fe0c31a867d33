"""A mapping that is taken away: ops are told, `forget` takes what it brought out of sight, and it may come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from flows.forget import forget_stream, left_behind
from flows.hub import Hub
from flows.inbox import drain
from flows.pull import Pull
from flows.status import status
from flows.sync import sync_source
from flows.targeted import read_again, replay
from hub.clock import now
from hub.errors import BadRecord, NeedsPerson, RetryLater
from hub.ids import entity_id
from store.hub_tables import Change, Crosswalk, HeldRecord, Inbox, Lease, Run, StreamState
from store.runs import begin, finish
from store.tables import Client, Invoice


def mapping_of(hub: Hub, stream: str) -> Path:
    assert hub.settings.mappings_path is not None
    return Path(hub.settings.mappings_path) / "model" / f"{stream}.yaml"


def take_away(hub: Hub, stream: str) -> str:
    text = mapping_of(hub, stream).read_text()
    mapping_of(hub, stream).unlink()
    return text


def live(hub: Hub, table: Any = Invoice) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(table.c.deleted_at.is_(None))) or 0


def rows_of(hub: Hub, table: Any, *columns: Any) -> set[tuple[Any, ...]]:
    with hub.engine.connect() as connection:
        return {tuple(row) for row in connection.execute(select(*(columns or table.c)))}


def unreadable(source: Any, *ids: str) -> None:
    for id_ in ids:
        source.put("Invoice", id_, number=id_, day="yesterday", total=1, balance=1, currency="EUR", customer="C1")
    source.save()


def test_what_it_brought_leaves_clients_sight_at_once_and_nobody_is_told(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    unreadable(source, "H1")
    sync_source(hub, "model")
    told = rows_of(hub, Change)
    take_away(hub, "Invoice")
    left = left_behind(hub, "model", "Invoice")
    assert (left.rows, left.held) == ({"invoice": 20}, 1)
    assert forget_stream(hub, "model", "Invoice") == 20
    assert rows_of(hub, Invoice, Invoice.c.deleted_reason) == {("forgotten",)}
    assert live(hub) == 0
    assert live(hub, Client) == 2, "the other streams stay as they are"
    assert rows_of(hub, Change) == told, "nothing has happened at any client's"
    assert None not in {at for (at,) in rows_of(hub, HeldRecord, HeldRecord.c.resolved_at)}
    assert rows_of(hub, StreamState, StreamState.c.stream) == {("Account",), ("Customer",)}
    assert ("forget", "done") in rows_of(hub, Run, Run.c.kind, Run.c.state)
    assert rows_of(hub, Lease) == set()


def test_a_mapping_that_returns_has_all_read_again_and_brings_the_rows_back(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    ids = rows_of(hub, Invoice, Invoice.c.id, Invoice.c.client_id)
    text = take_away(hub, "Invoice")
    forget_stream(hub, "model", "Invoice")
    source.purge("Invoice", "I19")
    source.save()
    mapping_of(hub, "Invoice").write_text(text)
    back = sync_source(hub, "model", ["Invoice"]).streams[0]
    assert (back.state, back.added, back.updated) == ("done", 0, 19), "restored, not new"
    assert rows_of(hub, Invoice, Invoice.c.id, Invoice.c.client_id) == ids
    assert (live(hub), status(hub.engine, hub.known()).streams[-1].state) == (19, "fine")
    assert rows_of(hub, Change) == set()


def test_owner_records_that_are_forgotten_match_nobody_until_they_return(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    text = take_away(hub, "Account")
    forget_stream(hub, "model", "Account")
    accounts = select(func.count()).where(Crosswalk.c.stream == "Account", Crosswalk.c.deleted_at.is_(None))
    with hub.engine.connect() as connection:
        assert connection.scalar(accounts) == 0
    assert live(hub, Client) == 0
    source.put("Customer", "C9", Name="Müller & Söhne")
    source.save()
    sync_source(hub, "model")
    nine = (Crosswalk.c.id == entity_id("model", "Customer", "C9"), Crosswalk.c.client_id)
    with hub.engine.connect() as connection:
        assert connection.scalar(select(nine[1]).where(nine[0])) is None
    mapping_of(hub, "Account").write_text(text)
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        assert connection.scalar(accounts) == 2
        assert connection.scalar(select(nine[1]).where(nine[0])) == entity_id("model", "Account", "A1")
    assert live(hub, Client) == 2


def test_a_stream_that_is_still_read_is_not_forgotten(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    for forgetting in (left_behind, forget_stream):
        with pytest.raises(NeedsPerson) as caught:
            forgetting(hub, "model", "Invoice")
        assert "model Invoice still has a mapping" in caught.value.sentence
        assert "frontdesk.toml" in caught.value.step
    assert live(hub) == 20
    assert rows_of(hub, Lease) == set()


def test_a_mapping_that_cannot_be_read_is_not_taken_for_one_that_is_gone(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping_of(hub, "Invoice").write_text("source: [model")
    with pytest.raises(NeedsPerson, match="this is no YAML"):
        forget_stream(hub, "model", "Invoice")
    assert live(hub) == 20


@pytest.mark.parametrize("what", [("model", "Invoise"), ("modell", "Invoice")])
def test_an_unknown_stream_names_those_that_are_stored(hub: Hub, source: Any, what: tuple[str, str]) -> None:
    sync_source(hub, "model")
    with pytest.raises(NeedsPerson) as caught:
        left_behind(hub, *what)
    assert caught.value.step == "Stored: model Account, model Customer, model Invoice."


def test_what_a_source_brought_that_is_not_configured_any_more_can_be_forgotten(
    make_hub: Callable[..., Hub], source: Any
) -> None:
    hub = make_hub()
    sync_source(hub, "model")
    without = Hub(hub.settings.model_copy(update={"sources": {}}), hub.engine, hub.landing, hub.find_connector)
    assert forget_stream(without, "model", "Invoice") == 20
    assert live(hub) == 0


def test_a_worker_that_is_on_the_stream_is_waited_for(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    take_away(hub, "Invoice")
    with hub.engine.begin() as connection:
        run = begin(connection, "model", ["Invoice"], "targeted")
    with pytest.raises(RetryLater, match="Another worker"):
        forget_stream(hub, "model", "Invoice")
    assert live(hub) == 20
    with hub.engine.begin() as connection:
        finish(connection, run, [], 0)
    assert forget_stream(hub, "model", "Invoice") == 20


def hint(hub: Hub, stream: str | None, external_id: str | None) -> str:
    id_ = f"hint-{stream}-{external_id}"
    values = {"id": id_[:26], "source": "model", "event_id": id_, "stream": stream, "external_id": external_id}
    with hub.engine.begin() as connection:
        connection.execute(insert(Inbox).values(received_at=now(), attempts=0, **values))
    return id_[:26]


def test_hints_that_wait_for_the_stream_wait_no_more(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mine, other = hint(hub, "Invoice", "I01"), hint(hub, "Customer", "C1")
    take_away(hub, "Invoice")
    forget_stream(hub, "model", "Invoice")
    waiting = rows_of(hub, Inbox, Inbox.c.id, Inbox.c.done_at)
    assert {id_ for id_, done_at in waiting if done_at is None} == {other}
    assert mine != other


def test_a_worker_that_has_run_for_long_brings_nothing_back(make_hub: Callable[..., Hub], source: Any) -> None:
    worker, shell = make_hub(), make_hub()
    sync_source(worker, "model")
    take_away(shell, "Invoice")
    forget_stream(shell, "model", "Invoice")
    hint(worker, "Invoice", "I01")
    hint(worker, None, None)
    drain(worker)
    with pytest.raises(NeedsPerson, match="no stream 'Invoice'"):
        read_again(worker, "model", "Invoice", "I01")
    assert live(worker) == 0
    assert rows_of(worker, StreamState, StreamState.c.stream) == {("Account",), ("Customer",)}


def test_a_sync_that_began_before_brings_nothing_back(hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has read its mappings, waits for the store, and gets it when all is forgotten."""
    import flows.sync

    sync_source(hub, "model")
    chosen = flows.sync._chosen

    def late(*given: Any) -> Any:
        found = chosen(*given)
        take_away(hub, "Invoice")
        forget_stream(hub, "model", "Invoice")
        return found

    monkeypatch.setattr(flows.sync, "_chosen", late)
    assert [result.stream for result in sync_source(hub, "model").streams] == ["Account", "Customer"]
    assert live(hub) == 0
    assert rows_of(hub, Lease) == set()


def test_a_held_record_of_a_forgotten_stream_is_not_replayed(hub: Hub, source: Any) -> None:
    unreadable(source, "H1")
    sync_source(hub, "model")
    take_away(hub, "Invoice")
    with pytest.raises(NeedsPerson, match="no stream 'Invoice'"):
        replay(hub, entity_id("model", "Invoice", "H1"))
    forget_stream(hub, "model", "Invoice")
    with pytest.raises(BadRecord, match="not held any more"):
        replay(hub, entity_id("model", "Invoice", "H1"))


def test_one_that_breaks_off_has_changed_nothing(hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sync_source(hub, "model")
    take_away(hub, "Invoice")
    with monkeypatch.context() as broken:
        broken.setattr("store.forgetting.held.release", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget_stream(hub, "model", "Invoice")
    assert live(hub) == 20
    assert ("Invoice",) in rows_of(hub, StreamState, StreamState.c.stream)
    assert forget_stream(hub, "model", "Invoice") == 20


def test_what_was_forgotten_is_no_mass_delete_of_the_source(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.pull.TOGETHER", 1)
    for number in range(80):
        source.put("Invoice", f"M{number:02}", number=f"20{number:02}", day="2026-03-01", total=1, balance=1,
                   currency="EUR", customer="C1")  # fmt: skip
    source.save()
    sync_source(hub, "model")
    for number in range(25):
        source.delete("Invoice", f"M{number:02}")
    source.save()
    assert sync_source(hub, "model").streams[-1].removed == 25
    text = take_away(hub, "Invoice")
    forget_stream(hub, "model", "Invoice")
    mapping_of(hub, "Invoice").write_text(text)
    with monkeypatch.context() as breaking:
        breaking.setattr("flows.pull.Pull._take", for_two_pages(Pull._take))
        assert sync_source(hub, "model", ["Invoice"]).state == "failed"
    assert live(hub) == 14
    for number in range(6):
        source.delete("Invoice", f"I{number:02}")
    source.save()
    assert [(r.state, r.removed) for r in sync_source(hub, "model", ["Invoice"]).streams] == [("done", 6)]


def for_two_pages(take: Any) -> Any:
    def taking(self: Any, page: Any) -> None:
        if self.number == 2:
            raise RetryLater("The source is away.", after=3600)
        take(self, page)

    return taking
