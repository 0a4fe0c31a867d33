"""Which firm a state holds: filled once, and never silently with another one."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from sandbox.state import State

SEEDED, SEEDED_FROM, SEEDED_WITH = "seeded", "seeded_from", "seeded_with"
USUAL: dict[str, int | None] = {"clients": 40, "records": None, "seed": 7}
"""The sample firm, where nobody wishes another one."""


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
        if not folder:
            refuse_other_size(state, options)
        return
    # Half a firm is none: the next start begins anew.
    with state.transaction():
        if folder:
            load_tables(state, options.seed_from)
        else:
            make_firm(state, chosen(options))
        state.set_fact(SEEDED_FROM, folder)
        state.set_fact(SEEDED_WITH, json.dumps({} if folder else chosen(options)))
        state.set_fact(SEEDED, "yes")


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """Which sample firm: what was wished, else the usual."""
    return {name: usual if (wish := getattr(options, name)) is None else wish for name, usual in USUAL.items()}


def refuse_other_size(state: State, options: argparse.Namespace) -> None:
    """Refused where another sample firm is wished than the state holds; one that is not wished for is served."""
    held = json.loads(state.fact(SEEDED_WITH, "null"))
    if held is None:  # a state of an earlier release does not say
        return
    for name in USUAL:
        wish = getattr(options, name)
        if wish is not None and wish != held.get(name):
            step = f"Leave --{name} out to serve it. To start over, name a new file with --state, or remove that one."
            raise Refused(f"{state.path} holds {described(held, name)} already. {step}")


def described(held: dict[str, Any], name: str) -> str:
    """The firm that a state holds, with what it was given for an option."""
    if not held:
        return "the Northwind company"
    made = f"--{name} {held[name]}" if held[name] else f"no --{name}"
    firm = "a firm of one client" if held["clients"] == 1 else f"a firm of {held['clients']} clients"
    return firm if name == "clients" else f"{firm}, made with {made},"


def make_firm(state: State, size: dict[str, Any]) -> None:
    """The sample firm, as of today."""
    # Imported here: the sample firm brings document writers that serving alone does not need.
    import_module("sandbox.firm").seed(state, **size, today=dt.datetime.now(dt.UTC).date())


def load_tables(state: State, folder: Path) -> None:
    """The Northwind tables in a folder. Refused when they are not there, or are other tables."""
    step = "Give --seed-from the folder that holds them."
    try:
        import_module("sandbox.northwind").seed(state, folder)
    except OSError as error:
        raise Refused(f"{error}. {step}") from None
    except (KeyError, ValueError) as error:
        raise Refused(f"The tables in {folder} are not Northwind's ({error!r}). {step}") from None
