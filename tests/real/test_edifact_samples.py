"""Published samples of EDIFACT, as users sent them in: read as they are, what is wrong with them said.

A copy of each is kept with the tests; where the larger folder of samples is at hand it is read from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.extract.reader import read_table
from pipelines.profile import Format
from pipelines.settings import ROOT

KEPT = ROOT / "tests" / "samples" / "edi"


def read(path: Path, table: str) -> tuple[list[dict[str, str]], Any]:
    with read_table(path, Format(type="edifact", table=table), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
    return rows, reader.facts


@pytest.mark.parametrize(
    ("name", "kind", "faults", "said", "found"),
    [
        ("edifact.01.edi", "QUOTES", "segment_count interchange_reference", "158", "31"),
        ("edifact.ORDRSP.edi", "ORDRSP", "segment_count message_reference interchange_reference", "17", "31"),
        ("edifact.Issue152.Wikipedia.edi", "PAORES", "none", "13", "13"),
    ],
)
def test_what_is_wrong_with_an_envelope_is_told(name: str, kind: str, faults: str, said: str, found: str) -> None:
    rows, facts = read(KEPT / name, "interchanges")
    assert [(row["message_type"], row["message_faults"]) for row in rows] == [(kind, faults)]
    assert [(t.said, t.found) for t in facts.totals if t.name == "segments"] == [(said, found)]
    segments, _ = read(KEPT / name, "segments")
    assert len(segments) == int(found) - 1  # all but UNT


def test_the_response_is_read_in_full() -> None:
    (line,), _ = read(KEPT / "edifact.ORDRSP.edi", "order_responses")
    wanted = {
        "order_id": "00001672", "order_date": "2015-10-23", "document_date": "2016-03-21", "line_id": "1",
        "ordered_quantity": "1", "unit_code": "PCS", "line_amount": "825", "unit_price_amount": "50.5",
        "currency_code": "EUR", "text": "Text1 Text2 Text3 Text4 Text5",
    }  # fmt: skip
    assert {name: line[name] for name in wanted} == wanted
    assert "COM+?+49 123 45678 8652:TE" in line["other"]


def test_the_copies_are_those_of_the_samples(real_root: Path) -> None:
    folder = real_root / "samples" / "invoices" / "edi"
    found = sorted(folder.glob("edifact.*.edi"))
    assert found
    for path in found:
        assert (KEPT / path.name).read_bytes() == path.read_bytes()
