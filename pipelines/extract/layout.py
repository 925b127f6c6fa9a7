"""Measures the layout of a file that was read, for comparison with the file of the night before."""

from __future__ import annotations

import codecs
from pathlib import Path

import pyarrow as pa

from pipelines.extract.facts import FileFacts
from pipelines.extract.table import LEAD
from pipelines.layout import Layout, Shapes
from pipelines.profile import Format

SAMPLED_ROWS = 500
SAMPLED_CELLS = 20_000
"""The sample of a file costs 13 ms for 20 columns and at most twice that: wide files are judged by fewer records."""

_BLOCK = 1 << 20
_C1 = bytes(range(0x80, 0xA0))
_NOT_CP1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))


def measure(fmt: Format, facts: FileFacts, raw: Path, original: Path) -> Layout:
    """The layout of `original`, read as `fmt` into `raw` (the Arrow file that `extract` wrote)."""
    delimited = fmt.type == "csv"
    return Layout(
        type=fmt.type,
        columns=tuple(facts.columns),
        encoding=facts.encoding,
        looks_like=looks_like(original, facts.encoding) if facts.encoding else None,
        delimiter=fmt.delimiter if delimited else None,
        quote_char=fmt.quote_char if delimited else None,
        sheet=facts.sheet_name if fmt.sheet is None or isinstance(fmt.sheet, int) else None,
        header_rows=tuple(fmt.header_rows) if fmt.type in ("csv", "xlsx") else (),
        shapes=_shapes(raw),
    )


def _shapes(raw: Path) -> tuple[Shapes, ...]:
    """Of the first records of the first chunk."""
    with pa.memory_map(str(raw)) as source, pa.ipc.open_file(source) as reader:
        width = len(reader.schema) - len(LEAD)
        if not reader.num_record_batches:
            return (Shapes(0, {}),) * width
        rows = min(SAMPLED_ROWS, max(SAMPLED_CELLS // max(width, 1), 5))
        batch = reader.get_batch(0).slice(0, rows)
        return tuple(Shapes.of(batch.column(len(LEAD) + i).to_pylist()) for i in range(width))


def looks_like(path: Path, encoding: str) -> str | None:
    """The encoding a text is in, although it can be read as the declared one: None when that is borne out.

    Encodings of one byte per character read any bytes, so a sender who changes to UTF-8 turns `ü` into `Ã¼` without
    an error. Text of such an encoding is no valid UTF-8 unless it is pure ASCII: every accented letter would have to
    be followed by just the right symbols. Latin-1 has control characters where cp1252 has quotes and the euro sign.
    """
    if not _one_byte(encoding):
        return None
    utf8 = codecs.getincrementaldecoder("utf-8")("strict")
    latin1 = codecs.lookup(encoding).name == "iso8859-1"
    is_utf8 = is_cp1252 = True
    accented = controls = False
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if block.isascii():
                is_utf8 = is_utf8 and not utf8.getstate()[0]
                continue
            accented = True
            is_utf8 = is_utf8 and _decodes(utf8, block)
            if latin1:
                controls = controls or len(block.translate(None, _C1)) < len(block)
                is_cp1252 = is_cp1252 and len(block.translate(None, _NOT_CP1252)) == len(block)
            elif not is_utf8:
                return None
    if accented and is_utf8 and not utf8.getstate()[0]:
        return "utf-8"
    return "cp1252" if controls and is_cp1252 else None


def _one_byte(encoding: str) -> bool:
    return all(len(pair.decode(encoding, "replace")) == 2 for pair in (b"\xc3\xa4", b"\x82\xa0"))


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True
