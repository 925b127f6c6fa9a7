"""Names of people taken apart, and spelled plainly for matching."""

from __future__ import annotations

import re
from typing import NamedTuple

from anyascii import anyascii

from pipelines.clean.names import AFTER_PARTICLE, PARTICLES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


# Forms of address, ranks and degrees that stand before a name, as `_fold` writes them.
_TITLES = _words(
    "mr mrs ms miss mx messrs dr drs dres prof professor doctor sir dame lord lady madam rev reverend capt captain sgt "
    "herr herrn frau hr fräulein frl familie ddr dipling diplingfh dring diplkfm "
    "mme mlle mmes monsieur madame mademoiselle maître "
    "sr sra srta señor señora señorita signor signora signorina dott dottssa dottore dottoressa sigra avv "
    "dhr mevr mevrouw mw гн гжа"
)
# The same, but words or names of their own unless a dot follows; the second set only goes on after a title.
_TITLES_WITH_DOT = _words("mag ing dipl fr fam inh hon lt gen sig ir ds mgr phdr judr mudr")
_FACULTIES = _words("med dent rer nat phil jur iur pol oec vet theol habil hc mult")
_JOINED = _words("& and und u et y e en")  # 'Mr & Mrs'
_BY_LANGUAGE = {
    "de": _words("di mag maga fh bakk"),
    "es": _words("don doña d dª dña lic licda arq ing"),
    "pt": _words("dom dona d dª eng exmo exma"),
    "it": _words("don geom rag arch"),
    "fr": _words("m mm me"),
    "nl": _words("ir ds"),
    "pl": _words("pan pani hab inż"),
    "ro": _words("dl dna dra"),
    "tr": _words("sayın bay bayan"),
    "el": _words("κ κος κα κύριος κυρία κυριος κυρια δρ"),
    "ru": _words("господин госпожа"),
    "uk": _words("пан пані"),
    "ar": _words("د السيد السيدة الدكتور الدكتورة الأستاذ"),
    "he": _words("דר מר גב גברת פרופ"),
    "hi": _words("श्री श्रीमती डॉ"),
    "th": _words("นาย นาง นางสาว"),
}
# What stands behind a name: of the family, and degrees or honours. Those that are also words or names want a dot inside
# or a comma before them.
_GENERATIONS = _words("jr jnr snr ii iii iv esq filho neto 様 殿 さん 先生 女士 님 씨")
_SENIOR = _words("sr jun sen v")
_DEGREES = _words(
    "phd dphil mba cpa msc bsc bcom llb llm mphil dds dvm mbe obe cbe kbe frcs csc dipling diplkfm diplkffr"
)
_SHORT_DEGREES = _words("md ma ba be mp qc kc rn do jd")
_BORN = _words("geb geborene geborener née nee né born roz")
_FAMILY_FIRST = _words("hu vi")
_TWO_FAMILY_NAMES = _words("es ca gl")
# Words that begin a family name of two without being particles of every name.
_FIRST_OF_TWO = _words("el ó ní nic uí ap saint st")
_FIRST_OF_TWO_FRENCH = _words("le la")
_PATRONYMIC = re.compile("[\u0400-\u04ff]{3,}(?:ович|евич|йович|ьич|овна|евна|ична|івна|ївна|івич)")
_BEHIND = _words("dr prof mr mrs ms herr frau")

_NATIVE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # kana, Han, Hangul
_SIGNS = re.compile(r"[.\-‐-―'’()\"״׳]")
_GLUED = re.compile(r"(?<=[^\W\d_]\.)(?=[^\W\d_]{2})")


class PersonName(NamedTuple):
    """The words of a name, each in one part, in their order; '' = none."""

    title: str
    """What stands before the names: forms of address, ranks, degrees."""
    given: str
    family: str
    suffix: str
    """What stands behind them: 'Jr.', 'III', degrees, honours."""

    @property
    def titles(self) -> str:
        """Everything that is no name."""
        return " ".join(part for part in (self.title, self.suffix) if part)


def split_person_name(text: str, language: str = "") -> PersonName:
    """A full name in one cell, taken apart.

    The source writes 'Leyen, Ursula von der', 'Prof. Dr. Müller', 'Martin Luther King, Jr.', 'DUPONT Jean' or plainly
    'Ludwig van Beethoven'. What is told apart, in this order: a family name before a comma; titles before and
    degrees behind the name; a family name in capitals beside given names that are not; a family name from its first
    particle on ('van', 'de la'); else the last word is the family name. The first word is, in Hungarian and
    Vietnamese, in Han, kana and Hangul with a blank, and before a Russian name with patronymic; in Spanish the last
    two of four or more are, and the two beside 'y'. A single word is a family name. No word is changed or lost, only
    commas are. Not told apart: two family names in three words ('Carlos Garcia Lopez'), given names with a particle
    ('Maria del Carmen').

    >>> split_person_name("Leyen, Dr. Ursula von der")
    PersonName(title='Dr.', given='Ursula', family='von der Leyen', suffix='')
    >>> split_person_name("Martin Luther King, Jr.")
    PersonName(title='', given='Martin Luther', family='King', suffix='Jr.')
    """
    before, *behind = [part.split() for part in _GLUED.sub(" ", text).replace("，", ",").split(",")]
    titles: list[str] = []
    suffixes: list[str] = []
    names = [before]
    for words in behind:
        at = len(words)
        while at and _is_suffix(words[at - 1], after_comma=True):
            at -= 1
        suffixes += words[at:]
        if all(_is_title(word, language, follows=True) for word in words[:at]):
            titles += words[:at]
        else:
            names.append(words[:at])
    if len(names) == 1 or not names[0]:
        words = [word for part in names for word in part]
        words = _take_titles(words, language, titles)
        suffixes = _take_suffixes(words) + suffixes
        given, family = _in_order(words, language)
        return PersonName(" ".join(titles), " ".join(given), " ".join(family), " ".join(suffixes))
    family = _take_titles(names[0], language, titles)
    suffixes = _take_suffixes(family) + suffixes
    given = _take_titles([word for part in names[1:] for word in part], language, titles)
    at = len(given)
    while at > 1 and _fold(given[at - 1]) in _BEHIND:  # Müller, Hans Dr.
        at -= 1
    titles, given = titles + given[at:], given[:at]
    while at > 1 and _fold(given[at - 1]) in PARTICLES | AFTER_PARTICLE:
        at -= 1
    return PersonName(" ".join(titles), " ".join(given[:at]), " ".join(given[at:] + family), " ".join(suffixes))


def _take_titles(words: list[str], language: str, titles: list[str]) -> list[str]:
    """Move the titles at the front, as long as a name is left; gives the rest."""
    at = 0
    while at < len(words) - 1:
        if _is_title(words[at], language, follows=at > 0):
            at += 1
        elif at and at < len(words) - 2 and _fold(words[at]) in _JOINED and _is_title(words[at + 1], language):
            at += 2
        else:
            break
    titles += words[:at]
    return words[at:]


def _take_suffixes(words: list[str]) -> list[str]:
    """Remove the suffixes at the end, as long as a name is left; gives them."""
    taken: list[str] = []
    while len(words) > 1 and _is_suffix(words[-1], after_comma=False) and not (len(words) == 2 and _short(words[-1])):
        taken.insert(0, words.pop())
    return taken


def _short(word: str) -> bool:
    return _fold(word) in _SENIOR


def _is_title(word: str, language: str, *, follows: bool = False) -> bool:
    key = _fold(word)
    if key in _TITLES or key in _BY_LANGUAGE.get(language, ()):
        return True
    pieces = [piece for piece in word.casefold().split(".") if piece]
    if not word.endswith(".") or not pieces:
        return False
    allowed = _TITLES | _TITLES_WITH_DOT | (_FACULTIES if follows else frozenset())
    return key in allowed or all(piece.strip("-") in allowed for piece in pieces)


def _is_suffix(word: str, *, after_comma: bool) -> bool:
    key = _fold(word)
    if key in _GENERATIONS or key in _DEGREES or key == "sr":  # nobody's name, unlike Jun and Sen
        return True
    if key in _SENIOR:
        return after_comma or (word.endswith(".") and key != "v")
    return key in _SHORT_DEGREES and (after_comma or "." in word[:-1])


def _fold(word: str) -> str:
    return _SIGNS.sub("", word).casefold()


def _in_order(words: list[str], language: str) -> tuple[list[str], list[str]]:
    """(given names, family names) of names without titles."""
    if len(words) < 2 or (words[0] in PARTICLES and not " ".join(words).islower()):  # von Stein
        return [], words
    if language in _FAMILY_FIRST or all(_NATIVE.match(word) for word in words):
        return words[1:], words[:1]
    capitals = [len(word) > 2 and word.isupper() and "." not in word for word in words]
    if any(capitals) and not all(capitals) and any(not word.isupper() for word in words):
        if capitals[-1]:
            at = len(words) - capitals[::-1].index(False)
            return _with_particles(words, at)
        if capitals[0]:
            at = capitals.index(False)
            return words[at:], words[:at]
    for at in range(1, len(words) - 1):
        if _fold(words[at]) in _BORN and at > 1:
            return _with_particles(words, at - 1)
    for at in range(1, len(words) - 1):
        if _fold(words[at]) in PARTICLES and _fold(words[at]) != "y":
            return words[:at], words[at:]
    if "y" in words[2:-1]:  # García y López
        at = words.index("y", 2) - 1
        return words[:at], words[at:]
    if len(words) == 3 and _PATRONYMIC.fullmatch(words[2].lower()) and not _PATRONYMIC.fullmatch(words[1].lower()):
        return words[1:], words[:1]
    if len(words) > 2 and _begins_two(words[-2], language):
        return words[:-2], words[-2:]
    if language in _TWO_FAMILY_NAMES and len(words) > 3:
        return words[:-2], words[-2:]
    return words[:-1], words[-1:]


def _begins_two(word: str, language: str) -> bool:
    """Whether a word and the one behind it are one family name: Le Goff, El Sayed, Ó Murchú, St. John."""
    return _fold(word) in _FIRST_OF_TWO or word == "al" or (language == "fr" and _fold(word) in _FIRST_OF_TWO_FRENCH)


def _with_particles(words: list[str], at: int) -> tuple[list[str], list[str]]:
    """The family name that begins at a word, with the particles before it."""
    while at > 1 and _fold(words[at - 1]) in PARTICLES | AFTER_PARTICLE:
        at -= 1
    return words[:at], words[at:]


_WRITTEN_OUT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "æ": "ae",
        "ø": "oe",
        "å": "aa",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "đ": "d",
    }
)
"""Letters with a way to write them without marks of their own (ICAO 9303); the others lose their marks."""
_NO_LETTER = re.compile("[^a-z0-9]+")
_APOSTROPHES = re.compile("['’‘`´ʼ.]")


def plain_letters(text: str) -> str:
    """Small Latin letters, digits and single blanks: 'Müller-Łoś' → 'mueller los', 'Щукин' → 'shchukin'.

    German and Nordic letters are written out as in passports, other marks are dropped, other scripts transliterated
    (anyascii). Apostrophes and dots go, what else is no letter or digit parts words: "O'Brien" → 'obrien'.

    >>> plain_letters("Anna-Lena D’Ångelo")
    'anna lena daangelo'
    """
    text = text.casefold() if text.isascii() else anyascii(text.lower().translate(_WRITTEN_OUT)).casefold()
    return _NO_LETTER.sub(" ", _APOSTROPHES.sub("", text)).strip()


def plain_name(text: str) -> str:
    """A given, family or full name for matching: plain letters, without titles before it.

    What two systems write differently becomes one: 'Dr. MÜLLER', 'Mueller' → 'mueller'. Particles and order are kept.
    Only for comparison, never shown: 'Muller' stays another name.

    >>> plain_name("Dr. Jörg Müller-Lüdenscheidt")
    'joerg mueller luedenscheidt'
    """
    plain = plain_letters(text)
    first, _, rest = plain.partition(" ")
    while rest and first in _PLAIN_TITLES:
        plain = rest
        first, _, rest = plain.partition(" ")
    return plain


_PLAIN_TITLES = frozenset(plain_letters(title) for title in _TITLES) - {"lord", "sir"}
