"""The sample firm's files open with the programs people use, say what they are about, and scale without them."""

from __future__ import annotations

import csv
import datetime as dt
import email.policy
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes

import docx
import openpyxl
import pptx
import pypdfium2
import pytest
from PIL import Image

from sandbox import firm
from sandbox.state import State

TODAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Iterator[State]:
    state = State(tmp_path_factory.mktemp("files") / "sandbox.sqlite")
    firm.seed(state, today=TODAY, clients=12)
    yield state
    state.close()


def contents(state: State, mime: str) -> Iterator[tuple[str, bytes]]:
    for record in state.select("google_drive", "file", "json_extract(body, '$.mimeType') = ?", (mime,)):
        yield record.body["name"], state.blob(record.body["_blob"])


def office(name: str) -> str:
    return f"application/vnd.openxmlformats-officedocument.{name}"


def read_pdf(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def test_contracts_are_pdfs_of_several_pages_that_name_their_client(state):
    names = {record.body["Name"] for record in state.select("salesforce", "Account")}
    seen = set()
    for name, content in contents(state, "application/pdf"):
        pages = read_pdf(content)
        assert len(pages) >= 3
        assert all(len(page) > 40 for page in pages)
        if name == "Agreement, signed.pdf":
            text = " ".join(" ".join(pages).split())
            seen |= {client for client in names if f"and {client}." in text}
    assert "Müller & Söhne Maschinenbau" in seen
    assert len(seen) >= 10


def test_letters_that_the_font_lacks_stand_as_their_base_letters(state):
    texts = [" ".join(read_pdf(content)) for name, content in contents(state, "application/pdf") if "signed" in name]
    assert any("Łódz Freight" in text for text in texts)


def test_word_documents_have_headings_and_text(state):
    files = list(contents(state, office("wordprocessingml.document")))
    assert files
    for _, content in files:
        paragraphs = docx.Document(io.BytesIO(content)).paragraphs
        assert sum(paragraph.style.name.startswith("Heading") for paragraph in paragraphs) >= 3
        assert len(" ".join(paragraph.text for paragraph in paragraphs)) > 200


def test_workbooks_end_with_sums_that_are_right(state):
    files = list(contents(state, office("spreadsheetml.sheet")))
    assert files
    for _, content in files:
        rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
        assert rows[-1][0] == "Total"
        for column in range(1, len(rows[0])):
            assert rows[-1][column] == pytest.approx(sum(row[column] for row in rows[1:-1]))


def test_presentations_have_a_title_on_every_slide(state):
    files = list(contents(state, office("presentationml.presentation")))
    assert files
    for _, content in files:
        slides = list(pptx.Presentation(io.BytesIO(content)).slides)
        assert len(slides) >= 4
        assert all(slide.shapes.title.text for slide in slides)


@pytest.mark.parametrize(("mime", "kind"), [("image/png", "PNG"), ("image/jpeg", "JPEG")])
def test_pictures_are_pictures(state, mime, kind):
    files = list(contents(state, mime))
    assert files
    for _, content in files:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            assert (image.format, image.size) == (kind, (960, 640))
            assert len(image.convert("RGB").getcolors(maxcolors=10**6) or ()) > 5


def test_mail_notes_and_tables_are_readable(state):
    _, letter = next(contents(state, "message/rfc822"))
    message = message_from_bytes(letter, policy=email.policy.default)
    assert message["Subject"] == "Open points"
    assert "next step" in message.get_body().get_content()
    assert len(next(contents(state, "text/plain"))[1].decode()) > 20
    rows = list(csv.reader(io.StringIO(next(contents(state, "text/csv"))[1].decode())))
    assert len({len(row) for row in rows}) == 1


def test_native_documents_have_renditions_in_each_format_they_promise(state):
    natives = list(state.select("google_drive", "file", "json_extract(body, '$._exports') IS NOT NULL"))
    kinds = {record.body["mimeType"].rpartition(".")[2] for record in natives}
    assert kinds == {"document", "spreadsheet"}
    for record in natives:
        renditions = {mime: state.blob(blob) for mime, blob in record.body["_exports"].items()}
        assert read_pdf(renditions["application/pdf"])
        assert len(renditions) == 3
        assert not {"_blob", "size", "md5Checksum"} & set(record.body)


def test_sizes_and_checksums_are_those_of_the_bytes(state):
    for record in state.select("google_drive", "file", "json_extract(body, '$._blob') IS NOT NULL"):
        content = state.blob(record.body["_blob"])
        assert record.body["size"] == str(len(content))
        assert record.body["md5Checksum"] == hashlib.md5(content).hexdigest()
        assert record.body["sha256Checksum"] == hashlib.sha256(content).hexdigest()


def test_versions_of_a_file_differ_and_the_last_is_the_present_one(state):
    several = 0
    for record in state.select("google_drive", "file"):
        revisions = list(state.select("google_drive", "revision", "id LIKE ?", (f"{record.id}/%",), "ORDER BY seq"))
        if revisions:
            several += 1
            assert len({row.body["md5Checksum"] for row in revisions}) == len(revisions) >= 2
            assert revisions[-1].body["_blob"] == record.body["_blob"]
            assert revisions[-1].body["modifiedTime"] == record.body["modifiedTime"]
    assert several >= 10


def test_forty_clients_stay_below_fifteen_megabytes(tmp_path):
    state = State(tmp_path / "size.sqlite")
    firm.seed(state, today=TODAY)
    (size,) = state.connection.execute("SELECT sum(length(content)) FROM blob").fetchone()
    state.close()
    assert size < 15_000_000


SCALE = """
import datetime as dt, resource, sys
from sandbox import firm
from sandbox.state import State
state = State(sys.argv[1])
firm.seed(state, today=dt.date(2026, 11, 24), clients=6)
first = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
counts = firm.seed(State(sys.argv[2]), today=dt.date(2026, 11, 24), records=int(sys.argv[3]))
print(sum(counts.values()), first, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_hundred_thousand_records_need_little_more_memory_than_six_clients(tmp_path):
    # A process of its own: its peak memory is nobody else's.
    arguments = [str(tmp_path / "small.sqlite"), str(tmp_path / "large.sqlite"), "100000"]
    done = subprocess.run(
        [sys.executable, "-c", SCALE, *arguments], capture_output=True, text=True, check=True, env={**os.environ}
    )
    records, small, large = map(int, done.stdout.split())
    unit = 1024 if sys.platform != "darwin" else 1
    assert 100_000 <= records < 101_000
    assert (large - small) * unit < 60_000_000
