"""`python -m sandbox`: serve the emulators, seeding the sample firm when the state is new."""

from __future__ import annotations

import argparse
import socket
import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from sandbox.notices import telling
from sandbox.seeding import USUAL, Refused, seed_once
from sandbox.serve import listen, server
from sandbox.state import State

LAST_PORT = 65535


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        with listening(options) as listener:
            serve(options, listener)
    except Refused as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - a command's message
        return 1
    except (OSError, sqlite3.DatabaseError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        told = (
            f"The state {options.state} cannot be kept: {why}. See to its folder and disk, or name another by --state."
        )
        print(told, file=sys.stderr)  # noqa: T201 - a command's message
        return 1
    return 0


def listening(options: argparse.Namespace) -> socket.socket:
    """The socket that the sandbox is served on. Refused when the port is taken."""
    try:
        return listen(options.host, options.port)
    except OSError as error:
        raise taken(options.port, "--port", error) from None


def taken(port: int, option: str, error: OSError) -> Refused:
    """What is said of a port that cannot be had."""
    return Refused(f"Port {port} cannot be used ({error.strerror}). Choose another with {option}.")


def serve(options: argparse.Namespace, listener: socket.socket) -> None:
    """Serve in the foreground until Ctrl-C."""
    options.state.parent.mkdir(parents=True, exist_ok=True)
    state = State(options.state)
    seed_once(state, options)
    catch_mail(state, options)
    if options.webhooks:
        subscribe(state, options.webhooks.rstrip("/"))
    address = f"http://{options.host}:{listener.getsockname()[1]}"
    print(f"Sandbox on {address}/ (Ctrl-C stops it)", flush=True)  # noqa: T201 - a command's message
    print(f"Its credentials, as a frontdesk.toml to copy: {address}/connect", flush=True)  # noqa: T201 - as above
    with telling(state):
        server(state).run(sockets=[listener])


class Help(argparse.HelpFormatter):
    """Help that begins as that of the other commands."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = "Usage: ") -> None:
        super().add_usage(usage, actions, groups, prefix)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The one list of options: `frontdesk sandbox` passes its own on to this."""
    about = "The vendors' emulators alone, with a sample firm. `python -m sandbox` is the same."
    parser = argparse.ArgumentParser(prog="frontdesk sandbox", description=about, formatter_class=Help)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=port, default=8900, help="0 takes a free one (%(default)s)")
    parser.add_argument("--smtp-port", type=port, help="where mail is caught, to be read at /mail; none by default")
    state = Path("var/sandbox.sqlite")
    parser.add_argument("--state", type=Path, default=state, metavar="FILE", help="kept between starts (%(default)s)")
    clients, seed = (USUAL[name] for name in ("clients", "seed"))
    parser.add_argument("--clients", type=positive, help=f"how many the sample firm has ({clients})")
    parser.add_argument("--records", type=positive, help="go on with further clients until there are so many records")
    parser.add_argument("--seed", type=int, help=f"another number, another firm ({seed})")
    parser.add_argument("--seed-from", type=Path, metavar="DIR", help="a folder with the Northwind tables instead")
    parser.add_argument("--webhooks", metavar="URL", help="told of every change, at URL/salesforce and URL/quickbooks")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A number of one or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def port(text: str) -> int:
    """A number that a port can have."""
    number = int(text)
    if not 0 <= number <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{number} is no port: they go up to {LAST_PORT}")
    return number


def subscribe(state: State, url: str) -> None:
    """What a firm sets up at its vendors by hand. Drive's channels are opened by whoever reads from it."""
    for vendor, module in (("salesforce", "callouts"), ("quickbooks", "webhooks")):
        import_module(f"sandbox.{vendor}.{module}").subscribe(state, f"{url}/{vendor}")


def catch_mail(state: State, options: argparse.Namespace) -> None:
    """Start the mail catcher's SMTP server when a port is given. Refused when it cannot be had."""
    if options.smtp_port is None:
        return
    try:
        import_module("sandbox.mail").start_mail(state, options.smtp_port, options.host)
    except OSError as error:
        raise taken(options.smtp_port, "--smtp-port", error) from None


if __name__ == "__main__":
    sys.exit(main())
