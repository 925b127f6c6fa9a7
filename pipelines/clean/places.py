"""Countries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import pycountry
from babel import Locale

from pipelines.clean.column import CellError

# Names in use that neither ISO 3166 nor Unicode CLDR lists.
_VARIANTS = {
    "AE": ("UAE", "Emirates"),
    "BN": ("Brunei",),
    "BO": ("Bolivia",),
    "CD": ("Congo DRC", "DRC", "DR Congo", "Democratic Republic of Congo", "Congo Kinshasa", "Zaire"),
    "CG": ("Congo Brazzaville", "Republic of Congo"),
    "CI": ("Ivory Coast",),
    "CN": ("PRC", "Mainland China"),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic",),
    "FJ": ("Fiji Islands",),
    "FK": ("Falkland Islands", "Falkland Islands Islas Malvinas"),
    "FM": ("Federated States of Micronesia",),
    "GB": ("UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "GR": ("EL",),
    "HK": ("Hong Kong SAR",),
    "IE": ("Republic of Ireland", "Eire"),
    "KP": ("North Korea", "DPRK"),
    "KR": ("South Korea", "Republic of Korea"),
    "LA": ("Laos",),
    "MK": ("Macedonia", "FYROM", "Former Yugoslav Republic of Macedonia", "Macedonia Former Yugoslav Republic of"),
    "MM": ("Burma",),
    "MO": ("Macau", "Macao SAR"),
    "NL": ("Holland", "The Netherlands"),
    "PN": ("Pitcairn Islands",),
    "PS": ("Palestinian Authority", "Palestine"),
    "RU": ("Russia",),
    "ST": ("Sao Tome and Principe",),
    "SY": ("Syria",),
    "SZ": ("Swaziland",),
    "TF": ("French Southern and Antarctic Lands",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "UM": ("US Minor Outlying Islands", "United States Minor Outlying Islands"),
    "US": ("USA", "U.S.", "U.S.A.", "United States of America"),
    "VA": ("Vatican", "Vatican City"),
    "VC": ("Saint Vincent and the Grenadine",),
    "VG": ("British Virgin Islands",),
    "VI": ("US Virgin Islands",),
    "VN": ("Vietnam",),
    "XK": ("Kosovo",),
}
_LOCAL_VARIANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        "BY": ("Weißrussland",),
        "CI": ("Elfenbeinküste",),
        "CV": ("Kapverden",),
        "CZ": ("Tschechische Republik",),
        "GB": ("Großbritannien",),
        "MD": ("Moldawien", "Moldau"),
        "MK": ("Mazedonien", "Nordmazedonien"),
        "MM": ("Birma",),
        "RU": ("Russische Föderation",),
        "SZ": ("Swasiland",),
        "TL": ("Osttimor",),
        "US": ("Vereinigte Staaten von Amerika",),
    },
    "fr": {
        "BY": ("Biélorussie",),
        "CZ": ("République tchèque",),
        "GB": ("Grande-Bretagne", "Angleterre", "Écosse"),
        "MM": ("Birmanie",),
        "NL": ("Hollande",),
        "RU": ("Fédération de Russie",),
        "TL": ("Timor oriental",),
        "US": ("États-Unis d'Amérique",),
    },
}
_SAINT = re.compile(r"\bst (?=\w)")


def _key(name: str) -> str:
    """A name without case, accents, punctuation and article: "Côte d'Ivoire" → 'cote d ivoire'."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and ").replace(".", ""))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    words = _SAINT.sub("saint ", " ".join(letters.split())).split()
    return " ".join(word for i, word in enumerate(words) if not (word == "the" and i in (0, len(words) - 1)))


def _english() -> dict[str, str]:
    """Names of ISO 3166-1, of CLDR in English, and the variants; the surest first."""
    names = {_key(variant): code for code, variants in _VARIANTS.items() for variant in variants}
    shortened: dict[str, set[str]] = {}
    for country in pycountry.countries:
        code = country.alpha_2
        given = [country.name, getattr(country, "official_name", ""), getattr(country, "common_name", "")]
        for name in filter(None, given):
            before, comma, behind = name.partition(", ")
            names.setdefault(_key(name), code)
            if comma:  # 'Korea, Republic of' is also 'Republic of Korea'; 'Moldova' alone, but not 'Korea'
                names.setdefault(_key(f"{behind} {before}"), code)
                shortened.setdefault(_key(before), set()).add(code)
        names[country.alpha_3.casefold()] = code
        names[code.casefold()] = code
    for key, codes in shortened.items():
        if len(codes) == 1:
            names.setdefault(key, *codes)
    return _localised("en") | names | {"xk": "XK"}


def _localised(language: str) -> dict[str, str]:
    """Names of CLDR in a language."""
    known = {country.alpha_2 for country in pycountry.countries} | {"XK"}
    names = {_key(name): code for code, name in Locale.parse(language).territories.items() if code in known}
    return {key: code for key, code in names.items() if key}


@lru_cache(maxsize=32)
def country_names(language: str) -> dict[str, str]:
    """Every accepted spelling (as `_key` writes it) → ISO 3166-1 alpha-2."""
    variants = _LOCAL_VARIANTS.get(language, {})
    own = {_key(variant): code for code, spellings in variants.items() for variant in spellings}
    return _localised(language) | own | _english()


def country_reader(locale: str) -> Callable[[str], str]:
    """Read a country as ISO 3166-1 alpha-2.

    The source writes codes of two or three letters, or a name in English or in its language, inverted or shortened:
    'USA', 'Deutschland' (de), "Côte d'Ivoire", 'Congo, DRC', 'Korea, Republic of', 'Viet Nam', 'UK' → GB. Case, accents
    and punctuation do not matter. Kosovo is XK (CLDR; ISO has none). Not accepted: names of two countries ('Korea',
    'Virgin Islands'), withdrawn codes (AN, CS, YU), regions, misspellings: give them in `codes`. 'Congo' alone is
    CG, as in ISO 3166.

    >>> country_reader("de_DE")("Elfenbeinküste"), country_reader("en_GB")("Congo, DRC")
    ('CI', 'CD')
    """
    names = country_names(Locale.parse(locale).language)

    def read(text: str) -> str:
        found = names.get(_key(text))
        if found is None:
            raise CellError("expected a country: ISO 3166 code or name")
        return found

    return read
