"""The demo's first sync as real flow runs, and the sign-in links that it hands out."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from cli.demo_files import Demo, sources, write_private

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from hub.settings import Settings

LINK_MINUTES = 7 * 24 * 60
CLIENTS_PER_PROFILE = 4
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
FIRST_REFRESH_TOKEN = "sandbox-refresh-0"  # noqa: S105 -- the sandbox's, published in its documentation


def settings_of(this: Demo) -> Settings:
    from hub.settings import load

    return load(environment=this.environment())


def engine_of(this: Demo) -> Engine:
    from store.engine import create_engine

    return create_engine(settings_of(this).database_url)


def migrate(this: Demo) -> bool:
    """Bring the demo's store to the present schema; returns whether a first load has been done before."""
    from sqlalchemy import func, select

    from store.hub_tables import StreamState
    from store.migrate import upgrade

    engine = engine_of(this)
    upgrade(engine)
    query = select(func.count(func.distinct(StreamState.c.source))).where(StreamState.c.loaded_at.is_not(None))
    with engine.connect().execution_options(reading=True) as connection:
        loaded = connection.scalar(query) or 0
    engine.dispose()
    return loaded >= len(sources(this))


def answers(url: str) -> Callable[[], bool]:
    """A question that is true as soon as something answers there."""

    def ask() -> bool:
        try:
            return httpx.get(url, timeout=5).status_code < 500
        except httpx.HTTPError:
            return False

    return ask


def take_credentials(this: Demo) -> None:
    """Fetch what a person would copy from the vendors' consoles: Google's key file, QuickBooks' first token."""
    from store.tokens import SealedTokens

    key = httpx.get(f"{this.addresses.sandbox_url}/control/google/service-account.json", timeout=30)
    write_private(this.var / "google-service-account.json", key.raise_for_status().text)
    engine = engine_of(this)
    tokens = SealedTokens(engine, "quickbooks", settings_of(this).require_secret_key())
    if tokens.get() is None:
        tokens.put({"refresh_token": FIRST_REFRESH_TOKEN})
    engine.dispose()


class Runs:
    """One run of a flow per source through Prefect, as its schedule would start it."""

    def __init__(self, this: Demo, flow: str) -> None:
        self.api = httpx.Client(base_url=f"{this.addresses.prefect_url}/api", timeout=30)
        self.flow = flow
        self.waiting = list(sources(this))
        self.ids: dict[str, str] = {}
        self.states: dict[str, dict[str, Any]] = {}

    def started(self) -> bool:
        """Start what can be started; true once all are."""
        # A server that has only just come up refuses now and then; it is asked again.
        with contextlib.suppress(httpx.HTTPError):
            for source in list(self.waiting):
                found = self.api.get(f"/deployments/name/{self.flow}/{source}").raise_for_status().json()["id"]
                run = self.api.post(f"/deployments/{found}/create_flow_run", json={"name": f"first {source}"})
                self.ids[source] = run.raise_for_status().json()["id"]
                self.waiting.remove(source)
        return not self.waiting

    def finished(self) -> bool:
        """Whether every run that was started has ended."""
        with contextlib.suppress(httpx.HTTPError):
            for source in self.ids.keys() - self.states.keys():
                state = self.api.get(f"/flow_runs/{self.ids[source]}").raise_for_status().json()["state"] or {}
                if state.get("type") in FINAL:
                    self.states[source] = state
        return len(self.states) == len(self.ids)

    def summary(self) -> str:
        """What became of the runs, one sentence."""
        bad = {source: state for source, state in self.states.items() if state["type"] != "COMPLETED"}
        if bad:
            return "first sync is done, but: " + " ".join(
                state.get("message") or source for source, state in bad.items()
            )
        return "first sync is done: " + " ".join(state.get("message") or "" for state in self.states.values())


def invite(this: Demo, profile: str | None) -> str:
    """Make fresh links, write `demo.json`, and return what the person at the terminal should see."""
    engine = engine_of(this)
    ops_link, clients = _links(this, engine)
    engine.dispose()
    where = this.addresses
    document = {
        "portal_url": where.portal_url,
        "ops_link": ops_link,
        "sandbox_url": where.sandbox_url,
        "prefect_url": where.prefect_url,
        "mail_url": where.mail_url,
        "clients": clients,
    }
    write_private(this.var / "demo.json", json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    first = {client["profile"]: client for client in reversed(clients) if profile in {None, client["profile"]}}
    lines = ["", "Sign in (each link once; a button on the page signs in):"]
    lines += [f"  {name:<22} {first[name]['client']:<28} {first[name]['link']}" for name in reversed(first)]
    lines += [f"  {'ops':<22} {this.ops:<28} {ops_link}", ""]
    lines += [
        f'Change something in the "CRM": {where.sandbox_url}/    Mail: {where.mail_url}    Flows: {where.prefect_url}'
    ]
    return "\n".join([*lines, f"More links: {this.var}/demo.json    Logs: {this.var}/log/    Ctrl-C stops everything."])


def _links(this: Demo, engine: Engine) -> tuple[str, list[dict[str, str]]]:
    from portal_api.access.links import create_link

    url = this.addresses.portal_url
    with engine.begin() as connection:
        _ensure_ops(connection, this.ops)
        ops_link = create_link(connection, this.ops, "/ops", LINK_MINUTES, public_url=url)
        clients = [
            {**person, "link": create_link(connection, person["email"], "/", LINK_MINUTES, public_url=url)}
            for person in _people(connection, this.profile)
        ]
    return ops_link, clients


def _ensure_ops(connection: Any, email: str) -> None:
    from sqlalchemy import insert, select

    from store.access_tables import Staff

    if connection.scalar(select(Staff.c.email).where(Staff.c.email == email)) is None:
        connection.execute(insert(Staff), {"email": email, "name": "Ops", "role": "ops"})


def _people(connection: Any, default_profile: str) -> list[dict[str, str]]:
    """One person each of the first clients per profile, in the order in which the source holds them."""
    from sqlalchemy import func, select

    from portal_api.access.people import ROLES
    from store.tables import Client, Person

    query = (
        select(Client.c.id, Client.c.profile, Client.c.name, Person.c.email)
        .join(Person, Person.c.client_id == Client.c.id)
        .where(
            func.lower(Person.c.role).in_(ROLES),
            Person.c.email.is_not(None),
            Person.c.deleted_at.is_(None),
            Client.c.deleted_at.is_(None),
        )
        .order_by(Client.c.external_id, Person.c.external_id)
    )
    chosen: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    emails: set[str] = set()
    for row in connection.execute(query):
        profile = row.profile or default_profile
        # An address at two clients would be asked which one it means.
        if len(chosen[profile]) < CLIENTS_PER_PROFILE and row.id not in chosen[profile] and row.email not in emails:
            chosen[profile][row.id] = {"profile": profile, "client": row.name, "email": row.email}
            emails.add(row.email)
    return [person for people in chosen.values() for person in people.values()]
