"""The lists that every company's books have: accounts, terms, ways to pay, tax codes. Each has numbers of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Body = dict[str, Any]
ACCOUNTS = (
    ("Checking", "Bank", "Checking", "Asset"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset"),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", "Liability"),
    ("Company Card", "Credit Card", "CreditCard", "Liability"),
    ("Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable", "Liability"),
    ("Retained Earnings", "Equity", "RetainedEarnings", "Equity"),
    ("Services", "Income", "ServiceFeeIncome", "Revenue"),
    ("Discounts given", "Income", "DiscountsRefundsGiven", "Revenue"),
    ("Subcontractors", "Cost of Goods Sold", "CostOfLaborCos", "Expense"),
    ("Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses", "Expense"),
    ("Travel", "Expense", "Travel", "Expense"),
)
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
METHODS = (("Cash", "NON_CREDIT_CARD"), ("Check", "NON_CREDIT_CARD"), ("Bank transfer", "NON_CREDIT_CARD"))
CARDS = (("Visa", "CREDIT_CARD"), ("MasterCard", "CREDIT_CARD"))
TAXES = (("TAX", "Taxable", True), ("NON", "Not taxable", False))


KINDS = ("Account", "Term", "PaymentMethod", "TaxCode")


def rows(home: str) -> Iterator[tuple[str, str, Body]]:
    """Kind, id and body of each."""
    for number, (name, kind, detail, group) in enumerate(ACCOUNTS, 1):
        facts = {"AccountType": kind, "AccountSubType": detail, "Classification": group, "SubAccount": False}
        facts |= {"CurrentBalance": 0.0, "CurrentBalanceWithSubAccounts": 0.0, "CurrencyRef": {"value": home}}
        yield "Account", str(number), named(name) | {"FullyQualifiedName": name} | facts
    for number, (name, days) in enumerate(TERMS, 1):
        yield "Term", str(number), named(name) | {"Type": "STANDARD", "DueDays": days, "DiscountDays": 0}
    for number, (name, kind) in enumerate((*METHODS, *CARDS), 1):
        yield "PaymentMethod", str(number), named(name) | {"Type": kind}
    for code, words, taxable in TAXES:
        yield "TaxCode", code, named(code) | {"Description": words, "Taxable": taxable, "TaxGroup": taxable}


def named(name: str) -> Body:
    """What an entry of every list has."""
    return {"Name": name, "Active": True, "SyncToken": "0"}
