"""Whether elements of an audit file stand as their schema wants it: children, their order and number, and their texts.

A schema is declared in a file of its own (`saft_pt.yaml`). It is applied to one record after the other, so a file of
any size is checked as it streams by. Faults are counted, the first ones kept with line and place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.extract.messages.xml_stream import local
from pipelines.yamlfile import read_yaml

KEPT_FAULTS = 5
KEPT_ORDERS = 4096
_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(Z|[+-]\d\d:\d\d)?"
_TYPES = {
    "date": (_DATE, "a date"),
    "time": (_DATE.removesuffix(r"(Z|[+-]\d\d:\d\d)?") + r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "a time"),
    "amount": (r"\+?(\d+(\.\d*)?|\.\d+)|-0+(\.0*)?", "a number from 0"),
    "cents": (r"[+-]?(\d+(\.\d{0,2}0*)?|\.\d{1,2}0*)", "a number of at most 2 decimals"),
    "number": (r"[+-]?(\d+(\.\d*)?|\.\d+)", "a number"),
    "count": (r"\+?\d+", "a whole number"),
    "flag": (r"0*[01]", "0 or 1"),
}


class Particle(NamedTuple):
    """A child, or the choice of several, and how often it stands."""

    names: frozenset[str]
    least: int
    many: bool

    @property
    def shown(self) -> str:
        """As people write it."""
        return " or ".join(sorted(self.names))


class Condition(NamedTuple):
    """Where a child has such a text, another one must stand beside it, or must not."""

    child: str
    text: re.Pattern[str]
    other: str
    wanted: bool


class Node(NamedTuple):
    """What is declared of a path: its children, or its text; `sound` are orders of children found to be right."""

    particles: list[Particle] | None
    text: re.Pattern[str] | None
    said: str
    keeps_blanks: bool
    conditions: list[Condition]
    unchecked: bool
    sound: set[tuple[str, ...]]


class Structure:
    """A declared schema. A loose one says only what must stand, not its order, nor that nothing else may."""

    def __init__(self, path: Path) -> None:
        data = _declared(path)
        self._loose = bool(data.get("loose"))
        self._conditions = {
            end: [_condition(*one) for one in found] for end, found in data.get("conditions", {}).items()
        }
        self._unchecked = frozenset(str(data.get("unchecked", "")).split())
        self._children = {key: _particles(text) for key, text in data["elements"].items()}
        self._texts: dict[str, tuple[re.Pattern[str], str]] = {}
        for name, kind in data["types"].items():
            pattern, said = _type(kind)
            self._texts[name] = (re.compile(pattern, re.DOTALL), said)
        for name, text in data["patterns"].items():
            self._texts[name] = (re.compile(text), f"as {text}")
        self._nodes: dict[str, Node] = {}

    @property
    def is_loose(self) -> bool:
        """Whether it says only what must stand."""
        return self._loose

    def faults(self, element: Any, above: str = "") -> Iterator[str]:
        """Everything that is wrong with an element and what is in it; `above` is the path that leads to it."""
        name = local(element)
        path = f"{above}/{name}"
        node = self._nodes.get(path) or self._node(path)
        if node.unchecked:
            return
        if node.particles is None:
            if len(element) and self._loose:
                for child in element:
                    yield from self.faults(child, path)
            elif len(element):
                yield f"{_at(element)}: {local(element[0])} inside {name}, which holds text only"
            elif node.text:
                text = element.text or "" if node.keeps_blanks else (element.text or "").strip()
                if not node.text.fullmatch(text):
                    yield f"{_at(element)}: {name} is {text[:40]!r}, expected {node.said}"
            return
        order = tuple(map(local, element))
        if order not in node.sound:  # most records have their children in an order that was seen before
            found = list(
                self._misplaced(
                    element, name, node.particles, [(n, _at(c)) for n, c in zip(order, element, strict=True)]
                )
            )
            if not found and len(node.sound) < KEPT_ORDERS:
                node.sound.add(order)
            yield from found
        if node.conditions:
            yield from _unmet(element, name, node.conditions)
        for child in element:
            yield from self.faults(child, path)

    def order(self, element: Any, names: Sequence[str], above: str) -> Iterator[str]:
        """What is wrong with an element whose records have been taken out: `names` are all the children it had."""
        name, at = local(element), _at(element)
        if (particles := self._children.get(name)) is not None:
            yield from self._misplaced(element, name, particles, [(n, at) for n in names])
            for child in element:
                yield from self.faults(child, f"{above}/{name}")

    def _misplaced(
        self, element: Any, name: str, particles: Sequence[Particle], children: Sequence[tuple[str, str]]
    ) -> Iterator[str]:
        if not self._loose:
            yield from _misplaced(_at(element), name, particles, children)
            return
        there = {child for child, _ in children}
        for particle in particles:
            if particle.least and not particle.names & there:
                yield f"{_at(element)}: {particle.shown} is missing in {name}"

    def _node(self, path: str) -> Node:
        """What is declared of a path: the entries with the longest end of it."""
        steps = path.strip("/").split("/")
        ends = ["/".join(steps[i:]) for i in range(len(steps))]
        particles = next((self._children[end] for end in ends if end in self._children), None)
        text, said = next((self._texts[end] for end in ends if end in self._texts), (None, ""))
        conditions = next((self._conditions[end] for end in ends if end in self._conditions), [])
        node = Node(
            particles, text, said, keeps_blanks=said.startswith("text"), conditions=conditions,
            unchecked=not self._unchecked.isdisjoint(steps), sound=set(),
        )  # fmt: skip
        if len(self._nodes) < KEPT_ORDERS:
            self._nodes[path] = node
        return node


def _declared(path: Path) -> dict[str, Any]:
    """What a file declares, over what the one that it names as its base does; types by the names that have them."""
    own = dict(read_yaml(path).data)
    own["types"] = {name: kind for kind, names in own["types"].items() for name in names.split()}
    if "base" not in own:
        return own
    data = _declared(path.with_name(f"{own['base']}.yaml"))
    for part, declared in own.items():
        data[part] = data.get(part, {}) | declared if isinstance(declared, dict) else declared
    return data


def _misplaced(
    where: str, name: str, particles: Sequence[Particle], children: Sequence[tuple[str, str]]
) -> Iterator[str]:
    known = frozenset().union(*(p.names for p in particles))
    yield from (f"{line}: {child} stands not in {name}" for child, line in children if child not in known)
    children = [pair for pair in children if pair[0] in known]
    at = 0
    for particle in particles:
        count = 0
        while at < len(children) and children[at][0] in particle.names and (count == 0 or particle.many):
            at, count = at + 1, count + 1
        if count >= particle.least:
            continue
        if any(child in particle.names for child, _ in children):
            yield f"{where}: {particle.shown} stands in another place of {name} than the schema says"
            return  # what follows would be told as missing as well
        before = f", before {children[at][0]}" if at < len(children) else ""
        yield f"{children[at][1] if at < len(children) else where}: {particle.shown} is missing in {name}{before}"
    if at < len(children):
        child, line = children[at]
        yield f"{line}: {child} stands in {name} out of order or too often"


def _unmet(element: Any, name: str, conditions: Sequence[Condition]) -> Iterator[str]:
    for child, text, other, wanted in conditions:
        found = element.find(f"{{*}}{child.replace('/', '/{*}')}")
        if found is None or not text.fullmatch((found.text or "").strip()):
            continue
        there = element.find(f"{{*}}{other.replace('/', '/{*}')}") is not None
        if there != wanted:
            said = "is missing" if wanted else "must not stand"
            yield f"{_at(found)}: {other} {said} in {name} where {child} is {(found.text or '')[:40]!r}"


def _condition(child: str, text: str, other: str) -> Condition:
    return Condition(child, re.compile(text, re.DOTALL), other.removeprefix("-"), not other.startswith("-"))


def _at(element: Any) -> str:
    return f"line {element.sourceline}"


def _particles(text: str) -> list[Particle]:
    out = []
    for word in text.split():
        names, sign = (word[:-1], word[-1]) if word[-1] in "?*+" else (word, "")
        out.append(Particle(frozenset(names.split("|")), 0 if sign in ("?", "*") and sign else 1, sign in ("*", "+")))
    return out


def _type(kind: str) -> tuple[str, str]:
    if kind in _TYPES:
        return _TYPES[kind]
    least, most = kind.removeprefix("text").split("_")
    return f".{{{least},{most}}}", f"text of {least} to {most} characters"


@cache
def structure_of(format_code: str, version: str) -> Structure:
    """The schema of a file: the whole of Portugal 1.04 and Norway 1.20 and 1.30, of others what must stand."""
    if format_code == "saft_no" and version.startswith(("1.2", "1.3")):
        name = "saft_no" if version.startswith("1.3") else "saft_no_1_20"
    elif format_code in ("saft_pt", "saft_ao"):
        name = "saft_pt" if format_code == "saft_pt" and version.startswith("1.04") else "saft_pt_older"
    else:
        name = "saft_oecd"
    return Structure(Path(__file__).with_name(f"{name}.yaml"))
