"""Invoices in UN/CEFACT CII D16B, and in its forerunner that ZUGFeRD 1 uses: where EN 16931 finds its terms
(CEN/TS 16931-3-3). What only ZUGFeRD 1 calls so stands as a second name."""

from __future__ import annotations

from pipelines.extract.messages.invoice import Group, Invoice, Term, Unread
from pipelines.extract.messages.invoice_paths import table_of
from pipelines.extract.messages.ubl import settle_taxes, under

_ADDRESS = """
  LineOne                                            BT-{0}
  LineTwo                                            BT-{1}
  LineThree                                          BT-{2}
  CityName                                           BT-{3}
  PostcodeCode                                       BT-{4}
  CountrySubDivisionName                             BT-{5}
  CountryID                                          BT-{6}
"""
_ALLOWANCE = """
  ChargeIndicator/Indicator                          X-ChargeIndicator
  ReasonCode                                         BT-{0}
  Reason                                             BT-{1}
  CalculationPercent                                 BT-{2}
  ActualAmount                                       BT-{3}
  BasisAmount                                        BT-{4}
"""
_TAXED = """
  CategoryTradeTax
    TypeCode                                         X-TypeCode
    CategoryCode                                     BT-{5}
    RateApplicablePercent|ApplicablePercent          BT-{6}
"""
_CONTACT = """
  PersonName                                         BT-{0}
  DepartmentName                                     X-Department
  TelephoneUniversalCommunication/CompleteNumber     BT-{1}
  EmailURIUniversalCommunication/URIID|CompleteNumber  BT-{2}
"""
_SELLER = """
  ID|GlobalID                                        BT-29
  Name                                               BT-27
  Description                                        BT-33
  SpecifiedLegalOrganization/ID                      BT-30
  SpecifiedLegalOrganization/TradingBusinessName     BT-28
  URIUniversalCommunication/URIID|CompleteNumber     BT-34
  SpecifiedTaxRegistration/ID[@schemeID=VA]          BT-31
  SpecifiedTaxRegistration/ID                        BT-32
"""
_BUYER = """
  ID|GlobalID                                        BT-46
  Name                                               BT-44
  SpecifiedLegalOrganization/ID                      BT-47
  SpecifiedLegalOrganization/TradingBusinessName     BT-45
  URIUniversalCommunication/URIID|CompleteNumber     BT-49
  SpecifiedTaxRegistration/ID[@schemeID=VA]          BT-48
"""
_AGREEMENT = (
    """
BuyerReference                                       BT-10
SellerOrderReferencedDocument/IssuerAssignedID|ID    BT-14
BuyerOrderReferencedDocument/IssuerAssignedID|ID     BT-13
ContractReferencedDocument/IssuerAssignedID|ID       BT-12
AdditionalReferencedDocument[TypeCode=50]
  IssuerAssignedID|ID                                BT-17
  TypeCode                                           -
AdditionalReferencedDocument[TypeCode=130]
  IssuerAssignedID|ID                                BT-18
  TypeCode                                           -
  ReferenceTypeCode                                  BT-18@scheme
AdditionalReferencedDocument                         BG-24
  IssuerAssignedID|ID                                BT-122
  TypeCode                                           X-DocumentTypeCode
  Name                                               BT-123
  URIID                                              BT-124
  AttachmentBinaryObject                             BT-125
SpecifiedProcuringProject/ID                         BT-11
SpecifiedProcuringProject/Name                       -
"""
    + under("SellerTradeParty  BG-4", _SELLER)
    + under("SellerTradeParty/PostalTradeAddress  BG-5", _ADDRESS, 35, 36, 162, 37, 38, 39, 40)
    + under("SellerTradeParty/DefinedTradeContact  BG-6", _CONTACT, 41, 42, 43)
    + under("BuyerTradeParty  BG-7", _BUYER)
    + under("BuyerTradeParty/PostalTradeAddress  BG-8", _ADDRESS, 50, 51, 163, 52, 53, 54, 55)
    + under("BuyerTradeParty/DefinedTradeContact  BG-9", _CONTACT, 56, 57, 58)
    + under(
        "SellerTaxRepresentativeTradeParty  BG-11",
        """
  Name                                               BT-62
  SpecifiedTaxRegistration/ID                        BT-63
""",
    )
    + under("SellerTaxRepresentativeTradeParty/PostalTradeAddress  BG-12", _ADDRESS, 64, 65, 164, 66, 67, 68, 69)
)
_DELIVERY = """
ShipToTradeParty
  ID|GlobalID                                        BG-13/BT-71
  Name                                               BG-13/BT-70
ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString   BG-13/BT-72
DespatchAdviceReferencedDocument/IssuerAssignedID|ID  BT-16
ReceivingAdviceReferencedDocument/IssuerAssignedID|ID  BT-15
""" + under("ShipToTradeParty/PostalTradeAddress  BG-13/BG-15", _ADDRESS, 75, 76, 165, 77, 78, 79, 80)
_SETTLEMENT = (
    """
CreditorReferenceID                                  /BG-16/BG-19/BT-90
PaymentReference                                     /BG-16/BT-83
TaxCurrencyCode                                      BT-6
InvoiceCurrencyCode                                  BT-5
PayeeTradeParty                                      BG-10
  ID|GlobalID                                        BT-60
  Name                                               BT-59
  SpecifiedLegalOrganization/ID                      BT-61
SpecifiedTradeSettlementPaymentMeans                 BG-16
  TypeCode                                           BT-81
  Information                                        BT-82
  ApplicableTradeSettlementFinancialCard             BG-18
    ID                                               BT-87
    CardholderName                                   BT-88
  PayerPartyDebtorFinancialAccount/IBANID            BG-19/BT-91
  PayeePartyCreditorFinancialAccount                 BG-17
    IBANID|ProprietaryID                             BT-84
    AccountName                                      BT-85
  PayeeSpecifiedCreditorFinancialInstitution/BICID   BG-17/BT-86
ApplicableTradeTax                                   BG-23
  CalculatedAmount                                   BT-117
  TypeCode                                           X-TypeCode
  ExemptionReason                                    BT-120
  BasisAmount                                        BT-116
  CategoryCode                                       BT-118
  ExemptionReasonCode                                BT-121
  TaxPointDate/DateString                            /BT-7
  DueDateTypeCode                                    /BT-8
  RateApplicablePercent|ApplicablePercent            BT-119
BillingSpecifiedPeriod                               BG-13/BG-14
  StartDateTime/DateTimeString                       BT-73
  EndDateTime/DateTimeString                         BT-74
SpecifiedLogisticsServiceCharge                      BG-X-Logistics
  Description                                        BT-104
  AppliedAmount                                      BT-99
  AppliedTradeTax
    TypeCode                                         X-TypeCode
    CategoryCode                                     BT-102
    RateApplicablePercent|ApplicablePercent          BT-103
SpecifiedTradePaymentTerms
  ApplicableTradePaymentDiscountTerms                BG-X-Discount
    BasisPeriodMeasure[@unitCode=DAY]                X-Days
    CalculationPercent                               X-Percent
    BasisAmount                                      X-Base
    ActualDiscountAmount                             X-Amount
  Description                                        BT-20
  DueDateDateTime/DateTimeString                     BT-9
  DirectDebitMandateID                               /BG-16/BG-19/BT-89
SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation   BG-22
  LineTotalAmount                                    BT-106
  ChargeTotalAmount                                  BT-108
  AllowanceTotalAmount                               BT-107
  TaxBasisTotalAmount                                BT-109
  TaxTotalAmount                                     BT-110
  RoundingAmount                                     BT-114
  GrandTotalAmount                                   BT-112
  TotalPrepaidAmount                                 BT-113
  DuePayableAmount                                   BT-115
InvoiceReferencedDocument                            BG-3
  IssuerAssignedID|ID                                BT-25
  FormattedIssueDateTime/DateTimeString              BT-26
ReceivableSpecifiedTradeAccountingAccount/ID         BT-19
"""
    + under(
        "SpecifiedTradeAllowanceCharge[ChargeIndicator/Indicator=true|1]  BG-21",
        _ALLOWANCE + _TAXED, 105, 104, 101, 99, 100, 102, 103,
    )
    + under("SpecifiedTradeAllowanceCharge  BG-20", _ALLOWANCE + _TAXED, 98, 97, 94, 92, 93, 95, 96)
)  # fmt: skip
_HEAD = """
ExchangedDocumentContext|SpecifiedExchangedDocumentContext
  TestIndicator                                      -
  BusinessProcessSpecifiedDocumentContextParameter/ID  BG-2/BT-23
  GuidelineSpecifiedDocumentContextParameter/ID      BG-2/BT-24
ExchangedDocument|HeaderExchangedDocument
  ID                                                 BT-1
  Name                                               -
  TypeCode                                           BT-3
  IssueDateTime/DateTimeString                       BT-2
  IncludedNote                                       BG-1
    Content                                          BT-22
    SubjectCode                                      BT-21
SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction
"""


def _below(step: str, lines: str) -> str:
    return "\n".join([f"  {step}", *(f"    {line}" for line in lines.strip("\n").splitlines())]) + "\n"


HEAD = table_of(
    _HEAD
    + _below("ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement", _AGREEMENT)
    + _below("ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery", _DELIVERY)
    + _below("ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement", _SETTLEMENT)
)
_LINE_SETTLEMENT = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
_LINE = (
    """
AssociatedDocumentLineDocument
  LineID                                             BT-126
  ParentLineID                                       BT-X-304
  LineStatusReasonCode                               BT-X-8
  IncludedNote/Content                               BT-127
SpecifiedTradeProduct                                BG-31
  GlobalID                                           BT-157
  SellerAssignedID                                   BT-155
  BuyerAssignedID                                    BT-156
  Name                                               BT-153
  Description                                        BT-154
  ApplicableProductCharacteristic                    BG-32
    Description                                      BT-160
    Value                                            BT-161
  DesignatedProductClassification/ClassCode          BT-158
  OriginTradeCountry/ID                              BT-159
SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement
  BuyerOrderReferencedDocument/LineID                BT-132
  GrossPriceProductTradePrice
    ChargeAmount                                     BG-29/BT-148
    BasisQuantity                                    BG-29/X-GrossQuantity
      @unitCode                                      X-GrossUnit
    AppliedTradeAllowanceCharge
      ChargeIndicator/Indicator                      BG-29/X-ChargeIndicator
      ActualAmount                                   BG-29/BT-147
  NetPriceProductTradePrice
    ChargeAmount                                     BG-29/BT-146
    BasisQuantity                                    BG-29/BT-149
      @unitCode                                      BT-150
SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery
  BilledQuantity                                     BT-129
    @unitCode                                        BT-130
SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement
  ApplicableTradeTax                                 BG-30
    TypeCode                                         X-TypeCode
    CategoryCode                                     BT-151
    RateApplicablePercent|ApplicablePercent          BT-152
  BillingSpecifiedPeriod                             BG-26
    StartDateTime/DateTimeString                     BT-134
    EndDateTime/DateTimeString                       BT-135
  SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation
    LineTotalAmount                                  BT-131
  AdditionalReferencedDocument[TypeCode=130]
    IssuerAssignedID|ID                              BT-128
    TypeCode                                         -
    ReferenceTypeCode                                BT-128@scheme
  ReceivableSpecifiedTradeAccountingAccount/ID       BT-133
"""
    + under(
        f"{_LINE_SETTLEMENT}/SpecifiedTradeAllowanceCharge[ChargeIndicator/Indicator=true|1]  BG-28",
        _ALLOWANCE, 145, 144, 143, 141, 142,
    )
    + under(
        f"{_LINE_SETTLEMENT}/SpecifiedTradeAllowanceCharge  BG-27", _ALLOWANCE, 140, 139, 138, 136, 137
    )
)  # fmt: skip
LINE = table_of(_LINE)


_CATEGORIES = frozenset({"BT-95", "BT-102", "BT-118", "BT-151"})
_STAND_INS = {
    "BG-6": {"X-Department": "BT-41"},
    "BG-9": {"X-Department": "BT-56"},
    "BG-29": {"X-GrossQuantity": "BT-149", "X-GrossUnit": "BT-150"},
}
"""What is read in the place of a term that is not there: a department for a person, the quantity of the gross price for
that of the net price."""


_DEBITS = ("49", "59")
"""Payment means (UNTDID 4461) that take a mandate."""


def settle(invoice: Invoice) -> None:
    """What the paths alone cannot tell: that charges for logistics are charges, of which tax a category is, what stands
    in for a term, which payment a mandate is for, and which tax is in the currency of accounting."""
    for charge in invoice.groups.pop("BG-X-Logistics", []):
        charge.name = "BG-21"
        charge.terms["X-ChargeIndicator"] = [Term("true")]
        invoice.groups.setdefault("BG-21", []).append(charge)
    for group in invoice.walk():
        kinds = group.terms.pop("X-TypeCode", [])
        group.unread += [Unread("TypeCode", "", group.line) for kind in kinds if not kind.text.strip()]
        for name in _CATEGORIES & set(group.terms) if kinds else ():
            group.terms[name] = [
                Term(code.text, {**code.attributes, "scheme": kinds[0].text}) for code in group.terms[name]
            ]
        for other, name in _STAND_INS.get(group.name, {}).items():
            if name not in group.terms and (terms := group.terms.pop(other, None)):
                group.terms[name] = terms
    settle_payments(invoice)
    settle_taxes(invoice)


def settle_payments(invoice: Invoice) -> None:
    """Reference, mandate and creditor stand beside the payments. Without a payment they are the invoice's own; with
    several, mandate and creditor are those of a direct debit."""
    payments = invoice.all("BG-16")
    if payments and not any(map(_is_payment, payments)):
        del invoice.groups["BG-16"]
        for group in (group for payment in payments for group in payment.walk()):
            for name, terms in group.terms.items():
                invoice.terms.setdefault(name, []).extend(terms)
    debits = [payment for payment in payments if payment.text("BT-81") in _DEBITS]
    for payment in payments:
        if debits and payment not in debits and not any("BT-91" in debit.terms for debit in payment.all("BG-19")):
            debits[0].groups.setdefault("BG-19", []).extend(payment.groups.pop("BG-19", []))


def _is_payment(group: Group) -> bool:
    """Whether something of a payment itself was read, not only what stands beside it."""
    own = set(group.terms) - {"BT-83"} or set(group.groups) - {"BG-19"} or group.unread
    return bool(own) or any("BT-91" in debit.terms for debit in group.all("BG-19"))
