"""Bulk API 2.0 query jobs, with the library that firms use and with plain requests for what it hides."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, SalesforceMalformedRequest
from simple_salesforce.exceptions import SalesforceOperationError

from sandbox.salesforce.ids import numbered_id
from sandbox.state import State

QUERY = "SELECT Id, Name, CreatedDate, Owner.Name FROM Account ORDER BY Name"


@pytest.fixture(autouse=True)
def accounts(state: State) -> None:
    rows = [
        (numbered_id("001", n), {"Name": f'A{n}, "the\nbest"'}, 1_700_000_000_000, 1_700_000_000_000) for n in range(5)
    ]
    state.load("salesforce", "Account", rows)
    state.put("salesforce", "Account", numbered_id("001", 9), {"Name": "Gone"}, deleted=True)


class Jobs:
    """The resource, asked plainly."""

    def __init__(self, url: str, org: Salesforce) -> None:
        self.url, self.headers = f"{url}/services/data/v68.0/jobs/query", {"Authorization": f"Bearer {org.session_id}"}

    def __call__(self, method: str, path: str = "", **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, headers=self.headers, timeout=30, **options)

    def create(self, query: str = QUERY, **wish: str) -> dict[str, Any]:
        made: dict[str, Any] = self("POST", json={"operation": "query", "query": query, **wish}).json()
        return made


@pytest.fixture
def jobs(url: str, org: Salesforce) -> Jobs:
    return Jobs(url, org)


def rows(text: str, **options: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), **options))


def test_the_library_reads_a_query_page_by_page(org: Salesforce) -> None:
    pages = list(
        org.bulk2.Account.query("SELECT Name FROM Account WHERE Name LIKE 'A%' ORDER BY Name", max_records=2, wait=0.01)
    )
    assert [len(rows(page)) - 1 for page in pages] == [2, 2, 1]
    assert rows(pages[0])[:2] == [["Name"], ['A0, "the\nbest"']]


def test_deleted_rows_come_with_query_all(org: Salesforce) -> None:
    names = {
        row[0] for page in org.bulk2.Account.query_all("SELECT Name FROM Account", wait=0.01) for row in rows(page)[1:]
    }
    assert "Gone" in names


def test_a_job_that_fails_says_why_and_has_no_results(url: str, org: Salesforce, jobs: Jobs) -> None:
    switch, why = f"{url}/control/salesforce/bulk", "InternalServerError: the query ran into its limit"
    requests.post(switch, json={"fail": why}, timeout=30)
    with pytest.raises(SalesforceOperationError, match="ran into its limit"):
        list(org.bulk2.Account.query(QUERY, wait=0.01))
    job = jobs("GET", f"/{jobs.create()['id']}").json()
    assert (job["state"], job["errorMessage"], job["numberRecordsProcessed"]) == ("Failed", why, 0)
    assert jobs("GET", f"/{job['id']}/results").status_code == 400
    requests.post(switch, json={"fail": ""}, timeout=30)
    assert [len(rows(page)) - 1 for page in org.bulk2.Account.query(QUERY, wait=0.01)] == [5]


def test_a_job_from_its_creation_to_its_deletion(jobs: Jobs) -> None:
    job = jobs.create()
    assert (job["state"], job["object"], job["apiVersion"]) == ("UploadComplete", "Account", 68.0)
    ready = jobs("GET", f"/{job['id']}").json()
    assert (ready["state"], ready["numberRecordsProcessed"]) == ("JobComplete", 5)
    first = jobs("GET", f"/{job['id']}/results", params={"maxRecords": 3})
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    header, row = rows(first.text)[:2]
    assert header == ["Id", "Name", "CreatedDate", "Owner.Name"]
    assert row[2:] == ["2023-11-14T22:13:20.000Z", ""]
    place = {"maxRecords": 3, "locator": first.headers["Sforce-Locator"]}
    last, again = (jobs("GET", f"/{job['id']}/results", params=place) for _ in range(2))
    assert last.headers["Sforce-Locator"] == "null"
    assert last.text == again.text
    assert len(rows(last.text)) == 3
    assert [one["id"] for one in jobs("GET").json()["records"]] == [job["id"]]
    assert jobs("DELETE", f"/{job['id']}").status_code == 204
    assert jobs("GET", f"/{job['id']}").status_code == 404


def test_a_page_stays_as_it_was_though_the_records_change(jobs: Jobs, state: State) -> None:
    job = jobs.create()
    state.put("salesforce", "Account", numbered_id("001", 0), {"Name": "Another"})
    assert "Another" not in jobs("GET", f"/{job['id']}/results").text


def test_a_slow_job_is_in_progress_and_can_be_aborted(jobs: Jobs, org: Salesforce, url: str) -> None:
    requests.post(f"{url}/control/salesforce/bulk", json={"seconds": 3600}, timeout=30).raise_for_status()
    job = jobs.create()
    assert jobs("GET", f"/{job['id']}").json()["state"] == "InProgress"
    assert jobs("GET", f"/{job['id']}/results").status_code == 400
    assert jobs("DELETE", f"/{job['id']}").status_code == 400
    assert org.bulk2.Account._client.abort_job(job["id"], is_query=True)["state"] == "Aborted"
    assert jobs("PATCH", f"/{job['id']}", json={"state": "Aborted"}).status_code == 400
    with pytest.raises(SalesforceOperationError, match="Job failure"):
        org.bulk2.Account._client.wait_for_job(job["id"], is_query=True, wait=0.01)


def test_delimiters_and_line_ends_are_as_asked_for(jobs: Jobs) -> None:
    job = jobs.create("SELECT Id, Name FROM Account LIMIT 1", columnDelimiter="PIPE", lineEnding="CRLF")
    text = jobs("GET", f"/{job['id']}/results").content.decode()
    assert text.startswith('"Id"|"Name"\r\n')


def test_the_pages_are_read_by_the_version_that_made_the_job(jobs: Jobs) -> None:
    job = jobs.create()
    jobs.url = jobs.url.replace("v68.0", "v67.0")
    assert jobs("GET", f"/{job['id']}/results").status_code == 409


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT() FROM Account",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Id FROM Account OFFSET 3",
        "SELECT Nonsense FROM Account",
        "SELECT",
    ],
)
def test_what_bulk_cannot_do_is_refused_at_once(org: Salesforce, query: str) -> None:
    with pytest.raises(SalesforceMalformedRequest):
        list(org.bulk2.Account.query(query, wait=0.01))


def test_the_days_jobs_are_counted(jobs: Jobs, org: Salesforce) -> None:
    jobs.create()
    assert org.limits()["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 9_999}
