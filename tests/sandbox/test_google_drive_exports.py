"""A native document can be had in each format that it offers, and what comes is of that format."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import docx
import openpyxl
import pptx
import pypdfium2
import pytest
import requests
from PIL import Image

from sandbox.google_drive.files import file_body, new_file
from sandbox.google_drive.resource import EXPORTS, NATIVE
from sandbox.state import State

TEXT = "Größe & <Maß>\n=============\n\nThe 'plan'\n----------\nZażółć {gęślą} 📦\n"
TABLE = '"Point","Days"\n"A & <B>, größer",2.5\n'
Get = Callable[..., requests.Response]


@pytest.fixture
def get(url: str, google: requests.Session) -> Get:
    return lambda path, **more: google.get(path if "://" in path else f"{url}/drive/v3{path}", timeout=30, **more)


@pytest.fixture
def native(state: State) -> State:
    """A document and a table with a text each, and two that were only just made."""
    for kind, exports in [
        ("document", {"text/plain": TEXT.encode()}),
        ("spreadsheet", {"text/csv": TABLE.encode()}),
        ("presentation", None),
        ("drawing", None),
    ]:
        new_file(state, kind, file_body(state, "Plan A/B", NATIVE + kind, "root", exports=exports))
    return state


def opened(ending: str, content: bytes) -> str:
    """The words of a file, by a reader of its format. Fails where it cannot be read."""
    return READERS[ending](content)


def xml_words(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        for inner in archive.namelist():
            if inner.endswith((".xml", ".xhtml", ".opf")):
                ET.fromstring(archive.read(inner))
        return " ".join(ET.fromstring(archive.read(name)).itertext())


def typed(mime: str, name: str) -> Callable[[bytes], str]:
    """OpenDocument and EPUB: the media type stands first, as it is."""

    def read(content: bytes) -> str:
        assert content[30 : 38 + len(mime)] == b"mimetype" + mime.encode()
        return xml_words(content, name)

    return read


def pages(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = archive.namelist()
        assert re.fullmatch(r"[^/]+\.html", name)
        return html.unescape(archive.read(name).decode())


def rtf(content: bytes) -> str:
    assert content.startswith(b"{\\rtf1")
    units = re.sub(
        rb"\\u(-?\d+)\?", lambda unit: (int(unit[1]) % 65536).to_bytes(2, "little").hex().encode() + b"|", content
    )
    assert units.isascii()
    text = re.sub(
        r"(?:[0-9a-f]{4}\|)+",
        lambda run: bytes.fromhex(run[0].replace("|", "")).decode("utf-16-le"),
        units.decode(),
    )
    return text.replace("\\{", "{").replace("\\}", "}")


def pdf(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    words = document[0].get_textpage().get_text_range()
    document.close()
    return str(words)


def slides(content: bytes) -> str:
    deck = pptx.Presentation(io.BytesIO(content))
    return " ".join(shape.text_frame.text for slide in deck.slides for shape in slide.shapes)


def workbook(content: bytes) -> str:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)


def image(form: str) -> Callable[[bytes], str]:
    def read(content: bytes) -> str:
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == form
        return "Plan A/B"

    return read


OASIS = "application/vnd.oasis.opendocument."
READERS: dict[str, Callable[[bytes], str]] = {
    "docx": lambda content: " ".join(line.text for line in docx.Document(io.BytesIO(content)).paragraphs),
    "odt": typed(OASIS + "text", "content.xml"),
    "rtf": rtf,
    "pdf": pdf,
    "txt": bytes.decode,
    "zip": pages,
    "epub": typed("application/epub+zip", "GoogleDoc/main.xhtml"),
    "md": bytes.decode,
    "xlsx": workbook,
    "ods": typed(OASIS + "spreadsheet", "content.xml"),
    "csv": lambda content: " ".join(cell for row in csv.reader(io.StringIO(content.decode())) for cell in row),
    "tsv": lambda content: content.decode().replace("\t", " "),
    "pptx": slides,
    "odp": typed(OASIS + "presentation", "content.xml"),
    "png": image("PNG"),
    "jpg": image("JPEG"),
    "svg": lambda content: " ".join(ET.fromstring(content).itertext()),
}
EXPECTED: dict[str, tuple[str, ...]] = {
    "document": ("Größe & <Maß>", "The 'plan'", "{gęślą} 📦"),
    "spreadsheet": ("Point", "A & <B>, größer", "2.5"),
    "presentation": ("Plan A/B",),
    "drawing": ("Plan A/B",),
}
OFFERED = [(kind, mime, ending) for kind, formats in EXPORTS.items() for mime, ending in formats.items()]


@pytest.mark.parametrize(("kind", "mime", "ending"), OFFERED, ids=lambda word: str(word).rpartition(".")[2])
def test_a_format_that_is_offered_can_be_had(native: State, get: Get, kind: str, mime: str, ending: str) -> None:
    link = get(f"/files/{kind}", params={"fields": "exportLinks"}).json()["exportLinks"][mime]
    exported = get(f"/files/{kind}/export", params={"mimeType": mime})
    assert (exported.status_code, exported.headers["Content-Type"].partition(";")[0]) == (200, mime)
    words = opened(ending, exported.content)
    for word in EXPECTED[kind]:
        # The font on paper has no emoji.
        assert word in words or (ending == "pdf" and "📦" in word)
    assert opened(ending, get(link).content) == words


def test_a_document_that_was_given_something_else_than_text_says_its_name(state: State, get: Get) -> None:
    body: dict[str, Any] = file_body(
        state, "Logo", NATIVE + "document", "root", exports={"text/plain": b"\xff\xfe\x00"}
    )
    new_file(state, "d", body)
    assert "Logo" in opened("odt", get("/files/d/export", params={"mimeType": OASIS + "text"}).content)
