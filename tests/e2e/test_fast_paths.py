"""Whatever path a delivery takes, a night leaves the same: quick ones are compared with the plain one, cell by cell.

A way is a set of module constants of the product, set before the nights: how large a chunk is, and from how many rows
on something is done differently. `WAYS` is where the next one goes; the plain way does none of it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipelines.extract import run as extracting
from pipelines.settings import ROOT
from tests.bench.generate.kind import Kind
from tests.bench.generate.kinds import KINDS
from tests.bench.generate.out import profile_of, write
from tests.conftest import url_of
from tests.e2e.conftest import Client, clients
from tests.samples import brightline, hansa, meridien
from tests.samples.common import Folder

_DELIVERY = re.compile(r"\bdelivery (\d+)\b")
Left = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Way:
    """`take` sets the constants. For a stated reason a way may leave tables `apart`, or their lines in any order."""

    take: Callable[[pytest.MonkeyPatch], None]
    apart: frozenset[str] = frozenset()
    unordered: frozenset[str] = frozenset()


REAL = ROOT / "tests" / "real" / "clients"
SAMPLES = {"hansa": hansa.write, "brightline": brightline.write, "meridien": meridien.write}
OF_DELIVERY = {
    "ops.delivery": ("file_name",),
    "ops.delivery_amount": ("column_name", "currency"),
    "ops.rule_result": ("attempt", "rule_id"),
    "ops.control_total": ("name",),
    "ops.layout": (),
    "ops.step_run": ("run_id",),
    "quarantine.row": ("row_number", "row_part"),
    "quarantine.reject": ("reject_id",),
}
"""Tables with a line per delivery or several, and the columns that bring them in order."""

OF_TIME = {"run_id", "arrival_id", "reject_id", "seconds", "cpu_seconds", "code_version", "declaration_hash", "at",
           "inputs_hash"}  # fmt: skip
"""What says when, or how often before, not what: moments (`…_at`) too."""

REFERENCES = {"delivery_id", "_delivery_id", "supersedes", "corrects", "replays", "against",
              "superseded_by"}  # fmt: skip
"""Deliveries by their number: told as the client's first, second, …"""


def chunks_of(rows: int) -> Way:
    """Files are read, cleaned and gated so many rows at a time.

    What a layout looks like is told from 500 rows of the first chunk: from fewer, when that has fewer. The rejects of a
    chunk are written before those of the next: within it first what cleaning found, then rule by rule.
    """

    def go(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(extracting.extract.__kwdefaults__, "chunk_rows", rows)

    return Way(go, apart=frozenset({"ops.layout"}), unordered=frozenset({"quarantine.reject"}))


PLAIN = chunks_of(10_000_000)
WAYS: Mapping[str, Way] = {"chunks": chunks_of(50)}


def left(client: Client) -> Left:
    """All that the nights of a client have left, without the moments: core with addresses, hashes and closed versions;
    rows set aside with their reasons, in order; counts, amounts, controls, rules, layouts, steps and their messages."""
    ids = [i for (i,) in client.query("select delivery_id from ops.delivery where client_id = :client order by 1")]
    numbers = {delivery_id: f"delivery {n}" for n, delivery_id in enumerate(ids, start=1)}
    found: Left = {}
    for table, order in OF_DELIVERY.items():
        by = ", ".join(("delivery_id", *order))
        query = f"select * from {table} where delivery_id = any(:ids) order by {by}"
        found[table] = _told(client, numbers, query, ids=ids)
    loaded = (
        "select attrelid::regclass::text from pg_attribute where attname = '_delivery_id' "
        "and attrelid in (select oid from pg_class where relnamespace = 'core'::regnamespace and relkind = 'r')"
    )
    for (table,) in client.query(loaded):
        query = (
            f"select * from {table} where client_id = :client order by _delivery_id, _row_number, _row_part, _source"
        )
        if rows := _told(client, numbers, query):
            found[table] = rows
    return found


def _told(client: Client, numbers: Mapping[int, str], query: str, **values: Any) -> list[tuple[Any, ...]]:
    rows = [row._mapping for row in client.query(query, **values)]
    known = sorted({row[name] for row in rows for name in ("_known_from", "_known_to") if row.get(name)})
    moments = {at: n for n, at in enumerate(known)}

    def cell(name: str, value: Any) -> Any:
        if name in REFERENCES:
            return numbers.get(value, value)
        if name in ("_known_from", "_known_to"):
            return moments.get(value)
        return _neutral(client, numbers, value)

    kept = [n for n in (rows[0] if rows else ()) if n not in OF_TIME and not (n.endswith("_at") and n[0] != "_")]
    return [tuple((name, cell(name, row[name])) for name in kept) for row in rows]


def _neutral(client: Client, numbers: Mapping[int, str], value: Any) -> Any:
    """Texts without the client's own name and the numbers of its deliveries."""
    if isinstance(value, dict):
        return {k: _neutral(client, numbers, v) for k, v in value.items()}
    if isinstance(value, list):
        return [_neutral(client, numbers, v) for v in value]
    if not isinstance(value, str):
        return value
    text = value.replace(client.client_id, "client")
    return _DELIVERY.sub(lambda found: numbers.get(int(found[1]), found[0]), text)


def same(one: Left, other: Left, way: Way) -> None:
    """Equal, or the first difference of each table."""
    assert one.keys() == other.keys()
    for table in one.keys() - way.apart:
        rows, others = one[table], other[table]
        if table in way.unordered:
            rows, others = sorted(rows, key=str), sorted(others, key=str)
        differing = [(a, b) for a, b in zip(rows, others, strict=False) if a != b][:1]
        told = [[pair for pair in zip(a, b, strict=False) if pair[0] != pair[1]] for a, b in differing]
        assert not told, f"{table}: {told}"
        assert len(rows) == len(others), table


Nights = Callable[[Client], None]


@pytest.fixture
def nights(settings: Any, server_settings: Any, database: str) -> Iterator[Callable[..., Left]]:
    """Play a client's nights one way; returns what they leave."""
    made: list[Client] = []

    def play(name: str, profile: str, go: Nights, way: Way) -> Left:
        client_id = f"{name}{next(clients)}x"
        home = settings.home / client_id
        (home / "clients").mkdir(parents=True)
        mine = replace(
            settings, home=home, landing=home / "landing", client_folders=(home / "clients",),
            warehouse_url=url_of(server_settings, database, "loader"),
        )  # fmt: skip
        client = Client(client_id, mine, "")
        client.declare(profile.replace(f"client: {name}", f"client: {client_id}", 1))
        made.append(client)
        with pytest.MonkeyPatch.context() as patch:
            way.take(patch)
            go(client)
        return left(client)

    yield play
    for client in made:
        client.warehouse.close()


def sample_nights(name: str) -> Nights:
    """Both evenings of a sample client."""

    def go(client: Client) -> None:
        for night in (1, 2):
            folder = client.settings.home / "samples"
            SAMPLES[name](Folder(folder, name, night, 7))
            shutil.copytree(folder / name, client.settings.landing / client.client_id, dirs_exist_ok=True)
            client.night()

    return go


def generated_nights(kind: Kind, rows: int) -> Nights:
    """A generated file, then the same with some of its rows changed."""

    def go(client: Client) -> None:
        client.clock = count(1_800_000_000, 60)
        made = client.settings.home / "made"
        for number, changed in enumerate((0, 0.05)):
            file = write(kind, made / f"{number}.csv", rows, share=0.05, changed=changed)
            client.send(f"{kind.place}_{number}.csv", file.read_bytes())
            client.night()

    return go


def generated_profile(kind: Kind) -> str:
    return profile_of(kind).replace(f"files: '{kind.place}", f"files: '{kind.place}_\\d")


def real_nights(landing: Path) -> Nights:
    """One evening of a client whose files are not part of the repository."""

    def go(client: Client) -> None:
        shutil.copytree(landing, client.settings.landing / client.client_id)
        client.night()

    return go


@pytest.mark.parametrize("way", WAYS)
def test_generated_files(nights: Callable[..., Left], way: str) -> None:
    """Every kind of fault but records without a key, which hold what comes after them; then some rows changed."""
    kind = replace(KINDS["ledger"], malformed=False)
    given = (kind.client, generated_profile(kind), generated_nights(kind, 600))
    one = nights(*given, PLAIN)
    same(one, nights(*given, WAYS[way]), WAYS[way])
    first, changed = (dict(line) for line in one["ops.delivery"])
    assert first["rows_loaded"] == changed["rows_loaded"] + changed["rows_unchanged"] > changed["rows_unchanged"] > 0
    assert {dict(line)["_known_to"] for line in one["core.ledgers_payables"]} == {None, 1}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["hansa"])
def test_dirty_samples(nights: Callable[..., Left], name: str, way: str) -> None:
    """German files of the nineties: controls, holds, look-ups, archives, lists sent again, months in columns."""
    given = (name, (ROOT / "pipelines" / "clients" / f"{name}.yaml").read_text(encoding="utf-8"), sample_nights(name))
    one = nights(*given, PLAIN)
    same(one, nights(*given, WAYS[way]), WAYS[way])
    assert {"duplicate", "superseded", "loaded"} <= {dict(line)["state"] for line in one["ops.delivery"]}


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif("KONTOR_REAL" not in os.environ, reason="takes minutes; KONTOR_REAL names the folder")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["adventureworks", "febrl", "gla", "scms"])
def test_real_files(nights: Callable[..., Left], name: str, way: str) -> None:
    given = (name, (REAL / f"{name}.yaml").read_text(encoding="utf-8"),
             real_nights(Path(os.environ["KONTOR_REAL"]) / "landing" / name))  # fmt: skip
    one = nights(*given, PLAIN)
    same(one, nights(*given, WAYS[way]), WAYS[way])
