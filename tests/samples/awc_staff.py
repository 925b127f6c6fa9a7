"""The staff of Adventure Works Cycles, from Microsoft's published sample: numbers, no names.

`adventureworks_hr/` holds the public files. What is made of them, the same way for every seed:

* every date is 13 years later, so that the last raises of the file lie in 2026; a new rate holds from the first of a
  month, and rates are `INDEX` times those of the file;
* employees 284 to 290, who sell abroad, are employed by a branch in Europe that opens in April 2025 and pays in euros;
  the others are paid in dollars, salaried ones and those paid by the hour each as a group of their own;
* tax, insurance and account numbers are derived from the number of the employee, with right check digits; the banks in
  the account numbers do not exist. The national ids of the others are those of the file;
* every 23rd employee works half the hours.

Seeded: who leaves, and when. Nobody does in the file.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from stdnum import iban
from stdnum.at import tin, vnr
from stdnum.iso7064 import mod_11_10

D = Decimal
PUBLIC = Path(__file__).parent / "adventureworks_hr"
LATER = 13
INDEX = D("1.5")
FIRST, LAST = date(2024, 11, 1), date(2026, 10, 31)
BRANCH = {284: "DE", 285: "DE", 286: "AT", 287: "DE", 288: "DE", 289: "AT", 290: "AT"}
REASONS = ("voluntary", "voluntary", "voluntary", "involuntary", "retirement", "other")
LEAVERS = 15


@dataclass(frozen=True)
class Department:
    """A department with its group."""

    number: str
    name: str
    group: str

    @property
    def cost_center(self) -> str:
        """Each department has a cost centre."""
        return f"CC{int(self.number) * 10:03}"


@dataclass
class Employee:
    """One employment with its histories."""

    number: int
    national_id: str
    login: str
    job: str
    level: int
    birth: date
    marital: str
    gender: str
    hired: date
    salaried: bool
    vacation: str
    sick: str
    departments: list[tuple[date, Department]] = field(default_factory=list)
    rates: list[tuple[date, Decimal]] = field(default_factory=list)
    left: date | None = None
    reason: str = ""
    manager: int | None = None

    @property
    def country(self) -> str:
        """Where the employment is."""
        return BRANCH.get(self.number, "US")

    @property
    def entity(self) -> str:
        """The company that employs."""
        return "AWE" if self.number in BRANCH else "AWC"

    @property
    def currency(self) -> str:
        """What the contract pays in."""
        return "EUR" if self.number in BRANCH else "USD"

    @property
    def pay_group(self) -> str:
        """Who is paid together."""
        return "EU" if self.number in BRANCH else "SAL" if self.salaried else "HRL"

    @property
    def share(self) -> Decimal:
        """Full-time equivalent."""
        return D("0.5") if self.number % 23 == 0 else D(1)

    @property
    def day_hours(self) -> Decimal:
        """Hours of a working day."""
        return 8 * self.share

    def works_on(self, day: date) -> bool:
        """Whether the day is a working day of the employment."""
        return day.weekday() < 5 and self.hired <= day and (self.left is None or day <= self.left)

    def rate_on(self, day: date) -> Decimal:
        """The rate per hour that holds on a day."""
        return [rate for since, rate in self.rates if since <= day][-1]

    def department_on(self, day: date) -> tuple[date, Department]:
        """The department on a day, and since when."""
        known = [entry for entry in self.departments if entry[0] <= day]
        return known[-1] if known else self.departments[0]

    @property
    def iban(self) -> str:
        """Number of an account at a bank that does not exist; none in the United States."""
        return account_at(self.country, self.number)

    @property
    def account(self) -> str:
        """Number of an account in the United States, without bank."""
        return "" if self.number in BRANCH else f"{self.number * 104_729:09}"

    @property
    def tax_id(self) -> str:
        """Tax number with right check digit (DE: IdNr, AT: Abgabenkontonummer)."""
        rng = random.Random(f"tax/{self.number}")
        if self.country == "DE":
            digits = rng.sample("123456789", 9)
            text = "".join([*digits, digits[4]])
            return text + mod_11_10.calc_check_digit(text)
        text = f"03{self.number * 7907 % 10**6:06}"
        return text + tin.calc_check_digit(text) if self.country == "AT" else ""

    @property
    def social_security_id(self) -> str:
        """Insurance number with right check digit (DE: Versicherungsnummer, AT: Sozialversicherungsnummer)."""
        born = f"{self.birth:%d%m%y}"
        if self.country == "AT":
            numbers = (f"{n}0{born}" for n in range(100 + self.number, 999))
            text = next(n for n in numbers if vnr.calc_check_digit(n) != "10")
            return text[:3] + vnr.calc_check_digit(text) + born
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[self.number % 26]
        return german_insurance(f"15{born}{letter}{self.number % 50:02}") if self.country == "DE" else ""


def account_at(country: str, number: int) -> str:
    """IBAN of an account in Germany or Austria at a bank of number zero; elsewhere none."""
    bank = {"DE": f"00000000{number * 7919:010}", "AT": f"00000{number * 7919:011}"}.get(country, "")
    return f"{country}{iban.calc_check_digits(f'{country}00{bank}')}{bank}" if bank else ""


def german_insurance(text: str) -> str:
    """Area, date of birth, initial and serial of a German pension insurance number, with its check digit: the letter
    counts as two digits, each digit is weighted, and the digit sums of the products are added (VKVV, section 2)."""
    digits = f"{text[:8]}{ord(text[8]) - 64:02}{text[9:]}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    return text + str(sum(sum(divmod(int(d) * w, 10)) for d, w in zip(digits, weights, strict=True)) % 10)


def later(text: str) -> date:
    """A date of the file, 13 years later."""
    year, month, day = (int(part) for part in text[:10].split("-"))
    return date(year + LATER, month, 28 if (month, day) == (2, 29) else day)


def first_of_month(day: date) -> date:
    """The day itself if it is the first of a month, else the first of the next one."""
    return day if day.day == 1 else date(day.year + day.month // 12, day.month % 12 + 1, 1)


def months(first: date = FIRST, last: date = LAST) -> list[date]:
    """First days of the months."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [date(first.year + (first.month + n - 1) // 12, (first.month + n - 1) % 12 + 1, 1) for n in range(count)]


def month_end(month: date) -> date:
    """Last day of the month."""
    return first_of_month(month + timedelta(days=1)) - timedelta(days=1)


def _read(name: str) -> list[list[str]]:
    with (PUBLIC / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@lru_cache(maxsize=2)
def staff_of(seed: int) -> list[Employee]:
    """Everybody in the public file, in order of their numbers."""
    departments = {row[0]: Department(*row[:3]) for row in _read("Department.csv")}
    places: dict[str, list[tuple[date, Department]]] = defaultdict(list)
    for number, department, _, since, *_ in _read("EmployeeDepartmentHistory.csv"):
        places[number].append((later(since), departments[department]))
    rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for number, since, rate, *_ in _read("EmployeePayHistory.csv"):
        rates[number].append((later(since), (D(rate) * INDEX).quantize(D("0.0001"), ROUND_HALF_UP)))
    staff = []
    for row in _read("Employee.csv"):
        number, national, login, _, level, job, birth, marital, gender, hired, salaried, vacation, sick, *_ = row
        begun, *raised = sorted(rates[number])
        staff.append(
            Employee(int(number), national, login, job, int(level or 0), later(birth), marital, gender, later(hired),
                     salaried == "1", vacation, sick, sorted(places[number]),
                     [(min(begun[0], later(hired)), begun[1]), *((first_of_month(d), r) for d, r in raised)])
        )  # fmt: skip
    _name_managers(staff)
    _choose_leavers(staff, random.Random(f"{seed}/awc/leavers"))
    return staff


def _name_managers(staff: list[Employee]) -> None:
    """The highest of a department leads it; leaders report to the first employee."""
    leaders: dict[str, Employee] = {}
    for e in sorted(staff, key=lambda e: (e.level, e.number)):
        leaders.setdefault(e.department_on(LAST)[1].number, e)
    for e in staff:
        leader = leaders[e.department_on(LAST)[1].number]
        e.manager = leader.number if leader is not e else 1 if e.number != 1 else None


def _choose_leavers(staff: list[Employee], rng: random.Random) -> None:
    """Those with a history, leaders and the branch stay."""
    leading = {e.manager for e in staff}
    may_go = [e for e in staff if len(e.rates) == 1 and e.hired < FIRST and e.number not in leading | set(BRANCH)]
    for e in sorted(rng.sample(may_go, LEAVERS), key=lambda e: e.number):
        e.left = FIRST + timedelta(days=rng.randrange(20, (LAST - FIRST).days - 5))
        e.reason = rng.choice(REASONS)
