"""A build of what changed comes to what a full build comes to; and when it cannot be trusted, all is made anew."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Scope
from pipelines.errors import DeclarationError
from pipelines.reporting import changes, project
from pipelines.reporting.changes import Plan
from pipelines.reporting.project import MARTS, PROJECT, Mart, Project, load_project
from pipelines.reporting.publish import become_owner, make_side_schema
from pipelines.reporting.run import BuildResult, _Build, build
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import MARTS_DATABASE
from tests.sql.history import History

Marts = dict[str, Counter[tuple[Any, ...]]]
SEED = 7
DATABASE = MARTS_DATABASE


@pytest.fixture(scope="module")
def home(marts_home: Settings) -> Settings:
    return marts_home


@pytest.fixture(scope="module")
def history(warehouse: Warehouse, contracts: dict[str, Contract]) -> History:
    history = History(warehouse, contracts, random.Random(SEED))
    history.begin()
    return history


@pytest.fixture(scope="module")
def stood(history: History, warehouse: Warehouse, home: Settings) -> BuildResult:
    """The first build, which makes everything."""
    first = build(home, warehouse.url)
    assert first.ok, first.message
    assert first.is_full
    return first


def marts_of(warehouse: Warehouse, *, known_at: bool = False) -> Marts:
    """Every row of every mart, as the owner of the marts sees them."""
    out: Marts = {}
    with warehouse.transaction() as conn:
        become_owner(conn)
        for mart in MARTS:
            found = conn.execute(sa.text(f"select * from reporting.{mart}")).mappings()
            out[mart] = Counter(tuple(v for n, v in r.items() if known_at or n != "known_at") for r in found)
    return out


def differences(one: Marts, other: Marts) -> dict[str, Any]:
    return {m: ((one[m] - other[m]), (other[m] - one[m])) for m in MARTS if one[m] != other[m]}


def built(result: BuildResult) -> set[str]:
    return {run.name for run in result.models} & set(MARTS)


def moments(warehouse: Warehouse, mart: str) -> set[Any]:
    with warehouse.transaction() as conn:
        become_owner(conn)
        return set(conn.scalars(sa.text(f"select distinct known_at from reporting.{mart}")))


def test_what_has_not_changed_is_kept_and_known_to_be_complete(
    stood: BuildResult, history: History, warehouse: Warehouse, home: Settings
) -> None:
    with warehouse.transaction() as conn:
        history.publish(conn, Scope("north", "ledgers.spend", "third"), history.rows("ledgers.spend", 9))
    result = build(home, warehouse.url)
    assert result.ok, result.message
    spend = {"fct_spend_lines", "rpt_supplier_spend"}
    quality = {"dq_cut_off", "dq_delivery", "dq_open_reject", "dq_reject_rule", "rpt_feed_timeliness"}
    ledgers = {
        path.stem for path in (PROJECT / "models" / "marts").glob("[lp]*/*.sql")
    }  # payroll is posted, people are paid
    assert spend <= built(result)  # and what reads spend beside other feeds of the client
    assert built(result) - ledgers == quality
    assert "where they changed since" in result.message
    assert moments(warehouse, "fct_spend_lines") == {stood.cut_off, result.cut_off}
    assert moments(warehouse, "fct_shipment_lines") == {stood.cut_off}
    assert moments(warehouse, "dq_cut_off") == {result.cut_off}


def test_a_mart_that_does_not_add_up_to_core_any_more_is_found_and_made_anew(
    stood: BuildResult, history: History, warehouse: Warehouse, owner: Warehouse, home: Settings
) -> None:
    """Another client's delivery is enough: the marts are compared with all of core in every build."""
    with owner.transaction() as conn:
        lost = "delete from reporting.rpt_headcount where client_id = 'south'"
        assert conn.execute(sa.text(lost)).rowcount
    with warehouse.transaction() as conn:
        history.publish(conn, Scope("north", "people.employees", "third"), history.rows("people.employees", 3))
    result = build(home, warehouse.url)
    assert result.ok, result.message
    assert result.is_full
    query = sa.text("select model from ops.model_run where status = 'fail' and cut_off = :at")
    with warehouse.engine.connect() as conn:
        assert list(conn.scalars(query, {"at": result.cut_off})) == ["headcount_adds_up_to_core"]
    assert any(row[0] == "south" for row in marts_of(warehouse)["rpt_headcount"])


def journal_line(line_id: str, posted: date) -> dict[str, Any]:
    line = {"entity_code": "books", "journal_id": "1", "line_id": line_id, "posting_date": posted}
    return {**line, "account_id": "1000", "debit_amount": 7, "credit_amount": 0, "currency_code": "EUR"}


def made_by(warehouse: Warehouse, mart: str, result: BuildResult, client: str) -> list[str]:
    """Months of a client of which a mart was made by this build."""
    query = f"select distinct posting_month::text from reporting.{mart} where client_id = :client and known_at = :at"
    with warehouse.transaction() as conn:
        become_owner(conn)
        return sorted(conn.scalars(sa.text(query), {"client": client, "at": result.cut_off}))


def test_months_of_the_general_ledger(
    stood: BuildResult, history: History, warehouse: Warehouse, home: Settings
) -> None:
    """A line moves to another month, the last one of a month goes, one comes to a month of long ago; and what shows all
    months follows from those that were kept."""
    scope = Scope("south", "ledgers.gl_entries", "books", "2024")
    months = zip("abcd", (1, 2, 4, 4), strict=True)
    lines = {key: journal_line(key, date(2024, month, 15)) for key, month in months}

    def deliver() -> BuildResult:
        with warehouse.transaction() as conn:
            history.publish(conn, scope, list(lines.values()))
        result = build(home, warehouse.url)
        assert (result.ok, result.is_full) == (True, False), result.message
        return result

    deliver()
    lines["a"]["posting_date"] = date(2024, 3, 15)
    del lines["b"]
    lines["e"] = journal_line("e", date(2020, 2, 29))
    result = deliver()
    assert made_by(warehouse, "fct_gl_lines", result, "south") == ["2020-02-01", "2024-03-01"]
    assert made_by(warehouse, "fct_gl_movements", result, "south") == ["2020-02-01", "2024-03-01"]
    marts = marts_of(warehouse)
    there = Counter(str(row[8]) for row in marts["fct_gl_movements"] if row[:2] == ("south", "books"))
    assert there == {"2020-02-01": 1, "2024-03-01": 1, "2024-04-01": 1}
    periods = [row for row in marts["dim_gl_periods"] if row[:2] == ("south", "books")]
    assert min(periods, key=lambda row: row[2])[5] == "2020-02"
    assert {row[5]: row[-1] for row in periods if row[-1]} == {"2020-02": 1, "2024-03": 1, "2024-04": 2}


def test_a_line_that_comes_in_two_periods_stops_no_report(
    stood: BuildResult, history: History, warehouse: Warehouse, home: Settings
) -> None:
    """A key is unique within its scope: what one client's months repeat is shown with both addresses."""
    scopes = [Scope("south", "ledgers.gl_entries", "twice", period) for period in ("2023-01", "2023-02")]
    for scope in scopes:
        with warehouse.transaction() as conn:
            history.publish(conn, scope, [journal_line("twice", date(2023, 1, 31))])
    result = build(home, warehouse.url)
    assert result.ok, result.message
    query = "select count(distinct delivery_id) from reporting.fct_gl_lines where source = 'twice'"
    with warehouse.transaction() as conn:
        become_owner(conn)
        assert conn.scalar(sa.text(query)) == 2
    for scope in scopes:
        with warehouse.transaction() as conn:
            history.publish(conn, scope, [])


def test_another_calendar_makes_all_months_of_its_client_anew(
    stood: BuildResult, history: History, warehouse: Warehouse, home: Settings
) -> None:
    """And of no other client; the other marts by month do not read it."""
    days = [date(2025, month, 9) for month in (1, 2, 5)]
    with warehouse.transaction() as conn:
        for client in ("north", "south"):
            entries = [journal_line(str(day), day) for day in days]
            history.publish(conn, Scope(client, "ledgers.gl_entries", "calendar"), entries)
    assert build(home, warehouse.url).ok
    posted = {str(row[6]) for row in marts_of(warehouse)["fct_gl_lines"] if row[0] == "south"}
    period = {"entity_code": "books", "period_code": "all", "fiscal_year": 2025, "period_number": 1}
    period |= {"start_date": days[0], "end_date": days[1], "is_adjustment": False, "status_code": "open"}
    with warehouse.transaction() as conn:
        history.publish(conn, Scope("south", "ledgers.fiscal_periods", "main"), [period])
    result = build(home, warehouse.url)
    assert (result.ok, result.is_full) == (True, False), result.message
    assert made_by(warehouse, "fct_gl_lines", result, "south") == sorted(posted)
    assert made_by(warehouse, "fct_gl_movements", result, "south") == sorted(posted)
    assert posted >= {"2025-01-01", "2025-02-01", "2025-05-01"}
    assert made_by(warehouse, "fct_gl_lines", result, "north") == []
    assert result.cut_off not in moments(warehouse, "fct_spend_lines")
    by_changes = marts_of(warehouse)
    assert {row[5] for row in by_changes["dim_gl_periods"] if row[:2] == ("south", "books")} >= {"all"}
    assert build(home, warehouse.url, full=True).ok
    assert differences(by_changes, marts_of(warehouse)) == {}


# when a part would not do --------------------------------------------------------------------------------------


def planned(conn: sa.Connection, home: Settings, warehouse: Warehouse, **other: Any) -> Plan:
    """The plan of a build an hour from now that finds another state than the one that stands."""
    state = changes.begin(conn)
    assert state
    make_side_schema(conn)
    conn.execute(sa.text("reset role"))
    at = datetime.now(UTC) + timedelta(hours=1)
    return changes.plan(conn, load_project(home, warehouse.url), replace(state, **other), at)


@pytest.mark.parametrize(
    ("other", "full"),
    [
        ({}, False),
        ({"unfinished": True}, True),
        ({"project_hash": "of other models"}, True),
        ({"cut_off": datetime(2100, 1, 1, tzinfo=UTC)}, True),
    ],
)
def test_all_is_made_anew_when_the_last_build_is_no_ground_to_stand_on(
    other: dict[str, Any], full: bool, stood: BuildResult, warehouse: Warehouse, home: Settings
) -> None:
    with warehouse.engine.begin() as conn:
        assert planned(conn, home, warehouse, **other).is_full == full
        conn.rollback()


@pytest.mark.parametrize(
    "altered",
    ["drop policy own_clients on reporting.rpt_headcount", "drop table reporting.dq_delivery",
     "grant select on reporting.rpt_headcount to public"],
)  # fmt: skip
def test_all_is_made_anew_when_a_mart_was_altered(
    altered: str, stood: BuildResult, warehouse: Warehouse, home: Settings
) -> None:
    with warehouse.engine.begin() as conn:
        become_owner(conn)
        conn.execute(sa.text(altered))
        conn.execute(sa.text("reset role"))
        assert planned(conn, home, warehouse).is_full
        conn.rollback()


def test_a_build_that_was_killed_leaves_word(stood: BuildResult, warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as conn:
        first, second = changes.begin(conn), changes.begin(conn)
        assert (first and first.unfinished, second and second.unfinished) == (False, True)
        conn.rollback()


def by_clients(name: str, *feeds: str, is_dated: bool = False, reads: tuple[str, ...] = ()) -> Mart:
    return Mart(name, frozenset(feeds), is_dated, False, None, frozenset(reads))


def by_months(name: str, *feeds: str) -> Mart:
    return Mart(name, frozenset(feeds), False, False, "posting_month")


def some_changes(conn: sa.Connection) -> None:
    """Of three feeds, each of another client, in a side schema of their own."""
    make_side_schema(conn)
    conn.execute(sa.text(f"create table {changes.CHANGED} (feed text, client_id text, month date)"))
    found = "('entries', 'a', '2026-01-01'), ('people', 'b', null), ('periods', 'c', null)"
    conn.execute(sa.text(f"insert into {changes.CHANGED} values {found}"))


def needs(conn: sa.Connection, marts: list[Mart], redated: set[str]) -> set[tuple[str, str]]:
    """(feed, client) that a build of some changes reads."""
    some_changes(conn)
    changes._note_needs(conn, marts, redated)
    return set(conn.execute(sa.text(f"select feed, client_id from {changes.NEEDED}")).tuples())


def test_feeds_that_a_mart_reads_together_are_read_together(warehouse: Warehouse, stood: BuildResult) -> None:
    """By clients whenever one of them is read, by months only when one of them has changed."""
    changed = {("entries", "a"), ("people", "b"), ("periods", "c")}
    with warehouse.engine.begin() as conn:
        chain = [by_clients("one", "entries", "receipts"), by_clients("two", "receipts", "invoices")]
        people = by_clients("three", "people")
        assert needs(conn, [*chain, people], set()) == changed | {("receipts", "a"), ("invoices", "a")}
        lines = by_months("lines", "entries", "periods")
        assert needs(conn, [lines, people], set()) == changed | {("periods", "a"), ("entries", "c")}
        closing = by_clients("closing", "people", "periods")
        both = {("periods", "a"), ("people", "a"), ("periods", "b"), ("entries", "c"), ("people", "c")}
        assert needs(conn, [lines, closing], set()) == changed | both  # ('entries', 'b') is not: lines stay as they are
        conn.rollback()


def test_made_is_what_reads_a_change_and_what_that_is_made_of(warehouse: Warehouse, stood: BuildResult) -> None:
    """Not a mart of which a feed is read for another one only: that has stayed as it was."""
    beside = by_clients("beside", "receipts")
    by_day = by_clients("ageing", "receipts", is_dated=True)
    both = by_clients("both", "receipts", "entries", reads=("base",))
    base = by_clients("base", "receipts")
    with warehouse.engine.begin() as conn:
        some_changes(conn)
        marts = [beside, by_day, both, base, by_months("lines", "periods"), by_months("others", "receipts")]
        made = {redated: {m.name for m in changes._made(conn, marts, {*redated})} for redated in ("", "z")}
        assert made == {"": {"both", "base", "lines"}, "z": {"both", "base", "lines", "ageing"}}
        conn.rollback()


def test_another_date_of_a_client_is_no_change_of_its_feeds(warehouse: Warehouse, stood: BuildResult) -> None:
    dated = by_clients("ageing", "entries", is_dated=True)
    with warehouse.engine.begin() as conn:
        assert ("entries", "z") in needs(conn, [dated, by_months("lines", "entries")], {"z"})
        conn.execute(sa.text(f"create table {changes.READS} as values ('lines', 'entries')"))
        conn.execute(sa.text(f"alter table {changes.READS} rename column column1 to mart"))
        conn.execute(sa.text(f"alter table {changes.READS} rename column column2 to feed"))
        conn.execute(sa.text(changes._DUE))
        assert list(conn.scalars(sa.text(f"select client_id from {changes.DUE}"))) == ["a"]
        conn.rollback()


# the project as dbt parsed it ------------------------------------------------------------------------------------


def test_the_parsed_project_is_kept_until_a_file_changes(
    stood: BuildResult, warehouse: Warehouse, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(*_: Any) -> Any:
        raise Parsed

    monkeypatch.setattr(project, "_invoke", parsed)
    assert {m.name for m in load_project(home, warehouse.url).marts} == set(MARTS)
    shutil.copytree(PROJECT, tmp_path / "sql")
    monkeypatch.setattr(project, "PROJECT", tmp_path / "sql")
    before = load_project(home, warehouse.url).hash
    macro = tmp_path / "sql" / "macros" / "mask.sql"
    macro.write_text(macro.read_text() + " ")
    assert Project(home, warehouse.url, [], {}, b"").hash != before
    with pytest.raises(Parsed):
        load_project(home, warehouse.url)
    macro.write_text(macro.read_text()[:-1])
    (kept,) = (home.home / "dbt").glob("parsed-*")
    whole = kept.read_bytes()
    try:
        kept.write_bytes(whole[:-1])
        with pytest.raises(Parsed):
            load_project(home, warehouse.url)
    finally:
        kept.write_bytes(whole)


class Parsed(Exception):
    """dbt was asked to parse."""


def test_a_mart_by_months_needs_a_feed_with_months_and_nothing_without_history() -> None:
    sources = {"s": ("core", "ledgers_spend"), "a": ("core", "ledgers_accounts"), "c": ("ops", "client")}
    sources["d"] = ("ops", "day_off")
    manifest = SimpleNamespace(
        sources={k: SimpleNamespace(source_name=schema, name=name) for k, (schema, name) in sources.items()}, nodes={}
    )
    node = SimpleNamespace(
        name="rpt_x", unique_id="m", original_file_path="models/rpt_x.sql",
        config=SimpleNamespace(meta={"month": "spend_month"}), depends_on=SimpleNamespace(nodes=["s", "a"]),
    )  # fmt: skip
    manifest.nodes["m"] = node
    assert project._mart(manifest, node, {"ledgers_spend"}).month == "spend_month"
    with pytest.raises(DeclarationError, match=r"rpt_x.*core\.ledgers_accounts.*at least one with month_of"):
        project._mart(manifest, node, {"ledgers_gl_entries"})
    node.depends_on.nodes.append("c")
    with pytest.raises(DeclarationError, match=r"rpt_x.*ops\.client"):
        project._mart(manifest, node, {"ledgers_spend"})
    node.config.meta, node.depends_on.nodes = {}, ["a", "c", "d"]
    assert not project._mart(manifest, node, {"ledgers_spend"}).is_whole  # the days off of a calendar stay


@pytest.mark.parametrize(
    ("reader", "feeds", "macros", "said"),
    [
        ("rpt_x", {"entries", "accounts"}, [], True),
        ("rpt_x", {"entries", "accounts"}, ["macro.kontor.whole_of_changed_clients"], False),
        ("rpt_by_month", {"entries", "accounts"}, [], True),
        ("rpt_by_month", {"entries", "accounts"}, ["macro.kontor.of_changed_months", "macro.kontor.whole"], False),
        ("rpt_by_month", {"entries"}, [], False),
    ],
)
def test_who_reads_a_mart_by_months_reads_it_whole_or_makes_the_same_months(
    reader: str, feeds: set[str], macros: list[str], said: bool
) -> None:
    lines = SimpleNamespace(
        name="lines", resource_type="model", depends_on=SimpleNamespace(nodes=["source"], macros=[])
    )
    node = SimpleNamespace(
        name=reader, resource_type="model", original_file_path=f"models/{reader}.sql",
        depends_on=SimpleNamespace(nodes=["l", "source"], macros=macros),
    )  # fmt: skip
    marts = [by_months("lines", "entries"), by_clients("rpt_x", *feeds), by_months("rpt_by_month", *feeds)]
    manifest = SimpleNamespace(nodes={"l": lines, "x": node})
    if said:
        with pytest.raises(DeclarationError, match=rf"{reader}.*ref\('lines'\)"):
            project._check_readers(manifest, marts)
    else:
        project._check_readers(manifest, marts)


# the whole of it ---------------------------------------------------------------------------------------------


def test_whatever_happens_a_build_of_changes_equals_a_full_one(
    stood: BuildResult, history: History, warehouse: Warehouse, home: Settings
) -> None:
    """Also on the next day, when what depends on the date has moved."""
    before = marts_of(warehouse, known_at=True)
    for steps in (3, 9):
        history.go_on(steps)
        result = build(home, warehouse.url)
        assert result.ok, result.message
        assert not result.is_full
        after = marts_of(warehouse, known_at=True)
        for mart in MARTS:  # a row is made anew, or it is the one that was there, moment and all
            old = Counter({row: n for row, n in after[mart].items() if row[-1] != result.cut_off})
            assert old <= before[mart], mart
        before = after
    history.go_on(2)
    tomorrow = _Build(home, warehouse, False, 0)
    at = result.cut_off + timedelta(days=1)
    assert not tomorrow.build(at, full=False).is_full
    by_changes = marts_of(warehouse)
    assert build(home, warehouse.url, at).is_full
    assert differences(by_changes, marts_of(warehouse)) == {}
