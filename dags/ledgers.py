"""Airflow DAG `ledgers`: the nightly intake of ledgers."""

from plugins.kontor.factory import intake_dag

dag = intake_dag(
    "ledgers",
    domains=["ledgers"],
    title="Spend and payables of our clients",
    owner="data engineering",
    at="30 1 * * *",
)
