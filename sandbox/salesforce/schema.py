"""What the sample org's describe would say: objects, key prefixes and fields.

One line a field: `Name type[:detail]`. Types are Salesforce's own. `reference:Account` names the parent,
`picklist:A|B` its values, `string:80` the length, `!` at the end marks a required field, `#` an external id and `~` a
formula: nobody writes it, and it changes without the record's stamps.
Every object also has the system fields in SYSTEM_FIELDS.
"""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM_FIELDS = """
Id id
IsDeleted boolean
CreatedDate datetime
LastModifiedDate datetime
SystemModstamp datetime
OwnerId reference:User
"""

OBJECTS: dict[str, tuple[str, str]] = {
    "User": ("005", "Username string:80!\nName string:121\nEmail email:80\nIsActive boolean"),
    "Account": (
        "001",
        """
        Name string:255!
        AccountNumber string:40
        Industry string:255
        Website url:255
        Phone phone:40
        BillingStreet textarea:255
        BillingCity string:40
        BillingPostalCode string:20
        BillingCountry string:80
        BillingAddress address
        MasterRecordId reference:Account
        Profile__c picklist:logistics|professional_services|architecture|legal|agency|saas
        QuickBooks_Id__c string:40#
        Drive_Folder_Id__c string:80#
        Time_Zone__c string:40
        """,
    ),
    "Contact": (
        "003",
        """
        AccountId reference:Account
        FirstName string:40
        LastName string:80!
        Name string:121
        Email email:80
        Phone phone:40
        Title string:128
        Portal_Role__c picklist:owner|member|viewer
        """,
    ),
    "Project__c": (
        "a00",
        """
        Name string:80!
        Account__c reference:Account
        Reference__c string:40#
        Kind__c picklist:project|matter|campaign|building|implementation
        Status__c picklist:Planned|Active|On Hold|Completed|Cancelled
        Health__c picklist:on_track|at_risk|late
        Phase__c string:80
        Phase_Number__c double
        Phase_Count__c double
        Percent_Complete__c percent~
        Start_Date__c date
        Due_Date__c date
        Budget__c currency
        Budget_Spent__c currency
        CurrencyIsoCode string:3
        Manager__c string:121
        Summary__c textarea:32000
        Last_Event__c string:255
        Last_Event_Date__c date
        Next_Event__c string:255
        Next_Event_At__c datetime
        """,
    ),
    "Milestone__c": (
        "a01",
        """
        Name string:80!
        Project__c reference:Project__c
        Sequence__c double
        Status__c picklist:Planned|In Progress|Waiting for Client|Done
        Client_Action__c picklist:Approve|Upload|Answer
        Due_Date__c date
        Completed_Date__c date
        Description__c textarea:32000
        """,
    ),
    "Shipment__c": (
        "a02",
        """
        Name string:80!
        Account__c reference:Account
        Reference__c string:40
        Tracking_Number__c string:40
        Carrier__c string:80
        Mode__c picklist:Ocean|Air|Road|Rail
        Origin__c string:120
        Destination__c string:120
        Status__c picklist:Booked|Picked Up|In Transit|Customs|Out for Delivery|Delivered|Exception|Cancelled
        Location__c string:120
        Shipped_Date__c date
        Promised_At__c datetime
        Promised_Date__c date
        ETA__c datetime
        ETA_Date__c date
        Delivered_At__c datetime
        Delivered_Date__c date
        Exception_Reason__c string:255
        Exception_Since__c datetime
        Pieces__c double
        Weight_Kg__c double
        """,
    ),
    "Shipment_Event__c": (
        "a03",
        """
        Name string:80!
        Shipment__c reference:Shipment__c
        Event_At__c datetime
        Code__c string:40
        Location__c string:120
        Description__c string:255
        """,
    ),
    "Subscription__c": (
        "a04",
        """
        Name string:80!
        Account__c reference:Account
        Plan__c string:80
        Status__c picklist:Active|Past Due|Cancelled
        Usage_Current__c double
        Usage_Limit__c double
        Usage_Unit__c string:40
        Seats__c double
        Seats_Used__c double
        Renewal_Date__c date
        Price__c currency
        Billing_Period__c picklist:Monthly|Quarterly|Yearly
        CurrencyIsoCode string:3
        """,
    ),
    "Contract": (
        "800",
        """
        AccountId reference:Account
        ContractNumber string:30
        Name string:80
        Status picklist:Draft|In Approval Process|Activated|Expired
        StartDate date
        EndDate date
        ContractTerm int
        Notice_Days__c double
        SpecialTerms textarea:4000
        Description textarea:32000
        """,
    ),
    "Case": (
        "500",
        """
        CaseNumber string:30
        AccountId reference:Account
        ContactId reference:Contact
        Subject string:255
        Description textarea:32000
        Status picklist:New|Working|Waiting for Client|Closed
        Priority picklist:High|Medium|Low
        Type string:40
        Origin picklist:Email|Portal|Phone
        IsClosed boolean
        ClosedDate datetime
        Promised_Answer_At__c datetime
        """,
    ),
}


ADDRESS = ("street", "city", "state", "postalCode", "country")
"""What a compound address shows of the fields that its name begins: BillingAddress holds BillingStreet as `street`."""


def part_of(compound: str, part: str) -> str:
    """The field that a compound address shows as one of its parts."""
    return compound.removesuffix("Address") + part[0].upper() + part[1:]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, as describe reports it."""

    name: str
    type: str
    length: int = 0
    reference_to: str = ""
    values: tuple[str, ...] = ()
    required: bool = False
    external_id: bool = False
    calculated: bool = False


def parse_field(line: str) -> Field:
    """`Name type[:detail][!][#][~]` as a Field."""
    name, spec = line.split(" ", 1)
    required, external_id = "!" in spec, "#" in spec
    kind, _, detail = spec.strip("!#~").partition(":")
    return Field(
        name,
        kind,
        length=int(detail) if detail.isdigit() else 0,
        reference_to=detail if kind == "reference" else "",
        values=tuple(detail.split("|")) if kind == "picklist" else (),
        required=required,
        external_id=external_id,
        calculated="~" in spec,
    )


def fields_of(name: str) -> dict[str, Field]:
    """All fields of an object by name, system fields first. KeyError for an unknown object."""
    lines = SYSTEM_FIELDS.strip().splitlines() + OBJECTS[name][1].strip().splitlines()
    return {field.name: field for field in (parse_field(line.strip()) for line in lines)}
