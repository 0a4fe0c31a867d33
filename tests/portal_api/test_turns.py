"""Who asks first is answered first, however many ask at once."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from portal_api.turns import Turns


async def _ask(turns: Turns, name: int, told: list[str]) -> None:
    await turns.mine()
    told.append(f"begin {name}")


def test_requests_begin_in_the_order_they_came_and_the_loop_polls_between_them() -> None:
    async def story() -> list[str]:
        turns = Turns()
        told: list[str] = []

        async def poll() -> None:
            while len(told) < 9:
                told.append("poll")
                await asyncio.sleep(0)

        await asyncio.gather(*(_ask(turns, name, told) for name in range(4)), poll())
        return told

    told = asyncio.run(story())
    assert [line for line in told if line != "poll"] == [f"begin {name}" for name in range(4)]
    places = [told.index(f"begin {name}") for name in range(1, 4)]
    assert all("poll" in told[start:end] for start, end in pairwise(places)), told


def test_who_gives_up_while_waiting_holds_up_nobody() -> None:
    async def story() -> list[str]:
        turns = Turns()
        told: list[str] = []
        asking = [asyncio.create_task(_ask(turns, name, told)) for name in range(4)]
        await asyncio.sleep(0)
        asking[1].cancel()
        asking[2].cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await _ask(turns, 4, told)
        return told

    assert asyncio.run(story()) == ["begin 0", "begin 3", "begin 4"]


def test_what_awaits_something_holds_up_nobody() -> None:
    async def story() -> list[str]:
        turns = Turns()
        told: list[str] = []
        slow = asyncio.Event()

        async def download() -> None:
            await turns.mine()
            await slow.wait()
            told.append("download")

        first = asyncio.create_task(download())
        await asyncio.gather(*(_ask(turns, name, told) for name in range(2)))
        slow.set()
        await first
        return told

    assert asyncio.run(story()) == ["begin 0", "begin 1", "download"]
