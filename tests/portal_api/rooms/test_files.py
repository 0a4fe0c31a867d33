"""Files: an invoice in one press, a document under its own name, and what happens while the source is away."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext

import pytest
from sqlalchemy import select, text

from connectors.contract import Content
from connectors.quickbooks import CONNECTOR as QUICKBOOKS
from hub.errors import BadRecord
from portal_api import content
from portal_api.content import Contents, Wanted, disposition
from sandbox.serve import serving
from sandbox.state import State
from store.access_tables import Activity

pytestmark = pytest.mark.anyio


async def test_the_latest_invoice_comes_in_one_press(browse, rich):
    answer = await browse("/invoices/latest.pdf", who=rich.session(rich.mine))
    assert answer.status_code == 200
    assert answer.content == b"%PDF-1.7 Quokka-invoice-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="Invoice Quokka-1048.pdf"')
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_a_file_that_was_read_before_survives_an_outage_of_its_source(browse, rich, sources):
    me, path = rich.session(rich.mine), f"/invoices/{rich.mine.ids['invoice'][0]}.pdf"
    first = await browse(path, who=me)
    sources.away = True
    again = await browse(path, who=me)
    assert (again.status_code, again.content) == (200, first.content)
    assert sources.opened == ["Quokka-invoice-0"], "the copy is read, not the source"


async def test_a_changed_row_is_read_anew(browse, rich, sources):
    me, invoice = rich.session(rich.mine), rich.mine.ids["invoice"][1]
    await browse(f"/invoices/{invoice}.pdf", who=me)
    with rich.world.engine.begin() as connection:
        changed = {"hash": b"\2" * 16, "id": invoice}
        connection.execute(text("UPDATE invoice SET content_hash = :hash WHERE id = :id"), changed)
    await browse(f"/invoices/{invoice}.pdf", who=me)
    assert sources.opened == ["Quokka-invoice-1"] * 2


async def test_an_invoice_is_drawn_anew_and_its_old_copy_serves_an_outage_only(browse, rich, sources, monkeypatch):
    # A corrected address or a new letterhead changes the PDF, and nothing that we keep of the invoice.
    me, path = rich.session(rich.mine), f"/invoices/{rich.mine.ids['invoice'][0]}.pdf"
    before = await browse(path, who=me)
    corrected = b"%PDF-1.7 to the new address"
    sources.files["Quokka-invoice-0"] = Content("application/pdf", iter([corrected]), len(corrected))
    assert (await browse(path, who=me)).content == before.content, "within minutes nobody is asked again"
    monkeypatch.setattr(content, "DRAWN_SECONDS", -1)
    assert (await browse(path, who=me)).content == corrected
    sources.away = True
    assert (await browse(path, who=me)).content == corrected


async def test_an_invoice_that_is_gone_is_not_shown_from_a_copy(browse, rich, monkeypatch):
    def gone(*_):
        raise BadRecord("gone", code="gone")

    me, path = rich.session(rich.mine), f"/invoices/{rich.mine.ids['invoice'][0]}.pdf"
    await browse(path, who=me)
    monkeypatch.setattr(content, "DRAWN_SECONDS", -1)
    monkeypatch.setattr(browse.app.state.portal.contents, "_open", gone)
    assert (await browse(path, who=me)).status_code == 404


async def test_a_document_is_known_by_its_revision_and_read_once(browse, rich, sources, monkeypatch):
    me, path = rich.session(rich.mine), f"/documents/{rich.mine.ids['document'][0]}/download"
    await browse(path, who=me)
    monkeypatch.setattr(content, "DRAWN_SECONDS", -1)
    await browse(path, who=me)
    assert sources.opened == ["Quokka-document-0"]


async def test_while_the_source_is_away_a_page_says_so_and_leads_back(browse, rich, sources):
    sources.away = True
    me, id_ = rich.session(rich.mine), rich.mine.ids["document"][2]
    answer = await browse(f"/documents/{id_}/download", who=me)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "Google Drive does not give us Minutes Quokka.docx just now" in answer.text
    assert "Nothing is lost" in answer.text
    assert f'href="/documents/{id_}"' in answer.text
    assert f'href="/documents/{id_}/download"' in answer.text
    told = await browse(f"/api/v1/documents/{id_}/content", who=me)
    assert told.headers["content-type"] == "application/problem+json"


async def test_a_file_that_is_gone_at_its_source_says_so(browse, rich, sources, monkeypatch):
    def gone(*_):
        raise BadRecord("gone", code="gone")

    monkeypatch.setattr(browse.app.state.portal.contents, "_open", gone)
    answer = await browse(f"/documents/{rich.mine.ids['document'][2]}/download", who=rich.session(rich.mine))
    assert answer.status_code == 404
    assert "is no longer in Google Drive" in answer.text


async def test_a_document_is_saved_under_its_own_name(browse, rich):
    answer = await browse(f"/documents/{rich.mine.ids['document'][1]}/download", who=rich.session(rich.mine))
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; ")
    assert "filename*=UTF-8''Fa%C3%A7ade%20Quokka%20%E2%80%9ES%C3%BCd%E2%80%9C%20%E2%80%93%20revision%20C.pdf" in said


async def test_nothing_that_a_browser_would_run_is_ever_shown(browse, rich, sources):
    html = b"<script>alert(1)</script>"
    id_ = rich.mine.ids["document"][3]
    sources.files["Quokka-document-3"] = Content("text/html", iter([html]), len(html))
    answer = await browse(f"/documents/{id_}/download", who=rich.session(rich.mine))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_file_cut_off_in_the_middle_is_not_given_out(browse, rich, sources):
    sources.files["Quokka-document-0"] = Content("application/pdf", iter([b"%PDF"]), 5000)
    me, path = rich.session(rich.mine), f"/documents/{rich.mine.ids['document'][0]}/download"
    assert (await browse(path, who=me)).status_code == 503
    del sources.files["Quokka-document-0"]
    assert (await browse(path, who=me)).content == b"%PDF-1.7 Quokka-document-0"


async def test_a_download_is_recorded_as_one_and_a_failed_one_is_not(browse, rich, sources):
    me, id_ = rich.session(rich.mine), rich.mine.ids["document"][0]
    await browse(f"/documents/{id_}/download", who=me)
    sources.away = True
    await browse(f"/documents/{rich.mine.ids['document'][1]}/download", who=me)
    browse.app.state.portal.activities.flush()
    with rich.world.engine.connect() as connection:
        found = connection.execute(select(Activity).order_by(Activity.c.seq.desc()).limit(1)).one()
    assert (found.verb, found.object_kind, found.object_id, found.via) == ("download", "document", id_, "file")


def test_an_invoice_is_saved_under_its_number_and_not_under_quickbooks_own_id(tmp_path):
    known = {"realm_id": "4620816365179422850", "refresh_token": "sandbox-refresh-0"}
    secrets = {"client_id": "sandbox-qbo-client", "client_secret": "sandbox-qbo-secret"}
    state = State(tmp_path / "sandbox.sqlite")
    state.put("quickbooks", "Customer", "2", {"SyncToken": "0", "DisplayName": "Ærø"})
    bill = {"SyncToken": "0", "DocNumber": "1042", "TotalAmt": 1.5, "CustomerRef": {"value": "2"}}
    state.put("quickbooks", "Invoice", "130", bill)
    wanted = Wanted("quickbooks", "Invoice", "130", "key", "Invoice 1042.pdf", "Invoice 1042", drawn=True)
    with serving(state) as address:
        settings = QUICKBOOKS.settings.model_validate({"base_url": address, **known, **secrets})

        @contextmanager
        def open_content(_source, stream, external_id):
            with QUICKBOOKS.open(settings, Memory()) as company:
                read = QUICKBOOKS.stream(stream).content
                assert read is not None
                yield read(company, external_id)

        contents = Contents(open_content, tmp_path / "content")
        assert contents.get_now(wanted).name == "Invoice 1042.pdf"
    state.close()
    kept = (tmp_path / "content" / "key").with_suffix(".json")
    kept.write_text(kept.read_text().replace("Invoice 1042.pdf", "Invoice-130.pdf"))  # as it was called before
    copy = contents.get_now(wanted)
    assert (copy.name, copy.path) == ("Invoice 1042.pdf", tmp_path / "content" / "key")


class Memory:
    """A TokenStore for one thread."""

    def __init__(self):
        self.token = None

    def get(self):
        return self.token

    def put(self, token):
        self.token = dict(token)

    def lock(self):
        return nullcontext()


def test_a_large_file_goes_through_without_a_copy(tmp_path, monkeypatch, sources):
    monkeypatch.setattr(content, "KEPT_BYTES", 10)
    sources.files["x"] = Content("video/mp4", iter([b"0123456789", b"abcdefghij", b"end"]), 23)
    ready = Contents(sources.open, tmp_path).get_now(Wanted("s", "t", "x", "key", "x.mp4", "x"))
    assert b"".join(ready.chunks or ()) == b"0123456789abcdefghijend"
    assert list(tmp_path.iterdir()) == []


def test_old_copies_make_room_for_new_ones(tmp_path, monkeypatch, sources):
    monkeypatch.setattr(content, "FOLDER_BYTES", 100)
    contents = Contents(sources.open, tmp_path)
    for n in range(20):
        contents.get_now(Wanted("s", "t", f"file{n}", f"key{n}", "x.pdf", "x"))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 300
    assert (tmp_path / "key19").exists()


def test_a_name_cannot_break_out_of_its_header():
    said = disposition('a"; filename=x\r\nSet-Cookie: a=b/../../etc\\passwd.pdf')
    assert "\r" not in said
    assert "\n" not in said
    assert said.count('"') == 2
    assert disposition("..") == "attachment; filename=\"file\"; filename*=UTF-8''file"
