"""The public sample invoices of XRechnung are sound by the rules that they claim to follow, and notice a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.extract.messages.einvoice import parse
from pipelines.extract.messages.en16931 import broken
from tests.unit.extract.messages.invoices import edit

pytestmark = pytest.mark.real
NAMES = [
    f"01.{number:02}a-INVOICE_{syntax}.xml" for number in range(1, 20) if number != 16 for syntax in ("ubl", "uncefact")
]


@pytest.mark.parametrize("name", NAMES)
def test_they_are_sound(real_root: Path, name: str) -> None:
    invoice = parse(real_root / "samples" / "invoices" / "xrechnung" / name, name)
    assert broken(invoice) == []
    edit(invoice, "-BG-4/BT-27; BG-23/BT-117=99999.99; BG-23/BT-117@currency=EUR; -BG-25/BG-31/BT-153")
    assert {"BR-06", "BR-25", "BR-CO-14", "BR-CO-17"} <= {found.rule for found in broken(invoice)}
