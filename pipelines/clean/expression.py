"""The escape hatch of the column map: a row-wise SQL expression over the text cells.

DuckDB dialect. Columns are written as in the header, quoted when they are no plain words: `"Freight Cost (USD)"`;
cells are trimmed text, empty ones are ''. Only scalar functions that depend on nothing but their arguments are
allowed (`FUNCTIONS`), so the same row gives the same value tomorrow: nothing random, no clock, no files, no settings,
no subqueries, aggregates or windows. sqlglot checks that; DuckDB then runs the text as written, in memory, with
external access off and its configuration locked.

A result of a text type is read like a cell of the file (locale, formats); one of another type is already exact
(point decimals, ISO dates). NULL and '' mean no value. A row on which the expression fails is a problem of that
cell, not an end of the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.errors import DeclarationError

if TYPE_CHECKING:
    import duckdb
    import sqlglot.expressions as glot


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _words(
    """abs ascii ceil ceiling chr coalesce concat concat_ws contains date_add date_diff date_part date_sub
    date_trunc datediff day dayofmonth ends_with extract floor format greatest hour if ifnull instr
    last_day lcase least left len length list_value lower lpad ltrim make_date minute mod month nfc_normalize
    nullif position prefix printf quarter regexp_extract regexp_full_match regexp_matches
    regexp_replace replace reverse right round rpad rtrim second sign split split_part starts_with str_split
    str_split_regex strftime string_split string_split_regex strip_accents strlen strpos strptime substr substring
    suffix to_days to_months to_years translate trim trunc try_strptime ucase unicode upper week weekday year"""
)
"""Scalar functions an expression may call."""

_TYPES = _words(
    """VARCHAR TEXT CHAR NCHAR NVARCHAR TINYINT SMALLINT INT BIGINT INT128 UTINYINT USMALLINT UINT UBIGINT DECIMAL
    FLOAT DOUBLE BOOLEAN DATE TIME TIMESTAMP TIMESTAMPNTZ INTERVAL"""
)
_STRUCTURE = _words(
    """Column Identifier Literal Null Boolean Paren Case If Cast TryCast DataType DataTypeParam Interval Var
    And Or Xor Not EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Is In Between Like ILike SimilarTo Glob Escape
    Add Sub Mul Div IntDiv Mod Neg DPipe Bracket Slice Array
    Trim Upper Lower Length Substring Left Right Pad Replace Reverse Translate Concat ConcatWs Coalesce Nullif
    Split SplitPart RegexpExtract RegexpReplace RegexpLike RegexpFullMatch RegexpSplit StartsWith EndsWith Contains
    StrPosition Ascii Chr Unicode Format Abs Ceil Floor Round Trunc Sign Greatest Least
    StrToTime StrToDate TimeToStr TsOrDsToDate DateAdd DateSub DateDiff DateTrunc TimestampTrunc DateFromParts
    LastDay Extract Year Month Day DayOfMonth DayOfWeek Week Quarter Hour Minute Second ToDays ToMonths ToYears"""
)
"""Names of the sqlglot node classes that may occur; functions sqlglot does not know go by `FUNCTIONS`."""


def check(sql: str) -> None:
    """Raise DeclarationError unless the text is one row-wise expression that DuckDB can bind to text columns."""
    Expression(sql)


def columns(sql: str) -> set[str]:
    """Source columns the expression reads, as it spells them."""
    import sqlglot.expressions as glot

    return {node.name for node in _parsed(sql).find_all(glot.Column)}


class Expression:
    """A checked expression, ready to run."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.columns = tuple(sorted(columns(sql)))
        if len({c.casefold() for c in self.columns}) < len(self.columns):
            raise _refused(sql, "two column names that differ only in case", "one spelling per column")
        self._connection = _sandbox()
        self.gives_text = self._bind()

    def _bind(self) -> bool:
        import duckdb

        nothing = [pa.array([], pa.string()) for _ in self.columns]
        try:
            relation = self._relation(nothing, 0, f"({self.sql}\n)")
            kind = str(relation.types[0])
            self._relation(nothing, 0, self._guarded).to_arrow_table()
        except duckdb.Error as error:
            raise _refused(self.sql, str(error).splitlines()[0], "an expression that DuckDB accepts") from None
        return kind in ("VARCHAR", '"NULL"')

    @property
    def _guarded(self) -> str:
        """A list of one text, null on a row where the expression fails: a null result is told from a failure."""
        return f"TRY([CAST((\n{self.sql}\n) AS VARCHAR)])"

    def _relation(self, cells: Sequence[pa.Array], rows: int, select: str) -> duckdb.DuckDBPyRelation:
        table = pa.table([pa.repeat(pa.scalar(True), rows), *cells], names=["__row", *(c for c in self.columns)])
        self._connection.register("cells", table)
        return self._connection.sql(f"SELECT {select} AS result FROM cells")  # noqa: S608  checked by sqlglot

    def evaluate(self, cells: Sequence[pa.Array], rows: int) -> tuple[pa.Array, pa.Array]:
        """Texts ('' for none) and whether the expression failed, per row; `cells` in the order of `columns`."""
        import duckdb
        import pyarrow.compute as pc

        try:
            found = self._relation(cells, rows, self._guarded).to_arrow_table()
        except duckdb.Error as error:
            raise _refused(self.sql, str(error).splitlines()[0], "an expression that can be computed") from None
        result = found.column("result").combine_chunks()
        if isinstance(result, pa.ChunkedArray):
            result = pa.concat_arrays(result.chunks) if result.num_chunks else pa.array([], pa.list_(pa.string()))
        texts = pc.list_element(pc.if_else(pc.is_null(result), pa.scalar([""], result.type), result), 0)
        return pc.utf8_trim_whitespace(pc.fill_null(texts.cast(pa.string()), "")), pc.is_null(result)


def _sandbox() -> duckdb.DuckDBPyConnection:
    import duckdb

    settings = {"enable_external_access": "false", "threads": "1", "memory_limit": "2GB"}
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")  # else the machine's: a text with an offset would depend on it
    connection.execute("SET lock_configuration = true")
    return connection


def _parsed(sql: str) -> glot.Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        trees = [t for t in sqlglot.parse(sql, read="duckdb") if t is not None]
    except SqlglotError as error:
        raise _refused(sql, re.sub(r"\x1b\[\d+m", "", str(error)).splitlines()[0], "a DuckDB expression") from None
    if len(trees) != 1:
        raise _refused(sql, f"{len(trees)} statements", "one expression")
    tree: glot.Expr = trees[0]
    for node in tree.walk():
        _allow(sql, node)
    return tree


def _allow(sql: str, node: glot.Expr) -> None:
    import sqlglot.expressions as glot

    if isinstance(node, glot.Anonymous):
        if node.name.lower() not in FUNCTIONS:
            raise _refused(sql, f"function {node.name}", f"one of {', '.join(sorted(FUNCTIONS))}")
    elif type(node).__name__ not in _STRUCTURE:
        raise _refused(sql, f"{node.sql(dialect='duckdb')} ({node.key})", "operators, CASE and scalar functions only")
    if isinstance(node, glot.Column) and (node.table or not isinstance(node.this, glot.Identifier)):
        raise _refused(sql, node.sql(dialect="duckdb"), "columns of the file without a table name")
    if isinstance(node, glot.DataType) and node.this.name not in _TYPES:
        raise _refused(sql, f"type {node.sql(dialect='duckdb')}", "text, number, date and timestamp types")


def _refused(sql: str, got: str, expected: str) -> DeclarationError:
    return DeclarationError(
        "SQL expression not accepted",
        where=f"sql: {' '.join(sql.split())[:120]}",
        got=got,
        expected=expected,
        next_step="correct the expression in the client's profile and run `python -m pipelines check`",
    )
