"""What the project says about itself: descriptions, units, owners, grains, personal columns."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from pipelines.contract import Contract
from pipelines.reporting.project import MARTS, PROJECT


@cache
def models() -> dict[str, dict[str, Any]]:
    files = [yaml.load(p.read_text(), yaml.CSafeLoader) for p in (PROJECT / "models").glob("**/_*.yml")]
    return {m["name"]: m for f in files for m in f.get("models", [])}


def test_every_model_is_described_and_every_mart_has_a_grain() -> None:
    written = {p.stem for p in (PROJECT / "models").glob("**/*.sql")}
    assert set(models()) == written
    assert all(m.get("description") for m in models().values())
    for mart in MARTS:
        assert any("unique_grain" in t for t in models()[mart]["data_tests"]), mart
        assert "known_at" in [c["name"] for c in models()[mart]["columns"]]


def test_every_column_of_a_mart_is_described_with_its_unit() -> None:
    for mart in MARTS:
        for column in models()[mart]["columns"]:
            text = column["description"]
            assert text, (mart, column["name"])
            counted = column["data_type"].startswith(("numeric", "integer", "bigint"))
            if counted and "doc(" not in text and not column["name"].endswith("_id"):
                assert text.rstrip().endswith("]"), (mart, column["name"], "has no unit in brackets")


def test_every_mart_has_an_owner() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    marts = project["models"]["kontor"]["marts"]
    for folder in {p.parent.name for p in (PROJECT / "models" / "marts").glob("*/*.sql")}:
        assert marts[folder]["+meta"]["owner"]


def test_every_contract_has_a_staging_model(contracts: dict[str, Contract]) -> None:
    staged = {p.stem for p in (PROJECT / "models" / "staging").glob("stg_*.sql")}
    assert {"stg_" + feed.replace(".", "__") for feed in contracts} <= staged


def test_feeds_are_reported_by_the_months_that_core_finds(contracts: dict[str, Contract]) -> None:
    sources = yaml.safe_load((PROJECT / "models" / "staging" / "_sources.yml").read_text())["sources"]
    (core,) = [source for source in sources if source["name"] == "core"]
    months = {table["name"]: table.get("config", {}).get("meta", {}).get("month_of") for table in core["tables"]}
    assert months == {c.table.removeprefix("core."): c.dated_by for c in contracts.values()}
    assert any(months.values())


def test_personal_columns_stand_in_marts_only_masked_or_by_declaration(contracts: dict[str, Contract]) -> None:
    """Confidential columns may be declared `shown_in_clear` with a reason, restricted ones never."""
    personal = {c.name: (f, c) for f, contract in contracts.items() for c in contract.columns if c.is_personal}
    shown = {}
    for mart in MARTS:
        for column in models()[mart]["columns"]:
            if column["name"] in personal:
                meta = column.get("config", {}).get("meta", {})
                feed, declared = personal[column["name"]]
                assert meta.get("shown_in_clear") == f"{feed}.{declared.name}", (mart, declared.name)
                assert meta["because"]
                assert declared.classification == "confidential"
                shown[mart] = declared.name
    assert shown == {"rpt_pay_rate_register": "hourly_rate"}


def test_what_depends_on_the_moment_of_the_build_says_so(contracts: dict[str, Contract]) -> None:
    """A mart is kept while core and the dates of its clients stay: no model of a feed may use the cut-off otherwise."""
    for path in (PROJECT / "models").glob("**/*.sql"):
        text = path.read_text().replace("{{ cut_off() }} as known_at", "")
        if "cut_off()" in text.replace("known_at_cut_off()", "") and path.stem != "stg_ops__clients":
            without_history = "source('ops'" in text or "source('quarantine'" in text
            assert without_history or "ref('stg_ops__clients')" in text, path


def test_every_staging_model_can_be_cut_down_to_the_clients_that_changed(contracts: dict[str, Contract]) -> None:
    for feed, contract in contracts.items():
        text = (PROJECT / "models" / "staging" / f"stg_{feed.replace('.', '__')}.sql").read_text()
        assert f"of_changed_clients('{contract.table.removeprefix('core.')}')" in text
