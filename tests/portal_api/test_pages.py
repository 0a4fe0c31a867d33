"""What every page keeps: headers, caching, errors with a way on, words that people use."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from hub.errors import NeedsPerson
from hub.settings import Settings
from mappings.profiles import HOUSE
from portal_api.app import create_app
from portal_api.colour import DARK_PAPER, PAPER, accent, contrast
from portal_api.feeds import Feeds
from portal_api.wording import Words
from store.engine import create_engine

pytestmark = pytest.mark.anyio

NOON = dt.datetime(2026, 12, 1, 11, 0, tzinfo=dt.UTC)
SPEAK = Words("en", ZoneInfo("Europe/Berlin"), NOON)


async def test_pages_carry_a_strict_policy_and_no_inline_code(signed_in):
    page = await signed_in("legal").get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text
    assert page.text.count("<script") == page.text.count('<script src="/static/')
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"].startswith("private")


async def test_an_unchanged_page_is_not_sent_again(signed_in):
    browser = signed_in("legal")
    tag = (await browser.get("/clients")).headers["etag"]
    again = await browser.get("/clients", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


async def test_style_and_script_are_named_by_content_kept_for_a_year_and_small(portal):
    for name, url in portal.app.state.portal.assets.urls.items():
        sent = await portal.get(url, headers={"accept-encoding": "gzip"})
        assert sent.status_code == 200, name
        assert "immutable" in sent.headers["cache-control"]
        plain = await portal.get(url, headers={"accept-encoding": "identity"})
        assert sent.content == plain.content == gzip.decompress(gzip.compress(plain.content))
    assert (await portal.get("/static/app.000000000000.css")).status_code == 404


async def test_not_there_and_not_yours_look_the_same(portal, signed_in):
    browser = signed_in("legal")
    bodies = {(await browser.get(path)).text for path in ("/nowhere", "/clients/abc/x", "/go/forged")}
    assert len(bodies) == 1
    assert "There is nothing here." in bodies.pop()


async def test_an_address_that_was_cut_off_says_so_in_plain_words(signed_in):
    page = await signed_in("legal").get("/invoices?after=rubbish")
    assert page.status_code == 400
    assert "This address is not complete." in page.text
    assert "cursor" not in page.text
    assert (await signed_in("legal").get("/sign-out")).status_code == 404, "an address of a form is no page"


async def test_the_api_answers_errors_as_json(portal):
    missing = await portal.get("/api/v1/nowhere")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json()["title"] == "There is nothing here."


async def test_a_failure_gives_a_number_that_the_log_carries_too(world, caplog):
    app = create_app(world.settings)

    @app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError("secret detail")

    @app.get("/unreachable")
    async def unreachable() -> None:
        raise OperationalError("SELECT secret", {}, Exception("down"))

    async with _browser(app, world) as browser:
        with caplog.at_level(logging.ERROR):
            page = await browser.get("/breaks")
        assert page.status_code == 500
        assert "secret" not in page.text
        number = page.text.split('class="reference">')[1].split("<")[0]
        assert number in caplog.text
        assert page.headers["content-security-policy"]
        assert (await browser.get("/unreachable")).status_code == 503
    app.state.portal.store.close()


def _browser(app, world):
    import httpx

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.settings.public_url)


async def test_machines_see_whether_it_lives_is_ready_and_how_it_does(world, portal, tmp_path):
    assert (await portal.get("/healthz")).text == "ok\n"
    assert (await portal.get("/readyz")).json() == {"ready": True, "store": "ok"}
    empty = create_engine(f"sqlite:///{tmp_path}/empty.sqlite")
    async with _browser(create_app(world.settings, empty), world) as browser:
        assert (await browser.get("/readyz")).status_code == 503
        assert (await browser.get("/healthz")).status_code == 200
    empty.dispose()


async def test_how_the_firm_does_is_told_to_its_own_monitor_only(world, portal):
    nothing = await portal.get("/nowhere")
    settings = world.settings.model_copy(update={"monitor_token": SecretStr("a monitor's word")})
    async with _browser(create_app(settings, portal.app.state.portal.store.engine), world) as browser:
        for browser_, shown in ((portal, "Bearer "), (browser, ""), (browser, "Bearer other"), (browser, "Bearer é")):
            answer = await browser_.get("/metrics", headers={"authorization": shown.encode()})
            assert (answer.status_code, answer.text) == (404, nothing.text)
            told = await browser_.get("/readyz", headers={"authorization": shown.encode()})
            assert told.json() == {"ready": True, "store": "ok"}
        browser.headers["authorization"] = "Bearer a monitor's word"
        ready = (await browser.get("/readyz")).json()
        assert set(ready["sources"]) == {"salesforce", "quickbooks", "google_drive"}
        await browser.get("/sign-in")
        assert 'frontdesk_requests_total{route="/sign-in",status="200"}' in (await browser.get("/metrics")).text


async def test_while_the_store_is_away_no_page_leads_out_of_the_house(world, portal, monkeypatch):
    def away(*_args):
        raise OperationalError("", {}, Exception("away"))

    monkeypatch.setattr(portal.app.state.portal.store, "read_now", away)
    portal.cookies.set("frontdesk", "x" * 43)
    answer = await portal.get(f"{world.settings.public_url}//evil.example/page")
    assert answer.status_code == 503
    assert "//evil.example" not in answer.text


async def test_head_answers_like_get_without_a_body(signed_in):
    browser = signed_in("legal")
    head, get = await browser.head("/clients"), await browser.get("/clients")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]


def test_days_and_hours_are_said_as_people_say_them():
    said = [SPEAK.day(SPEAK.today + dt.timedelta(n)) for n in (0, 1, -1, 2)]
    assert said == ["today", "tomorrow", "yesterday", "Thu 3 Dec"]
    assert SPEAK.day(dt.date(2024, 12, 3)) == "Tue 3 Dec 2024"
    assert SPEAK.moment(NOON) == "today 12:00"
    assert SPEAK.exact(NOON) == "Tuesday 1 December 2026, 12:00 CET"
    assert [SPEAK.until(SPEAK.today + dt.timedelta(n)) for n in (6, -2, 100)] == [
        "in 6 days",
        "2 days ago",
        "Thu 11 Mar 2027",
    ]


def test_a_day_is_the_readers_day():
    late = dt.datetime(2026, 12, 1, 23, 30, tzinfo=dt.UTC)
    assert SPEAK.moment(late) == "tomorrow 00:30"
    assert Words("en", ZoneInfo("America/New_York"), NOON).moment(late) == "today 18:30"


def test_money_and_sizes():
    assert SPEAK.money(123_450, "EUR") == "€1,234.50"
    assert SPEAK.money(1_500, "JPY") == "¥1,500"
    assert Words("de", ZoneInfo("UTC"), NOON).money(123_450, "EUR") == "1.234,50\xa0€"
    assert [SPEAK.size(n) for n in (None, 10, 84_000, 1_250_000)] == ["", "1 KB", "84 KB", "1.2 MB"]


@given(st.from_regex(r"#[0-9A-Fa-f]{6}", fullmatch=True))
def test_the_firms_colour_can_always_be_read(colour):
    made = accent(colour)
    assert contrast(made.light, PAPER) >= 4.5
    assert contrast(made.light, "#FFFFFF") >= 4.5
    assert contrast(made.dark, DARK_PAPER) >= 4.5


def test_a_colour_that_passes_is_kept_and_one_that_does_not_is_reported():
    assert accent("#0F6B63") == ("#0F6B63", "#4FB5AA", False)
    assert accent("#FFD400").changed
    assert accent("no colour").light == "#0F6B63"


def test_a_stream_is_late_after_three_intervals_and_never_fresher_than_its_source(sqlite_world):
    feeds = Feeds(sqlite_world.settings)

    def fresh(*minutes):
        row = {"source": "quickbooks", "stream": "Invoice", "matched_at": None, "error": None}
        rows = [SimpleNamespace(**row, high_water=NOON - dt.timedelta(minutes=m)) for m in minutes]
        return feeds.of("invoice", rows, NOON)

    assert not fresh(15).late
    assert fresh(16).late
    assert fresh(3, 40).as_of == NOON - dt.timedelta(minutes=40)
    assert fresh(2).source == "QuickBooks"
    assert fresh() is None


def test_a_statement_is_as_true_as_the_worst_of_what_it_is_made_of(sqlite_world):
    feeds = Feeds(sqlite_world.settings)

    def fresh(error=None, **minutes):
        row = {"source": "quickbooks", "matched_at": None, "error": error}
        marks = {stream: None if m is None else NOON - dt.timedelta(minutes=m) for stream, m in minutes.items()}
        rows = [SimpleNamespace(**row, stream=stream, high_water=mark) for stream, mark in marks.items()]
        return {noun: feeds.of(noun, rows, NOON) for noun in ("statement", "invoice")}

    silent = fresh(Invoice=2, Payment=40, CreditMemo=3)
    assert (silent["statement"].late, silent["invoice"].late) == (True, False)
    assert silent["statement"].as_of == NOON - dt.timedelta(minutes=40)
    begun, refused = fresh(Invoice=2, Payment=None), fresh("Refused.", Invoice=2, Payment=None)
    assert [found["statement"].as_of for found in (begun, refused)] == [None, None]
    assert [found["statement"].late for found in (begun, refused)] == [False, True]


def test_a_firms_own_first_screen_is_shown_and_a_wrong_one_keeps_the_portal_from_starting(tmp_path):
    profile = (HOUSE / "legal.yaml").read_text().replace("label: Case", "label: Matter")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "legal.yaml").write_text(profile)
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'store.sqlite'}", mappings_path=tmp_path)
    assert create_app(settings).state.portal.profiles.of("legal").noun.label == "Matter"
    (tmp_path / "profiles" / "legal.yaml").write_text(profile.replace("icon: case", "icon: cases"))
    with pytest.raises(NeedsPerson, match=r"legal\.yaml:3: unknown icon"):
        create_app(settings)
