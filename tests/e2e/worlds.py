"""Deliveries of one source told as data, to be sent to one client and, without some of them, to its twin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipelines.flow.correction import make_workbooks
from pipelines.warehouse import register
from pipelines.warehouse.audit import verify
from tests.e2e import correcting
from tests.e2e.conftest import Client, Line, as_csv

STEWARD = "stella"
LOOSE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: [stella]
feeds:
  ledgers.spend:
    sources:
      main: &source
        files: 'spend/[^/]+\.csv'
        mode: snapshot
        max_closed_pct: 100
        max_rejects: {{pct: 90}}
        columns: &columns
          spend_line_id: {{from: Id}}
          supplier_name: {{from: Supplier}}
          account_name: {{from: Account, codes: {{A: Office, B: Travel}}}}
          document_date: {{from: Date, formats: ['%Y-%m-%d']}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
      changes:
        <<: *source
        files: 'changes/[^/]+\.csv'
        mode: delta
      monthly:
        <<: *source
        files: 'monthly/(?P<period>\d{{4}}-\d{{2}}).*\.csv'
        mode: period
"""
FOLDERS = {"main": "spend/{n}.csv", "changes": "changes/{n}.csv", "monthly": "monthly/2026-10 {n}.csv"}
BUSINESS = (
    "select spend_line_id, supplier_name, account_name, document_date, spend_amount, currency_code, _source, _period, "
    "_row_hash from core.ledgers_spend where client_id = :client and _known_to is null order by 1, 7, 8"
)


def rows(amounts: Mapping[str, str | None]) -> list[Line]:
    """Lines by id and amount; None is an amount that cannot be read."""
    return [(i, f"Supplier {i}", "2026-10-05", "no amount" if a is None else a) for i, a in amounts.items()]


def declare(client: Client) -> Client:
    """Give a client the profile above, without a column for the account."""
    client.declare(
        LOOSE.format(client=client.client_id).replace(
            "{from: Account, codes: {A: Office, B: Travel}}", "{value: Office}"
        )
    )
    with client.warehouse.transaction() as conn:
        register.sync_clients(conn, [client.office().profile(client.client_id)])
    return client


def twin_of(client: Client, mark: str = "twin") -> Client:
    """Another client that is declared alike."""
    twin = Client(client.client_id + mark, client.settings, "", client.clock)
    return declare(twin)


def deliver(client: Client, source: str, amounts: Mapping[str, str | None], n: int) -> int:
    """One file, one night; the delivery's number."""
    client.send(FOLDERS[source].format(n=n), as_csv(rows(amounts)))
    client.night()
    return newest(client)


def newest(client: Client) -> int:
    return int(client.query("select max(delivery_id) from ops.delivery where client_id = :client")[0][0])


def correct(client: Client, root: int, cells: Mapping[str, Mapping[str, str]]) -> int:
    """What the client writes into the correction workbook of a delivery (id → column → cell), and the night that takes
    it in; the correction's number."""
    make_workbooks(client.office(), client.client_id)
    query = "select cells ->> 'Id', row_number::text from quarantine.row where delivery_id = :root"
    places = dict(client.query(query, root=root))
    book = "select path from quarantine.workbook where delivery_id = :root and state = 'open'"
    path = client.settings.outbox / str(client.query(book, root=root)[0][0])
    correcting.correct(client, {places[i]: c for i, c in cells.items()}, path=path, rel=f"back/{path.name}")
    client.night()
    return newest(client)


def business(client: Client) -> list[tuple[object, ...]]:
    """Current rows without addresses and times."""
    return [tuple(row) for row in client.query(BUSINESS)]


def known_at(client: Client, moment: object) -> list[tuple[object, ...]]:
    """What was known just after a moment, with addresses."""
    return [
        tuple(row)
        for row in client.query(
            "select spend_line_id, spend_amount, _delivery_id, _row_number, _source, _period from core.ledgers_spend "
            "where client_id = :client and _known_from <= :at and (_known_to is null or _known_to > :at) "
            "order by 1, 5, 6",
            at=moment,
        )
    ]


def moments(client: Client) -> list[object]:
    return [m for (m,) in client.query("select published_at from ops.delivery where client_id = :client "
                                       "and published_at is not null order by 1")]  # fmt: skip


def states(client: Client) -> dict[int, str]:
    return dict(client.query("select delivery_id, state from ops.delivery where client_id = :client order by 1"))  # type: ignore[arg-type]


def sound(client: Client) -> None:
    """What must be true whatever was done."""
    client.accounted()
    with client.warehouse.transaction() as conn:
        assert verify(conn).faults == ()
    withdrawn = client.query(
        "select c.spend_line_id from core.ledgers_spend c join ops.delivery d on d.delivery_id = c._delivery_id "
        "where c.client_id = :client and c._known_to is null and d.state = 'withdrawn'"
    )
    assert withdrawn == []
    assert client.query(
        "select delivery_id from ops.delivery d where client_id = :client and state in ('withdrawn', 'superseded') "
        "and exists (select from quarantine.reject j where j.delivery_id = d.delivery_id and j.state = 'open')"
    ) == []  # fmt: skip


def play(client: Client, source: str, files: Iterable[tuple[int, Mapping[str, str | None]]]) -> list[int]:
    """Several files in one night; their deliveries."""
    before = set(states(client))
    for n, amounts in files:
        client.send(FOLDERS[source].format(n=n), as_csv(rows(amounts)))
    client.night()
    return sorted(states(client).keys() - before)
