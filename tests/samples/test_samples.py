"""The sample generator and the sample profiles fit each other, and exercise what they are there to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.clean.plan import check_source
from pipelines.column_words import ORIGINS, ColumnRule
from pipelines.extract.discover import find_files, match, unmatched, with_members
from pipelines.extract.members import listing
from pipelines.flow import indexes
from pipelines.settings import ROOT, Settings
from tests.samples.generate import CLIENTS, generate


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    home = tmp_path_factory.mktemp("home")
    return load_catalog(Settings(home, home / "landing", (ROOT / "pipelines" / "clients",), None))


def _content(root: Path) -> dict[str, tuple[bytes, float]]:
    files = sorted(p for p in root.rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): (p.read_bytes(), p.stat().st_mtime) for p in files}


def test_the_same_seed_gives_the_same_bytes_and_times(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, night=2)
    generate(tmp_path / "other", night=2, seed=8)
    assert _content(tmp_path / "one") == _content(tmp_path / "two")
    assert _content(tmp_path / "one") != _content(tmp_path / "other")


def test_night_2_adds_and_changes_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    generate(tmp_path)
    first = _content(tmp_path)
    generate(tmp_path, night=2)
    second = _content(tmp_path)
    assert set(second) - set(first) == {
        "brightline/customers/customers_20261110.csv",
        "fernhill/ledgers/receivables_20261110.csv",
        "hansa/kunden/Kundenstamm (1).csv",
        "lakeside/crm/crm_20261110.xlsx",
        "lakeside/shop/customers_20261110.csv",
        "norvik/innkjop/bestillinger_2026-11.csv",
    }
    assert {name for name in first if first[name] != second[name]} == {
        "brightline/purchasing/spend_2026-10.csv",
        "hansa/kreditoren/OP_2026-08.csv",
        "hansa/kreditoren/OP_2026-10.csv",
        "meridien/expeditions/expeditions_2026.txt",
    }
    copy, original = "hansa/kunden/Kundenstamm (1).csv", "hansa/kunden/Kundenstamm.csv"
    assert second[copy][0] == second[original][0]


@pytest.mark.parametrize("night", [1, 2])
def test_every_file_but_one_belongs_to_a_source(tmp_path: Path, catalog: Catalog, night: int) -> None:
    generate(tmp_path, night=night)
    assert set(catalog.profiles) == set(CLIENTS)
    left: list[str] = []
    idle: set[tuple[str, str, str]] = set()
    for client, profile in catalog.profiles.items():
        found = with_members(find_files(tmp_path, client), profile, lambda f: listing(f.path, f.rel))
        matches = match(found, profile.sources)
        beside = indexes.claimed(matches, found, profile)
        left += [f"{client}/{f.rel}" for f in unmatched(found, matches, profile) if f.rel not in beside]
        idle |= {(r.client_id, r.feed, r.name) for r in profile.sources if r not in [m.ref for m in matches]}
    assert left == ["brightline/misc/petty cash notes.txt"]
    assert not idle


def test_every_feed_has_a_sample(catalog: Catalog) -> None:
    assert {ref.feed for ref in catalog.sources()} == set(catalog.contracts)


def test_the_sample_profiles_use_every_word_of_the_column_map(catalog: Catalog) -> None:
    rules: list[ColumnRule] = [r for ref in catalog.sources() for r in ref.source.columns.values()]
    sources = [ref.source for ref in catalog.sources()]
    used = {origin for rule in rules for origin in ORIGINS if getattr(rule, origin) is not None}
    assert used == set(ORIGINS)
    for word in ("codes", "other", "formats", "century_from", "locale", "absent", "optional"):
        assert any(getattr(rule, word) not in (None, False) for rule in rules), word
    for word in ("rows", "skip", "unpivot", "key", "controls", "due", "ignore"):
        assert any(getattr(source, word) for source in sources), word
    assert {source.mode for source in sources} == {"snapshot", "period", "delta"}


def test_every_column_map_can_be_compiled(catalog: Catalog) -> None:
    for ref in catalog.sources():
        check_source(ref, catalog.contracts[ref.feed])
