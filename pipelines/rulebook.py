"""What people are told of rules: message in their language, who has to act, what kind of fault it is.

Cheap: reads the suites as plain JSON, so that whoever only talks about rules need not import Great Expectations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipelines import rulewords
from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.reject import Baseline, Cause, Owner, Severity

Language = Literal["en", "de"]
Origin = Literal["contract", "suite", "client suite"]
IDENTITIES = frozenset(
    {
        "expect_columns_to_add_up",
        "expect_groups_to_balance",
        "expect_groups_to_roll_forward",
        "expect_group_total_to_match",
        "expect_kinds_to_add_up",
        "expect_totals_to_match_feed",
    },
)
"""Expectation types that state an identity, true to the cent: nobody may waive them."""


@dataclass(frozen=True)
class RuleText:
    """One rule as people know it. `type` is its expectation type, null for rules derived from the contract.

    `waivable`: whether a steward may load a row in spite of it. `checks`: what it checks, in words; `mostly` and `hold`
    say what failing rows do to the delivery; `sets_aside`: whether it is about single rows.
    """

    id: str
    messages: Mapping[str, str]
    owner: Owner
    cause: Cause
    severity: Severity
    origin: Origin
    type: str | None = None
    column: str | None = None
    waivable: bool = True
    checks: str = ""
    mostly: float = 1.0
    hold: bool = False
    sets_aside: bool = True

    def message(self, language: str) -> str:
        """Its message in a language, English where there is none."""
        return self.messages.get(language) or self.messages["en"]


@dataclass(frozen=True)
class _Derived:
    """A rule that every feed has: its messages, with `{column}`, and what they are about."""

    en: str
    de: str
    cause: Cause
    owner: Owner = Owner.CLIENT
    waivable: bool = False


_DERIVED = {
    Baseline.MALFORMED: _Derived(
        "records that are not rows: too few or too many cells, broken quoting or bytes",
        "Zeile hat zu wenige oder zu viele Felder, falsche Anführungszeichen oder Zeichen",
        Cause.LAYOUT,
    ),
    Baseline.UNREADABLE: _Derived("{column} cannot be read", "{column} ist nicht lesbar", Cause.UNREADABLE),
    Baseline.UNKNOWN_CODE: _Derived(
        "{column} holds a code that the profile does not map",
        "{column} enthält einen unbekannten Schlüssel",
        Cause.UNKNOWN_CODE,
        Owner.US,
    ),
    Baseline.OUT_OF_SCALE: _Derived(
        "{column} has more digits than the contract allows",
        "{column} hat mehr Stellen als vereinbart",
        Cause.UNREADABLE,
    ),
    Baseline.LOOKUP_MISSING: _Derived(
        "{column} has a key that its look-up table does not know",
        "{column}: der Schlüssel fehlt in der zugehörigen Tabelle",
        Cause.REFERENCE,
    ),
    Baseline.REQUIRED: _Derived(
        "{column} is required and missing", "{column} ist Pflicht und fehlt", Cause.MISSING, waivable=True
    ),
    Baseline.REPEATED_ROW: _Derived(
        "row repeats an earlier row in every column",
        "Zeile wiederholt eine frühere Zeile in allen Spalten",
        Cause.DUPLICATE,
    ),
    Baseline.KEY_UNIQUE: _Derived(
        "several rows have this key ({column}) and differ",
        "mehrere Zeilen haben diesen Schlüssel ({column}) und unterscheiden sich",
        Cause.DUPLICATE,
    ),
    Baseline.REFERENCE: _Derived(
        "{column} refers to nothing we know",
        "{column} verweist auf etwas, das wir nicht kennen",
        Cause.REFERENCE,
        waivable=True,
    ),
    Baseline.GROUP_INCOMPLETE: _Derived(
        "another row of the same {column} was rejected",
        "eine andere Zeile mit gleichem {column} wurde abgewiesen",
        Cause.GROUP,
    ),
    Baseline.NEWER_VERSION: _Derived(
        "a later delivery has brought another version of this row",
        "eine spätere Lieferung hat diese Zeile in anderer Fassung gebracht",
        Cause.DUPLICATE,
        Owner.US,
    ),
}
_NOT_ABOUT_ROWS = {
    Baseline.NOT_EMPTY: ("no row is left to load", "keine Zeile bleibt zu laden"),
    Baseline.HAS_RULES: ("the suite has no rule", "die Suite hat keine Regel"),
    Baseline.UNCLAIMED: ("records of no source and no skip filter", "Sätze, die zu keiner Quelle gehören"),
    Baseline.LOOKUP_AMBIGUOUS: ("look-up keys with several answers", "Schlüssel mit mehreren Antworten"),
    Baseline.CONTROL: ("control total differs", "Kontrollsumme weicht ab"),
    Baseline.MAX_REJECTS: ("too many rows rejected", "zu viele Zeilen abgewiesen"),
    Baseline.MOSTLY_LEFT_OUT: (
        "most values of a column cannot be read: is it another column?",
        "die meisten Werte einer Spalte sind nicht lesbar: ist es eine andere Spalte?",
    ),
    Baseline.MAX_CLOSED: ("too many current rows are missing", "zu viele bisherige Zeilen fehlen"),
    Baseline.UNREADABLE_KEY: ("rejected rows have no readable key", "abgewiesene Zeilen ohne lesbaren Schlüssel"),
    Baseline.LAYOUT_DRIFT: ("the layout is not the accepted one", "der Aufbau der Datei hat sich geändert"),
    Baseline.CORRECTION_REVIEW: (
        "corrections of this source are looked at before they are loaded",
        "Korrekturen dieser Quelle werden vor dem Laden geprüft",
    ),
}


def derived_message(kind: Baseline, what: str, language: Language = "en") -> str:
    """The message of a rule derived from the contract; `what` are the columns it is about."""
    if kind in _DERIVED:
        text = _DERIVED[kind]
        return (text.en if language == "en" else text.de).format(column=what)
    return _NOT_ABOUT_ROWS[kind][language == "de"]


@dataclass(frozen=True)
class RuleBook:
    """The rules of one feed, for one client (null: those that hold for all)."""

    contract: Contract
    files: tuple[Path, ...]

    @classmethod
    def of(cls, catalog: Catalog, feed: str, client_id: str | None = None) -> RuleBook:
        """The rules that the deliveries of a client are judged by."""
        return cls(catalog.contracts[feed], tuple(catalog.suite_files(feed, client_id)))

    @cached_property
    def written(self) -> dict[str, RuleText]:
        """Rule id → rule, of the suites, in the order they are written."""
        out: dict[str, RuleText] = {}
        for number, path in enumerate(self.files):
            origin: Origin = "client suite" if number else "suite"
            for item in json.loads(path.read_text(encoding="utf-8"))["expectations"]:
                rule = _written(item, origin)
                out[rule.id] = rule
        return out

    def rule(self, rule_id: str) -> RuleText:
        """Any rule by its id, those derived from the contract included; one that is gone is named by its id."""
        if rule_id in self.written:
            return self.written[rule_id]
        kind, _, part = rule_id.removeprefix(self.contract.feed + ".").partition(".")
        if kind in {b.value for b in Baseline}:
            return self._derived(rule_id, Baseline(kind), part or None)
        return RuleText(
            rule_id, {"en": rule_id, "de": rule_id}, Owner.US, Cause.IMPLAUSIBLE, Severity.CRITICAL, "suite"
        )

    def _derived(self, rule_id: str, kind: Baseline, part: str | None) -> RuleText:
        what = self._needed_with(part) if kind is Baseline.REQUIRED and part else part or self._columns_of(kind)
        messages = {"en": derived_message(kind, what, "en"), "de": derived_message(kind, what, "de")}
        text = _DERIVED.get(kind)
        owner, cause = (text.owner, text.cause) if text else (Owner.US, Cause.IMPLAUSIBLE)
        # Without a day a row would stand in no month.
        waivable = bool(text and text.waivable) and part not in (*self.contract.key, *self.contract.dated_by[:1])
        column = part if part in {c.name for c in self.contract.columns} else None
        return RuleText(
            rule_id, messages, owner, cause, Severity.CRITICAL, "contract", column=column, waivable=waivable
        )

    def _needed_with(self, column: str) -> str:
        """The column that is missing, with those that would do in its place."""
        found = next((columns for columns in self.contract.needed if columns[0].name == column), ())
        return " / ".join(c.name for c in found) or column

    def _columns_of(self, kind: Baseline) -> str:
        if kind is Baseline.KEY_UNIQUE:
            return ", ".join(self.contract.key)
        if kind is Baseline.GROUP_INCOMPLETE:
            return ", ".join(dict.fromkeys(c for names in self.contract.groups.values() for c in names))
        return "row"


def _written(item: dict[str, Any], origin: Origin) -> RuleText:
    kontor, kwargs = item["meta"]["kontor"], item.get("kwargs") or {}
    identity = item["type"] in IDENTITIES
    cause = Cause(kontor.get("cause") or (Cause.IDENTITY if identity else Cause.IMPLAUSIBLE))
    return RuleText(
        id=kontor["id"],
        messages=dict(kontor["message"]),
        owner=Owner(kontor["owner"]),
        cause=cause,
        severity=Severity(item.get("severity") or "critical"),
        origin=origin,
        type=item["type"],
        column=kwargs.get("column") or kwargs.get("column_A"),
        waivable=not identity,
        checks=rulewords.checks(item),
        mostly=float(kwargs.get("mostly", 1)),
        hold=kontor.get("on_failure") == "hold",
        sets_aside=rulewords.is_about_rows(item["type"]),
    )
