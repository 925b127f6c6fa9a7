"""Names of golden records that outlive the night.

An id is made from the record that founded it, and stays with the customers it stands for: when clusters are joined the
oldest of their ids stays, when one is parted the part with most of its customers keeps it, unless that part had an id
of its own before. An id that was given up is given again only to a cluster with all customers that ever had it, such as
when a steward takes a merge back; never to others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # those that are not taken for one another
_LENGTH = 11  # 55 bits: of 10 million records in a hundred clients one pair or so needs another try


@dataclass(frozen=True)
class Known:
    """What of ids is known of some records.

    `present`: the id of a record now, None without; `since`: when an id was first given, for all of `present` and
    `holders`; `holders`: given-up ids of these records → number of customers that ever had it, and which of these.
    """

    present: npt.NDArray[np.object_]
    since: Mapping[str, Any] = field(default_factory=dict)
    holders: Mapping[str, tuple[int, Collection[int]]] = field(default_factory=dict)


def founder_id(client_id: str, source: str, customer_id: str, attempt: int = 0) -> str:
    """The id that a customer gives a golden record it founds: `C` and 11 letters."""
    text = "\0".join((client_id, source, customer_id, *([str(attempt)] if attempt else [])))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") >> 1
    return "C" + "".join(_LETTERS[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))


def golden_ids(
    label: Ints,
    known: Known,
    fresh: Callable[[int, int], str],
    taken: Callable[[Sequence[str]], Collection[str]],
) -> npt.NDArray[np.object_]:
    """The id of every record's cluster (`label`: its lowest record).

    `fresh(record, attempt)` makes an id; `taken` says which of some ids were ever used.
    """
    ids: dict[int, str] = {}
    odd = _keep_whole(label, known, ids)
    _undo(label, known, ids)
    if len(odd):
        _keep_most(label[odd], known.present[odd], known.since, lambda id_, root: fresh(root, 0) == id_, ids)
    _give_back(label, known, ids)
    roots = np.flatnonzero(label == np.arange(len(label)))
    _give_fresh([root for root in roots.tolist() if root not in ids], ids, fresh, taken)
    by_root = np.empty(len(label), object)
    by_root[roots] = [ids[root] for root in roots.tolist()]
    found: npt.NDArray[np.object_] = by_root[label]
    return found


def _keep_whole(label: Ints, known: Known, ids: dict[int, str]) -> Ints:
    """Clusters that are what they were keep their id, whatever their number; returns the records of all others that
    have an id."""
    have: Ints = np.flatnonzero(known.present != None)  # noqa: E711 (by element)
    if not len(have):
        return have
    names, code = np.unique(known.present[have].astype(str), return_inverse=True)
    lowest = np.full(len(names), len(label), np.int64)
    np.minimum.at(lowest, code, label[have])
    highest = np.full(len(names), -1, np.int64)
    np.maximum.at(highest, code, label[have])
    of_root = np.full(len(label), -1, np.int64)  # the id of a cluster, -2 when it has several
    root = label[have]
    first = np.full(len(label), len(names), np.int64)
    np.minimum.at(first, root, code)
    last = np.full(len(label), -1, np.int64)
    np.maximum.at(last, root, code)
    of_root[root] = np.where(first[root] == last[root], code, -2)
    whole = (of_root[root] == code) & (lowest[code] == highest[code])
    kept = np.unique(root[whole])
    ids.update(zip(kept.tolist(), names[of_root[kept]].tolist(), strict=True))
    odd: Ints = have[~whole]
    return odd


def _undo(label: Ints, known: Known, ids: dict[int, str]) -> None:
    """A part that is just the customers of an id given up when they were joined with others has it again, so that the
    others keep theirs."""
    if not known.holders:
        return
    sizes = np.bincount(label, minlength=len(label))
    held = Counter(known.present.tolist())
    for golden_id, (number, records) in sorted(known.holders.items(), key=lambda of: (known.since[of[0]], of[0])):
        places = list(records)
        roots = {int(label[record]) for record in places}
        if len(places) != number or len(roots) != 1 or roots & ids.keys():
            continue
        root, now = roots.pop(), {known.present[record] for record in places} - {None}
        if sizes[root] == number and len(now) == 1 and held[now.pop()] > number:
            ids[root] = golden_id


def _keep_most(
    label: Ints,
    present: npt.NDArray[np.object_],
    since: Mapping[str, Any],
    founded: Callable[[str, int], bool],
    ids: dict[int, str],
) -> None:
    """Of clusters that were joined or parted: the oldest id first chooses the cluster with most of its customers."""
    counts: dict[str, dict[int, int]] = {}
    for root, golden_id in zip(label.tolist(), present.tolist(), strict=True):
        of_id = counts.setdefault(golden_id, {})
        of_id[root] = of_id.get(root, 0) + 1
    for golden_id in sorted(counts, key=lambda i: (since[i], i)):
        free = [root for root in counts[golden_id] if root not in ids]
        if free:
            sizes = counts[golden_id]
            ids[min(free, key=lambda r: (-sizes[r], not founded(golden_id, r), r))] = golden_id


def _give_back(label: Ints, known: Known, ids: dict[int, str]) -> None:
    """A cluster with all customers that ever had an id, none of which has it now, gets it again: the oldest such id."""
    used = set(ids.values())
    for golden_id in sorted(known.holders, key=lambda i: (known.since[i], i)):
        number, records = known.holders[golden_id]
        roots = {int(label[record]) for record in records}
        if golden_id not in used and len(records) == number and len(roots) == 1 and not roots & ids.keys():
            ids[roots.pop()] = golden_id


def _give_fresh(
    roots: Sequence[int],
    ids: dict[int, str],
    fresh: Callable[[int, int], str],
    taken: Callable[[Sequence[str]], Collection[str]],
) -> None:
    """An id made from the lowest record; the next one of it where that was used before."""
    given, attempt, todo = set(ids.values()), 0, list(roots)
    while todo:
        made = {root: fresh(root, attempt) for root in todo}
        used = set(taken(list(made.values())))
        again = []
        for root, golden_id in made.items():
            if golden_id in used or golden_id in given:
                again.append(root)
            else:
                ids[root] = golden_id
                given.add(golden_id)
        todo, attempt = again, attempt + 1
