"""States in words: what a row means to its reader. Pure decisions over stored facts; never said by colour only.

A tone is good, attention, bad, info or quiet. `label` is the badge, `sentence` what it means and what happens next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

SOON_DAYS = 7
ENDING_DAYS = 60


class Speech(Protocol):
    """How the reader is spoken to: their day and zone, money and dates in their language."""

    @property
    def today(self) -> dt.date:
        """The reader's calendar day."""

    @property
    def now(self) -> dt.datetime:
        """This moment, aware UTC."""

    def money(self, minor: int, currency: str) -> str:
        """An amount with its currency."""

    def day(self, day: dt.date) -> str:
        """A day in words: today, tomorrow, Thu 3 Dec."""

    def moment(self, moment: dt.datetime) -> str:
        """An instant in words, in the reader's zone: today 14:00, Thu 3 Dec 09:30."""

    def arrival(self, moment: dt.date) -> str:
        """As `moment`; of a source that knows the day alone, the day."""

    def passed(self, moment: dt.date) -> bool:
        """Whether an arrival should have been: a day without a time passes at its end."""

    def local_day(self, moment: dt.date) -> dt.date:
        """The calendar day of an instant in the reader's zone; a day is itself."""


class State(NamedTuple):
    """What to say of a row."""

    tone: str
    label: str
    sentence: str = ""


def days(count: int) -> str:
    """`1 day`, `5 days`."""
    return "1 day" if count == 1 else f"{count} days"


def key(word: str | None) -> str:
    """A source's status as a key: `In Transit` and `in_transit` are one."""
    return (word or "").strip().lower().replace(" ", "_").replace("-", "_")


def plain(word: str | None) -> str:
    """A status that no table knows, as words: `out_for_sealing` reads `Out for sealing`."""
    return (word or "").replace("_", " ").strip().capitalize()


# Invoices ---------------------------------------------------------------------------------------------------------


def invoice_state(row: Any, paid_on: dt.date | None, speak: Speech) -> State:
    """An invoice's state from total, balance and due day; no system stores one. `paid_on`: last payment, if known."""
    if row.voided:
        return State("quiet", "Voided", "This invoice was voided. There is nothing to pay.")
    if row.balance_minor <= 0:
        return _settled(row, paid_on, speak)
    left = speak.money(row.balance_minor, row.currency)
    partly = row.balance_minor < row.total_minor
    due = _due(row.due_on, speak)
    if partly:
        tone = due.tone if due.tone in {"bad", "attention"} else "info"
        label = f"Partly paid, {due.label[0].lower()}{due.label[1:]}" if due.tone == "bad" else "Partly paid"
        return State(tone, label, f"{left} of {speak.money(row.total_minor, row.currency)} is left. {due.sentence}")
    return due


def _settled(row: Any, paid_on: dt.date | None, speak: Speech) -> State:
    if row.total_minor <= 0:
        return State("quiet", "Nothing to pay", "There is nothing to pay on this invoice.")
    if paid_on is None:
        return State("good", "Paid", "Paid in full.")
    return State("good", f"Paid {on_day(paid_on, speak)}", f"Paid in full {on_day(paid_on, speak)}.")


def on_day(day: dt.date, speak: Speech) -> str:
    words = speak.day(day)
    return words if words in {"today", "yesterday", "tomorrow"} else f"on {words}"


def _due(due_on: dt.date | None, speak: Speech) -> State:
    if due_on is None:
        return State("info", "Open", "It has no due date.")
    left = (due_on - speak.today).days
    if left < 0:
        return State("bad", f"{days(-left)} overdue", f"It was due {on_day(due_on, speak)}, {days(-left)} ago.")
    if left == 0:
        return State("attention", "Due today", "It is due today.")
    if left <= SOON_DAYS:
        return State("attention", f"Due in {days(left)}", f"It is due {on_day(due_on, speak)}.")
    return State("info", "Open", f"It is due {on_day(due_on, speak)}.")


# Shipments --------------------------------------------------------------------------------------------------------

SHIPMENT_WORDS: Mapping[str, str] = {
    "booked": "Booked",
    "picked_up": "Picked up",
    "in_transit": "In transit",
    "customs": "At customs",
    "out_for_delivery": "Out for delivery",
    "delivered": "Delivered",
    "exception": "Held",
    "cancelled": "Cancelled",
}

STATIONS = ("booked", "picked_up", "in_transit", "customs", "out_for_delivery", "delivered")


def promised(row: Any) -> dt.date | None:
    """The first promise: an instant (a dt.datetime), or the day where the source knows no hour."""
    found: dt.date | None = row.promised_at or row.promised_on
    return found


def new_date(row: Any) -> dt.date | None:
    """The present expectation, alike."""
    found: dt.date | None = row.eta_at or row.eta_on
    return found


def delivered(row: Any) -> dt.date | None:
    """When it arrived, alike."""
    found: dt.date | None = row.delivered_at or row.delivered_on
    return found


def shipment_state(row: Any, speak: Speech) -> State:
    """A shipment's state: trouble first, then lateness against the promise, then where it is."""
    status = key(row.status)
    if delivered(row) is not None or status == "delivered":
        return _delivered(row, speak)
    if status == "cancelled":
        return State("quiet", "Cancelled", "This shipment was cancelled.")
    if row.exception:
        since = f"Since {speak.moment(row.exception_since)}. " if row.exception_since else ""
        return State("bad", row.exception, f"{since}{expectation(row, speak)}")
    return _moving(row, speak)


def _moving(row: Any, speak: Speech) -> State:
    where = SHIPMENT_WORDS.get(key(row.status), plain(row.status))
    behind = lateness(row, speak)
    if behind > 0:
        return State("bad", f"{days(behind)} late", f"{where}. {expectation(row, speak)}")
    expected = new_date(row) or promised(row)
    if expected is None:
        return State("info", where, "There is no arrival date yet.")
    if speak.passed(expected):
        overdue = f"It was {'expected' if new_date(row) else 'promised for'} {speak.arrival(expected)}"
        if key(row.status) == "booked":
            return State("bad", "Late, not shipped yet", f"{overdue}; it has not been shipped yet.")
        return State("attention", "Not confirmed", f"{where}. {overdue}; the delivery is not confirmed yet.")
    return State("good", "On time", f"{where}. {expectation(row, speak)}")


def _delivered(row: Any, speak: Speech) -> State:
    arrived = delivered(row)
    if arrived is None:
        return State("good", "Delivered", "Delivered.")
    when = speak.arrival(arrived)
    behind = lateness(row, speak)
    after = f", {days(behind)} after the promised day" if behind > 0 else ""
    return State("good", "Delivered", f"Delivered {when}{after}.")


def expectation(row: Any, speak: Speech) -> str:
    """When it comes; the page of one shipment says it in its facts."""
    promise, eta = promised(row), new_date(row)
    if eta is None:
        return f"Promised for {speak.arrival(promise)}." if promise else "There is no new date yet."
    if promise and lateness(row, speak) > 0:
        return f"New arrival {speak.arrival(eta)}; it was promised for {speak.arrival(promise)}."
    return f"Expected {speak.arrival(eta)}."


def lateness(row: Any, speak: Speech) -> int:
    """Days between the promise and the delivery, or the expectation; 0 when either is unknown or in time."""
    actual, promise = delivered(row) or new_date(row), promised(row)
    if actual is None or promise is None:
        return 0
    return max(0, (speak.local_day(actual) - speak.local_day(promise)).days)


# Requests, contracts, documents -------------------------------------------------------------------------------------

REQUEST_WORDS: Mapping[str, State] = {
    "new": State("info", "Received"),
    "working": State("info", "In work"),
    "in_work": State("info", "In work"),
    "waiting_for_client": State("attention", "Waits for you"),
    "closed": State("good", "Answered"),
}


def request_state(row: Any, speak: Speech) -> State:
    """A request's state with the promised answer; a promise that has passed is said plainly."""
    if row.closed_at is not None or key(row.status) == "closed":
        return State("good", "Answered", f"Answered {speak.moment(row.closed_at)}" if row.closed_at else "Answered")
    state = REQUEST_WORDS.get(key(row.status), State("info", plain(row.status) or "Received"))
    if row.answer_by is None or state.label == "Waits for you":
        return state
    if row.answer_by < speak.now:
        return State("bad", "Answer late", f"An answer was promised by {speak.moment(row.answer_by)}")
    return State(state.tone, state.label, f"Answer by {speak.moment(row.answer_by)}")


IN_FORCE = frozenset({"activated", "active"})
NO_MORE = frozenset({"expired", "terminated", "cancelled", "canceled"})


def contract_state(row: Any, speak: Speech) -> State:
    """A contract's state: in force until when, ending soon, ended, not signed yet, not begun yet."""
    status = key(row.status)
    if row.ends_on is not None and row.ends_on < speak.today:
        return State("quiet", "Ended", f"Ended {on_day(row.ends_on, speak)}.")
    if status in NO_MORE:
        return State("quiet", "Ended", "These terms have ended.")
    if status not in IN_FORCE:
        return State("attention", plain(row.status) or "Not in force", "Not in force yet.")
    if row.starts_on is not None and row.starts_on > speak.today:
        return State("info", f"Begins {speak.day(row.starts_on)}", "Not in force yet.")
    return _in_force(row, speak)


def _in_force(row: Any, speak: Speech) -> State:
    if row.ends_on is None:
        return State("good", "In force", "In force, with no end date.")
    left = (row.ends_on - speak.today).days
    if left <= ENDING_DAYS:
        return State("attention", f"Ends in {days(left)}", f"In force until {speak.day(row.ends_on)}.")
    return State("good", "In force", f"In force until {speak.day(row.ends_on)}.")


DOCUMENT_WORDS: Mapping[str, State] = {
    "draft": State("quiet", "Draft"),
    "final": State("good", "Final"),
    "approved": State("good", "Approved"),
    "signed": State("good", "Signed"),
    "awaiting_approval": State("attention", "Waits for you"),
    "for_approval": State("attention", "Waits for you"),
    "in_review": State("info", "In review"),
    "superseded": State("quiet", "Superseded"),
}


def document_state(status: str | None) -> State | None:
    """A document's badge; None where its source says nothing."""
    if not status:
        return None
    return DOCUMENT_WORDS.get(key(status), State("info", plain(status)))
