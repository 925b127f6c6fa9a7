"""What a figure was measured on: machine, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from pipelines.settings import ROOT
from pipelines.warehouse.cluster import locate

PACKAGES = (
    "pyarrow", "pandas", "numpy", "duckdb", "great-expectations", "apache-airflow", "sqlalchemy", "psycopg", "dbt-core",
    "openpyxl", "python-calamine", "rapidfuzz",
)  # fmt: skip


def facts(home: Path) -> dict[str, str]:
    """One line each of the report's head."""
    memory = psutil.virtual_memory().total / 2**30
    cores = f"{os.cpu_count()} cores"
    return {
        "machine": f"{_processor()}, {cores}, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "postgresql": _postgresql(home),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "commit": commit(ROOT),
    }


def commit(folder: Path) -> str:
    """The commit that was measured, and whether files differ from it; empty outside a repository."""
    head = _said("git", "-C", str(folder), "rev-parse", "--short", "HEAD")
    changed = _said("git", "-C", str(folder), "status", "--porcelain") if head else ""
    return f"{head} with changes" if changed else head


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _postgresql(home: Path) -> str:
    """The contenders' server: always the embedded one, with the settings of `make run`."""
    words = _said(str(locate(home).programs / "postgres"), "--version").split()
    return words[-1] if words else "unknown"


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
