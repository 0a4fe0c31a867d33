"""A hub over the model source, on both databases."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine

from flows.hub import Hub
from hub.settings import Settings, Source
from store.engine import create_engine
from store.migrate import upgrade
from warehouse.landing import Landing


def _load(name: str) -> ModuleType:
    """A module that lies beside the tests (they are no package)."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


model_source = _load("model_source")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty store on each database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    upgrade(engine)  # for tests that name a database of their own
    yield engine
    engine.dispose()


@pytest.fixture
def source(tmp_path: Path) -> Any:
    """A truth with two clients, their customers and 20 invoices, a third of them changed at the same moment."""
    truth = model_source.ModelSource(tmp_path / "source.json")
    truth.put("Account", "A1", Name="Müller & Söhne", customer="C1")
    truth.put("Account", "A2", Name="O'Neill", customer=None)
    truth.put("Customer", "C1", Name="Mueller")
    truth.put("Customer", "C2", Name="o'neill")
    truth.put("Customer", "C3", Name="Nobody we know")
    for number in range(20):
        truth.put("Invoice", f"I{number:02}", tie=number % 3 == 0, number=f"10{number:02}", day="2026-03-01",
                  total=100 + number, balance=number, currency="EUR", customer=f"C{number % 3 + 1}")  # fmt: skip
    truth.save()
    return truth


@pytest.fixture
def make_hub(engine: Engine, tmp_path: Path) -> Callable[..., Hub]:
    def make(faults: list[Any] | None = None, settings: dict[str, Any] | None = None) -> Hub:
        chosen = Settings(
            mappings_path=model_source.write_mappings(tmp_path / "mappings"),
            secret_key="x" * 32,
            sources={"model": Source(connector="model", path=tmp_path / "source.json")},
            **(settings or {}),
        )
        connector = model_source.connector(faults)
        return Hub(chosen, engine, Landing(tmp_path / "landing"), lambda name: connector)

    return make


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()
