"""Electronic invoices of EN 16931 as tables; `pipelines/formats/einvoice.yaml` says where a column has its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages.en16931 import View, foreign
from pipelines.extract.messages.invoice import Group
from pipelines.extract.messages.invoice_file import InvoiceFile, parse, read_invoice
from pipelines.extract.messages.invoice_rows import Rows
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.formats import message_format

__all__ = ["Messages", "parse"]

_PLACE = re.compile(
    r"(?P<whole>/?)(?P<groups>(?:BG-\d+/)*)(?P<term>BT-(?:X-)?\d+)(?:@(?P<attribute>[a-z_]+))?(?=[,;]|$)"
)
_SHOWN = 8


class Messages(MessageTable):
    """One invoice in XML or PDF. It is read whole, since its rules look at all of it; what is attached is not kept."""

    def records(self) -> Iterator[Record]:
        """The rows of one table."""
        read = read_invoice(self.path, self.name)
        self._tell(read)
        table = self.fmt.table or "invoices"
        places = _places(table)
        for number, row in enumerate(Rows(read, self.columns).of(table), start=1):
            cells = {column: place.text(read.invoice, row.group) for column, place in places.items()}
            yield Record(number, {**cells, **row.cells})

    def _tell(self, read: InvoiceFile) -> None:
        """What was not understood, and the number of lines that the message says it has."""
        if read.inside:
            others = f"; not read: {', '.join(read.beside[:_SHOWN])}" if read.beside else ""
            self.tally.warnings.append(
                f"read from {read.inside}, embedded in the PDF; its pages are not compared{others}"
            )
        if read.invoice.is_xml and (specification := foreign(View(read.invoice))):
            self.tally.warnings.append(
                f"judged by EN 16931 only: it follows {specification}, whose rules are not known"
            )
        known = sorted(read.unknown.items(), key=lambda item: item[1].line)
        if known:
            shown = ", ".join(f"{path} ({it.count} times, first on line {it.line})" for path, it in known[:_SHOWN])
            more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
            self.tally.warnings.append(f"elements that are no term of EN 16931: {shown}{more}")
        count = read.invoice.term("X-LineCountNumeric")
        if count is not None:
            found = len(read.invoice.all("BG-25"))
            self.tally.totals.append(FormatTotal("lines", count.text.strip(), str(found), "LineCountNumeric"))


class Place(NamedTuple):
    """Where a column has its value: from the whole invoice or from the group of the row, down to a term."""

    whole: bool
    groups: tuple[str, ...]
    term: str
    attribute: str | None

    def text(self, invoice: Group, group: Group) -> str:
        """The first that there is, empty when there is none."""
        found = [invoice if self.whole else group]
        for name in self.groups:
            found = [below for above in found for below in above.all(name)]
        term = next((term for group in found if (term := group.term(self.term)) is not None), None)
        if term is None:
            return ""
        return (term.attributes.get(self.attribute, "") if self.attribute else term.text).strip()


@cache
def _places(table: str) -> Mapping[str, Place]:
    """The places that the declaration of the format names, by column."""
    columns = message_format("einvoice").tables[table].columns
    found = {column: _PLACE.match(text) for column, text in columns.items()}
    return {
        column: Place(bool(m["whole"]), tuple(m["groups"].split("/")[:-1]), m["term"], m["attribute"])
        for column, m in found.items()
        if m is not None
    }
