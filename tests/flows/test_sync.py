"""What a firm gets from a sync: every record, once, whose it is, and what went wrong in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update

from flows.hub import Hub
from flows.reconcile import reconcile_source
from flows.replay import try_again
from flows.status import status
from flows.sweep import sweep_source
from flows.sync import sync_source
from flows.targeted import read_again, replay
from hub.errors import BadRecord, NeedsPerson, RetryLater
from hub.ids import entity_id
from store import crosswalk
from store.hub_tables import Change, Crosswalk, HeldRecord, Run
from store.merge import Counts
from store.runs import begin
from store.tables import Client, Invoice

MUELLER, ONEILL = entity_id("model", "Account", "A1"), entity_id("model", "Account", "A2")


def rows(hub: Hub, *columns: Any, **where: Any) -> list[Any]:
    with hub.engine.connect() as connection:
        return list(connection.execute(select(*columns).filter_by(**where)))


def invoices(hub: Hub) -> dict[str, tuple[int, str | None]]:
    with hub.engine.connect() as connection:
        found = connection.execute(select(Invoice).where(Invoice.c.deleted_at.is_(None)))
        return {row.external_id: (row.balance_minor, row.client_id) for row in found}


def test_the_first_sync_brings_every_record_to_its_client(hub: Hub, source: Any) -> None:
    summary = sync_source(hub, "model")
    assert summary.state == "done"
    assert {r.stream: (r.added, r.updated, r.held) for r in summary.streams} == {
        "Account": (2, 0, 0), "Customer": (3, 0, 0), "Invoice": (20, 0, 0),
    }  # fmt: skip
    stored = invoices(hub)
    assert set(stored) == set(source.live("Invoice"))
    # I00 is billed to C1, which the CRM names; I01 to C2, which has the client's exact name; I02 to nobody known.
    assert [stored[key][1] for key in ("I00", "I01", "I02")] == [MUELLER, ONEILL, None]
    assert stored["I07"][0] == 700  # 7 euros are 700 cents


def test_a_second_sync_without_changes_changes_nothing_and_asks_once_a_stream(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    summary = sync_source(hub, "model")
    changed = [(r.added, r.updated, r.removed) for r in summary.streams]
    assert changed == [(0, 0, 0)] * 3
    assert summary.requests == 3


def test_a_change_arrives_and_is_recorded_once(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    assert rows(hub, func.count(Change.c.seq)) == [(0,)], "a first load notifies nobody"
    source.put("Invoice", "I03", number="1003", day="2026-03-01", total=103, balance=0, currency="EUR", customer="C1")
    source.save()
    for _ in range(2):
        sync_source(hub, "model")
    assert invoices(hub)["I03"] == (0, MUELLER)
    found = rows(hub, Change.c.kind, Change.c.entity, Change.c.client_id, Change.c.before)
    assert found == [("updated", "invoice", MUELLER, {"balance_minor": 300})]


def test_a_touch_without_a_change_tells_nobody(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    same = {k: v for k, v in source.rows["Invoice"]["I03"].items() if k not in {"Id", "at", "n"}}
    source.put("Invoice", "I03", **same)
    source.save()
    summary = sync_source(hub, "model")
    assert summary.streams[-1].updated == 0
    assert rows(hub, func.count(Change.c.seq)) == [(0,)]


def test_deletes_are_truth_and_a_restored_record_is_the_same_row(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.delete("Invoice", "I05")
    source.save()
    assert sync_source(hub, "model").streams[-1].removed == 1
    assert "I05" not in invoices(hub)
    source.put("Invoice", "I05", number="1005", day="2026-03-01", total=105, balance=5, currency="EUR", customer="C3")
    source.save()
    sync_source(hub, "model")
    assert "I05" in invoices(hub)
    assert [kind for (kind,) in rows(hub, Change.c.kind)] == ["removed", "restored"]


def test_what_a_delete_feed_never_tells_is_found_by_the_sweep(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I09")
    source.save()
    sync_source(hub, "model")
    assert "I09" in invoices(hub)
    assert not reconcile_source(hub, "model").agrees
    sweep_source(hub, "model")
    assert "I09" not in invoices(hub)
    assert reconcile_source(hub, "model").agrees


def test_a_source_that_shows_nothing_takes_nothing_away(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.rows["Invoice"] = {}
    source.save()
    held = {r.stream: r for r in sweep_source(hub, "model")}["Invoice"]
    assert held.state == "held"
    assert "shows no record of Invoice" in (held.sentence or "")
    assert len(invoices(hub)) == 20
    sweep_source(hub, "model", let_through=True)
    assert invoices(hub) == {}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"day": "03/01/2026"}, "bad_date"),
        ({"total": "a lot"}, "bad_amount"),
        ({"currency": "EURO"}, "bad_currency"),
        ({"number": "a\0b"}, "null_byte"),
        ({"number": "half \ud83d"}, "bad_text"),
        ({"number": "x" * 5_000_000}, "too_long"),
        ({"day": None}, "missing"),
        ({"total": True}, "bad_amount"),
        ({"at": "yesterday"}, "bad_instant"),
        ({"Id": ""}, "no_id"),
    ],
)
def test_a_bad_record_is_kept_with_its_reason_and_the_others_go_on(
    hub: Hub, source: Any, bad: dict[str, Any], reason: str
) -> None:
    good = {"number": "77", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR", "customer": "C1"}
    source.put("Invoice", "I77", **good)
    source.rows["Invoice"]["I77"] |= bad
    source.save()
    summary = sync_source(hub, "model")
    assert summary.state == "done"
    assert (summary.streams[-1].added, summary.streams[-1].held) == (20, 1)
    [held] = rows(hub, HeldRecord.c.reason, HeldRecord.c.sentence, HeldRecord.c.client_id, HeldRecord.c.payload)
    assert held.reason == reason
    assert len(held.sentence) < 300
    assert held.client_id == (None if reason == "no_id" else MUELLER)

    if reason == "no_id":
        return
    assert read_again(hub, "model", "Invoice", "I77").held == 1
    with pytest.raises(BadRecord, match="still cannot be taken"):
        replay(hub, entity_id("model", "Invoice", "I77"))
    source.put("Invoice", "I77", **good)
    source.save()
    sync_source(hub, "model")
    assert "I77" in invoices(hub)
    assert rows(hub, HeldRecord.c.id, resolved_at=None) == []


def test_a_held_record_is_replayed_once_its_mapping_takes_it(
    hub: Hub, source: Any, make_hub: Callable[..., Hub]
) -> None:
    source.put("Invoice", "I77", number="n" * 50, day="2026-03-01", total=7, balance=7, currency="EUR", customer="C1")
    source.save()
    sync_source(hub, "model")
    [held] = rows(hub, HeldRecord.c.id)
    with pytest.raises(BadRecord, match="still cannot be taken"):
        replay(hub, held.id)
    file = hub.settings.mappings_path
    assert file is not None
    mapping = file / "model" / "Invoice.yaml"
    text = mapping.read_text().replace("number: number", "memo: number")
    mended = make_hub()
    mapping.write_text(text)
    assert replay(mended, held.id).added == 1
    assert "I77" in invoices(hub)


def test_a_record_held_for_want_of_an_id_is_held_no_more_once_it_was_replayed(
    hub: Hub, source: Any, make_hub: Callable[..., Hub]
) -> None:
    source.put("Invoice", None, number="1077", day="2026-03-01", total=7, balance=7, currency="EUR", customer="C1")
    source.save()
    sync_source(hub, "model")
    [held] = rows(hub, HeldRecord.c.id, reason="no_id")
    file = hub.settings.mappings_path
    assert file is not None
    mapping = file / "model" / "Invoice.yaml"
    text = mapping.read_text()
    mended = make_hub()
    mapping.write_text(text.replace("key: Id", "key: number"))
    assert replay(mended, held.id).added == 1
    assert "1077" in invoices(hub)
    assert rows(hub, HeldRecord.c.id, resolved_at=None) == []


def test_held_records_are_tried_one_after_another_and_each_says_how_it_went(hub: Hub, source: Any) -> None:
    source.put("Invoice", "I77", number="n" * 50, day="2026-03-01", total=7, balance=7, currency="EUR", customer="C1")
    source.put("Invoice", "I78", number="n" * 50, day="2026-03-01", total=8, balance=8, currency="EUR", customer="C1")
    source.save()
    sync_source(hub, "model")
    first, second = (entity_id("model", "Invoice", external) for external in ("I77", "I78"))
    with hub.engine.begin() as connection:
        connection.execute(update(HeldRecord).where(HeldRecord.c.id == first).values(payload=_mended(source, "I77")))
    assert [(one.id, one.state) for one in try_again(hub, [first, second, first, "0" * 26])] == [
        (first, "taken"), (second, "held"), (first, "gone"), ("0" * 26, "gone"),
    ]  # fmt: skip
    with hub.engine.begin() as connection:
        begin(connection, "model", ["Invoice"], "sync")
    assert [one.state for one in try_again(hub, [second])] == ["busy"]


def _mended(source: Any, external_id: str) -> str:
    return orjson.dumps({**source.rows["Invoice"][external_id], "number": "1077"}).decode()


def test_the_same_record_twice_on_a_page_counts_once_and_the_last_one_wins(hub: Hub, source: Any) -> None:
    twin = dict(source.rows["Invoice"]["I19"], balance=3)
    source.rows["Invoice"]["I19x"] = twin
    source.save()
    sync_source(hub, "model")
    assert invoices(hub)["I19"][0] in {300, 1900}
    assert len(invoices(hub)) == 20


@pytest.mark.parametrize("together", [1, 10_000], ids=["a transaction a page", "one transaction"])
def test_a_record_that_comes_on_two_pages_of_a_first_load_is_stored_once_as_it_came_last(
    hub: Hub, source: Any, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.pull.TOGETHER", together)
    source.put("Invoice", "later", **{**source.rows["Invoice"]["I00"], "n": 999, "balance": 77})
    source.save()
    summary = sync_source(hub, "model")
    assert (summary.state, len(invoices(hub)), invoices(hub)["I00"][0]) == ("done", 20, 7700)
    counted = next(stream for stream in summary.streams if stream.stream == "Invoice")
    assert (counted.seen, counted.added, counted.updated) == (21, 20, 1)


@pytest.mark.parametrize(("limit", "transactions"), [(64_000_000, 1), (1, 3)], ids=["short records", "long records"])
def test_long_records_do_not_pile_up_in_memory_until_they_are_many(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch, limit: int, transactions: int
) -> None:
    monkeypatch.setattr("flows.pull.TOGETHER_BYTES", limit)
    stored: list[int] = []

    def note(stream: str, counts: Counts) -> None:
        if stream == "Invoice":
            stored.append(counts.seen)

    sync_source(hub, "model", progress=note)
    assert (len(stored), stored[-1]) == (transactions, 20)


def test_nobody_sees_a_record_whose_owner_is_not_known_until_ops_link_it(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    stray = entity_id("model", "Customer", "C3")
    assert status(hub.engine).unmatched == 1
    with hub.engine.begin() as connection:
        assert crosswalk.link(connection, stray, ONEILL, "ops@firm.example")
    assert invoices(hub)["I02"][1] == ONEILL
    source.put("Customer", "C3", Name="Renamed")
    source.save()
    sync_source(hub, "model")
    assert invoices(hub)["I02"][1] == ONEILL, "what a person decided stays decided"


def test_two_clients_with_one_name_are_ambiguous_and_stay_invisible(hub: Hub, source: Any) -> None:
    source.put("Account", "A3", Name="O’Neill".replace("’", "'"), customer=None)
    source.save()
    sync_source(hub, "model")
    [(client, evidence)] = rows(hub, Crosswalk.c.client_id, Crosswalk.c.evidence, external_id="C2")
    assert client is None
    assert "2 clients" in evidence
    assert invoices(hub)["I01"][1] is None


def test_when_the_crm_corrects_whose_a_customer_is_every_row_follows(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Account", "A1", Name="Müller & Söhne", customer=None)
    source.put("Account", "A2", Name="O'Neill", customer="C1")
    source.save()
    sync_source(hub, "model")
    assert invoices(hub)["I00"][1] == ONEILL


def test_a_sub_customer_belongs_to_its_parents_client(hub: Hub, source: Any) -> None:
    source.put("Customer", "C0", Name="Branch", parent="C1")
    source.put("Invoice", "I50", number="50", day="2026-03-01", total=1, balance=1, currency="EUR", customer="C0")
    source.save()
    sync_source(hub, "model")
    assert invoices(hub)["I50"][1] == MUELLER


def test_a_source_that_asks_for_patience_gets_it(source: Any, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub([RetryLater("busy", after=0), RetryLater("busy", after=0)])
    assert sync_source(hub, "model").state == "done"
    assert len(invoices(hub)) == 20


def test_a_source_that_stays_away_fails_its_stream_in_plain_words(source: Any, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub([RetryLater("The model does not answer.", after=3600, step="Wait.")])
    summary = sync_source(hub, "model")
    assert [r.state for r in summary.streams] == ["failed", "done", "done"]
    assert summary.state == "partly"
    [failed] = [s for s in status(hub.engine).streams if s.state == "failed"]
    assert (failed.stream, failed.error, failed.step) == ("Account", "The model does not answer.", "Wait.")
    assert sync_source(hub, "model").state == "done"
    assert not [s for s in status(hub.engine).streams if s.error]


def test_an_unexpected_defect_in_one_stream_leaves_the_others_alone(source: Any, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub([ZeroDivisionError("a bug")])
    summary = sync_source(hub, "model")
    assert [r.state for r in summary.streams] == ["failed", "done", "done"]
    assert "ZeroDivisionError" in (summary.streams[0].sentence or "")


def test_two_workers_never_pull_the_same_stream(hub: Hub, source: Any) -> None:
    from store.runs import begin, finish

    with hub.engine.begin() as connection:
        other = begin(connection, "model", ["Invoice"])
    summary = sync_source(hub, "model")
    assert {r.stream: r.state for r in summary.streams} == {"Account": "done", "Customer": "done", "Invoice": "busy"}
    with hub.engine.begin() as connection:
        finish(connection, other, [], 0)
    assert sync_source(hub, "model").state == "done"


def test_a_worker_that_lost_its_stream_does_not_move_its_cursor(hub: Hub, source: Any) -> None:
    from dataclasses import replace

    from sqlalchemy import delete

    from store.hub_tables import Lease, StreamState
    from store.runs import StreamResult, begin, finish

    sync_source(hub, "model")
    before = rows(hub, StreamState.c.cursor, stream="Invoice")
    with hub.engine.begin() as connection:
        slow = begin(connection, "model", ["Invoice"])
        connection.execute(delete(Lease))
    late = replace(StreamResult("Invoice", "done", 0, 0, 0, 0, 0, 0, 0.0), cursor={"n": 1, "id": "I00"})
    with hub.engine.begin() as connection:
        finish(connection, slow, [late], 0)
    assert rows(hub, StreamState.c.cursor, stream="Invoice") == before


def test_a_targeted_read_waits_while_another_worker_has_the_stream(hub: Hub, source: Any) -> None:
    from store.runs import begin

    sync_source(hub, "model")
    with hub.engine.begin() as connection:
        begin(connection, "model", ["Invoice"])
    with pytest.raises(RetryLater, match="Another worker is reading"):
        read_again(hub, "model", "Invoice", "I03")


def test_a_dead_workers_lease_is_taken_over_at_once(hub: Hub, source: Any) -> None:
    from sqlalchemy import update

    from store.hub_tables import Lease
    from store.runs import begin, holder

    with hub.engine.begin() as connection:
        dead = begin(connection, "model", ["Invoice"])
        host = holder().rpartition(":")[0]
        connection.execute(update(Lease).values(holder=f"{host}:4194304"))
    assert sync_source(hub, "model").state == "done"
    assert rows(hub, Run.c.state, id=dead.id) == [("died",)]


def test_a_webhooks_targeted_read_brings_one_record_now(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Invoice", "I03", number="1003", day="2026-03-01", total=103, balance=0, currency="EUR", customer="C1")
    source.save()
    assert read_again(hub, "model", "Invoice", "I03").updated == 1
    assert invoices(hub)["I03"][0] == 0
    source.delete("Invoice", "I03")
    source.save()
    assert read_again(hub, "model", "Invoice", "I03").removed == 1


def test_a_full_sync_reads_again_and_sweeps(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I09")
    source.save()
    summary = sync_source(hub, "model", ["Invoice"], full=True)
    assert (summary.streams[0].seen, summary.streams[0].unchanged, summary.streams[0].removed) == (19, 19, 1)


def test_an_unknown_stream_is_refused_by_name(hub: Hub, source: Any) -> None:
    with pytest.raises(NeedsPerson, match="no stream 'Invoces'"):
        sync_source(hub, "model", ["Invoces"])


def test_every_row_opens_to_the_bytes_it_came_from(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    [(batch,)] = rows(hub, Invoice.c.batch, external_id="I03")
    assert b'"Id":"I03"' in hub.landing.read(batch)
    assert rows(hub, Client.c.batch, external_id="A1")[0].batch.startswith("model/Account/")
