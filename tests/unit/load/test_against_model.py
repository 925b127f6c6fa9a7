"""Random sequences of deliveries in every mode, loaded and told beforehand by a model in plain Python."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.errors import TransientError
from pipelines.load import difference, publish
from pipelines.load.run import LoadResult, WorkLost, foresee
from pipelines.profile import SourceRef
from tests.unit.load.conftest import CONTRACT, Desk, Row

KEYS = "abcdefgh"
LIMIT = 40
"""Percentage of a scope that a delivery may close."""


@dataclass
class Told:
    """What a load must come to."""

    loaded: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0
    closed: int = 0
    held: bool = False

    @classmethod
    def of(cls, result: LoadResult) -> Told:
        if result.held_reason:
            return cls(held=True)
        return cls(
            result.rows_loaded, result.rows_unchanged, result.rows_rejected, result.rows_skipped, result.rows_closed
        )


@dataclass
class Model:
    """The current rows of one scope, each with the delivery that wrote it, and how many versions there were."""

    current: dict[str, tuple[Row, int]] = field(default_factory=dict)
    versions: int = 0

    def deliver(self, number: int, rows: list[Row], *, closes: bool, later: set[int]) -> Told:
        accepted = {r.key: r for r in rows if r.fate is None and r.key}
        named = {r.key for r in rows if r.fate == "rejected"}
        missing = self.current.keys() - accepted.keys() - named if closes else set()
        if self.current and closes and (None in named or len(missing) * 100 > LIMIT * len(self.current)):
            return Told(held=True)
        written: dict[str, Row] = {}
        unchanged = overtaken = 0
        for key, row in accepted.items():
            there = self.current.get(key)
            if there and there[0].hash == row.hash:
                unchanged += 1
            elif there and there[1] in later:
                overtaken += 1
            else:
                written[key] = row
        for key in missing:
            del self.current[key]
        self.current |= {key: (row, number) for key, row in written.items()}
        self.versions += len(written)
        fates = [r.fate for r in rows]
        skipped = fates.count("skipped") + overtaken
        return Told(len(written), unchanged, fates.count("rejected"), skipped, len(missing))


def _rows(rng: random.Random, was: dict[str, tuple[Row, int]]) -> list[Row]:
    """A delivery: mostly what is current, some of it changed, set aside, left out or new. A key is accepted once."""
    rows: list[Row] = []
    for key in KEYS:
        known = was[key][0] if key in was and rng.random() < 0.7 else None
        row = known or Row(
            key, rng.choice(("one", "two")), rng.choice(("1.00", None, "-2.50")), rng.choice(("EUR", None))
        )
        chance = rng.random()
        if chance < 0.72:
            rows.append(row)
        elif chance < 0.87:
            rows.append(replace(row, fate=rng.choice(("rejected", "skipped")), fee="0.10"))
        if chance > 0.66 and chance < 0.76:  # beside the accepted row another of the same key
            rows.append(replace(row, name="again", fate="rejected"))
    if rng.random() < 0.1:
        rows.append(Row(None, fate="rejected"))
    rng.shuffle(rows)
    return rows


def _know(desk: Desk, delivery: Delivery, keys: list[str]) -> None:
    """Leave out of the work table what the gate leaves out of rows that it knows to be current."""
    with desk.warehouse.transaction() as conn:
        conn.execute(
            sa.text(
                f"update {delivery.work_table} set _known = true, item_name = null, sold_date = null "
                "where _fate is null and item_id = any(:keys)"
            ),
            {"keys": keys},
        )


def _as_replay(desk: Desk, delivery: Delivery) -> None:
    """Give it a place before everything else, as a replay of the first delivery has."""
    query = "update ops.delivery set kind = 'replay', received_at = :at where delivery_id = :id"
    with desk.warehouse.transaction() as conn:
        at = datetime(2025, 1, 1, tzinfo=UTC)
        conn.execute(sa.text(query), {"at": at, "id": delivery.delivery_id})


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("mode", ["snapshot", "period", "delta"])
def test_random_deliveries_end_as_the_model_says(
    desk: Desk, mode: str, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:  # every threshold from which a large delivery is treated in another way
        monkeypatch.setattr(publish, "SORTED_FROM", 1)
        monkeypatch.setattr(publish, "MERGED_FROM", 1)
        monkeypatch.setattr(difference, "_ANALYZED_FROM", 1)
    rng = random.Random(f"{mode} {large}")
    ref = desk.ref(mode, source=f"{mode}_{large}", max_closed_pct=LIMIT)
    scopes: dict[str | None, Model] = {}
    replays: set[int] = set()
    held = 0
    for _ in range(20):
        period = rng.choice(("2026-01", "2026-02")) if mode == "period" else None
        model = scopes.setdefault(period, Model())
        rows = _rows(rng, model.current)
        delivery = desk.gate(ref, rows, period=period)
        equal = [r.key for r in rows if r.key in model.current and model.current[r.key][0].hash == r.hash]
        _know(desk, delivery, [key for key in equal if key and rng.random() < 0.5])
        later: set[int] = set()
        if rng.random() < 0.2:
            _as_replay(desk, delivery)
            later = {number for _, number in model.current.values()} - replays
            replays.add(delivery.delivery_id)
        before = desk.versions()
        told = model.deliver(delivery.delivery_id, rows, closes=mode != "delta", later=later)
        assert Told.of(desk.publish(ref, delivery)) == told
        held += told.held
        _same(desk, ref, period, model, before)
    assert replays
    assert bool(held) is (mode != "delta")


def _same(desk: Desk, ref: SourceRef, period: str | None, model: Model, before: list[tuple[object, ...]]) -> None:
    """Core has the model's rows, and of what was there only ends have been set."""
    query = (
        "select item_id, _delivery_id, _row_hash::text from core.tests_items where client_id = :client "
        "and _source = :source and _period = :period and _known_to is null"
    )
    values = {"client": desk.client, "source": ref.name, "period": period or ""}
    with desk.warehouse.transaction() as conn:
        found = {k: (h.replace("-", ""), d) for k, d, h in conn.execute(sa.text(query), values).tuples()}
    assert found == {key: (row.hash, number) for key, (row, number) in model.current.items()}
    now = {version[:-1]: version[-1] for version in desk.versions()}
    assert all(version[:-1] in now and version[-1] in (None, now[version[:-1]]) for version in before)


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
@pytest.mark.parametrize("current", [[Row("a", "another")], [Row("b")], []], ids=["changed", "closed", "never"])
def test_known_row_that_is_current_no_more_is_judged_again(desk: Desk, mode: str, current: list[Row]) -> None:
    ref = desk.ref(mode, source=f"{mode}_{len(current)}_{current[0].key if current else ''}", max_closed_pct=100)
    if current:
        desk.deliver(ref, current)
    before = desk.versions()
    delivery = desk.gate(ref, [Row("a"), Row("b")])
    _know(desk, delivery, ["a"])
    with pytest.raises(WorkLost, match="1 rows that were current at the gate are current no more"):
        desk.publish(ref, delivery)
    assert desk.versions() == before


def test_version_changed_behind_the_back_of_a_load_is_not_closed_twice(desk: Desk) -> None:
    desk.deliver(desk.ref("delta"), [Row("a"), Row("b")])
    delivery = desk.gate(desk.ref("delta"), [Row("a", "new")])
    with desk.warehouse.transaction() as conn, pytest.raises(TransientError, match="someone else changed current rows"):
        foreseen = foresee(delivery, desk.ref("delta"), CONTRACT, conn)
        conn.execute(
            sa.text("update core.tests_items set _known_to = clock_timestamp() where client_id = :c"),
            {"c": desk.client},
        )
        at = foreseen.publication.moment()
        foreseen.publication.write(foreseen.found, at, closes=foreseen.closes)
