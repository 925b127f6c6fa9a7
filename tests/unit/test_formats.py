"""Message formats are declared completely: what their default words say fits the contracts, as a profile's would."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import complaints
from pipelines.contract import read_contract
from pipelines.dialect import TABLE_TYPES
from pipelines.formats import FOLDER, message_format, with_defaults
from pipelines.profile import Profile, profile_from
from pipelines.settings import ROOT

CASES = [
    (path.stem, table, feed)
    for path in sorted(FOLDER.glob("*.yaml"))
    for table, declared in message_format(path.stem).tables.items()
    for feed in declared.feeds
]


def test_every_declared_format_is_one_a_profile_can_name() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} <= TABLE_TYPES


def profile(folder: Path, feed: str, words: str) -> Profile:
    text = f"""client: any
name: Any
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  {feed}:
    files: '(?P<period>[0-9-]+)[.]x'
    {words}
"""
    return profile_from(folder / "any.yaml", text)


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_the_defaults_alone_make_a_source(case: tuple[str, str, str], tmp_path: Path) -> None:
    kind, table, feed = case
    source = profile(tmp_path, feed, f"format: {{type: {kind}, table: {table}}}").sources[0].source
    domain, name = feed.split(".")
    contract = read_contract(ROOT / "pipelines" / "contracts" / domain / f"{name}.odcs.yaml")
    columns = message_format(kind).tables[table].columns
    assert complaints(contract, source) == []
    assert {name for rule in source.rules for name in rule.sources} <= {*columns, *source.computed}
    assert "position" in columns


def test_other_sources_stay_as_they_are_written() -> None:
    written = {"format": {"type": "csv"}, "files": "x"}
    assert with_defaults("ledgers.payables", written) is written
