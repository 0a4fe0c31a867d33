"""The page as a person sees it, in a real browser: the answer first, readable, light, and without a script too."""

from __future__ import annotations

import itertools

import pytest

pytestmark = pytest.mark.browser

PHONE, DESKTOP = (390, 844), (1280, 720)
PROFILES = ("logistics", "professional_services", "architecture", "legal", "agency", "saas")
BUDGET = 60_000


@pytest.fixture
def visit(chromium, server, sqlite_world):
    """`visit("legal", PHONE)` opens home as that client; the page fails the test on any console error."""
    opened = []

    def go(profile, size=DESKTOP, *, situation="normal", path="/", theme="light", script=True):
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, java_script_enabled=script
        )
        opened.append(context)
        if profile:
            token = sqlite_world.sign_in(sqlite_world.client(profile, situation))
            context.add_cookies([{"name": "frontdesk", "value": token, "url": server}])
        page = context.new_page()
        page.errors = []
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        page.sent = []
        page.on("response", lambda response: page.sent.append(response))  # noqa: PLW0108 -- it marks its handlers
        page.goto(server + path)
        return page

    yield go
    for context in opened:
        context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("situation", ["normal", "exception", "nothing"])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_answer_lies_in_the_first_viewport(visit, profile, situation, size):
    page = visit(profile, size, situation=situation)
    box = page.locator("[data-answer]").bounding_box()
    menu = page.locator(".places").bounding_box()
    bottom = menu["y"] if size == PHONE else size[1]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= bottom
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    assert page.errors == []


@pytest.mark.parametrize("situation", ["normal", "exception"])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_answer_takes_five_lines_of_a_phone_at_most(visit, profile, situation):
    page = visit(profile, PHONE, situation=situation)
    # Four in a phone's own font; the one of this machine is wider.
    height = page.locator("[data-answer]").bounding_box()["height"]
    line = page.locator("[data-answer]").evaluate("e => parseFloat(getComputedStyle(e).lineHeight)")
    assert round(height / line) <= 5, page.locator("[data-answer]").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("profile", "situation", "path"),
    [
        ("logistics", "exception", "/"),
        ("legal", "normal", "/"),
        ("saas", "exception", "/?welcome=1"),
        ("agency", "nothing", "/clients"),
        (None, None, "/sign-in"),
        (None, None, "/sign-in/code"),
        (None, None, "/x"),
    ],
)
def test_nobody_is_shut_out(visit, profile, situation, path, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(profile, PHONE if path == "/" else DESKTOP, situation=situation, path=path, theme=theme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_page_weighs_less_than_sixty_kilobytes(visit, profile):
    page = visit(profile, situation="exception")
    page.wait_for_load_state("networkidle")
    sizes = {response.url: len(response.body()) for response in page.sent}
    assert sum(sizes.values()) < BUDGET, sizes
    assert all(url.startswith(page.url) for url in sizes), "something comes from elsewhere"


@pytest.mark.parametrize("profile", PROFILES)
def test_the_labels_of_the_menu_do_not_touch_on_the_narrowest_phone(visit, profile):
    page = visit(profile, (320, 640))
    ends = page.locator(".places a span").evaluate_all(
        """spans => spans.map(span => {
        const words = document.createRange()
        words.selectNodeContents(span)
        return [words.getBoundingClientRect().left, words.getBoundingClientRect().right]
        })"""
    )
    assert ends[0][0] >= 4
    assert ends[-1][1] <= 316
    assert all(left - right >= 6 for (_, right), (left, _) in itertools.pairwise(ends)), ends


def test_on_the_narrowest_phone_a_title_has_the_line_to_itself(visit):
    page = visit("agency", (320, 640), situation="exception")
    for row in page.locator(".row:has(.button, .badge)").all():
        assert row.locator(".row-title").bounding_box()["width"] > 240, row.inner_text()


def test_the_page_reads_well_without_its_style(visit):
    page = visit("logistics", PHONE)
    page.evaluate("document.querySelectorAll('link[rel=stylesheet]').forEach(link => link.remove())")
    sizes = page.locator("svg").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert max(sizes) <= 24, "icons stay small"
    words = page.locator("a.journey").first.inner_text()
    assert "HBL-2291 PO-2291" in words, "words stay apart"


def test_everything_works_without_a_script(visit):
    page = visit("logistics", PHONE, script=False)
    page.locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", name="You are signed out").is_visible()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit):
    page = visit("legal")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "[document.activeElement.innerText, getComputedStyle(document.activeElement).outlineWidth]"
        )
        seen.append(name)
        assert outline == "3px" or name is None or document_end(page), name
    assert any("Download invoice" in (name or "") for name in seen)


def document_end(page):
    return page.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_what_is_pressed_is_large_enough_for_a_thumb(visit, size):
    page = visit("agency", size)
    for control in page.locator("a:visible, button:visible, summary:visible").all():
        if control.evaluate("e => e.matches('.skip, .foot a, p a')"):
            continue
        assert control.bounding_box()["height"] >= 44, control.evaluate("e => e.outerHTML")


def test_a_person_signs_in_with_a_press_and_a_scanner_does_not(visit, server, sqlite_world):
    from portal_api.access.links import create_link

    with sqlite_world.engine.begin() as connection:
        url = create_link(connection, sqlite_world.client("agency").email, "/", 15, public_url=server)
    scanner = visit(None, path=url.removeprefix(server))
    assert scanner.context.cookies() == []
    page = visit(None, PHONE, path=url.removeprefix(server), script=False)
    page.get_by_role("button", name="Sign in").click()
    assert "Homepage design: your approval" in page.locator("[data-answer]").inner_text()


def test_a_dark_screen_prints_as_a_light_one(visit):
    page = visit("logistics", situation="exception", theme="dark")
    shown = "JSON.stringify([...document.querySelectorAll('main *')].map(e => getComputedStyle(e).color))"
    page.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
    light = page.evaluate(shown)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(shown) == light


def test_print_has_the_firm_the_answer_and_no_menu(visit):
    page = visit("logistics")
    page.emulate_media(media="print")
    assert page.locator("[data-answer]").is_visible()
    assert page.locator(".firm").is_visible()
    for hidden in (".places", ".tool >> nth=0", ".menu", ".card-head a >> nth=0"):
        assert not page.locator(hidden).is_visible(), hidden


def test_where_one_is_and_how_far_things_are_stays_visible_in_the_readers_own_colours(visit):
    page = visit("logistics")
    page.emulate_media(forced_colors="active")
    here = page.locator(".places [aria-current]")
    assert here.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    dots = page.locator(".track").first
    done, ahead = (
        dots.locator(f".{dot}").first.evaluate("e => getComputedStyle(e, '::before').backgroundColor")
        for dot in ("done", "next")
    )
    assert done != ahead


def test_a_window_zoomed_to_twice_the_size_keeps_room_for_the_page(visit):
    page = visit("logistics", (640, 360))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollTo(0, 400)")
    assert page.locator(".top").bounding_box()["y"] < 0, "the header scrolls away"
    for _ in range(14):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        inside = page.evaluate("!document.activeElement.closest('.places') && document.activeElement.closest('main')")
        assert not inside or focused <= page.locator(".places").bounding_box()["y"], "hidden behind the menu"


def test_nothing_moves_for_those_who_asked_for_rest(visit):
    page = visit("saas")
    page.emulate_media(reduced_motion="reduce")
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration != '0s').length"
    assert page.evaluate(moving) == 0
