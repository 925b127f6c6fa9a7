"""Published statements of banks: all that are statements are read, amounts and days as another reader has them, and
those whose balances hold are known; files that are none are refused."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import mt940
import pytest

from pipelines.errors import DeliveryError
from pipelines.extract import read

pytestmark = pytest.mark.real

FRAGMENTS = {
    "account_balance_credit.sta", "account_balance_debit.sta", "account_identification_iban.sta",
    "account_identification_legacy.sta", "available_balance.sta", "closing_balance.sta", "reference.sta",
    "statement_details.sta", "statement_line.sta", "statement_number.sta",
}  # fmt: skip
"""Single fields, kept for tests of parsers: no statement."""
HOLDS = {
    "camt/camt053.v2.multi.statement.xml": {True},
    "mt940/jejik/generic.sta": {True},
    "mt940/jejik/postfinance.sta": {False},
    "mt940/jejik/rabobank-iban.sta": {True},
    "mt940/jejik/sns.sta": {True},
    "mt940/jejik/triodos.sta": {False},
}
"""Whether opening balance and entries give the closing one, counted by hand; in the others amounts were changed."""


def rows(path: Path) -> list[dict[str, str]]:
    """All cells of all records."""
    out = []
    for chunk in read(path, {"type": "camt" if path.suffix == ".xml" else "mt940"}):
        for row in chunk.rows():
            assert row.problem is None
            out.append(dict(zip(chunk.columns, row.cells, strict=True)))
    return out


def test_every_file_is_read_or_refused_with_a_reason(real_root: Path) -> None:
    files = sorted([*(real_root / "samples/bank").rglob("*.xml"), *(real_root / "samples/bank").rglob("*.sta")])
    refused = {}
    for path in files:
        try:
            assert rows(path)
        except DeliveryError as error:
            refused[path.name] = error.what
    assert set(refused) == {*FRAGMENTS, "camt053.v2.wrong.xml"}
    assert refused["camt053.v2.wrong.xml"] == "message without a statement"


@pytest.mark.parametrize("name", HOLDS)
def test_balances_hold_where_they_do(real_root: Path, name: str) -> None:
    statements: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(real_root / "samples/bank" / name):
        statements[row["statement_id"]].append(row)
    found = set()
    for entries in statements.values():
        moved = sum((Decimal(e["amount"]) for e in entries), Decimal())
        found.add(Decimal(entries[0]["opening_amount"]) + moved == Decimal(entries[0]["closing_amount"]))
    assert found == HOLDS[name]


def reference(path: Path) -> list[tuple[str, str]]:
    """Amounts and value dates as the library mt-940 has them, statement by statement."""
    text = path.read_text(encoding="utf-8")
    out: list[tuple[str, str]] = []
    messages = [":20:" + part for part in text.split("\n:20:")[1:]]
    if text.startswith(":20:"):
        messages.insert(0, text.split("\n:20:")[0])
    for message in messages:
        transactions: Any = mt940.models.Transactions()
        transactions.parse(message)
        out += [
            (str(t.data["amount"].amount.normalize()), str(t.data["date"])) for t in transactions if "amount" in t.data
        ]
    return out


@pytest.mark.parametrize(
    "name", ["abnamro", "generic", "ing", "knab", "postfinance", "rabobank-iban", "rabobank", "sns", "triodos"]
)
def test_another_reader_finds_the_same_amounts_and_days(real_root: Path, name: str) -> None:
    path = real_root / f"samples/bank/mt940/jejik/{name}.sta"
    own = [(str(Decimal(r["amount"]).normalize()), r["value_date"]) for r in rows(path) if r["kind"] == "entry"]
    assert own
    assert own == reference(path)
