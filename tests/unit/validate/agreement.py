"""What the agreement test compares: every row rule a suite may hold, each with a scalar oracle.

An oracle says of one row whether it meets the rule: True, False, or None where the rule does not judge it. It is plain
Python on Decimal, date and text, and knows neither Great Expectations nor pandas. Texts that only a library can judge
(dates as dateutil reads them, JSON) are drawn from lists that say by themselves which ones are good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.unit.validate.agreement_rows import (
    BIG,
    GOOD_DAYS,
    GOOD_JSON,
    GOOD_STAMPS,
    JSON_SCHEMA,
    MANY,
    OTHER_JSON,
    Row,
)
from tests.unit.validate.conftest import where

Oracle = Callable[[Row], bool | None]


@dataclass(frozen=True)
class Case:
    """One rule of the suite, and its oracle."""

    name: str
    kind: str
    kwargs: dict[str, Any]
    oracle: Oracle

    def item(self) -> dict[str, Any]:
        """As it stands in a suite."""
        meta = {"id": f"{MANY.feed}.{self.name}", "message": {"en": self.name, "de": self.name}, "owner": "client"}
        return {"type": self.kind, "kwargs": self.kwargs, "severity": "critical", "meta": {"kontor": meta}}


# -- oracles --------------------------------------------------------------------------------------------


def value(name: str, test: Callable[[Any], bool]) -> Oracle:
    """A rule on one column: missing values are not judged."""
    return lambda row: None if row[name] is None else test(row[name])


def when(condition: Callable[[Row], bool], oracle: Oracle) -> Oracle:
    """A rule under a row condition."""
    return lambda row: oracle(row) if condition(row) else None


def together(names: Sequence[str], ignore: str, test: Callable[[list[Any]], bool]) -> Oracle:
    """A rule on several columns, with what is to become of missing values."""

    def judge(row: Row) -> bool | None:
        values = [row[n] for n in names]
        gaps = sum(v is None for v in values)
        if ignore in ("either_value_is_missing", "any_value_is_missing") and gaps:
            return None
        if ignore in ("both_values_are_missing", "all_values_are_missing") and gaps == len(values):
            return None
        return test(values)

    return judge


def _between(low: Any, high: Any, strict_low: bool = False, strict_high: bool = False) -> Callable[[Any], bool]:
    def test(v: Any) -> bool:
        above = low is None or (v > low if strict_low else v >= low)
        below = high is None or (v < high if strict_high else v <= high)
        return bool(above and below)

    return test


def _greater(values: list[Any], or_equal: bool = False) -> bool:
    a, b = values
    return a is not None and b is not None and bool(a > b or (or_equal and a == b))


def _equal(values: list[Any]) -> bool:
    return None not in values and values[0] == values[1]


def _all_equal(values: list[Any]) -> bool:
    """Missing everywhere is equal, missing in some is not."""
    return all(v == values[0] for v in values)


def _all_different(values: list[Any]) -> bool:
    """Two missing values are the same value."""
    return len(set(values)) == len(values)


# -- cases ----------------------------------------------------------------------------------------------

_BETWEEN = "expect_column_values_to_be_between"
_LENGTH = "expect_column_value_lengths_to_be_between"
_IN, _NOT_IN = "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set"
_NULL, _NOT_NULL = "expect_column_values_to_be_null", "expect_column_values_to_not_be_null"
_REGEX, _NO_REGEX = "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"
_REGEXES, _NO_REGEXES = f"{_REGEX}_list", f"{_NO_REGEX}_list"
_PAIR_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
_PAIR_EQUAL = "expect_column_pair_values_to_be_equal"
_PAIR_SET = "expect_column_pair_values_to_be_in_set"
_ALL_EQUAL = "expect_multicolumn_values_to_be_equal"
_ALL_DIFFERENT = "expect_select_column_values_to_be_unique_within_record"
PAIR_GAPS = ("both_values_are_missing", "either_value_is_missing", "neither")
LIST_GAPS = ("all_values_are_missing", "any_value_is_missing", "never")


def cases() -> list[Case]:
    """Every row-local map expectation with several sets of arguments, and our own."""
    return [*_bounds(), *_sets(), *_gaps(), *_texts(), *_pairs(), *_lists(), *_own(), *_conditions(), *_tolerances()]


def _bounds() -> list[Case]:
    at_noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    amounts: list[tuple[Any, Any, bool, bool]] = [
        (0.1, 99.99, False, False), (0.1, 99.99, True, True), (0.1, 99.99, True, False), (0.1, 99.99, False, True),
        (None, 10.1, False, False), (None, 10.1, False, True), (0, None, True, False), (-0.01, None, False, False),
    ]  # fmt: skip
    out = []
    for i, (low, high, strict_low, strict_high) in enumerate(amounts):
        kwargs = {"min_value": low, "max_value": high, "strict_min": strict_low, "strict_max": strict_high}
        exact = [None if bound is None else Decimal(str(bound)) for bound in (low, high)]
        test = _between(exact[0], exact[1], strict_low, strict_high)
        out.append(Case(f"net_{i}", _BETWEEN, {"column": "net", **kwargs}, value("net", test)))
    for name, low, high in (
        ("head_count", 0, 2), ("big_count", -BIG, BIG), ("long_amount", -1000000.5, 1000000.5), ("units", 5, 5),
    ):  # fmt: skip
        exact = [Decimal(str(low)), Decimal(str(high))]
        kwargs = {"column": name, "min_value": low, "max_value": high}
        out.append(Case(f"{name}_bound", _BETWEEN, kwargs, value(name, _between(*exact))))
    low_day, high_day = date(2026, 1, 15), date(2026, 3, 1)
    days = {"column": "day", "min_value": low_day.isoformat(), "max_value": high_day.isoformat()}
    out.append(Case("day_bound", _BETWEEN, days, value("day", _between(low_day, high_day))))
    strict = {**days, "strict_min": True, "strict_max": True}
    out.append(Case("day_strict", _BETWEEN, strict, value("day", _between(low_day, high_day, True, True))))
    far = {"column": "until", "max_value": "2999-12-31"}
    out.append(Case("day_far", _BETWEEN, far, value("until", _between(None, date(2999, 12, 31)))))
    moment = {"column": "moment", "min_value": "2026-03-01T12:00:00", "strict_min": True}
    out.append(Case("moment_bound", _BETWEEN, moment, value("moment", _between(at_noon, None, True))))
    zoned = {"column": "moment", "max_value": "2026-03-01T13:00:00+01:00"}
    out.append(Case("moment_zone", _BETWEEN, zoned, value("moment", _between(None, at_noon))))
    return out


def _sets() -> list[Case]:
    sets: list[tuple[str, list[Any], set[Any]]] = [
        ("words", ["Müller", "nan", "", "été"], {"Müller", "nan", "", "été"}),
        ("net", [0, 0.1, 10.1, 99.99], {Decimal(0), Decimal("0.1"), Decimal("10.1"), Decimal("99.99")}),
        ("head_count", [0, 2], {0, 2}),
        ("big_count", [0, BIG], {0, BIG}),
        ("flag", [True], {True}),
        ("day", ["2026-03-01", "2026-01-01"], {date(2026, 3, 1), date(2026, 1, 1)}),
        ("moment", ["2026-03-01T12:00:00"], {datetime(2026, 3, 1, 12, tzinfo=UTC)}),
    ]
    out = []
    for name, listed, wanted in sets:
        kwargs = {"column": name, "value_set": listed}
        out.append(Case(f"{name}_in", _IN, kwargs, value(name, lambda v, w=wanted: v in w)))
        out.append(Case(f"{name}_not_in", _NOT_IN, kwargs, value(name, lambda v, w=wanted: v not in w)))
    return out


def _gaps() -> list[Case]:
    """Rules about missing values judge every row."""
    names = ("words", "net", "flag", "day", "no_words", "row_id")
    out = []
    for name in names:
        out.append(Case(f"{name}_null", _NULL, {"column": name}, lambda row, n=name: row[n] is None))
        out.append(Case(f"{name}_not_null", _NOT_NULL, {"column": name}, lambda row, n=name: row[n] is not None))
    return out


def _texts() -> list[Case]:
    out = []
    for i, (low, high, strict_low, strict_high) in enumerate(
        [(1, 5, False, False), (1, 5, True, True), (None, 3, False, True), (2, None, False, False), (0, 6, True, False)]
    ):
        kwargs = {"min_value": low, "max_value": high, "strict_min": strict_low, "strict_max": strict_high}
        test = _between(low, high, strict_low, strict_high)
        out.append(
            Case(f"length_{i}", _LENGTH, {"column": "words", **kwargs}, value("words", lambda v, t=test: t(len(v))))
        )
    equals = "expect_column_value_lengths_to_equal"
    out.append(Case("length_is", equals, {"column": "words", "value": 3}, value("words", lambda v: len(v) == 3)))
    patterns = ("^[A-Z][0-9]+$", "ü", "^$", r"\s", "(?i)^m", "^(?!A)", r"^.{3}$", r"\(x\)")
    for i, pattern in enumerate(patterns):
        kwargs = {"column": "words", "regex": pattern}
        out.append(Case(f"regex_{i}", _REGEX, kwargs, value("words", lambda v, p=pattern: bool(re.search(p, v)))))
        out.append(Case(f"no_regex_{i}", _NO_REGEX, kwargs, value("words", lambda v, p=pattern: not re.search(p, v))))
    listed = {"column": "words", "regex_list": ["^[A-Z]", "[0-9]$"]}
    hits = [lambda v: bool(re.search("^[A-Z]", v)), lambda v: bool(re.search("[0-9]$", v))]
    out += [
        Case("regexes_any", _REGEXES, {**listed, "match_on": "any"}, value("words", lambda v: any(h(v) for h in hits))),
        Case("regexes_all", _REGEXES, {**listed, "match_on": "all"}, value("words", lambda v: all(h(v) for h in hits))),
        Case("no_regexes", _NO_REGEXES, listed, value("words", lambda v: not any(h(v) for h in hits))),
        Case("strftime", "expect_column_values_to_match_strftime_format",
             {"column": "stamp_words", "strftime_format": "%Y-%m-%d"},
             value("stamp_words", lambda v: v in GOOD_STAMPS)),
        Case("dateutil", "expect_column_values_to_be_dateutil_parseable", {"column": "day_words"},
             value("day_words", lambda v: v in GOOD_DAYS)),
        Case("json", "expect_column_values_to_be_json_parseable", {"column": "json_words"},
             value("json_words", lambda v: v in GOOD_JSON + OTHER_JSON)),
        Case("json_schema", "expect_column_values_to_match_json_schema",
             {"column": "json_words", "json_schema": JSON_SCHEMA}, value("json_words", lambda v: v in GOOD_JSON)),
    ]  # fmt: skip
    return out


def _pairs() -> list[Case]:
    out = []
    for gaps in PAIR_GAPS:
        for a, b in (("until", "day"), ("gross", "net"), ("head_count", "big_count"), ("later", "moment")):
            for or_equal in (False, True) if a == "until" else (gaps == "neither",):
                kwargs = {"column_A": a, "column_B": b, "or_equal": or_equal, "ignore_row_if": gaps}
                oracle = together([a, b], gaps, lambda v, e=or_equal: _greater(v, e))
                out.append(Case(f"{a}_above_{b}_{gaps}_{str(or_equal).lower()}", _PAIR_GREATER, kwargs, oracle))
        for a, b in (("words", "other_words"), ("net", "gross"), ("flag", "other_flag"), ("day", "until")):
            kwargs = {"column_A": a, "column_B": b, "ignore_row_if": gaps}
            out.append(Case(f"{a}_is_{b}_{gaps}", _PAIR_EQUAL, kwargs, together([a, b], gaps, _equal)))
        pairs: list[tuple[str, str, list[list[Any]], set[tuple[Any, Any]]]] = [
            ("code", "currency_code", [["a", "EUR"], ["b", "GBP"], ["a", None]],
             {("a", "EUR"), ("b", "GBP"), ("a", None)}),
            ("net", "head_count", [[0.1, 1], [10.1, 0]], {(Decimal("0.1"), 1), (Decimal("10.1"), 0)}),
            ("day", "code", [["2026-03-01", "a"], ["2026-01-01", "b"]],
             {(date(2026, 3, 1), "a"), (date(2026, 1, 1), "b")}),
        ]  # fmt: skip
        for a, b, listed, wanted in pairs:
            kwargs = {"column_A": a, "column_B": b, "value_pairs_set": listed, "ignore_row_if": gaps}
            oracle = together([a, b], gaps, lambda v, w=wanted: tuple(v) in w)
            out.append(Case(f"{a}_with_{b}_{gaps}", _PAIR_SET, kwargs, oracle))
    return out


def _lists() -> list[Case]:
    out = []
    for gaps in LIST_GAPS:
        for i, names in enumerate((["net", "tax", "gross"], ["words", "other_words"], ["flag", "other_flag"])):
            kwargs = {"column_list": names, "ignore_row_if": gaps}
            out.append(Case(f"equal_{i}_{gaps}", _ALL_EQUAL, kwargs, together(names, gaps, _all_equal)))
            out.append(Case(f"different_{i}_{gaps}", _ALL_DIFFERENT, kwargs, together(names, gaps, _all_different)))
    return out


def _own() -> list[Case]:
    names = ["net", "tax", "gross"]
    adds = together(names, "any_value_is_missing", lambda v: v[0] + v[1] == v[2])

    def product(v: list[Any]) -> bool:
        units, price, total = v
        allowed = abs(units) * Decimal("0.005") + Decimal("0.005") + abs(total) * Decimal("0.02")
        return abs(units * price - total) <= allowed

    factors = {"factors": ["units", "price"], "total": "gross", "tolerance_pct": 2}
    return [
        Case("adds_up", "expect_columns_to_add_up", {"columns": ["net", "tax"], "total": "gross"}, adds),
        Case("product", "expect_column_product_to_match", factors,
             together(["units", "price", "gross"], "any_value_is_missing", product)),
        Case("percentage", "expect_column_product_to_match",
             {"factors": ["net", "price"], "total": "tax", "per": 100.0, "price_step": 0.0, "tolerance_amount": 0.5},
             together(["net", "price", "tax"], "any_value_is_missing",
                      lambda v: abs(v[0] * v[1] / 100 - v[2]) <= Decimal("0.5"))),
        Case("adds_up_where", "expect_columns_to_add_up",
             {"columns": ["net", "tax"], "total": "gross", "row_condition": where("code", "==", "a")},
             when(lambda row: row["code"] == "a", adds)),
        Case("not_round", "expect_amounts_not_to_be_round", {"column": "net", "multiple": 5},
             value("net", lambda v: v == 0 or v % 5 != 0)),
        Case("not_round_count", "expect_amounts_not_to_be_round", {"column": "head_count", "multiple": 2},
             value("head_count", lambda v: v == 0 or v % 2 != 0)),
        Case("weekdays", "expect_dates_to_be_on_weekdays", {"column": "day"}, value("day", lambda v: v.weekday() < 5)),
        Case("days_between", "expect_days_between_to_be_at_most", {"column_A": "until", "column_B": "day", "days": 13},
             together(["until", "day"], "either_value_is_missing", lambda v: (v[0] - v[1]).days <= 13)),
        Case("days_after_moment", "expect_days_between_to_be_at_most",
             {"column_A": "until", "column_B": "moment", "days": -1},
             together(["until", "moment"], "either_value_is_missing", lambda v: v[0] < v[1].date())),
    ]  # fmt: skip


def _null_test(name: str, is_null: bool) -> dict[str, Any]:
    return {"type": "nullity", "column": {"name": name}, "is_null": is_null}


def _conditions() -> list[Case]:
    """`!=` and NOT_IN hold for a missing value, every other comparison does not."""
    day, at_noon = date(2026, 2, 1), datetime(2026, 3, 1, 12, tzinfo=UTC)
    conditions: list[tuple[dict[str, Any], Callable[[Row], bool]]] = [
        (where("code", "==", "a"), lambda r: r["code"] == "a"),
        (where("code", "!=", "a"), lambda r: r["code"] != "a"),
        (where("code", "IN", ["a", "b"]), lambda r: r["code"] in ("a", "b")),
        (where("code", "NOT_IN", ["a", "b"]), lambda r: r["code"] not in ("a", "b")),
        (where("net", ">", 0.1), lambda r: r["net"] is not None and r["net"] > Decimal("0.1")),
        (where("net", "<=", 10.1), lambda r: r["net"] is not None and r["net"] <= Decimal("10.1")),
        (where("head_count", "==", 1), lambda r: r["head_count"] == 1),
        (where("flag", "==", False), lambda r: r["flag"] is False),
        (where("day", ">=", "2026-02-01"), lambda r: r["day"] is not None and r["day"] >= day),
        (where("words", "==", "a'b\"c"), lambda r: r["words"] == "a'b\"c"),
        (where("moment", ">", "2026-03-01T13:00:00+01:00"),
         lambda r: r["moment"] is not None and r["moment"] > at_noon),
        (where("big_count", "==", BIG), lambda r: r["big_count"] == BIG),
        (_null_test("until", True), lambda r: r["until"] is None),
        (_null_test("words", False), lambda r: r["words"] is not None),
        ({"type": "and", "conditions": [where("code", "==", "a"), _null_test("day", False)]},
         lambda r: r["code"] == "a" and r["day"] is not None),
        ({"type": "or", "conditions": [where("code", "==", "b"), where("net", "<", 0)]},
         lambda r: r["code"] == "b" or (r["net"] is not None and r["net"] < 0)),
        ({"type": "or", "conditions": [
            {"type": "and", "conditions": [where("code", "==", "a"), where("head_count", ">=", 1)]},
            _null_test("other_words", True)]},
         lambda r: (r["code"] == "a" and r["head_count"] is not None and r["head_count"] >= 1)
         or r["other_words"] is None),
    ]  # fmt: skip
    out = []
    for i, (condition, holds) in enumerate(conditions):
        bound = {"column": "gross", "min_value": 5, "row_condition": condition}
        out.append(Case(f"where_{i}", _BETWEEN, bound, when(holds, value("gross", lambda v: v >= 5))))
    gap = {"column": "tax", "row_condition": where("code", "==", "a")}
    out.append(Case("where_not_null", _NOT_NULL, gap, when(lambda r: r["code"] == "a", lambda r: r["tax"] is not None)))
    pair = {"column_A": "until", "column_B": "day", "ignore_row_if": "either_value_is_missing"}
    out.append(
        Case("where_pair", _PAIR_GREATER, {**pair, "row_condition": where("code", "==", "a")},
             when(lambda r: r["code"] == "a", together(["until", "day"], "either_value_is_missing", _greater)))
    )  # fmt: skip
    return out


def _tolerances() -> list[Case]:
    out = []
    for i, mostly in enumerate((0.05, 0.3, 0.5, 0.75, 0.999)):
        kwargs = {"column": "net", "min_value": 5, "mostly": mostly}
        out.append(Case(f"mostly_{i}", _BETWEEN, kwargs, value("net", lambda v: v >= 5)))
        out.append(
            Case(f"mostly_null_{i}", _NOT_NULL, {"column": "words", "mostly": mostly}, lambda r: r["words"] is not None)
        )
    return out


def write(folder: Path, listed: Sequence[Case]) -> Path:
    """The cases as a suite of the feed."""
    domain, _, name = MANY.feed.partition(".")
    path = folder / domain / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    suite = {"name": MANY.feed, "expectations": [case.item() for case in listed], "meta": {}}
    path.write_text(json.dumps(suite), encoding="utf-8")
    return path
