"""Our whole path, as `frontdesk sync` runs it: landing, mapping, hash, crosswalk, merge, cursor, with the product's own
mapping of Project__c. The thousand accounts that own the projects are read first, in the same run.

    ours.py SERVER DATABASE      reads the configuration that FRONTDESK_CONFIG names
"""

from __future__ import annotations

import sys

from meter import Meter

from hub.collector import collect_rarely, leave_at_once


def load() -> None:
    import connectors.salesforce
    import flows.sync
    from flows.hub import open_hub
    from hub import settings

    firm = settings.load()
    assert connectors.salesforce.CONNECTOR.name == "salesforce"
    meter = Meter()
    with open_hub(firm) as hub:
        summary = flows.sync.sync_source(hub, "salesforce", ["Account", "Project__c"])
    failed = [f"{stream.stream}: {stream.sentence}" for stream in summary.streams if stream.state != "done"]
    if failed:
        sys.exit("\n".join(failed))
    meter.report(next(stream.added for stream in summary.streams if stream.stream == "Project__c"))


if __name__ == "__main__":
    # As the command does.
    collect_rarely()
    leave_at_once()
    load()
