"""For each rule about the syntax of a message: what has to be done to the XML of a sound one to break it.

Steps are parted by semicolons, and name their element by its local names from the outermost one down:

PartyName > Name=X       below the element is a new one, or a chain of new ones (`A/B=X`); `.` is the outermost element
Price/PriceAmount *      the element stands there a second time
Price/PriceAmount -      it is gone
ID @schemeID=XX          its attribute is this
ID = 7                   its text is this
"""

from __future__ import annotations

import copy
from typing import Any

from lxml import etree

from pipelines.extract.messages.en16931.syntax_cii import MISPLACED, UNUSED_TOTALS

_SELLER, _BUYER = "AccountingSupplierParty/Party", "AccountingCustomerParty/Party"
_MEANS, _LINE = "PaymentMeans", "InvoiceLine"
_NEW_PAYEE = ". > PayeeParty/PartyName/Name=Other"
_SAME_PAYEE = f"{_SELLER}/PartyLegalEntity/RegistrationName = Same; . > PayeeParty/PartyName/Name=Same"
_ALLOWANCE, _CHARGE = ("AllowanceCharge/ChargeIndicator = false", "AllowanceCharge/ChargeIndicator = true")
_REASON = "AllowanceCharge > AllowanceChargeReason=again"
_OTHER_DOCUMENT = ". > AdditionalDocumentReference/ID=A"
_EMBEDDED = ". > AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject=JVBERi0="


def _twice(parent: str, chain: str) -> str:
    return f"{parent} > {chain}; {parent} > {chain}"


UBL = {
    "01": _twice(".", "ContractDocumentReference/ID=V"),
    "02": _twice(".", "ReceiptDocumentReference/ID=V"),
    "03": _twice(".", "DespatchDocumentReference/ID=V"),
    "04": f"{_OTHER_DOCUMENT}; AdditionalDocumentReference > DocumentTypeCode=130; AdditionalDocumentReference *",
    "05": _twice(".", "PaymentTerms/Note=soon"),
    "06": _twice("BillingReference", "InvoiceDocumentReference/ID=R-0"),
    "07": "BillingReference/InvoiceDocumentReference/ID -",
    "08": _twice(".", "InvoicePeriod/StartDate=2026-10-01"),
    "09": f"{_SELLER}/PartyLegalEntity/RegistrationName *",
    "10": _twice(_SELLER, "PartyName/Name=S"),
    "11": _twice(_SELLER, "PartyLegalEntity/CompanyID=HRB 1"),
    "12": f"{_SELLER}/PartyTaxScheme *",
    "13": f"{_SELLER}/PartyTaxScheme *; {_SELLER}/PartyTaxScheme/TaxScheme/ID = FC; {_SELLER}/PartyTaxScheme *",
    "14": _twice(_SELLER, "PartyLegalEntity/CompanyLegalForm=GmbH"),
    "15": f"{_BUYER}/PartyLegalEntity/RegistrationName *",
    "16": _twice(_BUYER, "PartyIdentification/ID=K"),
    "17": _twice(_BUYER, "PartyLegalEntity/CompanyID=HRB 2"),
    "18": f"{_BUYER} > PartyTaxScheme/TaxScheme/ID=VAT; {_BUYER}/PartyTaxScheme > CompanyID=DE1; "
          f"{_BUYER}/PartyTaxScheme *",
    "19": f"{_NEW_PAYEE}; PayeeParty > PartyName/Name=Third",
    "20": f"{_NEW_PAYEE}; {_twice('PayeeParty', 'PartyIdentification/ID=P')}",
    "21": _SAME_PAYEE,
    "22": ". > TaxRepresentativeParty/PartyName/Name=T; TaxRepresentativeParty/PartyName *",
    "23": ". > TaxRepresentativeParty/PartyTaxScheme/TaxScheme/ID=VAT; "
          "TaxRepresentativeParty/PartyTaxScheme > CompanyID=AT1; TaxRepresentativeParty/PartyTaxScheme *",
    "24": _twice(".", "Delivery/ActualDeliveryDate=2026-10-01"),
    "25": ". > Delivery/DeliveryParty/PartyName/Name=A; Delivery > DeliveryParty/PartyName/Name=B",
    "26": _twice(_MEANS, "PaymentID=RE"),
    "27": f"{_MEANS}/PaymentMeansCode *",
    "28": _twice(_MEANS, "PaymentMandate/ID=M"),
    "29": f"{_SELLER} > PartyIdentification/ID=C; {_SELLER}/PartyIdentification/ID @schemeID=SEPA; "
          f"{_SELLER}/PartyIdentification *",
    "30": f"{_ALLOWANCE}; {_REASON}",
    "31": f"{_CHARGE}; {_REASON}",
    "32": _twice("TaxTotal/TaxSubtotal/TaxCategory", "TaxExemptionReason=x"),
    "33": f"{_OTHER_DOCUMENT}; {_twice('AdditionalDocumentReference', 'DocumentDescription=x')}",
    "34": _twice(_LINE, "Note=x"),
    "35": _twice(_LINE, "OrderLineReference/LineID=1"),
    "36": _twice(_LINE, "InvoicePeriod/StartDate=2026-10-01"),
    "37": f"{_LINE}/Price > AllowanceCharge/Amount=1; {_LINE}/Price/AllowanceCharge *",
    "39": _twice(".", "ProjectReference/ID=P"),
    "40": _twice(_BUYER, "PartyName/Name=B"),
    "42": f"{_SELLER}/PartyTaxScheme *; {_SELLER}/PartyTaxScheme *",
    "43": f"{_OTHER_DOCUMENT}; AdditionalDocumentReference > DocumentTypeCode=916",
    "44": f"{_MEANS} *; {_twice(_MEANS, 'PaymentID=A')}; {_MEANS}/PaymentID = B",
    "45": _twice(_MEANS, "PaymentDueDate=2026-10-31"),
    "46": f"{_MEANS}/PaymentMeansCode @name=SEPA; {_MEANS} *",
    "47": f"{_MEANS} *; {_MEANS}/PaymentMeansCode = 30",
    "48": f"{_LINE}/Item/ClassifiedTaxCategory *",
    "49": _twice(".", "InvoicePeriod/DescriptionCode=3"),
    "50": _twice(f"{_LINE}/Item", "Description=x"),
    "51": _twice(f"{_SELLER}/PostalAddress", "AddressLine/Line=x"),
    "52": f"{_LINE} > DocumentReference/ID=D; {_LINE}/DocumentReference *",
    "53": f"{_SELLER}/PartyTaxScheme/CompanyID -",
    "54": f"{_MEANS} > CardAccount/PrimaryAccountNumberID=1111; {_MEANS} *",
    "55": f"{_MEANS} > PaymentMandate/ID=M; {_MEANS} *",
    "56": _twice(".", "OriginatorDocumentReference/ID=L"),
    "57": f"{_SELLER}/PartyLegalEntity *",
    "58": f"{_MEANS}/PayeeFinancialAccount > FinancialInstitutionBranch/Name=Bank",
    "59": f"{_MEANS}/PayeeFinancialAccount/ID *",
}  # fmt: skip
UBL_DATA = {
    "01": "LegalMonetaryTotal/PayableAmount = 1.001",
    "06": f"{_EMBEDDED}; AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject @filename=a.pdf",
    "07": f"{_EMBEDDED}; AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject @mimeCode=text/csv",
}
_OBJECT = f"{_OTHER_DOCUMENT}; AdditionalDocumentReference > DocumentTypeCode=130"
UBL_OBJECT = {
    "666": f"{_OBJECT}; AdditionalDocumentReference > Attachment/ExternalReference/URI=https://example.org",
    "673": f"{_OBJECT}; AdditionalDocumentReference > DocumentDescription=a meter",
}
_TRADE = "SupplyChainTradeTransaction"
_AGREEMENT, _DELIVERY, _SETTLEMENT = (
    f"{_TRADE}/ApplicableHeaderTrade{part}" for part in ("Agreement", "Delivery", "Settlement")
)
_ITEM = f"{_TRADE}/IncludedSupplyChainTradeLineItem"
_PRODUCT, _PRICES = f"{_ITEM}/SpecifiedTradeProduct", f"{_ITEM}/SpecifiedLineTradeAgreement"
_SUMS = f"{_SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
_PAYMENT = f"{_SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans"
_PART = f"{_SETTLEMENT}/SpecifiedTradeAllowanceCharge"
_TAX = f"{_SETTLEMENT}/ApplicableTradeTax"
_GUIDELINE = "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter"
_SUPPORT = f"{_AGREEMENT} > AdditionalReferencedDocument/IssuerAssignedID=A"
_REFERENCE = f"{_AGREEMENT}/AdditionalReferencedDocument"
_TRAIT = f"{_PRODUCT} > ApplicableProductCharacteristic/Description=Colour"
CII = {
    "009": f"{_GUIDELINE} -",
    "010": f"{_GUIDELINE}/ID *",
    "014": "ExchangedDocument/TypeCode *",
    "046": f"{_PRODUCT} > GlobalID=4000001000036",
    "069": f"{_TRAIT}; {_PRODUCT}/ApplicableProductCharacteristic > Value=grey; "
           f"{_PRODUCT}/ApplicableProductCharacteristic/Description *",
    "072": _TRAIT,
    "090": f"{_PRODUCT} > OriginTradeCountry/Name=Norway",
    "439": f"{_PRICES}/NetPriceProductTradePrice/ChargeAmount -",
    "440": _twice(f"{_PRICES}", "GrossPriceProductTradePrice/AppliedTradeAllowanceCharge/ActualAmount=1"),
    "441": f"{_PRICES}/NetPriceProductTradePrice/ChargeAmount *",
    "453": _twice(_SETTLEMENT, "SpecifiedTradePaymentTerms/Description=soon"),
    "454": f"{_ITEM}/SpecifiedLineTradeSettlement/ApplicableTradeTax *",
    "455": f"{_AGREEMENT}/SellerTradeParty/DefinedTradeContact *",
    "456": _twice(f"{_AGREEMENT}/BuyerTradeParty", "DefinedTradeContact/PersonName=X"),
    "459": f"{_AGREEMENT}/SellerTradeParty/URIUniversalCommunication *",
    "460": f"{_AGREEMENT}/BuyerTradeParty/URIUniversalCommunication *",
    "461": _twice(_TAX, "TaxPointDate/DateString=20261001"),
    "462": f"{_TAX} > DueDateTypeCode=5; {_TAX} > DueDateTypeCode=72",
    "463": f"{_PART}/ChargeIndicator -",
    "465": f"{_AGREEMENT}/SellerTradeParty > DefinedTradeContact/PersonName=Jo; "
    f"{_AGREEMENT}/SellerTradeParty/DefinedTradeContact > DepartmentName=Desk",
    "466": f"{_AGREEMENT}/BuyerTradeParty > DefinedTradeContact/PersonName=Jo; "
    f"{_AGREEMENT}/BuyerTradeParty/DefinedTradeContact > DepartmentName=Desk",
    "467": f"{_PAYMENT} *; {_PAYMENT}/TypeCode = 30",
    "468": f"{_PAYMENT} > Information=SEPA; {_PAYMENT} *; {_PAYMENT}/Information = other",
    "469": _twice(_SETTLEMENT, "PaymentReference=RE"),
    "470": f"{_PAYMENT}/PayeePartyCreditorFinancialAccount -",
    "471": f"{_PART}/CategoryTradeTax/RateApplicablePercent *",
    "472": f"{_PART}/CategoryTradeTax *",
    "473": f"{_PART}/ActualAmount *",
    **{number: f"{_SUMS}/{name} *" for number, name in (
        ("477", "LineTotalAmount"), ("478", "ChargeTotalAmount"), ("479", "AllowanceTotalAmount"),
        ("480", "TaxBasisTotalAmount"), ("482", "GrandTotalAmount"), ("484", "TotalPrepaidAmount"),
        ("487", "DuePayableAmount"))},
    "481": _twice(_SUMS, "RoundingAmount=0.00"),
    **{number: _twice(_SUMS, f"{name}=1.00") for number, name in UNUSED_TOTALS.items()},
}  # fmt: skip
_PARENTS = {
    **dict.fromkeys(("001", "002", "003", "004", "006"), "ExchangedDocument/ID"),
    **dict.fromkeys(("008", "009", "011"), "ExchangedDocument/TypeCode"),
    **dict.fromkeys(("013", "014"), "."),
    "032": f"{_SUMS}/LineTotalAmount",
    **dict.fromkeys(("034", "035", "036"), f"{_ITEM}/SpecifiedLineTradeDelivery/BilledQuantity"),
    **dict.fromkeys(("101", "102", "103", "104"), f"{_AGREEMENT}/SellerTradeParty/URIUniversalCommunication/URIID"),
}
"""Rule → the element that has an attribute it may not have."""


def _misplaced(rule: str) -> str:
    """The last name in the path that a rule forbids, put where it has no place."""
    name = MISPLACED[rule][0].removesuffix("$").rpartition("/")[2]
    if name[0] == "@":
        return f"{_PARENTS[rule]} {name}=XX"
    chain = MISPLACED[rule][0].removesuffix("$").partition("/")[2]
    if "ReferencedDocument" in MISPLACED[rule][0]:
        return f"{_AGREEMENT} > ContractReferencedDocument/{name}=1"
    if rule < "082":
        return f"{_SETTLEMENT} > {chain}=1"
    return f"{_AGREEMENT}/SellerTradeParty > {chain}=1"


CII_DATA = {
    **{rule: _misplaced(rule) for rule in MISPLACED},
    "005": "ExchangedDocument/ID @schemeID=0088",
    "007": "ExchangedDocument/ID @schemeVersionID=1",
    "010": "ExchangedDocument/TypeCode @listID=1001",
    "012": "ExchangedDocument/TypeCode @listVersionID=D16B",
    "015": f"{_AGREEMENT} > ContractReferencedDocument/URIID=x",
    "018": f"{_SUPPORT}; {_REFERENCE} > TypeCode=380",
    "021": f"{_SUPPORT}; {_REFERENCE} > Name=x",
    "022": f"{_SUPPORT}; {_REFERENCE} > AttachmentBinaryObject=JVBERi0=",
    "031": f"{_SUMS}/GrandTotalAmount @currencyID=EUR",
    "033": f"{_ITEM}/SpecifiedLineTradeDelivery/BilledQuantity -; "
           f"{_PRICES}/NetPriceProductTradePrice > BasisQuantity=1; "
           f"{_PRICES}/NetPriceProductTradePrice/BasisQuantity @unitCode=C62",
    "037": f"{_TAX}/TypeCode = GST",
    "097": f"{_DELIVERY} > ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString=20261301; {_DELIVERY}"
           "/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString @format=102",
}  # fmt: skip
TRIPS = {
    **{f"UBL-SR-{number}": ("ubl", steps) for number, steps in UBL.items()},
    **{f"UBL-CR-{number}": ("ubl", steps) for number, steps in UBL_OBJECT.items()},
    **{f"UBL-DT-{number}": ("ubl", steps) for number, steps in UBL_DATA.items()},
    **{f"CII-SR-{number}": ("cii", steps) for number, steps in CII.items()},
    **{f"CII-DT-{number}": ("cii", steps) for number, steps in CII_DATA.items()},
    "PEPPOL-EN16931-R101": (
        "ubl",
        "CustomizationID = urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0; "
        f"{_LINE} > DocumentReference/ID=D",
    ),
    "KONTOR-01": ("ubl", "ID *"),
    "KONTOR-03": ("cii", f"{_SETTLEMENT}/SpecifiedTradePaymentTerms/DueDateDateTime *"),
    "KONTOR-02": ("ubl", ". > CreditNoteLine/ID=9"),
}
"""Rule → the syntax of the sound message and the steps."""


def changed(content: bytes, steps: str) -> bytes:
    """A message after some steps."""
    root = etree.fromstring(content)
    for step in filter(None, (part.strip() for part in steps.split(";"))):
        path, what, rest = step.split(" ", 2) if step.count(" ") > 1 else (*step.split(" ", 1), "")
        _apply(root, path, what, rest)
    return etree.tostring(root)


def _apply(root: Any, path: str, what: str, rest: str) -> None:
    element = root
    for name in path.split("/") if path != "." else ():
        element = next(child for child in element if etree.QName(child).localname == name)
    parent = element.getparent()
    if what == "*":
        parent.insert(parent.index(element), copy.deepcopy(element))
    elif what == "-":
        parent.remove(element)
    elif what == "=":
        element.text = rest
    elif what == ">":
        chain, _, text = rest.partition("=")
        for name in chain.split("/"):
            element = etree.SubElement(element, name)
        element.text = text
    else:
        name, _, text = what[1:].partition("=")
        element.set(name, text)
