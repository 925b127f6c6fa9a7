"""`try`: extract, clean and gate one file in memory. No database, nothing is kept: the daily tool of onboarding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from rich.table import Table
from rich.text import Text

from pipelines.catalog import Catalog, check_profile, load_catalog
from pipelines.clean.apply import Plan
from pipelines.clean.controls import read_controls
from pipelines.clean.facts import ControlValue, FileInfo
from pipelines.clean.lookup import LookupFile, LookupTable
from pipelines.clean.lookup import build as build_lookups
from pipelines.contract import Contract
from pipelines.errors import DeclarationError
from pipelines.extract import discover
from pipelines.extract.facts import FileFacts
from pipelines.extract.members import SEPARATOR, escaped, listing, member_of, opened, split_name
from pipelines.extract.messages.gdpdu_index import Beside
from pipelines.extract.reader import Reader, read_table
from pipelines.extract.run import cells_of
from pipelines.flow import control_files
from pipelines.flow.indexes import index_on_disk
from pipelines.flow.misfit import Misfit, Reference
from pipelines.flow.work import file_groups, lookup_file
from pipelines.layout import Layout
from pipelines.profile import Profile, SourceRef, read_profile
from pipelines.reject import mask
from pipelines.settings import Settings

NEVER = datetime.fromtimestamp(0, UTC)
FIRST_ROWS = 3
FIRST_REJECTS = 12
Shown = Table | Text | str


@dataclass(frozen=True)
class Subject:
    """What is tried: a file, the source that reads it, and the client folder its path is below.

    `name` is the path of the file, or of a member of it, below that folder; `content` what is read: the file itself
    or what it was unpacked to. `index` describes it where it is part of an export.
    """

    catalog: Catalog
    profile: Profile
    ref: SourceRef
    file: Path
    root: Path
    name: str
    content: Path
    index: Beside | None = None

    @property
    def contract(self) -> Contract:
        """The contract of the source's feed."""
        return self.catalog.contracts[self.ref.feed]


@dataclass
class Trial:
    """What came of it: what to print, and whether every row would be let in."""

    printed: list[Shown] = field(default_factory=list)
    ok: bool = True


@dataclass
class Tally:
    """Counts over the chunks, the first typed rows and the first reasons."""

    rows: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[dict[str, object]] = field(default_factory=list)
    rejects: list[dict[str, object]] = field(default_factory=list)
    keys: Counter[int] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    """Hashes of the accepted rows: the first of those that are equal in all business columns."""
    repeats: int = 0
    """Accepted rows that repeat an earlier one in all of them."""
    skips_repeats: bool = False
    untried: list[str] = field(default_factory=list)
    """Rules that set rows of several aside, as a journal that does not balance: a file may seem good without them."""

    @property
    def repeated_keys(self) -> int:
        """Rows whose key another row has too, with other values."""
        return sum(n for n in self.keys.values() if n > 1)

    @property
    def is_good(self) -> bool:
        """Whether a night would set no row aside."""
        return not self.rejects and not self.repeated_keys and (self.skips_repeats or not self.repeats)


def try_file(
    settings: Settings, profile: Path, file: Path, *, feed: str | None = None, source: str | None = None
) -> Trial:
    """Run the steps on one file, or on a member of an archive (`pack.zip!/staff.csv`).

    `profile` is a YAML file or a client id; errors are raised as in a night.
    """
    with opened_subject(subject_of(settings, profile, file, feed, source)) as subject:
        return _try(subject)


@contextmanager
def opened_subject(subject: Subject) -> Iterator[Subject]:
    """The subject with its content at hand: a member is unpacked for as long as it is used."""
    with (
        opened(subject.file, member_of(subject.name), name=subject.name) as content,
        index_on_disk(subject.ref.source.format, subject.root, subject.name) as index,
    ):
        yield replace(subject, content=content, index=index)


def compiled(subject: Subject) -> tuple[Plan, Iterator[pa.RecordBatch]]:
    """The column map bound to the file, and its raw rows."""
    facts, info = _facts(subject)
    return _plan(subject, facts.columns, info), _raw(subject)


def _plan(subject: Subject, header: Sequence[str], info: FileInfo) -> Plan:
    ref = subject.ref
    siblings = [s for s in subject.catalog.siblings(ref) if s.match(subject.name)]
    groups = file_groups(ref, subject.name)
    return Plan.compile(ref, subject.contract, siblings, header, _lookups(subject), info, groups)


def _raw(subject: Subject) -> Iterator[pa.RecordBatch]:
    with _open(subject) as reader:
        yield from reader.batches()


def _try(subject: Subject) -> Trial:
    trial = Trial()
    ref = subject.ref
    trial.printed.append(f"{subject.name}: source {ref.name} of {ref.feed}, client {ref.client_id}")
    known = Reference(Layout(ref.source.format.type, tuple(ref.source.layout)), None) if ref.source.layout else None
    misfit = Misfit(ref, subject.contract, subject.content, subject.name, known)
    with misfit.explained():
        facts, info = _facts(subject)
    header = facts.columns
    misfit.check(Layout(ref.source.format.type, tuple(header)), facts)
    plan = _plan(subject, header, info)
    trial.printed += [_facts_line(facts), *(f"told by the reader: {w}" for w in facts.warnings), _mapping(plan)]
    tally = _gate(subject, plan)
    beside = dict(control_files.on_disk(ref, subject.root, subject.name, file_groups(ref, subject.name)))
    promises = control_files.read(ref, control_files.Content(subject.file, subject.name), beside)
    trial.printed += _outcome(subject, tally, read_controls(ref, info, plan.sources, promises))
    trial.ok = tally.is_good
    return trial


def subject_of(settings: Settings, profile: Path, given: Path, feed: str | None, source: str | None) -> Subject:
    """The source that reads a file; `profile` is a YAML file or a client id. DeclarationError when none does."""
    file, member = _file_and_member(given)
    if not file.is_file():
        raise DeclarationError("no such file", got=str(file), next_step="give the path of a received file")
    catalog = load_catalog(settings)
    if profile.suffix == ".yaml":
        chosen = read_profile(profile)
        catalog = Catalog(catalog.contracts, {**catalog.profiles, chosen.client_id: chosen}, catalog.expectations)
        check_profile(catalog, chosen)
    elif (known := catalog.profiles.get(str(profile))) is not None:
        chosen = known
    else:
        catalog.refuse_broken(str(profile))
        raise DeclarationError(
            "no such profile",
            got=str(profile),
            expected=f"a YAML file or one of {', '.join(sorted(catalog.profiles))}",
            next_step="give the path of the profile",
        )
    refs = [r for r in chosen.sources if feed in (None, r.feed) and source in (None, r.name)]
    for ref in refs:
        for root in file.parents:
            for name in _names(file, root, member, ref):
                if ref.match(name):
                    return Subject(catalog, chosen, ref, file, root, name, file)
    if len(refs) == 1 and (feed or source):
        name = file.name + (f"{SEPARATOR}{member}" if member else "")
        return Subject(catalog, chosen, refs[0], file, file.parent, name, file)
    raise DeclarationError(
        "no source of the profile matches this file",
        got=str(file),
        expected=" or ".join(f"{r.source.files} ({r.feed}, {r.name})" for r in refs) or "a feed of the profile",
        next_step="correct `files` in the profile, or name the source with --feed and --source",
    )


def _file_and_member(given: Path) -> tuple[Path, str | None]:
    """The file, and the member that is meant when the path goes on into an archive."""
    outer, member = split_name(str(given))
    if member is None or given.is_file():
        return given.resolve(), None
    return Path(outer).resolve(), member


def _names(file: Path, root: Path, member: str | None, ref: SourceRef) -> list[str]:
    """What the file may be called below that folder: itself, or each of its members when the source wants one."""
    name = escaped(file.relative_to(root).as_posix())
    if member is not None:
        return [f"{name}{SEPARATOR}{member}"]
    if ref.match(name) or not discover.is_reached(discover.FoundFile(file, name, 0, NEVER), [ref.source.files]):
        return [name]
    return [f"{name}{SEPARATOR}{m.name}" for m in listing(file, name)]


def _facts(subject: Subject) -> tuple[FileFacts, FileInfo]:
    """Read the file once for its facts: controls and cells stand at its end as often as at its start."""
    with _open(subject) as reader:
        for _ in reader.batches():
            pass
        return reader.facts, FileInfo.from_json(reader.facts.to_json())


def _open(subject: Subject) -> Reader:
    source = subject.ref.source
    return read_table(
        subject.content,
        source.format,
        subject.ref.locale,
        cells=cells_of(source),
        name=subject.name,
        index=subject.index,
    )


def _lookups(subject: Subject) -> dict[str, LookupTable]:
    declared = subject.profile.lookups_of(subject.ref.source)
    if not declared:
        return {}
    found = discover.with_members(
        discover.find_files(subject.root.parent, subject.root.name),
        subject.profile,
        lambda f: listing(f.path, f.rel),
    )
    files = discover.lookup_files(subject.profile, subject.ref.source, found)
    read: dict[str, list[LookupFile]] = {name: [] for name in files}
    for name, members in files.items():
        for f in members:
            with index_on_disk(declared[name].format, subject.root, f.rel) as index:
                read[name].append(lookup_file(f.path, f.rel, declared[name], subject.ref.locale, index))
    return dict(build_lookups(declared, read, subject.ref.locale, subject.ref.time_zone))


def _gate(subject: Subject, plan: Plan) -> Tally:
    """Row rules and baseline, chunk by chunk; repeated keys by their hash. Set rules need the warehouse."""
    from pipelines.validate.chunks import ChunkGate
    from pipelines.validate.suites import load_rules  # imports Great Expectations

    rules = load_rules(subject.catalog, subject.contract, subject.ref.client_id)
    gate = ChunkGate(subject.contract, rules)
    of_several = (r.id for r in rules if r.rejects and r.kind in ("unique", "group"))
    tally = Tally(
        untried=[name.removeprefix(f"{subject.contract.feed}.") for name in of_several],
        skips_repeats=subject.ref.source.repeated_rows == "skip",
    )
    for raw in _raw(subject):
        cleaned = plan.chunk(raw)
        judged = gate.judge(cleaned.table, cleaned.problems)
        _count(tally, subject.contract, judged.rows, judged.fates, judged.rejects)
    return tally


def _count(tally: Tally, contract: Contract, rows: pa.RecordBatch, fates: pa.Array, rejects: pa.RecordBatch) -> None:
    tally.rows += rows.num_rows
    texts = [f or "accepted" for f in fates.to_pylist()]
    tally.fates.update(texts)
    tally.reasons.update(rejects.column("rule_id").to_pylist())
    tally.rejects += rejects.slice(0, FIRST_REJECTS - len(tally.rejects)).to_pylist()
    if len(tally.first) < FIRST_ROWS:
        names = [n for n in rows.schema.names if n == "_row_number" or not n.startswith("_")]
        tally.first += rows.select(names).slice(0, FIRST_ROWS - len(tally.first)).to_pylist()
    keys = zip(*(rows.column(k).to_pylist() for k in contract.key), strict=True)
    for key, told, fate in zip(keys, rows.column("_row_hash").to_pylist(), texts, strict=True):
        if fate != "accepted":
            continue
        if told in tally.told:
            tally.repeats += 1
        else:
            tally.told.add(told)
            tally.keys[hash(key)] += 1


def _facts_line(facts: FileFacts) -> str:
    parts = [
        (facts.records, "records"), (facts.malformed, "malformed"), (facts.header_rows, "header rows"),
        (facts.preamble_rows, "rows before the header"), (facts.blank_rows, "blank"), (facts.comment_rows, "comments"),
        (len(facts.footer_rows), "footer records"), (facts.repeated_header_rows, "repeated headers"),
        (facts.outside_rows, "lines after the table"), (facts.repaired_rows, "of the records repaired"),
        (facts.padded_rows, "of the records padded"),
    ]  # fmt: skip
    said = ", ".join(f"{n} {word}" for n, word in parts if n)
    kind = f"sheet {facts.sheet_name}" if facts.sheet_name else f"encoding {facts.encoding}"
    return f"{said}; {kind}; {len(facts.columns)} columns"


def _mapping(plan: Plan) -> Table:
    table = Table(title="mapping", title_justify="left", pad_edge=False)
    table.add_column("column")
    table.add_column("from", overflow="fold")
    for name, sources in plan.sources.items():
        table.add_row(name, ", ".join(sources))
    if plan.unmapped:
        table.add_row(Text("not delivered", style="dim"), Text(", ".join(plan.unmapped), style="dim"))
    if plan.ignored:
        table.add_row(Text("ignored", style="dim"), Text(", ".join(plan.ignored), style="dim"))
    return table


def _outcome(subject: Subject, tally: Tally, controls: Sequence[ControlValue]) -> Iterator[Shown]:
    first = Table(title="first rows", title_justify="left", pad_edge=False)
    first.add_column("column")
    for row in tally.first:
        first.add_column(f"row {row['_row_number']}", overflow="fold")
    for name in (n for n in (tally.first[0] if tally.first else {}) if n != "_row_number"):
        values = [row[name] for row in tally.first]
        if any(v is not None for v in values):
            column = next((c for c in subject.contract.columns if c.name == name), None)
            classification = column.classification if column else "internal"
            first.add_row(name, *("" if v is None else mask(str(v), classification) for v in values))
    yield first
    if tally.rejects:
        rejects = Table(title="first rejects", title_justify="left", pad_edge=False)
        for name in ("row", "rule", "column", "value", "message"):
            rejects.add_column(name, overflow="fold")
        for r in tally.rejects:
            cells = (r["row_number"], r["rule_id"], r["column_name"], r["value"], r["message"])
            rejects.add_row(*("" if c is None else str(c) for c in cells))
        yield rejects
        yield "reasons: " + ", ".join(f"{n} × {rule}" for rule, n in tally.reasons.most_common())
    for control in controls:
        yield f"control total {control.name}: the file says {control.promised or control.message}"
    if tally.repeats:
        skips = tally.skips_repeats
        said = "skipped, as declared" if skips else "rejected; `repeated_rows: skip` skips them"
        yield Text(f"{tally.repeats} of the accepted rows repeat another one: {said}", style="" if skips else "red")
    if tally.repeated_keys:
        key = ", ".join(subject.contract.key)
        yield Text(f"{tally.repeated_keys} accepted rows share their key ({key}) with another row", style="red")
    counts = ", ".join(f"{n} {fate}" for fate, n in sorted(tally.fates.items())) or "the gate holds files without rows"
    style = "green" if tally.rows and tally.is_good else "yellow"
    yield Text(f"{tally.rows} rows: {counts}", style=style)
    several = f"rules over several rows ({', '.join(tally.untried)}), " if tally.untried else ""
    rest = "references, earlier deliveries, control totals, share of closed rows"
    yield f"not tried, they need the warehouse: {several}{rest}"
