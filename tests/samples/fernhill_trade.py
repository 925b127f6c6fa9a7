"""Fernhill Group's trade: partners, invoices and credit notes, and how they are paid.

Payments come in full, in part, with discount, too high, without saying for what, or from nobody knows whom. What is
paid too much or in advance stands on the control account until it is allocated, money of unknown senders on 2150.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from stdnum import get_cc_module, iban

from tests.samples.common import day as any_day
from tests.samples.fernhill_book import ZERO, Allocation, Book, InvoiceLine, Item, Leg, Partner, bank_for, cents, taxed
from tests.samples.fernhill_chart import BOTH_SIDES, COMPANIES, LAST, MAIN, TAKEN_OVER, month_end, weekday

D = Decimal
WHOLE = D(1)
_WORDS = (
    "Ashdown",
    "Birch",
    "Calverley",
    "Dunmore",
    "Eastwick",
    "Farrow",
    "Glenside",
    "Holm",
    "Inver",
    "Juniper",
    "Kestrel",
    "Lomond",
    "Marlow",
    "Northgate",
    "Oakham",
    "Penrose",
    "Quarry",
    "Redmire",
    "Stanmer",
    "Tarn",
)
_TRADES = ("Instruments", "Valves", "Pumps", "Automation", "Sensors", "Engineering", "Process", "Systems")
_FORMS = {"GB": "Ltd", "DE": "GmbH", "US": "Inc", "IE": "DAC", "FR": "SAS", "NL": "BV", "CA": "Ltd"}
CUSTOMERS = {
    "F01": (("GB", "GBP", "GB-S20"), ("GB", "GBP", "GB-S20"), ("GB", "GBP", "GB-S20"), ("IE", "EUR", "GB-S0"),
            ("NL", "EUR", "GB-S0")),
    "F02": (("DE", "EUR", "DE-U19"), ("DE", "EUR", "DE-U19"), ("FR", "EUR", "DE-UIG"), ("US", "USD", "DE-UEX")),
    "F03": (("US", "USD", "US-EX"), ("US", "USD", "US-ST"), ("US", "USD", "US-ST")),
}  # fmt: skip
# country, currency, tax code, account
SUPPLIERS = {
    "F01": (("GB", "GBP", "GB-P20", "1200"), ("GB", "GBP", "GB-P20", "1200"), ("NL", "EUR", "GB-P0", "1200"),
            ("GB", "GBP", "GB-P20", "6300"), ("IE", "EUR", "GB-PRC", "6300"), ("GB", "GBP", "GB-P20", "6200"),
            ("GB", "GBP", "GB-P5", "6340"), ("GB", "GBP", "GB-P0", "6310"), ("GB", "GBP", "GB-P20", "6330"),
            ("GB", "GBP", "GB-P20", "6320")),
    "F02": (("DE", "EUR", "DE-V19", "1200"), ("NL", "EUR", "DE-VIG", "1200"), ("US", "USD", "DE-VRC", "6300"),
            ("DE", "EUR", "DE-V19", "6200"), ("DE", "EUR", "DE-V19", "6340"), ("DE", "EUR", "DE-V7", "6350"),
            ("DE", "EUR", "DE-V19", "6310"), ("DE", "EUR", "DE-V0", "6330")),
    "F03": (("US", "USD", "US-OUT", "1200"), ("US", "USD", "US-OUT", "1200"), ("CA", "USD", "US-OUT", "1200"),
            ("US", "USD", "US-OUT", "6200"), ("US", "USD", "US-OUT", "6300"), ("US", "USD", "US-OUT", "6320"),
            ("US", "USD", "US-OUT", "6310")),
}  # fmt: skip
PRODUCTS = (("Flow controller", "184.50"), ("Level sensor", "96.20"), ("Pressure switch", "41.75"),
            ("Actuator", "312.00"), ("Gateway", "528.40"))  # fmt: skip
CENTERS = {"1200": "", "6200": "C100", "6300": "C400", "6310": "C200", "6320": "C200", "6330": "C400", "6340": "C300",
           "6350": "C300"}  # fmt: skip


def trade_partners(book: Book) -> None:
    """Customers and suppliers of all companies; nobody of them exists."""
    rng = random.Random(book.rng.random())
    names = [f"{word} {trade}" for word in _WORDS for trade in _TRADES]
    rng.shuffle(names)
    for company in COMPANIES:
        for n in range(10):
            country, currency, tax = CUSTOMERS[company][n % len(CUSTOMERS[company])]
            terms, discount = rng.choice(((30, 0), (30, 2), (14, 0), (45, 0)))
            book.partners.append(
                Partner(f"{company}-C{n + 1:03}", f"{names.pop()} {_FORMS[country]}", "customer", company, country,
                        currency, *numbers(rng, country), terms, discount, "", tax)
            )  # fmt: skip
        for n, (country, currency, tax, account) in enumerate(SUPPLIERS[company]):
            terms, discount = (30, 0) if account != "1200" else rng.choice(((30, 3), (60, 0)))
            book.partners.append(
                Partner(f"{company}-S{n + 1:03}", f"{names.pop()} {_FORMS[country]}", "supplier", company, country,
                        currency, *numbers(rng, country), terms, discount, account, tax)
            )  # fmt: skip


def numbers(rng: random.Random, country: str) -> tuple[str, str]:
    """A VAT number whose check digits fit, and a bank account at a bank that does not exist."""
    check = get_cc_module(country.lower(), "vat") if country not in ("US", "CA") else None
    vat = ""
    while check and not (vat and check.is_valid(vat)):
        form = {"GB": "99#######", "DE": "99#######", "IE": "99#####X", "NL": "99#######B9#", "FR": "##99#######"}
        vat = "".join(str(rng.randrange(10)) if c == "#" else c for c in form[country])
        vat = vat.replace("X", rng.choice("ABCDEFGHJKLMNPQRSTUVW"))
    bank = {"GB": "TEST000000########", "DE": "00000000##########"}.get(country, "")
    account = "".join(str(rng.randrange(10)) if c == "#" else c for c in bank)
    digits = iban.calc_check_digits(f"{country}00{account}") if bank else ""
    return f"{country}{vat}" if vat else "", f"{country}{digits}{account}" if bank else ""


def trade_month(book: Book, company: str, month: date) -> None:
    """A month's invoices of a company; what comes of them later is put on the agenda."""
    rng = book.rng
    end = min(month_end(month), LAST)
    for partner in [p for p in book.partners if p.company == company and p.kind == "customer"]:
        for _ in range(rng.choice((1, 1, 1, 2, 2))):
            book.later(any_day(rng, month, end - timedelta(days=3)), lambda d, p=partner: sell(book, p, d))
    for partner in [p for p in book.partners if p.company == company and p.kind == "supplier"]:
        for _ in range(
            1 if partner.account in ("6200", "6330") else 2 if partner.account == "1200" else rng.choice((0, 1, 1, 2))
        ):
            book.later(any_day(rng, month, end - timedelta(days=3)), lambda d, p=partner: buy(book, p, d))
    if rng.random() < 0.25:
        book.later(any_day(rng, month, end - timedelta(days=3)), lambda d: unknown_money(book, company, d))


def sales_lines(book: Book, partner: Partner) -> list[InvoiceLine]:
    """What a customer takes: products and now and then a service."""
    rng = book.rng
    lines: list[InvoiceLine] = []
    for text, price in rng.sample(PRODUCTS, rng.choice((1, 1, 2))):
        quantity = D(rng.randrange(6, 90))
        net = cents(quantity * D(price) * COMPANIES[partner.company].scale)
        unit = (D(price) * COMPANIES[partner.company].scale).quantize(D("0.0001"))
        lines.append(InvoiceLine(text, quantity, unit, net, taxed(partner.tax, net), "4100", "C200"))
    if rng.random() < 0.25:
        hours = D(rng.randrange(2, 24))
        net = cents(hours * D("88.00"))
        lines.append(InvoiceLine("Service", hours, D("88.0000"), net, taxed(partner.tax, net), "4200", "C300"))
    return lines


def purchase_lines(book: Book, partner: Partner) -> list[InvoiceLine]:
    """What a supplier delivers; rent is the same every month."""
    rng = book.rng
    low, high = {"1200": (4_000, 26_000), "6200": (5_200, 5_200)}.get(partner.account, (120, 3_400))
    scale = D(1)
    if partner.account == "1200":  # the fuller the store, the less is bought
        stock, enough = book.balances[partner.company, "1200"], D(200_000) * COMPANIES[partner.company].scale
        scale = COMPANIES[partner.company].scale * max(D("0.1"), D("1.9") - stock / enough)
    lines = []
    for _ in range(rng.choice((1, 2)) if partner.account == "1200" else 1):
        net = cents(D(rng.randrange(low * 100, high * 100 + 1)) / 100 * scale)
        tax = ZERO if partner.tax in BOTH_SIDES else taxed(partner.tax, net)
        text = {"1200": "Goods", "6200": "Rent"}.get(partner.account, "Services")
        lines.append(InvoiceLine(text, D(1), net, net, tax, partner.account, CENTERS[partner.account]))
    return lines


def sell(book: Book, partner: Partner, day: date, lines: list[InvoiceLine] | None = None) -> Item:
    """A sales invoice; some are credited in part."""
    lines = lines or sales_lines(book, partner)
    number = f"SI{partner.company[1:]}{book.number('SI' + partner.company):05}"
    item = invoice(book, partner, number, day, lines, 1)
    if lines[0].net < 0:
        return item
    if book.rng.random() < 0.05:
        book.later(day + timedelta(days=6), lambda d: credit(book, item, d))
    _expect_payment(book, item)
    return item


def buy(book: Book, partner: Partner, day: date, lines: list[InvoiceLine] | None = None, number: str = "") -> Item:
    """A purchase invoice under the supplier's own number."""
    lines = lines or purchase_lines(book, partner)
    number = number or f"{partner.number[-3:]}/{day:%y}-{book.number(partner.number) * 7 + 1000}"
    item = invoice(book, partner, number, day, lines, -1)
    if book.rng.random() < 0.03:
        book.later(day + timedelta(days=9), lambda d: credit(book, item, d))
    _expect_payment(book, item)
    return item


def invoice(book: Book, partner: Partner, number: str, day: date, lines: list[InvoiceLine], side: int) -> Item:
    """Post an invoice or credit note, side 1 = sales, -1 = purchases; before the take-over as part of the opening."""
    net, tax = sum((line.net for line in lines), ZERO), sum((line.tax for line in lines), ZERO)
    legs = [Leg("1100" if side > 0 else "2100", side * (net + tax))]
    if day > TAKEN_OVER:
        legs += [Leg(line.account, -side * line.net, line.center, partner.tax, line.asset) for line in lines]
        legs.append(Leg("2300" if side > 0 else "1400", -side * tax, "", partner.tax))
        if partner.tax in BOTH_SIDES:
            owed = taxed(partner.tax, net)
            legs += [Leg("1400", owed, "", partner.tax), Leg("2300", -owed, "", partner.tax)]
    else:
        legs.append(Leg("3200", -side * (net + tax)))
    kind = "opening" if day <= TAKEN_OVER else "sales" if side > 0 else "purchase"
    posted = book.post(
        partner.company, kind, max(day, TAKEN_OVER), legs, currency=partner.currency, partner=partner.number,
        document=number, text=f"{'Invoice' if net > 0 else 'Credit note'} {number}",
    )  # fmt: skip
    item = Item(partner, number, day, day + timedelta(days=partner.terms), lines, partner.tax, posted[0].journal,
                net + tax, side * posted[0].local)  # fmt: skip
    if side < 0 and partner.account == "1200":
        item.order = f"PO{book.number('PO') + 40_000}"
    if partner.discount and net > 0:
        item.discount = cents((net + tax) * partner.discount / 100)
        item.discount_until = day + timedelta(days=10)
    (book.receivables if side > 0 else book.payables).append(item)
    return item


def credit(book: Book, item: Item, day: date) -> None:
    """Credit a part of an invoice that is still open; the next payment takes it off."""
    line = item.lines[0]
    if item.open != item.net + item.tax or day > LAST:
        return
    net = -cents(line.net * D("0.2"))
    tax = -cents(-net * line.tax / line.net) if line.tax else ZERO
    back = InvoiceLine(f"Return: {line.text}", D(-1), -net, net, tax, line.account, line.center)
    side = 1 if item.partner.kind == "customer" else -1
    number = f"CN{book.number('CN'):05}"
    note = invoice(book, item.partner, number, day, [back], side)
    note.corrects = item.number
    item.credit = note


def _expect_payment(book: Book, item: Item) -> None:
    """When and how an invoice will be paid."""
    rng, due = book.rng, item.due
    chance = rng.random()
    if item.discount_until and chance < 0.6:
        book.later(item.dated + timedelta(days=8), lambda d: pay(book, item, d, discount=True))
    elif chance < 0.07:
        book.later(due + timedelta(days=2), lambda d: pay(book, item, d, part=D("0.6")))
        book.later(due + timedelta(days=rng.randrange(20, 50)), lambda d: pay(book, item, d))
    elif chance < 0.10 and due < LAST - timedelta(days=120) and item.partner.currency == _own(item):
        book.later(due, lambda d: pay(book, item, d, extra=cents(item.open * D("0.1"))))
    elif chance < 0.12 and due < LAST - timedelta(days=120) and item.partner.currency == _own(item):
        book.later(due, lambda d: pay(book, item, d, blind=True))
    elif chance > 0.985:
        return  # somebody who does not pay
    else:
        book.later(due + timedelta(days=rng.choice((-2, 0, 0, 3, 9, 25))), lambda d: pay(book, item, d))


def _own(item: Item) -> str:
    return COMPANIES[item.partner.company].currency


def pay(
    book: Book, item: Item, day: date, *, part: Decimal = WHOLE, discount: bool = False, extra: Decimal = ZERO,
    blind: bool = False,
) -> None:  # fmt: skip
    """Pay an invoice in full or in part, less a credit note and the discount; `blind` money says not what it is for."""
    if item.open <= 0 or day > LAST:
        return
    taken = (
        item.discount if discount and item.discount_until and day <= item.discount_until and not item.credit else ZERO
    )
    amount = cents(item.open * part) - taken
    rows: list[tuple[Item | None, Decimal, Decimal]] = [(item, amount, taken)]
    if item.credit and part == 1 and item.credit.open < 0:
        rows.append((item.credit, item.credit.open, ZERO))
    if extra:
        rows.append((None, extra, ZERO))
    if blind:
        rows = [(None, item.open, ZERO)]
    paid(book, item.partner, day, rows)


def paid(book: Book, partner: Partner, day: date, rows: list[tuple[Item | None, Decimal, Decimal]]) -> None:
    """Post a payment with its allocations (item, amount, discount) and the realised difference of exchange."""
    side = 1 if partner.kind == "customer" else -1
    control = "1100" if side > 0 else "2100"
    whole = sum((amount for _, amount, _ in rows), ZERO)
    cleared = sum((_clear(item, a + d, day) for item, a, d in rows if item), ZERO)
    cleared += sum((a for item, a, _ in rows if not item), ZERO)  # in the company's own currency only
    legs = [Leg(control, -side * sum((a + d for _, a, d in rows), ZERO), local=-side * cleared)]
    legs += [*_discount_legs(partner, rows, side), Leg("7200", ZERO, local=ZERO)]
    bank = bank_for(partner.company, partner.currency)
    method = "cheque" if partner.country == "US" and book.rng.random() < 0.3 else "transfer"
    named = ", ".join(item.number for item, *_ in rows if item)
    posted, reference = book.bank(
        partner.company, "receipt" if side > 0 else "payment", day, legs, account=bank, partner=partner, method=method,
        text=named or "on account",
    )  # fmt: skip
    gain = -sum((e.local for e in posted if e.leg.account == "7200"), ZERO)
    payment = f"P{partner.company[1:]}{book.number('P'):06}"
    for n, (item, amount, taken) in enumerate(rows, start=1):
        row = Allocation(payment, n, item, partner, day, whole, amount, taken, gain if n == 1 else ZERO, day, method,
                         bank, reference, posted[0].journal)  # fmt: skip
        book.allocations.append(row)
        if item is None:
            book.later(day + timedelta(days=25), lambda d, row=row: allocate(book, row, d))


def _discount_legs(partner: Partner, rows: list[tuple[Item | None, Decimal, Decimal]], side: int) -> list[Leg]:
    """A discount takes its part off the tax as well."""
    legs: list[Leg] = []
    for item, _, taken in rows:
        if item and taken:
            tax = cents(taken * item.tax / (item.net + item.tax))
            account, of_tax = ("4190", "2300") if side > 0 else ("5190", "1400")
            legs += [Leg(account, side * (taken - tax), "C200", partner.tax), Leg(of_tax, side * tax, "", partner.tax)]
    return legs


def _clear(item: Item, amount: Decimal, day: date) -> Decimal:
    """Take an amount off an item; what it stood for on the control account."""
    local = item.local if amount == item.open else cents(item.local * amount / item.open)
    item.open -= amount
    item.local -= local
    item.settled = None if item.open else day
    return local


def allocate(book: Book, row: Allocation, day: date) -> None:
    """Allocate money on account to the oldest open invoice of its partner; after a second try it is paid back."""
    at = book.allocations.index(row)
    own = book.receivables if row.partner.kind == "customer" else book.payables
    found = next((i for i in own if i.partner is row.partner and i.open > 0), None)
    if found:
        amount = min(found.open, row.amount)
        _clear(found, amount, day)
        book.allocations[at] = replace(row, item=found, amount=amount, allocated_on=day)
        if amount == row.amount:
            return
        row = replace(row, line=row.line + 10, amount=row.amount - amount)
        book.allocations.append(row)
    if day <= LAST - timedelta(days=60):
        book.later(day + timedelta(days=25), lambda d: allocate(book, row, d))
        return
    pay_back(book, row, day)


def pay_back(book: Book, row: Allocation, day: date) -> None:
    """Money on account that nothing was found for goes back."""
    side = 1 if row.partner.kind == "customer" else -1
    posted, reference = book.bank(
        row.partner.company, "payment" if side > 0 else "receipt", day,
        [Leg("1100" if side > 0 else "2100", side * row.amount)], partner=row.partner, text=f"Refund {row.reference}",
    )  # fmt: skip
    payment = f"P{row.partner.company[1:]}{book.number('P'):06}"
    book.allocations.append(
        replace(row, payment=payment, line=1, whole=-row.amount, amount=-row.amount, paid_on=day, allocated_on=day,
                reference=reference, journal=posted[0].journal)
    )  # fmt: skip


def unknown_money(book: Book, company: str, day: date) -> None:
    """A receipt from nobody knows whom."""
    amount = D(book.rng.randrange(9_000, 190_000)) / 100
    posted, reference = book.bank(
        company, "receipt", day, [Leg("2150", -amount)], name="Sender unknown", text="Payment", clears=0
    )
    nobody = Partner("", "", "customer", company, "", COMPANIES[company].currency)
    payment = f"P{company[1:]}{book.number('P'):06}"
    book.allocations.append(
        Allocation(payment, 1, None, nobody, day, amount, amount, ZERO, ZERO, day, "transfer", MAIN[company], reference,
                   posted[0].journal)
    )  # fmt: skip


def opening_items(book: Book, company: str) -> None:
    """Invoices that were open when the book was taken over."""
    for partner in [p for p in book.partners if p.company == company]:
        day = weekday(any_day(book.rng, date(2023, 9, 18), date(2023, 10, 27)), -1)
        if partner.kind == "customer":
            sell(book, partner, day)
        elif partner.account == "1200":
            buy(book, partner, day)
