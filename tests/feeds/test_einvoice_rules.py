"""The suite of ledgers.einvoices says what our code knows of business rules: neither more nor less."""

from __future__ import annotations

import pytest

from pipelines.extract.messages.en16931 import RULES
from tests.feeds.einvoice_rules import SAMPLES, SUITE, samples_text, suite, suite_text


def test_the_suite_has_every_rule_in_its_words() -> None:
    assert SUITE.read_text(encoding="utf-8") == suite_text(), "run python -m tests.feeds.einvoice_rules"
    assert SAMPLES.read_text(encoding="utf-8") == samples_text(), "run python -m tests.feeds.einvoice_rules"


@pytest.mark.parametrize("column", ["message_faults", "message_warnings"])
def test_an_id_that_begins_like_another_is_not_taken_for_it(column: str) -> None:
    """BR-DE-1 is not BR-DE-15: each rule asks for its own id, as a whole word."""
    rules = [rule for rule in suite()["expectations"] if rule["kwargs"]["column"] == column]
    asked = [rule for rule in rules if rule["type"] == "expect_word_not_to_occur"]
    assert [rule["kwargs"]["word"] for rule in asked] == [
        rule["meta"]["kontor"]["message"]["en"].split(":")[0] for rule in asked
    ]
    assert {rule["kwargs"]["word"] for rule in asked} == {
        rule.id for rule in RULES.values() if (rule.severity == "fatal") == (column == "message_faults")
    }
