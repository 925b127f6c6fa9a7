"""One dirty table on each engine of Great Expectations, and its own verdict on it: counts and failing rows."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
import sqlalchemy as sa
from great_expectations.execution_engine import PandasExecutionEngine, SparkDFExecutionEngine, SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.validator import Validator

from tests.conftest import url_of

SPARK = pytest.param(
    "spark",
    marks=[
        pytest.mark.spark,
        pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed: run `make spark`"),
    ],
)
ENGINES = ["pandas", "postgresql", SPARK]
TABLE = "work.engines"
TYPES = {
    "row_id": "integer", "journal_id": "text", "currency": "text", "debit": "numeric(18,2)", "credit": "numeric(18,2)",
    "signed": "numeric(18,2)", "net": "numeric(18,2)", "tax": "numeric(18,2)", "gross": "numeric(18,2)",
    "header": "numeric(18,2)", "lines": "integer", "quantity": "numeric(14,0)", "price": "numeric(14,4)",
    "value": "numeric(18,2)", "net_float": "double precision", "tax_float": "double precision",
    "gross_float": "double precision", "employee": "text", "kind": "text", "bank": "text", "number": "integer",
    "day": "date", "opening": "numeric(18,2)", "closing": "numeric(18,2)", "document": "text", "paid": "numeric(18,2)",
    "entered": "date", "account": "text",
}  # fmt: skip
FLOATS = {"net": "net_float", "tax": "tax_float", "gross": "gross_float"}


def dirty_rows(count: int = 240, seed: int = 4) -> list[dict[str, Any]]:
    """Journals of one to six lines in two currencies, about one in five broken, gaps in every column but the id."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        rows += _journal(rng, f"J{len(rows)}", len(rows))
    _statements(random.Random(seed), rows)
    rows[7]["journal_id"], rows[11]["currency"], rows[15]["employee"] = None, None, None
    return rows


def _statements(rng: random.Random, rows: list[dict[str, Any]]) -> None:
    """Each journal becomes a statement of one of three banks as well, about one in five of them broken."""
    last: dict[str, tuple[int, date, Decimal]] = {b: (0, date(2025, 10, 1), Decimal(0)) for b in ("B1", "B2", "B3")}
    for _, group in itertools.groupby(rows, lambda r: r["journal_id"]):
        lines = list(group)
        bank = rng.choice(sorted(last))
        number, day, opening = last[bank]
        later = day + timedelta(days=rng.randint(1, 12))
        number = 1 if later.year > day.year else number + (2 if rng.random() < 0.1 else 1)
        opening += Decimal("0.01") if rng.random() < 0.1 else 0
        closing = opening + sum((r["signed"] or Decimal(0) for r in lines), Decimal(0))
        last[bank] = number, later, closing
        odd = rng.random()
        for at, row in enumerate(lines):
            row |= {
                "bank": bank, "number": number, "day": later, "opening": opening,
                "closing": closing + (Decimal("0.01") if odd < 0.1 or (odd < 0.15 and not at) else 0),
                "document": rng.choice(["RE-{}", "{:04}", "re {:05}/a", "{}A", "INV{:03}"]).format(rng.randint(1, 9)),
                "paid": Decimal(rng.choice(["0", "0.01", "500", "1000", "1000", "1000.01", "-2000"])),
                "entered": None if rng.random() < 0.05 else later + timedelta(days=rng.randint(-9, 40)),
                "account": rng.choice(["1000", "1400", "8400"] * 6 + ["9999", "0800"]),
            }  # fmt: skip
        if 0.15 < odd < 0.2:
            lines[0]["opening"] = None
        if 0.2 < odd < 0.23:
            lines[0]["number"] = None


def _journal(rng: random.Random, journal: str, start: int) -> list[dict[str, Any]]:
    size = rng.randint(1, 6)
    amounts = [Decimal(rng.randint(-99999, 99999)) / 100 for _ in range(size - 1)]
    amounts.append(-sum(amounts, Decimal(0)))
    if rng.random() < 0.2:
        amounts[0] += Decimal("0.01")
    nets = [Decimal(rng.randint(1, 9999)) / 100 for _ in range(size)]
    header, lines = sum(nets, Decimal(0)), size
    wrong = rng.random()
    rows = []
    for number, (signed, net) in enumerate(zip(amounts, nets, strict=True)):
        tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
        gross = net + tax + (Decimal("0.01") if rng.random() < 0.2 else 0)
        quantity, price = Decimal(rng.randint(1, 4000)), Decimal(rng.randint(1, 500)) / 10000
        value = (quantity * price).quantize(Decimal("0.01")) + (Decimal(60) if rng.random() < 0.2 else 0)
        row = {
            "row_id": start + number, "journal_id": journal, "currency": rng.choice(["EUR"] * 9 + ["GBP"]),
            "debit": signed if signed > 0 else None, "credit": -signed if signed < 0 else None,
            "signed": None if rng.random() < 0.02 else signed, "net": None if rng.random() < 0.05 else net,
            "tax": None if rng.random() < 0.05 else tax, "gross": gross,
            "header": header + (Decimal("0.01") if wrong < 0.1 or (wrong < 0.15 and not number) else 0),
            "lines": lines + (wrong > 0.9), "quantity": quantity, "price": price, "value": value,
            "employee": f"E{rng.randint(1, 40)}", "kind": rng.choice(["a", "b"]),
        }  # fmt: skip
        if 0.15 < wrong < 0.2 and not number:
            row["header"] = None
        rows.append({**row, **{f: None if row[c] is None else float(row[c]) for c, f in FLOATS.items()}})
    return rows


def postgres_table(url: str, rows: list[dict[str, Any]]) -> sa.Engine:
    """The rows in a plain table with numeric columns."""
    engine = sa.create_engine(url)
    columns = ", ".join(f"{n} {t}" for n, t in TYPES.items())
    with engine.begin() as conn:
        conn.exec_driver_sql(f"drop table if exists {TABLE}")
        conn.exec_driver_sql(f"create table {TABLE} ({columns})")
        if rows:
            names = ", ".join(f":{n}" for n in TYPES)
            conn.execute(sa.text(f"insert into {TABLE} values ({names})"), rows)
    return engine


def spark_session() -> Any:
    """One small session per test run; starting it costs seconds."""
    from pyspark.sql import SparkSession

    options = {
        "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1", "spark.driver.memory": "512m", "spark.sql.session.timeZone": "UTC",
    }  # fmt: skip
    builder = SparkSession.builder.master("local[1]").appName("kontor-tests")
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def spark_frame(rows: list[dict[str, Any]]) -> Any:
    """The rows in a Spark frame with the same types."""
    ddl = ", ".join(f"{n} {_SPARK.get(t, t.replace('numeric', 'decimal'))}" for n, t in TYPES.items())
    return spark_session().createDataFrame([tuple(r[n] for n in TYPES) for r in rows], ddl)


_SPARK = {"integer": "int", "text": "string", "double precision": "double"}


class Judged:
    """Asks Great Expectations itself about the table, on one engine."""

    def __init__(self, name: str, rows: list[dict[str, Any]], url: str) -> None:
        self.name = name
        if name == "pandas":
            self._engine: Any = PandasExecutionEngine()
            data: Any = pd.DataFrame(rows, columns=list(TYPES)).astype(dict.fromkeys(FLOATS.values(), "float64"))
        elif name == "postgresql":
            self._engine = SqlAlchemyExecutionEngine(engine=postgres_table(url, rows))
            schema, _, table = TABLE.partition(".")
            data = SqlAlchemyBatchData(self._engine, schema_name=schema, table_name=table)
        else:
            self._engine = SparkDFExecutionEngine(persist=False)
            data = spark_frame(rows)
        self._engine.load_batch_data("table", data)
        gx.get_context(mode="ephemeral")
        self._validator = Validator(execution_engine=self._engine)

    def result(self, expectation: Expectation, result_format: str = "COMPLETE") -> dict[str, Any]:
        """Its validation result; not as JSON, for which Great Expectations walks the stack once per decimal number."""
        wanted = {"result_format": result_format, "unexpected_index_column_names": ["row_id"]}
        if self.name != "pandas" and result_format == "COMPLETE":
            wanted["partial_unexpected_count"] = 10_000
        (outcome,) = self._validator.graph_validate(
            configurations=[expectation.configuration], runtime_configuration={"result_format": wanted}
        )
        return {"success": outcome.success, "result": outcome.result, "exception_info": outcome.exception_info}

    def failing(self, expectation: Expectation) -> list[int]:
        """Ids of the failing rows; their number must be the count."""
        outcome = self.result(expectation)
        assert not raised(outcome), outcome["exception_info"]
        found = outcome["result"]
        rows = sorted(r["row_id"] for r in found.get("unexpected_index_list") or [])
        assert len(rows) == found["unexpected_count"], found
        assert outcome["success"] is (not rows)
        return rows

    def close(self) -> None:
        if self.name == "postgresql":
            self._engine.engine.dispose()


def raised(outcome: dict[str, Any]) -> str:
    """What Great Expectations raised; empty when nothing."""
    info = outcome["exception_info"]
    infos = [info] if "raised_exception" in info else list(info.values())
    return " ".join(str(i["exception_message"]) for i in infos if i["raised_exception"])


def judged_on(rows: list[dict[str, Any]]) -> Any:
    """A fixture for a module: these rows on one engine after another."""

    @pytest.fixture(scope="module", params=ENGINES)
    def judged(request: pytest.FixtureRequest) -> Iterator[Judged]:
        url = ""
        if request.param == "postgresql":
            settings, database = (request.getfixturevalue(f) for f in ("server_settings", "database"))
            url = url_of(settings, database, "owner")
        engine = Judged(request.param, rows, url)
        yield engine
        engine.close()

    return judged
