"""What is wrong in Lakeside's files on purpose, and which rule must say so.

Each fault has a customer, address, … of its own (`X-…`), real but for what is wrong: people and companies of the same
public lists that are no customers otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise

from tests.samples.common import Fault
from tests.samples.lakeside_lists import (
    Lists,
    address_row,
    consent_row,
    contact_row,
    crm_row,
    ledger_row,
    relation_row,
    shop_row,
)
from tests.samples.lakeside_people import CRM, LEDGER, SHOP, Card, spare_buyers, spare_resellers

_WHO, _AT, _WHERE = "clients.customers", "clients.contacts", "clients.addresses"
_YES, _TIES, _OWED = "clients.consents", "clients.relations", "ledgers.receivables"

FAULTS = (
    Fault("born tomorrow", _WHO, "X-FUTURE", "birth_date_in_future"),
    Fault("born in another century", _WHO, "X-1880", "birth_date_plausible", "warn"),
    Fault("122 years old", _WHO, "X-122", "older_than_120", "warn"),
    Fault("nobody's name", _WHO, "X-NONAME", "person_has_name"),
    Fault("mail without a domain", _WHO, "X-MAIL", "email_is_valid", "warn"),
    Fault("postal code of another country", _WHO, "X-POST", "postal_code_is_valid", "warn"),
    Fault("country that does not exist", _WHO, "X-LAND", "country_code_is_valid", "warn"),
    Fault("changed next year", _WHO, "X-LATER", "changed_in_future", "warn"),
    Fault("customer before birth", _WHO, "X-EARLY", "customer_before_birth", "warn"),
    Fault("company without a name", _WHO, "X-FIRM", "company_has_name"),
    Fault("name that is a number", _WHO, "X-4711", "company_name_has_letters"),
    Fault("company that was born", _WHO, "X-BORN", "company_has_no_birth_date", "warn"),
    Fault("number of a legal entity for a person", _WHO, "X-LEI", "person_has_no_lei", "warn"),
    Fault("VAT number of another country", _WHO, "X-VAT", "vat_id_of_country", "warn"),
    Fault("VAT number with a wrong digit", _WHO, "X-DIGIT", "vat_id_is_valid", "warn"),
    Fault("state of another coast", _WHO, "X-STATE", "postal_code_in_region", "warn"),
    Fault("street without town", _WHO, "X-TOWN", "address_has_city", "warn"),
    Fault("kind that nobody knows", _WHO, "X-KIND", "unknown_code.customer_type_code"),
    Fault("contact without name and role", _AT, "X-WHO", "has_name"),
    Fault("contact of nobody", _AT, "X-STRAY", "reference.customer_id"),
    Fault("contact that cannot be reached", _AT, "X-MUTE", "is_reachable", "warn"),
    Fault("second main contact", _AT, "X-MAIN", "one_main_per_customer", "warn"),
    Fault("mail in the place of the role", _AT, "X-ROLE", "role_is_no_address", "warn"),
    Fault("address without a place", _WHERE, "X-NOWHERE", "has_line_or_place"),
    Fault("address that ends before it begins", _WHERE, "X-ENDS", "ends_after_start"),
    Fault("address of an old century", _WHERE, "X-1850", "start_implausible", "warn"),
    Fault("town that is a postal code", _WHERE, "X-DIGITS", "city_has_letters", "warn"),
    Fault("address of no account", _WHERE, "X-LOST", "reference.customer_id"),
    Fault("use that nobody knows", _WHERE, "X-USE", "unknown_code.kind_code"),
    Fault("address without country", _WHERE, "X-NOLAND", "has_country", "warn"),
    Fault("goods to a town", _WHERE, "X-GOODS", "goods_need_street", "warn"),
    Fault("address in another province", _WHERE, "X-COAST", "postal_code_in_region", "warn"),
    Fault("second main address", _WHERE, "X-TWICE", "one_main_per_kind", "warn"),
    Fault("agreed next year", _YES, "X-NEXT", "decided_in_future"),
    Fault("agreed before there was a shop", _YES, "X-1980", "decided_implausible"),
    Fault("yes and no at once", _YES, "X-BOTH", "newest_is_clear", also=("key_unique",)),
    Fault("ended before it was given", _YES, "X-OVER", "ends_before_decision"),
    Fault("consent of nobody", _YES, "X-NOBODY", "reference.customer_id"),
    Fault("mail to one who has none", _YES, "X-NOMAIL", "email_needs_address", "warn"),
    Fault("call to one who has no number", _YES, "X-NOCALL", "call_needs_number", "warn"),
    Fault("advertising by contract", _YES, "X-LAW", "advertising_needs_own_basis", "warn"),
    Fault("own parent", _TIES, "X-SELF", "related_to_itself"),
    Fault("parents in a circle", _TIES, "X-RING", "parents_in_circle"),
    Fault("more than the whole", _TIES, "X-SHARE", "share_within_whole", "warn"),
    Fault("relation that ends before it begins", _TIES, "X-DAY", "ends_after_start"),
    Fault("relation to nobody", _TIES, "X-ALONE", "reference.related_customer_id"),
    Fault("two parents of more than the whole", _TIES, "X-PARTS", "shares_within_whole", "warn"),
    Fault("two who pay", _TIES, "X-PAYERS", "one_payer", "warn"),
    Fault("tax that does not add up", _OWED, "X-TAX", "net_and_tax_give_gross"),
)
ACCOUNTS = ("X-SELF", "X-RING1", "X-RING2", "X-RING3", "X-SHARE", "X-DAY", "X-ALONE", "X-PARTS", "X-PAYERS")
"""Accounts of the CRM with nothing wrong but their relations."""


def plant(lists: Lists) -> None:
    """Put every fault into the lists."""
    people, firms = _last(spare_buyers()), _last(spare_resellers())
    _in_the_shop(lists, people)
    _in_the_crm(lists, people, firms)
    _in_the_ledger(lists, firms)
    _around(lists, people, firms)
    _consents(lists)
    _relations(lists)


def _last(cards: list[Card]) -> Iterator[Card]:
    """From the end of a list; the very last one comes the second evening."""
    return iter(cards[-2::-1])


def _in_the_shop(lists: Lists, people: Iterator[Card]) -> None:
    def person(number: str, **more: object) -> Card:
        return replace(next(people), system=SHOP, number=number, **{"changed": datetime(2026, 10, 1, 9), **more})  # type: ignore[arg-type]

    rows = lists["clients.customers/shop"]
    born, soon = date(1970, 5, 5), date(2026, 11, 20)
    rows += [shop_row(person("X-FUTURE", born=soon, since=date(2026, 12, 1)))]
    rows += [shop_row(person("X-1880", born=date(1880, 1, 1)))]
    rows += [shop_row(person("X-122", born=date(1904, 2, 29)))]
    rows += [shop_row(person("X-NONAME", given="", family=""))]
    rows += [shop_row(person("X-MAIL", email="nobody.example"))]
    rows += [shop_row(person("X-POST", postcode="3000"))]
    rows += [shop_row(person("X-LAND", country="Atlantis", phone=""))]
    rows += [shop_row(person("X-LATER", changed=datetime(2027, 3, 1, 9)))]
    rows += [shop_row(person("X-EARLY", born=born, since=date(1969, 1, 1)))]
    rows += [shop_row(person("X-NOMAIL", email="")), shop_row(person("X-NOCALL", phone=""))]


def _in_the_crm(lists: Lists, people: Iterator[Card], firms: Iterator[Card]) -> None:
    def firm(number: str, country: str = "", **more: object) -> Card:
        found = next(c for c in firms if c.country == (country or c.country))
        return replace(found, system=CRM, number=number, **{"changed": datetime(2026, 10, 1, 9), **more})  # type: ignore[arg-type]

    rows = lists["clients.customers/crm"]
    rows += [{**crm_row(firm("X-FIRM")), "Name": ""}]
    rows += [crm_row(firm("X-4711", company="4711-08"))]
    rows += [{**crm_row(firm("X-BORN")), "Born": "01/04/1998"}]
    rows += [crm_row(replace(next(people), number="X-LEI", lei="529900T8BM49AURSDO55"))]
    rows += [crm_row(firm("X-VAT", "FR", vat="DE136695976")), crm_row(firm("X-DIGIT", "DE", vat="DE136695975"))]
    rows += [crm_row(firm("X-STATE", "US", region="HI"))]
    rows += [{**crm_row(firm("X-KIND")), "Kind": "Alien"}]
    rows += [crm_row(firm(number)) for number in ACCOUNTS]


def _in_the_ledger(lists: Lists, firms: Iterator[Card]) -> None:
    town = replace(next(firms), system=LEDGER, number="X-TOWN", city="", changed=datetime(2026, 10, 1, 9))
    lists["clients.customers/ledger"].append(ledger_row(town))
    items = lists["ledgers.receivables"]
    items.append({**items[0], "Invoice": "X-TAX", "Net": "100.00", "Tax": "10.00", "Gross": "111.00", "Open": "111.00",
                  "Settled": ""})  # fmt: skip


def _around(lists: Lists, people: Iterator[Card], firms: Iterator[Card]) -> None:
    """Contacts and addresses."""
    contacts, addresses, accounts = (lists[f] for f in (_AT, _WHERE, "clients.customers/crm"))
    firm = next(r["Account"] for r in accounts[::-1] if r["Kind"] == "Company" and not r["Account"].startswith("X-"))
    met = contacts[0]["Account"]
    contacts += [{**contact_row("X-WHO", firm, next(people), "", main=False), "First": "", "Last": ""}]
    contacts += [contact_row("X-STRAY", "A-9999", next(people), "Owner", main=False)]
    contacts += [{**contact_row("X-MUTE", firm, next(people), "Owner", main=False), "Mail": "", "Telephone": ""}]
    contacts += [contact_row("X-MAIN", met, next(people), "Owner", main=True)]
    contacts += [contact_row("X-ROLE", firm, next(people), "owner@lakeside.example", main=False)]

    def address(number: str, use: str = "visiting", account: str = firm, **more: str) -> None:
        addresses.append({**address_row(number, account, use, next(firms), main=False), **more})

    address("X-NOWHERE", Street="", City="")
    address("X-ENDS", To="30/06/2020")
    address("X-1850", From="01/07/1850")
    address("X-DIGITS", City="90210")
    address("X-LOST", account="A-9999")
    address("X-USE", "holiday")
    address("X-NOLAND", Country="", **{"Postal code": "", "State": ""})
    address("X-GOODS", "shipping", Street="")
    address("X-COAST", State="HI", Country="US", **{"Postal code": "98011"})
    address("X-TWICE", "billing", Main="x")


def _consents(lists: Lists) -> None:
    rows = lists[_YES]
    mailed, others = [], []
    for row in lists["clients.customers/shop"]:
        if not row["Customer No"].startswith("X-"):
            (mailed if row["E-mail"] else others).append(row["Customer No"])

    def consent(number: str, customer: str, at: str = "2026-09-01T10:00:00+10:00", answer: str = "yes",
                by: str = "email", **more: str) -> None:  # fmt: skip
        rows.append({**consent_row(number, customer, "marketing", by, at, answer), **more})

    consent("X-NEXT", mailed[0], "2027-02-01T10:00:00+11:00")
    consent("X-1980", mailed[1], "1980-02-01T10:00:00+11:00")
    consent("X-BOTH1", mailed[2])
    consent("X-BOTH2", mailed[2], answer="no")
    consent("X-OVER", mailed[3], Until="2026-08-20")
    consent("X-NOBODY", "S999999")
    consent("X-LAW", mailed[4], Basis="contract")
    consent("X-PROOF1", "X-NOMAIL")
    consent("X-PROOF2", "X-NOCALL", by="phone")


def _relations(lists: Lists) -> None:
    rows = lists[_TIES]
    first, second = (r["Account"] for r in lists["clients.customers/crm"] if r["Account"] in ("A-2001", "A-2002"))
    rows += [relation_row("X-SELF", "parent", "X-SELF")]
    ring = ("X-RING1", "X-RING2", "X-RING3", "X-RING1")
    rows += [relation_row(child, "parent", parent) for child, parent in pairwise(ring)]
    rows += [relation_row("X-SHARE", "parent", first, "120")]
    rows += [{**relation_row("X-DAY", "payer", first), "To": "30/06/2020"}]
    rows += [relation_row("X-ALONE", "ship_to", "A-9999")]
    rows += [relation_row("X-PARTS", "parent", first, "70"), relation_row("X-PARTS", "parent", second, "40")]
    rows += [relation_row("X-PAYERS", "payer", first), relation_row("X-PAYERS", "payer", second)]
