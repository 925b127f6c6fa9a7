"""CII-SR and CII-DT: what may stand once in the XML of CII and stands twice, and what has no place in it.

Left out: the warnings of elements that an invoice should not have: the reader tells of those itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from pipelines.extract.messages.en16931.codes import AMOUNTS
from pipelines.extract.messages.en16931.presence import day, tells
from pipelines.extract.messages.en16931.rule import Found, View, place, reaching
from pipelines.extract.messages.en16931.syntax import alike, counted, once, one_category

_PARTS = ("BG-20", "BG-21", "BG-27", "BG-28")
"""Allowances and charges."""
_ONCE_IN_CII = """
440 BG-29 BT-147  the discount of a price                       der Nachlass auf einen Preis
441 BG-29 BT-146  the net price of an item                      der Nettopreis eines Artikels
455 BG-4  BG-6    the seller's contact                          der Kontakt des Verkäufers
456 BG-7  BG-9    the buyer's contact                           der Kontakt des Käufers
459 BG-4  BT-34   the seller's electronic address               die elektronische Adresse des Verkäufers
460 BG-7  BT-49   the buyer's electronic address                die elektronische Adresse des Käufers
461 -     BT-7    the tax point date                            das Steuerdatum
469 -     :BT-83  the reference of the payment                  der Verwendungszweck der Zahlung
471 BG-20,BG-21 BT-96|BT-103   the VAT rate of an allowance or charge   der Steuersatz eines Nachlasses oder Zuschlags
472 BG-20,BG-21 BT-95|BT-102   the VAT category of an allowance or charge   die Steuerkategorie eines Nachlasses oder Zuschlags
473 BG-20,BG-21,BG-27,BG-28 BT-92|BT-99|BT-136|BT-141   the amount of an allowance or charge   der Betrag eines Nachlasses oder Zuschlags
477 BG-22 BT-106  the sum of the lines                          die Summe der Positionen
478 BG-22 BT-108  the sum of charges                            die Summe der Zuschläge
479 BG-22 BT-107  the sum of allowances                         die Summe der Nachlässe
480 BG-22 BT-109  the total without VAT                         die Summe ohne Umsatzsteuer
481 BG-22 BT-114  the rounding amount                           der Rundungsbetrag
482 BG-22 BT-112  the total with VAT                            die Summe mit Umsatzsteuer
484 BG-22 BT-113  the amount already paid                       der gezahlte Betrag
487 BG-22 BT-115  the amount due                                der fällige Betrag
"""  # noqa: E501
_EXACTLY_IN_CII = """
009 -     :BG-2/BT-24   the specification of the invoice        die Spezifikation der Rechnung
010 -     :BG-2/BT-24   the identifier of the specification     die Kennung der Spezifikation
014 -     BT-3    the type code of the invoice                  der Code für den Rechnungstyp
069 BG-32 BT-160  the name of an item attribute                 der Name einer Eigenschaft
072 BG-32 BT-161  the value of an item attribute                der Wert einer Eigenschaft
439 BG-25 BG-29/BT-146   the net price of an item               der Nettopreis eines Artikels
"""
UNUSED_TOTALS = {
    "483": "InformationAmount",
    "485": "TotalDiscountAmount",
    "486": "TotalAllowanceChargeAmount",
    "488": "RetailValueExcludingTaxInformationAmount",
    "489": "TotalDepositFeeInformationAmount",
    "490": "ProductValueExcludingTobaccoTaxInformationAmount",
    "491": "TotalRetailValueInformationAmount",
    "492": "GrossLineTotalAmount",
    "493": "NetLineTotalAmount",
    "494": "NetIncludingTaxesLineTotalAmount",
}
_IDS = (
    "(?:GuidelineSpecifiedDocumentContextParameter|ExchangedDocument)/ID|/LineID|SpecifiedTradeProduct/SellerAssignedID"
)
_TYPE = "^ExchangedDocument/TypeCode"
_OTHERS = r"(?:(?<!Additional)|TradeAgreement/Additional)ReferencedDocument"
"""A reference to a document, but for those of lines to objects and those to supporting documents."""
MISPLACED = {
    **{f"{number:03}": (f"(?:{_IDS})/@{name}$", f"an identifier has an attribute {name}",
                        f"eine Kennung hat ein Attribut {name}")
       for number, name in ((1, "schemeName"), (2, "schemeAgencyName"), (3, "schemeDataURI"), (4, "schemeURI"),
                            (6, "schemeAgencyID"))},
    **{f"{number:03}": (f"/TypeCode/@{name}$", f"a type code has an attribute {name}",
                        f"ein Typcode hat ein Attribut {name}") for number, name in ((8, "name"), (9, "listURI"))},
    "011": (f"{_TYPE}/@listAgencyID$", "the type code of the invoice has an attribute listAgencyID",
            "der Rechnungstyp hat ein Attribut listAgencyID"),
    **{f"{number:03}": (f"^/@{name}$", f"the invoice has an attribute {name}", f"die Rechnung hat ein Attribut {name}")
       for number, name in ((13, "languageID"), (14, "languageLocaleID"))},
    **{f"{number:03}": (f"ReferencedDocument/{name}$", f"a reference to a document has an element {name}",
                        f"ein Verweis auf ein Dokument hat ein Element {name}")
       for number, name in ((16, "StatusCode"), (17, "CopyIndicator"), (19, "GlobalID"), (20, "RevisionID"),
                            (23, "Information"), (24, "ReferenceTypeCode"), (25, "SectionName"),
                            (26, "PreviousRevisionID"), (28, "EffectiveSpecifiedPeriod"), (29, "IssuerTradeParty"),
                            (30, "AttachedSpecifiedBinaryFile"))},
    "027": ("(?<!Invoice)ReferencedDocument/FormattedIssueDateTime$",
            "a reference to a document other than an earlier invoice has a date",
            "ein Verweis auf ein anderes Dokument als eine vorausgegangene Rechnung hat ein Datum"),
    "032": ("(?<!TaxTotal)Amount/@currencyCodeListVersionID$", "an amount has an attribute currencyCodeListVersionID",
            "ein Betrag hat ein Attribut currencyCodeListVersionID"),
    **{f"{number:03}": (f"Quantity/@{name}$", f"a quantity has an attribute {name}",
                        f"eine Menge hat ein Attribut {name}")
       for number, name in ((34, "unitCodeListID"), (35, "unitCodeListAgencyID"), (36, "unitCodeListAgencyName"))},
    **{f"{number:03}": (f"/BillingSpecifiedPeriod/{name}$", f"a period has an element {name}",
                        f"ein Zeitraum hat ein Element {name}")
       for number, name in ((68, "StartDateTime/DateTime"), (69, "DurationMeasure"), (70, "InclusiveIndicator"),
                            (71, "Description"), (72, "EndDateTime/DateTime"), (73, "CompleteDateTime"),
                            (74, "OpenIndicator"), (75, "SeasonCode"), (76, "ID"), (77, "Name"),
                            (78, "SequenceNumeric"), (79, "StartDateFlexibilityCode"), (80, "ContinuousIndicator"),
                            (81, "PurposeCode"))},
    **{f"{number:03}": (f"/PostalTradeAddress/{name}$", f"an address has an element {name}",
                        f"eine Anschrift hat ein Element {name}")
       for number, name in ((82, "ID"), (83, "PostOfficeBox"), (84, "BuildingName"), (86, "LineFour"), (87, "LineFive"),
                            (88, "StreetName"), (89, "CitySubDivisionName"), (90, "CountryName"),
                            (91, "CountrySubDivisionID"), (92, "AttentionOf"), (93, "CareOf"), (94, "BuildingNumber"),
                            (95, "DepartmentName"), (96, "AdditionalStreetName"))},
    **{f"{number}": (f"ID/@{name}$", f"an element whose name ends with ID has an attribute {name}",
                     f"ein Element, dessen Name auf ID endet, hat ein Attribut {name}")
       for number, name in ((101, "schemeName"), (102, "schemeAgencyName"), (103, "schemeDataURI"),
                            (104, "schemeURI"))},
}  # fmt: skip
"""Rule CII-DT → the paths that no message may have, words in two languages."""


def _at_path(pattern: re.Pattern[str], view: View) -> Iterator[Found]:
    for path, places in view.unread.items():
        if pattern.search(path):
            yield Found(f"{path}, line {places[0][1].line}", f"{len(places)} times", "not at all")


def _each_once(name: str, view: View) -> Iterator[Found]:
    for path, places in view.unread.items():
        if path.endswith(f"MonetarySummation/{name}") and len(places) > 1:
            yield Found(f"{path}, line {places[1][1].line}", f"{len(places)} times", "at most once")


def _item_scheme(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-157"):
        if "scheme" not in placed.term.attributes:
            yield Found(place(placed.group, "BT-157"), "", "schemeID")


def _origin(view: View) -> Iterator[Found]:
    for item in view.groups("BG-31"):
        times = len(item.terms.get("BT-159", ()))
        if times > 1 or (not times and any("/OriginTradeCountry" in found.path for found in item.unread)):
            yield Found(place(item, "BT-159"), f"{times} times", "once")


def _indicator(view: View) -> Iterator[Found]:
    for name in _PARTS:
        for part in view.groups(name):
            if "X-ChargeIndicator" not in part.terms:
                yield Found(place(part), "", "ChargeIndicator")


def _account(view: View) -> Iterator[Found]:
    for means in view.groups("BG-16"):
        if means.text("BT-81") in ("30", "58") and not any(True for _ in reaching(means, "BG-17/BT-84")):
            yield Found(place(means), "", "BT-84")


def _plain_ids(attribute: str, terms: str, view: View) -> Iterator[Found]:
    for placed in view.terms(*terms.split()):
        if attribute in placed.term.attributes:
            yield Found(place(placed.group), f"{attribute} {placed.term.attributes[attribute]}", "without")


def _supporting(element: str, term: str, view: View) -> Iterator[Found]:
    """Only a supporting document (916) has these."""
    yield from _at_path(re.compile(f"{_OTHERS}/{element}$"), view)
    for document in view.groups("BG-24"):
        if document.text("X-DocumentTypeCode") != "916" and term in document.terms:
            yield Found(place(document, term), document.text("X-DocumentTypeCode") or "no type code", "type code 916")


def _document_type(view: View) -> Iterator[Found]:
    yield from _at_path(re.compile("(?<!Additional)ReferencedDocument/TypeCode$"), view)
    for document in view.groups("BG-24"):
        if document.text("X-DocumentTypeCode") not in (None, "916"):
            yield Found(place(document), document.text("X-DocumentTypeCode") or "", "50, 130 or 916")


def _currencies(view: View) -> Iterator[Found]:
    for name in set(AMOUNTS) - {"BT-110", "BT-111"}:
        for placed in view.terms(name):
            if "currency" in placed.term.attributes:
                yield Found(place(placed.group, name), placed.term.attributes["currency"], "no currencyID")


def _two_names(contact: str, term: str, view: View) -> Iterator[Found]:
    """The name of a person, and beside it that of a department."""
    for group in view.groups(contact):
        if term in group.terms and "X-Department" in group.terms:
            yield Found(place(group, term), "a person and a department", "one of them")


def _units(view: View) -> Iterator[Found]:
    if view.has("BT-150") and not view.has("BT-130"):
        yield Found(place(view.terms("BT-150")[0].group, "BT-150"), view.text("BT-150"), "a unit of the quantity too")


def _only_vat(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-95", "BT-102", "BT-118", "BT-151"):
        scheme = placed.term.attributes.get("scheme", "VAT")
        if scheme != "VAT":
            yield Found(place(placed.group), scheme, "VAT")


def _days(view: View) -> Iterator[Found]:
    for name in ("BT-2", "BT-9", "BT-26", "BT-72", "BT-73", "BT-74", "BT-134", "BT-135"):
        for placed in view.terms(name):
            form = placed.term.attributes.get("format")
            if form == "102" or (form is None and day(placed.text) is None):
                yield Found(place(placed.group, name), placed.text, "eight digits of a day")


RULES = [
    *once("CII-SR", _EXACTLY_IN_CII, 1),
    *once("CII-SR", _ONCE_IN_CII),
    *(tells(f"CII-SR-{number}", f"the total {name} is given more than once",
            f"die Summe {name} ist mehrfach angegeben", partial(_each_once, name))
      for number, name in UNUSED_TOTALS.items()),
    tells("CII-SR-046", "the standard identifier of an item has no scheme (BT-157)",
          "Schema der Standardkennung eines Artikels fehlt (BT-157)", _item_scheme),
    tells("CII-SR-090", "the country of origin of an item is not given exactly once (BT-159)",
          "das Herkunftsland eines Artikels ist nicht genau einmal angegeben (BT-159)", _origin),
    tells("CII-SR-453", "the terms of payment are given more than once (BT-20)",
          "die Zahlungsbedingungen sind mehrfach angegeben (BT-20)", partial(counted, "-", "BT-20", 0), "warning"),
    tells("CII-SR-454", "a line has not exactly one tax (BG-30)", "eine Position hat nicht genau eine Steuer (BG-30)",
          one_category, "warning"),
    tells("CII-SR-462", "different codes of the tax point date are given (BT-8)",
          "verschiedene Codes des Steuerdatums sind angegeben (BT-8)", partial(alike, "BT-8")),
    tells("CII-SR-463", "an allowance or charge does not say which of the two it is",
          "ein Nachlass oder Zuschlag sagt nicht, welches von beidem er ist", _indicator),
    tells("CII-SR-465", "the seller's contact is a person and a department (BT-41)",
          "der Kontakt des Verkäufers ist eine Person und eine Abteilung (BT-41)", partial(_two_names, "BG-6", "BT-41"),
          "warning"),
    tells("CII-SR-466", "the buyer's contact is a person and a department (BT-56)",
          "der Kontakt des Käufers ist eine Person und eine Abteilung (BT-56)", partial(_two_names, "BG-9", "BT-56"),
          "warning"),
    tells("CII-SR-467", "payments have different means (BT-81)", "Zahlungen haben verschiedene Zahlungsmittel (BT-81)",
          partial(alike, "BT-81")),
    tells("CII-SR-468", "payments name their means in different words (BT-82)",
          "Zahlungen nennen ihr Zahlungsmittel in verschiedenen Worten (BT-82)", partial(alike, "BT-82")),
    tells("CII-SR-470", "a credit transfer has neither IBAN nor another account (BT-84)",
          "eine Überweisung hat weder IBAN noch ein anderes Konto (BT-84)", _account),
    *(tells(f"CII-DT-{number}", en, de, partial(_at_path, re.compile(pattern)))
      for number, (pattern, en, de) in MISPLACED.items()),
    tells("CII-DT-005", "an identifier that has no scheme names one (BT-1, BT-24, BT-126, BT-155)",
          "eine Kennung ohne Schema nennt eines (BT-1, BT-24, BT-126, BT-155)",
          partial(_plain_ids, "scheme", "BT-1 BT-24 BT-126 BT-155")),
    tells("CII-DT-007", "an identifier that has no scheme names a version of one (BT-1, BT-24, BT-126, BT-155)",
          "eine Kennung ohne Schema nennt die Version eines Schemas (BT-1, BT-24, BT-126, BT-155)",
          partial(_plain_ids, "scheme_version", "BT-1 BT-24 BT-126 BT-155")),
    tells("CII-DT-010", "the type code of the invoice names a list (BT-3)", "der Rechnungstyp nennt eine Liste (BT-3)",
          partial(_plain_ids, "scheme", "BT-3")),
    tells("CII-DT-012", "the type code of the invoice names the version of a list (BT-3)",
          "der Rechnungstyp nennt die Version einer Liste (BT-3)", partial(_plain_ids, "scheme_version", "BT-3")),
    tells("CII-DT-015", "a reference that is none to a supporting document has an address (BT-124)",
          "ein Verweis, der keiner auf eine Unterlage ist, hat eine Adresse (BT-124)",
          partial(_supporting, "URIID", "BT-124")),
    tells("CII-DT-018", "a reference to a document has a type code it may not have",
          "ein Verweis auf ein Dokument hat einen Typcode, den er nicht haben darf", _document_type),
    tells("CII-DT-021", "a reference that is none to a supporting document has a name (BT-123)",
          "ein Verweis, der keiner auf eine Unterlage ist, hat einen Namen (BT-123)",
          partial(_supporting, "Name", "BT-123")),
    tells("CII-DT-022", "a reference that is none to a supporting document has one attached (BT-125)",
          "einem Verweis, der keiner auf eine Unterlage ist, ist eine beigefügt (BT-125)",
          partial(_supporting, "AttachmentBinaryObject", "BT-125")),
    tells("CII-DT-031", "an amount other than a total of VAT names a currency",
          "ein anderer Betrag als eine Summe der Umsatzsteuer nennt eine Währung", _currencies),
    tells("CII-DT-033", "a price has a unit, but no quantity has one (BT-150, BT-130)",
          "ein Preis hat eine Einheit, aber keine Menge hat eine (BT-150, BT-130)", _units),
    tells("CII-DT-037", "a tax is another than VAT", "eine Steuer ist eine andere als die Umsatzsteuer", _only_vat),
    tells("CII-DT-097", "a date of format 102 is no day of eight digits",
          "ein Datum des Formats 102 ist kein Tag aus acht Ziffern", _days),
]  # fmt: skip
