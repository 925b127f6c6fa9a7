"""Longer statements of `match_store.py`: its temporary tables, what changed, and how far a change reaches."""

# ruff: noqa: S608 (names of tables are ours; values are always bound)

from __future__ import annotations

from pipelines.warehouse.matches import CUSTOMERS, MATCHES, MEMBERS

TABLES = """
create temp table match_changed (source text, customer_id text, record_id bigint) on commit drop;
create temp table match_gone (source text, customer_id text, record_id bigint) on commit drop;
create temp table match_record (like matching.record) on commit drop;
create temp table match_key (record_id bigint, key bigint, is_new boolean) on commit drop;
create temp table match_number (record_id bigint) on commit drop;
create temp table match_end (source text, customer_id text) on commit drop;
create temp table match_region (source text, customer_id text, primary key (source, customer_id)) on commit drop;
create temp table match_edge (left_source text, left_customer_id text, right_source text, right_customer_id text)
    on commit drop;
create temp table match_member (source text, customer_id text, golden_id text, linked_by text) on commit drop;
create temp table match_pair (left_source text, left_customer_id text, right_source text, right_customer_id text,
    verdict text, decided_by text, probability double precision, reasons jsonb, model_id text, decision_id bigint)
    on commit drop;
create temp table match_row (source text, customer_id text, record_id bigint) on commit drop;
"""

CHANGED = f"""
with told as (
    select coalesce(c._source, r.source) as source, coalesce(c.customer_id, r.customer_id) as customer_id,
        r.record_id, c._row_hash as row_hash
    from (select _source, customer_id, _row_hash from {CUSTOMERS} where client_id = :client and _known_to is null) as c
    full join (select source, customer_id, record_id, row_hash from matching.record where client_id = :client) as r
    on (r.source, r.customer_id) = (c._source, c.customer_id)
    where r.row_hash is distinct from c._row_hash
), gone as (
    insert into match_gone select source, customer_id, record_id from told where row_hash is null
)
insert into match_changed select source, customer_id, record_id from told where row_hash is not null
"""
"""Core beside what was compared last; who never was compared has no number."""

_KEYS_BEFORE = """
select r.record_id, unnest(r.{column}) as key from
(select record_id from match_changed union all select record_id from match_gone) as x
join matching.record r on (r.client_id, r.record_id) = (:client, x.record_id)
"""
_KEYS_AFTER = "select record_id, unnest({column}) as key from match_record"
OTHER_KEYS = f"""
insert into match_key
select record_id, key, false from ({_KEYS_BEFORE} except {_KEYS_AFTER}) as o
union all
select record_id, key, true from ({_KEYS_AFTER} except {_KEYS_BEFORE}) as n
order by key
"""
"""Of the keys of who changed or is gone those that are others now; most are not."""
DROP_KEYS = """
delete from {table} k using match_key o
where (k.client_id, k.key, k.record_id) = (:client, o.key, o.record_id) and not o.is_new
"""
ADD_KEYS = """
insert into {table} (client_id, key, record_id)
select :client, key, record_id from match_key where is_new order by key, record_id
"""
MATES = """
select k.key, k.record_id from (select distinct unnest(keys) as key from match_record order by key) as n
cross join lateral (select key, record_id from matching.key where (client_id, key) = ({client}, n.key) offset 0) as k
where not exists (select from match_changed x where x.record_id = k.record_id)
and not exists (select from match_gone x where x.record_id = k.record_id)
"""
"""One key after the other by the index: of lists of keys the server does not know how many they are."""

NUMBERED = """
(select r.source, r.customer_id, n.record_id from match_number n
join matching.record r on (r.client_id, r.record_id) = ({client}, n.record_id))
"""

DROP_RECORDS = """
delete from matching.record r using match_gone x
where (r.client_id, r.source, r.customer_id) = (:client, x.source, x.customer_id)
"""
KEEP_RECORDS = """
insert into matching.record select * from match_record on conflict (client_id, source, customer_id) do update
set row_hash = excluded.row_hash, keys = excluded.keys, same_keys = excluded.same_keys
"""

SINCE_DECIDED = f"""
with asked as (
    select d.decision_id, d.decided_at, x.source, x.customer_id from match_changed x join matching.decision d
    on (d.client_id, d.left_source, d.left_customer_id) = ({{client}}, x.source, x.customer_id)
    where d.revoked_at is null
    union all
    select d.decision_id, d.decided_at, x.source, x.customer_id from match_changed x join matching.decision d
    on (d.client_id, d.right_source, d.right_customer_id) = ({{client}}, x.source, x.customer_id)
    where d.revoked_at is null
)
select a.decision_id, a.source, a.customer_id, {{picked}} from asked a
join {CUSTOMERS} b on (b.client_id, b._source, b.customer_id) = ({{client}}, a.source, a.customer_id)
and b._known_from <= a.decided_at and b._known_to > a.decided_at
join {CUSTOMERS} n on (n.client_id, n._source, n.customer_id) = ({{client}}, a.source, a.customer_id)
and n._known_to is null
order by 1, 2, 3
"""
LAPSE = """
update matching.decision d set lapsed_at = clock_timestamp(), revoked_at = clock_timestamp(), revoked_by = :by,
revoked_reason = :why, applied_at = null from matching.decision o where o.decision_id = :decision
and (d.client_id, d.left_source, d.left_customer_id, d.right_source, d.right_customer_id)
= (:client, o.left_source, o.left_customer_id, o.right_source, o.right_customer_id)
and d.revoked_at is null and d.decision_id <= o.decision_id
"""

SPREAD = f"""
with steps as (
    select p.right_source as source, p.right_customer_id as customer_id from match_front f join {MATCHES} p
    on (p.client_id, p.left_source, p.left_customer_id) = (:client, f.source, f.customer_id)
    where p._known_to is null and (p.probability >= :merge_at or p.decided_by <> 'score')
    union all
    select p.left_source, p.left_customer_id from match_front f join {MATCHES} p
    on (p.client_id, p.right_source, p.right_customer_id) = (:client, f.source, f.customer_id)
    where p._known_to is null and (p.probability >= :merge_at or p.decided_by <> 'score')
    union all
    select e.right_source, e.right_customer_id from match_front f join match_edge e
    on (e.left_source, e.left_customer_id) = (f.source, f.customer_id)
    union all
    select e.left_source, e.left_customer_id from match_front f join match_edge e
    on (e.right_source, e.right_customer_id) = (f.source, f.customer_id)
    union all
    select o.source, o.customer_id from match_front f cross join lateral (
        select golden_id from {MEMBERS} m where (m.client_id, m.source, m.customer_id)
        = (:client, f.source, f.customer_id) and m._known_to is null offset 0) as m
    cross join lateral (
        select source, customer_id from {MEMBERS} o where (o.client_id, o.golden_id) = (:client, m.golden_id)
        and o._known_to is null offset 0) as o
    union all
    select o.source, o.customer_id from match_front f join matching.record r
    on (r.client_id, r.source, r.customer_id) = (:client, f.source, f.customer_id)
    cross join lateral unnest(r.same_keys) as s (key)
    join matching.same_key k on (k.client_id, k.key) = (r.client_id, s.key)
    join matching.record o on (o.client_id, o.record_id) = (k.client_id, k.record_id)
    union all
    select d.right_source, d.right_customer_id from match_front f join matching.decision d
    on (d.client_id, d.left_source, d.left_customer_id) = (:client, f.source, f.customer_id)
    where d.revoked_at is null and d.verdict = 'same'
    union all
    select d.left_source, d.left_customer_id from match_front f join matching.decision d
    on (d.client_id, d.right_source, d.right_customer_id) = (:client, f.source, f.customer_id)
    where d.revoked_at is null and d.verdict = 'same'
)
insert into match_region select distinct source, customer_id from steps on conflict do nothing
returning source, customer_id
"""
"""One step from those newly found to all that may be joined with them."""

_CURRENT = "(p.client_id, p.{0}source, p.{0}customer_id) = (:client, x.source, x.customer_id) and p._known_to is null"
KNOWN_MEMBERS = f"select {{columns}} from match_region x join {MEMBERS} p on {_CURRENT.format('')}"
KNOWN_PAIRS = " union ".join(
    f"select {{columns}} from match_region x join {MATCHES} p on {_CURRENT.format(side)}"
    for side in ("left_", "right_")
)
"""What is said now of customers in the region, and of pairs with an end in it, by the index of either side."""
KNOWN = "select {columns} from {table} p where p.client_id = :client and p._known_to is null"
END = """
update {table} m set _known_to = :at from ({known} except select {columns} from {new} p) as p
where m.client_id = :client and m._known_to is null and {same}
"""
"""What is no longer so."""
