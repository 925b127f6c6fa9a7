"""On every run the gate compares what it judged with what it wrote. Here somebody is at it in between, and is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.delivery import Verdict
from pipelines.errors import GateError
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import Desk, line

LINES = [*(line(f"g{i}") for i in range(50)), line("b1", gross_amount=1), line("b2", booked_date=None), line("b3")]
LINES += [line("b3", head_count=2)]  # rules of the suite, on cells and in SQL each set rows aside
TAMPERED = {
    "a reason never arrives": (
        "quarantine.reject", "before insert", "row",
        "if new.rule_id like '%adds_up' then return null; end if; return new;",
        "tests.lines.adds_up",
    ),
    "a reason of a derived rule is deleted": (
        "quarantine.row", "after insert", "statement",
        "delete from quarantine.reject where rule_id like '%required%'; return null;",
        "tests.lines.required.booked_date",
    ),
    "a reason of a rule in SQL moves to another row": (
        "quarantine.row", "after insert", "statement",
        "update quarantine.reject set row_number = 2 where rule_id like '%unique' and row_number = 54; return null;",
        "rows in quarantine",
    ),
    "a reason is invented": (
        "quarantine.row", "after insert", "statement",
        "insert into quarantine.reject (delivery_id, client_id, row_number, row_part, rule_id, message, severity) "
        "select delivery_id, client_id, 3, 0, 'tests.lines.adds_up', '', 'critical' from quarantine.reject "
        "order by delivery_id desc limit 1; "
        "return null;",
        "tests.lines.adds_up",
    ),
    "a rule nobody knows": (
        "quarantine.row", "after insert", "statement",
        "update quarantine.reject set rule_id = 'tests.lines.other' where rule_id like '%adds_up'; return null;",
        "tests.lines.adds_up",
    ),
    "a row is not kept": (
        "quarantine.row", "before insert", "row",
        "if new.row_number = 52 then return null; end if; return new;",
        "3 rows in quarantine",
    ),
    "a rejected row is let in": (
        "quarantine.reject", "after insert", "statement",
        "execute (select format('update work.d_%s set _fate = null where _row_number = 52', max(delivery_id)) "
        "from quarantine.reject); return null;",
        "1 rows rejected without a reason, or with one and not rejected",
    ),
}  # fmt: skip


@pytest.fixture
def trigger(owner: Warehouse, request: pytest.FixtureRequest) -> Iterator[str]:
    """Put one of them into the database for one test; what the error must name."""
    table, moment, each, body, named = (t.replace("%", "%%") for t in TAMPERED[request.param])
    with owner.transaction() as conn:
        conn.exec_driver_sql(
            f"create function public.meddle() returns trigger language plpgsql security definer as $$begin {body} end$$"
        )
        conn.exec_driver_sql(
            f"create trigger meddle {moment} on {table} for each {each} execute function public.meddle()"
        )
    yield named
    with owner.transaction() as conn:
        conn.exec_driver_sql(f"drop trigger meddle on {table}")
        conn.exec_driver_sql("drop function public.meddle")


def test_left_alone_it_agrees(desk: Desk) -> None:
    delivery, result = desk.gate(LINES)
    assert result.counts.rejected == 4 and result.verdict is not Verdict.PASS
    assert desk.rejects(delivery) == {"adds_up": [52], "required.booked_date": [53], "key_unique": [54, 55]}


@pytest.mark.parametrize("trigger", TAMPERED, indirect=True)
def test_counts_are_compared_with_the_rows_set_apart(desk: Desk, trigger: str) -> None:
    with pytest.raises(GateError, match="quarantine does not hold what the gate rejected") as raised:
        desk.gate(LINES)
    assert trigger in str(raised.value)
    kept = "select count(*) from quarantine.reject where client_id = :c"
    assert desk.rows(kept, c=desk.client) == [(0,)]  # the transaction takes everything back
