"""Which customers are compared: those that share a key, the hash of a few features or of their beginnings and sounds.

A key must be shared in spite of a fault in other columns, so there are several, each of other columns; names count
in either order. Keys that too many customers share say nothing and would cost the square of their number: the model
names them (`stop_keys`) and they are left out, the more exact ones stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array

from pipelines.matching import births, candidates
from pipelines.matching.mailboxes import own_name

if TYPE_CHECKING:
    from pipelines.matching.model import Model

MOST_SHARING = 64
"""Customers that may share a key when a model is learnt; above it the key is a stop key."""

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
_Part = tuple[Hashes, npt.NDArray[np.bool_]]
_TOKENS = 3
_HEARD = 6
"""Consonants of a whole company name that are a key by themselves; four are those of too many others."""
_SOUNDS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        ("sch|sh", "s"), ("ph", "f"), ("ch|ck|q|c|g", "k"), ("th|dt|d", "t"), ("x", "ks"), ("z", "s"), ("w", "v"),
        ("j", "i"), ("b", "p"), ("(?<=.)[aeiouyh]+", ""), ("^[aeiouyh]+", "a"),
    )
)  # fmt: skip
_SEEN = str.maketrans("0158", "olsb")
_DOUBLED = re.compile(r"(.)\1+")


def keys(features: pa.Table, model: Model) -> pa.Table:
    """Every key of every record: columns `record` (row of the features) and `key`, each pair of them once."""
    found = all_keys(features)
    if not model.stop_keys:
        return found
    stopped = np.isin(found.column("key").to_numpy(), np.array(model.stop_keys, np.int64))
    return found.filter(pa.array(~stopped))


def all_keys(features: pa.Table) -> pa.Table:
    """The keys before any is stopped, in the order of the records."""
    records, hashes = [], []
    for values, valid in _kinds(_Parts(features)):
        at = np.flatnonzero(valid)
        records.append(at)
        hashes.append(values[at].view(np.int64))
    record, key = np.concatenate(records), np.concatenate(hashes)
    order = np.lexsort((key, record))
    record, key = record[order], key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = (record[1:] != record[:-1]) | (key[1:] != key[:-1])
    return pa.table({"record": pa.array(record[first], pa.int64()), "key": pa.array(key[first], pa.int64())})


def stop_keys(found: pa.Table) -> tuple[int, ...]:
    """Keys that too many records share."""
    values, counts = np.unique(found.column("key").to_numpy(), return_counts=True)
    return tuple(int(one) for one in values[counts > MOST_SHARING])


def pairs(found: pa.Table) -> tuple[Places, Places]:
    """Every two records that share a key, once, the smaller number on the left, in order."""
    batches = list(candidates.pairs(found.column("record").to_numpy(), found.column("key").to_numpy()))
    if not batches:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    left, right = (np.concatenate(side) for side in zip(*batches, strict=True))
    return left, right


def sound(text: str, most: int = 4) -> str:
    """What stays of a word when it is misheard or misread: consonants by class, so many at most.

    >>> sound("christina"), sound("kristyna"), sound("meyer")
    ('krst', 'krst', 'mr')
    """
    word = text.replace(" ", "")
    if not word.isdigit():
        word = word.translate(_SEEN)
    for pattern, to in _SOUNDS:
        word = pattern.sub(to, word)
    return _DOUBLED.sub(r"\1", word)[:most]


def _kinds(of: _Parts) -> Iterator[_Part]:
    """One kind of key after the other; a record has it where all its parts are known."""
    for name in ("national", "vat", "register", "lei", "iban", "email"):
        yield of.key(name, of.whole(name))
    yield of.key("phone", of.made("phone", lambda text: text[-8:]))
    yield of.key("local", of.made("email", _local))
    yield from _person_kinds(of)
    postal, city = of.whole("postal"), of.made("city", _five)
    place, house, street = of.made("street", _five), of.whole("house"), of.made("street", sound)
    # A house stays when every name is misread, and few live in one. A firm and a person in it are two.
    kind = of.whole("kind")
    yield of.key("house and postal", kind, house, postal)
    yield of.key("house and street", kind, house, street, of.made("city", _first))
    yield from _company_kinds(of, postal, city, place)


def _person_kinds(of: _Parts) -> Iterator[_Part]:
    given, family = of.made("given", sound), of.made("family", sound)
    initials = of.made("given", _first), of.made("family", _first)
    birth, year, day = (of.made("birth", part) for part in (births.either_way, births.year, births.day_of_year))
    postal, city, place = of.whole("postal"), of.made("city", _five), of.made("street", _five)
    yield of.key("name", of.unordered(of.whole("given"), of.whole("family")))
    names = of.unordered(given, family)
    yield of.key("sounds", names)
    for with_names in (year, city):
        yield of.key("sounds and more", names, with_names)
    for initial in initials:
        yield of.key("birth and initial", birth, initial)
    for one, initial in zip((given, family), reversed(initials), strict=True):
        yield of.key("day and name", day, one, initial)
        yield of.key("street and name", place, one)
        yield of.key("postal and name", postal, one)
        yield of.key("city and name", city, one)
    yield of.key("birth and place", birth, postal)
    beginnings = of.unordered(of.made("given", _two), of.made("family", _two))
    for with_beginnings in (postal, of.made("city", sound)):
        yield of.key("beginnings and place", beginnings, with_beginnings)


def _company_kinds(of: _Parts, postal: _Part, city: _Part, place: _Part) -> Iterator[_Part]:
    yield of.key("company", of.made("company", lambda text: text.replace(" ", "")))
    yield of.key("company heard", of.made("company", partial(sound, most=_HEARD)))
    yield of.key("company and house", place, of.whole("house"), of.made("company", lambda text: text[:3]))
    for number in range(_TOKENS):
        token = of.made("company", partial(_token, number))
        heard = of.made("company", partial(_heard, number))
        yield of.key("token", token)
        yield of.key("token and city", heard, city)
        yield of.key("token and postal", heard, postal)


def _first(text: str) -> str:
    return text[0]


def _two(text: str) -> str:
    return text[:2]


def _five(text: str) -> str:
    return text.replace(" ", "")[:5]


def _local(email: str) -> str:
    local = own_name(email)
    return local if len(local) >= 6 else ""


def _token(number: int, name: str) -> str:
    """The longest word of a name, the next longest, …; short ones are everywhere."""
    words = sorted(set(name.split(" ")), key=lambda word: (-len(word), word))
    return words[number] if number < len(words) and (len(words[number]) > 3 or number == 0) else ""


def _heard(number: int, name: str) -> str:
    return sound(_token(number, name))


class _Parts:
    """Hashes of features and of what is made of them, per record."""

    def __init__(self, features: pa.Table) -> None:
        self._encoded: dict[str, tuple[Sequence[str], Places, npt.NDArray[np.bool_]]] = {}
        self._features = features

    def whole(self, name: str) -> _Part:
        return self.made(name, lambda text: text)

    def made(self, name: str, function: Callable[[str], str]) -> _Part:
        """The hash of the function's text, once per distinct value; an empty text is none."""
        texts, at, valid = self._column(name)
        made = [function(text) for text in texts]
        if not made:
            return np.zeros(len(at), np.uint64), np.zeros(len(at), bool)
        hashes = hash_array(np.array(made, dtype=object), categorize=False)
        some = np.array([bool(text) for text in made])
        return hashes[at], valid & some[at]

    def _column(self, name: str) -> tuple[Sequence[str], Places, npt.NDArray[np.bool_]]:
        if name not in self._encoded:
            parts = pc.dictionary_encode(self._features.column(name).combine_chunks())
            at = parts.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            valid = pc.is_valid(parts.indices).to_numpy(zero_copy_only=False)
            self._encoded[name] = parts.dictionary.to_pylist(), at, valid
        return self._encoded[name]

    @staticmethod
    def unordered(one: _Part, other: _Part) -> _Part:
        """Both in either order."""
        return _mixed(np.minimum(one[0], other[0]), np.maximum(one[0], other[0])), one[1] & other[1]

    @staticmethod
    def key(kind: str, *parts: _Part) -> _Part:
        """A key of that kind."""
        values = np.full(len(parts[0][0]), hash_array(np.array([kind], dtype=object), categorize=False)[0])
        valid = np.ones(len(values), dtype=bool)
        for hashes, some in parts:
            values, valid = _mixed(values, hashes), valid & some
        return values, valid


def _mixed(one: Hashes, other: Hashes) -> Hashes:
    """Two hashes into one; the order counts (the finaliser of MurmurHash3)."""
    mixed = one * np.uint64(0x9E3779B97F4A7C15) + other
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    return mixed
