"""What Rechberg's suppliers send: a published business case of XRechnung in both syntaxes, and invoices of made-up
companies as UBL, CII, and PDF. `FAULTS` says what is wrong on purpose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from stdnum.iso7064 import mod_11_10

from tests.samples.common import Fault, Folder, companies
from tests.samples.invoice_cii import cii, zugferd_1
from tests.samples.invoice_writer import XRECHNUNG, Bill, Change, Line, Party, pdf, ubl

PUBLIC = Path(__file__).parent / "xrechnung"
_OPEN, _LINES, _TAXES = "ledgers.payables", "ledgers.invoice_lines", "ledgers.invoice_taxes"
_TOLD = "ledgers.einvoices"
_SOUND = "message_is_sound"

RECHBERG = Party("Rechberg Maschinenbau GmbH", "", "Am Wasserberg 5", "Göppingen", "73037", id="4711")
S19, S7 = ("S", Decimal(19)), ("S", Decimal(7))

FAULTS = (
    Fault("lines do not give the sum", _OPEN, "RE-SUM", _SOUND),
    Fault("lines do not give the sum", _LINES, "RE-SUM", _SOUND),
    Fault("tax does not follow from its rate", _OPEN, "RE-TAX", _SOUND),
    Fault("lines do not give the sum", _TOLD, "RE-SUM", "br_co_10", also=("br_co_13",)),
    Fault("tax does not follow from its rate", _TOLD, "RE-TAX", "br_co_17", also=("br_co_14", "br_s_09")),
    Fault("tax does not follow from its rate", _TAXES, "RE-TAX", _SOUND, also=("rate_gives_tax",)),
)
FAILED = {"eingang/RE-CUT.xml": "truncated", "eingang/RE-PAPER.pdf": "without an embedded invoice"}
"""Files that are no message, and what is said of them."""


@dataclass(frozen=True)
class Sent:
    """A file of a supplier."""

    name: str
    content: bytes


def write(folder: Folder) -> None:
    """The invoices of the first night."""
    for minute, sent in enumerate(files(folder)):
        folder.write(f"eingang/{sent.name}", sent.content, minute=minute)


def files(folder: Folder) -> list[Sent]:
    """Every file in the order in which it comes."""
    public = [Sent(p.name, p.read_bytes()) for p in sorted(PUBLIC.glob("01.01*.xml"))]
    first, second, abroad, old = bills(folder)
    credit = Bill("GS-2001", dt.date(2026, 10, 20), first.seller, RECHBERG, first.lines[:1], is_credit=True,
                  due=dt.date(2026, 11, 19), preceding=first.number, specification=XRECHNUNG)  # fmt: skip
    return [
        *public,
        Sent("RE-1001.xml", ubl(first)),
        Sent("GS-2001.xml", ubl(credit)),
        Sent("RE-1003.pdf", pdf(cii(abroad))),
        Sent("RE-1004.pdf", pdf(zugferd_1(old), "ZUGFeRD-invoice.xml")),
        *faulty(first, second),
    ]


def bills(folder: Folder) -> list[Bill]:
    """Sound invoices of four suppliers."""
    rng = folder.rng("invoices")
    names = companies(rng, 4)
    seats = [("DE", "Aalen", "73430"), ("DE", "Ulm", "89073"), ("AT", "Linz", "4020"), ("DE", "Fulda", "36037")]
    sellers = [
        Party(name, vat_id(seat[0], n), f"Werkstr. {n + 1}", seat[1], seat[2], seat[0], id=f"L-{n + 1}")
        for n, (name, seat) in enumerate(zip(names, seats, strict=True))
    ]
    day = dt.date(2026, 10, 5)

    def line(number: int, name: str, tax: tuple[str, Decimal], discount: str = "0") -> Line:
        price = Decimal(rng.randrange(400, 90000)) / 100
        return Line(str(number), name, Decimal(rng.randrange(2, 40)), price, *tax, discount=Decimal(discount))

    goods = [line(1, "Fräser HSS-E Ø 8", S19, "1.50"), line(2, "Fachbuch Zerspanung", S7), line(3, "Öl <HLP 46>", S19)]
    more = [line(1, "Kugellager 6204-2RS", S19), line(2, "Dichtring", S19)]
    parts = [line(1, "Spindel", ("AE", Decimal(0)))]
    changes = [
        Change(Decimal("25.00"), "Fracht & Verpackung", *S19, is_charge=True),
        Change(Decimal("10.00"), "Treue", *S19),
    ]
    return [
        Bill("RE-1001", day, sellers[0], RECHBERG, goods, dt.date(2026, 11, 4), changes=changes, order="B-77",
             notes=["Lieferung frei Haus"], terms="#SKONTO#TAGE=14#PROZENT=2.00#\n", specification=XRECHNUNG),
        Bill("RE-1002", day, sellers[1], RECHBERG, more, dt.date(2026, 10, 19), prepaid=Decimal("4.00"),
             specification=XRECHNUNG),
        Bill("RE-1003", day, sellers[2], _taxed(RECHBERG), parts, dt.date(2026, 11, 4), order="B-78",
             reasons={"AE": "Reverse charge"}),
        Bill("RE-1004", day, sellers[3], RECHBERG, [line(1, "Wartung", S19)], dt.date(2026, 11, 4)),
    ]  # fmt: skip


def vat_id(country: str, number: int) -> str:
    """A VAT id of nobody, with its check digit where it has one."""
    if country == "AT":
        return "ATU13585627"
    return f"DE9999990{number}{mod_11_10.calc_check_digit(f'9999990{number}')}"


def _taxed(party: Party) -> Party:
    return Party(**{**vars(party), "vat_id": "DE136695976"})


def faulty(first: Bill, second: Bill) -> Sequence[Sent]:
    """Copies of sound invoices, each with one thing wrong."""
    lines, tax = first.sums["lines"], second.sums["tax"]
    by_number = {
        "RE-SUM": changed(ubl(first), f">{lines}</cbc:LineExt", f">{lines + 9}</cbc:LineExt"),
        "RE-TAX": changed(cii(second), f"CalculatedAmount>{tax}<", f"CalculatedAmount>{tax + 5}<"),
    }
    numbered = [
        Sent(f"{number}.xml", content.replace(first.number.encode(), number.encode()).replace(
            second.number.encode(), number.encode()))
        for number, content in by_number.items()
    ]  # fmt: skip
    return [*numbered, Sent("RE-CUT.xml", cut(ubl(second))), Sent("RE-PAPER.pdf", pdf(None))]


def cut(content: bytes) -> bytes:
    """The file without what comes after its last line item began."""
    return content[: content.rindex(b"<cac:Price>")]


def changed(content: bytes, old: str, new: str) -> bytes:
    """The file with one text in place of another; ValueError where it is not there once."""
    if content.count(old.encode()) != 1:
        raise ValueError(f"{old!r} is not there once")
    return content.replace(old.encode(), new.encode())
