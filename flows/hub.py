"""Everything a run needs, opened once: settings, store, landing, mappings, and the firm's connected sources."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine

import connectors
import mappings as mappings_room
from connectors.contract import Connector, Want
from hub.errors import NeedsPerson
from hub.settings import Settings, variable_of, with_secrets
from mappings.folder import Folder
from mappings.mapping import Mapping as StreamMapping
from mappings.standing import Known
from store.engine import create_engine
from store.targets import targets
from store.tokens import SealedTokens
from warehouse.landing import Landing

NOT_CONNECTORS = {"contract", "http", "rows", "waiting"}
PLAIN = {"missing": "it is missing", "string_too_short": "it is empty", "too_short": "it is empty"}
"""Pydantic's kinds of errors in plain words, where its own are not."""


def connector_names() -> list[str]:
    """Every connector in the house: each module of `connectors` that has a CONNECTOR."""
    return sorted(
        module.name for module in pkgutil.iter_modules(connectors.__path__) if module.name not in NOT_CONNECTORS
    )


def connector_named(name: str) -> Connector[Any]:
    """A connector by its module's name. NeedsPerson naming those that exist."""
    if name not in connector_names():
        raise NeedsPerson(f"There is no connector {name!r}.", step=f"Known: {', '.join(connector_names())}.")
    connector: Connector[Any] = importlib.import_module(f"connectors.{name}").CONNECTOR
    return connector


@dataclass(frozen=True)
class Source:
    """One connected system: its connector with its settings, its streams' mappings in order, and where these lie."""

    name: str
    connector: Connector[Any]
    settings: Any
    mappings: tuple[StreamMapping, ...]
    folder: Path

    def require_mapped(self) -> None:
        """NeedsPerson when nothing of it is mapped: a run that reads nothing must not look like one that went well."""
        if not self.mappings:
            step = f"Add {self.folder}/STREAM.yaml, or take [sources.{self.name}] out of frontdesk.toml."
            raise NeedsPerson(f"{self.name} has no mapping, so nothing of it is read.", step=step)

    def wants(self) -> dict[str, Want]:
        """What the mappings read, by stream."""
        return {mapping.stream: Want(mapping.source_fields) for mapping in self.mappings}

    def mapping(self, stream: str) -> StreamMapping:
        """The mapping of a stream. NeedsPerson for a stream that has none, naming those that have."""
        for mapping in self.mappings:
            if mapping.stream == stream:
                return mapping
        self.require_mapped()
        known = ", ".join(mapping.stream for mapping in self.mappings)
        raise NeedsPerson(f"{self.name} has no stream {stream!r}.", step=f"Its streams are {known}.")


@dataclass(frozen=True)
class Hub:
    """An opened Frontdesk. Nothing is read or connected before it is asked for."""

    settings: Settings
    engine: Engine
    landing: Landing
    find_connector: Callable[[str], Connector[Any]] = field(default=connector_named)

    @cached_property
    def folder(self) -> Folder:
        """Where the mappings are."""
        path = self.settings.mappings_path or Path(mappings_room.__file__).parent
        return Folder(path, targets(), self.settings.firm.currency)

    @property
    def mappings(self) -> dict[str, list[StreamMapping]]:
        """All compiled mappings by source, as their files are now. MappingError with file and line."""
        return self.folder.mappings()

    def known(self) -> Known:
        """What is configured and mapped now. MappingError with file and line."""
        mapped = [mapping for source in self.settings.sources for mapping in self.mappings.get(source, ())]
        prints = {(mapping.source, mapping.stream): mapping.fingerprint for mapping in mapped}
        return Known(frozenset(self.settings.sources), prints, self.folder.path.absolute())

    def source(self, name: str) -> Source:
        """A connected source by name. NeedsPerson when it is not configured, or its settings are not right."""
        if name not in self.settings.sources:
            known = ", ".join(sorted(self.settings.sources)) or "none yet"
            raise NeedsPerson(f"No source {name!r} is configured.", step=f"Configured: {known}. See `frontdesk init`.")
        configured = self.settings.sources[name]
        connector = self.find_connector(configured.connector)
        settings = _checked(name, connector, configured.model_extra or {})
        return Source(name, connector, settings, tuple(self.mappings.get(name, ())), self.folder.path.absolute() / name)

    def tokens(self, source: str) -> SealedTokens:
        """Where a source's rotating credentials are kept."""
        return SealedTokens(self.engine, source, self.settings.require_secret_key())


def _checked(name: str, connector: Connector[Any], values: Mapping[str, Any]) -> Any:
    try:
        return connector.settings.model_validate(with_secrets(name, values, connector.settings.model_fields))
    except ValidationError as error:
        raise _not_right(name, error) from None


def _not_right(name: str, error: ValidationError) -> NeedsPerson:
    """All that is wrong with a source's settings at once, and where each can be set."""
    wrong = [_said(one) for one in error.errors(include_input=False, include_url=False)]
    settings, where = [setting for setting, _ in wrong if setting], f"in frontdesk.toml under [sources.{name}]"
    if len(wrong) == 1:
        subject, said = f"setting {settings[0]} of {name} is" if settings else f"settings of {name} are", wrong[0][1]
    else:
        subject, said = f"settings of {name} are", "; ".join(f"{setting}: {what}" for setting, what in wrong)
    variables = ", ".join(variable_of(name, setting or "client_secret") for setting, _ in wrong)
    them = "them" if len(wrong) > 1 else "it"
    return NeedsPerson(f"The {subject} not right: {said}.", step=f"Set {them} {where}, or as {variables}.")


def _said(error: Mapping[str, Any]) -> tuple[str, str]:
    """The setting, empty for all together, and what is wrong with it."""
    setting = ".".join(str(part) for part in error["loc"])
    return setting, PLAIN.get(error["type"]) or error["msg"].removeprefix("Value error, ")


@contextmanager
def open_hub(settings: Settings) -> Iterator[Hub]:
    """Open the store and the landing; both are closed at the end."""
    hub = new_hub(settings)
    try:
        yield hub
    finally:
        hub.engine.dispose()


def new_hub(settings: Settings) -> Hub:
    """A hub for as long as the process lives; nothing is connected before it is asked for."""
    return Hub(settings, create_engine(settings.database_url), Landing(Path(settings.landing_url)))
