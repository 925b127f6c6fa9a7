"""Published business cases of XRechnung, each in two syntaxes: sound, complete, and the same in both."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.extract.messages.test_einvoice import comparable, read

TABLES = ("invoices", "lines", "taxes", "parties", "allowances", "attachments")
DUMMY = "Dummywert"
"""What stands for the order in UBL, whose schema wants one beside the order of the seller."""


@pytest.fixture
def pairs(real_root: Path) -> list[tuple[Path, Path]]:
    folder = real_root / "samples" / "invoices" / "xrechnung"
    found = [(p, p.with_name(p.name.replace("_ubl", "_uncefact"))) for p in sorted(folder.glob("*_ubl.xml"))]
    assert len(found) >= 18
    return found


def test_both_syntaxes_give_the_same_rows(pairs: list[tuple[Path, Path]]) -> None:
    for pair in pairs:
        for table in TABLES:
            first, second = (comparable(read(path, table)[0]) for path in pair)
            for row in first:
                if row.get("purchase_order_id") == DUMMY:
                    del row["purchase_order_id"]
            assert first == second, (pair[0].name, table)


def test_they_are_sound_and_understood(pairs: list[tuple[Path, Path]]) -> None:
    for path in (path for pair in pairs for path in pair):
        (invoice,), facts = read(path)
        assert not {"message_faults", "message_warnings", "other"} & invoice.keys(), path.name
        assert facts.warnings == [], path.name


def test_lines_and_taxes_give_the_totals(pairs: list[tuple[Path, Path]]) -> None:
    for path in (path for pair in pairs for path in pair):
        (invoice,), _ = read(path)
        lines = [row for row in read(path, "lines")[0] if row.get("line_role") not in ("GROUP", "INFORMATION")]
        assert sum(Decimal(row["net_amount"]) for row in lines) == Decimal(invoice["net_amount"]), path.name
        taxes = sum(Decimal(row["tax_amount"]) for row in read(path, "taxes")[0])
        assert Decimal(invoice["net_amount"]) + taxes == Decimal(invoice["gross_amount"]), path.name
