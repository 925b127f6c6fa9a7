"""Where a syntax of invoices keeps the terms of EN 16931: a declared table of paths, and the walk that follows it.

A table is written as lines `path target`, those below a path indented under it:

    AccountingSupplierParty/Party                       BG-4
      PartyTaxScheme[TaxScheme/ID=VAT]/CompanyID        BT-31

* A step is the local name of an element (`A|B` = either), `@name` an attribute. `[a/b=x|y]` and `[@a=x]` are
  conditions, without regard to capitals; the first alternative that holds is taken, those with a condition first.
* A target is a term, or a group that begins there; `BG-13/BT-72` goes to the last BG-13 of the group above, or begins
  one; `+BG-1/BT-22` always begins one; with `/` in front the way is from the invoice itself, once all is read.
* `BT-18@scheme` is an attribute of the last one.
* `-` is an element that says nothing which its parent does not say, with all below it. A path without target is only
  a way.

An element that no path leads to is kept in `Walk.unknown`: nothing is dropped unseen. The group that it stands in has
it too, with all below it, with attributes that are no term's, and with elements that are empty (`Group.unread`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from sys import intern
from typing import Any, NamedTuple

from pipelines.extract.messages.invoice import Group, Invoice, Term, Unread
from pipelines.extract.messages.xml_stream import local

_STEP = re.compile(r"(?P<names>[@A-Za-z|]+)(?:\[(?P<path>[^=\]]+)=(?P<text>[^\]]*)\])?")
_ATTRIBUTES = {
    "schemeID": "scheme", "listID": "scheme", "schemeVersionID": "scheme_version", "listVersionID": "scheme_version",
    "currencyID": "currency", "unitCode": "unit", "filename": "file_name", "mimeCode": "mime_code", "format": "format",
}  # fmt: skip
_BINARY = "BT-125"
_DAY = "102"
"""The code of UNTDID 2379 for dates of eight digits."""
_DATES = frozenset({"DateTimeString", "DateString"})
"""Elements of CII that have to say how their date is written."""
MAX_DEPTH = 60
MAX_UNKNOWN = 200
"""Names of unknown elements that are told one by one."""
MAX_UNREAD = 100_000
"""Places that are kept for the rules about the syntax; those behind them are only counted."""


class Condition(NamedTuple):
    """Some element at this path has one of the texts."""

    path: tuple[str, ...]
    texts: frozenset[str]


@dataclass
class Node:
    """What is known below one element: ways by name, the conditional ones first."""

    condition: Condition | None = None
    target: str | None = None
    ways: dict[str, list[Node]] = field(default_factory=dict)

    def way(self, name: str, condition: Condition | None) -> Node:
        """The node of a step, made when it is new."""
        known = self.ways.setdefault(name, [])
        for node in known:
            if node.condition == condition:
                return node
        node = Node(condition)
        known.append(node)
        known.sort(key=lambda n: n.condition is None)
        return node


def table_of(text: str) -> Node:
    """The tree of a table of paths."""
    root = Node()
    open_: list[tuple[int, list[Node]]] = [(-1, [root])]
    for line in filter(str.strip, text.splitlines()):
        path, _, target = line.strip().partition(" ")
        depth = len(line) - len(line.lstrip())
        while open_[-1][0] >= depth:
            open_.pop()
        ends = open_[-1][1]
        for step in _steps(path):
            ends = [node.way(name, step[1]) for node in ends for name in step[0]]
        for node in ends:
            node.target = target.strip() or node.target
        open_.append((depth, ends))
    return root


def _steps(path: str) -> Iterator[tuple[list[str], Condition | None]]:
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"path {path!r} cannot be read at {path[at:]!r}")
        texts = frozenset((found["text"] or "").casefold().split("|"))
        condition = Condition(tuple(found["path"].split("/")), texts) if found["path"] else None
        yield found["names"].split("|"), condition
        at = found.end() + 1


@dataclass
class Unknown:
    """Elements that no path leads to: how often one name came, and where first."""

    count: int = 0
    line: int = 0


class Walk:
    """Follows a table through the elements of one invoice, which comes whole or in parts."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        self.unknown: dict[str, Unknown] = {}
        self._later: list[tuple[str, Term, int]] = []
        self._kept = 0

    def enter(self, element: Any, node: Node, group: Group, path: str = "") -> None:
        """An element that a group of its own was made for, and everything below it."""
        self._attributes(element, path, group)
        if _is_empty(element):
            self._unread(path, "", element, group)
        self.take(element, node, group, path)

    def take(self, element: Any, node: Node, group: Group, path: str = "") -> None:
        """Everything below an element into a group, as its node says."""
        if path.count("/") > MAX_DEPTH:
            self._unknown(path, element, group)
            return
        for child in element:
            name = local(child)
            if not name:
                continue
            way = next((n for n in node.ways.get(name, ()) if _holds(child, n)), None)
            here = f"{path}/{name}" if path else name
            if way is None:
                self._unknown(here, child, group)
            elif way.target == "-":
                self._attributes(child, here, group)
                if _is_empty(child):
                    self._unread(here, "", child, group)
            else:
                self.visit(child, way, group, here)

    def visit(self, element: Any, way: Node, group: Group, path: str) -> None:
        """An element at its own way: what it is itself, its attributes, and what is below it."""
        line = element.sourceline or 0
        term = None
        if way.target is not None:
            term = None if "BG" in way.target.rpartition("/")[2] else term_of(element, way.target)
            group = self._put(way.target, term, group, line, path)
        for name, ways in way.ways.items():
            if name[0] == "@" and (text := element.get(name[1:])) is not None and ways[0].target:
                self._put(ways[0].target, Term(text), group, line, f"{path}/{name}")
        self._attributes(element, path, group, way, is_term=term is not None)
        if term is None and len(element) == 0:
            if _is_empty(element):
                self._unread(path, "", element, group)
            else:
                self._unknown(path, element, group)
        self.take(element, way, group, path)

    def _unknown(self, path: str, element: Any, group: Group) -> None:
        told = path if path in self.unknown or len(self.unknown) < MAX_UNKNOWN else "and others"
        known = self.unknown.setdefault(told, Unknown(line=element.sourceline or 0))
        known.count += 1
        waiting = [(path, element)]
        while waiting and self._kept < MAX_UNREAD:
            here, each = waiting.pop()
            self._unread(here, None if len(each) else (each.text or "").strip(), each, group)
            self._attributes(each, here, group)
            if here.count("/") < MAX_DEPTH:
                waiting += ((f"{here}/{local(child)}", child) for child in reversed(each) if local(child))

    def _attributes(
        self, element: Any, path: str, group: Group, way: Node | None = None, *, is_term: bool = False
    ) -> None:
        """Those that are neither an attribute of a term nor have a way of their own."""
        for name, text in element.attrib.items():
            known = (is_term and name in _ATTRIBUTES) or (way is not None and f"@{name}" in way.ways)
            if not known and name[0] != "{":
                self._unread(f"{path}/@{name}", text, element, group)

    def _unread(self, path: str, text: str | None, element: Any, group: Group) -> None:
        if self._kept < MAX_UNREAD:
            self._kept += 1
            group.unread.append(Unread(intern(path), text, element.sourceline or 0))

    def _put(self, target: str, term: Term | None, group: Group, line: int, path: str) -> Group:
        """A term, or a new group, where its target says; the group that what follows belongs to."""
        if target[0] == "/":
            if term is not None:
                self._later.append((target[1:], term, line))
            return group
        *way, last = target.lstrip("+").split("/")
        for i, name in enumerate(way):
            known = group.groups.setdefault(name, [])
            if not known or (target[0] == "+" and i == len(way) - 1):
                known.append(Group(name, line))
            group = known[-1]
        if term is None:
            made = Group(last, line)
            group.groups.setdefault(last, []).append(made)
            return made
        if not put_term(group, last, term) or ("@" in last and not term.text.strip()):
            group.unread.append(Unread(path, term.text.strip(), line))
        return group

    def finish(self) -> None:
        """Put the terms that go elsewhere than where they stand."""
        for target, term, line in self._later:
            *way, last = target.split("/")
            group: Group = self.invoice
            for name, below in zip_longest(way, way[1:]):
                known = group.groups.setdefault(name, [])
                if not known:
                    known.append(Group(name, line))
                group = next((g for g in known if below in g.groups), known[0])
            put_term(group, last, term)
        self._later = []


def put_term(group: Group, target: str, term: Term) -> bool:
    """A term into its group, or an attribute (`BT-18@scheme`) to the last of its terms; False when there is none."""
    name, _, attribute = target.partition("@")
    if not attribute:
        group.terms.setdefault(name, []).append(term)
        return True
    known = group.terms.get(name)
    if known:
        known[-1] = Term(known[-1].text, {**known[-1].attributes, attribute: term.text.strip()})
    return bool(known)


def _is_empty(element: Any) -> bool:
    return len(element) == 0 and not (element.text or "").strip()


def term_of(element: Any, target: str) -> Term:
    """The text of an element and those attributes that EN 16931 knows; days of eight digits as ISO 8601 writes them.

    What is attached is only named: its text says how long it is.
    """
    attributes = {ours: element.get(name) for name, ours in _ATTRIBUTES.items() if element.get(name) is not None}
    text = element.text or ""
    if target == _BINARY:
        return Term(f"base64, {len(text.strip())} characters" if text.strip() else "", attributes)
    day = text.strip()
    if local(element) in _DATES and "format" not in attributes:
        attributes["format"] = ""
    if attributes.get("format") == _DAY and len(day) == 8 and day.isascii() and day.isdigit():
        del attributes["format"]
        text = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return Term(text, attributes)


def _holds(element: Any, node: Node) -> bool:
    """Whether the condition of a node holds: some element at its path has the text."""
    if node.condition is None:
        return True
    path, texts = node.condition
    found = [element]
    for step in path:
        if step[0] == "@":
            return any((e.get(step[1:]) or "").strip().casefold() in texts for e in found)
        found = [child for e in found for child in e if local(child) == step]
    return any((e.text or "").strip().casefold() in texts for e in found)
