from __future__ import annotations

import errno
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DeclarationError, DeliveryError, TransientError
from pipelines.extract.discover import (
    FoundFile,
    find_files,
    lookup_files,
    match,
    natural_key,
    path_of,
    sha256_of,
    survey,
    unmatched,
    with_members,
)
from pipelines.extract.members import listing
from pipelines.profile import Profile, ProfileModel
from tests.unit.extract.members.packs import tar_of, zip_of


def profile(**parts: Any) -> Profile:
    data = {
        "client": "acme",
        "name": "ACME",
        "locale": "de_DE",
        "time_zone": "Europe/Berlin",
        "calendar": "DE",
        **parts,
    }
    return Profile(ProfileModel.model_validate(data), Path("acme.yaml"), "")


def source(files: str, **words: Any) -> dict[str, Any]:
    return {"files": files, "columns": {"customer_id": {"from": "Nr"}}, **words}


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(*rels: str) -> list[FoundFile]:
    return [FoundFile(Path(r), r, 1, datetime(2024, 5, 1, tzinfo=UTC)) for r in rels]


def test_files_at_any_depth_in_natural_order(tmp_path: Path) -> None:
    for rel in ("OP_10.csv", "OP_2.csv", "b/1.csv", "a/x/y.csv"):
        put(tmp_path / "acme" / rel, rel)
    put(tmp_path / "other" / "z.csv")
    files = find_files(tmp_path, "acme")
    assert [f.rel for f in files] == ["a/x/y.csv", "b/1.csv", "OP_2.csv", "OP_10.csv"]
    assert files[0].size == 9
    assert files[0].mtime.tzinfo is UTC


def test_client_without_a_folder(tmp_path: Path) -> None:
    assert find_files(tmp_path, "acme") == []


def test_hidden_and_partial_names_are_left_out(tmp_path: Path) -> None:
    names = [".hidden", "a.csv.part", "b.TMP", "~$list.xlsx", "c.filepart", ".git/x.csv", "d.part/y.csv", "ok.csv"]
    for name in names:
        put(tmp_path / "acme" / name)
    (tmp_path / "acme" / "empty").mkdir()
    os.mkfifo(tmp_path / "acme" / "pipe.csv")
    assert [f.rel for f in find_files(tmp_path, "acme")] == ["ok.csv"]


def test_links_do_not_lead_out_of_the_client_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    landing = tmp_path / "landing"
    secret = put(landing / "other" / "secret.csv")
    inside = put(landing / "acme" / "a.csv")
    outside = put(tmp_path / "outside" / "o.csv")
    (landing / "acme" / "inside.csv").symlink_to(inside)
    (landing / "acme" / "secret.csv").symlink_to(secret)
    (landing / "acme" / "outside.csv").symlink_to(outside)
    (landing / "acme" / "folder").symlink_to(outside.parent)
    (landing / "acme" / "loop").symlink_to(landing / "acme")
    (landing / "acme" / "dangling.csv").symlink_to(landing / "acme" / "none.csv")
    assert [f.rel for f in find_files(landing, "acme")] == ["a.csv", "inside.csv"]
    assert "secret.csv is a link out of" in caplog.text


def test_client_folder_that_is_a_link_out_of_landing(tmp_path: Path) -> None:
    put(tmp_path / "outside" / "o.csv")
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "acme").symlink_to(tmp_path / "outside")
    with pytest.raises(DeclarationError, match="link to elsewhere"):
        find_files(tmp_path / "landing", "acme")


def test_landing_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path / "real" / "acme" / "a.csv")
    (tmp_path / "landing").symlink_to(tmp_path / "real")
    assert [f.rel for f in find_files(tmp_path / "landing", "acme")] == ["a.csv"]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    folder = put(tmp_path / "acme" / "a.csv").parent
    with open(os.fsencode(folder) + b"/M\xfcller.csv", "wb") as file:  # noqa: PTH123 - a name that is only bytes
        file.write(b"x")
    assert [f.rel for f in find_files(tmp_path, "acme")] == ["a.csv", "M\\xfcller.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_folder_is_not_passed_over(tmp_path: Path) -> None:
    folder = put(tmp_path / "acme" / "closed" / "a.csv").parent
    folder.chmod(0)
    try:
        with pytest.raises(TransientError, match="cannot be read"):
            find_files(tmp_path, "acme")
    finally:
        folder.chmod(0o700)


def test_match_is_on_the_whole_path() -> None:
    sources = profile(feeds={"clients.customers": source(r"k/.*\.csv")}).sources
    hits = match(found("k/a.csv", "k/a.csv.bak", "x/k/a.csv"), sources)
    assert [m.found.rel for m in hits] == ["k/a.csv"]
    assert (hits[0].period, hits[0].groups, hits[0].error) == (None, {}, None)


@pytest.mark.parametrize(
    ("pattern", "written", "expected"),
    [
        ("%Y-%m", "2024-05", "2024-05"),
        ("%Y%m", "202405", "2024-05"),
        ("%d.%m.%Y", "31.05.2024", "2024-05-31"),
        ("%b%y", "May24", "2024-05"),
        ("%Y-%j", "2024-032", "2024-02-01"),
    ],
)
def test_period_from_the_file_name(pattern: str, written: str, expected: str) -> None:
    feed = source(r"OP_(?P<period>.+)\.csv", mode="period", period_format=pattern)
    (hit,) = match(found(f"OP_{written}.csv"), profile(feeds={"ledgers.payables": feed}).sources)
    assert (hit.period, hit.groups) == (expected, {"period": written})


def test_period_that_is_no_date() -> None:
    feed = source(r"OP(_(?P<period>\d{4}-\d\d))?\.csv", mode="period")
    hits = match(found("OP.csv", "OP_2024-13.csv"), profile(feeds={"ledgers.payables": feed}).sources)
    assert [m.period for m in hits] == [None, None]
    assert "got '2024-13'; expected a date as '%Y-%m'" in str(hits[1].error)
    assert hits[0].error is not None


def test_order_of_deliveries_is_period_time_path() -> None:
    feed = source(r"(?P<period>\d{4}-\d\d)_(?P<part>\d+)\.csv", mode="period")
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
    times = {"2024-02_1.csv": early, "2024-01_10.csv": late, "2024-01_2.csv": late, "2024-01_3.csv": early}
    files = [FoundFile(Path(rel), rel, 1, at) for rel, at in times.items()]
    hits = match(files, profile(feeds={"ledgers.payables": feed}).sources)
    assert [m.found.rel for m in hits] == ["2024-01_3.csv", "2024-01_2.csv", "2024-01_10.csv", "2024-02_1.csv"]
    assert hits[0].groups == {"period": "2024-01", "part": "3"}


def test_one_file_may_belong_to_several_sources() -> None:
    feeds = {"clients.customers": {"sources": {"a": source("x.csv"), "b": source("x.csv")}}}
    assert [m.ref.name for m in match(found("x.csv"), profile(feeds=feeds).sources)] == ["a", "b"]


def test_unmatched_and_lookup_files() -> None:
    use = {"lookup": {"table": "cities", "key": "Nr", "column": "city"}}
    feed = {"files": "k.csv", "columns": {"city": use}}
    tables = {"cities": {"files": r"c\d+\.csv", "key": "Nr"}, "unused": {"files": "u.csv", "key": "Nr"}}
    it = profile(feeds={"clients.customers": feed}, lookups=tables, ignore_files={r".*/?PROVENANCE\.txt": "origin"})
    files = found("k.csv", "c1.csv", "c10.csv", "u.csv", "x/PROVENANCE.txt", "PROVENANCE.txt", "new.csv")
    assert [f.rel for f in unmatched(files, match(files, it.sources), it)] == ["new.csv"]
    tables_found = lookup_files(it, it.sources[0].source, files)
    assert {k: [f.rel for f in v] for k, v in tables_found.items()} == {"cities": ["c1.csv", "c10.csv"]}


def test_natural_key() -> None:
    rels = ["a10", "a2", "A3", "a", "10", "9", "a/10", "a/9", "٣"]
    assert sorted(rels, key=natural_key) == ["9", "10", "a", "a/9", "a/10", "a2", "A3", "a10", "٣"]


def test_sha256(tmp_path: Path) -> None:
    empty = put(tmp_path / "e", "")
    assert sha256_of(empty) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# -- what is no file, or has no ordinary name ----------------------------------------------------------


def told(landing: Path) -> dict[str, str | None]:
    """What the survey says of each entry."""
    return {f.rel: f.error.got if f.error else None for f in survey(landing, "acme")}


def test_what_is_no_file_is_told_and_never_opened(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    folder = put(landing / "acme" / "a.csv").parent
    outside = put(tmp_path / "outside" / "o.csv")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket.csv"))
        (folder / "out.csv").symlink_to(outside)
        (folder / "proc.csv").symlink_to("/proc/self/environ")
        (folder / "null.csv").symlink_to("/dev/zero")
        (folder / "none.csv").symlink_to(folder / "nothing")
        (folder / "loop.csv").symlink_to(folder / "loop.csv")
        (folder / "folder").symlink_to(outside.parent)
        (folder / "up").symlink_to(folder)
        (folder / "fd.csv").symlink_to("/proc/self/fd/0")
        (folder / "inside.csv").symlink_to(folder / "a.csv")
        said = told(landing)
    out, no_file = "a link out of the client's folder", "a pipe, socket or device"
    fd = said.pop("fd.csv")
    assert fd is not None
    assert said == {
        "a.csv": None, "inside.csv": None, "pipe.csv": no_file, "socket.csv": no_file, "out.csv": out, "proc.csv": out,
        "null.csv": out, "none.csv": "a link to nothing", "loop.csv": os.strerror(errno.ELOOP),
        "folder": "a link to a folder, which is not followed", "up": "a link to a folder, which is not followed",
    }  # fmt: skip
    assert [f.rel for f in find_files(landing, "acme")] == ["a.csv", "inside.csv"]


def test_odd_names_lead_back_to_their_files(tmp_path: Path) -> None:
    folder = put(tmp_path / "acme" / "plain.csv").parent
    odd = [
        b"a\nb.csv",
        b"-rf",
        b"tab\t.csv",
        b"\xff\xfe.csv",
        b"\x1b[31m.csv",
        b"a\\x0ab.csv",
        b"x!",
        "\u202egnp.csv".encode(),
    ]
    for n, name in enumerate(odd):
        if name == b"x!":
            put(folder / "x!" / "in.csv", str(n))
        else:
            (folder / os.fsdecode(name)).write_text(str(n))
    found = survey(tmp_path, "acme")
    assert len({f.rel for f in found}) == len(odd) + 1
    for file in found:
        assert file.error is None
        assert file.rel.isprintable()
        assert (folder / path_of(file.rel)).read_bytes() == file.path.read_bytes()
        file.rel.encode()


def test_names_and_folders_that_are_too_long(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    put(folder / "/".join("x" * 250 for _ in range(4)) / "a.csv")
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d", dir_fd=handle)
        below = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(handle)
    found = survey(tmp_path, "acme")
    assert [f.error.got for f in found if f.error] == [
        "a folder too deep below others",
        "a path of more than 1000 bytes",
    ]
    assert all(len(f.rel) < 300 for f in found)


def test_times_beyond_the_calendar(tmp_path: Path) -> None:
    path = put(tmp_path / "acme" / "a.csv")
    try:
        os.utime(path, (2**38, 2**38))
    except OverflowError:
        pytest.skip("the file system has no such time")
    (file,) = survey(tmp_path, "acme")
    assert file.mtime.year in (2446, 9999)  # ext4 cuts it


def test_ten_thousand_files_in_one_folder(tmp_path: Path) -> None:
    folder = put(tmp_path / "acme" / "0.csv").parent
    for n in range(1, 10_000):
        (folder / f"{n}.csv").touch()
    sources = profile(
        feeds={"clients.customers": {"sources": {f"s{i}": source(rf"{i}\d*\.csv") for i in range(9)}}}
    ).sources
    started = time.monotonic()
    hits = match(survey(tmp_path, "acme"), sources)
    assert len(hits) == 8889
    assert time.monotonic() - started < 20


def test_a_pipe_in_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="no longer a file"):
        sha256_of(path)


# -- members of archives -------------------------------------------------------------------------------

PACKS = r"d/pack_(?P<period>\d{4}-\d{2})\.(zip|tgz)!/(staff|hr/.*)\.csv"


def packed(folder: Path, name: str, content: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def looked(root: Path, it: Profile) -> list[FoundFile]:
    return with_members(survey(root, "acme"), it, lambda f: listing(f.path, f.rel))


def test_members_are_matched_under_the_name_of_their_archive(tmp_path: Path) -> None:
    it = profile(
        feeds={"clients.customers": {"sources": {"a": source(PACKS, mode="period"), "all": source(r".*\.csv")}}},
        ignore_files={r".*!/.*\.txt": "for people"},
    )
    pack = zip_of({"staff.csv": b"1", "hr/x.csv": b"22", "hr/notes.txt": b"3", "other.xml": b"4"})
    packed(tmp_path / "acme", "d/pack_2026-10.zip", pack)
    packed(tmp_path / "acme", "d/untouched.zip", pack)
    packed(tmp_path / "acme", "d/pack_2026-11.tgz", tar_of({"only.txt": b"x"}))
    found = looked(tmp_path, it)
    hits = match(found, it.sources)
    assert [(m.ref.name, m.found.rel, m.period, m.found.size) for m in hits] == [
        ("a", "d/pack_2026-10.zip!/hr/x.csv", "2026-10", 2),
        ("a", "d/pack_2026-10.zip!/staff.csv", "2026-10", 1),
    ]
    left = [f.rel for f in unmatched(found, hits, it)]
    assert left == ["d/pack_2026-10.zip!/other.xml", "d/untouched.zip"]
    assert path_of(hits[0].found.rel) == Path("d/pack_2026-10.zip")


def test_an_archive_without_a_wanted_member_is_told_as_one_file(tmp_path: Path) -> None:
    it = profile(feeds={"clients.customers": source(PACKS)})
    packed(tmp_path / "acme", "d/pack_2026-10.zip", zip_of({f"{i}.xml": b"1" for i in range(50)}))
    found = looked(tmp_path, it)
    assert [f.rel for f in unmatched(found, match(found, it.sources), it)] == ["d/pack_2026-10.zip"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off", zip_of({"a": b"1"})[:-5]])
def test_an_archive_that_cannot_be_listed_fails_for_each_source_that_wants_a_member(
    tmp_path: Path, content: bytes
) -> None:
    feeds = {
        "clients.customers": {
            "sources": {"a": source(PACKS, mode="period"), "b": source("d/pack.*!/b"), "c": source("c")}
        }
    }
    it = profile(feeds=feeds)
    packed(tmp_path / "acme", "d/pack_2026-10.zip", content)
    found = looked(tmp_path, it)
    hits = match(found, it.sources)
    assert [(m.ref.name, m.found.rel, m.period) for m in hits] == [
        ("a", "d/pack_2026-10.zip", "2026-10"), ("b", "d/pack_2026-10.zip", None),
    ]  # fmt: skip
    assert all(isinstance(m.error, DeliveryError) for m in hits)
    assert unmatched(found, hits, it) == []


def test_an_archive_that_is_matched_itself_is_a_file(tmp_path: Path) -> None:
    it = profile(feeds={"clients.customers": {"sources": {"a": source(r"p\.zip"), "b": source(r"p\.zip!/a\.csv")}}})
    packed(tmp_path / "acme", "p.zip", zip_of({"a.csv": b"1"}))
    assert [(m.ref.name, m.found.rel) for m in match(looked(tmp_path, it), it.sources)] == [("a", "p.zip")]


def test_look_up_files_may_be_members(tmp_path: Path) -> None:
    use = {"lookup": {"table": "cities", "key": "Nr", "column": "city"}}
    it = profile(
        feeds={"clients.customers": {"files": "k.csv", "columns": {"city": use}}},
        lookups={"cities": {"files": r"p\.zip!/c\.csv", "key": "Nr"}},
    )
    packed(tmp_path / "acme", "p.zip", zip_of({"c.csv": b"1", "d.csv": b"2"}))
    found = looked(tmp_path, it)
    assert [f.rel for f in lookup_files(it, it.sources[0].source, found)["cities"]] == ["p.zip!/c.csv"]
    assert [f.rel for f in unmatched(found, [], it)] == ["p.zip!/d.csv"]


def test_a_file_may_come_packed_or_not(tmp_path: Path) -> None:
    it = profile(feeds={"clients.customers": source(r"(.*\.zip!/)?k/.*\.csv")})
    packed(tmp_path / "acme", "k/a.csv", b"1")
    packed(tmp_path / "acme", "p.zip", zip_of({"k/b.csv": b"1"}))
    packed(tmp_path / "acme", "broken.zip", zip_of({"k/b.csv": b"1"})[:-5])
    packed(tmp_path / "acme", "note.txt", b"1")
    found = looked(tmp_path, it)
    hits = match(found, it.sources)
    assert [m.found.rel for m in hits] == ["k/a.csv", "p.zip!/k/b.csv"]
    left = {f.rel: f.error.got if f.error else None for f in unmatched(found, hits, it)}
    assert left.keys() == {"broken.zip", "note.txt"}
    assert "damaged or incomplete" in str(left["broken.zip"])
    assert left["note.txt"] is None
