"""Drift: the layout of each file is kept and compared with the accepted one; what it comes to is said here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from pipelines.clean.drift import Weight
from pipelines.clean.mapping import Header
from pipelines.clean.needs import Use
from pipelines.delivery import Delivery
from pipelines.extract.layout import measure
from pipelines.extract.run import RAW_FILE, extract
from pipelines.flow.indexes import index_of
from pipelines.flow.misfit import Misfit, Reference, changes_of, first_of, names_of
from pipelines.flow.office import Office
from pipelines.layout import Layout
from pipelines.profile import SourceRef
from pipelines.validate.gate import LayoutJudged
from pipelines.warehouse.layouts import accepted_layout, layout_of, write_changes, write_layout

MOST_KEPT = 200


def reference(conn: sa.Connection, delivery: Delivery, ref: SourceRef) -> Reference | None:
    """The accepted layout. A list in the profile counts until a delivery is accepted under it: then that one does, so
    that an approval is not asked for again every night."""
    kept, listed = accepted_layout(conn, delivery), ref.source.layout
    if kept is not None and (listed is None or kept.listed == tuple(listed)):
        return Reference(kept.layout, kept)
    return None if listed is None else Reference(Layout(ref.source.format.type, tuple(listed)), None)


def extracted(office: Office, delivery: Delivery, ref: SourceRef, path: Path, out: Path) -> Layout:
    """Read the original into `out` and measure its layout.

    Raises DeliveryError when the file cannot be read, or a column that the profile reads is missing or is not certain
    any more; where the file can be read otherwise, with the words that would accept it.
    """
    with office.warehouse.transaction() as conn:
        known = reference(conn, delivery, ref)
    misfit = Misfit(ref, office.contract(ref.feed), path, delivery.file_name, known)
    with misfit.explained(), index_of(office, ref, delivery) as index:
        facts = extract(delivery, ref, path, out, index=index)
    layout = measure(ref.source.format, facts, out / RAW_FILE, path)
    misfit.check(layout, facts)
    return layout


def keep(conn: sa.Connection, delivery: Delivery, ref: SourceRef, layout: Layout) -> None:
    """Keep the layout with the delivery."""
    unread = Use.of(ref.source).undeclared(Header(layout.columns))
    write_layout(conn, delivery, layout, ref.source.layout, unread)


def passed_over(office: Office, delivery: Delivery, ref: SourceRef) -> list[str]:
    """Columns that the profile does not name and that cleaning need not refuse, since the gate judges them."""
    with office.warehouse.transaction() as conn:
        kept, known = layout_of(conn, delivery), reference(conn, delivery, ref)
    if kept is None or known is None:
        return []
    return [c for c in kept.unread if known.tolerates(c, ref)]


def judged(conn: sa.Connection, delivery: Delivery, ref: SourceRef) -> LayoutJudged | None:
    """What the gate is told of the layout; also kept with the delivery, for `explain`."""
    kept, known = layout_of(conn, delivery), reference(conn, delivery, ref)
    if kept is None or delivery.is_correction:
        return None
    changes = changes_of(known, kept.layout, ref)
    against = known.kept.delivery_id if known and known.kept else None
    kept_changes = [{"weight": c.weight.value, "text": c.text} for c in changes[:MOST_KEPT]]
    write_changes(conn, delivery, against, kept_changes)
    drift = first_of([c.text for c in changes if c.weight is not Weight.NOTE])
    if known is None and not drift:
        return None
    return LayoutJudged(known.said if known else "the profile", drift)


def shown(conn: sa.Connection, delivery: Delivery) -> Iterator[str]:
    """Lines for `explain`: the layout of a delivery and what differs from the accepted one."""
    kept = layout_of(conn, delivery)
    if kept is None:
        return
    against = f"delivery {kept.against}" if kept.against else "the list in the profile" if kept.listed else "nothing"
    same = "" if kept.changes or against == "nothing" else ": the same"
    yield f"layout: {_reading(kept.layout)}; compared with {against}{same}"
    for change in kept.changes:
        yield f"  {change['text']}" + (" (noted)" if change["weight"] == Weight.NOTE else "")
    if kept.unread:
        yield f"  not read, in the archived file only: {names_of(kept.unread)}"


def _reading(layout: Layout) -> str:
    parts = [layout.type, f"sheet {layout.sheet!r}" if layout.sheet else "", layout.encoding or ""]
    parts += [f"delimiter {layout.delimiter!r}"] if layout.delimiter else []
    return ", ".join([*filter(None, parts), f"{len(layout.columns)} columns"])
