"""Sums of electronic invoices: whatever is added up rightly is sound, and a cent in any total is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extract.messages.einvoice import parse
from pipelines.extract.messages.en16931 import broken
from pipelines.extract.messages.en16931.rule import to_cents
from pipelines.extract.messages.invoice import Group, Invoice, Syntax
from tests.unit.extract.messages.invoices import complete, edit, sound

SAMPLES = Path(__file__).parents[3] / "samples" / "xrechnung"
_AMOUNTS = st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2)
_RATES = st.sampled_from(["19", "7", "5.5", "0.1"])
_PARTS = st.lists(st.tuples(_AMOUNTS, _RATES), min_size=1, max_size=6)
_ZERO = Decimal(0)


def added_up(lines: Sequence[tuple[Decimal, str]], off: Sequence[tuple[Decimal, str]], syntax: Syntax) -> Invoice:
    """The sound invoice with these lines and allowances, at these rates, and everything that follows from them."""
    invoice = sound(syntax=syntax, edits="-BG-21; -BG-22; -BG-23; -BG-20; -BG-25")
    bases: defaultdict[str, Decimal] = defaultdict(Decimal)
    for number, (amount, rate) in enumerate(lines):
        line = Group("BG-25", line=number)
        edit(line, f"BT-126={number}; BT-129=1; BT-130=C62; BT-131={amount}; BG-29/BT-146=1.00; BG-31/BT-153=x")
        edit(line, f"BG-30/BT-151=S; BG-30/BT-152={rate}")
        invoice.groups.setdefault("BG-25", []).append(line)
        bases[rate] += amount
    for amount, rate in off:
        allowance = Group("BG-20")
        edit(allowance, f"BT-92={amount}; BT-95=S; BT-96={rate}; BT-97=Bonus")
        invoice.groups.setdefault("BG-20", []).append(allowance)
        bases[rate] -= amount
    for rate, base in bases.items():
        tax = Group("BG-23")
        edit(tax, f"BT-116={base}; BT-117={to_cents(base * Decimal(rate) / 100)}; BT-118=S; BT-119={rate}")
        invoice.groups.setdefault("BG-23", []).append(tax)
    sums, less = (sum((amount for amount, _ in parts), _ZERO) for parts in (lines, off))
    taxes = sum((to_cents(base * Decimal(rate) / 100) for rate, base in bases.items()), _ZERO)
    net = sums - less
    edit(invoice, f"BG-22/BT-106={sums}; BG-22/BT-109={net}; BG-22/BT-110={taxes}; BG-22/BT-112={net + taxes}")
    edit(invoice, f"BG-22/BT-115={net + taxes}" + (f"; BG-22/BT-107={less}" if off else ""))
    complete(invoice)
    return invoice


@given(
    lines=_PARTS, off=st.lists(st.tuples(_AMOUNTS, _RATES), max_size=3), syntax=st.sampled_from(["ubl invoice", "cii"])
)
def test_what_is_added_up_rightly_is_sound(
    lines: list[tuple[Decimal, str]], off: list[tuple[Decimal, str]], syntax: Syntax
) -> None:
    assert broken(added_up(lines, off, syntax)) == []


@given(
    lines=_PARTS,
    place=st.sampled_from(
        [
            ("BT-106", {"BR-CO-10", "BR-CO-13"}),
            ("BT-109", {"BR-CO-13", "BR-CO-15"}),
            ("BT-110", {"BR-CO-14", "BR-CO-15"}),
            ("BT-112", {"BR-CO-15", "BR-CO-16"}),
            ("BT-115", {"BR-CO-16"}),
        ]
    ),
    by=st.sampled_from([Decimal("0.01"), Decimal("-0.01")]),
)
def test_a_cent_in_a_total_is_found(lines: list[tuple[Decimal, str]], place: tuple[str, set[str]], by: Decimal) -> None:
    """By the rules about that total, and by no other."""
    term, rules = place
    invoice = added_up(lines, [], "ubl invoice")
    said = Decimal(invoice.groups["BG-22"][0].text(term) or "")
    edit(invoice, f"BG-22/{term}={said + by}; BG-22/{term}@currency=EUR")
    assert {found.rule for found in broken(invoice)} == rules


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_published_invoices_are_sound(path: Path) -> None:
    invoice = parse(path, path.name)
    assert broken(invoice) == []
    currency = "" if invoice.syntax == "cii" else "BG-22/BT-115@currency=EUR"
    edit(invoice, f"BG-22/BT-115=0.01; -BT-10; {currency}")
    assert {found.rule for found in broken(invoice)} == {"BR-CO-16", "BR-DE-15"}
