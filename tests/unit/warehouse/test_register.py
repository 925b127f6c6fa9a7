"""The register: what is seen once, who moves what, and what a delivery replaces."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery, Kind, Scope, State, Step, Verdict
from pipelines.errors import DeclarationError, LoadError, TransientError
from pipelines.profile import Profile, ProfileModel, Source, SourceRef
from pipelines.profile_words import FeedSources
from pipelines.reject import Severity
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse
from tests.unit.warehouse.desk import register_one

PATHS: dict[State, tuple[State, ...]] = {
    State.REGISTERED: (),
    State.WAITING: (),
    State.DUPLICATE: (State.DUPLICATE,),
    State.FAILED: (State.FAILED,),
    State.VALIDATED: (State.EXTRACTED, State.CLEANED, State.VALIDATED),
    State.HELD: (State.EXTRACTED, State.CLEANED, State.VALIDATED, State.HELD),
    State.LOADED: (State.EXTRACTED, State.CLEANED, State.VALIDATED, State.LOADED),
    State.RETURNED: (State.EXTRACTED, State.CLEANED, State.VALIDATED, State.HELD, State.RETURNED),
}


def bring(conn: sa.Connection, client: str, state: State, **changes: object) -> Delivery:
    """A delivery that has gone its way to a state."""
    if state is State.WAITING:
        changes["state"] = State.WAITING
    delivery = register_one(conn, client, **changes)  # type: ignore[arg-type]
    for step in PATHS[state]:
        delivery = register.move(conn, delivery, step, actor="test")
    return delivery


def profile(client: str, name: str, analysts: list[str]) -> Profile:
    model = ProfileModel(
        client=client, name=name, locale="de_DE", time_zone="Europe/Berlin", calendar="DE", analysts=analysts, feeds={}
    )
    return Profile(model, Path(f"{client}.yaml"), "")


# -- arrivals ------------------------------------------------------------------------------------------


def test_arrival_is_seen_once(warehouse: Warehouse) -> None:
    at = datetime(2026, 1, 1, 3, 0, 0, 123456, UTC)
    with warehouse.transaction() as conn:
        assert register.find_arrival(conn, "acme", "a/b.csv", 10, at) is None
        first = register.add_arrival(conn, "acme", "a/b.csv", 10, at, "sha")
        assert register.add_arrival(conn, "acme", "a/b.csv", 10, at, "sha") == first
        assert register.find_arrival(conn, "acme", "a/b.csv", 10, at) == (first, "sha")
        assert register.find_arrival(conn, "acme", "a/b.csv", 10, at + timedelta(microseconds=1)) is None
        delivery = register_one(conn, "acme", arrival_id=first)
        found = register.arrival_of(conn, delivery)
        assert found and (found.path, found.mtime, found.sha256) == ("a/b.csv", at, "sha")
        assert register.of_arrival(conn, first, "tests.items", "main") == delivery
        assert register.of_arrival(conn, first, "tests.items", "other") is None


def test_one_delivery_per_arrival_and_source(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        arrival = register.add_arrival(conn, "acme", "twice.csv", 1, datetime(2026, 1, 1, tzinfo=UTC), "sha")
        first = register_one(conn, "acme", arrival_id=arrival)
        register_one(conn, "acme", arrival_id=arrival, source="other")
    with pytest.raises(TransientError, match="registered by another run"), warehouse.transaction() as conn:
        register_one(conn, "acme", arrival_id=arrival)
    with warehouse.transaction() as conn:
        replay = register.copy_for_replay(conn, first, declaration_hash="new", inputs=())
        assert (replay.kind, replay.sha256, replay.received_at) == (Kind.REPLAY, first.sha256, first.received_at)
        assert replay.declaration_hash == "new"


def test_unmatched_files_are_remembered_until_they_match(warehouse: Warehouse) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    query = sa.text("select path, size, last_seen_at > first_seen_at as again from ops.unmatched_file order by path")
    with warehouse.transaction() as conn:
        register.note_unmatched(
            conn, "acme", [register.Unmatched("a", 1, at), register.Unmatched("b", 1, at, "a pipe")]
        )
    with warehouse.transaction() as conn:
        register.note_unmatched(conn, "acme", [register.Unmatched("b", 2, at)])
        register.note_unmatched(conn, "zeta", [])
        assert [tuple(r) for r in conn.execute(query)] == [("b", 2, True)]
        register.note_unmatched(conn, "acme", [])
        assert conn.execute(query).all() == []


# -- declarations, inputs, clients ---------------------------------------------------------------------


def test_declarations_and_inputs_come_back_as_they_were(warehouse: Warehouse) -> None:
    looked = register.Input("lookup", "rates", "rates.csv", "sha")
    texts = {"contract": "c", "profile": "p", "suite": "s"}
    with warehouse.transaction() as conn:
        delivery = register_one(conn, "acme", inputs=[looked], declarations=texts, file_groups={"period": "2026-01"})
        assert register.inputs(conn, delivery.delivery_id) == [looked]
        assert register.declarations(conn, delivery.delivery_id) == texts
        assert register.file_groups(conn, delivery.delivery_id) == {"period": "2026-01"}
        other = register.Input("lookup", "rates", "rates2.csv", "sha2")
        register.replace_inputs(conn, delivery, [other])
        register.replace_declarations(conn, delivery, {"suite": "s2"})
        assert register.inputs(conn, delivery.delivery_id) == [other]
        assert register.declarations(conn, delivery.delivery_id) == {"suite": "s2"}
        assert register.keep_declaration(conn, "suite", "tests.items", "s") == register.keep_declaration(
            conn, "suite", "tests.items", "s"
        )


def test_clients_follow_their_profiles(warehouse: Warehouse) -> None:
    users = sa.text("select user_name from ops.user_client where client_id = :c order by 1")
    with warehouse.transaction() as conn:
        register.sync_clients(conn, [profile("sync", "Old Name", ["ann", "bob"]), profile("other", "Other", ["ann"])])
        register.sync_clients(conn, [profile("sync", "New Name", ["bob", "cid"])])
        assert conn.scalar(sa.text("select name from ops.client where client_id = 'sync'")) == "New Name"
        assert list(conn.scalars(users, {"c": "sync"})) == ["bob", "cid"]
        assert list(conn.scalars(users, {"c": "other"})) == ["ann"]


def test_business_days_leave_out_weekends_and_holidays_of_the_client(warehouse: Warehouse) -> None:
    days = sa.text("select day from ops.day_off where calendar = 'DE' and day between '2026-04-30' and '2026-05-04'")
    counted = profile("counted", "Counts", [])
    with warehouse.transaction() as conn:
        register.sync_clients(conn, [profile("plain", "Plain", [])])
        assert list(conn.scalars(days)) == []
        said = ProfileModel.model_validate(
            counted.model.model_dump() | {"reporting": {"on_time": {"calendar": "business_days", "late_days": 1}}}
        )
        for _ in range(2):
            register.sync_clients(conn, [Profile(said, counted.path, "")])
        assert sorted(conn.scalars(days)) == [
            date(2026, 5, 1),
            date(2026, 5, 2),
            date(2026, 5, 3),
        ]  # Friday: Labour Day
        kept = conn.scalar(sa.text("select reporting from ops.client where client_id = 'counted'"))
    assert kept["on_time"] == {
        "against": "promised", "early_days": None, "late_days": 1, "calendar": "business_days"
    }  # fmt: skip


def test_clients_tell_which_periods_add_up(warehouse: Warehouse) -> None:
    adding = sa.text("select adding from ops.client where client_id = 'adds'")
    with warehouse.transaction() as conn:
        for periods, expected in ((None, []), ("add_up", ["ledgers.payables/main"]), ("replace", [])):
            source = Source(files="(?P<period>.*)", mode="period", periods=periods, columns={})
            one = profile("adds", "Adds", [])
            feeds = {"ledgers.payables": FeedSources(sources={"main": source})}
            model = one.model.model_copy(update={"feeds": feeds})
            register.sync_clients(conn, [Profile(model, one.path, "")])
            assert conn.scalar(adding) == expected


# -- moves ---------------------------------------------------------------------------------------------


def test_move_sets_state_and_fields_and_writes_the_audit(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        delivery = bring(conn, "moves", State.VALIDATED)
        moved = register.move(
            conn, delivery, State.HELD, actor="gate", verdict=Verdict.HOLD, message="look", rows_held=3
        )
        assert (moved.state, moved.verdict, moved.message, moved.rows_held) == (State.HELD, Verdict.HOLD, "look", 3)
        assert register.get(conn, delivery.delivery_id) == moved
        entry = conn.execute(sa.text("select * from ops.audit order by entry_id desc limit 1")).one()
    assert (entry.actor, entry.old_state, entry.new_state, entry.attempt) == ("gate", "validated", "held", 1)
    assert entry.detail == {"verdict": "hold", "message": "look"}


def test_new_attempt_forgets_the_counts_of_the_last(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        failed = bring(conn, "moves", State.FAILED)
        register.set_fields(conn, failed, rows_received=5, verdict=Verdict.FAIL)
        again = register.move(conn, failed, State.REGISTERED, actor="discover", declaration_hash="newer")
    assert (again.attempt, again.rows_received, again.verdict, again.declaration_hash) == (2, None, None, "newer")


def test_move_that_somebody_else_made_first_may_be_tried_again(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        delivery = register_one(conn, "moves")
        register.move(conn, delivery, State.EXTRACTED, actor="one")
    with pytest.raises(TransientError, match="moved by another run"), warehouse.transaction() as conn:
        register.move(conn, delivery, State.EXTRACTED, actor="two")


def test_moves_the_table_does_not_have_and_unknown_fields_are_refused(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        delivery = register_one(conn, "moves")
        with pytest.raises(LoadError, match="cannot become loaded"):
            register.move(conn, delivery, State.LOADED, actor="test")
        with pytest.raises(LoadError, match="no such field of a delivery: sate"):
            register.move(conn, delivery, State.EXTRACTED, actor="test", sate=1)
        with pytest.raises(DeclarationError, match="no delivery 0"):
            register.get(conn, 0)
        assert register.say(conn, delivery, "waits").message == "waits"


# -- finding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (State.LOADED, True), (State.HELD, True), (State.VALIDATED, True), (State.FAILED, False),
        (State.RETURNED, False), (State.DUPLICATE, False),
    ],
)  # fmt: skip
def test_what_a_duplicate_is_a_duplicate_of(warehouse: Warehouse, state: State, counts: bool) -> None:
    scope = Scope("twins", "tests.items", f"s_{state.value}")
    with warehouse.transaction() as conn:
        loaded = bring(conn, "twins", State.LOADED, source=scope.source)
        newer = bring(conn, "twins", state, source=scope.source)
        bring(conn, "twins", State.LOADED, source="elsewhere")
        assert register.newest_for_duplicate(conn, scope) == (newer if counts else loaded)


def test_periods_are_scopes_of_their_own(warehouse: Warehouse) -> None:
    january = {"period": "2026-01", "scope_period": "2026-01"}
    with warehouse.transaction() as conn:
        first = bring(conn, "months", State.LOADED, **january)
        scope = Scope("months", "tests.items", "main", "2026-01")
        assert register.newest_for_duplicate(conn, scope) == first
        assert register.newest_for_duplicate(conn, Scope("months", "tests.items", "main", "2026-02")) is None


def test_unsettled_deliveries_come_scope_by_scope_in_order(warehouse: Warehouse) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    with warehouse.transaction() as conn:
        late = register_one(conn, "queue", period="2026-02", received_at=day)
        second = register_one(conn, "queue", period="2026-01", received_at=day + timedelta(1))
        first = register_one(conn, "queue", period="2026-01", received_at=day)
        third = register_one(conn, "queue", period="2026-01", received_at=day + timedelta(1))
        bring(conn, "queue", State.LOADED)
        waiting = bring(conn, "queue", State.WAITING, source="a")
        found = register.unsettled(conn, client_id="queue")
        assert [d.delivery_id for d in found] == [d.delivery_id for d in (waiting, first, second, third, late)]
        assert register.unsettled(conn, client_id="queue", feed="other") == []


def test_listing_newest_first(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        old, new = register_one(conn, "lists"), bring(conn, "lists", State.FAILED)
        assert register.list_deliveries(conn, client_id="lists") == [new, old]
        assert register.list_deliveries(conn, client_id="lists", limit=1) == [new]
        assert register.list_deliveries(conn, client_id="lists", states=[State.REGISTERED]) == [old]


def test_held_in_scope_and_received_since(warehouse: Warehouse) -> None:
    source = Source(files="x", columns={}, mode="delta")
    ref = SourceRef("holds", "tests.items", "main", source, "de_DE", "Europe/Berlin")
    before = datetime.now(UTC) - timedelta(minutes=1)
    with warehouse.transaction() as conn:
        assert not register.received_since(conn, ref, before)
        held = bring(conn, "holds", State.HELD)
        later = register_one(conn, "holds")
        assert register.held_in_scope(conn, Scope("holds", "tests.items", "main")) == held
        assert register.held_in_scope(conn, later) == held
        assert register.held_in_scope(conn, Scope("holds", "tests.items", "other")) is None
        assert register.received_since(conn, ref, before)
        assert not register.received_since(conn, ref, before + timedelta(hours=1))
        assert register.scope_of(later, ref) == Scope("holds", "tests.items", "main")


# -- superseding ---------------------------------------------------------------------------------------


def test_newer_snapshot_retires_older_unfinished_ones_only(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        loaded, held, failed, waiting = (
            bring(conn, "supersedes", s) for s in (State.LOADED, State.HELD, State.FAILED, State.WAITING)
        )
        other = bring(conn, "supersedes", State.HELD, source="other")
        newer = bring(conn, "supersedes", State.LOADED)
        younger = bring(conn, "supersedes", State.HELD)
        retired = register.supersede(conn, newer, mode="snapshot")
        assert [d.delivery_id for d in retired] == [d.delivery_id for d in (held, failed, waiting)]
        assert {d.state for d in retired} == {State.SUPERSEDED}
        states = [register.get(conn, d.delivery_id).state for d in (loaded, other, younger)]
        assert states == [State.LOADED, State.HELD, State.HELD]
        assert register.get(conn, newer.delivery_id).supersedes == waiting.delivery_id


def test_delta_retires_nothing(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        held = bring(conn, "deltas", State.HELD)
        assert register.supersede(conn, bring(conn, "deltas", State.LOADED), mode="delta") == []
        assert register.get(conn, held.delivery_id).state is State.HELD


# -- what steps report ---------------------------------------------------------------------------------


def test_reports_of_steps_come_back_as_written(warehouse: Warehouse) -> None:
    rule = register.RuleResult(
        "tests.items.required.item_id", "required", "item_id", Severity.CRITICAL, 10, 2, False, mostly=0.9,
        observed="8 of 10", message="missing", samples=[{"row_number": 3, "value": "M***"}],
    )  # fmt: skip
    never = register.RuleResult("tests.items.other", "custom", None, Severity.WARNING, 0, 0, None, over="received")
    amount = register.Amount("net_amount", "EUR", received=Decimal("0.30"), loaded=Decimal("0.10"))
    control = register.ControlTotal("rows", Decimal(10), Decimal(9), False)
    with warehouse.transaction() as conn:
        delivery = register_one(conn, "reports")
        run = register.start_step(conn, delivery, Step.VALIDATE)
        register.end_step(conn, run, outcome="validated", rows=10, message=None, cpu_seconds=0.5)
        for _ in range(2):  # a retry of the same attempt replaces what it wrote
            register.write_rule_results(conn, delivery, [rule, never])
            register.write_amounts(conn, delivery, [amount])
            register.write_controls(conn, delivery, [control])
        assert register.rule_results(conn, delivery) == [never_listed(never), rule]
        assert register.amounts(conn, delivery) == [amount]
        assert register.controls(conn, delivery) == [control]
        ended = conn.execute(sa.text("select * from ops.step_run where run_id = :id"), {"id": run}).one()
    assert (ended.step, ended.attempt, ended.outcome, ended.rows, ended.cpu_seconds) == (
        "validate",
        1,
        "validated",
        10,
        0.5,
    )
    assert not amount.is_balanced


def never_listed(rule: register.RuleResult) -> register.RuleResult:
    """Samples come back as the list that JSON has."""
    return register.RuleResult(**{**vars(rule), "samples": []})


def test_approval_names_what_was_seen(warehouse: Warehouse) -> None:
    seen = register.approval_hash("content", Verdict.HOLD, "declared")
    assert seen != register.approval_hash("content", Verdict.PASS, "declared")
    with warehouse.transaction() as conn:
        held = bring(conn, "approvals", State.HELD)
        assert register.newest_approval(conn, held) is None
        register.decide(conn, held, register.Approval("return", seen, "ann", "incomplete"))
        approval = register.Approval("approve", seen, "bob", "client confirmed")
        register.decide(conn, held, approval)
        assert register.newest_approval(conn, held) == approval
