"""Documents: by project and category, newest first; one; the bytes' address at its source."""

from __future__ import annotations

from sqlalchemy import String, bindparam, func, or_, select

from portal_api.queries.parts import STREAMS, held, newest_first, since_ever
from store.bundle import Bundle
from store.names import by_name
from store.scope import visible

_document, _project = visible["document"], visible["project"]
_d = _document.c

project_id = bindparam("project_id", type_=String)
category = bindparam("category", type_=String)

_joined = _document.outerjoin(_project, _project.c.id == _d.project_id)
_modified = since_ever(_d.modified_at)

COLUMNS = (
    _d.id,
    _d.name,
    _d.category,
    _d.path,
    _d.project_id,
    _project.c.name.label("project"),
    _d.media_type,
    _d.size_bytes,
    _d.revision,
    _d.status,
    _d.modified_at,
    _d.source,
    _d.stream,
)

PAGE = newest_first(
    select(*COLUMNS, _modified.label("modified"))
    .select_from(_joined)
    .where(or_(project_id == "", _d.project_id == project_id), or_(category == "", _d.category == category)),
    _modified,
    _d.id,
)

CATEGORIES = select(_d.category, func.count().label("n")).group_by(_d.category).order_by(_d.category.nulls_last())

PROJECTS = (
    select(_project.c.id, _project.c.name, func.count().label("n"))
    .select_from(_document.join(_project, _project.c.id == _d.project_id))
    .group_by(_project.c.id, _project.c.name)
    .order_by(by_name(_project.c.name), _project.c.id)
    .limit(40)
)

LIST = Bundle(rows=PAGE, categories=CATEGORIES, projects=PROJECTS, held=held("document"), streams=STREAMS)

ONE = (
    select(*COLUMNS, _d.external_id, _d.content_hash, _d.md5)
    .select_from(_joined)
    .where(_d.id == bindparam("id", type_=String))
)
STATE = Bundle(streams=STREAMS)
