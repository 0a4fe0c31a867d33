"""Every refusal of QuickBooks means one of three things: later, a person, or a renewed token."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from starlette.responses import Response

from connectors.quickbooks.failures import Gone, Invalid, TokenRejected, fault_in, refuse
from hub.errors import PASSES, NeedsPerson, RetryLater
from sandbox.quickbooks.faults import answer, expired, fault_response


def answered(status: int, content: bytes, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, content
    response.headers.update(headers)
    return response


def of_the_sandbox(name: str, **options: Any) -> requests.Response:
    found = fault_response(name, **options)
    assert found is not None
    return received(found)


def received(found: Response) -> requests.Response:
    return answered(found.status_code, bytes(found.body), **dict(found.headers))


@pytest.mark.parametrize("name", ["rate_limited", "service_throttled"])
def test_a_throttle_in_either_shape_is_a_minutes_wait(name: str) -> None:
    with pytest.raises(RetryLater) as later:
        refuse(of_the_sandbox(name))
    assert (later.value.after, later.value.step) == (60, PASSES)


def test_a_throttle_that_hides_behind_another_status_is_one_too() -> None:
    body = {"Fault": {"Error": [{"Message": "ThrottleExceeded", "code": "003001"}]}}
    with pytest.raises(RetryLater):
        refuse(answered(400, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong_company", "does not let this app into this company"),
        ("admin_lost_rights", "has no rights in the company any more"),
        ("subscription_ended", "subscription of this company has ended"),
    ],
)
def test_what_only_a_person_can_mend_says_who_and_how(name: str, words: str) -> None:
    with pytest.raises(NeedsPerson, match=words) as refused:
        refuse(of_the_sandbox(name))
    assert refused.value.step
    assert "intuit_tid" in refused.value.detail


@pytest.mark.parametrize(
    ("name", "code"), [("duplicate_number", "6140"), ("period_closed", "6210"), ("deposited", "6540")]
)
def test_what_the_books_do_not_allow_is_told_with_its_code(name: str, code: str) -> None:
    with pytest.raises(Invalid, match=code) as refused:
        refuse(of_the_sandbox(name))
    assert (refused.value.code, bool(refused.value.step)) == (code, True)


def test_an_expired_token_is_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TokenRejected):
        refuse(received(answer(expired())))


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (401, b"", TokenRejected),
        (403, b"<html>", NeedsPerson),
        (408, b"", RetryLater),
        (502, b"<html>bad gateway</html>", RetryLater),
        (500, b"null", RetryLater),
        (400, b'{"Fault":{"Error":[{"code":"610"}]}}', Gone),
        (400, b'{"Fault":{"Error":[{"Message":"Error parsing query","code":"4000"}]}}', Invalid),
        (400, b'{"Fault":{"Error":[{"Message":"odd","code":"abc"}]}}', Invalid),
        (404, b"not here", Invalid),
    ],
)
def test_status_and_code_decide(status: int, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        refuse(answered(status, content))


def test_a_good_answer_passes() -> None:
    refuse(answered(200, b"{}"))


def test_codes_lose_their_zeros_in_both_shapes() -> None:
    assert fault_in({"fault": {"error": [{"code": "003100", "message": "m", "detail": "d"}]}}) == ("3100", "m", "d")
    assert fault_in({"Fault": {"Error": [{"code": "610", "Message": "m", "Detail": None}]}}) == ("610", "m", "")
    assert fault_in([]) == ("", "", "")
