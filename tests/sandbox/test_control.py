"""The control API and page: what a person or a script changes there is what the vendors' APIs then say."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import firm
from sandbox.edits.papers import changed
from sandbox.state import State

TODAY = dt.date(2026, 11, 24)
CLIENT = "001RO0000000001YAA"


@pytest.fixture
def seeded(state: State) -> State:
    firm.seed(state, clients=2, today=TODAY)
    return state


def edit(url: str, name: str, **wish: Any) -> requests.Response:
    return requests.post(f"{url}/control/edits/{name}", json=wish, timeout=30)


def first(state: State, vendor: str, kind: str, where: str = "1") -> Any:
    return next(state.select(vendor, kind, where))


def test_a_paid_invoice_has_a_payment_and_its_customer_owes_less(seeded: State, url: str) -> None:
    invoice = first(seeded, "quickbooks", "Invoice", "json_extract(body, '$.Balance') > 0")
    owed = customer(seeded, invoice)["Balance"]
    paid = edit(url, "pay-invoice", id=invoice.id).json()["body"]
    assert paid["Balance"] == 0
    assert int(paid["SyncToken"]) == int(invoice.body["SyncToken"]) + 1
    payment = seeded.get("quickbooks", "Payment", paid["LinkedTxn"][-1]["TxnId"])
    assert payment is not None
    assert payment.body["TotalAmt"] == invoice.body["Balance"]
    assert customer(seeded, invoice)["Balance"] == pytest.approx(owed - invoice.body["Balance"])
    again = edit(url, "pay-invoice", id=invoice.id)
    assert (again.status_code, "nothing left to pay" in again.json()["error"]) == (409, True)


def customer(state: State, invoice: Any) -> Any:
    record = state.get("quickbooks", "Customer", invoice.body["CustomerRef"]["value"])
    assert record is not None
    return record.body


def test_a_value_that_the_vendor_could_not_hold_can_be_tried(seeded: State, url: str) -> None:
    shipment = first(seeded, "salesforce", "Shipment__c")
    record = f"{url}/control/records/salesforce/Shipment__c/{shipment.id}"
    bad = {"ETA__c": "tomorrow-ish", "Pieces__c": "some"}
    assert requests.patch(record, json=bad, timeout=30).ok
    key = {"grant_type": "client_credentials", "client_id": "sandbox-consumer-key"}
    key["client_secret"] = "sandbox-consumer-secret"
    token = requests.post(f"{url}/services/oauth2/token", data=key, timeout=30).json()["access_token"]
    soql = f"SELECT ETA__c, Pieces__c FROM Shipment__c WHERE Id = '{shipment.id}'"
    asked: dict[str, Any] = {"params": {"q": soql}, "headers": {"Authorization": f"Bearer {token}"}}
    (told,) = requests.get(f"{url}/services/data/v64.0/query", **asked, timeout=30).json()["records"]
    assert {name: told[name] for name in bad} == bad


def test_what_the_documents_say_can_be_sent_by_curl(seeded: State, url: str) -> None:
    as_curl_sends = {"content-type": "application/x-www-form-urlencoded"}
    wish = '{"fault": "rate_limited", "vendor": "quickbooks", "times": 2}'
    armed = requests.post(f"{url}/control/faults", data=wish, headers=as_curl_sends, timeout=30)
    assert armed.ok
    [waiting] = requests.get(f"{url}/control/faults", timeout=30).json()["armed"]
    assert (waiting["fault"], waiting["vendor"], waiting["times"]) == ("rate_limited", "quickbooks", 2)


def test_a_delayed_shipment_moves_its_eta_and_says_so_in_an_event(seeded: State, url: str) -> None:
    shipment = first(seeded, "salesforce", "Shipment__c", "json_extract(body, '$.ETA__c') IS NOT NULL")
    later = edit(url, "delay-shipment", id=shipment.id, days=3).json()["body"]["ETA__c"]
    assert parse(later) - parse(shipment.body["ETA__c"]) == dt.timedelta(days=3)
    events = seeded.select("salesforce", "Shipment_Event__c", "json_extract(body, '$.Code__c') = 'DELAY'")
    assert [event.body["Shipment__c"] for event in events] == [shipment.id]


def parse(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_a_hold_has_a_reason_and_a_release_takes_it_away(seeded: State, url: str) -> None:
    shipment = first(seeded, "salesforce", "Shipment__c")
    held = edit(url, "hold-shipment", id=shipment.id).json()["body"]
    assert (held["Status__c"], held["Exception_Reason__c"]) == ("Exception", "Held at customs")
    released = edit(url, "release-shipment", id=shipment.id).json()["body"]
    assert released["Exception_Reason__c"] is None


def test_a_new_version_of_a_file_is_another_content_and_both_are_kept(seeded: State, url: str) -> None:
    file = first(seeded, "google_drive", "file", "json_extract(body, '$.mimeType') = 'application/pdf'")
    body = edit(url, "new-version", id=file.id).json()["body"]
    assert body["_blob"] != file.body["_blob"]
    assert seeded.blob(body["_blob"]).startswith(b"%PDF")
    assert seeded.count("google_drive", "revision", "id LIKE ?", (f"{file.id}/%",)) >= 2


def test_a_changed_office_file_still_opens(seeded: State) -> None:
    import io
    import zipfile

    file = first(seeded, "google_drive", "file", "json_extract(body, '$.name') LIKE '%.xlsx'")
    content = changed(seeded.blob(file.body["_blob"]), "x")
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


def test_records_are_found_changed_deleted_and_restored(seeded: State, url: str) -> None:
    base = f"{url}/control/records/salesforce/Account"
    (found,) = requests.get(base, params={"q": CLIENT}, timeout=30).json()["records"]
    requests.patch(f"{base}/{CLIENT}", json={"Phone": "1"}, timeout=30)
    assert requests.get(f"{base}/{CLIENT}", timeout=30).json()["body"] == found["body"] | {"Phone": "1"}
    assert requests.delete(f"{base}/{CLIENT}", timeout=30).json()["deleted"] is True
    assert requests.post(f"{base}/{CLIENT}/restore", timeout=30).json()["deleted"] is False
    requests.delete(f"{base}/{CLIENT}?purge", timeout=30)
    assert requests.get(f"{base}/{CLIENT}", timeout=30).status_code == 404
    made = requests.post(base, json={"Name": "New"}, timeout=30).json()
    assert made["id"].startswith("001")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/control/records/nobody/Account", None, 404),
        ("POST", "/control/edits/unknown", "{}", 404),
        ("POST", "/control/edits/pay-invoice", "{}", 404),
        ("POST", "/control/edits/pay-invoice", "[", 400),
        ("POST", "/control/faults", '{"fault": "nothing"}', 400),
        ("POST", "/control/faults", '{"fault": "server_error", "colour": 1}', 400),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(url: str, method: str, path: str, body: str | None, status: int) -> None:
    answer = requests.request(method, url + path, data=body, timeout=30)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


def test_requests_are_counted_by_vendor_and_own_pages_are_not(url: str) -> None:
    requests.get(f"{url}/services/data", timeout=30)
    requests.get(f"{url}/", timeout=30)
    report = requests.get(f"{url}/control/requests", params={"vendor": "salesforce"}, timeout=30).json()
    assert (report["count"], report["last"][0]["path"]) == (1, "/services/data")
    assert requests.delete(f"{url}/control/requests", timeout=30).json()["count"] == 0


def test_the_clock_can_be_moved_and_every_answer_shows_it(url: str) -> None:
    requests.post(f"{url}/control/clock", json={"seconds": 86_400 * 10}, timeout=30)
    date = requests.get(f"{url}/services/data", timeout=30).headers["Date"]
    ahead = dt.datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=9, hours=23) < ahead < dt.timedelta(days=10, hours=1)


def test_a_person_finds_a_client_and_pays_an_invoice_by_the_page(seeded: State, url: str) -> None:
    name = first(seeded, "salesforce", "Account", f"id = '{CLIENT}'").body["Name"]
    listed = requests.get(f"{url}/", params={"q": name[:5].lower()}, timeout=30).text
    assert f'href="/clients/{CLIENT}"' in listed
    path = f"/clients/{CLIENT}"
    assert "Pay this invoice" in requests.get(url + path, timeout=30).text
    invoice = first(
        seeded,
        "quickbooks",
        "Invoice",
        "json_extract(body, '$.Balance') > 0 AND json_extract(body, '$.CustomerRef.value') = "
        f"(SELECT json_extract(body, '$.QuickBooks_Id__c') FROM record WHERE id = '{CLIENT}')",
    )
    after = requests.post(f"{url}/control/edits/pay-invoice", {"id": invoice.id, "back": path}, timeout=30)
    assert after.url.startswith(url + path)
    assert f"Invoice {invoice.body['DocNumber']} is paid." in after.text
    twice = requests.post(f"{url}/control/edits/pay-invoice", {"id": invoice.id, "back": path}, timeout=30)
    assert "nothing left to pay" in twice.text


def test_a_button_never_leads_to_another_site(seeded: State, url: str) -> None:
    shipment = first(seeded, "salesforce", "Shipment__c")
    for elsewhere in ("https://evil.example/", "//evil.example/"):
        data = {"id": shipment.id, "back": elsewhere}
        answer = requests.post(f"{url}/control/edits/hold-shipment", data, allow_redirects=False, timeout=30)
        assert answer.headers["Location"].startswith("/?note=")


def test_a_name_with_markup_shows_as_text(state: State, url: str) -> None:
    state.put("salesforce", "Account", CLIENT, {"Name": "<script>alert(1)</script>"})
    for path in ("/", f"/clients/{CLIENT}", "/?note=<script>"):
        assert "<script>" not in requests.get(url + path, timeout=30).text


def test_the_command_serves_a_seeded_firm_and_names_a_taken_port(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--clients", "1", "--state", str(tmp_path / "s.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            address = running.stdout.readline().split()[2].rstrip("/")
            assert "Find client" in requests.get(address, timeout=30).text
            port = address.rpartition(":")[2]
            second = subprocess.run([*command[:3], "--port", port], capture_output=True, text=True, check=False)
            assert (second.returncode, f"Port {port} cannot be used" in second.stderr) == (1, True)
        finally:
            running.terminate()
