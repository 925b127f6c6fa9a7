"""One pass through an audit file: its header, its records one by one, what it promises and what is found.

Nothing is kept of a record but what later ones are compared with: the numbers of partners, products and accounts, and
one entry for each series of documents. So memory is bounded by the master files, however many documents there are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree
from stdnum.pt import nif

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages import saft_paths as paths
from pipelines.extract.messages.saft_cells import amount, cells_of, number, plain
from pipelines.extract.messages.saft_chart import HEADINGS, tax_key
from pipelines.extract.messages.saft_header import OFFICIAL, Header, header_of
from pipelines.extract.messages.saft_series import Numbers
from pipelines.extract.messages.saft_structure import KEPT_FAULTS, Structure, structure_of
from pipelines.extract.messages.xml_stream import elements, local, namespace

_IDS = {
    "customers": "CustomerID", "suppliers": "SupplierID", "products": "ProductCode", "accounts": "AccountID",
    "units": "UnitOfMeasure", "movement_types": "MovementType", "analysis_types": "AnalysisID",
}  # fmt: skip
_SAID = {
    "NumberOfEntries": "entries", "NumberOfMovementLines": "entries", "NumberOfAssetTransactions": "entries",
    "TotalDebit": "debit", "TotalCredit": "credit", "TotalQuantityIssued": "quantity",
    "TotalQuantityReceived": "quantity",
}  # fmt: skip
_PLAIN = re.compile(r"[+-]?[\d.]+")
_CENT, _FINEST = Decimal("0.01"), Decimal("0.00000001")


@dataclass
class Found:
    """What a section promises (`said`, as written) and what stands in it."""

    said: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    lines: int = 0
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    place: str = ""

    def totals(self) -> Iterator[tuple[str, str, str]]:
        """Name, what is said, what was found: found is rounded to the decimals of what is said, at least two."""
        for name, said in self.said.items():
            found = Decimal(getattr(self, name))
            promised = amount(said)
            step = max(min(_CENT, Decimal(1).scaleb(int(promised.as_tuple().exponent))), _FINEST)
            same = found.quantize(step) == promised.quantize(step)
            yield name, plain(promised), plain(promised if same else found)


@dataclass
class Faults:
    """Faults of the structure: how many, and the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, found: Iterator[str]) -> None:
        """Take what is wrong with one element."""
        for fault in found:
            self.count += 1
            if self.count <= KEPT_FAULTS:
                self.first.append(fault)


class AuditFile:
    """A file open for one pass; `interest` are the kinds of records whose totals and structure are to be checked."""

    def __init__(self, path: Path, name: str, interest: Collection[str]) -> None:
        self.path, self.name = path, name
        self.interest = frozenset(interest)
        self.header = Header({})
        self.found: dict[str, Found] = {}
        self.faults = Faults()
        self.ids: dict[str, dict[str, str]] = {kind: {} for kind in _IDS}  # with names of partners, units of products
        self.tax_keys: set[str] = set()
        self.tax_rates: dict[str, set[Decimal]] = {}
        self.headings: set[str] = set()
        self.transactions = Numbers()
        self._journals: set[str] = set()
        self.has: set[str] = set()
        self.unread: Counter[str] = Counter()
        self._structure: Structure | None = None
        self._root: Any = None
        self._seen: dict[Any, list[str]] = {}
        self._before: dict[Any, int] = {}

    def records(self) -> Iterator[tuple[str, Any]]:
        """Kind and element of every record; raises DeliveryError when this is no audit file, or a broken one."""
        _refuse_others(self.path, self.name)
        for path, element in elements(self.path, self.name, paths.RECORDS.keys() | paths.CONTAINERS):
            if path in paths.RECORDS:
                kind = paths.RECORDS[path]
                if kind == "header":
                    self._open(element)
                elif not self.header.cells:
                    raise self._without_header(element)
                else:
                    self._note(kind, element)
                    yield kind, element
            self._close(path, element)
        if not self.header.cells:
            raise self._without_header(None)
        self._refuse_parts()
        self._check_order(self._root, wanted=True)

    def totals(self, section: str) -> Iterator[FormatTotal]:
        """What the file promises of a section, against what was found."""
        found = self.found.get(section)
        if found:
            for name, said, counted in found.totals():
                yield FormatTotal(f"{section}_{name}", said, counted, found.place)

    def structure(self) -> FormatTotal:
        """Faults of the structure as a total: none is what is promised."""
        return FormatTotal("structure_faults", "0", str(self.faults.count), "; ".join(self.faults.first))

    def warnings(self) -> Iterator[str]:
        """What was not read, and what is wrong with the structure."""
        company = self.header.cells.get("company_tax_id", "")
        if self.header.cells.get("format_code") == "saft_pt" and not nif.is_valid(company):
            yield f"tax number of the company has wrong check digits: {company}"
        for what, times in sorted(self.unread.items()):
            yield f"not read: {what}, {times} times" if times > 1 else f"not read: {what}"
        if self.faults.count:
            more = f" and {self.faults.count - KEPT_FAULTS} more" if self.faults.count > KEPT_FAULTS else ""
            yield f"{self.faults.count} faults of structure: {'; '.join(self.faults.first)}{more}"

    def section(self, code: str) -> Found:
        """What is counted of a section."""
        return self.found.setdefault(code, Found())

    def _open(self, element: Any) -> None:
        self.header = header_of(element, self.name)
        self._root = element.getparent()
        code = self.header.cells["format_code"]
        version = "1.04" if ":PT_1.04" in namespace(element) else self.header.version
        self._structure = structure_of(code, version)
        year, start = self.header.cells.get("fiscal_year", ""), self.header.cells["period_start"][:4]
        if self.header.is_flat and start.isdecimal() and year not in (start, str(int(start) - 1)):
            self.faults.add(iter([f"line {element.sourceline}: FiscalYear is {year!r}, the period begins in {start}"]))
        wrong = list(self._structure.faults(element, paths.ROOT))
        if wrong:
            raise DeliveryError(
                "header of the audit file breaks its schema",
                where=f"{self.name}, AuditFile/Header",
                got="; ".join(wrong[:KEPT_FAULTS]),
                expected=f"the header as {OFFICIAL.get(code, 'SAF-T')} wants it",
                next_step="correct the export and send the file again",
            )

    def _note(self, kind: str, element: Any) -> None:
        """What later records are compared with, and what is wrong with this one; a number stands for one record."""
        self.has.add(kind)
        if (name := _IDS.get(kind)) and (text := _child(element, name)):
            if text in self.ids[kind] and kind in self.interest and kind != "analysis_types":  # one of each type
                self.faults.add(iter([f"line {element.sourceline}: {name} {text!r} stands there twice"]))
            named = kind in ("customers", "suppliers")
            self.ids[kind][text] = _name_of(element) if named else _child(element, "UOMBase")
            if _child(element, "GroupingCategory") in HEADINGS:
                self.headings.add(text)
        if kind == "general_ledger":
            self._note_transaction(element)
        if kind == "tax_codes":
            for part, above in tax_parts(element):
                cells = above | cells_of(part, paths.TAX_COLUMNS)
                self.tax_keys.add(tax_key(cells, flat=self.header.is_flat))
                if (rate := number(cells.get("tax_percentage"))) is not None:
                    self.tax_rates.setdefault(cells.get("tax_code", ""), set()).add(rate)
                self.tax_keys.add(
                    tax_key(cells | {"tax_region": ""}, flat=self.header.is_flat)
                )  # lines may leave it out
        if self._structure and kind in self.interest:
            self.faults.add(self._structure.faults(element, _above(element)))

    def _note_transaction(self, element: Any) -> None:
        """In Portugal the number of a transaction is its key; others may tell one voucher in several transactions."""
        text = _child(element, "TransactionID")
        new = self.transactions.add(text)
        if not new and self.header.cells["format_code"] == "saft_pt" and self.interest & {"general_ledger", "all"}:
            self.faults.add(iter([f"line {element.sourceline}: TransactionID {text!r} stands there twice"]))

    def _note_journal(self, element: Any) -> None:
        text = _child(element, "JournalID")
        twice = text in self._journals and self.header.is_flat and self.interest & {"general_ledger", "all"}
        if twice:
            self.faults.add(iter([f"line {element.sourceline}: JournalID {text!r} stands there twice"]))
        self._journals.add(text)

    def _close(self, path: str, element: Any) -> None:
        """After an element: what is left in a container that is no record, and that the container itself was there."""
        parent = element.getparent()
        if parent is not None:
            names = self._seen.setdefault(parent, [])
            self._before.setdefault(parent, parent.index(element))
            repeats = path == paths.JOURNAL or (path in paths.RECORDS and path != paths.HEADER)
            if not (repeats and names and names[-1] == local(element)):
                names.append(local(element))
        if path == paths.JOURNAL:
            self._note_journal(element)
            if parent is self._root:
                self._refuse_parts()
        if path in paths.CONTAINERS:
            self._close_container(path, element)

    def _refuse_parts(self) -> None:
        """DeliveryError for parts that no schema known here has: the file would be read in half."""
        strange = next((c for c in self._root if local(c) not in paths.PARTS), None)
        if strange is not None and self._structure and self._structure.is_loose:
            raise DeliveryError(
                "audit file has a part that is not known",
                where=f"{self.name}:{strange.sourceline}",
                got=f"{local(strange)} in {paths.ROOT}" + (f" of {namespace(strange)}" if namespace(strange) else ""),
                expected=" ".join(sorted(paths.PARTS)),
                next_step="send SAF-T of Portugal, Norway or the OECD, or tell us which country's file this is",
            )

    def _close_container(self, path: str, element: Any) -> None:
        section = next((s for s in paths.SECTIONS.values() if s.path == path), None)
        if section:
            self._promised(section.code, element)
        known = _SAID if section else {"JournalID", "Description", "Type", "TaxonomyReference"}
        self.unread.update(f"{local(element)}/{local(child)}" for child in element if local(child) not in known)
        own = "general_ledger" if path == paths.JOURNAL else section.code if section else ""
        wanted = self.interest & {own, "all"} or path.startswith(paths.MASTERS)
        self._check_order(element, wanted=bool(wanted))

    def _check_order(self, element: Any, *, wanted: bool) -> None:
        """The order of what an element had, records among them that are taken out already."""
        own, taken = [local(child) for child in element], self._seen.pop(element, [])
        before = self._before.pop(element, 0)
        if self._structure and wanted:
            names = [*own[:before], *taken, *own[before:]]
            self.faults.add(self._structure.order(element, names, _above(element)))

    def _promised(self, code: str, element: Any) -> None:
        found = self.section(code)
        found.place = f"line {element.sourceline}, {local(element)}"
        for child in element:
            if (name := _SAID.get(local(child))) is None:
                continue
            text = (child.text or "").strip()
            if number(text) is None and _PLAIN.fullmatch(text):  # what is no number at all the structure tells
                self.faults.add(iter([f"line {child.sourceline}: {local(child)} is {text[:40]!r}, expected an amount"]))
            elif number(text) is not None:
                found.said[name] = plain(amount(found.said[name]) + amount(text)) if name in found.said else text

    def _without_header(self, element: Any) -> DeliveryError:
        return DeliveryError(
            "audit file without header",
            where=f"{self.name}:{element.sourceline if element is not None else 1}",
            got=f"{local(element)} before any header" if element is not None else "no Header in AuditFile",
            expected="AuditFile/Header, which names company, period and version",
            next_step="send the complete file again",
        )


def tax_parts(element: Any) -> Iterator[tuple[Any, dict[str, str]]]:
    """The rates in a record of the tax table: they stand inside their kind, or are it."""
    details = [child for child in element if local(child) == "TaxCodeDetails"]
    if not details:
        yield element, {}
        return
    above = cells_of(element, {"TaxType": "tax_type", "Description": "tax_type_name"}, {"TaxCodeDetails"})
    yield from ((detail, above) for detail in details)


def _above(element: Any) -> str:
    """The path of what an element stands in."""
    return "/".join(map(local, reversed(list(element.iterancestors()))))


def _child(element: Any, name: str) -> str:
    return next(((c.text or "").strip() for c in element if local(c) == name), "")


def _name_of(element: Any) -> str:
    inside = (c for c in element if local(c) == "CompanyStructure")
    return _child(element, "CompanyName") or _child(element, "Name") or _child(next(inside, ()), "Name")


def _refuse_others(path: Path, name: str) -> None:
    """DeliveryError when the first element is that of another kind of document; ill-formed files are told later."""
    try:
        _, root = next(etree.iterparse(str(path), events=("start",), resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, StopIteration, OSError):
        return
    if local(root) != paths.ROOT:
        raise DeliveryError(
            "not an audit file",
            where=f"{name}:{root.sourceline}",
            got=f"a document of {local(root)!r}" + (f" in {root.nsmap[root.prefix]}" if root.nsmap else ""),
            expected="SAF-T: a document of 'AuditFile'",
            next_step="send a SAF-T file, or tell us what this is so that the profile can be changed",
        )


def summed(lines: Mapping[str, str], found: Found, *, counts: bool) -> None:
    """Take one line into the totals of its section; `counts` = its document is not cancelled."""
    found.lines += 1
    if counts:
        found.debit += amount(lines.get("debit_amount"))
        found.credit += amount(lines.get("credit_amount"))
        found.quantity += abs(amount(lines.get("quantity")))
