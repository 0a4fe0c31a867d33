"""Ids: the same record is always itself, another one never, and neighbours stay neighbours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from hub.errors import NeedsPerson
from hub.ids import entity_id, entity_ids
from store.migrate import is_current, upgrade

NAMES = st.text(min_size=1, max_size=30).filter(lambda name: name.isprintable())


@given(st.lists(st.tuples(NAMES, NAMES, NAMES), unique=True, max_size=20))
def test_two_records_never_share_an_id(records):
    found = [entity_id(*record) for record in records]
    assert len(set(found)) == len(found)
    assert all(len(id_) == 26 for id_ in found)


@given(NAMES, NAMES, st.lists(NAMES, max_size=20))
def test_an_id_does_not_depend_on_what_is_read_beside_it(source, stream, external_ids):
    assert entity_ids(source, stream, external_ids) == [entity_id(source, stream, one) for one in external_ids]


def test_what_salesforce_numbers_together_stands_together():
    near = [f"a015g00000XyZ{a}{b}AAA" for a in "0Aa" for b in "0Bz"]
    far = ["a015g00000XyY00AAA", "a015g00000XyX00AAA"]
    starts = {entity_id("salesforce", "Project__c", one)[:10] for one in near}
    assert len(starts) == 1
    assert starts.isdisjoint(entity_id("salesforce", "Project__c", one)[:10] for one in far)
    assert starts.isdisjoint(entity_id("salesforce", "Account", one)[:10] for one in near)


def test_a_store_of_another_version_is_left_as_it_is_and_says_so(hub):
    with hub.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    assert not is_current(hub.engine)
    with pytest.raises(NeedsPerson, match="another version of Frontdesk") as caught:
        upgrade(hub.engine)
    assert "move the store away" in (caught.value.step or "")
