"""Files of any size as clients send them, dirt included.

    python -m tests.bench.generate KIND --rows N --seed N --out DIR

KIND is one of

| kind     | feed                | columns | file                                                          |
|----------|---------------------|--------:|---------------------------------------------------------------|
| payroll  | payroll.pay_rates   |       6 | German: `;`, UTF-8, 31.12.2026, 1234,50                       |
| ledger   | ledgers.payables    |      13 | German, code page 1252: `;`, 31.12.2026, 1.234,50-, CRLF      |
| shipment | shipments.shipments |      23 | French: tab, UTF-8, 31/12/2026, thousands by a narrow no-break space |
| customer | clients.customers   |      20 | British: `,`, UTF-8, 31/12/2026, names in quotes where needed |
| payslips | bench.payslips      |      20 | British: `,`, UTF-8, 31/12/2026; the bench's own feed, with twenty rules |

The module of each kind says what stands in its columns. All but payslips are feeds of the product: the command writes
`DIR/landing/<client>/…` and the profile that reads it to `DIR/clients/`, and
`make run LANDING=DIR/landing CLIENTS=DIR/clients` takes it in. `--format xlsx` writes a workbook with true numbers and
dates, `--changed 0.01` the same file with that share of its rows changed, `--dirt` another share of dirt than 1 %.

Dirt (`dirt.py` has the list, and says what each comes to): the share `--dirt` of the rows has a fault for which the
row must be set aside; half of these break a rule of the feed's suite, each rule in turn, the others hold a cell that
nobody can read, an empty cell that is required, a code nobody knows, a record with a cell too many, the same row twice,
or one key on two different rows. As many rows again, four times over, are only untidy, and must come out as if they
were not: blanks and no-break spaces around and inside, upper and lower case, dates and numbers in another local
spelling. Names have accents, quotes and embedded delimiters throughout.

The same kind, seed and options give the same bytes; rows are made in blocks of their own, so that memory does not
grow with the file, and a short file is the beginning of a long one.
"""
