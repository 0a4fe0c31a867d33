"""Who comes in and what they did: staff, sign-in links, sessions, API tokens, activity."""

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from store.tables import Base
from store.types import Big, Id, Moment, OptionalLine, OptionalMoment, OptionalWord, Ref, Word


class Staff(Base):
    """Somebody of the firm. role: ops, analyst, admin."""

    __tablename__ = "staff"

    email: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[OptionalLine]
    role: Mapped[Word]


class SignInLink(Base):
    """An e-mailed way in: a link and a six-digit code, good once. Only hashes are kept.

    browser_hash  binds the code to the browser that asked for it; the link works in any browser
    target        where the person wanted to go
    """

    __tablename__ = "sign_in_link"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(255), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    target: Mapped[OptionalLine]
    tries: Mapped[int]
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[OptionalMoment]


class Session(Base):
    """A signed-in browser or an API token (`via` page or api), revocable. Only the token's hash is kept.

    client_id, person_id  for a client's person
    staff_email           for staff; with a client_id as well: "view as client", read-only
    """

    __tablename__ = "session"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    via: Mapped[Word]
    person_id: Mapped[Ref]
    client_id: Mapped[Ref]
    staff_email: Mapped[OptionalLine]
    role: Mapped[Word]
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[OptionalMoment]


class Activity(Base):
    """A fact about use, never changed: who did what to which object, when, by which way (page, api, file, deep_link).

    counted  false for staff, scanners and bots: kept for audit, outside every metric
    """

    __tablename__ = "activity"
    # A number is never given twice, also where the last row was erased: the warehouse knows a row by its number.
    __table_args__ = (Index("ix_activity_client_at", "client_id", "at"), {"sqlite_autoincrement": True})

    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    at: Mapped[Moment]
    client_id: Mapped[Ref]
    person_id: Mapped[Ref]
    session_id: Mapped[Ref]
    staff_email: Mapped[OptionalLine]
    verb: Mapped[Word]
    object_kind: Mapped[OptionalWord]
    object_id: Mapped[str | None] = mapped_column(String(120))
    via: Mapped[Word]
    counted: Mapped[bool]
