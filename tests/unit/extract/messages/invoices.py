"""A sound invoice as the tree of EN 16931, and edits of it written as short texts, parted by semicolons:

BG-22/BT-106=99.00      the term is this instead (groups on the way are made)
BG-4/BT-34@scheme=XX    its attribute is this; nothing after the = takes it away
+BG-3/BT-25=7           one more of it; `+BG-23` alone copies the last group
-BG-20                  the term, or all groups of this name, are gone
BG-23#1/BT-118=S        of the groups of this name only the second and those behind it
"""

from __future__ import annotations

import copy

from pipelines.extract.messages.en16931.codes import AMOUNTS
from pipelines.extract.messages.invoice import Group, Invoice, Syntax, Term

SPECIFICATIONS = {
    "core": "urn:cen.eu:en16931:2017",
    "xrechnung": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    "cvd": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
    "#compliant#urn:xeinkauf.de:kosit:xrechnung:cvd_0.9",
    "extension": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
    "#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0",
    "peppol": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "self_billing": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0",
    "extended": "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
}
_HEAD = """
BT-1=RE-2026-7; BT-2=2026-11-02; BT-3=380; BT-5=EUR; BT-9=2026-12-02; BT-10=04011000-12345-03; BT-11=P-1; BT-12=V-1
BT-13=B-1; BT-18=Z-1; BT-18@scheme=AAA; BT-20=within 30 days
BG-1/BT-21=AAI; BG-1/BT-22=Thank you
BG-2/BT-23=urn:fdc:peppol.eu:2017:poacc:billing:01:1.0
BG-3/BT-25=RE-2026-6
BG-4/BT-27=Sample Seller; BG-4/BT-28=Sample; BG-4/BT-29=4000001000005; BG-4/BT-29@scheme=0088
BG-4/BT-30=HRB 1; BG-4/BT-30@scheme=0002; BG-4/BT-31=DE123456789; BG-4/BT-32=123/456/7890
BG-4/BT-34=4000001000005; BG-4/BT-34@scheme=0088
BG-4/BG-5/BT-37=Hamburg; BG-4/BG-5/BT-38=20095; BG-4/BG-5/BT-40=DE
BG-4/BG-6/BT-41=Sample Desk; BG-4/BG-6/BT-42=+49 40 123; BG-4/BG-6/BT-43=desk@seller.example
BG-7/BT-44=Sample Buyer; BG-7/BT-46=K-1; BG-7/BT-47=HRB 2; BG-7/BT-47@scheme=0002; BG-7/BT-48=FR12345678901
BG-7/BT-49=4000001000012; BG-7/BT-49@scheme=0088
BG-7/BG-8/BT-52=Lyon; BG-7/BG-8/BT-53=69001; BG-7/BG-8/BT-55=FR
BG-10/BT-59=Sample Payee; BG-10/BT-60=P-1; BG-10/BT-61=HRB 3; BG-10/BT-61@scheme=0002
BG-11/BT-62=Sample Representative; BG-11/BT-63=ATU12345678; BG-11/BG-12/BT-69=AT
BG-13/BT-71=4000001000029; BG-13/BT-71@scheme=0088; BG-13/BT-72=2026-10-30
BG-13/BG-14/BT-73=2026-10-01; BG-13/BG-14/BT-74=2026-10-31
BG-13/BG-15/BT-77=Lyon; BG-13/BG-15/BT-78=69002; BG-13/BG-15/BT-80=FR
BG-16/BT-81=58; BG-16/BG-17/BT-84=DE89370400440532013000
BG-20/BT-92=10.00; BG-20/BT-93=100.00; BG-20/BT-94=10; BG-20/BT-95=S; BG-20/BT-96=19; BG-20/BT-97=Bonus
BG-20/BT-98=95
BG-21/BT-99=10.00; BG-21/BT-100=200.00; BG-21/BT-101=5; BG-21/BT-102=S; BG-21/BT-103=19; BG-21/BT-104=Freight
BG-21/BT-105=FC
BG-22/BT-106=200.00; BG-22/BT-107=10.00; BG-22/BT-108=10.00; BG-22/BT-109=200.00; BG-22/BT-110=38.00
BG-22/BT-112=238.00; BG-22/BT-113=38.00; BG-22/BT-114=0.00; BG-22/BT-115=200.00
BG-23/BT-116=200.00; BG-23/BT-117=38.00; BG-23/BT-118=S; BG-23/BT-119=19
BG-24/BT-122=A-1; BG-24/BT-125=JVBERi0=; BG-24/BT-125@mime_code=application/pdf; BG-24/BT-125@file_name=a.pdf
"""
_LINE = """
BT-126=1; BT-128=Z-1; BT-128@scheme=AAA; BT-129=2; BT-130=C62; BT-131=97.00
BG-26/BT-134=2026-10-01; BG-26/BT-135=2026-10-31
BG-27/BT-136=5.00; BG-27/BT-137=100.00; BG-27/BT-138=5; BG-27/BT-139=Bonus; BG-27/BT-140=95
BG-28/BT-141=2.00; BG-28/BT-142=100.00; BG-28/BT-143=2; BG-28/BT-144=Packing; BG-28/BT-145=PC
BG-29/BT-146=50.00; BG-29/BT-147=1.00; BG-29/BT-148=51.00; BG-29/BT-149=1; BG-29/BT-150=C62
BG-30/BT-151=S; BG-30/BT-152=19
BG-31/BT-153=Screws; BG-31/BT-157=4000001000036; BG-31/BT-157@scheme=0160; BG-31/BT-158=31161500
BG-31/BT-158@scheme=TST; BG-31/BT-159=DE; BG-31/BG-32/BT-160=Colour; BG-31/BG-32/BT-161=grey
"""
_OTHER = """
BT-126=2; BT-129=1; BT-130=HUR; BT-131=103.00; BG-29/BT-146=103.00; BG-30/BT-151=S; BG-30/BT-152=19
BG-31/BT-153=Work
"""
_CATEGORIES = ("BT-95", "BT-102", "BT-118", "BT-151")
_REGISTRATIONS = ("BT-31", "BT-32", "BT-48", "BT-63")
_PARTS = {"BG-20": "false", "BG-21": "true", "BG-27": "false", "BG-28": "true"}


def sound(specification: str = "core", syntax: Syntax = "ubl invoice", edits: str = "") -> Invoice:
    """An invoice that breaks no rule of its specification, changed as the edits say."""
    invoice = Invoice("invoice", line=1, syntax=syntax)
    edit(invoice, f"{_HEAD}; BG-2/BT-24={SPECIFICATIONS[specification]}")
    if specification == "self_billing":
        edit(invoice, "BT-3=389; BG-2/BT-23=urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0")
    for number, text in enumerate((_LINE, _OTHER)):
        line = Group("BG-25", line=100 + number)
        edit(line, text)
        invoice.groups.setdefault("BG-25", []).append(line)
    edit(invoice, edits)
    complete(invoice)
    return invoice


def edit(group: Group, edits: str) -> None:
    """Change a group, or all of those at the end of a path, as the edits say."""
    for one in filter(None, (part.strip() for part in edits.replace("\n", ";").split(";"))):
        _apply(group, one)


def _apply(root: Group, one: str) -> None:
    place, is_set, text = one.lstrip("+-").partition("=")
    *way, last = place.split("/")
    groups = [root]
    for step in way:
        name, _, number = step.partition("#")
        for group in groups:
            if not group.all(name):
                group.groups[name] = [Group(name, line=9)]
        groups = [
            below for group in groups for below in (group.all(name)[int(number) :] if number else group.all(name))
        ]
    term, _, attribute = last.partition("@")
    for group in groups:
        if one[0] == "-":
            group.terms.pop(last, None)
            group.groups.pop(last, None)
        elif attribute:
            for old in group.terms.get(term, [])[-1:]:
                others = {name: value for name, value in old.attributes.items() if name != attribute}
                group.terms[term][-1] = Term(old.text, {**others, attribute: text} if text else others)
        elif is_set:
            group.terms[term] = [*(group.terms.get(term, []) if one[0] == "+" else []), Term(text)]
        else:
            group.groups[last].append(copy.deepcopy(group.groups[last][-1]))


def complete(invoice: Invoice) -> None:
    """As the readers leave it, unless an edit said otherwise: amounts have the currency of the invoice, in CII only
    totals of VAT; categories and numbers are of VAT; a part says whether it is a charge, a document what it is."""
    is_cii = invoice.syntax == "cii"
    with_currency = {"BT-110", "BT-111"} if is_cii else {*AMOUNTS, "BT-DEX-002"}
    for group in invoice.walk():
        for name in group.terms:
            said: dict[str, str] = {"currency": "EUR"} if name in with_currency else {}
            said |= {"scheme": "VAT"} if name in _CATEGORIES else {}
            said |= {"tax": "VAT"} if name in _REGISTRATIONS and not is_cii else {}
            group.terms[name] = [Term(t.text, {**said, **t.attributes}) for t in group.terms[name]]
        if group.name in _PARTS or "BT-147" in group.terms:
            group.terms.setdefault("X-ChargeIndicator", [Term(_PARTS.get(group.name, "false"))])
        if group.name == "BG-24" and is_cii:
            group.terms["X-DocumentTypeCode"] = [Term("916")]
    if not is_cii:
        invoice.tax_totals = (len(invoice.all("BG-23")),)
