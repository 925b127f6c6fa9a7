"""Airflow DAG `client_data`: the nightly intake of clients."""

from plugins.kontor.factory import intake_dag

dag = intake_dag(
    "client_data",
    domains=["clients"],
    title="Customers of our clients",
    owner="data engineering",
    at="15 1 * * *",
)
