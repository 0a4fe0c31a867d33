"""What a firm configures for its Google Drive. Production and sandbox differ in `base_url` and the key only."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

SCOPE = "https://www.googleapis.com/auth/drive.readonly"
"""The only scope asked for: what an admin must delegate."""


class DriveSettings(BaseModel):
    """Where the client folders are, and who reads them.

    `root_folder_id` is the folder whose direct children are the clients' folders. `subject` is the Workspace user whose
    Drive is read by domain-wide delegation; without one the service account reads what was shared with it. `drive_id`
    names the shared drive that holds the root folder, if one does. `base_url` is given for the sandbox only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    root_folder_id: str = Field(min_length=1)
    service_account_file: Path | None = None
    service_account_json: SecretStr | None = None
    subject: str = ""
    drive_id: str = ""
    base_url: str = ""

    @model_validator(mode="after")
    def one_key(self) -> Self:
        """Exactly one place to take the key from."""
        if (self.service_account_file is None) == (self.service_account_json is None):
            raise ValueError("set either service_account_file or service_account_json")
        return self
