"""What one running portal is made of; every request finds it at `request.app.state.portal`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from hub.settings import Settings
from mappings.standing import Known
from portal_api.access.limits import Limit
from portal_api.activity import Activities
from portal_api.assets import Assets
from portal_api.content import Contents
from portal_api.feeds import Feeds
from portal_api.mail import Mailer
from portal_api.metrics import Metrics
from portal_api.profiles import Profiles
from portal_api.reading import Store
from portal_api.templating import Templates

Replay = Callable[[Sequence[str]], Generator[Any, None, None]]
"""Ids of held records -> each one's outcome as it comes, with a `state` of flows.replay.Tried; raises hub.errors."""


Know = Callable[[], Known]
"""What is configured and mapped now; raises NeedsPerson where a mapping cannot be read."""

ReadStatus = Callable[[Connection, Known | None, dt.timedelta], Any]
"""A connection over every client's rows, what is known, after how long a stream is late -> where everything stands."""


@dataclass(slots=True)
class Portal:
    """The parts of a portal. `paths` are the addresses that exist: a menu never leads nowhere."""

    settings: Settings
    clock: Callable[[], dt.datetime]
    store: Store
    activities: Activities
    mailer: Mailer
    assets: Assets
    templates: Templates
    feeds: Feeds
    profiles: Profiles
    metrics: Metrics
    contents: Contents
    replay: Replay | None = None
    know: Know | None = None
    status: ReadStatus | None = None
    limits: dict[str, Limit] = field(default_factory=dict)
    paths: frozenset[str] = field(default_factory=frozenset)

    @property
    def public_url(self) -> str:
        """Where people reach the portal, without a slash at the end."""
        return self.settings.public_url.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people come by HTTPS, and cookies must too."""
        return self.settings.public_url.startswith("https://")


def portal_of(request: HTTPConnection) -> Portal:
    """The portal that answers this request."""
    portal: Portal = request.app.state.portal
    return portal
