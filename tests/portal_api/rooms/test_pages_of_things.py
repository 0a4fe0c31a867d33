"""What a client reads on the pages of lists and things: states in words, sums, dates, where it comes from."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
import threading

import pytest
from sqlalchemy import event, insert, select, text, update

from hub.clock import now
from hub.ids import random_id
from portal_api.documents import kind_of
from store import tables
from store.tables import Document, Invoice

pytestmark = pytest.mark.anyio


def words(page):
    """The page as one line of text."""
    body = page.text[page.text.index("<main") : page.text.index("</main>")]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body.replace("<wbr>", ""))))


async def test_each_invoice_says_its_state_in_words(browse, rich):
    said = words(await browse("/invoices", who=rich.session(rich.mine)))
    for state in (
        "Quokka-1047 Fri", "Due in 2 days", "Partly paid, 12 days overdue", "40 days overdue", "90 days overdue",
        "Voided", "Nothing to pay", "Paid on",
    )[1:]:  # fmt: skip
        assert state in said
    assert "€17,241.00 and ¥1,250,000 are open on 6 invoices; €5,880.50 of it is overdue." in said
    assert "1 invoice is being checked." in said
    assert "QuickBooks, " in said


async def test_open_leaves_out_what_is_paid_or_voided(browse, rich):
    said = words(await browse("/invoices?show=open", who=rich.session(rich.mine)))
    assert "Quokka-1047" in said
    assert not any(gone in said for gone in ("Quokka-1040", "Quokka-1045", "Quokka-1046"))


async def test_an_invoice_shows_its_lines_and_what_was_paid(browse, rich):
    said = words(await browse(f"/invoices/{rich.mine.ids['invoice'][3]}", who=rich.session(rich.mine)))
    for fact in (
        "Ocean freight, Quokka 2 €1,800.00 €3,600.00", "Total €4,860.50", "−€1,500.00", "Credit,", "−€500.00",
        "Open €2,860.50", "€2,860.50 of €4,860.50 is left.", "12 days ago",
    ):  # fmt: skip
        assert fact in said, fact


@pytest.mark.parametrize(
    ("line", "said"),
    [({"quantity": "2 h", "amount_minor": 100}, "No description 2 h €1.00"),
     ({"description": "Freight", "quantity": True, "amount_minor": None}, "Freight True €0.00"),
     ({"description": ["a"], "quantity": 0.5, "unit_minor": 200, "amount_minor": 100}, "0.5 €2.00 €1.00")],
)  # fmt: skip
async def test_an_invoice_is_shown_whatever_its_lines_hold(browse, rich, line, said):
    me, invoice = rich.session(rich.mine), rich.mine.ids["invoice"][0]
    mine = update(Invoice).where(Invoice.c.id == invoice)
    with rich.world.engine.begin() as connection:
        former = connection.scalar(select(Invoice.c.lines).where(Invoice.c.id == invoice))
        connection.execute(mine.values(lines=[line]))
    try:
        page, api = await browse(f"/invoices/{invoice}", who=me), await browse(f"/api/v1/invoices/{invoice}", who=me)
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(mine.values(lines=former))
    assert said in words(page)
    assert api.status_code == 200


async def test_what_a_source_dates_at_the_end_of_time_is_listed(browse, rich):
    me, document = rich.session(rich.mine), rich.mine.ids["document"][0]
    mine = update(Document).where(Document.c.id == document)
    with rich.world.engine.begin() as connection:
        former = connection.scalar(select(Document.c.modified_at).where(Document.c.id == document))
        connection.execute(mine.values(modified_at=dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)))
    try:
        page, api = await browse("/documents", who=me), await browse("/api/v1/documents", who=me)
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(mine.values(modified_at=former))
    assert f"/documents/{document}" in page.text
    assert document in [item["id"] for item in api.json()["items"]]


async def test_a_client_of_many_projects_reads_how_many_there_are(browse, rich):
    made = type(rich.mine)("Many", random_id(), random_id())
    made.mark = f"Many{made.client_id[:6]}"
    made.add(tables.Client, id=made.client_id, name="Vielbau AG", profile="legal")
    made.add(tables.Person, id=made.person_id, name="Many", email=f"{made.mark}@client.example", role="owner")
    for number in range(70):
        project = made.add(tables.Project, name=f"Matter {number}", status="active" if number < 65 else "completed")
        made.add(tables.Milestone, project_id=project, name="Sign", status="planned", client_action="approve")
    with rich.world.engine.begin() as connection:
        for model, values in made.rows:
            connection.execute(insert(model), values)
    said = words(await browse("/projects", who=rich.session(made)))
    assert "65 in work. 65 steps wait for you." in said
    assert "45 older ones are not shown." in said


async def test_a_statement_adds_up_on_the_page_and_in_the_file(browse, rich):
    me = rich.session(rich.mine)
    said = words(await browse("/statement", who=me))
    assert "Closing balance €17,141.00" in said
    assert "Balance today €17,141.00" in said
    assert "Overdue €" in said
    assert "31-60 days €1,820.00 61-90 days €1,200.00" in said
    sheet = await browse("/statement.csv", who=me)
    assert sheet.headers["content-type"].startswith("text/csv")
    rows = [row for row in csv.DictReader(io.StringIO(sheet.text.lstrip("\ufeff"))) if row["currency"] == "EUR"]
    cents = [round(float(row["amount"]) * 100) for row in rows[1:-1]]
    assert round(float(rows[0]["balance"]) * 100) + sum(cents) == round(float(rows[-1]["balance"]) * 100) == 1_714_100


async def test_a_statement_of_any_period_is_answered(browse, rich):
    me = rich.session(rich.mine)
    for period in ("from=2030-01-01&to=2020-01-01", "from=0001-01-01&to=9999-12-31", "to=0001-01-05", ""):
        assert (await browse(f"/statement?{period}", who=me)).status_code == 200, period
    assert (await browse("/statement?from=yesterday", who=me)).status_code == 400


async def test_what_is_not_found_or_not_asked_yet_is_one_mail_away(browse, rich):
    me = rich.session(rich.mine)
    missed, all_of_them = await browse("/search?q=zzqq", who=me), await browse("/requests", who=me)
    assert "mailto:help@firm.example?subject=zzqq" in missed.text
    assert "mailto:help@firm.example?subject=A%20new%20request" in all_of_them.text
    assert "mailto:help@firm.example?subject=" not in (await browse("/search", who=me)).text


async def test_an_account_is_said_as_people_say_it(browse, rich):
    page = (await browse("/account", who=rich.session(rich.mine))).text
    assert "<dd>client.example</dd>" in page, "a website without https://"
    assert "+49\u00a040\u00a0123\u00a0457" in page, "a telephone number stays on one line"


async def test_trouble_comes_first_among_shipments(browse, rich):
    said = words(await browse("/shipments", who=rich.session(rich.mine)))
    numbers = re.findall(r"HBL-Quokka-\d", said)
    assert numbers[:2] == ["HBL-Quokka-1", "HBL-Quokka-2"]
    assert "1 of 5 on time; 1 held, 1 late, 1 not confirmed, 1 without a date yet." in said
    arrived = words(await browse("/shipments?show=arrived", who=rich.session(rich.mine)))
    assert "2 days after the promised day" in arrived


async def test_a_shipment_tells_its_story_latest_first(browse, rich):
    said = words(await browse(f"/shipments/{rich.mine.ids['shipment'][1]}", who=rich.session(rich.mine)))
    assert said.index("Held (Quokka)") < said.index("Left port (Quokka)") < said.index("Collected (Quokka)")
    assert "7 days later than promised" in said
    assert "1,840.5 kg" in said


async def test_a_project_says_what_waits_and_what_is_next(browse, rich):
    said = words(await browse(f"/projects/{rich.mine.ids['project'][0]}", who=rich.session(rich.mine)))
    for fact in ("Late", "Phase 3 of 5: Build", "Approve: Rack order Quokka", "Was due", "Acceptance of the racks"):
        assert fact in said
    assert "Contract Quokka 2026.pdf" in said


async def test_documents_are_narrowed_by_category_and_project(browse, rich):
    me = rich.session(rich.mine)
    said = words(await browse("/documents?category=Contracts", who=me))
    assert "Contract Quokka 2026.pdf" in said
    assert "Minutes Quokka" not in said
    narrowed = words(await browse(f"/documents?project={rich.mine.ids['project'][1]}", who=me))
    assert "Façade Quokka" in narrowed
    assert "Minutes Quokka" not in narrowed
    assert "No document fits this choice." in words(await browse("/documents?category=Nothing", who=me))


async def test_requests_say_the_promise_and_when_it_was_not_kept(browse, rich):
    said = words(await browse("/requests", who=rich.session(rich.mine)))
    assert "4 are open; 1 should have been answered by now; 1 waits for you." in said
    for fact in ("Answer late", "Waits for you", "Answer by", "Answered"):
        assert fact in said


async def test_account_and_contracts_say_what_the_firm_has_on_file(browse, rich):
    me = rich.session(rich.mine)
    account = await browse("/account", who=me)
    assert "billing.Quokka@client.example" in words(account)
    assert "mailto:help@firm.example?subject=Please%20correct%20our%20data" in account.text
    contracts = words(await browse("/contracts", who=me))
    assert "Ends in 40 days" in contracts
    assert "7,100 of 10,000 documents 71 % used" in contracts, "the plan stands above its terms"


async def test_a_page_of_one_thing_says_each_day_once(browse, rich):
    me = rich.session(rich.mine)
    contract = words(await browse("/contracts", who=me)).split("Framework agreement Quokka")[2]
    assert contract.count("Until") == 1
    assert "In force until" not in contract
    request = words(await browse(f"/requests/{rich.mine.ids['request'][0]}", who=me))
    assert "Answer by" in request
    assert "Answer promised" not in request
    shipment = words(await browse(f"/shipments/{rich.mine.ids['shipment'][1]}", who=me))
    assert "Expected now" in shipment
    assert "New arrival" not in shipment
    arrived = words(await browse(f"/shipments/{rich.mine.ids['shipment'][5]}", who=me))
    assert arrived.count("Delivered") == 3, "the badge, the day, and the fact"


def test_a_document_is_what_people_call_it():
    said = [
        kind_of(name) for name in ("message/rfc822", "text/csv", "text/plain", "image/png", "application/pdf", None)
    ]
    assert said == ["Email", "CSV table", "Text", "Image", "PDF", "File"]


async def test_documents_and_contracts_begin_with_their_answer(browse, rich):
    me = rich.session(rich.mine)
    assert "Documents 4 documents, the newest from" in words(await browse("/documents", who=me))
    contracts = words(await browse("/contracts", who=me))
    assert "Contracts Framework agreement Quokka is in force until" in contracts
    nobody = rich.world.sign_in(rich.world.client("legal", "nothing"))
    assert "0 documents" not in words(await browse("/documents", who=nobody))


async def test_what_a_search_found_stands_in_the_title(browse, rich):
    me = rich.session(rich.mine)
    assert "<title>quokka-1201: 1 found · Search" in (await browse("/search?q=quokka-1201", who=me)).text
    assert "<title>qqqq: nothing found · Search" in (await browse("/search?q=qqqq", who=me)).text
    assert 'aria-describedby="said"' in (await browse("/search?q=qqqq", who=me)).text


async def test_search_finds_by_parts_of_names_and_numbers_and_takes_no_jokers(browse, rich):
    me = rich.session(rich.mine)
    found = words(await browse("/search?q=QUOKKA-1043", who=me))
    assert "Invoice Quokka-1043" in found
    assert "Question 1 of Quokka" in words(await browse("/search?q=question 1", who=me))
    assert "Nothing of yours is called “_%_%”" in words(await browse("/search?q=_%25_%25", who=me))
    assert "Two letters or more" in words(await browse("/search?q=a", who=me))


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("Invoice Quokka-1043", "Invoice Quokka-1043"),
        ("request quokka-1201", "Question 1 of Quokka"),
        ("quokka framework", "Framework agreement Quokka"),
        ("hamburg quokka shipment", "HBL-Quokka-0"),
        ("Fac\u0327ade Su\u0308d", "Façade Quokka"),
        ("a quokka warehouse move 2 and", None),
    ],
)
async def test_search_finds_what_a_page_calls_a_thing_and_words_in_any_order(browse, rich, query, title):
    found = words(await browse("/search", who=rich.session(rich.mine), params={"q": query}))
    assert title in found if title else "Nothing of yours" in found


async def test_what_is_called_just_so_comes_before_what_only_has_the_words(browse, rich):
    found = words(await browse("/search?q=question 1 of quokka", who=rich.session(rich.mine)))
    assert found.index("Question 1 of Quokka") < found.index("Question 0 of Quokka")


async def test_search_says_states_in_the_words_of_the_pages(browse, rich):
    me = rich.session(rich.mine)
    found = words(await browse("/search?q=quokka", who=me))
    for state in ("Held at customs, import licence missing", "3 days late", "Late", "Waits for you", "Answer late"):
        assert state in found
    assert "Ends in 40 days" in words(await browse("/search?q=framework", who=me))
    assert not {"Exception", "Active", "In transit"} & set(re.findall(r"[A-Z][a-z ]+", found))


async def test_search_is_blind_to_the_case_of_umlauts_too(browse, rich):
    memo = update(Invoice).where(Invoice.c.id == rich.mine.ids["invoice"][0])
    with rich.world.engine.begin() as connection:
        before = connection.scalar(select(Invoice.c.memo).where(Invoice.c.id == rich.mine.ids["invoice"][0]))
        connection.execute(memo.values(memo="ÜBERGABE"))
    found = await browse("/search?q=übergabe", who=rich.session(rich.mine))
    with rich.world.engine.begin() as connection:  # the store is shared by all tests
        connection.execute(memo.values(memo=before))
    assert "Nothing of yours" not in words(found)
    assert "Invoice Quokka-" in words(found)


async def test_empty_pages_say_what_will_be_there(browse, rich):
    nobody = rich.world.sign_in(rich.world.client("saas", "nothing"))
    for path, sentence in (
        ("/invoices", "No invoices yet."), ("/statement", "No invoices and no payments yet."),
        ("/projects", "Nothing is in work."), ("/shipments", "Nothing is on its way."),
        ("/documents", "No documents yet."), ("/contracts", "No contracts yet."), ("/requests", "Nothing is open."),
        ("/account", "No billing data yet."),
    ):  # fmt: skip
        page = await browse(path, who=nobody)
        assert page.status_code == 200
        assert sentence in words(page)
    assert (await browse("/invoices/latest.pdf", who=nobody)).status_code == 404


async def test_a_late_source_changes_the_words(browse, rich):
    with rich.world.engine.begin() as connection:
        before = "UPDATE stream_state SET high_water = :at WHERE source = 'quickbooks'"
        kept = connection.execute(text("SELECT max(high_water) FROM stream_state")).scalar()
        then = "2026-01-05T08:00:00.000Z"
        connection.execute(text(before), {"at": then})
    try:
        said = words(await browse("/invoices", who=rich.session(rich.mine)))
        assert "QuickBooks has been silent since" in said
        assert "We look again every 5 minutes." in said
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(text(before), {"at": kept})


async def test_pages_go_on_by_cursor_without_a_gap_or_a_repeat(browse, rich, monkeypatch):
    from portal_api import documents, invoices, shipments

    for module in (invoices, shipments, documents):
        monkeypatch.setattr(module, "ROWS", 2)
    me = rich.session(rich.mine)
    for start, noun, many in (
        ("/invoices", "invoice", 9), ("/shipments", "shipment", 5), ("/shipments?show=arrived", "shipment", 3),
        ("/documents", "document", 4),
    ):  # fmt: skip
        seen: list[str] = []
        path: str | None = start
        while path:
            page = await browse(path, who=me)
            seen += re.findall(rf'class="(?:cover|row|journey)" href="/{noun}s/(\w{{26}})"', page.text)
            following = re.search(r'href="([^"]+)" rel="next"', page.text)
            path = html.unescape(following[1]) if following else None
        assert len(seen) == len(set(seen)) == many, start
    assert (await browse("/invoices?after=rubbish", who=me)).status_code == 400


async def test_a_page_costs_the_same_number_of_queries_for_every_client(browse, rich):
    from portal_api.reading import Store

    store: Store = browse.app.state.portal.store
    counted = []

    def count(_connection, _cursor, statement, *_rest):
        # What is written of visits by the way, whenever a second is over, is no query of a page.
        if threading.current_thread().name != "activity":
            counted.append(statement)

    event.listen(store.engine, "before_cursor_execute", count)
    try:
        costs: dict[str, set[int]] = {}
        for who in (rich.session(rich.mine), rich.world.sign_in(rich.world.client("saas", "nothing"))):
            for path in ("/invoices", "/statement", "/projects", "/shipments", "/documents", "/requests", "/account"):
                counted.clear()
                await browse(path, who=who)
                reads = [s for s in counted if s.lstrip().upper().startswith(("SELECT", "WITH"))]
                costs.setdefault(path, set()).add(len(reads))
        assert all(len(cost) == 1 for cost in costs.values()), costs
        assert max(max(cost) for cost in costs.values()) <= 3, costs
    finally:
        event.remove(store.engine, "before_cursor_execute", count)


async def test_strange_addresses_never_break_the_house(browse, rich):
    me = rich.session(rich.mine)
    for path in (
        "/invoices/x", "/invoices/%00", "/invoices/../ops", "/documents?project=%27", "/documents?category=%00",
        "/search?q=%00%00", "/invoices?show=none", "/shipments?after=WzFd", f"/search?q={'x' * 5000}",
        "/requests?after=" + "A" * 3000, "/statement?from=2026-02-30",
    ):  # fmt: skip
        assert (await browse(path, who=me)).status_code in {200, 400, 404}, path


async def test_the_largest_clients_pages_stay_light(browse, rich):
    big = fill_big(rich)
    style = browse.app.state.portal.assets
    frame = sum(len(style._files[style.urls[name]].body) for name in ("app.css", "app.js", "icon.svg"))
    for path in (
        "/", "/invoices", "/invoices?show=open", "/statement", "/projects", "/shipments", "/shipments?show=arrived",
        "/documents", "/requests", "/contracts", "/account", "/search?q=gross", f"/invoices/{big.ids['invoice'][-1]}",
    ):  # fmt: skip
        page = await browse(path, who=rich.session(big))
        assert page.status_code == 200
        assert len(page.content) + frame < 60_000, path


def fill_big(rich):
    """A client with hundreds of everything."""
    from sqlalchemy import insert

    from hub.ids import random_id
    from store import tables

    mark = f"Gross{random_id()[:6]}"
    one = type(rich.mine)(mark, random_id(), random_id())
    one.add(tables.Client, id=one.client_id, name="Gross AG", profile="logistics")
    one.add(tables.Person, id=one.person_id, name="Gross", email=f"{mark}@client.example", role="owner")
    for n in range(120):
        title = f"Gross and rather long name of a thing, number {n}, as people write them"
        day, at = dt.date(2026, 1 + n % 12, 1 + n % 28), now() - dt.timedelta(hours=n)
        money = {"currency": "EUR", "total_minor": 123_456_789, "balance_minor": 123_456_788 * (n % 2)}
        lines = [{"description": title, "quantity": 1, "unit_minor": 5, "amount_minor": 5}] * n
        one.add(tables.Invoice, number=f"R-2026-{n:06}", issued_on=day, due_on=day, lines=lines, **money)
        one.add(tables.Project, name=title, number=f"P-{n}", status="active", percent_complete=50, phase="Build")
        late = {"exception": "Held at customs, import licence missing", "exception_since": at, "eta_at": at}
        one.add(
            tables.Shipment, number=f"HBL-{n}", status="exception", origin="Shanghai", destination="Hamburg", **late
        )
        one.add(
            tables.Shipment, number=f"OLD-{n}", status="delivered", delivered_at=at, promised_at=at, carrier="Hansa"
        )
        one.add(
            tables.Document, name=f"{title}.pdf", category="Contracts", modified_at=at, size_bytes=5, status="draft"
        )
        one.add(tables.Request, subject=title, status="new", opened_at=at, answer_by=at, number=str(n))
        one.add(tables.Request, subject=title, status="closed", opened_at=at, closed_at=at, number=str(n))
        one.add(tables.Person, name=f"Person {n}", email=f"p{n}@client.example", title="Head of something")
    one.add(tables.Contract, name="Gross terms", status="active", description="word " * 6000, special_terms="x " * 2000)
    with rich.world.engine.begin() as connection:
        for model, values in one.rows:
            connection.execute(insert(model), values)
    return one


async def test_what_waits_can_be_answered_from_its_page(browse, rich):
    me, ids = rich.session(rich.mine), rich.mine.ids
    page = (await browse(f"/projects/{ids['project'][0]}", who=me)).text
    assert 'aria-label="Reply by mail: Approve: Rack order Quokka (Quokka warehouse move 1)"' in page
    page = (await browse(f"/requests/{ids['request'][2]}", who=me)).text
    assert "?subject=Request%20Quokka-1202%3A%20Question%202%20of%20Quokka" in page


async def test_troubled_projects_come_first(browse, rich):
    page = (await browse("/projects", who=rich.session(rich.mine))).text
    assert page.index("Quokka warehouse move 1") < page.index("Quokka warehouse move 2")


async def test_an_address_with_a_wrong_part_says_so_in_plain_words(browse, rich):
    page = await browse("/statement?from=banana", who=rich.session(rich.mine))
    assert (page.status_code, "This address is not complete." in page.text) == (400, True)
    assert "banana" not in page.text
    assert "valid date" not in page.text
