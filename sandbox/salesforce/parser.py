"""Text to SOQL tree. What Salesforce would refuse is refused with MALFORMED_QUERY and the place."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal, NoReturn, cast

from sandbox.salesforce.errors import Fault, malformed
from sandbox.salesforce.functions import AGGREGATES, DATES
from sandbox.salesforce.soql import (
    ESCAPES,
    Comparison,
    Condition,
    Count,
    Field,
    Fields,
    Joined,
    Kind,
    Negated,
    Order,
    Query,
    Value,
)
from sandbox.salesforce.tokens import Token, tokens, where

MOST_CHARACTERS = 100_000
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
PARTED = re.compile(r"\s*\.\s*")
SIGNS = ("=", "!=", "<>", "<", "<=", ">", ">=")
LIST_WORDS = ("IN", "INCLUDES", "EXCLUDES")
RESERVED = {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "LIKE", "IN", "ORDER", "BY", "LIMIT", "OFFSET", "NULLS"}
NO_ALIAS = RESERVED | {
    "ASC",
    "DESC",
    "EXCLUDES",
    "FIRST",
    "FOR",
    "GROUP",
    "HAVING",
    "INCLUDES",
    "LAST",
    "USING",
    "WITH",
}
PLAIN = ("TOLABEL",)
"""Functions whose value is the field's own here: labels are equal to values."""
FUNCTIONS = {*AGGREGATES, *DATES, *PLAIN}


def parse(text: str) -> Query:
    """The statement's tree. Raises Fault MALFORMED_QUERY naming row, column and the unexpected token."""
    if len(text) > MOST_CHARACTERS:
        raise Fault(400, "QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100,000 characters.")
    reader = Reader(text)
    query = reader.query(child=False)
    if reader.token.kind != "end":
        reader.unexpected()
    return query


class Reader:
    """Walks over the tokens of one statement; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def unexpected(self) -> NoReturn:
        token = self.token
        shown = "<EOF>" if token.kind == "end" else token.text
        raise malformed(f"{where(self.text, token.at)}unexpected token: '{shown}'")

    def word(self, *words: str) -> str | None:
        """Take the next token when it is one of these words (or signs)."""
        token = self.token
        upper = token.text.upper()
        if token.kind not in ("name", "sign") or upper not in words:
            return None
        self.place += 1
        return upper

    def need(self, *words: str) -> str:
        return self.word(*words) or self.unexpected()

    def name(self) -> tuple[str, ...]:
        token = self.token
        if token.kind != "name" or token.text.upper() in RESERVED or ":" in token.text:
            self.unexpected()
        self.place += 1
        return tuple(PARTED.split(token.text))

    def query(self, *, child: bool) -> Query:
        self.need("SELECT")
        selected = [self.selected(child=child)]
        while self.word(","):
            selected.append(self.selected(child=child))
        if Count() in selected and len(selected) > 1:
            raise malformed("COUNT() must be the only element in the SELECT list")
        self.need("FROM")
        source = self.name()
        if len(source) > 1:
            self.unexpected()
        alias = self.alias("AS")
        where = self.condition() if self.word("WHERE") else None
        group, having = self.groups() if self.word("GROUP") else ((), None)
        order = self.orders() if self.word("ORDER") else ()
        limit = self.count() if self.word("LIMIT") else None
        offset = self.count() if self.word("OFFSET") else None
        if self.word("FOR"):
            self.need("VIEW", "REFERENCE")
        return Query(tuple(selected), source[0], where, order, limit, offset, alias, group, having)

    def alias(self, *before: str) -> str:
        """The name that a statement gives to its object or to a field; empty without one."""
        token = self.token
        if token.kind == "name" and token.text.upper() in before:
            self.place += 1
        elif token.kind != "name" or token.text.upper() in NO_ALIAS or not token.text.isidentifier():
            return ""
        return self.name()[0]

    def groups(self) -> tuple[tuple[Field, ...], Condition | None]:
        self.need("BY")
        fields = [self.field()]
        while self.word(","):
            fields.append(self.field())
        return tuple(fields), self.condition() if self.word("HAVING") else None

    def field(self) -> Field:
        """A field, or a known function of one."""
        path = self.name()
        if not self.word("("):
            return Field(path)
        if path[-1].upper() not in FUNCTIONS:
            self.place -= 1
            self.unexpected()
        inner = Field(self.name(), path[-1].upper())
        self.need(")")
        return Field(inner.path) if inner.function in PLAIN else inner

    def selected(self, *, child: bool) -> Field | Fields | Count | Query:
        if not child and self.word("("):
            query = self.query(child=True)
            self.need(")")
            return query
        shape = [token.text.upper() for token in self.tokens[self.place : self.place + 3]]
        if shape == ["COUNT", "(", ")"]:
            self.place += 3
            return Count()
        if shape[:2] == ["FIELDS", "("]:
            self.place += 2
            fields = Fields(self.need("ALL", "STANDARD", "CUSTOM"))
            self.need(")")
            return fields
        field = self.field()
        following = self.tokens[self.place + 1 : self.place + 2]
        named = following and following[0].text.upper() in (",", "FROM")
        return replace(field, alias=self.alias()) if named else field

    def condition(self) -> Condition:
        if self.word("NOT"):
            return Negated(self.simple())
        first = self.simple()
        word = self.word("AND", "OR")
        if word is None:
            return first
        terms = [first, self.simple()]
        while self.word(word):
            terms.append(self.simple())
        # The other word at the same level is not in the grammar: Salesforce wants parentheses.
        if self.token.text.upper() in ("AND", "OR"):
            self.unexpected()
        return Joined(cast("Literal['AND', 'OR']", word), tuple(terms))

    def simple(self) -> Condition:
        if self.word("("):
            condition = self.condition()
            self.need(")")
            return condition
        field = self.field()
        if self.word("NOT"):
            self.need("IN")
            return Comparison(field, "NOT IN", self.within())
        op = self.need(*SIGNS, *LIST_WORDS, "LIKE")
        if op == "IN":
            return Comparison(field, op, self.within())
        if op in LIST_WORDS:
            return Comparison(field, op, self.values())
        return Comparison(field, "!=" if op == "<>" else op, self.value())

    def within(self) -> tuple[Value, ...] | Query:
        """What stands after IN: values, or a semi-join."""
        if [token.text.upper() for token in self.tokens[self.place : self.place + 2]] != ["(", "SELECT"]:
            return self.values()
        self.need("(")
        query = self.query(child=True)
        self.need(")")
        return query

    def values(self) -> tuple[Value, ...]:
        self.need("(")
        values = [self.value()]
        while self.word(","):
            values.append(self.value())
        self.need(")")
        return tuple(values)

    def value(self) -> Value:
        token = self.token
        match token.kind:
            case "text":
                value = Value("text", self.unescaped(token))
            case "number" | "date" | "datetime":
                value = Value(cast("Kind", token.kind), token.text)
            case "name" if token.text.lower() in ("true", "false"):
                value = Value("boolean", token.text.lower())
            case "name" if token.text.lower() == "null":
                value = Value("null")
            case "name" if "." not in token.text and token.text.upper() not in RESERVED:
                value = Value("relative", token.text.upper())
            case _:
                self.unexpected()
        self.place += 1
        return value

    def unescaped(self, token: Token) -> str:
        def plain(match: re.Match[str]) -> str:
            letter = match[1]
            # \% and \_ stay escaped: only LIKE gives them a meaning.
            if letter in "%_":
                return match[0]
            if letter not in ESCAPES:
                raise malformed(f"{where(self.text, token.at)}Illegal string literal; invalid escape \\{letter}")
            return ESCAPES[letter]

        return ESCAPE.sub(plain, token.text[1:-1])

    def orders(self) -> tuple[Order, ...]:
        self.need("BY")
        orders = [self.order()]
        while self.word(","):
            orders.append(self.order())
        return tuple(orders)

    def order(self) -> Order:
        field = self.field()
        descending = self.word("ASC", "DESC") == "DESC"
        nulls_last = bool(self.word("NULLS")) and self.need("FIRST", "LAST") == "LAST"
        return Order(field, descending, nulls_last)

    def count(self) -> int:
        token = self.token
        if token.kind != "number" or not token.text.isdigit():
            self.unexpected()
        self.place += 1
        return int(token.text)
