"""Who is who: compares the customers of a client, joins those that are one, and keeps to what stewards say."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.flow.office import Office


@dataclass(frozen=True)
class Matched:
    """What came of matching one client.

    `compared`: customers that are new or changed; `pairs`: pairs of them that were scored; `joined`, `parted`:
    customers that are in another golden record than before; `waiting`: pairs that wait for a steward, of all.
    """

    client_id: str
    customers: int
    compared: int
    pairs: int
    golden: int
    joined: int
    waiting: int
    model_id: str | None


def match_customers(*, client: str | None = None, office: Office | None = None) -> list[Matched]:
    """Bring the golden records of every client (or one) up to date with core and with all decisions."""
    raise NotImplementedError


def apply_decisions(client_id: str, *, office: Office | None = None) -> Matched:
    """Bring what stewards decided or revoked of a client since the last time into effect: a few milliseconds.

    To be called after `record_decision` or `revoke_decision` has been committed; matching of the client that is under
    way is waited for. Whoever does not call it leaves it to the next night.
    """
    raise NotImplementedError
