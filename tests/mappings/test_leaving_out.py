"""What the writer of a mapping gets who wants some records only: those, or a sentence that says what is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mappings.compile import compile_file
from mappings.yaml_lines import MappingError
from store.targets import targets

ACCOUNT = """source: crm
stream: Account
into: client
key: Id
modified: at
owner: self
known_by: {name: {from: Name, as: name}}
fields: {name: Name}
"""


def compiled(tmp_path: Path, words: str) -> Any:
    file = tmp_path / "crm" / "Account.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(words + ACCOUNT)
    return compile_file(file, targets(), "EUR")


def taken(tmp_path: Path, words: str, *values: Any) -> list[Any]:
    """Which of these types let their record pass."""
    records = [{"Id": str(n), "at": "2026-01-01T00:00:00Z", "Name": "N", "Type": v} for n, v in enumerate(values)]
    return [record["Type"] for record in compiled(tmp_path, words).sift(records).wanted]


def test_only_takes_what_holds_one_of_the_values(tmp_path: Path) -> None:
    values = ("Customer", "customer", "Partner", "Vendor", "", None)
    assert taken(tmp_path, "only: {Type: [Customer, Partner]}\n", *values) == ["Customer", "Partner"]


def test_except_takes_all_the_others(tmp_path: Path) -> None:
    assert taken(tmp_path, "except: {Type: [Vendor]}\n", "Customer", "Vendor", None) == ["Customer", None]


def test_null_stands_for_a_field_that_is_empty(tmp_path: Path) -> None:
    assert taken(tmp_path, "only: {Type: [Customer, null]}\n", "Customer", None, "", "Vendor") == ["Customer", None, ""]
    assert taken(tmp_path, "except: {Type: [null]}\n", "Customer", None, "") == ["Customer"]


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_a_box_is_ticked_or_not(tmp_path: Path, word: str) -> None:
    assert taken(tmp_path, f"only: {{Type: [{word}]}}\n", True, False, None, word) == [True, word]
    assert taken(tmp_path, "except: {Type: [false]}\n", True, False, None) == [True, None]


def test_a_number_is_the_same_as_a_text(tmp_path: Path) -> None:
    assert taken(tmp_path, "only: {Type: [2026]}\n", 2026, "2026", 2026.0, "2025") == [2026, "2026", 2026.0]


def test_each_field_of_only_must_hold_and_none_of_except(tmp_path: Path) -> None:
    words = "only: {Type: [Customer], Portal__c: [true]}\nexcept: {Stage: [Draft], Kind: [Internal]}\n"
    found = compiled(tmp_path, words)
    good = {"Id": "1", "at": "2026-01-01T00:00:00Z", "Name": "N", "Type": "Customer", "Portal__c": True}
    bad: list[dict[str, Any]] = [{"Type": "Vendor"}, {"Portal__c": False}, {"Stage": "Draft"}, {"Kind": "Internal"}]
    records = [good, *({**good, **one, "Id": str(n)} for n, one in enumerate(bad, start=2))]
    assert found.sift(records).wanted == [good]
    assert {"Type", "Portal__c", "Stage", "Kind"} <= set(found.source_fields), "the connector asks for them"


def test_a_path_goes_into_what_the_record_holds(tmp_path: Path) -> None:
    found = compiled(tmp_path, "only: {RecordType.DeveloperName: [Client]}\n")
    record = {"Id": "1", "Name": "N", "RecordType": {"DeveloperName": "Client"}}
    sifted = found.sift([record, {"Id": "2", "Name": "N", "RecordType": None}])
    assert sifted.wanted == [record]
    assert [(one.external_id, one.label, one.keys) for one in sifted.left_out] == [("2", "N", (("name", "n"),))]


def test_what_is_no_object_or_has_no_id_goes_on_to_be_held(tmp_path: Path) -> None:
    rows = ["junk", None, {"Type": "Vendor"}, {"Id": "a\0b", "Type": "Vendor"}]
    assert compiled(tmp_path, "only: {Type: [Customer]}\n").sift(rows).wanted == rows


def test_the_words_are_part_of_what_a_mapping_says(tmp_path: Path) -> None:
    prints = [compiled(tmp_path, f"only: {{Type: [{word}]}}\n").fingerprint for word in ("a", "b")]
    assert len({*prints, compiled(tmp_path, "").fingerprint}) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("only: Customer", "only must be a block of `word: value` lines, not 'Customer'."),
        ("only: {}", "only names no field."),
        ("only: {Type: Customer}", "only Type must be a list, not 'Customer'."),
        ("only: {Type: []}", "only gives no value for Type."),
        ("except: {Type: [[Customer]]}", "Type must be one of words or numbers, not ['Customer']."),
        ("except: [Customer]", "except must be a block"),
        ("onlly: {Type: [Customer]}", "unknown word in a mapping 'onlly'. Did you mean 'only'?"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_what_is_accepted(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        compiled(tmp_path, f"{words}\n")
    assert "Account.yaml:1:" in caught.value.sentence
    assert said in caught.value.sentence
