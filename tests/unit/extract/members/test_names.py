from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extract.members import escaped, split_name, unescaped
from pipelines.extract.members.names import member_name, problem_of


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Müller 1.csv", "Müller 1.csv"),
        (r"a\b.csv", r"a\b.csv"),
        ("a\nb.csv", r"a\x0ab.csv"),
        (r"a\x0ab.csv", r"a\\x0ab.csv"),
        (os.fsdecode(b"M\xfcller.csv"), r"M\xfcller.csv"),
        ("gnp.\u202exslx", r"gnp.\u202exslx"),
        ("\x85", r"\u0085"),
        ("x!/a.csv", r"x\x21/a.csv"),
        ("wow!.csv", "wow!.csv"),
    ],
)
def test_names_are_printable_and_come_back(name: str, form: str) -> None:
    assert escaped(name) == form
    assert unescaped(form) == name


@given(
    st.lists(st.sampled_from([*"ab\\xu0!/2\n", "\udcfc", "\x85", "\u202e", "\\x0a", "\\u202e", "\\\\"])).map("".join)
)
def test_every_name_comes_back_and_no_two_look_alike(name: str) -> None:
    form = escaped(name)
    assert unescaped(form) == name
    assert form.isprintable()
    assert "!/" not in form


def test_a_member_stands_behind_the_sign() -> None:
    assert split_name("d/pack.zip!/hr/staff.csv") == ("d/pack.zip", "hr/staff.csv")
    assert split_name("d/a!.csv") == ("d/a!.csv", None)


@pytest.mark.parametrize(
    ("raw", "name"),
    [("hr/staff.csv", "hr/staff.csv"), (r"hr\staff.csv", "hr/staff.csv"), ("./a.csv", "a.csv"), ("a//b", "a/b"),
     ("x!/a.csv", r"x\x21/a.csv"), ("a\rb", r"a\x0db"), ("..a/b..csv", "..a/b..csv")],
)  # fmt: skip
def test_names_of_members(raw: str, name: str) -> None:
    assert member_name(raw) == name
    assert problem_of(raw) is None


@pytest.mark.parametrize(
    "raw",
    ["../../etc/x", "a/../../x", r"..\..\x", "/etc/passwd", r"\etc", "C:/x", r"c:\x", "C:x", "a\0.csv", "", ".", "./"],
)  # fmt: skip
def test_names_that_lead_elsewhere(raw: str) -> None:
    assert problem_of(raw) is not None
