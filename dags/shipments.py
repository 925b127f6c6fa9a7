"""Airflow DAG `shipments`: the nightly intake of shipments."""

from plugins.kontor.factory import intake_dag

dag = intake_dag(
    "shipments",
    domains=["shipments"],
    title="Shipments of our clients",
    owner="data engineering",
    at="0 2 * * *",
)
