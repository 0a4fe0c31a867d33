"""What the API answers. Money is whole minor units with its currency; instants are UTC; days are plain dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Answer(BaseModel):
    """Root of everything that is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(Answer):
    """An amount: 123450 minor units of EUR are 1,234.50 euros; of JPY, 123,450 yen."""

    minor: int = Field(examples=[123450])
    currency: str = Field(examples=["EUR"], description="ISO 4217")


class State(Answer):
    """A state in words. `tone` is good, attention, bad, info or quiet."""

    label: str = Field(examples=["12 days overdue"])
    tone: str = Field(examples=["bad"])
    sentence: str = Field(default="", examples=["€1,234.50 to pay. It was due on Thu 12 Nov, 12 days ago."])


class Freshness(Answer):
    """Which system says so, and up to when it is true.

    `matched_at`: when it was last compared with that system, record by record, if nothing differed.
    """

    source: str = Field(examples=["QuickBooks"])
    as_of: dt.datetime | None
    late: bool
    matched_at: dt.datetime | None


class Page(Answer, Generic[T]):
    """One page of a list. `next` is the cursor of the page after it; null on the last one."""

    items: Sequence[T]
    next: str | None = Field(examples=["WyIyMDI2LTExLTIwIiwiM2M4MDFmIl0"])
    freshness: Freshness | None


class InvoiceLine(Answer):
    """One line of an invoice. A discount's amount is below zero."""

    description: str
    quantity: float | None
    unit: Money | None
    unit_price: float | None = Field(None, examples=[0.0375], description="`unit` before it is rounded to cents")
    amount: Money


class Invoice(Answer):
    """An invoice in a list."""

    id: str = Field(examples=["3c801f6e5a2c12f3b0c06bb3fd"])
    number: str | None = Field(examples=["1042"])
    issued_on: dt.date
    due_on: dt.date | None
    total: Money
    open: Money
    voided: bool
    state: State


class PaymentPart(Answer):
    """What a payment or credit paid of an invoice."""

    received_on: dt.date
    reference: str | None
    amount: Money


class InvoiceDetail(Invoice):
    """An invoice with its lines and payments. `pdf` is its file's address, with the same token."""

    tax: Money | None
    deposit: Money | None
    lines: Sequence[InvoiceLine]
    payments: Sequence[PaymentPart]
    memo: str | None
    pdf: str = Field(examples=["/api/v1/invoices/3c801f6e5a2c12f3b0c06bb3fd/pdf"])


class Milestone(Answer):
    """A step of a project. `client_action` is approve, upload or answer while it waits for the client."""

    id: str
    name: str
    state: State
    client_action: str | None
    due_on: dt.date | None
    completed_on: dt.date | None


class Project(Answer):
    """Work for the client."""

    id: str
    name: str = Field(examples=["ERP rollout"])
    number: str | None
    state: State
    phase: str | None
    phase_number: int | None
    phase_count: int | None
    percent_complete: int | None = Field(examples=[62])
    starts_on: dt.date | None
    due_on: dt.date | None
    manager: str | None
    next_event: str | None
    next_event_at: dt.datetime | None
    budget: Money | None
    spent: Money | None


class ProjectDetail(Project):
    """A project with its milestones in their order."""

    summary: str | None
    milestones: Sequence[Milestone]


class Shipment(Answer):
    """Goods on their way. `promised` is the first promise, `eta` the present expectation.

    Each is an instant (`_at`) where the firm's system knows the hour, else a day (`_on`).
    """

    id: str
    number: str = Field(examples=["HBL-2291"])
    reference: str | None
    tracking_number: str | None
    carrier: str | None
    mode: str | None = Field(examples=["ocean"])
    origin: str | None
    destination: str | None
    location: str | None
    status: str = Field(examples=["in_transit"])
    state: State
    promised_at: dt.datetime | None
    promised_on: dt.date | None
    eta_at: dt.datetime | None
    eta_on: dt.date | None
    delivered_at: dt.datetime | None
    delivered_on: dt.date | None
    exception: str | None = Field(examples=["Held at customs"])


class ShipmentEvent(Answer):
    """One scan."""

    id: str
    happened_at: dt.datetime | None
    code: str | None
    location: str | None
    description: str | None


class ShipmentDetail(Shipment):
    """A shipment with its scans, the latest first."""

    events: Sequence[ShipmentEvent]


class Document(Answer):
    """A file. `download` is its address, with the same token."""

    id: str
    name: str = Field(examples=["Contract 2026.pdf"])
    category: str | None = Field(examples=["Contracts"])
    project_id: str | None
    media_type: str | None
    size_bytes: int | None
    status: str | None
    modified_at: dt.datetime | None
    download: str


class Contract(Answer):
    """Terms between the firm and the client."""

    id: str
    number: str | None
    name: str | None
    state: State
    starts_on: dt.date | None
    ends_on: dt.date | None
    term_months: int | None
    notice_days: int | None
    description: str | None
    special_terms: str | None


class Request(Answer):
    """Something the client asked for. `answer_by` is the firm's promise."""

    id: str
    number: str | None
    subject: str | None
    description: str | None
    state: State
    priority: str | None
    opened_at: dt.datetime | None
    closed_at: dt.datetime | None
    answer_by: dt.datetime | None


class BillingAccount(Answer):
    """The client in the firm's books."""

    name: str
    email: str | None
    phone: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    balance: Money | None


class Person(Answer):
    """Somebody at the client; `role` is owner, member or viewer, and null without access to the portal."""

    name: str
    email: str | None
    phone: str | None
    title: str | None
    role: str | None


class Account(Answer):
    """What the firm has on file."""

    id: str
    name: str
    number: str | None
    profile: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    billing: Sequence[BillingAccount]
    people: Sequence[Person]
    freshness: Freshness | None


class Movement(Answer):
    """An invoice (positive), deposit, payment or credit (negative)."""

    on: dt.date
    kind: str = Field(examples=["invoice"])
    id: str
    number: str | None
    amount: Money
    balance: Money


class CurrencyStatement(Answer):
    """One currency. opening + movements = closing. `ages` is what is open today by days since the due day."""

    opening: Money
    closing: Money
    movements: Sequence[Movement]
    ages: dict[str, Money] = Field(examples=[{"0-30": {"minor": 486050, "currency": "EUR"}}])
    unused: Money
    due: Money


class Statement(Answer):
    """A statement of account; both days belong to the period."""

    first: dt.date
    last: dt.date
    accounts: Sequence[CurrencyStatement]
    freshness: Freshness | None


class Home(Answer):
    """The answer to the first worry, as the first page says it."""

    answer: str = Field(examples=["2 of 3 shipments are on time. HBL-2291 is held at customs in Rotterdam."])
    tone: str
    waiting: Sequence[dict[str, Any]]


class Me(Answer):
    """Who this token or session is."""

    name: str
    email: str
    role: str = Field(examples=["owner"])
    client_id: str
    client: str
    read_only: bool
