"""Time and memory stay bounded whatever the file holds."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable

import pytest

from pipelines.errors import DeliveryError
from tests.unit.extract.sniff.conftest import Sniffed

CPU_SECONDS = 3.0
PEAK_BYTES = 200 << 20


def _soup() -> bytes:
    rng = random.Random(7)
    return bytes(rng.choices(b",;\t|:~^#&*! \n\"'\\ab12", k=1_500_000))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "one endless line": lambda: b"a,b;c d|" * 400_000,
    "one endless number": lambda: b"1" * 3_000_000,
    "a quote without end": lambda: b'a,b\n"' + b"x,y\n" * 500_000,
    "quotes without end in every line": lambda: b'x,"a\n' * 300_000,
    "nothing but quotes": lambda: b'"' * 1_000_000,
    "nothing but line breaks": lambda: b"\n" * 1_000_000,
    "nothing but NULs": lambda: b"\0" * 1_000_000,
    "signs at random": _soup,
    "binary junk": lambda: random.Random(3).randbytes(2_000_000),
    "17,000 columns": lambda: b"".join((",".join(map(str, range(i, i + 17_000))) + "\n").encode() for i in range(20)),
    "many small tables": lambda: b"a,b,c\n1,2,3\n4,5,6\n\nx;y\n1;2\n3;4\n\n" * 5_000,
    "widths in turn": lambda: b"1,2\n1,2,3\n" * 50_000,
    "almost dates": lambda: b"1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1 1 1 1 1\n" * 20_000,
    "almost numbers": lambda: (b"1 " * 150 + b"\n") * 2_000,
    "brackets": lambda: b"[" * 200_000,
    "braces": lambda: b'{"a":' * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time(sniffed: Sniffed, name: str) -> None:
    content = HOSTILE[name]()
    tries: list[float] = []
    while not tries or (min(tries) >= CPU_SECONDS and len(tries) < 3):  # a busy machine slows single ones
        started = time.process_time()
        try:
            assert sniffed(content).format
        except DeliveryError as error:
            assert error.next_step
        tries.append(time.process_time() - started)
    assert min(tries) < CPU_SECONDS


@pytest.mark.parametrize("name", ["many small tables", "17,000 columns", "braces"])
def test_memory(sniffed: Sniffed, name: str) -> None:
    content = HOSTILE[name]()
    tracemalloc.start()
    try:
        sniffed(content)
        assert tracemalloc.get_traced_memory()[1] < PEAK_BYTES
    finally:
        tracemalloc.stop()
