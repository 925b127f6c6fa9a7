-- What is open by age is what is open by rule: no open reject is left out of either list.
select client_id, delivery_id, rule_id, by_age.rows, by_rule.rows as open_rows
from (
    select client_id, delivery_id, rule_id, sum(rows) as rows
    from {{ ref('dq_open_reject') }}
    group by client_id, delivery_id, rule_id
) as by_age
full join (
    select client_id, delivery_id, rule_id, sum(open_rows) as rows
    from {{ ref('dq_reject_rule') }}
    where open_rows > 0
    group by client_id, delivery_id, rule_id
) as by_rule using (client_id, delivery_id, rule_id)
where by_age.rows is distinct from by_rule.rows
