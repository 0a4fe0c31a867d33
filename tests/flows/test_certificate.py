"""The certificate: every kind of difference between a source and our copy is named, and none where there is none."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from flows.compare import StreamCertificate, Total
from flows.hub import Hub
from flows.reconcile import reconcile_source
from flows.status import status
from flows.sync import sync_source
from hub.clock import now
from hub.errors import NeedsPerson, RetryLater
from hub.ids import entity_id
from store.certificates import NAMED, last
from store.hub_tables import Certificate, HeldRecord, StreamState
from store.live import contents
from store.tables import BillingAccount, Client, Invoice


@pytest.fixture
def synced(hub: Hub, source: Any) -> Hub:
    sync_source(hub, "model")
    return hub


def compared(hub: Hub, stream: str = "Invoice") -> StreamCertificate:
    return next(one for one in reconcile_source(hub, "model").streams if one.stream == stream)


def write(hub: Hub, statement: Any) -> None:
    with hub.engine.begin() as connection:
        assert connection.execute(statement).rowcount


def same_hash(hub: Hub, **values: Any) -> None:
    """Something wrote into the store what no source ever said, and left the hash as it was."""
    write(hub, update(Invoice).where(Invoice.c.external_id == "I07").values(**values))


def test_a_copy_that_is_true_is_certified_with_its_money(synced: Hub) -> None:
    certificate = reconcile_source(synced, "model")
    assert certificate.agrees
    invoices = next(one for one in certificate.streams if one.stream == "Invoice")
    assert (invoices.theirs, invoices.ours, invoices.on_the_way) == (20, 20, 0)
    assert invoices.totals == (Total("balance_minor", "EUR", 19000, 19000), Total("total_minor", "EUR", 219000, 219000))
    with synced.engine.connect() as connection:
        kept = {row.stream: row for row in connection.execute(last())}
    assert {stream: row.agrees for stream, row in kept.items()} == {"Account": True, "Customer": True, "Invoice": True}
    assert abs(kept["Invoice"].at - certificate.at) < dt.timedelta(milliseconds=1)
    assert kept["Invoice"].totals[1] == {"column": "total_minor", "currency": "EUR", "theirs": 219000, "ours": 219000}


FAULTS: dict[str, tuple[Callable[[Hub], None], tuple[str, ...]]] = {
    "an amount": (lambda hub: same_hash(hub, balance_minor=1), ("balance_minor",)),
    "a currency": (lambda hub: same_hash(hub, currency="USD"), ("currency",)),
    "a day, and a word": (
        lambda hub: same_hash(hub, issued_on=dt.date(2026, 3, 2), number="x"),
        ("issued_on", "number"),
    ),
    "another client": (lambda hub: same_hash(hub, client_id=entity_id("model", "Account", "A1")), ("client",)),
    "an owner": (lambda hub: same_hash(hub, owner_id=entity_id("model", "Customer", "C1")), ("owner_id", "client")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_written_wrong_is_named_and_a_full_sync_mends_it(synced: Hub, source: Any, fault: str) -> None:
    strike, fields = FAULTS[fault]
    strike(synced)
    wrong = compared(synced)
    assert (set(wrong.differing["I07"]), len(wrong.differing)) == (set(fields), 1)
    assert (wrong.missing, wrong.surplus, wrong.on_the_way) == ((), (), 0)
    assert not compared(synced).agrees, "and said again until somebody acts"
    sync_source(synced, "model", full=True)
    assert compared(synced).agrees


def test_another_key_is_told_and_what_followed_its_whole_to_another_client_is_as_the_source_has_it(synced: Hub) -> None:
    # Milestones and events are moved without being read: their hash is that of before.
    same_hash(synced, content_hash=b"?")
    assert reconcile_source(synced, "model").agrees
    write(synced, update(BillingAccount).where(BillingAccount.c.external_id == "C1").values(content_hash=b"?"))
    assert compared(synced, "Customer").differing == {"C1": ("keys",)}


def test_a_change_that_the_feed_never_told_of_is_found_with_the_money_that_is_not_the_same(
    synced: Hub, source: Any
) -> None:
    source.rows["Invoice"]["I03"] |= {"balance": 50}
    source.save()
    sync_source(synced, "model")
    invoices = compared(synced)
    assert invoices.differing == {"I03": ("balance_minor",)}
    assert invoices.totals[0] == Total("balance_minor", "EUR", 23700, 19000)
    assert sync_source(synced, "model", full=True).streams[2].updated == 1
    assert compared(synced).agrees


def test_status_says_so_until_all_was_read_again(synced: Hub) -> None:
    def invoices() -> tuple[str, str | None]:
        [one] = [s for s in status(synced.engine, late_after=dt.timedelta(minutes=15)).streams if s.stream == "Invoice"]
        return one.state, one.error

    high_water_is_now(synced)
    same_hash(synced, balance_minor=1)
    assert invoices() == ("fine", None)
    compared(synced)
    assert invoices() == ("differs", "1 record is not as the source has it.")
    sync_source(synced, "model", full=True)
    high_water_is_now(synced)
    assert invoices() == ("fine", None)


def test_status_tells_a_stream_that_is_late_from_one_whose_source_is_behind(synced: Hub) -> None:
    def words(after: dt.timedelta) -> set[tuple[str, str | None]]:
        return {(one.state, one.error) for one in status(synced.engine, late_after=after).streams}

    behind = next(iter(words(dt.timedelta(minutes=15))))
    assert behind[0] == "behind", "the model's clock stands in January"
    high_water_is_now(synced)
    assert words(dt.timedelta(minutes=15)) == {("fine", None)}
    write(synced, update(StreamState).values(checked_at=now() - dt.timedelta(hours=3)))
    assert words(dt.timedelta(minutes=15)) == {("late", "It was not read for 3 hours.")}
    assert words(dt.timedelta(hours=4)) == {("fine", None)}


def high_water_is_now(hub: Hub) -> None:
    write(hub, update(StreamState).values(high_water=now()))


def test_a_row_that_was_lost_and_one_that_was_never_there_are_named(synced: Hub, source: Any) -> None:
    write(synced, delete(Invoice).where(Invoice.c.external_id == "I04"))
    with synced.engine.begin() as connection:
        copied = connection.execute(select(Invoice).where(Invoice.c.external_id == "I05")).one()._asdict()
        connection.execute(insert(Invoice), copied | {"id": entity_id("model", "Invoice", "I99"), "external_id": "I99"})
    invoices = compared(synced)
    assert (invoices.missing, invoices.surplus, invoices.differing) == (("I04",), ("I99",), {})
    assert (invoices.theirs, invoices.ours) == (20, 20), "which no count would ever tell"
    assert invoices.totals[0] == Total("balance_minor", "EUR", 19000, 19100)
    with synced.engine.connect() as connection:
        [kept] = [row for row in connection.execute(last()) if row.stream == "Invoice"]
    assert kept.differences == [
        {"external_id": "I04", "kind": "missing", "fields": []},
        {"external_id": "I99", "kind": "surplus", "fields": []},
    ]
    sync_source(synced, "model", full=True)
    assert compared(synced).agrees


def test_what_the_next_sync_brings_is_on_its_way_and_no_difference(synced: Hub, source: Any) -> None:
    source.put("Invoice", "I20", number="1020", day="2026-03-01", total=1, balance=1, currency="EUR", customer="C1")
    source.put("Invoice", "I01", number="1001", day="2026-03-01", total=101, balance=0, currency="EUR", customer="C2")
    source.delete("Invoice", "I02")
    source.put("Invoice", "I06", number="1006", day="no day", total=1, balance=0, currency="EUR", customer="C1")
    source.save()
    invoices = compared(synced)
    assert invoices.agrees
    assert invoices.on_the_way == 4
    sync_source(synced, "model")
    after = compared(synced)
    assert (after.agrees, after.on_the_way, after.held) == (True, 0, 1)


def test_a_wrong_row_is_not_excused_because_the_feed_shows_it_again(synced: Hub, source: Any) -> None:
    """The last record comes with every reading, and would be called unchanged for ever."""
    write(synced, update(Invoice).where(Invoice.c.external_id == "I19").values(balance_minor=1))
    assert sync_source(synced, "model").streams[2].unchanged > 0
    assert compared(synced).differing == {"I19": ("balance_minor",)}
    sync_source(synced, "model")
    assert compared(synced).agrees, "what differs is trusted no more, so the next reading wrote it again"


def test_what_a_sync_stores_while_we_compare_is_no_difference(
    synced: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list says what was; before we have looked into our store, it is another day there."""
    calls: list[str] = []

    def after_a_sync(connection: Any, entity: str, *args: Any) -> Any:
        if entity == "invoice" and not calls:
            calls.append(entity)
            source.put(
                "Invoice", "I01", number="1001", day="2026-03-01", total=7, balance=0, currency="EUR", customer="C2"
            )
            source.put(
                "Invoice", "I20", number="1020", day="2026-03-01", total=1, balance=1, currency="EUR", customer="C1"
            )
            source.delete("Invoice", "I19")
            source.save()
            sync_source(synced, "model")
        return contents(connection, entity, *args)

    monkeypatch.setattr("flows.compare.contents", after_a_sync)
    certificate = reconcile_source(synced, "model")
    assert calls
    assert certificate.agrees, certificate


def test_one_that_cannot_be_mapped_and_is_not_held_is_missed(synced: Hub, source: Any) -> None:
    source.rows["Invoice"]["I08"] |= {"day": "no day"}
    source.rows["Invoice"]["I30"] = source.rows["Invoice"]["I08"] | {"Id": "I30", "n": 0}
    source.save()
    invoices = compared(synced)
    assert (invoices.differing, invoices.missing) == ({"I08": ("unmapped",)}, ("I30",))
    sync_source(synced, "model", full=True)
    held = compared(synced)
    assert (held.agrees, held.held) == (True, 2)


def test_what_a_client_is_recognised_by_counts_too(synced: Hub, source: Any) -> None:
    source.rows["Account"]["A1"]["customer"] = "C3"
    source.save()
    assert compared(synced, "Account").differing == {"A1": ("keys",)}
    sync_source(synced, "model", full=True)
    assert reconcile_source(synced, "model").agrees


def test_a_stream_that_was_not_read_whole_with_its_mapping_is_not_certified(synced: Hub, source: Any) -> None:
    file = synced.folder.path / "model" / "Invoice.yaml"
    file.write_text(file.read_text() + "  memo: number\n")
    certificate = reconcile_source(synced, "model")
    assert {one.stream: one.unread for one in certificate.streams} == {
        "Account": False, "Customer": False, "Invoice": True,
    }  # fmt: skip
    assert not certificate.agrees
    with synced.engine.connect() as connection:
        assert {row.stream for row in connection.execute(select(Certificate))} == {"Account", "Customer"}
    sync_source(synced, "model")
    assert reconcile_source(synced, "model").agrees


def losing_a_field(hub: Hub) -> Hub:
    """The hub over a source that shows no invoice any more, and everything else."""
    plain = hub.find_connector("model")

    def refuse(session: Any, want: Any) -> Any:
        raise NeedsPerson("Invoice has no field total that the user may read.", step="Grant it.")

    def stream(name: str) -> Any:
        return replace(plain.stream(name), read=refuse) if name == "Invoice" else plain.stream(name)

    return replace(hub, find_connector=lambda _: replace(plain, stream=stream))


def not_compared(hub: Hub) -> dict[str, str | None]:
    with hub.engine.connect() as connection:
        found = connection.execute(select(StreamState.c.stream, StreamState.c.not_compared))
        return {row.stream: row.not_compared for row in found}


def test_a_stream_that_cannot_be_compared_says_why_and_costs_the_others_nothing(synced: Hub) -> None:
    reconcile_source(synced, "model")
    certificate = reconcile_source(losing_a_field(synced), "model")
    said = "Invoice has no field total that the user may read."
    assert {one.stream: (one.agrees, one.sentence) for one in certificate.streams} == {
        "Account": (True, None), "Customer": (True, None), "Invoice": (False, said),
    }  # fmt: skip
    with synced.engine.connect() as connection:
        kept = Counter(connection.scalars(select(Certificate.c.stream)))
    assert kept == {"Account": 2, "Customer": 2, "Invoice": 1}
    assert not_compared(synced) == {"Account": None, "Customer": None, "Invoice": said}
    reconcile_source(synced, "model")
    assert set(not_compared(synced).values()) == {None}


def test_a_source_that_asks_to_wait_is_waited_for_and_read_on(make_hub: Callable[..., Hub], source: Any) -> None:
    faults: list[Any] = []
    hub = make_hub(faults)
    sync_source(hub, "model")
    plain, asked = hub.find_connector("model"), list[Any]()

    def stream(name: str) -> Any:
        found = plain.stream(name)

        def read(session: Any, want: Any) -> Any:
            if name == "Invoice":
                asked.append(want.cursor)
            for page in found.read(session, want):
                yield page
                if name == "Invoice" and len(asked) == 1:
                    faults.append(RetryLater("Too many requests.", after=0))

        return replace(found, read=read)

    assert reconcile_source(replace(hub, find_connector=lambda _: replace(plain, stream=stream)), "model").agrees
    assert [cursor is None for cursor in asked] == [True, False], "what was read is not read again"


def test_a_source_that_stays_away_is_asked_once_for_each_stream(make_hub: Callable[..., Hub], source: Any) -> None:
    faults: list[Any] = []
    hub = make_hub(faults)
    sync_source(hub, "model")
    faults += [RetryLater("Too many requests.", after=3600)] * 9
    certificate = reconcile_source(hub, "model")
    assert [(one.error_kind, one.after) for one in certificate.streams] == [("RetryLater", 3600)] * 3
    assert len(faults) == 6
    faults.clear()
    again = reconcile_source(hub, "model", streams=["Invoice"])
    assert (again.agrees, [one.stream for one in again.streams]) == (True, ["Invoice"])


def test_many_differences_are_counted_and_the_first_are_named(synced: Hub, source: Any) -> None:
    for number in range(NAMED + 5):
        source.rows["Account"][f"X{number:05}"] = {
            "Id": f"X{number:05}",
            "at": "2026-01-01T00:00:00Z",
            "n": 0,
            "Name": "X",
        }
    source.save()
    assert len(compared(synced, "Account").missing) == NAMED + 5
    with synced.engine.connect() as connection:
        [kept] = [row for row in connection.execute(last()) if row.stream == "Account"]
    assert (kept.missing, len(kept.differences)) == (NAMED + 5, NAMED)


def test_comparing_writes_nothing_but_its_certificate(synced: Hub) -> None:
    def everything() -> list[Any]:
        with synced.engine.connect() as connection:
            tables = (Client, BillingAccount, Invoice, HeldRecord)
            return [connection.execute(select(table).order_by(table.c.id)).all() for table in tables]

    before = everything()
    reconcile_source(synced, "model")
    assert everything() == before
