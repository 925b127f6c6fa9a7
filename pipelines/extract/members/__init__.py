"""Files that are packed: single streams and archives with members, listed and unpacked within limits.

A member is called by the path of its archive, `!/`, and its path inside: `daily/pack.zip!/hr/staff.csv`.

>>> from pipelines.extract.members import opened
>>> with opened(Path("pack.zip"), "hr/staff.csv") as plain:  # doctest: +SKIP
...     plain.read_bytes()
"""

from pipelines.extract.members.member import Member
from pipelines.extract.members.names import SEPARATOR, escaped, member_of, split_name, unescaped
from pipelines.extract.members.opening import kept_listing, listing, opened, packing_of

__all__ = [
    "SEPARATOR",
    "Member",
    "escaped",
    "kept_listing",
    "listing",
    "member_of",
    "opened",
    "packing_of",
    "split_name",
    "unescaped",
]
