"""Who is who: compares the customers of a client, joins those that are one, and keeps to what stewards say.

Only what changed is done again. The score of a pair depends on its two customers and the model alone, and what is
joined on the pairs that connect customers alone; so whoever changed is compared with those that share a key, and the
customers that pairs connect with them are joined anew. The tables are those of doing everything anew with the same
model, which is what happens on the first night, when the words of the profile change, and when most has changed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from pipelines.catalog import CUSTOMERS
from pipelines.errors import DeclarationError, KontorError
from pipelines.flow.match_lapsing import lapse
from pipelines.flow.match_settling import Judged, Part, settle
from pipelines.flow.office import Office, open_office
from pipelines.matching import candidates
from pipelines.matching import model as models
from pipelines.matching.clusters import Ints
from pipelines.matching.features import SOURCES, VERSION, features
from pipelines.matching.glance import READ, Glance
from pipelines.matching.keys import keys
from pipelines.matching.scoring import Scorer
from pipelines.profile_words import Golden
from pipelines.warehouse import audit
from pipelines.warehouse.arrow_tables import listed
from pipelines.warehouse.match_store import LAPSED_BY, PAIR, MatchStore, Model

log = logging.getLogger("kontor.matching")

MOST_CHANGED = 0.3
"""Share of the customers above which all are compared anew: it costs less than finding out whom to spare."""
GROWN = 1.5
"""By how much a client without a model of its own has grown when it is tried again to learn one."""


@dataclass(frozen=True)
class Matched:
    """What came of matching one client.

    `compared`: customers that were new or changed, or all of them; `gone`: those that are not current any more;
    `pairs`: pairs that were scored; `moved`, `judged`: customers and pairs whose golden record, or what is said of
    them, is another one now.
    """

    client_id: str
    customers: int
    compared: int
    gone: int
    pairs: int
    moved: int
    judged: int
    model_id: str
    is_learnt: bool
    seconds: float

    @property
    def said(self) -> str:
        """All of it in one line."""
        model = "learnt weights" if self.is_learnt else "default weights: too few customers to learn from"
        return (
            f"{self.client_id}: {self.customers} customers, {self.compared} compared in {self.pairs} pairs, "
            f"{self.gone} gone; {self.moved} customers and {self.judged} pairs are judged otherwise than before; "
            f"{model}; {self.seconds:.1f} s"
        )


def match_customers(*, client: str | None = None, relearn: bool = False, office: Office | None = None) -> list[Matched]:
    """Bring the golden records of every client (or one) up to date with core and with all decisions.

    `relearn`: learn the weights anew and compare all by them. Told is of clients that have, or had, customers.
    """
    office = office or open_office()
    office.catalog.refuse_broken(client)
    known = clients(office)
    if client is not None and client not in known:
        raise DeclarationError(
            f"no golden records are made of {client}",
            got=client,
            expected=f"a client with a source of {CUSTOMERS}: {', '.join(known) or 'there is none'}",
            next_step="check the client's name and profile",
        )
    found = []
    for name in known if client is None else [client]:
        found.append(_match(office, name, relearn=relearn))
        log.info("%s", found[-1].said)
    return found if client is not None else [one for one in found if one.customers or one.gone]


def match_all(*, office: Office | None = None) -> tuple[list[Matched], dict[str, KontorError]]:
    """The same for every client, whatever comes of the others: what was done, and client → why it was not."""
    office = office or open_office()
    done, failed = [], {}
    for name in clients(office):
        try:
            done.append(_match(office, name, relearn=False))
        except KontorError as error:
            failed[name] = error
    return done, failed


def apply_decisions(client_id: str, *, office: Office | None = None) -> Matched:
    """Bring what stewards decided or revoked of a client since the last time into effect, and with it what else has
    changed since then.

    To be called after `record_decision` or `revoke_decision` has been committed; matching of the client that is under
    way is waited for. Whoever does not call it leaves it to the next night.
    """
    return match_customers(client=client_id, office=office)[0]


def clients(office: Office) -> list[str]:
    """The clients whose customers are matched: those that declare to deliver some."""
    profiles = office.catalog.profiles.items()
    return sorted(name for name, profile in profiles if any(ref.feed == CUSTOMERS for ref in profile.sources))


def _match(office: Office, client_id: str, *, relearn: bool) -> Matched:
    started = time.perf_counter()
    with office.warehouse.turn(f"matching {client_id}"), office.warehouse.transaction() as conn:
        conn.execute(sa.text("set transaction isolation level repeatable read"))
        golden = office.profile(client_id).model.golden
        store = MatchStore(conn, client_id, office.contract(CUSTOMERS), {*SOURCES, *golden.different})
        return _Matching(store, golden, started).run(relearn=relearn)


def words_of(golden: Golden) -> dict[str, object]:
    """What of the profile decides who is one."""
    return golden.model_dump(mode="json", include={"merge_at", "review_at", "same", "different", "one_per_source"})


class _Matching:
    """One run for one client."""

    def __init__(self, store: MatchStore, golden: Golden, started: float) -> None:
        self.store = store
        self.golden = golden
        self.started = started
        self.same = [list(names) for names in golden.same]
        self.review_at = float(golden.review_at)
        self.scored = 0

    def run(self, *, relearn: bool) -> Matched:
        store, in_use = self.store, self.store.model()
        changed, gone = store.find_changes()
        self._lapse()
        unapplied = store.unapplied()
        before = store.customers()
        self.after = before - gone + store.number_new()
        learn = relearn or in_use is None or in_use.parameters["features"] != VERSION or self._may_learn(in_use)
        whole = learn or in_use is None or in_use.parameters["words"] != words_of(self.golden)
        if not whole and not changed and not gone and not unapplied:
            return self._matched(in_use, 0, 0, (0, 0))
        if in_use is None or whole or changed + gone > MOST_CHANGED * before:
            compared, (model, part) = self.after, self._everything(None if learn else in_use)
        else:
            compared, (model, part) = changed, self._changes(in_use)
        written = settle(self.store, self.golden, part)
        store.mark_applied(unapplied)
        return self._matched(model, compared, gone, written)

    def _lapse(self) -> None:
        """What was decided on customers who are others now is told, in the log of who decided what, too."""
        for decision, why in lapse(self.store).items():
            log.warning("decision %s on customers of %s lapses: %s", decision, self.store.client_id, why)
            detail = {"client": self.store.client_id, "decision": decision, "why": why}
            audit.record(self.store.conn, actor=LAPSED_BY, action="decision on customers lapsed", detail=detail)

    def _may_learn(self, in_use: Model) -> bool:
        """Whether a client that has the default weights has grown into some of its own."""
        return (
            in_use.model_id == models.DEFAULT.model_id
            and self.after >= models.FEWEST
            and (in_use.records < models.FEWEST or self.after >= GROWN * in_use.records)
        )

    def _matched(self, model: Model | None, compared: int, gone: int, written: tuple[int, int]) -> Matched:
        model_id = model.model_id if model else models.DEFAULT.model_id
        return Matched(
            client_id=self.store.client_id,
            customers=self.after,
            compared=compared,
            gone=gone,
            pairs=self.scored,
            moved=written[0],
            judged=written[1],
            model_id=model_id,
            is_learnt=model_id != models.DEFAULT.model_id,
            seconds=time.perf_counter() - self.started,
        )

    # everything anew -----------------------------------------------------------------------------------

    def _everything(self, in_use: Model | None) -> tuple[Model, Part]:
        rows = self.store.rows(None, self.same)
        made = features(rows)
        if in_use is None:
            learnt = models.learn(made) or models.DEFAULT
        else:
            learnt = models.Model.from_json(in_use.parameters["model"])
        model = self._kept(learnt, rows.num_rows if in_use is None else in_use.records)
        found = keys(made, learnt)
        numbers = np.arange(rows.num_rows)
        record, key = found["record"].to_numpy(), found["key"].to_numpy()
        order = np.argsort(key, kind="stable")  # a table whose keys come in order is written in half the time
        same_record, same_key = _same_keys(rows, len(self.same))
        self.store.replace_keys(
            _records(rows, numbers, (record, key), (same_record, same_key)),
            pa.table({"key": key[order], "record_id": record[order]}),
            pa.table({"key": same_key, "record_id": same_record}),
        )
        scorer = Scorer(learnt, made)
        judged = self._score(scorer, self._counted(candidates.pairs(record, key)))
        return model, Part(rows, None, judged, learnt, model.model_id, lambda at: made.take(at))

    def _kept(self, learnt: models.Model, records: int) -> Model:
        parameters = {"features": VERSION, "words": words_of(self.golden), "model": learnt.to_json()}
        model = Model(learnt.model_id, parameters, records)
        self.store.keep_model(model)
        return model

    # what changed --------------------------------------------------------------------------------------

    def _changes(self, in_use: Model) -> tuple[Model, Part]:
        store, model = self.store, models.Model.from_json(in_use.parameters["model"])
        store.expect_few()
        new = store.rows("match_changed", self.same)
        numbers = self._numbered(new)
        found = keys(features(new), model)
        record, key = found["record"].to_numpy(), found["key"].to_numpy()
        store.tell_keys(_records(new, numbers, (record, key), _same_keys(new, len(self.same))))
        mates = pa.concat_tables([store.mates(), pa.table({"key": key, "record_id": numbers[record]})])
        store.exchange_keys()
        rows, judged = self._score_changes(model, numbers, mates)
        named = judged.named(rows)
        edges = named.filter(pc.greater_equal(named["probability"], float(self.golden.merge_at)))
        store.find_region(edges, float(self.golden.merge_at))
        store.find_rows(pa.concat_tables([named.select(PAIR), store.pairs("match_region").select(PAIR)]))
        beside = store.rows("match_row", self.same)
        part = Part.beside(
            beside, store.region(), store.changed(), named, store.pairs("match_row"), self.review_at, model,
            in_use.model_id, lambda at: features(beside.take(at)),
        )  # fmt: skip
        return in_use, part

    def _numbered(self, new: pa.Table) -> Ints:
        """The numbers of customers that changed; those that are new get the next ones."""
        missing = new["record_id"].is_null().to_numpy()
        numbers: Ints = pc.fill_null(new["record_id"], -1).to_numpy().copy()
        numbers[missing] = self.store.next_record() + np.arange(int(missing.sum()))
        return numbers

    def _score_changes(self, model: models.Model, numbers: Ints, mates: pa.Table) -> tuple[pa.Table, Judged]:
        """Who changed (by their numbers) against all `mates`; pairs are places in the rows returned.

        The whole rows are read of those alone who may be one with somebody at a glance.
        """
        names, known = np.unique(mates["record_id"].to_numpy(), return_inverse=True)
        self.store.number(pa.array(names, pa.int64()))
        seen = self.store.rows("match_number", columns=READ)
        glance, places = Glance(model, seen), _places(seen, names)
        focus = np.isin(seen["record_id"].to_numpy(), numbers)
        left, right = self._glanced(glance, candidates.pairs(places[known], mates["key"].to_numpy(), focus))
        chosen = np.unique(np.concatenate([left, right]))
        self.store.pick(seen.take(pa.array(chosen)))
        rows = self.store.rows("match_row", self.same)
        places = np.zeros(seen.num_rows, np.int64)
        places[chosen] = _places(rows, seen["record_id"].to_numpy()[chosen])
        batch = np.minimum(places[left], places[right]), np.maximum(places[left], places[right])
        return rows, self._score(Scorer(model, features(rows)), [batch])

    def _glanced(self, glance: Glance, batches: Iterable[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
        """Those of the pairs that somebody might look at, whatever their addresses are."""
        left, right = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for one, other in self._counted(batches):
            for side, kept in zip((left, right), glance.may_reach(self.review_at, one, other), strict=True):
                side.append(kept)
        return np.concatenate(left), np.concatenate(right)

    # both ----------------------------------------------------------------------------------------------

    def _counted(self, batches: Iterable[tuple[Ints, Ints]]) -> Iterator[tuple[Ints, Ints]]:
        for batch in batches:
            self.scored += len(batch[0])
            yield batch

    def _score(self, scorer: Scorer, batches: Iterable[tuple[Ints, Ints]]) -> Judged:
        """Those of the pairs that somebody might look at."""
        kept: list[pa.Table] = []
        for left, right in batches:
            places = pa.table({"left": left, "right": right})
            table = scorer.score(places["left"], places["right"])
            wanted = pc.greater_equal(table["probability"], self.review_at)
            kept.append(
                pa.table({**{n: places[n] for n in ("left", "right")}, **{n: table[n] for n in table.column_names}})
                .filter(wanted)
            )  # fmt: skip
        return Judged.of(kept)


def _records(rows: pa.Table, numbers: Ints, keys: tuple[Ints, Ints], same_keys: tuple[Ints, Ints]) -> pa.Table:
    """By which keys each customer is found again (of either kind: places in the rows, ascending, and keys)."""
    records = rows.select(["source", "customer_id", "row_hash"])
    records = records.append_column("record_id", pa.array(numbers, pa.int64()))
    for name, (places, values) in {"keys": keys, "same_keys": same_keys}.items():
        ends = np.searchsorted(places, np.arange(1, rows.num_rows + 1))
        records = records.append_column(name, listed(pa.array(values, pa.int64()), ends.tolist()))
    return records


def _places(rows: pa.Table, names: Ints) -> Ints:
    """Where the customers with these numbers stand in the rows."""
    at = rows["record_id"].to_numpy()
    order: Ints = np.argsort(at)
    return order[np.searchsorted(at[order], names)] if len(at) else names


def _same_keys(rows: pa.Table, rules: int) -> tuple[Ints, Ints]:
    """Place and hash of what the profile says makes customers the same, by place."""
    places, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for rule in range(rules):
        column = rows[f"same_{rule}"]
        at = np.flatnonzero(column.is_valid().to_numpy())
        places.append(at)
        values.append(column.take(pa.array(at)).to_numpy())
    place, value = np.concatenate(places), np.concatenate(values)
    order = np.argsort(place, kind="stable")
    return place[order], value[order]
