"""What is assumed of customers before anything is learnt of a client's: orders of magnitude, and who shares what."""

from __future__ import annotations

SHARED = {
    "family": 0.9, "street": 1.0, "building": 1.0, "town": 1.0, "region": 1.0, "country": 1.0, "phone": 0.8,
    "iban": 0.5, "email": 0.1,
}  # fmt: skip
"""Comparison → in what share of neighbours it agrees as within one customer."""

UNIQUE = ("national", "vat", "register", "lei", "iban", "email", "phone")
"""Comparisons of what one customer has alone, or nearly; each is a key by itself, too."""

OWN = ("birth", "national", "vat", "register", "lei", "email")
"""Comparisons, beside the names, that tell one customer from his neighbours."""

MOST_DIFFERENT = {"given": 0.1, "company": 0.3}
"""Name → in what share of pairs of one customer it is another altogether, at most, where nothing of `OWN` is known.
There no data says whether two of one surname in one house are one or two, and half of each would be taken for one."""

IDLE = ("order", "region", "country")
"""Comparisons that say of nobody who he is."""

OFTEN, SUREST = 0.2, (0.9, 0.6, 0.1)
"""Where a single thing is known of customers: pairs of records that are one, per record; and in what share of pairs
that agree in it, nearly agree, or less, they are at most: a steward is asked."""

M = {
    "given": (0.80, 0.04, 0.07, 0.04, 0.05),
    "family": (0.82, 0.02, 0.07, 0.04, 0.05),
    "order": (0.98, 0.02),
    "company": (0.70, 0.12, 0.10, 0.05, 0.03),
    "birth": (0.90, 0.05, 0.03, 0.02),
    "national": (0.93, 0.04, 0.01, 0.02),
    "vat": (0.93, 0.03, 0.01, 0.03),
    "register": (0.88, 0.04, 0.01, 0.07),
    "lei": (0.96, 0.02, 0.01, 0.01),
    "iban": (0.70, 0.03, 0.01, 0.26),
    "email": (0.70, 0.05, 0.05, 0.20),
    "phone": (0.65, 0.10, 0.25),
    "street": (0.60, 0.12, 0.08, 0.03, 0.03, 0.14),
    "building": (0.60, 0.20, 0.20),
    "town": (0.75, 0.08, 0.08, 0.03, 0.06),
    "region": (0.95, 0.05),
    "country": (0.99, 0.01),
}
U = {
    "given": (0.01, 0.005, 0.003, 0.01, 0.972),
    "family": (0.002, 0.001, 0.002, 0.01, 0.985),
    "order": (1.0, 0.5),
    "company": (0.00003, 0.0005, 0.002, 0.005, 0.99247),
    "birth": (0.00005, 0.001, 0.01, 0.98895),
    "national": (1e-7, 1e-5, 1e-4, 0.9998899),
    "vat": (1e-6, 1e-5, 1e-4, 0.999889),
    "register": (1e-5, 1e-4, 1e-3, 0.99889),
    "lei": (1e-7, 1e-6, 1e-5, 0.9999889),
    "iban": (1e-7, 1e-6, 1e-5, 0.9999889),
    "email": (1e-5, 5e-4, 1e-3, 0.99849),
    "phone": (1e-5, 1e-4, 0.99989),
    "street": (0.0001, 0.0001, 0.01, 0.01, 0.01, 0.9698),
    "building": (0.005, 0.01, 0.985),
    "town": (0.005, 0.003, 0.005, 0.01, 0.977),
    "region": (0.2, 0.8),
    "country": (0.6, 0.4),
}
"""What is assumed before anything is learnt, and where there is too little to learn from: orders of magnitude. (Half of
all towns have a High Street, so a street without its house number says little.)"""
