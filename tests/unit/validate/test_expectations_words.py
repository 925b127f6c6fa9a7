"""Words that a text must not have: engines and gate beside plain Python."""

from __future__ import annotations

import random
from typing import Any

import pytest
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.core import ExpectColumnValuesToNotMatchRegex
from great_expectations.expectations.row_conditions import Column

from pipelines.validate.expectations import WORDS, ColumnWords, ExpectWordNotToOccur
from tests.unit.validate.conftest import ADDS_UP, Desk, by_id, line, rule
from tests.unit.validate.engines import Judged, dirty_rows, judged_on

IDS = ["BR-1", "BR-15", "BR-DE-1", "br-1", "XBR-1", "BR-1-a", "BR.1", "none"]
ODD = [None, "", " ", " BR-1", "BR-1  BR-15", "BR-1,"]


def texts(seed: int = 3) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    template = dirty_rows(20)[0]
    return [
        {
            **template, "row_id": n, "kind": rng.choice(["a", "b"]),
            "document": rng.choice([*ODD, " ".join(rng.sample(IDS, rng.randint(1, 4)))]),
        }
        for n in range(200)
    ]  # fmt: skip


def having(word: str, **more: str) -> list[int]:
    """The same rule, row by row in Python."""
    return [
        row["row_id"]
        for row in texts()
        if row["document"] is not None and word in row["document"].split(" ") and more.items() <= row.items()
    ]


judged = judged_on(texts())


def test_whole_words_are_found(judged: Judged) -> None:
    for word in IDS:
        assert judged.failing(ExpectWordNotToOccur(column="document", word=word)) == having(word) != []
    assert judged.failing(ExpectWordNotToOccur(column="document", word="BR")) == having("BR") == []
    some = ExpectWordNotToOccur(column="document", word="BR-1", row_condition=Column("kind") == "a")
    assert judged.failing(some) == having("BR-1", kind="a") != having("BR-1")


def test_an_expression_for_each_word_finds_the_same(judged: Judged) -> None:
    for word in ("BR-1", "BR-DE-1", "none"):
        regex = ExpectColumnValuesToNotMatchRegex(column="document", regex=f"(?:^| ){word}(?: |$)")
        word_not = ExpectWordNotToOccur(column="document", word=word)
        assert judged.failing(word_not) == judged.failing(regex)
        mine, theirs = judged.result(word_not, "BASIC")["result"], judged.result(regex, "BASIC")["result"]
        assert mine.keys() == theirs.keys()
        for name in mine.keys() - {"partial_unexpected_list"}:
            assert mine[name] == theirs[name], name
        assert sorted(mine["partial_unexpected_list"]) == sorted(theirs["partial_unexpected_list"])


@pytest.mark.parametrize("word", ["", " ", "two words", "a\tb"])
def test_a_word_has_no_white_space(word: str) -> None:
    with pytest.raises(ValueError, match="word"):
        ExpectWordNotToOccur(column="document", word=word)


def test_many_rules_look_at_the_words_of_a_column_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    resolve = PandasExecutionEngine.resolve_metrics

    def counted(self: PandasExecutionEngine, metrics: list[Any], *rest: Any) -> Any:
        asked.extend(m.metric_name for m in metrics)
        return resolve(self, metrics, *rest)

    monkeypatch.setattr(PandasExecutionEngine, "resolve_metrics", counted)
    words = ["Sample", "Office", "Miller", "Off"]
    desk.suite([ADDS_UP, *(rule(w.lower(), "expect_word_not_to_occur", column="contact_name", word=w) for w in words)])
    delivery, result = desk.gate([line("1"), line("2", contact_name="Miller & Co"), line("3", contact_name=None)])
    assert asked.count(WORDS) == 1 and asked.count("column_values.without_word.condition") == len(words)
    assert {name: by_id(result)[name].failed for name in ("sample", "office", "miller", "off")} == {
        "sample": 1, "office": 1, "miller": 1, "off": 0,
    }  # fmt: skip
    assert {by_id(result)[name.lower()].evaluated for name in words} == {2}
    assert desk.rejects(delivery) == {"sample": [2], "office": [2], "miller": [3]}
    assert ColumnWords.metric_name == WORDS
