"""Encodings of one byte a character (and the East Asian ones of two) told apart by what the words spell in them.

`Münster` in cp1252 is `M³nster` in cp850 and `M¸nster` in Mac Roman: letters belong inside words, capitals at
their beginning or among capitals, signs outside. Each candidate is marked by how well its characters stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

SINGLE = (
    "cp1252", "cp850", "mac_roman", "cp437", "cp1250", "iso8859-2", "cp1254", "cp1251", "koi8-r", "cp866",
    "cp1253", "cp1255", "cp1256", "cp1257", "cp852", "iso8859-5", "cp874",
)  # fmt: skip
DOUBLE = ("cp932", "gb18030", "big5", "euc_kr", "euc_jp")

_ALPHABETS = tuple(
    frozenset(letters + letters.upper())
    for letters in (
        "äöüßé", "éèêëàâçîïôûùœ", "ñóáíúéü", "ãõçáéíóúâêôà", "åäöé", "øæåéö", "àèéìòù", "áðéíóúýþæö", "àèéíïòóúüç",
        "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîșşțţ", "ğışçöüâİ",
        "ąčęėįšųūž", "āčēģīķļņšūž", "äöüõšž",
    )
)  # fmt: skip
"""Letters beyond ASCII by language: a file has mostly those of one."""
_WEST = frozenset().union(*_ALPHABETS[:9]) - frozenset("ðÐþÞýÝ")
"""The languages that share cp1252, and often a file."""
_ALL = frozenset().union(*_ALPHABETS)
_SIGNS = frozenset("“”‘’‚„–—…€£°§¦¬¶®™©«»¿¡½¼¾²³µ·•\u00a0ºª´±×")
_CLOSING = frozenset("®©™½¼¾²³°ºª´±×»”…")
_CYRILLIC = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфОЕАИНТСРВЛКМДПУГЗБЧХЖШЮЦЭФЯ")


@dataclass(frozen=True)
class Spelling:
    """The encoding in which the words read best."""

    codec: str
    confidence: float
    evidence: str
    rival: str | None
    single: bool


def spelt(words: bytes) -> Spelling:
    """The best encoding for words that hold bytes above 0x7F.

    >>> spelt("Münster Köln Straße".encode("cp850")).codec
    'cp850'
    """
    number = sum(b > 0x7F for b in words)
    marks: list[tuple[float, str]] = []
    for codec in (*SINGLE, *DOUBLE):
        mark = _mark(words, codec)
        if mark is not None:
            marks.append((mark / max(number, 1), codec))
    if not marks:
        said = f"no usual encoding reads all of {number} bytes above 0x7F; latin-1 reads any"
        return Spelling("latin-1", 0.4, said, None, True)
    marks.sort(key=lambda m: -m[0])
    best, codec = marks[0]
    mine = words.decode(codec)
    rival = next(((m, c) for m, c in marks[1:] if words.decode(c, "replace") != mine), None)
    gap = best - rival[0] if rival else 1.0
    shown = "".join(dict.fromkeys(c for c in mine if c > "\x7f"))[:12]
    said = f"as {codec} its {number} bytes above 0x7F spell {shown!r} (mark {best:.2f}"
    said += f"; next best {rival[1]}: {rival[0]:.2f})" if rival else ")"
    sure = min(0.97, 0.55 + gap * 0.6 + min(number, 40) * 0.004, 0.6 + 0.1 * number) if best > 0 else 0.45
    return Spelling(codec, round(sure, 2), said, rival[1] if rival else None, codec in SINGLE)


def _mark(words: bytes, codec: str) -> float | None:
    """How well the characters stand in the words; None when the bytes cannot be read."""
    try:
        text = words.decode(codec)
    except UnicodeDecodeError:
        return None
    total = 0.0
    letters: Counter[str] = Counter()
    for word in re.findall(r"\S+", text):
        for i, char in enumerate(word):
            if char > "\x7f":
                value = _stands(char, word[i - 1] if i else " ", word[i + 1] if i + 1 < len(word) else " ")
                if codec in DOUBLE:  # two bytes make one character; signs are no evidence for one
                    value = (min(value, 0.0) if not char.isalpha() else value) * (
                        1 if "\uff60" < char < "\uffa0" else 1.9
                    )
                total += value
                if value > 0 and char in _ALL:
                    letters[char] += 1
    of_one = max(sum(n for c, n in letters.items() if c in alphabet) for alphabet in _ALPHABETS)
    total += max(of_one, 0.85 * sum(n for c, n in letters.items() if c in _WEST))
    if codec in DOUBLE:
        return total * _east_asian(text, codec)
    if codec == "cp1254":  # Turkish where Icelandic is possible too; where neither is, cp1252 reads the same
        turkish = letters.keys() & set("ğışİĞŞ") and not letters.keys() & set("áíúóæýÁÍÚÓÆ")
        return total * (1.04 if turkish else 0.95)
    return total * {"cp1252": 1.015, "cp437": 0.97, "iso8859-2": 0.98}.get(codec, 1.0)


def _east_asian(text: str, codec: str) -> float:
    """Chinese bytes are Korean ones too, and the kana are the same in the Chinese and one of the Japanese encodings."""
    kana = sum("\u3040" <= c <= "\u30ff" for c in text) / max(len(text), 1)
    hangul = sum("\uac00" <= c <= "\ud7a3" for c in text) / max(len(text), 1)
    if codec == "gb18030":
        return 0.9 if kana > 0.05 else 1.0
    if codec == "euc_jp":
        return 1.0 if kana > 0.05 else 0.95
    return 0.9 if codec == "euc_kr" and hangul < 0.3 else 1.0


@lru_cache(maxsize=1 << 14)
def _stands(char: str, before: str, after: str) -> float:
    """Between -4 (cannot be) and 1 (a usual letter at its place)."""
    if not char.isalpha():
        return _sign(char, before, after)
    script = _script(char)
    near = [c for c in (before, after) if c.isalpha()]
    if script == "LATIN":
        value = 0.35 if char in _ALL else -0.3
        if any(_script(c) not in ("LATIN", "ASCII") for c in near):
            return -1.0
        if char.isupper() and before.isalpha() and before.islower():
            return -1.5
        if char.islower() and before.isupper() and after.isupper():
            return -0.8
        if len(near) == 2 and all(c > "\x7f" for c in near):
            value -= 0.4
        return value if near else value - 0.5
    if any(_script(c) in ("ASCII", "LATIN") for c in near):
        return -1.2
    if script == "HALFWIDTH":
        return -0.1
    if script in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL"):
        return (0.85 if _usual_han(char) else -0.2) if script == "CJK" else 0.85
    if not near:
        return -0.6
    value = 0.8 if script != "CYRILLIC" or char in _CYRILLIC else -0.2
    if char.isupper() and before.isalpha() and before.islower():
        return -1.2
    if script == "CYRILLIC" and char.islower() and before.isupper() and after.isupper():
        return -0.6
    return value


def _sign(char: str, before: str, after: str) -> float:
    if unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs"):
        return -4.0
    inside = before.isalpha() and after.isalpha()
    if char == "’":
        return 0.9
    if char in _SIGNS:
        if inside and char not in "–—·":
            return -1.0
        return -0.4 if after.isalpha() and char in _CLOSING else 0.5
    return -2.0 if inside else -0.8


@lru_cache(maxsize=1 << 12)
def _script(char: str) -> str:
    if char < "\x80":
        return "ASCII"
    return unicodedata.name(char, "NONE").split(" ", 1)[0]


def _usual_han(char: str) -> bool:
    """Whether a Chinese character is one of those that simple standards list, which are the common ones."""
    for codec, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("shift_jis", 0x88, 0x97)):
        try:
            lead = char.encode(codec)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return True
    return False
