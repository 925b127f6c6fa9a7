"""Writes an invoice as UBL and into a PDF, for sample clients and for tests that read it back; `invoice_cii` has CII.

It knows nothing of the reader's tables: what both get wrong the same way is only what they are told of the standard.
"""

from __future__ import annotations

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from xml.sax.saxutils import escape, quoteattr

from pypdf import PdfWriter
from pypdf.generic import NameObject

CENT = Decimal("0.01")
XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
EN16931 = "urn:cen.eu:en16931:2017"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


@dataclass(frozen=True)
class Party:
    """Seller or buyer."""

    name: str
    vat_id: str
    street: str
    city: str
    postal_code: str
    country: str = "DE"
    id: str = ""
    mail: str = "info@example.com"


@dataclass(frozen=True)
class Change:
    """An allowance or charge of the whole invoice."""

    amount: Decimal
    reason: str
    category: str
    rate: Decimal
    is_charge: bool = False


@dataclass(frozen=True)
class Line:
    """One line; `discount` is an allowance on it."""

    id: str
    name: str
    quantity: Decimal
    price: Decimal
    category: str
    rate: Decimal
    unit: str = "C62"
    order_line: str = ""
    discount: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """Quantity times price, less the discount."""
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_UP) - self.discount


@dataclass(frozen=True)
class Bill:
    """An invoice; its sums follow from its lines."""

    number: str
    date: dt.date
    seller: Party
    buyer: Party
    lines: Sequence[Line]
    due: dt.date | None = None
    is_credit: bool = False
    currency: str = "EUR"
    changes: Sequence[Change] = ()
    notes: Sequence[str] = ()
    order: str = ""
    preceding: str = ""
    iban: str = "DE79000000001234567890"
    prepaid: Decimal = Decimal(0)
    terms: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    specification: str = EN16931

    @property
    def kind(self) -> str:
        """Type of the document."""
        return "381" if self.is_credit else "380"

    @property
    def sums(self) -> dict[str, Decimal]:
        """The document totals by the name that UBL gives them."""
        lines = sum((line.net for line in self.lines), Decimal(0))
        minus = sum((c.amount for c in self.changes if not c.is_charge), Decimal(0))
        plus = sum((c.amount for c in self.changes if c.is_charge), Decimal(0))
        tax = sum((tax for _, tax in self.taxes.values()), Decimal(0))
        net = lines - minus + plus
        return {"lines": lines, "minus": minus, "plus": plus, "net": net, "tax": tax, "gross": net + tax,
                "due": net + tax - self.prepaid}  # fmt: skip

    @property
    def taxes(self) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
        """Base and tax by category and rate."""
        bases: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
        for line in self.lines:
            bases[line.category, line.rate] += line.net
        for change in self.changes:
            bases[change.category, change.rate] += change.amount if change.is_charge else -change.amount
        return {k: (base, (base * k[1] / 100).quantize(CENT, ROUND_HALF_UP)) for k, base in bases.items()}


def tag(name: str, *inner: str, **attributes: str) -> str:
    """An element; one without anything inside is left out."""
    text = "".join(inner)
    marks = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{marks}>{text}</{name}>" if text else ""


def nest(path: str, *inner: str) -> str:
    """Elements inside each other."""
    text = "".join(inner)
    for name in reversed(path.split("/")):
        text = tag(name, text)
    return text


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


# -- UBL --------------------------------------------------------------------------------------------------


def ubl(bill: Bill) -> bytes:
    """As UBL 2.1, an Invoice or a CreditNote."""
    root = "CreditNote" if bill.is_credit else "Invoice"
    sums = bill.sums

    def money(name: str, value: Decimal) -> str:
        return tag(f"cbc:{name}", str(value), currencyID=bill.currency)

    head = [
        tag("cbc:CustomizationID", bill.specification),
        tag("cbc:ProfileID", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
        tag("cbc:ID", escape(bill.number)),
        tag("cbc:IssueDate", _day(bill.date)),
        "" if bill.is_credit else tag("cbc:DueDate", _day(bill.due)),
        tag(f"cbc:{root}TypeCode", bill.kind),
        *(tag("cbc:Note", escape(note)) for note in bill.notes),
        tag("cbc:DocumentCurrencyCode", bill.currency),
        tag("cbc:BuyerReference", "04011000-12345-03"),
        nest("cac:OrderReference/cbc:ID", escape(bill.order)),
        nest("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", escape(bill.preceding)),
        _ubl_party("cac:AccountingSupplierParty", bill.seller),
        _ubl_party("cac:AccountingCustomerParty", bill.buyer),
        tag(
            "cac:PaymentMeans",
            tag("cbc:PaymentMeansCode", "58"),
            tag("cbc:PaymentDueDate", _day(bill.due)) if bill.is_credit else "",
            nest("cac:PayeeFinancialAccount/cbc:ID", bill.iban),
        ),
        nest("cac:PaymentTerms/cbc:Note", escape(bill.terms)),
    ]
    changes = [
        tag(
            "cac:AllowanceCharge",
            tag("cbc:ChargeIndicator", str(change.is_charge).lower()),
            tag("cbc:AllowanceChargeReason", escape(change.reason)),
            money("Amount", change.amount),
            _ubl_category("cac:TaxCategory", change.category, change.rate),
        )
        for change in bill.changes
    ]
    taxes = [
        tag(
            "cac:TaxSubtotal",
            money("TaxableAmount", base),
            money("TaxAmount", tax),
            _ubl_category("cac:TaxCategory", category, rate, bill.reasons.get(category, "")),
        )
        for (category, rate), (base, tax) in bill.taxes.items()
    ]
    totals = tag(
        "cac:LegalMonetaryTotal",
        money("LineExtensionAmount", sums["lines"]),
        money("TaxExclusiveAmount", sums["net"]),
        money("TaxInclusiveAmount", sums["gross"]),
        money("AllowanceTotalAmount", sums["minus"]) if sums["minus"] else "",
        money("ChargeTotalAmount", sums["plus"]) if sums["plus"] else "",
        money("PrepaidAmount", bill.prepaid) if bill.prepaid else "",
        money("PayableAmount", sums["due"]),
    )
    lines = [
        tag(
            f"cac:{root}Line",
            tag("cbc:ID", escape(line.id)),
            tag(f"cbc:{'Credited' if bill.is_credit else 'Invoiced'}Quantity", str(line.quantity), unitCode=line.unit),
            money("LineExtensionAmount", line.net),
            nest("cac:OrderLineReference/cbc:LineID", escape(line.order_line)),
            tag(
                "cac:AllowanceCharge",
                tag("cbc:ChargeIndicator", "false"),
                tag("cbc:AllowanceChargeReason", "Rabatt"),
                money("Amount", line.discount),
            ) if line.discount else "",
            tag(
                "cac:Item",
                tag("cbc:Name", escape(line.name)),
                _ubl_category("cac:ClassifiedTaxCategory", line.category, line.rate),
            ),
            tag("cac:Price", money("PriceAmount", line.price)),
        )
        for line in bill.lines
    ]  # fmt: skip
    common = {short: f"{_UBL}Common{name}Components-2" for short, name in (("cac", "Aggregate"), ("cbc", "Basic"))}
    spaces = {"": f"{_UBL}{root}-2", **common}
    total_tax = tag("cac:TaxTotal", money("TaxAmount", sums["tax"]), *taxes)
    return document(root, spaces, [*head, *changes, total_tax, totals, *lines])


def _ubl_party(path: str, party: Party) -> str:
    return nest(
        f"{path}/cac:Party",
        tag("cbc:EndpointID", party.mail, schemeID="EM"),
        nest("cac:PartyIdentification/cbc:ID", escape(party.id)),
        tag(
            "cac:PostalAddress",
            tag("cbc:StreetName", escape(party.street)),
            tag("cbc:CityName", escape(party.city)),
            tag("cbc:PostalZone", party.postal_code),
            nest("cac:Country/cbc:IdentificationCode", party.country),
        ),
        tag("cac:PartyTaxScheme", tag("cbc:CompanyID", party.vat_id), nest("cac:TaxScheme/cbc:ID", "VAT"))
        if party.vat_id
        else "",
        nest("cac:PartyLegalEntity/cbc:RegistrationName", escape(party.name)),
        tag(
            "cac:Contact",
            tag("cbc:Name", "Sample X"),
            tag("cbc:Telephone", "+49 30 23125 000"),
            tag("cbc:ElectronicMail", party.mail),
        ),
    )


def _ubl_category(name: str, category: str, rate: Decimal, reason: str = "") -> str:
    percent = "" if category == "O" else tag("cbc:Percent", str(rate))
    why = tag("cbc:TaxExemptionReason", escape(reason))
    return tag(name, tag("cbc:ID", category), percent, why, nest("cac:TaxScheme/cbc:ID", "VAT"))


def document(root: str, spaces: dict[str, str], parts: Iterable[str]) -> bytes:
    names = "".join(f" xmlns{':' if prefix else ''}{prefix}={quoteattr(uri)}" for prefix, uri in spaces.items())
    body = "\n".join(part for part in parts if part)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{names}>\n{body}\n</{root}>\n'.encode()


# -- PDF --------------------------------------------------------------------------------------------------


def pdf(xml: bytes | None, name: str = "factur-x.xml", *, more: Sequence[tuple[str, bytes, str]] = ()) -> bytes:
    """A PDF of one empty page, with the XML embedded unless there is none. `more`: other embedded files by name, with
    what they are to the pages."""
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    if xml is not None:
        writer.add_attachment(name, xml)
    for other, content, relation in more:
        writer.add_attachment(other, content).associated_file_relationship = NameObject(f"/{relation}")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
