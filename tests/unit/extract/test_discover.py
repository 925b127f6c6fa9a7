from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DeclarationError, TransientError
from pipelines.extract.discover import (
    FoundFile,
    find_files,
    lookup_files,
    match,
    natural_key,
    sha256_of,
    unmatched,
)
from pipelines.profile import Profile, ProfileModel


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
