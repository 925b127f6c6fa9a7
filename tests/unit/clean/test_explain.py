from __future__ import annotations

from typing import Any

from tests.unit.clean.mapkit import cleaned, column, contract, plan_of, raw, source, tables, values

TO = contract(
    column("line_id", "identifier", key=True),
    column("supplier_name", "company_name"),
    column("amount", "money", currency="currency_code"),
    column("weight", "quantity", absent_codes=("elsewhere",)),
    column("status_code", "code", codes=("open", "settled")),
    column("department"),
    column("currency_code", "currency"),
)
RULES = {
    "supplier_name": {"from": "Name"},
    "amount": {"signed": {"debit": "Soll", "credit": "Haben"}},
    "weight": {"from": "Gewicht", "absent": {"/See .*/": "elsewhere"}},
    "status_code": {"from": "Status", "codes": {"O": "open", "A": "settled"}},
    "department": {"lookup": {"table": "t", "key": "Abt", "column": "V"}},
    "currency_code": {"value": "EUR"},
}
ROW = {
    "Name": "  ACME\u00a0 GmbH ", "Soll": "", "Haben": "1.234,50", "Gewicht": "See ASN-9", "Status": "X", "Abt": "7",
}  # fmt: skip
LOOKUPS = tables({"t": {"key": "K"}}, t=raw(["K", "V"], ["7", " Einkauf "]))


def told(row: dict[str, str], **words: Any) -> dict[str, Any]:
    ref = source(RULES, key="occurrence(supplier_name, amount)", **words)
    return {c.column: c for c in plan_of(TO, ref, list(row), LOOKUPS).explain(row)}


def test_every_change_is_told_in_order() -> None:
    found = told(ROW)
    assert list(found) == [c.name for c in TO.columns]
    name = found["supplier_name"]
    assert (name.original, name.value, name.problem) == ("  ACME\u00a0 GmbH ", "ACME GmbH", None)
    assert name.steps[0] == ("white space around removed", "ACME\u00a0 GmbH")
    assert name.steps[-1][1] == "ACME GmbH"
    amount = found["amount"]
    assert (amount.sources, amount.original, amount.value) == (("Soll", "Haben"), "1.234,50", "-1234.50")
    assert amount.steps[0] == ("debit − credit", "-1234.5")
    assert found["department"].steps[0] == ("V of look-up table t", "Einkauf")
    assert found["department"].original == "7"
    assert found["currency_code"].steps[0] == ("constant of the profile", "EUR")


def test_absent_and_unreadable_cells_say_so() -> None:
    found = told(ROW)
    assert found["weight"].absent_code == "elsewhere"
    assert found["weight"].steps == (("marks an absent value: elsewhere", ""),)
    assert found["weight"].value is None
    assert found["status_code"].value is None
    assert "expected one of" in str(found["status_code"].problem)
    rules = {**RULES, "weight": {"from": "Gewicht", "unreadable": "elsewhere"}}
    ref = source(rules, key="occurrence(supplier_name, amount)")
    unread = next(c for c in plan_of(TO, ref, list(ROW), LOOKUPS).explain(ROW) if c.column == "weight")
    assert (unread.steps, unread.value, unread.problem) == ((("cannot be read: elsewhere", ""),), None, None)
    missing = told({**ROW, "Abt": "8"})["department"]
    assert missing.value is None
    assert "look-up table t" in str(missing.problem)


def test_a_made_key_is_told_with_the_hash_of_the_chunk() -> None:
    ref = source(RULES, key="occurrence(supplier_name, amount)")
    made = values(cleaned(TO, ref, raw(list(ROW), list(ROW.values())), lookups=LOOKUPS), "line_id")[0]
    change = told(ROW)["line_id"]
    assert change.value == f"{made.rpartition('-')[0]}-n"
    assert change.sources == ("Name", "Soll", "Haben")
    bad = told({**ROW, "Haben": "x"})["line_id"]
    assert bad.value is None
    assert bad.problem is not None


def test_what_is_told_is_what_the_chunk_does() -> None:
    rows = [ROW, {**ROW, "Haben": "5,-", "Status": "a"}, {**ROW, "Soll": "3", "Gewicht": "1.000,5", "Abt": ""}]
    ref = source({**RULES, "line_id": {"from": "Name"}})
    plan = plan_of(TO, ref, list(ROW), LOOKUPS)
    result = plan.chunk(raw(list(ROW), *(list(r.values()) for r in rows)))
    for at, row in enumerate(rows):
        for change in plan.explain(row):
            value = values(result, change.column)[at]
            assert change.value == (None if value is None else str(value))
        told_problems = {c.column for c in plan.explain(row) if c.problem}
        assert told_problems == {
            p["column_name"] for p in result.problems.to_pylist() if p["row_number"] == at + 2
        }  # fmt: skip


def test_parts_of_an_unpivoted_record() -> None:
    to = contract(column("account", key=True), column("month"), column("amount", "money"))
    ref = source(
        {"account": {"from": "Konto"}, "month": {"from": "Monat"}, "amount": {"from": "Wert"}},
        unpivot={"columns": {"Jan": "01", "Feb": "02"}, "name": "Monat", "value": "Wert"},
    )
    plan = plan_of(to, ref, ["Konto", "Jan", "Feb"])
    row = {"Konto": "1", "Jan": "", "Feb": "2,50"}
    assert [c.value for c in plan.explain(row, 2)] == ["1", "02", "2.50"]
    assert plan.explain(row, 1) == []
