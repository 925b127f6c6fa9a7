"""Segments that a type of message has in any directory from D.93A to D.21B: any other one is told.

Wider than one directory, since partners say D.96A and use what came later; what no directory has is told all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

_TRADE = frozenset({
    "AGR", "AJT", "ALC", "ALI", "APR", "AUT", "BGM", "CAV", "CCI", "CNT", "COM", "CTA", "CUX", "DGS", "DMS", "DOC",
    "DTM", "EFI", "EQA", "EQD", "EQN", "FII", "FTX", "GEI", "GIN", "GIR", "GIS", "HAN", "IMD", "INP", "LIN", "LOC",
    "MEA", "MOA", "MTD", "NAD", "PAC", "PAI", "PAT", "PCD", "PCI", "PGI", "PIA", "PRI", "PYT", "QTY", "QVR", "RCS",
    "RFF", "RJL", "RNG", "RTE", "SCC", "SEL", "SGP", "SPS", "STS", "TAX", "TDT", "TMD", "TMP", "TOD", "TSR", "UNS",
})  # fmt: skip

KNOWN: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ORDERS", "ORDRSP", "ORDCHG", "INVOIC"), _TRADE),
    "DESADV": _TRADE | {"CPS", "QVA", "SGU"},
    "IFTSTA": frozenset({
        "BGM", "CNI", "CNT", "COM", "CTA", "DIM", "DOC", "DTM", "EQD", "FTX", "GID", "GIN", "GIR", "HAN", "LOC", "MEA",
        "MOA", "NAD", "NUM", "PAC", "PCI", "PIA", "PRI", "QTY", "RFF", "RNG", "SEL", "STS", "TDT", "TMD", "TMP", "TPL",
        "TSR",
    }),
    "CONTRL": frozenset({"UCI", "UCF", "UCM", "UCS", "UCD"}),
}  # fmt: skip
