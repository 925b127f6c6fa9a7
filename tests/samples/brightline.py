"""Brightline Retail: a cloud ledger, a web shop and a payroll workbook. UTF-8, British dates, files that change names.

One file is cut off in the middle (it comes again the next night), one belongs to nobody.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.samples.common import Folder, day, money, saved

_NAMES = ("Harrow", "Pennine", "Thistle", "Marlow", "Wren", "Calder", "Tidewater", "Foxglove", "Rookery", "Larkfield")
_KINDS = ("Interiors", "Lighting", "Garden Supplies", "Textiles", "Homewares", "Joinery", "Ceramics")
_FORMS = ("Ltd", "Limited", "plc", "LLP")
_TOWNS = (("Leeds", "LS1 4DY", "West Yorkshire"), ("York", "yo1 7hh", "North Yorkshire"), ("Hull", "HU11AA", ""))
_SHOPS = {"Leeds": 60, "York": 45}


def write(folder: Folder) -> None:
    """All files of the client."""
    _customers(folder)
    _staff(folder)
    for month in (9, 10):
        _spend(folder, month)
    folder.write("README.md", b"# Files for the bureau\n\nQuestions: finance mailbox.\n")
    folder.write("misc/petty cash notes.txt", "Tin: 41.20, float 50.00 – receipts with reception\n".encode())


def _shops(rng: random.Random, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names[f"{rng.choice(_NAMES)} {rng.choice(_KINDS)} {rng.choice(_FORMS)}"] = None
    return list(names)


def _customers(folder: Folder) -> None:
    rng = folder.rng("customers")
    header = ["Account No", "Account Name", "Mailbox", "Tel", "Mobile", "Address 1", "Address 2", "Town", "County",
              "Postcode", "Country", "Sector", "Turnover", "Staff", "Notes"]  # fmt: skip
    lines: list[list[str]] = []
    for number, company in enumerate(_shops(rng, 130), start=1):
        town, code, county = rng.choice(_TOWNS)
        phones = [f"020 7946 0{rng.randrange(1000):03}", ""]
        rng.shuffle(phones)
        mail = f"accounts@{company.split()[0].lower()}{number}.example.com"
        street = f"{rng.randrange(1, 200)} {rng.choice(('High Street', 'Mill Lane', 'Station Road'))}"
        size = [f"{money(rng, 50_000, 3_000_000):,}", f"{rng.randrange(1, 1500):,}"]
        sector = rng.choice(("Trade", "Retail", "Contract"))
        cells = [f"BR{number:05}", company, mail, *phones, street, "", town, county, code, "UK", sector, *size, ""]
        lines.append(cells)
    changed = [list(line) for line in lines[20:32]]
    lines[6][6] = "Unit 4,\nThe Maltings"  # an address with a line break
    lines[8][14] = 'asked for "no substitutes"'
    lines.append(list(lines[9]))  # exported twice
    lines[50][0] = ""  # no number: nobody can find this customer again
    lines[51][9] = "LS1"
    lines[52][12] = "c. 2m"
    lines[53][10] = "Yorkshire"
    lines[54] = [*lines[54][:11], "Trade", "north"]  # two cells are missing
    folder.write_table("customers/customers_20261109.csv", [header, *lines], delimiter=",", newline="\n")
    for line in changed:
        line[11] = "Trade plus"
    new = [f"BR{number:05}" for number in range(131, 136)]
    changed += [[number, *lines[0][1:]] for number in new]
    header[0] = "Acct No"  # the web shop was updated and names it otherwise now
    name = "customers/customers_20261110.csv"
    folder.write_table(name, [header, *changed], delimiter=",", newline="\n", night=2)


def _staff(folder: Folder) -> None:
    name = "hr/staff_2026-11.xlsx"
    rng = folder.rng(name)
    book = Workbook()
    book.remove(book.worksheets[0])
    ids: list[str] = []
    for shop, count in _SHOPS.items():
        sheet = book.create_sheet(shop)
        sheet.append([f"Staff of {shop}"])
        sheet.append([])
        sheet.append(["Staff No", "Job", "Start", "Leave", "Paid by", "Holiday hrs", "Sick hrs", "Dept code", "Dept"])
        for n in range(count):
            ids.append(f"{shop[0]}{n + 1:04}")
            _append_employee(rng, sheet, ids[-1])
    sheet = book.create_sheet("Rates")
    for row in (["Hourly rates"], ["Currency", "GBP", "Rows", f"{len(ids)} rates"], []):
        sheet.append(row)
    sheet.append(["Staff No", "From", "Rate", "Cycle", "Keyed"])
    for employee in ids:
        since = day(rng, date(2023, 4, 1), date(2026, 4, 1))
        keyed = datetime(since.year, since.month, since.day, 9, 30) - timedelta(days=6)
        rate = float(Decimal(rng.randrange(121_000, 350_000)) / 10_000)
        sheet.append([employee, since, rate, rng.choice(("M", "M", "2W")), keyed])
    sheet["C9"] = "tbc"
    sheet["B12"] = "01/04/2026"  # typed as text among true dates
    book.create_sheet("Scratch").append(["ignore me", 1])
    folder.write(name, saved(book))


def _append_employee(rng: random.Random, sheet: Worksheet, employee: str) -> None:
    hired = day(rng, date(2005, 1, 1), date(2026, 9, 1))
    left = day(rng, max(hired, date(2026, 1, 1)), date(2026, 10, 31)) if rng.random() < 0.06 else None
    job = rng.choice(("Sales assistant", "Shift lead", "Buyer", "Warehouse operative"))
    code, department = rng.choice((("S", "Sales"), ("W", "Warehouse"), ("B", "Buying")))
    pay = rng.choice(("Hour", "Salary"))
    holiday, sick = rng.randrange(0, 220) + 0.5, rng.randrange(0, 60)
    sheet.append([employee, job, hired, left, pay, holiday, sick, code, department])


def _spend(folder: Folder, month: int) -> None:
    name = f"purchasing/spend_2026-{month:02}.csv"
    rng = folder.rng(name)
    suppliers = _shops(folder.rng("suppliers"), 18)
    lines = [_posting(rng, month, number, suppliers) for number in range(1, 161)]
    lines[20] = lines[20].replace("/2026,", "/26,").replace("-2026,", "-26,")
    lines[21] = lines[21].replace(",PI", "GBP,PI").replace(",PC", "GBP,PC")
    header = "Line,Posted,Supplier No,Supplier,Nominal,Nominal name,Doc ref,Our ref,Debit,Credit,Type"
    text = "\n".join([header, *lines, f"Total,,,,,,,{len(lines)},,,"]) + "\n"
    if month == 9:
        folder.write(name, text.encode())
        return
    # The upload of October broke off in the middle of a quoted name.
    cut = text.index(',"', len(text) // 2) + 6
    folder.write(name, text[:cut].encode())
    folder.write(name, text.encode(), night=2, minute=10)


def _posting(rng: random.Random, month: int, number: int, suppliers: list[str]) -> str:
    supplier = rng.randrange(len(suppliers))
    when = day(rng, date(2026, month, 1), date(2026, month, 28))
    posted = f"{when:%d/%m/%Y}" if rng.random() < 0.8 else f"{when:%d-%b-%Y}"
    amount, credit = money(rng, 12, 7000), rng.random() < 0.06
    kind = "JNL" if rng.random() < 0.05 else "PC" if credit else "PI"
    document = f"D{month:02}{number:05}" if rng.random() < 0.8 else ""
    nominal = rng.choice(("5001,Purchases", "7502,Telephone", "7200,Electricity", "7400,Travel"))
    sides = f",{amount:,}" if credit else f"{amount:,},"
    sides = sides if amount < 1000 else f',"{amount:,}"' if credit else f'"{amount:,}",'
    start = f'{number},{posted},S{supplier + 1:03},"{suppliers[supplier]}",{nominal}'
    return f"{start},{document},R{month:02}{number:05},{sides},{kind}"
