"""A firm's own first screens: read instead of the house's, and refused with file and line where they are wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mappings.profiles import CARDS, HOUSE, ICONS, profiles
from mappings.yaml_lines import MappingError


@pytest.fixture
def legal(tmp_path: Path) -> Path:
    """The firm's own first screen for law firms, as copied from the house's."""
    (tmp_path / "profiles").mkdir()
    return Path(shutil.copy(HOUSE / "legal.yaml", tmp_path / "profiles" / "legal.yaml"))


def test_a_firms_own_profile_is_read_and_the_others_stay(tmp_path: Path, legal: Path) -> None:
    legal.write_text(legal.read_text().replace("label: Case", "label: Matter"))
    assert profiles(tmp_path)["legal"].noun.label == "Matter"
    assert profiles(None)["legal"].noun.label == "Case"
    legal.write_text(legal.read_text().replace("heading: Cases, ", ""))
    assert profiles(tmp_path)["legal"].noun.heading == "", "the menu's word will do"
    assert profiles(tmp_path).keys() == profiles(None).keys()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("profile: legal", "profile: leagl", 1, "unknown profile 'leagl'. Did you mean 'legal'?"),
        ("profile: legal", "profile: saas", 1, "profile 'saas' in the file legal.yaml."),
        ("worry:", "wory:", 2, "unknown word in a profile 'wory'. Did you mean 'worry'?"),
        ("icon: case", "icon: cases", 3, "unknown icon 'cases'. Did you mean 'case'?"),
        ("path: /projects", "path: /project", 3, "unknown path '/project'. Did you mean '/projects'?"),
        ("main: [waiting, projects", "main: [waiting, project", 4, "unknown card 'project'. Did you mean 'projects'?"),
        ("  - Your documents and invoices, each one press away.\n", "", 6, "first_visit has 2 lines."),
        ("main: [waiting,", "main: [documents, waiting,", 4, "documents stands here twice."),
        ("side: [", "side: [documents, ", 5, "documents is in main already."),
        ("side: [", "side: [[", 5, "this is no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, legal: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in legal.read_text()
    legal.write_text(legal.read_text().replace(old, new))
    with pytest.raises(MappingError) as caught:
        profiles(tmp_path)
    assert str(legal) in caught.value.sentence
    assert said in caught.value.sentence
    assert f":{line}:" in caught.value.sentence or "YAML" in said


def test_cards_and_icons_are_those_that_the_portal_has() -> None:
    root = HOUSE.parents[1]
    assert {file.stem for file in (root / "templates" / "home" / "cards").glob("*.html")} == CARDS
    drawn = (root / "portal_api" / "static" / "icons.svg").read_text()
    assert [icon for icon in ICONS if f'id="{icon}"' not in drawn] == []
