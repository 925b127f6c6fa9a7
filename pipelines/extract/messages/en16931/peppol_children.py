"""PEPPOL-EN16931-R140 to R276: elements of UBL that have to have another below them exactly once.

They came with Peppol's release of November 2026. Their numbers are those of the artefact for self-billing, with one for
credit notes and one for invoices; that for billing has the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import BusinessRule, Found, View
from pipelines.extract.messages.ubl_children import CHILDREN

_NAMES = {"CreditNote": ("credit note", "Gutschrift"), "Invoice": ("invoice", "Rechnung")}


def _not_once(path: str, child: str, view: View) -> Iterator[Found]:
    for one in view.invoice.miscounted:
        if (one.path, one.child) == (path, child):
            yield Found(f"{path}/{child}, line {one.line}", f"{one.times} times", "once")


def _rules() -> Iterator[BusinessRule]:
    for number, path, child in CHILDREN:
        root, _, below = path.partition("/")
        en, de = _NAMES[root]
        at = f" {below}" if below else ""
        yield tells(
            f"PEPPOL-EN16931-R{number}",
            f"XML of a {en}:{at} has not exactly one {child}",
            f"XML einer {de}:{at} hat nicht genau ein {child}",
            partial(_not_once, path, child),
        )


RULES = list(_rules())
