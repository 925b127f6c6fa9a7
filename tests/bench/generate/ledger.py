"""Open items of a German ledger: one row per supplier's invoice (`ledgers.payables`).

Columns: Kreditor, Name, Belegnr, Belegdatum, Fällig, Ausgleich (settled), Netto, USt, Brutto, Offen, Währung, Status
(O open, A settled), Bestellung. One row in thirty is a credit note, with a minus behind its amounts.
"""

from __future__ import annotations

import numpy as np

from pipelines.contract import read_contract
from pipelines.settings import ROOT
from tests.bench.generate import names
from tests.bench.generate.cells import NONE, Columns, Style
from tests.bench.generate.kind import At, Kind


def _good(rng: np.random.Generator, numbers: At) -> Columns:
    rows = len(numbers)
    net = names.skewed(rng, 500, 9_500_000, rows)
    tax = (net * 19 + 50) // 100
    sign = np.where(rng.random(rows) < 1 / 30, -1, 1)
    gross = (net + tax) * sign
    is_open = rng.random(rows) < 0.4
    invoiced = names.days(rng, "2025-11-01", 365, rows)
    return {
        "supplier_id": names.numbered("7", numbers % 900, 5),
        "invoice_id": names.numbered("RE-", numbers, 8),
        "supplier_name": names.companies(rng, rows),
        "invoice_date": invoiced,
        "due_date": invoiced + names.pick(rng, (0, 14, 30, 60), rows).astype(np.int64),
        "settled_date": np.where(is_open, np.datetime64("NaT"), invoiced + rng.integers(0, 60, rows)),
        "net_amount": net * sign,
        "tax_amount": tax * sign,
        "gross_amount": gross,
        "open_amount": np.where(is_open, np.where(rng.random(rows) < 0.1, (gross + sign) // 2, gross), 0),
        "currency_code": names.pick(rng, ("EUR", "CHF", "GBP"), rows, (0.9, 0.05, 0.05)),
        "status_code": np.where(is_open, "open", "settled").astype(object),
        "purchase_order_id": names.blank(rng, names.numbered("B", rng.integers(0, 10**6, rows), 6), 0.3),
    }


def _settled_without_date(rows: Columns, at: At) -> None:
    rows["status_code"][at], rows["open_amount"][at] = "settled", 0
    rows["settled_date"][at] = np.datetime64("NaT")


def _open_with_date(rows: Columns, at: At) -> None:
    rows["status_code"][at], rows["open_amount"][at] = "open", rows["gross_amount"][at]
    rows["settled_date"][at] = rows["due_date"][at]


def _settled_owes(rows: Columns, at: At) -> None:
    rows["status_code"][at], rows["open_amount"][at] = "settled", rows["gross_amount"][at]
    rows["settled_date"][at] = rows["due_date"][at]


def _open_owes_nothing(rows: Columns, at: At) -> None:
    rows["status_code"][at], rows["open_amount"][at] = "open", 0
    rows["settled_date"][at] = np.datetime64("NaT")


def _changed(rows: Columns, at: At) -> None:
    """The clerk has found the order, or another one."""
    rows["purchase_order_id"][at] = "B999999"


def _due_too_early(rows: Columns, at: At) -> None:
    """An invoice: a credit note may keep the due date of what it corrects."""
    gross = np.abs(rows["gross_amount"][at])
    _amounts(rows, at, gross, gross)
    rows["due_date"][at] = rows["invoice_date"][at] - 1


def _more_open_than_gross(rows: Columns, at: At) -> None:
    gross = np.abs(rows["gross_amount"][at])
    _amounts(rows, at, gross, 2 * gross)


def _credit_above_gross(rows: Columns, at: At) -> None:
    gross = -np.abs(rows["gross_amount"][at])
    _amounts(rows, at, gross, 2 * gross)


def _amounts(rows: Columns, at: At, gross: At, owed: At) -> None:
    rows["net_amount"][at] = rows["tax_amount"][at] = NONE
    rows["gross_amount"][at], rows["open_amount"][at], rows["status_code"][at] = gross, owed, "open"
    rows["settled_date"][at] = np.datetime64("NaT")


LEDGER = Kind(
    name="ledger",
    client="bench_ledger",
    contract=read_contract(ROOT / "pipelines" / "contracts" / "ledgers" / "payables.odcs.yaml"),
    place="offene_posten",
    profile="""client: bench_ledger
name: Maschinenbau Nordtal GmbH
locale: de_DE
time_zone: Europe/Berlin
calendar: DE-HH
feeds:
  ledgers.payables:
    files: 'offene_posten\\.(csv|xlsx)'
    format: {format}
    max_rejects: {{pct: 60}}
    columns:
      supplier_id:        {{from: Kreditor}}
      invoice_id:         {{from: Belegnr}}
      supplier_name:      {{from: Name}}
      invoice_date:       {{from: Belegdatum, formats: ['%d.%m.%Y', '%Y-%m-%d']}}
      due_date:           {{from: Fällig, formats: ['%d.%m.%Y', '%Y-%m-%d']}}
      settled_date:       {{from: Ausgleich, formats: ['%d.%m.%Y', '%Y-%m-%d']}}
      net_amount:         {{from: Netto}}
      tax_amount:         {{from: USt}}
      gross_amount:       {{from: Brutto}}
      open_amount:        {{from: Offen}}
      currency_code:      {{from: Währung}}
      status_code:        {{from: Status, codes: {{O: open, A: settled}}}}
      purchase_order_id:  {{from: Bestellung}}
""",
    headers={
        "supplier_id": "Kreditor", "supplier_name": "Name", "invoice_id": "Belegnr", "invoice_date": "Belegdatum",
        "due_date": "Fällig", "settled_date": "Ausgleich", "net_amount": "Netto", "tax_amount": "USt",
        "gross_amount": "Brutto", "open_amount": "Offen", "currency_code": "Währung", "status_code": "Status",
        "purchase_order_id": "Bestellung",
    },
    style=Style(
        delimiter=";", dates=("%d.%m.%Y", "%Y-%m-%d"), encoding="cp1252", newline="\r\n", decimal=",", group=".",
        trailing_minus=True,
    ),
    good=_good,
    breaks={
        "net_and_tax_give_gross": names.moved("tax_amount", "tax_amount", 1),
        "due_not_before_invoice": _due_too_early,
        "invoice_date_in_range": names.put("invoice_date", np.datetime64("1926-03-01")),
        "settled_has_date": _settled_without_date,
        "open_has_no_date": _open_with_date,
        "settled_owes_nothing": _settled_owes,
        "open_owes_something": _open_owes_nothing,
        "open_not_above_gross": _more_open_than_gross,
        "credit_open_within_gross": _credit_above_gross,
    },
    change=_changed,
    codes={"status_code": {"open": "O", "settled": "A"}},
    cased=("currency_code",),
)  # fmt: skip
