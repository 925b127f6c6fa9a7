"""The profiles of the real clients against the files that lie in the real landing folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.clean.plan import check_source
from pipelines.extract.discover import find_files, lookup_files, match, unmatched
from pipelines.settings import ROOT, Settings

pytestmark = pytest.mark.real

CLIENTS = ROOT / "tests" / "real" / "clients"

MATCHED = {
    "adventureworks": {
        "customers/DimReseller.csv": [("clients.customers", "resellers")],
        "customers/Store.csv": [("clients.customers", "stores")],
        "finance/DimAccount.csv": [("ledgers.accounts", "main")],
        "finance/DimOrganization.csv": [("ledgers.entities", "main")],
        "finance/FactCurrencyRate.csv": [("ledgers.exchange_rates", "average"), ("ledgers.exchange_rates", "closing")],
        "finance/FactFinance.csv": [("ledgers.budgets", "main")],
        "hr/Employee.csv": [("people.employees", "main")],
        "hr/EmployeePayHistory.csv": [("payroll.pay_rates", "main")],
        "purchasing/PurchaseOrderDetail.csv": [
            ("shipments.purchase_order_lines", "main"),
            ("shipments.goods_receipts", "main"),
        ],
        "purchasing/PurchaseOrderHeader.csv": [("shipments.purchase_orders", "main")],
        "purchasing/ShipMethod.csv": [("shipments.carriers", "main"), ("shipments.freight_tariffs", "main")],
        "purchasing/Vendor.csv": [("shipments.suppliers", "main")],
        "stock/Product.csv": [("shipments.products", "main")],
        "stock/ProductInventory.csv": [("shipments.stock", "main")],
    },
    "febrl": {
        "dataset1.csv": [("clients.customers", "dataset1")],
        "dataset2.csv": [("clients.customers", "dataset2")],
    },
    "gla": {"spend.csv": [("ledgers.spend", "main")]},
    "northwind": {
        "order_details.csv": [("shipments.order_lines", "main"), ("shipments.shipments", "main")],
        "orders.csv": [("shipments.orders", "main")],
        "products.csv": [("shipments.products", "main"), ("shipments.stock", "main")],
        "shippers.csv": [("shipments.carriers", "main")],
        "suppliers.csv": [("shipments.suppliers", "main")],
    },
    "scms": {"SCMS_Delivery_History_Dataset.csv": [("shipments.shipments", "main")]},
}
LOOKUPS = {
    "adventureworks": {
        "customers/DimGeography.csv",
        "finance/DimCurrency.csv",
        "finance/DimOrganization.csv",
        "hr/Department.csv",
        "hr/EmployeeDepartmentHistory.csv",
        "purchasing/ProductVendor.csv",
        "purchasing/PurchaseOrderHeader.csv",
        "stock/Product.csv",
        "stock/ProductSubcategory.csv",
    },
    "febrl": set[str](),
    "gla": set[str](),
    "northwind": {"orders.csv", "products.csv"},
    "scms": set[str](),
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    home = tmp_path_factory.mktemp("home")
    return load_catalog(Settings(home, home / "landing", (CLIENTS,), None))


def test_every_profile_is_for_a_client_of_the_landing_folder(real_root: Path, catalog: Catalog) -> None:
    folders = {p.name for p in (real_root / "landing").iterdir() if p.is_dir()}
    assert set(catalog.profiles) == set(MATCHED) == folders


def test_every_column_map_can_be_compiled(catalog: Catalog) -> None:
    for ref in catalog.sources():
        check_source(ref, catalog.contracts[ref.feed])


@pytest.mark.parametrize("client", sorted(MATCHED))
def test_every_file_is_matched_or_a_lookup_or_unmatched(real_root: Path, catalog: Catalog, client: str) -> None:
    profile = catalog.profiles[client]
    found = find_files(real_root / "landing", client)
    matches = match(found, profile.sources)
    claimed: dict[str, list[tuple[str, str]]] = {}
    for hit in matches:
        assert hit.error is None
        claimed.setdefault(hit.found.rel, []).append((hit.ref.feed, hit.ref.name))
    assert claimed == MATCHED[client]
    tables = [
        t for ref in profile.sources for files in lookup_files(profile, ref.source, found).values() for t in files
    ]
    assert {t.rel for t in tables} == LOOKUPS[client]
    notes = {f.rel for f in found if f.rel.endswith("PROVENANCE.txt")}
    rest = {f.rel for f in found} - set(MATCHED[client]) - LOOKUPS[client] - notes
    assert {f.rel for f in unmatched(found, matches, profile)} == rest
    # What nobody has mapped yet: the night must show it.
    assert bool(rest) == (client in ("adventureworks", "northwind"))
