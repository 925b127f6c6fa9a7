"""Passwords of Airflow connections for the pipelines, which know nothing of Airflow."""

from __future__ import annotations


def password_of(name: str) -> str | None:
    """The password of an Airflow connection, from whichever store of Airflow knows it; None when none does.

    (Airflow itself masks it in the log of the task from then on.)
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(name).password or None
    except AirflowNotFoundException:
        return None
