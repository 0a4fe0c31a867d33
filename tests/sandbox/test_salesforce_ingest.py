"""Bulk API 2.0's ingest jobs: simple-salesforce writes thousands of rows, and learns which of them failed."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, SalesforceMalformedRequest
from simple_salesforce.bulk2 import SFBulk2Type

from sandbox.state import State


@pytest.fixture
def accounts(org: Salesforce) -> SFBulk2Type:
    return loader(org, "Account")


def loader(org: Salesforce, name: str) -> SFBulk2Type:
    found = getattr(org.bulk2, name)
    assert isinstance(found, SFBulk2Type)
    return found


def rows(text: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_rows_are_inserted_updated_and_deleted_in_jobs(accounts: SFBulk2Type, state: State) -> None:
    sent: Any = [{"Name": f"Client {n}", "BillingCity": "Bonn"} for n in range(3)]
    (job,) = accounts.insert(records=sent, wait=0)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 0)
    made = rows(accounts.get_successful_records(str(job["job_id"])))
    assert [(row["sf__Created"], row["Name"]) for row in made] == [("true", f"Client {n}") for n in range(3)]
    first, second, third = (row["sf__Id"] for row in made)
    changes: Any = [
        {"Id": first, "Name": "Renamed", "BillingCity": "#N/A"},
        {"Id": second, "Name": "", "BillingCity": ""},
    ]
    accounts.update(records=changes, wait=0)
    accounts.delete(records=[{"Id": third}], wait=0)
    kept = {record.id: record.body for record in state.select("salesforce", "Account", "deleted = 0")}
    assert kept == {first: {"Name": "Renamed"}, second: {"Name": "Client 1", "BillingCity": "Bonn"}}


def test_a_failed_row_says_why_and_leaves_the_others(accounts: SFBulk2Type) -> None:
    sent: Any = [{"Name": "Good", "QuickBooks_Id__c": "1"}, {"Name": "", "QuickBooks_Id__c": "2"}]
    (job,) = accounts.upsert(records=sent, external_id_field="QuickBooks_Id__c", wait=0)
    assert job["numberRecordsFailed"] == 1
    (bad,) = rows(accounts.get_failed_records(str(job["job_id"])))
    assert (bad["sf__Id"], bad["QuickBooks_Id__c"]) == ("", "2")
    assert bad["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    again: Any = [{"Name": "Better", "QuickBooks_Id__c": "1"}]
    (job,) = accounts.upsert(records=again, external_id_field="QuickBooks_Id__c", wait=0)
    assert rows(accounts.get_successful_records(str(job["job_id"])))[0]["sf__Created"] == "false"


def test_numbers_checkboxes_and_parents_are_read_from_their_text(org: Salesforce, state: State) -> None:
    org.restful("sobjects/Account", method="POST", json={"Name": "One", "QuickBooks_Id__c": "7"})
    sent: Any = [
        {"Name": "P", "Budget__c": "12.5", "Account__r.QuickBooks_Id__c": "7"},
        {"Name": "Q", "Budget__c": "many", "Account__r.QuickBooks_Id__c": ""},
    ]
    (job,) = loader(org, "Project__c").insert(records=sent, wait=0)
    assert job["numberRecordsFailed"] == 1
    (project,) = state.select("salesforce", "Project__c")
    (account,) = state.select("salesforce", "Account")
    assert project.body == {"Name": "P", "Budget__c": 12.5, "Account__c": account.id}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Name,Nope__c\nA,B\n", "InvalidBatch : Field name not found : Nope__c"),
        ("Name\r\nA\r\n", "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF"),
        ("Name,Phone\nA\n", "InvalidBatch : Number of columns"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_whole_job(org: Salesforce, content: str, says: str) -> None:
    job = opened(org)
    put(org, job["contentUrl"], content)
    org.restful(f"jobs/ingest/{job['id']}", method="PATCH", json={"state": "UploadComplete"})
    seen: Any = org.restful(f"jobs/ingest/{job['id']}")
    assert seen["state"] == "Failed"
    assert seen["errorMessage"].startswith(says)


def opened(org: Salesforce) -> Any:
    return org.restful("jobs/ingest", method="POST", json={"object": "Account", "operation": "insert"})


def put(org: Salesforce, place: str, content: str) -> requests.Response:
    url = f"https://{org.sf_instance}/{place}"
    headers = {"Authorization": f"Bearer {org.session_id}", "Content-Type": "text/csv"}
    return org.session.put(url, content.encode(), headers=headers)


def test_a_job_takes_one_file_and_is_ready_when_the_clock_says_so(org: Salesforce, url: str) -> None:
    requests.post(f"{url}/control/salesforce/bulk", json={"seconds": 3600}, timeout=10)
    job = opened(org)
    assert (job["state"], job["apiVersion"]) == ("Open", 68.0)
    assert put(org, job["contentUrl"], "Name\nA\n").status_code == 201
    refused = put(org, job["contentUrl"], "Name\nB\n")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    closed: Any = org.restful(f"jobs/ingest/{job['id']}", method="PATCH", json={"state": "UploadComplete"})
    assert closed["state"] == "UploadComplete"
    seen: Any = org.restful(f"jobs/ingest/{job['id']}")
    assert seen["state"] == "InProgress"
    with pytest.raises(SalesforceMalformedRequest, match="INVALIDJOBSTATE"):
        org.restful(f"jobs/ingest/{job['id']}", method="PATCH", json={"state": "Aborted"})


def test_loads_and_queries_are_listed_apart_and_loads_cost_no_query_job(org: Salesforce) -> None:
    job = opened(org)
    loads: Any = org.restful("jobs/ingest")
    queries: Any = org.restful("jobs/query")
    assert ([one["id"] for one in loads["records"]], queries["records"]) == ([job["id"]], [])
    assert org.limits()["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 10_000}
    org.restful(f"jobs/ingest/{job['id']}", method="PATCH", json={"state": "Aborted"})
    org.restful(f"jobs/ingest/{job['id']}", method="DELETE")
    assert org.restful("jobs/ingest") == {"done": True, "records": [], "nextRecordsUrl": None}
