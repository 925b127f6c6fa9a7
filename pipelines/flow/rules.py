"""`rules FEED`: every rule a delivery of a feed is judged by, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines.catalog import Catalog, load_catalog
from pipelines.contract import Contract
from pipelines.errors import DeclarationError
from pipelines.reject import Baseline, baseline_rule
from pipelines.rulebook import RuleBook, RuleText
from pipelines.settings import Settings

STYLES = {"warning": "yellow", "info": "dim"}


@dataclass(frozen=True)
class RuleLine:
    """One rule as it is printed. `effect`: what happens when it fails."""

    id: str
    checks: str
    effect: str
    owner: str
    cause: str
    message: str
    origin: str
    severity: str


def rules(settings: Settings, feed: str, *, client: str | None = None, language: str = "en") -> list[RuleLine]:
    """The rules of a feed, for one client those of its own suite too; then those derived from the contract."""
    catalog = load_catalog(settings)
    _known(catalog, feed, client)
    book = RuleBook.of(catalog, feed, client)
    lines = [_line(rule, rule.checks, _effect(rule), language) for rule in book.written.values()]
    return lines + list(_derived(book, language))


def _known(catalog: Catalog, feed: str, client: str | None) -> None:
    catalog.refuse_broken(client)
    for what, got, known in (("feed", feed, catalog.contracts), ("client", client, catalog.profiles)):
        if got is not None and got not in known:
            raise DeclarationError(
                f"no such {what}", got=got, expected=f"one of {', '.join(sorted(known))}", next_step="give one of them"
            )


def _line(rule: RuleText, checks: str, effect: str, language: str) -> RuleLine:
    return RuleLine(
        rule.id, checks, effect, rule.owner.value, rule.cause.value, rule.message(language), rule.origin,
        rule.severity.value,
    )  # fmt: skip


def _effect(rule: RuleText) -> str:
    if rule.severity.value != "critical":
        return "loads, is flagged" if rule.severity.value == "warning" else "is recorded"
    held = "holds the delivery"
    if not rule.sets_aside:
        return held
    tolerance = f"; {held} above {100 - 100 * rule.mostly:.6g} % of the rows" if rule.mostly < 1 else ""
    return f"row is set aside; {held}" if rule.hold else f"row is set aside{tolerance}"


def _derived(book: RuleBook, language: str) -> Iterator[RuleLine]:
    """What every feed is held to, by its contract; rules on single cells are one line each kind."""
    contract = book.contract
    row, all_rows = "row is set aside", "holds the delivery"
    for kind, part, checks in _row_rules(contract):
        rule = book.rule(baseline_rule(contract.feed, kind, part))
        yield _line(rule, checks, row, language)
    for kind, checks in _FACTS.items():
        yield _line(book.rule(baseline_rule(contract.feed, kind)), checks, all_rows, language)


def _row_rules(contract: Contract) -> Iterator[tuple[Baseline, str | None, str]]:
    yield Baseline.MALFORMED, None, "every record has the cells of the header"
    yield Baseline.UNREADABLE, "<column>", "every cell can be read as the type of its column"
    yield Baseline.OUT_OF_SCALE, "<column>", "no number has more digits than the contract allows"
    if coded := [c.name for c in contract.columns if c.codes]:
        yield Baseline.UNKNOWN_CODE, "<column>", f"codes are known: {', '.join(coded)}"
    for columns in contract.needed:
        yield Baseline.REQUIRED, columns[0].name, f"{' or '.join(c.name for c in columns)} is there"
    yield Baseline.REPEATED_ROW, None, "no row repeats another one"
    yield Baseline.KEY_UNIQUE, None, f"one row for each {' + '.join(contract.key)}"
    for feed, pairs in contract.references.items():
        for own, theirs in pairs:
            yield Baseline.REFERENCE, own, f"{own} is a current {feed}.{theirs}"
    for names in contract.groups.values():
        yield Baseline.GROUP_INCOMPLETE, None, f"rows of one {' + '.join(names)} stand or fall together"


_FACTS = {
    Baseline.NOT_EMPTY: "at least one row is accepted",
    Baseline.HAS_RULES: "the suite has a rule",
    Baseline.UNCLAIMED: "every record belongs to a source or a skip filter",
    Baseline.LOOKUP_AMBIGUOUS: "every look-up key used has one answer",
    Baseline.CONTROL: "what the sender promises was received",
    Baseline.MAX_REJECTS: "rejected rows stay below max_rejects of the source",
    Baseline.MOSTLY_LEFT_OUT: "most values of a column that may be left out can be read",
    Baseline.MAX_CLOSED: "current rows that are missing stay below max_closed_pct of the source",
    Baseline.UNREADABLE_KEY: "rejected rows tell their key",
    Baseline.LAYOUT_DRIFT: "the layout is the accepted one",
}


def table(feed: str, lines: Sequence[RuleLine]) -> Table:
    """The rules as a table."""
    out = Table(title=f"{feed}: {len(lines)} rules", title_justify="left", pad_edge=False, show_lines=False)
    for name in ("rule", "checks", "when it fails", "who acts", "message"):
        out.add_column(name, overflow="fold")
    origin = None
    for line in lines:
        if origin is not None and line.origin != origin:
            out.add_section()
        origin = line.origin
        name = line.id.removeprefix(feed + ".") + (" (this client)" if line.origin == "client suite" else "")
        out.add_row(
            name, Text(line.checks), Text(line.effect, style=STYLES.get(line.severity, "")), line.owner,
            Text(line.message),
        )  # fmt: skip
    return out


def as_json(lines: Sequence[RuleLine]) -> list[dict[str, Any]]:
    """The same for machines."""
    return [asdict(line) for line in lines]
