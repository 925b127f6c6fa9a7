{{ config(post_hook='{{ add_months_of_other_suppliers() }}') }}

-- Which spellings on spend lines are one supplier of a client. A legal form is left out of the key only while the
-- client's lines know the name with at most one form: "Acme" and "Acme Ltd" are then one supplier, but as soon as
-- "Acme plc" occurs too the three stay apart.
with spellings as (
    select client_id, supplier_name, count(*) as lines
    from {{ ref('stg_ledgers__spend') }}
    group by client_id, supplier_name
),

worded as (
    select *, coalesce(nullif({{ plain_words('supplier_name') }}, ''), supplier_name) as words
    from spellings
),

parts as (
    select *, {{ legal_form('words') }} as form, {{ without_legal_form('words') }} as stem
    from worded
),

forms as (
    select client_id, stem, count(distinct form) as forms
    from parts
    group by client_id, stem
),

keyed as (
    select
        client_id,
        supplier_name as spelling,
        lines,
        case when form is null or forms = 1 then stem else stem || ' ' || form end as supplier_key
    from parts
    join forms using (client_id, stem)
)

select
    client_id,
    spelling,
    supplier_key,
    first_value(spelling) over (partition by client_id, supplier_key order by lines desc, spelling) as supplier_name
from keyed
