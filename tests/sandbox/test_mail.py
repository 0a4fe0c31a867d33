"""The mail catcher: what a person sees of a message that a real SMTP client sent."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import urllib.request
from email.message import EmailMessage

import httpx
import pytest

from sandbox.mail import MOST_BYTES, free_port, port_of, start_mail
from sandbox.serve import serving
from sandbox.state import State

ASKED = "owner@müller.example"


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "sandbox.sqlite")


@pytest.fixture
def site(state):
    with serving(state) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture
def smtp(state):
    controller = start_mail(state, 0)
    with smtplib.SMTP("127.0.0.1", port_of(controller), timeout=10) as client:
        yield client
    controller.stop()


def mail(subject="Rechnung 1042 für O'Neill & Söhne", to="owner@mueller.example"):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "portal@firm.example", to
    message.set_content("Your code is 123 456.\nOpen http://portal.example/go/abc?x=1&y=2.\n")
    message.add_alternative(
        '<p>Your code</p><a href="http://portal.example/go/abc?x=1&amp;y=2">Open</a><script>alert(1)</script>',
        subtype="html",
    )
    return message


def test_a_message_can_be_read_in_words_with_its_links(site, smtp):
    smtp.send_message(mail())
    [kept] = site.get("/mail/messages").json()["messages"]
    assert kept["subject"] == "Rechnung 1042 für O'Neill & Söhne"
    assert kept["to"] == ["owner@mueller.example"]
    assert kept["links"] == ["http://portal.example/go/abc?x=1&y=2"]
    page = site.get(f"/mail/{kept['id']}").text
    assert 'href="http://portal.example/go/abc?x=1&amp;y=2"' in page
    assert "Rechnung 1042 für O&#39;Neill &amp; Söhne" in page
    assert "portal@firm.example" in page


def test_the_list_shows_the_newest_first_and_only_what_was_asked_for(site, smtp):
    for number, to in enumerate(["a@x.example", "b@x.example", "a@x.example"]):
        smtp.send_message(mail(f"Message {number}", to))
    page = site.get("/mail").text
    assert page.index("Message 2") < page.index("Message 1") < page.index("Message 0")
    only = site.get("/mail/messages", params={"to": "A@x.example"}).json()["messages"]
    assert [message["subject"] for message in only] == ["Message 2", "Message 0"]
    assert len(site.get("/mail/messages", params={"limit": "1"}).json()["messages"]) == 1


def test_an_empty_mailbox_says_so_and_a_cleared_one_too(site, smtp):
    assert "No mail yet" in site.get("/mail").text
    smtp.send_message(mail())
    assert site.delete("/mail/messages").status_code == 204
    assert "No mail yet" in site.get("/mail").text
    assert site.get("/mail/000001").status_code == 404
    smtp.send_message(mail())
    assert [message["id"] for message in site.get("/mail/messages").json()["messages"]] == ["000002"]


def test_a_message_runs_no_script_and_loads_nothing(site, smtp):
    smtp.send_message(mail())
    frame = site.get("/mail/000001/html")
    rules = frame.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "sandbox allow-popups" in rules
    assert "allow-scripts" not in rules
    assert "script-src" not in rules
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in site.get("/mail/000001").text
    assert "<script" not in site.get("/mail/000001").text


def test_a_message_of_over_ten_megabytes_is_refused(site, smtp):
    huge = mail()
    huge.add_attachment(b"x" * MOST_BYTES, maintype="application", subtype="pdf", filename="plan.pdf")
    with pytest.raises((smtplib.SMTPSenderRefused, smtplib.SMTPDataError)) as refused:
        smtp.send_message(huge)
    assert refused.value.smtp_code == 552
    assert site.get("/mail/messages").json()["messages"] == []


def test_attachments_are_named_and_a_strange_charset_is_no_obstacle(site, smtp):
    message = mail("Plan")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="Plan Küche.pdf")
    smtp.send_message(message)
    odd = b"Subject: odd\r\nContent-Type: text/plain; charset=klingon\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    smtp.sendmail("a@x.example", ["b@x.example"], odd)
    second, first = site.get("/mail/messages").json()["messages"]
    assert first["attachments"] == [{"name": "Plan Küche.pdf", "type": "application/pdf", "size": 5}]
    assert second["text"].strip() == "Grüße"
    assert "Plan Küche.pdf" in site.get(f"/mail/{first['id']}").text


def test_the_command_catches_mail_beside_the_vendors(tmp_path):
    port, smtp_port, state = free_port("127.0.0.1"), free_port("127.0.0.1"), tmp_path / "s.sqlite"
    State(state).set_fact("seeded", "yes")
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--smtp-port",
        str(smtp_port),
        "--state",
        str(state),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"Sandbox on http://")
            with smtplib.SMTP("127.0.0.1", smtp_port, timeout=10) as client:
                client.send_message(mail("From the command"))
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/mail", timeout=20) as page:
                assert b"From the command" in page.read()
        finally:
            process.terminate()
            process.wait(20)
