"""What the nights of sample clients with planted errors share: the first night, and what became of each error."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pipelines.settings import ROOT, Settings
from tests.conftest import make_settings, url_of
from tests.e2e.conftest import Client
from tests.samples.common import Fault, Folder

CURRENT = "client_id = :client and _known_to is null"


def first_night(
    name: str, write: Callable[[Folder], None], home: Path, server: Settings, database: str
) -> Iterator[Client]:
    """The client after its first night; the files of its second are not there yet."""
    settings = replace(make_settings(home), client_folders=(home / "clients",))
    for folder in ("landing", "clients"):
        (home / folder).mkdir()
    shutil.copy(ROOT / "pipelines" / "clients" / f"{name}.yaml", home / "clients")
    client = Client(name, replace(settings, warehouse_url=url_of(server, database, "loader")), "")
    write(Folder(settings.landing, name, 1, 7))
    client.night()
    yield client
    client.warehouse.close()


def of_effect(faults: Iterable[Fault], effect: str) -> list[Fault]:
    """The errors that must end so."""
    return [f for f in faults if f.effect == effect]


def not_loaded(client: Client) -> list[tuple[str, str]]:
    """Feed and file of what is in another state than loaded."""
    query = "select feed, file_name from ops.delivery where client_id = :client and state <> 'loaded' order by 1, 2"
    return [(feed, name) for feed, name in client.query(query)]


def rules_at(client: Client, fault: Fault) -> set[str]:
    """Rules that set the row of an error aside, without those of the rest of its group."""
    rules = client.query(
        "select distinct j.rule_id from quarantine.reject j join ops.delivery d using (delivery_id) "
        "join quarantine.row r using (delivery_id, row_number, row_part) "
        "where d.client_id = :client and d.feed = :feed and r.cells::text like :place",
        feed=fault.feed,
        place=f"%{fault.place}%",
    )
    return {rule.removeprefix(f"{fault.feed}.") for (rule,) in rules} - {"group_incomplete"}


def set_aside(client: Client) -> list[tuple[str, str, list[str]]]:
    """Feed, cells and rules of every row that a loaded delivery left behind."""
    rows = client.query(
        "select d.feed, r.cells::text, array_agg(j.rule_id) from quarantine.row r "
        "join ops.delivery d using (delivery_id) "
        "join quarantine.reject j using (delivery_id, row_number, row_part) "
        "where d.client_id = :client and d.state = 'loaded' group by 1, 2"
    )
    return [(feed, cells, rules) for feed, cells, rules in rows]


def warned(client: Client, fault: Fault) -> tuple[int, str]:
    """Rows that a rule failed on, and its severity."""
    failed = client.query(
        "select coalesce(sum(failed), 0), min(severity) from ops.rule_result join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and rule_id = :rule",
        rule=fault.rule_id,
    )
    return int(failed[0][0]), str(failed[0][1])


def loaded_rows(client: Client, fault: Fault) -> int:
    """Current rows with the text of an error."""
    table = "core." + (fault.row_of or fault.feed).replace(".", "_")
    query = f"select count(*) from {table} as row where {CURRENT} and to_jsonb(row)::text like :place"
    return int(client.query(query, place=f"%{fault.place}%")[0][0])
