"""A file's bytes: binary content as it is, checked by its MD5; Google's own documents as PDF, else as text."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connectors.contract import Content
from connectors.google_drive.tree import NATIVE
from hub.errors import BadRecord, RetryLater

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive

CHUNK_BYTES = 4 * 1024 * 1024
FIELDS = "id,name,mimeType,size,md5Checksum,trashed,exportLinks"
PDF = "application/pdf"


def content(drive: Drive, file_id: str) -> Content:
    """The current bytes. BadRecord when this file has none to give, RetryLater when Drive may give them later."""
    request = drive.service.files().get(fileId=file_id, fields=FIELDS, supportsAllDrives=True)
    file: dict[str, Any] = drive.ask_content(request)
    if file.get("trashed"):
        raise BadRecord("The file is in the trash.", code="drive_trashed")
    if file["mimeType"].startswith(NATIVE):
        return exported(drive, file)
    size = int(file.get("size", 0))
    chunks = downloaded(drive, file) if size else iter(())
    return Content(file["mimeType"], chunks, size, file["name"])


def downloaded(drive: Drive, file: Mapping[str, Any]) -> Iterator[bytes]:
    """The content in chunks. The last one is held back until the sum is right: no reader takes a wrong file for whole.

    Bytes differ from the sum when the file was saved again meanwhile, or the transfer was damaged.
    """
    digest, held = hashlib.md5(usedforsecurity=False), b""
    for chunk in parts(drive, file["id"]):
        if held:
            yield held
        digest.update(chunk)
        held = chunk
    if file.get("md5Checksum", digest.hexdigest()) != digest.hexdigest():
        raise RetryLater("The file changed while it was read.", after=1.0)
    yield held


def parts(drive: Drive, file_id: str) -> Iterator[bytes]:
    """The content as Google's own downloader gets it, range by range."""
    from googleapiclient.errors import HttpError
    from googleapiclient.http import MediaIoBaseDownload

    from connectors.google_drive.failures import FAILURES, about_one_file, failure

    buffer = io.BytesIO()
    request = drive.service.files().get_media(fileId=file_id, supportsAllDrives=True)
    download, done = MediaIoBaseDownload(buffer, request, chunksize=CHUNK_BYTES), False
    while not done:
        try:
            _, done = download.next_chunk(num_retries=0)
        except HttpError as error:
            raise about_one_file(error, drive.account) from error
        except FAILURES as error:
            raise failure(error, drive.account) from error
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def exported(drive: Drive, file: Mapping[str, Any]) -> Content:
    """A native document as PDF, which every editor offers; by its link where it is too large to export."""
    try:
        body = export(drive, file, PDF)
    except BadRecord as error:
        if error.code != "drive_exportSizeLimitExceeded":
            raise
        body = by_link(drive, file, error)
    return Content(PDF, iter((body,)), len(body), named(file["name"], ".pdf"))


def export(drive: Drive, file: Mapping[str, Any], media_type: str) -> bytes:
    """One export, whole: Google sends neither a length nor ranges."""
    body: bytes = drive.ask_content(drive.service.files().export(fileId=file["id"], mimeType=media_type))
    return body


def by_link(drive: Drive, file: Mapping[str, Any], error: BadRecord) -> bytes:
    """The PDF by the document's own export link, which has no limit of size. Our bearer goes to Google alone."""
    from connectors.google_drive.client import is_googles
    from connectors.google_drive.failures import FAILURES, failure

    address = (file.get("exportLinks") or {}).get(PDF, "")
    if not is_googles(address, drive.settings):
        raise error
    try:
        response, body = drive.http.request(address)
    except FAILURES as problem:
        raise failure(problem, drive.account) from problem
    if response.status != HTTPStatus.OK:
        raise error
    return bytes(body)


def named(name: str, ending: str) -> str:
    """A name with the ending of what is handed out, once."""
    return name if name.lower().endswith(ending) else name + ending
