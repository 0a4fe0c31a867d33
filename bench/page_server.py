"""A Salesforce that costs nothing: precomputed pages of Project__c records, 25 fields, about 1 KB each, 2,000 a page.

Answers what simple-salesforce, our connector and plain HTTP clients ask: token, query and queryAll, next pages, and
keyset queries. It must not be what is measured, so it is a bare asyncio protocol that writes ready bytes.

    page_server.py --records 100000      prints its address, then serves until it is stopped
    GET /count                           requests answered so far
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import re
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson

PAGE = 2000
FIRST = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
ACCOUNTS = 1000
OBJECT = re.compile(r"FROM (\w+)", re.IGNORECASE)
SINCE = re.compile(r"SystemModstamp (>=|>) (\S+)")
SENTENCE = "The steering group met, agreed the next steps with the client and moved the review by a week. "


def stamp(number: int) -> str:
    """One record a second from the first of January 2023, in Salesforce's spelling."""
    return (FIRST + dt.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def attributes(kind: str, id_: str) -> dict[str, str]:
    return {"type": kind, "url": f"/services/data/v68.0/sobjects/{kind}/{id_}"}


def account(number: int) -> dict[str, object]:
    id_ = f"001{number:012d}AAA"
    return {
        "attributes": attributes("Account", id_), "Id": id_, "SystemModstamp": stamp(number), "IsDeleted": False,
        "Name": f"Client {number} GmbH", "Profile__c": "agency", "AccountNumber": f"K-{number}", "Phone": None,
        "Website": f"https://client{number}.example", "BillingStreet": "Hauptstr. 1", "BillingCity": "Köln",
        "BillingPostalCode": "50667", "BillingCountry": "Germany", "Time_Zone__c": "Europe/Berlin",
        "QuickBooks_Id__c": None, "Drive_Folder_Id__c": None,
    }  # fmt: skip


def project(number: int) -> dict[str, object]:
    id_, day = f"a01{number:012d}AAA", f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
    return {
        "attributes": attributes("Project__c", id_), "Id": id_, "SystemModstamp": stamp(number), "IsDeleted": False,
        "CreatedDate": stamp(number), "Account__c": f"001{number % ACCOUNTS:012d}AAA", "CurrencyIsoCode": "EUR",
        "Name": f"Campaign {number} für Müller & Söhne", "Reference__c": f"P-{number:07d}", "Kind__c": "campaign",
        "Status__c": ("Planned", "Active", "On Hold", "Completed")[number % 4], "Health__c": "on_track",
        "Phase__c": "Design", "Phase_Number__c": 3.0, "Phase_Count__c": 5.0, "Percent_Complete__c": number % 101 + 0.0,
        "Start_Date__c": day, "Due_Date__c": f"2025{day[4:]}", "Budget__c": 40000.5 + number % 1000,
        "Budget_Spent__c": 21600.25 + number % 1000, "Manager__c": "Tomás Reyes", "Summary__c": SENTENCE * 2,
        "Last_Event__c": "First designs sent", "Last_Event_Date__c": day, "Next_Event__c": "Review with the client",
        "Next_Event_At__c": f"{day}T09:00:00.000+0000",
    }  # fmt: skip


class Object:
    """One sObject's records as ready pages."""

    def __init__(self, name: str, count: int, made: Callable[[int], Any]) -> None:
        self.name, self.count, self.made = name, count, made
        self.pages = [self._records(at, min(at + PAGE, count)) for at in range(0, count, PAGE)]
        self.bodies = [self._body(at * PAGE, page) for at, page in enumerate(self.pages)]

    def _records(self, start: int, end: int) -> bytes:
        return b",".join(orjson.dumps(self.made(number)) for number in range(start, end))

    def _body(self, start: int, records: bytes, total: int | None = None) -> bytes:
        following = start + PAGE
        done = following >= self.count
        head = b'{"totalSize":%d,"done":%s,' % (self.count if total is None else total, b"true" if done else b"false")
        link = (
            b"" if done else b'"nextRecordsUrl":"/services/data/v68.0/query/%s-%d",' % (self.name.encode(), following)
        )
        return head + link + b'"records":[' + records + b"]}"

    def answer(self, start: int) -> bytes:
        """The page from record `start` on."""
        if start >= self.count:
            return b'{"totalSize":0,"done":true,"records":[]}'
        if start % PAGE == 0:
            return self.bodies[start // PAGE]
        return self._body(start, self._records(start, min(start + PAGE, self.count)), self.count - start)

    def first(self, soql: str) -> int:
        """The number of the first record that a query's lower bound lets in."""
        bound = SINCE.search(soql)
        if bound is None:
            return 0
        moment = dt.datetime.fromisoformat(bound[2].strip("'\"").replace("+0000", "+00:00"))
        seconds = (moment - FIRST).total_seconds()
        return max(0, int(seconds) + (bound[1] == ">"))


class Server(asyncio.Protocol):
    """HTTP/1.1, keep-alive, no more of it than these clients use."""

    objects: ClassVar[dict[str, Object]] = {}
    requests = 0
    port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < size:
                return
            self.buffer = self.buffer[size:]
            self.send(self.answer(head.split(" ", 2)[1]))

    def send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nDate: {formatdate(usegmt=True)}\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        self.transport.write(body)

    def answer(self, target: str) -> bytes:
        parts = urlsplit(target)
        if parts.path == "/count":
            return b"%d" % Server.requests
        Server.requests += 1
        if parts.path.endswith("/token"):
            here = f"http://127.0.0.1:{self.port}"
            return orjson.dumps({"access_token": "00D!token", "instance_url": here, "token_type": "Bearer"})
        if "q=" in parts.query:
            soql = parse_qs(parts.query)["q"][0]
            named = OBJECT.search(soql)
            wanted = self.objects.get(named[1]) if named else None
            return b'{"totalSize":0,"done":true,"records":[]}' if wanted is None else wanted.answer(wanted.first(soql))
        name, _, start = parts.path.rsplit("/", 1)[-1].rpartition("-")
        return self.objects[name].answer(int(start))


async def serve(records: int) -> None:
    Server.objects = {
        "Account": Object("Account", ACCOUNTS, account),
        "Project__c": Object("Project__c", records, project),
    }
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    Server.port = server.sockets[0].getsockname()[1]
    size = len(Server.objects["Project__c"].pages[0]) // min(records, PAGE)
    print(f"http://127.0.0.1:{Server.port} {records} records of {size} bytes", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    asyncio.run(serve(parser.parse_args().records))
