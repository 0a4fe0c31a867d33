"""The mappings as their files are now: compiled once, and anew as soon as a file is another one, or gone.

A process that stays would otherwise go on reading by a mapping that was mended, or taken away, long ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mappings.compile import Targets, compile_folder
from mappings.mapping import Mapping
from mappings.yaml_lines import MappingError

PLACE = "SOURCE/STREAM.yaml"


class Stamp(NamedTuple):
    """What tells a file from its former self, as far as that can be told without reading it."""

    file: str
    written_at: int
    size: int
    node: int


class Folder:
    """A folder of mapping files. Nothing is read before it is asked for; asking costs a look at each file's date."""

    def __init__(self, path: Path, targets: Targets, firm_currency: str) -> None:
        self.path, self._targets, self._firm_currency = path, targets, firm_currency
        self._compiled: tuple[Sequence[Stamp], dict[str, list[Mapping]]] | None = None

    def mappings(self) -> dict[str, list[Mapping]]:
        """By source, each source's in reading order. MappingError with file and line, or naming the folder."""
        stamps = list(self._stamps())
        if self._compiled is None or self._compiled[0] != stamps:
            self._compiled = (stamps, self._compile())
        return self._compiled[1]

    def _compile(self) -> dict[str, list[Mapping]]:
        """NeedsPerson where there is none at all: a run that reads nothing must not look like one that went well."""
        found = compile_folder(self.path, self._targets, self._firm_currency)
        if found:
            return found
        if self.path.is_dir():
            raise MappingError(f"There is no mapping in {self.path.absolute()}.", step=f"They lie there as {PLACE}.")
        raise MappingError(
            f"There is no folder {self.path.absolute()} with mappings.", step="Mend `mappings_path` in frontdesk.toml."
        )

    def _stamps(self) -> Sequence[Stamp]:
        found = []
        for file in sorted(self.path.glob("*/*.yaml")):
            with suppress(FileNotFoundError):
                told = file.stat()
                found.append(Stamp(str(file), told.st_mtime_ns, told.st_size, told.st_ino))
        return found
