"""The rows of the agreement test: a feed with a column of every type, and seeded dirt for it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.contract import Contract
from tests.unit.validate.conftest import column, contract, money

Row = dict[str, Any]

MANY: Contract = contract(
    "tests.many",
    column("row_id", semantic="identifier", required=True, key=True),
    column("words"),
    column("other_words"),
    column("code"),
    column("json_words"),
    column("stamp_words"),
    column("day_words"),
    money("net"),
    money("tax"),
    money("gross"),
    column("currency_code", semantic="currency"),
    column("long_amount", "numeric(30,4)", "quantity"),
    column("units", "numeric(14,0)", "quantity"),
    column("price", "numeric(14,2)", "rate"),
    column("head_count", "integer", "integer"),
    column("big_count", "bigint", "integer"),
    column("flag", "boolean", "boolean"),
    column("other_flag", "boolean", "boolean"),
    column("day", "date", "date"),
    column("until", "date", "date"),
    column("moment", "timestamptz", "timestamp"),
    column("later", "timestamptz", "timestamp"),
    column("no_words"),
    column("no_amount", "numeric(18,2)", "quantity"),
    column("no_day", "date", "date"),
    column("no_flag", "boolean", "boolean"),
)
ADDRESS = [("_row_number", pa.int64()), ("_row_part", pa.int32())]
SCHEMA = pa.schema([*ADDRESS, *MANY.arrow_schema])

WORDS = (
    "", " ", "Müller", "mueller", "Ⅷ Straße", "e\u0301té", "été", "日本語", "😀 ok", "A1", "A12", "B7", "nan", "NaN",
    "None", "NULL", "NA", "<NA>", "inf", "0",
    "x" * 40, "tab\there", "a'b\"c", "100%", "(x)", "\u00a0", "İ", "ß",
)  # fmt: skip
GOOD_STAMPS = ("2026-03-01", "2024-02-29", "0001-01-01", "2026-3-1")
BAD_STAMPS = ("2026-02-30", "01.03.2026", "2026-03-01 ", "", "2026-13-01", "nan")
GOOD_DAYS = ("2026-03-01", "1 March 2026", "03/04/2026", "2026-03-01T10:00:00Z", "10:30", "20260301")
BAD_DAYS = ("no date", "32 March 2026", "2026-13-45", "", "9" * 30, "nan")
GOOD_JSON = ('{"id": 1}', '{"id": 7, "more": [1, 2]}', '{"id": 0}')
OTHER_JSON = ('{"id": "x"}', "{}", "[]", "1", "null", '"text"')  # JSON, but not of the schema
BAD_JSON = ("{", "nan,", "", "{'id': 1}", "id")
LONG_AMOUNTS = ("1000000.5000", "1000000.5001", "-1000000.5000", "12345678901234567.8901")
BIG = 2**53
"""The next whole number is not a float any more."""
JSON_SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def dirty(rows: int, seed: int = 11) -> list[Row]:
    """Seeded rows: gaps in every column, repeated values, amounts on the bounds, text of every kind."""
    draw = random.Random(seed)
    return [_row(draw, i) for i in range(rows)]


def _row(draw: random.Random, number: int) -> Row:
    def maybe(v: Any) -> Any:
        return None if draw.random() < 0.12 else v

    def amount() -> Decimal:
        bounds = ("0.10", "0.09", "99.99", "100.00", "10.10", "0.00", "-0.01", "5.00")
        return Decimal(draw.choice(bounds)) if draw.random() < 0.5 else Decimal(draw.randrange(-500, 12000)).scaleb(-2)

    def a_day() -> date:
        odd = (date(1066, 10, 14), date(9999, 12, 31), date(2999, 12, 31))
        return draw.choice(odd) if draw.random() < 0.04 else date(2026, draw.randrange(1, 4), draw.choice((1, 15, 28)))

    net, tax = amount(), Decimal("1.90")
    words, day = draw.choice(WORDS), a_day()
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(microseconds=draw.choice((-1, 0, 1, 3_600_000_000)))
    return {
        "row_id": str(number),
        "words": maybe(words),
        "other_words": maybe(draw.choice((words, words, draw.choice(WORDS)))),
        "code": maybe(draw.choice("abc")),
        "json_words": maybe(draw.choice(GOOD_JSON + OTHER_JSON + BAD_JSON)),
        "stamp_words": maybe(draw.choice(GOOD_STAMPS + BAD_STAMPS)),
        "day_words": maybe(draw.choice(GOOD_DAYS + BAD_DAYS)),
        "net": maybe(net),
        "tax": maybe(draw.choice((tax, tax, net))),
        "gross": maybe(draw.choice((net + tax, net + tax, net + tax + Decimal("0.01"), net, net - tax))),
        "currency_code": maybe(draw.choice(("EUR", "GBP"))),
        "long_amount": maybe(Decimal(draw.choice(LONG_AMOUNTS))),
        "units": maybe(Decimal(draw.randrange(1, 8))),
        "price": maybe(Decimal(draw.randrange(50, 2000)).scaleb(-2)),
        "head_count": maybe(draw.randrange(-1, 4)),
        "big_count": maybe(draw.choice((0, 1, BIG, BIG + 1, BIG - 1, -BIG - 1))),
        "flag": maybe(draw.random() < 0.5),
        "other_flag": maybe(draw.random() < 0.5),
        "day": maybe(day),
        "until": maybe(draw.choice((day, a_day()))),
        "moment": maybe(moment),
        "later": maybe(moment + timedelta(microseconds=draw.choice((-1, 0, 1)))),
        "no_words": None,
        "no_amount": None,
        "no_day": None,
        "no_flag": None,
    }  # fmt: skip


def batch(rows: Sequence[Row], start: int = 0) -> pa.RecordBatch:
    """Rows as cleaning hands them on; the row number is the position."""
    return pa.RecordBatch.from_pylist(
        [{"_row_number": n, "_row_part": 0, **row} for n, row in enumerate(rows, start)], schema=SCHEMA
    )
