"""YAML that remembers where each word stood, so that a complaint can name file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import yaml

from hub.errors import NeedsPerson

LARGEST = 2**63


class MappingError(NeedsPerson):
    """A mapping says something that is not in the vocabulary, and file:line begins the sentence; or there is none."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a mapping file."""

    file: Path
    line: int

    def says(self, sentence: str) -> str:
        """A sentence of this place, which it begins with."""
        return f"{self.file}:{self.line}: {sentence}"

    def refuse(self, sentence: str, *, step: str = "") -> MappingError:
        """The error for this place; the caller raises it."""
        return MappingError(self.says(sentence), step=step)

    def refuse_unknown(self, what: str, got: str, accepted: Iterable[str]) -> MappingError:
        """The error for a word that is not one of `accepted`, with the nearest one."""
        known = sorted(accepted)
        near = difflib.get_close_matches(got, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return self.refuse(f"unknown {what} {got!r}.{hint}", step=f"Accepted: {', '.join(known)}.")


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value with its place. `value` is a str, int or None, a list of Nodes, or a dict of Nodes."""

    value: Any
    spot: Spot

    def words(self, what: str, accepted: Iterable[str], needs: Iterable[str] = ()) -> dict[str, Node]:
        """This node as a block whose keys are all accepted words, and include those that it needs."""
        accepted = {*accepted, *needs}
        block = self.block(what)
        for word, node in block.items():
            if word not in accepted:
                raise node.spot.refuse_unknown(f"word in {what}", word, accepted)
        for word in needs:
            if word not in block:
                raise self.spot.refuse(
                    f"{what} does not say `{word}`.", step=f"Accepted: {', '.join(sorted(accepted))}."
                )
        return block

    def block(self, what: str) -> dict[str, Node]:
        """This node as a block of any keys."""
        if not isinstance(self.value, dict):
            raise self.spot.refuse(f"{what} must be a block of `word: value` lines, not {self.plain()!r}.")
        return self.value

    def items(self, what: str) -> list[Node]:
        """This node as a list."""
        if not isinstance(self.value, list):
            raise self.spot.refuse(f"{what} must be a list, not {self.plain()!r}.")
        return self.value

    def plain(self) -> Any:
        """The value alone, without places: the same for two files that say the same."""
        if isinstance(self.value, dict):
            return {word: node.plain() for word, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def text(self, what: str) -> str:
        """This node as one word or line."""
        if not isinstance(self.value, str) or not self.value:
            raise self.spot.refuse(f"{what} must be a word, not {self.plain()!r}.")
        return self.value


def fingerprint(top: Mapping[str, Node], *circumstances: str) -> str:
    """The same for files that say the same in the same circumstances, however they are written."""
    said = {word: node.plain() for word, node in top.items()}
    return blake2b(orjson.dumps([said, circumstances]), digest_size=16).hexdigest()


def read(file: Path) -> Node:
    """The file as Nodes. MappingError for what is no YAML, or refers to itself."""
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if root is None:
            raise Spot(file, 1).refuse("the file is empty.")
        return _node(root, file)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Spot(file, line).refuse("this is no text in UTF-8.", step="Save it in UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Spot(file, line).refuse(f"this is no YAML: {error.problem}.") from None
    except yaml.YAMLError as error:
        why = str(error).partition("\n")[0].rpartition(": ")[2]
        raise Spot(file, 1).refuse(f"this is no YAML: {why}.") from None
    except RecursionError:
        raise Spot(file, 1).refuse("it refers to itself.", step="Write it without `&` and `*`.") from None


def _node(node: yaml.Node, file: Path) -> Node:
    spot = Spot(file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return Node(dict(_pairs(node, file)), spot)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(item, file) for item in node.value], spot)
    # What YAML would guess at stays text: a source may well have a field called `no` or `on`.
    typed = node.tag.rpartition(":")[2] in {"int", "null"}
    value = yaml.safe_load(node.value) if typed else node.value
    if isinstance(value, int) and abs(value) >= LARGEST:
        raise spot.refuse("no number of more than 64 bits is taken.")
    return Node(value, spot)


def _pairs(node: yaml.MappingNode, file: Path) -> Iterator[tuple[str, Node]]:
    seen: set[str] = set()
    for key, value in node.value:
        spot = Spot(file, key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise spot.refuse("a word must stand before the colon.")
        if key.value in seen:
            raise spot.refuse(f"{key.value!r} stands here twice.")
        seen.add(key.value)
        inner = _node(value, file)
        # A complaint about a word points at the word, also where its value begins a line later.
        yield key.value, Node(inner.value, spot)
