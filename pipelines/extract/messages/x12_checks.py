"""What transaction sets of X12 promise about their own content, and segments that no release has in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages.x12_envelope import Message
from pipelines.extract.messages.x12_parts import Row, Split
from pipelines.extract.messages.x12_plain import InvoiceSums, number, quantities
from pipelines.extract.messages.x12_sets import KNOWN, LAST_RELEASE
from pipelines.extract.table import FIRST_ROWS, count_of


class Checks:
    """Totals inside the sets: number of lines, hash total, units of a warehouse order; the total of an invoice."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sums: dict[str, tuple[Decimal, Decimal]] = {}
        self._first: dict[str, FormatTotal] = {}

    def faults(self, message: Message, parts: Split) -> list[str]:
        """What the set says otherwise than it has it."""
        row = Row({"end": parts.end, "head": parts.head}, None, 1)
        own = [s for _, line, _ in parts.lines for s in line.segments]
        whole, digits = quantities(own)
        levels = sum(s.tag == "HL" for s in message.segments)
        out = []
        if not self._agrees("lines", row.value("CTT01"), (levels or parts.items, parts.items), message):
            out.append("line_count")
        if not self._agrees("quantities", row.value("CTT02|W7601|W0301"), (whole, Decimal(digits)), message):
            out.append("quantity_total")
        if message.kind == "810" and not InvoiceSums(parts).agrees:
            out.append("total_amount")
        if message.kind == "810" and row.value("BIG08") in ("01", "03"):
            out.append("taken_back")
        return out

    def totals(self) -> list[FormatTotal]:
        """Those that some set promised: of the whole file, or of the first that does not agree."""
        return [
            self._first.get(name) or FormatTotal(name, f"{said:f}", f"{found:f}")
            for name, (said, found) in self._sums.items()
        ]

    def _agrees(self, name: str, text: str, found: tuple[Decimal | int, ...], message: Message) -> bool:
        """Whether a promise is one of what was found; nothing promised is never broken."""
        if not text:
            return True
        said = number(text)
        meant = Decimal(next((f for f in found if said == f), found[0]))
        before = self._sums.get(name, (Decimal(0), Decimal(0)))
        self._sums[name] = (before[0] + (said or 0), before[1] + meant)
        if said == meant:
            return True
        where = f"{self._name}:{message.head.line}"
        self._first.setdefault(name, FormatTotal(name, "-1" if said is None else f"{said:f}", f"{meant:f}", where))
        return False


class Unknown:
    """Segments that no release has in their set: how many of each, and where the first ones are. Of a release that is
    later than the lists of segments it is said, for there it may be the lists that are wrong."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lines: dict[tuple[str, str, str], list[int]] = {}

    def look(self, message: Message) -> None:
        """Count those of a set."""
        later = message.release if message.release > LAST_RELEASE else ""
        for tag, line in self._found(message):
            key = (message.kind, tag, later)
            self._counts[key] += 1
            lines = self._lines.setdefault(key, [])
            if len(lines) < FIRST_ROWS:
                lines.append(line)

    def of(self, message: Message) -> str:
        """Those of one set, as `ZZZ (2)`."""
        counts = Counter(tag for tag, _ in self._found(message))
        return " ".join(f"{tag} ({n})" for tag, n in sorted(counts.items()))

    def warnings(self) -> list[str]:
        """One for each tag."""
        return [
            f"segment {tag!r} is none of transaction set {kind}"
            + (f" up to release {LAST_RELEASE}, and {later} is later" if later else "")
            + f": {count_of(n, 'time')} ({self._places(self._lines[kind, tag, later], n)})"
            for (kind, tag, later), n in sorted(self._counts.items())
        ]

    @staticmethod
    def _places(lines: Sequence[int], count: int) -> str:
        more = ", …" if count > len(lines) else ""
        return f"{'line' if count == 1 else 'lines'} {', '.join(map(str, lines))}{more}"

    @staticmethod
    def _found(message: Message) -> Iterator[tuple[str, int]]:
        known = KNOWN.get(message.kind)
        if known is not None:
            yield from ((s.tag[:3], s.line) for s in message.segments if s.tag not in known)
