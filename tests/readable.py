"""Everything that a login may read, for tests that search it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from pipelines.warehouse.connection import Warehouse

_COLUMNS = """
select c.oid::regclass::text, quote_ident(a.attname)
from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm')
  and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
  and has_schema_privilege(c.relnamespace, 'usage') and has_column_privilege(c.oid, a.attnum, 'select')
order by 1, 2
"""


def readable(login: Warehouse) -> Iterator[tuple[str, str]]:
    """(relation.column, its distinct values as text) of every column that the login may select."""
    with login.transaction() as conn:
        for relation, column in conn.execute(sa.text(_COLUMNS)).tuples().all():
            cells = conn.scalars(sa.text(f"select distinct {column}::text from {relation}")).all()
            yield f"{relation}.{column}".replace('"', ""), "\n".join(cell for cell in cells if cell)


def places_of(login: Warehouse, *values: str) -> set[str]:
    """The columns in which one of the values stands."""
    return {place for place, text in readable(login) if any(value in text for value in values)}
