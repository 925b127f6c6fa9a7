"""Parts of a day of birth, which comes as eight digits: year, month, day."""

from __future__ import annotations


def year(birth: str) -> str:
    """The first four digits."""
    return birth[:4]


def month(birth: str) -> str:
    """The next two."""
    return birth[4:6]


def day(birth: str) -> str:
    """The last two."""
    return birth[6:]


def day_of_year(birth: str) -> str:
    """Month and day, of whatever year."""
    return birth[4:]


def either_way(birth: str) -> str:
    """The same for 4 May and 5 April of a year.

    >>> either_way("19700504"), either_way("19700405")
    ('19700405', '19700405')
    """
    return birth[:4] + "".join(sorted((birth[4:6], birth[6:])))
