"""Text: what may be changed in any cell without changing what it says."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ftfy import TextFixerConfig, fix_encoding
from ftfy.badness import is_bad

from pipelines.clean.column import Step

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters; PostgreSQL refuses the first
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0001\U000e0020-\U000e007f]"
)
_BLANK = re.compile("[\\s\u2800\u3164\uffa0]")  # \s knows every Unicode space and line break; the rest only look empty
_BLANKS = re.compile(_BLANK.pattern + "+")

# Characters that no step touches: printable ASCII and the precomposed Latin letters, but no soft hyphen.
_INK = "!-~\u00a1-\u00ac\u00ae-\u017f"
REGULAR_TEXT = f"^[{_INK}]+(?: [{_INK}]+)*$"
_EDGE = "!#-+\\--:<-~\u00a1-\u00ac\u00ae-\u017f"  # the same without quote, comma, semicolon
REGULAR_EDGES = f"^[{_EDGE}](?:(?: ?[{_INK}])* ?[{_EDGE}])?$"
REGULAR_IDENTIFIER = f"^[{_INK}](?:[ {_INK}]*[{_INK}])?$"
# What a wrong encoding has made of one letter are two characters beyond ASCII or more. Pairs of these small letters,
# and of one of them before ß, are none: in no encoding is the first a lead and the second what follows ('Größe').
_SMALL = "à-åç-öù-þāăćčďđēėęěğģīįķĺļńņňőŕřţūůű"
_NEIGHBOURS = f"[^\x00-\x7f{_SMALL}][^\x00-\x7f]|[{_SMALL}][^\x00-\x7f{_SMALL}ß]"
_SUSPECT = re.compile(f"{_NEIGHBOURS}|[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# Only what can be undone: nothing is replaced by a sign for unknown, no space is taken for a no-break space.
_REPAIR = TextFixerConfig(
    explain=False, restore_byte_a0=False, replace_lossy_sequences=False, decode_inconsistent_utf8=False
)
_ROUNDS = 8
# What the code pages of consoles make of the first byte of a letter: frames. And what no word has: a capital within.
_CONSOLE = re.compile("[\u2500-\u256c]")
_CAPITAL_INSIDE = re.compile("[a-zß-öø-ÿ][À-ÖØ-Þ]")
_ALNUM = re.compile(r"[^\W_]+")

# Letters of other scripts that look like a Latin one in print, and those of a Latin look. Greek small letters are left
# out but for omicron: 'αMSH', 'µm' are meant.
_CYRILLIC = dict(zip("АВЕЅІЈКМНОРСТУХасеіјорѕухһԁԛԝ", "ABESIJKMHOPCTYXaceijopsyxhdqw", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True))
_OTHER = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD = re.compile(r"[^\W\d_]+")


def visible(text: str) -> str:
    """Remove control characters, zero-width and direction marks, soft hyphens, byte order marks.

    >>> visible("AC\\u200bME\\x00")
    'ACME'
    """
    return _INVISIBLE.sub("", text)


def collapsed(text: str) -> str:
    """Trim, and turn every run of white space (no-break and thin spaces, tabs, line breaks) into one space."""
    return _BLANKS.sub(" ", text).strip(" ")


def spaced(text: str) -> str:
    """Trim, and turn each white space character into a plain space; their number is kept."""
    return _BLANK.sub(" ", text).strip(" ")


def composed(text: str) -> str:
    """Write each letter as one character where Unicode has one (NFC)."""
    return unicodedata.normalize("NFC", text)


def repaired(text: str) -> str:
    """Undo a wrong encoding: text that was written in one and read in another.

    A file in UTF-8 that somebody's system read as Windows-1252 arrives with 'MÃ¼ller' → 'Müller', even when it did so
    twice. Only what decodes without loss is changed, and only where the letters make no words as they stand (heuristics
    of ftfy); 'MÜLLER', 'Größe', 'Đorđe' are left alone. Signs that are lost for good ('M?ller', 'M�ller') stay.

    >>> repaired("MÃ¼ller & SÃ¶hne")
    'Müller & Söhne'
    """
    for _ in range(_ROUNDS):
        fixed = _decoded(text)
        tidy = _tidied(fixed)  # what later steps change may have hidden the next one
        if tidy == text == fixed or _decoded(tidy) == tidy:
            return fixed
        text = tidy
    return text


def _decoded(text: str) -> str:
    if text.isascii() or not _SUSPECT.search(text) or not is_bad(text):
        return text
    if _CONSOLE.search(text) and (fixed := _of_console(text)):
        return fixed
    fixed = fix_encoding(text, _REPAIR)
    if fixed == text:  # perhaps only a part of it, the rest being right
        fixed = fix_encoding(text, _REPAIR._replace(decode_inconsistent_utf8=True))
        if fixed.count(" ") != text.count(" "):
            return text
    return fixed if _is_repair(text, fixed) else text


def _is_repair(text: str, fixed: str) -> bool:
    """Whether signs for letters that are lost are all there, and no Latin word has got letters of a far script."""
    if fixed.count("\ufffd") != text.count("\ufffd") or fixed.count("\x1a") != text.count("\x1a"):
        return False
    return not any(_is_mixture(word) for word in _ALNUM.findall(fixed))


def _is_mixture(word: str) -> bool:
    scripts = set() if word.isascii() else {_script(c) for c in word if not c.isascii() or c.isalpha()}
    return "LATIN" in scripts and not scripts <= {"LATIN", "GREEK", "CYRILLIC", "COMBINING", "MICRO", "MODIFIER"}


def _of_console(text: str) -> str | None:
    """UTF-8 that was read in the code page of a Western console (850), unless that of America (437) fits better."""
    try:
        fixed = text.encode("cp850").decode()
    except UnicodeError:
        return None
    try:
        other = text.encode("cp437").decode()
    except UnicodeError:
        other = fixed
    return None if other != fixed and _CAPITAL_INSIDE.search(fixed) else fixed


def _tidied(text: str) -> str:
    """All later steps of `PROSE_STEPS`."""
    return one_script(composed(collapsed(visible(text))))


def one_script(text: str) -> str:
    """Words that mix scripts in one: letters of the other script become the Latin ones they look like, or the reverse.

    Keyboards and text recognition give 'Аcme' with a Cyrillic А → 'Acme'. A word is changed only when all its letters
    have a twin in the one script, towards the script that more of its letters are of (Latin when equal); words of one
    script ('АВС', 'Ωmega') and names in Cyrillic or Greek are left alone. Source: Unicode confusables (UTS 39), those
    that look alike in upright print.

    >>> one_script("\u0410cme \u0421\u041e\u0421")
    'Acme \u0421\u041e\u0421'
    """
    return composed(_WORD.sub(_in_one_script, text)) if _OTHER.search(text) else text


def _in_one_script(found: re.Match[str]) -> str:
    word = found[0]
    if word.isascii():
        return word
    for twins in (_CYRILLIC, _GREEK):
        theirs = [c for c in word if _script(c) == _script(next(iter(twins)))]
        ours = [c for c in word if _script(c) == "LATIN"]
        if not theirs or not ours or len(theirs) + len(ours) < len(word):
            continue
        back = {latin: other for other, latin in twins.items()}
        to_latin = all(c in twins for c in theirs)
        to_theirs = all(c in back for c in ours)
        if to_latin and (len(ours) >= len(theirs) or (not to_theirs and "".join(ours).isascii())):
            return "".join(twins.get(c, c) for c in word)
        if to_theirs:
            return "".join(back.get(c, c) for c in word)
    return word


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


TEXT_STEPS: tuple[Step, ...] = (
    ("invisible characters removed", visible),
    ("white space trimmed and collapsed", collapsed),
    ("letters composed (NFC)", composed),
)
PROSE_STEPS: tuple[Step, ...] = (
    ("wrong encoding repaired", repaired),
    *TEXT_STEPS,
    ("look-alike letters of another script replaced", one_script),
)
IDENTIFIER_STEPS: tuple[Step, ...] = (
    ("invisible characters removed", visible),
    ("trimmed", spaced),
    ("letters composed (NFC)", composed),
)


def clean_text(text: str) -> str:
    """Plain text on one line.

    The source pads with blanks, copies no-break spaces and zero-width marks from web pages, breaks lines inside
    cells, and writes é as e + accent when it comes from a Mac. Case and punctuation are kept. Line breaks become
    spaces: a cell is one line in every table, workbook and message. Joiners go too, so Persian and Indic text loses
    its zero-width joiners. Never rejected. Standard: Unicode 16, normalization form C (UAX 15).

    >>> clean_text("  Müller \\u00a0&\\n Söhne\\u200b ")
    'Müller & Söhne'
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return composed(collapsed(visible(text)))


def clean_prose(text: str) -> str:
    """Text that people write: names, streets, towns, remarks. As `clean_text`, after repairing a wrong encoding
    (`repaired`), and with each word in one script (`one_script`).

    >>> clean_prose(" MÃ¼ller \u00a0& S\u00f6hne\u200b ")
    'Müller & Söhne'
    """
    if text.isascii():
        return clean_text(text)
    if not _SUSPECT.search(text):
        tidy = _tidied(text)
        if tidy == text or not _SUSPECT.search(tidy):
            return tidy
    return _tidied(repaired(text))


def clean_identifier(text: str) -> str:
    """Trimmed text of an identifier; see `codes.read_identifier`.

    >>> clean_identifier(" 00 17\\u00a0A ")
    '00 17 A'
    """
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    return composed(spaced(visible(text)))


def regular_text(pattern: str, cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Fast path: cells that match `pattern` are kept as they are, empty ones become null; the others are odd."""
    empty = pc.equal(cells, "")
    regular = pc.or_(pc.match_substring_regex(cells, pattern), empty).fill_null(True)
    if pc.any(empty).as_py():
        cells = pc.if_else(empty, pa.scalar(None, pa.string()), cells)
    return regular, cells


def regular_prose(pattern: str, cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Fast path of `clean_prose`: as `regular_text`, but two neighbours beyond ASCII are odd: they may be one letter
    that was read in a wrong encoding."""
    regular, values = regular_text(pattern, cells)
    if not _all_ascii(cells):
        regular = pc.and_not(regular, pc.match_substring_regex(cells, _NEIGHBOURS).fill_null(False))
    return regular, values


def _all_ascii(cells: pa.Array) -> bool:
    """Whether no cell has a character beyond ASCII, by one look at the bytes of all."""
    _, offsets, data = cells.buffers()
    if data is None or not len(cells):
        return True
    start, end = np.frombuffer(offsets, np.int32)[[cells.offset, cells.offset + len(cells)]]
    return bool(start == end or np.frombuffer(data, np.int8)[start:end].min() >= 0)
