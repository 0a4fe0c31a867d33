"""Fields of what a firm keeps beside its sales: bills and their payments, purchases, journals, hours, taxes.

In the words of `entities.py`; the names are those of python-quickbooks and of the vendor's pages.
"""

from __future__ import annotations

BOOKED = (
    "DocNumber:string TxnDate:date TotalAmt:number CurrencyRef:ref ExchangeRate:number PrivateNote:string "
    "DepartmentRef:ref HomeTotalAmt:number GlobalTaxCalculation:string Line LinkedTxn TxnTaxDetail CustomField "
    "TxnSource TransactionLocationType RecurDataRef AttachableRef"
)
PURCHASED = f"{BOOKED} VendorRef:ref APAccountRef:ref VendorAddr"
BILL = f"{PURCHASED} DueDate:date Balance:number SalesTermRef:ref HomeBalance:number ShipAddr IncludeInAnnualTPAR"
BILL_PAYMENT = f"{PURCHASED} PayType:string CheckPayment CreditCardPayment ProcessBillPayment"
VENDOR_CREDIT = f"{PURCHASED} Balance:number FromAccountRef ToAccountRef IncludeInAnnualTPAR"
PURCHASE = (
    f"{BOOKED} PaymentType:string AccountRef:ref EntityRef:ref PaymentMethodRef:ref PaymentRefNum:string "
    "Credit:boolean PrintStatus:string PurchaseEx RemitToAddr"
)
PURCHASE_ORDER = (
    f"{PURCHASED} DueDate:date POStatus:string ClassRef:ref SalesTermRef:ref ShipMethodRef:ref EmailStatus:string "
    "Memo ShipAddr ShipTo TaxCodeRef POEmail TemplateRef ReplyEmail"
)
JOURNAL = f"{BOOKED} Adjustment:boolean TaxRateRef"
DEPOSIT = f"{BOOKED} DepositToAccountRef:ref CashBack TxnStatus"
TRANSFER = (
    "TxnDate:date Amount:number FromAccountRef:ref ToAccountRef:ref PrivateNote:string ClassRef:ref CurrencyRef:ref "
    "ExchangeRate:number RecurDataRef TxnSource TransactionLocationType"
)
HOURS = (
    "TxnDate:date NameOf:string EmployeeRef:ref VendorRef:ref CustomerRef:ref ItemRef:ref ClassRef:ref "
    "DepartmentRef:ref BillableStatus:string Taxable:boolean HourlyRate:number CostRate:number Hours:number "
    "Minutes:number BreakHours BreakMinutes StartTime EndTime Description:string AttachableRef PayrollItemRef "
    "ProjectRef TransactionLocationType"
)
TAX_RATE = (
    "Name:string Description:string RateValue:number SpecialTaxType:string DisplayType:string AgencyRef:ref "
    "TaxReturnLineRef EffectiveTaxRate OriginalTaxRate"
)
TAX_AGENCY = "DisplayName:string TaxTrackedOnSales:boolean TaxTrackedOnPurchases TaxRegistrationNumber LastFileDate"
BUDGET = "Name:string StartDate:date EndDate:date BudgetType:string BudgetEntryType BudgetDetail"
EXPENSES = ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "TDSLineDetail", "DescriptionOnly")
LINES = {
    "Bill": EXPENSES,
    "VendorCredit": EXPENSES,
    "Purchase": EXPENSES,
    "PurchaseOrder": EXPENSES,
    "JournalEntry": ("JournalEntryLineDetail", "DescriptionOnly"),
    "Deposit": ("DepositLineDetail",),
}
"""The kinds of line that each may have."""
