"""The twenty rules as one hand-written SQL query, with the way of the rows into PostgreSQL and without it."""

import psycopg
from payslip_rows import COUNTRIES, CURRENCIES, copy, create, named, server


def _list(codes):
    return ", ".join(f"'{code}'" for code in codes)


RULES = {
    "employee": r"employee_id !~ '^E\d{6}$'",
    "name_length": "char_length(employee_name) not between 2 and 60",
    "iban": r"iban !~ '^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$'",
    "country": f"country_code not in ({_list(COUNTRIES)})",
    "currency": f"currency_code not in ({_list(CURRENCIES)})",
    "cost_center": r"cost_center_id !~ '^CC-\d{4}$'",
    "period": "period_end_date <= period_start_date",
    "paid_in_time": "pay_date < period_start_date",
    "pay_date": "pay_date not between date '2026-01-01' and date '2026-12-31'",
    "hired": "hire_date not between date '1970-01-01' and date '2026-12-31'",
    "left_after_hired": "exit_date < hire_date",
    "exit_of_leavers": "status_code = 'left' and exit_date is null",
    "hours": "contract_hours not between 0 and 60",
    "base": "base_amount not between 0 and 100000",
    "bonus": "bonus_amount not between 0 and 50000",
    "gross": "base_amount + bonus_amount <> gross_amount",
    "net": "net_amount + tax_amount + social_amount <> gross_amount",
    "tax": "tax_amount < 0",
    "social": "social_amount < 0",
    "net_positive": "net_amount <= 0",
}
"""When a row fails, by rule; of an empty cell no rule says anything but the one that asks for it."""

LABELS = ", ".join(f"case when {fails} then '{name}' end" for name, fails in RULES.items())
QUERY = f"""
create temporary table failing on commit drop as
select _row_number, labels
from (select _row_number, array_remove(array[{LABELS}], null) as labels from payslips) as judged
where labels <> '{{}}'
"""
COUNTS = "select label, count(*) from failing cross join unnest(labels) as label group by label"


def _judge(connection):
    connection.execute(QUERY)
    return named(dict(connection.execute(COUNTS).fetchall()))


def one_query(path):
    """COPY, then the query; the failing rows with their labels stay on the server, as a table."""
    connection = psycopg.connect(server())

    def go():
        with connection.transaction():
            create(connection)
            rows = copy(connection, path)
            return rows, _judge(connection)

    return go


def one_query_without_copy(path):
    """The query alone, on rows that are there."""
    connection = psycopg.connect(server())
    with connection.transaction():
        create(connection)
        rows = copy(connection, path)

    def go():
        with connection.transaction():
            return rows, _judge(connection)

    return go
