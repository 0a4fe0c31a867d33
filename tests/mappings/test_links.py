"""A mapping that names a stream which nothing brings hides what it maps, so it is refused with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import mappings
from mappings.compile import compile_folder
from mappings.yaml_lines import MappingError
from store.targets import targets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The house's mappings, copied as a firm would."""
    return Path(shutil.copytree(Path(mappings.__file__).parent, tmp_path / "mappings"))


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def refused(folder: Path) -> MappingError:
    with pytest.raises(MappingError) as caught:
        compile_folder(folder, targets(), "EUR")
    return caught.value


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "said"),
    [
        (
            "quickbooks/Invoice.yaml", "stream: Customer,", "stream: Custmer,", 7,
            "unknown owner stream 'Custmer'. Did you mean 'Customer'?",
        ),
        (
            "quickbooks/Invoice.yaml", "stream: Customer,", "stream: Payment,", 7,
            "the owner stream 'Payment' is itself owned by others.",
        ),
        (
            "quickbooks/Invoice.yaml", "stream: Customer,", "stream: salesforec.Account,", 7,
            "unknown owner stream 'salesforec.Account'. Did you mean 'salesforce.Account'?",
        ),
        (
            "salesforce/Milestone__c.yaml", "refers_to: Project__c", "refers_to: Projekt__c", 8,
            "unknown stream 'Projekt__c'. Did you mean 'Project__c'?",
        ),
        (
            "google_drive/files.yaml", "salesforce.Project__c", "salesforce.Project", 11,
            "unknown stream 'salesforce.Project'. Did you mean 'salesforce.Project__c'?",
        ),
        (
            "quickbooks/Payment.yaml", "refers_to: Invoice", "refers_to: Invoise", 17,
            "unknown stream 'Invoise'. Did you mean 'Invoice'?",
        ),
        (
            "quickbooks/Customer.yaml", "- quickbooks.Customer", "- quickbooks.Custmer", 10,
            "unknown stream 'quickbooks.Custmer'. Did you mean 'quickbooks.Customer'?",
        ),
        (
            "salesforce/Account.yaml", "quickbooks.Customer", "quickboks.Customer", 8,
            "unknown stream 'quickboks.Customer'. Did you mean 'quickbooks.Customer'?",
        ),
    ],
)  # fmt: skip
def test_a_stream_that_nothing_brings_is_refused(
    folder: Path, file: str, old: str, new: str, line: int, said: str
) -> None:
    edit(folder, file, old, new)
    error = refused(folder)
    assert error.sentence == f"{folder / file}:{line}: {said}"
    assert error.step is not None
    assert "Accepted: " in error.step


def test_an_owner_record_that_is_mapped_no_more_is_missed_by_what_it_owns(folder: Path) -> None:
    (folder / "quickbooks" / "Customer.yaml").unlink()
    assert "unknown owner stream 'Customer'" in refused(folder).sentence


def test_what_names_a_source_that_the_firm_does_not_map_is_in_order(folder: Path) -> None:
    shutil.rmtree(folder / "quickbooks")
    edit(folder, "google_drive/files.yaml", "salesforce.Project__c", "asana.tasks")
    edit(folder, "salesforce/Account.yaml", "quickbooks.Customer", "quickbooks_us.Customer")
    assert set(compile_folder(folder, targets(), "EUR")) == {"salesforce", "google_drive"}
