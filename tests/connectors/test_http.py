"""The session that the vendors' libraries speak through: what arrives is read, whatever it looks like."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from connectors.http import new_session

BODIES = {
    "/half": b'{"records": [{"Id": "1", "Name": "whole"}, {"Id": "2", "Name": "half \\ud83d"}]}',
    "/html": b"<html>We are down</html>",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(BODIES[self.path])

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_half_a_character_in_one_record_does_not_cost_the_page(address: str) -> None:
    session, _ = new_session()
    records = session.get(f"{address}/half").json()["records"]
    assert [record["Name"] for record in records] == ["whole", "half \ud83d"]


def test_a_page_of_html_is_no_json(address: str) -> None:
    session, _ = new_session()
    with pytest.raises(requests.exceptions.JSONDecodeError):
        session.get(f"{address}/html").json()
