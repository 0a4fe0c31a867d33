"""Which files a client has, by its trade, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.firm import formats, pictures
from sandbox.firm.calendar import Calendar
from sandbox.firm.people import FIRM, FIRM_DOMAIN, STAFF
from sandbox.firm.roster import Client
from sandbox.firm.trades import ITEMS, TRADES
from sandbox.google_drive.resource import NATIVE, OFFICE

MIMES = {
    "pdf": "application/pdf",
    "docx": OFFICE + "wordprocessingml.document",
    "xlsx": OFFICE + "spreadsheetml.sheet",
    "pptx": OFFICE + "presentationml.presentation",
    "png": "image/png",
    "jpg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
    "eml": "message/rfc822",
}
DOCUMENT = tuple((MIMES[ending], ending) for ending in ("pdf", "txt", "docx"))
SHEET = tuple((MIMES[ending], ending) for ending in ("xlsx", "csv", "pdf"))


@dataclass(frozen=True, slots=True)
class Paper:
    """One file of a client. `personal`: its text names the client, so its bytes are shared with nobody.

    `exports` marks a native Google document by the renditions that are stored of it: (media type, ending).
    """

    key: str
    name: str
    mime: str
    category: str
    personal: bool = False
    of_project: bool = False
    status: str = ""
    versions: int = 1
    exports: tuple[tuple[str, str], ...] = ()
    trashed: bool = False

    @property
    def ending(self) -> str:
        return next(ending for ending, mime in MIMES.items() if mime == self.mime)


def paper(key: str, name: str, category: str, notes: str = "", status: str = "", versions: int = 1) -> Paper:
    """A binary file; its media type follows from its name. `notes`: p personal, j of the project, t trashed."""
    mime = MIMES[name.rsplit(".", 1)[-1]]
    personal, of_project, trashed = (letter in notes for letter in "pjt")
    return Paper(key, name, mime, category, personal, of_project, status, versions, trashed=trashed)


CONTRACT = paper("contract", "Agreement, signed.pdf", "Contracts", "p", "Signed")
TERMS = paper("terms", "General terms.pdf", "Contracts", "", "Final")
STATEMENT = paper("statement", "Statement of account.xlsx", "Invoices", "")
LETTER = paper("letter", "Re: open points.eml", "Correspondence", "p")
NOTE = paper("note", "Call notes.txt", "Correspondence", "j")
REPORT = paper("report", "Monthly report.pdf", "Reports", "pj", "Final", 3)
DRAFT = paper("report draft", "Monthly report.pdf", "Reports", "j", "Draft")
MINUTES = Paper(
    "minutes", "Minutes (living document)", NATIVE + "document", "Reports", of_project=True, exports=DOCUMENT
)
PLAN = Paper("plan", "Plan and open points", NATIVE + "spreadsheet", "Deliverables", of_project=True, exports=SHEET)
BIN = paper("note old", "Old notes.txt", "Correspondence", "t")

BASIC = (CONTRACT, TERMS, STATEMENT, LETTER, NOTE, REPORT)
RICH = (DRAFT, MINUTES, PLAN, BIN)
BY_TRADE: dict[str, tuple[Paper, ...]] = {
    "logistics": (
        paper("packing", "Packing list 40' HC / container 2.xlsx", "Deliverables", "j"),
        paper("shipments", "Shipments 📦.csv", "Reports"),
        paper("proof", "Proof of delivery.pdf", "Deliverables", "j", "Signed"),
    ),
    "professional_services": (
        paper("concept", "Design concept.docx", "Deliverables", "j", "For review", 2),
        paper("deck", "Steering committee.pptx", "Reports", "j", "Final"),
        paper("budget", "Budget.xlsx", "Reports", "j"),
    ),
    "architecture": (
        paper("photo 1", "Baustelle Süd – Woche 12.jpg", "Reports", "j"),
        paper("photo 2", "Baustelle Süd – Woche 16.jpg", "Reports", "j"),
        paper("drawing", "Grundriss EG.png", "Deliverables", "j", "For review", 2),
        paper("specification", "Specification.docx", "Deliverables", "j", "Draft"),
    ),
    "legal": (
        paper("pleading", "Statement of claim.pdf", "Deliverables", "j", "Final", 2),
        paper("witness", "Witness statement (O’Leary).docx", "Deliverables", "j", "For review"),
        paper("costs", "Costs to date.xlsx", "Invoices", "j"),
    ),
    "agency": (
        paper("poster", "Key visual – Größe A1.png", "Deliverables", "j", "For review", 3),
        paper("deck", "Creative routes.pptx", "Deliverables", "j", "For review"),
        paper("budget", "Media plan.xlsx", "Reports", "j"),
    ),
    "saas": (
        paper("usage", "Usage by month.csv", "Reports"),
        paper("guide", "Administrator’s guide.pdf", "Deliverables", "", "Final", 2),
        paper("deck", "Training slides.pptx", "Deliverables"),
    ),
}


TABLES: dict[str, formats.Table] = {
    "packing": (
        ("Marks", "Cartons", "Gross kg"),
        ("Spindle housings", 24, 1312.5),
        ("Bearings, greased", 60, 418.0),
        ("Control cabinets", 4, 690.2),
    ),
    "shipments": (("Month", "Shipments", "On time"), ("August", 9, 8), ("September", 12, 10), ("October", 11, 11)),
    "usage": (
        ("Month", "Records", "Seats in use"),
        ("August", 31_204, 71),
        ("September", 33_870, 78),
        ("October", 35_519, 85),
    ),
    "plan": (("Open point", "Owner days", "Share done"), ("Decide on scope", 2, 1.0), ("Check the figures", 5, 0.4)),
}
"""Spreadsheets' rows by the paper's key."""


def papers_of(member: Client) -> tuple[Paper, ...]:
    """A client's files; demos have all of them, a new client only its draft contract."""
    if member.situation == "first_visit":
        return (replace(CONTRACT, key="contract draft", name="Agreement, draft.pdf", status="For review"), TERMS)
    mine = BASIC + BY_TRADE[member.profile]
    return mine + RICH if member.situation == "demo" else mine


def content_of(
    paper: Paper, ending: str, version: int, member: Client | None, profile: str, calendar: Calendar
) -> bytes:
    """The bytes of a paper in a format."""
    whom = member.name if member else "our clients"
    title = f"{paper.name.rsplit('.', 1)[0]}, {whom}" if paper.personal else paper.name.rsplit(".", 1)[0]
    if ending in {"png", "jpg"}:
        return picture(paper, version, profile)
    if ending == "eml":
        return letter(whom, member, profile, calendar)
    if ending in {"xlsx", "csv"}:
        rows = table(paper, profile)
        return formats.xlsx(paper.key.title(), rows) if ending == "xlsx" else formats.csv(rows)
    writers = {"pdf": formats.pdf, "docx": formats.docx, "pptx": formats.pptx, "txt": formats.text}
    return writers[ending](title, sections(paper, version, whom, profile))


def picture(paper: Paper, version: int, profile: str) -> bytes:
    """Photos show the building grow, drawings and layouts their version."""
    if paper.key.startswith("photo"):
        return pictures.site_photo(profile, 1 + int(paper.key[-1]))
    if paper.key == "drawing":
        return pictures.floor_plan(f"{version}", f"Ground floor, version {version}")
    return pictures.poster(f"{version}", f"Out of doors. {version}")


def letter(whom: str, member: Client | None, profile: str, calendar: Calendar) -> bytes:
    """An e-mail to the client about what is open."""
    manager = STAFF[profile]
    domain = member.domain if member else "client.example"
    date = calendar.day(-9).strftime("%a, %d %b %Y 09:12:00 +0000")
    step = TRADES[profile].phases[1][1][0].partition("!")[0]
    body = (
        f"Dear all at {whom},\n\nas agreed on the telephone: the next step is “{step}”.\nPlease answer by Friday.\n\n"
    )
    return formats.eml(
        "Open points", f"{manager} <team@{FIRM_DOMAIN}>", f"office@{domain}", date, body + manager + "\n"
    )


def sections(paper: Paper, version: int, whom: str, profile: str) -> formats.Sections:
    """The text: what it is about, what was done, what comes, by the words of the trade."""
    trade, kind = TRADES[profile], paper.key.split(" ", maxsplit=1)[0]
    if kind in {"contract", "terms"}:
        return agreement(whom, profile)
    done = tuple(f"{event}." for event in trade.last_events)
    steps = tuple(f"{phase}: {', '.join(step.partition('!')[0] for step in names)}." for phase, names in trade.phases)
    return (
        (f"Summary for {whom}", (trade.summary, f"Version {version}, {kind}, prepared by {STAFF[profile]}.")),
        ("What happened", done),
        ("What comes next", (*steps, *(f"Next: {event}." for event in trade.next_events))),
    )


def agreement(whom: str, profile: str) -> formats.Sections:
    """Terms between the firm and a client."""
    prices = tuple(f"{name}: {price / 100:,.2f} per unit." for name, price in ITEMS[profile])
    return (
        ("Parties and subject", (f"Between {FIRM} and {whom}.", TRADES[profile].summary)),
        ("Prices and payment", (*prices, "Invoices are payable within 30 days without deduction.")),
        ("Term and notice", ("The agreement runs for 24 months. Either side may give notice of 90 days in writing.",)),
    )


def searchable(paper: Paper, member: Client) -> str:
    """The words that Drive's full-text search finds a paper by."""
    if paper.mime.startswith("image/"):
        return ""
    whom = member.name if paper.personal else "our clients"
    return " ".join(" ".join((head, *texts)) for head, texts in sections(paper, paper.versions, whom, member.profile))


def table(paper: Paper, profile: str) -> formats.Table:
    """Rows with numbers: those of the paper's own kind, or what was sold at which price."""
    rows = tuple((name, count + 2, price / 100) for count, (name, price) in enumerate(ITEMS[profile]))
    return TABLES.get(paper.key, (("Position", "Quantity", "Unit price"), *rows))
