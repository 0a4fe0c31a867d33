"""QuickBooks' entities, and the limits of its API, as tables.

QuickBooks has no describe. `fields` are the top-level fields that its reference lists at minor version 75, so that a
mapping's typing error is found before a sync; None where we have no list, and then nothing is checked.
Sources: the vendor's entity reference; python-quickbooks' objects.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MINOR_VERSION = 75
PAGE = 1000
"""MAXRESULTS may not be larger. A page with fewer rows is the last."""
CDC_CAP = 1000
"""All entities of one CDC reply together; more are left out without a word."""
CDC_LOOK_BACK = dt.timedelta(days=30)
THROTTLE_SECONDS = 60.0
"""What to wait after a 429 that names no time: the limits are counted by the minute."""

COMMON = "Id SyncToken MetaData domain sparse status CustomField"
SALE = (
    "DocNumber TxnDate DueDate CustomerRef Line TxnTaxDetail TotalAmt Balance CurrencyRef ExchangeRate HomeTotalAmt "
    "HomeBalance PrivateNote CustomerMemo BillAddr ShipAddr ShipFromAddr BillEmail BillEmailCc BillEmailBcc LinkedTxn "
    "EmailStatus PrintStatus DeliveryInfo SalesTermRef ClassRef DepartmentRef ProjectRef ShipDate ShipMethodRef "
    "TrackingNum GlobalTaxCalculation ApplyTaxAfterDiscount TaxExemptionRef TransactionLocationType RecurDataRef "
    "PaymentMethodRef DepositToAccountRef PaymentRefNum FreeFormAddress TxnSource"
)
INVOICE = (
    "Deposit AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment InvoiceLink "
    "EInvoiceStatus"
)
PAYMENT = (
    "TxnDate CustomerRef TotalAmt UnappliedAmt PaymentRefNum PaymentMethodRef DepositToAccountRef ARAccountRef "
    "CurrencyRef ExchangeRate PrivateNote ProcessPayment Line LinkedTxn CreditCardPayment TxnSource TxnStatus "
    "TransactionLocationType TaxExemptionRef ProjectRef"
)
CUSTOMER = (
    "DisplayName Title GivenName MiddleName FamilyName Suffix CompanyName FullyQualifiedName PrintOnCheckName Active "
    "PrimaryEmailAddr PrimaryPhone AlternatePhone Mobile Fax WebAddr BillAddr ShipAddr Notes Job IsProject ParentRef "
    "Level BillWithParent Balance BalanceWithJobs OpenBalanceDate CurrencyRef PreferredDeliveryMethod Taxable "
    "TaxExemptionReasonId DefaultTaxCodeRef SalesTermRef PaymentMethodRef ARAccountRef CustomerTypeRef ResaleNum "
    "PrimaryTaxIdentifier SecondaryTaxIdentifier BusinessNumber GSTIN GSTRegistrationType ClientEntityId V4IDPseudonym"
)


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of object. `named`: a name list, whose inactive members a query hides unless asked for."""

    name: str
    fields: str | None = None
    named: bool = False
    pdf: bool = False

    @property
    def path(self) -> str:
        return self.name.lower()


ENTITIES = {
    entity.name: entity
    for entity in (
        Entity("Customer", CUSTOMER, named=True),
        Entity("Invoice", f"{SALE} {INVOICE}", pdf=True),
        Entity("Payment", PAYMENT, pdf=True),
        Entity("CreditMemo", f"{SALE} RemainingCredit InvoiceRef", pdf=True),
        Entity("Estimate", pdf=True),
        Entity("SalesReceipt", pdf=True),
        Entity("RefundReceipt", pdf=True),
        Entity("Item", named=True),
        Entity("Vendor", named=True),
        Entity("Employee", named=True),
        Entity("Account", named=True),
        Entity("Class", named=True),
        Entity("Department", named=True),
        Entity("Term", named=True),
        Entity("PaymentMethod", named=True),
    )
}
STREAMS = ("Customer", "Invoice", "Payment", "CreditMemo")
"""Those that the house maps: one CDC call asks for all of them."""
