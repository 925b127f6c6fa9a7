"""Recognising a correction workbook by its token, without opening it as a workbook."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

PROPERTY, HINT = "kontor-workbook", "kontor-feed"
"""Document properties: the token; feed and source, for the message when the token is not known here."""

REVIEW = "matches"
"""Stands in place of the feed in workbooks of pairs of customers, which belong to no delivery."""

_PART = "docProps/custom.xml"
_CORE = "docProps/core.xml"
_MOST_BYTES = 64 << 10
"""Of a part of document properties: ours has some hundred bytes."""
_MOST_MEMBERS = 10_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_VALUE = r'name="{name}"[^>]*>\s*<(?:\w+:)?lpwstr[^>]*>([^<]*)<'


@dataclass(frozen=True)
class Mark:
    """What a workbook says of itself. `feed` and `source` are the sender's word, to be believed for a message only."""

    token: str
    feed: str = ""
    source: str = ""
    modified_by: str = ""


def mark_of(path: Path) -> Mark | None:
    """The mark of a correction workbook; None for any other file, and for what is no workbook at all."""
    try:
        with ZipFile(path) as pack:
            if len(pack.filelist) > _MOST_MEMBERS or _PART not in pack.NameToInfo:
                return None
            custom, core = _text(pack, _PART), _text(pack, _CORE)
    except (BadZipFile, OSError, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        return None
    token = _value(custom, PROPERTY)
    if not token:
        return None
    feed, _, source = _value(custom, HINT).partition("/")
    who = re.search(r"<(?:\w+:)?lastModifiedBy[^>]*>([^<]{1,200})<", core)
    return Mark(token if _TOKEN.fullmatch(token) else "?", feed, source, _unescaped(who[1]).strip() if who else "")


def _text(pack: ZipFile, name: str) -> str:
    """The beginning of a part; whatever size its head claims, no more than the limit is unpacked."""
    if name not in pack.NameToInfo:
        return ""
    with pack.open(name) as part:
        return part.read(_MOST_BYTES).decode("utf-8", "replace")


def _value(custom: str, name: str) -> str:
    found = re.search(_VALUE.format(name=re.escape(name)), custom)
    return _unescaped(found[1]).strip() if found else ""


def _unescaped(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text
