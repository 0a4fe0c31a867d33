"""What a sync gets from QuickBooks: everything once, every later change, every deletion, whatever happens meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any

import pytest
import requests

from connectors.contract import Page, Want
from connectors.quickbooks import CONNECTOR, reading
from connectors.quickbooks.client import Company, Reply
from connectors.quickbooks.facts import ENTITIES, STREAMS
from hub.clock import now, parse_instant
from hub.errors import BadRecord, FrontdeskError, NeedsPerson, RetryLater
from sandbox.serve import serving
from sandbox.state import State

REALM = "4620816365179422850"
DAY, HOUR = 86_400_000, 3_600_000
Cursor = Mapping[str, Any]


class Memory:
    """A TokenStore for one thread."""

    def __init__(self, token: Mapping[str, str] | None = None) -> None:
        self.token = dict(token) if token else None

    def get(self) -> dict[str, str] | None:
        return self.token

    def put(self, token: Mapping[str, str]) -> None:
        self.token = dict(token)

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()


class Copy:
    """What a store would hold after the pages: live rows and deleted ids, the last page winning."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.gone: set[str] = set()
        self.cursor: Cursor | None = None
        self.high_water: dt.datetime | None = None
        self.sweep = False

    def take(self, page: Page) -> None:
        self.sweep |= page.sweep
        for row in page.records:
            self.rows[row["Id"]] = row
            self.gone.discard(row["Id"])
        for stub in page.deleted:
            self.rows.pop(stub.external_id, None)
            self.gone.add(stub.external_id)
        self.cursor, self.high_water = page.cursor, page.high_water

    def pull(self, company: Company, stream: str) -> Copy:
        for page in CONNECTOR.stream(stream).read(company, Want((), self.cursor)):
            self.take(page)
        return self


@pytest.fixture
def state(tmp_path) -> Iterator[State]:
    state = State(tmp_path / "sandbox.sqlite")
    state.put("quickbooks", "CompanyInfo", "1", {"CompanyName": "Harbour & Pine"})
    state.put("quickbooks", "Customer", "2", {"SyncToken": "0", "DisplayName": "Ærø", "Active": True})
    yield state
    state.close()


@pytest.fixture
def base(state: State) -> Iterator[str]:
    with serving(state) as address:
        yield address


def settings(base: str, **facts: Any) -> Any:
    usual = {"client_id": "sandbox-qbo-client", "client_secret": "sandbox-qbo-secret", "realm_id": REALM}
    return CONNECTOR.settings.model_validate({"base_url": base, "refresh_token": "sandbox-refresh-0"} | usual | facts)


@pytest.fixture
def company(base: str) -> Iterator[Company]:
    with CONNECTOR.open(settings(base), Memory()) as session:
        yield session


def test_another_company_is_another_place(base: str, company: Company) -> None:
    with CONNECTOR.open(settings(base, realm_id="123"), Memory()) as other:
        assert CONNECTOR.place(other) != CONNECTOR.place(company) == f"{base} {REALM}"


def load(state: State, kind: str, ids: range, at: Callable[[int], int]) -> None:
    body = {"SyncToken": "0", "TotalAmt": 1.5, "CustomerRef": {"value": "2"}}
    state.load("quickbooks", kind, ((str(n), {**body, "DocNumber": f"R-{n}"}, at(n), at(n)) for n in ids))


def edit(state: State, kind: str, id_: str, **fields: Any) -> None:
    record = state.get("quickbooks", kind, id_)
    assert record is not None
    state.put("quickbooks", kind, id_, {**record.body, **fields})


def remove(state: State, kind: str, id_: str) -> None:
    state.put("quickbooks", kind, id_, {}, deleted=True)


def spent(company: Company, work: Callable[[], object]) -> int:
    before = CONNECTOR.requests(company)
    work()
    return CONNECTOR.requests(company) - before


def arm(base: str, **fault: Any) -> None:
    requests.post(f"{base}/control/faults", json={"vendor": "quickbooks", **fault}, timeout=10).raise_for_status()


# --- the first load


def test_a_first_load_of_2500_invoices_with_many_equal_times_is_whole(company: Company, state: State) -> None:
    start = state.now() - 40 * DAY
    # Seven hundred share each second, so that page borders fall among equal times.
    load(state, "Invoice", range(100, 2600), lambda n: start + (n // 700) * 1000 + n % 3)
    copy = Copy().pull(company, "Invoice")
    assert copy.rows.keys() == {str(n) for n in range(100, 2600)}
    assert set(copy.cursor or {}) == {"since"}


def test_more_than_a_page_in_one_second_as_a_bulk_import_leaves_it_is_whole(company: Company, state: State) -> None:
    start = state.now() - 40 * DAY
    load(state, "Invoice", range(100, 2450), lambda n: start if n < 2400 else start + 60_000)
    assert len(Copy().pull(company, "Invoice").rows) == 2350


def test_edits_while_paging_lose_nothing(company: Company, state: State) -> None:
    start = state.now() - 40 * DAY
    load(state, "Invoice", range(100, 3300), lambda n: start + n * 1000)
    copy, pages = Copy(), CONNECTOR.stream("Invoice").read(company, Want(()))
    for number, page in enumerate(pages):
        copy.take(page)
        # Somebody edits rows on the page just read, which closes up all that are still to come.
        for n in range(100 + number * 900, 100 + number * 900 + 50):
            edit(state, "Invoice", str(n), DocNumber="edited")
    assert copy.rows.keys() == {str(n) for n in range(100, 3300)}
    copy.pull(company, "Invoice")
    assert copy.rows["120"]["DocNumber"] == "edited"


def test_edits_within_one_crowded_second_lose_nothing(company: Company, state: State) -> None:
    start = state.now() - 40 * DAY
    load(state, "Invoice", range(100, 2400), lambda _: start)
    copy, pages = Copy(), CONNECTOR.stream("Invoice").read(company, Want(()))
    for number, page in enumerate(pages):
        copy.take(page)
        for n in (105 + number, 1200 + number, 2200 + number):
            edit(state, "Invoice", str(n), DocNumber="edited")
    # What was edited after the reading's own second is the next one's.
    copy.pull(company, "Invoice")
    assert copy.rows.keys() == {str(n) for n in range(100, 2400)}


def test_a_load_that_was_stopped_goes_on_where_it_stood(company: Company, state: State) -> None:
    start = state.now() - 40 * DAY
    load(state, "Invoice", range(100, 3300), lambda n: start + n * 1000)
    copy = Copy()
    for page in islice(CONNECTOR.stream("Invoice").read(company, Want(())), 2):
        copy.take(page)
    assert spent(company, lambda: copy.pull(company, "Invoice")) == 2
    assert len(copy.rows) == 3200


def test_inactive_customers_come_too_and_keep_their_names(company: Company, state: State) -> None:
    name = "O'Brien \\ Söhne 🌮 (deleted)"
    state.put("quickbooks", "Customer", "3", {"DisplayName": name, "Active": False})
    copy = Copy().pull(company, "Customer")
    assert copy.rows.keys() == {"2", "3"}
    assert copy.rows["3"]["DisplayName"] == name


def test_a_page_is_landed_as_it_came(company: Company) -> None:
    (page,) = CONNECTOR.stream("Customer").read(company, Want(()))
    assert page.raw.startswith(b'{"QueryResponse":{"Customer":[{')
    assert page.high_water <= now() + dt.timedelta(seconds=1)


# --- what changed


def test_a_run_without_changes_costs_one_request_for_all_streams(company: Company) -> None:
    copies = {stream: Copy().pull(company, stream) for stream in STREAMS}
    asked = spent(company, lambda: [copies[stream].pull(company, stream) for stream in STREAMS])
    assert asked == 1


def test_a_fresh_process_with_a_good_token_asks_for_none(base: str, company: Company) -> None:
    copy = Copy().pull(company, "Invoice")
    with CONNECTOR.open(settings(base), company.store) as again:
        assert spent(again, lambda: copy.pull(again, "Invoice")) == 1
        assert CONNECTOR.requests(again) == 1


def test_each_reading_sees_the_present_even_when_a_reply_was_shared(company: Company, state: State) -> None:
    copies = {stream: Copy().pull(company, stream) for stream in STREAMS}
    for round_ in range(3):
        edit(state, "Customer", "2", DisplayName=f"round {round_}")
        for stream, copy in copies.items():
            copy.pull(company, stream)
        assert copies["Customer"].rows["2"]["DisplayName"] == f"round {round_}"


def test_a_shared_reply_serves_each_stream_once(company: Company, state: State) -> None:
    copies = {stream: Copy().pull(company, stream) for stream in ("Customer", "Invoice")}
    for copy, stream in ((copies["Customer"], "Customer"), (copies["Invoice"], "Invoice")):
        copy.pull(company, stream)
    load(state, "Invoice", range(10, 11), lambda _: state.now())
    assert "10" in copies["Invoice"].pull(company, "Invoice").rows


def test_a_deleted_invoice_arrives_as_deleted_and_a_void_as_an_update(company: Company, state: State) -> None:
    load(state, "Invoice", range(10, 13), lambda _: state.now())
    copy = Copy().pull(company, "Invoice")
    remove(state, "Invoice", "10")
    edit(state, "Invoice", "11", TotalAmt=0.0, PrivateNote="Voided")
    (page,) = CONNECTOR.stream("Invoice").read(company, Want((), copy.cursor))
    (stub,) = page.deleted
    assert (stub.external_id, stub.reason) == ("10", "deleted")
    assert stub.at is not None
    assert abs(stub.at - now()) < dt.timedelta(minutes=1)
    copy.take(page)
    assert copy.rows["11"]["PrivateNote"] == "Voided"


def test_a_write_that_arrives_late_behind_the_cursor_is_still_seen(company: Company, state: State) -> None:
    copy = Copy().pull(company, "Invoice")
    state.put("quickbooks", "Invoice", "50", {"DocNumber": "late"}, modified=state.now() - 4 * 60_000)
    assert "50" in copy.pull(company, "Invoice").rows


@pytest.mark.parametrize("newest_first", [False, True])
def test_1001_changes_are_all_seen_though_cdc_tells_of_1000(
    company: Company, state: State, base: str, *, newest_first: bool
) -> None:
    switch(base, cdc_newest_first=newest_first)
    copy = Copy().pull(company, "Invoice")
    soon = state.now()
    load(state, "Invoice", range(100, 1101), lambda n: soon + n)
    state.set_fact("clock_offset_ms", "5000")
    assert len(copy.pull(company, "Invoice").rows) == 1001
    assert set(copy.cursor or {}) == {"since"}


def switch(base: str, **switches: bool) -> None:
    requests.post(f"{base}/control/quickbooks", json=switches, timeout=10).raise_for_status()


def test_2500_changes_with_deletions_among_them_are_all_seen(company: Company, state: State) -> None:
    start = state.now()
    load(state, "Invoice", range(100, 2600), lambda n: start - DAY + n)
    copy = Copy().pull(company, "Invoice")
    assert (len(copy.rows), copy.sweep) == (2500, False)
    with state.transaction():
        for n in range(100, 2600):
            edit(state, "Invoice", str(n), DocNumber="new") if n % 10 else remove(state, "Invoice", str(n))
    state.connection.execute(
        "UPDATE record SET modified = ? + CAST(id AS INTEGER) * 10 WHERE kind = 'Invoice'", (start,)
    )
    state.set_fact("clock_offset_ms", "60000")
    copy.pull(company, "Invoice")
    assert copy.gone == {str(n) for n in range(100, 2600, 10)}
    # A capped answer may have hidden one: the keys are compared at once, not at night.
    assert copy.sweep
    assert {row["DocNumber"] for row in copy.rows.values()} == {"new"}


def test_one_busy_stream_does_not_hide_the_others_changes(company: Company, state: State) -> None:
    copies = {stream: Copy().pull(company, stream) for stream in STREAMS}
    load(state, "Invoice", range(100, 1200), lambda _: state.now())
    load(state, "Payment", range(1200, 1500), lambda _: state.now())
    for stream, copy in copies.items():
        copy.pull(company, stream)
    assert (len(copies["Invoice"].rows), len(copies["Payment"].rows)) == (1100, 300)


@pytest.mark.parametrize("refused", [False, True])
def test_after_40_days_asleep_nothing_that_lives_is_missing(
    company: Company, state: State, base: str, *, refused: bool
) -> None:
    """The vendor looks back 30 days and does not say whether it refuses older times or clamps them: both are tried."""
    switch(base, cdc_refuses_old=refused)
    state.set_fact("clock_offset_ms", str(-40 * DAY))
    copy = Copy().pull(company, "Invoice")
    load(state, "Invoice", range(100, 110), lambda _: state.now() + 2 * DAY)
    state.set_fact("clock_offset_ms", "0")
    load(state, "Invoice", range(110, 120), lambda _: state.now())
    assert len(copy.pull(company, "Invoice").rows) == 20
    assert copy.sweep, "nobody tells what was deleted in the first ten days"
    copy.sweep = False
    assert spent(company, lambda: copy.pull(company, "Invoice")) == 1
    assert not copy.sweep


# --- single records, keys, paper, checks


def test_keys_are_all_live_ones_though_rows_go_while_they_are_read(company: Company, state: State) -> None:
    load(state, "Invoice", range(100, 2600), lambda _: state.now() - DAY)
    found: set[str] = set()
    for number, page in enumerate(CONNECTOR.stream("Invoice").keys(company)):
        found.update(page)
        for n in range(100 + number * 30, 130 + number * 30):
            remove(state, "Invoice", str(n))
    assert found >= {record.id for record in state.select("quickbooks", "Invoice", "deleted = 0")}


def test_one_record_is_read_as_it_is_now_or_known_to_be_gone(company: Company, state: State) -> None:
    stream = CONNECTOR.stream("Customer")
    assert (stream.one(company, "2", Want(())) or {})["DisplayName"] == "Ærø"
    remove(state, "Customer", "2")
    assert stream.one(company, "2", Want(())) is None
    assert stream.one(company, "../companyinfo/1", Want(())) is None


def test_the_count_includes_inactive_ones(company: Company, state: State) -> None:
    state.put("quickbooks", "Customer", "3", {"DisplayName": "Old", "Active": False})
    assert reading.count(company, ENTITIES["Customer"]) == 2


def test_an_invoice_comes_as_pdf_until_it_is_deleted(company: Company, state: State) -> None:
    load(state, "Invoice", range(10, 11), lambda _: state.now())
    read = CONNECTOR.stream("Invoice").content
    assert read is not None
    paper = read(company, "10")
    content = b"".join(paper.chunks)
    assert (paper.media_type, paper.length) == ("application/pdf", len(content))
    assert content.startswith(b"%PDF")
    remove(state, "Invoice", "10")
    with pytest.raises(BadRecord, match="no longer has this Invoice"):
        read(company, "10")
    assert CONNECTOR.stream("Customer").content is None


def test_check_names_the_company_and_what_can_be_read(company: Company) -> None:
    findings = CONNECTOR.check(company, {stream: Want(()) for stream in ("Customer", "Invoice")})
    assert all(finding.ok for finding in findings)
    subjects = ["quickbooks", "quickbooks.connection", "quickbooks.Customer", "quickbooks.Invoice"]
    assert [finding.subject for finding in findings] == subjects
    assert findings[0].sentence == f"Connected to Harbour & Pine, company {REALM}."
    assert findings[-1].sentence == "Invoice can be read: 0 records."


def test_check_says_when_there_is_no_such_company(company: Company, state: State) -> None:
    state.purge("quickbooks", "CompanyInfo", "1")
    (finding,) = CONNECTOR.check(company, {"Invoice": Want(())})
    assert (finding.ok, finding.sentence) == (False, f"QuickBooks knows no company {REALM}.")
    assert finding.step


def test_describe_knows_what_the_mappings_read_and_not_their_typing_errors(company: Company) -> None:
    for stream in STREAMS:
        describe = CONNECTOR.stream(stream).describe
        assert describe is not None
        fields = describe(company)
        assert {"Id", "MetaData"} <= fields.keys()
        assert "TotalAmnt" not in fields
    assert CONNECTOR.stream("Estimate").describe is None


def test_a_stream_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NeedsPerson, match="'Invoices'") as refused:
        CONNECTOR.stream("Invoices")
    assert "Invoice," in refused.value.step


# --- what goes wrong on the way


@pytest.mark.parametrize("fault", ["html_body", "cut_connection", "server_error"])
def test_a_broken_answer_is_tried_again_later(company: Company, base: str, fault: str) -> None:
    arm(base, fault=fault)
    with pytest.raises(RetryLater):
        Copy().pull(company, "Customer")
    assert len(Copy().pull(company, "Customer").rows) == 1


@pytest.mark.parametrize(("retry_after", "wait"), [(None, 60.0), (7, 7.0)])
def test_a_throttle_says_how_long_to_wait(company: Company, base: str, retry_after: int | None, wait: float) -> None:
    arm(base, fault="rate_limited", retry_after=retry_after)
    with pytest.raises(RetryLater) as later:
        Copy().pull(company, "Customer")
    assert later.value.after == wait


def test_an_expired_token_is_renewed_once_and_nobody_notices(company: Company, base: str) -> None:
    before = company.token["access_token"]
    arm(base, fault="expired_token")
    assert len(Copy().pull(company, "Customer").rows) == 1
    assert company.token["access_token"] != before
    requests.post(f"{base}/control/quickbooks", json={"expire": True}, timeout=10).raise_for_status()
    assert len(Copy().pull(company, "Customer").rows) == 1


def test_a_pdf_survives_an_expired_token_too(company: Company, base: str, state: State) -> None:
    load(state, "Invoice", range(10, 11), lambda _: state.now())
    arm(base, fault="expired_token")
    read = CONNECTOR.stream("Invoice").content
    assert read is not None
    assert read(company, "10").length


def test_a_token_that_is_refused_twice_needs_a_person(company: Company, base: str) -> None:
    arm(base, fault="expired_token", path="/v3/company/", times=2)
    with pytest.raises(NeedsPerson, match="even a new access token"):
        Copy().pull(company, "Customer")


def test_another_companys_number_needs_a_person(base: str) -> None:
    with (
        CONNECTOR.open(settings(base, realm_id="123"), Memory()) as company,
        pytest.raises(NeedsPerson, match="does not let this app into this company") as refused,
    ):
        Copy().pull(company, "Customer")
    assert "realm_id" in refused.value.step
    with CONNECTOR.open(settings(base, realm_id="123"), Memory()) as company:
        (finding,) = CONNECTOR.check(company, {"Invoice": Want(())})
        assert not finding.ok


def test_no_server_at_all_is_tried_again_later() -> None:
    with (
        pytest.raises(RetryLater, match=r"QuickBooks could not be reached at 127.0.0.1:9,") as away,
        CONNECTOR.open(settings("http://127.0.0.1:9"), Memory()),
    ):
        pass
    assert "address in the settings" in away.value.step


def test_every_failed_step_of_a_load_leaves_a_cursor_that_goes_on(company: Company, base: str, state: State) -> None:
    start = state.now() - 40 * DAY
    load(state, "Invoice", range(100, 2400), lambda n: start + n * 1000)
    for position in range(3):
        arm(base, fault="cut_connection", path="/query", after=position)
        copy = Copy()
        with pytest.raises(FrontdeskError):
            copy.pull(company, "Invoice")
        assert len(copy.pull(company, "Invoice").rows) == 2300


def test_cursors_are_instants_that_survive_json(company: Company) -> None:
    cursor = Copy().pull(company, "Customer").cursor or {}
    assert parse_instant(str(cursor["since"])).tzinfo is not None


@pytest.mark.parametrize("bad", ["no object", None, {"Id": "9"}, {"status": "Deleted"}])
def test_a_record_that_is_not_as_it_must_be_does_not_stop_its_page(
    company: Company, state: State, monkeypatch: pytest.MonkeyPatch, bad: Any
) -> None:
    load(state, "Invoice", range(100, 1300), lambda n: state.now() - 40 * DAY + n * 1000)
    rows, changes = Reply.rows, Reply.changes
    monkeypatch.setattr(Reply, "rows", lambda reply, name: [*rows(reply, name)[:-1], bad])
    stream = CONNECTOR.stream("Invoice")
    pages = list(stream.read(company, Want(())))
    assert len(pages) == 2
    assert pages[0].records[-1] == bad, "the mapping holds it"
    monkeypatch.setattr(Reply, "changes", lambda reply, name: [*changes(reply, name), bad])
    edit(state, "Invoice", "100", DocNumber="R-new")
    [page] = stream.read(company, Want((), pages[-1].cursor))
    assert page.records[-1] == bad
