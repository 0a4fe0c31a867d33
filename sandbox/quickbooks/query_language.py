"""QuickBooks' query language, parsed as strictly as the vendor does: AND only, no OR, no JOIN, no parentheses.

    SELECT * | field, ... | count(*) FROM Entity [WHERE field op value [AND ...]] [ORDERBY field [ASC|DESC], ...]
        [STARTPOSITION n] [MAXRESULTS n]

A string stands in single quotes; a backslash escapes an apostrophe or a backslash. `ORDER BY` is accepted too.
Source: the vendor's page on data queries; wording of the errors as public clients have recorded it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeVar

from sandbox.quickbooks.faults import Fault

DEFAULT_RESULTS, MOST_RESULTS = 100, 1000
TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<sign><=|>=|[=<>*(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
ESCAPED = re.compile(r"\\(['\\])")
OPERATORS = ("=", "<", ">", "<=", ">=", "LIKE", "IN")
T = TypeVar("T")

Value = str | bool
"""Numbers stay text until the field's type is known: the vendor takes them with and without quotes."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; several values only with IN."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    direction: Literal["ASC", "DESC"]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed statement. `columns` is empty for count(*); `start` counts from 1."""

    entity: str
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = ()
    start: int = 1
    limit: int = DEFAULT_RESULTS

    @property
    def counts(self) -> bool:
        return not self.columns


def quote(text: str) -> str:
    """A string literal that means exactly this text."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def parse(statement: str) -> Query:
    """A statement as a Query. Fault 4000 where the vendor's parser would stop, 4001 for numbers out of range."""
    return _Parser(tokens(statement)).query()


def tokens(statement: str) -> list[Token]:
    """The words of a statement, closed by an end token. Fault 4000 for a character that begins no word."""
    found: list[Token] = []
    place = 0
    while True:
        match = TOKEN.match(statement, place)
        if match is None:
            rest = statement[place:].lstrip()
            column = len(statement) - len(rest) + 1
            raise parse_error(f'Lexical error at line 1, column {column}.  Encountered: "{rest[:1]}"')
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        if kind == "end":
            return found
        place = match.end()


def parse_error(words: str) -> Fault:
    return Fault("4000", "Error parsing query", f"QueryParserError: {words}")


def invalid(words: str) -> Fault:
    """4001: the statement reads well but asks for something that is not there."""
    return Fault("4001", "Invalid query", f"QueryValidationError: {words}")


class _Parser:
    """Recursive descent, one method a rule."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.place = 0

    @property
    def token(self) -> Token:
        return self.words[self.place]

    def query(self) -> Query:
        self.keyword("SELECT")
        columns = () if self.is_count() else tuple(self.listed(self.column))
        self.keyword("FROM")
        entity = self.name()
        conditions = self.conditions() if self.accept("WHERE") else ()
        orders = tuple(self.listed(self.order)) if self.is_order() else ()
        start = self.bounded("STARTPOSITION", 1, 1, None)
        limit = self.bounded("MAXRESULTS", DEFAULT_RESULTS, 1, MOST_RESULTS)
        if self.token.kind != "end":
            self.refuse("<EOF>")
        return Query(entity, columns, conditions, orders, start, limit)

    def is_count(self) -> bool:
        following = [word.text for word in self.words[self.place : self.place + 4]]
        if [following[0].upper(), *following[1:]] != ["COUNT", "(", "*", ")"]:
            return False
        self.place += 4
        return True

    def is_order(self) -> bool:
        if self.accept("ORDERBY"):
            return True
        if not self.accept("ORDER"):
            return False
        self.keyword("BY")
        return True

    def column(self) -> str:
        return self.sign("*") if self.token.text == "*" else self.name()

    def conditions(self) -> tuple[Condition, ...]:
        found = [self.condition()]
        while self.accept("AND"):
            found.append(self.condition())
        return tuple(found)

    def condition(self) -> Condition:
        field, operator = self.name(), self.operator()
        if operator != "IN":
            return Condition(field, operator, (self.value(),))
        self.sign("(")
        values = tuple(self.listed(self.value))
        self.sign(")")
        return Condition(field, operator, values)

    def operator(self) -> str:
        word = self.token.text.upper()
        if self.token.kind not in {"sign", "name"} or word not in OPERATORS:
            self.refuse(*OPERATORS)
        self.place += 1
        return word

    def order(self) -> Order:
        field = self.name()
        if self.accept("DESC"):
            return Order(field, "DESC")
        self.accept("ASC")
        return Order(field, "ASC")

    def value(self) -> Value:
        token = self.token
        truth = {"true": True, "false": False}.get(token.text.lower()) if token.kind == "name" else None
        if token.kind not in {"string", "number"} and truth is None:
            self.refuse("<STRING>", "<NUMBER>", "true", "false")
        self.place += 1
        if truth is not None:
            return truth
        return ESCAPED.sub(r"\1", token.text[1:-1]) if token.kind == "string" else token.text

    def bounded(self, word: str, default: int, least: int, most: int | None) -> int:
        if not self.accept(word):
            return default
        if self.token.kind != "number" or not self.token.text.lstrip("-").isdigit():
            self.refuse("<NUMBER>")
        value = int(self.token.text)
        self.place += 1
        if value < least:
            raise invalid(f"value {value} is too small. Min allowed is {least}.")
        if most is not None and value > most:
            raise invalid(f"value {value} is too large. Max allowed is {most}.")
        return value

    def listed(self, item: Callable[[], T]) -> list[T]:
        found = [item()]
        while self.token.text == "," and self.token.kind == "sign":
            self.place += 1
            found.append(item())
        return found

    def name(self) -> str:
        if self.token.kind != "name":
            self.refuse("<IDENTIFIER>")
        self.place += 1
        return self.words[self.place - 1].text

    def sign(self, text: str) -> str:
        if self.token.kind != "sign" or self.token.text != text:
            self.refuse(text)
        self.place += 1
        return text

    def accept(self, word: str) -> bool:
        if self.token.kind == "name" and self.token.text.upper() == word:
            self.place += 1
            return True
        return False

    def keyword(self, word: str) -> None:
        if not self.accept(word):
            self.refuse(word)

    def refuse(self, *expected: str) -> NoReturn:
        token = self.token
        seen = "<EOF>" if token.kind == "end" else f" <{token.kind.upper()}> {token.text} "
        wanted = "one of: " * (len(expected) > 1) + ", ".join(expected)
        raise parse_error(f'Encountered "{seen}" at line 1, column {token.column}. Was expecting {wanted}.')
