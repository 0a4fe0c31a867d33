"""Faults on request: they hit what they were aimed at, as often as asked, in the vendor's own words."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from sandbox.arming import CATALOGUE
from sandbox.faults import FaultBook
from sandbox.salesforce.auth import CLIENT_ID, CLIENT_SECRET


def arm(url: str, fault: str, **wish: Any) -> None:
    requests.post(f"{url}/control/faults", json={"fault": fault, **wish}, timeout=30).raise_for_status()


def get(url: str, path: str = "/services/data") -> requests.Response:
    return requests.get(url + path, timeout=30)


def test_a_fault_lets_some_requests_pass_spoils_some_and_is_gone(url: str) -> None:
    arm(url, "server_error", vendor="salesforce", after=1, times=2)
    assert [get(url).status_code for _ in range(4)] == [200, 500, 500, 200]
    assert requests.get(f"{url}/control/faults", timeout=30).json()["armed"] == []


def test_a_fault_hits_its_vendor_and_path_only(url: str) -> None:
    arm(url, "server_error", vendor="quickbooks")
    arm(url, "server_error", vendor="salesforce", path="/sobjects")
    assert get(url).status_code == 200
    assert get(url, "/services/data/v68.0/sobjects").status_code == 500
    requests.delete(f"{url}/control/faults", timeout=30)
    assert get(url, "/.well-known/openid_configuration").status_code == 200


def test_salesforce_says_too_many_as_salesforce_does(url: str) -> None:
    arm(url, "rate_limited", vendor="salesforce")
    answer = get(url)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Retry-After" not in answer.headers
    arm(url, "rate_limited", vendor="salesforce", retry_after=9)
    assert (get(url).status_code, get(url).status_code) == (429, 200)


@pytest.mark.parametrize("vendor", ["salesforce", "quickbooks", "google_drive"])
def test_every_vendor_has_bodies_of_its_own(url: str, vendor: str) -> None:
    path = {
        "salesforce": "/services/data/v68.0/query/0r8x",
        "quickbooks": "/v3/company/1/query",
        "google_drive": "/drive/v3/changes?pageToken=1",
    }[vendor]
    for fault in ("rate_limited", "server_error", "html_body"):
        arm(url, fault, vendor=vendor)
        answer = get(url, path)
        assert answer.status_code >= 400
        if fault == "html_body":
            assert "<html" in answer.text.lower()
        else:
            assert answer.content
            assert answer.json() != {"error": "too many requests"}


def test_a_cut_connection_breaks_in_the_middle_of_the_body(url: str) -> None:
    arm(url, "cut_connection", vendor="salesforce")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(url)
    assert get(url).status_code == 200


def test_a_slow_answer_is_right_but_late(url: str) -> None:
    arm(url, "slow_answer", vendor="salesforce", seconds=0.3)
    answer = get(url)
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


def test_an_expired_token_stays_expired_until_there_is_a_new_one(url: str) -> None:
    arm(url, "expired_token", vendor="salesforce")
    (first, second), limits = [signed_in(url) for _ in range(2)], "/services/data/v68.0/limits"
    answers = [requests.get(url + limits, headers=first, timeout=30) for _ in range(3)]
    assert {answer.json()[0]["errorCode"] for answer in answers} == {"INVALID_SESSION_ID"}
    assert requests.get(url + limits, headers=second, timeout=30).status_code == 200


def test_bulk_1_says_that_a_token_has_expired_in_its_own_way(url: str) -> None:
    session = {"X-SFDC-Session": signed_in(url)["Authorization"].removeprefix("Bearer "), "Accept": "application/json"}
    arm(url, "expired_token", vendor="salesforce")
    answer = requests.get(f"{url}/services/async/68.0/job/750", headers=session, timeout=30)
    assert (answer.status_code, "InvalidSessionId" in answer.text) == (400, True)


def test_googles_token_ends_too(url: str, google: requests.Session) -> None:
    about = f"{url}/drive/v3/about?fields=user"
    arm(url, "expired_token", vendor="google_drive")
    assert [google.get(about, timeout=30).status_code for _ in range(2)] == [401, 401]


def test_simple_salesforce_signs_in_again_after_an_expired_token(url: str, org: Salesforce) -> None:
    before = org.session_id
    arm(url, "expired_token", vendor="salesforce")
    assert org.query("SELECT Id FROM Account")["done"]
    assert org.session_id != before


def signed_in(url: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    answer = requests.post(f"{url}/services/oauth2/token", form, timeout=30).json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


@pytest.mark.parametrize(
    "path", ["/services/data", "/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration"]
)
def test_an_expired_token_waits_for_a_call_that_carries_one(url: str, path: str) -> None:
    arm(url, "expired_token")
    assert get(url, path).status_code == 200
    assert len(get(url, "/control/faults").json()["armed"]) == 1


@pytest.mark.parametrize(
    ("vendor", "path"),
    [
        ("quickbooks", "/.well-known/openid_sandbox_configuration"),
        ("google_drive", "/feeds/download/documents/export/Export?id=x"),
    ],
)
def test_a_vendors_less_known_paths_can_be_spoiled_and_are_counted(url: str, vendor: str, path: str) -> None:
    arm(url, "html_body", vendor=vendor)
    assert get(url, path).status_code in {502, 503}
    assert requests.get(f"{url}/control/requests", params={"vendor": vendor}, timeout=30).json()["count"] == 1


def test_the_sandboxs_own_pages_are_never_spoiled(url: str) -> None:
    arm(url, "server_error", times=9)
    assert get(url, "/").status_code == 200
    assert get(url, "/control/faults").json()["catalogue"].keys() == CATALOGUE.keys()


def test_a_fault_is_switched_off_by_its_number() -> None:
    book = FaultBook()
    first, second = (book.arm({"fault": "server_error"}) for _ in range(2))
    book.clear(first.id)
    assert [fault["id"] for fault in book.armed()] == [second.id]


@pytest.mark.parametrize(
    ("fault", "path", "status", "words"),
    [
        ("calls_used_up", "/services/data/v68.0/limits", 403, "TotalRequests Limit exceeded."),
        ("query_timeout", "/services/data/v68.0/query?q=x", 400, "QUERY_TIMEOUT"),
        ("subscription_ended", "/v3/company/1/query", 400, "6190"),
        ("wrong_company", "/v3/company/1/query", 403, "003100"),
        ("daily_limit", "/drive/v3/changes?pageToken=1", 403, "dailyLimitExceeded"),
        ("storage_full", "/drive/v3/files", 403, "storageQuotaExceeded"),
        ("sharing_limit", "/drive/v3/files/x/permissions", 403, "sharingRateLimitExceeded"),
        ("domain_policy", "/drive/v3/files", 403, "domainPolicy"),
        ("too_many_requests", "/drive/v3/changes?pageToken=1", 429, "rateLimitExceeded"),
    ],
)
def test_a_fault_that_one_vendor_knows_is_its_own(url: str, fault: str, path: str, status: int, words: str) -> None:
    arm(url, fault)
    answer = get(url, path)
    assert answer.status_code == status
    assert words in answer.text


TOKEN, DISCOVERY = "/services/oauth2/token", "/.well-known/openid_configuration"
CRM, DRIVE = "/services/data/v68.0", "/drive/v3"


@pytest.mark.parametrize(
    ("fault", "spared", "struck"),
    [
        ("rate_limited", f"POST {TOKEN}", f"GET {CRM}/limits"),
        ("calls_used_up", f"POST {TOKEN}", f"GET {CRM}/limits"),
        ("deposited", "POST /v3/company/1/query", "POST /v3/company/1/payment"),
        ("subscription_ended", f"GET {DISCOVERY}", "GET /v3/company/1/preferences"),
        ("daily_limit", "POST /token", f"GET {DRIVE}/about"),
        ("row_locked", f"GET {CRM}/query?q=x", f"PATCH {CRM}/sobjects/Account/001"),
        ("query_timeout", f"GET {CRM}/jobs/query", f"GET {CRM}/queryAll/?q=x"),
        ("export_too_large", f"GET {DRIVE}/files", f"GET {DRIVE}/files/1/export"),
        ("download_quota", f"GET {DRIVE}/files/1", f"GET {DRIVE}/files/1?alt=media"),
    ],
)
def test_a_fault_of_some_calls_spares_the_others(url: str, fault: str, spared: str, struck: str) -> None:
    plain = answer_of(url, spared)
    arm(url, fault)
    assert answer_of(url, spared) == plain
    assert answer_of(url, struck)[0] in (400, 403)
    assert get(url, "/control/faults").json()["armed"] == []


def answer_of(url: str, line: str) -> tuple[int, str]:
    method, path = line.split()
    answer = requests.request(method, url + path, timeout=30)
    # Each answer of the gateway has a time of its own.
    return answer.status_code, re.sub(r'"time":\d+', "", answer.text)


@pytest.mark.parametrize(
    ("path", "fault", "status", "begins"),
    [
        (TOKEN, "server_error", 500, "<html>"),
        (TOKEN, "rate_limited", 400, '{"error":"rate_limit_exceeded"'),
        ("/oauth2/v1/tokens/bearer", "server_error", 500, "<html>"),
        ("/token", "server_error", 500, '{"error":"internal_failure"'),
        ("/services/async/68.0/job", "rate_limited", 403, '{"exceptionCode":"REQUEST_LIMIT_EXCEEDED"'),
    ],
)
def test_a_fault_speaks_as_the_address_does_that_it_strikes(
    url: str, path: str, fault: str, status: int, begins: str
) -> None:
    arm(url, fault, path=path)
    answer = requests.post(url + path, timeout=30)
    assert (answer.status_code, answer.text[: len(begins)]) == (status, begins)


def test_a_fault_of_another_vendor_or_of_none_is_refused_with_those_that_there_are(url: str) -> None:
    for wish in ({"fault": "daily_limit", "vendor": "quickbooks"}, {"fault": "earthquake"}):
        answer = requests.post(f"{url}/control/faults", json=wish, timeout=30)
        assert answer.status_code == 400
        assert "subscription_ended" in answer.json()["error"]
    assert "row_locked" in get(url, "/control/faults").json()["own"]["salesforce"]


@pytest.mark.parametrize(
    ("word", "wrong", "accepted"),
    [
        ("times", "x", "a whole number of 1 or more"),
        ("times", -1, "a whole number of 1 or more"),
        ("times", True, "a whole number of 1 or more"),
        ("after", 1.5, "a whole number of 0 or more"),
        ("retry_after", "soon", "a whole number of 0 or more"),
        ("seconds", -0.1, "seconds from 0 to 600"),
        ("seconds", "x", "seconds from 0 to 600"),
        ("path", 7, "a part of the path"),
        ("vendor", "zz", "salesforce, quickbooks, google_drive"),
        ("vendor", ["salesforce"], "salesforce, quickbooks, google_drive"),
        ("fault", 1, "cut_connection"),
        ("colour", 1, "retry_after"),
    ],
)
def test_a_wish_that_cannot_be_played_is_told_what_is_accepted(url: str, word: str, wrong: Any, accepted: str) -> None:
    wish = {"fault": "rate_limited", "vendor": "salesforce"} | {word: wrong}
    answer = requests.post(f"{url}/control/faults", json=wish, timeout=30)
    told = answer.json()["error"]
    assert (answer.status_code, word in told or str(wrong) in told, accepted in told) == (400, True, True)
    assert get(url).status_code == 200


def test_right_words_are_armed_and_null_is_none(url: str) -> None:
    arm(url, "slow_answer", vendor="", path="/services", times=1, after=0, retry_after=None, seconds=0)
    assert get(url).status_code == 200
    assert requests.get(f"{url}/control/faults", timeout=30).json()["armed"] == []


def test_quickbooks_has_no_locator_to_lose(url: str) -> None:
    wish = {"fault": "lost_locator", "vendor": "quickbooks"}
    refused = requests.post(f"{url}/control/faults", json=wish, timeout=30)
    assert (refused.status_code, "by position" in refused.json()["error"]) == (400, True)
    arm(url, "lost_locator")
    assert get(url, "/v3/company/1/query").status_code == 401
    assert "lost_locator" in get(url, "/control/faults").json()["lacking"]["quickbooks"]


def test_the_page_says_what_was_wrong_with_a_wish(url: str) -> None:
    form = {"fault": "lost_locator", "vendor": "quickbooks", "times": "1", "back": "/faults"}
    assert "by position" in requests.post(f"{url}/control/faults", form, timeout=30).text
