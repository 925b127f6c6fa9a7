"""What the personnel office of Adventure Works Cycles keeps besides the register, made for the employees of the file.

Absences, plans, courses, papers, reviews, vacancies and tasks for joiners are seeded; candidates stand by number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from tests.samples.awc_staff import FIRST, LAST, Employee, months, staff_of

D = Decimal
HEALTH = {
    "HP1": ("Health basic", "employee", "96.50", "310.00"),
    "HP2": ("Health family", "family", "214.75", "640.00"),
}
PENSION = ("PP1", "Pension plan", "employee")
COURSES = {
    "S01": ("Safety at work", True, 12, "4"),
    "S02": ("Fork lift", True, 24, "8"),
    "D01": ("Data protection", True, 24, "2"),
    "Q01": ("Quality circle", False, 0, "6"),
}
"""By course: name, mandatory, months until it has to be repeated, hours."""
TASKS = (
    ("laptop", "Equipment handed over", "equipment", "IT", -3, True),
    ("access", "Accounts opened", "access", "IT", 0, True),
    ("contract", "Contract signed and filed", "document", "Personnel office", 2, True),
    ("safety", "Safety instruction", "training", "Works manager", 5, True),
    ("mentor", "Meeting with the mentor", "meeting", "Department", 20, False),
)
"""By task: number, name, category, owner, days after the hire that it is due, mandatory."""


@dataclass(frozen=True)
class Absence:
    """Somebody is away."""

    number: str
    employee: Employee
    kind: str
    start: date
    end: date
    paid: bool
    certificate: bool | None = None
    state: str = "taken"

    @property
    def days(self) -> int:
        """Weekdays away."""
        return sum((self.start + timedelta(days=n)).weekday() < 5 for n in range((self.end - self.start).days + 1))


@dataclass(frozen=True)
class Plan:
    """An enrolment in a plan."""

    employee: Employee
    number: str
    name: str
    kind: str
    coverage: str
    employee_share: Decimal
    employer_share: Decimal
    since: date


@dataclass(frozen=True)
class Training:
    """A course assigned to somebody."""

    number: str
    employee: int
    course: str
    assigned: date
    due: date | None
    done: date | None
    valid_to: date | None
    result: str


@dataclass(frozen=True)
class Document:
    """A paper in the file of an employee."""

    number: str
    employee: int
    kind: str
    country: str
    issued: date
    valid_to: date | None
    mandatory: bool


@dataclass(frozen=True)
class Review:
    """A rating."""

    number: str
    employee: int
    cycle: str
    day: date
    rating: int
    reviewer: int | None


@dataclass(frozen=True)
class Application:
    """An application with the days on which it reached its stages."""

    number: str
    vacancy: str
    candidate: str
    position: str
    department: tuple[str, str]
    opened: date
    source: str
    stage: str
    days: tuple[date | None, ...]
    """Applied, screened, interviewed, offered, hired, closed."""


@dataclass(frozen=True)
class Task:
    """A task for a joiner."""

    employee: int
    number: str
    name: str
    category: str
    owner: str
    due: date
    done: date | None
    mandatory: bool


def workday(day: date) -> date:
    """The day itself, or the Monday after."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


@lru_cache(maxsize=2)
def absences_of(seed: int) -> list[Absence]:
    """Who was away from November 2024 to October 2026; nobody twice in a month, and only while employed."""
    rng = random.Random(f"{seed}/awc/absences")
    out: list[Absence] = []
    for e in staff_of(seed):
        for month in months():
            start = workday(month + timedelta(days=rng.randrange(0, 15)))
            kind, length = rng.choices(
                (("", 0), ("vacation", 5), ("sickness", 2), ("unpaid", 1), ("training", 1)), (80, 11, 6, 1, 2)
            )[0]
            length = length + rng.choice((0, 2)) if length > 1 else length
            end = start + timedelta(days=length - 1) if length < 6 else start + timedelta(days=8)
            end = end - timedelta(days=max(0, end.weekday() - 4))
            if not kind or start < e.hired or end > min(e.left or LAST, LAST) or end < start:
                continue
            sick = kind == "sickness"
            number = f"A{len(out) + 1:05}"
            out.append(Absence(number, e, kind, start, end, kind != "unpaid", (end - start).days > 1 if sick else None))
    return out


def health_plan(e: Employee, month: date) -> Plan | None:
    """The health plan of an employee in a month: two of five in the United States, from the month after the hire."""
    if e.country != "US" or e.number % 5 > 1:
        return None
    number = "HP2" if e.marital == "M" and e.number % 2 else "HP1"
    name, coverage, own, employer = HEALTH[number]
    plan = Plan(e, number, name, "health", coverage, D(own), D(employer), _enrolled(e))
    return plan if plan.since <= month else None


def in_pension_plan(e: Employee, month: date) -> bool:
    """Every third employee in the United States saves for a pension."""
    return e.country == "US" and e.number % 3 == 0 and _enrolled(e) <= month


def _enrolled(e: Employee) -> date:
    day = e.hired + timedelta(days=32)
    return max(day.replace(day=1), date(2020, 1, 1))


def plans_of(seed: int) -> list[Plan]:
    """Who is enrolled; the pension plan costs a percentage, hence no amounts."""
    out: list[Plan] = []
    for e in staff_of(seed):
        plan = health_plan(e, LAST)
        out += [plan] if plan else []
        if in_pension_plan(e, LAST):
            number, name, coverage = PENSION
            out.append(Plan(e, number, name, "pension", coverage, D(0), D(0), _enrolled(e)))
    return out


def present(seed: int, day: date = LAST) -> list[Employee]:
    """Who is employed on a day."""
    return [e for e in staff_of(seed) if e.hired <= day and (e.left is None or e.left >= day)]


def trainings_of(seed: int) -> list[Training]:
    """Courses: done in time, but for a few that are not mandatory."""
    rng = random.Random(f"{seed}/awc/trainings")
    out: list[Training] = []

    def assign(e: Employee, course: str, due: date, done: date | None, repeat: int) -> None:
        until = date(done.year + repeat // 12, done.month, min(done.day, 28)) if done and repeat else None
        out.append(
            Training(f"T{len(out) + 1:05}", e.number, course, due - timedelta(days=45), due, done, until,
                     "" if not done else "passed" if course != "Q01" else "attended")
        )  # fmt: skip

    for e in present(seed):
        for course, (_, mandatory, repeat, _) in COURSES.items():
            drives = e.department_on(LAST)[1].number == "7" and e.number % 4 == 0
            if (course == "S02" and not drives) or (course == "Q01" and e.number % 9):
                continue
            for year in (2025, 2026) if repeat == 12 else (2026,):
                due = max(date(year, 6 + rng.randrange(3), 28), e.hired + timedelta(days=30))
                done: date | None = due - timedelta(days=rng.randrange(1, 40))
                if done and done < e.hired + timedelta(days=1):
                    done = e.hired + timedelta(days=1 + rng.randrange(20))
                if not mandatory and rng.random() < 0.4:
                    done = None
                if due.year == year:
                    assign(e, course, due, done, repeat)
    return out


def documents_of(seed: int) -> list[Document]:
    """Papers, all valid until after the sample nights."""
    rng = random.Random(f"{seed}/awc/documents")
    out: list[Document] = []
    for e in present(seed):
        due = date(2027 + rng.randrange(4), 1 + rng.randrange(12), 28)
        out.append(Document(f"D{len(out) + 1:05}", e.number, "identity", e.country, date(due.year - 10, due.month, 1),
                            due, False))  # fmt: skip
        if e.country != "US" or e.number % 40 == 7:
            out.append(Document(f"D{len(out) + 1:05}", e.number, "work_permit", e.country, e.hired,
                                date(2027, 1 + e.number % 12, 15), True))  # fmt: skip
    return out


def reviews_of(seed: int) -> list[Review]:
    """Ratings from 1 to 5 each spring, by the manager."""
    rng = random.Random(f"{seed}/awc/reviews")
    out: list[Review] = []
    for year in (2025, 2026):
        for e in present(seed, date(year, 3, 1)):
            day = workday(date(year, 3, 1 + rng.randrange(25)))
            rating = rng.choices((1, 2, 3, 4, 5), (2, 10, 48, 30, 10))[0]
            if e.left is None or e.left >= day:
                out.append(Review(f"R{len(out) + 1:05}", e.number, str(year), day, rating, e.manager))
    return out


def applications_of(seed: int) -> list[Application]:
    """A vacancy for everybody who joined since November 2024, and three that are open."""
    rng = random.Random(f"{seed}/awc/applications")
    out: list[Application] = []
    joined = [e for e in staff_of(seed) if e.hired >= FIRST]
    wanted: list[tuple[str, str, tuple[str, str], date, date | None]] = [
        (f"V{e.number}", e.job, _named(e, e.hired), e.hired - timedelta(days=120), e.hired) for e in joined
    ]
    for e in [e for e in staff_of(seed) if e.left and e.left > date(2025, 9, 1)][:3]:
        left = e.left or LAST
        wanted.append((f"V{e.number}", e.job, _named(e, left), min(left, date(2026, 8, 3)), None))
    for vacancy, position, department, opened, filled in wanted:
        count = rng.randrange(6, 14)
        for n in range(count):
            out.append(_apply(rng, len(out) + 1, vacancy, position, department, opened, filled if not n else None))
    return out


def _named(e: Employee, day: date) -> tuple[str, str]:
    department = e.department_on(day)[1]
    return department.number, department.name


def _apply(
    rng: random.Random, n: int, vacancy: str, position: str, department: tuple[str, str], opened: date,
    filled: date | None,
) -> Application:  # fmt: skip
    """One application; the one that fills the vacancy goes through all stages."""
    day = workday(opened + timedelta(days=rng.randrange(3, 25)))
    reached = 4 if filled else rng.choices((0, 1, 2, 3), (20, 40, 30, 10))[0]
    days: list[date | None] = [day]
    for _ in range(reached):
        day = workday(day + timedelta(days=rng.randrange(3, 16)))
        days.append(day)
    days += [None] * (5 - len(days))
    closed = None
    stage = "hired"
    if not filled:
        ended = rng.random() < 0.85
        stage = ("applied", "screened", "interviewed", "offered")[reached]
        if ended:
            stage = "withdrawn" if reached == 3 else rng.choice(("rejected", "rejected", "rejected", "withdrawn"))
            closed = workday(day + timedelta(days=rng.randrange(2, 20)))
    source = rng.choice(("agency", "job_board", "job_board", "referral", "career_site", "internal", "university"))
    return Application(f"B{n:05}", vacancy, f"K{n:05}", position, department, opened, source, stage, (*days, closed))


def tasks_of(seed: int) -> list[Task]:
    """Tasks for those who joined since November 2024; some of the last joiner's are open or late."""
    rng = random.Random(f"{seed}/awc/tasks")
    out: list[Task] = []
    for e in [e for e in staff_of(seed) if e.hired >= FIRST]:
        for number, name, category, owner, after, mandatory in TASKS:
            due = workday(e.hired + timedelta(days=max(after, 0)))
            done: date | None = due + timedelta(days=rng.choice((0, 0, 1, 6)))
            if e.hired > date(2026, 4, 1) and number in ("mentor", "contract") and rng.random() < 0.7:
                done = None
            out.append(Task(e.number, number, name, category, owner, due, done, mandatory))
    return out
