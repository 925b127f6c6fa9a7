"""The audit log: every entry carries the hash of the one before it; the database refuses to change or delete one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


def record(
    conn: sa.Connection,
    *,
    actor: str,
    action: str,
    delivery_id: int | None = None,
    old_state: str | None = None,
    new_state: str | None = None,
    attempt: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one entry; time and database user are set by the database, number and hashes when it commits."""
    conn.execute(
        sa.text(
            "insert into ops.audit (actor, action, delivery_id, old_state, new_state, attempt, detail) "
            "values (:actor, :action, :delivery_id, :old_state, :new_state, :attempt, cast(:detail as jsonb))"
        ),
        {
            "actor": actor,
            "action": action,
            "delivery_id": delivery_id,
            "old_state": old_state,
            "new_state": new_state,
            "attempt": attempt,
            "detail": json.dumps(detail or {}, default=str),
        },
    )


@dataclass(frozen=True)
class AuditReport:
    """What a check of the whole log found. `head` is the newest hash: kept elsewhere it also proves the end."""

    entries: int
    head: str
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was changed, removed or put in."""
        return not self.faults


_CHAIN = """
select entry.audit_id, entry.hash, ops.audit_hash(entry) as computed, entry.prev_hash,
       lag(entry.hash, 1, '') over w as before
from ops.audit as entry
where entry.audit_id is not null
window w as (order by entry.audit_id)
order by entry.audit_id
"""

_STATES = """
select d.delivery_id, d.state, d.attempt, last.new_state, last.attempt as last_attempt
from ops.delivery as d
left join lateral (
    select new_state, attempt from ops.audit
    where delivery_id = d.delivery_id and new_state is not null order by entry_id desc limit 1
) as last on true
where (d.state, d.attempt) is distinct from (last.new_state, last.attempt)
order by d.delivery_id
"""


def verify(conn: sa.Connection) -> AuditReport:
    """Recompute every hash and compare every delivery's state with its newest entry."""
    faults: list[str] = []
    count, head, expected = 0, "", 1
    for row in conn.execute(sa.text(_CHAIN)):
        count, head = count + 1, row.hash
        if row.audit_id != expected:
            faults.append(f"entries {expected} to {row.audit_id - 1} are missing")
        if row.computed != row.hash:
            faults.append(f"entry {row.audit_id} was changed: its content does not give its hash")
        if row.prev_hash != row.before:
            faults.append(f"entry {row.audit_id} does not follow the entry before it")
        expected = row.audit_id + 1
    for row in conn.execute(sa.text(_STATES)):
        faults.append(
            f"delivery {row.delivery_id} is {row.state} (attempt {row.attempt}), "
            f"its newest entry says {row.new_state or 'nothing'} (attempt {row.last_attempt or '–'})"
        )
    return AuditReport(count, head, tuple(faults))
