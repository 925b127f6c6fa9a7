"""Names of people and companies."""

from __future__ import annotations

import re

# Lower case inside a name, by the usage of the languages they come from. The second set only follows the first.
PARTICLES = frozenset(
    {"von", "vom", "zu", "zum", "zur", "van", "den", "der", "ter", "ten", "de", "del", "della", "di", "da", "das"}
    | {"do", "dos", "du", "af", "av", "y", "bin", "bint", "ibn"}
)
AFTER_PARTICLE = frozenset({"la", "las", "le", "los", "el", "'t", "’t"})
_DUTCH = frozenset({"in", "op", "te", "het", "'t", "’t"})
_NUMERALS = frozenset({"ii", "iii", "iv"})
_ELISION = re.compile(r"(o|d|l|dell|dall)(['’])(.+)")
_FIRST_LETTER = re.compile(r"[^\W\d_]")
_CUT = re.compile(r"([-.(/])")

CAPITALISED = "^[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+(?:[ -][A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+)*$"
"""Names that `read_person_name` leaves alone, for the fast path."""


def read_company_name(text: str) -> str:
    """A company name, as registered.

    The source wraps the name in quotes when it exports twice: '"ACME Ltd"' → 'ACME Ltd'. Case, quotes inside, and
    the spelling of the legal form ('GmbH & Co. KG', 'S.p.A.', 'CO.,LTD.') are the register's and are kept, so two
    spellings of one company stay two: matching them is the business of a mart. Nothing is rejected.

    >>> read_company_name('"Heli Süßwaren GmbH & Co. KG"')
    'Heli Süßwaren GmbH & Co. KG'
    """
    inner = text[1:-1]
    if len(text) > 2 and text[0] == text[-1] == '"' and '"' not in inner:
        return inner.strip()
    return text


def read_person_name(text: str, language: str = "en") -> str:
    """A given, family or full name.

    Old systems write names in one case only: 'WALLER' or 'waller' → 'Waller', 'VON DER LEYEN' → 'von der Leyen',
    "o'brien" → "O'Brien", 'anna-lena' → 'Anna-Lena', 'mcdonald' → 'McDonald'. A name with both cases is as its
    owner writes it and is kept: 'van Gogh', 'MacLeod', 'DeShawn'. What one case has lost for good is not guessed
    ('macleod' → 'Macleod'). Nothing is rejected.

    >>> read_person_name("JEAN-LUC DE LA FONTAINE")
    'Jean-Luc de la Fontaine'
    """
    if not (text.islower() or text.replace("ß", "").isupper()):  # old code pages have no capital ß
        return text
    words = _lower(text, language).split(" ")
    particles = PARTICLES | _DUTCH if language == "nl" else PARTICLES
    out: list[str] = []
    for i, word in enumerate(words):
        last = i == len(words) - 1
        after = i > 0 and words[i - 1] in particles
        joins = word == "und" and after and not last and words[i + 1] in particles  # von und zu
        if joins or (not last and (word in particles or (word in AFTER_PARTICLE and after))):
            out.append(word)
        elif last and i > 0 and word in _NUMERALS:
            out.append(word.upper())
        else:
            out.append("".join(_capital(piece, language) for piece in _CUT.split(word)))
    return " ".join(out)


def _lower(text: str, language: str) -> str:
    if language in ("tr", "az"):  # dotted and dotless i are different letters there
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower()


def _capital(word: str, language: str) -> str:
    """One word, with what follows an elision or Mc capital too."""
    elided = _ELISION.fullmatch(word)
    if elided:
        return _capital(elided[1], language) + elided[2] + _capital(elided[3], language)
    if word.startswith("mc") and len(word) > 4:
        return "Mc" + _capital(word[2:], language)
    if language in ("tr", "az") and word.startswith("i"):
        return "İ" + word[1:]
    if language == "nl" and word.startswith("ij"):
        return "IJ" + word[2:]
    return _FIRST_LETTER.sub(lambda letter: letter[0].upper(), word, count=1)
