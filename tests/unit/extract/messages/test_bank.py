"""Statements of banks: signs, balances, pages, totals, dialects, and what is refused with its place."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FileFacts
from pipelines.extract.messages.mt940_fields import day_of, near
from pipelines.extract.messages.mt940_information import described
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.samples.bank_files import Line, Statement, camt

DAY = date(2026, 10, 5)
D = Decimal
Rows = list[dict[str, str]]


def table(path: Path, content: str | bytes, kind: str, name: str = "entries", **words: str) -> tuple[Rows, FileFacts]:
    """Filled cells of each record (`!` is its problem), and the facts of the file."""
    path = path / f"statement.{kind}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reader = read_table(path, Format.model_validate({"type": kind, "table": name, **words}), "en_US")
    rows = []
    for batch in reader.batches():
        for record in batch.to_pylist():
            cells = {k: v for k, v in record.items() if v and not k.startswith("__")}
            rows.append({**cells, "!": record["__problem"]} if record["__problem"] else cells)
    return rows, reader.facts


def refused(path: Path, content: str | bytes, kind: str) -> str:
    with pytest.raises(DeliveryError) as error:
        table(path, content, kind)
    return str(error.value)


def one(**changes: object) -> Statement:
    words: dict[str, object] = {"amount": D("5.00"), "booked": DAY, "value": DAY, "name": "Sample A", **changes}
    return Statement("X1", 1, DAY, D("10.00"), (Line(**words),))  # type: ignore[arg-type]


# -- camt -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "reversal", "amount", "other"),
    [("CRDT", "false", "5", "debtor"), ("DBIT", "false", "-5", "creditor"),
     ("CRDT", "true", "5", "creditor"), ("DBIT", "true", "-5", "debtor")],
)  # fmt: skip
def test_a_reversal_has_the_sign_of_its_booking_and_the_parties_of_what_it_takes_back(
    tmp_path: Path, side: str, reversal: str, amount: str, other: str
) -> None:
    entry = (
        f'<Ntry><Amt Ccy="EUR">5</Amt><CdtDbtInd>{side}</CdtDbtInd><RvslInd>{reversal}</RvslInd><NtryDtls><TxDtls>'
        "<RltdPties><Dbtr><Nm>debtor</Nm></Dbtr><Cdtr><Nm>creditor</Nm></Cdtr></RltdPties></TxDtls></NtryDtls></Ntry>"
    )
    ((row,), _) = table(tmp_path, wrapped(entry), "camt")
    assert (row["amount"], row["counterparty_name"]) == (amount, other)


def wrapped(inside: str, message: str = "BkToCstmrStmt", part: str = "Stmt", space: str = "camt.053.001.02") -> str:
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{space}"><{message}><GrpHdr><MsgId>M</MsgId></GrpHdr>'
        f"<{part}><Id>S</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{inside}</{part}></{message}></Document>"
    )


ENTRY = '<Ntry><Amt Ccy="EUR">5</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry>'


@pytest.mark.parametrize(
    ("message", "part", "space", "kind"),
    [("BkToCstmrStmt", "Stmt", "camt.053.001.13", ("camt.053", "13")),
     ("BkToCstmrAcctRptV01", "Rpt", "camt.052.001.01", ("camt.052", "01")),
     ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt.054.001.08", ("camt.054", "08"))],
)  # fmt: skip
def test_every_message_and_version_is_read_also_in_an_envelope(
    tmp_path: Path, message: str, part: str, space: str, kind: tuple[str, str]
) -> None:
    content = f"<BizMsg><AppHdr/>{wrapped(ENTRY, message, part, space)}</BizMsg>"
    ((row,), _) = table(tmp_path, content, "camt")
    assert (row["message"], row["message_version"]) == kind
    assert (row["message_id"], row["amount"]) == ("M", "5")


def balance(code: str, amount: str, currency: str = "EUR", day: str = "2026-10-05", side: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><DtTm>{day}T10:00:00Z</DtTm></Dt></Bal>"
    )


@pytest.mark.parametrize(
    ("balances", "opening", "closing"),
    [
        (balance("OPBD", "1") + balance("CLBD", "6"), "1", "6"),
        (balance("PRCD", "1", side="DBIT") + balance("CLBD", "6"), "-1", "6"),
        (balance("ITBD", "1") + balance("ITBD", "6"), "1", "6"),
        (balance("OPBD", "1") + balance("ITBD", "6"), "1", "6"),
        (balance("ITBD", "6"), None, "6"),
        (balance("OPBD", "1", "SEK") + balance("CLBD", "6", "SEK"), None, None),
        (balance("OPBD", "2", day="2026-10-04") + balance("CLBD", "3", day="2026-10-04")
         + balance("OPBD", "3") + balance("CLBD", "7"), "2", "7"),
    ],
)  # fmt: skip
def test_opening_and_closing_are_balances_in_the_currency_of_the_entry(
    tmp_path: Path, balances: str, opening: str | None, closing: str | None
) -> None:
    ((row,), _) = table(tmp_path, wrapped(balances + ENTRY), "camt")
    assert (row.get("opening_amount"), row.get("closing_amount")) == (opening, closing)
    (rows, _) = table(tmp_path, wrapped(balances + ENTRY), "camt", "balances")
    assert len(rows) == balances.count("<Bal>")


@pytest.mark.parametrize("entries", [1, 5000])
@pytest.mark.parametrize("prefixed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_balances_and_totals_may_stand_behind_the_entries(
    tmp_path: Path, entries: int, prefixed: bool, encoding: str
) -> None:
    sums = "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries></TtlNtries></TxsSummry>"
    inside = [ENTRY * entries + balance("OPBD", "1") + balance("CLBD", "6") + sums.format(entries), ENTRY * 2]
    content = "</Stmt><Stmt><Id>S2</Id>".join(inside)
    content = wrapped(content)
    if prefixed:
        content = content.replace("<", "<c:").replace("<c:/", "</c:").replace("xmlns=", "xmlns:c=")
    rows, facts = table(tmp_path, content.encode(encoding), "camt")
    assert [(r["statement_id"], r.get("opening_amount"), r.get("closing_amount")) for r in rows] == [
        *[("S", "1", "6")] * entries, *[("S2", None, None)] * 2,
    ]  # fmt: skip
    assert [(t.said, t.found) for t in facts.totals] == [(str(entries), str(entries))]
    (rows, _) = table(tmp_path, content.encode(encoding), "camt", "balances")
    assert [r["balance_code"] for r in rows] == ["OPBD", "CLBD"]


@pytest.mark.parametrize("between", ["<!-- x -->", "<Odd/>", "x", "<AddtlStmtInf>x</AddtlStmtInf>"])
def test_balances_behind_entries_are_found_behind_anything(tmp_path: Path, between: str) -> None:
    ((row,), _) = table(tmp_path, wrapped(ENTRY + between + balance("CLBD", "6")), "camt")
    assert row["closing_amount"] == "6"


def test_the_head_of_the_message_is_there_too(tmp_path: Path) -> None:
    head = "<CreDtTm>2026-10-05T20:00:00</CreDtTm><MsgPgntn><PgNb>2</PgNb></MsgPgntn></GrpHdr>"
    copy = "<CpyDplctInd>CODU</CpyDplctInd>"
    content = wrapped(copy + ENTRY).replace("</GrpHdr>", head).replace("</Stmt>", f"</Stmt><Stmt>{copy}</Stmt>")
    (rows, facts) = table(tmp_path, content, "camt")
    assert (rows[0]["created_at"], rows[0]["statement_other"]) == ("2026-10-05T20:00:00", "GrpHdr/MsgPgntn/PgNb=2")
    assert facts.warnings == ["2 statements of 2 said to be a duplicate: Stmt 1 (line 1, CODU)"]


def test_a_batch_shows_the_sum_of_its_parts_and_the_parts_are_rows_of_details(tmp_path: Path) -> None:
    statement = one(amount=D("-9.00"), details=(D("-4.00"), D("-5.00")), reference="R", charges=D("0.50"))
    ((row,), _) = table(tmp_path, camt([statement]), "camt")
    assert (row["details_count"], row["details_amount"], row["charges"]) == ("2", "-9.00", "0.50")
    assert row["counterparty_name"] == "Sample A"  # the same in both
    assert "end_to_end_id" not in row  # different
    (parts, _) = table(tmp_path, camt([statement]), "camt", "details")
    assert [(p["end_to_end_id"], p["detail_amount"], p["line_id"]) for p in parts] == [
        ("R-1", "-4.00", "1"), ("R-2", "-5.00", "1"),
    ]  # fmt: skip


def test_what_has_no_column_is_told_with_its_path(tmp_path: Path) -> None:
    entry = ENTRY.replace("</Ntry>", "<Odd><Thing Kind='k'>text</Thing></Odd></Ntry>")
    ((row,), _) = table(tmp_path, wrapped(entry), "camt")
    assert row["other"] == "Odd/Thing=text; Odd/Thing/@Kind=k"


def test_elements_inside_each_other_without_end_are_text(tmp_path: Path) -> None:
    entry = ENTRY.replace("</Ntry>", f"{'<x>' * 1500}deep{'</x>' * 1500}</Ntry>")
    ((row,), _) = table(tmp_path, wrapped(entry), "camt")
    assert row["other"].endswith("=deep")


def test_a_statement_or_report_without_entries_is_there_with_its_balances(tmp_path: Path) -> None:
    balances = balance("OPBD", "1") + balance("CLBD", "1")
    ((row,), _) = table(tmp_path, wrapped(balances), "camt")
    assert (row["kind"], row["amount"], row["closing_amount"], row["line_id"]) == ("no_entry", "0", "1", "0")
    report = ("BkToCstmrAcctRpt", "Rpt", "camt.052.001.08")
    assert len(table(tmp_path, wrapped(balances, *report), "camt")[0]) == 1
    assert table(tmp_path, wrapped(balance("ITBD", "1"), *report), "camt")[0] == []


def test_totals_of_the_summary_are_compared(tmp_path: Path) -> None:
    good, bad = one(), Statement("X1", 2, DAY, D("15.00"), one().lines, miscounted=1)
    (_, facts) = table(tmp_path, camt([good, bad]), "camt")
    totals = {t.name: (t.said, t.found) for t in facts.totals}
    assert totals["entries"] == ("3", "2")
    assert totals["entries_of_2"] == ("2", "1")
    assert totals["entry_sum"] == ("10.00", "10.00")


def test_an_entry_without_a_side_is_a_malformed_record(tmp_path: Path) -> None:
    ((bad, good), _) = table(tmp_path, wrapped(ENTRY.replace("CRDT", "PLUS") + ENTRY), "camt")
    assert "'PLUS' as CdtDbtInd" in bad["!"]
    assert good["line_id"] == "2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<a><b/></a>", "got an XML document a of no namespace"),
        ("<a>" + "<b/>" * 2000 + wrapped(ENTRY) + "</a>", "got an XML document a of no namespace"),
        (wrapped("").replace("<Stmt>", "<X>").replace("</Stmt>", "</X>"), "message without a statement"),
        (camt([one()]).decode()[:-30], "file is truncated"),
        (wrapped(ENTRY).replace("</Ntry>", "</Entry>"), "no well-formed XML"),
        ('<!DOCTYPE Document [<!ENTITY a "b">]>' + wrapped(ENTRY), "declares entities"),
        ("", "no bytes at all"),
        ("PK\x03\x04", "zip archive"),
        ("%PDF-1.4", "a PDF"),
        (":20:A", "no well-formed XML"),
        ('<?xml version="1.0" encoding="cp037"?>'.encode("cp037"), "no well-formed XML"),
    ],
)
def test_what_is_no_statement_of_camt_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    message = refused(tmp_path, content, "camt")
    assert said in message
    assert "statement.camt" in message


# -- MT940 ------------------------------------------------------------------------------------------------


def mt940(
    lines: str, number: str = "7/1", opening: str = "60F:C261004EUR10,", closing: str = "62F:C261005EUR15,"
) -> str:
    return f":20:A\n:25:DE89370400440532013000\n:28C:{number}\n:{opening}\n{lines}\n:{closing}\n-\n"


@pytest.mark.parametrize(
    ("mark", "amount"),
    [("C", "5.20"), ("D", "-5.20"), ("RC", "-5.20"), ("RD", "5.20"), ("CR", "5.20"), ("DR", "-5.20")],
)
def test_signs_of_mt940(tmp_path: Path, mark: str, amount: str) -> None:
    ((row,), _) = table(tmp_path, mt940(f":61:2610051004{mark}5,20NTRFREF//BANK\nmore"), "mt940")
    assert row["amount"] == amount
    assert (row["entry_date"], row["customer_reference"], row["bank_reference"]) == ("2026-10-04", "REF", "BANK")
    assert row["supplementary"] == "more"


@pytest.mark.parametrize("dates", ["2610061004", "202610061004", "261006", "20261006"])
def test_dates_of_an_entry_in_four_forms(tmp_path: Path, dates: str) -> None:
    ((row,), _) = table(tmp_path, mt940(f":61:{dates}C5,20NTRFREF"), "mt940")
    assert (row["value_date"], row["amount"]) == ("2026-10-06", "5.20")
    assert row.get("entry_date") == ("2026-10-04" if dates.endswith("1004") else None)


def test_pages_are_one_statement(tmp_path: Path) -> None:
    first = mt940(":61:261005C5,NTRFA", "7/1", closing="62M:C261005EUR15,")
    second = mt940(":61:261005C3,NTRFB", "7/2", opening="60M:C261005EUR15,", closing="62F:C261005EUR18,")
    (rows, _) = table(tmp_path, first + second, "mt940")
    assert {(r["statement_id"], r["opening_amount"], r["closing_amount"]) for r in rows} == {
        ("2026-10-05/7", "10", "18")
    }
    assert [r["line_id"] for r in rows] == ["1", "2"]
    (alone, _) = table(tmp_path, second, "mt940")
    assert alone[0]["statement_id"] == "2026-10-05/7/2"  # its first page is elsewhere
    (pages, _) = table(tmp_path, first + second, "mt940", "statements")
    assert [p["closing_amount"] for p in pages] == ["15", "18"]


def test_a_statement_without_entries_is_there_with_its_balances(tmp_path: Path) -> None:
    ((row,), _) = table(tmp_path, mt940("", closing="62F:D261005EUR10,"), "mt940")
    assert (row["kind"], row["amount"], row["closing_amount"]) == ("no_entry", "0", "-10")


def test_statements_alike_are_told_apart(tmp_path: Path) -> None:
    (rows, _) = table(tmp_path, mt940(":61:261005C5,NTRFA", "0") * 2, "mt940")
    assert [r["statement_id"] for r in rows] == ["2026-10-05", "2026-10-05#2"]
    assert "statement_number" not in rows[0]  # 0 is no number


def test_a_report_during_the_day_has_totals(tmp_path: Path) -> None:
    report = (
        "{1:F01BANKDEFF}{2:I942BANKDEFFXXXXN}{4:\n:20:R\n:25:/123\n:28C:1/1\n:34F:EURD0,\n:34F:EURC0,\n"
        ":13D:2610051200+0200\n:61:261005D5,NTRFA\n:61:261005C7,5NTRFB\n:90D:2EUR5,\n:90C:1EUR7,5\n-}{5:{CHK:1}}\n"
    )
    (rows, facts) = table(tmp_path, report, "mt940")
    assert {r["message"] for r in rows} == {"MT942"}
    assert (rows[0]["account_id"], rows[0]["currency"], rows[0]["closing_date"]) == ("123", "EUR", "2026-10-05")
    assert {t.name: (t.said, t.found) for t in facts.totals} == {
        "debit_entries": ("2", "1"), "debit_entries_of_1": ("2", "1"), "debit_sum": ("5", "5"),
        "credit_entries": ("1", "1"), "credit_sum": ("7.5", "7.5"),
    }  # fmt: skip


def test_unknown_fields_are_kept_and_told(tmp_path: Path) -> None:
    lines = ":77A:head\n:61:261005C5,NTRFA\n:86:text\n:88B:odd\n:NS:19name"
    ((row,), facts) = table(tmp_path, mt940(lines), "mt940")
    assert (row["statement_other"], row["other"]) == (":77A:head", ":88B:odd\n:NS:19name")
    told = [w for w in facts.warnings if "not known" in w]
    assert told == [
        "field :77A: is not known, kept as it stands: once, first on line 5",
        "field :88B: is not known, kept as it stands: once, first on line 8",
    ]


def test_a_line_that_cannot_be_taken_apart_is_a_malformed_record(tmp_path: Path) -> None:
    ((bad, good), _) = table(tmp_path, mt940(":61:2610C5,\n:86:why\n:61:261005C5,NTRFA"), "mt940")
    assert bad["!"] == "has a :61: on line 5 that cannot be taken apart"
    assert good["line_id"] == "2"


def test_encodings_are_found_out_unless_declared(tmp_path: Path) -> None:
    content = mt940(":61:261005C5,NTRFA\n:86:Größe €")
    ((utf8,), _) = table(tmp_path, content, "mt940")
    ((latin,), facts) = table(tmp_path, content.encode("cp1252"), "mt940")
    ((dos,), _) = table(tmp_path, content.replace("€", "").encode("cp850"), "mt940", encoding="cp850")
    assert utf8["remittance_text"] == latin["remittance_text"] == "Größe €"
    assert dos["remittance_text"] == "Größe"
    assert "cp1252" in facts.warnings[0]


@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        (mt940(":61:261005C5,NTRFA") + ":20:B\n:25:1\n:28C:2\n:60F:C261005EUR1,\n", "file is truncated", ":8"),
        (":61:261005C5,NTRFA\n", "got field :61:", ":1"),
        ("no statement at all\n", "no field :20:", ""),
        ("", "no bytes at all", ""),
        (mt940(":61:261005C5,NTRFA") + ":86:" + "x\n" * 6000, "field without end", ":8"),
    ],
)
def test_what_is_no_statement_of_swift_is_refused_with_its_place(
    tmp_path: Path, content: str, said: str, line: str
) -> None:
    message = refused(tmp_path, content, "mt940")
    assert said in message
    assert f"statement.mt940{line}" in message


def test_days_that_only_banks_have_and_years_that_are_not_written() -> None:
    assert day_of("260230") == ""
    assert day_of("260230", commercial=True) == "2026-02-28"
    assert day_of("280230", commercial=True) == "2028-02-29"
    assert near("1230", "2026-01-02") == "2025-12-30"
    assert near("0102", "2025-12-30") == "2026-01-02"
    assert near("0229", "2026-03-01") == ""
    assert near("0930", "2027-03-01", "2026-10-05") == "2026-09-30"
    assert near("0320", "2026-03-17", "2026-03-15") == "2026-03-20"  # a fault of the bank, but of days


def test_a_time_broken_behind_its_hour_is_no_field(tmp_path: Path) -> None:
    lines = ":61:261005C5,NTRFA\n:86:805?20paid 2026-10-05T16\n:20:37 Berlin?21more\n:61:261005C1,NTRFB\n:86:T1\n:12:x"
    (rows, facts) = table(tmp_path, mt940(lines), "mt940")
    assert [r["remittance_text"] for r in rows] == ["paid 2026-10-05T16:20:37 Berlinmore", "T1"]
    assert facts.warnings == ["field :12: is not known, kept as it stands: once, first on line 10"]


def test_a_message_that_ends_without_a_line_of_its_own(tmp_path: Path) -> None:
    block = "{1:F01A}\n{2:O940}\n{4:\n"
    message = mt940(":61:261005C5,NTRFA").removesuffix("-\n")
    (rows, facts) = table(tmp_path, block + message + block + message, "mt940", "statements")
    assert [(r["closing_amount"], r["envelope"][:7]) for r in rows] == [("15", "{1:F01A")] * 2
    assert facts.warnings == []


@pytest.mark.parametrize("between", ["-}{5:{CHK:1}}", ""])
def test_the_blocks_of_the_next_message_may_stand_in_the_line_of_the_end(tmp_path: Path, between: str) -> None:
    block, first = "{1:F01A}{2:O940}{4:\n", mt940(":61:261005C5,NTRFA").removesuffix("-\n")
    second = first.replace("C261005EUR15,", "C261005EUR16,")
    (rows, facts) = table(tmp_path, f"{block}{first}{between}{block}{second}-}}\n", "mt940", "statements")
    assert [(r["closing_amount"], r["entry_count"]) for r in rows] == [("15", "1"), ("16", "1")]
    assert facts.warnings == []


@pytest.mark.parametrize(
    ("closing", "amount", "day", "warns"),
    [("C261005EUR15,", "15", "2026-10-05", False), ("C26100515,", "15", "2026-10-05", False),
     ("C20261005EUR15,", "15", "2026-10-05", False), ("D261005EUR1.015,5", "-1015.5", "2026-10-05", False),
     ("C261005EURabc", "C261005EURabc", None, True)],
)  # fmt: skip
def test_balances_as_banks_write_them(tmp_path: Path, closing: str, amount: str, day: str | None, warns: bool) -> None:
    ((row,), facts) = table(tmp_path, mt940(":61:261005C5,NTRFA", closing=f"62F:{closing}"), "mt940")
    assert (row["closing_amount"], row.get("closing_date"), row["currency"]) == (amount, day, "EUR")
    assert bool(facts.warnings) == warns


@pytest.mark.parametrize(
    ("information", "cells"),
    [
        ("051?00SALARY?109310?20EREF+E1?21MREF+M1?22SVWZ+October?3010020030?31DE89370400440532013000?32Sample?33 AG"
         "?34997",
         {"gvc_code": "051", "booking_text": "SALARY", "journal": "9310", "end_to_end_id": "E1", "mandate_id": "M1",
          "remittance_text": "October", "counterparty_iban": "", "counterparty_bank": "10020030",
          "counterparty_name": "Sample AG", "text_key": "997"}),
        ("166?20EREF+ABCDEFGHIJKLMNOPQRSTUV?21WXYZ?22SVWZ+one two three four fi?23ve six",
         {"end_to_end_id": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "remittance_text": "one two three four five six"}),
        ("020~00TRF~20Invoice 1~21\xff~32Sample SA~38PL61109010140000071219812874",
         {"remittance_text": "Invoice 1", "iban_said": "PL61109010140000071219812874"}),
        ("000>20 RENT>21 MAY>310390123456", {"remittance_text": "RENT MAY", "counterparty_account": "0390123456"}),
        ("/EREF/E1//CNTP/NL91ABNA0417164300/ABNANL2A/Sample BV/Delft//REMI/USTD//for May/PURP//CD/SALA/",
         {"end_to_end_id": "E1", "counterparty_account": "NL91ABNA0417164300", "counterparty_name": "Sample BV",
          "remittance_text": "for May", "purpose_code": "SALA", "information_other": "/CNTP/…/Delft"}),
        ("/BENM//NAME/Sample X/REMI/Invoice 3/ISDT/2026-10-01",
         {"counterparty_name": "Sample X", "remittance_text": "Invoice 3", "information_other": "/ISDT/2026-10-01"}),
        ("/TRTP/SEPA OVERBOEKING/NAME/Sample/REMI/x/EREF/NOTPROVIDED",
         {"booking_text": "SEPA OVERBOEKING", "end_to_end_reference_said": "NOTPROVIDED"}),
        ("EREF+E2 SVWZ+plain text", {"end_to_end_id": "E2", "remittance_text": "plain text"}),
        ("CARD PAYMENT 12:30", {"remittance_text": "CARD PAYMENT 12:30"}),
    ],
)  # fmt: skip
def test_information_of_many_dialects(information: str, cells: dict[str, str]) -> None:
    found = described([information])
    assert {name: found.get(name, "") for name in cells} == cells


# -- OFX --------------------------------------------------------------------------------------------------

OFX = (
    "OFXHEADER:100\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1"
    "</BANKACCTFROM><BANKTRANLIST><DTSTART>20261001<DTEND>20261031{}</BANKTRANLIST><LEDGERBAL><BALAMT>5.00"
    "<DTASOF>20261031</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
TRANSACTION = (
    "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261002120000[-5:EST]<TRNAMT>-2.50<FITID>f1<NAME>A &amp; B<ODD>x</STMTTRN>"
)


def test_ofx_in_both_spellings(tmp_path: Path) -> None:
    ((row,), _) = table(tmp_path, OFX.format(TRANSACTION), "ofx")
    xml = OFX.format(TRANSACTION.replace("<FITID>f1", "<FITID>f1</FITID>").replace(">DEBIT", ">DEBIT</TRNTYPE>"))
    assert table(tmp_path, xml, "ofx")[0] == [row]
    assert (row["amount"], row["opening_amount"], row["closing_amount"]) == ("-2.50", "7.50", "5.00")
    assert (row["counterparty_name"], row["booking_date"], row["other"]) == ("A & B", "2026-10-02", "ODD=x")
    ((empty,), _) = table(tmp_path, OFX.format(""), "ofx")
    assert (empty["kind"], empty["opening_amount"]) == ("no_entry", "5.00")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (OFX.format(TRANSACTION)[:-20], "file is truncated"),
        ("OFXHEADER:100\n<OFX></OFX>", "no statement of an account"),
        (OFX.format("").replace("STMTRS", "INVSTMTRS"), "no CCSTMTRS; INVSTMTRS on line 4"),
        ("OFXHEADER:100\n<OFX>\n<STATUS><CODE>2000<SEVERITY>ERROR</STATUS></OFX>", "error 2000 of the bank on line 3"),
        ("Date;Amount\n", "file is no OFX document"),
    ],
)
def test_what_is_no_ofx_is_refused(tmp_path: Path, content: str, said: str) -> None:
    assert said in refused(tmp_path, content, "ofx")


@pytest.mark.parametrize(
    ("found", "cells"),
    [
        ("<NAME>A &amp; B", {"counterparty_name": "A & B"}),
        ("<NAME><![CDATA[A & <B>]]></NAME>", {"counterparty_name": "A & <B>"}),
        ("<NAME><![CDATA[A\n&amp;\n <FITID>]]></NAME><MEMO>M", {"counterparty_name": "A &amp; <FITID>", "memo": "M"}),
        ("<NAME>A <!-- <FITID>not this --> B", {"counterparty_name": "A B", "transaction_id": "f1"}),
        ("<NAME>A<!-- one\n<FITID>not this\n--><MEMO>M", {"counterparty_name": "A", "memo": "M"}),
        ("<TRNAMT>+1 006,60", {"amount": "1006.60"}),
        ("<TRNAMT>-1,006.60", {"amount": "-1006.60"}),
        ("<TRNAMT>$120", {"amount": "$120"}),
    ],
)
def test_what_ofx_writes_into_a_transaction(tmp_path: Path, found: str, cells: dict[str, str]) -> None:
    head = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261002<FITID>f1"
    ((row,), _) = table(tmp_path, OFX.format(f"{head}{found}</STMTTRN>"), "ofx")
    assert {column: row.get(column) for column in cells} == cells


@pytest.mark.parametrize("piece", ["<A", "<![CDATA[", "<!--", "<", "A"])
def test_a_line_without_an_end_takes_no_endless_time(tmp_path: Path, piece: str) -> None:
    head = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261002<FITID>f1<NAME>"
    started = process_time()
    with suppress(DeliveryError):
        table(tmp_path, OFX.format(f"{head}<A{piece * 200_000}\n</STMTTRN>"), "ofx")
    assert process_time() - started < 5


def test_a_transaction_without_end_tag_ends_where_the_next_or_its_list_ends(tmp_path: Path) -> None:
    (rows, _) = table(tmp_path, OFX.format(TRANSACTION.removesuffix("</STMTTRN>") * 2), "ofx")
    assert [(r["amount"], r["opening_amount"], r["closing_amount"]) for r in rows] == [("-2.50", "10.00", "5.00")] * 2


def test_what_ofx_holds_beside_statements_is_told_and_no_part_of_them(tmp_path: Path) -> None:
    others = f"</STMTTRNRS><INVSTMTRS><INVBANKTRAN>{TRANSACTION}</INVBANKTRAN></INVSTMTRS><STMTTRNRS>"
    content = OFX.format(TRANSACTION).replace("</STMTTRNRS>", f"{others}</STMTTRNRS>")
    (rows, facts) = table(tmp_path, content, "ofx")
    assert [(r["amount"], r["opening_amount"]) for r in rows] == [("-2.50", "7.50")]
    assert facts.warnings == [
        "beside statements the file holds INVSTMTRS on line 4, not read",
        "beside statements the file holds STMTTRN outside a statement on line 4, not read",
    ]


@pytest.mark.parametrize(
    ("head", "text", "encoding"),
    [
        ("OFXHEADER:100\nCHARSET:1252\n", "é".encode(), "utf-8"),
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:NONE\n", "é".encode("cp1252"), "cp1252"),
        ('<?xml version="1.0" encoding="USASCII"?>\n<?OFX OFXHEADER="200"?>', "é".encode("cp1252"), "cp1252"),
        ('<?xml version="1.0" encoding="hex"?>\n<?OFX OFXHEADER="200"?>', "é".encode(), "utf-8"),
        ("OFXHEADER:100\nCHARSET:8859-2\n", "č".encode("iso8859-2"), "iso8859-2"),
    ],
)
def test_encodings_of_ofx_are_those_of_the_head_if_they_can_be(
    tmp_path: Path, head: str, text: bytes, encoding: str
) -> None:
    body = OFX.partition("\n\n")[2].format(TRANSACTION.replace("A &amp; B", "NAME"))
    ((row,), facts) = table(tmp_path, head.encode() + body.encode().replace(b"NAME<", text + b"<"), "ofx")
    assert (row["counterparty_name"], facts.encoding) == (text.decode(encoding), encoding)
