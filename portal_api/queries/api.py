"""Pages of the API: one list with how fresh it is, in one round trip."""

from __future__ import annotations

from portal_api.queries import contracts, documents, invoices, projects, requests, shipments
from portal_api.queries.parts import STREAMS
from store.bundle import Bundle

LISTS = {
    "invoices": Bundle(rows=invoices.ALL, streams=STREAMS),
    "open_invoices": Bundle(rows=invoices.OPEN, streams=STREAMS),
    "projects": Bundle(rows=projects.PAGE, streams=STREAMS),
    "shipments": Bundle(rows=shipments.PAGE, streams=STREAMS),
    "documents": Bundle(rows=documents.PAGE, streams=STREAMS),
    "contracts": Bundle(rows=contracts.PAGE, streams=STREAMS),
    "requests": Bundle(rows=requests.PAGE, streams=STREAMS),
}
