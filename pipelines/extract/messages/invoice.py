"""An electronic invoice as EN 16931 sees it: a tree of business groups (BG-…) with business terms (BT-…).

The same tree whatever the syntax, so that what reads it (columns, business rules) knows neither UBL nor CII. A term
that an invoice does not have is absent, one that is there without text is an empty text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Syntax = Literal["ubl invoice", "ubl credit note", "cii"]


@dataclass(frozen=True)
class Term:
    """The text of one business term and its attributes under our names: `scheme`, `scheme_version`, `currency`,
    `unit`, `file_name`, `mime_code`, `tax` (that a number is for), `format` (of a date that is not written as ISO
    8601)."""

    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class Unread(NamedTuple):
    """An element or attribute (`…/@name`) of the message that is no term, or an empty element that only holds others.

    `text` is None for an element with others in it.
    """

    path: str
    text: str | None = None
    line: int = 0


class Miscounted(NamedTuple):
    """A child that an element of UBL should have exactly once: the path of the element, and how often it is there."""

    path: str
    child: str
    times: int
    line: int = 0


@dataclass
class Group:
    """One business group. `line` is the line of the file on which it begins.

    `terms`: BT id → every occurrence; `groups`: BG id → every occurrence, each inside its parent as the standard has
    it: `invoice.groups["BG-4"][0].groups["BG-5"]` is the address of the seller, and the allowances of a line are BG-27
    of its BG-25. The document totals are BG-22, its tax breakdown the BG-23s, allowances BG-20, charges BG-21.
    `unread`: what stands in it and is no term; the rules about the syntax ask for it.
    """

    name: str
    line: int = 0
    terms: dict[str, list[Term]] = field(default_factory=dict)
    groups: dict[str, list[Group]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def term(self, name: str) -> Term | None:
        """The first occurrence of a term directly in this group."""
        return next(iter(self.terms.get(name, ())), None)

    def text(self, name: str) -> str | None:
        """Its text without white space at both ends; None when the term is absent."""
        found = self.term(name)
        return None if found is None else found.text.strip()

    def first(self, name: str) -> Group | None:
        """The first occurrence of a group directly in this group."""
        return next(iter(self.groups.get(name, ())), None)

    def all(self, name: str) -> list[Group]:
        """Every occurrence of a group directly in this group."""
        return self.groups.get(name, [])

    def walk(self) -> Iterator[Group]:
        """This group and all below it."""
        yield self
        for groups in self.groups.values():
            for group in groups:
                yield from group.walk()


@dataclass
class Invoice(Group):
    """The whole message: terms that belong to no group (BT-1 to BT-20) are its own, BT-23 and BT-24 are in BG-2.

    `tax_totals`: for each total of taxes, with how many entries of the breakdown it came; only UBL keeps them together.
    `is_xml`: rules about the syntax hold. An invoice of EDIFACT has the terms as CII says them, and no XML.
    `miscounted`: children of elements of UBL that are not there exactly once, where the rules of Peppol want that.
    """

    syntax: Syntax = "ubl invoice"
    tax_totals: tuple[int, ...] = ()
    is_xml: bool = True
    miscounted: list[Miscounted] = field(default_factory=list)


@dataclass(frozen=True)
class Broken:
    """A business rule that an invoice breaks: its official id (`BR-CO-10`), where, and what was got and expected.

    `where` names term and line of the file, never a personal value.
    """

    rule: str
    where: str
    got: str = ""
    expected: str = ""
