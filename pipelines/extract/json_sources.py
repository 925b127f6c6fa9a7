"""Where the records of a JSON document or a JSON Lines file are; see `json_records` for what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.extract.jsontext import MAX_DEPTH, IllFormed, JsonText, TooDeep, decode_line, in_words
from pipelines.extract.lines import Lines, open_text, unreadable
from pipelines.extract.table import BLANK
from pipelines.profile import Format

_EXPECTED = "JSON text"
_SHOWN = 10


class Found(NamedTuple):
    """A value that should be a record, or why there is none; `raw` gives its text. A blank line has neither."""

    row: int
    value: Any
    problem: str | None
    raw: Callable[[], str]

    @property
    def blank(self) -> bool:
        """Whether this is a line with nothing on it."""
        return self.value is None and self.problem is None and not self.raw().strip(BLANK)


class _Source:
    """A file that is read from its beginning each time it is asked for its records."""

    def __init__(self, path: Path, fmt: Format, name: str) -> None:
        self.name = name
        self.encoding = fmt.encoding
        self.steps = fmt.record_path.split(".") if fmt.record_path else []
        self._path, self._fmt = path, fmt
        self._open: TextSource | None = None

    def close(self) -> None:
        """Close the file; may be called twice."""
        if self._open:
            self._open.close()

    def again(self) -> TextSource:
        """The text from its beginning."""
        self.close()
        self._open = open_text(self._path, self._fmt, self.name, _EXPECTED)
        return self._open


class Document(_Source):
    """The records of one JSON document."""

    def __init__(self, path: Path, fmt: Format, name: str) -> None:
        super().__init__(path, fmt, name)
        self._searched = bool(self.steps)

    def found(self) -> Iterator[Found]:
        """All records; each call reads the document from its beginning, and to its end."""
        if not self._searched:
            self.steps, self._searched = self._only_array(), True
        text = JsonText(self.again())
        seen = yield from self._walk(text, self.steps)
        text.finish()
        if not seen:
            raise self._not_found()

    def _walk(self, text: JsonText, steps: Sequence[str]) -> Generator[Found, None, bool]:
        """The records at the end of the path; returns whether the path leads anywhere."""
        if not steps:
            yield from self._here(text)
            return True
        if text.peek() != "{":
            text.skip()
            return False
        seen = False
        for key in text.members():
            if key != steps[0]:
                text.skip()
            elif seen:
                raise unreadable(
                    text.where(), f"the key {key!r} of record_path a second time", "each key of an object once"
                )
            else:
                seen = yield from self._walk(text, steps[1:])
        return seen

    def _here(self, text: JsonText) -> Iterator[Found]:
        """The elements of the array at this place, or the object at this place."""
        kind = text.peek()
        if kind == "[":
            for row in text.items():
                yield Found(row, self._value(text), None, lambda: text.raw)
        elif kind == "{":
            yield Found(1, self._value(text), None, lambda: text.raw)
        elif text.decided(text.value) is not None:
            raise unreadable(text.where(), "a single value where the records should be", "an array of records")

    def _value(self, text: JsonText) -> Any:
        value = text.decided(text.value)
        if _too_deep(value, text.raw):
            raise text.too_deep()
        return value

    def _only_array(self) -> list[str]:
        """The path to the only array of records of the document."""
        text = JsonText(self.again())
        if text.peek() != "{":
            return []
        arrays: list[list[str]] = []
        _find_arrays(text, [], arrays)
        text.finish()
        if len(arrays) > 1:
            shown = [".".join(path) for path in arrays[:_SHOWN]] + ["…"] * (len(arrays) > _SHOWN)
            raise DeliveryError(
                "it is not known where the records are",
                where=self.name,
                got=f"arrays at {', '.join(shown)}",
                expected="one array of records, or its record_path in the profile",
                next_step="tell us which of them holds the records so that record_path can be set",
            )
        return arrays[0] if arrays else []

    def _not_found(self) -> DeliveryError:
        return DeliveryError(
            "records not found",
            where=self.name,
            got="a document without that path",
            expected=f"records at {'.'.join(self.steps)}",
            next_step="send the complete file in the agreed layout, "
            "or tell us the new one so that the profile can be changed",
        )


class JsonLines(_Source):
    """The lines of a JSON Lines file."""

    def found(self) -> Iterator[Found]:
        """All lines; each call reads the file from its beginning."""
        for rows, lines in Lines(self.again(), self.encoding).blocks():
            for row, line in zip(rows, lines, strict=True):
                yield self._of_line(row, line)

    def _of_line(self, row: int, line: str) -> Found:
        def raw() -> str:
            return line

        if not line.strip(BLANK):
            return Found(row, None, None, raw)
        try:
            value = decode_line(line)
        except IllFormed as error:
            more = "more text after the value" if error.expected == "Extra data" else f"no {in_words(error.expected)}"
            return Found(row, None, f"is no JSON: {more} at character {error.at + 1}", raw)
        except TooDeep:
            return Found(row, None, f"has more than {MAX_DEPTH} levels", raw)
        if _too_deep(value, line):
            return Found(row, None, f"has more than {MAX_DEPTH} levels", raw)
        for step in self.steps:
            if isinstance(value, dict) and step in value:
                value = value[step]
            else:
                return Found(row, None, f"has nothing at {'.'.join(self.steps)}", raw)
        return Found(row, value, "is null, not an object" if value is None else None, raw)


def _find_arrays(text: JsonText, path: list[str], arrays: list[list[str]]) -> None:
    """Collect the paths to arrays that are empty or begin with an object; they lead through objects only."""
    if len(path) > MAX_DEPTH:
        raise text.too_deep()
    for key in text.members():
        kind = text.peek()
        if kind == "{":
            _find_arrays(text, [*path, key], arrays)
        elif kind == "[":
            first = True
            for _ in text.items():
                if first and text.peek() == "{":
                    arrays.append([*path, key])
                first = False
                text.skip()
            if first:
                arrays.append([*path, key])
        else:
            text.skip()


def _too_deep(value: Any, raw: str) -> bool:
    """Whether a value has more than MAX_DEPTH levels; one with few brackets has not."""
    if raw.count("{") + raw.count("[") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for one in level:
            parts = one.values() if isinstance(one, dict) else one
            inner.extend(v for v in parts if isinstance(v, dict | list))
        if not inner:
            return False
        level = inner
    return True
