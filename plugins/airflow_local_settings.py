"""Read by every Airflow process when it starts; does something in the two that fork.

LocalExecutor forks its workers from the scheduler, so what is imported here once is in every task at once and in
shared memory. Measured on 2 cores: a task that uses Great Expectations 14 s → 0.2 s, for 7 s at the start.
Tasks call the API server, so the scheduler also waits until that answers; the two start side by side.

The DAG processor forks for every DAG file it reads; it gets what those import, and nothing heavy.
"""

import gc
import importlib
import sys
import time
import urllib.request
from collections.abc import Sequence

__all__: list[str] = []

PARSING = ("plugins.kontor.factory", "plugins.kontor.housekeeping", "plugins.kontor.release")
PRELOAD = (
    *PARSING,
    "pandas",
    "pyarrow.csv",
    "pyarrow.dataset",
    "great_expectations",
    "babel.dates",
    "duckdb",
    "sqlglot.dialects.duckdb",
    "dbt.cli.main",
    "dbt.adapters.postgres.__version__",
    "dbt.adapters.__about__",
    "dbt.parser.sql",
    "dbt.task.build",
    "dbt_common.clients.agate_helper",
    "google.protobuf.descriptor_pb2",
    "openpyxl.packaging.extended",
    "pyarrow.acero",
    "pipelines.flow.night",
    "pipelines.flow.work",
    "pipelines.flow.release",
    "pipelines.flow.report",
    "pipelines.flow.summary",
    "pipelines.flow.warm",
    "pipelines.validate.run",
)
API_SECONDS = 240


def preload(names: Sequence[str]) -> None:
    """Import modules, once for all that is forked from here."""
    started = time.monotonic()
    for name in names:
        importlib.import_module(name)
    if "pipelines.flow.warm" in names:
        sys.modules["pipelines.flow.warm"].warm()
    gc.collect()
    gc.freeze()  # a collection in a worker would otherwise touch, and so copy, every inherited page
    print(f"preloaded {', '.join(names)} in {time.monotonic() - started:.1f} s")  # logging is not set up yet


def _wait_for_api() -> None:
    from airflow.configuration import conf

    url = conf.get("api", "base_url", fallback=f"http://127.0.0.1:{conf.get('api', 'port')}") + "/execution/health"
    deadline = time.monotonic() + API_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=20).close()  # noqa: S310 our own server
            return
        except OSError:
            time.sleep(0.2)
    print(f"{url} did not answer within {API_SECONDS} s; tasks will try for themselves")


if "scheduler" in sys.argv[1:2]:
    preload(PRELOAD)
    _wait_for_api()
elif "dag-processor" in sys.argv[1:2]:
    preload(PARSING)
