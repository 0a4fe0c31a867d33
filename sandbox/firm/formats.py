"""Texts as real files: PDF, Word, Excel, PowerPoint. The same text gives the same bytes on every run."""

from __future__ import annotations

import io
import re
import zipfile
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

Sections = tuple[tuple[str, tuple[str, ...]], ...]
Table = tuple[tuple[str | float, ...], ...]

FIXED_TIME = (2026, 1, 1, 0, 0, 0)
CORE_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
UNCOVERED = str.maketrans("źęąőűŹĘĄŐŰń→", "zeaouZEAOUn-")
"""The free font that comes with reportlab lacks these letters; on paper their base letters stand in."""


@lru_cache(maxsize=1)
def fonts() -> tuple[str, str]:
    """Register the text and heading fonts once; returns their names."""
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in (("Text", "Vera.ttf"), ("Heading", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    return "Text", "Heading"


def pdf(title: str, sections: Sections) -> bytes:
    """A PDF with a page for each section, numbered at the foot."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

    text_font, heading_font = fonts()
    text = ParagraphStyle("text", fontName=text_font, fontSize=10, leading=15, spaceAfter=8)
    heading = ParagraphStyle("heading", fontName=heading_font, fontSize=14, leading=20, spaceAfter=10)
    story: list[object] = [Paragraph(on_paper(title), heading), Spacer(1, 8)]
    for number, (head, paragraphs) in enumerate(sections):
        story += [PageBreak()] if number else []
        story += [Paragraph(on_paper(head), heading)]
        story += [Paragraph(on_paper(paragraph), text) for paragraph in paragraphs]
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, title=title.translate(UNCOVERED), author="Harbour & Pine", invariant=1
    )
    document.build(story, onFirstPage=page_number, onLaterPages=page_number)
    return buffer.getvalue()


def on_paper(text: str) -> str:
    """Text as the PDF's paragraph markup."""
    return escape(text.translate(UNCOVERED))


def page_number(canvas: object, document: object) -> None:
    """The foot of a page."""
    canvas.setFont("Text", 8)  # type: ignore[attr-defined]  # reportlab carries no types
    canvas.drawString(72, 40, f"Harbour & Pine    page {document.page}")  # type: ignore[attr-defined]  # as above


def docx(title: str, sections: Sections) -> bytes:
    """A Word document."""
    import docx as word

    document = word.Document()
    document.core_properties.title = title
    document.add_heading(title, 0)
    for head, paragraphs in sections:
        document.add_heading(head, 1)
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
    buffer = io.BytesIO()
    document.save(buffer)
    return steady(buffer.getvalue())


def xlsx(title: str, table: Table) -> bytes:
    """An Excel workbook with one sheet, a heading row and a sum of every column of numbers."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title[:31]
    for row in table:
        sheet.append(row)
    numbers = [isinstance(cell, int | float) for cell in table[-1]]
    sums = (sum(float(row[column]) for row in table[1:]) if yes else "" for column, yes in enumerate(numbers))
    sheet.append(["Total", *list(sums)[1:]])
    buffer = io.BytesIO()
    book.save(buffer)
    return steady(buffer.getvalue())


def pptx(title: str, sections: Sections) -> bytes:
    """A PowerPoint presentation: a title and a slide for each section."""
    import pptx as slides

    deck = slides.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = title
    for head, paragraphs in sections:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = head
        slide.placeholders[1].text = "\n".join(paragraphs)
    buffer = io.BytesIO()
    deck.save(buffer)
    return steady(buffer.getvalue())


def steady(archive: bytes) -> bytes:
    """An Office file with the same times in it whenever it was written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = CORE_TIMES.sub(rb"\g<1>2026-01-01T00:00:00Z\2", content)
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return buffer.getvalue()


def text(title: str, sections: Sections) -> bytes:
    """Plain text."""
    parts = [title, "=" * len(title)]
    for head, paragraphs in sections:
        parts += ["", head, "-" * len(head), *paragraphs]
    return ("\n".join(parts) + "\n").encode()


def csv(table: Table) -> bytes:
    """Comma-separated values, UTF-8."""
    return (
        "\n".join(",".join(f'"{cell}"' if isinstance(cell, str) else str(cell) for cell in row) for row in table) + "\n"
    ).encode()


def eml(subject: str, sender: str, to: str, date: str, body: str) -> bytes:
    """A saved e-mail."""
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP)
    message["Subject"], message["From"], message["To"], message["Date"] = subject, sender, to, date
    message["Message-ID"] = f"<{abs(hash_of(subject + to))}@harbourpine.example>"
    message.set_content(body)
    return message.as_bytes()


def hash_of(words: str) -> int:
    """A number that follows from a text and, other than hash(), is the same in every process."""
    import zlib

    return zlib.crc32(words.encode())
