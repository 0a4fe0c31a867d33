"""Removing what has had its time, for whoever runs no worker."""

from __future__ import annotations

import typer

from cli.app import RUN


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=RUN)(tidy)


def tidy() -> None:
    """Remove what has had its time, as the worker does every night.

    That is old sign-in links, sessions, hints and runs, and landed pages if `landing_keep_days` is set. Activity, held
    records and what the sources brought stay.
    """
    from flows.hub import open_hub
    from flows.tidy import tidy as remove
    from hub.settings import load

    with open_hub(load()) as hub:
        done = remove(hub)
    counts = {**done.rows, "landed pages": done.pages}
    print(f"Removed {', '.join(f'{count:,} {kind}' for kind, count in counts.items())}.")
