"""Broken interchanges: refused with the place, or a named fault of a message and a total that differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.reader import read_table
from pipelines.profile import Format

EDIFACT = """UNA:+.? '
UNB+UNOA:3+S+R+261109:1805+77'
UNG+ORDERS+S+R+261109:1805+7+UN+D:96A'
UNH+1+ORDERS:D:96A:UN'
BGM+220+PO-1+9'
DTM+137:20261101:102'
LIN+1++4000862141404:EN'
QTY+21:3:PCE'
UNS+S'
CNT+2:1'
UNT+8+1'
UNE+1+7'
UNZ+1+77'
"""
X12 = """ISA*00*          *00*          *ZZ*S              *ZZ*R              *261109*1805*U*00401*000000077*0*P*>~
GS*PO*S*R*20261109*1805*7*X*004010~
ST*850*0001~
BEG*00*NE*PO-1**20261101~
PO1*1*3*EA*12.50**VP*A-1~
CTT*1~
SE*5*0001~
GE*1*7~
IEA*1*000000077~
"""


class Read(NamedTuple):
    """What came of a file: faults of its messages, totals that differ, warnings."""

    faults: list[str]
    differ: dict[str, tuple[str, str]]
    warnings: list[str]
    rows: list[dict[str, Any]]


def read(folder: Path, text: str | bytes, table: str = "interchanges") -> Read:
    """Read a file of either format."""
    raw = text if isinstance(text, bytes) else text.encode("latin-1")
    path = folder / "file.edi"
    path.write_bytes(raw)
    kind = "x12" if raw.lstrip().startswith(b"ISA") else "edifact"
    with read_table(path, Format(type=kind, table=table), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
        facts = reader.facts
    differ = {total.name: (total.said, total.found) for total in facts.totals if total.said != total.found}
    return Read([row.get("message_faults", "") for row in rows], differ, facts.warnings, rows)


def changed(text: str, old: str, new: str) -> str:
    """The text with one place of it changed."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.mark.parametrize("text", [EDIFACT, X12], ids=["edifact", "x12"])
def test_what_is_whole_has_no_fault(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text)[:3] == (["none"], {}, [])


FAULTS = [
    (EDIFACT, "UNT+8", "UNT+9", "segment_count", {"segments": ("9", "8")}),
    (EDIFACT, "UNT+8", "UNT+", "segment_count", {"segments": ("-1", "8")}),
    (EDIFACT, "UNT+8+1", "UNT+8+2", "message_reference", {"references": ("3", "2")}),
    (EDIFACT, "UNE+1", "UNE+2", "message_count", {"messages": ("2", "1")}),
    (EDIFACT, "UNE+1+7", "UNE+1+8", "group_reference", {"references": ("3", "2")}),
    (EDIFACT, "UNZ+1", "UNZ+2", "group_count", {"groups": ("2", "1")}),
    (EDIFACT, "UNZ+1+77", "UNZ+1+78", "interchange_reference", {"references": ("3", "2")}),
    (EDIFACT, "CNT+2:1'\n", "", "segment_count", {"segments": ("8", "7")}),
    (X12, "SE*5", "SE*6", "segment_count", {"segments": ("6", "5")}),
    (X12, "SE*5", "SE*five", "segment_count", {"segments": ("-1", "5")}),
    (X12, "SE*5*0001", "SE*5*0002", "message_reference", {"control_numbers": ("3", "2")}),
    (X12, "GE*1", "GE*2", "message_count", {"messages": ("2", "1")}),
    (X12, "GE*1*7", "GE*1*8", "group_reference", {"control_numbers": ("3", "2")}),
    (X12, "IEA*1", "IEA*2", "group_count", {"groups": ("2", "1")}),
    (X12, "IEA*1*000000077", "IEA*1*000000078", "interchange_reference", {"control_numbers": ("3", "2")}),
    (X12, "CTT*1~\n", "", "segment_count", {"segments": ("5", "4")}),
]


@pytest.mark.parametrize(
    ("text", "old", "new", "fault", "differ"), FAULTS, ids=[f"{f[1]} {f[2]}".strip() for f in FAULTS]
)
def test_what_contradicts_itself_is_a_named_fault_and_a_total(
    tmp_path: Path, text: str, old: str, new: str, fault: str, differ: dict[str, tuple[str, str]]
) -> None:
    found = read(tmp_path, changed(text, old, new))
    assert (found.faults, found.differ) == ([fault], differ)


REFUSED = [
    (EDIFACT, "UNT+8+1'\n", "", "message '1'", 11),
    (EDIFACT, "UNE+1+7'\n", "", "group '7'", 12),
    (EDIFACT, "UNZ+1+77'\n", "", "interchange '77'", 12),
    (EDIFACT, "UNH+1+ORDERS:D:96A:UN'\n", "", "segment BGM outside a message", 4),
    (EDIFACT, "UNG+ORDERS+S+R+261109:1805+7+UN+D:96A'\n", "", "UNE without a group", 11),
    (EDIFACT, "UNB+UNOA:3+S+R+261109:1805+77'\n", "", "UNG outside an interchange", 2),
    (EDIFACT, "UNH+1+ORDERS", "UNH++ORDERS", "UNH++ORDERS", 4),
    (EDIFACT, "UNOA:3+S+R", "UNOA:3+S+", "without receiver", 2),
    (EDIFACT, "UNOA:3", "ZZZZ:3", "syntax 'ZZZZ'", 2),
    (EDIFACT, "UNA:+.? '", "UNA:;.? '", "got 'UNB+UNOA", 2),
    (EDIFACT, "UNA:+.? '", "UNA:+.? +", "separators", 1),
    (EDIFACT, "UNS+S'\n", "UNB+UNOA:3+S+R+261109:1805+78'\n", "UNB in message '1'", 9),
    (EDIFACT, "LIN+1", "lin+1", "'lin+1", 7),
    (EDIFACT, "BGM+220+PO-1+9'", "BGM+220+PO-1+9", "", 0),
    (X12, "SE*5*0001~\n", "", "segment 'GE'", 7),
    (X12, "GE*1*7~\n", "", "segment 'IEA'", 8),
    (X12, "IEA*1*000000077~\n", "", "the end of the file", 9),
    (X12, "ST*850*0001~\n", "", "segment 'BEG'", 3),
    (X12, "GS*PO*S*R*20261109*1805*7*X*004010~\n", "", "segment 'GE'", 7),
    (X12, "ISA*00", "ISB*00", "", 1),
    (X12, "*P*>~", "*P>~", "after its fifteenth element", 1),
    (X12, "GE*1*7~", "GE*1*7", "the end of the file inside an interchange", 10),
]


@pytest.mark.parametrize(
    ("text", "old", "new", "got", "line"), REFUSED, ids=[f"{r[1]} {r[2]}".strip() for r in REFUSED]
)
def test_what_cannot_be_told_apart_is_refused_with_its_place(
    tmp_path: Path, text: str, old: str, new: str, got: str, line: int
) -> None:
    try:
        found = read(tmp_path, changed(text, old, new))
    except DeliveryError as error:
        assert got in str(error)
        assert error.where in (f"file.edi, line {line}", f"file.edi:{line}")
        assert error.next_step
    else:
        assert not line, found
        assert found.faults == ["segment_count"]


@pytest.mark.parametrize(("text", "end"), [(EDIFACT, "UNZ+1+77'"), (X12, "IEA*1*000000077")], ids=["edifact", "x12"])
def test_a_file_cut_off_at_any_byte_is_refused(tmp_path: Path, text: str, end: str) -> None:
    """The last terminator of X12 may be missing, since nothing can follow; all that was said stands there by then."""
    whole = text.rindex(end) + len(end)
    for at in range(1, len(text)):
        try:
            found = read(tmp_path, text[:at])
        except DeliveryError as error:
            assert at < whole, at
            assert "file.edi" in str(error.where)
        else:
            assert at >= whole or found.differ, at


@pytest.mark.parametrize("text", [EDIFACT, X12], ids=["edifact", "x12"])
def test_an_interchange_that_stands_twice_is_told(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text + text).faults == ["none", "interchange_number_repeated"]


@pytest.mark.parametrize(
    ("text", "segment", "tag"),
    [
        (changed(EDIFACT, "UNT+8", "UNT+9"), ("UNS+S'", "ZZZ+1'\nUNS+S'"), "ZZZ"),
        (changed(EDIFACT, "UNT+8", "UNT+9"), ("UNS+S'", "CPS+1'\nUNS+S'"), "CPS"),
        (changed(X12, "SE*5", "SE*6"), ("CTT*1~", "ZZZ*1~\nCTT*1~"), "ZZZ"),
        (changed(X12, "SE*5", "SE*6"), ("CTT*1~", "HL*1**S~\nCTT*1~"), "HL"),
    ],
)
def test_a_segment_of_no_or_another_message_is_told_and_kept(
    tmp_path: Path, text: str, segment: tuple[str, str], tag: str
) -> None:
    found = read(tmp_path, changed(text, *segment))
    assert [row["unknown_segments"] for row in found.rows] == [f"{tag} (1)"]
    assert any(tag in warning for warning in found.warnings)
    assert found.differ == {}
    assert tag in "".join(row["tag"] for row in read(tmp_path, changed(text, *segment), "segments").rows)


@pytest.mark.parametrize(
    ("text", "old", "new", "column", "value"),
    [
        (EDIFACT, "QTY+21", "QTY+ZZZ", "ordered_quantity", ""),
        (EDIFACT, "21:3:PCE", "21:1.000,5:PCE", "ordered_quantity", "1.000,5"),
        (EDIFACT, "21:3:PCE", "21:1,5:PCE", "ordered_quantity", "1.5"),
        (EDIFACT, "137:20261101:102", "137:20261301:102", "document_date", "2026-13-01"),
        (X12, "*20261101", "*20261301", "document_date", "20261301"),
        (X12, "PO1*1*3*", "PO1*1*1,5*", "ordered_quantity", "1,5"),
        (X12, "**VP*", "**Q9*", "supplier_product_id", ""),
    ],
)
def test_values_that_cannot_be_meant_stay_as_written_for_the_gate(
    tmp_path: Path, text: str, old: str, new: str, column: str, value: str
) -> None:
    """A day that is none or a number with the wrong mark is no fault of the format: the gate refuses the cell."""
    (row,) = read(tmp_path, changed(text, old, new), "order_lines").rows
    assert row[column] == value
    if not value:
        assert new.split("+")[-1].strip("*") in row["other"]


def test_a_character_outside_the_set_is_read_as_what_it_is_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, changed(EDIFACT, "PO-1", "PO-Ü"))
    assert [row["document_id"] for row in found.rows] == ["PO-Ü"]
    assert found.warnings == ["segments that say ascii and were read in iso8859-1, as they are: 1 (first line 5)"]
    with pytest.raises(DeliveryError, match="not in the character set"):
        read(tmp_path, changed(changed(EDIFACT, "UNOA", "UNOG"), "PO-1", "PO-\xa5"))


def test_a_header_without_component_separator_does_not_shift_the_terminator(tmp_path: Path) -> None:
    short = changed(X12, "*P*>~", "*P*~")
    found = read(tmp_path, short)
    assert (found.faults, found.differ) == (["none"], {})
    assert found.warnings == ["1 interchange header without the last element, the component separator"]
    assert [row["message_number"] for row in found.rows] == ["0001"]
    assert read(tmp_path, changed(short, "**20261101~", "**20261101")).faults == ["segment_count"]
    assert read(tmp_path, X12.replace("~\n", "\n").replace("*P*>", "*P*~"))[:3] == (["none"], {}, [])
