"""`check`: every declaration, read and compared with the others, without a database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog import Catalog, load_catalog
from pipelines.clean import expression
from pipelines.contract import read_contract
from pipelines.errors import DeclarationError, KontorError
from pipelines.profile import ColumnRule, Profile, read_profile
from pipelines.settings import Settings
from pipelines.yamlfile import read_yaml


@dataclass(frozen=True)
class CheckReport:
    """Every fault as one sentence, and what was looked at."""

    faults: list[str]
    summary: str


def check_declarations(settings: Settings) -> CheckReport:
    """Read every contract, profile and suite. All broken files are named, not only the first."""
    faults = _unreadable(settings)
    if faults:
        return CheckReport(faults, "")
    try:
        catalog = load_catalog(settings)
    except KontorError as error:
        return CheckReport([str(error)], "")
    faults += _suites(catalog)
    for profile in catalog.profiles.values():
        faults += _expressions(profile)
    if not catalog.contracts:
        faults.append(f"no contract found in {settings.contracts}")
    sources = len(catalog.sources())
    summary = (
        f"{len(catalog.contracts)} contracts, {len(catalog.profiles)} profiles with {sources} sources, "
        f"{len(catalog.contracts)} suites: all sound"
    )
    return CheckReport(faults, summary)


def _unreadable(settings: Settings) -> list[str]:
    faults = []
    contracts: list[Path] = sorted(settings.contracts.glob("*/*.odcs.yaml"))
    profiles = [p for folder in settings.client_folders for p in sorted(folder.glob("*.yaml"))]
    for path in [*contracts, *profiles]:
        try:
            read_contract(path) if path in contracts else read_profile(path)
        except DeclarationError as error:
            faults.append(str(error))
    return faults


def _suites(catalog: Catalog) -> list[str]:
    from pipelines.validate import suites  # imports Great Expectations

    known = {catalog.suite_path(feed) for feed in catalog.contracts}
    faults = [
        f"{path}: no contract for this suite" for path in catalog.expectations.glob("*/*.json") if path not in known
    ]
    for feed, contract in catalog.contracts.items():
        path = catalog.suite_path(feed)
        faults += suites.check_suite(path, contract) if path.exists() else [f"{path}: suite of {feed} is missing"]
    return faults


def _expressions(profile: Profile) -> list[str]:
    """SQL of the column map, in sources and look-up tables."""
    faults = []
    file = read_yaml(profile.path)
    places: list[tuple[tuple[str, ...], ColumnRule]] = []
    for ref in profile.sources:
        places += [(("feeds", ref.feed, "columns", name), rule) for name, rule in ref.source.columns.items()]
    for table, lookup in profile.model.lookups.items():
        places += [(("lookups", table, "columns", name), rule) for name, rule in lookup.columns.items()]
    for keys, rule in places:
        if rule.sql is None:
            continue
        try:
            expression.check(rule.sql)
        except DeclarationError as error:
            faults.append(
                str(file.error(keys, f"{rule.sql!r}: {error.what}", error.expected or "a row-wise expression"))
            )
    return faults
