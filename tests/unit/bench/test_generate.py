"""The bench's files through the real steps: what is loaded, what is set aside and why is what the generator says."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery, State, Step
from pipelines.flow.office import Office
from pipelines.flow.step import run_step
from pipelines.settings import Settings
from pipelines.warehouse import ddl
from pipelines.warehouse.connection import Warehouse
from tests.bench.generate import cells, dirt, kind
from tests.bench.generate.kind import Block, Kind, blocks
from tests.bench.generate.kinds import KINDS
from tests.bench.generate.out import deliver, write, write_clean
from tests.bench.house import arrive, catalog_of, delivery_of

ROWS, DIRT = 1500, 0.1
FORMS = [*((k, ".csv") for k in KINDS), ("shipment", ".xlsx")]
REASONS = {
    "unreadable": ".unreadable.",
    "missing": ".required.",
    "repeated": ".repeated_row",
    "double": ".key_unique",
    "malformed": ".malformed_record",
}


@pytest.fixture(scope="module", autouse=True)
def payslips(owner: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A core table for the bench's own feed."""
    with owner.transaction() as conn:
        ddl.migrate(conn, catalog_of(KINDS["payslips"], tmp_path_factory.mktemp("declared")))


@pytest.mark.parametrize(("name", "suffix"), FORMS)
def test_what_is_set_aside_and_loaded_is_as_declared(name: str, suffix: str, settings: Settings) -> None:
    made, in_text = _of_another_client(KINDS[name], name + suffix[1:]), suffix == ".csv"
    office = Office(settings, catalog_of(made, settings.home, suffix), Warehouse(str(settings.warehouse_url)))
    (block,) = blocks(made, ROWS, share=DIRT, malformed=in_text)
    clean = write_clean(made, settings.home / "clean.csv", ROWS, share=DIRT, malformed=in_text)
    delivery_id = arrive(office, made.client, write(made, settings.home / f"sent{suffix}", ROWS, share=DIRT), 1)
    for step in Step:
        run_step(step, [delivery_id], office=office)
    delivery = delivery_of(office, delivery_id)
    assert delivery.state is State.LOADED, delivery.message
    _accounted(delivery, block)
    _every_fault_found(office, delivery, made, block, in_text)
    _loaded_as_meant(office, delivery, made, clean)
    office.warehouse.close()


def _of_another_client(made: Kind, client: str) -> Kind:
    """Two files of one kind are not to meet in one scope."""
    return replace(made, client=client, profile=made.profile.replace(f"client: {made.client}", f"client: {client}"))


def _accounted(delivery: Delivery, block: Block) -> None:
    d = delivery
    parts = (d.rows_loaded, d.rows_unchanged, d.rows_rejected, d.rows_skipped, d.rows_held)
    assert d.rows_received == ROWS == sum(p or 0 for p in parts)
    assert d.rows_rejected == int(block.set_aside.sum())
    assert abs((d.rows_rejected or 0) / ROWS - DIRT) < DIRT / 5


def _every_fault_found(office: Office, delivery: Delivery, made: Kind, block: Block, in_text: bool) -> None:
    query = sa.text(
        "select row_number, rule_id from quarantine.reject where delivery_id = :id and severity = 'critical'"
    )
    found: dict[int, set[str]] = defaultdict(set)
    with office.warehouse.transaction() as conn:
        for number, rule in conn.execute(query, {"id": delivery.delivery_id}).tuples():
            found[number - 2].add(rule)  # rows stand below one line of headers
    assert sorted(found) == np.flatnonzero(block.set_aside).tolist()
    expected = set(dirt.FAULTS) - (set() if in_text and made.malformed else {"malformed"})
    assert set(block.dirt) - {""} == expected
    for row, rules in found.items():
        reason = REASONS.get(str(block.dirt[row]))
        assert reason is None or any(reason in rule for rule in rules), (block.dirt[row], rules)
        if block.dirt[row] == "unknown":
            assert any(".unknown_code." in rule or ".unreadable." in rule for rule in rules), rules
    broken = {rule for rules in found.values() for rule in rules}
    assert {f"{made.contract.feed}.{name}" for name in made.breaks} <= broken


def _loaded_as_meant(office: Office, delivery: Delivery, made: Kind, clean: Path) -> None:
    """Cleaning gives back what the rows meant, untidy as they were sent: core has the cells of the clean file."""
    with clean.open(encoding="utf-8", newline="") as file:
        meant = sorted(map(tuple, list(csv.reader(file))[1:]))
    kinds = {c.name: c.physical_type for c in made.contract.columns}
    spelling = {"timestamptz": "to_char({0}, 'YYYY-MM-DD HH24:MI:SS')"}
    columns = ", ".join(
        "coalesce(" + spelling.get(kinds[n], "{0}::text").format(f'"{n}"') + ", '')" for n in made.headers
    )
    query = sa.text(f"select {columns} from {made.contract.table} where _delivery_id = :id and _known_to is null")
    with office.warehouse.transaction() as conn:
        loaded = sorted(tuple(row) for row in conn.execute(query, {"id": delivery.delivery_id}))
    assert loaded == meant


@pytest.mark.parametrize("name", KINDS)
def test_the_untidy_is_there_and_is_no_fault(name: str) -> None:
    made = KINDS[name]
    (dirty,) = blocks(made, 4000, share=0.05)
    odd = {n for n, cells_ in dirty.odd.items() if (cells_ & (dirty.dirt == "")).any()}
    texts = {c.name for c in made.columns(text=True, key=True)}
    assert texts <= odd and {c.name for c in made.columns(key=True) if c.physical_type == "date"} <= odd
    for column in made.cased:
        plain = kind.cells_of(made, column, dirty.rows.column(column)).to_pylist()
        sent = dirty.cells[column].to_pylist()
        assert any(p and s != p and s.strip().lower() == p.lower() for p, s in zip(plain, sent, strict=True)), column


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    made = KINDS["customer"]
    one = deliver(made, tmp_path / "a", 300, suffix=suffix).read_bytes()
    assert deliver(made, tmp_path / "b", 300, suffix=suffix).read_bytes() == one
    assert deliver(made, tmp_path / "c", 300, seed=8, suffix=suffix).read_bytes() != one
    assert (tmp_path / "a" / "clients" / "bench_customer.yaml").exists()


@pytest.mark.parametrize("name", KINDS)
def test_a_short_file_is_the_beginning_of_a_long_one(name: str, tmp_path: Path) -> None:
    """However many blocks it has: nothing depends on what is made or written together."""
    made = KINDS[name]
    short = write(made, tmp_path / "short.csv", 10_100).read_bytes()
    long = write(made, tmp_path / "long.csv", 12_000).read_bytes()
    assert long.startswith(short) and len(long) > len(short)


def test_a_changed_file_differs_in_that_share_of_its_rows(tmp_path: Path) -> None:
    made = KINDS["payslips"]
    before = write(made, tmp_path / "a.csv", 10_000, share=0).read_text(encoding="utf-8").splitlines()
    after = write(made, tmp_path / "b.csv", 10_000, share=0, changed=0.01).read_text(encoding="utf-8").splitlines()
    assert 70 <= sum(a != b for a, b in zip(before, after, strict=True)) <= 130


def test_the_same_rows_in_other_bytes(tmp_path: Path) -> None:
    made = KINDS["payslips"]
    before = write(made, tmp_path / "a.csv", 500).read_bytes()
    assert write(made, tmp_path / "b.csv", 500, newline="\r\n").read_bytes() == before.replace(b"\n", b"\r\n")


def test_a_share_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to"):
        next(blocks(KINDS["ledger"], 10, share=0.7))


def test_amounts_are_spelled_as_the_country_does() -> None:
    style = KINDS["ledger"].style
    kind_of = KINDS["ledger"].contract.column("net_amount").arrow_type
    values = cells.typed(np.array([-123456750, 50, cells.NONE, 99999999999]), kind_of)
    assert cells.spelled(values, style).to_pylist() == ["1.234.567,50-", "0,50", None, "999.999.999,99"]
    assert cells.spelled(values, style, other=True).to_pylist() == ["1234567,50-", "0,50", None, "999999999,99"]
