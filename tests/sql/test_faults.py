"""One client's bad data stops no other: it stays on the marts it had, in all of them, until its data is right again."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Scope
from pipelines.reporting import faults, run
from pipelines.reporting.changes import Behind, MartState, Plan
from pipelines.reporting.faults import Fault
from pipelines.reporting.project import NodeRun, load_project
from pipelines.reporting.publish import become_owner, make_side_schema
from pipelines.reporting.run import BuildResult, build
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.pseudonyms import give_key
from tests.sql.history import History
from tests.sql.part import only

BAD, GOOD = "bad", "good"
IDENTITY = "spend_adds_up_to_core"
MARTS = (  # by clients, by months and always whole, made of the bad rows or not; test_build.py has a fault in all
    "dq_cut_off", "dq_delivery", "fct_spend_lines", "rpt_customer_master", "rpt_headcount", "rpt_pay_rate_register",
    "rpt_spend_by_supplier", "rpt_supplier_spend",
)  # fmt: skip
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("home")
    with only(MARTS, folder / "sql"):
        yield Settings(folder, folder / "landing", (), None)


@pytest.fixture(scope="module")
def history(warehouse: Warehouse, contracts: dict[str, Contract]) -> History:
    with warehouse.engine.begin() as conn:
        conn.execute(sa.text("insert into ops.client (client_id, name) values ('bad', 'Bad'), ('good', 'Good')"))
        for client in (BAD, GOOD):
            give_key(conn, client)
    return History(warehouse, contracts, random.Random(5))


class Nights:
    """Deliveries and builds, one after the other."""

    def __init__(self, warehouse: Warehouse, owner: Warehouse, home: Settings, history: History) -> None:
        self.warehouse, self.owner, self.home, self.history = warehouse, owner, home, history

    def spend(self, client: str, *amounts: int, currency: str | None = "EUR") -> None:
        """A client's spend is these lines now. Without a currency they add up to nothing in the ledger's currencies."""
        rows = [
            {"spend_line_id": str(n), "supplier_name": "Sample", "document_date": date(2026, 3, n),
             "spend_amount": Decimal(amount), "currency_code": currency}
            for n, amount in enumerate(amounts, 1)
        ]  # fmt: skip
        self.deliver(client, "ledgers.spend", rows)

    def employees(self, client: str, count: int) -> None:
        rows = [
            {"employee_id": f"E-{n}", "hire_date": date(2020, 1, 1), "is_current": True, "is_salaried": True}
            for n in range(count)
        ]
        self.deliver(client, "people.employees", rows)

    def deliver(self, client: str, feed: str, rows: list[dict[str, Any]]) -> None:
        with self.warehouse.transaction() as conn:
            self.history.publish(conn, Scope(client, feed, "main"), rows)

    def build(self, **options: bool) -> BuildResult:
        return build(self.home, self.warehouse.url, **options)

    def rows(self, client: str, marts: Iterable[str] = MARTS) -> Rows:
        """What analysts have of a client."""
        with self.warehouse.transaction() as conn:
            become_owner(conn)
            queries = {m: f"select * from reporting.{m} where client_id = :client" for m in marts}
            found = {m: conn.execute(sa.text(q), {"client": client}).mappings().all() for m, q in queries.items()}
        return {m: sorted((dict(r) for r in rows), key=str) for m, rows in found.items()}

    def spent(self, client: str) -> list[Decimal]:
        rows = self.rows(client, ["rpt_supplier_spend"])["rpt_supplier_spend"]
        return [row["spend_amount"] for row in rows]

    def failed_of(self, result: BuildResult) -> dict[str, str]:
        query = "select model, message from ops.model_run where build_id = :id and status = 'fail'"
        with self.warehouse.engine.connect() as conn:
            return dict(conn.execute(sa.text(query), {"id": result.build_id}).tuples().all())


@pytest.fixture(scope="module")
def nights(warehouse: Warehouse, owner: Warehouse, home: Settings, history: History) -> Nights:
    return Nights(warehouse, owner, home, history)


# night after night; each test goes on where the one before it ended -------------------------------------------


@pytest.fixture(scope="module")
def first(nights: Nights) -> BuildResult:
    """Two clients come, one of them with books that break an identity."""
    for client in (BAD, GOOD):
        nights.employees(client, 2)
    nights.spend(BAD, 10, 20, currency=None)
    nights.spend(GOOD, 1)
    return nights.build()


@pytest.fixture(scope="module")
def corrected(first: BuildResult, nights: Nights) -> BuildResult:
    """Nothing comes, but what was wrong is made right where it stands, as when a model is corrected."""
    with nights.owner.transaction() as conn:
        conn.execute(sa.text("set local session_replication_role = replica"))  # history is append-only
        right = "update core.ledgers_spend set currency_code = 'EUR' where client_id = 'bad'"
        assert conn.execute(sa.text(right)).rowcount == 2
    return nights.build()


@pytest.fixture(scope="module")
def yesterday(corrected: BuildResult, nights: Nights) -> Rows:
    return nights.rows(BAD)


@pytest.fixture(scope="module")
def broken(yesterday: Rows, nights: Nights) -> BuildResult:
    nights.spend(BAD, 10, 25, currency=None)
    nights.employees(BAD, 5)
    nights.spend(GOOD, 1, 2)
    nights.employees(GOOD, 3)
    return nights.build()


def test_a_client_that_begins_with_bad_data_has_no_rows_at_all(first: BuildResult, nights: Nights) -> None:
    assert (first.ok, first.is_full, first.kept_back) == (False, True, (BAD,))
    assert IDENTITY in first.failed
    assert f"client {BAD} has no rows in the marts yet: fails" in first.message
    failed = nights.failed_of(first)
    assert failed[IDENTITY] == f"{BAD}: 2 rows"


def test_the_others_have_all_of_theirs(corrected: BuildResult, first: BuildResult, nights: Nights) -> None:
    assert nights.spent(GOOD) == [Decimal(1)]
    assert nights.rows(GOOD, ["dq_cut_off"])["dq_cut_off"]


def test_a_client_kept_back_is_made_again_when_nothing_came_for_it(corrected: BuildResult, nights: Nights) -> None:
    assert (corrected.ok, corrected.is_full, corrected.kept_back) == (True, False, ()), corrected.message
    assert nights.spent(BAD) == [Decimal(30)]
    assert nights.rows(BAD, ["rpt_headcount"])["rpt_headcount"][0]["headcount"] == 2


def test_bad_data_keeps_back_its_client_alone(broken: BuildResult, yesterday: Rows, nights: Nights) -> None:
    """In all marts: also in those that its bad rows are no part of."""
    assert (broken.ok, broken.kept_back) == (False, (BAD,))
    assert broken.is_full, "a failure of a build of changes is judged by the whole"
    assert nights.rows(BAD) == yesterday
    assert nights.spent(GOOD) == [Decimal(3)]
    headcount = nights.rows(GOOD, ["rpt_headcount"])["rpt_headcount"]
    assert {row["headcount"] for row in headcount} == {3}


def test_the_run_names_client_test_rows_and_who_acts(
    broken: BuildResult, corrected: BuildResult, nights: Nights
) -> None:
    shown = f"{corrected.cut_off:%Y-%m-%d %H:%M:%S} UTC"
    for words in (f"client {BAD} stays as known at {shown}: fails", f"{IDENTITY} (2 rows)", "us to act",
                  f'reporting_next."{IDENTITY}"'):  # fmt: skip
        assert words in broken.message
    assert GOOD not in broken.message
    with nights.warehouse.transaction() as conn:
        become_owner(conn)
        found = f"select client_id from reporting_next.{IDENTITY}"
        assert set(conn.scalars(sa.text(found))) == {BAD}
        made = "select sum(spend_amount) from reporting_next.rpt_supplier_spend where client_id = 'bad'"
        assert conn.scalar(sa.text(made)) == 35, "what was made of it stays to be looked into"


@pytest.fixture(scope="module")
def still_broken(broken: BuildResult, nights: Nights) -> BuildResult:
    nights.spend(GOOD, 1, 2, 4)
    return nights.build()


def test_while_it_stays_bad_the_others_go_on_by_changes(
    still_broken: BuildResult, corrected: BuildResult, yesterday: Rows, nights: Nights
) -> None:
    """All of the client is made anew, so its fault needs no whole build to be judged by."""
    assert (still_broken.ok, still_broken.kept_back, still_broken.is_full) == (False, (BAD,), False)
    assert nights.rows(BAD) == yesterday
    assert nights.spent(GOOD) == [Decimal(7)]
    assert f"stays as known at {corrected.cut_off:%Y-%m-%d %H:%M:%S} UTC" in still_broken.message


@pytest.fixture(scope="module")
def altered(still_broken: BuildResult, nights: Nights) -> BuildResult:
    """A build is killed before it is published; then one finds a mart of other columns than the models make, and one
    without its policy."""
    nights.spend(GOOD, 8)
    before = {client: nights.rows(client) for client in (BAD, GOOD)}
    state = state_of(nights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "publish", killed)
        with pytest.raises(KeyboardInterrupt):
            nights.build()
    assert {client: nights.rows(client) for client in (BAD, GOOD)} == before
    assert state_of(nights) == {**state, "unfinished": True}
    with nights.warehouse.transaction() as conn:
        become_owner(conn)
        conn.execute(sa.text("alter table reporting.rpt_headcount add column former text"))
        conn.execute(sa.text("drop policy own_clients on reporting.dq_cut_off"))
    return nights.build()


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def state_of(nights: Nights) -> dict[str, Any]:
    with nights.warehouse.engine.connect() as conn:
        return dict(conn.execute(sa.text("select * from ops.mart_state")).mappings().one())


def test_a_mart_of_other_columns_loses_the_rows_of_the_client_kept_back_and_says_so(
    altered: BuildResult, yesterday: Rows, nights: Nights
) -> None:
    """Its old rows cannot stand beside the new ones; where the columns are the same they do."""
    assert altered.is_full
    assert nights.rows(BAD) == {**yesterday, "rpt_headcount": []}
    assert nights.spent(GOOD) == [Decimal(8)]
    assert "and has no rows in rpt_headcount, which changed: fails" in altered.message
    with nights.warehouse.engine.connect() as conn:
        closed = "select relrowsecurity and relforcerowsecurity from pg_class where oid = cast(:mart as regclass)"
        assert all(conn.scalar(sa.text(closed), {"mart": f"reporting.{m}"}) for m in ("rpt_headcount", "dq_cut_off"))


@pytest.fixture(scope="module")
def all_broken(altered: BuildResult, nights: Nights) -> BuildResult:
    nights.spend(GOOD, 16, currency=None)
    return nights.build()


def test_when_no_client_is_left_all_stay(all_broken: BuildResult, nights: Nights) -> None:
    assert (all_broken.ok, all_broken.kept_back) == (False, ())
    assert "reporting build stopped" in all_broken.message
    assert nights.spent(GOOD) == [Decimal(8)]
    behind = state_of(nights)["behind"]
    assert (list(behind), behind[BAD]["missing"]) == ([BAD], ["rpt_headcount"])


def test_with_its_data_corrected_all_is_well(all_broken: BuildResult, nights: Nights) -> None:
    nights.spend(BAD, 10, 25)
    nights.spend(GOOD, 16)
    result = nights.build()
    assert (result.ok, result.kept_back) == (True, ()), result.message
    assert (nights.spent(BAD), nights.spent(GOOD)) == ([Decimal(35)], [Decimal(16)])
    assert nights.rows(BAD, ["rpt_headcount"])["rpt_headcount"][0]["headcount"] == 5
    assert state_of(nights)["behind"] == {}


# whose fault it is --------------------------------------------------------------------------------------------


def failing(name: str, *, kind: str = "test", status: str = "fail", table: str | None = None) -> NodeRun:
    return NodeRun(name, kind, status, None, 0.1, None, table)


@pytest.fixture
def side(warehouse: Warehouse) -> Iterator[sa.Connection]:
    with warehouse.engine.begin() as conn:
        make_side_schema(conn)
        for name, values in (
            ("some", "('a', 1), ('a', 2), ('b', 1)"), ("unknown", "('a', 1), (null, 1)"), ("empty", None),
        ):  # fmt: skip
            conn.execute(sa.text(f"create table reporting_next.{name} (client_id text, n int)"))
            if values:
                conn.execute(sa.text(f"insert into reporting_next.{name} values {values}"))
        conn.execute(sa.text("create table reporting_next.untold as select 1 as n"))
        yield conn
        conn.rollback()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (None, True),
        (failing("t", table="reporting_next.untold"), False),
        (failing("t", table="reporting_next.unknown"), False),
        (failing("t", table="reporting_next.empty"), False),
        (failing("t", table="reporting_next.gone"), False),
        (failing("t", status="error"), False),
        (failing("m", kind="model", status="error"), False),
        (failing("u", kind="unit_test"), False),
    ],
)
def test_a_fault_is_a_clients_if_every_failing_row_says_so(
    other: NodeRun | None, told: bool, side: sa.Connection
) -> None:
    runs = [failing("one", table="reporting_next.some"), *([other] if other else [])]
    table = "reporting_next.some"
    expected = [Fault("a", "one", 2, table), Fault("b", "one", 1, table)] if told else []
    assert faults.faults_of(side, runs) == expected


def test_a_model_that_fails_keeps_all_on_the_marts_they_have(
    first: BuildResult, warehouse: Warehouse, home: Settings
) -> None:
    project = load_project(home, warehouse.url)
    state = MartState(first.cut_off, "", {}, {}, False, {})
    runs = [failing("rpt_x", kind="model", status="error"), failing("one", table="reporting_next.some")]
    made = run._Made("build 0", Plan(), runs, runs, [])
    before = shown_of(warehouse)
    result = run._Build(home, warehouse, False, 0)._end(project, made, state, first.cut_off)
    assert (result.ok, result.kept_back) == (False, ())
    assert f"model rpt_x and 1 more: error; marts as known at {first.cut_off:%Y-%m-%d %H:%M:%S} UTC" in result.message
    assert shown_of(warehouse) == before


def shown_of(warehouse: Warehouse) -> list[Any]:
    with warehouse.transaction() as conn:
        become_owner(conn)
        return list(conn.execute(sa.text("select * from reporting.dq_cut_off order by client_id")).tuples())


def test_a_message_names_the_first_clients_and_tests_only() -> None:
    many = [Fault(f"c{n:02}", f"test_{n}", n, f"t{n}") for n in range(1, 15)]
    long = Fault("c00", "x" * 100, 1, "t")
    said = run._kept_back([long, *many], {fault.client_id: Behind(None) for fault in [long, *many]})
    assert "client c01 has no rows in the marts yet: fails test_1 (1 row); client c02" in said
    assert "c10" not in said
    assert "; and 5 more" in said
    assert "x" * 61 not in said
