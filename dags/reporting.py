"""Airflow DAG `reporting`: the reporting tables, built when an intake has published or a held delivery was released."""

from plugins.kontor.factory import reporting_dag
from plugins.kontor.names import INTAKE, RELEASE

dag = reporting_dag(
    "reporting", after=(*INTAKE, RELEASE), title="Reporting tables for analysts", owner="data engineering"
)
