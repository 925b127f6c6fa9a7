"""The fields of DATEV's files: what stands in the first line, and which column each heading of the second one fills.

A heading is compared without regard to case, blanks and punctuation, since programs spell them in many ways; where no
heading is known the fields are taken by their place, which the format fixes. A field without a column of its own is
kept in `other`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

HEADER: tuple[str, ...] = (
    "format_code", "format_version", "category_code", "category_name", "category_version", "created_at", "imported_at",
    "origin_code", "exported_by", "imported_by", "consultant_number", "client_number", "fiscal_year_start_date",
    "account_length", "period_start_date", "period_end_date", "batch_name", "dictation_code", "booking_type_code",
    "purpose_code", "is_final", "currency_code", "reserved_1", "derivative_code", "reserved_2", "reserved_3",
    "chart_code", "solution_id", "reserved_4", "reserved_5", "application_info",
)  # fmt: skip
"""The fields of the first line in their order; older versions end before the last ones."""

TABLE_OF: Mapping[str, tuple[str, ...]] = {
    "21": ("bookings", "entries"),
    "16": ("partners",),
    "20": ("account_names",),
    "46": ("payment_terms",),
    "48": ("addresses",),
    "65": ("recurring_bookings",),
}
"""Category of the first line → tables that such a file fills, the first one when none is named."""

_BOOKING: tuple[tuple[str, str], ...] = (
    ("Umsatz (ohne Soll/Haben-Kz)", "amount"), ("Soll/Haben-Kennzeichen", "side_code"),
    ("WKZ Umsatz", "currency_code"), ("Kurs", "exchange_rate"), ("Basis-Umsatz", "base_amount"),
    ("WKZ Basis-Umsatz", "base_currency_code"), ("Konto", "account"),
    ("Gegenkonto (ohne BU-Schlüssel)", "counter_account"), ("BU-Schlüssel", "tax_key"), ("Belegdatum", "document_day"),
    ("Belegfeld 1", "document_id"), ("Belegfeld 2", "document_reference"), ("Skonto", "discount_amount"),
    ("Buchungstext", "text"), ("Postensperre", "item_block_code"), ("Diverse Adressnummer", "address_number"),
    ("Geschäftspartnerbank", "partner_bank_number"), ("Sachverhalt", "case_code"),
    ("Zinssperre", "interest_block_code"), ("Beleglink", "document_link"),
    *((f"Beleginfo - {part} {n}", f"document_info_{name}_{n}")
      for n in range(1, 9) for part, name in (("Art", "kind"), ("Inhalt", "content"))),
    ("KOST1 - Kostenstelle", "cost_center_1"), ("KOST2 - Kostenstelle", "cost_center_2"),
    ("Kost-Menge", "cost_quantity"),
    ("EU-Land u. UStID (Bestimmung)", "destination_vat_id"), ("EU-Steuersatz (Bestimmung)", "destination_tax_rate_pct"),
    ("Abw. Versteuerungsart", "taxation_code"), ("Sachverhalt L+L", "supply_code"),
    ("Funktionsergänzung L+L", "supply_function_code"), ("BU 49 Hauptfunktionstyp", "bu49_type_code"),
    ("BU 49 Hauptfunktionsnummer", "bu49_number"), ("BU 49 Funktionsergänzung", "bu49_function_code"),
    *((f"Zusatzinformation - {part} {n}", f"extra_info_{name}_{n}")
      for n in range(1, 21) for part, name in (("Art", "kind"), ("Inhalt", "content"))),
    ("Stück", "pieces"), ("Gewicht", "weight"), ("Zahlweise", "payment_kind_code"),
    ("Forderungsart", "claim_kind_code"),
    ("Veranlagungsjahr", "assessment_year"), ("Zugeordnete Fälligkeit", "assigned_due_day"),
    ("Skontotyp", "discount_type_code"), ("Auftragsnummer", "order_id"), ("Buchungstyp", "booking_kind_code"),
    ("USt-Schlüssel (Anzahlungen)", "prepayment_tax_key"), ("EU-Land (Anzahlungen)", "prepayment_country_code"),
    ("Sachverhalt L+L (Anzahlungen)", "prepayment_supply_code"),
    ("EU-Steuersatz (Anzahlungen)", "prepayment_tax_rate_pct"), ("Erlöskonto (Anzahlungen)", "prepayment_account"),
    ("Herkunft-Kz", "source_code"), ("Buchungs GUID", "booking_guid"), ("KOST-Datum", "cost_day"),
    ("SEPA-Mandatsreferenz", "mandate_id"), ("Skontosperre", "discount_block_code"),
    ("Gesellschaftername", "partner_in_firm_name"), ("Beteiligtennummer", "participant_number"),
    ("Identifikationsnummer", "identification_number"), ("Zeichnernummer", "subscriber_number"),
    ("Postensperre bis", "item_block_until_day"), ("Bezeichnung SoBil-Sachverhalt", "special_balance_name"),
    ("Kennzeichen SoBil-Buchung", "special_balance_code"), ("Festschreibung", "final_code"),
    ("Leistungsdatum", "service_day"), ("Datum Zuord. Steuerperiode", "tax_period_day"), ("Fälligkeit", "due_day"),
    ("Generalumkehr (GU)", "reversal_code"), ("Steuersatz", "tax_rate_pct"), ("Land", "country_code"),
    ("Abrechnungsreferenz", "settlement_reference"), ("BVV-Position", "bvv_position_code"),
    ("EU-Land u. UStID (Ursprung)", "origin_vat_id"), ("EU-Steuersatz (Ursprung)", "origin_tax_rate_pct"),
    ("Abw. Skontokonto", "discount_account"),
)  # fmt: skip

_PARTNER: tuple[tuple[str, str], ...] = (
    ("Konto", "account"), ("Name (Adressattyp Unternehmen)", "company_name"),
    ("Unternehmensgegenstand", "line_of_business"), ("Name (Adressattyp natürl. Person)", "family_name"),
    ("Vorname (Adressattyp natürl. Person)", "given_name"), ("Name (Adressattyp keine Angabe)", "other_name"),
    ("Adressattyp", "addressee_type_code"), ("Kurzbezeichnung", "short_name"), ("EU-Land", "eu_country_code"),
    ("EU-UStID", "eu_vat_number"), ("Anrede", "salutation"), ("Titel/Akad. Grad", "title"),
    ("Adelstitel", "nobility_title"), ("Namensvorsatz", "name_prefix"), ("Adressart", "address_kind_code"),
    ("Straße", "street"), ("Postfach", "post_box"), ("Postleitzahl", "postal_code"), ("Ort", "city"),
    ("Land", "country_code"), ("Versandzusatz", "dispatch_addition"), ("Adresszusatz", "address_addition"),
    ("Abweichende Anrede", "other_salutation"), ("Abw. Zustellbezeichnung 1", "delivery_name_1"),
    ("Abw. Zustellbezeichnung 2", "delivery_name_2"), ("Kennz. Korrespondenzadresse", "is_postal_address"),
    ("Adresse Gültig von", "address_from_day"), ("Adresse Gültig bis", "address_to_day"), ("Telefon", "phone"),
    ("Bemerkung (Telefon)", "phone_note"), ("Telefon GL", "phone_management"),
    ("Bemerkung (Telefon GL)", "phone_management_note"), ("E-Mail", "email"), ("Bemerkung (E-Mail)", "email_note"),
    ("Internet", "website"), ("Bemerkung (Internet)", "website_note"), ("Fax", "fax"), ("Bemerkung (Fax)", "fax_note"),
    ("Sonstige", "other_contact"), ("Bemerkung (Sonstige)", "other_contact_note"),
    *((heading.format(n=n), f"{column}_{n}" if column else "") for n in range(1, 6) for heading, column in (
        ("Bankleitzahl {n}", "bank_code"), ("Bankbezeichnung {n}", "bank_name"),
        ("Bank-Kontonummer {n}", "bank_account"), ("Länderkennzeichen {n}", "bank_country_code"),
        ("IBAN-Nr. {n}", "iban"), ("Leerfeld", ""),
        ("SWIFT-Code {n}", "bic"), ("Abw. Kontoinhaber {n}", "bank_account_holder"),
        ("Kennz. Hauptbankverb. {n}", "is_main_bank"), ("Bankverb {n} Gültig von", "bank_from_day"),
        ("Bankverb {n} Gültig bis", "bank_to_day"))),
    ("Leerfeld", ""), ("Briefanrede", "letter_salutation"), ("Grußformel", "closing_phrase"),
    ("Kunden-/Lief.-Nr.", "customer_number"), ("Steuernummer", "tax_number"), ("Sprache", "language_code"),
    ("Ansprechpartner", "contact_name"), ("Vertreter", "agent_name"), ("Sachbearbeiter", "clerk_name"),
    ("Diverse-Konto", "is_collective"), ("Ausgabeziel", "output_code"), ("Währungssteuerung", "currency_control_code"),
    ("Kreditlimit (Debitor)", "credit_limit"), ("Zahlungsbedingung", "payment_term_code"),
    ("Fälligkeit in Tagen (Debitor)", "customer_due_days"), ("Skonto in Prozent (Debitor)", "customer_discount_pct"),
    ("Kreditoren-Ziel 1 Tg.", "supplier_days_1"), ("Kreditoren-Skonto 1 %", "supplier_discount_1_pct"),
    ("Kreditoren-Ziel 2 Tg.", "supplier_days_2"), ("Kreditoren-Skonto 2 %", "supplier_discount_2_pct"),
    ("Kreditoren-Ziel 3 Brutto Tg.", "supplier_net_days"), ("Kreditoren-Ziel 4 Tg.", "supplier_days_4"),
    ("Kreditoren-Skonto 4 %", "supplier_discount_4_pct"), ("Kreditoren-Ziel 5 Tg.", "supplier_days_5"),
    ("Kreditoren-Skonto 5 %", "supplier_discount_5_pct"), ("Mahnung", "dunning_code"),
)  # fmt: skip

FIELDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "21": _BOOKING,
    "16": _PARTNER,
    "20": (("Konto", "account"), ("Kontobeschriftung", "account_name"), ("SprachId", "language_id"),
           ("Kontobeschriftung lang", "long_name")),
    "46": (("Nummer", "payment_term_code"), ("Bezeichnung", "payment_term_name"), ("Fälligkeitstyp", "due_type_code"),
           ("Skonto 1 Prozent", "discount_1_pct"), ("Skonto 1 Tage", "discount_1_days"),
           ("Skonto 2 Prozent", "discount_2_pct"), ("Skonto 2 Tage", "discount_2_days"), ("Fällig Tage", "due_days"),
           ("Rechnung bis / Zeitraum 1", "invoice_until_day_1")),
    "48": (("Adressnummer", "address_number"), ("Konto", "account"), ("Anrede", "salutation"),
           ("Name (Adressattyp Unternehmen)", "company_name"), ("Unternehmensgegenstand", "line_of_business"),
           ("Kurzbezeichnung", "short_name"), ("Name (Adressattyp natürl. Person)", "family_name"),
           ("Vorname (Adressattyp natürl. Person)", "given_name"), ("Name (Adressattyp keine Angabe)", "other_name"),
           ("Adressattyp", "addressee_type_code"), ("Titel/Akad. Grad", "title"), ("Straße", "street"),
           ("Postfach", "post_box"), ("Postleitzahl", "postal_code"), ("Ort", "city"), ("Land", "country_code"),
           ("Telefon", "phone"), ("E-Mail", "email"), ("EU-Land", "eu_country_code"), ("EU-UStID", "eu_vat_number"),
           ("IBAN-Nr. 1", "iban_1"), ("SWIFT-Code 1", "bic_1")),
    "65": (("B1", "booking_status_code"), ("Umsatz (ohne Soll/Haben-Kz)", "amount"),
           ("Soll/Haben-Kennzeichen", "side_code"), ("WKZ Umsatz", "currency_code"), ("Konto", "account"),
           ("Gegenkonto (ohne BU-Schlüssel)", "counter_account"), ("BU-Schlüssel", "tax_key"),
           ("Belegfeld 1", "document_id"), ("Belegfeld 2", "document_reference"), ("Beginndatum", "start_day"),
           ("Enddatum", "end_day"), ("Skonto", "discount_amount"), ("Buchungstext", "text"),
           ("Zeitintervallart", "interval_code"), ("Zeitabstand", "interval_length")),
}  # fmt: skip
"""Category → heading and column of its fields in their order; "" is a field that is always empty."""

_BY_PLACE = frozenset({"21", "16", "20"})
"""Categories of which every field up to the last one named here is known, so that its place tells it."""

_OTHER_SPELLINGS: Mapping[str, str] = {
    "umsatz": "amount", "wkz": "currency_code", "sollhabenkz": "side_code", "sh": "side_code", "sollhaben": "side_code",
    "kontonummer": "account", "gegenkonto": "counter_account", "mandatsreferenz": "mandate_id",
    "buchungstypanzahlungen": "booking_kind_code", "telefongeschaeftsleitung": "phone_management",
    "kontenbeschriftunglang": "long_name", "nameunternehmen": "company_name", "namenachname": "family_name",
    "vorname": "given_name", "buschluessel": "tax_key", "buschlussel": "tax_key",
    "steuerschluessel": "tax_key", "adressnummer": "address_number", "euustid": "eu_vat_number",
    "euustidnr": "eu_vat_number", "kundennummer": "customer_number", "kundenliefnr": "customer_number",
    "kontenbeschriftung": "account_name", "generalumkehr": "reversal_code", "kost1": "cost_center_1",
    "kost2": "cost_center_2", "eulandundustid": "destination_vat_id", "eulanduustid": "destination_vat_id",
    "eusteuersatz": "destination_tax_rate_pct", "buchungsguid": "booking_guid", "strasse": "street",
    "leistungsdatum": "service_day", "kontobeschriftunglang": "long_name", "sprachid": "language_id",
}  # fmt: skip
_NUMBERED = (
    (re.compile(r"bankkontonummer(\d)"), "bank_account_{}"),
    (re.compile(r"bankbezeichung(\d)"), "bank_name_{}"),
    (re.compile(r"bankverb(\d)gueltigvon"), "bank_from_day_{}"),
    (re.compile(r"bankverb(\d)gueltigbis"), "bank_to_day_{}"),
    (re.compile(r"kreditorenziel([1245])(?:tg|tage)"), "supplier_days_{}"),
    (re.compile(r"kreditorenziel3brutto(?:tg|tage)"), "supplier_net_days"),
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "%": "pct"})


def plain(heading: str) -> str:
    """A heading without what programs write differently.

    >>> plain("Zusatzinformation- Inhalt 1"), plain("BU-Schlüssel")
    ('zusatzinformationinhalt1', 'buschluessel')
    """
    return re.sub(r"[^a-z0-9]", "", heading.casefold().translate(_UMLAUTS))


@cache
def _known(category: str) -> Mapping[str, str]:
    return {plain(heading): column for heading, column in FIELDS[category] if column}


def column_of(category: str, heading: str) -> str | None:
    """The column that a heading fills, None when it is not known."""
    name, known = plain(heading), _known(category)
    if name in known:
        return known[name]
    columns = set(known.values())
    if _OTHER_SPELLINGS.get(name) in columns:
        return _OTHER_SPELLINGS[name]
    for pattern, column in _NUMBERED:
        if (found := pattern.fullmatch(name)) and (named := column.format(*found.groups())) in columns:
            return named
    return None


def columns_by_place(category: str, width: int) -> list[str | None] | None:
    """The columns of the first fields by their place; None where the places are not all known."""
    if category not in _BY_PLACE:
        return None
    named = [column or None for _, column in FIELDS[category]]
    return [*named, *[None] * width][:width]


def columns_by_heading(category: str, headings: Sequence[str]) -> list[str | None]:
    """The column of each heading; of one that occurs twice the second has none."""
    taken: set[str] = set()
    columns: list[str | None] = []
    for heading in headings:
        column = column_of(category, heading)
        columns.append(None if column in taken else column)
        taken.add(column or "")
    return columns
