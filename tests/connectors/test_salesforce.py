"""The Salesforce connector against the emulator: nothing missed, nothing lost, each failure a sentence."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from connectors.contract import Page, Want
from connectors.salesforce import CONNECTOR, reading
from connectors.salesforce.client import Org
from connectors.salesforce.failures import failure, sign_in_failure
from connectors.salesforce.settings import SalesforceSettings
from hub.errors import PASSES, FrontdeskError, NeedsPerson, RetryLater
from sandbox.salesforce import app as sandbox_app
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.ids import numbered_id
from sandbox.state import State

Arm = Callable[..., None]
WANT = Want(("Name",))
ACCOUNTS = CONNECTOR.stream("Account")
HOUR = 3_600_000


class NoTokens:
    """Salesforce rotates nothing, so nothing is kept."""

    def get(self) -> dict[str, str] | None:
        return None

    def put(self, token: Any) -> None:
        raise AssertionError("nothing to store")

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()


def settings(url: str, **changes: Any) -> SalesforceSettings:
    facts = {"base_url": url, "client_id": "sandbox-consumer-key", "client_secret": "sandbox-consumer-secret"}
    return SalesforceSettings.model_validate({**facts, "page_size": 200, **changes})


@pytest.fixture
def org(url: str) -> Iterator[Org]:
    with CONNECTOR.open(settings(url), NoTokens()) as org:
        yield org


def test_another_org_is_another_place(url: str, org: Org) -> None:
    assert CONNECTOR.place(org) == url.removeprefix("http://")
    assert CONNECTOR.place(replace(org, settings=settings("", domain="acme.my"))) == "acme.my.salesforce.com"


def name(number: int) -> str:
    return numbered_id("001", number)


def fill(state: State, count: int, *, start: int = 1, ago: int = 48 * HOUR) -> None:
    """Accounts over a day; a third of them share one second, more than a page of them at that."""
    first = state.now() - ago
    state.load(
        "salesforce",
        "Account",
        (
            (name(n), {"Name": f"Account {n}"}, first, first + (n * 1000 if n % 3 else 10_000))
            for n in range(start, start + count)
        ),
    )


def ids(pages: list[Page]) -> list[str]:
    return [record["Id"] for page in pages for record in page.records]


def gone(pages: list[Page]) -> list[str]:
    return [item.external_id for page in pages for item in page.deleted]


def read(org: Org, cursor: Any = None) -> list[Page]:
    return list(ACCOUNTS.read(org, Want(("Name",), cursor)))


def test_a_first_reading_gives_every_record_once_with_its_bytes(state: State, org: Org) -> None:
    fill(state, 900)
    pages = read(org)
    assert len(ids(pages)) == len(set(ids(pages))) == 900
    assert len(pages) == 5
    assert json.loads(pages[0].raw)["records"] == pages[0].records
    marks = [page.high_water for page in pages]
    assert marks == sorted(marks)
    assert marks[-1] <= dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)


def test_a_reading_without_changes_costs_one_request(state: State, url: str, org: Org) -> None:
    fill(state, 300)
    cursor = read(org)[-1].cursor
    requests.delete(f"{url}/control/requests", timeout=30)
    (page,) = read(org, cursor)
    assert (page.records, page.deleted) == ([], ())
    assert requests.get(f"{url}/control/requests", timeout=30).json()["count"] == 1


def test_what_was_edited_just_now_is_read_now(state: State, org: Org) -> None:
    fill(state, 3)
    cursor = read(org)[-1].cursor
    state.put("salesforce", "Account", name(2), {"Name": "Renamed"})
    (page,) = read(org, cursor)
    assert [record["Name"] for record in page.records] == ["Renamed"]


def test_a_reading_can_stop_after_any_page_and_goes_on_without_a_gap(state: State, org: Org) -> None:
    fill(state, 900)
    whole = read(org)
    for stop, page in enumerate(whole, 1):
        cursor = json.loads(json.dumps(page.cursor))
        rest = read(org, cursor)
        assert set(ids(whole[:stop])) | set(ids(rest)) == set(ids(whole))
    # A third of the rows share one second and fill more than a page: going on within that second repeats nothing.
    assert not set(ids(whole[:1])) & set(ids(read(org, whole[0].cursor)))


def test_a_row_that_commits_behind_the_cursor_is_seen(state: State, url: str, org: Org) -> None:
    fill(state, 10)
    cursor = read(org)[-1].cursor
    for wish in ({"id": name(5)}, {"fields": {"Name": "Late"}}):
        late = {"kind": "Account", "seconds": 500, **wish}
        requests.post(f"{url}/control/edits/late-commit", json=late, timeout=30).raise_for_status()
    (edited, made) = read(org, cursor)[0].records
    assert (edited["Id"], made["Name"]) == (name(5), "Late")


def test_a_late_row_is_seen_also_after_a_broken_reading_was_resumed(state: State, org: Org) -> None:
    fill(state, 900)
    broken = read(org)[1].cursor
    late = dt.datetime.fromisoformat(str(broken["until"])).timestamp() * 1000 - 300_000
    state.put("salesforce", "Account", name(5000), {"Name": "Late"}, modified=int(late))
    resumed = read(org, broken)
    assert name(5000) in ids(resumed)
    assert "until" not in resumed[-1].cursor


def test_rows_edited_while_paging_are_in_this_reading_or_the_next(state: State, org: Org) -> None:
    fill(state, 900)
    pages: list[Page] = []
    seen: dict[str, str] = {}
    for number, page in enumerate(ACCOUNTS.read(org, WANT)):
        pages.append(page)
        for n in range(1 + number, 901, 7):
            state.put("salesforce", "Account", name(n), {"Name": f"Edit {number} of {n}"})
    for page in [*pages, *read(org, pages[-1].cursor)]:
        seen |= {record["Id"]: record["Name"] for record in page.records}
    assert seen == {row.id: row.body["Name"] for row in state.select("salesforce", "Account", "1")}


def test_a_delete_is_seen_once_and_an_undelete_brings_the_record_back(state: State, org: Org) -> None:
    fill(state, 3)
    cursor = read(org)[-1].cursor
    state.put("salesforce", "Account", name(2), {"Name": "Account 2"}, deleted=True)
    pages = read(org, cursor)
    assert (ids(pages), gone(pages)) == ([], [name(2)])
    assert pages[0].deleted[0].reason == "deleted"
    assert ACCOUNTS.one(org, name(2), WANT) is None
    state.put("salesforce", "Account", name(2), {"Name": "Account 2"})
    pages = read(org, cursor)
    assert (ids(pages), gone(pages)) == ([name(2)], [])


def test_the_key_sweep_tells_what_was_purged(state: State, org: Org) -> None:
    fill(state, 500)
    state.purge("salesforce", "Account", name(77))
    keys = [key for page in ACCOUNTS.keys(org) for key in page]
    assert (len(keys), name(77) in keys) == (499, False)


def test_a_locator_lost_in_the_middle_costs_no_row(state: State, org: Org, arm: Arm) -> None:
    fill(state, 900)
    arm("lost_locator", vendor="salesforce", after=2)
    pages = read(org)
    assert len(ids(pages)) == len(set(ids(pages))) == 900
    arm("lost_locator", vendor="salesforce", after=1)
    assert sum(len(page) for page in ACCOUNTS.keys(org)) == 900


def test_a_short_page_is_not_the_last(state: State, org: Org, arm: Arm) -> None:
    fill(state, 900)
    arm("short_pages", vendor="salesforce", times=4)
    pages = read(org)
    assert [len(page.records) for page in pages] == [100, 100, 100, 100, 200, 200, 100]
    assert len(set(ids(pages))) == 900
    arm("short_pages", vendor="salesforce", times=4)
    assert sum(len(page) for page in ACCOUNTS.keys(org)) == 900


@pytest.fixture
def cut_short(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the org say "done" after the first page of so many queries, though their totalSize is larger."""
    plain, left = Cursors.first, [0]

    def first(self: Cursors, *asked: Any, **how: Any) -> dict[str, Any]:
        body = plain(self, *asked, **how)
        if not body["done"] and left[0]:
            left[0] -= 1
            return {**{key: value for key, value in body.items() if key != "nextRecordsUrl"}, "done": True}
        return body

    monkeypatch.setattr(Cursors, "first", first)
    return lambda times: left.__setitem__(0, times)


def test_a_list_that_ends_before_its_own_total_is_asked_for_the_rest(
    state: State, org: Org, cut_short: Callable[[int], None]
) -> None:
    # "Stops at 14,900 of 49,000 rows, no error", as others have met it.
    fill(state, 900)
    cut_short(2)
    pages = read(org)
    assert len(ids(pages)) == len(set(ids(pages))) == 900
    assert all("until" in page.cursor for page in pages[:-1]), "a short page is no end of the reading"
    cut_short(2)
    assert sum(len(page) for page in ACCOUNTS.keys(org)) == 900


def test_a_list_that_promises_rows_and_gives_none_is_tried_again_later(
    state: State, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cursors, "first", lambda *_, **__: {"totalSize": 7, "done": True, "records": []})
    with pytest.raises(RetryLater, match="Salesforce says that there are 7 records of Account and sends none"):
        read(org)
    with pytest.raises(RetryLater):
        list(ACCOUNTS.keys(org))


def test_a_token_that_ends_in_the_middle_is_replaced(state: State, url: str, org: Org, arm: Arm) -> None:
    fill(state, 900)
    arm("expired_token", vendor="salesforce", after=2)
    assert len(set(ids(read(org)))) == 900
    requests.post(f"{url}/control/salesforce/expire", timeout=30)
    assert len(set(ids(read(org)))) == 900


def test_a_session_that_never_holds_is_given_up_after_one_new_sign_in(url: str, org: Org, arm: Arm) -> None:
    arm("expired_token", vendor="salesforce", times=50)
    before = CONNECTOR.requests(org)
    with pytest.raises(NeedsPerson, match="ends each session"):
        read(org)
    assert CONNECTOR.requests(org) - before == 3


@pytest.mark.parametrize(
    ("fault", "wish", "says", "after"),
    [
        ("rate_limited", {}, "too many calls", None),
        ("rate_limited", {"retry_after": 7}, "too many calls", 7),
        ("server_error", {}, "cannot answer now", None),
        ("html_body", {"retry_after": 90}, "cannot answer now", 90),
        ("cut_connection", {}, "broke off", None),
        ("server_unavailable", {}, "cannot answer now", None),
        ("edge_406", {}, "cannot answer now", None),
        ("edge_420", {}, "cannot answer now", None),
        ("query_timeout", {}, "cannot answer now", None),
    ],
)
def test_what_passes_by_itself_is_retried_later(
    state: State, org: Org, arm: Arm, fault: str, wish: dict[str, int], says: str, after: float | None
) -> None:
    fill(state, 900)
    arm(fault, vendor="salesforce", after=2, **wish)
    pages: list[Page] = []
    with pytest.raises(RetryLater, match=says) as failed:
        pages.extend(ACCOUNTS.read(org, WANT))
    assert failed.value.after == after
    # What came before the failure is kept, and the reading goes on from there.
    assert len(set(ids([*pages, *read(org, pages[-1].cursor)]))) == 900


def test_a_query_that_is_too_large_needs_somebody_to_see_all(state: State, org: Org, arm: Arm) -> None:
    arm("query_too_large")
    with pytest.raises(NeedsPerson, match="more records than") as refused:
        read(org)
    assert "View All Data" in refused.value.step


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("row_locked", RetryLater, "UNABLE_TO_LOCK_ROW"),
        ("duplicate_found", NeedsPerson, "Use one of these records"),
        ("validation_rule", NeedsPerson, "needs a reason"),
    ],
)
def test_a_refused_write_is_for_later_or_for_a_person(
    org: Org, arm: Arm, fault: str, error: type[FrontdeskError], says: str
) -> None:
    arm(fault)
    with pytest.raises(error, match=says):
        org.call(lambda client: client.Account.create({"Name": "Nordlicht GmbH"}))


@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "html_body", "cut_connection", "calls_used_up"])
def test_the_sign_in_fails_as_plainly(url: str, arm: Arm, fault: str) -> None:
    arm(fault, vendor="salesforce", path="/services/oauth2/token")
    with pytest.raises(RetryLater), CONNECTOR.open(settings(url), NoTokens()):
        pass


@pytest.mark.parametrize(
    ("access", "says", "step"),
    [
        ("revoked", "does not accept this client id", "client_secret"),
        ("unapproved", "has not approved", "pre-authorise"),
        ("inactive_user", "inactive", "administrator"),
    ],
)
def test_credentials_that_were_taken_away_need_a_person(url: str, org: Org, access: str, says: str, step: str) -> None:
    requests.post(f"{url}/control/salesforce/access", json={"state": access}, timeout=30)
    with pytest.raises(NeedsPerson, match=says) as failed:
        read(org)
    assert step in failed.value.step
    assert "sandbox-consumer-secret" not in f"{failed.value} {failed.value.step} {failed.value.detail}"


def test_an_unknown_field_names_the_nearest_right_ones(org: Org) -> None:
    for wrong, right in (("Naem", "Name"), ("Quickbooks_Id__c", "QuickBooks_Id__c")):
        if wrong.lower() == right.lower():
            continue
        with pytest.raises(NeedsPerson, match=wrong) as failed:
            list(ACCOUNTS.read(org, Want((wrong,))))
        assert right in failed.value.step
    with pytest.raises(NeedsPerson, match="Projct__r") as failed:
        list(CONNECTOR.stream("Milestone__c").read(org, Want(("Projct__r.Name",))))
    assert "Project__r" in failed.value.step
    with pytest.raises(NeedsPerson, match="no object Shipmnt__c") as failed:
        list(CONNECTOR.stream("Shipmnt__c").read(org, WANT))
    assert "Shipment__c" in failed.value.step


def test_a_mapping_too_wide_for_one_query_is_refused_before_it_is_sent(org: Org) -> None:
    before = CONNECTOR.requests(org)
    with pytest.raises(NeedsPerson, match="16 KB"):
        list(ACCOUNTS.read(org, Want(tuple(f"A_rather_long_field_{n}__c" for n in range(700)))))
    assert CONNECTOR.requests(org) == before


def test_the_longest_query_that_is_sent_is_one_that_salesforce_takes(org: Org) -> None:
    soql = "SELECT Id FROM Account WHERE Name != ''"
    longest = soql.replace("''", f"'{'x' * (reading.LONGEST_QUERY - len(quote_plus(soql)))}'")
    assert len(quote_plus(longest)) == reading.LONGEST_QUERY
    assert reading.query(org, "Account", longest, deleted=True)["done"]


def test_an_address_where_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RetryLater, match=f"127.0.0.1:{port} cannot be reached") as failed:
        CONNECTOR.open(settings(f"http://127.0.0.1:{port}"), NoTokens()).__enter__()
    assert "address in the settings" in failed.value.step


def test_what_passes_by_itself_says_that_nothing_is_to_do() -> None:
    assert failure(500, None).step == PASSES == sign_in_failure(503, "").step


def test_check_tells_what_is_missing_and_what_to_do(url: str, org: Org) -> None:
    hidden = {"hidden": ["Account.Phone", "Case"]}
    requests.post(f"{url}/control/salesforce/permissions", json=hidden, timeout=30)
    wants = {
        "Account": Want(("Name", "Phone")),
        "Case": Want(("Subject",)),
        "Milestone__c": Want(("Name", "Project__r.Account__c")),
        "Contact": Want(("Account.Nmae",)),
    }
    findings = {finding.subject: finding for finding in CONNECTOR.check(org, wants)}
    assert findings["salesforce"].ok
    assert findings["salesforce.Milestone__c"].ok
    assert "no field Phone" in findings["salesforce.Account"].sentence
    assert "administrator" in findings["salesforce.Account"].step
    assert "no object Case" in findings["salesforce.Case"].sentence
    assert not findings["salesforce.Contact"].ok


@pytest.mark.parametrize(("most", "ok"), [(100_000, True), (1, False)])
def test_check_tells_how_many_calls_of_the_day_are_left(
    org: Org, monkeypatch: pytest.MonkeyPatch, most: int, ok: bool
) -> None:
    monkeypatch.setattr(sandbox_app, "DAILY_REQUESTS", most)
    [*_, told] = CONNECTOR.check(org, {"Account": WANT})
    assert (told.subject, told.ok, bool(told.step)) == ("salesforce.limits", ok, not ok)
    assert re.fullmatch(rf"\d+ of {most:,} API calls of the last 24 hours are used.", told.sentence)


def test_one_record_with_its_parents_field(state: State, org: Org) -> None:
    fill(state, 1)
    state.put("salesforce", "Contact", numbered_id("003", 1), {"LastName": "Weiß", "AccountId": name(1)})
    record = CONNECTOR.stream("Contact").one(org, numbered_id("003", 1)[:15], Want(("LastName", "Account.Name")))
    assert record is not None
    assert (record["LastName"], record["Account"]["Name"]) == ("Weiß", "Account 1")
    assert CONNECTOR.stream("Contact").one(org, "' OR Name != '", WANT) is None


def test_a_formula_changes_unseen_and_is_known_for_it(state: State, url: str, org: Org) -> None:
    projects = CONNECTOR.stream("Project__c")
    assert projects.describe is not None
    assert [name for name, field in projects.describe(org).items() if field.calculated] == ["Percent_Complete__c"]
    id_ = numbered_id("a00", 1)
    want = Want(("Name", "Percent_Complete__c"))
    state.put(
        "salesforce", "Project__c", id_, {"Name": "Roof", "Percent_Complete__c": 40.0}, modified=state.now() - HOUR
    )
    cursor = list(projects.read(org, want))[-1].cursor
    requests.post(
        f"{url}/control/edits/recalculate-project", json={"id": id_, "percent": 55}, timeout=30
    ).raise_for_status()
    assert [page.records for page in projects.read(org, Want(want.fields, cursor))] == [[]]
    (page,) = projects.read(org, want)
    assert page.records[0]["Percent_Complete__c"] == 55


def test_describe_is_asked_once_a_session(url: str, org: Org) -> None:
    describe = CONNECTOR.stream("Shipment__c").describe
    assert describe is not None
    assert "Customs" in describe(org)["Status__c"].values
    before = CONNECTOR.requests(org)
    assert describe(org)["ETA__c"].type == "datetime"
    assert CONNECTOR.requests(org) == before


def test_a_private_key_signs_in_and_a_wrong_file_is_named(url: str, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    requests.post(f"{url}/control/salesforce/jwt-key", public, timeout=30)
    file = tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    by_key = {"client_secret": None, "username": "hub@sandbox.example"}
    with CONNECTOR.open(settings(url, **by_key, private_key_file=file), NoTokens()) as org:
        assert list(ACCOUNTS.keys(org)) == []
    junk = tmp_path / "junk.pem"
    junk.write_text("not a key")
    for wrong in (tmp_path / "absent.pem", junk):
        with pytest.raises(NeedsPerson, match=wrong.name):
            CONNECTOR.open(settings(url, **by_key, private_key_file=wrong), NoTokens()).__enter__()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"client_secret": None}, "set client_secret"),
        ({"domain": "login"}, "own domain"),
        ({"private_key_file": "x.pem"}, "also needs username"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        settings("http://127.0.0.1:1", **wrong)


def test_opening_a_session_never_loads_the_soap_client(url: str) -> None:
    program = f"""
import sys
from connectors.salesforce import CONNECTOR, reading
settings = CONNECTOR.settings(
    base_url={url!r}, client_id="sandbox-consumer-key", client_secret="sandbox-consumer-secret"
)
with CONNECTOR.open(settings, None) as org:
    assert list(CONNECTOR.stream("Account").keys(org)) == []
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("zeep", "pandas", "prefect", "lxml")))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_soap_client_still_works_for_whoever_calls_it() -> None:
    program = """
import connectors.salesforce
from simple_salesforce import metadata
settings = metadata.Settings(strict=False)
import zeep
assert isinstance(settings, zeep.Settings), type(settings)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_a_query_that_runs_too_long_is_asked_in_halves_of_its_time(state: State, org: Org, arm: Arm) -> None:
    fill(state, 900)
    arm("query_timeout", vendor="salesforce", times=3)
    pages = read(org)
    assert len(ids(pages)) == 900
    marks = [page.high_water for page in pages]
    assert marks == sorted(marks)
    reached = [page for page in pages if set(page.cursor) == {"at"}]
    assert len(reached) == 4, "an eighth, an eighth, a quarter and half of the time"
    for page in reached:
        at_once = [*pages[: pages.index(page) + 1], *read(org, page.cursor)]
        assert len(set(ids(at_once))) == 900, "a reading that breaks off here loses nothing"


def test_a_query_that_is_too_much_however_short_its_time_says_what_to_do(state: State, org: Org, arm: Arm) -> None:
    fill(state, 10)
    [*_, last] = read(org)
    arm("query_timeout", vendor="salesforce", times=99)
    before = CONNECTOR.requests(org)
    with pytest.raises(NeedsPerson, match="cannot answer for Account") as failed:
        read(org, last.cursor)
    assert "View All Data" in failed.value.step
    assert CONNECTOR.requests(org) - before < 10


def test_every_failure_is_one_of_ours(state: State, org: Org, arm: Arm) -> None:
    fill(state, 10)
    for fault in ("rate_limited", "server_error", "html_body", "cut_connection"):
        for call in (
            lambda: read(org),
            lambda: list(ACCOUNTS.keys(org)),
            partial(ACCOUNTS.one, org, name(1), WANT),
        ):
            arm(fault, vendor="salesforce")
            with pytest.raises(FrontdeskError):
                call()


@pytest.mark.parametrize("bad", ["no object", None, {"Name": "without an id"}, {"IsDeleted": True}])
def test_a_record_that_is_not_as_it_must_be_does_not_stop_its_page(
    state: State, org: Org, monkeypatch: pytest.MonkeyPatch, bad: Any
) -> None:
    fill(state, 450)
    ask = reading.query

    def query(*words: Any, **options: Any) -> dict[str, Any]:
        body = ask(*words, **options)
        return body | {"records": [*body["records"][:-1], bad]}

    monkeypatch.setattr(reading, "query", query)
    pages = list(ACCOUNTS.read(org, WANT))
    assert [len(page.records) for page in pages] == [200, 200, 50]
    assert pages[0].records[-1] == bad, "the mapping holds it"
    assert pages[0].cursor["id"] == pages[0].records[-2]["Id"]


def test_a_page_of_which_nothing_can_be_read_is_read_again_after_a_break(
    state: State, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(state, 250)
    ask = reading.query
    monkeypatch.setattr(reading, "query", lambda *words, **options: ask(*words, **options) | {"records": ["no object"]})
    first = next(iter(ACCOUNTS.read(org, WANT)))
    monkeypatch.undo()
    assert sum(len(page.records) for page in ACCOUNTS.read(org, Want(WANT.fields, first.cursor))) == 250
