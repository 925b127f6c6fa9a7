"""Airflow DAG `housekeeping`: every morning, what a night leaves to do, and the letters to clients."""

from plugins.kontor.factory import RETRY, STEP_TIMEOUT
from plugins.kontor.housekeeping import housekeeping_dag

dag = housekeeping_dag(
    "housekeeping",
    title="Letters to clients, lapsed decisions, tidying up",
    owner="data engineering",
    at="30 5 * * *",
    defaults={"execution_timeout": STEP_TIMEOUT, **RETRY},
)
