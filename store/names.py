"""The order of names, the same on every database: small and capital letters alike, Ä beside A.

A database's own order is its collation's: SQLite puts Ä and a behind Z, PostgreSQL sorts as its cluster was made. We
say ourselves what a letter counts as, and compare what comes of it by code points.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import String, func, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LATIN = range(0xC0, 0x250)
"""The letters with marks of Europe's languages: Latin-1 and Latin Extended-A and -B."""
WITHOUT_DECOMPOSITION = {"Æ": "a", "æ": "a", "Ø": "o", "ø": "o", "Œ": "o", "œ": "o", "Ł": "l", "ł": "l", "ß": "s"}


def _plain(letter: str) -> str:
    return WITHOUT_DECOMPOSITION.get(letter) or unicodedata.normalize("NFD", letter)[0].lower()


PLAIN = {letter: plain for letter in map(chr, LATIN) if (plain := _plain(letter)).isascii()}
"""What a letter with a mark is sorted as."""
_TABLE = str.maketrans(PLAIN)


def sorted_as(name: Any) -> Any:
    """What a text is compared by; anything else as it is."""
    return name.translate(_TABLE).lower() if isinstance(name, str) else name


class by_name(FunctionElement[str]):  # noqa: N801 -- an SQL function's name
    """`ORDER BY by_name(column), id`: names that differ in case and marks only come in the order of their ids."""

    type = String()
    inherit_cache = True


@compiles(by_name, "sqlite")
def _on_sqlite(element: by_name, compiler: SQLCompiler, **options: Any) -> str:
    return f"sorted_as({compiler.process(element.clauses, **options)})"


@compiles(by_name, "postgresql")
def _on_postgresql(element: by_name, compiler: SQLCompiler, **options: Any) -> str:
    marked, plain = (literal_column(f"'{''.join(letters)}'", String) for letters in (PLAIN, PLAIN.values()))
    return compiler.process(func.lower(func.translate(*element.clauses, marked, plain)).collate("C"), **options)
