"""The dbt project with some of its marts, for tests that are about builds and not about what a mart shows.

A build of all marts takes twenty CPU seconds, one of eight takes two.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from pipelines.reporting import changes, project, publish, run

_REF = re.compile(r"ref\('(\w+)'\)")


@contextmanager
def only(marts: Collection[str], folder: Path) -> Iterator[tuple[str, ...]]:
    """Builds make these marts and what they read, from a copy of the project in a folder; gives their names."""
    _copy(_with_all_they_read(marts), folder)
    named = tuple(sorted(marts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "PROJECT", folder)
        for module in (changes, project, publish, run):
            patch.setattr(module, "MARTS", named)
        yield named


def _with_all_they_read(marts: Iterable[str]) -> set[str]:
    models = {path.stem: path for path in (project.PROJECT / "models").rglob("*.sql")}
    found: set[str] = set()
    left = list(marts)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _refs(models[name])
    return found


def _copy(models: set[str], folder: Path) -> None:
    """The project without other models, their tests, and the unit tests of formulas."""
    shutil.copytree(project.PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
    for path in (folder / "models").rglob("*.sql"):
        if path.stem not in models:
            path.unlink()
    for path in (folder / "tests").glob("*.sql"):
        if not _refs(path) or not _refs(path) <= models:
            path.unlink()
    for path in (folder / "models").rglob("_*.yml"):
        declared = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if "sources" in declared:
            continue
        left = [model for model in declared.get("models", []) if model["name"] in models]
        path.write_text(yaml.safe_dump({"models": left}), encoding="utf-8") if left else path.unlink()


def _refs(path: Path) -> set[str]:
    return set(_REF.findall(path.read_text(encoding="utf-8")))
