"""Rules for one client only, and the commands that print and draft rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Client, as_csv, lines
from tests.e2e.test_cli import Run, kontor

__all__ = ["kontor"]


def only_here(client: Client, **changes: Any) -> Path:
    """A rule for this client: no amount above 100."""
    item = {
        "type": "expect_column_values_to_be_between",
        "severity": "critical",
        "kwargs": {"column": "spend_amount", "max_value": 100},
        "meta": {
            "kontor": {
                "id": "ledgers.spend.small_amounts_only",
                "message": {"en": "amount above the agreed 100", "de": "Betrag über den vereinbarten 100"},
                "owner": "client",
                **changes,
            }
        },
    }
    path = client.settings.client_folders[0] / "expectations" / "ledgers" / f"spend.{client.client_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": f"ledgers.spend.{client.client_id}", "expectations": [item]}))
    return path


def test_a_client_rule_sets_rows_aside_for_that_client_only(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(10)))
    client.night()
    assert len(client.current()) == 10
    only_here(client)
    client.send("spend/b.csv", as_csv([*lines(10), ("L099", "Supplier X", "2026-10-05", "100.01")]))
    client.declare(client.profile.replace("max_rejects: {pct: 20}", "max_rejects: {pct: 50}"))
    _, report = client.night()
    assert [line.state for line in report.lines] == ["loaded"]
    (row,) = client.query(
        "select rule_id, owner, cause_code, count(*) from quarantine.reject where client_id = :client group by 1, 2, 3"
    )
    assert tuple(row) == ("ledgers.spend.small_amounts_only", "client", "implausible", 2)  # 100.50 and 100.01
    (text,) = client.query(
        "select d.text from ops.delivery_declaration x join ops.declaration d using (sha256) "
        "join ops.delivery v on v.delivery_id = x.delivery_id "
        "where v.client_id = :client and x.kind = 'client_suite'"
    )
    assert "small_amounts_only" in text[0]
    client.accounted()


def test_check_names_a_client_rule_that_is_wrong(client: Client, kontor: Run) -> None:
    path = only_here(client)
    assert kontor("check")[0] == 0
    only_here(client, id="ledgers.spend.amount_not_zero", cause="bad luck")
    code, said = kontor("check")
    assert code == 1
    assert "meta.kontor.cause is 'bad luck'" in said
    feed_rule = json.loads((Path("expectations/ledgers/spend.json")).read_text())["expectations"][0]["meta"]["kontor"][
        "id"
    ]
    only_here(client, id=feed_rule)
    assert "twice" in kontor("check")[1]
    path.rename(path.with_name("spend.nobody.json"))
    assert "no contract, or no profile" in kontor("check")[1]


def test_rules_are_printed_in_words(client: Client, kontor: Run) -> None:
    only_here(client)
    code, said = kontor("rules", "ledgers.spend", "--client", client.client_id, "--language", "de")
    assert code == 0
    assert "small_amounts_only (this client)" in said
    assert "Betrag über den vereinbarten 100" in said
    assert "spend_amount ≤ 100" in said
    listed = json.loads(kontor("rules", "ledgers.spend", "--json")[1])
    assert "ledgers.spend.small_amounts_only" not in {r["id"] for r in listed}
    assert {r["effect"] for r in listed} >= {"row is set aside", "holds the delivery"}
    assert kontor("rules", "ledgers.nothing")[0] == 2


def test_a_suite_is_drafted_from_a_file_of_a_client(client: Client, kontor: Run, tmp_path: Path) -> None:
    client.send("spend/a.csv", as_csv([*lines(40), ("L099", "Supplier X", "31.02.2026", "1.00")]))
    file = client.settings.landing / client.client_id / "spend/a.csv"
    out = tmp_path / "spend.json"
    code, said = kontor("suite", "new", "ledgers.spend", "--sample", file, "--output", out)
    assert code == 0, said
    assert "1 unreadable rows left out" in said
    ids = {e["meta"]["kontor"]["id"]: e for e in json.loads(out.read_text())["expectations"]}
    assert ids["ledgers.spend.spend_amount_in_range"]["kwargs"] == {
        "column": "spend_amount", "min_value": 10.0, "max_value": 500.0,
    }  # fmt: skip
    assert "40 of 40 rows" in ids["ledgers.spend.spend_amount_in_range"]["meta"]["kontor"]["evidence"]
    code, said = kontor("suite", "new", "ledgers.spend", "--sample", file, "--output", out)
    assert code == 2
    assert "file exists" in said
    code, said = kontor("suite", "new", "ledgers.payables", "--sample", file)
    assert code == 2
    assert "no profile reads this file" in said
