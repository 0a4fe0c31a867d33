"""Home answers before anybody asks, whoever the client is and however the sources are."""

from __future__ import annotations

import datetime as dt
import re
import threading
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, insert, update

from hub.clock import now
from hub.ids import random_id
from mappings.profiles import HOUSE
from portal_api.app import create_app
from store.hub_tables import HeldRecord, StreamState
from store.tables import Invoice, Project

pytestmark = pytest.mark.anyio
PROFILES = ("logistics", "professional_services", "architecture", "legal", "agency", "saas")


def answer_of(page):
    [found] = re.findall(r"<h1[^>]*data-answer[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found)


@pytest.mark.parametrize("profile", PROFILES)
async def test_each_profile_gets_its_sentence_its_cards_and_their_sources(signed_in, profile):
    page = await signed_in(profile).get("/")
    assert page.status_code == 200
    assert len(answer_of(page)) > 20
    assert f"<title>{answer_of(page)}</title>" in page.text
    cards, sources = page.text.count('<section class="card"'), page.text.count("data-source")
    assert sources == cards - page.text.count('id="waiting"')
    assert "Download invoice 1043" in page.text
    assert 'href="/invoices/latest.pdf"' in page.text


async def test_a_firms_own_first_screens_may_show_any_card(world, tmp_path):
    cards = "[waiting, shipments, projects, plan, requests, documents]"
    (tmp_path / "profiles").mkdir()
    for profile in PROFILES:
        house = (HOUSE / f"{profile}.yaml").read_text()
        own = re.sub("side: .*", "side: [invoice, account]", re.sub("main: .*", f"main: {cards}", house))
        (tmp_path / "profiles" / f"{profile}.yaml").write_text(own)
    app = create_app(world.settings.model_copy(update={"mappings_path": tmp_path}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.settings.public_url) as browser,
    ):
        for profile in PROFILES:
            browser.cookies.set("frontdesk", world.sign_in(world.client(profile)))
            page, api = await browser.get("/"), await browser.get("/api/v1/home")
            assert (page.status_code, api.status_code) == (200, 200), profile
            titles = set(re.findall(r"<h2[^>]*>([^<]+)</h2>", page.text))
            assert {"On their way", "Your plan", "Open requests", "Latest documents"} <= titles, profile


@pytest.mark.parametrize("profile", PROFILES)
async def test_trouble_comes_first_and_its_tone_is_on_the_page(signed_in, profile):
    page = await signed_in(profile, "exception").get("/")
    assert 'data-tone="bad"' in page.text
    assert "Overdue" in page.text
    assert "€1,820.00" in page.text


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_client_with_nothing_yet_reads_what_will_be_here(signed_in, profile):
    page = await signed_in(profile, "nothing").get("/")
    assert "What will be here" in page.text
    assert "No invoices yet. The first one appears here the moment it is sent." in page.text


@pytest.mark.parametrize("profile", ["agency", "saas"])
async def test_what_waits_is_one_press_away_from_where_it_is_told(signed_in, profile):
    browser = signed_in(profile, "exception")
    page = (await browser.get("/")).text.split('id="waiting"')[1].split("</section>")[0]
    found = re.findall(r'<a class="row" href="([^"#]+)#([^"]+)">.*?"row-title">([^<]+)<', page)
    assert found
    for path, anchor, title in found:
        assert re.match("(Approve|Upload|Answer): .", title)
        assert f'id="{anchor}"' in (await browser.get(path)).text


@pytest.mark.parametrize("profile", PROFILES)
async def test_overdue_money_waits_for_the_client_and_leads_to_the_invoices(signed_in, profile):
    browser = signed_in(profile, "exception")
    page = (await browser.get("/")).text.split('id="waiting"')[1].split("</section>")[0]
    [row] = re.findall(r'<a class="row" href="/invoices\?show=overdue">(.*?)</a>', page)
    said = " ".join(re.sub("<[^>]+>", " ", row).split())
    assert said == "Pay: 1 overdue invoice €1,820.00 · was due 8 days ago"
    listed = (await browser.get("/invoices?show=overdue")).text
    assert re.findall(r'aria-current="true">(\w+) <span class="num">(\d)<', listed) == [("Overdue", "1")]
    assert len(re.findall('class="cover"', listed)) == 1
    told = (await browser.get("/api/v1/home")).json()["waiting"]
    assert {"verb": "Pay", "due": "8 days ago", "late": True}.items() <= next(
        w for w in told if w["verb"] == "Pay"
    ).items()


async def test_a_firm_says_how_it_is_paid_where_something_is_open(world):
    how = "By transfer to IBAN DE00 1234, naming the invoice."
    firm = world.settings.firm.model_copy(update={"how_to_pay": how})
    app = create_app(world.settings.model_copy(update={"firm": firm}))
    client = world.client("agency", "exception")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.settings.public_url) as browser,
    ):
        browser.cookies.set("frontdesk", world.sign_in(client))
        listed = (await browser.get("/invoices")).text
        pages = {path: (await browser.get(path)).text for path in ("/statement", "/invoices?show=overdue")}
        assert all(how in page for page in pages.values())
        assert how not in listed
        found = re.findall(r'href="(/invoices/\w{26})">', listed)
        open_ones = re.findall(r'href="(/invoices/\w{26})">', (await browser.get("/invoices?show=open")).text)
        assert 0 < len(open_ones) < len(found)
        for path in found:
            assert (how in (await browser.get(path)).text) == (path in open_ones)


async def test_one_case_is_a_case_and_their_list_is_of_cases(signed_in):
    browser = signed_in("legal")
    home, listed = (await browser.get("/")).text, (await browser.get("/projects")).text
    assert "<h2>Your case</h2>" in home
    assert "<h1>Cases</h1>" in listed
    assert all("<span>Case</span></a>" in page for page in (home, listed)), "the menu keeps its word"


@pytest.mark.parametrize("profile", PROFILES)
async def test_who_owes_nothing_is_not_asked_for_money(signed_in, profile):
    browser = signed_in(profile)
    assert "Pay: " not in (await browser.get("/")).text
    assert "Overdue" not in (await browser.get("/invoices")).text


async def test_the_text_of_a_request_is_nobodys_in_particular(signed_in):
    browser = signed_in("saas", "exception")
    [path] = set(re.findall(r'href="(/requests/[^"#]+)#', (await browser.get("/")).text))
    page = (await browser.get(path)).text
    assert "What it is about" in page
    assert "What you asked" not in page


async def test_a_project_with_a_late_step_is_on_track_on_no_page(world, signed_in):
    browser = signed_in("professional_services", "exception")
    mine = update(Project).where(Project.c.client_id == world.client("professional_services", "exception").id)
    with world.engine.begin() as connection:
        connection.execute(mine.values(health="on_track"))
    try:
        home, several = (await browser.get("/")).text, (await browser.get("/projects")).text
        one = (await browser.get(re.search(r'"(/projects/\w{26})"', several)[1])).text
    finally:
        with world.engine.begin() as connection:
            connection.execute(mine.values(health="late"))
    assert all("A step is late" in page and "On track" not in page for page in (home, several, one))


async def test_the_first_visit_is_welcomed_with_three_lines(signed_in):
    page = await signed_in("legal").get("/?welcome=1")
    assert "Welcome. This page is yours." in page.text
    assert page.text.split("Welcome. This page is yours.")[1].split("</section>")[0].count("<li>") == 3


async def test_a_silent_source_changes_the_words(world, signed_in):
    books = update(StreamState).where(StreamState.c.source == "quickbooks")
    with world.engine.begin() as connection:
        connection.execute(books.values(high_water=now() - dt.timedelta(hours=3)))
    try:
        page = await signed_in("legal").get("/")
    finally:
        with world.engine.begin() as connection:
            connection.execute(books.values(high_water=now()))
    assert re.search(r"QuickBooks silent since <time[^>]*>[^<]*\d\d:\d\d", page.text)
    assert "We look again every 5 minutes." in page.text
    assert "Salesforce silent" not in page.text


async def test_several_silent_sources_are_one_line_with_each_by_name_behind_it(world, signed_in):
    hours = {"salesforce": 3, "quickbooks": 2, "google_drive": 5}
    with world.engine.begin() as connection:
        for source, late in hours.items():
            mark = now() - dt.timedelta(hours=late)
            connection.execute(update(StreamState).where(StreamState.c.source == source).values(high_water=mark))
    try:
        page = await signed_in("saas").get("/")
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(StreamState).values(high_water=now()))
    line, names = page.text.split("data-late>")[1].split("</details>")[0].split("</summary>")
    assert "3 sources are late; the oldest answer is from" in line
    assert names.count("has been silent since") == 3
    assert page.text.count("has been silent since") == 3, "said nowhere else"


async def test_payments_that_stay_away_are_said_beside_what_is_reckoned_with_them(world, signed_in):
    payments = update(StreamState).where(StreamState.c.stream == "Payment")
    with world.engine.begin() as connection:
        connection.execute(payments.values(high_water=now() - dt.timedelta(days=4), error="Refused."))
    try:
        browser = signed_in("legal")
        statement, home = (await browser.get("/statement")).text, (await browser.get("/")).text
        api = (await browser.get("/api/v1/statement")).json()
    finally:
        with world.engine.begin() as connection:
            connection.execute(payments.values(high_water=now(), error=None))
    assert all("QuickBooks has been silent since" in page for page in (statement, home))
    assert api["freshness"]["late"]
    account = home.split("<h2>Account</h2>")[1].split("</section>")[0]
    assert "QuickBooks silent since" in account


async def test_a_first_reading_that_failed_is_said_to_have_failed(world, signed_in):
    cases = update(StreamState).where(StreamState.c.stream.in_(("Case", "Contact")))
    with world.engine.begin() as connection:
        connection.execute(cases.values(high_water=None, error="Refused."))
    try:
        browser = signed_in("saas")
        pages = {path: (await browser.get(path)).text for path in ("/", "/requests", "/account")}
    finally:
        with world.engine.begin() as connection:
            connection.execute(cases.values(high_water=now(), error=None))
    said = "Salesforce could not be read completely yet. We look again every 5 minutes."
    assert {path: page.count(said) for path, page in pages.items()} == {"/": 2, "/requests": 2, "/account": 1}
    assert said in pages["/account"].split("<h2>People</h2>")[1].split("</section>")[0]
    assert not any("being read for the first time" in page for page in pages.values())


async def test_what_is_being_checked_is_said_and_anothers_is_not(world, signed_in):
    held: dict[str, Any] = {
        "source": "quickbooks",
        "stream": "Invoice",
        "external_id": "77",
        "entity": "invoice",
        "reason": "amount",
    }
    held |= {"sentence": "x", "payload": "{}", "batch": "b", "first_seen_at": now(), "last_seen_at": now()}
    id_ = random_id()
    with world.engine.begin() as connection:
        connection.execute(insert(HeldRecord), {"id": id_, "client_id": world.client("agency").id, **held})
    try:
        assert "1 invoice is being checked." in (await signed_in("agency").get("/")).text
        assert "being checked" not in (await signed_in("legal").get("/")).text
    finally:
        with world.engine.begin() as connection:
            connection.execute(update(HeldRecord).where(HeldRecord.c.id == id_).values(resolved_at=now()))
    assert "being checked" not in (await signed_in("agency").get("/")).text


@pytest.fixture
def statements():
    """Every statement that any engine is given, but for what is written of visits whenever a second is over."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if threading.current_thread().name != "activity":
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


async def test_a_page_is_two_queries_whatever_the_size_of_the_client(world, signed_in, statements):
    browser = signed_in("logistics")
    statements.clear()
    await browser.get("/")
    few = [statement for statement in statements if not statement.startswith("BEGIN")]
    client = world.client("logistics")
    rows = [{**_invoice(client.id, n)} for n in range(300)]
    with world.engine.begin() as connection:
        connection.execute(insert(Invoice), rows)
    statements.clear()
    await browser.get("/")
    many = [statement for statement in statements if not statement.startswith("BEGIN")]
    assert len(few) == len(many)
    assert len([statement for statement in many if "set_config" not in statement or "WITH" in statement]) == 2
    with world.engine.begin() as connection:
        connection.execute(Invoice.delete().where(Invoice.c.number.like("many-%")))


def _invoice(client_id, n):
    basis = {"id": f"many{n}", "client_id": client_id, "source": "quickbooks", "stream": "Invoice", "batch": "b"}
    money = {"currency": "EUR", "total_minor": 100, "balance_minor": 0, "issued_on": dt.date(2020, 1, 1)}
    return {
        **basis,
        **money,
        "external_id": f"m{n}",
        "number": f"many-{n}",
        "content_hash": b"0" * 16,
        "synced_at": now(),
        "source_at": now(),
    }


async def test_nobody_sees_home_signed_out(portal):
    answer = await portal.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_the_menu_has_five_places_at_most_and_none_leads_nowhere(portal, signed_in):
    page = await signed_in("logistics").get("/")
    menu = page.text.split('<nav class="places"')[1].split("</nav>")[0]
    places = re.findall(r'href="([^"]+)"', menu)
    assert 1 <= len(places) <= 5
    assert set(places) <= portal.app.state.portal.paths
    assert menu.count('aria-current="page"') == 1
