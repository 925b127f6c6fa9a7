"""The frame of Fernhill Group's books: companies, bank accounts, chart of accounts, tax codes, periods and rates."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

TAKEN_OVER = date(2023, 10, 31)
"""Day of the opening balances; the book runs through the 36 months after it."""
LAST = date(2026, 10, 31)
D = Decimal
SHARE_OF_TAX = {"F01": D("0.25"), "F02": D("0.30"), "F03": D("0.21")}


@dataclass(frozen=True)
class Company:
    code: str
    name: str
    country: str
    currency: str
    starts: int  # month in which the fiscal year starts
    closed_through: date  # end of the last closed period
    scale: D  # size of its invoices


@dataclass(frozen=True)
class Bank:
    account: str  # account of the general ledger
    company: str
    currency: str
    number: str
    name: str
    opening: D


COMPANIES = {
    c.code: c
    for c in (
        Company("F01", "Fernhill Group plc", "GB", "GBP", 4, date(2026, 9, 30), D("1.4")),
        Company("F02", "Fernhill Technik GmbH", "DE", "EUR", 1, date(2026, 7, 31), D("1.0")),
        Company("F03", "Fernhill Controls Inc", "US", "USD", 1, date(2026, 9, 30), D("0.9")),
    )
}
BANKS = (
    Bank("1010", "F01", "GBP", "GB-0001", "Current account", D("412300.55")),
    Bank("1020", "F01", "EUR", "GB-0002", "Euro account", D("265110.20")),
    Bank("1030", "F01", "USD", "GB-0003", "Dollar account", D("61870.00")),
    Bank("1040", "F01", "GBP", "GB-0009", "Deposit account", D("150000.00")),
    Bank("1050", "F02", "EUR", "DE-0001", "Current account", D("298400.10")),
    Bank("1060", "F02", "USD", "DE-0002", "Dollar account", D("88250.75")),
    Bank("1070", "F03", "USD", "US-0001", "Checking account", D("271930.40")),
    Bank("1080", "F03", "USD", "US-0009", "Money market account", D("90000.00")),
)
MAIN = {"F01": "1010", "F02": "1050", "F03": "1070"}

# account, name, type, class, sub-ledger that adds up to it, side that is unusual for its type
_CHART = """
1000|Assets|asset|||
1010|Bank GBP|asset|cash|bank|
1020|Bank EUR|asset|cash|bank|
1030|Bank USD|asset|cash|bank|
1040|Deposit GBP|asset|cash|bank|
1050|Bank of the GmbH EUR|asset|cash|bank|
1060|Bank of the GmbH USD|asset|cash|bank|
1070|Checking account USD|asset|cash|bank|
1080|Money market USD|asset|cash|bank|
1090|Cash in transit|asset|cash||
1100|Trade receivables|asset|receivables|receivables|
1110|Valuation of receivables|asset|other_current_asset||
1150|Payments on account to suppliers|asset|prepaid||
1200|Inventory|asset|inventory|inventory|
1400|Input tax|asset|tax_receivable|input_tax|
1500|Due from group companies|asset|intercompany_receivable|intercompany|
1510|Loans to group companies|asset|intercompany_receivable||
1600|Equipment|asset|fixed_asset|fixed_assets|
1610|Vehicles|asset|fixed_asset|fixed_assets|
1690|Depreciation of equipment|asset|accumulated_depreciation||credit
1695|Depreciation of vehicles|asset|accumulated_depreciation||credit
1700|Shares in group companies|asset|investment||
2000|Liabilities|liability|||
2100|Trade payables|liability|payables|payables|
2110|Valuation of payables|liability|other_current_liability||
2150|Payments on account from customers|liability|deferred_income||
2200|Accruals|liability|accrued||
2300|Output tax|liability|tax_payable|output_tax|
2310|Tax returns to settle|liability|tax_payable||
2320|Income tax payable|liability|tax_payable||
2400|Payroll taxes|liability|payroll_liability||
2410|Net pay|liability|payroll_liability||
2500|Due to group companies|liability|intercompany_payable|intercompany|
2510|Loans from group companies|liability|intercompany_payable||
2600|Bank loan|liability|debt||
2700|Provisions|liability|provision||
3000|Equity|equity|||
3100|Share capital|equity|share_capital||
3200|Retained earnings|equity|retained_earnings||
4000|Revenue|revenue|||
4100|Sales of controls|revenue|sales||
4190|Discounts given|revenue|sales||debit
4200|Service and repair|revenue|sales||
4300|Group charges and sales|revenue|intercompany_revenue||
4900|Gain on disposal|revenue|other_income||
5000|Cost of sales|expense|||
5100|Cost of goods sold|expense|cost_of_sales||
5190|Discounts taken|expense|cost_of_sales||credit
5200|Bought from the group|expense|intercompany_expense||
6000|Overheads|expense|||
6100|Wages and salaries|expense|payroll_expense||
6110|Social security|expense|payroll_expense||
6200|Rent|expense|operating_expense||
6300|Software|expense|operating_expense||
6310|Travel|expense|operating_expense||
6320|Marketing|expense|operating_expense||
6330|Professional fees|expense|operating_expense||
6340|Energy|expense|operating_expense||
6350|Books and training|expense|operating_expense||
6390|Bank charges|expense|operating_expense||
6400|Depreciation|expense|depreciation||
6900|Loss on disposal|expense|other_expense||
7000|Finance and tax|expense|||
7100|Interest paid|expense|interest||
7110|Interest received|revenue|interest||
7200|Realised exchange differences|expense|exchange||
7210|Unrealised exchange differences|expense|exchange||
7300|Income tax|expense|income_tax||
"""
ACCOUNTS = [line.split("|") for line in _CHART.strip().splitlines()]
TYPES = {account: kind for account, _, kind, *_ in ACCOUNTS}
NAMES = {account: name for account, name, *_ in ACCOUNTS}

# code, from, to, name, country, rate, treatment, direction, account, box of the base, box of the tax
TAX_CODES = [
    line.split("|")
    for line in """
GB-S20|2011-01-04||Sales at standard rate|GB|20|standard|output|2300|6|1
GB-S0|2011-01-04||Sales at zero rate|GB|0|zero|output|2300|6|
GB-P20|2011-01-04||Purchases at standard rate|GB|20|standard|input|1400|7|4
GB-P5|2011-01-04||Purchases at reduced rate|GB|5|reduced|input|1400|7|4
GB-P0|2011-01-04||Purchases at zero rate|GB|0|zero|input|1400|7|
GB-PRC|2011-01-04||Services from abroad, reverse charge|GB|20|reverse_charge|input|1400|7|4
DE-U19|2007-01-01|2020-06-30|Umsatz, voller Satz|DE|19|standard|output|2300|81|81
DE-U19|2020-07-01|2020-12-31|Umsatz, voller Satz|DE|16|standard|output|2300|35|36
DE-U19|2021-01-01||Umsatz, voller Satz|DE|19|standard|output|2300|81|81
DE-UIG|2007-01-01||Innergemeinschaftliche Lieferung|DE|0|intra_community|output|2300|41|
DE-UEX|2007-01-01||Ausfuhr|DE|0|export|output|2300|43|
DE-V19|2007-01-01|2020-06-30|Vorsteuer, voller Satz|DE|19|standard|input|1400||66
DE-V19|2020-07-01|2020-12-31|Vorsteuer, voller Satz|DE|16|standard|input|1400||66
DE-V19|2021-01-01||Vorsteuer, voller Satz|DE|19|standard|input|1400||66
DE-V7|2021-01-01||Vorsteuer, ermäßigt|DE|7|reduced|input|1400||66
DE-V0|2007-01-01||Steuerfreie Eingangsleistung|DE|0|exempt|input|1400||
DE-VIG|2021-01-01||Innergemeinschaftlicher Erwerb|DE|19|intra_community|input|1400|89|61
DE-VRC|2021-01-01||Leistung nach § 13b UStG|DE|19|reverse_charge|input|1400|84|67
US-ST|2013-01-01||State sales tax|US|6.25|standard|output|2300|1|2
US-EX|2013-01-01||Sales for resale|US|0|exempt|output|2300|3|
US-OUT|2013-01-01||Outside of tax|US|0|outside|input|1400||
""".strip().splitlines()
]
RATE_OF = {code: D(rate) for code, _, to, _, _, rate, *_ in TAX_CODES if not to}
BOTH_SIDES = ("GB-PRC", "DE-VIG", "DE-VRC")
"""Tax that the buyer owes: not on the invoice, booked as input and as output tax."""


def months() -> list[date]:
    """First days of the months of the book."""
    return [date(2023 + (9 + n) // 12, (9 + n) % 12 + 1, 1) for n in range(1, 37)]


def month_end(day: date) -> date:
    """Last day of its month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def weekday(day: date, step: int = 1) -> date:
    """The day itself, or the next (step 1) or last (step -1) one from Monday to Friday."""
    while day.weekday() > 4:
        day += timedelta(days=step)
    return day


def closing_day(day: date) -> date:
    """Last weekday of its month."""
    return weekday(month_end(day), -1)


def fiscal_year(company: Company, day: date) -> int:
    """The fiscal year of a day, named by the year in which it ends."""
    return day.year + (company.starts > 1 and day.month >= company.starts)


def period_of(company: Company, day: date) -> str:
    """The company's own name of the period in which a day lies."""
    if company.starts == 1:
        return f"{day:%Y-%m}"
    return f"FY{fiscal_year(company, day) % 100}-P{(day.month - company.starts) % 12 + 1:02}"


def thirteenth(company: Company, day: date) -> str:
    """The period for adjustments at the end of the fiscal year of a day."""
    return f"FY{fiscal_year(company, day) % 100}-P13"


def fiscal_periods() -> Iterator[tuple[str, str, int, int, date, date, bool]]:
    """Company, period, fiscal year, number, first and last day, whether for adjustments: in order of time."""
    for company in COMPANIES.values():
        for first in (TAKEN_OVER.replace(day=1), *months(), date(2026, 11, 1), date(2026, 12, 1)):
            year, number = fiscal_year(company, first), (first.month - company.starts) % 12 + 1
            yield company.code, period_of(company, first), year, number, first, month_end(first), False
            if company.starts > 1 and number == 12:
                yield company.code, thirteenth(company, first), year, 13, first, month_end(first), True


class Rates:
    """Daily rates of exchange as a seeded walk, with six digits."""

    PAIRS = (("EUR", "GBP"), ("USD", "GBP"), ("USD", "EUR"))

    def __init__(self, rng: random.Random) -> None:
        self.spot: dict[tuple[str, str, date], D] = {}
        euro, dollar = 0.871, 0.823
        day = TAKEN_OVER.replace(day=1)
        while day <= LAST:
            euro += rng.gauss(0, 0.0016) + (0.86 - euro) * 0.01
            dollar += rng.gauss(0, 0.0021) + (0.79 - dollar) * 0.01
            for pair, value in zip(self.PAIRS, (euro, dollar, dollar / euro), strict=True):
                self.spot[(*pair, day)] = D(str(round(value, 6)))
            day += timedelta(days=1)

    def at(self, source: str, target: str, day: date) -> D:
        """Units of the target for one unit of the source."""
        if source == "CHF":  # known to who posts, and not in what is delivered
            return D("1.064200")
        return D(1) if source == target else self.spot[source, target, day]

    def average(self, source: str, target: str, month: date) -> D:
        """Mean of the days of a month."""
        days = [month + timedelta(days=n) for n in range(month_end(month).day)]
        total = sum((self.spot[source, target, day] for day in days), D(0))
        return (total / len(days)).quantize(D("0.000001"))
