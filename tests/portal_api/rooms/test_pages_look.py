"""Every page of lists and things, as a person sees it: on a phone and on a desktop, light and dark."""

from __future__ import annotations

import itertools
import os

import pypdfium2
import pytest

pytestmark = pytest.mark.browser

PHONE, DESKTOP = (390, 844), (1280, 720)
A4, INSIDE = (794, 1123), 673
"""A sheet, by which media queries go, and the width between its margins, in CSS pixels."""
BUDGET = 60_000
PAGES = {
    "home": "/",
    "invoices": "/invoices",
    "invoices-open": "/invoices?show=open",
    "invoice": "/invoices/{invoice[3]}",
    "statement": "/statement",
    "projects": "/projects",
    "project": "/projects/{project[0]}",
    "shipments": "/shipments",
    "shipments-arrived": "/shipments?show=arrived",
    "shipment": "/shipments/{shipment[1]}",
    "documents": "/documents",
    "document": "/documents/{document[1]}",
    "contracts": "/contracts",
    "requests": "/requests",
    "request": "/requests/{request[1]}",
    "account": "/account",
    "search": "/search?q=quokka",
    "search-nothing": "/search?q=qqqq",
}
OPS = {
    "ops": "/ops",
    "ops-run": "/ops/runs/run00000000000000000000021",
    "ops-held": "/ops/held",
    "ops-unmatched": "/ops/unmatched",
    "ops-clients": "/ops/clients",
    "ops-staff": "/ops/staff",
}
ALL = {**PAGES, **OPS}
VIEWS = [(PHONE, "dark"), (DESKTOP, "light")]
if os.environ.get("FRONTDESK_SHOTS"):
    VIEWS += [(PHONE, "light"), (DESKTOP, "dark")]


@pytest.fixture
def look(chromium, rich_server, shots):
    """`look("invoices", PHONE)` opens that page as its client; the page fails the test on any console error."""
    opened = []

    def go(name, size, theme="light"):
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
        opened.append(context)
        rich = rich_server.rich
        token = rich.staff() if name in OPS else rich.session(rich.mine)
        context.add_cookies([{"name": "frontdesk", "value": token, "url": rich_server.address}])
        page = context.new_page()
        page.errors, page.sent = [], []
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        # Playwright marks the listener, which a list's own method does not take.
        page.on("response", lambda response: page.sent.append(response))  # noqa: PLW0108 -- see above
        page.goto(rich_server.address + ALL[name].format(**rich.mine.ids))
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=shots / f"{name}-{size[0]}-{theme}.png", full_page=True)
        return page

    yield go
    for context in opened:
        context.close()


@pytest.mark.parametrize(("size", "theme"), VIEWS, ids=lambda value: value if isinstance(value, str) else str(value[0]))
@pytest.mark.parametrize("name", ALL)
def test_a_page_is_light_open_to_everybody_and_never_scrolls_sideways(look, name, size, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = look(name, size, theme)
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    assert page.errors == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    # While the page was judged, whatever it asks for late has come.
    sizes = {response.url: len(response.body()) for response in page.sent}
    assert sum(sizes.values()) < BUDGET, sizes


LONG = "Rechtsschutzversicherungsgesellschaftsverwaltungsgebäude"


@pytest.mark.parametrize("size", [(320, 640), PHONE, DESKTOP], ids=lambda size: str(size[0]))
@pytest.mark.parametrize("name", ["project", "projects", "documents", "account", "requests", "contracts"])
def test_the_longest_word_stays_inside_its_card(look, name, size):
    page = look(name, size)
    page.evaluate(
        """long => document.querySelectorAll("h1, h2, dd, .row-title, .row-about, .lead, address")
        .forEach(e => { e.textContent = long })""",
        LONG,
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


@pytest.mark.parametrize("name", ["invoices", "statement", "documents", "shipments", "ops-unmatched"])
def test_the_keyboard_reaches_every_control_of_the_page(look, name):
    page = look(name, DESKTOP)
    controls = page.locator("main a:visible, main button:visible, main input:visible, main summary:visible").count()
    reached = set()
    for _ in range(controls + 20):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(() => { const e = document.activeElement; return e.closest('main > *')"
            " ? [...document.querySelectorAll('*')].indexOf(e) : -1 })()"
        )
        reached.add(here)
    assert len(reached - {-1}) >= controls


def test_what_there_is_to_pay_stands_above_the_controls_of_the_statement(look):
    page = look("statement", PHONE)
    due = page.locator("dt:visible", has_text="Balance today").first.bounding_box()
    for control in (".page-head .button", ".choices", ".period"):
        assert due["y"] < page.locator(control).bounding_box()["y"], control
    assert due["y"] < 400


LABELS = """() => [...document.querySelectorAll("a[aria-label], button[aria-label], summary[aria-label]")]
.map(e => [e.getAttribute("aria-label"), e.innerText.trim().replace(/\\s+/g, " ")])"""


@pytest.mark.parametrize("name", ALL)
def test_the_name_of_a_control_begins_with_what_it_shows(look, name):
    for spoken, shown in look(name, DESKTOP).evaluate(LABELS):
        assert spoken.startswith(shown) or not any(len(word) > 2 for word in shown.split()), (spoken, shown)


TABLES = {"invoices": 5, "invoice": 2, "statement": 3, "ops": 3}


@pytest.mark.parametrize(("name", "columns"), TABLES.items())
def test_on_a_phone_a_table_names_the_columns_that_it_shows_and_each_row(look, name, columns):
    table = look(name, PHONE).get_by_role("table").first
    assert table.get_by_role("columnheader").count() == columns
    for row in table.get_by_role("row").all()[1:3]:
        assert row.get_by_role("rowheader").count() == 1
        assert row.locator("th:visible, td:visible").count() <= columns


HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))"
NAMES = """() => [...document.querySelectorAll('main a, main button, summary')]
.map(e => (e.ariaLabel || e.innerText).trim())"""


@pytest.mark.parametrize("name", ALL)
def test_a_screen_reader_finds_its_way_and_hears_nothing_twice(look, name):
    page = look(name, DESKTOP)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert [page.get_by_role(role).count() for role in ("banner", "main", "contentinfo")] == [1, 1, 1]
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels)), levels
    regions = [region.get_attribute("aria-label") for region in page.get_by_role("region").all()]
    assert not set(regions) & set(page.locator("h2").all_inner_texts()), "the heading says it already"
    assert page.get_by_role("progressbar").count() == 0, "its words stand beside it"
    assert all(page.evaluate(NAMES)), "every control has a name"
    fields = page.locator("main input:not([type=hidden])")
    assert all(page.locator(f"label[for='{field.get_attribute('id')}']").count() for field in fields.all())


def test_a_wrong_code_is_told_once_at_its_field_and_in_the_title(look, rich_server):
    page = look("account", DESKTOP)
    page.context.clear_cookies()
    page.goto(f"{rich_server.address}/sign-in/code")
    page.get_by_label("Six-digit code").fill("123456")
    page.get_by_role("button", name="Sign in").click()
    assert page.title().startswith("Not right yet")
    field = page.get_by_label("Six-digit code")
    assert "did not fit" in page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
    assert field.evaluate("e => e === document.activeElement")
    assert page.get_by_role("alert").count() == 0, "the field that has the focus reads it"


def test_the_link_of_a_shipment_says_its_state_once(look):
    page = look("shipments", DESKTOP)
    for link in page.locator("a.journey").all():
        name = link.evaluate("e => e.innerText + [...e.querySelectorAll('[aria-label]')].map(x => x.ariaLabel)")
        assert name.count(link.locator(".badge").inner_text()) == 1, name


def test_a_long_statement_begins_on_its_first_page(look):
    paper = pypdfium2.PdfDocument(look("statement", DESKTOP).pdf(format="A4"))
    first = paper[0].get_textpage()
    assert "Hafen & Söhne" in first.get_text_bounded()
    assert "Movements" in first.get_text_bounded()
    ends = [first.get_rect(i)[2] for i in range(first.count_rects())]
    assert max(ends) < paper[0].get_width() - 40, "inside the margin"
    paper.close()


def test_a_statement_prints_with_its_address_and_without_its_controls(look):
    page = look("statement", DESKTOP)
    page.emulate_media(media="print")
    assert page.locator("address.to").is_visible()
    assert not page.locator(".choices").is_visible()
    assert not page.locator(".period").is_visible()


@pytest.mark.parametrize("name", ["home", "shipment", "project", "invoices", "statement"])
def test_no_card_is_printed_empty(look, name):
    paper = pypdfium2.PdfDocument(look(name, DESKTOP).pdf(format="A4"))
    for sheet in paper:
        read = sheet.get_textpage()
        lowest = min(read.get_rect(i)[1] for i in range(read.count_rects()))
        ink = sheet.render(grayscale=True).to_pil().point(lambda shade: 255 if shade < 250 else 0).getbbox()
        assert lowest - (sheet.get_height() - ink[3]) < 100, "a frame goes on far below the last word on the sheet"
    paper.close()


def test_a_state_in_the_printed_list_of_invoices_takes_two_lines_at_most(look):
    page = look("invoices", A4)
    page.emulate_media(media="print")
    page.evaluate(
        """width => {
        document.body.style.width = `${width}px`
        document.querySelectorAll("td time").forEach(e => { e.title = "23 Sept 2026" })
        const long = "Partly paid, 157 days overdue"
        document.querySelectorAll("td.said .badge > span").forEach(e => { e.textContent = long })
        }""",
        INSIDE,
    )
    assert all(text.bounding_box()["height"] <= 44 for text in page.locator("td.said .badge > span").all())
    assert page.locator("table").bounding_box()["width"] <= INSIDE


def test_a_printed_invoice_names_the_client(look):
    page = look("invoice", A4)
    assert not page.locator("address.to").is_visible()
    page.emulate_media(media="print")
    to = page.locator("address.to").inner_text().splitlines()
    assert to == ["Quokka Accounts Payable", "Große Elbstraße 12", "22767 Hamburg", "Germany", "Client number K-Quokka"]


def test_a_printed_page_says_whom_to_ask_and_leads_nowhere(look):
    page = look("invoice", A4)
    assert page.locator(".ask").is_visible()
    page.emulate_media(media="print")
    assert "help@firm.example" in page.locator(".foot").inner_text()
    assert not page.locator(".ask").is_visible()


@pytest.mark.parametrize(("name", "size"), [("requests", PHONE), ("documents", PHONE), ("home", DESKTOP)])
def test_a_narrow_row_gives_its_title_the_width_and_its_state_the_right_edge(look, name, size):
    rows = (
        look(name, size)
        .locator(".rows > li > .row:has(.badge)")
        .evaluate_all(
            """rows => rows.map(row => {
        const parts = [row, ...row.querySelectorAll(".row-title, .badge")]
        const [all, title, badge] = parts.map(part => part.getBoundingClientRect())
        const pieces = [...row.querySelectorAll(".piece")].map(e => e.getClientRects().length)
        return { narrow: all.width < 512, wide: title.width / all.width, end: all.right - badge.right, pieces }
        })"""
        )
    )
    assert any(row["narrow"] for row in rows)
    for row in rows:
        assert row["end"] < 1
        assert set(row["pieces"]) <= {1}
        assert row["wide"] > 0.99 or not row["narrow"]


def test_an_address_is_not_cut_on_the_narrowest_phone(look):
    page = look("account", (320, 640))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    words, values = (page.locator(f".facts {tag}").first.bounding_box() for tag in ("dt", "dd"))
    assert (words["x"], words["y"] < values["y"]) == (values["x"], True), "below its word, with the whole width"


@pytest.mark.parametrize("name", ["project", "invoice"])
def test_printed_cards_stand_one_space_apart(look, name):
    page = look(name, A4)
    page.emulate_media(media="print")
    boxes = [card.bounding_box() for card in page.locator(".stack:first-child > .card").all()]
    gaps = {round(below["y"] - above["y"] - above["height"]) for above, below in itertools.pairwise(boxes)}
    assert gaps <= {24}


def test_the_persons_menu_stays_at_the_right_where_there_is_no_other(look):
    page = look(next(iter(OPS)), DESKTOP)
    usual = page.locator(".menu").bounding_box()
    page.goto("/".join(page.url.split("/")[:3]) + "/ops/nothing-here")
    assert page.locator(".places").count() == 0
    assert page.locator(".menu").bounding_box() == usual
