"""From a page of records to what the store merges: land it, apply its mapping, hash the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Deleted, Record
from flows.hub import Hub
from mappings.mapping import Mapping as StreamMapping
from store.merge import Batch, Gone


def batch_of(
    hub: Hub,
    mapping: StreamMapping,
    run_id: str,
    number: int,
    records: Sequence[Record],
    raw: bytes,
    *,
    deleted: Sequence[Deleted] = (),
    cursor: Mapping[str, Any] | None = None,
    high_water: dt.datetime | None = None,
    notify: bool = True,
    settled: bool = True,
    sweep: bool = False,
    sifted: bool = True,
) -> Batch:
    """Page `number` of a run, landed and mapped. NeedsPerson when it cannot be landed: then nothing is stored."""
    landed = hub.landing.land(mapping.source, mapping.stream, run_id, number, raw)
    sieved = mapping.sift(records)
    applied = mapping.apply(sieved.wanted, raw)
    return Batch(
        source=mapping.source,
        stream=mapping.stream,
        entity=mapping.into,
        columns=mapping.row_columns,
        rows=applied.rows,
        hashes=applied.hashes,
        batch=landed,
        run_id=run_id,
        cursor=cursor,
        high_water=high_water,
        gone=[Gone(item.external_id, item.at, item.reason) for item in deleted],
        held=[*applied.held, *sieved.held],
        left_out=sieved.left_out,
        sifted=sifted,
        deciding=sifted and mapping.owner_kind == "match",
        owners=applied.owners,
        anchor=mapping.owner_kind == "self",
        notify=notify,
        settled=settled,
        sweep=sweep,
    )
