"""Profiles: which cards answer which worry, and what a client of that kind calls things.

The house's lie beside this module in `profiles/`; a firm's own, in `profiles/` of its `mappings_path`, take the place
of those of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mappings.yaml_lines import Node, read

HOUSE = Path(__file__).resolve().parent / "profiles"
WORDS = ("profile", "worry", "noun", "main", "side", "first_visit")
NOUN = ("label", "path", "icon")
CARDS = frozenset({"account", "documents", "invoice", "plan", "projects", "requests", "shipments", "waiting"})
"""templates/home/cards has one for each."""
PATHS = frozenset({"/contracts", "/documents", "/invoices", "/projects", "/requests", "/shipments"})
ICONS = frozenset({"account", "case", "contract", "document", "invoice", "plan", "project", "request", "shipment"})
"""Those of portal_api/static/icons.svg that stand for something of a client's."""
LINES = 3
"""What a first visit is told."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the menu. `heading`: what its page is called, where the menu's word is not it (Case, Cases)."""

    label: str
    path: str
    icon: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of client sees first. `main` and `side`: templates/home/cards/*.html, in the order of the page."""

    profile: str
    worry: str
    noun: Place
    main: tuple[str, ...]
    side: tuple[str, ...]
    first_visit: tuple[str, ...]

    @property
    def cards(self) -> frozenset[str]:
        """All of them, in no order."""
        return frozenset((*self.main, *self.side))


def profiles(folder: Path | None) -> Mapping[str, Profile]:
    """Every profile by name, the firm's own instead of the house's. MappingError with file and line."""
    house = {file.stem: profile_of(file, None) for file in _files(HOUSE)}
    own = {} if folder is None else {file.stem: profile_of(file, house) for file in _files(folder / "profiles")}
    return house | own


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def profile_of(file: Path, known: Iterable[str] | None) -> Profile:
    """One file. Its name is that of the profile, which must be among the known ones: each has an answer of its own."""
    words = read(file).words("a profile", (), WORDS)
    name = words["profile"].text("profile")
    if known is not None and name not in known:
        raise words["profile"].spot.refuse_unknown("profile", name, known)
    if name != file.stem:
        raise words["profile"].spot.refuse(f"profile {name!r} in the file {file.name}.", step="Name both alike.")
    cards = {word: tuple(_texts(words[word], word, CARDS)) for word in ("main", "side")}
    if twice := sorted(set(cards["main"]) & set(cards["side"])):
        raise words["side"].spot.refuse(f"{twice[0]} is in main already.", step="Name each card once.")
    return Profile(name, words["worry"].text("worry"), _noun(words["noun"]), **cards, first_visit=_lines(words))


def _noun(node: Node) -> Place:
    words = node.words("noun", ("heading",), NOUN)
    for word, accepted in (("path", PATHS), ("icon", ICONS)):
        if words[word].text(word) not in accepted:
            raise words[word].spot.refuse_unknown(word, words[word].value, accepted)
    heading = words["heading"].text("heading") if "heading" in words else ""
    return Place(words["label"].text("label"), words["path"].value, words["icon"].value, heading)


def _texts(node: Node, what: str, accepted: Iterable[str]) -> Iterator[str]:
    for number, item in enumerate(node.items(what)):
        text = item.text(f"a card of {what}")
        if text not in accepted:
            raise item.spot.refuse_unknown("card", text, accepted)
        if text in [other.value for other in node.value[:number]]:
            raise item.spot.refuse(f"{text} stands here twice.", step="Name each card once.")
        yield text


def _lines(words: Mapping[str, Node]) -> tuple[str, ...]:
    node = words["first_visit"]
    lines = tuple(item.text("a line of first_visit") for item in node.items("first_visit"))
    if len(lines) != LINES:
        raise node.spot.refuse(f"first_visit has {len(lines)} lines.", step=f"Write {LINES}.")
    return lines
