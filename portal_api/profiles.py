"""The firm's profiles, read once as the portal starts: which cards answer which worry (mappings.profiles)."""

from __future__ import annotations

from pathlib import Path

from mappings.profiles import Place, Profile, profiles

__all__ = ["Place", "Profile", "Profiles"]


class Profiles:
    """Every profile by name. NeedsPerson with file and line for one that is not right."""

    def __init__(self, folder: Path | None, default: str) -> None:
        self._known = profiles(folder)
        self._default = self._known.get(default) or self._known["professional_services"]

    def of(self, name: str | None) -> Profile:
        """The profile by name, the firm's default for a client without one or with one that nobody knows."""
        return self._known.get(name or "") or self._default
