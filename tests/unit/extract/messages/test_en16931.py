"""Business rules of electronic invoices: each one finds its own fault, and none finds one in a sound invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest

from pipelines.extract.messages.en16931 import (
    RULES,
    SOUND,
    View,
    broken,
    decimals,
    foreign,
    peppol_children,
    verdict,
)
from pipelines.extract.messages.en16931.rule import to_cents
from pipelines.extract.messages.en16931.vat import FAMILIES, Family
from pipelines.extract.messages.invoice import Group, Invoice, Syntax, Term, Unread
from tests.unit.extract.messages.en16931_trips import TRIPS
from tests.unit.extract.messages.invoices import SPECIFICATIONS, sound
from tests.unit.extract.messages.syntax_trips import TRIPS as OF_SYNTAX

_HOME = {
    **dict.fromkeys((92, 93), "BG-20"), **dict.fromkeys((99, 100), "BG-21"), **dict.fromkeys(range(106, 116), "BG-22"),
    **dict.fromkeys((116, 117), "BG-23"), 131: "BG-25", **dict.fromkeys((136, 137), "BG-25/BG-27"),
    **dict.fromkeys((141, 142), "BG-25/BG-28"),
}  # fmt: skip
_OF_FAMILIES = {f"BR-{family.name}-{number:02}" for family in FAMILIES for number in range(1, 11)}
SYNTAXES: tuple[Syntax, ...] = get_args(Syntax)


def ids(invoice: Invoice) -> set[str]:
    return {found.rule for found in broken(invoice)}


def of_family(family: Family, syntax: Syntax = "ubl invoice", edits: str = "") -> Invoice:
    """The sound invoice with all its lines, allowances and charges in one VAT category."""
    change = [
        f"{place}={family.code}" for place in ("BG-20/BT-95", "BG-21/BT-102", "BG-23/BT-118", "BG-25/BG-30/BT-151")
    ]
    rates = ("BG-20/BT-96", "BG-21/BT-103", "BG-23/BT-119", "BG-25/BG-30/BT-152")
    if not family.is_taxed:
        change += [f"-{rate}" if family.rate == "none" else f"{rate}=0" for rate in rates]
        change += ["BG-23/BT-117=0.00", "BG-22/BT-110=0.00", "BG-22/BT-112=200.00", "-BG-22/BT-113"]
    if family.has_reason:
        change.append("BG-23/BT-120=because")
    if family.seller == "none":
        change += ["-BG-4/BT-31", "-BG-7/BT-48", "-BG-11"]
    return sound("core", syntax, ";".join([*change, edits]))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_a_sound_invoice_breaks_nothing(specification: str, syntax: Syntax) -> None:
    edits = "" if syntax != "ubl credit note" else "BT-3=261" if specification == "self_billing" else "BT-3=381"
    vehicle = "BT-17=L-1; BG-25/BG-31/BT-158=M1; BG-25/BG-31/BT-158@scheme=CVD; BG-25/BG-31/BG-32/BT-160=cva"
    if specification in ("peppol", "self_billing") and syntax == "cii":
        edits += "-BG-1/BT-21"
    if specification == "cvd":
        edits += f"; {vehicle}; BG-25/BG-31/BG-32/BT-161=clean"
    invoice = sound(specification, syntax, edits)
    assert broken(invoice) == []
    assert verdict(invoice, []) == (SOUND, SOUND)


def test_every_rule_has_a_sample_that_breaks_it() -> None:
    others = {rule.id for module in (decimals, peppol_children) for rule in module.RULES}
    assert set(TRIPS) | set(OF_SYNTAX) | others | _OF_FAMILIES == set(RULES)


@pytest.mark.parametrize("rule", TRIPS)
def test_each_rule_finds_its_fault(rule: str) -> None:
    specification, edits = TRIPS[rule]
    credited = ("PEPPOL-EN16931-P0101", "PEPPOL-EN16931-R080", "DK-R-016", "NL-R-001")
    in_cii = ("BR-DEX-15", "BR-TMP-4", "BR-TMP-5", "BR-TMP-7", "PEPPOL-EN16931-R006")
    others: dict[str, Syntax] = {**dict.fromkeys(credited, "ubl credit note"), **dict.fromkeys(in_cii, "cii")}
    syntax = others.get(rule, "ubl invoice")
    found = [one for one in broken(sound(specification, syntax, edits)) if one.rule == rule]
    assert found
    assert all(one.where for one in found)


@pytest.mark.parametrize("rule", [rule.id for rule in decimals.RULES])
def test_amounts_have_two_decimals(rule: str) -> None:
    term = next(term for term in RULES[rule].en.split("(")[1].split(")")[:1])
    place = f"{_HOME[int(term[3:])]}/{term}"
    assert rule in ids(sound(edits=f"{place}=10.001"))
    assert rule not in ids(sound(edits=f"{place}=10.01"))


@pytest.mark.parametrize("syntax", ["ubl invoice", "cii"])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
class TestFamiliesOfVat:
    def test_a_sound_one_breaks_nothing(self, family: Family, syntax: Syntax) -> None:
        assert broken(of_family(family, syntax)) == []

    def test_it_stands_in_the_breakdown(self, family: Family, syntax: Syntax) -> None:
        rule = f"BR-{family.name}-01"
        assert rule in ids(of_family(family, syntax, "-BG-23"))
        assert (rule in ids(of_family(family, syntax, "+BG-23"))) != family.is_taxed

    @pytest.mark.parametrize(
        ("number", "others"), [(2, "-BG-20; -BG-21"), (3, "-BG-25; -BG-21"), (4, "-BG-25; -BG-20")]
    )
    def test_it_needs_numbers_of_the_parties(self, family: Family, syntax: Syntax, number: int, others: str) -> None:
        """Each of the three rules looks at its own kind: lines, allowances, charges."""
        without = "BG-4/BT-31=DE123456789" if family.seller == "none" else "-BG-4/BT-31; -BG-4/BT-32; -BG-11"
        about = {f"BR-{family.name}-{n:02}" for n in (2, 3, 4)}
        assert ids(of_family(family, syntax, f"{without}; {others}")) & about == {f"BR-{family.name}-{number:02}"}
        has_all = ids(of_family(family, syntax, others)) & about
        assert has_all == set()

    def test_the_buyer_is_known_where_the_tax_is_his(self, family: Family, syntax: Syntax) -> None:
        wanted = family.buyer in ("vat", "legal")
        assert (f"BR-{family.name}-02" in ids(of_family(family, syntax, "-BG-7/BT-48; -BG-7/BT-47"))) == wanted
        assert (f"BR-{family.name}-02" in ids(of_family(family, syntax, "-BG-7/BT-48"))) == (family.buyer == "vat")

    @pytest.mark.parametrize(("number", "place"), [(5, "BG-25/BG-30/BT-152"), (6, "BG-20/BT-96"), (7, "BG-21/BT-103")])
    def test_its_rate_is_right(self, family: Family, syntax: Syntax, number: int, place: str) -> None:
        wrong = {"above 0": "0", "0": "19", "0 or more": "-1", "none": "0"}[family.rate]
        about = {f"BR-{family.name}-{n:02}" for n in (5, 6, 7)}
        found = ids(of_family(family, syntax, f"{place}={wrong}"))
        assert found & about == {f"BR-{family.name}-{number:02}"}

    def test_its_base_is_that_of_its_parts(self, family: Family, syntax: Syntax) -> None:
        rule = f"BR-{family.name}-08"
        assert rule in ids(of_family(family, syntax, "BG-23/BT-116=201.00"))
        is_loose = family.is_taxed == (syntax == "ubl invoice")
        assert (rule in ids(of_family(family, syntax, "BG-23/BT-116=200.99"))) != is_loose

    def test_its_tax_is_right(self, family: Family, syntax: Syntax) -> None:
        rule = f"BR-{family.name}-09"
        tax = Decimal(38 if family.is_taxed else 0)
        assert rule in ids(of_family(family, syntax, f"BG-23/BT-117={tax + 1}"))
        assert (rule in ids(of_family(family, syntax, f"BG-23/BT-117={tax + Decimal('0.99')}"))) != family.is_taxed

    def test_its_exemption_has_a_reason(self, family: Family, syntax: Syntax) -> None:
        rule = f"BR-{family.name}-10"
        assert rule in ids(of_family(family, syntax, "-BG-23/BT-120" if family.has_reason else "BG-23/BT-120=because"))


def test_rates_are_apart() -> None:
    """Two rates of one category: each base is that of its own lines."""
    split = "BG-25/BG-30/BT-152=7; BG-23/BT-116=0.00; BG-23/BT-117=0.00; BG-22/BT-110=14.00; BG-22/BT-112=214.00"
    invoice = sound(edits=f"{split}; BG-22/BT-115=176.00")
    assert "BR-S-08" not in ids(invoice)
    seven = Group("BG-23", 8, {"BT-116": [Term("199.00")], "BT-117": [Term("14.00")], "BT-119": [Term("7")]})
    seven.terms["BT-118"] = [Term("S", {"scheme": "VAT"})]
    invoice.groups["BG-23"].append(seven)
    assert [found.where for found in broken(invoice) if found.rule == "BR-S-08"] == ["BT-116, line 8"]


@pytest.mark.parametrize(
    ("value", "rounded"), [("0.005", "0.01"), ("-0.005", "0.00"), ("2.675", "2.68"), ("-2.676", "-2.68"), ("1", "1")]
)
def test_halves_are_rounded_upwards(value: str, rounded: str) -> None:
    assert to_cents(Decimal(value)) == Decimal(rounded)


def test_amounts_of_any_length_are_added_exactly() -> None:
    long = "1" * 60
    edits = f"BG-25/BT-131={long}.01; BG-22/BT-106={2 * int(long)}.02"
    assert "BR-CO-10" not in ids(sound(edits=edits))
    assert "BR-CO-10" in ids(sound(edits=edits.replace(".02", ".03")))


@pytest.mark.parametrize("amount", ["", "1,00", "1e3", "NaN", "ten", "--1", "١٢"])
def test_what_is_no_number_adds_up_to_nothing(amount: str) -> None:
    assert {"BR-CO-13", "BR-CO-15"} <= ids(sound(edits=f"BG-22/BT-109={amount}"))


def test_only_rules_that_the_invoice_claims_are_asked() -> None:
    edits = "-BT-10; -BT-13; -BG-4/BG-6; -BG-4/BT-34; -BG-7/BT-49"
    assert ids(sound("core", edits=edits)) == set()
    assert ids(sound("xrechnung", edits=edits)) == {
        "BR-DE-15", "BR-DE-2", "PEPPOL-EN16931-R010", "PEPPOL-EN16931-R020",
    }  # fmt: skip
    assert ids(sound("peppol", edits=edits)) == {
        "PEPPOL-EN16931-R003", "PEPPOL-EN16931-R010", "PEPPOL-EN16931-R020",
    }  # fmt: skip


@pytest.mark.parametrize("syntax", ["ubl invoice", "cii"])
def test_one_rule_of_peppol_is_advice_for_an_xrechnung(syntax: Syntax) -> None:
    """BT-131 of one line is off by more than the slack; the sums of the invoice follow it."""
    off = "BG-25/BT-131=100.00; BG-22/BT-106=200.00"
    for specification, advice in (("xrechnung", True), ("peppol", False)):
        invoice = sound(specification, syntax, f"-BG-7/BT-49; {off}")
        faults, warnings = verdict(invoice, broken(invoice))
        assert "PEPPOL-EN16931-R010" in faults.split()
        assert ("PEPPOL-EN16931-R120" in warnings.split()) == advice
        assert ("PEPPOL-EN16931-R120" in faults.split()) != advice


@pytest.mark.parametrize(
    ("specification", "syntax", "edits", "rule", "core"),
    [
        ("xrechnung", "ubl invoice", "BG-25/BT-130=XXX", "BR-CL-23", "fatal"),
        ("xrechnung", "ubl invoice", "BG-25/BG-31/BT-157@scheme=XX", "BR-CL-21", "fatal"),
        ("xrechnung", "cii", "+BG-25/BG-30", "CII-SR-454", "warning"),
    ],
)
def test_some_specifications_take_a_rule_otherwise(
    specification: str, syntax: Syntax, edits: str, rule: str, core: str
) -> None:
    """XRechnung advises some and asks for what else is advice."""
    for of, is_fatal in (("core", core == "fatal"), (specification, core != "fatal")):
        invoice = sound(of, syntax, edits)
        faults, warnings = verdict(invoice, broken(invoice))
        assert rule in (faults if is_fatal else warnings).split(), of


@pytest.mark.parametrize(
    ("syntax", "kind", "other"), [("ubl invoice", "389", "380"), ("ubl credit note", "261", "381")]
)
def test_self_billing_has_types_of_its_own_and_no_rules_of_countries(syntax: Syntax, kind: str, other: str) -> None:
    danish = "BG-4/BG-5/BT-40=DK; BG-4/BT-31=DK12345678"
    assert ids(sound("self_billing", syntax, f"BT-3={kind}; {danish}")) == set()
    code = "P0100" if syntax == "ubl invoice" else "P0101"
    assert ids(sound("self_billing", syntax, f"BT-3={other}")) == {f"PEPPOL-EN16931-{code}"}
    assert ids(sound("self_billing", syntax, f"BT-3={other}; BG-2/BT-23=urn:peppol:bis:billing_with_response")) == set()
    process = "BG-2/BT-23=urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    assert ids(sound("self_billing", syntax, f"BT-3={kind}; {process}")) == {"PEPPOL-EN16931-R007"}
    assert "PEPPOL-EN16931-R007" in ids(
        sound("peppol", syntax, "BG-2/BT-23=urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0")
    )


@pytest.mark.parametrize(
    ("specification", "name"),
    [
        *((known, "") for known in SPECIFICATIONS.values()),
        ("urn:factur-x.eu:1p0:minimum", ""),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", ""),
        ("urn:ferd:CrossIndustryDocument:invoice:1p0:comfort", ""),
        ("urn:cen.eu:en16931:2017#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1", "CIUS-RO (Romania)"),
        ("urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0", "NLCIUS (Netherlands)"),
        ("urn:cen.eu:en16931:2017#conformant#urn:UBL.BE:1.0.0.20180214", "UBL.BE, e-FFF (Belgium)"),
        ("urn:cen.eu:en16931:2017#compliant#urn:mfin.gov.hr:cius-2025:1.0#conformant#urn:mfin.gov.hr:ext-2025:1.0",
         "CIUS-HR (Croatia)"),
        ("urn:cen.eu:en16931:2017#conformant#urn:fdc:peppol.eu:2017:poacc:billing:international:aunz:3.0",
         "A-NZ Peppol BIS Billing"),
        ("urn:peppol:pint:billing-1@my-1", "PINT"),
        ("urn:peppol:pint:billing-1@eu-1", "PINT"),
        ("urn:example.org:ours", "urn:example.org:ours"),
    ],
)  # fmt: skip
def test_a_specification_of_others_is_named_and_judged_by_the_standard(specification: str, name: str) -> None:
    no_country = f"BG-2/BT-24={specification}; -BG-7/BG-8/BT-55"
    invoice = sound(edits=no_country)
    assert name in foreign(View(invoice)) if name else foreign(View(invoice)) == ""
    if name:
        is_of_vat = "without what it says of VAT" not in foreign(View(invoice))
        assert is_of_vat == ("@my" not in specification and ":international:" not in specification)
        assert ids(invoice) == {"BR-11"}
        assert ids(sound(edits=f"{no_country}; BG-25/BG-30/BT-151=SR")) > {"BR-11"} or not is_of_vat
        assert "BR-CO-10" in ids(sound(edits=f"{no_country}; BG-25/BT-131=1.00"))


@pytest.mark.parametrize("end", ["urn:factur-x.eu:1p0:minimum", "urn:zugferd.de:2p0:basicwl"])
def test_profiles_without_lines_are_not_asked_for_them(end: str) -> None:
    assert ids(sound(syntax="cii", edits=f"BG-2/BT-24={end}; -BG-25")) == set()
    assert "BR-06" in ids(sound(syntax="cii", edits=f"BG-2/BT-24={end}; -BG-25; -BG-4/BT-27"))


def test_of_zugferd_1_only_the_sums_are_judged() -> None:
    old = "BG-2/BT-24=urn:ferd:CrossIndustryDocument:invoice:1p0:basic; -BG-7; -BG-4/BG-5"
    assert ids(sound(syntax="cii", edits=old)) == set()
    assert ids(sound(syntax="cii", edits=f"{old}; BG-22/BT-112=1.00")) == {"BR-CO-15"}
    extended = f"{old.replace('basic', 'extended')}; BG-22/BT-107=-10.00; BG-13/BG-14/BT-73=2026-91-01"
    invoice = sound(syntax="cii", edits=extended)
    assert verdict(invoice, broken(invoice)) == ("BR-CO-13", "BR-CO-11")


_TOTALS = (
    "BG-22/BT-106=97.00; BG-22/BT-109=97.00; BG-22/BT-110=18.43; BG-22/BT-112=115.43; BG-22/BT-115=77.43; "
    "BG-23/BT-116=97.00; BG-23/BT-117=18.43"
)
"""Of the sound invoice without its second line."""


def test_groups_of_lines_are_in_no_sum_of_extended() -> None:
    grouped = f"BG-25#1/BT-X-8=INFORMATION; -BG-25#1/BG-30; {_TOTALS}"
    assert ids(sound("extended", "cii", grouped)) == set()
    assert "BR-FXEXT-CO-10" in ids(sound("extended", "cii", grouped.replace("INFORMATION", "DETAIL")))


_PARTS_OF_A_GROUP = (
    "BG-25/BT-X-8=GROUP; -BG-25/BG-30; BG-25#1/BT-X-8=DETAIL; BG-25#1/BT-X-304=1; BG-25#1/BG-30/BT-151=S; "
    f"BG-25#1/BG-30/BT-152=19; BG-25#1/BT-131=97.00; {_TOTALS}"
)


@pytest.mark.parametrize(
    ("edits", "wanted"),
    [
        (_PARTS_OF_A_GROUP, set()),
        (f"{_PARTS_OF_A_GROUP}; BG-25/BT-131=96.99; BG-25#1/BT-131=97.00", {"BR-FXEXT-08"}),
        (f"{_PARTS_OF_A_GROUP}; BG-25#1/BT-X-304=7", {"BR-FXEXT-08", "BR-FXEXT-11"}),
        ("-BG-22/BT-110; BG-22/BT-112=200.00; BG-22/BT-115=162.00", set()),
        ("-BG-22/BT-110; BG-22/BT-112=200.01; BG-22/BT-115=162.01", {"BR-FXEXT-CO-15"}),
        ("BG-20/BT-95=Z; BG-20/BT-96=0", {"BR-FXEXT-Z-01", "BR-FXEXT-S08b"}),
        ("BG-23/BT-118=Z; BG-23/BT-119=0", {"BR-FXEXT-Z-01", "BR-FXEXT-S-01", "BR-FXEXT-Z-08b", "BR-Z-09"}),
        ("BG-23/BT-116=200.04", set()),
        ("BG-23/BT-117=38.04", {"BR-CO-14"}),
    ],
)
def test_where_a_rule_of_extended_draws_the_line(edits: str, wanted: set[str]) -> None:
    assert ids(sound("extended", "cii", edits)) == wanted


def test_what_is_collected_for_others_is_due_in_extended() -> None:
    invoice = sound("extended", "cii", "BG-22/BT-115=203.50")
    assert ids(invoice) == {"BR-FXEXT-CO-16"}
    path = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/SpecifiedFinancialAdjustment/ActualAmount"
    invoice.unread.append(Unread(path, "3.50", 9))
    assert ids(invoice) == set()


def test_the_extension_of_xrechnung_takes_its_own_schemes() -> None:
    edits = "BG-4/BT-34@scheme=XR01; BG-24/BT-125@mime_code=application/xml"
    assert ids(sound("extension", edits=edits)) == set()
    assert ids(sound("xrechnung", edits=edits)) == {"BR-CL-24", "BR-CL-25"}


def test_the_extension_of_xrechnung_adds_payments_of_third_parties() -> None:
    """In UBL only; elsewhere the amount due is what EN 16931 says."""
    paid = "BG-DEX-09/BT-DEX-001=Toll; BG-DEX-09/BT-DEX-002=3.50; BG-DEX-09/BT-DEX-003=road"
    edits = f"{paid}; BG-DEX-09/BT-DEX-002@currency=EUR; BG-22/BT-115=203.50"
    assert ids(sound("extension", edits=edits)) == set()
    assert ids(sound("extension", "cii", edits)) == {"BR-CO-16"}
    assert ids(sound("xrechnung", edits=edits)) == {"BR-CO-16"}


def test_rules_of_later_versions_of_xrechnung_are_not_asked_of_earlier_ones() -> None:
    edits = "BG-16/BT-81=59; -BG-16/BG-17; BG-16/BG-19/BT-89=M-1"
    old = "BG-2/BT-24=urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.3; -BG-7/BT-49"
    assert {"BR-DE-30", "BR-DE-31"} <= ids(sound("xrechnung", edits=edits))
    assert ids(sound("xrechnung", edits=f"{edits}; {old}")) == {"BR-DE-20"}


def test_a_discount_stands_on_a_line_of_its_own() -> None:
    """The line break after the last discount is part of the notation."""
    invoice = sound("xrechnung")
    for terms, is_right in (
        ("#SKONTO#TAGE=14#PROZENT=2.25#\n", True),
        ("#SKONTO#TAGE=14#PROZENT=2.25#BASISBETRAG=357.93#\n  net\n", True),
        ("#SKONTO#TAGE=14#PROZENT=2.25#", False),
        ("#SKONTO#TAGE=14#PROZENT=2.25# \n net", True),
        ("#skonto#TAGE=14#PROZENT=2.25#\n", False),
        ("2 % within 14 days", True),
    ):
        invoice.terms["BT-20"] = [Term(terms)]
        assert ("BR-DE-18" not in ids(invoice)) == is_right, terms


def test_what_is_found_says_where_and_what() -> None:
    found = next(one for one in broken(sound(edits="BG-25/BT-131=1.00")) if one.rule == "BR-CO-10")
    assert (found.where, found.got, found.expected) == ("BT-106, line 9", "200.00", "2.00")


@pytest.mark.parametrize("syntax", ["ubl credit note", "cii"])
def test_a_credit_note_needs_no_terms_of_payment(syntax: Syntax) -> None:
    assert ids(sound(syntax=syntax, edits="BT-3=381; -BT-9; -BT-20")) == set()


def test_personal_values_are_not_shown() -> None:
    edits = "BG-4/BG-6/BT-42=n/a 12; BG-4/BG-6/BT-43=jane.doe; BG-16/BG-17/BT-84=DE00123; BG-4/BT-31=JANE DOE"
    said = " ".join(f"{one.got} {one.expected}" for one in broken(sound("xrechnung", edits=edits)))
    assert {"BR-DE-27", "BR-DE-28", "BR-DE-19"} <= ids(sound("xrechnung", edits=edits))
    assert not any(word in said for word in ("n/a 12", "jane", "DE00123", "JANE DOE"))


def test_an_empty_message_is_judged_too() -> None:
    """A fragment breaks what has to be there, and nothing about what is not."""
    found = ids(Invoice("invoice"))
    assert {"BR-01", "BR-02", "BR-06", "BR-12", "BR-16", "BR-CO-18", "BR-CO-26"} <= found
    assert not any(rule.startswith(("BR-DEC", "BR-CL", "BR-S")) for rule in found)


def test_rules_speak_both_languages_and_are_one_of_a_kind() -> None:
    assert all(rule.en and rule.de and rule.en != rule.de for rule in RULES.values())
    assert all(key == rule.id for key, rule in RULES.items())
    assert {rule.severity for rule in RULES.values()} == {"fatal", "warning"}


_IN_DK, _IN_SE = "BG-4/BG-5/BT-40=DK; BG-7/BG-8/BT-55=DK", "BG-4/BG-5/BT-40=SE"
_NUMBER, _ADDRESS = "BG-4/BT-30={1}; BG-4/BT-30@scheme={0}", "BG-7/BT-49={1}; BG-7/BT-49@scheme={0}"
_VERSION, _DUTY = f"{_IN_DK}; BG-25/BG-31/BT-158@scheme_version=", f"{_IN_DK}; BG-21/BT-105=ZZZ; BG-21/BT-104="
_CARD = f"{_IN_DK}; BG-16/BT-81=50; BG-16/BT-83=01#; BG-16/BG-17/BT-84="
_GIRO = f"{_IN_SE}; BG-16/BT-81=30; BG-16/BG-17/BT-86=SE:PLUSGIRO; "
_PROCESS = "BG-2/BT-23=urn:peppol:"
_LOCAL = "BT-6=SEK; BG-22/BT-111@currency=SEK"
_DEBITED = "BG-16/BT-81=59; BG-16/BG-19/BT-89=M-1; BG-16/BG-19/BT-90=DE98ZZZ; BG-16/BG-19/BT-91=DE1"


@pytest.mark.parametrize(
    ("rule", "sound_one", "broken_one"),
    [
        ("EN16931-R002", "+BG-1; BG-7/BG-8/BT-55=DE", "+BG-1"),
        ("EN16931-R004", f"BG-2/BT-24={SPECIFICATIONS['peppol']}#x", f"BG-2/BT-24={SPECIFICATIONS['peppol']}::2.1"),
        ("EN16931-R007", f"{_PROCESS}bis:billing_with_response", f"{_PROCESS}bis:other"),
        ("EN16931-R007", f"{_PROCESS}france:billing:regulated", f"{_PROCESS}france"),
        ("EN16931-P0100", f"{_PROCESS}bis; BT-3=389", f"{_PROCESS}bis:billing_with_response; BT-3=389"),
        ("COMMON-R041", _NUMBER.format("0192", "974760673"), _NUMBER.format("0192", "974 760 673")),
        ("COMMON-R041", _NUMBER.format("0192", "974760673"), _NUMBER.format("0192", "000000000")),
        ("NO-R-001", "BG-4/BT-31=NO974760673MVA", "BG-4/BT-31=NO000000000MVA"),
        ("COMMON-R042", _NUMBER.format("0184", "12345678"), _NUMBER.format("0184", "DK1234567")),
        ("COMMON-R042", _NUMBER.format("0184", "DK12345678"), _NUMBER.format("0184", "123456789")),
        ("COMMON-R046", _NUMBER.format("9907", "1"), _ADDRESS.format("9907", "1")),
        ("COMMON-R047", _NUMBER.format("0211", "IT12345671304"), _NUMBER.format("0211", "IT12345671305")),
        ("DK-R-003", f"{_VERSION}26.08.01", f"{_VERSION}26.08"),
        ("DK-R-004", f"{_DUTY}Duty#12", f"{_DUTY}#12"),
        ("DK-R-004", f"{_DUTY}3645", f"{_DUTY}12#"),
        ("DK-R-008", f"{_CARD}12345678", f"{_CARD}123456A"),
        ("SE-R-010", f"{_GIRO}-BG-16/BG-17/BT-84", f"{_GIRO}BG-16/BG-17/BT-84=1"),
        ("SE-R-013", f"{_IN_SE}; BG-4/BT-30=20210054890", f"{_IN_SE}; BG-4/BT-30=202100548"),
    ],
)
def test_where_a_rule_of_peppol_draws_the_line(rule: str, sound_one: str, broken_one: str) -> None:
    whole = rule if rule in RULES else f"PEPPOL-{rule}"
    assert whole not in ids(sound("peppol", edits=sound_one))
    assert whole in ids(sound("peppol", edits=broken_one))


@pytest.mark.parametrize(
    ("rule", "edits", "in_ubl", "in_cii"),
    [
        ("PEPPOL-EN16931-R002", "BG-1/BT-21=AAI", False, True),
        ("PEPPOL-EN16931-R006", "+BT-18=Z-2", False, True),
        ("PEPPOL-EN16931-R007", "BG-2/BT-23=urn:peppol:france:billing:regulated", False, True),
        ("PEPPOL-EN16931-R008", "BT-19=", True, False),
        ("PEPPOL-EN16931-R046", "BG-25/BG-29/BT-148=52.00", True, False),
        ("PEPPOL-EN16931-R053", "-BG-22/BT-110; -BG-23", True, True),
        ("PEPPOL-EN16931-R043", "BG-25/BG-29/X-ChargeIndicator=0", False, True),
        ("PEPPOL-EN16931-R055", f"{_LOCAL}; BG-22/BT-110=0.00; BG-22/BT-111=-1.00", False, True),
        ("PEPPOL-EN16931-R061", f"{_DEBITED}; +BG-16; BG-16#1/BT-81=49; -BG-16#1/BG-19", True, False),
        ("PEPPOL-EN16931-R080", "+BT-17=L-1; +BT-17=L-2", False, True),
        ("PEPPOL-EN16931-R121", "BG-25/BG-29/X-GrossQuantity=0", True, True),
        ("PEPPOL-EN16931-R130", "BG-25/BG-29/X-GrossUnit=KGM", True, True),
        ("PEPPOL-EN16931-R130", "-BG-25/BT-129; -BG-25/BT-130", False, True),
        ("PEPPOL-EN16931-P0104", "BG-23/BT-121=VATEX-EU-G", True, False),
        ("PEPPOL-EN16931-P0112", "BT-3=326", True, False),
        ("DK-R-004", f"{_IN_DK}; BG-25/BG-27/BT-140=ZZZ", True, False),
        ("DK-R-007", f"{_IN_DK}; {_DEBITED}; BG-16/BT-81=49; BG-16/BG-19/BT-91=DE1; -BG-16/BG-19/BT-90", False, True),
        ("DK-R-007", f"{_IN_DK}; {_DEBITED}; BG-16/BT-81=49; -BG-16/BG-19/BT-91", True, False),
        ("DK-R-013", f"{_IN_DK}; BG-7/BT-46=K-1", True, False),
        ("DK-R-016", f"{_IN_DK}; BT-3=381; BG-22/BT-115=-1.00", False, True),
        ("NL-R-001", "BG-4/BG-5/BT-40=NL; BT-3=396; -BG-3", False, True),
        ("NL-R-007", "BG-4/BG-5/BT-40=NL; BT-3=381; -BG-16", True, False),
        ("NL-R-007", "BG-4/BG-5/BT-40=NL; BT-3=381; -BG-16; BG-22/BT-115=-1.00", False, True),
    ],
)
def test_some_rules_of_peppol_differ_by_syntax(rule: str, edits: str, in_ubl: bool, in_cii: bool) -> None:
    assert (rule in ids(sound("peppol", "ubl invoice", edits))) == in_ubl
    assert (rule in ids(sound("peppol", "cii", edits))) == in_cii


@pytest.mark.parametrize(
    ("place", "number", "is_valid"),
    [
        ("BG-4/BT-31", "LU15027442", True),
        ("BG-4/BT-31", "LU15027443", False),
        ("BG-4/BT-31", "LU1502744", False),
        ("BG-7/BT-48", "BE0123456749", True),
        ("BG-7/BT-48", "BE2123456749", False),
        ("0240", "19952000015", True),
        ("0240", "19952000016", False),
        ("0240", "19951000011", False),
        ("0240", "19952400013", True),
        ("0240", "19952400014", True),
        ("0240", "19952400015", False),
        ("0088", "4000001000005", True),
        ("0088", "40000010", False),
        ("0208", "0123456749", True),
        ("0208", "2123456749", False),
    ],
)
def test_numbers_of_countries_have_their_check_digits(place: str, number: str, is_valid: bool) -> None:
    """`place` is a term or the scheme of a registration."""
    edits = f"BG-4/BT-30={number}; BG-4/BT-30@scheme={place}" if place.isdigit() else f"{place}={number}"
    assert (not any(rule.startswith("PEPPOL-COMMON-") for rule in ids(sound("peppol", edits=edits)))) == is_valid
