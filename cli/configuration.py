"""The text of a new `frontdesk.toml`: what a firm would want to set, with a comment each, and no secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
# landing_keep_days = 400                         # pages go then that nothing stored came from; else all are kept
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
how_to_pay = ""                                   # beside open invoices: "By transfer to IBAN ..., naming its number."
"""


def refuse_existing(file: Path) -> None:
    """NeedsPerson when there is a file already."""
    if file.exists():
        raise NeedsPerson(f"{file} exists already.", step="Edit it, or write over it with --force.")


def write(file: Path, answers: Answers) -> Path:
    """Write the file and return its path."""
    quoted = {name: json.dumps(getattr(answers, name), ensure_ascii=False) for name in QUOTED}
    text = HEAD.format(**quoted) + "".join(_source(name) for name in answers.sources)
    file.write_text(text, encoding="utf-8")
    return file


def right(name: str, given: str) -> str:
    """An answer that can be right. ValueError: what was found, and what is accepted."""
    from hub import accepted

    checks = {"time_zone": accepted.time_zone, "currency": accepted.currency, "public_url": accepted.web_address}
    checks |= {"profile": _profile, "sources": _sources}
    return checks[name](given) if name in checks else given


def _profile(given: str) -> str:
    if given not in PROFILES:
        raise ValueError(f"there is no profile {given!r}; profiles are {', '.join(PROFILES)}")
    return given


def _sources(given: str) -> str:
    """Names, parted by commas or spaces."""
    from flows.hub import connector_names

    for name in given.replace(",", " ").split():
        if name not in connector_names():
            raise ValueError(f"there is no connector {name!r}; known are {', '.join(connector_names())}")
    return given


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
