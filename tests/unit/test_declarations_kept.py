"""Declarations are parsed once for each content: what is kept is never what the file no longer says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.contract import read_contract
from pipelines.errors import DeclarationError
from pipelines.profile import read_profile
from pipelines.settings import ROOT
from pipelines.yamlfile import read_yaml

HANSA = (ROOT / "pipelines" / "clients" / "hansa.yaml").read_text(encoding="utf-8")


def test_a_changed_profile_is_seen_though_size_and_time_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "hansa.yaml"
    path.write_text(HANSA, encoding="utf-8")
    os.utime(path, (1, 1))
    first = read_profile(path)
    assert read_profile(path) is first
    path.write_text(HANSA.replace("max_closed_pct: 20", "max_closed_pct: 30"), encoding="utf-8")
    os.utime(path, (1, 1))
    pct = [s.source.max_closed_pct for s in read_profile(path).sources if s.feed == "ledgers.spend"]
    assert pct == [30]
    path.write_text(HANSA, encoding="utf-8")
    assert read_profile(path) is first


def test_a_broken_file_is_an_error_every_time_and_names_its_own_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / f"{name}.yaml"
        path.write_text("client: x\nclient: y\n", encoding="utf-8")
        for _ in range(2):
            with pytest.raises(DeclarationError, match=f"{name}.yaml:2"):
                read_yaml(path)


def test_the_same_contract_elsewhere_is_another(tmp_path: Path) -> None:
    shipped = ROOT / "pipelines/contracts/ledgers/spend.odcs.yaml"
    path = tmp_path / "ledgers" / "spend.odcs.yaml"
    path.parent.mkdir()
    path.write_bytes(shipped.read_bytes())
    ours, theirs = read_contract(shipped), read_contract(path)
    assert (ours.path, theirs.path) == (shipped, path)
    assert ours.columns == theirs.columns
