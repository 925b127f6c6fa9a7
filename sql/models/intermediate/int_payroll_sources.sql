-- Which kinds of lines a source of payslips has at all: of a kind it never has nothing can be told, not even that it is zero.
select
    client_id,
    source,
    bool_or(kind_code = 'earning') as has_earnings,
    bool_or(kind_code in ('deduction', 'tax')) as has_withheld,
    bool_or(kind_code = 'employer_cost') as has_employer_costs
from {{ ref('fct_payslip_lines') }}
group by client_id, source
