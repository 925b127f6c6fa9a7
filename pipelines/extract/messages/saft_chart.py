"""What an account is, where the audit file does not say so: by the chart of accounts of its country.

Portugal's SNC and Norway's NS 4102 give the kind by the first digits; Norway's file since 1.30 says it as a category,
the OECD's as a type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages.saft_cells import amount, number

_WORDS = {
    "asset": "asset", "liability": "liability", "equity": "equity", "revenue": "revenue", "income": "revenue",
    "sale": "revenue", "sales": "revenue", "expense": "expense", "cost": "expense",
    "activ": "asset", "pasiv": "liability",
}  # fmt: skip
_CATEGORIES = (
    ("balanseverdi", "asset"), ("egenkapital", "equity"), ("kortsiktiggjeld", "liability"),
    ("langsiktiggjeld", "liability"), ("gjeld", "liability"), ("salgsinntekt", "revenue"),
    ("annendriftsinntekt", "revenue"), ("finansinntekt", "revenue"), ("ekstraordinaerinntekt", "revenue"),
    ("varekostnad", "expense"), ("loennskostnad", "expense"), ("annendriftskostnad", "expense"),
    ("finanskostnad", "expense"), ("skattekostnad", "expense"), ("ekstraordinaerkostnad", "expense"),
)  # fmt: skip
_BY_DIGITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "saft_pt": (
        ("1", "asset"), ("21", "asset"), ("22", "liability"), ("23", "liability"), ("24", "liability"),
        ("25", "liability"), ("26", "liability"), ("27", "liability"), ("281", "asset"), ("28", "liability"),
        ("29", "liability"), ("3", "asset"), ("4", "asset"), ("5", "equity"), ("6", "expense"), ("7", "revenue"),
        ("8", "equity"),
    ),
    "saft_no": (
        ("1", "asset"), ("20", "equity"), ("2", "liability"), ("3", "revenue"), ("4", "expense"), ("5", "expense"),
        ("6", "expense"), ("7", "expense"), ("80", "revenue"), ("81", "expense"), ("83", "expense"), ("84", "revenue"),
        ("85", "expense"), ("86", "expense"), ("88", "equity"), ("89", "equity"),
    ),
}  # fmt: skip


def tax_key(cells: Mapping[str, str], *, flat: bool) -> str:
    """What names one rate of a tax in the file, in its table and on lines alike.

    Portugal's codes say the kind of rate, which changes in time and by region: only with the rate they are one.

    >>> tax_key({"tax_type": "IVA", "tax_region": "PT", "tax_code": "NOR", "tax_percentage": "23.00"}, flat=True)
    'IVA-PT-NOR-23'
    """
    code = cells.get("tax_code", "")
    if not flat or not code:
        return code
    rate = number(cells.get("tax_percentage"))
    shown = f"{rate.normalize():f}" if rate is not None else ""
    return "-".join(part for part in (cells.get("tax_type"), cells.get("tax_region"), code, shown) if part)


def account_type(cells: Mapping[str, str]) -> str:
    """asset, liability, equity, revenue or expense; empty when nothing tells.

    >>> account_type({"format_code": "saft_pt", "account_id": "21110003"})
    'asset'
    """
    said = _WORDS.get(cells.get("account_type", "").lower())
    category = cells.get("grouping_category", "").lower()
    found = said or next((code for start, code in _CATEGORIES if category.startswith(start)), None)
    if found:
        return found
    digits = cells.get("standard_account_id") or cells.get("account_id", "")
    fitting = [(p, code) for p, code in _BY_DIGITS.get(cells.get("format_code", ""), ()) if digits.startswith(p)]
    return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else ""


HEADINGS = frozenset({"GR", "GA", "AR", "AA"})
"""Categories of accounts in Portugal that are sums of others; each of those names it as its grouping code."""
_BELOW = frozenset({"GA", "GM", "AA", "AM"})
_KEPT = 5


class Chart:
    """The accounts of a file with their balances; headings are compared with what stands below them."""

    def __init__(self) -> None:
        self.accounts: dict[str, dict[str, str]] = {}

    def take(self, cells: dict[str, str]) -> None:
        """One account."""
        self.accounts[cells["account_id"]] = cells

    def totals(self) -> Iterator[FormatTotal]:
        """Accounts below a heading that is not there, and headings that are not the sums of the accounts below them."""
        if not any(cells.get("grouping_category") in HEADINGS for cells in self.accounts.values()):
            return
        lost, sums = [], dict[str, dict[str, Decimal]]()
        for cells in self.accounts.values():
            if cells.get("grouping_category") not in _BELOW:
                continue
            above = cells.get("grouping_code", "")
            if not above:
                continue
            if above not in self.accounts:
                lost.append(f"{cells['position']}: no account {above} above it")
            of = sums.setdefault(above, {"opening": Decimal(0), "closing": Decimal(0)})
            for name in of:
                of[name] += _balance(cells, name)
        off = [
            f"{self.accounts[above]['position']}: {name} balance {_balance(self.accounts[above], name):f}, "
            f"accounts below it {total:f}"
            for above, of in sums.items() if above in self.accounts
            for name, total in of.items() if total != _balance(self.accounts[above], name)
        ]  # fmt: skip
        yield FormatTotal("accounts_without_heading", "0", str(len(lost)), "; ".join(lost[:_KEPT]))
        yield FormatTotal("headings_not_the_sum", "0", str(len(off)), "; ".join(off[:_KEPT]))


def _balance(cells: Mapping[str, str], name: str) -> Decimal:
    return amount(cells.get(f"{name}_debit")) - amount(cells.get(f"{name}_credit"))
