"""Jinja2, set up once: every template compiled at start, all output escaped, an unknown name is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from hub.settings import Firm
from portal_api.assets import Assets
from portal_api.colour import accent
from portal_api.wording import FILTERS, Words, chunks, reading_as

DIRECTORY = Path(__file__).resolve().parents[1] / "templates"


DRAWN = Markup('viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"')
"""The size is said by the icons themselves, so that they stay small without the style sheet too."""


class Templates:
    """The templates with what they all may use: `firm`, `asset(name)`, `icon(name)` and the filters of wording."""

    def __init__(self, firm: Firm, assets: Assets, directory: Path = DIRECTORY) -> None:
        self._environment = environment = Environment(
            loader=FileSystemLoader(directory),
            autoescape=True,
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters.update(FILTERS, chunks=chunks)
        environment.globals.update(
            firm=firm, accent=accent(firm.accent), asset=assets.urls.__getitem__, icon=_icons(assets.icons)
        )
        self._plain = environment.overlay(autoescape=False)
        for name in environment.list_templates():
            self._get(name)

    def render(self, name: str, context: Mapping[str, Any], words: Words) -> str:
        """The template's text, in the words of its reader. `.txt` templates are plain text and not escaped."""
        with reading_as(words):
            return self._get(name).render(context)

    def _get(self, name: str) -> Template:
        environment = self._plain if name.endswith(".txt") else self._environment
        return environment.get_template(name)


def _icons(bodies: Mapping[str, Markup]) -> Any:
    drawn = {name: Markup('<svg class="icon" {}>{}</svg>').format(DRAWN, body) for name, body in bodies.items()}
    return drawn.__getitem__
