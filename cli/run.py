"""Running: the portal, the worker, the emulators, migrations."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from cli import say
from cli.app import MAKE_READY, RUN, TRY_IT
from hub.collector import stay
from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from fastapi import FastAPI

    from hub.settings import Settings

DEMO_CONFIG = Path("var/frontdesk.toml")
DEMO_KEY = Path("var/secret-key")
LAST_PORT = 65535
DEMO_SMTP = "smtp://127.0.0.1:8025"
ROLE = "Let the portal log in with an ordinary role that owns no table: see Store in docs/operations.md."
NO_MAIL = "Set FRONTDESK_SMTP_URL (smtps://user:password@host:465); until then `frontdesk login-link EMAIL` makes one."
PASSED_ON: dict[Any, Any] = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=MAKE_READY)(migrate)
    app.command(rich_help_panel=RUN)(serve)
    app.command(rich_help_panel=RUN)(worker)
    app.command(rich_help_panel=TRY_IT, add_help_option=False, context_settings=PASSED_ON)(sandbox)


def migrate() -> None:
    """Bring the store to the present schema."""
    from hub.settings import load
    from store.engine import create_engine
    from store.migrate import is_current, upgrade

    engine = create_engine(load().database_url)
    was_current = is_current(engine)
    upgrade(engine)
    engine.dispose()
    print("The store had the present schema already." if was_current else "The store has the present schema now.")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(help="Default: that of public_url, or 8000.", min=1, max=LAST_PORT)
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
    reload: Annotated[bool, typer.Option("--reload", help="Start anew when a file changes.")] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Over the demo's store (run `frontdesk demo` once before).")
    ] = False,
) -> None:
    """Serve the portal."""
    import uvicorn

    from hub.settings import load

    if demo:
        use_demo()
    settings = load()
    settings.require_secret_key()
    _require_current(settings.database_url, portal=True)
    chosen = port or urlsplit(settings.public_url).port or 8000
    require_free(host, chosen, "--port")
    if not settings.smtp_url.get_secret_value():
        say.problem("No mail server is set, so nobody who asks for a sign-in link gets one.", NO_MAIL)
    say.note(f"Portal on http://{host}:{chosen}/ (Ctrl-C stops it)")
    where = {"host": host, "port": chosen, **server_options(settings)}
    if reload:
        from cli.reload import serve_and_reload

        serve_and_reload("cli.run:portal", factory=True, **where)
        return
    uvicorn.run("cli.run:portal", factory=True, workers=workers, **where)


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn serves the portal. The proxies are named: its own default would also believe the environment."""
    proxies = {"proxy_headers": True, "forwarded_allow_ips": list(settings.trusted_proxies)}
    return {"log_level": "warning", "access_log": False, "server_header": False, **proxies}


def portal() -> FastAPI:
    """The portal as configured; each server process calls this."""
    from cli.log import keep_log
    from cli.together import end_with_starter
    from flows.content import open_content
    from flows.hub import new_hub
    from flows.replay import try_again_afresh
    from flows.status import status_by
    from hub.settings import load
    from portal_api.app import create_app

    keep_log()
    end_with_starter()
    settings = load()
    # The portal itself knows no connector: files come and held records go through these doors alone, after the portal
    # has decided who may.
    hub = new_hub(settings)
    replay = partial(try_again_afresh, settings)
    app = create_app(settings, content=partial(open_content, hub), replay=replay, know=hub.known, status=status_by)
    stay()
    return app


def worker(
    wait: Annotated[
        int, typer.Option(help="Seconds to wait for the Prefect server, or for another worker to end.", min=0)
    ] = 0,
) -> None:
    """Run the flows on their schedules.

    Serves the deployments of prefect.yaml, and reads at once what webhooks hint at.
    """
    from cli.log import keep_log
    from hub.settings import load

    settings = load()
    settings.require_secret_key()
    address = prefect_api(wait)
    _require_current(settings.database_url)
    keep_log()
    from flows.worker import work

    stay()
    with _only_worker(settings, wait):
        say.note(f"Worker of {address} (Ctrl-C stops it)")
        work(settings)


@contextmanager
def _only_worker(settings: Settings, wait: float) -> Iterator[None]:
    """NeedsPerson when another worker is there: whichever stops first would pause the other's schedules too."""
    from store.alone import Busy, alone
    from store.engine import create_engine

    engine = create_engine(settings.database_url)
    with ExitStack() as turn:
        turn.callback(engine.dispose)
        try:
            turn.enter_context(alone(engine, "worker", wait))
        except Busy:
            step = "Stop it first, or wait for its end with --wait; for more machines see docs/operations.md."
            raise NeedsPerson("Another worker of this store runs already.", step=step) from None
        yield


def sandbox(context: typer.Context) -> None:
    """The vendors' emulators alone, with a sample firm."""
    # Its own process image, and its own options: the sandbox knows nothing of Frontdesk.
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])  # noqa: S606 -- our own command


def use_demo() -> None:
    """Take the demo's configuration and key. NeedsPerson when there was no demo yet."""
    if not DEMO_CONFIG.exists():
        raise NeedsPerson("There is no demo yet.", step="Run `make demo` once, then try again.")
    os.environ["FRONTDESK_CONFIG"] = str(DEMO_CONFIG)
    os.environ["FRONTDESK_SECRET_KEY_FILE"] = str(DEMO_KEY.absolute())
    os.environ.setdefault("FRONTDESK_SMTP_URL", DEMO_SMTP)


def prefect_api(wait: float = 0) -> str:
    """The Prefect server's address, checked to answer. NeedsPerson otherwise: none is ever booted by the way."""
    import time

    import httpx

    address = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not address:
        raise NeedsPerson(
            "No Prefect server is named.",
            step="Start one with `prefect server start` and set PREFECT_API_URL=http://127.0.0.1:4200/api.",
        )
    if wait:
        # While it comes up: nearly two seconds that would otherwise be spent afterwards.
        import_module("flows.worker")
    deadline = time.monotonic() + wait
    while True:
        try:
            httpx.get(f"{address}/health", timeout=10).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise NeedsPerson(
                    f"The Prefect server at {address} does not answer.",
                    step="Start it with `prefect server start`, or correct PREFECT_API_URL.",
                ) from None
            time.sleep(0.2)
        else:
            return address


def require_free(host: str, port: int, option: str) -> None:
    """NeedsPerson when we cannot listen there; names the option that chooses another port or address."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _not_ours(host, port, option, error) from None


def _not_ours(host: str, port: int, option: str, error: OSError) -> NeedsPerson:
    import socket

    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        step = "Name one of its own with --host: 127.0.0.1 for itself alone, 0.0.0.0 for all."
        return NeedsPerson(f"{host} is no address of this machine.", step=step)
    low = f"Ports below 1024 are the administrator's: choose another with {option}."
    taken = f"Stop what listens there, or choose another port with {option}."
    step = low if error.errno == errno.EACCES else taken
    return NeedsPerson(f"Port {port} cannot be used: {error.strerror}.", step=step)


def _require_current(database_url: str, *, portal: bool = False) -> None:
    from store.engine import create_engine, is_above_row_security
    from store.migrate import is_current

    engine = create_engine(database_url)
    current, above = is_current(engine), portal and is_above_row_security(engine)
    engine.dispose()
    if not current:
        raise NeedsPerson("The store has not the present schema.", step="Run `frontdesk migrate`, then try again.")
    if above:
        say.problem("The portal's database role is above row-level security, its second lock between clients.", ROLE)
