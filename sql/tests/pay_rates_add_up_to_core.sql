-- Every rate in core stands in the register, and no other.
with core as (
    select client_id, count(*) as rates, sum(hourly_rate) as total
    from {{ source('core', 'payroll_pay_rates') }}
    where {{ known_at_cut_off() }}
    group by client_id
),

mart as (
    select client_id, count(*) as rates, sum(hourly_rate) as total
    from {{ whole(ref('rpt_pay_rate_register')) }} as whole
    group by client_id
)

select client_id, core.rates, mart.rates as mart_rates
from core
full join mart using (client_id)
where (core.rates, core.total) is distinct from (mart.rates, mart.total)
