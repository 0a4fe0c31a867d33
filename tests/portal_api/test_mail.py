"""Mail really leaves, by SMTP, and its link works."""

from __future__ import annotations

import email
import re
import socket
from email import policy
from urllib.parse import urlsplit

import httpx
import pytest
from aiosmtpd.controller import Controller

from portal_api.app import create_app

pytestmark = pytest.mark.anyio


class Catcher:
    """A mail server that keeps what it gets; the first `refusals` mails it is not ready for."""

    def __init__(self, port):
        self.port = port
        self.mails = []
        self.refusals = 0

    async def handle_DATA(self, server, session, envelope):
        if self.refusals:
            self.refusals -= 1
            return "451 busy, try again later"
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def catcher():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        handler = Catcher(free.getsockname()[1])
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
async def mailing(sqlite_world, catcher):
    url = f"smtp://127.0.0.1:{catcher.port}"
    app = create_app(sqlite_world.settings.model_copy(update={"smtp_url": type(sqlite_world.settings.smtp_url)(url)}))
    app.state.portal.mailer._pauses = (0.01, 0.01)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=sqlite_world.settings.public_url
    ) as client:
        client.app = app  # type: ignore[attr-defined]
        yield client
    app.state.portal.store.close()


async def test_somebody_asks_gets_mail_and_is_in(sqlite_world, mailing, catcher):
    address = sqlite_world.client("logistics").email
    asked = await mailing.post("/sign-in", data={"email": address.upper(), "next": "/clients"})
    assert "Check your mail" in (await mailing.get(asked.headers["location"])).text
    mailing.app.state.portal.mailer.close()
    [(to, mail)] = catcher.mails
    assert to == [address]
    assert re.fullmatch(r"\d{3} \d{3} is your code for Hafen & Söhne", mail["subject"])
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    [link] = re.findall(r"http://\S+/sign-in/\S+", text)
    code = mail["subject"][:7]
    for body in (text, html):
        assert link in body
        assert code in body
        assert "15 minutes" in body
        assert "Why you got this" in body
    pressed = await mailing.post(urlsplit(link).path)
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/clients")


async def test_the_mailed_code_works_in_the_asking_browser_only(sqlite_world, mailing, catcher):
    await mailing.post("/sign-in", data={"email": sqlite_world.client("agency").email})
    mailing.app.state.portal.mailer.close()
    code = catcher.mails[0][1]["subject"][:7]
    cookie = mailing.cookies["frontdesk_asked"]
    mailing.cookies.clear()
    elsewhere = await mailing.post("/sign-in/code", data={"code": code})
    assert elsewhere.status_code == 400
    assert "That code did not fit" in elsewhere.text
    mailing.cookies.set("frontdesk_asked", cookie)
    assert (await mailing.post("/sign-in/code", data={"code": code})).headers["location"] in {"/", "/?welcome=1"}


async def test_nobody_elses_address_gets_mail(mailing, catcher):
    await mailing.post("/sign-in", data={"email": "nobody@nowhere.example"})
    mailing.app.state.portal.mailer.close()
    assert catcher.mails == []


async def test_a_busy_mail_server_is_asked_again(sqlite_world, mailing, catcher):
    catcher.refusals = 1
    await mailing.post("/sign-in", data={"email": sqlite_world.client("legal").email})
    portal = mailing.app.state.portal
    portal.mailer.close()
    assert len(catcher.mails) == 1
    assert b'frontdesk_mails_total{outcome="retried"} 1.0' in portal.metrics.text()
    assert b'frontdesk_mails_total{outcome="sent"} 1.0' in portal.metrics.text()


async def test_without_a_mail_server_the_page_answers_and_the_failure_is_counted(sqlite_world, catcher):
    app = create_app(sqlite_world.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as client:
        answer = await client.post("/sign-in", data={"email": sqlite_world.client("professional_services").email})
        assert answer.status_code == 303
        app.state.portal.mailer.close()
        assert "Our mail goes out late just now." in (await client.get(answer.headers["location"])).text
    assert b'frontdesk_mails_total{outcome="failed"} 1.0' in app.state.portal.metrics.text()
    app.state.portal.store.close()
