"""The twenty rules as a Soda contract, verified on PostgreSQL, with the way of the rows there and without it.

As its documentation has it: checks of a column where it has them, else `failed_rows` with an expression. Soda gathers
them into one query of counts; it does not name the failing rows (its paid product collects them).
"""

import os
from urllib.parse import urlsplit

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"  # read when it is imported; it would report its use

import psycopg
from payslip_rows import COUNTRIES, CURRENCIES, contract_file, copy, create, named, server


def _regex(text):
    return {"valid_format": {"regex": text, "name": "format"}}


COLUMNS = {
    "employee_id": ("employee", _regex(r"^E\d{6}$")),
    "employee_name": ("name_length", {"valid_min_length": 2, "valid_max_length": 60}),
    "iban": ("iban", _regex(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")),
    "country_code": ("country", {"valid_values": list(COUNTRIES)}),
    "currency_code": ("currency", {"valid_values": list(CURRENCIES)}),
    "cost_center_id": ("cost_center", _regex(r"^CC-\d{4}$")),
    "contract_hours": ("hours", {"valid_min": 0, "valid_max": 60}),
    "base_amount": ("base", {"valid_min": 0, "valid_max": 100_000}),
    "bonus_amount": ("bonus", {"valid_min": 0, "valid_max": 50_000}),
    "tax_amount": ("tax", {"valid_min": 0}),
    "social_amount": ("social", {"valid_min": 0}),
}
EXPRESSIONS = {
    "period": "period_end_date <= period_start_date",
    "paid_in_time": "pay_date < period_start_date",
    "pay_date": "pay_date not between date '2026-01-01' and date '2026-12-31'",
    "hired": "hire_date not between date '1970-01-01' and date '2026-12-31'",
    "left_after_hired": "exit_date < hire_date",
    "gross": "base_amount + bonus_amount <> gross_amount",
    "net": "net_amount + tax_amount + social_amount <> gross_amount",
    "net_positive": "net_amount <= 0",
}


def _contract(database):
    columns = [
        {"name": name, "checks": [{"invalid": {"name": rule, **valid}}]} for name, (rule, valid) in COLUMNS.items()
    ]
    columns.append(
        {"name": "exit_date", "checks": [{"missing": {"name": "exit_of_leavers", "filter": "status_code = 'left'"}}]}
    )
    checks = [
        {"failed_rows": {"name": rule, "qualifier": rule, "expression": fails}} for rule, fails in EXPRESSIONS.items()
    ]
    return {"dataset": f"bench/{database}/public/payslips", "columns": columns, "checks": checks}


def _files(path):
    """The contract and the data source, as the YAML files that Soda takes."""
    from ruamel.yaml import YAML

    there = urlsplit(server())
    database = there.path[1:]
    os.environ["KONTOR_BENCH_PASSWORD"] = there.password
    source = {
        "type": "postgres",
        "name": "bench",
        "connection": {
            "host": there.hostname, "port": there.port, "user": there.username, "database": database,
            "password": "${env.KONTOR_BENCH_PASSWORD}",
        },
    }  # fmt: skip
    files = []
    for name, content in (("soda_source.yml", source), ("soda_contract.yml", _contract(database))):
        files.append(contract_file(path, name))
        with files[-1].open("w", encoding="utf-8") as file:
            YAML().dump(content, file)
    return [str(file) for file in files]


def _verified(files):
    from soda_core.contracts import verify_contract_locally

    result = verify_contract_locally(data_source_file_path=files[0], contract_file_path=files[1])
    if result.has_errors:
        raise RuntimeError(result.get_errors_str())
    counts = {}
    for check in result.contract_verification_results[0].check_results:
        figures = check.diagnostic_metric_values
        kind = next(k for k in ("failed_rows_count", "invalid_count", "missing_count") if k in figures)
        counts[check.check.name] = figures[kind]
    return named(counts)


def soda_postgres(path):
    """COPY, then the contract."""
    files = _files(path)
    connection = psycopg.connect(server())

    def go():
        with connection.transaction():
            create(connection)
            rows = copy(connection, path)
        return rows, _verified(files)

    return go


def soda_postgres_without_copy(path):
    """The contract alone, on rows that are there."""
    files = _files(path)
    with psycopg.connect(server()) as connection:
        create(connection)
        rows = copy(connection, path)

    return lambda: (rows, _verified(files))
