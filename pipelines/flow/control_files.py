"""Control totals that stand outside the delivered table: control files, found and archived with their delivery, and
other sheets of the workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pipelines.clean.controls import locale_of
from pipelines.clean.facts import CleanFacts, ControlText
from pipelines.clean.mapping import Header
from pipelines.delivery import Delivery
from pipelines.errors import KontorError, TransientError
from pipelines.extract import discover as landing
from pipelines.extract.archive import archive
from pipelines.extract.members import member_of, opened, split_name
from pipelines.extract.reader import read_table
from pipelines.flow.office import Office
from pipelines.profile import ControlAt, Format, SourceRef
from pipelines.validate.gate import Control
from pipelines.warehouse.register import Input

MAX_TEXT = 1 << 20
"""Bytes of a control file that is searched by a pattern."""
MAX_RECORDS = 10_000
"""Records of a table of control totals."""

Fingerprint = Callable[[landing.FoundFile], tuple[int, str]]


@dataclass(frozen=True)
class Content:
    """Something to read: a file or archive, and what it is called, members by their archive too."""

    path: Path
    name: str


def paths(ref: SourceRef, rel: str, outer: str | None, groups: Mapping[str, str]) -> dict[str, str]:
    """Control file as the profile writes it → its path below the client's folder, for a file (a member of `outer`)."""
    return {w.file or "": w.file_path(rel, outer, dict(groups)) for w in _files(ref)}


def of_match(match: landing.Match) -> dict[str, str]:
    """The control files of a matched file."""
    outer = match.found.container.rel if match.found.container else None
    return paths(match.ref, match.found.rel, outer, match.groups)


def claimed(matches: Sequence[landing.Match]) -> set[str]:
    """Paths of the control files of all matched files: they belong to a delivery and are none of their own."""
    return {path for match in matches for path in of_match(match).values() if path != match.found.rel}


def deliveries(matches: Sequence[landing.Match], controls: set[str]) -> list[landing.Match]:
    """The matched files without those that are control files: of another file, or of one that is still to come."""
    return [
        m for m in matches if m.found.rel not in controls and not any(w.is_like(m.found.rel) for w in _files(m.ref))
    ]


def _files(ref: SourceRef) -> list[ControlAt]:
    return [w for w in ref.source.controls.values() if isinstance(w, ControlAt) and w.file]


def inputs(
    match: landing.Match, found: Sequence[landing.FoundFile], fingerprint: Fingerprint
) -> tuple[tuple[Input, ...], tuple[str, ...]]:
    """The control files of a delivery, and those that are not there yet or cannot be read, for a message."""
    wanted = of_match(match)
    there = {file.rel: file for file in found if file.rel in wanted.values()}
    taken: list[Input] = []
    missing: list[str] = []
    for pattern, path in sorted(wanted.items()):
        file = there.get(path)
        if file is None:
            missing.append(path)
        elif file.error:
            missing.append(f"{path} ({file.error.got})")
        else:
            try:
                taken.append(Input("control", pattern, path, fingerprint(file)[1]))
            except OSError as error:
                missing.append(f"{path} ({error.strerror})")
    return tuple(taken), tuple(missing)


def read(ref: SourceRef, original: Content | None, files: Mapping[str, Content]) -> dict[str, ControlText]:
    """What every control that stands elsewhere says, or why it cannot be read: that holds the delivery.

    `files`: control file as the profile writes it → what came; `original`: the delivered workbook.
    """
    out: dict[str, ControlText] = {}
    places: dict[tuple[str | None, str | int | None, str], list[str]] = {}
    for name, where in ref.source.controls.items():
        if isinstance(where, ControlAt) and where.elsewhere:
            fmt = where.format.model_dump_json() if where.format else ""
            places.setdefault((where.file, where.sheet, fmt), []).append(name)
    for (file, _, _), names in places.items():
        content = files.get(file) if file is not None else original
        try:
            if content is None:
                missing = f"no control file {file} came with the delivery" if file else "the workbook is not at hand"
                out |= dict.fromkeys(names, ControlText(None, missing))
            else:
                out |= _read(ref, content, names)
        except TransientError:
            raise
        except KontorError as error:
            told = [f"{word} {value}" for word, value in (("got", error.got), ("expected", error.expected)) if value]
            said = "; ".join(p for p in (error.what, error.where, *told) if p)
            out |= dict.fromkeys(names, ControlText(None, said))
    return out


def _read(ref: SourceRef, content: Content, names: Sequence[str]) -> dict[str, ControlText]:
    """Several controls that stand in one place, read at once."""
    wanted = {n: w for n in names if isinstance(w := ref.source.controls[n], ControlAt)}
    as_text = {n for n, w in wanted.items() if w.cell is None and w.column is None}
    tables = {n: w for n, w in wanted.items() if n not in as_text}
    with opened(content.path, member_of(content.name), name=content.name) as plain:
        out = {n: _whole(plain, content.name, wanted[n]) for n in as_text}
        for locale in dict.fromkeys(locale_of(ref, n) for n in tables):
            here = {n: w for n, w in tables.items() if locale_of(ref, n) == locale}
            out |= _in_table(plain, content.name, here, _format(ref, here), locale)
    return out


def _format(ref: SourceRef, wanted: Mapping[str, ControlAt]) -> Format:
    """How the table is read. Where only cells are asked for it need not have a header."""
    first = next(iter(wanted.values()))
    words = first.format.model_dump(exclude_unset=True) if first.format else {}
    if first.sheet is not None:
        words |= {"type": "xlsx", "sheet": first.sheet}
        words.setdefault("password", ref.source.format.password)
    headless = {"csv", "xlsx"} if all(w.column is None for w in wanted.values()) else set()
    if words.get("type", "csv") in headless and not words.keys() & {"header_rows", "names"}:
        words |= {"header_rows": [], "names": ["A"]}
    return Format(**words)


def _whole(path: Path, name: str, where: ControlAt) -> ControlText:
    """A file of text, for a pattern to look through."""
    encoding = where.format.encoding if where.format else "utf-8"
    with path.open("rb") as file:
        data = file.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        return ControlText(None, f"{name} is larger than {MAX_TEXT} bytes, expected a control file")
    try:
        return ControlText(data.decode(encoding).removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return ControlText(None, f"{name} is not in {encoding}")


def _in_table(
    path: Path, name: str, wanted: Mapping[str, ControlAt], fmt: Format, locale: str
) -> dict[str, ControlText]:
    """Cells, and cells by column and record, of a small table."""
    cells = {w.cell for w in wanted.values() if w.cell}
    with read_table(path, fmt, locale, cells=cells, name=name) as reader:
        records: list[list[str | None]] = []
        for batch in reader.batches():
            columns = [batch.column(c).to_pylist() for c in reader.columns]
            records += map(list, zip(*columns, strict=True))
            if len(records) > MAX_RECORDS:
                break
        else:
            found = {address.upper(): text for address, text in reader.facts.cells.items()}
            header = Header(reader.header, name)
            return {n: _in(w, found, header, records) for n, w in wanted.items()}
    return dict.fromkeys(wanted, ControlText(None, f"{name} has more than {MAX_RECORDS} records"))


def _in(where: ControlAt, cells: Mapping[str, str], header: Header, records: list[list[str | None]]) -> ControlText:
    place = header.name + (f", sheet {where.sheet}" if where.sheet is not None else "")
    if where.cell is not None:
        text = cells.get(where.cell.upper())
        return ControlText(text, "" if text is not None else f"{place} has no cell {where.cell}")
    if isinstance(where.column, int):
        position = where.column - 1
    else:
        found = header.match(where.column or "")
        positions = [i for i, name in enumerate(header.columns) if name in found]
        if len(positions) != 1:
            return ControlText(None, f"{place} has {len(positions) or 'no'} columns {where.column!r}, expected one")
        position = positions[0]
    if not 0 <= position < len(header.columns):
        return ControlText(None, f"{place} has {len(header.columns)} columns, none at position {position + 1}")
    if where.row is None and len(records) != 1:
        return ControlText(None, f"{place} has {len(records)} records, expected one, or `row` in the profile")
    if (row := where.row or 1) > len(records):
        return ControlText(None, f"{place} has {len(records)} records, none with number {row}")
    return ControlText(records[row - 1][position] or "")


def promises_of(office: Office, ref: SourceRef, delivery: Delivery, items: Sequence[Input]) -> dict[str, ControlText]:
    """The same for a delivery, from the archived files it was registered with."""

    def kept(name: str, sha256: str) -> Content:
        settings = office.settings
        return Content(archive(settings.landing / ref.client_id / landing.path_of(name), sha256, settings), name)

    files = {item.name: kept(item.path, item.sha256) for item in items if item.role == "control"}
    sheets = any(isinstance(w, ControlAt) and w.sheet is not None for w in ref.source.controls.values())
    return read(ref, kept(delivery.file_name, delivery.sha256) if sheets else None, files)


def for_the_gate(facts: CleanFacts) -> list[Control]:
    """Promised and measured, as the gate takes them."""
    measured = {m.name: m for m in facts.measured}
    out = []
    for control in facts.controls:
        promised = None if control.promised is None else Decimal(control.promised)
        came = measured.get(control.name)
        value, remark = (Decimal(came.value), came.remark) if came else (None, "")
        out.append(Control(control.name, promised, control.message, value, remark))
    return out


def on_disk(ref: SourceRef, root: Path, name: str, groups: Mapping[str, str]) -> Iterator[tuple[str, Content]]:
    """The control files that lie beside a file below a folder, for a trial without a warehouse."""
    outer, member = split_name(name)
    for pattern, rel in paths(ref, name, outer if member else None, groups).items():
        if (file := root / landing.path_of(rel)).is_file():
            yield pattern, Content(file, rel)
