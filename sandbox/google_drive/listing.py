"""files.list, files.get, changes, drives, permissions and about: what Drive answers about files."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from starlette.responses import Response

from sandbox.google_drive.content import media
from sandbox.google_drive.query import Condition, QueryError, compile_query
from sandbox.google_drive.resource import DEFAULT_FILE, resource, user
from sandbox.google_drive.tree import VENDOR, File, find, select_files
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid, not_found

DEFAULT_LIST = f"kind,nextPageToken,incompleteSearch,files({DEFAULT_FILE})"
PAGE_TOKEN_MS = 6 * 3600 * 1000
NAME = "json_extract(body, '$.name')"
ORDERS = {
    "createdTime": "created",
    "folder": "(json_extract(body, '$.mimeType') != 'application/vnd.google-apps.folder')",
    "modifiedByMeTime": "drive_ms(coalesce(json_extract(body, '$.modifiedTime'), modified))",
    "modifiedTime": "drive_ms(coalesce(json_extract(body, '$.modifiedTime'), modified))",
    "name": f"{NAME} COLLATE NOCASE",
    "name_natural": f"{NAME} COLLATE NOCASE",
    "quotaBytesUsed": "CAST(coalesce(json_extract(body, '$.size'), 0) AS INTEGER)",
    "recency": "drive_ms(coalesce(json_extract(body, '$.modifiedTime'), modified))",
    "sharedWithMeTime": "0",
    "starred": "coalesce(json_extract(body, '$.starred'), 0)",
    "viewedByMeTime": "coalesce(drive_ms(json_extract(body, '$.viewedByMeTime')), 0)",
}


def visible(call: Call, file_id: str) -> File:
    """The file, or 404 as Drive gives it for what is missing, out of sight or in a shared drive not asked for."""
    file = find(call.state, file_id, call.user)
    if file is None or (
        file.body.get("driveId") and not (call.flag("supportsAllDrives") or call.flag("supportsTeamDrives"))
    ):
        raise not_found(file_id)
    return file


def get_file(call: Call) -> Answer | Response:
    """GET /drive/v3/files/{id}, with the content for alt=media."""
    file = visible(call, call.path["id"])
    if call.query.get("alt") == "media":
        return media(call, file.body)
    return Answer(resource(call.state, file, call.base), "File", DEFAULT_FILE)


def list_files(call: Call) -> Answer:
    """GET /drive/v3/files."""
    condition = searched(call)
    order = ordered(call, full_text=condition.full_text)
    size = page_size(call)
    place, space = page_place(call), int("drive" in spaces(call))
    where, args = f"NOT gone AND {space} AND {drive_condition(call)} AND {condition.sql}", drive_args(call)
    args = (*args, *condition.args)
    if order:
        offset = int(place.get("offset", 0))
        tail = f"ORDER BY {order}, id LIMIT ? OFFSET ?"
        found = list(select_files(call.state, where, (*args, size + 1, offset), tail, viewer=call.user))
        following: dict[str, Any] = {"offset": offset + size}
    else:
        # By parents few files are left, so they are found by parent and sorted; else the ids are walked in order.
        tail, limits = "ORDER BY id LIMIT ?", (place.get("after", ""), size + 1)
        by_parent = condition.by_parent
        found = list(
            select_files(
                call.state, f"{where} AND id > ?", (*args, *limits), tail, by_parent=by_parent, viewer=call.user
            )
        )
        following = {"after": found[size - 1].id if size and len(found) > size else limits[0]}
    answer: dict[str, Any] = {"kind": "drive#fileList"}
    if len(found) > size:
        answer["nextPageToken"] = page_token(call, following)
    answer["incompleteSearch"] = call.fault == "incomplete_search"
    shown = found[:size:2] if answer["incompleteSearch"] else found[:size]
    answer["files"] = [resource(call.state, file, call.base) for file in shown]
    return Answer(answer, "FileList", DEFAULT_LIST)


def page_size(call: Call) -> int:
    """How many entries a page holds. Drive may send fewer than were asked for, even none."""
    size = call.number("pageSize", 100, 1000)
    return 0 if call.fault == "short_pages" else size


def searched(call: Call) -> Condition:
    """The `q` parameter as SQL."""
    text = call.query.get("q", "").strip()
    try:
        return compile_query(text, call.user) if text else Condition("1", ())
    except QueryError:
        raise invalid("q") from None


def ordered(call: Call, *, full_text: bool) -> str:
    """The `orderBy` parameter as SQL; empty when there is none."""
    keys = [key.strip().split() for key in call.query.get("orderBy", "").split(",") if key.strip()]
    if keys and full_text:
        raise DriveError(
            400, "badRequest", "Sorting is not supported for queries with fullText terms.", location="orderBy"
        )
    if any(key[0] not in ORDERS or key[1:] not in ([], ["desc"]) for key in keys):
        raise invalid("orderBy")
    return ", ".join(f"{ORDERS[key[0]]}{' DESC' if key[1:] else ''}" for key in keys)


def drive_condition(call: Call) -> str:
    """Which drives the call looks into, after the rules that tie corpora, driveId and the two switches."""
    corpora, drive = call.query.get("corpora", "user"), call.query.get("driveId", "")
    if corpora not in ("user", "domain", "drive", "allDrives"):
        raise invalid("corpora")
    if bool(drive) != (corpora == "drive"):
        message = "The driveId parameter must be specified if and only if corpora is set to drive."
        raise DriveError(400, "invalid", message, location="driveId")
    if corpora in ("drive", "allDrives"):
        need_switches(call)
    if drive:
        known_drive(call, drive)
        return "json_extract(body, '$.driveId') = ?"
    return "1" if shared_drives(call) else "json_extract(body, '$.driveId') IS NULL"


def drive_args(call: Call) -> tuple[object, ...]:
    """The values bound in `drive_condition`."""
    return (call.query["driveId"],) if call.query.get("driveId") else ()


def shared_drives(call: Call) -> bool:
    """Whether shared drives' items are to be included."""
    return call.flag("includeItemsFromAllDrives") and call.flag("supportsAllDrives")


def need_switches(call: Call) -> None:
    """Both switches must be on to look into shared drives."""
    for switch in ("supportsAllDrives", "includeItemsFromAllDrives"):
        if not call.flag(switch):
            raise DriveError(400, "invalid", f"The {switch} parameter must be set to true.", location=switch)


def spaces(call: Call) -> list[str]:
    """Where to look. Nothing is ever in the application's own folder."""
    asked = call.query.get("spaces", "drive").split(",")
    if not set(asked) <= {"drive", "appDataFolder"}:
        raise invalid("spaces")
    return asked


def known_drive(call: Call, drive: str) -> None:
    """404 for a shared drive that the caller is no member of."""
    record = call.state.get(VENDOR, "drive", drive)
    if record is None or record.deleted:
        raise DriveError(404, "notFound", f"Shared drive not found: {drive}", location="driveId")


def digest(call: Call) -> str:
    """What a page token is bound to: every parameter that shapes the list."""
    names = ("q", "orderBy", "corpora", "driveId", "spaces", "includeItemsFromAllDrives")
    return hashlib.sha256(repr([call.query.get(name, "") for name in names]).encode()).hexdigest()[:12]


def page_token(call: Call, place: dict[str, Any]) -> str:
    """Where the next page begins, opaque."""
    content = json.dumps([place, digest(call), call.state.now()]).encode()
    return "~!!~" + base64.urlsafe_b64encode(content).decode().rstrip("=")


def page_place(call: Call) -> dict[str, Any]:
    """What `pageToken` says; 400 when it is foreign, of another query or some hours old."""
    text = call.query.get("pageToken", "")
    if not text:
        return {}
    try:
        padded = text.removeprefix("~!!~")
        place, made_for, issued = json.loads(base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)))
        good = made_for == digest(call) and call.state.now() - issued < PAGE_TOKEN_MS
    except (ValueError, TypeError, binascii.Error):
        good = False
    if not good:
        raise invalid("pageToken")
    return dict(place)


def about(call: Call) -> Answer:
    """GET /drive/v3/about; Drive insists on `fields` here."""
    if not call.query.get("fields"):
        raise DriveError(400, "required", "The 'fields' parameter is required for this method.", location="fields")
    quota = {"limit": "2199023255552", "usage": "0", "usageInDrive": "0", "usageInDriveTrash": "0"}
    body = {"kind": "drive#about", "user": user(call.user) | {"me": True}, "storageQuota": quota}
    return Answer(body | {"canCreateDrives": True, "maxUploadSize": "5242880000000", "appInstalled": False}, "About")


def list_drives(call: Call) -> Answer:
    """GET /drive/v3/drives."""
    drives = [drive_resource(record.id, record.body) for record in call.state.select(VENDOR, "drive", "deleted = 0")]
    return Answer({"kind": "drive#driveList", "drives": drives}, "DriveList", "kind,nextPageToken,drives(kind,id,name)")


def get_drive(call: Call) -> Answer:
    """GET /drive/v3/drives/{id}."""
    record = call.state.get(VENDOR, "drive", call.path["id"])
    if record is None or record.deleted:
        raise DriveError(404, "notFound", f"Shared drive not found: {call.path['id']}", location="driveId")
    return Answer(drive_resource(record.id, record.body), "Drive", "kind,id,name")


def drive_resource(drive_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """A shared drive."""
    return {"kind": "drive#drive", "id": drive_id, **body}
