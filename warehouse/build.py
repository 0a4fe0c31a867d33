"""Build: bring the warehouse up to date with the portal store, check it, publish it.

Incremental and full builds run the same SQL; a full one starts from an empty file, so everything counts as touched.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

import duckdb

from hub.clock import UTC, now
from hub.errors import NeedsPerson
from hub.settings import Settings
from warehouse.definitions import definitions
from warehouse.exports import ACTIVITY, WHOLE, Export
from warehouse.publish import reading, replacing, rows_of
from warehouse.store_export import Snapshot, snapshot

ROOM = Path(__file__).parent
OVERLAP_ROWS = 10_000
"""Activity rows read again by each build: a transaction may commit later than others with higher numbers."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `new_activity` rows came in; `full`: all was drawn anew, for the reason in `why`."""

    path: Path
    full: bool
    why: str
    activity: int
    new_activity: int
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Tally:
    count: int
    total: int


class BrokenPromise(NeedsPerson):
    """A check of the warehouse found rows; nothing was published."""


def build_for(settings: Settings, *, rebuild: bool = False) -> BuildReport:
    """Build with the firm's settings."""
    return build(settings.database_url, settings.warehouse_path, zone=settings.firm.time_zone, rebuild=rebuild)


def build(
    database_url: str, path: Path, *, zone: str = "UTC", rebuild: bool = False, as_of: dt.datetime | None = None
) -> BuildReport:
    """Build from the store at `database_url` and publish to `path`; days and months are those of `zone` (IANA).

    Raises BrokenPromise when a check fails (the published file stays), RetryLater while another build works, and
    NeedsPerson when the store cannot be read.
    """
    started = time.monotonic()
    moment = (as_of or now()).astimezone(UTC).replace(tzinfo=None)
    why = "asked for" if rebuild else _reason_for_full(path, zone)
    with snapshot(database_url) as store:
        tally = _Tally(*store.tally(ACTIVITY))
        try:
            report = _attempt(store, path, zone, moment, tally, why)
        except BrokenPromise:
            if why:
                raise
            # Rows that changed further back than the overlap: only reading everything again can tell.
            report = _attempt(store, path, zone, moment, tally, "the present file does not fit the store")
    return BuildReport(path, *report, round(time.monotonic() - started, 3))


@cache
def shape() -> str:
    """Fingerprint of all that decides what the tables hold."""
    digest = blake2b(repr((ACTIVITY, WHOLE)).encode(), digest_size=8)
    for file in _sql("models"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sql(folder: str, pattern: str = "*.sql") -> list[Path]:
    return sorted((ROOM / folder).glob(pattern))


def _reason_for_full(path: Path, zone: str) -> str:
    if not path.exists():
        return "there was none"
    try:
        with reading(path) as warehouse:
            known = warehouse.execute("SELECT shape, zone FROM warehouse_state").fetchone()
    except (duckdb.Error, NeedsPerson):
        return "the present file cannot be read"
    if known is None or known[0] != shape():
        return "its models have changed"
    return "" if known[1] == zone else f"the firm's time zone is now {zone}"


def _attempt(
    store: Snapshot, path: Path, zone: str, moment: dt.datetime, tally: _Tally, why: str
) -> tuple[bool, str, int, int, tuple[str, ...]]:
    with (
        replacing(path, fresh=bool(why)) as private,
        duckdb.connect(str(private)) as warehouse,
    ):
        warehouse.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true; BEGIN")
        warehouse.execute((ROOM / "models" / "00_schema.sql").read_text(encoding="utf-8"))
        _load(warehouse, store, rows_of(private), _floor(warehouse))
        _set(warehouse, zone=zone, as_of=moment, store_rows=tally.count, store_sum=tally.total)
        for model in _sql("models")[1:]:
            warehouse.execute(model.read_text(encoding="utf-8"))
        for definition in definitions().values():
            warehouse.execute(definition.views())
        warnings = _check(warehouse)
        new = _one(warehouse, "SELECT count(*) FROM entering")
        _remember(warehouse, zone, moment)
        warehouse.execute("COMMIT")
        warehouse.execute("CHECKPOINT")
    return bool(why), why, tally.count, new, warnings


def _floor(warehouse: duckdb.DuckDBPyConnection) -> int:
    known = warehouse.execute("SELECT activity_seq FROM warehouse_state").fetchone()
    return max(known[0] - OVERLAP_ROWS, -1) if known else -1


def _load(warehouse: duckdb.DuckDBPyConnection, store: Snapshot, folder: Path, above: int) -> None:
    _set(warehouse, above=above)
    folder.mkdir()
    for export in (ACTIVITY, *WHOLE):
        file = folder / f"{export.table}.csv"
        store.write(export, file, above if export is ACTIVITY else None)
        _load_one(warehouse, export, file)
        file.unlink()


def _load_one(warehouse: duckdb.DuckDBPyConnection, export: Export, file: Path) -> None:
    columns = ", ".join(f"'{name}': '{type_}'" for name, type_ in export.columns.items())
    warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE store_{export.table} AS SELECT * FROM read_csv(?, columns = {{{columns}}}, "
        "header = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
        "auto_detect = false, strict_mode = true, max_line_size = 16777216)",
        [str(file)],
    )


def _set(warehouse: duckdb.DuckDBPyConnection, **variables: object) -> None:
    for name, value in variables.items():
        warehouse.execute(f"SET VARIABLE {name} = ?", [value])


def _check(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    for check in _sql("checks", "assert_*.sql"):
        rows = warehouse.execute(check.read_text(encoding="utf-8")).fetchmany(3)
        if rows:
            raise BrokenPromise(
                f"The warehouse was not published: {_words(check, 'assert_')} does not hold.",
                step="The last good file stays. Try `frontdesk warehouse build --rebuild`; report it if it stays.",
                detail=repr(rows),
            )
    found = [
        (check, warehouse.execute(check.read_text(encoding="utf-8")).fetchall()) for check in _sql("checks", "warn_*")
    ]
    return tuple(f"{_words(check, 'warn_')}: {', '.join(str(row[0]) for row in rows)}" for check, rows in found if rows)


def _words(check: Path, prefix: str) -> str:
    return check.stem.removeprefix(prefix).replace("_", " ")


def _remember(warehouse: duckdb.DuckDBPyConnection, zone: str, moment: dt.datetime) -> None:
    warehouse.execute("DELETE FROM warehouse_state")
    warehouse.execute(
        "INSERT INTO warehouse_state SELECT ?, ?, coalesce(max(seq), 0), ? FROM fact_activity", [shape(), zone, moment]
    )


def _one(warehouse: duckdb.DuckDBPyConnection, query: str) -> int:
    row = warehouse.execute(query).fetchone()
    return int(row[0]) if row else 0
