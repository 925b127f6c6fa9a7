"""What a correction workbook says of the open rejects of one delivery: gathered here, written by `quarantine`."""

from __future__ import annotations

import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from pipelines.clean.apply import Plan
from pipelines.clean.column import CellError
from pipelines.clean.facts import FileInfo
from pipelines.clean.mapping import Header
from pipelines.clean.needs import restricted
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.errors import DeliveryError
from pipelines.flow.corrected import addresses_of
from pipelines.flow.due import deadline_on
from pipelines.flow.office import Office
from pipelines.flow.original import Original, Record, read_original
from pipelines.flow.work import lookups_of, siblings_of
from pipelines.profile import Profile, SourceRef
from pipelines.quarantine import expected
from pipelines.quarantine.cells import HIDDEN, shown
from pipelines.quarantine.content import Content, Line, Reason
from pipelines.quarantine.suggest import suggestion
from pipelines.quarantine.words import WORDS
from pipelines.quarantine.workbook import FIRST_ROW
from pipelines.reject import Baseline, Owner, baseline_rule
from pipelines.rulebook import Language, RuleBook, derived_message
from pipelines.sheetrows import sheet_address
from pipelines.warehouse import register, workbooks
from pipelines.warehouse.layouts import layout_of
from pipelines.warehouse.workbooks import OpenReason, SentRow

log = logging.getLogger("kontor")

MOST_ROWS = 20_000
"""Rows of one workbook: what a person can work through, and spreadsheet programs open at once. The rest comes next."""
MOST_GROUPED = 1_000_000
"""Lines of a group may not be torn apart: such feeds get all in one, as far as a sheet reaches."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_DUE_DAYS = 40


@dataclass(frozen=True)
class Composed:
    """The workbook as it will be written, and what is kept of its rows."""

    content: Content
    rows: list[SentRow]


def compose(office: Office, conn: sa.Connection, root: Delivery, reasons: Sequence[OpenReason]) -> Composed:
    """The workbook of a root with these open reasons, under a new token."""
    return _Composer(office, conn, root, reasons).compose(secrets.token_urlsafe(16))


@dataclass
class _Composer:
    """One workbook in the making."""

    office: Office
    conn: sa.Connection
    root: Delivery
    reasons: Sequence[OpenReason]

    def __post_init__(self) -> None:
        self.ref: SourceRef = self.office.ref(self.root)
        self.contract: Contract = self.office.contract(self.root.feed)
        self.profile: Profile = self.office.profile(self.root.client_id)
        self.language: Language = "de" if self.profile.language == "de" else "en"
        self.words = WORDS[self.language]
        self.book = RuleBook.of(self.office.catalog, self.root.feed, self.root.client_id)
        self.suite = suite_rules(self.book)
        self.by_row: dict[int, list[OpenReason]] = {}
        for reason in self.reasons:
            self.by_row.setdefault(reason.row_number, []).append(reason)
        most = MOST_GROUPED if self.contract.groups else MOST_ROWS
        self.rows = sorted(self.by_row)[:most]
        self.original: Original = read_original(self.office, self.root, self.ref, self.rows)
        self.position = {name: i for i, name in enumerate(self.original.columns)}
        self._told: Counter[tuple[str, bool]] = Counter()

    def compose(self, token: str) -> Composed:
        """Lines in the order of the file."""
        lines, kept = [], []
        tokens = row_tokens(len(self.rows))
        newest = self._newest_cells()
        for at, (number, row_token) in enumerate(zip(self.rows, tokens, strict=True), start=FIRST_ROW):
            record = self.original.records[number]
            line = self._line(record, newest.get(number), row_token)
            lines.append(line)
            kept.append(self._kept(at, number, workbooks.row_token_hash(token, row_token), line))
        return Composed(self._content(token, lines), kept)

    def _kept(self, at: int, number: int, token_hash: str, line: Line) -> SentRow:
        cells: dict[str, Any] = dict(zip(self.original.columns, line.cells, strict=True))
        cells |= {self.original.columns[i]: text for i, text in line.hidden.items()}
        hidden = {"__hidden": sorted(self.original.columns[i] for i in line.hidden)} if line.hidden else {}
        locked = sorted(self.original.columns[i] for i in line.locked)
        return SentRow(
            at, token_hash, number,
            {**cells, "__address": line.address, "__said": line.said, "__locked": locked, **hidden},
        )  # fmt: skip

    def _newest_cells(self) -> dict[int, Mapping[str, str]]:
        """Cells of the rows that a correction has rejected again, or taken without a value, as it brought them."""
        out: dict[int, Mapping[str, str]] = self._taken_cells()
        cells: dict[int, dict[int, dict[str, str]]] = {}
        for number in self.rows:
            first = self.by_row[number][0]
            if first.judged_by != self.root.delivery_id and not first.is_loaded:
                if first.judged_by not in cells:
                    cells[first.judged_by] = workbooks.cells_of(self.conn, first.judged_by)
                found = cells[first.judged_by].get(first.own_number, {"__raw": ""})
                if "__raw" not in found:
                    out[number] = found
        return out

    def _taken_cells(self) -> dict[int, Mapping[str, str]]:
        """Of the rows that a correction has brought in, which quarantine does not keep: recomputed."""
        rows: dict[int, dict[int, int]] = {}
        for number in self.rows:
            first = self.by_row[number][0]
            if first.is_loaded and first.judged_by != self.root.delivery_id:
                rows.setdefault(first.judged_by, {})[first.own_number] = number
        out: dict[int, Mapping[str, str]] = {}
        for delivery_id, wanted in rows.items():
            correction = register.get(self.conn, delivery_id)
            for own, found in addresses_of(self.office, self.conn, correction, self.ref, wanted).items():
                out[wanted[own]] = dict(zip(found.original.columns, found.record.cells, strict=True))
        return out

    def _line(self, record: Record, newest: Mapping[str, str] | None, token: str) -> Line:
        columns = self.original.columns
        texts = [newest.get(c) or "" for c in columns] if newest is not None else list(record.cells)
        malformed = record.problem is not None and newest is None
        told: dict[str, None] = {}
        notes: dict[int, list[str]] = {}
        for reason in self.by_row[record.number]:
            positions = self._positions(reason)
            said = self._said(reason, positions)
            if reason.is_loaded:
                said = f"{said} ({self.words['left_out']})"
            if said not in told:
                self._told[said, reason.owner == Owner.US.value] += 1
            told[said] = None
            for position in positions:
                note = self._note(reason, said, texts[position])
                notes.setdefault(position, [])
                notes[position] += [n for n in note if n not in notes[position]]
        # Restricted cells that are not at fault: whoever passes a workbook on, or fills it in, need not see them.
        hidden = {} if malformed else {i: shown(texts[i]) for i in self._restricted - notes.keys() if texts[i]}
        cut = [i for i, text in enumerate(texts) if shown(text).endswith("…") and not text.endswith("…")]
        for position in [i for i in cut if i not in hidden]:
            notes.setdefault(position, []).append(self.words["cut"])
        locked = frozenset() if malformed else frozenset(self._key_positions - notes.keys()) | hidden.keys()
        said_all = "\n".join(told)
        return Line(
            token=token,
            address=sheet_address(record.number, self.original.sheets),
            said=shown(said_all),
            cells=[HIDDEN if i in hidden else shown(t) for i, t in enumerate(texts)],
            hidden=hidden,
            notes={i: "\n".join(parts) for i, parts in notes.items()},
            locked=locked,
            record=self._record_note(record) if malformed else "",
        )

    def _record_note(self, record: Record) -> str:
        """A record that is no row: its text as received, and how far it misses the width of the table."""
        found, columns = len(record.found), len(self.original.columns)
        width = self.words["width"].format(found=found, columns=columns) + "\n" if found != columns else ""
        return width + self.words["record"] + shown(record.raw)[:2000]

    def _said(self, reason: OpenReason, positions: Sequence[int]) -> str:
        """A reason in the client's language and under the client's own column names."""
        names = ", ".join(self.original.columns[i] for i in positions)
        rule = self.book.rule(reason.rule_id)
        if rule.origin == "contract":
            kind = reason.rule_id.removeprefix(self.root.feed + ".").partition(".")[0]
            if kind in {b.value for b in Baseline}:
                what = names or self._named(reason) or self.words["row"]
                return derived_message(Baseline(kind), what, self.language)
        return f"{names}: {rule.message(self.language)}" if names else rule.message(self.language)

    def _named(self, reason: OpenReason) -> str:
        """Client's names of the columns a reason is about, where no single cell is to blame."""
        columns = [c for c in (reason.column_name or "").split(", ") if c]
        return ", ".join(self.names.get(c, c) for c in columns)

    def _note(self, reason: OpenReason, said: str, text: str) -> list[str]:
        """Reason, what is expected, and a suggestion where there is a safe one."""
        out = [f"• {said}"]
        kind, kwargs = self.suite.get(reason.rule_id, ("", {}))
        column = self._column(reason)
        habits = self._habits(column) if column else expected.Habits(self.ref.locale)
        wanted = expected.of_rule(kind, kwargs, self.names, self.ref.locale, self.language) if kind else ""
        if reason.rule_id == baseline_rule(self.root.feed, Baseline.KEY_UNIQUE):
            wanted = self.words["once"]
        elif not wanted and column:
            wanted = expected.of_column(self.contract.column(column), habits, self.language)
        if wanted:
            out.append(self.words["expected"] + wanted)
        if column and not kind and text and (reads := self._reads(column)) and not reads(text):
            better = suggestion(text, reads, formats=habits.formats, codes=habits.codes)
            if better is not None:
                out.append(self.words["suggestion"] + better)
        return out

    def _column(self, reason: OpenReason) -> str | None:
        names = (reason.column_name or "").split(", ")
        return names[0] if len(names) == 1 and names[0] in self.ref.source.columns else None

    def _habits(self, column: str) -> expected.Habits:
        rule = self.ref.source.columns[column]
        codes = [text for text in rule.codes or {} if text]
        return expected.Habits(rule.locale or self.ref.locale, tuple(rule.formats or ()), tuple(codes))

    def _reads(self, column: str) -> Callable[[str], bool] | None:
        """Whether a column that is one cell of the file can be read from a text, by itself."""
        plan = next((p for p in self.plan.columns.plans if p.column.name == column), None) if self.plan else None
        if plan is None or self.ref.source.columns[column].from_ is None or plan.cleaner.needs_country:
            return None
        cleaner = plan.cleaner

        def reads(text: str) -> bool:
            try:
                return cleaner.scalar(text) is not None
            except CellError:
                return False

        return reads

    def _positions(self, reason: OpenReason) -> list[int]:
        """The cells behind the columns a reason is about; none for reasons that lie in other rows."""
        kind = reason.rule_id.removeprefix(self.root.feed + ".").partition(".")[0]
        if kind in (Baseline.GROUP_INCOMPLETE.value, Baseline.REPEATED_ROW.value, Baseline.MALFORMED.value):
            return []
        names = [c for c in (reason.column_name or "").split(", ") if c]
        if kind == Baseline.KEY_UNIQUE.value:
            names = list(self.contract.key)
        _, kwargs = self.suite.get(reason.rule_id, ("", {}))
        for word in ("column", "column_A", "column_B", "total"):
            names += [str(kwargs[word])] if word in kwargs else []
        for word in ("columns", "column_list"):
            names += [str(n) for n in kwargs.get(word) or ()]
        found = [self._cell(s, reason.row_part) for name in dict.fromkeys(names) for s in self.sources.get(name, ())]
        return sorted({i for i in found if i is not None})

    def _cell(self, source: str, part: int) -> int | None:
        """Position of a source column; of one that `unpivot` makes, the column that the part came from."""
        unpivot = self.ref.source.unpivot
        if unpivot and source in (unpivot.name, unpivot.value):
            if not 1 <= part <= len(unpivot.columns):
                return None
            source = next(iter(Header(self.original.columns).match(list(unpivot.columns)[part - 1])), "")
        return self.position.get(source)

    @cached_property
    def plan(self) -> Plan | None:
        """The column map of now on the columns of then; None when they no longer fit."""
        inputs = [i for i in register.inputs(self.conn, self.root.delivery_id) if i.role == "lookup"]
        kept = layout_of(self.conn, self.root)
        try:
            return Plan.compile(
                self.ref, self.contract, siblings_of(self.office, self.ref, self.root.file_name),
                self.original.columns, lookups_of(self.office, self.profile, self.ref, inputs),
                FileInfo.from_json(self.original.facts), register.file_groups(self.conn, self.root.delivery_id),
                kept.unread if kept else (),
            )  # fmt: skip
        except DeliveryError as error:
            log.warning("delivery %s: bad cells of its workbook are not marked: %s", self.root.delivery_id, error)
            return None

    @cached_property
    def sources(self) -> dict[str, list[str]]:
        """Canonical column → source columns."""
        return self.plan.sources if self.plan else {}

    @cached_property
    def names(self) -> dict[str, str]:
        """Canonical column → what the client calls it."""
        return {name: " + ".join(sources) for name, sources in self.sources.items()}

    @cached_property
    def _key_positions(self) -> set[int]:
        """Cells that say which row it is. Where keys are counted from other columns, those are data like any."""
        if self.ref.source.occurrence:
            return set()
        found = [self.position.get(s) for key in self.contract.key for s in self.sources.get(key, ())]
        return {i for i in found if i is not None}

    @cached_property
    def _restricted(self) -> set[int]:
        """Cells that restricted columns are made of."""
        found = restricted(self.ref.source, self.contract, Header(self.original.columns))
        return {self.position[name] for name in found}

    def _choices(self) -> dict[int, list[str]]:
        """Columns of codes: the texts that the client's own map knows."""
        out: dict[int, list[str]] = {}
        for name, rule in self.ref.source.columns.items():
            texts = [t for t in rule.codes or {} if t] or list(self.contract.column(name).codes)
            sources = self.sources.get(name, [])
            if rule.from_ is None or rule.other is not None or not texts or len(sources) != 1:
                continue
            readers = [c for c, s in self.sources.items() if sources[0] in s]
            position = self.position.get(sources[0])
            if len(readers) == 1 and position is not None:
                out[position] = [shown(t) for t in texts]
        return out

    def _content(self, token: str, lines: list[Line]) -> Content:
        root, words = self.root, self.words
        zone, locale = ZoneInfo(self.ref.time_zone), self.profile.model.locale
        whole = words["of_rows"].format(n=self._count(len(self.by_row)), all=self._count(root.rows_received or 0))
        facts = [
            (words["client"], self.profile.model.name),
            (words["file"], root.file_name),
            (words["received"], format_datetime(root.received_at.astimezone(zone), "medium", locale=locale)),
            *([(words["period"], root.period)] if root.period else []),
            (words["delivery"], f"{root.delivery_id} · {whole}"),
            (words["made"], format_datetime(datetime.now(UTC).astimezone(zone), "medium", locale=locale)),
        ]
        told = sorted(self._told.items(), key=lambda item: (-item[1], item[0]))
        return Content(
            token=token,
            feed=root.feed,
            source=root.source,
            language=self.language,
            facts=facts,
            columns=self.original.columns,
            lines=lines,
            reasons=[Reason(text, count, ours) for (text, ours), count in told],
            choices=self._choices(),
            amounts=self._amounts(),
            until=self._until(),
            replaces=self.ref.source.mode != "delta",
            rest=len(self.by_row) - len(lines),
        )

    def _amounts(self) -> list[tuple[str, str, str]]:
        def text(amount: Decimal) -> str:
            return format_decimal(amount, "#,##0.00######", locale=self.ref.locale)

        found = workbooks.amounts_of(self.conn, self.root.delivery_id, self.rows)
        return [
            (self.names.get(column, column), currency, text(amount))
            for column, currency, amount in found
            if self.contract.may_sum(column, len(self.rows))
        ]

    def _until(self) -> str:
        """The next deadline of the source, in the client's words."""
        due, zone = self.ref.source.due, self.ref.time_zone
        now = datetime.now(UTC)
        today = now.astimezone(ZoneInfo(zone)).date()
        for n in range(_DUE_DAYS if due else 0):
            deadline = deadline_on(today + timedelta(n), due, self.profile.model.calendar, zone) if due else None
            if deadline and deadline > now:
                day = format_date(deadline.date(), "full", locale=self.profile.model.locale)
                return f"{day}, {deadline:%H:%M}"
        return ""

    def _count(self, number: int) -> str:
        return format_decimal(number, locale=self.profile.model.locale)


def row_tokens(count: int) -> list[str]:
    """So many short texts, all different, without vowels: they spell nothing, and nobody takes them for a number."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(secrets.choice(_LETTERS) for _ in range(8))] = None
    return list(found)


def suite_rules(book: RuleBook) -> dict[str, tuple[str, dict[str, Any]]]:
    """Rule id → (expectation type, its arguments), of the suites as they are written."""
    out: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in book.files:
        for item in json.loads(path.read_text(encoding="utf-8"))["expectations"]:
            out[item["meta"]["kontor"]["id"]] = (item["type"], item.get("kwargs") or {})
    return out
