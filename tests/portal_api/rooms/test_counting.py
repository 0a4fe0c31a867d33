"""What a person did is counted once, whichever way their programs fetch it."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import func, select

import portal_api
import warehouse
from hub.clock import now
from portal_api.access.tokens import create_api_token
from store.access_tables import Activity

pytestmark = pytest.mark.anyio


@pytest.fixture
def facts(browse, rich):
    """The facts that were recorded since the last time, as (verb, object, via, counted)."""
    engine, begun = rich.world.engine, now()
    with engine.connect() as connection:
        known = [connection.scalar(select(func.coalesce(func.max(Activity.c.seq), 0)))]

    def since():
        browse.app.state.portal.activities.flush()
        with engine.connect() as connection:
            # Another portal over this store may only now write down what was done before.
            mine = (Activity.c.seq > known[0]) & (Activity.c.at >= begun)
            rows = connection.execute(select(Activity).where(mine).order_by(Activity.c.seq)).all()
        known[0] = max((row.seq for row in rows), default=known[0])
        return [(row.verb, row.object_kind, row.via, row.counted) for row in rows]

    return since


async def test_a_file_that_a_program_takes_with_its_token_is_counted_like_what_it_reads(browse, rich, facts):
    with rich.world.engine.begin() as connection:
        token = create_api_token(connection, "Quokka@client.example")
    program = {"authorization": f"Bearer {token}", "user-agent": "python-requests/2.32"}
    await browse("/api/v1/invoices", headers=program)
    await browse(f"/api/v1/documents/{rich.mine.ids['document'][0]}/content", headers=program)
    assert facts() == [("view", "invoices", "api", True), ("download", "document", "file", True)]


async def test_a_file_that_is_fetched_in_parts_is_one_download(browse, rich, facts):
    me, path = rich.session(rich.mine), f"/documents/{rich.mine.ids['document'][0]}/download"
    await browse(path, who=me)
    for part in ("bytes=0-3", "bytes=4-7", "bytes=8-", "bytes=-2"):
        assert (await browse(path, who=me, headers={"range": part})).status_code == 206
    assert facts() == [("download", "document", "file", True)] * 2


async def test_looking_again_at_what_was_found_is_no_new_search(browse, rich, facts):
    me = rich.session(rich.mine)
    found = await browse("/search?q=quokka", who=me)
    again = await browse("/search?q=quokka", who=me, headers={"if-none-match": found.headers["etag"]})
    assert again.status_code == 304
    assert facts() == [("search", None, "page", True), ("view", "search", "page", True)]


async def test_a_telephone_is_no_robot_for_its_makers_name(browse, rich, facts):
    telephone = {"user-agent": "Mozilla/5.0 (Linux; Android 13; CUBOT X50) AppleWebKit/537.36"}
    await browse("/", who=rich.session(rich.mine), headers=telephone)
    assert facts() == [("view", "home", "page", True)]


def test_every_verb_that_the_portal_records_is_explained_to_analysts():
    calls = [
        node
        for file in Path(portal_api.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record" and len(node.args) > 1
    ]
    recorded = {call.args[1].value for call in calls if isinstance(call.args[1], ast.Constant)}
    assert len(recorded) > 7
    with duckdb.connect() as connection:
        model = Path(warehouse.__file__).parent / "models" / "10_verb.sql"
        connection.execute(model.read_text(encoding="utf-8"))
        known = {verb for (verb,) in connection.execute("SELECT verb FROM dim_verb").fetchall()}
    assert recorded <= known
