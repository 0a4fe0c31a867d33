"""One sync of all streams, warm: `bare` calls the engine, `prefect` the flow, in the same kind of event loop."""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import sys
import time

SYNCS = 5


async def bare() -> None:
    await asyncio.to_thread(sync)


def sync() -> None:
    from flows.hub import open_hub
    from flows.sync import sync_source
    from hub.settings import load

    with open_hub(load()) as hub:
        state = sync_source(hub, "salesforce").state
    if state != "done":
        sys.exit(f"the sync ended as {state}")


async def coated() -> None:
    from flows.prefect_flows import sync_source

    state = await sync_source("salesforce", return_state=True)
    if not state.is_completed():
        sys.exit(f"the flow ended as {state}")


async def main(way: str) -> None:
    once = coated if way == "prefect" else bare
    await once()
    seconds = []
    for _ in range(SYNCS):
        started = time.monotonic()
        await once()
        seconds.append(time.monotonic() - started)
    print(json.dumps({"seconds": statistics.median(seconds)}))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main(sys.argv[1]))
