"""simple-salesforce without the second that two of its imports cost.

`simple_salesforce.metadata` imports zeep, a SOAP client that only `Salesforce.mdapi` and `deploy` need, at import time,
and its sign-in imports PyJWT with all of cryptography, which only a private key needs. While the library is imported,
stand-ins answer for both; a name taken from one turns into the real thing when it is first called. Nothing is patched
for good, and nothing happens to what is already there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

LATER = ("zeep", "zeep.proxy", "zeep.xsd", "jwt")


class _Later(ModuleType):
    """A module whose every name is a class that, called, calls the real one."""

    __path__: list[str] = []  # noqa: RUF012 - what makes a module a package to the import system

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        module = self.__name__

        def __new__(_: type, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - becomes the class's own
            return getattr(import_module(module), name)(*args, **kwargs)

        return type(name, (), {"__new__": __new__})


@contextmanager
def _standing_in() -> Iterator[None]:
    missing = [name for name in LATER if name not in sys.modules]
    sys.modules.update({name: _Later(name) for name in missing})
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


with _standing_in():
    from simple_salesforce.api import Salesforce
    from simple_salesforce.exceptions import (
        SalesforceAuthenticationFailed,
        SalesforceError,
        SalesforceExpiredSession,
    )
    from simple_salesforce.login import SalesforceLogin

__all__ = [
    "Salesforce",
    "SalesforceAuthenticationFailed",
    "SalesforceError",
    "SalesforceExpiredSession",
    "SalesforceLogin",
]
