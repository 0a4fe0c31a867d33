"""What QuickBooks refuses to take: minor versions, enums, dates, addresses and properties that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from sandbox.serve import serving
from sandbox.state import State

COMPANY = "/v3/company/4620816365179422850"
Api = Callable[..., requests.Response]


@pytest.fixture
def api(state: State) -> Iterator[Api]:
    state.put("quickbooks", "Preferences", "2", {"CurrencyPrefs": {"MultiCurrencyEnabled": True}})
    state.put("quickbooks", "Customer", "3", {"SyncToken": "0", "DisplayName": "Größe", "Balance": 0.0})
    with serving(state) as base:
        wish = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-0"}
        client = ("sandbox-qbo-client", "sandbox-qbo-secret")
        tokens = requests.post(f"{base}/oauth2/v1/tokens/bearer", wish, auth=client, timeout=10).json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        yield lambda method, path, **more: requests.request(
            method, base + COMPANY + path, headers=headers, timeout=10, **more
        )


def fault(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["Fault"]["Error"][0]["code"]


@pytest.mark.parametrize("version", ["1", "74", "75", ""])
def test_a_minor_version_below_75_is_answered_as_75(api: Api, version: str) -> None:
    assert api("GET", "/preferences", params={"minorversion": version}).json()["Preferences"]


@pytest.mark.parametrize("version", ["x", "7.5", "-1", "76", "999"])
def test_a_minor_version_that_is_none_or_not_there_yet_is_refused(api: Api, version: str) -> None:
    refused = api("GET", "/preferences", params={"minorversion": version})
    assert fault(refused) == (400, "2010")
    assert version in refused.json()["Fault"]["Error"][0]["Detail"]
