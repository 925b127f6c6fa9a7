"""Cleaning with a memo gives the very files that cleaning without it gives."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.arrowfile import ArrowChunks
from pipelines.clean import memo
from pipelines.clean.memo import Known, Memo
from pipelines.clean.run import clean
from pipelines.profile import SourceRef
from tests.unit.clean.mapkit import column, contract, plan_of, raw, source

TO = contract(
    column("line_id", "identifier", key=True),
    column("amount", "money", currency="currency_code"),
    column("currency_code", "currency"),
    column("phone", "phone", country="DE", classification="confidential"),
    column("due_date", "date", absent_codes=("unknown",)),
    column("note"),
)
HEADER = ["Nr", "Betrag", "Whg", "Tel", "Faellig", "Text", "Stand"]
RULES: dict[str, Any] = {
    "line_id": {"from": "Nr"},
    "amount": {"from": "Betrag"},
    "currency_code": {"from": "Whg"},
    "phone": {"from": "Tel"},
    "due_date": {"from": "Faellig", "formats": "%d.%m.%Y", "absent": {"k.A.": "unknown"}},
    "note": {"first_of": ["Text", "Nr"]},
}
SKIP = [{"column": "Nr", "in": "Summe", "reason": "total"}]
OUTPUTS = ("clean.arrow", "problems.arrow", "clean.json")
CELLS = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "5", "0006", "Summe", ""]),
    st.sampled_from(["1,50", "2", "-3,1", "n/a", "1.234,50-", " 7,00 "]),
    st.sampled_from(["EUR", "usd", "?", ""]),
    st.sampled_from(["030 1234567", "nobody", ""]),
    st.sampled_from(["01.02.2026", "31.02.2026", "k.A.", ""]),
    st.sampled_from(["a", "b  c", ""]),
    st.sampled_from(["x", "y"]),
)
ROWS = st.lists(st.tuples(CELLS, st.booleans()).map(lambda r: (list(r[0]), r[1] and r[0][3] == "nobody")), max_size=14)
Rows = Sequence[tuple[list[str], bool]]


def write(folder: Path, rows: Rows, size: int, header: list[str] = HEADER) -> None:
    """raw.arrow with batches of some rows; the second part of a row says that it is malformed."""
    folder.mkdir(exist_ok=True)
    with pa.ipc.new_file(folder / "raw.arrow", raw(header).schema) as writer:
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            bad = {i: "2 cells" for i, row in enumerate(part) if row[1]}
            writer.write_batch(raw(header, *(row[0] for row in part), first=start + 2, malformed=bad))


def made(ref: SourceRef, folder: Path, before: Path | None = None) -> list[bytes]:
    facts = json.dumps({"columns": HEADER, "footer": [], "cells": {}, "sheet_name": None})
    clean(ref, TO, [], folder / "raw.arrow", facts, {}, {}, folder, memo=before)
    return [(folder / name).read_bytes() for name in OUTPUTS]


def agree(ref: SourceRef, old: Rows, new: Rows, sizes: tuple[int, int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        before, after = Path(place, "before"), Path(place, "after")
        write(before, old, sizes[0])
        made(ref, before)
        write(after, new, sizes[1])
        assert made(ref, after, before) == made(ref, after)


@given(old=ROWS, new=ROWS, sizes=st.tuples(st.integers(3, 9), st.integers(3, 9)))
@settings(max_examples=25, deadline=None)
def test_any_rows_before_any_rows(old: Rows, new: Rows, sizes: tuple[int, int]) -> None:
    agree(source(RULES, skip=SKIP, ignore={"Stand": "hour of the export"}), old, [*old[:3], *new, *old[2:]], sizes)


def lines(count: int, seed: int = 5) -> list[tuple[list[str], bool]]:
    rng = random.Random(seed)
    return [
        (
            [
                str(1000 + n),
                rng.choice(["1,50", "2", "n/a"]) if n % 20 == 0 else f"{n},25",
                rng.choice(["EUR", "CHF"]),
                rng.choice(["030 1234567", "", "x"]) if n % 30 == 0 else "",
                f"{n % 28 + 1:02}.03.2026",
                f"line {n}",
                "x",
            ],
            n % 97 == 5,
        )
        for n in range(count)
    ]


def changed(rows: list[tuple[list[str], bool]]) -> list[tuple[list[str], bool]]:
    """Rows changed, inserted, deleted, repeated, moved."""
    out = [([*cells], bad) for cells, bad in rows]
    for n in range(3, len(out), 41):
        out[n][0][5] = "changed"
    for n in range(10, len(out), 67):
        out.insert(n, ([f"new {n}", "1,00", "EUR", "", "", "", "x"], False))
    for n in range(20, len(out), 53):
        del out[n]
    out[30:30] = out[100:103]
    return out[200:260] + out[:200] + out[260:]


REF = source(RULES, skip=SKIP, ignore={"Stand": "hour of the export"})
CHANGES = {
    "the same": lambda rows: rows,
    "changed in every way": changed,
    "the other way round": lambda rows: rows[::-1],
    "shuffled": lambda rows: random.Random(3).sample(rows, len(rows)),
    "twice": lambda rows: rows + rows,
    "only the end": lambda rows: rows[250:],
    "another hour of the export": lambda rows: [([*cells[:-1], "y"], bad) for cells, bad in rows],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("sizes", [(100, 70), (64, 1000)])
def test_lines_of_a_ledger(change: str, sizes: tuple[int, int]) -> None:
    rows = lines(320)
    agree(REF, rows, CHANGES[change](rows), sizes)


def taken(folder: Path, before: Path, ref: SourceRef = REF) -> int:
    """Rows that the memo knows."""
    source_file = ArrowChunks(folder / "raw.arrow")
    found = Memo.open(before, plan_of(TO, ref, HEADER), source_file.schema)
    chunks = [found.known(batch) for batch in source_file] if found else []
    return sum(int(k.mask.sum()) for k in chunks if isinstance(k, Known))


@pytest.fixture
def before(tmp_path: Path) -> Path:
    write(tmp_path / "before", lines(320), 100)
    made(REF, tmp_path / "before")
    return tmp_path / "before"


SOUND = sum(
    not bad and cells[1] != "n/a" and cells[3] != "x" for cells, bad in lines(320)
)  # else they had a problem: those are cleaned again


def test_rows_that_came_before_are_not_cleaned_again(tmp_path: Path, before: Path) -> None:
    after = tmp_path / "after"
    write(after, lines(320), 100)
    assert taken(after, before) == SOUND > 290
    write(after, [(["new", "1,00", "EUR", "", "", "", "x"], False), *lines(320)], 100)
    assert taken(after, before) == SOUND, "shifted"
    write(after, CHANGES["another hour of the export"](lines(320)), 130)
    assert taken(after, before) == SOUND, "an ignored column"
    write(after, [([*cells[:5], "other", "x"], bad) for cells, bad in lines(320)], 100)
    assert taken(after, before) == 0


def test_where_it_cannot_be_used(tmp_path: Path, before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = tmp_path / "after"
    write(after, lines(320), 100)
    keyed = {name: rule for name, rule in RULES.items() if name != "line_id"}
    counted = source(keyed, key="occurrence(note)", ignore={"Stand": "", "Nr": ""})
    assert taken(after, before, counted) == 0, "keys that depend on the rows before"
    for name in memo.FILES:
        kept = (before / name).read_bytes()
        (before / name).write_bytes(kept[: len(kept) // 2])
        assert taken(after, before) == 0, f"{name} is damaged"
        (before / name).unlink()
        assert taken(after, before) == 0, f"{name} is gone"
        (before / name).write_bytes(kept)
    assert taken(after, before) == SOUND
    monkeypatch.setattr(memo, "_MOST_RUNS", 3)
    write(after, changed(lines(320)), 100)
    assert taken(after, before) < 150, "too scattered"
    shutil.rmtree(before)
    assert taken(after, before) == 0
