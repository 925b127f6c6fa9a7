"""Made-up people, companies and places; some with what breaks careless readers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench.generate.cells import NONE

Texts = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.int64]

GIVEN = ("Anna", "Zoë", "Łucja", "Björn", "François", "Ann", "Petra", "Jan", "Noël", "Seán", "Ines", "Marek")
FAMILY = ("Müller", "de Vries", "Brontë", "Żak", "O'Hara", "Lefèvre", "Smith-Jones", "van Gogh", "Núñez", "Lee",
          "Groß", "Kowalska")  # fmt: skip
ODD_PEOPLE = ('Ann "Annie" Lee', "Smith, Jr., Sam", "Müller; Petra", "D’Arcy Żak")
TRADES = ("Stahlhandel", "Pumpen", "Logistik", "Werkzeuge", "Schmierstoffe", "Druckguss", "Retail", "Transport")
PLACES = ("Nordtal", "Elbkai", "Geestwerk", "Küstenfeld", "Möwenbrück", "Hafenmark", "Châteauvert", "Brightmoor")
FORMS = ("GmbH", "GmbH & Co. KG", "AG", "Ltd", "S.A.", "& Söhne")
ODD_COMPANIES = ("Acme, Inc.", 'Hotel "Zur Post" OHG', "Müller; Meier & Co", "L'Étoile, S.A.R.L.")


def people(rng: np.random.Generator, rows: int) -> Texts:
    """Full names; one in fifty with a quote, comma or semicolon in it."""
    names = joined(" ", pick(rng, GIVEN, rows), pick(rng, FAMILY, rows))
    return sometimes(rng, names, ODD_PEOPLE)


def companies(rng: np.random.Generator, rows: int) -> Texts:
    """Company names; one in fifty with a quote, comma or semicolon in it."""
    names = joined(" ", pick(rng, PLACES, rows), pick(rng, TRADES, rows), pick(rng, FORMS, rows))
    return sometimes(rng, names, ODD_COMPANIES)


def sometimes(rng: np.random.Generator, values: Texts, others: tuple[str, ...], share: float = 0.02) -> Texts:
    """Other values here and there."""
    return np.where(rng.random(len(values)) < share, pick(rng, others, len(values)), values)


def pick(rng: np.random.Generator, values: tuple[Any, ...], rows: int, p: tuple[float, ...] | None = None) -> Texts:
    """One of the values in each row."""
    return np.array(values, dtype=object)[rng.choice(len(values), rows, p=p)]


def joined(separator: str, *parts: Texts) -> Texts:
    """Texts side by side."""
    out = parts[0]
    for part in parts[1:]:
        out = out + separator + part
    return out


def numbered(prefix: str, numbers: Numbers, width: int = 1) -> Texts:
    """`R` and 17 → R0000017, at width 7."""
    return prefix + np.char.mod(f"%0{width}d", numbers).astype(object)


def skewed(rng: np.random.Generator, low: int, high: int, rows: int) -> Numbers:
    """Whole numbers from low to high, small ones more often."""
    return (low + (high - low) * rng.random(rows) ** 3).astype(np.int64)


def blank(rng: np.random.Generator, values: npt.NDArray[Any], share: float) -> npt.NDArray[Any]:
    """Nothing in that share of the rows."""
    nothing: Any = None
    if values.dtype == np.int64:
        nothing = NONE
    elif np.issubdtype(values.dtype, np.datetime64):
        nothing = np.datetime64("NaT")
    return np.where(rng.random(len(values)) < share, nothing, values)


def days(rng: np.random.Generator, first: str, span: int, rows: int) -> npt.NDArray[np.datetime64]:
    """Days from the first one on."""
    return np.datetime64(first) + rng.integers(0, span, rows)


def put(name: str, value: Any) -> Any:
    """A break: that value in a column."""

    def go(rows: dict[str, npt.NDArray[Any]], at: Numbers) -> None:
        rows[name][at] = value

    return go


def moved(name: str, other: str, by: int) -> Any:
    """A break: another column's value, and so much more."""

    def go(rows: dict[str, npt.NDArray[Any]], at: Numbers) -> None:
        rows[name][at] = rows[other][at] + by

    return go
