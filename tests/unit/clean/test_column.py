from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.clean.column import CellError, ColumnCleaner, Problem, Value
from pipelines.reject import Baseline
from tests.unit.clean.cleaners import build

NOISE = st.text(st.sampled_from("abcXYZ ÄéßŁ0159.,'-+()/@:€$%\"\u00a0\u2009\u200b\u0301\n\t\x00;&#_eE"), max_size=24)
AMOUNT = st.builds(
    lambda whole, sign, group, decimal, part, tail: sign + f"{whole:,}".replace(",", group) + decimal + part + tail,
    st.integers(0, 10**19), st.sampled_from(["", "-", "+", "("]), st.sampled_from(["", ",", ".", " ", "'", "\u00a0"]),
    st.sampled_from(["", ",", "."]), st.text("0159", max_size=5), st.sampled_from(["", "-", ")", " €", " EUR", "E+05"]),
)  # fmt: skip
MOMENT = st.builds(
    lambda y, mo, d, h, mi, s, f, form: form.format(y=y, mo=mo, d=d, h=h, mi=mi, s=s, f=f),
    st.sampled_from([26, 999, 1950, 2024, 2026, 9999]), st.integers(0, 13), st.integers(0, 32), st.integers(0, 24),
    st.integers(0, 60), st.integers(0, 60), st.integers(0, 9999999),
    st.sampled_from([
        "{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}", "{d}.{mo}.{y}", "{d:02}.{mo:02}.{y:04}", "{y:04}-{mo:02}-{d:02}",
        "{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}.{f}", "{y:04}-{mo:02}",
        "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z",
    ]),
)  # fmt: skip
WORDS = st.sampled_from([
    "Deutschland", "DE", "uk", "EUR", "€", "$", "Ja", "nein", "x", "0", "1", "open", "SETTLED", "O", "a", "WALLER",
    "waller", "von der Heide", "Anna-Lena", "\"ACME Ltd\"", "12 High St,", ";Berlin", "D-10115", "sw1a 1aa",
    "030 1234567",
    "+49 30 1234567", "a@acme.com", "A.B@ACME-Corp.COM", "a@b", "a@x.local", "a--b@c.de", "a@b--c.de", "x@1.de",
    "00170", " 00170 ", "1.5E+10", "1,5E+10", "Müller\u00a0& Söhne",
])  # fmt: skip
CELLS = st.lists(st.none() | NOISE | AMOUNT | MOMENT | WORDS, max_size=12)

CLEANERS = {
    "text": build("text"),
    "region": build("region"),
    "code": build("code"),
    "identifier": build("identifier"),
    "mapped code": build("code", mapped={"O": "open", "a": "settled"}, other="open"),
    "mapped text": build("text", mapped={"O": "offen", "": "nichts"}),
    "date": build("date", formats=("%d.%m.%Y", "%d.%m.%y"), century_from=1950),
    "workbook date": build("date", iso_dates=True),
    "timestamp": build("timestamp"),
    "timestamp in New York": build("timestamp", zone="America/New_York"),
    "timestamp with fractions": build("timestamp", formats=("%Y-%m-%d %H:%M:%S.%f",)),
    "period": build("period"),
    "money": build("money"),
    "american money": build("money", "en_US"),
    "swiss money": build("money", "de_CH"),
    "french money": build("money", "fr_FR"),
    "indian money": build("money", "en_IN"),
    "euro": build("money", currency="EUR"),
    "rate": build("rate"),
    "fraction": build("rate", physical="numeric(4,4)"),
    "whole": build("quantity", physical="numeric(14,0)"),
    "huge": build("decimal", physical="numeric(38,6)"),
    "quantity": build("quantity", "en_GB"),
    "integer": build("integer"),
    "bigint": build("integer", "en_GB", physical="bigint"),
    "country": build("country"),
    "currency": build("currency"),
    "email": build("email"),
    "phone": build("phone"),
    "german phone": build("phone", country="DE"),
    "postal_code": build("postal_code"),
    "company_name": build("company_name"),
    "person_name": build("person_name"),
    "address_line": build("address_line"),
    "city": build("city"),
    "boolean": build("boolean"),
}


def one_by_one(
    built: ColumnCleaner, cells: Sequence[str | None], beside: Sequence[str | None] | None = None
) -> tuple[list[Any], list[Problem]]:
    values: list[Any] = []
    problems: list[Problem] = []
    word = "country" if built.needs_country else "currency"
    for i, cell in enumerate(cells):
        try:
            values.append(None if cell is None else built.scalar(cell, **({word: beside[i]} if beside else {})))
        except CellError as error:
            values.append(None)
            problems.append(Problem(i, error.kind, error.message))
    return pa.array(values, built.column.arrow_type).to_pylist(), problems


@pytest.mark.parametrize("name", CLEANERS)
@given(cells=CELLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_column_is_what_its_cells_are_one_by_one(name: str, cells: list[str | None]) -> None:
    cleaned = CLEANERS[name].clean(pa.array(cells, pa.string()))
    assert (cleaned.values.to_pylist(), cleaned.problems) == one_by_one(CLEANERS[name], cells)
    assert cleaned.values.type == CLEANERS[name].column.arrow_type


@pytest.mark.parametrize("name", ["phone", "postal_code", "money"])
@given(rows=st.lists(st.tuples(NOISE | AMOUNT | WORDS, st.sampled_from([None, "DE", "GB", "USD", "EUR"])), max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_rest_of_the_row_belongs_to_its_own_cell(name: str, rows: list[tuple[str, str | None]]) -> None:
    built, cells, beside = CLEANERS[name], [r[0] for r in rows], [r[1] for r in rows]
    given = pa.array(beside, pa.string())
    cleaned = built.clean(pa.array(cells, pa.string()), {"country": given, "currency": given})
    assert (cleaned.values.to_pylist(), cleaned.problems) == one_by_one(built, cells, beside)


def test_problems_name_their_row_and_never_the_value() -> None:
    cleaned = build("money").clean(pa.array(["1,00", "secret", "", "2,005", None, "secret"]))
    assert [(p.index, p.kind) for p in cleaned.problems] == [
        (1, Baseline.UNREADABLE), (3, Baseline.OUT_OF_SCALE), (5, Baseline.UNREADABLE),
    ]  # fmt: skip
    assert not any("secret" in p.message for p in cleaned.problems)


def test_any_string_layout_is_taken() -> None:
    expected = build("integer").clean(pa.array(["1", "2", "1"])).values
    for cells in (
        pa.chunked_array([["1", "2"], ["1"]]),
        pa.array(["1", "2", "1"]).dictionary_encode(),
        pa.array(["1", "2", "1"], pa.large_string()),
        pa.array(["0", "1", "2", "1"]).slice(1),
    ):
        assert build("integer").clean(cells).values.equals(expected)
    assert len(build("integer").clean(pa.chunked_array([], pa.string())).values) == 0


def test_one_distinct_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = build("country", "lb_LU")
    scalar, seen = built._one, []

    def noted(text: str, beside: str | None) -> Value | None:
        seen.append(text)
        return scalar(text, beside)

    monkeypatch.setattr(built, "_one", noted)
    cells = pa.array(["Däitschland", "FR", "Utopia", "Däitschland"] * 100)
    first = built.clean(cells)
    assert seen == ["Däitschland", "FR", "Utopia"]
    assert build("country", "lb_LU").clean(cells) == first, "the next delivery"
    assert seen == ["Däitschland", "FR", "Utopia"]


def test_what_is_remembered_belongs_to_one_way_of_reading() -> None:
    cells = pa.array(["01.02.2026"])
    first = build("date", formats=("%d.%m.%Y",)).clean(cells).values.to_pylist()
    other = build("date", formats=("%m.%d.%Y",)).clean(cells).values.to_pylist()
    assert (first, other) == ([dt.date(2026, 2, 1)], [dt.date(2026, 1, 2)])
    phone, cells = build("phone"), pa.array(["030 1234567"] * 3)
    beside = {"country": pa.array(["DE", "GB", "DE"])}
    assert phone.clean(cells, beside).values.to_pylist()[::2] == ["+49301234567"] * 2
    assert phone.clean(cells, beside).problems == [p for p in phone.clean(cells, beside).problems if p.index == 1]


def test_the_steps_of_a_cell() -> None:
    assert build("date", formats=("%d.%m.%Y",)).explain("\u00a01.3.2026 ") == [
        ("white space trimmed and collapsed", "1.3.2026"),
        ("read as date %d.%m.%Y", "2026-03-01"),
    ]
    assert build("money").explain("1.234,50-") == [("read as money in de_DE", "-1234.50")]
    assert build("code", mapped={"O": "open"}).explain("o") == [("mapped by codes", "open")]
    assert build("timestamp", formats=("%d.%m.%Y %H:%M",)).explain("01.07.2026 12:00") == [
        ("read as time %d.%m.%Y %H:%M in Europe/Berlin", "2026-07-01 10:00:00Z")
    ]
    assert build("text").explain("as it was") == []
    assert build("identifier").explain(" 0\u200b1") == [("invisible characters removed", " 01"), ("trimmed", "01")]
    assert build("phone").explain("030 123456", country="DE") == [("read as telephone number", "+4930123456")]
    assert build("integer").explain(" ") == [("white space trimmed and collapsed", ""), ("empty", "")]
    assert build("integer").explain("x") == [("not readable: expected a number such as 1.234,56", "")]
    assert build("code", mapped={"O": "open"}).explain("x") == [("not readable: expected one of O", "")]


@pytest.mark.parametrize("name", CLEANERS)
@given(cell=NOISE | AMOUNT | MOMENT | WORDS)
@settings(max_examples=40, deadline=None)
def test_the_last_step_is_the_value(name: str, cell: str) -> None:
    built = CLEANERS[name]
    cleaned = built.clean(pa.array([cell]))
    steps = built.explain(cell)
    last = steps[-1][1] if steps else cell
    value = cleaned.values[0].as_py()
    if cleaned.problems:
        assert steps[-1] == (f"not readable: {cleaned.problems[0].message}", "")
    elif isinstance(value, dt.datetime):
        assert last == value.replace(tzinfo=None).isoformat(sep=" ") + "Z"
    else:
        assert last == ("" if value is None else str(value).lower() if isinstance(value, bool) else str(value))
