"""Numbers of registers, most of them with check digits: bank accounts, VAT, companies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import pycountry
import stdnum
from stdnum import numdb
from stdnum.at import businessid as firmenbuch
from stdnum.au import abn, acn
from stdnum.be import vat as be_vat
from stdnum.ch import uid
from stdnum.dk import cvr
from stdnum.ee import registrikood
from stdnum.es import cif
from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.fi import ytunnus
from stdnum.fr import siren, siret
from stdnum.it import iva
from stdnum.no import orgnr as no_orgnr
from stdnum.pl import nip, regon
from stdnum.se import orgnr as se_orgnr

from pipelines.clean.column import CellError

_SIGNS = re.compile(r"[\s.\-/]")
_COUNTRIES = {"EL": "GR", "XI": "GB"}
"""Prefixes of VAT numbers that are not the country's code: Greece, and Northern Ireland in trade with the Union."""


def read_iban(text: str) -> str:
    """An international bank account number, in capitals without blanks.

    The source writes it in groups, or in small letters: 'DE89 3704 0044 0532 0130 00' → 'DE89370400440532013000'. The
    check digits, the length and the form that the country gives it must fit, and so must national check digits inside.
    Not accepted: national account numbers, two numbers in one cell, numbers of countries that have registered no form.
    Whether bank and account exist is not asked. Standards: ISO 13616, ISO/IEC 7064 (mod 97-10, which gives 02 to 98).

    >>> read_iban("DE89 3704 0044 0532 0130 00")
    'DE89370400440532013000'
    """
    plain = _SIGNS.sub("", text).upper()
    form = _account_form(plain[:2])
    if not form or not form.fullmatch(plain) or _remainder(plain[4:] + plain[:4]) != 1:
        raise CellError("expected an IBAN whose check digits fit")
    national = _national_account(plain[:2])
    if national and not national(plain):
        raise CellError("expected an IBAN whose check digits fit")
    return plain


def _remainder(plain: str) -> int:
    """Of a number whose letters count 10 to 35, divided by 97: ISO/IEC 7064."""
    return int("".join(str(int(sign, 36)) for sign in plain)) % 97


@lru_cache
def _account_form(country: str) -> re.Pattern[str] | None:
    """The form of a country's IBANs; None of one that has registered none."""
    for prefix, about in numdb.get("iban").info(country):
        if prefix == country and "bban" in about:
            signs = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
            parts = re.findall(r"(\d+)!([nac])", about["bban"])
            own = "".join(f"{signs[kind]}{{{length}}}" for length, kind in parts)
            return re.compile(country + "(?:0[2-9]|[1-8][0-9]|9[0-8])" + own)
    return None


@lru_cache
def _national_account(country: str) -> Callable[[str], bool] | None:
    """Whether the check digits inside an IBAN fit, where the country has some that we know. That a bank is none of a
    list says nothing: banks are founded after the list was printed."""
    module = stdnum.get_cc_module(country.lower(), "iban")
    if module is None:
        return None

    def fits(number: str) -> bool:
        try:
            module.validate(number)
        except InvalidComponent:
            return True
        except ValidationError:
            return False
        return True

    return fits


def read_vat_id(text: str, country: str | None) -> str:
    """A VAT identification number with the prefix of its country, in capitals without blanks and signs.

    The source writes blanks, dots and hyphens, and often leaves the country out: 'DE 136 695 976' → 'DE136695976',
    '136695976' → 'DE136695976' with country DE. The check digits must fit where its country has some that are known;
    numbers of other countries keep their characters. Not accepted: a number without prefix in a row without country,
    words. A number whose own first letters look like a country (Mexico: CNR100325T71) is the row's country's when it is
    none of that one. Whether it is registered is not asked. Sources: Directive 2006/112/EC article 215, python-stdnum.

    >>> read_vat_id("136 695 976", "DE")
    'DE136695976'
    """
    plain = _SIGNS.sub("", text).upper()
    prefix = plain[:2] if plain[:2] in _COUNTRIES or pycountry.countries.get(alpha_2=plain[:2]) else ""
    home = _COUNTRIES.get(prefix, prefix) or country
    if not home:
        raise CellError("expected a VAT number with its country in front, as the row has no country")
    if checked := _checked(home, (plain[len(prefix) :], plain)):
        return checked if checked.startswith(home) else (prefix or home) + checked
    if country and country != home and (checked := _checked(country, (plain,))):
        return checked if checked.startswith(country) else country + checked
    if _rules(home):
        raise CellError(f"expected a VAT number of {home} whose check digits fit")
    if not re.fullmatch(r"[A-Z0-9]{2,18}", plain[len(prefix) :]) or not any(c.isdigit() for c in plain):
        raise CellError("expected a VAT number")
    return plain if prefix else home + plain


def _checked(country: str, numbers: Sequence[str]) -> str | None:
    """The first of these that is a number of the country, as it writes it; None where nothing is known of its numbers,
    too.
    """
    rules = _rules(country)
    for number in numbers if rules else ():
        try:
            return str(rules(number)) if rules else None
        except ValidationError:
            continue
    return None


@lru_cache
def _rules(country: str) -> Callable[[str], str] | None:
    """How a country's numbers are checked, None where nothing is known."""
    module = stdnum.get_cc_module(country.lower(), "vat")
    return module.validate if module else None


def read_lei(text: str) -> str:
    """A legal entity identifier, in capitals without blanks.

    The source writes it in groups or small letters: '5067 00ge1g29325qx363' → '506700GE1G29325QX363'. It has 20 signs,
    and its check digits must fit. Not accepted: national register numbers. That it is issued, or still paid for, is
    not asked. Standard: ISO 17442, ISO/IEC 7064 (mod 97-10).

    >>> read_lei("506700ge1g29325qx363")
    '506700GE1G29325QX363'
    """
    plain = _SIGNS.sub("", text).upper()
    if not _LEI.fullmatch(plain) or _remainder(plain) != 1:
        raise CellError("expected an LEI: 20 letters and digits whose check digits fit")
    return plain


def read_bic(text: str) -> str:
    """A business identifier code of a bank (SWIFT code), in capitals without blanks, 8 or 11 characters.

    The source writes blanks and small letters, and the head office as branch or not: 'deut de ff' → 'DEUTDEFF',
    'DEUTDEFFXXX' stays. Not accepted: other lengths, a country that is none, codes of test systems (a 0 as eighth
    character). That the bank exists is not asked. Standard: ISO 9362.

    >>> read_bic("deut de ff 500")
    'DEUTDEFF500'
    """
    plain = _SIGNS.sub("", text).upper()
    if not _BIC.fullmatch(plain) or not (pycountry.countries.get(alpha_2=plain[4:6]) or plain[4:6] == "XK"):
        raise CellError("expected a BIC of 8 or 11 characters")
    return plain


def read_register_number(text: str, country: str | None) -> str:
    """The number of a company in the register of its country, as the register writes it.

    The source writes blanks, dots and the register's name: 'Amtsgericht Köln, HRB 1234 B' → 'Köln HRB 1234 B' (DE: a
    number is of one court), 'RCS Paris 552 008 443' → '552008443' (FR), 'FN122119m' → 'FN 122119m' (AT),
    'CHE-100.155.212 MWST' → 'CHE100155212' (CH), 'KvK 12345678' → '12345678' (NL), 'sc12345' → 'SC012345' (GB: the
    register fills up with zeros). Check digits must fit where the register has some. In countries whose numbers we do
    not know the text is kept in capitals and must hold a digit. Not accepted: a number that is none of the row's
    country, words.
    Sources: the registers, python-stdnum.

    >>> read_register_number("Amtsgericht Köln, HRB 1234 B", "DE"), read_register_number("KvK 12345678", "NL")
    ('Köln HRB 1234 B', '12345678')
    """
    if country == "DE":
        return _german_number(text)
    rules = _REGISTERS.get(country or "")
    if rules is None:
        written = text.upper()
        if not any(c.isdigit() for c in written) or len(written) > _LONGEST_NUMBER:
            raise CellError("expected a number of a company register")
        return written
    plain = _NO_SIGN.sub("", _LABEL.sub("", text)).upper()
    for rule in rules:
        try:
            return rule(plain)
        except ValidationError:
            continue
    raise CellError(f"expected a number of a company register of {country}")


_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9][A-NP-Z1-9](?:[A-Z0-9]{3})?")
_LONGEST_NUMBER = 30
_NO_SIGN = re.compile(r"[\W_]")
_LABEL = re.compile(
    r"^(?:(?:kvk|krs|cvr|orgn?r?|org|nip|regon|siren|siret|rcs|nif|cif|ičo|ico|uid|acn|abn|fn|krs|bce|kbo|rea|crn"
    r"|company|reg(?:istration)?|no|nr|number|num)\b[\s.:\-]*)+",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"(?:(?P<before>[^\d,;:]+?)[\s,;:]+)?(?P<kind>HRA|HRB|GNR|GSR|PR|VR)[\s.:-]*(?:NR[.\s:]*)?(?P<number>\d{1,6})"
    r"(?:\s?(?P<suffix>(?-i:[A-Z]{1,2}))\b)?(?:[\s,;(]+(?P<behind>[^\d,;()]+)\)?)?",
    re.IGNORECASE,
)
_COURT = re.compile(r"^(?:beim |am )?(?:amtsgericht|registergericht|handelsregister|ag)\b[\s:]*", re.IGNORECASE)
_KINDS = {"GNR": "GnR", "GSR": "GsR"}


def _german_number(text: str) -> str:
    found = _GERMAN.fullmatch(text)
    if not found:
        raise CellError("expected a number of a company register of DE: HRA, HRB, GnR, GsR, PR or VR and digits")
    kind = found["kind"].upper()
    court = [_COURT.sub("", part or "").strip(" ,") for part in (found["before"], found["behind"])]
    parts = (*court, _KINDS.get(kind, kind), found["number"], found["suffix"])
    return " ".join(part for part in parts if part)


Rule = Callable[[str], str]


def _shaped(pattern: str) -> Rule:
    """A number that only has a form."""
    form = re.compile(pattern)

    def rule(plain: str) -> str:
        if not form.fullmatch(plain):
            raise ValidationError
        return plain

    return rule


def _british(plain: str) -> str:
    letters, digits = plain.rstrip("0123456789"), plain.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    if letters + digits != plain or len(letters) not in (0, 2) or not 5 <= len(plain) <= 8 or len(digits) < 3:
        raise ValidationError
    return letters + digits.zfill(8 - len(letters))


def _austrian(plain: str) -> str:
    return f"FN {firmenbuch.validate(plain.lower())}"


def _swiss(plain: str) -> str:
    return str(uid.validate(re.sub("(?:MWST|TVA|IVA|HR|RC)$", "", plain)))


def _french(plain: str) -> str:
    """The number may stand beside the town of the register and its part: 'RCS Paris B 552 008 443'."""
    digits = re.sub(r"\D", "", plain)
    return str(siret.validate(digits) if len(digits) == _SIRET else siren.validate(digits))


_SIRET = 14
_REGISTERS: dict[str, tuple[Rule, ...]] = {
    "AT": (_austrian,),
    "AU": (acn.validate, abn.validate),
    "BE": (be_vat.validate,),
    "CH": (_swiss, _shaped(r"CH\d{11}")),
    "CZ": (_shaped(r"\d{8}"),),
    "DK": (cvr.validate,),
    "EE": (registrikood.validate,),
    "ES": (cif.validate,),
    "FI": (ytunnus.validate,),
    "FR": (_french,),
    "GB": (_british,),
    "IE": (_shaped(r"\d{5,6}"),),
    "IT": (iva.validate, _shaped(r"[A-Z]{2}\d{5,7}")),
    "LI": (_shaped(r"FL\d{11}"), _swiss),
    "LU": (_shaped(r"[A-Z]\d{2,6}"),),
    "NL": (_shaped(r"\d{8}"),),
    "NO": (no_orgnr.validate,),
    "PL": (_shaped(r"0\d{9}"), regon.validate, nip.validate),
    "SE": (se_orgnr.validate,),
    "SK": (_shaped(r"\d{8}"),),
}
"""Country → what its company numbers may be; Germany is read apart."""
