"""Names of companies taken apart, and spelled plainly for matching."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from pipelines.clean.legal_forms import AT_HOME, BEFORE, ISO, SPELLINGS
from pipelines.clean.people import plain_letters

_WORD = re.compile(r"[^\s,]+")
_JOINERS = frozenset({"und", "u", "and", "et", "y", "&"})
_SIGNS = str.maketrans({"+": "&", "ł": "l", "ı": "i", **dict.fromkeys(".,'’`´-‐–/()\"„“”«»")})
_MOST_WORDS = 8  # G. m. b. H. & Co. K. G.
_SPELLED_OUT = 9  # 'Aktiebolaget SKF'
_SHORTEST = 3  # letters of a name behind its form
_GLUED = re.compile(r"(?i)(?<=ges\.|haft)m\.?b\.?h\.?$|(?<=ges)mbh$")  # 'Handelsges.m.b.H.', 'BaugesellschaftmbH'
_STATUS = re.compile(r"(?i)[\s,]+(?:\([^()]*\)|i\. ?l\.|i\. ?g\.|i\.l|in liquidation|in liqu\.?|en liquidation)$")
_EDGES = " ,;–-"
_HAS_NATIVE = re.compile("[\u3040-\u30ff\u3200-\u32ff\u3400-\u9fff\uac00-\ud7a3]")


def split_legal_form(text: str, country: str | None = None) -> tuple[str, str | None]:
    """A company name without its legal form, and the form by the short code of `legal_forms.SPELLINGS`.

    The source writes one form in many ways: 'Heli Süßwaren GmbH & Co. KG', 'HELI SUESSWAREN GMBH + CO KG' and 'Heli
    G.m.b.H. u. Co. K.G.' all give GMBH_CO_KG. The form stands at the end, in some countries before the name ('AS
    Tallink'), and is told apart wherever the company comes from; short forms that are words elsewhere (eG, OG, SL) only
    in the `country` that has them, or when their capitals or dots stand out. What stands behind it stays with the name
    ('Acme Ltd (UK)' → 'Acme (UK)'). No form, or nothing but one: the text and None. Letters are never changed.

    >>> split_legal_form("Heli Süßwaren G.m.b.H. u. Co. KG")
    ('Heli Süßwaren', 'GMBH_CO_KG')
    >>> split_legal_form("Nord-Ost-Fisch Handelsgesellschaft mbH", "DE")
    ('Nord-Ost-Fisch Handelsgesellschaft', 'GMBH')
    """
    found = _split(text, country)
    if found:
        return found
    status = _STATUS.search(text)
    if status and (found := _split(text[: status.start()], country)):
        return f"{found[0]} {status[0].strip(_EDGES)}", found[1]
    return text, None


def iso_legal_form(form: str | None, country: str | None) -> str | None:
    """The code of ISO 20275 for a form in a country, None where we know of none or of several.

    >>> iso_legal_form("GMBH", "DE"), iso_legal_form("GMBH", "AT")
    ('2HBR', 'AXSB')
    """
    return ISO.get(country or "", {}).get(form or "")


def plain_company(text: str, country: str | None = None) -> str:
    """A company name for matching: plain letters, without legal form, article and signs.

    'The Müller & Söhne GmbH', 'MUELLER UND SOEHNE' → 'mueller and soehne'. Only for comparison, never shown. A name
    that is nothing else keeps its form ('AG' → 'ag').

    >>> plain_company("The Müller & Söhne GmbH"), plain_company("MUELLER UND SOEHNE")
    ('mueller and soehne', 'mueller and soehne')
    """
    name, _ = split_legal_form(text, country)
    words = plain_letters(name.replace("&", " and ").replace("+", " and ")).split(" ")
    words = ["and" if word in _JOINERS and 0 < i < len(words) - 1 else word for i, word in enumerate(words)]
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _split(text: str, country: str | None) -> tuple[str, str] | None:
    if _HAS_NATIVE.search(text):
        return _split_native(text)
    words = [(m.start(), m[0]) for m in _WORD.finditer(text)]
    spellings, ends, starts = _spellings()
    if len(words) > 1 and _fold(words[-1][1]) in ends:
        for at in range(max(1, len(words) - _MOST_WORDS), len(words)):
            if len(words[at][1]) == len(words[at - 1][1]) == 1:  # 'N A C A B' is no Swedish company
                continue
            if _fold(words[at - 1][1]) in _JOINERS:  # 'Hotel and Spa'
                continue
            form = spellings.get(_squashed([word for _, word in words[at:]]))
            if form and _stands_out(form, text[words[at][0] :], text[: words[at][0]], country):
                name = text[: words[at][0]].rstrip(_EDGES)
                if _is_name(name):
                    return name, form
    glued = _GLUED.search(text)
    if glued:
        return text[: glued.start()], "GMBH"
    if len(words) > 1 and _fold(words[0][1]) in starts:
        form = spellings[_fold(words[0][1])]
        rest = text[words[1][0] :]
        marked = words[0][1].isupper() or "." in words[0][1] or len(words[0][1]) >= _SPELLED_OUT
        at_home = country is None or form in ISO.get(country, {}) or country in AT_HOME.get(form, "").split()
        if marked and at_home and _stands_out(form, words[0][1], rest, country) and len(rest) > _SHORTEST:
            return rest, form
    return None


def _stands_out(form: str, written: str, name: str, country: str | None) -> bool:
    """Whether the letters of a form are one here."""
    homes = AT_HOME.get(form)
    if homes is None or (country and country in homes.split()):
        return True
    return not name.isupper() and (written.isupper() or "." in written.strip(".") or written in ("eG", "e.V.", "eK"))


def _is_name(name: str) -> bool:
    return plain_letters(name) not in ("", "the", "die", "and", "und")


def _split_native(text: str) -> tuple[str, str] | None:
    """Names in Han, kana and Hangul have no blanks."""
    for spelling, form in _native_spellings():
        for name in (text.removeprefix(spelling), text.removesuffix(spelling)):
            if name.strip() and name != text:
                return name.strip(), form
    return None


def _fold(word: str) -> str:
    """Small letters without marks and dots."""
    folded = word.casefold().translate(_SIGNS)
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
        folded = folded.translate(_SIGNS)
    return folded


def _squashed(words: Sequence[str]) -> str:
    return "".join("&" if (folded := _fold(word)) in _JOINERS else folded for word in words)


@lru_cache(maxsize=1)
def _spellings() -> tuple[dict[str, str], frozenset[str], frozenset[str]]:
    """Squashed spelling → form, what the last word of one may be, and the first of those before the name."""
    forms: dict[str, str] = {}
    for form, spellings in SPELLINGS.items():
        for spelling in spellings:
            for written in (spelling, spelling.replace("ä", "ae").replace("ü", "ue").replace("ö", "oe")):
                forms[_squashed(written.split())] = form
    words = {_fold(word) for spellings in SPELLINGS.values() for spelling in spellings for word in spelling.split()}
    letters = {key[-n:] for key in forms for n in range(1, len(key) + 1)}  # 'K. G.', 'Co.KG'
    starts = frozenset(key for key, form in forms.items() if form in BEFORE)
    return forms, frozenset(words | letters), starts


@lru_cache(maxsize=1)
def _native_spellings() -> tuple[tuple[str, str], ...]:
    pairs = [(s, form) for form, spellings in SPELLINGS.items() for s in spellings if _HAS_NATIVE.search(s)]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))
