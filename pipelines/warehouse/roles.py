"""Who may do what in the warehouse.

Group roles carry the rights (`kontor_loader`, `kontor_steward`, `kontor_analyst`); logins are members of them. Who is
in `kontor_payroll` besides may also see what contracts call restricted, and who is in `kontor_client_data` customers'
golden records in clear. The embedded server makes the logins `loader`,
`steward`, `analyst` and `payroll` (an analyst of payroll) with generated passwords. On a server of your own
(`KONTOR_WAREHOUSE_URL`) only the group roles are made, if the login of the URL may create roles; its administrator
makes logins and grants them the groups.

Stewards read core, quarantine and ops, but nothing restricted unless they are in `kontor_payroll`: of core tables the
other columns, of rows in quarantine the cells only where no column of the feed is restricted (`quarantine.row_to_see`),
of amounts and control totals those of other columns.

Marts belong to `kontor_mart_owner`, which nobody logs in as: the loader takes that role to build them. Analysts read
`reporting` only. `ops.secure_mart(mart)` closes a mart with row-level security: a user sees the clients that
`ops.user_client` gives him.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.errors import DeclarationError
from pipelines.settings import Settings
from pipelines.warehouse import server
from pipelines.warehouse.connection import raw

GROUPS = (
    "kontor_loader", "kontor_steward", "kontor_analyst", "kontor_payroll", "kontor_client_data", "kontor_mart_owner"
)  # fmt: skip
LOGINS = {
    "loader": ("kontor_loader",),
    "steward": ("kontor_steward",),
    "analyst": ("kontor_analyst",),
    "payroll": ("kontor_analyst", "kontor_payroll"),
}

_SECURITY = """
create or replace view ops.my_client with (security_barrier = true) as
    select client_id from ops.user_client where user_name = current_user
    union
    select client_id from ops.client
    where current_user = 'kontor_mart_owner'
       or pg_has_role(current_user, 'kontor_loader', 'member')
       or pg_has_role(current_user, 'kontor_steward', 'member');
comment on view ops.my_client is 'Clients the current user may see; used by the policy of every mart';

drop function if exists ops.secure_mart(regclass, boolean);
create or replace function ops.secure_mart(
    mart regclass, masked boolean default false, granted_to regrole default null
) returns void
language plpgsql set search_path = pg_catalog as $$
declare
    kind "char" := (select relkind from pg_class where oid = mart);
begin
    if not exists (
        select from pg_attribute where attrelid = mart and attname = 'client_id' and not attisdropped
    ) then
        raise exception 'mart % has no column client_id: nobody could be kept to his clients', mart;
    end if;
    if kind in ('r', 'p', 'm') then
        if kind = 'm' then
            raise exception 'mart % is a materialized view, which has no row-level security: make it a table', mart;
        end if;
        execute format('alter table %s enable row level security', mart);
        execute format('alter table %s force row level security', mart);
        execute format('drop policy if exists own_clients on %s', mart);
        execute format(
            'create policy own_clients on %s using (client_id = any ((select array_agg(client_id) from ops.my_client)'
            '::text[])) with check (true)', mart);
    elsif masked then
        execute format('alter view %s set (security_barrier = true, security_invoker = false)', mart);
    else
        execute format('alter view %s set (security_invoker = true)', mart);
    end if;
    execute format(
        'revoke all on %s from public, kontor_analyst, kontor_steward, kontor_payroll, '
        'kontor_client_data, kontor_loader', mart);
    execute format(
        'grant select on %s to kontor_loader, %s', mart,
        coalesce(granted_to::text, 'kontor_analyst, kontor_steward'));
end $$;
comment on function ops.secure_mart is
    'Row-level security and grants of a mart. A view reads with the rights of its reader; with masked => true those '
    'of its owner, so that it may hide columns: the rows are the reader''s all the same. With granted_to only the '
    'members of that role may read it, and the loader';

create or replace view quarantine.row_to_see with (security_barrier = true) as
    select r.delivery_id, r.row_number, r.row_part, r.cells, r.amounts, r.currencies
    from quarantine.row as r join ops.delivery as d using (delivery_id)
    where d.feed not in (select feed from ops.restricted_column)
       or pg_has_role(current_user, 'kontor_payroll', 'member')
       or pg_has_role(current_user, 'kontor_loader', 'member');
comment on view quarantine.row_to_see is
    'Rows in quarantine with their cells; those of feeds with restricted columns are for members of kontor_payroll';

-- A table's owner alone may analyze it, and only good statistics keep the next comparison quick. The columns that loads
-- and references join by are enough for that, at less than half the cost; autovacuum sees to the rest.
create or replace function ops.analyze_core(core regclass, written bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    known real;
    keys text;
begin
    select reltuples into strict known from pg_class where oid = core and relnamespace = 'core'::regnamespace;
    if written >= 1000 and written > 0.1 * known then
        select string_agg(distinct quote_ident(a.attname), ', ') into keys
        from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indrelid = core;
        execute format('analyze %s (%s)', core, keys);
    end if;
end $$;
"""

_GRANTS = """
revoke all on schema ops, quarantine, work, core, reporting, matching from public;
revoke all on all functions in schema ops from public;

grant usage on schema ops, quarantine, core, reporting to kontor_loader;
grant usage, create on schema work to kontor_loader;
grant usage on schema matching to kontor_loader, kontor_steward;
grant select, insert, update, delete on all tables in schema matching to kontor_loader;
grant usage on all sequences in schema matching to kontor_loader, kontor_steward;
grant select, insert on matching.decision to kontor_steward;
grant update (applied_at, revoked_at, revoked_by, revoked_reason) on matching.decision to kontor_steward;
grant select, insert, update, delete on all tables in schema ops, quarantine to kontor_loader;
grant usage on all sequences in schema ops, quarantine to kontor_loader;
revoke update, delete, truncate on ops.audit from kontor_loader;
grant select, insert on all tables in schema core to kontor_loader;
grant execute on function ops.audit_hash(ops.audit) to kontor_loader, kontor_steward;
grant execute on function ops.analyze_core(regclass, bigint) to kontor_loader;

grant usage on schema ops, quarantine, core, reporting to kontor_steward;
grant select on all tables in schema ops, quarantine to kontor_steward;
grant insert on ops.approval, ops.audit to kontor_steward;
grant insert on quarantine.decision to kontor_steward;
grant usage on all sequences in schema ops to kontor_steward;
grant update (state, resolved_by, resolved_at, decision_id) on quarantine.reject to kontor_steward;

grant usage on schema ops, quarantine, core to kontor_mart_owner;
grant usage, create on schema reporting to kontor_mart_owner;
grant select on all tables in schema ops, quarantine, core to kontor_mart_owner;
grant execute on function ops.secure_mart(regclass, boolean, regrole) to kontor_mart_owner;
grant execute on function ops.pseudonym(text, text) to kontor_mart_owner;
grant execute on function ops.stock_after(numeric[], numeric, numeric) to kontor_mart_owner;
grant execute on function ops.moving_stock(numeric, numeric) to kontor_mart_owner;

grant usage on schema reporting to kontor_analyst;
-- The policies name this view, and run with the reader's rights; without usage on ops no analyst can name it himself.
grant select on ops.my_client to kontor_analyst;

-- Who has the keys, or may have any value hashed, finds who is behind a pseudonym. The loader makes keys.
revoke all on ops.client_key from kontor_loader, kontor_steward, kontor_mart_owner;
grant insert on ops.client_key to kontor_loader;

-- Cells of rows, and hashes that a few tries would tell a cell by. COPY writes to no table that has a policy.
revoke select on quarantine.row, quarantine.workbook_row from kontor_steward;
grant select (delivery_id, row_number, row_part, currencies, key_hash) on quarantine.row to kontor_steward;
grant select (workbook_id, sheet_row, token_hash, row_number) on quarantine.workbook_row to kontor_steward;
-- Of use to stewards only: nobody else in the group has the schemas.
grant select on quarantine.row, quarantine.workbook_row to kontor_payroll;

-- The sum of one row is the cell.
alter table ops.delivery_amount enable row level security;
alter table ops.control_total enable row level security;
drop policy if exists work on ops.delivery_amount;
create policy work on ops.delivery_amount to kontor_loader, kontor_mart_owner using (true) with check (true);
drop policy if exists work on ops.control_total;
create policy work on ops.control_total to kontor_loader, kontor_mart_owner using (true) with check (true);
drop policy if exists unless_restricted on ops.delivery_amount;
create policy unless_restricted on ops.delivery_amount for select to kontor_steward using (
    pg_has_role(current_user, 'kontor_payroll', 'member')
    or (column_name, (select d.feed from ops.delivery as d where d.delivery_id = delivery_amount.delivery_id))
        not in (select c.column_name, c.feed from ops.restricted_column as c));
drop policy if exists unless_restricted on ops.control_total;
create policy unless_restricted on ops.control_total for select to kontor_steward using (
    pg_has_role(current_user, 'kontor_payroll', 'member')
    or (name, (select d.feed from ops.delivery as d where d.delivery_id = control_total.delivery_id))
        not in (select 'sum(' || c.column_name || ')', c.feed from ops.restricted_column as c));

alter default privileges in schema core revoke select on tables from kontor_steward;  -- _SELECT_CORE grants by column
alter default privileges in schema core grant select on tables to kontor_mart_owner;
alter default privileges in schema core grant select, insert on tables to kontor_loader;
alter default privileges in schema ops, quarantine grant select on tables to kontor_steward, kontor_mart_owner;
"""

_SELECT_CORE = """
select format(case when bool_or(c.column_name is not null)
    then 'revoke select on %1$s from kontor_steward; grant select (%2$s) on %1$s to kontor_steward; '
         'grant select on %1$s to kontor_payroll'
    else 'revoke select on %1$s from kontor_payroll; grant select on %1$s to kontor_steward' end,
    t.oid::regclass,
    string_agg(quote_ident(a.attname), ', ' order by a.attnum)
        filter (where c.column_name is null and a.attname <> '_row_hash'))
from pg_class as t join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
left join ops.restricted_column as c on replace(c.feed, '.', '_') = t.relname and c.column_name = a.attname
where t.relnamespace = 'core'::regnamespace and t.relkind = 'r'
group by t.oid
"""
"""One statement per core table. (The hash of a row, too, tells a cell to whoever knows the others and tries.)"""


def create_roles(conn: sa.Connection) -> None:
    """Make the group roles that are missing and put the logins of the embedded server into them."""
    have = set(conn.scalars(sa.text("select rolname from pg_roles")))
    missing = [role for role in GROUPS if role not in have]
    query = sa.text("select rolcreaterole or rolsuper, rolname, rolsuper from pg_roles where rolname = current_user")
    may, owner, is_super = conn.execute(query).one().tuple()
    if missing and not may:
        raise DeclarationError(
            "roles missing in the warehouse",
            got=f"login {owner} may not create roles",
            expected=", ".join(missing),
            next_step="let an administrator run: "
            + " ".join(f"create role {role} nologin; grant {role} to {owner} with admin option;" for role in missing),
        )
    for role in missing:
        raw(conn).execute(f"create role {role} nologin".encode())
    grants: list[tuple[str, str]] = [("kontor_mart_owner", "kontor_loader")] if may else []
    if is_super:
        grants += [(group, login) for login, groups in LOGINS.items() if login in have for group in groups]
    else:
        grants += [(group, owner) for group in ("kontor_loader", "kontor_mart_owner") if may]
    for group, member in grants:
        if not conn.scalar(sa.text("select pg_has_role(:m, :g, 'usage')"), {"m": member, "g": group}):
            raw(conn).execute(f"grant {group} to {member}".encode())


def grant(conn: sa.Connection) -> None:
    """Give every group its rights on what is there now; analysts get marts from `ops.secure_mart` only."""
    cursor = raw(conn)
    cursor.execute(_SECURITY.encode())
    cursor.execute(_GRANTS.encode())
    database = raw(conn).info.dbname.replace('"', '""')
    cursor.execute(f'grant connect on database "{database}" to {", ".join(GROUPS[:-1])}'.encode())
    cursor.execute(f'grant create on database "{database}" to kontor_mart_owner'.encode())
    cursor.execute(f'grant temporary on database "{database}" to kontor_loader'.encode())
    core = "select oid::regclass::text from pg_class where relnamespace = 'core'::regnamespace and relkind = 'r'"
    for table in conn.scalars(sa.text(core)).all():  # of a version, only its end may be set
        cursor.execute(f"grant update (_known_to) on {table} to kontor_loader".encode())
    for statement in conn.scalars(sa.text(_SELECT_CORE)).all():
        cursor.execute(statement.encode())


def know_restricted(conn: sa.Connection, contracts: Iterable[Contract]) -> None:
    """Write down which columns are restricted, for `grant`. What is known of feeds without a contract stays."""
    for contract in contracts:
        names = [
            name
            for column in contract.columns
            if column.classification == "restricted"
            for name in (column.name, column.absent_column)
            if name
        ]
        values = {"feed": contract.feed, "names": names}
        conn.execute(
            sa.text("delete from ops.restricted_column where feed = :feed and column_name <> all(:names)"), values
        )
        conn.execute(
            sa.text(
                "insert into ops.restricted_column select :feed, unnest(cast(:names as text[])) on conflict do nothing"
            ),
            values,
        )


def role_url(settings: Settings, role: str = "loader") -> str:
    """SQLAlchemy URL of the warehouse for one role: one of LOGINS, owner, or airflow for its database."""
    return server.role_url(settings, role)
