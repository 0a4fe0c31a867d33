"""A source small enough to be obviously right: what it holds is the truth that the store is compared with.

It lies in one JSON file, so that a sync in another process can read it and be killed while it does.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from connectors.contract import Connector, Deleted, Page, SourceField, Stream, TokenStore, Want
from hub import any_json
from hub.clock import UTC
from hub.errors import FrontdeskError

PAGE = 7
START = dt.datetime(2026, 1, 1, tzinfo=UTC)

MAPPINGS = {
    "Account": """
source: model
stream: Account
into: client
key: Id
modified: at
owner: self
known_by:
  model.Customer: customer
  name: {from: Name, as: name}
fields:
  name: Name
""",
    "Customer": """
source: model
stream: Customer
into: billing_account
key: Id
modified: at
owner: match
match:
  - parent: parent
  - model.Customer: Id
  - name: {from: Name, as: name}
fields:
  name: Name
""",
    "Invoice": """
source: model
stream: Invoice
into: invoice
key: Id
modified: at
currency: currency
owner: {stream: Customer, id: customer}
fields:
  number: number
  issued_on: day
  total_minor: total
  balance_minor: balance
""",
}


class ModelSettings(BaseModel):
    path: Path


@dataclass
class ModelSource:
    """`rows[stream][id]` is a record with its change number `n`; a deleted one has `gone`."""

    path: Path
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    clock: int = 0

    def put(self, stream: str, id_: str, *, tie: bool = False, **fields: Any) -> None:
        self.clock += 0 if tie else 1
        at = (START + dt.timedelta(seconds=self.clock)).isoformat()
        self.rows.setdefault(stream, {})[id_] = {"Id": id_, "at": at, "n": self.clock, **fields}

    def delete(self, stream: str, id_: str) -> None:
        self.clock += 1
        self.rows[stream][id_] |= {"gone": True, "n": self.clock}

    def purge(self, stream: str, id_: str) -> None:
        del self.rows[stream][id_]

    def save(self) -> None:
        self.path.write_text(json.dumps({"clock": self.clock, "rows": self.rows}))

    def live(self, stream: str) -> dict[str, dict[str, Any]]:
        return {key: row for key, row in self.rows.get(stream, {}).items() if not row.get("gone")}


@dataclass
class Session:
    path: Path
    requests: int = 0
    faults: list[FrontdeskError] = field(default_factory=list)

    def load(self) -> dict[str, Any]:
        self.requests += 1
        if self.faults:
            raise self.faults.pop(0)
        loaded: dict[str, Any] = json.loads(self.path.read_text())
        return loaded


def _read(name: str) -> Any:
    def read(session: Session, want: Want) -> Iterator[Page]:
        data = session.load()
        high = START + dt.timedelta(seconds=data["clock"])
        after = (int(want.cursor["n"]), str(want.cursor["id"])) if want.cursor else (-1, "")
        rows = sorted(data["rows"].get(name, {}).values(), key=lambda row: (row["n"], row["Id"]))
        # Inclusive at the boundary, as a careful cursor is: what shares the last change number comes again.
        rows = [row for row in rows if (row["n"], row["Id"]) >= after]
        for start in range(0, max(len(rows), 1), PAGE):
            part = rows[start : start + PAGE]
            if start:
                session.load()
            live = [row for row in part if not row.get("gone")]
            gone = tuple(Deleted(row["Id"], high, "deleted") for row in part if row.get("gone"))
            last = part[-1] if part else None
            cursor: dict[str, str | int] = (
                {"n": last["n"], "id": last["Id"]} if last else dict(want.cursor or {"n": 0, "id": ""})
            )
            yield Page(live, any_json.dumps({"records": live}), cursor, high, gone)

    return read


def _keys(name: str) -> Any:
    def keys(session: Session) -> Iterator[Sequence[str]]:
        yield [key for key, row in session.load()["rows"].get(name, {}).items() if not row.get("gone")]

    return keys


def _one(name: str) -> Any:
    def one(session: Session, id_: str, want: Want) -> Mapping[str, Any] | None:
        row = session.load()["rows"].get(name, {}).get(id_)
        return None if row is None or row.get("gone") else row

    return one


def _describe(session: Session) -> Mapping[str, SourceField]:
    types = {"at": "datetime", "day": "date"}
    names = ("Id", "at", "Name", "customer", "parent", "currency", "number", "day", "total", "balance")
    return {name: SourceField(name, types.get(name, "string")) for name in names}


def connector(faults: list[FrontdeskError] | None = None) -> Connector[Session]:
    @contextmanager
    def open_(settings: ModelSettings, tokens: TokenStore) -> Iterator[Session]:
        yield Session(settings.path, faults=faults if faults is not None else [])

    return Connector(
        name="model",
        title="Model",
        settings=ModelSettings,
        open=open_,
        stream=lambda name: Stream(name, _read(name), _keys(name), _one(name), _describe),
        check=lambda session, wants: (),
        requests=lambda session: session.requests,
    )


def write_mappings(folder: Path) -> Path:
    for name, text in MAPPINGS.items():
        file = folder / "model" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip())
    return folder
