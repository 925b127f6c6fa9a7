-- Invoiced is compared with what was accepted, or with the order where nothing came or the client sends no receipts. Prices
-- are compared as amounts: what the invoices of a line come to against their quantity at the price of the order. So a
-- credit note sets right what it credits, in quantity or price.
{%- set line_key = ['client_id', 'line_source', 'purchase_order_id', 'found_line_id'] %}
{%- set line_columns = line_key | join(', ') %}
with invoices as (
    select
        invoice.*,
        line.currency_code is not null and line.currency_code <> invoice.currency_code as is_other_currency,
        {{ bare_number('invoice.invoice_id') }} as bare_number
    from {{ ref('int_purchase_invoices') }} as invoice
    left join {{ ref('int_purchase_lines') }} as line
        on line.client_id = invoice.client_id and line.source = invoice.line_source
        and line.purchase_order_id = invoice.purchase_order_id and line.line_id = invoice.found_line_id
),

-- What is invoiced for a line more than once with the same quantity and amount, less what was credited of it.
repeats as (
    select
        {{ line_columns }},
        bool_or(times > 1) as has_repeats,
        bool_or(times > 1 and documents > bare_numbers) as has_same_number
    from (
        select
            {{ line_columns }},
            sum(sign(net_amount)) as times,
            count(distinct (source, partner_id, invoice_id)) filter (where net_amount > 0) as documents,
            count(distinct bare_number) filter (where net_amount > 0) as bare_numbers
        from invoices
        where found_line_id is not null
        group by {{ line_columns }}, abs(quantity), abs(net_amount), currency_code
    ) as equal_lines
    group by {{ line_columns }}
),

invoiced as (
    select
        {{ line_columns }},
        count(*) as invoice_lines,
        count(distinct (source, partner_id, invoice_id)) as invoices,
        min(partner_id) as partner_id,
        bool_or(is_unknown_unit) as has_unknown_unit,
        bool_and(has_no_quantity) as has_no_quantity,
        coalesce(sum(net_amount) filter (where is_other_product), 0) <> 0 as has_other_product, -- and not credited in full
        coalesce(sum(quantity), 0) as quantity,
        coalesce(sum(quantity) filter (where not is_other_currency), 0) as priced_quantity,
        count(*) filter (where not is_other_currency) as priced_lines,
        coalesce(sum(net_amount) filter (where not is_other_currency), 0) as net_amount,
        count(*) filter (where is_other_currency) as other_currency_lines,
        max(invoice_date) as last_invoice_date
    from invoices
    where found_line_id is not null
    group by {{ line_columns }}
),

other_amounts as (
    select {{ line_columns }}, string_agg(currency_code || ' ' || net_amount, ', ' order by currency_code) as other_currency_amounts
    from (
        select {{ line_columns }}, currency_code, sum(net_amount) as net_amount
        from invoices
        where is_other_currency
        group by {{ line_columns }}, currency_code
    ) as by_currency
    group by {{ line_columns }}
),

invoicing as (
    select distinct client_id from {{ ref('int_purchase_invoices') }} where purchase_order_id is not null
),

lines as (
    select
        line.client_id,
        line.source,
        line.purchase_order_id,
        line.line_id,
        line.supplier_id,
        line.supplier_name,
        invoiced.partner_id,
        line.product_id,
        line.product_name,
        line.is_closed,
        line.is_cancelled,
        line.due_date < {{ today() }} and line.is_draft is not true as is_past_due,
        line.quantity_unit,
        line.ordered_quantity,
        line.price_amount,
        line.currency_code,
        line.ordered_quantity * coalesce(client.match_quantity_pct, 0) / 100 as quantity_tolerance,
        coalesce(client.match_price_pct, 0) / 100 as price_tolerance,
        line.ordered_quantity * (1 + greatest(line.over_delivery_pct, coalesce(client.match_quantity_pct, 0)) / 100) as most_quantity,
        receipt.has_receipts_feed,
        receipt.receipts,
        receipt.accepted_quantity,
        receipt.last_received_date,
        receipt.has_other_product or coalesce(invoiced.has_other_product, false) as has_other_product,
        invoicing.client_id is not null as has_invoices_feed,
        coalesce(invoiced.invoice_lines, 0) as invoice_lines,
        coalesce(invoiced.invoices, 0) as invoices,
        invoiced.last_invoice_date,
        line.ordered_quantity is null or receipt.is_unknown_unit or coalesce(invoiced.has_unknown_unit, false) as is_unknown_unit,
        coalesce(invoiced.has_no_quantity, false) as has_no_quantity,
        case when invoiced.has_unknown_unit or invoiced.has_no_quantity then null else coalesce(invoiced.quantity, 0) end as invoiced_quantity,
        case when invoiced.has_unknown_unit or invoiced.has_no_quantity then null else coalesce(invoiced.priced_quantity, 0) end as priced_quantity,
        coalesce(invoiced.net_amount, 0) as invoiced_amount,
        coalesce(invoiced.priced_lines, 0) as priced_lines,
        coalesce(invoiced.other_currency_lines, 0) as other_currency_lines,
        other_amounts.other_currency_amounts,
        coalesce(repeats.has_repeats, false) as has_repeats,
        coalesce(repeats.has_same_number, false) as has_same_number
    from {{ ref('int_purchase_lines') }} as line
    join {{ ref('int_purchase_line_receipts') }} as receipt using (client_id, source, purchase_order_id, line_id)
    left join {{ ref('stg_ops__clients') }} as client using (client_id)
    left join invoicing using (client_id)
    {%- for part in ('invoiced', 'other_amounts', 'repeats') %}
    left join {{ part }}
        on {{ part }}.client_id = line.client_id and {{ part }}.line_source = line.source
        and {{ part }}.purchase_order_id = line.purchase_order_id and {{ part }}.found_line_id = line.line_id
    {%- endfor %}
),

compared as (
    select
        *,
        case when coalesce(accepted_quantity, 0) > 0 then accepted_quantity else ordered_quantity end as due_quantity,
        invoiced_amount - round(priced_quantity * price_amount, 2) as price_variance_amount,
        round(abs(priced_quantity * price_amount) * price_tolerance, 2) + 0.005 * priced_lines as price_allowance,
        is_unknown_unit or has_no_quantity as is_not_comparable,
        invoice_lines > 0 and coalesce(invoiced_quantity, 1) <> 0 as is_invoiced -- and not credited in full
    from lines
),

flagged as (
    select
        *,
        array_remove(array[
            case when has_same_number or has_repeats and invoiced_quantity > due_quantity + quantity_tolerance then 'duplicate_invoice' end,
            case when other_currency_lines > 0 then 'other_currency' end,
            case when has_other_product then 'other_product' end,
            case
                when has_receipts_feed and accepted_quantity <= 0 and (is_invoiced or is_past_due and not is_closed)
                    then 'not_received'
            end,
            case when not is_not_comparable and invoiced_quantity > due_quantity + quantity_tolerance then 'quantity_over_invoiced' end,
            case when price_variance_amount > price_allowance then 'price_over' end,
            case when accepted_quantity > most_quantity then 'over_received' end,
            case when is_unknown_unit then 'unknown_unit' end,
            case when has_no_quantity then 'no_quantity' end,
            case
                when has_invoices_feed and not is_invoiced
                    and (coalesce(accepted_quantity, receipts) > 0 or not has_receipts_feed and is_past_due and not is_closed)
                    then 'not_invoiced'
            end,
            case
                when not is_not_comparable and is_invoiced and (not has_receipts_feed or accepted_quantity > 0)
                    and invoiced_quantity < due_quantity - quantity_tolerance
                    then 'under_invoiced'
            end,
            case when price_variance_amount < - price_allowance then 'price_under' end,
            case
                when accepted_quantity > 0 and accepted_quantity < ordered_quantity - quantity_tolerance and (is_closed or is_past_due)
                    then 'under_received'
            end
        ], null) as flags
    from compared
),

-- What names no order, or one that cannot be found.
orderless as (
    select
        client_id, source, 'invoice_line' as row_code, purchase_order_id, purchase_order_line_id, null as supplier_id, partner_id,
        invoice_id as document_id, invoice_line_id as document_line_id, product_id, quantity, net_amount, currency_code, invoice_date as day
    from invoices
    join invoicing using (client_id)
    where found_line_id is null
    union all
    select
        receipt.client_id, receipt.source, 'receipt_line', receipt.purchase_order_id, receipt.purchase_order_line_id, null, null,
        receipt.receipt_id, receipt.receipt_line_id, receipt.product_id, received_quantity - rejected_quantity, null, null, received_date
    from {{ ref('int_purchase_receipts') }} as receipt
    join (select distinct client_id from {{ ref('int_purchase_lines') }}) as ordering using (client_id)
    where found_line_id is null and received_quantity is distinct from 0
)

select
    client_id,
    source,
    'order_line' as row_code,
    purchase_order_id,
    line_id as purchase_order_line_id,
    null::text as document_id,
    null::text as document_line_id,
    supplier_id,
    supplier_name,
    partner_id,
    product_id,
    product_name,
    case
        when cardinality(flags) > 0 then flags[1]
        when accepted_quantity > 0 or invoice_lines > 0 then 'matched'
        when is_closed then 'closed'
        else 'open'
    end as status_code,
    array_to_string(flags, ', ') as flags,
    case
        when has_receipts_feed and has_invoices_feed then 'order, receipt, invoice'
        when has_receipts_feed then 'order, receipt'
        when has_invoices_feed then 'order, invoice'
        else 'order'
    end as compared_documents,
    quantity_unit,
    ordered_quantity::numeric(20, 4) as ordered_quantity,
    accepted_quantity::numeric(20, 4) as accepted_quantity,
    case when has_invoices_feed then invoiced_quantity end::numeric(20, 4) as invoiced_quantity,
    (accepted_quantity - ordered_quantity)::numeric(20, 4) as receipt_variance_quantity,
    due_quantity::numeric(20, 4) as due_quantity,
    case when invoice_lines > 0 then invoiced_quantity - due_quantity end::numeric(20, 4) as variance_quantity,
    price_amount::numeric(20, 6) as order_price_amount,
    (invoiced_amount / nullif(priced_quantity, 0))::numeric(20, 6) as invoice_price_amount,
    case when priced_lines > 0 then round(100 * price_variance_amount / nullif(priced_quantity * price_amount, 0), 2) end::numeric(20, 2)
        as price_variance_pct,
    currency_code,
    round(ordered_quantity * price_amount, 2)::numeric(24, 2) as ordered_amount,
    round(accepted_quantity * price_amount, 2)::numeric(24, 2) as accepted_amount,
    invoiced_amount::numeric(24, 2) as invoiced_amount,
    case when priced_lines > 0 then price_variance_amount end::numeric(24, 2) as price_variance_amount,
    case
        when priced_lines > 0 and other_currency_lines = 0
            then round(priced_quantity * price_amount, 2) - round(due_quantity * price_amount, 2)
    end::numeric(24, 2) as quantity_variance_amount,
    other_currency_amounts,
    receipts,
    invoices,
    invoice_lines,
    last_received_date,
    last_invoice_date,
    {{ cut_off() }} as known_at
from flagged
union all
select
    client_id,
    source,
    row_code,
    purchase_order_id,
    purchase_order_line_id,
    document_id,
    document_line_id,
    orderless.supplier_id,
    null,
    partner_id,
    product_id,
    product.product_name,
    'no_order',
    'no_order',
    null,
    product.base_unit_code,
    null::numeric(20, 4),
    case when row_code = 'receipt_line' then quantity end::numeric(20, 4),
    case when row_code = 'invoice_line' then quantity end::numeric(20, 4),
    null::numeric(20, 4),
    null::numeric(20, 4),
    null::numeric(20, 4),
    null::numeric(20, 6),
    case when row_code = 'invoice_line' then net_amount / nullif(quantity, 0) end::numeric(20, 6),
    null::numeric(20, 2),
    orderless.currency_code,
    null::numeric(24, 2),
    null::numeric(24, 2),
    net_amount::numeric(24, 2),
    null::numeric(24, 2),
    null::numeric(24, 2),
    null,
    case when row_code = 'receipt_line' then 1 else 0 end,
    case when row_code = 'invoice_line' then 1 else 0 end,
    case when row_code = 'invoice_line' then 1 else 0 end,
    case when row_code = 'receipt_line' then day end,
    case when row_code = 'invoice_line' then day end,
    {{ cut_off() }}
from orderless
left join {{ ref('int_products') }} as product using (client_id, product_id)
