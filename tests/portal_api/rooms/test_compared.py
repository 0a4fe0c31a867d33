"""A copy that was proved to match its source says so; one that does not is the first thing that ops read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, update

from hub.clock import now
from store.certificates import could_not, save
from store.engine import writing
from store.hub_tables import Certificate, StreamState

pytestmark = pytest.mark.anyio


def certificate(stream: str, **found: Any) -> SimpleNamespace:
    total = {"column": "balance_minor", "currency": "EUR", "theirs": 123456, "ours": found.pop("ours_minor", 123456)}
    one = {"missing": (), "surplus": (), "differing": {}, **found}
    agrees = not (one["missing"] or one["surplus"] or one["differing"])
    counts = {"theirs": 1200, "ours": 1200, "held": 0, "left_out": 0, "on_the_way": 2}
    totals = (SimpleNamespace(_asdict=lambda: total),)
    return SimpleNamespace(stream=stream, agrees=agrees, **counts, **one, totals=totals)


@pytest.fixture
def certify(rich: Any) -> Iterator[Any]:
    """Certificates of QuickBooks' streams, gone afterwards."""
    engine, at = rich.world.engine, now() - dt.timedelta(hours=3)

    def make(**differing: Any) -> None:
        with writing(engine) as connection:
            for stream in ("CreditMemo", "Customer", "Invoice", "Payment"):
                save(connection, "quickbooks", certificate(stream, **differing.get(stream, {})), at)

    yield make
    with engine.begin() as connection:
        connection.execute(delete(Certificate))
        connection.execute(update(StreamState).values(matched_at=None, swept_at=None, not_compared=None))


async def test_before_anything_was_compared_nobody_is_told_that_it_matches(browse, rich):
    assert "streams match" not in (await browse("/ops", who=rich.staff())).text
    page = (await browse("/ops/compared", who=rich.staff())).text
    assert page.count("Not compared yet") == len(streams_of(page))
    assert "0 of " in page
    assert 'class="matched"' not in (await browse("/invoices", who=rich.session(rich.mine))).text


def streams_of(page: str) -> list[str]:
    return page.split('<th class="strong" scope="row">')[1:]


async def test_clients_read_beside_the_source_that_it_was_compared_and_matched(browse, rich, certify):
    certify()
    page = (await browse("/invoices", who=rich.session(rich.mine))).text
    assert 'class="matched"' in page
    assert "Compared with QuickBooks record by record: nothing differed" in page
    listed = (await browse("/api/v1/invoices", who=rich.session(rich.mine))).json()
    assert listed["freshness"]["matched_at"] is not None
    assert 'class="matched"' not in (await browse("/shipments", who=rich.session(rich.mine))).text, "Salesforce was not"


async def test_ops_read_the_counts_and_the_money_of_what_matches(browse, rich, certify):
    certify()
    assert re.search(r"4 of \d+ streams match", (await browse("/ops", who=rich.staff())).text)
    page = (await browse("/ops/compared", who=rich.staff())).text
    assert page.count(">Matches<") == 4
    assert tuple(said for said in ("1,200 on both sides", "2 on the way", "1,234.56") if said in page) == (
        "1,200 on both sides",
        "2 on the way",
        "1,234.56",
    )


async def test_what_differs_is_named_and_led_with_until_all_was_read_again(browse, rich, certify):
    differing = {"1042": ("balance_minor", "client")}
    certify(Invoice={"differing": differing, "missing": ("1043",), "surplus": ("1044",), "ours_minor": 100})
    page = (await browse("/ops", who=rich.staff())).text
    assert "QuickBooks: 3 records are not as the source has them.</h1>" in page
    assert "<code>frontdesk sync quickbooks --full</code> mends it." in page
    page = (await browse("/ops/compared", who=rich.staff())).text
    assert "1042 differs in balance, whose it is" in page
    assert "1043 is missing here" in page
    assert "1044 is not at the source any more" in page
    assert "€1,234.56, here €1.00" in page
    assert 'class="matched"' not in (await browse("/invoices", who=rich.session(rich.mine))).text
    with rich.world.engine.begin() as connection:
        connection.execute(update(StreamState).where(StreamState.c.stream == "Invoice").values(swept_at=now()))
    assert "All 3 sources are current." in (await browse("/ops", who=rich.staff())).text
    assert "Read again since" in (await browse("/ops/compared", who=rich.staff())).text


async def test_a_comparison_that_did_not_come_again_is_said(browse, rich, certify):
    certify()
    with rich.world.engine.begin() as connection:
        connection.execute(update(Certificate).values(at=now() - dt.timedelta(days=3)))
    assert (await browse("/ops/compared", who=rich.staff())).text.count("Not lately") == 4


async def test_what_could_not_be_compared_says_why(browse, rich, certify):
    certify()
    with writing(rich.world.engine) as connection:
        could_not(connection, "quickbooks", "Invoice", "The user may not read it.")
    page = (await browse("/ops/compared", who=rich.staff())).text
    assert re.search(r"1 of \d+ streams could not be compared with their source.", page)
    assert ("Could not be compared: The user may not read it." in page, page.count(">Not compared<")) == (True, 1)


async def test_only_staff_read_it(browse, rich):
    assert (await browse("/ops/compared", who=rich.session(rich.mine))).status_code == 404
