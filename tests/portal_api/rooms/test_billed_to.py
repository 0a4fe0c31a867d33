"""To whom a bill went, where a client has several accounts in the books; and what its lines say."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import delete, insert, select, update

from hub.ids import entity_id
from store.tables import BillingAccount, Invoice

pytestmark = pytest.mark.anyio


def words(page):
    body = page.text[page.text.index("<main") : page.text.index("</main>")]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body.replace("<wbr>", ""))))


@pytest.fixture
def other_accounts(rich):
    """Two more billing accounts of the same client and currency; the first by name is closed."""
    with rich.world.engine.begin() as connection:
        known = connection.execute(
            select(BillingAccount).where(BillingAccount.c.client_id == rich.mine.client_id)
        ).one()
        made = {name: entity_id("quickbooks", "Customer", name) for name in ("Aardvark Ltd", "Quokka Trading ApS")}
        for name, id_ in made.items():
            fresh = {"id": id_, "name": name, "external_id": name, "active": name != "Aardvark Ltd"}
            connection.execute(insert(BillingAccount), dict(known._mapping) | fresh)
        mine = Invoice.c.id == rich.mine.ids["invoice"][0]
        connection.execute(update(Invoice).where(mine).values(owner_id=made["Quokka Trading ApS"]))
    yield
    with rich.world.engine.begin() as connection:
        connection.execute(delete(BillingAccount).where(BillingAccount.c.id.in_(made.values())))
        connection.execute(update(Invoice).where(mine).values(owner_id=None))


async def test_an_invoice_names_the_account_that_it_went_to_and_a_statement_none_that_is_closed(
    browse, rich, other_accounts
):
    me = rich.session(rich.mine)
    bill = words(await browse(f"/invoices/{rich.mine.ids['invoice'][0]}", who=me))
    assert "Quokka Trading ApS" in bill
    assert "Aardvark" not in bill
    assert "Quokka Accounts Payable" not in bill
    statement = words(await browse("/statement", who=me))
    assert "Quokka Accounts Payable" in statement
    assert "Aardvark" not in statement


@pytest.fixture
def odd_lines(rich):
    """An invoice for many small things, with a discount."""
    mine = Invoice.c.id == rich.mine.ids["invoice"][1]
    many = {"description": "Clicks", "quantity": 12_000, "unit_minor": 4, "unit_price": 0.0375, "amount_minor": 45_000}
    off = {"kind": "DiscountLineDetail", "description": None, "quantity": None, "amount_minor": -4_500}
    with rich.world.engine.begin() as connection:
        former = connection.scalar(select(Invoice.c.lines).where(mine))
        connection.execute(update(Invoice).where(mine).values(lines=[many, off]))
    yield
    with rich.world.engine.begin() as connection:
        connection.execute(update(Invoice).where(mine).values(lines=former))


async def test_a_line_multiplies_out_and_a_discount_is_taken_off(browse, rich, odd_lines):
    me, id_ = rich.session(rich.mine), rich.mine.ids["invoice"][1]
    said = words(await browse(f"/invoices/{id_}", who=me))
    assert "Clicks 12,000 €0.0375 €450.00" in said
    assert "Discount −€45.00" in said
    clicks, off = (await browse(f"/api/v1/invoices/{id_}", who=me)).json()["lines"]
    assert (clicks["unit"]["minor"], clicks["unit_price"]) == (4, 0.0375)
    assert (off["unit_price"], off["amount"]["minor"]) == (None, -4_500)


@pytest.fixture
def paid_ahead(rich):
    """An invoice of which a part was paid with the order."""
    mine = Invoice.c.id == rich.mine.ids["invoice"][4]
    with rich.world.engine.begin() as connection:
        connection.execute(update(Invoice).where(mine).values(deposit_minor=200_000, balance_minor=450_000))
    yield
    with rich.world.engine.begin() as connection:
        connection.execute(update(Invoice).where(mine).values(deposit_minor=None, balance_minor=650_000))


async def test_a_deposit_is_told_on_its_invoice_and_in_the_statement(browse, rich, paid_ahead):
    me, id_ = rich.session(rich.mine), rich.mine.ids["invoice"][4]
    said = words(await browse(f"/invoices/{id_}", who=me))
    assert re.search(r"Total €6,500\.00 Deposit, .{3,20} −€2,000\.00 Open €4,500\.00", said)
    assert (await browse(f"/api/v1/invoices/{id_}", who=me)).json()["deposit"]["minor"] == 200_000
    assert "Deposit on invoice Quokka-1044 −€2,000.00" in words(await browse("/statement", who=me))
    sheet = (await browse("/statement.csv", who=me)).text
    assert ",deposit,Quokka-1044,-2000.00," in sheet
