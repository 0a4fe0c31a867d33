"""Profiles: which cards answer which worry, and what a client of that kind calls things. Facts in mappings/profiles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import BaseModel, ConfigDict

DIRECTORY = Path(__file__).resolve().parents[1] / "mappings" / "profiles"


class Place(BaseModel):
    """One place of the menu."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    path: str
    icon: str


class Profile(BaseModel):
    """What one kind of client sees first. `cards` are templates/home/cards/*.html, in their order on the page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: str
    worry: str
    noun: Place
    main: tuple[str, ...]
    side: tuple[str, ...]
    first_visit: tuple[str, str, str]


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile by name. Raises pydantic's ValidationError naming the file's mistake."""
    files = sorted(DIRECTORY.glob("*.yaml"))
    loaded = [Profile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return MappingProxyType({profile.profile: profile for profile in loaded})


def profile_of(name: str | None, default: str) -> Profile:
    """The profile by name, the firm's default for a client without one or with one that nobody knows."""
    known = profiles()
    return known.get(name or "") or known.get(default) or known["professional_services"]
