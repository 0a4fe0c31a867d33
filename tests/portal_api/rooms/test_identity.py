"""Ops say whose a record is in one press, and take it back in one."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, text

from hub.ids import entity_id, random_id
from store.hub_tables import ClientKey, Crosswalk

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


async def test_any_client_can_be_chosen_by_name(browse, rich):
    id_ = entity_id("quickbooks", "Customer", "unmatched-0")
    page = await browse(f"/ops/unmatched/{id_}?q=quok", who=rich.staff())
    assert "Link to Quokka Handel GmbH" in page.text
    assert "Zebrano" not in page.text
