"""Who Lakeside's customers are, and what each of its three systems has written down of them.

People come from Febrl's first data set, where each of 500 stands twice, once with typing errors, and from Microsoft's
prospective buyers; companies are Microsoft's resellers. Who is who is known: `Card.who` is the same for the same
customer, whatever system numbers it. Telephone numbers are from the ranges set aside for fiction.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from tests.samples.common import day

HERE = Path(__file__).parent
SHOP, CRM, LEDGER = "shop", "crm", "ledger"
PERSONS_OF_FEBRL, TWICE_IN_SHOP, BUYERS, RESELLERS = 220, 30, 200, 150
"""How many of each are customers; so many of Febrl's have two accounts in the shop, the others one in each system."""
COUNTRIES = {"AU": "Australia", "US": "United States", "CA": "Canada", "GB": "United Kingdom", "DE": "Germany",
             "FR": "France"}  # fmt: skip
MISPRINTED = ("SW6 SBY", "RG7 5H7")
"""Postal codes of Microsoft's list that no place has; others are cut off."""
_AREAS = (206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 804, 901, 904, 915, 919)
_SHORT = {"Street": "St", "Road": "Rd", "Avenue": "Ave", "Drive": "Dr", "Court": "Ct", "Place": "Pl",
          "Crescent": "Cres", "Circuit": "Cct", "Lane": "Ln", "Boulevard": "Blvd", "Terrace": "Tce"}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A customer as one system has it."""

    who: str
    system: str
    number: str
    given: str = ""
    family: str = ""
    company: str = ""
    title: str = ""
    email: str = ""
    phone: str = ""
    born: date | None = None
    street: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    country: str = "AU"
    vat: str = ""
    lei: str = ""
    since: date = date(2020, 1, 1)
    changed: datetime = datetime(2026, 1, 1)
    active: bool = True

    @property
    def is_person(self) -> bool:
        """Whether it is a person."""
        return not self.company


@lru_cache(maxsize=2)
def cards_of(seed: int) -> tuple[Card, ...]:
    """All customers of the three systems, before anything is planted."""
    rng = random.Random(f"{seed}/lakeside")
    found = [*_from_febrl(rng), *_from_buyers(rng), *_from_resellers(rng)]
    for system in (SHOP, CRM, LEDGER):
        own = [n for n, card in enumerate(found) if card.system == system]
        rng.shuffle(own)
        for place, n in enumerate(own):
            found[n] = replace(found[n], number=number_of(system, place))
    return tuple(sorted(found, key=lambda c: (c.system, c.number)))


def number_of(system: str, place: int) -> str:
    """How a system numbers its customers."""
    return {SHOP: f"S{100200 + place}", CRM: f"A-{2001 + place}", LEDGER: f"{70001 + place}"}[system]


def spare_buyers() -> list[Card]:
    """Buyers who are no customers: for contacts, and for what is planted."""
    return list(_buyers())[BUYERS:]


def spare_resellers() -> list[Card]:
    """Resellers that are no customers, or are not yet."""
    return list(_resellers())[RESELLERS:]


def _from_febrl(rng: random.Random) -> Iterator[Card]:
    with (HERE / "febrl" / "dataset1.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    people: dict[int, dict[str, dict[str, str]]] = {}
    for row in rows:
        _, number, kind = row["rec_id"].split("-", 2)
        people.setdefault(int(number), {})[kind] = row
    whole = [n for n in sorted(people) if all(_is_whole(row) for row in people[n].values())]
    for place, number in enumerate(rng.sample(whole, PERSONS_OF_FEBRL)):
        first, second = (people[number][kind] for kind in ("org", "dup-0"))
        since = day(rng, date(2015, 1, 1), date(2025, 6, 30))
        phone = f"(03) 5550 {place:04}"
        yield _febrl(rng, first, number, SHOP, since, phone if rng.random() < 0.6 else "")
        system = SHOP if place < TWICE_IN_SHOP else CRM
        later = since + timedelta(days=rng.randrange(400))
        yield _febrl(rng, second, number, system, later, phone if rng.random() < 0.6 else "")


def _is_whole(row: dict[str, str]) -> bool:
    """Names and an address are there, and a date is one of these days: Febrl's errors may be dates of no calendar."""
    try:
        born = _born(row)
    except ValueError:
        return False
    named = all(row[c] for c in ("given_name", "surname", "address_1", "suburb"))
    return named and (born is None or date(1908, 1, 1) < born < date(2010, 1, 1))


def _born(row: dict[str, str]) -> date | None:
    text = row["date_of_birth"]
    return datetime.strptime(text, "%Y%m%d").date() if text else None


def _febrl(rng: random.Random, row: dict[str, str], number: int, system: str, since: date, phone: str) -> Card:
    return Card(
        f"febrl-{number}", system, "", row["given_name"].title(), row["surname"].title(), phone=phone,
        born=_born(row), street=f"{row['street_number']} {row['address_1'].title()}".strip(),
        city=row["suburb"].title(), postcode=row["postcode"], since=since, changed=_moment(rng),
    )  # fmt: skip


def _lines(name: str) -> list[list[str]]:
    text = (HERE / "adventureworks_sales" / name).read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines()]


def _buyers() -> Iterator[Card]:
    """Each with an e-mail address of his own; without those whose address or postal code was never whole."""
    taken: set[str] = set()
    for place, row in enumerate(_lines("ProspectiveBuyer.csv")):
        if row[8] in taken or "." not in row[8] or len(row[20]) != 5:
            continue
        taken.add(row[8])
        given = f"{row[2]} {row[3]}." if row[3] else row[2]
        yield Card(
            f"buyer-{row[0]}", SHOP, "", given, row[4], title=row[22], email=row[8], phone=_us_phone(place),
            born=date.fromisoformat(row[5][:10]), street=f"{row[16]} {row[17]}".strip(), city=row[18],
            postcode=row[20], region=row[19], country="US",
        )  # fmt: skip


def _from_buyers(rng: random.Random) -> Iterator[Card]:
    for card in list(_buyers())[:BUYERS]:
        since = day(rng, date(2016, 1, 1), date(2025, 12, 31))
        yield replace(card, since=since, changed=_moment(rng))
        if rng.random() < 0.5:
            yield again(rng, card, CRM, since)
        if rng.random() < 0.25:
            yield again(rng, card, LEDGER, since)


def _resellers() -> Iterator[Card]:
    places = {row[0]: row for row in _lines("DimGeography.csv")}
    for place, row in enumerate(_lines("DimReseller.csv")):
        where = places[row[1]]
        country = where[4]
        if where[8] in MISPRINTED or (country in ("CA", "US") and len(where[8]) < 5):
            continue
        yield Card(
            f"reseller-{row[0]}", CRM, "", company=row[5], phone=_phone(country, 700 + place),
            email=f"orders@{row[5].split()[0].lower().strip(',.')}{row[0]}.example",
            street=f"{row[12]} {row[13]}".strip(), city=where[1], postcode=where[8], region=where[2], country=country,
        )  # fmt: skip


def _from_resellers(rng: random.Random) -> Iterator[Card]:
    for card in list(_resellers())[:RESELLERS]:
        since = day(rng, date(2010, 1, 1), date(2024, 12, 31))
        yield replace(card, since=since, changed=_moment(rng))
        if rng.random() < 0.7:
            yield again(rng, card, LEDGER, since)


def again(rng: random.Random, card: Card, system: str, since: date) -> Card:
    """The same customer as a clerk of another system has written it: short words, gaps, now and then a wrong letter."""
    street = " ".join(_SHORT.get(word, word) if rng.random() < 0.6 else word for word in card.street.split())
    copied = replace(card, system=system, street=_dos(street), since=since + timedelta(days=rng.randrange(300)))
    copied = replace(copied, changed=_moment(rng))
    if rng.random() < 0.3:
        copied = replace(copied, born=None)
    if rng.random() < 0.35:
        copied = replace(copied, email="")
    if rng.random() < 0.3:
        copied = replace(copied, phone="")
    if rng.random() < 0.15:
        copied = replace(copied, family=mistyped(rng, card.family), company=mistyped(rng, card.company))
    if rng.random() < 0.1:
        copied = replace(copied, street=mistyped(rng, street))
    return copied


def _dos(text: str) -> str:
    """Microsoft's list, and Lakeside's CRM, has signs of a code page of DOS read as those of Latin 1; clerks do not."""
    return "".join(c.encode("latin-1").decode("cp850") if "\x7f" < c < "\xa0" else c for c in text)


def mistyped(rng: random.Random, text: str) -> str:
    """One letter but the first swapped with the next, left out, doubled, or another."""
    at = [n for n in range(1, len(text) - 1) if text[n].isalpha() and text[n + 1].isalpha()]
    if not at:
        return text
    n = rng.choice(at)
    made = (text[n + 1] + text[n], text[n + 1], text[n] * 2 + text[n + 1], rng.choice("aeioursn") + text[n + 1])
    return text[:n] + rng.choice(made) + text[n + 2 :]


def pairs(cards: Sequence[Card]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two records, by system and number, that are one customer."""
    same: dict[str, list[tuple[str, str]]] = {}
    for card in cards:
        same.setdefault(card.who, []).append((card.system, card.number))
    return {(a, b) for group in same.values() for a in group for b in group if a < b}


def _moment(rng: random.Random) -> datetime:
    noon = datetime(2026, 11, 8, 12)
    return noon - timedelta(days=rng.randrange(2, 1200), minutes=rng.randrange(-240, 240))


def _us_phone(place: int) -> str:
    return f"({_AREAS[place // 100]}) 555-{100 + place % 100:04}"


def _phone(country: str, place: int) -> str:
    if country in ("US", "CA"):
        return _us_phone(place)
    ways = {"AU": f"(02) 5550 {place:04}", "GB": f"020 7946 0{place % 1000:03}", "DE": f"030 23125 {place % 1000:03}",
            "FR": f"01 99 00 {place // 100 % 100:02} {place % 100:02}"}  # fmt: skip
    return ways[country]
