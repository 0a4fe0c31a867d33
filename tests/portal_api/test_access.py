"""People get in by a mailed link or code, once, and nobody else does."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, insert, select, update

from hub.clock import now
from hub.errors import NeedsPerson
from portal_api.access import links, sessions
from portal_api.access.deep_links import Item, deep_link
from portal_api.access.limits import Limit
from portal_api.access.links import create_link, own_path
from portal_api.access.people import places_of
from portal_api.access.tokens import create_api_token, hashed
from store.access_tables import Activity, Session, SignInLink, Staff
from store.bundle import CLIENT, Bundle
from store.engine import create_engine
from store.scope import Reader, Scope, visible
from store.tables import Client, Person

pytestmark = pytest.mark.anyio


def link_for(world, client, target="/", minutes=15):
    with world.engine.begin() as connection:
        return urlsplit(create_link(connection, client.email, target, minutes)).path


async def test_a_press_on_the_link_signs_in_and_lands_where_the_person_wanted_to_go(world, portal):
    path = link_for(world, world.client("legal"), "/clients")
    page = await portal.get(path)
    assert page.status_code == 200
    assert re.findall(r"<form[^>]*>", page.text) == [f'<form class="form" method="post" action="{path}">']
    pressed = await portal.post(path)
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/clients")
    assert "Marguerite Dubois" in (await portal.get("/")).text


async def test_the_first_visit_is_welcomed_and_the_second_is_not(world, portal):
    client = world.client("professional_services", "nothing")
    with world.engine.begin() as connection:  # other tests may have been here
        person = places_of(connection, client.email)[0].person_id
        connection.execute(delete(Session).where(Session.c.person_id == person))
    places = []
    for _ in range(2):
        places.append((await portal.post(link_for(world, client))).headers["location"])
        portal.cookies.clear()
    assert places == ["/?welcome=1", "/"]


async def test_scanners_that_read_the_link_leave_it_good(world, portal):
    path = link_for(world, world.client("saas"))
    for _ in range(3):
        assert (await portal.head(path)).status_code == 200
        assert "set-cookie" not in (await portal.get(path)).headers
    assert (await portal.post(path)).status_code == 303


async def test_a_used_link_says_so_and_offers_a_new_one(world, portal):
    path = link_for(world, world.client("saas"))
    await portal.post(path)
    portal.cookies.clear()
    again = await portal.post(path)
    assert again.status_code == 410
    assert "set-cookie" not in again.headers
    assert 'href="/sign-in"' in (await portal.get(path)).text


async def test_an_old_link_lets_nobody_in(world, portal):
    path = link_for(world, world.client("saas"), minutes=-1)
    assert (await portal.post(path)).status_code == 410


def test_of_fifty_presses_at_once_one_signs_in(world):
    token = link_for(world, world.client("agency")).rpartition("/")[2]

    def press(_):
        with world.engine.begin() as connection:
            return links.redeem(connection, token, now())

    with ThreadPoolExecutor(50) as pool:
        used = [one for one in pool.map(press, range(50)) if one is not None]
    assert [one.email for one in used] == [world.client("agency").email]


def test_only_hashes_are_stored(world):
    token = link_for(world, world.client("saas")).rpartition("/")[2]
    with world.engine.connect() as connection:
        kept = connection.execute(select(SignInLink).order_by(SignInLink.c.created_at.desc())).first()
    assert kept.token_hash == hashed(token)
    assert token not in repr(tuple(kept))


async def test_an_unknown_address_gets_the_same_answer_and_causes_the_same_work(world, portal):
    answers = []
    for email in (world.client("logistics").email, "nobody@nowhere.example"):
        before = _count(world, SignInLink)
        answer = await portal.post("/sign-in", data={"email": email})
        cookie = re.sub(r"=[\w-]{43}", "=…", answer.headers["set-cookie"])
        place = answer.headers["location"].replace(email.replace("@", "%40"), "…")
        answers.append((answer.status_code, place, cookie, answer.text, _count(world, SignInLink) - before))
    assert answers[0] == answers[1]
    assert answers[0][4] == 1


async def test_what_is_no_address_is_said_beside_the_field(portal):
    answer = await portal.post("/sign-in", data={"email": "not an address"})
    assert answer.status_code == 400
    assert "does not look like an email address" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(world, portal):
    answer = await portal.post(link_for(world, world.client("saas")))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("frontdesk=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_a_form_from_another_site_changes_nothing(world, portal, signed_in):
    browser = signed_in("legal")
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert (await browser.post("/sign-out", headers=headers)).status_code == 403
    assert (await browser.get("/")).status_code == 200
    own = {"origin": world.settings.public_url, "sec-fetch-site": "same-origin"}
    assert (await browser.post("/sign-out", headers=own)).status_code == 303


async def test_signing_out_ends_the_session_on_the_server_too(world, portal, signed_in):
    browser = signed_in("legal")
    token = browser.cookies["frontdesk"]
    assert (await browser.post("/sign-out")).headers["location"] == "/signed-out"
    browser.cookies.set("frontdesk", token)
    assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_a_revoked_an_idle_and_an_expired_session_end(world, portal, signed_in):
    for change in (
        {"revoked_at": now()},
        {"seen_at": now() - sessions.IDLE - dt.timedelta(1)},
        {"expires_at": now() - dt.timedelta(seconds=1)},
    ):
        browser = signed_in("agency")
        assert (await browser.get("/")).status_code == 200
        mine = Session.c.token_hash == hashed(browser.cookies["frontdesk"])
        with world.engine.begin() as connection:
            connection.execute(update(Session).where(mine).values(**change))
        assert (await browser.get("/")).status_code == 303
        browser.cookies.clear()


async def test_a_person_whose_role_is_taken_away_is_out_at_once(world, portal, signed_in):
    browser = signed_in("agency", "nothing")
    mine = Person.c.email == world.client("agency", "nothing").email
    with world.engine.begin() as connection:
        connection.execute(update(Person).where(mine).values(role=None))
    try:
        assert (await browser.get("/")).status_code == 303
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(Person).where(mine).values(role="owner"))


async def test_a_word_that_is_no_role_opens_nothing_and_a_role_is_one_in_any_case(world, portal, signed_in):
    client = world.client("agency", "nothing")
    browser, mine = signed_in("agency", "nothing"), Person.c.email == client.email
    with world.engine.begin() as connection:
        program = {"authorization": f"Bearer {create_api_token(connection, client.email)}"}
    try:
        for word in (None, "No access", "Former", "", "none"):
            with world.engine.begin() as connection:
                connection.execute(update(Person).where(mine).values(role=word))
                assert places_of(connection, client.email) == []
            assert (await browser.get("/")).status_code == 303
            assert (await portal.get("/api/v1/me", headers=program)).status_code == 401
        with world.engine.begin() as connection:
            connection.execute(update(Person).where(mine).values(role="Viewer"))
            assert places_of(connection, client.email)[0].role == "viewer"
        assert (await portal.get("/api/v1/me", headers=program)).json()["read_only"] is True
        assert "Portal viewer" in (await browser.get("/account")).text
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(Person).where(mine).values(role="owner"))


async def test_whoever_has_one_client_is_not_offered_another(world, portal):
    await portal.post(link_for(world, world.client("legal")))
    assert "Switch client" not in (await portal.get("/")).text
    [session] = portal.cookies.jar
    portal.cookies.set("frontdesk_several", "1", session.domain)  # as it was before the other client left
    assert "You belong to one client" in (await portal.get("/clients")).text
    assert "Switch client" not in (await portal.get("/")).text


async def test_somebody_of_two_clients_chooses_and_gets_a_new_session(world, portal):
    first, second = world.client("logistics"), world.client("logistics", "nothing")
    shared = Person.c.client_id.in_([first.id, second.id])
    with world.engine.begin() as connection:
        connection.execute(update(Person).where(shared).values(email="both@client.example"))
    try:
        path = urlsplit(_both_link(world)).path
        entered = await portal.post(path)
        assert entered.headers["location"] == "/clients"
        page = await portal.get("/clients")
        assert "Rheinkontor Handels GmbH" in page.text
        assert "Tide &amp; Sons" in page.text
        before = portal.cookies["frontdesk"]
        assert (await portal.post(f"/clients/{second.id}")).status_code == 303
        assert portal.cookies["frontdesk"] != before
        home = (await portal.get("/")).text
        assert "Tide &amp; Sons" in home
        assert "Switch client" in home
        assert (await portal.post(f"/clients/{world.client('legal').id}")).status_code == 404
    finally:
        with world.engine.begin() as connection:
            for client in (first, second):
                mine = update(Person).where(Person.c.client_id == client.id)
                connection.execute(mine.values(email=client.email))


async def test_who_is_at_several_clients_visits_the_one_that_is_chosen_and_finds_there_what_was_wanted(world, portal):
    first, second = world.client("logistics"), world.client("logistics", "nothing")
    shared = Person.c.client_id.in_([first.id, second.id])
    with world.engine.begin() as connection:
        connection.execute(update(Person).where(shared).values(email="both@client.example"))
        last = connection.scalar(select(func.coalesce(func.max(Activity.c.seq), 0)))
    try:
        portal.headers["user-agent"] = "Mozilla/5.0"
        entered = await portal.post(urlsplit(_both_link(world, "/invoices/abc?tab=1")).path)
        chooser = entered.headers["location"]
        assert chooser == "/clients?next=%2Finvoices%2Fabc%3Ftab%3D1"
        assert '<input type="hidden" name="next" value="/invoices/abc?tab=1">' in (await portal.get(chooser)).text
        chosen = await portal.post(f"/clients/{second.id}", data={"next": "/invoices/abc?tab=1"})
        assert chosen.headers["location"] == "/invoices/abc?tab=1"
        elsewhere = await portal.post(f"/clients/{second.id}", data={"next": "//evil.example"})
        assert elsewhere.headers["location"] == "/"
    finally:
        with world.engine.begin() as connection:
            for client in (first, second):
                mine = update(Person).where(Person.c.client_id == client.id)
                connection.execute(mine.values(email=client.email))
    portal.app.state.portal.activities.flush()
    since = select(Activity).where(Activity.c.seq > last, Activity.c.client_id.in_([first.id, second.id]))
    with world.engine.connect() as connection:
        facts = [(row.client_id, row.verb, row.counted) for row in connection.execute(since.order_by(Activity.c.seq))]
    assert facts == [(first.id, "sign_in", False), *[(second.id, "sign_in", True)] * 2]


def test_two_contacts_of_one_address_at_one_client_are_one_place(world):
    client = world.client("saas")
    with world.engine.connect() as connection:
        known = connection.execute(select(Person).where(Person.c.email == client.email)).first()._mapping
        connection.execute(insert(Person), {**known, "id": "zzzz", "external_id": "twice"})
        assert [place.client_id for place in places_of(connection, client.email)] == [client.id]
        connection.rollback()


def _both_link(world, target="/"):
    with world.engine.begin() as connection:
        return create_link(connection, "both@client.example", target, 15)


async def test_staff_land_on_ops_and_see_no_client_page(world, portal):
    with world.engine.begin() as connection:
        path = urlsplit(create_link(connection, "ops@firm.example", "/", 15)).path
    assert (await portal.post(path)).headers["location"] == "/ops"
    assert (await portal.get("/")).status_code in {303, 404}


async def test_staff_view_as_a_client_read_only_and_end_it(world, portal):
    client = world.client("legal")
    with world.engine.begin() as connection:
        token = sessions.open_for_staff(connection, "ops@firm.example", "ops", now())
        me = sessions.find(connection, token, now())
        assert me
        assert sessions.view_as(connection, me, client.id)
        seen = sessions.find(connection, token, now())
        assert seen.viewing_as
        assert seen.scope.read_only
        theirs = sessions.find(connection, sessions_token(connection, client), now())
        assert theirs
        assert not sessions.view_as(connection, theirs, world.client("saas").id)
    portal.cookies.set("frontdesk", token)
    assert "You see Marguerite Dubois as its people do" in (await portal.get("/")).text
    assert (await portal.post("/requests", data={"subject": "x"})).status_code in {404, 405}
    with world.engine.begin() as connection:
        sessions.view_as(connection, me, None)
        assert sessions.find(connection, token, now()).scope is None


def test_who_may_not_view_as_a_client_any_more_sees_none(world):
    with world.engine.connect() as connection:
        connection.execute(insert(Staff), {"email": "mover@firm.example", "role": "ops"})
        token = sessions.open_for_staff(connection, "mover@firm.example", "ops", now())
        me = sessions.find(connection, token, now())
        assert me
        assert sessions.view_as(connection, me, world.client("legal").id)
        connection.execute(update(Staff).where(Staff.c.email == "mover@firm.example").values(role="analyst"))
        seen = sessions.find(connection, token, now())
        assert seen
        assert (seen.scope, seen.viewing_as, seen.client_name) == (None, False, "")
        connection.rollback()


def sessions_token(connection, client):
    return sessions.open_for_person(connection, places_of(connection, client.email)[0], now())


def test_an_api_token_is_for_somebody_who_may_come_in(world):
    with world.engine.begin() as connection:
        token = create_api_token(connection, world.client("saas").email)
        found = sessions.find(connection, token, now())
        assert (found.via, found.client_id) == ("api", world.client("saas").id)
        assert (
            sessions.find(connection, create_api_token(connection, "ops@firm.example", staff=True), now()).role == "ops"
        )
        with pytest.raises(NeedsPerson, match=r"nobody@nowhere\.example"):
            create_api_token(connection, "nobody@nowhere.example")


def test_a_token_of_somebody_at_several_clients_is_for_the_one_that_is_named(world):
    with world.engine.connect() as connection:
        here, there = world.client("saas"), world.client("legal")
        mine = select(Person).where(Person.c.client_id == here.id, Person.c.role.is_not(None))
        again = {**connection.execute(mine).first()._mapping, "external_id": "twice"}
        for number, client in enumerate((here, there, there)):
            connection.execute(insert(Person), {**again, "id": f"twice{number}", "client_id": client.id})
        with pytest.raises(NeedsPerson, match="is at 2 clients") as refused:
            create_api_token(connection, here.email)
        assert here.name in refused.value.sentence
        assert "--client" in refused.value.step
        for asked in (there.name.upper(), there.id):
            token = create_api_token(connection, here.email, client=asked)
            assert sessions.find(connection, token, now()).client_id == there.id
        with pytest.raises(NeedsPerson, match="is not at Nobody"):
            create_api_token(connection, here.email, client="Nobody")
        connection.rollback()


def test_whoever_leaves_the_firm_is_out_at_once(world):
    with world.engine.connect() as connection:
        connection.execute(insert(Staff), {"email": "leaver@firm.example", "role": "ops"})
        keys = [
            sessions.open_for_staff(connection, "leaver@firm.example", "ops", now()),
            create_api_token(connection, "leaver@firm.example", staff=True),
        ]
        assert all(sessions.find(connection, key, now()) for key in keys)
        connection.execute(delete(Staff).where(Staff.c.email == "leaver@firm.example"))
        assert [sessions.find(connection, key, now()) for key in keys] == [None, None]
        connection.rollback()


async def test_an_api_token_opens_no_page_and_a_cookie_no_other_client(world, portal):
    with world.engine.begin() as connection:
        token = create_api_token(connection, world.client("saas").email)
    assert (await portal.get("/", headers={"authorization": f"Bearer {token}"})).status_code == 303
    portal.cookies.set("frontdesk", token)
    assert (await portal.get("/")).status_code == 303


async def test_a_deep_link_lands_on_its_item_for_its_own_client_only(world, portal, signed_in):
    client = world.client("legal")
    path = urlsplit(deep_link(world.settings, Item(client.id, "/invoices/abc", "invoice", "abc"))).path
    stranger = await portal.get(path)
    assert stranger.headers["location"].startswith("/sign-in?next=%2Fgo%2F")
    assert (await signed_in("legal").get(path)).headers["location"] == "/invoices/abc"
    portal.app.state.portal.activities.flush()
    with world.engine.connect() as connection:
        last = connection.execute(select(Activity).order_by(Activity.c.seq.desc())).first()
    assert (last.verb, last.object_kind, last.via) == ("follow", "invoice", "deep_link")
    assert (await signed_in("saas").get(path)).status_code == 404
    assert (await portal.get(path[:-3] + "aaa")).status_code == 404


async def test_a_link_pressed_twice_leads_on_in_the_browser_it_let_in_and_nowhere_else(world, portal):
    path = link_for(world, world.client("legal"))
    await portal.post(path)
    again = await portal.get(path)
    assert (again.status_code, again.headers["location"]) == (303, "/")
    portal.cookies.clear()
    assert (await portal.get(path)).status_code == 410


async def test_a_deep_link_to_the_other_client_of_a_person_lets_them_choose_it(world, portal, signed_in):
    first, second = world.client("logistics"), world.client("logistics", "nothing")
    path = urlsplit(deep_link(world.settings, Item(second.id, "/invoices/abc", "invoice", "abc"))).path
    assert (await signed_in("logistics").get(path)).status_code == 404
    theirs = Person.c.client_id == second.id
    with world.engine.begin() as connection:
        connection.execute(update(Person).where(theirs).values(email=first.email))
    try:
        assert (await portal.get(path)).headers["location"] == f"/clients?next={path.replace('/', '%2F')}"
        await portal.post(f"/clients/{second.id}")
        assert (await portal.get(path)).headers["location"] == "/invoices/abc"
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(Person).where(theirs).values(email=second.email))


async def test_a_person_who_moves_to_another_client_is_out_of_the_former_one_at_once(world, portal, signed_in):
    former, other = world.client("agency", "nothing"), world.client("saas", "nothing")
    browser, mine = signed_in("agency", "nothing"), Person.c.email == former.email
    with world.engine.begin() as connection:
        token = create_api_token(connection, former.email)
        connection.execute(update(Person).where(mine).values(client_id=other.id))
    try:
        assert (await browser.get("/")).status_code == 303
        assert (await portal.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})).status_code == 401
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(Person).where(mine).values(client_id=former.id))


async def test_a_contact_who_gets_another_address_is_somebody_else_from_then_on(world, portal, signed_in):
    client = world.client("agency", "nothing")
    browser, mine = signed_in("agency", "nothing"), Person.c.client_id == client.id
    with world.engine.begin() as connection:
        program = {"authorization": f"Bearer {create_api_token(connection, client.email)}"}
        connection.execute(update(Person).where(mine).values(email=client.email.upper()))
    assert (await browser.get("/")).status_code == 200, "letters' case is no other address"
    with world.engine.begin() as connection:
        connection.execute(update(Person).where(mine).values(email="ben@client.example", name="Ben"))
    try:
        assert (await browser.get("/")).headers["location"].startswith("/sign-in")
        assert (await portal.get("/api/v1/me", headers=program)).status_code == 401
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(Person).where(mine).values(email=client.email, name="Jana Vogt"))


def test_one_address_is_signed_out_everywhere_and_no_other(world):
    client, other = world.client("saas"), world.client("legal")
    with world.engine.connect() as connection:
        sessions.revoke_all(connection, client.email, now())  # other tests' own
        keys = [sessions_token(connection, client) for _ in range(2)] + [create_api_token(connection, client.email)]
        theirs = sessions_token(connection, other)
        path = create_link(connection, client.email)
        assert sessions.revoke_all(connection, client.email.upper(), now()) == {"page": 2, "api": 1}
        assert [sessions.find(connection, key, now()) for key in keys] == [None] * 3
        assert links.withdraw(connection, client.email.upper(), now()) > 0
        assert links.redeem(connection, path.rpartition("/")[2], now()) is None
        assert sessions.find(connection, theirs, now()) is not None
        assert sessions.revoke_all(connection, client.email, now()) == {}
        connection.rollback()


def test_a_limit_forgets_after_its_window():
    limit = Limit(2, 60)
    assert [limit.allows("a", at=0), limit.allows("a", at=1), limit.allows("a", at=2)] == [True, True, False]
    assert limit.allows("b", at=2)
    assert limit.allows("a", at=61)


@given(st.text())
def test_a_target_never_leaves_our_house(text):
    path = own_path(text)
    parts = urlsplit(path)
    assert path.startswith("/")
    assert (parts.scheme, parts.netloc) == ("", "")
    assert "\\" not in path
    assert "\n" not in path


@pytest.mark.parametrize(
    "bad", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""]
)
def test_targets_elsewhere_become_home(bad):
    assert own_path(bad) == "/"


async def test_fifty_views_at_once_of_two_clients_never_mix(world, portal):
    tokens = {client.name: world.sign_in(client) for client in (world.client("legal"), world.client("agency"))}

    async def view(name):
        page = await portal.get("/", headers={"cookie": f"frontdesk={tokens[name]}"})
        return name in page.text and not any(other in page.text for other in tokens if other != name)

    assert all(await asyncio.gather(*(view(name) for name in list(tokens) * 25)))


def test_a_client_that_is_gone_ends_its_sessions(world):
    client = world.client("saas", "nothing")
    with world.engine.begin() as connection:
        token = sessions_token(connection, client)
        connection.execute(update(Client).where(Client.c.id == client.id).values(deleted_at=now()))
        assert sessions.find(connection, token, now()) is None
        connection.execute(update(Client).where(Client.c.id == client.id).values(deleted_at=None))


def _count(world, model):
    with world.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(model)).scalar_one()


def test_the_session_is_found_in_one_query(world):
    token = world.sign_in(world.client("legal"))
    seen = []
    with world.engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        assert sessions.find(connection, token, now()).client_name == "Marguerite Dubois"
    assert [statement for statement in seen if not statement.startswith("BEGIN")] == [seen[-1]]


def test_on_postgres_a_connection_that_names_no_client_sees_nobody(postgres_world):
    engine = create_engine(postgres_world.settings.database_url, portal=True)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Client)).scalar_one() == 0
        client = postgres_world.client("legal")
        reader = Reader(connection, Scope(client.id, None, "owner", "s"))
        assert reader.first(select(visible["client"].c.name)).name == client.name
        # Row-level security alone answers here: the statement has no filter of its own.
        assert Bundle(all=select(Client.c.name)).fetch(connection, {CLIENT: client.id})["all"] == [(client.name,)]
        connection.rollback()
        # Pooled connections must not keep whom they last served.
        assert connection.execute(select(func.count()).select_from(Client)).scalar_one() == 0
    engine.dispose()
