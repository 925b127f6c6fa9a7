"""EDIFACT: separators, releases and breaks of any kind are read, envelopes are checked, nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.messages import edifact_envelope, edifact_syntax
from pipelines.extract.messages.edifact import TABLES
from pipelines.extract.messages.edifact_dates import iso, negated, number
from pipelines.extract.reader import read_table
from pipelines.extract.table import LEAD
from pipelines.formats import message_format
from pipelines.profile import Format
from tests.samples.edifact_writer import PLAIN, Segments, Style, interchange, message
from tests.unit.extract.mutate import mutations

AT = datetime(2026, 11, 9, 18, 5)
Got = tuple[list[dict[str, str]], Any]
Read = Callable[..., Got]
ORDER: Segments = [
    ("BGM", ("220",), "PO?1'+:", "9"),
    ("DTM", ("137", "20261101", "102")),
    ("NAD", "BY", ("4012345000009", "", "9"), "", ("O'Neill + Söhne: Kai?",)),
    ("LIN", "1", "", ("4000862141404", "EN")),
    ("QTY", ("21", "12,5", "PCE")),
    ("UNS", "S"),
    ("CNT", ("2", "1")),
]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file and read one table of it, however the blocks fall; empty cells are left out."""

    def _read(content: bytes | str, table: str = "interchanges", **words: Any) -> Got:
        file = tmp_path / "file.edi"
        file.write_bytes(content.encode("latin-1") if isinstance(content, str) else content)
        got = []
        for block in (1 << 20, 1, 7):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(edifact_syntax, "BLOCK_BYTES", block)
                with read_table(file, Format(type="edifact", table=table, **words), "en_US") as reader:
                    rows = [row for batch in reader.batches() for row in batch.to_pylist()]
                    assert [row["__row_number"] for row in rows] == list(range(1, len(rows) + 1))
                    cells = [{k: v for k, v in row.items() if v and k not in LEAD} for row in rows]
                    got.append((cells, reader.facts))
        assert got[0] == got[1] == got[2]
        return got[0]

    return _read


def one(style: Style = PLAIN, segments: Any = ORDER, **words: Any) -> bytes:
    """An interchange of one order."""
    body = message(style, "1", "ORDERS:D:96A:UN:EAN008", segments, **words)
    return interchange([body], sender="S", receiver="R", number="77", at=AT, style=style)


STYLES = {
    "plain": Style(),
    "without advice": Style(advice=False),
    "other signs": Style("*", "|", "\\", "~"),
    "one line": Style(between=""),
    "windows": Style(between="\r\n"),
    "old mac": Style(between="\r"),
    "blanks behind": Style(between="   \r\n\t"),
    "a line is a segment": Style(terminator="\n", between=""),
    "level B": Style("\x1f", "\x1d", "\x00", "\x1c", advice=False, between="", syntax="UNOB:1"),
    "utf-8": Style(syntax="UNOY:4", encoding="utf-8"),
    "cyrillic": Style(syntax="UNOE:3", encoding="iso8859-5"),
}


@pytest.mark.parametrize("name", STYLES)
def test_any_signs_and_breaks_give_the_same_order(read: Read, name: str) -> None:
    style = STYLES[name]
    segments: Any = ORDER
    firm = "O'Neill + Söhne: Kai?"
    if name == "cyrillic":
        firm = "Порт + Ко"
    if name == "level B":
        firm = "PORT + CO?"
    segments = [("NAD", "BY", ("4012345000009", "", "9"), "", (firm,)) if s[0] == "NAD" else s for s in ORDER]
    rows, facts = read(one(style, segments), "orders")
    assert [(r["order_id"], r["buyer_name"], r["document_date"]) for r in rows] == [("PO?1'+:", firm, "2026-11-01")]
    lines, _ = read(one(style, segments), "order_lines")
    assert [(r["line_id"], r["ean_id"], r["ordered_quantity"], r["unit_code"]) for r in lines] == [
        ("1", "4000862141404", "12.5", "PCE")
    ]
    assert [(t.name, t.said, t.found) for t in facts.totals] == [
        ("segments", "9", "9"), ("messages", "1", "1"), ("references", "2", "2"),
    ]  # fmt: skip
    assert facts.warnings == []


def test_a_file_wrapped_at_eighty_columns_is_joined(read: Read) -> None:
    text = one(Style(between="")).decode("latin-1")
    wrapped = "\r\n".join(text[i : i + 40] for i in range(0, len(text), 40))
    rows, facts = read(wrapped, "orders")
    assert rows[0]["buyer_name"] == "O'Neill + Söhne: Kai?"
    assert "line break inside" in facts.warnings[0]


@pytest.mark.parametrize(
    ("encoding", "syntax", "told"),
    [
        ("utf-8", "UNOC:3", True),
        ("cp1252", "UNOA:2", True),
        ("latin-1", "UNOC:3", False),
        ("utf-8-sig", "UNOC:3", False),
    ],
)
def test_what_senders_really_write_is_read_and_told(read: Read, encoding: str, syntax: str, told: bool) -> None:
    name = "Søren – AS" if encoding == "cp1252" else "Søren AS"
    segments: Any = [("NAD", "BY", ("1",), "", (name,)) if s[0] == "NAD" else s for s in ORDER]
    rows, facts = read(one(Style(syntax=syntax, encoding=encoding), segments), "orders")
    assert rows[0]["buyer_name"] == name
    assert bool(facts.warnings) is told


def test_a_declared_encoding_is_taken_at_its_word(read: Read) -> None:
    segments: Any = [("NAD", "BY", ("1",), "", ("Łódź",)) if s[0] == "NAD" else s for s in ORDER]
    content = one(Style(encoding="cp1250"), segments)
    assert read(content, "orders", encoding="cp1250")[0][0]["buyer_name"] == "Łódź"
    with pytest.raises(DeliveryError, match="character set"):
        read(content, "orders", encoding="utf-8")


def test_elements_repeat_from_version_4_on(read: Read) -> None:
    text = (
        "UNA:+.?*'UNB+UNOC:4+S+R+20261109:1805+1'UNH+1+ORDERS:D:01B:UN'BGM+220+P+9'DTM+137:20261101:102*2:20261120:102'"
        "LIN+1'PIA+1+A?*1:SA*B2:IN'QTY+21:1'UNS+S'UNT+8+1'UNZ+1+1'"
    )
    rows, _ = read(text, "orders")
    assert (rows[0]["document_date"], rows[0]["requested_date"]) == ("2026-11-01", "2026-11-20")
    lines, _ = read(text, "order_lines")
    assert (lines[0]["supplier_product_id"], lines[0]["buyer_product_id"]) == ("A*1", "B2")
    old, _ = read(text.replace("UNOC:4", "UNOC:3"), "order_lines")
    assert "supplier_product_id" not in old[0]
    assert old[0]["other"] == "PIA+1+A?*1:SA*B2:IN"


def test_interchanges_groups_and_messages_are_counted(read: Read) -> None:
    group = "UNG+ORDERS+S+R+261109:1805+{g}+UN+D:96A'{m}UNE+{n}+{g}'"
    body = "UNH+{}+ORDERS:D:96A:UN'BGM+220+P{}+9'UNS+S'UNT+4+{}'"
    text = "UNB+UNOA:2+S+R+261109:1805+5++++1++1'"
    text += group.format(g="7", n=2, m=body.format(1, 1, 1) + body.format(2, 2, 2))
    text += group.format(g="8", n=1, m=body.format(1, 3, 1)) + "UNZ+2+5'"
    text += "\r\nUNA*|.? ~UNB|UNOA*2|S|R|261109*1805|6~" + body.format(1, 4, 1).translate(str.maketrans(":+'", "*|~"))
    text += "UNZ|1|6~\r\n\x1a"
    rows, facts = read(text)
    assert [(r["interchange_number"], r["group_number"], r["message_number"], r["document_id"]) for r in rows] == [
        ("5", "7", "1", "P1"), ("5", "7", "2", "P2"), ("5", "8", "1", "P3"), ("6", "none", "1", "P4"),
    ]  # fmt: skip
    assert [(r["messages_said"], r["messages_found"], r.get("groups_said"), r["is_test"]) for r in rows] == [
        ("2", "2", "2", "true"), ("2", "2", "2", "true"), ("1", "1", "2", "true"), ("1", "1", None, "false"),
    ]  # fmt: skip
    assert {r["message_faults"] for r in rows} == {"none"}
    assert {r["created_at"] for r in rows} == {"2026-11-09T18:05:00"}
    assert [(t.name, t.said, t.found) for t in facts.totals] == [
        ("segments", "16", "16"), ("messages", "4", "4"), ("groups", "2", "2"), ("references", "8", "8"),
    ]  # fmt: skip


SOUND = (
    "UNB+UNOA:2+S+R+261109:1805+5'UNG+ORDERS+S+R+261109:1805+7+UN+D:96A'"
    "UNH+1+ORDERS:D:96A:UN'BGM+220+P+9'UNS+S'UNT+4+1'UNE+1+7'UNZ+1+5'"
)

SOUND_ALONE = "UNB+UNOA:2+S+R+261109:1805+5'UNH+1+ORDERS:D:96A:UN'BGM+220+P+9'UNS+S'UNT+4+1'UNZ+1+5'"


@pytest.mark.parametrize(
    ("wrong", "fault", "total"),
    [
        (("UNT+4+1", "UNT+5+1"), "segment_count", ("segments", "5", "4")),
        (("UNT+4+1", "UNT+many+1"), "segment_count", ("segments", "-1", "4")),
        (("UNT+4+1", "UNT+4+2"), "message_reference", ("references", "3", "2")),
        (("UNE+1+7", "UNE+3+7"), "message_count", ("messages", "3", "1")),
        (("UNE+1+7", "UNE+1+8"), "group_reference", ("references", "3", "2")),
        (("UNZ+1+5", "UNZ+2+5"), "group_count", ("groups", "2", "1")),
        (("UNZ+1+5", "UNZ+1+05"), "interchange_reference", ("references", "3", "2")),
    ],
)
def test_trailers_that_say_something_else_are_told(
    read: Read, wrong: tuple[str, str], fault: str, total: tuple[str, str, str]
) -> None:
    assert read(SOUND)[0][0]["message_faults"] == "none"
    rows, facts = read(SOUND.replace(*wrong))
    assert rows[0]["message_faults"] == fault
    differing = [(t.name, t.said, t.found) for t in facts.totals if t.said != t.found]
    assert differing == [total]


def test_two_wrong_counts_do_not_cancel_out(read: Read) -> None:
    body = "UNH+{0}+ORDERS:D:96A:UN'BGM+220+P+9'UNT+{1}+{0}'"
    text = "UNB+UNOA:2+S+R+261109:1805+5'" + body.format(1, 4) + body.format(2, 2) + "UNZ+2+5'"
    _, facts = read(text)
    assert [(t.said, t.found, t.where) for t in facts.totals if t.name == "segments"] == [
        ("4", "3", "UNT of message 1 (1), line 1")
    ]


def test_a_number_used_twice_is_told(read: Read) -> None:
    body = "UNH+1+ORDERS:D:96A:UN'BGM+220+P+9'UNT+3+1'"
    rows, _ = read("UNB+UNOA:2+S+R+261109:1805+5'" + body * 2 + "UNZ+2+5'")
    assert [r["message_faults"] for r in rows] == ["none", "message_number_repeated"]


def cut_in_lines(text: str, size: int) -> str:
    """The text in lines of one length, as mainframes send it."""
    return "\r\n".join(text[at : at + size] for at in range(0, len(text), size))


def test_a_line_may_end_anywhere_also_behind_a_release_character(read: Read) -> None:
    text = SOUND.replace("BGM+220+", "BGM+220+A?'B??")
    wanted, _ = read(text)
    assert wanted[0]["document_id"].startswith("A'B?")
    for size in range(4, 90):
        rows, facts = read(cut_in_lines(text, size))
        assert [row["document_id"] for row in rows] == [wanted[0]["document_id"]], size
        assert [t for t in facts.totals if t.said != t.found] == []


def test_headers_of_its_transport_are_told_and_passed_over(read: Read) -> None:
    headers = "AS2-Version: 1.1\r\nContent-Type: application/edifact;\r\n\tname=a.edi\r\n\r\n"
    rows, facts = read(headers + "UNA:+.? '\r\n" + SOUND)
    assert [row["position"] for row in rows] == ["message 1, line 6"]
    assert facts.warnings == ["headers of its transport in front of an interchange, passed over: 1 (first line 1)"]


def test_an_interchange_of_nothing_is_told(read: Read) -> None:
    rows, facts = read("UNB+UNOC:3+S+R+261109:1805+5'UNZ+0+5'")
    assert (rows, facts.warnings) == ([], ["interchanges without a message: 1 (first line 1)"])


def test_blank_lines_are_no_segments_where_lines_end_them(read: Read) -> None:
    rows, _ = read("UNA:+.? \n" + SOUND.replace("'", "\n\r\n \n"))
    assert [row["message_faults"] for row in rows] == ["none"]


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp500", "MÜLLER"), ("utf-16-le", "Łódź"), ("iso2022_jp", "東京"), ("cp932", "東京")]
)
def test_a_declared_encoding_that_is_not_made_of_ascii_is_decoded_first(
    tmp_path: Path, encoding: str, name: str
) -> None:
    path = tmp_path / "file.edi"
    path.write_bytes(
        SOUND.replace("'", "'\x85" if encoding == "cp500" else "'\n")
        .replace("BGM+220+", f"BGM+220+{name}")
        .encode(encoding)
    )
    with read_table(path, Format(type="edifact", table="interchanges", encoding=encoding), "en_US") as reader:
        (row,) = [row for batch in reader.batches() for row in batch.to_pylist()]
    assert row["document_id"].startswith(name)


REFUSED = {
    "nothing": ("", "no bytes"),
    "blank": ("  \r\n ", "no EDIFACT"),
    "csv": ("a;b;c\r\n1;2;3\r\n", "no EDIFACT"),
    "x12": ("ISA*00*          *00*", "no EDIFACT"),
    "message without envelope": ("UNH+1+ORDERS:D:96A:UN'", "no EDIFACT"),
    "zip": ("PK\x03\x04aaaa", "zip"),
    "cut off in a segment": (SOUND[:-9], "truncated"),
    "cut off between segments": (SOUND.removesuffix("UNZ+1+5'"), "truncated"),
    "cut off in a message": (SOUND[: SOUND.index("UNT")], "truncated"),
    "text behind": (SOUND + "more", "behind the end"),
    "no UNT": (SOUND.replace("UNT+4+1'", ""), "UNT, the trailer of the message"),
    "no UNE": (SOUND.replace("UNE+1+7'", ""), "UNE, its trailer"),
    "no UNZ before UNB": (SOUND.replace("UNZ+1+5'", "") + SOUND, "UNZ, its trailer"),
    "segment outside": (SOUND.replace("UNH+1", "BGM+1'UNH+1"), "outside a message"),
    "two UNT": (SOUND.replace("UNT+4+1'", "UNT+4+1'UNT+4+1'"), "UNT without a message"),
    "no tag": (SOUND.replace("BGM", "bg"), "begins with its tag"),
    "empty segment": (SOUND.replace("BGM", "'BGM"), "begins with its tag"),
    "no reference": (SOUND.replace("1805+5'", "1805'"), "UNB without reference"),
    "no type": (SOUND.replace("UNH+1+ORDERS:D:96A:UN", "UNH+1"), "UNH with reference"),
    "unknown syntax": (SOUND.replace("UNOA", "UNOQ"), "syntax 'UNOQ'"),
    "advice with one sign twice": ("UNA++.? '" + SOUND, "six characters"),
    "advice of letters": ("UNAab.? '" + SOUND, "six characters"),
    "escapes of iso 2022": (SOUND.replace("BGM+220+", "BGM+220+\x1b$BEl5~\x1b(B"), "escape sequence of ISO 2022"),
    "interactive, no batch at all": ("UIB+UNOA:3+++S+R'UIH+X'UIT'UIZ'", "interactive"),
    "lower case": ("una:+.? '" + SOUND, "no EDIFACT"),
    "interactive": ("UNB+UNOA:2+S+R+261109:1805+5'UIH+1'", "interactive"),
    "no end of segments": (SOUND.replace("'", "\n"), "truncated"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_edifact_is_refused_with_its_place(read: Read, name: str) -> None:
    content, says = REFUSED[name]
    with pytest.raises(DeliveryError, match=says) as caught:
        read(content)
    assert "file.edi" in str(caught.value.where)
    assert caught.value.got and caught.value.expected and caught.value.next_step


def test_the_place_is_the_line(read: Read) -> None:
    text = SOUND.replace("'", "'\n").replace("UNS+S", "uns+S")
    with pytest.raises(DeliveryError) as caught:
        read(text)
    assert caught.value.where == "file.edi, line 5"


def test_a_segment_without_end_does_not_fill_memory(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edifact_syntax, "MAX_SEGMENT_CHARS", 1000)
    with pytest.raises(DeliveryError, match="without the end of a segment"):
        read("UNB+" + "x" * 5000)


def test_segments_that_a_message_does_not_have_are_told(read: Read) -> None:
    text = SOUND.replace("UNS+S'", "XYZ+1'XYZ+2'UNS+S'").replace("UNT+4", "UNT+6")
    rows, facts = read(text)
    assert rows[0]["unknown_segments"] == "XYZ (2)"
    assert "segment XYZ, which ORDERS does not have: 2 (first message 1, line 1)" in facts.warnings
    assert read(text, "orders")[0][0]["other"] == "XYZ+1 XYZ+2"


@pytest.mark.parametrize("counted", [1, 2])
def test_an_attached_object_is_passed_over(read: Read, counted: int) -> None:
    """UNO and UNP stand around any characters, line breaks and separators among them; UNZ counts them or not."""
    text = SOUND_ALONE.replace("UNZ+1", f"UNO+P1+1:doc+13:+22'%PDF'UNT+4+1'\r\n'UNP+'UNP+22+P1'UNZ+{counted}")
    rows, facts = read(text)
    assert [(r["message_faults"], r["messages_said"], r["messages_found"]) for r in rows] == [
        ("none", str(counted), str(counted))
    ]
    assert facts.warnings == ["packages with an attached object, which is not read: 1 (first line 1)"]
    assert read(text.replace("UNZ+", "UNZ+x"))[0][0]["message_faults"] == "message_count"
    with pytest.raises(DeliveryError, match="file is truncated") as caught:
        read(text.replace("UNP+22+P1", "UNP+21+P1"))
    assert "a package without its end" in str(caught.value)


def test_numbers_that_are_used_twice_are_told(read: Read) -> None:
    again = SOUND.replace("UNZ+1", "UNG+ORDERS+S+R+261109:1805+7+UN+D:96A'UNE+0+7'UNZ+2")
    rows, _ = read(SOUND + SOUND.replace("+5'", "+6'") + SOUND)
    assert [row["message_faults"] for row in rows] == ["none", "none", "interchange_number_repeated"]
    rows, _ = read(again.replace("UNE+0+7", SOUND[SOUND.index("UNH") : SOUND.index("UNE")] + "UNE+1+7"))
    assert [row["message_faults"] for row in rows] == ["none", "group_number_repeated"]


def test_messages_of_other_types_are_told_and_readable_as_segments(read: Read) -> None:
    text = SOUND.replace("ORDERS:D", "QUOTES:D")
    rows, facts = read(text, "order_lines")
    assert rows == []
    assert "QUOTES quotation (1)" in facts.warnings[-1]
    segments, _ = read(text, "segments")
    assert [(s["tag"], s["text"]) for s in segments][1:] == [("BGM", "BGM+220+P+9"), ("UNS", "UNS+S")]


def test_other_messages_of_a_file_are_named_and_stop_none(read: Read) -> None:
    others = ("REMADV", "INVRPT", "SLSRPT", "RECADV", "PRICAT")
    text = "".join(SOUND.replace("ORDERS:D", f"{kind}:D").replace("+5'", f"+{n}'") for n, kind in enumerate(others, 6))
    rows, facts = read(text + SOUND, "orders")
    assert [row["order_id"] for row in rows] == ["P"]
    assert facts.warnings[-1] == (
        "messages of types without a table of their own, see table segments: INVRPT stock list (1), PRICAT price "
        "list (1), RECADV receipt of goods (1), REMADV remittance advice (1), SLSRPT sales (1)"
    )


@pytest.mark.parametrize(
    ("value", "code", "plain"),
    [
        ("20260331", "102", "2026-03-31"), ("260331", "101", "2026-03-31"), ("990331", "101", "1999-03-31"),
        ("202603311015", "203", "2026-03-31T10:15:00"), ("20260331101530", "204", "2026-03-31T10:15:30"),
        ("310326", "2", "2026-03-31"), ("033126", "3", "2026-03-31"),
        ("202603311015+0200", "205", "2026-03-31T10:15:00+02:00"),
        ("202603311015UTC", "303", "2026-03-31T10:15:00+00:00"), ("202603311015CET", "303", "202603311015CET"),
        ("20260301-20260331", "718", "2026-03-31"), ("2026030120260331", "718", "2026-03-31"),
        ("202613", "616", "202613"), ("20260331", "", "2026-03-31"), ("soon", "102", "soon"), ("", "102", ""),
    ],
)  # fmt: skip
def test_dates_are_made_plain_or_left_alone(value: str, code: str, plain: str) -> None:
    assert iso(value, code) == plain


def test_numbers_have_a_point() -> None:
    assert [number(t) for t in ("1,5", "1.5", "+3", "-2,25", "1.234,50", "x", "")] == [
        "1.5", "1.5", "3", "-2.25", "1.234,50", "x", "",
    ]  # fmt: skip
    assert [negated(t) for t in ("1,5", "-1.5", "0", "x", "")] == ["-1.5", "1.5", "0", "x", ""]


def test_every_table_of_the_declaration_is_made_and_every_cell_has_its_column(read: Read) -> None:
    declared = message_format("edifact").tables
    assert {*TABLES, "interchanges", "segments"} == set(declared)
    for table in declared:
        rows, _ = read(SOUND, table)
        assert all({*row} <= {*declared[table].columns} for row in rows)


def test_damaged_files_are_read_or_refused_never_misunderstood(tmp_path: Path) -> None:
    """Whatever happened to a file, no other error comes of it, and every record tells what its envelope says."""
    body = message(PLAIN, "1", "ORDERS:D:96A:UN:EAN008", ORDER)
    whole = interchange([body, body], sender="S", receiver="R", number="77", at=AT)
    path = tmp_path / "file.edi"
    refusals = 0
    for damaged in mutations(whole, 400):
        path.write_bytes(damaged)
        for table in ("interchanges", "orders", "order_lines"):
            try:
                with read_table(path, Format(type="edifact", table=table), "en_US") as reader:
                    rows = [row for batch in reader.batches() for row in batch.to_pylist()]
                assert all(row["message_faults"] for row in rows)
            except DeliveryError as error:
                refusals += 1
                assert "file.edi" in str(error.where)
    assert 200 < refusals < 1100


def test_a_message_without_end_does_not_fill_memory(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edifact_envelope, "MAX_MESSAGE_SEGMENTS", 50)
    with pytest.raises(DeliveryError, match="more than 50 segments"):
        read(SOUND.replace("UNS+S'", "UNS+S'" * 100))
