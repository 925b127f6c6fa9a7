"""What came of matching: by client in numbers, by customer in sentences. No value of a customer is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.errors import DeclarationError
from pipelines.flow.matching import clients
from pipelines.flow.office import Office, open_office
from pipelines.matching.model import DEFAULT
from pipelines.warehouse import matches
from pipelines.warehouse.matches import Customer, Decision, MatchedPair


@dataclass(frozen=True)
class Standing:
    """One client. `joined`: customers that share a golden record with another; `apart`: pairs that would be one but
    for a decision or rule."""

    client_id: str
    customers: int
    golden: int
    joined: int
    waiting: int
    apart: int
    weights: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def standing(*, client: str | None = None, office: Office | None = None) -> list[Standing]:
    """Every client that delivers customers, or one."""
    office = office or open_office()
    found = []
    for name in clients(office):
        if client not in (None, name):
            continue
        with office.warehouse.transaction() as conn:
            counts = matches.counts(conn, name)
        model = counts.pop("model_id")
        weights = "not matched yet" if model is None else "default" if model == DEFAULT.model_id else f"learnt, {model}"
        found.append(Standing(client_id=name, weights=weights, **counts))
    return found


def why(client_id: str, one: Customer, other: Customer | None = None, *, office: Office | None = None) -> Iterator[str]:
    """Why a customer is in its golden record, or why it is or is not in that of another."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        members = matches.members_with(conn, client_id, one)
        decisions = {d.decision_id: d for d in matches.decisions_of(conn, client_id)}
        pairs = matches.pairs_of(conn, client_id, one, ())
    if not members:
        raise DeclarationError(
            f"{one} is in no golden record of {client_id}",
            got=str(one),
            expected="source and number of a current customer that was matched",
            next_step="check both, or match first: python -m pipelines matches run",
        )
    golden_id = members[0].golden_id
    others = [str(m.customer) for m in members if m.customer != one]
    yield f"{one} is {golden_id}" + (f", with {', '.join(others)}" if others else ", alone")
    wanted = [p for p in pairs if other is None or other in (p.left, p.right)]
    for pair in wanted:
        yield _told(pair, one, decisions.get(pair.decision_id or -1))
    if not wanted:
        yield f"nothing speaks for {one} and {other or 'anybody else'} being one: no pair was found likely enough"


_VERDICTS = {
    "merged": "joined",
    "same": "one by way of others too",
    "review": "a steward is asked",
    "apart": "kept apart",
}
_BY = {"score": "by likeness", "rule": "by a rule of the profile", "steward": "by a steward"}


def _told(pair: MatchedPair, one: Customer, decision: Decision | None) -> str:
    """One pair in one line."""
    other = pair.right if pair.left == one else pair.left
    said = f"{other}: {_VERDICTS[pair.verdict]} {_BY[pair.decided_by]}"
    if pair.probability is not None:
        said += f", probability {pair.probability:.4f}"
    if decision:
        said += f"; decision {decision.decision_id} of {decision.person}: {decision.verdict.value}, {decision.reason}"
    reasons = [f"{r['what']} {r['how']} {r['weight']:+.1f}" for r in pair.reasons]
    return said + (f" ({'; '.join(reasons)})" if reasons else "")
