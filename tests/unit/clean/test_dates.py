from __future__ import annotations

import datetime as dt

import pytest

from pipelines.clean.dates import compile_format, month_names
from pipelines.errors import DeclarationError
from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("locale", "form", "text", "expected"),
    [
        ("de_DE", "%d.%m.%Y", "01.03.2026", "2026-03-01"),
        ("de_DE", "%d.%m.%Y", "1.3.2026", "2026-03-01"),
        ("en_US", "%m/%d/%Y", "7/4/1996", "1996-07-04"),
        ("en_GB", "%Y%m%d", "19081209", "1908-12-09"),
        ("en_GB", "%d%m%Y", "09121908", "1908-12-09"),
        ("en_GB", "%d-%b-%y", "2-Jun-06", "2006-06-02"),
        ("en_GB", "%d-%b-%y", "31-DEC-49", "2049-12-31"),
        ("en_GB", "%d-%b-%y", "1-Jan-50", "1950-01-01"),
        ("en_GB", "%d%b%Y", "02Sept2006", "2006-09-02"),
        ("de_DE", "%d. %B %Y", "15. März 2026", "2026-03-15"),
        ("de_DE", "%d. %b %Y", "15.  Mrz. 2026", "2026-03-15"),
        ("de_DE", "%d %B %Y", "15 march 2026", "2026-03-15"),
        ("de_AT", "%d. %B %Y", "6. Jänner 2026", "2026-01-06"),
        ("fr_FR", "%d %B %Y", "1 AOÛT 2026", "2026-08-01"),
        ("fr_FR", "%d %b %Y", "1 fevr. 2026", "2026-02-01"),
        ("de_DE", "%d.%m.%Y %H:%M:%S", "01.03.2026 00:00:00", "2026-03-01"),
        ("en_US", "%Y-%m-%d %H:%M:%S.%f", "1945-12-30 00:00:00.000", "1945-12-30"),
        ("en_US", "%m/%d/%Y %I:%M:%S %p", "7/4/1996 12:00:00 AM", "1996-07-04"),
        ("en_US", "100%% %Y-%m-%d", "100% 2026-03-01", "2026-03-01"),
        ("de_DE", "%d.%m.%Y", "29.02.2024", "2024-02-29"),
    ],
)
def test_dates_in_declared_formats(locale: str, form: str, text: str, expected: str) -> None:
    assert read(build("date", locale, formats=(form,), century_from=1950), text) == dt.date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("%d.%m.%Y", "31.02.2026", "an existing date"),
        ("%d.%m.%Y", "29.02.2026", "an existing date"),
        ("%d.%m.%Y", "00.00.0000", "an existing date"),
        ("%d.%m.%Y", "1.13.2026", "an existing date"),
        ("%d.%m.%Y", "1.3.26", "a date written %d.%m.%Y"),
        ("%d.%m.%Y", "1.3.02026", "a date written %d.%m.%Y"),
        ("%d.%m.%Y", "1/3/2026", "a date written %d.%m.%Y"),
        ("%d.%m.%Y", "2026-03-01", "a date written %d.%m.%Y"),
        ("%d.%m.%Y", "01.03.2026 10:00", "a date written %d.%m.%Y"),
        ("%d.%m.%Y", "46082", "a date written %d.%m.%Y"),
        ("%Y%m%d", "1908129", "a date written %Y%m%d"),
        ("%d. %B %Y", "1. Foo 2026", "a date written %d. %B %Y"),
        ("%d.%m.%Y %H:%M", "01.03.2026 10:00", "a date without time of day"),
        ("%d.%m.%Y %H:%M", "01.03.2026 24:00", "an existing date and time"),
    ],
)
def test_what_is_not_a_date(form: str, text: str, message: str) -> None:
    assert read(build("date", formats=(form,)), text) == f"! unreadable: expected {message}"


def test_formats_are_tried_in_order() -> None:
    both = build("date", formats=("%d/%m/%Y", "%m/%d/%Y"))
    assert read(both, "03/04/2026") == dt.date(2026, 4, 3)
    assert read(both, "03/14/2026") == dt.date(2026, 3, 14)


def test_iso_dates_where_nothing_is_declared_and_in_workbooks() -> None:
    assert read(build("date"), "2026-03-01") == dt.date(2026, 3, 1)
    workbook = build("date", formats=("%d.%m.%Y",), iso_dates=True)
    assert read(workbook, "2026-03-01") == read(workbook, "01.03.2026") == dt.date(2026, 3, 1)
    assert read(workbook, "2026-03-01 00:00:00") == dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01 12:00:00", "2026-07-01 10:00:00"),
        ("2026-01-01 12:00:00", "2026-01-01 11:00:00"),
        ("2026-07-01T12:00:00Z", "2026-07-01 12:00:00"),
        ("2026-07-01 12:00:00.5-05:00", "2026-07-01 17:00:00.500000"),
        ("2026-07-01T12:00:00.1234567+0200", "2026-07-01 10:00:00.123456"),
        ("2026-07-01", "2026-06-30 22:00:00"),
        ("2024-10-27 02:30:00", "2024-10-27 00:30:00"),  # comes twice: the first, in summer time
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),  # left out: 03:30 in summer time
    ],
)
def test_times_become_utc(text: str, utc: str) -> None:
    assert read(build("timestamp"), text) == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)


def test_times_that_do_not_exist() -> None:
    assert read(build("timestamp"), "2026-07-01 24:00:00") == "! unreadable: expected an existing date and time"
    assert str(read(build("timestamp"), "0001-01-01 00:00:00")).startswith("! unreadable: expected a moment between")
    american = build("timestamp", formats=("%m/%d/%Y %I:%M %p",))
    assert read(american, "7/4/1996 1:05 p.m.") == dt.datetime(1996, 7, 4, 11, 5, tzinfo=dt.UTC)
    assert str(read(american, "7/4/1996 13:05 PM")).startswith("! unreadable")


def test_periods() -> None:
    assert read(build("period"), "2026-03") == "2026-03"
    assert read(build("period", formats=("%m/%Y",)), "3/2026") == "2026-03"
    assert read(build("period", formats=("%B %y",), century_from=2000), "März 26") == "2026-03"
    assert read(build("period", formats=("%d.%m.%Y",)), "31.03.2026") == "2026-03"
    assert read(build("period", iso_dates=True), "2026-03-01 00:00:00") == "2026-03"
    assert read(build("period", formats=("%Y%m",)), "202613") == "! unreadable: expected an existing date"


@pytest.mark.parametrize(
    ("semantic", "form", "got"),
    [
        ("date", "%d.%m.%y", "%y without century_from"),
        ("date", "%d.%m.%Q", "directive %Q"),
        ("date", "%d.%m.%Y %", "directive %"),
        ("date", "%d.%d.%m.%Y", "a directive twice"),
        ("date", "%m.%Y", "no day"),
        ("date", "%d.%m.", "no year or no month"),
        ("timestamp", "%d.%m.%Y %I:%M", "%I without %p, or %p without %I"),
    ],
)
def test_a_format_that_cannot_name_a_date_is_an_error_of_the_profile(semantic: str, form: str, got: str) -> None:
    with pytest.raises(DeclarationError) as error:
        build(semantic, formats=(form,))
    assert error.value.got == got


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "de_AT", "fr_FR", "nl_NL", "es_ES", "it_IT", "pl_PL", "pt_PT"])
def test_every_locale_knows_twelve_months_and_english(locale: str) -> None:
    names = month_names(locale)
    assert set(names.values()) == set(range(1, 13))
    assert names["december"] == 12


def test_a_format_is_compiled_once() -> None:
    assert compile_format("%d.%m.%Y", "de_DE", None) is compile_format("%d.%m.%Y", "de_DE", None)
