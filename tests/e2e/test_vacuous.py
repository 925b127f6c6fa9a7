"""Nothing passes by having nothing to check: empty input, empty suites, columns and conditions without a row.

The empty file and the one with a header only are among the broken files of `test_night`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.catalog import load_catalog
from pipelines.flow.check import check_declarations
from pipelines.flow.night import run_night
from pipelines.flow.office import Office
from tests.e2e.conftest import Client, Line, as_csv, lines

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  ledgers.spend:
    sources:
      main:
        files: 'spend/[^/]+\.csv'
        max_rejects: {{pct: 100}}
        max_closed_pct: 100
        skip: [{{column: Supplier, in: ['-'], reason: not ours}}]
        columns: &columns
          spend_line_id: {{from: Id}}
          supplier_name: {{from: Supplier}}
          account_name: {{value: Office}}
          document_id: {{from: Document, optional: true}}
          document_date: {{from: Date, formats: ['%Y-%m-%d']}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
      trailed:
        files: 'trailed/[^/]+\.csv'
        format: {{footer_rows: 1}}
        controls: {{rows: {{footer: 1, column: 2}}}}
        columns: *columns
      booked:
        files: 'booked/[^/]+\.xlsx'
        format: {{type: xlsx}}
        columns: *columns
      streamed:
        files: 'streamed/[^/]+\.json'
        format: {{type: json}}
        columns: *columns
"""
FEED = "ledgers.spend"


def rule(name: str, kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    """A rule as it stands in a suite."""
    meta = {"id": f"{FEED}.{name}", "message": {"en": name, "de": name}, "owner": "client"}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"kontor": meta}}


def own_rules(client: Client, *rules: dict[str, Any]) -> None:
    """Rules of the feed for this client only."""
    path = client.settings.client_folders[0] / "expectations" / "ledgers" / f"spend.{client.client_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"name": f"{FEED}.{client.client_id}", "expectations": rules, "meta": {}}), encoding="utf-8"
    )


@pytest.fixture
def sender(client: Client) -> Client:
    client.declare(PROFILE.format(client=client.client_id))
    return client


def outcome(client: Client) -> tuple[str, str | None, str]:
    """State, verdict and message of the client's only delivery."""
    ((state, verdict, message),) = client.query(
        "select state, verdict, coalesce(message, '') from ops.delivery where client_id = :client"
    )
    return state, verdict, message


def result(client: Client, name: str) -> tuple[int, bool | None, str]:
    """Rows evaluated, success and what was observed of one rule."""
    ((evaluated, success, observed),) = client.query(
        "select evaluated, success, observed from ops.rule_result join ops.delivery using (delivery_id) "
        "where client_id = :client and rule_id = :rule",
        rule=f"{FEED}.{name}",
    )
    return evaluated, success, observed


def held_for(client: Client, *names: str) -> None:
    """Held for these rules, nothing published, every row accounted for."""
    state, verdict, message = outcome(client)
    assert (state, verdict) == ("held", "hold"), message
    for name in names:
        assert f"{FEED}.{name}: " in message
    assert client.query("select count(*) from core.ledgers_spend where client_id = :client") == [(0,)]
    client.accounted()


def changed(rows: Sequence[Line], position: int, text: str) -> list[Line]:
    """Rows with one text in a column of all of them."""
    return [(*r[:position], text, *r[position + 1 :]) for r in rows]  # type: ignore[misc]


def test_a_control_total_of_nothing_is_kept_and_still_no_row_is_left(sender: Client) -> None:
    sender.send("trailed/a.csv", as_csv([]) + "total,0,,\n")
    sender.night()
    held_for(sender, "not_empty")
    assert result(sender, "control_total.rows")[1:] == (True, "promised 0, received 0")


def workbook(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("path", "content", "state"),
    [
        ("booked/header.xlsx", workbook(("Id", "Supplier", "Date", "Amount")), "held"),
        ("booked/nothing.xlsx", workbook(), "failed"),
        ("streamed/nothing.json", b"[]", "failed"),
        ("spend/blank.csv", b"\n\n\n", "failed"),
    ],
)
def test_files_without_a_row(sender: Client, path: str, content: bytes, state: str) -> None:
    sender.send(path, content)
    sender.night()
    found, _, message = outcome(sender)
    assert (found, "to act" in message) == (state, True), message
    assert sender.query("select count(*) from core.ledgers_spend where client_id = :client") == [(0,)]


NOTHING_TODAY = """      quiet:
        files: 'quiet/[^/]+\\.csv'
        mode: delta
        may_be_empty: true
        columns: *columns
"""


def test_a_file_without_a_row_where_the_profile_says_there_may_be_nothing(sender: Client) -> None:
    """It loads nothing and closes nothing; a file of which every row is rejected is held all the same."""
    sender.declare(sender.profile + NOTHING_TODAY)
    sender.send("quiet/a.csv", as_csv(lines(3)))
    sender.send("quiet/b.csv", as_csv([]))
    sender.send("quiet/c.csv", as_csv(changed(lines(2), 3, "0.00")))
    sender.night()
    found = sender.query(
        "select file_name, state, verdict, rows_received, rows_rejected from ops.delivery where client_id = :client "
        "order by 1"
    )
    assert [tuple(row) for row in found] == [
        ("quiet/a.csv", "loaded", "pass", 3, 0),
        ("quiet/b.csv", "loaded", "pass", 0, 0),
        ("quiet/c.csv", "held", "hold", 2, 2),
    ]
    current = "select count(*) from core.ledgers_spend where client_id = :client and _known_to is null"
    assert sender.query(current) == [(3,)]
    sender.accounted()


def test_messages_of_one_record_may_be_rejected_whole(sender: Client) -> None:
    """Where the profile says that nothing may be left and all may be rejected: the next one is not kept back."""
    sender.declare(sender.profile + NOTHING_TODAY + "        max_rejects: {pct: 100}\n")
    sender.send("quiet/a.csv", as_csv(changed(lines(1), 3, "0.00")))
    sender.send("quiet/b.csv", as_csv(lines(2)))
    sender.night()
    found = sender.query(
        "select verdict, rows_loaded, rows_rejected from ops.delivery where client_id = :client order by file_name"
    )
    assert [tuple(row) for row in found] == [("pass_with_rejects", 0, 1), ("pass", 2, 0)]
    sender.accounted()


def test_all_rows_skipped_by_declaration(sender: Client) -> None:
    sender.send("spend/a.csv", as_csv(changed(lines(5), 1, "-")))
    sender.night()
    held_for(sender, "not_empty")
    assert sender.query("select rows_received, rows_skipped from ops.delivery where client_id = :client") == [(5, 5)]
    evaluated, success, observed = result(sender, "amount_not_zero")
    assert (evaluated, success) == (0, None)
    assert observed == "not evaluated: no row came"


def test_all_rows_rejected(sender: Client) -> None:
    """Even where the profile lets any share of rows be rejected."""
    sender.send("spend/a.csv", as_csv(changed(lines(5), 3, "0.00")))
    sender.night()
    held_for(sender, "not_empty")
    assert result(sender, "amount_not_zero") == (5, False, "5 of 5 rows fail (100.00 %)")


def test_a_required_column_without_a_value(sender: Client) -> None:
    """Its rows are rejected, and the rules on the column were not evaluated: that holds too."""
    sender.send("spend/a.csv", as_csv(changed(lines(5), 1, "")))
    sender.night()
    held_for(sender, "not_empty", "supplier_has_letters")
    assert result(sender, "required.supplier_name")[1] is False
    assert result(sender, "supplier_has_letters") == (0, None, "not evaluated: no row has supplier_name")


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_an_optional_column_without_a_value_is_shown_and_holds_nothing(sender: Client, severity: str) -> None:
    own_rules(
        sender, rule("document_ok", "expect_column_values_to_match_regex", severity, column="document_id", regex="^D")
    )
    sender.send("spend/a.csv", as_csv(lines(5)))
    sender.night()
    assert outcome(sender)[:2] == ("loaded", "pass")
    assert result(sender, "document_ok") == (0, None, "not evaluated: no row has document_id")


def test_a_condition_that_no_row_meets_is_shown_and_holds_nothing(sender: Client) -> None:
    condition = {"type": "comparison", "column": {"name": "currency_code"}, "operator": "==", "parameter": "USD"}
    own_rules(
        sender,
        rule("usd", "expect_column_values_to_be_between", column="spend_amount", min_value=0, row_condition=condition),
    )
    sender.send("spend/a.csv", as_csv(lines(5)))
    sender.night()
    assert outcome(sender)[:2] == ("loaded", "pass")
    assert result(sender, "usd") == (0, None, "not evaluated: no row meets its condition")


DOCUMENTS = rule(
    "documents", "expect_column_unique_value_count_to_be_between", column="document_id", min_value=0, max_value=9
)


def test_rules_about_the_whole_have_nothing_to_measure(sender: Client) -> None:
    """No row is left: the latest of no dates is none, and no value at all is no count of 0 that would be in bounds."""
    latest = rule("latest", "expect_column_max_to_be_between", column="document_date", max_value="2035-12-31")
    own_rules(sender, DOCUMENTS, latest)
    sender.send("spend/a.csv", as_csv(changed(lines(5), 3, "0.00")))
    sender.night()
    held_for(sender, "not_empty")
    for name in ("latest", "documents"):
        evaluated, success, observed = result(sender, name)
        assert (evaluated, success) == (0, None)
        assert observed.startswith("not evaluated: no row")


def test_a_rule_about_the_whole_of_an_optional_column_without_a_value_holds_nothing(sender: Client) -> None:
    own_rules(sender, DOCUMENTS)
    sender.send("spend/a.csv", as_csv(lines(5)))
    sender.night()
    assert outcome(sender)[:2] == ("loaded", "pass")
    assert result(sender, "documents") == (0, None, "not evaluated: no row has document_id")


@pytest.fixture
def without_rules(sender: Client, tmp_path: Path) -> Client:
    """The same client in an installation whose suite of the feed has no expectation."""
    folder = tmp_path / "suites"
    catalog = load_catalog(sender.settings)
    for feed in catalog.contracts:
        path = replace(catalog, expectations=folder).suite_path(feed)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"name": feed, "expectations": [], "meta": {}}), encoding="utf-8")
    return sender


def test_a_suite_without_a_rule(without_rules: Client, tmp_path: Path) -> None:
    sender = without_rules
    sender.send("spend/a.csv", as_csv(lines(5)))
    catalog = replace(load_catalog(sender.settings), expectations=tmp_path / "suites")
    run_night(client=sender.client_id, office=Office(sender.settings, catalog, sender.warehouse))
    held_for(sender, "has_rules")
    assert result(sender, "has_rules") == (1, False, "0 rules")


def test_check_refuses_a_suite_without_a_rule(sender: Client) -> None:
    own_rules(sender)
    (fault,) = check_declarations(sender.settings).faults
    assert "suite without expectations" in fault


def test_no_verdict_of_these_is_ever_a_pass_in_the_documents(sender: Client) -> None:
    """What was not evaluated is no success in Great Expectations' own form either."""
    sender.send("spend/a.csv", as_csv(changed(lines(5), 1, "-")))
    sender.night()
    number = sender.query("select delivery_id from ops.delivery where client_id = :client")[0][0]
    told = json.loads((sender.settings.delivery_folder(number) / "validation.json").read_text(encoding="utf-8"))
    assert told["success"] is False
    idle = [
        r
        for r in told["results"]
        if r["expectation_config"]["meta"].get("kontor", {}).get("id") == f"{FEED}.amount_not_zero"
    ]
    assert [(r["success"], r["exception_info"]["exception_message"]) for r in idle] == [
        (None, "Not evaluated: no row came")
    ]
