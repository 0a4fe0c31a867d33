"""What the emulated company keeps: entities, which fields can be asked for in a query, and what a write must bring.

One word a field, `Name:type`. Types: string, number, boolean, date, datetime, id, ref (compared by its value), email
(compared by its address), phone, memo, attached (what a file is tied to); a field without a type is sent but cannot be
asked for. A write is refused for a field that is not here; those of python-quickbooks and of the vendor's pages are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.quickbooks import back_office

VENDOR = "quickbooks"
ENVELOPE = frozenset({"Id", "SyncToken", "MetaData", "domain", "sparse", "status"})
"""What every object carries around its own fields."""
COMMON = "Id:id MetaData.CreateTime:datetime MetaData.LastUpdatedTime:datetime SyncToken domain sparse MetaData"
NAMED = "Active:boolean"
CUSTOMER = (
    "DisplayName:string GivenName:string MiddleName:string FamilyName:string CompanyName:string Suffix:string "
    "Title:string FullyQualifiedName:string PrintOnCheckName:string PrimaryEmailAddr:email PrimaryPhone:phone "
    "Balance:number BalanceWithJobs:number OpenBalanceDate:date Job:boolean IsProject:boolean Level:number "
    "ParentRef:ref CurrencyRef:ref PreferredDeliveryMethod:string Taxable:boolean BillWithParent:boolean Notes "
    "BillAddr ShipAddr Mobile AlternatePhone Fax WebAddr SalesTermRef:ref PaymentMethodRef:ref ResaleNum:string "
    "ARAccountRef CustomerTypeRef DefaultTaxCodeRef PrimaryTaxIdentifier SecondaryTaxIdentifier TaxExemptionReasonId"
)
SALE = (
    "DocNumber:string TxnDate:date DueDate:date CustomerRef:ref TotalAmt:number Balance:number CurrencyRef:ref "
    "ExchangeRate:number HomeTotalAmt:number HomeBalance:number PrivateNote:string CustomerMemo:memo BillEmail:email "
    "EmailStatus:string PrintStatus:string SalesTermRef:ref ClassRef:ref DepartmentRef:ref ShipDate:date "
    "TrackingNum:string ShipMethodRef:ref GlobalTaxCalculation:string ApplyTaxAfterDiscount:boolean Deposit:number "
    "Line LinkedTxn TxnTaxDetail BillAddr ShipAddr BillEmailCc BillEmailBcc CustomField DeliveryInfo "
    "AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment AllowIPNPayment InvoiceLink EInvoiceStatus "
    "DepositToAccountRef FreeFormAddress ProjectRef RecurDataRef ShipFromAddr TaxExemptionRef TransactionLocationType "
    "TxnSource"
)
PAYMENT = (
    "TxnDate:date CustomerRef:ref TotalAmt:number UnappliedAmt:number PaymentRefNum:string PaymentMethodRef:ref "
    "DepositToAccountRef:ref ARAccountRef:ref CurrencyRef:ref ExchangeRate:number PrivateNote:string "
    "ProcessPayment:boolean Line LinkedTxn CreditCardPayment TxnSource TxnStatus TaxExemptionRef ProjectRef "
    "TransactionLocationType"
)
ITEM = (
    "Name:string FullyQualifiedName:string Type:string Sku:string Description:string UnitPrice:number "
    "PurchaseCost:number QtyOnHand:number TrackQtyOnHand:boolean Taxable:boolean SubItem:boolean ParentRef:ref "
    "IncomeAccountRef:ref ExpenseAccountRef:ref AssetAccountRef:ref InvStartDate:date PurchaseDesc Level "
    "AbatementRate ClassRef ItemCategoryType PurchaseTaxCodeRef PurchaseTaxIncluded ReverseChargeRate SalesTaxCodeRef "
    "SalesTaxIncluded ServiceType"
)
PERSON = (
    "DisplayName:string GivenName:string FamilyName:string CompanyName:string PrimaryEmailAddr:email "
    "PrimaryPhone:phone Balance:number CurrencyRef:ref BillAddr MiddleName Suffix Title PrintOnCheckName Mobile "
    "AlternatePhone Fax WebAddr BillRate AcctNum"
)
VENDORS = "APAccountRef TaxIdentifier TaxReportingBasis TermRef Vendor1099"
EMPLOYEE = (
    "BillableTime BirthDate:date CostRate EmailAddress EmployeeNumber Gender HiredDate:date Organization PrimaryAddr "
    "ReleasedDate:date SSN"
)
ATTACHABLE = (
    "FileName:string ContentType:string Size:number Note:string Category:string Tag:string FileAccessUri "
    "TempDownloadUri AttachableRef AttachableRef.EntityRef.Type:attached AttachableRef.EntityRef.Value:attached "
    "Lat Long PlaceName ThumbnailFileAccessUri ThumbnailTempDownloadUri"
)
LIST = "Name:string FullyQualifiedName:string Description:string ParentRef:ref Type:string"
ACCOUNT = (
    "AccountType:string CurrentBalance:number AccountSubType AcctNum Classification CurrencyRef "
    "CurrentBalanceWithSubAccounts SubAccount TaxCodeRef"
)
TAX_CODE = "Taxable:boolean TaxGroup:boolean SalesTaxRateList PurchaseTaxRateList Hidden"
TERM = "DueDays:number DayOfMonthDue DiscountDayOfMonth DiscountDays DiscountPercent DueNextMonthDays"


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of object.

    named      a name list: filtered to Active ones unless asked otherwise, never deleted, only made inactive
    required   fields that a new object or a full update must bring
    sparse     fields that even a sparse update must bring
    computed   fields that the server keeps by itself
    void       the operation that voids one: "void", or "update" with include=void; "" where there is none
    asked      fields that a query shows only when it names them
    types      what each field is, by its name in small letters, as queries do not mind the case
    properties the fields' names as bodies must spell them
    """

    name: str
    fields: str
    named: bool = False
    required: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
    pdf: bool = False
    void: str = ""
    asked: frozenset[str] = frozenset()
    cdc: bool = True
    writable: bool = True
    types: dict[str, str] = field(init=False, default_factory=dict)
    properties: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        words = f"{COMMON} {NAMED if self.named else ''} {self.fields}".split()
        self.types.update((name.lower(), kind) for name, _, kind in (word.partition(":") for word in words))
        self.properties.update(name.partition(":")[0] for name in words if "." not in name)


SUMS = frozenset({"TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "LinkedTxn"})
PLACED = frozenset({"FullyQualifiedName", "Level"})
SOLD = ("CustomerRef", "Line")
PAID = "PaymentRefNum:string PaymentMethodRef:ref DepositToAccountRef:ref"


def sale(name: str, *, void: str = "", more: str = "") -> Entity:
    """A transaction with lines that a customer sees on paper."""
    computed = SUMS | {"RemainingCredit"}
    return Entity(
        name, f"{SALE} {more}", required=SOLD, sparse=("CustomerRef",), computed=computed, pdf=True, void=void
    )


def purchased(name: str, fields: str, *required: str, void: str = "") -> Entity:
    """A transaction with a vendor. A payment of bills brings its own sum."""
    computed = SUMS - {"TotalAmt"} if required else SUMS
    return Entity(
        name, fields, required=("VendorRef", "Line", *required), sparse=("VendorRef",), computed=computed, void=void
    )


ENTITIES = {
    entity.name: entity
    for entity in (
        Entity("Customer", CUSTOMER, named=True, computed=PLACED | {"Balance", "BalanceWithJobs"}),
        sale("Invoice", void="void"),
        sale("CreditMemo", more="RemainingCredit:number"),
        sale("Estimate", more="TxnStatus:string ExpirationDate:date AcceptedBy:string AcceptedDate:date"),
        sale("SalesReceipt", void="update", more=f"{PAID} CreditCardPayment"),
        sale("RefundReceipt", more=f"{PAID} CreditCardPayment CheckPayment PaymentType"),
        Entity(
            "Payment", PAYMENT, required=("CustomerRef", "TotalAmt"), sparse=("CustomerRef",),
            computed=frozenset({"UnappliedAmt", "LinkedTxn"}), pdf=True, void="update",
        ),
        Entity("Item", ITEM, named=True, required=("Name",), computed=PLACED, asked=frozenset({"Sku"})),
        Entity("Vendor", f"{PERSON} {VENDORS}", named=True, computed=frozenset({"Balance"})),
        Entity("Employee", f"{PERSON} {EMPLOYEE}", named=True),
        Entity("Account", f"{LIST} {ACCOUNT}", named=True, required=("Name",), computed=PLACED),
        Entity("Class", f"{LIST} SubClass", named=True, required=("Name",), computed=PLACED),
        Entity("Department", f"{LIST} SubDepartment", named=True, required=("Name",), computed=PLACED),
        Entity("Term", f"{LIST} {TERM}", named=True, required=("Name",)),
        Entity("PaymentMethod", LIST, named=True, required=("Name",)),
        purchased("Bill", back_office.BILL),
        purchased("VendorCredit", back_office.VENDOR_CREDIT),
        purchased("PurchaseOrder", back_office.PURCHASE_ORDER),
        purchased("BillPayment", back_office.BILL_PAYMENT, "PayType", "TotalAmt", void="update"),
        Entity("Purchase", back_office.PURCHASE, required=("PaymentType", "AccountRef", "Line"), computed=SUMS),
        Entity("JournalEntry", back_office.JOURNAL, required=("Line",), computed=SUMS),
        Entity("Deposit", back_office.DEPOSIT, required=("DepositToAccountRef", "Line"), computed=SUMS),
        Entity("Transfer", back_office.TRANSFER, required=("FromAccountRef", "ToAccountRef", "Amount")),
        Entity("TimeActivity", back_office.HOURS, required=("NameOf",), cdc=False),
        Entity("TaxCode", f"{LIST} {TAX_CODE}", named=True, cdc=False, writable=False),
        Entity("TaxRate", back_office.TAX_RATE, named=True, cdc=False, writable=False),
        Entity("TaxAgency", back_office.TAX_AGENCY, required=("DisplayName",), cdc=False),
        Entity("CompanyCurrency", "Code:string Name:string CustomField", named=True, required=("Code",)),
        Entity("CustomerType", LIST, named=True, writable=False),
        Entity("Budget", back_office.BUDGET, named=True, writable=False),
        Entity("Attachable", ATTACHABLE, computed=frozenset({"Size", "FileAccessUri", "TempDownloadUri", "_blob"})),
        Entity("CompanyInfo", "CompanyName:string LegalName:string Country:string Email:email", writable=False),
        Entity("Preferences", "CurrencyPrefs SalesFormsPrefs", writable=False),
    )
}  # fmt: skip
BY_PATH = {name.lower(): entity for name, entity in ENTITIES.items()}
"""Paths say `/creditmemo/12`; queries and bodies say CreditMemo."""
