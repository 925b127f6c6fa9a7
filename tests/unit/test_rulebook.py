"""What people are told of rules: every rule has words, both languages, an owner and a cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import rulewords
from pipelines.catalog import Catalog
from pipelines.contract import read_contract
from pipelines.reject import Baseline, Cause, Owner, baseline_rule
from pipelines.rulebook import RuleBook, derived_message
from pipelines.settings import ROOT

CONTRACTS = {c.feed: c for c in map(read_contract, sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")))}
CATALOG = Catalog(CONTRACTS, {}, ROOT / "expectations")


@pytest.mark.parametrize("kind", Baseline)
def test_every_derived_rule_speaks_both_languages(kind: Baseline) -> None:
    english, german = derived_message(kind, "due_date"), derived_message(kind, "due_date", "de")
    assert english
    assert german
    assert english != german


@pytest.mark.parametrize("feed", CONTRACTS)
def test_written_rules_have_words_owner_and_cause(feed: str) -> None:
    book = RuleBook.of(CATALOG, feed)
    assert book.written
    for rule in book.written.values():
        assert rule.id.startswith(feed + ".")
        assert rule.message("de") != rule.message("en")
        assert rule.message("fr") == rule.message("en")
        assert rule.checks
        assert not set("{}") & set(rule.checks.replace(_regex(rule.checks), "")), rule.checks


def _regex(text: str) -> str:
    return text.partition(" matches ")[2]


def test_derived_rules_are_found_by_their_id() -> None:
    book = RuleBook.of(CATALOG, "ledgers.payables")
    rule = book.rule(baseline_rule("ledgers.payables", Baseline.UNREADABLE, "due_date"))
    assert (rule.column, rule.owner, rule.cause, rule.waivable) == ("due_date", Owner.CLIENT, Cause.UNREADABLE, False)
    assert rule.message("de") == "due_date ist nicht lesbar"
    codes = book.rule(baseline_rule("ledgers.payables", Baseline.UNKNOWN_CODE, "status_code"))
    assert codes.owner is Owner.US  # the profile maps codes
    assert "supplier_id, invoice_id" in book.rule("ledgers.payables.key_unique").message("en")


def test_nobody_waives_keys_identities_or_what_cannot_be_read() -> None:
    book = RuleBook.of(CATALOG, "ledgers.payables")
    assert not book.rule("ledgers.payables.net_and_tax_give_gross").waivable
    assert not book.rule("ledgers.payables.required.invoice_id").waivable  # part of the key
    assert book.rule("ledgers.payables.required.gross_amount").waivable
    assert not book.rule("ledgers.payables.key_unique").waivable
    dated = RuleBook.of(CATALOG, "shipments.shipments").rule("shipments.shipments.required.promised_date")
    assert not dated.waivable  # without a day a row stands in no month
    assert dated.message("en").startswith("promised_date / shipped_date / delivered_date / ")
    assert book.rule("ledgers.payables.due_not_before_invoice").waivable


def test_a_rule_that_is_gone_is_still_named() -> None:
    rule = RuleBook.of(CATALOG, "ledgers.payables").rule("ledgers.payables.of_last_year")
    assert rule.message("de") == "ledgers.payables.of_last_year"


def test_rules_for_one_client_stand_beside_the_feeds(tmp_path: Path) -> None:
    item = json.loads((ROOT / "expectations/ledgers/payables.json").read_text())["expectations"][0]
    item["meta"]["kontor"]["id"] = "ledgers.payables.only_here"
    folder = tmp_path / "ledgers"
    folder.mkdir()
    (folder / "payables.json").write_text('{"expectations": []}')
    (folder / "payables.acme.json").write_text(json.dumps({"expectations": [item]}))
    catalog = Catalog(CONTRACTS, {}, tmp_path)
    assert RuleBook.of(catalog, "ledgers.payables", "acme").rule("ledgers.payables.only_here").origin == "client suite"
    assert not RuleBook.of(catalog, "ledgers.payables", "other").written


@pytest.mark.parametrize(
    ("kind", "kwargs", "words"),
    [
        ("expect_column_values_to_be_between", {"column": "a", "min_value": 0, "strict_min": True}, "a > 0"),
        ("expect_column_values_to_be_between", {"column": "a", "min_value": 1.5, "max_value": 9.0}, "1.5 ≤ a ≤ 9"),
        ("expect_table_row_count_to_be_between", {"max_value": 9}, "number of rows ≤ 9"),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": list("abcdefghij")}, "a in a, b, c, d, e, f, g, h, … (10)"),  # noqa: E501
        ("expect_column_values_to_match_json_schema", {"column": "a", "json_schema": 1}, "column values to match json schema (column = a, json_schema = 1)"),  # noqa: E501
        ("expect_groups_to_balance", {"group": ["j"], "debit": "d", "credit": "c"}, "sum of d = c per j"),
        ("expect_column_product_to_match", {"factors": ["a", "b"], "total": "c", "per": 100.0}, "a × b / 100 = c"),
        ("expect_column_product_to_match", {"factors": ["a", "b"], "total": "c", "less_pct": "d"}, "a × b, less d %, = c"),  # noqa: E501
        ("expect_column_ratio_to_be_between", {"numerator": "a", "denominator": "b", "max_value": 1.1}, "a / b ≤ 1.1"),
        ("expect_column_ratio_to_be_between", {"numerator": "a", "plus": ["c"], "denominator": "b", "min_value": 1, "max_value": 2}, "1 ≤ (a + c) / b ≤ 2"),  # noqa: E501
        ("expect_feed_rows_to_occur", {"feed": "f.g", "match": {"a": "b"}, "where": {"s": "x"}}, "each b of f.g with s = x is in a"),  # noqa: E501
        ("expect_units_to_be_known", {"column": "u", "or_in": [{"feed": "f.g", "match": {"u": "v"}}]}, "u is a unit of UN/CEFACT Recommendation 20, or in f.g"),  # noqa: E501
        ("expect_values_to_start_with", {"column": "a", "start": "b"}, "a begins with b"),
        ("expect_word_not_to_occur", {"column": "a", "word": "b"}, "a does not name b"),
        ("expect_groups_to_roll_forward", {"group": ["s", "c"], "opening": "o", "amount": "a", "closing": "e"}, "o + sum of a = e per s, c"),  # noqa: E501
        ("expect_groups_to_agree", {"group": ["s"], "columns": ["a", "b"]}, "one a and one b per s"),
        ("expect_loaded_values_to_stay", {"group": ["s"], "columns": ["a", "b"]}, "a, b stay as loaded"),
        ("expect_sequences_to_be_unbroken", {"group": ["s"], "number": "n", "opening": "o", "closing": "e"}, "n goes on by one per s, o = e before"),  # noqa: E501
        ("expect_no_near_duplicates", {"partner": "p", "number": "n", "amount": "a", "date": "d"}, "n nearly once per p and a within 7 days of d"),  # noqa: E501
        ("expect_pairs_to_be_usual", {"group": ["j"], "account": "a", "debit": "d", "credit": "c"}, "pairs of a by d and c per j occur 3 times, once there are 200"),  # noqa: E501
        ("expect_amounts_not_to_be_round", {"column": "a", "multiple": 1000}, "a is no multiple of 1000"),
        ("expect_dates_to_be_on_weekdays", {"column": "d"}, "d is on Monday to Friday"),
        ("expect_days_between_to_be_at_most", {"column_A": "a", "column_B": "b", "days": 30}, "a ≤ b + 30 days"),
        ("expect_dates_to_be_in_order", {"columns": ["a", "b", "c"]}, "a ≤ b ≤ c"),
        ("expect_dates_to_be_near_delivery", {"column": "a", "days_before": 3, "days_after": 0}, "a ≥ day of the delivery − 3 days and ≤ day of the delivery"),  # noqa: E501
        ("expect_dates_to_be_near_delivery", {"column": "a", "days_before": -60}, "a ≥ day of the delivery + 60 days"),
        ("expect_group_sums_to_be_at_most", {"group": ["e"], "column": "h", "most": 10.0, "date": "d", "per": "day"}, "sum of h ≤ 10 per e, day of d"),  # noqa: E501
        ("expect_group_sums_to_be_at_most", {"group": ["e"], "column": "h", "most": 48, "limit_of": {"feed": "x.y", "match": {"e": "i"}, "column": "w", "factor": 1.2}}, "sum of h ≤ w of x.y × 1.2, else 48, per e"),  # noqa: E501
        ("expect_numbers_to_have_check_digits", {"column": "a", "kind": "tax_id", "country": "c"}, "check digits of a fit c"),  # noqa: E501
        ("expect_rows_to_match_feed", {"feed": "x.y", "match": {"a": "b"}, "date": "d", "not_after": {"e": "f"}, "where": {"s": ["t", "u"], "v": True}}, "a are in x.y (b), valid on d, e ≤ f with s = t, u and v = True"),  # noqa: E501
        ("expect_group_sums_to_be_at_most", {"group": ["o"], "column": "q", "less": "r", "units": {"unit": "u"}, "limit_of": {"feed": "x.y", "match": {"o": "i"}, "column": "w", "less": "c", "added_up": True, "over_pct": "p", "factor": 1.1}}, "sum of q − r ≤ sum of w − c of x.y × 1.1, or p % more, in base units per o"),  # noqa: E501
        ("expect_rows_to_match_feed", {"feed": "x.y", "match": {"a": "b"}, "not_before": {"d": "e"}, "if_known": True}, "a are in x.y (b), d ≥ e, if known there"),  # noqa: E501
        ("expect_steps_to_follow", {"group": ["s"], "order": "t", "step": "e", "steps": ["a", "b"], "after": {"b": ["a"]}, "first": ["a"]}, "e by t per s: b after a; a first"),  # noqa: E501
        ("expect_stages_to_be_in_order", {"group": ["s"], "stage": "l", "time": "t"}, "t ≥ first t of a lower l, per s"),  # noqa: E501
        ("expect_chains_to_end", {"column": "a", "parent": "b"}, "from a to b and on, nobody comes back to himself"),
        ("expect_column_values_to_be_in_feed", {"column": "a", "feed": "x.y", "feed_column": "b", "given": ["c", "d"]}, "a is in x.y.b, with c and d"),  # noqa: E501
        ("expect_rows_not_to_repeat", {"columns": ["a", "b"], "document": "d"}, "a + b occur once, also beside what is loaded, or in one d"),  # noqa: E501
        ("expect_amounts_to_follow_tariff", {"feed": "x.y", "match": {"l": "l"}, "amount": "a", "quantity": "q", "rate": "r", "base": "b", "minimum": "m", "from_quantity": "f", "date": "d", "valid_from": "v"}, "a = b + r × q, at least m, in x.y per l, from f, on d, ± 0.01"),  # noqa: E501
        ("expect_group_sums_to_fit_products", {"group": ["s"], "column": "w", "quantity": "q", "product": "p", "unit": "u", "per_unit": "n", "most": 5.0}, "sum of w is 0.8 to 5 times q × n of its products, per s"),  # noqa: E501
        ("expect_totals_to_match_feed", {"feed": "x.y", "match": {"a": "b", "c": "c"}, "amount": "n", "plus": ["d"], "minus": ["e"]}, "sum of n = d − e in x.y per a, c"),  # noqa: E501
        ("expect_values_to_be_near_feed", {"column": "p", "feed": "x.y", "feed_column": "q", "match": {"a": "b"}, "least": 0.9, "most": 1.1, "slack": 0.5}, "p 0.9 to 1.1 times q of x.y per a, ± 0.5"),  # noqa: E501
        ("expect_values_to_be_near_feed", {"column": "p", "feed": "x.y", "feed_column": "q", "match": {"a": "b"}, "most": 2.0, "added_up": True}, "p at most 2 times sum of q of x.y per a"),  # noqa: E501
        ("expect_values_to_be_listed", {"column": "r", "date": "d", "match": ["c"], "entries": [{"c": "DE", "valid_from": "2021-01-01", "allowed": [19]}]}, "r is listed on d by c (1 entries)"),  # noqa: E501
        ("expect_positions_to_roll_forward", {"match": {"a": "b", "c": "c"}, "date": "d", "quantity": "n", "feed": "x.y", "feed_date": "e", "feed_quantity": "m"}, "n = the one before + sum of m of x.y since, per a, c by d"),  # noqa: E501
        ("expect_amount_to_be_similar", {"column": "a", "max_change_pct": 20, "compared_with": "same_weekday"}, "sum of a within ± 20 % of the same weekday delivery"),  # noqa: E501
    ],
)  # fmt: skip
def test_words(kind: str, kwargs: dict[str, object], words: str) -> None:
    assert rulewords.checks({"type": kind, "kwargs": kwargs}) == words


def test_words_of_a_condition() -> None:
    condition = {
        "type": "and",
        "conditions": [
            {"type": "comparison", "column": {"name": "s"}, "operator": "!=", "parameter": "x"},
            {"type": "nullity", "column": {"name": "t"}, "is_null": False},
        ],
    }
    item = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "row_condition": condition}}
    assert rulewords.checks(item) == "a is there, where s ≠ x and t is there"
