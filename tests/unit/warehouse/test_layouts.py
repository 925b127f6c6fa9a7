from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery, Kind, State
from pipelines.layout import Layout, Shapes
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.layouts import accepted_layout, layout_of, write_changes, write_layout
from tests.unit.warehouse.desk import register_one

ON_THE_WAY = (State.EXTRACTED, State.CLEANED, State.VALIDATED)


@pytest.fixture
def conn(warehouse: Warehouse) -> Iterator[sa.Connection]:
    """Rolled back: each test finds the register empty."""
    with warehouse.engine.connect() as opened:
        yield opened
        opened.rollback()


def laid_out(conn: sa.Connection, *columns: str, to: State | None = None, **about: object) -> Delivery:
    """A delivery with these columns, moved along to a state."""
    delivery = register_one(conn, "acme", **about)
    write_layout(conn, delivery, Layout("csv", columns), None, [])
    path = [*ON_THE_WAY, *((State.HELD,) if to in (State.HELD, State.APPROVED) else ()), *((to,) if to else ())]
    for state in dict.fromkeys(path if to else ()):
        delivery = register.move(conn, delivery, state, actor="test")
    return delivery


def columns_before(conn: sa.Connection, delivery: Delivery) -> tuple[str, ...] | None:
    found = accepted_layout(conn, delivery)
    return found.layout.columns if found else None


def test_a_layout_is_kept_with_its_delivery_and_replaced_by_the_next_try(conn: sa.Connection) -> None:
    delivery = register_one(conn, "acme")
    assert layout_of(conn, delivery) is None
    write_layout(conn, delivery, Layout("csv", ("x",)), None, [])
    layout = Layout("csv", ("a", "ö"), "utf-8", None, ";", '"', None, (1,), (Shapes(2, {"9": 1.0}), Shapes(0, {})))
    write_layout(conn, delivery, layout, ["a", "ö"], ["ö"])
    write_changes(conn, delivery, None, [{"weight": "hold", "text": "new column 'ö'"}])
    kept = layout_of(conn, delivery)
    assert kept is not None
    assert (kept.layout, kept.listed, kept.unread, kept.against) == (layout, ("a", "ö"), ("ö",), None)
    assert kept.changes == ({"weight": "hold", "text": "new column 'ö'"},)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (None, False), (State.VALIDATED, True), (State.HELD, False), (State.APPROVED, True), (State.LOADED, True),
        (State.FAILED, False),
    ],
)  # fmt: skip
def test_what_was_accepted_counts(conn: sa.Connection, state: State | None, counts: bool) -> None:
    laid_out(conn, "old", to=State.LOADED)
    laid_out(conn, "newer", to=state)
    assert columns_before(conn, laid_out(conn, "now")) == (("newer",) if counts else ("old",))


def test_a_loaded_delivery_that_was_replaced_counts_and_one_that_was_never_loaded_does_not(conn: sa.Connection) -> None:
    loaded = laid_out(conn, "loaded", to=State.LOADED)
    register.move(conn, loaded, State.SUPERSEDED, actor="test", published_at="2026-01-01")
    held = laid_out(conn, "held", to=State.HELD)
    register.move(conn, held, State.SUPERSEDED, actor="test")
    assert columns_before(conn, laid_out(conn, "now")) == ("loaded",)


def test_withdrawn_deliveries_corrections_and_other_sources_do_not_count(conn: sa.Connection) -> None:
    withdrawn = laid_out(conn, "withdrawn", to=State.LOADED)
    register.move(conn, withdrawn, State.WITHDRAWN, actor="test")
    laid_out(conn, "correction", to=State.LOADED, kind=Kind.CORRECTION)
    laid_out(conn, "other", to=State.LOADED, source="other")
    assert columns_before(conn, laid_out(conn, "now")) is None


def test_periods_share_the_layout_of_their_source(conn: sa.Connection) -> None:
    laid_out(conn, "september", to=State.LOADED, period="2026-09", scope_period="2026-09")
    assert columns_before(conn, laid_out(conn, "x", period="2026-10", scope_period="2026-10")) == ("september",)


def test_a_replay_is_compared_with_what_was_accepted_up_to_then(conn: sa.Connection) -> None:
    first = laid_out(conn, "first", to=State.LOADED)
    laid_out(conn, "second", to=State.LOADED)
    replayed = register.copy_for_replay(conn, first, declaration_hash="", inputs=[])
    assert columns_before(conn, replayed) == ("first",)
    assert columns_before(conn, laid_out(conn, "now")) == ("second",)
    failed = laid_out(conn, "x", kind=Kind.REPLAY, source="late", to=State.FAILED)
    laid_out(conn, "later", source="late", to=State.LOADED)
    assert columns_before(conn, failed) == ("later",)
