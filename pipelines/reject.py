"""A row kept out, and why. The ids of the rules every feed has by itself stand here too."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import pyarrow as pa


class Severity(StrEnum):
    """What a failing rule does: critical rejects or holds, warning loads and flags, info records."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class RejectState(StrEnum):
    """Life of a reject in quarantine."""

    OPEN = "open"
    CORRECTED = "corrected"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Owner(StrEnum):
    """Who has to act on a reject."""

    CLIENT = "client"
    US = "us"


class Cause(StrEnum):
    """What kind of fault a rule finds: the code that rejects are counted by."""

    LAYOUT = "layout"
    UNREADABLE = "unreadable"
    UNKNOWN_CODE = "unknown_code"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    REFERENCE = "reference"
    GROUP = "group"
    IDENTITY = "does_not_add_up"
    IMPLAUSIBLE = "implausible"


NOT_PLAUSIBLE = "not_plausible"
"""Absent code of a value that can be read, and is left out since a rule says that it cannot be so."""
NOT_CHANGED = "not changed"
"""Why a row of a returned workbook is skipped: nobody touched it, and it would fail again as it did."""


@dataclass(frozen=True)
class Reject:
    """One reason why one row is set apart. `value` is the original text, masked when personal."""

    row_number: int
    row_part: int
    rule_id: str
    column_name: str | None
    value: str | None
    message: str
    severity: Severity = Severity.CRITICAL


PROBLEM_SCHEMA = pa.schema(
    [
        ("row_number", pa.int64()),
        ("row_part", pa.int32()),
        ("rule_id", pa.string()),
        ("column_name", pa.string()),
        ("value", pa.string()),
        ("message", pa.string()),
    ]
)
"""Columns of the problems that cleaning hands to the gate, one record batch per chunk."""


class Baseline(StrEnum):
    """Last part of the rule ids derived from the contract: `<domain>.<feed>.<this>[.<column>]`."""

    MALFORMED = "malformed_record"
    UNREADABLE = "unreadable"
    UNKNOWN_CODE = "unknown_code"
    OUT_OF_SCALE = "out_of_scale"
    LOOKUP_MISSING = "lookup_missing"
    REQUIRED = "required"
    REPEATED_ROW = "repeated_row"
    KEY_UNIQUE = "key_unique"
    REFERENCE = "reference"
    GROUP_INCOMPLETE = "group_incomplete"
    NOT_EMPTY = "not_empty"
    HAS_RULES = "has_rules"
    UNCLAIMED = "unclaimed_records"
    LOOKUP_AMBIGUOUS = "lookup_ambiguous"
    CONTROL = "control_total"
    MAX_REJECTS = "max_rejects"
    MOSTLY_LEFT_OUT = "mostly_left_out"
    MAX_CLOSED = "max_closed"
    UNREADABLE_KEY = "unreadable_key"
    LAYOUT_DRIFT = "layout_drift"
    NEWER_VERSION = "newer_version"
    CORRECTION_REVIEW = "correction_review"


def baseline_rule(feed: str, kind: Baseline, column: str | None = None) -> str:
    """Rule id of a baseline rule: `ledgers.spend.required.spend_amount`."""
    return f"{feed}.{kind.value}" + (f".{column}" if column else "")


def key_hash(values: Sequence[object]) -> str | None:
    """Hash of a business key by its cleaned values: tells the same row in another delivery; None when one is missing.

    `warehouse.keys` says the same in SQL.

    >>> key_hash(["4711", None]) is None
    True
    """
    if any(value is None for value in values):
        return None
    return hashlib.sha256("\0".join(map(_key_text, values)).encode()).hexdigest()


def _key_text(value: object) -> str:
    """One spelling per value, whatever the settings of a database session.

    >>> _key_text(Decimal("0E-8")), _key_text(True), _key_text(datetime(2026, 3, 1, 8, tzinfo=UTC))
    ('0.00000000', 'true', '2026-03-01T08:00:00.000000')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return str(value)


def mask(value: str | None, classification: str) -> str | None:
    """Hide a value: of a confidential one its first character and length stay, of a restricted one nothing.

    >>> mask("Miller", "confidential")
    'M*****'
    >>> mask("female", "restricted")
    '****'
    >>> mask("EUR", "public")
    'EUR'
    """
    if value is None or classification not in ("confidential", "restricted"):
        return value
    if not value or classification == "restricted":
        return value and "****"
    return value[:1] + "*" * min(len(value) - 1, 11)
