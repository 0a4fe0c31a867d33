"""What the firm's staff would do in each system: the control page's buttons and the JSON API's named edits.

Each edit writes as the vendor would when a person presses the button there: side effects (a payment, an event, a new
revision) included, clocks and tokens bumped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.edits import books, merging, papers, work
from sandbox.edits.records import Refused, create, delete, found, fresh_id, late_commit, merge, restore
from sandbox.state import Record, State

__all__ = ["EDITS", "Refused", "create", "delete", "found", "fresh_id", "merge", "restore", "told", "vendor_of"]


def _delete(state: State, wish: dict[str, Any]) -> Record:
    return delete(state, str(wish["vendor"]), str(wish["kind"]), str(wish["id"]), purge=bool(wish.get("purge")))


def _restore(state: State, wish: dict[str, Any]) -> Record:
    return restore(state, str(wish["vendor"]), str(wish["kind"]), str(wish["id"]))


EDITS: dict[str, Callable[[State, dict[str, Any]], Record]] = {
    "pay-invoice": books.pay_invoice,
    "void-invoice": books.void_invoice,
    "credit-invoice": books.credit_invoice,
    "delay-shipment": work.delay_shipment,
    "hold-shipment": work.hold_shipment,
    "release-shipment": work.release_shipment,
    "move-milestone": work.move_milestone,
    "recalculate-project": work.recalculate_project,
    "merge-accounts": merging.merge_accounts,
    "new-version": papers.new_version,
    "late-commit": late_commit,
    "delete": _delete,
    "restore": _restore,
}
VENDORS = {
    "pay-invoice": "quickbooks",
    "void-invoice": "quickbooks",
    "credit-invoice": "quickbooks",
    "new-version": "google_drive",
}
TOLD = {
    "pay-invoice": "Invoice {name} {left}.",
    "void-invoice": "Invoice {name} is void.",
    "credit-invoice": "Invoice {name} has a credit and {left}.",
    "delay-shipment": "Shipment {name} is delayed.",
    "hold-shipment": "Shipment {name} is held.",
    "release-shipment": "Shipment {name} goes on.",
    "move-milestone": "{name} is done.",
    "recalculate-project": "{name} shows another progress, without a change of its own.",
    "merge-accounts": "{name} has taken over the other account.",
    "new-version": "{name} has a new version.",
    "late-commit": "{name} has committed late.",
    "delete": "{name} is deleted.",
    "restore": "{name} is back.",
}


def told(edit: str, record: Record, *, at_once: bool) -> str:
    """What happened, in a sentence for the person who pressed the button; `at_once`: whoever listens hears of it."""
    body = record.body
    name = body.get("DocNumber") or body.get("Name") or body.get("name") or record.id
    left = f"has {body['Balance']:,.2f} left to pay" if body.get("Balance") else "is paid"
    when = "in a moment" if at_once else "after its next sync"
    return f"{TOLD[edit].format(name=name, left=left)} The portal shows it {when}."


def vendor_of(edit: str, wish: dict[str, Any]) -> str:
    """Whose record an edit changes."""
    return str(wish.get("vendor") or VENDORS.get(edit, "salesforce"))
