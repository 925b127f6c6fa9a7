"""How alike two customers are in each respect: a level per comparison, 0 the most alike, -1 where one is not known.

Levels depend on the two records alone and not on their order. Likenesses are computed once per distinct pair of
texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from pipelines.matching import births
from pipelines.matching.mailboxes import own_name

HOWS: dict[str, tuple[str, ...]] = {
    "given": ("same", "part", "near", "similar", "different"),
    "family": ("same", "part", "near", "similar", "different"),
    "order": ("straight", "swapped"),
    "company": ("same", "near", "part", "similar", "different"),
    "birth": ("same", "near", "part", "different"),
    "national": ("same", "near", "similar", "different"),
    "vat": ("same", "near", "similar", "different"),
    "register": ("same", "near", "similar", "different"),
    "lei": ("same", "near", "similar", "different"),
    "iban": ("same", "near", "similar", "different"),
    "email": ("same", "local part", "near", "different"),
    "phone": ("same", "near", "different"),
    "street": ("same with house", "similar with house", "same", "other house", "similar", "different"),
    "building": ("same", "similar", "different"),
    "town": ("same", "near", "half", "similar", "different"),
    "region": ("same", "different"),
    "country": ("same", "different"),
}
"""Comparison → its levels, by name."""

COMPARISONS = tuple(HOWS)

COUNTED = {
    "given": ("given",), "family": ("family",), "company": ("company",), "birth": ("birth",), "email": ("email",),
    "national": ("national",), "vat": ("vat",), "register": ("register",), "lei": ("lei",), "iban": ("iban",),
    "phone": ("phone",), "street": ("street", "house"), "building": ("building",), "town": ("postal", "city"),
    "region": ("region",), "country": ("country",),
}  # fmt: skip
"""Comparison → features whose common value says how much its first level is worth: few are called Sondergeld."""

Levels = npt.NDArray[np.int8]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Likeness = npt.NDArray[np.float32]

_NEAR, _SIMILAR, _STREET = 0.9, 0.78, 0.85
"""Of Jaro and Winkler's likeness: a slip of the pen in a name, and a worse one."""


_FAR = 99
_LONG = 4
"""Letters from which a name with one wrong is still itself."""


class Compared:
    """A table of features made ready for comparing pairs of its rows."""

    def __init__(self, features: pa.Table) -> None:
        self._columns = {name: _Column(features.column(name)) for name in features.schema.names}

    def hashes(self, names: tuple[str, ...]) -> tuple[list[str], Codes]:
        """The values of one feature or of several together as hashes, and per record which it has; "" where no value.

        Hashes, so that a model holds no names.
        """
        columns = [self._columns[name] for name in names]
        known = np.any([column.codes >= 0 for column in columns], axis=0)
        joined = columns[0].codes + 1
        for column in columns[1:]:
            joined = joined * (len(column.texts) + 1) + column.codes + 1
        distinct, at = np.unique(joined, return_inverse=True)
        mixed = np.zeros(len(distinct), np.uint64)
        for column in reversed(columns):
            code, distinct = distinct % (len(column.texts) + 1) - 1, distinct // (len(column.texts) + 1)
            mixed = mixed * np.uint64(31) + column.text_hashes[code]
        none = np.flatnonzero(~known)
        hashes = [format(one, "016x") for one in mixed.tolist()]
        if len(none):
            hashes[at[none[0]]] = ""
        return hashes, at

    def levels(self, left: Codes, right: Codes) -> dict[str, Levels]:
        """The level of every pair in every comparison."""
        of = _Pairs(self._columns, left, right)
        out = _names(of)
        out["company"] = _company(of)
        out["birth"] = _birth(of)
        for name in ("national", "vat", "register", "lei", "iban"):
            out[name] = _number(of, name)
        out["email"] = _email(of)
        out["phone"] = _phone(of)
        out["street"], crossed = _street(of)
        out["building"] = np.where(crossed, -1, _building(of)).astype(np.int8)
        out["town"] = _town(of)
        for name in ("region", "country"):
            out[name] = _leveled(of.known(name), of.same(name))
        return out


class _Column:
    def __init__(self, column: pa.ChunkedArray) -> None:
        parts = pc.dictionary_encode(column.combine_chunks())
        order = pc.sort_indices(parts.dictionary).to_numpy()
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        raw = parts.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        self.codes: Codes = np.where(raw < 0, -1, rank[raw]) if len(rank) else np.full(len(raw), -1, np.int64)
        self.texts: list[str] = parts.dictionary.take(pa.array(order)).to_pylist()
        self._parts: dict[Callable[[str], str], Codes] = {}
        # One more at the end, for the code -1.
        self.several: Flags = np.array([" " in text or len(text) == 1 for text in self.texts] + [False])
        self.initials = np.array([ord(text[0]) for text in self.texts] + [0])
        self.text_hashes = hash_array(np.array([*self.texts, ""], dtype=object), categorize=False)
        self.lengths = np.array([len(text) for text in self.texts] + [0])

    def parts(self, part: Callable[[str], str]) -> Codes:
        """A number per text (and for none) that says which texts have the same part; an empty part is like no other."""
        if part not in self._parts:
            numbers: dict[str, int] = {}
            made = [part(text) for text in self.texts]
            found = [numbers.setdefault(one, len(numbers)) if one else -at - 1 for at, one in enumerate(made)]
            self._parts[part] = np.array([*found, -len(found) - 1], np.int64)
        return self._parts[part]


class _Pairs:
    """Features of pairs of records, and likenesses between them."""

    def __init__(self, columns: dict[str, _Column], left: Codes, right: Codes) -> None:
        self.columns, self.left, self.right, self.size = columns, left, right, len(left)

    def both(self, name: str, other: str = "") -> tuple[Codes, Codes]:
        return self.columns[name].codes[self.left], self.columns[other or name].codes[self.right]

    def known(self, name: str) -> Flags:
        one, two = self.both(name)
        known: Flags = (one >= 0) & (two >= 0)
        return known

    def same(self, name: str) -> Flags:
        one, two = self.both(name)
        same: Flags = (one == two) & (one >= 0)
        return same

    def several(self, name: str) -> Flags:
        """Where one of the two is several words, or a single letter."""
        column = self.columns[name]
        one, two = self.both(name)
        several: Flags = column.several[one] | column.several[two]
        return several

    def same_part(self, name: str, part: Callable[[str], str]) -> Flags:
        """Where both are known and that part of them agrees."""
        parts = self.columns[name].parts(part)
        one, two = self.both(name)
        same: Flags = (parts[one] == parts[two]) & (one >= 0) & (two >= 0)
        return same

    def shorter(self, name: str) -> Codes:
        """The length of the shorter text."""
        lengths = self.columns[name].lengths
        one, two = self.both(name)
        shorter: Codes = np.minimum(lengths[one], lengths[two])
        return shorter

    def same_initial(self, name: str, other: str) -> Flags:
        """Where one's feature begins with the same letter as the other's other feature."""
        one, two = self.both(name, other)
        same: Flags = self.columns[name].initials[one] == self.columns[other].initials[two]
        return same & (one >= 0) & (two >= 0)

    def like(self, scorer: Callable[..., Any], name: str, other: str = "", where: Flags | None = None) -> Likeness:
        """The scorer's answer per pair where both are known and differ (and `where`), once per distinct pair of texts.

        Elsewhere 0 (of a distance, many).
        """
        one, two = self.both(name, other)
        first, second = self.columns[name].texts, self.columns[other or name].texts
        asked = (one >= 0) & (two >= 0)
        if not other:  # in the order of the alphabet, so that the answer does not depend on who stands left
            asked &= one != two
            one, two = np.minimum(one, two), np.maximum(one, two)
        if where is not None:
            asked &= where
        out = np.full(self.size, _FAR if scorer is OSA.distance else 0, np.float32)
        at = np.flatnonzero(asked)
        if not len(at):
            return out
        distinct, inverse = np.unique(one[at] * len(second) + two[at], return_inverse=True)
        lefts = [first[i] for i in (distinct // len(second)).tolist()]
        rights = [second[i] for i in (distinct % len(second)).tolist()]
        if other:
            ordered = [(a, b) if a <= b else (b, a) for a, b in zip(lefts, rights, strict=True)]
            lefts, rights = [a for a, _ in ordered], [b for _, b in ordered]
        out[at] = process.cpdist(lefts, rights, scorer=scorer, dtype=np.float32, workers=-1)[inverse]
        return out


def _leveled(known: Flags, *levels: Flags) -> Levels:
    """The first level that holds, the one behind them where none does, -1 where not known."""
    out = np.full(len(known), len(levels), np.int8)
    for number in reversed(range(len(levels))):
        out[levels[number]] = number
    out[~known] = -1
    return out


def _names(of: _Pairs) -> dict[str, Levels]:
    """Given and family name, straight or crosswise, whichever is more alike."""
    straight = {name: of.like(JaroWinkler.similarity, name) for name in ("given", "family")}
    known = {name: of.known(name) for name in ("given", "family")}
    for name, like in straight.items():
        like[of.same(name)] = 1
    whole = known["given"] & known["family"]
    # Names that are alike begin alike: so few pairs are compared crosswise.
    crossable = whole & of.same_initial("given", "family") & of.same_initial("family", "given")
    cross = {
        name: of.like(JaroWinkler.similarity, name, other, crossable)
        for name, other in (("given", "family"), ("family", "given"))
    }
    swapped = crossable & (np.minimum(cross["given"], cross["family"]) >= _SIMILAR)
    swapped &= np.minimum(straight["given"], straight["family"]) < np.minimum(cross["given"], cross["family"])
    # Crosswise neither likeness is of the given name: the better counts for it, whoever stands left.
    ordered = {"given": np.maximum(*cross.values()), "family": np.minimum(*cross.values())}
    out = {}
    for name in ("given", "family"):
        like = np.where(swapped, ordered[name], straight[name])
        part = of.like(_is_part, name, where=of.several(name) & ~swapped & (like < 1)) > 0
        slip = of.like(OSA.distance, name, where=~swapped & (like < _NEAR) & (like >= _SIMILAR)) <= 1
        near = (like >= _NEAR) | (slip & (of.shorter(name) >= _LONG))
        out[name] = _leveled(known[name], like >= 1, part, near, like >= _SIMILAR)
    out["order"] = _leveled(whole, ~swapped)
    return out


def _is_part(one: str, two: str, **_: Any) -> float:
    """An initial, or one of several names: J. and John, Anna and Anna Maria."""
    short, long = (one, two) if len(one) < len(two) else (two, one)
    initial = len(short) == 1 and long[0] == short
    words = long.split(" ")
    return float(initial or (len(words) > 1 and all(word in words for word in short.split(" "))))


def _company(of: _Pairs) -> Levels:
    whole = of.like(fuzz.token_sort_ratio, "company")
    several = of.several("company")
    part = of.like(fuzz.token_set_ratio, "company", where=several & (whole < 95)) > 99
    part |= of.like(_is_short, "company", where=several & ~part & of.same_initial("company", "company")) > 0
    return _leveled(of.known("company"), of.same("company"), whole >= 90, part, whole >= 80)


def _is_short(one: str, two: str, **_: Any) -> float:
    """As many words, each the beginning of the other's: Bay Mfg Intl and Bay Mfg International, not Al and Alba."""
    ours, theirs = one.split(" "), two.split(" ")
    pairs = [sorted(pair, key=len) for pair in zip(ours, theirs, strict=False)]
    return float(len(ours) == len(theirs) and all(a == b or (len(a) > 2 and b.startswith(a)) for a, b in pairs))


def _birth(of: _Pairs) -> Levels:
    """A digit wrong or day and month exchanged; then two of year, month and day."""
    year, month, day = (of.same_part("birth", part) for part in (births.year, births.month, births.day))
    parts = year.astype(np.int8) + month + day
    exchanged = of.same_part("birth", births.either_way)
    slips = of.like(OSA.distance, "birth", where=year | month | day) <= 1
    return _leveled(of.known("birth"), of.same("birth"), slips | exchanged, parts == 2)


def _number(of: _Pairs, name: str) -> Levels:
    """One slip, or two: of numbers that are long enough for two to say anything."""
    slips = of.like(OSA.distance, name)
    long = of.shorter(name) >= 6
    return _leveled(of.known(name), of.same(name), (slips <= 1) & long, (slips <= 2) & long)


def _email(of: _Pairs) -> Levels:
    """The same box elsewhere, or a slip in a letter: numbers are what tells namesakes apart."""
    local, number = of.same_part("email", own_name), of.same_part("email", _figures)
    near = of.like(OSA.distance, "email", where=number & of.same_initial("email", "email")) <= 2
    return _leveled(of.known("email"), of.same("email"), local, near)


def _figures(email: str) -> str:
    return "#" + "".join(sign for sign in email if sign.isdigit())


def _phone(of: _Pairs) -> Levels:
    """The last digits are the subscriber's: the same with and without the code of the country or area."""
    near = of.same_part("phone", _subscriber) | (of.like(OSA.distance, "phone") <= 1)
    return _leveled(of.known("phone"), of.same("phone"), near & (of.shorter("phone") >= 6))


def _subscriber(phone: str) -> str:
    return phone[-7:]


def _street(of: _Pairs) -> tuple[Levels, Flags]:
    """Street and house number; and where the street is in the other's second line, which then is no other building."""
    like = of.like(fuzz.ratio, "street") / 100
    like[of.same("street")] = 1
    known, crossed, alike = of.known("street"), np.zeros(of.size, bool), like >= _STREET
    for name, other in (("street", "building"), ("building", "street")):
        one, two = of.both(name, other)
        asked = (one >= 0) & (two >= 0) & ~alike & of.same_initial(name, other)
        moved = of.like(fuzz.ratio, name, other, asked) / 100
        crossed |= moved >= _STREET
        like = np.maximum(like, moved)
    house, both = of.same("house"), of.known("house")
    same, alike = like >= 1, like >= _STREET
    levels = _leveled(known | crossed, same & house, alike & house, same & ~both, same, alike | ((like >= 0.7) & house))
    return levels, crossed


def _building(of: _Pairs) -> Levels:
    return _leveled(of.known("building"), of.same("building"), of.like(fuzz.ratio, "building") >= 80)


def _town(of: _Pairs) -> Levels:
    """Postal code and town: both, one and the other nearly, one of them, something like one of them."""
    postal, city = of.same("postal"), of.same("city")
    postal_known, city_known = of.known("postal"), of.known("city")
    near_postal = postal_known & ~postal & (of.like(OSA.distance, "postal") <= 1)
    near_city = city_known & (of.like(JaroWinkler.similarity, "city") >= _NEAR)
    return _leveled(
        postal_known | city_known,
        (postal & city) | (postal & ~city_known) | (city & ~postal_known),
        (postal & near_city) | (city & near_postal),
        postal | city,
        near_postal | near_city,
    )
