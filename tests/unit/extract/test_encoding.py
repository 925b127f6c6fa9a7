from __future__ import annotations

import codecs

import pytest

from pipelines.errors import DeliveryError
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
