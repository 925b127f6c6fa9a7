"""Which rows of a returned workbook are brought again, and as what."""

from __future__ import annotations

from pipelines.flow.corrected import _as_client, _depending, _taken, corrected_record
from pipelines.flow.original import Original, Record
from pipelines.quarantine.returned import Changes, Sent
from pipelines.warehouse.workbooks import OpenReason, SentRow

COLUMNS = ["a", "b"]
RECORDS = {
    n: Record(n, [f"a{n}", "x\r\n"], None if n < 9 else "has 1 cell", "raw" if n == 9 else "", ["a9"] if n == 9 else [])
    for n in (5, 6, 9)
}
ORIGINAL = Original(COLUMNS, "{}", (), RECORDS)
ROWS = [SentRow(at, "h", n, {"a": f"a{n}", "b": "x\n", "__said": "s"}) for at, n in ((3, 5), (4, 6), (5, 9))]
MISSING = [Sent.of(4, "h", 6, {})]


def test_a_changed_row_has_its_changes_only_and_all_else_as_received() -> None:
    row = corrected_record(ORIGINAL, ROWS[0], {"a": "new"})
    assert row == Record(5, ["new", "x\r\n"])
    earlier = SentRow(3, "h", 5, {"a": "from the last workbook", "b": "x\n"})
    assert corrected_record(ORIGINAL, earlier, {}).cells == ["from the last workbook", "x\r\n"]


def test_a_malformed_record_becomes_a_row_when_somebody_changes_it() -> None:
    assert corrected_record(ORIGINAL, ROWS[2], {}).problem == "has 1 cell"
    assert corrected_record(ORIGINAL, ROWS[2], {"b": "y"}) == Record(9, ["a9", "y"])


def test_rows_left_alone_are_skipped_unless_their_reasons_lie_elsewhere() -> None:
    changes = Changes({3: {"a": "new"}, 4: {}, 5: {}}, [])
    taken = _taken(ROWS, changes, ORIGINAL, depends={6}, everything=False)
    assert [(r.sheet_row, r.untouched) for r in taken] == [(3, False), (4, False), (5, True)]
    assert taken[2].record.problem is None


def test_rows_taken_out_are_not_brought_but_lines_of_a_group_are_all_judged_again() -> None:
    changes = Changes({3: {"a": "new"}, 5: {}}, MISSING)
    assert [r.sheet_row for r in _taken(ROWS, changes, ORIGINAL, set(), everything=False)] == [3, 5]
    groups = _taken(ROWS, changes, ORIGINAL, set(), everything=True)
    assert [(r.sheet_row, r.untouched) for r in groups] == [(3, False), (4, False), (5, False)]
    assert groups[2].record.problem == "has 1 cell"


def test_a_row_depends_on_others_when_all_of_its_reasons_do() -> None:
    def reason(row: int, rule: str) -> OpenReason:
        return OpenReason(row, 1, row, 0, f"f.g.{rule}", None, "", "client")

    reasons = [reason(1, "reference.x"), reason(2, "key_unique"), reason(2, "required.y"), reason(3, "unreadable.z")]
    assert _depending(reasons, "f.g") == {1}


def test_true_dates_read_as_the_client_writes_them() -> None:
    assert _as_client("2026-10-05 00:00:00", "%d.%m.%y") == "05.10.26"
    assert _as_client("2026-10-05", None) == "2026-10-05"
    assert _as_client("5.10.", "%d.%m.%y") == "5.10."
