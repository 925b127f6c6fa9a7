"""Erasure: everything that a customer left is deleted, and a tombstone says by whom, why and how much.

Erased are the rows of its feed and of those that refer to it, in every version; what matching keeps; rejected rows,
which stay as counted but without a value; memos, work folders and work tables; workbooks in the outbox; on request the
archived originals, which are files of many customers: their rows can then not be explained or replayed any more. The
marts follow when reports are built. What is booked under the number (orders, invoices) has a retention of its own and
stays. Others keep their golden ids. Done in two transactions with a run of matching between; a crash leaves a
tombstone without an end, and the same call again goes on from there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from pipelines.catalog import CUSTOMERS
from pipelines.contract import Contract
from pipelines.delivery import Delivery, State
from pipelines.errors import DeclarationError
from pipelines.flow import memos
from pipelines.flow.matching import match_customers
from pipelines.flow.office import Office, open_office
from pipelines.flow.tidy import ENDED
from pipelines.flow.withdraw import require_steward
from pipelines.profile import SourceRef
from pipelines.reject import key_hash
from pipelines.warehouse import audit, ddl, erasures, register, server
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.erasures import Erasing, Tombstone
from pipelines.warehouse.matches import Customer


@dataclass
class Erased:
    """What came of it. `landing`: files of the sender that may still hold the customer, which we never change;
    `originals`: deliveries whose archived originals may, or did until they were deleted; `are_originals_gone`.
    """

    counts: Mapping[str, int]
    are_originals_gone: bool
    originals: list[int] = field(default_factory=list)
    landing: list[str] = field(default_factory=list)


def erase(
    client_id: str,
    customer: Customer,
    *,
    reason: str,
    person: str,
    originals: bool = False,
    office: Office | None = None,
) -> Erased:
    """Erase one customer of one source of a client.

    Raises DeclarationError, before anything is changed, when the person may not, nobody has the number, or a delivery
    that may hold the customer is still under way.
    """
    office = office or open_office()
    office.catalog.refuse_broken(client_id)
    if client_id not in office.catalog.profiles:
        raise DeclarationError(
            "nothing was erased: no profile tells which sources may name the customer",
            got=client_id,
            expected=f"a client: {', '.join(sorted(office.catalog.profiles))}",
            next_step="check the client's name; of one that left bring the profile back while its customers are erased",
        )
    if not reason.strip():
        raise DeclarationError(
            "nothing was erased: no reason is given",
            expected="why, so that whoever reads the tombstone later knows: who asked, by which right",
            next_step="erase again, with a reason",
        )
    owner = Warehouse(server.role_url(office.settings, "owner"))
    try:
        with owner.transaction() as conn:
            require_steward(office, conn, client_id, person, "erase customers")
        return _Erasure(office, owner, client_id, customer).run(reason, person, originals=originals)
    finally:
        owner.close()


def listing(client_id: str | None, *, office: Office | None = None) -> list[Tombstone]:
    """The tombstones, the newest first."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return erasures.tombstones(conn, client_id)


class _Erasure:
    """One call."""

    def __init__(self, office: Office, owner: Warehouse, client_id: str, customer: Customer) -> None:
        self.office, self.owner, self.client_id, self.customer = office, owner, client_id, customer

    def run(self, reason: str, person: str, *, originals: bool) -> Erased:
        with self.owner.transaction() as conn:
            erasing = Erasing(conn, self.client_id, self.customer)
            may = list(self._deliveries(conn, erasing))
            self._require_settled(may)
            named, books = self._rows(erasing)
            if not named and not erasing.is_begun():
                raise self._unknown()
            deliveries = [d for d in may if (d.feed, d.source) in named]
            contents = self._contents(conn, erasing, deliveries)
            held = erasing.made_of(contents)
            for delivery in may:
                ddl.drop_work_table(conn, delivery)
            self._files(may, [*books, *erasing.review_books()], contents if originals else [])
            erasing.begin(person, reason, held if originals else [])
        match_customers(client=self.client_id, office=self.office)
        with self.owner.transaction() as conn:
            erasing = Erasing(conn, self.client_id, self.customer)
            erasing.matching()
            stone = erasing.finish()
            detail = {"erasure": stone.erasure_id, "counts": stone.counts, "originals": list(stone.originals)}
            audit.record(conn, actor=person, action="erase", detail=detail)
        landing = self.office.settings.landing / self.client_id
        left = sorted({d.file_name for d in deliveries if (landing / d.file_name).is_file()})
        return Erased(stone.counts, originals, held, left)

    def _feeds(self, erasing: Erasing) -> Iterator[tuple[Contract, set[str], set[str]]]:
        """Feeds that may name the customer: columns, and sources of the client in which its number means it."""
        others = erasing.namesakes()
        for contract in self.office.catalog.contracts.values():
            columns = {name for name, _ in contract.references.get(CUSTOMERS, ())}
            if contract.feed == CUSTOMERS:
                yield contract, {"customer_id"}, {self.customer.source}
            elif columns:
                named = {ref.name for ref in self._sources(contract)}
                yield contract, columns, {self.customer.source} & named if others else named

    def _sources(self, contract: Contract) -> list[SourceRef]:
        return [ref for ref in self.office.profile(self.client_id).sources if ref.feed == contract.feed]

    def _rows(self, erasing: Erasing) -> tuple[set[tuple[str, str]], list[str]]:
        """Rows of core and quarantine; returns the feeds and sources that named the customer, and the correction
        workbooks that do.
        """
        named: set[tuple[str, str]] = set()
        rows: list[tuple[int, int]] = []
        for contract, columns, sources in self._feeds(erasing):
            named |= {(contract.feed, source) for source in erasing.core_rows(contract.table, columns, sources)}
            for ref in self._sources(contract):
                if ref.name not in sources:
                    continue
                rules = ref.source.columns.items()
                written = {name for column, rule in rules if column in columns for name in rule.sources}
                hashed = key_hash([self.customer.customer_id]) if contract.feed == CUSTOMERS else None
                if found := erasing.rejected_rows(contract.feed, ref.name, written, hashed):
                    named.add((contract.feed, ref.name))
                    rows += found
        return named, erasing.correction_books(rows)

    def _deliveries(self, conn: sa.Connection, erasing: Erasing) -> Iterator[Delivery]:
        for contract, _, sources in self._feeds(erasing):
            for source in sorted(sources):
                yield from register.of_source(conn, self.client_id, contract.feed, source)

    def _contents(self, conn: sa.Connection, erasing: Erasing, deliveries: list[Delivery]) -> list[str]:
        """By sha256, the originals in the archive that may hold the customer."""
        named = {d.sha256 for d in deliveries} | set(erasing.returned_books())
        for delivery in deliveries:
            named |= {item.sha256 for item in register.inputs(conn, delivery.delivery_id)}
        return sorted(sha256 for sha256 in named if self._original(sha256).is_file())

    def _original(self, sha256: str) -> Path:
        return self.office.settings.archive / sha256[:2] / sha256

    def _files(self, deliveries: list[Delivery], books: list[str], contents: list[str]) -> None:
        settings = self.office.settings
        for feed in {d.feed for d in deliveries}:
            memos.forget(settings, self.client_id, feed)
        for delivery in deliveries:
            shutil.rmtree(settings.delivery_folder(delivery.delivery_id), ignore_errors=True)
        for path in [*map(self._original, contents), *(settings.outbox / book for book in books)]:
            path.unlink(missing_ok=True)

    def _unknown(self) -> DeclarationError:
        return DeclarationError(
            f"{self.client_id} has no customer {self.customer}",
            expected="a source and number of clients.customers, as `matches why` takes them",
            next_step="check source and number; a customer that was erased is in `python -m pipelines erase list`",
        )

    @staticmethod
    def _require_settled(deliveries: list[Delivery]) -> None:
        busy = [d for d in deliveries if d.state not in ENDED and d.state is not State.FAILED]
        if busy:
            raise DeclarationError(
                "nothing was erased: a delivery that may hold the customer is under way",
                where=busy[0].file_name,
                got=f"delivery {busy[0].delivery_id} is {busy[0].state.value}",
                expected="every delivery of the feeds of the customer loaded, returned, withdrawn or superseded",
                next_step="let the night end, or approve or return what is held; then erase again",
            )
