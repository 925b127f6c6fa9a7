"""Series of documents in an audit file: which numbers are there, and whether each document follows the last one."""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from pipelines.errors import DeclarationError
from pipelines.extract.messages.saft_cells import number

NUMBER = re.compile(r"(([^ ]+) [^/]*)/(\d{1,18})")
"""The number of a document: its series, in it the internal code, and the number in the series."""
KEPT_GAPS = 5
MOST_SERIES = 200_000
_ENDING = re.compile(r"(.*?)([1-9]\d{0,17})?", re.DOTALL)


@dataclass
class Series:
    """The documents of one series: enough to know which numbers it has, and what the last one said.

    `runs` are the first and last numbers of unbroken runs, in order: one where no number is missing.
    """

    name: str
    kind: str
    code: str = ""
    runs: list[list[int]] = field(default_factory=list)
    last: int = -1
    date: str = ""
    entered: str = ""
    signature: str = ""

    @property
    def missing(self) -> int:
        """How many numbers between its first and its last are not there."""
        return sum(after[0] - before[1] - 1 for before, after in zip(self.runs, self.runs[1:], strict=False))

    def gaps(self) -> Iterator[str]:
        """The numbers that are missing, run by run."""
        for before, after in zip(self.runs, self.runs[1:], strict=False):
            first, last = before[1] + 1, after[0] - 1
            yield f"{self.name}/{first}" + (f" to {last}" if last > first else "") + " missing"

    def __contains__(self, one: int) -> bool:
        at = bisect_right(self.runs, one, key=lambda run: run[0]) - 1
        return at >= 0 and one <= self.runs[at][1]

    def add(self, one: int) -> bool:
        """Take a number in; False when the series has it already."""
        if self.runs and one == self.runs[-1][1] + 1:
            self.runs[-1][1] = one
            return True
        if one in self:
            return False
        at = bisect_right(self.runs, one, key=lambda run: run[0])
        self.runs.insert(at, [one, one])
        if at + 1 < len(self.runs) and self.runs[at + 1][0] == one + 1:
            self.runs[at][1] = self.runs.pop(at + 1)[1]
        if at and self.runs[at - 1][1] == one - 1:
            self.runs[at - 1][1] = self.runs.pop(at)[1]
        return True


class Numbers:
    """Texts that must not stand in a file twice, of which most end in a number: kept as runs of those, in the memory of
    their series. Texts of too many series are not compared any more, and said to be there."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, ...], Series] = {}

    def add(self, text: str, *scope: str) -> bool:
        """Take a text in; False when it was there."""
        key, number_ = self.place(text, scope)
        if key not in self._series and len(self._series) >= MOST_SERIES:
            return True
        return self._series.setdefault(key, Series("", "")).add(number_)

    def __contains__(self, text: str) -> bool:
        return len(self._series) >= MOST_SERIES or self.has(text)

    def has(self, text: str, *scope: str) -> bool:
        """Whether a text was taken in, and not left out for too many series."""
        key, number_ = self.place(text, scope)
        return key in self._series and number_ in self._series[key]

    @staticmethod
    def place(text: str, scope: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """The series of a text and its number in it; 0 for one that ends in none."""
        found = _ENDING.fullmatch(text)
        before, digits = (found[1], found[2]) if found else (text, None)
        return (*scope, before), int(digits) if digits else 0


class Signatures:
    """The public key of the software that wrote a file, where the profile has it: without it only the form of a
    signature can be checked.

    A document of Portugal is signed by RSA with SHA-1 over its date, the time of its entry, its number, its gross
    total and the signature of the document before it in its series, parted by semicolons (Portaria 363/2010). So a
    changed document, a changed signature, and a document put in or taken out are all found; but not where the
    document before it is in another file, nor in documents taken over from other software, whose key is another.
    """

    def __init__(self, pem: str | None) -> None:
        self._key = _public_key(pem) if pem else None

    def wrong(self, cells: Mapping[str, str], before: str) -> bool:
        """Whether the signature of a document is not that of its content behind the signature `before`."""
        if self._key is None or cells.get("source_billing") == "I":
            return False
        gross = cells.get("gross_total", "")
        rounded = f"{number(gross) or Decimal(0):.2f}"
        said = ";".join(cells.get(name, "") for name in ("document_date", "entered_at", "document_id"))
        try:
            signature = base64.b64decode(cells.get("signature", ""), validate=True)
        except binascii.Error:
            return False  # told as malformed
        texts = (f"{said};{total};{before}" for total in dict.fromkeys((gross, rounded)))
        return not any(_signed(self._key, signature, text) for text in texts)


def _signed(key: RSAPublicKey, signature: bytes, text: str) -> bool:
    try:
        key.verify(signature, text.encode(), PKCS1v15(), SHA1())  # noqa: S303 - as the law of Portugal has it
    except InvalidSignature:
        return False
    return True


def _public_key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise _no_key(str(error)) from None
    if not isinstance(key, RSAPublicKey):
        raise _no_key(type(key).__name__)
    return key


def _no_key(got: str) -> DeclarationError:
    return DeclarationError(
        "signature_key is no public key",
        got=got[:120],
        expected="an RSA public key in PEM, as the maker of the software gives it: -----BEGIN PUBLIC KEY----- …",
        next_step="put the key of the client's software into the profile, or leave it out",
    )
