"""QuickBooks' emulator as Intuit's own clients meet it over HTTP: signing in, reading, writing, paper, errors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.base import Ref
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.payment import Payment

from sandbox.quickbooks.webhooks import signature
from sandbox.serve import serving
from sandbox.state import State

REALM = "4620816365179422850"
BACK = "http://localhost:1/callback"
DAY = 86_400
Api = Callable[..., requests.Response]


@pytest.fixture
def state(tmp_path) -> Iterator[State]:
    state = State(tmp_path / "sandbox.sqlite")
    company = {"CompanyName": "Müller & Töchter", "LegalName": "Müller & Töchter GmbH", "Country": "US"}
    state.put("quickbooks", "CompanyInfo", "1", company)
    state.put("quickbooks", "Preferences", "2", {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}})
    customer = {
        "SyncToken": "0",
        "DisplayName": "Größe O'Brien",
        "Active": True,
        "Balance": 0.0,
        "BalanceWithJobs": 0.0,
    }
    state.put("quickbooks", "Customer", "3", customer)
    yield state
    state.close()


@pytest.fixture
def base(state: State) -> Iterator[str]:
    with serving(state) as address:
        yield address


def auth(base: str, **facts: Any) -> AuthClient:
    discovery = f"{base}/.well-known/openid_configuration"
    return AuthClient("sandbox-qbo-client", "sandbox-qbo-secret", BACK, discovery, **facts)


@pytest.fixture
def qb(base: str, monkeypatch: pytest.MonkeyPatch) -> QuickBooks:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{base}/v3")
    return QuickBooks(auth_client=auth(base), refresh_token="sandbox-refresh-0", company_id=REALM, minorversion=75)


@pytest.fixture
def api(base: str) -> Api:
    client = auth(base)
    client.refresh("sandbox-refresh-0")
    headers = {"Authorization": f"Bearer {client.access_token}", "Accept": "application/json"}

    def ask(method: str, path: str, *, realm: str = REALM, **more: Any) -> requests.Response:
        return requests.request(method, f"{base}/v3/company/{realm}{path}", headers=headers, timeout=10, **more)

    return ask


def a_sale(customer: str = "3", *amounts: float) -> dict[str, Any]:
    lines = [
        {"Amount": amount, "Description": "Beratung", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        for amount in amounts or (100.0,)
    ]
    return {"CustomerRef": {"value": customer}, "Line": lines}


def a_payment(invoice: str, amount: float, total: float | None = None) -> dict[str, Any]:
    line = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    return {"CustomerRef": {"value": "3"}, "TotalAmt": amount if total is None else total, "Line": [line]}


def created(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api("POST", path, json=body)
    assert answer.status_code == 200, answer.text
    return next(value for name, value in answer.json().items() if name != "time")


def code_of(answer: requests.Response) -> str:
    code: str = answer.json()["Fault"]["Error"][0]["code"]
    return code


# --- signing in


def test_a_person_consents_and_the_code_becomes_tokens_once(base: str) -> None:
    client = auth(base)
    address = client.get_authorization_url([Scopes.ACCOUNTING], state_token="s-1")
    page = requests.get(address, timeout=10)
    assert "Müller &amp; Töchter" in page.text
    assert page.text.count("<button>") == 1

    pressed = requests.post(address, timeout=10, allow_redirects=False)
    answer = parse_qs(urlsplit(pressed.headers["Location"]).query)
    assert (answer["state"], answer["realmId"]) == (["s-1"], [REALM])
    client.get_bearer_token(answer["code"][0])
    assert client.access_token
    assert (client.expires_in, client.x_refresh_token_expires_in) == (3600, 8_726_400)
    with pytest.raises(AuthClientError, match="invalid_grant"):
        client.get_bearer_token(answer["code"][0])


def test_the_refresh_token_changes_after_a_day_and_the_old_one_is_dead(base: str, state: State) -> None:
    client = auth(base)
    client.refresh("sandbox-refresh-0")
    assert client.refresh_token == "sandbox-refresh-0"
    pass_time(state, DAY + 60)
    client.refresh("sandbox-refresh-0")
    assert client.refresh_token != "sandbox-refresh-0"
    with pytest.raises(AuthClientError, match="Incorrect or invalid refresh token") as refused:
        auth(base).refresh("sandbox-refresh-0")
    assert refused.value.status_code == 400
    auth(base).refresh(client.refresh_token)


def pass_time(state: State, seconds: int) -> None:
    state.set_fact("clock_offset_ms", str(int(state.fact("clock_offset_ms", "0")) + seconds * 1000))


def test_a_switch_rotates_on_every_refresh(base: str) -> None:
    requests.post(f"{base}/control/quickbooks", json={"rotate_always": True}, timeout=10).raise_for_status()
    client = auth(base)
    client.refresh("sandbox-refresh-0")
    with pytest.raises(AuthClientError):
        auth(base).refresh("sandbox-refresh-0")


def test_a_hundred_days_without_use_end_it(base: str, state: State) -> None:
    auth(base).refresh("sandbox-refresh-0")
    pass_time(state, 101 * DAY)
    with pytest.raises(AuthClientError, match="invalid_grant"):
        auth(base).refresh("sandbox-refresh-0")


def test_revoking_ends_refresh_and_access(base: str, api: Api) -> None:
    assert api("GET", "/companyinfo/1").status_code == 200
    auth(base).revoke("sandbox-refresh-0")
    assert api("GET", "/companyinfo/1").status_code == 401
    with pytest.raises(AuthClientError, match="invalid_grant"):
        auth(base).refresh("sandbox-refresh-0")


def test_an_app_with_a_wrong_secret_is_no_client(base: str) -> None:
    other = AuthClient("sandbox-qbo-client", "wrong", BACK, f"{base}/.well-known/openid_configuration")
    with pytest.raises(AuthClientError, match="invalid_client") as refused:
        other.refresh("sandbox-refresh-0")
    assert refused.value.status_code == 401


def test_an_access_token_lives_an_hour(api: Api, state: State) -> None:
    pass_time(state, 3601)
    answer = api("GET", "/companyinfo/1")
    assert answer.status_code == 401
    assert answer.json()["fault"]["error"][0]["code"] == "3200"


# --- reading


def test_python_quickbooks_reads_what_it_wrote(qb: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = "Taquería \\ O'Neil 🌮"
    customer.save(qb=qb)
    found = Customer.filter(DisplayName="Größe O'Brien", qb=qb)
    assert [row.Id for row in found] == ["3"]
    assert Customer.get(int(customer.Id), qb=qb).DisplayName == "Taquería \\ O'Neil 🌮"
    assert Customer.count(qb=qb) == 2
    assert len(Customer.all(order_by="DisplayName", qb=qb)) == 2


def test_times_carry_the_companys_offset_through_daylight_saving(api: Api, state: State) -> None:
    state.put("quickbooks", "Term", "50", {"Name": "winter"}, modified=1_710_064_799_000)
    state.put("quickbooks", "Term", "51", {"Name": "summer"}, modified=1_710_064_800_000)
    times = [api("GET", f"/term/{id_}").json()["Term"]["MetaData"]["LastUpdatedTime"] for id_ in ("50", "51")]
    assert times == ["2024-03-10T01:59:59-08:00", "2024-03-10T03:00:00-07:00"]


def test_amounts_are_numbers_with_two_decimals(api: Api) -> None:
    sale = created(api, "/invoice", a_sale("3", 10, 0.1, 0.2))
    text = api("GET", f"/invoice/{sale['Id']}").text
    assert '"TotalAmt":10.30,' in text
    assert '"Amount":10.00,' in text


def test_both_ways_to_query_give_the_same(api: Api) -> None:
    statement = "select * from Customer where DisplayName = 'Größe O\\'Brien'"
    got = api("GET", "/query", params={"query": statement, "minorversion": "12"}).json()
    posted = api("POST", "/query", data=statement.encode()).json()
    assert got["QueryResponse"] == posted["QueryResponse"]
    assert (got["QueryResponse"]["startPosition"], got["QueryResponse"]["maxResults"]) == (1, 1)


def test_a_page_has_a_hundred_rows_unless_told_otherwise(api: Api, state: State) -> None:
    state.load("quickbooks", "Term", ((str(n), {"Name": f"T{n}"}, n, n) for n in range(100, 250)))
    rows = api("POST", "/query", data=b"select * from Term").json()["QueryResponse"]
    assert (len(rows["Term"]), rows["maxResults"]) == (100, 100)


def test_cdc_tells_changes_and_deletions_and_nothing_of_the_rest(qb: QuickBooks, api: Api, state: State) -> None:
    sale = created(api, "/invoice", a_sale())
    gone = created(api, "/invoice", a_sale())
    api("POST", "/invoice?operation=delete", json={"Id": gone["Id"], "SyncToken": "0"})
    changed = change_data_capture([Invoice, Payment], "2024-01-01T00:00:00Z", qb=qb)
    assert {row.Id: getattr(row, "status", "") for row in changed.Invoice} == {sale["Id"]: "", gone["Id"]: "Deleted"}
    assert not hasattr(changed, "Payment")


def test_cdc_shares_its_thousand_among_the_entities_and_says_nothing(api: Api, state: State) -> None:
    now = state.now()
    state.load("quickbooks", "Invoice", ((str(n), {}, now, now) for n in range(1000, 1700)))
    state.load("quickbooks", "Payment", ((str(n), {}, now, now) for n in range(2000, 2301)))
    parameters = {"entities": "Invoice,Payment", "changedSince": "2024-01-01T00:00:00-08:00"}
    answer = api("GET", "/cdc", params=parameters).json()["CDCResponse"][0]["QueryResponse"]
    assert [part["maxResults"] for part in answer] == [700, 300]


def test_cdc_looks_back_thirty_days(api: Api, state: State) -> None:
    state.put("quickbooks", "Term", "60", {"Name": "old"}, modified=state.now() - 31 * DAY * 1000)
    ask = {"entities": "Term", "changedSince": "2024-01-01T00:00:00Z"}
    assert api("GET", "/cdc", params=ask).json()["CDCResponse"] == [{"QueryResponse": [{}]}]


def test_a_company_is_a_text_of_nineteen_digits_and_another_ones_token_is_refused(api: Api) -> None:
    assert api("GET", f"/companyinfo/{REALM}").json()["CompanyInfo"]["CompanyName"] == "Müller & Töchter"
    assert api("GET", "/preferences").json()["Preferences"]["CurrencyPrefs"]["HomeCurrency"]["value"] == "USD"
    refused = api("GET", "/companyinfo/1", realm="4620816365179423000")
    assert refused.status_code == 403
    assert refused.json()["fault"]["error"][0]["code"] == "3100"


def test_every_answer_carries_the_vendors_trace(api: Api) -> None:
    answers = [api("GET", "/preferences"), api("GET", "/invoice/404"), api("GET", "/preferences", realm="1")]
    traces = {answer.headers["intuit_tid"] for answer in answers}
    assert len(traces) == 3


# --- paper


def test_an_invoice_prints_on_one_page_with_everything_on_it(api: Api) -> None:
    body = {**a_sale("3", 1200.5, 99.5), "DocNumber": "R-7", "DueDate": "2026-12-24", "TxnTaxDetail": {"TotalTax": 247}}
    sale = created(api, "/invoice", body)
    created(api, "/payment", a_payment(sale["Id"], 47))
    answer = api("GET", f"/invoice/{sale['Id']}/pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    words = document[0].get_textpage().get_text_range()
    assert len(document) == 1
    document.close()
    expected = ("Müller & Töchter", "Größe O'Brien", "R-7", "24 December 2026", "Beratung", "USD 1,200.50")
    for text in (*expected, "USD 247.00", "USD 1,547.00", "USD -47.00", "USD 1,500.00"):
        assert text in words


def test_credits_and_payments_print_too_and_customers_do_not(api: Api, qb: QuickBooks) -> None:
    credit = created(api, "/creditmemo", a_sale())
    sale = created(api, "/invoice", a_sale())
    receipt = created(api, "/payment", a_payment(sale["Id"], 10, 15))
    assert qb.download_pdf("CreditMemo", credit["Id"]).startswith(b"%PDF")
    assert qb.download_pdf("Payment", receipt["Id"]).startswith(b"%PDF")
    assert code_of(api("GET", "/customer/3/pdf")) == "500"
    with pytest.raises(ObjectNotFoundException):
        qb.download_pdf("Invoice", "404")


# --- writing


def test_python_quickbooks_creates_updates_voids_and_deletes_an_invoice(qb: QuickBooks) -> None:
    invoice = Invoice()
    invoice.CustomerRef = Ref()
    invoice.CustomerRef.value = "3"
    line = SalesItemLine()
    line.Amount, line.SalesItemLineDetail = 80, SalesItemLineDetail()
    invoice.Line.append(line)
    saved = invoice.save(qb=qb)
    assert (saved.TotalAmt, saved.Balance, saved.CustomerRef.name) == (80, 80, "Größe O'Brien")

    saved.PrivateNote = "call first"
    again = saved.save(qb=qb)
    assert (again.SyncToken, again.PrivateNote, again.TotalAmt) == ("1", "call first", 80)
    with pytest.raises(QuickbooksException) as stale:
        saved.save(qb=qb)
    assert stale.value.error_code == 5010

    again.void(qb=qb)
    voided = Invoice.get(again.Id, qb=qb)
    assert (voided.TotalAmt, voided.Balance, voided.PrivateNote) == (0, 0, "Voided call first")
    voided.delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(again.Id, qb=qb)


def test_a_full_update_clears_what_it_leaves_out_and_a_sparse_one_keeps_it(api: Api) -> None:
    sale = created(api, "/invoice", {**a_sale(), "PrivateNote": "keep", "DocNumber": "R-1"})
    head = {"Id": sale["Id"], "CustomerRef": {"value": "3"}}
    sparse = created(api, "/invoice", {**head, "SyncToken": "0", "sparse": True, "DueDate": "2026-12-31"})
    assert (sparse["PrivateNote"], sparse["DueDate"], sparse["TotalAmt"]) == ("keep", "2026-12-31", 100)
    full = created(api, "/invoice", {**head, "SyncToken": "1", "Line": sparse["Line"]})
    assert "PrivateNote" not in full
    assert "DueDate" not in full


def test_even_a_sparse_update_must_bring_the_required_fields(api: Api) -> None:
    sale = created(api, "/invoice", a_sale())
    for body in ({"Id": sale["Id"], "SyncToken": "0", "sparse": True}, {"Id": sale["Id"], "sparse": True}):
        refused = api("POST", "/invoice", json=body)
        assert (refused.status_code, code_of(refused)) == (400, "2020")


def test_a_request_id_does_the_work_once_and_replays_errors_too(api: Api) -> None:
    first = api("POST", "/invoice?requestid=u-1", json=a_sale())
    assert api("POST", "/invoice?requestid=u-1", json=a_sale()).text == first.text
    assert api("POST", "/query", data=b"select count(*) from Invoice").json()["QueryResponse"]["totalCount"] == 1

    wrong = api("POST", "/invoice?requestid=u-2", json=a_sale("999"))
    assert code_of(wrong) == "2500"
    assert api("POST", "/invoice?requestid=u-2", json=a_sale()).text == wrong.text
    assert api("POST", f"/invoice?requestid={'x' * 51}", json=a_sale()).status_code == 400


def balances(api: Api, *invoices: str) -> list[float]:
    return [api("GET", f"/invoice/{id_}").json()["Invoice"]["Balance"] for id_ in invoices]


def test_one_payment_over_two_invoices_is_felt_by_both_and_by_the_customer(api: Api) -> None:
    one, two = (created(api, "/invoice", a_sale("3", amount))["Id"] for amount in (100.0, 50.0))
    wish = a_payment(one, 100, 130)
    wish["Line"].append({"Amount": 20, "LinkedTxn": [{"TxnId": two, "TxnType": "Invoice"}]})
    payment = created(api, "/payment", wish)
    assert payment["UnappliedAmt"] == 10
    assert balances(api, one, two) == [0, 30]
    assert api("GET", "/customer/3").json()["Customer"]["Balance"] == 20

    less = {**a_payment(two, 20, 20), "Id": payment["Id"], "SyncToken": "0"}
    created(api, "/payment", less)
    assert balances(api, one, two) == [100, 30]
    api("POST", "/payment?operation=delete", json={"Id": payment["Id"], "SyncToken": "1"})
    assert balances(api, one, two) == [100, 50]
    assert api("GET", "/customer/3").json()["Customer"]["Balance"] == 150


def test_python_quickbooks_voids_a_payment_and_the_invoice_is_open_again(api: Api, qb: QuickBooks) -> None:
    sale = created(api, "/invoice", a_sale())
    paid = created(api, "/payment", a_payment(sale["Id"], 100))
    Payment.get(paid["Id"], qb=qb).void(qb=qb)
    assert balances(api, sale["Id"]) == [100]
    assert Payment.get(paid["Id"], qb=qb).PrivateNote == "Voided"


def test_each_is_voided_and_sent_only_as_the_vendor_has_it(api: Api) -> None:
    sale, payment = created(api, "/invoice", a_sale()), created(api, "/payment", a_payment("", 5) | {"Line": []})
    for path, body, how in (
        ("payment", payment, {"operation": "void"}),
        ("payment", payment, {"include": "void"}),
        ("invoice", sale, {"operation": "update", "include": "void"}),
    ):
        assert code_of(api("POST", f"/{path}", params=how, json=body)) == "500"
    assert code_of(api("POST", "/customer/3/send?sendTo=a@x.example")) == "500"
    wish = {"bId": "1", "operation": "update", "optionsData": "void", "Payment": payment | {"sparse": True}}
    (done,) = api("POST", "/batch", json={"BatchItemRequest": [wish]}).json()["BatchItemResponse"]
    assert (done["Payment"]["TotalAmt"], done["Payment"]["PrivateNote"]) == (0, "Voided")


def test_a_credit_memo_is_used_up_by_a_payment_of_nothing(api: Api) -> None:
    sale, credit = created(api, "/invoice", a_sale()), created(api, "/creditmemo", a_sale("3", 30.0))
    wish = a_payment(sale["Id"], 30, 0)
    wish["Line"].append({"Amount": 30, "LinkedTxn": [{"TxnId": credit["Id"], "TxnType": "CreditMemo"}]})
    created(api, "/payment", wish)
    assert balances(api, sale["Id"]) == [70]
    assert api("GET", f"/creditmemo/{credit['Id']}").json()["CreditMemo"]["RemainingCredit"] == 0


def test_a_deposit_is_not_owed_and_stays_off_the_balance_when_the_invoice_changes(api: Api) -> None:
    sale = created(api, "/invoice", {**a_sale(), "Deposit": 30})
    assert (sale["Balance"], api("GET", "/customer/3").json()["Customer"]["Balance"]) == (70, 70)
    head = {"Id": sale["Id"], "SyncToken": "0", "sparse": True, "CustomerRef": {"value": "3"}}
    assert created(api, "/invoice", {**head, "Deposit": 50})["Balance"] == 50
    assert api("GET", "/customer/3").json()["Customer"]["Balance"] == 50


def test_a_job_takes_its_balance_along_to_another_customer(api: Api) -> None:
    other = created(api, "/customer", {"DisplayName": "Other"})["Id"]
    job = created(api, "/customer", {"DisplayName": "Job", "Job": True, "ParentRef": {"value": "3"}})
    created(api, "/invoice", a_sale(job["Id"], 80.0))
    assert with_jobs(api, job["Id"], "3", other) == [80, 80, 0]
    moved = {"Id": job["Id"], "SyncToken": "1", "sparse": True, "ParentRef": {"value": other}}
    created(api, "/customer", moved)
    assert with_jobs(api, job["Id"], "3", other) == [80, 0, 80]


def with_jobs(api: Api, *customers: str) -> list[float]:
    return [api("GET", f"/customer/{id_}").json()["Customer"]["BalanceWithJobs"] for id_ in customers]


def test_a_refused_write_changes_nothing(api: Api) -> None:
    sale = created(api, "/invoice", a_sale())
    refused = api("POST", "/payment", json=a_payment(sale["Id"], 100.01))
    assert code_of(refused) == "6000"
    assert balances(api, sale["Id"]) == [100]
    assert api("GET", "/customer/3").json()["Customer"]["Balance"] == 100


def test_names_are_taken_once_and_free_again_when_inactive(api: Api) -> None:
    assert code_of(api("POST", "/customer", json={"DisplayName": "größe o'brien"})) == "6240"
    quiet = created(api, "/customer", {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})
    assert quiet["DisplayName"] == "Größe O'Brien (deleted)"
    assert created(api, "/customer", {"DisplayName": "Größe O'Brien"})["Active"] is True
    assert code_of(api("POST", "/customer?operation=delete", json={"Id": "3", "SyncToken": "1"})) == "500"


def test_a_full_update_that_leaves_no_name_is_refused(api: Api) -> None:
    for path in ("customer", "vendor"):
        one = created(
            api,
            f"/{path}",
            {"DisplayName": f"One {path}", "GivenName": "Ada", "Notes" if path == "customer" else "AcctNum": "x"},
        )
        nameless = {"Id": one["Id"], "SyncToken": "0"}
        assert code_of(api("POST", f"/{path}", json=nameless)) == "2020"
        assert (
            code_of(api("POST", f"/{path}", json=nameless | {"sparse": True, "DisplayName": "", "GivenName": ""}))
            == "2020"
        )


def test_a_new_name_is_the_one_on_new_invoices_and_of_all_below(api: Api) -> None:
    job = created(api, "/customer", {"DisplayName": "Roof", "Job": True, "ParentRef": {"value": "3"}})
    assert (job["FullyQualifiedName"], job["Level"]) == ("Größe O'Brien:Roof", 1)
    tile = created(api, "/customer", {"DisplayName": "Tile", "Job": True, "ParentRef": {"value": job["Id"]}})
    created(api, "/customer", {"Id": "3", "SyncToken": "0", "sparse": True, "DisplayName": "Ampel"})
    renamed = api("GET", f"/customer/{tile['Id']}").json()["Customer"]
    assert (renamed["FullyQualifiedName"], renamed["Level"]) == ("Ampel:Roof:Tile", 2)
    assert created(api, "/invoice", a_sale(job["Id"]))["CustomerRef"]["name"] == "Ampel:Roof"
    alone = {"Id": job["Id"], "SyncToken": "2", "sparse": True, "ParentRef": None}
    assert "Level" not in created(api, "/customer", alone)
    below_itself = alone | {"SyncToken": "3", "ParentRef": {"value": tile["Id"]}}
    assert code_of(api("POST", "/customer", json=below_itself)) == "6000"


def test_a_batch_answers_each_item_on_its_own(qb: QuickBooks, api: Api) -> None:
    twins = [Customer(), Customer()]
    for customer in twins:
        customer.DisplayName = "Zwilling"
    result = batch_create(twins, qb=qb)
    assert ([row.DisplayName for row in result.successes], len(result.faults)) == (["Zwilling"], 1)
    assert result.faults[0].Error[0].code == "6240"
    asked = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Customer"}]}
    answer = api("POST", "/batch", json=asked).json()["BatchItemResponse"]
    assert answer == [{"QueryResponse": {"totalCount": 2}, "bId": "1"}]


def test_a_batch_that_is_done_once_tells_its_items_apart(api: Api, state: State) -> None:
    def sent(*names: str | None, request_id: str = "r" * 36) -> dict[str, Any]:
        people = [{"bId": name, "operation": "create", "Customer": {"DisplayName": f"{name} {n}"}}
                  for n, name in enumerate(names)]  # fmt: skip
        answer = api("POST", "/batch", params={"requestid": request_id}, json={"BatchItemRequest": people})
        return dict(answer.json())

    for names, code in ((("customer-1", "customer-10"), "2050"), (("1", None), "2020")):
        assert sent(*names)["Fault"]["Error"][0]["code"] == code
    assert sent("1", request_id="r" * 37)["Fault"]["Error"][0]["code"] == "2050"
    assert state.count("quickbooks", "Customer") == 1
    first = sent("customer-1", "customer-2")
    assert sent("customer-1", "customer-2")["BatchItemResponse"] == first["BatchItemResponse"]
    assert state.count("quickbooks", "Customer") == 3


# --- errors


def test_the_library_sees_the_vendors_codes(qb: QuickBooks, base: str) -> None:
    with pytest.raises(ValidationException) as parse:
        Invoice.where("Balance = '1' OR Balance = '2'", qb=qb)
    assert parse.value.error_code == 4000
    arm(base, fault="service_throttled")
    with pytest.raises(ValidationException) as throttled:
        Customer.get(3, qb=qb)
    assert throttled.value.error_code == 3001
    customer = Customer()
    customer.DisplayName = "Late"
    arm(base, fault="period_closed")
    with pytest.raises(QuickbooksException) as closed:
        customer.save(qb=qb)
    assert closed.value.error_code == 6210
    arm(base, fault="expired_token")
    for _ in "asked, and asked again":
        with pytest.raises(AuthorizationException):
            Customer.get(3, qb=qb)


def arm(base: str, **fault: Any) -> None:
    requests.post(f"{base}/control/faults", json={"vendor": "quickbooks", **fault}, timeout=10).raise_for_status()


def test_the_fault_catalogue_speaks_quickbooks(api: Api, base: str) -> None:
    seen = {}
    for fault in ("rate_limited", "server_error", "html_body"):
        arm(base, fault=fault, retry_after=7)
        seen[fault] = api("GET", "/preferences")
    assert [answer.status_code for answer in seen.values()] == [429, 500, 502]
    throttled = seen["rate_limited"]
    assert (throttled.json()["fault"]["error"][0]["code"], throttled.headers["Retry-After"]) == ("3001", "7")
    assert code_of(seen["server_error"]) == "10000"
    assert seen["html_body"].text.lstrip().startswith("<html>")
    assert api("GET", "/preferences").status_code == 200


def test_a_webhooks_signature_is_the_one_that_the_library_checks(qb: QuickBooks) -> None:
    body = json.dumps([{"type": "qbo.invoice.updated.v1", "intuitaccountid": REALM}])
    signed = signature("verifier", body.encode())
    assert base64.b64decode(signed)
    assert qb.validate_webhook_signature(body, signed, "verifier")
    assert not qb.validate_webhook_signature(body + " ", signed, "verifier")
