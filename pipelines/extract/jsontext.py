"""JSON as it is spelled: a value at a time, from a text that is read block by block.

Values are decoded by the standard library, at the speed of C; numbers stay as they are written (`1.10`, `1e5`, any
number of digits), a key that occurs twice in an object is seen, and every error knows its line and character. Only the
text of one value is held.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Any

from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.extract.lines import MAX_LINE_CHARS

MAX_DEPTH = 64
"""Levels of objects and arrays inside each other. Business messages have ten; more are an attack on the stack."""

MAX_VALUE_CHARS = MAX_LINE_CHARS
"""No record of a business file is longer. Bounds the memory of the reader, not the length of the document."""

_SPACE = re.compile(r"[ \t\n\r]*")
_BREAK = re.compile(r"\r\n|\n|\r")
_SLACK = 16
"""An error so near to the end of the text read so far may be no error: `-Infinity` and `\\u00e9` may be cut."""

_LITERALS = {True: "true", False: "false", None: "null"}


class Number(str):
    """A number as it is spelled."""

    __slots__ = ()


class Constant(Number):
    """NaN, Infinity or -Infinity: not JSON, but written by many programs."""

    __slots__ = ()


class Doubled(dict[str, Any]):
    """An object in which a key occurs twice."""


class TooLong(Exception):
    """The value at this place is longer than MAX_VALUE_CHARS."""


class TooDeep(Exception):
    """The value at this place has more than MAX_DEPTH levels."""


class IllFormed(Exception):
    """This is no JSON: what was expected, and at which position of the text."""

    def __init__(self, expected: str, at: int) -> None:
        super().__init__(expected)
        self.expected = expected
        self.at = at


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(found)


_DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=Constant, object_pairs_hook=_pairs, strict=False
)
"""Not strict: a line break or tab inside a string is not escaped by some programs, and there is no doubt about it."""


def decode(text: str, at: int = 0) -> tuple[Any, int]:
    """The value that begins at a position, and where it ends; IllFormed or TooDeep.

    >>> decode('{"a": 1.10, "b": [1e5, null]}')
    ({'a': '1.10', 'b': ['1e5', None]}, 29)
    """
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise IllFormed(error.msg, error.pos) from None
    except RecursionError:
        raise TooDeep from None
    return value, end


def decode_line(line: str) -> Any:
    """The only value of a line; IllFormed or TooDeep."""
    value, end = decode(line, _space(line, 0))
    end = _space(line, end)
    if end < len(line):
        raise IllFormed("Extra data", end)
    return value


def encode(value: Any, depth: int = 1) -> str:
    """A decoded value as compact JSON, its numbers as they were spelled; TooDeep.

    >>> encode({"a": [Number("1.10"), "x", None, True]})
    '{"a":[1.10,"x",null,true]}'
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is Number or kind is Constant:
        return str(value)
    if value is None or kind is bool:
        return _LITERALS[value]
    if depth > MAX_DEPTH:
        raise TooDeep
    if kind is list:
        return "[" + ",".join([encode(v, depth + 1) for v in value]) + "]"
    return "{" + ",".join([f"{encode_basestring(k)}:{encode(v, depth + 1)}" for k, v in value.items()]) + "}"


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class JsonText:
    """A place in a JSON document. Errors in it are DeliveryErrors that say line and character."""

    def __init__(self, source: TextSource) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._value = (0, 0)
        self._row = 1
        self._before = 0

    def peek(self) -> str:
        """The next character that is no white space; empty at the end of the document."""
        while True:
            self._at = _space(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value at this place; afterwards the place is behind it. Raises TooLong without moving."""
        self.peek()
        while True:
            try:
                value, end = decode(self._text, self._at)
            except TooDeep:
                raise self.too_deep() from None
            except IllFormed as error:
                open_string = error.expected.startswith("Unterminated string")
                if self._source.ended or not (open_string or error.at >= len(self._text) - _SLACK):
                    raise self._ill(error.expected, error.at) from None
            else:
                if end < len(self._text) or self._source.ended:
                    self._value = self._at, end
                    self._at = end
                    return value
            if len(self._text) - self._at > MAX_VALUE_CHARS:
                raise TooLong
            self._more()

    @property
    def raw(self) -> str:
        """The text of the value read last, until the next one is read."""
        return self._text[slice(*self._value)]

    def members(self) -> Iterator[str]:
        """The keys of the object at this place; at each one the caller reads or skips its value."""
        self._take("{", "an object")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                raise self._ill("Expecting property name enclosed in double quotes", self._at)
            key = self.decided(self.value)
            self._take(":", "':' delimiter")
            yield key
            if self._either("}") == "}":
                return

    def items(self) -> Iterator[int]:
        """The places of the elements of the array at this place, from 1; the caller reads or skips each."""
        self._take("[", "an array")
        if self.peek() == "]":
            self._at += 1
            return
        number = 0
        while True:
            number += 1
            yield number
            if self._either("]") == "]":
                return

    def skip(self, depth: int = 1) -> None:
        """Pass over the value at this place, however long it is."""
        try:
            self.value()
        except TooLong:
            if depth > MAX_DEPTH:
                raise self.too_deep() from None
            kind = self.peek()
            if kind not in "{[":
                raise self.too_long() from None
            for _ in self.members() if kind == "{" else self.items():
                self.skip(depth + 1)

    def decided(self, read: Any) -> Any:
        """What `read` gives; a value too long for it ends the reading."""
        try:
            return read()
        except TooLong:
            raise self.too_long() from None

    def finish(self) -> None:
        """DeliveryError when anything follows the document."""
        if self.peek():
            raise self._ill("Extra data", self._at)

    def too_deep(self) -> DeliveryError:
        """The error that the value at this place has too many levels."""
        return DeliveryError(
            "JSON is nested too deeply",
            where=self.where(),
            got=f"more than {MAX_DEPTH} levels in the value that begins here",
            expected=f"at most {MAX_DEPTH} levels",
            next_step="send the file again with flat records",
        )

    def too_long(self) -> DeliveryError:
        """The error that the value at this place is too long to be a record."""
        return DeliveryError(
            "record without end",
            where=self.where(),
            got=f"a value of more than {MAX_VALUE_CHARS} characters",
            expected=f"records of at most {MAX_VALUE_CHARS} characters",
            next_step="tell us where in the document the records are so that record_path can be corrected, "
            "or send the file again with smaller records",
        )

    def where(self, at: int | None = None) -> str:
        """File, line and character of a position, by default of this place."""
        at = self._at if at is None else at
        breaks = list(_BREAK.finditer(self._text, 0, at))
        character = at - breaks[-1].end() if breaks else self._before + at
        return f"{self._source.name}:{self._row + len(breaks)}, character {character + 1}"

    def _either(self, close: str) -> str:
        """Take the comma or bracket after a member or element."""
        found = self.peek()
        if found != "," and found != close:
            raise self._ill("Expecting ',' delimiter", self._at)
        self._at += 1
        return found

    def _take(self, character: str, name: str) -> None:
        if self.peek() != character:
            raise self._ill(f"Expecting {name}", self._at)
        self._at += 1

    def _more(self) -> bool:
        """Drop the text before this place and read on; False at the end."""
        cut = self._at
        if self._text[cut - 1 : cut + 1] == "\r\n":  # never between the halves of a line break
            cut -= 1
        breaks = list(_BREAK.finditer(self._text, 0, cut))
        self._row += len(breaks)
        self._before = cut - breaks[-1].end() if breaks else self._before + cut
        read = self._source.read()
        self._text = self._text[cut:] + read
        self._at -= cut
        return bool(read)

    def _ill(self, expected: str, at: int) -> DeliveryError:
        ended = self._source.ended and (at >= len(self._text) or expected.startswith("Unterminated"))
        where = self.where(min(at, len(self._text)))
        if expected == "Extra data":
            return DeliveryError(
                "more than one JSON document",
                where=where,
                got="more text after the end of the document",
                expected="the end of the file",
                next_step="send one document, or tell us that the file has one JSON value per line (type: jsonl)",
            )
        return DeliveryError(
            "file is truncated" if ended else "file is no JSON document",
            where=where,
            got="the end of the file" if ended else "other text",
            expected=in_words(expected),
            next_step="send the complete file again",
        )


def in_words(expected: str) -> str:
    """What the decoder of the standard library expected, as the end of a sentence.

    >>> in_words("Expecting ',' delimiter")
    "',' delimiter"
    """
    if expected.startswith("Unterminated"):
        return "the end of the string that begins here"
    if expected.startswith("Illegal trailing comma"):
        return "no comma after the last one"
    if expected.startswith("Invalid"):
        return "a character or escape that JSON allows in a string"
    return expected.removeprefix("Expecting ")
