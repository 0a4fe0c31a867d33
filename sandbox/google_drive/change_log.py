"""changes.*: the log of what was written, one for each user and one for each shared drive."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any

from sandbox.google_drive.listing import drive_resource, known_drive, need_switches, page_size, shared_drives, spaces
from sandbox.google_drive.resource import DEFAULT_FILE, iso, resource
from sandbox.google_drive.tree import OWNER, PERMITTED, VENDOR, File, select_files
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid
from sandbox.state import Record, State

CHANGE = f"kind,type,changeType,time,removed,fileId,driveId,file({DEFAULT_FILE})"
DEFAULT_CHANGES = f"kind,nextPageToken,newStartPageToken,changes({CHANGE})"
LOG = 10**12
"""How far the numbers of two logs are apart."""


def start_token(call: Call) -> Answer:
    """GET /drive/v3/changes/startPageToken."""
    if call.query.get("driveId"):
        known_drive(call, call.query["driveId"])
    return Answer(
        {"kind": "drive#startPageToken", "startPageToken": change_token(call, next_seq(call.state))}, "StartPageToken"
    )


def log_of(call: Call) -> int:
    """Before the first number of a log: each user has one, and each shared drive. The owner's begins with 1."""
    name = call.query.get("driveId") or ("" if call.user == OWNER else call.user)
    return zlib.crc32(name.encode()) * LOG


def change_token(call: Call, seq: int) -> str:
    """The token of a place in the call's log."""
    return str(log_of(call) + seq)


def change_place(call: Call) -> int:
    """The place that `pageToken` names in the call's log; 400 when it is none, or another log's."""
    text = call.query.get("pageToken", "")
    place = int(text) - log_of(call) if text.isascii() and text.isdigit() else 0
    if not 0 < place <= next_seq(call.state):
        raise invalid("pageToken")
    return place


def next_seq(state: State) -> int:
    """The number that the next write gets: a change token."""
    return int(state.fact("seq", "0")) + 1


def list_changes(call: Call) -> Answer:
    """GET /drive/v3/changes: the state of everything written since the token, each file once, in order of writing."""
    if "pageToken" not in call.query:
        raise DriveError(400, "required", "Required parameter: pageToken", location="pageToken")
    spaces(call)
    if call.query.get("driveId"):
        need_switches(call)
        known_drive(call, call.query["driveId"])
    size, since, upto = page_size(call), change_place(call), next_seq(call.state)
    # Bounded by the number read first: what is written meanwhile has a higher one and comes with the next token.
    bounds = since, upto
    both: Iterator[File | Record] = merge(
        changed(call, *bounds), changed_drives(call, *bounds), key=lambda one: one.seq
    )
    found = list(islice(both, size + 1))
    answer: dict[str, Any] = {"kind": "drive#changeList"}
    if len(found) > size:
        # After an empty page another token for the same place.
        answer["nextPageToken"] = ("" if size else "0") + change_token(call, found[size].seq)
    else:
        answer["newStartPageToken"] = change_token(call, upto)
    answer["changes"] = [change(call, one) for one in found[:size]]
    return Answer(answer, "ChangeList", DEFAULT_CHANGES)


def changed(call: Call, since: int, upto: int) -> Iterator[File]:
    """Files written since, as the call's switches allow."""
    # Of what somebody does not see, that it is gone is told where it may have been shared once.
    where = f"seq >= ? AND seq < ? AND (seen OR {PERMITTED})"
    args: tuple[object, ...] = (since, upto)
    if call.query.get("driveId"):
        where, args = f"{where} AND json_extract(body, '$.driveId') = ?", (*args, call.query["driveId"])
    elif not shared_drives(call) or call.flag("restrictToMyDrive"):
        where += " AND json_extract(body, '$.driveId') IS NULL"
    if not call.flag("includeRemoved", default=True):
        where += " AND NOT gone"
    return select_files(call.state, where, args, "ORDER BY seq", viewer=call.user)


def changed_drives(call: Call, since: int, upto: int) -> Iterator[Record]:
    """Shared drives that were renamed, joined or left since; they stand in the user's log and in their own."""
    where, args = "seq >= ? AND seq < ?", list[object]((since, upto))
    if call.query.get("driveId"):
        where, args = f"{where} AND id = ?", [*args, call.query["driveId"]]
    if not shared_drives(call) or call.flag("restrictToMyDrive"):
        return iter(())
    where += "" if call.flag("includeRemoved", default=True) else " AND deleted = 0"
    return call.state.select(VENDOR, "drive", where, args, "ORDER BY seq")


def change(call: Call, one: File | Record) -> dict[str, Any]:
    """One entry: the file or drive as it is now, or that it is out of sight."""
    kind, gone = ("drive", one.deleted) if isinstance(one, Record) else ("file", one.gone)
    entry: dict[str, Any] = {"kind": "drive#change", "type": kind, "changeType": kind, "time": iso(one.modified)}
    entry |= {"removed": gone, f"{kind}Id": one.id}
    if gone:
        return entry
    shown = drive_resource(one.id, one.body) if isinstance(one, Record) else resource(call.state, one, call.base)
    return {**entry, kind: shown}
