"""What clients do is recorded as facts; what staff and machines do is not counted."""

from __future__ import annotations

import threading
import time

import anyio
import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from hub.clock import now
from portal_api import activity
from portal_api.access import sessions
from portal_api.access.people import places_of
from portal_api.activity import FLUSH_ROWS, Activities
from portal_api.reading import Store
from store.access_tables import Activity
from store.engine import create_engine

pytestmark = pytest.mark.anyio

PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}


@pytest.fixture(autouse=True)
def clean(world):
    with world.engine.begin() as connection:
        connection.execute(delete(Activity))


def kept(world):
    with world.engine.connect() as connection:
        return connection.execute(select(Activity).order_by(Activity.c.seq)).all()


async def test_a_view_of_home_is_one_counted_fact(world, portal, signed_in):
    await signed_in("legal").get("/", headers=PERSON)
    portal.app.state.portal.activities.flush()
    [row] = kept(world)
    assert (row.verb, row.object_kind, row.via, row.counted) == ("view", "home", "page", True)
    assert row.client_id == world.client("legal").id
    assert row.person_id is not None
    assert row.session_id is not None


async def test_it_is_written_within_a_second_without_anybody_asking(world, portal, signed_in):
    await signed_in("legal").get("/", headers=PERSON)
    until = time.monotonic() + 5
    while not kept(world):
        assert time.monotonic() < until
        await anyio.sleep(0.05)


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"user-agent": "python-requests/2.32"},
        {"user-agent": ""},
        {"user-agent": "Mozilla/5.0", "sec-purpose": "prefetch"},
        {"user-agent": "Mozilla/5.0", "sec-purpose": "prefetch;prerender"},
        {"user-agent": "Mozilla/5.0", "x-moz": "prefetch"},
        {"user-agent": "Mozilla/5.0", "x-purpose": "preview"},
    ],
)
async def test_robots_and_prefetching_are_kept_but_not_counted(world, portal, signed_in, headers):
    await signed_in("legal").get("/", headers=headers)
    await signed_in("legal").head("/", headers=PERSON)
    portal.app.state.portal.activities.flush()
    assert [row.counted for row in kept(world)] == [False, False]


async def test_staff_viewing_as_a_client_are_not_counted(world, portal):
    with world.engine.begin() as connection:
        token = sessions.open_for_staff(connection, "ops@firm.example", "ops", now())
        me = sessions.find(connection, token, now())
        assert me
        sessions.view_as(connection, me, world.client("legal").id)
    portal.cookies.set("frontdesk", token)
    assert (await portal.get("/", headers=PERSON)).status_code == 200
    portal.app.state.portal.activities.flush()
    [row] = kept(world)
    assert (row.counted, row.staff_email, row.client_id) == (False, "ops@firm.example", world.client("legal").id)


def test_a_hundred_rows_are_one_transaction(world):
    writes = []
    done = threading.Event()

    def write(work):
        writes.append(work)
        done.set()

    activities = Activities(write)
    activities.start()
    for _ in range(FLUSH_ROWS):
        activities.add({})
    assert done.wait(0.8)
    activities.stop()
    assert len(writes) == 1


def test_while_the_store_cannot_be_written_nothing_is_lost(world):
    down = [True]

    def write(work):
        if down[0]:
            raise OperationalError("", {}, Exception("locked"))
        with world.engine.begin() as connection:
            work(connection)

    activities = Activities(write)
    facts = {"client_id": None, "person_id": None, "session_id": None, "staff_email": None, "via": "page"}
    for verb in ("one", "two"):
        row = {"at": now(), "verb": verb, "object_kind": None, "object_id": None, "counted": False}
        activities.add({**facts, **row})
        activities.flush()
    down[0] = False
    activities.flush()
    assert [row.verb for row in kept(world)] == ["one", "two"]


def test_an_outage_is_told_when_it_begins_and_when_it_ends(monkeypatch, caplog):
    monkeypatch.setattr(activity, "KEEP_ROWS", 3)
    down = [True]

    def write(_work):
        if down[0]:
            raise OperationalError("", {}, Exception("locked"))

    activities = Activities(write)
    for _ in range(5):
        activities.add({})
        activities.flush()
    down[0] = False
    activities.flush()
    activities.add({})
    activities.stop()
    assert [record.message for record in caplog.records] == [
        "The store cannot be written, so what people do waits in memory: up to 3 visits.",
        "The store can be written again. Visits that waited and are kept: 3; lost: 2.",
    ]
    down[0] = True
    activities.add({})
    activities.stop()
    assert caplog.records[-1].message == "Stopped while the store cannot be written. Visits lost: 1."


def test_while_no_connection_is_left_nothing_is_lost(world):
    dry = create_engine(world.engine.url.render_as_string(hide_password=False), pool_size=1)
    dry.pool = QueuePool(dry.pool._creator, pool_size=1, max_overflow=0, timeout=0.05)
    activities = Activities(Store(dry).write_now)
    facts = {"client_id": None, "person_id": None, "session_id": None, "staff_email": None, "via": "page"}
    row = {"at": now(), "verb": "one", "object_kind": None, "object_id": None, "counted": False}
    taken = dry.connect()
    activities.add({**facts, **row})
    activities.flush()
    assert kept(world) == []
    activities.add({**facts, **row, "verb": "two"})
    taken.close()
    activities.flush()
    dry.dispose()
    assert [fact.verb for fact in kept(world)] == ["one", "two"]


async def test_a_session_in_use_stays_alive(world, portal):
    with world.engine.begin() as connection:
        place = places_of(connection, world.client("saas").email)[0]
        token = sessions.open_for_person(connection, place, now() - sessions.SEEN_EVERY * 2)
    portal.cookies.set("frontdesk", token)
    await portal.get("/", headers=PERSON)
    portal.app.state.portal.activities.flush()
    with world.engine.connect() as connection:
        assert now() - sessions.find(connection, token, now()).seen_at < sessions.SEEN_EVERY
