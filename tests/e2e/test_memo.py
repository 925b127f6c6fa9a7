"""A source's next delivery takes cleaned rows from the last loaded one, and ends in the same tables as without."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.clean.memo import FILES, Known, Memo
from pipelines.flow import memos
from pipelines.flow.tidy import tidy
from pipelines.flow.withdraw import withdraw
from tests.e2e.conftest import Client, Line, as_csv, lines
from tests.e2e.worlds import STEWARD, business, declare, newest, twin_of

FIRST = [*lines(30), ("L900", "Supplier Q", "2026-10-05", "no amount"), ("L901", "Supplier  R ", "2026-10-05", "7.00")]
SECOND: list[Line] = [
    ("L000", "Supplier A", "2026-10-06", "1.00"),  # new, and all others one place further
    *FIRST[:5],
    *FIRST[7:12],
    ("L013", FIRST[12][1], FIRST[12][2], "99.99"),
    *FIRST[13:],
]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Memos for deliveries of any size; how many rows each chunk took from one."""
    found: list[int] = []
    known = Memo.known

    def noted(self: Memo, raw: object) -> Known | None:
        answer = known(self, raw)
        found.append(int(answer.mask.sum()) if answer else 0)
        return answer

    monkeypatch.setattr(Memo, "known", noted)
    monkeypatch.setattr(memos, "MEMO_ROWS", 1)
    return found


def deliver(client: Client, rows: list[Line], n: int, source: str = "spend") -> int:
    client.send(f"{source}/{n}.csv", as_csv(rows))
    client.night()
    return newest(client)


def kept(client: Client) -> list[Path]:
    return [f for f in memos.kept(client.settings) if f.parts[-5] == client.client_id]


def test_the_same_rows_with_and_without(client: Client, taken: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    declare(client)
    one = deliver(client, FIRST, 1)
    assert [f.name for f in kept(client)] == [str(one)]
    assert {f.name for f in kept(client)[0].iterdir()} == {*FILES, memos.MEMO_FILE}
    assert client.settings.memo.stat().st_mode & 0o777 == 0o700
    two = deliver(client, SECOND, 2)
    same = set(FIRST) & set(SECOND)
    assert taken == [len(same) - 1], "all but the row that had a problem"
    assert [f.name for f in kept(client)] == [str(two)], "the next one took its place"
    deliver(client, [("X1", "Supplier A", "2026-10-05", "1.00")], 1, "monthly/2026-10 ")
    assert len(taken) == 1, "another source"
    assert len(kept(client)) == 2

    monkeypatch.setattr(memos, "MEMO_ROWS", 10**9)
    twin = twin_of(client)
    deliver(twin, FIRST, 1)
    deliver(twin, SECOND, 2)
    assert kept(twin) == []
    assert len(taken) == 1
    assert [r for r in business(client) if r[6] == "main"] == business(twin)
    assert business(twin)
    rejects = "select row_number, rule_id, column_name, value, r.message from quarantine.reject r "
    rejects += "join ops.delivery d using (delivery_id) where d.client_id = :client order by delivery_id, 1, 2"
    assert client.query(rejects) == twin.query(rejects)
    assert client.query(rejects)


def test_a_memo_is_used_only_under_what_it_was_made(client: Client, taken: list[int]) -> None:
    declare(client)
    deliver(client, FIRST, 1)
    client.declare(client.profile.replace("currency_code: {value: GBP}", "currency_code: {value: EUR}"))
    deliver(client, SECOND, 2)
    assert taken == []
    assert {row[5] for row in business(client)} == {"EUR"}
    deliver(client, SECOND[1:], 3)
    assert len(taken) == 1
    (kept(client)[0] / memos.MEMO_FILE).write_text("{", encoding="utf-8")
    deliver(client, SECOND[2:], 4)
    assert len(taken) == 1


def test_look_up_files_are_part_of_the_key(client: Client, taken: list[int]) -> None:
    client.send("names.csv", "Code,Name\n" + "".join(f"Supplier {chr(c)},Ltd {chr(c)}\n" for c in range(65, 91)))
    deliver(client, lines(9), 1, "coded")
    deliver(client, lines(10), 2, "coded")
    assert taken == [9]
    client.send("names.csv", "Code,Name\n" + "".join(f"Supplier {chr(c)},GmbH {chr(c)}\n" for c in range(65, 91)))
    deliver(client, lines(11), 3, "coded")
    assert taken == [9]
    names = client.query("select distinct left(supplier_name, 4) from core.ledgers_spend where client_id = :client "
                         "and _known_to is null")  # fmt: skip
    assert [tuple(n) for n in names] == [("GmbH",)]


def test_what_a_memo_does_not_outlive(client: Client, taken: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    declare(client)
    one = deliver(client, FIRST, 1)
    tidy(client.office())
    assert [f.name for f in kept(client)] == [str(one)], "it speaks"
    withdraw(one, why="draft", person=STEWARD, office=client.office())
    tidy(client.office())
    assert kept(client) == []

    deliver(client, FIRST, 2)
    deliver(client, FIRST, 1, "monthly/2026-10 ")
    assert len(kept(client)) == 2
    memos.forget(client.settings, client.client_id, "ledgers.spend", "monthly")
    assert [f.parent.name for f in kept(client)] == ["main"]
    monkeypatch.setenv("KONTOR_MAX_MEMO", str(sum(f.stat().st_size for f in kept(client)[0].iterdir()) * 3 // 2))
    deliver(client, FIRST[1:], 2, "monthly/2026-10 ")
    assert [f.parent.name for f in kept(client)] == ["monthly"], "the oldest goes first"
    monkeypatch.setenv("KONTOR_MAX_MEMO", "100")
    deliver(client, SECOND, 3)
    assert [f.parent.name for f in kept(client)] == ["monthly"], "larger than all that may be kept"
    memos.forget(client.settings, client.client_id)
    assert kept(client) == []
    assert not client.settings.delivery_folder(newest(client)).exists()
