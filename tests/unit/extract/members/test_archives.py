"""Zip, tar and 7z: what is listed, what is taken out, what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from backports import zstd
from openpyxl import Workbook

from pipelines.errors import DeliveryError
from pipelines.extract import read
from pipelines.extract.members import kept_listing, limits, listing, member, opened, packing_of
from tests.unit.extract.members.packs import (
    STAFF,
    plain_header,
    renamed,
    seven_of,
    special,
    tar_of,
    tree,
    zip_of,
)

PACKERS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "zip": zip_of,
    "tar": tar_of,
    "tar.gz": lambda m: gzip.compress(tar_of(m)),
    "tar.bz2": lambda m: bz2.compress(tar_of(m)),
    "tar.xz": lambda m: lzma.compress(tar_of(m)),
    "tar.zst": lambda m: zstd.compress(tar_of(m)),
    "7z": seven_of,
}
PACK = {"hr/staff.csv": STAFF, "hr/Überstunden.csv": b"a\n1\n", "read me.txt": b"hello"}


def put(folder: Path, content: bytes) -> Path:
    path = folder / "pack"
    path.write_bytes(content)
    return path


def names(path: Path) -> list[str]:
    return [m.name for m in listing(path)]


def problems(path: Path) -> dict[str, str]:
    return {m.name: m.problem for m in listing(path) if m.problem}


def taken(path: Path, name: str) -> bytes:
    with opened(path, name) as plain:
        return plain.read_bytes()


@pytest.mark.parametrize("kind", PACKERS)
def test_members_are_listed_and_taken_one_by_one(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, PACKERS[kind](PACK))
    assert {m.name: (m.size, m.problem) for m in listing(path)} == {n: (len(c), None) for n, c in PACK.items()}
    before = tree(tmp_path)
    for name, content in PACK.items():
        with opened(path, name, folder=tmp_path / "work") as plain:
            assert plain.read_bytes() == content
            assert [p.name for p in (tmp_path / "work" / "unpacked").iterdir()] == [plain.name]
    assert {k: v for k, v in tree(tmp_path).items() if k != "work"} == before
    with pytest.raises(DeliveryError, match=r"pack!/none.csv; got no member"):
        taken(path, "none.csv")


@pytest.mark.parametrize("kind", PACKERS)
def test_a_packed_member_is_read_through_but_not_deeper(tmp_path: Path, kind: str) -> None:
    inner = {"a.csv.gz": gzip.compress(STAFF), "b.zip": zip_of(PACK), "c.tgz": gzip.compress(tar_of(PACK)),
             "d.gz.gz": gzip.compress(gzip.compress(STAFF))}  # fmt: skip
    path = put(tmp_path, PACKERS[kind](inner))
    assert taken(path, "a.csv.gz") == STAFF
    for name in ("b.zip", "c.tgz", "d.gz.gz"):
        with pytest.raises(DeliveryError, match=f"pack!/{name}; got .* inside what is packed already"):
            taken(path, name)


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_that_is_read_as_a_file_has_one_member(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, PACKERS[kind]({"staff.csv": STAFF}))
    with opened(path) as plain:
        assert plain.read_bytes() == STAFF
    path = put(tmp_path, PACKERS[kind](PACK))
    with (
        pytest.raises(DeliveryError, match=r"several members.*3 of them.*name the member: pack!/hr/staff.csv"),
        opened(path),
    ):
        pass


@pytest.mark.parametrize("kind", PACKERS)
def test_hidden_and_unfinished_members_are_left_out(tmp_path: Path, kind: str) -> None:
    pack = {"__MACOSX/._staff.csv": b"x", ".DS_Store": b"x", "a.csv.part": b"x", "~$l.xlsx": b"x", "staff.csv": STAFF}
    assert names(put(tmp_path, PACKERS[kind](pack))) == ["staff.csv"]


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_without_files_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DeliveryError, match=r"without files|no archive"):
        listing(put(tmp_path, PACKERS[kind]({})))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_cut_archive_is_refused_wherever(tmp_path: Path, kind: str) -> None:
    noise = random.Random(1).randbytes(3000)
    whole = PACKERS[kind]({"staff.csv": noise, "b.csv": noise})
    step = max(1, len(whole) // (6 if kind == "7z" else 60))
    zeros = 1024 if kind == "tar" else 0  # the last two records of tar and what fills up its block
    end = len(whole.rstrip(b"\0")) + zeros // 2 if zeros else len(whole) - 1
    for cut in range(1, end, step):
        path = put(tmp_path, whole[:cut])
        try:
            listing(path)
        except DeliveryError:
            continue
        pytest.fail(f"cut at {cut} of {len(whole)} was listed")


@pytest.mark.parametrize("kind", [k for k in PACKERS if k not in ("tar", "tar.zst")])
def test_a_changed_byte_is_found(tmp_path: Path, kind: str) -> None:
    """Tar has checksums of its headers only; what packs it has to have the one of the content."""
    noise = random.Random(1).randbytes(2000)
    whole = PACKERS[kind]({"staff.csv": noise})
    step = len(whole) // (8 if kind == "7z" else 200)
    for at in range(0, len(whole), max(1, step)):
        path = put(tmp_path, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            if names(path) == ["staff.csv"]:
                assert taken(path, "staff.csv") == noise, at
        except DeliveryError:
            pass


def test_damage_names_the_member_and_leaves_the_others(tmp_path: Path) -> None:
    whole = bytearray(zip_of({"bad.csv": bytes(range(256)), "good.csv": STAFF}, zipfile.ZIP_STORED))
    whole[60] ^= 1
    path = put(tmp_path, bytes(whole))
    assert names(path) == ["bad.csv", "good.csv"]
    assert taken(path, "good.csv") == STAFF
    with pytest.raises(DeliveryError, match=r"pack!/bad.csv; got damage \(Bad CRC-32"):
        taken(path, "bad.csv")


EVIL = ["../../etc/x", "/etc/x", "C:/x", "a/../../b", r"..\x"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_names_that_lead_elsewhere_are_told_and_write_nothing(tmp_path: Path, kind: str) -> None:
    inside = tmp_path / "deep" / "er"
    inside.mkdir(parents=True)
    path = put(inside, PACKERS[kind]({**dict.fromkeys(EVIL, STAFF), "ok.csv": STAFF}))
    found = listing(path)
    assert [m.name for m in found if m.problem is None] == ["ok.csv"]
    assert len(found) == 6
    before = tree(tmp_path)
    for evil in found[:5]:
        with (
            pytest.raises(DeliveryError, match=r"leads out|absolute path"),
            opened(path, evil.name, folder=inside / "w"),
        ):
            pass
    assert taken(path, "ok.csv") == STAFF
    assert {k: v for k, v in tree(tmp_path).items() if k != "deep/er/w"} == before


def test_a_name_that_leads_elsewhere_in_7z(tmp_path: Path) -> None:
    data = seven_of({"aa/aa/x.csv": STAFF})
    path = put(tmp_path, data)
    assert names(path) == ["aa/aa/x.csv"]
    evil = "../../x.csv".encode("utf-16-le")
    plain = plain_header(data)
    path = put(tmp_path, renamed(plain, "aa/aa/x.csv".encode("utf-16-le"), evil))
    assert problems(path) == {"../../x.csv": "a name that leads out of the archive"}
    with pytest.raises(DeliveryError, match="leads out"):
        taken(path, "../../x.csv")


def test_links_and_devices_are_no_members(tmp_path: Path) -> None:
    others = [
        special("link.csv", tarfile.SYMTYPE, "/etc/passwd"), special("hard.csv", tarfile.LNKTYPE, "staff.csv"),
        special("dev.csv", tarfile.CHRTYPE), special("pipe.csv", tarfile.FIFOTYPE), special("folder", tarfile.DIRTYPE),
    ]  # fmt: skip
    path = put(tmp_path, tar_of({"staff.csv": STAFF}, *others))
    assert set(problems(path)) == {"link.csv", "hard.csv", "dev.csv", "pipe.csv"}
    for name in problems(path):
        with pytest.raises(DeliveryError, match="a link, a device"):
            taken(path, name)
    info = zipfile.ZipInfo("link.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "link" in problems(put(tmp_path, out.getvalue()))["link.csv"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_two_members_of_one_name_are_none(tmp_path: Path, make: Callable[..., bytes]) -> None:
    path = put(tmp_path, make([("a.csv", b"1"), ("./a.csv", b"2"), ("b.csv", b"3"), ("A.csv", b"4")]))
    assert problems(path) == {"a.csv": "2 members of this name"}
    assert names(path) == ["a.csv", "b.csv", "A.csv"]
    assert taken(path, "A.csv") == b"4"


def test_odd_names(tmp_path: Path) -> None:
    path = put(tmp_path, tar_of({"a\nb.csv": b"1", "\udcfc.csv": b"2", "-rf": b"3", "\u202ecod.exe": b"4"}))
    assert names(path) == [r"a\x0ab.csv", r"\xfc.csv", "-rf", r"\u202ecod.exe"]
    assert taken(path, r"a\x0ab.csv") == b"1"
    path = put(tmp_path, zip_of({"n" * 2000 + ".csv": b"1", "ok": b"2"}))
    assert list(problems(path).values()) == ["a name of more than 1000 bytes"]
    assert len(names(path)[0]) < 250


def test_names_of_zips_in_code_page_437_and_in_unmarked_utf8(tmp_path: Path) -> None:
    for encoding in ("cp437", "utf-8"):
        written = "Größe.csv".encode(encoding)
        whole = zip_of({"x" * len(written): STAFF}).replace(b"x" * len(written), written)
        path = put(tmp_path, whole)
        assert names(path) == ["Größe.csv"]
        assert taken(path, "Größe.csv") == STAFF
    path = put(tmp_path, zip_of({r"hr\staff.csv": STAFF}))
    assert taken(path, "hr/staff.csv") == STAFF
    path = put(tmp_path, zip_of({"a_b.csv": STAFF}).replace(b"a_b", b"a\0b"))
    assert list(problems(path).values()) == ["a NUL in its name"]


def test_passwords_are_refused_by_name(tmp_path: Path) -> None:
    whole = bytearray(zip_of({"a.csv": STAFF}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    assert problems(put(tmp_path, bytes(whole))) == {"a.csv": "a password"}
    for hide in (False, True):
        with pytest.raises(DeliveryError, match="got a password"):
            listing(put(tmp_path, seven_of({"a.csv": STAFF}, "secret", hide=hide)))


def test_methods_that_are_not_read_are_told(tmp_path: Path) -> None:
    whole = bytearray(zip_of({"a.csv": STAFF}))
    whole[8] = whole[whole.index(b"PK\x01\x02") + 10] = 9  # Deflate64
    assert problems(put(tmp_path, bytes(whole))) == {"a.csv": "packing method 9, which is not read"}


def test_sizes_beyond_belief_are_told(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.csv")
    info.size = (1 << 70) - 512
    path = put(tmp_path, info.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(DeliveryError, match="damaged or incomplete tar"):
        listing(path)
    found = member.member("a.csv", 1 << 70)
    assert found is not None
    assert found.size < 1 << 63
    assert found.problem is not None
    assert "zip bomb" in found.problem


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_of_zip(tmp_path: Path, method: int) -> None:
    content = bytes(range(256)) * 999
    assert taken(put(tmp_path, zip_of({"a": content}, method)), "a") == content


def test_zip64(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a.csv", "w", force_zip64=True) as file:
        file.write(STAFF)
    assert taken(put(tmp_path, out.getvalue()), "a.csv") == STAFF


# -- documents, listings that are kept, the public reader -----------------------------------------------


def test_workbooks_are_no_archives(tmp_path: Path) -> None:
    path = tmp_path / "staff.xlsx"
    book = Workbook()
    book.worksheets[0].append(["a"])
    book.save(path)
    assert packing_of(path, "x").plain
    ods = put(tmp_path, zip_of({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}))
    assert packing_of(ods, "x").plain
    packed = put(tmp_path, gzip.compress(path.read_bytes()))
    with opened(packed) as plain:
        assert plain.read_bytes() == path.read_bytes()
    pack = put(tmp_path, zip_of({"staff.xlsx": path.read_bytes()}))
    assert taken(pack, "staff.xlsx") == path.read_bytes()


def test_listings_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kept = put(tmp_path, zip_of(PACK)), tmp_path / "kept"
    found = kept_listing(path, "pack", "0" * 64, kept)
    path.write_bytes(b"gone")
    assert kept_listing(path, "pack", "0" * 64, kept) == found
    (next(iter(kept.iterdir()))).write_text("{")
    with pytest.raises(DeliveryError):
        kept_listing(path, "pack", "0" * 64, kept)


def test_leftovers_of_a_killed_run_are_replaced(tmp_path: Path) -> None:
    path = put(tmp_path, zip_of(PACK))
    left = tmp_path / "work" / "unpacked" / "1"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    with opened(path, "hr/staff.csv", folder=tmp_path / "work") as plain:
        assert plain.read_bytes() == STAFF
    assert not left.exists()


def test_the_public_reader_reads_through(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    (tmp_path / "p.zip").write_bytes(zip_of({"hr/x.csv": b"a,b\n1,2\n", "y": b""}))
    for path in (tmp_path / "x.csv.gz", tmp_path / "p.zip!/hr/x.csv"):
        assert [row.cells for chunk in read(path, {"delimiter": ","}) for row in chunk.rows()] == [["1", "2"]]


def test_limits_stand_in_relation() -> None:
    assert limits.FREE_BYTES < limits.MAX_UNPACKED_BYTES < limits.MAX_ARCHIVE_BYTES


def test_mutated_archives_are_read_or_refused(tmp_path: Path) -> None:
    """Whatever the bytes, nothing but a DeliveryError, and nothing left behind."""
    seeds = [PACKERS[kind](PACK) for kind in PACKERS if kind != "7z"]  # which is a process each time
    seeds += [zip_of(PACK, zipfile.ZIP_STORED), gzip.compress(STAFF), zstd.compress(STAFF), bz2.compress(STAFF)]
    rng = random.Random(7)
    outcomes = {True: 0, False: 0}
    for _ in range(1500):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(data))
            change = rng.randrange(4)
            if change == 0:
                data[at] = rng.randrange(256)
            elif change == 1:
                del data[at : min(at + rng.choice((1, 40)), len(data) - 1)]
            elif change == 2:
                data[at:at] = data[at : at + rng.choice((1, 30, 512))]
            else:
                other = rng.choice(seeds)
                data[at : at + 40] = other[at : at + 40]
        path = put(tmp_path, bytes(data))
        try:
            for found in listing(path):
                with opened(path, found.name, folder=tmp_path / "work") as plain:
                    assert plain.is_file()
            outcomes[True] += 1
        except DeliveryError:
            outcomes[False] += 1
        assert {p.name for p in tmp_path.rglob("*")} <= {"pack", "work"}
    assert min(outcomes.values()) > 50
