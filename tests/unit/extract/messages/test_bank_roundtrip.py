"""What a bank writes is read back exactly: generated statements as camt, MT940 (two dialects, pages) and OFX."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract import read
from tests.samples.bank_files import Line, Statement, camt, iban, mt940, ofx

DAY = date(2026, 10, 5)
SWIFT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789().,' -&äöüÄÖÜß"
ANY = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="\ufffe\uffff")
CENTS = st.integers(-(10**11), 10**11).filter(bool).map(lambda n: Decimal(n).scaleb(-2))
ACCOUNTS = st.integers(0, 10**18 - 1).map(lambda n: iban("DE", f"{n:018}"))


def words(alphabet: st.SearchStrategy[str] | str, longest: int) -> st.SearchStrategy[str]:
    """Text without white space at its ends, which no reader of cells keeps."""
    return st.text(alphabet, min_size=1, max_size=longest).map(str.strip).filter(bool)


@st.composite
def lines(draw: st.DrawFn, alphabet: st.SearchStrategy[str] | str, text: int) -> Line:
    amount = draw(CENTS)
    return Line(
        amount=amount,
        booked=DAY - timedelta(days=draw(st.integers(0, 40))),
        value=DAY + timedelta(days=draw(st.integers(-150, 150))),
        name=draw(words(alphabet, 27)),
        account=draw(ACCOUNTS),
        text=draw(words(alphabet, text)),
        reference=draw(words("ABCDEF0123456789-", 35)),
        is_reversal=draw(st.booleans()),
        bank_reference=draw(words("ABC0123456789", 16)),
    )


@st.composite
def statements(draw: st.DrawFn, alphabet: st.SearchStrategy[str] | str, text: int = 140) -> list[Statement]:
    found = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        entries = tuple(draw(st.lists(lines(alphabet, text), max_size=5)))
        cut = draw(st.integers(0, len(entries)))
        pages = (cut, len(entries) - cut) if draw(st.booleans()) else ()
        found.append(Statement("DE02120300000000202051", number, DAY, draw(CENTS), entries, page_sizes=pages))
    return found


def rows(content: bytes, kind: str) -> list[dict[str, str]]:
    """All cells of all records, none of which may be malformed."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "statement")
        path.write_bytes(content)
        out = []
        for chunk in read(path, {"type": kind}):
            for row in chunk.rows():
                assert row.problem is None
                out.append(dict(zip(chunk.columns, row.cells, strict=True)))
    return out


def expected(found: list[Statement]) -> list[tuple[str, ...]]:
    """What must be read: the entries, and a record for a statement without any."""
    out = []
    for s in found:
        balances = (str(s.opening), str(s.closing))
        for n, line in enumerate(s.lines, 1):
            out.append((*balances, str(n), str(line.amount), str(line.booked), str(line.value), line.name, line.account,
                        line.text, line.reference, line.bank_reference, str(line.is_reversal)))  # fmt: skip
        if not s.lines:
            out.append((*balances, "0", "0", "", "", "", "", "", "", "", "False"))
    return out


def told(row: Mapping[str, str], booked: str, reversal: bool) -> tuple[str, ...]:
    names = ("opening_amount", "closing_amount", "line_id", "amount", booked, "value_date", "counterparty_name",
             "counterparty_iban", "remittance_text", "end_to_end_id", "bank_reference")  # fmt: skip
    return (*(row[name] for name in names), str(reversal))


@given(statements(ANY))
@settings(max_examples=40, deadline=None)
def test_camt_is_read_back(found: list[Statement]) -> None:
    read_back = [told(row, "booking_date", row["is_reversal"] == "true") for row in rows(camt(found), "camt")]
    assert read_back == expected(found)


@pytest.mark.parametrize("dialect", ["german", "dutch"])
@given(found=statements(SWIFT))
@settings(max_examples=40, deadline=None)
def test_mt940_is_read_back(dialect: str, found: list[Statement]) -> None:
    read_back = [told(row, "entry_date", row["mark"] in ("RC", "RD")) for row in rows(mt940(found, dialect), "mt940")]
    assert read_back == expected(found)


@given(st.lists(lines(SWIFT, 60), min_size=1, max_size=5), CENTS)
@settings(max_examples=30, deadline=None)
def test_ofx_is_read_back(entries: list[Line], opening: Decimal) -> None:
    statement = Statement("4900 0000 0000 0086", 1, DAY, opening, tuple(entries))
    names = ("opening_amount", "closing_amount", "amount", "booking_date", "counterparty_name", "memo")
    read_back = [tuple(row[name] for name in names) for row in rows(ofx(statement, DAY - timedelta(days=30)), "ofx")]
    balances = (str(statement.opening), str(statement.closing))
    assert read_back == [(*balances, str(e.amount), str(e.booked), e.name, e.text) for e in entries]
