"""Shipment lines of a French distributor: one row per item of a delivery (`shipments.shipments`).

Twenty-three columns: line, project, order, country, fulfilment (Stock, Direct), Incoterm (direct ones only), means of
transport, order, promised and delivered day, product group, supplier, item, pack size, packs, amount, price of a pack
and of a unit, currency, first line of its shipment (oui, non), weight, freight, insurance.
"""

from __future__ import annotations

import numpy as np

from pipelines.contract import read_contract
from pipelines.settings import ROOT
from tests.bench.generate import names
from tests.bench.generate.cells import NONE, Columns, Style
from tests.bench.generate.kind import At, Kind

ITEMS = (
    "Paracétamol 500 mg",
    "Gants d'examen",
    "Seringue 5 ml",
    'Test "rapide"',
    "Compresses, stériles",
    "Masque FFP2",
)
COUNTRIES = ("FR", "MA", "SN", "CI", "TN", "CM")


def _good(rng: np.random.Generator, numbers: At) -> Columns:
    rows = len(numbers)
    price, packs = names.skewed(rng, 50, 90_000, rows), names.skewed(rng, 1, 5_000, rows)
    size = names.pick(rng, (1, 10, 30, 100), rows).astype(np.int64)
    amount = price * packs
    direct = rng.random(rows) < 0.6
    ordered = names.days(rng, "2025-10-01", 365, rows)
    due = ordered + rng.integers(7, 60, rows)
    return {
        "shipment_line_id": names.numbered("L", numbers, 8),
        "project_code": names.numbered("P", numbers % 97, 3),
        "order_id": names.numbered("BC-", numbers // 5, 7),
        "destination_country_code": names.pick(rng, COUNTRIES, rows),
        "fulfilment_code": np.where(direct, "direct", "from_stock").astype(object),
        "incoterm_code": np.where(direct, names.pick(rng, ("EXW", "FCA", "CIP", "DDP"), rows), None),
        "transport_mode_code": names.pick(rng, ("air", "air_charter", "truck", "ocean"), rows),
        "order_sent_date": names.blank(rng, ordered, 0.05),
        "promised_date": due,
        "delivered_date": due + rng.integers(-5, 10, rows),
        "product_group_code": names.pick(rng, ("MED", "LAB", "EPI"), rows),
        "supplier_name": names.companies(rng, rows),
        "item_name": names.pick(rng, ITEMS, rows),
        "pack_size_quantity": size,
        "line_quantity": packs * 10_000,  # four decimals
        "line_amount": amount,
        "pack_price_amount": price,
        "unit_price_amount": price * 100 // size,
        "currency_code": names.pick(rng, ("EUR", "MAD", "XOF"), rows, (0.9, 0.05, 0.05)),
        "is_first_line": np.where(numbers % 5 == 0, True, False).astype(object),
        "weight_quantity": names.blank(rng, names.skewed(rng, 200, 900_000, rows), 0.1),
        "freight_amount": names.blank(rng, amount // 20, 0.2),
        "insurance_amount": amount // 600,
    }


def _stock_with_term(rows: Columns, at: At) -> None:
    rows["fulfilment_code"][at], rows["incoterm_code"][at] = "from_stock", "EXW"


def _direct_without_term(rows: Columns, at: At) -> None:
    rows["fulfilment_code"][at], rows["incoterm_code"][at] = "direct", None


def _delivered_before_order(rows: Columns, at: At) -> None:
    rows["order_sent_date"][at] = rows["delivered_date"][at] + 1


def _no_packs(rows: Columns, at: At) -> None:
    rows["line_quantity"][at] = rows["line_amount"][at] = 0


def _negative(rows: Columns, at: At) -> None:
    rows["line_amount"][at] = -100
    rows["pack_price_amount"][at] = rows["unit_price_amount"][at] = rows["insurance_amount"][at] = NONE


SHIPMENT = Kind(
    name="shipment",
    client="bench_shipment",
    contract=read_contract(ROOT / "pipelines" / "contracts" / "shipments" / "shipments.odcs.yaml"),
    place="expeditions",
    profile="""client: bench_shipment
name: Distribution Châteauvert SA
locale: fr_FR
time_zone: Europe/Paris
calendar: FR
feeds:
  shipments.shipments:
    files: 'expeditions\\.(csv|xlsx)'
    format: {format}
    max_rejects: {{pct: 60}}
    columns:
      shipment_line_id:          {{from: N° ligne}}
      project_code:              {{from: Projet}}
      order_id:                  {{from: Commande}}
      destination_country_code:  {{from: Pays}}
      fulfilment_code:           {{from: Mode, codes: {{Stock: from_stock, Direct: direct}}}}
      incoterm_code:             {{from: Incoterm}}
      transport_mode_code:
        from: Transport
        codes: {{Aérien: air, Affrété: air_charter, Route: truck, Mer: ocean}}
      order_sent_date:           {{from: Commandé le, formats: ['%d/%m/%Y', '%Y-%m-%d']}}
      promised_date:             {{from: Prévu le, formats: ['%d/%m/%Y', '%Y-%m-%d']}}
      delivered_date:            {{from: Livré le, formats: ['%d/%m/%Y', '%Y-%m-%d']}}
      product_group_code:        {{from: Groupe}}
      supplier_name:             {{from: Fournisseur}}
      item_name:                 {{from: Désignation}}
      pack_size_quantity:        {{from: Unités par boîte}}
      line_quantity:             {{from: Boîtes}}
      line_amount:               {{from: Montant}}
      pack_price_amount:         {{from: Prix boîte}}
      unit_price_amount:         {{from: Prix unité}}
      currency_code:             {{from: Devise}}
      is_first_line:             {{from: Première ligne}}
      weight_quantity:           {{from: Poids (kg)}}
      freight_amount:            {{from: Fret}}
      insurance_amount:          {{from: Assurance}}
""",
    headers={
        "shipment_line_id": "N° ligne", "project_code": "Projet", "order_id": "Commande",
        "destination_country_code": "Pays", "fulfilment_code": "Mode", "incoterm_code": "Incoterm",
        "transport_mode_code": "Transport", "order_sent_date": "Commandé le", "promised_date": "Prévu le",
        "delivered_date": "Livré le", "product_group_code": "Groupe", "supplier_name": "Fournisseur",
        "item_name": "Désignation", "pack_size_quantity": "Unités par boîte", "line_quantity": "Boîtes",
        "line_amount": "Montant", "pack_price_amount": "Prix boîte", "unit_price_amount": "Prix unité",
        "currency_code": "Devise", "is_first_line": "Première ligne", "weight_quantity": "Poids (kg)",
        "freight_amount": "Fret", "insurance_amount": "Assurance",
    },
    style=Style(
        delimiter="\t", dates=("%d/%m/%Y", "%Y-%m-%d"), decimal=",", group="\u202f", other_group="\u00a0",
    ),
    good=_good,
    breaks={
        "quantity_is_positive": _no_packs,
        "amount_not_negative": _negative,
        "quantity_times_price_gives_amount": names.moved("line_amount", "line_amount", 10_000),
        "unit_price_not_above_pack_price": lambda rows, at: names.put(
            "unit_price_amount", rows["pack_price_amount"][at] * 100 + 1
        )(rows, at),
        "delivered_not_before_order": _delivered_before_order,
        "delivered_date_in_range": names.put("delivered_date", np.datetime64("2062-01-31")),
        "promised_date_in_range": names.put("promised_date", np.datetime64("1926-03-01")),
        "stock_has_no_incoterm": _stock_with_term,
        "direct_has_incoterm": _direct_without_term,
        "freight_not_negative": names.put("freight_amount", -1),
        "insurance_not_negative": names.put("insurance_amount", -1),
        "insurance_not_above_amount": names.moved("insurance_amount", "line_amount", 1),
        "weight_not_negative": names.put("weight_quantity", -1),
    },
    change=names.put("project_code", "P998"),
    codes={
        "fulfilment_code": {"from_stock": "Stock", "direct": "Direct"},
        "transport_mode_code": {"air": "Aérien", "air_charter": "Affrété", "truck": "Route", "ocean": "Mer"},
        "is_first_line": {True: "oui", False: "non"},
    },
    cased=("destination_country_code", "currency_code", "incoterm_code"),
)  # fmt: skip
