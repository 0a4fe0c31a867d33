"""How a firm names its QuickBooks company and the app that may read it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class QuickBooksSettings(BaseModel):
    """One company. Intuit's development and production companies differ by `environment`.

    `base_url` sends every call elsewhere: the sandbox. `discovery_url` names another document of the sign-in's
    addresses. `realm_id` is the company's number, up to 19 digits, so text; `frontdesk connect` learns it by itself.
    `refresh_token` is a first one that was fetched elsewhere; from its first use on, the stored one counts.
    `overlap_seconds` is how far each reading goes back behind its cursor, for writes that arrive late.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["production", "sandbox"] = "production"
    base_url: str | None = None
    discovery_url: str | None = None
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    realm_id: str = Field(default="", pattern=r"^\d{0,19}$")
    refresh_token: SecretStr | None = None
    overlap_seconds: int = Field(default=300, ge=0, le=86_400)
