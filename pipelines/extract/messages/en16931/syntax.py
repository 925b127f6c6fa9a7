"""What the rules about the syntax of both messages share, and our own of what is given twice.

What can be told from the tree of EN 16931 is: how often a term or group came, which attributes it has. What is no term
is asked for by the path of the element or attribute in the message (`View.unread`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import BusinessRule, Found, View, place, reaching
from pipelines.extract.messages.invoice import Group

_MANY = frozenset({"BT-29", "BT-158"})
"""Terms that may be repeated."""
_BY_CURRENCY = "BT-110"
"""The term that is told apart by its currency."""
_SCHEMA_ALLOWS = frozenset({"BT-17", "BT-95", "BT-96", "BT-102", "BT-103"})
"""Terms that the schema of UBL allows more than once, without another rule against it; that of CII allows most."""
_MANY_IN_CII = _MANY | {"BT-46", "BT-60", "BT-71", "BT-8"}
"""CII has two elements for some identifiers, and the code of the tax point in each entry of the breakdown."""


def _groups(view: View, names: str) -> list[Group]:
    return [group for name in names.split(",") for group in view.groups("" if name == "-" else name)]


def _times(view: View, group: Group, what: str) -> int:
    if what[0] == ":" and group is view.invoice:
        name = what.rpartition("/")[2].lstrip(":")
        return len(view.groups(name)) if name.startswith("BG") else len(view.terms(name))
    what = what.lstrip(":")
    if what in group.groups:
        return len(group.all(what))
    return max(sum(1 for _ in reaching(group, name)) for name in what.split("|"))


def counted(of: str, what: str, least: int, view: View) -> Iterator[Found]:
    """Each of the groups has it at most once, and at least so often."""
    for group in _groups(view, of):
        times = _times(view, group, what)
        if not least <= times <= 1:
            yield Found(place(group, what.lstrip(":")), f"{times} times", "once" if least else "at most once")


def alike(name: str, view: View) -> Iterator[Found]:
    """All terms of a name have one text."""
    texts = list(dict.fromkeys(placed.text for placed in view.terms(name)))
    if len(texts) > 1:
        yield Found(place(view.terms(name)[0].group, name), f"{len(texts)} different ones", "the same everywhere")


def one_category(view: View) -> Iterator[Found]:
    """Every line has exactly one VAT category."""
    for line in view.groups("BG-25"):
        if (times := len(line.all("BG-30"))) != 1:
            yield Found(place(line, "BG-30"), f"{times} times", "once")


def _repeated(view: View, *, by_schema: bool) -> Iterator[Found]:
    many = _MANY_IN_CII if view.is_cii else _MANY
    for group in view.invoice.walk():
        for name, terms in group.terms.items():
            is_wrong = not view.is_cii and name not in _SCHEMA_ALLOWS
            if name == _BY_CURRENCY:
                is_wrong = False  # the schemas of both have it once for each currency, and do not say so
                if len({term.attributes.get("currency") for term in terms}) == len(terms):
                    continue
            if len(terms) > 1 and name not in many and name[:2] != "X-" and is_wrong == by_schema:
                yield Found(place(group, name), f"{len(terms)} times", "once")


def _other_lines(view: View) -> Iterator[Found]:
    for name in ("InvoiceLine", "CreditNoteLine"):
        for group, found in view.unread.get(name, ()):
            if group is view.invoice:
                yield Found(f"{name}, line {found.line}", view.invoice.syntax, "lines of this kind of message")


def once(prefix: str, text: str, least: int = 0) -> Iterator[BusinessRule]:
    """The rules of a table, a line each: number, groups (`-`: the invoice), what may stand in each of them once (`:` in
    the invoice and anywhere below it; `A|B` each for itself), and two blanks between the words in two languages."""
    for line in filter(None, text.splitlines()):
        number, of, what, rest = line.split(None, 3)
        en, de = re.split(r"\s{2,}", rest.strip())
        said = f" ({what.rpartition('/')[2].lstrip(':').replace('|', ', ')})" if "X-" not in what else ""
        ways = ("is given more than once", "ist mehrfach angegeben") if not least else (
            "is not given exactly once", "ist nicht genau einmal angegeben")  # fmt: skip
        yield tells(f"{prefix}-{number}", f"{en} {ways[0]}{said}", f"{de} {ways[1]}{said}",
                    partial(counted, of, what, least))  # fmt: skip


RULES = [
    tells("KONTOR-01", "what the schema allows once is given more than once",
          "was das Schema einmal erlaubt, ist mehrfach angegeben", partial(_repeated, by_schema=True)),
    tells("KONTOR-03", "what EN 16931 has once is given more than once, and the first counts",
          "was die EN 16931 einmal hat, ist mehrfach angegeben, und das erste zählt",
          partial(_repeated, by_schema=False), "warning"),
    tells("KONTOR-02", "an invoice has lines of a credit note, or a credit note those of an invoice",
          "eine Rechnung hat Positionen einer Gutschrift, oder eine Gutschrift die einer Rechnung", _other_lines),
]  # fmt: skip
"""Rules of our own, so that nothing that is given twice is read once without a word: schemas have no ids, and what they
allow although the standard does not, is no fault by any other rule."""
