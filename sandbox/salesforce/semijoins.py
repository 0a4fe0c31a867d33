"""What SOQL demands of a WHERE, above all of `field IN (SELECT ...)`.

Source: SOQL reference, "Comparison Operators", semi-joins and anti-joins.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.salesforce import soql
from sandbox.salesforce.errors import malformed
from sandbox.salesforce.functions import AGGREGATES
from sandbox.salesforce.schema import Field

MOST = 2
NESTED = (
    "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."
)


def check(condition: soql.Condition | None) -> None:
    """At most two, side by side under AND. No aggregates: those belong into HAVING."""
    if condition and any(one.field.function in AGGREGATES for one in comparisons(condition)):
        raise malformed("Aggregate functions are not allowed in a WHERE clause")
    tops = condition.terms if isinstance(condition, soql.Joined) else (condition,) if condition else ()
    joins = [top for top in tops if isinstance(top, soql.Comparison) and isinstance(top.value, soql.Query)]
    if joins and isinstance(condition, soql.Joined) and condition.word == "OR":
        raise malformed("Semi join sub-selects are not allowed with the 'OR' operator")
    if any(_within(top) for top in tops if not isinstance(top, soql.Comparison)):
        raise malformed(NESTED)
    if len(joins) > MOST:
        raise malformed(f"The maximum number of semi join sub-selects is {MOST}")


def _within(condition: soql.Condition) -> bool:
    return any(isinstance(one.value, soql.Query) for one in comparisons(condition))


def comparisons(condition: soql.Condition) -> Iterator[soql.Comparison]:
    """Every comparison in a condition."""
    match condition:
        case soql.Comparison():
            yield condition
        case soql.Negated(term):
            yield from comparisons(term)
        case soql.Joined(_, terms):
            for term in terms:
                yield from comparisons(term)


def checked(query: soql.Query) -> soql.Field:
    """The one field that a sub-select selects."""
    first = query.selected[0]
    if len(query.selected) > 1 or not isinstance(first, soql.Field) or first.function or first.alias:
        raise malformed("Semi join sub-selects must select exactly one field")
    if query.order or query.group or query.limit is not None or query.offset is not None:
        raise malformed("Semi join sub-selects cannot use ORDER BY, GROUP BY, LIMIT or OFFSET")
    if query.where is not None and _within(query.where):
        raise malformed("Nesting of semi join sub-selects is not supported")
    return first


def check_kinds(outer: str, left: Field, inner: str, selected: Field) -> None:
    """Both sides name records of one object, and the queries are of two."""
    if outer == inner:
        raise malformed("The inner and outer selects should not be on the same object type")
    if not target(outer, left) or target(outer, left) != target(inner, selected):
        raise malformed(
            f"The selected field '{selected.name}' in the subquery and the left operand field in the where expression "
            f"in the outer query '{left.name}' should point to the same object type"
        )


def target(entity: str, field: Field) -> str:
    """The object whose ids a field holds; empty when it holds none."""
    return entity if field.type == "id" else field.reference_to
