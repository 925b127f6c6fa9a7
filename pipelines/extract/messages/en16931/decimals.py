"""BR-DEC: amounts have at most two decimals. Prices and quantities may have more."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.extract.messages.en16931.rule import BusinessRule, Found, View, place

_AMOUNTS = {
    "BR-DEC-01": ("BT-92", "the allowance", "des Nachlasses"),
    "BR-DEC-02": ("BT-93", "the base of the allowance", "des Grundbetrags des Nachlasses"),
    "BR-DEC-05": ("BT-99", "the charge", "des Zuschlags"),
    "BR-DEC-06": ("BT-100", "the base of the charge", "des Grundbetrags des Zuschlags"),
    "BR-DEC-09": ("BT-106", "the sum of the lines", "der Summe der Positionen"),
    "BR-DEC-10": ("BT-107", "the sum of allowances", "der Summe der Nachlässe"),
    "BR-DEC-11": ("BT-108", "the sum of charges", "der Summe der Zuschläge"),
    "BR-DEC-12": ("BT-109", "the total without VAT", "der Rechnungssumme ohne Umsatzsteuer"),
    "BR-DEC-13": ("BT-110", "the total of VAT", "der Summe der Umsatzsteuer"),
    "BR-DEC-14": ("BT-112", "the total with VAT", "der Rechnungssumme mit Umsatzsteuer"),
    "BR-DEC-15": ("BT-111", "the total of VAT in the accounting currency", "der Umsatzsteuer in Buchungswährung"),
    "BR-DEC-16": ("BT-113", "the amount already paid", "des gezahlten Betrags"),
    "BR-DEC-17": ("BT-114", "the rounding amount", "des Rundungsbetrags"),
    "BR-DEC-18": ("BT-115", "the amount due", "des fälligen Betrags"),
    "BR-DEC-19": ("BT-116", "the taxable amount of a VAT category", "des zu versteuernden Betrags einer Kategorie"),
    "BR-DEC-20": ("BT-117", "the tax of a VAT category", "der Steuer einer Kategorie"),
    "BR-DEC-23": ("BT-131", "the net amount of a line", "des Nettobetrags einer Position"),
    "BR-DEC-24": ("BT-136", "the allowance of a line", "des Nachlasses einer Position"),
    "BR-DEC-25": ("BT-137", "the base of an allowance of a line", "des Grundbetrags eines Nachlasses einer Position"),
    "BR-DEC-27": ("BT-141", "the charge of a line", "des Zuschlags einer Position"),
    "BR-DEC-28": ("BT-142", "the base of a charge of a line", "des Grundbetrags eines Zuschlags einer Position"),
}


def _rule(rule: str, term: str, en: str, de: str) -> BusinessRule:
    def check(view: View) -> Iterator[Found]:
        for placed in view.terms(term):
            if len(placed.term.text.strip().partition(".")[2]) > 2:
                yield Found(place(placed.group, term), placed.text, "at most two decimals")

    return BusinessRule(
        rule,
        f"the amount of {en} ({term}) has more than two decimals",
        f"der Betrag {de} ({term}) hat mehr als zwei Nachkommastellen",
        check,
    )


RULES = [_rule(rule, *words) for rule, words in _AMOUNTS.items()]
