"""Which rules an invoice claims to follow: the specification identifier (BT-24) says it.

* Without one that we know, the rules of EN 16931 hold.
* XRechnung adds the rules of the German administration, from version 3 also a part of Peppol's,
  and its extension replaces some rules of the standard by wider ones.
* Peppol BIS Billing adds Peppol's, with those of single countries; its self-billing has them without those.
* Factur-X MINIMUM and BASIC WL are no invoices in the sense of the standard: they have no lines, MINIMUM hardly sums.
* Factur-X EXTENDED has lines in groups and other tolerances: it replaces rules by its own.
* ZUGFeRD 1 is older than the standard: of it only the sums hold.
* Specifications of others are named (`foreign`) and judged by EN 16931 alone; those of countries without VAT by what it
  says beside VAT.
* Our own rules hold for all XML.
"""

from __future__ import annotations

import re

from pipelines.extract.messages.en16931 import national
from pipelines.extract.messages.en16931.rule import BusinessRule, Severity, View

_XRECHNUNG = re.compile(r"xrechnung_(\d+)", re.IGNORECASE)
_PEPPOL = re.compile("urn:fdc:peppol\\.eu:2017:poacc:(?P<of>self)?billing:(?!international)")
_OF_PEPPOL = ("PEPPOL-",)
_OF_XRECHNUNG = ("BR-DE-", "BR-DEX-", "BR-TMP-")
_OF_EXTENDED = "BR-FXEXT-"
_OF_CVD = ("BR-DE-CVD-", "BR-TMP-CVD-")
_SYNTAX = ("UBL-", "CII-")
_OURS = "KONTOR-"
_SYNTAX_OF_EXTENDED = frozenset({"CII-DT-097", "CII-SR-463"})
"""The only rules about the syntax of CII that Factur-X EXTENDED, which has more elements, takes over."""
_FROM_PEPPOL = frozenset(
    f"PEPPOL-EN16931-R{number:03}"
    for number in (1, 5, 8, 10, 20, 40, 41, 42, 43, 44, 46, 53, 54, 55, 61, 101, 110, 111, 120, 121, 130)
)
"""Rules of Peppol that XRechnung took over with version 3.0."""
_NOT_IN_UBL = frozenset({"PEPPOL-EN16931-R006"})
_NOT_IN_CII = frozenset(
    f"PEPPOL-EN16931-{rule}"
    for rule in (
        "R008",
        "R044",
        "R046",
        "R051",
        "CL006",
        "P0100",
        "P0101",
        *(f"P{number:04}" for number in range(104, 113)),
    )
)
"""Rules that Peppol BIS Billing has for one syntax only. XRechnung has some of them for both."""
_NOT_SELF_BILLED = frozenset({"PEPPOL-EN16931-P0112"})
"""Rules that Peppol BIS Billing has and its self-billing has not, beside those of single countries."""
_OF_UBL_ONLY = re.compile(r"PEPPOL-EN16931-R(?:1[4-9]|2)\d+")
"""Peppol's rules about elements of UBL."""
_ADVICE = frozenset({"PEPPOL-EN16931-R120", "BR-CL-21", "BR-CL-23"})
"""Rules that XRechnung only advises, as its validator is configured. In CII all of Peppol's were advice until 2025."""
_FAULTS = frozenset({"CII-SR-453", "CII-SR-454"})
"""Warnings of EN 16931 that are faults of an XRechnung, likewise. CII-SR-465 and 466 are no faults with us, though with
the validator: a contact that is a person in a department is in the samples that ZUGFeRD publishes of XRechnung."""
_SINCE = {
    **dict.fromkeys((f"BR-DE-{number}" for number in ("22", "23-a", "23-b", "24-a", "24-b", "25-a", "25-b", "26")), 2),
    **dict.fromkeys(("BR-DE-27", "BR-DE-28"), 2),
    **dict.fromkeys(("BR-DE-30", "BR-DE-31", *(f"BR-TMP-{number}" for number in range(2, 8))), 3),
}
"""Rules that came with a later version of XRechnung."""
_OF_UBL = frozenset({"BR-DEX-09", "BR-TMP-6"})
"""Payments of third parties are in UBL only: in CII the extension leaves BR-CO-16 as it is."""
_OF_CII = frozenset({"BR-TMP-4", "BR-TMP-5", "BR-TMP-7"})
_REPLACED = frozenset({"BR-CO-16", "BR-CL-10", "BR-CL-11", "BR-CL-21", "BR-CL-24", "BR-CL-25", "BR-CL-26"})
"""Rules of the standard that the extension of XRechnung replaces."""
_CATEGORIES = ("S", "Z", "E", "AE", "IC", "G", "O", "AF", "AG")
_OF_LINES = frozenset(
    {"BR-16", "BR-CO-10", *(f"BR-{family}-{number}" for family in _CATEGORIES for number in ("01", "08"))}
)  # fmt: skip
_OF_MINIMUM = frozenset(
    {*(f"BR-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15)), "BR-CO-09", "BR-CO-26",
     "BR-CL-01", "BR-CL-03", "BR-CL-04", "BR-CL-10", "BR-CL-11", "BR-CL-14",
     "BR-DEC-12", "BR-DEC-13", "BR-DEC-14", "BR-DEC-18"}
)  # fmt: skip
_NOT_IN_EXTENDED = frozenset(
    {*(f"BR-{number}" for number in (22, 23, 24, 26, 27, 28, 38, 44, 54)),
     *(f"BR-CO-{number:02}" for number in (4, 10, 11, 12, 13, 15, 16, 17, 22, 24)),
     *(f"BR-{family}-{number}" for family in _CATEGORIES for number in ("01", "08")),
     *(f"BR-{family}-10" for family in ("S", "Z", "AF", "AG")), "BR-S-09",
     *(f"BR-O-{number:02}" for number in (2, 3, 4, 11, 12, 13, 14))}
)  # fmt: skip
"""Rules of the standard that Factur-X EXTENDED replaces or leaves out."""
_OF_ZUGFERD_1 = frozenset({f"BR-CO-{number}" for number in (10, 11, 12, 13, 14, 15)})
_LOOSE_IN_ZUGFERD_1 = frozenset({"BR-CO-10", "BR-CO-11", "BR-CO-12"})
"""Sums of parts: BASIC has no allowances to add up, and the published samples differ in sign, or by a cent."""

_CORE = "urn:cen.eu:en16931:2017"
_KNOWN = re.compile(
    rf"{_CORE}|.*xrechnung_\d.*|.*urn:fdc:peppol\.eu:2017:poacc:(?:self)?billing:3\.0.*|urn:ferd:crossindustrydocument.*"
    rf"|(?:{_CORE}#(?:compliant|conformant)#)?urn:(?:factur-x\.eu|zugferd\.de):\dp\d:\w+|urn:cen\.eu:en16931:2017:basic"
)
_FOREIGN = {
    "cius-ro": "CIUS-RO (Romania)",
    "cius-pt": "CIUS-PT (Portugal)",
    "cius-it": "CIUS-IT (Italy)",
    "cius-es": "CIUS-ES (Spain)",
    "cius-at": "CIUS-AT (Austria)",
    "mfin.gov.hr": "CIUS-HR (Croatia)",
    "mfin.gov.rs": "SRBDT (Serbia)",
    "nen.nl:nlcius": "NLCIUS (Netherlands)",
    "nen.nl:gaccount": "NLCIUS with a blocked account (Netherlands)",
    "simplerinvoicing.org": "SI-UBL 1 (Netherlands)",
    "ubl.be": "UBL.BE, e-FFF (Belgium)",
    "cpro.gouv.fr": "CTC-FR (France)",
    "extended-ctc-fr": "CTC-FR (France)",
    "international:aunz": "A-NZ Peppol BIS Billing (Australia, New Zealand)",
    "international:sg": "SG Peppol BIS Billing (Singapore)",
    "peppol:pint": "Peppol International Invoice (PINT)",
    "peppol:jp": "JP PINT (Japan)",
    "difi.no:ehf": "EHF (Norway)",
    "cenbii.eu": "Peppol BIS 2, older than EN 16931",
    "oioubl": "OIOUBL (Denmark), older than EN 16931",
    "tr1.2": "UBL-TR (Turkey)",
}
"""Specifications of others by a part of their identifier (BT-24): their own rules are not built."""
_OF_OTHER_TAXES = re.compile(r"poacc:billing:international:|urn:peppol:pint:(?!\S*@(?:eu|be)\b)")
"""Those of countries whose tax is no VAT."""
_WITHOUT_VAT = frozenset(
    {*(f"BR-{number:02}" for number in (*range(1, 17), 21, 22, 24, 25, 26)), "BR-29", "BR-30",
     *(f"BR-CO-{number}" for number in range(10, 17)), "BR-CL-01", "BR-CL-03", "BR-CL-04", "BR-CL-05", "BR-CL-14"}
)  # fmt: skip
"""What EN 16931 asks that has nothing to do with VAT, or sums up any tax."""


def foreign(view: View) -> str:
    """How an invoice is judged whose specification has rules that we do not know; empty where we know them."""
    said = view.text("BT-24")
    if not said or _KNOWN.fullmatch(said.lower()):
        return ""
    name = next((f"{name}, {said!r}" for part, name in _FOREIGN.items() if part in said.lower()), repr(said[:120]))
    part = ", without what it says of VAT" if _OF_OTHER_TAXES.search(said.lower()) else ""
    return f"judged by EN 16931 only{part}: it follows {name}, whose own rules are not known"


def holds(rule: str, view: View) -> bool:
    """Whether a rule is one of those that the invoice claims to follow."""
    said = view.text("BT-24").lower()
    version = _XRECHNUNG.search(said)
    if rule.startswith(_OURS):
        return view.is_xml
    if _OF_OTHER_TAXES.search(said):
        return rule in _WITHOUT_VAT
    if rule.startswith(_SYNTAX):
        of_other = rule.startswith("UBL-" if view.is_cii else "CII-")
        return view.is_xml and not of_other and _has_syntax(rule, said)
    is_cvd = ":cvd_" in said
    peppol = _PEPPOL.search(said)
    if rule.startswith(_OF_CVD):
        return is_cvd
    if rule.startswith(_OF_XRECHNUNG):
        if version is None or (rule.startswith("BR-DEX-") and not is_extension(view)):
            return False
        return int(version[1]) >= _SINCE.get(rule, 1) and rule not in (_OF_UBL if view.is_cii else _OF_CII)
    if rule.startswith(national.IDS):
        is_billing = peppol is not None and not peppol["of"]
        return is_billing and not (view.is_cii and rule.startswith(national.IN_UBL_ONLY))
    if rule.startswith(_OF_PEPPOL):
        if version:
            return int(version[1]) >= 3 and rule in _FROM_PEPPOL
        if peppol is None or (peppol["of"] and rule in _NOT_SELF_BILLED):
            return False
        if view.is_cii:
            return rule not in _NOT_IN_CII and not _OF_UBL_ONLY.fullmatch(rule)
        return rule not in _NOT_IN_UBL
    if said.startswith("urn:ferd:crossindustrydocument"):
        return rule in _OF_ZUGFERD_1
    if rule.startswith(_OF_EXTENDED) or said.endswith(":extended"):
        return said.endswith(":extended") and rule not in _NOT_IN_EXTENDED
    if said.endswith(":minimum"):
        return rule in _OF_MINIMUM
    if said.endswith(":basicwl"):
        return rule not in _OF_LINES
    if rule == "BR-CL-13" and is_cvd:
        return False
    return not (rule in _REPLACED and is_extension(view)) or (view.is_cii and rule == "BR-CO-16")


def _has_syntax(rule: str, said: str) -> bool:
    """Profiles that are less than EN 16931 or older have no rules about their syntax, EXTENDED a few."""
    if said.startswith("urn:ferd:"):
        return False
    if said.endswith(":extended"):
        return rule in _SYNTAX_OF_EXTENDED
    return not said.endswith((":minimum", ":basicwl"))


def is_extension(view: View) -> bool:
    """Whether it follows the extension of XRechnung."""
    return "extension:xrechnung" in view.text("BT-24").lower()


def severity(rule: BusinessRule, view: View) -> Severity:
    """What breaking a rule is for this invoice: some specifications take a rule otherwise than its author."""
    if view.text("BT-24").startswith("urn:ferd:") and rule.id in _LOOSE_IN_ZUGFERD_1:
        return "warning"
    if not _XRECHNUNG.search(view.text("BT-24")):
        return rule.severity
    return "fatal" if rule.id in _FAULTS else "warning" if rule.id in _ADVICE else rule.severity
