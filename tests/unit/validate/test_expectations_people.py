"""Numbers of people, sums against a limit and days, on each engine and in the gate, beside plain Python."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Any

import pytest
import sqlalchemy as sa
from great_expectations.expectations.row_conditions import Column

from pipelines.catalog import Catalog
from pipelines.delivery import Delivery, Verdict
from pipelines.validate import day_rules
from pipelines.validate.expectations import (
    ExpectDatesToBeInOrder,
    ExpectDatesToBeNearDelivery,
    ExpectGroupSumsToBeAtMost,
    ExpectNumbersToHaveCheckDigits,
    registered,
)
from pipelines.validate.expectations.registered import KNOWN, is_wrong
from pipelines.validate.suites import check_suite
from tests.unit.validate.conftest import (
    ADDS_UP,
    LINES,
    PARENTS,
    Desk,
    Line,
    by_id,
    column,
    line,
    rule,
    write_suite,
)
from tests.unit.validate.engines import Judged, dirty_rows, judged_on, raised

Row = dict[str, Any]
ALL = {"max_rejects": {"pct": 100}}
FINE = [line(f"g{i}", parent_id=None) for i in range(100)]
NUMBERS = {
    "BE": ("85 07 30 033 28", "85 07 30 033 20"), "BG": ("8032056031", "8032056030"), "CA": ("123-456-782", "123-456-780"),
    "CH": ("756.9217.0769.85", "756.9217.0769.80"), "CN": ("360426199101010071", "360426199101010070"), "CZ": ("710319/2745", "710319/2740"),
    "DK": ("211062-5629", "311362-5629"), "EE": ("36805280109", "36805280100"), "FI": ("131052-308T", "131052-308U"),
    "HR": ("33392005961", "33392005960"), "IE": ("6433435F", "6433435E"), "IL": ("3933742-3", "3933742-0"), "IS": ("450401-3150", "450401-3151"),
    "IT": ("RCCMNL83S18D969H", "RCCMNL83S18D969G"), "LT": ("33309240064", "33309240060"), "NL": ("1112.22.333", "1112.22.330"),
    "NO": ("151086 95088", "151086 95080"), "PL": ("44051401359", "44051401350"), "RO": ("1630615123457", "1630615123450"),
    "SE": ("19880320-0016", "880320-0010"), "TH": ("3100600445635", "3100600445630"), "TR": ("17291716060", "17291716061"),
}  # fmt: skip
"""Country → a number as people write it whose check digits are right, and one with a slip: the samples of python-stdnum."""
SAMPLES = {
    "tax_id": {
        **NUMBERS,
        "AR": ("20-05536168-2", "20-05536168-0"), "AT": ("59-119/9013", "59-119/9010"), "AU": ("123 456 782", "123 456 780"),
        "BR": ("390.533.447-05", "390.533.447-00"), "CL": ("76086428-5", "76086428-0"), "DE": ("36 574 261 809", "36 574 261 890"),
        "ES": ("54362315-K", "54362315-J"), "FR": ("3023217600053", "3023217600050"), "GB": ("1955839661", "1955839662"),
        "GR": ("094259216", "094259210"), "IN": ("ACUPA7085R", "ACUPA70850"), "JP": ("6214 9832 0257", "6214 9832 0250"),
        "MX": ("GODE 561231 GR8", "GODE 561331 GR8"), "NZ": ("4909185-0", "4909185-1"), "PT": ("501 964 843", "501 964 842"),
        "SI": ("5022 3054", "5022 3050"), "US": ("536-90-4399", "000-90-4399"), "ZA": ("0001339050", "0001339051"),
    },
    "social_security_id": {
        **NUMBERS,
        "AT": ("1237 010180", "1237 010181"), "FR": ("2 95 10 99 126 111 93", "2 95 10 99 126 111 90"), "GB": ("AB 12 34 56 C", "AB 12 34 56 E"),
        "GR": ("01013099997", "01013099990"), "KR": ("971013-9019902", "971013-9019900"), "SI": ("0101006500006", "0101006500000"),
        "SK": ("710319/2745", "710319/2740"), "US": ("536-90-4399", "536-90-0000"), "ZA": ("7503305044089", "7503305044080"),
    },
}  # fmt: skip


# -- numbers of people ------------------------------------------------------------------------------------


def test_every_country_of_the_table_tells_right_from_wrong() -> None:
    for kind, countries in KNOWN.items():
        assert countries.keys() == SAMPLES[kind].keys()
        for country in countries:
            right, wrong = SAMPLES[kind][country]
            assert not is_wrong(kind, country, right), (kind, country, right)
            assert is_wrong(kind, country, wrong), (kind, country, wrong)
            assert is_wrong(kind, country, "²²²²²²²²²"), (kind, country)
            assert is_wrong(kind, country, "none"), (kind, country)


@pytest.mark.parametrize(
    ("kind", "country", "number", "wrong"),
    [
        ("tax_id", "US", "912-90-3456", False), ("social_security_id", "US", "912-90-3456", True),  # an ITIN is for tax only
        ("tax_id", "GB", "AB123456", False), ("tax_id", "GB", "BG123456A", True), ("tax_id", "GB", "QQ123456C", True),
        ("tax_id", "SE", "880380-0013", False), ("tax_id", "SE", "880380-0014", True), ("tax_id", "SE", "881380-0013", True),
        ("tax_id", "PL", "856-734-62-15", False), ("tax_id", "TR", "4540536920", False), ("tax_id", "BG", "7111 042 925", False),
        ("tax_id", "AT", "1237 010180", False), ("tax_id", "ES", "x-2482300w", False),
        ("tax_id", "XK", "1", False), ("social_security_id", "DE", "1", False), ("social_security_id", "ES", "1", False),
    ],
)  # fmt: skip
def test_several_kinds_of_numbers_and_none(kind: str, country: str, number: str, wrong: bool) -> None:
    assert is_wrong(kind, country, number) is wrong


def _rows() -> list[Row]:
    """The table the engines are tested with; its currency is a country here, its employee a number, some with a slip."""
    rng = random.Random(9)
    countries = ["DE", "NL", "US", "XK", "FR"]
    rows = dirty_rows()
    for row in rows:
        row["currency"] = country = None if rng.random() < 0.05 else rng.choice(countries)
        both = SAMPLES["tax_id"].get(country or "", ("1", "2"))
        row["employee"] = None if rng.random() < 0.05 else both[rng.random() < 0.3]
    return rows


ROWS = _rows()


judged = judged_on(ROWS)


def ids(rows: Sequence[Row]) -> list[int]:
    return sorted(r["row_id"] for r in rows)


def _slipped(row: Row) -> bool:
    country, number = row["currency"], row["employee"]
    return None not in (country, number) and country != "XK" and number == SAMPLES["tax_id"][country][1]


def test_check_digits(judged: Judged) -> None:
    expected = [r for r in ROWS if _slipped(r)]
    assert 20 < len(expected) < 120
    arguments = {"column": "employee", "kind": "tax_id", "country": "currency"}
    assert judged.failing(ExpectNumbersToHaveCheckDigits(**arguments)) == ids(expected)
    only_a = [r for r in expected if r["kind"] == "a"]
    assert judged.failing(ExpectNumbersToHaveCheckDigits(**arguments, row_condition=Column("kind") == "a")) == ids(
        only_a
    )
    nowhere = ExpectNumbersToHaveCheckDigits(**arguments, row_condition=Column("currency") == "XK")
    assert judged.failing(nowhere) == []


def test_each_pair_is_asked_once(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    true = registered.is_wrong

    def counted(kind: str, country: str, number: str) -> bool:
        asked.append((country, number))
        return true(kind, country, number)

    monkeypatch.setattr(registered, "is_wrong", counted)
    expectation = ExpectNumbersToHaveCheckDigits(column="employee", kind="tax_id", country="currency")
    judged.result(expectation, "BOOLEAN_ONLY")
    pairs = {(r["currency"], r["employee"]) for r in ROWS if None not in (r["currency"], r["employee"])}
    assert set(asked) == pairs and len(asked) == len(pairs)


# -- sums -------------------------------------------------------------------------------------------------


def bucket(day: date, per: str | None) -> Any:
    return {"day": day, "week": day.isocalendar()[:2], "month": (day.year, day.month)}.get(per or "")


def too_much(rows: Sequence[Row], most: str, per: str | None) -> list[Row]:
    groups = defaultdict(list)
    for row in rows:
        if row["bank"] is not None and (not per or row["day"] is not None):
            groups[row["bank"], bucket(row["day"], per)].append(row)
    sums = {key: sum((r["net"] or Decimal(0) for r in group), Decimal(0)) for key, group in groups.items()}
    return [r for key, group in groups.items() if sums[key] > Decimal(most) for r in group]


@pytest.mark.parametrize(("per", "most"), [("day", "190"), ("week", "250"), ("month", "700"), (None, "3900")])
def test_sums_against_a_limit(judged: Judged, per: str | None, most: str) -> None:
    more = {"date": "day", "per": per} if per else {}
    expected = too_much(ROWS, most, per)
    assert 10 < len(expected) < 220
    limited = ExpectGroupSumsToBeAtMost(group=["bank"], column="net", most=float(most), **more)
    assert judged.failing(limited) == ids(expected)
    only_a = too_much([r for r in ROWS if r["kind"] == "a"], most, per)
    conditioned = ExpectGroupSumsToBeAtMost(
        group=["bank"], column="net", most=float(most), row_condition=Column("kind") == "a", **more
    )
    assert judged.failing(conditioned) == ids(only_a)
    floats = ExpectGroupSumsToBeAtMost(group=["bank"], column="net_float", most=float(most), decimals=2, **more)
    assert judged.failing(floats) == ids(expected)


def test_a_sum_that_equals_the_limit_passes(judged: Judged) -> None:
    sums = {b: sum((r["net"] or Decimal(0) for r in ROWS if r["bank"] == b), Decimal(0)) for b in ("B1", "B2", "B3")}
    most = max(sums.values())
    assert judged.failing(ExpectGroupSumsToBeAtMost(group=["bank"], column="net", most=float(most))) == []
    (largest,) = [b for b, s in sums.items() if s == most]
    below = ExpectGroupSumsToBeAtMost(group=["bank"], column="net", most=float(most - Decimal("0.01")))
    assert judged.failing(below) == ids([r for r in ROWS if r["bank"] == largest])


def test_a_limit_elsewhere_is_for_the_gate(judged: Judged) -> None:
    limit = {"feed": "people.employees", "match": {"bank": "employee_id"}, "column": "weekly_hours"}
    outcome = judged.result(ExpectGroupSumsToBeAtMost(group=["bank"], column="net", limit_of=limit), "BASIC")
    assert outcome["success"] is False and "which only the gate can look up" in raised(outcome)


# -- days -------------------------------------------------------------------------------------------------


def test_dates_in_order(judged: Judged) -> None:
    late = [r for r in ROWS if r["entered"] is not None and r["day"] > r["entered"]]
    assert 10 < len(late) < 120
    assert judged.failing(ExpectDatesToBeInOrder(columns=["day", "entered"])) == ids(late)
    early = [r for r in ROWS if r["entered"] is not None and r["day"] < r["entered"]]
    assert judged.failing(ExpectDatesToBeInOrder(columns=["entered", "day"])) == ids(early)


@pytest.mark.parametrize(("before", "after"), [(0, None), (None, 0), (30, 30), (-10, 60), (None, -5)])
def test_dates_near_a_day(judged: Judged, before: int | None, after: int | None) -> None:
    as_of = date(2026, 1, 15)
    expected = [
        r
        for r in ROWS
        if r["entered"] is not None
        and (
            (before is not None and r["entered"] < as_of - timedelta(days=before))
            or (after is not None and r["entered"] > as_of + timedelta(days=after))
        )
    ]
    assert 5 < len(expected) < len(ROWS)
    near = ExpectDatesToBeNearDelivery(column="entered", days_before=before, days_after=after, as_of="2026-01-15")
    assert judged.failing(near) == ids(expected)
    unknown = judged.result(
        ExpectDatesToBeNearDelivery(column="entered", days_before=before, days_after=after), "BASIC"
    )
    assert unknown["success"] is False and "say in `as_of` which day counts" in raised(unknown)


# -- in the gate ------------------------------------------------------------------------------------------

DIGITS = {"column": "journal_id", "kind": "tax_id", "country": "parent_id"}
SUM = {"group": ["status_code"], "column": "item_quantity"}
PER = {"date": "settled_date", "per": "week"}
MONDAY = date(2026, 3, 2)


def said(desk: Desk, delivery: Delivery, name: str = "it") -> dict[int, str]:
    """Row number → what the reject says of it."""
    query = "select row_number, value from quarantine.reject where delivery_id = :id and rule_id = :rule"
    return dict(desk.rows(query, id=delivery.delivery_id, rule=f"{LINES.feed}.{name}"))  # type: ignore[arg-type]


def made(kind: str, kwargs: Row) -> Row:
    """A rule by its arguments, of which one may be called `kind` too."""
    return {**rule("it", kind), "kwargs": kwargs}


def hours(key: str, day: date | None, quantity: int | None, who: str = "open", **more: Any) -> Line:
    return line(key, status_code=who, settled_date=day, item_quantity=None if quantity is None else Decimal(quantity), **more)  # fmt: skip


def test_numbers_in_the_gate_hide_what_is_personal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(replace(c, classification="restricted") if c.name == "journal_id" else c for c in LINES.columns)
    monkeypatch.setattr("tests.unit.validate.conftest.LINES", replace(LINES, columns=columns))
    desk.suite([ADDS_UP, made("expect_numbers_to_have_check_digits", DIGITS)])
    lines = [
        *FINE, line("a", journal_id="36574261809", parent_id="DE"), line("b", journal_id="36574261808", parent_id="DE"),
        line("c", journal_id="1", parent_id="XK"), line("d", journal_id=None, parent_id="DE"),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(**ALL), chunk=3)
    assert said(desk, delivery) == {103: "****"}
    assert (by_id(result)["it"].evaluated, by_id(result)["it"].failed) == (3, 1)


def test_hours_of_a_week_are_told(desk: Desk) -> None:
    desk.suite([rule("it", "expect_group_sums_to_be_at_most", most=48, **SUM, **PER)])
    sunday = MONDAY + timedelta(days=6)
    lines = [
        *FINE, hours("1", MONDAY, 40), hours("2", sunday, 8), hours("3", sunday + timedelta(days=1), 48),
        hours("4", MONDAY, 40, "settled"), hours("5", sunday, 9, "settled"), hours("6", sunday, None, "settled"), hours("7", None, 99),
    ]  # fmt: skip
    delivery, result = desk.gate(lines, desk.ref(**ALL), chunk=7)
    assert said(desk, delivery) == dict.fromkeys((105, 106, 107), "settled / 2026-W10: 49 above 48")
    assert (by_id(result)["it"].evaluated, by_id(result)["it"].failed) == (6, 3)


def test_what_stays_beside_the_delivery_counts(desk: Desk) -> None:
    """In a delta hours that came earlier are hours of the same week; what is brought again is not counted twice."""
    desk.suite([rule("it", "expect_group_sums_to_be_at_most", most=48, **SUM, **PER)])
    desk.load([hours("1", MONDAY, 40), hours("2", MONDAY, 8, "settled")])
    desk.load([hours("1", MONDAY, 20, "settled")], source="other")
    again = [*FINE, hours("1", MONDAY, 48), hours("3", MONDAY, 20, "settled")]
    delivery, _ = desk.gate(again, desk.ref("delta"))
    assert said(desk, delivery) == {} and desk.rejects(delivery) == {}
    more = [*FINE, hours("9", MONDAY, 9), hours("3", MONDAY, 21, "settled")]
    delivery, _ = desk.gate(more, desk.ref("delta"))
    assert said(desk, delivery) == {102: "open / 2026-W10: 49 above 48", 103: "settled / 2026-W10: 49 above 48"}
    whole, _ = desk.gate(more, desk.ref("snapshot", max_closed_pct=100))
    assert said(desk, whole) == {}, "a snapshot replaces its own rows: 9, and 21 + 20 of the other source"


def test_a_row_that_was_set_aside_does_not_count_twice(desk: Desk) -> None:
    """Its current version stays in core, and over received rows it is the new one that counts."""
    wanted = rule(
        "it", "expect_group_sums_to_be_at_most", "warning", kontor={"over": "received"}, most=48, **SUM, **PER
    )
    desk.suite([wanted])
    desk.load([hours("1", MONDAY, 40)])
    _, result = desk.gate([*FINE, hours("1", MONDAY, 40, booked_date=None), hours("2", MONDAY, 8)], desk.ref("delta"))
    assert (by_id(result)["it"].success, by_id(result)["it"].evaluated) == (True, 2)


WIDE = replace(PARENTS, columns=(*PARENTS.columns, column("limit_quantity", "numeric(14,2)", "quantity")))
LIMIT = {"feed": "tests.parents", "match": {"parent_id": "parent_id"}, "column": "limit_quantity"}


def test_a_limit_of_another_feed(desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: Any) -> None:
    with owner.transaction() as conn:
        conn.execute(sa.text("alter table core.tests_parents add column if not exists limit_quantity numeric(14,2)"))
    monkeypatch.setattr("tests.unit.validate.conftest.PARENTS", WIDE)
    alone = {"group": ["parent_id"], "column": "item_quantity", "limit_of": {**LIMIT, "factor": 1.5}}
    received = {"over": "received"}  # so that a row that the contract's own reference rejects is judged too
    desk.suite([
        ADDS_UP, rule("it", "expect_group_sums_to_be_at_most", "warning", kontor=received, **alone),
        rule("most", "expect_group_sums_to_be_at_most", "warning", kontor=received, **alone, most=100),
    ])  # fmt: skip
    lines = [
        *FINE, hours("a", None, 60, parent_id="p1"), hours("b", None, 60, parent_id="p2"), hours("c", None, 1, parent_id="p2"),
        hours("d", None, 101, parent_id="p3"), hours("e", None, 101, parent_id="p4"), hours("f", None, 100, parent_id="p5"),
    ]  # fmt: skip
    _, without = desk.gate(lines, desk.ref(**ALL))
    assert by_id(without)["it"].observed == f"not evaluated: {desk.client} delivers no tests.parents"
    assert by_id(without)["most"].failed == 2, "the fixed limit is left"
    desk.delivers("tests.lines", "tests.parents")
    insert = (
        "insert into core.tests_parents (client_id, _source, parent_id, limit_quantity, _delivery_id, _row_number, "
        "_row_part, _row_hash, _known_from) values (:client, :source, :key, :limit, 0, 1, 0, gen_random_uuid(), now())"
    )
    with desk.warehouse.transaction() as conn:
        for source, key, limit in (
            ("main", "p1", 40),
            ("main", "p2", 40),
            ("main", "p3", None),
            ("a", "p4", 10),
            ("b", "p4", 67.4),
        ):
            conn.execute(sa.text(insert), {"client": desk.client, "source": source, "key": key, "limit": limit})
    _, result = desk.gate(lines, desk.ref(**ALL))
    samples = [next(iter(s["values"].values())) for s in by_id(result)["it"].samples]
    assert samples == ["p2: 61 above 60", "p2: 61 above 60"], "40 × 1.5; of two limits the larger, 101.1"
    assert by_id(result)["most"].failed == 3, "p2, and p3 above the fixed limit"


def test_sums_equal_brute_force(desk: Desk) -> None:
    """In chunks, half of the rows in core, half in the delivery."""
    rng = random.Random(5)
    rows = [
        hours(
            f"k{n}", MONDAY + timedelta(days=rng.randint(0, 60)), rng.randint(-3, 12), rng.choice(["open", "settled"])
        )
        for n in range(300)
    ]
    desk.suite([ADDS_UP, rule("it", "expect_group_sums_to_be_at_most", "warning", most=75, **SUM, **PER)])
    desk.load(rows[:150])
    _, result = desk.gate(rows[150:], desk.ref("delta"), chunk=40)
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        v = row.values
        sums[v["status_code"], bucket(v["settled_date"], "week")] += v["item_quantity"]
    expected = [r for r in rows[150:] if sums[r.values["status_code"], bucket(r.values["settled_date"], "week")] > 75]
    assert 20 < len(expected) < 140
    assert by_id(result)["it"].failed == len(expected)


def test_days_in_the_gate(desk: Desk) -> None:
    """The desk receives its deliveries on 2026-01-01."""
    desk.suite([
        rule("passed", "expect_dates_to_be_near_delivery", column="settled_date", days_before=0),
        rule("coming", "expect_dates_to_be_near_delivery", "warning", column="settled_date", days_after=30),
        rule("order", "expect_dates_to_be_in_order", columns=["booked_date", "settled_date"]),
        ADDS_UP,
    ])  # fmt: skip
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 2), None]
    lines = [*FINE, *(line(f"d{n}", settled_date=day) for n, day in enumerate(days))]
    delivery, result = desk.gate(lines, desk.ref(**ALL))
    assert said(desk, delivery, "order") == {102: "2026-03-01", 103: "2026-03-01"}
    assert (by_id(result)["coming"].evaluated, by_id(result)["coming"].failed) == (2, 2)
    on_its_own = [
        *FINE,
        line("x", booked_date=date(2025, 1, 1), settled_date=days[0]),
        line("y", booked_date=date(2025, 1, 1), settled_date=days[1]),
    ]
    delivery, result = desk.gate(on_its_own, desk.ref(**ALL))
    assert said(desk, delivery, "passed") == {102: "2025-12-31 on 2026-01-01"}
    assert result.verdict is Verdict.PASS_WITH_REJECTS


@pytest.mark.parametrize(
    ("received", "zone", "period", "day"),
    [
        (datetime(2026, 11, 1, 23, 30, tzinfo=UTC), "Europe/Berlin", None, date(2026, 11, 2)),
        (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), "America/New_York", None, date(2026, 10, 31)),
        (datetime(2026, 11, 1, tzinfo=UTC), "UTC", "2026-02", date(2026, 2, 28)),
        (datetime(2026, 11, 1, tzinfo=UTC), "UTC", "2026-11", date(2026, 11, 1)),
        (datetime(2026, 11, 1, tzinfo=UTC), "UTC", "2026-10-15", date(2026, 10, 15)),
        (datetime(2026, 11, 1, tzinfo=UTC), "UTC", "autumn", date(2026, 11, 1)),
    ],
)
def test_the_day_a_delivery_speaks_for(
    desk: Desk, received: datetime, zone: str, period: str | None, day: date
) -> None:
    delivery = replace(desk.register(desk.ref()), received_at=received, period=period)
    assert day_rules.day_of(delivery, zone) == day


# -- words and refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        (ExpectNumbersToHaveCheckDigits(column="t", kind="tax_id", country="c"), "Values of t must be tax numbers as c makes them, check digits included."),
        (ExpectGroupSumsToBeAtMost(group=["e"], column="h", most=10, date="d", per="day"), "The sum of h of each e and day of d may be at most 10."),
        (
            ExpectGroupSumsToBeAtMost(group=["e"], column="h", most=48, limit_of={"feed": "p.e", "match": {"e": "i"}, "column": "w", "factor": 1.2}),
            "The sum of h of each e may be at most p.e.w × 1.2, 48 where there is none.",
        ),
        (ExpectDatesToBeInOrder(columns=["a", "b", "c"]), "A ≤ b ≤ c, of the dates that are there."),
        (
            ExpectDatesToBeNearDelivery(column="d", days_before=3, days_after=0),
            "Values of d may lie at most 3 days before and at most 0 days after the day of the delivery.",
        ),
    ],
)  # fmt: skip
def test_they_read_as_sentences(expectation: Any, sentence: str) -> None:
    (shown,) = expectation._prescriptive_renderer(configuration=expectation.configuration)
    text = Template(shown.string_template["template"]).substitute(shown.string_template["params"])
    assert text[0].upper() + text[1:] == sentence
    assert "supported_data_sources" in type(expectation).schema()["properties"]["metadata"]["properties"]


@pytest.mark.parametrize(
    ("kind", "kwargs", "why"),
    [
        ("numbers_to_have_check_digits", {**DIGITS, "column": "nobody"}, "unknown column 'nobody'"),
        ("numbers_to_have_check_digits", {**DIGITS, "kind": "passport"}, "unexpected value; permitted: 'tax_id', 'social_security_id'"),
        ("numbers_to_have_check_digits", {**DIGITS, "country": "booked_date"}, "country: column booked_date is date, not a text"),
        ("numbers_to_have_check_digits", {**DIGITS, "country": "journal_id"}, "column and country are both 'journal_id'"),
        ("numbers_to_have_check_digits", {"column": "journal_id", "kind": "tax_id"}, "field required"),
        ("group_sums_to_be_at_most", SUM, "name a limit"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "column": "journal_id"}, "column: column journal_id is text, not a number"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "date": "settled_date"}, "date and per go together"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "per": "week"}, "date and per go together"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "date": "settled_date", "per": "year"}, "permitted: 'day', 'week', 'month'"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "date": "journal_id", "per": "week"}, "date: column journal_id is text, not a date"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "group": []}, "at least 1 item"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "group": ["item_quantity"]}, "item_quantity is in group"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "column": "net_amount"}, "name it in `group`, else sums mix currencies"),
        ("group_sums_to_be_at_most", {**SUM, "most": 1, "decimals": 2}, "decimals is for use outside the gate"),
        ("group_sums_to_be_at_most", {**SUM, "limit_of": {"feed": "a.b"}}, "limit_of needs match, column"),
        ("group_sums_to_be_at_most", {**SUM, "limit_of": {**LIMIT, "times": 2}}, "limit_of is an object with feed, match, column, factor"),
        ("group_sums_to_be_at_most", {**SUM, "limit_of": LIMIT}, "match is {own column of group: column of the other feed}"),
        ("group_sums_to_be_at_most", {**SUM, "group": ["parent_id"], "limit_of": {**LIMIT, "factor": 0}}, "factor is 0, expected a number above 0"),
        ("group_sums_to_be_at_most", {**SUM, "group": ["parent_id"], "limit_of": {**LIMIT, "feed": "parents"}}, "expected domain.feed"),
        ("group_sums_to_be_at_most", {**SUM, "group": ["parent_id"], "limit_of": {**LIMIT, "feed": "tests.nothing"}}, "feed 'tests.nothing' has no contract"),
        ("group_sums_to_be_at_most", {**SUM, "group": ["parent_id"], "limit_of": LIMIT}, "tests.parents has no column 'limit_quantity'"),
        ("group_sums_to_be_at_most", {**SUM, "group": ["parent_id"], "limit_of": {**LIMIT, "column": "parent_id"}}, "is text: not comparable"),
        ("dates_to_be_in_order", {"columns": ["booked_date"]}, "at least 2 items"),
        ("dates_to_be_in_order", {"columns": ["booked_date", "booked_date"]}, "columns names one column twice"),
        ("dates_to_be_in_order", {"columns": ["booked_date", "head_count"]}, "columns: column head_count is number, not a date"),
        ("dates_to_be_near_delivery", {"column": "booked_date"}, "name days_before, days_after or both"),
        ("dates_to_be_near_delivery", {"column": "booked_date", "days_before": -3, "days_after": 1}, "no day lies from 3 to 1 days"),
        ("dates_to_be_near_delivery", {"column": "head_count", "days_before": 1}, "column head_count is number, not a date"),
        ("dates_to_be_near_delivery", {"column": "booked_date", "days_before": 1, "as_of": "2026-01-01"}, "as_of is for use outside the gate"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, kind: str, kwargs: dict[str, Any], why: str) -> None:
    catalog = Catalog({c.feed: c for c in (LINES, PARENTS)}, {}, tmp_path)
    problems = check_suite(write_suite(tmp_path, [made(f"expect_{kind}", kwargs)]), LINES, catalog=catalog)
    assert any(why in problem for problem in problems), problems
