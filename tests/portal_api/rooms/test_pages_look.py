"""Every page of lists and things, as a person sees it: on a phone and on a desktop, light and dark."""

from __future__ import annotations

import os

import pypdfium2
import pytest

pytestmark = pytest.mark.browser

PHONE, DESKTOP = (390, 844), (1280, 720)
BUDGET = 60_000
PAGES = {
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
    page.wait_for_load_state("networkidle")
    sizes = {response.url: len(response.body()) for response in page.sent}
    assert sum(sizes.values()) < BUDGET, sizes
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


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
