"""Converters, a whole column at a time: a page's values of one field in, the column's values out.

A page of 2,000 records costs one call per field instead of one per value, which is what makes the compiler fast. A
converter raises BadRecord for the first value that it cannot take; the caller then finds the culprit record by record.

Values leave in the form both databases take as they are: text, int, bool, None, and ISO text for dates and instants.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlsplit

from hub.clock import instant_text, parse_instant
from hub.errors import BadRecord
from hub.money import EXACT, exponent, to_minor

Column = Sequence[Any]
Convert = Callable[[Sequence[Any]], Column]

RULES = 4
"""Part of every mapping's fingerprint: what was stored by other rules is read again, all of it.

Raise it whenever a value comes out in another form than before, be it through a converter here, through what one calls,
or through how mappings.compile reads a word. tests/mappings/rules.json holds what these rules make of things; it is
written anew by `python tests/mappings/test_rules.py`, in the same commit.
"""

PROSE_LIMIT = 100_000
"""Characters. Longer texts are quarantined: no client reads them, and one would fill a page many times."""

SALESFORCE_LENGTH = 28
SALESFORCE_MARKS = ((10, "T"), (19, "."), (23, "+"), (24, "0"), (25, "0"), (26, "0"), (27, "0"))
"""What stands where in Salesforce's instants, which make nine tenths of all."""
_TEXT = {str, type(None)}
_NUMBER = {int, float}
_AMOUNT = {int, float, type(None)}
_LARGEST = 2**63 - 1
PUBLIC_DOMAINS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "t-online.de",
        "mail.com",
    ]
)
"""Mailbox providers: an address there says nothing about whose it is."""


def refuse(code: str, value: Any, expected: str) -> BadRecord:
    """A BadRecord saying what was received and what would have been accepted."""
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."  # noqa: PLR2004 -- fits a table cell
    return BadRecord(f"{shown} is not {expected}.", code=code)


def text(limit: int) -> Convert:
    """Text of at most `limit` characters; empty becomes None, numbers become their digits.

    A letter and its accent become one (NFC): a Mac sends them as two, and nobody who types the name would find it.
    """

    def convert(values: Sequence[Any]) -> Column:
        if not set(map(type, values)) <= _TEXT:
            values = [_as_text(value) for value in values]
        column = [value or None for value in values] if "" in values else values
        if not all(map(str.isascii, filter(None, column))):
            column = [value and unicodedata.normalize("NFC", value) for value in column]
        longest = max(map(len, filter(None, column)), default=0)
        if longest > limit:
            raise BadRecord(f"The text is {longest:,} characters long; at most {limit:,} are taken.", code="too_long")
        return column

    return convert


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse("not_text", value, "a text")
    return digits(value)


def digits(value: Any) -> str:
    """A value as text, a whole number without a point: Salesforce sends those of its Number fields as 145.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def both(first: Convert, second: Convert) -> Convert:
    """One converter after the other."""
    return lambda values: second(first(values))


def _each_once(one: Callable[[Any], Any]) -> Convert:
    """A converter of texts that computes each distinct one once: dates and words repeat a great deal."""

    def convert(values: Sequence[Any]) -> Column:
        distinct = set(values) if set(map(type, values)) <= _TEXT else None
        if distinct is None:
            return [None if value is None or value == "" else one(value) for value in values]
        table = {value: one(value) for value in distinct if value}
        return list(map(table.get, values))

    return convert


def instant(values: Sequence[Any]) -> Column:
    """Aware instants in any ISO form as fixed-width UTC text."""
    try:
        if _are_salesforces([value for value in values if value]):
            return [f"{value[:23]}Z" if value else None for value in values]
    except (TypeError, ValueError):
        pass  # something else is among them; the slow way says what
    return [None if value is None or value == "" else _instant(value) for value in values]


def _are_salesforces(moments: Sequence[str]) -> bool:
    """Whether all are like `2026-05-28T21:15:07.000+0000`, always UTC. ValueError where one is no such moment.

    A page's marks are compared as columns of one long text: a slice for each, whatever the number of records.
    """
    together = "".join(moments)
    if set(map(len, moments)) - {SALESFORCE_LENGTH}:
        return False
    columns = ((together[at::SALESFORCE_LENGTH], mark) for at, mark in SALESFORCE_MARKS)
    return all(column.count(mark) == len(moments) for column, mark in columns) and all(
        map(dt.datetime.fromisoformat, moments)
    )


def _instant(value: Any) -> str:
    try:
        return instant_text(parse_instant(value))
    except (ValueError, TypeError):
        raise refuse("bad_instant", value, "a time with its zone, such as 2026-05-28T21:15:07+00:00") from None


def _day(value: Any) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except (ValueError, TypeError):
        raise refuse("bad_date", value, "a date such as 2026-05-28") from None


day = _each_once(_day)
"""Calendar days `2026-05-28`, never shifted through a zone."""


def whole(scale: int = 1) -> Convert:
    """Whole numbers, after multiplying by `scale`, halves up."""

    def convert(values: Sequence[Any]) -> Column:
        if set(map(type, values)) <= _AMOUNT:
            table = {value: None if value is None else _whole(value, scale) for value in set(values)}
            return list(map(table.get, values))
        return [None if value is None else _whole(value, scale) for value in values]

    return convert


def _whole(value: Any, scale: int) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int and -_LARGEST <= value * scale <= _LARGEST:
        return value * scale
    if type(value) not in _NUMBER and not isinstance(value, str):
        raise refuse("bad_number", value, "a number")
    try:
        number = Decimal(str(value)) * scale
        whole_number = int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except (ArithmeticError, ValueError):
        raise refuse("bad_number", value, "a number") from None
    if abs(whole_number) > _LARGEST:
        raise refuse("bad_number", value, "a number that fits 64 bits")
    return whole_number


def money(values: Sequence[Any], currencies: Sequence[str]) -> Column:
    """Amounts in minor units of each row's own currency."""
    if len(set(currencies)) == 1 and set(map(type, values)) <= _AMOUNT:
        return _money_of_one(values, currencies[0])
    return [
        None if value is None else _money(value, currency) for value, currency in zip(values, currencies, strict=True)
    ]


def _money_of_one(values: Sequence[Any], currency: str) -> Column:
    """A page's amounts in one currency: most are cents exactly (hub.money.to_minor says why that test is enough)."""
    scale = 10 ** exponent(currency)
    column = [None if value is None else round(value * scale) if -EXACT < value < EXACT else "" for value in values]
    return [
        minor if minor is None or (type(minor) is int and minor / scale == value) else _money(value, currency)
        for minor, value in zip(column, values, strict=True)
    ]


def _money(value: Any, currency: str) -> int:
    if isinstance(value, bool):
        raise refuse("bad_amount", value, "an amount such as 1234.50")
    try:
        minor = to_minor(value, currency)
    except ValueError:
        raise refuse("bad_amount", value, "an amount such as 1234.50") from None
    if abs(minor) > _LARGEST:
        raise refuse("bad_amount", value, "an amount that fits 64 bits")
    return minor


def currency(values: Sequence[Any], firm: str) -> Column:
    """ISO 4217 codes; missing ones are the firm's own."""
    for value in _distinct(values) - {None, ""}:
        try:
            exponent(value)
        except (ValueError, TypeError):
            raise refuse("bad_currency", value, "an ISO 4217 currency such as EUR, USD or JPY") from None
    return [value or firm for value in values]


def _distinct(values: Sequence[Any]) -> set[Any]:
    try:
        return set(values)
    except TypeError:  # a list or an object where a code should be
        return {value if isinstance(value, str | None) else repr(value) for value in values}


def flag(values: Sequence[Any]) -> Column:
    """True, false or unknown."""
    for value in values:
        if value is not None and not isinstance(value, bool):
            raise refuse("bad_flag", value, "true or false")
    return list(values)


def contains(needle: str) -> Convert:
    """Whether a text contains a word; a missing text does not."""
    return lambda values: [isinstance(value, str) and needle in value for value in values]


def without(ending: str) -> Convert:
    """Texts without an ending that the source puts there by itself; what is no text stays as it is."""
    return lambda values: [v.removesuffix(ending) if isinstance(v, str) else v for v in values]


def one_of(table: Mapping[str, str], otherwise: str | None) -> Convert:
    """The firm's words by theirs; a word that the table lacks is refused, or becomes `otherwise` if that is given."""

    def _word(value: Any) -> str:
        found = table.get(value if isinstance(value, str) else repr(value), otherwise)
        if found is None:
            raise refuse("unknown_value", value, "one of " + ", ".join(table))
        return found

    return _each_once(_word)


def email(values: Sequence[Any]) -> Column:
    """The first address of a list, lower case; None where there is none."""
    return [_first_address(value) for value in values]


def _first_address(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise refuse("bad_email", value, "an e-mail address")
    first = value.replace(";", ",").split(",")[0].strip().lower()
    return first or None


def domain(value: Any) -> str | None:
    """The domain of a web or e-mail address, without www; None for public mailbox providers and for nothing."""
    if not isinstance(value, str) or not value.strip():
        return None
    first = value.replace(";", ",").split(",")[0].strip().lower()
    try:
        host = first.rsplit("@", 1)[1] if "@" in first else urlsplit(first if "//" in first else f"//{first}").hostname
    except ValueError:
        return None
    host = (host or "").removeprefix("www.").rstrip(".")
    return host if "." in host and host not in PUBLIC_DOMAINS else None


def plain_name(value: Any) -> str | None:
    """A name for exact comparison: Unicode-normalised, case-folded, single spaces."""
    if not isinstance(value, str):
        return None
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split()) or None


def plain_id(value: Any) -> str | None:
    """An id in another system, as text."""
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not value.is_integer()):
        return None
    return digits(value).strip() or None


KEY_FORMS: dict[str, Callable[[Any], str | None]] = {"domain": domain, "name": plain_name, "id": plain_id}
"""How a value becomes comparable, by the word `as` of a key."""
