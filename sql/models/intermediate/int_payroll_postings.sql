-- Which run a payroll journal posts: the one whose number it bears as its own or its document's; else the only one of its
-- company whose period it falls into, best on the day of pay, else on the last day of the period. Two that fit are none.
with postings as (
    select * from {{ whole_of_changed_clients(ref('fct_payroll_postings'), 'ledgers_gl_entries') }} as posting
),

journals as (
    select distinct client_id, entity_code, journal_id, document_id, posting_date from postings
),

runs as (
    select
        client_id,
        coalesce(told_source, source) as source,
        run_id,
        period_end_date,
        min(entity_code) as entity_code,
        min(period_start_date) as period_start_date,
        max(coalesce(pay_date, period_end_date)) as pay_date
    from {{ ref('int_payroll_runs') }}
    group by 1, 2, 3, 4
),

candidates as (
    select
        journals.*,
        runs.source,
        runs.run_id,
        runs.period_end_date,
        case
            when runs.run_id in (journals.document_id, journals.journal_id) then 1
            when journals.posting_date = runs.pay_date then 2
            when journals.posting_date = runs.period_end_date then 3
            else 4
        end as place,
        runs.entity_code is distinct from journals.entity_code as is_of_other_company,
        abs(runs.pay_date - journals.posting_date) as days_away
    from journals
    join runs using (client_id)
    where
        runs.run_id in (journals.document_id, journals.journal_id)
        or (
            journals.posting_date between runs.period_start_date and greatest(runs.period_end_date, runs.pay_date)
            and coalesce(runs.entity_code = journals.entity_code, true)
        )
),

ranked as (
    select
        *,
        rank() over (
            partition by client_id, entity_code, journal_id, document_id, posting_date
            order by
                place, case when place = 1 then is_of_other_company end, case when place = 1 then days_away end
        ) as choice
    from candidates
),

chosen as (
    select
        client_id,
        entity_code,
        journal_id,
        document_id,
        posting_date,
        min(source) as source,
        min(run_id) as run_id,
        min(period_end_date) as period_end_date
    from ranked
    where choice = 1
    group by client_id, entity_code, journal_id, document_id, posting_date
    having count(*) = 1
)

select
    posting.client_id,
    chosen.source,
    chosen.run_id,
    chosen.period_end_date,
    posting.entity_code,
    posting.account_id,
    posting.currency_code,
    posting.posting_date,
    posting.amount,
    posting.lines
from postings as posting
left join chosen
    on chosen.client_id = posting.client_id and chosen.entity_code = posting.entity_code
    and chosen.journal_id = posting.journal_id and chosen.posting_date = posting.posting_date
    and chosen.document_id is not distinct from posting.document_id
