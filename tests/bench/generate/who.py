"""Customers of any number with known links: who is who is in the column `entity`.

Names are made of syllables, frequent and rare ones as in life (Zipf's law); no such person exists. A tenth are
companies. Three persons in ten live with another one of the same surname. The share `again` of the records says once
more, with dirt, what another says; some entities have three or four records. Dirt is what keying, scanning and moving
house do: slips of the pen, letters and digits read wrongly, given and family name exchanged, abbreviations, a field
in the column of another, fields left out, another address.

The same rows and seed give the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Texts = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.int64]
Row = dict[str, Any]

COLUMNS = (
    "customer_type_code", "company_name", "given_name", "family_name", "birth_date", "email", "phone", "national_id",
    "vat_id", "address_line_1", "address_line_2", "city", "postal_code", "region_code", "country_code",
)  # fmt: skip
_ONSETS = ("b", "br", "d", "f", "g", "gr", "h", "j", "k", "kl", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w")
_RHYMES = ("a", "an", "ar", "e", "el", "en", "er", "i", "in", "is", "o", "on", "or", "u", "un", "ei", "au", "ie")
_STREETS = ("Street", "Road", "Avenue", "Lane", "Place", "Drive", "Court")
_SHORT = {"Street": "St", "Road": "Rd", "Avenue": "Ave", "Lane": "Ln", "Place": "Pl", "Drive": "Dr", "Court": "Ct"}
_TRADES = ("Pumps", "Retail", "Transport", "Steel", "Tools", "Foods", "Print", "Textiles", "Paper", "Glass")
_FORMS = ("Ltd", "GmbH", "Inc", "S.A.", "AG", "B.V.", "")
_LIKE = {"0": "O", "1": "l", "5": "S", "8": "B", "o": "0", "l": "1", "s": "5", "m": "rn", "e": "c", "u": "v", "i": "l"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def customers(rows: int, seed: int = 7, again: float = 0.2) -> pa.Table:
    """The customers, shuffled, with `customer_id` and `entity`."""
    draw = np.random.default_rng([seed, rows])
    copies = int(rows * again)
    entities = rows - copies
    base = _entities(draw, entities)
    # Each of these is said again; some twice or three times.
    of = draw.integers(0, entities, copies) if copies else np.zeros(0, np.int64)
    entity = np.concatenate([np.arange(entities), of])
    columns = {name: values[entity] for name, values in base.items()}
    _soil(draw, columns, np.arange(entities, rows))
    order = draw.permutation(rows)
    made = {name: pa.array(columns[name][order], pa.string()) for name in COLUMNS}
    numbers = {"customer_id": pa.array([f"C{at:08d}" for at in range(rows)]), "entity": pa.array(entity[order])}
    return pa.table({**numbers, **made})


def words(draw: np.random.Generator, number: int, syllables: int) -> Texts:
    """Distinct made-up words; the vocabulary for a given draw."""
    made: dict[str, None] = {}
    while len(made) < number:
        size = 2 * (number - len(made)) + 10
        parts = [draw.choice(_ONSETS, (size, syllables)), draw.choice(_RHYMES, (size, syllables))]
        for one, two in zip(parts[0].tolist(), parts[1].tolist(), strict=True):
            made.setdefault("".join(a + b for a, b in zip(one, two, strict=True)).capitalize())
    return np.array(list(made)[:number], dtype=object)


def _zipf(draw: np.random.Generator, values: Texts, rows: int) -> Texts:
    """Of the values, the first ones often."""
    shares = 1 / (np.arange(len(values)) + 10)
    chosen: Texts = values[draw.choice(len(values), rows, p=shares / shares.sum())]
    return chosen


def _entities(draw: np.random.Generator, rows: int) -> dict[str, Texts]:
    given = _zipf(draw, words(draw, 1_500, 2), rows)
    family = _zipf(draw, words(draw, 20_000, 3), rows)
    number = draw.integers(1, 200, rows)
    street = _zipf(draw, words(draw, 8_000, 3), rows) + " " + draw.choice(np.array(_STREETS, dtype=object), rows)
    building = np.where(draw.random(rows) < 0.3, _zipf(draw, words(draw, 2_000, 3), rows) + " House", None)
    towns = words(draw, 2_000, 3)
    town = draw.choice(len(towns), rows)
    # One town has several postal codes and one region.
    postal = np.array(
        [f"{1000 + 4 * one + more:04d}" for one, more in zip(town, draw.integers(0, 4, rows), strict=True)]
    )
    lines = np.array([f"{n} {s}" for n, s in zip(number, street, strict=True)], dtype=object)
    home = {
        "address_line_1": lines, "address_line_2": building, "city": towns[town],
        "postal_code": postal.astype(object), "region_code": np.array([f"R{one % 8}" for one in town], dtype=object),
        "family_name": family,
    }  # fmt: skip
    # Households: a person takes name and address of the one before.
    with_other = np.flatnonzero(draw.random(rows) < 0.15)
    with_other = with_other[with_other > 0]
    for values in home.values():
        values[with_other] = values[with_other - 1]
    born = np.datetime64("1930-01-01") + draw.integers(0, 365 * 75, rows)
    company = draw.random(rows) < 0.1
    names = [
        " ".join(part for part in parts if part)
        for parts in zip(family, draw.choice(_TRADES, rows), draw.choice(_FORMS, rows), strict=True)
    ]
    email = [
        f"{g}.{f}{n}@{d}.example".lower()
        for g, f, n, d in zip(
            given, family, draw.integers(1, 99, rows), draw.choice(["post", "mail", "net"], rows), strict=True
        )
    ]
    made = {
        **home,
        "customer_type_code": np.where(company, "company", "person").astype(object),
        "company_name": np.where(company, np.array(names, dtype=object), None),
        "given_name": np.where(company, None, given),
        "family_name": np.where(company, None, home["family_name"]),
        "birth_date": np.where(company, None, born.astype(str).astype(object)),
        "email": np.array(email, dtype=object),
        "phone": np.array([f"+6129{n:07d}" for n in draw.integers(0, 10**7, rows)], dtype=object),
        "national_id": np.where(
            company, None, np.array([f"{n:07d}" for n in draw.integers(10**6, 10**7, rows)], dtype=object)
        ),
        "vat_id": np.where(
            company, np.array([f"{n:011d}" for n in draw.integers(0, 10**11, rows)], dtype=object), None
        ),
        "country_code": np.full(rows, "AU", dtype=object),
    }
    for name, share in (("email", 0.4), ("phone", 0.3), ("birth_date", 0.1), ("national_id", 0.5), ("vat_id", 0.4)):
        made[name][draw.random(rows) < share] = None
    return made


def _soil(draw: np.random.Generator, columns: dict[str, Texts], at: Numbers) -> None:
    """One to four faults in each of those rows."""
    kinds = tuple(_FAULTS)
    shares = np.array([share for _, share in _FAULTS.values()])
    count = draw.integers(1, 5, len(at))
    chosen = draw.choice(len(kinds), (len(at), 4), p=shares / shares.sum())
    for row, faults, many in zip(at.tolist(), chosen.tolist(), count.tolist(), strict=True):
        cells: Row = {name: values[row] for name, values in columns.items()}
        for fault in faults[:many]:
            _FAULTS[kinds[fault]][0](draw, cells)
        for name, value in cells.items():
            columns[name][row] = value


def _some(draw: np.random.Generator, cells: Row, names: tuple[str, ...]) -> str:
    """One of these columns that is filled, or none."""
    filled = [name for name in names if cells[name]]
    return filled[int(draw.integers(len(filled)))] if filled else ""


_TEXTS = ("company_name", "given_name", "family_name", "address_line_1", "city", "email")
_DIGITS = ("birth_date", "national_id", "phone", "postal_code", "vat_id")


def slip(draw: np.random.Generator, text: str, signs: str = _LETTERS) -> str:
    """A letter wrong, left out, doubled in, or two exchanged."""
    at, kind = int(draw.integers(len(text))), int(draw.integers(4))
    sign = signs[int(draw.integers(len(signs)))]
    if kind == 0:
        return text[:at] + sign + text[at + 1 :]
    if kind == 1 and len(text) > 2:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + sign + text[at:]
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]


def _slip(draw: np.random.Generator, cells: Row) -> None:
    if name := _some(draw, cells, _TEXTS):
        cells[name] = slip(draw, cells[name])


def _digit(draw: np.random.Generator, cells: Row) -> None:
    """Another digit, or two exchanged; a date stays one."""
    name = _some(draw, cells, _DIGITS)
    if name == "birth_date":
        year, month, day = cells[name].split("-")
        cells[name] = (
            f"{year}-{day}-{month}" if int(day) <= 12 else f"{int(year) + int(draw.integers(-2, 3))}-{month}-{day}"
        )
    elif name:
        text, at = cells[name], int(draw.integers(1, len(cells[name])))
        cells[name] = text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def _scanned(draw: np.random.Generator, cells: Row) -> None:
    if name := _some(draw, cells, ("company_name", "given_name", "family_name", "address_line_1", "city")):
        text = cells[name]
        found = [at for at, sign in enumerate(text) if sign in _LIKE]
        if found:
            at = found[int(draw.integers(len(found)))]
            cells[name] = text[:at] + _LIKE[text[at]] + text[at + 1 :]


def _left_out(draw: np.random.Generator, cells: Row) -> None:
    if name := _some(draw, cells, (*_TEXTS[1:], *_DIGITS, "address_line_2", "region_code")):
        cells[name] = None


def _exchanged(_draw: np.random.Generator, cells: Row) -> None:
    cells["given_name"], cells["family_name"] = cells["family_name"], cells["given_name"]


def _shortened(draw: np.random.Generator, cells: Row) -> None:
    line = cells["address_line_1"]
    if line and line.split(" ")[-1] in _SHORT:
        cells["address_line_1"] = " ".join([*line.split(" ")[:-1], _SHORT[line.split(" ")[-1]]])
    elif cells["given_name"] and draw.random() < 0.5:
        cells["given_name"] = cells["given_name"][0] + "."


def _moved_field(_draw: np.random.Generator, cells: Row) -> None:
    """The building in the first line, or the town behind the street."""
    if cells["address_line_2"]:
        cells["address_line_1"], cells["address_line_2"] = cells["address_line_2"], cells["address_line_1"]
    elif cells["address_line_1"] and cells["city"]:
        cells["address_line_1"], cells["city"] = f"{cells['address_line_1']}, {cells['city']}", None


def _form(_draw: np.random.Generator, cells: Row) -> None:
    if cells["company_name"]:
        cells["company_name"] = cells["company_name"].upper().removesuffix(" GMBH").removesuffix(" LTD")


def _moved_house(draw: np.random.Generator, cells: Row) -> None:
    cells["address_line_1"], cells["address_line_2"] = f"{int(draw.integers(1, 200))} Sample Street", None
    cells["city"], cells["postal_code"], cells["phone"] = "Sample Town", "9999", None


_FAULTS: dict[str, tuple[Callable[[np.random.Generator, Row], None], float]] = {
    "slip": (_slip, 5), "digit": (_digit, 3), "scanned": (_scanned, 2), "left out": (_left_out, 4),
    "exchanged": (_exchanged, 1), "shortened": (_shortened, 3), "moved field": (_moved_field, 2), "form": (_form, 2),
    "moved house": (_moved_house, 0.7),
}  # fmt: skip
"""Fault → how it is made, and how often against the others."""
