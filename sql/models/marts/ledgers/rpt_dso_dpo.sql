-- Balances at the end of the month against the flows of the last twelve months (or as many as there are): a month alone
-- swings with its season. Opening entries bring balances and no flows, closing entries only clear the accounts.
with chart as (
    select distinct on (client_id, account_id)
        client_id,
        account_id,
        coalesce(account_class_code, control_code, case account_type_code when 'revenue' then 'sales' end) as class_code
    from {{ ref('stg_ledgers__accounts') }}
    order by client_id, account_id, source
),

months as (
    select
        client_id,
        movement.entity_code,
        movement.currency_code,
        movement.posting_month,
        coalesce(sum(amount) filter (where class_code = 'receivables'), 0) as receivables,
        coalesce(sum(amount) filter (where class_code = 'inventory'), 0) as inventory,
        - coalesce(sum(amount) filter (where class_code = 'payables'), 0) as payables,
        - coalesce(sum(amount) filter (where class_code = 'sales' and entry_kind_code not in ('opening', 'closing')), 0)
            as sales,
        coalesce(
            sum(amount) filter (where class_code = 'cost_of_sales' and entry_kind_code not in ('opening', 'closing')), 0)
            as cost_of_sales
    from {{ whole_of_changed_clients(ref('fct_gl_movements'), 'ledgers_gl_entries') }} as movement
    join chart using (client_id, account_id)
    group by client_id, movement.entity_code, movement.currency_code, movement.posting_month
),

spans as (
    select
        client_id, entity_code, currency_code,
        generate_series(min(posting_month), max(posting_month), interval '1 month')::date as balance_month
    from months
    group by client_id, entity_code, currency_code
),

running as (
    select
        spans.client_id,
        spans.entity_code,
        spans.currency_code,
        spans.balance_month,
        coalesce(sum(receivables) over so_far, 0) as receivables_amount,
        coalesce(sum(inventory) over so_far, 0) as inventory_amount,
        coalesce(sum(payables) over so_far, 0) as payables_amount,
        coalesce(sum(sales) over last_year, 0) as sales_amount,
        coalesce(sum(cost_of_sales) over last_year, 0) as cost_of_sales_amount,
        count(*) over last_year as flow_months,
        (balance_month + interval '1 month')::date - min(balance_month) over last_year as flow_days
    from spans
    left join months
        on months.client_id = spans.client_id
        and months.entity_code = spans.entity_code
        and months.currency_code = spans.currency_code
        and months.posting_month = spans.balance_month
    window
        so_far as (partition by spans.client_id, spans.entity_code, spans.currency_code order by balance_month),
        last_year as (
            partition by spans.client_id, spans.entity_code, spans.currency_code
            order by balance_month
            rows between 11 preceding and current row)
),

ratios as (
    select
        *,
        receivables_amount / nullif(greatest(sales_amount, 0), 0) * flow_days as dso_days,
        inventory_amount / nullif(greatest(cost_of_sales_amount, 0), 0) * flow_days as dio_days,
        payables_amount / nullif(greatest(cost_of_sales_amount, 0), 0) * flow_days as dpo_days
    from running
)

select
    client_id,
    entity_code,
    balance_month,
    currency_code,
    receivables_amount::numeric(24, 2) as receivables_amount,
    inventory_amount::numeric(24, 2) as inventory_amount,
    payables_amount::numeric(24, 2) as payables_amount,
    sales_amount::numeric(24, 2) as sales_amount,
    cost_of_sales_amount::numeric(24, 2) as cost_of_sales_amount,
    flow_months,
    flow_days,
    round(dso_days, 1) as dso_days,
    round(dio_days, 1) as dio_days,
    round(dpo_days, 1) as dpo_days,
    round(dso_days + dio_days - dpo_days, 1) as cash_conversion_days,
    {{ cut_off() }} as known_at
from ratios
