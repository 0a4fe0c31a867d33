"""`python -m sandbox`: serve the emulators, seeding the sample firm when the state is new."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from importlib import import_module
from pathlib import Path

from sandbox.notices import telling
from sandbox.serve import listen, server
from sandbox.state import State

SEEDED = "seeded"


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        print(f"Port {options.port} cannot be used ({error.strerror}). Choose another with --port.", file=sys.stderr)  # noqa: T201 - a command's message
        return 1
    with listener:
        options.state.parent.mkdir(parents=True, exist_ok=True)
        state = State(options.state)
        seed_once(state, options)
        if not catch_mail(state, options):
            return 1
        if options.webhooks:
            subscribe(state, options.webhooks.rstrip("/"))
        print(f"Sandbox on http://{options.host}:{listener.getsockname()[1]}/ (Ctrl-C stops it)", flush=True)  # noqa: T201 - a command's message
        with telling(state):
            server(state).run(sockets=[listener])
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free port")
    parser.add_argument("--smtp-port", type=int, help="where mail is caught, to be read at /mail; none by default")
    parser.add_argument("--state", type=Path, default=Path("var/sandbox.sqlite"), help="kept between starts")
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seed-from", type=Path, help="a folder with the Northwind tables instead of the sample firm")
    parser.add_argument("--webhooks", metavar="URL", help="told of every change, at URL/salesforce and URL/quickbooks")
    return parser.parse_args(arguments)


def subscribe(state: State, url: str) -> None:
    """What a firm sets up at its vendors by hand. Drive's channels are opened by whoever reads from it."""
    for vendor, module in (("salesforce", "callouts"), ("quickbooks", "webhooks")):
        import_module(f"sandbox.{vendor}.{module}").subscribe(state, f"{url}/{vendor}")


def catch_mail(state: State, options: argparse.Namespace) -> bool:
    """Start the mail catcher's SMTP server when a port is given; false, with a message, when it cannot be had."""
    if options.smtp_port is None:
        return True
    try:
        import_module("sandbox.mail").start_mail(state, options.smtp_port, options.host)
    except OSError as error:
        message = f"Port {options.smtp_port} cannot be used ({error.strerror}). Choose another with --smtp-port."
        print(message, file=sys.stderr)  # noqa: T201 - a command's message
        return False
    return True


def seed_once(state: State, options: argparse.Namespace) -> None:
    """Fill a new state with a firm; one that was seeded before is left as people have edited it."""
    if state.fact(SEEDED):
        return
    # Imported here: the sample firm brings document writers that serving alone does not need.
    if options.seed_from:
        import_module("sandbox.northwind").seed(state, options.seed_from)
    else:
        today = dt.datetime.now(dt.UTC).date()
        import_module("sandbox.firm").seed(state, clients=options.clients, seed=options.seed, today=today)
    state.set_fact(SEEDED, "yes")


if __name__ == "__main__":
    sys.exit(main())
