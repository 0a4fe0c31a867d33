"""Documents: by project and category, one, and its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.cards import Row
from portal_api.content import Wanted, key_of
from portal_api.feeds import Fresh
from portal_api.listing import ID, ROWS, Id, Standing, clean, newest, older, place, standing
from portal_api.pages import NotFound, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import documents as queries
from portal_api.queries.parts import LAST_ID, LAST_INSTANT
from portal_api.reading import reading
from portal_api.serving import serve
from portal_api.states import State, document_state
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)
START: Mapping[str, object] = {"after": LAST_INSTANT, "after_id": LAST_ID}

KINDS: Mapping[str, str] = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel workbook",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "Presentation",
    "application/msword": "Word document",
    "application/vnd.ms-excel": "Excel workbook",
    "application/vnd.ms-powerpoint": "Presentation",
    "application/zip": "ZIP archive",
    "message/rfc822": "Email",
    "text/csv": "CSV table",
    "text/plain": "Text",
    "application/vnd.google-apps.document": "Google document",
    "application/vnd.google-apps.spreadsheet": "Google spreadsheet",
    "application/vnd.google-apps.presentation": "Google presentation",
}

ProjectFilter = Annotated[str, Query(pattern=f"{ID}|^$")]


class Facet(NamedTuple):
    """One choice of a filter."""

    label: str
    number: int
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class DocumentsContext:
    """What templates/documents/documents.html shows."""

    rows: Sequence[Row]
    lead: str
    categories: Sequence[Facet]
    projects: Sequence[Facet]
    filtered: bool
    count: int
    older: str | None
    newest: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """What templates/documents/document.html shows."""

    id: str
    name: str
    state: State | None
    about: str
    facts: Sequence[tuple[str, str]]
    project: str
    project_href: str
    fresh: Fresh | None


@router.get("/documents")
async def documents(
    request: Request, _scope: Client, project: ProjectFilter = "", category: str = "", after: str = ""
) -> Response:
    """The list, newest first."""
    words, at = words_of(request), place(after, START)
    chosen = {"project_id": project, "category": clean(category, 40)}
    lists = await reading(request, _list, {**at, **chosen})
    record(request, "view", "documents")
    context = DocumentsContext(
        rows=[row_of(row, words) for row in lists["rows"][:ROWS]],
        lead="" if after or any(chosen.values()) else lead_of(lists, words),
        categories=_categories(lists["categories"], chosen),
        projects=_projects(lists["projects"], chosen),
        filtered=any(chosen.values()),
        count=sum(row.n for row in lists["categories"]),
        older=older(request, lists["rows"], ROWS, "modified", "id"),
        newest=newest(request),
        standing=standing(request, "document", lists, words),
    )
    return render(request, "documents/documents.html", {"page": context}, words=words)


@router.get("/documents/{document_id}")
async def document(request: Request, _scope: Client, document_id: Id) -> Response:
    """What is known of one file."""
    words = words_of(request)
    row, lists = await reading(request, _one, document_id)
    if row is None:
        raise NotFound
    record(request, "view", "document", document_id)
    fresh = portal_of(request).feeds.for_row(row, lists["streams"], words.now)
    return render(request, "documents/document.html", {"page": detail_of(row, fresh, words)}, words=words)


@router.get("/documents/{document_id}/download")
async def download(request: Request, _scope: Client, document_id: Id) -> Response:
    """Its bytes."""
    row = await reading(request, lambda reader: reader.first(queries.ONE, id=document_id))
    if row is None:
        raise NotFound
    wanted = Wanted(row.source, row.stream, row.external_id, key_of(row), row.name, row.name)
    return await serve(request, wanted, "document", row.id)


def lead_of(lists: Mapping[str, list[Any]], words: Words) -> str:
    """How many there are, and how new the newest of them is."""
    count, last = sum(row.n for row in lists["categories"]), next((row.modified_at for row in lists["rows"]), None)
    many = "1 document" if count == 1 else f"{count} documents"
    when = f"{', the newest' if count > 1 else ''} from {words.day(last)}" if last else ""
    return f"{many}{when}." if count else ""


def _list(reader: Reader, params: Mapping[str, object]) -> Mapping[str, list[Any]]:
    return reader.bundle(queries.LIST, limit=ROWS + 1, **params)


def _one(reader: Reader, document_id: str) -> tuple[Any, Mapping[str, list[Any]]]:
    row = reader.first(queries.ONE, id=document_id)
    return row, reader.bundle(queries.STATE) if row is not None else {}


def row_of(row: Any, words: Words) -> Row:
    """A document as one row of a list."""
    said = (row.category, words.day(row.modified_at), words.size(row.size_bytes), getattr(row, "project", None))
    return Row(
        title=row.name,
        about=" · ".join(filter(None, said)),
        href=f"/documents/{row.id}",
        state=document_state(row.status),
    )


def _address(chosen: Mapping[str, str]) -> str:
    named = {"project": chosen["project_id"], "category": chosen["category"]}
    query = urlencode({name: value for name, value in named.items() if value})
    return f"/documents?{query}" if query else "/documents"


def _categories(rows: Sequence[Any], chosen: Mapping[str, str]) -> list[Facet]:
    named = [row for row in rows if row.category]
    everything = Facet("All", sum(row.n for row in rows), _address({**chosen, "category": ""}), not chosen["category"])
    return [everything] + [
        Facet(row.category, row.n, _address({**chosen, "category": row.category}), row.category == chosen["category"])
        for row in named
    ]


def _projects(rows: Sequence[Any], chosen: Mapping[str, str]) -> list[Facet]:
    return [
        Facet(
            row.name,
            row.n,
            _address({**chosen, "project_id": "" if row.id == chosen["project_id"] else row.id}),
            row.id == chosen["project_id"],
        )
        for row in rows
    ]


def kind_of(media_type: str | None) -> str:
    """`PDF`, `Word document`, `Image`; a type that nobody knows is a file."""
    if (media_type or "").startswith("image/"):
        return "Image"
    return KINDS.get(media_type or "", "File")


def detail_of(row: Any, fresh: Fresh | None, words: Words) -> DocumentContext:
    """One document in words."""
    folder = (row.path or "").removesuffix(f"/{row.name}")
    found = (
        ("Category", row.category or ""),
        ("Changed", words.moment(row.modified_at)),
        ("Folder", folder if folder != row.category else ""),
    )
    return DocumentContext(
        id=row.id,
        name=row.name,
        state=document_state(row.status),
        about=" · ".join(filter(None, (kind_of(row.media_type), words.size(row.size_bytes)))),
        facts=[(name, value) for name, value in found if value],
        project=row.project or "",
        project_href=f"/projects/{row.project_id}" if row.project else "",
        fresh=fresh,
    )
