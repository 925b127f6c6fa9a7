"""All declarations together: contracts, profiles, suites; and what only shows when they meet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from pipelines.contract import Contract, read_contract
from pipelines.control_words import parts_of
from pipelines.errors import DeclarationError, NotDeclared, ProfileBroken
from pipelines.profile import Profile, Source, SourceRef, profile_from
from pipelines.settings import Settings
from pipelines.yamlfile import KEPT, parsed, text_of

CUSTOMERS = "clients.customers"
"""The feed whose rows become golden records."""


@dataclass(frozen=True)
class Catalog:
    """Every contract by feed, every sound profile by client, and why the profiles of other clients are `broken`."""

    contracts: dict[str, Contract]
    profiles: dict[str, Profile]
    expectations: Path
    broken: Mapping[str, ProfileBroken] = field(default_factory=dict)

    def profile(self, client_id: str) -> Profile:
        """The profile of a client: ProfileBroken when it cannot be used, NotDeclared when there is none."""
        self.refuse_broken(client_id)
        try:
            return self.profiles[client_id]
        except KeyError:
            raise NotDeclared(
                "client without a profile",
                got=client_id,
                expected=f"one of {', '.join(sorted(self.profiles)) or 'no client'}",
                next_step="check the client's name, or bring its profile back",
            ) from None

    def refuse_broken(self, client_id: str | None) -> None:
        """Raise ProfileBroken for a client whose profile is broken; nothing for any other, or for None."""
        if client_id is not None and client_id in self.broken:
            found = self.broken[client_id]
            raise ProfileBroken(found.paths, found.fault)  # one of its own: whoever catches it may write its place in

    def faults(self, client_id: str | None = None) -> list[str]:
        """One sentence for each broken profile, or for that of one client."""
        return list(dict.fromkeys(str(e) for name, e in self.broken.items() if client_id in (None, name)))

    def suite_path(self, feed: str) -> Path:
        """Where the feed's GX suite stands."""
        domain, _, name = feed.partition(".")
        return self.expectations / domain / f"{name}.json"

    def client_suite_path(self, feed: str, client_id: str) -> Path | None:
        """Where the rules of one feed for one client only stand: `<domain>/<feed>.<client>.json` among the suites, or
        below `expectations` beside the client's profile; None when there are none."""
        domain, _, name = feed.partition(".")
        folders = [self.expectations]
        if client_id in self.profiles:
            folders.append(self.profiles[client_id].path.parent / "expectations")
        elif client_id in self.broken:
            folders += [path.parent / "expectations" for path in self.broken[client_id].paths]
        paths = (folder / domain / f"{name}.{client_id}.json" for folder in folders)
        return next((path for path in paths if path.is_file()), None)

    def suite_text(self, feed: str) -> str:
        """The feed's suite as written."""
        return _suite_text(self.suite_path(feed))

    def client_suite_text(self, feed: str, client_id: str) -> str | None:
        """The client's own rules of a feed as written; None when there are none."""
        path = self.client_suite_path(feed, client_id)
        return _suite_text(path) if path else None

    def suite_files(self, feed: str, client_id: str | None = None) -> list[Path]:
        """The files with the rules of a feed: for everybody, then those for the client only."""
        own = self.client_suite_path(feed, client_id) if client_id else None
        return [self.suite_path(feed), *([own] if own else [])]

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Feed → rank in the reference graph: 0 refers to nothing, else 1 + the highest it refers to or comes after."""
        ranks: dict[str, int] = {}

        def rank(feed: str, path: tuple[str, ...]) -> int:
            if feed in path:
                raise DeclarationError(
                    "contracts refer to each other in a circle",
                    where=" → ".join((*path, feed)),
                    next_step="remove one of the references",
                )
            if feed not in ranks:
                contract = self.contracts[feed]
                others = [r for r in (*contract.references, *contract.after) if r != feed]
                ranks[feed] = 1 + max((rank(o, (*path, feed)) for o in others), default=-1)
            return ranks[feed]

        for feed in self.contracts:
            rank(feed, ())
        return ranks

    def sources(self) -> list[SourceRef]:
        """Every source of every client."""
        return [ref for profile in self.profiles.values() for ref in profile.sources]

    def source(self, client_id: str, feed: str, name: str) -> SourceRef:
        """One source: NotDeclared when its profile no longer has it, ProfileBroken when nobody can say."""
        self.refuse_broken(client_id)
        try:
            return self.profiles[client_id].source(feed, name)
        except KeyError:
            raise NotDeclared(
                "source no longer declared",
                where=f"client {client_id}, feed {feed}, source {name}",
                next_step="restore the source in the client's profile, or withdraw the delivery",
            ) from None

    def siblings(self, ref: SourceRef) -> list[SourceRef]:
        """Other sources of the client that read the same table of a file: same format."""
        own = self.profiles[ref.client_id].sources
        return [o for o in own if o is not ref and o.source.format == ref.source.format]

    def declaration_hash(self, ref: SourceRef) -> str:
        """Hash of all that decides about a source's rows: contract, suite, its part of the profile."""
        parts = (
            self.contracts[ref.feed].text,
            self.suite_text(ref.feed),
            self.client_suite_text(ref.feed, ref.client_id) or "",
            self.profiles[ref.client_id].relevant_json(ref),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _suite_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeclarationError(
            "suite missing",
            where=str(path),
            got=str(error),
            expected="a GX suite",
            next_step="write the suite of the feed",
        ) from None


def load_catalog(settings: Settings) -> Catalog:
    """Read everything. The first fault of a contract is raised as DeclarationError; that of a profile is kept in
    `broken` and concerns its client only."""
    contracts = {c.feed: c for c in map(read_contract, sorted(settings.contracts.glob("*/*.odcs.yaml")))}
    shared = Catalog(contracts, {}, settings.expectations)
    for contract in contracts.values():
        _check_references(shared, contract)
    _ = shared.ranks
    profiles, broken = _profiles(shared, profile_paths(settings))
    return Catalog(contracts, profiles, settings.expectations, broken)


def profile_paths(settings: Settings) -> list[Path]:
    """The files of all profiles, in order of reading."""
    return [path for folder in settings.client_folders for path in sorted(folder.glob("*.yaml"))]


def _profiles(shared: Catalog, paths: Sequence[Path]) -> tuple[dict[str, Profile], dict[str, ProfileBroken]]:
    """The sound profiles, and the errors of all others. Whose profile a file is tells its name; a file that names
    another client inside stops that one as well, unless that has a file of its own."""
    files: dict[str, list[Path]] = {}
    for path in paths:
        files.setdefault(path.stem, []).append(path)
    profiles: dict[str, Profile] = {}
    broken: dict[str, ProfileBroken] = {}
    for name, same in files.items():
        read = _sound(shared, same[0]) if len(same) == 1 else _twice(name, same)
        if isinstance(read, Profile):
            profiles[name] = read
            continue
        broken[name] = ProfileBroken(same, read)
        for other in {*map(_client_named, same)} - {None, *files}:
            broken[str(other)] = broken[name]
    return profiles, broken


def _sound(shared: Catalog, path: Path) -> Profile | DeclarationError:
    """The profile of a file, checked against the contracts, or what is wrong with it."""
    try:
        read = _understood(path, text_of(path))
        if isinstance(read, Profile):
            check_profile(shared, read)
        return read
    except DeclarationError as error:
        return error


@lru_cache(maxsize=KEPT)
def _understood(path: Path, text: str) -> Profile | DeclarationError:
    """A profile or its fault, by the content: a broken file is not parsed anew by everybody who comes past it."""
    try:
        return profile_from(path, text)
    except DeclarationError as error:
        return error.with_traceback(None)


def _twice(client_id: str, paths: Sequence[Path]) -> DeclarationError:
    return DeclarationError(
        "two profiles for one client",
        where=" and ".join(map(str, paths)),
        got=f"{len(paths)} files for {client_id}",
        expected="one profile for each client, else nobody knows which counts",
        next_step="keep one of them and run `python -m pipelines check`",
    )


def _client_named(path: Path) -> str | None:
    """The client that a file names, also one that is no valid YAML."""
    try:
        found = re.search(r"^client: *['\"]?([a-z][a-z0-9_]*)", text_of(path), re.MULTILINE)
    except DeclarationError:
        return None
    return found[1] if found else None


def _check_references(catalog: Catalog, contract: Contract) -> None:
    if unknown := [feed for feed in contract.after if feed not in catalog.contracts]:
        raise DeclarationError(
            "comes after nothing",
            where=f"{contract.path}, property after",
            got=unknown[0],
            expected="feeds that have a contract",
            next_step="correct the feed's name",
        )
    for feed, pairs in contract.references.items():
        other = catalog.contracts.get(feed)
        for own, theirs in pairs:
            if other is None or theirs not in [c.name for c in other.columns]:
                raise DeclarationError(
                    "reference to nothing",
                    where=f"{contract.path}, column {own}",
                    got=f"{feed}.{theirs}",
                    expected="a column of a feed that has a contract",
                    next_step="correct the reference",
                )


def check_profile(catalog: Catalog, profile: Profile) -> None:
    """DeclarationError with the line of what a profile says that its contracts do not allow."""
    file = parsed(profile.path, profile.text)
    for ref in profile.sources:
        at: tuple[str, ...] = ("feeds", ref.feed)
        if (*at, "sources") in file.lines:
            at = (*at, "sources", ref.name)
        contract = catalog.contracts.get(ref.feed)
        if contract is None:
            raise file.error(at, f"feed {ref.feed!r}", f"one of {', '.join(sorted(catalog.contracts))}")
        for keys, got, expected in complaints(contract, ref.source):
            raise file.error((*at, *keys), got, expected)
    for place, got, expected in _golden_complaints(catalog, profile):
        raise file.error(("golden", *place), got, expected)


_COMPARABLE = ("text", "date", "integer", "bigint", "boolean")
"""Types whose values are the same or not."""


def _golden_complaints(catalog: Catalog, profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """What the words on golden records say of columns and sources that are not there: (key path, got, expected)."""
    golden = profile.model.golden
    if not golden.model_fields_set:
        return
    sources = [ref.name for ref in profile.sources if ref.feed == CUSTOMERS]
    contract = catalog.contracts.get(CUSTOMERS)
    if contract is None or not sources:
        yield (), "golden records", f"a source of {CUSTOMERS} that they are made of"
        return
    columns = [name for name, _ in contract.stored]
    comparable = [name for name, kind in contract.stored if kind in _COMPARABLE]
    for at, names in enumerate(golden.same):
        if not names:
            yield ("same", at), "no column", "columns that make two records one customer"
        for name in names:
            if name not in comparable:
                yield ("same", at), name, f"text, date or number columns of {CUSTOMERS}: {', '.join(comparable)}"
    for name in golden.different:
        if name not in comparable:
            yield ("different",), name, f"text, date or number columns of {CUSTOMERS}: {', '.join(comparable)}"
    for name in golden.trust:
        if name not in sources:
            yield ("trust",), name, f"sources of {CUSTOMERS}: {', '.join(sources)}"
    for name in golden.survivorship:
        if name not in ("default", *columns):
            yield ("survivorship", name), name, f"default, or columns of {CUSTOMERS}: {', '.join(columns)}"


def complaints(contract: Contract, source: Source) -> list[tuple[tuple[str, ...], str, str]]:
    """What a source says that its contract does not allow: (key path, got, expected)."""
    out: list[tuple[tuple[str, ...], str, str]] = []
    names = [c.name for c in contract.columns]
    if source.mode not in contract.modes:
        because = f" ({contract.modes_because})" if contract.modes_because else ""
        out.append((("mode",), source.mode, f"one of {', '.join(contract.modes)}{because}"))
    if source.periods and not contract.has_choice_of_periods:
        out.append((("periods",), source.periods, "nothing: reports read the periods of this feed in one way only"))
    for name in source.columns:
        if name not in names:
            out.append((("columns", name), f"column {name!r}", f"one of {', '.join(names)}"))
    if out:
        return out
    made = {contract.counted_key} if source.key else set()
    for column in contract.columns:
        rule = source.columns.get(column.name)
        if rule is None:
            if column.required and column.name not in made:
                out.append((("columns",), f"nothing for required column {column.name!r}", "a rule for it"))
            continue
        here = ("columns", column.name)
        needs_formats = column.semantic in ("date", "timestamp") and source.format.type == "csv"
        if needs_formats and not rule.formats and rule.value is None:
            out.append((here, "a date without formats", "formats: ['%d.%m.%Y', …]"))
        targets = [*(rule.codes or {}).values(), *([rule.other] if rule.other else [])]
        if column.codes:
            out += [
                ((*here, "codes"), repr(t), f"one of {', '.join(column.codes)}")
                for t in targets
                if t not in column.codes
            ]
        absent = [("absent", code) for code in (rule.absent or {}).values()]
        for word, code in [*absent, *([("unreadable", rule.unreadable)] if rule.unreadable else [])]:
            if code not in column.absent_codes:
                allowed = ", ".join(column.absent_codes) or "none in this column's contract"
                out.append(((*here, word), repr(code), f"one of {allowed}"))
        if rule.unreadable and (column.required or column.semantic == "money"):
            kind = "a required column" if column.required else "an amount of money, which is accounted for"
            out.append(((*here, "unreadable"), kind, "nothing: a row whose cell cannot be read is a reject"))
    if contract.dated_by and not set(contract.dated_by) & set(source.columns):
        out.append((("columns",), f"no day to report its rows by: {' / '.join(contract.dated_by)}", "a rule for one"))
    if source.key and contract.counted_key in source.columns:
        out.append((("columns", contract.counted_key), "a rule for the key that occurrence(…) makes", "one of the two"))
    out += [
        (("key",), repr(c), f"columns mapped above, of {', '.join(names)}")
        for c in source.occurrence
        if c not in source.columns
    ]
    for control in source.controls:
        if said := _control_complaint(contract, source, control):
            out.append((("controls", control), *said))
    return out


def _control_complaint(contract: Contract, source: Source, control: str) -> tuple[str, str] | None:
    """(got, expected) of a control total that cannot be measured."""
    what, name = parts_of(control)
    if name is None:
        return None
    column = next((c for c in contract.columns if c.name == name), None)
    if column is None:
        return name, f"one of {', '.join(c.name for c in contract.columns)}"
    if what == "sum":
        numeric = column.precision_scale or column.physical_type in ("integer", "bigint")
        return None if numeric else (f"a sum of {name}, which is {column.physical_type}", "a column of numbers")
    rule = source.columns.get(name)
    made = [source.unpivot.name, source.unpivot.value] if source.unpivot else []
    if rule is None or not rule.from_ or set(rule.from_) & set(made):
        return f"{what} of {name}, which is not one column of the file", "a column that is mapped with `from`"
    return None
