from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean.people import PersonName, plain_letters, plain_name, split_person_name

# Words that mean something to the splitting, and plain ones.
WORDS = st.sampled_from([
    "Ann", "SMITH", "van", "der", "de", "la", "y", "Dr.", "Prof.Dr.", "Mr", "&", "Mrs", "med.", "Jr.", "Sr.", "III",
    ",", "Ph.D.", "MBA", "MD", "J.R.", "O'Brien", "née", "李", "Müller,", "Don", "Ma", "", "-", ".",
])  # fmt: skip
NAMES = st.one_of(st.lists(WORDS, max_size=7).map(" ".join), st.text(max_size=20))


@pytest.mark.parametrize(
    ("text", "title", "given", "family", "suffix"),
    [
        ("Ludwig van Beethoven", "", "Ludwig", "van Beethoven", ""),
        ("van Gogh, Vincent", "", "Vincent", "van Gogh", ""),
        ("Leyen, Dr. Ursula von der", "Dr.", "Ursula", "von der Leyen", ""),
        ("Dr. Leyen, Ursula von der", "Dr.", "Ursula", "von der Leyen", ""),
        ("Martin Luther King, Jr.", "", "Martin Luther", "King", "Jr."),
        ("King Jr., Martin Luther", "", "Martin Luther", "King", "Jr."),
        ("Martin Luther King Sr", "", "Martin Luther", "King", "Sr"),
        ("Martin Y. King", "", "Martin Y.", "King", ""),  # no 'y' of a Spanish name
        ("King, Martin Luther, Jr.", "", "Martin Luther", "King", "Jr."),
        ("John Smith, Ph.D., MBA", "", "John", "Smith", "Ph.D. MBA"),
        ("Ken Sánchez III", "", "Ken", "Sánchez", "III"),
        ("Mr. John Smith Sr.", "Mr.", "John", "Smith", "Sr."),
        ("Sr. Juan Pérez", "Sr.", "Juan", "Pérez", ""),
        ("Mr & Mrs Smith", "Mr & Mrs", "", "Smith", ""),
        ("Prof. Dr. h.c. mult. Max Weber", "Prof. Dr. h.c. mult.", "Max", "Weber", ""),
        ("Dr. med. dent. Eva Weber", "Dr. med. dent.", "Eva", "Weber", ""),
        ("Prof.Dr.Max Weber", "Prof. Dr.", "Max", "Weber", ""),
        ("Weber, Dipl.-Ing. Max", "Dipl.-Ing.", "Max", "Weber", ""),
        ("Weber, Dr.", "Dr.", "", "Weber", ""),
        ("DUPONT Jean", "", "Jean", "DUPONT", ""),
        ("Jean Pierre DE LA FONTAINE", "", "Jean Pierre", "DE LA FONTAINE", ""),
        ("JEAN DUPONT", "", "JEAN", "DUPONT", ""),
        ("JR Ewing", "", "JR", "Ewing", ""),
        ("J.R.R. Tolkien", "", "J.R.R.", "Tolkien", ""),
        ("Jack Ma", "", "Jack", "Ma", ""),
        ("Don Smith", "", "Don", "Smith", ""),
        ("Pan Wei", "", "Pan", "Wei", ""),
        ("Med Ali", "", "Med", "Ali", ""),
        ("Anna Müller geb. Schmidt", "", "Anna", "Müller geb. Schmidt", ""),
        ("Madonna", "", "", "Madonna", ""),
        ("Dr.", "", "", "Dr.", ""),
        ("José María García y López", "", "José María", "García y López", ""),
        ("José García y López", "", "José", "García y López", ""),
        ("Иванов Иван Иванович", "", "Иван Иванович", "Иванов", ""),
        ("Роман Аркадьевич Абрамович", "", "Роман Аркадьевич", "Абрамович", ""),
        ("Seán Ó Murchú", "", "Seán", "Ó Murchú", ""),
        ("Omar El Sayed", "", "Omar", "El Sayed", ""),
        ("Mary St. John", "", "Mary", "St. John", ""),
        ("Müller, Hans Dr.", "Dr.", "Hans", "Müller", ""),
        ("Weber, Max Prof. Dr.", "Prof. Dr.", "Max", "Weber", ""),
        ("von Stein", "", "", "von Stein", ""),
        ("Van Morrison", "", "Van", "Morrison", ""),
        ("Jan van 't Hoff", "", "Jan", "van 't Hoff", ""),
        ("山田 太郎 様", "", "太郎", "山田", "様"),
        ("李 明", "", "明", "李", ""),
        ("李明", "", "", "李明", ""),
        ("", "", "", "", ""),
        (" , ", "", "", "", ""),
        # From the contacts of Northwind
        ("Antonio del Valle Saavedra", "", "Antonio", "del Valle Saavedra", ""),
        ("Miguel Angel Paolino", "", "Miguel Angel", "Paolino", ""),
        ("Jean-Guy Lauzon", "", "Jean-Guy", "Lauzon", ""),
        ("Isabel de Castro", "", "Isabel", "de Castro", ""),
    ],
)
def test_parts_of_a_name(text: str, title: str, given: str, family: str, suffix: str) -> None:
    assert split_person_name(text) == PersonName(title, given, family, suffix)


def test_the_language_decides_what_words_cannot() -> None:
    assert split_person_name("Nagy János", "hu") == PersonName("", "János", "Nagy", "")
    assert split_person_name("Nguyễn Văn An", "vi") == PersonName("", "Văn An", "Nguyễn", "")
    assert split_person_name("Carlos Alberto García López", "es") == PersonName(
        "", "Carlos Alberto", "García López", ""
    )
    assert split_person_name("Don Carlos García", "es") == PersonName("Don", "Carlos", "García", "")
    assert split_person_name("M. Jean Dupont", "fr") == PersonName("M.", "Jean", "Dupont", "")
    assert split_person_name("Yves Le Goff", "fr") == PersonName("", "Yves", "Le Goff", "")
    assert split_person_name("Mag.a (FH) Eva Huber, MSc", "de") == PersonName("Mag.a (FH)", "Eva", "Huber", "MSc")
    assert split_person_name("Κύριος Γεώργιος Παππάς", "el") == PersonName("Κύριος", "Γεώργιος", "Παππάς", "")
    assert split_person_name('ד"ר יוסף כהן', "he") == PersonName('ד"ר', "יוסף", "כהן", "")
    assert split_person_name("د. محمد علي", "ar") == PersonName("د.", "محمد", "علي", "")
    assert split_person_name("นาย สมชาย ใจดี", "th") == PersonName("นาย", "สมชาย", "ใจดี", "")
    assert split_person_name("M. Jean Dupont") == PersonName("", "M. Jean", "Dupont", "")


@settings(deadline=None)
@given(NAMES, st.sampled_from(["", "en", "es", "fr", "hu"]))
def test_no_letter_is_lost_changed_or_invented(text: str, language: str) -> None:
    parts = split_person_name(text, language)
    without = {" ", ",", "，"}
    assert Counter("".join("".join(parts).split())) == Counter(c for c in "".join(text.split()) if c not in without)
    assert parts.titles == " ".join(part for part in (parts.title, parts.suffix) if part)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("MÜLLER", "mueller"),
        ("Mueller", "mueller"),
        ("Dr. Jörg Müller-Lüdenscheidt", "joerg mueller luedenscheidt"),
        ("O’Brien", "obrien"),
        ("O'BRIEN", "obrien"),
        ("J.R.R. Tolkien", "jrr tolkien"),
        ("Łódź", "lodz"),
        ("Šťastný", "stastny"),
        ("Søren Ærø", "soeren aeroe"),
        ("Щукин", "shchukin"),
        ("Παπαδόπουλος", "papadopoylos"),
        ("İnci", "inci"),
        ("Weiß", "weiss"),
        ("Frau", "frau"),
        ("Lord", "lord"),
        ("Mr. Mrs. Smith", "smith"),
        ("李明", "liming"),
        ("", ""),
        ("…", ""),
    ],
)
def test_names_spelled_plainly(text: str, plain: str) -> None:
    assert plain_name(text) == plain


@settings(deadline=None)
@given(NAMES)
def test_plain_spelling_is_plain_and_stays(text: str) -> None:
    for spell in (plain_name, plain_letters):
        plain = spell(text)
        assert plain == " ".join(plain.split())
        assert all(c == " " or (c.isascii() and c.isalnum() and c == c.lower()) for c in plain)
        assert spell(plain) == plain
    if text.isascii():
        assert not Counter(plain_name(text)) - Counter(text.lower() + " " * len(text))
