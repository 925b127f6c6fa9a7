"""Words for damaged files change nothing in sound ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.extract.facts import FileFacts
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.real.test_extract_real import SPECTRUM, WITH_HEADER, records

pytestmark = pytest.mark.real


def outcome(path: Path, fmt: Format) -> tuple[list[str], list[list[str]], FileFacts]:
    reader = read_table(path, fmt, "en_US", chunk_rows=5_000)
    return reader.columns, records(reader), reader.facts


@pytest.mark.parametrize("rel", [*WITH_HEADER, *(f"csv_spectrum/csvs/{name}.csv" for name in SPECTRUM)])
def test_nothing_is_repaired_that_is_not_broken(real_root: Path, rel: str) -> None:
    spectrum = rel not in WITH_HEADER
    path = real_root / ("samples/oddfiles" if spectrum else "landing") / rel
    words = {} if spectrum else WITH_HEADER[rel]
    lenient = {"stray_quotes": "literal", "ragged": "pad", "repeated_headers": "skip", **words}
    expected = outcome(path, Format(**words))
    assert outcome(path, Format(**lenient)) == expected
    assert (expected[2].malformed, expected[2].warnings) == (0, [])
