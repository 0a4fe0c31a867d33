"""A SOQL tree as a statement over the sandbox's `record` table: what to select, how to filter, order and page.

System times and ids are columns with indexes, so `SystemModstamp` ranges in `SystemModstamp, Id` order stay quick at
a million records; other fields are read with json_extract.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sandbox.salesforce import semijoins, soql
from sandbox.salesforce.conditions import MODIFIED, Column, Sql, compare
from sandbox.salesforce.errors import Fault, malformed
from sandbox.salesforce.functions import applied
from sandbox.salesforce.org import VENDOR, Org, filterable
from sandbox.salesforce.schema import Field

MOST_OFFSET = 2000
MOST_ALL_FIELDS = 200
BIN_DAYS = 15
DAY_MS = 86_400_000
COLUMNS = ("id", "body", "created", "modified", "deleted")


@dataclass(slots=True)
class Node:
    """What one row of one object shows: its fields in order, and parents by relationship name.

    `start` is where its five columns stand in the SQL row.
    """

    entity: str
    alias: str
    start: int
    fields: list[Field] = field(default_factory=list)
    parents: dict[str, Node] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Child:
    """A child subquery: its relationship's name, the reference field that ties it to the parent, its statement."""

    name: str
    reference: Field
    statement: Statement


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled query. `keyset` are the order's SQL columns where paging can go on by value; else it counts rows."""

    root: Node
    select: str
    source: str
    where: str
    args: tuple[object, ...]
    order: str
    keyset: tuple[str, ...]
    limit: int | None
    offset: int
    counting: bool
    children: tuple[Child, ...] = ()


class Compiler:
    """Compiles one query over one object; joins parents as they are named."""

    def __init__(self, org: Org, entity: str, now: int, *, with_deleted: bool, alias: str = "") -> None:
        self.org, self.now, self.with_deleted = org, now, with_deleted
        self.names = {entity.lower(), alias.lower()}
        self.today = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date()
        self.root = Node(entity, "r", 0)
        self.nodes = [self.root]
        self.joins: list[str] = []

    def column(self, path: tuple[str, ...]) -> tuple[Node, Field]:
        """The node and field at the end of a path, its parents joined."""
        node, path = self.root, self.below(path)
        for name in path[:-1]:
            node = self.parent(node, name)
        return node, self.org.field(node.entity, path[-1])

    def below(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path from the object itself, which may name its own field: `Account.Name`, or `a.Name` by its alias."""
        return path[1:] if len(path) > 1 and path[0].lower() in self.names else path

    def measured(self, field: soql.Field) -> Column:
        """A field with the function that is applied to it."""
        node, found = self.column(field.path)
        plain = Column(node.alias, found, self.org.admin)
        if not field.function:
            return plain
        pseudo, sql = applied(field.function, found, plain.sql)
        return Column(node.alias, pseudo, self.org.admin, sql)

    def parent(self, node: Node, name: str) -> Node:
        reference = self.org.parent(node.entity, name)
        spelling = next((known for known in node.parents if known.lower() == name.lower()), name)
        if spelling in node.parents:
            return node.parents[spelling]
        joined = Node(reference.reference_to, f"p{len(self.nodes)}", len(self.nodes) * len(COLUMNS))
        link = Column(node.alias, reference, self.org.admin).sql
        self.joins.append(
            f" LEFT JOIN record {joined.alias} ON {joined.alias}.vendor = '{VENDOR}' "
            f"AND {joined.alias}.kind = '{joined.entity}' AND {joined.alias}.id = {link}"
        )
        self.nodes.append(joined)
        node.parents[spelling] = joined
        return joined

    def show(self, path: tuple[str, ...]) -> None:
        """Take a field, and the parents on the way to it, into the answer."""
        node, found = self.column(path)
        if found in node.fields:
            raise Fault(400, "INVALID_FIELD", f"duplicate field selected: {found.name}")
        node.fields.append(found)
        walk = self.root
        for name in self.below(path)[:-1]:
            spelling = next(known for known in walk.parents if known.lower() == name.lower())
            if spelling not in walk.shown:
                walk.shown.append(spelling)
            walk = walk.parents[spelling]

    def condition(self, condition: soql.Condition) -> Sql:
        match condition:
            case soql.Comparison(field, op, value):
                if isinstance(value, soql.Query):
                    return self.semi_join(field, op, value)
                return compare(self.measured(field), op, value, self.today)
            case soql.Negated(term):
                text, args = self.condition(term)
                return f"(({text}) IS NOT TRUE)", args
            case soql.Joined(word, terms):
                parts = [self.condition(term) for term in terms]
                return f"({f' {word} '.join(text for text, _ in parts)})", [arg for _, args in parts for arg in args]

    def semi_join(self, field: soql.Field, op: str, query: soql.Query) -> Sql:
        """`field IN (SELECT ...)`; a null on either side is in no list."""
        within = Compiler(self.org, self.org.object(query.source), self.now, with_deleted=False, alias=query.alias)
        wanted = semijoins.checked(query)
        column, inner = self.measured(field), within.measured(wanted)
        semijoins.check_kinds(self.root.entity, column.field, within.root.entity, inner.field)
        where, args = within.filtered(query.where)
        listed = f"{column.sql} IN (SELECT {inner.sql} FROM {within.source} WHERE {where} AND {inner.sql} NOT NULL)"
        return (listed if op == "IN" else f"({listed} IS NOT TRUE)"), args

    @property
    def source(self) -> str:
        """The FROM, once all parents are known."""
        return "record r" + "".join(self.joins)

    def filtered(self, condition: soql.Condition | None) -> Sql:
        """The whole WHERE: this object's rows that the user may see, and the condition."""
        semijoins.check(condition)
        where, args = self.condition(condition) if condition is not None else ("1", [])
        return f"r.vendor = '{VENDOR}' AND r.kind = '{self.root.entity}' AND {self.visible()} AND {where}", args

    def visible(self) -> str:
        """Live rows only, or also those in the recycle bin, which keeps them for 15 days."""
        if not self.with_deleted:
            return "r.deleted = 0"
        return f"(r.deleted = 0 OR r.modified >= {self.now - BIN_DAYS * DAY_MS})"

    def order(self, keys: tuple[soql.Order, ...], *, by_time: bool) -> tuple[str, tuple[str, ...]]:
        """The ORDER BY, and its columns where all of them are never null and rise."""
        sorts, keyset = [], []
        for key in keys:
            if key.field.function:
                raise malformed(f"Ordered field must be grouped or aggregated: {key.field.path[-1]}")
            node, found = self.column(key.field.path)
            if not filterable(found):
                raise Fault(400, "INVALID_FIELD", f"field '{found.name}' can not be sorted in a query call")
            column = Column(node.alias, found, self.org.admin)
            simple = node is self.root and found.name in ("Id", *MODIFIED) and not key.descending
            keyset.append(column.sql if simple else "")
            nulls = "" if simple else f" NULLS {'LAST' if key.nulls_last else 'FIRST'}"
            sorts.append(column.sort + (" DESC" if key.descending else "") + nulls)
        # Ids break ties, so that pages neither repeat nor skip; unordered queries follow the index that they use.
        ties = ["r.modified", "r.id"] if by_time and not keys else ["r.id"]
        for tie in ties:
            if tie not in keyset:
                sorts.append(tie)
                keyset.append(tie)
        return ", ".join(sorts), tuple(keyset) if all(keyset) else ()


def compile_query(org: Org, query: soql.Query, now: int, *, with_deleted: bool) -> Statement:
    """The statement of a whole query. `now` (ms) is the sandbox's clock. Raises what Salesforce would answer."""
    compiler = Compiler(org, org.object(query.source), now, with_deleted=with_deleted, alias=query.alias)
    check_bounds(query)
    children = []
    for item in query.selected:
        if isinstance(item, soql.Query):
            children.append(_child(org, compiler.root.entity, item, now, with_deleted=with_deleted))
        else:
            _show(compiler, query, item)
    return _statement(compiler, query, tuple(children))


def _statement(compiler: Compiler, query: soql.Query, children: tuple[Child, ...] = ()) -> Statement:
    where, args = compiler.filtered(query.where)
    by_time = "r.modified" in where.split(" AND ", 3)[-1]
    order, keyset = compiler.order(query.order, by_time=by_time)
    return Statement(
        root=compiler.root,
        select=", ".join(f"{node.alias}.{column}" for node in compiler.nodes for column in COLUMNS),
        source=compiler.source,
        where=where,
        args=tuple(args),
        order=order,
        keyset=keyset,
        limit=query.limit,
        offset=query.offset or 0,
        counting=soql.Count() in query.selected,
        children=children,
    )


def _show(compiler: Compiler, query: soql.Query, item: soql.Field | soql.Fields | soql.Count) -> None:
    if isinstance(item, soql.Field):
        if item.function or item.alias:
            raise malformed("only aggregate expressions use field aliasing")
        compiler.show(item.path)
    elif isinstance(item, soql.Fields):
        if query.limit is None or query.limit > MOST_ALL_FIELDS:
            raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
        for name in compiler.org.fields(compiler.root.entity):
            custom = name.endswith("__c")
            if item.which == "ALL" or custom == (item.which == "CUSTOM"):
                compiler.show((name,))


def _child(org: Org, entity: str, query: soql.Query, now: int, *, with_deleted: bool) -> Child:
    name, child, reference = org.child(entity, query.source)
    compiler = Compiler(org, child, now, with_deleted=with_deleted, alias=query.alias)
    check_bounds(query)
    for item in query.selected:
        if isinstance(item, soql.Count | soql.Query) or query.group:
            raise malformed("Only root queries support aggregate expressions and one level of subqueries")
        _show(compiler, query, item)
    return Child(name, reference, _statement(compiler, query))


def check_bounds(query: soql.Query) -> None:
    """Raises for an OFFSET that is too large, and where nothing of the object itself is selected."""
    if query.offset is not None and query.offset > MOST_OFFSET:
        raise Fault(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
    if not any(isinstance(item, soql.Field | soql.Fields | soql.Count) for item in query.selected):
        raise malformed("A query has to select at least one field of its object")
