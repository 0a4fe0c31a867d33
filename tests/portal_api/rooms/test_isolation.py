"""Nobody sees what is another's: every route of the portal, asked with another client's ids, by everybody who may not.

The matrix comes from the application's own route table, so a new route fails here until it is listed.
"""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update

from hub.clock import now
from hub.ids import entity_id
from portal_api.access import sessions
from portal_api.access.tokens import hashed
from store.access_tables import Activity, Session

pytestmark = pytest.mark.anyio

PAGES_WITH_ID = {
    "/invoices/{invoice_id}": "invoice",
    "/invoices/{invoice_id}.pdf": "invoice",
    "/projects/{project_id}": "project",
    "/shipments/{shipment_id}": "shipment",
    "/documents/{document_id}": "document",
    "/documents/{document_id}/download": "document",
    "/contracts/{contract_id}": "contract",
    "/requests/{request_id}": "request",
    "/api/v1/invoices/{invoice_id}": "invoice",
    "/api/v1/invoices/{invoice_id}/pdf": "invoice",
    "/api/v1/projects/{project_id}": "project",
    "/api/v1/shipments/{shipment_id}": "shipment",
    "/api/v1/documents/{document_id}": "document",
    "/api/v1/documents/{document_id}/content": "document",
    "/api/v1/contracts/{contract_id}": "contract",
    "/api/v1/requests/{request_id}": "request",
}
LISTS = (
    "/", "/invoices", "/invoices?show=open", "/invoices/latest.pdf", "/statement", "/statement.csv", "/projects",
    "/shipments", "/shipments?show=arrived", "/documents", "/documents?project={project}", "/contracts", "/requests",
    "/account", "/search?q=ebra", "/search?q=%25", "/api/v1/invoices", "/api/v1/invoices?state=open",
    "/api/v1/projects", "/api/v1/shipments", "/api/v1/documents", "/api/v1/documents?project_id={project}",
    "/api/v1/contracts", "/api/v1/requests", "/api/v1/account", "/api/v1/statement", "/api/v1/home", "/api/v1/me",
)  # fmt: skip
FOR_STAFF = (
    "/ops", "/ops/runs", "/ops/runs/{run_id}", "/ops/compared", "/ops/held", "/ops/unmatched",
    "/ops/unmatched/{crosswalk_id}", "/ops/clients", "/ops/staff", "/api/v1/ops/status",
)  # fmt: skip
FOR_ANYBODY = (
    "/sign-in", "/sign-in/code", "/sign-in/{token}", "/signed-out", "/clients", "/go/{token}", "/healthz", "/readyz",
    "/metrics", "/static/{name}", "/api/v1/openapi.json",
)  # fmt: skip
STAFF_IDS = {"{run_id}": "run00000000000000000000021", "{crosswalk_id}": "0" * 26}
OUTSIDERS = ("nobody", "expired", "revoked", "forged")
GONE = {303, 401, 404}


def routes(app):
    """(method, path) of every route, those of included routers too."""
    waiting, found = [(route, "") for route in app.routes], set()
    while waiting:
        route, prefix = waiting.pop()
        included = getattr(route, "original_router", None)
        if included is not None:
            waiting += [(one, prefix + route.include_context.prefix) for one in included.routes]
        elif hasattr(route, "path"):
            found |= {(method, prefix + route.path) for method in route.methods or {"GET"}}
    return found


def listed():
    return {*PAGES_WITH_ID, *FOR_STAFF, *FOR_ANYBODY, *(path.split("?")[0] for path in LISTS)}


async def test_every_get_route_is_listed_here(browse):
    asked = {path for method, path in routes(browse.app) if method == "GET"}
    assert len(asked) > 40
    assert asked - listed() == set(), "a new route: say here who may see it, and whose ids it takes"
    assert listed() - asked == set(), "a route that is no more"


def say(capsys, text):
    with capsys.disabled():
        print(f"\n  isolation: {text} ", end="")  # noqa: T201 -- the size of the matrix belongs into the test's output


def tell_tales(response):
    """Everything that left the house: status line, headers, body."""
    return response.text.lower() + str(response.headers).lower() + response.content.decode("latin-1").lower()


def ended(rich, kind):
    """A session of the client itself that is no longer good, or never was."""
    if kind == "nobody":
        return None
    token = "forged" * 8 if kind == "forged" else rich.session(rich.theirs)
    past = {"expires_at": now() - dt.timedelta(seconds=1)} if kind == "expired" else {"revoked_at": now()}
    with rich.world.engine.begin() as connection:
        connection.execute(update(Session).where(Session.c.token_hash == hashed(token)).values(**past))
    return token


async def ask(browse, path, token):
    """By cookie for pages, by cookie and by bearer for the API."""
    answers = [await browse(path, who=token)]
    if path.startswith("/api/") and token:
        answers.append(await browse(path, headers={"authorization": f"Bearer {token}"}))
    return answers


async def test_another_clients_ids_lead_nowhere(browse, rich, capsys):
    me, asked = rich.session(rich.mine), 0
    for path, noun in PAGES_WITH_ID.items():
        nothing = (await browse(filled(path, "0" * 26), who=me)).text
        for id_ in rich.theirs.ids[noun]:
            address = filled(path, id_)
            for answer in await ask(browse, address, me):
                asked += 1
                if path == "/contracts/{contract_id}":
                    assert answer.headers["location"] == f"/contracts#{id_}"
                    continue
                assert answer.status_code == 404, address
                assert "zebrano" not in tell_tales(answer)
                assert answer.text == nothing, "not there and not yours look the same"
    say(capsys, f"{asked} foreign ids asked")
    assert asked > 100


async def test_no_list_search_or_file_holds_a_foreign_byte(browse, rich, capsys):
    me, asked = rich.session(rich.mine), 0
    foreign = [id_ for noun in PAGES_WITH_ID.values() for id_ in rich.theirs.ids[noun]]
    for path in LISTS:
        for answer in await ask(browse, path.format(project=rich.theirs.ids["project"][0]), me):
            asked += 1
            assert answer.status_code == 200, path
            # The page says back what was asked for: that id alone is no leak.
            told = tell_tales(answer).replace(rich.theirs.ids["project"][0], "")
            assert "zebrano" not in told, path
            assert not any(id_ in told for id_ in foreign), path
    say(capsys, f"{asked} lists searched")


@pytest.mark.parametrize("outsider", OUTSIDERS)
async def test_without_a_living_session_nothing_is_there(browse, rich, outsider, capsys):
    token, asked = ended(rich, outsider), 0
    ids = [(path, rich.theirs.ids[noun][0]) for path, noun in PAGES_WITH_ID.items()]
    addresses = [filled(path, id_) for path, id_ in ids]
    addresses += [path.format(project="") for path in LISTS] + [staff_path(path) for path in FOR_STAFF]
    for address in addresses:
        for answer in await ask(browse, address, token):
            asked += 1
            assert answer.status_code in GONE, address
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/sign-in")
            told = tell_tales(answer)
            assert "zebrano" not in told
            assert "quokka" not in told
    say(capsys, f"{asked} addresses asked: {outsider}")


def filled(path, id_):
    return path[: path.index("{")] + id_ + path[path.index("}") + 1 :]


def staff_path(path):
    for name, value in STAFF_IDS.items():
        path = path.replace(name, value)
    return path


async def test_ops_is_not_there_for_clients(browse, rich):
    me = rich.session(rich.mine)
    nothing = {api: (await browse(f"{api}/nowhere", who=me)).text for api in ("", "/api/v1")}
    for path in FOR_STAFF:
        for answer in await ask(browse, staff_path(path), me):
            said = nothing["/api/v1" if path.startswith("/api/") else ""]
            assert (answer.status_code, answer.text) == (404, said), path
    theirs = entity_id("quickbooks", "held", "Zebrano")
    browse.app.state.portal.replay = lambda ids: pytest.fail("a client's press reached the hub")
    all_of = {"source": "quickbooks", "stream": "Invoice", "reason": "bad_amount"}
    for path in (
        "/ops/sources/quickbooks/sync", f"/ops/clients/{rich.theirs.client_id}/view", "/ops/view-as/end",
        f"/ops/held/{theirs}/replay", "/ops/held/replay",
    ):  # fmt: skip
        assert (await browse(path, who=me, method="POST", data=all_of)).status_code == 404


async def test_staff_see_no_client_page_until_they_view_as_one(browse, rich):
    staff = rich.staff()
    home = await browse("/", who=staff)
    assert (home.status_code, home.headers["location"]) == (303, "/ops")
    for path in LISTS[1:]:
        assert (await browse(path.format(project=""), who=staff)).status_code == 404, path


async def test_who_views_as_a_client_changes_nothing_and_is_counted_nowhere(browse, rich):
    staff, mine = rich.staff(), rich.mine
    with rich.world.engine.begin() as connection:
        me = sessions.find(connection, staff, now())
        assert me
        assert sessions.view_as(connection, me, mine.client_id)
    ids = [filled(path, mine.ids[noun][0]) for path, noun in PAGES_WITH_ID.items()]
    for address in (*ids, *(path.format(project=mine.ids["project"][0]) for path in LISTS)):
        assert (await browse(address, who=staff)).status_code in {200, 303}, address
    own = {"/sign-in", "/sign-in/code", "/sign-in/{token}", "/sign-out"}  # anybody's
    changing = {path for method, path in routes(browse.app) if method != "GET"}
    clients_own = {path for path in changing - own if not path.startswith(("/ops", "/hooks"))}
    assert "/clients/{client_id}" in clients_own
    for path in clients_own:
        answer = await browse(path.replace("{client_id}", rich.theirs.client_id), who=staff, method="POST")
        assert answer.status_code in {404, 405}, path
    browse.app.state.portal.activities.flush()
    with rich.world.engine.connect() as connection:
        facts = connection.execute(select(Activity).where(Activity.c.session_id == me.session_id)).all()
    assert len({(fact.verb, fact.object_kind, fact.via) for fact in facts}) > 20
    assert not any(fact.counted for fact in facts)


async def test_a_session_of_one_client_cannot_be_turned_to_another(browse, rich):
    me = rich.session(rich.mine)
    for header in ("x-client-id", "x-forwarded-user", "client_id"):
        answer = await browse(
            f"/invoices?client_id={rich.theirs.client_id}", who=me, headers={header: rich.theirs.client_id}
        )
        assert "zebrano" not in answer.text.lower()
    with rich.world.engine.connect() as connection:
        assert sessions.find(connection, me, now()).client_id == rich.mine.client_id


async def test_a_kept_copy_of_a_file_is_no_way_around(browse, rich, sources):
    theirs, me = rich.session(rich.theirs), rich.session(rich.mine)
    path = f"/documents/{rich.theirs.ids['document'][0]}/download"
    assert (await browse(path, who=theirs)).status_code == 200
    answer = await browse(path, who=me)
    assert answer.status_code == 404
    assert "zebrano" not in tell_tales(answer)
