"""What the converters make of values, and the number that says so in every fingerprint, change together.

`rules.json` holds what each converter makes of a fixed corpus, and a digest of that for every number there was.
`python tests/mappings/test_rules.py` writes it anew after the number was raised, or after the corpus has grown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from hub.errors import BadRecord
from mappings import convert
from mappings.compile import compile_file
from store.targets import targets

FILE = Path(__file__).with_name("rules.json")
TOGETHER = (
    "What is stored was made by other rules, and keeps its old form until its record changes. Raise RULES in "
    "mappings/convert.py, so that all of it is read again, and run `python tests/mappings/test_rules.py`. "
    "If nothing was meant to change, mend the converter."
)


def money(pairs: Sequence[Any]) -> Sequence[Any]:
    return convert.money([amount for amount, _ in pairs], [currency for _, currency in pairs])


def singly(form: Callable[[Any], Any]) -> convert.Convert:
    return lambda values: [form(value) for value in values]


INSTANTS = [
    None, "", "2026-05-28T21:15:07.000+0000", "2026-05-28T21:15:07.123+0000", "2026-05-28T23:15:07+02:00",
    "2026-05-28T21:15:07Z", "2026-05-28T21:15:07.123956-08:00", "2026-12-31T23:59:59.999999+00:00", "2026-05-28",
    "2026-05-28T21:15:07", "2026-02-30T00:00:00.000+0000", "yesterday", 7, "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00",
]  # fmt: skip
NUMBERS = [
    None, 0, 7, -1, 2.0, 2.5, 3.5, -2.5, 0.49, 12.3456, "7", "7.5", " 8 ", "x", "", True, [1], 1e300, 2**63 - 1, 2**63,
    "9e999999", 10**400,
]  # fmt: skip
AMOUNTS = [
    [None, "EUR"], [0, "EUR"], [12.5, "EUR"], [0.1 + 0.2, "EUR"], [1.005, "EUR"], [-0.005, "EUR"], [1.115, "EUR"],
    ["1234.50", "EUR"], ["1,234.50", "EUR"], ["", "EUR"], [12.5, "JPY"], [13.5, "JPY"], [1.2345, "KWD"], [True, "EUR"],
    [1234.56, "RSD"], [0.125, "IQD"], [1e15, "EUR"], [1e300, "EUR"], [["1"], "EUR"], ["9e999999", "EUR"],
    [10**400, "EUR"], [2**63 - 1, "JPY"], [2**63, "JPY"], [2**70, "JPY"], [0.5, "UYW"],
]  # fmt: skip
ADDRESSES = [
    None, "", " ", "A@Müller.example", "a@x.example; b@y.example", " c@z.example , d@z.example", 7, "no address",
]  # fmt: skip
SITES = [
    *ADDRESSES, "https://www.Mueller.example/x", "mueller.example:8080", "x@gmail.com", "localhost", "http://[bad",
]  # fmt: skip
NAMES = [None, "", "  ", "Müller  &\tSöhne ", "STRASSE", "Straße", "ﬁrm № 5", "Café", "Cafe\u0301", 7]
WORDS = [None, "", "Booked", "booked", "Lost", 7, True, ["Booked"]]
TEXTS = [
    None,
    "",
    "Müller",
    "Mu\u0308ller",
    " padded ",
    "ten chars.",
    "eleven char",
    7,
    145.0,
    12.5,
    1e21,
    True,
    ["x"],
    {"a": 1},
]
SHIPPING = {"Booked": "booked", "7": "seven"}

CORPUS: dict[str, tuple[convert.Convert, list[Any]]] = {
    "text": (convert.text(10), TEXTS),
    "instant": (convert.instant, INSTANTS),
    "day": (convert.day, [None, "", "2026-05-28", "20260528", "2026-W22-4", "28.05.2026", "2026-02-30", 7, ["x"]]),
    "whole": (convert.whole(), NUMBERS),
    "whole, a thousandfold": (convert.whole(1000), NUMBERS),
    "money": (money, AMOUNTS),
    "currency": (lambda values: convert.currency(values, "EUR"), [None, "", "USD", "usd", "EURO", 7, ["USD"]]),
    "flag": (convert.flag, [None, True, False, "true", 1, ""]),
    "contains": (convert.contains("Voided"), [None, "", "Voided", "Order Voided today", "voided", 7]),
    "without": (convert.without(" (deleted)"), [None, "", "Acme (deleted)", "Acme", "(deleted)", 7, ["x"]]),
    "one_of": (convert.one_of(SHIPPING, None), WORDS),
    "one_of, otherwise": (convert.one_of(SHIPPING, "other"), WORDS),
    "email": (convert.email, ADDRESSES),
    "both": (convert.both(convert.email, convert.text(10)), ADDRESSES),
    "domain": (singly(convert.domain), SITES),
    "plain_name": (singly(convert.plain_name), NAMES),
    "plain_id": (singly(convert.plain_id), [None, "", " 17 ", 17, 17.0, 17.5, True, ["17"]]),
    "digits": (singly(convert.digits), ["17", 17, 17.0, 17.5, -0.0, 1e21]),
}

MAPPINGS = {
    "Bill": """source: acme
stream: Bill
into: invoice
key: id
modified: at
currency: cur
owner: {stream: Customer, id: who.id}
fields:
  number: no
  issued_on: day
  total_minor: sum
  balance_minor: sum
  voided: {from: note, contains: Voided}
  memo: notes.0.text
  bill_email: {from: mail, as: email}
  lines:
    from: lines
    where: {kind: [item, fee]}
    each: {description: text, amount_minor: {from: sum, as: money}, invoice_id: {from: bill, refers_to: Bill}}
""",
    "Customer": """source: acme
stream: Customer
into: billing_account
key: id
modified: at
owner: match
match:
  - parent: above
  - acme.Customer: id
  - domain: {from: web, as: domain}
  - name: {from: name, as: name}
fields:
  name: name
  active: active
""",
    "Receipt": """source: acme
stream: Receipt
into: payment
key: id
modified: at
owner: {stream: Customer, id: who}
fields:
  received_on: day
  amount_minor: sum
  applied: {from: paid, each: {invoice_id: {from: bill, refers_to: Bill}, amount_minor: {from: sum, as: money}}}
""",
    "Parcel": """source: acme
stream: Parcel
into: shipment
key: id
modified: at
owner: {stream: Customer, id: who}
fields:
  number: id
  status: {from: state, values: {Booked: booked}, otherwise: unknown}
  weight_grams: {from: kilos, times: 1000}
  eta_at: eta
""",
}
AT = "2026-05-28T23:15:07+02:00"
LINES = [{"kind": "item", "text": "Freight", "sum": 1.1, "bill": 8}, {"kind": "sum", "text": "All"}, {"kind": "fee"}]
RECORDS: dict[str, list[Any]] = {
    "Bill": [
        {"id": 7, "at": AT, "who": {"id": "c"}, "no": "n", "day": "2026-01-02", "sum": 12.5, "cur": "JPY",
         "note": "Voided today", "notes": [{"text": "first"}], "mail": "A@X.example; b@y.example", "lines": LINES},
        {"id": "8", "at": AT, "day": "2026-01-02", "sum": "3.555", "lines": []},
        {"id": "9", "at": AT, "day": "soon", "sum": 1},
        {"at": AT},
        {"id": "10", "at": AT, "day": "2026-01-02", "sum": 1, "lines": None},
        {"id": "11", "at": AT, "day": "2026-01-02", "sum": 1, "lines": LINES[0]},
        {"id": "12", "at": AT, "day": "2026-01-02", "sum": 1, "lines": ""},
        {"id": "13", "at": AT, "day": "2026-01-02", "sum": 1, "lines": [{"kind": ["item"]}]},
    ],
    "Customer": [
        {"id": "c", "at": AT, "name": "Müller  & Söhne", "web": "www.mueller.example", "active": True, "above": "d"},
        {"id": "d", "at": AT, "name": "D"},
    ],
    "Receipt": [
        {"id": "r", "at": AT, "day": "2026-01-02", "sum": 3, "paid": [{"bill": 7, "sum": 1.5}, {"bill": 8}, 9]},
        {"id": "t", "at": AT, "day": "2026-01-02", "sum": 3, "paid": [{"bill": 7, "sum": 1.5}, {"bill": 8}]},
        {"id": "s", "at": AT, "day": "2026-01-02", "sum": 3, "paid": [{"bill": 7, "sum": "many"}]},
    ],
    "Parcel": [
        {"id": "p", "at": AT, "who": "c", "state": "Booked", "kilos": 1.2345, "eta": "2026-05-28T21:15:07.000+0000"},
        {"id": "q", "at": AT, "who": "", "state": "Lost", "kilos": None, "eta": None},
    ],
}  # fmt: skip


def outcome(converter: convert.Convert, value: Any) -> Any:
    try:
        return converter([value])[0]
    except BadRecord as error:
        return {"refused": error.code}


def applied(stream: str, records: list[Any]) -> Any:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "acme" / f"{stream}.yaml"
        file.parent.mkdir()
        file.write_text(MAPPINGS[stream], encoding="utf-8")
        mapping = compile_file(file, targets(), "EUR")
    found = mapping.apply(records)
    rows = [dict(zip(mapping.row_columns, row, strict=True)) for row in found.rows]
    held = [[one.external_id, one.reason, one.field] for one in found.held]
    return {"rows": rows, "keys": [owner.keys for owner in found.owners], "held": held}


CASES = [*CORPUS, *(f"mapping of {stream}" for stream in RECORDS)]


def made_by(name: str) -> list[Any]:
    """[value, what comes of it] of one converter, or of whole records and a whole mapping."""
    if name in CORPUS:
        converter, values = CORPUS[name]
        return [[value, outcome(converter, value)] for value in values]
    stream = name.removeprefix("mapping of ")
    return [[RECORDS[stream], applied(stream, RECORDS[stream])]]


def lines(pairs: list[Any]) -> list[str]:
    """As JSON: there 1, 1.0 and true are three things."""
    return [json.dumps(pair, ensure_ascii=False) for pair in pairs]


def stored() -> Any:
    return json.loads(FILE.read_text(encoding="utf-8"))


def digest(made: Any) -> str:
    return blake2b(json.dumps(made, sort_keys=True).encode(), digest_size=16).hexdigest()


@pytest.mark.parametrize("name", CASES)
def test_a_converter_makes_of_a_value_what_its_number_says(name: str) -> None:
    assert lines(made_by(name)) == lines(stored()["made"].get(name, [])), TOGETHER


def test_the_number_was_raised_when_what_is_made_has_changed_and_only_then() -> None:
    file = stored()
    digests = file["digests"]
    assert list(digests) == [str(number) for number in range(1, convert.RULES + 1)], TOGETHER
    assert len(set(digests.values())) == len(digests), "The number was raised, though everything is as it was."
    assert digests[str(convert.RULES)] == digest(file["made"]), TOGETHER


def test_no_converter_is_left_out() -> None:
    own = {name for name, value in vars(convert).items() if getattr(value, "__module__", "") == convert.__name__}
    converters = {name for name in own if not name.startswith("_")} - {"refuse"}
    assert converters == {name.partition(",")[0] for name in CORPUS}


@pytest.mark.parametrize("name", CORPUS)
def test_a_value_becomes_the_same_in_any_company(name: str) -> None:
    """A page's column takes other ways through a converter than a value alone."""
    converter, values = CORPUS[name]
    made = [(value, outcome(converter, value)) for value in values]
    taken = [(value, result) for value, result in made if not isinstance(result, dict)]
    assert list(converter([value for value, _ in taken])) == [result for _, result in taken]


def write() -> None:
    """Write the file anew. Refused where another form would go under the number that the old one went under."""
    made, old = {name: made_by(name) for name in CASES}, stored() if FILE.exists() else {"digests": {}, "made": {}}
    number = str(convert.RULES)
    if number in old["digests"] and (other := changed(old["made"], made)):
        sys.exit("\n".join([TOGETHER, *other]))
    digests = json.dumps({**old["digests"], number: digest(made)}, indent=1)
    blocks = [f"{json.dumps(name)}: [\n  " + ",\n  ".join(lines(pairs)) + "\n ]" for name, pairs in made.items()]
    FILE.write_text(f'{{"digests": {digests},\n"made": {{\n ' + ",\n ".join(blocks) + "\n}}\n", encoding="utf-8")


def changed(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> list[str]:
    """Values that were in the corpus before, and of which something else is made now."""
    now = {(name, json.dumps(value)): json.dumps(result) for name, pairs in new.items() for value, result in pairs}
    return [
        f"{name}: {json.dumps(value)} became {json.dumps(result)}, and is {now[name, json.dumps(value)]}"
        for name, pairs in old.items()
        for value, result in pairs
        if now.get((name, json.dumps(value)), json.dumps(result)) != json.dumps(result)
    ]


if __name__ == "__main__":
    write()
