"""Lines that are told again are known again, and two alike in one message stay two."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipelines.extract.messages.told_lines import ToldLines
from tests.e2e.test_bank_notices import Line, balance, camt, mt942
from tests.unit.extract.messages.test_bank_roundtrip import rows

TWICE: Sequence[Line] = [
    ("-5.00", "06", "REF1", "BOOK"), ("-5.00", "06", "REF1", "PDNG"), ("-5.00", "06", "REF1", "BOOK"),
    ("-5.00", "07", "REF1", "BOOK"), ("-5.00", "06", "NONREF", "BOOK"),
]  # fmt: skip


def told(content: str, kind: str) -> list[tuple[str | None, str | None]]:
    return [
        (row.get("told_day"), row.get("told_line")) for row in rows(content.encode(), kind) if row["kind"] == "entry"
    ]


@pytest.mark.parametrize(
    ("references", "amount", "name"),
    [
        (("REF1", "TX1"), "-5.00", "REF1/-5.00"),
        (("NONREF", "TX1"), "-5", "TX1/-5.00"),
        (("", "TX1"), "5.0", "TX1/5.00"),
        (("REF1",), "1.2345", "REF1/1.2345"),
        (("REF1",), "12.3400", "REF1/12.34"),
        (("", "NOTPROVIDED"), "5.00", ""),
    ],
)
def test_a_line_is_known_by_the_first_reference_that_is_one_and_its_amount(
    references: tuple[str, ...], amount: str, name: str
) -> None:
    day = "2026-10-06" if name else ""
    assert ToldLines().cells(("", "2026-10-06"), references, amount) == {"told_day": day, "told_line": name}


@pytest.mark.parametrize("kind", ["camt.052", "camt.054"])
def test_lines_alike_in_one_message_are_numbered_and_those_not_booked_are_none(kind: str) -> None:
    assert told(camt(kind, "A", "R1", TWICE), "camt") == [
        ("2026-10-06", "REF1/-5.00"), ("", ""), ("2026-10-06", "REF1/-5.00#2"), ("2026-10-07", "REF1/-5.00"), ("", ""),
    ]  # fmt: skip


def test_each_report_of_a_message_counts_by_itself_and_pages_of_one_go_on() -> None:
    line = TWICE[:1]
    report = camt("camt.052", "A", "R1", line)
    part = report[report.index("<Rpt>") : report.index("</BkToCstmrAcctRpt>")]
    page = part.replace("<Id>R1</Id>", "<Id>R1</Id><RptPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></RptPgntn>", 1)
    other = part.replace("<Id>R1</Id>", "<Id>R2</Id>", 1)
    names = [name for _, name in told(report.replace(part, part + page + other), "camt")]
    assert names == ["REF1/-5.00", "REF1/-5.00#2", "REF1/-5.00"]


def test_reports_of_swift_are_known_by_the_same_name() -> None:
    booked = [line for line in TWICE if line[3] == "BOOK"]
    swift, iso = told(mt942("A", "1000", booked), "mt940"), told(camt("camt.052", "A", "R", booked), "camt")
    assert swift == iso
    assert swift[1] == ("2026-10-06", "REF1/-5.00#2")


def test_statements_number_their_lines_and_no_line_is_told() -> None:
    assert set(told(camt("camt.053", "A", "S", TWICE), "camt")) <= {(None, None), ("", "")}


def test_a_report_with_balances_says_what_was_before_its_booked_entries() -> None:
    *_, last = rows(
        camt("camt.052", "A", "R", TWICE, balance("OPBD", "50.00") + balance("ITBD", "30.00")).encode(), "camt"
    )
    shown = {name: last[name] for name in ("kind", "amount", "opening_amount", "closing_amount", "before_amount")}
    assert shown == {
        "kind": "balances", "amount": "0", "opening_amount": "50.00", "closing_amount": "30.00",
        "before_amount": "50.00",
    }  # fmt: skip


def test_transactions_of_one_identifier_are_two() -> None:
    once = "<STMTTRN><TRNTYPE>POS<DTPOSTED>20261005<TRNAMT>-5.00<FITID>F1</STMTTRN>"
    document = (
        "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"
        f"<BANKTRANLIST><DTSTART>20261001<DTEND>20261031{once}{once}</BANKTRANLIST>"
        "<LEDGERBAL><BALAMT>0<DTASOF>20261031</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    assert [row["told_line"] for row in rows(document.encode(), "ofx")] == ["F1", "F1#2"]
