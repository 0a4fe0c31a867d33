"""Held records tried again one after another, for the command and for a press in the ops console."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

from flows.hub import Hub, open_hub
from flows.targeted import replay
from hub.errors import BadRecord, RetryLater
from hub.settings import Settings

NOT_THERE = frozenset({"not_held", "no_such_record"})


class Tried(NamedTuple):
    """One record that was tried again.

    state: taken, left_out (by its mapping), held (still), gone (not held any more), busy (another worker).
    """

    id: str
    state: str
    sentence: str = ""


def try_again(hub: Hub, held_ids: Iterable[str]) -> Iterator[Tried]:
    """Each record's outcome as it comes. NeedsPerson, such as a mapping that cannot be read, ends it."""
    for held_id in held_ids:
        try:
            counts = replay(hub, held_id)
            yield Tried(held_id, "left_out" if counts.left_out else "taken")
        except BadRecord as error:
            yield Tried(held_id, "gone" if error.code in NOT_THERE else "held", error.sentence)
        except RetryLater as error:
            yield Tried(held_id, "busy", error.sentence)


def try_again_afresh(settings: Settings, held_ids: Iterable[str]) -> Generator[Tried, None, None]:
    """`try_again` with the mappings as their files are now, in a process that may have read them long ago."""
    with open_hub(settings) as hub:
        yield from try_again(hub, held_ids)
