"""IBANs in messages of banks."""

from __future__ import annotations

from functools import lru_cache

from stdnum import iban


@lru_cache(maxsize=65536)
def valid_iban(text: str) -> str:
    """The IBAN without blanks; empty for anything whose length, form or check digits are not those of its country.

    Statements name the other account as its bank wrote it: masked, shortened, of countries without IBANs. That is no
    fault of the entry, so only a sound one becomes a column of its own, and the text stays beside it.
    """
    compact = "".join(text.split()).upper()
    return compact if iban.is_valid(compact) else ""
