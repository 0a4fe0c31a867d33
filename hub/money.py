"""Money: integer minor units with their currency (ISO 4217), never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import NamedTuple


class Money(NamedTuple):
    """An amount in minor units (cents, or whole yen) and its ISO 4217 code."""

    minor: int
    currency: str


EXACT = 1e12
DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""ISO 4217's minor units, where they are not 2. CLDR's, which libraries know, are those of cash in everyday use: none
for the dinar in Belgrade or Baghdad, whose books have two and three."""
_EXPONENT = {code: digits for digits, codes in DECIMALS.items() for code in codes.split()}


@cache
def exponent(currency: str) -> int:
    """How many decimals a currency has by ISO 4217: EUR 2, JPY 0, BHD 3. ValueError for a code that is none."""
    # Babel's list of codes; imported here because it costs 60 ms that the no-change run should not pay.
    from babel.numbers import list_currencies

    if currency not in list_currencies():
        raise ValueError(f"{currency!r} is no ISO 4217 currency code; expected one such as EUR, USD or JPY")
    return _EXPONENT.get(currency, 2)


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
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no amount; expected a number such as 1234.50") from None
