"""A process that stays reads by the mappings as their files are now, and compiles them only when they changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import NeedsPerson
from mappings.folder import Folder
from mappings.yaml_lines import MappingError
from store.targets import targets

BILL = """source: acme
stream: Bill
into: invoice
key: id
modified: changed
owner: {stream: Customer, id: who}
fields:
  issued_on: day
  total_minor: sum
  balance_minor: open
"""


CUSTOMER = """source: acme
stream: Customer
into: billing_account
key: id
modified: changed
owner: match
match: [name: {from: title, as: name}]
fields: {name: title}
"""


def test_what_was_edited_added_or_taken_away_is_seen_at_once(tmp_path: Path) -> None:
    file, other = tmp_path / "acme" / "Bill.yaml", tmp_path / "acme" / "Credit.yaml"
    file.parent.mkdir()
    file.write_text(BILL)
    (file.parent / "Customer.yaml").write_text(CUSTOMER)
    folder = Folder(tmp_path, targets(), "EUR")
    [_, first] = folder.mappings()["acme"]
    assert folder.mappings()["acme"][1] is first, "compiled once"
    file.write_text(BILL.replace("day", "dated"))
    [_, edited] = folder.mappings()["acme"]
    assert edited.fingerprint != first.fingerprint
    other.write_text(BILL.replace("Bill", "Credit"))
    assert [mapping.stream for mapping in folder.mappings()["acme"]] == ["Customer", "Bill", "Credit"]
    file.write_text("source: [acme")
    for _ in range(2):
        with pytest.raises(MappingError):
            folder.mappings()
    file.unlink()
    assert [mapping.stream for mapping in folder.mappings()["acme"]] == ["Customer", "Credit"]


def test_a_folder_that_is_missing_or_has_no_mapping_is_named(tmp_path: Path) -> None:
    missing = Folder(tmp_path / "mapings", targets(), "EUR")
    with pytest.raises(NeedsPerson) as caught:
        missing.mappings()
    assert caught.value.sentence == f"There is no folder {tmp_path / 'mapings'} with mappings."
    assert "mappings_path" in (caught.value.step or "")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "legal.yaml").write_text("profile: legal")
    (tmp_path / "Bill.yaml").write_text(BILL)
    empty = Folder(tmp_path, targets(), "EUR")
    for _ in range(2):
        with pytest.raises(NeedsPerson) as caught:
            empty.mappings()
        assert caught.value.sentence == f"There is no mapping in {tmp_path}."
        assert "SOURCE/STREAM.yaml" in (caught.value.step or "")
