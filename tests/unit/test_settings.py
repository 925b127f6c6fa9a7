"""Limits that an office may set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import DeclarationError
from pipelines.settings import ROOT, limit


def test_a_limit_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit("RECORD_CHARS", 7) == 7
    monkeypatch.setenv("KONTOR_MAX_RECORD_CHARS", "100")
    assert limit("RECORD_CHARS", 7) == 100


@pytest.mark.parametrize("text", ["0", "-1", "4 GB", "1e9"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KONTOR_MAX_RECORD_CHARS", text)
    with pytest.raises(DeclarationError, match="KONTOR_MAX_RECORD_CHARS"):
        limit("RECORD_CHARS", 7)


def test_a_set_limit_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b\n1," + "x" * 5000 + "\n")
    command = [sys.executable, "-m", "pipelines", "read", str(path), "--dialect", '{"delimiter": ",", "header": true}']
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, len(done.stdout)) == (0, 5007)
    env = {"PATH": "/usr/bin:/bin", "KONTOR_MAX_RECORD_CHARS": "1000"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    assert done.returncode == 2
    assert "records of at most 1000 characters" in done.stderr
