"""Read by every Airflow process when it starts; does something in the scheduler only.

LocalExecutor forks its workers from the scheduler, so what is imported here once is in every task at once and in
shared memory. Measured on 2 cores: a task that uses Great Expectations 14 s → 0.2 s, for 7 s at the start.
Tasks call the API server, so the scheduler also waits until that answers; the two start side by side.
"""

import gc
import importlib
import sys
import time
import urllib.request

__all__: list[str] = []

PRELOAD = (
    "pandas",
    "pyarrow.csv",
    "pyarrow.dataset",
    "great_expectations",
    "babel.dates",
    "phonenumbers.data",
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "pipelines.flow.night",
    "pipelines.flow.work",
    "pipelines.flow.release",
    "pipelines.flow.report",
    "pipelines.validate.run",
    "plugins.kontor.release",
)
API_SECONDS = 240


def _preload() -> None:
    started = time.monotonic()
    for name in PRELOAD:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a worker would otherwise touch, and so copy, every inherited page
    print(f"preloaded {', '.join(PRELOAD)} in {time.monotonic() - started:.1f} s")  # logging is not set up yet


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
    _preload()
    _wait_for_api()
