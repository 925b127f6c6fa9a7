"""The layouts of the files, kept with their deliveries: what the next file of the source is compared with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, Kind
from pipelines.layout import Layout


@dataclass(frozen=True)
class KeptLayout:
    """The layout of one delivery. `listed` is the list in the profile by which it was read, `unread` the columns it
    neither read nor ignored, `changes` what differed from the delivery `against` (or from the list)."""

    delivery_id: int
    layout: Layout
    listed: tuple[str, ...] | None
    unread: tuple[str, ...]
    against: int | None
    changes: tuple[dict[str, Any], ...]


def write_layout(
    conn: sa.Connection, delivery: Delivery, layout: Layout, listed: Sequence[str] | None, unread: Sequence[str]
) -> None:
    """Keep the layout of a file, in place of what an earlier try found."""
    conn.execute(sa.text("delete from ops.layout where delivery_id = :id"), {"id": delivery.delivery_id})
    conn.execute(
        sa.text(
            "insert into ops.layout (delivery_id, layout, listed, unread) "
            "values (:id, cast(:layout as jsonb), cast(:listed as jsonb), cast(:unread as jsonb))"
        ),
        {
            "id": delivery.delivery_id,
            "layout": layout.to_json(),
            "listed": None if listed is None else json.dumps(list(listed)),
            "unread": json.dumps(list(unread)),
        },
    )


def write_changes(
    conn: sa.Connection, delivery: Delivery, against: int | None, changes: Sequence[dict[str, Any]]
) -> None:
    """Keep what was found different, and from which delivery."""
    conn.execute(
        sa.text("update ops.layout set against = :against, changes = cast(:changes as jsonb) where delivery_id = :id"),
        {"id": delivery.delivery_id, "against": against, "changes": json.dumps(list(changes))},
    )


def layout_of(conn: sa.Connection, delivery: Delivery) -> KeptLayout | None:
    """The layout of a delivery, once it was extracted."""
    query = f"select {_COLUMNS} from ops.layout l where l.delivery_id = :id"  # noqa: S608 own column names
    row = conn.execute(sa.text(query), {"id": delivery.delivery_id}).one_or_none()
    return _kept(row) if row else None


def accepted_layout(conn: sa.Connection, delivery: Delivery) -> KeptLayout | None:
    """The layout of the newest other delivery of the source that was accepted: loaded, approved or let in by the gate.

    A replay keeps its place in the order: it is compared with what was accepted up to then, where there is any.
    """
    row = conn.execute(
        sa.text(
            f"select {_COLUMNS} from ops.layout l join ops.delivery d using (delivery_id) "  # noqa: S608
            "where d.client_id = :client and d.feed = :feed and d.source = :source and d.delivery_id <> :id "
            "and (d.state in ('loaded', 'approved', 'validated') or d.state = 'superseded' and d.published_at is not "
            "null) and d.kind <> 'correction' "
            "order by (:replay and d.received_at > :at), d.received_at desc, d.delivery_id desc limit 1"
        ),
        {
            "client": delivery.client_id,
            "feed": delivery.feed,
            "source": delivery.source,
            "id": delivery.delivery_id,
            "replay": delivery.kind is Kind.REPLAY,
            "at": delivery.received_at,
        },
    ).one_or_none()
    return _kept(row) if row else None


_COLUMNS = "l.delivery_id, l.layout, l.listed, l.unread, l.against, l.changes"


def _kept(row: sa.Row[Any]) -> KeptLayout:
    listed = None if row.listed is None else tuple(row.listed)
    return KeptLayout(
        row.delivery_id, Layout.from_data(row.layout), listed, tuple(row.unread), row.against, tuple(row.changes)
    )
