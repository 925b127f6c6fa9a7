"""INVOIC as an invoice of EN 16931, and what it breaks of the rules that it has to follow.

CEN/TS 16931-3-4 says which segment of INVOIC D.16B holds which term of the standard. An invoice that names EN 16931
(FTX DOC) is judged by all of its rules. Any other promises less: of it only the sums hold whose terms it carries, and
that in the amounts which mean the same in every directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pipelines.extract.messages import edifact_dates as plain
from pipelines.extract.messages.edifact_envelope import Message
from pipelines.extract.messages.edifact_section import Node, Section
from pipelines.extract.messages.edifact_syntax import Segment
from pipelines.extract.messages.edifact_trade import Parts, parts_of
from pipelines.extract.messages.en16931 import RULES, broken
from pipelines.extract.messages.en16931.rule import View, amount_of
from pipelines.extract.messages.invoice import Broken, Group, Invoice, Term

_CLAIM = "en16931"
_DAY = "102"
_PARTIES: Mapping[str, tuple[tuple[str, ...], Mapping[str, str], tuple[str, tuple[str, ...]] | None]] = {
    "BG-4": (("SE", "SU"), {"name": "BT-27", "id": "BT-29", "GN": "BT-30", "VA": "BT-31", "FC": "BT-32",
                            "AHP": "BT-32"},
             ("BG-5", ("BT-35", "BT-37", "BT-38", "BT-40"))),
    "BG-7": (("BY",), {"name": "BT-44", "id": "BT-46", "GN": "BT-47", "VA": "BT-48"},
             ("BG-8", ("BT-50", "BT-52", "BT-53", "BT-55"))),
    "BG-10": (("PE",), {"name": "BT-59", "id": "BT-60", "GN": "BT-61"}, None),
    "BG-11": (("LC",), {"name": "BT-62", "VA": "BT-63"}, ("BG-12", ("BT-64", "BT-66", "BT-67", "BT-69"))),
    "BG-13": (("DP",), {"name": "BT-70", "id": "BT-71"}, ("BG-15", ("BT-75", "BT-77", "BT-78", "BT-80"))),
}  # fmt: skip
"""Group → functions of NAD, its name, number and references by term; its address: street, town, post code, country."""
_ADJUSTED = {
    "A": ("BG-20", "204", ("BT-92", "BT-93", "BT-94", "BT-95", "BT-96", "BT-97", "BT-98"), (2, 2)),
    "C": ("BG-21", "23", ("BT-99", "BT-100", "BT-101", "BT-102", "BT-103", "BT-104", "BT-105"), (5, 1)),
}
_OF_LINE = {
    "A": ("BG-27", "204", ("BT-136", "BT-137", "BT-138", "", "", "BT-139", "BT-140"), (2, 2)),
    "C": ("BG-28", "23", ("BT-141", "BT-142", "BT-143", "", "", "BT-144", "BT-145"), (5, 1)),
}
"""ALC → group, kind of amount, terms of amount, base, percent, tax category and rate, reason, its code and place."""
_IN_ALC_OF_LINE = "2"
"""DE 4471 of an allowance that the amount of the line holds already; any other explains its price."""
_TOTALS = {
    "BT-106": ("79",), "BT-107": ("260",), "BT-108": ("259",), "BT-109": ("389",), "BT-110": ("176", "124", "150"),
    "BT-111": ("2",), "BT-112": ("388", "77"), "BT-113": ("113",), "BT-114": ("366",), "BT-115": ("9",),
}  # fmt: skip
"""Amounts of the summary. Older invoices have the tax as 124 or 150 and the total with it as 77."""
_WITHOUT_REASON = frozenset({"S", "Z", "L", "M", ""})


def judged(message: Message) -> list[Broken]:
    """What an invoice breaks, in the order of the rules."""
    parts = parts_of(message)
    invoice = invoice_of(message, parts)
    if _CLAIM in (View(invoice).text("BT-24")).lower():
        return broken(invoice)
    view = View(invoice)
    return [
        Broken(rule, *found)
        for rule, is_carried in _SUMS.items()
        if is_carried(view, parts)
        for found in RULES[rule].check(view)
    ]


def invoice_of(message: Message, parts: Parts) -> Invoice:
    """The terms of an invoice in the tree of the standard."""
    head = parts.head
    invoice = Invoice("invoice", message.header.line, syntax="cii", is_xml=False)
    if bgm := next(iter(head.all("BGM")), None):
        _put(invoice, {"BT-1": bgm.segment.at(2), "BT-3": bgm.segment.at(1)})
    for term, codes in {"BT-2": ("137", "3"), "BT-7": ("131",), "BT-9": ("13",)}.items():
        _put(invoice, {term: _date(head.nodes, *codes)}, format=_DAY)
    currencies = {node.segment.at(1): node.segment.at(1, 2) for node in reversed(head.all("CUX"))}
    _put(invoice, {"BT-5": currencies.get("2", ""), "BT-6": currencies.get("6", "")})
    for node in head.all("FTX", "AAB"):
        _put(invoice, {"BT-20": " ".join(node.segment.all(4))})
    for node in head.all("FTX", "DOC"):
        _put(_group(invoice, "BG-2", node.segment), {"BT-23": node.segment.at(3), "BT-24": node.segment.at(4)})
    for node in head.all("RFF", "OI", "IV"):
        _put(_group(invoice, "BG-3", node.segment), {"BT-25": node.segment.at(1, 2)})
    for name in _PARTIES:
        _party(invoice, head, name)
    _delivery(invoice, head)
    _payment(invoice, head)
    for node in head.all("ALC", *_ADJUSTED):
        _adjustment(invoice, node, *_ADJUSTED[node.segment.at(1)])
    for segments in parts.lines:
        _line(invoice, Section(segments))
    _totals(invoice, parts.summary)
    _breakdown(invoice, parts)
    return invoice


def _put(group: Group, terms: Mapping[str, str], **attributes: str) -> None:
    """Add the terms that have a text."""
    for name, text in terms.items():
        if name and text:
            group.terms.setdefault(name, []).append(Term(text, attributes))


def _group(above: Group, name: str, segment: Segment | None) -> Group:
    """A new group below another one."""
    group = Group(name, segment.line if segment else above.line)
    above.groups.setdefault(name, []).append(group)
    return group


def _date(nodes: list[Node], *codes: str) -> str:
    """The day of the first of these dates, wherever it stands."""
    segments = [segment for node in nodes for segment in (node.segment, *node.members) if segment.tag == "DTM"]
    found = next((s for code in codes for s in segments if s.at(1) == code), None)
    return plain.day(found.at(1, 2), found.at(1, 3)) if found else ""


def _party(invoice: Invoice, head: Section, name: str) -> None:
    functions, terms, address = _PARTIES[name]
    node = next((n for function in functions for n in head.all("NAD", function)), None)
    if node is None:
        return
    s = node.segment
    group = _group(invoice, name, s)
    _put(group, {terms["name"]: " ".join(s.all(4)[:1]), terms.get("id", ""): s.at(2)})
    for reference in node.below("RFF"):
        _put(group, {terms.get(reference.at(1), ""): reference.at(1, 2)})
    if address:
        inner, places = address
        values = (" ".join(s.all(5)[:1]), s.at(6), s.at(8), s.at(9))
        if any(values):
            _put(_group(group, inner, s), dict(zip(places, values, strict=True)))


def _delivery(invoice: Invoice, head: Section) -> None:
    if day := _date(head.nodes, "35"):
        group = invoice.first("BG-13") or _group(invoice, "BG-13", None)
        _put(group, {"BT-72": day}, format=_DAY)
    _period(invoice, "BG-14", head, "BT-73", "BT-74")


def _period(above: Group, name: str, section: Section, first: str, last: str) -> None:
    terms = {first: _date(section.nodes, "167"), last: _date(section.nodes, "168")}
    if any(terms.values()):
        _put(_group(above, name, None), terms, format=_DAY)


def _payment(invoice: Invoice, head: Section) -> None:
    members = [m for node in (*head.all("PYT"), *head.all("PAT")) for m in node.members]
    means = next((m for m in members if m.tag == "PAI"), None)
    accounts = [m for n in head.all("NAD", "SE", "SU", "PE") for m in n.below("FII") if m.at(1) == "RB"]
    if means is None:
        return
    group = _group(invoice, "BG-16", means)
    _put(group, {"BT-81": means.at(1, 3)})
    for account in accounts:
        _put(_group(group, "BG-17", account), {"BT-84": account.at(2)})


def _adjustment(
    above: Group, node: Node, name: str, kind: str, terms: tuple[str, ...], code_at: tuple[int, int]
) -> None:
    """An allowance or a charge."""
    s = node.segment
    group = _group(above, name, s)
    amount, base, percent, category, rate, reason, code = terms
    amounts = {m.at(1): plain.number(m.at(1, 2)) for m in reversed(node.below("MOA"))}
    percents = [plain.number(m.at(1, 2)) for m in node.below("PCD")]
    texts = {amount: amounts.get(kind, ""), base: amounts.get("25", ""), percent: next(iter(percents), "")}
    _put(group, texts | {reason: s.at(2), code: s.at(*code_at)})
    for tax in node.below("TAX")[:1]:
        _put(group, {category: tax.at(6)}, scheme=tax.at(2))
        _put(group, {rate: plain.number(tax.at(5, 4))})


def _line(invoice: Invoice, line: Section) -> None:
    s = line.nodes[0].segment
    group = _group(invoice, "BG-25", s)
    _put(group, {"BT-126": s.at(1), "BT-131": line.amount("203")})
    quantity, unit = line.quantity("47")
    _put(group, {"BT-129": quantity}, **({"unit": unit} if unit else {}))
    _put(group, {"BT-130": unit})
    _period(group, "BG-26", line, "BT-134", "BT-135")
    for node in line.all("ALC", *_OF_LINE):
        if node.segment.at(3) == _IN_ALC_OF_LINE:
            _adjustment(group, node, *_OF_LINE[node.segment.at(1)])
    prices = {n.segment.at(1): n.segment for n in reversed(line.all("PRI"))}
    if net := prices.get("AAA"):
        gross = prices["AAB"].at(1, 2) if "AAB" in prices else ""
        _put(
            _group(group, "BG-29", net),
            {
                "BT-146": plain.number(net.at(1, 2)),
                "BT-148": plain.number(gross),
                "BT-149": plain.number(net.at(1, 5)),
            },
        )
    for node in line.all("TAX", "7")[:1]:
        tax = _group(group, "BG-30", node.segment)
        _put(tax, {"BT-151": node.segment.at(6)}, scheme=node.segment.at(2))
        _put(tax, {"BT-152": plain.number(node.segment.at(5, 4))})
    names = [
        " ".join(filter(None, n.segment.elements[2][3:5])) for n in line.all("IMD", "F", "E", "") if n.segment.all(3)
    ]
    _put(_group(group, "BG-31", s), {"BT-153": next(filter(None, names), "")})


def _totals(invoice: Invoice, summary: Section) -> None:
    amounts = {n.segment.at(1): n.segment for n in reversed(summary.all("MOA"))}
    group = _group(invoice, "BG-22", next(iter(amounts.values()), None))
    own, other = (invoice.text(term) or "" for term in ("BT-5", "BT-6"))
    for term, codes in _TOTALS.items():
        found = next((amounts[code] for code in codes if code in amounts), None)
        if found is not None:
            currency = {"BT-110": own, "BT-111": other}.get(term, "")
            _put(group, {term: plain.number(found.at(1, 2))}, **({"currency": currency} if currency else {}))


def _breakdown(invoice: Invoice, parts: Parts) -> None:
    """TAX of the summary. The reason of an exemption stands in the head, for all categories that want one."""
    reasons = [" ".join(n.segment.all(4)) or n.segment.at(3) for n in parts.head.all("FTX", "AGM", "TXD")]
    for node in parts.summary.all("TAX", "7"):
        s = node.segment
        group = _group(invoice, "BG-23", s)
        amounts = {m.at(1): plain.number(m.at(1, 2)) for m in reversed(node.below("MOA"))}
        _put(group, {"BT-116": amounts.get("125", ""), "BT-117": amounts.get("124", "")})
        _put(group, {"BT-118": s.at(6)}, scheme=s.at(2))
        _put(group, {"BT-119": plain.number(s.at(5, 4))})
        if s.at(6) not in _WITHOUT_REASON:
            _put(group, {"BT-120": next(iter(reasons), "")})


# -- sums of an invoice that does not name the standard ----------------------------------------------------------------


def _all(view: View, group: str, *terms: str) -> bool:
    """Whether there are such groups and each has these terms, as numbers."""
    groups = view.groups(group)
    return bool(groups) and all(amount_of(one, term) is not None for one in groups for term in terms)


def _due_is_explained(view: View, parts: Parts) -> bool:
    """Whether no amount stands in the summary that may belong between the total and what is due."""
    known = {code for codes in _TOTALS.values() for code in codes} | {"125", "39", "86", "131", "128"}
    return _all(view, "BG-22", "BT-112", "BT-115") and all(n.segment.at(1) in known for n in parts.summary.all("MOA"))


_SUMS: Mapping[str, Callable[[View, Parts], bool]] = {
    "BR-CO-10": lambda view, _: _all(view, "BG-25", "BT-131") and _all(view, "BG-22", "BT-106"),
    "BR-CO-14": lambda view, _: _all(view, "BG-23", "BT-117") and _all(view, "BG-22", "BT-110"),
    "BR-CO-15": lambda view, _: _all(view, "BG-22", "BT-109", "BT-110", "BT-112"),
    "BR-CO-16": _due_is_explained,
    "BR-CO-17": lambda view, _: _all(view, "BG-23", "BT-116", "BT-117", "BT-119"),
}
"""Rule → whether an invoice carries the terms that it compares."""


def told(message: Message, found: list[Broken]) -> Iterator[tuple[str, str]]:
    """What is broken in words, and where, with what was got and expected."""
    for one in found:
        got = f": got {one.got or 'nothing'}" + (f", expected {one.expected}" if one.expected else "")
        yield f"{one.rule}, {RULES[one.rule].en}", f"message {message.ordinal}, {one.where}{got}"


def ids_of(found: list[Broken]) -> list[str]:
    """The ids of the rules that are broken, each once, without those that are advice only."""
    return [rule for rule in dict.fromkeys(one.rule for one in found) if RULES[rule].severity == "fatal"]
