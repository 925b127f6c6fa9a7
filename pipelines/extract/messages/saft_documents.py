"""Source documents of an audit file: invoices, payments, movements of goods and working documents, with their lines.

What is wrong with a document beyond its structure is told in the cell `message_faults`, by the names of `FAULTS`; what
is only strange in `message_warnings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipelines.extract.messages.saft_audit import AuditFile, summed
from pipelines.extract.messages.saft_cells import amount, cells_of, number, plain
from pipelines.extract.messages.saft_chart import tax_key
from pipelines.extract.messages.saft_header import Header
from pipelines.extract.messages.saft_paths import DOCUMENT_COLUMNS, LINE_COLUMNS, LINE_NAMES, LINES_IN, SECTIONS, SUMS
from pipelines.extract.messages.xml_stream import local

FAULTS = {
    "customer_unknown": "names a customer that the file has no master record of",
    "supplier_unknown": "names a supplier that the file has no master record of",
    "product_unknown": "a line names a product that the file has no master record of",
    "internal_code_repeated": "internal code of the document is that of another type of documents",
    "lines_differ": "lines do not add up to the net total of the document",
    "gross_differs": "net and tax do not give the gross total of the document",
    "invoice_debits": "lines of an invoice debit more than they credit: a credit note?",
    "credit_note_credits": "lines of a credit note credit more than they debit: an invoice?",
    "debit_of_invoice": "receipt debits an invoice: only credit notes are settled in debit",
    "credit_of_credit_note": "receipt credits a credit note: only invoices are settled in credit",
    "signature_missing": "document of certified software without a signature",
    "signature_malformed": "signature is not 172 characters of Base64",
    "exemption_without_reason": "line without VAT gives no reason and no code of the exemption",
}
WARNINGS = {
    "date_outside_period": "dated outside the period that the file is for",
    "date_before_previous": "dated before the document of the number before",
}
CREDIT_NOTES = frozenset({"NC", "TD", "DA", "RE", "381", "CN", "CREDITNOTE", "CREDIT NOTE", "CREDIT"})
_SUM_AT = {path: column for column, places in SUMS.items() for path in places}
_SERIES = re.compile(r"(([^ ]+) [^/]*)/(\d{1,18})")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{171,172}={0,2}")
_CENT = Decimal("0.01")


@dataclass
class Series:
    """The documents of one series: enough to know whether numbers are missing, and of which type they are."""

    kind: str
    last: int
    date: str
    low: int
    high: int
    count: int = 1
    gaps: list[str] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many numbers between its first and its last are not there."""
        return max(self.high - self.low + 1 - self.count, 0)


@dataclass
class Document:
    """A document with its lines, laid out."""

    cells: dict[str, str]
    lines: list[dict[str, str]]


class Documents:
    """Lays out the documents of one pass, and compares each with those before it."""

    def __init__(self, audit: AuditFile) -> None:
        self.audit = audit
        self.series: dict[tuple[str, str], Series] = {}
        self.faulty: dict[str, int] = {}
        self.first_faulty: dict[str, list[str]] = {}
        self._types: dict[tuple[str, str], str] = {}

    def take(self, section: str, element: Any) -> Document:
        """One document: counted into its section, and judged."""
        header, found = self.audit.header, self.audit.section(section)
        found.entries += section != "movement_of_goods"
        cells = cells_of(element, DOCUMENT_COLUMNS, LINES_IN, _SUM_AT)
        counts = cells.get("status") != "A" and not (section == "sales_invoices" and cells.get("status") == "F")
        lines = []
        for line in element:
            if local(line) in LINE_NAMES:
                lines.append(_line(line, section))
                if "tax_code" in lines[-1]:
                    lines[-1]["tax_key"] = tax_key(lines[-1], flat=header.is_flat)
                summed(lines[-1], found, counts=counts)
        if section == "movement_of_goods":
            found.entries = found.lines
        called = SECTIONS[section].called
        number_ = cells.get("document_id") or "without number"
        cells |= header.common | {
            "section_code": section,
            "position": f"{called} {number_}, line {element.sourceline} of the file",
        }
        _totals(cells, lines, section)
        for kind in ("customer", "supplier"):
            name = self.audit.ids[f"{kind}s"].get(cells.get(f"{kind}_id", ""), "")
            if name:
                cells.setdefault(f"{kind}_name", name)
        warnings = list(self._in_series(section, cells))
        faults = list(self._faults(section, cells, lines))
        start, end = header.cells["period_start"], header.cells["period_end"]
        if cells.get("document_date") and not start <= cells["document_date"][:10] <= end:
            warnings.append("date_outside_period")
        cells["message_faults"] = " ".join(faults) or "none"
        cells["message_warnings"] = " ".join(warnings) or "none"
        if faults:
            self.faulty[section] = self.faulty.get(section, 0) + 1
            if len(first := self.first_faulty.setdefault(section, [])) < 5:
                first.append(f"{called} {number_}: {cells['message_faults']}")
        return Document(cells, lines)

    def missing(self, section: str) -> tuple[int, str]:
        """How many numbers the series of a section lack, and the first gaps."""
        of = [s for (code, _), s in self.series.items() if code == section]
        return sum(s.missing for s in of), "; ".join([gap for s in of if s.missing for gap in s.gaps][:5])

    def _faults(self, section: str, cells: dict[str, str], lines: list[dict[str, str]]) -> Iterator[str]:
        audit, flat = self.audit, self.audit.header.is_flat
        for kind, name in (("customers", "customer_id"), ("suppliers", "supplier_id")):
            if cells.get(name) and (flat or kind in audit.has) and cells[name] not in audit.ids[kind]:
                yield f"{kind[:-1]}_unknown"
        products = (
            {ln["product_id"] for ln in lines if "product_id" in ln} if flat or "products" in audit.has else set()
        )
        if not products <= audit.ids["products"].keys():
            yield "product_unknown"
        if flat:
            kind = cells.get("document_type", "")
            if (code := cells.get("internal_code")) and self._types.setdefault((section, code), kind) != kind:
                yield "internal_code_repeated"
            yield from _of_totals(section, cells, lines)
            yield from _of_signature(section, cells, audit.header)
            if section == "payments":
                yield from self._of_sides(lines)
            if section == "sales_invoices" and any(map(_unexplained, lines)):
                yield "exemption_without_reason"

    def _of_sides(self, lines: list[dict[str, str]]) -> Iterator[str]:
        """A series holds documents of one type, so that of a settled document is known by its series."""
        for line in lines:
            found = _SERIES.fullmatch(line.get("settles_id", ""))
            of = self.series.get(("sales_invoices", found[1])) if found else None
            if of is None:
                continue
            credit_note = of.kind in CREDIT_NOTES
            if not credit_note and amount(line.get("debit_amount")):
                yield "debit_of_invoice"
                return
            if credit_note and amount(line.get("credit_amount")):
                yield "credit_of_credit_note"
                return

    def _in_series(self, section: str, cells: dict[str, str]) -> Iterator[str]:
        found = _SERIES.fullmatch(cells.get("document_id", "")) if self.audit.header.is_flat else None
        if not found:
            return
        name, number_ = found[1], int(found[3])
        cells |= {"internal_code": found[2], "series_id": name, "series_number": str(number_)}
        date = cells.get("document_date", "")
        before = self.series.get((section, name))
        if before is None:
            self.series[section, name] = Series(
                cells.get("document_type", ""), number_, date, low=number_, high=number_
            )
            return
        if number_ > before.last + 1 and len(before.gaps) < 5:
            first, last = before.last + 1, number_ - 1
            before.gaps.append(f"{name}/{first}" + (f" to {last}" if last > first else "") + " missing")
        if number_ != before.last:
            before.count += 1
        if number_ == before.last + 1 and date < before.date:
            yield "date_before_previous"
        before.last, before.date = number_, date
        before.low, before.high = min(before.low, number_), max(before.high, number_)


def _line(element: Any, section: str) -> dict[str, str]:
    """The cells of a line; debit and credit also where the file gives an amount and an indicator."""
    cells = cells_of(element, LINE_COLUMNS)
    if (text := cells.get("line_amount")) and not cells.get("debit_amount") and not cells.get("credit_amount"):
        side = "debit_amount" if cells.get("debit_credit", "").upper().startswith("D") else "credit_amount"
        cells[side] = text
    debit, credit = amount(cells.get("debit_amount")), amount(cells.get("credit_amount"))
    cells["net_amount"] = plain(debit - credit if section == "purchase_invoices" else credit - debit)
    cells["line_position"] = f"line {element.sourceline} of the file"
    return cells


def _totals(cells: dict[str, str], lines: list[dict[str, str]], section: str) -> None:
    """Counts and sums of the lines, and the document's own totals with the sign that our ledgers give them."""
    debit = sum((amount(ln.get("debit_amount")) for ln in lines), Decimal(0))
    credit = sum((amount(ln.get("credit_amount")) for ln in lines), Decimal(0))
    cells |= {"line_count": str(len(lines)), "debit_total": plain(debit), "credit_total": plain(credit)}
    own = debit - credit if section == "purchase_invoices" else credit - debit
    _round(lines)
    credit_note = cells.get("document_type", "").upper() in CREDIT_NOTES or (own < 0 and section != "payments")
    cells["document_kind"] = "credit_note" if credit_note else "invoice"
    for name, total in (("net_amount", "net_total"), ("tax_amount", "tax_payable"), ("gross_amount", "gross_total")):
        if (value := number(cells.get(total))) is not None:
            cells[name] = plain(-abs(value) if credit_note and value else value)
    cells["partner_id"] = cells.get("customer_id") or cells.get("supplier_id") or ""
    for name, column in (("customer_id", "line_customer_id"), ("supplier_id", "line_supplier_id")):
        if not cells["partner_id"] and (of_lines := {ln[column] for ln in lines if column in ln}):
            cells[name] = cells["partner_id"] = of_lines.pop() if len(of_lines) == 1 else ""
    for column in ("settles_id", "corrects_id"):
        named = dict.fromkeys(ln[column] for ln in lines if ln.get(column))
        if named:
            cells[f"all_{column}"] = "; ".join(named)
        if len(named) == 1:
            cells[column] = next(iter(named))


def _round(lines: list[dict[str, str]]) -> None:
    """Net amounts to the cent that add up to the rounded sum of all lines: each takes what is left of those before."""
    exact = done = Decimal(0)
    for line in lines:
        exact += amount(line["net_amount"])
        rounded = exact.quantize(_CENT, ROUND_HALF_UP)
        line["net_rounded"] = plain(rounded - done)
        done = rounded


def _of_totals(section: str, cells: dict[str, str], lines: list[dict[str, str]]) -> Iterator[str]:
    net, tax, gross = (number(cells.get(name)) for name in ("net_total", "tax_payable", "gross_total"))
    own = amount(cells["credit_total"]) - amount(cells["debit_total"])
    if section == "sales_invoices":
        credit_note = cells.get("document_type") in CREDIT_NOTES
        if own < 0 and not credit_note:
            yield "invoice_debits"
        if own > 0 and credit_note:
            yield "credit_note_credits"
        own = -own if credit_note else own
    else:
        own = abs(own)
    rounding = _CENT / 2 * (len(lines) + 1)  # each line and the total are rounded on their own
    if net is not None and lines and abs(own - net) > rounding:
        yield "lines_differ"
    if None not in (net, tax, gross) and abs(amount(cells["net_total"]) + amount(cells["tax_payable"])
                                             - amount(cells["gross_total"])) > _CENT:  # fmt: skip
        yield "gross_differs"


def _of_signature(section: str, cells: dict[str, str], header: Header) -> Iterator[str]:
    """That a signature is there and has its form; whether it is genuine only the key of the software tells."""
    if section == "payments":
        return
    signature = cells.get("signature", "")
    certified = header.cells.get("software_certificate", "0").strip("0") != ""
    if signature in ("", "0"):
        if certified and cells.get("source_billing", "P") == "P":
            yield "signature_missing"
    elif len(signature) != 172 or not _SIGNATURE.fullmatch(signature):
        yield "signature_malformed"


def _unexplained(line: dict[str, str]) -> bool:
    rate = number(line.get("tax_percentage"))
    return rate == 0 and line.get("tax_type") == "IVA" and not (
        line.get("exemption_reason") and line.get("exemption_code")
    )  # fmt: skip
