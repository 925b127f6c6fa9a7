"""Many small deliveries: clients with ten lists each, every list in several files. The same seed gives the same bytes.

Ten lists are ten sources of the shipped feeds: lists of changes, and lists of a month of which each file is another
month. One row in a hundred is bad: a date or an amount that nobody can read.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROWS = 200
FIRST = datetime(2026, 11, 9, 21, 40, tzinfo=UTC)
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10")
PROFILE = r"""client: {client}
name: {client} Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: [admin]
feeds:
  clients.customers:
    sources:
      shop: &customers
        files: 'shop/\d+\.csv'
        mode: delta
        columns:
          customer_id: {{from: Account}}
          customer_type_code: {{value: company}}
          company_name: {{from: Name}}
          email: {{from: Mail}}
          phone: {{from: Phone}}
          address_line_1: {{from: Street}}
          city: {{from: Town}}
          postal_code: {{from: Postcode}}
          country_code: {{from: Country}}
          annual_sales_amount: {{from: Turnover}}
          annual_sales_currency: {{value: GBP}}
          employee_count: {{from: Staff}}
      trade:
        <<: *customers
        files: 'trade/\d+\.csv'
  people.employees:
    sources:
      office: &employees
        files: 'office/\d+\.csv'
        mode: delta
        columns:
          employee_id: {{from: Staff No}}
          job_title: {{from: Job}}
          hire_date: {{from: Start, formats: '%d/%m/%Y'}}
          exit_date: {{from: Leave, formats: '%d/%m/%Y'}}
          is_salaried: {{from: Paid by, codes: {{Salary: 'true', Hour: 'false'}}}}
          vacation_hours: {{from: Holiday hrs}}
          is_current: {{sql: "\"Leave\" = ''"}}
          department_id: {{from: Dept code}}
          department_name: {{from: Dept}}
      plant:
        <<: *employees
        files: 'plant/\d+\.csv'
  payroll.pay_rates:
    files: 'rates/\d+\.csv'
    mode: delta
    columns:
      employee_id: {{from: Staff No}}
      valid_from_date: {{from: From, formats: '%d/%m/%Y'}}
      hourly_rate: {{from: Rate}}
      currency_code: {{value: GBP}}
      pay_frequency_code: {{from: Cycle, codes: {{M: monthly, W: weekly}}}}
  ledgers.payables:
    sources:
      home: &payables
        files: 'home/(?P<period>\d{{4}}-\d{{2}})\.csv'
        mode: period
        columns:
          supplier_id: {{from: Supplier}}
          invoice_id: {{from: Invoice}}
          supplier_name: {{from: Name}}
          invoice_date: {{from: Dated, formats: '%d/%m/%Y'}}
          due_date: {{from: Due, formats: '%d/%m/%Y'}}
          settled_date: {{from: Paid, formats: '%d/%m/%Y'}}
          net_amount: {{from: Net}}
          tax_amount: {{from: VAT}}
          gross_amount: {{from: Gross}}
          open_amount: {{from: Open}}
          currency_code: {{value: GBP}}
          status_code: {{from: Paid, codes: {{'': open}}, other: settled}}
      abroad:
        <<: *payables
        files: 'abroad/(?P<period>\d{{4}}-\d{{2}})\.csv'
  ledgers.spend:
    sources:
      cards: &spend
        files: 'cards/\d+\.csv'
        mode: delta
        columns:
          spend_line_id: {{from: Line}}
          supplier_id: {{from: Supplier}}
          supplier_name: {{from: Name}}
          account_code: {{from: Nominal}}
          account_name: {{from: Nominal name}}
          document_date: {{from: Posted, formats: '%d/%m/%Y'}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
      orders:
        <<: *spend
        files: 'orders/(?P<period>\d{{4}}-\d{{2}})\.csv'
        mode: period
  shipments.shipments:
    files: 'shipped/\d+\.csv'
    mode: delta
    columns:
      shipment_line_id: {{from: Line}}
      order_id: {{from: Order}}
      asn_id: {{from: Note}}
      destination_country_code: {{from: To}}
      fulfilment_code: {{value: direct}}
      incoterm_code: {{from: Incoterm}}
      transport_mode_code: {{from: By}}
      order_sent_date: {{from: Ordered, formats: '%d/%m/%Y'}}
      promised_date: {{from: Promised, formats: '%d/%m/%Y'}}
      delivered_date: {{from: Delivered, formats: '%d/%m/%Y'}}
      item_name: {{from: Item}}
      line_quantity: {{from: Quantity}}
      line_amount: {{from: Amount}}
      pack_price_amount: {{from: Price}}
      currency_code: {{value: GBP}}
      weight_quantity: {{from: Weight}}
      freight_amount: {{from: Freight}}
"""
TRADES = ("Steel", "Pumps", "Tools", "Paper", "Cables", "Valves", "Tyres", "Paint")
TOWNS = (("Leeds", "LS1 4AP"), ("York", "YO1 7HH"), ("Bath", "BA1 1SX"), ("Hull", "HU1 2AA"))
Line = list[str]
Make = Callable[[random.Random, int, int], Line]


@dataclass(frozen=True)
class Size:
    """How many clients, of how many files each of their ten lists consists."""

    clients: int = 10
    files: int = 5

    @property
    def deliveries(self) -> int:
        return self.clients * len(LISTS) * self.files


@dataclass(frozen=True)
class _List:
    """One list: its folder, its header, a row by (randomness, number of the file, number of the row), and the column in
    which a bad row is bad."""

    folder: str
    header: str
    row: Make
    bad: int
    monthly: bool = False


def _pounds(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _day(rng: random.Random, month: int | None = None) -> date:
    return date(2026, month or rng.randrange(1, 11), rng.randrange(1, 29))


def _customer(rng: random.Random, file: int, row: int) -> Line:
    town, code = rng.choice(TOWNS)
    name = f"{rng.choice(TRADES)} of {town} {file}/{row} Ltd"
    return [
        f"C{file}{row:04}", name, f"office{row}@trade{file}.example", f"+44 20 7946 {rng.randrange(1000):04}",
        f"{rng.randrange(1, 200)} High Street", town, code, "GB", _pounds(rng.randrange(10**5, 10**9)),
        str(rng.randrange(1, 900)),
    ]  # fmt: skip


def _employee(offset: int) -> Make:
    def make(rng: random.Random, file: int, row: int) -> Line:
        hired = date(rng.randrange(2005, 2026), rng.randrange(1, 13), rng.randrange(1, 29))
        left = f"{_day(rng):%d/%m/%Y}" if rng.random() < 0.1 else ""
        department = rng.randrange(10, 40)
        return [
            f"E{offset + file}{row:04}", rng.choice(("Clerk", "Fitter", "Driver", "Buyer")), f"{hired:%d/%m/%Y}", left,
            rng.choice(("Salary", "Hour")), str(rng.randrange(0, 200)), f"D{department}", f"Department {department}",
        ]  # fmt: skip

    return make


def _rate(rng: random.Random, file: int, row: int) -> Line:
    cents = rng.randrange(900, 9000)
    return [f"E{10 + file}{row:04}", f"01/{rng.randrange(1, 13):02}/2026", _pounds(cents), rng.choice("MW")]


def _invoice(rng: random.Random, file: int, row: int) -> Line:
    dated, net = _day(rng, file + 1), rng.randrange(10**3, 10**6)
    tax = net // 5
    paid = dated + timedelta(days=rng.randrange(1, 60)) if rng.random() < 0.6 else None
    number, gross = rng.randrange(100, 140), _pounds(net + tax)
    return [
        f"S{number}", f"INV-{file}{row:04}", f"{rng.choice(TRADES)} {number} Ltd", f"{dated:%d/%m/%Y}",
        f"{dated + timedelta(days=30):%d/%m/%Y}", f"{paid:%d/%m/%Y}" if paid else "", _pounds(net), _pounds(tax),
        gross, "0.00" if paid else gross,
    ]  # fmt: skip


def _spend(rng: random.Random, file: int, row: int) -> Line:
    number, account = rng.randrange(100, 140), rng.randrange(4000, 4020)
    return [
        f"P{file}{row:04}", f"S{number}", f"{rng.choice(TRADES)} {number} Ltd", str(account), f"Account {account}",
        f"{_day(rng, file + 1):%d/%m/%Y}", _pounds(rng.randrange(100, 10**6)),
    ]  # fmt: skip


def _shipment(rng: random.Random, file: int, row: int) -> Line:
    ordered, boxes, cents = _day(rng), rng.randrange(10, 900), rng.randrange(100, 9000)
    promised = ordered + timedelta(days=rng.randrange(10, 40))
    delivered = promised + timedelta(days=rng.randrange(0, 9))
    return [
        f"L{file}{row:04}", f"O{row // 3}", f"N{row // 3}", rng.choice(("Kenya", "Ghana", "Malawi")),
        rng.choice(("EXW", "FCA", "CIP")), rng.choice(("air", "truck", "ocean")),
        *(f"{d:%d/%m/%Y}" for d in (ordered, promised, delivered)), f"{rng.choice(TRADES)} kit", str(boxes),
        _pounds(boxes * cents), _pounds(cents), str(rng.randrange(5, 900)), _pounds(rng.randrange(100, boxes * cents)),
    ]  # fmt: skip


_CUSTOMERS = "Account,Name,Mail,Phone,Street,Town,Postcode,Country,Turnover,Staff"
_STAFF = "Staff No,Job,Start,Leave,Paid by,Holiday hrs,Dept code,Dept"
_INVOICES = "Supplier,Invoice,Name,Dated,Due,Paid,Net,VAT,Gross,Open"
_LINES = "Line,Supplier,Name,Nominal,Nominal name,Posted,Amount"
_SHIPPED = "Line,Order,Note,To,Incoterm,By,Ordered,Promised,Delivered,Item,Quantity,Amount,Price,Weight,Freight"
LISTS = (
    _List("shop", _CUSTOMERS, _customer, 8),
    _List("trade", _CUSTOMERS, _customer, 8),
    _List("office", _STAFF, _employee(10), 2),
    _List("plant", _STAFF, _employee(20), 2),
    _List("rates", "Staff No,From,Rate,Cycle", _rate, 2),
    _List("home", _INVOICES, _invoice, 3, monthly=True),
    _List("abroad", _INVOICES, _invoice, 3, monthly=True),
    _List("cards", _LINES, _spend, 6),
    _List("orders", _LINES, _spend, 6, monthly=True),
    _List("shipped", _SHIPPED, _shipment, 11),
)


def write(folder: Path, size: Size, seed: int = 7) -> tuple[Path, Path]:
    """The landing folder and the folder of the profiles below `folder`."""
    landing, profiles = folder / "landing", folder / "clients"
    profiles.mkdir(parents=True, exist_ok=True)
    for number in range(size.clients):
        client = f"firm{number:02}"
        (profiles / f"{client}.yaml").write_text(PROFILE.format(client=client), encoding="utf-8")
        for made in LISTS:
            for file in range(size.files):
                _write_file(landing / client / made.folder, made, file, random.Random(f"{seed}/{client}/{made.folder}"))
    return landing, profiles


def _write_file(folder: Path, made: _List, file: int, rng: random.Random) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [made.row(rng, file, row) for row in range(ROWS)]
    for row in rng.sample(range(ROWS), ROWS // 100):
        lines[row][made.bad] = "to follow"
    path = folder / f"{MONTHS[file] if made.monthly else f'{file + 1:02}'}.csv"
    path.write_text("".join(",".join(line) + "\n" for line in [made.header.split(","), *lines]), encoding="utf-8")
    at = (FIRST + timedelta(minutes=file)).timestamp()
    os.utime(path, (at, at))
