"""What the writer of a mapping gets: files that work, or a sentence with file, line and what would be accepted."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mappings
from hub import any_json
from hub.clock import UTC, instant_text
from mappings import convert
from mappings.compile import compile_file, compile_folder
from mappings.yaml_lines import MappingError
from store.held import SUGGESTIONS
from store.targets import targets

GOOD = """source: acme
stream: Bill
into: invoice
key: id
modified: changed
currency: cur
owner: {stream: Customer, id: who}
fields:
  number: no
  issued_on: day
  total_minor: sum
  balance_minor: open
"""


def compiled(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "acme" / "Bill.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return compile_file(file, targets(), "EUR")


def test_every_mapping_in_the_house_compiles() -> None:
    found = compile_folder(Path(mappings.__file__).parent, targets(), "EUR")
    assert set(found) == {"salesforce", "quickbooks", "google_drive"}
    assert found["quickbooks"][0].stream == "Customer", "owners are read before what they own"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("into: invoice", "into: invoise"), 3, "Did you mean 'invoice'?"),
        (("key: id", "kee: id"), 4, "unknown word in a mapping 'kee'"),
        (("  number: no", "  numbre: no"), 9, "Did you mean 'number'?"),
        (("  number: no", "  number: {form: no}"), 9, "Did you mean 'from'?"),
        (("  total_minor: sum\n", ""), 8, "invoice needs total_minor."),
        (("owner: {stream: Customer, id: who}", "owner: nobody"), 7, "unknown owner 'nobody'"),
        (("key: id\n", "key: id\nkey: id\n"), 5, "'key' stands here twice."),
        (("source: acme", "source: [acme"), 2, "this is no YAML"),
        (("source: acme", "source: other"), 1, "source 'other' in the folder 'acme'"),
        (("total_minor: sum", "total_minor: {from: sum, times: 100}"), 11, "column total_minor (minor) 'times'"),
        (("issued_on: day", "issued_on: {from: day, values: {a: b}}"), 10, "column issued_on (day) 'values'"),
        (("number: no", "number: {as: email}"), 9, "column number (text) does not say `from`."),
        (("owner: {stream: Customer, id: who}", "owner: {stream: Customer}"), 7, "owner does not say `id`."),
        (
            ("number: no", "lines: {from: l, each: {sku: {as: money}}}\n  number: no"),
            9,
            "part sku does not say `from`.",
        ),
        (("number: no", "lines: {from: l, each: {amount_minor: a}}\n  number: no"), 9, "amount_minor is an amount"),
        (("number: no", "? [a, b]\n  : no"), 9, "a word must stand before the colon"),
        (("number: no", "lines: {from: l, where: {k: [[a]]}, each: {x: y}}"), 9, "k must be one of words or numbers"),
        (("number: no", "lines: &a {from: l, each: *a}"), 1, "it refers to itself"),
        (("number: no", f"number: {{from: no, values: {{a: {2**64}}}}}"), 9, "no number of more than 64 bits"),
        (("number: no", "number: [no]"), 9, "not ['no']"),
        (("number: no", "number: n\x07o"), 1, "this is no YAML: control characters are not allowed"),
        (("number: no", "number: {from: no, otherwise: x}"), 9, "number says otherwise without values."),
        (("number: no", "number: {from: no, values: {a: b}, as: email}"), 9, "number says both values and as."),
        (("number: no", "voided: {from: v, where: {sum: 0}}\n  number: no"), 9, "where must be a list, not 0."),
        (("number: no", "voided: {from: v, where: sum}\n  number: no"), 9, "where must be a block"),
        (("number: no", "number: {from: no, without: ''}"), 9, "without must be a word, not ''."),
        (("number: no", "number: {from: no, values: {a: null}}"), 9, "a value of number must be a word, not None"),
        (("number: no", f"number: {{from: no, values: {{a: {'b' * 41}}}}}"), 9, "longer than the 40 characters"),
        (("number: no", "lines: {from: l, each: {sku: {from: s, as: email}}}\n  number: no"), 9, "form of sku 'email'"),
        (
            ("number: no", "lines: {from: l, each: {sku: {from: s, minus: {k: [d]}}}}\n  number: no"),
            9,
            "sku says minus and is no amount.",
        ),
        (
            ("number: no", "lines: {from: l, each: {sku: {from: s, values: {a: b}}}}\n  number: no"),
            9,
            "part sku 'values'",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_what_is_accepted(
    tmp_path: Path, change: tuple[str, str], line: int, said: str
) -> None:
    with pytest.raises(MappingError) as caught:
        compiled(tmp_path, GOOD.replace(*change))
    assert f"Bill.yaml:{line}:" in caught.value.sentence
    assert said in caught.value.sentence


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "acme" / "Bill.yaml"
    file.parent.mkdir()
    file.write_bytes(GOOD.encode() + "# Größe".encode("latin-1"))
    with pytest.raises(MappingError, match=r"Bill.yaml:\d+: this is no text in UTF-8"):
        compile_folder(tmp_path, targets(), "EUR")


def test_a_stream_that_two_files_map_is_refused_with_both(tmp_path: Path) -> None:
    """Each would have all read again by itself, at every sync."""
    for name in ("Bill.yaml", "Bill (copy).yaml"):
        compiled(tmp_path, GOOD)
        (tmp_path / "acme" / name).write_text(GOOD)
    with pytest.raises(MappingError, match=r"Bill.yaml:\d: .*Bill \(copy\).yaml maps acme Bill already"):
        compile_folder(tmp_path, targets(), "EUR")


def test_money_is_read_in_the_records_own_currency(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, GOOD)
    record = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "no": "n", "day": "2026-01-02", "open": 0}
    rows = mapping.apply([{**record, "sum": 12.5, "cur": "JPY"}, {**record, "sum": 12.5, "cur": None}]).rows
    amount = mapping.row_columns.index("total_minor")
    assert [row[amount] for row in rows] == [13, 1250]
    assert [row[-1] for row in rows] == ["JPY", "EUR"]


FLAGGED = GOOD + "  voided: {from: note, contains: Voided, where: {sum: [0], open: [0]}}\n"


@pytest.mark.parametrize(
    ("note", "amount", "left", "voided"),
    [
        ("Voided by mistake", 0, 0.0, True),
        ("Replaces voided invoice 1033; Voided cheque returned", 120, 120, False),
        ("Voided cheque returned", 120, 0, False),
        ("Given for nothing", 0, 0, False),
        (None, 0, 0, False),
    ],
)
def test_a_flag_is_raised_only_where_the_other_fields_say_so_too(
    tmp_path: Path, note: str | None, amount: float, left: float, voided: bool
) -> None:
    mapping = compiled(tmp_path, FLAGGED)
    assert {"note", "sum", "open"} <= set(mapping.source_fields)
    record = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "no": "n", "day": "2026-01-02", "cur": None}
    [row] = mapping.apply([{**record, "note": note, "sum": amount, "open": left}]).rows
    assert row[mapping.row_columns.index("voided")] is voided


def test_an_amount_that_is_none_raises_no_flag_and_is_held(tmp_path: Path) -> None:
    record = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "day": "2026-01-02", "note": "Voided", "open": 0}
    applied = compiled(tmp_path, FLAGGED).apply([{**record, "sum": [0]}])
    assert [held.field for held in applied.held] == ["sum"]


NAMED = """source: acme
stream: Bill
into: billing_account
key: id
modified: changed
owner: match
match:
  - name: {from: name, as: name, without: " (deleted)"}
fields:
  name: {from: name, without: " (deleted)"}
  email: {from: mail, as: email, without: ".invalid"}
"""


def test_what_a_source_puts_behind_a_name_by_itself_is_left_out(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, NAMED)
    record = {"id": 7, "changed": "2026-01-01T00:00:00Z", "mail": "a@x.example.invalid"}
    names = ["Müller (deleted)", "Müller", "(deleted) Müller", "Müller (deleted) (deleted)"]
    applied = mapping.apply([{**record, "id": n, "name": name} for n, name in enumerate(names)])
    at = mapping.row_columns.index("name")
    assert [row[at] for row in applied.rows] == ["Müller", "Müller", "(deleted) Müller", "Müller (deleted)"]
    assert [owner.keys for owner in applied.owners][:2] == [(("name", "müller"),)] * 2
    assert {row[mapping.row_columns.index("email")] for row in applied.rows} == {"a@x.example"}
    [held] = mapping.apply([{**record, "name": 7.5, "mail": ["a"]}]).held
    assert held.field == "mail"


@given(st.datetimes(timezones=st.just(UTC), min_value=dt.datetime(1900, 1, 1)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001 -- hypothesis adds the zone itself
def test_an_instant_means_the_same_in_any_offset(moment: dt.datetime, minutes: int) -> None:
    there = moment.astimezone(dt.timezone(dt.timedelta(minutes=minutes)))
    assert convert.instant([there.isoformat()]) == [instant_text(moment)]


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_cents_survive_a_vendors_decimal_text(amount: Any) -> None:
    assert convert.money([str(amount)], ["EUR"]) == [int(amount * 100)]


ANY = st.characters(exclude_categories=())
"""Every code point, halves of pairs included."""


@given(st.lists(st.dictionaries(st.sampled_from(["id", "no", "day", "sum", "open", "cur", "who", "changed"]),
                                st.none() | st.booleans() | st.integers() | st.floats() | st.text(ANY, max_size=20)
                                | st.lists(st.integers(), max_size=2)), max_size=5))  # fmt: skip
def test_whatever_a_source_sends_is_a_row_or_is_held(records: list[dict[str, Any]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        mapping = compiled(Path(folder), GOOD)
    applied = mapping.apply(records)
    assert len(applied.rows) + len(applied.held) == len(records)
    assert len(applied.hashes) == len(applied.rows)
    assert all(held.sentence and held.reason for held in applied.held)


def test_a_contact_whose_role_is_no_word_of_ours_is_held_and_the_accepted_ones_are_named() -> None:
    house = Path(mappings.__file__).parent
    contacts = compile_file(house / "salesforce" / "Contact.yaml", targets(), "EUR")
    known = {
        "Id": "3",
        "AccountId": "1",
        "SystemModstamp": "2026-01-01T00:00:00Z",
        "Name": "Jana",
        "Email": "j@x.example",
    }
    said = [{**known, "Id": f"3{n}", "Portal_Role__c": role} for n, role in enumerate(("viewer", None, "Former"))]
    applied = contacts.apply(said)
    assert [row[1] for row in applied.rows] == ["30", "31"]
    [held] = applied.held
    assert held.sentence == "Portal_Role__c: 'Former' is not one of owner, member, viewer."
    assert "role" not in held.access


@pytest.mark.parametrize("field", ["id", "who", "no", "cur"])
def test_a_record_with_half_a_character_is_held_and_its_neighbours_are_taken(tmp_path: Path, field: str) -> None:
    mapping = compiled(tmp_path, GOOD)
    good = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "no": "n", "day": "2026-01-02", "open": 0, "sum": 1}
    applied = mapping.apply([good, {**good, "id": 8, field: "EUR\ud800"}, {**good, "id": 9}])
    assert [row[1] for row in applied.rows] == ["7", "9"]
    assert len(applied.hashes) == 2
    [held] = applied.held
    assert (held.reason, held.field) == ("bad_text", field)
    held.payload.encode()
    held.external_id.encode()


@pytest.mark.parametrize("amount", [1e300, "1e30", float("inf"), "NaN"])
def test_an_amount_beyond_all_bounds_costs_its_record_alone(tmp_path: Path, amount: Any) -> None:
    good = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "no": "n", "day": "2026-01-02", "open": 0, "sum": 1}
    applied = compiled(tmp_path, GOOD).apply([good, {**good, "id": 8, "sum": amount}, {**good, "id": 9}])
    assert [row[1] for row in applied.rows] == ["7", "9"]
    assert [(held.reason, held.field) for held in applied.held] == [("bad_amount", "sum")]


LINES = GOOD + "  lines: {from: rows, each: {description: text, amount_minor: {from: sum, as: money}}}\n"


def test_a_discount_lowers_a_bill_though_its_source_says_a_plain_amount(tmp_path: Path) -> None:
    # QuickBooks tells what a discount takes off as a positive amount.
    each = "{kind: kind, amount_minor: {from: sum, as: money, minus: {kind: [Discount]}}}"
    mapping = compiled(tmp_path, GOOD + f"  lines: {{from: rows, each: {each}}}\n")
    rows = [{"kind": "Item", "sum": 100}, {"kind": "Discount", "sum": 12.5}, {"kind": "Discount"}]
    record = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "day": "2026-01-02", "open": 0, "sum": 1}
    [row] = mapping.apply([{**record, "rows": rows}]).rows
    lines = any_json.loads(row[mapping.row_columns.index("lines")])
    assert [line["amount_minor"] for line in lines] == [10_000, -1_250, None]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"text": "Freight", "sum": 1}, "rows: {'text': 'Freight', 'sum': 1} is not a list of objects or null."),
        ("Freight", "rows: 'Freight' is not a list of objects or null."),
        ("", "rows: '' is not a list of objects or null."),
        ([{"text": "Freight"}, "Tax"], "rows: 'Tax' is not an object, which number 2 of a list must be."),
        ([None], "rows: None is not an object, which number 1 of a list must be."),
    ],
)
def test_a_bill_whose_lines_cannot_be_read_is_held_and_not_shown_without_them(
    tmp_path: Path, lines: Any, said: str
) -> None:
    good = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "no": "n", "day": "2026-01-02", "open": 0, "sum": 1}
    applied = compiled(tmp_path, LINES).apply([good, {**good, "id": 8, "rows": lines}, {**good, "id": 9, "rows": None}])
    assert [(row[1], row[-2]) for row in applied.rows] == [("7", None), ("9", None)], "none is no lines"
    assert [(held.reason, held.field, held.sentence) for held in applied.held] == [("bad_list", "rows", said)]


def test_a_line_whose_kind_is_no_word_costs_its_bill_alone(tmp_path: Path) -> None:
    good = {"id": 7, "changed": "2026-01-01T00:00:00Z", "who": "c", "no": "n", "day": "2026-01-02", "open": 0, "sum": 1}
    where = LINES.replace("from: rows", "from: rows, where: {kind: [item]}")
    applied = compiled(tmp_path, where).apply([good, {**good, "id": 8, "rows": [{"kind": ["item"]}]}])
    assert [row[1] for row in applied.rows] == ["7"]
    assert [held.reason for held in applied.held] == ["bad_list"]


def test_a_touch_without_a_change_has_the_same_hash(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, GOOD)
    record = {"id": 7, "who": "c", "no": "n", "day": "2026-01-02", "open": 0, "sum": 1}
    once, again, other = (
        mapping.apply([{**record, **change}]).hashes
        for change in ({"changed": "2026-01-01T00:00:00Z"}, {"changed": "2026-01-02T00:00:00Z"},
                       {"changed": "2026-01-01T00:00:00Z", "sum": 2})
    )  # fmt: skip
    assert once == again
    assert once != other


@pytest.mark.parametrize(
    ("address", "domain"),
    [("https://www.Mueller.example/x", "mueller.example"), ("a@x.example, b@y.example", "x.example"),
     ("someone@gmail.com", None), ("", None), (None, None), ("http://[bad", None)],
)  # fmt: skip
def test_a_domain_recognises_a_firm_and_never_a_mailbox_provider(address: Any, domain: str | None) -> None:
    assert convert.domain(address) == domain


@pytest.mark.parametrize("bad", ["a text", None, 7, ["a list"], {}])
def test_a_record_that_is_no_object_is_held_alone(tmp_path: Path, bad: Any) -> None:
    mapping = compiled(tmp_path, GOOD)
    good = {
        "id": "7",
        "changed": "2026-01-01T00:00:00Z",
        "who": "c",
        "no": "n",
        "day": "2026-01-02",
        "open": 0,
        "sum": 1,
    }
    for page in ([good, bad], [bad, good]):
        applied = mapping.apply(page, any_json.dumps({"records": page}))
        assert [row[1] for row in applied.rows] == ["7"]
        [held] = applied.held
        assert held.reason == "no_id"
        assert held.external_id.startswith("?")
        assert any_json.loads(held.payload) == bad


def test_every_reason_for_holding_a_record_comes_with_what_to_do() -> None:
    sources = [file.read_text() for file in Path(mappings.__file__).parent.glob("*.py")]
    reasons = {reason for text in sources for reason in re.findall(r'(?:code=|refuse\()"([a-z_]+)"', text)}
    assert {"no_id", "bad_number"} <= reasons
    assert reasons <= SUGGESTIONS.keys()


def test_an_id_in_a_number_field_is_an_id_as_salesforce_sends_it_too(tmp_path: Path) -> None:
    """Number(18, 0) comes as 145.0; QuickBooks calls the same customer "145"."""
    accounts = "source: acme\nstream: Bill\ninto: client\nkey: id\nmodified: changed\nowner: self\n"
    accounts += "known_by:\n  quickbooks.Customer: books\nfields:\n  name: books\n"
    account = {"id": "A", "changed": "2026-01-01T00:00:00Z", "books": 145.0}
    found = compiled(tmp_path, accounts).apply([account])
    assert found.owners[0].keys == (("quickbooks.Customer", "145"),)
    assert found.rows[0][4] == "145", "a text shows it as people write it"
    bill = {"id": "8", "changed": "2026-01-01T00:00:00Z", "no": 7.0, "day": "2026-01-02", "sum": 1, "open": 1}
    rows = [compiled(tmp_path, GOOD).apply([bill | {"who": who}]).rows[0] for who in (145.0, 145, "145")]
    assert rows[0] == rows[1] == rows[2]
