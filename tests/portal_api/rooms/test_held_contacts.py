"""Ops are told which held contacts have no access meanwhile, beside the record."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio


async def test_of_a_held_contact_who_lost_access_the_page_says_so_and_of_no_other(browse, rich):
    page = (await browse("/ops/held", who=rich.staff())).text
    entries = page.split('<li class="held">')
    [lost], [kept] = ([entry for entry in entries if f"{name} Quokka" in entry] for name in ("Mika", "Jana"))
    assert "This contact cannot sign in until the record is taken." in lost
    assert "sign in" not in kept
    assert page.count("cannot sign in") == 2, "Mika of either client"


async def test_a_contact_who_lost_access_is_not_among_those_that_are_only_counted(browse, rich, monkeypatch):
    from portal_api.ops import held

    monkeypatch.setattr(held, "EACH", 2)
    page = (await browse("/ops/held", who=rich.staff())).text
    assert "2 more like these" in page
    assert page.count("cannot sign in") == 2
