"""What publishing writes, closes and leaves alone, in each mode."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pipelines.delivery import State
from pipelines.errors import LoadError
from pipelines.warehouse import register
from tests.unit.load.conftest import Desk, Row

THREE = [Row("a"), Row("b"), Row("c")]


def test_first_delivery_writes_every_row(desk: Desk) -> None:
    result = desk.deliver(desk.ref(), THREE)
    assert (result.rows_received, result.rows_loaded, result.rows_unchanged, result.rows_closed) == (3, 3, 0, 0)
    assert desk.current() == {"a": "thing", "b": "thing", "c": "thing"}


def test_same_content_again_writes_nothing(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    before = desk.versions()
    result = desk.deliver(desk.ref(), list(reversed(THREE)))
    assert (result.rows_loaded, result.rows_unchanged) == (0, 3)
    assert desk.versions() == before


def test_snapshots_a_b_a_keep_every_version(desk: Desk) -> None:
    ref = desk.ref(max_closed_pct=100)
    first = desk.deliver(ref, [Row("a", "one"), Row("b", "one")])
    second = desk.deliver(ref, [Row("a", "two"), Row("c", "two")])
    third = desk.deliver(ref, [Row("a", "one"), Row("b", "one")])
    assert (second.rows_loaded, second.rows_closed) == (2, 1)
    assert (third.rows_loaded, third.rows_closed) == (2, 1)
    assert desk.current() == {"a": "one", "b": "one"}
    assert first.known_from and second.known_from and third.known_from
    assert first.known_from < second.known_from < third.known_from
    assert desk.known_at(first.known_from) == {"a": "one", "b": "one"}
    assert desk.known_at(second.known_from) == {"a": "two", "c": "two"}
    assert len(desk.versions()) == 6


def test_changed_snapshot_writes_exactly_the_changed_rows(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    result = desk.deliver(desk.ref(), [Row("a"), Row("b", "other"), Row("c"), Row("d")])
    assert (result.rows_loaded, result.rows_unchanged, result.rows_closed) == (2, 2, 0)
    assert len(desk.versions()) == 5


def test_delta_closes_nothing_it_does_not_name(desk: Desk) -> None:
    ref = desk.ref("delta")
    desk.deliver(ref, THREE)
    result = desk.deliver(ref, [Row("b", "other")])
    assert (result.rows_loaded, result.rows_closed) == (1, 0)
    assert desk.current() == {"a": "thing", "b": "other", "c": "thing"}


def test_period_is_the_whole_truth_of_its_period_only(desk: Desk) -> None:
    ref = desk.ref("period", max_closed_pct=100)
    desk.deliver(ref, THREE, period="2026-01")
    desk.deliver(ref, [Row("a", "february")], period="2026-02")
    result = desk.deliver(ref, [Row("a", "corrected")], period="2026-01")
    assert (result.rows_loaded, result.rows_closed) == (1, 2)
    assert desk.current(period="2026-01") == {"a": "corrected"}
    assert desk.current(period="2026-02") == {"a": "february"}


def test_two_sources_never_close_each_others_rows(desk: Desk) -> None:
    desk.deliver(desk.ref(source="east"), THREE)
    desk.deliver(desk.ref(source="west"), [Row("a", "western")])
    assert desk.current("east") == {"a": "thing", "b": "thing", "c": "thing"}
    assert desk.current("west") == {"a": "western"}


def test_shared_key_from_a_second_source_holds(desk: Desk) -> None:
    desk.deliver(desk.ref(source="east", shared_keys=True), THREE)
    west = desk.ref(source="west", shared_keys=True)
    result = desk.deliver(west, [Row("a", "western"), Row("z")])
    assert result.held_reason
    assert "1 keys are current in another source" in result.held_reason
    assert desk.current("west") == {}


def test_key_on_a_rejected_row_stays_open(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    result = desk.deliver(desk.ref(), [Row("a"), Row("b", "bad", fate="rejected"), Row("c")])
    assert (result.rows_unchanged, result.rows_rejected, result.rows_closed) == (2, 1, 0)
    assert desk.current() == {"a": "thing", "b": "thing", "c": "thing"}


def test_key_on_a_skipped_row_is_missing(desk: Desk) -> None:
    ref = desk.ref(max_closed_pct=100)
    desk.deliver(ref, THREE)
    result = desk.deliver(ref, [Row("a"), Row("b", fate="skipped"), Row("c")])
    assert (result.rows_skipped, result.rows_closed) == (1, 1)
    assert desk.current() == {"a": "thing", "c": "thing"}


def test_rejected_row_without_key_holds_and_writes_nothing(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    before = desk.versions()
    delivery = desk.gate(desk.ref(), [Row("a", "new"), Row(None, fate="rejected")])
    result = desk.publish(desk.ref(), delivery)
    assert result.held_reason and "do not tell their key" in result.held_reason
    assert desk.versions() == before
    assert desk.state(delivery) is State.HELD


@pytest.mark.parametrize(("limit", "held"), [(33, True), (34, False)])
def test_closed_share_is_judged_again_at_load(desk: Desk, limit: int, held: bool) -> None:
    ref = desk.ref(source=f"limit_{limit}", max_closed_pct=limit)
    desk.deliver(ref, THREE)
    result = desk.deliver(ref, [Row("a"), Row("b")])
    assert bool(result.held_reason) is held
    assert desk.current(ref.name) == {"a": "thing", "b": "thing"} | ({"c": "thing"} if held else {})
    if held:
        assert "1 of 3 current rows (33.3%); expected at most 33%" in str(result.held_reason)


def test_a_delivery_that_gives_no_accepted_row_closes_up_to_the_limit_only(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    assert desk.deliver(desk.ref(), []).held_reason
    assert len(desk.current()) == 3


def test_approved_delivery_is_loaded_when_it_is_what_was_approved(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    delivery = desk.gate(desk.ref(), [Row("a")])
    assert desk.publish(desk.ref(), delivery).held_reason
    _approve(desk, delivery.delivery_id)
    result = desk.publish(desk.ref(), delivery)
    assert (result.held_reason, result.rows_unchanged, result.rows_closed) == (None, 1, 2)
    assert desk.state(delivery) is State.LOADED


def test_approval_of_other_rows_goes_back_to_held(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    delivery = desk.gate(desk.ref(), [Row("a")])
    desk.publish(desk.ref(), delivery)
    _approve(desk, delivery.delivery_id)
    with desk.warehouse.transaction() as conn:
        conn.execute(sa.text(f"update {delivery.work_table} set _row_hash = gen_random_uuid()"))
    result = desk.publish(desk.ref(), delivery)
    assert result.held_reason and "not those that were approved" in result.held_reason
    assert desk.state(delivery) is State.HELD


def _approve(desk: Desk, delivery_id: int) -> None:
    with desk.warehouse.transaction() as conn:
        held = register.get(conn, delivery_id)
        seen = register.approval_hash(register.content_hash(conn, held), held.verdict, held.declaration_hash)
        register.decide(conn, held, register.Approval("approve", seen, "steward", "asked the client"))
        register.move(conn, held, State.APPROVED, actor="steward")


def test_newer_snapshot_supersedes_a_held_one_and_drops_its_rows(desk: Desk) -> None:
    desk.deliver(desk.ref(), THREE)
    held = desk.gate(desk.ref(), [Row("a")])
    desk.publish(desk.ref(), held)
    desk.deliver(desk.ref(), [*THREE, Row("d")])
    assert desk.state(held) is State.SUPERSEDED
    with desk.warehouse.transaction() as conn:
        assert conn.scalar(sa.text("select to_regclass(:t)"), {"t": held.work_table}) is None


def test_loaded_delivery_is_superseded_by_one_of_the_same_period_only(desk: Desk) -> None:
    ref = desk.ref("period")
    january = desk.gate(ref, THREE, period="2026-01")
    february = desk.gate(ref, THREE, period="2026-02")
    again = desk.gate(ref, THREE, period="2026-01")
    for delivery in (january, february, again):
        desk.publish(ref, delivery)
    assert [desk.state(d) for d in (january, february, again)] == [State.SUPERSEDED, State.LOADED, State.LOADED]
    today, tomorrow = desk.gate(desk.ref(source="daily"), THREE), desk.gate(desk.ref(source="daily"), THREE)
    for delivery in (today, tomorrow):
        desk.publish(desk.ref(source="daily"), delivery)
    assert [desk.state(d) for d in (today, tomorrow)] == [State.LOADED, State.LOADED]


def test_empty_text_and_null_stay_different(desk: Desk) -> None:
    desk.deliver(desk.ref(), [Row("a", ""), Row("b", None), Row("c", 'x,"y"\n;')])
    assert desk.current() == {"a": "", "b": None, "c": 'x,"y"\n;'}


def test_delivery_without_period_in_period_mode_is_refused(desk: Desk) -> None:
    ref = desk.ref("period")
    with pytest.raises(LoadError, match="without a period"):
        desk.publish(ref, desk.gate(ref, THREE))
