"""The demo as a newcomer has it: one command, a link, an answer; a payment arrives; Ctrl-C leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.ids import entity_id

pytestmark = [pytest.mark.slow, pytest.mark.prefect, pytest.mark.timeout(600)]

PROFILES = {"logistics", "professional_services", "architecture", "legal", "agency", "saas"}
READY = "Ctrl-C stops everything"


class Demo:
    """A running `frontdesk demo` with what it printed."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder, self.ports = folder, [_free_port() for _ in range(4)]
        options = ("--port", "--sandbox-port", "--prefect-port", "--smtp-port")
        chosen = [text for option, port in zip(options, self.ports, strict=True) for text in (option, str(port))]
        self.output = folder / "demo.out"
        self.browsers: dict[str, httpx.Client] = {}
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "demo", "--sync-every", "15", *chosen, *words],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                # A real Frontdesk's or Prefect's settings in the environment must not leak into the demo.
                env=os.environ | {"FRONTDESK_DATABASE_URL": "postgresql://nowhere/", "PREFECT_API_URL": "http://nowhere/api"},
            )  # fmt: skip
        self.wait_until_ready()
        self.facts: dict[str, Any] = json.loads((folder / "var/demo.json").read_text())

    def wait_until_ready(self) -> None:
        eventually(lambda: READY in self.output.read_text() or self.process.poll() is not None, 180)
        assert self.process.poll() is None, self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        for browser in self.browsers.values():
            browser.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)

    def signed_in(self, person: dict[str, str]) -> httpx.Client:
        """A browser that this person has signed in with; each link is good once, so it is kept."""
        if person["link"] not in self.browsers:
            browser = httpx.Client(base_url=self.facts["portal_url"], follow_redirects=True, timeout=30)
            self.browsers[person["link"]] = browser
            assert browser.get(person["link"]).text.count("<form") == 1
            pressed = browser.post(person["link"], headers={"Origin": self.facts["portal_url"]})
            assert pressed.status_code == 200, pressed.text
        return self.browsers[person["link"]]

    def control(self, method: str, path: str, **body: Any) -> Any:
        return (
            httpx.request(method, f"{self.facts['sandbox_url']}/control/{path}", timeout=30, **body)
            .raise_for_status()
            .json()
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def eventually(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.25)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"), "--clients", "24")
    yield running
    running.stop(signal.SIGTERM)


def ids_of_open_invoices(demo: Demo) -> dict[str, str]:
    """Our id of each invoice that is open in the books, with the books' own."""
    records = demo.control("GET", "records/quickbooks/Invoice?limit=2000")["records"]
    return {entity_id("quickbooks", "Invoice", r["id"]): r["id"] for r in records if r["body"].get("Balance")}


def invoices_on(page: str) -> set[str]:
    return set(re.findall(r'href="/invoices/([0-9a-f]{26})"', page))


def test_every_profile_has_two_clients_who_get_an_answer(demo: Demo) -> None:
    by_profile = {profile: [c for c in demo.facts["clients"] if c["profile"] == profile] for profile in PROFILES}
    assert {profile: len(clients) >= 2 for profile, clients in by_profile.items()} == dict.fromkeys(PROFILES, True)
    for clients in by_profile.values():
        home = demo.signed_in(clients[-1]).get("/")
        assert home.status_code == 200
        assert "data-answer" in home.text


def test_a_client_soon_reads_that_the_copy_matches_the_source(demo: Demo) -> None:
    browser = demo.signed_in(demo.facts["clients"][-1])
    eventually(lambda: "matched" in browser.get("/").text, 120)


def test_a_link_is_good_for_one_sign_in(demo: Demo) -> None:
    person = demo.facts["clients"][0]
    demo.signed_in(person)
    again = httpx.post(person["link"], headers={"Origin": demo.facts["portal_url"]})
    assert again.status_code >= 400


def test_ops_see_every_source(demo: Demo) -> None:
    ops = demo.signed_in({"link": demo.facts["ops_link"]}).get("/ops")
    assert ops.status_code == 200
    assert [name for name in ("salesforce", "quickbooks", "google_drive") if name not in ops.text.lower()] == []


def test_an_invoice_paid_in_the_books_is_paid_in_the_portal_a_moment_later(demo: Demo) -> None:
    open_in_the_books = ids_of_open_invoices(demo)
    browser, ours = client_with_open_invoice(demo, set(open_in_the_books))
    assert "Paid in full" not in browser.get(f"/invoices/{ours}").text
    demo.control("POST", "edits/pay-invoice", json={"id": open_in_the_books[ours]})
    eventually(lambda: "Paid in full" in browser.get(f"/invoices/{ours}").text, 30)


def client_with_open_invoice(demo: Demo, open_in_the_books: set[str]) -> tuple[httpx.Client, str]:
    for person in demo.facts["clients"][1:]:
        browser = demo.signed_in(person)
        mine = invoices_on(browser.get("/invoices?show=open").text) & open_in_the_books
        if mine:
            return browser, min(mine)
    raise AssertionError("no client of the demo has an open invoice")


def test_another_clients_invoice_is_not_found(demo: Demo) -> None:
    first, second = [demo.signed_in(person) for person in demo.facts["clients"] if person["profile"] == "agency"][:2]
    theirs = min(invoices_on(first.get("/invoices").text))
    assert first.get(f"/invoices/{theirs}").status_code == 200
    assert second.get(f"/invoices/{theirs}").status_code == 404
    assert second.get(f"/invoices/{theirs}.pdf").status_code == 404


def test_a_second_demo_in_the_folder_is_refused(demo: Demo) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--port", "0"],
        cwd=demo.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert "A demo runs in this folder already." in second.stderr


def test_stopped_it_leaves_nothing_behind_and_a_second_start_goes_on(demo: Demo) -> None:
    edited = demo.control("GET", "records/quickbooks/Invoice?limit=1")["records"][0]["seq"]
    assert demo.stop() == 0
    assert "Stopped." in demo.output.read_text()
    for port in demo.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    resumed = Demo(demo.folder, "--clients", "24")
    try:
        assert "first sync" not in resumed.output.read_text()
        assert resumed.control("GET", "records/quickbooks/Invoice?limit=1")["records"][0]["seq"] == edited
        resumed.signed_in(resumed.facts["clients"][0])
        os.kill(worker_of(resumed), signal.SIGKILL)
        assert resumed.process.wait(40) == 1
        assert "The worker stopped by itself" in resumed.output.read_text()
        assert "var/log/worker.log" in resumed.output.read_text()
    finally:
        resumed.stop()


def worker_of(demo: Demo) -> int:
    """The process that runs `frontdesk worker` for this demo."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = folder.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            words = folder.joinpath("cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(parent) == demo.process.pid and b"worker" in words:
            return int(folder.name)
    raise AssertionError("no worker runs")
