"""What the org says about its objects, and naming the nearest right word when a mapping names a wrong one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from connectors.contract import Finding, SourceField, Want
from connectors.salesforce.client import Org
from connectors.salesforce.failures import code_of
from connectors.salesforce.library import SalesforceError
from hub.errors import FrontdeskError, NeedsPerson

NO_COLUMN = re.compile(r"No such column '([^']+)' on (?:entity|sobject of type) '?(\w+)'?")
NO_RELATIONSHIP = re.compile(r"Didn't understand relationship '([^']+)'")
NO_TYPE = re.compile(r"sObject type '(\w+)' is not supported")
CALLS = re.compile(r"api-usage=(\d+)/(\d+)")
NEARLY_ALL = 0.9
ASK_ADMIN = "or ask the Salesforce administrator for read access to it (object and field permissions)"


def describe(org: Org, name: str) -> Mapping[str, SourceField]:
    """The object's fields that this user may see, asked once a session. NeedsPerson for an object that is not there."""
    if name not in org.described:
        facts = _facts(org, name)
        org.described[name] = {entry["name"]: _field(entry) for entry in facts["fields"]}
    return org.described[name]


def _facts(org: Org, name: str) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = org.call(lambda client: getattr(client, name).describe())
    except NeedsPerson as error:
        if _vendor_code(error) == "NOT_FOUND":
            raise _no_object(org, name) from None
        raise
    return facts


def _field(entry: dict[str, Any]) -> SourceField:
    # Those that are not active any more too: old records still hold them.
    values = tuple(item["value"] for item in entry.get("picklistValues") or ())
    filterable, calculated = bool(entry.get("filterable", True)), bool(entry.get("calculated"))
    return SourceField(entry["name"], entry["type"], filterable, values, calculated)


def explain(org: Org, name: str, error: NeedsPerson) -> FrontdeskError:
    """A refused query in terms of the mapping: which word is wrong, and which were meant. Asks for a describe."""
    text = error.detail
    if (wrong := NO_COLUMN.search(text)) is not None:
        return _no_field(org, wrong[2], wrong[1], error.detail)
    if (wrong := NO_RELATIONSHIP.search(text)) is not None:
        known = [_relationship(known) for known in _names(org, name) if _relationship(known)]
        return NeedsPerson(
            f"{name} has no relationship {wrong[1]}, which its mapping reads.",
            step=f"{_suggest(wrong[1], known)} Correct the mapping of {name}, {ASK_ADMIN}.",
            detail=error.detail,
        )
    if (wrong := NO_TYPE.search(text)) is not None:
        return _no_object(org, wrong[1])
    return error


def _no_field(org: Org, entity: str, field: str, detail: str) -> NeedsPerson:
    return NeedsPerson(
        f"{entity} has no field {field} that the integration's user may read.",
        step=f"{_suggest(field, _names(org, entity))} Correct the mapping, {ASK_ADMIN}.",
        detail=detail,
    )


def _no_object(org: Org, name: str) -> NeedsPerson:
    try:
        listed: dict[str, Any] = org.call(lambda client: client.describe())
        names = [entry["name"] for entry in listed["sobjects"]]
    except FrontdeskError:
        names = []
    return NeedsPerson(
        f"Salesforce shows this user no object {name}.",
        step=f"{_suggest(name, names)} Correct the mapping's stream, {ASK_ADMIN}.",
    )


def _names(org: Org, entity: str) -> Sequence[str]:
    try:
        return list(describe(org, entity))
    except FrontdeskError:
        return ()


def _suggest(word: str, known: Sequence[str]) -> str:
    folded = {name.lower(): name for name in known}
    near = [folded[match] for match in get_close_matches(word.lower(), folded, n=3, cutoff=0.5)]
    return f"Nearest accepted: {', '.join(near)}." if near else "Nothing there has a name like it."


def _relationship(field: str) -> str:
    """How SOQL names the parent behind a reference field, or an empty string."""
    if field.endswith("__c"):
        return field[:-1] + "r"
    return field.removesuffix("Id") if field.endswith("Id") and field != "Id" else ""


def check(org: Org, wants: Mapping[str, Want]) -> list[Finding]:
    """Sign-in, then each stream: can it be read, has it every field that its mapping reads."""
    findings = [Finding("salesforce", ok=True, sentence=f"Signed in at {org.host}.")]
    for name, want in wants.items():
        findings.extend(_check_stream(org, name, want))
    return [*findings, *_calls(org)]


def _calls(org: Org) -> list[Finding]:
    """How much of the day's API calls is used, as the org says with each answer. Other apps share them."""
    told = CALLS.search(org.header("Sforce-Limit-Info") or "")
    if told is None:
        return []
    used, most = int(told[1]), int(told[2])
    sentence = f"{used:,} of {most:,} API calls of the last 24 hours are used."
    if used < NEARLY_ALL * most:
        return [Finding("salesforce.limits", ok=True, sentence=sentence)]
    step = (
        "See in Setup, Company Information, which app makes them; Salesforce refuses all calls when they are used up."
    )
    return [Finding("salesforce.limits", ok=False, sentence=sentence, step=step)]


def _check_stream(org: Org, name: str, want: Want) -> list[Finding]:
    subject = f"salesforce.{name}"
    try:
        facts = _facts(org, name)
    except FrontdeskError as error:
        return [Finding(subject, ok=False, sentence=error.sentence, step=error.step)]
    fields = org.described[name] = {entry["name"]: _field(entry) for entry in facts["fields"]}
    findings = []
    for flag, meaning in (("queryable", "be queried"), ("replicateable", "be followed for changes")):
        if not facts.get(flag, True):
            sentence, step = f"{name} cannot {meaning} by the API.", f"Take its mapping away, {ASK_ADMIN}."
            findings.append(Finding(subject, ok=False, sentence=sentence, step=step))
    wrong = [path for path in want.fields if not _there(org, facts, path)]
    for path in wrong:
        sentence = f"{name} has no field {path} that the integration's user may read."
        step = f"{_suggest(path, [*fields])} Correct the mapping, {ASK_ADMIN}."
        findings.append(Finding(subject, ok=False, sentence=sentence, step=step, stream=name, field=path))
    return findings or [Finding(subject, ok=True, sentence=f"{name}: all {len(want.fields)} fields can be read.")]


def _there(org: Org, facts: dict[str, Any], path: str) -> bool:
    """Whether a field, or a parent's field, is there. A parent that cannot be described counts as missing."""
    first, _, rest = path.partition(".")
    if not rest:
        return any(entry["name"].lower() == first.lower() for entry in facts["fields"])
    for entry in facts["fields"]:
        if (entry.get("relationshipName") or "").lower() == first.lower():
            try:
                return any(_there(org, _facts(org, parent), rest) for parent in entry["referenceTo"])
            except FrontdeskError:
                return False
    return False


def _vendor_code(error: FrontdeskError) -> str:
    cause = error.__cause__
    return code_of(cause.content)[0] if isinstance(cause, SalesforceError) else ""
