"""UBL-SR and UBL-DT: what may stand once in the XML of UBL and stands twice, and what has no place in it.

Left out: the warnings of elements and attributes that an invoice should not have (UBL-CR but for two that are faults,
and UBL-DT from 08): the reader tells of those itself, by their names and lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipelines.extract.messages.en16931.codes import AMOUNTS
from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import Found, View, place
from pipelines.extract.messages.en16931.syntax import alike, once, one_category

_PRICES = frozenset({"BT-146", "BT-147", "BT-148"})
_ONCE_IN_UBL = """
01 -     BT-12   the contract                                   der Vertrag
02 -     BT-15   the receiving advice                           die Wareneingangsmeldung
03 -     BT-16   the despatch advice                            das Lieferavis
04 -     BT-18   the invoiced object                            das abgerechnete Objekt
05 -     BT-20   the terms of payment                           die Zahlungsbedingungen
06 BG-3  BT-25|BT-26   one reference to an earlier invoice      ein Verweis auf eine vorausgegangene Rechnung
08 -     :BG-14  the invoicing period                           der Abrechnungszeitraum
09 -     :BT-27  the seller's name                              der Name des Verkäufers
10 -     :BT-28  the seller's trading name                      der Handelsname des Verkäufers
11 -     :BT-30  the seller's registration                      die Registrierung des Verkäufers
12 -     :BT-31  the seller's VAT identifier                    die Umsatzsteuernummer des Verkäufers
13 -     :BT-32  the seller's tax registration                  die Steuernummer des Verkäufers
14 -     :BT-33  the seller's legal information                 die rechtliche Angabe des Verkäufers
15 -     :BT-44  the buyer's name                               der Name des Käufers
16 -     :BT-46  the buyer's identifier                         die Kennung des Käufers
17 -     :BT-47  the buyer's registration                       die Registrierung des Käufers
18 -     :BT-48  the buyer's VAT identifier                     die Umsatzsteuernummer des Käufers
22 BG-11 BT-62   the tax representative's name                  der Name des Steuervertreters
23 BG-11 BT-63   the tax representative's VAT identifier        die Umsatzsteuernummer des Steuervertreters
24 -     :BG-13  the delivery                                   die Lieferung
25 BG-13 BT-70   the name of who is delivered to                der Name des Lieferempfängers
26 BG-16 BT-83   the reference of one payment                   der Verwendungszweck einer Zahlung
27 BG-16 BT-81   the code of one payment's means                der Code eines Zahlungsmittels
28 BG-16 :BG-19/BT-89   the mandate of one payment              das Mandat einer Zahlung
29 -     :BT-90  the creditor identifier                        die Gläubigerkennung
30 BG-20,BG-27 BT-97|BT-139   the reason of an allowance        der Grund eines Nachlasses
31 BG-21,BG-28 BT-104|BT-144  the reason of a charge            der Grund eines Zuschlags
32 BG-23 BT-120  the reason of an exemption from VAT            der Grund einer Steuerbefreiung
33 BG-24 BT-123  the description of a supporting document       die Beschreibung einer Unterlage
34 BG-25 BT-127  the note of a line                             die Bemerkung zu einer Position
35 BG-25 BT-132  the order line of a line                       die Bestellposition einer Position
36 BG-25 BG-26   the period of a line                           der Zeitraum einer Position
37 BG-29 BT-147  the discount of a price                        der Nachlass auf einen Preis
39 -     BT-11   the project                                    das Projekt
40 -     :BT-45  the buyer's trading name                       der Handelsname des Käufers
45 -     :X-PaymentDueDate   the due date of the payment        die Fälligkeit der Zahlung
46 -     :BT-82  the payment means in words                     das Zahlungsmittel in Worten
49 -     BT-8    the code of the tax point date                 der Code des Steuerdatums
50 BG-31 BT-154  the description of an item                     die Beschreibung eines Artikels
54 -     :BG-18  the payment card                               die Zahlungskarte
55 -     :BG-19  the direct debit mandate                       das Lastschriftmandat
56 -     BT-17   the tender                                     die Ausschreibung
"""


def _payee(name: str, view: View) -> Iterator[Found]:
    """The official test fails as well for a payee that is the seller, or has no name."""
    sellers = {placed.text for placed in view.terms("BT-27")}
    for payee in view.groups("BG-10"):
        names = {" ".join(term.text.split()) for term in payee.terms.get("BT-59", ())}
        is_other = any(mine != other for mine in names for other in sellers)
        if len(payee.terms.get(name, ())) > 1 or not is_other:
            yield Found(place(payee, name), f"{len(payee.terms.get(name, ()))} times", "at most once, and no seller")


def _preceding(view: View) -> Iterator[Found]:
    for reference in view.groups("BG-3"):
        if not reference.terms.get("BT-25"):
            yield Found(place(reference), "", "BT-25")


def _two_registrations(view: View) -> Iterator[Found]:
    for seller in view.groups("BG-4"):
        unnamed = sum(found.path.endswith("/PartyTaxScheme/TaxScheme/ID") for found in seller.unread)
        times = len(seller.terms.get("BT-31", ())) + len(seller.terms.get("BT-32", ())) + unnamed
        if times > 2:
            yield Found(place(seller, "BT-31"), f"{times} times", "at most twice, with BT-32")


def _registration(view: View) -> Iterator[Found]:
    """Of a seller, buyer or representative: a number, and of which tax it is."""
    for path, places in view.unread.items():
        if path.endswith(("/PartyTaxScheme/TaxScheme/ID", "/PartyTaxScheme")):
            yield Found(f"{path}, line {places[0][1].line}", "", "CompanyID")
    for placed in view.terms("BT-31", "BT-32", "BT-48", "BT-63"):
        if "tax" not in placed.term.attributes:
            yield Found(place(placed.group), "", "TaxScheme/ID")


def _object_scheme(view: View) -> Iterator[Found]:
    for document in view.groups("BG-24"):
        schemes = [term for term in document.terms.get("BT-122", ()) if "scheme" in term.attributes]
        if schemes or document.terms.get("X-DocumentTypeCode"):
            got = document.text("X-DocumentTypeCode") or "a scheme"
            yield Found(place(document, "BT-122"), got, "neither type code nor scheme")


def _third_line(view: View) -> Iterator[Found]:
    for address, line in (("BG-5", "BT-162"), ("BG-8", "BT-163"), ("BG-12", "BT-164"), ("BG-15", "BT-165")):
        for group in view.groups(address):
            if (times := len(group.terms.get(line, ()))) > 1:
                yield Found(place(group, line), f"{times} times", "at most one AddressLine")


def _line_objects(view: View) -> Iterator[Found]:
    for line in view.groups("BG-25"):
        others = sum(found.path.endswith("Line/DocumentReference") for found in line.unread)
        if (times := others + len(line.terms.get("BT-128", ()))) > 1:
            yield Found(place(line, "BT-128"), f"{times} times", "at most once")


def _cents(view: View) -> Iterator[Found]:
    for name in (*AMOUNTS, "BT-DEX-002"):
        for placed in view.terms(name) if name not in _PRICES else ():
            if len(placed.term.text.partition(".")[2]) > 2:
                yield Found(place(placed.group, name), placed.text, "at most two decimals")


def _children(parent: str, child: str, least: int, view: View) -> Iterator[Found]:
    for one in view.invoice.miscounted:
        if one.child == child and one.path.endswith(parent) and not least <= one.times <= 1:
            yield Found(
                f"{one.path}/{child}, line {one.line}", f"{one.times} times", "once" if least else "at most once"
            )


def _object_with(terms: tuple[str, ...], view: View) -> Iterator[Found]:
    """What stands in the element of an invoiced object and is no term there."""
    for path, places in view.unread.items():
        if path.startswith(terms) and any(group is view.invoice for group, _ in places):
            yield Found(f"{path}, line {places[0][1].line}", "", "not with type code 130")


def _document_attribute(name: str, view: View) -> Iterator[Found]:
    for placed in view.terms("BT-125"):
        if name not in placed.term.attributes:
            yield Found(place(placed.group, "BT-125"), "", name)


RULES = [
    *once("UBL-SR", _ONCE_IN_UBL),
    tells("UBL-SR-07", "a reference to an earlier invoice has no number (BT-25)",
          "ein Verweis auf eine vorausgegangene Rechnung hat keine Nummer (BT-25)", _preceding),
    *(tells(f"UBL-SR-{number}", f"{en} of the payee is given more than once, or the payee is the seller ({term})",
            f"{de} des Zahlungsempfängers ist mehrfach angegeben, oder er ist der Verkäufer ({term})",
            partial(_payee, term))
      for number, term, en, de in ((19, "BT-59", "the name", "der Name"),
                                   (20, "BT-60", "the identifier", "die Kennung"),
                                   (21, "BT-61", "the registration", "die Registrierung"))),
    tells("UBL-SR-42", "the seller has more than two tax registrations (BT-31, BT-32)",
          "der Verkäufer hat mehr als zwei Steuernummern (BT-31, BT-32)", _two_registrations),
    tells("UBL-SR-43", "a supporting document has a type code or a scheme, which only invoiced objects have (BT-122)",
          "eine Unterlage hat Typcode oder Schema, die nur abgerechnete Objekte haben (BT-122)", _object_scheme),
    tells("UBL-SR-44", "payments have different references (BT-83)",
          "Zahlungen haben verschiedene Verwendungszwecke (BT-83)", partial(alike, "BT-83")),
    tells("UBL-SR-47", "payments have different means (BT-81)", "Zahlungen haben verschiedene Zahlungsmittel (BT-81)",
          partial(alike, "BT-81")),
    tells("UBL-SR-48", "a line has not exactly one VAT category (BG-30)",
          "eine Position hat nicht genau eine Steuerkategorie (BG-30)", one_category),
    tells("UBL-SR-51", "an address has more than one third line", "eine Anschrift hat mehr als eine dritte Zeile",
          _third_line),
    tells("UBL-SR-52", "a line refers to more than one document (BT-128)",
          "eine Position verweist auf mehr als ein Dokument (BT-128)", _line_objects),
    tells("UBL-SR-53", "a tax registration lacks its number or its tax (BT-31, BT-32, BT-48, BT-63)",
          "einer Steuernummer fehlt die Nummer oder die Steuer (BT-31, BT-32, BT-48, BT-63)", _registration),
    tells("UBL-SR-57", "a party has more than one PartyLegalEntity",
          "ein Beteiligter hat mehr als eine PartyLegalEntity", partial(_children, "/Party", "PartyLegalEntity", 0)),
    tells("UBL-SR-58", "the bank of an account has not exactly one identifier (BT-86)",
          "die Bank eines Kontos hat nicht genau eine Kennung (BT-86)",
          partial(_children, "/FinancialInstitutionBranch", "ID", 1)),
    tells("UBL-SR-59", "an account that is paid to has not exactly one number (BT-84)",
          "ein Konto, auf das gezahlt wird, hat nicht genau eine Nummer (BT-84)",
          partial(_children, "/PayeeFinancialAccount", "ID", 1)),
    tells("UBL-CR-666", "an invoiced object has an attachment (BT-18, BT-125)",
          "ein abgerechnetes Objekt hat einen Anhang (BT-18, BT-125)",
          partial(_object_with, ("AdditionalDocumentReference/Attachment",))),
    tells("UBL-CR-673", "an invoiced object has a description (BT-18, BT-123)",
          "ein abgerechnetes Objekt hat eine Beschreibung (BT-18, BT-123)",
          partial(_object_with, ("AdditionalDocumentReference/DocumentDescription",))),
    tells("UBL-DT-01", "an amount that is no price has more than two decimals",
          "ein Betrag, der kein Preis ist, hat mehr als zwei Nachkommastellen", _cents),
    tells("UBL-DT-06", "an attached document does not say its MIME type (BT-125)",
          "eine beigefügte Unterlage nennt ihren MIME-Typ nicht (BT-125)", partial(_document_attribute, "mime_code")),
    tells("UBL-DT-07", "an attached document does not say its file name (BT-125)",
          "eine beigefügte Unterlage nennt ihren Dateinamen nicht (BT-125)",
          partial(_document_attribute, "file_name")),
]  # fmt: skip
