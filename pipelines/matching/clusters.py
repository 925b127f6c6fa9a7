"""Which customers become one: pairs are joined from the surest to the least sure, as far as nothing speaks against it.

The order is: what a steward said (the newest first), what the profile calls the same, then the score. A union is
refused when it would bring together two customers that a steward keeps apart, whose `different` columns have values
without a common one, or (`one_per_source`) that come from one source. Of a steward only a steward is stronger: what
he joins may differ.

So three records of which only neighbours are alike may become one, and a golden record never holds two that somebody
or something declared keeps apart. What is joined depends on the records, the pairs and what is declared alone, and on
nothing outside the records that pairs connect: a part may be done again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MOST_TRIED = 100
"""Groups that a record is offered to within those the profile calls the same, when one after the other refuses it."""

MERGED, SAME, REVIEW, APART = "merged", "same", "review", "apart"
ALONE, RULE, SCORE, STEWARD = "alone", "rule", "score", "steward"


@dataclass(frozen=True)
class Decided:
    """What a steward said of two records, the lower number left."""

    left: int
    right: int
    is_same: bool
    decision_id: int


@dataclass(frozen=True)
class Evidence:
    """What is known of `records` records, numbered in the order of their keys.

    Scored pairs have the lower number left and are there once each. `groups`: records that the profile calls the
    same, each ascending, in the order of the rules. `decided`: one per pair, the newest first. `different`: of every
    such column the number of its value by record, -1 where it has none; `sources`: that of the source, when a source
    never holds a customer twice. `asked`: pairs that a steward is asked about however little alike they are, with the
    decision that has lapsed. `settled`: pairs of records that stand beside those judged and are one already.
    """

    records: int
    left: Ints
    right: Ints
    probability: Floats
    merge_at: float
    groups: Sequence[Ints] = ()
    decided: Sequence[Decided] = ()
    different: Sequence[Ints] = ()
    sources: Ints | None = None
    asked: Sequence[tuple[int, int, int]] = ()
    settled: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Clusters:
    """What became of it. `label`: the lowest number in a record's cluster; `linked_by`: see `golden_members`.

    The pairs are those of the evidence in their order, then those that a rule or steward alone knows of, whose
    probability is nan.
    """

    label: Ints
    linked_by: npt.NDArray[np.object_]
    left: Ints
    right: Ints
    probability: Floats
    verdict: npt.NDArray[np.object_]
    decided_by: npt.NDArray[np.object_]
    decision_id: Ints


def cluster(evidence: Evidence) -> Clusters:
    """Join what may be joined, and say of every pair what was made of it."""
    forest = _Forest(evidence)
    told = _Told(evidence)
    for left, right in evidence.settled:
        forest.unite(forest.find(left), forest.find(right))
    for said in evidence.decided:
        if said.is_same:
            told.note(said.left, said.right, *forest.join(said.left, said.right, STEWARD), STEWARD)
    for group in evidence.groups:
        for left, right, verdict, obstacle in forest.join_group(group.tolist()):
            told.note(left, right, verdict, obstacle, RULE)
    sure = np.flatnonzero(evidence.probability >= evidence.merge_at)
    order = sure[np.lexsort((evidence.right[sure], evidence.left[sure], -evidence.probability[sure]))]
    found = zip(evidence.left[order].tolist(), evidence.right[order].tolist(), strict=True)
    for left, right in found:
        told.note(left, right, *forest.join(left, right, SCORE), SCORE)
    return told.all(forest)


class _Forest:
    """Clusters in the making: the root of each is its lowest record."""

    def __init__(self, evidence: Evidence) -> None:
        self.parent = list(range(evidence.records))
        self.linked: dict[int, str] = {}
        self.enemies: dict[int, set[int]] = {}
        for said in evidence.decided:
            if not said.is_same:
                self.enemies.setdefault(said.left, set()).add(said.right)
                self.enemies.setdefault(said.right, set()).add(said.left)
        self.columns = [_Values(codes, wants_common=True) for codes in evidence.different]
        if evidence.sources is not None:
            self.columns.append(_Values(evidence.sources, wants_common=False))

    @property
    def is_free(self) -> bool:
        """Whether nothing can ever refuse a union."""
        return not self.enemies and not self.columns

    def find(self, record: int) -> int:
        """The root of a record's cluster."""
        parent, root = self.parent, record
        while parent[root] != root:
            root = parent[root]
        while parent[record] != root:
            parent[record], record = root, parent[record]
        return root

    def obstacle(self, one: int, other: int, by: str = SCORE) -> str | None:
        """What keeps two clusters (by their roots) apart: `steward`, `rule` or nothing."""
        if self.enemies:
            few, many = sorted((one, other), key=lambda root: len(self.enemies.get(root, ())))
            if any(self.find(enemy) == many for enemy in self.enemies.get(few, ())):
                return STEWARD
        if by != STEWARD and any(not column.fit(one, other) for column in self.columns):
            return RULE
        return None

    def join(self, left: int, right: int, by: str) -> tuple[str, str | None]:
        """Bring two records together: the verdict, and what was against it."""
        one, other = self.find(left), self.find(right)
        if one == other:
            return SAME, None
        if (against := self.obstacle(one, other, by)) is not None:
            return APART, against
        self.unite(one, other)
        self.linked.setdefault(left, by)
        self.linked.setdefault(right, by)
        return MERGED, None

    def unite(self, one: int, other: int) -> None:
        """Make one cluster of two roots."""
        if one == other:
            return
        root, gone = min(one, other), max(one, other)
        self.parent[gone] = root
        if gone in self.enemies:
            self.enemies.setdefault(root, set()).update(self.enemies.pop(gone))
        for column in self.columns:
            column.merge(root, gone)

    def join_group(self, members: Sequence[int]) -> Iterator[tuple[int, int, str, str | None]]:
        """Join each record with the first of those before it whose cluster takes it; tells the pair, and what refused.

        A hundred thousand that share a value are as many pairs, not their square.
        """
        heads = list(members[:1])
        for record in members[1:]:
            for head in heads[:MOST_TRIED]:
                verdict, against = self.join(head, record, RULE)
                if verdict != APART or head == heads[0]:
                    yield head, record, verdict, against
                if verdict != APART:
                    break
            else:
                heads.append(record)

    def labels(self) -> Ints:
        """The root of every record."""
        labels = np.asarray(self.parent, np.int64)
        while not np.array_equal(above := labels[labels], labels):
            labels = above
        return labels


class _Values:
    """The values of one column by cluster; a cluster that is not in the dictionary has that of its root."""

    def __init__(self, codes: Ints, *, wants_common: bool) -> None:
        self.codes = codes.tolist()
        self.wants_common = wants_common
        self.of_root: dict[int, frozenset[int]] = {}

    def values(self, root: int) -> frozenset[int]:
        if (known := self.of_root.get(root)) is not None:
            return known
        code = self.codes[root]
        return frozenset() if code < 0 else frozenset((code,))

    def fit(self, one: int, other: int) -> bool:
        """Whether two clusters may be one as far as this column goes."""
        here, there = self.values(one), self.values(other)
        if self.wants_common:
            return not here or not there or not here.isdisjoint(there)
        return here.isdisjoint(there)

    def merge(self, root: int, gone: int) -> None:
        self.of_root[root] = self.values(root) | self.values(gone)
        self.of_root.pop(gone, None)


class _Told:
    """What is to be said of each pair."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.known: dict[tuple[int, int], tuple[str, str]] = {}

    def note(self, left: int, right: int, verdict: str, against: str | None, by: str) -> None:
        """The surest that is said of a pair stays."""
        self.known.setdefault((left, right), (verdict, against or by))

    def all(self, forest: _Forest) -> Clusters:
        """Every pair with its verdict."""
        evidence, label = self.evidence, forest.labels()
        width = np.int64(max(evidence.records, 1))
        decided = {(said.left, said.right): said for said in evidence.decided}
        lapsed = {(left, right): decision for left, right, decision in evidence.asked}
        noted = [*self.known, *(pair for pair in (decided | lapsed) if pair not in self.known)]
        codes = evidence.left * width + evidence.right
        extra = np.asarray(sorted({left * int(width) + right for left, right in noted}), np.int64)
        extra = extra[~np.isin(extra, codes)]
        left = np.concatenate([evidence.left, extra // width])
        right = np.concatenate([evidence.right, extra % width])
        probability = np.concatenate([evidence.probability, np.full(len(extra), np.nan)])
        verdict = np.where(label[left] == label[right], SAME, REVIEW).astype(object)
        by = np.full(len(left), SCORE, object)
        ids = np.full(len(left), -1, np.int64)
        if not forest.is_free:
            for at in np.flatnonzero(verdict == REVIEW).tolist():
                against = forest.obstacle(int(label[left[at]]), int(label[right[at]]))
                if against is not None:
                    verdict[at], by[at] = APART, against
        order = np.argsort(left * width + right)
        wanted = np.asarray([one * int(width) + other for one, other in noted], np.int64)
        places = order[np.searchsorted((left * width + right)[order], wanted)]
        for pair, at in zip(noted, places.tolist(), strict=True):
            said = decided.get(pair)
            if said is not None:
                ids[at] = said.decision_id
            elif pair in lapsed:
                ids[at] = lapsed[pair]
            if pair in self.known:
                verdict[at], by[at] = self.known[pair]
                if verdict[at] == APART and label[left[at]] == label[right[at]]:  # others brought them together since
                    verdict[at], by[at] = SAME, SCORE
            elif said is not None:  # kept apart by it
                verdict[at], by[at] = APART, STEWARD
            if said is not None and said.is_same and verdict[at] != APART:
                by[at] = STEWARD
        linked = np.full(evidence.records, ALONE, object)
        for record, how in forest.linked.items():
            linked[record] = how
        return Clusters(label, linked, left, right, probability, verdict, by, ids)
