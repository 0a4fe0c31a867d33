"""Home looks at a few things and speaks of all of them: its first sentence is as true as the lists below it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from hub.clock import now
from hub.ids import random_id
from store import tables

pytestmark = pytest.mark.anyio


def day(offset: int) -> dt.date:
    return now().date() + dt.timedelta(days=offset)


@pytest.fixture
def lawyer(rich: Any) -> Callable[..., Any]:
    """Makes a law firm's client; `store()` it once it has all it should have."""

    def make() -> Any:
        made = type(rich.mine)(f"Many{random_id()[:8]}", random_id(), random_id())
        made.add(tables.Client, id=made.client_id, name="Kestrel Holdings", profile="legal", time_zone="UTC")
        made.add(tables.Person, id=made.person_id, name="K", email=f"{made.mark.lower()}@client.example", role="owner")
        return made

    return make


def store(rich: Any, made: Any) -> str:
    """A session for the client, who is in the store now."""
    with rich.world.engine.begin() as connection:
        for model, values in made.rows:
            connection.execute(insert(model), values)
    return str(rich.session(made))


def matters(made: Any, count: int, **values: Any) -> list[str]:
    """Running matters, all well; each is due a day later than the one before."""
    return [
        made.add(
            tables.Project,
            **{"name": f"Matter {n}", "status": "active", "health": "on_track", "due_on": day(40 + n), **values},
        )
        for n in range(count)
    ]


def asks(made: Any, project: str | None, due: int, name: str = "Witness list") -> str:
    """A step that waits for the client."""
    step = {"name": name, "status": "planned", "client_action": "answer", "due_on": day(due)}
    return str(made.add(tables.Milestone, project_id=project, **step))


def answer_of(page: Any) -> str:
    [found] = re.findall(r"<h1[^>]*data-answer[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found)


def proof_of(page: Any) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.text.split('class="proof"')[1].split("</ul>")[0]).split())


async def test_what_the_fifth_matter_needs_is_in_the_first_sentence(browse: Any, rich: Any, lawyer: Any) -> None:
    made = lawyer()
    asks(made, matters(made, 5)[4], -5)
    page = await browse("/", who=store(rich, made))
    assert "Witness list: your answer is 5 days overdue." in answer_of(page)
    assert "4 other cases on track" in proof_of(page)


async def test_a_late_step_of_the_last_of_many_matters_leads(browse: Any, rich: Any, lawyer: Any) -> None:
    made = lawyer()
    several = matters(made, 6)
    made.add(tables.Milestone, project_id=several[5], name="Pleading", status="planned", due_on=day(-5))
    made.add(tables.Milestone, project_id=several[4], name="Brief", status="planned", due_on=day(-2))
    me = store(rich, made)
    home, listed = await browse("/", who=me), (await browse("/projects", who=me)).text
    assert answer_of(home).startswith("We are 5 days late with Pleading.")
    assert "1 other case not on track" in proof_of(home)
    assert "6 in work; late: Matter 5 and Matter 4." in listed


async def test_nine_steps_that_wait_are_nine(browse: Any, rich: Any, lawyer: Any) -> None:
    made = lawyer()
    [matter] = matters(made, 1)
    for n in range(9):
        asks(made, matter, n, f"Exhibit {n}")
    me = store(rich, made)
    page = await browse("/", who=me)
    assert answer_of(page).startswith("9 things wait for you.")
    waiting = page.text.split('id="waiting"')[1].split("</section>")[0]
    assert waiting.count("Exhibit") == 6
    assert 'href="/projects"' in waiting
    assert "3 more steps" in waiting
    told = (await browse("/api/v1/home", who=me)).json()["waiting"]
    assert {"what": "3 more steps", "href": "/projects"}.items() <= told[-1].items()


async def test_a_step_of_a_matter_that_has_ended_waits_for_nobody(browse: Any, rich: Any, lawyer: Any) -> None:
    made = lawyer()
    matters(made, 1)
    [ended] = matters(made, 1, status="Cancelled", name="Old matter")
    asks(made, ended, -60)
    me = store(rich, made)
    home, one = await browse("/", who=me), await browse(f"/projects/{ended}", who=me)
    assert "Nothing is needed from you." in answer_of(home)
    assert 'id="waiting"' not in home.text
    assert "Waiting for you" not in one.text
    assert (await browse("/api/v1/home", who=me)).json()["waiting"] == []


async def test_a_step_without_a_project_is_answered_by_mail(browse: Any, rich: Any, lawyer: Any) -> None:
    made = lawyer()
    asks(made, None, 3, "Power of attorney")
    me = store(rich, made)
    waiting = (await browse("/", who=me)).text.split('id="waiting"')[1].split("</section>")[0]
    assert re.findall('href="([^"]+)"', waiting) == [
        "mailto:help@firm.example?subject=Answer%3A%20Power%20of%20attorney"
    ]
    [told] = (await browse("/api/v1/home", who=me)).json()["waiting"]
    assert (told["what"], told["href"]) == ("Power of attorney", None)


async def test_a_late_answer_is_in_sight_however_many_requests_have_no_promise(
    browse: Any, rich: Any, lawyer: Any
) -> None:
    made = lawyer()
    for n in range(60):
        made.add(tables.Request, number=f"{n}", subject=f"Unpromised {n}", status="in_work", opened_at=now())
    hour = dt.timedelta(hours=1)
    for subject, promised in (("Promised for soon", now() + hour), ("Promised long ago", now() - hour)):
        made.add(tables.Request, number="7", subject=subject, status="in_work", opened_at=now(), answer_by=promised)
    me = store(rich, made)
    listed, home = (await browse("/requests", who=me)).text, (await browse("/", who=me)).text
    assert "62 are open; 1 should have been answered by now." in listed
    for page in (listed, home):
        assert page.index("Promised long ago") < page.index("Promised for soon") < page.index("Unpromised")


async def test_late_answers_are_all_counted_and_so_is_what_waits(browse: Any, rich: Any, lawyer: Any) -> None:
    made = lawyer()
    for n in range(60):
        made.add(tables.Request, number=f"{n}", status="in_work", answer_by=now() - dt.timedelta(days=2))
        made.add(tables.Request, number=f"{n}", status="waiting_for_client")
    me = store(rich, made)
    listed, home = (await browse("/requests", who=me)).text, await browse("/", who=me)
    assert "120 are open; 60 should have been answered by now; 60 wait for you." in listed
    assert answer_of(home).startswith("60 requests wait for your answer.")
