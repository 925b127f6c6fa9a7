"""The words of review workbooks and of the page of waiting pairs, in the languages our stewards read."""

from __future__ import annotations

from collections.abc import Mapping

REVIEW_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "summary": "Summary",
        "pairs": "Pairs",
        "title": "Customers that may be one",
        "client": "Client",
        "made": "Made",
        "workbook": "Workbook",
        "count": "Pairs to decide",
        "steps": "What to do",
        "step1": "Open the sheet “{sheet}”. Each row is a pair of customers; where they differ, a cell shows both, one "
        "above the other, the first always above. Yellow: the values differ, the differing letters in bold. "
        "Grey: only one of the two has a value. White: they agree.",
        "step2": "Choose “{same}” or “{different}” in the column “{decision}”, and say why in “{comment}” where it is "
        "not plain. Leave a pair without a decision if you do not know: it comes back in the next workbook.",
        "step3": "Choose your name in the blue cell above the table: only stewards of the client may decide.",
        "step4": "Save in the same format (.xlsx) and hand it in: put it into the landing folder of the client, or "
        "`python -m pipelines matches submit FILE`. The name of the file does not matter.",
        "step5": "A decision counts every night from then on, also when the score says otherwise, until it is taken "
        "back with `python -m pipelines matches undo`. Pairs that have changed meanwhile are named and not taken.",
        "rest": "{n} more pairs are not in this workbook: they come in the next one.",
        "group_note": "Pairs with the same group have a customer in common, directly or through others: decide them "
        "together.",
        "legend": "Blue: to be filled in · yellow: they differ · grey: only one has it",
        "token": "Key",
        "group": "Group",
        "decision": "Decision",
        "comment": "Why",
        "probability": "Same?",
        "why": "What speaks for and against it",
        "records": "Source · number",
        "golden": "Golden record",
        "by": "Decided by:",
        "same": "same",
        "different": "different",
        "choose": "please choose from the list",
        "page": "Page &P of &N",
        "hidden_equal": "**** equal",
        "hidden_alike": "**** nearly equal",
        "hidden_one": "**** only one",
        "hidden_other": "**** differs",
        "alone": "none yet",
        "person": "person",
        "company": "company",
        "yes": "yes",
        "no": "no",
        "all_clients": "All clients",
        "waits": "{n} pairs wait for a decision; what is decided makes room for the next.",
        "nothing": "No pair waits for a decision.",
        "as_book": "the same as a workbook",
        "recorded": "Decision {n}: {left} and {right}: {verdict}. The reports show it with their next build.",
        "undone": "Decision {n} is taken back.",
        "decisions": "Decided lately",
        "undo": "take back",
        "number": "No.",
        "left": "One",
        "right": "Other",
        "at": "At (UTC)",
        "for": "for",
        "against": "against",
    },
    "de": {
        "summary": "Übersicht",
        "pairs": "Paare",
        "title": "Kunden, die derselbe sein können",
        "client": "Mandant",
        "made": "Erstellt",
        "workbook": "Mappe",
        "count": "Zu entscheidende Paare",
        "steps": "Was zu tun ist",
        "step1": "Öffnen Sie das Blatt „{sheet}“. Jede Zeile ist ein Paar von Kunden; wo sie sich unterscheiden, zeigt "
        "die Zelle beide untereinander, den ersten immer oben. Gelb: die Werte sind verschieden, die abweichenden "
        "Buchstaben fett. Grau: nur einer der beiden hat einen Wert. Weiß: sie stimmen überein.",
        "step2": "Wählen Sie „{same}“ oder „{different}“ in der Spalte „{decision}“, und sagen Sie unter „{comment}“, "
        "warum, wo es nicht auf der Hand liegt. Lassen Sie ein Paar offen, wenn Sie es nicht wissen: es kommt in der "
        "nächsten Mappe wieder.",
        "step3": "Wählen Sie Ihren Namen in der blauen Zelle über der Tabelle: nur Betreuer des Mandanten entscheiden.",
        "step4": "Speichern Sie im selben Format (.xlsx) und geben Sie die Mappe ab: im Eingangsordner des Mandanten, "
        "oder mit `python -m pipelines matches submit DATEI`. Der Name der Datei spielt keine Rolle.",
        "step5": "Eine Entscheidung gilt von da an jede Nacht, auch gegen die Bewertung, bis sie mit "
        "`python -m pipelines matches undo` zurückgenommen wird. Paare, die sich inzwischen geändert haben, werden "
        "genannt und nicht übernommen.",
        "rest": "{n} weitere Paare stehen nicht in dieser Mappe: sie kommen in der nächsten.",
        "group_note": "Paare derselben Gruppe haben einen Kunden gemeinsam, unmittelbar oder über andere: bitte "
        "zusammen entscheiden.",
        "legend": "Blau: auszufüllen · Gelb: verschieden · Grau: nur einer hat es",
        "token": "Kennung",
        "group": "Gruppe",
        "decision": "Entscheidung",
        "comment": "Warum",
        "probability": "Derselbe?",
        "why": "Was dafür und dagegen spricht",
        "records": "Quelle · Nummer",
        "golden": "Stammsatz",
        "by": "Entschieden von:",
        "same": "gleich",
        "different": "verschieden",
        "choose": "Bitte aus der Liste wählen",
        "page": "Seite &P von &N",
        "hidden_equal": "**** gleich",
        "hidden_alike": "**** fast gleich",
        "hidden_one": "**** nur einer",
        "hidden_other": "**** verschieden",
        "alone": "noch keiner",
        "person": "Person",
        "company": "Firma",
        "yes": "ja",
        "no": "nein",
        "all_clients": "Alle Mandanten",
        "waits": "{n} Paare warten auf eine Entscheidung; was entschieden ist, macht den nächsten Platz.",
        "nothing": "Kein Paar wartet auf eine Entscheidung.",
        "as_book": "dasselbe als Mappe",
        "recorded": "Entscheidung {n}: {left} und {right}: {verdict}. Die Berichte zeigen es, wenn sie wieder gebaut "
        "sind.",
        "undone": "Entscheidung {n} ist zurückgenommen.",
        "decisions": "Zuletzt entschieden",
        "undo": "zurücknehmen",
        "number": "Nr.",
        "left": "Einer",
        "right": "Anderer",
        "at": "Wann (UTC)",
        "for": "dafür",
        "against": "dagegen",
    },
}

_COLUMNS_DE: Mapping[str, str] = {
    "customer_type_code": "Art", "company_name": "Firma", "title_name": "Titel", "given_name": "Vorname",
    "family_name": "Nachname", "name": "Name", "email": "E-Mail", "phone": "Telefon", "birth_date": "Geburtsdatum",
    "national_id": "Ausweisnummer", "address_line_1": "Anschrift", "address_line_2": "Anschrift 2",
    "street_name": "Straße", "house_number": "Hausnummer", "unit_name": "Wohnung", "city": "Ort",
    "postal_code": "PLZ", "region_code": "Region (Kürzel)", "region_name": "Region", "country_code": "Land",
    "segment_name": "Segment", "vat_id": "USt-IdNr.", "register_number": "Registernummer", "lei_code": "LEI",
    "iban": "IBAN", "bic": "BIC", "language_code": "Sprache", "is_active": "Aktiv", "customer_since_date": "Kunde seit",
    "changed_at": "Geändert", "address": "Anschrift", "street": "Straße",
}  # fmt: skip
_COLUMNS_EN: Mapping[str, str] = {
    "customer_type_code": "Kind", "company_name": "Company", "title_name": "Title", "email": "E-mail",
    "address_line_1": "Address", "address_line_2": "Address 2", "street_name": "Street", "unit_name": "Unit",
    "region_code": "Region code", "region_name": "Region", "country_code": "Country", "segment_name": "Segment",
    "vat_id": "VAT number", "national_id": "National id", "lei_code": "LEI", "iban": "IBAN",
    "bic": "BIC", "postal_code": "Postal code", "language_code": "Language", "is_active": "Active",
    "customer_since_date": "Customer since",
    "changed_at": "Changed",
}  # fmt: skip
_WHAT: Mapping[str, Mapping[str, str]] = {
    "en": {
        "given": "Given name", "family": "Family name", "order": "Order of the names", "company": "Company",
        "birth": "Birth date", "national": "National id", "vat": "VAT number", "register": "Register number",
        "lei": "LEI", "iban": "IBAN", "street": "Street", "building": "Building", "town": "Town",
        "neighbours": "Neighbours",
    },
    "de": {
        "given": "Vorname", "family": "Nachname", "order": "Reihenfolge der Namen", "company": "Firma",
        "birth": "Geburtsdatum", "national": "Ausweisnummer", "vat": "USt-IdNr.", "register": "Registernummer",
        "lei": "LEI", "iban": "IBAN", "email": "E-Mail", "phone": "Telefon", "street": "Straße",
        "building": "Gebäude", "town": "Ort", "region": "Region", "country": "Land", "neighbours": "Nachbarn",
    },
}  # fmt: skip
"""What is compared when customers are matched: often several columns in plain spelling."""
_HOW: Mapping[str, Mapping[str, str]] = {
    "en": {
        "same": "agrees", "part": "agrees in part", "near": "all but agrees", "similar": "is similar",
        "different": "differs", "straight": "agrees", "local part": "agrees before the @",
        "same with house": "and house agree", "similar with house": "is similar, house agrees", "half": "half agrees",
        "other house": "agrees, house number differs",
    },
    "de": {
        "same": "stimmt überein", "part": "stimmt zum Teil überein", "near": "stimmt fast überein",
        "similar": "ist ähnlich", "different": "ist verschieden", "straight": "stimmt", "swapped": "vertauscht",
        "local part": "stimmt vor dem @ überein", "same with house": "und Hausnummer stimmen überein",
        "similar with house": "ist ähnlich, Hausnummer stimmt", "half": "stimmt zur Hälfte überein",
        "other house": "stimmt überein, Hausnummer ist verschieden",
        "would agree as well": "würden ebenso übereinstimmen",
    },
}  # fmt: skip


def column_label(column: str, language: str) -> str:
    """What a column of the customer master is called in a heading.

    >>> column_label("family_name", "en"), column_label("family_name", "de")
    ('Family name', 'Nachname')
    """
    known = (_COLUMNS_DE if language == "de" else _COLUMNS_EN).get(column)
    return known or column.removesuffix("_code").replace("_", " ").capitalize()


def what_label(what: str, language: str) -> str:
    """What was compared, in words: a comparison of the matching, or a column."""
    return _WHAT[language].get(what) or column_label(what, language)


def how_label(how: str, language: str) -> str:
    """How alike two values are, in words; what has no word yet is shown as it is."""
    return _HOW[language].get(how) or how.replace("_", " ")
