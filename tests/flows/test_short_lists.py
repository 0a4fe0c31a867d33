"""A list that the source cuts short is no list of what is left: nobody loses a record by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from flows.hub import Hub
from flows.sweep import sweep_source
from flows.sync import sync_source
from store.tables import Invoice


def live(hub: Hub) -> set[str]:
    with hub.engine.connect() as connection:
        return set(connection.scalars(select(Invoice.c.external_id).where(Invoice.c.deleted_at.is_(None))))


def cutting_short(hub: Hub, left_out: set[str], *, counts: bool) -> Hub:
    """The hub over a source that leaves some invoices out of its list of ids, and may say how many there are."""
    plain = hub.find_connector("model")

    def stream(name: str) -> Any:
        found = plain.stream(name)

        def keys(session: Any) -> Iterator[Sequence[str]]:
            for page in found.keys(session):
                yield [key for key in page if key not in left_out]

        def count(session: Any) -> int:
            return sum(len(page) for page in found.keys(session))

        return replace(found, keys=keys, count=count if counts else None)

    return replace(hub, find_connector=lambda _: replace(plain, stream=stream))


@pytest.mark.parametrize("counts", [True, False])
def test_a_list_of_ids_that_is_cut_short_takes_nothing_away(hub: Hub, source: Any, counts: bool) -> None:
    sync_source(hub, "model")
    before, left_out = live(hub), {"I03", "I11"}
    cut = cutting_short(hub, left_out, counts=counts)
    swept = {result.stream: result for result in sweep_source(cut, "model")}["Invoice"]
    assert (swept.state, swept.removed) == ("failed", 0)
    said = "18 of 20 records of Invoice" if counts else "not I03, I11, which it has, of Invoice"
    assert f"model lists {said}, so nothing was taken away." in (swept.sentence or "")
    assert live(hub) == before
    left_out.clear()
    source.purge("Invoice", "I05")
    source.save()
    assert sync_source(cut, "model").state == "done", "the sweep was still due"
    assert live(hub) == before - {"I05"}


@pytest.mark.parametrize("counts", [True, False])
def test_what_is_gone_among_others_that_are_left_out_waits_for_a_whole_list(
    hub: Hub, source: Any, counts: bool
) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I05")
    source.save()
    before = live(hub)
    sweep_source(cutting_short(hub, {"I03"}, counts=counts), "model")
    assert live(hub) == before
    sweep_source(cutting_short(hub, set(), counts=counts), "model")
    assert live(hub) == before - {"I05"}


def test_a_stream_that_grows_while_its_ids_are_listed_loses_what_is_gone(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I05")
    source.save()
    before, plain = live(hub), hub.find_connector("model")

    def stream(name: str) -> Any:
        found = plain.stream(name)

        def keys(session: Any) -> Iterator[Sequence[str]]:
            yield from found.keys(session)
            source.put(name, f"N{source.clock}")
            source.save()

        return replace(found, keys=keys, count=lambda session: sum(len(page) for page in found.keys(session)))

    growing = replace(hub, find_connector=lambda _: replace(plain, stream=stream))
    swept = {result.stream: result for result in sweep_source(growing, "model")}["Invoice"]
    assert (swept.state, swept.removed, swept.sentence) == ("done", 1, None)
    assert live(hub) == before - {"I05"}


def test_what_is_cut_off_is_noticed_among_much_that_is_gone(hub: Hub, source: Any) -> None:
    for number in range(100):
        source.put("Invoice", f"M{number:03}", number="1", day="2026-03-01", total=1, balance=1, currency="EUR")
    source.save()
    sync_source(hub, "model")
    before = live(hub)
    for number in range(20):
        source.purge("Invoice", f"I{number:02}")
    source.save()
    cut = cutting_short(hub, {f"M{number:03}" for number in range(80, 90)}, counts=False)
    assert {result.stream: result.state for result in sweep_source(cut, "model")}["Invoice"] == "failed"
    assert live(hub) == before


def test_a_person_may_let_a_short_list_through(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    cut = cutting_short(hub, {"I03"}, counts=True)
    sweep_source(cut, "model", let_through=True)
    assert "I03" not in live(hub)
