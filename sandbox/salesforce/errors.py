"""Salesforce's errors: an array of {message, errorCode[, fields]} with an HTTP status. Source: REST API guide."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

NO_FIELD_HINT = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)
NO_TYPE_HINT = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)
NO_RELATIONSHIP_HINT = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)


class Fault(Exception):
    """A call that Salesforce refuses. `fields` is sent only where the vendor sends it: for writes."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def entry(self) -> dict[str, Any]:
        """The element of the error array."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return entry if self.fields is None else {**entry, "fields": self.fields}

    def row(self) -> dict[str, Any]:
        """The same inside a collection's answer, which says `statusCode` instead."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}

    def response(self) -> Response:
        return JSONResponse([self.entry()], self.status)


def malformed(message: str) -> Fault:
    return Fault(400, "MALFORMED_QUERY", message)


def no_such_column(name: str, entity: str) -> Fault:
    return Fault(400, "INVALID_FIELD", f"No such column '{name}' on entity '{entity}'. {NO_FIELD_HINT}")


def no_such_type(name: str) -> Fault:
    return Fault(400, "INVALID_TYPE", f"sObject type '{name}' is not supported. {NO_TYPE_HINT}")


def not_found(message: str = "The requested resource does not exist") -> Fault:
    return Fault(404, "NOT_FOUND", message)
