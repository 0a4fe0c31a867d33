"""Records on their way into the sandbox's memory: collected by kind, written in batches, never all at once."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

from sandbox.firm.calendar import Calendar
from sandbox.salesforce.ids import numbered_id
from sandbox.salesforce.schema import OBJECTS
from sandbox.state import State

BATCH = 4000
Row = tuple[str, dict[str, Any], int, int]


class Writer:
    """Gives ids, keeps count, and writes through `State.load` whenever a batch is full."""

    def __init__(self, state: State, calendar: Calendar) -> None:
        self.state, self.calendar = state, calendar
        self.counts: Counter[tuple[str, str]] = Counter()
        self._numbers: Counter[str] = Counter()
        self._waiting: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        self._size = 0

    def add(self, vendor: str, kind: str, id_: str, body: dict[str, Any], times: tuple[int, int]) -> str:
        """Take a record; `times` are created and modified in ms. Returns its id."""
        self._waiting[vendor, kind].append((id_, body, *times))
        self.counts[vendor, kind] += 1
        self._size += 1
        if self._size >= BATCH:
            self.flush()
        return id_

    def salesforce(self, rng: random.Random, kind: str, born: float, body: dict[str, Any]) -> str:
        """Take an sObject under the next id of its kind; empty fields are left out, as Salesforce stores none."""
        self._numbers[kind] += 1
        id_ = numbered_id(OBJECTS[kind][0], self._numbers[kind])
        filled = {name: value for name, value in body.items() if value is not None}
        return self.add("salesforce", kind, id_, filled, self.calendar.written(rng, born))

    def quickbooks_id(self) -> str:
        """The next QuickBooks id; one row of numbers for all entities."""
        self._numbers["quickbooks"] += 1
        return str(self._numbers["quickbooks"])

    def number(self, name: str) -> int:
        """The next number of a named row: invoices, cases, contracts."""
        self._numbers[name] += 1
        return self._numbers[name]

    def flush(self) -> None:
        """Write what waits, one transaction a kind."""
        for (vendor, kind), rows in self._waiting.items():
            self.state.load(vendor, kind, rows)
        self._waiting.clear()
        self._size = 0

    @property
    def total(self) -> int:
        """Records taken so far."""
        return self.counts.total()
