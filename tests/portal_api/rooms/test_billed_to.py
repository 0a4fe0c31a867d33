"""To whom a bill went, where a client has several accounts in the books."""

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
