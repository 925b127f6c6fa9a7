"""What a business rule is, and the view of an invoice that it looks at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, NamedTuple

from pipelines.extract.messages.invoice import Group, Invoice, Term, Unread

Severity = Literal["fatal", "warning"]
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
CENT = Decimal("0.01")


class Found(NamedTuple):
    """One place where a rule is broken; `where` names group or term and line of the file."""

    where: str
    got: str = ""
    expected: str = ""


class Placed(NamedTuple):
    """A term and the group it stands in."""

    group: Group
    term: Term

    @property
    def text(self) -> str:
        """Its text with each run of white space as one blank, none at the ends."""
        return " ".join(self.term.text.split())


@dataclass(frozen=True)
class BusinessRule:
    """One rule: its official id, what it says in our words, and what finds where an invoice breaks it."""

    id: str
    en: str
    de: str
    check: Callable[[View], Iterable[Found]] = field(repr=False, compare=False)
    severity: Severity = "fatal"


class View:
    """An invoice with its groups and terms by name, wherever they stand in the tree, and by path what is no term."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        self.is_cii = invoice.syntax == "cii"
        self.is_xml = invoice.is_xml
        self._groups: dict[str, list[Group]] = {}
        self._terms: dict[str, list[Placed]] = {}
        self.unread: dict[str, list[tuple[Group, Unread]]] = {}
        for group in invoice.walk():
            for found in group.unread:
                self.unread.setdefault(found.path, []).append((group, found))
            self._groups.setdefault(group.name, []).append(group)
            for name, terms in group.terms.items():
                self._terms.setdefault(name, []).extend(Placed(group, term) for term in terms)

    def groups(self, name: str) -> list[Group]:
        """Every group of that name; `""` is the invoice itself."""
        return self._groups.get(name, []) if name else [self.invoice]

    def terms(self, *names: str) -> list[Placed]:
        """Every term of these names."""
        return [placed for name in names for placed in self._terms.get(name, ())]

    def text(self, name: str) -> str:
        """The text of the first such term; empty when there is none."""
        return next((placed.text for placed in self.terms(name)), "")

    def has(self, *names: str) -> bool:
        """Whether one of these terms is there, be it empty."""
        return any(name in self._terms for name in names)

    def category(self, group: Group, name: str) -> str | None:
        """The VAT category that a term of a group names; None when it names none, or one of another tax than VAT.

        Both syntaxes say of which tax a category is: that is the scheme of the term.
        """
        term = group.term(name)
        if term is None or term.attributes.get("scheme", "").strip().upper() != "VAT":
            return None
        return term.text.strip()

    def amount(self, name: str) -> Decimal | None:
        """The number of the first such term; None when it is absent or no number."""
        return next((number(placed.term.text) for placed in self.terms(name)), None)


def number(text: str | None) -> Decimal | None:
    """A decimal number as XML Schema writes it; None for anything else."""
    plain = (text or "").strip()
    return Decimal(plain) if _DECIMAL.fullmatch(plain) else None


def amount_of(group: Group, name: str) -> Decimal | None:
    """The number of a term directly in a group; None when it is absent or no number."""
    return number(group.text(name))


def to_cents(value: Decimal) -> Decimal:
    """Rounded to two decimals, halves upwards, as the official rules round."""
    return (value * 100 + Decimal("0.5")).to_integral_value(ROUND_FLOOR).scaleb(-2)


def to_units(value: Decimal) -> Decimal:
    """Rounded to a whole number, halves upwards."""
    return (value + Decimal("0.5")).to_integral_value(ROUND_FLOOR)


def place(group: Group, term: str = "") -> str:
    """Group and term with the line on which the group begins."""
    name = term or group.name
    return f"{name}, line {group.line}" if group.line else name


def reaching(group: Group, path: str) -> Iterator[Term]:
    """The terms at the end of a path of groups below a group: `BG-29/BT-146`, `BT-97|BT-98` for either."""
    *groups, names = path.split("/")
    level = [group]
    for name in groups:
        level = [below for above in level for below in above.all(name)]
    for end in level:
        for name in names.split("|"):
            yield from end.terms.get(name, ())
