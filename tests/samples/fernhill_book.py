"""The book of Fernhill Group: the one way to post, the items that stand open, the movements on bank accounts.

Everything that is delivered follows from what is posted here. A journal is in one currency; it balances in that
currency, in the company's own and in the group's, as one line takes what rounding leaves. What changes in the company's
own currency only, a difference of exchange or a valuation, has lines with nothing in the currency of the journal.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.samples.fernhill_chart import BANKS, COMPANIES, MAIN, RATE_OF, TAKEN_OVER, Rates, period_of, weekday

CENT, ZERO = Decimal("0.01"), Decimal("0.00")


def cents(value: Decimal) -> Decimal:
    """To the cent, halves up."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Leg:
    """What a journal does to one account; debit positive. `local` says what that is in the company's own currency where
    the rate of the day does not."""

    account: str
    amount: Decimal
    center: str = ""
    tax: str = ""
    asset: str = ""
    local: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One posted line."""

    company: str
    journal: str
    line: int
    day: date
    period: str
    dated: date
    keyed: date
    kind: str
    currency: str
    leg: Leg
    local: Decimal
    group: Decimal
    partner: str
    counterparty: str
    document: str
    text: str
    reverses: str
    clerk: str


@dataclass(frozen=True)
class Partner:
    """A supplier or customer of one company."""

    number: str
    name: str
    kind: str
    company: str
    country: str
    currency: str
    vat_id: str = ""
    iban: str = ""
    terms: int = 30
    discount: int = 0  # percent for payment within ten days
    account: str = ""  # what is bought there
    tax: str = ""


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice."""

    text: str
    quantity: Decimal
    price: Decimal
    net: Decimal
    tax: Decimal
    account: str
    center: str
    asset: str = ""


@dataclass
class Item:
    """An invoice or credit note, and what is left of it in its currency and on the control account."""

    partner: Partner
    number: str
    dated: date
    due: date
    lines: list[InvoiceLine]
    tax_code: str
    journal: str
    open: Decimal
    local: Decimal
    order: str = ""
    settled: date | None = None
    corrects: str = ""
    discount: Decimal = ZERO
    discount_until: date | None = None
    credit: Item | None = None  # a credit note that the next payment takes off

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.lines), ZERO)


@dataclass(frozen=True)
class Allocation:
    """What a payment does to one invoice, or what of it is not allocated (no invoice)."""

    payment: str
    line: int
    item: Item | None
    partner: Partner
    paid_on: date
    whole: Decimal
    amount: Decimal
    discount: Decimal
    difference: Decimal
    allocated_on: date
    method: str
    bank: str
    reference: str
    journal: str


@dataclass(frozen=True)
class Movement:
    """What the bank shows of a posting."""

    bank: str
    booked: date
    amount: Decimal
    code: str
    reference: str
    name: str
    iban: str
    text: str


@dataclass
class Asset:
    """A fixed asset."""

    company: str
    number: str
    name: str
    account: str
    cost: Decimal
    residual: Decimal
    life: int
    since: date
    center: str
    depreciated: Decimal = ZERO
    disposed: date | None = None
    proceeds: Decimal | None = None

    @property
    def depreciation_account(self) -> str:
        return "1690" if self.account == "1600" else "1695"

    @property
    def class_name(self) -> str:
        return "EQUIP" if self.account == "1600" else "CARS"

    def month(self) -> Decimal:
        """Depreciation of the next month; the last one takes what is left."""
        left = self.cost - self.residual - self.depreciated
        return min(left, cents((self.cost - self.residual) / self.life))


@dataclass
class Book:
    """All that was posted, and what stands open."""

    rng: random.Random
    rates: Rates
    entries: list[Entry] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)
    receivables: list[Item] = field(default_factory=list)
    payables: list[Item] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    totals: dict[tuple[str, str, str], list[Decimal]] = field(default_factory=dict)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    foreign: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    agenda: list[tuple[date, int, Callable[[date], None]]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    order: itertools.count[int] = field(default_factory=itertools.count)

    def number(self, series: str) -> int:
        """The next number of a series."""
        self.numbers[series] += 1
        return self.numbers[series]

    def later(self, day: date, what: Callable[[date], None]) -> None:
        """Do something on a weekday to come, after the take-over."""
        day = weekday(max(day, TAKEN_OVER + timedelta(days=1)))
        heapq.heappush(self.agenda, (day, next(self.order), what))

    def run_to(self, last: date) -> None:
        """Do what is due up to a day, in order."""
        while self.agenda and self.agenda[0][0] <= last:
            day, _, what = heapq.heappop(self.agenda)
            what(day)

    def post(
        self,
        company: str,
        kind: str,
        day: date,
        legs: Sequence[Leg],
        *,
        currency: str = "",
        period: str = "",
        keyed: date | None = None,
        partner: str = "",
        counterparty: str = "",
        document: str = "",
        text: str = "",
        reverses: str = "",
    ) -> list[Entry]:
        """Post a journal that balances in all its currencies; the second line takes what rounding leaves, or the one of
        realised exchange differences."""
        own = COMPANIES[company]
        currency = currency or own.currency
        legs = [leg for leg in legs if leg.amount or leg.local is not None]
        if sum(leg.amount for leg in legs):
            raise ValueError(f"{kind} of {company} on {day} does not balance: {legs}")
        local = _local(legs, self.rates.at(currency, own.currency, day))
        legs, local = _without_nothing(legs, local)
        if not legs:
            return []
        group = _converted(local, self.rates.at(own.currency, "GBP", day))
        journal = f"{company[1:]}{self.number(company):06}"
        period = period or period_of(own, day)
        keyed = keyed or weekday(day + timedelta(days=self.rng.choice((0, 0, 1, 1, 2, 5))))
        clerk = f"u{self.rng.randrange(11, 19)}"
        posted = [
            Entry(company, journal, line, day, period, day, keyed, kind, currency, leg, in_local, in_group, partner,
                  counterparty, document, text, reverses, clerk)
            for line, (leg, in_local, in_group) in enumerate(zip(legs, local, group, strict=True), start=1)
        ]  # fmt: skip
        self.entries += posted
        for entry in posted:
            sides = self.totals.setdefault((company, entry.leg.account, period), [ZERO, ZERO])
            sides[entry.local < 0] += abs(entry.local)
            self.balances[company, entry.leg.account] += entry.local
            if (bank := BANK.get(entry.leg.account)) and currency == bank.currency:
                self.foreign[bank.account] += entry.leg.amount
        return posted

    def bank(
        self,
        company: str,
        kind: str,
        day: date,
        legs: Sequence[Leg],
        *,
        account: str = "",
        partner: Partner | None = None,
        name: str = "",
        method: str = "transfer",
        text: str = "",
        document: str = "",
        counterparty: str = "",
        clears: int | None = None,
    ) -> tuple[list[Entry], str]:
        """Post what goes through a bank account (the leg of the bank is added) and let the bank show it; the reference
        under which it does."""
        account = account or MAIN[company]
        amount = -sum((leg.amount for leg in legs), ZERO)
        series, wait = ("CHQ", 4) if method == "cheque" else ("E2E", 1)
        reference = f"{series}{company[1:]}{self.number(series):06}"
        posted = self.post(
            company, kind, day, [legs[0], Leg(account, amount), *legs[1:]], currency=BANK[account].currency,
            partner=partner.number if partner else "", document=document or reference, text=text,
            counterparty=counterparty,
        )  # fmt: skip
        wait = self.rng.choice((0, wait, wait + 1)) if clears is None else clears
        booked = weekday(day + timedelta(days=wait))
        name, iban = (partner.name, partner.iban) if partner else (name, "")
        code = {"cheque": "CHQ", "direct_debit": "DD", "charge": "CHG"}.get(method, "TRF")
        self.movements.append(Movement(account, booked, amount, code, reference, name, iban, text or reference))
        return posted, reference


BANK = {bank.account: bank for bank in BANKS}


def bank_for(company: str, currency: str) -> str:
    """Account of the bank account in which a currency is paid."""
    return next(b.account for b in BANKS if (b.company, b.currency) == (company, currency))


def taxed(code: str, net: Decimal) -> Decimal:
    """Tax on a net amount by the rate of the code."""
    return cents(net * RATE_OF[code] / 100)


def _local(legs: Sequence[Leg], rate: Decimal) -> list[Decimal]:
    """What the legs are in the company's own currency."""
    out = [cents(leg.amount * rate) if leg.local is None else leg.local for leg in legs]
    takes = next((n for n, leg in enumerate(legs) if leg.account == "7200"), 1)
    out[takes] -= sum(out)
    return out


def _without_nothing(legs: Sequence[Leg], local: Sequence[Decimal]) -> tuple[list[Leg], list[Decimal]]:
    kept = [(leg, value) for leg, value in zip(legs, local, strict=True) if leg.amount or value]
    return [leg for leg, _ in kept], [value for _, value in kept]


def _converted(amounts: Sequence[Decimal], rate: Decimal) -> list[Decimal]:
    """Amounts that add up to nothing in another currency; the second takes the rest of the rounding."""
    if rate == 1:
        return list(amounts)
    out = [cents(amount * rate) for amount in amounts]
    out[1] -= sum(out)
    return out
