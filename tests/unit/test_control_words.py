"""Words of control totals: where a control file is looked for, and what makes no sense together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.control_words import ControlAt, parts_of


@pytest.mark.parametrize(
    ("pattern", "rel", "outer", "path"),
    [
        ("{stem}.ctl", "daily/a.csv", None, "daily/a.ctl"),
        ("{name}.ctl", "a.csv", None, "a.csv.ctl"),
        ("ctl/{stem}.txt", "daily/a.b.csv", None, "daily/ctl/a.b.txt"),
        ("/ctl/{period}.txt", "daily/a.csv", None, "ctl/2026-03.txt"),
        ("total.txt", "daily/p.zip!/in/a.csv", "daily/p.zip", "daily/p.zip!/in/total.txt"),
        ("total.txt", "daily/p.zip!/a.csv", "daily/p.zip", "daily/p.zip!/total.txt"),
        ("{archive_stem}.{stem}.ctl", "daily/p.zip!/a.csv", "daily/p.zip", "daily/p.a.ctl"),
        ("{archive}.ctl", "daily/a.csv.gz", None, "daily/a.csv.gz.ctl"),
        ("{stem}.ctl", ".odd", None, ".odd.ctl"),
    ],
)
def test_where_a_control_file_is(pattern: str, rel: str, outer: str | None, path: str) -> None:
    where = ControlAt(file=pattern, pattern=".")
    assert where.file_path(rel, outer, {"period": "2026-03"}) == path
    assert where.is_like(path)
    assert not where.is_like(rel)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "give one of"),
        ({"row": 1}, "give one of"),
        ({"footer": 1, "file": "a", "pattern": "x"}, "give one of"),
        ({"footer": 1}, "footer needs column"),
        ({"footer": 1, "column": 1, "row": 2}, "row goes with column"),
        ({"footer": 1, "cell": "A1"}, "a footer has columns"),
        ({"cell": "A1", "column": "x"}, "give cell, or column"),
        ({"cell": "A0"}, "no cell address"),
        ({"cell": "A1", "format": {}}, "format is for file and sheet"),
        ({"sheet": "S", "pattern": "x"}, "sheet needs cell"),
        ({"sheet": "S", "cell": "A1", "format": {"type": "csv"}}, "type xlsx"),
        ({"sheet": "S", "cell": "A1", "format": {"type": "xlsx", "sheet": "T"}}, "sheet once"),
        ({"file": "a"}, "file needs cell"),
        ({"file": "a", "cell": "A1", "row": 1}, "row goes with column"),
        ({"file": "a", "pattern": "x", "format": {"type": "xlsx"}}, "files of text"),
        ({"file": "a.part", "pattern": "x"}, "no path of a control file"),
        ({"file": "a//b", "pattern": "x"}, "no path of a control file"),
        ({"file": "a}b", "pattern": "x"}, "brace"),
        ({"file": "{name}", "pattern": "x"}, "the file itself"),
        ({"file": "a", "pattern": "("}, "regular expression"),
        ({"cell": "A1", "locale": "xx_YY"}, "unknown locale"),
    ],
)
def test_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ControlAt(**words)


def test_names_of_controls() -> None:
    assert parts_of("hash(invoice_id)") == ("hash", "invoice_id")
    for name in ("row", "sum()", "max(x)", "sum(X)", "sum(x) "):
        with pytest.raises(ValueError, match="give rows"):
            parts_of(name)
