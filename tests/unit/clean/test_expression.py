from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.clean import expression
from pipelines.clean.expression import Expression
from pipelines.errors import DeclarationError
from tests.unit.clean.mapkit import cleaned, column, contract, one, problems, raw, source, values

CALLS = """abs(-1)|ascii(a)|ceil(1.5)|ceiling(1.5)|chr(65)|coalesce(a, '')|concat(a, b)|concat_ws('-', a, b)
contains(a, 'x')|date_add(date '2020-01-01', interval 1 day)|date_diff('day', date '2020-01-01', a::date)
date_part('year', a::date)|date_sub('day', date '2020-01-01', a::date)|date_trunc('month', a::date)
datediff('day', date '2020-01-01', a::date)|day(a::date)|dayofmonth(a::date)|ends_with(a, 'x')
extract(year from a::date)|floor(1.5)|format('{}', a)|greatest(a, b)|hour(a::timestamp)|if(a = 'x', 1, 2)
ifnull(a, '')|instr(a, 'x')|last_day(a::date)|lcase(a)|least(a, b)|left(a, 2)|len(a)|length(a)|list_value(1, 2)[1]
lower(a)|lpad(a, 5, '0')|ltrim(a)|make_date(2020, 1, 1)|minute(a::timestamp)|mod(5, 3)|month(a::date)
nfc_normalize(a)|nullif(a, '')|position('x' in a)|prefix(a, 'x')|printf('%s', a)|quarter(a::date)
regexp_extract(a, 'x')|regexp_full_match(a, 'x')|regexp_matches(a, 'x')|regexp_replace(a, 'x', 'y', 'g')
replace(a, 'x', 'y')|reverse(a)|right(a, 2)|round(1.55, 1)|rpad(a, 5, ' ')|rtrim(a)|second(a::timestamp)|sign(1)
split(a, '-')[1]|split_part(a, '-', 1)|starts_with(a, 'x')|str_split(a, '-')[1]|str_split_regex(a, '-')[1]
strftime(a::date, '%Y')|string_split(a, '-')[1]|string_split_regex(a, '-')[1]|strip_accents(a)|strlen(a)
strpos(a, 'x')|strptime(a, '%Y')|substr(a, 2)|substring(a, 2)|suffix(a, 'x')|to_days(1)|to_months(1)|to_years(1)
translate(a, 'x', 'y')|trim(a)|trunc(1.5)|try_strptime(a, '%Y')|ucase(a)|unicode(a)|upper(a)|week(a::date)
weekday(a::date)|year(a::date)"""


def test_every_function_on_the_list_can_be_called() -> None:
    calls = [call for line in CALLS.splitlines() for call in line.split("|")]
    assert {call.partition("(")[0] for call in calls} == expression.FUNCTIONS
    for call in calls:
        expression.check(call)


@pytest.mark.parametrize(
    "sql",
    [
        """CASE WHEN "a" = '' THEN NULL ELSE upper(trim("a")) END""", """a || ' ' || "b" """, "a[1:3]",
        "try_cast(a AS decimal(18,2)) * -100 // 3 % 7", "a IN ('x', 'y') AND NOT b LIKE 'x%'", "a -- the number",
        "a BETWEEN 'a' AND 'b' OR a IS DISTINCT FROM b", "a SIMILAR TO 'x.*'", "a ~ 'x'", "'constant'", "a IS NULL",
        "replace(AddressLine1, chr(129), 'ü')",
    ],
)  # fmt: skip
def test_row_wise_expressions_are_accepted(sql: str) -> None:
    expression.check(sql)


@pytest.mark.parametrize(
    ("sql", "got"),
    [
        ("random()", "RANDOM"), ("uuid()", "UUID"), ("now()", "now"), ("current_date", "CURRENT_DATE"),
        ("today()", "CURRENT_DATE"), ("current_timestamp", "CURRENT_TIMESTAMP"), ("localtime", "LOCALTIME"),
        ("age(a::date)", "age"), ("getenv('HOME')", "getenv"), ("current_setting('threads')", "current_setting"),
        ("getvariable('x')", "getvariable"), ("version()", "VERSION"), ("current_user", "CURRENT_USER"),
        ("read_text('/etc/passwd')", "read_text"), ("nextval('s')", "nextval"), ("(SELECT 1)", "SELECT"),
        ("a IN (SELECT 1)", "SELECT"), ("EXISTS (SELECT 1)", "EXISTS"), ("sum(a)", "SUM"), ("count(*)", "COUNT"),
        ("string_agg(a, '')", "LISTAGG"), ("any_value(a)", "ANY_VALUE"), ("first(a)", "FIRST"),
        ("row_number() OVER ()", "OVER"), ("lag(a) OVER (ORDER BY b)", "OVER"), ("unnest([1])", "UNNEST"),
        ("*", "*"), ("COLUMNS('a')", "COLUMNS"), ('"t"."a"', "t"), ("a.b", "a.b"), ("$1", "$1"), ("?", "?"),
        ("#1", "#1"), ("a; DROP TABLE x", "2 statements"), ("", "0 statements"), ("a, b", "Unexpected"),
        ("a AS b", "AS"), ("a FROM x", "Unexpected"), ("a ORDER BY b", "Unexpected"), ("a +", "expression"),
        ("list_transform([1], x -> x)", "TRANSFORM"), ("a -> '$.x'", "$.x"), ("md5(a)", "MD5"),
        ("repeat('x', 1000)", "REPEAT"), ("a::timestamptz", "TIMESTAMPTZ"), ("a::json", "JSON"), ("try(a)", "TRY"),
        ("nosuch(a)", "nosuch"), ("a || A", "differ only in case"), ("upper(a, b)", "arguments"), ("a + 1.5", "a"),
        ("SELECT a", "SELECT"), ("ATTACH 'x'", "ATTACH"), ("COPY x TO 'y'", "COPY"), ("x'ab'", "Unexpected"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_what_was_found(sql: str, got: str) -> None:
    with pytest.raises(DeclarationError, match="SQL expression not accepted") as error:
        expression.check(sql)
    assert error.value.got is not None
    assert got in error.value.got


def test_columns_are_told_as_spelled() -> None:
    assert expression.columns('"Freight Cost (USD)" || a || upper(a)') == {"Freight Cost (USD)", "a"}
    assert expression.columns("'x'") == set()


def test_the_sandbox_sees_no_files_and_cannot_be_opened() -> None:
    import duckdb

    connection = Expression("a")._connection
    for statement in (
        "SELECT * FROM read_text('/etc/hostname')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement).fetchall()


def test_a_failing_row_is_told_from_a_null_result() -> None:
    built = Expression("CASE WHEN a = '' THEN NULL ELSE CAST(a AS integer) END")
    texts, failed = built.evaluate([pa.array(["1", "", "x", " 7 "])], 4)
    assert texts.to_pylist() == ["1", "", "", "7"]
    assert failed.to_pylist() == [False, False, True, False]
    assert not built.gives_text


def test_the_time_zone_of_the_machine_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    built = Expression("hour(strptime(a, '%Y-%m-%d %z'))")
    assert built.evaluate([pa.array(["2020-01-01 +02"])], 1)[0].to_pylist() == ["22"]


def test_no_rows_and_no_columns() -> None:
    assert Expression("upper(a)").evaluate([pa.array([], pa.string())], 0)[0].to_pylist() == []
    assert Expression("'x'").evaluate([], 2)[0].to_pylist() == ["x", "x"]


def test_a_computed_column_is_read_like_a_cell_and_a_failing_row_is_a_reject() -> None:
    to = contract(column("x", "money", key=True))
    rule = {"sql": """CASE WHEN "Betrag (EUR)" = '' THEN '0' ELSE replace("Betrag (EUR)", ' ', '') END"""}
    batch = raw(["Betrag (EUR)"], ["1 234,50"], [""], ["abc"])
    result = cleaned(to, source({"x": rule}), batch)
    assert [str(v) for v in values(result, "x")] == ["1234.50", "0.00", "None"]
    assert problems(result) == [(4, "unreadable.x", "abc")]
    failing = cleaned(to, source({"x": {"sql": 'CAST("Betrag (EUR)" AS decimal(9,2))'}}), batch)
    assert problems(failing) == [(2, "unreadable.x", "1 234,50"), (3, "unreadable.x", ""), (4, "unreadable.x", "abc")]
    assert "cannot be computed" in failing.problems.to_pylist()[0]["message"]


def test_numbers_and_dates_of_duckdb_do_not_pass_through_the_locale() -> None:
    assert str(one("quantity", {"sql": "a::decimal(9,3) + 1"}, {"a": "12.5"})[0]) == "13.500"
    rule = {"sql": "strptime(a, '%y%j')::date", "formats": "%d.%m.%Y"}
    assert str(one("date", rule, {"a": "26033"})[0]) == "2026-02-02"
    assert one("boolean", {"sql": "a = 'X'"}, {"a": "X"})[0] is True


def test_a_column_of_the_expression_must_be_in_the_file_unless_optional() -> None:
    from pipelines.errors import DeliveryError

    with pytest.raises(DeliveryError, match=r"column missing: 'b' \(for x\)"):
        one("text", {"sql": "a || b"}, {"a": "1"})
    assert one("text", {"sql": "a || b", "optional": True}, {"A": "1"}) == ("1", [])
