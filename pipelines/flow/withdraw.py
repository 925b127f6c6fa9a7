"""Withdraw: one delivery taken out everywhere it reached, what it replaced restored, what came later published again.

One transaction takes the scope back to the moment before the delivery, and registers the later deliveries again; the
steps then publish them from their archive. A process that dies in between leaves registered deliveries, which the next
run, or the same command again, brings to their end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery, Scope, State
from pipelines.errors import DeclarationError, LoadError
from pipelines.flow.office import Office, open_office
from pipelines.flow.recorded import recorded
from pipelines.flow.replay import again_under_id, register_one, require_archived, run_deliveries
from pipelines.flow.summary import stewards
from pipelines.load.reconcile import Totals, totals
from pipelines.reject import RejectState
from pipelines.warehouse import ddl, history, quarantine_store, register
from pipelines.warehouse.connection import scope_lock
from pipelines.warehouse.history_versions import ScopeHistory, dangling


@dataclass(frozen=True)
class AmountMoved:
    """Current amount of one money column in one currency, before and after."""

    column: str
    currency: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Again:
    """A later delivery, and the replay that publishes it again, as it stands now."""

    delivery_id: int
    replay_id: int
    state: str
    message: str | None


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal did. `already`: it was done before, and this call brought to its end what was left.

    `restored` deliveries speak again; `judged_again` were held or approved and are judged anew; `not_loaded` waited
    when the withdrawn delivery superseded them and do not come back by themselves; `dangling`: `feed.column` → rows
    that refer to nothing since.
    """

    delivery_id: int
    scope: str
    person: str
    why: str
    withdrawn: list[int]
    closed: int
    written: int
    rows_before: int
    rows_after: int = 0
    restored: list[int] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    judged_again: list[int] = field(default_factory=list)
    not_loaded: list[int] = field(default_factory=list)
    amounts: list[AmountMoved] = field(default_factory=list)
    dangling: dict[str, int] = field(default_factory=dict)
    already: bool = False


def withdraw(delivery_id: int, *, why: str, person: str, office: Office | None = None) -> Withdrawal:
    """Take one delivery, its replays and its corrections out, and publish again what came later.

    Raises DeclarationError, before anything is changed, when the person may not, the delivery does not speak, or a
    later one cannot be published again; LoadError, rolled back, when the scope is not as it was before.
    """
    office = office or open_office()
    with office.warehouse.lease(delivery_id):
        with office.warehouse.transaction() as conn:
            delivery = register.get(conn, delivery_id)
            require_steward(office, conn, delivery.client_id, person, "withdraw deliveries")
            if delivery.state is not State.WITHDRAWN:
                _Taking(office, conn, delivery, person, why).run()
        with office.warehouse.transaction() as conn:
            left = _left(conn, delivery)
        run_deliveries(office, left)
    with office.warehouse.transaction() as conn:
        told = _told(office, conn, register.get(conn, delivery_id))
    return replace(told, already=delivery.state is State.WITHDRAWN)


class _Taking:
    """The transaction of one withdrawal."""

    def __init__(self, office: Office, conn: sa.Connection, delivery: Delivery, person: str, why: str) -> None:
        self.office = office
        self.conn = conn
        self.delivery = delivery
        self.person = person
        self.why = why
        self.scope = history.registered_scope(conn, delivery)
        self.contract = office.contract(delivery.feed)
        self.versions = ScopeHistory(conn, self.contract, self.scope)

    def run(self) -> None:
        """Take back, restore, register again, write down."""
        ref = self.office.ref(self.delivery)
        if ref.shared_keys:
            scope_lock(self.conn, self.scope, whole_feed=True)
        scope_lock(self.conn, self.scope)
        line = history.line_of(self.conn, self.delivery)
        since = self._since(line)
        later = [d for d in history.published(self.conn, self.delivery, since) if d.delivery_id not in line]
        again = [d for d in later if not d.is_correction and not self._spoken_for(d, later)]
        for one in again:
            self._require_readable(one)
        before = self._current()
        dangling = _dangling(self.office, self.conn, self.delivery)
        at = self.versions.moment()
        closed, written = self.versions.take_back(since, at)
        self._check(since)
        taken = [*line, *(d.delivery_id for d in later)]
        restored = self._restore(line, later, since)
        history.mark_taken_back(self.conn, taken, at)
        gone = self._withdraw(line)
        replays = [[one.delivery_id, self._again(one).delivery_id] for one in again]
        said = f"withdrawal of delivery {self.delivery.delivery_id}"
        silent = history.superseded(self.conn, self.delivery)
        quarantine_store.resolve(self.conn, silent, RejectState.SUPERSEDED, by=said)
        judged = [d.delivery_id for d in history.waiting_for_decision(self.conn, self.delivery)]
        for one in history.all_of(self.conn, judged):
            said = f"judged again: delivery {self.delivery.delivery_id} of its scope was withdrawn"
            again_under_id(self.office, self.conn, one, actor=self.person, why=said)
        for correction in self.versions.due_corrections():
            self.versions.publish_again(correction)
        detail = {
            "why": self.why, "since": since, "at": at, "closed": closed, "written": written, "withdrawn": gone,
            "restored": restored, "judged_again": judged,
            "not_loaded": history.never_loaded(self.conn, self.delivery, line),
            "rows_before": before.rows, "dangling_before": dangling, "again": replays,
            "amounts_before": [
                [c, cur, str(a)] for (c, cur), a in sorted(before.amounts.items()) if self.contract.may_sum(c, 0)
            ],
        }  # fmt: skip
        register.audit.record(
            self.conn, actor=self.person, action="withdraw", delivery_id=self.delivery.delivery_id, detail=detail
        )

    def _since(self, line: list[int]) -> datetime:
        """The moment to go back to; refuses a delivery that does not speak, or for which another one does."""
        delivery, state = self.delivery, self.delivery.state
        since = history.first_published(self.conn, line)
        said = None
        if state is State.HELD:
            said = f"return it: `python -m pipelines return {delivery.delivery_id}`"
        elif state is State.SUPERSEDED and (speaker := self._speaker(line)):
            said = f"withdraw delivery {speaker}, which was made from the same file and speaks for it now"
        elif state not in (State.LOADED, State.SUPERSEDED) or since is None:
            said = "nothing: no row of it was loaded"
        if said or since is None:
            raise DeclarationError(
                f"delivery {delivery.delivery_id} cannot be withdrawn",
                got=f"state {state.value}",
                expected="a loaded delivery, or one that a later delivery of its period superseded",
                next_step=said or "nothing: no row of it was loaded",
            )
        return since

    def _speaker(self, line: list[int]) -> int | None:
        """The loaded replay of the same original."""
        if self.delivery.is_correction:
            return None
        others = [d for d in history.all_of(self.conn, line) if not d.is_correction]
        return next((d.delivery_id for d in others if d.state is State.LOADED), None)

    def _spoken_for(self, one: Delivery, later: list[Delivery]) -> bool:
        """Whether a later replay of the same original says what there is to say."""
        first = one.replays or one.delivery_id
        return any((d.replays or d.delivery_id) == first and d.delivery_id > one.delivery_id for d in later)

    def _require_readable(self, one: Delivery) -> None:
        """A later delivery must be publishable again, else nothing may be taken back."""
        try:
            ref = self.office.ref(one)
            mode = recorded(self.conn, one).ref.source.mode
            if mode != ref.source.mode:
                raise DeclarationError(
                    "its source is declared in another mode now",
                    got=f"mode {ref.source.mode}",
                    expected=f"mode {mode}, in which it was delivered",
                    next_step="restore the mode in the profile, withdraw, then change it again",
                )
            require_archived(self.office, self.conn, one)
        except DeclarationError as error:
            raise DeclarationError(
                f"nothing was withdrawn: delivery {one.delivery_id}, which came later, cannot be published again",
                where=error.where or one.file_name,
                got=error.what + (f", {error.got}" if error.got else ""),
                expected=error.expected,
                next_step=error.next_step,
            ) from None

    def _current(self) -> Totals:
        return totals(self.conn, self.contract, self.versions.now(), self.versions.values, "c")

    def _check(self, since: datetime) -> None:
        """Read back: what is current now is what was current then, row by row and in every amount."""
        values = {**self.versions.values, "since": since}
        then, now = totals(self.conn, self.contract, self.versions.before(), values, "t"), self._current()
        differing = self.versions.differences(since)
        if then == now and not differing:
            return
        raise LoadError(
            "the scope could not be taken back, nothing was withdrawn",
            where=str(self.scope),
            got=f"{now.rows} current rows, {differing} differences",
            expected=f"the {then.rows} rows and amounts of {since:%Y-%m-%d %H:%M:%S}, read back from core",
            next_step="report this with the number of the delivery",
        )

    def _restore(self, line: list[int], later: list[Delivery], since: datetime) -> list[int]:
        """What the withdrawn or a later delivery superseded speaks again; its rejects are open again."""
        by = [*line, *(d.delivery_id for d in later)]
        back = history.retired_by(self.conn, self.delivery, by, since)
        back = [d for d in back if d.delivery_id not in line]
        said = f"speaks again: delivery {self.delivery.delivery_id} was withdrawn by {self.person}"
        for old in back:
            register.move(self.conn, old, State.LOADED, actor=self.person, message=said)
        history.speak_again(self.conn, by)
        if self.delivery.is_correction:
            root = register.get(self.conn, int(self.delivery.corrects or 0))
            family = history.all_of(self.conn, history.line_of(self.conn, root))
            spoken = [d.delivery_id for d in family if d.state is State.LOADED]
            history.uncorrect(self.conn, spoken, self.delivery.delivery_id)
        return [d.delivery_id for d in back]

    def _withdraw(self, line: list[int]) -> list[int]:
        """Move the delivery and its corrections; a replay's original stays superseded. Their open rejects go along."""
        gone = []
        for one in history.all_of(self.conn, line):
            itself = one.delivery_id == self.delivery.delivery_id
            ddl.drop_work_table(self.conn, one)
            if one.state is State.SUPERSEDED and (itself or one.is_correction):
                said = f"what superseded it was taken back with delivery {self.delivery.delivery_id}"
                one = register.move(self.conn, one, State.LOADED, actor=self.person, message=said)
            if one.state is State.LOADED:
                said = f"withdrawn by {self.person}: {self.why}"
                register.move(
                    self.conn, one, State.WITHDRAWN, actor=self.person, message=said, detail={"why": self.why}
                )
                gone.append(one.delivery_id)
        quarantine_store.resolve(self.conn, line, RejectState.WITHDRAWN, by=self.person)
        return gone

    def _again(self, one: Delivery) -> Delivery:
        """Register a later delivery again; from now on its replay stands for it."""
        replay = register_one(self.office, self.conn, one)
        if one.state is State.LOADED:
            detail = {"again": replay.delivery_id, "withdrawn": self.delivery.delivery_id}
            history.retire(self.conn, one, replay, actor=self.person, detail=detail)
        return replay


def require_steward(office: Office, conn: sa.Connection, client_id: str, person: str, what: str) -> None:
    """Raise DeclarationError unless the client's profile names the person, who wants to do `what`, as a steward."""
    named = stewards(office, conn, client_id)
    if person in named:
        return
    raise DeclarationError(
        f"{person} may not {what} of {client_id}",
        expected=f"one of its stewards: {', '.join(named) or 'none is named'}",
        next_step="ask a steward, or name the person under `stewards:` in the client's profile",
    )


def _left(conn: sa.Connection, delivery: Delivery) -> list[Delivery]:
    """Deliveries of the scope that still have steps to do, in order."""
    scope = history.registered_scope(conn, delivery)
    found = register.unsettled(conn, client_id=scope.client_id, feed=scope.feed)
    return [d for d in found if d.state is not State.WAITING and history.registered_scope(conn, d) == scope]


def _told(office: Office, conn: sa.Connection, delivery: Delivery) -> Withdrawal:
    """What the log kept of the withdrawal, beside how things stand now."""
    entry = history.withdrawal_of(conn, delivery)
    if entry is None:  # a correction that went with the delivery it corrects
        root = int(delivery.corrects or delivery.delivery_id)
        raise DeclarationError(
            f"delivery {delivery.delivery_id} was withdrawn together with delivery {root}",
            next_step=f"nothing; `python -m pipelines explain {root}` tells by whom and why",
        )
    kept, scope = entry["detail"], history.registered_scope(conn, delivery)
    contract = office.contract(delivery.feed)
    now = _now(conn, contract, scope)
    before = {(column, currency): Decimal(amount) for column, currency, amount in kept["amounts_before"]}
    dangling = _dangling(office, conn, delivery)
    return Withdrawal(
        delivery_id=delivery.delivery_id,
        scope=str(scope),
        person=entry["actor"],
        why=kept["why"],
        withdrawn=kept["withdrawn"],
        closed=kept["closed"],
        written=kept["written"],
        rows_before=kept["rows_before"],
        rows_after=now.rows,
        restored=kept["restored"],
        again=[_again(conn, old, new) for old, new in kept["again"]],
        judged_again=kept["judged_again"],
        not_loaded=kept["not_loaded"],
        amounts=[
            AmountMoved(*place, before.get(place, Decimal(0)), now.amounts.get(place, Decimal(0)))
            for place in sorted({*before, *now.amounts})
            if contract.may_sum(place[0], 0)  # a few rows make the difference
        ],
        dangling={
            k: n - kept["dangling_before"].get(k, 0)
            for k, n in dangling.items()
            if n > kept["dangling_before"].get(k, 0)
        },
    )


def _again(conn: sa.Connection, old: int, new: int) -> Again:
    replay = register.get(conn, new)
    return Again(old, new, replay.state.value, replay.message)


def _now(conn: sa.Connection, contract: Contract, scope: Scope) -> Totals:
    versions = ScopeHistory(conn, contract, scope)
    return totals(conn, contract, versions.now(), versions.values, "c")


def _dangling(office: Office, conn: sa.Connection, delivery: Delivery) -> dict[str, int]:
    table = office.contract(delivery.feed).table
    return dangling(conn, office.catalog.contracts.values(), delivery.feed, table, delivery.client_id)
