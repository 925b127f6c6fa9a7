"""PEPPOL-COMMON: numbers of a scheme are written as the scheme says, with their check digit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from stdnum import ean, luhn
from stdnum.au import abn
from stdnum.no import orgnr

from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import BusinessRule, Found, Placed, Severity, View, place

_IDENTIFIERS = ("BT-34", "BT-49", "BT-29", "BT-46", "BT-60", "BT-30", "BT-47", "BT-61")
_ELECTRONIC = ("BT-34", "BT-49")
_DUTCH_VAT = "NL[0-9]{9}B[0-9]{2}"


def _is_gln(text: str) -> bool:
    return re.fullmatch("[0-9]{13}", text) is not None and ean.calc_check_digit(text[:-1]) == text[-1]


def is_norwegian(text: str) -> bool:
    """Nine digits with their check digit, not all of them 0."""
    return text.strip("0") != "" and re.fullmatch("[0-9]{9}", text) is not None and orgnr.is_valid(text)


def _is_belgian(text: str) -> bool:
    return re.fullmatch("[01][0-9]{9}", text) is not None and 97 - int(text[:8]) % 97 == int(text[8:])


def _is_luxembourgish(text: str) -> bool:
    """The number of a legal person: a year, its form (20 to 99), four digits and a check digit, which in form 24 may be
    one of two."""
    if re.fullmatch("[0-9]{4}[2-9][0-9]{6}", text) is None:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(text, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    right = {-rest % 11, (1 - rest) % 11} if text[4:6] == "24" else {-rest % 11}
    return int(text[10]) in right


def _is_swedish(text: str) -> bool:
    return re.fullmatch(r"[0-9]{10}", text) is not None and luhn.is_valid(text)


def _is_italian_office(text: str) -> bool:
    return re.fullmatch("[A-Za-z0-9]{6}", text) is not None


def _is_italian_code(text: str) -> bool:
    """A company has eleven digits, a person letters and digits."""
    return re.fullmatch("[0-9]{11}|[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}.{3}[0-9][A-Za-z]", text) is not None


def _is_italian_vat(text: str) -> bool:
    return text[:2] not in ("IT", "it") or (re.fullmatch("[0-9]{11}", text[2:]) is not None and luhn.is_valid(text[2:]))


def _is_australian(text: str) -> bool:
    return re.fullmatch("[0-9]{11}", text) is not None and abn.is_valid(text)


def _is_written(form: str, text: str) -> bool:
    return re.fullmatch(form, text) is not None


def _vat(country: str, is_valid: Callable[[str], bool], expected: str, view: View) -> Iterator[Found]:
    for name in ("BT-31", "BT-48", "BT-63"):
        for placed in view.terms(name):
            if placed.text[:2].upper() == country and not is_valid(placed.text):
                yield Found(place(placed.group, name), f"{len(placed.text)} characters", expected)


def _is_vat_of_luxembourg(text: str) -> bool:
    found = re.fullmatch("LU([0-9]{6})([0-9]{2})", text.upper())
    return found is not None and int(found[1]) % 89 == int(found[2])


def _number_of(scheme: str, is_valid: Callable[[str], bool], terms: tuple[str, ...], view: View) -> Iterator[Found]:
    """The number is not shown: of a small business it may be that of a person."""

    def is_one(placed: Placed) -> bool:
        return placed.term.attributes.get("scheme") == scheme

    for name in terms:
        for placed in filter(is_one, view.terms(name)):
            if not is_valid(placed.text):
                yield Found(place(placed.group, name), f"{len(placed.text)} characters", f"a number of scheme {scheme}")


def _common(
    rule: str,
    scheme: str,
    is_valid: Callable[[str], bool],
    en: str,
    de: str,
    severity: Severity = "fatal",
    terms: tuple[str, ...] = _IDENTIFIERS,
) -> BusinessRule:
    return tells(f"PEPPOL-COMMON-{rule}", f"{en} ({scheme}) is not valid", f"{de} ({scheme}) ist nicht gültig",
                 partial(_number_of, scheme, is_valid, terms), severity)  # fmt: skip


RULES = [
    _common("R040", "0088", _is_gln, "the GLN", "die GLN"),
    _common("R041", "0192", is_norwegian, "the Norwegian organisation number", "die norwegische "
            "Organisationsnummer"),
    _common("R042", "0184", partial(_is_written, "(DK)?[0-9]{8}"), "the Danish CVR number", "die dänische CVR-Nummer"),
    _common("R043", "0208", _is_belgian, "the Belgian enterprise number", "die belgische Unternehmensnummer"),
    _common("R044", "0201", _is_italian_office, "the Italian office code", "der italienische Amtscode", "warning"),
    _common("R045", "0210", _is_italian_code, "the Italian tax code", "die italienische Steuernummer", "warning"),
    _common("R046", "9907", _is_italian_code, "the Italian tax code", "die italienische Steuernummer", "warning",
            _ELECTRONIC),
    _common("R047", "0211", _is_italian_vat, "the Italian VAT number", "die italienische Umsatzsteuernummer",
            "warning"),
    _common("R049", "0007", _is_swedish, "the Swedish organisation number", "die schwedische Organisationsnummer"),
    _common("R050", "0151", _is_australian, "the Australian business number", "die australische Unternehmensnummer"),
    _common("R052", "0096", partial(_is_written, "[0-9]{10}"), "the Danish P number", "die dänische P-Nummer"),
    _common("R053", "0198", partial(_is_written, "DK[0-9]{8}"), "the Danish SE number", "die dänische SE-Nummer"),
    *(_common(rule, scheme, partial(_is_written, form), en, de) for rule, scheme, form, en, de in (
        ("R054", "0106", "[0-9]{8}", "the Dutch KVK number", "die niederländische KVK-Nummer"),
        ("R055", "0190", "[0-9]{20}", "the Dutch OIN", "die niederländische OIN"),
        ("R056-1", "9944", _DUTCH_VAT, "the Dutch VAT number", "die niederländische Umsatzsteuernummer"),
        ("R057", "0217", "[0-9]{12}", "the Dutch site number", "die niederländische Niederlassungsnummer"))),
    tells("PEPPOL-COMMON-R056-2", "the VAT number of a Dutch party is not valid (BT-31, BT-48, BT-63)",
          "die Umsatzsteuernummer eines niederländischen Beteiligten ist nicht gültig (BT-31, BT-48, BT-63)",
          partial(_vat, "NL", partial(_is_written, _DUTCH_VAT), "NL123456789B12")),
    tells("PEPPOL-COMMON-R058", "the VAT number of a party in Luxembourg is not valid (BT-31, BT-48, BT-63)",
          "die Umsatzsteuernummer eines luxemburgischen Beteiligten ist nicht gültig (BT-31, BT-48, BT-63)",
          partial(_vat, "LU", _is_vat_of_luxembourg, "LU12345678"), "warning"),
    _common("R059", "0240", _is_luxembourgish, "the number of a legal person in Luxembourg", "die Nummer einer "
            "juristischen Person in Luxemburg", "warning"),
    tells("PEPPOL-COMMON-R062", "the VAT number of a Belgian party is not valid (BT-31, BT-48, BT-63)",
          "die Umsatzsteuernummer eines belgischen Beteiligten ist nicht gültig (BT-31, BT-48, BT-63)",
          partial(_vat, "BE", lambda text: _is_belgian(text[2:]), "BE0123456749"), "warning"),
]  # fmt: skip
