"""Suites: native Great Expectations JSON, read with its own deserialisation, and checked against the contract.

Every expectation carries `meta.kontor`: `id` (`<feed>.<rule>`, stable), `message` (en and de, what is wrong with
the row), `owner` (client or us); optionally `cause` (what kind of fault, `reject.Cause`), `evidence` (what its bounds
were drawn from), `on_failure`: `hold` (zero tolerance) or `leave_out` (the value, not the row) and, for rules about the
delivery as a whole, `over` (received or accepted rows, default accepted). A rule of a client's own suite with
`replaces`, which says why, stands in the place of the feed's rule of the same id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from great_expectations.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import get_expectation_impl

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.errors import DeclarationError
from pipelines.reject import NOT_PLAUSIBLE, Baseline, Cause, Severity
from pipelines.validate import aggregates, arguments, json_schema, other_feeds  # noqa: F401 one registers its metric
from pipelines.validate.expectations import ExpectGroupsToBalance, ExpectUnitsToBeKnown
from pipelines.validate.expectations.described import Described
from pipelines.validate.gate import Over
from pipelines.yamlfile import KEPT

RuleKind = Literal["row", "unique", "reference", "group", "aggregate", "balance", "compare", "counted", "fact"]
ABOUT_ROWS = ("row", "unique", "reference", "group")
"""Kinds of written rules that rows fail; the others the delivery fails as a whole."""
UNIQUE = ("column_values.unique", "compound_columns.unique")
_NEEDS_COLUMN = "needs the whole column; a row rule sees one row at a time, in chunks"
_TYPE_RULE = "types are stated in the contract and kept by cleaning"
_LIKE = "LIKE patterns exist on SQL only; use a regular expression"
REFUSED = {
    "column_values.increasing": _NEEDS_COLUMN,
    "column_values.decreasing": _NEEDS_COLUMN,
    "column_values.z_score.under_threshold": _NEEDS_COLUMN,
    "column_values.not_outliers": _NEEDS_COLUMN,
    "column_values.of_type": _TYPE_RULE,
    "column_values.in_type_list": _TYPE_RULE,
    "column_values.match_like_pattern": _LIKE,
    "column_values.match_like_pattern_list": _LIKE,
    "column_values.not_match_like_pattern": _LIKE,
    "column_values.not_match_like_pattern_list": _LIKE,
    "multicolumn_sum.equal": "adds floating-point numbers; use expect_columns_to_add_up, which is exact",
}
"""Map metrics that no suite may use, and why."""
_META_KEYS = {"id", "message", "owner", "cause", "on_failure", "over", "evidence", "replaces"}
_ID = re.compile(r"[a-z][a-z0-9_]*")
LEAVE_OUT = "leave_out"
"""`on_failure` of a warning that loads the row without the value that it finds wrong."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule as the gate uses it. `columns` are the contract columns it judges; the first one names its rejects.

    Equal to itself only, so that what is planned for it can be kept by it.

    `leaves_out`: the value of the column is left out where the rule fails, and the row loads.

    kind: `row` sets failing rows aside while they stream, `unique`, `reference` and `group` do so by SQL, `aggregate`,
    `balance` and `compare` judge the delivery as a whole; `counted` (rows) and `fact` (the delivery) are derived from
    the contract.
    """

    id: str
    kind: RuleKind
    expectation: Expectation
    severity: Severity
    message: str
    columns: tuple[str, ...] = ()
    hold: bool = False
    leaves_out: bool = False
    over: Over = "accepted"
    replaces: bool = False

    @property
    def column_name(self) -> str | None:
        """The column that a reject of this rule points at."""
        return self.columns[0] if self.columns else None

    @property
    def mostly(self) -> float | None:
        """The tolerance as written, null when none is."""
        mostly = getattr(self.expectation, "mostly", 1)
        return float(mostly) if mostly != 1 else None

    @property
    def rejects(self) -> bool:
        """Whether a failing row is set aside: warnings and infos load and are only counted."""
        return self.severity is Severity.CRITICAL and self.kind in ABOUT_ROWS

    @cached_property
    def configuration(self) -> ExpectationConfiguration:
        """The expectation as Great Expectations tells it; made once, for results to share and nobody to change."""
        return self.expectation.configuration

    @cached_property
    def configuration_json(self) -> str:
        """The configuration as Great Expectations writes it."""
        return json.dumps(self.configuration.to_json_dict())

    @property
    def type(self) -> str:
        """The expectation type."""
        return str(self.expectation.expectation_type)


def load_rules(catalog: Catalog, contract: Contract, client_id: str | None = None) -> list[Rule]:
    """The rules that a client's deliveries of a feed are judged by: the feed's, then those for the client only.

    A rule of the client's that replaces one of the feed's is judged in its place. A process that judges many deliveries
    understands the same texts by the same contracts only once.
    """
    files = catalog.suite_files(contract.feed, client_id)
    contracts = tuple(catalog.contracts.values())
    rules = [r for path in files for r in _kept(path, _text(path), contract, contracts)]
    instead = {r.id: r for r in rules if r.replaces}
    common = {r.id for r in rules if not r.replaces}
    return [instead.get(r.id, r) for r in rules if not r.replaces or r.id not in common]


@lru_cache(maxsize=KEPT)
def _kept(path: Path, text: str | None, contract: Contract, contracts: tuple[Contract, ...]) -> tuple[Rule, ...]:
    """Rules by all that decides about them, so that many small deliveries share theirs. Nothing changes a rule."""
    catalog = Catalog({c.feed: c for c in contracts}, {}, path.parent.parent)
    return tuple(load_suite(path, contract, catalog, text))


def _text(path: Path) -> str | None:
    """What a suite says; None when it cannot be read, which whoever loads it tells."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def load_suite(path: Path, contract: Contract, catalog: Catalog | None = None, text: str | None = None) -> list[Rule]:
    """The rules of one file; the first fault is raised as DeclarationError. An empty suite is for the gate to hold.

    With a catalog, rules about other feeds are compared with the contracts of those. `text`: what the file says, when
    it has been read already.
    """
    rules: list[Rule] = []
    for item, problems, rule in _read(path, contract, catalog, text):
        if problems or rule is None:
            raise DeclarationError(
                "suite not understood",
                where=item,
                got="; ".join(problems),
                expected="Great Expectations JSON as `python -m pipelines check` accepts it",
                next_step=f"correct {path.name} and run `python -m pipelines check`",
            )
        rules.append(rule)
    return rules


def check_suite(
    path: Path, contract: Contract, *, beside: Path | None = None, catalog: Catalog | None = None
) -> list[str]:
    """Everything that is wrong with a suite, one sentence each; needs no database.

    `beside`: the feed's suite, when this one holds the rules of one client: their ids must differ, but where one
    replaces the other. `catalog`: for rules about other feeds.
    """
    out: list[str] = []
    seen = set[str]()
    shared = {rule.id for _, _, rule in _read(beside, contract) if rule} if beside else set[str]()
    count = 0
    for where, problems, rule in _read(path, contract, catalog):
        count += 1
        out += [f"{where}: {problem}" for problem in problems]
        if rule and rule.replaces and rule.id not in shared:
            out.append(f"{where}: replaces {rule.id!r}, which is no rule of the feed's suite")
        if rule and (rule.id in seen or (rule.id in shared and not rule.replaces)):
            out.append(f"{where}: rule id {rule.id!r} twice; every rule has its own id")
        if rule:
            seen.add(rule.id)
    if not count and not out:
        out.append(f"{path}: suite without expectations; a feed without rules would hold every delivery")
    return out


def _read(
    path: Path, contract: Contract, catalog: Catalog | None = None, text: str | None = None
) -> Iterator[tuple[str, list[str], Rule | None]]:
    """(place, problems, rule) of every expectation; faults of the file itself come as one line without rule."""
    try:
        text = path.read_text(encoding="utf-8") if text is None else text
        data = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        yield str(path), [f"cannot be read: {error}"], None
        return
    except json.JSONDecodeError as error:
        yield f"{path}:{error.lineno}", [f"not valid JSON: {error.msg}"], None
        return
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        yield str(path), ["not a suite: an object with `expectations` is expected"], None
        return
    name = ".".join([contract.feed, *path.stem.split(".")[1:]])
    if data.get("name") != name:
        yield str(path), [f"name is {data.get('name')!r}, expected {name!r}, as the file is named"], None
    if data.get("suite_parameters"):
        yield str(path), ["suite parameters are not supported; write the value"], None
    for number, item in enumerate(data["expectations"], 1):
        yield _place(path, text, number, item), *_rule(item, contract, catalog)


def _place(path: Path, text: str, number: int, item: Any) -> str:
    """`file:line, rule id`, found by the id's text: JSON parsers keep no line numbers."""
    rule_id = _kontor(item).get("id")
    at = text.find(json.dumps(rule_id)) if isinstance(rule_id, str) else -1
    line = f":{text.count(chr(10), 0, at) + 1}" if at >= 0 else ""
    return f"{path}{line}, {rule_id or f'expectation {number}'}"


def _kontor(item: Any) -> dict[str, Any]:
    meta = item.get("meta") if isinstance(item, dict) else None
    kontor = meta.get("kontor") if isinstance(meta, dict) else None
    return kontor if isinstance(kontor, dict) else {}


def _rule(item: Any, contract: Contract, catalog: Catalog | None) -> tuple[list[str], Rule | None]:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        return ["an expectation needs a `type`"], None
    problems = _meta_problems(item, contract)
    try:
        get_expectation_impl(item["type"])
    except GreatExpectationsError:
        return [*problems, f"unknown expectation type {item['type']!r}"], None
    if isinstance((item.get("kwargs") or {}).get("row_condition"), str):
        # as a text it is run as code by pandas, and Great Expectations' own parser drops what follows an `and`
        return [*problems, arguments.CONDITION], None
    if "$PARAMETER" in json.dumps(item.get("kwargs") or {}):
        return [*problems, "suite parameters are not supported; write the value"], None
    try:
        expectation = ExpectationConfiguration(**item).to_domain_obj()
    except (GreatExpectationsError, ValueError, TypeError) as error:
        said = re.sub(r"\s+", " ", str(error)).strip()
        return [*problems, f"Great Expectations does not accept its arguments: {said}"], None
    kind, why_not = _kind(expectation)
    if kind is None:
        return [*problems, f"{item['type']}: {why_not}"], None
    problems += arguments.problems(expectation, contract)
    if catalog is not None:
        problems += other_feeds.problems(expectation, contract, catalog)
    if kind != "row" and _kontor(item).get("on_failure") == LEAVE_OUT:
        problems.append(f"on_failure: {LEAVE_OUT} is for rules that need nothing but their row")
    if kind == "row" and "over" in _kontor(item):
        problems.append("`over` is for rules about the whole delivery; a row rule judges every row")
    if problems:
        return problems, None
    arguments.normalise(expectation, contract)
    return [], _build(item, kind, expectation)


def _build(item: dict[str, Any], kind: RuleKind, expectation: Expectation) -> Rule:
    kontor = _kontor(item)
    return Rule(
        id=kontor["id"],
        kind=kind,
        expectation=expectation,
        severity=Severity(expectation.severity.value),
        message=kontor["message"]["en"],
        columns=tuple(arguments.judged(expectation)),
        hold=kontor.get("on_failure") == "hold",
        leaves_out=kontor.get("on_failure") == LEAVE_OUT,
        over=kontor.get("over", "accepted"),
        replaces=bool(kontor.get("replaces")),
    )


def _kind(expectation: Expectation) -> tuple[RuleKind | None, str]:
    """Which part of the gate evaluates it, or why none does."""
    if isinstance(expectation, ExpectGroupsToBalance) and not expectation.group:
        return "balance", ""
    if isinstance(expectation, ExpectUnitsToBeKnown) and expectation.or_in:
        return "reference", ""
    if isinstance(expectation, Described) and expectation.gate_kind != "row":
        return expectation.gate_kind, ""
    if isinstance(expectation, ColumnMapExpectation | ColumnPairMapExpectation | MulticolumnMapExpectation):
        metric = expectation.map_metric
        if metric in UNIQUE:
            return "unique", ""
        return (None, REFUSED[metric]) if metric in REFUSED else ("row", "")
    if aggregates.supported(expectation):
        return "aggregate", ""
    return None, f"not supported; beside row rules: {', '.join(aggregates.TYPES)}"


def _meta_problems(item: dict[str, Any], contract: Contract) -> list[str]:
    """What is wrong with `meta.kontor`."""
    kontor = _kontor(item)
    if not kontor:
        return ["meta.kontor is missing: id, message, owner"]
    out = [
        f"meta.kontor.{key} is not known; known are {', '.join(sorted(_META_KEYS))}"
        for key in kontor.keys() - _META_KEYS
    ]
    rule_id = kontor.get("id")
    name = rule_id.removeprefix(contract.feed + ".") if isinstance(rule_id, str) else ""
    if not isinstance(rule_id, str) or not rule_id.startswith(contract.feed + "."):
        out.append(f"meta.kontor.id is {rule_id!r}, expected {contract.feed}.<rule>")
    elif not _ID.fullmatch(name):
        out.append(f"rule name {name!r}: lower case letters, digits and _")
    elif name in {b.value for b in Baseline}:
        out.append(f"rule name {name!r} belongs to a rule derived from the contract")
    message = kontor.get("message")
    for language in ("en", "de"):
        if not isinstance(message, dict) or not str(message.get(language) or "").strip():
            out.append(f"meta.kontor.message.{language} is missing")
    if kontor.get("owner") not in ("client", "us"):
        out.append(f"meta.kontor.owner is {kontor.get('owner')!r}, expected client or us")
    if kontor.get("cause", Cause.IMPLAUSIBLE) not in {c.value for c in Cause}:
        out.append(f"meta.kontor.cause is {kontor['cause']!r}, expected one of {', '.join(c.value for c in Cause)}")
    why = kontor.get("replaces", "because")
    if not isinstance(why, str) or not why.strip():
        out.append(f"meta.kontor.replaces is {why!r}, expected a text: why the client's rule stands in its place")
    if kontor.get("on_failure", "hold") not in ("hold", LEAVE_OUT):
        out.append(f"meta.kontor.on_failure is {kontor['on_failure']!r}, expected hold or {LEAVE_OUT}")
    if kontor.get("on_failure") == "hold" and item.get("severity", "critical") != "critical":
        out.append("on_failure: hold needs severity critical; a warning never holds")
    if kontor.get("on_failure") == LEAVE_OUT:
        out += _leave_out_problems(item, contract)
    if kontor.get("over", "accepted") not in ("received", "accepted"):
        out.append(f"meta.kontor.over is {kontor['over']!r}, expected received or accepted")
    return out


def _leave_out_problems(item: dict[str, Any], contract: Contract) -> list[str]:
    """What is wrong with a rule that leaves out the value of its column where it fails, and loads the row."""
    name = (item.get("kwargs") or {}).get("column")
    column = next((c for c in contract.columns if c.name == name), None)
    out = []
    if item.get("severity", "critical") != "warning":
        out.append(f"on_failure: {LEAVE_OUT} needs severity warning: the row loads without the value")
    if column is None:
        out.append(f"on_failure: {LEAVE_OUT} needs a rule about one column of the contract")
    elif column.required or NOT_PLAUSIBLE not in column.absent_codes:
        out.append(f"on_failure: {LEAVE_OUT} needs {column.name} to know the absent code {NOT_PLAUSIBLE}")
    elif column.semantic == "money":
        out.append(f"on_failure: {LEAVE_OUT} cannot be said of money: an amount that was read is accounted for")
    return out
