"""Ops say whose a record is in one press, and take it back in one."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete, insert, select, text, update

from hub.clock import now
from hub.ids import entity_id, random_id
from store.hub_tables import ClientKey, Crosswalk, CrosswalkKey, LeftOut
from store.tables import Invoice

pytestmark = pytest.mark.anyio


async def test_a_record_is_linked_to_its_client_in_one_press(browse, rich):
    id_ = entity_id("quickbooks", "Customer", random_id())
    with rich.world.engine.begin() as connection:
        facts = {
            "id": id_,
            "source": "quickbooks",
            "stream": "Customer",
            "external_id": id_[:9],
            "label": "Lost & Found",
        }
        connection.execute(insert(Crosswalk), facts)
        connection.execute(text("INSERT INTO crosswalk_key VALUES (:id, 1, 'domain', :d)"), {"id": id_, "d": id_})
        connection.execute(insert(ClientKey), {"client_id": rich.mine.client_id, "kind": "domain", "value": id_})
        connection.execute(
            text("UPDATE invoice SET client_id = NULL, owner_id = :owner WHERE id = :id"),
            {"owner": id_, "id": rich.mine.ids["invoice"][2]},
        )
    staff, me = rich.staff(), rich.session(rich.mine)
    assert "Quokka-1042" not in (await browse("/invoices", who=me)).text
    page = await browse("/ops/unmatched", who=staff)
    assert "Lost &amp; Found" in page.text
    assert re.search(rf'action="/ops/unmatched/{id_}/link"><button[^>]*>Link to Quokka Handel GmbH', page.text)
    why = re.search(r'aria-describedby="(why-[^"]+)">Link to Quokka Handel GmbH', page.text)
    assert why
    assert f'id="{why[1]}">same domain: {id_}<' in page.text, "the evidence stands there to be read"
    done = await browse(f"/ops/unmatched/{id_}/link", who=staff, method="POST", data={"client_id": rich.mine.client_id})
    assert done.status_code == 303
    page = await browse(done.headers["location"], who=staff)
    assert f'action="/ops/unmatched/{id_}/link"' not in page.text
    assert "Lost &amp; Found is linked: what belongs to it is visible to Quokka Handel GmbH now." in page.text
    assert "Quokka-1042" in (await browse("/invoices", who=me)).text
    undone = await browse(f"/ops/unmatched/{id_}/unlink", who=staff, method="POST")
    page = await browse(undone.headers["location"], who=staff)
    assert f'action="/ops/unmatched/{id_}/unlink"' not in page.text
    assert re.search(rf'action="/ops/unmatched/{id_}/link"><button[^>]*>Link to Quokka Handel GmbH', page.text)
    assert "Quokka-1042" not in (await browse("/invoices", who=me)).text
    again = await browse(f"/ops/unmatched/{id_}/unlink", who=staff, method="POST")
    assert again.status_code == 404, "nobody has said anything any more"
    with rich.world.engine.begin() as connection:
        connection.execute(delete(Crosswalk).where(Crosswalk.c.id == id_))
        mine = {"client_id": rich.mine.client_id, "owner_id": None}
        connection.execute(update(Invoice).where(Invoice.c.id == rich.mine.ids["invoice"][2]).values(mine))


async def test_a_link_to_a_client_that_is_gone_is_unmatched_again_and_can_be_made_anew(browse, rich):
    id_, gone, staff = entity_id("quickbooks", "Customer", random_id()), random_id(), rich.staff()
    facts = {"source": "quickbooks", "stream": "Customer", "label": "Left Behind", "matched_at": now()}
    anchor = {"source": "salesforce", "stream": "Account", "rule": "anchor", "matched_at": now(), "deleted_at": now()}
    with rich.world.engine.begin() as connection:
        connection.execute(insert(Crosswalk), {"id": gone, "external_id": gone, "client_id": gone, **anchor})
        mine = {"id": id_, "external_id": id_, "client_id": gone, "rule": "manual", **facts}
        connection.execute(insert(Crosswalk), mine)
    assert "Left Behind" in (await browse("/ops/unmatched", who=staff)).text
    assert (await browse(f"/ops/unmatched/{id_}", who=staff)).status_code == 200
    await browse(f"/ops/unmatched/{id_}/link", who=staff, method="POST", data={"client_id": rich.mine.client_id})
    assert (await browse(f"/ops/unmatched/{id_}", who=staff)).status_code == 404, "it is matched"
    with rich.world.engine.begin() as connection:
        connection.execute(delete(Crosswalk).where(Crosswalk.c.id.in_((id_, gone))))


async def test_any_client_can_be_chosen_by_name(browse, rich):
    id_ = entity_id("quickbooks", "Customer", "unmatched-0")
    page = await browse(f"/ops/unmatched/{id_}?q=quok", who=rich.staff())
    assert "Link to Quokka Handel GmbH" in page.text
    assert "Zebrano" not in page.text


async def test_what_names_no_owner_is_counted_and_named_with_the_next_step(browse, rich):
    staff = rich.staff()
    one = Invoice.c.id == rich.mine.ids["invoice"][2]
    assert "without an owner" not in (await browse("/ops", who=staff)).text
    with rich.world.engine.begin() as connection:
        external_id = connection.scalar(select(Invoice.c.external_id).where(one))
        connection.execute(update(Invoice).where(one).values(client_id=None, owner_id="nobody-we-know"))
    try:
        after = (await browse("/ops", who=staff)).text
        page = (await browse("/ops/unmatched", who=staff)).text
        assert '<a href="/ops/unmatched#ownerless">' in after
        assert "</b> record without an owner</a>" in after
        for shown in (after, page):
            assert "1 record names no owner that is here, so no client sees it." in shown
            assert "Give them an owner in the source, or mend <code>owner</code> in the mapping" in shown
        assert f"Quokka-1042 ({external_id})" in page
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(update(Invoice).where(one).values(client_id=rich.mine.client_id, owner_id=None))
    assert "without an owner" not in (await browse("/ops/unmatched", who=staff)).text.lower()


async def test_what_belongs_to_a_client_that_is_left_out_is_told_apart_and_can_be_linked_all_the_same(browse, rich):
    staff, gone, id_ = rich.staff(), random_id(), entity_id("quickbooks", "Customer", random_id())
    one = Invoice.c.id == rich.mine.ids["invoice"][2]
    before = (await browse("/ops", who=staff)).text
    assert "left out" not in before
    with rich.world.engine.begin() as connection:
        here = {"source": "salesforce", "stream": "Account", "external_id": gone, "content_hash": b""}
        connection.execute(insert(LeftOut), {"id": gone, **here})
        connection.execute(insert(ClientKey), {"client_id": gone, "kind": "domain", "value": gone})
        facts = {"source": "quickbooks", "stream": "Customer", "external_id": id_[:9], "label": "Prospect & Co"}
        connection.execute(insert(Crosswalk), {"id": id_, **facts})
        connection.execute(insert(CrosswalkKey), {"crosswalk_id": id_, "rank": 1, "kind": "domain", "value": gone})
        connection.execute(update(Invoice).where(one).values(client_id=None, owner_id=gone))
    try:
        after, page = (await browse("/ops", who=staff)).text, (await browse("/ops/unmatched", who=staff)).text
        assert re.search(r'<a href="/ops/unmatched#left-out">.*<b>1</b> left out by mappings</a>', after)
        assert "without an owner" not in after
        unmatched = r"<b>(\d+)</b> records? without a client"
        assert re.findall(unmatched, after) == re.findall(unmatched, before), "nobody need look for one"
        card = page.split('id="left-out"')[1]
        assert "Prospect &amp; Co" in card
        assert card.count("1 record belongs to one that the mapping leaves out, so no client sees it.") == 2
        assert (await browse(f"/ops/unmatched/{id_}", who=staff)).status_code == 200
        await browse(f"/ops/unmatched/{id_}/link", who=staff, method="POST", data={"client_id": rich.mine.client_id})
        assert "Prospect &amp; Co" not in (await browse("/ops/unmatched", who=staff)).text.split('id="left-out"')[1]
    finally:
        with rich.world.engine.begin() as connection:
            connection.execute(delete(LeftOut).where(LeftOut.c.id == gone))
            connection.execute(delete(ClientKey).where(ClientKey.c.client_id == gone))
            connection.execute(delete(CrosswalkKey).where(CrosswalkKey.c.crosswalk_id == id_))
            connection.execute(delete(Crosswalk).where(Crosswalk.c.id == id_))
            connection.execute(update(Invoice).where(one).values(client_id=rich.mine.client_id, owner_id=None))
