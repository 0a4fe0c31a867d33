"""The sandbox's credentials in one place, as the settings that Frontdesk wants. No secrets: they open nothing else."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from sandbox.google_drive.tree import OWNER
from sandbox.quickbooks.entities import VENDOR as QUICKBOOKS
from sandbox.quickbooks.oauth import CLIENT, FIRST_REFRESH
from sandbox.quickbooks.webhooks import VERIFIER, VERIFIER_TOKEN
from sandbox.quickbooks.wire import REALM, REALM_FACT
from sandbox.salesforce import auth as salesforce
from sandbox.salesforce.callouts import SECRET
from sandbox.state import State

KEY_FILE = "google-service-account.json"
CLIENTS_FOLDER = "fld-clients"


def sources(state: State, base: str) -> dict[str, dict[str, str]]:
    """Each vendor's settings. `base` is where the sandbox is reached."""
    return {
        "salesforce": {
            "base_url": base,
            "client_id": salesforce.CLIENT_ID,
            "client_secret": salesforce.CLIENT_SECRET,
            "webhook_secret": SECRET,
        },
        "quickbooks": {
            "base_url": base,
            "discovery_url": f"{base}/.well-known/openid_configuration",
            "client_id": CLIENT[0],
            "client_secret": CLIENT[1],
            "realm_id": state.fact(REALM_FACT, REALM),
            "refresh_token": FIRST_REFRESH,
            "webhook_secret": state.fact(VERIFIER, VERIFIER_TOKEN),
        },
        "google_drive": {
            "base_url": base,
            "service_account_file": KEY_FILE,
            "subject": OWNER,
            "root_folder_id": CLIENTS_FOLDER,
            # The reader's own choice, which Drive repeats in its notices; this one serves to try them.
            "webhook_secret": "sandbox-channel-token",
        },
    }


@cache
def texts() -> Environment:
    """Templates of plain text."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "pages"), trim_blocks=True)  # noqa: S701 - no markup
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    return environment


def configuration(state: State, base: str) -> str:
    """A whole frontdesk.toml for this sandbox."""
    company = next(state.select(QUICKBOOKS, "CompanyInfo"), None)
    name = company.body.get("CompanyName") if company else None
    facts = {"name": name or "Sandbox", "sources": sources(state, base)}
    return texts().get_template("frontdesk_toml.txt").render(facts)
