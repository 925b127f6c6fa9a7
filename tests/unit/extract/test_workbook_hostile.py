"""Workbooks made to take a reader down: each ends in a DeliveryError, in bounded memory and time."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.extract.workbooks import formats, ods, ole, parts_of, xls, xlsb, xlsx, zipped

MEMORY_BYTES = 1 << 30
SECONDS = 20
"""For one file, on a busy machine; an honest one of this size takes a fraction of a second."""

READ = """
import json, resource, sys, time
from pathlib import Path
from pipelines.dialect import Format
from pipelines.errors import DeliveryError
from pipelines.extract.reader import read_table
from pipelines.extract.workbook import peek
import pyarrow, python_calamine
base = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (base + int(sys.argv[1]), base + int(sys.argv[1])))
for name in sys.argv[2:]:
    for task in ("read", "peek"):
        start = time.process_time()
        try:
            if task == "peek":
                peek(Path(name))
                told = "read"
            else:
                with read_table(Path(name), Format(type="xlsx"), "en_US", name="list.xlsx") as reader:
                    told = f"read {sum(b.num_rows for b in reader.batches())}"
        except DeliveryError as error:
            told = f"{error}"
        print(json.dumps([Path(name).name, task, told, time.process_time() - start]), flush=True)
"""


def read_all(paths: list[Path]) -> dict[tuple[str, str], tuple[str, float]]:
    """Read and peek at each in one process of its own; what it said, and the CPU seconds it took."""
    command = [sys.executable, "-c", READ, str(MEMORY_BYTES), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * (2 * len(paths) + 2), check=False)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"after {said[-1:]}: {done.stderr[-2000:]}"
    return {(name, task): (told, seconds) for name, task, told, seconds in said}


def cells(count: int) -> str:
    return "".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, count + 1))


def lying(data: bytes, part: str, size: int) -> bytes:
    """The archive with another unpacked size in the headers of a part."""
    out = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        offset = archive.getinfo(part).header_offset
    struct.pack_into("<I", out, offset + 22, size)
    at = out.find(b"PK\x01\x02")
    while struct.unpack_from("<I", out, at + 42)[0] != offset:
        at = out.find(b"PK\x01\x02", at + 4)
    struct.pack_into("<I", out, at + 24, size)
    return bytes(out)


def bomb(level: int = 9) -> str:
    names = "abcdefghij"
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {names[i]} "{f"&{names[i - 1]};" * 10}">' for i in range(1, level)
    )
    return f"<!DOCTYPE x [{entities}]>"


def with_part(name: str, content: str | bytes, rows: str = cells(2), **words: str) -> bytes:
    return zipped({**parts_of(rows, **words), name: content})


def twice(rows: str, again: str) -> bytes:
    """A workbook with two parts of the name of its sheet."""
    out = io.BytesIO(xlsx(rows))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/worksheets/sheet1.xml", again)
    return out.getvalue()


def many_sheets(count: int) -> bytes:
    tags = "".join(f'<sheet name="S{i}" sheetId="{i}" r:id="rId1"/>' for i in range(1, count + 1))
    parts = parts_of(cells(2))
    return zipped({**parts, "xl/workbook.xml": str(parts["xl/workbook.xml"]).replace("</sheets>", f"{tags}</sheets>")})


def chained(streams: bytes) -> bytes:
    """An OLE file whose list of further sector tables goes in a circle."""
    data = bytearray(streams)
    struct.pack_into("<II", data, 68, 0, 0xFFFFFFFF)
    return bytes(data)


def repeated(rows: int, words: str) -> str:
    cell = f"<table:table-cell {words}><text:p>1</text:p></table:table-cell>"
    return f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'


FIFTEEN = 'office:value-type="float" office:value="1" table:number-columns-repeated="15"'
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
TEXT = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a part that unpacks to a thousand times its size": (
        lambda: with_part("xl/media/zeros", b"\0" * (48 << 20)), "shrank to less than 1/300"),
    "a part larger than it says": (
        lambda: lying(with_part(STRINGS, "<sst>" + "<si><t>a</t></si>" * 4_000_000 + "</sst>", TEXT), STRINGS, 4096),
        "longer than it says"),
    "a part smaller than it says": (lambda: lying(xlsx(cells(2)), SHEET, 1 << 20), "not what was packed"),
    "entities in the texts": (
        lambda: with_part(STRINGS, f"{bomb()}<sst><si><t>&i;</t></si></sst>", TEXT), "entities of its own"),
    "entities in the sheet": (
        lambda: with_part(SHEET, f"{bomb()}<worksheet><sheetData>{TEXT}</sheetData></worksheet>"), "entities of its"),
    "an external entity": (
        lambda: with_part(STRINGS, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst><si><t>&a;</t></si></sst>'),
        "entities of its own"),
    "entities in UTF-16": (
        lambda: with_part(STRINGS, f"{bomb()}<sst/>".encode("utf-16"), TEXT), "entities of its own"),
    "entities in an .ods": (lambda: zipped({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f"{bomb()}<office:document-content/>"}), "entities of its own"),
    "a cell in the last corner": (
        lambda: xlsx(cells(1) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "reaches to row 1048576"),
    "that cell before the others": (
        lambda: xlsx('<row r="1048576"><c r="XFD1048576"><v>1</v></c><c r="A2"><v>1</v></c></row>'), "column 16384"),
    "that cell in no row of its own": (
        lambda: xlsx('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c><c r="B1"><v>2</v></c></row>'),
        "column 16384"),
    "a row far below any sheet": (
        lambda: xlsx(cells(1) + '<row r="999999999"><c><v>1</v></c></row>'), "reaches to row 999999999"),
    "cells without addresses in the last row": (
        lambda: xlsx('<row r="1048576">' + "<c><v>1</v></c>" * 100 + "</row>"), "row 1048576, column 100"),
    "ten thousand sheets": (lambda: many_sheets(10_000), "10001 sheets; expected at most 4096"),
    "a million wrong references to texts": (
        lambda: xlsx("".join(f'<row r="{i}"><c r="A{i}" t="s"><v>9999999</v></c></row>' for i in range(1, 300_000))),
        "a damaged file"),
    "a row without an end": (
        lambda: xlsx('<row r="1">' + "".join(f'<c r="A1"><v>{i:032}</v></c>' for i in range(1_500_000))),
        "a row of more than"),
    "one cell again and again": (
        lambda: xlsx("".join('<row r="1">' + '<c r="A1"><v>1</v></c>' * 100_000 + "</row>" for _ in range(201))),
        "cells in a sheet|shrank to less"),
    "merged ranges over everything": (
        lambda: xlsx(cells(2000), after="<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 20_000 + "</mergeCells>"),
        "merged ranges that overlap"),
    "tags inside tags": (lambda: xlsx("<x>" * 1_000_000), "header not found"),
    "a billion rows in an .ods": (
        lambda: ods(repeated(1_000_000_000, 'office:value-type="float" office:value="1"')),
        "reaches to row"),
    "four sheets of ten million cells and more in an .ods": (
        lambda: ods(
            repeated(1_000_000, 'office:value-type="float" office:value="1" table:number-columns-repeated="10"')
            + "</table:table>"
            + f'<table:table table:name="x">{repeated(1_000_000, FIFTEEN)}</table:table>' * 3
            + '<table:table table:name="z">'), "cells in a sheet"),
    "errors without end in an .ods": (
        lambda: ods(repeated(1_000_000, 'office:value-type="string" calcext:value-type="error" '
                             'table:number-columns-repeated="1000000"')), "reaches to row"),
    "two parts of one name": (lambda: twice(cells(2), "<worksheet/>"), "two parts of the name"),
    "two parts whose names differ in case": (
        lambda: with_part("XL/Worksheets/Sheet1.xml", "<worksheet/>"), "two parts of the name"),
    "cut off": (lambda: xlsx(cells(500))[:-200], "a damaged file"),
    "sector tables in a circle": (lambda: chained(xls()), "a damaged file"),
    "an empty archive": (lambda: zipped({}), "no workbook"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "an image"),
}  # fmt: skip


def test_each_is_refused_in_bounded_memory_and_time(tmp_path: Path) -> None:
    paths = []
    for i, (make, _) in enumerate(CASES.values()):
        paths.append(tmp_path / f"{i}")
        paths[-1].write_bytes(make())
    said = read_all(paths)
    for i, (name, (_, message)) in enumerate(CASES.items()):
        told, seconds = said[(f"{i}", "read")]
        assert any(part in told for part in message.split("|")), f"{name}: {told}"
        assert seconds < SECONDS, f"{name} took {seconds} s"
        assert said[(f"{i}", "peek")][1] < SECONDS, f"peeking at {name}"


def test_names_that_lead_elsewhere_write_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    file = inside / "f"
    file.write_bytes(with_part("../../evil.txt", "x", cells(3)))
    assert read_all([file])[("f", "read")][0] == "read 2"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["f", "inside"]


def samples() -> dict[str, bytes]:
    styles = formats("00000", "yyyy-mm-dd", "[h]:mm")
    rows = "".join(
        f'<row r="{i}"><c r="A{i}" t="s"><v>{i % 3}</v></c><c r="B{i}" s="1"><v>{i}</v></c>'
        f'<c r="C{i}" s="2"><v>{45000 + i}.5</v></c><c r="D{i}" t="e"><v>#N/A</v></c>'
        f'<c r="E{i}" t="inlineStr"><is><t>text {i}</t></is></c><c r="F{i}"><f>1+1</f></c></row>'
        for i in range(1, 40)
    )
    shared = "<si><t>one</t></si><si><r><t>t</t></r><r><t>wo</t></r></si><si><t>three</t></si>"
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts_of(rows, shared=shared, styles=styles).items():
            archive.writestr(name, content)
    table = "".join(
        f'<table:table-row><table:table-cell office:value-type="float" office:value="{i}"><text:p>0{i}</text:p>'
        "</table:table-cell></table:table-row>"
        for i in range(40)
    )
    return {
        "xlsx": xlsx(rows, shared=shared, styles=styles),
        "stored": stored.getvalue(),
        "xlsb": xlsb(["Name", "Betrag"], *[["x", float(i)] for i in range(30)]),
        "ods": ods(table),
        "xls": xls(),
        "ole": ole("EncryptedPackage"),
    }


def recrc(data: bytes) -> bytes:
    """A stored archive with the checksums of what is now in it, so that the change gets through to the XML."""
    out = bytearray(data)
    at = out.find(b"PK\x01\x02")
    while at >= 0 and at + 46 <= len(out):
        size, start = struct.unpack_from("<I", out, at + 20)[0], struct.unpack_from("<I", out, at + 42)[0]
        body = start + 30 + sum(struct.unpack_from("<HH", out, start + 26)) if start + 30 <= len(out) else 0
        check = zlib.crc32(out[body : body + size])
        struct.pack_into("<I", out, at + 16, check)
        if body:
            struct.pack_into("<I", out, start + 14, check)
        at = out.find(b"PK\x01\x02", at + 4)
    return bytes(out)


def mutated(data: bytes, dice: random.Random, *, fix: bool) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 8])):
        at = dice.randrange(len(out))
        match dice.randrange(4):
            case 0:
                out[at] ^= 1 << dice.randrange(8)
            case 1:
                out[at] = dice.randrange(256)
            case 2:
                del out[at : at + dice.randrange(1, 20)]
            case _:
                out[at:at] = out[at : at + dice.randrange(1, 20)]
        if len(out) < 10:
            break
    return recrc(bytes(out)) if fix else bytes(out)


def test_changed_bytes_never_take_the_reader_down(tmp_path: Path) -> None:
    dice = random.Random(20261031)
    good = samples()
    paths = []
    for i in range(300):
        kind = dice.choice([*good, "stored", "xlsx"])
        path = tmp_path / f"{kind}-{i}"
        path.write_bytes(mutated(good[kind], dice, fix=kind == "stored" and dice.random() < 0.8))
        paths.append(path)
    said = read_all(paths)
    outcomes = {told.split(" ")[0] for told, _ in said.values()}
    assert {"read", "workbook"} <= outcomes <= {"read", "workbook", "header"}, outcomes
    assert max(seconds for _, seconds in said.values()) < SECONDS
