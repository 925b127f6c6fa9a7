"""SAF-T: what documents and balances of one file say against each other, and against the lists of the law."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract.messages import saft_settled
from pipelines.extract.messages.saft_settled import Remainders
from pipelines.extract.messages.saft_taxes import strange_taxes
from tests.samples.tejo import file_of
from tests.samples.tejo_world import Line, month_of
from tests.unit.extract.messages.audit_texts import NORWAY, OECD
from tests.unit.extract.messages.test_saft import read

MONTH = file_of(month_of(random.Random(3), 2026, 2, 13))
SALES = MONTH.index("<SalesInvoices>")
NOTE = MONTH.index("<InvoiceNo>NC 2A/1<")
RECEIPT = MONTH.index("<PaymentRefNo>RG 2A/1<")
EXEMPT = "<TaxExemptionCode>M07</TaxExemptionCode>"
TAXED = "<TaxCode>NOR</TaxCode><TaxPercentage>23</TaxPercentage>"


def changed(text: str, start: int, old: str, new: str) -> str:
    """The text with one thing changed behind a place."""
    assert old in text[start:], old
    return text[:start] + text[start:].replace(old, new, 1)


def told(folder: Path, text: str) -> dict[str, str]:
    """What is told of the documents of a file of Portugal, by number."""
    rows = read(folder, text, "documents", "cp1252").rows
    said = {row["document_id"]: f"{row['message_faults']} | {row['message_warnings']}" for row in rows}
    return {number: text_ for number, text_ in said.items() if text_ != "none | none"}


def of_notes(*parts: Decimal, cancelled: bool = False, first: bool = False) -> str:
    """A month in which credit notes take these shares of the first invoice; `first` = they stand before it."""
    month = month_of(random.Random(3), 2026, 2, 13)
    invoice = next(d for d in month.documents if d.number == "FT 2A/1")
    note = next(d for d in month.documents if d.number == "NC 2A/1")
    invoice.lines = [Line(1, Decimal(100), Decimal(1), "Credit")]
    notes = []
    for n, part in enumerate(parts, 1):
        lines = [Line(1, part * 100, Decimal(1), "Debit")]
        notes.append(type(note)(**{**note.__dict__, "number": f"NC 2A/{n}", "lines": lines}))
    rest = [d for d in month.documents if d.kind != "NC" and d is not invoice]
    month.documents = [*notes, invoice, *rest] if first else [invoice, *rest, *notes]
    invoice.status = "A" if cancelled else "N"
    return re.sub("<Hash>[^<]*", lambda _: f"<Hash>{next(HASHES)}", file_of(month))


HASHES = iter(f"{n:0171}=" for n in range(1_000_000))


def test_a_month_in_order_tells_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, MONTH) == {}


def test_credit_notes_come_to_their_invoice_at_most(tmp_path: Path) -> None:
    half, rest = Decimal("0.5"), Decimal("0.51")
    assert told(tmp_path, of_notes(Decimal(1))) == {}
    assert told(tmp_path, of_notes(half, half)) == {}
    assert told(tmp_path, of_notes(Decimal("1.1"))) == {"NC 2A/1": "credit_exceeds_invoice | none"}
    assert told(tmp_path, of_notes(half, rest)) == {"NC 2A/2": "credit_exceeds_invoice | none"}
    assert told(tmp_path, of_notes(half, cancelled=True)) == {"NC 2A/1": "credit_exceeds_invoice | none"}


def test_an_invoice_behind_its_credit_notes_is_the_one_that_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, of_notes(Decimal(1), first=True)) == {}
    assert told(tmp_path, of_notes(Decimal("1.1"), first=True)) == {"FT 2A/1": "credit_exceeds_invoice | none"}


@pytest.mark.parametrize(
    ("start", "old", "new", "said"),
    [
        (SALES, EXEMPT, EXEMPT.replace("M07", "M98"), "exemption_code_unknown | none"),
        (SALES, EXEMPT, EXEMPT.replace("M07", "M08"), "none | exemption_code_not_in_force"),
        (SALES, EXEMPT, EXEMPT.replace("M07", "M26"), "none | exemption_code_not_in_force"),
        (SALES, "<TaxType>IVA", "<TaxType>IS", "tax_code_unknown tax_code_of_another_tax | none"),
        (SALES, "<TaxType>IVA", "<TaxType>NS", "tax_code_unknown tax_code_of_another_tax | none"),
        (
            SALES, TAXED, TAXED.replace("NOR", "ISE"),
            "tax_code_unknown untaxed_code_with_rate | none",
        ),
        (SALES, "<SelfBillingIndicator>0", "<SelfBillingIndicator>1", "none | self_billing_differs"),
        (SALES, "<InvoiceStatus>N", "<InvoiceStatus>S", "none | self_billing_differs"),
        (SALES, "<LineNumber>1<", "<LineNumber>9<", "none | lines_out_of_order"),
        (RECEIPT, "<OriginatingON>FT 2A/", "<OriginatingON>FT 9Z/", "none | settles_unknown_series"),
    ],
)  # fmt: skip
def test_a_document_against_the_law(tmp_path: Path, start: int, old: str, new: str, said: str) -> None:
    assert list(told(tmp_path, changed(MONTH, start, old, new)).values()) == [said]


@pytest.mark.parametrize(
    ("day", "region", "code", "rate", "told_"),
    [
        ("2026-02-02", "PT", "NOR", "23", False), ("2026-02-02", "PT", "NOR", "22", True),
        ("2010-06-30", "PT", "NOR", "20", False), ("2010-07-01", "PT", "NOR", "21", False),
        ("2011-01-01", "PT", "NOR", "21", True), ("2007-01-01", "PT", "NOR", "21", False),
        ("2021-06-30", "PT-AC", "NOR", "18", False), ("2021-07-01", "PT-AC", "NOR", "18", True),
        ("2024-09-30", "PT-MA", "RED", "5", False), ("2024-10-01", "PT-MA", "RED", "5", True),
        ("2026-02-02", "ES", "NOR", "21", False), ("2026-02-02", "PT", "OUT", "7", False),
    ],
)  # fmt: skip
def test_a_rate_is_that_of_its_region_and_day(day: str, region: str, code: str, rate: str, told_: bool) -> None:
    line = {"tax_type": "IVA", "tax_region": region, "tax_code": code, "tax_percentage": rate}
    assert ("tax_rate_not_in_force" in strange_taxes({"document_date": day}, [line])) is told_
    assert "tax_rate_not_in_force" not in strange_taxes({"document_date": day}, [line | {"corrects_id": "FT 1/1"}])


def test_receipts_come_to_what_is_due_at_most(tmp_path: Path) -> None:
    month = month_of(random.Random(3), 2026, 2, 13)
    receipt = next(d for d in month.documents if d.kind == "RG")
    receipt.lines[0].quantity = Decimal("1.5")
    assert told(tmp_path, file_of(month)) == {"RG 2A/1": "none | settles_more_than_due"}


def test_a_cancelled_document_says_why(tmp_path: Path) -> None:
    text = file_of(month_of(random.Random(3), 2026, 2, 17))
    assert told(tmp_path, text) == {}
    assert told(tmp_path, text.replace("<Reason>Erro de emissão</Reason>", "")) == {
        "FT 2A/17": "none | cancelled_without_reason"
    }


def test_a_credit_note_names_a_document_of_the_file_on_each_line(tmp_path: Path) -> None:
    without = MONTH[:NOTE] + re.sub("<References>.*?</References>", "", MONTH[NOTE:], count=1)
    assert list(told(tmp_path, without).values()) == ["none | corrects_nothing"]
    missing = MONTH[:NOTE] + MONTH[NOTE:].replace("<Reference>FT 2A/1<", "<Reference>FT 2A/99<")
    assert list(told(tmp_path, missing).values()) == ["none | corrects_missing_document"]


@pytest.mark.parametrize(
    ("old", "new", "total", "where"),
    [
        (
            "<ClosingDebitBalance>12500.00</ClosingDebitBalance></BalanceAccount>",
            "<ClosingDebitBalance>12000.00</ClosingDebitBalance></BalanceAccount>",
            "partners_not_rolled_forward",
            "customer 15000, line 29 of the file: closing balance on 1500 is 12000.00, entries give 12500.00",
        ),
        (
            "<OpeningDebitBalance>0.00</OpeningDebitBalance>\n    <ClosingDebitBalance>12500.00</ClosingDebitBalance>"
            "</BalanceAccount>",
            "<OpeningDebitBalance>10.00</OpeningDebitBalance><ClosingDebitBalance>12510.00</ClosingDebitBalance>"
            "</BalanceAccount>",
            "accounts_not_the_sum_of_partners",
            "Account 1500, line 16 of the file: opening balance is 0.00, its partners have 10.00",
        ),
    ],
)
def test_balances_of_partners(tmp_path: Path, old: str, new: str, total: str, where: str) -> None:
    assert not read(tmp_path, NORWAY, "balances").broken
    assert read(tmp_path, NORWAY, "audit_files").rows[0]["balance_faults"] == "0"
    assert old in NORWAY
    text = NORWAY.replace(old, new)
    assert where in read(tmp_path, text, "balances").broken[total][2]
    (section,) = read(tmp_path, text, "audit_files").rows
    assert section["balance_faults"] != "0"
    assert where in section["first_balance_faults"]


def test_balances_of_partners_in_older_files(tmp_path: Path) -> None:
    """Before 1.30 a partner had one account, and its balances stood beside it."""
    old = NORWAY.replace("<BalanceAccount>", "").replace("</BalanceAccount>", "").replace(">1.30<", ">1.10<")
    assert "partners_not_rolled_forward" not in read(tmp_path, old, "balances").broken
    wrong = old.replace("<ClosingDebitBalance>12500.00</ClosingDebitBalance>\n   <PartyInfo>",
                        "<ClosingDebitBalance>1.00</ClosingDebitBalance>\n   <PartyInfo>")  # fmt: skip
    assert wrong != old
    assert set(read(tmp_path, wrong, "balances").broken) == {
        "partners_not_rolled_forward", "accounts_not_the_sum_of_partners",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "total", "where"),
    [
        ("<ClosingStockQuantity>10<", "<ClosingStockQuantity>7<", "stock_not_rolled_forward",
         "product PA, line 17 of the file: closing stock is 7, movements give 10"),
        ("</PhysicalStock>", "<PhysicalStockEntry><WarehouseID>W1</WarehouseID><ProductCode>PA</ProductCode>"
         "<OpeningStockQuantity>0</OpeningStockQuantity><ClosingStockQuantity>0</ClosingStockQuantity>"
         "</PhysicalStockEntry></PhysicalStock>", "stock_entries_repeated",
         "line 19 of the file: W1 PA stands there twice"),
    ],
)  # fmt: skip
def test_stock_of_products(tmp_path: Path, old: str, new: str, total: str, where: str) -> None:
    assert not read(tmp_path, OECD, "physical_stock").broken
    text = OECD.replace(old, new)
    assert read(tmp_path, text, "physical_stock").broken == {total: ("0", "1", where)}
    sections = {row["section_code"]: row for row in read(tmp_path, text, "audit_files").rows}
    assert sections["movement_of_goods"]["first_balance_faults"] == where


def test_goods_that_change_their_place_are_no_less(tmp_path: Path) -> None:
    shift = (
        "<Line><LineNumber>3</LineNumber><ProductCode>PA</ProductCode><Quantity>4</Quantity><ShipFrom><WarehouseID>W1"
        "</WarehouseID></ShipFrom><ShipTo><WarehouseID>W2</WarehouseID></ShipTo></Line></StockMovement>"
    )
    assert read(tmp_path, OECD.replace("</StockMovement>", shift), "physical_stock").broken == {}


@pytest.mark.parametrize(
    ("table", "line", "fault"),
    [
        ("<UOMTable><UOMTableEntry><UnitOfMeasure>KGM</UnitOfMeasure></UOMTableEntry></UOMTable>",
         "<UnitOfMeasure>C62</UnitOfMeasure><UnitPrice>1000.00", "unit_unknown"),
        ("<MovementTypeTable><MovementTypeTableEntry><MovementType>20</MovementType></MovementTypeTableEntry>"
         "</MovementTypeTable>", "<UnitPrice>1000.00", "movement_type_unknown"),
    ],
)  # fmt: skip
def test_tables_of_units_and_movements(tmp_path: Path, table: str, line: str, fault: str) -> None:
    text = OECD.replace("</MasterFiles>", f"{table}</MasterFiles>").replace("<UnitPrice>1000.00", line)
    rows = read(tmp_path, text, "documents").rows
    assert [fault in row["message_faults"].split() for row in rows].count(True) == 1


def test_a_price_that_is_not_that_of_its_line_is_told(tmp_path: Path) -> None:
    text = OECD.replace("<Quantity>5.0<", "<Quantity>6.0<")
    rows = {row["document_id"]: row["message_warnings"] for row in read(tmp_path, text, "documents").rows}
    assert {number: said for number, said in rows.items() if said != "none"} == {"INV/1": "line_price_differs"}


@pytest.mark.parametrize(
    ("old", "new", "total", "where"),
    [
        ("<RecordID>2<", "<RecordID>1<", "entries_with_repeated_numbers",
         "transaction T1, line 47 of the file: RecordID 1 stands there 2 times"),
        ("<AccountID>2700</AccountID><Desc", "<AccountID>2700</AccountID><Analysis><AnalysisType>D</AnalysisType>"
         "<AnalysisID>9</AnalysisID></Analysis><Desc", "entries_with_unknown_analyses",
         "transaction T1, line 2; line 56 of the file: no analysis 9"),
    ],
)  # fmt: skip
def test_lines_of_the_ledger(tmp_path: Path, old: str, new: str, total: str, where: str) -> None:
    table = (
        "<AnalysisTypeTable><AnalysisTypeTableEntry><AnalysisType>D</AnalysisType><AnalysisTypeDescription>Department"
        "</AnalysisTypeDescription><AnalysisID>1</AnalysisID><AnalysisIDDescription>Sales</AnalysisIDDescription>"
        "</AnalysisTypeTableEntry></AnalysisTypeTable><Owners>"
    )
    sound = NORWAY.replace("<Owners>", table)
    assert read(tmp_path, sound, "gl_entries").broken == {}
    assert old in sound
    assert read(tmp_path, sound.replace(old, new), "gl_entries").broken[total] == ("0", "1", where)


def test_transactions_in_another_period_than_others_of_their_month_are_told(tmp_path: Path) -> None:
    ledger = MONTH.index("<GeneralLedgerEntries>")
    (warning,) = read(
        tmp_path, changed(MONTH, ledger, "<Period>2<", "<Period>5<"), "gl_entries", "cp1252"
    ).facts.warnings
    assert warning.startswith("1 transactions booked 3 months after the period that others of their month are in, ")


def test_numbers_without_end_are_no_numbers(tmp_path: Path) -> None:
    """Python refuses to make a number of so many digits."""
    endless = "9" * 5000
    ledger = MONTH.index("<GeneralLedgerEntries>")
    for start, old, new, table in (
        (SALES, "<LineNumber>1<", f"<LineNumber>{endless}<", "documents"),
        (ledger, "<Period>2<", f"<Period>{endless}<", "gl_entries"),
        (SALES, "<Quantity>", f"<Quantity>{endless}", "audit_files"),
        (SALES, "<NetTotal>", f"<NetTotal>{endless}", "documents"),
    ):
        found = read(tmp_path, changed(MONTH, start, old, new), table, "cp1252")
        assert found.rows


def test_a_standard_code_of_norway_is_on_its_list(tmp_path: Path) -> None:
    text = NORWAY.replace("<StandardTaxCode>31<", "<StandardTaxCode>34<")
    assert "StandardTaxCode is '34'" in read(tmp_path, text, "tax_codes").broken["structure_faults"][2] or (
        "StandardTaxCode is '34'" in read(tmp_path, text, "audit_files").rows[0]["first_faults"]
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(-500, 500)), max_size=80), st.integers(0, 90))
def test_what_is_left_is_what_was_told_without_what_was_taken(moves: list[tuple[int, int]], told_: int) -> None:
    left, taken = Remainders(), dict[int, int]()
    for number, cents in moves:
        assert left.take(f"FT A/{number}", cents) is None
        taken[number] = taken.get(number, 0) + cents
    assert left.tell(f"FT A/{told_}", 1000) == 1000 - taken.get(told_, 0)


def test_documents_of_too_many_series_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saft_settled, "MOST_BLOCKS", 2)
    left = Remainders()
    assert [left.tell(f"S{n}/1", 5) for n in range(3)] == [5, 5, None]
    assert left.take("S2/1", 99) is None
