from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.delivery import Delivery, Kind, State
from pipelines.errors import DeliveryError
from pipelines.extract.facts import FileFacts
from pipelines.extract.run import cells_of, extract
from pipelines.profile import Source, SourceRef


def delivery() -> Delivery:
    now = datetime(2024, 6, 1, tzinfo=UTC)
    return Delivery(
        7, "acme", "ledgers.payables", "main", None, Kind.INTAKE, "kreditoren/OP.csv", "0" * 64, 1, now,
        State.REGISTERED, None, 1, "i", "d",
    )  # fmt: skip


def ref(**words: Any) -> SourceRef:
    columns = {"supplier_id": {"from": "Kreditor"}, "invoice_date": {"cell": "B1"}}
    data = {"files": ".*", "columns": columns, "format": {"header_rows": [2], "footer_rows": 1, "delimiter": ";"}}
    source = Source.model_validate({**data, **words})
    return SourceRef("acme", "ledgers.payables", "main", source, "de_DE", "Europe/Berlin")


TEXT = "Stand;31.05.2024\nKreditor;Betrag\n70001;1,00\n70002\n70003;3,00\n\nSumme;4,00\n"


def original(tmp_path: Path, text: str = TEXT) -> Path:
    path = tmp_path / "archive" / ("0" * 64)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_writes_records_and_facts(tmp_path: Path) -> None:
    out = tmp_path / "work" / "7"
    facts = extract(delivery(), ref(), original(tmp_path), out, chunk_rows=2)
    with pa.ipc.open_file(out / "raw.arrow") as file:
        assert file.num_record_batches == 2
        table = file.read_all()
    assert table.schema.names == ["__row_number", "__problem", "__raw", "__cells", "Kreditor", "Betrag"]
    assert not table.schema.field("__row_number").nullable
    assert table.to_pylist()[1] == {
        "__row_number": 4,
        "__problem": "has 1 cell, the header has 2",
        "__raw": "70002",
        "__cells": ["70002"],
        "Kreditor": None,
        "Betrag": None,
    }
    assert FileFacts.from_json((out / "extract.json").read_text()) == facts
    assert facts == FileFacts(
        size=len(TEXT),
        encoding="utf-8",
        columns=["Kreditor", "Betrag"],
        records=3,
        malformed=1,
        header_rows=1,
        preamble_rows=1,
        blank_rows=1,
        comment_rows=0,
        footer=[["Summe", "4,00"]],
        footer_rows=[7],
        cells={"B1": "31.05.2024"},
    )
    assert sorted(p.name for p in out.iterdir()) == ["extract.json", "raw.arrow"]


def test_running_again_gives_the_same_bytes(tmp_path: Path) -> None:
    out = tmp_path / "work"
    extract(delivery(), ref(), original(tmp_path), out)
    first = {p.name: p.read_bytes() for p in out.iterdir()}
    extract(delivery(), ref(), original(tmp_path), out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == first


def test_no_records_still_have_a_schema(tmp_path: Path) -> None:
    out = tmp_path / "work"
    facts = extract(delivery(), ref(), original(tmp_path, "x\nKreditor;Betrag\nSumme;0\n"), out)
    with pa.ipc.open_file(out / "raw.arrow") as file:
        assert (file.num_record_batches, file.schema.names[4:]) == (0, ["Kreditor", "Betrag"])
    assert facts.records == 0


def test_an_error_leaves_the_last_good_output_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "work"
    extract(delivery(), ref(), original(tmp_path), out)
    before = (out / "raw.arrow").read_bytes()
    with pytest.raises(DeliveryError) as caught:
        extract(delivery(), ref(), original(tmp_path, TEXT + '"70004;1\n'), out, chunk_rows=1)
    assert caught.value.where == "kreditoren/OP.csv:8"
    place = caught.value.place
    assert (place.client, place.feed, place.delivery_id, place.step) == ("acme", "ledgers.payables", 7, "extract")
    assert (out / "raw.arrow").read_bytes() == before
    assert sorted(p.name for p in out.iterdir()) == ["extract.json", "raw.arrow"]


def test_original_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="file is gone"):
        extract(delivery(), ref(), tmp_path / "none", tmp_path / "work")


def test_cells_that_a_source_asks_for() -> None:
    it = ref(controls={"rows": "footer", "sum(open_amount)": {"cell": "C9"}})
    assert cells_of(it.source) == {"B1", "C9"}
