"""Formats that are a ZIP of texts: OpenDocument, EPUB, zipped pages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

OASIS = "application/vnd.oasis.opendocument."
OPEN_DOCUMENTS = {"odt": OASIS + "text", "ods": OASIS + "spreadsheet", "odp": OASIS + "presentation"}
TIME = (2026, 1, 1, 0, 0, 0)


def zipped(texts: Mapping[str, str], mime: str = "") -> bytes:
    """An archive. One with a media type says so first and uncompressed, where readers look for it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mime:
            archive.writestr(zipfile.ZipInfo("mimetype", TIME), mime)
        for name, text in texts.items():
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return buffer.getvalue()


def open_document(kind: str, marked_up: Callable[[str], str]) -> bytes:
    """An OpenDocument file of a kind (odt, ods, odp); `marked_up` fills in a template."""
    places = {"META-INF/manifest.xml": f"{kind}_manifest.xml", "content.xml": f"{kind}.xml"}
    return zipped({name: marked_up(template) for name, template in places.items()}, OPEN_DOCUMENTS[kind])


def epub(marked_up: Callable[[str], str]) -> bytes:
    """An EPUB 3 of one chapter; `marked_up` fills in a template."""
    places = {
        "META-INF/container.xml": "epub_container.xml",
        "GoogleDoc/package.opf": "epub_package.xml",
        "GoogleDoc/nav.xhtml": "epub_nav.xml",
        "GoogleDoc/main.xhtml": "epub_main.xml",
    }
    return zipped({name: marked_up(template) for name, template in places.items()}, "application/epub+zip")
