"""What is the matter with the store itself, in plain words, by what SQLAlchemy raised."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from hub.errors import FrontdeskError
from hub.trouble import told


def trouble(error: BaseException) -> FrontdeskError | None:
    """What is the matter with the store itself; None for anything else, such as a defect of ours."""
    if not isinstance(error, DBAPIError):
        return None
    return told(error.orig, invalidated=error.connection_invalidated)
