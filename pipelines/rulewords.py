"""What a rule checks, in plain words, from the JSON of its expectation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Arguments = Mapping[str, Any]
_OPERATORS = {"==": "=", "!=": "≠", "<": "<", ">": ">", "<=": "≤", ">=": "≥"}
_BETWEEN = "_to_be_between"


def checks(item: Mapping[str, Any]) -> str:
    """One line for one expectation as a suite holds it.

    >>> checks({"type": "expect_column_values_to_be_between", "kwargs": {"column": "rate", "max_value": 9.0}})
    'rate ≤ 9'
    """
    arguments: Arguments = item.get("kwargs") or {}
    words = _WORDS.get(item["type"])
    if words is None and item["type"].endswith(_BETWEEN):
        words = _between
    said = words(arguments) if words else _plain(item["type"], arguments)
    condition = arguments.get("row_condition")
    return f"{said}, where {_condition(condition)}" if condition else said


def is_about_rows(kind: str) -> bool:
    """Whether an expectation type judges single rows (or groups of them), and not the delivery as a whole."""
    return not any(part in kind for part in _ABOUT_ALL)


_ABOUT_ALL = (
    "table_row_count", "_sum_to_", "_mean_to_", "_median_to_", "_stdev_to_", "_min_to_", "_max_to_",
    "unique_value_count", "proportion_of", "to_be_similar", "feed_rows_to_occur",
)  # fmt: skip
"""Parts of the names of expectation types that judge a column or table as a whole."""


def bounds(name: str, arguments: Arguments) -> str:
    """`0 < rate ≤ 1000`, or the one bound there is."""
    low, high = arguments.get("min_value"), arguments.get("max_value")
    under, over = ("<" if arguments.get(f"strict_{end}") else "≤" for end in ("min", "max"))
    if low is not None and high is not None:
        return f"{value(low)} {under} {name} {over} {value(high)}"
    if low is not None:
        return f"{name} {'>' if under == '<' else '≥'} {value(low)}"
    return f"{name} {over} {value(high)}" if high is not None else f"{name} is measured"


def value(given: Any) -> str:
    """A bound or code as people write it: whole floats without their zero."""
    return str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)


def _between(arguments: Arguments) -> str:
    return bounds(arguments.get("column", "number of rows"), arguments)


def _of(measure: str) -> Callable[[Arguments], str]:
    return lambda arguments: bounds(f"{measure}({arguments['column']})", arguments)


def _pair(arguments: Arguments) -> str:
    sign = "≥" if arguments.get("or_equal") else ">"
    return f"{arguments['column_A']} {sign} {arguments['column_B']}"


def _set(arguments: Arguments) -> str:
    return f"{arguments['column']} in {_list(arguments['value_set'])}"


def _list(values: Any) -> str:
    shown = [value(v) for v in list(values)[:8]]
    return ", ".join(shown) + (f", … ({len(values)})" if len(values) > len(shown) else "")


def _columns(arguments: Arguments) -> str:
    taken_off = "".join(f" − {c}" for c in arguments.get("minus") or [])
    return " + ".join(arguments["columns"]) + f"{taken_off} = {arguments['total']}"


def _product(arguments: Arguments) -> str:
    per = arguments.get("per", 1)
    divided = f" / {value(per)}" if per != 1 else ""
    less = f", less {arguments['less_pct']} %," if arguments.get("less_pct") else ""
    return f"{' × '.join(arguments['factors'])}{divided}{less} = {arguments['total']}"


def _ratio(arguments: Arguments) -> str:
    parts = " + ".join([arguments["numerator"], *(arguments.get("plus") or [])])
    return bounds(f"{f'({parts})' if arguments.get('plus') else parts} / {arguments['denominator']}", arguments)


def _units(arguments: Arguments) -> str:
    places = "".join(f", or in {each['feed']}" for each in arguments.get("or_in") or [])
    return f"{arguments['column']} is a unit of UN/CEFACT Recommendation 20{places}"


def _balance(arguments: Arguments) -> str:
    sides = f"{arguments['debit']} = {arguments['credit']}" if arguments.get("debit") else f"{arguments['amount']} = 0"
    return f"sum of {sides}" + (f" per {', '.join(arguments['group'])}" if arguments.get("group") else "")


def _group_total(arguments: Arguments) -> str:
    total = arguments.get("total") or arguments.get("total_of")
    return f"sum of {arguments['amount']} = {total} per {', '.join(arguments['group'])}"


def _roll(arguments: Arguments) -> str:
    start, amount, end = (arguments[name] for name in ("opening", "amount", "closing"))
    return f"{start} + sum of {amount} = {end} per {', '.join(arguments['group'])}"


def _kinds(arguments: Arguments) -> str:
    signed = [f"+ {k}" for k in arguments["plus"]] + [f"− {k}" for k in arguments.get("minus") or []]
    parts = " ".join(signed).removeprefix("+ ")
    return f"{arguments['amount']}: {parts} = {' + '.join(arguments['total'])} per {', '.join(arguments['group'])}"


def _minimum(arguments: Arguments) -> str:
    entries, match = arguments["minimums"], arguments["match"]
    newest: dict[tuple[Any, ...], Any] = {}
    for entry in sorted(entries, key=lambda e: str(e["valid_from"])):
        newest[tuple(entry[c] for c in match)] = entry["minimum"]
    shown = "; ".join(f"{' '.join(map(str, key))} {value(least)}" for key, least in list(newest.items())[:8])
    return f"{arguments['column']} ≥ minimum on {arguments['date']} (newest: {shown})"


def _changes(arguments: Arguments) -> str:
    what = f"{'sum of ' if arguments.get('added_up') else ''}{arguments['column']}"
    within = f"{what} within ± {value(arguments['max_change_pct'])} % of the values before and after"
    return f"{within}, by {arguments['order']} per {', '.join(arguments['group'])}"


def _agree(arguments: Arguments) -> str:
    said = f"one {' and one '.join(arguments['columns'])} per {', '.join(arguments['group'])}"
    return said + (", also beside what is loaded" if arguments.get("beside") else "")


def _sequence(arguments: Arguments) -> str:
    said = f"{arguments['number']} goes on by one per {', '.join(arguments['group'])}"
    return f"{said}, {arguments['opening']} = {arguments['closing']} before" if arguments.get("opening") else said


def _near(arguments: Arguments) -> str:
    alike = f"{arguments['partner']} and {arguments['amount']}"
    return (
        f"{arguments['number']} nearly once per {alike} within {arguments.get('days', 7)} days of {arguments['date']}"
    )


def _usual(arguments: Arguments) -> str:
    least, known = arguments.get("least", 3), arguments.get("of", 200)
    pair = f"{arguments['account']} by {arguments['debit']} and {arguments['credit']}"
    return f"pairs of {pair} per {', '.join(arguments['group'])} occur {least} times, once there are {known}"


def _similar(name: Callable[[Arguments], str]) -> Callable[[Arguments], str]:
    def words(arguments: Arguments) -> str:
        with_what = str(arguments.get("compared_with", "previous")).replace("_", " ")
        return f"{name(arguments)} within ± {value(arguments['max_change_pct'])} % of the {with_what} delivery"

    return words


def _feed(arguments: Arguments) -> str:
    said = f"{arguments['column']} is in {arguments['feed']}.{arguments.get('feed_column', arguments['column'])}"
    return said + (f", with {' and '.join(arguments['given'])}" if arguments.get("given") else "")


def _rows_of(arguments: Arguments) -> str:
    said = f"{', '.join(arguments['match'])} are in {arguments['feed']} ({', '.join(arguments['match'].values())})"
    if arguments.get("date"):
        said += f", valid on {arguments['date']}"
    if arguments.get("date_from"):
        said += f" or a day since {arguments['date_from']}"
    if arguments.get("grace_days"):
        said += f" or {arguments['grace_days']} days before"
    late = [f"{own} ≤ {theirs}" for own, theirs in (arguments.get("not_after") or {}).items()]
    late += [f"{own} ≥ {theirs}" for own, theirs in (arguments.get("not_before") or {}).items()]
    late += ["if known there"] if arguments.get("if_known") else []
    times = arguments.get("times") or {}
    same = [
        f"{own} = {theirs}" + (f" × {_list(times[own])}" if own in times else "")
        for own, theirs in (arguments.get("equals") or {}).items()
    ]
    return ", ".join([said, *same, *late]) + _fulfilling(arguments)


def _totals_of(arguments: Arguments) -> str:
    signed = [f"+ {c}" for c in arguments.get("plus") or []] + [f"− {c}" for c in arguments.get("minus") or []]
    there = f"{' '.join(signed).removeprefix('+ ')} in {arguments['feed']}{_fulfilling(arguments)}"
    if during := arguments.get("during"):
        there += f", {during['date']} from {during['start']} to {during['end']}"
    if not arguments.get("amount"):
        return f"number of {', '.join(arguments['count'])} = {there} per {', '.join(arguments['match'])}"
    own, there = f"{arguments['amount']}{_by_kind(arguments, 'kinds')}", there + _by_kind(arguments, "feed_kinds")
    return f"sum of {own} = {there} per {', '.join(arguments['match'])}"


def _by_kind(arguments: Arguments, name: str) -> str:
    """` (net, else earning − tax)`; nothing where kinds do not matter."""
    kinds = arguments.get(name) or {}
    signed = [f"+ {k}" for k in kinds.get("plus") or []] + [f"− {k}" for k in kinds.get("minus") or []]
    ways = [" + ".join(kinds.get("total") or []), " ".join(signed).removeprefix("+ ")]
    said = ", else ".join(way for way in ways if way)
    return f" ({said})" if said else ""


def _fulfilling(arguments: Arguments) -> str:
    """What rows of another feed must have besides."""
    wanted = (
        f"{c} = {_list(v) if isinstance(v, list) else value(v)}" for c, v in (arguments.get("where") or {}).items()
    )
    said = " and ".join(wanted)
    return f" with {said}" if said else ""


def _sums(arguments: Arguments) -> str:
    group = [*arguments["group"], *([f"{arguments['per']} of {arguments['date']}"] if arguments.get("per") else [])]
    what = f"{arguments['column']}{f' − {less}' if (less := arguments.get('less')) else ''}"
    said, most = f"sum of {what} ≤ ", arguments.get("most")
    if limit := arguments.get("limit_of"):
        factor, taken = limit.get("factor", 1), f" − {limit['less']}" if limit.get("less") else ""
        said += f"{'sum of ' if limit.get('added_up') else ''}{limit['column']}{taken} of {limit['feed']}"
        said += _fulfilling(limit) + (f" × {value(factor)}" if factor != 1 else "")
        said += f", or {limit['over_pct']} % more," if limit.get("over_pct") else ""
        said += " in base units" if arguments.get("units") else ""
        said += f", else {value(most)}," if most is not None else ""
    else:
        said += value(most)
    return f"{said} per {', '.join(group)}"


def _near_feed(arguments: Arguments) -> str:
    """`price 0.98 to 1.02 times price of x.y per order`."""
    least, most = arguments.get("least"), arguments.get("most")
    times = f"{value(least)} to {value(most)}"
    if least is None or most is None:
        times = f"at least {value(least)}" if most is None else f"at most {value(most)}"
    elif least == most:
        times = value(least)
    other = f"{'sum of ' if arguments.get('added_up') else ''}{arguments['feed_column']} of {arguments['feed']}"
    per = ", ".join(arguments["match"])
    slack = f", ± {value(arguments['slack'])}" if arguments.get("slack") else ""
    return f"{arguments['column']} {times} times {other}{_fulfilling(arguments)} per {per}{slack}"


def _positions(arguments: Arguments) -> str:
    moved = f"{arguments['feed_quantity']} of {arguments['feed']}{_fulfilling(arguments)}"
    per = ", ".join(arguments["match"])
    return f"{arguments['quantity']} = the one before + sum of {moved} since, per {per} by {arguments['date']}"


def _steps(arguments: Arguments) -> str:
    ways = [f"{step} after {_list(allowed)}" for step, allowed in sorted(arguments["after"].items())]
    ways += [f"{_list(arguments['first'])} first"] if arguments.get("first") else []
    return f"{arguments['step']} by {arguments['order']} per {', '.join(arguments['group'])}: {'; '.join(ways)}"


def _repeats(arguments: Arguments) -> str:
    said = f"{' + '.join(arguments['columns'])} occur once, also beside what is loaded"
    return f"{said}, or in one {arguments['document']}" if arguments.get("document") else said


def _tariff(arguments: Arguments) -> str:
    base = f"{arguments['base']} + " if arguments.get("base") else ""
    said = f"{arguments['amount']} = {base}{arguments['rate']} × {arguments['quantity']}"
    said += f", at least {arguments['minimum']}," if arguments.get("minimum") else ""
    said += f" in {arguments['feed']}{_fulfilling(arguments)} per {', '.join(arguments['match'])}"
    said += f", from {arguments['from_quantity']}" if arguments.get("from_quantity") else ""
    said += f", on {arguments['date']}" if arguments.get("date") else ""
    return f"{said}, ± {value(arguments.get('tolerance', 0.01))}"


def _fits(arguments: Arguments) -> str:
    least, most = value(arguments.get("least", 0.8)), value(arguments.get("most", 3))
    return (
        f"sum of {arguments['column']} is {least} to {most} times {arguments['quantity']} × {arguments['per_unit']} of "
        f"its products, per {', '.join(arguments['group'])}"
    )


def _near_delivery(arguments: Arguments) -> str:
    """`a ≥ day of the delivery − 3 days`, or the span."""
    before, after = arguments.get("days_before"), arguments.get("days_after")
    ends = []
    for sign, days in (("≥", None if before is None else -before), ("≤", after)):
        if days is not None:
            shift = f" {'−' if days < 0 else '+'} {abs(days)} days" if days else ""
            ends.append(f"{sign} day of the delivery{shift}")
    return f"{arguments['column']} {' and '.join(ends)}"


_WORDS: dict[str, Callable[[Arguments], str]] = {
    "expect_amounts_to_follow_tariff": _tariff,
    "expect_group_sums_to_fit_products": _fits,
    "expect_chains_to_end": lambda a: f"from {a['column']} to {a['parent']} and on, nobody comes back to himself",
    "expect_rows_not_to_repeat": _repeats,
    "expect_stages_to_be_in_order": lambda a: (
        f"{a['time']} ≥ first {a['time']} of a lower {a['stage']}, per {', '.join(a['group'])}"
    ),
    "expect_steps_to_follow": _steps,
    "expect_column_values_to_not_be_null": lambda a: f"{a['column']} is there",
    "expect_column_values_to_be_null": lambda a: f"{a['column']} is empty",
    "expect_column_values_to_be_unique": lambda a: f"{a['column']} occurs once",
    "expect_compound_columns_to_be_unique": lambda a: f"{' + '.join(a['column_list'])} occur once",
    "expect_column_values_to_be_in_set": _set,
    "expect_column_values_to_not_be_in_set": lambda a: f"{a['column']} not in {_list(a['value_set'])}",
    "expect_column_values_to_match_regex": lambda a: f"{a['column']} matches {a['regex']}",
    "expect_column_values_to_not_match_regex": lambda a: f"{a['column']} does not match {a['regex']}",
    "expect_column_value_lengths_to_be_between": lambda a: bounds(f"length of {a['column']}", a),
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
    "expect_column_pair_values_to_be_equal": lambda a: f"{a['column_A']} = {a['column_B']}",
    "expect_column_sum_to_be_between": _of("sum"),
    "expect_column_mean_to_be_between": _of("mean"),
    "expect_column_median_to_be_between": _of("median"),
    "expect_column_min_to_be_between": _of("min"),
    "expect_column_max_to_be_between": _of("max"),
    "expect_table_row_count_to_be_between": lambda a: bounds("number of rows", a),
    "expect_columns_to_add_up": _columns,
    "expect_column_product_to_match": _product,
    "expect_column_ratio_to_be_between": _ratio,
    "expect_groups_to_balance": _balance,
    "expect_group_total_to_match": _group_total,
    "expect_groups_to_roll_forward": _roll,
    "expect_groups_to_agree": _agree,
    "expect_kinds_to_add_up": _kinds,
    "expect_loaded_values_to_stay": lambda a: f"{', '.join(a['columns'])} stay as loaded",
    "expect_values_to_be_listed": lambda a: (
        f"{a['column']} is listed on {a['date']} by {', '.join(a['match'])} ({len(a['entries'])} entries)"
    ),
    "expect_values_to_reach_minimum": _minimum,
    "expect_sequences_to_be_unbroken": _sequence,
    "expect_no_near_duplicates": _near,
    "expect_pairs_to_be_usual": _usual,
    "expect_amounts_not_to_be_round": lambda a: f"{a['column']} is no multiple of {a['multiple']}",
    "expect_dates_to_be_on_weekdays": lambda a: f"{a['column']} is on Monday to Friday",
    "expect_days_between_to_be_at_most": lambda a: f"{a['column_A']} ≤ {a['column_B']} + {a['days']} days",
    "expect_feed_rows_to_occur": lambda a: (
        f"each {', '.join(a['match'].values())} of {a['feed']}{_fulfilling(a)} is in {', '.join(a['match'])}"
    ),
    "expect_row_count_to_be_similar": _similar(lambda a: "number of rows"),
    "expect_amount_to_be_similar": _similar(lambda a: f"sum of {a['column']}"),
    "expect_column_values_to_be_in_feed": _feed,
    "expect_ranges_not_to_overlap": lambda a: (
        f"{a['start']} to {a['end']} overlap no other per {', '.join(a['group'])}"
    ),
    "expect_changes_to_be_small": _changes,
    "expect_balances_to_carry_forward": lambda a: (
        f"{a['opening']} = {a['closing']} before, by {a['order']} per {', '.join(a['group'])}"
    ),
    "expect_dates_to_be_in_order": lambda a: " ≤ ".join(a["columns"]),
    "expect_dates_to_be_near_delivery": _near_delivery,
    "expect_group_sums_to_be_at_most": _sums,
    "expect_numbers_to_have_check_digits": lambda a: f"check digits of {a['column']} fit {a['country']}",
    "expect_positions_to_roll_forward": _positions,
    "expect_postal_codes_to_fit_region": lambda a: (
        f"{a['column']} is a code of {' in '.join(a[n] for n in ('region', 'country') if a.get(n))}"
    ),
    "expect_rows_to_match_feed": _rows_of,
    "expect_totals_to_match_feed": _totals_of,
    "expect_units_to_be_known": _units,
    "expect_values_to_be_near_feed": _near_feed,
    "expect_values_to_start_with": lambda a: f"{a['column']} begins with {a['start']}",
    "expect_word_not_to_occur": lambda a: f"{a['column']} does not name {a['word']}",
}


def _plain(kind: str, arguments: Arguments) -> str:
    """Any other expectation: its type as words, its arguments."""
    words = kind.removeprefix("expect_").replace("_", " ")
    given = ", ".join(f"{k} = {value(v)}" for k, v in arguments.items() if k not in ("row_condition", "mostly"))
    return f"{words} ({given})" if given else words


def _condition(condition: Any) -> str:
    """A row condition as Great Expectations writes it."""
    if not isinstance(condition, Mapping):
        return str(condition)
    if "conditions" in condition:
        return f" {condition.get('type', 'and')} ".join(_condition(c) for c in condition["conditions"])
    column = condition.get("column", {})
    name = column.get("name", column) if isinstance(column, Mapping) else column
    if condition.get("type") == "nullity":
        return f"{name} is {'empty' if condition.get('is_null') else 'there'}"
    parameter = condition.get("parameter", "")
    sign = _OPERATORS.get(str(condition.get("operator")), str(condition.get("operator")).lower())
    return f"{name} {sign} {_list(parameter) if isinstance(parameter, list) else value(parameter)}"
