"""Many sources know the day of an arrival and no hour. That day is the same for every reader, and sorts among hours."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import insert

from hub.ids import random_id
from store import tables

pytestmark = pytest.mark.anyio

FAR = dt.date(2099, 3, 5)
AFTER = FAR + dt.timedelta(days=1)
GONE = dt.date(2020, 6, 15)


@pytest.fixture
def by_the_day(rich: Any) -> Any:
    """A client whose shipments have days, hours, or both."""
    made = type(rich.mine)("Tag", random_id(), random_id())
    made.mark = f"Tag{made.client_id[:6]}"
    made.add(tables.Client, id=made.client_id, name="Tagwerk AG", profile="logistics", time_zone="Pacific/Auckland")
    made.add(tables.Person, id=made.person_id, name="Tag", email=f"{made.mark}@client.example", role="owner")
    noon = dt.datetime.combine(FAR, dt.time(12), dt.UTC)
    found: dict[str, dict[str, Any]] = {
        "HOUR": {"promised_at": noon, "eta_at": noon},
        "DAY": {"promised_on": FAR},
        "NEXT": {"promised_on": AFTER, "eta_on": AFTER},
        "LATE": {"promised_on": FAR, "eta_on": AFTER},
        "DONE": {"promised_on": GONE, "delivered_on": GONE + dt.timedelta(days=2), "status": "booked"},
    }
    for number, values in found.items():
        made.add(tables.Shipment, number=number, **{"status": "in_transit", **values})
    with rich.world.engine.begin() as connection:
        for model, values in made.rows:
            connection.execute(insert(model), values)
    return made


def numbers(page: str) -> list[str]:
    return re.findall(r'row-title">([A-Z]+)<', page)


async def test_days_and_hours_stand_in_one_order_the_late_one_first(browse: Any, rich: Any, by_the_day: Any) -> None:
    me = rich.session(by_the_day)
    assert numbers((await browse("/shipments", who=me)).text) == ["LATE", "HOUR", "DAY", "NEXT"]
    assert numbers((await browse("/shipments?show=arrived", who=me)).text) == ["DONE"], "a day of delivery is one"
    assert "LATE is 1 day late; new ETA Fri 6 Mar 2099." in (await browse("/", who=me)).text


async def test_a_day_is_never_given_an_hour(browse: Any, rich: Any, by_the_day: Any) -> None:
    me = rich.session(by_the_day)
    ids = dict(zip(("HOUR", "DAY", "NEXT", "LATE", "DONE"), by_the_day.ids["shipment"], strict=True))
    done = (await browse(f"/shipments/{ids['DONE']}", who=me)).text
    assert '<time datetime="2020-06-17" title="Wednesday 17 June 2020">Wed 17 Jun 2020</time>' in done
    assert "2 days later than promised" in done
    answer = (await browse(f"/api/v1/shipments/{ids['DAY']}", who=me)).json()
    assert (answer["promised_at"], answer["promised_on"], answer["eta_on"]) == (None, "2099-03-05", None)
    assert answer["state"]["sentence"] == "In transit. Promised for Thu 5 Mar 2099."
