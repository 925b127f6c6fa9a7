"""Orders sent by EDI, what partners acknowledged of them and what they answered: by the default words of both formats,
what is accepted is expected, and a report says what became of each message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipelines.reporting.run import build
from pipelines.settings import Settings
from tests.conftest import MARTS_DATABASE, make_settings, url_of
from tests.e2e.conftest import Client
from tests.samples.x12_writer import Writer

DATABASE = MARTS_DATABASE
PROFILE = r"""client: buyer
name: Sample Ltd
locale: en_GB
time_zone: UTC
calendar: GB-ENG
analysts: [analyst]
stewards: [steward]
feeds:
  shipments.interchanges:
    sources:
      x12: {files: 'x12/.*\.edi', format: {type: x12}}
      edifact: {files: 'edifact/.*\.edi', format: {type: edifact}}
  shipments.purchase_order_lines:
    shared_keys: true
    sources:
      x12:
        files: 'x12/answers\.edi'
        format: {type: x12, table: order_responses}
        columns: {currency_code: {value: USD}}
      edifact: {files: 'edifact/answers\.edi', format: {type: edifact, table: order_responses}}
"""
AT = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)
ORDER = "BEG*00*NE*{}**20261001~PO1*1*24*EA*12.5*PE*BP*SKU-1~CTT*1"
ANSWER = "BAK*00*{}~PO1*1*24*EA*12.5*PE*BP*SKU-1~{}~CTT*1"


def x12(sender: str, receiver: str, number: int, *sets: tuple[str, str]) -> str:
    """An interchange; its first group is numbered after it."""
    split = [(kind, [segment.split("*") for segment in text.split("~")]) for kind, text in sets]
    return Writer(sender, receiver, AT).interchange(number, split).text()


def edifact(number: str, *messages: tuple[str, str], ours: bool = False) -> str:
    """An interchange of the partner, or of `ours`."""
    parties = "US+THEM" if ours else "THEM+US"
    text = f"UNB+UNOC:3+{parties}+261005:1430+{number}'"
    for n, (kind, body) in enumerate(messages, 1):
        segments = body.split("\n")
        text += f"UNH+{n}+{kind}'" + "".join(f"{s}'" for s in segments) + f"UNT+{len(segments) + 2}+{n}'"
    return text + f"UNZ+{len(messages)}+{number}'"


FILES = {
    "x12/orders.edi": x12("US", "THEM", 7, *(("850", ORDER.format(n)) for n in ("A-1", "A-2", "A-3"))),
    "x12/acknowledged.edi": x12(
        "THEM", "US", 8,
        ("997", "AK1*PO*701~AK2*850*0001~AK5*A~AK2*850*0002~AK3*PO1*3**8~AK4*2*330*4*24~AK5*R*5~AK9*P*3*3*2"),
    ),
    "x12/answers.edi": x12(
        "THEM", "US", 9,
        ("855", ANSWER.format("AC*A-1*20261001", "ACK*IQ*16*EA*067*20261115")),
        ("855", ANSWER.format("AC*A-4*20261001", "ACK*IQ*12*EA*067*20261115~ACK*IB*8*EA*067*20261201~ACK*IR*4*EA")),
        ("855", ANSWER.format("AC*A-5*20261001", "ACK*R2")),
        ("855", "BAK*00*RJ*A-3*20261001"),
    ),
    "edifact/orders.edi": edifact(
        "71", ("ORDERS:D:96A:UN", "BGM+220+B-1+9\nDTM+137:20261001:102\nUNS+S"),
        ("ORDERS:D:96A:UN", "BGM+220+B-2+9\nDTM+137:20261001:102\nUNS+S"), ours=True,
    ),
    "edifact/acknowledged.edi": edifact(
        "72", ("CONTRL:D:3:UN", "UCI+71+US+THEM+8\nUCM+1+ORDERS:D:96A:UN+7\nUCM+2+ORDERS:D:96A:UN+4+13\nUCS+3+13"),
        ("CONTRL:D:3:UN", "UCI+99+US+THEM+7"),
    ),
    "edifact/answers.edi": edifact(
        "73",
        ("ORDRSP:D:96A:UN", "BGM+231+R-1+4\nDTM+137:20261002:102\nRFF+ON:B-1\nCUX+2:EUR:9\n"
         "LIN+1+5\nPIA+5+SKU-1:BP\nQTY+21:48:PCE\nPRI+AAA:12.5\nLIN+2+3\nPIA+5+SKU-1:BP\nQTY+21:48:PCE\nQTY+113:36:PCE\n"
         "PRI+AAA:12.5\n"
         "LIN+3+7\nPIA+5+SKU-1:BP\nQTY+21:48:PCE\nPRI+AAA:12.5\nLIN+4+5\nPIA+5+SKU-1:BP\nUNS+S"),
        ("ORDRSP:D:96A:UN", "BGM+231+R-2+29\nDTM+137:20261002:102\nRFF+ON:B-3\nUNS+S"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def buyer(server_settings: Settings, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The client after its night."""
    home = tmp_path_factory.mktemp("buyer")
    for name in ("landing", "clients"):
        (home / name).mkdir()
    client = Client("buyer", make_settings(home, url_of(server_settings, database, "loader")), "")
    client.declare(PROFILE)
    for name, content in FILES.items():
        client.send(name, content)
    client.night()
    yield client
    client.warehouse.close()


def test_answers_of_all_kinds_are_accounted_for_and_hold_nothing(buyer: Client) -> None:
    rows = buyer.query(
        "select file_name, state, rows_received, rows_loaded, rows_skipped from ops.delivery "
        "where client_id = :client and feed = 'shipments.purchase_order_lines' order by 1"
    )
    assert [tuple(row) for row in rows] == [
        ("edifact/answers.edi", "loaded", 5, 3, 2), ("x12/answers.edi", "loaded", 4, 3, 1),
    ]  # fmt: skip
    buyer.accounted()


def test_what_is_accepted_is_expected(buyer: Client) -> None:
    lines = buyer.query(
        "select purchase_order_id, line_id, ordered_quantity, due_date::text, is_closed "
        "from core.shipments_purchase_order_lines where client_id = :client and _known_to is null order by 1, 2"
    )
    assert [tuple(line) for line in lines] == [
        ("A-1", "1", Decimal(16), "2026-11-15", None),
        ("A-4", "1", Decimal(20), "2026-12-01", None),
        ("A-5", "1", Decimal(24), None, True),
        ("B-1", "1", Decimal(48), None, None),
        ("B-1", "2", Decimal(36), None, None),
        ("B-1", "3", Decimal(48), None, True),
    ]


def test_an_order_rejected_as_a_whole_is_warned_of(buyer: Client) -> None:
    rows = buyer.query(
        "select rule_id from ops.rule_result join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and d.file_name = 'x12/answers.edi' and rule_id like '%order_not_rejected' "
        "and not success"
    )
    assert len(rows) == 1


def test_each_message_shows_what_became_of_it(buyer: Client) -> None:
    result = build(buyer.settings, buyer.warehouse.url)
    assert result.ok, result.message
    rows = buyer.query(
        "select row_code, document_id, status_code, acknowledgement_type_code, error_place, error_text, "
        "document_answer_code from reporting.rpt_message_acknowledgements "
        "where client_id = :client and message_type_code is distinct from '855' "
        "and message_type_code is distinct from 'ORDRSP' order by 1 desc, 2"
    )
    place = "0002 PO1 at 3"
    assert [tuple(row) for row in rows] == [
        ("message", "A-1", "accepted", "997", None, None, "changed"),
        ("message", "A-2", "rejected", "997", place, "elements have errors", None),
        ("message", "A-3", "accepted", "997", None, None, "rejected"),
        ("message", "B-1", "accepted", "CONTRL", None, None, "changed"),
        ("message", "B-2", "rejected", "CONTRL", "2", "missing", None),
        ("acknowledgement", None, "no_message", "CONTRL", None, None, None),
    ]
