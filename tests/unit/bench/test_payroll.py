"""The rows that speed is measured on: the same for a seed, as bad as asked for, and bad by every rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.validate.files import chunks
from tests.bench import gate, payroll


def test_the_same_seed_gives_the_same_rows() -> None:
    assert payroll.chunk(500, 0.5, 1000).equals(payroll.chunk(500, 0.5, 1000))
    assert not payroll.chunk(500, 0.5, 1000).equals(payroll.chunk(500, 0.5, 1000, seed=8))
    assert payroll.chunk(500, 0.5).schema.names[5:] == payroll.PAYSLIPS.arrow_schema.names


@pytest.mark.parametrize(("share", "bad"), [(0.0, 0), (0.01, 30), (0.5, 1500)])
def test_as_many_rows_are_bad_as_asked_for(tmp_path: Path, share: float, bad: int) -> None:
    path = payroll.write(tmp_path, 3000, share, chunk_rows=1000)
    rules = gate.rules_of(path)
    assert len(rules) == 20
    judged = gate.ChunkGate(payroll.PAYSLIPS, rules)
    fates = [judged.judge(*pair).fates for pair in chunks(path.parent, "clean.arrow", "problems.arrow")]
    rejected = np.flatnonzero(np.asarray(pa.concat_arrays(fates).is_valid()))
    assert rejected.tolist() == ([] if not bad else list(range(3000 // bad - 1, 3000, 3000 // bad)))
    if share == 0.5:
        assert all(judged.rules.tallies[r.id].samples for r in rules)


def test_hand_written_masks_and_stock_great_expectations_find_what_the_gate_finds(tmp_path: Path) -> None:
    path = payroll.write(tmp_path, 3000, 0.5, chunk_rows=1000)
    found = gate.kontor_gate(path)()
    assert found[0] == 3000 and len(found[1]) == 20
    assert gate.pandas_masks(path)() == found
    assert gate.gx_complete(path)() == found
