"""Native documents in every format that Drive offers, made of the text that is stored of them.

The layout is plain: what counts is that each of `exportLinks` gives a file that opens. What is stored as a rendition of
its own is sent as it is; the rest is made when it is asked for, so it always says what the text says now.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from sandbox.firm import formats
from sandbox.google_drive.archives import epub, open_document, zipped

PAPERS = Path(__file__).parent / "papers"
UNDERLINE = re.compile(r"=+|-+")
SIZE = (960, 540)


@cache
def papers() -> Environment:
    """The templates of the formats that are markup."""
    environment = Environment(loader=FileSystemLoader(PAPERS), autoescape=True)
    environment.filters["number"] = number
    return environment


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a document: its name and its text."""

    title: str
    text: str

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The text's lines with the level of those that are headings (1, 2), which are underlined in it."""
        kept: list[tuple[int, str]] = []
        for line in map(printable, self.text.splitlines()):
            if kept and UNDERLINE.fullmatch(line) and len(line) == len(kept[-1][1]):
                kept[-1] = (1 if line[0] == "=" else 2, kept[-1][1])
            elif line:
                kept.append((0, line))
        return kept

    @property
    def rows(self) -> list[list[str]]:
        """The text as a table. Every row is as long as the longest, as in a spreadsheet."""
        rows = [[printable(cell) for cell in row] for row in csv.reader(io.StringIO(self.text))] or [[""]]
        width = max(map(len, rows))
        return [row + [""] * (width - len(row)) for row in rows]

    @property
    def sections(self) -> formats.Sections:
        """The text as the sample firm's document writers take it."""
        return (("", tuple(line for _, line in self.lines)),)

    def marked_up(self, template: str) -> str:
        """One of the templates with the text in it."""
        facts = {"lines": self.lines, "rows": self.rows, "width": len(self.rows[0])}
        return papers().get_template(template).render(title=self.title, **facts)


def printable(text: str) -> str:
    """Without the characters that XML forbids."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\t")


def number(text: str) -> float | None:
    """A cell that is a number."""
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def source(name: str, stored: Mapping[str, Callable[[], bytes]]) -> Source:
    """The text of a native document: its rendition as text or as a table, else its name alone."""
    found = next((stored[mime] for mime in ("text/plain", "text/csv") if mime in stored), None)
    try:
        text = found().decode() if found else name
    except UnicodeDecodeError:
        text = name
    return Source(name or "Untitled", text)


def made(kind: str, ending: str, paper: Source) -> bytes:
    """A native document in the format with this ending."""
    return SHEETS[ending](paper) if kind == "spreadsheet" else PAGES[ending](paper)


def rtf(paper: Source) -> bytes:
    """Rich text; whatever is not ASCII is written as its UTF-16 units, each with a question mark for old readers."""
    escaped = "\\par\n".join(re.sub(r"[^ -\[\]-z|~]", rtf_letter, line) for _, line in paper.lines)
    return f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\n{escaped}\\par\n}}\n".encode("ascii")


def rtf_letter(found: re.Match[str]) -> str:
    letter = found.group()
    if letter in "\\{}":
        return "\\" + letter
    units = letter.encode("utf-16-le")
    signed = (int.from_bytes(units[place : place + 2], "little", signed=True) for place in range(0, len(units), 2))
    return "".join(f"\\u{unit}?" for unit in signed)


def xlsx(paper: Source) -> bytes:
    """A workbook with one sheet."""
    import openpyxl

    book, buffer = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in paper.rows:
        sheet.append([cell if number(cell) is None else number(cell) for cell in row])
    book.save(buffer)
    return buffer.getvalue()


def delimited(paper: Source, delimiter: str) -> bytes:
    """Rows of text."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(paper.rows)
    return buffer.getvalue().encode()


def picture(paper: Source, form: str) -> bytes:
    """The first lines on a white ground."""
    from PIL import Image, ImageDraw

    image, buffer = Image.new("RGB", SIZE, "white"), io.BytesIO()
    draw = ImageDraw.Draw(image)
    for place, (_, line) in enumerate(paper.lines[:14]):
        draw.text((48, 40 + place * 34), line, fill="black", font_size=24)
    image.save(buffer, form)
    return buffer.getvalue()


PAGES: dict[str, Callable[[Source], bytes]] = {
    "docx": lambda paper: formats.docx(paper.title, paper.sections),
    "odt": lambda paper: open_document("odt", paper.marked_up),
    "rtf": rtf,
    "pdf": lambda paper: formats.pdf(paper.title, paper.sections),
    "txt": lambda paper: paper.text.encode(),
    "zip": lambda paper: zipped({f"{paper.title.replace('/', '_')}.html": paper.marked_up("page.html")}),
    "epub": lambda paper: epub(paper.marked_up),
    # Underlined headings are headings in Markdown too.
    "md": lambda paper: paper.text.encode(),
    "pptx": lambda paper: formats.pptx(paper.title, paper.sections),
    "odp": lambda paper: open_document("odp", paper.marked_up),
    "png": lambda paper: picture(paper, "PNG"),
    "jpg": lambda paper: picture(paper, "JPEG"),
    "svg": lambda paper: paper.marked_up("page.svg").encode(),
}
SHEETS: dict[str, Callable[[Source], bytes]] = {
    "xlsx": xlsx,
    "ods": lambda paper: open_document("ods", paper.marked_up),
    "pdf": lambda paper: formats.pdf(paper.title, (("", tuple("   ".join(row) for row in paper.rows)),)),
    "csv": lambda paper: delimited(paper, ","),
    "tsv": lambda paper: delimited(paper, "\t"),
    "zip": lambda paper: zipped({"Sheet1.html": paper.marked_up("sheet.html")}),
}
