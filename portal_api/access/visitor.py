"""Who is asking, as one value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from store.scope import Scope

ACTING = frozenset({"ops", "admin"})
"""Roles of staff who may do more than look, and view as a client does."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A session that is alive, with what every page says about it.

    A client's person has client_id and person_id. Staff have staff_email; with a client_id they view as that client.
    `role` is owner, member, viewer for a person; ops, analyst, admin for staff. `via` is page or api.
    """

    session_id: str
    via: str
    role: str
    seen_at: dt.datetime
    client_id: str | None = None
    person_id: str | None = None
    staff_email: str | None = None
    name: str = ""
    email: str = ""
    client_name: str = ""
    profile: str | None = None
    time_zone: str | None = None

    @property
    def initials(self) -> str:
        """Two letters for the person's sign in the header."""
        parts = (self.name or self.email).replace("@", " ").split()
        return "".join(part[0] for part in (parts[0], parts[-1])[: len(parts)]).upper() if parts else "?"

    @property
    def viewing_as(self) -> bool:
        """Staff looking at a client's pages: read-only, never counted."""
        return self.staff_email is not None and self.client_id is not None

    @property
    def may_act(self) -> bool:
        """Whether staff may do more than look, and open where that is done: everybody but analysts."""
        return self.staff_email is not None and self.role in ACTING

    @property
    def scope(self) -> Scope | None:
        """What this visitor may read; None for staff who view as nobody."""
        if self.client_id is None:
            return None
        role = "viewer" if self.staff_email else self.role
        return Scope(self.client_id, self.person_id, role, self.session_id, self.staff_email)
