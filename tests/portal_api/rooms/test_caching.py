"""What one client was shown is kept by no cache between us and them, and told again to nobody else."""

from __future__ import annotations

import pytest

from portal_api.content import Ready, sent

pytestmark = pytest.mark.anyio


PAGES = (
    "/", "/invoices", "/statement", "/statement.csv", "/projects", "/shipments", "/documents", "/contracts",
    "/requests", "/account", "/search?q=quokka", "/clients", "/invoices/latest.pdf", "/api/v1/invoices",
    "/api/v1/documents", "/api/v1/home", "/api/v1/me", "/api/v1/statement", "/api/v1/nowhere", "/nowhere",
    "/invoices/nonsense", "/sign-in/nothing", "/sign-in", "/readyz",
)  # fmt: skip
OF_MINE = (
    ("/invoices/{}", "invoice"), ("/invoices/{}.pdf", "invoice"), ("/projects/{}", "project"),
    ("/shipments/{}", "shipment"), ("/documents/{}", "document"), ("/documents/{}/download", "document"),
    ("/requests/{}", "request"), ("/api/v1/invoices/{}", "invoice"), ("/api/v1/invoices/{}/pdf", "invoice"),
    ("/api/v1/documents/{}/content", "document"),
)  # fmt: skip


async def test_no_cache_in_between_keeps_what_a_client_was_shown(browse, rich):
    me = rich.session(rich.mine)
    for address in (*PAGES, *(path.format(rich.mine.ids[noun][0]) for path, noun in OF_MINE)):
        for method in ("GET", "HEAD"):
            answer = await browse(address, who=me, method=method)
            said = answer.headers["cache-control"]
            assert "no-store" in said or said == "private, no-cache", address


async def test_another_person_is_not_told_that_nothing_has_changed(browse, rich):
    mine, theirs = rich.session(rich.mine), rich.session(rich.theirs)
    for address in ("/", "/invoices", "/account", "/search?q=invoice"):
        seen = await browse(address, who=mine)
        again = await browse(address, who=mine, headers={"if-none-match": seen.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")
        other = await browse(address, who=theirs, headers={"if-none-match": seen.headers["etag"]})
        assert other.status_code == 200
        nobody = await browse(address, headers={"if-none-match": seen.headers["etag"]})
        assert nobody.status_code == 303


async def test_a_part_of_a_file_is_asked_for_in_vain_where_the_whole_is(browse, rich):
    theirs = f"/documents/{rich.theirs.ids['document'][0]}/download"
    await browse(theirs, who=rich.session(rich.theirs))
    for headers in ({"range": "bytes=0-3"}, {"range": "bytes=0-3", "if-range": '"x"'}, {"if-none-match": "*"}):
        answer = await browse(theirs, who=rich.session(rich.mine), headers=headers)
        assert answer.status_code == 404
        assert "zebrano" not in answer.text.lower()


@pytest.mark.parametrize(
    "kind", ["application/pdf\r\nset-cookie: a=b", "text/html", "image/svg+xml", "naïve/✓", "", "x"]
)
def test_what_a_source_calls_a_files_kind_cannot_become_a_header_or_a_page(kind):
    headers = sent(Ready("x", kind, chunks=iter([b"x"]), length=1)).headers
    assert headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in headers
    good = sent(Ready("x", "text/plain; charset=utf-8", chunks=iter([b"x"]), length=1))
    assert good.headers["content-type"] == "text/plain; charset=utf-8"
