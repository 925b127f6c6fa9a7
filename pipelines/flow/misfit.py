"""Words for a file that its profile does not fit: what is different, and the lines that would accept it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.clean.drift import Change, Weight, compare, encoding_change, identities
from pipelines.clean.mapping import Binder, Header
from pipelines.clean.needs import Need, Use
from pipelines.contract import Contract
from pipelines.dialect import MESSAGE_TYPES
from pipelines.errors import DeliveryError
from pipelines.extract.elsewhere import Reading, header_of, other_delimiter, other_encoding, other_reading
from pipelines.extract.facts import FileFacts
from pipelines.flow import accepting
from pipelines.layout import Layout, shape_of
from pipelines.profile import Format, SourceRef
from pipelines.warehouse.layouts import KeptLayout

MOST_SAID = 20


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


class Misfit:
    """Whether a file fits its profile, and the words when it does not. `name` is what messages call the file."""

    def __init__(self, ref: SourceRef, contract: Contract, path: Path, name: str, known: Reference | None) -> None:
        self.ref, self.path, self.name, self.known = ref, path, name, known
        self.use = Use.of(ref.source)
        self.wanted = [n.spellings for n in self.use.needs if not n.optional]
        self._optional = {c.name for c in contract.columns if not (c.required or c.key or c.name in contract.dated_by)}

    @contextmanager
    def explained(self) -> Iterator[None]:
        """When the file cannot be read as declared, look whether it can be read otherwise, and say so in the error."""
        try:
            yield
        except DeliveryError as error:
            raise self.unreadable(error) from None

    def check(self, layout: Layout, facts: FileFacts) -> None:
        """Raise DeliveryError, with the lines that would accept the file, when a column that the profile reads is
        missing or is not certain any more."""
        fmt, locale = self.ref.source.format, self.ref.locale
        missing = self.use.missing(Header(layout.columns))
        found = None
        if missing and fmt.type not in MESSAGE_TYPES:
            found = other_reading(self.path, fmt, locale, self.fits, self.wanted)
        elif facts.malformed * 2 > facts.records:
            found = other_delimiter(self.path, fmt, locale)
        if found is not None:
            raise self._otherwise(found)
        changes = changes_of(self.known, layout, self.ref)
        if missing or any(c.weight is Weight.STOP for c in changes):
            raise self.without(layout, missing, changes)

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a header has every column that the profile reads."""
        return not self.use.missing(Header(columns))

    def unreadable(self, error: DeliveryError) -> DeliveryError:
        """The error of a file that could not be read, or a better one."""
        fmt, locale = self.ref.source.format, self.ref.locale
        if fmt.type in MESSAGE_TYPES:  # what it holds is not told by a header
            return error
        columns = header_of(self.path, fmt, {}, locale)
        if columns is not None and self.fits(columns):
            found = other_encoding(self.path, fmt, locale, self.fits)
        else:
            found = other_reading(self.path, fmt, locale, self.fits, self.wanted)
        return error if found is None else self._otherwise(found)

    def without(self, layout: Layout, missing: Sequence[Need], changes: Sequence[Change]) -> DeliveryError:
        """The error of a file whose header lacks columns, or does not tell which is which."""
        known_columns = {c.casefold() for c in self.known.layout.columns} if self.known else set()
        header = Header(layout.columns)
        strange = not self.use.readers(header) and not known_columns & {c.casefold() for c in layout.columns}
        if self.known is None or strange:
            return self._headless(layout) or self._plain(layout)
        told = {c.before for c in changes if c.before}
        rest = [n for n in missing if not told & set(Header(self.known.layout.columns).match_any(n.spellings))]
        said = [c.text for c in changes if c.weight is not Weight.NOTE]
        said += [f"column {' or '.join(map(repr, n.spellings))} (for {n.by}) is missing" for n in rest]
        return self._error(
            "; ".join(first_of(said)), self._lines(layout, changes), f"columns {names_of(layout.columns)}"
        )

    def _headless(self, layout: Layout) -> DeliveryError | None:
        """The error of a file that begins with a record: cells in place of the names look like those of before."""
        fmt, before = self.ref.source.format, self.known.layout if self.known else None
        if before is None or not before.shapes or len(before.columns) != len(layout.columns) or fmt.names:
            return None
        filled = [(shape_of(n), s.shares) for n, s in zip(layout.columns, before.shapes, strict=True) if s.filled]
        like = sum(shape in shares for shape, shares in filled)
        if like * 2 <= len(filled):
            return None
        words: dict[str, Any] = {"header_rows": [], "names": list(before.columns)}
        above = fmt.header_rows[0] - 1
        line = accepting.format_line(fmt, {**words, "preamble_rows": above} if above else words)
        place = f"{'row' if fmt.type == 'xlsx' else 'line'} {above + 1}"
        said = f"the header is missing: {like} of {len(filled)} cells of {place} have the shape of values"
        return self._error(said, [line], None)

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
            f"; to accept the new one, write {' and '.join(lines)} in {ref.client_id}.yaml, feed {ref.feed}, source "
            f"{ref.name}: the next run then tries the file again"
            if lines
            else ""
        )
        return DeliveryError(
            f"layout has changed: {said}" if self.known else f"layout is not the declared one: {said}",
            where=f"header of {self.name}",
            got=got,
            expected=f"the layout of {self.known.said}" if self.known else "the columns of the profile",
            next_step=f"{send}{accept}",
        )


def changes_of(known: Reference | None, layout: Layout, ref: SourceRef) -> list[Change]:
    """What differs from the accepted layout; a layout that the profile lists is always accepted."""
    use = Use.of(ref.source)
    changes = encoding_change(known.layout if known and known.kept else None, layout)
    listed = ref.source.layout
    if known is None or (listed and identities(listed, use) == identities(layout.columns, use)):
        return changes
    return [*changes, *compare(known.layout, layout, use)]


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


def first_of(said: list[str]) -> list[str]:
    """The first of many sentences, and how many more there are."""
    more = len(said) - MOST_SAID
    return [*said[:MOST_SAID], f"and {more} more changes"] if more > 0 else said


def names_of(names: Sequence[str], most: int = 60) -> str:
    """The first of many names, quoted, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
