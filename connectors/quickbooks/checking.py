"""Check: does the connection hold, is it the right company, may we read what the mappings read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from connectors.contract import Finding, SourceField, Want
from connectors.quickbooks import reading
from connectors.quickbooks.client import Company
from connectors.quickbooks.facts import COMMON, ENTITIES, Entity
from connectors.quickbooks.failures import RECONNECT, Gone
from hub.clock import now, parse_instant
from hub.errors import FrontdeskError, NeedsPerson

SOON = dt.timedelta(days=14)


def check(company: Company, wants: Mapping[str, Want]) -> Sequence[Finding]:
    """Findings in reading order. When the company itself cannot be read, nothing further is asked."""
    first = tried("quickbooks", lambda: f"Connected to {company_name(company)}, company {company.realm_id}.")
    if not first.ok:
        return [first]
    return [first, lasting(company), *(readable(company, name) for name in wants)]


def company_name(company: Company) -> str:
    """The company's name as its owner wrote it. NeedsPerson when QuickBooks knows none of this number."""
    try:
        body = company.get(f"companyinfo/{company.realm_id}").body
    except Gone as error:
        raise NeedsPerson(f"QuickBooks knows no company {company.realm_id}.", step=RECONNECT) from error
    return str(body["CompanyInfo"].get("CompanyName", "?"))


def home_currency(company: Company) -> str:
    """What a company of one currency keeps its books in: its records need not say so."""
    try:
        told = company.get("preferences").body["Preferences"].get("CurrencyPrefs") or {}
    except Gone:
        return ""
    home = told.get("HomeCurrency") or {}
    return "" if told.get("MultiCurrencyEnabled") else str(home.get("value") or "")


def readable(company: Company, name: str) -> Finding:
    """Whether one stream can be read, by counting it."""
    entity, subject = ENTITIES.get(name), f"quickbooks.{name}"
    if entity is None:
        return Finding(subject, ok=False, sentence=f"QuickBooks has no {name}.", step=f"It has {', '.join(ENTITIES)}.")
    return tried(subject, lambda: f"{name} can be read: {reading.count(company, entity)} records.")


def lasting(company: Company) -> Finding:
    """Until when the connection holds by itself."""
    until = company.token.get("refresh_expires_at")
    if until is None:
        return Finding(
            "quickbooks.connection", ok=True, sentence="QuickBooks does not say until when the connection lasts."
        )
    moment = parse_instant(until)
    sentence = f"The connection lasts until {moment:%Y-%m-%d} without use."
    if moment - now() < SOON:
        return Finding("quickbooks.connection", ok=False, sentence=sentence, step=RECONNECT)
    return Finding("quickbooks.connection", ok=True, sentence=sentence)


def tried(subject: str, sentence: Callable[[], str]) -> Finding:
    """A finding from a call: its sentence, or what its failure says."""
    try:
        return Finding(subject, ok=True, sentence=sentence())
    except FrontdeskError as error:
        return Finding(subject, ok=False, sentence=error.sentence, step=error.step)


def describe(entity: Entity) -> Mapping[str, SourceField]:
    """The top-level fields that the vendor's reference lists; types are not told there in a form worth repeating."""
    return {name: SourceField(name, "") for name in f"{COMMON} {entity.fields or ''}".split()}
