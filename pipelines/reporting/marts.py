"""A look into the marts, for people: some rows of each."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from pipelines.reporting.project import LIVE, MARTS, granted


class Preview(NamedTuple):
    """One mart: the columns that say something, some of its rows, and how many it has. `total` None: not built yet.

    Of a mart that is `granted_to` one group no rows: who looks here may be anybody.
    """

    name: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    total: int | None
    granted_to: str | None = None


def preview(engine: sa.Engine, rows: int = 3) -> list[Preview]:
    """The first rows of every mart, by its first columns, as the login of the engine may see them."""
    out = []
    with engine.connect() as conn:
        for mart in MARTS:
            if conn.scalar(sa.text("select to_regclass(:name)"), {"name": f"{LIVE}.{mart}"}) is None:
                out.append(Preview(mart, [], [], None))
                continue
            group = granted().get(mart)
            query = f"select * from {LIVE}.{mart} order by 1, 2, 3, 4, 5 limit :rows"  # noqa: S608
            found = conn.execute(sa.text(query), {"rows": 0 if group else rows})
            total = conn.scalar(sa.text(f"select count(*) from {LIVE}.{mart}"))  # noqa: S608
            out.append(Preview(mart, list(found.keys()), [tuple(r) for r in found], total, group))
    return out


__all__ = ["MARTS", "Preview", "preview"]
