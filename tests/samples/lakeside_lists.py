"""Lakeside's lists as its three systems write them, and what the second evening changes in them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.common import day, money
from tests.samples.lakeside_people import COUNTRIES, CRM, LEDGER, SHOP, Card, cards_of, spare_buyers, spare_resellers

Row = dict[str, str]
Lists = dict[str, list[Row]]
LEDGER_WIDTHS = {"Debtor": 8, "Kind": 1, "Name": 36, "Street": 34, "Town": 28, "Postcode": 10, "Country": 3,
                 "Opened": 8, "Changed": 14}  # fmt: skip
_THREE = {"AU": "AUS", "US": "USA", "CA": "CAN", "GB": "GBR", "DE": "DEU", "FR": "FRA"}
_LAST = date(2026, 10, 31)
BUYING = 60
"""So many customers of the shop have orders, and so many debtors open items."""
ROLES = ("Purchasing", "Accounts payable", "Shop manager", "Owner")


def lists_of(seed: int) -> Lists:
    """Every list of the first evening, by feed and source."""
    cards = cards_of(seed)
    by = {system: [c for c in cards if c.system == system] for system in (SHOP, CRM, LEDGER)}
    rng = random.Random(f"{seed}/lakeside lists")
    return {
        "clients.customers/shop": [shop_row(c) for c in by[SHOP]],
        "clients.customers/crm": [crm_row(c) for c in by[CRM]],
        "clients.customers/ledger": [ledger_row(c) for c in by[LEDGER]],
        "clients.contacts": _contacts(rng, by[CRM]),
        "clients.addresses": _addresses(by[CRM]),
        "clients.relations": _relations(rng, by[CRM]),
        "clients.consents": _consents(rng, by[SHOP]),
        **_sales(rng, by[SHOP]),
        "ledgers.receivables": _open_items(rng, by[LEDGER]),
    }


def shop_row(card: Card) -> Row:
    """A customer as the shop exports it."""
    return {
        "Customer No": card.number, "First name": card.given, "Last name": card.family, "E-mail": card.email,
        "Phone": card.phone, "Date of birth": card.born.isoformat() if card.born else "", "Street": card.street,
        "Suburb": card.city, "Postcode": card.postcode, "Country": COUNTRIES.get(card.country, card.country),
        "Registered": card.since.isoformat(), "Updated": f"{card.changed:%Y-%m-%dT%H:%M:%S}+10:00",
    }  # fmt: skip


def crm_row(card: Card) -> Row:
    """An account of the CRM: people with the family name first."""
    return {
        "Account": card.number, "Kind": "Person" if card.is_person else "Company",
        "Name": card.company or f"{card.family}, {card.given}", "Title": card.title, "Mail": card.email,
        "Telephone": card.phone, "Born": f"{card.born:%d/%m/%Y}" if card.born else "", "Street": card.street,
        "City": card.city, "Postal code": card.postcode, "State": card.region, "Country": card.country,
        "VAT no.": card.vat, "LEI": card.lei, "Active": "Yes" if card.active else "No",
        "Since": f"{card.since:%d/%m/%Y}", "Changed": f"{card.changed:%d/%m/%Y %H:%M}",
    }  # fmt: skip


def ledger_row(card: Card) -> Row:
    """A debtor: capitals, people with the family name first, no more signs than the column holds."""
    return {
        "Debtor": card.number, "Kind": "P" if card.is_person else "C",
        "Name": (card.company or f"{card.family}/{card.given}").upper(), "Street": card.street.upper(),
        "Town": card.city.upper(), "Postcode": card.postcode, "Country": _THREE.get(card.country, card.country),
        "Opened": f"{card.since:%d%m%Y}", "Changed": f"{card.changed:%Y%m%d%H%M%S}",
    }  # fmt: skip


def contact_row(number: str, account: str, card: Card, role: str, *, main: bool) -> Row:
    """A person at an account."""
    return {
        "Contact": number, "Account": account, "Salutation": card.title, "First": card.given, "Last": card.family,
        "Role": role, "Mail": card.email, "Telephone": card.phone, "Country": card.country, "Main": "x" if main else "",
    }  # fmt: skip


def address_row(number: str, account: str, kind: str, card: Card, *, main: bool = True) -> Row:
    """An address of an account."""
    return {
        "Address": number, "Account": account, "Use": kind, "Street": card.street, "City": card.city,
        "Postal code": card.postcode, "State": card.region, "Country": card.country, "From": "01/07/2020", "To": "",
        "Main": "x" if main else "",
    }  # fmt: skip


def relation_row(account: str, relation: str, other: str, share: str = "") -> Row:
    """What one account is to another."""
    return {"Account": account, "Relation": relation, "Other": other, "Share": share, "From": "01/07/2020", "To": ""}


def consent_row(number: str, customer: str, purpose: str, channel: str, at: str, answer: str) -> Row:
    """A decision of a customer of the shop."""
    return {
        "Record": number, "Customer No": customer, "Purpose": purpose, "By": channel, "At": at, "Answer": answer,
        "Basis": "consent", "Form": "checkout", "Until": "",
    }  # fmt: skip


def _contacts(rng: random.Random, accounts: Sequence[Card]) -> list[Row]:
    companies = [c for c in accounts if not c.is_person]
    people = spare_buyers()
    return [
        contact_row(f"P-{n:04}", account.number, person, rng.choice(ROLES), main=True)
        for n, (account, person) in enumerate(zip(companies[:70], people, strict=False), 1)
    ]


def _addresses(accounts: Sequence[Card]) -> list[Row]:
    companies, elsewhere = [c for c in accounts if not c.is_person], spare_resellers()
    rows = [address_row(f"D-{n:04}", c.number, "billing", c) for n, c in enumerate(companies, 1)]
    for n, (company, other) in enumerate(zip(companies[::4], elsewhere, strict=False), 1):
        rows.append(address_row(f"L-{n:04}", company.number, "shipping", other))
    return rows


def _relations(rng: random.Random, accounts: Sequence[Card]) -> list[Row]:
    """Twenty groups of a parent and two companies, of which it pays for one."""
    companies = rng.sample([c.number for c in accounts if not c.is_person], 60)
    rows = []
    for parent, first, second in zip(companies[:20], companies[20:40], companies[40:], strict=True):
        rows += [relation_row(first, "parent", parent, "100"), relation_row(second, "parent", parent, "60")]
        rows.append(relation_row(first, "payer", parent))
    return rows


def _consents(rng: random.Random, customers: Sequence[Card]) -> list[Row]:
    rows = []
    for card in customers:
        asked = day(rng, max(card.since, date(2018, 5, 25)), _LAST)
        channel = "email" if card.email else "post"
        given = rng.random() < 0.7
        number = f"K{len(rows):05}"
        rows.append(
            consent_row(number, card.number, "newsletter", channel, f"{asked}T09:15:00+10:00", "yes" if given else "no")
        )
        if given and rng.random() < 0.15:
            later = min(asked + timedelta(days=rng.randrange(1, 500)), _LAST)
            at = f"{later}T18:40:00+10:00"
            rows.append(consent_row(f"K{len(rows):05}", card.number, "newsletter", channel, at, "no"))
    return rows


def _sales(rng: random.Random, customers: Sequence[Card]) -> Lists:
    """Orders of one to three lines; the last month's are still open."""
    orders, lines = [], []
    for card in customers[:BUYING]:
        for _ in range(rng.randrange(1, 4)):
            number, ordered = f"O{50001 + len(orders)}", day(rng, date(2026, 3, 1), _LAST)
            status = "open" if ordered.month == _LAST.month else "closed"
            orders.append({"Order": number, "Customer No": card.number, "Date": ordered.isoformat(),
                           "Country": COUNTRIES[card.country], "Status": status})  # fmt: skip
            for line in range(1, rng.randrange(2, 5)):
                pieces, price = rng.randrange(1, 9), money(rng, 5, 400)
                lines.append({"Order": number, "Line": str(line), "Article": f"BK-{rng.randrange(100, 140)}",
                              "Pieces": str(pieces), "Price": str(price), "Amount": str(pieces * price)})  # fmt: skip
    return {"shipments.orders": orders, "shipments.order_lines": lines}


def _open_items(rng: random.Random, debtors: Sequence[Card]) -> list[Row]:
    """Invoices with ten percent of tax; some are settled, some overdue."""
    rows = []
    for card in debtors[:BUYING]:
        for _ in range(rng.randrange(1, 4)):
            issued, net = day(rng, date(2026, 7, 1), _LAST), money(rng, 50, 4000)
            tax = (net / 10).quantize(Decimal("0.01"))
            settled = issued + timedelta(days=rng.randrange(5, 40))
            paid = rng.random() < 0.4 and settled <= _LAST
            rows.append({
                "Debtor": card.number, "Invoice": f"R{260001 + len(rows)}", "Date": issued.isoformat(),
                "Due": (issued + timedelta(days=30)).isoformat(), "Net": str(net), "Tax": str(tax),
                "Gross": str(net + tax), "Open": "0.00" if paid else str(net + tax),
                "Settled": settled.isoformat() if paid else "",
            })  # fmt: skip
    return rows


# -- the second evening -----------------------------------------------------------------------------------


MARRIED, MOVED = "Sample-Waters", "1 Collins Street"
"""What the second evening changes: a family name in the shop, and a street in the CRM."""


def second_night(lists: Lists) -> Lists:
    """The lists with two customers changed, one gone and two come: one is known in the other system already."""
    shop, crm = list(lists["clients.customers/shop"]), list(lists["clients.customers/crm"])
    changed = next(n for n, row in enumerate(shop) if row["E-mail"] and not row["Customer No"].startswith("X-"))
    shop[changed] = {**shop[changed], "Last name": MARRIED, "Updated": "2026-11-10T10:00:00+10:00"}
    moved = next(n for n, row in enumerate(crm) if row["Kind"] == "Company" and not row["Account"].startswith("X-"))
    crm[moved] = {**crm[moved], "Street": MOVED, "Changed": "10/11/2026 11:30"}
    known = next(row for row in shop[::-1] if row["E-mail"] and not row["Customer No"].startswith("X-"))
    shop.append({**known, "Customer No": "S200001", "Phone": "", "Updated": "2026-11-10T12:00:00+10:00"})
    fresh = spare_buyers()[-1]
    shop.append({**shop_row(fresh), "Customer No": "S200002", "Updated": "2026-11-10T12:05:00+10:00"})
    gone = next(n for n in range(300, len(shop)) if not shop[n]["E-mail"])
    del shop[gone]
    return {**lists, "clients.customers/shop": shop, "clients.customers/crm": crm}
