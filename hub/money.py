"""Money: integer minor units with their currency (ISO 4217), never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

EXACT = 1e12
CENTS = 2
DECIMALS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3,
    "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}  # fmt: skip
"""ISO 4217's, where they are not CENTS. CLDR's table says how many are usually shown: none for RSD, which has cents."""


def in_full(minor: int, currency: str) -> str:
    """`1,234.50 USD`: minor units as a person reads them, the same in every locale. ValueError as `exponent`."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):,} {currency}"


@cache
def exponent(currency: str) -> int:
    """How many decimals a currency has by ISO 4217: EUR 2, JPY 0, BHD 3. ValueError for a code that is none."""
    # Imported here because it costs 60 ms that the no-change run should not pay.
    from babel.numbers import list_currencies

    if currency not in list_currencies():
        raise ValueError(f"{currency!r} is no ISO 4217 currency code; expected one such as EUR, USD or JPY")
    return DECIMALS.get(currency, CENTS)


def to_minor(amount: str | float | Decimal, currency: str) -> int:
    """A vendor's decimal amount in minor units, half up. ValueError when it is no finite number.

    Floats come from vendors' JSON only; their shortest repr is the decimal that the vendor printed.
    """
    scale: int = 10 ** exponent(currency)
    if type(amount) is int:
        return amount * scale
    if type(amount) is float and abs(amount) < EXACT:
        # Below EXACT no two amounts of so few decimals share a float: if this one divides back, it is the amount.
        minor = round(amount * scale)
        if minor / scale == amount:
            return minor
    try:
        value = Decimal(str(amount))
        if not value.is_finite():
            raise ValueError(f"{amount!r} is no finite amount")
        # One of more digits than decimals are reckoned with here (28) is no amount either.
        return int(value.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except ArithmeticError:
        raise ValueError(f"{amount!r} is no amount; expected a number such as 1234.50") from None
