"""Home: the answer to a client's first worry, what waits for them, and the cards of their profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.answers import ANSWERS
from portal_api.answers.answer import Answer, Facts, Work
from portal_api.answers.work import owing
from portal_api.cards import Card, cards_of
from portal_api.feeds import NEVER, Feeds, Fresh
from portal_api.pages import render, words_of
from portal_api.portal import portal_of
from portal_api.profiles import Profile
from portal_api.project_states import WAITING_VERBS
from portal_api.queries.home import lists_of
from portal_api.queries.projects import ATTENTION, BAD, GOOD
from portal_api.reading import reading
from portal_api.states import key
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)

NOUN_OF = {"logistics": "shipment", "saas": "request"}
"""The noun whose freshness the answer depends on; the others' is the project."""


OVERDUE = "/invoices?show=overdue"

ASKED = 4
"""Requests that are told among what waits."""
CARD_NOUNS = ("invoice", "statement", "shipment", "project", "request", "document", "subscription")


class Waiting(NamedTuple):
    """One thing that waits for the client: a verb, what, about what, when, where to do it (None: by mail)."""

    verb: str
    what: str
    about: str
    due: str
    late: bool
    href: str | None


@dataclass(frozen=True, slots=True)
class HomeContext:
    """What templates/home/home.html shows."""

    answer: Answer
    who: str
    as_of: Fresh | None
    late: Sequence[Fresh]
    waiting: Sequence[Waiting]
    main: Sequence[Card]
    side: Sequence[Card]
    first_visit: bool
    nothing: bool
    profile: Profile


@router.get("/")
async def home(request: Request, _scope: Client) -> Response:
    """The first page."""
    portal = portal_of(request)
    profile = portal.profiles.of(request.state.visitor.profile)
    words = words_of(request)
    lists = await reading(request, _lists, profile, words)
    record(request, "view", "home")
    context = context_of(lists, profile, portal.feeds, words, request)
    return render(request, "home/home.html", {"page": context}, words=words)


def _lists(reader: Reader, profile: Profile, words: Words) -> Mapping[str, list[Any]]:
    return reader.bundle(lists_of(profile.profile, profile.cards), today=words.today, now=words.now)


def context_of(
    lists: Mapping[str, list[Any]], profile: Profile, feeds: Feeds, words: Words, request: Request
) -> HomeContext:
    """The page's context from its lists: pure but for who asks."""
    fresh = {noun: feeds.of(noun, lists["streams"], words.now) for noun in CARD_NOUNS}
    cards = cards_of(lists, fresh, profile, words)
    used = [fresh[card.noun] for card in cards.values() if card.noun in fresh]
    return HomeContext(
        answer=ANSWERS[profile.profile](facts_of(lists), words),
        who=request.state.visitor.client_name,
        as_of=fresh.get(NOUN_OF.get(profile.profile, "project")),
        late=_late(used),
        waiting=waiting_of(lists, words),
        main=[cards[name] for name in profile.main if name in cards],
        side=[cards[name] for name in profile.side if name in cards],
        first_visit="welcome" in request.query_params,
        nothing=_nothing(lists),
        profile=profile,
    )


def facts_of(lists: Mapping[str, list[Any]]) -> Facts:
    """What the answer looks at."""
    counts, waiting = lists.get("shipment_counts"), lists["waiting"]
    requests = lists["request_counts"][0]
    return Facts(
        shipments=lists.get("shipments", ()),
        shipment_count=counts[0].active if counts else 0,
        arrived=lists.get("arrived", ()),
        projects=lists.get("projects", ()),
        work=_work(lists.get("standing", ())),
        milestones=lists.get("milestones", ()),
        waiting=waiting,
        waiting_count=waiting[0].in_all if waiting else 0,
        requests=lists["requests"],
        request_count=requests.open,
        late_count=requests.late,
        asked_count=requests.asked,
        plans=lists.get("plans", ()),
        totals=lists["totals"],
        unused=lists["unused"],
    )


def _work(standing: Sequence[Any]) -> Work:
    count = {row.rank: row.n for row in standing}
    return Work(sum(count.values()), count.get(BAD, 0) + count.get(ATTENTION, 0), count.get(GOOD, 0))


def waiting_of(lists: Mapping[str, list[Any]], words: Words) -> list[Waiting]:
    """What waits for the client: what is late, money too, then the other steps, then requests that need an answer."""
    steps = [_step(row, words) for row in lists["waiting"]]
    late = sum(step.late for step in steps)
    return [*steps[:late], *_to_pay(lists, words), *steps[late:], *_more_steps(lists), *_to_answer(lists, words)]


def _step(row: Any, words: Words) -> Waiting:
    late = row.due_on is not None and row.due_on < words.today
    verb = WAITING_VERBS.get(key(row.client_action), "Look at")
    href = f"/projects/{row.project_id}#step-{row.id}" if row.project_id else None
    return Waiting(verb, row.name, row.project or "", words.until(row.due_on), late, href)


def _more_steps(lists: Mapping[str, list[Any]]) -> Iterator[Waiting]:
    """How many steps wait beyond those that are told, where all of them are."""
    shown = lists["waiting"]
    if shown and shown[0].in_all > len(shown):
        yield _more(shown[0].in_all - len(shown), "step", "/projects")


def _to_answer(lists: Mapping[str, list[Any]], words: Words) -> Iterator[Waiting]:
    asked = [row for row in lists["requests"] if key(row.status) == "waiting_for_client"][:ASKED]
    for row in asked:
        yield Waiting("Answer", row.subject or f"Request {row.number}", _asked(row, words), "", False, _reply(row))
    beyond = lists["request_counts"][0].asked - len(asked)
    if beyond:
        yield _more(beyond, "request", "/requests")


def _more(count: int, noun: str, href: str) -> Waiting:
    return Waiting("Look at", f"{count} more {noun if count == 1 else noun + 's'}", "", "", False, href)


def _asked(row: Any, words: Words) -> str:
    return f"Asked {words.day(row.opened_at)}" if row.opened_at else ""


def _reply(row: Any) -> str:
    return f"/requests/{row.id}#reply"


def _to_pay(lists: Mapping[str, list[Any]], words: Words) -> Iterator[Waiting]:
    """What is overdue in each currency, and since when."""
    for row in owing(lists["totals"], lists["unused"]):
        amount, since = words.money(row.overdue_minor, row.currency), words.until(row.overdue_since)
        if row.overdue_count == 1:
            yield Waiting("Pay", "1 overdue invoice", amount, since, True, OVERDUE)
        else:
            about = f"{amount} · oldest due {since}"
            yield Waiting("Pay", f"{row.overdue_count} overdue invoices", about, "", True, OVERDUE)


def _late(used: Sequence[Fresh | None]) -> list[Fresh]:
    """The late sources of the page, each once, by what is oldest of it."""
    worst: dict[str, Fresh] = {}
    for fresh in used:
        if fresh is not None and fresh.late:
            known = worst.get(fresh.source)
            if known is None or (fresh.as_of or NEVER) < (known.as_of or NEVER):
                worst[fresh.source] = fresh
    return list(worst.values())


def _nothing(lists: Mapping[str, list[Any]]) -> bool:
    return not any(lists.get(name) for name in ("shipments", "projects", "plans", "invoice", "documents", "requests"))
