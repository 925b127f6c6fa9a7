"""What a steward must know of a held delivery to decide on it: the facts, and how they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from pipelines.contract import NO_CURRENCY
from pipelines.delivery import Delivery
from pipelines.errors import NotDeclared
from pipelines.flow.office import Office
from pipelines.flow.suppressed import controls_to_show
from pipelines.reject import Severity
from pipelines.rulebook import RuleBook
from pipelines.warehouse import register, requests

MOST_FINDINGS, MOST_SAMPLES, MOST_LETTERS = 15, 3, 80
_GRAVITY = list(Severity)


@dataclass(frozen=True)
class Finding:
    """One rule that was broken, or found nothing to judge; `samples` are masked."""

    rule_id: str
    message: str
    severity: Severity
    evaluated: int
    failed: int
    owner: str
    observed: str | None
    samples: tuple[str, ...]

    @property
    def extent(self) -> str:
        """How many rows of how many: `10 of 180 (5.6%)`."""
        return f"{number(self.failed)} of {number(self.evaluated)} ({100 * self.failed / self.evaluated:.1f}%)"


@dataclass(frozen=True)
class Summary:
    """A held delivery as a steward sees it. `hash` is that of the rows, the verdict and the declarations shown;
    `broken` says why nobody can decide on it now: its client's profile cannot be read."""

    delivery: Delivery
    findings: tuple[Finding, ...]
    amounts: tuple[register.Amount, ...]
    controls: tuple[register.ControlTotal, ...]
    stewards: tuple[str, ...]
    hash: str
    declarations_changed: bool
    workbook: str | None
    decide_within_hours: int | None
    broken: str | None = None

    @property
    def label(self) -> str:
        """How the question is called: `hansa · ledgers.payables · OP_2026-10.csv`."""
        return label(self.delivery)

    @property
    def deciders(self) -> tuple[str, ...]:
        """The stewards who may decide: never who submitted the correction."""
        return tuple(name for name in self.stewards if name != self.delivery.submitted_by)

    @property
    def accepted(self) -> int:
        """Rows that an approval loads."""
        return self.delivery.rows_held or 0

    def markdown(self, *, base_url: str = "", expires_at: datetime | None = None) -> str:
        """The page to decide from. Whatever a client wrote stands in it as text, never as markup."""
        parts = [
            _reason(self),
            _rows(self),
            _table(("Amount", "Currency", "Received", "Waits for you", "Rejected"), map(_amount, self.amounts)),
            _table(("Control total", "Promised", "Received", ""), map(_control, self.controls)),
            _findings(self.findings),
            _consequences(self, expires_at),
            _sources(self, base_url),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def label(delivery: Delivery) -> str:
    """A delivery by client, feed and file, without the folders of the file."""
    return f"{delivery.client_id} · {delivery.feed} · {delivery.file_name.rsplit('/', 1)[-1]}"


def summary(office: Office, delivery_id: int) -> Summary:
    """Read everything about a delivery that is decided upon, as it is now."""
    with office.warehouse.transaction() as conn:
        delivery = register.get(conn, delivery_id)
        profile = office.catalog.profiles.get(delivery.client_id)
        broken = next(iter(office.catalog.faults(delivery.client_id)), None)
        contract = office.contract(delivery.feed)
        # the sum over a row or two of a personal amount would be that amount
        personal = {c.name for c in contract.money if c.is_personal}
        return Summary(
            delivery=delivery,
            findings=tuple(_found(office, delivery, register.rule_results(conn, delivery))),
            amounts=tuple(a for a in register.amounts(conn, delivery) if a.column_name not in personal),
            controls=tuple(controls_to_show(contract, delivery, register.controls(conn, delivery))),
            stewards=tuple(stewards(office, conn, delivery.client_id)),
            hash=shown_hash(conn, delivery),
            declarations_changed=broken is None and declarations_changed(office, delivery),
            workbook=requests.workbook_of(conn, delivery_id),
            decide_within_hours=profile.model.decide_within_hours if profile else None,
            broken=broken,
        )


def stewards(office: Office, conn: sa.Connection, client_id: str) -> list[str]:
    """Who may decide for a client, as its profile says now: `ops.steward` is brought up to it first. Those of before,
    when it is broken."""
    profile = office.catalog.profiles.get(client_id)
    if profile is not None:
        register.sync_clients(conn, [profile])
    return requests.stewards(conn, client_id)


def shown_hash(conn: sa.Connection, delivery: Delivery) -> str:
    """Hash of what is decided upon: the rows as the gate left them, its verdict, the declarations it judged by."""
    content = register.stored_content_hash(conn, delivery) or ""
    return register.approval_hash(content, delivery.verdict, delivery.declaration_hash)


def declarations_changed(office: Office, delivery: Delivery) -> bool:
    """Whether contract, suite or profile differ from those the delivery was judged by.

    Raises DeclarationError for one that cannot be read: nobody knows whether it has changed.
    """
    try:
        ref = office.ref(delivery)
    except NotDeclared:
        return True
    return office.catalog.declaration_hash(ref) != delivery.declaration_hash


def _found(office: Office, delivery: Delivery, results: Iterable[register.RuleResult]) -> Iterator[Finding]:
    """What was broken or not evaluated, the gravest first."""
    book = RuleBook.of(office.catalog, delivery.feed, delivery.client_id)
    notable = [r for r in results if r.success is False or (r.success is None and r.severity is Severity.CRITICAL)]
    for result in sorted(notable, key=lambda r: (_GRAVITY.index(r.severity), -r.failed)):
        rule = book.rule(result.rule_id)
        yield Finding(
            rule_id=result.rule_id,
            message=rule.message("en"),
            severity=result.severity,
            evaluated=result.evaluated,
            failed=result.failed,
            owner=rule.owner.value,
            observed=result.observed,
            samples=tuple(_sample(s) for s in result.samples[:MOST_SAMPLES]),
        )


def _sample(found: Any) -> str:
    """`row 12: gross_amount = 1.00`, from the masked sample of a rule."""
    if not isinstance(found, dict) or "values" not in found:
        return code(found)
    values = ", ".join(f"{name} = {code(value)}" for name, value in found["values"].items())
    return f"row {found.get('row_number', '?')}: {values}"


def _reason(told: Summary) -> str:
    message = (told.delivery.message or "").removeprefix("held: ")
    lines = [f"**Held because** {text(message or 'the gate held it')}"]
    if told.broken:
        lines.append(f"**Nobody can decide on it now:** {text(told.broken)}")
    if told.declarations_changed:
        lines.append(
            "**It cannot be approved as it is:** contract, suite or profile have changed since it was judged. "
            f"Replay it ({code(f'python -m pipelines run --replay {told.delivery.delivery_id}')}), or return it."
        )
    return "\n\n".join(lines)


def _rows(told: Summary) -> str:
    d = told.delivery
    counts = (d.rows_received, told.accepted, d.rows_rejected, d.rows_skipped)
    return _table(("Rows received", "Wait for you", "Rejected", "Skipped"), [[number(c or 0) for c in counts]])


def _amount(amount: register.Amount) -> list[str]:
    money = (amount.received, amount.held, amount.rejected)
    unread = f" ({amount.unreadable_cells} unreadable)" if amount.unreadable_cells else ""
    currency = "none" if amount.currency == NO_CURRENCY else amount.currency
    return [code(amount.column_name) + unread, currency, *(number(m) for m in money)]


def _control(control: register.ControlTotal) -> list[str]:
    promised, measured = ("–" if v is None else number(v) for v in (control.promised, control.measured))
    return [text(control.name), promised, measured, "equal" if control.ok else "**differs**"]


def _findings(findings: Sequence[Finding]) -> str:
    broken = [f for f in findings if f.evaluated]
    shown, idle = broken[:MOST_FINDINGS], [f for f in findings if not f.evaluated]
    if not findings:
        return ""
    rows = [[f"{text(f.message)} {code(f.rule_id)}", f.severity.value, f.extent, f.owner] for f in shown]
    samples = [f"- {code(f.rule_id)} {'; '.join(f.samples)}" for f in shown if f.samples]
    parts = ["#### What the rules found", _table(("Rule", "Severity", "Fails", "Who acts"), rows)]
    parts += [f"and {len(broken) - len(shown)} more"] if len(broken) > len(shown) else []
    parts += ["First rows, personal values masked:\n\n" + "\n".join(samples)] if samples else []
    parts += [f"Found nothing to judge: {', '.join(text(f.message) for f in idle)}."] if idle else []
    return "\n\n".join(part for part in parts if part)


def _consequences(told: Summary, expires_at: datetime | None) -> str:
    until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else f"within {told.decide_within_hours or 0} hours"
    lines = [
        "#### What your answer does",
        f"- **Approve** loads the {number(told.accepted)} rows that wait, at once; rejected rows stay in quarantine.",
        "- **Return** loads nothing; the client is to send a corrected file.",
        f"- **No answer** {until}: it is returned. It is never loaded by itself.",
    ]
    if told.delivery.submitted_by:
        lines.append(f"- {text(told.delivery.submitted_by)} submitted this correction and may not decide on it.")
    lines.append(f"- May decide: {', '.join(map(text, told.deciders)) or 'nobody'}. A reason is required and kept.")
    return "\n".join(lines)


def _sources(told: Summary, base_url: str) -> str:
    d = told.delivery
    page = f"{base_url}/kontor/docs/quality/{quote(d.feed)}/{quote(d.client_id)}-{quote(d.source)}.html"
    lines = ["#### Look closer", f"- [Data Docs: every rule of this run]({page})"]
    if told.workbook:
        lines.append(f"- [Correction workbook for the client]({base_url}/kontor/outbox/{quote(told.workbook)})")
    lines.append(f"- {code(f'python -m pipelines explain {d.delivery_id}')} shows every reject and every change")
    period = f", period {text(d.period)}" if d.period else ""
    lines.append(
        f"- delivery {d.delivery_id}, attempt {d.attempt}{period}, file {code(d.file_name)}, received "
        f"{d.received_at:%Y-%m-%d %H:%M} UTC, {d.kind.value}; what you decide on: {code(told.hash[:12])}"
    )
    return "\n".join(lines)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, with figures to the right; nothing when it has no row."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    align = ["---" if not i or n in ("Currency", "Severity", "Who acts", "") else "--:" for i, n in enumerate(names)]
    return "\n".join(["| " + " | ".join(names) + " |", "|" + "|".join(align) + "|", *lines])


def number(value: Any) -> str:
    """A figure with its thousands apart by a space that does not break: `12 345.60`."""
    return f"{value:,}".replace(",", "\u202f")


def code(value: Any) -> str:
    """A value as it is, in one line, as a piece of code: nothing in it is markup."""
    said = " ".join(str(value).split()).replace("`", "'").replace("|", "\u2223")
    return f"`{said[:MOST_LETTERS]}{'…' if len(said) > MOST_LETTERS else ''}`" if said else "empty"


_MARKUP = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>()#+!|~$"})


def text(value: str) -> str:
    """A sentence in one line, with everything that would be markup made plain."""
    return " ".join(value.split()).translate(_MARKUP)
