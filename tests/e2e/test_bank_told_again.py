"""Days of lines that are alike, told in pieces and then as a whole: each counts once, in any order of the pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from pipelines.reporting.run import build
from pipelines.settings import Settings
from tests.conftest import MARTS_DATABASE, make_settings, url_of
from tests.e2e.conftest import Client
from tests.e2e.test_bank_notices import Line, balance, camt, mt942

DATABASE = MARTS_DATABASE
PROFILE = r"""client: again
name: Sample Ltd
locale: en_GB
time_zone: Europe/Berlin
calendar: DE
analysts: [analyst]
stewards: [steward]
feeds:
  ledgers.bank_transactions:
    sources:
      xml: {files: 'xml/.*', format: {type: camt}}
      swift: {files: 'swift/.*', format: {type: mt940}}
      card: {files: 'card/.*', format: {type: ofx}}
      list:
        files: 'list/.*'
        mode: delta
        format: {type: csv, delimiter: ';'}
        key: occurrence(booking_date, transaction_amount, remittance_text)
        columns:
          bank_account_id:     {from: Account}
          told_by_code:        {value: report}
          statement_id:        {sql: "'day ' || Booked"}
          statement_date:      {from: Booked, formats: &day '%Y-%m-%d'}
          booking_date:        {from: Booked, formats: *day}
          transaction_amount:  {from: Amount}
          currency_code:       {value: EUR}
          remittance_text:     {from: Text}
"""
HEAD = "Account;Booked;Amount;Text\n"
COFFEE = "LIST;2026-10-07;-5.00;Coffee\n"
ACCOUNTS = 24
OPENING = Decimal("50.00")


@dataclass
class Account:
    """An account with the lines of a day, and the pieces in which they are told before its statement comes."""

    name: str
    lines: list[Line]
    pieces: list[list[Line]]
    balances: bool
    messages: list[str] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return total(self.lines)


def total(lines: Sequence[Line]) -> Decimal:
    return sum((Decimal(amount) for amount, *_ in lines), Decimal())


def account(number: int, random: Random) -> Account:
    """Few amounts and references, so that many lines are alike; alike ones are told together, as no bank tells the
    second under the reference of the first."""
    kinds = [
        (f"{random.choice((-1, 1)) * random.randint(1, 4)}.00", "07", f"REF{random.randint(1, 3)}", "BOOK")
        for _ in range(4)
    ]
    lines = sorted(random.choices(kinds, k=random.randint(1, 9)))
    cuts = sorted({i for i in range(1, len(lines)) if lines[i] != lines[i - 1] and random.random() < 0.6})
    told = [lines[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    if cumulative := random.random() < 0.5:
        told = [lines[:b] for b in (*cuts, len(lines))]
    balances = random.random() < 0.5
    if not balances:
        random.shuffle(told)
        told += [random.choice(told)]
    if cumulative and not balances:
        told = [random.sample(piece, len(piece)) for piece in told]
    return Account(f"A{number:02}", lines, told, balances)


def pieces(one: Account) -> Iterator[tuple[str, str]]:
    """The reports of an account by file name: camt.052 or MT942, in turn, the kind with balances as camt only."""
    told: list[Line] = []
    for at, piece in enumerate(one.pieces):
        told = piece if len(piece) >= len(told) and piece[: len(told)] == told else told + piece
        if not one.balances and int(one.name[1:]) % 3 == 0:
            yield f"swift/{one.name}.{at}.sta", mt942(one.name, f"{10 + at}00", piece)
            continue
        stated = balance("OPBD", str(OPENING)) + balance("ITBD", str(OPENING + total(told))) if one.balances else ""
        yield f"xml/{one.name}.{at}.xml", camt("camt.052", one.name, f"{one.name}-R{at}", piece, stated)


def whole(one: Account) -> tuple[str, str]:
    """The statement of the day, as camt.053 or MT940."""
    closing = OPENING + one.total
    if int(one.name[1:]) % 2:
        stated = balance("OPBD", str(OPENING)) + balance("CLBD", str(closing))
        return f"xml/{one.name}.xml", camt("camt.053", one.name, f"{one.name}-S", one.lines, stated)

    def said(amount: Decimal) -> str:
        return f"{'D' if amount < 0 else 'C'}261007EUR{abs(amount)}".replace(".", ",")

    entries = "".join(
        f":61:2610071007{'D' if a[0] == '-' else 'C'}{a.lstrip('-').replace('.', ',')}NTRFNONREF//{r}\r\n:86:{r}\r\n"
        for a, _, r, _ in one.lines
    )
    head = f":20:S\r\n:25:{one.name}\r\n:28C:1/1\r\n:60F:{said(OPENING)}\r\n"
    return f"swift/{one.name}.sta", f"{head}{entries}:62F:{said(closing)}\r\n-\r\n"


def ofx(name: str, first: str, lines: Sequence[tuple[str, str, str]], closing: str) -> str:
    """An export of a card: identifiers, days of October and amounts."""
    said = "".join(
        f"<STMTTRN><TRNTYPE>POS<DTPOSTED>202610{day}<TRNAMT>{amount}<FITID>{name_}<NAME>Shop</STMTTRN>\n"
        for name_, day, amount in lines
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS>"
        f"<CCSTMTRS><CURDEF>EUR<CCACCTFROM><ACCTID>{name}</CCACCTFROM><BANKTRANLIST><DTSTART>202610{first}<DTEND>20261020"
        f"{said}</BANKTRANLIST><LEDGERBAL><BALAMT>{closing}<DTASOF>202610{lines[-1][1]}</LEDGERBAL></CCSTMTRS></CCSTMTTRNRS>"
        "</CREDITCARDMSGSRSV1></OFX>\n"
    )


@pytest.fixture(scope="module")
def house(
    server_settings: Settings, database: str, marts_home: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, list[Account], list[dict[str, Decimal]]]]:
    """The client after two nights, its accounts, and what each night's reports count for them."""
    home = tmp_path_factory.mktemp("again")
    for name in ("landing", "clients"):
        (home / name).mkdir()
    settings = make_settings(home, url_of(server_settings, database, "loader"))
    client = Client("again", settings, "")
    client.declare(PROFILE)
    accounts = [account(n, Random(n)) for n in range(ACCOUNTS)]
    twice = [("F1", "05", "-5.00"), ("F1", "05", "-5.00")]
    nights = [
        {name: text for one in accounts for name, text in pieces(one)}
        | {"card/1.ofx": ofx("CARD", "01", twice, "90.00"), "list/1.csv": HEAD + COFFEE},
        dict(map(whole, accounts))
        | {"list/2.csv": HEAD + 2 * COFFEE, "card/2.ofx": ofx("CARD", "05", [*twice, ("F2", "12", "-7.00")], "83.00")},
    ]
    counted = []
    for files in nights:
        for name, text in files.items():
            client.send(name, text)
        client.night()
        states = client.query("select file_name, state, verdict, message from ops.delivery where client_id = :client")
        assert not [tuple(row) for row in states if row[1] != "loaded"]
        client.accounted()
        result = build(marts_home, str(settings.warehouse_url))
        assert result.ok, result.message
        rows = client.query(
            "select bank_account_id, sum(item_amount) from reporting.rpt_bank_reconciliation "
            "where client_id = :client and item_code = 'bank_line' group by 1"
        )
        counted.append(dict(map(tuple, rows)))
    yield client, accounts, counted
    client.warehouse.close()


def test_alike_lines_are_told_in_pieces_and_as_a_whole(house: Any) -> None:
    _, accounts, (pieces_, wholes) = house
    truth = {one.name: one.total for one in accounts}
    assert any(len(set(one.lines)) < len(one.lines) for one in accounts)
    assert {n: a for n, a in pieces_.items() if n not in ("CARD", "LIST")} == truth
    assert {n: a for n, a in wholes.items() if n not in ("CARD", "LIST")} == truth


def test_exports_that_overlap_count_each_line_once_and_two_of_one_identifier_twice(house: Any) -> None:
    client, _, (first, second) = house
    assert (first["CARD"], second["CARD"]) == (-10, -17)
    assert (first["LIST"], second["LIST"]) == (-5, -10)
    balances = client.query(
        "select statement_amount, difference_amount from reporting.rpt_bank_balances "
        "where client_id = :client and unit_id = 'CARD'"
    )
    assert [tuple(row) for row in balances] == [(83, 0)]
