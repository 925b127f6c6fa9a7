"""`check`: every declaration, read and compared with the others, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.catalog import Catalog, load_catalog, profile_paths
from pipelines.clean import expression
from pipelines.clean.lookup import check_lookup
from pipelines.clean.plan import check_source
from pipelines.contract import read_contract
from pipelines.errors import DeclarationError, KontorError
from pipelines.extract.queries import check_query
from pipelines.profile import Profile, read_profile
from pipelines.settings import Settings
from pipelines.yamlfile import read_yaml


@dataclass(frozen=True)
class CheckReport:
    """Every fault as one sentence, and what was looked at."""

    faults: list[str]
    summary: str


def check_declarations(settings: Settings) -> CheckReport:
    """Read every contract, profile and suite. All broken files are named, not only the first."""
    faults = _told_of_each(read_contract, sorted(settings.contracts.glob("*/*.odcs.yaml")))
    profiles = _told_of_each(read_profile, profile_paths(settings))
    if faults:
        return CheckReport(faults + profiles, "")
    try:
        catalog = load_catalog(settings)
    except KontorError as error:
        return CheckReport([str(error), *profiles], "")
    faults += dict.fromkeys([*profiles, *(str(broken.fault) for broken in catalog.broken.values())])
    faults += _suites(catalog)
    for profile in catalog.profiles.values():
        faults += _column_maps(catalog, profile)
    if not catalog.contracts:
        faults.append(f"no contract found in {settings.contracts}")
    sources = len(catalog.sources())
    summary = (
        f"{len(catalog.contracts)} contracts, {len(catalog.profiles)} profiles with {sources} sources, "
        f"{len(catalog.contracts)} suites: all sound"
    )
    return CheckReport(faults, summary)


def _told_of_each(read: Callable[[Path], object], paths: Sequence[Path]) -> list[str]:
    faults = []
    for path in paths:
        try:
            read(path)
        except DeclarationError as error:
            faults.append(str(error))
    return faults


def _suites(catalog: Catalog) -> list[str]:
    from pipelines.validate import suites  # imports Great Expectations

    clients = [*catalog.profiles, *catalog.broken]
    known = {p for feed in catalog.contracts for c in (None, *clients) for p in catalog.suite_files(feed, c)}
    written = [*(p.path for p in catalog.profiles.values()), *(p for b in catalog.broken.values() for p in b.paths)]
    folders = {catalog.expectations, *(path.parent / "expectations" for path in written)}
    faults = [
        f"{path}: no contract, or no profile of a client, for this suite"
        for folder in sorted(folders)
        for path in sorted(folder.glob("*/*.json"))
        if path not in known
    ]
    for feed, contract in catalog.contracts.items():
        path = catalog.suite_path(feed)
        faults += (
            suites.check_suite(path, contract, catalog=catalog)
            if path.exists()
            else [f"{path}: suite of {feed} is missing"]
        )
        for client_id in clients:
            if own := catalog.client_suite_path(feed, client_id):
                faults += suites.check_suite(own, contract, beside=path, catalog=catalog)
    return faults


def _column_maps(catalog: Catalog, profile: Profile) -> list[str]:
    """What only the column map itself can judge: SQL, formats, code maps, constants, look-up columns."""
    faults = []
    for ref in profile.sources:
        faults += _told(partial(check_source, ref, catalog.contracts[ref.feed]), profile)
    for name, origin in profile.model.origins.items():
        if origin.query is not None:
            faults += _told(partial(check_query, origin.query, strict=False), profile, ("origins", name, "query"))
    for name, table in profile.model.lookups.items():
        faults += _told(partial(check_lookup, name, table), profile)
        for column, rule in table.columns.items():
            if rule.sql is not None:
                keys = ("lookups", name, "columns", column)
                faults += _told(partial(expression.check, rule.sql), profile, keys)
    return faults


def _told(check: Callable[[], object], profile: Profile, keys: tuple[str, ...] = ()) -> list[str]:
    try:
        check()
    except DeclarationError as error:
        if not keys:
            return [f"{profile.path}: {error}"]
        line = read_yaml(profile.path).line(keys)
        return [f"{profile.path}:{line}, {'.'.join(keys)}: {error}"]
    return []
