from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract import encoding, named, xml_scan
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, drain
from tests.unit.extract.mutate import mutations

ReadXml = Callable[..., Got]


@pytest.fixture
def read(tmp_path: Path) -> ReadXml:
    """Write text to a file and read it as XML, however the blocks fall."""

    def _read(text: str | bytes, path: str = "r/i", cells: list[str] | None = None, **words: Any) -> Got:
        fmt = Format(type="xml", record_path=path, **words)
        file = tmp_path / "file.xml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        got = []
        for block in (1 << 20, 1, 7):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(encoding, "BLOCK_BYTES", block)
                got.append(drain(read_table(file, fmt, "en_US", cells=cells or [])))
        assert got[0] == got[1] == got[2]
        return got[0]

    return _read


def test_elements_and_attributes(read: ReadXml) -> None:
    got = read('<r><i id="1"><a>x</a><b cur="EUR">1.10</b></i>\n<i><b>2</b><c><d>y</d></c></i></r>', cells=["B1"])
    assert got.columns == ["@id", "a", "b", "b/@cur", "c/d"]
    assert got.records == [[1, None, None, "1", "x", "1.10", "EUR", ""], [2, None, None, "", "", "2", "", "y"]]
    assert (got.facts.encoding, got.facts.cells) == ("utf-8", {"B1": "x"})


def test_repeated_elements_get_columns_of_their_own(read: ReadXml) -> None:
    got = read("<r><i><a>1</a><a><b>2</b><b>3</b></a><a>4</a></i><i><a>5</a></i></r>")
    assert got.columns == ["a", "a#2/b", "a#2/b#2", "a#3"]
    assert got.cells == [["1", "2", "3", "4"], ["5", "", "", ""]]


def test_too_many_repeats_are_malformed(read: ReadXml) -> None:
    many = "<a>x</a>" * (xml_scan.MAX_REPEATS + 1)
    got = read(f"<r>\n<i><a>1</a></i>\n<i>{many}</i><i><a>2</a></i></r>")
    assert got.problems == {2: "repeats 'a' more than 100 times: record_path should lead to it (line 3)"}
    assert (got.columns, got.rows, got.records[1][2]) == (["a"], [1, 2, 3], f"<i>{many}</i>")


def test_text(read: ReadXml) -> None:
    got = read(
        "<r><i>\n  <a> x &amp; &#228;<!-- no --><?no no?><![CDATA[<y>]]>\r\n</a>\n</i><i>alone</i>"
        "<i> one <a>in <b>bold</b> text</a> two </i><i><e/><f></f><g>0</g></i></r>"
    )
    assert got.columns == ["a", ".", "a/b", "e", "f", "g"]
    assert got.cells == [
        [" x & ä<y>\n", "", "", "", "", ""],
        ["", "alone", "", "", "", ""],
        ["in text", "one two", "bold", "", "", ""],
        ["", "", "", "", "", "0"],
    ]


def test_namespaces_have_no_meaning(read: ReadXml) -> None:
    text = (
        '<n:r xmlns:n="urn:1" xmlns="urn:2" xmlns:x="http://www.w3.org/2001/XMLSchema-instance" '
        'x:schemaLocation="urn:1 a.xsd"><i x:nil="true" nil="no"><n:a>1</n:a><a>2</a></i></n:r>'
    )
    got = read(text, path="/q:r/i")
    assert (got.columns, got.cells) == (["@nil", "@nil#2", "a", "a#2"], [["true", "no", "1", "2"]])


def test_any_name(read: ReadXml) -> None:
    got = read("<r><x><i><a>1</a></i></x><y><i><a>2</a></i></y></r>", path="r/*/i")
    assert got.cells == [["1"], ["2"]]
    last = read('<r><in><a>1</a></in><out k="v"/><none/></r>', path="r/*")
    assert last.columns == ["*", "a", "@k"]
    assert (last.cells, last.facts.blank_rows) == ([["in", "1", ""], ["out", "", "v"]], 1)


def test_values_from_above(read: ReadXml) -> None:
    text = """<r v="1"><day>5</day><deep><x>no</x></deep><g n="A"><cur c="1">EUR</cur><cur>USD</cur><i><a>1</a></i>
        <late>9</late><i><a>2</a></i></g><g><i><a>3</a></i></g><after>x</after></r>"""
    got = read(text, path="r/g/i")
    assert got.columns == ["a", "../@n", "../cur", "../cur/@c", "../cur#2", "../../@v", "../../day", "../late"]
    assert got.cells == [
        ["1", "A", "EUR", "1", "USD", "1", "5", ""],
        ["2", "A", "EUR", "1", "USD", "1", "5", "9"],
        ["3", "", "", "", "", "1", "5", ""],
    ]


def test_deep_values_from_above_on_demand(read: ReadXml) -> None:
    text = "<r><h><m><n>7</n><o>x</o></m></h><g><b><t>1</t></b><b><t>2</t></b><i><a>1</a><z>q</z></i></g></r>"
    got = read(text, path="r/g/i", names=["../../h/m/n", "a", "../b#2/t", "../b/t"])
    assert got.cells == [["7", "1", "2", "1"]]
    assert got.facts.warnings == ["not among the declared names and not read: 'z'"]


def test_blank_records_are_counted(read: ReadXml) -> None:
    got = read("<r><day>5</day><i/><i><a> </a></i><i><a>1</a></i></r>")
    assert (got.rows, got.facts.blank_rows) == ([3], 2)


@pytest.mark.parametrize("codec", ["utf-8", "windows-1252", "ISO-8859-15", "utf-16", "cp037", "IBM850", "shift_jis"])
def test_declared_encodings(read: ReadXml, codec: str) -> None:
    text = "ABC" if codec == "shift_jis" else "Köln"
    got = read(f'<?xml version="1.0" encoding="{codec}"?>\n<r><i><a>{text}</a></i></r>'.encode(codec))
    assert got.cells == [[text]]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_by_mark(read: ReadXml, codec: str) -> None:
    assert read("<r><i><a>Köln</a></i></r>".encode(codec)).cells == [["Köln"]]


def test_line_breaks_before_the_declaration(read: ReadXml) -> None:
    assert read('\n\n<?xml version="1.0"?>\n<r><i><a>1</a></i></r>').cells == [["1"]]
    with pytest.raises(DeliveryError, match=r"file\.xml:4, column"):
        read('\n\n<?xml version="1.0"?>\n<r><i></j></r>')


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<?xml version='1.0' encoding='utf-16'?><r/>", "a declaration of utf-16 in a file written in single bytes"),
        ("\ufeff<?xml version='1.0' encoding='cp1252'?><r/>".encode(), "a declaration of cp1252 in a file written in"),
        (b"<?xml version='1.0' encoding='zlib'?><r/>", "a declaration of the encoding 'zlib'"),
        (b"<?xml version='1.0' encoding='nonsense'?><r/>", "a declaration of the encoding 'nonsense'"),
        (b"<?xml version='1.0' encoding='unicode_escape'?><r/>", "a declaration of the encoding 'unicode_escape'"),
        (b"<?xml version='1.0' encoding='utf-8'?><r><i>K\xf6ln</i></r>", "not in the declared encoding"),
        (b"<r><i>K\xf6ln</i></r>", "not in the declared encoding"),
        ("<r/>".encode("cp037"), "not in the declared encoding"),
        (b"", "no bytes"),
        (b"PK\x03\x04", "zip"),
        (b"a;b\n1;2\n", "no well-formed XML"),
        (b"<r><i><a>1</a></i>", r"truncated; at file\.xml:1, column 19"),
        (b"<r><i><a>1</a></i><i", "truncated"),
        (b"<r><i><![CDATA[x", "truncated"),
        (b"<r>\n<i><a>1</b></i></r>", r"no well-formed XML; at file\.xml:2, column 10; got mismatched tag"),
        (b"<r><i>&nbsp;</i></r>", "undefined entity"),
        (b"<r><i a='1' a='2'/></r>", "duplicate attribute"),
        (b"<r/><r/>", "junk after document element"),
        (b"<r><i>\x01</i></r>", "invalid token"),
        (b"<x><i/></x>", "records not found; at file.xml; got x; expected records at r/i"),
    ],
)
def test_refused(read: ReadXml, data: bytes, message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        read(data)


def test_path_that_leads_nowhere(read: ReadXml) -> None:
    with pytest.raises(DeliveryError, match="got h, t in r; expected records at r/g/i"):
        read("<r><h/><t/></r>", path="r/g/i")
    assert read("<r><h/></r>", path="r/i").records == []
    with pytest.raises(DeclarationError, match="record_path not understood"):
        read("<r/>", path="r//i")


BOMB = "<!ENTITY a 'aaaaaaaaaa'>" + "".join(f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9))


@pytest.mark.parametrize(
    "subset",
    [
        BOMB,
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
        "<!ENTITY x SYSTEM 'http://127.0.0.1:9/x'>",
        "<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x.dtd'> %p;",
        "<!ENTITY % p 'x'>",
        "<!ENTITY j 'harmless'>",
    ],
)
def test_entities_are_refused(read: ReadXml, subset: str) -> None:
    text = f"<!DOCTYPE r [{subset}]><r b='&j;'><i><a>&x;&j;</a></i></r>"
    with pytest.raises(DeliveryError, match=r"declares entities; at file\.xml:1"):
        read(text)


def test_external_document_types_are_never_read(read: ReadXml, tmp_path: Path) -> None:
    (tmp_path / "x.dtd").write_text("<!ENTITY x 'LOADED'><!ATTLIST i k CDATA 'LOADED'>")
    for place in ("x.dtd", (tmp_path / "x.dtd").as_uri(), "http://127.0.0.1:9/x.dtd"):
        doctype = f"<!DOCTYPE r SYSTEM '{place}'>"
        assert read(f"{doctype}<r><i><a>1 &amp; 2</a></i></r>").cells == [["1 & 2"]]
        got = read(f"{doctype}<r><i><a>1</a></i><i><a>x&x;y</a></i><i><a k='&x;'/></i><i><a k='&lt;'>&#65;</a></i></r>")
        assert got.problems == {
            2: "refers to the entity 'x', which the file does not declare (line 1)",
            3: "refers to an entity that the file does not declare (line 1)",
        }
        assert got.records[1][2] == "<i><a>x&x;y</a></i>"
    assert read("<!DOCTYPE r [<!ATTLIST i k CDATA 'added'>]><r><i><a>1</a></i></r>").columns == ["a"]


def test_raw_text_of_empty_records(read: ReadXml) -> None:
    got = read("<!DOCTYPE r SYSTEM 'x'><r><i a='&q;'/><i b='&q;'></i></r>")
    assert [r[2] for r in got.records] == ["<i a='&q;'/>", "<i b='&q;'></i>"]


def test_limits(read: ReadXml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_scan, "MAX_COLUMNS", 5)
    monkeypatch.setattr(xml_scan, "MAX_ABOVE", 3)
    got = read("<r>" + "<t>x</t>" * 5 + "<i>" + "".join(f"<e{n}/>" for n in range(7)) + "</i><i><a>1</a></i></r>")
    assert got.problems == {1: "has more than 5 values (line 1)"}
    assert got.columns == ["a", "../t", "../t#2", "../t#3"]
    assert "values above the records: the later ones are not read" in got.facts.warnings[0]
    monkeypatch.setattr(named, "MAX_COLUMNS", 5)
    with pytest.raises(DeliveryError, match="too many columns"):
        read("<r>" + "".join(f"<i><e{n}/></i>" for n in range(7)) + "</r>")


def test_nested_too_deeply(read: ReadXml) -> None:
    levels = xml_scan.MAX_DEPTH
    assert read("<r><i>" + "<a>" * (levels - 2) + "x" + "</a>" * (levels - 2) + "</i></r>").facts.malformed == 0
    for outer, inner in (("<r><i>", "<a>"), ("<r><o>", "<a>")):
        with pytest.raises(DeliveryError, match="XML is nested too deeply"):
            read(outer + inner * 100)


def test_hostile_documents_in_bounded_memory(tmp_path: Path) -> None:
    """An address space of 1 GB is enough to refuse each of them."""
    attributes = " ".join(f"a{n}='1'" for n in range(600_000))
    size = 40_000_000
    documents = {
        "text": "<r><i><a>" + "x" * size,
        "text above": "<r><a>" + "x" * size,
        "tag": "<r><i " + "x" * size,
        "comment": "<r><!--" + "x" * size,
        "attribute": "<r><i a='" + "x" * size,
        "attributes": f"<r><i {attributes}/></r>",
        "doctype": "<!DOCTYPE r [" + "<!ELEMENT a ANY> " * 100 + "<!-- " + "x" * size,
        "depth": "<a>" * 3_000_000,
        "bomb": f"<!DOCTYPE r [{BOMB}]><r>&i;</r>",
    }
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from pathlib import Path; from pipelines.extract.reader import read_table\n"
        "from pipelines.profile import Format; from pipelines.errors import DeliveryError\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        with read_table(Path(path), Format(type='xml', record_path='r/i'), 'en_US') as r: list(r.batches())\n"
        "    except DeliveryError as error: print(error.what)\n"
        "    else: print('read', r.facts.malformed)\n"
    )
    paths = []
    for number, text in enumerate(documents.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_text(text)
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True, timeout=300)
    outcomes = dict(zip(documents, done.stdout.splitlines(), strict=True))
    assert outcomes == {
        **dict.fromkeys(documents, "record without end"),
        "depth": "XML is nested too deeply",
        "bomb": "document type declares entities",
    }
    assert time.monotonic() - start < 60


def test_a_large_document_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "f.xml"
    record = "<i k='1'><text>" + "x" * 900 + "</text></i>\n"
    with path.open("w") as file:
        file.write("<r><other>")
        for _ in range(30):
            file.write(record * 1000)
        file.write("</other><rows>")
        for _ in range(60):
            file.write(record * 1000)
        file.write("</rows></r>")
    code = (
        "import resource, sys; from pathlib import Path; from pipelines.extract.reader import read_table\n"
        "from pipelines.profile import Format; import pyarrow as pa; pa.array(['x'])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "r = read_table(Path(sys.argv[1]), Format(type='xml', record_path='r/rows/i'), 'en_US', chunk_rows=5000)\n"
        "print(sum(b.num_rows for b in r.batches()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    rows, kilobytes = map(int, done.stdout.split())
    assert rows == 60_000
    assert path.stat().st_size > 80_000_000
    assert kilobytes < 80_000


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufeff"), max_size=5
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=1, max_size=6),
    codec=st.sampled_from(["utf-8", "utf-16", "ascii"]),
    pretty=st.booleans(),
    block=st.integers(1, 60),
    above=CELL,
)
def test_round_trip(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[list[str]],
    codec: str,
    pretty: bool,
    block: int,
    above: str,
) -> None:
    """What lxml writes is read back: child elements, a nested one, a repeated one, an attribute, a value from above."""
    root = etree.Element("r")
    etree.SubElement(root, "day").text = above
    for row in rows:
        item = etree.SubElement(root, "{urn:x}i", id=row[0])
        etree.SubElement(item, "a").text = row[1]
        etree.SubElement(item, "a", cur=row[2]).text = row[3]
        etree.SubElement(etree.SubElement(item, "e"), "b.c").text = row[4]
        etree.SubElement(item, "d").text = etree.CDATA(row[5]) if "]]>" not in row[5] and codec != "ascii" else row[5]
    path = tmp_path / "f.xml"
    path.write_bytes(etree.tostring(root, encoding=codec, xml_declaration=True, pretty_print=pretty))
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    monkeypatch.setattr(named, "PIECE_CELLS", 12)
    names = ["@id", "a", "a#2", "a#2/@cur", "e/b.c", "d", "../day"]
    got = drain(read_table(path, Format(type="xml", record_path="r/i", names=names), "en_US"))
    expected = {
        i: [r[0], r[1], r[3], r[2], r[4], r[5], above]
        for i, r in enumerate(rows, start=1)
        if any(c.strip(" \t\u00a0\x1a") for c in r)
    }
    assert dict(zip(got.rows, got.cells, strict=True)) == expected
    assert got.facts.blank_rows == len(rows) - len(expected)
    assert set(drain(read_table(path, Format(type="xml", record_path="r/i"), "en_US")).columns) <= set(names)


def test_damaged_files(tmp_path: Path) -> None:
    rows = "".join(f"<i k='{n}'><a>{n / 7}</a><b><c>äöü</c><c/></b></i>\n" for n in range(30))
    data = f'<?xml version="1.0" encoding="UTF-8"?>\n<r><day>1</day>\n{rows}</r>\n'.encode()
    path, outcomes = tmp_path / "f.xml", {"read": 0, "refused": 0}
    for damaged in mutations(data, 400):
        path.write_bytes(damaged)
        try:
            drain(read_table(path, Format(type="xml", record_path="r/i"), "en_US"))
        except DeliveryError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert min(outcomes.values()) > 20
