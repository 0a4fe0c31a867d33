"""Bulk API 1.0: simple-salesforce speaks it in JSON, others in XML with CSV."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.bulk import SFBulkType

from sandbox.state import State

SPACE = "http://www.force.com/2009/06/asyncapi/dataload"


def loader(org: Salesforce, name: str) -> SFBulkType:
    found = getattr(org.bulk, name)
    assert isinstance(found, SFBulkType)
    return found


def test_rows_are_written_in_a_job_and_each_says_how_it_went(org: Salesforce, state: State) -> None:
    accounts = loader(org, "Account")
    sent: Any = [{"Name": "One", "QuickBooks_Id__c": "1"}, {"Name": "", "QuickBooks_Id__c": "2"}]
    good, bad = accounts.upsert(sent, "QuickBooks_Id__c")
    assert (good["success"], good["created"]) == (True, True)
    assert (bad["success"], bad["errors"][0]["statusCode"]) == (False, "REQUIRED_FIELD_MISSING")
    accounts.update([{"Id": good["id"], "Name": "Renamed"}])
    assert [record.body["Name"] for record in state.select("salesforce", "Account")] == ["Renamed"]
    assert accounts.delete([{"Id": good["id"]}])[0]["created"] is False
    assert state.count("salesforce", "Account") == 0


def test_a_query_brings_records_as_json(org: Salesforce) -> None:
    loader(org, "Account").insert([{"Name": f"Client {n}"} for n in range(3)])
    soql: Any = "SELECT Name, Owner.Name FROM Account ORDER BY Name"
    found: Any = loader(org, "Account").query(soql)
    assert [record["Name"] for record in found] == ["Client 0", "Client 1", "Client 2"]
    assert found[0]["attributes"]["type"] == "Account"


class Async:
    """The API by hand, in XML and CSV as jsforce, tap-salesforce and Data Loader have it."""

    def __init__(self, url: str, token: str) -> None:
        self.place, self.headers = f"{url}/services/async/62.0/", {"X-SFDC-Session": token}

    def post(self, path: str, body: str, kind: str = "application/xml") -> requests.Response:
        headers = self.headers | {"Content-Type": kind}
        return requests.post(self.place + path, body.encode(), headers=headers, timeout=10)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.place + path, headers=self.headers, timeout=10)

    def job(self, **facts: str) -> str:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in facts.items())
        made = self.post("job", f'<?xml version="1.0"?><jobInfo xmlns="{SPACE}">{inner}</jobInfo>')
        assert (made.status_code, element(made, "state")) == (201, "Open")
        return "job/" + element(made, "id")


def element(response: requests.Response, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", response.text)
    assert found is not None, response.text
    return found[1]


@pytest.fixture
def bulk(org: Salesforce, url: str) -> Async:
    return Async(url, org.session_id)


def test_csv_goes_in_and_comes_back_with_xml_around_it(bulk: Async, state: State) -> None:
    job = bulk.job(operation="insert", object="Contact", contentType="CSV")
    added = bulk.post(f"{job}/batch", 'LastName\nAnn\n""\n', "text/csv")
    assert element(added, "state") == "Queued"
    batch = f"{job}/batch/{element(added, 'id')}"
    seen = bulk.get(batch)
    assert [element(seen, name) for name in ("state", "numberRecordsProcessed")] == ["Completed", "2"]
    assert element(seen, "numberRecordsFailed") == "1"
    answer = bulk.get(f"{batch}/result")
    lines = answer.text.splitlines()
    (contact,) = state.select("salesforce", "Contact")
    assert (answer.headers["Content-Type"], lines[0]) == ("text/csv", '"Id","Success","Created","Error"')
    assert lines[1] == f'"{contact.id}","true","true",""'
    assert lines[2].startswith('"","false","false","REQUIRED_FIELD_MISSING:')
    assert bulk.get(f"{batch}/request").text.startswith("LastName\n")
    closed = bulk.post(job, f'<jobInfo xmlns="{SPACE}"><state>Closed</state></jobInfo>')
    assert [element(closed, name) for name in ("state", "numberBatchesTotal")] == ["Closed", "1"]
    assert element(bulk.post(f"{job}/batch", "LastName\nBob\n", "text/csv"), "exceptionCode") == "InvalidJobState"


def test_a_query_in_csv_is_found_by_the_id_of_its_result(bulk: Async, state: State) -> None:
    state.put("salesforce", "Contact", "003RO0000000001YAA", {"LastName": "Ann"})
    job = bulk.job(operation="query", object="Contact", contentType="CSV")
    batch = f"{job}/batch/{element(bulk.post(f'{job}/batch', 'SELECT Id, LastName FROM Contact', 'text/csv'), 'id')}"
    result = element(bulk.get(f"{batch}/result"), "result")
    assert bulk.get(f"{batch}/result/{result}").text == '"Id","LastName"\n"003RO0000000001YAA","Ann"\n'
    wrong = bulk.post(f"{job}/batch", "SELECT Nope FROM Contact", "text/csv")
    failed = f"{job}/batch/{element(wrong, 'id')}"
    assert "INVALID_FIELD" in element(bulk.get(failed), "stateMessage")
    assert element(bulk.get(f"{failed}/result"), "exceptionMessage") == "Records not processed"
    assert bulk.get(f"{job}/batch").text.count("<batchInfo>") == 2


def test_errors_have_this_apis_own_shape(bulk: Async, url: str) -> None:
    refused = Async(url, "expired").get("job/750RO0000000001")
    assert (refused.status_code, element(refused, "exceptionCode")) == (400, "InvalidSessionId")
    told = requests.post(bulk.place + "job", json={"operation": "dance"}, headers=bulk.headers, timeout=10)
    assert (told.status_code, told.json()["exceptionCode"]) == (400, "InvalidJob")
    for path in ("job/750RO0000000001", "nothing"):
        assert bulk.get(path).status_code in (400, 404)
    upsert = f'<jobInfo xmlns="{SPACE}"><operation>upsert</operation><object>Account</object></jobInfo>'
    assert element(bulk.post("job", upsert), "exceptionCode") == "InvalidJob"
