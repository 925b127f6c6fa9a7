"""The general ledger of an audit file: its transactions line by line, and what is wrong with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages import saft_paths as paths
from pipelines.extract.messages.saft_audit import AuditFile, summed
from pipelines.extract.messages.saft_cells import amount, cells_of, number
from pipelines.extract.messages.saft_chart import tax_key
from pipelines.extract.messages.saft_series import Numbers
from pipelines.extract.messages.xml_stream import local

Cells = dict[str, str]
KEPT = 5
_MONTHS = 12
_TOTALS = {
    "accounts": "entries_on_unknown_accounts", "headings": "entries_on_headings",
    "partners": "entries_of_unknown_partners", "tax_codes": "entries_with_unknown_tax_codes",
    "taxes": "entries_with_other_taxes", "conversions": "entries_with_other_conversions",
    "numbers": "transactions_with_wrong_numbers", "periods": "transactions_outside_period",
    "analyses": "entries_with_unknown_analyses", "records": "entries_with_repeated_numbers",
}  # fmt: skip
"""What can be wrong with a line or a transaction, and the total that says how often it is."""
_LEAST_OFF, _MOST_OFF_BY_RATE = Decimal(1), Decimal("0.01")
"""Whole units, and rates of few digits."""
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
        self._misses = {name: Misses() for name in _TOTALS}
        self._outside = Misses()
        self._shifts: dict[int, Misses] = {}
        self._numbers = Numbers()

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
            for kind, said in (*self._unknown(cells), *self._unlike(cells)):
                self._misses[kind].add(f"{cells['position']}: {said}")
                faults.add(said)
        if balance:
            faults.add(f"debits are not credits by {balance:f}")
        name = lines[0].get("transaction_id", "without number") if lines else "without lines"
        for kind, said in (*self._of_transaction(lines[0]), *_repeated(lines)) if lines else ():
            self._misses[kind].add(f"transaction {name}, line {element.sourceline} of the file: {said}")
            faults.add(said)
        if faults:
            self.faulty.add(f"transaction {name}: {', '.join(sorted(faults))}")
        self._note_date(lines, name)
        return lines

    def totals(self) -> Iterator[FormatTotal]:
        """What names something that its master file does not have."""
        masters = {
            "accounts": {"accounts"}, "partners": {"customers", "suppliers"}, "tax_codes": {"tax_codes"},
            "analyses": {"analysis_types"},
        }  # fmt: skip
        for kind, misses in self._misses.items():
            if kind not in masters or masters[kind] & self.audit.has:
                yield FormatTotal(_TOTALS[kind], "0", str(misses.count), "; ".join(misses.first))

    def warnings(self) -> Iterator[str]:
        """Transactions that are not of the period of the file."""
        if self._outside.count:
            first = "; ".join(self._outside.first)
            yield f"{self._outside.count} transactions dated outside the period of the file, first {first}"
        usual = max((misses.count for misses in self._shifts.values()), default=0)
        for shift, misses in sorted(self._shifts.items()):
            if misses.count < usual:
                yield (
                    f"{misses.count} transactions booked {abs(shift)} months {'after' if shift > 0 else 'before'} the "
                    f"period that others of their month are in, first {'; '.join(misses.first)}"
                )

    def _unknown(self, cells: Cells) -> Iterator[tuple[str, str]]:
        audit = self.audit
        if "accounts" in audit.has and (account := cells.get("account_id", "")) not in audit.ids["accounts"]:
            yield "accounts", f"no account {account}"
        for kind in ("customer", "supplier"):
            partner = cells.get(f"line_{kind}_id") or cells.get(f"{kind}_id")
            if partner and f"{kind}s" in audit.has and partner not in audit.ids[f"{kind}s"]:
                yield "partners", f"no {kind} {partner}"
        if "tax_codes" in audit.has and (key := cells.get("tax_key")):
            rates, own = audit.tax_rates.get(key), number(cells.get("tax_percentage"))
            if key not in audit.tax_keys:
                yield "tax_codes", f"no tax code {key}"
            elif rates and own is not None and own not in rates:
                yield "tax_codes", f"no rate {own:f} of tax code {key}"
        analysis = cells.get("analysis_id")
        if analysis and "analysis_types" in audit.has and analysis not in audit.ids["analysis_types"]:
            yield "analyses", f"no analysis {analysis}"
        if cells.get("account_id") in audit.headings:
            yield "headings", f"account {cells['account_id']} is the sum of others"

    def _unlike(self, cells: Cells) -> Iterator[tuple[str, str]]:
        """Amounts of a line that are not what others of it give: tax of base and rate, of a foreign amount its own."""
        base, rate, tax = (number(cells.get(name)) for name in ("tax_base", "tax_percentage", "tax_amount"))
        if base is not None and rate is not None and tax is not None and _unlike(base * rate / 100, tax):
            yield "taxes", f"tax {tax:f}, {rate:f} % of {base:f} is another"
        foreign, rate = number(cells.get("foreign_amount")), number(cells.get("exchange_rate"))
        own = number(cells.get("debit_amount") or cells.get("credit_amount"))
        if own and foreign and rate:  # for one unit or for a hundred, or the other way round
            ways = (foreign * rate, foreign * rate / 100, foreign / rate, foreign / rate * 100)
            if all(_unlike(way, own) for way in ways):
                yield "conversions", f"{foreign:f} at {rate:f} are not {own:f}"

    def _of_transaction(self, first: Cells) -> Iterator[tuple[str, str]]:
        name, day, journal = (first.get(c, "") for c in ("transaction_id", "transaction_date", "journal_id"))
        if self.audit.header.cells["format_code"] == "saft_pt":
            parts = name.split(" ", 2)
            wanted = [day, journal, first.get("archive_number", "")]
            if len(parts) == len(wanted) and parts != wanted:
                yield "numbers", f"its date, journal and archive number are {' '.join(wanted)!r}"
        elif not self._numbers.add(name, journal, first.get("period_year", ""), first.get("period", ""), day):
            yield "numbers", "stands there twice"
        if self._is_outside(first):
            yield "periods", f"dated {day}"

    def _is_outside(self, first: Cells) -> bool:
        """Whether neither of its dates, nor the period it is booked in, is one of the file's."""
        header = self.audit.header.cells
        days = [first[c][:10] for c in ("transaction_date", "posting_date") if first.get(c)]
        inside = any(header["period_start"] <= day <= header["period_end"] for day in days)
        period, year = first.get("period", ""), first.get("period_year", header.get("fiscal_year", ""))
        if "period_first" in header and period.isdecimal() and year.isdecimal():
            ends = [
                (int(header.get(y, year)), int(header.get(p, period)))
                for y, p in (("fiscal_year", "period_first"), ("period_end_year", "period_last"))
            ]
            inside = inside or ends[0] <= (int(year), int(period)) <= ends[1]
        return bool(days) and not inside

    def _note_date(self, lines: list[Cells], name: str) -> None:
        header = self.audit.header.cells
        day = lines[0].get("transaction_date", "")[:10] if lines else ""
        if day and not header["period_start"] <= day <= header["period_end"]:
            self._outside.add(f"{name} of {day}")
        period, month = lines[0].get("period", "") if lines else "", day[5:7]
        if re.fullmatch("0?[1-9]|1[0-2]", period) and month.isdecimal():
            year = lines[0].get("period_year", "")
            years = int(year) - int(day[:4]) if re.fullmatch(r"\d{4}", year) and day[:4].isdecimal() else 0
            shift = years * _MONTHS + int(period) - int(month)
            self._shifts.setdefault(shift if year else shift % _MONTHS, Misses()).add(f"{name} of {day} in {period}")


def _repeated(lines: list[Cells]) -> Iterator[tuple[str, str]]:
    """Numbers of lines that a transaction has twice."""
    numbers = [cells["record_id"] for cells in lines if "record_id" in cells]
    for text, count in Counter(numbers).items() if len(set(numbers)) < len(numbers) else ():
        if count > 1:
            yield "records", f"RecordID {text} stands there {count} times"


def _unlike(found: Decimal, said: Decimal) -> bool:
    """Whether two amounts, each of any sign, differ by more than their rounding."""
    return abs(abs(found) - abs(said)) > max(_LEAST_OFF, abs(found) * _MOST_OFF_BY_RATE)


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
