"""Accuracy on made-up files of every dialect and pollution, and whether confidence keeps its word."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from pipelines.extract.sniff import Proposal, propose
from tests.unit.extract.sniff.corpus import Maker, Truth

FILES = 300
REACHED = {
    "type": 0.995, "encoding": 0.985, "record_separator": 0.99, "delimiter": 0.98, "quote_char": 0.99,
    "escape_char": 0.99, "dialect": 0.98, "header_rows": 0.98, "first_row": 0.975, "footer_rows": 0.985,
    "width": 0.98, "tables": 0.99, "comment_char": 0.99,
}  # fmt: skip
"""Shares of right answers that were reached, a little below what was measured."""


def judged(proposal: Proposal, truth: Truth, data: bytes) -> dict[str, bool]:
    words = proposal.words
    width = len(proposal.tables[0].columns)
    got = words.get("delimiter")
    if truth.delimiter is None:
        delimiter = width == 1
    elif truth.delimiter == ", ":
        delimiter = got == ", " or (got == "," and words["skip_initial_space"])
    else:
        delimiter = got == truth.delimiter and width > 1
    quote = truth.quote is None or words.get("quote_char") == truth.quote
    escape = words.get("escape_char") == truth.escape
    try:
        decoded = data.decode(words["encoding"]).lstrip("\ufeff")
    except UnicodeDecodeError:
        decoded = None
    return {
        "type": words["type"] == "csv",
        "encoding": decoded == data.decode(truth.encoding).lstrip("\ufeff"),
        "record_separator": words.get("record_separator") == truth.separator,
        "delimiter": delimiter,
        "quote_char": quote,
        "escape_char": escape,
        "dialect": delimiter and quote and escape,
        "header_rows": words.get("header_rows") == truth.header_rows,
        "first_row": proposal.tables[0].first_row == truth.first_row,
        "footer_rows": words.get("footer_rows", 0) == truth.footer,
        "width": width == truth.width,
        "tables": len(proposal.tables) == truth.tables,
        "comment_char": words.get("comment_char") == truth.comment,
    }


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, Proposal, dict[str, bool]]]:
    folder: Path = tmp_path_factory.mktemp("corpus")
    found = []
    for seed in range(FILES):
        data, truth = Maker(seed).make()
        path = folder / f"{seed}.csv"
        path.write_bytes(data)
        proposal = propose(path, {})
        found.append((seed, proposal, judged(proposal, truth, data)))
    return found


@pytest.mark.parametrize("word", REACHED)
def test_accuracy(answers: list[tuple[int, Proposal, dict[str, bool]]], word: str) -> None:
    wrong = [seed for seed, _, right in answers if not right[word]]
    assert len(wrong) <= (1 - REACHED[word]) * FILES, f"{word} is wrong for the files of seeds {wrong}"


def test_every_proposal_is_a_format(answers: list[tuple[int, Proposal, dict[str, bool]]]) -> None:
    for _, proposal, _ in answers:
        assert proposal.format.type in ("csv", "fixed")


def test_confidence_keeps_its_word(answers: list[tuple[int, Proposal, dict[str, bool]]]) -> None:
    """Of the findings said to be sure at 90% or more, at most 1% are wrong; doubtful ones are wrong more often."""
    sure, doubtful = Counter[bool](), Counter[bool]()
    by_word: dict[str, list[int]] = defaultdict(list)
    for seed, proposal, right in answers:
        for finding in proposal.findings:
            if finding.word in right:
                (sure if finding.confidence >= 0.9 else doubtful)[right[finding.word]] += 1
                if finding.confidence >= 0.9 and not right[finding.word]:
                    by_word[finding.word].append(seed)
    assert sure[False] <= 0.01 * sure.total(), dict(by_word)
    assert doubtful[False] / doubtful.total() > 5 * sure[False] / sure.total()


def test_doubt_is_said(answers: list[tuple[int, Proposal, dict[str, bool]]]) -> None:
    for seed, proposal, _ in answers:
        for finding in proposal.findings:
            assert 0.0 <= finding.confidence <= 1.0
            assert finding.evidence, (seed, finding.word)
            if finding.word == "delimiter" and finding.confidence < 0.78:
                assert proposal.warnings, seed
