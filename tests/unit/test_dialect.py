"""The words of a format: what each type understands, and the spellings of other programs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.dialect import WORDS_OF, Format, words_from_json
from pipelines.errors import DeclarationError


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, {}),
        ({"delimiter": ";", "quoteChar": "'", "lineTerminator": "&|\n"},
         {"delimiter": ";", "quote_char": "'", "record_separator": "&|\n"}),
        ({"row_delimiter": "\r\n"}, {"record_separator": None}),
        ({"quote": "", "escape": ""}, {"quote_char": None, "escape_char": None}),
        ({"quote": "'", "escape": "'"}, {"quote_char": "'", "escape_char": None, "double_quote": True}),
        ({"escape": "\\"}, {"escape_char": "\\"}),
        ({"header_row": 3}, {"header_rows": [3]}),
        ({"header_row": 0}, {"header_rows": []}),
        ({"header": False}, {"header_rows": []}),
        ({"header": True, "preamble": 2}, {"preamble_rows": 2, "header_rows": [3]}),
        ({"headerRows": [1, 2], "preamble": 4}, {"preamble_rows": 4, "header_rows": [5, 6]}),
        ({"header_row": 5, "preamble": 4}, {"preamble_rows": 4, "header_rows": [5]}),
        ({"header_lines": 2, "preamble_lines": 1, "footnote_lines": 3},
         {"preamble_rows": 1, "footer_rows": 3, "header_rows": [2, 3]}),
        ({"type": "xml", "record_path": "Root/Item"}, {"type": "xml", "record_path": "Root/Item"}),
    ],
)  # fmt: skip
def test_spellings(given: dict[str, Any], words: dict[str, Any]) -> None:
    assert words_from_json(given) == words


def test_an_unknown_word_names_the_known_ones() -> None:
    with pytest.raises(DeclarationError, match=r"'delimeter'.*delimiter.*quote_char"):
        words_from_json({"delimeter": ";"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"type": "json", "delimiter": ";"}, "delimiter: no meaning for type json"),
        ({"type": "fixed"}, "need fields"),
        ({"type": "fixed", "fields": [{"name": "a", "start": 1, "width": 2}] * 2}, "differ"),
        ({"type": "xml"}, "needs record_path"),
        ({"header_rows": []}, "header_rows"),
        ({"names": ["a"]}, "header_rows"),
        ({"header_rows": [], "names": ["a", "a"]}, "differ"),
        ({"encoding": "klingon"}, "unknown encoding 'klingon'"),
        ({"fallback_encoding": "klingon"}, "unknown encoding 'klingon'"),
        ({"end_at": "("}, "not a regular expression"),
        ({"stray_quotes": "guess"}, "literal"),
    ],
)
def test_contradictions_are_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Format(**words)


def test_every_word_means_something_for_some_type() -> None:
    assert set().union(*WORDS_OF.values()) == set(Format.model_fields)
