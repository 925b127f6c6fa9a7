"""The XML of an invoice inside a PDF (Factur-X, ZUGFeRD): an embedded file of a PDF/A-3.

pypdf reads the structure of the file. What it meets in a hostile one is refused: encryption, loops, streams that grow
beyond a bound. Nothing of the pages is looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, EncodedStreamObject, StreamObject

from pipelines.errors import DeliveryError

NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml", "cii.xml", "ubl.xml")
"""What the embedded invoice is called, best first: Factur-X and ZUGFeRD 2.1, ZUGFeRD 1 and 2.0, XRechnung in a PDF."""

MAX_XML_BYTES = 64 << 20
"""The XML of an invoice in a PDF is not larger when unpacked."""

_OF_INVOICES = ("/Alternative", "/Data", "/Source")
"""What the embedded invoice is to the pages, whatever it is called."""

_SHOWN = 5
MAX_FILES = 1_000
MAX_NODES = 10_000
_HEAD_BYTES = 1024
_FAULTS = (
    PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError, OSError,
    NotImplementedError, ZeroDivisionError, UnicodeError, AssertionError,
)  # fmt: skip
"""What pypdf raises on files that are no sound PDF: it does not wrap all of it."""


def is_pdf(path: Path) -> bool:
    """Whether a file is a PDF: its mark is at the beginning, or a little behind it, as readers allow."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return b"%PDF-" in head and not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


class Embedded(NamedTuple):
    """A file inside a PDF. `relation`: what it is to the pages (AFRelationship)."""

    name: str
    relation: str
    content: Any


class OfPdf(NamedTuple):
    """The embedded invoice, the names of what else is embedded, and of that what is called as invoices are."""

    inside: str
    content: bytes
    beside: list[str]
    rivals: dict[str, bytes]


def invoice_of_pdf(path: Path, name: str) -> OfPdf:
    """What is embedded; DeliveryError when there is no invoice, more than one, or the PDF cannot be read."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every small fault on its own
    try:
        with path.open("rb") as file:
            reader = PdfReader(file, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise _refused(name, "a PDF with a password", "a PDF without one")
            files = list(_embedded(reader))
            best = _best(files)
            candidates = {_content(each.content, name): each.name for each in reversed(best)}
            if len(candidates) != 1:
                raise _refused(name, _told(files, len(candidates)), f"one embedded file {NAMES[0]}")
            content, inside = next(iter(candidates.items()))
            others = [each for each in files if each not in best]
            rivals = {each.name: _content(each.content, name) for each in others if each.name.casefold() in NAMES}
            return OfPdf(inside, content, [each.name for each in others], rivals)
    except FileNotDecryptedError:
        raise _refused(name, "a PDF with a password", "a PDF without one") from None
    except LimitReachedError:
        raise _too_large(name) from None
    except _FAULTS as error:
        if isinstance(error, DeliveryError):
            raise
        raise _refused(name, f"a PDF that cannot be read ({type(error).__name__})", "a sound PDF") from None


def _embedded(reader: PdfReader) -> Iterator[Embedded]:
    """Embedded files: those of the catalogue's tree of names, then those that are only associated (AF)."""
    root, told = reader.root_object, list[Any]()
    names = _get(root, "/Names")
    tree = _get(names, "/EmbeddedFiles") if names is not None else None
    for count, spec in enumerate([*(_specs(tree) if tree is not None else ()), *_items(_get(root, "/AF"))]):
        if count == MAX_FILES:
            return
        files = _get(spec, "/EF")
        stream = (_get(files, "/UF") or _get(files, "/F")) if files is not None else None
        if isinstance(stream, StreamObject) and not any(stream is other for other in told):
            told.append(stream)
            called = str(_get(spec, "/UF") or _get(spec, "/F") or "")
            yield Embedded(called, str(_get(spec, "/AFRelationship") or ""), stream)


def _specs(tree: Any) -> Iterator[Any]:
    """File specifications of a tree of names, without following a loop."""
    waiting, seen = [tree], 0
    while waiting and seen < MAX_NODES:
        node = waiting.pop(0)
        seen += 1
        yield from _items(_get(node, "/Names"))[1::2]
        waiting += _items(_get(node, "/Kids"))[:MAX_NODES]


def _get(holder: Any, key: str) -> Any:
    """What a dictionary holds, references followed; None for anything else."""
    value = holder.get(key) if isinstance(holder, DictionaryObject) else None
    return value.get_object() if value is not None else None


def _items(value: Any) -> list[Any]:
    return [item.get_object() for item in value] if isinstance(value, ArrayObject) else []


def _best(files: list[Embedded]) -> list[Embedded]:
    """Those with the best of the known names, else the XML that stands for the pages, else all XML there is."""
    for wanted in NAMES:
        if found := [each for each in files if each.name.casefold() == wanted]:
            return found
    others = [each for each in files if each.name.casefold().endswith(".xml")]
    return [each for each in others if each.relation in _OF_INVOICES] or others


def _told(files: list[Embedded], candidates: int) -> str:
    names = ", ".join(each.name[:60] or "a file without a name" for each in files[:_SHOWN])
    if candidates:
        return f"a PDF with {candidates} different embedded invoices among {names}"
    return f"a PDF without an embedded invoice{f', only {names}' if names else ''}"


def _content(stream: Any, name: str) -> bytes:
    packed = len(stream._data) if isinstance(stream, EncodedStreamObject) else 0
    if packed > MAX_XML_BYTES:
        raise _too_large(name)
    content: bytes = stream.get_data()
    if len(content) > MAX_XML_BYTES:
        raise _too_large(name)
    return content


def _too_large(name: str) -> DeliveryError:
    return _refused(name, f"an embedded file of more than {MAX_XML_BYTES} bytes", "the XML of one invoice")


def _refused(name: str, got: str, expected: str) -> DeliveryError:
    return DeliveryError(
        "PDF is no electronic invoice",
        where=name,
        got=got,
        expected=expected,
        next_step="send the invoice as Factur-X, ZUGFeRD or XRechnung, or let the profile leave plain PDFs out",
    )
