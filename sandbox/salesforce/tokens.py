"""The words of a SOQL statement, and how Salesforce points at one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.salesforce.errors import Fault, malformed

TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)(?![\dT])
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?!\w)
    |(?P<name>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*(?::\d+)?)
    |(?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
NAMED = re.compile(r"(?:No such column|sObject type|Didn't understand relationship) '([\w.]+)'")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """The statement's words, closed by an end token. Raises MALFORMED_QUERY for a character that begins none."""
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            raise malformed(f"{where(text, start)}unexpected token: '{text[start : start + 1]}'")
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        place = match.end()
    return [*found, Token("end", "", end)]


def located(text: str, fault: Fault) -> Fault:
    """The fault with a pointer to the name that it complains of, as for what cannot be parsed."""
    named = NAMED.match(fault.message)
    found = named and re.search(rf"(?<![\w.'])(?:\w+\.)*{re.escape(named[1])}\b", text, re.IGNORECASE)
    return Fault(fault.status, fault.code, where(text, found.start()) + fault.message) if found else fault


def where(text: str, at: int) -> str:
    """Salesforce's pointer into the statement: some of the line, a caret, row and column (from 1)."""
    row, start = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at) + 1
    column = at - start
    line = text[start:].split("\n", 1)[0]
    left = max(0, column - 30)
    return f"\n{line[left : column + 30]}\n{' ' * (column - left)}^\nERROR at Row:{row}:Column:{column + 1}\n"
