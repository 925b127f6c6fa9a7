"""Parts of a postal address."""

from __future__ import annotations

from pipelines.clean.address_plain import plain_address
from pipelines.clean.address_split import AddressParts, split_address
from pipelines.clean.column import CellError
from pipelines.postal import region_code, spelled

__all__ = [
    "AddressParts",
    "plain_address",
    "read_address_line",
    "read_city",
    "read_postal_code",
    "read_region_code",
    "split_address",
]


def read_address_line(text: str) -> str:
    """A line of an address: street and number, building, post box.

    The source leaves the separators of empty parts behind: ', 12 High St,' → '12 High St'. Case, abbreviations
    ('Str.', 'Blv.') and order are kept. Nothing is rejected.

    >>> read_address_line("12 High St, ")
    '12 High St'
    """
    return text.strip(" ,;")


def read_city(text: str) -> str:
    """A town or suburb, as typed; separators left over at its ends are removed: 'Berlin,' → 'Berlin'.

    >>> read_city("Berlin,")
    'Berlin'
    """
    return text.strip(" ,;")


def read_postal_code(text: str, country: str | None) -> str:
    """A postal code in the spelling of its country.

    The source writes the country before it, drops or moves the blank: 'D-10115' → '10115' (DE), 'sw1a1aa' →
    'SW1A 1AA' (GB), '980111234' → '98011-1234' (US), 'S-958 22' → '958 22' (SE), '1540023' → '154-0023' (JP). Not
    accepted: a code that does not have its country's form, also '1067' in Germany: a lost leading zero and a lost last
    digit look the same. Where we do not know the country, or are not certain of the forms of its codes, the text is
    kept. That the code exists is not checked. Source: `pipelines.postal`.

    >>> read_postal_code("h1j1c3", "CA")
    'H1J 1C3'
    """
    code, certain = spelled(text, country) if country else (text, False)
    if code is None and certain:
        raise CellError(f"expected a postal code of {country}")
    return text if code is None else code


def read_region_code(text: str, country: str | None) -> str:
    """A state, province or county by its code in postal addresses.

    The source writes the code in any case, or the name instead: 'California' → 'CA' (US), 'qc' → 'QC' (CA),
    'Co. Cork' → 'CO' (IE). What is no region of the country that we know is kept: nothing is rejected.
    Source: `pipelines.postal`; where addresses have no code, ISO 3166-2 without the country.

    >>> read_region_code("New South Wales", "AU"), read_region_code("Bothell", "US")
    ('NSW', 'Bothell')
    """
    return (region_code(text, country) if country else None) or text
