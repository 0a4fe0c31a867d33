"""What the control page shows of a client: its records in the three systems, found by the ids that link them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.state import Record, State

LISTED = 60
FOLDER = "application/vnd.google-apps.folder"
BELOW = """
WITH RECURSIVE folder(id) AS (SELECT ? UNION SELECT record.id FROM folder JOIN record
    ON json_extract(record.body, '$.parents[0]') = folder.id
    WHERE record.vendor = 'google_drive' AND record.kind = 'file'
    AND json_extract(record.body, '$.mimeType') = 'application/vnd.google-apps.folder')
SELECT id FROM folder
"""


@dataclass(frozen=True, slots=True)
class Client:
    """One account and what belongs to it, newest first, deleted records included so that they can be restored."""

    account: Record
    shipments: list[Record]
    milestones: list[Record]
    invoices: list[Record]
    files: list[Record]


def find(state: State, text: str, limit: int = LISTED) -> list[Record]:
    """Accounts whose name holds the text, by name."""
    where, args = ("instr(lower(json_extract(body, '$.Name')), lower(?))", (text,)) if text else ("1", ())
    tail = f"ORDER BY json_extract(body, '$.Name') COLLATE NOCASE, id LIMIT {limit:d}"
    return list(state.select("salesforce", "Account", f"deleted = 0 AND {where}", args, tail))


def client(state: State, account_id: str) -> Client | None:
    """A client by its account's id; None when there is none."""
    account = state.get("salesforce", "Account", account_id)
    if account is None:
        return None
    projects = "json_extract(body, '$.Project__c') IN (SELECT id FROM record WHERE vendor = 'salesforce' AND "
    projects += "kind = 'Project__c' AND json_extract(body, '$.Account__c') = ?)"
    open_steps = f"deleted = 0 AND json_extract(body, '$.Status__c') <> 'Done' AND {projects}"
    return Client(
        account,
        _newest(state, "salesforce", "Shipment__c", "json_extract(body, '$.Account__c') = ?", account_id),
        _newest(state, "salesforce", "Milestone__c", open_steps, account_id),
        _newest(
            state, "quickbooks", "Invoice", "json_extract(body, '$.CustomerRef.value') = ?", customer(state, account)
        ),
        _files(state, account),
    )


def customer(state: State, account: Record) -> str:
    """The id of the account's customer: as entered, else by equal name; empty when there is none."""
    entered = account.body.get("QuickBooks_Id__c")
    if entered:
        return str(entered)
    where = "json_extract(body, '$.DisplayName') = ?"
    named = next(state.select("quickbooks", "Customer", where, (account.body.get("Name"),)), None)
    return named.id if named else ""


def _files(state: State, account: Record) -> list[Record]:
    folder = account.body.get("Drive_Folder_Id__c") or _folder_named(state, account.body.get("Name"))
    where = f"json_extract(body, '$.mimeType') <> '{FOLDER}' AND json_extract(body, '$.parents[0]') IN ({BELOW})"
    return _newest(state, "google_drive", "file", where, folder) if folder else []


def _folder_named(state: State, name: Any) -> str:
    where = f"json_extract(body, '$.mimeType') = '{FOLDER}' AND json_extract(body, '$.name') = ?"
    folder = next(state.select("google_drive", "file", where, (name,)), None)
    return folder.id if folder else ""


def _newest(state: State, vendor: str, kind: str, where: str, value: str) -> list[Record]:
    tail = f"ORDER BY deleted, modified DESC, id LIMIT {LISTED}"
    return list(state.select(vendor, kind, where, (value,), tail))
