"""Encodings by their bytes."""

from __future__ import annotations

import pytest

from tests.unit.extract.sniff.conftest import Sniffed

GERMAN = "Nr;Name;Ort\n1;Müller;Köln\n2;Schröder;Nürnberg\n3;Weiß;Düsseldorf\n"
FRENCH = "no;nom;ville\n1;Hélène;Besançon\n2;François;Orléans\n3;Noël;Angoulême\n"
POLISH = "nr;nazwa;miasto\n1;Józef;Łódź\n2;Małgorzata;Gdańsk\n3;Święty;Częstochowa\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("content", [GERMAN, "a,b\n1,2\n3,4\n"])
def test_unicode(sniffed: Sniffed, codec: str, content: str) -> None:
    data = content.encode(codec)
    found = sniffed(data)
    assert data.decode(found.words["encoding"]).removeprefix("\ufeff") == content
    assert found.tables[0].first_row == 2


@pytest.mark.parametrize(
    ("content", "codec"),
    [
        (GERMAN, "cp1252"), (GERMAN, "cp850"), (GERMAN, "mac_roman"), (FRENCH, "cp1252"), (FRENCH, "cp850"),
        (FRENCH, "mac_roman"), (POLISH, "cp1250"), (POLISH, "iso8859-2"), (POLISH, "cp852"),
        ("Имя,Город\nИванов,Москва\nПётр,Казань\n", "cp1251"), ("Имя,Город\nИванов,Москва\nПётр,Казань\n", "koi8-r"),
        ("名前,住所\n田中,東京都\n太郎,ひらがな\n", "cp932"),
    ],
)  # fmt: skip
def test_one_byte_encodings(sniffed: Sniffed, content: str, codec: str) -> None:
    data = content.encode(codec)
    assert data.decode(sniffed(data).words["encoding"]) == content


def test_mixed_encodings(sniffed: Sniffed) -> None:
    found = sniffed("id;name\n1;Müller\n".encode() + "2;Köhler\n3;Jäger\n".encode("cp1252"))
    assert (found.words["encoding"], found.words["fallback_encoding"]) == ("utf-8", "cp1252")
    assert any("mixes encodings" in w for w in found.warnings)


def test_late_letters_count(sniffed: Sniffed) -> None:
    """A letter behind the sample would stop the reader that was told ASCII."""
    rows = b"".join(b"%d,plain text in every row\n" % i for i in range(50_000))
    found = sniffed(b"id,text\n" + rows + "50001,Müller und Söhne\n".encode("cp1252"))
    assert found.words["encoding"] == "cp1252"


def test_doubtful_encoding_is_said(sniffed: Sniffed) -> None:
    found = sniffed(b"id,text\n1,a\xe9\n2,b\n")
    assert next(f for f in found.findings if f.word == "encoding").confidence < 0.9
