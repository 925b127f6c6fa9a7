"""Where things are. Read from the environment once per process; no project imports but errors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DeclarationError

ROOT = Path(__file__).resolve().parent.parent
CHUNK_ROWS = 250_000


def limit(name: str, default: int) -> int:
    """A limit on what a file may ask for: `KONTOR_MAX_<NAME>` if it is set, in bytes, characters or pieces.

    Limits stand beside the code that keeps them, each with its reason; only those that an office may meet with honest
    files can be set. Read once, when the code is first used.
    """
    text = os.environ.get(f"KONTOR_MAX_{name}")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise DeclarationError(
            "limit not understood",
            where=f"environment variable KONTOR_MAX_{name}",
            got=repr(text),
            expected=f"a whole number, such as {default}",
            next_step="correct or remove the variable",
        )
    return int(text)


@dataclass(frozen=True)
class Settings:
    """Folders and addresses of one installation.

    `home` holds all runtime state (`KONTOR_HOME`, default `.kontor` in the repository), `landing`
    what senders drop, `client_folders` the folders with client profiles, in order of reading. `settle` is
    the seconds between two looks at a young file: longer than a copying program pauses between two writes,
    short enough that nobody who drops files and starts a night notices.
    """

    home: Path
    landing: Path
    client_folders: tuple[Path, ...]
    warehouse_url: str | None
    settle: float = 2.0

    @property
    def archive(self) -> Path:
        """Immutable originals, one file per content, named by its sha256."""
        return self.home / "archive"

    @property
    def work(self) -> Path:
        """Step outputs, one folder per delivery; safe to delete between nights."""
        return self.home / "work"

    @property
    def memo(self) -> Path:
        """Raw and cleaned rows of the deliveries loaded last, by client, domain, feed, source and delivery; in clear.

        Nothing but speed depends on it: safe to delete at any time, as a whole or for a client.
        """
        return self.home / "memo"

    @property
    def outbox(self) -> Path:
        """What is meant for clients, `<client>/<file>`: correction workbooks. Holds what they sent, in clear."""
        return self.home / "outbox"

    @property
    def docs(self) -> Path:
        """Generated documentation: GX Data Docs, dbt docs."""
        return self.home / "docs"

    @property
    def contracts(self) -> Path:
        """The contracts shipped with the product."""
        return ROOT / "pipelines" / "contracts"

    @property
    def expectations(self) -> Path:
        """The GX suites, `<domain>/<feed>.json`."""
        return ROOT / "expectations"

    def delivery_folder(self, delivery_id: int) -> Path:
        """Work folder of one delivery."""
        return self.work / str(delivery_id)


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Read `KONTOR_HOME`, `KONTOR_LANDING`, `KONTOR_CLIENTS` (path list), `KONTOR_WAREHOUSE_URL`, `KONTOR_SETTLE`."""
    env = dict(os.environ) if environ is None else environ
    home = Path(env.get("KONTOR_HOME") or ROOT / ".kontor").expanduser().resolve()
    landing = Path(env.get("KONTOR_LANDING") or home / "landing").expanduser().resolve()
    extra = [Path(p).expanduser().resolve() for p in env.get("KONTOR_CLIENTS", "").split(os.pathsep) if p]
    return Settings(
        home=home,
        landing=landing,
        client_folders=(ROOT / "pipelines" / "clients", *extra),
        warehouse_url=env.get("KONTOR_WAREHOUSE_URL") or None,
        settle=_seconds("KONTOR_SETTLE", env.get("KONTOR_SETTLE") or "2"),
    )


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 3600:
        raise DeclarationError(
            f"{name} not understood",
            got=repr(text),
            expected="seconds from 0 to 3600",
            next_step=f"correct the environment variable {name}",
        )
    return seconds
