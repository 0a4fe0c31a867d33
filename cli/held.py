"""Quarantine: records that could not be taken."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from cli import say
from cli.app import KEEP_TRUE, group

SHOWN = 4_000
"""Characters of a payload on a terminal; a record may be megabytes."""
SAID = {
    "taken": "taken",
    "left_out": "left out by the mapping",
    "held": "still held",
    "gone": "not held",
    "busy": "left to another worker that reads there",
}


def add_to(app: typer.Typer) -> None:
    quarantine = group(help="Records that could not be taken, kept until they can.")
    quarantine.command("list")(list_held)
    quarantine.command()(show)
    quarantine.command()(replay)
    app.add_typer(quarantine, name="quarantine", rich_help_panel=KEEP_TRUE)


def list_held(json: Annotated[bool, typer.Option("--json", help="One JSON document, for scripts.")] = False) -> None:
    """What is held, newest first."""
    found = [record for record, _ in _open_records()]
    if json:
        say.json(found)
    elif not found:
        print("Nothing is held.")
    else:
        names = ("id", "source", "stream", "external_id", "reason", "field", "last_seen_at", "access")
        print(
            say.table(
                [name.replace("_", " ") for name in names], [[record[name] for name in names] for record in found]
            )
        )


def show(
    held_id: Annotated[str, typer.Argument(metavar="ID")],
    json: Annotated[bool, typer.Option("--json", help="One JSON document with all that the source sent.")] = False,
) -> None:
    """One held record: why, what to do, and what the source sent."""
    record, payload = _one(held_id)
    if json:
        say.json({**record, "payload": payload})
        return
    for name, value in record.items():
        print(f"{name.replace('_', ' '):<14}{'-' if value is None else value}")
    print(payload[:SHOWN])
    if len(payload) > SHOWN:
        say.note(f"  It is cut: {len(payload):,} characters; `frontdesk quarantine show {held_id} --json` shows all.")


def replay(
    held_ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="None means all of them.")] = None,
) -> None:
    """Apply held records again, after the mapping was mended; exit 1 when some still cannot be taken."""
    from flows.replay import try_again_afresh
    from hub.settings import load

    wanted = held_ids or [record["id"] for record, _ in _open_records()]
    states: Counter[str] = Counter(taken=0, held=0)
    for tried in try_again_afresh(load(), wanted):
        states[tried.state] += 1
        print(f"{tried.id}  {tried.state}{f': {tried.sentence}' if tried.sentence else ''}")
        # Read now: it may be held for another reason than before.
        for record, _ in _open_records(tried.id) if tried.state == "held" else ():
            print(f"  {record['suggestion'] or f'See `frontdesk quarantine show {tried.id}`.'}")
    print(", ".join(f"{count} {SAID[state]}" for state, count in states.items()))
    if states["taken"] + states["left_out"] < len(wanted):
        raise typer.Exit(1)


def _one(held_id: str) -> tuple[dict[str, Any], str]:
    from hub.errors import NeedsPerson

    for record, payload in _open_records(held_id):
        return record, payload
    raise NeedsPerson(f"No held record has the id {held_id!r}.", step="See `frontdesk quarantine list`.")


def _open_records(held_id: str | None = None) -> list[tuple[dict[str, Any], str]]:
    from sqlalchemy import case, select

    from hub.settings import load
    from store.engine import create_engine
    from store.held import ACCESS_REVOKED, ACCESS_SENTENCE
    from store.hub_tables import HeldRecord

    engine = create_engine(load().database_url)
    access = case((ACCESS_REVOKED, ACCESS_SENTENCE)).label("access")
    still = HeldRecord.c.resolved_at.is_(None)
    query = select(HeldRecord, access).where(still).order_by(HeldRecord.c.last_seen_at.desc())
    if held_id is not None:
        query = query.where(HeldRecord.c.id == held_id)
    with engine.connect().execution_options(reading=True) as connection:
        rows = connection.execute(query).mappings().all()
    engine.dispose()
    return [({name: row[name] for name in row if name != "payload"}, row["payload"]) for row in rows]
