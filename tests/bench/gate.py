"""The gate and its peers on the same rows: each job takes a clean file and counts the failing rows per rule.

Every job starts from the same Arrow file and pays for its way to pandas. The peers get the plain columns that the gate
uses, made by its own code (`views.frame`): the quickest way we know; `Table.to_pandas` makes objects of decimals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from pipelines.validate import views
from pipelines.validate.chunks import ChunkGate
from pipelines.validate.files import chunks
from pipelines.validate.suites import Rule, load_suite
from tests.bench import payroll
from tests.bench.payroll import COUNTRIES, CURRENCIES, PAYSLIPS

Counts = dict[str, int]
Job = Callable[[], tuple[int, Counts]]


def rules_of(path: Path) -> list[Rule]:
    """The suite, read as the product reads it."""
    return load_suite(payroll.write_suite(path.parent), PAYSLIPS)


def kontor_gate(path: Path) -> Job:
    """What the product does with the rows before they are copied: fates and reject lines, chunk by chunk."""
    rules = rules_of(path)

    def go() -> tuple[int, Counts]:
        gate = ChunkGate(PAYSLIPS, rules)
        found: Counter[str] = Counter()
        for clean, problems in chunks(path.parent, "clean.arrow", "problems.arrow"):
            for line in gate.judge(clean, problems).rejects.column("rule_id").value_counts().to_pylist():
                found[line["values"]] += line["counts"]
        return gate.received, dict(found)

    return go


def pandas_masks(path: Path) -> Job:
    """The same rules as one would write them by hand: a mask per rule and the failing rows of each.

    Chunk by chunk, like the gate: on one frame of a million rows it is slower, for the memory it touches.
    """

    def go() -> tuple[int, Counts]:
        found, rows = Counter[str](), 0
        for (clean,) in chunks(path.parent, "clean.arrow"):
            f = _frame(clean)
            failing = {name: f.loc[mask, ["_row_number", column]] for name, (column, mask) in _masks(f).items()}
            found.update({f"{payroll.FEED}.{name}": len(lines) for name, lines in failing.items() if len(lines)})
            rows += len(f)
        return rows, dict(found)

    return go


def _masks(f: pd.DataFrame) -> dict[str, tuple[str, pd.Series[bool]]]:
    def day(text: str) -> pd.Timestamp:
        return pd.Timestamp(text)

    def given(name: str) -> pd.Series[bool]:
        return f[name].notna()

    return {
        "employee": ("employee_id", ~f["employee_id"].str.contains(r"^E\d{6}$") & given("employee_id")),
        "name_length": ("employee_name", ~f["employee_name"].str.len().between(2, 60) & given("employee_name")),
        "iban": ("iban", ~f["iban"].str.contains(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$") & given("iban")),
        "country": ("country_code", ~f["country_code"].isin(COUNTRIES) & given("country_code")),
        "currency": ("currency_code", ~f["currency_code"].isin(CURRENCIES) & given("currency_code")),
        "cost_center": ("cost_center_id", ~f["cost_center_id"].str.contains(r"^CC-\d{4}$", na=True)),
        "period": ("period_end_date", f["period_end_date"] <= f["period_start_date"]),
        "paid_in_time": ("pay_date", f["pay_date"] < f["period_start_date"]),
        "pay_date": ("pay_date", (f["pay_date"] < day("2026-01-01")) | (f["pay_date"] > day("2026-12-31"))),
        "hired": ("hire_date", (f["hire_date"] < day("1970-01-01")) | (f["hire_date"] > day("2026-12-31"))),
        "left_after_hired": ("exit_date", f["exit_date"] < f["hire_date"]),
        "exit_of_leavers": ("exit_date", (f["status_code"] == "left") & f["exit_date"].isna()),
        "hours": ("contract_hours", (f["contract_hours"] < 0) | (f["contract_hours"] > 60)),
        "base": ("base_amount", (f["base_amount"] < 0) | (f["base_amount"] > 100_000)),
        "bonus": ("bonus_amount", (f["bonus_amount"] < 0) | (f["bonus_amount"] > 50_000)),
        "gross": ("gross_amount", f["base_amount.minor"] + f["bonus_amount.minor"] != f["gross_amount.minor"]),
        "net": (
            "gross_amount",
            f["net_amount.minor"] + f["tax_amount.minor"] + f["social_amount.minor"] != f["gross_amount.minor"],
        ),
        "tax": ("tax_amount", f["tax_amount"] < 0),
        "social": ("social_amount", f["social_amount"] < 0),
        "net_positive": ("net_amount", f["net_amount"] <= 0),
    }


def _frame(rows: pa.RecordBatch) -> pd.DataFrame:
    """Rows as one frame of plain types, with the row number and the minor units; no column that no rule needs."""
    needed = [name for name in PAYSLIPS.arrow_schema.names if name != "payslip_id"]
    return views.frame(rows, ["_row_number", *needed], [c.name for c in PAYSLIPS.money])


def gx_complete(path: Path) -> Job:
    """Great Expectations as its documentation has it: a validation definition, on the whole, that names the rows."""
    import great_expectations as gx

    rules = rules_of(path)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("payslips")
    suite = context.suites.add(gx.ExpectationSuite(name="payslips"))
    for rule in rules:
        suite.add_expectation(rule.expectation)
    whole = asset.add_batch_definition_whole_dataframe("all")
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="payslips", data=whole, suite=suite))
    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["_row_number"],
        "return_unexpected_index_query": False,  # costs minutes, and nobody asked for it
    }

    def go() -> tuple[int, Counts]:
        f = pd.concat([_frame(clean) for (clean,) in chunks(path.parent, "clean.arrow")], ignore_index=True)
        result = definition.run(batch_parameters={"dataframe": f}, result_format=wanted)
        found = {}
        for one in result.results:
            if one.exception_info.get("raised_exception"):
                raise RuntimeError(one.exception_info)
            rows = one.result["unexpected_index_list"] or []
            if len(rows) != one.result["unexpected_count"]:
                raise RuntimeError(f"{len(rows)} of {one.result['unexpected_count']} rows named")
            if rows:
                found[one.expectation_config.meta["kontor"]["id"]] = len(rows)
        return len(f), found

    return go


def kontor_validate(path: Path) -> Callable[[], dict[str, Any]]:
    """The whole step, database included."""
    from tests.bench import delivery

    return delivery.kontor_validate(path)
