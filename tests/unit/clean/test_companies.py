from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean.companies import iso_legal_form, plain_company, split_legal_form
from pipelines.clean.legal_forms import AT_HOME, BEFORE, ISO, SPELLINGS

WORDS = st.sampled_from([
    "Acme", "GmbH", "&", "und", "Co.", "KG", "Ltd", "(UK)", "S.p.A.", "AG", "AS", "The", "i.L.", "Handelsges.m.b.H.",
    "CO.,LTD.", "G.", "m.", "b.", "H.", "株式会社", "ООО", "eG", "", ",", "-",
])  # fmt: skip
NORTHWIND = {
    "Folk och fä": "HB", "Franchi": "SPA", "Océano Atlántico": "LTDA", "Pavlova": "LTD", "Specialty Biscuits": "LTD",
    "PB Knäckebröd": "AB", "Refrescos Americanas": "LTDA", "Heli Süßwaren": "GMBH_CO_KG",
    "Plutzer Lebensmittelgroßmärkte": "AG", "Nord-Ost-Fisch Handelsgesellschaft": "GMBH", "Formaggi Fortini": "SRL",
    "Svensk Sjöföda": "AB", "Karkki": "OY", "Pasta Buttini": "SRL",
}  # fmt: skip
NAMES = st.one_of(st.lists(WORDS, max_size=7).map(" ".join), st.text(max_size=20))


@pytest.mark.parametrize(
    ("text", "country", "name", "form"),
    [
        # Suppliers of Northwind, of the SCMS and of the Greater London Authority, as they are written there
        ("Heli Süßwaren GmbH & Co. KG", "DE", "Heli Süßwaren", "GMBH_CO_KG"),
        ("Plutzer Lebensmittelgroßmärkte AG", "DE", "Plutzer Lebensmittelgroßmärkte", "AG"),
        ("Nord-Ost-Fisch Handelsgesellschaft mbH", "DE", "Nord-Ost-Fisch Handelsgesellschaft", "GMBH"),
        ("PB Knäckebröd AB", "SE", "PB Knäckebröd", "AB"),
        ("Karkki Oy", "FI", "Karkki", "OY"),
        ("Franchi S.p.A.", "IT", "Franchi", "SPA"),
        ("Refrescos Americanas LTDA", "BR", "Refrescos Americanas", "LTDA"),
        ("Folk och fä HB", "SE", "Folk och fä", "HB"),
        ("Pavlova, Ltd.", "AU", "Pavlova", "LTD"),
        ("JILL BARTLETT & COMPANY LTD", "GB", "JILL BARTLETT", "LTD"),
        ("FARRER & CO", "GB", "FARRER", "CO"),
        ("QSR INTERNATIONAL PTY LTD", None, "QSR INTERNATIONAL", "PTY"),
        ("GROUP CHARLESCANON SARL", None, "GROUP CHARLESCANON", "SARL"),
        ("N A C A B", "GB", "N A C A B", None),
        ("Sample Hotel and Spa", "US", "Sample Hotel and Spa", None),
        ("SAMPLE HOTEL & SPA", "IT", "SAMPLE HOTEL & SPA", None),
        ("Sample Hotel SpA", "IT", "Sample Hotel", "SPA"),
        ("SAS UK", "GB", "SAS UK", None),
        ("Aurobindo Pharma Limited", None, "Aurobindo Pharma", "LTD"),
        # Spellings
        ("HELI SUESSWAREN GMBH + CO KG", None, "HELI SUESSWAREN", "GMBH_CO_KG"),
        ("Heli G. m. b. H. u. Co. K. G.", None, "Heli", "GMBH_CO_KG"),
        ("Heli GmbH&Co.KG", None, "Heli", "GMBH_CO_KG"),
        ("Heli Gesellschaft mit beschraenkter Haftung", None, "Heli", "GMBH"),
        ("Bau Handelsges.m.b.H.", "AT", "Bau Handelsges.", "GMBH"),
        ("Heli UG (haftungsbeschränkt)", "DE", "Heli", "UG"),
        ("Heli UG (haftungsbeschränkt) & Co. KG", "DE", "Heli", "UG_CO_KG"),
        ("Heli S.à r.l.", "LU", "Heli", "SARL"),
        ("Heli SA/NV", "BE", "Heli", "SA"),
        ("Heli S.A. de C.V.", "MX", "Heli", "SA_DE_CV"),
        ("Heli Sp. z o.o. Sp. k.", "PL", "Heli", "SP_ZOO_SPK"),
        ("Heli spol. s r.o.", "CZ", "Heli", "SRO"),
        ("Heli A/S", "DK", "Heli", "AS"),
        ("Heli A.Ş.", "TR", "Heli", "AS"),
        ("Heli CO.,LTD.", "CN", "Heli", "LTD"),
        ("Heli Pvt. Ltd.", "IN", "Heli", "PVT"),
        ("Heli AB (publ)", "SE", "Heli", "AB_PUBL"),
        # Before the name, and in other scripts
        ("AS Tallink Grupp", "EE", "Tallink Grupp", "AS"),
        ("SIA Heli Latvija", "LV", "Heli Latvija", "SIA"),
        ("ООО Ромашка", "RU", "Ромашка", "OOO"),
        ("株式会社トヨタ", "JP", "トヨタ", "KK"),
        ("トヨタ株式会社", "JP", "トヨタ", "KK"),
        # Behind the form
        ("Heli Ltd (UK)", "GB", "Heli (UK)", "LTD"),
        ("Heli GmbH i.L.", "DE", "Heli i.L.", "GMBH"),
        # No form
        ("Volksbank eG", "DE", "Volksbank", "EG"),
        ("sporting goods sl", "GB", "sporting goods sl", None),
        ("SPORTING GOODS SL", "GB", "SPORTING GOODS SL", None),
        ("SPORTING GOODS SL", "ES", "SPORTING GOODS", "SL"),
        ("The Company", "GB", "The Company", None),
        ("AG", "DE", "AG", None),
        ("& Co", None, "& Co", None),
        ("Co-op", "GB", "Co-op", None),
        ("Around the Horn", "GB", "Around the Horn", None),
        ("", None, "", None),
    ],
)
def test_names_and_legal_forms(text: str, country: str | None, name: str, form: str | None) -> None:
    assert split_legal_form(text, country) == (name, form)


@pytest.mark.parametrize("form", SPELLINGS)
def test_every_spelling_is_read_as_its_form(form: str) -> None:
    home = AT_HOME.get(form, "").split()
    country = home[0] if home else None
    for spelling in SPELLINGS[form]:
        assert split_legal_form(f"Acme {spelling}", country) == ("Acme", form), spelling


def test_the_table_names_only_its_own_forms_and_real_countries() -> None:
    named = {form for forms in ISO.values() for form in forms} | AT_HOME.keys() | BEFORE
    assert named <= SPELLINGS.keys()
    homes = {country for countries in AT_HOME.values() for country in countries.split()} | ISO.keys()
    assert all(pycountry.countries.get(alpha_2=country) for country in homes)
    assert all(len(code) == 4 and code.isalnum() and code.isupper() for f in ISO.values() for code in f.values())


def test_iso_codes_by_country() -> None:
    assert [iso_legal_form("GMBH", c) for c in ("DE", "AT", "CH", "US", None)] == ["2HBR", "AXSB", "3EKS", None, None]
    assert iso_legal_form(None, "DE") is None


@settings(deadline=None)
@given(NAMES, st.sampled_from([None, "DE", "GB", "EE"]))
def test_no_letter_is_changed_or_invented(text: str, country: str | None) -> None:
    name, form = split_legal_form(text, country)
    assert not Counter("".join(name.split())) - Counter("".join(text.split()))
    assert (name == text) == (form is None)
    assert name.strip() or not text.strip()
    assert form is None or form in SPELLINGS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Müller & Söhne GmbH", "MUELLER UND SOEHNE"),
        ("O'Neill Bros. Ltd", "ONEILL BROS LIMITED"),
        ("Heli Süßwaren GmbH & Co. KG", "Heli Suesswaren"),
        ("Trail's Head Gourmet Provisioners", "TRAILS HEAD GOURMET PROVISIONERS, INC."),
        ("ООО Ромашка", "Romashka"),
    ],
)
def test_spellings_of_one_company_become_one(one: str, other: str) -> None:
    assert plain_company(one) == plain_company(other) != ""


@settings(deadline=None)
@given(NAMES)
def test_plain_companies_are_plain(text: str) -> None:
    plain = plain_company(text)
    assert plain == " ".join(plain.split())
    assert all(c == " " or (c.isascii() and c.isalnum() and c == c.lower()) for c in plain)


def test_all_customers_and_suppliers_of_northwind() -> None:
    """Those that have a form, and no others."""
    folder = Path(__file__).parents[2] / "samples" / "northwind"
    forms: dict[str, str] = {}
    names = 0
    for file in ("customers.csv", "suppliers.csv"):
        with (folder / file).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                names += 1
                name, form = split_legal_form(row["CompanyName"])
                if form:
                    forms[name] = form
    assert names == 117
    assert forms == NORTHWIND
