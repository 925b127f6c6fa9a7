"""Published statements of banks, as their publishers changed them: what must be read from each."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract import read

FOLDER = Path(__file__).parents[3] / "samples" / "bank"


def rows(name: str, table: str = "entries") -> list[dict[str, str]]:
    path = FOLDER / name
    chunks = read(path, {"type": path.parent.name, "table": table})
    return [dict(zip(chunk.columns, row.cells, strict=True)) for chunk in chunks for row in chunk.rows()]


def column(name: str, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(row[c] for c in columns) for row in rows(name)]


def test_two_statements_in_one_message() -> None:
    found = column("camt/camt053.v2.multi.statement.xml", "statement_id", "opening_amount", "amount", "closing_amount")
    assert found == [
        ("253EURNL26VAYB8060476890", "18.15", "8.85", "27.00"),
        ("254EURNL26VAYB8060476890", "27.00", "-7.00", "20.00"),
    ]


def test_a_balance_in_another_currency_is_no_closing_balance() -> None:
    ((opening, closing, others),) = column("camt/camt053.v4.xml", "opening_amount", "closing_amount", "other_balances")
    assert (opening, closing) == ("18.15", "")
    assert others.startswith("CLBD 2014-12-30 -27.00 SEK; ")


def test_a_notice_of_a_batch() -> None:
    ((amount, count, total),) = column("camt/camt054.v4.xml", "amount", "details_count", "details_amount")
    assert (amount, count, total) == ("-200000", "3", "")  # the parts are in another currency
    parts = rows("camt/camt054.v4.xml", "details")
    assert [p["detail_amount"] for p in parts] == ["3.1", "3.2", "3.2"]
    assert parts[2]["structured_reference"] == "Ref number V3 block 1; Ref number V3 block 2"


def test_a_message_without_a_statement_is_refused() -> None:
    with pytest.raises(DeliveryError, match="message without a statement; at camt053"):
        rows("camt/camt053.v2.wrong.xml")


def test_an_old_and_a_new_dialect_of_one_bank() -> None:
    old = rows("mt940/rabobank.sta")
    assert (old[0]["account_id"], old[0]["customer_reference"], old[0]["supplementary"]) == (
        "1291.99.348", "0121470966", "W.P. Jansen",
    )  # fmt: skip
    assert old[0]["remittance_text"].startswith("Terugboeking NIET AKKOORD")
    assert [r["kind"] for r in old].count("no_entry") == 1
    new = rows("mt940/rabobank-iban.sta")
    assert (new[0]["counterparty_name"], new[1]["remittance_text"]) == (
        "CONTRA ACCOUNT HOLDER", "Reference 201301234",
    )  # fmt: skip
    assert [r["statement_id"] for r in new] == ["2013-01-08"] * 2 + ["2013-01-15"] * 2


def test_lines_around_messages_are_their_envelope() -> None:
    (message,) = rows("mt940/ing.sta", "statements")
    assert message["envelope"].endswith("940 00")
    assert message["statement_information"] == "D000004C000002D25,24C28,71"
    assert message["entry_count"] == "7"


def test_pages_of_a_statement() -> None:
    found = column("mt940/postfinance.sta", "statement_id", "line_id", "amount", "opening_amount", "closing_amount")
    assert found == [
        ("2014-04-07/999", str(n), amount, "0", "159.6")
        for n, amount in enumerate(("79.7", "149.5", "-79.9", "10.1"), 1)
    ]


def test_references_with_blanks_and_of_banks() -> None:
    found = column("mt940/knab.sta", "customer_reference", "bank_reference")
    assert found[2] == ("29-07-2014 10:05", "B4G29PGDCK1QFV3E")
    assert len(rows("mt940/abnamro.sta")) == 10
