"""What has had its time goes at night: sign-in links, sessions and runs do not pile up, and nothing needed is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from flows.hub import Hub
from flows.status import status
from flows.sync import sync_source
from flows.tidy import tidy
from hub.clock import now
from portal_api.access import sessions
from store import past
from store.access_tables import Activity, Session, SignInLink
from store.columns import METADATA
from store.hub_tables import HeldRecord, Inbox, Run, StreamRun
from store.runs import begin, finish

TODAY = now()
DAY = dt.timedelta(days=1)


def days_ago(days: float) -> dt.datetime:
    return TODAY - days * DAY


def put(hub: Hub, table: Table[Any], id_: str, **values: Any) -> None:
    with hub.engine.begin() as connection:
        connection.execute(insert(table), {"id": id_, **values})


def left(hub: Hub, table: Table[Any]) -> set[str]:
    with hub.engine.connect() as connection:
        return set(connection.scalars(select(table.c.id)))


def link(hub: Hub, id_: str, ends: dt.datetime, used: dt.datetime | None = None) -> None:
    facts = {"email": "ada@client.example", "token_hash": sha256(id_.encode()).digest(), "tries": 0}
    put(hub, SignInLink, id_, **facts, created_at=ends - DAY / 96, expires_at=ends, used_at=used)


def session(hub: Hub, id_: str, seen: dt.datetime, who: dict[str, str], **values: Any) -> None:
    facts = {"token_hash": sha256(id_.encode()).digest(), "via": "page", "role": "member"}
    moments = {"created_at": seen, "seen_at": seen, "expires_at": seen + sessions.ABSOLUTE}
    put(hub, Session, id_, **facts | moments | who | values)


ADA, BEN, OPS = {"person_id": "ada", "client_id": "c"}, {"person_id": "ben", "client_id": "c"}, {"staff_email": "o@f"}


def test_a_link_goes_a_week_after_its_end_used_or_not(hub: Hub) -> None:
    link(hub, "good", TODAY + DAY)
    link(hub, "ended yesterday", days_ago(1))
    link(hub, "never used", days_ago(8))
    link(hub, "used", days_ago(8), used=days_ago(8))
    assert tidy(hub, TODAY).rows["sign-in links"] == 2
    assert left(hub, SignInLink) == {"good", "ended yesterday"}


def test_sessions_that_ended_long_ago_go_and_each_persons_last_one_stays(hub: Hub) -> None:
    session(hub, "ada's first", days_ago(300), ADA)
    session(hub, "ada's token", days_ago(200), ADA, via="api", expires_at=TODAY + DAY)
    session(hub, "ada signed out", days_ago(20), ADA, revoked_at=days_ago(20))
    session(hub, "ada's", TODAY, ADA)
    session(hub, "ben's last", days_ago(400), BEN)
    session(hub, "ben's first", days_ago(500), BEN, revoked_at=days_ago(450))
    session(hub, "ops once", days_ago(300), OPS)
    session(hub, "ops last", days_ago(299), OPS)
    assert tidy(hub, TODAY).rows["sessions"] == 3
    assert left(hub, Session) == {"ada's token", "ada signed out", "ada's", "ben's last", "ops last"}
    with hub.engine.connect() as connection:
        assert sessions.has_been_here(connection, "ben"), "who comes back after a year is not welcomed as new"


def test_what_is_taken_for_an_ended_session_can_open_no_page() -> None:
    assert past.SESSIONS > sessions.IDLE


def test_activity_stays_when_its_session_goes(hub: Hub) -> None:
    session(hub, "old", days_ago(300), ADA)
    session(hub, "new", TODAY, ADA)
    did = {"at": days_ago(300), "session_id": "old", "verb": "view", "via": "page", "counted": True, **ADA}
    with hub.engine.begin() as connection:
        connection.execute(insert(Activity), did)
    tidy(hub, TODAY)
    with hub.engine.connect() as connection:
        assert connection.scalars(select(Activity.c.session_id)).all() == ["old"]


def test_hints_that_were_read_go_and_one_that_nobody_could_read_stays(hub: Hub) -> None:
    for id_, done in {"read": days_ago(31), "read lately": days_ago(29), "given up": None}.items():
        facts = {"source": "model", "event_id": id_, "received_at": days_ago(40), "attempts": 5}
        put(hub, Inbox, id_, **facts, done_at=done)
    assert tidy(hub, TODAY).rows["hints"] == 1
    assert left(hub, Inbox) == {"read lately", "given up"}


def test_runs_of_last_quarter_go_and_status_still_tells_each_streams_last(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "AT_ONCE", 2)
    for _ in range(6):
        sync_source(hub, "model")
    with hub.engine.begin() as connection:
        going_on = begin(connection, "model", ["Invoice"])
    before = status(hub.engine)
    assert tidy(hub, TODAY + 80 * DAY).rows["runs"] == 0
    assert tidy(hub, TODAY + 91 * DAY).rows["runs"] == 5
    assert status(hub.engine) == before
    with hub.engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(StreamRun)) == 3
        finish(connection, going_on, [], 0)
    assert len(left(hub, Run)) == 2


def test_a_landed_page_is_kept_for_good_unless_the_firm_says_otherwise(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    assert tidy(hub, TODAY + 4000 * DAY).pages == 0


def test_an_old_landed_page_goes_unless_something_came_from_it(make_hub: Callable[..., Hub], source: Any) -> None:
    hub = make_hub(settings={"landing_keep_days": 30})
    sync_source(hub, "model")
    source.put("Invoice", "I01", number="1001", day="no day", total=1, balance=0, currency="EUR", customer="C1")
    source.delete("Invoice", "I02")
    source.save()
    sync_source(hub, "model")
    source.put("Invoice", "I00", number="1000", day="2026-03-01", total=1, balance=1, currency="EUR", customer="C1")
    source.save()
    for _ in range(3):  # The last page comes again each time, and nothing new comes of it.
        sync_source(hub, "model")
    torn = hub.landing.root / hub.landing.land("model", "Invoice", "torn", 1, b"{}")
    torn.rename(torn.with_suffix(".part"))
    needed, pages = batches(hub), landed(hub)
    assert needed < pages
    assert tidy(hub, TODAY + 29 * DAY).pages == 0
    assert tidy(hub, TODAY + 32 * DAY).pages == len(pages - needed)
    assert landed(hub) == needed
    assert b"no day" in b"".join(hub.landing.read(page) for page in held(hub))


def landed(hub: Hub) -> set[str]:
    return {str(file.relative_to(hub.landing.root)) for file in hub.landing.root.rglob("*") if file.is_file()}


def batches(hub: Hub) -> set[str]:
    """As somebody would look for them who does not know how `past` does."""
    with hub.engine.connect() as connection:
        tables = [METADATA.tables[name] for name in ("client", "billing_account", "invoice", "held_record")]
        return {batch for table in tables for batch in connection.scalars(select(table.c.batch))}


def held(hub: Hub) -> set[str]:
    with hub.engine.connect() as connection:
        return set(connection.scalars(select(HeldRecord.c.batch)))
