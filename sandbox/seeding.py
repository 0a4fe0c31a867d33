"""Which firm a state holds: filled once, and never silently with another one."""

from __future__ import annotations

import argparse
import datetime as dt
from importlib import import_module
from pathlib import Path

from sandbox.state import State

SEEDED, SEEDED_FROM = "seeded", "seeded_from"


class Refused(Exception):
    """The command cannot do that: what is wrong, and the next step."""


def seed_once(state: State, options: argparse.Namespace) -> None:
    """Fill a new state with a firm; one that was seeded before is left as people have edited it."""
    folder = str(options.seed_from.resolve()) if options.seed_from else ""
    if state.fact(SEEDED):
        # A state of an earlier release does not say what it holds.
        if folder and state.fact(SEEDED_FROM, folder) != folder:
            step = "Leave --seed-from out to serve it, or name a new file with --state."
            raise Refused(f"{state.path} holds another firm already. {step}")
        return
    # Half a firm is none: the next start begins anew.
    with state.transaction():
        if folder:
            load_tables(state, options.seed_from)
        else:
            make_firm(state, options)
        state.set_fact(SEEDED_FROM, folder)
        state.set_fact(SEEDED, "yes")


def make_firm(state: State, options: argparse.Namespace) -> None:
    """The sample firm, as of today."""
    # Imported here: the sample firm brings document writers that serving alone does not need.
    today = dt.datetime.now(dt.UTC).date()
    size = {"clients": options.clients, "records": options.records}
    import_module("sandbox.firm").seed(state, **size, seed=options.seed, today=today)


def load_tables(state: State, folder: Path) -> None:
    """The Northwind tables in a folder. Refused when they are not there, or are other tables."""
    step = "Give --seed-from the folder that holds them."
    try:
        import_module("sandbox.northwind").seed(state, folder)
    except OSError as error:
        raise Refused(f"{error}. {step}") from None
    except (KeyError, ValueError) as error:
        raise Refused(f"The tables in {folder} are not Northwind's ({error!r}). {step}") from None
