"""Pay rates of a German payroll office: one row per employee and quarter (`payroll.pay_rates`).

Columns: Personalnr, gültig ab (day), Satz (an hour's pay, four decimals), Währung, Turnus (M, 2W, W), erfasst am (UTC).
"""

from __future__ import annotations

import numpy as np

from pipelines.contract import read_contract
from pipelines.settings import ROOT
from tests.bench.generate import names
from tests.bench.generate.cells import Columns, Style
from tests.bench.generate.kind import At, Kind


def _good(rng: np.random.Generator, numbers: At) -> Columns:
    rows = len(numbers)
    quarter = np.datetime64("2019-01", "M") + 3 * (numbers % 24)
    day = quarter.astype("M8[D]")
    keyed = day.astype("M8[s]") - rng.integers(3600, 30 * 86_400, rows)
    return {
        "employee_id": names.numbered("", 100_000 + numbers // 24, 7),
        "valid_from_date": day,
        "hourly_rate": names.skewed(rng, 130_000, 980_000, rows),
        "currency_code": names.pick(rng, ("EUR", "CHF", "PLN"), rows, (0.9, 0.05, 0.05)),
        "pay_frequency_code": names.pick(rng, ("monthly", "biweekly", "weekly"), rows),
        "changed_at": names.blank(rng, keyed, 0.1).astype("M8[us]"),
    }


RATES = Kind(
    name="payroll",
    client="bench_payroll",
    contract=read_contract(ROOT / "pipelines" / "contracts" / "payroll" / "pay_rates.odcs.yaml"),
    place="stundensaetze",
    profile="""client: bench_payroll
name: Lohnbüro Küstenfeld GmbH
locale: de_DE
time_zone: Europe/Berlin
calendar: DE-SH
feeds:
  payroll.pay_rates:
    files: 'stundensaetze\\.(csv|xlsx)'
    format: {format}
    time_zone: UTC
    max_rejects: {{pct: 60}}
    columns:
      employee_id:         {{from: Personalnr}}
      valid_from_date:     {{from: gültig ab, formats: ['%d.%m.%Y', '%Y-%m-%d']}}
      hourly_rate:         {{from: Satz}}
      currency_code:       {{from: Währung}}
      pay_frequency_code:  {{from: Turnus, codes: {{M: monthly, 2W: biweekly, W: weekly}}}}
      changed_at:          {{from: erfasst am, formats: ['%d.%m.%Y %H:%M:%S', '%Y-%m-%d %H:%M:%S']}}
""",
    headers={
        "employee_id": "Personalnr", "valid_from_date": "gültig ab", "hourly_rate": "Satz", "currency_code": "Währung",
        "pay_frequency_code": "Turnus", "changed_at": "erfasst am",
    },
    style=Style(delimiter=";", dates=("%d.%m.%Y", "%Y-%m-%d"), decimal=",", other_group="."),
    good=_good,
    breaks={
        "rate_is_positive": names.put("hourly_rate", 0),
        "valid_from_in_range": names.put("valid_from_date", np.datetime64("1926-03-01")),
        "employee_id_is_plain": names.put("employee_id", "siehe/ Akte"),
    },
    change=lambda rows, at: names.moved("hourly_rate", "hourly_rate", 2500)(rows, at),
    codes={"pay_frequency_code": {"monthly": "M", "biweekly": "2W", "weekly": "W"}},
    cased=("currency_code",),
)  # fmt: skip
