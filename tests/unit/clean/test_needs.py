from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipelines.clean.mapping import Binder, Header
from pipelines.clean.needs import Need, Use
from tests.unit.clean.mapkit import column, contract, plan_of, raw, source, tables

TO = contract(column("a", key=True), *(column(n) for n in "bcdefgh"), column("m", "money"), column("n", "money"))
RULES = {
    "a": {"concat": ["Konto", "Nr"]},
    "b": {"from": ["Name", "Bezeichnung"]},
    "c": {"first_of": ["Tel", "Mobil"], "optional": True},
    "d": {"split": {"from": "Ort", "pattern": "(.*) .*"}},
    "e": {"lookup": {"table": "names", "key": ["Kst"], "column": "Text"}},
    "f": {"sql": "\"Art\" || Stand"},
    "g": {"value": "x"},
    "h": {"from": "Wert"},
    "m": {"signed": {"debit": "Soll", "credit": "Haben"}},
    "n": {"signed": {"amount": "Betrag", "indicator": ["S/H", "SH"], "negative": "H", "positive": "S"}},
}  # fmt: skip
HEADER = [
    "Konto", "Nr", "Name", "Ort", "Kst", "Art", "Stand", "Soll", "Haben", "Betrag", "SH", "Jan", "Feb", "Z", "Y", "I",
]  # fmt: skip
REF = source(
    RULES, rows=[{"column": "Z", "empty": False}, {"column": "Monat", "in": "1"}], skip=[{"column": "Y", "in": "x"}],
    unpivot={"columns": {"Jan": "1", "Feb": "2"}, "name": "Monat", "value": "Wert"}, ignore={"I": "no use"},
)  # fmt: skip


def test_the_needs_are_what_the_column_map_asks_the_header_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[Need] = set()
    one = Binder.one

    def told(self: Binder, spellings: Sequence[str], needed_by: str, *, optional: bool = False) -> str | None:
        if not self._extra or not set(spellings) & set(self._extra):
            asked.add(Need(needed_by, tuple(spellings), optional))
        return one(self, spellings, needed_by, optional=optional)

    names = raw(["Nummer", "Text"], ["1", "eins"])
    looked_up = tables({"names": {"key": "Nummer"}}, names=names)
    monkeypatch.setattr(Binder, "one", told)
    plan_of(TO, REF, HEADER, looked_up)
    asked = {a for a in asked if not a.by.startswith("look-up table")}  # of the table, not of the file
    assert asked == set(Use.of(REF.source).needs)


def test_what_is_missing_and_what_is_declared_nowhere() -> None:
    said = Use.of(REF.source)
    assert said.missing(Header(HEADER)) == []
    assert said.undeclared(Header([*HEADER, "Neu", "Mobil"])) == ["Neu"]
    without = [c for c in HEADER if c not in ("Kst", "SH", "I")]
    assert said.missing(Header(without)) == [Need("e", ("Kst",)), Need("n", ("S/H", "SH"))]


def test_spellings_of_one_column_share_their_first() -> None:
    assert Use.of(REF.source).aliases == {"name": "name", "bezeichnung": "name", "s/h": "s/h", "sh": "s/h"}
