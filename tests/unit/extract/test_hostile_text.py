"""Files that would take all memory or time: a clear end, with little of both."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import drain

PEAK_OF_READING = """
import resource, sys
from pathlib import Path
from pipelines.errors import DeliveryError
from pipelines.extract.reader import read_table
from pipelines.profile import Format

base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with read_table(Path(sys.argv[1]), Format(fallback_encoding=sys.argv[2] or None), "en_US") as reader:
        for _ in reader.batches():
            pass
    print("read")
except DeliveryError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024)
"""


def outcome(path: Path, fallback: str = "") -> tuple[str, int]:
    """What a process of its own says of the file, and how many MB above its start it took."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK_OF_READING, str(path), fallback],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said, peak = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    return said, int(peak)


@pytest.mark.parametrize(
    ("begin", "fallback", "message"),
    [
        (b"a,b\n1,2\n", "", "record without end; at f.csv:3"),
        (b"", "", "record without end; at f.csv:1"),
        (b'a,b\n1,"', "", "record without end; at f.csv:2"),
        (b"a,b\n", "cp1252", "a line of more than 16777216 bytes"),
    ],
)
def test_one_line_without_end(tmp_path: Path, begin: bytes, fallback: str, message: str) -> None:
    path = tmp_path / "f.csv"
    with path.open("wb") as file:
        file.write(begin)
        for _ in range(300):
            file.write(b"x,y " * (1 << 18))
    said, peak = outcome(path, fallback)
    assert message in said
    assert peak < 200


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    with path.open("wb") as file:
        file.write(b'a,b\n1,"\n')
        for _ in range(50):
            file.write(b"x,y\n" * (1 << 18))
    said, peak = outcome(path)
    assert said == "read"  # the damage stays inside one record
    assert peak < 250


def test_only_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n" + b"\n" * 10_000_000 + b"1,2\n")
    started = time.process_time()
    got = drain(read_table(path, Format(), "en_US"))
    assert (got.rows, got.facts.blank_rows) == ([10_000_002], 10_000_000)
    assert time.process_time() - started < 20
    path.write_bytes(b"\n" * 10_000_000)
    with pytest.raises(DeliveryError, match=r"header not found; at f\.csv:1; got a blank line"):
        read_table(path, Format(), "en_US")


def test_only_delimiters(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n" + b",\n" * 1_000_000)
    got = drain(read_table(path, Format(), "en_US"))
    assert (got.records, got.facts.blank_rows) == ([], 1_000_000)
    path.write_bytes(b"a,b\n" + b"," * 4_000_000 + b"\n")
    assert drain(read_table(path, Format(), "en_US")).facts.blank_rows == 1
    path.write_bytes(b"," * 3_000_000)
    with pytest.raises(DeliveryError, match="header not found"):
        read_table(path, Format(), "en_US")


def test_only_odd_records_take_memory_by_the_chunk(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n" + b'"x"y,1\n' * 300_000)
    said, peak = outcome(path)
    assert (said, peak < 250) == ("read", True)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    peaks = []
    for times in (1, 3):
        path.write_bytes(b"a,b,c\n" + b"12345678,abcdefgh,ABCDEFGH\n" * (1_000_000 * times))
        peaks.append(outcome(path)[1])
    assert peaks[1] < peaks[0] + 64
