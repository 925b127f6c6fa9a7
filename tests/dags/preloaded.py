"""A process that has imported what the scheduler imports ahead, and forks a child for each step of a night, as the
executor does. Prints which modules each child still had to import: `python -m tests.dags.preloaded CLIENT`."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable

from plugins.airflow_local_settings import PRELOAD, preload

preload(PRELOAD)


def imported(work: Callable[[], object]) -> list[str]:
    """What a forked child imports while it works."""
    reader, writer = os.pipe()
    before = set(sys.modules)
    child = os.fork()
    if not child:
        try:
            work()
            os.write(writer, json.dumps(sorted(set(sys.modules) - before)).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 a forked child must never go on as its parent
            traceback.print_exc()
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    if os.waitpid(child, 0)[1]:
        raise SystemExit("a child failed")
    return list(json.loads(said))


def main(client: str) -> None:
    """One night of a client."""
    from pipelines.delivery import Step
    from pipelines.flow import correction, expected, fetch, night, report, step
    from pipelines.flow.office import open_office

    found = {"fetch": imported(lambda: fetch.fetch(client=client))}
    found["discover"] = imported(lambda: night.discover(DOMAINS, client=client))
    looked = night.discover(DOMAINS, client=client)
    scopes = looked.scopes
    for rank in sorted({scope.rank for scope in scopes}):
        for name in Step:
            ids = [i for scope in scopes if scope.rank == rank for i in scope.delivery_ids]
            found[f"{name.value} of rank {rank}"] = imported(lambda name=name, ids=ids: step.run_step(name, ids))
    found["workbooks"] = imported(lambda: correction.make_workbooks(client=client))
    found["publish"] = imported(lambda: (night.settle([i for s in scopes for i in s.delivery_ids]), report.moment()))
    found["outcome"] = imported(lambda: expected.note_expected(open_office(), looked=looked.looked_at, client=client))
    found["build_reports"] = imported(report.build_reports)
    print(json.dumps(found))


DOMAINS = ("clients", "ledgers", "payroll", "people", "shipments")

if __name__ == "__main__":
    main(sys.argv[1])
