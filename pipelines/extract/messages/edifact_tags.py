"""Segments that a type of message has in any directory from D.93A to D.17B: any other one is told.

Wider than one directory, since partners say D.96A and use what came later; what no directory has is told all the same.
"""

from __future__ import annotations

from collections.abc import Mapping


def _tags(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TRADE = _tags(
    "ALC ALI API APR BGM CED CNT COM CTA CUX DOC DTM EFI EQD FII FTX GEI GIN GIR GIS IMD LIN LOC MEA MOA NAD PAC PAI "
    "PAT PCD PCI PIA PRI PYT QTY QVA QVR RCS RFF RNG RTE TAX TDT TOD UNS"
)
_TRANSPORT = _tags(
    "BGM CED CNT COM CTA DGS DIM DOC DTM EFI EQA EQD EQN FTX GDS GID GIN HAN LOC MEA MOA NAD PCI QTY RFF RNG SEL SGP "
    "TDT TMD TMP TPL TSR"
)
KNOWN: Mapping[str, frozenset[str]] = {
    "ORDERS": _TRADE | _tags("CAV CCI DGS HAN MTD RJL SCC STG STS"),
    "ORDCHG": _TRADE | _tags("AJT CAV CCI HAN MTD RJL SCC STG"),
    "ORDRSP": _TRADE | _tags("AJT CAV CCI HAN MTD SCC STG STS"),
    "INVOIC": _TRADE | _tags("AJT DGS INP PGI SEL TSR"),
    "DESADV": _tags(
        "ALI BGM CED CNT COD COM CPS CTA CUX DGS DLM DTM EFI EQA EQD FTX GIN GIR HAN IMD LIN LOC MEA MOA NAD PAC PCD "
        "PCI PIA QTY QVA QVR RFF SEL SGP TDT TMD TOD"
    ),
    "RECADV": _tags(
        "ALC ALI BGM CDI CNT COM CPS CTA CUX DOC DTM EQA EQD FTX GEI GIN IMD INP LIN LOC MOA NAD PAC PCD PCI PIA PRI "
        "QTY QVR RFF SEL TDT TOD"
    ),
    "INVRPT": _tags("ALI BGM COM CPS CTA CUX DTM FTX GIN GIR IMD INV LIN LOC MEA NAD PAC PCI PIA PRI QTY RFF STS"),
    "SLSRPT": _tags(
        "ALI BGM COM CTA CUX DOC DTM FTX GEI GIN GIS IMD LIN LOC MKS MOA NAD PAC PAI PIA PRI QTY RFF STS UNS"
    ),
    "IFTSTA": _TRANSPORT | _tags("CNI COD DAM STS"),
    "IFTMIN": _TRANSPORT | _tags("CPI CUX GOR PCD PIA PRI SCC TCC TOD"),
    "APERAK": _tags("BGM CNT COM CTA DOC DTM ERC FTX NAD RFF UNS"),
    "CONTRL": _tags("UCI UCF UCM UCS UCD"),
}
