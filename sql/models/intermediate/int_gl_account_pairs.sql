{{ config(post_hook='{{ add_months_of_other_journal_risk() }}') }}

-- How usual a pair of accounts is among all journals of a client: unusual in fewer than 3, once there are 200.
-- depends_on: {{ ref('fct_gl_journals') }}
select
    client_id,
    debit_account_id,
    credit_account_id,
    sum(journals)::bigint as journals,
    sum(journals) < 3 and sum(sum(journals)) over (partition by client_id) >= 200 as is_unusual
from {{ whole_of_changed_clients(ref('fct_gl_account_pairs'), 'ledgers_gl_entries') }} as pair
group by client_id, debit_account_id, credit_account_id
