"""The API: the same nouns as JSON, by token or session, paged by cursor; errors that say what would be accepted."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli import say
from flows.status import status, status_by
from portal_api.access.tokens import create_api_token

pytestmark = pytest.mark.anyio

V1 = "/api/v1"
LISTS = ("invoices", "projects", "shipments", "documents", "contracts", "requests")


@pytest.fixture
def token(rich):
    """A bearer token of the client's person."""
    with rich.world.engine.begin() as connection:
        return create_api_token(connection, "Quokka@client.example".lower())


@pytest.fixture
def call(browse, token):
    async def go(path, **more):
        return await browse(V1 + path, headers={"authorization": f"Bearer {token}"}, **more)

    return go


async def test_a_token_says_whose_it_is(call, rich):
    me = (await call("/me")).json()
    assert me["client"] == "Quokka Handel GmbH"
    assert (me["role"], me["read_only"]) == ("owner", False)


async def test_money_is_minor_units_with_its_currency(call, rich):
    invoice = (await call(f"/invoices/{rich.mine.ids['invoice'][3]}")).json()
    assert invoice["total"] == {"minor": 486_050, "currency": "EUR"}
    assert invoice["open"] == {"minor": 286_050, "currency": "EUR"}
    assert invoice["state"]["label"] == "Partly paid, 12 days overdue"
    assert [part["amount"]["minor"] for part in invoice["payments"]] == [150_000, 50_000]
    assert invoice["lines"][0]["amount"] == {"minor": 360_000, "currency": "EUR"}
    answer = await call(invoice["pdf"].removeprefix(V1))
    assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("noun", LISTS)
async def test_a_list_is_read_to_its_end_by_cursor(call, noun):
    whole = (await call(f"/{noun}")).json()
    assert whole["next"] is None
    assert whole["freshness"]["source"]
    seen, cursor = [], ""
    for _ in range(20):
        page = (await call(f"/{noun}?limit=2&cursor={cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [item["id"] for item in whole["items"]]


@pytest.mark.parametrize("noun", LISTS)
async def test_each_thing_of_a_list_has_its_own_address(call, noun):
    for item in (await call(f"/{noun}")).json()["items"]:
        one = await call(f"/{noun}/{item['id']}")
        assert one.status_code == 200
        assert one.json()["id"] == item["id"]


async def test_a_statement_adds_up(call):
    for account in (await call("/statement")).json()["accounts"]:
        moved = sum(movement["amount"]["minor"] for movement in account["movements"])
        assert account["opening"]["minor"] + moved == account["closing"]["minor"]


async def test_home_says_what_the_page_says(call, browse, rich):
    answer = (await call("/home")).json()["answer"]
    page = (await browse("/", who=rich.session(rich.mine))).text
    assert answer.split(".")[0] in page


async def test_a_token_of_staff_reads_what_the_status_command_says_and_nothing_of_a_client(browse, rich, call):
    with rich.world.engine.begin() as connection:
        token = create_api_token(connection, "ops@firm.example", staff=True)
    staff = {"authorization": f"Bearer {token}"}
    browse.app.state.portal.status = status_by
    answer = await browse(f"{V1}/ops/status", headers=staff)
    found = status(rich.world.engine, None, rich.world.settings.late_after)
    assert answer.json() == json.loads(json.dumps(say.plain(found)))
    assert found.streams
    assert found.held
    assert answer.headers["cache-control"] == "private, no-store"
    assert (await browse(f"{V1}/invoices", headers=staff)).status_code == 404
    assert (await call("/ops/status")).status_code == 404
    assert (await browse(f"{V1}/ops/status")).status_code == 401


async def test_errors_say_what_was_received_and_what_is_accepted(call, browse):
    told = await call("/invoices?limit=5000")
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json() == {
        "type": "about:blank",
        "title": "limit is not right.",
        "status": 400,
        "detail": "Input should be less than or equal to 200. Received '5000'.",
    }
    assert "'all' or 'open'" in (await call("/invoices?state=paid")).json()["detail"]
    assert "none of ours" in (await call("/invoices?cursor=rubbish")).json()["detail"]
    assert (await call(f"/invoices/{'0' * 26}")).status_code == 404
    nobody = await browse(f"{V1}/invoices")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_session_cookie_reads_too_and_a_token_opens_no_page(browse, rich, token):
    assert (await browse(f"{V1}/invoices", who=rich.session(rich.mine))).status_code == 200
    page = await browse("/invoices", headers={"authorization": f"Bearer {token}"})
    assert page.headers["location"].startswith("/sign-in")
    assert (await browse("/invoices", who=token)).headers["location"].startswith("/sign-in")


async def test_the_openapi_document_tells_every_address_with_examples(browse):
    document = (await browse(f"{V1}/openapi.json")).json()
    assert {f"{V1}/{noun}" for noun in LISTS} <= set(document["paths"])
    assert all(path.startswith(V1) for path in document["paths"])
    assert document["components"]["schemas"]["Money"]["properties"]["minor"]["examples"] == [123450]
    for path in document["paths"].values():
        assert set(path["get"]["responses"]) == {"200", "400", "401", "404", "503"}


@pytest.mark.parametrize("path", ["/invoices/{invoice_id}/pdf", "/documents/{document_id}/content"])
async def test_a_file_may_be_of_any_kind(browse, path):
    document = (await browse(f"{V1}/openapi.json")).json()
    assert document["paths"][f"{V1}{path}"]["get"]["responses"]["200"]["content"] == {
        "*/*": {"schema": {"type": "string", "format": "binary"}}
    }


anything = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40)


@given(
    noun=st.sampled_from((*LISTS, "statement", "home", "me", "account", "nothing")),
    tail=st.one_of(st.just(""), anything),
    query=st.dictionaries(
        st.sampled_from(["cursor", "limit", "state", "category", "project_id", "from", "to", "x"]), anything, max_size=4
    ),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_the_answer_is_no_failure(noun, tail, query, strange):
    assert strange(noun, tail, query) < 500


@pytest.fixture
def strange(rich_server):
    """Ask a running portal anything; the status that it answers."""
    from urllib.parse import quote

    import httpx

    client = httpx.Client(base_url=rich_server.address)
    client.cookies.set("frontdesk", rich_server.rich.session(rich_server.rich.mine))

    def go(noun, tail, query):
        path = f"{V1}/{noun}" + (f"/{quote(tail, safe='')}" if tail else "")
        return client.get(path, params=query).status_code

    yield go
    client.close()
