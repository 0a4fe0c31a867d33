"""What clients see: one table per noun, filled from the firm's systems, every row owned by one client.

A row whose `client_id` is NULL is matched to nobody and is invisible to every client (store.scope). A row with
`deleted_at` is a tombstone: kept for ops and for its return, hidden from clients.
"""

from __future__ import annotations

from sqlalchemy import Table

from store.columns import (
    Amount,
    Currency,
    Day,
    Items,
    Line,
    OptionalAmount,
    OptionalCurrency,
    OptionalDay,
    OptionalFlag,
    OptionalLine,
    OptionalMoment,
    OptionalNumber,
    OptionalProse,
    OptionalWord,
    Ref,
    Synced,
    Word,
    synced,
)


class ClientColumns(Synced):
    """A client of the firm. `client_id` equals `id`, so the one access rule covers it too."""

    name = Line
    profile = OptionalWord
    number = OptionalWord
    phone = OptionalWord
    website = OptionalLine
    street = OptionalLine
    city = OptionalLine
    postal_code = OptionalWord
    country = OptionalLine
    time_zone = OptionalWord


Client = synced("client", ClientColumns)


class PersonColumns(Synced):
    """Somebody at a client. `role`: owner, member or viewer; with another word, or NULL, known but without access."""

    name = Line
    email = OptionalLine
    phone = OptionalWord
    title = OptionalLine
    role = OptionalWord


Person = synced("person", PersonColumns, looked_up_by=("email",))


class ProjectColumns(Synced):
    """Work for a client: project, matter, campaign, building or implementation (`kind`)."""

    name = Line
    number = OptionalWord
    kind = OptionalWord
    status = OptionalWord
    health = OptionalWord
    phase = OptionalLine
    phase_number = OptionalNumber
    phase_count = OptionalNumber
    percent_complete = OptionalNumber
    starts_on = OptionalDay
    due_on = OptionalDay
    budget_minor = OptionalAmount
    spent_minor = OptionalAmount
    currency = OptionalCurrency
    manager = OptionalLine
    summary = OptionalProse
    last_event = OptionalLine
    last_event_on = OptionalDay
    next_event = OptionalLine
    next_event_at = OptionalMoment


Project = synced("project", ProjectColumns)


class MilestoneColumns(Synced):
    """A step of a project. `client_action` (approve, upload, answer) is set while it waits for the client."""

    project_id = Ref
    name = Line
    position = OptionalNumber
    status = OptionalWord
    client_action = OptionalWord
    due_on = OptionalDay
    completed_on = OptionalDay
    description = OptionalProse


Milestone = synced("milestone", MilestoneColumns, looked_up_by=("project_id",))


class ShipmentColumns(Synced):
    """Goods on their way. `promised` is the first promise, `eta` the present expectation.

    A source that knows the hour fills `_at`, one that knows the day alone `_on`; with both, the hour counts.
    """

    number = Line
    reference = OptionalLine
    tracking_number = OptionalWord
    carrier = OptionalLine
    mode = OptionalWord
    origin = OptionalLine
    destination = OptionalLine
    status = Word
    location = OptionalLine
    shipped_on = OptionalDay
    promised_at = OptionalMoment
    promised_on = OptionalDay
    eta_at = OptionalMoment
    eta_on = OptionalDay
    delivered_at = OptionalMoment
    delivered_on = OptionalDay
    exception = OptionalLine
    exception_since = OptionalMoment
    pieces = OptionalNumber
    weight_grams = OptionalNumber


Shipment = synced("shipment", ShipmentColumns)


class ShipmentEventColumns(Synced):
    """One scan of a shipment, as the carrier told it; `happened_at` orders them, not their arrival."""

    shipment_id = Ref
    happened_at = OptionalMoment
    code = OptionalWord
    location = OptionalLine
    description = OptionalLine


ShipmentEvent = synced("shipment_event", ShipmentEventColumns, looked_up_by=("shipment_id",))


class BillingAccountColumns(Synced):
    """The client in the accounting system; a client may have several (sub-customers, currencies)."""

    name = Line
    email = OptionalLine
    phone = OptionalWord
    street = OptionalLine
    city = OptionalLine
    postal_code = OptionalWord
    country = OptionalLine
    balance_minor = OptionalAmount
    currency = OptionalCurrency
    active = OptionalFlag


BillingAccount = synced("billing_account", BillingAccountColumns)


class InvoiceColumns(Synced):
    """An invoice with its lines: [{description, quantity, unit_price, unit_minor, amount_minor}], in `currency`.

    deposit_minor  paid with the order, before the invoice; the balance is less by it and no payment tells of it
    """

    number = OptionalWord
    issued_on = Day
    due_on = OptionalDay
    currency = Currency
    total_minor = Amount
    tax_minor = OptionalAmount
    balance_minor = Amount
    deposit_minor = OptionalAmount
    voided = OptionalFlag
    bill_email = OptionalLine
    memo = OptionalProse
    lines = Items


Invoice = synced("invoice", InvoiceColumns, listed_by=("issued_on",))


class PaymentColumns(Synced):
    """Money received, and what it paid: [{invoice_id, amount_minor}]."""

    received_on = Day
    reference = OptionalLine
    currency = Currency
    amount_minor = Amount
    unapplied_minor = OptionalAmount
    applied = Items


Payment = synced("payment", PaymentColumns, listed_by=("received_on",))


class CreditMemoColumns(Synced):
    """A credit the firm gave. `remaining_minor` has not been used yet."""

    number = OptionalWord
    issued_on = Day
    currency = Currency
    total_minor = Amount
    remaining_minor = OptionalAmount
    memo = OptionalProse
    lines = Items


CreditMemo = synced("credit_memo", CreditMemoColumns, listed_by=("issued_on",))


class ContractColumns(Synced):
    """Terms in force between the firm and a client."""

    number = OptionalWord
    name = OptionalLine
    status = OptionalWord
    starts_on = OptionalDay
    ends_on = OptionalDay
    term_months = OptionalNumber
    notice_days = OptionalNumber
    special_terms = OptionalProse
    description = OptionalProse


Contract = synced("contract", ContractColumns)


class RequestColumns(Synced):
    """Something a client asked for (a case in the CRM). `answer_by` is the firm's promise."""

    number = OptionalWord
    subject = OptionalLine
    description = OptionalProse
    status = OptionalWord
    priority = OptionalWord
    kind = OptionalWord
    opened_at = OptionalMoment
    closed_at = OptionalMoment
    answer_by = OptionalMoment
    person_id = Ref


Request = synced("request", RequestColumns)


class SubscriptionColumns(Synced):
    """A plan with its usage and renewal. `price_period`: month, quarter or year, whatever the price is for."""

    name = Line
    plan = OptionalLine
    status = OptionalWord
    usage_current = OptionalNumber
    usage_limit = OptionalNumber
    usage_unit = OptionalWord
    seats = OptionalNumber
    seats_used = OptionalNumber
    renews_on = OptionalDay
    price_minor = OptionalAmount
    price_period = OptionalWord
    currency = OptionalCurrency


Subscription = synced("subscription", SubscriptionColumns)


class DocumentColumns(Synced):
    """A file. `revision` names the version shown; bytes are read from the source on demand, through the same scope."""

    name = Line
    category = OptionalWord
    path = OptionalLine
    project_id = Ref
    media_type = OptionalLine
    size_bytes = OptionalNumber
    md5 = OptionalWord
    revision = OptionalLine
    status = OptionalWord
    modified_at = OptionalMoment


Document = synced("document", DocumentColumns, listed_by=("modified_at",), looked_up_by=("project_id",))


class FolderColumns(Synced):
    """A client's folder in the drive: the record that says whose the files below it are."""

    name = Line


Folder = synced("folder", FolderColumns)


ENTITIES: dict[str, Table[Synced]] = {
    table.name: table
    for table in (
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
