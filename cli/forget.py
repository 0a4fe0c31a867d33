"""Forgetting what a stream brought that has no mapping any more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli import say
from cli.app import KEEP_TRUE

if TYPE_CHECKING:
    from flows.forget import LeftBehind


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=KEEP_TRUE)(forget)


def forget(
    source: str,
    stream: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """Take out of clients' sight what a stream without a mapping brought.

    Nothing is lost: a mapping that is put back reads everything again, and the rows return.
    """
    from flows.forget import forget_stream, left_behind
    from flows.hub import open_hub
    from hub.settings import load

    with open_hub(load()) as hub:
        told = _told(source, stream, left_behind(hub, source, stream))
        if not yes:
            _ask(told, f"frontdesk forget {source} {stream} --yes")
        removed = forget_stream(hub, source, stream)
    print(f"{source} {stream} is forgotten; {removed:,} {'row' if removed == 1 else 'rows'} left clients' sight.")


def _told(source: str, stream: str, left: LeftBehind) -> str:
    count = sum(left.rows.values())
    rows = f"{count:,} {'row' if count == 1 else 'rows'}"
    nouns = ", ".join(f"{many:,} {noun}" for noun, many in left.rows.items())
    held = f", and {left.held:,} held {'record is' if left.held == 1 else 'records are'} closed" if left.held else ""
    return f"This takes {rows} of {source} {stream} out of clients' sight{f' ({nouns})' if nouns else ''}{held}."


def _ask(told: str, command: str) -> None:
    """Go on only when a person says so; a script says it beforehand."""
    from hub.errors import NeedsPerson

    if not sys.stdin.isatty():
        raise NeedsPerson(told, step=f"Nothing was done. To do it, run `{command}`.")
    say.note(told)
    if not typer.confirm("Go on?", err=True):
        say.note("Nothing was done.")
        raise typer.Exit(1)
