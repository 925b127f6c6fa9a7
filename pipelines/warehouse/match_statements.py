"""Longer statements of `match_store.py`: its temporary tables, what changed, and how far a change reaches."""

# ruff: noqa: S608 (names of tables are ours; values are always bound)

from __future__ import annotations

from pipelines.warehouse.matches import CUSTOMERS, MATCHES, MEMBERS

TABLES = """
create temp table match_changed (source text, customer_id text, row_hash uuid) on commit drop;
create temp table match_gone (source text, customer_id text) on commit drop;
create temp table match_region (source text, customer_id text, primary key (source, customer_id)) on commit drop;
create temp table match_edge (left_source text, left_customer_id text, right_source text, right_customer_id text)
    on commit drop;
create temp table match_member (source text, customer_id text, golden_id text, linked_by text) on commit drop;
create temp table match_pair (left_source text, left_customer_id text, right_source text, right_customer_id text,
    verdict text, decided_by text, probability double precision, reasons jsonb, model_id text, decision_id bigint)
    on commit drop;
create temp table match_row (source text, customer_id text) on commit drop;
"""

CHANGED = f"""
insert into match_changed
select c._source, c.customer_id, c._row_hash from {CUSTOMERS} c
left join matching.record r on (r.client_id, r.source, r.customer_id) = (c.client_id, c._source, c.customer_id)
where c.client_id = :client and c._known_to is null and r.row_hash is distinct from c._row_hash
"""
GONE = f"""
insert into match_gone
select r.source, r.customer_id from matching.record r
left join {CUSTOMERS} c on (c.client_id, c._source, c.customer_id) = (r.client_id, r.source, r.customer_id)
    and c._known_to is null
where r.client_id = :client and c.client_id is null
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
