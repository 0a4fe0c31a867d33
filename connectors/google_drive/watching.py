"""The channel by which Drive tells us that something changed. It carries nothing: what changed, the change log says."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from connectors.contract import TokenStore
from connectors.google_drive.listing import start_token
from hub.clock import UTC

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive

LASTS = dt.timedelta(days=7)
"""The longest that Drive grants for its change log."""
RENEWED_BEFORE = dt.timedelta(days=1)
Channel = dict[str, str]


def watch(drive: Drive, memory: TokenStore, address: str, secret: str) -> None:
    """Open a channel to an address when there is none, or renew it in its last day; asks Drive only then.

    Drive takes only HTTPS, so without a public address there is nothing to do.
    """
    if not address.startswith("https://") and not drive.settings.base_url:
        return
    if lasts(memory.get(), address, secret, drive.clock):
        return
    with memory.lock():
        # Again, under the lock: another run may just have opened one.
        former = memory.get()
        if lasts(former, address, secret, drive.clock):
            return
        memory.put(opened(drive, address, secret))
        if former:
            close(drive, former)


def lasts(channel: Channel | None, address: str, secret: str, now: dt.datetime) -> bool:
    """Whether a channel goes where it should, and for some time yet."""
    if channel is None or (channel["address"], channel["token"]) != (address, secret):
        return False
    return dt.datetime.fromisoformat(channel["until"]) - now > RENEWED_BEFORE


def opened(drive: Drive, address: str, secret: str) -> Channel:
    """A new channel on the change log: there is no renewing in Drive, only a second one."""
    wish = {"id": str(uuid.uuid4()), "type": "web_hook", "address": address, "token": secret}
    until = int((drive.clock + LASTS).timestamp() * 1000)
    changes: Any = drive.service.changes()
    request = changes.watch(pageToken=start_token(drive), body={**wish, "expiration": str(until)}, **drive.where())
    given = drive.ask(request)
    ends = dt.datetime.fromtimestamp(int(given["expiration"]) / 1000, UTC).isoformat()
    return {"id": wish["id"], "resource": given["resourceId"], "until": ends, "address": address, "token": secret}


def close(drive: Drive, channel: Channel) -> None:
    """Stop a channel; one that has ended by itself is not found, which is as good."""
    drive.ask_for(drive.service.channels().stop(body={"id": channel["id"], "resourceId": channel["resource"]}))
