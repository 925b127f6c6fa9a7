"""Damage as it happens to files: bits flip, ends are cut, parts are lost, doubled, exchanged."""

from __future__ import annotations

import random
from collections.abc import Iterator


def mutations(data: bytes, count: int, seed: int = 7) -> Iterator[bytes]:
    """So many damaged copies of a file, the same ones each time."""
    chance = random.Random(seed)
    for number in range(count):
        damaged = bytearray(data)
        at, size = chance.randrange(len(data)), chance.randrange(1, 40)
        kind = number % 6
        if kind == 0:
            damaged[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            for _ in range(chance.randrange(1, 6)):
                damaged[chance.randrange(len(data))] = chance.randrange(256)
        elif kind == 2:
            del damaged[at:]
        elif kind == 3:
            del damaged[at : at + size]
        elif kind == 4:
            damaged[at:at] = data[at : at + size]
        else:
            other = chance.randrange(len(data))
            damaged[at : at + size] = data[other : other + size]
        yield bytes(damaged)
