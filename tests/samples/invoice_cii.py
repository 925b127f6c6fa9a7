"""Writes an invoice as UN/CEFACT CII and as ZUGFeRD 1."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

from tests.samples.invoice_writer import Bill, Line, Party, document, nest, tag

_CEFACT = "urn:un:unece:uncefact:data:standard:"


@dataclass(frozen=True)
class _Names:
    """What CII and its forerunner call differently."""

    root: str
    space: str
    version: str
    context: str
    document: str
    transaction: str
    header: str
    line: str
    percent: str
    sums: str
    reference: str


_D16B = _Names(
    "CrossIndustryInvoice", f"{_CEFACT}CrossIndustryInvoice:100", "100", "ExchangedDocumentContext",
    "ExchangedDocument", "SupplyChainTradeTransaction", "ApplicableHeaderTrade", "SpecifiedLineTrade",
    "RateApplicablePercent", "SpecifiedTradeSettlementHeaderMonetarySummation", "IssuerAssignedID",
)  # fmt: skip
_ZUGFERD_1 = _Names(
    "CrossIndustryDocument", "urn:ferd:CrossIndustryDocument:invoice:1p0", "12", "SpecifiedExchangedDocumentContext",
    "HeaderExchangedDocument", "SpecifiedSupplyChainTradeTransaction", "ApplicableSupplyChainTrade",
    "SpecifiedSupplyChainTrade", "ApplicablePercent", "SpecifiedTradeSettlementMonetarySummation", "ID",
)  # fmt: skip


def cii(bill: Bill) -> bytes:
    """As UN/CEFACT CII D16B."""
    return _cii(bill, _D16B)


def zugferd_1(bill: Bill) -> bytes:
    """As ZUGFeRD 1 had it."""
    return _cii(bill, _ZUGFERD_1)


def _cii(bill: Bill, names: _Names) -> bytes:
    lines = [_cii_line(line, names) for line in bill.lines]
    agreement = tag(
        f"ram:{names.header}Agreement",
        tag("ram:BuyerReference", "04011000-12345-03"),
        _cii_party("ram:SellerTradeParty", bill.seller),
        _cii_party("ram:BuyerTradeParty", bill.buyer),
        nest(f"ram:BuyerOrderReferencedDocument/ram:{names.reference}", escape(bill.order)),
    )
    parts = [
        tag(
            f"rsm:{names.context}",
            nest("ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
                  "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
            nest("ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", bill.specification),
        ),
        tag(
            f"rsm:{names.document}",
            tag("ram:ID", escape(bill.number)),
            tag("ram:TypeCode", bill.kind),
            _cii_day("ram:IssueDateTime", bill.date),
            *(nest("ram:IncludedNote/ram:Content", escape(note)) for note in bill.notes),
        ),
        tag(
            f"rsm:{names.transaction}", *lines, agreement,
            f"<ram:{names.header}Delivery/>", _cii_settlement(bill, names),
        ),
    ]  # fmt: skip
    ram = f"{_CEFACT}ReusableAggregateBusinessInformationEntity:{names.version}"
    udt = f"{_CEFACT}UnqualifiedDataType:{names.version.replace('12', '15')}"
    return document(f"rsm:{names.root}", {"rsm": names.space, "ram": ram, "udt": udt}, parts)


def _cii_settlement(bill: Bill, names: _Names) -> str:
    sums = bill.sums
    changes = [
        tag(
            "ram:SpecifiedTradeAllowanceCharge",
            nest("ram:ChargeIndicator/udt:Indicator", str(change.is_charge).lower()),
            tag("ram:ActualAmount", str(change.amount)),
            tag("ram:Reason", escape(change.reason)),
            _cii_category("ram:CategoryTradeTax", change.category, change.rate, names),
        )
        for change in bill.changes
    ]
    taxes = [
        tag(
            "ram:ApplicableTradeTax",
            tag("ram:CalculatedAmount", str(tax)),
            tag("ram:TypeCode", "VAT"),
            tag("ram:ExemptionReason", escape(bill.reasons.get(category, ""))),
            tag("ram:BasisAmount", str(base)),
            tag("ram:CategoryCode", category),
            "" if category == "O" else tag(f"ram:{names.percent}", str(rate)),
        )
        for (category, rate), (base, tax) in bill.taxes.items()
    ]
    terms = tag(
        "ram:SpecifiedTradePaymentTerms",
        tag("ram:Description", escape(bill.terms)),
        _cii_day("ram:DueDateDateTime", bill.due),
    )
    means = tag(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        tag("ram:TypeCode", "58"),
        nest("ram:PayeePartyCreditorFinancialAccount/ram:IBANID", bill.iban),
    )
    totals = tag(
        f"ram:{names.sums}",
        tag("ram:LineTotalAmount", str(sums["lines"])),
        tag("ram:ChargeTotalAmount", str(sums["plus"])) if sums["plus"] else "",
        tag("ram:AllowanceTotalAmount", str(sums["minus"])) if sums["minus"] else "",
        tag("ram:TaxBasisTotalAmount", str(sums["net"])),
        tag("ram:TaxTotalAmount", str(sums["tax"]), currencyID=bill.currency),
        tag("ram:GrandTotalAmount", str(sums["gross"])),
        tag("ram:TotalPrepaidAmount", str(bill.prepaid)) if bill.prepaid else "",
        tag("ram:DuePayableAmount", str(sums["due"])),
    )
    preceding = nest(f"ram:InvoiceReferencedDocument/ram:{names.reference}", escape(bill.preceding))
    currency = tag("ram:InvoiceCurrencyCode", bill.currency)
    return tag(f"ram:{names.header}Settlement", currency, means, *taxes, *changes, terms, totals, preceding)


def _cii_line(line: Line, names: _Names) -> str:
    sums = names.sums.replace("Header", "Line")
    discount = tag(
        "ram:SpecifiedTradeAllowanceCharge",
        nest("ram:ChargeIndicator/udt:Indicator", "false"),
        tag("ram:ActualAmount", str(line.discount)),
        tag("ram:Reason", "Rabatt"),
    )
    return tag(
        "ram:IncludedSupplyChainTradeLineItem",
        nest("ram:AssociatedDocumentLineDocument/ram:LineID", escape(line.id)),
        nest("ram:SpecifiedTradeProduct/ram:Name", escape(line.name)),
        tag(
            f"ram:{names.line}Agreement",
            nest("ram:BuyerOrderReferencedDocument/ram:LineID", escape(line.order_line)),
            nest("ram:NetPriceProductTradePrice/ram:ChargeAmount", str(line.price)),
        ),
        tag(f"ram:{names.line}Delivery", tag("ram:BilledQuantity", str(line.quantity), unitCode=line.unit)),
        tag(
            f"ram:{names.line}Settlement",
            _cii_category("ram:ApplicableTradeTax", line.category, line.rate, names),
            discount if line.discount else "",
            nest(f"ram:{sums}/ram:LineTotalAmount", str(line.net)),
        ),
    )


def _cii_category(name: str, category: str, rate: Decimal, names: _Names) -> str:
    percent = "" if category == "O" else tag(f"ram:{names.percent}", str(rate))
    return tag(name, tag("ram:TypeCode", "VAT"), tag("ram:CategoryCode", category), percent)


def _cii_day(name: str, day: dt.date | None) -> str:
    return tag(name, tag("udt:DateTimeString", f"{day:%Y%m%d}", format="102")) if day else ""


def _cii_party(name: str, party: Party) -> str:
    return tag(
        name,
        tag("ram:ID", escape(party.id)),
        tag("ram:Name", escape(party.name)),
        tag(
            "ram:DefinedTradeContact",
            tag("ram:PersonName", "Sample X"),
            nest("ram:TelephoneUniversalCommunication/ram:CompleteNumber", "+49 30 23125 000"),
            nest("ram:EmailURIUniversalCommunication/ram:URIID", party.mail),
        ),
        tag(
            "ram:PostalTradeAddress",
            tag("ram:PostcodeCode", party.postal_code),
            tag("ram:LineOne", escape(party.street)),
            tag("ram:CityName", escape(party.city)),
            tag("ram:CountryID", party.country),
        ),
        tag("ram:URIUniversalCommunication", tag("ram:URIID", party.mail, schemeID="EM")),
        tag("ram:SpecifiedTaxRegistration", tag("ram:ID", party.vat_id, schemeID="VA")) if party.vat_id else "",
    )
