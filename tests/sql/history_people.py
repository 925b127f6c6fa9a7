"""Random rows of the people feeds for `history.py`: numbers of a small range, dates of spring, some empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from tests.sql.rows import Row

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]


def employees(chance: Random, key: str) -> Row:
    exit_date = chance.choice((None, None, *DAYS))
    return {
        "employee_id": key,
        "job_title": "Clerk",
        "hire_date": chance.choice((date(2024, 1, 1), chance.choice(DAYS))),
        "exit_date": exit_date,
        "exit_reason_code": exit_date and chance.choice(("voluntary", "transfer")),
        "is_current": chance.random() < 0.8,
        "department_id": chance.choice((None, "1")),
        "department_name": chance.choice(("Paint", "Sales", None)),
        "department_since_date": chance.choice((None, *DAYS)),
        "person_id": chance.choice((None, f"N-{int(key) // 3}")),
        "full_time_equivalent": chance.choice((None, 1, 0.5)),
        "gender_code": chance.choice(("female", "male", None)),
        "weekly_hours": chance.choice((None, 35)),
        "cost_center_id": chance.choice(("C-1", "C-2", None)),
    }


def absences(chance: Random, key: str) -> Row:
    first = chance.choice(DAYS)
    return {
        "absence_id": key,
        "employee_id": f"{chance.randint(0, 14):02}",
        "absence_kind_code": chance.choice(("sickness", "vacation", "public_holiday")),
        "start_date": first,
        "end_date": chance.choice((None, first + timedelta(days=chance.randint(0, 40)))),
        "absence_days": chance.choice((None, 1, 2.5)),
    }


def applications(chance: Random, key: str) -> Row:
    return {
        "application_id": key,
        "requisition_id": f"V-{int(key) % 3}",
        "applied_date": chance.choice(DAYS),
        "opened_date": chance.choice((None, *DAYS)),
        "hired_date": chance.choice((None, *DAYS)),
        "stage_code": chance.choice(("applied", "offered", "hired", "rejected")),
    }


def benefits(chance: Random, key: str) -> Row:
    return {
        "employee_id": key,
        "plan_id": chance.choice(("A", "B")),
        "valid_from_date": chance.choice(DAYS),
        "valid_to_date": chance.choice((None, *DAYS)),
        "employer_share_amount": chance.randint(1, 99),
        "currency_code": chance.choice(("EUR", "USD")),
    }


def documents(chance: Random, key: str) -> Row:
    return {
        "document_id": key,
        "employee_id": f"{int(key) % 4:02}",
        "kind_code": chance.choice(("work_permit", "other")),
        "valid_to_date": chance.choice((None, *DAYS)),
    }


def onboarding_tasks(chance: Random, key: str) -> Row:
    return {
        "employee_id": f"{int(key) % 4:02}",
        "task_id": key,
        "task_name": "Task",
        "due_date": chance.choice(DAYS),
        "done_date": chance.choice((None, *DAYS)),
    }


def reviews(chance: Random, key: str) -> Row:
    return {
        "review_id": key,
        "employee_id": f"{chance.randint(0, 14):02}",
        "cycle_id": "2026",
        "review_date": chance.choice(DAYS),
        "rating_value": chance.randint(1, 3),
        "rating_scale_max": chance.choice((None, 3)),
    }


def timesheets(chance: Random, key: str) -> Row:
    return {
        "employee_id": f"{int(key) % 4:02}",
        "work_date": chance.choice(DAYS),
        "entry_id": key,
        "worked_hours": chance.randint(1, 12),
        "hours_kind_code": chance.choice(("regular", "overtime", "standby")),
    }


def trainings(chance: Random, key: str) -> Row:
    return {
        "training_id": key,
        "employee_id": f"{int(key) % 4:02}",
        "course_id": chance.choice(("FIRE", "DATA")),
        "is_mandatory": chance.random() < 0.7,
        "due_date": chance.choice((None, *DAYS)),
        "done_date": chance.choice((None, *DAYS)),
        "valid_to_date": chance.choice((None, *DAYS)),
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"people.{make.__name__}": make
    for make in (
        absences, applications, benefits, documents, employees, onboarding_tasks, reviews, timesheets, trainings,
    )
}  # fmt: skip
