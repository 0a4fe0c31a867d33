"""A mended mapping holds for everything that was read before it, not only for what changes afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import and_, func, select, update

from flows.hub import Hub
from flows.status import status
from flows.sync import sync_source
from flows.targeted import read_again
from hub.errors import RetryLater
from hub.ids import entity_id
from mappings import convert
from store import crosswalk
from store.engine import writing
from store.hub_tables import Change, StreamState
from store.live import live_ids
from store.runs import begin, finish, start_over
from store.tables import Client, Invoice

MUELLER = entity_id("model", "Account", "A1")


def mapping(hub: Hub, stream: str, old: str, new: str) -> None:
    assert hub.settings.mappings_path is not None
    file = Path(hub.settings.mappings_path) / "model" / f"{stream}.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def memos(hub: Hub) -> set[str | None]:
    with hub.engine.connect() as connection:
        return set(connection.scalars(select(Invoice.c.memo).where(Invoice.c.deleted_at.is_(None))))


def changes(hub: Hub) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Change)) or 0


def states(hub: Hub) -> dict[str, str]:
    return {stream.stream: stream.state for stream in status(hub.engine).streams}


def requests_of(hub: Hub) -> int:
    return sync_source(hub, "model").requests


def test_a_changed_mapping_is_applied_to_what_the_source_does_not_touch_again(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    summary = sync_source(hub, "model")
    assert [(r.stream, r.updated) for r in summary.streams] == [("Account", 0), ("Customer", 0), ("Invoice", 20)]
    assert memos(hub) == {"EUR"}
    assert changes(hub) == 0, "nothing has happened at the client's"
    assert requests_of(hub) == 3, "read again once"
    source.put("Invoice", "I03", number="1003", day="2026-03-01", total=103, balance=0, currency="EUR", customer="C1")
    source.save()
    sync_source(hub, "model")
    assert changes(hub) == 1, "from then on news is news again"


def test_what_is_new_while_all_is_read_again_is_news(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Account", "A9", Name="New client", customer=None)
    source.delete("Account", "A2")
    source.save()
    mapping(hub, "Account", "name: Name", "name: Name\n  number: Id")
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        told = connection.execute(select(Change.c.kind, Change.c.entity_id).order_by(Change.c.kind)).all()
    assert told == [("added", entity_id("model", "Account", "A9")), ("removed", entity_id("model", "Account", "A2"))]


def test_another_way_to_write_the_same_mapping_reads_nothing_again(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "fields:", "# The invoice's own.\nfields:")
    assert sync_source(hub, "model").streams[-1].seen == 1


def test_a_new_rule_of_whose_a_customer_is_holds_for_the_customers_known_before(hub: Hub, source: Any) -> None:
    source.put("Account", "A1", Name="Nobody we know", customer=None)
    source.put("Customer", "C9", Name="The last one, which is read twice")
    source.save()
    mapping(hub, "Customer", "  - name: {from: Name, as: name}\n", "")
    sync_source(hub, "model")
    mapping(hub, "Customer", "  - model.Customer: Id\n", "  - model.Customer: Id\n  - name: {from: Name, as: name}\n")
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        assert connection.scalar(select(Invoice.c.client_id).where(Invoice.c.external_id == "I02")) == MUELLER


BOOKS_ALONE = """
source: model
stream: Customer
into: client
key: Id
modified: at
owner: self
known_by:
  name: {from: Name, as: name}
fields:
  name: Name
"""


def owners(hub: Hub) -> dict[str, str | None]:
    """By invoice, the live client who sees it."""
    mine = and_(Client.c.id == Invoice.c.client_id, Client.c.deleted_at.is_(None))
    query = select(Invoice.c.external_id, Client.c.external_id).join(Client, mine, isouter=True)
    with hub.engine.connect() as connection:
        return dict(connection.execute(query).all())


def test_customers_that_were_clients_are_matched_to_some_once_a_crm_joins_and_back_again(hub: Hub, source: Any) -> None:
    folder = Path(hub.settings.mappings_path or "") / "model"
    matched = {stream: (folder / f"{stream}.yaml").read_text() for stream in ("Account", "Customer")}
    (folder / "Account.yaml").unlink()
    (folder / "Customer.yaml").write_text(BOOKS_ALONE.lstrip())
    sync_source(hub, "model")
    assert set(owners(hub).values()) == {"C1", "C2", "C3"}
    for stream, text in matched.items():
        (folder / f"{stream}.yaml").write_text(text)
    sync_source(hub, "model")
    assert set(owners(hub).values()) == {"A1", "A2", None}
    assert status(hub.engine).unmatched == 1, "ops hear of the one whom no account names"
    with writing(hub.engine) as connection:
        assert crosswalk.link(connection, entity_id("model", "Customer", "C3"), MUELLER, "ops@firm.example")
    told = changes(hub)
    (folder / "Account.yaml").unlink()
    (folder / "Customer.yaml").write_text(BOOKS_ALONE.lstrip())
    sync_source(hub, "model")
    assert set(owners(hub).values()) == {"C1", "C2", "C3"}
    assert changes(hub) == told, "nothing has happened at the client's"


def test_what_a_stream_brings_as_another_noun_from_now_on_leaves_the_old_one(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "into: invoice", "into: credit_memo")
    mapping(hub, "Invoice", "balance_minor", "remaining_minor")
    assert sync_source(hub, "model").state == "done"
    assert (len(live(hub, "invoice")), len(live(hub, "credit_memo"))) == (0, 20)
    assert changes(hub) == 0, "nothing has happened at the client's"
    mapping(hub, "Invoice", "into: credit_memo", "into: invoice")
    mapping(hub, "Invoice", "remaining_minor", "balance_minor")
    sync_source(hub, "model")
    assert (len(live(hub, "invoice")), len(live(hub, "credit_memo"))) == (20, 0)
    assert changes(hub) == 0


def live(hub: Hub, noun: str) -> set[str]:
    with hub.engine.connect() as connection:
        return live_ids(connection, noun, "model", "Invoice")


def test_what_was_deleted_while_all_is_read_again_is_gone_too(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I09")
    source.save()
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    assert sync_source(hub, "model").streams[-1].removed == 1


def test_a_reading_that_breaks_off_goes_on_where_it_stopped_and_ops_see_it(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.pull.TOGETHER", 1)
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    plain = hub.find_connector("model")
    away = RetryLater("The source is away.", after=3600)
    # Account and Customer are asked once each, Invoice twice before the source goes.
    breaking = iter([None, None, None, None, away])
    session_of = plain.open

    def load(self: Any, real: Any) -> Any:
        if (fault := next(breaking, None)) is not None:
            raise fault
        return real(self)

    with session_of(hub.source("model").settings, hub.tokens("model")) as session:
        real = type(session).load
    monkeypatch.setattr(type(session), "load", lambda self: load(self, real))
    assert sync_source(hub, "model").streams[-1].updated == 14
    assert memos(hub) == {"EUR", None}
    assert states(hub)["Invoice"] == "failed"
    again = sync_source(hub, "model").streams[-1]
    assert (again.state, again.updated, again.seen < 20) == ("done", 6, True)
    assert memos(hub) == {"EUR"}
    assert states(hub)["Invoice"] == "fine"
    assert changes(hub) == 0


def test_ops_see_that_a_mapping_was_changed_and_all_is_being_read_again(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    seen: list[str] = []
    sync_source(hub, "model", progress=lambda stream, _: seen.append(states(hub)["Invoice"]))
    assert "remapping" in seen
    assert states(hub)["Invoice"] == "fine"


def names(hub: Hub) -> set[str]:
    with hub.engine.connect() as connection:
        return set(connection.scalars(select(Client.c.name)))


@pytest.mark.usefixtures("source")
def test_new_rules_are_applied_to_what_was_stored_by_the_old_ones(
    make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release comes: another process, in which a converter makes something else of a text."""
    sync_source(make_hub(), "model")
    monkeypatch.setattr(convert, "text", lambda _: lambda values: [value.upper() for value in values])
    sync_source(make_hub(), "model")
    assert names(make_hub()) == {"Müller & Söhne", "O'NEILL"}, "read again for the cursor's sake"
    monkeypatch.setattr(convert, "RULES", convert.RULES + 1)
    hub = make_hub()
    assert set(known_states(hub).values()) == {"changed"}
    before = changes(hub)
    sync_source(hub, "model")
    assert names(hub) == {"MÜLLER & SÖHNE", "O'NEILL"}
    assert changes(hub) == before, "nothing has happened at any client's"


def known_states(hub: Hub) -> dict[str, str]:
    return {stream.stream: stream.state for stream in status(hub.engine, hub.known()).streams}


def test_ops_see_between_an_edit_and_the_next_sync_that_all_will_be_read_again(hub: Hub, source: Any) -> None:
    sync_source(hub, "model", ["Account"])
    assert known_states(hub) == {"Account": "fine"}
    sync_source(hub, "model")
    mapping(hub, "Invoice", "fields:", "# The invoice's own.\nfields:")
    assert set(known_states(hub).values()) == {"fine"}, "it says the same as before"
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    read_again(hub, "model", "Invoice", "I03")
    assert known_states(hub) == {"Account": "fine", "Customer": "fine", "Invoice": "changed"}
    sync_source(hub, "model")
    assert set(known_states(hub).values()) == {"fine"}


def test_an_edit_while_all_is_read_again_begins_once_more(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    with hub.engine.begin() as connection:
        run, fingerprint = begin(connection, "model", ["Invoice"]), hub.known().fingerprints["model", "Invoice"]
        start_over(connection, "model", "Invoice", run.stands["Invoice"], fingerprint, "")
        finish(connection, run, [], 0)
    assert known_states(hub)["Invoice"] == "remapping"
    mapping(hub, "Invoice", "  memo: currency", "  memo: day")
    assert known_states(hub)["Invoice"] == "changed"


def test_what_failed_is_told_before_what_has_changed(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    with hub.engine.begin() as connection:
        connection.execute(update(StreamState).values(error="Refused.", error_kind="NeedsPerson", error_step="Renew."))
    assert set(known_states(hub).values()) == {"failed"}


def test_a_webhook_does_not_pass_for_a_reading_of_all(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    read_again(hub, "model", "Invoice", "I03")
    sync_source(hub, "model")
    assert memos(hub) == {"EUR"}


def test_one_record_read_by_a_changed_mapping_is_no_news(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    mapping(hub, "Invoice", "number: number", "number: number\n  memo: currency")
    assert read_again(hub, "model", "Invoice", "I03").updated == 1
    assert changes(hub) == 0, "a webhook came between the edit and the next sync; nothing has happened at the client's"


def test_one_record_read_before_a_first_load_ended_is_no_news(hub: Hub, source: Any) -> None:
    assert read_again(hub, "model", "Invoice", "I03").added == 1
    assert changes(hub) == 0
