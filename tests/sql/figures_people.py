"""What the marts of people show of `rows_people.py`, worked out here once more day by day and person by person, and how
to make each of their identities fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import mean, median
from typing import Any, NamedTuple

from tests.sql import rows_people as rows

Marts = dict[str, list[dict[str, Any]]]
TODAY = date(2026, 7, 1)
DAY = timedelta(days=1)

TAMPER = {
    "headcount_adds_up_to_core": "update rpt_headcount set headcount = headcount + 1 where client_id = 'south'",
    "headcount_rolls_forward": "update rpt_headcount set leavers = leavers + 1 where leavers > 0",
    "headcount_parts_make_the_client": "update rpt_headcount set hires = hires + 1 where level_code = 'department'",
    "employee_history_has_no_gaps": (
        "delete from rpt_employee_history where valid_from_date = hire_date and valid_to_date < '2026-04-30'"
    ),
    "history_holds_everybody_of_core": "delete from rpt_employee_history where employee_id = 'P-01'",
    "funnel_holds_all_applications": "update rpt_recruiting_funnel set applications = applications + 1",
    "funnel_only_narrows": "update rpt_recruiting_funnel set hired_applications = 99",
    "onboarding_holds_all_tasks": "update rpt_onboarding_status set tasks = tasks + 1",
    "training_states_add_up": "update rpt_training_compliance set open_employees = open_employees + 1",
    "documents_are_those_of_core": "delete from rpt_document_expiry where document_id = '1'",
    "small_groups_are_hidden": (
        "update rpt_performance_distribution set is_suppressed = false, people = 3 where group_name like '%Lab%'"
    ),
    "no_small_group_is_given_away": "update rpt_benefits_cost set is_suppressed = false where group_name = 'MEAL'",
    "hours_add_up_to_core": "update fct_people_months set worked_hours = worked_hours + 0.01 where worked_hours > 0",
    "absences_add_up": "update fct_people_months set absence_days = absence_days + 1 where absence_days > 0",
}


class Person(NamedTuple):
    """Somebody's employments, first to last day, and the department on each day."""

    spells: list[tuple[date, date | None]]
    fte: Decimal | None
    moves: dict[date, str | None]

    def is_in(self, day: date) -> bool:
        return any(first <= day and (last is None or day <= last) for first, last in self.spells)

    def stays_on(self, day: date) -> bool:
        """Employed at the end of the day: whoever leaves on it has left."""
        return any(first <= day and (last is None or day < last) for first, last in self.spells)

    def department(self, day: date) -> str:
        came = [to for since, to in self.moves.items() if since <= day]
        return came[-1] or "not stated"


def people() -> dict[str, Person]:
    """The employees of `north`."""
    out = {}
    for n in range(1, 25):
        first, home = rows.hire_date(n), rows.department(n)
        spells: list[tuple[date, date | None]] = [(first, rows.EXITS[n][0] if n in rows.EXITS else None)]
        moves: dict[date, str | None] = {date.min: home}
        if n == rows.MOVED_ON_DATE:
            moves[date(2026, 4, 16)] = "Paint"
        if n == rows.MOVED_WHEN_LISTED:
            moves[date(2026, 4, 20)] = "Paint"
        if n == rows.NO_LONGER_LISTED:
            spells = [(first, date(2026, 5, 9))]
        if n == rows.HIRED_AGAIN:
            spells = [rows.FIRST_SPELL, *spells]
        out[rows.number(n)] = Person(spells, Decimal(rows.fte(n)), moves)
    out["E-001"] = Person([(date(2025, 10, 1), None)], None, {date.min: "Paint of Works"})
    out["E-002"] = Person([(date(2019, 1, 1), date(2026, 1, 31))], None, {date.min: "Paint of Works"})
    out["E-003"] = Person([(date(2019, 1, 1), None)], None, {date.min: None})
    return out


PEOPLE = people()


def _of_north(marts: Marts, mart: str) -> list[dict[str, Any]]:
    return [row for row in marts[mart] if row["client_id"] == "north"]


def _months(first: date) -> Iterator[tuple[date, date]]:
    """First and last day of each month up to today."""
    month = first.replace(day=1)
    while month <= TODAY:
        following = (month + 32 * DAY).replace(day=1)
        yield month, min(following - DAY, TODAY)
        month = following


def _days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def _rounded(value: Any, places: str = "0.01") -> Decimal:
    return Decimal(value).quantize(Decimal(places), ROUND_HALF_UP)


def _department(row: dict[str, Any]) -> str:
    return "Paint of Works" if row["department_group_name"] == "Works" else str(row["department_name"])


def headcount_follows_the_people(marts: Marts) -> None:
    """Who is there at the end of each month, who came, went and moved, by department."""
    found = {
        (row["month"], _department(row)): row
        for row in _of_north(marts, "rpt_headcount")
        if row["level_code"] == "department"
    }
    seen = 0
    for month, last in _months(date(2019, 1, 1)):
        there = Counter(p.department(last) for p in PEOPLE.values() if p.stays_on(last))
        days = _days(month, last)
        came = Counter(p.department(first) for p in PEOPLE.values() for first, _ in p.spells if first in days)
        left = Counter(p.department(end) for p in PEOPLE.values() for _, end in p.spells if end in days)
        moved = [(p.department(d - DAY), p.department(d)) for p in PEOPLE.values() for d in days if d in p.moves]
        for name in {_department(row) for row in found.values()}:
            row = found.get((month, name))
            shown = (
                [row[k] for k in ("headcount", "hires", "leavers", "transfers_in", "transfers_out")] if row else [0] * 5
            )
            expected = [there[name], came[name], left[name]]
            expected += [sum(to == name for _, to in moved), sum(of == name for of, _ in moved)]
            assert shown == expected, (month, name)
            seen += bool(row)
    assert seen == len(found) > 100


def turnover_is_leavers_by_average_headcount(marts: Marts) -> None:
    found = {r["month"]: r for r in _of_north(marts, "rpt_headcount") if r["level_code"] == "client"}
    ends = [(month, last) for month, last in _months(date(2018, 12, 1))]
    count = {last: sum(p.stays_on(last) for p in PEOPLE.values()) for _, last in ends}
    for place in range(12, len(ends)):
        year = ends[place - 11 : place + 1]
        days = set(_days(year[0][0], year[-1][1]))
        leavers = sum(end in days for p in PEOPLE.values() for _, end in p.spells)
        before = [ends[place - 12 + n][1] for n in range(12)]
        average = mean(Decimal(count[b] + count[e]) / 2 for b, (_, e) in zip(before, year, strict=True))
        row = found[ends[place][0]]
        assert row["leavers_12_months"] == leavers
        assert row["average_headcount"] == _rounded(average)
        assert row["turnover_pct"] == _rounded(leavers / average * 100)
    now = found[date(2026, 7, 1)]
    assert (now["headcount"], now["leavers_12_months"], now["voluntary_leavers_12_months"]) == (22, 5, 1)
    shares = sum((p.fte for p in PEOPLE.values() if p.fte and p.stays_on(TODAY)), Decimal(0))
    assert (now["full_time_equivalent"], now["headcount_without_fte"]) == (shares, 2)
    assert "X-1" not in {row["employee_id"] for row in marts["rpt_employee_history"]}  # its delivery was withdrawn


def history_of_who_moved(marts: Marts) -> None:
    def of(n: int) -> list[tuple[Any, ...]]:
        names = ["valid_from_date", "valid_to_date", "department_name", "from_code", "is_transfer", "is_current"]
        spans = [r for r in _of_north(marts, "rpt_employee_history") if r["employee_id"] == rows.number(n)]
        return sorted((tuple(r[k] for k in names) for r in spans), key=lambda span: span[0])

    first = rows.hire_date(7)
    assert of(rows.MOVED_ON_DATE) == [
        (first, date(2026, 4, 15), "Sales", "hire_date", False, False),
        (date(2026, 4, 16), None, "Paint", "department_since_date", True, True),
    ]
    assert of(rows.MOVED_WHEN_LISTED)[1][:4] == (date(2026, 4, 20), None, "Paint", "first_listed")
    assert of(rows.NO_LONGER_LISTED) == [(rows.hire_date(9), date(2026, 5, 9), "Sales", "hire_date", False, False)]
    assert [span[:2] for span in of(rows.HIRED_AGAIN)] == [rows.FIRST_SPELL, (rows.hire_date(21), None)]
    assert of(rows.CORRECTED) == [(rows.hire_date(22), None, "Admin", "hire_date", False, True)]


def funnel_of_six_applications(marts: Marts) -> None:
    """Filled on 20 and 9 February, 41 and 30 days after 10 January; hired 31 and 10 days after they applied."""
    found = {
        (r["group_code"], r["group_name"], r["applied_year"]): r for r in _of_north(marts, "rpt_recruiting_funnel")
    }
    stages = "applications screened_applications interviewed_applications offered_applications hired_applications"
    ends = "open_applications rejected_applications withdrawn_applications"
    one = found["vacancy", "main: V-1", None]
    assert [one[k] for k in stages.split()] == [5, 4, 4, 3, 2]
    assert [one[k] for k in ends.split()] == [1, 1, 1]
    shares = [one[f"{k}_pct"] for k in ("screened", "interviewed", "offered", "hired")]
    assert shares == [_rounded(Decimal(a) * 100 / b) for a, b in ((4, 5), (4, 4), (3, 4), (2, 3))]
    for name, days in {"fill": (41, 30), "hire": (31, 10)}.items():
        assert one[f"mean_days_to_{name}"] == _rounded(mean(map(Decimal, days)), "0.1")
        assert one[f"median_days_to_{name}"] == _rounded(median(map(Decimal, days)), "0.1")
    other = found["vacancy", "main: V-2", None]
    assert [other[k] for k in stages.split()] == [1, 1, 0, 0, 0]  # the interview is planned for September
    assert (other["mean_days_to_fill"], other["offered_pct"]) == (None, None)
    assert found["all", "all", 2025]["applications"] == found["channel", "not stated", 2025]["applications"] == 1
    assert found["department", "Paint", 2026]["applications"] == 5


def onboarding_by_employee(marts: Marts) -> None:
    names = "status_code tasks done_mandatory_tasks done_in_time_tasks overdue_mandatory_tasks complete_pct"
    found = {r["employee_id"]: [r[k] for k in names.split()] for r in _of_north(marts, "rpt_onboarding_status")}
    assert found == {
        "P-01": ["complete", 3, 2, 1, 0, Decimal(100)],
        "P-02": ["overdue", 2, 0, 0, 1, Decimal(0)],
        "P-03": ["in_progress", 2, 1, 1, 0, Decimal(50)],
        "P-04": ["not_started", 1, 0, 0, 0, Decimal(0)],
        "P-12": ["left", 1, 0, 0, 1, Decimal(0)],
        "unknown": ["overdue", 1, 0, 0, 1, Decimal(0)],
    }
    (done,) = [r for r in _of_north(marts, "rpt_onboarding_status") if r["employee_id"] == "P-01"]
    assert (done["completed_date"], done["days_to_complete"]) == (date(2024, 2, 5), 4)  # hired on 1 February


def training_by_course_and_department(marts: Marts) -> None:
    """Paint: two valid of which one expires soon, one expired, one late and one failed, one with time until today."""
    states = "employees valid_employees expired_employees overdue_employees open_employees expiring_90_days_employees"
    found = {
        (r["course_id"], r["department_name"]): [*(r[k] for k in states.split()), r["compliance_pct"]]
        for r in _of_north(marts, "rpt_training_compliance")
    }
    assert found == {
        ("FIRE", "Paint"): [7, 3, 1, 2, 1, 1, _rounded(Decimal(300) / 6)],
        ("LANGUAGE", "Admin"): [1, 0, 0, 0, 1, 0, None],
    }


def documents_by_days_left(marts: Marts) -> None:
    found = {
        r["document_id"]: (r["status_code"], r["days_left"], r["is_employed"]) for r in marts["rpt_document_expiry"]
    }
    assert found == {
        "1": ("expired", -1, True),
        "2": ("replaced", -1, True),
        "3": ("valid", 730, True),
        "4": ("expires_in_30_days", 30, True),
        "5": ("expires_in_90_days", 31, True),
        "6": ("valid", 91, True),
        "7": ("for_good", None, False),
    }


def _hidden(groups: dict[str, int], *, members_overlap: bool = False) -> set[str]:
    """The smallest groups, until there are two with enough people to hide in; none if all are large enough."""
    order = sorted(groups, key=lambda name: (groups[name], name))
    small = [name for name in order if groups[name] < 5]
    while small and len(small) < len(order):
        sizes = [groups[name] for name in small]
        if len(small) >= 2 and (max(sizes) if members_overlap else sum(sizes)) >= 5:
            break
        small.append(order[len(small)])
    return set(small)


def ratings_of_groups_that_are_large_enough(marts: Marts) -> None:
    """Everybody of the cycle 2025 has a rating: 12 times 3, 11 times 4 and one 5, which takes the fours along."""
    found = [r for r in _of_north(marts, "rpt_performance_distribution") if r["cycle_id"] == "2025"]
    values = {n: rows.rating(n) for n in range(1, 25)}
    # their departments of today
    homes = {n: "Firm: " + PEOPLE[rows.number(n)].department(TODAY) for n in values}
    for code, of in {"rating": {n: str(v) for n, v in values.items()}, "department": homes}.items():
        groups = Counter(of.values())
        hidden = _hidden(groups)
        shown = {r["group_name"]: r for r in found if r["group_code"] == code}
        unnamed = {"not shown"} if code == "rating" else hidden
        assert set(shown) == set(groups) - hidden | unnamed
        assert {name for name, r in shown.items() if r["is_suppressed"]} == unnamed
        assert hidden
        for name in set(groups) & set(shown):
            expected = None if name in hidden else groups[name]
            assert shown[name]["people"] == expected
            share = None if name in hidden else _rounded(Decimal(groups[name]) * 100 / 24)
            assert shown[name]["share_pct"] == share
            if code == "department":
                scores = [Decimal(values[n]) * 20 for n in values if of[n] == name]
                assert shown[name]["mean_rating_pct"] == (None if name in hidden else _rounded(mean(scores)))
                assert shown[name]["median_rating_pct"] == (None if name in hidden else _rounded(median(scores)))
    assert {r["people"] for r in marts["rpt_performance_distribution"] if r["cycle_id"] == "2026"} == {None}


def benefits_cost_of_groups_that_are_large_enough(marts: Marts) -> None:
    per_month = {None: Decimal(1), "yearly": Decimal(1) / 12, "weekly": Decimal(52) / 12, "biweekly": Decimal(26) / 12}
    lines = [r for r in rows.benefits() if r["currency_code"] == "EUR" and "valid_to_date" not in r]
    found = {
        (r["group_code"], r["group_name"]): r
        for r in _of_north(marts, "rpt_benefits_cost")
        if r["currency_code"] == "EUR"
    }
    ways: dict[str, Callable[[dict[str, Any]], str]] = {
        "plan": lambda r: str(r["plan_id"]),
        "department": lambda r: "Firm: " + PEOPLE[r["employee_id"]].department(TODAY),
        "all": lambda _: "all",
    }
    for code, name_of in ways.items():
        members: dict[str, set[str]] = {}
        cost: dict[str, Decimal] = {}
        for line in lines:
            name = name_of(line)
            members.setdefault(name, set()).add(line["employee_id"])
            amount = Decimal(line["employer_share_amount"]) * per_month[line["frequency_code"]]
            cost[name] = cost.get(name, Decimal(0)) + amount
        hidden = _hidden({name: len(of) for name, of in members.items()}, members_overlap=code == "plan")
        assert {key[1] for key, r in found.items() if key[0] == code and r["is_suppressed"]} == hidden
        for name in members:
            shown = (found[code, name]["people"], found[code, name]["employer_month_amount"])
            assert shown == ((None, None) if name in hidden else (len(members[name]), _rounded(cost[name]))), name
    assert {k[1] for k, r in found.items() if k[0] == "plan" and r["is_suppressed"]} == {"CAR", "MEAL"}
    dollars = [r for r in _of_north(marts, "rpt_benefits_cost") if r["currency_code"] == "USD"]
    assert [r["is_suppressed"] for r in dollars] == [True] * 3


def away() -> dict[tuple[str, date, str], Decimal]:
    """(employee, month, kind) → days away, counted day by day."""
    out: dict[tuple[str, date, str], Decimal] = {}
    for row in rows.absences():
        if row.get("absence_status_code") or row.get("_period") == "2026-05":
            continue
        person = PEOPLE[row["employee_id"]]
        whole = _days(row["start_date"], row["end_date"] or TODAY)
        counted = [d for d in whole if d.weekday() < 5] or whole
        if "absence_days" in row:
            stated = Decimal(row["absence_days"])
        elif "absence_hours" in row:
            stated = Decimal(row["absence_hours"]) / 8  # 20 hours a week in half a position, and 40 in a whole one
        else:
            stated = len(counted) * (person.fte or Decimal(1))
        for day in counted:
            key = (row["employee_id"], day.replace(day=1), row["absence_kind_code"])
            out[key] = out.get(key, Decimal(0)) + stated / len(counted)
    return out


def absence_is_days_away_by_days_due(marts: Marts) -> None:
    found = {(r["month"], r["group_code"], r["group_name"]): r for r in _of_north(marts, "rpt_absence")}
    days = away()
    seen = set()
    for month, last in _months(date(2026, 4, 1)):
        due: dict[str, Decimal] = {}
        for key, person in PEOPLE.items():
            at_work = [d for d in _days(month, last) if person.is_in(d)]
            if at_work:
                holidays = days.get((key, month, "public_holiday"), Decimal(0))
                due[key] = sum(d.weekday() < 5 for d in at_work) * (person.fte or Decimal(1)) - holidays
        home = {key: PEOPLE[key].department(max(d for d in _days(month, last) if PEOPLE[key].is_in(d))) for key in due}
        named = {k: "not stated" if h == "not stated" else "Works: Paint" if k[0] == "E" else f"Firm: {h}"
                 for k, h in home.items()}  # fmt: skip
        lost = {(k, kind): n for (k, of, kind), n in days.items() if of == month and kind != "public_holiday"}
        kinds = {kind: {k for k, of in lost if of == kind} for kind in {kind for _, kind in lost}}
        groups = {("all", "all"): set(due)}
        groups |= {("department", name): {k for k in due if named[k] == name} for name in named.values()}
        groups |= {("kind", kind): members for kind, members in kinds.items()}
        for (code, name), members in groups.items():
            hidden = _hidden({n: len(of) for (c, n), of in groups.items() if c == code}, members_overlap=code == "kind")
            total = sum(
                (n for (k, kind), n in lost.items() if (kind == name if code == "kind" else k in members)), Decimal(0)
            )
            base = sum(due.values(), Decimal(0)) if code == "kind" else sum((due[k] for k in members), Decimal(0))
            assert code != "kind" or (name in hidden) != ((month, code, name) in found)
            row = found[month, code, "not shown" if code == "kind" and name in hidden else name]
            shown = [row[k] for k in ("people", "absence_days", "due_days", "absence_pct")]
            expected = [len(members), _rounded(total), _rounded(base), _rounded(total / base * 100)]
            assert shown == (expected if name not in hidden else [None] * 4), (month, code, name)
            assert row["is_suppressed"] == (name in hidden)
            seen.add((month, code, row["group_name"]))
    assert seen == set(found)


def people_months_by_pseudonym(marts: Marts) -> None:
    """Hours, days away and trainings of each employee's months; the key is the same in all of them."""
    found = _of_north(marts, "fct_people_months")
    hours: dict[date, Decimal] = {}
    for row in rows.timesheets():
        if row["client_id"] == "north" and row["hours_kind_code"] != "standby" and row.get("_period") != "2026-05":
            month = row["work_date"].replace(day=1)
            hours[month] = hours.get(month, Decimal(0)) + Decimal(row["worked_hours"])
    assert {m: sum(r["worked_hours"] or 0 for r in found if r["month"] == m) for m in hours} == hours
    assert sum(r["overtime_hours"] or 0 for r in found) == Decimal("1.5")
    assert (sum(r["trainings"] for r in found), sum(r["training_hours"] or 0 for r in found)) == (4, 12)
    employed = Counter(r["month"] for r in found if r["is_employed"])
    for month, last in _months(date(2019, 1, 1)):
        assert employed[month] == sum(any(p.is_in(d) for d in _days(month, last)) for p in PEOPLE.values()), month
    assert len({r["employee_key"] for r in found}) == len(PEOPLE)
    assert not {r["employee_key"] for r in found} & set(PEOPLE)
    south = [r for r in marts["fct_people_months"] if r["client_id"] == "south" and r["worked_hours"]]
    assert [r["worked_hours"] for r in south] == [Decimal("6")]


def no_small_group_follows_from_a_total(marts: Marts) -> None:
    """Whoever takes what is shown from a total gets the sum of two groups or more, with 5 people or more in them."""
    totals = {
        "rpt_benefits_cost": ("currency_code",),
        "rpt_performance_distribution": ("cycle_id",),
        "rpt_absence": ("month",),
    }
    attacked = 0
    for mart, of in totals.items():
        for total in (r for r in marts[mart] if r["group_code"] == "all" and not r["is_suppressed"]):
            same = [r for r in marts[mart] if all(r[k] == total[k] for k in ("client_id", *of)) and r is not total]
            for code in {r["group_code"] for r in same}:
                hidden = [r for r in same if r["group_code"] == code and r["is_suppressed"]]
                figures = [
                    r[k] for r in hidden for k in r if k.endswith(("people", "_amount", "_pct", "_days", "enrolments"))
                ]
                assert set(figures) <= {None}
                if (mart, code) == ("rpt_absence", "kind"):
                    continue  # what is left of the total has no name: nobody knows of which kind it is
                assert len(hidden) != 1 or code == "rating", (mart, total, code)
                if hidden and code != "plan":  # one person may be in several plans
                    known = sum(r["people"] for r in same if r["group_code"] == code and not r["is_suppressed"])
                    assert total["people"] - known >= 5, (mart, total, code)
                attacked += bool(hidden)
    assert attacked > 5


CHECKS = (
    headcount_follows_the_people,
    turnover_is_leavers_by_average_headcount,
    history_of_who_moved,
    funnel_of_six_applications,
    onboarding_by_employee,
    training_by_course_and_department,
    documents_by_days_left,
    ratings_of_groups_that_are_large_enough,
    benefits_cost_of_groups_that_are_large_enough,
    absence_is_days_away_by_days_due,
    people_months_by_pseudonym,
    no_small_group_follows_from_a_total,
)
