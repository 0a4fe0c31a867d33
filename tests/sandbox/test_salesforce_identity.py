"""Who has signed in, the end of a session, and the versions that an org serves."""

from __future__ import annotations

import pytest
import requests
from simple_salesforce import Salesforce

BASE = "/services/data"


def bearer(org: Salesforce) -> dict[str, str]:
    return {"Authorization": f"Bearer {org.session_id}"}


def test_the_token_leads_to_the_user_by_the_identity_url_and_by_openid(org: Salesforce, url: str) -> None:
    resources = requests.get(f"{url}{BASE}/v62.0", headers=bearer(org), timeout=10).json()
    who = requests.get(resources["identity"], headers=bearer(org), timeout=10).json()
    info = requests.get(f"{url}/services/oauth2/userinfo", headers=bearer(org), timeout=10).json()
    assert who["id"] == info["sub"] == resources["identity"]
    assert (who["username"], info["user_id"]) == ("hub@sandbox.example", who["user_id"])
    assert info["urls"]["rest"].format(version="68.0") == f"{url}{BASE}/v68.0/"


def test_a_bad_or_missing_token_is_answered_in_plain_words(url: str) -> None:
    place = f"{url}/services/oauth2/userinfo"
    missing, bad = (
        requests.get(place, timeout=10),
        requests.get(place, headers={"Authorization": "Bearer x"}, timeout=10),
    )
    assert [(one.status_code, one.text) for one in (missing, bad)] == [
        (403, "Missing_OAuth_Token"),
        (403, "Bad_OAuth_Token"),
    ]
    assert requests.get(f"{url}/id/00D000000000001/005000000000001", timeout=10).text == "Bad_Id"


def test_a_revoked_token_is_of_no_more_use(org: Salesforce, url: str) -> None:
    place, form = f"{url}/services/oauth2/revoke", {"token": org.session_id}
    assert requests.post(place, data=form, timeout=10).status_code == 200
    refused = requests.get(f"{url}{BASE}/v68.0/limits", headers=bearer(org), timeout=10)
    assert refused.json()[0]["errorCode"] == "INVALID_SESSION_ID"
    again = requests.post(place, data=form, timeout=10)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_versions_have_their_releases_names_and_old_ones_old_answers(org: Salesforce, url: str) -> None:
    labels = {one["version"]: one["label"] for one in requests.get(f"{url}{BASE}", timeout=10).json()}
    assert (labels["31.0"], labels["66.0"], labels["68.0"]) == ("Summer '14", "Spring '26", "Winter '27")

    def upsert(version: str) -> tuple[int, bool]:
        place = f"{url}{BASE}/v{version}/sobjects/Account/QuickBooks_Id__c/7"
        response = requests.patch(place, json={"Name": "One"}, headers=bearer(org), timeout=10)
        return response.status_code, b"created" in response.content

    assert [upsert(version) for version in ("45.0", "45.0", "46.0")] == [(201, False), (204, False), (200, True)]


@pytest.mark.parametrize(
    ("grant", "form"),
    [
        ("password", {"username": "hub@sandbox.example", "password": "sandbox-password"}),
        ("refresh_token", {"refresh_token": "sandbox-salesforce-refresh"}),
    ],
)
def test_a_password_or_a_refresh_token_opens_a_session(url: str, grant: str, form: dict[str, str]) -> None:
    place = f"{url}/services/oauth2/token"
    client = {"client_id": "sandbox-consumer-key", "client_secret": "sandbox-consumer-secret", "grant_type": grant}
    given = requests.post(place, data=client | form, timeout=10).json()
    assert "refresh_token" not in given
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert requests.get(f"{url}{BASE}/v68.0/limits", headers=headers, timeout=10).status_code == 200
    refused = requests.post(place, data=client | dict.fromkeys(form, "wrong"), timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
