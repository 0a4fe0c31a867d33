r"""The search language of files.list (`q`), parsed and turned into an SQL condition over the emulator's files.

    query   := factor (("and" | "or") factor)*      evaluated from left to right, as Google's guide says
    factor  := "not" factor | "(" query ")" | term
    term    := field operator value | string "in" collection | map "has" "{" pairs "}" | "sharedWithMe"

Strings stand in single quotes with `\'` and `\\` as escapes. Source: GUIDE search-files and ref-search-terms.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<word>[A-Za-z][A-Za-z.]*)
      | (?P<op><=|>=|!=|=|<|>)
      | (?P<mark>[(){}])
    )""",
    re.VERBOSE | re.DOTALL,
)
EQUALITY, ORDER = ("=", "!="), ("=", "!=", "<", "<=", ">", ">=")
BODY = "json_extract(body, '$.{}')"


ROOT_ID = "0AJsandboxMyDrivePVA"
"""The caller's own root folder, which `root` stands for."""


class QueryError(ValueError):
    """The query is not in Drive's language."""


@dataclass(frozen=True)
class Condition:
    """An SQL condition and its bound values.

    `full_text`: Drive forbids sorting then. `by_parent`: nothing outside of some named folders can meet it.
    """

    sql: str
    args: tuple[object, ...]
    full_text: bool = False
    by_parent: bool = False


@dataclass(frozen=True)
class Token:
    """One word of the query. A string's text is unescaped."""

    kind: str
    text: str


def compile_query(text: str, me: str = "") -> Condition:
    """The query as SQL over the columns of `file` (tree.py). QueryError when Drive would refuse it."""
    parser = Parser(tokenize(text), me)
    condition = parser.query()
    if parser.tokens:
        raise QueryError(text)
    return condition


def tokenize(text: str) -> list[Token]:
    """The query's tokens in order."""
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise QueryError(text)
        raw = match.group(match.lastgroup)
        tokens.append(Token(match.lastgroup, unquoted(raw) if match.lastgroup == "string" else raw))
        position = match.end()
    return tokens


def alias(file_id: str) -> str:
    """A file id with the word `root` replaced by what it stands for."""
    return ROOT_ID if file_id == "root" else file_id


def unquoted(literal: str) -> str:
    """The string that a quoted literal stands for."""
    return re.sub(r"\\(.)", r"\1", literal[1:-1], flags=re.DOTALL)


class Parser:
    """Recursive descent over the tokens; what is left of them is in `tokens`."""

    def __init__(self, tokens: list[Token], me: str = "") -> None:
        self.tokens, self.me = tokens, me

    def take(self, *kinds: str) -> Token:
        """The next token, which must be one of these kinds."""
        if not self.tokens or self.tokens[0].kind not in kinds:
            raise QueryError(self.tokens[0].text if self.tokens else "")
        return self.tokens.pop(0)

    def accept(self, *words: str) -> str:
        """The next token's text when it is one of these words or marks, else nothing."""
        if self.tokens and self.tokens[0].kind != "string" and self.tokens[0].text in words:
            return self.tokens.pop(0).text
        return ""

    def query(self) -> Condition:
        left, last = self.factor(), ""
        while joint := self.accept("and", "or"):
            right = self.factor()
            # Parentheses only where the joint changes: a chain of a hundred parents must not nest a hundred deep.
            sql = left.sql if last in ("", joint) else f"({left.sql})"
            sql = f"{sql} {joint.upper()} {right.sql}"
            by_parent = (any if joint == "and" else all)((left.by_parent, right.by_parent))
            full_text = left.full_text or right.full_text
            left, last = Condition(sql, left.args + right.args, full_text, by_parent), joint
        return replace(left, sql=f"({left.sql})")

    def factor(self) -> Condition:
        if self.accept("not"):
            inner = self.factor()
            return Condition(f"(NOT coalesce({inner.sql}, 0))", inner.args, inner.full_text)
        if self.accept("("):
            inner = self.query()
            if not self.accept(")"):
                raise QueryError("(")
            return inner
        return self.term()

    def term(self) -> Condition:
        if self.tokens and self.tokens[0].kind == "string":
            return self.membership()
        field = self.take("word").text
        if field in ("properties", "appProperties"):
            return self.has(field)
        if field == "sharedWithMe" and not (self.tokens and self.tokens[0].kind == "op"):
            return Condition("0", ())
        operator = self.take("op", "word").text
        value = self.take("string", "word")
        if field not in FIELDS:
            raise QueryError(field)
        return FIELDS[field](operator, value)

    def membership(self) -> Condition:
        value = self.take("string").text
        if not self.accept("in"):
            raise QueryError(value)
        collection = self.take("word").text
        if collection not in COLLECTIONS:
            raise QueryError(collection)
        if collection == "parents":
            return Condition("parent = ?", (alias(value),), by_parent=True)
        conditions, address = COLLECTIONS[collection], self.me if value == "me" else value
        return Condition(f"({' OR '.join(conditions)})", (address,) * len(conditions))

    def has(self, field: str) -> Condition:
        if not (self.accept("has") and self.accept("{")):
            raise QueryError(field)
        key = self.pair("key")
        if not self.accept("and"):
            raise QueryError(field)
        value = self.pair("value")
        if not self.accept("}"):
            raise QueryError(field)
        sql = f"EXISTS (SELECT 1 FROM json_each(body, '$.{field}') p WHERE p.key = ? AND p.value = ?)"
        return Condition(sql, (key, value))

    def pair(self, name: str) -> str:
        if not self.accept(name) or not self.accept("="):
            raise QueryError(name)
        return self.take("string").text


def text_field(sql: str, operators: tuple[str, ...], contains: str = "") -> Callable[[str, Token], Condition]:
    """A string field: comparisons, and `contains` by an SQL function where the field has it."""

    def compile_term(operator: str, value: Token) -> Condition:
        if value.kind != "string":
            raise QueryError(value.text)
        if operator == "contains" and contains:
            return Condition(f"{contains}({sql}, ?)", (value.text,))
        if operator not in operators:
            raise QueryError(operator)
        return Condition(f"{sql} {operator} ?", (value.text,))

    return compile_term


def time_field(sql: str) -> Callable[[str, Token], Condition]:
    """An instant, compared in ms since 1970; without an offset Drive takes UTC."""

    def compile_term(operator: str, value: Token) -> Condition:
        if operator not in ORDER or value.kind != "string":
            raise QueryError(operator)
        return Condition(f"{sql} {operator} ?", (instant_ms(value.text),))

    return compile_term


def instant_ms(text: str) -> int:
    """RFC 3339 as ms since 1970 UTC. QueryError when it is none."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(text) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp() * 1000)


def flag_field(sql: str) -> Callable[[str, Token], Condition]:
    """A boolean field."""

    def compile_term(operator: str, value: Token) -> Condition:
        if operator not in EQUALITY or value.kind != "word" or value.text not in ("true", "false"):
            raise QueryError(value.text)
        return Condition(f"{sql} {operator} ?", (int(value.text == "true"),))

    return compile_term


def full_text(operator: str, value: Token) -> Condition:
    """Words in name, description or indexed text (`_text` of the stored body)."""
    if operator != "contains" or value.kind != "string":
        raise QueryError(operator)
    searched = " || ' ' || ".join(f"coalesce({BODY.format(name)}, '')" for name in ("name", "description", "_text"))
    return Condition(f"drive_words({searched}, ?)", (value.text,), full_text=True)


FIELDS: dict[str, Callable[[str, Token], Condition]] = {
    "name": text_field(BODY.format("name"), ORDER, "drive_prefix"),
    "fullText": full_text,
    "mimeType": text_field(BODY.format("mimeType"), EQUALITY, "drive_starts"),
    "modifiedTime": time_field("drive_ms(coalesce(json_extract(body, '$.modifiedTime'), modified))"),
    "createdTime": time_field("created"),
    "viewedByMeTime": time_field("drive_ms(json_extract(body, '$.viewedByMeTime'))"),
    "sharedWithMeTime": time_field("drive_ms(json_extract(body, '$.sharedWithMeTime'))"),
    "trashed": flag_field("trashed"),
    "starred": flag_field("coalesce(json_extract(body, '$.starred'), 0)"),
    "sharedWithMe": flag_field("0"),
    "visibility": text_field("coalesce(json_extract(body, '$._visibility'), 'limited')", EQUALITY),
    "shortcutDetails.targetId": text_field(BODY.format("shortcutDetails.targetId"), EQUALITY),
}
OWNER = "coalesce(json_extract(body, '$.owners[0].emailAddress'), drive_owner()) = ? COLLATE NOCASE"
GIVEN = (
    "EXISTS (SELECT 1 FROM json_each(body, '$._permissions') p "
    "WHERE json_extract(p.value, '$.emailAddress') = ? COLLATE NOCASE AND json_extract(p.value, '$.role') IN ({}))"
)
WRITERS = "'writer', 'fileOrganizer', 'organizer'"
COLLECTIONS = {
    "parents": ("parent = ?",),
    "owners": (OWNER,),
    "writers": (OWNER, GIVEN.format(WRITERS)),
    "readers": (OWNER, GIVEN.format(f"{WRITERS}, 'commenter', 'reader'")),
}
"""Each condition takes the same value."""
