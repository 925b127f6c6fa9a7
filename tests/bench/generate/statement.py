"""A camt.053 statement of any length: one account, one day, as many entries as asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.samples.bank_files import Line, camt_entry

DAY = date(2026, 10, 5)
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-10-05T23:59:00+02:00</CreDtTm></GrpHdr>
<Stmt><Id>BENCH-1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-10-05T23:59:00+02:00</CreDtTm>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
{opening}{closing}<TxsSummry><TtlNtries><NbOfNtries>{entries}</NbOfNtries></TtlNtries></TxsSummry>
"""
_BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
    "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-05</Dt></Dt></Bal>\n"
)


def write(path: Path, entries: int) -> Path:
    """The statement, written entry by entry; about 600 bytes each."""
    closing = sum((_amount(n) for n in range(entries)), Decimal("0.00"))
    balances = {
        name: _BALANCE.format(code=code, amount=amount)
        for name, code, amount in (("opening", "OPBD", "0.00"), ("closing", "CLBD", closing))
    }
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD.format(entries=entries, **balances))
        for n in range(entries):
            line = Line(
                _amount(n), DAY, DAY, f"Sample Company {n % 977}", "DE89370400440532013000",
                f"Invoice {n} of October, customer {n % 5000}", f"E2E-{n:09}", bank_reference=f"B{n:012}",
            )  # fmt: skip
            file.write(camt_entry(line, "EUR"))
        file.write("</Stmt></BkToCstmrStmt></Document>\n")
    return path


def _amount(n: int) -> Decimal:
    return Decimal(n % 100_000 + 1).scaleb(-2)
