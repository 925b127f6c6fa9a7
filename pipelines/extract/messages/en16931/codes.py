"""BR-CL: codes come from the lists of the standard, kept in `codes/<list>.txt` with their source.

Lists grow and lose codes with each release; ours hold every code of the releases they name, so that an invoice of two
years ago is not judged by the list of today.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pipelines.extract.messages.en16931.rule import BusinessRule, Found, Placed, View, place

_FOLDER = Path(__file__).parent / "codes"
MIME_TYPES = frozenset(
    {
        "application/pdf",
        "image/png",
        "image/jpeg",
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)
VAT_CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"})
TAX_POINTS = frozenset({"3", "35", "432"})
"""UNTDID 2005: date of issue, of delivery, of payment."""
_TAX_POINTS_IN_CII = frozenset({"5", "29", "72"})
"""UNTDID 2475, the same three."""
AMOUNTS = tuple(
    f"BT-{number}" for number in (92, 93, 99, 100, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 131,
                                  136, 137, 141, 142, 146, 147, 148)
)  # fmt: skip


@cache
def codes(name: str) -> frozenset[str]:
    """The codes of a list."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(code for line in lines if not line.startswith("#") for code in line.split())


def _wrong(placed: Placed, name: str, got: str, known: str) -> Found:
    return Found(place(placed.group, name), got, f"a code of {known}")


def code(rule: str, terms: str, listed: str, en: str, de: str) -> BusinessRule:
    """The text of each of these terms is a code of the list."""

    def check(view: View) -> Iterator[Found]:
        for name in terms.split():
            for placed in view.terms(name):
                if placed.text not in codes(listed):
                    yield _wrong(placed, name, placed.text, listed)

    return BusinessRule(rule, en, de, check)


def scheme(rule: str, terms: str, listed: str, en: str, de: str, *, also: str = "", sepa: bool = False) -> BusinessRule:
    """The scheme of each of these terms, where one is given, is a code of the list, one of `also`, or with `sepa`
    SEPA for seller and payee."""

    def check(view: View) -> Iterator[Found]:
        for name in terms.split():
            wider = codes(listed) | set(also.split()) | ({"SEPA"} if sepa and name in ("BT-29", "BT-60") else set())
            for placed in view.terms(name):
                got = placed.term.attributes.get("scheme")
                if got is not None and got.strip() not in wider:
                    yield _wrong(placed, name, got, listed)

    return BusinessRule(rule, en, de, check)


def _document_type(view: View) -> Iterator[Found]:
    """CII has one message for both kinds."""
    known = {
        "ubl invoice": codes("document_types_invoice"),
        "ubl credit note": codes("document_types_credit_note"),
        "cii": codes("document_types_invoice") | codes("document_types_credit_note"),
    }
    for placed in view.terms("BT-3"):
        if placed.text not in known[view.invoice.syntax]:
            yield _wrong(placed, "BT-3", placed.text, "UNTDID 1001")


def currency_of_amounts(view: View) -> Iterator[Found]:
    """Every amount of UBL has a currency, of CII hardly one has."""
    for name in AMOUNTS:
        for placed in view.terms(name):
            got = placed.term.attributes.get("currency")
            if (got is not None or not view.is_cii) and (got or "").strip() not in codes("currencies"):
                yield _wrong(placed, name, got or "", "currencies")


def _tax_point(view: View) -> Iterator[Found]:
    known = TAX_POINTS | (_TAX_POINTS_IN_CII if view.is_cii else frozenset())
    for placed in view.terms("BT-8"):
        if placed.text not in known:
            yield _wrong(placed, "BT-8", placed.text, "UNTDID 2005")


def _category(of: str, view: View) -> Iterator[Found]:
    """CII has the categories of the breakdown among those of lines."""
    terms = {"invoice": ["BT-95", "BT-102"], "line": ["BT-151"]}[of]
    if (of == "line") == view.is_cii:
        terms.append("BT-118")
    for name in terms:
        for placed in view.terms(name):
            if placed.text not in VAT_CATEGORIES:
                yield _wrong(placed, name, placed.text, "VAT categories")


def _exemption(view: View) -> Iterator[Found]:
    for placed in view.terms("BT-121"):
        if placed.text.upper() not in codes("vat_exemptions"):
            yield _wrong(placed, "BT-121", placed.text, "vat_exemptions")


def _unit(view: View) -> Iterator[Found]:
    """The unit is a term of its own or an attribute of the quantity, depending on who read the invoice."""
    for name in ("BT-130", "BT-150"):
        for placed in view.terms(name):
            if placed.text not in codes("units"):
                yield _wrong(placed, name, placed.text, "units")
    for name in ("BT-129", "BT-149"):
        for placed in view.terms(name):
            got = placed.term.attributes.get("unit")
            if got is not None and got.strip() not in codes("units"):
                yield _wrong(placed, name, got, "units")


def mime_types(view: View, known: frozenset[str]) -> Iterator[Found]:
    """Attached documents of another kind."""
    for placed in view.terms("BT-125"):
        got = placed.term.attributes.get("mime_code")
        if got is not None and got not in known:
            yield _wrong(placed, "BT-125", got, "MIME types")


RULES = [
    BusinessRule("BR-CL-01", "the type of the invoice is no code of UNTDID 1001 for it (BT-3)",
                 "der Rechnungstyp ist kein Code der UNTDID 1001 dafür (BT-3)", _document_type),
    BusinessRule("BR-CL-03", "the currency of an amount is not in ISO 4217", "die Währung eines Betrags ist nicht in "
                 "der ISO 4217", currency_of_amounts),
    code("BR-CL-04", "BT-5", "currencies", "the currency of the invoice is not in ISO 4217 (BT-5)",
         "die Rechnungswährung ist nicht in der ISO 4217 (BT-5)"),
    code("BR-CL-05", "BT-6", "currencies", "the accounting currency is not in ISO 4217 (BT-6)",
         "die Buchungswährung ist nicht in der ISO 4217 (BT-6)"),
    BusinessRule("BR-CL-06", "the code of the tax point date is not in UNTDID 2005 (BT-8)",
                 "der Code des Steuerdatums ist nicht in der UNTDID 2005 (BT-8)", _tax_point),
    scheme("BR-CL-07", "BT-18 BT-128", "object_schemes", "the scheme of an invoiced object is not in UNTDID 1153 "
           "(BT-18, BT-128)", "das Schema eines abgerechneten Objekts ist nicht in der UNTDID 1153 (BT-18, BT-128)"),
    code("BR-CL-08", "BT-21", "note_subjects", "the subject of a note is not in UNTDID 4451 (BT-21)",
         "der Betreff einer Bemerkung ist nicht in der UNTDID 4451 (BT-21)"),
    scheme("BR-CL-10", "BT-29 BT-46 BT-60", "identifier_schemes", "the scheme of a party's identifier is not in ISO "
           "6523 (BT-29, BT-46, BT-60)", "das Schema der Kennung eines Beteiligten ist nicht in der ISO 6523 (BT-29, "
           "BT-46, BT-60)", sepa=True),
    scheme("BR-CL-11", "BT-30 BT-47 BT-61", "identifier_schemes", "the scheme of a legal registration is not in ISO "
           "6523 (BT-30, BT-47, BT-61)", "das Schema einer Registrierung ist nicht in der ISO 6523 (BT-30, BT-47, "
           "BT-61)"),
    scheme("BR-CL-13", "BT-158", "item_classifications", "the scheme of an item's classification is not in UNTDID "
           "7143 (BT-158)", "das Schema der Klassifizierung eines Artikels ist nicht in der UNTDID 7143 (BT-158)"),
    code("BR-CL-14", "BT-40 BT-55 BT-69 BT-80", "countries", "the country of an address is not in ISO 3166-1",
         "das Land einer Anschrift ist nicht in der ISO 3166-1"),
    code("BR-CL-15", "BT-159", "countries", "the country of origin of an item is not in ISO 3166-1 (BT-159)",
         "das Herkunftsland eines Artikels ist nicht in der ISO 3166-1 (BT-159)"),
    code("BR-CL-16", "BT-81", "payment_means", "the payment means is not in UNTDID 4461 (BT-81)",
         "das Zahlungsmittel ist nicht in der UNTDID 4461 (BT-81)"),
    BusinessRule("BR-CL-17", "a VAT category of the invoice is not in UNTDID 5305 (BT-95, BT-102, BT-118)",
                 "eine Umsatzsteuerkategorie der Rechnung ist nicht in der UNTDID 5305 (BT-95, BT-102, BT-118)",
                 lambda view: _category("invoice", view)),
    BusinessRule("BR-CL-18", "the VAT category of a line is not in UNTDID 5305 (BT-151)",
                 "die Umsatzsteuerkategorie einer Position ist nicht in der UNTDID 5305 (BT-151)",
                 lambda view: _category("line", view)),
    code("BR-CL-19", "BT-98 BT-140", "allowance_reasons", "the reason of an allowance is not in UNTDID 5189 (BT-98, "
         "BT-140)", "der Grund eines Nachlasses ist nicht in der UNTDID 5189 (BT-98, BT-140)"),
    code("BR-CL-20", "BT-105 BT-145", "charge_reasons", "the reason of a charge is not in UNTDID 7161 (BT-105, "
         "BT-145)", "der Grund eines Zuschlags ist nicht in der UNTDID 7161 (BT-105, BT-145)"),
    scheme("BR-CL-21", "BT-157", "identifier_schemes", "the scheme of an item's standard identifier is not in ISO "
           "6523 (BT-157)", "das Schema der Standardkennung eines Artikels ist nicht in der ISO 6523 (BT-157)"),
    BusinessRule("BR-CL-22", "the code of an exemption from VAT is not in the VATEX list (BT-121)",
                 "der Code einer Steuerbefreiung ist nicht in der VATEX-Liste (BT-121)", _exemption),
    BusinessRule("BR-CL-23", "a unit is in neither of the recommendations 20 and 21 of UN/ECE (BT-130, BT-150)",
                 "eine Einheit ist weder in der Empfehlung 20 noch in der 21 der UN/ECE (BT-130, BT-150)", _unit),
    BusinessRule("BR-CL-24", "the kind of an attached document is not allowed (BT-125)",
                 "die Art einer beigefügten Unterlage ist nicht zugelassen (BT-125)",
                 lambda view: mime_types(view, MIME_TYPES)),
    scheme("BR-CL-25", "BT-34 BT-49", "electronic_addresses", "the scheme of an electronic address is not in the EAS "
           "list (BT-34, BT-49)", "das Schema einer elektronischen Adresse ist nicht in der EAS-Liste (BT-34, BT-49)"),
    scheme("BR-CL-26", "BT-71", "identifier_schemes", "the scheme of a place of delivery is not in ISO 6523 (BT-71)",
           "das Schema eines Lieferorts ist nicht in der ISO 6523 (BT-71)"),
]  # fmt: skip
