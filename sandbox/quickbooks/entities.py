"""What the emulated company keeps: entities, which fields can be asked for in a query, and what a write must bring.

One word a field, `Name:type`. Types: string, number, boolean, date, datetime, id, ref (compared by its value), email
(compared by its address), phone, memo, attached (what a file is tied to); a field without a type is sent but cannot be
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

VENDOR = "quickbooks"
COMMON = "Id:id MetaData.CreateTime:datetime MetaData.LastUpdatedTime:datetime SyncToken domain sparse MetaData"
NAMED = "Active:boolean"
CUSTOMER = (
    "DisplayName:string GivenName:string MiddleName:string FamilyName:string CompanyName:string Suffix:string "
    "Title:string FullyQualifiedName:string PrintOnCheckName:string PrimaryEmailAddr:email PrimaryPhone:phone "
    "Balance:number BalanceWithJobs:number OpenBalanceDate:date Job:boolean IsProject:boolean Level:number "
    "ParentRef:ref CurrencyRef:ref PreferredDeliveryMethod:string Taxable:boolean BillWithParent:boolean Notes "
    "BillAddr ShipAddr Mobile AlternatePhone Fax WebAddr SalesTermRef:ref PaymentMethodRef:ref ResaleNum:string"
)
SALE = (
    "DocNumber:string TxnDate:date DueDate:date CustomerRef:ref TotalAmt:number Balance:number CurrencyRef:ref "
    "ExchangeRate:number HomeTotalAmt:number HomeBalance:number PrivateNote:string CustomerMemo:memo BillEmail:email "
    "EmailStatus:string PrintStatus:string SalesTermRef:ref ClassRef:ref DepartmentRef:ref ShipDate:date "
    "TrackingNum:string ShipMethodRef:ref GlobalTaxCalculation:string ApplyTaxAfterDiscount:boolean Deposit:number "
    "Line LinkedTxn TxnTaxDetail BillAddr ShipAddr BillEmailCc BillEmailBcc CustomField DeliveryInfo "
    "AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment AllowIPNPayment InvoiceLink"
)
PAYMENT = (
    "TxnDate:date CustomerRef:ref TotalAmt:number UnappliedAmt:number PaymentRefNum:string PaymentMethodRef:ref "
    "DepositToAccountRef:ref ARAccountRef:ref CurrencyRef:ref ExchangeRate:number PrivateNote:string "
    "ProcessPayment:boolean Line LinkedTxn CreditCardPayment TxnSource"
)
ITEM = (
    "Name:string FullyQualifiedName:string Type:string Sku:string Description:string UnitPrice:number "
    "PurchaseCost:number QtyOnHand:number TrackQtyOnHand:boolean Taxable:boolean SubItem:boolean ParentRef:ref "
    "IncomeAccountRef:ref ExpenseAccountRef:ref AssetAccountRef:ref InvStartDate:date"
)
PERSON = (
    "DisplayName:string GivenName:string FamilyName:string CompanyName:string PrimaryEmailAddr:email "
    "PrimaryPhone:phone Balance:number CurrencyRef:ref BillAddr"
)
ATTACHABLE = (
    "FileName:string ContentType:string Size:number Note:string Category:string Tag:string FileAccessUri "
    "TempDownloadUri AttachableRef AttachableRef.EntityRef.Type:attached AttachableRef.EntityRef.Value:attached"
)
LIST = "Name:string FullyQualifiedName:string Description:string ParentRef:ref Type:string"


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of object.

    named      a name list: filtered to Active ones unless asked otherwise, never deleted, only made inactive
    required   fields that a new object or a full update must bring
    sparse     fields that even a sparse update must bring
    computed   fields that the server keeps by itself
    """

    name: str
    fields: str
    named: bool = False
    required: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
    pdf: bool = False
    void: bool = False
    cdc: bool = True
    writable: bool = True
    types: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        words = f"{COMMON} {NAMED if self.named else ''} {self.fields}".split()
        self.types.update((name.lower(), kind) for name, _, kind in (word.partition(":") for word in words))


SUMS = frozenset({"TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "LinkedTxn"})
SOLD = ("CustomerRef", "Line")


def sale(name: str, *, void: bool = False, more: str = "") -> Entity:
    """A transaction with lines that a customer sees on paper."""
    computed = SUMS | {"RemainingCredit"}
    return Entity(
        name, f"{SALE} {more}", required=SOLD, sparse=("CustomerRef",), computed=computed, pdf=True, void=void
    )


ENTITIES = {
    entity.name: entity
    for entity in (
        Entity("Customer", CUSTOMER, named=True, computed=frozenset({"Balance", "BalanceWithJobs", "Level"})),
        sale("Invoice", void=True),
        sale("CreditMemo", more="RemainingCredit:number"),
        sale("Estimate", more="TxnStatus:string ExpirationDate:date AcceptedBy:string AcceptedDate:date"),
        sale("SalesReceipt", void=True, more="PaymentRefNum:string PaymentMethodRef:ref DepositToAccountRef:ref"),
        sale("RefundReceipt"),
        Entity(
            "Payment", PAYMENT, required=("CustomerRef", "TotalAmt"), sparse=("CustomerRef",),
            computed=frozenset({"UnappliedAmt", "LinkedTxn"}), pdf=True, void=True,
        ),
        Entity("Item", ITEM, named=True, required=("Name",)),
        Entity("Vendor", PERSON, named=True),
        Entity("Employee", PERSON, named=True),
        Entity("Account", LIST + " AccountType:string CurrentBalance:number", named=True, required=("Name",)),
        Entity("Class", LIST, named=True, required=("Name",)),
        Entity("Department", LIST, named=True, required=("Name",)),
        Entity("Term", LIST + " DueDays:number", named=True, required=("Name",)),
        Entity("PaymentMethod", LIST, named=True, required=("Name",)),
        Entity("TaxCode", LIST, named=True, cdc=False, writable=False),
        Entity("Attachable", ATTACHABLE, computed=frozenset({"Size", "FileAccessUri", "TempDownloadUri", "_blob"})),
        Entity("CompanyInfo", "CompanyName:string LegalName:string Country:string Email:email", writable=False),
        Entity("Preferences", "CurrencyPrefs SalesFormsPrefs", writable=False),
    )
}  # fmt: skip
BY_PATH = {name.lower(): entity for name, entity in ENTITIES.items()}
"""Paths say `/creditmemo/12`; queries and bodies say CreditMemo."""
