"""What Norvik trades: products, suppliers, customers and orders of Microsoft's published Northwind sample.

`northwind/` holds the public files. What is made of them, the same way for every seed:

* every date is 10,402 days later, so that weekdays stay and the last order is of 28 October 2026;
* a dollar is ten kroner, and goods cost 62 % of their list price;
* what Northwind sells by the weight of a package (`5 kg pkg.`) is kept in kilograms and sold in packages; everything
  else is kept in cases, as `units_of` says;
* weights follow from the text of the package (`24 - 12 oz bottles`), volumes from half a ton in a cubic metre.

Gift boxes are Norvik's own: planted errors stand in them, so that no other product is missing a row.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from pathlib import Path

D = Decimal
CENT, ZERO = D("0.01"), D(0)
PUBLIC = Path(__file__).parent / "northwind"
LATER = 10_402
OPENING, FIRST, LAST = date(2025, 10, 31), date(2025, 11, 1), date(2026, 10, 31)
KRONER = 10
COST = D("0.62")
GIFTS = 16
COUNTRIES = {
    "Argentina": "AR", "Australia": "AU", "Austria": "AT", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Denmark": "DK", "Finland": "FI", "France": "FR", "Germany": "DE", "Ireland": "IE", "Italy": "IT", "Japan": "JP",
    "Mexico": "MX", "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "Singapore": "SG",
    "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "UK": "GB", "USA": "US", "Venezuela": "VE",
}  # fmt: skip
PLACES = {
    "Aachen": "AAH", "Albuquerque": "ABQ", "Anchorage": "ANC", "Barcelona": "BCN", "Bergamo": "BGO", "Berlin": "BER",
    "Bern": "BRN", "Boise": "BOI", "Bruxelles": "BRU", "Buenos Aires": "BUE", "Campinas": "CPQ", "Caracas": "CCS",
    "Cork": "ORK", "Frankfurt a.M.": "FRA", "Genève": "GVA", "Graz": "GRZ", "Helsinki": "HEL", "Kobenhavn": "CPH",
    "Köln": "CGN", "Leipzig": "LEJ", "Lille": "LIL", "Lisboa": "LIS", "London": "LON", "Luleå": "LLA", "Lyon": "LIO",
    "Madrid": "MAD", "Mannheim": "MHG", "Marseille": "MRS", "Montréal": "MTR", "México D.F.": "MEX", "München": "MUC",
    "Nantes": "NTE", "Oulu": "OUL", "Paris": "PAR", "Portland": "PDX", "Rio de Janeiro": "RIO", "Salzburg": "SZG",
    "San Francisco": "SFO", "Sao Paulo": "SAO", "Seattle": "SEA", "Stuttgart": "STR", "Toulouse": "TLS",
    "Vancouver": "VAN", "Warszawa": "WAW", "Århus": "AAR",
}  # fmt: skip
"""UN/LOCODE of towns in the orders, behind the country; the others go without."""
GROUPS = {
    "1": "Drikkevarer", "2": "Krydder og sauser", "3": "Søtvarer", "4": "Meieriprodukter", "5": "Kornvarer",
    "6": "Kjøtt", "7": "Frukt og grønt", "8": "Fisk og sjømat",
}  # fmt: skip
FRESH = ("4", "6", "7", "8")
"""Groups whose lots have a last day of sale."""
_KILOS = {"oz": D("0.0283"), "ml": D("0.001"), "g": D("0.001"), "kg": D(1), "lb": D("0.4536"), "l": D(1),
          "cl": D("0.01"), "cc": D("0.001"), "k": D(1)}  # fmt: skip


@dataclass(frozen=True)
class Product:
    """An article; quantities of stock are in `base` units."""

    number: str
    name: str
    group: str
    supplier: str
    unit: str
    """Unit that it is sold in."""
    base: str
    per_unit: Decimal
    """Base units in the unit it is sold in."""
    weight: Decimal
    price: Decimal
    cost: Decimal
    active: bool = True
    fresh: bool = False
    may_be_negative: bool = False

    @property
    def volume(self) -> Decimal:
        """Cubic metres of a base unit."""
        return (self.weight / 500).quantize(D("0.000001"), ROUND_HALF_UP)

    @cached_property
    def bought(self) -> tuple[str, Decimal]:
        """Unit it is bought in, and how many base units that holds: dozens of even suppliers, the cheese of the dairy
        in tons, else as it is sold."""
        if self.supplier == "L15" and self.base == "KGM":
            return "TNE", D(1000)
        if self.base == "C62" and int(self.supplier[1:]) % 2 == 0:
            return "DZN", D(12)
        return self.unit, self.per_unit


@dataclass(frozen=True)
class Supplier:
    """Who delivers goods."""

    number: str
    name: str
    country: str
    lead_days: int


@dataclass
class OrderLine:
    """What was ordered, in units of sale."""

    number: int
    product: Product
    quantity: Decimal
    price: Decimal
    discount: Decimal
    shipped: Decimal = ZERO
    cancelled: Decimal = ZERO

    @property
    def net_price(self) -> Decimal:
        """Price of a unit after discount."""
        return self.price * (1 - self.discount / 100)

    @property
    def amount(self) -> Decimal:
        """Value of the line."""
        return cents(self.quantity * self.net_price)


@dataclass
class Order:
    """An order of a customer."""

    number: str
    customer: str
    customer_name: str
    ordered: date
    requested: date
    leaves: date | None
    carrier: str
    country: str
    city: str
    freight: Decimal
    lines: list[OrderLine] = field(default_factory=list)

    @property
    def place(self) -> str:
        """UN/LOCODE of the town, if there is one in the list."""
        return f"{self.country}{PLACES[self.city]}" if self.city in PLACES else ""

    @property
    def promised(self) -> date:
        """Sixteen days, four weeks overseas, never after the day asked for."""
        days = 16 if self.country in EUROPE else 28
        return max(self.ordered, min(self.requested, self.ordered + timedelta(days=days)))


EUROPE = frozenset(["AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "NO", "PL", "PT", "SE"])


def cents(amount: Decimal) -> Decimal:
    """To the øre, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def rows_of(name: str) -> list[dict[str, str]]:
    """A public file."""
    with (PUBLIC / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def later(text: str) -> date:
    """A date of the file (`5/6/1998`), moved."""
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day) + timedelta(days=LATER)


def weight_of(package: str) -> Decimal:
    """Kilograms of a package by its text, a quarter of a kilogram for each piece that has no size.

    >>> weight_of("24 - 12 oz bottles"), weight_of("1k pkg."), weight_of("10 boxes x 20 bags")
    (Decimal('8.1504'), Decimal('1.0000'), Decimal('2.5000'))
    """
    found = re.match(r"(?:(\d+) - )?([\d.]+) ?(oz|ml|g|kg|lb|l|cl|cc|k)\b", package)
    if found:
        return (D(found[1] or 1) * D(found[2]) * _KILOS[found[3]]).quantize(D("0.0001"))
    count = re.match(r"\d+", package)
    return (D(count[0] if count else 1) / 4).quantize(D("0.0001"))


def units_of(package: str) -> tuple[str, str, Decimal]:
    """Unit of sale, base unit and how many of these it holds.

    >>> units_of("5 kg pkg."), units_of("48 pies")
    (('XCT', 'KGM', Decimal('5')), ('C62', 'C62', Decimal('1')))
    """
    found = re.fullmatch(r"(\d+) kg (?:pkg\.|box)", package)
    return (PACK, "KGM", D(found[1])) if found else ("C62", "C62", D(1))


PACK = "XCT"
"""Unit that weighed goods are sold in: a carton."""


@lru_cache
def products() -> tuple[Product, ...]:
    """Northwind's products, then the gift boxes."""
    made = []
    for row in rows_of("products"):
        unit, base, per_unit = units_of(row["QuantityPerUnit"])
        price = D(row["UnitPrice"]) * KRONER
        made.append(
            Product(
                f"V{int(row['ProductID']):03}", row["ProductName"], GROUPS[row["CategoryID"]],
                f"L{int(row['SupplierID']):02}", unit, base, per_unit,
                D(1) if base == "KGM" else weight_of(row["QuantityPerUnit"]),
                cents(price / per_unit), cents(price / per_unit * COST), row["Discontinued"] == "0",
                row["CategoryID"] in FRESH, row["ProductID"] in ("31", "56", "60"),
            )
        )  # fmt: skip
    made += [
        Product(f"G{n:03}", f"Gaveeske nr. {n}", "Gaveesker", "L08", "C62", "C62", D(1), D("2.5"), D(400), D(200))
        for n in range(1, GIFTS + 1)
    ]
    return tuple(made)


@lru_cache
def suppliers() -> tuple[Supplier, ...]:
    """Northwind's suppliers; those in the north deliver in a week, those overseas in a month."""
    made = []
    for row in rows_of("suppliers"):
        country = COUNTRIES[row["Country"]]
        days = 7 if country in ("NO", "SE", "DK", "FI") else 14 if country in EUROPE | {"NL"} else 28
        made.append(Supplier(f"L{int(row['SupplierID']):02}", row["CompanyName"], country, days))
    return tuple(made)


def carriers() -> list[tuple[str, str, str, str]]:
    """Number, name, Standard Carrier Alpha Code (made up) and means of transport."""
    codes, modes = ("SPXN", "UNPN", "FDSN"), ("air", "truck", "parcel")
    return [
        (f"T{row['ShipperID']}", row["CompanyName"], code, mode)
        for row, code, mode in zip(rows_of("shippers"), codes, modes, strict=True)
    ]


def orders() -> list[Order]:
    """The orders, none shipped yet; objects of their own at every call."""
    goods = {p.number: p for p in products()}
    names = {row["CustomerID"]: row["CompanyName"] for row in rows_of("customers")}
    made = {
        row["OrderID"]: Order(
            f"S{row['OrderID']}", row["CustomerID"], names[row["CustomerID"]], later(row["OrderDate"]),
            later(row["RequiredDate"]), later(row["ShippedDate"]) if row["ShippedDate"] else None,
            f"T{row['ShipVia']}", COUNTRIES[row["ShipCountry"]], row["ShipCity"], cents(D(row["Freight"]) * KRONER),
        )
        for row in rows_of("orders")
    }  # fmt: skip
    for row in rows_of("order_details"):
        order = made[row["OrderID"]]
        product = goods[f"V{int(row['ProductID']):03}"]
        order.lines.append(
            OrderLine(len(order.lines) + 1, product, D(row["Quantity"]), cents(product.price * product.per_unit),
                      (D(row["Discount"]) * 100).quantize(D(1)))
        )  # fmt: skip
    return list(made.values())
