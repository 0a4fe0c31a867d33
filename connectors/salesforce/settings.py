"""How a firm names its Salesforce org and signs in: client credentials, or a user's name with a private key (JWT)."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

SHARED_DOMAINS = frozenset({"login", "test"})


class SalesforceSettings(BaseModel):
    """One org. Neither way of signing in has a secret that the vendor rotates, so nothing is kept in a TokenStore.

    `domain` is the part of the org's own address before `.salesforce.com` (`acme.my`). `base_url` sends every call
    elsewhere: the sandbox. `overlap_seconds` is how far each reading goes back behind its cursor, for transactions
    that commit late; `lag_seconds` how far it stays behind the source's clock.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: str = "sandbox.my"
    base_url: str | None = None
    client_id: str
    client_secret: SecretStr | None = None
    username: str | None = None
    private_key_file: Path | None = None
    api_version: str = Field(default="68.0", pattern=r"^\d{2}\.0$")
    overlap_seconds: int = Field(default=600, ge=0)
    lag_seconds: int = Field(default=0, ge=0)
    page_size: int = Field(default=2000, ge=200, le=2000)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.private_key_file is not None and self.username is None:
            raise ValueError("private_key_file also needs username, the integration user that the app may act as")
        if self.private_key_file is None and self.client_secret is None:
            raise ValueError("set client_secret (client credentials), or username and private_key_file (JWT)")
        if self.private_key_file is None and self.domain in SHARED_DOMAINS:
            raise ValueError(f"client credentials need the org's own domain such as acme.my, not {self.domain}")
        return self
