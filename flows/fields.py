"""Whether a mapping fits what its source describes: are its fields there, of a type that suits, with such values."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.contract import Finding, SourceField
from mappings.mapping import Mapping as StreamMapping
from mappings.said import Said
from mappings.yaml_lines import Spot
from store.targets import targets

Fields = Mapping[str, SourceField]
Complaint = tuple[Spot, str, str]
"""Where, what is wrong, and the next step."""

TYPES: Mapping[str, str] = {
    **dict.fromkeys(
        ("string", "textarea", "picklist", "multipicklist", "combobox", "phone", "url", "email", "id", "reference",
         "encryptedstring"), "text",
    ),
    **dict.fromkeys(("int", "long", "double", "percent", "currency", "int64"), "number"),
    **dict.fromkeys(("datetime", "date-time"), "instant"),
    **dict.fromkeys(("address", "location", "object", "map"), "object"),
    "date": "day",
    "boolean": "flag",
    "array": "list",
}  # fmt: skip
"""What the vendors' words for types mean. Types that are not here suit everything."""

SUITED: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "number", "day", "instant"}),
    "prose": frozenset({"text", "number", "day", "instant"}),
    "reference": frozenset({"text", "number"}),
    # Firms do keep numbers in text fields.
    "whole": frozenset({"number", "text"}),
    "minor": frozenset({"number", "text"}),
    "instant": frozenset({"instant"}),
    "day": frozenset({"day"}),
    "flag": frozenset({"flag"}),
    "items": frozenset({"list"}),
}
"""Which of them each kind of column can be read from; every record of another would be held."""

FLAGS = ("true", "false")

SUFFIX = {"day": "_on", "instant": "_at"}
"""How columns for days and for instants end: a day that was meant for `promised_at` belongs in `promised_on`."""


def compare(source: str, mapping: StreamMapping, fields: Fields, told: Collection[str] = ()) -> list[Finding]:
    """What does not fit, with file and line. `told`: fields of which something was said already."""
    found: dict[str, Finding] = {}
    for said in mapping.said:
        if said.path not in told:
            for spot, sentence, step in _complaints(mapping, said, fields):
                # A field that several columns read is told once, where it stands first.
                finding = Finding(f"{source}.{mapping.stream}", ok=False, sentence=spot.says(sentence), step=step)
                found.setdefault(sentence, finding)
    return list(found.values())


def placed(finding: Finding, mappings: Sequence[StreamMapping]) -> Finding:
    """What a connector finds about a field that a mapping reads, with file and line."""
    for mapping in mappings:
        for said in mapping.said:
            if finding.field and (mapping.stream, said.path) == (finding.stream, finding.field):
                return replace(finding, sentence=said.spot.says(finding.sentence))
    return finding


def _complaints(mapping: StreamMapping, said: Said, fields: Fields) -> Iterator[Complaint]:
    name = said.path.split(".")[0]
    if not _known(name, fields):
        yield said.spot, f"{mapping.stream} has no field {name!r}, which the mapping reads.", _nearest(name, fields)
    elif said.path in fields:
        yield from _wrong_type(mapping, said, fields[said.path])
        yield from _unknown_values(said, fields[said.path])


def _known(name: str, fields: Fields) -> bool:
    # `Parent__r.Field` goes through the relationship of `Parent__c`, `RecordType.Name` through that of `RecordTypeId`;
    # `frontdesk.x` is what the connector adds itself.
    parent = f"{name[:-1]}c" if name.endswith("__r") else f"{name}Id"
    return name in fields or name == "frontdesk" or parent in fields


def _nearest(name: str, fields: Fields) -> str:
    near = difflib.get_close_matches(name, fields, n=3)
    return f"Did you mean {', '.join(near)}?" if near else f"Its fields are {', '.join(sorted(fields)[:20])}."


def _wrong_type(mapping: StreamMapping, said: Said, field: SourceField) -> Iterator[Complaint]:
    meaning = TYPES.get(field.type)
    if meaning is not None and said.kind and meaning not in SUITED[said.kind]:
        column = said.column or "modified"
        read = f"{mapping.stream}.{field.name}"
        sentence = f"{column} is of the kind {said.kind!r}, but {read} is of the type {field.type!r}."
        other = f"Map a field of another type to {column}"
        fitting = column[:-3] + SUFFIX.get(meaning, "")
        if fitting in targets()[mapping.into]:
            other = f"Map it to {fitting}, or a field of another type to {column}"
        yield said.spot, sentence, f"{other}: every record would be held."


def _unknown_values(said: Said, field: SourceField) -> Iterator[Complaint]:
    # A table of words fills a column; `only` and `except` fill none, and may ask whether a box is ticked.
    ticked = not said.column and TYPES.get(field.type) == "flag"
    known = FLAGS if ticked else field.values
    for word, spot in said.values:
        if known and (word.lower() if ticked else word) not in known:
            near = difflib.get_close_matches(word, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            yield spot, f"{field.name} has no value {word!r}.{hint}", f"It has {', '.join(known)}."
