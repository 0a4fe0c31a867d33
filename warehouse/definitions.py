"""Metric definitions: one YAML file each, read once, used by the build's views, the shell, pages and docs alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent / "metrics"


class Band(BaseModel):
    """What a value is called: the first band whose `below` it is under; the last one has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str
    below: float | None = None


class Definition(BaseModel):
    """A metric. Its value for a month is the sum of `numerator` over the sum of `denominator` of its rows.

    version   goes up when the meaning changes; stamped on each value
    kind      share (in percent) or mean; names the SQL file with its interval
    rows      SQL: what the number is made of, one row each, with month, client_id, numerator and denominator
    evidence  SQL: the facts behind one client's rows of one month ($client_id, $month)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: int
    title: str
    unit: str
    kind: Literal["share", "mean"]
    definition: str
    sentence: str
    bands: tuple[Band, ...]
    rows: str
    evidence: str

    def value_sql(self) -> str:
        """SELECT of month, numerator, denominator, value, low, high."""
        return (FOLDER / f"{self.kind}.sql").read_text(encoding="utf-8").replace("{name}", self.name)

    def views(self) -> str:
        """The two views that carry the metric in the published file, documented."""
        text = f"{self.title}, version {self.version}. {self.definition}".replace("'", "''")
        return (
            f"CREATE OR REPLACE VIEW metric_{self.name}_rows AS {self.rows};\n"
            f"CREATE OR REPLACE VIEW metric_{self.name} AS {self.value_sql()};\n"
            f"COMMENT ON VIEW metric_{self.name} IS '{text}';\n"
            f"COMMENT ON VIEW metric_{self.name}_rows IS 'What metric_{self.name} is made of: sum(numerator) / "
            f"sum(denominator) by month.';"
        )


@cache
def definitions() -> dict[str, Definition]:
    """All metrics by name, in the order of their file names."""
    files = sorted(FOLDER.glob("*.yaml"))
    read = [Definition.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return {definition.name: definition for definition in read}
