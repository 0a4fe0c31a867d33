"""SOSL and parameterized search: which records hold certain words. What stands behind RETURNING is read as SOQL.

Source: SOQL and SOSL reference, "SOSL Syntax"; REST API guide, "Search", "Parameterized Search". Every word has to be
there as a whole; `*` and `?` stand for letters. There is no index, hence no delay until a new record is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.org import TEXT_TYPES, Org
from sandbox.salesforce.parser import parse
from sandbox.salesforce.query import compile_query
from sandbox.salesforce.schema import OBJECTS, Field

MOST_ROWS, SHORTEST = 2000, 2
SOSL = re.compile(
    r"\s*FIND\s*\{(?P<term>(?:[^\\}]|\\.)*)\}\s*(?:IN\s+(?P<group>\w+)\s+FIELDS\s*)?"
    r"(?:RETURNING\s+(?P<returning>.*?))?\s*(?:LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
PART = re.compile(r"\s*(?P<entity>\w+)\s*(?:\((?P<inner>.*)\))?\s*", re.DOTALL)
CLAUSE = re.compile(r"\b(?:WHERE|ORDER\s+BY|LIMIT|OFFSET)\b.*", re.IGNORECASE | re.DOTALL)
WORD = re.compile(r'"[^"]+"|\S+')
NAMES = ("Name", "FirstName", "LastName", "Subject", "CaseNumber", "ContractNumber")
GROUPS: dict[str, Callable[[Field], bool]] = {
    "ALL": lambda field: field.type in TEXT_TYPES,
    "NAME": lambda field: field.name in NAMES,
    "EMAIL": lambda field: field.type == "email",
    "PHONE": lambda field: field.type == "phone",
    "SIDEBAR": lambda field: field.type in TEXT_TYPES,
}
Json = dict[str, Any]
Finds = Callable[[str], bool]


def search(call: Call) -> Response:
    """GET /search?q=FIND {...}."""
    found = SOSL.fullmatch(call.params.get("q", ""))
    if found is None:
        raise malformed("The search has to be FIND {...} [IN ... FIELDS] [RETURNING ...] [LIMIT n]")
    parts = list(split(found["returning"] or "")) or searchable(call.org)
    finds = matcher(re.sub(r"\\(.)", r"\1", found["term"]))
    return shown(call, parts, finds, (found["group"] or "ALL").upper(), int(found["limit"] or MOST_ROWS))


def parameterized(call: Call) -> Response:
    """GET and POST /parameterizedSearch: the same by parameters."""
    wish = call.object() if call.method == "POST" else dict(call.params)
    single = [{"name": name} for name in str(wish.get("sobject", "")).split(",") if name]
    objects: Any = wish.get("sobjects") or single
    common = names(wish.get("fields"))
    parts = [part(one, common) for one in objects] or searchable(call.org)
    group, limit = str(wish.get("in", "ALL")).upper(), int(wish.get("overallLimit") or MOST_ROWS)
    return shown(call, parts, matcher(str(wish.get("q", ""))), group, limit)


def searchable(org: Org) -> list[str]:
    return [name for name in OBJECTS if name not in org.hidden]


def names(fields: Any) -> str:
    """Fields as SOQL lists them."""
    return ", ".join(fields) if isinstance(fields, list) else str(fields or "")


def part(wish: Json, common: str) -> str:
    """One object of a parameterized search, as RETURNING would have it."""
    where = f" WHERE {wish['where']}" if wish.get("where") else ""
    limit = f" LIMIT {int(wish['limit'])}" if wish.get("limit") else ""
    return f"{wish.get('name', '')}({names(wish.get('fields')) or common or 'Id'}{where}{limit})"


def split(text: str) -> Iterator[str]:
    """The parts between commas that stand in no parentheses."""
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            yield text[start:place]
            start = place + 1
    if text[start:].strip():
        yield text[start:]


def shown(call: Call, parts: list[str], finds: Finds, group: str, limit: int) -> Response:
    """What is found of each object, one after the other."""
    if group not in GROUPS:
        raise malformed(f"unexpected token: {group}")
    records = [record for one in parts for record in of_object(call, one, finds, group)]
    return answer({"searchRecords": records[: min(limit, MOST_ROWS)]})


def of_object(call: Call, text: str, finds: Finds, group: str) -> list[Any]:
    """The records of one object that hold the words."""
    found = PART.fullmatch(text)
    if found is None:
        raise malformed(f"unexpected token: {text.strip()}")
    clause = CLAUSE.search(found["inner"] or "")
    fields = (found["inner"] or "")[: clause.start() if clause else None].strip() or "Id"
    tree = parse(f"SELECT {fields} FROM {found['entity']} {clause[0] if clause else ''}")
    statement = compile_query(call.org, tree, call.state.now(), with_deleted=False)
    looked = [one.name for one in call.org.fields(statement.root.entity).values() if GROUPS[group](one)]

    def holds(body: str) -> bool:
        stored = orjson.loads(body)
        return finds(" ".join(str(stored[name]) for name in looked if stored.get(name)))

    call.state.connection.create_function("sf_holds", 1, holds)
    filtered = replace(statement, where=f"{statement.where} AND sf_holds(r.body)")
    rows: list[Any] = call.cursors.first(filtered, MOST_ROWS, call.base)["records"]
    return rows


def matcher(term: str) -> Finds:
    """Whether a text holds the words: all of them, or those on either side of an OR; NOT excludes."""
    if len(re.sub(r"[*?\"\s]", "", term)) < SHORTEST:
        raise malformed(f"search term must be longer than one character: {term}")
    choices = [list(wishes(choice)) for choice in re.split(r"\s+OR\s+", term)]
    return lambda text: any(all(bool(one.search(text)) is wanted for one, wanted in choice) for choice in choices)


def wishes(choice: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Each word or phrase in quotes, and whether it has to be there."""
    wanted = True
    for word in WORD.findall(choice):
        if word == "NOT":
            wanted = False
        elif word != "AND":
            letters = re.escape(word.strip('"')).replace(r"\*", r"\w*").replace(r"\?", r"\w")
            yield re.compile(rf"(?<!\w){letters}(?!\w)", re.IGNORECASE), wanted
            wanted = True


def malformed(message: str) -> Fault:
    return Fault(400, "MALFORMED_SEARCH", message)
