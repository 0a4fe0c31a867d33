"""What happens to files: somebody saves another version."""

from __future__ import annotations

import io
import secrets
import zipfile
from typing import Any

from sandbox.edits.records import found, merge
from sandbox.google_drive import files
from sandbox.state import Record, State

ZIP_MAGIC = b"PK\x03\x04"


def new_version(state: State, wish: dict[str, Any]) -> Record:
    """Somebody saved the file again: a new revision with other bytes, which is now the current one."""
    file = found(state, "google_drive", "file", str(wish["id"]))
    if "_blob" not in file.body:
        return merge(state, "google_drive", "file", file.id, {})
    return files.new_version(state, file.id, changed(state.blob(file.body["_blob"]), secrets.token_hex(4)))


def changed(content: bytes, mark: str) -> bytes:
    """Other bytes that the same programs still open: a comment at the end of a PDF, text or image, or in a zip."""
    if content.startswith(ZIP_MAGIC):
        buffer = io.BytesIO(content)
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = f"version {mark}".encode()
        return buffer.getvalue()
    return content + f"\n% version {mark}\n".encode()
