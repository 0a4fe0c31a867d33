"""Measuring: the analysts' file and the metrics in it."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from cli.app import group

MEASURE = "Measure"


def add_to(app: typer.Typer) -> None:
    warehouse = group(help="The analysts' DuckDB file.")
    warehouse.command("build")(build)
    # A group of one command would otherwise become that command.
    warehouse.callback()(lambda: None)
    app.add_typer(warehouse, name="warehouse", rich_help_panel=MEASURE)
    app.command(rich_help_panel=MEASURE)(metrics)


def build() -> None:
    """Build it from the portal store, check it, and publish it in one step."""
    from hub.settings import load
    from store.engine import create_engine

    settings = load()
    engine = create_engine(settings.database_url)
    import_module("warehouse.build").build(engine, settings.warehouse_path)
    engine.dispose()
    print(f"Published {settings.warehouse_path}.")


def metrics(
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="A calendar month in the firm's zone.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for scripts.")] = False,
) -> None:
    """Monthly active clients, actions per session."""
    raise NotImplementedError
