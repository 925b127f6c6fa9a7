"""A wrong optional value of a customer stays out, told and to be corrected; the customer is taken."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from openpyxl import load_workbook
from rich.console import Console

from pipelines.flow.correction import make_workbooks
from pipelines.flow.explain import explain
from pipelines.flow.matching import match_customers
from tests.e2e.conftest import Client
from tests.e2e.correcting import correct, header, last, newest, rows, rows_sheet, workbooks
from tests.matching.world import MEMBERS

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
golden: {{same: [[email]]}}
feeds:
  clients.customers:
    files: 'customers\d*\.csv'
    max_closed_pct: 100
    max_rejects: {{pct: 20}}
    columns:
      customer_id: {{from: Id}}
      customer_type_code: {{from: Type}}
      company_name: {{from: Company}}
      given_name: {{from: Given}}
      family_name: {{from: Family}}
      email: {{from: Mail}}
      birth_date: {{from: Born, formats: '%Y-%m-%d'}}
      postal_code: {{from: Code}}
      country_code: {{from: Country}}
      vat_id: {{from: VAT}}
      lei_code: {{from: LEI}}
      iban: {{from: IBAN}}
      employee_count: {{from: Staff}}
      annual_sales_amount: {{from: Sales}}
      annual_sales_currency: {{value: EUR}}
      is_active: {{from: Active, codes: {{'y': 'true', 'n': 'false'}}}}
"""
HEADER = (
    "Id", "Type", "Company", "Given", "Family", "Mail", "Born", "Code", "Country", "VAT", "LEI", "IBAN", "Staff",
    "Sales", "Active",
)  # fmt: skip
FIRM = {"Type": "company", "Company": "Nordkai Pumpen GmbH", "Code": "20457", "Country": "DE", "Active": "y"}
ONE = {"Type": "person", "Given": "Sample", "Family": "Placeholder", "Born": "1980-02-03", "Country": "DE"}
WRONG = {
    "Mail": ("email", "info@@nordkai"), "Code": ("postal_code", "2045"), "Country": ("country_code", "Atlantis"),
    "VAT": ("vat_id", "DE123456789"), "LEI": ("lei_code", "5493006MHB84DD0ZWV19"),
    "IBAN": ("iban", "DE89370400440532013001"), "Staff": ("employee_count", "many"),
    "Sales": ("annual_sales_amount", "k.A."), "Active": ("is_active", "perhaps"),
}  # fmt: skip
LOADED = "from core.clients_customers where client_id = :client and _known_to is null"


def as_csv(customers: Iterable[dict[str, str]]) -> str:
    lines = [",".join(HEADER), *(",".join(c.get(name, "") for name in HEADER) for c in customers)]
    return "\n".join(lines) + "\n"


def firms(count: int, **wrong: str) -> list[dict[str, str]]:
    """Customers with nothing wrong, but what is said of all of them."""
    return [FIRM | {"Id": f"F{n:03}", "Company": f"Nordkai {n} GmbH"} | wrong for n in range(count)]


@pytest.fixture
def house(client: Client) -> Client:
    client.declare(PROFILE.format(client=client.client_id))
    return client


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_value_keeps_out_itself_and_not_the_customer(house: Client, name: str) -> None:
    column, value = WRONG[name]
    house.send("customers.csv", as_csv([*firms(9), FIRM | {"Id": "X1", name: value}]))
    house.night()
    assert (last(house).state, last(house).rows_loaded, last(house).rows_rejected) == ("loaded", 10, 0)
    (row,) = house.query(f"select {column} as value, {column}_absent_code as code {LOADED} and customer_id = 'X1'")
    assert (row.value, row.code) == (None, "not_valid")
    counted = house.query(
        "select severity, failed from ops.rule_result join ops.delivery d using (delivery_id) where d.client_id = "
        ":client and rule_id = :rule",
        rule=f"clients.customers.{column}_is_valid",
    )
    assert [tuple(one) for one in counted] == [("warning", 1)]
    with Console(width=300).capture() as _:
        console = Console(width=300, record=True)
        for part in explain(last(house).delivery_id, 11, office=house.office()):
            console.print(part)
    told = console.export_text()
    assert "not_valid" in told and f"unreadable.{column}" in told
    house.accounted()


def test_the_client_corrects_what_was_left_out(house: Client) -> None:
    wrong = {name: value for name, (_, value) in WRONG.items() if name != "Country"}  # without it no code is wrong
    bad = FIRM | {"Id": "X1"} | wrong
    old = ONE | {"Id": "X2", "Born": "1880-02-03"}
    nameless = FIRM | {"Id": "X3", "Company": ""}
    house.send("customers.csv", as_csv([*firms(9), bad, old, nameless]))
    house.night()
    assert (last(house).rows_loaded, last(house).rows_rejected) == (11, 1)
    born = house.query(f"select birth_date, birth_date_absent_code as code {LOADED} and customer_id = 'X2'")
    assert [tuple(row) for row in born] == [(None, "not_plausible")]
    assert workbooks(house) == [(1, "open", 3)]
    sheet = rows_sheet(load_workbook(newest(house)))
    columns, places = header(sheet), rows(sheet)
    for name, value in wrong.items():
        cell = sheet.cell(places["11"], columns[name])
        assert (cell.value, cell.comment is not None) == (value, True), name
        assert "the row was taken without it" in cell.comment.text
    born = sheet.cell(places["12"], columns["Born"])
    assert (born.value, "1900-01-01" in born.comment.text or "01/01/1900" in born.comment.text) == ("1880-02-03", True)
    assert "taken without" not in sheet.cell(places["13"], columns["Company"]).comment.text
    right = {"Mail": "info@nordkai.example", "Code": "20457", "VAT": "DE136695976", "LEI": "",
             "IBAN": "DE89370400440532013000", "Staff": "12", "Sales": "1000.50", "Active": "n"}  # fmt: skip
    correct(house, {"11": right, "12": {"Born": "1980-02-03"}})
    house.night()
    assert (last(house).kind, last(house).state, last(house).rows_loaded) == ("correction", "loaded", 2)
    now = house.query(f"select email, vat_id, vat_id_absent_code, iban, is_active {LOADED} and customer_id = 'X1'")
    assert [tuple(row) for row in now] == [
        ("info@nordkai.example", "DE136695976", None, "DE89370400440532013000", False)
    ]
    make_workbooks(house.office(), house.client_id)
    assert workbooks(house)[-1] == (2, "open", 1), "the customer without a name is left"
    house.accounted()


def test_the_same_again_is_unchanged_and_asked_for_once_more(house: Client) -> None:
    wrong = [*firms(9), FIRM | {"Id": "X1", "Mail": "info@@nordkai"}, ONE | {"Id": "X2", "Born": "1880-02-03"}]
    house.send("customers1.csv", as_csv(wrong))
    house.night()
    house.send("customers2.csv", as_csv([*wrong, FIRM | {"Id": "NEW"}]))
    house.night()
    assert (last(house).rows_loaded, last(house).rows_unchanged) == (1, 11)
    assert [(state, count) for _, state, count in workbooks(house)] == [("closed", 2), ("open", 2)]
    assert make_workbooks(house.office(), house.client_id) == []
    house.send("customers3.csv", as_csv([*firms(9), FIRM | {"Id": "X1", "Mail": "a@b.example"}]))
    house.night()
    assert workbooks(house)[-1][1] == "closed"
    assert house.query("select count(*) from quarantine.left_out l join ops.delivery d using (delivery_id) "
                       "where d.client_id = :client")[0][0] == 0  # fmt: skip
    house.accounted()


def test_matching_does_not_see_a_wrong_value(house: Client) -> None:
    """By the profile the same mail address is the same customer; the same text that is none is nobody's."""
    shared = [ONE | {"Id": f"P{n}", "Family": name, "Born": "", "Mail": "unknown@@nowhere"}
              for n, name in enumerate(("Abel", "Quint", "Zorn"))]  # fmt: skip
    twins = [ONE | {"Id": f"T{n}", "Given": name, "Mail": "t@example.org"} for n, name in enumerate(("Ada", "Bo"))]
    house.send("customers.csv", as_csv([*firms(9), *shared, *twins]))
    house.night()
    match_customers(client=house.client_id, office=house.office())
    golden = {customer: golden_id for _, customer, golden_id, _ in house.query(MEMBERS)}
    assert len({golden[f"P{n}"] for n in range(3)}) == 3
    assert golden["T0"] == golden["T1"]


def test_a_column_in_the_wrong_place_is_held(house: Client) -> None:
    house.send("customers.csv", as_csv([*firms(15), *({**firm, "Id": f"G{n}", "Code": firm["Company"]}
                                                      for n, firm in enumerate(firms(20)))]))  # fmt: skip
    house.night()
    assert (last(house).state, last(house).verdict) == ("held", "hold")
    assert "20 of 35 values of postal_code" in last(house).message


def test_a_few_wrong_values_are_no_reason_to_hold(house: Client) -> None:
    house.send("customers.csv", as_csv([FIRM | {"Id": "X1", "Mail": "@"}, FIRM | {"Id": "X2", "Company": "Other AG"}]))
    house.night()
    assert last(house).state == "loaded"
