"""What PostgreSQL and SQLite do differently by themselves is the same for the portal's readers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, literal, select, text

from hub.clock import now
from hub.ids import entity_id
from portal_api.project_states import project_state
from portal_api.queries import contracts, projects
from portal_api.queries.parts import like, sought
from portal_api.reading import own_store
from portal_api.wording import Words
from store.names import by_name
from store.scope import Reader, Scope
from store.tables import ENTITIES, Milestone, Project

DAY = dt.date(2026, 3, 1)


def of_client(client_id: str, number: int, **own: Any) -> dict[str, Any]:
    """A row of a client that has no others."""
    id_ = entity_id("crm", "Ordered", str(number))
    stamps = {"source_at": now(), "synced_at": now(), "content_hash": b"", "batch": ""}
    return {"id": id_, "source": "crm", "stream": "Ordered", "external_id": str(number), "client_id": client_id,
            "name": f"N{number}", **stamps, **own}  # fmt: skip


@pytest.mark.parametrize(
    ("noun", "query", "column"), [("contract", contracts.ALL, "starts_on"), ("project", projects.ALL, "due_on")]
)
def test_what_has_no_day_stands_last(world: Any, noun: str, query: Any, column: str) -> None:
    with world.engine.connect() as connection:
        rows = [of_client("ordered", 1, **{column: None}), of_client("ordered", 2, **{column: DAY})]
        connection.execute(insert(ENTITIES[noun]), rows)
        found = Reader(connection, Scope("ordered", None, "owner", "s")).all(query, today=DAY)
        connection.rollback()
    assert [row.name for row in found] == ["N2", "N1"]


def test_projects_are_sorted_by_the_state_that_their_pages_tell(world: Any) -> None:
    """`rank` in SQL and `stands` in Python are one decision."""
    speak = Words("en", ZoneInfo("UTC"), dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    states = ["active", "On Hold", "planned", "in-progress", None, "Awaiting permit"]
    facts = product(states, ["late", "At Risk", "on_track", None], [None, -1, 0, 5], [None, -1, 0])
    projects_, steps = [], []
    for n, (status, health, step, due) in enumerate(facts):
        due_on = None if due is None else DAY + dt.timedelta(due)
        projects_.append(of_client("ranked", n, status=status, health=health, due_on=due_on))
        if step is not None:
            of = {"project_id": projects_[-1]["id"], "due_on": DAY + dt.timedelta(step)}
            steps.append({**of_client("ranked", 1000 + n, **of), "stream": "Steps"})
    with world.engine.connect() as connection:
        connection.execute(insert(Project), projects_)
        connection.execute(insert(Milestone), steps)
        rows = Reader(connection, Scope("ranked", None, "owner", "s")).all(projects.ALL.limit(None), today=DAY)
        connection.rollback()
    tones = ("bad", "attention", "good", "info")
    assert len(rows) == len(projects_)
    assert [row for row in rows if project_state(row, speak).tone != tones[row.rank]] == []


def test_terms_in_force_come_before_those_that_begin_later_or_have_ended(world: Any) -> None:
    days = {"N1": (9, None), "N2": (-9, -1), "N3": (-9, 9), "N4": (-30, None)}
    rows = [
        of_client(
            "bound", n, status="Active", starts_on=DAY + dt.timedelta(start), ends_on=end and DAY + dt.timedelta(end)
        )
        for n, (start, end) in enumerate(days.values(), 1)
    ]
    with world.engine.connect() as connection:
        connection.execute(insert(ENTITIES["contract"]), rows)
        found = Reader(connection, Scope("bound", None, "owner", "s")).all(contracts.ALL, today=DAY)
        connection.rollback()
    assert [row.name for row in found] == ["N3", "N4", "N1", "N2"]


@pytest.mark.parametrize("words", ["müller", "MÜLLER", "Žižka", "ŽIŽKA"])
def test_search_is_blind_to_case_whatever_the_databases_locale(world: Any, words: str) -> None:
    name = literal("MÜLLER und Žižka")
    with world.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            name = name.collate("C")  # type: ignore[assignment]
        assert connection.execute(select(1).where(like(name)), sought(words)).first() is not None
        assert connection.execute(select(1).where(like(name)), sought("möller")).first() is None


def test_names_are_in_one_order_whatever_the_databases_collation(world: Any) -> None:
    names = ["Ärzte", "adler", "Müller", "mueller", "Ost", "Öde", "Zoë", "Zoeller", "Žižka", "Luft", "Łódź"]
    with world.engine.connect() as connection:
        connection.execute(insert(ENTITIES["project"]), [of_client("named", n, name=x) for n, x in enumerate(names)])
        named = select(Project.c.name).where(Project.c.client_id == "named")
        found = list(connection.scalars(named.order_by(by_name(Project.c.name), Project.c.id)))
        connection.rollback()
    assert found == ["adler", "Ärzte", "Łódź", "Luft", "mueller", "Müller", "Öde", "Ost", "Žižka", "Zoë", "Zoeller"]


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["read_now", "_oversee_now", "write_now"])
def test_a_restarted_server_costs_no_page(postgres_world: Any, way: str) -> None:
    store = own_store(postgres_world.settings.database_url)
    work: Callable[[Any], Any] = getattr(store, way)
    work(lambda connection: connection.scalar(select(1)))
    with postgres_world.engine.begin() as admin:
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'portal_role'"
        assert admin.execute(text(ended)).scalar_one() > 0
    assert work(lambda connection: connection.scalar(select(1))) == 1
    store.close()
