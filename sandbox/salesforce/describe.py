"""What describe says: an object's facts and its fields'."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.functions import countable, groupable
from sandbox.salesforce.org import MASTER, NUMBER_TYPES, SYSTEM, Org, children, filterable, relationship, schema_fields
from sandbox.salesforce.schema import ADDRESS, OBJECTS, Field, part_of

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
READ_ONLY = frozenset(
    {("Account", MASTER), ("Contact", "Name"), ("Case", "CaseNumber"), ("Case", "IsClosed"), ("Case", "ClosedDate")}
)


def writable(entity: str, field: Field) -> bool:
    """Whether a client may set a field: not what the platform keeps, composes, numbers or works out itself."""
    if field.type == "address" or field.calculated:
        return False
    return field.name not in SYSTEM and (entity, field.name) not in READ_ONLY


def global_describe(org: Org, base: str) -> dict[str, Any]:
    """GET /sobjects."""
    names = [name for name in OBJECTS if name not in org.hidden]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [summary(name, base) for name in names]}


def summary(name: str, base: str) -> dict[str, Any]:
    """An object's line in the list. `base` is `/services/data/vNN.0`."""
    label = name.removesuffix("__c").replace("_", " ")
    address = f"{base}/sobjects/{name}"
    flags = dict.fromkeys(
        ("queryable", "replicateable", "retrieveable", "createable", "updateable", "searchable"), True
    )
    return {
        "name": name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": OBJECTS[name][0],
        "custom": name.endswith("__c"),
        **flags,
        "deletable": name != "User",
        "undeletable": name != "User",
        "urls": {"sobject": address, "describe": f"{address}/describe", "rowTemplate": address + "/{ID}"},
    }


def describe(org: Org, entity: str, base: str) -> dict[str, Any]:
    """GET /sobjects/X/describe."""
    kin = [
        {"childSObject": child, "field": field.name, "relationshipName": name}
        for name, (child, field) in children(entity).items()
    ]
    fields = [describe_field(entity, field) for field in org.fields(entity).values()]
    return {**summary(entity, base), "fields": fields, "childRelationships": kin, "recordTypeInfos": []}


def describe_field(entity: str, field: Field) -> dict[str, Any]:
    """One element of `fields`."""
    number, free = field.type in NUMBER_TYPES, writable(entity, field)
    return {
        "name": field.name,
        "label": field.name.removesuffix("__c").replace("_", " "),
        "type": field.type,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "length": 18 if field.type in ("id", "reference") else field.length or (0 if number else 255),
        "precision": 18 if number else 0,
        "scale": 2 if number and field.type != "int" else 0,
        "nillable": not field.required and field.name not in SYSTEM and field.type != "boolean",
        "createable": free,
        "updateable": free,
        "filterable": filterable(field),
        "sortable": filterable(field),
        "groupable": groupable(field),
        "aggregatable": countable(field),
        "calculated": field.calculated,
        "custom": field.name.endswith("__c"),
        "externalId": field.external_id,
        "unique": field.external_id,
        "idLookup": field.external_id or field.name == "Id",
        "nameField": field.name == "Name",
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": relationship(field) if field.reference_to else None,
        "restrictedPicklist": field.type == "picklist",
        "picklistValues": [{"value": v, "label": v, "active": True, "defaultValue": False} for v in field.values],
        "compoundFieldName": compound(entity, field),
    }


def compound(entity: str, field: Field) -> str | None:
    """The address that shows a field as one of its parts."""
    addresses = [one.name for one in schema_fields(entity).values() if one.type == "address"]
    return next((name for name in addresses if field.name in {part_of(name, part) for part in ADDRESS}), None)
