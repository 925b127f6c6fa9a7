"""What the accounts of DATEV's charts are: the type of an account by its number, and who stands behind a personal one.

An account number has as many digits as the first line of the file says (4 to 8), a personal one has one more; the
charts are numbered by the first four of them. Charts that are not listed here give no type: the profile says it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

_CHARTS: Mapping[str, tuple[tuple[int, str], ...]] = {
    "03": (
        (0, "asset"), (630, "liability"), (800, "equity"), (930, "liability"), (980, "asset"), (990, "liability"),
        (996, "asset"), (1000, "asset"), (1600, "liability"), (1800, "equity"), (2000, "expense"), (2500, "revenue"),
        (2750, "revenue"), (2800, "expense"), (3000, "expense"), (3960, "asset"), (4000, "expense"), (5000, "expense"),
        (7000, "asset"), (8000, "revenue"), (9000, "equity"),
    ),
    "04": (
        (0, "asset"), (1000, "asset"), (2000, "equity"), (3000, "liability"), (4000, "revenue"), (5000, "expense"),
        (7000, "revenue"), (7200, "expense"), (7400, "revenue"), (7500, "expense"), (9000, "equity"),
    ),
}  # fmt: skip
"""Chart → first account (of four digits) of each range, and the type of the accounts in it.

Ranges by the classes of the standard charts SKR 03 and SKR 04 of DATEV. Some ranges hold accounts of both kinds (input
tax among liabilities, extraordinary income among expenses); there a profile that needs it exact says it itself.
"""

CUSTOMERS, SUPPLIERS = 1, 7
"""First digits from which personal accounts are customers (10000) and suppliers (70000)."""


def padded(account: str, length: int) -> str:
    """An account with the leading zeros that programs drop, and none beyond; what is no number stays as it is.

    >>> padded("420", 4), padded("10001", 4), padded("0001200", 4), padded("", 4)
    ('0420', '10001', '1200', '')
    """
    return account.lstrip("0").zfill(length) if account.isdecimal() else account


def personal(account: str, length: int) -> str:
    """`customer` or `supplier` for a personal account, else an empty text.

    >>> personal("10001", 4), personal("70001", 4), personal("8400", 4)
    ('customer', 'supplier', '')
    """
    if len(account) != length + 1 or not account.isdecimal():
        return ""
    first = int(account[0])
    return "supplier" if first >= SUPPLIERS else "customer" if first >= CUSTOMERS else ""


def account_type(account: str, length: int, chart: str) -> str:
    """The type of an account by the chart of the file; empty for charts that are not known here.

    >>> account_type("8400", 4, "03"), account_type("70001", 4, "03"), account_type("8400", 4, "51")
    ('revenue', 'liability', '')
    """
    if who := personal(account, length):
        return "asset" if who == "customer" else "liability"
    ranges = _CHARTS.get(chart.zfill(2) if chart else "")
    if ranges is None or not account.isdecimal() or len(account) > length:
        return ""
    at = bisect_right([first for first, _ in ranges], int(account.zfill(length)[:4])) - 1
    return ranges[at][1]
