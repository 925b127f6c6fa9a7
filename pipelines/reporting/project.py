"""The dbt project in `sql/`, run in this process: what is in it, and one call of a dbt command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pipelines.errors import DeclarationError
from pipelines.settings import ROOT, Settings

PROJECT = ROOT / "sql"
NEXT = "reporting_next"
"""Schema a build is made in; the same name stands in `sql/profiles.yml`."""

MARTS = tuple(p.stem for p in sorted((PROJECT / "models" / "marts").glob("*/*.sql")))
"""Every table analysts may read, by subject and name."""


@dataclass(frozen=True)
class NodeRun:
    """What became of one model or test. `kind` is dbt's: model, test, unit_test; `rows` those a model wrote."""

    name: str
    kind: str
    status: str
    rows: int | None
    seconds: float
    message: str | None

    @property
    def failed(self) -> bool:
        """Whether it stops the build; skipped ones are the consequence of another that did."""
        return self.status in ("error", "fail", "runtime error", "partial success")


def run_dbt(settings: Settings, url: str, command: Sequence[str], cut_off: datetime) -> list[NodeRun]:
    """Run `dbt <command>` on the project; a project that dbt cannot read is a DeclarationError.

    Compiled SQL and logs go to `<home>/dbt`; nothing is sent anywhere.
    """
    from dbt.cli.main import dbtRunner  # 5 CPU-seconds: only who builds pays

    folder = settings.home / "dbt"
    options = {
        "--project-dir": PROJECT,
        "--profiles-dir": PROJECT,
        "--target-path": folder / "target",
        "--log-path": folder / "logs",
        "--log-level": "none",
        "--log-level-file": "info",
        "--vars": f'{{"cut_off": "{cut_off.isoformat()}"}}',
    }
    arguments = [*command, *(str(part) for pair in options.items() for part in pair), "--no-send-anonymous-usage-stats"]
    with _environment(connection_variables(url)):
        outcome = dbtRunner().invoke(arguments)
    results = getattr(outcome.result, "results", None)
    if results is None:
        raise DeclarationError(
            "the reporting project cannot be run",
            where=str(PROJECT),
            got=str(outcome.exception or outcome.result).strip(),
            next_step="correct the model or YAML that dbt names",
        )
    return [_node_run(r) for r in results]


def connection_variables(url: str) -> dict[str, str]:
    """The environment variables that `sql/profiles.yml` asks for."""
    parts = sa.make_url(url)
    return {
        "KONTOR_DBT_HOST": parts.host or "127.0.0.1",
        "KONTOR_DBT_PORT": str(parts.port or 5432),
        "KONTOR_DBT_USER": parts.username or "",
        "DBT_ENV_SECRET_KONTOR_PASSWORD": str(parts.password or ""),
        "KONTOR_DBT_DATABASE": parts.database or "",
        "DO_NOT_TRACK": "1",
        "PGTZ": "UTC",
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _node_run(result: object) -> NodeRun:
    node = result.node  # type: ignore[attr-defined]
    response = result.adapter_response or {}  # type: ignore[attr-defined]
    written = response.get("rows_affected") if node.resource_type == "model" else None
    return NodeRun(
        name=node.name,
        kind=str(node.resource_type),
        status=str(result.status),  # type: ignore[attr-defined]
        rows=written if written is not None and written >= 0 else None,
        seconds=round(result.execution_time, 3),  # type: ignore[attr-defined]
        message=result.message or None,  # type: ignore[attr-defined]
    )
