r"""How files and members are called in messages, patterns and tables.

A name is text that can be printed on one line: control characters, bytes that are no UTF-8 and characters that turn
the direction of writing are written as `\x0a`, `\xfc` or `\u202e`. `!/` stands between an archive and its member, and
nowhere else before it.
"""

from __future__ import annotations

import hashlib
import re

from pipelines.profile_words import MEMBER_SIGN

SEPARATOR = MEMBER_SIGN
"""Between the path of an archive and that of its member: `daily/pack.zip!/hr/staff.csv`."""

MAX_NAME_BYTES = 1000
"""Of a path. File systems stop at 4096, the index of the register at 2700."""

_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|!(?=/)")
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(\\))")


def escaped(name: str) -> str:
    r"""The printable form of a path; one form never stands for two paths.

    >>> escaped("a\nb.csv"), escaped("Müller.csv"), escaped("x!/a.csv")
    ('a\\x0ab.csv', 'Müller.csv', 'x\\x21/a.csv')
    """
    if _ODD.search(name) is None and _ESCAPED.search(name) is None:
        return name
    return _ODD.sub(lambda m: _code(m[0]), name.replace("\\", "\\\\"))


def unescaped(name: str) -> str:
    """The path that `escaped` was given."""
    return _ESCAPED.sub(_character, name)


def split_name(name: str) -> tuple[str, str | None]:
    """Archive and member of a name; the member is None for a file of its own.

    >>> split_name("daily/pack.zip!/hr/staff.csv"), split_name("a.csv")
    (('daily/pack.zip', 'hr/staff.csv'), ('a.csv', None))
    """
    outer, found, inner = name.partition(SEPARATOR)
    return outer, inner if found else None


def member_of(name: str) -> str | None:
    """The member that a name speaks of, if any."""
    return split_name(name)[1]


def too_long(name: str) -> bool:
    """Whether a path is longer than the register takes."""
    return len(name.encode("utf-8")) > MAX_NAME_BYTES


def shortened(name: str) -> str:
    """A path cut to a length that can be reported; different ones stay different."""
    return f"{name[:120]}…{name[-40:]} ({hashlib.sha256(name.encode()).hexdigest()[:12]})"


def problem_of(raw: str) -> str | None:
    """Why a member of this name is not taken, if so. `\\` counts as `/`: some Windows programs pack that way."""
    path = raw.replace("\\", "/")
    if "\0" in raw:
        return "a NUL in its name"
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return "an absolute path as its name"
    if ".." in path.split("/"):
        return "a name that leads out of the archive"
    if not path.strip("/. "):
        return "no name"
    return None


def member_name(raw: str) -> str:
    """How a member is called behind `!/`."""
    return escaped(re.sub(r"/+", "/", raw.replace("\\", "/").removeprefix("./")))


def _code(odd: str) -> str:
    value = ord(odd)
    if 0xDC80 <= value <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{value - 0xDC00:02x}"
    return f"\\x{value:02x}" if value < 0x80 else f"\\u{value:04x}"


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return "\\"
    value = int(found[1] or found[2], 16)
    return chr(value + 0xDC00) if found[1] and value >= 0x80 else chr(value)
