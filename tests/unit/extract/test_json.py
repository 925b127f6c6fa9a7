from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract import encoding, jsontext, lines, named
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, drain
from tests.unit.extract.mutate import mutations

ReadJson = Callable[..., Got]


@pytest.fixture
def read(tmp_path: Path) -> ReadJson:
    """Write text to a file and read it as a JSON document, however the blocks fall."""

    def _read(text: str | bytes, cells: list[str] | None = None, chunk_rows: int = 1000, **words: Any) -> Got:
        fmt = Format(**{"type": "json", **words})
        path = tmp_path / "file.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(fmt.encoding))
        got = []
        for block in (1 << 20, 1, 7):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(encoding, "BLOCK_BYTES", block)
                got.append(drain(read_table(path, fmt, "en_US", cells=cells or [], chunk_rows=chunk_rows)))
        assert got[0] == got[1] == got[2]
        return got[0]

    return _read


def test_array_of_objects(read: ReadJson) -> None:
    got = read('[{"a": 1, "b": "x"}, {"b": "y", "c": null}]')
    assert got.columns == ["a", "b", "c"]
    assert got.records == [[1, None, None, "1", "x", ""], [2, None, None, "", "y", ""]]


def test_cells_are_as_written(read: ReadJson) -> None:
    numbers = ["1.10", "1e5", "1E+05", "-0", "-0.0", "0.1000", "9" * 40, "1" + "0" * 6000, "123456789012345678901234.5"]
    got = read("[" + ",".join(f'{{"n": {n}}}' for n in numbers) + "]")
    assert [c[0] for c in got.cells] == numbers
    assert read('[{"a": true, "b": false, "c": null, "d": "", "e": " x\\u00e9\\n"}]').cells == [
        ["true", "false", "", "", " xé\n"]
    ]


def test_nested_values(read: ReadJson) -> None:
    got = read('[{"a": {"b": 1, "c": {"d": 2.50}}, "e": [1.0, "ä", null, {"f": true}], "g": {}, "h": []}]')
    assert got.columns == ["a.b", "a.c.d", "e", "g", "h"]
    assert got.cells == [["1", "2.50", '[1.0,"ä",null,{"f":true}]', "", "[]"]]


def test_a_name_that_is_always_null_gives_way_to_its_parts(read: ReadJson) -> None:
    got = read('[{"a": null, "n": null}, {"a": {"b": 1}}, {"a": {}}, {"c": {"d": 1}}, {"c": "x"}]')
    assert got.columns == ["n", "a.b", "c.d", "c"]
    assert got.rows == [2, 4, 5]
    assert got.facts.blank_rows == 2


@pytest.mark.parametrize(
    ("text", "words", "cells"),
    [
        ('{"a": {"b": [{"x": 1}]}, "z": [{"x": 2}]}', {"record_path": "a.b"}, [["1"]]),
        ('{"a": {"b": {"x": 1}}}', {"record_path": "a.b"}, [["1"]]),
        ('{"a": {"b": null}}', {"record_path": "a.b"}, []),
        ('{"a": {"b": []}}', {"record_path": "a.b"}, []),
        ('{"count": 1, "data": {"rows": [{"x": 1}]}, "tags": ["t"]}', {}, [["1"]]),
        ('{"x": 1, "tags": ["t", {}]}', {}, [["1", '["t",{}]']]),
        ('{"x": 1}', {}, [["1"]]),
        ("{}", {}, []),
        ("[]", {}, []),
        (" \n [ ] \n", {}, []),
    ],
)
def test_where_the_records_are(read: ReadJson, text: str, words: dict[str, Any], cells: list[list[str]]) -> None:
    assert read(text, **words).cells == cells


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ('{"a": [], "b": {"c": [{"x": 1}]}}', {}, r"arrays at a, b\.c; expected .*record_path"),
        ('{"a": {}}', {"record_path": "a.b"}, r"records not found; .* expected records at a\.b"),
        ('{"a": 7}', {"record_path": "a"}, "a single value where the records should be"),
        ('{"a": [], "a": [{"x": 1}]}', {"record_path": "a"}, "the key 'a' of record_path a second time"),
        ('"text"', {}, "a single value"),
        ('[{"a": 1}', {}, "file is truncated"),
        ('[{"a": 1},', {}, "file is truncated"),
        ('{"r": [{"a": 1}], "s', {"record_path": "r"}, "file is truncated"),
        ('{"r": [{"a": 1}]', {"record_path": "r"}, "file is truncated"),
        ('[{"a": 1}]]', {}, "more than one JSON document"),
        ('{"a": 1}\n{"a": 2}', {}, r"more than one JSON document; at file\.json:2, character 1"),
        ('[{"a": 1}\n {"a": 2}]', {}, r"no JSON document; at file\.json:2, character 2; got other text; expected ','"),
        ('[{"a": 1,}]', {}, "no JSON document"),
        ('[{"a": tru }]', {}, "expected value"),
        ("[{'a': 1}]", {}, "property name enclosed in double quotes"),
        ('[{"a": "\\x"}]', {}, "escape that JSON allows"),
        ("", {}, "no bytes"),
        ("  \n", {}, "file is truncated"),
        ("<a/>", {}, "no JSON document"),
        ('["a", {"b": 1}]', {"record_path": "x"}, "records not found"),
    ],
)
def test_refused(read: ReadJson, text: str, words: dict[str, Any], message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        read(text, **words)


def test_nothing_counts_as_complete_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text('[{"a": 1}, {"a": 2}, {"a": 3')
    reader = read_table(path, Format(type="json", names=["a"]), "en_US")
    with pytest.raises(DeliveryError, match="truncated"):
        list(reader.batches())
    with pytest.raises(RuntimeError):
        _ = reader.facts


def test_malformed_records_stay_one_row_each(read: ReadJson) -> None:
    text = r"""[{"a": 1}, 7, "x", null, true, [1], {"a": 1, "a": 2}, {"b": {"c": 1, "c": 2}}, {"a": [{"d": 1, "d": 1}]},
        {"a": "x\u0000"}, {"a": "\ud800"}, {"a": "\ud83d\ude00"}, {"b.c": 1, "b": {"c": 2}}, {"a": 9}]"""
    got = read(text)
    assert got.problems == {
        2: "is a number, not an object",
        3: "is a text, not an object",
        4: "is null, not an object",
        5: "is true or false, not an object",
        6: "is an array, not an object",
        7: "has a key twice",
        8: "has a key twice in 'b'",
        9: "has a key twice in one object",
        10: "holds a NUL character",
        11: "holds half a character (a lone surrogate)",
        13: "has a value for 'b.c' twice",
    }
    assert got.columns == ["a"]
    assert got.cells[11] == ["😀"]
    assert got.records[6][2] == '{"a": 1, "a": 2}'
    assert (got.facts.records, got.facts.malformed) == (14, 11)


def test_nan_is_read_as_written_and_told(read: ReadJson) -> None:
    got = read('[{"a": NaN, "b": "NaN"}, {"a": -Infinity}, {"a": 1, "b": "Infinity"}]')
    assert got.cells == [["NaN", "NaN"], ["-Infinity", ""], ["1", "Infinity"]]
    assert got.facts.warnings == ["2 records with NaN or Infinity, which is no JSON: read as written"]


def test_raw_control_characters_in_strings(read: ReadJson) -> None:
    assert read('[{"a": "x\ty\nz"}, {"a": "\0"}]').problems == {2: "holds a NUL character"}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(read: ReadJson, codec: str) -> None:
    got = read('[{"ä": "é\\u20ac"}]', encoding=codec)
    assert (got.columns, got.cells, got.facts.encoding) == (["ä"], [["é€"]], codec)


def test_another_encoding_is_refused(read: ReadJson) -> None:
    with pytest.raises(DeliveryError, match="byte order mark of utf-16"):
        read('[{"a": 1}]'.encode("utf-16"))
    with pytest.raises(DeliveryError, match="not in the declared encoding"):
        read('[{"a": "é"}]'.encode("cp1252"))


@pytest.mark.parametrize("levels", [jsontext.MAX_DEPTH, jsontext.MAX_DEPTH + 1, 900, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth(tmp_path: Path, opening: str, levels: int) -> None:
    close = "]" if opening == "[" else "}"
    text = '{"a":' + opening * (levels - 1) + "1" + close * (levels - 1) + "}"
    (tmp_path / "f.json").write_text(f"[{text}]")
    (tmp_path / "f.jsonl").write_text(f'{{"a":1}}\n{text}\n{{"a":2}}\n')
    got = drain(read_table(tmp_path / "f.jsonl", Format(type="jsonl"), "en_US"))
    if levels <= jsontext.MAX_DEPTH:
        assert len(drain(read_table(tmp_path / "f.json", Format(type="json"), "en_US")).records) == 1
        assert got.problems == {}
    else:
        assert got.problems == {2: "has more than 64 levels"}
        with pytest.raises(DeliveryError, match="nested too deeply"):
            drain(read_table(tmp_path / "f.json", Format(type="json"), "en_US"))


def test_names_restrict_and_order(read: ReadJson) -> None:
    got = read('[{"a": 1, "b": {"c": 2}, "d": 3}, {"e": 1}]', names=["b.c", "x", "a"])
    assert got.columns == ["b.c", "x", "a"]
    assert got.cells == [["2", "", "1"], ["", "", ""]]
    assert got.facts.warnings == ["not among the declared names and not read: 'd', 'e'"]


def test_strange_names(read: ReadJson) -> None:
    got = read('[{"": 1, " a": 2, "a": 3, "__raw": 4, "x\\ny": 5}]')
    assert got.columns == ["column 1", "a", "a#2", "__raw#2", "x y"]
    assert got.cells == [["1", "2", "3", "4", "5"]]
    assert "name of 2000 characters" in read(json.dumps([{"k" * 2000: 1}])).problems[1]


def test_too_many_columns(read: ReadJson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "MAX_COLUMNS", 10)
    with pytest.raises(DeliveryError, match=r"too many columns; at file\.json, record 11"):
        read(json.dumps([{f"k{i}": 1} for i in range(20)]))


def test_arrays_of_arrays(read: ReadJson) -> None:
    got = read('[["a", "b"], [1, null], [true, [2.0]], [1], {"a": 1}, [], ["", null]]', cells=["A1", "B3"])
    assert (got.columns, got.rows) == (["a", "b"], [2, 3, 4, 5])
    assert got.cells[:2] == [["1", ""], ["true", "[2.0]"]]
    assert got.problems == {4: "has 1 cell, the header has 2", 5: "is an object, not an array"}
    assert (got.facts.header_rows, got.facts.blank_rows) == (1, 2)
    assert got.facts.cells == {"A1": "a", "B3": "[2.0]"}
    named_rows = read("[[1, 2], [3]]", names=["x", "y"])
    assert (named_rows.cells[0], named_rows.problems) == (["1", "2"], {2: "has 1 cell, 2 names are declared"})
    with pytest.raises(DeliveryError, match="header not found"):
        read("[[null], [1]]")


def test_json_lines(read: ReadJson) -> None:
    text = '{"a": 1}\n\n{"a": 2, "b": "x"}\r\nnot json\n[1]\n7\n{"a": 1} {"a": 2}\n  \n{"a": 3\n{"a": 4}'
    got = read(text, type="jsonl", cells=["A3"])
    assert got.columns == ["a", "b"]
    assert got.rows == [1, 3, 4, 5, 6, 7, 9, 10]
    assert got.problems == {
        4: "is no JSON: no value at character 1",
        5: "is an array, not an object",
        6: "is a number, not an object",
        7: "is no JSON: more text after the value at character 10",
        9: "is no JSON: no ',' delimiter at character 8",
    }
    assert (got.facts.blank_rows, got.facts.cells) == (2, {"A3": "2"})
    assert got.records[2][2] == "not json"


def test_json_lines_of_arrays(read: ReadJson) -> None:
    got = read('["a", "b"]\n[1, "x"]\n\n[2, "y"]\n', type="jsonl")
    assert (got.columns, got.rows, got.cells) == (["a", "b"], [2, 4], [["1", "x"], ["2", "y"]])


def test_json_lines_with_a_path(read: ReadJson) -> None:
    got = read('{"d": {"a": 1}}\n{"e": 1}\n{"d": null}\n', type="jsonl", record_path="d")
    assert (got.columns, got.problems) == (["a"], {2: "has nothing at d", 3: "is null, not an object"})


def test_a_line_without_end(read: ReadJson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_CHARS", 100)
    with pytest.raises(DeliveryError, match="record without end"):
        read('{"a": "' + "x" * 5000 + '"}', type="jsonl")


def test_a_value_without_end(read: ReadJson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "MAX_VALUE_CHARS", 100)
    with pytest.raises(DeliveryError, match="record without end"):
        read('[{"a": "' + "x" * 50_000 + '"}]')
    big = json.dumps({"skipped": {"x": [list(range(200)), {"y": ["z" * 50] * 9}]}, "r": [{"a": 1}]})
    assert read(big, record_path="r").cells == [["1"]]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
)
KEYS = st.text(st.characters(exclude_characters="\0.", exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=3)


def spelled(value: Any) -> str:
    """The cell that a value becomes."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=6),
    nested=st.booleans(),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
    codec=st.sampled_from(["utf-8", "utf-16"]),
    kind=st.sampled_from(["json", "jsonl"]),
    block=st.integers(1, 50),
    chunk_rows=st.integers(1, 4),
)
def test_round_trip(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: list[dict[str, Any]],
    nested: bool,
    indent: int | None,
    ascii_only: bool,
    codec: str,
    kind: str,
    block: int,
    chunk_rows: int,
) -> None:
    wrapped = [{"in": r} if nested and r else r for r in table]
    if kind == "json":
        text = json.dumps(wrapped, indent=indent, ensure_ascii=ascii_only)
    else:
        text = "\n".join(json.dumps(r, ensure_ascii=ascii_only) for r in wrapped)
    path = tmp_path / "f"
    path.write_bytes(text.encode(codec))
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    monkeypatch.setattr(named, "PIECE_CELLS", 6)
    got = drain(read_table(path, Format(type=kind, encoding=codec), "en_US", chunk_rows=chunk_rows))
    names = list(dict.fromkeys(k for r in table for k in r))
    expected = {
        i: [spelled(r.get(n)) for n in names]
        for i, r in enumerate(table, start=1)
        if any(spelled(v).strip(" \t\u00a0\x1a") for v in r.values())
    }
    assert got.columns == [f"in.{n}" if nested else n for n in names]
    assert dict(zip(got.rows, got.cells, strict=True)) == expected
    assert got.facts.blank_rows == len(table) - len(expected)


def test_differs_from_no_number_of_the_standard_library(read: ReadJson) -> None:
    """Cells are texts, but they are the same numbers."""
    chance = random.Random(5)
    numbers = [
        chance.choice([chance.uniform(-1e9, 1e9), chance.randrange(10**18), math.ldexp(1, -700)]) for _ in "x" * 50
    ]
    got = read(json.dumps([{"n": n} for n in numbers]))
    assert [json.loads(c[0]) for c in got.cells] == numbers


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_damaged_files(tmp_path: Path, kind: str) -> None:
    rows = [{"id": i, "n": {"a": i / 7, "b": ["x", None]}, "t": "äöü" * (i % 3)} for i in range(30)]
    whole = json.dumps({"meta": {"n": 1}, "rows": rows}, ensure_ascii=False)
    data = (whole if kind == "json" else "\n".join(json.dumps(r, ensure_ascii=False) for r in rows)).encode()
    path, outcomes = tmp_path / "f", {"read": 0, "refused": 0}
    for damaged in mutations(data, 300):
        path.write_bytes(damaged)
        try:
            got = drain(read_table(path, Format(type=kind), "en_US"))
        except DeliveryError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        if kind == "jsonl":
            lines_found = damaged.decode().replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
            assert got.facts.records + got.facts.blank_rows == len(lines_found)
    assert min(outcomes.values()) > 20


def test_a_large_document_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    record = json.dumps({"id": 1, "text": "x" * 900, "n": {"a": 1.5}}) + ",\n"
    with path.open("w") as file:
        file.write('{"other": [')
        for _ in range(30):
            file.write(record * 1000)
        file.write('0], "rows": [')
        for _ in range(60):
            file.write(record * 1000)
        file.write("null]}")
    code = (
        "import resource, sys\n"
        "from pathlib import Path; from pipelines.extract.reader import read_table;"
        "from pipelines.profile import Format; import pyarrow as pa; pa.array(['x']);"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "r = read_table(Path(sys.argv[1]), Format(type='json', record_path='rows'), 'en_US', chunk_rows=5000);"
        "print(sum(b.num_rows for b in r.batches()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    rows, kilobytes = map(int, done.stdout.split())
    assert rows == 60_001
    assert path.stat().st_size > 80_000_000
    assert kilobytes < 80_000


def test_hostile_documents_in_bounded_memory(tmp_path: Path) -> None:
    """An address space of 1.5 GB is enough for all of them; each ends in an error."""
    documents = {
        "brackets": "[" * 30_000_000,
        "objects": '{"a":' * 6_000_000,
        "string": '[{"a":"' + "x" * 30_000_000,
        "digits": '[{"a":' + "9" * 30_000_000,
        "keys": "{" + ",".join(f'"k{i}":{{}}' for i in range(1_500_000)),
    }
    for name, text in documents.items():
        (tmp_path / name).write_text(text)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1500 << 20, 1500 << 20));"
        "from pathlib import Path; from pipelines.extract.reader import read_table\n"
        "from pipelines.profile import Format\n"
        "from pipelines.errors import DeliveryError\n"
        "for kind in ('json', 'jsonl'):\n"
        "    try: list(read_table(Path(sys.argv[1]), Format(type=kind), 'en_US').batches())\n"
        "    except DeliveryError as error: print(error.what)\n"
    )
    for name in documents:
        command = [sys.executable, "-c", code, str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        assert len(done.stdout.splitlines()) == 2, name
