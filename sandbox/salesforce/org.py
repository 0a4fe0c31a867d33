"""The sample org as one user sees it: objects and fields by any spelling of case, relationships, hidden fields."""

from __future__ import annotations

import json
from functools import cache

from sandbox.salesforce.errors import NO_RELATIONSHIP_HINT, Fault, no_such_column, no_such_type
from sandbox.salesforce.ids import numbered_id
from sandbox.salesforce.schema import OBJECTS, Field, fields_of
from sandbox.state import State

VENDOR = "salesforce"
ADMIN = numbered_id("005", 1)
HIDDEN = "salesforce_hidden"

TEXT_TYPES = frozenset({"string", "textarea", "picklist", "email", "phone", "url"})
NUMBER_TYPES = frozenset({"double", "currency", "percent", "int"})
SYSTEM = frozenset({"Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp"})
LONG_TEXT = 255
MASTER = "MasterRecordId"
"""On a record that was merged into another: which. It makes no one the other's child."""

_BY_LOWER = {name.lower(): name for name in OBJECTS}


@cache
def schema_fields(name: str) -> dict[str, Field]:
    """All fields of an object as the schema has them."""
    return fields_of(name)


@cache
def _field_names(name: str) -> dict[str, str]:
    return {field.lower(): field for field in schema_fields(name)}


def relationship(field: Field) -> str:
    """How SOQL names the parent behind a reference: Account__c -> Account__r, AccountId -> Account."""
    return field.name[:-1] + "r" if field.name.endswith("__c") else field.name.removesuffix("Id")


@cache
def children(name: str) -> dict[str, tuple[str, Field]]:
    """Child relationships of an object: name -> (child object, its reference field)."""
    found = {}
    for child in OBJECTS:
        for field in schema_fields(child).values():
            if field.reference_to == name and name != "User" and field.name != MASTER:
                stem, suffix = (child[:-3], "__r") if child.endswith("__c") else (child, "")
                found[f"{stem}s{suffix}"] = (child, field)
    return found


def filterable(field: Field) -> bool:
    """Long text and compound fields can be neither filtered nor sorted."""
    return field.type != "address" and not (field.type == "textarea" and field.length > LONG_TEXT)


def hidden(state: State) -> frozenset[str]:
    """`Object` and `Object.Field` names that field-level security keeps from the integration's user."""
    return frozenset(json.loads(state.fact(HIDDEN, "[]")))


class Org:
    """One request's view of the org."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.hidden = hidden(state)
        self.admin = state.fact("salesforce_admin", ADMIN)

    def object(self, name: str) -> str:
        """The object's own spelling. Raises INVALID_TYPE."""
        found = _BY_LOWER.get(name.lower())
        if found is None or found in self.hidden:
            raise no_such_type(name)
        return found

    def fields(self, entity: str) -> dict[str, Field]:
        """The fields this user may see."""
        everything = schema_fields(entity)
        if not self.hidden:
            return everything
        return {name: field for name, field in everything.items() if f"{entity}.{name}" not in self.hidden}

    def field(self, entity: str, name: str) -> Field:
        """One field by any spelling. Raises INVALID_FIELD."""
        canonical = _field_names(entity).get(name.lower())
        if canonical is None or f"{entity}.{canonical}" in self.hidden:
            raise no_such_column(name, entity)
        return schema_fields(entity)[canonical]

    def parent(self, entity: str, name: str) -> Field:
        """The reference field behind a relationship name. Raises INVALID_FIELD."""
        for field in self.fields(entity).values():
            if field.reference_to and relationship(field).lower() == name.lower():
                return field
        raise Fault(
            400, "INVALID_FIELD", f"Didn't understand relationship '{name}' in field path. {NO_RELATIONSHIP_HINT}"
        )

    def child(self, entity: str, name: str) -> tuple[str, str, Field]:
        """(relationship as spelt, child object, its reference field). Raises INVALID_TYPE."""
        for spelling, (child, field) in children(entity).items():
            if spelling.lower() == name.lower():
                return spelling, self.object(child), field
        raise Fault(
            400,
            "INVALID_TYPE",
            f"Didn't understand relationship '{name}' in FROM part of query call. {NO_RELATIONSHIP_HINT}",
        )
