"""SAF-T: what stands in the file is in the tables, what it promises is counted, what is wrong told with its place."""

from __future__ import annotations

import random
import re
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract.facts import FileFacts
from pipelines.extract.messages.saft import DOCUMENTS_OF, LINES_OF
from pipelines.extract.messages.saft_series import Numbers, Series
from pipelines.extract.reader import read_table
from pipelines.flow.printing import print_table
from pipelines.formats import message_format
from pipelines.profile import Format
from pipelines.settings import ROOT
from tests.samples.tejo import file_of
from tests.samples.tejo_world import month_of
from tests.unit.extract.messages.audit_texts import NORWAY, OECD

DEMO = (ROOT / "tests" / "samples" / "saft_pt" / "saft_idemo599999999.xml").read_text("cp1252")
TABLES = tuple(message_format("saft").tables)
OF_GOODS = "</SupplierID>\n                <SourceID>"
SHIPPED = "</CustomerID>\n                <ShipTo>"
SOLD = (
    "</ProductCode>\n                    <ProductDescription>Produto 1</ProductDescription>\n"
    "                    <Quantity>5<"
)
SETTLED = "Bens à taxa normal de IVA</Description>\n                    </SourceDocumentID>\n                    "
Rows = list[dict[str, str]]


class Table(NamedTuple):
    """A table as read, with the facts of its file."""

    rows: Rows
    facts: FileFacts

    @property
    def broken(self) -> dict[str, tuple[str, str, str]]:
        """Totals that are not as promised: said, found, where."""
        return {t.name: (t.said, t.found, t.where) for t in self.facts.totals if t.said != t.found}


def read(folder: Path, text: str, table: str, encoding: str = "utf-8") -> Table:
    """A file of this text, read as a table; the cells that have a value."""
    path = folder / "saft.xml"
    path.write_bytes(text.encode(encoding))
    with read_table(path, Format(type="saft", table=table), "en_US", name="saft.xml") as reader:
        batches = [batch.to_pylist() for batch in reader.batches(full=False)]
    rows = [{k: v for k, v in row.items() if v and not k.startswith("__")} for batch in batches for row in batch]
    return Table(rows, reader.facts)


def demo(folder: Path, table: str, *changes: tuple[str, str]) -> Table:
    """The demonstration company of Portugal's tax authority, changed: each text must be there."""
    text = DEMO
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read(folder, text, table, "cp1252")


def test_every_table_has_the_columns_of_its_declaration(tmp_path: Path) -> None:
    for text, encoding in ((DEMO, "cp1252"), (NORWAY, "utf-8"), (OECD, "utf-8")):
        for table in TABLES:
            found = read(tmp_path, text, table, encoding)
            assert not [w for w in found.facts.warnings if "not among the declared names" in w], table


@pytest.mark.parametrize("table", TABLES)
def test_a_file_in_order_breaks_no_total(tmp_path: Path, table: str) -> None:
    found = demo(tmp_path, table)
    assert found.broken == {}
    odd = ["1 tax numbers with wrong check digits, first PP"] if table == "customers" else []
    assert found.facts.warnings == odd


def test_sections_hold_what_they_promise(tmp_path: Path) -> None:
    rows = {row["section_code"]: row for row in demo(tmp_path, "audit_files").rows}
    assert set(rows) == {"sales_invoices", "payments", "movement_of_goods", "working_documents"}
    sales = rows["sales_invoices"]
    assert (sales["entries_said"], sales["entries_found"], sales["lines_found"]) == ("24", "24", "31")
    assert (sales["debit_said"], sales["debit_found"]) == ("2201.7838", "2201.7838")
    assert sales["credit_found"] == "14918.709"  # without what is cancelled
    assert rows["movement_of_goods"]["quantity_found"] == "3295.92"  # at the decimals of what is said
    assert sales["period_end"] == "2018-01-31"


def test_documents_and_lines_of_a_section_belong_together(tmp_path: Path) -> None:
    for name, section in LINES_OF.items():
        lines = demo(tmp_path, name).rows
        heads = demo(tmp_path, next(t for t, s in DOCUMENTS_OF.items() if s == section)).rows
        assert {line["document_id"] for line in lines} == {head["document_id"] for head in heads}
        assert sum(int(head["line_count"]) for head in heads) == len(lines)
        for head in heads:
            of = [Decimal(line["net_rounded"]) for line in lines if line["document_id"] == head["document_id"]]
            exact = Decimal(head["credit_total"]) - Decimal(head["debit_total"])
            assert abs(sum(of, Decimal(0)) - exact) <= Decimal("0.005")


def test_a_credit_note_is_negative_and_names_what_it_corrects(tmp_path: Path) -> None:
    notes = [row for row in demo(tmp_path, "sales_invoices").rows if row["document_type"] == "NC"]
    assert {row["document_kind"] for row in notes} == {"credit_note"}
    assert [row["gross_amount"] for row in notes][:2] == ["-235.15", "-2261.34"]
    assert all(row["customer_name"] for row in notes)


@pytest.mark.parametrize(
    ("changes", "table", "total", "where"),
    [
        ([("<InvoiceNo>1T 1/6", "<InvoiceNo>1T 1/8")], "sales_invoices", "missing_numbers", "1T 1/6 to 7 missing"),
        (
            [("<DocumentNumber>1G 5A/3", "<DocumentNumber>1G 5A/4")],
            "movement_lines",
            "missing_numbers",
            "1G 5A/3 missing",
        ),
        (
            [(f"<SupplierID>SB18{OF_GOODS}", f"<SupplierID>SB1899{OF_GOODS}")],
            "movements",
            "faulty_documents",
            "movement 1CC 1B/1: supplier_unknown",
        ),
        (
            [("<PaymentRefNo>PGT 1T1/2", "<PaymentRefNo>PGT 1T1/4")],
            "payments",
            "missing_numbers",
            "PGT 1T1/2 to 3 missing",
        ),
        (
            [("<NumberOfEntries>24", "<NumberOfEntries>25")],
            "sales_lines",
            "sales_invoices_entries",
            "line 454, SalesInvoices",
        ),
        (
            [("<TotalQuantityIssued>3295.92", "<TotalQuantityIssued>3295.93")],
            "movements",
            "movement_of_goods_quantity",
            "line 1964, MovementOfGoods",
        ),
        (
            [("<HashControl>1</HashControl>", "")],
            "sales_invoices",
            "structure_faults",
            "HashControl is missing in Invoice, before Period",
        ),
        (
            [("<InvoiceType>FT", "<InvoiceType>XX")],
            "sales_lines",
            "structure_faults",
            "InvoiceType is 'XX', expected as FT|FS",
        ),
        (
            [("<Quantity>5</Quantity>", "<Quantity>-5</Quantity>")],
            "sales_lines",
            "structure_faults",
            "Quantity is '-5', expected a number from 0",
        ),
        (
            [("<SalesInvoices>", "<SalesInvoices><Extra/>")],
            "sales_invoices",
            "structure_faults",
            "line 454: Extra stands not in SalesInvoices",
        ),
    ],
)
def test_a_defect_is_stopped_by_a_total_that_names_it(
    tmp_path: Path, changes: list[tuple[str, str]], table: str, total: str, where: str
) -> None:
    found = demo(tmp_path, table, *changes).broken
    assert where in found[total][2]


@pytest.mark.parametrize(
    ("document", "changes", "faults"),
    [
        ("1T 1/1", [(f"<CustomerID>CA3{SHIPPED}", f"<CustomerID>X{SHIPPED}")], "customer_unknown"),
        ("1T 1/1", [("<GrossTotal>28.07", "<GrossTotal>28.70")], "gross_differs"),
        ("1T 1/1", [("<CreditAmount>23.3938", "<CreditAmount>23.8")], "lines_differ price_differs tax_differs"),
        (
            "1T 1/1",
            [("<CreditAmount>23.3938</CreditAmount>", "<DebitAmount>23.3938</DebitAmount>")],
            "invoice_debits lines_differ",
        ),
        ("1T 1/1", [("vfinNfF+rToG", "vfinNfF+rTo")], "signature_malformed"),
        ("1T 1/1", [("<HashControl>1<", "<HashControl>one<")], "signature_control_malformed"),
        ("1T 1/1", [("<HashControl>1<", "<HashControl>0<")], "signature_control_malformed"),
        ("1T 1/1", [("<ATCUD>0<", "<ATCUD>CODE-1<")], "atcud_malformed"),
        ("1T 1/1", [("<ATCUD>0<", "<ATCUD>CSDF7T5H-2<")], "atcud_number_differs"),
        ("1T 1/1", [("<ATCUD>0<", "<ATCUD>CSDF7T5H-1<")], "none"),
        (
            "1T 1/1",
            [("<TaxPayable>4.68", "<TaxPayable>4.86"), ("<GrossTotal>28.07", "<GrossTotal>28.25")],
            "tax_differs",
        ),
        (
            "1T 1/1",
            [
                (
                    "<TaxPercentage>20</TaxPercentage>\n                    </Tax>",
                    "<TaxPercentage>21</TaxPercentage>\n                    </Tax>",
                )
            ],
            "tax_code_unknown tax_differs",
        ),
        ("1T 1/1", [(SOLD, SOLD.replace("<Quantity>5<", "<Quantity>6<"))], "price_differs"),
        ("1T 1/2", [("<ExchangeRate>0.740747<", "<ExchangeRate>0.704747<")], "conversion_differs"),
        ("1T 1/2", [("<InvoiceNo>1T 1/1<", "<InvoiceNo>1T 1/2<")], "number_repeated"),
        ("1T 1/1", [(f"<ProductCode>FAT01{SOLD}", f"<ProductCode>NEW{SOLD}")], "product_unknown"),
        (
            "PGT 1T1/1",
            [(f"{SETTLED}<CreditAmount>5000</CreditAmount>", f"{SETTLED}<DebitAmount>5000</DebitAmount>")],
            "lines_differ debit_of_invoice",
        ),
        ("PGT 1T1/1", [("<OriginatingON>1T 1/6<", "<OriginatingON>1T 1/99<")], "settles_missing_document"),
    ],
)
def test_a_document_says_which_rules_it_breaks(
    tmp_path: Path, document: str, changes: list[tuple[str, str]], faults: str
) -> None:
    rows = {row["document_id"]: row["message_faults"] for row in demo(tmp_path, "documents", *changes).rows}
    assert rows.pop(document) == faults
    assert set(rows.values()) == {"none"}


@pytest.mark.parametrize(
    ("document", "changes", "warnings"),
    [
        ("1T 1/1", [("<SystemEntryDate>2017-03-10T", "<SystemEntryDate>2017-03-09T")], "dated_after_entry"),
        ("1T 1/2", [("<SystemEntryDate>2017-03-10T", "<SystemEntryDate>2019-03-10T")], "entered_before_previous"),
        (
            "1T 1/1",
            [
                ("<EndDate>2018-01-31<", "<EndDate>2024-01-31<"),
                ("<InvoiceDate>2017-03-10<", "<InvoiceDate>2023-01-01<"),
                ("<SystemEntryDate>2017-03-10T", "<SystemEntryDate>2023-01-01T"),
            ],
            "atcud_missing",
        ),
    ],
)
def test_a_document_says_what_is_strange(
    tmp_path: Path, document: str, changes: list[tuple[str, str]], warnings: str
) -> None:
    rows = {row["document_id"]: row for row in demo(tmp_path, "documents", *changes).rows}
    assert warnings in rows[document]["message_warnings"].split()
    assert {row["message_faults"] for row in rows.values()} == {"none"}


def test_reasons_of_exemption_stand_where_no_tax_is(tmp_path: Path) -> None:
    text = file_of(month_of(random.Random(3), 2026, 2, 13))
    code = "<TaxExemptionCode>M07</TaxExemptionCode>"
    without = read(tmp_path, text.replace(code, "", 1), "documents", "cp1252").rows
    assert [r["message_faults"] for r in without if r["message_faults"] != "none"] == ["exemption_without_reason"]
    assert {r["message_faults"] for r in read(tmp_path, older(text).replace(code, ""), "documents", "cp1252").rows} == {
        "none"
    }
    taxed = text.replace("<TaxPercentage>23</TaxPercentage></Tax>", "<TaxPercentage>23</TaxPercentage></Tax>"
                         "<TaxExemptionReason>Isento, artigo</TaxExemptionReason>" + code, 1)  # fmt: skip
    found = read(tmp_path, taxed, "documents", "cp1252").rows
    assert [r["message_faults"] for r in found if r["message_faults"] != "none"] == ["exemption_of_taxed_line"]


def test_an_internal_code_stands_for_one_type_of_documents(tmp_path: Path) -> None:
    at = DEMO.index("<InvoiceNo>1T 1/2")
    text = DEMO[:at] + DEMO[at:].replace("<InvoiceType>FT", "<InvoiceType>FR", 1)
    rows = {row["document_id"]: row["message_faults"] for row in read(tmp_path, text, "documents", "cp1252").rows}
    assert {name for name, faults in rows.items() if faults != "none"} == {"1T 1/2"}
    assert rows["1T 1/2"] == "internal_code_repeated"


@pytest.mark.parametrize("table", TABLES)
def test_a_header_that_breaks_its_schema_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(DeliveryError, match="line 9: TaxRegistrationNumber is missing in Header, before TaxAcc"):
        demo(tmp_path, table, ("<TaxRegistrationNumber>599999993</TaxRegistrationNumber>\n", ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<auditfile><header/></auditfile>", "a document of 'auditfile'"),
        ("<AuditFile><MasterFiles><Customer/></MasterFiles></AuditFile>", "Customer before any header"),
        ("<AuditFile><Header><AuditFileVersion>1</AuditFileVersion></Header></AuditFile>", "no company tax id"),
        ("<AuditFile/>", "no Header in AuditFile"),
        ("no XML at all", "saft.xml:1"),
        (DEMO.replace('encoding="Windows-1252"', 'encoding="UTF-8"')[:90_000].encode().decode(), "truncated"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><AuditFile>&x;</AuditFile>', "declares entities"),
    ],
)
def test_what_is_no_sound_audit_file_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DeliveryError) as error:
        read(tmp_path, text, "documents")
    assert said in str(error.value)
    assert "saft.xml" in str(error.value)


def test_norway_gives_entries_balances_and_masters(tmp_path: Path) -> None:
    entries = read(tmp_path, NORWAY, "gl_entries")
    assert entries.broken == {}
    first, _, third = entries.rows
    assert (first["credit_amount"], first["foreign_currency_code"], first["foreign_amount"]) == (
        "10000.00",
        "EUR",
        "869.57",
    )
    assert (first["tax_code"], first["tax_amount"], first["journal_id"]) == ("3", "2500.00", "A")
    assert first["other"] == "Transaction: ModificationDate=2025-10-01"
    assert (third["partner_id"], third["debit_amount"], third["posting_date"]) == ("15000", "12500.00", "2025-09-28")
    assert third["period_end"] == "2025-12-31"  # the thirteenth period closes the year
    balances = {r["account_id"]: r for r in read(tmp_path, NORWAY, "balances").rows}
    for row in balances.values():
        values = {
            k: Decimal(row.get(k, "0"))
            for k in ("closing_debit", "closing_credit", "debit_turnover", "credit_turnover")
        }
        assert (
            values["debit_turnover"] - values["credit_turnover"] == values["closing_debit"] - values["closing_credit"]
        )
    types = {r["account_id"]: r["account_type_code"] for r in read(tmp_path, NORWAY, "accounts").rows}
    assert types == {"1500": "asset", "2700": "liability", "3000": "revenue"}
    assert [r["tax_code"] for r in read(tmp_path, NORWAY, "tax_codes").rows] == ["3", "31"]
    (customer,) = read(tmp_path, NORWAY, "customers").rows
    assert (customer["partner_id"], customer["payment_term_days"], customer["country_code"]) == ("15000", "14", "NO")
    assert customer["other"] == "PartyInfo/NaceCode=47.120"
    assert read(tmp_path, NORWAY, "other_masters").rows[0]["other"] == "Name=Sample Holding; OwnerID=1"


@pytest.mark.parametrize(
    ("old", "new", "total", "where"),
    [
        ("<RecordID>2</RecordID><AccountID>2700", "<RecordID>2</RecordID><AccountID>2799",
         "entries_on_unknown_accounts", "line 2; line 56 of the file: no account 2799"),
        ("<TaxCode>3</TaxCode><TaxPercentage>", "<TaxCode>33</TaxCode><TaxPercentage>",
         "entries_with_unknown_tax_codes", "line 1; line 51 of the file: no tax code 33"),
        ("<CustomerID>15000</CustomerID>", "<CustomerID>15001</CustomerID>", "entries_of_unknown_partners",
         "line 3; line 58 of the file: no customer 15000"),
    ],
)  # fmt: skip
def test_entries_that_name_what_the_file_does_not_have_are_told(
    tmp_path: Path, old: str, new: str, total: str, where: str
) -> None:
    assert old in NORWAY
    broken = read(tmp_path, NORWAY.replace(old, new, 1), "gl_entries").broken
    assert list(broken) == [total]
    assert broken[total][:2] == ("0", "1")
    assert where in broken[total][2]
    sections = {r["section_code"]: r for r in read(tmp_path, NORWAY.replace(old, new, 1), "audit_files").rows}
    assert sections["general_ledger"]["faulty_documents"] == "1"
    assert where.rpartition(": ")[2] in sections["general_ledger"]["first_faulty"]


def test_transactions_that_do_not_balance_or_lie_outside_the_period_are_told(tmp_path: Path) -> None:
    text = NORWAY.replace("<Amount>12500.00", "<Amount>12500.01")
    (section,) = read(tmp_path, text, "audit_files").rows
    assert section["first_faulty"].endswith(": debits are not credits by 0.01")
    outside = NORWAY.replace("<TransactionDate>2025-", "<TransactionDate>2024-")
    (warning,) = read(tmp_path, outside, "gl_entries").facts.warnings
    assert warning.startswith("1 transactions dated outside the period of the file, first ")


def test_a_heading_is_the_sum_of_the_accounts_below_it(tmp_path: Path) -> None:
    text = file_of(month_of(random.Random(3), 2026, 2, 12))
    assert read(tmp_path, text, "balances", "cp1252").broken == {}
    at = text.index("<AccountID>71</AccountID>")
    changed = text[:at] + re.sub("<ClosingCreditBalance>[^<]*", "<ClosingCreditBalance>1.00", text[at:], count=1)
    broken = read(tmp_path, changed, "balances", "cp1252").broken["headings_not_the_sum"]
    assert broken[1] == "1"
    assert broken[2].startswith("Account 71, line ")
    assert "closing balance -1.00, accounts below it -" in broken[2]
    lost = text.replace("<GroupingCode>24</GroupingCode>", "<GroupingCode>29</GroupingCode>")
    assert "no account 29 above it" in read(tmp_path, lost, "balances", "cp1252").broken["accounts_without_heading"][2]


def test_a_record_whose_number_stands_there_twice_is_told(tmp_path: Path) -> None:
    twice = demo(tmp_path, "customers", ("<CustomerID>CA3</CustomerID>", "<CustomerID>CA1</CustomerID>"))
    assert "CustomerID 'CA1' stands there twice" in twice.broken["structure_faults"][2]


def test_the_oecd_version_gives_invoices_of_both_sides(tmp_path: Path) -> None:
    invoice, note = read(tmp_path, OECD, "sales_invoices").rows
    assert (invoice["net_amount"], invoice["tax_amount"], invoice["gross_amount"]) == ("5000.00", "850.00", "5850.00")
    assert (note["document_kind"], note["net_amount"], note["gross_amount"]) == ("credit_note", "-3000.00", "-3510.00")
    (purchase,) = read(tmp_path, OECD, "purchase_invoices").rows
    assert (purchase["supplier_id"], purchase["supplier_name"], purchase["document_kind"]) == (
        "S1",
        "Sample Fournisseur",
        "invoice",
    )
    assert read(tmp_path, OECD, "physical_stock").rows[0]["closing_quantity"] == "10"
    movements = read(tmp_path, OECD, "movements")
    assert movements.broken == {"faulty_documents": ("0", "1", "movement M1: product_unknown")}
    assert read(tmp_path, OECD, "purchase_lines").broken == {}


DOLLARS = (
    "<Currency><CurrencyCode>USD</CurrencyCode><CurrencyAmount>6435.00</CurrencyAmount>"
    "<ExchangeRate>{}</ExchangeRate></Currency>"
)


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("<NetTotal>5000.00</NetTotal><GrossTotal>5850.00", "<NetTotal>5000.00</NetTotal><GrossTotal>5850.10",
         "gross_differs"),
        ("<Amount>5000.00</Amount></InvoiceLineAmount>", "<Amount>4999.00</Amount></InvoiceLineAmount>",
         "lines_differ"),
        ("<DebitCreditIndicator>C</DebitCreditIndicator>", "<DebitCreditIndicator>C</DebitCreditIndicator>"
         "<TaxInformation><TaxPercentage>17</TaxPercentage><TaxBase>5000.00</TaxBase><TaxAmount>"
         "<Amount>805.00</Amount></TaxAmount></TaxInformation>", "tax_differs"),
        ("<GrossTotal>5850.00</GrossTotal>", f"<GrossTotal>5850.00</GrossTotal>{DOLLARS.format('1.3')}",
         "conversion_differs"),
        ("<GrossTotal>5850.00</GrossTotal>", f"<GrossTotal>5850.00</GrossTotal>{DOLLARS.format('1.1')}", "none"),
        ("<CustomerID>C1</CustomerID></CustomerInfo>", "<CustomerID>C2</CustomerID></CustomerInfo>",
         "customer_unknown"),
    ],
)  # fmt: skip
def test_an_invoice_of_the_oecd_says_which_rules_it_breaks(tmp_path: Path, old: str, new: str, faults: str) -> None:
    assert old in OECD
    first, second = read(tmp_path, OECD.replace(old, new, 1), "sales_invoices").rows
    assert (first["message_faults"], second["message_faults"]) == (faults, "none")


def test_lines_of_a_document_have_numbers_of_their_own(tmp_path: Path) -> None:
    twice = OECD.replace("<LineNumber>2<", "<LineNumber>1<")
    (movement,) = read(tmp_path, twice, "movements").rows
    assert movement["message_faults"] == "product_unknown line_number_repeated"


def test_hostile_numbers_and_depths_are_told(tmp_path: Path) -> None:
    huge = OECD.replace("<TotalCredit>5000.00", "<TotalCredit>1e999999999").replace(">3000.00<", ">1e-999999999<", 1)
    found = read(tmp_path, huge, "sales_invoices")
    assert found.broken["structure_faults"][1] == "2"
    assert "TotalCredit is '1e999999999', expected a number" in found.broken["structure_faults"][2]
    deep = OECD.replace("<Name>Sample Client</Name>", "<a>" * 5000 + "</a>" * 5000)
    with pytest.raises(DeliveryError, match=r"nested too deeply|saft[.]xml:"):
        read(tmp_path, deep, "customers")


def test_a_total_is_compared_at_the_decimals_it_says(tmp_path: Path) -> None:
    assert demo(tmp_path, "movements", ("3295.92<", "3295.9<")).broken == {
        "movement_of_goods_quantity": ("3295.9", "3295.922006", "line 1964, MovementOfGoods")
    }
    assert demo(tmp_path, "movements", ("3295.92<", "3295.922006<")).broken == {}


def test_a_total_that_is_not_found_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "saft.xml"
    path.write_bytes(DEMO.replace("<InvoiceNo>1T 1/6", "<InvoiceNo>1T 1/8").encode("cp1252"))
    notes = StringIO()
    print_table(path, '{"type": "saft", "table": "sales_invoices"}', "csv", StringIO(), notes)
    assert "; missing_numbers: 0 promised, 2 found (1T 1/6 to 7 missing)" in notes.getvalue()


def older(text: str) -> str:
    """A file of version 1.04 as one of 1.03."""
    text = text.replace("PT_1.04_01", "PT_1.03_01").replace("1.04_01", "1.03_01")
    text = re.sub("<ATCUD>[^<]*</ATCUD>|<TaxonomyReference>S</TaxonomyReference>|</?Lines>", "", text)
    return text.replace("DebitLine>", "Line>").replace("CreditLine>", "Line>")


def norway_1_20() -> str:
    """The file of version 1.30 as one of 1.20."""
    address = "<Address><City>Oslo</City></Address>"
    text = NORWAY.replace("<AuditFileVersion>1.30", "<AuditFileVersion>1.20").replace("CreditTaxAmount>", "TaxAmount>")
    text = re.sub("</?BalanceAccount>|<ModificationDate>[^<]*</ModificationDate>", "", text)
    text = text.replace("<Name>Sample AS</Name>", f"<Name>Sample AS</Name>{address}")
    return text.replace("<Name>Sample Holding</Name>", f"<Name>Sample Holding</Name>{address}")


@pytest.mark.parametrize("table", ["audit_files", "gl_entries", "balances", "customers", "tax_codes", "other_masters"])
def test_norway_1_20_is_checked_by_its_own_schema(tmp_path: Path, table: str) -> None:
    now, then = read(tmp_path, NORWAY, table), read(tmp_path, norway_1_20(), table)
    assert then.broken == {}
    assert len(then.rows) == len(now.rows) > 0
    mixed = norway_1_20().replace("<SystemEntryDate>", "<VoucherType>SI</VoucherType><SystemEntryDate>")
    mixed = mixed.replace("<StreetName>Gata", f"<StreetName>{'G' * 71}")
    faults = read(tmp_path, mixed, "audit_files").rows[0]["first_faults"]
    assert "expected text of 0 to 70 characters" in faults
    assert "VoucherType stands not in Transaction" in faults


def test_what_norway_has_and_does_not_use_is_not_looked_into(tmp_path: Path) -> None:
    unused = "<Products><Product><Anything/></Product></Products><Owners>"
    text = NORWAY.replace("<Owners>", unused).replace("<SourceDocuments/>", "<SourceDocuments><SalesInvoices/>"
                                                      "</SourceDocuments>")  # fmt: skip
    assert read(tmp_path, text, "audit_files").rows[0]["structure_faults"] == "0"
    assert read(tmp_path, text, "products").broken == {}
    elsewhere = NORWAY.replace("<Owners>", "<Assets/><Owners>")
    assert (
        "Owners stands in MasterFiles out of order"
        in read(tmp_path, elsewhere, "customers").broken["structure_faults"][2]
    )


def test_an_older_version_gives_the_same_entries_and_documents(tmp_path: Path) -> None:
    """Before 1.04 documents had no ATCUD, and lines of the ledger stood beside each other, debits and credits alike."""
    text = file_of(month_of(random.Random(3), 2026, 2, 12))
    places = {"position", "line_position", "atcud"}
    for table in ("gl_entries", "documents", "sales_lines", "accounts"):
        then, now = read(tmp_path, older(text), table, "cp1252"), read(tmp_path, text, table, "cp1252")
        assert then.rows
        assert [{k: v for k, v in row.items() if k not in places} for row in then.rows] == [
            {k: v for k, v in row.items() if k not in places} for row in now.rows
        ]
        assert then.broken == {}


def test_a_company_with_a_wrong_number_is_told(tmp_path: Path) -> None:
    wrong = demo(tmp_path, "products", ("<TaxRegistrationNumber>599999993<", "<TaxRegistrationNumber>599999994<"))
    assert wrong.facts.warnings == ["tax number of the company has wrong check digits: 599999994"]


def test_the_first_version_of_the_oecd_and_of_others_after_it_is_read(tmp_path: Path) -> None:
    """Austria's file follows it: company and period stand in the header itself, the ledger among the master files."""
    text = """<AuditFile><Header><AuditFileVersion>1.00</AuditFileVersion><CompanyID>FN 1 a</CompanyID>
    <TaxRegistrationNumber>ATU12345675</TaxRegistrationNumber><CompanyName>Muster</CompanyName>
    <FiscalYear>2025</FiscalYear><StartDate>2025-01-01</StartDate><EndDate>2025-12-31</EndDate>
    <CurrencyCode>EUR</CurrencyCode><DateCreated>2026-01-31</DateCreated><ProductID>X</ProductID></Header>
    <MasterFiles><GeneralLedger><AccountID>2000</AccountID><AccountDescription>Kunden</AccountDescription>
    <AccountType>Asset</AccountType></GeneralLedger><GeneralLedger><AccountID>4000</AccountID>
    <AccountDescription>Umsatz</AccountDescription></GeneralLedger></MasterFiles>
    <GeneralLedgerEntries><NumberOfEntries>1</NumberOfEntries><TotalDebit>12.00</TotalDebit>
    <TotalCredit>12.00</TotalCredit><Journal><JournalID>1</JournalID><Description>AR</Description><Transaction>
    <TransactionID>7</TransactionID><Period>1</Period><TransactionDate>2025-01-05</TransactionDate>
    <Line><RecordID>1</RecordID><AccountID>2000</AccountID><DebitAmount>12.00</DebitAmount></Line>
    <Line><RecordID>2</RecordID><AccountID>4000</AccountID><CreditAmount>12.00</CreditAmount></Line>
    </Transaction></Journal></GeneralLedgerEntries></AuditFile>"""
    entries = read(tmp_path, text, "gl_entries")
    assert [(r["account_id"], r.get("debit_amount"), r["company_tax_id"]) for r in entries.rows] == [
        ("2000", "12.00", "ATU12345675"),
        ("4000", None, "ATU12345675"),
    ]
    assert entries.broken == {}
    assert [r["account_id"] for r in read(tmp_path, text, "accounts").rows] == ["2000", "4000"]
    changed = text.replace("4000</AccountID><CreditAmount>", "4001</AccountID><CreditAmount>")
    assert list(read(tmp_path, changed, "gl_entries").broken) == ["entries_on_unknown_accounts"]


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ('<JPK xmlns="http://jpk.mf.gov.pl/wzor/2019/09/27/09271/"/>', "'JPK' in http://jpk.mf.gov.pl/wzor"),
        ('<auditfile xmlns="urn:StandardAuditFile-Taxation-CashRegister:NO"/>', "'auditfile' in urn:Standard"),
    ],
)
def test_other_kinds_of_audit_files_are_refused_by_their_name(tmp_path: Path, root: str, said: str) -> None:
    with pytest.raises(DeliveryError, match="not an audit file") as error:
        read(tmp_path, root, "documents")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        ("OECD", "MasterFiles>", "MasterFilesMonthly>",
         "saft.xml:12; got MasterFilesMonthly in AuditFile of urn:OECD"),
        ("OECD", "SourceDocuments>", "SourceDocumentsMonthly>", "got SourceDocumentsMonthly in AuditFile of urn:OECD"),
        ("PT", "StandardAuditFile-Tax:PT_1.04_01", "StandardAuditFile-Tax:CV_1.01_01", "got CV, as urn:OECD:Standard"),
        ("PT", ' xmlns="urn:OECD:StandardAuditFile-Tax:PT_1.04_01"', "", "got MZ, as the address of the company says"),
    ],
)  # fmt: skip
def test_files_of_countries_that_are_not_known_are_refused_and_not_read_in_half(
    tmp_path: Path, text: str, old: str, new: str, said: str
) -> None:
    whole = {"OECD": OECD, "PT": tejo().replace("<Country>PT</Country>", "<Country>MZ</Country>", 1)}[text]
    assert old in whole
    with pytest.raises(DeliveryError) as error:
        read(tmp_path, whole.replace(old, new), "documents", "cp1252")
    assert said in str(error.value)


def test_companies_may_stand_in_an_element_of_their_own(tmp_path: Path) -> None:
    """As in Romania's D406."""
    text = NORWAY.replace(":NO", ":RO").replace("<Customer><Reg", "<Customer><CompanyStructure><Reg").replace(
        "<CustomerID>15000</CustomerID>\n", "</CompanyStructure><CustomerID>15000</CustomerID>\n", 1
    )  # fmt: skip
    (customer,) = read(tmp_path, text, "customers").rows
    assert (customer["partner_name"], customer["city"], customer["registration_id"], customer["partner_id"]) == (
        "Sample Kunde", "Oslo", "922222229", "15000",
    )  # fmt: skip
    assert customer["other"] == "PartyInfo/NaceCode=47.120"


def test_what_no_table_reads_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, OECD.replace("<MasterFiles>", "<MasterFiles><Robots/><Robots/>"), "customers")
    assert found.facts.warnings == ["not read: MasterFiles/Robots, 2 times"]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 12))
def test_a_written_month_is_read_back_exactly(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    month = month_of(random.Random(seed), 2026, 2, count)
    folder, text = tmp_path_factory.mktemp("saft"), file_of(month)
    found = read(folder, text, "documents", "cp1252")
    key: Callable[[dict[str, str]], tuple[str, ...]] = lambda r: (  # noqa: E731
        r["section_code"], r["document_id"], r["document_date"], r["partner_id"], r["net_total"], r["gross_total"],
    )  # fmt: skip
    assert sorted(map(key, found.rows)) == sorted(
        (d.section, d.number, d.day, d.partner, str(d.net), str(d.gross)) for d in month.documents
    )
    assert {row["message_faults"] for row in found.rows} <= {"none"}
    lines = read(folder, text, "sales_lines", "cp1252")
    written = [
        (d.number, f"P{ln.product:03}", ln.quantity, ln.net) for d in month.of("sales_invoices") for ln in d.lines
    ]
    assert written == [
        (r["document_id"], r["product_id"], Decimal(r["quantity"]), abs(Decimal(r["net_amount"]))) for r in lines.rows
    ]
    assert lines.broken == {}


def test_a_number_that_comes_late_is_not_missing_and_one_told_twice_hides_no_gap() -> None:
    series = Series("FT A", "FT")
    assert [series.add(n) for n in (2, 3, 7, 1, 3, 9, 8, 5)] == [True, True, True, True, False, True, True, True]
    assert (series.missing, list(series.gaps())) == (2, ["FT A/4 missing", "FT A/6 missing"])
    assert [n in series for n in (0, 1, 4, 5, 6, 9, 10)] == [False, True, False, True, False, True, False]


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(st.integers(1, 40), min_size=1))
def test_a_series_knows_its_numbers_in_any_order(numbers: list[int]) -> None:
    series, seen = Series("A", "FT"), set[int]()
    for one in numbers:
        assert series.add(one) == (one not in seen)
        seen.add(one)
    assert series.missing == max(seen) - min(seen) + 1 - len(seen)
    assert all((n in series) == (n in seen) for n in range(42))


@pytest.fixture(scope="module")
def signed() -> tuple[str, str]:
    """A month whose documents are signed as the law wants it, and the public key of the software that did."""
    key = generate_private_key(65537, 1024)
    month, before = month_of(random.Random(5), 2026, 2, 12), dict[str, str]()
    for document in month.documents:
        if document.section == "payments":
            continue
        series = document.number.rpartition("/")[0]
        text = f"{document.day};{document.day}T09:30:00;{document.number};{document.gross};{before.get(series, '')}"
        document.signature = before[series] = b64encode(key.sign(text.encode(), PKCS1v15(), SHA1())).decode()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return file_of(month), pem.decode()


def signatures_of(folder: Path, text: str, key: str | None) -> dict[str, str]:
    """The documents with faults, read with a key."""
    path = folder / "saft.xml"
    path.write_bytes(text.encode("cp1252"))
    fmt = Format(type="saft", table="documents", signature_key=key)
    with read_table(path, fmt, "en_US", name="saft.xml") as reader:
        rows = [row for batch in reader.batches(full=False) for row in batch.to_pylist()]
    return {row["document_id"]: row["message_faults"] for row in rows if row["message_faults"] != "none"}


def test_signatures_are_verified_where_the_key_is_known(tmp_path: Path, signed: tuple[str, str]) -> None:
    text, key = signed
    assert signatures_of(tmp_path, text, key) == {}
    later = text.replace("T09:30:00</SystemEntryDate>", "T09:31:00</SystemEntryDate>", 1)
    assert set(signatures_of(tmp_path, later, key).values()) == {"signature_wrong"}
    assert len(signatures_of(tmp_path, later, key)) == 1
    other = generate_private_key(65537, 1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert set(signatures_of(tmp_path, text, other.decode()).values()) == {"signature_wrong"}


def test_the_signatures_of_the_demonstration_company_are_genuine(tmp_path: Path) -> None:
    key = (ROOT / "tests" / "samples" / "saft_pt" / "public_key.pem").read_text()
    assert signatures_of(tmp_path, DEMO, key) == {}
    assert len(re.findall("<Hash>[^<]{172}</Hash>", DEMO)) == 35
    flipped = DEMO.replace("<Hash>vfinNfF+rToG", "<Hash>vfinNfF+rToH", 1)  # as well formed as before
    # the document itself, and the one whose signature holds that of the one before it
    assert signatures_of(tmp_path, flipped, key) == {"1T 1/1": "signature_wrong", "1T 1/2": "signature_wrong"}
    assert signatures_of(tmp_path, flipped, None) == {}
    later = DEMO.replace("<SystemEntryDate>2017-03-10T15:58:01", "<SystemEntryDate>2017-03-10T15:58:02", 1)
    assert signatures_of(tmp_path, later, key) == {"1T 1/1": "signature_wrong"}


def test_without_the_key_only_what_repeats_shows(tmp_path: Path, signed: tuple[str, str]) -> None:
    first, second = re.findall("<Hash>([^<]*)</Hash>", signed[0])[:2]
    copied = signed[0].replace(second, first)
    assert signatures_of(tmp_path, copied, None) == {"FT 2A/2": "signature_repeated"}


def test_what_is_no_key_is_told(tmp_path: Path, signed: tuple[str, str]) -> None:
    with pytest.raises(DeclarationError, match="signature_key is no public key"):
        signatures_of(tmp_path, signed[0], "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")


@pytest.mark.parametrize(
    ("table", "old", "new", "fault"),
    [
        ("documents", "</AuditFile>", "<Extra/></AuditFile>", "Extra stands not in AuditFile"),
        ("documents", "</SourceDocuments>", "</SourceDocuments><SourceDocuments/>", "out of order or too often"),
        ("documents", "</Payments>", "</Payments><Payments/>", "Payments stands in SourceDocuments out of order"),
        ("documents", "</SalesInvoices>", "<TotalCredit>1</TotalCredit></SalesInvoices>",
         "TotalCredit stands in SalesInvoices out of order"),
        ("documents", "<NumberOfEntries>", "<NumberOfEntries>x", "NumberOfEntries is 'x"),
        ("documents", "<HashControl>1<", "<HashControl>1-FT<", "HashControl is '1-FT', expected as "),
        ("gl_entries", "<TransactionID>2026-", "<TransactionID>26-", "TransactionID is '26-"),
        ("balances", "<TaxonomyReference>S<", "<TaxonomyReference>X<", "TaxonomyReference is 'X', expected as [SMNO]"),
        ("balances", "<GroupingCode>12</GroupingCode>", "", "GroupingCode is missing in Account where Grouping"),
        ("balances", "<TaxonomyCode>1</TaxonomyCode>", "", "TaxonomyCode is missing in Account where GroupingCategory"),
        ("gl_entries", "<AccountID>121</AccountID><SourceDocumentID>", "<AccountID>1</AccountID><SourceDocumentID>",
         "AccountID is '1', expected text of 2 to 30 characters"),
    ],
)  # fmt: skip
def test_what_breaks_the_schema_of_portugal_is_told(tmp_path: Path, table: str, old: str, new: str, fault: str) -> None:
    text = file_of(month_of(random.Random(3), 2026, 2, 13))
    assert old in text
    broken = read(tmp_path, text.replace(old, new, 1), table, "cp1252").broken["structure_faults"]
    assert fault in broken[2]
    assert broken[2].startswith("line ")


@pytest.mark.parametrize(
    ("text", "table", "old", "new", "fault"),
    [
        ("OLDER", "documents", "<InvoiceType>FT</InvoiceType>", "", "InvoiceType is missing in Invoice"),
        ("OLDER", "documents", "<UnitOfMeasure>UN</UnitOfMeasure>", "", "UnitOfMeasure is missing in Line"),
        ("OLDER", "gl_entries", "<SourceID>AMOSTRA</SourceID>", "", "SourceID is missing in Transaction"),
        ("NORWAY", "gl_entries", "<AccountID>3000</AccountID><Description>", "<Description>",
         "AccountID is missing in Line"),
        ("NORWAY", "gl_entries", "<TotalDebit>12500.00</TotalDebit>", "",
         "TotalDebit is missing in GeneralLedgerEntries"),
        ("NORWAY", "gl_entries", "<TransactionDate>2025-09-27<", "<TransactionDate>27.09.2025<",
         "TransactionDate is '27.09.2025', expected a date"),
        ("NORWAY", "balances", "<ClosingDebitBalance>12500.00</ClosingDebitBalance></Account>", "</Account>",
         "ClosingCreditBalance or ClosingDebitBalance is missing in Account"),
        ("NORWAY", "gl_entries", "<TransactionID>T1</TransactionID><Period>09</Period>",
         "<Period>09</Period><TransactionID>T1</TransactionID>",
         "TransactionID stands in another place of Transaction"),
        ("NORWAY", "gl_entries", "<SourceID>EMP", "<Robot/><SourceID>EMP", "Robot stands not in Transaction"),
        ("NORWAY", "gl_entries", "<CustomerID>15000</CustomerID><Description>Due", "<CustomerID>15000</CustomerID>"
         "<SupplierID>1</SupplierID><Description>Due", "SupplierID must not stand in Line where CustomerID is"),
        ("NORWAY", "gl_entries", "<Type>A</Type>", "<Type>Outgoing invoices</Type>",
         "Type is 'Outgoing invoices', expected text of 0 to 9 characters"),
        ("NORWAY", "tax_codes", "<StandardTaxCode>31</StandardTaxCode>", "",
         "StandardTaxCode is missing in TaxCodeDet"),
        ("NORWAY", "customers", "<Name>Sample Kunde</Name>", "", "Name is missing in Customer, before Address"),
        ("NORWAY", "gl_entries", "<Amount>2500.00<", "<Amount>2 500,00<",
         "Amount is '2 500,00', expected a number of at most 2 decimals"),
    ],
)  # fmt: skip
def test_what_must_stand_in_other_versions_is_told_where_it_is_missing(
    tmp_path: Path, text: str, table: str, old: str, new: str, fault: str
) -> None:
    whole = {"OLDER": older(file_of(month_of(random.Random(3), 2026, 2, 12))), "NORWAY": NORWAY}[text]
    assert old in whole
    assert "structure_faults" not in read(tmp_path, whole, table).broken
    assert fault in read(tmp_path, whole.replace(old, new), table).broken["structure_faults"][2]


def tejo() -> str:
    """A month of a company that keeps its ledger and its documents in one file."""
    return file_of(month_of(random.Random(3), 2026, 2, 13))


@pytest.mark.parametrize(
    ("behind", "old", "new", "faults", "warnings"),
    [
        ("<SalesInvoices>", "<InvoiceDate>2026-02", "<InvoiceDate>2026-01", "date_outside_period", "none"),
        ("<SalesInvoices>", "(<ATCUD>)[A-Z0-9]+-2<", r"\1OTHERXX9-2<", "atcud_code_differs", "none"),
        ("<SalesInvoices>", "<CustomerID>", "<TransactionID>2026-02-02 VND 1</TransactionID><CustomerID>", "none",
         "none"),
        ("<SalesInvoices>", "<CustomerID>", "<TransactionID>2026-02-02 VND 99</TransactionID><CustomerID>",
         "transaction_unknown", "none"),
        ("<SalesInvoices>", "<CustomerID>", "<TransactionID>2026-03-02 VND 99</TransactionID><CustomerID>", "none",
         "none"),
        ("<SalesInvoices>", "<InvoiceStatusDate>2026", "<InvoiceStatusDate>2025", "none", "status_before_entry"),
        ("<InvoiceNo>NC", "<Reference>[^<]*", "<Reference>FT 2A/999", "none", "corrects_missing_document"),
        ("<MovementOfGoods>", "<MovementStartTime>2026", "<MovementStartTime>2025", "none", "moved_before_entry"),
        ("<MovementOfGoods>", "<UnitPrice>[^<]*", "<UnitPrice>999", "price_differs", "none"),
        ("<WorkingDocuments>", "<UnitPrice>[^<]*", "<UnitPrice>999", "price_differs", "none"),
        ("<Payments>", "<PaymentAmount>[^<]*", "<PaymentAmount>1.00", "none", "payment_means_differ"),
    ],
)  # fmt: skip
def test_a_document_is_compared_with_its_file(
    tmp_path: Path, behind: str, old: str, new: str, faults: str, warnings: str
) -> None:
    before, mark, after = tejo().partition(behind)
    assert re.search(old, after)
    rows = read(tmp_path, before + mark + re.sub(old, new, after, count=1), "documents", "cp1252").rows
    assert {r["message_faults"] for r in rows} == {faults, "none"}
    assert warnings in {r["message_warnings"] for r in rows}


@pytest.mark.parametrize(
    ("old", "new", "total", "where"),
    [
        ("<AccountID>711", "<AccountID>71", "entries_on_headings", "account 71 is the sum of others"),
        ("<TransactionID>2026-02-04 VND 2<", "<TransactionID>2026-02-05 VND 2<", "transactions_with_wrong_numbers",
         "its date, journal and archive number are '2026-02-04 VND 2'"),
        ("<TransactionID>2026-02-04 VND 2<", "<TransactionID>2026-02-02 VND 1<", "structure_faults",
         "TransactionID '2026-02-02 VND 1' stands there twice"),
        ("</Journal>", "</Journal><Journal><JournalID>VND</JournalID><Description>x</Description></Journal>",
         "structure_faults", "JournalID 'VND' stands there twice"),
        ("(<TransactionDate>2026-02-02.*?<GLPostingDate>)2026", r"\g<1>2027", "", ""),
        ("<TransactionDate>2026-02-02(.*?<GLPostingDate>)2026", r"<TransactionDate>2025-02-02\g<1>2027",
         "transactions_outside_period", "transaction 2026-02-02 VND 1, line "),
    ],
)  # fmt: skip
def test_a_transaction_is_compared_with_its_file(tmp_path: Path, old: str, new: str, total: str, where: str) -> None:
    before, mark, after = tejo().partition("<GeneralLedgerEntries>")
    assert re.search(old, after)
    broken = read(tmp_path, before + mark + re.sub(old, new, after, count=1), "gl_entries", "cp1252").broken
    assert where in broken[total][2] if total else broken == {}


@pytest.mark.parametrize(
    ("old", "new", "total", "where"),
    [
        ("<TaxCode>3</TaxCode><TaxPercentage>25", "<TaxCode>3</TaxCode><TaxPercentage>15",
         "entries_with_unknown_tax_codes", "no rate 15 of tax code 3"),
        ("<CreditTaxAmount><Amount>2500.00", "<CreditTaxAmount><Amount>2400.00", "entries_with_other_taxes",
         "tax 2400.00, 25 % of 10000.00 is another"),
        ("<CurrencyAmount>869.57", "<CurrencyAmount>769.57", "entries_with_other_conversions",
         "769.57 at 11.5 are not 10000.00"),
        ("<ExchangeRate>11.5<", "<ExchangeRate>1150<", "", ""),  # for a hundred units, as banks of Norway write it
        ("<TransactionDate>2025-09-27", "<TransactionDate>2024-09-27", "", ""),  # booked in a period of the file
        ("(?s)<PeriodYear>2025(.*?<TransactionDate>)2025(.*?<GLPostingDate>)2025",
         r"<PeriodYear>2024\g<1>2024\g<2>2024", "transactions_outside_period", "dated 2024-09-27"),
        ("(?s)(<Transaction>.*</Transaction>)", r"\1\1", "transactions_with_wrong_numbers",
         "of the file: stands there twice"),
    ],
)  # fmt: skip
def test_an_entry_of_norway_is_compared_with_its_file(
    tmp_path: Path, old: str, new: str, total: str, where: str
) -> None:
    changed = re.sub(old, new, NORWAY, count=1)
    assert changed != NORWAY
    broken = read(tmp_path, changed, "gl_entries").broken
    assert where in broken[total][2] if total else broken == {}


def test_a_credit_note_names_what_it_corrects_or_is_told(tmp_path: Path) -> None:
    rows = read(tmp_path, re.sub("<References>.*?</References>", "", tejo()), "documents", "cp1252").rows
    told = {r["document_type"]: r["message_warnings"] for r in rows if r["message_warnings"] != "none"}
    assert told == {"NC": "corrects_nothing"}


def test_accounts_of_partners_and_products_of_stock_are_in_their_master_files(tmp_path: Path) -> None:
    lost = NORWAY.replace("<BalanceAccount><AccountID>1500", "<BalanceAccount><AccountID>1999")
    total = read(tmp_path, lost, "customers").broken["partners_on_unknown_accounts"]
    assert total[1:] == ("1", "Customer, line 29 of the file: no account 1999")
    unknown = tejo().replace("<AccountID>211</AccountID><CustomerTaxID>", "<AccountID>Desconhecido</AccountID>"
                             "<CustomerTaxID>", 1)  # fmt: skip
    assert read(tmp_path, unknown, "customers", "cp1252").broken == {}
    stock = OECD.replace("<WarehouseID>W1</WarehouseID><ProductCode>PA", "<WarehouseID>W1</WarehouseID><ProductCode>PX")
    assert "no product PX" in read(tmp_path, stock, "physical_stock").broken["stock_of_unknown_products"][2]


def test_numbers_of_the_oecd_stand_once_those_of_suppliers_for_each(tmp_path: Path) -> None:
    twice = OECD.replace("<InvoiceNo>RINV/1", "<InvoiceNo>INV/1")
    assert [r["message_faults"] for r in read(tmp_path, twice, "sales_invoices").rows] == ["none", "number_repeated"]
    bill = OECD[OECD.index("<Invoice><InvoiceNo>F9") : OECD.index("</PurchaseInvoices>")]
    other = bill.replace("<SupplierID>S1", "<SupplierID>S2")
    for second, faults in ((bill, "number_repeated"), (other, "supplier_unknown")):
        rows = read(tmp_path, OECD.replace(bill, bill + second), "purchase_invoices").rows
        assert [r["message_faults"] for r in rows] == ["none", faults]


def test_a_period_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DeliveryError, match=r"ends before it begins; at saft\.xml:3, AuditFile/Header; got 2025-01-01 to"
    ):
        read(tmp_path, NORWAY.replace("<PeriodEndYear>2025", "<PeriodEndYear>2023"), "gl_entries")
    strange = read(tmp_path, tejo().replace("<FiscalYear>2026", "<FiscalYear>2019"), "products", "cp1252")
    assert "FiscalYear is '2019', the period begins in 2026" in strange.broken["structure_faults"][2]


def test_numbers_are_known_by_what_stands_before_their_digits() -> None:
    numbers = Numbers()
    assert [numbers.add(t) for t in ("A1", "A2", "A01", "A1", "", "", "B", "1", "A2")] == [
        True, True, True, False, True, False, True, True, False,
    ]  # fmt: skip
    assert numbers.add("A1", "elsewhere")
    assert [t in numbers for t in ("A1", "A3", "A01", "C")] == [True, False, True, False]
