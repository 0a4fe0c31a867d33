"""The Northwind tables as they are read, and the ids that their rows get."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.salesforce.ids import numbered_id
from sandbox.salesforce.schema import OBJECTS

TABLES = ("customers", "employees", "order_details", "orders", "products", "shippers")
DOMAIN = "northwind.example"

Line = dict[str, str]
Row = tuple[str, dict[str, Any], int, int]


@dataclass(frozen=True)
class Tables:
    """The tables as they were read, and which row of customers and orders has which number."""

    rows: dict[str, list[Line]]
    today: dt.date

    def by(self, table: str, key: str) -> dict[str, Line]:
        """A table's rows by a column that is unique."""
        return {row[key]: row for row in self.rows[table]}

    def details(self) -> dict[str, list[Line]]:
        """Order lines by order."""
        lines: defaultdict[str, list[Line]] = defaultdict(list)
        for row in self.rows["order_details"]:
            lines[row["order_id"]].append(row)
        return lines

    def number(self, table: str, key: str) -> dict[str, int]:
        """Each row's place, from 1."""
        return {row[key]: place for place, row in enumerate(self.rows[table], 1)}


def read(directory: Path) -> dict[str, list[Line]]:
    """Every table's rows as text."""
    rows = {}
    for table in TABLES:
        path = directory / f"{table}.csv"
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: the Northwind tables are {', '.join(TABLES)}, each as .csv")
        with path.open(encoding="utf-8", newline="") as file:
            rows[table] = list(csv.DictReader(file))
    return rows


def filled(**fields: Any) -> dict[str, Any]:
    """The fields that hold something; the vendors leave empty ones out."""
    return {name: value for name, value in fields.items() if value not in ("", None, {})}


def ms(day: str | dt.date) -> int:
    """Midnight UTC of a day, in ms since 1970."""
    date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp() * 1000)


def email(customer_id: str) -> str:
    """The address that a customer's contact signs in with."""
    return f"{customer_id.lower()}@{DOMAIN}"


def salesforce_id(kind: str, number: int) -> str:
    return numbered_id(OBJECTS[kind][0], number)


def drive_id(path: str) -> str:
    """A Drive id that follows from the path."""
    return "1" + base64.urlsafe_b64encode(hashlib.sha256(f"northwind/{path}".encode()).digest()).decode()[:32]


def user_id(employee_id: str) -> str:
    return salesforce_id("User", 1 + int(employee_id))
