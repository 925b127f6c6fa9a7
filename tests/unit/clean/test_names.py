from __future__ import annotations

import pytest

from pipelines.clean.names import read_company_name, read_person_name
from tests.unit.clean.cleaners import build, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("waller", "Waller"),
        ("WALLER", "Waller"),
        ("GROßMANN", "Großmann"),
        ("ÉMILE ZOLA", "Émile Zola"),
        ("VON DER LEYEN", "von der Leyen"),
        ("VON UND ZU GUTTENBERG", "von und zu Guttenberg"),
        ("UND", "Und"),
        ("van 't hoff", "van 't Hoff"),
        ("jean-luc de la fontaine", "Jean-Luc de la Fontaine"),
        ("ORTEGA Y GASSET", "Ortega y Gasset"),
        ("DE", "De"),
        ("LA ROCHE", "La Roche"),
        ("o'brien", "O'Brien"),
        ("D’ANGELO", "D’Angelo"),
        ("ng'ang'a", "Ng'ang'a"),
        ("MCDONALD", "McDonald"),
        ("JOHN SMITH III", "John Smith III"),
        ("J.R. EWING", "J.R. Ewing"),
        ("van Gogh", "van Gogh"),
        ("MacLeod", "MacLeod"),
        ("DeShawn", "DeShawn"),
        ("李明", "李明"),
    ],
)
def test_names_in_one_case_are_spelled_as_names(text: str, expected: str) -> None:
    assert read_person_name(text) == expected


def test_letters_of_their_own() -> None:
    assert read(build("person_name", "tr_TR"), "IŞIL İNCİ") == "Işıl İnci"
    assert read(build("person_name", "nl_NL"), "ijsbrand") == "IJsbrand"
    assert read(build("person_name", "nl_NL"), "SOPHIE IN 'T VELD") == "Sophie in 't Veld"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"ACME Ltd"', "ACME Ltd"),
        ('The "Best" Ltd', 'The "Best" Ltd'),
        ('"A" and "B"', '"A" and "B"'),
        ("Heli Süßwaren GmbH & Co. KG", "Heli Süßwaren GmbH & Co. KG"),
        ("CO.,LTD.  (KHB)", "CO.,LTD.  (KHB)"),
        ('""', '""'),
    ],
)
def test_company_names_stay_as_registered(text: str, expected: str) -> None:
    assert read_company_name(text) == expected


def test_white_space_in_company_names() -> None:
    assert read(build("company_name"), "  JW  CREATIVE\u00a0DESIGN ") == "JW CREATIVE DESIGN"
