"""The first sentence of the page says what the store holds, and never better than it is."""

from __future__ import annotations

import dataclasses
import datetime as dt
from types import SimpleNamespace as Row
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.profiles import profiles
from portal_api.answers import ANSWERS
from portal_api.answers.agency import agency, over_budget
from portal_api.answers.answer import ROOM, Facts, Work
from portal_api.answers.architecture import architecture
from portal_api.answers.legal import legal
from portal_api.answers.logistics import logistics
from portal_api.answers.professional_services import professional_services
from portal_api.answers.saas import saas
from portal_api.cards import dots_of, plan_of
from portal_api.contracts import lead_of as contracts_lead
from portal_api.contracts import view_of
from portal_api.invoices import lead_of as invoices_lead
from portal_api.project_states import is_ours, is_troubled, project_state, stands, waits
from portal_api.projects import next_of
from portal_api.shipments import lead_of
from portal_api.states import contract_state, request_state, shipment_state
from portal_api.wording import Words

NOW = dt.datetime(2026, 12, 1, 9, 30, tzinfo=dt.UTC)
SPEAK = Words("en", ZoneInfo("Europe/Berlin"), NOW)
NOTHING = Facts()


def at(days: float) -> dt.datetime:
    return NOW + dt.timedelta(days=days)


def day(offset: int) -> dt.date:
    return SPEAK.today + dt.timedelta(days=offset)


def shipment(number="HBL-2290", **changes):
    basis = {"status": "in_transit", "promised_at": at(3), "eta_at": at(3), "delivered_at": None, "exception": None}
    basis |= {"promised_on": None, "eta_on": None, "delivered_on": None}
    basis |= {"exception_since": None, "location": "Rotterdam", "destination": "Hamburg, DE", "number": number}
    return Row(**{**basis, **changes})


def shipments(*rows, **changes):
    return stored(shipments=rows, shipment_count=len(rows), **changes)


def project(**changes):
    basis: dict[str, Any] = {
        "id": "p",
        "name": "ERP rollout",
        "status": "active",
        "health": "on_track",
        "phase": "Design",
    }
    basis |= {
        "phase_number": 3,
        "phase_count": 5,
        "percent_complete": 62,
        "due_on": day(48),
        "step_due": None,
        "budget_minor": 4_000_000,
    }
    basis |= {"spent_minor": 2_160_000, "currency": "EUR", "last_event": "Reply received", "last_event_on": day(-9)}
    return Row(**{**basis, "next_event": None, "next_event_at": None, **changes})


def step(name, due=None, *, action=None, done=None, position=1):
    status = "done" if done is not None else "planned"
    days = {"due_on": None if due is None else day(due), "completed_on": None if done is None else day(done)}
    return Row(id=name, project_id="p", name=name, position=position, status=status, client_action=action, **days)


def request(number, status="in_work", answer_by=None, subject=None):
    return Row(number=number, status=status, answer_by=answer_by, subject=subject, closed_at=None)


def plan(current=7_100, **changes):
    basis = {"name": "Team plan", "plan": "Team", "status": "active", "seats": 25, "seats_used": 19}
    basis |= {"usage_current": current, "usage_limit": 10_000, "renews_on": day(70)}
    return Row(**{**basis, **changes})


def stored(basis: Facts = NOTHING, **changes: Any) -> Facts:
    """What the store holds for an answer, as its queries give it: all counted, the troubled before the others."""
    found = dataclasses.replace(basis, **changes)
    rows = [with_its_steps(row, found.milestones) for row in found.projects]
    running = [row for row in rows if project_state(row, SPEAK).label not in {"Completed", "Cancelled"}]
    rows.sort(key=lambda row: (row not in running, row in running and not is_troubled(row, SPEAK)))
    work = Work(
        len(running),
        sum(is_troubled(row, SPEAK) for row in running),
        sum(stands(row, SPEAK) == "on_track" for row in running),
    )
    steps = changes.get("waiting", sorted(filter(waits, found.milestones), key=lambda s: s.due_on or dt.date.max))
    asked = sum(row.status == "waiting_for_client" for row in found.requests)
    late = sum(request_state(row, SPEAK).label == "Answer late" for row in found.requests)
    counts = {"waiting_count": len(steps), "asked_count": asked, "late_count": late}
    return dataclasses.replace(found, projects=rows, work=work, waiting=steps, **counts)


def with_its_steps(row: Any, milestones: Any) -> Any:
    """A project with the first day of our open steps."""
    ours = [s.due_on for s in milestones if s.project_id == row.id and is_ours(s) and s.due_on]
    return Row(**{**vars(row), "step_due": min([*ours, *([row.step_due] if row.step_due else [])], default=None)})


def test_a_held_shipment_comes_first_with_its_new_date():
    held = shipment("HBL-2291", exception="Held at customs", location="Rotterdam, NL", eta_at=at(9))
    said = logistics(shipments(held, shipment(), shipment("HBL-2292")), SPEAK)
    assert said.sentence == (
        "HBL-2291 is held at customs in Rotterdam; new ETA Thu 10 Dec. 2 of 3 shipments are on time."
    )
    assert said.tone == "bad"
    assert [(fact.what, fact.words) for fact in said.proof] == [("1", "held"), ("2", "on time")]


def test_the_place_stands_beside_what_happened_and_the_reason_is_left_to_the_card():
    held = shipment("HBL-2291", exception="Held at customs: commercial invoice missing", eta_at=at(9))
    said = logistics(shipments(held), SPEAK).sentence
    assert said == "HBL-2291 is held at customs in Rotterdam; new ETA Thu 10 Dec."
    missed = shipment("AWB-1", exception="Missed connection in Leipzig, next flight booked", location="Leipzig, DE")
    assert logistics(shipments(missed), SPEAK).sentence.startswith("AWB-1 stands still: missed connection in Leipzig;")
    odd = shipment("AWB-2", exception="Customs: invoice missing, see mail", location=None)
    assert logistics(shipments(odd), SPEAK).sentence.startswith("AWB-2 stands still: customs: invoice missing;")


def test_what_waits_is_said_beside_the_goods_too():
    waiting = [step("Power of attorney", -3, action="upload")]
    asked = [request("7", "waiting_for_client", subject="Which gate?")]
    one = logistics(shipments(shipment(), waiting=waiting), SPEAK)
    assert one.sentence.startswith("1 thing waits for you, 3 days overdue. HBL-2290 is on time")
    two = logistics(shipments(shipment(), waiting=waiting, requests=asked), SPEAK)
    assert two.sentence.startswith("2 things wait for you. HBL-2290 is on time"), "the list below says the rest"
    held = shipment("HBL-2291", exception="Held at customs", eta_at=at(9))
    said = logistics(shipments(held, shipment(), waiting=waiting, requests=asked), SPEAK)
    assert said.sentence == "HBL-2291 is held at customs in Rotterdam; new ETA Thu 10 Dec."
    assert ("1", "on time") in [(fact.what, fact.words) for fact in said.proof], "the proof says the rest"
    assert logistics(stored(requests=asked), SPEAK).sentence.startswith("1 thing waits for you. No shipments yet.")


def test_a_promise_that_has_passed_is_not_the_next_arrival():
    row = shipment(promised_at=at(-1), eta_at=None)
    assert shipment_state(row, SPEAK).sentence == (
        "In transit. It was promised for yesterday 10:30; the delivery is not confirmed yet."
    )
    said = logistics(shipments(row, shipment("HBL-7")), SPEAK)
    assert said.sentence.startswith("HBL-2290 was promised for yesterday 10:30; its delivery is not confirmed.")


def test_when_all_is_well_the_next_arrival_is_named():
    said = logistics(shipments(shipment(promised_at=at(5), eta_at=at(5)), shipment("HBL-7", eta_at=at(2))), SPEAK)
    assert said.sentence == "Both shipments are on time. The next, HBL-7, arrives in Hamburg Thu 3 Dec."
    assert said.tone == "good"


def test_a_late_shipment_says_how_late_and_a_silent_one_that_it_is_not_confirmed():
    late = logistics(shipments(shipment(promised_at=at(1), eta_at=at(4))), SPEAK)
    assert late.sentence == "HBL-2290 is 3 days late; new ETA Sat 5 Dec."
    silent = logistics(shipments(shipment(promised_at=at(-1), eta_at=at(-1))), SPEAK)
    assert silent.sentence == "HBL-2290 was expected yesterday 10:30; its delivery is not confirmed."


def test_late_is_red_wherever_it_is_said():
    late = shipment(promised_at=at(1), eta_at=at(8))
    assert shipment_state(late, SPEAK)[:2] == ("bad", "7 days late")
    assert logistics(shipments(late), SPEAK).tone == "bad"
    assert dots_of(late, shipment_state(late, SPEAK)).count("late") == 1
    silent = shipment(promised_at=at(-1), eta_at=at(-1))
    assert "late" not in dots_of(silent, shipment_state(silent, SPEAK)), "not confirmed is not late"
    over = project(health=None, due_on=day(-10))
    assert project_state(over, SPEAK)[:2] == ("bad", "10 days late")


def test_a_project_with_a_late_step_is_nowhere_on_track():
    late = [step("Training", -4), step("Go-live", 20)]
    facts = stored(projects=[project()], milestones=late)
    assert professional_services(facts, SPEAK).sentence.startswith("ERP rollout: we are 4 days late with Training.")
    assert project_state(project(step_due=day(-4)), SPEAK)[:2] == ("bad", "A step is late")
    assert project_state(project(step_due=day(-4), health="late"), SPEAK).label == "Late"
    assert project_state(project(step_due=day(0)), SPEAK).label == "On track", "a day has until its end"


@pytest.mark.parametrize(
    ("changes", "label", "headlines"),
    [
        ({"due_on": day(-5)}, "5 days late", ["we are 5 days late."] * 2),
        ({"status": "on_hold", "step_due": day(-60)}, "On hold", ["work is on hold.", "The site is on hold."]),
        ({"health": None, "due_on": None}, "In work", ["In work and", "The site is in work."]),
        ({"health": None, "step_due": day(3)}, "On track", ["On track and", "The site is on schedule."]),
        ({"health": None, "status": "Awaiting permit"}, "Awaiting permit", ["Awaiting permit", "The site is in work."]),
        ({"health": "late", "status": "planned"}, "Late", ["behind schedule", "behind schedule"]),
        ({"status": "planned"}, "Planned", ["Planned and", "The site is planned."]),
    ],
)
def test_a_headline_and_a_badge_tell_one_state(changes, label, headlines):
    row = project(**changes)
    assert project_state(row, SPEAK).label == label
    for tell, said in zip((agency, architecture), headlines, strict=True):
        assert said in tell(stored(projects=[row]), SPEAK).sentence


def test_a_contract_with_a_term_is_not_said_to_have_no_end():
    basis = {"id": "c", "name": "Letter", "number": "1", "status": "Draft", "starts_on": day(14), "ends_on": None}
    basis |= {"notice_days": 30, "description": None, "special_terms": None}
    assert "Until" not in dict(view_of(Row(**basis, term_months=12), SPEAK).facts)
    assert dict(view_of(Row(**basis, term_months=None), SPEAK).facts)["Until"] == "No end date"
    assert dict(view_of(Row(**basis, term_months=12), SPEAK).facts)["From"] == "15 Dec 2026", (
        "with its year, on paper too"
    )


def test_what_has_arrived_is_at_no_station_any_more():
    arrived = shipment(status="delivered", delivered_at=at(-2))
    assert set(dots_of(arrived, shipment_state(arrived, SPEAK))) == {"done"}


def test_what_never_left_is_said_to_be_late_and_not_shipped():
    row = shipment("11008", status="booked", promised_at=at(-30), eta_at=None)
    assert shipment_state(row, SPEAK) == (
        "bad",
        "Late, not shipped yet",
        "It was promised for Sun 1 Nov 10:30; it has not been shipped yet.",
    )
    said = logistics(shipments(row), SPEAK)
    assert said.sentence == "11008 is late: it was promised for Sun 1 Nov and has not been shipped yet."
    assert said.tone == "bad"


def test_a_promise_without_a_time_is_a_day_and_has_until_its_end():
    today = shipment(status="booked", promised_at=None, promised_on=day(0), eta_at=None)
    assert shipment_state(today, SPEAK) == ("good", "On time", "Booked. Promised for today.")
    gone = shipment(status="booked", promised_at=None, promised_on=day(-1), eta_at=None)
    assert shipment_state(gone, SPEAK).sentence == "It was promised for yesterday; it has not been shipped yet."
    new = shipment(promised_at=None, promised_on=day(1), eta_at=None, eta_on=day(4))
    assert shipment_state(new, SPEAK)[1:] == (
        "3 days late",
        "In transit. New arrival Sat 5 Dec; it was promised for tomorrow.",
    )
    assert logistics(shipments(new), SPEAK).sentence == "HBL-2290 is 3 days late; new ETA Sat 5 Dec."
    there = shipment(promised_at=None, promised_on=day(-2), delivered_on=day(-1))
    assert shipment_state(there, SPEAK).sentence == "Delivered yesterday, 1 day after the promised day."


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Pacific/Auckland"])
def test_a_day_is_the_same_day_for_readers_all_over_the_world(zone):
    speak = Words("en", ZoneInfo(zone), NOW)
    row = shipment(promised_at=None, promised_on=dt.date(2026, 12, 4), eta_at=None)
    assert shipment_state(row, speak).sentence == "In transit. Promised for Fri 4 Dec."
    assert speak.exact(row.promised_on) == "Friday 4 December 2026"


def test_of_hours_and_days_the_earliest_comes_next():
    hour = shipment("HBL-1", promised_at=None, eta_at=dt.datetime(2026, 12, 3, 14, tzinfo=dt.UTC))
    same_day = shipment("HBL-2", promised_at=None, eta_at=None, eta_on=dt.date(2026, 12, 3))
    before = shipment("HBL-3", promised_at=None, eta_at=None, eta_on=dt.date(2026, 12, 2))
    assert "The next, HBL-1," in logistics(shipments(same_day, hour), SPEAK).sentence, "a day has until its end"
    assert "The next, HBL-3," in logistics(shipments(same_day, hour, before), SPEAK).sentence


def test_home_and_the_list_have_one_word_for_one_state():
    held = shipment("HBL-1", exception="Held at customs", eta_at=at(9))
    late, silent = shipment(eta_at=at(8)), shipment("HBL-3", promised_at=at(-1), eta_at=at(-1))
    rows = [held, late, silent, shipment("HBL-4")]
    said = logistics(shipments(*rows), SPEAK)
    assert "1 more is late, 1 not confirmed." in said.sentence
    assert [(fact.what, fact.words) for fact in said.proof] == [
        ("1", "held"),
        ("1", "late"),
        ("1", "not confirmed"),
        ("1", "on time"),
    ]
    assert lead_of(Row(active=4, arrived=0), rows, SPEAK) == "1 of 4 on time; 1 held, 1 late, 1 not confirmed."


@pytest.mark.parametrize("name", ["Festival posters", "ERP rollout"])
def test_bad_news_is_right_for_any_name_and_says_by_when(name):
    for changes, said in (
        ({"due_on": day(-10)}, "we are 10 days late. There is no new date yet."),
        ({"health": "late"}, "we are behind schedule. The due day is Mon 18 Jan 2027."),
        ({"health": "late", "due_on": None}, "we are behind schedule. There is no new date yet."),
        ({"health": "at_risk"}, "at risk of delay. The due day is Mon 18 Jan 2027."),
        ({"status": "on_hold"}, "work is on hold. The due day is Mon 18 Jan 2027."),
    ):
        facts = stored(projects=[project(name=name, **changes)])
        assert professional_services(facts, SPEAK).sentence.startswith(f"{name}: {said}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"health": "at_risk"}, "is at risk of delay."),
        ({"health": "late"}, "is behind schedule."),
        ({"status": "on_hold"}, "is on hold."),
    ],
)
def test_what_has_a_noun_of_its_own_is_told_in_a_whole_sentence(changes, said):
    facts = stored(projects=[project(**changes)])
    assert architecture(facts, SPEAK).sentence.startswith(f"The site {said}")
    if "health" in changes:
        assert legal(facts, SPEAK).sentence.startswith(f"Your case {said}")


def overdue(minor=182_000, count=1, currency="EUR"):
    return Row(overdue_minor=minor, overdue_count=count, overdue_since=day(-8), currency=currency)


def test_a_plan_that_is_past_due_says_how_much():
    owed = [overdue(), overdue(0, 0, "USD")]
    said = saas(stored(plans=[plan(status="past_due")], totals=owed), SPEAK)
    assert said.sentence == "Your plan is past due: €1,820.00 is overdue."
    both = saas(stored(plans=[plan(status="past_due")], totals=[overdue(), overdue(500, 1, "USD")]), SPEAK)
    assert both.sentence == "Your plan is past due: €1,820.00 and $5.00 are overdue."
    unknown = saas(stored(plans=[plan(status="past_due")]), SPEAK)
    assert unknown.sentence == "Your plan is past due, yet no invoice is: write to us."


def test_with_nothing_on_its_way_the_last_arrival_is_named():
    arrived = Row(number="HBL-1", delivered_at=at(-6), delivered_on=None)
    assert logistics(stored(arrived=[arrived]), SPEAK).sentence == (
        "Nothing is on its way. HBL-1, the last one, arrived Wed 25 Nov."
    )
    assert logistics(stored(), SPEAK).sentence.startswith("No shipments yet.")


def test_a_project_says_its_phase_and_the_next_step():
    facts = stored(projects=[project()], milestones=[step("Data migration sign-off", 6)])
    said = professional_services(facts, SPEAK)
    assert said.sentence == "Phase 3 of 5, 62 % done. Next: data migration sign-off, in 6 days."


def test_our_own_late_step_comes_before_the_progress():
    facts = stored(projects=[project()], milestones=[step("Training", -4), step("Go-live", 20)])
    said = professional_services(facts, SPEAK)
    assert said.sentence.startswith("ERP rollout: we are 4 days late with Training. Next: go-live, in 20 days.")
    assert "Phase 3 of 5, 62 % done" in [fact.what for fact in said.proof]
    assert said.tone == "bad"


def test_the_step_that_waits_is_not_told_again_as_the_next_one():
    facts = stored(projects=[project(health="at_risk")], milestones=[step("Sign-off", 7, action="approve")])
    said = professional_services(facts, SPEAK)
    assert said.sentence == ("ERP rollout: at risk of delay. Next: sign-off, in 7 days.")


def test_other_work_that_is_well_is_proof_and_no_news():
    other = project(id="q", name="Archive")
    said = professional_services(stored(projects=[project(), other]), SPEAK)
    assert "Archive" not in said.sentence
    assert ("1 other project", "on track") in [(fact.what, fact.words) for fact in said.proof]
    unsaid = professional_services(stored(projects=[project(), project(id="q", health=None)]), SPEAK)
    assert ("1 other project", "in work") in [(fact.what, fact.words) for fact in unsaid.proof]


def test_the_project_in_the_worst_state_leads_however_many_there_are():
    many = [project(id=str(n), name=f"Matter {n}") for n in range(1, 40)]
    worst = [project(id="w", name="Archive", health="late"), project(id="v", name="Move", status="on_hold")]
    said = professional_services(stored(projects=[*many, *worst]), SPEAK)
    assert said.sentence.startswith("Archive: we are behind schedule.")
    assert ("1 other project", "not on track") in [(fact.what, fact.words) for fact in said.proof]
    assert ("38 other cases", "on track") in [(f.what, f.words) for f in legal(stored(projects=many), SPEAK).proof]


def test_what_waits_in_a_project_that_the_page_does_not_show_is_no_nothing():
    waiting = [step("Witness list", -5, action="answer")]
    assert legal(stored(projects=[project()], waiting=waiting), SPEAK).sentence.startswith(
        "Witness list: your answer is 5 days overdue."
    )
    shown = dataclasses.replace(stored(projects=[project()], waiting=waiting), waiting_count=9)
    assert legal(shown, SPEAK).sentence.startswith("9 things wait for you.")
    assert logistics(shown, SPEAK).sentence.startswith("9 things wait for you.")


def test_what_waits_counts_the_requests_too():
    asked = request("7", "waiting_for_client", subject="Copy of the letter")
    said = legal(stored(projects=[project()], requests=[asked]), SPEAK).sentence
    assert said.startswith("“Copy of the letter” waits for your answer.")
    assert "Nothing is needed" not in said
    both = stored(projects=[project()], milestones=[step("Disclosure list", 7, action="answer")], requests=[asked])
    assert legal(both, SPEAK).sentence.startswith("2 things wait for you. ")


def test_who_owes_money_is_not_told_that_nothing_is_needed():
    settled = stored(projects=[project(next_event="Your hearing", next_event_at=at(42))])
    said = legal(stored(settled, totals=[overdue(count=3)]), SPEAK).sentence
    assert said == "3 invoices are overdue. Your hearing is set for Tue 12 Jan 2027 10:30."
    paid = stored(settled, totals=[overdue()], unused=[Row(currency="EUR", minor=182_000)])
    assert "Nothing is needed from you." in legal(paid, SPEAK).sentence, "the books only have not matched the payment"
    half = stored(paid, unused=[Row(currency="EUR", minor=100), Row(currency="USD", minor=182_000)])
    assert "1 invoice is overdue." in legal(half, SPEAK).sentence


def test_what_is_overdue_is_counted_like_all_else_in_the_list_below():
    steps = [step("Disclosure list", 7, action="answer")]
    one = stored(projects=[project()], milestones=steps, totals=[overdue()])
    assert "Disclosure list: your answer is due in 7 days." in legal(one, SPEAK).sentence
    asked = [request("7", "waiting_for_client", subject="Copy of the letter")]
    two = stored(one, requests=asked)
    assert legal(two, SPEAK).sentence.startswith("3 things wait for you. ")
    assert logistics(stored(totals=[overdue()]), SPEAK).sentence.startswith("1 invoice is overdue. No shipments yet.")
    goods = logistics(shipments(shipment(), totals=[overdue()], waiting=[step("Letter", 3, action="upload")]), SPEAK)
    assert goods.sentence.startswith("2 things wait for you. ")


def test_the_site_is_as_far_ahead_as_its_last_milestone_was():
    steps = [step("Shell", -5, done=-7), step("Drawings", 3, action="approve", position=2)]
    facts = stored(projects=[project(next_event="Next review", next_event_at=at(7))], milestones=steps)
    said = architecture(facts, SPEAK)
    assert "The site is 2 days ahead. Next review Tue 8 Dec 10:30." in said.sentence
    assert said.sentence.startswith("1 thing waits for you, due in 3 days."), "the list below names it"
    alone = stored(facts, projects=[project()])
    assert architecture(alone, SPEAK).sentence.startswith("Drawings: your approval is due in 3 days.")


def test_a_case_says_its_next_date_and_that_nothing_is_needed():
    facts = stored(projects=[project(next_event="Your hearing", next_event_at=at(42))])
    assert legal(facts, SPEAK).sentence == "Your hearing is set for Tue 12 Jan 2027 10:30. Nothing is needed from you."


def test_a_past_date_is_never_the_next_one():
    facts = stored(projects=[project(next_event="Your hearing", next_event_at=at(-1))])
    assert "hearing" not in legal(facts, SPEAK).sentence
    assert next_of(facts.projects[0], SPEAK) == "Due in 48 days"
    assert next_of(project(next_event="Your hearing"), SPEAK) == "Next: Your hearing"


def test_a_campaign_stands_against_its_budget_and_its_work():
    facts = stored(projects=[project()], milestones=[step("Homepage design", 3, action="approve")])
    said = agency(facts, SPEAK)
    assert said.sentence == "Homepage design: your approval is due in 3 days. On track and 8 % under budget."
    assert over_budget(project(spent_minor=4_400_000)) == 10
    assert agency(stored(projects=[project(spent_minor=4_400_000)]), SPEAK).tone == "bad"
    assert over_budget(project(budget_minor=None)) is None


def test_money_that_runs_ahead_of_the_work_is_not_called_over_budget():
    said = agency(stored(projects=[project(spent_minor=2_960_000)]), SPEAK)
    assert said.sentence == "On track, but 74 % of the budget is spent for 62 % of the work."
    assert said.tone == "attention"
    beyond = agency(stored(projects=[project(spent_minor=4_400_000)]), SPEAK)
    assert beyond.sentence == "On track, but 10 % over budget."


def test_open_requests_name_the_first_answer_and_the_plan():
    facts = stored(requests=[request(str(n), answer_by=at(1 + n)) for n in range(4)], request_count=4, plans=[plan()])
    assert saas(facts, SPEAK).sentence == (
        "All 4 requests are in work; first answer by tomorrow 10:30. 71 % of your plan is used."
    )


def test_a_late_answer_of_ours_comes_first():
    facts = stored(requests=[request("1042", answer_by=at(-1)), request("1043")], request_count=2, plans=[plan(9_600)])
    said = saas(facts, SPEAK)
    assert said.sentence.startswith("Our answer to request 1042 is late; promised by yesterday 10:30.")
    assert said.tone == "bad"


def test_a_late_answer_names_what_was_asked_where_there_is_room():
    def said(subject: str, **more: Any) -> str:
        asked = request("00001059", answer_by=at(-1), subject=subject)
        return saas(stored(requests=[asked], request_count=1, **more), SPEAK).sentence

    assert said("Export stops at 5,000 rows").startswith(
        "Our answer to “Export stops at 5,000 rows” is late; promised by yesterday 10:30."
    )
    assert "Our answer to request 00001059 is late" in said("Export " * 20)
    assert said("Export stops at 5,000 rows", plans=[plan(10_400)]) == (
        "Our answer to “Export stops at 5,000 rows” is late. Your plan is used up: 104 %."
    )
    owed = {"plans": [plan(status="past_due")], "totals": [overdue()]}
    assert said("Export stops at 5,000 rows", **owed) == (
        "Our answer to request 00001059 is late. Your plan is past due: €1,820.00 is overdue."
    )


def test_a_full_plan_is_said():
    said = saas(stored(plans=[plan(10_400)]), SPEAK)
    assert "Your plan is used up: 104 %." in said.sentence
    assert ("Renews", "Tue 9 Feb 2027") in [(fact.what, fact.words) for fact in said.proof]


def test_a_step_that_waits_is_said_beside_the_requests():
    facts = stored(requests=[request("7"), request("8", "waiting_for_client")], request_count=2)
    said = saas(stored(facts, waiting=[step("Import file", 9, action="upload")]), SPEAK).sentence
    assert said.startswith("2 things wait for you. 1 request is in work.")


def test_a_renewal_that_is_over_is_not_the_next_one():
    assert "Renews" not in [fact.what for fact in saas(stored(plans=[plan(renews_on=day(-3))]), SPEAK).proof]
    assert "Renews" in [fact.what for fact in saas(stored(plans=[plan()]), SPEAK).proof]


def test_a_plan_without_a_limit_says_what_was_used():
    facts = {"usage_unit": "records", "price_minor": 0, "price_period": None, "currency": "EUR"}
    assert plan_of(plan(usage_limit=None, **facts), SPEAK).usage == "7,100 records used"
    assert plan_of(plan(**facts), SPEAK).usage == "7,100 of 10,000 records"


def test_a_price_says_what_it_is_for_where_its_source_knows():
    facts = {"usage_unit": "records", "price_minor": 24_900, "currency": "EUR"}
    said = {period: plan_of(plan(**facts, price_period=period), SPEAK).price for period in ("month", "year", None)}
    assert said == {"month": "€249.00 a month", "year": "€249.00 a year", None: "€249.00"}


def test_what_is_open_without_a_due_date_is_not_said_to_be_in_time():
    def lead(undated: int, overdue: int = 0) -> str:
        total = Row(currency="EUR", open_minor=427_300, overdue_minor=overdue, overdue_count=bool(overdue))
        total = Row(**vars(total), open_count=6, undated_count=undated)
        return invoices_lead([total], 6, SPEAK)

    assert lead(0) == "€4,273.00 is open on 6 invoices, none of it overdue."
    assert lead(6) == "€4,273.00 is open on 6 invoices without a due date."
    assert lead(2) == "€4,273.00 is open on 6 invoices, none of it past a due date."
    assert lead(2, overdue=100_000) == "€4,273.00 is open on 6 invoices; €1,000.00 of it is overdue."


def test_no_contract_in_force_is_either_not_yet_or_no_more():
    def lead(*rows: tuple[str, dt.date | None]) -> str:
        basis = {"name": "Terms", "number": "1", "starts_on": None}
        return contracts_lead([Row(**basis, status=status, ends_on=ends) for status, ends in rows], SPEAK)

    ended = ("expired", at(-9).date())
    assert lead(ended, ("draft", None)) == "No contract is in force yet."
    assert lead(ended) == "No contract is in force any more."
    assert lead(("Terminated", day(90)), ("cancelled", None)) == "No contract is in force any more."
    assert lead() == ""


def test_terms_that_have_not_begun_are_not_in_force():
    basis = {"name": "Terms", "number": "1", "status": "active"}
    now, later = Row(**basis, starts_on=day(-9), ends_on=None), Row(**basis, starts_on=day(1), ends_on=day(30))
    assert contract_state(later, SPEAK)[:2] == ("info", "Begins tomorrow")
    assert contract_state(Row(**basis, starts_on=day(0), ends_on=None), SPEAK).label == "In force"
    assert contracts_lead([later], SPEAK) == "No contract is in force yet; Terms begins tomorrow."
    assert contracts_lead([later, now], SPEAK) == "Terms is in force, with no end date."


def test_every_profile_has_an_answer_and_every_answer_a_profile():
    assert set(ANSWERS) == set(profiles(None))


@pytest.mark.parametrize("profile", sorted(ANSWERS))
def test_nothing_in_the_store_is_said_as_nothing(profile):
    said = ANSWERS[profile](stored(), SPEAK)
    assert said.tone in {"quiet", "good"}
    assert said.sentence.endswith(".")


moments = st.none() | st.integers(-20, 40).map(at)
any_shipment = st.builds(
    shipment,
    st.sampled_from(["HBL-1", "HBL-2", "HBL-3"]),
    promised_at=moments,
    eta_at=moments,
    exception=st.none() | st.sampled_from(["Held at customs", "Seal broken", "-", "Licence missing, see mail"]),
    destination=st.none() | st.just("Gdańsk, PL"),
    location=st.none() | st.just("Rotterdam"),
)


@given(st.lists(any_shipment, max_size=6), st.integers(0, 500))
def test_never_all_on_time_while_one_is_not(rows, beyond):
    facts = stored(shipments=rows, shipment_count=len(rows) + (beyond if rows else 0))
    said = logistics(facts, SPEAK)
    tones = [shipment_state(row, SPEAK).tone for row in rows]
    troubled = sum(tone in {"bad", "attention"} for tone in tones)
    assert (said.tone in {"bad", "attention"}) == bool(troubled)
    if troubled:
        assert said.parts[0].tone in {"bad", "attention"}
    if troubled or "info" in tones:
        assert not said.sentence.startswith(("All", "Both"))
    shown = sum(int(fact.what) for fact in said.proof)
    assert shown == facts.shipment_count


any_step = st.builds(
    step,
    st.sampled_from(["Design", "Roof"]),
    st.none() | st.integers(-30, 60),
    action=st.none() | st.sampled_from(["approve", "upload", "answer"]),
    done=st.none() | st.integers(-30, 0),
)
any_project = st.builds(
    project,
    health=st.sampled_from([None, "on_track", "at_risk", "late"]),
    status=st.sampled_from(["active", "on_hold", "planned", "completed", None]),
    due_on=st.none() | st.integers(-10, 60).map(day),
    percent_complete=st.none() | st.integers(0, 100),
    phase_number=st.none() | st.integers(1, 5),
    spent_minor=st.none() | st.integers(0, 8_000_000),
    next_event=st.none() | st.just("Review"),
    next_event_at=moments,
)


@given(st.sampled_from(sorted(set(ANSWERS) - {"logistics", "saas"})), any_project, st.lists(any_step, max_size=6))
def test_work_in_trouble_never_sounds_well(profile, row, steps):
    said = ANSWERS[profile](stored(projects=[row], milestones=steps), SPEAK)
    running = row.status != "completed"
    ours = [s for s in steps if s.client_action is None and s.completed_on is None and s.due_on]
    trouble = row.health in {"late", "at_risk"} or row.status == "on_hold" or any(s.due_on < SPEAK.today for s in ours)
    if running and trouble:
        assert said.parts[0].tone in {"bad", "attention"}
        assert "on schedule" not in said.sentence
        assert "On track" not in said.sentence
    needed = [s for s in steps if s.client_action and s.completed_on is None]
    if needed:
        assert "Nothing is needed" not in said.sentence


LONG_STEP, LONG_NAME = "Review with the structural engineer", "Roof and attic conversion, Alder Street"


def test_a_building_with_long_names_is_told_in_four_lines_and_nothing_is_lost():
    waits = step("Window schedule", 5, action="approve")
    other = project(id="q", name=LONG_NAME)
    facts = stored(projects=[project(next_event=LONG_STEP, next_event_at=at(7)), other], milestones=[waits])
    said = architecture(facts, SPEAK)
    assert said.sentence == "1 thing waits for you, due in 5 days. The site is on schedule."
    told = [f"{fact.what} {fact.words}".strip() for fact in said.proof]
    assert told[0] == "Review with the structural engineer Tue 8 Dec 10:30"
    assert "1 other project on track" in told
    assert said.tone == "attention"


def test_a_late_project_with_long_names_says_what_is_late_first():
    facts = stored(projects=[project(name=LONG_NAME)], milestones=[step("Roof", -12), step(LONG_STEP, 20)])
    said = professional_services(facts, SPEAK)
    assert said.sentence == ("We are 12 days late with Roof. Next: review with the structural engineer, in 20 days.")
    both = agency(stored(facts, projects=[project(name=LONG_NAME, spent_minor=4_400_000)]), SPEAK)
    assert both.sentence == "We are 12 days late with Roof. 10 % over budget."
    assert both.proof[0].what == "Next: review with the structural engineer, in 20 days"


def test_goods_in_trouble_leave_the_numbers_to_the_proof():
    stuck = shipment("AWB-220-11008", exception="Missed connection in Leipzig, next flight booked", location=None)
    rows = [stuck, shipment("HBL-2", eta_at=at(8)), shipment("HBL-3", promised_at=at(-1), eta_at=at(-1)), shipment()]
    said = logistics(shipments(*rows), SPEAK)
    assert said.sentence.startswith("AWB-220-11008 stands still: missed connection in Leipzig; ")
    assert len(said.sentence) <= ROOM
    assert [fact.words for fact in said.proof] == ["held", "late", "not confirmed", "on time"]


def test_several_late_answers_and_an_unpaid_plan_are_told_in_four_lines():
    late = [request(f"104{n}", answer_by=at(-9 + n)) for n in range(3)]
    owed = [overdue()]
    facts = stored(requests=late, request_count=3, plans=[plan(10_400, status="past_due")], totals=owed)
    said = saas(facts, SPEAK)
    assert said.sentence == (
        "Our answer to request 1040 is late, and 2 more. Your plan is past due: €1,820.00 is overdue."
    )
    assert said.proof[0] == ("bad", "Your plan is used up: 104 %", "")


long_names = st.text("abcdefgh ", min_size=20, max_size=38).map(lambda text: f"A{text.strip() or 'b'}")
long_step = st.builds(
    step, long_names, st.none() | st.integers(-30, 60), action=st.none() | st.sampled_from(["approve", "upload"])
)
long_project = st.builds(
    project,
    name=long_names,
    id=st.sampled_from(["p", "q"]),
    health=st.sampled_from(["on_track", "at_risk", "late"]),
    status=st.sampled_from(["active", "on_hold"]),
    spent_minor=st.integers(0, 8_000_000),
    next_event=st.none() | long_names,
    next_event_at=moments,
)
asked = st.builds(request, st.just("00001042"), st.sampled_from(["in_work", "waiting_for_client"]), moments, long_names)


@given(
    st.sampled_from(sorted(ANSWERS)),
    st.lists(long_project, max_size=3),
    st.lists(long_step, max_size=4),
    st.lists(any_shipment, max_size=5),
    st.lists(asked, max_size=4),
    st.sampled_from([(), (plan(),), (plan(9_900, status="past_due"),), (plan(12_000),)]),
)
def test_a_phone_shows_every_answer_in_four_lines_or_so(profile, projects, steps, goods, requests, plans):
    facts = stored(
        projects=projects, milestones=steps, waiting=[s for s in steps if s.client_action], shipments=goods,
        shipment_count=len(goods), requests=requests, request_count=len(requests), plans=plans,
    )  # fmt: skip
    said = ANSWERS[profile](facts, SPEAK)
    assert len(said.sentence) <= ROOM + 20, said.sentence


@given(st.lists(st.builds(request, st.just("7"), st.sampled_from(["new", "in_work", "waiting_for_client"]), moments)))
def test_a_broken_promise_is_never_passed_over(rows):
    said = saas(stored(requests=rows, request_count=len(rows)), SPEAK)
    broken = any(r.status != "waiting_for_client" and r.answer_by and r.answer_by < NOW for r in rows)
    assert ("is late" in said.sentence) == broken
