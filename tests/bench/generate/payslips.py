"""Payslips of a British payroll system, for the bench's own feed (`tests/bench/payroll.py`: contract, twenty rules).

Twenty columns: payslip, employee, name, IBAN, country, currency, status, cost centre, five dates, hours, six amounts.
One row per payslip, the employee changes every twelve rows. It is sent as a snapshot again and again, so it has no
malformed records.
"""

from __future__ import annotations

import numpy as np

from tests.bench import payroll
from tests.bench.generate import names
from tests.bench.generate.cells import Columns, Style
from tests.bench.generate.kind import At, Kind

HEADERS = {c.name: c.name.replace("_", " ").title() for c in payroll.PAYSLIPS.columns}
_COLUMNS = "\n".join(
    f"      {c.name}: {{{{from: {HEADERS[c.name]}"
    + (", formats: ['%d/%m/%Y', '%d %b %Y']}}" if c.physical_type == "date" else "}}")
    for c in payroll.PAYSLIPS.columns
)


def _good(rng: np.random.Generator, numbers: At) -> Columns:
    columns = payroll.good(rng, numbers)
    columns["employee_name"] = names.sometimes(rng, columns["employee_name"], names.ODD_PEOPLE)
    return columns


PAYSLIPS = Kind(
    name="payslips",
    client="bench",
    contract=payroll.PAYSLIPS,
    place="payslips",
    profile=f"""client: bench
name: Bench Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  {payroll.FEED}:
    files: '.*\\.(csv|xlsx)'
    format: {{format}}
    max_rejects: {{{{pct: 60}}}}
    columns:
{_COLUMNS}
""",
    headers=HEADERS,
    style=Style(delimiter=",", dates=("%d/%m/%Y", "%d %b %Y"), other_group=","),
    good=_good,
    breaks={
        rule["meta"]["kontor"]["id"].removeprefix(f"{payroll.FEED}."): spoil
        for rule, spoil in zip(payroll.RULES, payroll.BREAKS, strict=True)
    },
    change=names.put("cost_center_id", "CC-9998"),
    cased=("employee_name", "country_code", "currency_code"),
    malformed=False,
)
