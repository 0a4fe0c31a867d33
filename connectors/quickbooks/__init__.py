"""QuickBooks Online: customers, invoices, payments, credit memos; first by windows of time, then by CDC; PDFs."""

from __future__ import annotations

from connectors.contract import Connector, Content, Stream
from connectors.quickbooks import reading
from connectors.quickbooks.checking import check, describe, home_currency
from connectors.quickbooks.client import Company, open_company
from connectors.quickbooks.connect import AUTHORIZE
from connectors.quickbooks.facts import ENTITIES, Entity
from connectors.quickbooks.failures import Gone
from connectors.quickbooks.settings import QuickBooksSettings
from hub.errors import BadRecord, NeedsPerson


def stream(name: str) -> Stream[Company]:
    """A stream by its entity's name. NeedsPerson for one that QuickBooks, or this connector, does not have."""
    entity = ENTITIES.get(name)
    if entity is None:
        raise NeedsPerson(f"QuickBooks has no stream {name!r}.", step=f"It has {', '.join(ENTITIES)}.")
    return Stream(
        name=name,
        read=lambda company, want: reading.read(company, entity, want),
        keys=lambda company: reading.keys(company, entity),
        one=lambda company, id_, _: reading.one(company, entity, id_),
        describe=None if entity.fields is None else lambda _: describe(entity),
        content=(lambda company, id_: paper(company, entity, id_)) if entity.pdf else None,
        count=lambda company: reading.count(company, entity),
    )


def paper(company: Company, entity: Entity, id_: str) -> Content:
    """The PDF that QuickBooks draws for a sale or payment. Not the same bytes twice: no hash tells of a change."""
    gone = BadRecord(f"QuickBooks no longer has this {entity.name}.", code="gone", step="Sync to take it out here too.")
    if not (id_.isascii() and id_.isdigit()):
        raise gone
    try:
        content = company.pdf(entity, id_)
    except Gone:
        raise gone from None
    return Content("application/pdf", iter((content,)), len(content), f"{entity.name}-{id_}.pdf")


def _requests(company: Company) -> int:
    return company.adapter.count


def _place(company: Company) -> str:
    return f"{company.settings.base_url or company.settings.environment} {company.realm_id}"


CONNECTOR = Connector(
    name="quickbooks",
    title="QuickBooks Online",
    settings=QuickBooksSettings,
    open=open_company,
    stream=stream,
    check=check,
    requests=_requests,
    place=_place,
    authorize=AUTHORIZE,
    currency=home_currency,
)
