"""Who comes in and what they did: staff, sign-in links, sessions, API tokens, activity."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, TypedColumns

from store.columns import (
    METADATA,
    Flag,
    Id,
    Moment,
    Number,
    OptionalHash,
    OptionalKey,
    OptionalLine,
    OptionalMoment,
    OptionalWord,
    Ref,
    Sequential,
    UniqueHash,
    Word,
)


class StaffColumns(TypedColumns):
    """Somebody of the firm. role: ops, analyst, admin."""

    email = Column(String(255), primary_key=True)
    name = OptionalLine
    role = Word


Staff = Table("staff", METADATA, StaffColumns)


class SignInLinkColumns(TypedColumns):
    """An e-mailed way in: a link and a six-digit code, good once. Only hashes are kept.

    browser_hash  of the browser that asked: in it the link, or the code, is good alone; elsewhere both are needed.
                  NULL: asked for by no browser, and the link is good alone (docs/decisions/0007)
    target        where the person wanted to go
    """

    id = Id
    email = Column(String(255), index=True, nullable=False)
    token_hash = UniqueHash
    code_hash = OptionalHash
    browser_hash = OptionalHash
    target = OptionalLine
    tries = Number
    created_at = Moment
    expires_at = Moment
    used_at = OptionalMoment


SignInLink = Table("sign_in_link", METADATA, SignInLinkColumns)


class SessionColumns(TypedColumns):
    """A signed-in browser or an API token (`via` page or api), revocable. Only the token's hash is kept.

    client_id, person_id  for a client's person
    staff_email           for staff; with a client_id as well: "view as client", read-only
    email                 the address that it was opened for, lower case; a contact who gets another is somebody else
    """

    id = Id
    token_hash = UniqueHash
    via = Word
    person_id = Ref
    client_id = Ref
    staff_email = OptionalLine
    email = OptionalLine
    role = Word
    created_at = Moment
    seen_at = Moment
    expires_at = Moment
    revoked_at = OptionalMoment


Session = Table("session", METADATA, SessionColumns)


class ActivityColumns(TypedColumns):
    """A fact about use, never changed: who did what to which object, when, by which way (page, api, file, deep_link).

    counted  false for staff, scanners and bots: kept for audit, outside every metric
    """

    seq = Sequential
    at = Moment
    client_id = Ref
    person_id = Ref
    session_id = Ref
    staff_email = OptionalLine
    verb = Word
    object_kind = OptionalWord
    object_id = OptionalKey
    via = Word
    counted = Flag


# A number is never given twice, also where the last row was erased: the warehouse knows a row by its number.
Activity = Table(
    "activity", METADATA, ActivityColumns, Index("ix_activity_client_at", "client_id", "at"), sqlite_autoincrement=True
)
