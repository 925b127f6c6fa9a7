"""What later documents of an audit file take from earlier ones: credit notes from invoices, receipts from what is due.

Of each document only what is left of it is kept, in blocks of whole numbers by its place in its series, so that a
million documents need some megabytes. A document may stand behind those that take from it: then what they took is
kept, and the later one is judged.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from pipelines.extract.messages.saft_cells import amount, number
from pipelines.extract.messages.saft_series import Numbers

Cells = Mapping[str, str]
BLOCK = 32
MOST_BLOCKS = 100_000
"""Documents of more blocks are not compared any more: some fifty megabytes."""
_MOST = 2**62


class Remainders:
    """Cents that are left of documents, by their numbers."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[tuple[str, ...], int], array[int]] = {}
        self._told = Numbers()

    def tell(self, name: str, cents: int, *scope: str) -> int | None:
        """Take a document in: what is left of it, with what was taken before; None when it is not compared."""
        self._told.add(name, *scope)
        return self.take(name, -cents, *scope)

    def take(self, name: str, cents: int, *scope: str) -> int | None:
        """Take from a document: what is left of it; None when it was not told yet, or is not compared."""
        key, place = self._told.place(name, scope)
        block = self._blocks.get((key, place // BLOCK))
        if block is None:
            if len(self._blocks) >= MOST_BLOCKS:
                return None
            block = self._blocks[key, place // BLOCK] = array("q", bytes(8 * BLOCK))
        block[place % BLOCK] = max(-_MOST, min(_MOST, block[place % BLOCK] - cents))
        return block[place % BLOCK] if self._told.has(name, *scope) else None


class Settled:
    """What is left of the invoices of one pass: net for the documents that correct them, gross for receipts."""

    def __init__(self) -> None:
        self._net, self._due = Remainders(), Remainders()

    def faults(self, section: str, cells: Cells, lines: Sequence[Cells]) -> Iterator[str]:
        """That credit notes for an invoice do not come to more than it, nor to anything of a cancelled one."""
        name, net = cells.get("document_id", ""), number(cells.get("net_total"))
        if section not in ("sales_invoices", "purchase_invoices") or not name or net is None:
            return
        scope = (section, cells.get("supplier_id", "") if section == "purchase_invoices" else "")
        counts = cells.get("status") != "A"
        over = False
        if counts:
            for of, taken in _by_document(cells, lines, "corrects_id").items():
                over |= _is_over(self._net.take(of, taken, *scope), len(lines))
        if cells.get("document_kind") == "invoice":
            over |= _is_over(self._net.tell(name, _cents(abs(net)) if counts else 0, *scope), len(lines))
        if over:
            yield "credit_exceeds_invoice"

    def warnings(self, section: str, cells: Cells, lines: Sequence[Cells]) -> Iterator[str]:
        """That receipts for an invoice do not come to more than its gross total.

        Credit notes leave it as it is: a receipt settles the whole invoice, and the credit note beside it.
        """
        name, gross, over = cells.get("document_id", ""), number(cells.get("gross_total")), False
        counts = cells.get("status") != "A"
        if section == "sales_invoices" and cells.get("document_kind") == "invoice" and name and gross is not None:
            over = _is_over(self._due.tell(name, _cents(abs(gross)) if counts else 0), len(lines))
        if section == "payments" and counts:
            for of, taken in _by_document(cells, lines, "settles_id").items():
                over |= _is_over(self._due.take(of, -taken), len(lines))
        if over:
            yield "settles_more_than_due"


def _by_document(cells: Cells, lines: Sequence[Cells], column: str) -> dict[str, int]:
    """Cents by the document that lines name; lines that name none go to the one that the others do."""
    sums: dict[str, Decimal] = {}
    if not any(column in line for line in lines):
        return {}
    for line in lines:
        if of := line.get(column) or cells.get(column, ""):
            sums[of] = sums.get(of, Decimal(0)) - amount(line.get("net_amount"))
    return {of: _cents(total) for of, total in sums.items()}


def _is_over(left: int | None, lines: int) -> bool:
    """Whether more was taken than there was; each line is rounded on its own."""
    return left is not None and left < -2 - lines


def _cents(value: Decimal) -> int:
    return max(-_MOST, min(_MOST, int(value.scaleb(2).to_integral_value())))
