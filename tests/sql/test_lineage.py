"""Of restricted columns, marts that every analyst reads show suppressed figures only, whatever they call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from pipelines.contract import Column, Contract
from pipelines.reporting.project import MARTS, PROJECT, granted, load_project
from pipelines.reporting.publish import make_side_schema
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.sql.lineage import Columns, Reach, reaches
from tests.sql.rows import CUT_OFF

Reached = Callable[[Callable[[Column], bool]], dict[str, Columns]]
PERSON = {"employee_id", "employee_key", "manager_employee_id", "national_id"}
NAMES_GROUPS = {"rpt_performance_distribution": {"group_name"}}
"""Columns with the value that a group has in common: no group of fewer than five has a row with its name."""


@pytest.fixture(scope="module")
def reached(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, contracts: dict[str, Contract]) -> Reached:
    """What of some columns of the contracts reaches which column of which model."""
    home = tmp_path_factory.mktemp("home")
    with warehouse.transaction() as conn:
        make_side_schema(conn)
    load_project(Settings(home, home, (), None), warehouse.url).run(["compile"], datetime.fromisoformat(CUT_OFF))
    compiled = (home / "dbt" / "target" / "compiled" / "kontor" / "models").rglob("*.sql")
    texts = {path.stem: path.read_text(encoding="utf-8") for path in compiled}
    models = {path.stem: texts[path.stem] for path in (PROJECT / "models").glob("**/*.sql")}

    def of(is_looked_for: Callable[[Column], bool]) -> dict[str, Columns]:
        sources = {c.table.removeprefix("core."): _columns(c, is_looked_for) for c in contracts.values()}
        return reaches(models, sources)

    return of


def _columns(contract: Contract, is_looked_for: Callable[[Column], bool]) -> Columns:
    ours = ["client_id", "_source", "_period", "_delivery_id", "_row_number", "_row_part", "_known_from", "_known_to"]
    found = {c.name for c in contract.columns if is_looked_for(c)}
    stored = {name: Reach.VALUE if name in found else Reach.NONE for name, _ in contract.stored}
    return {**dict.fromkeys(ours, Reach.NONE), **stored}


def open_marts(found: dict[str, Columns], least: Reach) -> dict[str, set[str]]:
    """Mart that is not restricted → its columns that something restricted reaches."""
    out = {m: {name for name, reach in found[m].items() if reach >= least} for m in MARTS if m not in granted()}
    return {mart: columns - NAMES_GROUPS.get(mart, set()) for mart, columns in out.items()}


def test_what_is_restricted_is_shown_in_suppressed_figures_about_no_single_person(reached: Reached) -> None:
    found = reached(lambda column: column.classification == "restricted")
    assert found["stg_payroll__payslips"]["pay_amount"] is Reach.VALUE
    assert any(found[mart][name] for mart in granted() for name in found[mart])
    for mart, columns in open_marts(found, Reach.FIGURE).items():
        if columns:
            assert "is_suppressed" in found[mart], (mart, columns)
            assert not PERSON & found[mart].keys(), mart


def test_no_restricted_number_is_shown_as_it_is(reached: Reached) -> None:
    found = reached(lambda c: c.classification == "restricted" and c.physical_type.startswith(("numeric", "int")))
    assert {m: columns for m, columns in open_marts(found, Reach.VALUE).items() if columns} == {}


PAY = {"pay": {"id": Reach.NONE, "team": Reach.NONE, "amount": Reach.VALUE}}


@pytest.mark.parametrize(
    ("sql", "reach"),
    [
        ("select amount as x from pay", Reach.VALUE),
        ("select x from (select round(amount * 2, 2) as x from pay) as p", Reach.VALUE),
        ("with p as (select id, amount from pay) select p.amount as x from p join pay using (id)", Reach.VALUE),
        ("select max(amount) as x from pay", Reach.VALUE),
        ("select array_agg(amount) as x from pay", Reach.VALUE),
        ("select first_value(amount) over (partition by team) as x from pay", Reach.VALUE),
        ("select case when amount > 1000 then 'high' end as x from pay", Reach.VALUE),
        ("select (select max(o.amount) from pay as o where o.id = pay.id) as x from pay", Reach.VALUE),
        ("select l.v as x from pay cross join lateral (values (pay.amount)) as l (v)", Reach.VALUE),
        ("select id as x from pay union all select amount::text from pay", Reach.VALUE),
        ("select sum(amount) as x from pay", Reach.FIGURE),
        ("select round(percentile_cont(0.5) within group (order by amount)::numeric, 2) as x from pay", Reach.FIGURE),
        ("select case when count(*) >= 5 then sum(amount) end as x from pay group by team", Reach.FIGURE),
        ("select sum(amount) + max(amount) as x from pay", Reach.VALUE),
        ("select count(amount) as x from pay", Reach.NONE),
        ("select case when amount is not null then '****' end as x from pay", Reach.NONE),
        ("select id as x from pay where amount > 0", Reach.NONE),
    ],
)
def test_the_reader_of_sql(sql: str, reach: Reach) -> None:
    assert reaches({"one": sql, "two": "select x as y from db.one"}, PAY)["two"] == {"y": reach}
