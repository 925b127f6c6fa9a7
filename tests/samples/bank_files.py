"""Writers of bank statements for samples and tests: camt.053, MT940 as German and as Dutch banks write it, OFX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from stdnum import iban as ibans

ZERO = Decimal("0.00")


def iban(country: str, number: str) -> str:
    """An account number with its check digits."""
    return f"{country}{ibans.calc_check_digits(f'{country}00{number}')}{number}"


@dataclass(frozen=True)
class Line:
    """One entry; money in is positive. `details` are the amounts of a batch, signed as the entry."""

    amount: Decimal
    booked: date
    value: date
    name: str = ""
    account: str = ""
    text: str = ""
    reference: str = ""
    is_reversal: bool = False
    details: tuple[Decimal, ...] = ()
    charges: Decimal | None = None
    bank_reference: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement; `said` closing and totals differ from what its lines give only on purpose."""

    account: str
    number: int
    day: date
    opening: Decimal
    lines: tuple[Line, ...] = ()
    currency: str = "EUR"
    name: str = ""
    off: Decimal = ZERO
    miscounted: int = 0
    page_sizes: tuple[int, ...] = field(default=())

    @property
    def closing(self) -> Decimal:
        """Balance after it."""
        return self.opening + sum((line.amount for line in self.lines), ZERO) + self.off


# -- camt -------------------------------------------------------------------------------------------------


def camt(statements: Sequence[Statement], message: str = "M1", *, summary: bool = True) -> bytes:
    """A camt.053 of version 8."""
    return "".join(camt_parts(statements, message, summary=summary)).encode()


def camt_parts(statements: Sequence[Statement], message: str, *, summary: bool) -> Iterator[str]:
    """Its text piece by piece."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>{message}</MsgId><CreDtTm>2026-11-01T06:00:00+01:00</CreDtTm></GrpHdr>\n"
    )
    for statement in statements:
        yield from _camt_statement(statement, summary=summary)
    yield "</BkToCstmrStmt></Document>\n"


def _camt_statement(s: Statement, *, summary: bool) -> Iterator[str]:
    account = f"<IBAN>{s.account}</IBAN>" if ibans.is_valid(s.account) else f"<Othr><Id>{escape(s.account)}</Id></Othr>"
    name = s.name or f"{s.account}-{s.day:%Y}-{s.number}"
    yield (
        f"<Stmt><Id>{escape(name)}</Id><ElctrncSeqNb>{s.number}</ElctrncSeqNb>"
        f"<CreDtTm>{s.day}T23:59:00+01:00</CreDtTm><Acct><Id>{account}</Id><Ccy>{s.currency}</Ccy></Acct>\n"
        f"{_camt_balance('OPBD', s.opening, s)}{_camt_balance('CLBD', s.closing, s)}"
    )
    if summary:
        total = sum((abs(line.amount) for line in s.lines), ZERO)
        credits = [line.amount for line in s.lines if line.amount >= 0]
        yield (
            f"<TxsSummry><TtlNtries><NbOfNtries>{len(s.lines) + s.miscounted}</NbOfNtries><Sum>{total}</Sum>"
            "</TtlNtries>"
            f"<TtlCdtNtries><NbOfNtries>{len(credits)}</NbOfNtries><Sum>{sum(credits, ZERO)}</Sum></TtlCdtNtries>"
            "</TxsSummry>\n"
        )
    for line in s.lines:
        yield camt_entry(line, s.currency)
    yield "</Stmt>\n"


def _camt_balance(code: str, amount: Decimal, s: Statement) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_camt_amount(amount, s.currency)}"
        f"<Dt><Dt>{s.day}</Dt></Dt></Bal>\n"
    )


def _camt_amount(amount: Decimal, currency: str) -> str:
    side = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{abs(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def camt_entry(line: Line, currency: str) -> str:
    """One entry."""
    currency = line.currency or currency
    reversal = "<RvslInd>true</RvslInd>" if line.is_reversal else ""
    charges = ""
    if line.charges is not None:
        charges = (
            f"<Chrgs><Rcrd><Amt Ccy={quoteattr(currency)}>{abs(line.charges)}</Amt>"
            f"<CdtDbtInd>{'DBIT' if line.charges >= 0 else 'CRDT'}</CdtDbtInd></Rcrd></Chrgs>"
        )
    batch = f"<Btch><NbOfTxs>{len(line.details)}</NbOfTxs></Btch>" if line.details else ""
    details = "".join(_camt_detail(line, amount, currency, n) for n, amount in enumerate(line.details or (None,), 1))
    return (
        f"<Ntry>{_camt_amount(line.amount, currency)}{reversal}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{line.booked}</Dt></BookgDt><ValDt><Dt>{line.value}</Dt></ValDt>"
        f"{_element('AcctSvcrRef', line.bank_reference)}"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"{charges}<NtryDtls>{batch}{details}</NtryDtls></Ntry>\n"
    )


def _camt_detail(line: Line, amount: Decimal | None, currency: str, number: int) -> str:
    incoming = (line.amount >= 0) != line.is_reversal
    role = "Dbtr" if incoming else "Cdtr"
    account = f"<{role}Acct><Id><IBAN>{line.account}</IBAN></Id></{role}Acct>" if line.account else ""
    party = f"<{role}><Pty><Nm>{escape(line.name)}</Nm></Pty></{role}>" if line.name else ""
    reference = line.reference + (f"-{number}" if amount is not None and line.reference else "")
    return (
        f"<TxDtls><Refs>{_element('EndToEndId', reference)}</Refs>"
        f"{_camt_amount(amount, currency) if amount is not None else ''}"
        f"<RltdPties>{party}{account}</RltdPties><RmtInf>{_element('Ustrd', line.text)}</RmtInf></TxDtls>"
    )


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


# -- MT940 ------------------------------------------------------------------------------------------------


def mt940(statements: Sequence[Statement], dialect: str = "german", encoding: str = "cp1252") -> bytes:
    """MT940; German sub-fields, or words between slashes as in the Netherlands. CRLF, lines of 65 characters."""
    lines: list[str] = []
    for statement in statements:
        lines += _mt940_statement(statement, dialect)
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def _mt940_statement(s: Statement, dialect: str) -> Iterator[str]:
    sizes = s.page_sizes or (len(s.lines),)
    at, balance = 0, s.opening
    for page, size in enumerate(sizes, 1):
        lines = s.lines[at : at + size]
        at += size
        first, last = page == 1, page == len(sizes)
        yield f":20:S{s.day:%y%m%d}"
        yield f":25:{s.account}"
        yield f":28C:{s.number}/{page}"
        yield f":60{'F' if first else 'M'}:{_mt940_balance(balance, s)}"
        for line in lines:
            yield from _mt940_line(line, dialect)
        balance += sum((line.amount for line in lines), ZERO)
        yield f":62{'F' if last else 'M'}:{_mt940_balance(balance + (s.off if last else ZERO), s)}"
        yield "-"


def _mt940_balance(amount: Decimal, s: Statement) -> str:
    return f"{'C' if amount >= 0 else 'D'}{s.day:%y%m%d}{s.currency}{_mt940_amount(amount)}"


def _mt940_amount(amount: Decimal) -> str:
    return f"{abs(amount)}".replace(".", ",") + ("" if "." in f"{amount}" else ",")


def _mt940_line(line: Line, dialect: str) -> Iterator[str]:
    incoming = line.amount >= 0
    mark = ("RD" if incoming else "RC") if line.is_reversal else ("C" if incoming else "D")
    bank = f"//{line.bank_reference}" if line.bank_reference else ""
    yield f":61:{line.value:%y%m%d}{line.booked:%m%d}{mark}{_mt940_amount(line.amount)}NTRFNONREF{bank}"
    text = _german(line) if dialect == "german" else _dutch(line)
    text = f":86:{text}"
    yield from (text[i : i + 65] for i in range(0, len(text), 65))


def _german(line: Line) -> str:
    """Reference and purpose in sub-fields 20 to 29 and 60 to 63, cut after 27 characters."""
    parts = ["166?00GUTSCHRIFT"]
    pieces = [*_pieces(f"EREF+{line.reference}" if line.reference else ""), *_pieces(f"SVWZ+{line.text}")]
    codes = [*range(20, 30), *range(60, 64)]
    if len(pieces) > len(codes):
        raise ValueError(f"a purpose of {len(line.text)} characters is too long for MT940")
    parts += [f"?{code}{piece}" for code, piece in zip(codes, pieces, strict=False)]
    if line.account:
        parts.append(f"?31{line.account}")
    parts += [f"?{code}{piece}" for code, piece in zip((32, 33), _pieces(line.name), strict=False)]
    return "".join(parts)


def _pieces(text: str) -> list[str]:
    return [text[i : i + 27] for i in range(0, len(text), 27)]


def _dutch(line: Line) -> str:
    reference = f"/EREF/{line.reference}/" if line.reference else ""
    return f"{reference}/CNTP/{line.account}/BANKNL2A/{line.name}///REMI/USTD//{line.text}/"


# -- OFX --------------------------------------------------------------------------------------------------


def ofx(statement: Statement, first: date) -> bytes:
    """OFX 1 (SGML) of a credit card."""
    out = [
        "OFXHEADER:100", "DATA:OFXSGML", "VERSION:102", "SECURITY:NONE", "ENCODING:USASCII", "CHARSET:1252",
        "COMPRESSION:NONE", "OLDFILEUID:NONE", "NEWFILEUID:NONE", "", "<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><TRNUID>1",
        f"<CCSTMTRS><CURDEF>{statement.currency}<CCACCTFROM><ACCTID>{statement.account}</CCACCTFROM>",
        f"<BANKTRANLIST><DTSTART>{first:%Y%m%d}<DTEND>{statement.day:%Y%m%d}",
    ]  # fmt: skip
    for number, line in enumerate(statement.lines, 1):
        out.append(
            f"<STMTTRN><TRNTYPE>{'CREDIT' if line.amount >= 0 else 'DEBIT'}<DTPOSTED>{line.booked:%Y%m%d}120000"
            f"<TRNAMT>{line.amount}<FITID>{statement.number}-{number}<NAME>{escape(line.name)}"
            f"{f'<MEMO>{escape(line.text)}' if line.text else ''}</STMTTRN>"
        )
    out.append(
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>{statement.closing}<DTASOF>{statement.day:%Y%m%d}</LEDGERBAL></CCSTMTRS>"
        "</CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
    )
    return "".join(f"{line}\r\n" for line in out).encode("cp1252")
