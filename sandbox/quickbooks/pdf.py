"""An invoice, credit memo or receipt on paper: one page for usual ones, drawn when it is asked for."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from sandbox.firm.formats import fonts, on_paper
from sandbox.quickbooks.entities import VENDOR
from sandbox.state import Record, State

ACCENT, INK, FAINT, LINE = HexColor("#1F5F8B"), HexColor("#1C2530"), HexColor("#66717F"), HexColor("#D8DEE5")
TITLES = {"Invoice": "Invoice", "CreditMemo": "Credit memo", "Payment": "Payment receipt", "Estimate": "Estimate"}
WIDTH = A4[0] - 40 * mm
SHOWN = ("SalesItemLineDetail", "DescriptionOnly", "GroupLineDetail", "DiscountLineDetail")
WITHOUT_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


def render(state: State, record: Record) -> bytes:
    """The PDF of a sale or payment. Same data, same words; the bytes may differ, as at the vendor."""
    text, heading = fonts()
    company = next((row.body for row in state.select(VENDOR, "CompanyInfo")), {"CompanyName": "Sandbox Company"})
    customer = state.get(VENDOR, "Customer", str((record.body.get("CustomerRef") or {}).get("value", "")))
    paper = Paper(text, heading, record, str((record.body.get("CurrencyRef") or {}).get("value") or "USD"))
    story = [
        paper.letterhead(company),
        Spacer(1, 12 * mm),
        paper.parties(customer.body if customer else {}),
        Spacer(1, 9 * mm),
        paper.lines(),
        Spacer(1, 5 * mm),
        paper.totals(),
        *paper.closing(),
    ]
    buffer = io.BytesIO()
    title = f"{paper.title} {record.body.get('DocNumber', record.id)}"
    document = SimpleDocTemplate(
        buffer, pagesize=A4, title=title, author=company["CompanyName"],
        leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    document.build(story, onFirstPage=paper.foot(company), onLaterPages=paper.foot(company))
    return buffer.getvalue()


class Paper:
    """The parts of one page."""

    def __init__(self, text: str, heading: str, record: Record, currency: str) -> None:
        self.text, self.heading = text, heading
        self.record, self.body, self.currency = record, record.body, currency
        self.title = TITLES.get(record.kind, record.kind)

    def words(self, text: object, size: float = 9, *, bold: bool = False, right: bool = False, color: Any = INK) -> Any:
        """A paragraph; line breaks stay."""
        style = ParagraphStyle(
            "words", fontName=self.heading if bold else self.text, fontSize=size, leading=size * 1.45, textColor=color
        )
        if right:
            style.alignment = TA_RIGHT
        return Paragraph(on_paper(str(text)).replace("\n", "<br/>"), style)

    def money(self, amount: Any) -> str:
        """An amount with its currency: USD 1,234.50."""
        decimals = 0 if self.currency in WITHOUT_DECIMALS else 2
        return f"{self.currency} {float(amount or 0):,.{decimals}f}"

    def letterhead(self, company: dict[str, Any]) -> Flowable:
        address = "\n".join([*address_lines(company.get("CompanyAddr") or {}), email_of(company.get("Email"))])
        left = [self.words(company["CompanyName"], 15, bold=True, color=ACCENT), self.words(address, 8, color=FAINT)]
        right = [self.words(self.title, 20, bold=True, right=True)]
        if "Voided" in str(self.body.get("PrivateNote", "")):
            right.append(self.words("VOID", 12, bold=True, right=True, color=HexColor("#B3261E")))
        return Table(
            [[left, right]], colWidths=[WIDTH * 0.6, WIDTH * 0.4], style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *FLUSH]
        )

    def parties(self, customer: dict[str, Any]) -> Flowable:
        name = (self.body.get("CustomerRef") or {}).get("name") or customer.get("DisplayName", "")
        to = "\n".join(address_lines(self.body.get("BillAddr") or customer.get("BillAddr") or {}))
        left = [self.words("For", 8, color=FAINT), self.words(name, 10, bold=True), self.words(to)]
        return Table(
            [[left, self.facts()]],
            colWidths=[WIDTH * 0.55, WIDTH * 0.45],
            style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *FLUSH],
        )

    def facts(self) -> Flowable:
        """Number, dates, reference."""
        rows = [
            ("Number", self.body.get("DocNumber")),
            ("Date", day(self.body.get("TxnDate"))),
            ("Due", day(self.body.get("DueDate"))),
            ("Reference", self.body.get("PaymentRefNum")),
        ]
        cells = [
            [self.words(label, 9, color=FAINT), self.words(value, 9, right=True)] for label, value in rows if value
        ]
        return Table(cells or [["", ""]], colWidths=[WIDTH * 0.18, WIDTH * 0.27], style=FLUSH)

    def lines(self) -> Flowable:
        return self.payment_lines() if self.record.kind == "Payment" else self.sale_lines()

    def sale_lines(self) -> Flowable:
        head = ("Description", "Quantity", "Unit price", "Amount")
        rows = [self.row(line) for line in self.body.get("Line", []) if line.get("DetailType") in SHOWN]
        return self.table(head, rows, [0.46, 0.12, 0.2, 0.22])

    def row(self, line: dict[str, Any]) -> list[str]:
        """One line of a sale."""
        kind = line.get("DetailType")
        detail = line.get("SalesItemLineDetail") or {}
        if kind == "DescriptionOnly":
            return [line.get("Description", ""), "", "", ""]
        if kind == "DiscountLineDetail":
            percent = (line.get("DiscountLineDetail") or {}).get("DiscountPercent")
            return [
                "Discount" + (f" {percent:g} %" if percent else ""),
                "",
                "",
                self.money(-float(line.get("Amount") or 0)),
            ]
        name = line.get("Description") or (detail.get("ItemRef") or {}).get("name", "")
        price = self.money(detail["UnitPrice"]) if "UnitPrice" in detail else ""
        return [name, f"{detail['Qty']:g}" if "Qty" in detail else "", price, self.money(line.get("Amount"))]

    def payment_lines(self) -> Flowable:
        rows = [
            [f"{TITLES.get(link['TxnType'], link['TxnType'])} {link['TxnId']}", self.money(line.get("Amount"))]
            for line in self.body.get("Line", [])
            for link in line.get("LinkedTxn", [])
        ]
        return self.table(("Applied to", "Amount"), rows, [0.7, 0.3])

    def table(self, head: tuple[str, ...], rows: list[list[str]], shares: list[float]) -> Flowable:
        """A table whose first column is text and whose others are figures."""
        top = [self.words(word, 8, bold=True, right=place > 0, color=FAINT) for place, word in enumerate(head)]
        body = [[self.words(cell, 9, right=place > 0) for place, cell in enumerate(row)] for row in rows]
        rules = [("LINEBELOW", (0, 0), (-1, 0), 0.9, ACCENT), ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE)]
        padding = [
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
        return Table(
            [top, *body],
            colWidths=[WIDTH * share for share in shares],
            repeatRows=1,
            style=[*rules[: 1 + bool(body)], *padding],
        )

    def totals(self) -> Flowable:
        """Tax, total, what has been paid and what is left."""
        total = float(self.body.get("TotalAmt") or 0)
        tax = float((self.body.get("TxnTaxDetail") or {}).get("TotalTax") or 0)
        rows = [("Subtotal", total - tax), ("Tax", tax)] if tax else []
        rows.append(("Total", total))
        if self.record.kind == "Invoice":
            left = float(self.body.get("Balance") or 0)
            rows += [("Paid", -(total - left))] if total != left else []
            rows.append(("Balance due", left))
        elif self.record.kind == "CreditMemo":
            rows.append(("Credit left", float(self.body.get("RemainingCredit") or 0)))
        elif self.record.kind == "Payment" and self.body.get("UnappliedAmt"):
            rows.append(("Not yet applied", float(self.body["UnappliedAmt"])))
        last = len(rows) - 1
        cells = [
            [
                "",
                self.words(label, 10, bold=place == last),
                self.words(self.money(value + 0.0), 10, bold=place == last, right=True),
            ]
            for place, (label, value) in enumerate(rows)
        ]
        style = [("LINEABOVE", (1, last), (-1, last), 0.9, ACCENT), ("RIGHTPADDING", (-1, 0), (-1, -1), 0)]
        return Table(cells, colWidths=[WIDTH * 0.5, WIDTH * 0.22, WIDTH * 0.28], style=style)

    def closing(self) -> list[Flowable]:
        memo = (self.body.get("CustomerMemo") or {}).get("value")
        if not memo:
            return []
        return [Spacer(1, 12 * mm), Table([[self.words(memo, 9, color=FAINT)]], colWidths=[WIDTH], style=FLUSH)]

    def foot(self, company: dict[str, Any]) -> Any:
        """Draws the foot of a page."""
        words = on_foot(company)

        def draw(canvas: Any, document: Any) -> None:
            canvas.setFont(self.text, 7.5)
            canvas.setFillColor(FAINT)
            canvas.drawString(20 * mm, 11 * mm, words)
            canvas.drawRightString(A4[0] - 20 * mm, 11 * mm, f"Page {document.page}")

        return draw


FLUSH = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
]


def on_foot(company: dict[str, Any]) -> str:
    return "  ·  ".join(
        part for part in (company.get("LegalName") or company["CompanyName"], email_of(company.get("Email"))) if part
    )


def address_lines(address: dict[str, Any]) -> list[str]:
    """A postal address as it is written on an envelope."""
    town = " ".join(
        str(address[name]) for name in ("PostalCode", "City", "CountrySubDivisionCode") if address.get(name)
    )
    return [line for line in (address.get("Line1"), address.get("Line2"), town, address.get("Country")) if line]


def email_of(value: Any) -> str:
    return str(value.get("Address", "")) if isinstance(value, dict) else ""


def day(text: str | None) -> str:
    """A calendar day in words; anything else as it came."""
    try:
        date = dt.date.fromisoformat(text or "")
    except ValueError:
        return text or ""
    return f"{date.day} {date:%B %Y}"
