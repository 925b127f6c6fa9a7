"""What Portugal's law says of the taxes of a line: codes of exemption, rates of a region and a day, codes of a tax.

The lists stand in `saft_pt_taxes.yaml`. A code that is on none of them is a fault; one that no longer holds, or a rate
of another time, is only strange: a credit note of today corrects an invoice of long ago at the rate of then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipelines.extract.messages.saft_cells import number
from pipelines.yamlfile import read_yaml

Cells = Mapping[str, str]
_CODE = re.compile(r"M\d{2}")


class Rates(NamedTuple):
    """The rates of a region from a day on."""

    since: str
    of: Mapping[str, frozenset[Decimal]]


class Lists(NamedTuple):
    """The lists, laid out for looking up."""

    exemptions: Mapping[str, tuple[str, str]]
    rates: Mapping[str, Sequence[Rates]]
    codes: Mapping[str, re.Pattern[str]]
    untaxed: frozenset[str]


def of_taxes(lines: Sequence[Cells]) -> Iterator[str]:
    """Faults: a code of exemption or of tax that the law does not have, and a rate where there is no tax."""
    lists = _lists()
    if any(code not in lists.exemptions for line in lines for code in _codes_of(line)):
        yield "exemption_code_unknown"
    taxed = [(line["tax_type"], line["tax_code"], line) for line in lines if {"tax_type", "tax_code"} <= line.keys()]
    if any(kind in lists.codes and not lists.codes[kind].fullmatch(code) for kind, code, _ in taxed):
        yield "tax_code_of_another_tax"
    if any(code in lists.untaxed and number(line.get("tax_percentage")) for _, code, line in taxed):
        yield "untaxed_code_with_rate"


def strange_taxes(cells: Cells, lines: Sequence[Cells]) -> Iterator[str]:
    """Warnings: what the law had on another day. Documents that correct others have the rates of those."""
    lists, day = _lists(), cells.get("document_date", "")[:10]
    for line in lines:
        spans = (lists.exemptions.get(code, ("", "")) for code in _codes_of(line))
        if any(day < since or (till and day > till) for since, till in spans):
            yield "exemption_code_not_in_force"
            break
    if not any("corrects_id" in line for line in lines) and any(_other_rate(lists, line, day) for line in lines):
        yield "tax_rate_not_in_force"


def _other_rate(lists: Lists, line: Cells, day: str) -> bool:
    rate = number(line.get("tax_percentage"))
    if rate is None or line.get("tax_type") != "IVA":
        return False
    of_then = next((r for r in lists.rates.get(line.get("tax_region", ""), ()) if r.since <= day), None)
    lawful = of_then.of.get(line.get("tax_code", "")) if of_then else None
    return lawful is not None and rate not in lawful


def _codes_of(line: Cells) -> list[str]:
    return _CODE.findall(line.get("exemption_code", ""))


@cache
def _lists() -> Lists:
    data = read_yaml(Path(__file__).with_name("saft_pt_taxes.yaml")).data
    return Lists(
        {code: (span.get("from", ""), span.get("to", "")) for code, span in data["exemptions"].items()},
        {
            region: [
                Rates(one["from"], {k: frozenset(map(Decimal, v)) for k, v in one.items() if k != "from"})
                for one in rows
            ]
            for region, rows in data["rates"].items()
        },
        {kind: re.compile(text) for kind, text in data["codes"].items()},
        frozenset(data["untaxed"]),
    )
