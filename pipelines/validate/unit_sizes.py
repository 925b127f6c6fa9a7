"""Quantities of products in units that differ, as SQL on the lists of products and of their units in core.

The same as `with_base_units` of the reporting layer (sql/macros/units.sql), for rules of the gate.
"""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from pipelines.catalog import Catalog

PRODUCTS, PRODUCT_UNITS = "shipments.products", "shipments.product_units"

STANDARD = {
    "count": {
        "C62": "1", "EA": "1", "H87": "1", "NMB": "1", "PR": "2", "DZN": "12", "CEN": "100", "GRO": "144",
        "MIL": "1000",
    },
    "mass": {
        "KGM": "1", "GRM": "0.001", "MGM": "0.000001", "TNE": "1000", "LBR": "0.45359237", "ONZ": "0.028349523125",
        "STN": "907.18474", "LTN": "1016.0469088", "CWA": "45.359237", "CWI": "50.80234544",
    },
    "length": {
        "MTR": "1", "KMT": "1000", "DMT": "0.1", "CMT": "0.01", "MMT": "0.001", "INH": "0.0254", "FOT": "0.3048",
        "YRD": "0.9144", "SMI": "1609.344",
    },
    "area": {"MTK": "1", "DMK": "0.01", "CMK": "0.0001", "MMK": "0.000001", "FTK": "0.09290304", "YDK": "0.83612736"},
    "volume": {
        "LTR": "1", "HLT": "100", "DLT": "0.1", "CLT": "0.01", "MLT": "0.001", "MTQ": "1000", "DMQ": "1",
        "CMQ": "0.001", "GLL": "3.785411784", "GLI": "4.54609",
    },
}  # fmt: skip
"""What a unit measures → code of UN/CEFACT Recommendation 20 → how many of the first unit of that measure it holds."""

_ROWS = ", ".join(f"('{code}', '{what}', {size})" for what, units in STANDARD.items() for code, size in units.items())


def sizes(catalog: Catalog, pairs: str) -> str:
    """SQL of `product, unit, size, measure` for each (product, unit) that the query `pairs` yields; '' = empty.

    A quantity times `size` is one in the base unit of the product, and quantities of one product may be compared where
    `measure` is the same. A unit that nothing converts is a measure of its own: cartons are compared with cartons only.
    A product that is not in the list counts in pieces, kilograms, metres…. Needs the parameter `client`.
    """
    products, units = catalog.contracts[PRODUCTS].table, catalog.contracts[PRODUCT_UNITS].table
    current = "where client_id = :client and _known_to is null"
    # a product that two sources or two periods name counts as the newest of them says
    return (
        "select product, unit, coalesce(size, 1) as size, case when size is null then unit else measure end as measure "
        "from (select a.product, a.unit, case when p.product_id is not null then 'base' when a.unit = '' then 'count' "
        "else s.measure end as measure, "
        "case when a.unit = '' or a.unit = p.base_unit_code then 1 when p.product_id is null then s.size "
        "when o.base_units is not null then o.base_units "
        "when a.unit = p.pack_unit_code then p.units_per_pack "
        "when s.measure = b.measure then s.size / b.size end as size "
        f"from ({pairs}) as a left join (select distinct on (product_id) product_id, pack_unit_code, units_per_pack, "
        f"coalesce(base_unit_code, 'C62') as base_unit_code from {products} {current} "
        "order by product_id, _period desc, _source) as p on p.product_id = a.product "
        f"left join (select distinct on (product_id, unit_code) product_id, unit_code, base_units from {units} "
        f"{current} order by product_id, unit_code, _period desc, _source) as o "
        "on (o.product_id, o.unit_code) = (a.product, a.unit) "
        f"left join (values {_ROWS}) as s (code, measure, size) on s.code = a.unit "
        f"left join (values {_ROWS}) as b (code, measure, size) on b.code = p.base_unit_code) as z"
    )
