"""What the warehouse reads of the portal store: tables, columns and their DuckDB types, as facts.

The rooms are siblings, so this list repeats column names of `store.tables`; a test holds the two together. Prose,
JSON and hashes stay in the store: the landing file named in `batch` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TEXT, INSTANT, DAY, NUMBER, FLAG = "VARCHAR", "TIMESTAMP", "DATE", "BIGINT", "BOOLEAN"


@dataclass(frozen=True, slots=True)
class Export:
    """One SELECT on the store: `only` is its WHERE clause, `cursor` the column by which it can skip what is known."""

    table: str
    columns: Mapping[str, str]
    only: str = ""
    cursor: str = ""


_LINEAGE = {
    "source": TEXT,
    "stream": TEXT,
    "external_id": TEXT,
    "batch": TEXT,
    "source_at": INSTANT,
    "synced_at": INSTANT,
    "deleted_at": INSTANT,
    "deleted_reason": TEXT,
}


def _synced(table: str, columns: Mapping[str, str]) -> Export:
    return Export(table, {"id": TEXT, "client_id": TEXT, **columns, **_LINEAGE})


ACTIVITY = Export(
    "activity",
    {
        "seq": NUMBER,
        "at": INSTANT,
        "client_id": TEXT,
        "person_id": TEXT,
        "session_id": TEXT,
        "staff_email": TEXT,
        "verb": TEXT,
        "object_kind": TEXT,
        "object_id": TEXT,
        "via": TEXT,
        "counted": FLAG,
    },
    cursor="seq",
)

WHOLE = (
    Export(
        "change",
        {"seq": NUMBER, "entity_id": TEXT, "kind": TEXT, "at": INSTANT},
        only="entity = 'client' AND kind IN ('added', 'removed', 'restored')",
    ),
    _synced(
        "client",
        {"name": TEXT, "profile": TEXT, "number": TEXT, "city": TEXT, "country": TEXT, "time_zone": TEXT},
    ),
    _synced("person", {"name": TEXT, "email": TEXT, "title": TEXT, "role": TEXT}),
    _synced(
        "project",
        {
            "name": TEXT,
            "number": TEXT,
            "kind": TEXT,
            "status": TEXT,
            "health": TEXT,
            "percent_complete": NUMBER,
            "starts_on": DAY,
            "due_on": DAY,
        },
    ),
    _synced(
        "request",
        {
            "number": TEXT,
            "subject": TEXT,
            "kind": TEXT,
            "status": TEXT,
            "priority": TEXT,
            "opened_at": INSTANT,
            "closed_at": INSTANT,
            "answer_by": INSTANT,
            "person_id": TEXT,
        },
    ),
    _synced(
        "shipment",
        {
            "number": TEXT,
            "mode": TEXT,
            "origin": TEXT,
            "destination": TEXT,
            "status": TEXT,
            "shipped_on": DAY,
            "promised_at": INSTANT,
            "promised_on": DAY,
            "eta_at": INSTANT,
            "eta_on": DAY,
            "delivered_at": INSTANT,
            "delivered_on": DAY,
        },
    ),
    _synced(
        "invoice",
        {
            "number": TEXT,
            "issued_on": DAY,
            "due_on": DAY,
            "currency": TEXT,
            "total_minor": NUMBER,
            "tax_minor": NUMBER,
            "balance_minor": NUMBER,
            "deposit_minor": NUMBER,
            "voided": FLAG,
        },
    ),
    _synced(
        "payment",
        {
            "received_on": DAY,
            "reference": TEXT,
            "currency": TEXT,
            "amount_minor": NUMBER,
            "unapplied_minor": NUMBER,
        },
    ),
)
"""Read whole on each build: small beside activity, and edited in place."""
