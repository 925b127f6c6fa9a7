"""Arguments of expectations: which columns they name, whether they fit the contract, and dates made comparable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import (
    AndCondition,
    ComparisonCondition,
    Condition,
    NullityCondition,
    OrCondition,
)

from pipelines.contract import Column, Contract
from pipelines.validate.expectations import (
    ExpectAmountsToFollowTariff,
    ExpectAmountToBeSimilar,
    ExpectBalancesToCarryForward,
    ExpectColumnProductToMatch,
    ExpectColumnsToAddUp,
    ExpectGroupsToBalance,
    ExpectGroupsToRollForward,
    ExpectGroupSumsToBeAtMost,
    ExpectGroupTotalToMatch,
    ExpectKindsToAddUp,
    ExpectLoadedValuesToStay,
    ExpectPositionsToRollForward,
    ExpectRowCountToBeSimilar,
    ExpectRowsToMatchFeed,
    ExpectStepsToFollow,
    ExpectTotalsToMatchFeed,
    ExpectUnitsToBeKnown,
    ExpectValuesToBeListed,
    ExpectValuesToBeNearFeed,
    ExpectValuesToReachMinimum,
)
from pipelines.validate.expectations.described import Described
from pipelines.validate.views import LONGEST_EXACT

_BOUNDS = ("min_value", "max_value")
CONDITION = "row_condition must be a condition object as Great Expectations writes it, not a text to be run"
_ORDERED = ("<", "<=", ">", ">=")
_TEXT_ONLY = ("regex", "value_length", "strftime", "dateutil", "json")
_OUTSIDE = {
    "decimals": "the contract says the scale",
    "as_of": "the gate knows the day of the delivery",
    "before": "the gate knows the earlier delivery",
    "known_values": "the gate looks into the feed",
    "feed_table": "the gate looks into the feed",
    "currency_column": "the contract says the currency",
}
_ALL_OR_NOTHING = "mostly makes no sense without `group`: the delivery balances or it does not"
_WRITTEN_AS = {
    "number": "a number",
    "date": "an ISO date such as '2026-01-31'",
    "text": "a text",
    "boolean": "true or false",
}


def judged(expectation: Expectation) -> list[str]:
    """Columns the expectation judges, the one its rejects point at first; row condition not included."""
    if isinstance(expectation, ExpectColumnsToAddUp | ExpectColumnProductToMatch):
        less = getattr(expectation, "less_pct", None)
        others = [*expectation.column_list, *([less] if less else [])]
        return [expectation.total, *(c for c in others if c != expectation.total)]
    if isinstance(expectation, ExpectUnitsToBeKnown):
        return expectation.own_columns
    if isinstance(expectation, ExpectGroupsToBalance | ExpectGroupTotalToMatch):
        named = [getattr(expectation, name, None) for name in ("amount", "total", "debit", "credit", "count")]
        instead = (getattr(expectation, "instead", None) or {}).values()
        return list(dict.fromkeys([*(c for c in named if c), *expectation.group, *instead]))
    if isinstance(expectation, ExpectTotalsToMatchFeed):
        instead, kinds, during = expectation.instead or {}, expectation.kinds or {}, expectation.during or {}
        more = [*instead.values(), *([kinds["column"]] if kinds else []), *(kinds.get("per") or [])]
        more += [during[name] for name in ("start", "end") if name in during]
        summed = [expectation.amount] if expectation.amount else expectation.count or []
        return list(dict.fromkeys([*summed, *expectation.match, *instead, *more]))
    if isinstance(expectation, ExpectPositionsToRollForward | ExpectValuesToBeNearFeed):
        unit = (expectation.units or {}).get("unit")
        return list(dict.fromkeys([*(c for _, c, _ in _named(expectation)), *([unit] if unit else [])]))
    if isinstance(expectation, Described) and expectation.names_columns:
        return list(dict.fromkeys(c for _, c, _ in _named(expectation)))
    named = [getattr(expectation, name, None) for name in ("column", "column_A", "column_B")]
    return [c for c in named if c] + list(getattr(expectation, "column_list", None) or [])


def _named(expectation: Described) -> Iterator[tuple[str, str, str | None]]:
    """(argument, column, family it must have) of an expectation that says which of its arguments name columns."""
    for argument, wanted in expectation.names_columns.items():
        given = getattr(expectation, argument, None)
        for name in given if isinstance(given, list) else [given] if given else []:
            yield argument, name, wanted


def comparisons(condition: Any) -> Iterator[ComparisonCondition | NullityCondition]:
    """The single tests of a row condition."""
    if isinstance(condition, AndCondition | OrCondition):
        for part in condition.conditions:
            yield from comparisons(part)
    elif isinstance(condition, ComparisonCondition | NullityCondition):
        yield condition


def used(expectation: Expectation) -> list[str]:
    """Every column the expectation needs, those of its row condition included."""
    condition = getattr(expectation, "row_condition", None)
    return list(dict.fromkeys([*judged(expectation), *(c.column.name for c in comparisons(condition))]))


def problems(expectation: Expectation, contract: Contract) -> list[str]:
    """What does not fit the contract."""
    out: list[str] = []
    condition = getattr(expectation, "row_condition", None)
    if condition is not None and _free_text(condition):
        out.append(CONDITION)
    known = {name for name, _ in contract.stored}
    unknown = [c for c in used(expectation) if c not in known]
    if unknown:
        return [*out, *(f"unknown column {c!r}; the contract has {', '.join(sorted(known))}" for c in unknown)]
    if expectation.windows:
        out.append("windows are not supported")
    mostly = getattr(expectation, "mostly", 1)
    if not isinstance(mostly, int | float) or not 0 < mostly <= 1:
        out.append(f"mostly is {mostly!r}, expected a number above 0 and up to 1")
    out += _value_problems(expectation, contract)
    out += [p for c in comparisons(condition) for p in _condition_problems(c, contract)]
    out += _outside_only(expectation)
    if wrong := _family_problems(expectation, contract):
        return out + wrong
    return out + _pair_problems(expectation, contract) + _set_problems(expectation, contract)


def _free_text(condition: Any) -> bool:
    if isinstance(condition, AndCondition | OrCondition):
        return any(_free_text(c) for c in condition.conditions)
    return not isinstance(condition, Condition) or not isinstance(condition, ComparisonCondition | NullityCondition)


def _column(contract: Contract, name: str) -> Column | None:
    """The contract's column, None for a column of absent codes."""
    return next((c for c in contract.columns if c.name == name), None)


def family(contract: Contract, name: str) -> str:
    """number, date, text or boolean."""
    column = _column(contract, name)
    if column is None:
        return "text"
    if column.precision_scale or column.physical_type in ("integer", "bigint"):
        return "number"
    if column.physical_type in ("date", "timestamptz"):
        return "date"
    return column.physical_type


def codes(contract: Contract, name: str) -> tuple[str, ...]:
    """Allowed values of a column of codes or absent codes; empty when any text goes."""
    column = _column(contract, name)
    if column is not None:
        return column.codes
    return next((c.absent_codes for c in contract.columns if c.absent_column == name), ())


def misfit(contract: Contract, name: str, value: Any) -> str | None:
    """Why a value of the suite cannot be compared with a column."""
    kind = family(contract, name)
    if kind == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "date":
        fits = isinstance(value, dt.date) or (isinstance(value, str) and _is_date(value))
    else:
        fits = isinstance(value, bool if kind == "boolean" else str)
    if not fits:
        return f"{value!r} for column {name}, expected {_WRITTEN_AS[kind]}"
    allowed = codes(contract, name)
    if not allowed or value in allowed:
        return None
    return f"{value!r} for column {name}, expected one of {', '.join(allowed)}"


def _is_date(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _value_problems(expectation: Expectation, contract: Contract) -> list[str]:
    """Bounds and value sets against the type and codes of the column they are compared with."""
    name = getattr(expectation, "column", None)
    if name is None:
        return [
            said
            for pair in getattr(expectation, "value_pairs_set", None) or []
            for name, v in zip(judged(expectation), pair, strict=True)
            if v is not None and (said := misfit(contract, name, v))
        ]
    metric = getattr(expectation, "map_metric", None) or ""
    if any(word in metric for word in _TEXT_ONLY) and family(contract, name) != "text":
        return [f"column {name} is {family(contract, name)}, not text"]
    values = [getattr(expectation, b, None) for b in _BOUNDS] if _bounds_values(expectation) else []
    values += list(getattr(expectation, "value_set", None) or [])
    return [said for v in values if v is not None and (said := misfit(contract, name, v))]


def _bounds_values(expectation: Expectation) -> bool:
    """Whether its bounds are compared with values of the column, not with a count or share of them."""
    if getattr(expectation, "map_metric", None) == "column_values.between":
        return True
    return bool(set(getattr(expectation, "metric_dependencies", ())) & {"column.min", "column.max"})


def _condition_problems(condition: ComparisonCondition | NullityCondition, contract: Contract) -> list[str]:
    if isinstance(condition, NullityCondition):
        return []
    operator = str(getattr(condition.operator, "value", condition.operator))
    if family(contract, condition.column.name) == "date" and operator not in _ORDERED:
        # pandas compares a date for equality with the text as such: never equal
        return [f"row_condition: {operator} on the date {condition.column.name}; write >= and <="]
    values = condition.parameter if isinstance(condition.parameter, list) else [condition.parameter]
    said = (misfit(contract, condition.column.name, v) for v in values)
    return [f"row_condition: {s}" for s in said if s]


def _outside_only(expectation: Expectation) -> list[str]:
    """Arguments that say what the contract or the gate knows: for use without them, on plain data."""
    given = [n for n in _OUTSIDE if getattr(expectation, n, None) is not None]
    return [f"{name} is for use outside the gate: {_OUTSIDE[name]}" for name in given]


def _one_scale(contract: Contract, columns: list[str]) -> list[str]:
    return one_scale({c: sized(contract, c) for c in columns})


def one_scale(scales: Mapping[str, tuple[int, int] | None]) -> list[str]:
    """Columns, with precision and scale, that cannot be added or compared to the cent."""
    if None in scales.values() or len({s[1] for s in scales.values() if s}) != 1:
        return [f"columns to add up must be numeric of one scale, got {dict(scales)}"]
    return []


def sized(contract: Contract, name: str) -> tuple[int, int] | None:
    """(precision, scale) of a column; None when it is no numeric one."""
    return getattr(_column(contract, name), "precision_scale", None)


def _family_problems(expectation: Expectation, contract: Contract) -> list[str]:
    """Columns of another family than the arguments of our own expectations ask for."""
    return [
        f"{argument}: column {name} is {family(contract, name)}, not a {wanted}"
        for argument, name, wanted in (_named(expectation) if isinstance(expectation, Described) else ())
        if wanted and family(contract, name) != wanted
    ]


def _set_problems(expectation: Expectation, contract: Contract) -> list[str]:
    """Rules about groups and about earlier deliveries."""
    if isinstance(
        expectation,
        ExpectGroupsToBalance | ExpectGroupTotalToMatch | ExpectGroupsToRollForward | ExpectBalancesToCarryForward,
    ):
        names = ("debit", "credit", "amount", "total", "opening", "closing")
        amounts = [c for n in names if (c := getattr(expectation, n, None))]
        out = _one_scale(contract, amounts) + stand_ins(contract, getattr(expectation, "instead", None), months=False)
        count = getattr(expectation, "count", None)
        if count and family(contract, count) != "number":
            out.append(f"count: column {count} is {family(contract, count)}, not a number")
        if not expectation.group:
            return out + ([_ALL_OR_NOTHING] if expectation.mostly != 1 else [])
        return out + mixed(contract, amounts, expectation.group, "group")
    if isinstance(expectation, ExpectAmountsToFollowTariff):
        wanted = {"amount": "number", "quantity": "number", "date": "date", "date_instead": "date"}
        named = {n: getattr(expectation, n) for n in wanted if getattr(expectation, n)}
        out = [f"{n}: unknown column {c!r}" for n, c in named.items() if c not in {k.name for k in contract.columns}]
        out = out or [
            f"{n}: column {c} is no {wanted[n]}" for n, c in named.items() if family(contract, c) != wanted[n]
        ]
        return out or mixed(contract, [expectation.amount], expectation.match)
    if isinstance(expectation, ExpectLoadedValuesToStay) and set(expectation.group) != set(contract.key):
        return [f"group: expected {', '.join(contract.key)}, the contract's key: a row replaces the one that has it"]
    if isinstance(expectation, ExpectStepsToFollow):
        return [p for step in expectation.steps if (p := misfit(contract, expectation.step, step))]
    if isinstance(expectation, ExpectGroupSumsToBeAtMost):
        return _unit_problems(expectation, contract) + mixed(contract, [expectation.column], expectation.group, "group")
    if isinstance(expectation, ExpectKindsToAddUp):
        kinds = [*expectation.plus, *expectation.minus, *expectation.total]
        said = [p for k in kinds if (p := misfit(contract, expectation.kind, k))]
        return said + mixed(contract, [expectation.amount], expectation.group, "group")
    if isinstance(expectation, ExpectValuesToReachMinimum):
        given = [(c, entry[c]) for entry in expectation.minimums for c in expectation.match]
        return list(dict.fromkeys(f"minimums: {p}" for c, v in given if (p := misfit(contract, c, v))))
    if isinstance(expectation, ExpectValuesToBeListed):
        given = [(c, entry[c]) for entry in expectation.entries for c in expectation.match]
        return list(dict.fromkeys(f"entries: {p}" for c, v in given if (p := misfit(contract, c, v))))
    if isinstance(expectation, ExpectTotalsToMatchFeed):
        counted = expectation.kinds or {}
        said = [p for k in kinds_in(counted) if (p := misfit(contract, counted["column"], k))]
        said += stand_ins(contract, expectation.instead)
        return said + mixed(contract, [expectation.amount] if expectation.amount else [], expectation.match)
    if isinstance(expectation, ExpectRowsToMatchFeed):
        pair = expectation.unless_equal or []
        kinds = [family(contract, c) for c in pair]
        return [f"unless_equal: {' and '.join(pair)} are {' and '.join(kinds)}"] if len(set(kinds)) > 1 else []
    if isinstance(expectation, ExpectRowCountToBeSimilar | ExpectAmountToBeSimilar):
        out = []
        if getattr(expectation, "row_condition", None) is not None:
            out.append("row_condition: of an earlier delivery only the figures of all rows are kept")
        name = getattr(expectation, "column", None)
        if name and name not in {c.name for c in contract.money}:
            out.append(f"column {name} is no money column: of others no sum is kept")
        return out
    return []


def _unit_problems(expectation: ExpectGroupSumsToBeAtMost, contract: Contract) -> list[str]:
    """Own columns with the product and the unit of a quantity."""
    known = {c.name for c in contract.columns}
    named = [c for n, c in (expectation.units or {}).items() if not n.startswith("feed_")]
    out = [f"units: unknown column {c!r}" for c in named if c not in known]
    return out + [f"units: column {c} is no text" for c in named if c in known and family(contract, c) != "text"]


def kinds_in(given: Mapping[str, Any]) -> list[Any]:
    """Every kind that an argument `kinds` names."""
    return [kind for side in ("plus", "minus", "total") for kind in given.get(side) or []]


def mixed(contract: Contract, amounts: Iterable[str], named: Container[str], where: str = "match") -> list[str]:
    """Amounts whose currency is a column that does not tell them apart."""
    return [
        f"{c} is in {currency}: name it in `{where}`, else sums mix currencies"
        for c in amounts
        if (currency := getattr(_column(contract, c), "currency", None)) in {k.name for k in contract.columns}
        and currency not in named
    ]


def stand_ins(contract: Contract, instead: Mapping[str, str] | None, *, months: bool = True) -> list[str]:
    """Columns that cannot stand in for another: of another kind, but for the month of a date, or of another scale."""
    kinds = [(c, o, family(contract, c), family(contract, o)) for c, o in (instead or {}).items()]
    return [
        f"{other} is {kind} and cannot stand in for {column}, which is {wanted}"
        for column, other, wanted, kind in kinds
        if kind != wanted and not (months and (wanted, kind) == ("text", "date"))
    ] + [p for c, o in (instead or {}).items() if sized(contract, c) for p in _one_scale(contract, [c, o])]


def _pair_problems(expectation: Expectation, contract: Contract) -> list[str]:
    """Columns that are compared or added must be of one kind, and exact ones of one scale."""
    if isinstance(expectation, ExpectColumnsToAddUp):
        if out := _one_scale(contract, judged(expectation)):
            return out
        digits = {c: (contract.column(c).precision_scale or (0, 0))[0] for c in judged(expectation)}
        if max(digits.values()) > LONGEST_EXACT:
            return [f"columns to add up may have at most {LONGEST_EXACT} digits, got {digits}"]
        return []
    if isinstance(expectation, ExpectColumnProductToMatch):
        wrong = [c for c in judged(expectation) if family(contract, c) != "number"]
        return [f"column {c} is {family(contract, c)}, not a number" for c in wrong]
    if getattr(expectation, "map_metric", None) in ("column_pair_values.a_greater_than_b", "column_pair_values.equal"):
        first, second = expectation.column_A, expectation.column_B
        kinds = family(contract, first), family(contract, second)
        return [] if kinds[0] == kinds[1] else [f"{first} is {kinds[0]} and {second} is {kinds[1]}: not comparable"]
    return []


def normalise(expectation: Expectation, contract: Contract) -> None:
    """Dates in arguments become timestamps: Great Expectations reads '2026-01-31' as a date, which pandas refuses."""
    for condition in comparisons(getattr(expectation, "row_condition", None)):
        if isinstance(condition, ComparisonCondition) and family(contract, condition.column.name) == "date":
            condition.parameter = timestamp(condition.parameter).isoformat()
    if getattr(expectation, "value_pairs_set", None):
        stamped = [family(contract, c) == "date" for c in judged(expectation)]
        expectation.value_pairs_set = [
            tuple(timestamp(v) if s and v is not None else v for s, v in zip(stamped, pair, strict=True))
            for pair in expectation.value_pairs_set
        ]
    name = getattr(expectation, "column", None)
    if name is None or family(contract, name) != "date":
        return
    for bound in _BOUNDS if _bounds_values(expectation) else ():
        value = getattr(expectation, bound, None)
        if value is not None:
            setattr(expectation, bound, timestamp(value))
    if getattr(expectation, "value_set", None):
        expectation.value_set = [timestamp(v) for v in expectation.value_set]


def timestamp(value: dt.date | str) -> dt.datetime:
    """A date, or its text, as a timestamp without zone (UTC)."""
    stamp = dt.datetime.fromisoformat(value if isinstance(value, str) else value.isoformat())
    return stamp.astimezone(dt.UTC).replace(tzinfo=None) if stamp.tzinfo else stamp
