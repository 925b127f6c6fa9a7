"""BR-DE and BR-DEX: what the German administration asks beyond EN 16931 (XRechnung 3.0), and its extension; BR-DE-CVD:
what it asks of invoices for vehicles.

Left out: BR-DE-TMP-32, which is only information, and BR-DEX-02 and 03, about lines within lines in UBL, which the tree
of EN 16931 has no place for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from pipelines.extract.messages.en16931.codes import MIME_TYPES, mime_types, scheme
from pipelines.extract.messages.en16931.presence import needs, needs_group, tells
from pipelines.extract.messages.en16931.rule import Found, View, amount_of, number, place, to_cents
from pipelines.extract.messages.invoice import Group

_TYPES = frozenset({"326", "380", "384", "389", "381", "875", "876", "877"})
_TAXABLE = frozenset({"S", "Z", "E", "AE", "K", "G", "L", "M"})
_DISCOUNT = re.compile(r"#SKONTO#TAGE=[0-9]+#PROZENT=[0-9]+\.[0-9]{2}(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#")
_IDENTIFIER = re.compile(
    r"urn:cen\.eu:en16931:2017#compliant#urn:"
    r"(?:xeinkauf\.de:kosit:xrechnung_3\.\d+"
    r"(?:#conformant#urn:xeinkauf\.de:kosit:extension:xrechnung_3\.\d+"
    r"|#compliant#urn:xeinkauf\.de:kosit:xrechnung:cvd_\d+\.\d+)?"
    r"|xoev-de:kosit:standard:xrechnung_[12]\.\d+(?:#conformant#urn:xoev-de:kosit:extension:xrechnung_[12]\.\d+)?)"
)
_MAIL = re.compile(r"[^@\s]+@([^@.\s]+\.)+[^@.\s]+")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Za-z0-9]{0,30}")
_MEANS = {
    "23": (("30", "58"), "BG-17", ("BG-18", "BG-19")),
    "24": (("48", "54", "55"), "BG-18", ("BG-17", "BG-19")),
    "25": (("59",), "BG-19", ("BG-17", "BG-18")),
}
"""Rule → its payment means, the group that has to be there, and those that may not."""
_OF_EXTENSION = "XR01 XR02 XR03"
_ADDRESS = re.compile("[a-zA-Z][a-zA-Z0-9+.-]+:")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATES = ("BT-2", "BT-7", "BT-9", "BT-26", "BT-72", "BT-73", "BT-74", "BT-134", "BT-135")
_VEHICLES = frozenset({"M1", "M2", "M3", "N1", "N2", "N3"})
_CLEAN = frozenset({"clean", "zero-emission", "other"})


def _seller_taxed(view: View) -> Iterator[Found]:
    used = {placed.text for placed in view.terms("BT-95", "BT-102", "BT-151")} & _TAXABLE
    known = any(placed.text for placed in view.terms("BT-31", "BT-32")) or view.groups("BG-11")
    if used and not known:
        yield Found(place(view.invoice), ", ".join(sorted(used)), "BT-31, BT-32 or BG-11")


def _type(view: View) -> Iterator[Found]:
    if view.text("BT-3") not in _TYPES:
        yield Found(place(view.invoice, "BT-3"), view.text("BT-3"), ", ".join(sorted(_TYPES)))


def _discount(view: View) -> Iterator[Found]:
    """Discounts stand in lines of their own, with a line break after the last one."""
    for placed in view.terms("BT-20"):
        terms = placed.term.text
        lines = [line.strip() for line in terms.splitlines() if line.strip().startswith("#")]
        wrong = [line for line in lines if not _DISCOUNT.fullmatch(line)]
        ends = re.match(r"\s*\n", re.split(r"#.+#", terms)[-1])
        if lines and (wrong or not ends):
            yield Found(place(placed.group, "BT-20"), wrong[0] if wrong else "no line break at the end",
                        "#SKONTO#TAGE=n#PROZENT=n.nn#")  # fmt: skip


def _iban(term: str, means: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for group in view.groups("BG-16"):
            if group.text("BT-81") != means:
                continue
            found = [below.text(term) or "" for below in group.walk() if below.text(term) is not None]
            if not found or not all(_is_iban(text) for text in found):
                yield Found(place(group, term), "", "an IBAN")

    return check


def _is_iban(text: str) -> bool:
    plain = "".join(text.split())
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _identifier(view: View) -> Iterator[Found]:
    if not _IDENTIFIER.fullmatch(view.text("BT-24")):
        yield Found(place(view.invoice, "BT-24"), view.text("BT-24"), "an identifier of XRechnung")


def _file_names(view: View) -> Iterator[Found]:
    seen: set[str] = set()
    for placed in view.terms("BT-125"):
        name = placed.term.attributes.get("file_name")
        if name in seen:
            yield Found(place(placed.group, "BT-125"), name or "", "a file name of its own")
        elif name is not None:
            seen.add(name)


def _corrected(view: View) -> Iterator[Found]:
    if view.text("BT-3") == "384" and not view.groups("BG-3"):
        yield Found(place(view.invoice), "BT-3 is 384", "BG-3")


def _telephone(view: View) -> Iterator[Found]:
    for contact in view.groups("BG-6"):
        if sum(letter.isdecimal() for letter in contact.text("BT-42") or "") < 3:
            yield Found(place(contact, "BT-42"), "", "three digits")


def _mail(view: View) -> Iterator[Found]:
    for contact in view.groups("BG-6"):
        if not _MAIL.fullmatch(" ".join((contact.text("BT-43") or "").split())):
            yield Found(place(contact, "BT-43"), "", "an e-mail address")


def _means(rule: str, *, wanted: bool) -> Callable[[View], Iterator[Found]]:
    codes, own, others = _MEANS[rule]

    def check(view: View) -> Iterator[Found]:
        for group in view.groups("BG-16"):
            if group.text("BT-81") not in codes:
                continue
            if wanted and not group.all(own):
                yield Found(place(group), f"means {group.text('BT-81')}", own)
            given = [name for name in others if group.all(name)]
            if not wanted and given:
                yield Found(place(group), ", ".join(given), own)

    return check


def _debit(term: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        if view.groups("BG-19") and not view.text(term):
            yield Found(place(view.groups("BG-19")[0]), "", term)

    return check


def _third_party(name: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for payment in view.groups("BG-DEX-09"):
            if not payment.text(name):
                yield Found(place(payment), "", name)

    return check


def _third_party_decimals(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-DEX-002"):
        if len(placed.text.partition(".")[2]) > 2:
            yield Found(place(placed.group, "BT-DEX-002"), placed.text, "at most two decimals")


def _third_party_currency(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-DEX-002"):
        got = placed.term.attributes.get("currency", "")
        if got != view.text("BT-5"):
            yield Found(place(placed.group, "BT-DEX-002"), got, view.text("BT-5"))


def _lines_of_lines(view: View) -> Iterator[Found]:
    for line in view.groups("BG-25"):
        if view.is_cii and line.text("BT-X-304") is not None:
            yield Found(place(line), f"below line {line.text('BT-X-304')}", "lines on one level")


def _vehicles(item: Group) -> tuple[int, int]:
    """How many classifications of an item are categories of vehicles, how many attributes say how clean it is."""
    classes = [term for term in item.terms.get("BT-158", ()) if term.attributes.get("scheme", "").strip() == "CVD"]
    return len(classes), len(_cleanness(item))


def _cleanness(item: Group) -> list[Group]:
    return [attribute for attribute in item.all("BG-32") if attribute.text("BT-160") == "cva"]


def _vehicle_there(view: View) -> Iterator[Found]:
    if not any(all(_vehicles(item)) for item in view.groups("BG-31")):
        yield Found(place(view.invoice), "", "a line with BT-158 of scheme CVD and BT-160 cva")


def _vehicle_pairs(*, has_class: bool) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for item in view.groups("BG-31"):
            given, wanted = _vehicles(item) if has_class else reversed(_vehicles(item))
            if given and wanted != 1:
                yield Found(place(item), f"{wanted} times", f"one {'BT-160 cva' if has_class else 'BT-158 of CVD'}")

    return check


def _vehicle_category(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-158"):
        if placed.term.attributes.get("scheme", "").strip() == "CVD" and placed.text not in _VEHICLES:
            yield Found(place(placed.group, "BT-158"), placed.text, ", ".join(sorted(_VEHICLES)))


def _vehicle_cleanness(view: View) -> Iterator[Found]:
    for item in view.groups("BG-31"):
        for attribute in _cleanness(item):
            if attribute.text("BT-161") not in _CLEAN:
                yield Found(place(attribute), attribute.text("BT-161") or "", ", ".join(sorted(_CLEAN)))


def _whole_address(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-124"):
        if not _ADDRESS.match(placed.term.text):
            yield Found(place(placed.group, "BT-124"), placed.text, "https://…")


def _same_quantity(view: View) -> Iterator[Found]:
    """CII has it twice; where it is there once it is that of both prices."""
    for price in view.groups("BG-29"):
        own, other = number(price.text("BT-149")), number(price.text("X-GrossQuantity"))
        has_both = "X-GrossUnit" in price.terms and "BT-150" in price.terms
        if "X-GrossQuantity" in price.terms and (
            own != other or (has_both and price.text("X-GrossUnit") != price.text("BT-150"))
        ):
            got = f"{price.text('X-GrossQuantity')} {price.text('X-GrossUnit') or ''}"
            yield Found(place(price, "BT-149"), got.strip(), price.text("BT-149") or "")


def _once_in_document(name: str) -> Callable[[View], Iterator[Found]]:
    def check(view: View) -> Iterator[Found]:
        for document in view.groups("BG-24"):
            times = len(document.terms.get(name, ()))
            if times > 1 and document.text("X-DocumentTypeCode") == "916":
                yield Found(place(document, name), f"{times} times", "at most once")

    return check


def _written_as_iso(view: View) -> Iterator[Found]:
    for placed in view.terms(*_DATES, "X-PaymentDueDate"):
        if not _ISO.fullmatch(placed.text):
            yield Found(place(placed.group), placed.text, "YYYY-MM-DD")


def _written_as_102(view: View) -> Iterator[Found]:
    """The reader takes the format away from what is written right."""
    for placed in view.terms(*_DATES):
        if "format" in placed.term.attributes or not _ISO.fullmatch(placed.text):
            got = f"{placed.text}, format {placed.term.attributes.get('format') or 'not given'}"
            yield Found(place(placed.group), got, "YYYYMMDD, format 102")


def _due(view: View) -> Iterator[Found]:
    """Instead of BR-CO-16, with what third parties are to be paid through this invoice."""
    zero = Decimal(0)
    for document in view.groups("BG-22"):
        said, gross = amount_of(document, "BT-115"), amount_of(document, "BT-112")
        paid, rounding = (amount_of(document, name) or zero for name in ("BT-113", "BT-114"))
        third = sum((number(placed.term.text) or zero for placed in view.terms("BT-DEX-002")), zero)
        found = None if gross is None else to_cents(gross - paid + third)
        if said is None or to_cents(said - rounding) != found:
            expected = "" if found is None else f"{found + rounding:f}"
            yield Found(place(document, "BT-115"), document.text("BT-115") or "", expected)


RULES = [
    needs_group("BR-DE-1", "", "BG-16", "no payment instructions (BG-16)", "Zahlungsanweisungen (BG-16) fehlen"),
    needs_group("BR-DE-2", "", "BG-6", "the seller names no contact (BG-6)", "Kontakt des Verkäufers (BG-6) fehlt"),
    needs("BR-DE-3", "BG-5", "BT-37", "the seller's address has no city (BT-37)", "Ort des Verkäufers (BT-37) fehlt"),
    needs("BR-DE-4", "BG-5", "BT-38", "the seller's address has no postal code (BT-38)",
          "Postleitzahl des Verkäufers (BT-38) fehlt"),
    needs("BR-DE-5", "BG-6", "BT-41", "the seller's contact has no name (BT-41)",
          "Name des Kontakts des Verkäufers (BT-41) fehlt"),
    needs("BR-DE-6", "BG-6", "BT-42", "the seller's contact has no telephone number (BT-42)",
          "Telefonnummer des Kontakts des Verkäufers (BT-42) fehlt"),
    needs("BR-DE-7", "BG-6", "BT-43", "the seller's contact has no e-mail address (BT-43)",
          "E-Mail-Adresse des Kontakts des Verkäufers (BT-43) fehlt"),
    needs("BR-DE-8", "BG-8", "BT-52", "the buyer's address has no city (BT-52)", "Ort des Käufers (BT-52) fehlt"),
    needs("BR-DE-9", "BG-8", "BT-53", "the buyer's address has no postal code (BT-53)",
          "Postleitzahl des Käufers (BT-53) fehlt"),
    needs("BR-DE-10", "BG-15", "BT-77", "the address of delivery has no city (BT-77)",
          "Ort der Lieferanschrift (BT-77) fehlt"),
    needs("BR-DE-11", "BG-15", "BT-78", "the address of delivery has no postal code (BT-78)",
          "Postleitzahl der Lieferanschrift (BT-78) fehlt"),
    needs("BR-DE-14", "BG-23", "BT-119", "a VAT category has no rate (BT-119)",
          "Satz einer Umsatzsteuerkategorie (BT-119) fehlt"),
    needs("BR-DE-15", "", "BT-10", "the buyer's reference is missing (BT-10)",
          "Käuferreferenz (BT-10, Leitweg-ID) fehlt"),
    tells("BR-DE-16", "something is taxed, but the seller has neither VAT nor tax number nor representative",
          "etwas ist steuerbar, aber der Verkäufer hat weder Umsatzsteuer- noch Steuernummer noch Vertreter",
          _seller_taxed),
    tells("BR-DE-17", "the type of the invoice is none of XRechnung's (BT-3)",
          "der Rechnungstyp ist keiner der XRechnung (BT-3)", _type, "warning"),
    tells("BR-DE-18", "a discount is not written as #SKONTO#TAGE=n#PROZENT=n.nn# on a line of its own (BT-20)",
          "ein Skonto steht nicht als #SKONTO#TAGE=n#PROZENT=n.nn# in einer eigenen Zeile (BT-20)", _discount),
    tells("BR-DE-19", "SEPA credit transfer to an account that is no IBAN (BT-84)",
          "SEPA-Überweisung auf ein Konto, das keine IBAN ist (BT-84)", _iban("BT-84", "58"), "warning"),
    tells("BR-DE-20", "SEPA direct debit from an account that is no IBAN (BT-91)",
          "SEPA-Lastschrift von einem Konto, das keine IBAN ist (BT-91)", _iban("BT-91", "59"), "warning"),
    tells("BR-DE-21", "the specification identifier is not written as XRechnung's (BT-24)",
          "die Spezifikationskennung ist nicht die der XRechnung (BT-24)", _identifier, "warning"),
    tells("BR-DE-22", "two attached documents have the same file name (BT-125)",
          "zwei Unterlagen haben denselben Dateinamen (BT-125)", _file_names),
    tells("BR-DE-23-a", "credit transfer without its group (BG-17)", "Überweisung ohne ihre Gruppe (BG-17)",
          _means("23", wanted=True)),
    tells("BR-DE-23-b", "credit transfer with the group of a card or direct debit (BG-18, BG-19)",
          "Überweisung mit der Gruppe für Karte oder Lastschrift (BG-18, BG-19)", _means("23", wanted=False)),
    tells("BR-DE-24-a", "card payment without its group (BG-18)", "Kartenzahlung ohne ihre Gruppe (BG-18)",
          _means("24", wanted=True)),
    tells("BR-DE-24-b", "card payment with the group of a transfer or direct debit (BG-17, BG-19)",
          "Kartenzahlung mit der Gruppe für Überweisung oder Lastschrift (BG-17, BG-19)", _means("24", wanted=False)),
    tells("BR-DE-25-a", "direct debit without its group (BG-19)", "Lastschrift ohne ihre Gruppe (BG-19)",
          _means("25", wanted=True)),
    tells("BR-DE-25-b", "direct debit with the group of a transfer or card (BG-17, BG-18)",
          "Lastschrift mit der Gruppe für Überweisung oder Karte (BG-17, BG-18)", _means("25", wanted=False)),
    tells("BR-DE-26", "a corrected invoice names no earlier one (BT-3 is 384, BG-3)",
          "eine Korrekturrechnung nennt keine frühere (BT-3 ist 384, BG-3)", _corrected, "warning"),
    tells("BR-DE-27", "the telephone number has fewer than three digits (BT-42)",
          "die Telefonnummer hat weniger als drei Ziffern (BT-42)", _telephone, "warning"),
    tells("BR-DE-28", "the e-mail address of the contact is none (BT-43)",
          "die E-Mail-Adresse des Kontakts ist keine (BT-43)", _mail, "warning"),
    tells("BR-DE-30", "direct debit without the creditor's identifier (BT-90)",
          "Lastschrift ohne Gläubiger-Identifikationsnummer (BT-90)", _debit("BT-90")),
    tells("BR-DE-31", "direct debit without the account debited (BT-91)",
          "Lastschrift ohne das belastete Konto (BT-91)", _debit("BT-91")),
    tells("BR-DEX-01", "the kind of an attached document is not allowed, not even by the extension (BT-125)",
          "die Art einer Unterlage ist auch nach der Extension nicht zugelassen (BT-125)",
          lambda view: mime_types(view, MIME_TYPES | {"application/xml"})),
    scheme("BR-DEX-04", "BT-29 BT-46 BT-60", "identifier_schemes", "the scheme of a party's identifier is neither in "
           "ISO 6523 nor of the extension", "das Schema der Kennung eines Beteiligten ist weder in der ISO 6523 noch "
           "in der Extension", also=_OF_EXTENSION, sepa=True),
    scheme("BR-DEX-05", "BT-30 BT-47 BT-61", "identifier_schemes", "the scheme of a legal registration is neither in "
           "ISO 6523 nor of the extension", "das Schema einer Registrierung ist weder in der ISO 6523 noch in der "
           "Extension", also=_OF_EXTENSION),
    scheme("BR-DEX-06", "BT-157", "identifier_schemes", "the scheme of an item's standard identifier is neither in "
           "ISO 6523 nor of the extension", "das Schema der Standardkennung eines Artikels ist weder in der ISO 6523 "
           "noch in der Extension", also=_OF_EXTENSION),
    scheme("BR-DEX-07", "BT-34 BT-49", "electronic_addresses", "the scheme of an electronic address is neither in the "
           "EAS list nor of the extension", "das Schema einer elektronischen Adresse ist weder in der EAS-Liste noch "
           "in der Extension", also=_OF_EXTENSION),
    scheme("BR-DEX-08", "BT-71", "identifier_schemes", "the scheme of a place of delivery is neither in ISO 6523 nor "
           "of the extension", "das Schema eines Lieferorts ist weder in der ISO 6523 noch in der Extension",
           also=_OF_EXTENSION),
    tells("BR-DEX-09", "the amount due is not total with VAT - paid + rounding + payments of third parties (BT-115)",
          "der fällige Betrag ist nicht Summe mit Umsatzsteuer - gezahlt + Rundung + Zahlungen Dritter (BT-115)", _due),
    tells("BR-DEX-10", "a payment for a third party has no type (BT-DEX-001)",
          "Art einer Zahlung für Dritte (BT-DEX-001) fehlt", _third_party("BT-DEX-001")),
    tells("BR-DEX-11", "a payment for a third party has no amount (BT-DEX-002)",
          "Betrag einer Zahlung für Dritte (BT-DEX-002) fehlt", _third_party("BT-DEX-002")),
    tells("BR-DEX-12", "a payment for a third party has no description (BT-DEX-003)",
          "Beschreibung einer Zahlung für Dritte (BT-DEX-003) fehlt", _third_party("BT-DEX-003")),
    tells("BR-DEX-13", "a payment for a third party has more than two decimals (BT-DEX-002)",
          "eine Zahlung für Dritte hat mehr als zwei Nachkommastellen (BT-DEX-002)", _third_party_decimals),
    tells("BR-DEX-14", "a payment for a third party has another currency than the invoice (BT-DEX-002)",
          "eine Zahlung für Dritte hat eine andere Währung als die Rechnung (BT-DEX-002)", _third_party_currency),
    needs("BR-DE-CVD-01", "", "BT-12", "vehicles: the contract is missing (BT-12)",
          "Fahrzeuge: der Vertrag (BT-12) fehlt"),
    needs("BR-DE-CVD-02", "", "BT-17", "vehicles: the tender or lot is missing (BT-17)",
          "Fahrzeuge: die Ausschreibung oder das Los (BT-17) fehlt"),
    tells("BR-DE-CVD-03", "vehicles: no line has a category of vehicles and says how clean they are (BT-158, BT-160)",
          "Fahrzeuge: keine Position hat eine Fahrzeugkategorie und sagt, wie sauber sie sind (BT-158, BT-160)",
          _vehicle_there),
    tells("BR-DE-CVD-04", "the category of a vehicle is none of the list (BT-158)",
          "eine Fahrzeugkategorie ist nicht aus der Liste (BT-158)", _vehicle_category),
    tells("BR-DE-CVD-05", "how clean a vehicle is, is not said by a word of the list (BT-161)",
          "wie sauber ein Fahrzeug ist, steht nicht mit einem Wort der Liste da (BT-161)", _vehicle_cleanness),
    tells("BR-DE-CVD-06-a", "a line with a category of vehicles does not say once how clean they are (BT-158, BT-160)",
          "eine Position mit Fahrzeugkategorie sagt nicht einmal, wie sauber sie sind (BT-158, BT-160)",
          _vehicle_pairs(has_class=True)),
    tells("BR-DE-CVD-06-b", "a line that says how clean vehicles are has not one category of them (BT-160, BT-158)",
          "eine Position, die sagt, wie sauber Fahrzeuge sind, hat nicht eine Kategorie davon (BT-160, BT-158)",
          _vehicle_pairs(has_class=False)),
    scheme("BR-TMP-CVD-01", "BT-158", "item_classifications", "the scheme of an item's classification is neither in "
           "UNTDID 7143 nor that of vehicles (BT-158)", "das Schema der Klassifizierung eines Artikels ist weder in "
           "der UNTDID 7143 noch das der Fahrzeuge (BT-158)", also="CVD"),
    tells("BR-TMP-2", "the address of a supporting document is not a whole one with its scheme (BT-124)",
          "die Adresse einer Unterlage ist keine vollständige mit ihrem Schema (BT-124)", _whole_address),
    tells("BR-TMP-3", "the gross price is for another quantity than the net price (BT-149, BT-150)",
          "der Bruttopreis gilt für eine andere Menge als der Nettopreis (BT-149, BT-150)", _same_quantity),
    tells("BR-TMP-4", "a supporting document has more than one description (BT-123)",
          "eine Unterlage hat mehr als eine Beschreibung (BT-123)", _once_in_document("BT-123"), "warning"),
    tells("BR-TMP-5", "a supporting document has more than one attached (BT-125)",
          "einer Unterlage ist mehr als eine Datei beigefügt (BT-125)", _once_in_document("BT-125"), "warning"),
    tells("BR-TMP-6", "a date is not written as YYYY-MM-DD", "ein Datum ist nicht als JJJJ-MM-TT geschrieben",
          _written_as_iso, "warning"),
    tells("BR-TMP-7", "a date is not written as YYYYMMDD with the format 102", "ein Datum ist nicht als JJJJMMTT mit "
          "dem Format 102 geschrieben", _written_as_102, "warning"),
    tells("BR-DEX-15", "lines belong to other lines, which XRechnung does not know in CII",
          "Positionen gehören zu anderen Positionen, was die XRechnung in CII nicht kennt", _lines_of_lines, "warning"),
]  # fmt: skip
