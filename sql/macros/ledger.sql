{# After the movements are known: in the ledger, the later months of every period that has a line in a month made anew. Their
   running amounts begin with what the earlier months bring. #}
{% macro add_later_months_of_periods() -%}
    {% if changes_only() %}
    insert into {{ target.schema }}.reads (mart, feed) values ('rpt_general_ledger', 'gl_later_months');
    insert into {{ target.schema }}.changed (feed, client_id, month)
    with made as (
        select distinct client_id, entity_code, period_code, posting_month
        from {{ ref('fct_gl_movements') }}
        union
        select distinct old.client_id, old.entity_code, old.period_code, old.posting_month
        from reporting.fct_gl_movements as old
        join {{ target.schema }}.replaced_fct_gl_movements as replaced
            on replaced.client_id = old.client_id and replaced.month = old.posting_month
    )
    select distinct 'gl_later_months', later.client_id, later.posting_month
    from {{ target.schema }}.kept_fct_gl_movements as later
    join made
        on made.client_id = later.client_id and made.entity_code = later.entity_code
        and made.period_code = later.period_code and made.posting_month < later.posting_month
    {% endif %}
{%- endmacro %}

{# An amount by its side of the balance sheet: assets less liabilities and equity; profit and loss is no part of it. #}
{% macro group_side(amount) -%}
    case account_type_code when 'asset' then {{ amount }} when 'liability' then -{{ amount }}
        when 'equity' then -{{ amount }} else 0 end
{%- endmacro %}

{# After the pairs of accounts are counted: the months with a journal whose pair is unusual now and was not, or the other way
   round, or whose reversed journal is of another date now. #}
{% macro add_months_of_other_journal_risk() -%}
    {% if changes_only() %}
    insert into {{ target.schema }}.reads (mart, feed) values ('rpt_journal_risk', 'gl_journal_risk');
    insert into {{ target.schema }}.changed (feed, client_id, month)
    with reversed as (
        select client_id, entity_code, journal_id, min(posting_date) as posting_date
        from {{ whole_of_changed_clients(ref('fct_gl_journals'), 'ledgers_gl_entries') }} as journal
        group by client_id, entity_code, journal_id
    )
    select distinct 'gl_journal_risk', risk.client_id, risk.posting_month
    from reporting.rpt_journal_risk as risk
    left join {{ this }} as pair
        on pair.client_id = risk.client_id
        and coalesce(pair.debit_account_id, '') = coalesce(risk.debit_account_id, '')
        and coalesce(pair.credit_account_id, '') = coalesce(risk.credit_account_id, '')
    left join reversed
        on reversed.client_id = risk.client_id and reversed.entity_code = risk.entity_code
        and reversed.journal_id = risk.reversed_journal_id
    where
        risk.client_id in (select client_id from {{ this }})
        and (
            coalesce(pair.is_unusual, false) <> risk.is_unusual_pair
            or reversed.posting_date is distinct from risk.reversed_posting_date
        )
    {% endif %}
{%- endmacro %}
