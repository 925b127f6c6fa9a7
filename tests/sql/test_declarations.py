"""What the project says about itself: descriptions, units, owners, grains, personal columns."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jinja2
import yaml

from pipelines.contract import Contract
from pipelines.reporting.project import GROUPS, MARTS, PROJECT, granted
from pipelines.settings import ROOT

OF_MATCHING = ("clients_golden_members", "clients_matches")
"""Tables in core that no file is loaded into."""


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
    assert months == {
        **dict.fromkeys(OF_MATCHING), **{c.table.removeprefix("core."): c.day for c in contracts.values()}
    }  # fmt: skip
    assert any(months.values())


def test_personal_columns_stand_in_marts_only_masked_or_by_declaration(contracts: dict[str, Contract]) -> None:
    """Confidential columns may be declared `shown_in_clear` with a reason, restricted ones stand in granted marts only.

    This goes by names. What becomes of restricted columns under other names is read from the SQL (`test_lineage.py`).
    """
    people = [c for c in contracts.values() if c.domain in ("people", "payroll")]
    restricted = {x.name for c in people for x in c.columns if x.classification == "restricted"}
    confidential = {x.name: f for f, c in contracts.items() for x in c.columns if x.classification == "confidential"}
    homes = {p.stem: p.parent.name for p in (PROJECT / "models" / "marts").glob("*/*.sql")}
    granted_rows = 0
    for mart in MARTS:
        names = {column["name"]: column for column in models()[mart]["columns"]}
        if mart in granted():
            granted_rows += len(restricted & names.keys())
            continue
        if homes[mart] in ("people", "payroll"):
            assert not restricted & names.keys(), mart
        for name in confidential.keys() & names.keys():
            meta = names[name].get("config", {}).get("meta", {})
            assert meta.get("shown_in_clear", "").endswith(f".{name}"), (mart, name)
            assert meta["because"]
    assert granted_rows


def test_marts_are_granted_beside_their_models_and_nowhere_else() -> None:
    """`granted` reads the YAML of the marts only: a grant anywhere else would not be one."""
    places = [PROJECT / "dbt_project.yml", *(PROJECT / "models").glob("**/*.sql"), *(PROJECT / "macros").glob("*.sql")]
    assert [p for p in places if "granted_to" in p.read_text()] == []
    for name, model in models().items():
        group = model.get("config", {}).get("meta", {}).get("granted_to")
        assert granted().get(name) == (GROUPS[group] if group else None), name
    assert granted().keys() <= set(MARTS)
    assert "rpt_pay_rate_register" in granted()


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


def returned(macro: str) -> Any:
    """What a macro of customers.sql returns; dbt cannot read a contract, so the macros name columns themselves."""
    found: list[Any] = []
    text = (PROJECT / "macros" / "customers.sql").read_text()
    template = jinja2.Environment(autoescape=False).from_string(f"{text}{{{{ {macro}() }}}}")
    template.render({"return": found.append})
    return found[0]


def test_customers_survive_and_are_masked_by_all_columns_of_their_contract(contracts: dict[str, Contract]) -> None:
    columns = {c.name: c for c in contracts["clients.customers"].columns}
    golden = [name for part in returned("golden_parts").values() for name in part["columns"]]
    assert sorted(golden) == sorted(columns.keys() - {"customer_id", "changed_at"})
    masked, hidden = returned("confidential_customer_columns"), returned("hidden_customer_columns")
    personal = {name for name, c in columns.items() if c.classification in ("confidential", "restricted")}
    assert {*masked, *hidden} == personal
    assert {name for name in masked if columns[name].physical_type != "text"} == set()
    assert {name for name, c in columns.items() if c.classification == "restricted"} <= set(hidden)


def test_all_columns_of_client_data_are_judged(contracts: dict[str, Contract]) -> None:
    judged = {feed: set(of["columns"]) for feed, of in returned("judged_feeds").items()}
    assert judged == {c.feed: {x.name for x in c.columns} for c in contracts.values() if c.domain == "clients"}
    assert set(returned("identifying_columns")) <= judged["clients.customers"]


def test_what_may_be_left_out_of_client_data_is_known_to_its_quality(contracts: dict[str, Contract]) -> None:
    clients = [c for c in contracts.values() if c.domain == "clients"]
    wrong = {"not_valid", "not_plausible"}
    assert {feed: set(names) for feed, names in returned("left_out_columns").items()} == {
        c.feed: {x.name for x in c.columns if wrong & set(x.absent_codes)} for c in clients
    }
    assert returned("codes_of_wrong") == str(tuple(sorted(wrong, reverse=True)))
    suites = [json.loads((ROOT / "expectations" / f"{c.feed.replace('.', '/')}.json").read_text()) for c in clients]
    meta = [rule["meta"]["kontor"] for suite in suites for rule in suite["expectations"]]
    leaving_out = {m["id"] for m in meta if m.get("on_failure") == "leave_out"}
    assert set(returned("rules_that_leave_out")) == leaving_out
