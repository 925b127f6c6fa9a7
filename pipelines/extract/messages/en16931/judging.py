"""All rules together, which of them an invoice claims to follow, and what it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import localcontext
from types import MappingProxyType
from typing import NamedTuple

from pipelines.extract.messages.en16931 import (
    codes,
    decimals,
    facturx,
    identifiers,
    national,
    peppol,
    peppol_children,
    presence,
    profiles,
    syntax,
    syntax_cii,
    syntax_ubl,
    totals,
    vat,
    xrechnung,
)
from pipelines.extract.messages.en16931.rule import BusinessRule, View
from pipelines.extract.messages.invoice import Broken, Invoice

_MODULES = (
    presence, totals, decimals, vat, codes, syntax_ubl, syntax_cii, syntax, facturx, xrechnung, peppol,
    peppol_children, identifiers, national,
)  # fmt: skip
RULES: Mapping[str, BusinessRule] = MappingProxyType({rule.id: rule for module in _MODULES for rule in module.RULES})
SOUND = "none"
_DIGITS = 100
"""Amounts are added and multiplied without loss up to this many digits."""


class Verdict(NamedTuple):
    """The ids of the rules that an invoice breaks, separated by a blank, `none` when there are none."""

    faults: str
    warnings: str


def broken(invoice: Invoice) -> list[Broken]:
    """Every place where an invoice breaks a rule that it claims to follow, in the order of the rules."""
    view = View(invoice)
    with localcontext(prec=_DIGITS):
        return [
            Broken(rule.id, *found)
            for rule in RULES.values()
            if profiles.holds(rule.id, view)
            for found in rule.check(view)
        ]


def verdict(invoice: Invoice, found: Sequence[Broken]) -> Verdict:
    """What an invoice breaks, as the columns `message_faults` and `message_warnings` say it."""
    view = View(invoice)
    ids = list(dict.fromkeys(one.rule for one in found))
    fatal = [rule for rule in ids if profiles.severity(RULES[rule], view) == "fatal"]
    rest = [rule for rule in ids if rule not in fatal]
    return Verdict(" ".join(fatal) or SOUND, " ".join(rest) or SOUND)
