"""The demo: sandbox, Prefect server, portal and worker in one terminal, over a sample firm."""

from __future__ import annotations

import contextlib
import fcntl
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli import say
from cli.app import TRY_IT
from cli.children import Children, Stopped
from cli.configuration import PROFILES
from cli.demo_files import VAR, Addresses, Demo
from cli.run import LAST_PORT, require_free
from hub.errors import NeedsPerson

START_SECONDS = 180
CLIENTS = 40


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=TRY_IT)(demo)


def demo(
    profile: Annotated[str | None, typer.Option(help=f"Show one trade only: {', '.join(PROFILES)}.")] = None,
    port: Annotated[int, typer.Option(help="Of the portal.", min=0, max=LAST_PORT)] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Of the vendors' emulators.", min=0, max=LAST_PORT)] = 8900,
    prefect_port: Annotated[int, typer.Option(help="Of the Prefect server and its UI.", min=0, max=LAST_PORT)] = 4200,
    smtp_port: Annotated[int, typer.Option(help="Of the mail catcher.", min=0, max=LAST_PORT)] = 8025,
    clients: Annotated[int | None, typer.Option(help="How many the sample firm has; 40 anew.", min=12)] = None,
    seed_from: Annotated[Path | None, typer.Option(help="A folder with the Northwind tables instead.")] = None,
    sync_every: Annotated[
        int | None, typer.Option(help="Seconds, instead of prefect.yaml's five minutes.", min=5)
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the demo's data and begin anew.")] = False,
) -> None:
    """Run it all on this machine over a sample firm.

    Ctrl-C stops it; a second start goes on where it was.
    """
    if profile is not None and profile not in PROFILES:
        raise NeedsPerson(f"There is no profile {profile!r}.", step=f"Profiles are {', '.join(PROFILES)}.")
    addresses = Addresses(port, sandbox_port, prefect_port, smtp_port)
    default = profile or ("logistics" if seed_from else "professional_services")
    this = Demo(addresses, default, sync_every, seed_from, clients or _clients(VAR, fresh=fresh))
    with _alone():
        for option, number in addresses.options().items():
            require_free("127.0.0.1", number, option)
        _prepare(this, fresh=fresh)
        with contextlib.suppress(Stopped), Children(this.var / "log", this.environment()) as children:
            _run(this, children, profile)
    say.note("\nStopped. Start again with the same command; --fresh begins anew.")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One demo in a folder at a time: two would write to the same files."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NeedsPerson(
                "A demo runs in this folder already.", step="Stop it with Ctrl-C in its terminal."
            ) from None
        yield


def _clients(var: Path, *, fresh: bool) -> int:
    """As many as the demo has, where nobody says another number."""
    note = var / "demo-seed.json"
    return int(json.loads(note.read_text())["clients"]) if note.exists() and not fresh else CLIENTS


def _prepare(this: Demo, *, fresh: bool) -> None:
    if fresh:
        this.forget()
    note = this.var / "demo-seed.json"
    held = json.loads(note.read_text()) if note.exists() else this.seeded_as()
    if held != this.seeded_as():
        tables = held["seed_from"]
        firm = f"the firm of the tables in {tables}" if tables else f"a firm of {held['clients']} clients"
        raise NeedsPerson(f"The demo holds {firm} already.", step="Add --fresh to forget it and begin anew.")
    this.write()
    note.write_text(json.dumps(this.seeded_as()))


def _run(this: Demo, children: Children, profile: str | None) -> None:
    from cli import demo_sync

    clock = Steps()
    python = [sys.executable, "-m"]
    frontdesk = [*python, "cli.main", "--verbose"]
    children.start("sandbox", [*python, "sandbox", *_sandbox_options(this)])
    children.start(
        "prefect", [*python, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(this.addresses.prefect)]
    )
    loaded = demo_sync.migrate(this)
    clock.done("store is ready")
    children.wait_for(demo_sync.answers(this.addresses.sandbox_url), "Starting the sandbox", START_SECONDS)
    demo_sync.take_credentials(this)
    clock.done(f"sandbox answers: {this.addresses.sandbox_url}")
    children.start("portal", [*frontdesk, "serve", "--port", str(this.addresses.portal)])
    children.start("worker", [*frontdesk, "worker", "--wait", str(START_SECONDS)])
    children.wait_for(demo_sync.answers(f"{this.addresses.prefect_url}/api/health"), "Starting Prefect", START_SECONDS)
    clock.done(f"Prefect answers: {this.addresses.prefect_url}")
    runs = demo_sync.Runs(this, "sync-source")
    children.wait_for(runs.started, "Registering the schedules", START_SECONDS)
    if not loaded:
        clock.done("first sync has started")
        children.wait_for(runs.finished, "The first sync", START_SECONDS)
        clock.done(runs.summary())
    children.wait_for(demo_sync.answers(f"{this.addresses.portal_url}/healthz"), "Starting the portal", START_SECONDS)
    clock.done(f"portal answers: {this.addresses.portal_url}")
    say.note(demo_sync.invite(this, profile))
    if not loaded:
        # Otherwise no card could say "matched" before the night has come.
        children.wait_for(demo_sync.Runs(this, "sweep-and-reconcile").started, "Comparing", START_SECONDS)
    children.watch()


def _sandbox_options(this: Demo) -> list[str]:
    options = ["--port", str(this.addresses.sandbox), "--state", str(this.var / "sandbox.sqlite")]
    options += ["--clients", str(this.clients), "--smtp-port", str(this.addresses.smtp)]
    options += ["--webhooks", f"{this.addresses.portal_url}/hooks"]
    return options + (["--seed-from", str(this.seed_from)] if this.seed_from else [])


class Steps:
    """Progress lines with the seconds since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def done(self, what: str) -> None:
        say.note(f"{time.monotonic() - self.began:5.1f} s  {what}")
