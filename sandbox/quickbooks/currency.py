"""The rate of a transaction in another currency. The vendor has a table of rates; here the latest use is the table."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.entities import VENDOR
from sandbox.state import State


def fill(state: State, body: dict[str, Any]) -> None:
    """Give a transaction the rate that its sender left out, where the company keeps several currencies."""
    currency = (body.get("CurrencyRef") or {}).get("value")
    if currency and "ExchangeRate" not in body and preferences(state).get("MultiCurrencyEnabled"):
        body["ExchangeRate"] = rate(state, currency)


def preferences(state: State) -> dict[str, Any]:
    """Which currencies the company keeps."""
    record = next(state.select(VENDOR, "Preferences"), None)
    return (record.body.get("CurrencyPrefs") or {}) if record else {}


def rate(state: State, currency: str) -> float:
    """Home units for one unit: 1 at home and for what was never used, else what the latest invoice has."""
    if currency == (preferences(state).get("HomeCurrency") or {}).get("value"):
        return 1.0
    where = "json_extract(body, '$.CurrencyRef.value') = ? AND json_extract(body, '$.ExchangeRate') IS NOT NULL"
    latest = next(state.select(VENDOR, "Invoice", where, (currency,), "ORDER BY modified DESC LIMIT 1"), None)
    return float(latest.body["ExchangeRate"]) if latest else 1.0
