"""What an auditor looks at twice: an invoice that came before in other words, a posting that nobody else makes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.exact import pandas_units, sql_number
from pipelines.validate.expectations.sequences import NOT_ON_SPARK, ON_TWO_ENGINES
from pipelines.validate.expectations.together import Together

_NO_SIGN = "[^A-Za-z0-9]"
_PREFIX = "^([A-Z]+(?=[0-9]))?0*"


def bare_number(text: str) -> str:
    """A document number without what people write around it: signs, a prefix of letters, leading zeros.

    Letters after a digit stay, as do those of a number without digits. What has neither letters nor digits of ASCII
    stays as it is.

    >>> [bare_number(n) for n in ("RE-0012", "Inv. 12", "12", "0012/a", "ABC", "000")]
    ['12', '12', '12', '12A', 'ABC', '000']
    """
    signs = re.sub(_NO_SIGN, "", text).upper()
    return re.sub(_PREFIX, "", signs) or signs or text


def bare_number_sql(number: str) -> str:
    """`bare_number` of a PostgreSQL expression."""
    signs = f"upper(regexp_replace({number}, '{_NO_SIGN}', '', 'g'))"
    return f"coalesce(nullif(regexp_replace({signs}, '{_PREFIX}', ''), ''), nullif({signs}, ''), {number})"


class NoNearDuplicates(RowsFail):
    """Metric: rows that say nearly the same as another row."""

    condition_metric_name = "rows.no_near_duplicates"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("partner", "number", "amount", "date", "days")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        amounts = pandas_units(frame, [args["amount"]], None)[args["amount"]]
        numbers = frame[args["number"]].map(bare_number)
        keys = list(zip(frame[args["partner"]], numbers, amounts, strict=True))
        days = pd.to_datetime(frame[args["date"]]).dt.normalize()
        alike = defaultdict(list)
        for at, key in enumerate(keys):
            alike[key].append((days.iloc[at], at))
        near = set[int]()
        for places in alike.values():
            order = sorted(places)
            for (before, one), (after, other) in pairwise(order):
                if (after - before).days <= args["days"]:
                    near |= {one, other}
        return pd.Series([at in near for at in range(len(frame))], index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        names = [args[name] for name in ("partner", "number", "amount", "date")]
        own: list[sa.ColumnClause[Any]] = [sa.column(c) for c in names]
        signs = sa.func.upper(sa.func.regexp_replace(own[1], _NO_SIGN, "", "g"))
        plain = sa.func.nullif(sa.func.regexp_replace(signs, _PREFIX, ""), "")
        bare = sa.func.coalesce(plain, sa.func.nullif(signs, ""), own[1])
        day = sa.cast(own[3], sa.Date())
        place: dict[str, Any] = {"partition_by": [own[0], bare, sql_number(args["amount"], None)], "order_by": day}

        def days(later: Any, earlier: Any) -> sa.ColumnElement[int]:
            return sa.type_coerce(later - earlier, sa.Integer())

        near = sa.or_(
            days(day, sa.func.lag(day).over(**place)) <= args["days"],
            days(sa.func.lead(day).over(**place), day) <= args["days"],
        )
        found = sa.select(*own, near.label("_near")).select_from(rows).where(*(c.is_not(None) for c in own))
        placed = found.subquery("placed")
        return sa.tuple_(*own).in_(sa.select(*(placed.c[c] for c in names)).where(placed.c["_near"]).correlate(None))

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class PairsUsual(RowsFail):
    """Metric: rows of journals with a pair of accounts that few other journals have."""

    condition_metric_name = "groups.usual_pairs"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("group", "account", "debit", "credit", "least", "of")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        groups = list(zip(*(frame[c] for c in args["group"]), strict=True))
        units = pandas_units(frame, [args["debit"], args["credit"]], None)
        sides: dict[Any, tuple[set[Any], set[Any]]] = defaultdict(lambda: (set(), set()))
        for at, group in enumerate(groups):
            for side, column in zip(sides[group], ("debit", "credit"), strict=True):
                if units[args[column]].iloc[at]:
                    side.add(frame[args["account"]].iloc[at])
        pairs = {g: {(d, c) for d, c in product(*both) if d != c} for g, both in sides.items()}
        times = Counter(pair for of in pairs.values() for pair in of)
        rare = {g for g, of in pairs.items() if any(times[p] < args["least"] for p in of)}
        known = len(sides) >= args["of"]
        return pd.Series([known and g in rare for g in groups], index=frame.index, dtype=bool)

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        key: list[sa.ColumnClause[Any]] = [sa.column(c) for c in args["group"]]
        account: sa.ColumnClause[Any] = sa.column(args["account"])
        whole = [c.is_not(None) for c in (*key, account)]

        def side(column: str) -> sa.Subquery:
            lines = sa.select(*key, account.label("_account")).select_from(rows)
            return lines.where(*whole, sql_number(column, None) != 0).distinct().subquery(f"of_{column}")

        debit, credit = side(args["debit"]), side(args["credit"])
        same = sa.and_(*(debit.c[k.name] == credit.c[k.name] for k in key), debit.c["_account"] != credit.c["_account"])
        accounts = [side.c["_account"].label(name) for side, name in ((debit, "_debit"), (credit, "_credit"))]
        pairs = sa.select(*(debit.c[k.name] for k in key), *accounts).select_from(debit.join(credit, same)).cte("pairs")
        both = pairs.c["_debit"], pairs.c["_credit"]
        rare = sa.select(*both).group_by(*both).having(sa.func.count() < args["least"])
        journals = sa.select(*key).select_from(rows).where(*whole).distinct().subquery("journals")
        enough = sa.select(sa.func.count() >= args["of"]).select_from(journals).scalar_subquery()
        found = sa.select(*(pairs.c[k.name] for k in key)).where(sa.tuple_(*both).in_(rare), enough).correlate(None)
        return sa.tuple_(*key).in_(found) if len(key) > 1 else key[0].in_(found)

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        raise NotImplementedError(f"{cls.condition_metric_name} {NOT_ON_SPARK}")


class ExpectNoNearDuplicates(Together):
    """Expect no document to come twice under numbers that only look different: RE-0012 and 12.

    ExpectNoNearDuplicates is a Multicolumn Map Expectation: every row that has a near duplicate fails. Two rows are
    near duplicates when their partner and their amount are equal, their dates are at most `days` apart, and their
    numbers are equal but for signs, case, a prefix of letters and leading zeros. An invoice and the credit note that
    cancels it differ in the sign of their amount. In the gate amounts are compared in one currency, and also with the
    rows of the client that are current in the warehouse under another key, but for rows that the delivery replaces.
    Regular invoices of the same amount may look alike: it is meant as a warning. Rows with a missing value among the
    columns are not judged.

    Args:
        partner (str): the column with the supplier or customer.
        number (str): the column with the number of the document.
        amount (str): the column with its amount.
        date (str): the column with its date.

    Other Parameters:
        days (int): days that the dates may be apart. Default 7.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        70001 RE-0012 119.00 of 1 March, 70001 RE-0013 119.00 of 1 March → passes
        70001 RE-0012 119.00 of 1 March, 70001 12 119.00 of 5 March → both fail

        ExpectNoNearDuplicates(
            partner="supplier_id", number="invoice_id", amount="gross_amount", date="invoice_date",
        )
    """

    partner: str
    number: str
    amount: str
    date: str
    days: int = pydantic.Field(7, ge=0)

    judged_by: ClassVar[tuple[str, ...]] = ("partner", "number", "amount", "date")
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.UNIQUENESS,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "history")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "number": "text", "partner": None, "amount": "number", "date": "date",
    }  # fmt: skip
    map_metric: ClassVar[str] = "rows.no_near_duplicates"
    success_keys: ClassVar[tuple[str, ...]] = ("partner", "number", "amount", "date", "days", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("partner", "number", "amount", "date")

    class Config:
        title = "Expect no near duplicates"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {name: kwargs[name] for name in ("partner", "number", "amount", "date")}
        params["days"] = str(kwargs.get("days", 7))
        alike = "the same $amount, nearly the same $number, and $date within $days days"
        return f"no two rows of one $partner may have {alike}", params


class ExpectPairsToBeUsual(Together):
    """Expect the accounts that a journal debits and credits to meet in other journals, too.

    ExpectPairsToBeUsual is a Multicolumn Map Expectation: all rows of a journal fail that has a pair of a debited and
    a credited account which occurs in fewer than `least` journals, itself included. It says so only once there are
    `of` journals to learn from. In the gate the journals of the client that are current in the warehouse count beside
    those of the delivery. A side is told by its column, so a cancelled debit is still a debit. Unusual is not wrong:
    it is meant as a warning. Rows without an account or without a value in one of the group's columns are not judged.

    Args:
        group (list of str): columns that together name a journal.
        account (str): the column with the account.
        debit, credit (str): the columns with the amounts of the two sides.

    Other Parameters:
        least (int): journals in which a pair must occur to be usual. Default 3.
        of (int): journals there must be before anything is unusual. Default 200.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, in the warehouse as well. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL.

    Example:
        of 500 journals 120 debit 1400 and credit 8400 → they pass
        of 500 journals one debits 8400 and credits 1000 → its rows fail

        ExpectPairsToBeUsual(
            group=["entity_code", "journal_id"], account="account_id", debit="debit_amount", credit="credit_amount",
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    account: str
    debit: str
    credit: str
    least: int = pydantic.Field(3, ge=2)
    of: int = pydantic.Field(200, ge=1)

    judged_by: ClassVar[tuple[str, ...]] = ("group", "account")
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "history")
    engines: ClassVar[Sequence[str]] = ON_TWO_ENGINES
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "account": None, "debit": "number", "credit": "number", "group": None,
    }  # fmt: skip
    map_metric: ClassVar[str] = "groups.usual_pairs"
    success_keys: ClassVar[tuple[str, ...]] = ("group", "account", "debit", "credit", "least", "of", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "account", "debit", "credit")

    class Config:
        title = "Expect pairs to be usual"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _two_sides(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("debit") == values.get("credit"):
            raise ValueError(f"debit and credit are both {values.get('debit')!r}: there are no two sides")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {name: kwargs[name] for name in ("account", "debit", "credit")}
        params |= {"least": str(kwargs.get("least", 3)), "of": str(kwargs.get("of", 200))}
        pair = "each $account with $debit and each with $credit"
        return f"in every group of {where} {pair} must meet in at least $least groups, once there are $of", params
