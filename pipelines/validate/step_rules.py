"""Steps that follow each other, and rows that repeat others, as SQL on the work table and what stays in core."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from typing import Any

from pipelines.validate.beside_rules import Beside
from pipelines.validate.expectations import ExpectRowsNotToRepeat, ExpectStagesToBeInOrder, ExpectStepsToFollow
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule
from pipelines.validate.sum_rules import not_brought


def steps(sets: SetRules, rule: Rule, expectation: ExpectStepsToFollow) -> Measurement:
    """Rows whose step may not follow the one before it fail, and say both."""
    beside = Beside(sets, rule)
    may_lack = expectation.or_missing or []
    # an empty value is one of its own: as a text, so that it can be hashed
    group = [f"coalesce(\"{c}\"::text, '')" if c in may_lack else f'"{c}"' for c in expectation.group]
    keys = [f"k{n}" for n in range(len(group))]
    each = [*(f"{value} as {k}" for k, value in zip(keys, group, strict=True)),
            f'"{expectation.order}" as at', f'"{expectation.step}" as step']  # fmt: skip
    picked, names = ", ".join(each), ", ".join(keys)
    values: dict[str, Any] = {"steps": expectation.steps}
    wrong = []
    for number, (step, allowed) in enumerate(expectation.after.items()):
        wrong.append(f"(step = :step{number} and before <> all(cast(:after{number} as text[])))")
        values |= {f"step{number}": step, f"after{number}": allowed}
    if expectation.first:
        wrong.append("(before is null and step <> all(cast(:first as text[])))")
        values["first"] = expectation.first
    found = (
        f"with own as materialized (select {picked} from {beside.own}), "
        f"every as (select *, true as is_own from own union all select {picked}, false from {beside.staying} "
        f"and {not_brought(sets, rule)} and ({', '.join(group)}) in (select {names} from own)), "
        f"placed as (select *, lag(step) over (partition by {names} order by at, "
        "array_position(cast(:steps as text[]), step), is_own) as before from every), "
        f"broken as (select {names}, at, step, min(before) as before from placed where is_own "
        f"and ({' or '.join(wrong)}) group by {names}, at, step) "
        f"select _row_number, _row_part, {sets.text(expectation.group)} || ': ' || step || "
        "coalesce(' after ' || before, ' first') as value "
        f"from (select *, {picked} from {sets.table} where {beside.judged}) as r join broken "
        f"using ({names}, at, step)"
    )
    return beside.about_rows(found, **values)


def stages(sets: SetRules, rule: Rule, expectation: ExpectStagesToBeInOrder) -> Measurement:
    """Rows of a stage before the first row of a lower one fail, and say when that was."""
    beside = Beside(sets, rule)
    group = ", ".join(f'"{c}"' for c in expectation.group)
    stage, time = f'"{expectation.stage}"', f'"{expectation.time}"'
    begin = f"select {group}, {stage}, min({time}) as begins"
    found = (
        f"with own as materialized ({begin} from {beside.own} group by {group}, {stage}), "
        f"every as (select * from own union all {begin} from {beside.staying} and {not_brought(sets, rule)} "
        f"and ({group}) in (select {group} from own) group by {group}, {stage}), "
        f"placed as (select {group}, {stage}, min(min(begins)) over (partition by {group} order by {stage} "
        f"rows between unbounded preceding and 1 preceding) as earlier from every group by {group}, {stage}) "
        f"select _row_number, _row_part, {sets.text([*expectation.group, expectation.stage])} || ': ' || {time} "
        f"|| ', the one before began ' || earlier as value from {sets.table} join placed using ({group}, {stage}) "
        f"where {time} < earlier and {beside.judged}"
    )
    return beside.about_rows(found)


def repeats(sets: SetRules, rule: Rule, expectation: ExpectRowsNotToRepeat) -> Measurement:
    """Rows that another one repeats, here in another document or in core under another key, fail and name it."""
    beside, contract = Beside(sets, rule), sets.contract
    may_lack = expectation.or_missing or []
    group = [f"coalesce(\"{c}\"::text, '')" if c in may_lack else f'"{c}"' for c in expectation.columns]
    keys = [f"k{n}" for n in range(len(group))]
    names, picked = ", ".join(keys), ", ".join(f"{v} as {k}" for k, v in zip(keys, group, strict=True))
    key = "concat_ws(' / ', " + ", ".join(f'"{c}"::text' for c in contract.key) + ")"
    key = sets.masked(key, contract.key)
    document = f'"{expectation.document}"::text' if expectation.document else "null::text"
    found = (
        f"with own as materialized (select {names}, "
        "count(distinct document) + count(*) - count(document) as documents, "
        f"min(key) as first, max(key) as last from (select {picked}, {document} as document, {key} as key "
        f"from {beside.own}) as o group by {names}), "
        f"earlier as (select {names}, min(key) as key from (select {picked}, {key} as key from {beside.staying} "
        f"and {not_brought(sets, rule)} and ({', '.join(group)}) in (select {names} from own)) as e group by {names}), "
        f"broken as (select own.*, earlier.key as earlier from own left join earlier using ({names}) "
        "where documents > 1 or earlier.key is not null) "
        f"select _row_number, _row_part, {sets.text(expectation.columns)} || ': as ' || "
        "coalesce(earlier, case when key = first then last else first end) as value "
        f"from (select *, {picked}, {key} as key from {sets.table} where {beside.judged}) as r join broken "
        f"using ({names})"
    )
    return beside.about_rows(found)
