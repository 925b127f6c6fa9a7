"""Balances that an audit file tells beside its records: those of partners, against their movements and the account that
holds them all, and those of stock, against the movements of goods.

Portugal's files have none of them. Memory is bounded by the master files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages.saft_cells import amount, number
from pipelines.extract.messages.saft_paths import STOCK_COLUMNS
from pipelines.extract.messages.xml_stream import local

Cells = Mapping[str, str]
KEPT = 5
_SIDES = ("Opening", "Closing")
_BY_COLUMN = {column: path for path, column in STOCK_COLUMNS.items()}
_PLACE = tuple(
    _BY_COLUMN[c] for c in ("warehouse_id", "location_id", "product_id", "lot_id", "product_status", "owner_id")
)
_PARTY = {"customers": "customer", "suppliers": "supplier"}


@dataclass
class Balance:
    """Opening and closing balance, positive in debit; None where the file does not say it. And what moved between."""

    opening: Decimal | None
    closing: Decimal | None
    place: str
    moved: Decimal = Decimal(0)

    @property
    def is_off(self) -> bool:
        """Whether what moved does not lead from the one to the other."""
        return self.opening is not None and self.closing is not None and self.opening + self.moved != self.closing


class Owner(NamedTuple):
    """Whose balance, on which account."""

    kind: str
    number: str
    account: str


class Balances:
    """Balances of accounts and partners of one pass, with the entries of the ledger that name both."""

    def __init__(self) -> None:
        self._accounts: dict[str, Balance] = {}
        self._partners: dict[Owner, Balance] = {}
        self._moves: set[tuple[str, str]] = set()

    def master(self, kind: str, element: Any) -> None:
        """Take an account or a partner; in Norway 1.30 a partner has a balance on each of several accounts."""
        if kind == "accounts" and (own := _balance(element)):
            self._accounts[_text(element, "AccountID")] = own
        if kind not in _PARTY:
            return
        number_ = _text(element, "CustomerID") or _text(element, "SupplierID")
        parts = [child for child in element if local(child) in ("BalanceAccount", "BalanceAccountStructure")]
        for part in parts or [element]:
            account = _text(part, "AccountID")
            if account and (own := _balance(part)):
                owner = Owner(_PARTY[kind], number_, account)
                own.place = f"{owner.kind} {number_}, line {element.sourceline} of the file"
                self._partners[owner] = own

    def entry(self, cells: Cells) -> None:
        """Take an entry of the ledger."""
        account = cells.get("account_id", "")
        for kind in _PARTY.values():
            named = cells.get(f"line_{kind}_id") or cells.get(f"{kind}_id")
            balance = self._partners.get(Owner(kind, named, account)) if named else None
            if balance:
                self._moves.add((kind, account))
                balance.moved += amount(cells.get("debit_amount")) - amount(cells.get("credit_amount"))

    def totals(self) -> Iterator[FormatTotal]:
        """Partners whose entries do not lead from opening to closing balance, and accounts that are not their sum."""
        yield _total("partners_not_rolled_forward", list(self._not_rolled()))
        yield _total("accounts_not_the_sum_of_partners", list(self._not_the_sum()))

    def _not_rolled(self) -> Iterator[str]:
        """An account none of whose entries names a partner tells nothing about them."""
        for owner, own in self._partners.items():
            if own.is_off and (owner.kind, owner.account) in self._moves:
                expected = (own.opening or Decimal(0)) + own.moved
                yield f"{own.place}: closing balance on {owner.account} is {own.closing:f}, entries give {expected:f}"

    def _not_the_sum(self) -> Iterator[str]:
        sums: dict[str, dict[str, Decimal]] = {}
        for owner, own in self._partners.items():
            of = sums.setdefault(owner.account, dict.fromkeys(_SIDES, Decimal(0)))
            of["Opening"] += own.opening or Decimal(0)
            of["Closing"] += own.closing or Decimal(0)
        for account, of in sums.items():
            if (whole := self._accounts.get(account)) is None:
                continue
            for side, said in (("Opening", whole.opening), ("Closing", whole.closing)):
                if said is not None and said != of[side]:
                    yield f"{whole.place}: {side.lower()} balance is {said:f}, its partners have {of[side]:f}"


@dataclass
class Stock:
    """Stock of the products of one pass, all places together, with what moved; entries of one place stand once."""

    _products: dict[str, Balance] = field(default_factory=dict)
    _shifted: dict[str, Decimal] = field(default_factory=dict)
    _places: set[tuple[str, ...]] = field(default_factory=set)
    _twice: list[str] = field(default_factory=list)
    _told: bool = False

    def master(self, element: Any) -> None:
        """Take an entry of the stock list."""
        product, at = _text(element, "ProductCode"), f"line {element.sourceline} of the file"
        place = tuple(_text(element, name) for name in _PLACE)
        if place in self._places:
            self._twice.append(f"{at}: {' '.join(filter(None, place))} stands there twice")
        self._places.add(place)
        quantities = [number(_text(element, f"{side}StockQuantity")) for side in _SIDES]
        own = self._products.get(product)
        if own is None:
            self._products[product] = Balance(quantities[0], quantities[1], f"product {product}, {at}")
        else:
            own.opening, own.closing = _both(own.opening, quantities[0]), _both(own.closing, quantities[1])

    def movement(self, cells: Cells, lines: list[dict[str, str]]) -> None:
        """Take a document of movements: what came is above zero; what goes from one place to another stays."""
        self._told = True
        for line in lines if cells.get("status") != "A" else []:
            product = line.get("product_id", "")
            if (own := self._products.get(product)) is None:
                continue
            own.moved += amount(line.get("quantity"))
            where = {**cells, **line}
            if "ship_from_warehouse" in where and "ship_to_warehouse" in where:
                self._shifted[product] = self._shifted.get(product, Decimal(0)) + amount(line.get("quantity"))

    def totals(self) -> Iterator[FormatTotal]:
        """Products whose movements do not lead from opening to closing stock, and places that stand there twice."""
        yield _total("stock_entries_repeated", self._twice)
        if self._told:
            yield _total("stock_not_rolled_forward", list(self._not_rolled()))

    def _not_rolled(self) -> Iterator[str]:
        for product, own in self._products.items():
            if not own.is_off:
                continue
            ended = (own.opening or Decimal(0)) + own.moved
            if ended - self._shifted.get(product, Decimal(0)) != own.closing:
                yield f"{own.place}: closing stock is {own.closing:f}, movements give {ended:f}"


def _total(name: str, found: list[str]) -> FormatTotal:
    return FormatTotal(name, "0", str(len(found)), "; ".join(found[:KEPT]))


def _balance(element: Any) -> Balance | None:
    """The balances of an account or a partner; None when it has none."""
    sides = []
    for side in _SIDES:
        debit, credit = (number(_text(element, f"{side}{way}Balance")) for way in ("Debit", "Credit"))
        sides.append(debit - credit if debit is not None and credit is not None else debit)
        if debit is None and credit is not None:
            sides[-1] = -credit
    place = f"Account {_text(element, 'AccountID')}, line {element.sourceline} of the file"
    return Balance(sides[0], sides[1], place) if sides != [None, None] else None


def _both(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one + other if one is not None and other is not None else None


def _text(element: Any, name: str) -> str:
    return next(((child.text or "").strip() for child in element if local(child) == name), "")
