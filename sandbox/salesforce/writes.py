"""Create, update, upsert, delete: checked as Salesforce checks, refused with its codes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import orjson

from sandbox.salesforce.describe import writable
from sandbox.salesforce.errors import Fault, no_such_column, not_found
from sandbox.salesforce.ids import new_id, to_18
from sandbox.salesforce.org import TEXT_TYPES, VENDOR, Org
from sandbox.salesforce.rows import stamp
from sandbox.salesforce.schema import OBJECTS, Field
from sandbox.state import Record

Data = dict[str, Any]
NO_EXTERNAL = "Provided external ID field does not exist or is not accessible"
LONGEST = {"textarea": 32000}
DATE = re.compile(r"\d{4}-\d\d-\d\d")
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
"""What a date and an instant look like at the vendor; Python reads weeks and days without hyphens too."""


class Several(Exception):
    """An external id belongs to more than one record: answered 300 with their addresses."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} records")
        self.ids = ids


def live(org: Org, entity: str, id_: str) -> Record:
    """The record by a 15 or 18 character id. Raises MALFORMED_ID, NOT_FOUND or ENTITY_IS_DELETED."""
    try:
        long = to_18(id_)
    except ValueError:
        raise Fault(400, "MALFORMED_ID", f"malformed id {id_}") from None
    record = org.state.get(VENDOR, entity, long)
    if record is None:
        message = f"{NO_EXTERNAL}: {id_}"
        raise not_found(message if not long.startswith(OBJECTS[entity][0]) else "The requested resource does not exist")
    if record.deleted:
        raise Fault(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    return record


def create(org: Org, entity: str, data: Data) -> str:
    """Store a new record; returns its id."""
    body = _checked(org, entity, data, None)
    missing = [f.name for f in org.fields(entity).values() if f.required and body.get(f.name) in (None, "")]
    if missing:
        raise Fault(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    with org.state.transaction():
        id_ = new_id(org.state, entity)
        org.state.put(VENDOR, entity, id_, _kept(_derived(org, entity, body)))
    return id_


def update(org: Org, record: Record, data: Data) -> None:
    """Change some fields of a record; null clears one."""
    changes = _checked(org, record.kind, data, record.id)
    for name in changes:
        if org.fields(record.kind)[name].required and changes[name] in (None, ""):
            raise Fault(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", [name])
    org.state.put(VENDOR, record.kind, record.id, _kept(_derived(org, record.kind, {**record.body, **changes})))


def upsert(org: Org, entity: str, name: str, value: str, data: Data, *, update_only: bool = False) -> tuple[str, bool]:
    """Create or update by an external id; (record id, created). Raises Several when it is not unique."""
    field = external_field(org, entity, name)
    if any(key.lower() == field.name.lower() for key in data):
        raise Fault(400, "INVALID_FIELD", f"The {field.name} field should not be specified in the sobject data.", [])
    if field.name == "Id":
        record = live(org, entity, value)
        update(org, record, data)
        return record.id, False
    with org.state.transaction():
        found = by_external_id(org, entity, field, value)
        if len(found) > 1:
            raise Several([record.id for record in found])
        if found:
            update(org, found[0], data)
            return found[0].id, False
        if update_only:
            raise not_found()
        return create(org, entity, {**data, field.name: value}), True


def external_field(org: Org, entity: str, name: str) -> Field:
    """The field that a path names. Raises NOT_FOUND."""
    try:
        return org.field(entity, name)
    except Fault:
        raise not_found(f"{NO_EXTERNAL}: {name}") from None


def by_external_id(org: Org, entity: str, field: Field, value: str) -> list[Record]:
    """Live records that carry the external id, ignoring case as the vendor does."""
    if not field.external_id:
        raise not_found(f"{NO_EXTERNAL}: {field.name}")
    where = f"deleted = 0 AND json_extract(body, '$.{field.name}') = ? COLLATE NOCASE"
    return list(org.state.select(VENDOR, entity, where, (value,)))


def delete(org: Org, record: Record) -> None:
    """Into the recycle bin."""
    org.state.put(VENDOR, record.kind, record.id, record.body, deleted=True)


def _checked(org: Org, entity: str, data: Data, own_id: str | None) -> Data:
    """The fields as they will be stored, under their own spelling."""
    body: Data = {}
    for name, value in data.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            name, value = _parent(org, entity, name, value)  # noqa: PLW2901 - the relationship stands for its field
        field = _writable(org, entity, name)
        body[field.name] = None if value is None else _typed(org, field, value)
        if field.external_id and value not in (None, ""):
            _unique(org, entity, field, str(value), own_id)
    return body


def _parent(org: Org, entity: str, name: str, key: Data) -> tuple[str, Any]:
    """`{"Account": {"QuickBooks_Id__c": "7"}}` as the reference field and the id of the record with that key."""
    field = org.parent(entity, name)
    pairs = [(one, value) for one, value in key.items() if one != "attributes"]
    if len(pairs) != 1:
        raise Fault(400, "INVALID_FIELD", f"{name}: exactly one external id has to be given", [name])
    one, value = pairs[0]
    found = by_external_id(org, field.reference_to, external_field(org, field.reference_to, one), str(value))
    if len(found) != 1:
        message = f"Foreign key external ID: {value} not found for field {one} in entity {field.reference_to}"
        raise Fault(400, "INVALID_FIELD", message, [])
    return field.name, found[0].id


def _writable(org: Org, entity: str, name: str) -> Field:
    try:
        field = org.field(entity, name)
    except Fault:
        raise Fault(400, "INVALID_FIELD", no_such_column(name, entity).message, [name]) from None
    if not writable(entity, field):
        raise Fault(
            400,
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {field.name}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set.",
            [field.name],
        )
    return field


def _typed(org: Org, field: Field, value: Any) -> Any:
    if field.type in TEXT_TYPES:
        return _text(field, value)
    if field.type == "reference":
        return _reference(org, field, value)
    check = CHECKS[field.type]
    if not check(value):
        shown = f"VALUE_STRING value {value}" if isinstance(value, str) else f"value {value}"
        message = f"Cannot deserialize instance of {field.type} from {shown} or request may be missing a required field"
        raise Fault(400, "JSON_PARSER_ERROR", message)
    return _utc(value) if field.type == "datetime" else value


def _utc(value: str) -> str:
    """An instant as the vendor keeps it: UTC, to the second. Queries compare it as text."""
    return stamp(int(dt.datetime.fromisoformat(value).timestamp()) * 1000)


def _text(field: Field, value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    longest = field.length or LONGEST.get(field.type, 255)
    if field.type == "picklist" and text and text not in field.values:
        message = f"{field.name}: bad value for restricted picklist field: {text}"
        raise Fault(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    if len(text) > longest:
        message = f"{field.name}: data value too large: {text[:80]} (max length={longest})"
        raise Fault(400, "STRING_TOO_LONG", message, [field.name])
    if field.type == "email" and text and not _is_email(text):
        message = f"{field.name}: invalid email address: {text}"
        raise Fault(400, "INVALID_EMAIL_ADDRESS", message, [field.name])
    return text


def _is_email(value: str) -> bool:
    name, at, domain = value.partition("@")
    return bool(name and at and "." in domain) and not any(character.isspace() for character in value)


def _reference(org: Org, field: Field, value: Any) -> str:
    try:
        long = to_18(str(value))
    except ValueError:
        message = f"{field.name}: id value of incorrect type: {value}"
        raise Fault(400, "MALFORMED_ID", message, [field.name]) from None
    target = org.state.get(VENDOR, field.reference_to, long)
    if target is None or target.deleted:
        raise Fault(400, "INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {value}", [field.name])
    return long


def _unique(org: Org, entity: str, field: Field, value: str, own_id: str | None) -> None:
    for other in by_external_id(org, entity, field, value):
        if other.id != own_id:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {other.id}"
            raise Fault(400, "DUPLICATE_VALUE", message, [field.name])


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _date(value: Any) -> bool:
    try:
        return bool(DATE.fullmatch(value) and dt.date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _datetime(value: Any) -> bool:
    try:
        return bool(DATETIME.fullmatch(value) and _utc(value))
    except (TypeError, ValueError, OverflowError):
        return False


CHECKS: dict[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
}


def _derived(org: Org, entity: str, body: Data) -> Data:
    """What the platform composes itself: a contact's name, a case's number and whether it is closed."""
    if entity == "Contact":
        names = (body.get("FirstName"), body.get("LastName"))
        return body | {"Name": " ".join(name for name in names if name)}
    if entity == "Case":
        closed = body.get("Status") == "Closed"
        number = body.get("CaseNumber") or f"{org.state.count(VENDOR, 'Case', '1') + 1001:08d}"
        at = (body.get("ClosedDate") or stamp(org.state.now())) if closed else None
        status = body.get("Status") or "New"
        return body | {"CaseNumber": number, "IsClosed": closed, "ClosedDate": at, "Status": status}
    return body


def _kept(body: Data) -> Data:
    """Salesforce stores no empty fields."""
    return {name: value for name, value in body.items() if value not in (None, "")}
