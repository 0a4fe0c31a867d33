"""The certificates: each stream set beside its source, record by record, and every difference by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from portal_api.access.scope import Analyst
from portal_api.activity import record
from portal_api.ops.streams import LAGS, SEVERITY
from portal_api.pages import render, words_of
from portal_api.portal import portal_of
from portal_api.queries import ops as queries
from portal_api.reading import overseeing
from portal_api.states import State, plain
from portal_api.wording import Words
from store import lag

router = APIRouter()

NAMED = 20
"""So many differences of a stream are shown; all are counted."""
LONG_AGO = dt.timedelta(days=2)
"""The comparison runs every night; one that is older was missed."""
DIFFERS = LAGS[lag.DIFFERS]
MATCHES, UNCOMPARED = State("good", "Matches"), State("info", "Not compared yet")
FAILED = State("attention", "Not compared")
MENDED, STALE = State("info", "Read again since"), State("attention", "Not lately")
KINDS = {"missing": "is missing here", "surplus": "is not at the source any more"}
FIELDS = {
    "client": "whose it is",
    "owner_id": "its owner",
    "keys": "what it is recognised by",
    "unmapped": "everything",
}
"""What may differ in plain words, where a column's name is none."""


class Amount(NamedTuple):
    """A money column summed in one currency, in words; `ours` where it is not the same."""

    theirs: str
    ours: str


class Compared(NamedTuple):
    """One stream."""

    name: str
    state: State
    at: dt.datetime | None
    counts: Sequence[tuple[str, int]]
    money: Mapping[str, Sequence[Amount]]
    differences: Sequence[str]
    more: int
    failed: str


class ComparedSource(NamedTuple):
    """One source, its streams with the worst first."""

    name: str
    title: str
    streams: Sequence[Compared]
    differs: bool


@router.get("/ops/compared")
async def compared(request: Request, _staff: Analyst) -> Response:
    """What the last comparison of each stream found."""
    words, feeds = words_of(request), portal_of(request).feeds
    streams, certificates = await overseeing(request, _facts)
    record(request, "view", "compared")
    sources = []
    for name, rows in groupby(streams, key=lambda row: row.source):
        views = [_view(row, certificates.get((name, row.stream)), words) for row in rows]
        views.sort(key=lambda view: SEVERITY.index(view.state.tone))
        sources.append(ComparedSource(name, feeds.title(name), views, any(view.state is DIFFERS for view in views)))
    sources.sort(key=lambda source: not source.differs)
    return render(request, "ops/compared.html", {"sources": sources, "lead": lead_of(sources)}, words=words)


def _facts(connection: Connection) -> tuple[Sequence[Any], Mapping[tuple[str, str], Any]]:
    streams = connection.execute(queries.STREAMS).all()
    return streams, {(row.source, row.stream): row for row in connection.execute(queries.COMPARED)}


def lead_of(sources: Sequence[ComparedSource]) -> str:
    """The page's answer."""
    streams = [stream for source in sources for stream in source.streams]
    wrong = sum(stream.state in {DIFFERS, MENDED} for stream in streams)
    if wrong:
        return f"{wrong} of {len(streams)} streams were found to differ from their source."
    if failed := sum(bool(stream.failed) for stream in streams):
        return f"{failed} of {len(streams)} streams could not be compared with their source."
    done = sum(stream.at is not None for stream in streams)
    if done < len(streams) or not streams:
        return f"{done} of {len(streams)} streams have been compared with their source."
    return f"All {done} streams match their source, record by record."


def _view(row: Any, certificate: Any, words: Words) -> Compared:
    failed = row.not_compared or ""
    if certificate is None:
        return Compared(row.stream, FAILED if failed else UNCOMPARED, None, (), {}, (), 0, failed)
    differences = [_said(one) for one in certificate.differences[:NAMED]]
    apart = certificate.missing + certificate.surplus + certificate.differing
    return Compared(
        row.stream,
        _state(row, words.now),
        certificate.at,
        _counts(certificate),
        _money(certificate.totals, words),
        differences,
        apart - len(differences),
        failed,
    )


def _state(row: Any, now: dt.datetime) -> State:
    if row.apart:
        return DIFFERS if lag.differs(row) else MENDED
    if row.not_compared:
        return FAILED
    return STALE if now - row.compared_at > LONG_AGO else MATCHES


def _counts(certificate: Any) -> list[tuple[str, int]]:
    """Beside theirs and ours, what there is any of."""
    some = {
        "held": certificate.held,
        "left out": certificate.left_out,
        "on the way": certificate.on_the_way,
        "missing": certificate.missing,
        "too many": certificate.surplus,
        "different": certificate.differing,
    }
    both = [("at the source", certificate.theirs), ("here", certificate.ours)]
    if certificate.theirs == certificate.ours:
        both = [("on both sides", certificate.ours)]
    return both + [(name, count) for name, count in some.items() if count]


def _money(totals: Sequence[Mapping[str, Any]], words: Words) -> dict[str, list[Amount]]:
    """By column, its total in each currency."""
    found: dict[str, list[Amount]] = {}
    for total in totals:
        theirs, ours = (_amount(total[side], total["currency"], words) for side in ("theirs", "ours"))
        column = total["column"].removesuffix("_minor").replace("_", " ")
        found.setdefault(column, []).append(Amount(theirs, ours if ours != theirs else ""))
    return found


def _amount(minor: int, currency: str, words: Words) -> str:
    return words.money(minor, currency) if currency else words.number(minor)


def _said(difference: Mapping[str, Any]) -> str:
    fields = (FIELDS.get(name) or plain(name.removesuffix("_minor")).lower() for name in difference["fields"])
    said = KINDS.get(difference["kind"]) or f"differs in {', '.join(fields)}"
    return f"{difference['external_id']} {said}"
