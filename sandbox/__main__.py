"""`python -m sandbox`: serve the emulators, seeding the sample firm when the state is new."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

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
        address = f"http://{options.host}:{listener.getsockname()[1]}"
        print(f"Sandbox on {address}/ (Ctrl-C stops it)", flush=True)  # noqa: T201 - a command's message
        print(f"Its credentials, as a frontdesk.toml to copy: {address}/connect", flush=True)  # noqa: T201 - as above
        with telling(state):
            server(state).run(sockets=[listener])
    return 0


class Help(argparse.HelpFormatter):
    """Help that begins as that of the other commands."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = "Usage: ") -> None:
        super().add_usage(usage, actions, groups, prefix)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The one list of options: `frontdesk sandbox` passes its own on to this."""
    about = "The vendors' emulators alone, with a sample firm. `python -m sandbox` is the same."
    parser = argparse.ArgumentParser(prog="frontdesk sandbox", description=about, formatter_class=Help)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free one (%(default)s)")
    parser.add_argument("--smtp-port", type=int, help="where mail is caught, to be read at /mail; none by default")
    state = Path("var/sandbox.sqlite")
    parser.add_argument("--state", type=Path, default=state, metavar="FILE", help="kept between starts (%(default)s)")
    parser.add_argument("--clients", type=positive, default=40, help="how many the sample firm has (%(default)s)")
    parser.add_argument("--records", type=positive, help="go on with further clients until there are so many records")
    parser.add_argument("--seed", type=int, default=7, help="another number, another firm (%(default)s)")
    parser.add_argument("--seed-from", type=Path, metavar="DIR", help="a folder with the Northwind tables instead")
    parser.add_argument("--webhooks", metavar="URL", help="told of every change, at URL/salesforce and URL/quickbooks")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A number of one or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


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
        size = {"clients": options.clients, "records": options.records}
        import_module("sandbox.firm").seed(state, **size, seed=options.seed, today=today)
    state.set_fact(SEEDED, "yes")


if __name__ == "__main__":
    sys.exit(main())
