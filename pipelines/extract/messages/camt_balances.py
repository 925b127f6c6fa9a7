"""The balances of a camt statement: each as cells, and which of them open and close it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.extract.messages.camt_cells import BETWEEN, leaves, signed


@dataclass(frozen=True)
class Balance:
    """One balance of a statement."""

    line: int
    code: str
    amount: str
    currency: str
    side: str
    date: str
    rest: str


def balance_of(element: Any) -> Balance:
    """The balance of a `Bal`, whichever version wrote it."""
    found = leaves(element)
    texts = dict(reversed(found))
    code = texts.get("Tp/Cd") or texts.get("Tp/Prtry") or texts.get("Tp") or ""
    date = texts.get("Dt/Dt") or texts.get("Dt/DtTm") or texts.get("Dt") or ""
    known = {"Tp/Cd", "Tp/Prtry", "Tp", "Dt/Dt", "Dt/DtTm", "Dt", "Amt", "Amt/@Ccy", "CdtDbtInd"}
    rest = BETWEEN.join(f"{path}={text}" for path, text in found if path not in known and text)
    amount, currency, side = (texts.get(path, "") for path in ("Amt", "Amt/@Ccy", "CdtDbtInd"))
    return Balance(element.sourceline or 0, code, amount, currency, side, date[:10], rest)


def cells_of_balance(balance: Balance) -> dict[str, str]:
    """The cells of table `balances`."""
    return {
        "balance_code": balance.code,
        "balance_amount": signed(balance.amount, balance.side),
        "balance_currency": balance.currency,
        "balance_date": balance.date,
        "balance_other": balance.rest,
    }


def opening_and_closing(balances: list[Balance], currency: str) -> dict[str, str]:
    """Opening and closing balance in a currency, and all others as text."""
    own = [b for b in balances if b.currency == currency]
    opening = min(
        (b for b in own if b.code in ("OPBD", "PRCD")), key=lambda b: (b.date, b.code != "OPBD"), default=None
    )
    closing = max((b for b in own if b.code == "CLBD"), key=lambda b: b.date, default=None)
    interim = [b for b in own if b.code == "ITBD"]
    if opening is None and interim and (closing is not None or len(interim) > 1):
        opening = interim[0]
    if closing is None and interim and interim[-1] is not opening:
        closing = interim[-1]
    cells = {}
    for name, balance in (("opening", opening), ("closing", closing)):
        if balance is not None:
            cells[f"{name}_amount"] = signed(balance.amount, balance.side)
            cells[f"{name}_date"], cells[f"{name}_code"] = balance.date, balance.code
    others = [b for b in balances if b is not opening and b is not closing]
    cells["other_balances"] = BETWEEN.join(f"{b.code} {b.date} {signed(b.amount, b.side)} {b.currency}" for b in others)
    return cells
