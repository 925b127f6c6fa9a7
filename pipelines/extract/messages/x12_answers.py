"""Answers to the lines of an order, 855 and 865: all ACK of a line together, and what POC says where none stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipelines.extract.messages.order_answers import Answered, Cells, line_answer
from pipelines.extract.messages.x12_parts import Part, Row
from pipelines.extract.messages.x12_plain import number, plain_date
from pipelines.extract.messages.x12_register import ANSWERS_TO_ORDERS
from pipelines.extract.messages.x12_syntax import Segment

LINES = {
    "IA": "accepted", "AC": "accepted", "AR": "accepted", "AA": "accepted", "IE": "accepted", "SP": "accepted",
    "IC": "changed", "IP": "changed", "IQ": "changed", "IS": "changed", "DR": "changed", "IB": "backordered",
    "BP": "backordered", "IF": "on_hold", "IH": "on_hold", "IW": "on_hold", "ID": "rejected", "IR": "rejected",
    "R1": "rejected", "R2": "rejected", "R3": "rejected", "R4": "rejected", "R5": "rejected", "R6": "rejected",
    "R7": "rejected", "R8": "rejected",
}  # fmt: skip
"""What an ACK says of its quantity (data element 668)."""
_PARTIAL = "BP"
_DELETED = "DI"
_PROMISED = ("067", "017", "068", "069")


class OrderAnswers:
    """Reads lines of answers, and tells of codes that the standard does not have."""

    def __init__(self) -> None:
        self._strange: Counter[str] = Counter()

    def cells(self, row: Row) -> Cells:
        """Columns of a line; of one whose answer cannot be compared with the order only `problem`, in words."""
        line = row.parts.get("line")
        whole = ANSWERS_TO_ORDERS.get(row.value("BAK02|BCA02"), "")
        if line is None:
            return {"line_answer_code": whole} if whole else {}
        unit, parts = row.value("PO103|POC05"), []
        for ack, dates in _answers(line):
            code = LINES.get(ack.get(1), "")
            if not code:
                self._strange[ack.get(1)] += 1
                continue
            quantity = number(ack.get(2))
            if quantity is not None and unit and ack.get(3) and ack.get(3) != unit:
                return {"problem": f"ordered in unit {unit}, answered in {ack.get(3)}: quantities cannot be compared"}
            parts.append(Answered(code, quantity, max(dates, default=""), ack.get(1) == _PARTIAL))
        if not parts and row.value("POC02") == _DELETED and whole != "rejected":
            parts = [Answered("rejected", None)]
        return line_answer(number(row.value("PO102|POC03")), parts, whole)

    def warnings(self) -> Iterator[str]:
        """Codes whose lines stand as they were ordered."""
        if self._strange:
            told = ", ".join(f"{code or 'none'} ({times})" for code, times in sorted(self._strange.items()))
            yield f"ACK01 with codes that say nothing of the quantity, which stays as ordered: {told}"


def _answers(line: Part) -> Iterator[tuple[Segment, list[str]]]:
    """Each ACK of a line with the days it promises; a day behind it is that of the last one."""
    found: list[tuple[Segment, list[str]]] = []
    for at, segment in enumerate(line.segments):
        if segment.tag == "ACK":
            line.used |= {(at, n) for n in range(1, 6)}
            found.append((segment, [plain_date(segment.get(5))] if segment.get(5) else []))
        elif segment.tag == "DTM" and found and segment.get(1) in _PROMISED:
            line.used |= {(at, 1), (at, 2)}
            found[-1][1].append(plain_date(segment.get(2)))
        elif segment.tag == "SCH" and found and segment.get(5) in _PROMISED:
            line.used |= {(at, 5), (at, 6)}
            found[-1][1].append(plain_date(segment.get(6)))
    yield from found
