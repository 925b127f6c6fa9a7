"""Text: what may be changed in any cell without changing what it says."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

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


TEXT_STEPS: tuple[Step, ...] = (
    ("invisible characters removed", visible),
    ("white space trimmed and collapsed", collapsed),
    ("letters composed (NFC)", composed),
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
