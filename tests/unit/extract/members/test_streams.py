from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract.members import opened, packing_of, streams
from pipelines.extract.members.limits import BLOCK_BYTES
from tests.unit.extract.members.packs import STAFF, endless_gzip, tar_of, tree, zip_of

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}


def put(folder: Path, content: bytes, name: str = "OP.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def text(path: Path) -> bytes:
    with opened(path) as plain:
        return plain.read_bytes()


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files_are_known_by_content_and_read_through(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, PACKERS[kind](STAFF))
    assert packing_of(path, "x").compression == kind
    before = tree(tmp_path)
    with opened(path, folder=tmp_path / "work") as plain:
        assert plain.read_bytes() == STAFF
        assert plain.is_relative_to(tmp_path / "work")
    assert {k: v for k, v in tree(tmp_path).items() if k != "work"} == before


@pytest.mark.parametrize("kind", PACKERS)
def test_several_streams_are_one_file(tmp_path: Path, kind: str) -> None:
    pack = PACKERS[kind]
    parts = [bytes([65 + i]) * (i * 999) for i in range(5)]
    assert text(put(tmp_path, b"".join(pack(p) for p in parts))) == b"".join(parts)


@pytest.mark.parametrize("kind", PACKERS)
def test_an_empty_stream_is_an_empty_file(tmp_path: Path, kind: str) -> None:
    assert text(put(tmp_path, PACKERS[kind](b""))) == b""


def test_a_skippable_frame_holds_nothing(tmp_path: Path) -> None:
    frame = b"\x5a\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    assert text(put(tmp_path, frame + zstd.compress(STAFF))) == STAFF


@pytest.mark.parametrize("kind", PACKERS)
def test_zeros_behind_the_data_fill_up_blocks(tmp_path: Path, kind: str) -> None:
    assert text(put(tmp_path, PACKERS[kind](STAFF) + bytes(1024))) == STAFF


@pytest.mark.parametrize("kind", PACKERS)
def test_anything_else_behind_the_data_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DeliveryError, match=f"OP.csv; got bytes behind the end of the {kind} data"):
        text(put(tmp_path, PACKERS[kind](STAFF) + b"1,2\n"))


@pytest.mark.parametrize("kind", PACKERS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_that_breaks_off_is_refused_wherever(kind: str, data: st.DataObject) -> None:
    packed = PACKERS[kind](STAFF * 50)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(DeliveryError, match=r"breaks off|damaged"):
        list(streams.pieces(io.BytesIO(packed[:cut]), kind, "x"))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_changed_byte_never_passes_as_other_content(kind: str) -> None:
    packed = PACKERS[kind](bytes(range(256)) * 20)
    if kind == "zstd":
        packed = zstd.compress(bytes(range(256)) * 20, options={zstd.CompressionParameter.checksum_flag: 1})
    for at in range(len(packed)):
        changed = packed[:at] + bytes([packed[at] ^ 0x10]) + packed[at + 1 :]
        try:
            got = b"".join(streams.pieces(io.BytesIO(changed), kind, "x"))
        except DeliveryError:
            continue
        assert got == bytes(range(256)) * 20, at


@given(
    st.lists(st.binary(max_size=40) | st.integers(0, 300_000).map(bytes), max_size=4), st.sampled_from(list(PACKERS))
)
@settings(max_examples=80, deadline=None)
def test_what_is_packed_comes_out(parts: list[bytes], kind: str) -> None:
    packed = b"".join(PACKERS[kind](part) for part in parts)
    pieces = list(streams.pieces(io.BytesIO(packed), kind, "x"))
    assert b"".join(pieces) == b"".join(parts)
    assert all(0 < len(piece) <= BLOCK_BYTES for piece in pieces)


def test_a_bomb_is_refused_before_it_fills_disk_or_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    endless_gzip(path, 512 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DeliveryError, match=r"bomb.csv.gz; got more than \d+ bytes when unpacked, over 200 times"):
        text(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_empty_streams_takes_no_time(tmp_path: Path) -> None:
    path = put(tmp_path, gzip.compress(b"", mtime=0) * 200_000)
    started = time.monotonic()
    assert text(path) == b""
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "inside",
    [gzip.compress(STAFF), zip_of({"a.csv": STAFF}), bz2.compress(tar_of({"a": b"1"}))],
    ids=["gzip", "zip", "bzip2"],  # their bytes hold the time of day
)
def test_packed_twice_is_refused(tmp_path: Path, inside: bytes) -> None:
    with pytest.raises(DeliveryError, match="inside what is packed already"):
        text(put(tmp_path, gzip.compress(inside)))


@pytest.mark.parametrize(
    ("head", "kind"), [(b"Rar!\x1a\x07\x01\x00", "RAR"), (b"\x1f\x9d\x90", "compress"), (b"\x04\x22\x4d\x18", "lz4")]
)
def test_ways_of_packing_that_are_not_read_are_named(tmp_path: Path, head: bytes, kind: str) -> None:
    with pytest.raises(DeliveryError, match=kind):
        text(put(tmp_path, head + bytes(100)))


def test_plain_files_are_given_as_they_are(tmp_path: Path) -> None:
    path = put(tmp_path, STAFF)
    with opened(path, folder=tmp_path / "work") as plain:
        assert plain == path
    assert list(tmp_path.iterdir()) == [path]
