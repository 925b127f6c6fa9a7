"""SAF-T, the Standard Audit File for Tax: of Portugal (1.01 to 1.04), Norway (1.00 to 1.30), and of the OECD (2.00).

One pass through the file gives the records of one table. Totals that the file promises for the section of a table are
counted on the way; so is what breaks its structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from stdnum.pt import nif

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages import saft_paths as paths
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.messages.saft_audit import AuditFile, tax_parts
from pipelines.extract.messages.saft_balances import Balances, Stock
from pipelines.extract.messages.saft_cells import amount, cells_of, plain
from pipelines.extract.messages.saft_chart import Chart, account_type, tax_key
from pipelines.extract.messages.saft_documents import Documents, laid_out
from pipelines.extract.messages.saft_ledger import Ledger, Misses
from pipelines.extract.messages.saft_series import Signatures
from pipelines.extract.messages.xml_stream import local
from pipelines.extract.table import Tally
from pipelines.profile import Format

Cells = dict[str, str]
CONSUMER = "999999990"
"""What Portugal writes for consumers who give no number of their own."""
_MASTERS: Mapping[str, Mapping[str, str]] = {
    "accounts": paths.ACCOUNT_COLUMNS,
    "customers": paths.PARTY_COLUMNS,
    "suppliers": paths.PARTY_COLUMNS,
    "products": paths.PRODUCT_COLUMNS,
    "tax_codes": paths.TAX_COLUMNS,
    "physical_stock": paths.STOCK_COLUMNS,
    "assets": paths.ASSET_COLUMNS,
}
_NAMED = {
    "customers": ("partners_on_unknown_accounts", "accounts", "account_id"),
    "suppliers": ("partners_on_unknown_accounts", "accounts", "account_id"),
    "physical_stock": ("stock_of_unknown_products", "products", "product_id"),
}
"""Master file → total of what names records of another one that is not there."""
_NO_ACCOUNT = frozenset({"Desconhecido", "0"})
"""What Portugal writes for a partner whose account is not known."""
_OTHER = ("owners", "analysis_types", "units", "movement_types", "taxonomies")
DOCUMENTS_OF = {
    "sales_invoices": "sales_invoices", "purchase_invoices": "purchase_invoices", "payments": "payments",
    "movements": "movement_of_goods", "working_documents": "working_documents",
    "asset_transactions": "asset_transactions",
}  # fmt: skip
LINES_OF = {
    "sales_lines": "sales_invoices", "purchase_lines": "purchase_invoices", "payment_lines": "payments",
    "movement_lines": "movement_of_goods", "working_lines": "working_documents",
}  # fmt: skip


_COMMON = (
    "format_code", "company_tax_id", "company_city", "currency_code", "fiscal_year", "period_start", "period_end",
)  # fmt: skip
_REPEATED = (*paths.OF_DOCUMENT, *_COMMON)


class Messages(MessageTable):
    """An audit file, read for one of its tables."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        super().__init__(path, fmt, tally, name)
        self._odd_tax_ids: list[str] = []
        self._lost: dict[str, Misses] = {}
        self._signatures = Signatures(fmt.signature_key)

    def records(self) -> Iterator[Record]:
        """See MessageTable."""
        table = self.fmt.table or "audit_files"
        row = 0
        try:
            for row, cells in enumerate(self._cells(table), 1):
                yield Record(row, cells)
        except RecursionError:
            raise DeliveryError(
                "XML is nested too deeply",
                where=f"{self.name}, after record {row} of {table}",
                got="elements inside each other without end",
                expected="the few levels of an audit file",
                next_step="correct the export and send the file again",
            ) from None

    def _cells(self, table: str) -> Iterator[Cells]:
        if table in ("audit_files", "documents"):
            return self._whole(table)
        if table in ("gl_entries", "balances"):
            return self._ledger(table)
        if table in DOCUMENTS_OF or table in LINES_OF:
            return self._section(table)
        return self._masters(table)

    def _open(self, *interest: str) -> AuditFile:
        return AuditFile(self.path, self.name, interest)

    def _end(self, audit: AuditFile, *sections: str) -> None:
        """What the file promises of the sections that were read, and what is to be told."""
        for section in sections:
            self.tally.totals.extend(audit.totals(section))
        self.tally.totals.append(audit.structure())
        self.tally.warnings.extend(audit.warnings())

    def _masters(self, table: str) -> Iterator[Cells]:
        """Master files; those without a table of their own together, what is in them as `other`."""
        kinds = _OTHER if table == "other_masters" else (table,)
        audit = self._open(*kinds)
        stock = Stock()
        for kind, element in audit.records():
            if table == "physical_stock":
                _into(stock, kind, element)
            if kind not in kinds:
                continue
            for part, above in tax_parts(element) if kind == "tax_codes" else [(element, {})]:
                cells = above | cells_of(part, _MASTERS.get(kind, {}), () if kind != "accounts" else {"Account"})
                if kind == "accounts" and "account_id" not in cells:
                    continue
                cells |= audit.header.common | {
                    "position": f"{local(element)}, line {element.sourceline} of the file",
                    "record_type": kind,
                }
                self._derive(kind, cells, audit)
                self._look_up(kind, cells, audit)
                yield cells
        for name, misses in self._lost.items():
            self.tally.totals.append(FormatTotal(name, "0", str(misses.count), "; ".join(misses.first)))
        if table == "physical_stock":
            self.tally.totals.extend(stock.totals())
        if self._odd_tax_ids:
            first = ", ".join(self._odd_tax_ids[:3])
            self.tally.warnings.append(f"{len(self._odd_tax_ids)} tax numbers with wrong check digits, first {first}")
        self._end(audit)

    def _derive(self, kind: str, cells: Cells, audit: AuditFile) -> None:
        """What a master record says between the lines."""
        if kind == "accounts":
            cells["account_type_code"] = account_type(cells)
        if kind == "physical_stock" and (unit := audit.ids["products"].get(cells.get("product_id", ""))):
            cells.setdefault("unit", unit)  # the standard leaves it out where it is that of the product
        if kind == "tax_codes":
            cells["tax_key"] = tax_key(cells, flat=audit.header.is_flat)
        number = cells.get("tax_id", "")
        if kind in ("customers", "suppliers") and audit.header.cells["format_code"] == "saft_pt":
            of_portugal = cells.get("country_code") == "PT" and number != CONSUMER
            if of_portugal and nif.is_valid(number):
                cells["vat_id"] = number
            elif of_portugal and number:
                self._odd_tax_ids.append(cells.get("partner_id", number))

    def _look_up(self, kind: str, cells: Cells, audit: AuditFile) -> None:
        """Accounts of partners, and products of stock, that the file has no master record of."""
        total, master, column = _NAMED.get(kind, ("", "", ""))
        if master not in audit.has:
            return
        misses = self._lost.setdefault(total, Misses())
        number_ = cells.get(column, "")
        if number_ and number_ not in audit.ids[master] and number_ not in _NO_ACCOUNT:
            misses.add(f"{cells['position']}: no {column.removesuffix('_id')} {number_}")

    def _ledger(self, table: str) -> Iterator[Cells]:
        """The general ledger line by line, or with the balances of its accounts when all lines are seen."""
        audit = self._open("general_ledger", *(["accounts"] if table == "balances" else []))
        audit.section("general_ledger")
        ledger, chart, balances = Ledger(audit), Chart(), Balances()
        turnover: dict[str, list[Decimal]] = {}
        for kind, element in audit.records():
            if table == "balances":
                balances.master(kind, element)
            if kind == "accounts" and table == "balances":
                cells = cells_of(element, paths.ACCOUNT_COLUMNS, {"Account"})
                if "account_id" in cells:
                    at = f"Account {cells['account_id']}, line {element.sourceline} of the file"
                    chart.take(cells | audit.header.common | {"position": at})
            if kind != "general_ledger":
                continue
            lines = ledger.take(element)
            if table == "gl_entries":
                yield from lines
                continue
            for cells in lines:
                balances.entry(cells)
                sums = turnover.setdefault(cells.get("account_id", ""), [Decimal(0), Decimal(0)])
                sums[0] += amount(cells.get("debit_amount"))
                sums[1] += amount(cells.get("credit_amount"))
        for account, cells in chart.accounts.items():
            if "general_ledger" in audit.has:
                debit, credit = turnover.get(account, (Decimal(0), Decimal(0)))
                cells |= {"debit_turnover": plain(debit), "credit_turnover": plain(credit)}
            yield cells
        self.tally.totals.extend(ledger.totals())
        if table == "balances":
            self.tally.totals.extend(chart.totals())
            self.tally.totals.extend(balances.totals())
        self.tally.warnings.extend(ledger.warnings())
        self._end(audit, "general_ledger")

    def _section(self, table: str) -> Iterator[Cells]:
        """Documents of one kind, or their lines."""
        section = DOCUMENTS_OF.get(table) or LINES_OF[table]
        audit = self._open(section)
        documents = Documents(audit, self._signatures)
        for kind, element in audit.records():
            if kind == section or (section == "payments" and kind == "sales_invoices"):
                document = documents.take(kind, element)
                if kind != section:
                    continue
                if table in DOCUMENTS_OF:
                    yield document.cells
                else:
                    yield from (_with_document(document.cells, line, n) for n, line in enumerate(document.lines, 1))
        missing, gaps = documents.missing(section)
        self.tally.totals.append(FormatTotal("missing_numbers", "0", str(missing), gaps))
        faulty, first = documents.faulty.get(section, 0), documents.first_faulty.get(section, [])
        if section not in ("sales_invoices", "purchase_invoices"):  # there each row tells: ledgers set it aside
            self.tally.totals.append(FormatTotal("faulty_documents", "0", str(faulty), "; ".join(first)))
        self._end(audit, section)

    def _whole(self, table: str) -> Iterator[Cells]:
        """All documents, or one row for each section of the file."""
        audit = self._open("all", *paths.SECTIONS, *(kind for kind in paths.MASTER_RECORDS.values()))
        documents, ledger = Documents(audit, self._signatures), Ledger(audit)
        balances, stock = Balances(), Stock()
        for kind, element in audit.records():
            if kind == "general_ledger":
                for cells in ledger.take(element):
                    balances.entry(cells)
            elif kind in paths.DOCUMENT_SECTIONS:
                document = documents.take(kind, element)
                if table == "documents":
                    yield document.cells
                if kind == "movement_of_goods":
                    stock.movement(document.cells, document.lines)
            elif kind == "physical_stock":
                stock.master(element)
            else:
                balances.master(kind, element)
        if table == "audit_files":
            of_balances = {"general_ledger": [*balances.totals()], "movement_of_goods": [*stock.totals()]}
            yield from _sections(audit, documents, ledger, of_balances)
            self.tally.warnings.extend(audit.warnings())
        else:
            self._end(audit)


def _with_document(document: Cells, line: Cells, place: int) -> Cells:
    """A line with what its document says of all of them."""
    cells = {name: document[name] for name in _REPEATED if name in document} | line
    cells["line_place"] = str(place)
    del cells["line_position"]
    cells["document_net_amount"] = document.get("net_amount", "")
    cells["position"] = f"{document['position'].rpartition(', line ')[0]}, line {place}; {line['line_position']}"
    return cells


def _into(stock: Stock, kind: str, element: Any) -> None:
    """Take a record into the stock, when it is of it."""
    if kind == "physical_stock":
        stock.master(element)
    if kind == "movement_of_goods":
        stock.movement(*laid_out(element, kind))


def _sections(
    audit: AuditFile, documents: Documents, ledger: Ledger, of_balances: Mapping[str, list[FormatTotal]]
) -> Iterator[Cells]:
    """A row for each section that the file has: what is promised and what was found."""
    for section in paths.SECTIONS:
        if section not in audit.found:
            continue
        found = audit.found[section]
        missing, gaps = documents.missing(section)
        cells = dict(audit.header.cells)
        cells |= {"section_code": section, "position": found.place or section, "lines_found": str(found.lines)}
        for name, said, counted in found.totals():
            cells |= {f"{name}_said": said, f"{name}_found": counted}
        cells.setdefault("entries_found", str(found.entries))
        cells |= {"missing_numbers": str(missing), "first_gaps": gaps}
        if section == "general_ledger":
            faulty, first = ledger.faulty.count, ledger.faulty.first
        else:
            faulty, first = documents.faulty.get(section, 0), documents.first_faulty.get(section, [])
        cells |= {"faulty_documents": str(faulty), "first_faulty": "; ".join(first)}
        off = [total for total in of_balances.get(section, []) if total.found != total.said]
        cells["balance_faults"] = str(sum(int(total.found) for total in off))
        cells["first_balance_faults"] = "; ".join(total.where for total in off)
        cells |= {"structure_faults": str(audit.faults.count), "first_faults": "; ".join(audit.faults.first)}
        yield cells
