"""Lets Prefect's server schedule runs on SQLAlchemy 2.1.

SQLAlchemy 2.0 ignored a hybrid attribute's key in a bulk insert; 2.1 refuses it unless the attribute says what to do
with it (`bulk_dml`). Prefect 3.8's models do not say, so its scheduler fails at every loop and no scheduled run is ever
made. Here they say: nothing. Prefect's server imports this module by itself (entry point `prefect.collections`).
Remove it once Prefect declares SQLAlchemy 2.1; `tests/flows/test_prefect_flows.py` tells when.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

from sqlalchemy.ext.hybrid import hybrid_property

MODELS = "prefect.server.database.orm_models"


def accept_bulk_inserts() -> None:
    """Make the models' hybrid attributes ignore bulk values, as SQLAlchemy 2.0 did."""
    models = sys.modules.get(MODELS)
    if models is None:
        # A client of the server: it has no models, and importing them costs a second.
        return
    for mapper in models.Base.registry.mappers:
        for attribute in mapper.all_orm_descriptors.values():
            if isinstance(attribute, hybrid_property) and attribute.bulk_dml_setter is None:
                attribute.inplace.bulk_dml(_ignore)


def _ignore(cls: Any, mapping: MutableMapping[str, Any], value: Any) -> None:
    """What 2.0 did with it."""


# Prefect loads the entry point by importing it and calls nothing.
accept_bulk_inserts()
