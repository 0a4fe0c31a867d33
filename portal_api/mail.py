"""Mail: composed from templates/email, sent over SMTP by one thread, so that no answer waits for a mail server.

FRONTDESK_SMTP_URL is smtp://user:password@host:587 (STARTTLS where the server offers it) or smtps://...:465.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from hub.settings import Settings
from portal_api.templating import Templates
from portal_api.wording import Words

TIMEOUT_SECONDS = 20
PAUSES = (1.0, 5.0, 20.0)
"""Seconds before each further try."""

log = logging.getLogger(__name__)


class NoMailServer(OSError):
    """The configuration names none: trying again will not help."""


def compose(templates: Templates, name: str, context: Mapping[str, Any], words: Words) -> EmailMessage:
    """A mail from templates/email/{name}.subject.txt, .txt and .html; both bodies say the same."""
    message = EmailMessage()
    message["Subject"] = " ".join(templates.render(f"email/{name}.subject.txt", context, words).split())
    message.set_content(templates.render(f"email/{name}.txt", context, words).strip() + "\n")
    message.add_alternative(templates.render(f"email/{name}.html", context, words), subtype="html")
    return message


class Mailer:
    """Sends in the background. `count(outcome)` is told sent, retried or failed."""

    def __init__(self, settings: Settings, count: Callable[[str], None], *, pauses: tuple[float, ...] = PAUSES) -> None:
        self._url = settings.smtp_url.get_secret_value()
        self._from = _sender(settings.mail_from, settings.firm.name)
        self._domain = self._from.domain or "localhost"
        self._count = count
        self._pauses = pauses
        self._closing = threading.Event()
        self.late = False
        """Whether the last try failed: mail comes late, and whoever waits for some is told."""
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")

    def send_soon(self, message: EmailMessage, to: str) -> Future[bool]:
        """Queue a mail and return at once. The future says whether the mail server took it."""
        message["From"], message["To"] = self._from, to
        message["Message-ID"] = make_msgid(domain=self._domain)
        message["Auto-Submitted"] = "auto-generated"
        return self._worker.submit(self._send, message)

    def close(self) -> None:
        """Send what waits, trying again without a pause: no shutdown waits for a mail server that is down."""
        self._closing.set()
        self._worker.shutdown(wait=True)

    def _send(self, message: EmailMessage) -> bool:
        for pause in (*self._pauses, None):
            try:
                with _connected(self._url) as server:
                    server.send_message(message)
            except (OSError, smtplib.SMTPException) as error:
                refused = isinstance(error, (smtplib.SMTPRecipientsRefused, NoMailServer))
                final = pause is None or refused
                log.warning("mail not sent (%s): %s", "giving up" if final else "trying again", error)
                self._count("failed" if final else "retried")
                self.late = not isinstance(error, smtplib.SMTPRecipientsRefused)
                if final or pause is None:
                    return False
                self._closing.wait(pause)
            else:
                self._count("sent")
                self.late = False
                return True
        return False


def _sender(address: str, firm: str) -> Address:
    name, spec = parseaddr(address)
    return Address(display_name=name or firm, addr_spec=spec)


@contextmanager
def _connected(url: str) -> Iterator[smtplib.SMTP]:
    """A mail server, greeted, encrypted where it can be, signed in where the address says so."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise NoMailServer("FRONTDESK_SMTP_URL names no mail server; expected smtp://host:port")
    if parts.scheme == "smtps":
        secure = smtplib.SMTP_SSL(
            parts.hostname, parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
        server: smtplib.SMTP = secure
    else:
        server = smtplib.SMTP(parts.hostname, parts.port or 587, timeout=TIMEOUT_SECONDS)
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
