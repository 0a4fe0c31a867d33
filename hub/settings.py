"""What a firm configures: `frontdesk.toml` plus environment `FRONTDESK_*`. Secrets only by environment or secret file.

Environment names are `FRONTDESK_` and the upper-case setting: FRONTDESK_DATABASE_URL, FRONTDESK_SECRET_KEY, ... A
setting of a source is FRONTDESK_{SOURCE}_{SETTING}. A name ending in `_FILE` reads the value from that file, unless the
source's connector has a setting of just that name.

Relative paths count from the folder of `frontdesk.toml`, wherever a command is started (cron, a Prefect worker).
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from collections.abc import Container, Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from hub import accepted
from hub.errors import NeedsPerson

PREFIX = "FRONTDESK_"
CONFIG_VARIABLE = "FRONTDESK_CONFIG"
FILE = "_file"
SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
"""It stands in addresses, folders and variables; a dot would part it from its stream."""
STORE = frozenset({"FRONTDESK_DATABASE_URL", "FRONTDESK_DATABASE_URL_FILE"})
SECRET_KEY_LENGTH = 32
LATE_AFTER_INTERVALS = 3
NEARLY = 0.85
"""How alike two names are of which one is probably the other, mistyped (difflib's ratio)."""
PLAIN_NUMBERS = {"sync_every_seconds", "landing_keep_days"}
NEVER_SECRET = frozenset({"firm", "landing_url", "public_url", "mail_from", "warehouse_path"} | PLAIN_NUMBERS)


class Firm(BaseModel):
    """The firm as its clients see it. `time_zone` (IANA) and `currency` (ISO 4217) are its own, not its clients'.

    how_to_pay  what a client needs to pay an open invoice, in a sentence or some lines: the account, what to name
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "Your firm"
    time_zone: Annotated[str, AfterValidator(accepted.time_zone)] = "UTC"
    currency: Annotated[str, AfterValidator(accepted.currency)] = "EUR"
    locale: str = "en"
    accent: str = "#0F6B63"
    profile: str = "professional_services"
    support_email: str = ""
    how_to_pay: str = ""


class Source(BaseModel):
    """One connected system: which connector serves it, and that connector's own settings, checked by the connector.

    `webhook_secret` is what the system signs its webhooks with; without one /hooks/{source} takes none.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    connector: str
    webhook_secret: SecretStr = SecretStr("")


class Settings(BaseModel):
    """Everything. Times are seconds.

    landing_keep_days  after so many days a landed page goes that no row came from; without it, none goes
    monitor_token      who shows it may read /metrics, and the sources at /readyz; without one nobody may
    trusted_proxies    whose X-Forwarded-For is believed: addresses or networks, in the environment parted by commas
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: str = "sqlite:///var/frontdesk.sqlite"
    landing_url: Annotated[str, AfterValidator(accepted.folder)] = "var/landing"
    landing_keep_days: int | None = Field(default=None, ge=7)
    warehouse_path: Path = Path("var/warehouse.duckdb")
    mappings_path: Path | None = None
    content_path: Path = Path("var/content")
    public_url: Annotated[str, AfterValidator(accepted.web_address)] = "http://127.0.0.1:8000"
    secret_key: SecretStr = SecretStr("")
    monitor_token: SecretStr = SecretStr("")
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = "portal@localhost"
    sync_every_seconds: int = Field(default=300, ge=5)
    firm: Firm = Firm()
    sources: Mapping[str, Source] = {}

    @property
    def late_after(self) -> dt.timedelta:
        """After how long a stream is late, to clients and ops alike, that was not read or does not reach now."""
        return dt.timedelta(seconds=LATE_AFTER_INTERVALS * self.sync_every_seconds)

    @field_validator("sources")
    @classmethod
    def _nameable(cls, given: Mapping[str, Source]) -> Mapping[str, Source]:
        for name in given:
            if not SOURCE_NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a source's name: letters, digits, _ and - can, 32 at most")
        return given

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _parted(cls, given: Any) -> Any:
        return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not all(ip_network(proxy).prefixlen for proxy in given):
            raise ValueError("trusting every address would let anybody forge where they come from")
        return given

    def require_secret_key(self) -> str:
        """The firm's secret key. NeedsPerson when there is none, or a short one: there is no working default."""
        value = self.secret_key.get_secret_value()
        if len(value) < SECRET_KEY_LENGTH:
            raise NeedsPerson(
                "The secret key is too short." if value else "No secret key is set.",
                step="Set FRONTDESK_SECRET_KEY to at least 32 random characters, then try again.",
            )
        return value


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the file (default `frontdesk.toml`) and the environment, which wins.

    Without a file, the environment must at least name the store. Raises NeedsPerson naming the file, the key, what was
    found and what is accepted.
    """
    env = os.environ if environment is None else environment
    file = path or Path(env.get(CONFIG_VARIABLE, "frontdesk.toml"))
    named = path is not None or CONFIG_VARIABLE in env
    if not file.exists() and (named or not STORE & env.keys()):
        raise _nothing_at(file, named=named)
    merged = _with_environment(_read(file) if file.exists() else {}, env, file.parent)
    try:
        return _counted_from(file.parent, Settings.model_validate(merged))
    except ValidationError as error:
        raise _not_right(file, env, error.errors(include_url=False)[0]) from None


def _not_right(file: Path, env: Mapping[str, str], error: Mapping[str, Any]) -> NeedsPerson:
    setting, said = ".".join(str(part) for part in error["loc"]), error["msg"].removeprefix("Value error, ")
    variable = PREFIX + setting.upper().replace(".", "_")
    where = variable if variable in env else f"{file}: the setting {setting}"
    if error["type"] == "extra_forbidden":
        known = Firm.model_fields if error["loc"][0] == "firm" else Settings.model_fields
        return NeedsPerson(f"{where} is not known.", step=f"Known settings are {', '.join(sorted(known))}.")
    # Our own sentences name what was found; a secret is never shown, nor what stands where one may.
    shown = error["loc"][0] in NEVER_SECRET and error["type"] not in {"value_error", "missing"}
    found = f"{error['input']!r}: " if shown else ""
    return NeedsPerson(f"{where} is not right: {found}{said}.", step="Correct it there, then try again.")


def _counted_from(folder: Path, settings: Settings) -> Settings:
    """With all paths as seen from a folder; absolute ones stay. A source's are its settings that end in `_file`."""
    kind, _, database = settings.database_url.partition(":///")
    paths = {
        "landing_url": str(folder / settings.landing_url),
        "warehouse_path": folder / settings.warehouse_path,
        "content_path": folder / settings.content_path,
        "mappings_path": settings.mappings_path and folder / settings.mappings_path,
        "sources": {name: _source_from(folder, source) for name, source in settings.sources.items()},
    }
    if kind == "sqlite" and database != ":memory:":
        paths["database_url"] = f"sqlite:///{folder / database}"
    return settings.model_copy(update=paths)


def _source_from(folder: Path, source: Source) -> Source:
    own = source.model_extra or {}
    named = {name: path for name, path in own.items() if name.endswith(FILE) and isinstance(path, str)}
    return source.model_copy(update={name: str(folder / path) for name, path in named.items()})


def _nothing_at(file: Path, *, named: bool) -> NeedsPerson:
    if named:
        return NeedsPerson(f"The configuration {file} does not exist.", step="Run `frontdesk init` to write one.")
    return NeedsPerson(f"There is no {file} here.", step="Run `frontdesk init`, or name one with --config.")


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NeedsPerson(f"{file} is no valid TOML: {error}.", step="Mend that line, then try again.") from None


def _with_environment(values: dict[str, Any], env: Mapping[str, str], folder: Path) -> dict[str, Any]:
    firm, sources = values.get("firm", {}), values.get("sources", {})
    if not isinstance(sources, dict) or not all(isinstance(body, dict) for body in (firm, *sources.values())):
        return values  # the model says what is wrong with it
    merged = {**values, "firm": dict(firm), "sources": {name: dict(body) for name, body in sources.items()}}
    for variable, text in env.items():
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE:
            _set(merged, variable, text, folder)
    return merged


def _set(merged: dict[str, Any], variable: str, text: str, folder: Path) -> None:
    """One variable: a setting, the file that holds it, or a setting of the source that it names."""
    name, own = variable.removeprefix(PREFIX).lower(), Settings.model_fields.keys() - {"firm", "sources"}
    source = _source_of(name, merged["sources"])
    firm = name.removeprefix("firm_")
    if name in own:
        merged[name] = text
    elif firm != name and firm in Firm.model_fields:
        merged["firm"][firm] = text
    elif name.endswith(FILE) and name.removesuffix(FILE) in own:
        merged[name.removesuffix(FILE)] = secret_in(variable, folder / text)
    elif source is not None:
        setting = name.removeprefix(_begin(source))
        if setting == f"webhook_secret{FILE}":
            merged["sources"][source]["webhook_secret"] = secret_in(variable, folder / text)
        else:
            # Whether `x_file` is a setting of its own or holds the setting `x`, only its connector can tell.
            merged["sources"][source][setting] = text


def mistyped(sources: Iterable[str], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that set nothing and are nearly the name of one that would, by that name.

    Others are left in peace: whatever begins like ours need not be meant for us.
    """
    from difflib import get_close_matches

    env, own = os.environ if environment is None else environment, Settings.model_fields.keys() - {"firm", "sources"}
    known = [*own, *(f"firm_{name}" for name in Firm.model_fields)]
    known = [f"{PREFIX}{name}".upper() for name in (*known, *(f"{name}{FILE}" for name in own))]
    unheard = [
        variable
        for variable in env
        if variable.startswith(PREFIX)
        and variable not in {*known, CONFIG_VARIABLE}
        and _source_of(variable.removeprefix(PREFIX).lower(), sources) is None
    ]
    near = {variable: get_close_matches(variable, known, n=1, cutoff=NEARLY) for variable in unheard}
    return {variable: found[0] for variable, found in near.items() if found}


def _source_of(name: str, sources: Iterable[str]) -> str | None:
    """The source that a variable speaks of. Of `quickbooks` and `quickbooks_us` it is the longer one that fits."""
    return max((source for source in sources if name.startswith(_begin(source))), key=len, default=None)


def _begin(source: str) -> str:
    """How the names of a source's variables begin, after FRONTDESK_, in small letters: no shell takes a hyphen."""
    return f"{source.lower().replace('-', '_')}_"


def variable_of(source: str, setting: str) -> str:
    """The environment variable that sets a source's setting."""
    return f"{PREFIX}{_begin(source)}{setting}".upper()


def secret_in(told: str, path: Path) -> str:
    """What a file holds. NeedsPerson saying who named it when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise NeedsPerson(
            f"{told} names {path}, which cannot be read: {why}.",
            step="Put the file there, or correct the path, then try again.",
        ) from None


def with_secrets(source: str, values: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """A source's settings. `x_file` is what holds `x`, where its connector knows `x` and has no `x_file` itself."""
    held = {
        name: name.removesuffix(FILE)
        for name, path in values.items()
        if name.endswith(FILE) and isinstance(path, str) and name not in known and name.removesuffix(FILE) in known
    }
    read = {held[name]: secret_in(f"{name} of {source}", Path(values[name])) for name in held}
    return {name: value for name, value in values.items() if name not in held} | read
