"""The columns that peers keep: all 25, typed as their makers' guides do."""

from __future__ import annotations

TEXT, NUMBER, FLAG = "text", "double precision", "boolean"
COLUMNS = {
    "Id": TEXT,
    "SystemModstamp": TEXT,
    "IsDeleted": FLAG,
    "CreatedDate": TEXT,
    "Account__c": TEXT,
    "CurrencyIsoCode": TEXT,
    "Name": TEXT,
    "Reference__c": TEXT,
    "Kind__c": TEXT,
    "Status__c": TEXT,
    "Health__c": TEXT,
    "Phase__c": TEXT,
    "Phase_Number__c": NUMBER,
    "Phase_Count__c": NUMBER,
    "Percent_Complete__c": NUMBER,
    "Start_Date__c": TEXT,
    "Due_Date__c": TEXT,
    "Budget__c": NUMBER,
    "Budget_Spent__c": NUMBER,
    "Manager__c": TEXT,
    "Summary__c": TEXT,
    "Last_Event__c": TEXT,
    "Last_Event_Date__c": TEXT,
    "Next_Event__c": TEXT,
    "Next_Event_At__c": TEXT,
}
PATH = "/services/data/v68.0/queryAll"


def soql(table: str = "Project__c", since: str = "") -> str:
    """The query of a stream; `since` is an exclusive lower bound."""
    where = f" WHERE SystemModstamp > {since}" if since else ""
    return f"SELECT {', '.join(COLUMNS)} FROM {table}{where} ORDER BY SystemModstamp, Id"
