"""YAML with line numbers, so that an error in a declaration names file, line and key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipelines.errors import DeclarationError

Key = str | int
KEPT = 4096
"""Parsed files that a process remembers: more than an office has declarations."""


class _Strict(yaml.SafeLoader):
    """Plain scalars stay text unless they are unmistakable: no dates, and NO is Norway, not false."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node; one that is not what its tag says (`!!int ten`) is a syntax error at its place."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, AttributeError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"a value that is not {node.tag.rpartition(':')[2]}: {str(error)[:80]}", node.start_mark
            ) from None


_BOOL = "tag:yaml.org,2002:bool"
_Strict.yaml_implicit_resolvers = {
    first: [(tag, rx) for tag, rx in pairs if tag not in ("tag:yaml.org,2002:timestamp", _BOOL)]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Strict.add_implicit_resolver(_BOOL, re.compile("^(?:true|false)$"), list("tf"))


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: `data`, the `text` as read, and the line (from 1) of every key path."""

    path: Path
    text: str
    data: Any
    lines: dict[tuple[Key, ...], int]

    def line(self, keys: tuple[Key, ...]) -> int:
        """Line of the deepest part of the path that exists in the file."""
        for end in range(len(keys), -1, -1):
            if keys[:end] in self.lines:
                return self.lines[keys[:end]]
        return 1

    def error(self, keys: tuple[Key, ...], got: str, expected: str) -> DeclarationError:
        """An error at that key."""
        return DeclarationError(
            "declaration not understood",
            where=f"{self.path}:{self.line(keys)}, {'.'.join(str(k) for k in keys) or 'top level'}",
            got=got,
            expected=expected,
            next_step=f"correct {self.path.name} and run `python -m pipelines check`",
        )

    def invalid(self, error: ValidationError, hint: str) -> DeclarationError:
        """The first complaint of pydantic as our error."""
        first = error.errors()[0]
        return self.complaint(tuple(k for k in first["loc"] if isinstance(k, str | int)), first, hint)

    def complaint(self, keys: tuple[Key, ...], first: ErrorDetails, hint: str) -> DeclarationError:
        """One complaint of pydantic as our error at these keys."""
        if first["type"] == "extra_forbidden":
            return self.error(keys, f"unknown key {keys[-1]!r}", hint)
        if first["type"] == "missing":
            return self.error(keys, "nothing", f"the key {keys[-1]!r}; {hint}")
        got = repr(first["input"])[:80]
        return self.error(keys, got, f"{first['msg'].removeprefix('Value error, ')}; {hint}")


def read_yaml(path: Path) -> YamlFile:
    """Parse one file; duplicate keys and syntax errors are DeclarationErrors with their line."""
    return parsed(path, text_of(path))


def text_of(path: Path) -> str:
    """The text of a declaration; a DeclarationError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(
            "declaration cannot be read",
            where=str(path),
            got=str(error),
            expected="a UTF-8 YAML file",
            next_step="restore the file",
        ) from None


@lru_cache(maxsize=KEPT)
def parsed(path: Path, text: str) -> YamlFile:
    """The same from the text of a file. Kept by its very content: who changes a file is understood at the next reading,
    and nobody waits twice for the parser, which takes 97 % of the time that reading declarations takes.

    What is kept is shared, so nobody may change its `data`.
    """
    try:
        loader = _Strict(text)
        node = loader.get_single_node()
        lines: dict[tuple[Key, ...], int] = {(): 1}
        if node is None:
            return YamlFile(path, text, {}, lines)
        file = YamlFile(path, text, None, lines)
        _walk(file, node, (), lines)
        return YamlFile(path, text, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise DeclarationError(
            "YAML syntax error",
            where=f"{path}:{mark.line + 1 if mark else '?'}",
            got=str(error.problem),
            expected="valid YAML",
            next_step=f"correct {path.name} and run `python -m pipelines check`",
        ) from None
    except RecursionError:
        raise DeclarationError(
            "YAML syntax error",
            where=str(path),
            got="values nested without end",
            expected="an anchor that does not hold itself, and less depth",
            next_step=f"correct {path.name} and run `python -m pipelines check`",
        ) from None
    except yaml.reader.ReaderError as error:
        raise DeclarationError(
            "YAML syntax error",
            where=f"{path}:{text.count(chr(10), 0, error.position) + 1}",
            got=f"the character U+{ord(text[error.position]):04X}",
            expected="characters that YAML allows",
            next_step=f"delete it from {path.name} and run `python -m pipelines check`",
        ) from None


def _walk(file: YamlFile, node: yaml.Node, keys: tuple[Key, ...], lines: dict[tuple[Key, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            path = (*keys, str(key_node.value))
            if path in lines:
                lines[path] = key_node.start_mark.line + 1
                raise file.error(path, f"key {key_node.value!r} twice", "each key once")
            lines[path] = key_node.start_mark.line + 1
            _walk(file, value_node, path, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            lines[(*keys, i)] = item.start_mark.line + 1
            _walk(file, item, (*keys, i), lines)
