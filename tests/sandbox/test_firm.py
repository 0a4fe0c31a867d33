"""The sample firm: the same every time, whole in itself, legal by its schemas, and its books agree."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from sandbox import firm
from sandbox.google_drive.tree import FOLDER, ROOT_ID
from sandbox.salesforce.ids import to_18
from sandbox.salesforce.schema import OBJECTS, fields_of
from sandbox.state import Record, State

TODAY = dt.date(2026, 11, 24)
PROFILES = {"logistics", "professional_services", "architecture", "legal", "agency", "saas"}


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Iterator[State]:
    state = State(tmp_path_factory.mktemp("firm") / "sandbox.sqlite")
    firm.seed(state, today=TODAY)
    yield state
    state.close()


def live(state: State, vendor: str, kind: str) -> list[Record]:
    return list(state.select(vendor, kind, "deleted = 0", tail="ORDER BY id"))


def everything(state: State) -> list[tuple[object, ...]]:
    records = state.connection.execute("SELECT * FROM record ORDER BY vendor, kind, id").fetchall()
    return records + state.connection.execute("SELECT * FROM blob ORDER BY sha256").fetchall()


def cents(amount: float) -> int:
    assert round(amount * 100) == pytest.approx(amount * 100), "an amount with parts of a cent"
    return round(amount * 100)


def test_two_seedings_give_the_same_bytes_and_another_seed_gives_others(state, tmp_path):
    again, other = State(tmp_path / "again.sqlite"), State(tmp_path / "other.sqlite")
    firm.seed(again, today=TODAY)
    firm.seed(other, today=TODAY, seed=8, clients=6)
    assert everything(again) == everything(state)
    same = other.get("salesforce", "Contact", live(other, "salesforce", "Contact")[0].id)
    assert same is not None
    assert same.body != state.get("salesforce", "Contact", same.id).body
    again.close()
    other.close()


def test_counts_are_what_is_stored(tmp_path):
    state = State(tmp_path / "counts.sqlite")
    counts = firm.seed(state, today=TODAY, clients=12)
    stored = state.connection.execute("SELECT vendor || '/' || kind, count(*) FROM record GROUP BY 1").fetchall()
    assert counts == dict(stored)
    state.close()


def test_at_least_forty_clients_six_of_each_profile(state):
    accounts = live(state, "salesforce", "Account")
    profiles = Counter(account.body["Profile__c"] for account in accounts)
    assert len(accounts) >= 40
    assert set(profiles) == PROFILES
    assert min(profiles.values()) >= 6


def test_every_salesforce_id_has_its_prefix_and_its_checksum(state):
    for kind, (prefix, _) in OBJECTS.items():
        for record in state.select("salesforce", kind):
            assert record.id.startswith(prefix)
            assert len(record.id) == 18
            assert to_18(record.id[:15]) == record.id


@pytest.mark.parametrize("kind", list(OBJECTS))
def test_every_sobject_is_legal_by_its_schema(state, kind):
    fields = fields_of(kind)
    records = list(state.select("salesforce", kind))
    assert records, f"no {kind} at all"
    for record in records:
        assert set(record.body) <= set(fields)
        assert all(record.body.get(name) for name, field in fields.items() if field.required)
        for name, value in record.body.items():
            check_value(state, fields[name], value)


def check_value(state: State, field, value) -> None:
    if field.type == "picklist":
        assert value in field.values
    elif field.type == "reference":
        assert state.get("salesforce", field.reference_to, value) is not None
    elif field.type in {"double", "currency", "percent"}:
        assert isinstance(value, float)
    elif field.type == "date":
        assert dt.date.fromisoformat(value)
    elif field.type == "datetime":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", value)
    elif field.length:
        assert isinstance(value, str)
        assert 0 < len(value) <= field.length


def test_every_scan_belongs_to_its_shipment_and_lies_in_the_past(state):
    now = "2026-11-24T00:00:00.000+0000"
    for event in live(state, "salesforce", "Shipment_Event__c"):
        assert event.body["Event_At__c"] <= now
    by_shipment = defaultdict(list)
    for event in live(state, "salesforce", "Shipment_Event__c"):
        by_shipment[event.body["Shipment__c"]].append(event)
    shipments = {record.id: record.body for record in live(state, "salesforce", "Shipment__c")}
    again = [
        id_
        for id_, events in by_shipment.items()
        if max(events, key=lambda event: event.body["Event_At__c"]).body["Name"] != "Delivered"
        and shipments[id_]["Status__c"] == "Delivered"
    ]
    assert again, "no shipment was scanned again after its delivery"
    assert {"Exception", "In Transit", "Delivered", "Cancelled", "Booked"} <= {
        body["Status__c"] for body in shipments.values()
    }
    held = [body for body in shipments.values() if body["Status__c"] == "Exception"]
    assert all(body["Exception_Reason__c"] and body["Exception_Since__c"] for body in held)


def test_nothing_is_written_after_the_day_of_seeding_and_many_times_are_equal(state):
    end = int(dt.datetime.combine(TODAY, dt.time(), dt.UTC).timestamp() * 1000)
    rows = state.connection.execute("SELECT created, modified FROM record WHERE deleted = 0").fetchall()
    assert all(created <= modified <= end for created, modified in rows)
    assert min(created for created, _ in rows) > end - 732 * 86_400_000
    shared = Counter(modified for _, modified in rows)
    assert sum(count for count in shared.values() if count > 1) >= 0.3 * len(rows)


# --- the books


def test_each_invoice_adds_up_and_its_balance_is_what_payments_left(state):
    paid: Counter[str] = Counter()
    for payment in live(state, "quickbooks", "Payment"):
        for line in payment.body["Line"]:
            (link,) = line["LinkedTxn"]
            paid[link["TxnId"]] += cents(line["Amount"]) if link["TxnType"] == "Invoice" else 0
    for invoice in live(state, "quickbooks", "Invoice"):
        body = invoice.body
        sums = Counter({"SalesItemLineDetail": 0, "DiscountLineDetail": 0, "SubTotalLineDetail": 0})
        for line in body["Line"]:
            sums[line["DetailType"]] += cents(line.get("Amount", 0))
        assert sums["SubTotalLineDetail"] == sums["SalesItemLineDetail"]
        net = sums["SalesItemLineDetail"] - sums["DiscountLineDetail"]
        assert cents(body["TotalAmt"]) == net + cents(body["TxnTaxDetail"]["TotalTax"])
        assert cents(body["Balance"]) == cents(body["TotalAmt"]) - paid[invoice.id] >= 0


def test_each_payment_is_used_up_or_says_what_is_left(state):
    for payment in live(state, "quickbooks", "Payment"):
        used: Counter[str] = Counter()
        for line in payment.body["Line"]:
            used[line["LinkedTxn"][0]["TxnType"]] += cents(line["Amount"])
        received = cents(payment.body["TotalAmt"]) + used["CreditMemo"]
        assert received == used["Invoice"] + cents(payment.body["UnappliedAmt"])


def test_each_customer_owes_its_open_invoices_less_its_credits(state):
    owed: Counter[str] = Counter()
    for kind, field, sign in (
        ("Invoice", "Balance", 1),
        ("Payment", "UnappliedAmt", -1),
        ("CreditMemo", "Balance", -1),
    ):
        for record in live(state, "quickbooks", kind):
            owed[record.body["CustomerRef"]["value"]] += sign * cents(record.body[field])
    customers = {record.id: record.body for record in live(state, "quickbooks", "Customer")}
    jobs: Counter[str] = Counter()
    for id_, body in customers.items():
        assert cents(body["Balance"]) == owed[id_]
        jobs[body.get("ParentRef", {}).get("value", id_)] += owed[id_]
    for id_, body in customers.items():
        assert cents(body["BalanceWithJobs"]) == (owed[id_] if body["Job"] else jobs[id_])


def test_credit_memos_are_used_by_a_payment(state):
    used: Counter[str] = Counter()
    for payment in live(state, "quickbooks", "Payment"):
        for line in payment.body["Line"]:
            (link,) = line["LinkedTxn"]
            used[link["TxnId"]] += cents(line["Amount"]) if link["TxnType"] == "CreditMemo" else 0
    memos = live(state, "quickbooks", "CreditMemo")
    assert memos
    for memo in memos:
        assert cents(memo.body["TotalAmt"]) - used[memo.id] == cents(memo.body["RemainingCredit"])


def test_every_reference_in_the_books_resolves(state):
    for kind in ("Invoice", "Payment", "CreditMemo"):
        for record in state.select("quickbooks", kind):
            assert state.get("quickbooks", "Customer", record.body["CustomerRef"]["value"]) is not None
            links = [
                *record.body.get("LinkedTxn", ()),
                *(x for line in record.body["Line"] for x in line.get("LinkedTxn", ())),
            ]
            assert all(state.get("quickbooks", link["TxnType"], link["TxnId"]) is not None for link in links)
            details = [line["SalesItemLineDetail"] for line in record.body["Line"] if "SalesItemLineDetail" in line]
            items = [detail["ItemRef"]["value"] for detail in details if "ItemRef" in detail]
            assert all(state.get("quickbooks", "Item", item) is not None for item in items)


def test_the_books_hold_every_awkward_case(state):
    invoices = [record.body for record in live(state, "quickbooks", "Invoice")]
    customers = [record.body for record in live(state, "quickbooks", "Customer")]
    payments = [record.body for record in live(state, "quickbooks", "Payment")]
    numbers = Counter(body.get("DocNumber") for body in invoices)
    text = json.dumps([*invoices, *customers], ensure_ascii=False)
    cases = {
        "sub-customer": any(body["Job"] and not body["IsProject"] for body in customers),
        "project": any(body["Job"] and body["IsProject"] for body in customers),
        "inactive": any(not body["Active"] and body["DisplayName"].endswith(" (deleted)") for body in customers),
        "two addresses in one field": any(
            ", " in body.get("PrimaryEmailAddr", {}).get("Address", "") for body in customers
        ),
        "no address": any("PrimaryEmailAddr" not in body for body in customers),
        "one payment over two invoices": any(len(body["Line"]) > 1 and body["TotalAmt"] for body in payments),
        "unapplied rest": any(body["UnappliedAmt"] for body in payments),
        "partly paid": any(0 < body["Balance"] < body["TotalAmt"] for body in invoices),
        "voided": any(body.get("PrivateNote") == "Voided" and body["TotalAmt"] == 0 for body in invoices),
        "zero but not void": any(body["TotalAmt"] == 0 and "PrivateNote" not in body for body in invoices),
        "overdue": any(body["Balance"] and body["DueDate"] < TODAY.isoformat() for body in invoices),
        "no bill e-mail": any("BillEmail" not in body for body in invoices),
        "no number": numbers[None] > 0,
        "a number twice": any(count > 1 for number, count in numbers.items() if number),
        "service date of the year 9999": "9999-12-31" in text,
        "apostrophe, backslash, emoji": "José's Taquería \\\\ Catering 🌮" in text,
        "discount": "DiscountLineDetail" in text,
        "remark": "DescriptionOnly" in text,
        "currencies": {body["CurrencyRef"]["value"] for body in invoices} == {"USD", "EUR", "GBP", "JPY"},
        "deleted": state.count("quickbooks", "Invoice", "deleted = 1") == 1,
        "company": state.count("quickbooks", "CompanyInfo") == state.count("quickbooks", "Preferences") == 1,
    }
    assert [name for name, there in cases.items() if not there] == []


def test_yen_have_no_cents(state):
    amounts = [
        body["TotalAmt"]
        for body in (record.body for record in live(state, "quickbooks", "Invoice"))
        if body["CurrencyRef"]["value"] == "JPY"
    ]
    assert amounts
    assert all(amount == int(amount) for amount in amounts)


def test_some_invoices_were_last_written_on_either_side_of_the_clock_change(state):
    change = int(dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC).timestamp() * 1000)
    for moment in (change - 1000, change):
        assert state.count("quickbooks", "Invoice", "modified = ?", (moment,)) > 0


# --- who is who


def domain(address: str) -> str:
    return address.split(",", 1)[0].rpartition("@")[2].removeprefix("https://www.")


def test_most_accounts_name_their_customer_and_their_folder_and_some_must_be_found(state):
    accounts = live(state, "salesforce", "Account")
    customers = {record.id: record.body for record in live(state, "quickbooks", "Customer") if not record.body["Job"]}
    linked = [account for account in accounts if "QuickBooks_Id__c" in account.body]
    for account in linked:
        assert customers.pop(account.body["QuickBooks_Id__c"])["DisplayName"] == account.body["Name"]
    sites = {account.body["Website"].removeprefix("https://www.") for account in accounts if "Website" in account.body}
    names = Counter(account.body["Name"] for account in accounts)
    how = Counter(
        "domain"
        if domain(body.get("PrimaryEmailAddr", {}).get("Address", "")) in sites
        else {0: "nobody", 1: "name"}.get(names[body["DisplayName"]], "ambiguous")
        for body in customers.values()
    )
    assert how == {"domain": 2, "name": 1, "ambiguous": 1, "nobody": 4}


def test_every_account_has_a_folder_but_the_twin_and_one_folder_is_nobodys(state):
    folders = {
        record.id: record.body["name"]
        for record in live(state, "google_drive", "file")
        if record.body["parents"] == ["fld-clients"]
    }
    by_name = set()
    for account in live(state, "salesforce", "Account"):
        if "Drive_Folder_Id__c" in account.body:
            assert folders.pop(account.body["Drive_Folder_Id__c"]) == account.body["Name"]
        else:
            by_name.add(account.body["Name"])
    assert len(by_name & set(folders.values())) == 2
    assert set(folders.values()) - by_name == {"Old scans, sort me"}


def test_contacts_sign_in_with_reserved_addresses_and_one_account_has_nobody(state):
    contacts = live(state, "salesforce", "Contact")
    addresses = [contact.body["Email"] for contact in contacts if "Email" in contact.body]
    assert len(set(addresses)) == len(addresses)
    assert all(address.endswith(".example") for address in addresses)
    assert len(addresses) < len(contacts)
    assert {contact.body.get("Portal_Role__c") for contact in contacts} == {"owner", "member", "viewer", None}
    accounts = {account.id for account in live(state, "salesforce", "Account")}
    assert len(accounts - {contact.body["AccountId"] for contact in contacts}) == 2


# --- what each profile shows


def test_each_demo_client_waits_for_something_and_has_something_wrong(state):
    for profile in PROFILES:
        account = next(
            account for account in live(state, "salesforce", "Account") if account.body["Profile__c"] == profile
        )
        projects = [row for row in live(state, "salesforce", "Project__c") if row.body["Account__c"] == account.id]
        ids = {project.id for project in projects}
        steps = [row.body for row in live(state, "salesforce", "Milestone__c") if row.body["Project__c"] in ids]
        waiting = [step for step in steps if step["Status__c"] == "Waiting for Client"]
        assert all(step["Client_Action__c"] and step["Due_Date__c"] > TODAY.isoformat() for step in waiting)
        assert waiting, profile
        assert any(project.body["Health__c"] != "on_track" for project in projects)


def test_each_profile_has_a_client_on_its_first_visit_and_one_with_nothing_open(state):
    for profile in PROFILES:
        mine = [row for row in live(state, "salesforce", "Account") if row.body["Profile__c"] == profile]
        invoices = defaultdict(list)
        for invoice in live(state, "quickbooks", "Invoice"):
            invoices[invoice.body["CustomerRef"]["value"]].append(invoice.body["Balance"])
        books = [invoices[account.body["QuickBooks_Id__c"]] for account in mine if "QuickBooks_Id__c" in account.body]
        assert [] in books
        assert any(book and not any(book) for book in books)


# --- files' places


def test_every_file_has_its_folder_its_bytes_and_its_project(state):
    files = {record.id: record.body for record in live(state, "google_drive", "file")}
    for id_, body in files.items():
        (parent,) = body["parents"]
        assert parent == ROOT_ID or files[parent]["mimeType"] == FOLDER
        if project := body.get("properties", {}).get("project"):
            assert state.get("salesforce", "Project__c", project) is not None
        for blob in (*filter(None, [body.get("_blob")]), *body.get("_exports", {}).values()):
            assert state.blob(blob)
        revisions = [row.body["id"] for row in state.select("google_drive", "revision", "id LIKE ?", (f"{id_}/%",))]
        assert not revisions or body["headRevisionId"] in revisions


def test_file_names_are_as_awkward_as_people_make_them(state):
    files = [record.body for record in live(state, "google_drive", "file")]
    names = " ".join(body["name"] for body in files)
    assert all(sign in names for sign in ("ü", "’", "'", "/", "📦"))
    twice = Counter((body["parents"][0], body["name"]) for body in files)
    assert max(twice.values()) == 2
    assert any(body.get("trashed") for body in files)
    assert any(body["mimeType"] == "application/vnd.google-apps.document" for body in files)
