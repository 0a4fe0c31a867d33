"""The cards of home: each one's rows in words, its source and as-of, and what is being checked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from portal_api.answers.answer import bare, upper_first
from portal_api.answers.saas import FULL, NEARLY_FULL, renewal, used_percent
from portal_api.answers.work import phase
from portal_api.feeds import Fresh
from portal_api.profiles import Profile
from portal_api.project_states import OVER, milestone_state, project_state
from portal_api.states import STATIONS, State, document_state, invoice_state, key, plain, request_state, shipment_state
from portal_api.wording import Words

SHOWN = 4


class Card(NamedTuple):
    """One card: its template (home/cards/{name}.html), title, content, where more is, source, what is held."""

    name: str
    title: str
    noun: str
    content: Any
    more: str | None
    fresh: Fresh | None
    held: int = 0


class Row(NamedTuple):
    """One row of a card."""

    title: str
    about: str
    href: str
    state: State | None = None
    ends: tuple[str, str] = ("", "")
    dots: Sequence[str] = ()
    percent: int | None = None
    note: str = ""
    stations: Sequence[Any] = ()


class Station(NamedTuple):
    """One station of a timeline."""

    tone: str
    what: str
    when: str
    at: Any


class InvoiceFacts(NamedTuple):
    """The latest invoice."""

    number: str
    amount: str
    issued: Any
    state: State
    href: str
    download: str


class Balance(NamedTuple):
    """What is open on the account in one currency."""

    open: str
    overdue: str
    invoices: int


class Plan(NamedTuple):
    """One plan with its usage."""

    name: str
    state: State | None
    percent: int | None
    usage: str
    tone: str
    seats: str
    renews_on: Any
    price: str


PLAN_WORDS: Mapping[str, State] = {
    "past_due": State("bad", "Past due"),
    "cancelled": State("quiet", "Cancelled"),
    "expired": State("quiet", "Ended"),
    "trial": State("info", "Trial"),
}
"""What is said of a plan that is not simply active."""


def cards_of(
    lists: Mapping[str, list[Any]], fresh: Mapping[str, Fresh | None], profile: Profile, words: Words
) -> dict[str, Card]:
    """Every card that this profile names."""
    held = {row.entity: row.n for row in lists["held"]}
    made = {}
    for name in (*profile.main, *profile.side):
        make = _MAKERS.get(name)
        if make is not None:
            noun, title, more, content = make(lists, profile, words)
            made[name] = Card(name, title, noun, content, more, fresh.get(noun), held.get(noun, 0))
    return made


Made = tuple[str, str, str | None, Any]


def _shipments(lists: Mapping[str, list[Any]], _profile: Profile, words: Words) -> Made:
    rows = [_shipment(row, shipment_state(row, words)) for row in lists["shipments"][:SHOWN]]
    return "shipment", "On their way", "/shipments", rows


def _shipment(row: Any, state: State) -> Row:
    return Row(
        title=row.number,
        about=" · ".join(filter(None, (row.reference, row.carrier))),
        href=f"/shipments/{row.id}",
        state=state,
        ends=(row.origin or "", row.destination or ""),
        dots=dots_of(row, state),
        note=state.sentence,
    )


def dots_of(row: Any, state: State) -> list[str]:
    """The stations of a journey, each done, now, unsure, late or next."""
    status = key(row.status)
    # A held shipment keeps the place its last status gave it; without one it stands at the third station.
    at = STATIONS.index(status) if status in STATIONS else STATIONS.index("in_transit")
    here = {"bad": "late", "attention": "unsure"}.get(state.tone, "now")
    passed = at + 1 if status == "delivered" else at
    return ["done" if i < passed else here if i == at else "next" for i in range(len(STATIONS))]


def _projects(lists: Mapping[str, list[Any]], profile: Profile, words: Words) -> Made:
    running = [row for row in lists["projects"] if key(row.status) not in OVER]
    rows = [_project(row, lists["milestones"], words) for row in running]
    cases = "Your case" if len(rows) == 1 else "Your cases"
    return "project", cases if profile.profile == "legal" else "In work", "/projects", rows


def _project(row: Any, milestones: Sequence[Any], words: Words) -> Row:
    mine = [step for step in milestones if step.project_id == row.id]
    return Row(
        title=row.name,
        about=" · ".join(filter(None, (row.number, row.manager))),
        href=f"/projects/{row.id}",
        state=project_state(row, words),
        ends=(upper_first(phase(row)), ""),
        percent=row.percent_complete,
        note=_budget(row, words),
        stations=_stations(mine, words),
    )


def _budget(row: Any, words: Words) -> str:
    if not row.budget_minor or row.spent_minor is None:
        return ""
    spent, budget = words.money(row.spent_minor, row.currency), words.money(row.budget_minor, row.currency)
    over = row.spent_minor - row.budget_minor
    return f"{spent} spent, {words.money(over, row.currency)} over budget" if over > 0 else f"{spent} of {budget} spent"


def _stations(mine: Sequence[Any], words: Words) -> list[Station]:
    """The step before, those that run, and the next ones: five at most, around where the work is."""
    states = [(step, milestone_state(step, words)) for step in mine]
    first = next((i for i, (_, state) in enumerate(states) if state.tone != "done"), len(states))
    start = max(0, min(first - 1, len(states) - 5))
    return [
        Station(state.tone, step.name, state.sentence or state.label, step.completed_on or step.due_on)
        for step, state in states[start : start + 5]
    ]


def _documents(lists: Mapping[str, list[Any]], _profile: Profile, words: Words) -> Made:
    rows = [
        Row(
            title=row.name,
            about=" · ".join(filter(None, (row.category, words.day(row.modified_at), words.size(row.size_bytes)))),
            href=f"/documents/{row.id}",
            state=document_state(row.status),
        )
        for row in lists["documents"]
    ]
    return "document", "Latest documents", "/documents", rows


def _requests(lists: Mapping[str, list[Any]], _profile: Profile, words: Words) -> Made:
    rows = [
        Row(
            title=row.subject or f"Request {row.number}",
            about=_promise(row, words),
            href=f"/requests/{row.id}",
            state=request_state(row, words),
        )
        for row in lists["requests"][:SHOWN]
    ]
    return "request", "Open requests", "/requests", rows


def _promise(row: Any, words: Words) -> str:
    return request_state(row, words).sentence or (f"Asked {words.day(row.opened_at)}" if row.opened_at else "")


def _invoice(lists: Mapping[str, list[Any]], _profile: Profile, words: Words) -> Made:
    if not lists["invoice"]:
        return "invoice", "Latest invoice", None, None
    row = lists["invoice"][0]
    facts = InvoiceFacts(
        number=row.number or "",
        amount=words.money(row.total_minor, row.currency),
        issued=row.issued_on,
        state=invoice_state(row, None, words),
        href=f"/invoices/{row.id}",
        download=" ".join(filter(None, ("Download invoice", row.number))),
    )
    return "invoice", "Latest invoice", "/invoices", facts


def _account(lists: Mapping[str, list[Any]], _profile: Profile, words: Words) -> Made:
    balances = [
        Balance(
            open=words.money(row.open_minor, row.currency),
            overdue=words.money(row.overdue_minor, row.currency) if row.overdue_minor else "",
            invoices=row.open_count,
        )
        for row in lists["totals"]
    ]
    return "statement", "Account", "/statement", balances


def _plan(lists: Mapping[str, list[Any]], _profile: Profile, words: Words) -> Made:
    return "subscription", "Your plan", "/contracts", [plan_of(row, words) for row in lists["plans"]]


def plan_of(row: Any, words: Words) -> Plan:
    """A plan with how much of it is used."""
    percent = used_percent(row)
    tone = "quiet" if percent is None or percent < NEARLY_FULL else "bad" if percent >= FULL else "attention"
    return Plan(
        name=bare(row.plan) or row.name,
        state=PLAN_WORDS.get(key(row.status)),
        percent=percent,
        usage=usage_of(row, words),
        tone=tone,
        seats=f"{row.seats_used} of {row.seats} seats" if row.seats and row.seats_used is not None else "",
        renews_on=renewal(row, words),
        price=price_of(row, words),
    )


def price_of(row: Any, words: Words) -> str:
    """`€249.00 a month`; the amount alone where its source names no period."""
    price = words.money(row.price_minor, row.currency)
    return f"{price} a {plain(row.price_period).lower()}" if price and row.price_period else price


def usage_of(row: Any, words: Words) -> str:
    """`4,200 of 10,000 records`, `4,200 records used` where nothing limits it; empty when nobody counts."""
    if row.usage_current is None:
        return ""
    unit = f" {row.usage_unit}" if row.usage_unit else ""
    limit = f" of {words.number(row.usage_limit)}{unit}" if row.usage_limit else f"{unit} used"
    return words.number(row.usage_current) + limit


_MAKERS: Mapping[str, Callable[[Mapping[str, list[Any]], Profile, Words], Made]] = {
    "shipments": _shipments,
    "projects": _projects,
    "documents": _documents,
    "requests": _requests,
    "invoice": _invoice,
    "account": _account,
    "plan": _plan,
}
