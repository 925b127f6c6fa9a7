"""Airflow DAG of tasks that do nothing: what a task costs before it does anything."""

from airflow.sdk import dag, task


@dag(dag_id="empty", schedule=None, catchup=False)
def empty():
    @task
    def numbers():
        return list(range(40))

    @task
    def nothing(number):
        return number

    nothing.expand(number=numbers())


empty()
