"""The delivery register: all SQL on `ops`, and the only way to move a delivery from state to state.

Deliveries are here; what is known before they run is in `intake.py`, what steps report of them in `ledger.py`, the
log of every move in `audit.py`. Callers use all of it through this module.
"""

# ruff: noqa: S608 (names of columns are ours; values are always bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import SETTLED, Delivery, Kind, Scope, State, Verdict, may_move
from pipelines.errors import DeclarationError, LoadError, TransientError
from pipelines.profile import SourceRef
from pipelines.reject import RejectState
from pipelines.warehouse import audit, ddl, ledger, quarantine_store, requests
from pipelines.warehouse.intake import (
    Arrival,
    Input,
    Unmatched,
    add_arrival,
    arrival_of,
    declarations,
    file_groups,
    find_arrival,
    inputs,
    keep_declaration,
    know_client,
    note_unmatched,
    replace_declarations,
    replace_inputs,
    sync_clients,
    unmatched_files,
)
from pipelines.warehouse.ledger import (
    SETTABLE,
    Amount,
    Approval,
    ControlTotal,
    RuleResult,
    amounts,
    approval_hash,
    content_hash,
    controls,
    decide,
    end_step,
    newest_approval,
    rule_results,
    set_fields,
    start_step,
    stored_content_hash,
    write_amounts,
    write_controls,
    write_rule_results,
)

_COLUMNS = ", ".join(f.name for f in fields(Delivery))
_IN_SCOPE = "client_id = :client and feed = :feed and source = :source and scope_period = :period"
PLACE = "coalesce(period, ''), received_at, coalesce(replays, delivery_id)"
_ORDER = f"{PLACE}, delivery_id"
"""Order inside a scope. Deliveries are registered in natural path order, so equal times fall back on the id; a replay
has the place of what it replays."""
_ENDED = ("failed", "returned", "withdrawn", "duplicate", "superseded")


@dataclass(frozen=True)
class NewDelivery:
    """What is needed to register a delivery. `period` may be known outside period mode too; the scope then has none."""

    scope: Scope
    period: str | None
    kind: Kind
    file_name: str
    sha256: str
    size: int
    received_at: datetime
    inputs_hash: str
    declaration_hash: str
    arrival_id: int | None = None
    file_groups: Mapping[str, str] = field(default_factory=dict)
    state: State = State.REGISTERED
    message: str | None = None
    inputs: Iterable[Input] = ()
    declarations: Mapping[str, str] = field(default_factory=dict)
    corrects: int | None = None
    replays: int | None = None
    submitted_by: str | None = None
    code_version: str | None = None


def scope_of(delivery: Delivery, ref: SourceRef) -> Scope:
    """The scope of a delivery, as its source is declared now."""
    period = delivery.period if ref.source.mode == "period" else None
    return Scope(delivery.client_id, delivery.feed, delivery.source, period)


def add_delivery(conn: sa.Connection, new: NewDelivery) -> Delivery:
    """Register a delivery, with its inputs and declarations; raises TransientError when another run was faster."""
    know_client(conn, new.scope.client_id)
    row = conn.execute(
        sa.text(
            "insert into ops.delivery (client_id, feed, source, period, scope_period, kind, file_name, sha256, size, "
            "arrival_id, file_groups, received_at, state, message, corrects, replays, submitted_by, inputs_hash, "
            "declaration_hash, code_version) values (:client_id, :feed, :source, :period, :scope_period, :kind, "
            ":file_name, :sha256, :size, :arrival_id, cast(:file_groups as jsonb), :received_at, :state, :message, "
            ":corrects, :replays, :submitted_by, :inputs_hash, :declaration_hash, :code_version) "
            f"on conflict do nothing returning {_COLUMNS}"
        ),
        {
            **vars(new.scope),
            **vars(new),
            "scope_period": new.scope.period or "",
            "kind": new.kind.value,
            "state": new.state.value,
            "file_groups": json.dumps(dict(new.file_groups)),
        },
    ).one_or_none()
    if row is None:
        raise TransientError(
            "file is being registered by another run",
            where=f"{new.scope}, {new.file_name}",
            next_step="it is tried again by itself",
        )
    delivery = _delivery(row)
    detail = {"file": new.file_name, "sha256": new.sha256, "kind": new.kind.value, "message": new.message}
    audit.record(
        conn, actor="discover", action="register", delivery_id=delivery.delivery_id, new_state=delivery.state.value,
        attempt=delivery.attempt, detail={k: v for k, v in detail.items() if v is not None},
    )  # fmt: skip
    replace_inputs(conn, delivery, new.inputs)
    replace_declarations(conn, delivery, new.declarations)
    return delivery


def copy_for_replay(
    conn: sa.Connection,
    old: Delivery,
    *,
    declaration_hash: str,
    inputs: Iterable[Input],
    declarations: Mapping[str, str] | None = None,
) -> Delivery:
    """Register the content of an earlier delivery again, as kind replay; it keeps its place in the scope's order."""
    query = sa.text("select arrival_id, file_groups, scope_period from ops.delivery where delivery_id = :id")
    kept = conn.execute(query, {"id": old.delivery_id}).one()
    return add_delivery(
        conn,
        NewDelivery(
            scope=Scope(old.client_id, old.feed, old.source, kept.scope_period or None),
            period=old.period,
            kind=Kind.REPLAY,
            file_name=old.file_name,
            sha256=old.sha256,
            size=old.size,
            received_at=old.received_at,
            arrival_id=kept.arrival_id,
            file_groups=kept.file_groups,
            inputs_hash=old.inputs_hash,
            declaration_hash=declaration_hash,
            message=f"replay of delivery {old.delivery_id}",
            replays=old.replays or old.delivery_id,
            inputs=inputs,
            declarations=declarations or {},
        ),
    )


def move(
    conn: sa.Connection,
    delivery: Delivery,
    state: State,
    *,
    actor: str,
    detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> Delivery:
    """Move a delivery by compare-and-set on (state, attempt), with an audit entry; returns it as it is now.

    `values` are columns to set with the move (`SETTABLE`). failed → registered starts the next attempt and forgets
    the counts of the last. Raises LoadError for a move the transition table does not have, TransientError when
    somebody else moved the delivery meanwhile.
    """
    if not may_move(delivery.state, state):
        raise LoadError(
            f"delivery {delivery.delivery_id} cannot become {state.value}",
            got=f"state {delivery.state.value}",
            next_step="look at the delivery with `python -m pipelines explain`",
        )
    if unknown := values.keys() - SETTABLE:
        raise LoadError(f"no such field of a delivery: {sorted(unknown)[0]}", next_step="correct the calling code")
    again = delivery.state is State.FAILED and state is State.REGISTERED
    if again:
        values = {**dict.fromkeys(_COUNTS), **values}
    values = {k: getattr(v, "value", v) for k, v in values.items()}
    sets = "".join(f", {name} = :{name}" for name in values)
    row = conn.execute(
        sa.text(
            f"update ops.delivery set state = :new_state, attempt = :new_attempt, moved_at = clock_timestamp(){sets} "
            f"where delivery_id = :id and state = :old_state and attempt = :old_attempt returning {_COLUMNS}"
        ),
        {
            **values,
            "id": delivery.delivery_id,
            "old_state": delivery.state.value,
            "old_attempt": delivery.attempt,
            "new_state": state.value,
            "new_attempt": delivery.attempt + again,
        },
    ).one_or_none()
    if row is None:
        raise TransientError(
            f"delivery {delivery.delivery_id} was moved by another run",
            expected=f"state {delivery.state.value}, attempt {delivery.attempt}",
            next_step="it is tried again by itself, from its new state",
        )
    moved = _delivery(row)
    if delivery.state is State.HELD:
        requests.end_of_delivery(conn, moved)
    said = {k: str(v) for k, v in values.items() if v is not None and k in ("verdict", "message", "supersedes")}
    audit.record(
        conn, actor=actor, action="move", delivery_id=moved.delivery_id, old_state=delivery.state.value,
        new_state=moved.state.value, attempt=moved.attempt, detail={**said, **(detail or {})},
    )  # fmt: skip
    return moved


_COUNTS = (
    "verdict", "content_hash", "rows_received", "rows_loaded", "rows_unchanged", "rows_rejected", "rows_skipped",
    "rows_held", "rows_closed",
)  # fmt: skip


def say(conn: sa.Connection, delivery: Delivery, message: str | None) -> Delivery:
    """Set the delivery's message without moving it."""
    set_fields(conn, delivery, message=message)
    return get(conn, delivery.delivery_id)


def supersede(conn: sa.Connection, delivery: Delivery, *, mode: str, actor: str = "step load") -> list[Delivery]:
    """Retire what a newer delivery of the scope replaces; returns the retired ones.

    In snapshot and period mode: older held, waiting and failed deliveries of the scope. Once the newer one is loaded,
    also older loaded ones of the same period; without a period tomorrow's snapshot succeeds today's. Their work
    tables are dropped. A correction replaces single rows, and retires nothing.
    """
    if mode == "delta" or delivery.is_correction:
        return []
    states = [State.HELD, State.WAITING, State.FAILED]
    if delivery.state is State.LOADED and delivery.period is not None:
        states.append(State.LOADED)
    query = (
        f"select {_COLUMNS} from ops.delivery where {_IN_SCOPE} and state = any(:states) "
        "and (state <> 'loaded' or period = :own_period) and delivery_id <> :id "
        f"and ({PLACE}) < (:own_period, :received_at, :place) "
        f"order by {_ORDER} for update"
    )
    values = {
        **_scope_of(conn, delivery),
        "states": [s.value for s in states],
        "id": delivery.delivery_id,
        "place": delivery.replays or delivery.delivery_id,
        "own_period": delivery.period or "",
        "received_at": delivery.received_at,
    }
    older = [_delivery(row) for row in conn.execute(sa.text(query), values)]
    said = f"superseded by delivery {delivery.delivery_id}"
    detail = {"by": delivery.delivery_id}
    retired = [move(conn, o, State.SUPERSEDED, actor=actor, detail=detail, message=said) for o in older]
    for old in retired:
        ddl.drop_work_table(conn, old)
    ids = [old.delivery_id for old in retired]
    quarantine_store.resolve(conn, ids, RejectState.SUPERSEDED, by=said, superseded_by=delivery.delivery_id)
    if retired:
        set_fields(conn, delivery, supersedes=retired[-1].delivery_id)
    return retired


def get(conn: sa.Connection, delivery_id: int) -> Delivery:
    """One delivery; a DeclarationError when there is none."""
    found = _find(conn, "delivery_id = :id", "delivery_id", {"id": delivery_id})
    if found is None:
        raise DeclarationError(
            f"no delivery {delivery_id}",
            next_step="list the deliveries with `python -m pipelines status`",
        )
    return found


def of_arrival(conn: sa.Connection, arrival_id: int, feed: str, source: str) -> Delivery | None:
    """The delivery that a file was registered as, for one source."""
    where = "arrival_id = :arrival and feed = :feed and source = :source and kind = 'intake'"
    return _find(conn, where, "delivery_id", {"arrival": arrival_id, "feed": feed, "source": source})


def newest_for_duplicate(conn: sa.Connection, scope: Scope) -> Delivery | None:
    """The newest delivery of the scope that is loaded, held or still on its way: what a duplicate is a duplicate of."""
    where = f"{_IN_SCOPE} and state <> all(:ended) and kind <> 'correction'"
    return _find(conn, where, "delivery_id", {**_scope(scope), "ended": list(_ENDED)})


def held_in_scope(conn: sa.Connection, scope: Scope | Delivery) -> Delivery | None:
    """The oldest delivery of the scope (or of a delivery's scope) that waits for a steward; corrections stop nobody."""
    values = _scope(scope) if isinstance(scope, Scope) else _scope_of(conn, scope)
    found = _select(conn, f"{_IN_SCOPE} and state = 'held' and kind <> 'correction'", _ORDER, values)
    return found[0] if found else None


def unsettled(conn: sa.Connection, *, client_id: str | None = None, feed: str | None = None) -> list[Delivery]:
    """Deliveries that are not settled, waiting ones included; scope by scope, in the order to be loaded."""
    where = "state <> all(:settled) and client_id = coalesce(:client, client_id) and feed = coalesce(:feed, feed)"
    values = {"settled": [s.value for s in SETTLED], "client": client_id, "feed": feed}
    return _select(conn, where, f"client_id, feed, source, {_ORDER}", values)


def of_source(conn: sa.Connection, client_id: str, feed: str, source: str) -> list[Delivery]:
    """Every delivery of one source, in the order of arrival."""
    where = "client_id = :client and feed = :feed and source = :source"
    return _select(conn, where, _ORDER, {"client": client_id, "feed": feed, "source": source})


def list_deliveries(
    conn: sa.Connection,
    *,
    client_id: str | None = None,
    feed: str | None = None,
    states: Iterable[State] | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """The newest deliveries, newest first."""
    where = "client_id = coalesce(:client, client_id) and feed = coalesce(:feed, feed) and state = any(:states)"
    wanted = [s.value for s in (State if states is None else states)]
    values = {"client": client_id, "feed": feed, "states": wanted, "limit": limit}
    return _select(conn, where, "delivery_id desc limit :limit", values)


def received_since(conn: sa.Connection, ref: SourceRef, since: datetime) -> bool:
    """Whether a delivery of the source was registered since then, and did not fail."""
    return bool(
        conn.scalar(
            sa.text(
                "select exists (select 1 from ops.delivery where client_id = :client and feed = :feed "
                "and source = :source and kind <> 'correction' and registered_at >= :since "
                "and state not in ('failed', 'returned'))"
            ),
            {"client": ref.client_id, "feed": ref.feed, "source": ref.name, "since": since},
        )
    )


def _scope(scope: Scope) -> dict[str, str]:
    return {"client": scope.client_id, "feed": scope.feed, "source": scope.source, "period": scope.period or ""}


def _scope_of(conn: sa.Connection, delivery: Delivery) -> dict[str, str]:
    """The scope a delivery was registered in."""
    query = sa.text("select scope_period from ops.delivery where delivery_id = :id")
    period = conn.scalar(query, {"id": delivery.delivery_id})
    return _scope(Scope(delivery.client_id, delivery.feed, delivery.source, period or None))


def _find(conn: sa.Connection, where: str, order: str, values: Mapping[str, Any]) -> Delivery | None:
    """The last one by that order."""
    found = _select(conn, where, order, values)
    return found[-1] if found else None


def _select(conn: sa.Connection, where: str, order: str, values: Mapping[str, Any]) -> list[Delivery]:
    query = f"select {_COLUMNS} from ops.delivery where {where} order by {order}"
    return [_delivery(row) for row in conn.execute(sa.text(query), values)]


def _delivery(row: sa.Row[Any]) -> Delivery:
    values = dict(row._mapping)
    values["kind"] = Kind(values["kind"])
    values["state"] = State(values["state"])
    values["verdict"] = Verdict(values["verdict"]) if values["verdict"] else None
    return Delivery(**values)


__all__ = [
    "PLACE", "Amount", "Approval", "Arrival", "ControlTotal", "Input", "NewDelivery", "RuleResult", "Scope",
    "Unmatched", "add_arrival", "add_delivery", "amounts", "approval_hash", "arrival_of", "audit", "content_hash",
    "controls", "copy_for_replay", "decide", "declarations", "end_step", "file_groups", "find_arrival", "get",
    "held_in_scope", "inputs", "keep_declaration", "ledger", "list_deliveries", "move",
    "newest_approval", "newest_for_duplicate", "note_unmatched", "of_arrival", "received_since",
    "replace_declarations", "replace_inputs", "rule_results", "say", "scope_of", "set_fields", "start_step",
    "stored_content_hash", "supersede", "sync_clients", "unmatched_files", "unsettled", "write_amounts",
    "write_controls", "write_rule_results",
]  # fmt: skip
