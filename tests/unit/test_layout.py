from __future__ import annotations

import pytest

from pipelines.layout import SHAPE_CHARS, Shapes, shape_of


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("4711", "9"), ("1.234,50", "9.9,9"), ("-3,00", "-9,9"), ("2026-10-05", "9-9-9"), ("Müller", "A"),
        ("Anna Maria Huber", "A A"), ("DE89 3704 0044", "A9 9 9"), (" a\n b ", "A A"), ("", ""),
    ],
)  # fmt: skip
def test_a_shape_tells_the_form_and_not_the_content(text: str, shape: str) -> None:
    assert shape_of(text) == shape


def test_a_shape_is_short_whatever_the_cell() -> None:
    assert len(shape_of("a1" * 100_000)) == SHAPE_CHARS


def test_shapes_are_shares_of_the_filled_cells() -> None:
    assert Shapes.of(["1", "2", "x", None, " "]) == Shapes(3, {"9": 0.667, "A": 0.333})


def test_likeness_is_the_share_of_known_shapes() -> None:
    numbers, mixed = Shapes.of(["1", "2"]), Shapes.of(["7", "8", "9", "x"])
    assert numbers.likeness(mixed) == 0.75
    assert mixed.likeness(numbers) == 1.0
    assert numbers.likeness(Shapes.of(["", None])) is None
