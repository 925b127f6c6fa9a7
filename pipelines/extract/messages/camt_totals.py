"""What the summary of a camt statement promises (`TxsSummry`), and what its entries give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pipelines.extract.messages.camt_cells import Leaf, number, plain

_PROMISED: Mapping[str, str] = {
    "TtlNtries/NbOfNtries": "entries",
    "TtlNtries/Sum": "entry_sum",
    "TtlCdtNtries/NbOfNtries": "credit_entries",
    "TtlCdtNtries/Sum": "credit_sum",
    "TtlDbtNtries/NbOfNtries": "debit_entries",
    "TtlDbtNtries/Sum": "debit_sum",
}
_SIDES = {"CRDT": "credit", "DBIT": "debit"}
_NET = ("TtlNtries/TtlNetNtryAmt", "TtlNtries/TtlNetNtry/Amt")
_NET_SIDE = ("TtlNtries/CdtDbtInd", "TtlNtries/TtlNetNtry/CdtDbtInd")
_COMPARED = frozenset({*_PROMISED, *_NET, *_NET_SIDE})


class Promises:
    """The totals of one statement."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._sums = False
        self._found = dict.fromkeys((*_PROMISED.values(), "net_sum"), Decimal())

    def take(self, found: Sequence[Leaf]) -> list[str]:
        """Take what the summary says; returns what of it is not compared (sums by kind of transaction)."""
        texts = dict(reversed(found))
        self._said = {name: texts[path] for path, name in _PROMISED.items() if texts.get(path)}
        net = number(next((texts[path] for path in _NET if texts.get(path)), None))
        if net is not None:
            side = next((texts[path] for path in _NET_SIDE if texts.get(path)), "")
            self._said["net_sum"] = plain(-net if side == "DBIT" and net else net)
        self._sums = any(name.endswith("_sum") for name in self._said)
        return [f"TxsSummry/{path}={text}" for path, text in found if path not in _COMPARED and text]

    def count(self, cells: Mapping[str, str]) -> None:
        """Count one entry, as far as anything was said."""
        if not self._said:
            return
        side = _SIDES.get(cells.get("credit_debit", ""))
        self._found["entries"] += 1
        if side:
            self._found[f"{side}_entries"] += 1
        if not self._sums:
            return
        amount, net = number(cells.get("amount_text")), number(cells.get("amount"))
        self._found["entry_sum"] += amount or 0
        self._found["net_sum"] += net or 0
        if side:
            self._found[f"{side}_sum"] += amount or 0

    def compared(self) -> list[tuple[str, Decimal | None, Decimal, str]]:
        """Name, what is said (None when that is no number), what was found, and what is said as written."""
        return [(name, number(said), self._found[name], said) for name, said in self._said.items()]
