"""What the envelopes of EDIFACT and X12 have in common: trailers that count and repeat numbers, and types of messages.

Both tell what does not agree in the same words: `message_reference`, `group_reference`, `interchange_reference` where
header and trailer have different numbers; `segment_count`, `message_count`, `group_count` where a trailer counts
otherwise; `message_number_repeated`, `group_number_repeated`, `interchange_number_repeated` where a number is used
twice in what stands around it. A trailer that is missing altogether is no such fault: where messages cannot be told
apart the file is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipelines.extract.facts import FormatTotal

MAX_TRANSPORT_CHARS = 4096
"""Headers of a mail or an AS2 message in front of an interchange are shorter."""
_TRANSPORT = re.compile(
    r"\s*(?:(?!UNA|UNB|UIB|ISA)[A-Za-z][A-Za-z0-9-]+:[ \t][^\r\n]*(?:\r\n?|\n)(?:[ \t]+\S[^\r\n]*(?:\r\n?|\n))*)+\s*"
    r"(?=UNA|UNB|UIB|ISA)"
)
_COUNT = re.compile(r"\d{1,15}", re.ASCII)


@dataclass
class CountedByTrailers:
    """Parts of one kind as trailers count them. One trailer that is wrong speaks for all of the file: one that says too
    much must not make up for another that says too little."""

    name: str
    said: int = 0
    found: int = 0
    trailers: int = 0
    wrong: FormatTotal | None = None

    def agree(self, said: str, found: int, where: str) -> bool:
        """Take one trailer; whether it says what was found."""
        self.trailers += 1
        if not _COUNT.fullmatch(said):
            # what is no number promises nothing that could be found
            self.wrong = self.wrong or FormatTotal(self.name, "-1", str(found), f"{where}: {said!r}")
            return False
        self.said, self.found = self.said + int(said), self.found + found
        if int(said) != found:
            self.wrong = self.wrong or FormatTotal(self.name, str(int(said)), str(found), where)
        return int(said) == found

    def total(self) -> FormatTotal:
        """The total for the gate."""
        return self.wrong or FormatTotal(self.name, str(self.said), str(self.found), f"all trailers ({self.trailers})")


@dataclass
class NumbersOfTrailers:
    """Trailers that repeat the number of their header: all of them must."""

    name: str
    trailers: int = 0
    right: int = 0
    first_wrong: str = ""

    def agree(self, said: str, header: str, where: str, *, is_same: bool | None = None) -> bool:
        """Take one trailer; whether it has the number of its header, as it stands unless `is_same` knows better."""
        same = said == header if is_same is None else is_same
        self.trailers += 1
        self.right += same
        if not same and not self.first_wrong:
            self.first_wrong = f"{where}: {said!r} for {header!r}"
        return same

    def total(self) -> FormatTotal:
        """Trailers, and those of them with the right number, for the gate."""
        return FormatTotal(self.name, str(self.trailers), str(self.right), self.first_wrong or "all trailers")


_PARTS = ("interchange", "group", "message")


class UsedNumbers:
    """Numbers of interchanges in the file, of groups in the interchange, of messages in the group around them."""

    def __init__(self) -> None:
        self._used: dict[str, set[tuple[str, ...]]] = {part: set() for part in _PARTS}

    def take(self, part: str, *number: str) -> list[str]:
        """Take the number of a part that begins; the fault of one that was used before."""
        for inner in _PARTS[_PARTS.index(part) + 1 :]:
            self._used[inner].clear()
        is_repeated = number in self._used[part]
        self._used[part].add(number)
        return [f"{part}_number_repeated"] if is_repeated else []


def answer_to_all(said: str, parts: Collection[str], *, errors: bool) -> str:
    """What an acknowledgement comes to: what it says of the whole, unless what it says of the parts is worse."""
    bad = [part for part in parts if part in ("rejected", "partially_accepted")]
    if bad and said != "rejected":
        nothing_left = said in ("", "received") and len(bad) == len(parts) and "partially_accepted" not in bad
        return "rejected" if nothing_left else "partially_accepted"
    if errors and said in ("accepted", ""):
        return "accepted_with_errors"
    return said or next(iter(parts), "")


def transport_chars(text: str) -> int:
    """Length of the headers that the transport of a message (AS2, mail) left in front of it."""
    found = _TRANSPORT.match(text)
    return found.end() if found else 0


def of_other_types(table: str, unread: Counter[str], with_tables: Collection[str]) -> Iterator[str]:
    """Warnings of messages that a table is not made of, by their types; of those that no table but `segments` has."""
    nowhere = Counter({kind: times for kind, times in unread.items() if kind not in with_tables})
    if nowhere:
        yield f"messages of types without a table of their own, see table segments: {_listed(nowhere)}"
    if table not in ("interchanges", "segments") and (elsewhere := unread - nowhere):
        yield f"messages of other types, which table {table} is not made of: {_listed(elsewhere)}"


_NAMES = {
    "204": "load tender", "210": "freight invoice", "753": "request for routing", "754": "routing",
    "820": "remittance advice", "824": "application advice", "830": "forecast", "832": "price list",
    "846": "stock list", "852": "sales and stock", "861": "receipt of goods", "862": "delivery schedule",
    "864": "text message", "943": "transfer to a warehouse",
    "944": "receipt of a warehouse", "947": "stock adjustment of a warehouse", "990": "answer to a load tender",
    "APERAK": "application error", "DELFOR": "forecast", "DELJIT": "delivery call-off", "IFTMIN": "transport order",
    "IFCSUM": "forwarding manifest", "INVRPT": "stock list", "PARTIN": "party master data", "PRICAT": "price list",
    "PRODAT": "product data", "QUOTES": "quotation", "RECADV": "receipt of goods", "REMADV": "remittance advice",
    "REQOTE": "request for quotation", "SLSRPT": "sales", "SLSFCT": "forecast of sales",
}  # fmt: skip
"""What people call types of messages that no table but `segments` has."""


def _listed(kinds: Counter[str]) -> str:
    named = ((f"{kind} {_NAMES[kind]}" if kind in _NAMES else kind, times) for kind, times in sorted(kinds.items()))
    return ", ".join(f"{kind} ({times})" for kind, times in named)
