"""Messages of one statement are its pages: what the statement says as a whole, and what its totals promise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.extract.messages.mt940_fields import Balance, amount_of, day_of

_SUM = re.compile(r"\s*([0-9]+)\s*([A-Z]{3})\s*([0-9.,]+)\s*")
_KIND = re.compile(r"\{2:[IO](94[0-9]|950)")
_NUMBER = re.compile(r"\s*([0-9]+)\s*(?:/\s*([0-9]+))?\s*")


@dataclass
class Message:
    """One message without its entries."""

    number: int
    line: int
    envelope: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    opening: Balance | None = None
    closing: Balance | None = None
    goes_on: bool = False
    follows: bool = False
    entries: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=lambda: {"debit": Decimal(), "credit": Decimal()})
    before: int = 0
    statement: Statement | None = None

    @property
    def interim(self) -> bool:
        """Whether it reports during the day: by the envelope, or by fields that a statement has not."""
        if found := _KIND.search(self.envelope):
            return found[1] == "942"
        return "floor_limit" in self.texts or not self.texts.keys() & {"opening_text", "closing_text"}

    @property
    def account(self) -> str:
        """The account as it is written."""
        return self.texts.get("account_text", "")

    @property
    def page(self) -> tuple[str, int]:
        """Statement number and page of :28C:."""
        found = _NUMBER.fullmatch(self.texts.get("number_text", ""))
        return (found[1].lstrip("0"), int(found[2] or 1)) if found else ("", 1)


@dataclass
class Statement:
    """The pages of one statement, and its cells."""

    pages: list[Message]
    cells: dict[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """Entries of all pages."""
        return sum(page.entries for page in self.pages)


def group(messages: Sequence[Message]) -> None:
    """Give every message its statement, and the statement its cells."""
    statement: Statement | None = None
    for message in messages:
        if statement is None or not _continues(statement.pages[-1], message):
            statement = Statement([])
        message.before = statement.entries
        message.statement = statement
        statement.pages.append(message)
    taken: Counter[tuple[str, str]] = Counter()
    for message in messages:
        if message.statement and message.statement.pages[0] is message:
            message.statement.cells = _cells(message.statement, taken)


def _continues(page: Message, message: Message) -> bool:
    """Whether a message is the next page of the statement of the one before it."""
    if page.account != message.account or page.interim != message.interim:
        return False
    number, at = message.page
    if page.page[0] != number:
        return False
    if message.interim:
        return bool(number) and at == page.page[1] + 1
    return page.goes_on and message.follows


def _cells(statement: Statement, taken: Counter[tuple[str, str]]) -> dict[str, str]:
    """What every entry of a statement repeats."""
    first, last = statement.pages[0], statement.pages[-1]
    number, page = first.page
    opening, closing = first.opening, last.closing
    said = [balance.currency for balance in (opening, closing) if balance]
    currency = next(filter(None, said), "") or _currency_of(first.texts.get("floor_limit", ""))
    day = closing.date if closing else _day(last.texts.get("report_at", ""))
    part = f"/{page}" if first.follows or last.goes_on else ""
    name = "/".join(filter(None, (day, number))) + part
    account = account_of(first.account, currency)
    taken[account, name] += 1
    again = taken[account, name]
    cells = {
        "message": "MT942" if first.interim else "MT940",
        "statement_id": name if again == 1 else f"{name}#{again}",
        "statement_number": number,
        "account_id": account,
        "currency": currency,
        "opening_amount": opening.amount if opening else first.texts.get("opening_text", ""),
        "opening_date": opening.date if opening else "",
        "closing_amount": closing.amount if closing else last.texts.get("closing_text", ""),
        "closing_date": day,
    }
    for column in ("account_text", "number_text", "reference", "related_reference"):
        cells[column] = first.texts.get(column, "")
    for column in (
        "available_text",
        "forward_text",
        "statement_information",
        "statement_other",
        "report_at",
        "floor_limit",
    ):
        cells[column] = "\n".join(page.texts[column] for page in statement.pages if page.texts.get(column))
    return cells


def compared(statement: Statement) -> Iterator[tuple[str, Decimal | None, Decimal, str]]:
    """What :90D: and :90C: of the last page say, and what all pages give."""
    for side in ("debit", "credit"):
        text = statement.pages[-1].texts.get(f"{side}_total_text")
        if text is None:
            continue
        found = _SUM.fullmatch(text)
        count = Decimal(sum(page.counts[side] for page in statement.pages))
        total = sum((page.sums[side] for page in statement.pages), Decimal())
        said = (Decimal(found[1]), Decimal(amount_of(found[3]) or "NaN")) if found else (None, None)
        yield f"{side}_entries", said[0], count, found[1] if found else text
        yield (
            f"{side}_sum",
            None if said[1] is None or said[1].is_nan() else said[1],
            total,
            found[3] if found else text,
        )


def account_of(text: str, currency: str) -> str:
    """The account without what banks write around it: /DE89… → DE89…; 1291.99.348EUR → 1291.99.348.

    Bank and account stay together (45050050/76198810): one number is not the account without the other. The second
    line of :25P: is the bank.
    """
    account = text.split("\n", maxsplit=1)[0].strip().lstrip("/")
    if currency and account.endswith(currency) and (account[-4:-3].isdigit() or account[-4:-3] in ("/", " ")):
        account = account[:-3].rstrip("/ ")
    return account.strip()


def _currency_of(floor_limit: str) -> str:
    found = re.match(r"[A-Z]{3}", floor_limit)
    return found[0] if found else ""


def _day(report_at: str) -> str:
    """The day of :13D:2511261730+0100."""
    return day_of(report_at[:6]) if re.match(r"[0-9]{6}", report_at) else ""
