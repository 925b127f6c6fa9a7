"""One account message of ISO 20022 in the shape of each of its versions, for tests that compare what is read.

What the versions changed: 2 has batches as `NtryDtls` and balances as `CdOrPrtry`; 3 has charges as records, BICFI and
an amount per transaction; 4 the net of the summary with its side; 7 a choice of party or bank, and a code as status; 8
the UETR, proxies and legal entity identifiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

KINDS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
VERSIONS = range(2, 14)
UETR = "eb6305c9-1f7f-49de-aed0-16487c27b42d"
LEI = "5493001KJTIIGC8Y1R12"
DEBTOR, CREDITOR = "DE02120300000000202051", "FR7630006000011234567890189"


@dataclass(frozen=True)
class Entry:
    """A booking: its parts are the transactions of a batch, all on its side."""

    parts: tuple[Decimal, ...]
    side: str
    is_reversal: bool
    charge: Decimal
    text: str

    @property
    def amount(self) -> Decimal:
        """Without sign."""
        return sum(self.parts, Decimal())


def signed(amount: Decimal, side: str) -> Decimal:
    """As money in the account."""
    return -amount if side == "DBIT" else amount


def message(kind: str, version: int, entries: Sequence[Entry], opening: Decimal) -> str:
    """A whole message with one statement, report or notice."""
    name, part = KINDS[kind]
    closing = opening + sum((signed(e.amount, e.side) for e in entries), Decimal())
    page = f"<{part}Pgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></{part}Pgntn>" if version >= 3 else ""
    proxy = "<Prxy><Id>+46700000000</Id></Prxy>" if version >= 8 else ""
    balances = "" if kind == "camt.054" else _balance("OPBD", opening, "05") + _balance("CLBD", closing, "06")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.{version:02}">'
        f"<{name}><GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-10-06T06:00:00</CreDtTm></GrpHdr><{part}><Id>S-1</Id>{page}"
        "<ElctrncSeqNb>17</ElctrncSeqNb><CreDtTm>2026-10-06T06:00:00</CreDtTm>"
        f"<Acct><Id><Othr><Id>4711</Id></Othr></Id><Ccy>EUR</Ccy>{proxy}</Acct>{balances}"
        f"{_summary(entries, version)}{''.join(_entry(e, version) for e in entries)}</{part}></{name}></Document>"
    )


def _balance(code: str, amount: Decimal, day: str) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{abs(amount)}</Amt>'
        f"<CdtDbtInd>{_side(amount)}</CdtDbtInd><Dt><Dt>2026-10-{day}</Dt></Dt></Bal>"
    )


def _side(amount: Decimal) -> str:
    return "DBIT" if amount < 0 else "CRDT"


def _summary(entries: Sequence[Entry], version: int) -> str:
    net = sum((signed(e.amount, e.side) for e in entries), Decimal())
    total = sum((e.amount for e in entries), Decimal())
    side = f"<CdtDbtInd>{_side(net)}</CdtDbtInd>"
    said = (
        f"<TtlNetNtry><Amt>{abs(net)}</Amt>{side}</TtlNetNtry>"
        if version >= 4
        else f"<TtlNetNtryAmt>{abs(net)}</TtlNetNtryAmt>{side}"
    )
    return (
        f"<TxsSummry><TtlNtries><NbOfNtries>{len(entries)}</NbOfNtries><Sum>{total}</Sum>{said}</TtlNtries></TxsSummry>"
    )


def _entry(entry: Entry, version: int) -> str:
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version >= 7 else "<Sts>BOOK</Sts>"
    charge = f'<Amt Ccy="EUR">{entry.charge}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
    charges = f"<Chrgs><Rcrd>{charge}</Rcrd></Chrgs>" if version >= 3 else f"<Chrgs>{charge}</Chrgs>"
    return (
        f'<Ntry><Amt Ccy="EUR">{entry.amount}</Amt><CdtDbtInd>{entry.side}</CdtDbtInd>'
        f"<RvslInd>{str(entry.is_reversal).lower()}</RvslInd>{status}<BookgDt><Dt>2026-10-06</Dt></BookgDt>"
        "<ValDt><Dt>2026-10-07</Dt></ValDt><AcctSvcrRef>B-1</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>{charges}<NtryDtls><Btch><PmtInfId>P-1</PmtInfId>"
        f"<NbOfTxs>{len(entry.parts)}</NbOfTxs></Btch>"
        f"{''.join(_part(p, entry, version) for p in entry.parts)}</NtryDtls>"
        f"<AddtlNtryInf>{escape(entry.text)}</AddtlNtryInf></Ntry>"
    )


def _part(amount: Decimal, entry: Entry, version: int) -> str:
    uetr = f"<UETR>{UETR}</UETR>" if version >= 8 else ""
    own = f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{entry.side}</CdtDbtInd>' if version >= 3 else ""
    return (
        f"<TxDtls><Refs><EndToEndId>E-1</EndToEndId>{uetr}<MndtId>MA-1</MndtId></Refs>{own}"
        f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls><RltdPties>{_party("Dbtr", version)}'
        f"<DbtrAcct><Id><IBAN>{DEBTOR}</IBAN></Id></DbtrAcct>{_party('UltmtDbtr', version)}{_party('Cdtr', version)}"
        f"<CdtrAcct><Id><IBAN>{CREDITOR}</IBAN></Id></CdtrAcct></RltdPties><RltdAgts>{_bank('DbtrAgt', version)}"
        f"{_bank('CdtrAgt', version)}</RltdAgts><Purp><Cd>SUPP</Cd></Purp><RmtInf><Ustrd>{escape(entry.text)}</Ustrd>"
        "<Strd><RfrdDocInf><Nb>RE-1</Nb></RfrdDocInf><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        "<Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
    )


def _party(name: str, version: int) -> str:
    inside = f"<Nm>{name} AG</Nm><PstlAdr><StrtNm>Marktplatz</StrtNm><BldgNb>1</BldgNb><Ctry>DE</Ctry></PstlAdr>"
    return f"<{name}><Pty>{inside}</Pty></{name}>" if version >= 7 else f"<{name}>{inside}</{name}>"


def _bank(name: str, version: int) -> str:
    code = "BICFI" if version >= 3 else "BIC"
    lei = f"<LEI>{LEI}</LEI>" if version >= 8 else ""
    return f"<{name}><FinInstnId><{code}>{name[:4].upper()}DEFF</{code}>{lei}</FinInstnId></{name}>"
