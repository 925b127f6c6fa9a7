"""From files to golden records: deliveries, a withdrawal and a replay change who is who as if they had not come."""

from __future__ import annotations

from pipelines.flow.matching import match_customers
from pipelines.flow.night import run_replay
from pipelines.flow.withdraw import withdraw
from tests.e2e.conftest import Client
from tests.matching.world import MEMBERS, PAIRS, PROFILE, STEWARD

HEADER = "Id,Type,Given,Family,Email,Born,City,Code,Country\n"
ANNA = "person,Sample Anna,Placeholderson,anna@example.org,1980-02-03,Leeds,LS1 4AB,GB\n"
BERT = "person,Sample Bert,Mustermann,bert@example.org,1951-11-23,York,YO1 7HH,GB\n"


def matched(client: Client) -> tuple[dict[str, str], list[object]]:
    """Golden id by customer, and the pairs, after a run."""
    match_customers(client=client.client_id, office=client.office())
    members = {f"{source}/{number}": golden_id for source, number, golden_id, _ in client.query(MEMBERS)}
    return members, client.query(PAIRS)


def newest(client: Client) -> int:
    return int(client.query("select max(delivery_id) from ops.delivery where client_id = :client")[0][0])


def test_withdrawn_and_replayed_deliveries(client: Client) -> None:
    client.declare(PROFILE.format(client=client.client_id, golden=""))
    client.send("shop/1.csv", HEADER + "1," + ANNA + "2," + BERT)
    client.night()
    alone, pairs = matched(client)
    assert len(set(alone.values())) == 2
    assert pairs == []

    client.send("crm/1.csv", HEADER + "A," + ANNA + "B,person,Sample Other,Unrelated,,1970-01-01,Hull,HU1 1AA,GB\n")
    client.night()
    both, joined = matched(client)
    assert both["crm/A"] == both["shop/1"] == alone["shop/1"]
    assert len(joined) == 1

    withdraw(newest(client), why="sample reason", person=STEWARD, office=client.office())
    assert matched(client) == (alone, [])

    client.send("crm/2.csv", HEADER + "A," + ANNA + "B,person,Sample Other,Unrelated,,1970-01-01,Hull,HU1 1AA,GB\n")
    client.night()
    assert matched(client) == (both, joined)
    run_replay(str(newest(client)), office=client.office())
    assert matched(client) == (both, joined), "what is loaded again as it was changes nothing"
