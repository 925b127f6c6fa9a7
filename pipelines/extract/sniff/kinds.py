"""What type of file it is, by its content: the name of a file proves nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import ijson
import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree

from pipelines.errors import DeliveryError
from pipelines.extract.sniff.sample import Sample, refused

MOST_EVENTS = 200_000
"""Parts of a document that are looked at."""
MOST_RECORDS = 1000
MOST_DEPTH = 40

_ARCHIVES = {
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"%PDF-": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a SQLite database",
}
_XML = re.compile(r"\s*(?:<\?xml\s|<!--|<!DOCTYPE\s|<[A-Za-z_][\w:.-]*(?:\s[^<>]*)?/?>)")
_HTML = re.compile(r"(?i)\s*(?:<!DOCTYPE\s+html|<html\b|<head\b|<table\b)")


@dataclass(frozen=True)
class Document:
    """A file that is no delimited text: its words, why, and its first records as texts by column."""

    words: dict[str, Any]
    evidence: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    warnings: tuple[str, ...] = ()


def by_magic(sample: Sample) -> str | None:
    """`xlsx` or `parquet` by the first bytes, None for text; DeliveryError for what can be neither."""
    head = sample.head
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return "xlsx"
    for magic, kind in _ARCHIVES.items():
        if head.startswith(magic):
            raise refused(sample.name, kind, "text, a workbook, JSON, XML or Parquet; unpack it first")
    return None


def check_text(text: str, name: str) -> None:
    """DeliveryError when a text is binary data: NULs and many kinds of control characters."""
    part = text[:65_536]
    control = Counter(c for c in part if c < " " and c not in "\t\r\n\x0b\x0c\x1a")
    broken = part.count("\ufffd")
    if len(control) >= 8 and (sum(control.values()) + broken) * 20 > len(part):
        raise refused(name, f"binary data ({len(control)} kinds of control characters)", "text")
    if not part.strip("\ufeff\x00 \t\r\n\x1a"):
        raise refused(name, "nothing but white space", "a header and records")


def document(sample: Sample, text: str) -> Document | None:
    """JSON, JSON Lines or XML; None for any other text."""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "<" and _HTML.match(text):
        raise refused(sample.name, "an HTML page", "text, a workbook, JSON, XML or Parquet")
    if start == "<" and _XML.match(text):
        return _xml(sample)
    if start in ("{", "["):
        return _json_lines(text, sample.whole) or _json(sample)
    return None


def parquet(sample: Sample) -> Document:
    """Columns and first records of a Parquet file."""
    try:
        file = pq.ParquetFile(sample.path)
        batch = next(file.iter_batches(batch_size=500), None)
    except (pa.ArrowException, OSError) as error:
        raise refused(sample.name, f"a damaged Parquet file ({str(error)[:80]})", "a Parquet file") from None
    names = tuple(file.schema_arrow.names)
    rows: tuple[tuple[str, ...], ...] = ()
    if batch is not None:
        rows = tuple(tuple(_text(v) for v in record.values()) for record in batch.to_pylist())
    said = f"the file begins with PAR1; {file.metadata.num_rows} rows, {len(names)} columns"
    return Document({"type": "parquet"}, said, names, rows)


def _json_lines(text: str, whole: bool) -> Document | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if not whole:
        lines = lines[:-1]
    records: list[Any] = []
    for line in lines[:MOST_RECORDS]:
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            return None
    objects = [r for r in records if isinstance(r, dict)]
    if len(records) < 2 or len(objects) * 2 < len(records):
        return None
    said = f"each of the first {len(records)} lines is a JSON value, {len(objects)} of them objects"
    return _of_objects({"type": "jsonl"}, said, objects)


def _json(sample: Sample) -> Document | None:
    """The array of objects that is nearest to the root, by the events of a streaming parser."""
    arrays: Counter[str] = Counter()
    try:
        for path in _objects(sample.path):
            arrays[path] += 1
    except (ijson.JSONError, UnicodeDecodeError, ValueError):
        return _json_at(sample, arrays, broken=True) if arrays else None
    return _json_at(sample, arrays, broken=False)


def _objects(path: Path) -> Iterator[str]:
    """For each object that stands in an array outside of other arrays: the path of that array, keys joined by points.

    The stack is our own: the parser's path of every part takes the square of the depth.
    """
    stack: list[str | None] = []  # None = inside an array
    key = ""
    with path.open("rb") as file:
        for event, value in islice(ijson.basic_parse(file, use_float=True), MOST_EVENTS):
            if event == "map_key":
                key = value
            elif event in ("start_map", "start_array"):
                if event == "start_map" and stack.count(None) == 1 and stack[-1] is None:
                    yield ".".join(k for k in stack if k)
                stack.append(None if event == "start_array" else "")
                if len(stack) > MOST_DEPTH:
                    return
                if len(stack) > 1 and stack[-2] is not None:
                    stack[-2] = key
            elif event in ("end_map", "end_array"):
                stack.pop()


def _json_at(sample: Sample, arrays: Counter[str], *, broken: bool) -> Document:
    words: dict[str, Any] = {"type": "json"}
    warnings: tuple[str, ...] = ("the document is damaged or does not end",) if broken else ()
    if not arrays:
        return Document(words, "the file is one JSON document without an array of objects", warnings=warnings)
    path, number = max(arrays.items(), key=lambda item: (item[1], -item[0].count(".")))
    prefix = f"{path}.item" if path else "item"
    if path:
        words["record_path"] = path
    others = [p for p in arrays if p != path]
    if others:
        warnings += (f"other arrays of objects: {', '.join(others[:5])}",)
    objects: list[dict[str, Any]] = []
    try:
        with sample.path.open("rb") as file:
            objects = [o for o in islice(ijson.items(file, prefix), MOST_RECORDS) if isinstance(o, dict)]
    except (ijson.JSONError, UnicodeDecodeError, ValueError):
        objects = objects or []
    said = f"the file is a JSON document; {number} objects seen in {path or 'the array it consists of'}"
    found = _of_objects(words, said, objects)
    return Document(found.words, found.evidence, found.columns, found.rows, warnings)


def _of_objects(words: dict[str, Any], evidence: str, objects: list[dict[str, Any]]) -> Document:
    names = tuple(dict.fromkeys(str(key) for o in objects for key in o))[:2000]
    rows = tuple(tuple(_text(o.get(name)) for name in names) for o in objects[:500])
    return Document(words, evidence, names, rows)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if not isinstance(value, dict | list) else json.dumps(value, default=str)[:200]


def _xml(sample: Sample) -> Document:
    """The repeated element nearest to the root that has parts; entities and network stay closed."""
    counts: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    fields: dict[str, Counter[str]] = {}
    root = ""
    try:
        for path, inner in islice(_elements(sample.path), MOST_EVENTS):
            root = root or path
            counts[path] += 1
            parent = path.rpartition("/")[0]
            parts[parent] += 1
            parts[path] += inner
            fields.setdefault(parent, Counter())[path.rpartition("/")[2]] += 1
    except etree.XMLSyntaxError as error:
        if not counts:
            raise refused(sample.name, f"XML that cannot be parsed ({str(error)[:80]})", "well-formed XML") from None
    repeated = [p for p, n in counts.items() if p.count("/") and parts[p] >= n]
    if not repeated:
        raise refused(
            sample.name, "XML without elements that have parts", "an element that is repeated for each record"
        )
    several = [p for p in repeated if counts[p] > 1] or repeated
    depth = min(p.count("/") for p in several)
    best = max((p for p in several if p.count("/") == depth), key=lambda p: (counts[p], parts[p]))
    others = [p for p in several if p != best and not p.startswith(best + "/")][:5]
    said = f"the file is XML; {counts[best]} elements {best} seen, of {len(fields.get(best, ()))} parts"
    note = (f"other repeated elements: {', '.join(others)}",) if others else ()
    return Document({"type": "xml", "record_path": best}, said, tuple(fields.get(best, ())), (), note)


def _elements(path: Path) -> Iterator[tuple[str, int]]:
    """(path of local names, number of attributes) of each element, in order."""
    stack: list[str] = []
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    with path.open("rb") as file:
        for event, element in etree.iterparse(file, events=("start", "end"), **options):
            if event == "start":
                # a name whose prefix is not declared stays as written, and the reader takes it so too
                stack.append(element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else "?")
                if len(stack) > MOST_DEPTH:
                    raise DeliveryError(
                        "XML nested too deeply",
                        where=path.name,
                        got=f"more than {MOST_DEPTH} levels",
                        expected="records of a few levels",
                        next_step="send flat records",
                    )
                yield "/".join(stack), len(element.attrib)
            else:
                stack.pop()
                element.clear()
                while element.getprevious() is not None and element.getparent() is not None:
                    del element.getparent()[0]
