"""X12: the records of the tables of pipelines/formats/x12.yaml, from interchanges of any sender.

Modules: x12_syntax (characters to segments), x12_envelope (segments to transaction sets), x12_sets (what a set may
have), x12_places (which column stands where), x12_parts (a set in parts, values at places), x12_plain (dates, amounts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from pipelines.extract.messages.edi_envelope import of_other_types
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.messages.x12_answers import OrderAnswers
from pipelines.extract.messages.x12_checks import Checks, Unknown
from pipelines.extract.messages.x12_envelope import Envelopes, Message
from pipelines.extract.messages.x12_parts import Row, Split, split
from pipelines.extract.messages.x12_places import LAYOUTS, Layout
from pipelines.extract.messages.x12_plain import (
    InvoiceSums,
    cents,
    country,
    kilograms,
    line_amount,
    number,
    plain_date,
    plain_moment,
    price,
    signed,
    written,
)
from pipelines.extract.messages.x12_register import ANSWERS, Noted, envelope, noted, register
from pipelines.extract.messages.x12_sets import SHAPES
from pipelines.extract.messages.x12_syntax import SegmentReader

_ANSWERED = frozenset({"855", "865"})
_ELEMENTS = tuple(f"element_{n:02}" for n in range(1, 31))


class Messages(MessageTable):
    """One table of a file of X12."""

    def records(self) -> Iterator[Record]:
        """The records of the table in the order of the file."""
        table = self.fmt.table or "interchanges"
        self._unknown = Unknown()
        self._checks = Checks(self.name)
        self._answers = OrderAnswers()
        self._ordinal, self._asked = 0, set(self.columns)
        reader = SegmentReader(self.path, self.fmt, self.name, self.tally)
        envelopes = Envelopes(reader)
        sets: list[Noted] = []
        made_of = LAYOUTS[table].kinds if table in LAYOUTS else frozenset()
        unread: Counter[str] = Counter()
        for item in envelopes.items():
            if isinstance(item, Message):
                self._unknown.look(item)
                if item.kind not in made_of:
                    unread[item.kind] += 1
                if table == "interchanges":
                    sets.append(noted(item, self._unknown))
                elif table == "segments":
                    yield from self._segments(item)
                elif item.kind in made_of:
                    yield from self._set(item, LAYOUTS[table])
            elif table == "interchanges":
                yield from map(self._record, register(item, sets))
                sets = []
        self.tally.totals += [*envelopes.totals(), *self._checks.totals()]
        self.tally.warnings += [*envelopes.warnings(), *self._unknown.warnings(), *self._answers.warnings()]
        self.tally.warnings += of_other_types(table, unread, SHAPES)

    def _record(self, cells: Mapping[str, str], *, problem: str = "", raw: str = "") -> Record:
        self._ordinal += 1
        asked = self._asked
        return Record(self._ordinal, {k: v for k, v in cells.items() if v and k in asked}, problem or None, raw)

    # -- one set ----------------------------------------------------------------------------------------------

    def _set(self, message: Message, layout: Layout) -> Iterator[Record]:
        parts = split(message)
        faults = [*message.faults, *self._checks.faults(message, parts)]
        whole = {**envelope(message), "message_faults": " ".join(faults) or "none"}
        whole |= _derived(message, parts, of_set=layout.row in ("message", "shipment"))
        dates = [name for name in layout.columns if name.endswith("_date") or name == "due_date_said"]
        for n, row in enumerate(parts.rows(layout.row), 1):
            where = message.place(row.first or message.head)
            answer = self._answers.cells(row) if layout.row == "answer" and message.kind in _ANSWERED else {}
            if problem := row.problem or answer.pop("problem", ""):
                raw = " ~ ".join(s.text for s in row.parts["line"].segments)
                yield self._record({}, problem=f"{problem} ({where})", raw=raw)
                continue
            cells = {column: row.value(place) for column, place in layout.columns.items()}
            own = {**_plain(cells, row, dates), **_of_row(row, message, n, whole), **answer}
            asked = (*layout.own, *(layout.first if n == 1 else ()))
            rest = [text for name in asked if (part := row.parts.get(name)) for text in part.rest()]
            yield self._record({**whole, **own, "position": where, "other": " ~ ".join(rest)})

    def _segments(self, message: Message) -> Iterator[Record]:
        common = envelope(message)
        for n, segment in enumerate([message.head, *message.segments], 1):
            cells = {
                "position": message.place(segment),
                "segment_number": str(n),
                "tag": segment.tag,
                "text": segment.text,
            }
            elements = zip(_ELEMENTS, map(str.strip, segment.elements[1:]), strict=False)
            yield self._record({**common, **cells, **dict(elements)})


# -- values made plain --------------------------------------------------------------------------------------------


def _plain(cells: dict[str, str], row: Row, dates: Iterable[str]) -> dict[str, str]:
    """Dates as ISO 8601, the price of one unit, countries, and a line without a number under its ordinal."""
    for column in dates:
        if text := cells[column]:
            cells[column] = plain_date(text)
    if "price_as_written" in cells:
        cells["unit_price_amount"] = price(row)
    for name in ("ship_to", "ship_from"):
        if f"{name}_region_code" in cells:
            address = (cells[f"{name}_{part}_code"] for part in ("country", "region", "postal"))
            cells[f"{name}_country"] = country(*address)
    if not cells.get("line_id", "-") and "line" in row.parts:
        cells["line_id"] = str(row.ordinal)
    return cells


def _of_row(row: Row, message: Message, n: int, whole: Mapping[str, str]) -> dict[str, str]:
    """Plain columns of one row, by the kind of its set; `whole` are those of the set."""
    match message.kind:
        case "214":
            day, time, zone = row.value("AT705|Q502"), row.value("AT706|Q503"), row.value("AT707|Q504")
            return {"event_ordinal": str(n), "event_at": plain_moment(day, time, zone)}
        case "997" | "999":
            code, of_group = row.value("AK501|IK501"), row.value("AK901")
            return {"acknowledgement_code": ANSWERS.get(code or of_group, code or of_group)}
        case "856" | "945" if "line" in row.parts:
            weight = kilograms(row.value("shipment:TD107|W0302"), row.value("shipment:TD108|W0303")) if n == 1 else ""
            return {"is_first_line": str(n == 1).lower(), "shipment_weight_kg": weight}
        case "810":
            return _of_invoice(row, credit=whole.get("document_type_code") == "credit_note")
        case _:
            return {}


def _of_invoice(row: Row, *, credit: bool) -> dict[str, str]:
    if "sac" in row.parts:
        kind = {"A": "allowance", "C": "charge"}.get(row.value("sac:SAC01"), "other")
        amount = cents(row.value("sac:SAC05"))
        out = {"line_kind": kind, "line_id": f"{kind} {row.ordinal}", "line_amount": amount}
        return out | {"signed_line_amount": signed(amount, credit=credit, allowance=kind == "allowance")}
    if "tax" in row.parts:
        names = ("tax_amount", "taxable_amount")
        return {
            f"signed_{name}": signed(row.value(f"tax:TXI{at}"), credit=credit)
            for name, at in zip(names, ("02", "08"), strict=True)
        }
    line = next((s for s in row.parts["line"].segments if s.tag == "IT1"), None) if "line" in row.parts else None
    amount_found = line_amount(line) if line else None
    if amount_found is None:
        return {"line_kind": "line"}
    text = written(amount_found.quantize(Decimal("0.01"), "ROUND_HALF_UP"))
    return {
        "line_kind": "line",
        "line_amount": text,
        "signed_line_amount": signed(text, credit=credit),
        "signed_quantity": signed(row.value("IT102"), credit=credit),
        "signed_tax_amount": signed(row.value("line:TXI02"), credit=credit),
    }


def _derived(message: Message, parts: Split, *, of_set: bool) -> dict[str, str]:
    """Columns that are counted or added up over a whole set; without `of_set` those that its lines have too."""
    out = {"lines_found": str(parts.items)}
    if message.kind == "810":
        row = Row({"head": parts.head, "end": parts.end}, None, 1)
        for column, place in (("discount_amount", "ITD08|TDS04"), ("discountable_amount", "TDS02")):
            out[column] = cents(row.value(place))
        sums = InvoiceSums(parts)
        parts.repeats_at_end = sums.repeats_at_end
        out |= sums.cells()
        out["due_date"] = _due(row, "ITD06|head:DTM02[01=814,209]", "ITD07")
        out["discount_until_date"] = _due(row, "ITD04", "ITD05")
        out |= {"signed_invoice_net_amount": out.get("signed_net_amount", "")}
    shared = ("document_type_code", "signed_invoice_net_amount")
    return out if of_set else {name: out[name] for name in shared if name in out}


def _due(row: Row, said: str, days: str) -> str:
    """The last day of a term: as said, else so many days after the invoice."""
    if day := row.value(said):
        return plain_date(day)
    count, begin = number(row.value(days)), plain_date(row.value("BIG01"))
    try:
        return "" if count is None else (date.fromisoformat(begin) + timedelta(days=int(count))).isoformat()
    except (ValueError, OverflowError):
        return ""
