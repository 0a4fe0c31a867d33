"""Salesforce: any object of an org, incremental by SystemModstamp, deletes from the recycle bin and the key sweep."""

from __future__ import annotations

from connectors.contract import Connector, Stream
from connectors.salesforce import reading
from connectors.salesforce.client import Org, open_org
from connectors.salesforce.describing import check, describe
from connectors.salesforce.settings import SalesforceSettings


def stream(name: str) -> Stream[Org]:
    """A stream of any sObject, standard or custom, by its API name."""
    return Stream(
        name=name,
        read=lambda org, want: reading.read(org, name, want),
        keys=lambda org: reading.keys(org, name),
        one=lambda org, id_, want: reading.one(org, name, id_, want),
        describe=lambda org: describe(org, name),
        count=lambda org: reading.count(org, name),
    )


def _requests(org: Org) -> int:
    return org.adapter.count


def _place(org: Org) -> str:
    return org.host


CONNECTOR = Connector(
    name="salesforce",
    title="Salesforce",
    settings=SalesforceSettings,
    open=open_org,
    stream=stream,
    check=check,
    requests=_requests,
    place=_place,
    unique_ids=True,
)
