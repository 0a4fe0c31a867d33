"""The folders of the Drive as a tree, and where a file stands in it: whose, which category, which path.

Drive tells a folder's move or rename once, for the folder alone; what it means for the files below is worked out here.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from connectors.google_drive.entries import LOST, fault, is_discarded, parent_of
from hub.unread import OURS, unread

NATIVE = "application/vnd.google-apps."
DEEPEST = 100
"""Drive's own limit of folder levels; also ends a walk through a circle."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as Drive shows it. `parent` is empty where we cannot see it; `discarded`: itself in the trash."""

    id: str
    name: str
    parent: str
    discarded: bool = False


def folder_of(file: Mapping[str, Any]) -> Folder:
    """A Folder from a File resource with an id. One that cannot be read is not known to be anywhere."""
    name = file.get("name")
    if not isinstance(name, str):
        return Folder(file["id"], "", LOST)
    return Folder(file["id"], name, parent_of(file), is_discarded(file))


@dataclass
class Tree:
    """Folders by id, below and beside the root, trashed ones included. `nameless`: entries that have no id; `unseen`:
    ids of folders that Drive does not show us.

    What does not say where it lies counts as below a client's folder LOST: so it is read, and held.
    """

    root: str
    folders: dict[str, Folder] = field(default_factory=dict)
    nameless: list[Any] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.put(Folder(LOST, "", self.root))

    def put(self, folder: Folder) -> None:
        self.folders[folder.id] = folder
        self.unseen.discard(folder.id)

    def remove(self, folder_id: str) -> None:
        self.folders.pop(folder_id, None)

    def chain(self, folder_id: str) -> list[Folder] | None:
        """The folders from the client's own down to this one; None when it is not below the root, or in the trash."""
        found: list[Folder] = []
        while folder_id != self.root:
            folder = self.folders.get(folder_id)
            if folder is None or folder.discarded or len(found) > DEEPEST:
                return None
            found.append(folder)
            folder_id = folder.parent
        return found[::-1]

    def below(self, folder_ids: Iterable[str]) -> list[str]:
        """These folders and every folder below them, sorted."""
        children: dict[str, list[str]] = defaultdict(list)
        for folder in self.folders.values():
            children[folder.parent].append(folder.id)
        found: set[str] = set()
        waiting = list(folder_ids)
        while waiting:
            folder_id = waiting.pop()
            if folder_id not in found:
                found.add(folder_id)
                waiting += children[folder_id]
        return sorted(found)

    def inside(self) -> list[str]:
        """Every folder below the root and out of the trash, sorted; the root itself holds no client's files."""
        return [folder_id for folder_id in self.below([self.root]) if folder_id != LOST and self.chain(folder_id)]


def placed(tree: Tree, file: Mapping[str, Any]) -> dict[str, Any] | None:
    """The file with its place under `frontdesk`, or with what is wrong with it; None when it belongs to no client."""
    chain = tree.chain(parent_of(file))
    if not chain:
        return None
    client, *rest = chain
    if client.id == LOST:
        above = f"The folder {rest[0].id}, in which it lies, cannot be read." if rest else ""
        return unread(file, *(fault(file) or ("parents", above)))
    if wrong := fault(file):
        return unread(file, *wrong, client_folder=client.id)
    path = [folder.name for folder in rest] + [file["name"]]
    place = {
        "client_folder": client.id,
        "category": rest[0].name if rest else "",
        # Names may hold slashes; in a path they would look like folders that are not there.
        "path": "/".join(name.replace("/", "∕") for name in path),
        # Native documents have no revision id; their version moves with every edit.
        "revision": file.get("headRevisionId") or f"v{file.get('version', '')}",
    }
    return {**file, OURS: place}


@dataclass(frozen=True)
class Known:
    """Which folders were there at the last reading, as four bytes each: small enough for a cursor.

    Needed because Drive names what it took away by id only. A wrong yes (one in millions) costs a sweep, no more.
    """

    marks: frozenset[bytes]
    everything: bool = False

    def has(self, folder_id: str) -> bool:
        return self.everything or mark(folder_id) in self.marks

    def plus(self, folder_ids: Iterable[str]) -> Known:
        return Known(self.marks | {mark(folder_id) for folder_id in folder_ids}, self.everything)

    def minus(self, folder_id: str) -> Known:
        return Known(self.marks - {mark(folder_id)}, self.everything)

    def text(self) -> str:
        """For the cursor. Beyond `MOST_KNOWN` folders every id counts as known."""
        if self.everything or len(self.marks) > MOST_KNOWN:
            return "*"
        return base64.b64encode(b"".join(sorted(self.marks))).decode()


MOST_KNOWN = 20_000
MARK_BYTES = 4


def mark(folder_id: str) -> bytes:
    """Four bytes that stand for a folder."""
    return blake2b(folder_id.encode(), digest_size=MARK_BYTES).digest()


def known_of(text: str) -> Known:
    """Known from a cursor's text."""
    if text == "*":
        return Known(frozenset(), everything=True)
    joined = base64.b64decode(text)
    return Known(frozenset(joined[i : i + MARK_BYTES] for i in range(0, len(joined), MARK_BYTES)))


def known_folders(folder_ids: Iterable[str]) -> Known:
    """Known from ids."""
    return Known(frozenset()).plus(folder_ids)
