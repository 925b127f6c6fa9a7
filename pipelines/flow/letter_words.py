"""What letters to clients say, in English and German; numbers and dates in the locale of the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

COUNTED: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "row": ("row", "rows"),
        "missing": ("delivery missing", "deliveries missing"),
        "late": ("delivery late", "deliveries late"),
        "unusable": ("file not usable", "files not usable"),
        "returned": ("delivery returned", "deliveries returned"),
        "held": ("delivery under review", "deliveries under review"),
        "open": ("row to correct", "rows to correct"),
        "refused": ("correction not accepted", "corrections not accepted"),
        "taken": ("correction taken in", "corrections taken in"),
        "workbook": ("correction workbook", "correction workbooks"),
        "hour": ("hour", "hours"),
    },
    "de": {
        "row": ("Zeile", "Zeilen"),
        "missing": ("Lieferung fehlt", "Lieferungen fehlen"),
        "late": ("Lieferung verspätet", "Lieferungen verspätet"),
        "unusable": ("Datei nicht verwendbar", "Dateien nicht verwendbar"),
        "returned": ("Lieferung zurückgegeben", "Lieferungen zurückgegeben"),
        "held": ("Lieferung in Prüfung", "Lieferungen in Prüfung"),
        "open": ("Zeile zu korrigieren", "Zeilen zu korrigieren"),
        "refused": ("Korrektur nicht angenommen", "Korrekturen nicht angenommen"),
        "taken": ("Korrektur übernommen", "Korrekturen übernommen"),
        "workbook": ("Korrekturmappe", "Korrekturmappen"),
        "hour": ("Stunde", "Stunden"),
    },
}

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "greeting": "Good morning,",
        "intro": "this is what came of the deliveries of {client}, as of {date}.",
        "missing": "Missing deliveries",
        "missing_hint": "Please send them; they are taken in with the next run.",
        "missing_line": "{what}: was due on {due}",
        "late": "Late deliveries",
        "late_line": "{what}: was due on {due}, came on {came} ({hours} late)",
        "unusable": "Files that could not be used",
        "unusable_hint": "Nothing of them was taken in. Please send them again, corrected.",
        "unusable_line": "{what}, file {file}: {reason}",
        "returned": "Deliveries returned to you",
        "returned_hint": "Nothing of them was taken in. Please send them again, corrected; your contact knows why.",
        "returned_line": "{what}, file {file}: {rows}",
        "held": "Deliveries under review",
        "held_hint": "Nothing of them is taken in before somebody here has decided. You need not do anything now.",
        "held_line": "{what}, file {file}: {rows}; {reason}",
        "held_plain": "set aside for a look by a person",
        "rejects": "Rows kept out",
        "rejects_hint": "All other rows of these deliveries were taken in.",
        "rejects_line": "{what}, file {file}: {number} of {rows} kept out",
        "open": "All rows still to be corrected, by reason",
        "open_hint": "A row with several reasons stands under each of them. In all: {rows}.",
        "open_ours": "Reasons that are ours to solve are not listed: {rows} more by reason.",
        "corrections": "Your corrections",
        "taken_line": "{what}, file {file}: {accepted} taken in",
        "back_line": "{what}, file {file}: {accepted} taken in, {rejected} not yet right: see the next workbook",
        "review_line": "{what}, file {file}: {rows} received, to be looked at here before they are taken in",
        "refused_line": "{what}, file {file}: not accepted: {reason}",
        "workbooks": "Correction workbooks",
        "attached_hint": "Attached. Please correct the marked cells and put the file into your delivery folder.",
        "kept_hint": "They hold rows as you sent them, so they are not attached; your contact here hands them over.",
        "book_line": "{name}: {rows} of {what}, file {file}",
        "too_big": "{name} is too big to be attached; your contact here hands it over.",
        "link_release": "Decisions on deliveries under review",
        "link_docs": "Results of all checks",
        "link_book": "{name}",
        "links": "Links",
        "feed": "Feed", "reason": "Reason", "rows": "Rows", "amount": "Amount",
        "step_extract": "it cannot be read as agreed",
        "step_clean": "its columns are not as agreed",
        "step_other": "it cannot be used",
        "no_reply": "This message was made by a machine. It names counts and reasons only, no values of your rows.",
    },
    "de": {
        "greeting": "Guten Morgen,",
        "intro": "das ist aus den Lieferungen von {client} geworden, Stand {date}.",
        "missing": "Fehlende Lieferungen",
        "missing_hint": "Bitte senden Sie sie nach; der nächste Lauf übernimmt sie.",
        "missing_line": "{what}: war fällig am {due}",
        "late": "Verspätete Lieferungen",
        "late_line": "{what}: war fällig am {due}, kam am {came} ({hours} zu spät)",
        "unusable": "Dateien, die nicht verwendbar waren",
        "unusable_hint": "Aus ihnen wurde nichts übernommen. Bitte senden Sie sie berichtigt noch einmal.",
        "unusable_line": "{what}, Datei {file}: {reason}",
        "returned": "An Sie zurückgegebene Lieferungen",
        "returned_hint": "Aus ihnen wurde nichts übernommen. Bitte senden Sie sie berichtigt noch einmal; "
        "den Grund kennt Ihre Ansprechperson bei uns.",
        "returned_line": "{what}, Datei {file}: {rows}",
        "held": "Lieferungen in Prüfung",
        "held_hint": "Aus ihnen wird nichts übernommen, bevor bei uns jemand entschieden hat. "
        "Sie brauchen jetzt nichts zu tun.",
        "held_line": "{what}, Datei {file}: {rows}; {reason}",
        "held_plain": "zur Ansicht durch eine Person zurückgestellt",
        "rejects": "Zurückgehaltene Zeilen",
        "rejects_hint": "Alle anderen Zeilen dieser Lieferungen wurden übernommen.",
        "rejects_line": "{what}, Datei {file}: {number} von {rows} zurückgehalten",
        "open": "Alle noch zu korrigierenden Zeilen, nach Grund",
        "open_hint": "Eine Zeile mit mehreren Gründen steht unter jedem. Insgesamt: {rows}.",
        "open_ours": "Gründe, die wir selbst beheben, sind nicht aufgeführt: nach Grund noch {rows}.",
        "corrections": "Ihre Korrekturen",
        "taken_line": "{what}, Datei {file}: {accepted} übernommen",
        "back_line": "{what}, Datei {file}: {accepted} übernommen, {rejected} noch nicht richtig: "
        "siehe die nächste Korrekturmappe",
        "review_line": "{what}, Datei {file}: {rows} erhalten, wird bei uns angesehen und dann übernommen",
        "refused_line": "{what}, Datei {file}: nicht angenommen: {reason}",
        "workbooks": "Korrekturmappen",
        "attached_hint": "Liegen bei. Bitte berichtigen Sie die markierten Zellen und legen Sie die Datei in Ihren "
        "Lieferordner.",
        "kept_hint": "Sie enthalten Zeilen, wie Sie sie gesandt haben, und liegen deshalb nicht bei; "
        "Ihre Ansprechperson bei uns gibt sie heraus.",
        "book_line": "{name}: {rows} aus {what}, Datei {file}",
        "too_big": "{name} ist zu groß, um beizuliegen; Ihre Ansprechperson bei uns gibt sie heraus.",
        "link_release": "Entscheidungen über Lieferungen in Prüfung",
        "link_docs": "Ergebnisse aller Prüfungen",
        "link_book": "{name}",
        "links": "Verweise",
        "feed": "Datenart", "reason": "Grund", "rows": "Zeilen", "amount": "Betrag",
        "step_extract": "sie ist nicht wie vereinbart lesbar",
        "step_clean": "ihre Spalten sind nicht wie vereinbart",
        "step_other": "sie ist nicht verwendbar",
        "no_reply": "Diese Nachricht schrieb eine Maschine. Sie nennt nur Anzahlen und Gründe, keine Werte aus Ihren "
        "Zeilen.",
    },
}  # fmt: skip


FAULTS_DE = {
    "column missing": "eine Spalte fehlt",
    "column not declared": "eine Spalte ist nicht vereinbart",
    "layout has changed": "der Aufbau hat sich geändert",
    "layout is not the declared one": "der Aufbau ist nicht der vereinbarte",
    "correction workbook is out of date, nothing of it is taken": "die Korrekturmappe ist nicht die neueste",
    "correction workbook was changed where it must not be, nothing of it is taken": "die Korrekturmappe wurde an "
    "Stellen geändert, die nicht zu ändern sind",
    "correction workbook is not known here, nothing of it is taken": "die Korrekturmappe ist hier nicht bekannt",
    "correction workbook belongs to no delivery of this client": "die Korrekturmappe gehört nicht zu Ihren Daten",
    "correction workbook has lost its token": "der Korrekturmappe fehlt ihr Kennzeichen",
}
"""What is wrong with a file, as our errors say it, in German; of others a German letter names the kind only."""


@dataclass(frozen=True)
class Tongue:
    """How one client is spoken to."""

    language: str
    locale: str
    time_zone: str

    def say(self, key: str, **values: str) -> str:
        """A sentence."""
        return TEXTS[self.language][key].format(**values)

    def count(self, number: int, what: str) -> str:
        """`1 row`, `1,200 rows`."""
        one, many = COUNTED[self.language][what]
        return f"{self.number(number)} {one if number == 1 else many}"

    def number(self, number: int | float) -> str:
        """A plain number."""
        return str(format_decimal(number, locale=self._locale))

    def moment(self, at: datetime) -> str:
        """Day and time on the clock of the client."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        return f"{self.day(local.date())}, {format_time(local, 'short', locale=self._locale)}"

    def day(self, day: date) -> str:
        """A day."""
        return str(format_date(day, "medium", locale=self._locale))

    def money(self, sums: Mapping[str, Decimal]) -> str:
        """Sums by currency; one whose currency nobody named stands without."""
        said = [
            format_currency(value, code, locale=self._locale) if code else format_decimal(value, locale=self._locale)
            for code, value in sorted(sums.items())
        ]
        return "; ".join(map(str, said))

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.locale)
