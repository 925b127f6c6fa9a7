"""Kinds and formats of columns, and that no value that may be personal is shown."""

from __future__ import annotations

import pytest

from pipelines.extract.sniff.columns import describe
from tests.unit.extract.sniff.conftest import Sniffed

CASES: list[tuple[list[str], str, tuple[str, ...]]] = [
    (["1", "22", "-3"], "integer", ()),
    (["1.234,50", "2,25", "99,00"], "decimal", ("1.234,56",)),
    (["1,234.50", "2.25", "99.00"], "decimal", ("1,234.56",)),
    (["1'234.50", "2.25"], "decimal", ("1'234.56",)),
    (["12,50 EUR", "3,75 EUR", "1.200,00 EUR"], "money", ("1.234,56 EUR",)),
    (["$12.50", "$3.75"], "money", ("1234.56 $",)),
    (["12,5 %", "3 %"], "percent", ("1234,56 %",)),
    (["31.12.2026", "01.02.2026"], "date", ("%d.%m.%Y",)),
    (["12/31/2026", "01/02/2026"], "date", ("%m/%d/%Y",)),
    (["31/12/26", "01/02/26"], "date", ("%d/%m/%y",)),
    (["2026-12-31", "2026-01-02"], "date", ("%Y-%m-%d",)),
    (["20261231", "20260102"], "date", ("%Y%m%d",)),
    (["2-Jun-06", "14-Nov-06"], "date", ("%d-%b-%y",)),
    (["2026-12-31", "31.12.2026", "2026-01-02"], "date", ("%Y-%m-%d", "%d.%m.%Y")),
    (["10:30", "23:59"], "time", ("%H:%M",)),
    (["10:30 PM", "09:15 AM"], "time", ("%I:%M %p",)),
    (["2026-12-31 10:30:00", "2026-01-02 00:00:00"], "timestamp", ("%Y-%m-%d %H:%M:%S",)),
    (["2026-12-31T10:30:00.123+01:00"], "timestamp", ("%Y-%m-%dT%H:%M:%S.%f%z",)),
    (["ja", "nein", "ja"], "boolean", ("ja", "nein")),
    (["EUR", "USD"] * 6, "code", ("EUR", "USD")),
    (["00123", "04711", "98765"], "identifier", ("5 digits, leading zeros count",)),
    (["DE02120300000000202051", "GB33BUKB20201555555555"], "iban", ()),
    (["a.b@example.org", "c@example.com"], "email", ()),
    (["+49 30 1234567", "+44 20 7946 0000"], "phone", ()),
    (["http://example.org/a", "https://example.org/b?c=d"], "url", ()),
    (["Miller", "Smith & Sons", "the rest"], "text", ()),
    (["", "", ""], "empty", ()),
]


@pytest.mark.parametrize(("cells", "kind", "formats"), CASES, ids=[f"{k}-{i}" for i, (_, k, _) in enumerate(CASES)])
def test_kind(cells: list[str], kind: str, formats: tuple[str, ...]) -> None:
    column = describe(["x"], [[c] for c in cells]).columns[0]
    assert (column.kind, column.formats) == (kind, formats)
    assert column.share == 1.0


def test_share_counts_what_fits() -> None:
    cells = ["1.5", "2.5", "3.5", "unknown", ""]
    column = describe(["x"], [[c] for c in cells]).columns[0]
    assert (column.kind, column.share, column.filled) == ("decimal", 0.75, 4)


def test_day_or_month_is_a_doubt() -> None:
    found = describe(["when"], [["01/02/2026"], ["03/04/2026"]])
    assert found.columns[0].formats == ("%d/%m/%Y", "%m/%d/%Y")
    assert any("day or month" in w for w in found.warnings)


def test_other_columns_settle_day_and_month() -> None:
    found = describe(["a", "b"], [["01/02/2026", "12/31/2026"], ["03/04/2026", "01/02/2026"]])
    assert found.columns[0].formats == ("%m/%d/%Y",)
    assert not found.warnings


def test_two_digit_years_are_said() -> None:
    assert any("century_from" in w for w in describe(["a"], [["31.12.26"], ["30.11.25"]]).warnings)


def test_groups_or_decimals_are_a_doubt() -> None:
    assert any("may group" in w for w in describe(["a"], [["1.234"], ["5.678"]]).warnings)


def test_nothing_personal_is_shown(sniffed: Sniffed) -> None:
    found = sniffed(
        "name,mail,born,iban,sex\n"
        + "".join(f"Jane Miller{i},jane{i}@example.org,1980-05-1{i},DE0212030000000020205{i},F\n" for i in range(9))
    )
    shown = " ".join(c.example + " ".join(c.formats) for c in found.columns)
    for part in ("Miller", "jane", "example.org", "1980", "DE02"):
        assert part not in shown
    assert next(c for c in found.columns if c.name == "sex").example != "female"
