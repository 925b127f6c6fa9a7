-- A customer's name is the one on its latest invoice, as in rpt_payables_ageing.
{{ ageing('receivables', 'customer') }}
