"""SOQL's functions of a field as SQL: aggregates, and the parts of a date that one can group and filter by.

Days are UTC ones, as in an org with that time zone. Source: SOQL reference, "Aggregate Functions" and "Date Functions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.salesforce.errors import malformed
from sandbox.salesforce.org import NUMBER_TYPES, SYSTEM, filterable
from sandbox.salesforce.schema import Field

AGGREGATES = {
    "COUNT": "count({0})",
    "COUNT_DISTINCT": "count(DISTINCT {0})",
    "SUM": "sum({0})",
    "AVG": "avg({0})",
    "MIN": "min({0})",
    "MAX": "max({0})",
}
COUNTS = ("COUNT", "COUNT_DISTINCT")


def _number(first: int, length: int) -> str:
    return f"CAST(substr({{0}}, {first}, {length}) AS INTEGER)"


YEAR, MONTH, DAY, HOUR = _number(1, 4), _number(6, 2), _number(9, 2), _number(12, 2)
QUARTER = f"(({MONTH} + 2) / 3)"
DAY_IN_YEAR = "CAST(strftime('%j', substr({0}, 1, 10)) AS INTEGER)"
DATES = {
    "CALENDAR_YEAR": YEAR,
    "CALENDAR_QUARTER": QUARTER,
    "CALENDAR_MONTH": MONTH,
    "FISCAL_YEAR": YEAR,
    "FISCAL_QUARTER": QUARTER,
    "FISCAL_MONTH": MONTH,
    "WEEK_IN_YEAR": f"(({DAY_IN_YEAR} + 6) / 7)",
    "WEEK_IN_MONTH": f"(({DAY} + 6) / 7)",
    "DAY_IN_YEAR": DAY_IN_YEAR,
    "DAY_IN_MONTH": DAY,
    "DAY_IN_WEEK": "(CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 1)",
    "DAY_ONLY": "substr({0}, 1, 10)",
    "HOUR_IN_DAY": HOUR,
}
"""By the text `YYYY-MM-DDTHH:MM:SS`. The fiscal year is the calendar's; weeks have the 1st as their first day."""
NOT_GROUPED = frozenset({"double", "currency", "percent", "datetime", "textarea"})


def applied(function: str, field: Field, sql: str) -> tuple[Field, str]:
    """A function's value as a pseudo field, and its SQL. Raises MALFORMED_QUERY where the field is not of its kind."""
    if not function:
        return field, sql
    if function in DATES:
        return _part(function, field, sql)
    if not CHECKS[function](field):
        raise malformed(f"field {field.name} does not support aggregate operator {function}")
    kind = "int" if function in COUNTS else "double" if function == "AVG" else field.type
    return Field(field.name, kind), AGGREGATES[function].format(sql)


def _part(function: str, field: Field, sql: str) -> tuple[Field, str]:
    if field.type not in (("datetime",) if function in ("DAY_ONLY", "HOUR_IN_DAY") else ("date", "datetime")):
        raise malformed(f"field {field.name} does not support function {function}")
    kind = "date" if function == "DAY_ONLY" else "int"
    text = f"strftime('%Y-%m-%dT%H:%M:%S', {sql} / 1000, 'unixepoch')" if field.name in SYSTEM else sql
    return Field(field.name, kind), DATES[function].format(text)


def countable(field: Field) -> bool:
    """Whether there is something to count: long text and checkboxes have none."""
    return filterable(field) and field.type != "boolean"


def summable(field: Field) -> bool:
    return field.type in NUMBER_TYPES


def groupable(field: Field) -> bool:
    """What describe says of a field: numbers with a fraction, instants and long text stand for themselves."""
    return field.type not in NOT_GROUPED and filterable(field)


CHECKS: Mapping[str, Callable[[Field], bool]] = {
    **dict.fromkeys(AGGREGATES, countable), "SUM": summable, "AVG": summable,
}  # fmt: skip
