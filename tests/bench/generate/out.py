"""Files on disk: as the sender writes them, and what is right in them as a database would export it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa

from tests.bench.generate.cells import ISO, encoded, lines, put, spelled
from tests.bench.generate.kind import Block, Kind, blocks
from tests.bench.generate.sheet import Sheet


def write(
    kind: Kind, path: Path, rows: int, *, seed: int = 7, share: float = 0.01, changed: float = 0.0, newline: str = ""
) -> Path:
    """The file as the client sends it, CSV or XLSX by the suffix of `path`; one that is there already is kept.

    `share` of the rows is to be set aside, `changed` have another value than in the file without. With another
    `newline` the file says the same in other bytes.
    """
    if path.exists():
        return path
    workbook = path.suffix == ".xlsx"
    made = blocks(kind, rows, seed=seed, share=share, changed=changed, malformed=not workbook)
    with _whole(path) as file:
        if workbook:
            _workbook(kind, file, made)
        else:
            _text(replace(kind, style=replace(kind.style, newline=newline or kind.style.newline)), file, made)
    return path


def write_clean(kind: Kind, path: Path, rows: int, *, seed: int = 7, share: float = 0.01, changed: float = 0.0,
                malformed: bool = True) -> Path:  # fmt: skip
    """What is to be loaded of that file, typed, as CSV that PostgreSQL and everybody else reads: ISO dates, points."""
    if path.exists():
        return path
    names = list(kind.headers)
    with _whole(path) as file:
        file.write(encoded(lines([pa.array([name]) for name in names], ISO), ISO))
        for block in blocks(kind, rows, seed=seed, share=share, changed=changed, malformed=malformed):
            kept = block.rows.filter(pa.array(~block.set_aside))
            file.write(encoded(lines([spelled(kept.column(name), ISO) for name in names], ISO), ISO))
    return path


def deliver(kind: Kind, out: Path, rows: int, *, seed: int = 7, share: float = 0.01, changed: float = 0.0,
            suffix: str = ".csv") -> Path:  # fmt: skip
    """The file in `out/landing/<client>/` and the client's profile in `out/clients/`."""
    profile = out / "clients" / f"{kind.client}.yaml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(profile_of(kind, suffix), encoding="utf-8")
    path = out / "landing" / kind.client / f"{kind.place}{suffix}"
    path.unlink(missing_ok=True)
    return write(kind, path, rows, seed=seed, share=share, changed=changed)


def profile_of(kind: Kind, suffix: str = ".csv") -> str:
    """The profile that reads the file in this form."""
    style = kind.style
    delimiter = {"\t": '"\\t"'}.get(style.delimiter, f"'{style.delimiter}'")
    text = f"{{type: csv, encoding: {style.encoding}, delimiter: {delimiter}}}"
    return kind.profile.format(format="{type: xlsx}" if suffix == ".xlsx" else text)


def _text(kind: Kind, file: IO[bytes], made: Iterator[Block]) -> None:
    style = kind.style
    file.write(encoded(lines([pa.array([header]) for header in kind.headers.values()], style), style))
    for block in made:
        text = lines([block.cells[name] for name in kind.headers], style)
        at = np.flatnonzero(block.dirt == "malformed")
        too_many = [f"{line}{style.delimiter}?" for line in text.take(pa.array(at)).to_pylist()]
        file.write(encoded(put(text, at, pa.array(too_many, pa.string())), style))


def _workbook(kind: Kind, file: IO[bytes], made: Iterator[Block]) -> None:
    """Numbers and dates as such, except the odd ones and those in codes of the sender."""
    with Sheet(file) as sheet:
        sheet.add([[header] for header in kind.headers.values()])
        for block in made:
            columns = []
            for name in kind.headers:
                texts = block.cells[name].to_pylist()
                if name not in kind.codes and kind.contract.column(name).physical_type != "text":
                    values = block.rows.column(name).to_pylist()
                    columns.append([t if o else v for t, v, o in zip(texts, values, block.odd[name], strict=True)])
                else:
                    columns.append(texts)
            sheet.add(columns)


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        yield file
    part.replace(path)
