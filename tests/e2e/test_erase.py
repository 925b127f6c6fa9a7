"""A customer is erased: nothing of it is found again in any table or file, and the others are as they were."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.errors import DeclarationError
from pipelines.flow import erase as erasing
from pipelines.flow import memos
from pipelines.flow.correction import make_workbooks
from pipelines.flow.erase import Erased, erase, listing
from pipelines.flow.match_books import make_reviews
from pipelines.flow.match_review import decide
from pipelines.flow.office import Office
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.erasures import Tombstone
from pipelines.warehouse.matches import Customer, Verdict
from tests.conftest import url_of
from tests.e2e.conftest import Client
from tests.e2e.reviewing import ANNA, BERT, HEADER, PROFILE, crm, golden, other, send, shop

ADDRESSES = r"""
  clients.addresses:
    files: 'addresses/[^/]+\.csv'
    mode: snapshot
    max_closed_pct: 100
    columns:
      address_id: {{from: No}}
      customer_id: {{from: Customer}}
      kind_code: {{value: billing}}
      recipient_name: {{from: Name}}
      address_line_1: {{from: Street}}
      city: {{from: City}}
      postal_code: {{from: Postcode}}
      country_code: {{value: GB}}
"""
ERIC = ("E77", "Zzeric", "Zzplaceholder", "1980-01-02", "zzeric@example.org", "41 Zzsample Road", "Zzleeds", "LS1 4AP")
FINN = ("F78", "Finn", "Exemplar", "1969-11-30", "finn@example.org", "22 Mock Street", "Derby", "DE1 2GU")
WITHOUT_NAME = ("E77", "", "", "1980-01-02", "zzeric.rejected@example.org", "41 Zzsample Road", "Zzleeds", "LS1 4AP")
TEXTS = ("zzeric", "zzplaceholder", "zzsample", "zzleeds")


@pytest.fixture
def house(client: Client, server_settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Eric in two systems, moved once; refused once; an address; a decision on him, and workbooks of both kinds."""
    monkeypatch.setattr(memos, "MEMO_ROWS", 1)
    text = PROFILE.replace("shared_keys: true", "shared_keys: false").replace(
        "max_closed_pct: 100", "max_closed_pct: 100\n        max_rejects: {{pct: 90}}"
    )
    client.declare((text + ADDRESSES).format(client=client.client_id, locale="en_GB"))
    billing = ("1,E77,Zzeric Zzplaceholder,41 Zzsample Road,Zzleeds,LS1 4AP", "2,F78,Finn,22 Mock Street,Derby,DE1 2GU")
    client.send("addresses/1.csv", "\n".join(("No,Customer,Name,Street,City,Postcode", *billing, "")))
    twin, friend = other(ERIC, "EE", Mail="", Family="Zzplaceholders"), other(FINN, "FF", Mail="")
    send(client, crm=(ERIC, FINN, ANNA, BERT), shop=(twin, friend))
    send(client, crm=(other(ERIC, "E77", Street="9 Zzsample Lane"), FINN, ANNA, BERT))
    send(client, crm=(WITHOUT_NAME, FINN, ANNA, BERT))
    make_workbooks(client=client.client_id, office=client.office())
    make_reviews(client.office(), client.client_id)
    decide(
        client.client_id, crm("F78"), shop("FF"), Verdict.SAME, reason="known", person="stella", office=client.office()
    )
    decide(
        client.client_id, crm("E77"), shop("EE"), Verdict.SAME, reason="known", person="stella", office=client.office()
    )
    owning = replace(client.settings, warehouse_url=url_of(server_settings, database, "owner"))
    owner = Warehouse(str(owning.warehouse_url))
    yield House(client, Office(owning, load_catalog(owning), owner))
    owner.close()


@dataclass
class House:
    """The client, and the installation with the rights of the owner of the tables, as the command line has them."""

    client: Client
    owner: Office

    def erase(self, customer: Customer, *, person: str = "stella", originals: bool = False) -> Erased:
        """Erase one of its customers."""
        return erase(
            self.client.client_id, customer, reason="asked to", person=person, originals=originals, office=self.owner
        )

    def stones(self) -> list[Tombstone]:
        """Its tombstones."""
        return listing(self.client.client_id, office=self.client.office())

    def count(self, query: str) -> int:
        """A number of rows."""
        return int(self.client.query(f"select count(*) from {query}")[0][0])


def tables_with(warehouse: Warehouse, texts: Iterable[str]) -> dict[str, int]:
    """Tables of all schemas with rows that hold one of the texts, whatever the column."""
    query = "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    found = {}
    with warehouse.transaction() as conn:
        for schema, table in conn.execute(sa.text(query)).all():
            like = sa.text(f'select count(*) from {schema}."{table}" t where t::text ~* :texts')
            if number := conn.scalar(like, {"texts": "|".join(texts)}):
                found[f"{schema}.{table}"] = number
    return found


def files_with(home: Path, texts: Iterable[str]) -> list[Path]:
    """Files below a folder that hold one of the texts, workbooks unpacked; not those of the database itself."""

    def parts(path: Path) -> Iterable[bytes]:
        content = path.read_bytes()
        yield content
        if zipfile.is_zipfile(BytesIO(content)):
            with zipfile.ZipFile(BytesIO(content)) as book:
                yield from map(book.read, book.namelist())

    wanted = [text.encode() for text in texts]
    return [
        path
        for path in home.rglob("*")
        if path.is_file() and any(text in part.lower() for part in parts(path) for text in wanted)
    ]


def by_folder(paths: Iterable[Path], home: Path) -> set[str]:
    return {path.relative_to(home).parts[0] for path in paths}


def test_nothing_of_the_erased_is_found_again(house: House) -> None:
    client, home, owner = house.client, house.client.settings.home, house.owner.warehouse
    before = golden(client)
    assert {"core.clients_customers", "core.clients_addresses", "quarantine.row", "quarantine.workbook_row"} <= set(
        tables_with(owner, TEXTS)
    ), "there is something to be erased"
    assert by_folder(files_with(home, TEXTS), home) >= {"archive", "landing", "memo", "outbox"}
    counted = "select delivery_id, rows_rejected from ops.delivery where client_id = :client order by 1"
    rejected = client.query(counted)
    for customer in (crm("E77"), shop("EE")):
        done = house.erase(customer, originals=True)
    assert done.are_originals_gone
    assert done.landing
    assert tables_with(owner, TEXTS) == {}
    assert by_folder(files_with(home, TEXTS), home) == {"landing"}, "which is the sender's"
    gone = "in ('E77', 'EE')"
    for table in ("core.clients_golden_members", "matching.record"):
        assert house.count(f"{table} where client_id = :client and customer_id {gone}") == 0
    for table in ("core.clients_matches", "matching.decision"):
        where = f"left_customer_id {gone} or right_customer_id {gone}"
        assert house.count(f"{table} where client_id = :client and ({where})") == 0
    after = golden(client)
    assert {*before} - {*after} == {"crm/E77", "shop/EE"}
    assert all(after[name] == before[name] for name in after), "golden ids of others stay"
    assert after["crm/F78"] == after["shop/FF"], "what was decided of others stands"
    assert client.query(counted) == rejected, "what was counted stays"


def test_a_tombstone_stays_and_says_who_came_again(house: House) -> None:
    house.erase(crm("E77"))
    (stone,) = house.stones()
    assert (stone.person, stone.reason) == ("stella", "asked to")
    assert stone.finished_at
    assert not stone.is_back
    assert stone.counts["core.clients_customers"] == 2
    assert stone.counts["core.clients_addresses"] == 1
    assert stone.originals == []
    entry = house.client.query(
        "select detail from ops.audit where action = 'erase' and detail -> 'erasure' = to_jsonb(cast(:id as bigint))",
        id=stone.erasure_id,
    )
    assert entry[0][0]["counts"] == stone.counts
    assert "crm/E77" not in golden(house.client)
    send(house.client, crm=(ERIC, FINN, ANNA, BERT))
    assert house.stones()[0].is_back


def test_the_same_number_elsewhere_is_somebody_else(house: House) -> None:
    """The addresses name a number without saying in which system: while two have it neither is taken."""
    send(house.client, shop=(other(ERIC, "EE"), other(FINN, "E77")))
    house.erase(crm("E77"))
    assert "shop/E77" in golden(house.client)
    assert house.count("core.clients_addresses where client_id = :client") == 2
    house.erase(shop("E77"))
    assert house.count("core.clients_addresses where client_id = :client") == 1


def test_an_erasure_that_died_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "match_customers", lambda **_: sys.exit(1))
        with pytest.raises(SystemExit):
            house.erase(crm("E77"), originals=True)
    assert [stone.finished_at for stone in house.stones()] == [None]
    house.erase(crm("E77"), originals=True)
    assert all(stone.finished_at for stone in house.stones())
    assert "crm/E77" not in golden(house.client)
    assert house.count("matching.decision where client_id = :client") == 1


def test_what_cannot_be_erased_is_refused_before_anything_is(house: House) -> None:
    def refused(number: str, person: str = "stella") -> str:
        with pytest.raises(DeclarationError) as caught:
            house.erase(crm(number), person=person)
        return str(caught.value)

    assert "has no customer crm/E78" in refused("E78")
    with pytest.raises(DeclarationError, match="no profile"):
        erase("nobody", crm("E77"), reason="asked to", person="stella", office=house.owner)
    assert "may not erase customers" in refused("E77", "mallory")
    with pytest.raises(DeclarationError, match="no reason"):
        erase(house.client.client_id, crm("E77"), reason=" ", person="stella", office=house.owner)
    house.client.send("crm/held.csv", HEADER + ",".join(WITHOUT_NAME) + "\n")
    house.client.night()
    assert "is held" in refused("E77")
    assert house.count("ops.erasure where client_id = :client") == 0
