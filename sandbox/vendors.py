"""Which vendor a path belongs to, and where each vendor's code is found. All vendors share one host and port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.state import State

PREFIXES: tuple[tuple[str, str], ...] = (
    ("/services/", "salesforce"),
    ("/v3/company/", "quickbooks"),
    ("/oauth2/v1/", "quickbooks"),
    ("/connect/oauth2", "quickbooks"),
    ("/.well-known/openid_", "quickbooks"),
    ("/token", "google_drive"),
    ("/drive/", "google_drive"),
    ("/upload/drive/", "google_drive"),
    ("/batch/drive/", "google_drive"),
    ("/feeds/download/", "google_drive"),
)

TITLES = {"salesforce": "Salesforce", "quickbooks": "QuickBooks", "google_drive": "Google Drive"}
VENDORS = tuple(TITLES)
ROUTE_MODULES = (*(f"sandbox.{vendor}.app" for vendor in VENDORS), "sandbox.mail")

FaultBody = Callable[..., Response | None]


def vendor_of(path: str) -> str | None:
    """The vendor that answers a path, or None for the sandbox's own pages."""
    return next((vendor for prefix, vendor in PREFIXES if path.startswith(prefix)), None)


def routes(state: State) -> list[BaseRoute]:
    """The routes of every vendor whose emulator is installed, and of the mail catcher."""
    return [route for name in ROUTE_MODULES if _exists(name) for route in import_module(name).routes(state)]


def fault_body(vendor: str) -> FaultBody | None:
    """The vendor's `fault_response(name, *, retry_after, path)`, from its `faults.py` or `app.py`."""
    found: FaultBody | None = _of_faults(vendor, "fault_response")
    return found


def own_faults(vendor: str) -> Mapping[str, str]:
    """Faults that only this vendor knows, with what each does."""
    return _of_faults(vendor, "OWN") or {}


def lacking(vendor: str) -> Mapping[str, str]:
    """Faults of the catalogue that this vendor cannot have, with the reason."""
    return _of_faults(vendor, "LACKS") or {}


def played(vendor: str) -> Collection[str]:
    """Faults of this vendor that are no error: its own code plays them, told by `fault` in the request's scope."""
    return _of_faults(vendor, "PLAYED") or ()


def usual_places(vendor: str) -> Mapping[str, tuple[str, str]]:
    """Faults that belong to some of this vendor's calls only: their methods (none for any), and a pattern in path and
    query.
    """
    return _of_faults(vendor, "USUAL") or {}


def _of_faults(vendor: str, name: str) -> Any:
    modules = (f"sandbox.{vendor}.faults", f"sandbox.{vendor}.app")
    found = (getattr(import_module(module), name, None) for module in modules if _exists(module))
    return next((value for value in found if value is not None), None)


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
