"""Airflow DAG `reporting`: the reporting tables, built when an intake has published."""

from plugins.kontor.factory import reporting_dag
from plugins.kontor.names import INTAKE

dag = reporting_dag("reporting", after=INTAKE, title="Reporting tables for analysts", owner="data engineering")
