"""Banks that send no statement: notices (camt.054) and reports during the day (camt.052, MT942) load by the default
words, a line told again is no second one, and when a statement comes it counts instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from pipelines.reporting.run import build
from pipelines.settings import Settings
from tests.conftest import MARTS_DATABASE, make_settings, url_of
from tests.e2e.conftest import Client
from tests.samples.camt_shapes import KINDS

DATABASE = MARTS_DATABASE
PROFILE = r"""client: notices
name: Sample Ltd
locale: en_GB
time_zone: Europe/Berlin
calendar: DE
analysts: [analyst]
stewards: [steward]
feeds:
  ledgers.bank_transactions:
    sources:
      post: {files: 'post/.*\.xml', format: {type: camt}}
      day: {files: 'day/.*\.xml', format: {type: camt}}
      hour: {files: 'hour/.*\.sta', format: {type: mt940}}
      unnumbered: {files: 'plain/.*\.sta', format: {type: mt940}}
"""
Line = tuple[str, str, str, str]
FIRST, SECOND, LATER = ("10.00", "06", "REF1", "BOOK"), ("-4.00", "06", "REF2", "BOOK"), ("7.00", "07", "REF3", "BOOK")
PENDING = ("99.00", "07", "REF4", "PDNG")


def camt(kind: str, account: str, name: str, lines: Sequence[Line], balances: str = "") -> str:
    """A message with these lines: amount, day of October, the bank's reference, status."""
    message, part = KINDS[kind]
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount[0] == '-' else 'CRDT'}</CdtDbtInd>"
        f"<Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>2026-10-{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<AddtlNtryInf>{reference}</AddtlNtryInf></Ntry>"
        for amount, day, reference, status in lines
    )
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.08"><{message}>'
        f"<GrpHdr><MsgId>{name}</MsgId></GrpHdr><{part}><Id>{name}</Id><CreDtTm>2026-10-07T09:00:00</CreDtTm>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>EUR</Ccy></Acct>{balances}{entries}</{part}></{message}></Document>"
    )


def balance(code: str, amount: str) -> str:
    """A balance of 7 October; overdrawn = negative."""
    side = "DBIT" if amount[0] == "-" else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-10-07</Dt></Dt></Bal>"
    )


def mt942(account: str, hour: str, lines: Sequence[Line]) -> str:
    """A report of 7 October, as banks number none of them."""
    entries = "".join(
        f":61:2610{day}10{day}{'D' if amount[0] == '-' else 'C'}{amount.lstrip('-').replace('.', ',')}"
        f"NTRFNONREF//{reference}\r\n"
        f":86:{reference}\r\n"
        for amount, day, reference, _ in lines
    )
    return f":20:R{hour}\r\n:25:{account}\r\n:28C:0\r\n:34F:EUR0,\r\n:13D:261007{hour}+0200\r\n{entries}-\r\n"


@pytest.fixture(scope="module")
def house(
    server_settings: Settings, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, list[dict[str, tuple[Any, ...]]]]]:
    """The client after three nights, and what each of them made of its files."""
    home = tmp_path_factory.mktemp("notices")
    for name in ("landing", "clients"):
        (home / name).mkdir()
    client = Client("notices", make_settings(home, url_of(server_settings, database, "loader")), "")
    client.declare(PROFILE)
    balances = balance("OPBD", "100.00") + balance("CLBD", "113.00")
    nights = [
        {
            "post/1.xml": camt("camt.054", "P", "N1", [FIRST, SECOND, PENDING]),
            "day/1.xml": camt(
                "camt.052", "D", "R1", [FIRST, SECOND], balance("OPBD", "50.00") + balance("ITBD", "56.00")
            ),
            "hour/1.sta": mt942("H", "1000", [FIRST, SECOND]),
            "plain/1.sta": mt942("U", "1000", [("1.00", "07", "NONREF", "")]),
        },
        {
            "post/2.xml": camt("camt.054", "P", "N2", [PENDING]),
            "day/2.xml": camt("camt.052", "D", "R2", [FIRST, SECOND, LATER], balance("OPBD", "50.00")),
            "hour/2.sta": mt942("H", "1200", []),
            "plain/2.sta": mt942("U", "1200", [("2.00", "07", "NONREF", "")]),
        },
        {"day/3.xml": camt("camt.053", "D", "S1", [FIRST, SECOND, LATER], balances)},
    ]
    told = []
    for files in nights:
        for name, content in files.items():
            client.send(name, content)
        client.night()
        rows = client.query(
            "select file_name, state, verdict, rows_received, rows_loaded, rows_unchanged, rows_rejected, rows_skipped "
            "from ops.delivery where client_id = :client"
        )
        told.append({name: tuple(rest) for name, *rest in rows})
    yield client, told
    client.warehouse.close()


def test_lines_without_a_statement_load(house: tuple[Client, list[dict[str, tuple[Any, ...]]]]) -> None:
    client, (first, *_) = house
    assert first == {
        "post/1.xml": ("loaded", "pass", 3, 2, 0, 0, 1),
        "day/1.xml": ("loaded", "pass", 3, 3, 0, 0, 0),  # and its balances
        "hour/1.sta": ("loaded", "pass", 2, 2, 0, 0, 0),
        "plain/1.sta": ("loaded", "pass", 1, 1, 0, 0, 0),
    }
    client.accounted()
    lines = client.query(
        "select bank_account_id, told_by_code, opening_amount, closing_amount, booking_date::text, transaction_amount "
        "from core.ledgers_bank_transactions where client_id = :client and _known_to is null "
        "and bank_account_id in ('P', 'H') order by 1, 6"
    )
    assert [tuple(line) for line in lines] == [
        (account, told_by, None, None, "2026-10-06", Decimal(amount))
        for account, told_by in (("H", "report"), ("P", "notice"))
        for amount in ("-4.00", "10.00")
    ]


def test_a_file_without_a_booked_entry_is_an_empty_delivery(
    house: tuple[Client, list[dict[str, tuple[Any, ...]]]],
) -> None:
    second = house[1][1]
    assert second["post/2.xml"] == ("loaded", "pass", 1, 0, 0, 0, 1)
    assert second["hour/2.sta"] == ("loaded", "pass", 0, 0, 0, 0, 0)


def test_a_line_told_again_is_no_second_one_and_one_without_a_reference_is(
    house: tuple[Client, list[dict[str, tuple[Any, ...]]]],
) -> None:
    client, (_, second, _) = house
    assert second["day/2.xml"] == ("loaded", "pass", 3, 1, 2, 0, 0)
    amounts = client.query(
        "select transaction_amount from core.ledgers_bank_transactions "
        "where client_id = :client and bank_account_id = 'U' and _known_to is null order by 1"
    )
    assert [amount for (amount,) in amounts] == [1, 2]


def test_a_statement_counts_instead_of_the_reports_before_it(
    house: tuple[Client, list[dict[str, tuple[Any, ...]]]], marts_home: Settings
) -> None:
    client, (*_, third) = house
    assert third["day/3.xml"] == ("loaded", "pass", 3, 3, 0, 0, 0)
    result = build(marts_home, str(client.settings.warehouse_url))
    assert result.ok, result.message
    shown = client.query(
        "select bank_account_id, item_code, sum(item_amount) from reporting.rpt_bank_reconciliation "
        "where client_id = :client group by 1, 2 order by 1, 2"
    )
    assert [tuple(row) for row in shown] == [
        ("D", "bank_line", 13), ("D", "opening_balance", 100), ("H", "bank_line", 6), ("P", "bank_line", 6),
        ("U", "bank_line", 3),
    ]  # fmt: skip
    balances = client.query(
        "select unit_id, statement_date::text, statement_amount, difference_amount from reporting.rpt_bank_balances "
        "where client_id = :client order by 1"
    )
    assert [tuple(row) for row in balances] == [
        ("D", "2026-10-07", 113, 0), ("H", None, 6, 0), ("P", None, 6, 0), ("U", None, 3, 0),
    ]  # fmt: skip
