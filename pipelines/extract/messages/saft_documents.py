"""Source documents of an audit file: invoices, payments, movements of goods and working documents, with their lines.

What is wrong with a document beyond its structure is told in the cell `message_faults`, by the names of `FAULTS` in
`saft_faults`; what is only strange in `message_warnings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any

from pipelines.extract.messages.saft_audit import AuditFile, summed
from pipelines.extract.messages.saft_cells import amount, cells_of, number, plain
from pipelines.extract.messages.saft_chart import tax_key
from pipelines.extract.messages.saft_faults import (
    CREDIT_NOTES,
    is_outside,
    of_amounts,
    of_exemptions,
    of_line_prices,
    of_line_sums,
    of_line_taxes,
    of_lines,
    of_payment_means,
    of_signature,
    of_totals,
    of_unique_code,
    strange,
    strange_lines,
)
from pipelines.extract.messages.saft_paths import DOCUMENT_COLUMNS, LINE_COLUMNS, LINE_NAMES, LINES_IN, SECTIONS, SUMS
from pipelines.extract.messages.saft_series import KEPT_GAPS, NUMBER, Numbers, Series, Signatures
from pipelines.extract.messages.saft_settled import Settled
from pipelines.extract.messages.saft_taxes import of_taxes, strange_taxes
from pipelines.extract.messages.xml_stream import local

_SUM_AT = {path: column for column, places in SUMS.items() for path in places}
_CENT = Decimal("0.01")
KEPT_FAULTY = 5


@dataclass
class Document:
    """A document with its lines, laid out."""

    cells: dict[str, str]
    lines: list[dict[str, str]]


class Documents:
    """Lays out the documents of one pass, and compares each with those before it."""

    def __init__(self, audit: AuditFile, signatures: Signatures) -> None:
        self.audit = audit
        self.series: dict[tuple[str, str], Series] = {}
        self.faulty: dict[str, int] = {}
        self.first_faulty: dict[str, list[str]] = {}
        self._types: dict[tuple[str, str], str] = {}
        self._signatures = signatures
        self._numbers = Numbers()
        self._settled = Settled()

    def take(self, section: str, element: Any) -> Document:
        """One document: counted into its section, and judged."""
        header, found = self.audit.header, self.audit.section(section)
        found.entries += section != "movement_of_goods"
        cells, lines = laid_out(element, section)
        counts = cells.get("status") != "A" and not (section == "sales_invoices" and cells.get("status") == "F")
        for line in lines:
            if "tax_code" in line:
                line["tax_key"] = tax_key(line, flat=header.is_flat)
            summed(line, found, counts=counts)
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
        faults, warnings = self._in_series(section, cells)
        faults += self._faults(section, cells, lines)
        faults += self._settled.faults(section, cells, lines)
        warnings += self._warnings(section, cells, lines)
        cells["message_faults"] = " ".join(faults) or "none"
        cells["message_warnings"] = " ".join(warnings) or "none"
        if faults:
            self.faulty[section] = self.faulty.get(section, 0) + 1
            if len(first := self.first_faulty.setdefault(section, [])) < KEPT_FAULTY:
                first.append(f"{called} {number_}: {cells['message_faults']}")
        return Document(cells, lines)

    def missing(self, section: str) -> tuple[int, str]:
        """How many numbers the series of a section lack, and the first gaps."""
        of = [s for (code, _), s in self.series.items() if code == section]
        gaps = (gap for series in of for gap in series.gaps())
        return sum(series.missing for series in of), "; ".join(islice(gaps, KEPT_GAPS))

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
        if "tax_codes" in audit.has and not {ln["tax_key"] for ln in lines if "tax_key" in ln} <= audit.tax_keys:
            yield "tax_code_unknown"
        yield from of_lines(lines)
        if flat:
            kind = cells.get("document_type", "")
            if (code := cells.get("internal_code")) and self._types.setdefault((section, code), kind) != kind:
                yield "internal_code_repeated"
            yield from of_amounts(section, cells, lines)
            yield from of_signature(section, cells, audit.header)
            yield from of_unique_code(cells)
            if is_outside(cells, audit.header):
                yield "date_outside_period"
            if self._is_unposted(cells):
                yield "transaction_unknown"
            if section == "payments":
                yield from self._of_sides(lines)
                if any(map(self._settles_missing, lines)):
                    yield "settles_missing_document"
            yield from of_exemptions(section, lines, audit.header)
            if audit.header.cells["format_code"] == "saft_pt":
                yield from of_taxes(lines)
        else:
            yield from self._of_tables(cells, lines)
            yield from of_line_sums(section, cells, lines)
            yield from of_totals(cells)
            yield from of_line_taxes(lines)

    def _of_tables(self, cells: dict[str, str], lines: list[dict[str, str]]) -> Iterator[str]:
        """That units and kinds of movements are in the tables of them, where the file has such."""
        audit = self.audit
        if "units" in audit.has and not {ln["unit"] for ln in lines if "unit" in ln} <= audit.ids["units"].keys():
            yield "unit_unknown"
        kind = cells.get("document_type") if cells["section_code"] == "movement_of_goods" else None
        if kind and "movement_types" in audit.has and kind not in audit.ids["movement_types"]:
            yield "movement_type_unknown"

    def _warnings(self, section: str, cells: dict[str, str], lines: list[dict[str, str]]) -> Iterator[str]:
        yield from strange(cells, self.audit.header)
        yield from self._settled.warnings(section, cells, lines)
        if section == "payments":
            yield from of_payment_means(cells)
        if not self.audit.header.is_flat:
            yield from of_line_prices(lines)
            return
        yield from strange_lines(section, cells, lines)
        if any(map(self._corrects_missing, lines)):
            yield "corrects_missing_document"
        if section == "payments" and any(map(self._settles_unknown, lines)):
            yield "settles_unknown_series"
        if self.audit.header.cells["format_code"] == "saft_pt":
            yield from strange_taxes(cells, lines)

    def _of_sides(self, lines: list[dict[str, str]]) -> Iterator[str]:
        """A series holds documents of one type, so that of a settled document is known by its series."""
        for line in lines:
            of, _ = self._settled_by(line)
            if of is None:
                continue
            credit_note = of.kind in CREDIT_NOTES
            if not credit_note and amount(line.get("debit_amount")):
                yield "debit_of_invoice"
                return
            if credit_note and amount(line.get("credit_amount")):
                yield "credit_of_credit_note"
                return

    def _settled_by(self, line: dict[str, str]) -> tuple[Series | None, int]:
        """The series of the invoice that a line of a receipt settles, None when the file has none of it; its number."""
        found = NUMBER.fullmatch(line.get("settles_id", ""))
        return (self.series.get(("sales_invoices", found[1])), int(found[3])) if found else (None, 0)

    def _settles_missing(self, line: dict[str, str]) -> bool:
        of, number_ = self._settled_by(line)
        start, end = (self.audit.header.cells[name] for name in ("period_start", "period_end"))
        return of is not None and number_ not in of and start <= line.get("settles_date", "") <= end

    def _settles_unknown(self, line: dict[str, str]) -> bool:
        """Whether a line names a document of the period, and the file has invoices but none of that series."""
        of, number_ = self._settled_by(line)
        start, end = (self.audit.header.cells[name] for name in ("period_start", "period_end"))
        told = bool(number_) and of is None and start <= line.get("settles_date", "") <= end
        return told and any(section == "sales_invoices" for section, _ in self.series)

    def _corrects_missing(self, line: dict[str, str]) -> bool:
        """Whether a line names a document that a series lacks, or that is behind the last one it has by now."""
        found = NUMBER.fullmatch(line.get("corrects_id", ""))
        of = self.series.get(("sales_invoices", found[1])) if found else None
        return bool(found and of and of.runs[0][0] < int(found[3]) and int(found[3]) not in of)

    def _is_unposted(self, cells: dict[str, str]) -> bool:
        """Whether a document names a transaction of the period, by the date that begins its number, and there is none.

        Files without a ledger, and numbers without a date, cannot tell.
        """
        name, audit = cells.get("transaction_id", ""), self.audit
        start, end = (audit.header.cells[c] for c in ("period_start", "period_end"))
        return "general_ledger" in audit.has and start <= name[:10] <= end and name not in audit.transactions

    def _in_series(self, section: str, cells: dict[str, str]) -> tuple[list[str], list[str]]:
        """Faults and warnings by what came before a document in its series."""
        if not self.audit.header.is_flat:
            of_whom = cells.get("supplier_id", "") if section == "purchase_invoices" else ""
            name = cells.get("document_id", "")
            return ([] if not name or self._numbers.add(name, section, of_whom) else ["number_repeated"]), []
        found = NUMBER.fullmatch(cells.get("document_id", ""))
        if not found:
            return [], []
        name, number_ = found[1], int(found[3])
        cells |= {"internal_code": found[2], "series_id": name, "series_number": str(number_)}
        of = self.series.get((section, name))
        if of is None:
            of = self.series[section, name] = Series(name, cells.get("document_type", ""))
        faults, warnings = ([] if of.add(number_) else ["number_repeated"]), []
        code = cells.get("atcud", "0").rpartition("-")[0]
        if code and of.code and code != of.code:
            faults.append("atcud_code_differs")
        of.code = of.code or code
        date, entered, signature = (cells.get(c, "") for c in ("document_date", "entered_at", "signature"))
        follows = number_ == of.last + 1
        if follows and date < of.date:
            warnings.append("date_before_previous")
        if follows and entered < of.entered:
            warnings.append("entered_before_previous")
        if len(signature) > 1 and section != "payments":
            if follows and signature == of.signature:
                faults.append("signature_repeated")
            elif (follows or number_ == 1) and self._signatures.wrong(cells, of.signature if follows else ""):
                faults.append("signature_wrong")
        of.last, of.date, of.entered, of.signature = number_, date, entered, signature
        return faults, warnings


def laid_out(element: Any, section: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The cells of a document as they stand in it, and those of its lines."""
    lines = [_line(line, section) for line in element if local(line) in LINE_NAMES]
    return cells_of(element, DOCUMENT_COLUMNS, LINES_IN, _SUM_AT), lines


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
