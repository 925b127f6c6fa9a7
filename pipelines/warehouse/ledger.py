"""What the steps report of a delivery: runs, rule results, amounts, control totals, approvals."""

# ruff: noqa: S608 (names of columns and tables are ours; values are always bound)

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, Step, Verdict
from pipelines.errors import LoadError
from pipelines.reject import Severity
from pipelines.warehouse import audit


@dataclass(frozen=True)
class RuleResult:
    """The outcome of one rule. `success` is None when nothing was evaluated; `samples` are masked.

    `threshold`: the largest failing share that does not hold the delivery; `seconds`: CPU time of a row rule, time that
    the queries of a set rule took.
    """

    rule_id: str
    rule_type: str
    column_name: str | None
    severity: Severity
    evaluated: int
    failed: int
    success: bool | None
    over: str = "accepted"
    mostly: float | None = None
    observed: str | None = None
    message: str | None = None
    samples: Sequence[Any] = ()
    threshold: float | None = None
    seconds: float | None = field(default=None, compare=False)

    @property
    def share(self) -> float | None:
        """Failing share of what was evaluated; None when nothing was."""
        return self.failed / self.evaluated if self.evaluated else None


@dataclass(frozen=True)
class Amount:
    """One money column in one currency, split by where its rows ended."""

    column_name: str
    currency: str
    received: Decimal = Decimal(0)
    loaded: Decimal = Decimal(0)
    unchanged: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    skipped: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    unreadable_cells: int = 0

    @property
    def is_balanced(self) -> bool:
        """Whether received is the sum of the parts, to the cent."""
        with localcontext(prec=200):
            return self.received == self.loaded + self.unchanged + self.rejected + self.skipped + self.held


@dataclass(frozen=True)
class ControlTotal:
    """A promised count or sum beside the measured one."""

    name: str
    promised: Decimal | None
    measured: Decimal | None
    ok: bool


@dataclass(frozen=True)
class Approval:
    """A steward's decision (`approve` or `return`) on a held delivery; `hash` is what he saw."""

    decision: str
    hash: str
    person: str
    reason: str


def start_step(conn: sa.Connection, delivery: Delivery, step: Step) -> int:
    """Record that a step starts; returns the id of the run."""
    query = "insert into ops.step_run (delivery_id, step, attempt) values (:id, :step, :attempt) returning run_id"
    values = {"id": delivery.delivery_id, "step": step.value, "attempt": delivery.attempt}
    return int(conn.scalar(sa.text(query), values))


def end_step(
    conn: sa.Connection,
    run_id: int,
    *,
    outcome: str,
    rows: int | None = None,
    message: str | None = None,
    cpu_seconds: float | None = None,
) -> None:
    """Record how a run of a step ended. A run without end was killed."""
    conn.execute(
        sa.text(
            "update ops.step_run set ended_at = clock_timestamp(), outcome = :outcome, rows = :rows, "
            "message = :message, cpu_seconds = :cpu where run_id = :run"
        ),
        {"run": run_id, "outcome": outcome, "rows": rows, "message": message, "cpu": cpu_seconds},
    )


def write_rule_results(conn: sa.Connection, delivery: Delivery, results: Iterable[RuleResult]) -> None:
    """Keep the outcome of every rule for this attempt, in place of an earlier try of the same attempt."""
    key = {"id": delivery.delivery_id, "attempt": delivery.attempt}
    conn.execute(sa.text("delete from ops.rule_result where delivery_id = :id and attempt = :attempt"), key)
    rows = [
        {
            "delivery_id": delivery.delivery_id,
            "attempt": delivery.attempt,
            **{k: getattr(r, k) for k in _RULE_COLUMNS},
            "severity": r.severity.value,
            "share": r.share,
            "samples": list(r.samples),
        }
        for r in results
    ]
    if rows:
        names = ", ".join(rows[0])
        statement = (
            f"insert into ops.rule_result ({names}) select {names} "
            "from jsonb_populate_recordset(cast(null as ops.rule_result), cast(:rows as jsonb))"
        )
        conn.execute(sa.text(statement), {"rows": json.dumps(rows, default=str)})


_RULE_COLUMNS = (
    "rule_id", "rule_type", "column_name", "evaluated", "failed", "success", "over", "mostly", "observed", "message",
    "threshold", "seconds",
)  # fmt: skip


def rule_results(conn: sa.Connection, delivery: Delivery) -> list[RuleResult]:
    """Outcome of every rule in the newest attempt that was judged."""
    query = (
        f"select {', '.join(_RULE_COLUMNS)}, severity, samples from ops.rule_result r where delivery_id = :id "
        "and attempt = (select max(attempt) from ops.rule_result where delivery_id = :id) order by rule_id"
    )
    found = conn.execute(sa.text(query), {"id": delivery.delivery_id}).mappings()
    return [RuleResult(**{**row, "severity": Severity(row["severity"])}) for row in found]


def write_amounts(conn: sa.Connection, delivery: Delivery, amounts: Iterable[Amount]) -> None:
    """Write the delivery's amounts in place of what stood there."""
    key = {"id": delivery.delivery_id}
    conn.execute(sa.text("delete from ops.delivery_amount where delivery_id = :id"), key)
    rows = [{**key, **vars(amount)} for amount in amounts]
    if rows:
        names = [n for n in rows[0] if n != "id"]
        statement = (
            f"insert into ops.delivery_amount (delivery_id, {', '.join(names)}) "
            f"values (:id, {', '.join(':' + n for n in names)})"
        )
        conn.execute(sa.text(statement), rows)


def amounts(conn: sa.Connection, delivery: Delivery) -> list[Amount]:
    """The delivery's amounts, by column and currency."""
    query = (
        "select column_name, currency, received, loaded, unchanged, rejected, skipped, held, unreadable_cells "
        "from ops.delivery_amount where delivery_id = :id order by column_name, currency"
    )
    return [Amount(**row) for row in conn.execute(sa.text(query), {"id": delivery.delivery_id}).mappings()]


def write_controls(conn: sa.Connection, delivery: Delivery, controls: Iterable[ControlTotal]) -> None:
    """Write the delivery's control totals in place of what stood there."""
    key = {"id": delivery.delivery_id}
    conn.execute(sa.text("delete from ops.control_total where delivery_id = :id"), key)
    for control in controls:
        conn.execute(
            sa.text("insert into ops.control_total values (:id, :name, :promised, :measured, :ok)"),
            {**key, **vars(control)},
        )


def controls(conn: sa.Connection, delivery: Delivery) -> list[ControlTotal]:
    """The delivery's control totals."""
    query = "select name, promised, measured, ok from ops.control_total where delivery_id = :id order by name"
    return [ControlTotal(**row) for row in conn.execute(sa.text(query), {"id": delivery.delivery_id}).mappings()]


def content_hash(conn: sa.Connection, delivery: Delivery) -> str:
    """Hash over number, fate and content hash of every row in the delivery's work table, in order."""
    query = (
        "select encode(sha256(coalesce(string_agg(int8send(_row_number) || int4send(_row_part) || "
        "convert_to(coalesce(_fate, '-'), 'UTF8') || uuid_send(_row_hash), ''::bytea "
        f"order by _row_number, _row_part), ''::bytea)), 'hex') from {delivery.work_table}"
    )
    return str(conn.scalar(sa.text(query)))


def approval_hash(content: str, verdict: Verdict | None, declaration_hash: str) -> str:
    """What a steward approves: these rows, this verdict, these declarations."""
    parts = (content, verdict.value if verdict else "", declaration_hash)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def decide(conn: sa.Connection, delivery: Delivery, approval: Approval) -> None:
    """Record a steward's decision, also in the audit log; the move of state is the caller's."""
    conn.execute(
        sa.text(
            "insert into ops.approval (delivery_id, decision, hash, person, reason) "
            "values (:id, :decision, :hash, :person, :reason)"
        ),
        {"id": delivery.delivery_id, **vars(approval)},
    )
    detail = {"decision": approval.decision, "reason": approval.reason, "hash": approval.hash}
    audit.record(conn, actor=approval.person, action="decide", delivery_id=delivery.delivery_id, detail=detail)


def newest_approval(conn: sa.Connection, delivery: Delivery) -> Approval | None:
    """The newest decision on a delivery."""
    query = (
        "select decision, hash, person, reason from ops.approval where delivery_id = :id "
        "order by approval_id desc limit 1"
    )
    row = conn.execute(sa.text(query), {"id": delivery.delivery_id}).mappings().one_or_none()
    return Approval(**row) if row else None


def stored_content_hash(conn: sa.Connection, delivery: Delivery) -> str | None:
    """The content hash that the gate stored."""
    query = sa.text("select content_hash from ops.delivery where delivery_id = :id")
    found = conn.scalar(query, {"id": delivery.delivery_id})
    return None if found is None else str(found)


def set_fields(conn: sa.Connection, delivery: Delivery, **fields: Any) -> None:
    """Write counts and hashes of a delivery without moving it."""
    if unknown := fields.keys() - SETTABLE:
        raise LoadError(f"no such field of a delivery: {sorted(unknown)[0]}", next_step="correct the calling code")
    assignments = ", ".join(f"{name} = :{name}" for name in fields)
    conn.execute(
        sa.text(f"update ops.delivery set {assignments} where delivery_id = :id"),
        {"id": delivery.delivery_id, **{k: getattr(v, "value", v) for k, v in fields.items()}},
    )


SETTABLE = frozenset(
    {
        "verdict", "message", "rows_received", "rows_loaded", "rows_unchanged", "rows_rejected", "rows_skipped",
        "rows_held", "rows_closed", "inputs_hash", "declaration_hash", "content_hash", "code_version", "supersedes",
        "corrects", "published_at",
    }
)  # fmt: skip
"""Columns of `ops.delivery` that a move or a step may set."""
