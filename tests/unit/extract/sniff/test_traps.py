"""The classic traps, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.extract import read
from tests.unit.extract.sniff.conftest import Sniffed

TRAPS: dict[str, tuple[str, str | None, list[int]]] = {
    "decimal comma": ("Artikel;Preis;Menge\nA;1,50;2\nB;2,75;3\nC;10,00;1\n", ";", [1]),
    "decimal comma without header": ("1,50;2,75\n3,25;4,50\n5,00;6,25\n", ";", []),
    "one column of decimal commas": ("Preis\n1,50\n2,75\n10,00\n99,95\n", None, [1]),
    "names with commas in tabs": ("name\tvalue\nSmith, John\t1,234\nDoe, Jane\t2,345\n", "\t", [1]),
    "colons of times": ("start,end\n10:30,11:45\n12:00,13:15\n", ",", [1]),
    "one column of times": ("10:30:00\n11:45:12\n12:00:01\n", None, []),
    "one column of cities": ("city\nBerlin\nNew York\nLos Angeles\nMunich\n", None, [1]),
    "one column of dates": ("2020-01-01\n2020-01-02\n2020-01-03\n", None, []),
    "one column of slashed dates": ("date\n01/02/2020\n13/02/2020\n", None, [1]),
    "one column of moments": ("ts\n2020-01-01 10:00:00\n2020-01-02 11:30:00\n", None, [1]),
    "one column of addresses": ("url\nhttp://a.org/x/1?a=1&b=2\nhttp://a.org/y/2?a=3&b=4\n", None, [1]),
    "one column of numbers": ("1\n2\n3\n4\n", None, []),
    "one column of phones": ("+49 30 1234567\n+49 89 7654321\n+44 20 7946 0000\n", None, []),
    "prose": ("comment\nThe quick fox, jumps over.\nNothing\nWell, well; what now?\nfine\n", None, [1]),
    "spaces": ("a b c\n1 2 3\n4 5 6\n", " ", [1]),
    "two columns of whole numbers": ("1,2\n3,4\n5,6\n", ",", []),
    "apostrophes": ("name,city\nO'Brien,Cork\nD'Arcy,Bath\nSmith,Ely\n", ",", [1]),
    "apostrophes as quotes": ("'id','text'\n'1','a, b'\n'2','c, d'\n", ",", [1]),
    "inches": ('item,size\npipe,5"\ntube,7"\nrod,12"\n', ",", [1]),
    "two signs": ("a||b||c\n1||x||y\n2||||w\n", "||", [1]),
    "signs around": ("a|~|b|~|c\n1|~|x|~|y\n2|~|z|~|w\n3|~|z|~|v\n", "|~|", [1]),
    "unit separator": ("a\x1fb\x1fc\n1\x1fx\x1fy\n2\x1fz\x1fw\n", "\x1f", [1]),
    "empty cells": ("a,b,c,d\n,,,\n1,,,\n,2,,\n,,3,4\n", ",", [1]),
    "delimiter at the end": ("a;b;c;\n1;2;3;\n4;5;6;\n", ";", [1]),
    "years as names": ("country,2018,2019,2020\nDE,10,11,12\nFR,20,21,22\nIT,5,6,7\n", ",", [1]),
    "lists by semicolon": ("id,tags\n1,a;b;c\n2,d;e;f\n3,g;h;i\n", ",", [1]),
    "lists by pipe": ("id,tags,n\n1,a|b|c,5\n2,d|e|f,6\n3,g|h|i,7\n", ",", [1]),
    "password file": ("root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/no\nlp:x:7:7:lp:/var:/no\n", ":", []),
    "scores": ("team,score\nA,3:1\nB,2:2\nC,0:1\n", ",", [1]),
    "paths": ("file,size\nC:\\a\\b.txt,12\nC:\\c\\d.txt,15\n", ",", [1]),
    "commented header": ("#id,name,val\n1,a,2.5\n2,b,3.5\n", ",", [1]),
    "texts only, with header": ("name,city,country\nMiller,Ely,UK\nRossi,Rome,Italy\nDupont,Paris,France\n", ",", [1]),
    "texts only, without": ("Miller,Ely,UK\nSmith,London,UK\nRossi,Rome,Italy\nMeyer,Ely,UK\n", ",", []),
    "header only": ("id,name,date,amount\n", ",", [1]),
    "one record only": ("1,Smith,2020-01-01,10.5\n", ",", []),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_trap(sniffed: Sniffed, trap: str) -> None:
    content, delimiter, header = TRAPS[trap]
    found = sniffed(content)
    width = len(found.tables[0].columns)
    assert (found.words["delimiter"] if width > 1 else None, found.words["header_rows"]) == (delimiter, header)


@pytest.mark.parametrize(
    ("content", "quote", "escape", "doubled"),
    [
        ('"a","b"\n"1,2","x"\n"3","say ""y"", z"\n', '"', None, True),
        ("'a','b'\n'1, 2','x'\n'3','y'\n", "'", None, True),
        ('"id","text"\n"1","say \\"hi\\" now"\n"2","a, b"\n', '"', "\\", False),
        ("id,text\n1,a\\,b\n2,c\\,d\n3,e\n4,f\n", '"', "\\", True),
        ('item,size\npipe,5"\ntube,7"\nrod,12"\n', None, None, True),
    ],
)
def test_quotes(sniffed: Sniffed, content: str, quote: str | None, escape: str | None, doubled: bool) -> None:
    words = sniffed(content).words
    assert (words["quote_char"], words["escape_char"], words["double_quote"]) == (quote, escape, doubled)


def test_spaces_behind_the_delimiter(sniffed: Sniffed) -> None:
    words = sniffed('a, b, c\n1, "x, y", z\n2, w, v\n').words
    assert (words["delimiter"], words["skip_initial_space"], words["quote_char"]) == (",", True, '"')


def test_own_record_separators(sniffed: Sniffed) -> None:
    lines = [f"{i}+|Name {i}+|2026-01-{i:02}+|{i * 7}" for i in range(1, 20)]
    words = sniffed("&|\n".join([*lines, ""])).words
    assert (words["record_separator"], words["delimiter"]) == ("&|\n", "+|")
    words = sniffed("~".join(["id;name;qty", *(f"{i};Name {i};{i * 7}" for i in range(20))])).words
    assert (words["record_separator"], words["delimiter"]) == ("~", ";")


def test_mixed_line_breaks_are_said(sniffed: Sniffed) -> None:
    found = sniffed("a,b\r\n1,2\n3,4\r5,6\r\n")
    assert found.words["record_separator"] is None
    assert any("mixes line breaks" in w for w in found.warnings)


def test_given_words_stay(sniffed: Sniffed) -> None:
    found = sniffed("a,b;c\n1,2;3\n4,5;6\n", delimiter=",", header_rows=[], encoding="latin-1")
    assert (found.words["delimiter"], found.words["header_rows"], found.words["encoding"]) == (",", [], "latin-1")
    assert found.words["names"] == ["column 1", "column 2"]
    assert {f.word: f.confidence for f in found.findings}["delimiter"] == 1.0
    assert found.tables[0].first_row == 1


def test_evidence_has_figures(sniffed: Sniffed) -> None:
    found = sniffed("a;b;c\n" + "".join(f"{i};x, y;{i}.5\n" for i in range(50)))
    said = {f.word: f.evidence for f in found.findings}["delimiter"]
    assert "';' splits 51 of 51 records into 3 cells" in said
    assert "next best" in said


def test_read_without_a_dialect(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(
        "Bericht\nStand: heute\n\nNr;Name;Betrag\n1;Müller;1,50\n2;Köhler;2,75\nSumme;;4,25\n".encode("cp1252")
    )
    rows = [(row.number, row.cells) for chunk in read(path) for row in chunk.rows()]
    assert rows == [(5, ["1", "Müller", "1,50"]), (6, ["2", "Köhler", "2,75"])]
