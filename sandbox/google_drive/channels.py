"""Push notifications: channels on the change log or on one file, and the empty messages that they carry.

Source: Google's guide on push notifications. As there, an address must be HTTPS; this machine's own may be HTTP here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from sandbox import changes
from sandbox.changes import Change
from sandbox.google_drive import change_log, listing
from sandbox.google_drive.tree import VENDOR
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid
from sandbox.notices import Delivery, prepare, queue
from sandbox.state import Record, State

CHANNEL = "channel"
HOUR_MS = 3_600_000
LONGEST_MS = {"changes": 7 * 24 * HOUR_MS, "files": 24 * HOUR_MS}
HERE = ("127.0.0.1", "localhost", "::1")
TRIED_AGAIN = (500, 502, 503, 504)
MOST_TRIES = 8
CONTENT = ("headRevisionId", "md5Checksum", "_exports")
Body = dict[str, Any]


def wait(tries: int, status: int) -> float | None:
    """Exponential backoff after the four server errors; any other failure is a lost message."""
    return float(2**tries) if status in TRIED_AGAIN and tries < MOST_TRIES else None


def watch(call: Call) -> Answer:
    """POST /drive/v3/changes/watch and /drive/v3/files/{id}/watch: a channel, whose first message is `sync`."""
    wish = wished(call)
    file_id = call.path.get("id", "")
    if file_id:
        listing.visible(call, file_id)
    else:
        change_log.change_place(call)
    shown = opened(call, wish, file_id)
    prepare(call.state)
    changes.listen(call.state, VENDOR)
    kept = {**shown, "_address": wish["address"], "_file": file_id, "_drives": drives(call)}
    with call.state.transaction():
        record = call.state.put(VENDOR, CHANNEL, shown["id"], kept)
        queue(call.state, VENDOR, [message(record.body, 1, "sync")])
    return Answer(shown, "Channel")


def wished(call: Call) -> Body:
    """The channel that is asked for. Errors: required, webhookUrlNotHttps, channelIdNotUnique."""
    body = call.json()
    if body.get("type") not in ("web_hook", "webhook") or not body.get("id") or not body.get("address"):
        raise DriveError(400, "required", "Required: id, type, address")
    address = urlsplit(str(body["address"]))
    if address.scheme != "https" and not (address.scheme == "http" and address.hostname in HERE):
        message = "WebHook callback must be HTTPS: " + str(body["address"])
        raise DriveError(400, "push.webhookUrlNotHttps", message)
    if call.state.get(VENDOR, CHANNEL, str(body["id"])) in live(call.state):
        raise DriveError(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
    return body


def opened(call: Call, wish: Body, file_id: str) -> Body:
    """The Channel resource. Without a wish it lasts an hour; what is wished beyond the longest is cut."""
    now, what = call.state.now(), "files" if file_id else "changes"
    text = str(wish.get("expiration") or now + HOUR_MS)
    if not text.isdigit() or int(text) <= now:
        raise invalid("expiration")
    uri = f"{call.base}/drive/v3/{f'files/{file_id}' if file_id else 'changes'}?alt=json"
    shown = {"kind": "api#channel", "id": str(wish["id"]), "resourceId": uuid.uuid5(uuid.NAMESPACE_URL, uri).hex[:27]}
    shown |= {"resourceUri": uri, "expiration": str(min(int(text), now + LONGEST_MS[what]))}
    return shown | ({"token": str(wish["token"])} if wish.get("token") else {})


def drives(call: Call) -> str:
    """Which files a channel on the change log speaks of: one shared drive's, everybody's (*), or the user's own."""
    return call.query.get("driveId") or ("*" if listing.shared_drives(call) else "")


def stop(call: Call) -> Response:
    """POST /drive/v3/channels/stop."""
    body = call.json()
    record = call.state.get(VENDOR, CHANNEL, str(body.get("id", "")))
    if record not in live(call.state) or record.body["resourceId"] != body.get("resourceId"):
        raise DriveError(404, "notFound", f"Channel '{body.get('id')}' not found for project 'sandbox-project'")
    call.state.purge(VENDOR, CHANNEL, record.id)
    return Response(status_code=204)


def live(state: State) -> list[Record]:
    """Channels that have not expired."""
    where = "CAST(json_extract(body, '$.expiration') AS INTEGER) > ?"
    return list(state.select(VENDOR, CHANNEL, where, (state.now(),)))


def deliveries(state: State, found: list[Change]) -> list[Delivery]:
    """What each channel is told of changes that were committed together."""
    files = [change for change in found if change.record.kind == "file"]
    return [message for channel in live(state) for message in told(channel.body, files)] if files else []


def told(channel: Body, files: list[Change]) -> Iterator[Delivery]:
    """The change log's channel hears once that something changed, a file's channel what became of the file."""
    if not channel["_file"]:
        within = [change.record.seq for change in files if concerns(change, channel["_drives"])]
        if within:
            yield message(channel, max(within), "change")
        return
    for change in files:
        state, changed = became(change, channel["_file"])
        if state:
            yield message(channel, change.record.seq, state, changed)


def concerns(change: Change, wanted: str) -> bool:
    """Whether a file belongs to the drives that a channel speaks of."""
    return wanted in ("*", change.record.body.get("driveId", ""))


def became(change: Change, file_id: str) -> tuple[str, str]:
    """Resource state and what changed, as seen from a watched file; empty when it is not concerned."""
    record, before = change.record, change.before
    if record.id != file_id:
        moved = (record.body.get("parents") or [None]) != ((before or {}).get("parents") or [None])
        near = file_id in [*(record.body.get("parents") or []), *((before or {}).get("parents") or [])]
        return ("update", "children") if near and (moved or record.deleted) else ("", "")
    if record.deleted or record.body.get("_unshared"):
        return "remove", ""
    if before is None or before.get("_unshared"):
        return "add", ""
    if bool(before.get("trashed")) != bool(record.body.get("trashed")):
        return ("trash" if record.body.get("trashed") else "untrash"), ""
    return "update", ",".join(name for name, differs in ASPECTS.items() if differs(before, record.body))


def differ(names: tuple[str, ...]) -> Callable[[Body, Body], bool]:
    """Whether two states of a file differ in any of these fields."""
    return lambda before, now: any(before.get(name) != now.get(name) for name in names)


def properties_differ(before: Body, now: Body) -> bool:
    """Whether anything else than content and place has changed."""
    apart = {*CONTENT, "parents", "size", "sha1Checksum", "sha256Checksum", "_blob"}
    return {k: v for k, v in before.items() if k not in apart} != {k: v for k, v in now.items() if k not in apart}


ASPECTS: dict[str, Callable[[Body, Body], bool]] = {
    "content": differ(CONTENT),
    "properties": properties_differ,
    "parents": differ(("parents",)),
}


def message(channel: Body, number: int, state: str, changed: str = "") -> Delivery:
    """A message of a channel. Numbers grow, with gaps: they are those of the writes."""
    headers = {
        "X-Goog-Channel-ID": channel["id"],
        "X-Goog-Channel-Expiration": formatdate(int(channel["expiration"]) / 1000, usegmt=True),
        "X-Goog-Message-Number": str(number),
        "X-Goog-Resource-ID": channel["resourceId"],
        "X-Goog-Resource-State": state,
        "X-Goog-Resource-URI": channel["resourceUri"],
    }
    headers |= {"X-Goog-Channel-Token": channel["token"]} if channel.get("token") else {}
    headers |= {"X-Goog-Changed": changed} if changed else {}
    return Delivery(channel["_address"], headers)
