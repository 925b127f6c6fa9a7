"""The gate on a real warehouse: every rule derived from the contract is tripped by a sample, and accounted for."""

# ruff: noqa: E501 (one sample a line reads better)

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.delivery import Verdict
from pipelines.errors import GateError
from pipelines.reject import Baseline
from pipelines.validate.gate import LayoutJudged
from tests.unit.validate.conftest import ADDS_UP, LINES, Control, Desk, Line, by_id, line, malformed, rule

FINE = [line(f"g{i}") for i in range(100)]
UNREADABLE = (Baseline.UNREADABLE, "net_amount", "12,x")


def test_good_rows_pass(desk: Desk) -> None:
    delivery, result = desk.gate(FINE)
    assert (result.verdict, result.message, result.holds) == (Verdict.PASS, None, [])
    assert set(desk.fates(delivery).values()) == {None}
    assert delivery.rows_received == 100 and delivery.rows_rejected == 0 and delivery.verdict is Verdict.PASS
    assert by_id(result)["adds_up"].success is True and by_id(result)["adds_up"].evaluated == 100


@pytest.mark.parametrize(
    ("name", "bad", "rejected"),
    [
        ("malformed_record", [malformed()], [102]),
        ("unreadable.net_amount", [line("b", problems=[UNREADABLE], net_amount=None)], [102]),
        ("unknown_code.status_code", [line("b", problems=[(Baseline.UNKNOWN_CODE, "status_code", "x")], status_code=None)], [102]),
        ("out_of_scale.net_amount", [line("b", problems=[(Baseline.OUT_OF_SCALE, "net_amount", "1.234")], net_amount=None)], [102]),
        ("lookup_missing.parent_id", [line("b", problems=[(Baseline.LOOKUP_MISSING, "parent_id", "7")])], [102]),
        ("required.booked_date", [line("b", booked_date=None)], [102]),
        ("repeated_row", [line("b"), line("b"), line("b")], [103, 104]),
        ("key_unique", [line("b"), line("b", head_count=2), line("c")], [102, 103]),
        ("reference.parent_id", [line("b", parent_id="nobody"), line("c", parent_id="p1")], [102]),
        ("group_incomplete", [line("b", journal_id="j", gross_amount=Decimal(1)), line("c", journal_id="j")], [103]),
        ("adds_up", [line("b", gross_amount=Decimal(1))], [102]),
    ],
)  # fmt: skip
def test_rules_about_rows_set_them_aside(desk: Desk, name: str, bad: list[Line], rejected: list[int]) -> None:
    desk.delivers("tests.lines", "tests.parents")
    _parent(desk, "p1")
    delivery, result = desk.gate([*FINE, *bad])
    assert result.verdict is Verdict.PASS_WITH_REJECTS, result.message
    assert desk.rejects(delivery)[name] == rejected
    outcome = by_id(result)[name]
    assert (outcome.failed, outcome.success) == (len(rejected), False)
    assert len(outcome.samples) == len(rejected)
    fates = desk.fates(delivery)
    assert {n for n, f in fates.items() if f == "rejected"} == {n for at in desk.rejects(delivery).values() for n in at}
    kept = desk.rows("select row_number, cells from quarantine.row where delivery_id = :id", id=delivery.delivery_id)
    assert [n for n, _ in kept] == [n for n, f in fates.items() if f == "rejected"]
    assert all(set(cells) in ({"Nr"}, {"__raw"}) for _, cells in kept)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("unclaimed_records", {"unclaimed": 2, "unclaimed_rows": [7, 9]}),
        ("lookup_ambiguous", {"ambiguous": ["suppliers: key 7 has several rows, used 3 times"]}),
        ("control_total.rows", {"controls": [Control("rows", Decimal(101))]}),
        ("control_total.sum(gross_amount)", {"controls": [Control("sum(gross_amount)", Decimal("1190.01"))]}),
        ("control_total.sum(net_amount)", {"controls": [Control("sum(net_amount)", None, "no number in the footer")]}),
    ],
)
def test_rules_about_the_delivery_hold_it(desk: Desk, name: str, given: dict[str, Any]) -> None:
    _, result = desk.gate(FINE, **given)
    assert result.verdict is Verdict.HOLD
    assert [h.split(": ")[0] for h in result.holds] == [f"tests.lines.{name}"]
    assert result.message and f"tests.lines.{name}" in result.message
    assert by_id(result)[name].success is False


def test_controls_that_match_are_written_with_what_was_measured(desk: Desk) -> None:
    lines = [*FINE, line("s", "skipped"), line("b", booked_date=None)]
    controls = [Control("rows", Decimal(102)), Control("sum(gross_amount)", Decimal("1213.80"))]
    delivery, result = desk.gate(lines, controls=controls)
    assert result.verdict is Verdict.PASS_WITH_REJECTS  # received: skipped and rejected rows count
    written = desk.rows("select name, promised, measured, ok from ops.control_total where delivery_id = :id order by 1",
                        id=delivery.delivery_id)  # fmt: skip
    assert written == [("rows", 102, 102, True), ("sum(gross_amount)", Decimal("1213.80"), Decimal("1213.80"), True)]


@pytest.mark.parametrize("lines", [[], [line("s", "skipped")], [line("b", booked_date=None)]])
def test_nothing_to_load_holds(desk: Desk, lines: list[Line]) -> None:
    _, result = desk.gate(lines, desk.ref(max_rejects={"pct": 100}))
    assert result.verdict is Verdict.HOLD
    assert [h.split(": ")[0] for h in result.holds] == ["tests.lines.not_empty"]
    assert by_id(result)["adds_up"].success in (None, True)


def test_a_suite_without_rules_holds(desk: Desk) -> None:
    desk.suite([])
    _, result = desk.gate(FINE)
    assert [h.split(": ")[0] for h in result.holds] == ["tests.lines.has_rules"]


def test_too_many_rejects_hold(desk: Desk) -> None:
    bad = [line(f"b{i}", booked_date=None) for i in range(6)]
    assert desk.gate([*FINE, *bad[:5]])[1].verdict is Verdict.PASS_WITH_REJECTS
    assert "max_rejects" in desk.gate([*FINE, *bad])[1].holds[0]
    skipped = [line(f"s{i}", "skipped") for i in range(100)]
    assert "max_rejects" in desk.gate([*FINE, *bad, *skipped])[1].holds[0]  # rows of other feeds do not dilute


def test_too_large_rejected_amounts_hold(desk: Desk) -> None:
    ref = desk.ref(max_rejects={"amount": "20"})
    bad = [line("b", booked_date=None), line("c", booked_date=None, net_amount=Decimal("-10.00"))]
    _, result = desk.gate([*FINE, bad[0]], ref)
    assert result.verdict is Verdict.PASS_WITH_REJECTS
    _, result = desk.gate([*FINE, *bad], ref)
    assert result.holds == [
        "tests.lines.max_rejects.amount: more than 20 rejected in one money column (23.80 EUR in gross_amount)"
    ]


def test_missing_current_rows_hold(desk: Desk) -> None:
    desk.load([*FINE[:20], line("old1"), line("old2")])
    assert desk.gate(FINE)[1].verdict is Verdict.PASS  # 2 of 22 are 9.1 %
    desk.load([line("old3")])
    delivery, result = desk.gate(FINE)
    assert result.holds[0].startswith("tests.lines.max_closed: more than 10 % of the current rows are missing")
    assert "3 of 23" in result.holds[0]
    named = [*FINE, line("old1", booked_date=None)]  # a key on a rejected row is present
    delivery, result = desk.gate(named)
    assert result.verdict is Verdict.PASS_WITH_REJECTS
    (message,) = desk.rows("select message from quarantine.reject where delivery_id = :id", id=delivery.delivery_id)
    assert message == ("booked_date is required and missing; the version loaded earlier stays current",)
    assert desk.gate(FINE, desk.ref("delta"))[1].verdict is Verdict.PASS
    assert desk.gate(FINE, desk.ref(source="other"))[1].verdict is Verdict.PASS


def test_a_rejected_row_without_key_holds_where_rows_may_be_missing(desk: Desk) -> None:
    lines = [*FINE, line(None, problems=[(Baseline.UNREADABLE, "line_id", "?")])]
    assert desk.gate(lines)[1].verdict is Verdict.PASS_WITH_REJECTS  # the scope has no current row
    desk.load(FINE[:5])
    assert [h.split(": ")[0] for h in desk.gate(lines)[1].holds] == ["tests.lines.unreadable_key"]
    assert desk.gate([*FINE, malformed()])[1].verdict is Verdict.HOLD
    assert desk.gate(lines, desk.ref("delta"))[1].verdict is Verdict.PASS_WITH_REJECTS


def test_required_is_satisfied_by_an_absent_code_and_silent_on_unreadable_cells(desk: Desk) -> None:
    lines = [
        *FINE,
        line("a", booked_date=None, booked_date_absent_code="not_captured"),
        line("b", booked_date=None, problems=[(Baseline.UNREADABLE, "booked_date", "31.02.")]),
    ]
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"unreadable.booked_date": [103]}


def test_repeats_are_skipped_where_declared(desk: Desk) -> None:
    delivery, result = desk.gate([*FINE, line("b"), line("b")], desk.ref(repeated_rows="skip"))
    assert result.verdict is Verdict.PASS
    assert (result.counts.skipped, result.counts.accepted) == (1, 101)
    assert desk.rows(f"select _row_number, _skip_reason from {delivery.work_table} where _fate = 'skipped'") == [
        (103, "repeated row")
    ]
    assert {a.column_name: a.skipped for a in result.amounts}["gross_amount"] == Decimal("11.90")


def test_groups_do_not_cascade(desk: Desk) -> None:
    """A row rejected with its group breaks no other group; LINES has one group, so keys tell them apart."""
    lines = [
        *FINE,
        line("b1", journal_id="j1", booked_date=None), line("b2", journal_id="j1"),
        line("b3", journal_id="j2"), line("b4"),
    ]  # fmt: skip
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"required.booked_date": [102], "group_incomplete": [103]}


def test_key_conflicts_count_rejected_rows_too(desk: Desk) -> None:
    delivery, _ = desk.gate([*FINE, line("b", booked_date=None), line("b")])
    assert desk.rejects(delivery) == {"required.booked_date": [102], "key_unique": [102, 103]}


def test_amounts_by_fate_and_currency(desk: Desk) -> None:
    lines = [
        line("1"), line("2", currency_code="GBP"), line("3", "skipped"), line("4", booked_date=None),
        line("5", currency_code=None), line("6", problems=[UNREADABLE], net_amount=None),
    ]  # fmt: skip
    delivery, result = desk.gate(lines)
    net = {a.currency: a for a in result.amounts if a.column_name == "net_amount"}
    assert {c: (a.received, a.rejected, a.skipped, a.unreadable_cells) for c, a in net.items()} == {
        "EUR": (Decimal(30), Decimal(10), Decimal(10), 0),
        "GBP": (Decimal(10), 0, 0, 0),
        "XXX": (Decimal(10), 0, 0, 1),
    }
    query = "select sum(received) from ops.delivery_amount where delivery_id = :id and column_name = 'gross_amount'"
    assert desk.rows(query, id=delivery.delivery_id) == [(Decimal("71.40"),)]


def test_trying_again_changes_nothing(desk: Desk) -> None:
    lines = [*FINE, line("b", booked_date=None), line("c"), line("c"), malformed()]
    delivery, first = desk.gate(lines, move=False)
    tables = {
        "quarantine.reject": "row_number, rule_id, column_name, value, message",
        "quarantine.row": "row_number, cells, amounts, row_hash",
        "ops.rule_result": "rule_id, evaluated, failed, success, observed",
        "ops.delivery_amount": "column_name, currency, received, rejected",
    }
    queries = {t: f"select {c} from {t} where delivery_id = :id order by 1, 2" for t, c in tables.items()}
    before = {t: desk.rows(q, id=delivery.delivery_id) for t, q in queries.items()}
    fates = desk.fates(delivery)
    again = desk.again(delivery, lines)
    assert {t: desk.rows(q, id=delivery.delivery_id) for t, q in queries.items()} == before
    assert desk.fates(delivery) == fates
    assert (again.verdict, again.content_hash, again.rules) == (first.verdict, first.content_hash, first.rules)


def test_a_failure_midway_leaves_nothing(desk: Desk) -> None:
    wrong = replace(desk.facts(FINE), rows=99)
    with pytest.raises(GateError, match="cleaned rows are missing"):
        desk.gate(FINE, facts=wrong)
    assert desk.rows("select count(*) from ops.rule_result r join ops.delivery d using (delivery_id) where client_id = :c",
                     c=desk.client) == [(0,)]  # fmt: skip


def test_amounts_that_differ_from_cleaning_are_refused(desk: Desk) -> None:
    facts = desk.facts(FINE)
    wrong = replace(facts, received={**facts.received, ("net_amount", "EUR"): Decimal("999.99")})
    with pytest.raises(GateError, match="amounts changed"):
        desk.gate(FINE, facts=wrong)


def test_chunks_make_no_difference(desk: Desk) -> None:
    lines = [
        *FINE,
        line("b", booked_date=None),
        line("g1"),
        line("g2", head_count=7),
        malformed(),
        line("c", gross_amount=1),
    ]
    one, whole = desk.gate(lines, chunk=1000)
    two, cut = desk.gate(lines, chunk=7)
    assert desk.rejects(one) == desk.rejects(two)
    assert (whole.rules, whole.content_hash, whole.amounts) == (cut.rules, cut.content_hash, cut.amounts)


def test_nul_in_a_malformed_record_is_kept_visibly(desk: Desk, tmp_path: Path) -> None:
    delivery, _ = desk.gate([*FINE, malformed()])
    folder = tmp_path / str(delivery.delivery_id)
    with pa.ipc.open_file(str(folder / "raw.arrow")) as reader:
        table = reader.read_all()
    texts = [t and t + "\x00" for t in table["__raw"].to_pylist()]
    table = table.set_column(table.schema.get_field_index("__raw"), "__raw", pa.array(texts, pa.string()))
    with pa.ipc.new_file(str(folder / "raw.arrow"), table.schema) as writer:
        for batch in table.to_batches(max_chunksize=100):
            writer.write_batch(batch)
    desk.again(delivery, [*FINE, malformed()])
    query = "select cells from quarantine.row where delivery_id = :id"
    assert desk.rows(query, id=delivery.delivery_id) == [({"__raw": "a;b\u2400"},)]


def test_rules_are_written_with_masked_samples(desk: Desk) -> None:
    desk.suite(
        [
            ADDS_UP,
            rule("short", "expect_column_value_lengths_to_be_between", "warning", column="contact_name", max_value=3),
        ]
    )
    delivery, result = desk.gate([*FINE[:2], line("b", contact_name="Mo")])
    assert result.verdict is Verdict.PASS and result.message == "warnings: tests.lines.short (2)"
    query = "select severity, evaluated, failed, success, samples from ops.rule_result where delivery_id = :id and rule_id = :rule"
    (row,) = desk.rows(query, id=delivery.delivery_id, rule=f"{LINES.feed}.short")
    assert row[:4] == ("warning", 3, 2, False)
    assert [s["values"] for s in row[4]] == [{"contact_name": "S***********"}] * 2
    assert "Sample Office" not in str(result)


def _parent(desk: Desk, key: str) -> None:
    with desk.warehouse.transaction() as conn:
        conn.exec_driver_sql(
            "insert into core.tests_parents (client_id, _source, parent_id, _delivery_id, _row_number, _row_part, "
            f"_row_hash, _known_from) values ('{desk.client}', 'main', '{key}', 0, 1, 0, gen_random_uuid(), now())"
        )


def test_another_layout_than_the_accepted_one_holds_the_delivery(desk: Desk) -> None:
    """The named sample of the rule `layout_drift`: a column more than delivery 7 had."""
    judged = LayoutJudged("delivery 7", ["new column 'Kürzel' at position 7 (between 'Status' and 'Betrag')"])
    _, result = desk.gate(FINE, layout=judged)
    found = by_id(result)["layout_drift"]
    assert (found.success, found.failed) == (False, 1)
    assert str(found.observed).startswith(f"{judged.drift[0]}; approval accepts the layout")
    assert result.verdict is Verdict.HOLD
    assert result.holds[0].startswith(
        f"tests.lines.layout_drift: the layout is not that of delivery 7 ({judged.drift[0]};"
    )
    assert judged.drift[0] in str(result.message)


def test_the_accepted_layout_passes_and_a_first_one_is_not_judged(desk: Desk) -> None:
    _, result = desk.gate(FINE, layout=LayoutJudged("delivery 7"))
    assert by_id(result)["layout_drift"].success is True
    _, result = desk.gate(FINE)
    found = by_id(result)["layout_drift"]
    assert (found.success, found.observed) == (None, "not evaluated: no accepted layout to compare with")
    assert result.verdict is Verdict.PASS
