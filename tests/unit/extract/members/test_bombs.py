"""Archives that mean harm: they are refused with little memory, in little time."""

from __future__ import annotations

import gzip
import resource
import tarfile
import time
from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.members import listing, member, tars
from tests.unit.extract.members.packs import (
    STAFF,
    lying_zip,
    overlapping_zip,
    plain_header,
    renamed,
    seven_of,
    tar_of,
    zip_of,
)
from tests.unit.extract.members.test_archives import PACK, PACKERS, names, problems, put, taken


def refuses(path: Path, word: str, name: str | None = None) -> None:
    """The archive is refused with little memory, in little time."""
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(DeliveryError, match=word):
        if name is None:
            listing(path)
        else:
            taken(path, name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("kind", ["tar.gz", "tar.xz", "tar.zst", "7z"])
def test_a_bomb_is_refused_when_it_is_listed(tmp_path: Path, kind: str) -> None:
    refuses(put(tmp_path, PACKERS[kind]({"a.csv": bytes(200 << 20)})), "zip bomb")


def test_a_bomb_in_a_zip_fails_alone(tmp_path: Path) -> None:
    path = put(tmp_path, zip_of({"a.csv": bytes(200 << 20), "b.csv": STAFF}))
    assert "zip bomb" in problems(path)["a.csv"]
    assert taken(path, "b.csv") == STAFF
    refuses(path, "zip bomb", "a.csv")


def test_many_members_that_are_a_bomb_together(tmp_path: Path) -> None:
    refuses(put(tmp_path, zip_of({f"{n}.csv": bytes(50 << 20) for n in range(3)})), "zip bomb")


def test_members_that_overlap(tmp_path: Path) -> None:
    refuses(put(tmp_path, overlapping_zip(50)), "overlap")


def test_a_size_that_is_a_lie(tmp_path: Path) -> None:
    path = put(tmp_path, lying_zip(bytes(100_000), 10))
    refuses(path, "damage", "a.csv")
    path = put(tmp_path, lying_zip(b"short", 1000))
    refuses(path, "damage|5 bytes", "a.csv")
    assert "zip bomb" in problems(put(tmp_path, lying_zip(b"x" * 99, 1 << 31)))["a.csv"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "7z"])
def test_a_hundred_thousand_members(tmp_path: Path, kind: str) -> None:
    count = 20_000 if kind == "7z" else 100_000
    refuses(
        put(tmp_path, PACKERS[kind]({f"{i}.csv": b"" for i in range(count)})), "more than 10000 members|directory of"
    )


def test_headers_of_tar_that_are_bombs(tmp_path: Path) -> None:
    long_name = tarfile.TarInfo("x")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    raw = long_name.tobuf(tarfile.GNU_FORMAT)
    refuses(put(tmp_path, raw + bytes(1 << 20)), "damaged.*a header of")
    pax = tarfile.TarInfo("x")
    pax.type, pax.size = tarfile.XHDTYPE, 30 << 10
    refuses(put(tmp_path, pax.tobuf(tarfile.USTAR_FORMAT) + b"1" * (30 << 10) + bytes(10240)), "damaged")
    chain = tarfile.TarInfo("x")
    chain.type, chain.size = tarfile.GNUTYPE_LONGNAME, 2
    one = chain.tobuf(tarfile.GNU_FORMAT) + b"y\0".ljust(512, b"\0")
    refuses(put(tmp_path, one * 5000 + bytes(10240)), "damaged")


def test_a_damaged_header_in_the_middle_is_not_the_end(tmp_path: Path) -> None:
    whole = bytearray(tar_of({"a.csv": STAFF, "b.csv": STAFF, "c.csv": STAFF}))
    whole[1024 + 10] ^= 1
    refuses(put(tmp_path, bytes(whole)), "damaged before byte")


def test_sparse_members_are_told(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.csv")
    info.type = tarfile.GNUTYPE_SPARSE
    assert problems(put(tmp_path, info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))) == {"a.csv": "a sparse file"}


def test_a_listing_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tars, "MAX_LISTING_SECONDS", -1)
    with pytest.raises(DeliveryError, match="listing does not end"):
        listing(put(tmp_path, gzip.compress(tar_of(PACK))))


def test_7z_in_little_memory(tmp_path: Path) -> None:
    """The dictionary that the archive asks for is not there: the process fails, not the night."""
    whole = bytearray(plain_header(seven_of({"a.csv": STAFF})))
    at = whole.index(b"\x21\x21\x01")  # LZMA2 with one byte of properties: the size of its dictionary
    whole[at + 3] = 40  # 4 GiB
    path = put(tmp_path, renamed(bytes(whole), b"", b""))
    assert names(path) == ["a.csv"]
    refuses(path, "too much memory", "a.csv")


def test_total_of_all_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, zip_of(PACK))
    monkeypatch.setattr(member, "MAX_ARCHIVE_BYTES", 10)
    refuses(path, "when unpacked, packed in")
