"""No personal value in clear in anything a night writes: values are planted in every personal column, in rows that pass
and in rows that break every kind of rule, and everything written is searched for them.

Where rows themselves are kept they must stand in clear: the landing folder, the archive, the step outputs, core, work
tables, the cells and amounts of rejected rows and of correction workbooks, sums of amounts. All else is searched.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from pipelines.cli import main
from pipelines.flow import letters, release
from pipelines.flow.office import open_office
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.dags.test_night import Run, landing, run

__all__ = ["landing", "run"]
pytestmark = pytest.mark.slow

PROFILE = r"""client: canary
name: Canary Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: [admin]
notify: {to: [office@canary.example]}
feeds:
  clients.customers:
    files: 'customers/[^/]+\.csv'
    max_rejects: {pct: 90}
    max_closed_pct: 90
    columns:
      customer_id: {from: Id}
      customer_type_code: {from: Kind, codes: {P: person, C: company}}
      given_name: {from: Given}
      family_name: {from: Family}
      email: {from: Mail}
      phone: {from: Phone}
      birth_date: {from: Born, formats: ['%Y-%m-%d']}
      national_id: {from: Nino}
      address_line_1: {from: Street}
      postal_code: {from: Post}
      country_code: {value: GB}
      annual_sales_amount: {from: Sales}
      annual_sales_currency: {value: GBP}
  people.employees:
    files: 'staff/[^/]+\.csv'
    max_rejects: {pct: 90}
    columns:
      employee_id: {from: Id}
      national_id: {from: Nino}
      login_name: {split: {from: Login, pattern: 'corp:(\w+)'}}
      job_title: {from: Job}
      birth_date: {from: Born, formats: ['%Y-%m-%d']}
      gender_code: {from: Sex, codes: {F: female, M: male}}
      marital_status_code: {lookup: {table: status, key: Status, column: Code}}
      hire_date: {from: Hired, formats: ['%Y-%m-%d']}
      vacation_hours: {from: Rest}
      sick_leave_hours: {from: Sick}
      is_current: {value: 'true'}
lookups:
  status: {files: 'status\.csv', key: Name}
"""
CUSTOMERS = ("Id", "Kind", "Given", "Family", "Mail", "Phone", "Born", "Nino", "Street", "Post", "Sales")
STAFF = ("Id", "Nino", "Login", "Job", "Born", "Sex", "Status", "Hired", "Rest", "Sick")
PLAIN = {"Id", "Kind", "Job", "Hired"}
IN_CLEAR = {
    ("quarantine", "row", "cells"), ("quarantine", "row", "amounts"), ("quarantine", "workbook_row", "cells"),
    ("quarantine", "row_to_see", "cells"), ("quarantine", "row_to_see", "amounts"),
}  # fmt: skip
KEPT = ("landing", "archive", "outbox", "clients", "pg")


class Birds:
    """Makes values that occur nowhere else, one for each cell, and remembers them."""

    def __init__(self) -> None:
        self.flown: list[str] = []
        self._numbers = itertools.count(71)

    def fly(self, column: str, *, readable: bool = True) -> str:
        n = next(self._numbers)
        value = {
            "Mail": f"zq{n}canary@bird{n}.example",
            "Phone": f"+4420794609{n % 100:02}" if n < 171 else f"+442079470{n:03}",
            "Born": f"19{n % 80 + 11:02}-03-{n % 27 + 1:02}",
            "Sales": f"{n}8642.{n % 100:02}",
            "Rest": f"{500 + n % 450}.{n * 7 % 90 + 10}",
            "Sick": f"{3500 + n % 900}.{n * 7 % 90 + 10}",
            "Post": f"N{n % 90 + 10} {n % 9}ZQ",
            "Login": f"corp:canary{n}login",
            "Sex": "F",
            "Status": "married",
        }.get(column, f"Zqcanary{n}x{column.lower()}")
        if not readable:
            value = f"Zqbroken{n}x{column.lower()}"
        if column not in ("Sex", "Status", "Born") or not readable:
            self.flown.append(value.removeprefix("corp:"))
        return value


def rows(birds: Birds, header: tuple[str, ...], key: str) -> Iterator[dict[str, str]]:
    """Two good rows; then one row for each column whose cell cannot be read, is empty, or is too long a number."""
    numbers = itertools.count(1)

    def row(**cells: str) -> dict[str, str]:
        made = {c: birds.fly(c) for c in header if c not in PLAIN}
        plain = {"Id": f"{key}{next(numbers)}", "Kind": "P", "Job": "clerk", "Hired": "2020-01-01"}
        return {**{c: plain[c] for c in header if c in plain}, **made, **cells}

    yield row()
    yield row()
    for column in header:
        if column not in PLAIN:
            yield row(**{column: birds.fly(column, readable=False)})
            yield row(**{column: ""})
    yield row(Id=f"{key}9 9")  # breaks the rule on the id, every other cell as it is
    same = row(Id=f"{key}777")
    yield same
    yield {**row(Id=f"{key}777")}  # the key twice
    yield dict(same, Id=f"{key}888")  # the same national id
    if "Sales" in header:
        yield row(Sales="-" + birds.fly("Sales"))
        yield row(Given="", Family="")
    if "Rest" in header:
        yield row(Rest=f"{birds.fly('Rest')}9999")


def as_csv(header: tuple[str, ...], lines: list[dict[str, str]]) -> str:
    return "\n".join([",".join(header), *(",".join(line[c] for c in header) for line in lines)]) + "\n"


def send(landing: Path, rel: str, text: str) -> None:
    path = landing / "canary" / rel
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def plant(landing: Path, birds: Birds) -> None:
    """Files of every fate: rows set aside, a malformed record, a file without its header, one that breaks off."""
    customers = list(rows(birds, CUSTOMERS, "C"))
    extra = ",".join([*customers[0].values(), birds.fly("Street")]).replace("C1", "C500", 1)
    send(landing, "customers/a.csv", as_csv(CUSTOMERS, customers) + extra + "\n")
    staff = list(rows(birds, STAFF, "S"))
    send(landing, "status.csv", "Name,Code\nmarried,married\n")
    send(landing, "staff/a.csv", as_csv(STAFF, staff))
    send(landing, "staff/b_without_header.csv", as_csv(STAFF, list(rows(birds, STAFF, "S"))).partition("\n")[2])
    held = [{**line, "Hired": "long ago"} for line in rows(birds, STAFF, "T")]
    send(landing, "staff/d_no_row_left.csv", as_csv(STAFF, held))
    quoted = [f'"{birds.fly(c)}' if c == "Nino" else birds.fly(c) for c in STAFF]
    send(landing, "staff/c_breaks_off.csv", ",".join(STAFF) + "\n" + ",".join(quoted))


def written(home: Path, airflow: Path, warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """Everything a night writes, but where rows are kept: files, Airflow's database, the tables, as (place, text)."""
    for root in (home, airflow):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root).parts
            step_output = path.suffix == ".arrow" or path.name == "extract.json"  # the header of a file without one
            if path.is_file() and inside[0] not in KEPT and not step_output:
                yield str(path.relative_to(root)), path.read_bytes().decode("utf-8", "replace")
    query = (
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in ('ops', 'quarantine') order by 1, 2, 3"
    )
    with warehouse.transaction() as conn:
        for schema, table, column in conn.execute(sa.text(query)).tuples().all():
            if (schema, table, column) in IN_CLEAR or table == "delivery_amount":
                continue
            cells = conn.scalars(sa.text(f'select distinct "{column}"::text from {schema}."{table}"')).all()
            yield f"{schema}.{table}.{column}", "\n".join(c for c in cells if c)


def told_to_people(settings: Settings) -> Iterator[tuple[str, str]]:
    """What stewards and clients are told: the question on each held delivery, lists, the letter of the night."""
    office = open_office()
    for waiting, _ in release.held(office=office):
        yield "question", release.summary(office, waiting.delivery_id).markdown()
    for letter in letters.gather(office, date(2026, 1, 1), client="canary"):
        yield "letter", f"{letter.subject} {letter.text} {letter.html}"
    # `rejects list --json` has sums of amounts to the cent, for stewards: accounting is not masked
    for command in (["rejects", "list"], ["status"], ["held"], ["corrections", "list"]):
        out = io.StringIO()
        with redirect_stdout(out):
            assert main(command) == 0
        yield " ".join(command), out.getvalue()


def send_back_a_workbook(settings: Settings, landing: Path, birds: Birds) -> None:
    """The client corrects a cell of each row, wrongly, and returns the workbook."""
    (path,) = (settings.outbox / "canary").glob("*clients.customers*")
    book = load_workbook(path)
    sheet = book.worksheets[1]
    columns = {str(c.value): c.column for c in sheet[2]}
    for row in range(3, sheet.max_row + 1):
        sheet.cell(row, columns["Mail"]).value = birds.fly("Mail", readable=False)
    book.save(landing / "canary" / "corrected.xlsx")


def leaks(places: Iterator[tuple[str, str]], birds: list[str]) -> list[str]:
    """Values that stand in a text, numbers also when they are written with other signs between their digits."""
    out = []
    for place, text in places:
        bare = re.sub(r"(?<=\d)[.,\s'\u202f\xa0](?=\d)", "", text) if place in ("letter", "question") else ""
        out += [f"{b} in {place}" for b in birds if b in text or (_is_money(b) and b.replace(".", "") in bare)]
    return out


def _is_money(bird: str) -> bool:
    return bool(re.fullmatch(r"\d{6,}\.\d\d", bird))


def test_no_planted_value_is_found(
    settings: Settings, server_settings: Settings, database: str, landing: Path, run: Run, airflow_home: Path,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    (settings.client_folders[0] / "canary.yaml").write_text(PROFILE, encoding="utf-8")
    birds = Birds()
    plant(landing, birds)
    run("client_data", client="canary")
    run("payroll", client="canary")
    send_back_a_workbook(settings, landing, birds)
    run("client_data", client="canary")
    said = capfd.readouterr()
    read = list(told_to_people(settings))
    warehouse = Warehouse(url_of(server_settings, database, "owner"))
    try:
        with warehouse.transaction() as conn:
            told = "select rule_id from quarantine.reject union select rule_id from quarantine.left_out"
            rules = set(conn.scalars(sa.text(told)))
            states = set(conn.execute(sa.text("select file_name, state from ops.delivery")).tuples())
        found = leaks(written(settings.home, airflow_home, warehouse), birds.flown)
    finally:
        warehouse.close()
    found += leaks(iter(read), birds.flown)
    assert {"question", "letter"} <= {place for place, _ in read}
    found += leaks(iter([("stdout", said.out), ("stderr", said.err), ("log", caplog.text)]), birds.flown)
    assert not found
    for kind in ("unreadable.birth_date", "unreadable.email", "key_unique", "malformed_record", "id_is_plain"):
        assert f"clients.customers.{kind}" in rules
    assert {s for _, s in states} >= {"loaded", "failed", "held"}
    assert ("corrected.xlsx", "loaded") in states


def test_the_search_finds_what_is_there(
    tmp_path: Path, settings: Settings, server_settings: Settings, database: str
) -> None:
    (settings.home / "logs").mkdir()
    (settings.home / "logs" / "task.log").write_text("row 7: Zqcanary1xgiven is odd")
    warehouse = Warehouse(url_of(server_settings, database, "owner"))
    try:
        with warehouse.transaction() as conn:
            conn.execute(sa.text("insert into ops.client (client_id, name) values ('leaky', 'Zqcanary1xgiven')"))
        found = leaks(written(settings.home, tmp_path / "none", warehouse), ["Zqcanary1xgiven"])
    finally:
        warehouse.close()
    assert [place.partition(" in ")[2] for place in found] == ["logs/task.log", "ops.client.name"]
