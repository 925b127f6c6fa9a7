from __future__ import annotations

import codecs
import random

import pytest

from pipelines.errors import DeclarationError, DeliveryError
from tests.unit.extract.conftest import ReadText

TEXT = "Name,Ort\nMüller,Köln\n"


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-8-sig", codecs.BOM_UTF8),
        ("utf-16", b""),
        ("utf-16-le", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("cp1252", b""),
        ("latin-1", b""),
        ("cp850", b""),
        ("utf-7", b""),
    ],
)
def test_encodings_and_marks(read: ReadText, codec: str, mark: bytes) -> None:
    data = TEXT.encode(codec)
    got = read(data if data.startswith(mark) and mark else mark + data, encoding=codec)
    assert got.columns == ["Name", "Ort"]
    assert got.cells == [["Müller", "Köln"]]


def test_multibyte_characters_on_block_borders(read: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", 3)
    for codec in ("utf-8", "utf-16", "shift_jis"):
        got = read("名,k\n山田,東京\n".encode(codec), encoding=codec)
        assert got.cells == [["山田", "東京"]]


@pytest.mark.parametrize("block", [4, 1 << 20])
def test_wrong_encoding_says_where_and_what(read: ReadText, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", block)
    with pytest.raises(DeliveryError) as caught:
        read("Name,Ort\r\nMeier,Bonn\r\nMüller,Ulm\r\n".encode("cp1252"), encoding="utf-8")
    text = str(caught.value)
    assert "file.csv:3" in text
    assert "bytes FC at byte offset 23; the whole file can be read as cp1252" in text
    assert "expected utf-8" in text


def test_utf8_read_as_ascii_names_utf8(read: ReadText) -> None:
    with pytest.raises(DeliveryError, match="bytes C3 at byte offset 10; the whole file can be read as utf-8"):
        read(TEXT.encode(), encoding="ascii")


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8"])
def test_truncated_characters(read: ReadText, codec: str) -> None:
    with pytest.raises(DeliveryError, match="last bytes of the file: it may be truncated"):
        read("a,b\n1,ü".encode(codec)[:-1], encoding=codec)


@pytest.mark.parametrize(
    ("data", "codec", "message"),
    [
        (b"", "utf-8", "no bytes at all"),
        (codecs.BOM_UTF8, "utf-8", "a byte order mark and nothing else"),
        (codecs.BOM_UTF8 + b"a,b\n", "cp1252", "a byte order mark of utf-8; expected text in cp1252"),
        ("a,b\n1,2\n".encode("utf-16"), "utf-8", "a byte order mark of utf-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "cp1252", "NUL bytes all over"),
        (b"PK\x03\x04rest", "cp1252", "a zip archive or workbook"),
        (bytes.fromhex("D0CF11E0A1B11AE1"), "latin-1", "an old or password-protected Office file"),
        (b"%PDF-1.7\n", "utf-8", "a PDF"),
        (b"a,b\n1,+2AA-\n", "utf-7", "lone surrogate"),
    ],
)
def test_files_of_another_kind(read: ReadText, data: bytes, codec: str, message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        read(data, encoding=codec)


@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
def test_byte_order_without_a_mark_is_seen(read: ReadText, codec: str, order: str) -> None:
    assert read(TEXT.encode(f"{codec}-{order}"), encoding=codec).cells == [["Müller", "Köln"]]


@pytest.mark.parametrize("block", [1, 3, 7, 16, 1 << 20])
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_files_put_together_from_two_encodings(
    read: ReadText, monkeypatch: pytest.MonkeyPatch, block: int, line: str
) -> None:
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", block)
    utf8, cp1252 = f"a,b{line}Köln,1{line}", f"Süd,€{line}Ulm,2{line}Weiß,3{line}"
    data = utf8.encode() + cp1252.encode("cp1252") + "Öl,ü".encode()
    got = read(data, encoding="utf-8", fallback_encoding="cp1252")
    assert got.cells == [["Köln", "1"], ["Süd", "€"], ["Ulm", "2"], ["Weiß", "3"], ["Öl", "ü"]]
    assert got.rows == [2, 3, 4, 5, 6]
    assert got.facts.warnings == ["2 lines are not in utf-8 and read in cp1252, the first is line 3"]


def test_fallback_that_was_not_needed_is_not_mentioned(read: ReadText) -> None:
    assert read(TEXT, fallback_encoding="cp1252").facts.warnings == []


def test_fallback_where_the_separator_is_no_line_break(read: ReadText) -> None:
    data = b"a,b~K\xc3\xb6ln,1~S\xfcd,2~"
    got = read(data, encoding="utf-8", fallback_encoding="cp1252", record_separator="~")
    assert got.cells == [["Köln", "1"], ["Süd", "2"]]
    assert got.facts.warnings == ["1 line is not in utf-8 and read in cp1252, the first is line 3"]


@pytest.mark.parametrize("block", [2, 1 << 20])
def test_a_line_in_neither_encoding(read: ReadText, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", block)
    with pytest.raises(DeliveryError) as caught:
        read(b"a,b\n\xfc,1\n2,\x81\n", encoding="utf-8", fallback_encoding="cp1252")
    assert "file.csv:3; got bytes 81 at byte offset 10, in a line that is in neither encoding" in str(caught.value)
    assert "expected utf-8 or cp1252" in str(caught.value)


def test_fallback_needs_line_breaks_of_one_byte(read: ReadText) -> None:
    with pytest.raises(DeclarationError, match="line breaks are not single bytes"):
        read("a\n1\n".encode("utf-16"), encoding="utf-16", fallback_encoding="cp1252")


def test_a_mixture_is_called_one(read: ReadText) -> None:
    with pytest.raises(DeliveryError, match="1 line is not in utf-8 but can be read as cp1252, the first is line 3"):
        read("a,b\nKöln,1\n".encode() + b"S\xfcd,2\n", encoding="utf-8")


@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "utf-16-le", "utf-16-be", "utf-32"])
def test_padding_with_nul_bytes_is_counted(read: ReadText, codec: str) -> None:
    size = {"utf-8": 1, "cp1252": 1, "utf-16-le": 2, "utf-16-be": 2, "utf-32": 4}[codec]
    got = read("a,b\n1,2\n".encode(codec) + b"\0" * size * 20, encoding=codec)
    assert got.cells == [["1", "2"]]
    assert got.facts.blank_rows == 1
    assert got.facts.warnings == [f"{20 * size} NUL bytes after the last line, passed over"]


@pytest.mark.parametrize(
    ("data", "codec", "place"),
    [
        (b"a,b\n1,2\n" + b"\0" * 4096, "utf-8", "file.csv:3; got 4096 NUL bytes from byte offset 8"),
        (b"a,b\r\n1,2" + b"\0", "utf-8", "file.csv:2; got 1 NUL bytes from byte offset 8"),
        (b"a,b\n1," + b"\0" * 3_000_000, "cp1252", "file.csv:2; got 3000000 NUL bytes from byte offset 6"),
        ("a,b\n1,2".encode("utf-16-le") + b"\0" * 1024, "utf-16-le", "file.csv:2; got 1024 NUL bytes"),
    ],
)
def test_what_a_broken_copy_leaves_is_refused(read: ReadText, data: bytes, codec: str, place: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        read(data, encoding=codec)
    assert f"file is truncated; at {place}" in str(caught.value)


@pytest.mark.parametrize("data", [b"\0" * 10, b"\0" * 100_000, codecs.BOM_UTF8 + b"\0" * 5])
def test_nothing_but_nul_bytes(read: ReadText, data: bytes) -> None:
    with pytest.raises(DeliveryError, match="NUL bytes and nothing else"):
        read(data)


def test_end_of_file_mark_of_dos_and_its_padding(read: ReadText) -> None:
    got = read(b"a,b\n1,2\n\x1a" + b"\0" * 100)
    assert (got.cells, got.facts.blank_rows) == ([["1", "2"]], 1)


@pytest.mark.parametrize("block", [2, 5, 1 << 20])
@pytest.mark.parametrize("place", ["header", "regular", "ragged", "quoted", "last"])
def test_undecodable_bytes_anywhere(read: ReadText, monkeypatch: pytest.MonkeyPatch, block: int, place: str) -> None:
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", block)
    lines = {"header": "a,b", "regular": "1,x", "ragged": "1,2,y", "quoted": '"p\nq"r,"z"', "last": "3,w"}
    data = b"\n".join(v.encode() + (b"\xff" if k == place else b"") for k, v in lines.items()) + b"\n"
    line = data[: data.index(b"\xff")].count(b"\n") + 1
    with pytest.raises(DeliveryError, match=f"file.csv:{line}; got bytes FF at byte offset {data.index(0xFF)}"):
        read(data)


PARTS = [
    "1,2", "x,y", "Köln,Süd", '"a,b",c', '"say ""hi""",2', "3", "4,5,6", '5" pipe,1', '"q"x,1', '"two{0}lines",7',
    "", " ,", "8,\u00a0",
]  # fmt: skip


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be", "cp1252", "latin-1", "cp850", "shift_jis"]
)
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_fast_and_robust_agree_on_a_dirty_file(
    read: ReadText, monkeypatch: pytest.MonkeyPatch, codec: str, line: str
) -> None:
    parts = PARTS if codec != "shift_jis" else [p.encode("ascii", "ignore").decode() for p in PARTS] + ["山,田"]
    some = random.Random(4711)
    weights = [200 if i < 3 else 1 for i in range(len(parts))]
    text = line.join(["h,k", *some.choices(parts, weights, k=5000)]).replace("{0}", line)
    for block in (977, 1 << 14, 1 << 20):
        monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", block)
        got = read(text.encode(codec), encoding=codec, cells=["A17", "B4000"], chunk_rows=700)
        assert got.facts.malformed > 10
        assert got.facts.records + got.facts.blank_rows > 4900
