"""Rows of the people feeds for the tests of their marts: 24 employees of `north`, and who came and went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import sqlalchemy as sa

from pipelines.contract import Contract
from tests.sql.rows import Row, delivery, insert, secrets

MARCH, APRIL, MAY = "2026-03-01 00:00:00+00", "2026-04-20 00:00:00+00", "2026-05-10 00:00:00+00"
TAKEN_BACK = "2026-05-15 08:00:00+00"
DEPARTMENTS = {"Lab": range(1, 4), "Sales": range(4, 10), "Paint": range(10, 17), "Admin": range(17, 25)}
EXITS = {5: (date(2026, 1, 31), "voluntary"), 12: (date(2026, 2, 28), "involuntary"), 20: (date(2025, 11, 30), None)}
MOVED_ON_DATE, MOVED_WHEN_LISTED, NO_LONGER_LISTED, HIRED_AGAIN, CORRECTED = 7, 8, 9, 21, 22
FIRST_SPELL = (date(2019, 1, 1), date(2023, 6, 30))


def fill_people(conn: sa.Connection, contracts: dict[str, Contract]) -> None:
    """What was known at the cut-off of `rows.py`."""
    withdrawn = delivery(
        "north", "people.employees", sha256="of another client", state="withdrawn", taken_back_at=TAKEN_BACK,
        rows_received=1, rows_loaded=1,
    )  # fmt: skip
    insert(conn, "ops.delivery", [withdrawn])
    for feed, rows in core(contracts).items():
        insert(conn, f"core.people_{feed}", rows)


def core(contracts: dict[str, Contract]) -> dict[str, list[Row]]:
    return {
        "employees": employees(),
        "absences": absences(),
        "applications": applications(secrets(contracts["people.applications"])),
        "benefits": benefits(),
        "documents": documents(),
        "onboarding_tasks": onboarding_tasks(),
        "reviews": reviews(secrets(contracts["people.reviews"])),
        "timesheets": timesheets(),
        "trainings": trainings(secrets(contracts["people.trainings"])),
    }


def number(n: int) -> str:
    return f"P-{n:02}"


def department(n: int) -> str:
    return next(name for name, numbers in DEPARTMENTS.items() if n in numbers)


def hire_date(n: int) -> date:
    return date(2024, 1, 15) + timedelta(days=17 * n)


def fte(n: int) -> str:
    return "0.5" if n % 5 == 0 else "1"


def employee(n: int, **values: object) -> Row:
    left, reason = EXITS.get(n, (None, None))
    return {
        "client_id": "north",
        "employee_id": number(n),
        "job_title": "Clerk",
        "hire_date": hire_date(n),
        "exit_date": left,
        "exit_reason_code": reason,
        "is_current": left is None,
        "department_name": department(n),
        "department_group_name": "Firm",
        "full_time_equivalent": fte(n),
        "weekly_hours": 20 if n % 5 == 0 else 40,
        "_known_from": MARCH,
        **values,
    }


def employees() -> list[Row]:
    """Versions; those that move, come back or vanish have several, or one that has ended."""
    paint = {"department_name": "Paint"}
    plain = [n for n in range(1, 25) if n not in (*range(7, 10), 21, 22)]
    closed = {"_known_to": MAY}
    again, wrong = (
        {"hire_date": FIRST_SPELL[0], "exit_date": FIRST_SPELL[1], "is_current": False},
        {"department_name": "?"},
    )
    return [
        *(employee(n) for n in plain),
        employee(MOVED_ON_DATE, **closed),
        employee(MOVED_ON_DATE, **paint, department_since_date=date(2026, 4, 16), _known_from=MAY),
        employee(MOVED_WHEN_LISTED, _known_to=APRIL),
        employee(MOVED_WHEN_LISTED, **paint, _known_from=APRIL),
        employee(NO_LONGER_LISTED, **closed),
        employee(HIRED_AGAIN, **again, _known_from="2020-01-01 00:00+00", _known_to=MARCH),
        employee(HIRED_AGAIN),
        # another department, said to be that of the same day: the first one was an error
        employee(CORRECTED, **wrong, department_since_date=hire_date(CORRECTED), **closed),
        employee(CORRECTED, department_since_date=hire_date(CORRECTED), _known_from=MAY),
        # nobody of ours
        employee(23, employee_id="X-1", _known_to=TAKEN_BACK),
        # a second list of the same people, which says no more
        employee(1, _source="payroll", department_name="Elsewhere", _known_from="2026-02-01 00:00+00", **closed),
    ]


def absences() -> list[Row]:
    def absence(key: str, n: int, kind: str, first: date, last: date | None, **values: object) -> Row:
        days = {"absence_id": key, "absence_kind_code": kind, "start_date": first, "end_date": last}
        return {"client_id": "north", "employee_id": number(n), **days, **values}

    sick, leave = (date(2026, 5, 6), date(2026, 5, 8)), (date(2026, 5, 25), date(2026, 6, 12))
    holiday = (date(2026, 5, 14), date(2026, 5, 14))
    return [
        *(absence(f"S-{n}", n, "sickness", *sick, absence_days=3) for n in range(10, 17) if n != 12),
        *(absence(f"V-{n}", n, "vacation", *leave, absence_days=15) for n in range(13, 25) if n != 20),
        *(absence(f"H-{n}", n, "public_holiday", *holiday) for n in range(1, 25) if n not in EXITS),
        absence("M-2", 2, "maternity", date(2026, 4, 15), None),
        absence("B-4", 4, "bereavement", date(2026, 5, 4), date(2026, 5, 4), absence_hours=4),
        absence("C-4", 4, "vacation", *leave, absence_status_code="cancelled"),
        absence("R-4", 4, "vacation", *leave, absence_status_code="requested"),
        # one key in two periods: the later one holds
        absence("T-6", 6, "other", date(2026, 5, 30), date(2026, 5, 31), absence_days=2, _period="2026-05"),
        absence("T-6", 6, "other", date(2026, 5, 30), date(2026, 5, 31), absence_days=1, _period="2026-06"),
        absence("Z-1", 1, "Zqabsence_kind_code", date(2026, 5, 4), date(2026, 5, 5)),
    ]


def benefits() -> list[Row]:
    def enrolment(n: int, plan: str, kind: str, employee_share: str, employer_share: str, frequency: str | None) -> Row:
        shares = {"employee_share_amount": employee_share, "employer_share_amount": employer_share}
        row = {"client_id": "north", "employee_id": number(n), "plan_id": plan, "benefit_kind_code": kind}
        row |= {"valid_from_date": "2025-01-01", "currency_code": "EUR", "frequency_code": frequency}
        return {**row, **shares, "coverage_code": "Zqcoverage_code"}

    ended = {"valid_to_date": "2026-06-30", "employee_share_amount": "1000000"}
    return [
        *(enrolment(n, "PENSION", "pension", "50", "100.10", None) for n in range(4, 17)),
        *(enrolment(n, "CAR", "car", "98765.43", "98765.43", "yearly") for n in (1, 2)),
        *(enrolment(n, "MEAL", "meal", "5.20", "10.40", "weekly") for n in range(10, 16)),
        *(enrolment(n, "HEALTH", "health", "13", "26", "biweekly") for n in range(1, 25)),
        {**enrolment(24, "PENSION", "pension", "1", "1", None), **ended},
        {**enrolment(3, "ABROAD", "pension", "7", "7", None), "currency_code": "USD"},
    ]


def reviews(secret: Row) -> list[Row]:
    """Ratings 1 to 5 of 2025; one that is a draft, one that was given again, and one of which nobody may know."""

    def review(n: int, value: int | None, day: str = "2025-12-01", **values: object) -> Row:
        row = {"client_id": "north", "employee_id": number(n), "cycle_id": "2025", "review_id": f"R-{n}"}
        return {**row, "review_date": day, "rating_value": value, "rating_scale_max": 5, **values}

    return [
        *(review(n, rating(n)) for n in range(1, 25)),
        review(6, 1, review_id="R-draft", status_code="draft"),
        review(11, 1, "2025-11-01", review_id="R-before"),
        {**review(1, 3, cycle_id="2026", day="2026-05-01", review_id="R-S"), "rating_code": secret["rating_code"]}
        | {"reviewer_id": secret["reviewer_id"]},
    ]


def rating(n: int) -> int:
    return 5 if n == 4 else 3 if n % 2 else 4


def applications(secret: Row) -> list[Row]:
    def application(key: str, stage: str, *days: str | None, **values: object) -> Row:
        names = ("applied_date", "screened_date", "interviewed_date", "offered_date", "hired_date", "closed_date")
        row = {"client_id": "north", "application_id": key, "stage_code": stage, "requisition_id": "V-1"}
        row |= {"opened_date": "2026-01-10", "department_name": "Paint", "source_code": "referral"}
        return {**row, **dict(zip(names, days, strict=False)), "candidate_id": secret["candidate_id"], **values}

    other = {"requisition_id": "V-2", "opened_date": None, "department_name": None, "source_code": None}
    return [
        application("1", "hired", "2026-01-20", "2026-01-22", "2026-02-01", "2026-02-10", "2026-02-20"),
        application("2", "hired", "2026-01-30", None, None, None, "2026-02-09"),
        application("3", "rejected", "2026-02-01", None, "2026-02-15", None, None, "2026-02-20"),
        application("4", "withdrawn", "2026-02-02", closed_date="2026-02-03"),
        application("5", "offered", "2026-02-03", opened_date=None),
        application("6", "screened", "2025-12-31", "2026-01-02", "2026-09-01", **other),  # an interview that is planned
    ]


def onboarding_tasks() -> list[Row]:
    def task(n: int, key: str, due: str, done: str | None, mandatory: bool | None = None) -> Row:
        row = {"client_id": "north", "employee_id": number(n), "task_id": key, "task_name": "Task"}
        return {**row, "due_date": due, "done_date": done, "is_mandatory": mandatory}

    return [
        task(1, "1", "2024-02-01", "2024-02-01"),
        task(1, "2", "2024-02-01", "2024-02-05", True),
        task(1, "3", "2024-02-01", None, False),
        task(2, "1", "2026-06-30", None),
        task(2, "2", "2026-07-01", None),
        task(3, "1", "2026-07-01", None),
        task(3, "2", "2026-07-01", "2026-06-30"),
        task(4, "1", "2026-07-02", None),
        task(12, "1", "2025-01-01", None),
        {**task(1, "1", "2026-06-01", None), "employee_id": "unknown"},
    ]


def trainings(secret: Row) -> list[Row]:
    def training(key: str, n: int, **values: object) -> Row:
        row: Row = {"client_id": "north", "training_id": key, "employee_id": number(n), "course_id": "FIRE"}
        return {**row, "course_name": "Fire safety", "is_mandatory": True, "due_date": "2026-06-01", **values}

    done = {"done_date": "2026-05-20", "training_hours": 4}
    return [
        training("1", 10, **done, valid_to_date="2027-05-20"),
        training("2", 11, **done, valid_to_date="2026-09-29"),
        training("3", 13, done_date="2024-05-20", valid_to_date="2025-05-20", due_date="2024-06-01"),
        training("4", 14),
        training("5", 15, due_date="2026-07-01"),
        training("6", 16, **done, result_code="failed"),
        training("7", 12),  # has left
        training("8", 8, due_date="2025-06-01", assigned_date="2025-01-01"),  # done with by the next one
        training("9", 8, **done, result_code=secret["result_code"]),
        training("10", 17, course_id="LANGUAGE", course_name=None, is_mandatory=False, due_date=None),
    ]


def documents() -> list[Row]:
    def document(key: str, n: int, kind: str, valid_to: str | None) -> Row:
        row = {"client_id": "north", "document_id": key, "employee_id": number(n), "kind_code": kind}
        return {**row, "valid_to_date": valid_to}

    return [
        document("1", 1, "work_permit", "2026-06-30"),
        document("2", 2, "work_permit", "2026-06-30"),
        document("3", 2, "work_permit", "2028-06-30"),
        document("4", 3, "qualification", "2026-07-31"),
        document("5", 3, "qualification", "2026-08-01"),
        document("6", 4, "identity", "2026-09-30"),
        document("7", 12, "contract", None),
    ]


def timesheets() -> list[Row]:
    def entry(n: int, day: date, key: str, hours: str, kind: str = "regular", **values: object) -> Row:
        row = {"client_id": "north", "employee_id": number(n), "work_date": day, "entry_id": key}
        return {**row, "worked_hours": hours, "hours_kind_code": kind, **values}

    days = [date(2026, 5, 1) + timedelta(days=n) for n in range(45)]
    return [
        *(entry(n, day, "1", "7.75") for n in (10, 13, 18) for day in days if day.weekday() < 5),
        entry(10, days[0], "2", "1.5", "overtime"),
        entry(10, days[0], "3", "8", "standby"),
        entry(10, days[1], "9", "3", "weekend", _period="2026-05"),
        entry(10, days[1], "9", "2", "weekend", _period="2026-06"),
        {**entry(1, days[0], "1", "6"), "client_id": "south", "employee_id": "E-001"},
    ]


def open_rows(rows: Iterable[Row]) -> list[Row]:
    """Rows that hold at the cut-off: not ended, and of a key in two periods the later one."""
    return [row for row in rows if "_known_to" not in row and row.get("_period") != "2026-05"]
