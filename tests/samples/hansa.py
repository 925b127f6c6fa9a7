"""Hansa Maschinenbau: an ERP system of the nineties. Code page 1252, semicolons, German dates and decimals.

Payables by month with a letterhead above and totals below, months in columns, look-up files, end of time as 31.12.9999.
What the payroll office sends comes in one zip archive, the sheet of costs gzipped.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.common import CENT, Folder, companies, day, grouped, money, share, table

MONTHS = {
    "Jan": 1, "Feb": 2, "Mrz": 3, "Apr": 4, "Mai": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Okt": 10,
}  # fmt: skip
TOWNS = (
    ("20457", "Hamburg", "Deutschland"), ("23552", "Lübeck", "Deutschland"), ("28195", "Bremen", "Deutschland"),
    ("D-18055", "Rostock", "Deutschland"), ("24103", "Kiel", "DE"), ("1010", "Wien", "Österreich"),
    ("3011 AA", "Rotterdam", "Niederlande"), ("1050", "Kopenhagen", "DK"),
)  # fmt: skip
COST_CENTRES = {
    "1000": ("Leitung", "Verwaltung"), "1200": ("Buchhaltung", "Verwaltung"), "2000": ("Einkauf", "Verwaltung"),
    "3100": ("Gießerei", "Fertigung"), "3200": ("Dreherei", "Fertigung"), "3300": ("Montage", "Fertigung"),
    "4000": ("Versand", "Logistik"),
}  # fmt: skip
PAYABLES = (
    "Kreditor", "Name", "Belegnr", "Belegdatum", "Fällig", "Ausgleich", "Netto", "USt", "Brutto", "Offen", "Währung",
    "Status", "Bestellung", "Kürzel",
)  # fmt: skip


@dataclass(frozen=True)
class Invoice:
    supplier: int
    name: str
    number: str
    dated: date
    due: date
    settled: date | None
    net: Decimal
    tax: Decimal
    open: Decimal
    order: str

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    def cells(self) -> list[str]:
        settled = f"{self.settled:%d.%m.%Y}" if self.settled else ""
        amounts = [_de(a) for a in (self.net, self.tax, self.gross, self.open)]
        status = "A" if self.settled else "O"
        dates = [f"{self.dated:%d.%m.%Y}", f"{self.due:%d.%m.%Y}", settled]
        return [str(self.supplier), self.name, self.number, *dates, *amounts, "EUR", status, self.order, "mk"]


def write(folder: Folder) -> None:
    """All files of the client."""
    suppliers = companies(folder.rng("suppliers"), 24)
    for month in (8, 9, 10):
        _payables(folder, month, suppliers)
    _customers(folder)
    staff, ids = _employees(folder)
    folder.write_pack("lohn/Lohnbuero.zip", {"Mitarbeiter.csv": staff, "Stundensaetze.csv": _pay_rates(folder, ids)})
    _costs(folder, suppliers)


def _de(value: Decimal) -> str:
    return grouped(value, ".", ",", trailing_minus=True)


def _payables(folder: Folder, month: int, suppliers: list[str]) -> None:
    name = f"kreditoren/OP_2026-{month:02}.csv"
    rng = folder.rng(name)
    invoices = [_invoice(rng, month, n, suppliers) for n in range(1, 181)]
    lines = [i.cells() for i in invoices]
    if month == 10:
        _spoil_payables(lines)
    # The list of August is held: the total below it is that of an earlier print.
    _write_payables(folder, name, lines, off=Decimal("100.00") if month == 8 else Decimal(0))
    if month == 8:
        _write_payables(folder, name, lines, night=2, minute=5)
    if month == 10:  # ten were paid and three came in since
        late = [_invoice(rng, month, n, suppliers) for n in range(181, 184)]
        paid = {i.number: i for i in [i for i in invoices[20:] if i.open > 0][:10]}
        for at, line in enumerate(lines):
            if invoice := paid.get(line[PAYABLES.index("Belegnr")]):
                lines[at] = replace(invoice, settled=date(2026, 11, 10), open=Decimal("0.00")).cells()
        _write_payables(folder, name, [*lines, *(i.cells() for i in late)], night=2)


def _invoice(rng: random.Random, month: int, number: int, suppliers: list[str]) -> Invoice:
    supplier = rng.randrange(len(suppliers))
    dated = day(rng, date(2026, month, 1), date(2026, month, 28))
    due = dated + timedelta(days=rng.choice((10, 14, 30, 30, 60)))
    net = money(rng, 40, 24_000) * (-1 if rng.random() < 0.05 else 1)
    tax = share(net, "19")
    settled = due - timedelta(days=rng.randrange(5)) if due < date(2026, 11, 8) and rng.random() < 0.85 else None
    left = Decimal("0.00") if settled else net + tax
    if left > 500 and rng.random() < 0.15:  # paid in part
        left = (left * Decimal("0.4")).quantize(CENT)
    order = f"45{rng.randrange(10**6):06}" if rng.random() < 0.7 else ""
    number_text = f"RE{month:02}{number:05}" if net >= 0 else f"GS{month:02}{number:05}"
    return Invoice(70001 + supplier, suppliers[supplier], number_text, dated, due, settled, net, tax, left, order)


def _spoil_payables(lines: list[list[str]]) -> None:
    """What clerks do to a list: seven rows that cannot be used."""
    column = {name: i for i, name in enumerate(PAYABLES)}
    lines[3][column["Belegdatum"]] = "31.09.2026"
    lines[5][column["Netto"]] = "siehe Anlage"
    lines[7][column["Status"]] = "X"
    lines[9][column["USt"]] = "0,01"  # net + tax is not gross
    lines[11][column["Fällig"]] = "01.01.2026"
    lines.insert(14, list(lines[13]))  # exported twice: the same row again
    lines[16] = [*lines[15][:3], *lines[16][3:]]  # two invoices under one number: neither can be believed
    lines[18][column["Name"]] = lines[18][column["Name"]].upper()


def _write_payables(
    folder: Folder, name: str, lines: list[list[str]], *, off: Decimal = Decimal(0), night: int = 1, minute: int = 0
) -> None:
    gross, left = PAYABLES.index("Brutto"), PAYABLES.index("Offen")
    total = sum((_number(line[gross]) for line in lines), off)
    footer = ["Summe", f"{len(lines)} Belege", *[""] * (len(PAYABLES) - 2)]
    footer[gross], footer[left] = _de(total), _de(sum((_number(line[left]) for line in lines), Decimal(0)))
    letterhead = f"Hansa Maschinenbau GmbH\r\nOffene und ausgeglichene Posten {name[-11:-4]}\r\n\r\n"
    table = [list(PAYABLES), *lines, footer]
    if "-08" in name:  # purchase orders are on the list since September
        table = [[cell for i, cell in enumerate(line) if PAYABLES[i] != "Bestellung"] for line in table]
    folder.write_table(name, table, delimiter=";", encoding="cp1252", before=letterhead, night=night, minute=minute)


def _number(text: str) -> Decimal:
    value = Decimal(text.rstrip("-").replace(".", "").replace(",", "."))
    return -value if text.endswith("-") else value


def _customers(folder: Folder) -> None:
    name = "kunden/Kundenstamm.csv"
    rng = folder.rng(name)
    header = (
        "KdNr", "Name1", "Name2", "Straße", "Hausnr", "PLZ", "Ort", "Land", "Telefon", "E-Mail", "Branche",
        "Vorjahresumsatz", "Mitarbeiter", "Anlagedatum",
    )  # fmt: skip
    lines: list[list[str]] = []
    for number, company in enumerate(companies(rng, 150), start=1):
        code, town, country = rng.choice(TOWNS)
        phone = f"030 23125-{rng.randrange(1000):03}" if country in ("Deutschland", "DE") else ""
        mail = f"einkauf@{company.split()[0].lower().replace('ü', 'ue').replace('ö', 'oe')}.example.com"
        street = [f"{rng.choice(('Am Kai', 'Werftstraße', 'Lindenweg', 'Hafenstr.'))}", str(rng.randrange(1, 120))]
        sector = rng.choice(("Maschinenbau", "Schiffbau", "Handel", "Energie"))
        staff = rng.randrange(5, 900)
        sales = _de(money(rng, 200_000, 9_000_000))
        lines.append(
            [f"{number:06}", company, "", *street, code, town, country, phone, mail, sector, sales, str(staff), ""]
        )
    lines[4][1:3] = "Hafengrund Antriebe", "Zweigniederlassung Bremen"
    lines[30][1] = lines[29][1].replace("GmbH", "G.m.b.H.")  # the same company once more, spelled otherwise
    lines[30][3:10] = lines[29][3:10]
    lines[40][5] = "2045"  # a digit is missing
    lines[41][8] = "folgt"
    lines[42][11] = "k.A."
    lines[43][1] = ""  # a company without name
    content = [list(header), *lines]
    folder.write_table(name, content, delimiter=";", encoding="cp1252")
    folder.write_table("kunden/Kundenstamm (1).csv", content, delimiter=";", encoding="cp1252", night=2, minute=20)


def _employees(folder: Folder) -> tuple[bytes, list[str]]:
    """The list, and the numbers in it."""
    centres = [[c, n, g, "J"] for c, (n, g) in COST_CENTRES.items()]
    centres.append(["2000", "Einkauf und Lager", "Verwaltung", "N"])  # closed, and its number given to another
    head = ["Kostenstelle", "Bezeichnung", "Bereich", "gültig"]
    folder.write_table("personal/Kostenstellen.csv", [head, *centres], delimiter=";", encoding="cp1252")
    name = "personal/Mitarbeiter.csv"
    rng = folder.rng(name)
    header = (
        "Personalnr", "Benutzer", "Tätigkeit", "Eintritt", "Austritt", "Lohnart", "Resturlaub", "Krankheit", "Status",
        "Kostenstelle", "seit",
    )  # fmt: skip
    lines: list[list[str]] = []
    for number in range(1, 141):
        hired = day(rng, date(1994, 1, 1), date(2026, 9, 30))
        left = rng.random() < 0.08
        exit_date = f"{max(day(rng, date(2026, 1, 1), date(2026, 10, 31)), hired):%d.%m.%Y}" if left else "31.12.9999"
        centre = rng.choice(tuple(COST_CENTRES))
        job = rng.choice(("Dreher", "Gießer", "Monteurin", "Sachbearbeiterin", "Einkäufer", "Lagerist"))
        pay = "G" if centre < "3000" else "S"
        vacation, sick = rng.randrange(0, 240), rng.randrange(0, 120)
        state = "ausgetreten" if left else rng.choice(("aktiv",) * 9 + ("ruhend",))
        cells = [f"{number:05}", f"HANSA\\p{number:05}", job, f"{hired:%d.%m.%Y}", exit_date, pay, f"{vacation},50"]
        lines.append([*cells, f"{sick},00", state, centre, f"{hired:%d.%m.%Y}"])
    lines[10][9] = "9999"  # a cost centre that the list does not have
    lines[11][9] = lines[11][10] = ""  # nobody's: allowed
    lines[12][3] = "00.00.0000"
    lines[13][4], lines[13][8] = "31.12.9999", "ausgetreten"  # has left, without saying when
    return table([header, *lines], ";", "cp1252"), [line[0] for line in lines]


def _pay_rates(folder: Folder, ids: list[str]) -> bytes:
    name = "lohn/Stundensaetze.csv"
    rng = folder.rng(name)
    lines: list[list[str]] = [["Personalnr", "gültig ab", "Satz", "Turnus", "erfasst am"]]
    for employee in ids:
        rate = Decimal(rng.randrange(140_000, 420_000)) / 10_000
        for since in sorted(rng.sample((date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)), rng.randrange(1, 4))):
            entered = f"{since - timedelta(days=rng.randrange(5, 30)):%d.%m.%Y} {rng.randrange(7, 18):02}:30"
            lines.append([employee, f"{since:%d.%m.%y}", grouped(rate, "", ","), "M", entered])
            rate = (rate * Decimal("1.031")).quantize(Decimal("0.0001"))
    lines[20][2] = "0,0000"
    lines[21][0] = "00999"  # nobody has this number
    lines[22][3] = "Q"
    return table(lines, ";", "cp1252")


def _costs(folder: Folder, suppliers: list[str]) -> None:
    name = "kosten/Ist_2026.csv"
    rng = folder.rng(name)
    accounts = (("4210", "Miete"), ("4530", "Fuhrpark"), ("4920", "Telefon"), ("3100", "Fremdleistungen"))
    lines: list[list[str]] = [["Konto", "Bezeichnung", "Lieferant", *MONTHS]]
    for supplier in suppliers:
        account = rng.choice(accounts)
        cells = [_de(money(rng, 100, 18_000)) if rng.random() < 0.6 else "" for _ in MONTHS]
        lines.append([*account, supplier, *cells])
    lines[3][5], lines[4][6] = "1.204,10-", "480,00 EUR"
    folder.write(f"{name}.gz", gzip.compress(table(lines, ";", "cp1252"), mtime=0))
