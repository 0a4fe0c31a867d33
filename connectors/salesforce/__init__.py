"""Salesforce: any object of an org, incremental by SystemModstamp, deletes from the recycle bin and the key sweep."""

from __future__ import annotations

from functools import partial

from connectors.contract import Connector, Stream
from connectors.salesforce import reading
from connectors.salesforce.client import Org, open_org
from connectors.salesforce.describing import check, describe
from connectors.salesforce.settings import SalesforceSettings

STREAMS = (
    "Account",
    "Contact",
    "Project__c",
    "Milestone__c",
    "Shipment__c",
    "Shipment_Event__c",
    "Subscription__c",
    "Contract",
    "Case",
)


def stream(name: str) -> Stream[Org]:
    """A stream of any sObject, standard or custom, by its API name."""
    return Stream(
        name=name,
        read=lambda org, want: reading.read(org, name, want),
        keys=lambda org: reading.keys(org, name),
        one=lambda org, id_, want: reading.one(org, name, id_, want),
        describe=lambda org: describe(org, name),
        count=partial(_count, name),
    )


def _count(name: str, org: Org) -> int:
    return reading.count(org, name)


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
    streams=STREAMS,
    check=check,
    requests=_requests,
    place=_place,
)
