"""What happens in Fernhill Group's books besides trade: opening, payroll, assets, group, tax, month-end, year-end."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.samples.fernhill_book import ZERO, Asset, Book, Entry, InvoiceLine, Leg, bank_for, cents, taxed
from tests.samples.fernhill_chart import (
    BANKS,
    COMPANIES,
    LAST,
    NAMES,
    SHARE_OF_TAX,
    TAKEN_OVER,
    TYPES,
    closing_day,
    month_end,
    months,
    period_of,
    thirteenth,
    weekday,
)  # fmt: skip
from tests.samples.fernhill_faults import odd_postings
from tests.samples.fernhill_trade import buy, opening_items, trade_month, trade_partners

D = Decimal
WAGES = {
    "F01": (("C100", "14400.00"), ("C200", "19150.00"), ("C300", "22600.00"), ("C400", "9900.00")),
    "F02": (("C200", "13300.00"), ("C300", "19800.00"), ("C400", "6700.00")),
    "F03": (("C200", "16100.00"), ("C300", "15900.00")),
}
_ASSETS = (
    ("F01", "A-101", "Test bench", "1600", "84000.00", "4000.00", 120, date(2019, 5, 1), "C300"),
    ("F01", "A-102", "Office fittings", "1600", "36500.00", "0.00", 96, date(2020, 2, 1), "C100"),
    ("F01", "A-103", "Van", "1610", "31200.00", "5200.00", 60, date(2021, 9, 1), "C300"),
    ("F02", "A-201", "Milling machine", "1600", "142300.00", "12000.00", 120, date(2018, 7, 1), "C300"),
    ("F02", "A-202", "Fork-lift truck", "1610", "27450.00", "2500.00", 72, date(2021, 3, 1), "C300"),
    ("F03", "A-301", "Assembly line", "1600", "118900.00", "8900.00", 120, date(2020, 11, 1), "C300"),
    ("F03", "A-302", "Delivery truck", "1610", "48200.00", "8000.00", 60, date(2022, 6, 1), "C200"),
)
_BOUGHT = {
    ("F01", date(2024, 6, 1)): ("A-104", "Laser cutter", "1600", "58650.00", "3000.00", 84, "C300"),
    ("F02", date(2025, 2, 1)): ("A-203", "Measuring arm", "1600", "33180.00", "0.00", 60, "C300"),
    ("F03", date(2025, 9, 1)): ("A-303", "Compressor", "1600", "19870.00", "1000.00", 60, "C300"),
}
_SOLD = {("F01", date(2025, 3, 1)): ("A-103", "14200.00"), ("F02", date(2026, 4, 1)): ("A-202", "3100.00")}
_OPENING = {"1200": "186400.00", "2600": "-240000.00", "3100": "-300000.00", "2320": "-21840.00", "2400": "-12615.00"}
_SEND = (("F01", "F02", "EUR", "Management charge", "6330"), ("F01", "F03", "USD", "Licence", "6300"),
         ("F02", "F03", "USD", "Controls", "5200"))  # fmt: skip


def open_books(book: Book) -> None:
    """Balances on the day of the take-over: what is not named is retained earnings."""
    for code in COMPANIES:
        legs = [Leg(account, D(value)) for account, value in _OPENING.items() if code == "F01" or account != "2600"]
        legs += [Leg(b.account, b.opening) for b in BANKS if b.company == code and b.currency == _own(code)]
        if code == "F01":
            legs.append(Leg("1700", D("412000.00")))
        for company, number, name, account, cost, residual, life, since, center in _ASSETS:
            if company == code:
                asset = Asset(company, number, name, account, D(cost), D(residual), life, since, center)
                gone = (TAKEN_OVER.year - since.year) * 12 + TAKEN_OVER.month - since.month + 1
                asset.depreciated = cents((asset.cost - asset.residual) / life) * gone
                book.assets.append(asset)
                legs += [Leg(account, asset.cost, asset=number)]
                legs += [Leg(asset.depreciation_account, -asset.depreciated, asset=number)]
        rest = Leg("3200", -sum((leg.amount for leg in legs), ZERO))
        book.post(code, "opening", TAKEN_OVER, [legs[0], rest, *legs[1:]], text="Balance taken over")
        for bank in BANKS:
            if bank.company == code and bank.currency != _own(code):
                book.post(code, "opening", TAKEN_OVER, [Leg(bank.account, bank.opening), Leg("3200", -bank.opening)],
                          currency=bank.currency, text="Balance taken over")  # fmt: skip


def _own(company: str) -> str:
    return COMPANIES[company].currency


def office_month(book: Book, company: str, month: date) -> None:
    """Put what a company does every month on the agenda."""
    end = closing_day(month)
    book.later(month + timedelta(days=24), lambda d: payroll(book, company, d))
    if bought := _BOUGHT.get((company, month)):
        book.later(month + timedelta(days=10), lambda d: acquire(book, company, d, bought))
    if sold := _SOLD.get((company, month)):
        book.later(month + timedelta(days=4), lambda d: dispose(book, company, d, *sold))
    for sender, receiver, currency, what, account in _SEND:
        if sender == company:
            book.later(
                month + timedelta(days=19),
                lambda d, r=receiver, c=currency, w=what, a=account: charge(book, company, r, c, w, a, d),
            )
    if company == "F01":
        book.later(month + timedelta(days=14), lambda d: loans(book, d))
    book.later(month + timedelta(days=17), lambda d: sweep(book, company, d))
    book.later(end, lambda d: bank_costs(book, company, d))


def payroll(book: Book, company: str, day: date) -> None:
    """Wages by cost centre, what is kept back, what the employer adds; paid out two days later, taxes next month."""
    raised = D("1.03") ** (day.year - 2023)
    gross = [(center, cents(D(wage) * raised)) for center, wage in WAGES[company]]
    total = sum((wage for _, wage in gross), ZERO)
    kept, added = cents(total * D("0.31")), cents(total * D("0.138"))
    legs = [Leg("2410", kept - total), *(Leg("6100", wage, center) for center, wage in gross)]
    legs += [Leg("6110", added, "C100"), Leg("2400", -kept - added)]
    book.post(company, "payroll", day, legs, text=f"Payroll {day:%Y-%m}")
    net, taxes = total - kept, kept + added
    book.later(
        day + timedelta(days=2), lambda d: _settle(book, company, d, "2410", net, f"Salaries {day:%Y-%m}", "payroll")
    )
    book.later(
        day + timedelta(days=24),
        lambda d: _settle(book, company, d, "2400", taxes, f"Payroll taxes {day:%Y-%m}", "tax"),
    )


def _settle(book: Book, company: str, day: date, account: str, amount: Decimal, text: str, kind: str = "bank") -> None:
    """Pay what is owed on an account, or get it back."""
    if amount and day <= LAST:
        book.bank(company, kind, day, [Leg(account, amount)], name=text.rsplit(" ", 1)[0], text=text)


def acquire(book: Book, company: str, day: date, what: tuple[str, str, str, str, str, int, str]) -> None:
    """Buy an asset on an invoice of a supplier of the company."""
    number, name, account, cost, residual, life, center = what
    seller = next(p for p in book.partners if (p.company, p.kind, p.account) == (company, "supplier", "1200"))
    asset = Asset(company, number, name, account, D(cost), D(residual), life, day, center)
    line = InvoiceLine(name, D(1), asset.cost, asset.cost, taxed(seller.tax, asset.cost), account, center, number)
    buy(book, seller, day, [line])
    book.assets.append(asset)


def dispose(book: Book, company: str, day: date, number: str, price: str) -> None:
    """Sell an asset for cash: cost and depreciation leave the books, gain or loss stays."""
    asset = next(a for a in book.assets if a.number == number)
    asset.disposed, asset.proceeds = day, D(price)
    gain = asset.proceeds - (asset.cost - asset.depreciated)
    legs = [
        Leg(asset.account, -asset.cost, asset=number),
        Leg(asset.depreciation_account, asset.depreciated, asset=number),
    ]
    legs.append(Leg("4900" if gain > 0 else "6900", -gain, asset.center, asset=number))
    book.bank(company, "asset", day, legs, name="Dealer", text=f"Sale of {asset.name}", document=number)


def depreciate(book: Book, company: str, day: date) -> None:
    """A month's depreciation of every asset in service."""
    legs: list[Leg] = []
    for asset in book.assets:
        amount = asset.month()
        if asset.company == company and not asset.disposed and asset.since <= day and amount:
            legs += [Leg("6400", amount, asset.center, asset=asset.number)]
            legs += [Leg(asset.depreciation_account, -amount, asset=asset.number)]
            asset.depreciated += amount
    book.post(company, "depreciation", day, legs, text=f"Depreciation {day:%Y-%m}")


def charge(book: Book, sender: str, receiver: str, currency: str, what: str, account: str, day: date) -> None:
    """A charge within the group: posted by both, paid five weeks later, differences of exchange with who bears them."""
    amount = D(book.rng.randrange(820_000, 1_240_000)) / 100
    document = f"IC-{sender[1:]}{receiver[1:]}-{day:%y%m}"
    center = {"6330": "C100", "6300": "C400"}.get(account, "")
    given: dict[str, object] = {"currency": currency, "document": document, "text": f"{what} {day:%Y-%m}"}
    due = book.post(sender, "intercompany", day, [Leg("1500", amount), Leg("4300", -amount)], partner=_inside(receiver),
                    counterparty=receiver, **given)[0]  # type: ignore[arg-type]  # fmt: skip
    owed = book.post(receiver, "intercompany", day, [Leg("2500", -amount), Leg(account, amount, center)],
                     partner=_inside(sender), counterparty=sender, **given)[0]  # type: ignore[arg-type]  # fmt: skip
    book.later(day + timedelta(days=35), lambda d: _pay_inside(book, due, owed, d))


def _inside(company: str) -> str:
    return f"IC-{company}"


def _pay_inside(book: Book, due: Entry, owed: Entry, day: date) -> None:
    """Both ends of a payment within the group, with the difference of exchange of the one whose currency it is not."""
    if day > LAST:
        return
    for entry in (owed, due):
        back = Leg(entry.leg.account, -entry.leg.amount, local=-entry.local)
        book.bank(
            entry.company, "intercompany", day, [back, Leg("7200", ZERO, local=ZERO)],
            account=bank_for(entry.company, entry.currency), name=COMPANIES[entry.counterparty].name,
            document=entry.document, text=f"Payment {entry.document}", counterparty=entry.counterparty, clears=0,
        )  # fmt: skip


def loans(book: Book, day: date) -> None:
    """The parent lends the GmbH euros and pays back its bank."""
    if (day.year, day.month) == (2024, 2):
        _loan(book, day, D("200000.00"), "Loan granted")
    elif day.month == 2:
        _loan(book, day, D("-50000.00"), "Loan repaid")
    if day.month % 3 == 0:
        interest = cents(-book.balances["F01", "2600"] * D("0.0515") / 4)
        book.bank("F01", "bank", day, [Leg("2600", D("7500.00")), Leg("7100", interest)], name="Lender",
                  text="Bank loan, instalment and interest", clears=0)  # fmt: skip


def _loan(book: Book, day: date, amount: Decimal, text: str) -> None:
    for company, other, account, sign in (("F01", "F02", "1510", 1), ("F02", "F01", "2510", -1)):
        book.bank(
            company,
            "intercompany",
            day,
            [Leg(account, sign * amount)],
            account=bank_for(company, "EUR"),
            text=text,
            name=COMPANIES[other].name,
            document=f"LOAN-{day:%y%m}",
            counterparty=other,
            clears=0,
        )


def sweep(book: Book, company: str, day: date) -> None:
    """Change foreign money that is not needed, through an account for cash in transit."""
    for bank in BANKS:
        amount = book.foreign[bank.account] - D("60000.00")
        if bank.company == company and bank.currency != _own(company) and amount > D("40000.00"):
            text = f"Transfer {bank.currency}"
            posted, _ = book.bank(company, "bank", day, [Leg("1090", amount)], account=bank.account, name=bank.name,
                                  text=text, clears=0)  # fmt: skip
            book.bank(company, "bank", day, [Leg("1090", -posted[0].local)], name=bank.name, text=text, clears=0)


def bank_costs(book: Book, company: str, day: date) -> None:
    """What the bank takes and gives."""
    fee = D(book.rng.randrange(2_150, 6_900)) / 100
    book.bank(company, "bank", day, [Leg("6390", fee, "C400")], name="Bank", method="charge", text="Charges", clears=0)
    for bank in BANKS:
        if bank.company == company and bank.number.endswith("0009"):
            interest = cents(book.balances[company, bank.account] * D("0.03") / 12)
            book.bank(
                company,
                "bank",
                day,
                [Leg("7110", -interest)],
                account=bank.account,
                name="Bank",
                text="Interest",
                clears=0,
            )


def close_month(book: Book, company: str, month: date) -> None:
    """The last postings of a month: depreciation, stock, accruals, valuation, returns and, in its month, the year."""
    day = closing_day(month)
    depreciate(book, company, day)
    sold = _moved(book, company, "4100", month)
    cost = min(cents(sold * D("0.52")), cents(book.balances[company, "1200"] * D("0.8")))
    book.post(company, "inventory", day, [Leg("5100", cost), Leg("1200", -cost)], text="Cost of goods sold")
    for account, center in (("6340", "C300"), ("6330", "C400")):
        amount = D(book.rng.randrange(31_000, 189_000)) / 100
        first = book.post(company, "accrual", day, [Leg(account, amount, center), Leg("2200", -amount)],
                          text=f"Accrual {NAMES[account].lower()}")  # fmt: skip
        if (start := weekday(month_end(month) + timedelta(days=1))) <= LAST:
            book.post(company, "accrual", start, [Leg(account, -amount, center), Leg("2200", amount)],
                      reverses=first[0].journal, text=f"Reversal {first[0].journal}")  # fmt: skip
    value_foreign(book, company, month)
    returns(book, company, month)
    if month.month % 3 == 0:
        income_tax(book, company, month)
    if company == "F01" and month.month == 3:
        year_end(book, day)


def _moved(book: Book, company: str, account: str, month: date) -> Decimal:
    """What a revenue account gained in a month."""
    debit, credit = book.totals.get((company, account, period_of(COMPANIES[company], month)), [ZERO, ZERO])
    return credit - debit


def value_foreign(book: Book, company: str, month: date) -> None:
    """Value foreign balances at the closing rate: banks for good, open items until the first day of the next month."""
    day, own = closing_day(month), _own(company)
    for bank in BANKS:
        if bank.company == company and bank.currency != own:
            worth = cents(book.foreign[bank.account] * book.rates.at(bank.currency, own, day))
            change = worth - book.balances[company, bank.account]
            legs = [Leg(bank.account, ZERO, local=change), Leg("7210", ZERO, local=-change)]
            book.post(company, "revaluation", day, legs, currency=bank.currency, text=f"Valuation {bank.currency}")
    for account, items, side in (("1110", book.receivables, 1), ("2110", book.payables, -1)):
        change = ZERO
        for item in items:
            if item.open and item.partner.company == company and item.partner.currency != own:
                rate = book.rates.at(item.partner.currency, own, day)
                change += side * (cents(item.open * rate) - item.local)
        if change:
            _value_until_tomorrow(book, company, month, account, change)


def _value_until_tomorrow(book: Book, company: str, month: date, account: str, change: Decimal) -> None:
    first = book.post(company, "revaluation", closing_day(month), [Leg(account, change), Leg("7210", -change)],
                      text=f"Valuation {NAMES[account].lower()}")  # fmt: skip
    if (start := weekday(month_end(month) + timedelta(days=1))) <= LAST:
        book.post(company, "revaluation", start, [Leg(account, -change), Leg("7210", change)],
                  reverses=first[0].journal, text=f"Reversal {first[0].journal}")  # fmt: skip


def returns(book: Book, company: str, month: date) -> None:
    """Settle input and output tax: every quarter in Britain, every month elsewhere; paid a month later."""
    if company == "F01" and month.month % 3:
        return
    out, into = book.balances[company, "2300"], book.balances[company, "1400"]
    text = f"Tax return {month:%Y-%m}"
    book.post(
        company, "tax", closing_day(month), [Leg("2300", -out), Leg("2310", out + into), Leg("1400", -into)], text=text
    )
    wait = 37 if company == "F01" else 10
    book.later(
        month_end(month) + timedelta(days=wait), lambda d: _settle(book, company, d, "2310", -(out + into), text, "tax")
    )


def income_tax(book: Book, company: str, month: date) -> None:
    """Income tax on the result of the quarter, paid in the next."""
    day, own = closing_day(month), COMPANIES[company]
    periods = {period_of(own, date(month.year, month.month - n, 1)) for n in (0, 1, 2)}
    result = ZERO
    for (of, account, period), (debit, credit) in book.totals.items():
        if of == company and period in periods and TYPES[account] in ("revenue", "expense"):
            result += credit - debit
    tax = cents(result * SHARE_OF_TAX[company])
    if tax > 0:
        text = f"Income tax {month:%Y-%m}"
        book.post(company, "tax", day, [Leg("7300", tax), Leg("2320", -tax)], text=text)
        book.later(month_end(month) + timedelta(days=45), lambda d: _settle(book, company, d, "2320", tax, text, "tax"))


def year_end(book: Book, day: date) -> None:
    """What the auditors ask for, in the thirteenth period: keyed weeks later, before that period is closed."""
    period = thirteenth(COMPANIES["F01"], day)
    bonus, fee, less = (D(book.rng.randrange(low, low * 2)) / 100 for low in (1_400_000, 1_100_000, 240_000))
    for account, other, amount, center in (("6100", "2700", bonus, "C100"), ("6330", "2200", fee, "C400"),
                                           ("5100", "1200", less, "")):  # fmt: skip
        book.post("F01", "adjustment", day, [Leg(account, amount, center), Leg(other, -amount)], period=period,
                  keyed=weekday(day + timedelta(days=40)), text=f"Year-end {NAMES[other].lower()}")  # fmt: skip
    later = date(day.year, 6, 17)
    book.later(later, lambda d: _settle(book, "F01", d, "2700", bonus, f"Bonus {day.year}"))
    book.later(later, lambda d: _settle(book, "F01", d, "2200", fee, f"Audit {day.year}"))


def simulate(book: Book) -> None:
    """Three years, month by month."""
    trade_partners(book)
    open_books(book)
    odd_postings(book)
    for company in COMPANIES:
        opening_items(book, company)
    for month in months():
        for company in COMPANIES:
            trade_month(book, company, month)
            office_month(book, company, month)
        book.run_to(month_end(month))
        for company in COMPANIES:
            close_month(book, company, month)
