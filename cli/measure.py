"""Measuring: the analysts' file and the metrics in it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from cli import say
from cli.app import MEASURE, group
from hub.errors import NeedsPerson


def add_to(app: typer.Typer) -> None:
    warehouse = group(help="The analysts' DuckDB file.")
    warehouse.command("build")(build)
    # A group of one command would otherwise become that command.
    warehouse.callback()(lambda: None)
    app.add_typer(warehouse, name="warehouse", rich_help_panel=MEASURE)
    app.command(rich_help_panel=MEASURE)(metrics)


def build(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Draw everything anew, not only what is new.")] = False,
) -> None:
    """Build it from the portal store and publish it.

    It is checked first; when a check fails, the published file stays as it is.
    """
    from hub.settings import load
    from warehouse.build import build_for

    report = build_for(load(), rebuild=rebuild)
    kind = f"anew ({report.why})" if report.full else f"with {report.new_activity:,} new of {report.activity:,} rows"
    print(f"Published {report.path} {kind} in {report.seconds:.1f} s.")
    for warning in report.warnings:
        say.note(warning)


def metrics(
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Default: this month, in the firm's zone.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for scripts.")] = False,
) -> None:
    """Monthly active clients, actions per session."""
    from hub.settings import load
    from warehouse.metrics import compute

    settings = load()
    zone, first = settings.firm.time_zone, first_of(month, settings.firm.time_zone)
    values = compute(settings.warehouse_path, first, zone)
    if json:
        say.json(values)
        return
    rows = [
        (v.title, _number(v.value), _interval(v.low, v.high), v.unit, v.state, v.band or None, v.sentence)
        for v in values
    ]
    print(f"{first:%Y-%m}, in {zone}")
    print(say.table(("metric", "value", "95 % interval", "unit", "state", "verdict", "counted"), rows))


def first_of(month: str | None, zone: str) -> dt.date:
    """The first day of a month written YYYY-MM, or of the present one in that zone."""
    from zoneinfo import ZoneInfo

    if month is None:
        return dt.datetime.now(ZoneInfo(zone)).date().replace(day=1)
    try:
        return dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise NeedsPerson(f"{month!r} is no month.", step="Write it as 2026-11.") from None


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.1f} to {high:.1f}"
