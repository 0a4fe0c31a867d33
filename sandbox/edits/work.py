"""What operations do in Salesforce: shipments are delayed, held and released, milestones move."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sandbox.edits.records import UTC, found, merge, moment
from sandbox.salesforce.ids import new_id
from sandbox.state import Record, State


def delay_shipment(state: State, wish: dict[str, Any]) -> Record:
    """The carrier is late: the ETA moves by `days` (default 3) and an event says so."""
    shipment = found(state, "salesforce", "Shipment__c", str(wish["id"]))
    days = int(wish.get("days", 3))
    later = _later(shipment.body, dt.timedelta(days=days), moment(state))
    with state.transaction():
        _shipment_event(state, shipment, "DELAY", f"Delayed by {days} {'day' if days == 1 else 'days'}")
        return merge(state, "salesforce", "Shipment__c", shipment.id, later)


def _later(body: dict[str, Any], by: dt.timedelta, now: dt.datetime) -> dict[str, str]:
    """The moved ETA: a day where the shipment has days alone."""
    at = body.get("ETA__c") or body.get("Promised_At__c")
    on = body.get("ETA_Date__c") or body.get("Promised_Date__c")
    if on and not at:
        return {"ETA_Date__c": (dt.date.fromisoformat(on) + by).isoformat()}
    eta = dt.datetime.fromisoformat(at).astimezone(UTC) if at else now
    return {"ETA__c": salesforce_stamp(eta + by)}


def hold_shipment(state: State, wish: dict[str, Any]) -> Record:
    """Customs keeps the shipment: an exception with its reason and since when."""
    shipment = found(state, "salesforce", "Shipment__c", str(wish["id"]))
    reason = str(wish.get("reason", "Held at customs"))
    fields = {
        "Status__c": "Exception",
        "Exception_Reason__c": reason,
        "Exception_Since__c": salesforce_stamp(moment(state)),
    }
    with state.transaction():
        _shipment_event(state, shipment, "HOLD", reason)
        return merge(state, "salesforce", "Shipment__c", shipment.id, fields)


def release_shipment(state: State, wish: dict[str, Any]) -> Record:
    """The exception is over: the shipment goes on."""
    shipment = found(state, "salesforce", "Shipment__c", str(wish["id"]))
    fields = {"Status__c": "In Transit", "Exception_Reason__c": None, "Exception_Since__c": None}
    with state.transaction():
        _shipment_event(state, shipment, "RELEASE", "Released")
        return merge(state, "salesforce", "Shipment__c", shipment.id, fields)


def _shipment_event(state: State, shipment: Record, code: str, description: str) -> None:
    body = {
        "Name": code.title(),
        "Shipment__c": shipment.id,
        "Event_At__c": salesforce_stamp(moment(state)),
        "Code__c": code,
        "Location__c": shipment.body.get("Location__c"),
        "Description__c": description,
    }
    state.put("salesforce", "Shipment_Event__c", new_id(state, "Shipment_Event__c"), body)


def move_milestone(state: State, wish: dict[str, Any]) -> Record:
    """A milestone gets another status (default Done, with today as its date)."""
    status = str(wish.get("status", "Done"))
    done = moment(state).date().isoformat() if status == "Done" else None
    fields = {"Status__c": status, "Completed_Date__c": done}
    return merge(state, "salesforce", "Milestone__c", str(wish["id"]), fields)


def recalculate_project(state: State, wish: dict[str, Any]) -> Record:
    """The formula behind a project's progress gives another value (`percent`): the record's own stamps stay."""
    project = found(state, "salesforce", "Project__c", str(wish["id"]))
    body = project.body | {"Percent_Complete__c": float(wish["percent"])}
    state.recalculate("salesforce", project.kind, project.id, body)
    return found(state, "salesforce", project.kind, project.id)


def salesforce_stamp(instant: dt.datetime) -> str:
    """An instant as Salesforce prints it: whole seconds in practice, `.000+0000`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
