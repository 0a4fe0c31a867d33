"""The firm's Google Drive: a folder for each client, categories below it, files in them."""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import dataclass
from typing import Any

from sandbox.firm.papers import Paper, content_of, papers_of, searchable
from sandbox.firm.roster import Client
from sandbox.firm.writer import Writer
from sandbox.google_drive.resource import head_revision, iso
from sandbox.google_drive.tree import FOLDER, ROOT_ID
from sandbox.state import State

CLIENTS_FOLDER = "fld-clients"
CATEGORIES = ("Contracts", "Invoices", "Deliverables", "Reports", "Correspondence")
OWN_FILES = 120
"""So many clients get files that name them; later ones share the bytes of these."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored bytes and what Drive says about them."""

    name: str
    facts: dict[str, str]


class Drive:
    """The Drive while it is being filled. Blobs are generated once for each distinct text."""

    def __init__(self, writer: Writer, seed: int) -> None:
        self.writer, self.seed = writer, seed
        self.blobs: dict[str, Blob] = {}
        self.rng = random.Random(f"{seed}/drive")
        self.add_folder(self.rng, CLIENTS_FOLDER, "Clients", ROOT_ID, -720)

    def id(self, path: str) -> str:
        """A Drive id: 33 characters that follow from the seed and the path."""
        digest = hashlib.sha256(f"{self.seed}/{path}".encode()).digest()
        return "1" + base64.urlsafe_b64encode(digest).decode()[:32]

    def add(self, id_: str, body: dict[str, Any], times: tuple[int, int]) -> str:
        """Write one file or folder."""
        return self.writer.add("google_drive", "file", id_, body | {"modifiedTime": iso(times[1])}, times)

    def add_folder(self, rng: random.Random, id_: str, name: str, parent: str, born: float) -> str:
        """Write one folder."""
        body = {"name": name, "mimeType": FOLDER, "parents": [parent]}
        return self.add(id_, body, self.writer.calendar.written(rng, born))

    def folder(self, member: Client, born: float) -> str:
        """A client's folder with its categories; a client of last week has two of them."""
        rng = random.Random(f"{self.seed}/folder/{member.index}")
        id_ = self.id(f"client/{member.index}")
        self.add_folder(rng, id_, member.name, CLIENTS_FOLDER, born)
        for category in CATEGORIES[: 2 if member.situation == "first_visit" else None]:
            self.add_folder(rng, self.id(f"client/{member.index}/{category}"), category, id_, born)
        return id_

    def files(
        self, rng: random.Random, member: Client, folder: str, born: float, projects: list[tuple[str, str]]
    ) -> None:
        """A client's files by its trade and situation."""
        for position, paper in enumerate(papers_of(member)):
            category = f"client/{member.index}/{paper.category}"
            parent = self.id(category) if paper.category else folder
            path = f"{category}/{position}/{paper.name}"
            age = min(-1.0, born + (position + 1) * -born / 30)
            self.file(rng, member, paper, self.id(path), parent, age, projects)

    def file(
        self,
        rng: random.Random,
        member: Client,
        paper: Paper,
        id_: str,
        parent: str,
        born: float,
        projects: list[tuple[str, str]],
    ) -> None:
        """One file with its bytes, or a native document with its renditions."""
        times = self.writer.calendar.written(rng, born)
        body: dict[str, Any] = {"name": paper.name, "mimeType": paper.mime, "parents": [parent]}
        body["properties"] = properties(paper, projects)
        if member.index < OWN_FILES:
            body["_text"] = searchable(paper, member)
        if paper.trashed:
            body |= {"trashed": True, "explicitlyTrashed": True}
        if paper.exports:
            body["_exports"] = {mime: self.blob(member, paper, ending, 1).name for mime, ending in paper.exports}
        else:
            body |= self.content(member, paper)
        self.add(id_, body, times)
        if paper.versions > 1:
            self.revisions(member, paper, id_, times)

    def content(self, member: Client, paper: Paper) -> dict[str, Any]:
        """What Drive says about the current bytes."""
        blob = self.blob(member, paper, paper.ending, paper.versions)
        facts = {"_blob": blob.name, "originalFilename": paper.name, **blob.facts}
        return facts | {"headRevisionId": head_revision(facts)}

    def revisions(self, member: Client, paper: Paper, id_: str, times: tuple[int, int]) -> None:
        """All versions of a file from its first writing to its last, the current one last."""
        for version in range(1, paper.versions + 1):
            blob = self.blob(member, paper, paper.ending, version)
            moment = times[0] + (times[1] - times[0]) * (version - 1) // (paper.versions - 1)
            body: dict[str, Any] = {"mimeType": paper.mime, "keepForever": False, "originalFilename": paper.name}
            body |= {"_blob": blob.name, "size": blob.facts["size"], "md5Checksum": blob.facts["md5Checksum"]}
            body |= {"id": head_revision({"_blob": blob.name}), "modifiedTime": iso(moment)}
            self.writer.add("google_drive", "revision", f"{id_}/{body['id']}", body, (moment, moment))

    def blob(self, member: Client, paper: Paper, ending: str, version: int) -> Blob:
        """The bytes of a paper in a format, generated when nobody has the same yet."""
        whose = member if paper.personal and member.index < OWN_FILES else None
        key = f"{paper.key}/{ending}/{version}/{member.profile}/{whose.index if whose else ''}"
        if key not in self.blobs:
            content = content_of(paper, ending, version, whose, member.profile, self.writer.calendar)
            self.blobs[key] = stored(self.writer.state, content)
        return self.blobs[key]

    def stray(self) -> None:
        """A folder that belongs to no client, with something in it."""
        id_ = self.add_folder(self.rng, self.id("stray"), "Old scans, sort me", CLIENTS_FOLDER, -500)
        blob = stored(self.writer.state, b"Delivery note, unreadable. Whose?\n")
        body = {"name": "scan_0001.txt", "mimeType": "text/plain", "parents": [id_], "_blob": blob.name, **blob.facts}
        self.add(self.id("stray/scan"), body, self.writer.calendar.written(self.rng, -499))


def stored(state: State, content: bytes) -> Blob:
    """Bytes put into the sandbox's memory."""
    name = state.put_blob(content)
    sums = {"size": str(len(content)), "md5Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest()}
    sums["sha1Checksum"] = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return Blob(name, sums | {"sha256Checksum": name})


def properties(paper: Paper, projects: list[tuple[str, str]]) -> dict[str, str]:
    """What the firm's people noted on a file: its project and its status."""
    facts = {"project": projects[0][0]} if paper.of_project and projects else {}
    return facts | ({"status": paper.status} if paper.status else {})
