"""The light reading of the contracts gives what the full one gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import Catalog
from pipelines.contract import read_contract
from pipelines.errors import DeclarationError
from pipelines.settings import ROOT
from plugins.kontor.ranks import CONTRACTS, feeds_of, ranks_of


def test_same_ranks_as_the_catalog() -> None:
    contracts = {c.feed: c for c in map(read_contract, sorted(CONTRACTS.glob("*/*.odcs.yaml")))}
    full = Catalog(contracts, {}, ROOT / "expectations").ranks
    for domain in {c.domain for c in contracts.values()}:
        assert set(feeds_of([domain])) == {f for f in full if f.split(".")[0] == domain}
        assert ranks_of([domain]) == tuple(sorted({r for f, r in full.items() if f.split(".")[0] == domain}))


def contract(folder: Path, feed: str, *references: str) -> None:
    domain, _, name = feed.partition(".")
    columns = [
        f"{{name: c{i}, customProperties: [{{property: references, value: {r}}}]}}" for i, r in enumerate(references)
    ]
    (folder / domain).mkdir(exist_ok=True)
    text = f"schema:\n- properties: [{', '.join(columns)}]\n"
    (folder / domain / f"{name}.odcs.yaml").write_text(text, encoding="utf-8")


def test_a_chain_across_domains(tmp_path: Path) -> None:
    contract(tmp_path, "a.one")
    contract(tmp_path, "a.two", "a.one.id")
    contract(tmp_path, "b.three", "a.two.id", "b.three.parent")
    assert ranks_of(["a"], tmp_path) == (0, 1)
    assert ranks_of(["b"], tmp_path) == (2,)
    assert ranks_of(["a", "b"], tmp_path) == (0, 1, 2)


def test_no_feed_is_one_empty_rank(tmp_path: Path) -> None:
    assert ranks_of(["nothing"], tmp_path) == (0,)
    assert feeds_of(["nothing"], tmp_path) == ()


def test_a_circle_does_not_hang_the_parser(tmp_path: Path) -> None:
    contract(tmp_path, "a.one", "a.two.id")
    contract(tmp_path, "a.two", "a.one.id")
    assert ranks_of(["a"], tmp_path)


def test_a_broken_contract_is_named(tmp_path: Path) -> None:
    contract(tmp_path, "a.one")
    path = tmp_path / "a" / "one.odcs.yaml"
    path.write_text("schema: [references: {", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"one\.odcs\.yaml"):
        ranks_of(["a"], tmp_path)
