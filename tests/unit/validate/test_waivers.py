"""The gate with waivers: what is counted, what is set aside, what still holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery, Verdict
from pipelines.reject import Baseline
from pipelines.validate import run
from pipelines.validate.gate import GateResult
from pipelines.warehouse import decisions
from pipelines.warehouse.decisions import DecisionKind, Terms
from tests.unit.validate.conftest import ADDS_UP, LINES, Desk, Line, by_id, line, rule

FINE = [line(f"g{i}") for i in range(98)]
UNIQUE = rule("once", "expect_column_values_to_be_unique", column="head_count")
SMALL = "expect_column_values_to_be_between"


def waive(desk: Desk, delivery: Delivery, name: str, *rows: int, limit: str | None = None) -> None:
    """Waive a rule on some rejected rows, as a steward does."""
    with desk.warehouse.transaction() as conn:
        terms = Terms(
            DecisionKind.WAIVE, "ann", "seen", datetime.now(UTC) + timedelta(days=1), Decimal(limit) if limit else None
        )
        found = decisions.reasons(conn, delivery, LINES, rule=f"{LINES.feed}.{name}")
        decisions.decide(conn, delivery, terms, [r for r in found if r.row_number in rows])


def again(desk: Desk, lines: list[Line], *bad: Line) -> tuple[Delivery, GateResult]:
    return desk.gate([*lines, *bad])


BROKEN: dict[str, Line] = {
    "required.booked_date": line("b", booked_date=None),
    "reference.parent_id": line("b", parent_id="nobody"),
    "few": line("b", head_count=9),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_waived_row_is_counted_as_failing_and_loads(desk: Desk, name: str) -> None:
    desk.delivers("tests.lines", "tests.parents")
    desk.suite([ADDS_UP, rule("few", SMALL, column="head_count", max_value=5)])
    bad = BROKEN[name]
    first, before = desk.gate([*FINE, bad, line("c", **bad.values)])
    assert desk.rejects(first)[name] == [100, 101]
    waive(desk, first, name, 100)
    second, after = desk.gate([*FINE, line("c", **bad.values), bad])
    assert desk.rejects(second) == {name: [100]}
    assert (by_id(before)[name].failed, by_id(after)[name].failed) == (2, 2)
    assert by_id(after)[name].observed.endswith("1 of them waived")
    assert (after.counts.accepted, after.counts.rejected) == (99, 1)
    assert desk.fates(second)[101] is None
    assert after.message == f"1 line of 100 set aside: {LINES.feed}.{name} (1)"


def test_a_uniqueness_rule_lets_the_waived_row_in_only(desk: Desk) -> None:
    desk.suite([ADDS_UP, UNIQUE])
    lines = [line(f"g{i}", head_count=i) for i in range(60)]
    twice = [line("b", head_count=100), line("c", head_count=100)]
    first, _ = desk.gate([*lines, *twice])
    assert desk.rejects(first) == {"once": [62, 63]}
    waive(desk, first, "once", 62)
    second, result = desk.gate([*lines, *twice])
    assert desk.rejects(second) == {"once": [63]}
    assert by_id(result)["once"].failed == 2
    waive(desk, first, "once", 63)
    third, result = desk.gate([*lines, *twice])
    assert desk.rejects(third) == {}
    assert (result.verdict, by_id(result)["once"].failed) == (Verdict.PASS, 2)


@pytest.mark.parametrize("strict", [{"mostly": 0.99}, {"kontor": {"on_failure": "hold"}}])
def test_tolerance_is_judged_without_the_waived_rows(desk: Desk, strict: dict[str, object]) -> None:
    desk.suite([ADDS_UP, rule("few", SMALL, column="head_count", max_value=5, **strict)])
    bad = [line("b", head_count=9), line("c", head_count=9)]
    first, result = desk.gate([*FINE, *bad])
    assert [h.split(": ")[0] for h in result.holds] == [f"{LINES.feed}.few"]
    waive(desk, first, "few", 100, 101)
    _, result = desk.gate([*FINE, *bad])
    assert (result.verdict, result.holds, by_id(result)["few"].success) == (Verdict.PASS, [], False)
    assert by_id(result)["few"].failed == 2
    _, result = desk.gate([*FINE, *bad, line("d", head_count=9), line("e", head_count=9)])
    assert result.verdict is Verdict.HOLD


def test_waived_rows_do_not_count_against_max_rejects_and_spare_their_group(desk: Desk) -> None:
    bad = [line(f"b{i}", booked_date=None, journal_id="j") for i in range(6)]
    first, result = desk.gate([*FINE, *bad, line("mate", journal_id="j")])
    assert "max_rejects" in result.holds[0]
    assert desk.rejects(first)["group_incomplete"] == [106]
    waive(desk, first, "required.booked_date", *range(100, 106))
    second, result = desk.gate([*FINE, *bad, line("mate", journal_id="j")])
    assert (result.verdict, desk.rejects(second)) == (Verdict.PASS, {})


def test_a_waiver_does_not_let_in_what_another_rule_keeps_out(desk: Desk) -> None:
    first, _ = desk.gate([*FINE, line("b", booked_date=None)])
    waive(desk, first, "required.booked_date", 100)
    second, result = desk.gate([*FINE, line("b", booked_date=None, gross_amount=Decimal(1))])
    assert desk.rejects(second) == {"adds_up": [100]}
    assert by_id(result)["required.booked_date"].failed == 1
    third, _ = desk.gate([*FINE, line("b", booked_date=None), line("b", booked_date=None, head_count=2)])
    assert desk.rejects(third) == {"key_unique": [100, 101]}


def test_the_limit_is_compared_with_the_cleaned_row(desk: Desk) -> None:
    first, _ = desk.gate([*FINE, line("b", booked_date=None)])
    waive(desk, first, "required.booked_date", 100, limit="11.90")
    assert desk.gate([*FINE, line("b", booked_date=None)])[1].verdict is Verdict.PASS
    more = {"net_amount": Decimal("-10.01"), "tax_amount": Decimal("-1.90"), "gross_amount": Decimal("-11.91")}
    second, _ = desk.gate([*FINE, line("b", booked_date=None, **more)])
    assert desk.rejects(second) == {"required.booked_date": [100]}
    hidden = line("b", booked_date=None, net_amount=None, problems=[(Baseline.UNREADABLE, "net_amount", "x")])
    third, _ = desk.gate([*FINE, hidden])
    assert desk.rejects(third)["required.booked_date"] == [100]


def test_trying_again_applies_the_decisions_again(desk: Desk) -> None:
    lines = [*FINE, line("b", booked_date=None), line("c", booked_date=None)]
    first, _ = desk.gate(lines)
    waive(desk, first, "required.booked_date", 100)
    with desk.warehouse.transaction() as conn:
        terms = Terms(DecisionKind.WRITE_OFF, "ann", "gone", datetime.now(UTC) + timedelta(days=1))
        found = [r for r in decisions.reasons(conn, first, LINES) if r.row_number == 101]
        decisions.close(conn, first, decisions.decide(conn, first, terms, found))
    states = "select row_number, state from quarantine.reject where delivery_id = :id"
    for _ in range(2):
        result = desk.again(first, lines)
        assert (result.counts.rejected, desk.rows(states, id=first.delivery_id)) == (1, [(101, "written_off")])
        assert str(result.message).endswith("(1); 1 of them written off before")


def test_a_scope_without_a_waiver_pays_one_query(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = run.Waivers.of.__func__  # type: ignore[attr-defined]

    def counted(*args: object) -> object:
        conn = args[1]
        assert isinstance(conn, sa.Connection)
        sa.event.listen(conn, "before_cursor_execute", lambda *a: asked.append(a[2]))
        waivers = real(*args)
        waivers.after_stream()
        waivers.of_rule("any")
        raise RuntimeError

    monkeypatch.setattr(run.Waivers, "of", classmethod(counted))
    with pytest.raises(RuntimeError):
        desk.gate([*FINE, line("b", booked_date=None)])
    assert len(asked) == 1
