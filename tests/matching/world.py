"""A client whose customers a test puts into core as it likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.flow.matching import Matched, apply_decisions, match_customers
from pipelines.flow.office import Office
from pipelines.settings import Settings
from pipelines.warehouse import matches, register
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.matches import Customer, Decision, Verdict

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: [stella]
feeds:
  clients.customers:
    sources:
      shop: &source
        files: 'shop/[^/]+\.csv'
        mode: snapshot
        max_closed_pct: 100
        columns: {{customer_id: {{from: Id}}, customer_type_code: {{from: Type}}, given_name: {{from: Given}}, family_name: {{from: Family}}, email: {{from: Email}}, birth_date: {{from: Born, formats: ['%Y-%m-%d']}}, city: {{from: City}}, postal_code: {{from: Code}}, country_code: {{from: Country}}}}
      crm:
        <<: *source
        files: 'crm/[^/]+\.csv'
{golden}
"""  # noqa: E501
STEWARD = "stella"
numbers = count(1)

MEMBERS = (
    "select source, customer_id, golden_id, linked_by from core.clients_golden_members "
    "where client_id = :client and _known_to is null order by 1, 2"
)
PAIRS = (
    "select left_source, left_customer_id, right_source, right_customer_id, verdict, decided_by, probability, "
    "reasons::text, model_id, decision_id from core.clients_matches where client_id = :client and _known_to is null "
    "order by 1, 2, 3, 4"
)
KEYS = (
    "select r.source, r.customer_id, k.key from matching.record r join matching.key k using (client_id, record_id) "
    "where client_id = :client order by 1, 2, 3"
)


def person(given: str, family: str, **more: Any) -> dict[str, Any]:
    """A customer who is one person."""
    return {"customer_type_code": "person", "given_name": given, "family_name": family, **more}


class World:
    """One client on the module's warehouse, and its customers."""

    def __init__(self, settings: Settings, warehouse: Warehouse, golden: str = "", client: str | None = None) -> None:
        self.client = client or f"sample{next(numbers)}"
        self.settings = settings
        self.warehouse = warehouse
        self.declare(golden)

    def declare(self, golden: str = "") -> None:
        """The profile, with these words of `golden`."""
        path = self.settings.client_folders[-1] / f"{self.client}.yaml"
        text = f"golden: {golden}" if golden else ""
        path.write_text(PROFILE.format(client=self.client, golden=text), encoding="utf-8")
        self.office = Office(self.settings, load_catalog(self.settings), self.warehouse)
        with self.warehouse.transaction() as conn:
            register.sync_clients(conn, [self.office.profile(self.client)])

    def put(self, source: str, customers: Mapping[str, Mapping[str, Any]]) -> None:
        """New customers, or new versions of them."""
        self.drop(source, customers)
        with self.warehouse.transaction() as conn:
            for customer_id, row in customers.items():
                names = ", ".join(f'"{name}"' for name in row)
                bound = ", ".join(f":{name}" for name in row)
                conn.execute(
                    sa.text(
                        f"insert into core.clients_customers (client_id, _source, customer_id, {names}, "
                        "_delivery_id, _row_number, _row_part, _row_hash, _known_from) "
                        f"values (:client, :source, :id, {bound}, 1, 1, 1, md5(:content)::uuid, clock_timestamp())"
                    ),
                    {**row, "client": self.client, "source": source, "id": customer_id, "content": repr(row)},
                )

    def drop(self, source: str, ids: Iterable[str]) -> None:
        """These are not current any more."""
        with self.warehouse.transaction() as conn:
            conn.execute(
                sa.text(
                    "update core.clients_customers set _known_to = clock_timestamp() where client_id = :client "
                    "and _source = :source and customer_id = any(:ids) and _known_to is null"
                ),
                {"client": self.client, "source": source, "ids": list(ids)},
            )

    def match(self, *, relearn: bool = False) -> Matched:
        """One run."""
        return match_customers(client=self.client, relearn=relearn, office=self.office)[0]

    def decide(self, one: Customer, other: Customer, verdict: Verdict, *, apply: bool = True) -> Decision:
        """A steward's word."""
        with self.warehouse.transaction() as conn:
            said = matches.record_decision(
                conn, self.client, one, other, verdict, person=STEWARD, reason="sample reason"
            )
        if apply:
            apply_decisions(self.client, office=self.office)
        return said

    def revoke(self, decision: Decision, *, apply: bool = True) -> None:
        """The steward takes it back."""
        with self.warehouse.transaction() as conn:
            matches.revoke_decision(conn, self.client, decision.decision_id, person=STEWARD, reason="sample reason")
        if apply:
            apply_decisions(self.client, office=self.office)

    def lapse(self, decision: Decision) -> None:
        """As if one of its customers had become somebody else."""
        with self.warehouse.transaction() as conn:
            conn.execute(
                sa.text(
                    "update matching.decision set lapsed_at = clock_timestamp(), revoked_at = clock_timestamp(), "
                    "revoked_by = 'matching', revoked_reason = 'sample' where decision_id = :id"
                ),
                {"id": decision.decision_id},
            )

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Rows, with `:client` bound."""
        with self.warehouse.transaction() as conn:
            return [tuple(row) for row in conn.execute(sa.text(text), {"client": self.client})]

    def ids(self) -> dict[str, str]:
        """`source/customer` → golden id."""
        return {f"{source}/{customer}": golden for source, customer, golden, _ in self.query(MEMBERS)}

    def groups(self) -> set[frozenset[str]]:
        """Who is one with whom."""
        found: dict[str, set[str]] = {}
        for name, golden_id in self.ids().items():
            found.setdefault(golden_id, set()).add(name)
        return {frozenset(names) for names in found.values()}

    def verdicts(self) -> dict[tuple[str, str], str]:
        """What is said of each pair."""
        return {(f"{a}/{b}", f"{c}/{d}"): verdict for a, b, c, d, verdict, *_ in self.query(PAIRS)}
