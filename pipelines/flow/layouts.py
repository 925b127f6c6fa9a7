"""Drift: the layout of each file against the accepted one; what it comes to, and the words that would accept it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pipelines.clean.drift import Change, Weight, compare, encoding_change, identities
from pipelines.clean.mapping import Binder, Header
from pipelines.clean.needs import Need, Use
from pipelines.delivery import Delivery, Kind
from pipelines.errors import DeliveryError
from pipelines.extract.elsewhere import Reading, header_of, other_delimiter, other_encoding, other_reading
from pipelines.extract.facts import FileFacts
from pipelines.extract.layout import measure
from pipelines.extract.run import RAW_FILE
from pipelines.flow import accepting
from pipelines.flow.office import Office
from pipelines.layout import Layout
from pipelines.profile import Format, SourceRef
from pipelines.validate.gate import LayoutJudged
from pipelines.warehouse.layouts import KeptLayout, accepted_layout, layout_of, write_changes, write_layout

MOST_KEPT, MOST_SAID = 200, 20


@dataclass(frozen=True)
class Reference:
    """What a file is compared with: the layout of an accepted delivery, else the list in the profile."""

    layout: Layout
    kept: KeptLayout | None

    @property
    def said(self) -> str:
        """How messages call it."""
        return f"delivery {self.kept.delivery_id}" if self.kept else "the list in the profile"

    def tolerates(self, column: str, ref: SourceRef) -> bool:
        """Whether a column that the profile does not name may be there: it is new and the gate holds the delivery for
        it, or it was there when the layout was accepted. One that the profile itself once named or lists may not."""
        name = Header([column])
        if self.kept is not None and any(name.match(c) for c in self.kept.unread):
            return True
        return not any(name.match(c) for c in (*self.layout.columns, *(ref.source.layout or ())))


def reference(conn: sa.Connection, delivery: Delivery, ref: SourceRef) -> Reference | None:
    """The accepted layout. A list in the profile counts until a delivery is accepted under it: then that one does, so
    that an approval is not asked for again every night."""
    kept, listed = accepted_layout(conn, delivery), ref.source.layout
    if kept is not None and (listed is None or kept.listed == tuple(listed)):
        return Reference(kept.layout, kept)
    return None if listed is None else Reference(Layout(ref.source.format.type, tuple(listed)), None)


@contextmanager
def explained(office: Office, delivery: Delivery, ref: SourceRef, path: Path) -> Iterator[None]:
    """When a file cannot be read as declared, look whether it can be read otherwise, and say so in the error."""
    try:
        yield
    except DeliveryError as error:
        with office.warehouse.transaction() as conn:
            known = reference(conn, delivery, ref)
        raise _Misfit(office, delivery, ref, path, known).unreadable(error) from None


def measured(office: Office, delivery: Delivery, ref: SourceRef, path: Path, facts: FileFacts) -> Layout:
    """The layout of an extracted file. Raises DeliveryError, with the words that would accept it, when a column that
    the profile reads is missing or is not certain any more."""
    fmt = ref.source.format
    layout = measure(fmt, facts, office.settings.delivery_folder(delivery.delivery_id) / RAW_FILE, path)
    with office.warehouse.transaction() as conn:
        known = reference(conn, delivery, ref)
    misfit = _Misfit(office, delivery, ref, path, known)
    missing = misfit.use.missing(Header(layout.columns))
    if missing:
        misfit.reread(other_reading(path, fmt, ref.locale, misfit.fits, misfit.wanted))
    elif facts.malformed * 2 > facts.records:
        misfit.reread(other_delimiter(path, fmt, ref.locale))
    changes = _changes(known, layout, ref)
    if missing or any(c.weight is Weight.STOP for c in changes):
        raise misfit.without(layout, missing, changes)
    return layout


def keep(conn: sa.Connection, delivery: Delivery, ref: SourceRef, layout: Layout) -> None:
    """Keep the layout with the delivery."""
    unread = Use.of(ref.source).undeclared(Header(layout.columns))
    write_layout(conn, delivery, layout, ref.source.layout, unread)


def passed_over(office: Office, delivery: Delivery, ref: SourceRef) -> list[str]:
    """Columns that the profile does not name and that cleaning need not refuse, since the gate judges them."""
    with office.warehouse.transaction() as conn:
        kept, known = layout_of(conn, delivery), reference(conn, delivery, ref)
    if kept is None or known is None:
        return []
    return [c for c in kept.unread if known.tolerates(c, ref)]


def judged(conn: sa.Connection, delivery: Delivery, ref: SourceRef) -> LayoutJudged | None:
    """What the gate is told of the layout; also kept with the delivery, for `explain`."""
    kept, known = layout_of(conn, delivery), reference(conn, delivery, ref)
    if kept is None or delivery.kind is Kind.CORRECTION:
        return None
    changes = _changes(known, kept.layout, ref)
    against = known.kept.delivery_id if known and known.kept else None
    kept_changes = [{"weight": c.weight.value, "text": c.text} for c in changes[:MOST_KEPT]]
    write_changes(conn, delivery, against, kept_changes)
    drift = _first([c.text for c in changes if c.weight is not Weight.NOTE])
    if known is None and not drift:
        return None
    return LayoutJudged(known.said if known else "the profile", drift)


def shown(conn: sa.Connection, delivery: Delivery) -> Iterator[str]:
    """Lines for `explain`: the layout of a delivery and what differs from the accepted one."""
    kept = layout_of(conn, delivery)
    if kept is None:
        return
    against = f"delivery {kept.against}" if kept.against else "the list in the profile" if kept.listed else "nothing"
    same = "" if kept.changes or against == "nothing" else ": the same"
    yield f"layout: {_reading(kept.layout)}; compared with {against}{same}"
    for change in kept.changes:
        yield f"  {change['text']}" + (" (noted)" if change["weight"] == Weight.NOTE else "")
    if kept.unread:
        yield f"  not read, in the archived file only: {_names(kept.unread)}"


def _changes(known: Reference | None, layout: Layout, ref: SourceRef) -> list[Change]:
    use = Use.of(ref.source)
    changes = encoding_change(known.layout if known and known.kept else None, layout)
    listed = ref.source.layout
    if known is None or (listed and identities(listed, use) == identities(layout.columns, use)):
        return changes
    return [*changes, *compare(known.layout, layout, use)]


class _Misfit:
    """Words for a file that the profile does not fit."""

    def __init__(self, office: Office, delivery: Delivery, ref: SourceRef, path: Path, known: Reference | None) -> None:
        self.delivery, self.ref, self.path, self.known = delivery, ref, path, known
        self.use = Use.of(ref.source)
        self.wanted = [n.spellings for n in self.use.needs if not n.optional]
        self._profile = office.profile(ref.client_id).path.name
        self._optional = {c.name for c in office.contract(ref.feed).columns if not c.required and not c.key}

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a header has every column that the profile reads."""
        return not self.use.missing(Header(columns))

    def unreadable(self, error: DeliveryError) -> DeliveryError:
        """The error of a file that could not be read, or a better one."""
        fmt, locale = self.ref.source.format, self.ref.locale
        columns = header_of(self.path, fmt, {}, locale)
        if columns is not None and self.fits(columns):
            found = other_encoding(self.path, fmt, locale, self.fits)
        else:
            found = other_reading(self.path, fmt, locale, self.fits, self.wanted)
        return error if found is None else self._otherwise(found)

    def reread(self, found: Reading | None) -> None:
        """Raise when the file can be read otherwise."""
        if found is not None:
            raise self._otherwise(found)

    def without(self, layout: Layout, missing: Sequence[Need], changes: Sequence[Change]) -> DeliveryError:
        """The error of a file whose header lacks columns, or does not tell which is which."""
        known_columns = {c.casefold() for c in self.known.layout.columns} if self.known else set()
        header = Header(layout.columns)
        strange = not self.use.readers(header) and not known_columns & {c.casefold() for c in layout.columns}
        if self.known is None or strange:
            return self._plain(layout)
        told = {c.before for c in changes if c.before}
        rest = [n for n in missing if not told & set(Header(self.known.layout.columns).match_any(n.spellings))]
        said = [c.text for c in changes if c.weight is not Weight.NOTE]
        said += [f"column {' or '.join(map(repr, n.spellings))} (for {n.by}) is missing" for n in rest]
        return self._error("; ".join(_first(said)), self._lines(layout, changes), f"columns {_names(layout.columns)}")

    def _plain(self, layout: Layout) -> DeliveryError:
        """Without a layout to compare with: what the column map itself says about the header."""
        binder = Binder(Header(layout.columns))
        for need in self.use.needs:
            binder.one(need.spellings, need.by, optional=need.optional)
        try:
            binder.finish(self.ref.source.ignore)
        except DeliveryError as error:
            return error
        return self._error("the header does not fit the profile", [], None)

    def _lines(self, layout: Layout, changes: Sequence[Change]) -> list[str]:
        """The lines that accept what stops the file."""
        source = self.ref.source
        stops = [c for c in changes if c.weight is Weight.STOP]
        renames = {c.before: c.now for c in stops if c.kind == "renamed" and c.before and c.now}
        lines = accepting.renamed_lines(source, renames) if renames else []
        for change in stops:
            if change.kind == "gone" and change.before:
                needs = self.use.readers(Header([change.before]))[change.before]
                lines += [accepting.optional_line(source, n.by) for n in needs if n.by in self._optional]
        if any(c.kind == "unclear" for c in stops):
            lines.append(accepting.layout_line(layout.columns))
        new = [c for c in self.use.undeclared(Header(layout.columns)) if c not in renames.values()]
        return [*lines, accepting.ignore_line(source, new)] if new and lines else lines

    def _otherwise(self, found: Reading) -> DeliveryError:
        fmt = self.ref.source.format
        now = " now" if self.known else ""
        said = [_differently(fmt, word, value, now) for word, value in found.words.items()]
        return self._error("; ".join(said), [accepting.format_line(fmt, found.words)], None)

    def _error(self, said: str, lines: Sequence[str], got: str | None) -> DeliveryError:
        ref = self.ref
        send = "send the file in the agreed layout"
        accept = (
            f"; to accept the new one, write {' and '.join(lines)} in {self._profile}, feed {ref.feed}, source "
            f"{ref.name}: the next run then tries the file again"
            if lines
            else ""
        )
        return DeliveryError(
            f"layout has changed: {said}" if self.known else f"layout is not the declared one: {said}",
            where=f"header of {self.delivery.file_name}",
            got=got,
            expected=f"the layout of {self.known.said}" if self.known else "the columns of the profile",
            next_step=f"{send}{accept}",
        )


def _differently(fmt: Format, word: str, value: object, now: str) -> str:
    said = getattr(fmt, word)
    if word == "delimiter":
        return f"file is{now} delimited by {value!r} (profile says {said!r})"
    if word == "encoding":
        return f"encoding looks like {value}{now} (profile says {said})"
    if word == "header_rows" and isinstance(value, list):
        of_before = " of before" if now else ""
        unit = "row" if fmt.type == "xlsx" else "line"
        rows, declared = (", ".join(map(str, v)) for v in (value, said))
        return f"the header{of_before} stands in {unit} {rows}{now} (profile says {declared})"
    if word == "quote_char":
        return (
            f"cells are{now} " + (f"quoted by {value}" if value else "not quoted") + f" (profile says {said or 'none'})"
        )
    if word == "sheet":
        declared = "the first visible one" if said is None else said
        return f"the table stands in sheet {value}{now} (profile says {declared})"
    kind = {"xlsx": "a workbook", "csv": "delimited text"}.get(str(value), str(value))
    return f"the file is {kind}{now} (profile says {said})"


def _first(said: list[str]) -> list[str]:
    """The first of many sentences, and how many more there are."""
    more = len(said) - MOST_SAID
    return [*said[:MOST_SAID], f"and {more} more changes"] if more > 0 else said


def _reading(layout: Layout) -> str:
    parts = [layout.type, f"sheet {layout.sheet!r}" if layout.sheet else "", layout.encoding or ""]
    parts += [f"delimiter {layout.delimiter!r}"] if layout.delimiter else []
    return ", ".join([*filter(None, parts), f"{len(layout.columns)} columns"])


def _names(names: Sequence[str], most: int = 60) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
