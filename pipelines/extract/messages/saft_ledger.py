"""The general ledger of an audit file: its transactions line by line, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages import saft_paths as paths
from pipelines.extract.messages.saft_audit import AuditFile, summed
from pipelines.extract.messages.saft_cells import amount, cells_of
from pipelines.extract.messages.saft_chart import tax_key
from pipelines.extract.messages.xml_stream import local

Cells = dict[str, str]
KEPT = 5
"""Places that are told of each kind of fault."""
_OF_JOURNAL = {"JournalID": "journal_id", "Description": "journal_name", "Type": "journal_type"}


@dataclass
class Misses:
    """Lines of one fault: how many, and the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append(place)


class Ledger:
    """The transactions of one pass, each counted into its section and compared with the master files."""

    def __init__(self, audit: AuditFile) -> None:
        self.audit = audit
        self.faulty = Misses()
        self._misses = {name: Misses() for name in ("accounts", "partners", "tax_codes")}
        self._outside = Misses()

    def take(self, element: Any) -> list[Cells]:
        """The lines of a transaction, counted and judged."""
        found = self.audit.section("general_ledger")
        found.entries += 1
        lines = list(_entries(element, self.audit))
        faults = set()
        balance = Decimal(0)
        for cells in lines:
            summed(cells, found, counts=True)
            balance += amount(cells.get("debit_amount")) - amount(cells.get("credit_amount"))
            for kind, said in self._unknown(cells):
                self._misses[kind].add(f"{cells['position']}: {said}")
                faults.add(said)
        if balance:
            faults.add(f"debits are not credits by {balance:f}")
        name = lines[0].get("transaction_id", "without number") if lines else "without lines"
        if faults:
            self.faulty.add(f"transaction {name}: {', '.join(sorted(faults))}")
        self._note_date(lines, name)
        return lines

    def totals(self) -> Iterator[FormatTotal]:
        """What names something that its master file does not have."""
        names = {
            "accounts": "entries_on_unknown_accounts", "partners": "entries_of_unknown_partners",
            "tax_codes": "entries_with_unknown_tax_codes",
        }  # fmt: skip
        for kind, misses in self._misses.items():
            known = {"customers", "suppliers"} if kind == "partners" else {kind}
            if known & self.audit.has:
                yield FormatTotal(names[kind], "0", str(misses.count), "; ".join(misses.first))

    def warnings(self) -> Iterator[str]:
        """Transactions that are not of the period of the file."""
        if self._outside.count:
            first = "; ".join(self._outside.first)
            yield f"{self._outside.count} transactions dated outside the period of the file, first {first}"

    def _unknown(self, cells: Cells) -> Iterator[tuple[str, str]]:
        audit = self.audit
        if "accounts" in audit.has and (account := cells.get("account_id", "")) not in audit.ids["accounts"]:
            yield "accounts", f"no account {account}"
        for kind in ("customer", "supplier"):
            number = cells.get(f"line_{kind}_id") or cells.get(f"{kind}_id")
            if number and f"{kind}s" in audit.has and number not in audit.ids[f"{kind}s"]:
                yield "partners", f"no {kind} {number}"
        if "tax_codes" in audit.has and (key := cells.get("tax_key")) and key not in audit.tax_keys:
            yield "tax_codes", f"no tax code {key}"

    def _note_date(self, lines: list[Cells], name: str) -> None:
        header = self.audit.header.cells
        day = lines[0].get("transaction_date", "")[:10] if lines else ""
        if day and not header["period_start"] <= day <= header["period_end"]:
            self._outside.add(f"{name} of {day}")


def _entries(element: Any, audit: AuditFile) -> Iterator[Cells]:
    """The lines of a transaction, each with what stands above it."""
    transaction = cells_of(element, paths.TRANSACTION_COLUMNS, paths.LINES_IN)
    rest = transaction.pop("other", None)
    transaction |= audit.header.common
    for child in element.getparent():
        if column := _OF_JOURNAL.get(local(child)):
            transaction[column] = child.text or ""
    lines = [child for child in element if local(child) in paths.LINE_NAMES]
    lines += [line for child in element if local(child) == "Lines" for line in child]
    for place, line in enumerate(lines, 1):
        own = cells_of(line, paths.ENTRY_COLUMNS)
        if rest and place == 1:
            own["other"] = "; ".join([*([own["other"]] if "other" in own else []), f"Transaction: {rest}"])
        cells = transaction | own
        cells["line_place"] = str(place)
        if "tax_code" in cells:
            cells["tax_key"] = tax_key(cells, flat=audit.header.is_flat)
        cells["partner_id"] = (
            own.get("line_customer_id") or own.get("line_supplier_id")
            or transaction.get("customer_id") or transaction.get("supplier_id") or ""
        )  # fmt: skip
        name = transaction.get("transaction_id", "without number")
        cells["position"] = f"transaction {name}, line {place}; line {line.sourceline} of the file"
        yield cells
