"""Check: would a sync work? Configuration, mappings against what the source describes, credentials, permissions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from connectors.contract import Finding, SourceField
from flows.hub import Hub, Source
from flows.status import status
from hub.errors import FrontdeskError
from mappings.mapping import Mapping as StreamMapping
from mappings.standing import UNREAD
from mappings.yaml_lines import MappingError


def check(hub: Hub) -> list[Finding]:
    """Everything that is right, and everything that is not with its next step, in reading order."""
    try:
        count = sum(len(mappings) for mappings in hub.mappings.values())
    except FrontdeskError as error:
        return [Finding("mappings", ok=False, sentence=error.sentence, step=error.step)]
    findings = [Finding("mappings", ok=True, sentence=f"{count} mappings are in order.")]
    if not hub.settings.sources:
        step = "Run `frontdesk init`, or add [sources.NAME] to frontdesk.toml."
        findings.append(Finding("sources", ok=False, sentence="No source is configured.", step=step))
    for name in hub.settings.sources:
        findings += check_source(hub, name)
    return findings


def left_behind(hub: Hub) -> list[Finding]:
    """What is stored and nobody reads any more. Nothing while the mappings cannot be read: `check` says that."""
    try:
        streams = status(hub.engine, hub.known()).streams
    except MappingError:
        return []
    return [
        Finding(f"{stream.source}.{stream.stream}", ok=False, sentence=stream.error or "", step=stream.step or "")
        for stream in streams
        if stream.state in UNREAD
    ]


def check_source(hub: Hub, name: str) -> list[Finding]:
    """One source: can it be opened, does it grant what the mappings read, are their fields there."""
    try:
        source = hub.source(name)
        if not source.mappings:
            return [Finding(name, ok=False, sentence=f"{name} has no mapping.", step=f"Add mappings/{name}/*.yaml.")]
        with source.connector.open(source.settings, hub.tokens(name)) as session:
            found = list(source.connector.check(session, source.wants()))
            return found + _unknown_fields(source, session)
    except FrontdeskError as error:
        return [Finding(name, ok=False, sentence=error.sentence, step=error.step)]


def _unknown_fields(source: Source, session: Any) -> list[Finding]:
    findings = []
    for mapping in source.mappings:
        describe = source.connector.stream(mapping.stream).describe
        if describe is not None:
            findings += _compare(source.name, mapping, describe(session))
    return findings


def _compare(source: str, mapping: StreamMapping, fields: Mapping[str, SourceField]) -> list[Finding]:
    return [
        Finding(
            f"{source}.{mapping.stream}",
            ok=False,
            sentence=f"{mapping.stream} has no field {path.split('.')[0]!r}, which the mapping reads.",
            step=_nearest(path.split(".")[0], fields),
        )
        for path in mapping.source_fields
        if not _known(path.split(".")[0], fields)
    ]


def _known(name: str, fields: Mapping[str, SourceField]) -> bool:
    # `Parent__r.Field` goes through the relationship of `Parent__c`; `frontdesk.x` is what the connector adds itself.
    return name in fields or name == "frontdesk" or (name.endswith("__r") and f"{name[:-1]}c" in fields)


def _nearest(name: str, fields: Mapping[str, SourceField]) -> str:
    near = difflib.get_close_matches(name, fields, n=3)
    return f"Did you mean {', '.join(near)}?" if near else f"Its fields are {', '.join(sorted(fields)[:20])}."
