"""A number that was given to somebody else: what stewards decided on the customer who had it before lapses.

A decision is about two customers as the steward saw them. A customer who marries, moves or gets another number to be
called at is the same one; of somebody else nothing is left. So a decision lapses when of one of its customers, since
it was made,

* every name differs (given name, family name, company), not by a slip of the pen, and
* nothing that tells people apart and is known of both versions agrees, or nearly does: date of birth, numbers of the
  state and of registers, bank account, e-mail address, telephone, street.

A lapsed decision counts no more, and says why. What the pair is then follows from its score; unless that joins the two
the pair waits for a steward, however little alike they are, until one decides on it anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from pipelines.matching.features import features
from pipelines.matching.levels import HOWS, Compared, Flags, Levels
from pipelines.warehouse.match_store import MatchStore

NAMES = ("given", "family", "company")
TELLING = ("birth", "national", "vat", "register", "lei", "iban", "email", "phone", "street")
_WORDS = {
    "given": "given name", "family": "family name", "birth": "date of birth", "national": "national number",
    "vat": "VAT number", "register": "register number", "lei": "LEI", "iban": "IBAN", "email": "e-mail address",
}  # fmt: skip


def lapse(store: MatchStore) -> dict[int, str]:
    """Let decisions lapse whose customers have become others; returns decision → why."""
    since = store.changed_since_decided()
    if not since.num_rows:
        return {}
    said = why(_versions(since, "before_"), _versions(since, "now_"))
    found: dict[int, str] = {}
    named = (since[name].to_pylist() for name in ("decision_id", "source", "customer_id"))
    for decision, source, customer, reason in zip(*named, said, strict=True):
        if reason:
            found.setdefault(decision, f"{source}/{customer} is somebody else since: {reason}")
    store.lapse(found)
    return found


def why(before: pa.Table, now: pa.Table) -> list[str]:
    """Of two versions of each customer, what shows that they are not of one person or company; empty when they may be.

    >>> names = ("customer_type_code", "given_name", "family_name", "birth_date", "city")
    >>> one, other = ("person", "Ada", "Hall", "1980-02-03", "Leeds"), ("person", "Bo", "Quint", "1951-11-23", "Leeds")
    >>> married = ("person", "Ada", "Quint", "1980-02-03", "York")
    >>> table = lambda row: pa.table({name: [text] for name, text in zip(names, row)})
    >>> why(table(one), table(other)), why(table(one), table(married))
    (['given name, family name and date of birth differ'], [''])
    """
    rows = before.num_rows
    made = features(pa.concat_tables([before, now]))
    levels = Compared(made).levels(np.arange(rows), np.arange(rows) + rows)
    named = np.zeros(2 * rows, bool)
    for name in NAMES:
        named |= made[name].is_valid().to_numpy()
    possible = named[:rows] & named[rows:]
    for name in (*NAMES, *TELLING):
        possible &= (levels[name] < 0) | _differs(levels, name)
    return [_reason(levels, at) if possible[at] else "" for at in range(rows)]


def _differs(levels: Mapping[str, Levels], name: str) -> Flags:
    differs: Flags = levels[name] == len(HOWS[name]) - 1
    return differs


def _reason(levels: Mapping[str, Levels], at: int) -> str:
    found = [_WORDS.get(name, name) for name in (*NAMES, *TELLING) if levels[name][at] >= 0]
    if not found:
        return "a person and a company"
    *rest, last = found
    return f"{', '.join(rest)} and {last} differ" if rest else f"{last} differs, and nothing else is known of both"


def _versions(since: pa.Table, prefix: str) -> pa.Table:
    names = [name for name in since.column_names if name.startswith(prefix)]
    return since.select(names).rename_columns([name.removeprefix(prefix) for name in names])
