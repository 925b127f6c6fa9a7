"""Invoices and credit notes in UBL 2.1: where EN 16931 finds its terms (CEN/TS 16931-3-2)."""

from __future__ import annotations

import re

from pipelines.extract.messages.invoice import Group, Invoice, Term
from pipelines.extract.messages.invoice_paths import table_of

_NOTE = re.compile(r"\s*#([A-Z0-9]{2,3})#(.*)", re.S)

_ADDRESS = """
  StreetName                                         BT-{0}
  AdditionalStreetName                               BT-{1}
  AddressLine/Line                                   BT-{2}
  CityName                                           BT-{3}
  PostalZone                                         BT-{4}
  CountrySubentity                                   BT-{5}
  Country/IdentificationCode                         BT-{6}
  Country/Name                                       -
"""
_ALLOWANCE = """
  ChargeIndicator                                    X-ChargeIndicator
  AllowanceChargeReasonCode                          BT-{0}
  AllowanceChargeReason                              BT-{1}
  MultiplierFactorNumeric                            BT-{2}
  Amount                                             BT-{3}
  BaseAmount                                         BT-{4}
"""
_TAXED = """
  TaxCategory/ID                                     BT-{5}
  TaxCategory/Percent                                BT-{6}
  TaxCategory/TaxScheme/ID                           BT-{5}@scheme
"""


def under(path: str, lines: str, *numbers: object, depth: int = 0) -> str:
    """Lines of a table under a path, with the numbers of their terms, indented."""
    filled = lines.format(*numbers).strip("\n").splitlines()
    return "\n".join(" " * depth + line for line in [path, *filled]) + "\n"


_HEAD = (
    """
UBLVersionID                                         -
CustomizationID                                      BG-2/BT-24
ProfileID                                            BG-2/BT-23
ID                                                   BT-1
CopyIndicator                                        -
IssueDate                                            BT-2
DueDate                                              BT-9
InvoiceTypeCode|CreditNoteTypeCode                   BT-3
Note                                                 +BG-1/BT-22
TaxPointDate                                         BT-7
DocumentCurrencyCode                                 BT-5
TaxCurrencyCode                                      BT-6
AccountingCost                                       BT-19
LineCountNumeric                                     X-LineCountNumeric
BuyerReference                                       BT-10
InvoicePeriod                                        BG-14
  StartDate                                          BT-73
  EndDate                                            BT-74
  DescriptionCode                                    /BT-8
OrderReference/ID                                    BT-13
OrderReference/SalesOrderID                          BT-14
BillingReference                                     BG-3
  InvoiceDocumentReference/ID                        BT-25
  InvoiceDocumentReference/IssueDate                 BT-26
DespatchDocumentReference/ID                         BT-16
ReceiptDocumentReference/ID                          BT-15
OriginatorDocumentReference/ID                       BT-17
ContractDocumentReference/ID                         BT-12
AdditionalDocumentReference[DocumentTypeCode=130]
  ID                                                 BT-18
  DocumentTypeCode                                   -
AdditionalDocumentReference                          BG-24
  ID                                                 BT-122
  DocumentTypeCode                                   X-DocumentTypeCode
  DocumentDescription                                BT-123
  Attachment/EmbeddedDocumentBinaryObject            BT-125
  Attachment/ExternalReference/URI                   BT-124
ProjectReference/ID                                  BT-11
PayeeParty                                           BG-10
  PartyIdentification/ID[@schemeID=SEPA]             /BG-16/BG-19/BT-90
  PartyIdentification/ID                             BT-60
  PartyName/Name                                     BT-59
  PartyLegalEntity/CompanyID                         BT-61
TaxRepresentativeParty                               BG-11
  PartyName/Name                                     BT-62
  PartyTaxScheme[TaxScheme/ID=VAT]/CompanyID         BT-63
  PartyTaxScheme[TaxScheme/ID=VAT]/TaxScheme/ID      BT-63@tax
Delivery                                             BG-13
  ActualDeliveryDate                                 BT-72
  DeliveryLocation/ID                                BT-71
  DeliveryParty/PartyName/Name                       BT-70
PaymentMeans                                         BG-16
  PaymentMeansCode                                   BT-81
    @name                                            BT-82
  PaymentDueDate                                     X-PaymentDueDate
  PaymentID                                          BT-83
  CardAccount                                        BG-18
    PrimaryAccountNumberID                           BT-87
    NetworkID                                        -
    HolderName                                       BT-88
  PayeeFinancialAccount                              BG-17
    ID                                               BT-84
    Name                                             BT-85
    FinancialInstitutionBranch/ID                    BT-86
  PaymentMandate                                     BG-19
    ID                                               BT-89
    PayerFinancialAccount/ID                         BT-91
PaymentTerms/Note                                    BT-20
PrepaidPayment                                       BG-DEX-09
  ID                                                 BT-DEX-001
  PaidAmount                                         BT-DEX-002
  InstructionID                                      BT-DEX-003
TaxTotal                                             BG-X-TaxTotal
  TaxAmount                                          /BG-22/BT-110
  TaxSubtotal                                        BG-23
    TaxableAmount                                    BT-116
    TaxAmount                                        BT-117
    TaxCategory
      ID                                             BT-118
      Percent                                        BT-119
      TaxExemptionReasonCode                         BT-121
      TaxExemptionReason                             BT-120
      TaxScheme/ID                                   BT-118@scheme
LegalMonetaryTotal                                   BG-22
  LineExtensionAmount                                BT-106
  TaxExclusiveAmount                                 BT-109
  TaxInclusiveAmount                                 BT-112
  AllowanceTotalAmount                               BT-107
  ChargeTotalAmount                                  BT-108
  PrepaidAmount                                      BT-113
  PayableRoundingAmount                              BT-114
  PayableAmount                                      BT-115
AccountingSupplierParty/Party                        BG-4
  EndpointID                                         BT-34
  PartyIdentification/ID[@schemeID=SEPA]             /BG-16/BG-19/BT-90
  PartyIdentification/ID                             BT-29
  PartyName/Name                                     BT-28
  PartyTaxScheme[TaxScheme/ID=VAT]/CompanyID         BT-31
  PartyTaxScheme[TaxScheme/ID=VAT]/TaxScheme/ID      BT-31@tax
  PartyTaxScheme/CompanyID                           BT-32
  PartyTaxScheme/TaxScheme/ID                        BT-32@tax
  PartyLegalEntity/RegistrationName                  BT-27
  PartyLegalEntity/CompanyID                         BT-30
  PartyLegalEntity/CompanyLegalForm                  BT-33
  Contact                                            BG-6
    Name                                             BT-41
    Telephone                                        BT-42
    ElectronicMail                                   BT-43
AccountingCustomerParty/Party                        BG-7
  EndpointID                                         BT-49
  PartyIdentification/ID                             BT-46
  PartyName/Name                                     BT-45
  PartyTaxScheme[TaxScheme/ID=VAT]/CompanyID         BT-48
  PartyTaxScheme[TaxScheme/ID=VAT]/TaxScheme/ID      BT-48@tax
  PartyLegalEntity/RegistrationName                  BT-44
  PartyLegalEntity/CompanyID                         BT-47
  Contact                                            BG-9
    Name                                             BT-56
    Telephone                                        BT-57
    ElectronicMail                                   BT-58
"""
    + under("AccountingSupplierParty/Party/PostalAddress  BG-5", _ADDRESS, 35, 36, 162, 37, 38, 39, 40)
    + under("AccountingCustomerParty/Party/PostalAddress  BG-8", _ADDRESS, 50, 51, 163, 52, 53, 54, 55)
    + under("TaxRepresentativeParty/PostalAddress  BG-12", _ADDRESS, 64, 65, 164, 66, 67, 68, 69)
    + under("Delivery/DeliveryLocation/Address  BG-15", _ADDRESS, 75, 76, 165, 77, 78, 79, 80)
    + under("AllowanceCharge[ChargeIndicator=true|1]  BG-21", _ALLOWANCE + _TAXED, *(105, 104, 101, 99, 100, 102, 103))
    + under("AllowanceCharge  BG-20", _ALLOWANCE + _TAXED, *(98, 97, 94, 92, 93, 95, 96))
)
_LINE = (
    """
ID                                                   BT-126
Note                                                 BT-127
InvoicedQuantity|CreditedQuantity                    BT-129
  @unitCode                                          BT-130
LineExtensionAmount                                  BT-131
AccountingCost                                       BT-133
InvoicePeriod                                        BG-26
  StartDate                                          BT-134
  EndDate                                            BT-135
OrderLineReference/LineID                            BT-132
DocumentReference[DocumentTypeCode=130]
  ID                                                 BT-128
  DocumentTypeCode                                   -
Item                                                 BG-31
  Description                                        BT-154
  Name                                               BT-153
  BuyersItemIdentification/ID                        BT-156
  SellersItemIdentification/ID                       BT-155
  StandardItemIdentification/ID                      BT-157
  OriginCountry/IdentificationCode                   BT-159
  ClassifiedTaxCategory                              BG-30
    ID                                               BT-151
    Percent                                          BT-152
    TaxScheme/ID                                     BT-151@scheme
  CommodityClassification/ItemClassificationCode     BT-158
  AdditionalItemProperty                             BG-32
    Name                                             BT-160
    Value                                            BT-161
Price                                                BG-29
  PriceAmount                                        BT-146
  BaseQuantity                                       BT-149
    @unitCode                                        BT-150
  AllowanceCharge
    ChargeIndicator                                  X-ChargeIndicator
    Amount                                           BT-147
    BaseAmount                                       BT-148
"""
    + under("AllowanceCharge[ChargeIndicator=true|1]  BG-28", _ALLOWANCE, 145, 144, 143, 141, 142)
    + under("AllowanceCharge  BG-27", _ALLOWANCE, 140, 139, 138, 136, 137)
)
LINES = ("InvoiceLine", "CreditNoteLine")
"""The lines, whichever of the two messages they stand in: the rules of CEN look at both, and none is lost."""
HEAD, LINE = table_of(_HEAD), table_of(_LINE)
HEAD_OF_CREDIT = table_of(
    "AdditionalDocumentReference[DocumentTypeCode=50]\n  ID  BT-11\n  DocumentTypeCode  -\n" + _HEAD.lstrip("\n")
)
"""A credit note has no place of its own for the project."""


def settle(invoice: Invoice) -> None:
    """What paths cannot tell: subject codes inside notes, the tax of a line that stands inside its item, currencies,
    the period beside the delivery, the due date of a payment as that of the invoice."""
    settle_tax_totals(invoice)
    if periods := invoice.groups.pop("BG-14", None):
        deliveries = invoice.groups.setdefault("BG-13", [])
        if not deliveries:
            deliveries.append(Group("BG-13", periods[0].line))
        deliveries[0].groups["BG-14"] = periods
    due = [date for means in invoice.all("BG-16") for date in means.terms.get("X-PaymentDueDate", ())]
    if due and "BT-9" not in invoice.terms:
        invoice.terms["BT-9"] = due[:1]
    settle_creditors(invoice)
    for note in invoice.all("BG-1"):
        if found := _NOTE.fullmatch(note.terms["BT-22"][0].text):
            note.terms = {"BT-21": [Term(found[1])], "BT-22": [Term(found[2])]}
    for line in invoice.all("BG-25"):
        for item in line.all("BG-31"):
            if taxes := item.groups.pop("BG-30", None):
                line.groups.setdefault("BG-30", []).extend(taxes)
    settle_taxes(invoice)


def settle_creditors(invoice: Invoice) -> None:
    """Sellers state who they are to SEPA (BT-90) with every invoice: without a mandate that is no direct debit."""
    for means in invoice.all("BG-16"):
        for debit in [debit for debit in means.all("BG-19") if not debit.groups and set(debit.terms) == {"BT-90"}]:
            means.groups["BG-19"].remove(debit)
            invoice.terms.setdefault("BT-90", []).extend(debit.terms["BT-90"])
            invoice.unread += debit.unread
    if payments := [
        means for means in invoice.all("BG-16") if means.terms or means.unread or any(means.groups.values())
    ]:
        invoice.groups["BG-16"] = payments
    else:
        invoice.groups.pop("BG-16", None)


def settle_tax_totals(invoice: Invoice) -> None:
    """The entries of the VAT breakdown belong to the invoice, whichever of its totals they came with."""
    totals = invoice.groups.pop("BG-X-TaxTotal", [])
    invoice.tax_totals = tuple(len(total.all("BG-23")) for total in totals)
    if entries := [entry for total in totals for entry in total.all("BG-23")]:
        invoice.groups["BG-23"] = entries
    invoice.unread += [found for total in totals for found in total.unread]


def settle_taxes(invoice: Invoice) -> None:
    """Put total taxes in the currency of accounting (BT-6) apart as BT-111; without such a currency all are BT-110."""
    totals: Group | None = invoice.first("BG-22")
    own, other = invoice.text("BT-5"), invoice.text("BT-6")
    if totals is None or not other or other == own:
        return
    taxes = totals.terms.get("BT-110", [])
    apart = [tax for tax in taxes if tax.attributes.get("currency", "").strip() == other]
    if apart:
        rest = [tax for tax in taxes if tax not in apart]
        totals.terms.pop("BT-110")
        totals.terms.update({"BT-110": rest, "BT-111": apart} if rest else {"BT-111": apart})
