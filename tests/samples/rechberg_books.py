"""The books of Rechberg: what its tax adviser exports in DATEV's format, and what its ERP exports for audit (GDPdU).

Bookings of September and October 2026 on the chart SKR 03, customers and suppliers, names of accounts, terms of
payment; balances of October that follow from the bookings (records of fixed length, cents without a comma), the
register of assets (its own delimiter and quotes), products in an archive (UTF-8, tabs). Nobody in it exists. `FAULTS`
are rows that are wrong on purpose, `BROKEN` files.
"""

from __future__ import annotations

import io
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from zipfile import ZipFile, ZipInfo

from tests.samples.common import CENT, Fault, Folder
from tests.samples.datev import written
from tests.samples.gdpdu import column, day, index, number, table

ZERO = Decimal(0)
MONTHS = {"2026-09": date(2026, 9, 1), "2026-10": date(2026, 10, 1)}
_GL, _WHO, _CHART = "ledgers.gl_entries", "ledgers.partners", "ledgers.accounts"
_BALANCES, _ASSETS, _GOODS = "ledgers.balances", "ledgers.fixed_assets", "shipments.products"

FAULTS = (
    Fault("amount that could be a thousand or one", _GL, "X-POINT", "malformed_record"),
    Fault("side that is neither S nor H", _GL, "X-SIDE", "malformed_record"),
    Fault("booking without a counter account", _GL, "X-HALF", "malformed_record"),
    Fault("day that no month has", _GL, "X-DAY", "unreadable.posting_date", also=("unreadable.document_date",)),
    Fault("account that the chart does not have", _GL, "X-CHART", "reference.account_id"),
    Fault("currency that does not exist", _GL, "X-MONEY", "unreadable.currency_code"),
    Fault("VAT number with a wrong digit", _WHO, "10091", "unreadable.vat_id"),
    Fault("bank account with a wrong digit", _WHO, "70091", "unreadable.iban"),
    Fault("partner of no country", _WHO, "70092", "required.country_code"),
    Fault("term of payment that nobody declared", _WHO, "70093", "lookup_missing.payment_term_days"),
    Fault("account without a name", _CHART, "4999", "required.account_name"),
    Fault("balance that does not follow from its movements", _BALANCES, "4930", "does_not_roll_forward"),
    Fault("balance of an account that the chart does not have", _BALANCES, "4711", "reference.account_id"),
    Fault("asset worth more than was paid for it", _ASSETS, "X-MORE", "depreciation_not_negative"),
    Fault("asset worth what its cost does not give", _ASSETS, "X-BOOK", "cost_less_depreciation_gives_book"),
    Fault("asset with a date of another form", _ASSETS, "X-DATE", "unreadable.acquired_date"),
    Fault("record with a cell too many", _ASSETS, "X-CELL", "malformed_record"),
    Fault("product without a name", _GOODS, "X-NAME", "required.product_name"),
)
BROKEN = {
    "datev/EXTF_Buchungsstapel_2026-07.csv": ("failed", "file is of another category"),
    "datev/EXTF_Buchungsstapel_2026-08.csv": ("held", "said(bookings_in_period)"),
    "datev/EXTF_Buchungsstapel_2026-06.csv": ("failed", "file is truncated"),
    "gdpdu/2026-07/anlagen.dat": ("waiting", "index of the export not there yet: gdpdu/2026-07/index.xml"),
    "gdpdu/2026-08/anlagen.dat": ("failed", "index of the export cannot be used"),
    "gdpdu/2026-09/anlagen.dat": ("failed", "file is not named in its index"),
}
"""File → the state it ends in, and what is said of it."""

ACCOUNTS = {
    "0210": "Maschinen", "0420": "Büroeinrichtung", "0630": "Verbindlichkeiten gegenüber Kreditinstituten",
    "0800": "Gezeichnetes Kapital", "1200": "Bank", "1740": "Verbindlichkeiten aus Lohn und Gehalt",
    "2650": "Zinserträge", "3200": "Wareneingang", "4120": "Gehälter", "4210": "Miete", "4830": "Abschreibungen",
    "4930": "Bürobedarf", "8400": "Erlöse",
}  # fmt: skip
OPENING = {"0210": "480000.00", "0420": "36000.00", "0630": "-210000.00", "0800": "-400000.00", "1200": "94000.00"}
CUSTOMERS = [f"100{n:02}" for n in range(1, 25)]
SUPPLIERS = [f"700{n:02}" for n in range(1, 21)]
TERMS = {"10": ("sofort", "0"), "14": ("14 Tage netto", "14"), "30": ("30 Tage netto", "30")}
_TOWNS = ("Göppingen", "Schwäbisch Gmünd", "Süßen", "Geislingen", "Böblingen", "Nürtingen")
_TRADES = ("Pumpen", "Antriebe", "Werkzeuge", "Gießerei", "Getriebe", "Prüftechnik")
_FORMS = ("GmbH", "AG", "KG", "GmbH & Co. KG")


@dataclass(frozen=True)
class Booking:
    """One booking, its amount signed as it counts on the account: a reversal takes it back."""

    on: date
    account: str
    counter: str
    amount: Decimal
    side: str = "S"
    text: str = ""
    document: str = ""
    tax_key: str = ""
    reversal: bool = False
    base: Decimal | None = None

    def moves(self) -> Iterable[tuple[str, str, Decimal]]:
        """(account, side, amount) of both lines, in euros."""
        amount = (self.base or self.amount) * (-1 if self.reversal else 1)
        sides = ("debit", "credit") if self.side == "S" else ("credit", "debit")
        return (self.account, sides[0], amount), (self.counter, sides[1], amount)


@lru_cache(maxsize=2)
def bookings(seed: int) -> dict[str, list[Booking]]:
    """The bookings of each month that are in order."""
    rng = random.Random(f"{seed}/rechberg/books")
    out: dict[str, list[Booking]] = {}
    for month, first in MONTHS.items():
        days = [d for n in range(28) if (d := first + timedelta(n)).weekday() < 5]
        made = [_sale(rng, days, n) for n in range(60)] + [_purchase(rng, days, n) for n in range(40)]
        made += [_paid(rng, days, booking) for booking in made[:90:3]]
        last = days[-1]
        made += [
            Booking(last, "4210", "1200", Decimal("4850.00"), text="Miete Halle 2", document=f"M{month}"),
            Booking(last, "4120", "1740", Decimal("38417.26"), text="Gehälter", document=f"L{month}"),
            Booking(last, "1740", "1200", Decimal("38417.26"), text="Überweisung Gehälter", document=f"L{month}"),
            Booking(last, "4830", "420", Decimal("612.40"), text="Abschreibung Büro", document=f"A{month}"),
            Booking(last, "1200", "2650", Decimal("41.17"), text="Zinsen; \"Tagesgeld\"", document=f"Z{month}"),
        ]  # fmt: skip
        made.append(_taken_back(made[0], last))
        out[month] = sorted(made, key=lambda b: b.on)
    return out


def write(folder: Folder) -> None:
    """The files of the adviser and of the ERP."""
    _bookings(folder)
    _masters(folder)
    _audit(folder)
    _broken(folder)


def balances(seed: int) -> dict[str, tuple[Decimal, Decimal, Decimal, Decimal]]:
    """Opening, debit, credit and closing of October by account, personal ones too."""
    before: dict[str, Decimal] = defaultdict(Decimal, {a: Decimal(v) for a, v in OPENING.items()})
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: {"debit": ZERO, "credit": ZERO})
    for month, made in bookings(seed).items():
        for account, side, amount in (move for b in made for move in b.moves()):
            if month == "2026-10":
                sums[account.zfill(4)][side] += amount
            else:
                before[account.zfill(4)] += amount if side == "debit" else -amount
    return {
        account: (before[account], s["debit"], s["credit"], before[account] + s["debit"] - s["credit"])
        for account in sorted({*before, *sums})
        for s in [sums[account]]
    }


def _sale(rng: random.Random, days: Sequence[date], n: int) -> Booking:
    on = rng.choice(days)
    amount = _cents(rng, 300, 30000)
    base = (amount / Decimal("1.08")).quantize(CENT) if n % 20 == 7 else None
    return Booking(
        on, rng.choice(CUSTOMERS), "8400", amount, text="Rechnung Ersatzteile", document=f"AR{on:%m}{n:04}", base=base
    )


def _purchase(rng: random.Random, days: Sequence[date], n: int) -> Booking:
    on = rng.choice(days)
    cost = rng.choice(["3200", "3200", "3200", "4930"])
    supplier = rng.choice(SUPPLIERS)
    return Booking(
        on, supplier, cost, _cents(rng, 80, 9000), "H", "Lieferung Gußteile", f"ER{on:%m}{n:04}", tax_key="9"
    )


def _paid(rng: random.Random, days: Sequence[date], invoice: Booking) -> Booking:
    later = [d for d in days if d >= invoice.on]
    amount = invoice.base or invoice.amount
    side = "H" if invoice.side == "S" else "S"
    return Booking(rng.choice(later), invoice.account, "1200", amount, side, "Zahlung", invoice.document)


def _taken_back(sale: Booking, on: date) -> Booking:
    return Booking(on, sale.account, sale.counter, sale.amount, sale.side, "Storno", sale.document, reversal=True)


def _cents(rng: random.Random, low: int, high: int) -> Decimal:
    return (Decimal(rng.randint(low * 100, high * 100)) / 100).quantize(CENT)


def _comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def _fields(booking: Booking) -> dict[str, str]:
    foreign = booking.base is not None
    cells = {
        "amount": _comma(booking.amount), "side_code": booking.side, "account": booking.account,
        "counter_account": booking.counter, "document_day": f"{booking.on:%d%m}".lstrip("0"),
        "document_id": booking.document, "text": booking.text, "tax_key": booking.tax_key,
        "currency_code": "USD" if foreign else "EUR", "reversal_code": "1" if booking.reversal else "0",
        "cost_center_1": "200" if booking.counter == "3200" else "",
    }  # fmt: skip
    if foreign:
        cells |= {"exchange_rate": "1,080000", "base_amount": _comma(booking.base or ZERO), "base_currency_code": "EUR"}
    return cells


def _bookings(folder: Folder) -> None:
    wrong = {"side_code": "S", "account": "4930", "counter_account": "1200", "document_day": "1510", "amount": "10,00"}
    stray = [
        wrong | {"document_id": "X-POINT", "amount": "1.000"},
        wrong | {"document_id": "X-SIDE", "side_code": "D"},
        wrong | {"document_id": "X-HALF", "counter_account": ""},
        wrong | {"document_id": "X-DAY", "document_day": "3210"},
        wrong | {"document_id": "X-CHART", "account": "4711"},
        wrong | {"document_id": "X-MONEY", "currency_code": "EUX"},
    ]
    for month, first in MONTHS.items():
        made = [_fields(b) for b in bookings(folder.seed)[month]]
        text = written("21", [*made, *(stray if month == "2026-10" else [])], **_period(first), label=f"Fibu {month}")
        # programs of DATEV write cp1252, others UTF-8 with a mark: the adviser has both
        encoding = "cp1252" if month == "2026-09" else "utf-8-sig"
        folder.write(f"datev/EXTF_Buchungsstapel_{month}.csv", text.encode(encoding))


def _period(first: date) -> dict[str, str]:
    last = (first + timedelta(31)).replace(day=1) - timedelta(1)
    return {"start": f"{first:%Y%m%d}", "end": f"{last:%Y%m%d}"}


def _masters(folder: Folder) -> None:
    rng = folder.rng("partners")
    partners = []
    for account in (*CUSTOMERS, *SUPPLIERS):
        named = f"{rng.choice(_TOWNS)}er {rng.choice(_TRADES)} {account[-2:]} {rng.choice(_FORMS)}"
        partners.append({
            "account": account, "company_name": named, "addressee_type_code": "2", "country_code": "DE",
            "street": f"Bahnhofstraße {rng.randint(1, 99)}", "postal_code": f"73{rng.randint(30, 70)}0",
            "city": rng.choice(_TOWNS), "payment_term_code": rng.choice(list(TERMS)), "iban_1": _iban(rng),
        })  # fmt: skip
    sound = {"company_name": "Sample AG", "country_code": "DE", "payment_term_code": "30", "addressee_type_code": "2"}
    partners += [
        sound | {"account": "10091", "eu_country_code": "DE", "eu_vat_number": "133546771"},
        sound | {"account": "70091", "iban_1": "DE49100102220002222223"},
        sound | {"account": "70092", "country_code": ""},
        sound | {"account": "70093", "payment_term_code": "77"},
    ]
    folder.write("datev/EXTF_DebKred.csv", written("16", partners).encode("cp1252"))
    names = [{"account": a.lstrip("0"), "account_name": n, "language_id": "de-DE"} for a, n in ACCOUNTS.items()]
    names += [{"account": "8400", "account_name": "Sales", "language_id": "en-GB"}]
    names += [{"account": "4999", "account_name": "", "language_id": "de-DE"}]
    folder.write("datev/EXTF_Kontenbeschriftungen.csv", written("20", names).encode("cp1252"))
    terms = [{"payment_term_code": c, "payment_term_name": n, "due_days": d} for c, (n, d) in TERMS.items()]
    folder.write("datev/EXTF_Zahlungsbedingungen.csv", written("46", terms).encode("cp1252"))


def _iban(rng: random.Random) -> str:
    """An IBAN of a bank that does not exist, its check digits right."""
    account = f"00000000{rng.randint(0, 10**10 - 1):010}"
    return f"DE{98 - int(f'{account}131400') % 97:02}{account}"


# -- export for audit ----------------------------------------------------------------------------------------

_SALDEN = [
    column("Konto", place=(1, 9), key=True), column("Periode", place=(10, 16), key=True),
    *(column(name, "<Numeric><ImpliedAccuracy>2</ImpliedAccuracy></Numeric>", (at, at + 13))
      for name, at in (("Eröffnung", 17), ("Soll", 31), ("Haben", 45), ("Schluss", 59))),
]  # fmt: skip
_ANLAGEN = [
    column("Anlagennummer", key=True), column("Bezeichnung"), column("Zugang", day()), column("AHK", number(2)),
    column("Abschreibung kumuliert", number(2)), column("Buchwert", number(2)), column("Nutzungsdauer", number(0)),
]  # fmt: skip
_HOW = "<ColumnDelimiter>|</ColumnDelimiter><TextEncapsulator>'</TextEncapsulator>"


def _audit(folder: Folder) -> None:
    home = "gdpdu/2026-10"
    lines = ["".join(c.ljust(w) for c, w in zip(("Konto", "Periode"), (9, 7), strict=True)) + "".join(
        n.rjust(14) for n in ("Eröffnung", "Soll", "Haben", "Schluss"))]  # fmt: skip
    for account, amounts in balances(folder.seed).items():
        lines.append(_balance(account, amounts))
    lines.append(_balance("4711", (ZERO, ZERO, ZERO, ZERO)))
    lines = [_off(line) if line.startswith("4930 ") else line for line in lines]
    folder.write(f"{home}/SALDEN.TXT", "".join(f"{line}\r\n" for line in lines).encode("cp850"))
    folder.write(f"{home}/anlagen.dat", _assets(folder.rng("assets"), stray=True).encode("cp1252"))
    symbols = "<DecimalSymbol>,</DecimalSymbol><DigitGroupingSymbol>.</DigitGroupingSymbol>"
    text = index(
        table("salden.txt", _SALDEN, name="Salden", before=f"<OEM/>{symbols}<Range><From>2</From></Range>"),
        table("anlagen.dat", _ANLAGEN, name="Anlagen", before=f"<ANSI/>{symbols}", how=_HOW),
        table("abgaenge.dat", _ANLAGEN, name="Abgänge", before=f"<ANSI/>{symbols}", how=_HOW),  # never delivered
    )
    folder.write(f"{home}/index.xml", text.encode())
    folder.write(f"{home}/gdpdu-01-09-2004.dtd", b"<!ELEMENT DataSet ANY>\r\n")
    folder.write("gdpdu/artikel_2026-10.zip", _products(folder.rng("products")))


def _balance(account: str, amounts: Sequence[Decimal]) -> str:
    return account.ljust(9) + "2026-10" + "".join(f"{int(a * 100):>14}" for a in amounts)


def _off(line: str) -> str:
    """A balance whose closing amount is one euro higher."""
    return line[:-14] + f"{int(line[-14:]) + 100:>14}"


def _assets(rng: random.Random, *, stray: bool = False) -> str:
    lines = []
    for n in range(40):
        cost = Decimal(rng.randint(900, 90000)).quantize(CENT)
        months, life = rng.randint(1, 50), 96
        gone = (cost * months / life).quantize(CENT)
        bought = date(2026, 10, 15) - timedelta(30 * months)
        name = f"'Fräsmaschine | Baureihe ''{n}'''"
        lines.append([f"A{n:04}", name, f"{bought:%d.%m.%Y}", *map(_grouped, (cost, gone, cost - gone)), str(life)])
    wrong = [
        ["X-MORE", "Presse", "01.02.2024", "1.000,00", "-50,00", "1.050,00", "96"],
        ["X-BOOK", "Presse", "01.02.2024", "1.000,00", "50,00", "900,00", "96"],
        ["X-DATE", "Presse", "2024-02-01", "1.000,00", "50,00", "950,00", "96"],
        ["X-CELL", "Presse", "01.02.2024", "1.000,00", "50,00", "950,00", "96", "neu"],
    ]
    return "".join("|".join(line) + "\r\n" for line in [*lines, *(wrong if stray else [])])


def _grouped(amount: Decimal) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def _products(rng: random.Random) -> bytes:
    columns = [
        column("Artikel", key=True),
        column("Bezeichnung"),
        column("Einheit", "<AlphaNumeric/><Map><From>1</From><To>ST</To></Map>"),
        column("Preis", number(2)),
        column("Gruppe"),
    ]
    how = "<ColumnDelimiter>&#9;</ColumnDelimiter>"
    rows = [[f"P-{n:05}", f"Welle Ø {n} mm", "1", _grouped(_cents(rng, 2, 900)), "WZ"[n % 2]] for n in range(1, 81)]
    rows.append(["X-NAME", "", "1", "1,00", "W"])
    out = io.BytesIO()
    with ZipFile(out, "w") as pack:
        for name, text in (
            (
                "INDEX.XML",
                index(
                    table("data\\artikel.csv", columns, before="<UTF8/>", how=how),
                    table("data\\gruppen.csv", [column("Gruppe", key=True), column("Name")], before="<UTF8/>"),
                ),
            ),
            ("data/gruppen.csv", "W;Wellen\r\nZ;Zahnräder\r\n"),
            ("data/artikel.csv", "".join("\t".join(row) + "\r\n" for row in rows)),
        ):
            pack.writestr(ZipInfo(name, (2026, 11, 9, 21, 40, 0)), text.encode())
    return out.getvalue()


def _broken(folder: Folder) -> None:
    """Files that are stopped as a whole."""
    late = [_fields(Booking(date(2026, 8, d), "4930", "1200", Decimal("12.50"), text="Porto")) for d in (3, 4, 31)]
    late[-1]["document_day"] = "0109"
    made = {
        "2026-06": written("21", late[:2], **_period(date(2026, 6, 1))).encode("cp1252")[:-60],
        "2026-07": written("20", [{"account": "8400", "account_name": "Erlöse"}]).encode("cp1252"),
        "2026-08": written("21", late, **_period(date(2026, 8, 1)), label="Fibu 2026-08").encode("cp1252"),
    }
    for month, content in made.items():
        folder.write(f"datev/EXTF_Buchungsstapel_{month}.csv", content)
    sound = _assets(folder.rng("assets")).encode("cp1252")
    for month in ("2026-07", "2026-08", "2026-09"):
        folder.write(f"gdpdu/{month}/anlagen.dat", sound)
    broken = index(table("anlagen.dat", _ANLAGEN, how=_HOW)).replace("<Version>1.0</Version>\n", "")
    folder.write("gdpdu/2026-08/index.xml", broken.encode())
    folder.write("gdpdu/2026-09/index.xml", index(table("other.dat", _ANLAGEN, how=_HOW)).encode())
