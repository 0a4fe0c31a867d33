"""The metrics of the published file: a value with its interval, in words, and the rows behind it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from hub.errors import NeedsPerson
from warehouse.definitions import Definition, definitions
from warehouse.publish import reading

State = Literal["final", "so far", "no data", "too early"]


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One metric of one month. `value`, `low` and `high` are in `unit`; low and high are a 95 % interval.

    state     final; so far (the month is not over); no data (nothing to divide by); too early (the month lies ahead)
    sentence  what was counted, or why there is no number
    """

    metric: str
    version: int
    title: str
    unit: str
    month: dt.date
    state: State
    value: float | None
    low: float | None
    high: float | None
    numerator: int
    denominator: int
    band: str
    sentence: str


def compute(path: Path, month: dt.date, zone: str | None = None) -> list[MetricValue]:
    """Each metric of the calendar month that holds `month`, from the file published at `path`.

    `zone`, when given, must be the one that the file was built for: its months are that zone's. NeedsPerson otherwise,
    and when there is no file.
    """
    first = month.replace(day=1)
    with reading(path) as warehouse:
        built_for, state = _calendar(warehouse, first)
        if zone not in {None, built_for}:
            raise NeedsPerson(
                f"The warehouse counts months of {built_for}, and the firm's time zone is {zone}.",
                step="Run `frontdesk warehouse build`: it draws days and months anew.",
            )
        return [_value(warehouse, definition, first, state) for definition in definitions().values()]


def drill_down(path: Path, metric: str, month: dt.date) -> list[dict[str, Any]]:
    """The rows that a value is made of: their numerators and denominators sum to the value's own."""
    query = f"SELECT * FROM metric_{_known(metric).name}_rows WHERE month = $month ORDER BY ALL"
    with reading(path) as warehouse:
        return _dicts(warehouse.execute(query, {"month": month.replace(day=1)}))


def evidence(path: Path, metric: str, month: dt.date, client_id: str) -> list[dict[str, Any]]:
    """The activity rows behind one client's part of a value. `seq` is the row's number in the portal store."""
    with reading(path) as warehouse:
        params = {"month": month.replace(day=1), "client_id": client_id}
        return _dicts(warehouse.execute(_known(metric).evidence, params))


def _known(metric: str) -> Definition:
    try:
        return definitions()[metric]
    except KeyError:
        raise NeedsPerson(f"There is no metric {metric!r}.", step=f"Known: {', '.join(definitions())}.") from None


def _calendar(warehouse: duckdb.DuckDBPyConnection, month: dt.date) -> tuple[str, State]:
    row = warehouse.execute(
        "SELECT zone, CASE WHEN ends_at <= as_of THEN 'final' WHEN month IS NOT NULL THEN 'so far' "
        "WHEN timezone('UTC', timezone(zone, CAST($month AS TIMESTAMP))) > as_of THEN 'too early' ELSE 'no data' END "
        "FROM warehouse_state LEFT JOIN dim_month ON month = CAST($month AS DATE)",
        {"month": month},
    ).fetchone()
    if row is None:
        raise NeedsPerson("The warehouse is empty.", step="Run `frontdesk warehouse build` first.")
    return row[0], row[1]


def _value(warehouse: duckdb.DuckDBPyConnection, definition: Definition, month: dt.date, state: State) -> MetricValue:
    query = f"SELECT numerator, denominator, value, low, high FROM metric_{definition.name} WHERE month = $month"
    row = warehouse.execute(query, {"month": month}).fetchone()
    if row is None:
        state = "too early" if state == "too early" else "no data"
        return _made(definition, month, state, (0, 0, None, None, None), "", _why_none(state))
    sentence = definition.sentence.format(numerator=row[0], denominator=row[1])
    return _made(definition, month, state, row, _band(definition, row[2]), sentence)


def _made(
    definition: Definition, month: dt.date, state: State, row: tuple[Any, ...], band: str, sentence: str
) -> MetricValue:
    numerator, denominator, value, low, high = row
    return MetricValue(
        definition.name,
        definition.version,
        definition.title,
        definition.unit,
        month,
        state,
        value,
        low,
        high,
        numerator,
        denominator,
        band,
        sentence,
    )


def _why_none(state: State) -> str:
    if state == "too early":
        return "Too early: the month has not begun."
    return "No data: nobody used the portal up to then, or there was no client to count."


def _band(definition: Definition, value: float) -> str:
    return next(band.words for band in definition.bands if band.below is None or value < band.below)


def _dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
