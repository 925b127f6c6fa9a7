from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.archive import archive
from pipelines.extract.discover import sha256_of
from pipelines.settings import ROOT, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", tmp_path / "landing", (), None)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "landing" / "acme" / "a.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a,b\n1,2\n" * 1000)
    return path


def test_archived_once_read_only_under_its_hash(settings: Settings, original: Path) -> None:
    sha = sha256_of(original)
    target = archive(original, sha, settings)
    assert target == settings.home / "archive" / sha[:2] / sha
    assert target.read_bytes() == original.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o400
    before = target.stat()
    assert archive(original, sha, settings) == target
    assert target.stat().st_ino == before.st_ino
    assert [p.name for p in target.parent.iterdir()] == [sha]


def test_archived_file_outlives_the_landing_file(settings: Settings, original: Path) -> None:
    sha = sha256_of(original)
    target = archive(original, sha, settings)
    original.unlink()
    assert archive(original, sha, settings) == target


def test_file_that_changed_since_it_was_registered(settings: Settings, original: Path) -> None:
    sha = sha256_of(original)
    original.write_bytes(b"something else")
    with pytest.raises(DeliveryError, match="file changed while being read"):
        archive(original, sha, settings)
    assert list((settings.archive / sha[:2]).iterdir()) == []


def test_file_that_is_gone(settings: Settings, original: Path) -> None:
    with pytest.raises(DeliveryError, match="file is gone"):
        archive(original.with_name("none.csv"), "0" * 64, settings)


def test_damaged_copy_is_replaced(settings: Settings, original: Path) -> None:
    sha = sha256_of(original)
    target = archive(original, sha, settings)
    target.chmod(0o600)
    target.write_bytes(b"rot")
    assert archive(original, sha, settings).read_bytes() == original.read_bytes()


def test_half_copies_of_killed_runs_are_removed_when_old(settings: Settings, original: Path) -> None:
    sha = sha256_of(original)
    folder = settings.archive / sha[:2]
    folder.mkdir(parents=True)
    old, young = folder / f".{sha}.1.aa.part", folder / f".{sha}.2.bb.part"
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    archive(original, sha, settings)
    assert sorted(p.name for p in folder.iterdir()) == sorted([sha, young.name])


def test_killed_midway_leaves_nothing_under_the_name(settings: Settings, original: Path) -> None:
    sha = sha256_of(original)
    program = (
        "import os, sys; from pathlib import Path; from pipelines.extract.archive import archive;"
        "from pipelines.settings import load_settings; os.fsync = lambda handle: os._exit(9);"
        "archive(Path(sys.argv[1]), sys.argv[2], load_settings())"
    )
    env = {**os.environ, "KONTOR_HOME": str(settings.home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program, str(original), sha], env=env, check=False)
    assert done.returncode == 9
    assert not (settings.archive / sha[:2] / sha).exists()
    assert archive(original, sha, settings).read_bytes() == original.read_bytes()
