"""Waits on this machine for the one request that a vendor sends the browser back with."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

from hub.errors import NeedsPerson

WAIT_SECONDS = 300
THANKS = b"Frontdesk has its answer. You may close this window and go back to the terminal.\n"


def wait_for_answer(port: int) -> dict[str, str]:
    """The query parameters of the redirect to /callback. NeedsPerson when none comes in five minutes."""
    answer: dict[str, str] = {}
    came = threading.Event()

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path != "/callback":
                self.send_error(404)
                return
            answer.update(parse_qsl(parts.query))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(THANKS)
            came.set()

        def log_message(self, *_: object) -> None:
            """The request line holds the code: it is not logged."""

    try:
        server = HTTPServer(("127.0.0.1", port), Callback)
    except OSError as error:
        raise NeedsPerson(
            f"Port {port} cannot be used: {error.strerror}.", step="Choose another with --port."
        ) from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        if not came.wait(WAIT_SECONDS):
            raise NeedsPerson("No answer came within five minutes.", step="Try again, or paste it with --code.")
    finally:
        server.shutdown()
        server.server_close()
    return answer
