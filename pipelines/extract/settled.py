"""Files that are still being written are left alone until they are complete.

A sender who says when a file is complete (`done:` in the profile) is believed. Otherwise a file is complete when
two looks, some seconds apart, see the same size and time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.extract.discover import FoundFile, Match
from pipelines.origin_words import marker_of


@dataclass(frozen=True)
class Settled:
    """Files of one client: those that are complete as far as looking tells, and those that are not, with the reason."""

    files: list[FoundFile]
    growing: dict[str, str]


def settled(
    look: Callable[[str], list[FoundFile]],
    clients: Iterable[str],
    window: float,
    *,
    now: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
) -> dict[str, Settled]:
    """Look at every client's files; once more, after one wait for all of them, where a file is younger than `window`.

    Young is what was changed (mtime) or renamed, linked or given its time (ctime) within `window` seconds, or in
    the future: a clock that is wrong costs a second look and never keeps a file waiting. A file that differs
    between the looks is left for the next night; so is one that only the second look sees.
    """
    first = {client: look(client) for client in clients}
    young = {client: _young(files, now() - window) for client, files in first.items()}
    if window > 0 and any(young.values()):
        wait(window)
    out: dict[str, Settled] = {}
    for client, files in first.items():
        out[client] = _compare(files, look(client)) if window > 0 and young[client] else Settled(files, {})
    return out


def finished(
    matches: Sequence[Match], found: Sequence[FoundFile], known: Callable[[Match], bool]
) -> tuple[list[Match], dict[str, str], set[str]]:
    """(matches to work on, path → what it waits for, paths of markers) by the `done` words of the sources.

    A marker is never a delivery itself; that of an archive stands for all of its members. A file that is `known`
    (judged before, and the same since) needs none.
    """
    there = {f.rel: f for f in found}
    marker = {
        id(m): marker_of(m.ref.source.done, (m.found.container or m.found).rel) for m in matches if m.ref.source.done
    }
    markers = {rel for rel in marker.values() if rel in there}
    go: list[Match] = []
    waiting: dict[str, str] = {}
    for match in matches:
        wanted = marker.get(id(match))
        if match.found.rel in markers:
            continue
        if wanted is None or wanted in markers or known(match):
            go.append(match)
        else:
            waiting[match.found.rel] = f"its marker {wanted} is not there"
    return go, waiting, markers


def _young(files: Sequence[FoundFile], since: float) -> bool:
    return any(max(f.mtime.timestamp(), _ctime(f)) > since for f in files)


def _ctime(file: FoundFile) -> float:
    try:
        return file.path.stat().st_ctime
    except OSError:  # taken away meanwhile: the second look misses it
        return float("inf")


def _compare(before: Sequence[FoundFile], after: Sequence[FoundFile]) -> Settled:
    seen: Mapping[str, FoundFile] = {f.rel: f for f in before}
    same = [f for f in after if f.rel in seen and (seen[f.rel].size, seen[f.rel].mtime) == (f.size, f.mtime)]
    still = {f.rel for f in same}
    return Settled(same, {f.rel: "still being written" for f in after if f.rel not in still})
