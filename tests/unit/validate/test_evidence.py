"""Data Docs: one page per feed and source, drawn by Great Expectations, loading nothing from elsewhere."""

from __future__ import annotations

import json
import re

from pipelines.settings import Settings
from pipelines.validate.evidence import write_data_docs
from tests.unit.validate.conftest import ADDS_UP, Desk, line, rule


def test_pages_tell_what_failed_and_load_nothing(desk: Desk, settings: Settings) -> None:
    desk.suite(
        [
            ADDS_UP,
            rule("short", "expect_column_value_lengths_to_be_between", "warning", column="contact_name", max_value=3),
        ]
    )
    _, result = desk.gate([line("1"), line("2", gross_amount=1)])
    stored = json.loads(json.dumps(result.validation_result))
    page = write_data_docs(settings, "tests.lines", stored)
    assert page == settings.docs / "quality" / "tests.lines" / f"{desk.client}-main.html"
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"https?:|<script|<img", text)
    assert "to the cent." in text and "not_empty fails when: no row" in text and "not evaluated" in text.lower()
    assert "raised an exception" not in text and "Sample Office" not in text
    assert f'href="tests.lines/{desk.client}-main.html"' in (page.parent.parent / "index.html").read_text()
    assert sorted(p.suffix for p in page.parent.iterdir()) == [".html"]


def test_the_last_run_replaces_the_one_before(desk: Desk, settings: Settings) -> None:
    for lines in ([line("1")], [line("1"), line("2")]):
        delivery, result = desk.gate(lines)
        page = write_data_docs(settings, "tests.lines", result.validation_result)
    assert f"delivery {delivery.delivery_id}" in page.read_text()
    assert len(list(page.parent.iterdir())) == 1
