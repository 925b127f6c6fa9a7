"""The suite of ledgers.einvoices and its samples: one expectation per business rule that our code knows.

`python -m tests.feeds.einvoice_rules` writes both files anew after rules were added or their words changed.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.extract.messages.en16931 import RULES
from pipelines.settings import ROOT
from tests.feeds.samples import FOLDER

FEED = "ledgers.einvoices"
SUITE = ROOT / "expectations" / "ledgers" / "einvoices.json"
SAMPLES = FOLDER / f"{FEED}.yaml"
_OTHERS = {
    "rule_of_another_format": (
        "message_faults",
        f"(?:^| )(?!none$|{'|'.join(sorted({rule.partition('-')[0] + '-' for rule in RULES}))})",
        "critical",
        "the message breaks a rule of its format that is none of EN 16931",
        "die Nachricht verletzt eine Regel ihres Formats, die nicht aus der EN 16931 ist",
        "UNT-0074",
    ),
    "fault_of_a_warning": (
        "message_faults",
        "(?:^| )CII-SR-45[34](?: |$)",
        "critical",
        "the message breaks rules that are warnings of EN 16931 and faults of its specification",
        "die Nachricht verletzt Regeln, die in der EN 16931 Warnungen und in ihrer Spezifikation Fehler sind",
        "CII-SR-454",
    ),
    "advice_of_specification": (
        "message_warnings",
        "(?:^| )BR-C(?:O-1[012]|L-2[13])(?: |$)",
        "warning",
        "the message breaks rules that its specification only advises",
        "die Nachricht verletzt Regeln, die ihre Spezifikation nur empfiehlt",
        "BR-CL-23",
    ),
    "advice_of_peppol": (
        "message_warnings",
        "(?:^| )PEPPOL-EN16931-",
        "warning",
        "the message breaks rules of Peppol, which are advice for it",
        "die Nachricht verletzt Regeln von Peppol, die für sie nur Empfehlungen sind",
        "PEPPOL-EN16931-R120",
    ),
}
"""Rules about whatever else stands in the two columns: column, expression, severity, words, what trips it."""
_DATES = {
    "id": str(uuid5(NAMESPACE_URL, f"{FEED}.invoice_date_in_range")),
    "kwargs": {"column": "invoice_date", "max_value": "2035-12-31", "min_value": "2000-01-01"},
    "meta": {
        "kontor": {
            "id": f"{FEED}.invoice_date_in_range",
            "message": {
                "de": "Rechnungsdatum vor 2000 oder nach 2035: falsches Jahr",
                "en": "invoice date before 2000 or after 2035: wrong year",
            },
            "owner": "client",
        }
    },
    "severity": "critical",
    "type": "expect_column_values_to_be_between",
}
_HEAD = """\
# A row that no rule objects to, and for each rule of the suite what changes in it to make that rule object.
# Written by tests/feeds/einvoice_rules.py.
good:
  ledger_code: payables
  seller_id: '70001'
  invoice_id: RE1
  seller_name: Hafenwerk AG
  invoice_date: 2026-10-01
  currency_code: EUR
  net_amount: '100.00'
  tax_amount: '19.00'
  gross_amount: '119.00'
  payable_amount: '119.00'
  syntax_code: ubl
  message_faults: none
  message_warnings: none
trips:
"""


def name_of(rule: str) -> str:
    """The id of a business rule as a rule of the suite has it: BR-DE-23-a → br_de_23_a."""
    return rule.lower().replace("-", "_")


def suite() -> dict[str, Any]:
    """The suite as Great Expectations writes it."""
    rules = [
        _expectation(
            name_of(rule.id),
            "message_faults" if rule.severity == "fatal" else "message_warnings",
            {"word": rule.id},
            "critical" if rule.severity == "fatal" else "warning",
            f"{rule.id}: {rule.en}",
            f"{rule.id}: {rule.de}",
        )
        for rule in RULES.values()
    ]
    others = [
        _expectation(name, column, {"regex": regex}, *said) for name, (column, regex, *said, _) in _OTHERS.items()
    ]
    return {
        "expectations": [_DATES, *others, *rules],
        "id": str(uuid5(NAMESPACE_URL, FEED)),
        "meta": {
            "great_expectations_version": "1.24.1",
            "kontor": {"about": "An invoice message keeps the rules of EN 16931 and of the specification it claims."},
        },
        "name": FEED,
        "notes": None,
    }


def _expectation(name: str, column: str, asked: dict[str, str], severity: str, en: str, de: str) -> dict[str, Any]:
    rule_id = f"{FEED}.{name}"
    return {
        "id": str(uuid5(NAMESPACE_URL, rule_id)),
        "kwargs": {"column": column, **asked},
        "meta": {"kontor": {"id": rule_id, "message": {"de": de, "en": en}, "owner": "client"}},
        "severity": severity,
        "type": "expect_word_not_to_occur" if "word" in asked else "expect_column_values_to_not_match_regex",
    }


def suite_text() -> str:
    """The suite as the file holds it."""
    return json.dumps(suite(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def samples_text() -> str:
    """The samples as the file holds them."""
    lines = ["  invoice_date_in_range: {invoice_date: 1926-10-01}"]
    lines += [f"  {name}: {{{said[0]}: {said[-1]}}}" for name, said in _OTHERS.items()]
    for rule in RULES.values():
        column = "message_faults" if rule.severity == "fatal" else "message_warnings"
        lines.append(f"  {name_of(rule.id)}: {{{column}: {rule.id}}}")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    SUITE.write_text(suite_text(), encoding="utf-8")
    SAMPLES.write_text(samples_text(), encoding="utf-8")
