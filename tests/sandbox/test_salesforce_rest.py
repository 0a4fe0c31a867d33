"""Salesforce over HTTP: with the library that firms use, and with plain requests for what the library hides."""

from __future__ import annotations

import base64
import datetime as dt
import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import (
    Salesforce,
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from connectors.http import new_session
from sandbox.salesforce.ids import numbered_id
from sandbox.state import State

BASE = "/services/data/v68.0"


class Plain:
    """requests with the token on every call."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.headers = url + BASE, {"Authorization": f"Bearer {token}"}

    def __call__(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> requests.Response:
        return requests.request(method, self.url + path, headers=self.headers | (headers or {}), timeout=30, **options)


@pytest.fixture
def plain(url: str, org: Salesforce) -> Plain:
    return Plain(url, org.session_id)


def token(url: str, secret: str = "sandbox-consumer-secret", **form: str) -> requests.Response:
    basic = base64.b64encode(f"sandbox-consumer-key:{secret}".encode()).decode()
    form = form or {"grant_type": "client_credentials"}
    headers = {"Authorization": f"Basic {basic}"}
    return requests.post(f"{url}/services/oauth2/token", form, headers=headers, timeout=30)


def many(state: State, count: int) -> None:
    """Accounts written in bulk: three in ten share a second with others."""
    start = state.now() - 86_400_000
    state.load(
        "salesforce",
        "Account",
        (
            (numbered_id("001", n), {"Name": f"A{n}"}, start, start + (n if n % 10 > 2 else 0) * 1000)
            for n in range(count)
        ),
    )


def test_a_token_answer_has_what_the_vendor_sends_and_no_expiry(url: str) -> None:
    answer = token(url).json()
    assert answer["instance_url"] == url
    assert {"access_token", "id", "issued_at", "signature", "token_type", "scope"} <= set(answer)
    assert "expires_in" not in answer


@pytest.mark.parametrize(
    ("form", "secret", "error"),
    [
        ({"grant_type": "client_credentials"}, "wrong", "invalid_client"),
        ({"grant_type": "device"}, "sandbox-consumer-secret", "unsupported_grant_type"),
    ],
)
def test_a_refused_sign_in_is_an_object_with_400(url: str, form: dict[str, str], secret: str, error: str) -> None:
    answer = token(url, secret, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_jwt_signed_with_the_registered_key_signs_in_and_another_does_not(url: str) -> None:
    ours, theirs = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    public = ours.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    requests.post(f"{url}/control/salesforce/jwt-key", public, timeout=30)

    def sign_in(key: rsa.RSAPrivateKey) -> Salesforce:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        http, _ = new_session(url)
        with http:
            # The library sends `exp` as a string.
            return Salesforce(
                username="hub@sandbox.example", consumer_key="sandbox-consumer-key", privatekey=pem, session=http
            )

    assert sign_in(ours).session_id
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_grant"):
        sign_in(theirs)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, ""),
        ({"aud": "https://acme--dev.sandbox.my.salesforce.com"}, ""),
        ({"exp": 3600}, "invalid assertion"),
        ({"exp": -5}, "expired authorization code"),
        ({"aud": "https://nobody.salesforce.com"}, "audience is invalid"),
        ({"aud": "https://login.salesforce.com.example"}, "audience is invalid"),
    ],
)
def test_an_assertion_is_short_lived_and_for_a_sign_in_of_salesforces(
    url: str, wrong: dict[str, Any], says: str
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    requests.post(f"{url}/control/salesforce/jwt-key", public, timeout=30)
    claims = {"iss": "sandbox-consumer-key", "sub": "hub@sandbox.example", "aud": "https://login.salesforce.com"}
    wish = {**claims, "exp": 180, **wrong}
    assertion = jwt.encode({**wish, "exp": int(time.time()) + wish["exp"]}, key, "RS256")
    answer = token(url, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=assertion)
    assert answer.json().get("error_description", "") == says
    assert answer.status_code == (400 if says else 200)


def test_a_session_ends_by_the_sandboxs_clock(url: str, plain: Plain) -> None:
    statuses = []
    for seconds in (7_100, 7_300):
        requests.post(f"{url}/control/clock", json={"seconds": seconds}, timeout=30)
        statuses.append(plain("GET", "/limits").status_code)
    assert statuses == [200, 401]


def test_an_ended_session_is_401_in_an_array_and_the_library_signs_in_again(
    url: str, org: Salesforce, plain: Plain
) -> None:
    requests.post(f"{url}/control/salesforce/expire", timeout=30)
    answer = plain("GET", "/sobjects")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert org.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_pages_and_their_locators_give_every_row_once(state: State, org: Salesforce, plain: Plain) -> None:
    many(state, 4500)
    soql = "SELECT Id FROM Account ORDER BY SystemModstamp, Id"
    first = plain("GET", "/query", params={"q": soql}).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (4500, False, 2000)
    assert first["nextRecordsUrl"].startswith(f"{BASE}/query/0r8")
    ids = [record["Id"] for record in org.query_all_iter(soql)]
    assert len(ids) == len(set(ids)) == 4500


@pytest.mark.parametrize(
    "order", ["ORDER BY Name DESC", "", "ORDER BY SystemModstamp DESC, Id", "ORDER BY CreatedDate"]
)
def test_any_order_pages_without_loss(state: State, org: Salesforce, order: str) -> None:
    many(state, 1000)
    records = list(
        org.query_all_iter(f"SELECT Id FROM Account {order}", headers={"Sforce-Query-Options": "batchSize=200"})
    )
    assert len({record["Id"] for record in records}) == len(records) == 1000


def test_the_same_page_can_be_asked_for_twice(state: State, plain: Plain) -> None:
    many(state, 700)
    size = {"Sforce-Query-Options": "batchSize=200"}
    first = plain("GET", "/query/", size, params={"q": "SELECT Id FROM Account ORDER BY SystemModstamp, Id"}).json()
    following = first["nextRecordsUrl"].removeprefix(BASE)
    once, again = (plain("GET", following).json() for _ in range(2))
    assert once == again
    assert once["records"][0]["Id"] not in {record["Id"] for record in first["records"]}


def test_a_locator_that_nobody_knows(plain: Plain) -> None:
    answer = plain("GET", "/query/0r8000000000000AAA-2000")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_limit_spans_pages(state: State, org: Salesforce) -> None:
    many(state, 900)
    size = {"Sforce-Query-Options": "batchSize=200"}
    for order in ("", "ORDER BY Name"):
        soql = f"SELECT Id FROM Account {order} LIMIT 450 OFFSET 10"
        assert len(org.query_all(soql, headers=size)["records"]) == 450


def test_a_record_lives_and_dies(org: Salesforce) -> None:
    made = org.Account.create({"Name": "Nordlicht GmbH"})
    assert org.Account.update(made["id"], {"Phone": "+49 30 1"}) == 204
    record = org.Account.get(made["id"])
    assert (record["Phone"], record["Website"], record["attributes"]["type"]) == ("+49 30 1", None, "Account")
    assert org.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        org.Account.get(made["id"])


def test_upsert_creates_once_and_updates_afterwards(org: Salesforce, plain: Plain) -> None:
    path = "/sobjects/Account/QuickBooks_Id__c/a%2Fb"
    first, second = (plain("PATCH", path, json={"Name": name}) for name in ("One", "Two"))
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (second.status_code, second.json()["created"], second.json()["id"]) == (200, False, first.json()["id"])
    assert org.Account.get_by_custom_id("QuickBooks_Id__c", "a/b")["Name"] == "Two"
    assert (
        plain("PATCH", "/sobjects/Account/QuickBooks_Id__c/new?updateOnly=true", json={"Name": "x"}).status_code == 404
    )


def test_an_external_id_of_several_records_answers_300_with_their_addresses(state: State, org: Salesforce) -> None:
    for number in (1, 2):
        state.put("salesforce", "Account", numbered_id("001", number), {"Name": "Twin", "QuickBooks_Id__c": "7"})
    with pytest.raises(SalesforceMoreThanOneRecord, match="sobjects/Account/001"):
        org.Account.upsert("QuickBooks_Id__c/7", {"Name": "Who"})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG"),
        ({"Name": "x", "Profile__c": "bakery"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Name": "x", "QuickBooks_Id__c": "taken"}, "DUPLICATE_VALUE"),
        ({"Name": "x", "Nope": 1}, "INVALID_FIELD"),
        ({"Name": "x", "SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x", "OwnerId": "abc"}, "MALFORMED_ID"),
        ({"Name": "x", "OwnerId": "005RO00000000zz"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_bad_fields_are_refused_one_by_one_and_in_collections(
    state: State, plain: Plain, data: dict[str, Any], code: str
) -> None:
    state.put("salesforce", "Account", numbered_id("001", 1), {"Name": "Holder", "QuickBooks_Id__c": "taken"})
    single = plain("POST", "/sobjects/Account/", json=data)
    assert (single.status_code, single.json()[0]["errorCode"]) == (400, code)
    rows = [{"attributes": {"type": "Account"}, **row} for row in ({"Name": "Good"}, data)]
    answer = plain("POST", "/composite/sobjects", json={"records": rows})
    assert answer.status_code == 200
    good, bad = answer.json()
    assert (good["success"], bad["success"], bad["errors"][0]["statusCode"]) == (True, False, code)


def test_an_instant_is_kept_in_utc_whatever_offset_it_was_sent_with(org: Salesforce) -> None:
    id_ = org.Shipment__c.create({"Name": "S", "ETA__c": "2026-01-01T02:00:00+05:00"})["id"]
    assert org.Shipment__c.get(id_)["ETA__c"] == "2025-12-31T21:00:00.000+0000"
    before_new_year = "SELECT Id FROM Shipment__c WHERE ETA__c < 2026-01-01T00:00:00Z"
    assert org.query(before_new_year)["totalSize"] == 1
    org.Shipment__c.update(id_, {"ETA__c": "2025-12-31T23:59:00.5-0800"})
    assert org.query(before_new_year)["totalSize"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"Promised_Date__c": "20240528"},
        {"Promised_Date__c": "2024-W22-2"},
        {"Promised_Date__c": "2024-02-30"},
        {"ETA__c": "2024-05-28 10:00:00Z"},
        {"ETA__c": "20240528T100000Z"},
        {"ETA__c": "2024-05-28T10:00:00"},
        {"ETA__c": "0001-01-01T00:00:00+05:00"},
    ],
)
def test_a_date_in_a_form_that_is_not_the_vendors_is_refused(plain: Plain, wrong: dict[str, str]) -> None:
    refused = plain("POST", "/sobjects/Shipment__c/", json={"Name": "S", **wrong})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_formula_is_written_by_nobody(plain: Plain) -> None:
    refused = plain("POST", "/sobjects/Project__c/", json={"Name": "Roof", "Percent_Complete__c": 5})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    described = plain("GET", "/sobjects/Project__c/describe").json()["fields"]
    assert [(field["name"], field["updateable"]) for field in described if field["calculated"]] == [
        ("Percent_Complete__c", False)
    ]


def test_a_compound_address_is_shown_whole_and_neither_written_nor_filtered(org: Salesforce, plain: Plain) -> None:
    id_ = org.Account.create({"Name": "Acme", "BillingStreet": "1 Quay", "BillingCity": "Leith"})["id"]
    (found,) = org.query("SELECT BillingAddress FROM Account")["records"]
    assert (found["BillingAddress"]["street"], found["BillingAddress"]["country"]) == ("1 Quay", None)
    assert org.Account.get(id_)["BillingAddress"] == found["BillingAddress"]
    assert org.Account.get(org.Account.create({"Name": "Nowhere"})["id"])["BillingAddress"] is None
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD_FOR_INSERT_UPDATE"):
        org.Account.update(id_, {"BillingAddress": "1 Quay"})
    with pytest.raises(SalesforceMalformedRequest, match="can not be filtered"):
        org.query("SELECT Id FROM Account WHERE BillingAddress = 'x'")
    fields = {field["name"]: field["compoundFieldName"] for field in org.Account.describe()["fields"]}
    assert (fields["BillingCity"], fields["BillingAddress"], fields["Phone"]) == ("BillingAddress", None, None)
    job = {"operation": "query", "query": "SELECT Id, Account.BillingAddress FROM Contact"}
    refused = plain("POST", "/jobs/query", json=job)
    assert (refused.status_code, "compound data" in refused.json()[0]["message"]) == (400, True)


def test_the_loser_of_a_merge_is_in_the_bin_and_names_its_master(
    state: State, url: str, org: Salesforce, plain: Plain
) -> None:
    one, other = (org.Account.create({"Name": name})["id"] for name in ("Acme", "ACME Ltd"))
    contact = org.Contact.create({"LastName": "Weiß", "AccountId": other})["id"]
    state.put("salesforce", "Contact", contact, {"LastName": "Weiß", "AccountId": other}, modified=state.now() - 60_000)
    before = org.Contact.get(contact)["SystemModstamp"]
    merge = f"{url}/control/edits/merge-accounts"
    requests.post(merge, json={"id": one, "loser": other}, timeout=30).raise_for_status()
    (lost,) = org.query_all("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", include_deleted=True)[
        "records"
    ]
    assert (lost["Id"], lost["MasterRecordId"]) == (other, one)
    moved = org.Contact.get(contact)
    assert (moved["AccountId"], moved["SystemModstamp"] > before) == (one, True)
    end = dt.datetime.fromtimestamp(state.now() / 1000 + 120, dt.UTC)
    assert [entry["id"] for entry in org.Account.deleted(end - dt.timedelta(hours=1), end)["deletedRecords"]] == [other]
    assert requests.post(merge, json={"id": one, "loser": other}, timeout=30).status_code == 409


def test_all_or_none_takes_back_the_good_rows_too(state: State, plain: Plain) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in ("Good", "")]
    results = plain("POST", "/composite/sobjects", json={"allOrNone": True, "records": rows}).json()
    assert [result["success"] for result in results] == [False, False]
    assert state.count("salesforce", "Account") == 0


def test_a_stale_write_is_refused_when_the_caller_asks_for_it(state: State, org: Salesforce, plain: Plain) -> None:
    id_ = org.Account.create({"Name": "Old"})["id"]
    hour_ago = dt.datetime.fromtimestamp(state.now() / 1000 - 3600, dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    stale = plain("PATCH", f"/sobjects/Account/{id_}", {"If-Unmodified-Since": hour_ago}, json={"Name": "New"})
    assert stale.status_code == 412
    assert plain("PATCH", f"/sobjects/Account/{id_}", {"If-Unmodified-Since": "soon"}, json={}).status_code == 400
    assert org.Account.get(id_)["Name"] == "Old"
    for method, path in (("POST", "/sobjects/Account/"), ("PATCH", "/sobjects/Account/QuickBooks_Id__c/7")):
        assert plain(method, path, {"If-Unmodified-Since": "soon"}, json={"Name": "New"}).status_code == 400


def test_a_body_has_to_be_called_json(state: State, plain: Plain) -> None:
    for called in ("text/plain", "application/x-www-form-urlencoded"):
        refused = plain("POST", "/sobjects/Account/", {"Content-Type": called}, data='{"Name": "x"}')
        assert (refused.status_code, refused.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert state.count("salesforce", "Account") == 0
    assert (
        plain(
            "POST", "/sobjects/Account/", {"Content-Type": "Application/JSON; charset=utf-8"}, data='{"Name": "x"}'
        ).status_code
        == 201
    )


def test_addresses_stay_within_the_version_that_was_asked(org: Salesforce) -> None:
    address = f"{org.base_url.partition('/services/')[0]}/services/data/v59.0/sobjects"
    whole = org.session.get(address, headers=org.headers, timeout=10).json()["sobjects"][0]
    described = org.session.get(f"{address}/Account/describe", headers=org.headers, timeout=10).json()
    for shown in (whole, described):
        assert all(url.startswith("/services/data/v59.0/") for url in shown["urls"].values())


def test_the_delete_log_cuts_seconds_and_says_how_far_it_is_sure(state: State, org: Salesforce) -> None:
    id_ = org.Account.create({"Name": "x"})["id"]
    org.Account.delete(id_)
    state.put("salesforce", "Account", id_, {"Name": "x"}, deleted=True, modified=state.now() - 120_000)
    end = dt.datetime.fromtimestamp(state.now() / 1000, dt.UTC)
    log = org.Account.deleted(end - dt.timedelta(minutes=10), end)
    assert [entry["id"] for entry in log["deletedRecords"]] == [id_]
    assert dt.datetime.fromisoformat(log["latestDateCovered"]) <= end
    assert org.Account.updated(end - dt.timedelta(minutes=10), end)["ids"] == []
    for method, days in ((org.Account.deleted, 16), (org.Account.updated, 31)):
        with pytest.raises(Exception, match="INVALID_REPLICATION_DATE"):
            method(end - dt.timedelta(days=days), end)


def test_who_goes_on_from_what_the_log_is_sure_of_misses_no_late_commit(
    state: State, url: str, org: Salesforce
) -> None:
    now, minute = dt.datetime.fromtimestamp(state.now() / 1000, dt.UTC), dt.timedelta(minutes=1)
    requests.post(f"{url}/control/salesforce/covered", json={"seconds": 240}, timeout=30).raise_for_status()
    before = org.Account.updated(now - 10 * minute, now)
    sure = dt.datetime.fromisoformat(before["latestDateCovered"])
    assert (before["ids"], sure < now - 3 * minute) == ([], True)
    late = {"kind": "Account", "seconds": 120, "fields": {"Name": "Late"}}
    made = requests.post(f"{url}/control/edits/late-commit", json=late, timeout=30).json()
    assert org.Account.updated(sure, now)["ids"] == [made["id"]]
    requests.post(f"{url}/control/salesforce/covered", json={"seconds": None}, timeout=30)
    after = org.Account.updated(sure, now)["latestDateCovered"]
    assert dt.datetime.fromisoformat(after) > now - 2 * minute


def test_a_transaction_cannot_commit_behind_what_was_written_since(url: str, org: Salesforce) -> None:
    id_ = org.Account.create({"Name": "x"})["id"]
    late = {"kind": "Account", "id": id_, "seconds": 60, "fields": {"Name": "y"}}
    refused = requests.post(f"{url}/control/edits/late-commit", json=late, timeout=30)
    assert (refused.status_code, "written since" in refused.json()["error"]) == (409, True)


def test_a_hidden_field_is_an_error_in_soql_and_absent_from_the_record(url: str, org: Salesforce) -> None:
    id_ = org.Account.create({"Name": "x", "Phone": "1"})["id"]
    requests.post(f"{url}/control/salesforce/permissions", json={"hidden": ["Account.Phone"]}, timeout=30)
    with pytest.raises(Exception, match="No such column 'Phone'"):
        org.query("SELECT Phone FROM Account")
    assert "Phone" not in org.Account.get(id_)
    assert "Phone" not in {field["name"] for field in org.Account.describe()["fields"]}


def test_the_rest_of_the_house(org: Salesforce, plain: Plain) -> None:
    assert {"Account", "Shipment__c"} <= {entry["name"] for entry in org.describe()["sobjects"]}
    assert org.limits()["DailyApiRequests"]["Max"] == 100_000
    assert org.api_usage["api-usage"].total == 100_000
    assert plain("PUT", "/sobjects").status_code == 405
    assert plain("GET", "/sobjects/Nope").json()[0]["errorCode"] == "NOT_FOUND"


def test_address_and_headers_have_16_kb_together(plain: Plain) -> None:
    def asked(letters: int, **headers: str) -> int:
        soql = {"q": "SELECT Id FROM Account WHERE Name = '" + "x" * letters + "'"}
        return plain("GET", "/query", headers, params=soql).status_code

    assert (asked(15_500), asked(15_500, Note="y" * 1000), asked(16_300), asked(17_000)) == (200, 431, 431, 414)


def test_an_eleventh_open_query_drops_the_oldest(state: State, plain: Plain) -> None:
    many(state, 300)
    size, soql = {"Sforce-Query-Options": "batchSize=200"}, {"q": "SELECT Id FROM Account"}
    opened = [plain("GET", "/query", size, params=soql).json()["nextRecordsUrl"] for _ in range(11)]
    statuses = [plain("GET", address.removeprefix(BASE)).status_code for address in opened]
    assert statuses == [400] + [200] * 10


def test_a_locator_is_good_for_two_days(state: State, url: str) -> None:
    many(state, 300)
    size, soql = {"Sforce-Query-Options": "batchSize=200"}, {"q": "SELECT Id FROM Account"}
    following = fresh(url)("GET", "/query", size, params=soql).json()["nextRecordsUrl"].removeprefix(BASE)
    answers = []
    for hours in (47, 49):
        requests.post(f"{url}/control/clock", json={"seconds": hours * 3600}, timeout=30)
        answers.append(fresh(url)("GET", following))
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def fresh(url: str) -> Plain:
    """With a session that has just begun."""
    return Plain(url, token(url).json()["access_token"])


@pytest.mark.parametrize(
    ("version", "status"), [("30.0", 404), ("31.0", 200), ("68.0", 200), ("69.0", 404), ("99.0", 404)]
)
def test_there_are_no_versions_but_those_that_are_listed(org: Salesforce, version: str, status: int) -> None:
    address = f"{org.base_url.partition('/services/')[0]}/services/data/v{version}/"
    answer = org.session.get(address, headers=org.headers, timeout=10)
    assert answer.status_code == status
