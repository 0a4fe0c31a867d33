"""Queries whose rows stand for several records: GROUP BY, HAVING and aggregates.

Their rows have the type AggregateResult and come in one batch. Source: SOQL reference, "GROUP BY", "HAVING",
"Aggregate Functions", "Considerations for GROUP BY".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import soql
from sandbox.salesforce.conditions import Column
from sandbox.salesforce.errors import Fault, malformed
from sandbox.salesforce.functions import AGGREGATES, groupable
from sandbox.salesforce.org import SYSTEM, Org
from sandbox.salesforce.query import Compiler, check_bounds
from sandbox.salesforce.rows import CONVERT, stamp
from sandbox.salesforce.schema import Field
from sandbox.salesforce.semijoins import comparisons

MOST_ROWS = 2000
NO_MORE = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """A compiled statement: its SQL and arguments, and what each column is called and holds."""

    sql: str
    args: tuple[object, ...]
    shown: tuple[tuple[str, Field], ...]


def wanted(query: soql.Query) -> bool:
    """Whether a statement groups or aggregates; COUNT() alone does neither."""
    functions = [item.function for item in query.selected if isinstance(item, soql.Field)]
    return bool(query.group) or any(functions)


def compile_aggregation(org: Org, query: soql.Query, now: int, *, with_deleted: bool) -> Aggregation:
    """The statement of an aggregating query. Raises what Salesforce would answer."""
    compiler = Compiler(org, org.object(query.source), now, with_deleted=with_deleted, alias=query.alias)
    check_bounds(query)
    _check_shape(query)
    grouped = [_grouped(compiler, field) for field in query.group]
    shown = _shown(compiler, query)
    where, args = compiler.filtered(query.where)
    having, more = _having(compiler, query)
    order = _order(compiler, query)
    sql = f"SELECT {', '.join(column.sql for _, column in shown)} FROM {compiler.source} WHERE {where}"
    sql += f" GROUP BY {', '.join(grouped)}{having}" if grouped else ""
    sql += f" ORDER BY {order}" if order else ""
    sql += f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset or 0}"
    return Aggregation(sql, (*args, *more), tuple((name, column.field) for name, column in shown))


def answered(org: Org, aggregation: Aggregation) -> Json:
    """The one batch of rows. Raises EXCEEDED_ID_LIMIT when it is too many for one."""
    rows = org.state.connection.execute(aggregation.sql, aggregation.args).fetchmany(MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise Fault(400, "EXCEEDED_ID_LIMIT", NO_MORE)
    records = [
        {"attributes": {"type": "AggregateResult"}}
        | {name: _value(field, value) for (name, field), value in zip(aggregation.shown, row, strict=True)}
        for row in rows
    ]
    return {"totalSize": len(records), "done": True, "records": records}


def _value(field: Field, stored: Any) -> Any:
    if stored is None:
        return None
    if field.type == "boolean":
        return bool(stored)
    if field.type == "datetime" and field.name in SYSTEM:
        return stamp(stored)
    return CONVERT[field.type](stored) if field.type in CONVERT else stored


def _check_shape(query: soql.Query) -> None:
    if any(not isinstance(item, soql.Field) for item in query.selected):
        raise malformed("Grouped query can select only grouped fields and aggregate functions of a field")
    if query.limit is not None and not query.group:
        raise malformed("Non-grouped query that uses overall aggregate functions cannot also use LIMIT")


def _grouped(compiler: Compiler, field: soql.Field) -> str:
    column = compiler.measured(field)
    if field.function in AGGREGATES or not groupable(column.field):
        raise malformed(f"field '{column.field.name}' can not be grouped in a query call")
    return column.sql


def _shown(compiler: Compiler, query: soql.Query) -> list[tuple[str, Column]]:
    """What is selected, by alias, by the grouped field's name, or as expr0, expr1..."""
    shown: list[tuple[str, Column]] = []
    unnamed = 0
    for field in (item for item in query.selected if isinstance(item, soql.Field)):
        column = _known(compiler, query, field)
        name = field.alias or (f"expr{unnamed}" if field.function else column.field.name)
        unnamed += bool(field.function and not field.alias)
        if name.lower() in (known.lower() for known, _ in shown):
            raise malformed(f"duplicate alias: {name}")
        shown.append((name, column))
    return shown


def _known(compiler: Compiler, query: soql.Query, field: soql.Field) -> Column:
    """An aggregate, or a field that the query groups by."""
    column = compiler.measured(field)
    if field.function not in AGGREGATES and column.sql not in [compiler.measured(one).sql for one in query.group]:
        raise malformed(f"Field must be grouped or aggregated: {column.field.name}")
    return column


def _having(compiler: Compiler, query: soql.Query) -> tuple[str, list[object]]:
    if query.having is None:
        return "", []
    for one in comparisons(query.having):
        _known(compiler, query, one.field)
    text, args = compiler.condition(query.having)
    return f" HAVING {text}", args


def _order(compiler: Compiler, query: soql.Query) -> str:
    """The ORDER BY; groups come in their fields' order where none is asked for."""
    keys = query.order or tuple(soql.Order(field) for field in query.group)
    sorts = []
    for key in keys:
        column = _known(compiler, query, key.field)
        nulls = "LAST" if key.nulls_last else "FIRST"
        sorts.append(f"{column.sort}{' DESC' if key.descending else ''} NULLS {nulls}")
    return ", ".join(sorts)
