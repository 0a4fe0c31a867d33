"""What the demo keeps under `var/`: its own configuration, key and credentials, pointing at the sandbox."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VAR = Path("var")


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm to try everything on, and the domain of its own addresses."""

    name: str
    domain: str


SAMPLE = Firm("Harbour & Pine", "harbourpine.example")
NORTHWIND = Firm("Northwind Traders", "northwind.example")
HOW_TO_PAY = "By transfer to IBAN DE89 3704 0044 0532 0130 00, naming the invoice. We never change it by mail."
ENVIRONMENT_OF_OTHERS = ("FRONTDESK_", "PREFECT_")
KEPT = (
    "frontdesk.toml", "frontdesk.sqlite", "frontdesk.sqlite-wal", "frontdesk.sqlite-shm", "frontdesk.sqlite-*.lock",
    "landing", "warehouse.duckdb",
    "content", "sandbox.sqlite", "sandbox.sqlite-wal", "sandbox.sqlite-shm", "prefect", "demo.json", "demo-seed.json",
    "secret-key", "google-service-account.json", "log",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything of the demo listens; all on this machine."""

    portal: int
    sandbox: int
    prefect: int
    smtp: int

    def options(self) -> dict[str, int]:
        """Each port with the option that chooses it."""
        return {
            "--port": self.portal,
            "--sandbox-port": self.sandbox,
            "--prefect-port": self.prefect,
            "--smtp-port": self.smtp,
        }

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.portal}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox}"

    @property
    def prefect_url(self) -> str:
        return f"http://127.0.0.1:{self.prefect}"

    @property
    def mail_url(self) -> str:
        return f"{self.sandbox_url}/mail"


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo in one folder."""

    addresses: Addresses
    profile: str
    sync_every: int | None
    seed_from: Path | None
    clients: int
    var: Path = field(default=VAR)

    @property
    def firm(self) -> Firm:
        """Which firm the sandbox holds."""
        return NORTHWIND if self.seed_from else SAMPLE

    @property
    def ops(self) -> str:
        """The address of the firm's person for ops."""
        return f"ops@{self.firm.domain}"

    def environment(self) -> dict[str, str]:
        """For the demo's processes: nothing of another Frontdesk or Prefect leaks in."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_OF_OTHERS)}
        own |= {
            "FRONTDESK_CONFIG": str(self.var / "frontdesk.toml"),
            "FRONTDESK_SECRET_KEY_FILE": str((self.var / "secret-key").absolute()),
            "FRONTDESK_SMTP_URL": f"smtp://127.0.0.1:{self.addresses.smtp}",
            "PREFECT_HOME": str((self.var / "prefect").absolute()),
            "PREFECT_API_URL": f"{self.addresses.prefect_url}/api",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            # In memory, the default, a restart forgets them, and with them whose turn a dead run took.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            # Unbounded history grew to 100 MB in under a thousand runs.
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(7 * 24 * 3600),
            "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
            "PYTHONUNBUFFERED": "1",
        }
        if self.sync_every is not None:
            own["FRONTDESK_SYNC_EVERY_SECONDS"] = str(self.sync_every)
        return own

    def forget(self) -> None:
        """Remove what an earlier demo kept, and nothing else in the folder."""
        for path in [path for name in KEPT for path in self.var.glob(name)]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def write(self) -> None:
        """Configuration and key. The key stays the same over restarts, or stored tokens could not be opened."""
        self.var.mkdir(exist_ok=True)
        if not (self.var / "secret-key").exists():
            write_private(self.var / "secret-key", os.urandom(32).hex())
        (self.var / "frontdesk.toml").write_text(self._toml(), encoding="utf-8")

    def _toml(self) -> str:
        firm = {
            "name": self.firm.name,
            "time_zone": "Europe/Berlin",
            "currency": "USD",
            "profile": self.profile,
            "support_email": f"team@{self.firm.domain}",
            "how_to_pay": HOW_TO_PAY,
        }
        top = {
            # All of it beside this file.
            "database_url": "sqlite:///frontdesk.sqlite",
            "landing_url": "landing",
            "warehouse_path": "warehouse.duckdb",
            "content_path": "content",
            "public_url": self.addresses.portal_url,
            "mail_from": f"portal@{self.firm.domain}",
        }
        parts = ["# Written by `frontdesk demo` at each start.\n", _lines(top), "\n[firm]\n", _lines(firm)]
        for name, settings in sources(self).items():
            parts += [f"\n[sources.{name}]\n", _lines({"connector": name, **settings})]
        return "".join(parts)

    def seeded_as(self) -> dict[str, Any]:
        """What decides which firm the sandbox holds."""
        return {"clients": self.clients, "seed_from": str(self.seed_from.resolve()) if self.seed_from else None}


def sources(demo: Demo) -> dict[str, dict[str, str]]:
    """The three systems at the sandbox. Its credentials are no secrets: they open nothing else."""
    url = demo.addresses.sandbox_url
    return {
        "salesforce": {
            "base_url": url,
            "client_id": "sandbox-consumer-key",
            "client_secret": "sandbox-consumer-secret",
            "webhook_secret": "sandbox-callout-secret",
        },
        "quickbooks": {
            "base_url": url,
            "discovery_url": f"{url}/.well-known/openid_configuration",
            "client_id": "sandbox-qbo-client",
            "client_secret": "sandbox-qbo-secret",
            "realm_id": "4620816365179422850",
            "webhook_secret": "sandbox-verifier-token",
        },
        "google_drive": {
            "base_url": url,
            "service_account_file": "google-service-account.json",
            "subject": "hub@sandbox.example",
            "root_folder_id": "fld-clients",
            # Ours to choose: Drive repeats it in every notice of the channel that the sync opens.
            "webhook_secret": "sandbox-channel-token",
        },
    }


def _lines(facts: Mapping[str, str]) -> str:
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items())


def write_private(file: Path, text: str) -> None:
    """Write a whole file that only its owner may read; readers see the old one or the new one."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
        target.write(text)
    fresh.replace(file)
