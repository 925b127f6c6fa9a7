"""Profiles: how one client delivers. One YAML file per client, in the vocabulary of `profile_words`."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipelines.column_words import ColumnRule, Condition, LookupUse, Signed, Split, Unpivot, absent_pattern, idle_word
from pipelines.control_words import UNSAID, ControlAt, misfit
from pipelines.dialect import Format
from pipelines.errors import DeclarationError
from pipelines.profile_words import (
    MEMBER_SIGN,
    Due,
    FeedSources,
    Lookup,
    MaxRejects,
    ProfileModel,
    Source,
    profile_json_schema,
)  # fmt: skip
from pipelines.yamlfile import KEPT, YamlFile, parsed, text_of

__all__ = [
    "ColumnRule", "Condition", "ControlAt", "Due", "FeedSources", "Format", "Lookup", "LookupUse", "MaxRejects",
    "Profile", "ProfileModel", "Signed", "Source", "SourceRef", "Split", "Unpivot", "absent_pattern", "file_match",
    "idle_word", "profile_from", "profile_json_schema", "read_profile",
]  # fmt: skip


@dataclass(frozen=True)
class SourceRef:
    """A source with its place: what the steps are given."""

    client_id: str
    feed: str
    name: str
    source: Source
    locale: str
    time_zone: str
    shared_keys: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled file pattern."""
        return re.compile(self.source.files)

    def match(self, name: str) -> re.Match[str] | None:
        """Whether the source reads this file; see `file_match`."""
        return file_match(self.source.files, name)


@dataclass(frozen=True)
class Profile:
    """One client."""

    model: ProfileModel
    path: Path
    text: str

    @property
    def client_id(self) -> str:
        """The client."""
        return self.model.client

    @property
    def language(self) -> str:
        """What the client's people read: `de` where the locale is German, else `en`."""
        return "de" if self.model.locale.startswith("de") else "en"

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def sources(self) -> tuple[SourceRef, ...]:
        """Every source of the profile, in the order of the file."""
        out: list[SourceRef] = []
        for feed, entry in self.model.feeds.items():
            for name, source in entry.sources.items():
                locale = source.locale or self.model.locale
                zone = source.time_zone or self.model.time_zone
                out.append(SourceRef(self.client_id, feed, name, source, locale, zone, entry.shared_keys))
        return tuple(out)

    @property
    def adding(self) -> list[str]:
        """`feed/source` of every source whose periods add up."""
        return sorted(f"{ref.feed}/{ref.name}" for ref in self.sources if ref.source.periods == "add_up")

    def source(self, feed: str, name: str) -> SourceRef:
        """One source (KeyError if there is none)."""
        for ref in self.sources:
            if (ref.feed, ref.name) == (feed, name):
                return ref
        raise KeyError(f"{feed}/{name}")

    def lookups_of(self, source: Source) -> dict[str, Lookup]:
        """The look-up tables a source uses, directly or through others."""
        found: dict[str, Lookup] = {}
        todo = [r.lookup.table for r in source.rules if r.lookup]
        while todo:
            name = todo.pop()
            if name not in found:
                found[name] = self.model.lookups[name]
                todo += [r.lookup.table for r in found[name].columns.values() if r.lookup]
        return found

    def relevant_json(self, ref: SourceRef) -> str:
        """What of the profile decides about this source's rows: part of the declaration hash."""
        unsaid = set() if ref.source.periods else {"periods"}  # as before there was the word
        parts = {
            "locale": ref.locale,
            "time_zone": ref.time_zone,
            "source": ref.source.model_dump(mode="json", by_alias=True, exclude=unsaid),
            "lookups": {
                k: v.model_dump(mode="json", by_alias=True) for k, v in sorted(self.lookups_of(ref.source).items())
            },
        }
        return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def file_match(files: str, name: str) -> re.Match[str] | None:
    """Match a file pattern with a path below the client folder.

    The members of an archive (`pack.zip!/staff.csv`) are matched only by patterns that say `!/` themselves: a list
    of any name in a folder does not mean whatever lies packed there.
    """
    if MEMBER_SIGN in name and MEMBER_SIGN not in files:
        return None
    return re.fullmatch(files, name)


def read_profile(path: Path) -> Profile:
    """Read one client's YAML; raises DeclarationError with file, line, key and what is allowed."""
    return profile_from(path, text_of(path))


@lru_cache(maxsize=KEPT)
def profile_from(path: Path, text: str) -> Profile:
    """The same from the text of a file; kept by content, as the parsed file is."""
    file = parsed(path, text)
    try:
        model = ProfileModel.model_validate(file.data)
    except ValidationError as error:
        raise _flat_error(file, error) from None
    if path.stem != model.client:
        raise file.error(("client",), f"{model.client!r}", f"{path.stem!r}, as the file is named")
    _check_lookups(file, model)
    _check_controls(file, model)
    return Profile(model, path, file.text)


def _flat_error(file: YamlFile, error: ValidationError) -> DeclarationError:
    """Undo the `sources: {main: …}` that the flat form was wrapped in, so that the key is the one in the file."""
    first = error.errors()[0]
    keys = tuple(k for k in first["loc"] if isinstance(k, str | int) and k not in ("[key]", *UNSAID))
    hint = "python -m pipelines schema prints what is allowed"
    if first["type"] == "extra_forbidden":
        hint = f"one of {', '.join(_allowed_keys(keys[:-1]))}"
    if keys[2:4] == ("sources", "main") and (*keys[:2], "sources") not in file.lines:
        keys = (*keys[:2], *keys[4:])
    return file.complaint(keys, first, hint)


def _allowed_keys(keys: tuple[str | int, ...]) -> list[str]:
    """Key names of the model that a path through the profile ends in."""
    model: type[BaseModel] = ProfileModel
    for key in keys:
        for name, field in model.model_fields.items():
            if key in (name, field.alias):
                model = _model_in(field.annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first of our models inside a type such as `dict[str, Source]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)


def _check_lookups(file: YamlFile, model: ProfileModel) -> None:
    """Every look-up used exists, has as many key columns as it is given, and none uses itself."""
    uses: dict[str, set[str]] = {name: set() for name in model.lookups}

    def check(keys: tuple[str, ...], rule: ColumnRule) -> None:
        use = rule.lookup
        if not use:
            return
        if use.table not in model.lookups:
            raise file.error((*keys, "lookup"), f"table {use.table!r}", f"one of {', '.join(model.lookups) or 'none'}")
        if len(use.key) != len(model.lookups[use.table].key):
            expected = ", ".join(model.lookups[use.table].key)
            raise file.error((*keys, "lookup", "key"), f"{len(use.key)} columns", f"columns for {expected}")

    for feed, entry in model.feeds.items():
        for source, declared in entry.sources.items():
            for word in ("columns", "computed"):
                for column, rule in getattr(declared, word).items():
                    check((*_place(file, feed, source), word, column), rule)
    for name, table in model.lookups.items():
        for column, rule in table.columns.items():
            check(("lookups", name, "columns", column), rule)
            uses[name] |= {rule.lookup.table} if rule.lookup else set()
    for name in uses:
        seen, todo = set(), [name]
        while todo:
            for other in uses[todo.pop()]:
                if other == name:
                    raise file.error(("lookups", name), "a look-up that uses itself", "look-ups without a circle")
                if other not in seen:
                    seen.add(other)
                    todo.append(other)


def _check_controls(file: YamlFile, model: ProfileModel) -> None:
    """Every control total has a place that its source can have."""
    for feed, entry in model.feeds.items():
        for source, declared in entry.sources.items():
            groups = re.compile(declared.files).groupindex
            for name, where in declared.controls.items():
                if said := misfit(where, declared.format, groups):
                    raise file.error((*_place(file, feed, source), "controls", name), *said)


def _place(file: YamlFile, feed: str, source: str) -> tuple[str, ...]:
    """Keys of a source as the file writes it."""
    return ("feeds", feed, "sources", source) if ("feeds", feed, "sources") in file.lines else ("feeds", feed)
