-- A supplier's name is the one on its latest invoice: ledgers change spellings, and the number is what identifies it.
{{ ageing('payables', 'supplier') }}
