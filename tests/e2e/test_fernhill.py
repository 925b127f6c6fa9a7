"""One night of Fernhill Group's whole book: each planted error is caught by its rule, and the rest ties to the cent."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import fernhill
from tests.samples.common import Fault, Folder
from tests.samples.fernhill_faults import FAULTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night; the files of its second are not there yet."""
    yield from first_night("fernhill", fernhill.write, tmp_path_factory.mktemp("fernhill"), server_settings, database)


def test_every_file_is_loaded_and_every_row_accounted_for(book: Client) -> None:
    assert not_loaded(book) == []
    files = [p for p in (book.settings.landing / "fernhill").rglob("*") if p.is_file()]
    assert (
        book.query("select count(*) from ops.delivery where client_id = :client")[0][0] == len(files) + 1
    )  # two sheets
    book.accounted()


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(book: Client, fault: Fault) -> None:
    assert rules_at(book, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(book: Client) -> None:
    rows = set_aside(book)
    planted = [(f.feed, f.place) for f in of_effect(FAULTS, "reject")]
    assert [r for r in rows if not any(feed == r[0] and place in r[1] for feed, place in planted)] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_an_auditor_wants_to_see_is_warned_of(book: Client, fault: Fault) -> None:
    failed, severity = warned(book, fault)
    assert severity in ("warning", "info")
    assert failed > 0
    column = {"gl_entries": "description", "payables": "supplier_id", "balances": "account_id"}
    column |= {"bank_transactions": "bank_account_id", "invoice_lines": "invoice_id"}
    table = "core." + fault.feed.replace(".", "_")
    loaded = book.query(
        f"select count(*) from {table} where {CURRENT} and {column[fault.feed[8:]]} = :place", place=fault.place
    )
    assert loaded[0][0] > 0


def _totals(book: Client, sql: str) -> dict[tuple[str, ...], Decimal]:
    totals: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for *key, amount in book.query(sql):
        if amount:
            totals[tuple(key)] = amount
    return totals


def test_what_was_loaded_balances_and_ties(book: Client) -> None:
    entries = f"from core.ledgers_gl_entries where {CURRENT}"
    for kind in ("", "local_", "group_"):
        off = book.query(f"select journal_id, sum({kind}debit_amount - {kind}credit_amount) {entries} "
                         "group by entity_code, journal_id having sum("
                         f"{kind}debit_amount - {kind}credit_amount) <> 0")  # fmt: skip
        assert off == []
    on_account = _totals(book, "select entity_code, account_id, sum(local_debit_amount - local_credit_amount) "
                               f"{entries} group by 1, 2")  # fmt: skip
    for feed, account, side in (("receivables", "1100", 1), ("payables", "2100", -1)):
        left = _totals(book, "select entity_code, control_account_id, sum(local_open_amount) from "
                             f"core.ledgers_{feed} where {CURRENT} group by 1, 2")  # fmt: skip
        assert len(left) == 3
        assert {key: side * amount for key, amount in left.items()} == {k: on_account[k] for k in left}
        assert {a for _, a in left} == {account}
    for column, amount in (
        ("account_id", "cost_amount"),
        ("depreciation_account_id", "-accumulated_depreciation_amount"),
    ):
        register = _totals(book, f"select entity_code, {column}, sum({amount}) from core.ledgers_fixed_assets "
                                 f"where {CURRENT} and disposed_date is null group by 1, 2")  # fmt: skip
        assert register == {k: on_account[k] for k in register}


def test_balances_that_were_loaded_are_those_of_the_entries(book: Client) -> None:
    by_period = "entity_code, account_id, period_code"
    entries = _totals(book, f"select {by_period}, sum(local_debit_amount - local_credit_amount) "
                            f"from core.ledgers_gl_entries where {CURRENT} group by 1, 2, 3")  # fmt: skip
    sent = _totals(book, f"select {by_period}, closing_amount - opening_amount from core.ledgers_balances "
                         f"where {CURRENT}")  # fmt: skip
    wrong = {("F03", "6390", "2026-10"), ("F02", "6110", "2026-07")}  # loaded with a warning, and set aside
    assert {k: v for k, v in entries.items() if sent[k] != v}.keys() == wrong
    assert not sent.keys() - entries.keys()


TIES = (
    "open_items_give_control_account", "cost_gives_ledger", "depreciation_gives_ledger", "settles_invoice_of_payables",
    "settles_invoice_of_receivables", "credits_differ_from_entries", "journal_in_two_periods",
    "posting_date_outside_its_period", "tax_code_not_valid_on_its_day",
)  # fmt: skip


def test_the_first_lists_tie_to_the_ledger(book: Client) -> None:
    judged = book.query(
        "select rule_id, sum(evaluated), sum(failed) from ops.rule_result join ops.delivery using (delivery_id) "
        "where client_id = :client and split_part(rule_id, '.', 3) = any(:ties) group by 1",
        ties=list(TIES),
    )
    assert {rule.split(".")[2] for rule, *_ in judged} == set(TIES)
    assert [rule for rule, evaluated, failed in judged if not evaluated or failed] == []


def test_a_list_that_does_not_tie_is_warned_of_the_next_night(book: Client, tmp_path: Path) -> None:
    (fault,) = (f for f in FAULTS if f.effect == "night 2")
    fernhill.write(Folder(tmp_path, "fernhill", 2, 7))
    shutil.copytree(tmp_path / "fernhill", book.settings.landing / "fernhill", dirs_exist_ok=True)
    _, report = book.night()
    assert [(line.feed, line.state, line.verdict) for line in report.lines] == [(fault.feed, "loaded", "pass")]
    failed = book.query(
        "select rule_id, failed from ops.rule_result where delivery_id = :id and rule_id = :rule",
        id=report.lines[0].delivery_id,
        rule=fault.rule_id,
    )
    of_company = book.query(f"select count(*) from core.ledgers_receivables where {CURRENT} and entity_code = 'F01'")
    assert failed == [(fault.rule_id, of_company[0][0])]
