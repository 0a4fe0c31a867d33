"""What `frontdesk reconcile` prints: the counts, the money, each difference by name, and what mends it."""

from __future__ import annotations

import datetime as dt

import pytest

from cli.reconcile import NAMED, tell
from flows.compare import StreamCertificate, Total
from flows.reconcile import Certificate
from hub.clock import UTC

AT = dt.datetime(2026, 11, 29, 2, 10, tzinfo=UTC)


def test_a_match_is_said_with_its_money_and_nothing_is_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    totals = (Total("total_minor", "EUR", 126579276, 126579276), Total("total_minor", "JPY", 2500, 2500))
    invoices = StreamCertificate("Invoice", 830, 830, on_the_way=2, totals=totals)
    tell(Certificate("books", AT, (StreamCertificate("Customer", 91, 91), invoices)))
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out == (
        "books: matches, 2026-11-29 02:10 UTC\n"
        "stream    theirs  ours  left out  held  on the way  missing  too many  different\n"
        "Customer      91    91         0     0           0        0         0          0\n"
        "Invoice      830   830         0     0           2        0         0          0\n"
        "\n"
        "stream   money  theirs            ours\n"
        "Invoice  total  1,265,792.76 EUR  1,265,792.76 EUR\n"
        "Invoice  total  2,500 JPY         2,500 JPY\n"
        "\n"
    )


def test_a_difference_is_named_with_the_columns_and_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    many = {f"{number:03}": ("balance_minor", "client") for number in range(NAMED + 3)}
    found = StreamCertificate("Invoice", 30, 29, missing=("1042",), surplus=("7", "8"), differing=many)
    tell(Certificate("books", AT, (found,)))
    said = capsys.readouterr()
    assert said.out.startswith("books: differs,")
    assert "books.Invoice, missing here: 1042\n" in said.out
    assert "books.Invoice, too many here: 7, 8\n" in said.out
    assert "books.Invoice 009 differs in balance_minor, client\nbooks.Invoice: and 3 more\n" in said.out
    assert said.err == "Our copy of books differs.\n  Run `frontdesk sync books --full`, which mends it.\n"


def test_what_was_not_read_yet_was_not_compared_and_is_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Certificate("books", AT, (StreamCertificate("Invoice", unread=True), StreamCertificate("Payment", 3, 3))))
    said = capsys.readouterr()
    assert said.out.startswith("books: not compared in full,")
    assert said.out.splitlines()[2].split() == ["Invoice", *["-"] * 8]
    assert said.err == (
        "What was not read whole with its mapping yet was not compared.\n  Run `frontdesk sync books`.\n"
    )


def test_what_could_not_be_compared_says_why_once(capsys: pytest.CaptureFixture[str]) -> None:
    failed = [
        StreamCertificate(stream, sentence="The user may not read it.", step="Grant it.")
        for stream in ("Invoice", "Payment")
    ]
    certificate = Certificate("books", AT, (StreamCertificate("Customer", 3, 3), *failed))
    tell(certificate)
    said = capsys.readouterr()
    assert not certificate.agrees
    assert said.out.startswith("books: not compared in full,")
    assert said.err == "books.Invoice, Payment could not be compared: The user may not read it.\n  Grant it.\n"
