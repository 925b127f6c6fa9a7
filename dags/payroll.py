"""Airflow DAG `payroll`: the nightly intake of people, payroll."""

from plugins.kontor.factory import intake_dag

dag = intake_dag(
    "payroll",
    domains=["people", "payroll"],
    title="Employees and their pay rates",
    owner="data engineering",
    at="45 1 * * *",
)
