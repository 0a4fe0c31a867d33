"""QuickBooks' routes: sign-in, the company's API, and the sandbox's own switches for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import bearers
from sandbox.quickbooks import (
    attachments,
    batch,
    cdc,
    checks,
    currency,
    ledger,
    oauth,
    pdf,
    query,
    reports,
    webhooks,
    writes,
)
from sandbox.quickbooks.entities import BY_PATH, VENDOR
from sandbox.quickbooks.faults import Fault, answer, misshapen, missing, not_found, unsupported, wrong_company
from sandbox.quickbooks.wire import REALM, REALM_FACT, Call, enveloped, headers, reply, served
from sandbox.state import Record, State

Handler = Callable[[Call], Response]
log = logging.getLogger(__name__)
BAD_SHAPE = (AttributeError, TypeError, KeyError, ValueError)
"""What text where an object is expected, and the like, comes to."""
SWITCHES = {
    "rotate_always": oauth.ROTATE_ALWAYS,
    "cdc_refuses_old": cdc.REFUSES_OLD,
    "cdc_newest_first": cdc.NEWEST_FIRST,
    "old_webhooks": webhooks.OLD_SHAPE,
}


def run_query(call: Call) -> Response:
    """GET /query?query=... and POST /query with the statement as its body."""
    statement = call.query.get("query", "") if call.method == "GET" else call.body.decode("utf-8", "replace")
    found = query.run(call.state, statement)
    if attachments.KIND in found:
        found[attachments.KIND] = [attachments.linked(call, body) for body in found[attachments.KIND]]
    return reply(enveloped(call.state, {"QueryResponse": found}))


def changes(call: Call) -> Response:
    return reply(enveloped(call.state, cdc.changes(call)))


def report(call: Call) -> Response:
    return reply(reports.made(call))


def exchange_rate(call: Call) -> Response:
    """GET /exchangerate?sourcecurrencycode=EUR&asofdate=: one rate for all days, that of the latest invoice."""
    code = call.query.get("sourcecurrencycode", "").upper()
    if not code:
        raise missing("sourcecurrencycode")
    home = (currency.preferences(call.state).get("HomeCurrency") or {}).get("value", "USD")
    asked = call.query.get("asofdate") or enveloped(call.state, {})["time"][:10]
    rate = {"SourceCurrencyCode": code, "TargetCurrencyCode": home, "Rate": currency.rate(call.state, code)}
    body = rate | {"AsOfDate": asked, "domain": "QBO", "sparse": False}
    return reply(enveloped(call.state, {"ExchangeRate": body}))


def run_batch(call: Call) -> Response:
    return reply(enveloped(call.state, batch.run(call)))


def write(call: Call) -> Response:
    status, body = writes.post(call)
    return reply(body, status)


def singleton(kind: str) -> Handler:
    """CompanyInfo and Preferences: there is one of each, whatever its id."""

    def read(call: Call) -> Response:
        record = next(call.state.select(VENDOR, kind), None)
        if record is None:
            raise not_found()
        return reply(enveloped(call.state, {kind: served(record)}))

    return read


def found(call: Call) -> Record:
    """The live object that a path names. Faults 500 and 610."""
    entity = BY_PATH.get(call.path["entity"].lower())
    if entity is None:
        raise unsupported(call.path["entity"])
    record = call.state.get(VENDOR, entity.name, call.path["id"])
    if record is None or record.deleted:
        raise not_found()
    return record


def read(call: Call) -> Response:
    """GET /{entity}/{id}; `include=invoiceLink` adds the pay link where the invoice has an address to send it to."""
    record = found(call)
    body = served(record)
    if record.kind == "Invoice" and "invoicelink" in call.query.get("include", "").lower() and "BillEmail" in body:
        body["InvoiceLink"] = f"{call.base}/pay/{record.id}"
    if record.kind == attachments.KIND:
        body = attachments.linked(call, body)
    return reply(enveloped(call.state, {record.kind: body}))


def paper(call: Call) -> Response:
    """GET /{entity}/{id}/pdf."""
    record = found(call)
    if not BY_PATH[record.kind.lower()].pdf:
        raise unsupported(f"pdf on {record.kind}")
    return Response(pdf.render(call.state, record), headers={**headers(), "Content-Type": "application/pdf"})


def send(call: Call) -> Response:
    """POST /{entity}/{id}/send?sendTo=...: marks the sale as e-mailed. No mail leaves the sandbox."""
    record = found(call)
    if not BY_PATH[record.kind.lower()].pdf:
        raise unsupported(f"send on {record.kind}")
    address = call.query.get("sendTo") or (record.body.get("BillEmail") or {}).get("Address")
    if not address:
        raise missing("sendTo")
    checks.check_email(address)
    sent = {"EmailStatus": "EmailSent", "BillEmail": {"Address": address}}
    sent |= {"DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": enveloped(call.state, {})["time"]}}
    after = ledger.write(call.state, record.kind, record.id, {**record.body, **sent})
    return reply(enveloped(call.state, {record.kind: served(after)}))


SETTERS: dict[str, Callable[[State, Any], None]] = {
    "webhook": lambda state, url: webhooks.subscribe(state, str(url or "")),
    "verifier_token": lambda state, token: state.set_fact(webhooks.VERIFIER, str(token)),
    "expire": lambda state, really: bearers.end_all(state, VENDOR) if really else None,
    "disconnect": lambda state, really: oauth.revoke_all(state) if really else None,
}


def company(handler: Handler) -> Handler:
    """The check in front of a company's API: a good bearer, this company, a version that there is."""

    def checked(call: Call) -> Response:
        oauth.check_bearer(call)
        if call.path["realm"] != call.state.fact(REALM_FACT, REALM):
            raise wrong_company()
        checks.check_version(call)
        return handler(call)

    return checked


def switch(call: Call) -> Response:
    """POST /control/quickbooks {"rotate_always": true}, GET shows the switches; {"disconnect": true} revokes all.

    {"expire": true} ends the access tokens alone.
    {"webhook": "https://..."} subscribes an address, {"verifier_token": "..."} sets what deliveries are signed with.
    """
    wish = writes.payload(call.body) if call.method == "POST" else {}
    for name, value in wish.items():
        if name in SWITCHES:
            call.state.set_fact(SWITCHES[name], "yes" if value else "")
        elif name in SETTERS:
            SETTERS[name](call.state, value)
        else:
            known = ", ".join([*SWITCHES, *SETTERS])
            return JSONResponse({"error": f"unknown switch {name!r}; there are {known}"}, 400)
    shown = {name: bool(call.state.fact(fact)) for name, fact in SWITCHES.items()}
    return JSONResponse(shown | {"webhook": call.state.fact(webhooks.URL)})


def endpoint(state: State, handler: Handler) -> Callable[[Request], object]:
    """A Starlette endpoint: reads the request, works in a thread, answers Faults in the vendor's shapes."""

    async def answered(request: Request) -> Response:
        call = Call(
            state, request.method, request.path_params, dict(request.query_params), dict(request.headers),
            await request.body(), str(request.base_url).rstrip("/"),
        )  # fmt: skip
        return await run_in_threadpool(lambda: attempt(handler, call))

    return answered


def attempt(handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except Fault as fault:
        return answer(fault, call.state.now())
    except BAD_SHAPE as error:
        if not call.body:
            raise
        log.info("a body of the wrong shape", exc_info=error)
        return answer(misshapen(str(error)), call.state.now())


PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/.well-known/openid_configuration", oauth.discovery),
    ("GET", "/.well-known/openid_sandbox_configuration", oauth.discovery),
    ("GET POST", "/connect/oauth2", oauth.consent),
    ("POST", "/oauth2/v1/tokens/bearer", oauth.bearer),
    ("POST", "/oauth2/v1/tokens/revoke", oauth.revoke),
    ("GET", "/oauth2/v1/openid_connect/userinfo", oauth.user_info),
    ("GET", "/v1/openid_connect/userinfo", oauth.user_info),
    ("GET POST", "/control/quickbooks", switch),
    ("GET", "/v3/company/files/{id}", attachments.file),
)
COMPANY_PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET POST", "/query", run_query),
    ("GET", "/cdc", changes),
    ("POST", "/batch", run_batch),
    ("GET", "/companyinfo/{id}", singleton("CompanyInfo")),
    ("GET", "/preferences", singleton("Preferences")),
    ("POST", "/upload", attachments.upload),
    ("GET", "/download/{id}", attachments.download),
    ("GET", "/reports/{name}", report),
    ("GET", "/exchangerate", exchange_rate),
    ("GET", "/{entity}/{id}/pdf", paper),
    ("POST", "/{entity}/{id}/send", send),
    ("GET", "/{entity}/{id}", read),
    ("POST", "/{entity}", write),
)


def routes(state: State) -> list[Route]:
    """Everything that Intuit's clients and the control page may ask of the emulated QuickBooks."""
    plain = [
        Route(path + slash, endpoint(state, handler), methods=methods.split())
        for methods, path, handler in PATHS
        for slash in (("", "/") if path.startswith("/.well-known") else ("",))
    ]
    return plain + [
        Route(f"/v3/company/{{realm}}{path}", endpoint(state, company(handler)), methods=methods.split())
        for methods, path, handler in COMPANY_PATHS
    ]
