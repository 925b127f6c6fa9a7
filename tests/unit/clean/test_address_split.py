from __future__ import annotations

import pytest

from pipelines.clean.address import plain_address, split_address
from pipelines.clean.address_plain import plain_street
from pipelines.clean.address_split import AddressParts


@pytest.mark.parametrize(
    ("country", "text", "street", "number", "unit"),
    [
        ("DE", "Obere Str. 57", "Obere Str.", "57", ""),
        ("DE", "Hauptstr.12", "Hauptstr.", "12", ""),
        ("DE", "Frahmredder 112a", "Frahmredder", "112a", ""),
        ("DE", "Hauptstraße 12 a, 2. OG links", "Hauptstraße", "12 a", "2. OG links"),
        ("DE", "Straße des 17. Juni 135", "Straße des 17. Juni", "135", ""),
        ("DE", "C 4, 11", "C 4", "11", ""),
        ("AT", "Walserweg 21/3/45", "Walserweg", "21", "3/45"),
        ("AT", "Walserweg 21, Stiege 3, Top 5", "Walserweg", "21", "Stiege 3, Top 5"),
        ("GB", "120 Hanover Sq.", "Hanover Sq.", "120", ""),
        ("GB", "Unit 5, 12 High St", "High St", "12", "Unit 5"),
        ("GB", "Garden House, 5 Crowther Way", "Crowther Way", "5", "Garden House"),
        ("US", "305 - 14th Ave. S. Suite 3B", "14th Ave. S.", "305", "Suite 3B"),
        ("US", "350 5th Ave Fl 3", "5th Ave", "350", "Fl 3"),
        ("US", "City Center Plaza 516 Main St.", "Main St.", "516", "City Center Plaza"),
        ("US", "12 ½ Main St", "Main St", "12 ½", ""),
        ("SG", "471 Serangoon Loop, Suite #402", "Serangoon Loop", "471", "Suite #402"),
        ("AU", "2/98-latchford barracks", "latchford barracks", "98", "2"),
        ("AU", "Level 2, 10 King St", "King St", "10", "Level 2"),
        ("CA", "5-123 Main St", "Main St", "123", "5"),
        ("CA", "#500-75 O'Connor Street", "O'Connor Street", "75", "#500"),
        ("FR", "24, place Kléber", "place Kléber", "24", ""),
        ("FR", "12 bis rue de la Paix, bât. B", "rue de la Paix", "12 bis", "bât. B"),
        ("BE", "Boulevard Tirou, 255", "Boulevard Tirou", "255", ""),
        ("BE", "Rue de la Loi 16 bte 3", "Rue de la Loi", "16", "bte 3"),
        ("NL", "Damrak 12-3", "Damrak", "12-3", ""),
        ("ES", "C/ Araquil, 67", "C/ Araquil", "67", ""),
        ("ES", "Gran Vía, 1, 3º B", "Gran Vía", "1", "3º B"),
        ("ES", "Calle Mayor s/n", "Calle Mayor", "s/n", ""),
        ("PT", "Jardim das rosas n. 32", "Jardim das rosas", "32", ""),
        ("BR", "Av. das Americanas 12.890", "Av. das Americanas", "12.890", ""),
        ("AR", "Ing. Gustavo Moncada 8585 Piso 20-A", "Ing. Gustavo Moncada", "8585", "Piso 20-A"),
        ("VE", "Carrera 22 con Ave. Carlos Soublette #8-35", "Carrera 22 con Ave. Carlos Soublette", "8-35", ""),
        ("IT", "Via Monte Bianco 34", "Via Monte Bianco", "34", ""),
        ("DK", "Vinbæltet 34, 2. th", "Vinbæltet", "34", "2. th"),
        ("FI", "Keskuskatu 45 A 12", "Keskuskatu", "45", "A 12"),
        ("PL", "ul. Filtrowa 68 m. 5", "ul. Filtrowa", "68", "m. 5"),
        ("PL", "ul. Filtrowa 68/5", "ul. Filtrowa", "68", "5"),
        ("BR", "Av. Paulista, 1578, apto 12", "Av. Paulista", "1578", "apto 12"),
        ("CL", "Av. Libertador 1449, Of. 1204", "Av. Libertador", "1449", "Of. 1204"),
        ("RO", "Str. Izvor nr. 2-4, bl. A3, sc. 1, ap. 12", "Str. Izvor", "2-4", "bl. A3, sc. 1, ap. 12"),
        ("TR", "İstiklal Cad. No: 12/3", "İstiklal Cad.", "12/3", ""),
        ("RU", "ул. Тверская, д. 13, кв. 5", "ул. Тверская", "13", "кв. 5"),
        ("HU", "Kossuth Lajos tér 1-3., 2. em. 5", "Kossuth Lajos tér", "1-3", "2. em. 5"),
        ("ZA", "Union Buildings, 44 Government Avenue", "Government Avenue", "44", "Union Buildings"),
        (None, "flat 5 12a high street", "high street", "12a", "flat 5"),
        (None, "Via Roma 5", "Via Roma", "5", ""),
    ],
)
def test_numbers_and_units_where_the_country_writes_them(
    country: str | None, text: str, street: str, number: str, unit: str
) -> None:
    assert split_address(text, country) == AddressParts(street, number, unit)


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("GB", "Fauntleroy Circus"),
        ("US", "W 42nd St"),
        ("US", "Highway 50"),
        ("IT", "Strada Provinciale 124"),
        ("VE", "5ª Ave. Los Palos Grandes"),
        ("US", "Flat Rock Road"),
        ("FR", "rue Ste Anne"),
    ],
)
def test_numbers_that_belong_to_the_name_of_the_street(country: str, text: str) -> None:
    assert split_address(text, country) == AddressParts(text)


@pytest.mark.parametrize(
    ("country", "text", "rest"),
    [
        ("US", "P.O. Box 555", ""),
        ("DE", "Postfach 12 34", ""),
        ("AU", "GPO Box 99", ""),
        ("ES", "Apartado de correos 12", ""),
        ("SE", "Box 5", ""),
        ("FR", "BP 123", ""),
        ("GB", "12 High St, PO Box 7", "High St"),
    ],
)
def test_post_boxes(country: str, text: str, rest: str) -> None:
    parts = split_address(text, country)
    assert parts.post_box == text.rpartition(", ")[2]
    assert parts.street == rest


def test_what_is_none_of_the_parts_is_kept() -> None:
    assert split_address("Berkeley Gardens 12  Brewery", "GB") == AddressParts(
        "Berkeley Gardens", "12", extra="Brewery"
    )
    assert split_address("Obere Str. 57, Zi. 12", "DE") == AddressParts("Obere Str.", "57", extra="Zi. 12")
    assert split_address("Obere Str. 57, Gewerbepark", "DE") == AddressParts("Obere Str.", "57", extra="Gewerbepark")
    assert split_address("Garden House, Suite 2, Crowther Way", "GB") == AddressParts(
        "Crowther Way", unit="Suite 2", extra="Garden House"
    )
    assert split_address("", "DE") == AddressParts()
    assert split_address("apmnt 65", "AU") == AddressParts(unit="apmnt 65")
    assert split_address("12", "DE") == AddressParts(house_number="12")


@pytest.mark.parametrize(
    ("country", "spellings"),
    [
        ("DE", ["Hauptstr. 5", "Hauptstrasse 5", "HAUPTSTRASSE 5", "Hauptstraße  5", "Haupt-Str.5"]),
        ("DE", ["Münchner Platz 4", "Muenchner Pl. 4", "Münchnerplatz 04"]),
        ("GB", ["Flat 5, 12 High St", "12 High Street, Apt. 5", "12 HIGH STREET FLAT 5"]),
        ("US", ["1 N Main St", "1 North Main Street", "1 N. MAIN STREET"]),
        ("FR", ["5 bd Charonne", "5, boulevard Charonne"]),
        ("ES", ["C/ Araquil, 67", "Calle Araquil 67"]),
        ("SE", ["Åkergatan 24", "Akergatan 24"]),
        ("NL", ["Damstraat 5", "Damstr. 5"]),
        ("PL", ["ul. Filtrowa 68 m. 5", "Filtrowa 68/5"]),
        (None, ["6 tullaroop street", "Tullaroop Street 6"]),
        ("DE", ["Postfach 12 34", "Postfach 1234"]),
    ],
)
def test_spellings_of_one_address_become_one(country: str | None, spellings: list[str]) -> None:
    assert len({plain_address(text, country) for text in spellings}) == 1


def test_saints_are_no_streets() -> None:
    assert plain_street("St. John's St", "GB") == "saint johns street"
    assert plain_street("Dr Martin Dr", "US") == "dr martin drive"
    assert plain_address("1 Main St N", "US") != plain_address("1 N Main St", "US")
