"""Quarantine: records that could not be taken, kept with reason and payload until they can.

The last good version stays in sight meanwhile, but only of whom the held one still names: a record that moves to
another client while it is held is shown to neither, for its old version is not the new client's to see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, and_, case, select, update

from hub.clock import instant_text, now
from hub.ids import entity_id
from store import parts, rows
from store.hub_tables import HeldRecord
from store.tables import ENTITIES, Person

SUGGESTIONS = {
    "bad_amount": "Mend the amount in the source, or map another field.",
    "bad_currency": "Mend the currency in the source; it must be an ISO 4217 code.",
    "bad_date": "Mend the date in the source.",
    "bad_instant": "Mend the date and time in the source.",
    "bad_email": "Mend the e-mail address in the source.",
    "bad_flag": "Map a field that says true or false.",
    "bad_list": "Map a list of objects, and under `each` parts of them that are texts or numbers.",
    "bad_number": "Mend the number in the source, or map another field.",
    "bad_text": "Write the text anew in the source: half a character is in it.",
    "missing": "Fill the field in the source, or map another one.",
    "no_id": "See that `key` in the mapping names the record's id, and report to the source's vendor what came; the "
    "next `frontdesk sync --full` that does not meet it again closes it.",
    "no_modified": "See that `modified` in the mapping names the time of the record's last change.",
    "not_text": "Map a field that holds a text.",
    "null_byte": "Remove the invisible null character in the source.",
    "too_long": "Shorten the text in the source, or map it to a column for long texts.",
    "unclear": "Name another field under `only` or `except`, one that holds a word, a number, or true or false.",
    "unread": "Mend it in the source, or report to its vendor what came; its next change is read again.",
    "unknown_value": "Add the value to the mapping's `values`, then replay.",
}
"""What ops can do, by reason."""

REVOKED = b"revoked"
"""Instead of the content hash of a contact whose access was taken while its record is held. No content has this hash,
so the record counts as changed in whatever form it is taken. A mark of its own, because a contact who moves to another
client while held has no hash either, and may never have had access."""
ACCESS_REVOKED = and_(
    # First, so that only contacts are looked up: there may be very many held records of another kind.
    HeldRecord.c.entity == Person.name,
    select(Person.c.id)
    .where(Person.c.id == HeldRecord.c.id, Person.c.content_hash == REVOKED, Person.c.deleted_at.is_(None))
    .correlate(HeldRecord)
    .exists(),
)
"""Whether a held record is of a contact who had access and has none until it is taken."""
ACCESS_SENTENCE = "This contact cannot sign in until the record is taken."
"""What ops are told then. The contact, not the person, who may be a contact of another client and sign in there."""


class HeldRow(Protocol):
    """A record that a mapping could not take."""

    @property
    def external_id(self) -> str: ...
    @property
    def owner_id(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def payload(self) -> str: ...
    @property
    def access(self) -> Mapping[str, Any]: ...


COLUMNS = (
    "id", "source", "stream", "external_id", "entity", "owner_id", "client_id", "reason", "field", "sentence",
    "suggestion", "payload", "batch", "first_seen_at", "last_seen_at", "resolved_at",
)  # fmt: skip


def hold(
    connection: Connection,
    source: str,
    stream: str,
    entity: str,
    records: Sequence[HeldRow],
    clients: Mapping[str, str],
    batch: str,
    taken: Collection[str],
) -> Mapping[str, str | None]:
    """Keep records that could not be taken; one already held keeps the time it was first seen.

    `taken` are the ids of the rows that came with them: of a record that is there too, the good version stands.
    Returns by id the former clients of rows that nobody sees until then.
    """
    if not records:
        return {}
    stamp = instant_text(now())
    keys = {entity_id(source, stream, record.external_id): record for record in records}
    first = _first_seen(connection, list(keys))
    values: list[tuple[Any, ...]] = [
        (key, source, stream, r.external_id, entity, r.owner_id, clients.get(r.owner_id or ""), r.reason,
         r.field[:255] or None, r.sentence, SUGGESTIONS.get(r.reason), r.payload, batch,
         first.get(key, stamp), stamp, None)
        for key, r in keys.items()
    ]  # fmt: skip
    rows.upsert(connection, "held_record", COLUMNS, values)
    alone = {key: record for key, record in keys.items() if key not in taken}
    moved = _withdraw(connection, entity, {key: record.owner_id for key, record in alone.items()})
    if entity == Person.name:
        _revoke(connection, {key: record.access for key, record in alone.items()}, moved)
    return moved


def _withdraw(connection: Connection, entity: str, owners: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Take the stored versions of records that name another owner now, and their parts, out of everybody's sight.

    Returns by record the client who saw it.
    """
    table = ENTITIES[entity]
    moved: dict[str, str | None] = {}
    clients: dict[str, str | None] = {}
    for chunk in rows.chunks(list(owners)):
        # A record that owns itself (a client, a customer) moves nowhere.
        columns = (table.c.id, table.c.owner_id, table.c.client_id, table.c.deleted_at)
        query = select(*columns).where(table.c.id.in_(chunk), table.c.owner_id != table.c.id)
        for key, owner, client, deleted_at in connection.execute(query):
            if owner != owners[key]:
                moved[key], clients[key] = owner, client if deleted_at is None else None
    for chunk in rows.chunks(list(moved)):
        # Without a hash it counts as changed, in whatever form it is taken.
        no_hash = case((table.c.content_hash == REVOKED, REVOKED), else_=b"")
        nobodys = {"owner_id": None, "client_id": None, "content_hash": no_hash}
        connection.execute(update(table).where(table.c.id.in_(chunk)).values(nobodys))
    if entity in parts.PARTS:
        parts.take_along(connection, entity, moved, dict.fromkeys(moved), {})
    return clients


def _revoke(connection: Connection, said: Mapping[str, Mapping[str, Any]], moved: Collection[str]) -> None:
    """Take access from people of whom the held record says another client, role or address, or none to be read."""
    for chunk in rows.chunks(list(said)):
        known = select(Person.c.id, Person.c.role, Person.c.email).where(Person.c.id.in_(chunk))
        lost = [
            row.id
            for row in connection.execute(known.where(Person.c.role.is_not(None)))
            if row.id in moved or (row.role, row.email) != (said[row.id].get("role"), said[row.id].get("email"))
        ]
        connection.execute(update(Person).where(Person.c.id.in_(lost)).values(role=None, content_hash=REVOKED))


def _first_seen(connection: Connection, keys: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in rows.chunks(keys):
        query = select(HeldRecord.c.id, HeldRecord.c.first_seen_at).where(
            HeldRecord.c.id.in_(chunk), HeldRecord.c.resolved_at.is_(None)
        )
        found.update({key: instant_text(moment) for key, moment in connection.execute(query)})
    return found


def release(connection: Connection, source: str, stream: str, external_ids: Sequence[str]) -> None:
    """Records that were held and have now been taken (or are gone) need nobody any more."""
    if not external_ids:
        return
    open_here = (HeldRecord.c.source == source, HeldRecord.c.stream == stream, HeldRecord.c.resolved_at.is_(None))
    waiting = set(connection.scalars(select(HeldRecord.c.external_id).where(*open_here)))
    if not waiting:
        return
    for chunk in rows.chunks(sorted(waiting & set(external_ids))):
        connection.execute(
            update(HeldRecord).where(*open_here, HeldRecord.c.external_id.in_(chunk)).values(resolved_at=now())
        )


def release_unseen(connection: Connection, source: str, stream: str, begins: str, since: dt.datetime) -> None:
    """Close what a reading of the whole stream that began at `since` has not met, of ids that begin so.

    For records that only we have given a name: no key of the source's, and no id that is taken, ever closes them.
    """
    # Stored times have milliseconds.
    since = since.replace(microsecond=since.microsecond // 1000 * 1000)
    connection.execute(
        update(HeldRecord)
        .where(
            HeldRecord.c.source == source,
            HeldRecord.c.stream == stream,
            HeldRecord.c.resolved_at.is_(None),
            HeldRecord.c.external_id.startswith(begins, autoescape=True),
            HeldRecord.c.last_seen_at < since,
        )
        .values(resolved_at=now())
    )
