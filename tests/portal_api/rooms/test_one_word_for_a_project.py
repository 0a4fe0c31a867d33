"""A project's state is one word, wherever it is told: home, list, page, search and API."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import insert, update

from hub.clock import now
from hub.ids import random_id
from store import tables

pytestmark = pytest.mark.anyio

LATE, FINE = "Mast with a late step", "Mast that waits for its client"


def day(offset: int) -> dt.date:
    return now().date() + dt.timedelta(days=offset)


@pytest.fixture
def builder(rich: Any) -> Any:
    """A client with two healthy projects: one with a late step of ours, one with a late step of the client's."""
    made = type(rich.mine)("Mast", random_id(), random_id())
    made.mark = f"Mast{made.client_id[:6]}"
    made.add(tables.Client, id=made.client_id, name="Mastbau AG", profile="professional_services")
    made.add(tables.Person, id=made.person_id, name="Mast", email=f"{made.mark}@client.example", role="owner")
    for name, action in ((LATE, None), (FINE, "approve")):
        project = made.add(tables.Project, name=name, status="active", health="on_track", due_on=day(90))
        steps: tuple[dict[str, Any], ...] = (
            {"name": "Done", "status": "done", "due_on": day(-30), "completed_on": day(-30)},
            {"name": "Open", "status": "planned", "due_on": day(-4), "client_action": action},
            {"name": "Ahead", "status": "planned", "due_on": day(20)},
            {"name": "Said to be done", "status": "done", "due_on": day(-3), "client_action": action},
            {"name": "Of no status", "status": None, "due_on": day(5), "client_action": action},
        )
        for step in steps:
            made.add(tables.Milestone, project_id=project, **step)
    with rich.world.engine.begin() as connection:
        for model, values in made.rows:
            connection.execute(insert(model), values)
    return made


async def test_a_late_step_is_told_on_every_page_and_a_step_of_the_clients_is_not_ours(
    browse: Any, rich: Any, builder: Any
) -> None:
    me, ids = rich.session(builder), builder.ids["project"]
    pages = ("/", "/projects", f"/projects/{ids[0]}", "/search?q=late+step")
    for path in pages:
        assert "A step is late" in (await browse(path, who=me)).text, path
    for path in (f"/projects/{ids[1]}", "/search?q=waits+for"):
        page = (await browse(path, who=me)).text
        assert "On track" in page, path
        assert "A step is late" not in page, path
    listed = (await browse("/api/v1/projects", who=me)).json()["items"]
    assert {one["name"]: one["state"]["label"] for one in listed} == {LATE: "A step is late", FINE: "On track"}
    one = (await browse(f"/api/v1/projects/{ids[0]}", who=me)).json()
    assert one["state"]["label"] == "A step is late"


async def test_what_waits_is_the_same_wherever_it_is_told(browse: Any, rich: Any, builder: Any) -> None:
    me, project = rich.session(builder), builder.ids["project"][1]
    home, several, one = [(await browse(path, who=me)).text for path in ("/", "/projects", f"/projects/{project}")]
    waiting = home.split('id="waiting"')[1].split("</section>")[0]
    assert [name in waiting for name in ("Open", "Of no status", "Said to be done")] == [True, True, False]
    assert "2 steps wait for you." in several
    assert set(re.findall(r"#step-(\w+)", waiting)) == set(re.findall(r'id="step-(\w+)"', one))


async def test_a_step_of_a_project_that_is_left_out_waits_for_nobody(browse: Any, rich: Any, builder: Any) -> None:
    me, project = rich.session(builder), builder.ids["project"][1]
    assert 'id="waiting"' in (await browse("/", who=me)).text
    with rich.world.engine.begin() as connection:
        draft = update(tables.Project).where(tables.Project.c.id == project)
        connection.execute(draft.values(deleted_at=now(), deleted_reason="left out"))
    assert 'id="waiting"' not in (await browse("/", who=me)).text
