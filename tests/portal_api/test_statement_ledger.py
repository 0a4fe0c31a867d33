"""The statement's sums, as laws: exact for every history, in every currency."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.ledger import AGES, Movement, OpenInvoice, accounts, age_band
from portal_api.statement import account_view, ageing_of, choices_of, period_of
from portal_api.wording import Words

TODAY = dt.date(2026, 11, 24)
days = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
currencies = st.sampled_from(["EUR", "USD", "JPY"])
amounts = st.integers(-(10**12), 10**12)
kinds = st.sampled_from(["invoice", "payment", "deposit", "credit"])
movements = st.lists(st.builds(Movement, days, kinds, st.just("id"), st.none(), currencies, amounts), max_size=30).map(
    lambda found: sorted(found, key=lambda movement: movement.on)
)
openings = st.dictionaries(currencies, amounts)
open_invoices = st.lists(st.builds(OpenInvoice, currencies, days, amounts), max_size=30)


@given(openings, movements, open_invoices, openings)
def test_opening_and_movements_make_the_closing_balance(opening, found, open_, unused):
    for account in accounts(opening, found, open_, unused, TODAY):
        mine = [movement.minor for movement in found if movement.currency == account.currency]
        assert account.closing_minor == opening.get(account.currency, 0) + sum(mine)
        assert (
            account.opening_minor + account.invoiced_minor - account.paid_minor - account.credited_minor
            == account.closing_minor
        )


@given(openings, movements, open_invoices, openings)
def test_each_line_shows_the_balance_after_it(opening, found, open_, unused):
    for account in accounts(opening, found, open_, unused, TODAY):
        before = account.opening_minor
        for line in account.lines:
            assert line.balance_minor == before + line.movement.minor
            before = line.balance_minor
        assert before == account.closing_minor


@given(openings, movements, open_invoices, openings)
def test_no_cent_falls_between_two_age_bands(opening, found, open_, unused):
    for account in accounts(opening, found, open_, unused, TODAY):
        mine = sum(invoice.balance_minor for invoice in open_ if invoice.currency == account.currency)
        assert sum(account.ages) == mine
        assert account.due_minor == mine - unused.get(account.currency, 0)


@given(openings, movements, open_invoices, openings)
def test_no_currency_is_lost_and_none_is_mixed(opening, found, open_, unused):
    seen = [account.currency for account in accounts(opening, found, open_, unused, TODAY)]
    expected = {*opening, *unused, *(m.currency for m in found), *(o.currency for o in open_)}
    assert seen == sorted(expected)


def test_what_is_paid_beyond_all_invoices_is_in_the_clients_favour():
    words = Words("en", ZoneInfo("UTC"), dt.datetime(2026, 11, 24, tzinfo=dt.UTC))
    (over,) = accounts({"EUR": -2500}, [], [], {"EUR": 2500}, TODAY)
    (owing,) = accounts({"EUR": 2500}, [], [OpenInvoice("EUR", TODAY, 2500)], {}, TODAY)
    said = [(view.owed, view.due) for view in (account_view(account, 5, words) for account in (over, owing))]
    assert said == [("In your favour", "€25.00"), ("Balance today", "€25.00")]


def test_the_bands_meet_at_30_60_and_90_days():
    edges = [(-5, "0-30"), (0, "0-30"), (30, "0-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90")]
    for overdue, band in [*edges, (91, "90+"), (4000, "90+")]:
        assert AGES[age_band(TODAY - dt.timedelta(days=overdue), TODAY)][0] == band


def test_an_invoice_without_a_due_date_grows_old_but_is_never_overdue():
    words = Words("en", ZoneInfo("UTC"), dt.datetime(2026, 11, 24, tzinfo=dt.UTC))
    long_ago = TODAY - dt.timedelta(days=100)
    left = [OpenInvoice("EUR", long_ago, 2500, dated=False)]
    (undated,) = accounts({}, [], left, {}, TODAY)
    (mixed,) = accounts({}, [], [*left, OpenInvoice("EUR", long_ago, 100), OpenInvoice("EUR", TODAY, 50)], {}, TODAY)
    old, both = account_view(undated, 5, words), account_view(mixed, 5, words)
    assert (old.overdue, old.aged, {age.tone for age in old.ages}) == (
        "",
        "Open today, by days since the invoice date",
        {"quiet"},
    )
    assert (both.overdue, both.aged, both.ages[3].tone) == ("€1.00", "Open today, by age", "bad")


@pytest.mark.parametrize(
    ("end", "first"),
    [
        (dt.date(2026, 11, 29), dt.date(2025, 11, 30)),
        (dt.date(2026, 12, 31), dt.date(2026, 1, 1)),
        (dt.date(2024, 2, 29), dt.date(2023, 3, 1)),
        (dt.date(2025, 2, 28), dt.date(2024, 2, 29)),
        (dt.date(1, 5, 1), dt.date(1, 1, 1)),
    ],
)
def test_the_last_twelve_months_are_twelve(end, first):
    assert period_of(None, None, end) == (first, end)
    if end.year > 1:
        assert choices_of(period_of(None, None, end), end)[0].here


def test_ages_are_named_by_what_they_count_from():
    (none,) = accounts({"EUR": 100}, [], [], {}, TODAY)
    (dated,) = accounts({}, [], [OpenInvoice("EUR", TODAY, 100)], {}, TODAY)
    assert ageing_of(none) == ("", "")
    assert ageing_of(dated)[0] == "Open today, by days since the due date"
