"""Published samples of EDIFACT and X12, as users sent them in: read as they are, what is wrong with them said.

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
    kept = sorted(KEPT.glob("*.edi"))
    assert len(kept) == 6
    for path in kept:
        assert path.read_bytes() == (folder / path.name).read_bytes()


def read_x12(name: str, table: str) -> tuple[list[dict[str, str]], Any]:
    with read_table(KEPT / name, Format(type="x12", table=table), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
    return rows, reader.facts


def test_an_order_of_x12_is_read_in_full() -> None:
    """Byte order mark, indented segments, an interchange whose trailer has another number."""
    (order,), facts = read_x12("x12.850a.edi", "orders")
    wanted = {
        "order_id": "4600000406", "document_date": "2014-07-24", "buyer_id": "1500", "supplier_id": "0000600396",
        "supplier_name": "Supplier Name", "ship_to_id": "T100", "ship_to_country_code": "US", "currency_code": "USD",
        "payment_net_days": "60", "message_faults": "none",
    }  # fmt: skip
    assert {name: order[name] for name in wanted} == wanted
    assert [(t.name, t.said, t.found) for t in facts.totals if t.said != t.found] == [("control_numbers", "3", "2")]
    lines, facts = read_x12("x12.850a.edi", "order_lines")
    assert [(r["ordered_quantity"], r["unit_price_amount"], r["buyer_product_id"]) for r in lines] == [
        ("2500", "2.53", "A_QU001-BLK"), ("2000", "3.41", "A_QF001-BLK"), ("1000", "3.41", "A_QF001-RED"),
    ]  # fmt: skip
    assert facts.warnings == []
    (message,), _ = read_x12("x12.850a.edi", "interchanges")
    assert message["message_faults"] == "interchange_reference"


def test_an_invoice_of_x12_counts_what_its_summary_repeats_once() -> None:
    (invoice,), _ = read_x12("x12.810a.edi", "invoices")
    wanted = {
        "line_net_amount": "359.96", "charge_amount": "6.00", "net_amount": "365.96", "gross_amount": "365.96",
        "message_faults": "none",
    }  # fmt: skip
    assert {name: invoice[name] for name in wanted} == wanted
    lines, _ = read_x12("x12.810a.edi", "invoice_lines")
    assert [(r["line_id"], r["signed_line_amount"]) for r in lines if r["line_kind"] != "other"] == [
        ("1", "199.98"), ("2", "159.98"), ("charge 2", "3.00"), ("charge 4", "3.00"),
    ]  # fmt: skip


def test_an_event_of_x12_whose_header_is_cut_in_lines_is_read() -> None:
    (event,), facts = read_x12("x12.214.edi", "statuses")
    wanted = {
        "consignment_id": "1751807", "status_code": "D1", "event_at": "2016-07-26T12:30:00", "city_name": "BRATTLEBORO",
        "equipment_id": "30402", "message_faults": "none",
    }  # fmt: skip
    assert {name: event[name] for name in wanted} == wanted
    assert facts.warnings == ["1 segment cut in lines, put together again"]
