"""How a firm names its Salesforce org and signs in: client credentials, or a user's name with a private key (JWT)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

SHARED_DOMAINS = frozenset({"login", "test"})
DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
STAND_IN = "sandbox.my"
"""Where `base_url` takes every call: the library wants a name, and nothing is sent to it."""


class SalesforceSettings(BaseModel):
    """One org. Neither way of signing in has a secret that the vendor rotates, so nothing is kept in a TokenStore.

    `domain` is the part of the org's own address before `.salesforce.com` (`acme.my`). `base_url` sends every call
    elsewhere, whatever the domain: the sandbox. `overlap_seconds` is how far each reading goes back behind its cursor,
    for transactions that commit late; `lag_seconds` how far it stays behind the source's clock.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str | None = None
    domain: str = Field(default="", validate_default=True, description="needed: your org's own, such as acme.my")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = Field(default=None, min_length=1)
    username: str | None = None
    private_key_file: Path | None = None
    api_version: str = Field(default="68.0", pattern=r"^\d{2}\.0$")
    overlap_seconds: int = Field(default=600, ge=0)
    lag_seconds: int = Field(default=0, ge=0)
    page_size: int = Field(default=2000, ge=200, le=2000)

    @field_validator("domain")
    @classmethod
    def _own_domain(cls, given: str, info: ValidationInfo) -> str:
        # No default: the app's secret would be sent to whoever owns that address.
        if not given and not info.data.get("base_url"):
            raise ValueError("name your org's own, such as acme.my")
        if not DOMAIN.fullmatch(given or STAND_IN) or given.endswith(".salesforce.com"):
            raise ValueError("write the part before .salesforce.com alone, such as acme.my")
        return given or STAND_IN

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.private_key_file is not None and self.username is None:
            raise ValueError("private_key_file also needs username, the integration user that the app may act as")
        if self.private_key_file is None and self.client_secret is None:
            raise ValueError("set client_secret (client credentials), or username and private_key_file (JWT)")
        if self.private_key_file is None and self.domain in SHARED_DOMAINS:
            raise ValueError(f"client credentials need the org's own domain such as acme.my, not {self.domain}")
        return self
