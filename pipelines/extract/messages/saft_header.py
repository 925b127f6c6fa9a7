"""The header of an audit file: whose books, which period, in which national version."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipelines.errors import DeliveryError
from pipelines.extract.messages.saft_cells import cells_of
from pipelines.extract.messages.saft_paths import HEADER_COLUMNS
from pipelines.extract.messages.xml_stream import namespace

_CODES = (
    (":PT", "saft_pt"), (":AO", "saft_ao"), (":NO", "saft_no"), ("d406", "saft_ro"), (":LT", "saft_lt"),
)  # fmt: skip
OFFICIAL = {"saft_pt": "SAF-T (PT)", "saft_no": "SAF-T Financial (NO)"}


class Header(NamedTuple):
    """Its cells; those that every record repeats are `common`."""

    cells: Mapping[str, str]

    @property
    def version(self) -> str:
        """The version of the format as the file says it."""
        return self.cells.get("format_version", "")

    @property
    def is_flat(self) -> bool:
        """Whether the file is of the family of Portugal: documents with status, series, signatures, sides of lines."""
        return self.cells.get("format_code") in ("saft_pt", "saft_ao")

    @property
    def common(self) -> dict[str, str]:
        """What stands in every row of every table."""
        names = (
            "format_code", "company_tax_id", "company_city", "currency_code", "fiscal_year", "period_start",
            "period_end",
        )  # fmt: skip
        return {name: self.cells[name] for name in names if name in self.cells}


def header_of(element: Any, name: str) -> Header:
    """The header; DeliveryError when it does not say what nobody can do without."""
    cells = cells_of(element, HEADER_COLUMNS)
    cells.setdefault("company_tax_id", cells.get("company_id", ""))
    _refuse_cousins(element, cells, name)
    cells["format_code"] = _format_code(namespace(element), cells)
    _period(cells)
    missing = [c for c in ("format_version", "company_tax_id", "period_start", "period_end") if not cells.get(c)]
    if missing:
        raise DeliveryError(
            "header of the audit file is incomplete",
            where=f"{name}:{element.sourceline}, AuditFile/Header",
            got=f"no {' and no '.join(m.replace('_', ' ') for m in missing)}",
            expected=f"what {OFFICIAL.get(cells['format_code'], 'SAF-T')} says of version, company and period",
            next_step="correct the export and send the file again",
        )
    if cells["period_end"] < cells["period_start"]:
        raise DeliveryError(
            "period of the audit file ends before it begins",
            where=f"{name}:{element.sourceline}, AuditFile/Header",
            got=f"{cells['period_start']} to {cells['period_end']}",
            expected="a last day behind the first one",
            next_step="correct the export and send the file again",
        )
    return Header(cells)


def _format_code(uri: str, cells: Mapping[str, str]) -> str:
    for part, code in _CODES:
        if part.lower() in uri.lower():
            return code
    return "saft_pt" if _is_of_portugals_family(cells) else "saft_oecd"


def _is_of_portugals_family(cells: Mapping[str, str]) -> bool:
    return "accounting_basis" in cells and "software_certificate" in cells


def _refuse_cousins(element: Any, cells: Mapping[str, str], name: str) -> None:
    """DeliveryError for the file of a country that follows Portugal's, but has laws and numbers of its own."""
    uri, country = namespace(element), cells.get("country_code", "PT")
    named = re.search(r":([A-Z]{2})(_[\d.]+)*$", uri)
    known = any(part.lower() in uri.lower() for part, _ in _CODES)
    of = named[1] if named else country
    if _is_of_portugals_family(cells) and not known and of != "PT":
        raise DeliveryError(
            "audit file of a country whose files are not read",
            where=f"{name}:{element.sourceline}, AuditFile/Header",
            got=f"{of}, as {uri or 'the address of the company'} says",
            expected="SAF-T of Portugal, Angola, Norway or the OECD",
            next_step="tell us the country, so that its rules can be added",
        )


def _period(cells: dict[str, str]) -> None:
    """First and last day of the selection where the header gives months and years only."""
    year = cells.get("fiscal_year", "")
    if not cells.get("period_start") and re.fullmatch(r"\d{4}", year) and (first := _month(cells.get("period_first"))):
        cells["period_start"] = f"{year}-{first:02}-01"
    last_year = cells.get("period_end_year", year)
    if not cells.get("period_end") and re.fullmatch(r"\d{4}", last_year) and (last := _month(cells.get("period_last"))):
        cells["period_end"] = f"{last_year}-{last:02}-{monthrange(int(last_year), last)[1]:02}"
    if not year and cells.get("period_end"):
        cells["fiscal_year"] = cells["period_end"][:4]


def _month(text: str | None) -> int:
    """A month; periods after the twelfth are the closing of the year."""
    return min(int(text), 12) if text and re.fullmatch(r"0*[1-9]\d?", text) else 0
