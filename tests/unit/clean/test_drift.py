from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.clean.drift import Weight, compare, encoding_change, identities, longest_rising
from pipelines.clean.mapping import Header, folded
from pipelines.clean.needs import Use
from pipelines.extract.table import column_names
from pipelines.layout import Layout, Shapes
from tests.unit.clean.mapkit import source

BEFORE = ["Nr", "Name", "Datum", "Kst", "Betrag", "Status"]
MAPPED = {
    "a": {"from": ["Nr", "Nummer"]},
    "b": {"from": "Datum"},
    "c": {"from": "Betrag"},
    "d": {"from": "Status", "optional": True},
}
IGNORED = {"Name": "not used", "Kst": "not used"}
NUMBERS, DATES, WORDS = ["12,50", "3,00", "1.200,00"], ["01.02.2026", "11.12.2026"], ["Huber", "Anna Maier"]


def use(columns: Mapping[str, Any] = MAPPED, ignore: Mapping[str, str] = IGNORED, **words: Any) -> Use:
    return Use.of(source(columns, ignore=dict(ignore), **words).source)


def layout(columns: Sequence[str], cells: Mapping[str, list[str]] | None = None, **words: Any) -> Layout:
    shapes = tuple(Shapes.of((cells or {}).get(c, [])) for c in columns) if cells else ()
    return Layout(words.pop("type", "csv"), tuple(columns), shapes=shapes, **words)


def told(before: Sequence[str], after: Sequence[str], **more: Any) -> list[tuple[str, str]]:
    return [(c.weight.value, c.text) for c in compare(layout(before), layout(after), more.get("use") or use())]


TABLE = {
    "new in the middle": (
        ["Nr", "Name", "Datum", "Kst", "Kürzel", "Betrag", "Status"],
        [("hold", "new column 'Kürzel' at position 5 (between 'Kst' and 'Betrag')")],
    ),
    "new at the end": ([*BEFORE, "Kürzel"], [("hold", "new column 'Kürzel' at position 7 (after 'Status')")]),
    "new at the start": (["Kürzel", *BEFORE], [("hold", "new column 'Kürzel' at position 1 (before 'Nr')")]),
    "new without a name": ([*BEFORE, "column 7"], [("hold", "new column 'column 7' at position 7 (after 'Status')")]),
    "moved": (
        ["Nr", "Name", "Betrag", "Datum", "Kst", "Status"],
        [("hold", "column 'Betrag' moved from position 5 to 3")],
    ),
    "mapped and gone": (
        ["Nr", "Name", "Datum", "Kst", "Status"],
        [("stop", "column 'Betrag' (position 5 before) is gone; it is read as c")],
    ),
    "mapped and renamed": (
        ["Nr", "Name", "Datum", "Kst", "Betrag EUR", "Status"],
        [("stop", "column 'Betrag' is gone; 'Betrag EUR' at its place looks like it (same position)")],
    ),
    "ignored and gone": (
        ["Nr", "Name", "Datum", "Betrag", "Status"],
        [("hold", "column 'Kst' (position 4 before) is gone; it was not read")],
    ),
    "ignored and renamed": (
        ["Nr", "Name", "Datum", "Kostenst.", "Betrag", "Status"],
        [("hold", "column 'Kst' is gone; 'Kostenst.' at its place looks like it (same position)")],
    ),
    "optional and gone": (
        BEFORE[:-1],
        [("note", "column 'Status' (position 6 before) is gone: optional, d stays empty")],
    ),
    "optional and renamed": (
        [*BEFORE[:-1], "Stand"],
        [("hold", "column 'Status' is gone; 'Stand' at its place looks like it (same position); d would stay empty")],
    ),
    "accepted spelling": (
        ["Nummer", *BEFORE[1:]],
        [("note", "column 'Nr' is called 'Nummer', an accepted spelling of a")],
    ),
    "case and white space": (["NR ", "name", "Datum", " Kst", "BETRAG", "Status"], []),
    "a second one of a mapped name": (
        ["Nr", "Betrag", "Name", "Datum", "Kst", "Betrag#2", "Status"],
        [
            ("stop", "columns named 'Betrag' stand at positions 2, 6 now, at position 5 before: "
             "which one c is read from is not certain"),
            ("hold", "new column 'Betrag#2' at position 6 (between 'Kst' and 'Status')"),
            ("hold", "column 'Betrag' moved from position 5 to 2"),
        ],
    ),
    "everything else": (["x", "y", "z"], [
        ("stop", "column 'Nr' is gone; 'x' at its place looks like it (same position)"),
        ("stop", "column 'Datum' is gone; 'z' at its place looks like it (same position)"),
        ("stop", "column 'Betrag' (position 5 before) is gone; it is read as c"),
        ("hold", "column 'Name' is gone; 'y' at its place looks like it (same position)"),
        ("hold", "column 'Kst' (position 4 before) is gone; it was not read"),
        ("note", "column 'Status' (position 6 before) is gone: optional, d stays empty"),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_what_has_changed_is_said_in_plain_words(case: str) -> None:
    after, expected = TABLE[case]
    assert told(BEFORE, after) == expected


def test_a_declared_column_that_comes_is_noted() -> None:
    before = ["Nr", "Datum", "Betrag"]
    assert told(before, ["Nr", "Datum", "Betrag", "Status", "Kst"]) == [
        ("note", "new column 'Status' at position 4 (between 'Betrag' and 'Kst'): read as d"),
        ("note", "new column 'Kst' at position 5 (after 'Status'): ignored by the profile"),
    ]


def cells_of(**cells: list[str]) -> dict[str, list[str]]:
    return {"Nr": ["1"], "Datum": DATES, **cells}


def test_values_tell_whether_the_column_at_the_place_is_the_old_one() -> None:
    before = layout(["Nr", "Datum", "Betrag"], cells_of(Betrag=NUMBERS))
    like = layout(["Nr", "Datum", "Summe"], cells_of(Summe=["5,00", "7,25", "100", "9,99"]))
    unlike = layout(["Nr", "Datum", "Bearbeiter"], cells_of(Bearbeiter=WORDS))
    assert compare(before, like, use())[0].text == (
        "column 'Betrag' is gone; 'Summe' at its place looks like it "
        "(same position, 75% of 4 sampled values of the same shape)"
    )
    assert [c.text for c in compare(before, unlike, use())] == [
        "column 'Betrag' (position 3 before) is gone; it is read as c",
        "new column 'Bearbeiter' at position 3 (after 'Datum')",
    ]


def test_a_renamed_column_is_recognised_at_another_place_by_name_and_values() -> None:
    before = layout(["Nr", "Datum", "Betrag"], cells_of(Betrag=NUMBERS))
    after = layout(["Betrag EUR", "Nr", "Datum"], {**cells_of(), "Betrag EUR": NUMBERS})
    assert compare(before, after, use())[0].text == (
        "column 'Betrag' is gone; 'Betrag EUR' at position 1 looks like it "
        "(similar name, 100% of 3 sampled values of the same shape; before at 3)"
    )


def test_of_two_candidates_the_likelier_is_named() -> None:
    before = layout(["Nr", "Datum", "Betrag"], cells_of(Betrag=NUMBERS))
    after = layout(["Nr", "Datum", "Betragsart", "Betrag EUR"], {
        **cells_of(), "Betragsart": WORDS, "Betrag EUR": NUMBERS,
    })  # fmt: skip
    renamed = [c for c in compare(before, after, use()) if c.kind == "renamed"]
    assert [(c.before, c.now) for c in renamed] == [("Betrag", "Betrag EUR")]


def test_an_unnamed_column_that_is_read_and_no_longer_the_same_stops() -> None:
    read = use({"a": {"from": "Nr"}, "b": {"from": "column 3"}}, {"column 2": "empty"})
    before, after = ["Nr", "column 2", "column 3"], ["Nr", "Neu", "column 3", "column 4"]
    found = told(before, after, use=read)
    assert found[0] == (
        "stop",
        "unnamed columns stand at positions 3, 4 now, at positions 2, 3 before: "
        "which one b is read from is not certain",
    )


def test_repeated_names_among_which_nothing_moved_are_no_drift() -> None:
    read = use({"a": {"from": "Nr"}, "b": {"from": "Betrag"}, "c": {"from": "Betrag#2"}}, {})
    columns = ["Nr", "Betrag", "Betrag#2"]
    assert told(columns, columns, use=read) == []
    assert told(columns, ["Nr", "Kurz", "Betrag", "Betrag#2"], use=read) == [
        ("hold", "new column 'Kurz' at position 2 (between 'Nr' and 'Betrag')")
    ]


def test_repeated_names_among_which_something_moved_stop() -> None:
    read = use({"a": {"from": "Nr"}, "b": {"from": "Betrag"}, "c": {"from": "Betrag#2"}}, {})
    found = told(["Nr", "Betrag", "Art", "Stand", "Betrag#2"], ["Betrag", "Nr", "Art", "Betrag#2", "Stand"], use=read)
    assert found[0][0] == "stop"
    assert "columns named 'Betrag' stand at positions 1, 4 now, at positions 2, 5 before" in found[0][1]


def test_a_second_column_of_the_name_that_the_profile_declares_is_certain() -> None:
    read = use({"a": {"from": "Nr"}, "c": {"from": "Betrag"}}, {"Betrag#2": "the same in words"})
    assert told(["Nr", "Betrag"], ["Nr", "Betrag", "Betrag#2"], use=read) == [
        ("note", "new column 'Betrag#2' at position 3 (after 'Betrag'): ignored by the profile")
    ]


def test_objects_have_no_order() -> None:
    before, after = layout(["Nr", "Datum", "Betrag"], type="json"), layout(["Betrag", "Nr", "Datum"], type="json")
    assert compare(before, after, use()) == []
    found = compare(before, layout(["Betrag", "Nr", "Datum", "Neu"], type="json"), use())
    assert [c.text for c in found] == ["new column 'Neu' in the records"]


def test_many_moves_are_summed_up() -> None:
    names = [f"c{i}" for i in range(40)]
    found = compare(layout(names), layout(names[::-1]), use({"a": {"from": "c1"}}, {}))
    assert len(found) == 9
    assert found[-1].text == "31 more columns moved"


def test_numbers_and_months_in_the_name_of_a_sheet_may_change() -> None:
    def sheets(before: str, after: str) -> list[str]:
        found = compare(layout(BEFORE, sheet=before), layout(BEFORE, sheet=after), use())
        return [c.text for c in found]

    assert sheets("Umsatz 2026-09", "Umsatz 2026-10") == []
    assert sheets("Sept 26", "Oktober 26") == []
    assert sheets("März", "April") == []
    assert sheets("Leeds", "York") == ["the table is read from sheet 'York' now, before 'Leeds'"]
    assert sheets("janvier", "Février") == []
    assert sheets("Marketing", "Mayfair") == ["the table is read from sheet 'Mayfair' now, before 'Marketing'"]


def test_an_encoding_is_told_when_it_looks_different_and_did_not_before() -> None:
    plain, odd = layout(BEFORE, encoding="cp1252"), layout(BEFORE, encoding="cp1252", looks_like="utf-8")
    expected = "encoding looks like utf-8 now (profile says cp1252): accented letters are misread"
    assert [(c.weight, c.text) for c in encoding_change(plain, odd)] == [(Weight.HOLD, expected)]
    assert [c.text for c in encoding_change(None, odd)] == [expected.replace(" now", "")]
    assert encoding_change(odd, odd) == encoding_change(odd, plain) == encoding_change(None, plain) == []


def test_a_layout_survives_being_kept() -> None:
    kept = layout(["Nr", "Datum"], cells_of(), encoding="utf-8", delimiter=";", quote_char='"', header_rows=(1, 2))
    assert Layout.from_data(json.loads(kept.to_json())) == kept


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
headers = st.lists(names, min_size=1, max_size=12).map(lambda row: column_names([row], " "))
plain_headers = st.lists(
    st.text("abcdefgh", min_size=1, max_size=4), min_size=2, max_size=14, unique=True
)  # fmt: skip


def reads(columns: Sequence[str], chosen: Sequence[int]) -> Use:
    """A profile that reads some of the columns and ignores the others."""
    mapped = {f"m{i}": {"from": [columns[i]]} for i in chosen}
    rest = {c: "not used" for i, c in enumerate(columns) if i not in chosen}
    return use(mapped, rest)


@given(headers, st.data())
def test_equal_layouts_are_never_drift(columns: list[str], data: st.DataObject) -> None:
    said = reads(columns, data.draw(st.sets(st.integers(0, len(columns) - 1)).map(sorted)))
    assert compare(layout(columns), layout(columns), said) == []
    spaced = [c.replace(" ", "  ") for c in columns]
    if len({folded(c) for c in columns}) == len(columns):
        assert [c for c in compare(layout(columns), layout(spaced), said) if c.weight is not Weight.NOTE] == []


@given(headers, headers)
def test_any_other_list_of_names_is_drift(before: list[str], after: list[str]) -> None:
    nothing = use({"a": {"value": "x"}}, {})
    found = compare(layout(before), layout(after), nothing)
    same = [folded(c) for c in before] == [folded(c) for c in after]
    assert any(c.weight is not Weight.NOTE for c in found) or same


@given(plain_headers, st.data())
def test_a_permutation_is_told_as_moves_and_nothing_else(columns: list[str], data: st.DataObject) -> None:
    after = data.draw(st.permutations(columns))
    assume(after != columns)
    found = compare(layout(columns), layout(after), reads(columns, range(0, len(columns), 2)))
    assert found and {(c.kind, c.weight) for c in found} == {("moved", Weight.HOLD)}
    for change in found:
        if change.now:
            text = f"column {change.now!r} moved from position {columns.index(change.now) + 1} to "
            assert change.text == f"{text}{after.index(change.now) + 1}"


@given(plain_headers, st.data())
def test_an_insertion_is_told_as_one_new_column_and_nothing_else(columns: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(columns)))
    after = [*columns[:at], "neu", *columns[at:]]
    found = compare(layout(columns), layout(after), reads(columns, range(0, len(columns), 2)))
    assert [(c.kind, c.now, c.weight) for c in found] == [("new", "neu", Weight.HOLD)]
    assert f"at position {at + 1}" in found[0].text
    back = compare(layout(after), layout(columns), reads(columns, range(0, len(columns), 2)))
    assert [(c.kind, c.before, c.weight) for c in back] == [("gone", "neu", Weight.HOLD)]


@given(plain_headers, st.data())
def test_a_rename_is_told_with_both_names_and_stops_when_the_column_is_read(
    columns: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(columns) - 1))
    after = [*columns[:at], "XYZ", *columns[at + 1 :]]
    read = at % 2 == 0
    found = compare(layout(columns), layout(after), reads(columns, range(0, len(columns), 2)))
    assert [(c.kind, c.before, c.now) for c in found] == [("renamed", columns[at], "XYZ")]
    assert found[0].weight is (Weight.STOP if read else Weight.HOLD)


@given(plain_headers, st.integers(0, 2**32), st.integers(1, 4))
def test_several_changes_at_once_are_each_told(columns: list[str], seed: int, times: int) -> None:
    chance = random.Random(seed)
    after = list(columns)
    chance.shuffle(after)
    new = [f"NEW{i}" for i in range(times)]
    for name in new:
        after.insert(chance.randrange(len(after) + 1), name)
    gone = after.pop(next(i for i, c in enumerate(after) if c in columns))
    found = compare(layout(columns), layout(after), reads(columns, ()))
    told_of = {c.now for c in found} | {c.before for c in found}
    assert {*new, gone} <= told_of


@given(st.lists(st.integers(), unique=True, max_size=30))
def test_the_longest_rising_part(numbers: list[int]) -> None:
    found = longest_rising(numbers)
    assert found == sorted(found)
    picked = [numbers[i] for i in found]
    assert picked == sorted(picked)
    best = [1] * len(numbers)
    for i in range(len(numbers)):
        best[i] = 1 + max((best[j] for j in range(i) if numbers[j] < numbers[i]), default=0)
    assert len(found) == max(best, default=0)


def test_a_column_is_known_by_its_folded_name_or_its_first_spelling() -> None:
    assert identities(["Nummer", "Betrag", "Betrag#2", "column 4"], use()) == [
        "nr\0001",
        "betrag\0001",
        "betrag\0002",
        "\0001",
    ]
    assert Header(["Nummer"]).match_any(["Nr", "Nummer"]) == ["Nummer"]
