"""A page of records, read by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any

Record = Mapping[str, Any]
Column = Sequence[Any]


class PageView:
    """Columns of a page. `names` are the plain fields that a mapping reads.

    Where every record has them all, as a SELECT's answer does, they are picked without a Python-level call a value;
    otherwise each column is read when it is asked for, and what a record lacks is None.
    """

    __slots__ = ("_columns", "records")

    def __init__(self, records: Sequence[Record], names: Sequence[str]) -> None:
        self.records = records
        self._columns: dict[str, Column] = {}
        with suppress(KeyError):
            self._columns = {name: list(map(itemgetter(name), records)) for name in names}

    def column(self, name: str) -> Column:
        """The values of a plain field."""
        return self.remembered(name, lambda: [record.get(name) for record in self.records])

    def remembered(self, name: str, read: Callable[[], Column]) -> Column:
        """A column that several others need; read once a page."""
        if name not in self._columns:
            self._columns[name] = read()
        return self._columns[name]
