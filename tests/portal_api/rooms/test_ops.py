"""Ops see what is wrong first, say whose a record is in one press, ask for a sync, and look as a client does."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, insert, select, update

from hub.clock import now
from hub.errors import NeedsPerson
from hub.ids import entity_id, random_id
from mappings.standing import Known
from portal_api.access import sessions
from store.access_tables import Activity, Staff
from store.hub_tables import INBOX_TRIES, LET_THROUGH, Inbox, Run, StreamState

pytestmark = pytest.mark.anyio
IN_BOOKS = StreamState.c.source == "quickbooks"


async def test_all_is_well_in_one_sentence(browse, rich):
    page = await browse("/ops", who=rich.staff())
    assert "All 3 sources are current." in page.text
    assert page.text.count("<rect") == 4 * 20, "the last 20 runs of each QuickBooks stream"


async def test_a_source_that_was_never_read_is_not_called_current(browse, rich):
    with rich.world.engine.connect() as connection:
        known = [(row.stream, row.checked_at) for row in connection.execute(select(StreamState).where(IN_BOOKS))]
        assert known
    with rich.world.engine.begin() as connection:
        connection.execute(update(StreamState).where(IN_BOOKS).values(checked_at=None))
    try:
        page = (await browse("/ops", who=rich.staff())).text
        assert "are current" not in page
        assert '<h1 class="ops-lead ops-attention" data-answer>1 of 3 sources has not been read yet. See that' in page
        with rich.world.engine.begin() as connection:
            first = StreamState.c.stream == known[0][0]
            connection.execute(update(StreamState).where(IN_BOOKS, first).values(checked_at=now()))
        page = (await browse("/ops", who=rich.staff())).text
        assert "All 3 sources are current." in page, "one stream that is new waits for its turn"
    finally:
        with rich.world.engine.begin() as connection:
            for stream, checked_at in known:
                mine = update(StreamState).where(IN_BOOKS, StreamState.c.stream == stream)
                connection.execute(mine.values(checked_at=checked_at))


async def test_what_is_wrong_comes_first_with_the_next_step(browse, rich):
    broken = StreamState.c.source == "quickbooks", StreamState.c.stream == "Invoice"
    with rich.world.engine.begin() as connection:
        told = {"error": "QuickBooks no longer accepts our token.", "error_kind": "NeedsPerson"}
        connection.execute(
            update(StreamState).where(*broken).values(**told, error_step="Run `frontdesk connect quickbooks`.")
        )
    try:
        page = await browse("/ops", who=rich.staff())
        assert ">QuickBooks no longer accepts our token.</h1>" in page.text
        assert "Needs a person" in page.text
        assert "Run <code>frontdesk connect quickbooks</code>." in page.text
        assert page.text.index("<h2>QuickBooks") < page.text.index("<h2>Google Drive")
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(update(StreamState).where(*broken).values(error=None, error_kind=None, error_step=None))


async def test_what_is_wrong_with_a_whole_source_is_said_once(browse, rich):
    with rich.world.engine.begin() as connection:
        told = {
            "error": "QuickBooks no longer accepts our token.",
            "error_kind": "NeedsPerson",
            "error_step": "Connect.",
        }
        connection.execute(update(StreamState).where(StreamState.c.source == "quickbooks").values(**told))
    try:
        page = await browse("/ops", who=rich.staff())
        body = page.text.split("<main", 1)[1]
        assert body.count("no longer accepts our token") == 2, "in the answer, and at the source"
        assert "QuickBooks: QuickBooks" not in page.text
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(update(StreamState).values(error=None, error_kind=None, error_step=None))


async def test_a_worker_that_stands_still_is_said_with_what_to_do(browse, rich):
    with rich.world.engine.begin() as connection:
        connection.execute(update(StreamState).values(checked_at=now() - dt.timedelta(hours=2)))
    try:
        page = await browse("/ops", who=rich.staff())
        assert "It was not read for 2 hours. 2 more sources need a look.</h1>" in page.text
        assert page.text.count("See that <code>frontdesk worker</code> and its Prefect server run.") == 3
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(update(StreamState).values(checked_at=now()))


async def test_a_source_that_is_read_and_stays_behind_is_not_called_current(browse, rich):
    """Clients read that it is silent; ops who read "all current" beside that would look for nothing."""
    books = StreamState.c.source == "quickbooks"
    with rich.world.engine.begin() as connection:
        before = connection.execute(select(StreamState.c.stream, StreamState.c.high_water).where(books)).all()
        connection.execute(update(StreamState).where(books).values(high_water=now() - dt.timedelta(hours=3)))
    try:
        page = await browse("/ops", who=rich.staff())
        assert "it ends 3 hours ago." in page.text
        assert "All 3 sources are current." not in page.text
        assert page.text.count(">Behind<") >= len(before)
    finally:
        with rich.world.engine.begin() as connection:
            for stream, high_water in before:
                one = update(StreamState).where(books, StreamState.c.stream == stream)
                connection.execute(one.values(high_water=high_water))


async def test_a_stream_that_nobody_reads_any_more_is_said_with_what_to_do(browse, rich):
    with rich.world.engine.connect() as connection:
        stored = connection.execute(select(StreamState.c.source, StreamState.c.stream)).all()
    mapped = {tuple(row): "print" for row in stored if row.stream != "Payment" and row.source != "google_drive"}
    sources = frozenset({"salesforce", "quickbooks"})
    browse.app.state.portal.know = lambda: Known(sources, mapped)
    page = (await browse("/ops", who=rich.staff())).text
    assert ("No mapping" in page, "Not configured" in page) == (True, True)
    assert "Payment has no mapping any more; what it brought stays in clients" in page
    assert "or run <code>frontdesk forget quickbooks Payment</code>." in page
    assert "or run <code>frontdesk forget google_drive STREAM</code> for each." in page
    assert "All 3 sources are current." not in page


async def test_a_mapping_that_has_changed_since_it_was_last_read_is_said(browse, rich):
    sources = frozenset({"salesforce", "quickbooks", "google_drive"})
    with rich.world.engine.begin() as connection:
        stored = connection.execute(select(StreamState.c.source, StreamState.c.stream)).all()
        connection.execute(update(StreamState).values(mapping="print", mapped="print"))
    mapped = {tuple(row): "another" if row.stream == "Invoice" else "print" for row in stored}
    browse.app.state.portal.know = lambda: Known(sources, mapped)
    try:
        page = (await browse("/ops", who=rich.staff())).text
        assert page.count("Mapping changed, next sync reads all again") == 2, "at the stream and at its source"
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(update(StreamState).values(mapping=None, mapped=None))


async def test_a_source_that_is_not_configured_any_more_cannot_be_asked(browse, rich):
    with rich.world.engine.begin() as connection:
        connection.execute(insert(StreamState).values(source="old_books", stream="Invoice", checked_at=now()))
    try:
        page = (await browse("/ops", who=rich.staff())).text
        assert page.count('/sync"') == 3
        assert "/ops/sources/old_books/sync" not in page
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(delete(StreamState).where(StreamState.c.source == "old_books"))


async def test_mappings_that_cannot_be_read_are_said_beside_the_rest(browse, rich):
    def broken():
        raise NeedsPerson("Invoice.yaml:7: `nummer` is no column.", step="Columns are `number`, `total`.")

    browse.app.state.portal.know = broken
    page = await browse("/ops", who=rich.staff())
    assert page.status_code == 200
    assert "Invoice.yaml:7: <code>nummer</code> is no column. Columns are <code>number</code>" in page.text


async def test_single_records_do_not_crowd_out_the_runs_of_whole_sources(browse, rich):
    single = {"id": random_id(), "source": "quickbooks", "kind": "replay", "state": "done", "started_at": now()}
    with rich.world.engine.begin() as connection:
        connection.execute(insert(Run), {**single, "ended_at": now(), "requests": 0})
    assert f"/ops/runs/{single['id']}" not in (await browse("/ops/runs", who=rich.staff())).text
    assert f"/ops/runs/{single['id']}" in (await browse("/ops/runs?show=all", who=rich.staff())).text


async def test_staff_who_take_a_wrong_turn_are_led_back_to_ops(browse, rich):
    page = await browse("/nowhere", who=rich.staff())
    assert (page.status_code, 'href="/ops">Go to home' in page.text) == (404, True)


async def test_sync_now_is_a_hint_for_the_worker_and_twice_is_once(browse, rich):
    with rich.world.engine.begin() as connection:
        connection.execute(delete(Inbox))
    staff = rich.staff()
    for _ in range(2):
        answer = await browse("/ops/sources/quickbooks/sync", who=staff, method="POST")
        assert answer.headers["location"] == "/ops?asked=quickbooks"
    with rich.world.engine.connect() as connection:
        rows = connection.execute(select(Inbox.c.source, Inbox.c.stream, Inbox.c.external_id, Inbox.c.done_at)).all()
    assert [tuple(row) for row in rows] == [("quickbooks", None, None, None)]
    assert "QuickBooks is read again now." in (await browse("/ops?asked=quickbooks", who=staff)).text
    assert (await browse("/ops/sources/nothing/sync", who=staff, method="POST")).status_code == 404


async def test_sync_now_asks_again_where_the_worker_has_given_up(browse, rich):
    with rich.world.engine.begin() as connection:
        connection.execute(delete(Inbox))
    staff = rich.staff()
    await browse("/ops/sources/quickbooks/sync", who=staff, method="POST")
    with rich.world.engine.begin() as connection:
        connection.execute(update(Inbox).values(attempts=INBOX_TRIES))
    await browse("/ops/sources/quickbooks/sync", who=staff, method="POST")
    with rich.world.engine.connect() as connection:
        assert sorted(connection.scalars(select(Inbox.c.attempts))) == [0, INBOX_TRIES]


async def test_a_braked_stream_is_let_through_once_and_only_while_it_is_braked(browse, rich):
    path, form = "/ops/sources/quickbooks/let-through", {"stream": "Invoice"}
    staff, braked = rich.staff(), (StreamState.c.source == "quickbooks", StreamState.c.stream == "Invoice")
    assert (await browse(path, who=staff, method="POST", data=form)).status_code == 404
    told = {"error": "30 of 40 records of Invoice are gone. That is held.", "error_kind": "HeldRun"}
    with rich.world.engine.begin() as connection:
        connection.execute(delete(Inbox))
        connection.execute(update(StreamState).where(*braked).values(**told))
    try:
        page = (await browse("/ops", who=staff)).text
        assert page.count("Remove what is gone from Invoice") == 1
        for who in (rich.session(rich.mine), _analyst(rich)):
            assert (await browse(path, who=who, method="POST", data=form)).status_code == 404
        assert "Remove what is gone" not in (await browse("/ops", who=_analyst(rich))).text
        for _ in range(2):
            assert (await browse(path, who=staff, method="POST", data=form)).status_code == 303
        with rich.world.engine.connect() as connection:
            [hint] = connection.execute(select(Inbox)).all()
        assert (hint.source, hint.stream, hint.external_id) == ("quickbooks", "Invoice", None)
        assert hint.event_id.startswith(LET_THROUGH)
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(update(StreamState).where(*braked).values(error=None, error_kind=None))


async def test_held_records_say_why_and_show_what_came(browse, rich):
    page = await browse("/ops/held", who=rich.staff())
    assert "&#39;12,5x&#39; is no amount (Quokka)." in page.text
    assert "field <code>TotalAmt</code>" in page.text
    assert "Correct it in QuickBooks." in page.text
    assert "&#34;TotalAmt&#34;: &#34;12,5x&#34;" in page.text


HELD_QUOKKA, HELD_ZEBRANO = (entity_id("quickbooks", "held", mark) for mark in ("Quokka", "Zebrano"))


class Hub:
    """What stands behind the button: `ends` says how a record's new try ends; `asked` is what it was given."""

    def __init__(self, portal, **ends):
        self.ends, self.asked = ends, []
        portal.replay = self.replay

    def replay(self, ids):
        for id_ in ids:
            self.asked.append(id_)
            yield SimpleNamespace(id=id_, state=self.ends.get(id_, "taken"))


async def test_a_held_record_is_tried_again_in_one_press_and_the_page_says_how_it_went(browse, rich):
    staff, hub = rich.staff(), Hub(browse.app.state.portal, **{HELD_ZEBRANO: "held"})
    page = (await browse("/ops/held", who=staff)).text
    assert f'action="/ops/held/{HELD_QUOKKA}/replay"' in page
    assert "Try all 2 again" in page
    done = await browse(f"/ops/held/{HELD_QUOKKA}/replay", who=staff, method="POST")
    assert (done.status_code, hub.asked) == (303, [HELD_QUOKKA])
    assert "Record tried again: 1 was taken." in (await browse(done.headers["location"], who=staff)).text
    all_of = {"source": "quickbooks", "stream": "Invoice", "reason": "bad_amount"}
    done = await browse("/ops/held/replay", who=staff, method="POST", data=all_of)
    assert sorted(hub.asked[1:]) == sorted([HELD_QUOKKA, HELD_ZEBRANO])
    told = (await browse(done.headers["location"], who=staff)).text
    assert "Records tried again: 1 was taken; 1 still cannot be taken, for the reason below." in told


async def test_one_press_takes_twenty_seconds_at_most_and_says_what_is_left(browse, rich, monkeypatch):
    from portal_api.ops import held

    monkeypatch.setattr(held, "REPLAY_SECONDS", -1)
    hub = Hub(browse.app.state.portal)
    all_of = {"source": "quickbooks", "stream": "Invoice", "reason": "bad_amount"}
    done = await browse("/ops/held/replay", who=rich.staff(), method="POST", data=all_of)
    assert len(hub.asked) == 1
    told = (await browse(done.headers["location"], who=rich.staff())).text
    assert "1 was taken; 1 was not reached yet: try again." in told


async def test_a_mapping_that_cannot_be_read_is_said_with_the_next_step(browse, rich):
    def broken(_ids):
        yield from ()
        raise NeedsPerson("Invoice.yaml:7: `nummer` is no column.", step="Columns are `number`, `total`.")

    browse.app.state.portal.replay = broken
    page = await browse(f"/ops/held/{HELD_QUOKKA}/replay", who=rich.staff(), method="POST")
    assert page.status_code == 409
    assert "<h1>Invoice.yaml:7: <code>nummer</code> is no column.</h1>" in page.text
    assert "<p>Columns are <code>number</code>, <code>total</code>.</p>" in page.text


async def test_nobody_but_ops_tries_again_and_no_other_site_for_them(browse, rich):
    hub = Hub(browse.app.state.portal)
    path = f"/ops/held/{HELD_QUOKKA}/replay"
    from_elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = await browse(path, who=rich.staff(), method="POST", headers=from_elsewhere)
    assert answer.status_code == 403
    for who in (rich.session(rich.mine), _analyst(rich)):
        assert (await browse(path, who=who, method="POST")).status_code == 404
    assert hub.asked == []


async def test_without_a_hub_the_command_is_named(browse, rich):
    page = (await browse("/ops/held", who=rich.staff())).text
    assert "<code>frontdesk quarantine replay</code> tries them again." in page
    assert "Try again" not in page


async def test_a_run_says_what_it_did_to_each_stream(browse, rich):
    page = await browse("/ops/runs/run00000000000000000000021", who=rich.staff())
    assert "QuickBooks answered 500." in page.text
    assert "Failed" in page.text
    assert (await browse("/ops/runs", who=rich.staff())).status_code == 200
    assert (await browse(f"/ops/runs/{'0' * 26}", who=rich.staff())).status_code == 404


async def test_viewing_as_a_client_is_read_only_logged_and_ends(browse, rich):
    staff = rich.staff()
    begun = await browse(f"/ops/clients/{rich.mine.client_id}/view", who=staff, method="POST")
    assert begun.headers["location"] == "/"
    page = await browse("/invoices", who=staff)
    assert "You see Quokka Handel GmbH as its people do." in page.text
    assert "Quokka-1047" in page.text
    assert (await browse("/api/v1/me", who=staff)).json()["read_only"] is True
    browse.app.state.portal.activities.flush()
    with rich.world.engine.connect() as connection:
        rows = connection.execute(select(Activity).where(Activity.c.staff_email == "ops@firm.example")).all()
    assert {"view_as", "view"} <= {row.verb for row in rows}
    assert not any(row.counted for row in rows)
    assert (await browse("/ops/view-as/end", who=staff, method="POST")).headers["location"] == "/ops/clients"
    assert (await browse("/invoices", who=staff)).status_code == 404


def _analyst(rich):
    with rich.world.engine.begin() as connection:
        if connection.execute(select(Staff).where(Staff.c.email == "ann@firm.example")).first() is None:
            connection.execute(insert(Staff), {"email": "ann@firm.example", "name": "Ann", "role": "analyst"})
        return sessions.open_for_staff(connection, "ann@firm.example", "analyst", now())


async def test_an_analyst_sees_how_it_stands_and_touches_nothing(browse, rich):
    token = _analyst(rich)
    page = await browse("/ops", who=token)
    assert page.status_code == 200
    assert "Sync now" not in page.text
    for path in ("/ops/held", "/ops/unmatched", "/ops/clients"):
        assert (await browse(path, who=token)).status_code == 404
    assert (await browse("/ops/sources/quickbooks/sync", who=token, method="POST")).status_code == 404


async def test_whatever_an_analyst_is_shown_a_way_to_can_be_opened(browse, rich):
    token, ways = _analyst(rich), set()
    for path in ("/ops", "/ops/runs", "/ops/compared"):
        page = (await browse(path, who=token)).text
        ways |= {way for way in re.findall(r'href="(/ops[^"#]*)', page) if not way.startswith("/ops/runs/")}
        assert "held record" in page or path != "/ops", "the count is no secret"
    assert {"/ops", "/ops/runs"} <= ways
    assert {way: (await browse(way, who=token)).status_code for way in ways} == dict.fromkeys(ways, 200)
    assert '<a href="/ops/held">' in (await browse("/ops", who=rich.staff())).text


async def test_clients_are_found_by_name_and_number(browse, rich):
    page = await browse("/ops/clients?q=k-quok", who=rich.staff())
    assert "Quokka Handel GmbH" in page.text
    assert "Zebrano" not in page.text
    assert "Omar Lind" in (await browse("/ops/staff", who=rich.staff())).text
