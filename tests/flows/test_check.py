"""`check` says what of a mapping its source cannot serve: once, with file and line, and the nearest that it can."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import mappings
from connectors.contract import Finding
from flows.check import check
from flows.hub import Hub
from hub.settings import Settings, Source
from sandbox.serve import serving
from sandbox.state import State
from store.engine import create_engine
from store.migrate import upgrade
from warehouse.landing import Landing

Wrong = Callable[[], list[Finding]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The house's mappings of two sources, copied as a firm would."""
    folder = Path(shutil.copytree(Path(mappings.__file__).parent, tmp_path / "ours"))
    shutil.rmtree(folder / "google_drive")
    return folder


@pytest.fixture
def wrong(tmp_path: Path, folder: Path) -> Iterator[Wrong]:
    """What `check` finds wrong."""
    state = State(tmp_path / "sandbox.sqlite")
    state.put("quickbooks", "CompanyInfo", "1", {"CompanyName": "Harbour & Pine"})
    state.put("quickbooks", "Preferences", "1", {"CurrencyPrefs": {"HomeCurrency": {"value": "EUR"}}})
    with serving(state) as address:
        salesforce = {"client_id": "sandbox-consumer-key", "client_secret": "sandbox-consumer-secret"}
        quickbooks = {"client_id": "sandbox-qbo-client", "client_secret": "sandbox-qbo-secret"}
        token = {"realm_id": "4620816365179422850", "refresh_token": "sandbox-refresh-0"}
        sources = {
            "salesforce": Source(connector="salesforce", domain="acme.my", base_url=address, **salesforce),
            "quickbooks": Source(connector="quickbooks", base_url=address, **quickbooks, **token),
        }
        engine = create_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
        upgrade(engine)
        chosen = Settings(secret_key="x" * 32, mappings_path=folder, sources=sources)
        hub = Hub(chosen, engine, Landing(tmp_path / "landing"))
        yield lambda: [finding for finding in check(hub) if not finding.ok]
        engine.dispose()


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_houses_mappings_fit(wrong: Wrong) -> None:
    assert wrong() == []


@pytest.mark.parametrize(("several", "told"), [(False, 1), (True, 0)])
def test_books_in_another_currency_than_the_firms_are_told(
    wrong: Wrong, tmp_path: Path, several: bool, told: int
) -> None:
    # A company of one currency does not say on each invoice which: dollars would be shown as euros.
    state = State(tmp_path / "sandbox.sqlite")
    kept = {"HomeCurrency": {"value": "USD"}, "MultiCurrencyEnabled": several}
    state.put("quickbooks", "Preferences", "1", {"CurrencyPrefs": kept})
    found = wrong()
    assert len(found) == told
    for finding in found:
        assert finding.sentence.startswith("QuickBooks Online keeps its books in USD, and the firm's currency is EUR")
        assert 'currency = "USD"' in finding.step


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "said", "step"),
    [
        (
            "quickbooks/Invoice.yaml", "DueDate", "DewDate", 11,
            "Invoice has no field 'DewDate', which the mapping reads.", "Did you mean DueDate",
        ),
        (
            "salesforce/Shipment__c.yaml", " Carrier__c", " Carrierr__c", 12,
            "Shipment__c has no field Carrierr__c that the integration's user may read.",
            "Nearest accepted: Carrier__c, ",
        ),
        (
            "salesforce/Milestone__c.yaml", "Project__r.Account__c", "Project__r.Acount__c", 6,
            "Milestone__c has no field Project__r.Acount__c that the integration's user may read.",
            "Nearest accepted: Project__c. Correct the mapping, or ask",
        ),
        (
            "salesforce/Shipment__c.yaml", "eta_at: ETA__c", "eta_at: Carrier__c", 33,
            "eta_at is of the kind 'instant', but Shipment__c.Carrier__c is of the type 'string'.",
            "Map a field of another type to eta_at",
        ),
        (
            "salesforce/Shipment__c.yaml", "eta_at: ETA__c", "eta_at: ETA_Date__c", 33,
            "eta_at is of the kind 'instant', but Shipment__c.ETA_Date__c is of the type 'date'.",
            "Map it to eta_on, or a field of another type to eta_at: every record would be held.",
        ),
        (
            "salesforce/Shipment__c.yaml", "shipped_on: Shipped_Date__c", "shipped_on: ETA__c", 30,
            "shipped_on is of the kind 'day', but Shipment__c.ETA__c is of the type 'datetime'.", "Map a field",
        ),
        (
            "salesforce/Shipment__c.yaml", "Picked Up: picked", "Pickd Up: picked", 22,
            "Status__c has no value 'Pickd Up'. Did you mean 'Picked Up'?", "It has Booked, Picked Up,",
        ),
        (
            "salesforce/Account.yaml", "owner: self", "owner: self\nonly: {Profile__c: [saas, legall]}", 7,
            "Profile__c has no value 'legall'. Did you mean 'legal'?", "It has logistics, professional_services,",
        ),
        (
            "salesforce/Account.yaml", "owner: self", "except: {IsDeleted: [true, yes]}\nowner: self", 6,
            "IsDeleted has no value 'yes'.", "It has true, false.",
        ),
        (
            "salesforce/Account.yaml", "owner: self", "owner: self\nonly: {Tpe: [Customer]}", 7,
            "Account has no field Tpe that the integration's user may read.", "Near",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_once_with_file_and_line(
    wrong: Wrong, folder: Path, file: str, old: str, new: str, line: int, said: str, step: str
) -> None:
    edit(folder / file, old, new)
    [told] = wrong()
    assert told.sentence == f"{folder / file}:{line}: {said}"
    assert told.step.startswith(step)
    assert told.subject == file.replace("/", ".").removesuffix(".yaml")


def test_a_parents_field_may_say_which_records_are_meant(wrong: Wrong, folder: Path) -> None:
    edit(folder / "salesforce" / "Account.yaml", "owner: self", "owner: self\nonly: {Owner.IsActive: [true]}")
    assert wrong() == []


def test_a_field_that_several_columns_read_is_told_once(wrong: Wrong, folder: Path) -> None:
    edit(folder / "quickbooks" / "Invoice.yaml", "CurrencyRef.value", "CurrencyReff.value")
    edit(folder / "quickbooks" / "Invoice.yaml", "memo: CustomerMemo.value", "memo: CurrencyReff.name")
    assert len(wrong()) == 1


def test_a_profile_that_is_wrong_is_told_with_file_and_line(wrong: Wrong, folder: Path) -> None:
    edit(folder / "profiles" / "legal.yaml", "icon: case", "icon: cases")
    [told] = wrong()
    assert told.sentence == f"{folder}/profiles/legal.yaml:3: unknown icon 'cases'. Did you mean 'case'?"
