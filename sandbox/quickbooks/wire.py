"""How QuickBooks writes: numbers with two decimals, times with the company's offset, the envelope, the call."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from starlette.responses import Response

from sandbox.state import Record, State

ZONE = ZoneInfo("America/Los_Angeles")
JSON_TYPE = "application/json;charset=UTF-8"
MONEY = frozenset({
    "Amount", "TotalAmt", "Balance", "BalanceWithJobs", "UnappliedAmt", "RemainingCredit", "HomeTotalAmt",
    "HomeBalance", "TotalTax", "NetAmountTaxable", "Deposit", "UnitPrice", "DiscountAmt", "PurchaseCost",
    "CurrentBalance",
})  # fmt: skip
REALM = "4620816365179422850"
REALM_FACT = "quickbooks_realm"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read to its end. `query` holds the last value of each parameter; header names are lower-case."""

    state: State
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str


def number(value: float) -> orjson.Fragment:
    """An amount as QuickBooks prints it: a JSON number with two decimals, more where a unit price has more."""
    exact = Decimal(repr(value))
    exponent = exact.as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return orjson.Fragment(f"{exact:.{decimals}f}")


def printable(value: Any, key: str = "") -> Any:
    """The value with its amounts in QuickBooks' form."""
    if isinstance(value, dict):
        return {name: printable(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    if key in MONEY and isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return value


def stamp(moment: int) -> str:
    """Milliseconds since 1970 as an object's time: whole seconds with the company's offset, which follows DST."""
    return dt.datetime.fromtimestamp(moment // 1000, ZONE).isoformat()


def clock(state: State) -> str:
    """The `time` of a reply: the server's clock, with milliseconds."""
    return dt.datetime.fromtimestamp(state.now() / 1000, ZONE).isoformat(timespec="milliseconds")


def parse_time(text: str) -> int | None:
    """An ISO date or time as ms since 1970; without an offset it is the company's. None when it is neither."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZONE)
    return round(moment.timestamp() * 1000)


def served(record: Record) -> dict[str, Any]:
    """A live object as it is sent."""
    if record.deleted:
        return stub(record)
    body = {name: value for name, value in record.body.items() if not name.startswith("_")}
    times = {"CreateTime": stamp(record.created), "LastUpdatedTime": stamp(record.modified)}
    return {**body, "Id": record.id, "domain": "QBO", "sparse": False, "MetaData": times}


def stub(record: Record) -> dict[str, Any]:
    """What CDC says of a deleted object."""
    times = {"LastUpdatedTime": stamp(record.modified)}
    return {"domain": "QBO", "status": "Deleted", "Id": record.id, "MetaData": times}


def headers() -> dict[str, str]:
    """What every answer carries."""
    return {"intuit_tid": f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}", "Cache-Control": "max-age=0, no-cache"}


def reply(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(printable(body)), status, {**headers(), "Content-Type": JSON_TYPE})


def enveloped(state: State, body: dict[str, Any]) -> dict[str, Any]:
    """The object, list or fault with the server's clock."""
    return {**body, "time": clock(state)}
