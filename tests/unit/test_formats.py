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
from tests.unit.clean.mapkit import cleaned, raw, values

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


@pytest.mark.parametrize(
    ("where", "cell", "feed", "column"),
    [
        ("camt.entries", "counterparty_bic", "ledgers.bank_transactions", "counterparty_bic"),
        ("mt940.entries", "counterparty_bank", "ledgers.bank_transactions", "counterparty_bic"),
        ("datev.partners", "bic_1", "ledgers.partners", "bic"),
        ("saft.customers", "bic", "ledgers.partners", "bic"),
        ("saft.suppliers", "bic", "ledgers.partners", "bic"),
    ],
)
def test_a_bic_is_read_and_one_that_is_none_keeps_out_itself(
    where: str, cell: str, feed: str, column: str, tmp_path: Path
) -> None:
    kind, table = where.split(".")
    ref = profile(tmp_path, feed, f"format: {{type: {kind}, table: {table}}}").sources[0]
    domain, name = feed.split(".")
    contract = read_contract(ROOT / "pipelines" / "contracts" / domain / f"{name}.odcs.yaml")
    header = list(message_format(kind).tables[table].columns)
    texts = ["COBADEFFXXX", "deutdeff 500", "DEUTXXFF", "10020030", ""]
    rows = [[text if heading == cell else "" for heading in header] for text in texts]
    result = cleaned(contract, ref, raw(header, *rows))
    assert values(result, column)[:1] == ["COBADEFFXXX"]
    national = [None, None] if kind == "mt940" else ["DEUTDEFF500", "not_valid"]  # its cell holds either of them
    assert values(result, column)[1:] == [national[0], None, None, None]
    assert values(result, f"{column}_absent_code") == [None, None, "not_valid", national[1], None]
    assert column not in {problem["column_name"] for problem in result.problems.to_pylist()}
