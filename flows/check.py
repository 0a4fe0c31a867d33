"""Check: would a sync work? Configuration, mappings against what the source describes, credentials, permissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.contract import Finding
from flows.fields import compare, placed
from flows.hub import Hub, Source
from flows.status import status
from hub.errors import FrontdeskError
from hub.settings import mistyped
from mappings.profiles import profiles
from mappings.standing import UNREAD
from mappings.yaml_lines import MappingError


def check(hub: Hub) -> list[Finding]:
    """Everything that is right, and everything that is not with its next step, in reading order."""
    try:
        count = sum(len(mappings) for mappings in hub.mappings.values())
        profiles(hub.settings.mappings_path)
    except FrontdeskError as error:
        return [Finding("mappings", ok=False, sentence=error.sentence, step=error.step)]
    findings = [Finding("mappings", ok=True, sentence=f"{count} mappings are in order."), *_mistyped(hub)]
    if not hub.settings.sources:
        step = "Run `frontdesk init`, or add [sources.NAME] to frontdesk.toml."
        findings.append(Finding("sources", ok=False, sentence="No source is configured.", step=step))
    for name in hub.settings.sources:
        findings += check_source(hub, name)
    return findings


def _mistyped(hub: Hub) -> list[Finding]:
    """A setting that nobody heard looks like one that was never made."""
    return [
        Finding("environment", ok=False, sentence=f"{variable} sets nothing.", step=f"Did you mean {meant}?")
        for variable, meant in mistyped(hub.settings.sources).items()
    ]


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
        source.require_mapped()
        with source.connector.open(source.settings, hub.tokens(name)) as session:
            found = [placed(finding, source.mappings) for finding in source.connector.check(session, source.wants())]
            return found + _currency(hub, source, session) + _fields(source, session, found)
    except FrontdeskError as error:
        return [Finding(name, ok=False, sentence=error.sentence, step=error.step)]


def _currency(hub: Hub, source: Source, session: Any) -> list[Finding]:
    """Amounts that name no currency are taken for the firm's: the source must mean the same."""
    ask, firm = source.connector.currency, hub.settings.firm.currency
    books = ask(session) if ask is not None else ""
    if books in {"", firm}:
        return []
    sentence = f"{source.connector.title} keeps its books in {books}, and the firm's currency is {firm}: amounts that "
    step = f'Set currency = "{books}" under [firm] in frontdesk.toml; the next sync reads all amounts again.'
    return [Finding(source.name, ok=False, sentence=f"{sentence}name none would be told in {firm}.", step=step)]


def _fields(source: Source, session: Any, found: Sequence[Finding]) -> list[Finding]:
    """How the mappings stand to what the source describes. `found`: what its connector has said already."""
    findings: list[Finding] = []
    for mapping in source.mappings:
        describe = source.connector.stream(mapping.stream).describe
        told = {finding.field for finding in found if finding.stream == mapping.stream}
        if describe is not None:
            findings += compare(source.name, mapping, describe(session), told)
    return findings
