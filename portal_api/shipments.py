"""Shipments: what is on its way (trouble first), what has arrived, and one with its scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.cards import Station, dots_of
from portal_api.feeds import Fresh
from portal_api.listing import ROWS, Id, Standing, newest, older, place, standing
from portal_api.pages import NotFound, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import shipments as queries
from portal_api.queries.parts import LAST_ID, LAST_INSTANT
from portal_api.reading import reading
from portal_api.states import (
    SHIPMENT_WORDS,
    State,
    days,
    delivered,
    expectation,
    key,
    lateness,
    new_date,
    plain,
    promised,
    shipment_state,
)
from portal_api.tally import kind, tally
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)

START: Mapping[str, Mapping[str, object]] = {
    "active": queries.ACTIVE_START,
    "arrived": {"after": LAST_INSTANT, "after_id": LAST_ID},
}
KEYS = {"active": ("trouble", "expected", "id"), "arrived": ("arrived", "id")}
GRAMS = 1000
TROUBLED = ("exception", "held", "customs_hold", "delayed", "damaged", "refused", "returned")
"""How the codes of events begin that tell of trouble."""


class ShipmentRow(NamedTuple):
    """One shipment of the list."""

    href: str
    number: str
    about: str
    state: State
    origin: str
    destination: str
    dots: Sequence[str]
    note: str


@dataclass(frozen=True, slots=True)
class ShipmentsContext:
    """What templates/shipments/shipments.html shows."""

    rows: Sequence[ShipmentRow]
    lead: str
    show: str
    active: int
    arrived: int
    older: str | None
    newest: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class ShipmentContext:
    """What templates/shipments/shipment.html shows."""

    number: str
    about: str
    state: State
    origin: str
    destination: str
    dots: Sequence[str]
    promised: dt.date | None
    expected: dt.date | None
    delivered: dt.date | None
    behind: str
    facts: Sequence[tuple[str, str]]
    events: Sequence[Station]
    fresh: Fresh | None


@router.get("/shipments")
async def shipments(
    request: Request, _scope: Client, show: Literal["active", "arrived"] = "active", after: str = ""
) -> Response:
    """The list."""
    words, at = words_of(request), place(after, START[show])
    lists = await reading(request, _list, show, at)
    record(request, "view", "shipments")
    counts = lists["counts"][0]
    context = ShipmentsContext(
        rows=[_row(row, words) for row in lists["rows"][:ROWS]],
        lead=lead_of(counts, lists["looked"], words),
        show=show,
        active=counts.active,
        arrived=counts.arrived,
        older=older(request, lists["rows"], ROWS, *KEYS[show]),
        newest=newest(request),
        standing=standing(request, "shipment", lists, words),
    )
    return render(request, "shipments/shipments.html", {"page": context}, words=words)


@router.get("/shipments/{shipment_id}")
async def shipment(request: Request, _scope: Client, shipment_id: Id) -> Response:
    """One shipment with its scans, the latest first."""
    words = words_of(request)
    row, lists = await reading(request, _one, shipment_id)
    if row is None:
        raise NotFound
    record(request, "view", "shipment", shipment_id)
    fresh = portal_of(request).feeds.for_row(row, lists["streams"], words.now, "shipment_event")
    return render(request, "shipments/shipment.html", {"page": detail_of(row, lists["events"], fresh, words)})


def _list(reader: Reader, show: str, at: Mapping[str, object]) -> Mapping[str, list[Any]]:
    return reader.bundle(queries.LISTS[show], limit=ROWS + 1, **at)


def _one(reader: Reader, shipment_id: str) -> tuple[Any, Mapping[str, list[Any]]]:
    row = reader.first(queries.ONE, id=shipment_id)
    return row, reader.bundle(queries.DETAIL, id=shipment_id) if row is not None else {}


def lead_of(counts: Any, looked: Sequence[Any], words: Words) -> str:
    """The list's answer: how many are on time, held, late, not confirmed, without a date. Counts as home does."""
    if not counts.active:
        return "Nothing is on its way." if counts.arrived else ""
    found = tally([kind(row, words) for row in looked])
    on_time = counts.active - found.troubled - found.undated
    if on_time == counts.active:
        return "Your shipment is on time." if on_time == 1 else f"All {on_time} shipments are on time."
    rest = ", ".join([*found.said(), *([f"{found.undated} without a date yet"] if found.undated else [])])
    return f"{on_time} of {counts.active} on time; {rest}."


def _row(row: Any, words: Words) -> ShipmentRow:
    state = shipment_state(row, words)
    return ShipmentRow(
        href=f"/shipments/{row.id}",
        number=row.number,
        about=" · ".join(filter(None, (row.reference, row.carrier))),
        state=state,
        origin=row.origin or "",
        destination=row.destination or "",
        dots=dots_of(row, shipment_state(row, words)),
        note=state.sentence,
    )


def detail_of(row: Any, events: Sequence[Any], fresh: Fresh | None, words: Words) -> ShipmentContext:
    """One shipment in words."""
    behind, state = lateness(row, words), shipment_state(row, words)
    # Promised, expected and delivered stand right below, each by its name.
    if delivered(row) is not None:
        state = state._replace(sentence="")
    elif new_date(row) is not None:
        state = state._replace(sentence=state.sentence.removesuffix(expectation(row, words)).strip())
    return ShipmentContext(
        number=row.number,
        about=" · ".join(filter(None, (row.reference, row.carrier, plain(row.mode)))),
        state=state,
        origin=row.origin or "",
        destination=row.destination or "",
        dots=dots_of(row, state),
        promised=promised(row),
        expected=new_date(row),
        delivered=delivered(row),
        behind=f"{days(behind)} later than promised" if behind else "",
        facts=_facts(row, words),
        events=[_station(event, i == 0, words) for i, event in enumerate(events)],
        fresh=fresh,
    )


def _facts(row: Any, words: Words) -> list[tuple[str, str]]:
    found = (
        ("Now", SHIPMENT_WORDS.get(key(row.status), plain(row.status))),
        ("Where", row.location or ""),
        ("Shipped", words.day(row.shipped_on)),
        ("Carrier", row.carrier or ""),
        ("Tracking", row.tracking_number or ""),
        ("Pieces", words.number(row.pieces)),
        ("Weight", f"{words.number(round(row.weight_grams / GRAMS, 1))} kg" if row.weight_grams else ""),
    )
    return [(name, value) for name, value in found if value]


def _station(event: Any, latest: bool, words: Words) -> Station:
    what = event.description or SHIPMENT_WORDS.get(key(event.code), plain(event.code)) or "Scanned"
    trouble = key(event.code).startswith(TROUBLED)
    known = not event.location or event.location.split(",")[0].lower() in what.lower()
    where = "" if known else f"{event.location}, "
    tone = "late" if trouble and latest else "now" if latest else "done"
    return Station(tone, what, f"{where}{words.moment(event.happened_at)}", event.happened_at)
