"""A mapping says which records are meant: the others are at their source, and nothing to anybody here."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from flows.batch import batch_of
from flows.forget import forget_stream
from flows.hub import Hub
from flows.pull import Pull
from flows.reconcile import reconcile_source
from flows.replay import try_again
from flows.status import status
from flows.sweep import sweep_source
from flows.sync import sync_source
from flows.targeted import read_again
from hub.errors import RetryLater
from hub.ids import entity_id
from store import crosswalk, left_out, ownerless
from store.hub_tables import Change, Crosswalk, HeldRecord, StreamRun
from store.merge import merge
from store.runs import begin
from store.tables import BillingAccount, Client, Invoice

MUELLER, PROSPECT = entity_id("model", "Account", "A1"), entity_id("model", "Account", "A5")
BILL = {"number": "77", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR", "customer": "C1"}
ONLY = "only: {kind: [Customer]}\n"


def mapping(hub: Hub, stream: str, old: str, new: str) -> None:
    file = hub.folder.path / "model" / f"{stream}.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def say_only(hub: Hub, stream: str = "Account", words: str = ONLY) -> None:
    mapping(hub, stream, "modified: at\n", f"modified: at\n{words}")


def put(source: Any, stream: str, id_: str, **fields: Any) -> None:
    source.put(stream, id_, **fields)
    source.save()


@pytest.fixture
def crm(hub: Hub, source: Any) -> Hub:
    """A CRM with two customers and a prospect, of whom the books know one by his name; only customers are clients."""
    source.put("Account", "A1", Name="Müller & Söhne", customer="C1", kind="Customer")
    source.put("Account", "A2", Name="O'Neill", customer=None, kind="Customer")
    put(source, "Account", "A5", Name="Nobody we know", customer=None, kind="Prospect")
    say_only(hub)
    return hub


def told(hub: Hub, table: Any = Client) -> dict[str, str | None]:
    """The rows there are, each with why it is gone."""
    with hub.engine.connect() as connection:
        return dict(connection.execute(select(table.c.external_id, table.c.deleted_reason)).all())


def live(hub: Hub, table: Any = Client) -> set[str]:
    return {key for key, reason in told(hub, table).items() if reason is None}


def whose(hub: Hub, external_id: str, table: Any = Invoice) -> str | None:
    with hub.engine.connect() as connection:
        found: str | None = connection.scalar(select(table.c.client_id).where(table.c.external_id == external_id))
        return found


def changes(hub: Hub) -> list[tuple[str, str]]:
    with hub.engine.connect() as connection:
        query = select(Change.c.kind, Change.c.entity_id).order_by(Change.c.seq)
        return [(row.kind, row.entity_id) for row in connection.execute(query)]


def left(hub: Hub, stream: str = "Account") -> set[str]:
    with hub.engine.connect() as connection:
        return left_out.ids_of(connection, "model", stream)


def held(hub: Hub) -> list[tuple[str, str, str]]:
    columns = (HeldRecord.c.id, HeldRecord.c.external_id, HeldRecord.c.reason)
    with hub.engine.connect() as connection:
        query = select(*columns).where(HeldRecord.c.resolved_at.is_(None)).order_by(HeldRecord.c.external_id)
        return [(row.id, row.external_id, row.reason) for row in connection.execute(query)]


def ownerless_of(hub: Hub) -> dict[str, tuple[int, int]]:
    with hub.engine.connect() as connection:
        return {row.stream: (row.n, row.below) for row in ownerless.count(connection)}


def agrees(hub: Hub) -> dict[str, tuple[int, int, int, int]]:
    """The certificate, which must say that nothing is missing and nothing too much: theirs, ours, left out, held."""
    certificate = reconcile_source(hub, "model")
    assert certificate.agrees, certificate
    return {s.stream: (s.theirs, s.ours, s.left_out, s.held) for s in certificate.streams}


def test_who_is_no_customer_is_no_client_and_attracts_nothing(crm: Hub) -> None:
    account = sync_source(crm, "model").streams[0]
    assert (account.seen, account.added, account.left_out, account.removed, account.held) == (3, 2, 1, 0, 0)
    assert told(crm) == {"A1": None, "A2": None}, "not even a row"
    assert whose(crm, "C3", BillingAccount) is None, "the customer of the prospect's name"
    assert whose(crm, "I02") is None
    assert (changes(crm), held(crm)) == ([], [])
    assert (left(crm), agrees(crm)["Account"]) == ({"A5"}, (3, 2, 1, 0))


def test_ops_hear_how_many_are_left_out_and_why_what_is_theirs_has_no_client(crm: Hub, source: Any) -> None:
    put(source, "Customer", "C4", Name="A branch of nobody", parent="C3")
    put(source, "Customer", "C5", Name="A branch of the branch", parent="C4")
    put(source, "Customer", "C6", Name="A stranger")
    sync_source(crm, "model")
    found = status(crm.engine)
    assert (found.unmatched, found.ownerless, found.left_out, found.below) == (1, 0, 1, 3), "the stranger alone waits"
    by_stream = {stream.stream: (stream.left_out, stream.below) for stream in found.streams}
    assert by_stream == {"Account": (1, 0), "Customer": (0, 3), "Invoice": (0, 0)}
    assert found.streams[0].last["left_out"] == 1


def test_what_names_one_that_is_left_out_as_its_owner_is_not_without_one(crm: Hub, source: Any) -> None:
    mapping(crm, "Invoice", "{stream: Customer, id: customer}", "{stream: Account, id: customer}")
    put(source, "Invoice", "I77", **BILL | {"customer": "A5"})
    put(source, "Invoice", "I78", **BILL | {"customer": "A404"})
    sync_source(crm, "model")
    assert ownerless_of(crm) == {"Invoice": (21, 1)}, "twenty name a customer as an account"
    with crm.engine.connect() as connection:
        assert "I77" not in {row.external_id for row in ownerless.some(connection, 40)}
    put(source, "Account", "A5", Name="Nobody we know", customer=None, kind="Customer")
    sync_source(crm, "model")
    assert whose(crm, "I77") == PROSPECT
    assert ownerless_of(crm) == {"Invoice": (21, 0)}


def test_a_prospect_that_becomes_a_customer_is_a_client_with_all_that_is_his(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    put(source, "Account", "A5", Name="Nobody we know", customer=None, kind="Customer")
    sync_source(crm, "model")
    assert live(crm) == {"A1", "A2", "A5"}
    assert whose(crm, "I02") == PROSPECT
    assert changes(crm) == [("added", PROSPECT)]
    assert (left(crm), status(crm.engine).below) == (set(), 0)


def test_a_customer_that_is_none_any_more_goes_and_comes_back_as_the_same_row(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Former")
    account = sync_source(crm, "model").streams[0]
    assert (account.seen, account.left_out, account.removed, account.updated) == (2, 2, 1, 0), "with the last one read"
    assert told(crm) == {"A1": "left out", "A2": None}
    assert whose(crm, "I00") is None, "its customer is nobody's again"
    assert changes(crm) == [("removed", MUELLER)]
    assert agrees(crm)["Account"] == (3, 1, 2, 0)
    assert (status(crm.engine).unmatched, status(crm.engine).below) == (0, 2)
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Customer")
    assert sync_source(crm, "model").streams[0].updated == 1
    assert told(crm) == {"A1": None, "A2": None}
    assert whose(crm, "I00") == MUELLER
    assert changes(crm)[1:] == [("restored", MUELLER)]


def test_what_the_client_owns_itself_goes_and_returns_with_it(crm: Hub, source: Any) -> None:
    mapping(crm, "Invoice", "{stream: Customer, id: customer}", "{stream: Account, id: account}")
    put(source, "Invoice", "I77", **BILL | {"account": "A1"})
    sync_source(crm, "model")
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Former")
    put(source, "Invoice", "I78", **BILL | {"account": "A1"})
    sync_source(crm, "model")
    assert "A1" not in live(crm)
    assert ownerless_of(crm) == {"Invoice": (20, 2)}
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Customer")
    sync_source(crm, "model")
    assert whose(crm, "I77") == whose(crm, "I78") == MUELLER
    assert ownerless_of(crm) == {"Invoice": (20, 0)}


def test_a_sync_without_news_writes_nothing_and_asks_once_a_stream(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    put(source, "Account", "A5", Name="Nobody we know", customer=None, kind="Vendor")
    sync_source(crm, "model")
    statements: list[str] = []
    event.listen(crm.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    summary = sync_source(crm, "model")
    assert (summary.requests, summary.streams[0].left_out) == (3, 1), "the prospect is at the cursor, and read again"
    touched = [sql for sql in statements if sql.startswith(("INSERT", "UPDATE", "DELETE", "COPY"))]
    own = ("left_out", "crosswalk", "client")
    assert not [sql for sql in touched if any(f" {name} " in sql for name in own)]


def test_a_name_that_a_prospect_has_no_more_explains_nothing_any_more(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    put(source, "Account", "A5", Name="Now somebody else", customer=None, kind="Prospect")
    sync_source(crm, "model")
    assert (status(crm.engine).unmatched, status(crm.engine).below) == (1, 0)


def test_adding_the_word_takes_away_without_a_brake_and_tells_nobody(hub: Hub, source: Any) -> None:
    for number in range(40):
        source.put("Account", f"P{number:02}", Name=f"Prospect {number}", customer=None, kind="Prospect")
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Customer")
    sync_source(hub, "model")
    say_only(hub)
    account = sync_source(hub, "model").streams[0]
    assert (account.state, account.removed, account.left_out, account.unchanged) == ("done", 41, 41, 1)
    assert told(hub)["P00"] == "left out by mapping"
    assert changes(hub) == [], "nothing has happened at any client's"
    for number in range(21):
        source.put("Account", f"N{number:02}", Name=f"New {number}", customer=None, kind="Customer")
    source.save()
    sync_source(hub, "model")
    source.delete("Account", "N00")
    source.save()
    assert sync_source(hub, "model").streams[0].state == "done", "what the edit took is no mass delete of the source's"
    mapping(hub, "Account", ONLY, "")
    before = len(changes(hub))
    again = sync_source(hub, "model").streams[0]
    assert (again.updated, again.left_out, len(changes(hub))) == (41, 0, before), "nor is what it brings back"
    assert left(hub) == set()
    assert agrees(hub)["Account"][2] == 0


def test_taking_the_word_away_brings_those_who_never_were_clients_and_tells_nobody(crm: Hub) -> None:
    sync_source(crm, "model")
    mapping(crm, "Account", ONLY, "")
    assert sync_source(crm, "model").streams[0].added == 1
    assert (changes(crm), left(crm), whose(crm, "I02")) == ([], set(), PROSPECT)


def test_what_could_not_be_taken_once_the_word_was_gone_is_held_and_not_left_out(crm: Hub, source: Any) -> None:
    put(source, "Account", "A6", Name="n" * 300, customer=None, kind="Prospect")
    sync_source(crm, "model")
    assert held(crm) == []
    mapping(crm, "Account", ONLY, "")
    sync_source(crm, "model")
    assert [external_id for _, external_id, _ in held(crm)] == ["A6"]
    assert (left(crm), agrees(crm)["Account"]) == (set(), (4, 3, 0, 1))


def test_a_mapping_by_which_nobody_would_be_left_is_taken_for_a_slip(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    say_only(hub, words="only: {kind: [Custommer]}\n")
    for _ in range(2):
        account = sync_source(hub, "model").streams[0]
        assert account.state == "held"
        assert "leaves out all of the 2 records that were read, where 2 are known" in (account.sentence or "")
    assert live(hub) == {"A1", "A2"}
    assert status(hub.engine).streams[0].state == "held"
    assert sync_source(hub, "model", ["Account"], let_through=True).state == "done"
    assert live(hub) == set()


def test_a_first_load_that_leaves_out_everything_is_nothing_to_hold(hub: Hub, source: Any) -> None:
    say_only(hub)
    account = sync_source(hub, "model").streams[0]
    assert (account.state, account.left_out) == ("done", 2)


def test_a_source_that_turns_most_into_something_else_is_braked_as_if_it_deleted_them(crm: Hub, source: Any) -> None:
    for number in range(60):
        source.put("Account", f"P{number:02}", Name=f"Client {number}", customer=None, kind="Customer")
    source.save()
    sync_source(crm, "model")
    for number in range(60):
        source.put("Account", f"P{number:02}", Name=f"Client {number}", customer=None, kind=None)
    source.save()
    for _ in range(3):
        assert sync_source(crm, "model").streams[0].state == "held"
    assert len(live(crm)) > 0.6 * 62
    assert sync_source(crm, "model", let_through=True).state == "done"
    assert live(crm) == {"A1", "A2"}


def test_a_webhook_obeys_it_too(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    put(source, "Account", "A2", Name="O'Neill", customer=None, kind="Former")
    counts = read_again(crm, "model", "Account", "A2")
    assert (counts.seen, counts.left_out, counts.removed) == (1, 1, 1)
    assert (live(crm), left(crm)) == ({"A1"}, {"A2", "A5"})
    put(source, "Account", "A5", Name="Nobody we know", customer=None, kind="Customer")
    assert read_again(crm, "model", "Account", "A5").added == 1
    source.delete("Account", "A2")
    source.save()
    read_again(crm, "model", "Account", "A2")
    assert left(crm) == set()


def test_a_webhook_between_an_edit_and_the_next_sync_tells_nobody(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    say_only(hub)
    assert read_again(hub, "model", "Account", "A2").removed == 1
    assert (told(hub)["A2"], changes(hub)) == ("left out by mapping", [])


def test_a_held_record_that_is_not_meant_any_more_waits_for_nobody(crm: Hub, source: Any) -> None:
    put(source, "Account", "A6", Name="n" * 300, customer=None, kind="Customer")
    put(source, "Account", "A7", Name="n" * 300, customer=None, kind="Customer")
    sync_source(crm, "model")
    assert len(held(crm)) == 2
    put(source, "Account", "A6", Name="n" * 300, customer=None, kind="Former")
    sync_source(crm, "model")
    [(id_, external_id, _)] = held(crm)
    assert external_id == "A7"
    mapping(crm, "Account", "[Customer]", "[Partner]")
    assert [tried.state for tried in try_again(crm, [id_])] == ["left_out"]
    assert held(crm) == []


def test_one_of_which_nobody_can_say_whether_it_is_meant_is_held(crm: Hub, source: Any) -> None:
    put(source, "Account", "A6", Name="Odd", customer=None, kind={"is": "Customer"})
    put(source, "Account", "", Name="Without an id", customer=None, kind="Prospect")
    sync_source(crm, "model")
    assert sorted(reason for *_, reason in held(crm)) == ["no_id", "unclear"]
    assert live(crm) == {"A1", "A2"}
    mapping(crm, "Account", "kind:", "kind.is:")
    unclear = next(id_ for id_, _, reason in held(crm) if reason == "unclear")
    assert [tried.state for tried in try_again(crm, [unclear])] == ["taken"]
    assert "A6" in live(crm)


def test_a_prospect_that_nobody_could_store_is_left_out_by_its_id(crm: Hub, source: Any) -> None:
    put(source, "Account", "A6", Name="Half \ud83d and null \0", customer=None, kind="Prospect")
    sync_source(crm, "model")
    assert (left(crm), held(crm)) == ({"A5", "A6"}, [])


def test_a_record_that_changes_while_the_page_is_cut_is_what_it_was_last(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    found, account = crm.source("model").mapping("Account"), source.rows["Account"]["A2"]
    former = account | {"kind": "Former"}
    assert [one.external_id for one in found.sift([account, former]).left_out] == ["A2"]
    assert found.sift([former, account]).wanted == [account]
    assert batch_of(crm, found, "run", 1, [account, former, account], b"").left_out == []


@pytest.mark.parametrize("first", ["Customer", "Prospect"])
def test_a_record_that_comes_twice_in_a_first_load_is_what_it_was_last(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    say_only(hub)
    twice = {"Id": "A9", "at": "2026-01-01T00:00:00+00:00", "Name": "Twice", "customer": None}
    second = "Prospect" if first == "Customer" else "Customer"

    def take(self: Pull, page: Any) -> None:
        for kind in (first, second):
            real(self, replace(page, records=[*page.records, twice | {"kind": kind}]))

    real = Pull._take
    monkeypatch.setattr(Pull, "_take", take)
    sync_source(hub, "model", ["Account"])
    assert ("A9" in live(hub), "A9" in left(hub)) == (second == "Customer", second == "Prospect")


def test_a_sweep_takes_no_prospect_for_missing_and_forgets_one_that_is_gone(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    assert [result.removed for result in sweep_source(crm, "model")] == [0, 0, 0]
    assert left(crm) == {"A5"}
    source.purge("Account", "A5")
    source.save()
    assert [result.removed for result in sweep_source(crm, "model")] == [0, 0, 0]
    assert (left(crm), agrees(crm)["Account"]) == (set(), (2, 2, 0, 0))


def test_a_short_list_makes_no_prospect_forgotten(crm: Hub, monkeypatch: pytest.MonkeyPatch, source: Any) -> None:
    sync_source(crm, "model")
    plain = crm.find_connector("model")
    short = plain.stream("Account").keys

    def keys(session: Any) -> Any:
        yield [key for page in short(session) for key in page if key != "A5"]

    def stream(name: str) -> Any:
        return replace(plain.stream(name), keys=keys) if name == "Account" else plain.stream(name)

    away = replace(crm, find_connector=lambda _: replace(plain, stream=stream))
    assert sweep_source(away, "model")[0].error_kind == RetryLater.__name__
    assert left(crm) == {"A5"}


def test_a_full_sync_brings_back_nothing_that_is_left_out(crm: Hub) -> None:
    sync_source(crm, "model")
    account = sync_source(crm, "model", full=True).streams[0]
    assert (account.seen, account.unchanged, account.left_out, account.removed) == (3, 2, 1, 0)


def test_a_prospect_that_is_deleted_is_not_left_out_any_more(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    source.delete("Account", "A5")
    source.save()
    sync_source(crm, "model")
    assert (left(crm), changes(crm)) == (set(), [])


def test_customers_of_the_books_that_are_left_out_take_their_invoices_out_of_sight(hub: Hub, source: Any) -> None:
    put(source, "Customer", "C1", Name="Mueller", active="yes")
    put(source, "Customer", "C4", Name="A branch", parent="C1", active="yes")
    put(source, "Invoice", "I77", **BILL | {"customer": "C4"})
    say_only(hub, "Customer", "except: {active: [no]}\n")
    sync_source(hub, "model")
    assert whose(hub, "I00") == whose(hub, "I77") == MUELLER
    put(source, "Customer", "C1", Name="Mueller", active="no")
    sync_source(hub, "model")
    assert whose(hub, "I00") is whose(hub, "I77") is None, "nor does the branch follow it any more"
    assert told(hub, BillingAccount)["C1"] == "left out"
    assert ownerless_of(hub)["Invoice"] == (0, 7)
    put(source, "Customer", "C1", Name="Mueller", active="yes")
    sync_source(hub, "model")
    assert whose(hub, "I00") == whose(hub, "I77") == MUELLER


def test_a_link_by_hand_is_remembered_for_the_return(hub: Hub, source: Any) -> None:
    put(source, "Customer", "C3", Name="Nobody we know", active="yes")
    say_only(hub, "Customer", "except: {active: [no]}\n")
    sync_source(hub, "model")
    customer = entity_id("model", "Customer", "C3")
    with hub.engine.begin() as connection:
        assert crosswalk.link(connection, customer, MUELLER, "ops@firm.example")
    assert whose(hub, "I02") == MUELLER
    for active, client in (("no", None), ("yes", MUELLER)):
        put(source, "Customer", "C3", Name="Nobody we know", active=active)
        sync_source(hub, "model")
        assert whose(hub, "I02") == client
    with hub.engine.connect() as connection:
        query = select(Crosswalk.c.rule, Crosswalk.c.evidence).where(Crosswalk.c.id == customer)
        assert tuple(connection.execute(query).one()) == ("manual", "linked by ops@firm.example")


def test_an_invoice_that_is_written_while_its_customer_is_left_out_goes_with_it(hub: Hub, source: Any) -> None:
    put(source, "Customer", "C1", Name="Mueller", active="yes")
    say_only(hub, "Customer", "except: {active: [no]}\n")
    sync_source(hub, "model")
    put(source, "Customer", "C1", Name="Mueller", active="no")
    record, invoices = source.rows["Invoice"]["I00"] | {"Id": "I99"}, hub.source("model").mapping("Invoice")
    hint = threading.Thread(target=read_again, args=(hub, "model", "Customer", "C1"))
    with hub.engine.begin() as connection:
        run = begin(connection, "model", ["Invoice"])
    with hub.engine.begin() as connection:
        merge(connection, batch_of(hub, invoices, run.id, 1, [record], b"{}", sifted=False), {})
        hint.start()
        hint.join(0.3)
    hint.join(10)
    assert whose(hub, "I99") is whose(hub, "I00") is None


def test_what_is_linked_by_hand_to_a_client_that_is_left_out_says_so(crm: Hub, source: Any) -> None:
    sync_source(crm, "model")
    with crm.engine.begin() as connection:
        assert crosswalk.link(connection, entity_id("model", "Customer", "C3"), MUELLER, "ops@firm.example")
    assert status(crm.engine).below == 0
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Former")
    sync_source(crm, "model")
    assert (status(crm.engine).unmatched, status(crm.engine).below) == (0, 2)
    put(source, "Account", "A1", Name="Müller & Söhne", customer="C1", kind="Customer")
    sync_source(crm, "model")
    assert (status(crm.engine).below, whose(crm, "I02")) == (0, MUELLER)


def test_a_stream_that_is_forgotten_leaves_nothing_out(hub: Hub, source: Any) -> None:
    say_only(hub, "Invoice", "except: {number: [1003]}\n")
    sync_source(hub, "model")
    assert left(hub, "Invoice") == {"I03"}, "a number that the source sends as a text"
    (hub.folder.path / "model" / "Invoice.yaml").unlink()
    forget_stream(hub, "model", "Invoice")
    assert left(hub, "Invoice") == set()


def test_every_run_adds_up(crm: Hub, source: Any) -> None:
    put(source, "Account", "A6", Name="n" * 300, customer=None, kind="Customer")
    sync_source(crm, "model")
    put(source, "Account", "A1", Name="Müller", customer="C1", kind="Former")
    put(source, "Account", "A5", Name="Nobody we know", customer=None, kind="Customer")
    sync_source(crm, "model", full=True)
    with crm.engine.connect() as connection:
        for row in connection.execute(select(StreamRun)):
            assert row.seen == row.added + row.updated + row.unchanged + row.left_out + row.held
