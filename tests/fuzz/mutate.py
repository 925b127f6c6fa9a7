"""Broken files from whole ones: bytes changed, cut, doubled, moved, spliced with another file."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], bytes]

TOKENS = (
    b'"', b'""', b"'", b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\r", b"\\", b"\0", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\x1a", b"\xe4", b"\xc3\xa4", b"&|", b"\n\n", b'","', b'"\n"', b" ", b"=1+1", b"0" * 400, b"<", b"</", b"{",
    b"]", b"PK\x03\x04",
)  # fmt: skip


def _flip(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _bits(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    for _ in range(rng.choice((1, 3, 20))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _cut(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _drop(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 2, 10, 100, 5000))]
    return bytes(data)


def _insert(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(data) + 1)
        data[at:at] = rng.choice(TOKENS)
    return bytes(data)


def _double(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    piece = bytes(data[at : at + rng.choice((1, 7, 80, 2000))])
    data[at:at] = piece * rng.choice((1, 1, 2, 50))
    return bytes(data)


def _splice(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    start = rng.randrange(len(other) + 1)
    return bytes(data[: rng.randrange(len(data) + 1)]) + other[start : start + rng.choice((50, 1000, 100_000))]


def _swap(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Every occurrence of one separator becomes another one."""
    return bytes(data).replace(rng.choice(TOKENS[:10]), rng.choice(TOKENS[:10]))


MUTATIONS: tuple[Mutation, ...] = (_flip, _bits, _cut, _drop, _insert, _insert, _double, _splice, _swap)


def mutate(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """One to three mutations of a file; `others` are the files it may be spliced with."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not data:
            break
        data = rng.choice(MUTATIONS)(bytearray(data), rng, others)
    return data
