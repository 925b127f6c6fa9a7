"""The dbt project in `sql/`, run in this process: what is in it, and one call of a dbt command.

Parsing it takes two CPU seconds, so what dbt has parsed is kept in `<home>/dbt`, under a hash of all that it was
parsed from.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from pipelines.errors import DeclarationError
from pipelines.settings import ROOT, Settings

PROJECT = ROOT / "sql"
LIVE = "reporting"
NEXT = "reporting_next"
"""Schema a build is made in; the same name stands in `sql/profiles.yml`."""

MARTS = tuple(p.stem for p in sorted((PROJECT / "models" / "marts").glob("*/*.sql")))
"""Every table analysts may read, by subject and name."""

GROUPS = {"payroll": "kontor_payroll", "client_data": "kontor_client_data"}
"""What a mart may say in `granted_to` of its meta: the group role that alone may read it."""
_OWN_FILES = ("dbt_project.yml", "profiles.yml", "models", "macros", "tests")


@dataclass(frozen=True)
class NodeRun:
    """What became of one model or test. `kind` is dbt's: model, test, unit_test; `rows` those a model wrote.

    `failing` is the table in the side schema that holds the rows a test found.
    """

    name: str
    kind: str
    status: str
    rows: int | None
    seconds: float
    message: str | None
    failing: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it stops the build; skipped ones are the consequence of another that did."""
        return self.status in ("error", "fail", "runtime error", "partial success")


@dataclass(frozen=True)
class Mart:
    """What a mart is made of. `feeds`: tables in core, also those behind marts it reads; `is_dated`: it also depends on
    the date of its clients; `month`: the column by whose months it may be built anew, if not by clients. `is_whole`:
    always built, in one piece, since it shows what has no history. `reads`: marts, directly or through others."""

    name: str
    feeds: frozenset[str]
    is_dated: bool
    is_whole: bool
    month: str | None
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Project:
    """The project as dbt has parsed it for one warehouse."""

    settings: Settings
    url: str
    marts: Sequence[Mart]
    month_of: Mapping[str, str]
    """Feed (its table in core) → the date by whose months its marts are built anew."""
    parsed: bytes = field(repr=False)

    @cached_property
    def hash(self) -> str:
        """Hash of all that decides what a build makes of the same rows: the project, dbt, and our code around it."""
        code = sorted(Path(__file__).parent.glob("*.py"))
        return _hash_of([_project_hash(), *(p.read_bytes().hex() for p in code)])

    def run(self, command: Sequence[str], cut_off: datetime, *, changes_only: bool = False) -> list[NodeRun]:
        """Run `dbt <command>`; a project that dbt cannot run is a DeclarationError.

        Compiled SQL goes to `<home>/dbt`, nothing is sent anywhere. `changes_only`: of marts that are not whole only
        what the table `changed` in the side schema names.
        """
        variables = json.dumps({"cut_off": cut_off.isoformat(), "changes_only": changes_only})
        outcome = _invoke(self.settings, self.url, [*command, "--vars", variables], self._manifest())
        if (results := getattr(outcome.result, "results", None)) is None:
            raise _unreadable(outcome)
        return [_node_run(r) for r in results]

    def _manifest(self) -> Any:
        """A manifest of its own for each run, which writes into it."""
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        return Manifest.from_msgpack(self.parsed, decoder=extended_mashumuro_decoder)


@cache
def granted() -> dict[str, str]:
    """Restricted mart → the group role that may read it, as the YAML beside the models says; read without dbt."""
    found = {}
    for path in sorted((PROJECT / "models" / "marts").glob("**/_*.yml")):
        text = path.read_text(encoding="utf-8")
        models = yaml.load(text, yaml.CSafeLoader)["models"] if "granted_to" in text else []
        for model in models:
            group = model.get("config", {}).get("meta", {}).get("granted_to")
            if group is None:
                continue
            if group not in GROUPS:
                raise DeclarationError(
                    f"mart {model['name']} is granted to a group that is not known",
                    where=str(path),
                    got=str(group),
                    expected=", ".join(GROUPS),
                    next_step="correct granted_to, or leave it out: then every analyst of the client may read the mart",
                )
            found[model["name"]] = GROUPS[group]
    return found


def load_project(settings: Settings, url: str) -> Project:
    """The project as it is now: what was kept of it if that is of the same files, else parsed anew and kept.

    A project that dbt cannot read is a DeclarationError.
    """
    ours = Path(__file__).read_bytes().hex()  # decides what is kept, and how it is written
    name = _hash_of([_project_hash(), str(sa.make_url(url).database), str(sys.version_info), ours])
    path = settings.home / "dbt" / f"parsed-{name[:32]}"
    kept = _read_kept(path)
    if kept is None:
        kept = _parse(settings, url)
        _keep(path, kept)
    facts, _, parsed = kept.partition(b"\n")
    found = json.loads(facts)
    marts = [Mart(**{**mart, **{of: frozenset(mart[of]) for of in ("feeds", "reads")}}) for mart in found["marts"]]
    return Project(settings, url, marts, found["month_of"], parsed)


def _parse(settings: Settings, url: str) -> bytes:
    """What we ask of the project as a line of JSON, then all that dbt needs of it."""
    from dbt.parser.manifest import extended_mashumaro_encoder

    outcome = _invoke(settings, url, ["parse"])
    if not outcome.success:
        raise _unreadable(outcome)
    manifest = outcome.result
    manifest.files = {}  # only for parsing again, and two thirds of the time it takes to read
    models = {n.name: n for n in manifest.nodes.values() if n.resource_type == "model" and n.name in MARTS}
    tables = [s for s in manifest.sources.values() if s.source_name == "core"]
    month_of = {s.name: s.config.meta["month_of"] for s in tables if "month_of" in s.config.meta}
    marts = [_mart(manifest, models[name], month_of) for name in MARTS]
    _check_readers(manifest, marts)
    written = [{**asdict(mart), "feeds": sorted(mart.feeds), "reads": sorted(mart.reads)} for mart in marts]
    facts = {"marts": written, "month_of": month_of}
    parsed: bytes = manifest.to_msgpack(extended_mashumaro_encoder)
    return json.dumps(facts).encode() + b"\n" + parsed


def _read_kept(path: Path) -> bytes | None:
    """What stands behind its own hash; None when there is nothing, or something else than was written."""
    if not path.exists():
        return None
    digest, _, kept = path.read_bytes().partition(b"\n")
    return kept if hashlib.sha256(kept).hexdigest().encode() == digest else None


def _keep(path: Path, kept: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for former in path.parent.glob("parsed-*"):
        former.unlink(missing_ok=True)
    half = path.with_name(f"half-{os.getpid()}-{path.name}")
    half.write_bytes(hashlib.sha256(kept).hexdigest().encode() + b"\n" + kept)
    half.replace(path)


def _project_hash() -> str:
    """Hash of the files of the project and of the versions that read them."""
    places = [PROJECT / name for name in _OWN_FILES]
    files = sorted({f for place in places for f in ([place] if place.is_file() else place.rglob("*")) if f.is_file()})
    parts = [part for f in files for part in (str(f.relative_to(PROJECT)), f.read_bytes().hex())]
    return _hash_of([version("dbt-core"), version("dbt-postgres"), *parts])


def _hash_of(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()


def _mart(manifest: Any, node: Any, dated: Collection[str]) -> Mart:
    sources = _sources(manifest, node.unique_id)
    feeds = frozenset(name for schema, name in sources if schema == "core")
    others = {(schema, name) for schema, name in sources if schema != "core"}
    mart = Mart(
        name=node.name,
        feeds=feeds,
        is_dated=("ops", "client") in others,
        is_whole=not feeds or bool(others - {("ops", "client"), ("ops", "day_off")}),  # days off never change
        month=node.config.meta.get("month"),
        reads=frozenset(_models(manifest, node.unique_id)) & frozenset(MARTS),
    )
    if mart.month and (mart.is_dated or mart.is_whole or feeds.isdisjoint(dated)):
        raise DeclarationError(
            "a mart cannot be built by months",
            where=f"{PROJECT.name}/{node.original_file_path}",
            got=f"made of {', '.join(sorted(f'{schema}.{name}' for schema, name in sources))}",
            expected="tables of core only, at least one with month_of",
            next_step="leave month out of its meta: it is then built by clients",
        )
    return mart


def _check_readers(manifest: Any, marts: Sequence[Mart]) -> None:
    """The side schema holds the months of a mart that are made anew: who makes others too must read it whole."""
    by_month = {mart.name: mart for mart in marts if mart.month}
    for node in manifest.nodes.values():
        if node.resource_type != "model" or any("whole" in macro for macro in node.depends_on.macros):
            continue
        read = [manifest.nodes[n].name for n in node.depends_on.nodes if n in manifest.nodes]
        for name in sorted(set(read) & set(by_month)):
            same = node.name in by_month and by_month[node.name].feeds == by_month[name].feeds
            if not same:
                raise DeclarationError(
                    "a model reads a part of a mart",
                    where=f"{PROJECT.name}/{node.original_file_path}",
                    got=f"ref('{name}'), of which a build of changes makes some months only",
                    expected="the macro whole_of_changed_clients, or whole inside of_changed_months",
                    next_step="read the mart through it, or give both marts the same feeds and months",
                )


def _sources(manifest: Any, unique_id: str) -> set[tuple[str, str]]:
    """(schema, table) of all that a model reads, directly or through others."""
    if unique_id in manifest.sources:
        source = manifest.sources[unique_id]
        return {(source.source_name, source.name)}
    return {found for of in manifest.nodes[unique_id].depends_on.nodes for found in _sources(manifest, of)}


def _models(manifest: Any, unique_id: str) -> set[str]:
    """The models that a model reads, directly or through others."""
    read = [of for of in manifest.nodes[unique_id].depends_on.nodes if of in manifest.nodes]
    return {manifest.nodes[of].name for of in read} | {name for of in read for name in _models(manifest, of)}


def _invoke(settings: Settings, url: str, command: Sequence[str], manifest: Any = None) -> Any:
    from dbt.cli.main import dbtRunner  # 5 CPU-seconds: only who builds pays

    folder = settings.home / "dbt"
    options = {
        "--project-dir": PROJECT,
        "--profiles-dir": PROJECT,
        "--target-path": folder / "target",
        "--log-path": folder / "logs",
        "--log-level": "none",
        "--log-level-file": "none",
    }
    arguments = [*command, *(str(part) for pair in options.items() for part in pair)]
    with _environment(connection_variables(url)):
        return dbtRunner(manifest).invoke([*arguments, "--no-send-anonymous-usage-stats", "--no-write-json"])


def _unreadable(outcome: Any) -> DeclarationError:
    return DeclarationError(
        "the reporting project cannot be run",
        where=str(PROJECT),
        got=str(outcome.exception or outcome.result).strip(),
        next_step="correct the model or YAML that dbt names",
    )


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
    kind, status = str(node.resource_type), str(result.status)  # type: ignore[attr-defined]
    written = response.get("rows_affected") if kind == "model" else None
    found_rows = kind == "test" and status in ("warn", "fail")  # which of them is no judgement: see dbt_project.yml
    return NodeRun(
        name=node.name,
        kind=kind,
        status="fail" if found_rows else status,
        rows=written if written is not None and written >= 0 else None,
        seconds=round(result.execution_time, 3),  # type: ignore[attr-defined]
        message=result.message or None,  # type: ignore[attr-defined]
        failing=f'{NEXT}."{node.alias}"' if found_rows else None,
    )
