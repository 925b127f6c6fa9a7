"""From scored pairs to golden records: what is joined, which id it has, what is said of each pair; written as far as it
is not so already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.matching.clusters import MERGED, SAME, Clusters, Decided, Evidence, Floats, Ints, cluster
from pipelines.matching.golden_ids import Known, founder_id, golden_ids
from pipelines.matching.model import Model
from pipelines.matching.scoring import Scorer
from pipelines.profile_words import Golden
from pipelines.warehouse.match_store import PAIR, MatchStore

Flags = npt.NDArray[np.bool_]
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Judged:
    """Scored pairs by the places of their customers in a table, the lower one left."""

    left: Ints
    right: Ints
    probability: Floats
    reasons: pa.ChunkedArray

    @classmethod
    def of(cls, tables: Sequence[pa.Table]) -> Judged:
        """Tables with these columns, one after the other."""
        kinds = {"left": pa.int64(), "right": pa.int64(), "probability": pa.float64(), "reasons": pa.string()}
        empty = pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
        whole = pa.concat_tables([empty, *(table.select(list(kinds)) for table in tables)])
        left, right, probability = (whole[name].to_numpy() for name in ("left", "right", "probability"))
        return cls(left, right, probability, whole["reasons"])

    def named(self, rows: pa.Table) -> pa.Table:
        """The same by the keys of the customers."""
        return pa.table(
            {
                **dict(zip(PAIR, _ends(rows, self.left, self.right), strict=True)),
                "probability": self.probability,
                "reasons": self.reasons,
            }
        )


@dataclass(frozen=True)
class Part:
    """The customers that are judged together (`rows`, in the order of their keys) and what is known of them.

    `region`: those whose golden record may become another one, None for all; the others stand beside them and are one
    already by the pairs `settled`. `judged`: pairs with an end in the region that somebody might look at. `before`:
    pairs that were scored some time before, whatever came of it. `features_of`: features of the rows at some places.
    """

    rows: pa.Table
    region: Flags | None
    judged: Judged
    model: Model
    model_id: str
    features_of: Callable[[Ints], pa.Table]
    before: Judged = field(default_factory=lambda: Judged.of([]))
    settled: Sequence[tuple[int, int]] = ()

    @classmethod
    def beside(
        cls,
        rows: pa.Table,
        region: pa.Table,
        changed: pa.Table,
        fresh: pa.Table,
        known: pa.Table,
        review_at: float,
        model: Model,
        model_id: str,
        features_of: Callable[[Ints], pa.Table],
    ) -> Part:
        """A region, with new pairs `fresh` of customers that changed and what the tables know of all others."""
        inside, other = _mask(rows, region), _mask(rows, changed)
        new_left, new_right = _places_of(rows, fresh)
        left, right = _places_of(rows, known)
        here = (left >= 0) & (right >= 0)
        known, left, right = known.filter(pa.array(here)), left[here], right[here]
        touches = inside[left] | inside[right]
        stands = ~other[left] & ~other[right] & known["probability"].is_valid().to_numpy()
        old = pa.table({"left": left, "right": right, "probability": known["probability"], "reasons": known["reasons"]})
        counts = stands & touches & (pc.fill_null(known["probability"], 0.0).to_numpy() >= review_at)
        joined = ~touches & pc.equal(known["verdict"], MERGED).to_numpy()
        new = pa.table(
            {"left": new_left, "right": new_right, "probability": fresh["probability"], "reasons": fresh["reasons"]}
        )
        return cls(
            rows,
            inside,
            Judged.of([new, old.filter(pa.array(counts))]),
            model,
            model_id,
            features_of,
            before=Judged.of([old.filter(pa.array(stands))]),
            settled=list(zip(left[joined].tolist(), right[joined].tolist(), strict=True)),
        )

    @property
    def inside(self) -> Flags:
        """Whether each row is in the region."""
        return np.ones(self.rows.num_rows, bool) if self.region is None else self.region

    @property
    def of(self) -> str | None:
        """The temporary table with the rows; None for all."""
        return None if self.region is None else "match_row"


def settle(store: MatchStore, golden: Golden, part: Part) -> tuple[int, int]:
    """Make the golden records of a part what they shall be; returns how many members and pairs were written."""
    found = cluster(_evidence(store, golden, part))
    ids = golden_ids(found.label, _known_ids(store, part), _founder(store, part), store.used)
    inside = part.inside
    at = np.flatnonzero(inside)
    members = part.rows.select(["source", "customer_id"]).take(pa.array(at))
    members = members.append_column("golden_id", pa.array(ids[at], pa.string()))
    members = members.append_column("linked_by", pa.array(found.linked_by[at], pa.string()))
    return store.write(members, _pairs(part, found, inside), whole=part.region is None)


def _evidence(store: MatchStore, golden: Golden, part: Part) -> Evidence:
    inside = part.inside
    return Evidence(
        records=part.rows.num_rows,
        left=part.judged.left,
        right=part.judged.right,
        probability=part.judged.probability,
        merge_at=float(golden.merge_at),
        groups=[g for rule in range(len(golden.same)) for g in _groups(part.rows[f"same_{rule}"], inside)],
        decided=_decided(part.rows, store.decisions(), inside),
        asked=_asked(part.rows, store.lapsed(), inside),
        different=[_codes(part.rows[name]) for name in golden.different],
        sources=_codes(part.rows["source"]) if golden.one_per_source else None,
        settled=part.settled,
    )


def _groups(column: pa.ChunkedArray, inside: Flags) -> list[Ints]:
    """Places that share a value of the column."""
    at = np.flatnonzero(column.is_valid().to_numpy() & inside)
    values = column.take(pa.array(at)).to_numpy()
    order = np.lexsort((at, values))
    at, values = at[order], values[order]
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1]))) if len(values) else at
    ends = np.append(starts[1:], len(values))
    shared = ends - starts > 1
    return [at[begin:end] for begin, end in zip(starts[shared].tolist(), ends[shared].tolist(), strict=True)]


def _decided(rows: pa.Table, said: pa.Table, inside: Flags) -> list[Decided]:
    """Decisions on two customers that are both here; those that join are about the region only."""
    left, right = _places_of(rows, said)
    found = []
    for one, other, verdict, number in zip(
        left.tolist(), right.tolist(), said["verdict"].to_pylist(), said["decision_id"].to_pylist(), strict=True
    ):
        is_same = verdict == SAME
        if one >= 0 and other >= 0 and (not is_same or (inside[one] and inside[other])):
            found.append(Decided(one, other, is_same, number))
    return found


def _asked(rows: pa.Table, lapsed: pa.Table, inside: Flags) -> list[tuple[int, int, int]]:
    """Pairs in the region that wait since what was decided on them has lapsed, with that decision."""
    left, right = _places_of(rows, lapsed)
    here = (left >= 0) & (right >= 0)
    here[here] &= inside[left[here]] | inside[right[here]]
    ids = lapsed["decision_id"].to_numpy()
    return list(zip(left[here].tolist(), right[here].tolist(), ids[here].tolist(), strict=True))


def _codes(column: pa.ChunkedArray) -> Ints:
    """The number of each value, -1 for none."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    whole = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    codes: Ints = pc.fill_null(whole.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return codes


def _known_ids(store: MatchStore, part: Part) -> Known:
    members, holders = store.members(part.of), store.holders(part.of)
    present = np.full(part.rows.num_rows, None, object)
    at = _index(part.rows, members["source"], members["customer_id"])
    here = at >= 0
    present[at[here]] = members["golden_id"].filter(pa.array(here)).to_numpy(zero_copy_only=False)
    first = holders.group_by("golden_id").aggregate([("since", "min")])
    since = dict(zip(first["golden_id"].to_pylist(), first["since_min"].to_pylist(), strict=True))
    given_up = holders.filter(pc.invert(pc.is_in(holders["golden_id"], value_set=members["golden_id"].unique())))
    places = _index(part.rows, given_up["source"], given_up["customer_id"]).tolist()
    by_id: dict[str, tuple[int, list[int]]] = {}
    for golden_id, place in zip(given_up["golden_id"].to_pylist(), places, strict=True):
        number, records = by_id.get(golden_id, (0, []))
        by_id[golden_id] = (number + 1, [*records, place] if place >= 0 else records)
    return Known(present, since, {golden_id: one for golden_id, one in by_id.items() if one[1]})


def _founder(store: MatchStore, part: Part) -> Callable[[int, int], str]:
    sources, ids = part.rows["source"].to_pylist(), part.rows["customer_id"].to_pylist()
    return lambda at, attempt: founder_id(store.client_id, sources[at], ids[at], attempt)


def _pairs(part: Part, found: Clusters, inside: Flags) -> pa.Table:
    """What is to be said of every pair with an end in the region."""
    scored = len(part.judged.left)
    probability, reasons = _scored_too(part, found.left[scored:], found.right[scored:])
    told = pa.chunked_array([*part.judged.reasons.chunks, *reasons.chunks], pa.string())
    wanted = pa.array(inside[found.left] | inside[found.right])
    ends = _ends(part.rows, found.left, found.right)
    table = pa.table(
        {
            **dict(zip(PAIR, ends, strict=True)),
            "verdict": pa.array(found.verdict, pa.string()),
            "decided_by": pa.array(found.decided_by, pa.string()),
            "probability": np.concatenate([part.judged.probability, probability]),
            "reasons": told,
            "model_id": pa.repeat(part.model_id, len(found.left)),
            "decision_id": pa.array(found.decision_id, pa.int64(), mask=found.decision_id < 0),
        }
    )
    return table.filter(wanted)


def _scored_too(part: Part, left: Ints, right: Ints) -> tuple[Floats, pa.ChunkedArray]:
    """Probability and reasons of pairs that a rule or a steward made: as they were scored before, else scored now."""
    if not len(left):
        return np.zeros(0), pa.chunked_array([], pa.string())
    width = np.int64(part.rows.num_rows)
    known = pa.array(part.before.left * width + part.before.right, pa.int64())
    at = pc.index_in(pa.array(left * width + right, pa.int64()), value_set=known)
    missing = at.is_null().to_numpy(zero_copy_only=False)
    ends, places = np.unique(np.concatenate([left[missing], right[missing]]), return_inverse=True)
    half = int(missing.sum())
    scorer = Scorer(part.model, part.features_of(ends))
    fresh = scorer.score(pa.array(places[:half], pa.int64()), pa.array(places[half:], pa.int64()))
    both = np.empty(len(left))
    both[missing] = fresh["probability"].to_numpy()
    kept = at.drop_null().cast(pa.int64())
    both[~missing] = pa.array(part.before.probability).take(kept).to_numpy()
    texts = np.empty(len(left), object)
    texts[missing] = fresh["reasons"].to_pylist()
    texts[~missing] = part.before.reasons.take(kept).to_pylist()
    return both, pa.chunked_array([pa.array(texts, pa.string())])


# names and places ---------------------------------------------------------------------------------------------


def _ends(rows: pa.Table, left: Ints, right: Ints) -> list[pa.ChunkedArray]:
    """Source and number of both customers of each pair, in the order of `PAIR`."""
    return [rows[name].take(pa.array(at, pa.int64())) for at in (left, right) for name in ("source", "customer_id")]


def _places_of(rows: pa.Table, pairs: pa.Table) -> tuple[Ints, Ints]:
    """Places of both customers of each pair."""
    left_source, left_id, right_source, right_id = (pairs[name] for name in PAIR)
    return _index(rows, left_source, left_id), _index(rows, right_source, right_id)


def _mask(rows: pa.Table, names: pa.Table) -> Flags:
    at = _index(rows, names["source"], names["customer_id"])
    mask = np.zeros(rows.num_rows, bool)
    mask[at[at >= 0]] = True
    return mask


def _index(rows: pa.Table, sources: pa.ChunkedArray, ids: pa.ChunkedArray) -> Ints:
    """Places of customers in the rows, -1 for those that are not there."""
    among = pc.binary_join_element_wise(rows["source"], rows["customer_id"], _SEPARATOR)
    wanted = pc.binary_join_element_wise(sources, ids, _SEPARATOR)
    found: Ints = pc.fill_null(pc.index_in(wanted, value_set=among).cast(pa.int64()), -1).to_numpy()
    return found
