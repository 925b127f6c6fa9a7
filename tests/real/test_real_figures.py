"""The column maps of the real clients against figures counted in the files by other means (grep, awk, pandas)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.clean.apply import Cleaned, Plan
from pipelines.clean.facts import FileInfo
from pipelines.clean.lookup import LookupFile, build
from pipelines.extract.discover import find_files, lookup_files, match
from pipelines.extract.reader import read_table
from pipelines.settings import ROOT, Settings

pytestmark = pytest.mark.real

CLIENTS = ROOT / "tests" / "real" / "clients"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    nowhere = Path("nowhere")
    return load_catalog(Settings(nowhere, nowhere, (CLIENTS,), None))


def _cleaned(root: Path, catalog: Catalog, client: str, feed: str, source: str = "main") -> tuple[pa.Table, pa.Table]:
    """(rows, problems) of the one file of a source."""
    profile, ref = catalog.profiles[client], catalog.source(client, feed, source)
    found = find_files(root / "landing", client)
    tables: dict[str, list[LookupFile]] = {}
    for name, files in lookup_files(profile, ref.source, found).items():
        for file in files:
            with read_table(file.path, profile.model.lookups[name].format, ref.locale, name=file.rel) as reader:
                tables.setdefault(name, []).append(LookupFile(file.rel, list(reader.batches())))
    (hit,) = match(found, [ref])
    with read_table(hit.found.path, ref.source.format, ref.locale, name=hit.found.rel) as reader:
        batches = list(reader.batches())
    info = FileInfo.from_json(reader.facts.to_json())
    lookups = build(profile.lookups_of(ref.source), tables, ref.locale, ref.time_zone)
    plan = Plan.compile(ref, catalog.contracts[feed], [], reader.columns, lookups, info, hit.groups)
    done: list[Cleaned] = [plan.chunk(batch) for batch in batches]
    return pa.Table.from_batches([c.table for c in done]), pa.Table.from_batches([c.problems for c in done])


def _taken(table: pa.Table) -> pa.Table:
    """The rows that no condition of the profile skips."""
    return table.filter(pc.is_null(table["_skip_reason"]))


def _counts(table: pa.Table, column: str) -> dict[object, int]:
    return dict(Counter(table[column].to_pylist()))


def _problems(problems: pa.Table) -> dict[str, int]:
    return dict(Counter(".".join(rule.split(".")[2:]) for rule in problems["rule_id"].to_pylist()))


def test_resellers(real_root: Path, catalog: Catalog) -> None:
    rows, problems = _cleaned(real_root, catalog, "adventureworks", "clients.customers", "resellers")
    assert rows.num_rows == 701
    assert _problems(problems) == {"unreadable.postal_code": 18}
    assert pc.sum(rows["annual_sales_amount"]).as_py() == Decimal("1110900000.00")
    assert _counts(rows, "phone_absent_code") == {None: 541, "not_dialable": 160}
    assert rows["phone"].null_count == 160
    streets = rows["address_line_1"].to_pylist()
    assert [s for s in streets if s.startswith("Kurf")] == [f"Kurfürstenstr {n}" for n in (9, 574, 74)]
    first = rows.slice(0, 1).to_pylist()[0]
    assert (first["customer_id"], first["city"], first["region_code"], first["postal_code"]) == (
        "AW00000001", "Seattle", "WA", "98104",
    )  # fmt: skip
    assert None not in _counts(rows, "country_code")


def test_stores(real_root: Path, catalog: Catalog) -> None:
    rows, problems = _cleaned(real_root, catalog, "adventureworks", "clients.customers", "stores")
    assert (rows.num_rows, problems.num_rows) == (701, 0)
    # The survey names the same sums and kinds as the list of resellers.
    assert pc.sum(rows["annual_sales_amount"]).as_py() == Decimal("1110900000.00")
    kinds = {"Value Added Reseller": 238, "Warehouse": 232, "Specialty Bike Shop": 231}
    assert _counts(rows, "segment_name") == kinds
    resellers, _ = _cleaned(real_root, catalog, "adventureworks", "clients.customers", "resellers")
    assert _counts(resellers, "segment_name") == kinds


def test_employees_and_rates(real_root: Path, catalog: Catalog) -> None:
    rows, problems = _cleaned(real_root, catalog, "adventureworks", "people.employees")
    assert (rows.num_rows, problems.num_rows) == (290, 0)
    assert _counts(rows, "gender_code") == {"male": 206, "female": 84}
    assert _counts(rows, "is_salaried") == {True: 52, False: 238}
    first = rows.slice(0, 1).to_pylist()[0]
    assert (first["login_name"], first["department_name"]) == ("ken0", "Executive")
    assert first["department_group_name"] == "Executive General and Administration"
    moved = rows.filter(pc.equal(rows["employee_id"], "250")).to_pylist()[0]
    assert (moved["department_id"], moved["department_since_date"].isoformat()) == ("5", "2012-07-15")
    rates, problems = _cleaned(real_root, catalog, "adventureworks", "payroll.pay_rates")
    assert (rates.num_rows, problems.num_rows) == (316, 0)
    assert pc.sum(rates["hourly_rate"]).as_py() == Decimal("5611.7821")
    assert _counts(rates, "pay_frequency_code") == {"monthly": 180, "biweekly": 136}
    assert set(rates["employee_id"].to_pylist()) == set(rows["employee_id"].to_pylist())


@pytest.mark.parametrize(
    ("source", "rows", "problems"),
    [
        ("dataset1", 1000, {"unknown_code.region_code": 11, "unreadable.birth_date": 3}),
        ("dataset2", 5000, {"unknown_code.region_code": 12, "unreadable.birth_date": 10}),
    ],
)
def test_persons(real_root: Path, catalog: Catalog, source: str, rows: int, problems: dict[str, int]) -> None:
    table, found = _cleaned(real_root, catalog, "febrl", "clients.customers", source)
    assert (table.num_rows, _problems(found)) == (rows, problems)


def test_spend(real_root: Path, catalog: Catalog) -> None:
    rows, problems = _cleaned(real_root, catalog, "gla", "ledgers.spend")
    assert (rows.num_rows, problems.num_rows) == (28_145, 0)
    assert pc.sum(rows["spend_amount"]).as_py() == Decimal("1000083306.00")
    assert rows["supplier_id"].null_count == 8_927
    ids = rows["spend_line_id"].to_pylist()
    assert len(set(ids)) == 28_145
    # 680 lines repeat an earlier one in all columns, and are lines of their own.
    assert sum(not i.endswith("-1") for i in ids) == 680


def test_shipments(real_root: Path, catalog: Catalog) -> None:
    rows, problems = _cleaned(real_root, catalog, "scms", "shipments.shipments")
    assert (rows.num_rows, problems.num_rows) == (10_324, 0)
    assert pc.sum(rows["line_amount"]).as_py() == Decimal("1627584457.29")
    absent = {c: _counts(rows, f"{c}_absent_code") for c in ("quote_id", "quote_sent_date", "order_sent_date")}
    assert absent == {
        "quote_id": {None: 7_643, "pre_quote": 2_681},
        "quote_sent_date": {None: 7_643, "pre_quote": 2_476, "not_captured": 205},
        "order_sent_date": {None: 4_592, "from_stock": 5_404, "not_captured": 328},
    }
    assert _counts(rows, "incoterm_code_absent_code") == {None: 4_920, "from_stock": 5_404}
    assert _counts(rows, "weight_quantity_absent_code") == {
        None: 6_372, "in_other_shipment": 2_445, "captured_separately": 1_507,
    }  # fmt: skip
    assert _counts(rows, "freight_amount_absent_code") == {
        None: 6_198, "in_other_shipment": 2_445, "included_in_price": 1_442, "invoiced_separately": 239,
    }  # fmt: skip
    notes = rows["cost_note"]
    assert len(notes) - notes.null_count == 2_445
    assert len(set(rows["destination_country_code"].to_pylist())) == 43
    assert {"CD", "CI", "SZ"} <= set(rows["destination_country_code"].to_pylist())
    assert any("Grønland" in (site or "") for site in rows["manufacturing_site_name"].to_pylist())
