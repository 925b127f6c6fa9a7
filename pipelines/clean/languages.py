"""Languages."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pycountry
from babel import Locale

from pipelines.clean.column import CellError
from pipelines.clean.text import composed

_ALONE = frozenset({"mis", "mul", "und", "zxx"})
"""ISO 639-2: no language, several, unknown."""
_BY_OWN_NAME = (
    "ar", "bg", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "he", "hi", "hr", "hu", "id",
    "is", "it", "ja", "ko", "lt", "lv", "mk", "ms", "mt", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl",
    "sq", "sr", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
"""Languages whose own name is read everywhere: those of Europe, and the large ones of trade."""


def language_reader(locale: str) -> Callable[[str], str]:
    """Read a language as ISO 639: two letters where there are two, else three.

    The source writes codes of two or three letters, with or without a country or script ('DE', 'de-AT', 'zh_Hant_TW',
    'ger', 'deu' → 'de'), or the name in English, in its own or the locale's language ('German', 'Deutsch', 'allemand').
    Case does not matter. Not accepted: several languages, the one-letter keys of single systems ('D', 'E': give them in
    `codes`), countries. Standards: ISO 639, BCP 47, Unicode CLDR.

    >>> language_reader("fr_FR")("Allemand"), language_reader("fr_FR")("de-AT"), language_reader("en_GB")("ger")
    ('de', 'de', 'de')
    """
    names = _names(Locale.parse(locale).language)

    def read(text: str) -> str:
        key = _key(text)
        found = names.get(key) or _tag(key)
        if found is None:
            raise CellError("expected a language: ISO 639 code or name")
        return found

    return read


def _key(text: str) -> str:
    return composed(text.casefold().strip())


def _tag(key: str) -> str | None:
    """The language of a tag such as 'de-at'."""
    language, *rest = key.replace("_", "-").split("-")
    if not rest or not all(2 <= len(part) <= 8 and part.isascii() and part.isalnum() for part in rest):
        return None
    return _codes().get(language)


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Every code of ISO 639 → the one we keep."""
    codes: dict[str, str] = {}
    for language in pycountry.languages:
        kept = getattr(language, "alpha_2", language.alpha_3)
        for code in (language.alpha_3, getattr(language, "bibliographic", ""), getattr(language, "alpha_2", "")):
            if code and language.alpha_3 not in _ALONE:
                codes[code] = kept
    return codes


@lru_cache(maxsize=32)
def _names(locale: str) -> dict[str, str]:
    """Codes, and the names that mean one language."""
    found: dict[str, set[str]] = {}
    for code in _BY_OWN_NAME:
        found.setdefault(_key(Locale.parse(code).languages[code]), set()).add(code)
    for source in ("en", locale):
        for code, name in Locale.parse(source).languages.items():
            if code in _codes():
                found.setdefault(_key(name), set()).add(_codes()[code])
    names = {name: next(iter(codes)) for name, codes in found.items() if name and len(codes) == 1}
    return names | _codes()
