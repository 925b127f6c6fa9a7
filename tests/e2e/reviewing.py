"""A client whose customers come from two systems, with every pair that is alike left to a steward."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from pipelines.flow.match_books import make_reviews
from pipelines.flow.matching import match_customers
from pipelines.quarantine.review_book import COMMENT, DECISION, FIRST_ROW, PERSON, PERSON_ROW
from pipelines.quarantine.review_words import REVIEW_WORDS
from pipelines.warehouse.matches import Customer
from tests.e2e.conftest import Client

PROFILE = r"""client: {client}
name: Sample Ltd
locale: {locale}
time_zone: Europe/London
calendar: GB
stewards: [stella, stefan]
golden: {{merge_at: 1, review_at: 0.05}}
feeds:
  clients.customers:
    shared_keys: true
    sources:
      crm: &source
        files: 'crm/[^/]+\.csv'
        mode: snapshot
        max_closed_pct: 100
        columns: &columns
          customer_id: {{from: Id}}
          customer_type_code: {{value: person}}
          given_name: {{from: Given}}
          family_name: {{from: Family}}
          birth_date: {{from: Born, formats: ['%Y-%m-%d']}}
          email: {{from: Mail}}
          address_line_1: {{from: Street}}
          city: {{from: City}}
          postal_code: {{from: Postcode}}
          country_code: {{value: GB}}
      shop:
        <<: *source
        files: 'shop/[^/]+\.csv'
"""
HEADER = "Id,Given,Family,Born,Mail,Street,City,Postcode\n"
Row = tuple[str, str, str, str, str, str, str, str]
ANNA = ("1", "Sampleanna", "Placeholder", "1980-01-02", "anna@example.org", "1 Sample Road", "Leeds", "LS1 4AP")
BERT = ("2", "Samplebert", "Specimen", "1975-05-06", "bert@example.org", "7 Dummy Lane", "York", "YO1 7HH")
CARL = ("3", "Samplecarl", "Exemplar", "1969-11-30", "carl@example.org", "22 Mock Street", "Derby", "DE1 2GU")


def other(row: Row, number: str, **changes: str) -> Row:
    """The same customer as the other system has it."""
    names = ("Id", "Given", "Family", "Born", "Mail", "Street", "City", "Postcode")
    told = dict(zip(names, row, strict=True)) | changes | {"Id": number}
    return tuple(told[n] for n in names)  # type: ignore[return-value]


CRM = (ANNA, BERT, CARL)
SHOP = (
    other(ANNA, "A", Family="Placeholders", Mail=""), other(BERT, "B", Street="7 Dumy Lane", Born="1975-06-05"),
    other(CARL, "C", Postcode="DE1 2GV"),
)  # fmt: skip


def declare(client: Client, locale: str = "en_GB") -> Client:
    """Give a client the profile above."""
    client.declare(PROFILE.format(client=client.client_id, locale=locale))
    return client


def send(client: Client, **sources: Any) -> None:
    """Files of both systems, and the night that loads and compares them."""
    for source, rows in sources.items():
        text = HEADER + "".join(",".join(row) + "\n" for row in rows)
        client.send(f"{source}/{len(list((client.settings.landing).rglob('*.csv')))}.csv", text)
    client.night()
    match_customers(client=client.client_id, office=client.office())


def crm(number: str) -> Customer:
    return Customer("crm", number)


def shop(number: str) -> Customer:
    return Customer("shop", number)


def waiting(client: Client) -> set[tuple[str, str]]:
    """The pairs that wait, as core has them."""
    query = (
        "select left_source || '/' || left_customer_id, right_source || '/' || right_customer_id "
        "from core.clients_matches where client_id = :client and _known_to is null and verdict = 'review'"
    )
    return {tuple(row) for row in client.query(query)}


def golden(client: Client) -> dict[str, str]:
    """Customer → golden record."""
    query = (
        "select source || '/' || customer_id, golden_id from core.clients_golden_members "
        "where client_id = :client and _known_to is null"
    )
    return dict(client.query(query))


def together(client: Client, one: str, two: str) -> bool:
    """Whether two customers are one golden record."""
    now = golden(client)
    return now[one] == now[two]


def newest_book(client: Client) -> Path:
    """The workbook in the outbox, made if one is due."""
    make_reviews(client.office(), client.client_id)
    (path,) = (client.settings.outbox / client.client_id).glob("matches_*.xlsx")
    return path


def sheet_of(book: Any) -> Any:
    """The sheet of pairs, in whatever language."""
    return next(book[w["pairs"]] for w in REVIEW_WORDS.values() if w["pairs"] in book.sheetnames)


def rows_of(sheet: Any) -> dict[str, int]:
    """`crm · 1` → the row it stands in."""
    found = {}
    for row in range(FIRST_ROW, sheet.max_row + 1):
        found[str(sheet.cell(row, 7).value).split("\n")[0]] = row
    return found


def fill_in(
    path: Path, target: Path, said: Mapping[str, tuple[str, str]], person: str = "stella", also: Any = None
) -> Path:
    """The workbook as a steward saves it: `crm · 1` → (decision, comment)."""
    book = load_workbook(path, rich_text=True)
    sheet = sheet_of(book)
    sheet.cell(PERSON_ROW, PERSON + 1).value = person
    for record, (decision, comment) in said.items():
        sheet.cell(rows_of(sheet)[record], DECISION + 1).value = decision
        sheet.cell(rows_of(sheet)[record], COMMENT + 1).value = comment
    if also:
        also(book)
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target
