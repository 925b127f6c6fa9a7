"""The gate against hand-written masks, stock Great Expectations and what else judges rows, few and many rows bad."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench import payroll, postgres
from tests.bench.race import Contest, Entry, Race, peer

PEERS = Path(__file__).parents[1] / "peers"
PANDERA = ("pandera[pandas,polars]==0.35.0", "pandas==3.1.1", "polars==2.1.0", "pyarrow==26.0.1")
SODA = ("soda-core==4.28.0", "soda-postgres==4.28.0", "psycopg[binary]==3.3.9", "pyarrow==26.0.1")
COUNTS = "COPY of the rows included; counts per rule, the failing rows are not named"
NAMES = "COPY of the rows included; the failing rows with their rules stay in a table on the server"


def contests(folder: Path, rows: int) -> list[Contest]:
    """The gate alone with 1 % and 50 % bad rows, the two side by side, and the whole step with its database."""
    own = Path(sys.executable)
    few, many = (payroll.write(folder, rows, share) for share in (0.01, 0.5))
    warm = payroll.write(folder, 2_000, 0.5)
    limits = {"pandas_masks": 2, "gx_complete": 1 / 5}

    def entries(slow: int) -> list[Entry]:
        ours = [Entry("kontor_gate", own), Entry("pandas_masks", own)]
        minutes = f"takes minutes with many bad rows: not more than {slow} of the rounds"
        return [*ours, Entry("gx_complete", own, at_most=slow, note=minutes), *_peers(folder)]

    def both(job: str) -> list[Entry]:
        return [Entry(job, own, label=", 50 % bad"), Entry(job, own, file=few, label=", 1 % bad")]

    beside = {"kontor_gate, 1 % bad": 2}
    title = "20 rules on payslips, Arrow file to failing rows"
    return [
        Race(f"Gate: {title}, 1 % bad", few, warm, entries(3), limits, profile=True),
        Race(f"Gate: {title}, 50 % bad", many, warm, entries(1), limits, profile=True),
        Race("Gate: many bad rows beside few", many, warm, both("kontor_gate"), beside, same=False),
        Race("Gate: the step with its database", many, warm, both("kontor_validate"), {}, same=False, profile=True),
    ]


def _peers(folder: Path) -> list[Entry]:
    """Each in an environment of its own, which knows nothing of the project; databases on one server."""
    pandera, soda = (peer(name, what, folder / "peers") for name, what in (("pandera", PANDERA), ("soda", SODA)))
    frames = [Entry(job, pandera, script=PEERS / "pandera_gate.py") for job in ("pandera_pandas", "pandera_polars")]
    tables = [
        Entry(job, python, script=PEERS / script, env=postgres.database(job), note=note)
        for job, python, script, note in (
            ("soda_postgres", soda, "soda_gate.py", COUNTS),
            ("soda_postgres_without_copy", soda, "soda_gate.py", ""),
            ("one_query", soda, "sql_gate.py", NAMES),
            ("one_query_without_copy", soda, "sql_gate.py", ""),
        )
    ]
    return [*frames, *tables]
