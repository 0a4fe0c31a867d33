"""The text of a new `frontdesk.toml`: what a firm would want to set, with a comment each, and no secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Answers:
    """What `frontdesk init` was told."""

    name: str
    time_zone: str
    currency: str
    profile: str
    public_url: str
    sources: tuple[str, ...]


PROFILES = ("logistics", "professional_services", "architecture", "legal", "agency", "saas")
QUOTED = ("name", "time_zone", "currency", "profile", "public_url")
HEAD = """\
# Frontdesk. Everything here can be overridden by the environment: FRONTDESK_ and the setting in capitals.
# Secrets stay out of this file: FRONTDESK_SECRET_KEY, FRONTDESK_SMTP_URL, FRONTDESK_{{SOURCE}}_{{SETTING}}.

database_url = "sqlite:///var/frontdesk.sqlite"   # or postgresql://..., which holds a password: FRONTDESK_DATABASE_URL
landing_url = "var/landing"                       # what the sources sent, kept
warehouse_path = "var/warehouse.duckdb"           # the analysts' file
public_url = {public_url}
# trusted_proxies = ["10.0.0.5"]                  # proxies on other machines, whose X-Forwarded-For is believed
mail_from = "portal@localhost"                    # sender of sign-in mail

[firm]
name = {name}
time_zone = {time_zone}
currency = {currency}
profile = {profile}   # default first screen; a client's own wins
locale = "en"
accent = "#0F6B63"
support_email = ""
"""


def write(file: Path, answers: Answers, *, force: bool) -> Path:
    """Write the file and return its path. NeedsPerson when it exists, or an answer cannot be right."""
    if file.exists() and not force:
        raise NeedsPerson(f"{file} exists already.", step="Edit it, or write over it with --force.")
    _refuse_wrong(answers)
    quoted = {name: json.dumps(getattr(answers, name), ensure_ascii=False) for name in QUOTED}
    text = HEAD.format(**quoted) + "".join(_source(name) for name in answers.sources)
    file.write_text(text, encoding="utf-8")
    return file


def _refuse_wrong(answers: Answers) -> None:
    from flows.hub import connector_named

    try:
        ZoneInfo(answers.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise NeedsPerson(f"There is no time zone {answers.time_zone!r}.", step="Use one like Europe/Berlin.") from None
    if not (len(answers.currency) == 3 and answers.currency.isupper()):
        raise NeedsPerson(f"{answers.currency!r} is no currency.", step="Use an ISO 4217 code such as EUR.")
    if answers.profile not in PROFILES:
        raise NeedsPerson(f"There is no profile {answers.profile!r}.", step=f"Profiles are {', '.join(PROFILES)}.")
    for source in answers.sources:
        connector_named(source)


def _source(name: str) -> str:
    from flows.hub import connector_named

    connector = connector_named(name)
    about = "".join(f"# {line}".rstrip() + "\n" for line in (getdoc(connector.settings) or "").splitlines())
    head = f'\n# {connector.title}. {about.removeprefix("# ")}[sources.{name}]\nconnector = "{name}"\n'
    fields = connector.settings.model_fields.items()
    return head + "".join(_setting(key, field) for key, field in fields if not is_secret(field))


def _setting(key: str, field: FieldInfo) -> str:
    if field.is_required():
        return f'{key} = ""   # required\n'
    return f"# {key} = {_literal(field.default)}{f'   # {field.description}' if field.description else ''}\n"


def _literal(value: Any) -> str:
    return json.dumps(value if isinstance(value, str | int | float | bool | list) else str(value or ""))


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting must never stand in the file."""
    return "Secret" in str(field.annotation)
