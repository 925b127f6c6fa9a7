"""Airflow DAG `release`: stewards decide on held deliveries; what they approve is loaded at once."""

from plugins.kontor.names import HELD
from plugins.kontor.release import release_dag

dag = release_dag("release", after=HELD, title="Held deliveries: approve or return", owner="data engineering")
