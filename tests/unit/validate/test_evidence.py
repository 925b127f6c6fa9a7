"""Data Docs: one page per feed and source, drawn by Great Expectations, loading nothing from elsewhere."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

from pipelines.settings import Settings
from pipelines.validate import judge, run
from pipelines.validate.evidence import write_data_docs
from tests.unit.validate.conftest import ADDS_UP, Desk, line, rule, where


def _text(page: str) -> str:
    """What a reader of the page sees, without its style."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split())


def test_pages_tell_what_failed_and_load_nothing(desk: Desk, settings: Settings) -> None:
    desk.suite(
        [
            ADDS_UP,
            rule("short", "expect_column_value_lengths_to_be_between", "warning", column="contact_name", max_value=3),
        ]
    )
    delivery, result = desk.gate([line("1"), line("2", gross_amount=1)])
    stored = json.loads(json.dumps(result.validation_result))
    counts = result.counts
    moved = replace(
        delivery, verdict=result.verdict, rows_received=counts.received, rows_rejected=counts.rejected, rows_skipped=0
    )
    page = write_data_docs(settings, moved, stored)
    assert page == settings.docs / "quality" / "tests.lines" / f"{desk.client}-main.html"
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|<img", text)
    assert "to the cent." in text and "not_empty fails when: no row" in text and "not evaluated" in text.lower()
    assert "raised an exception" not in text and "Sample Office" not in text
    opening = _text(text.partition("Every rule, as")[0])
    assert "held" in opening and "2 rows received 1 rows accepted 1 rows rejected" in opening
    assert "critical tests.lines.adds_up" in opening and "1 of 2 rows" in opening
    assert opening.index("critical tests.lines.adds_up") < opening.index("warning tests.lines.short")
    index = (page.parent.parent / "index.html").read_text(encoding="utf-8")
    assert f'href="tests.lines/{desk.client}-main.html"' in index
    assert f"{desk.client} · main held {delivery.file_name} 2 1 2 critical , 1 warning of" in _text(index)
    assert sorted(p.suffix for p in page.parent.iterdir()) == [".html"]


def test_the_last_run_replaces_the_one_before(desk: Desk, settings: Settings) -> None:
    for lines in ([line("1")], [line("1"), line("2")]):
        delivery, result = desk.gate(lines)
        page = write_data_docs(settings, delivery, result.validation_result)
    assert f"delivery {delivery.delivery_id}" in page.read_text()
    assert len(list(page.parent.iterdir())) == 1


def test_it_is_written_as_great_expectations_writes_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence: list[judge.ExpectationValidationResult] = []

    def kept(*args: Any) -> dict[str, Any]:
        evidence.extend(outcome.evidence for outcome in args[1])
        return judge.evidence_of(*args)

    monkeypatch.setattr(run, "evidence_of", kept)
    desk.suite(
        [
            ADDS_UP,
            rule("short", "expect_column_value_lengths_to_be_between", "warning", column="contact_name", max_value=3),
            rule("late", "expect_column_values_to_be_between", column="booked_date", min_value="2026-03-02"),
            rule(
                "once",
                "expect_column_values_to_be_unique",
                column="head_count",
                row_condition=where("tax_amount", ">", 1),
            ),
            rule("sum", "expect_column_sum_to_be_between", column="net_amount", min_value=5),
        ]
    )
    _, result = desk.gate(
        [line("1"), line("2", gross_amount=1), line("2", head_count=None), line("3", booked_date=None)]
    )
    written = result.validation_result
    whole = ExpectationSuiteValidationResult(
        success=written["success"], results=evidence, suite_name=written["suite_name"],
        statistics=written["statistics"], meta=written["meta"],
    )  # fmt: skip
    assert json.dumps(whole.to_json_dict(), sort_keys=True) == json.dumps(written, sort_keys=True)


def test_a_page_that_says_nothing_of_itself_is_listed_by_its_name(desk: Desk, settings: Settings) -> None:
    older = settings.docs / "quality" / "tests.older" / "x-main.html"
    older.parent.mkdir(parents=True)
    older.write_text("<html><head><title>older</title></head><body></body></html>", encoding="utf-8")
    desk.suite([ADDS_UP])
    delivery, result = desk.gate([line("1")])
    page = write_data_docs(settings, delivery, result.validation_result)
    index = (page.parent.parent / "index.html").read_text(encoding="utf-8")
    assert '<li><a href="tests.older/x-main.html">tests.older/x-main</a></li>' in index
    assert _text(index).count("main") == 2
