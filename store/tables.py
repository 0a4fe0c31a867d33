"""What clients see: one table per noun, filled from the firm's systems, every row owned by one client.

A row whose `client_id` is NULL is matched to nobody and is invisible to every client (store.scope). A row with
`deleted_at` is a tombstone: kept for ops and for its return, hidden from clients.

The modules of tables do without `from __future__ import annotations`: evaluating 400 annotations from their texts would
cost every command 10 ms.
"""

import datetime as dt

from sqlalchemy import Index, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from store.types import (
    Amount,
    Currency,
    Day,
    Facts,
    Hash,
    Id,
    Instant,
    Items,
    Line,
    Moment,
    OptionalAmount,
    OptionalCurrency,
    OptionalLine,
    OptionalMoment,
    OptionalWord,
    Prose,
    Ref,
    Word,
)


class Base(DeclarativeBase):
    """Root of all tables; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


OF_NOBODY = text("client_id IS NULL")
"""Rows that wait for their owner record to be matched."""


class ClientOwned:
    """A row that belongs to one client. `store.scope` filters every statement over such a table."""

    client_id: Mapped[str | None] = mapped_column(String(26))


class Synced(ClientOwned):
    """A faithful copy of one source record.

    id            hub.ids.entity_id(source, stream, external_id)
    owner_id      crosswalk row of the record that says whose this is (an account, a customer, a folder)
    source_at     when the source says it last changed it
    content_hash  of all mapped values: equal means nothing to write and nobody to notify
    batch         the landing file that holds the raw record, relative to the landing root
    """

    id: Mapped[Id]
    source: Mapped[Word]
    stream: Mapped[Word]
    external_id: Mapped[str] = mapped_column(String(120))
    owner_id: Mapped[Ref]
    source_at: Mapped[Moment]
    content_hash: Mapped[Hash]
    batch: Mapped[str] = mapped_column(String(120))
    synced_at: Mapped[dt.datetime] = mapped_column(Instant)
    deleted_at: Mapped[OptionalMoment]
    deleted_reason: Mapped[OptionalWord]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 -- SQLAlchemy's own convention for declared_attr
        name = cls.__tablename__  # type: ignore[attr-defined]
        return (
            Index(f"ix_{name}_client", "client_id", *getattr(cls, "listed_by", ())),
            Index(f"ix_{name}_owner", "owner_id", postgresql_where=OF_NOBODY, sqlite_where=OF_NOBODY),
            *(Index(f"ix_{name}_{column}", column) for column in getattr(cls, "looked_up_by", ())),
        )


class Client(Synced, Base):
    """A client of the firm. `client_id` equals `id`, so the one access rule covers it too."""

    __tablename__ = "client"

    name: Mapped[Line]
    profile: Mapped[OptionalWord]
    number: Mapped[OptionalWord]
    phone: Mapped[OptionalWord]
    website: Mapped[OptionalLine]
    street: Mapped[OptionalLine]
    city: Mapped[OptionalLine]
    postal_code: Mapped[OptionalWord]
    country: Mapped[OptionalLine]
    time_zone: Mapped[OptionalWord]


class Person(Synced, Base):
    """Somebody at a client. `role` NULL: known, but without access to the portal."""

    __tablename__ = "person"
    looked_up_by = ("email",)

    name: Mapped[Line]
    email: Mapped[OptionalLine]
    phone: Mapped[OptionalWord]
    title: Mapped[OptionalLine]
    role: Mapped[OptionalWord]


class Project(Synced, Base):
    """Work for a client: project, matter, campaign, building or implementation (`kind`)."""

    __tablename__ = "project"

    name: Mapped[Line]
    number: Mapped[OptionalWord]
    kind: Mapped[OptionalWord]
    status: Mapped[OptionalWord]
    health: Mapped[OptionalWord]
    phase: Mapped[OptionalLine]
    phase_number: Mapped[int | None]
    phase_count: Mapped[int | None]
    percent_complete: Mapped[int | None]
    starts_on: Mapped[Day]
    due_on: Mapped[Day]
    budget_minor: Mapped[OptionalAmount]
    spent_minor: Mapped[OptionalAmount]
    currency: Mapped[OptionalCurrency]
    manager: Mapped[OptionalLine]
    summary: Mapped[Prose]
    last_event: Mapped[OptionalLine]
    last_event_on: Mapped[Day]
    next_event: Mapped[OptionalLine]
    next_event_at: Mapped[OptionalMoment]


class Milestone(Synced, Base):
    """A step of a project. `client_action` (approve, upload, answer) is set while it waits for the client."""

    __tablename__ = "milestone"
    looked_up_by = ("project_id",)

    project_id: Mapped[Ref]
    name: Mapped[Line]
    position: Mapped[int | None]
    status: Mapped[OptionalWord]
    client_action: Mapped[OptionalWord]
    due_on: Mapped[Day]
    completed_on: Mapped[Day]
    description: Mapped[Prose]


class Shipment(Synced, Base):
    """Goods on their way. `promised_at` is the first promise, `eta_at` the present expectation."""

    __tablename__ = "shipment"

    number: Mapped[Line]
    reference: Mapped[OptionalLine]
    tracking_number: Mapped[OptionalWord]
    carrier: Mapped[OptionalLine]
    mode: Mapped[OptionalWord]
    origin: Mapped[OptionalLine]
    destination: Mapped[OptionalLine]
    status: Mapped[Word]
    location: Mapped[OptionalLine]
    shipped_on: Mapped[Day]
    promised_at: Mapped[OptionalMoment]
    eta_at: Mapped[OptionalMoment]
    delivered_at: Mapped[OptionalMoment]
    exception: Mapped[OptionalLine]
    exception_since: Mapped[OptionalMoment]
    pieces: Mapped[int | None]
    weight_grams: Mapped[int | None]


class ShipmentEvent(Synced, Base):
    """One scan of a shipment, as the carrier told it; `happened_at` orders them, not their arrival."""

    __tablename__ = "shipment_event"
    looked_up_by = ("shipment_id",)

    shipment_id: Mapped[Ref]
    happened_at: Mapped[OptionalMoment]
    code: Mapped[OptionalWord]
    location: Mapped[OptionalLine]
    description: Mapped[OptionalLine]


class BillingAccount(Synced, Base):
    """The client in the accounting system; a client may have several (sub-customers, currencies)."""

    __tablename__ = "billing_account"

    name: Mapped[Line]
    email: Mapped[OptionalLine]
    phone: Mapped[OptionalWord]
    street: Mapped[OptionalLine]
    city: Mapped[OptionalLine]
    postal_code: Mapped[OptionalWord]
    country: Mapped[OptionalLine]
    balance_minor: Mapped[OptionalAmount]
    currency: Mapped[OptionalCurrency]
    active: Mapped[bool | None]


class Invoice(Synced, Base):
    """An invoice with its lines: [{description, quantity, unit_minor, amount_minor}], amounts in `currency`."""

    __tablename__ = "invoice"
    listed_by = ("issued_on",)

    number: Mapped[OptionalWord]
    issued_on: Mapped[dt.date]
    due_on: Mapped[Day]
    currency: Mapped[Currency]
    total_minor: Mapped[Amount]
    tax_minor: Mapped[OptionalAmount]
    balance_minor: Mapped[Amount]
    voided: Mapped[bool | None]
    bill_email: Mapped[OptionalLine]
    memo: Mapped[Prose]
    lines: Mapped[Items]


class Payment(Synced, Base):
    """Money received, and what it paid: [{invoice_id, amount_minor}]."""

    __tablename__ = "payment"
    listed_by = ("received_on",)

    received_on: Mapped[dt.date]
    reference: Mapped[OptionalLine]
    currency: Mapped[Currency]
    amount_minor: Mapped[Amount]
    unapplied_minor: Mapped[OptionalAmount]
    applied: Mapped[Items]


class CreditMemo(Synced, Base):
    """A credit the firm gave. `remaining_minor` has not been used yet."""

    __tablename__ = "credit_memo"
    listed_by = ("issued_on",)

    number: Mapped[OptionalWord]
    issued_on: Mapped[dt.date]
    currency: Mapped[Currency]
    total_minor: Mapped[Amount]
    remaining_minor: Mapped[OptionalAmount]
    memo: Mapped[Prose]
    lines: Mapped[Items]


class Contract(Synced, Base):
    """Terms in force between the firm and a client."""

    __tablename__ = "contract"

    number: Mapped[OptionalWord]
    name: Mapped[OptionalLine]
    status: Mapped[OptionalWord]
    starts_on: Mapped[Day]
    ends_on: Mapped[Day]
    term_months: Mapped[int | None]
    notice_days: Mapped[int | None]
    special_terms: Mapped[Prose]
    description: Mapped[Prose]


class Request(Synced, Base):
    """Something a client asked for (a case in the CRM). `answer_by` is the firm's promise."""

    __tablename__ = "request"

    number: Mapped[OptionalWord]
    subject: Mapped[OptionalLine]
    description: Mapped[Prose]
    status: Mapped[OptionalWord]
    priority: Mapped[OptionalWord]
    kind: Mapped[OptionalWord]
    opened_at: Mapped[OptionalMoment]
    closed_at: Mapped[OptionalMoment]
    answer_by: Mapped[OptionalMoment]
    person_id: Mapped[Ref]


class Subscription(Synced, Base):
    """A plan with its usage and renewal."""

    __tablename__ = "subscription"

    name: Mapped[Line]
    plan: Mapped[OptionalLine]
    status: Mapped[OptionalWord]
    usage_current: Mapped[int | None]
    usage_limit: Mapped[int | None]
    usage_unit: Mapped[OptionalWord]
    seats: Mapped[int | None]
    seats_used: Mapped[int | None]
    renews_on: Mapped[Day]
    price_minor: Mapped[OptionalAmount]
    currency: Mapped[OptionalCurrency]


class Document(Synced, Base):
    """A file. `revision` names the version shown; bytes are read from the source on demand, through the same scope."""

    __tablename__ = "document"
    listed_by = ("modified_at",)
    looked_up_by = ("project_id",)

    name: Mapped[Line]
    category: Mapped[OptionalWord]
    path: Mapped[OptionalLine]
    project_id: Mapped[Ref]
    media_type: Mapped[OptionalLine]
    size_bytes: Mapped[int | None]
    md5: Mapped[OptionalWord]
    revision: Mapped[OptionalLine]
    status: Mapped[OptionalWord]
    modified_at: Mapped[OptionalMoment]


class Folder(Synced, Base):
    """A client's folder in the drive: the record that says whose the files below it are."""

    __tablename__ = "folder"

    name: Mapped[Line]
    extra: Mapped[Facts]


ENTITIES: dict[str, type[Synced]] = {
    model.__tablename__: model
    for model in (
        Client,
        Person,
        Project,
        Milestone,
        Shipment,
        ShipmentEvent,
        BillingAccount,
        Invoice,
        Payment,
        CreditMemo,
        Contract,
        Request,
        Subscription,
        Document,
        Folder,
    )
}
"""The nouns a mapping may fill, by the name it uses in `into:`."""
