"""A file with an electronic invoice, XML or PDF, as the tree of EN 16931."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

from lxml import etree

from pipelines.errors import DeliveryError
from pipelines.extract.lines import refuse_other_kinds
from pipelines.extract.messages import cii, ubl, ubl_children
from pipelines.extract.messages.invoice import Group, Invoice, Syntax, Unread
from pipelines.extract.messages.invoice_paths import Node, Unknown, Walk
from pipelines.extract.messages.invoice_pdf import invoice_of_pdf, is_pdf
from pipelines.extract.messages.xml_stream import elements, local, namespace

MAX_BYTES = 256 << 20
"""No invoice is larger, its attachments included; bounds the memory of the reader."""

MAX_LINES = 100_000
"""An invoice is held as a whole, since its rules look at all of it: some 9 kB a line."""

_LINE = "BG-25"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_ENVELOPE = "StandardBusinessDocument"
"""What an invoice may be wrapped in, as Peppol sends it."""
_EXPECTED = (
    "an invoice in UBL 2.1 (Invoice, CreditNote) or CII (CrossIndustryInvoice; ZUGFeRD 1: CrossIndustryDocument)"
)


class Form(NamedTuple):
    """One kind of root element: how what is below it is read, and where its lines are, those of its own first."""

    syntax: Syntax
    spaces: tuple[str, ...]
    head: Node
    lines: tuple[str, ...]
    line: Node
    settle: Callable[[Invoice], None]


FORMS: Mapping[str, Form] = MappingProxyType({
    "Invoice": Form("ubl invoice", (f"{_UBL}Invoice-2",), ubl.HEAD, ubl.LINES, ubl.LINE, ubl.settle),
    "CreditNote": Form(
        "ubl credit note", (f"{_UBL}CreditNote-2",), ubl.HEAD_OF_CREDIT, ubl.LINES[::-1], ubl.LINE, ubl.settle
    ),
    "CrossIndustryInvoice": Form(
        "cii", ("urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",), cii.HEAD,
        ("SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem",), cii.LINE, cii.settle,
    ),
    "CrossIndustryDocument": Form(
        "cii", ("urn:ferd:CrossIndustryDocument:invoice:1p0",), cii.HEAD,
        ("SpecifiedSupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem",), cii.LINE, cii.settle,
    ),
})  # fmt: skip


@dataclass
class InvoiceFile:
    """An invoice as read: `root` is the name of its outermost element, `unknown` what no path leads to."""

    invoice: Invoice
    root: str
    unknown: dict[str, Unknown] = field(default_factory=dict)
    inside: str = ""
    """Name of the XML inside a PDF."""
    beside: list[str] = field(default_factory=list)
    """Names of the other files inside it."""


def parse(path: Path, name: str) -> Invoice:
    """The invoice of a file; DeliveryError when there is none in it."""
    return read_invoice(path, name).invoice


def read_invoice(path: Path, name: str) -> InvoiceFile:
    """The invoice of a file, and what of it was not understood."""
    if path.stat().st_size > MAX_BYTES:
        raise DeliveryError(
            "file is too large for an invoice",
            where=name,
            got=f"{path.stat().st_size} bytes",
            expected=f"at most {MAX_BYTES}",
            next_step="send the invoice without its attachments",
        )
    if not is_pdf(path):
        return _of_xml(path, name)
    found = invoice_of_pdf(path, name)
    read = _of_bytes(found.content, f"{name}!/{found.inside}")
    for rival, content in found.rivals.items():
        _refuse_another(read.invoice, content, f"{name}!/{rival}")
    read.inside, read.beside = found.inside, found.beside
    return read


def _of_bytes(content: bytes, name: str) -> InvoiceFile:
    with TemporaryDirectory(prefix="kontor-invoice-") as folder:
        xml = Path(folder) / "invoice.xml"
        xml.write_bytes(content)
        return _of_xml(xml, name)


def _refuse_another(invoice: Invoice, content: bytes, name: str) -> None:
    """A second file that is called as invoices are may be the same one in other words, and an order, but no other."""
    try:
        other = _of_bytes(content, name).invoice
    except DeliveryError:
        return
    if other.text("BT-1") != invoice.text("BT-1"):
        raise DeliveryError(
            "PDF has two different invoices inside",
            where=name,
            got=f"invoice {other.text('BT-1') or 'without a number'}",
            expected=f"invoice {invoice.text('BT-1') or 'without a number'}, as the other embedded file says",
            next_step="send each invoice in a PDF of its own",
        )


def _of_xml(path: Path, name: str) -> InvoiceFile:
    envelope, root, line = _beginning(path, name)
    form = FORMS[root]
    invoice = Invoice("invoice", line, syntax=form.syntax)
    walk = Walk(invoice)
    whole = f"{envelope}{root}"
    counted = ubl_children.COUNTED.get(root)
    lines = {f"{whole}/{below}": below for below in form.lines}
    for at, element in elements(path, name, {whole, *lines}):
        if at == whole:
            walk.enter(element, form.head, invoice)
            invoice.miscounted += ubl_children.miscounted(element, counted, root) if counted else ()
            continue
        if len(invoice.all(_LINE)) == MAX_LINES:
            raise _too_long(name, element.sourceline or 0)
        if lines[at] != form.lines[0]:
            invoice.unread.append(Unread(lines[at], None, element.sourceline or 0))
        group = Group(_LINE, element.sourceline or 0)
        invoice.groups.setdefault(_LINE, []).append(group)
        walk.enter(element, form.line, group, lines[at])
        if counted and (own := counted.below.get(lines[at])):
            invoice.miscounted += ubl_children.miscounted(element, own, f"{root}/{lines[at]}")
    walk.finish()
    form.settle(invoice)
    return InvoiceFile(invoice, root, walk.unknown)


def _too_long(name: str, line: int) -> DeliveryError:
    return DeliveryError(
        "invoice has too many lines",
        where=f"{name}:{line}",
        got=f"more than {MAX_LINES}",
        expected=f"at most {MAX_LINES}",
        next_step="send several invoices, or one with lines that sum up others",
    )


def _beginning(path: Path, name: str) -> tuple[str, str, int]:
    """What the invoice is wrapped in, its outermost element and the line of it; DeliveryError when it is none."""
    refuse_other_kinds(path, name, "an XML document")
    envelope = ""
    for element, depth in _starts(path, name):
        root = local(element)
        if depth == 1 and root == _ENVELOPE:
            envelope = f"{_ENVELOPE}/"
        elif root in FORMS and namespace(element) in FORMS[root].spaces:
            return envelope, root, element.sourceline or 0
        elif depth == 1 or root in FORMS:
            raise _no_invoice(element, name)
    raise DeliveryError(
        "envelope without an invoice",
        where=name,
        got=f"{_ENVELOPE} with none of {', '.join(FORMS)} in it",
        expected=_EXPECTED,
        next_step="send the invoice itself",
    )


def _starts(path: Path, name: str) -> Iterator[tuple[Any, int]]:
    """The first two levels of elements as they begin; DeliveryError when this is no well-formed XML."""
    events = etree.iterparse(
        str(path), events=("start", "end"), load_dtd=False, no_network=True, resolve_entities=False, huge_tree=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    depth = 0
    try:
        for event, element in events:
            depth += 1 if event == "start" else -1
            if event == "start" and depth <= 2:
                yield element, depth
    except etree.XMLSyntaxError:
        for _ in elements(path, name, ()):
            pass
        raise


def _no_invoice(element: Any, name: str) -> DeliveryError:
    return DeliveryError(
        "file is no electronic invoice",
        where=f"{name}:{element.sourceline}",
        got=f"the element {local(element)[:60]!r} in the namespace {namespace(element)[:120]!r}",
        expected=_EXPECTED,
        next_step="send the invoice as XML or as a PDF with the XML inside, or let the profile leave such files out",
    )
