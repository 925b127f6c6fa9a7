"""The transaction sets of X12 that have tables: how each falls into parts, and which segments it may have.

The segments are those of many releases together: a sender's release decides which of them are in use, and a segment
that another release has is no fault worth telling. A tag that no release has in the set is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Shape(NamedTuple):
    """How a set falls into parts. `lines` begin a line, `block` begins what several lines share, `end` the summary,
    `inside` are the only segments that belong to a line where others that follow belong to its block."""

    lines: frozenset[str] = frozenset()
    end: frozenset[str] = frozenset()
    block: str = ""
    inside: frozenset[str] = frozenset()
    hierarchy: bool = False


def _tags(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMES = "N1 N2 N3 N4 PER REF "
_GOODS = "MEA PID PWK PKG PO4 SLN SDQ SAC CUR DTM FOB ITA "
_ITEM = _GOODS + "LIN QTY CTP PAM SI ITD TXI LDT MTX "
_ORDER = _NAMES + _ITEM + "ADV AMT CSH CTB CTT DIS EFI IN2 INC IT8 MAN MSG N9 NTE NX2 PO3 SCH TAX TD1 TD3 TD4 TD5 "
_ASKED = _ORDER + "AT CB1 CN1 FA1 FA2 G61 LE LM LQ LS PCT SPI TC2 "
_DANGER = "LEP LFH LH1 LH2 LH3 LH4 LHR LHT "
_WAREHOUSE = "AMT AT FA1 FA2 G61 G62 G69 LE LM LQ LS LX MAN MEA N1 N2 N3 N4 N9 NTE PAL PER QTY W6 "
_NO_RECORDS = {
    "210": "B2A B3 C2 C3 CD3 CSD G62 H1 H2 H3 H6 ITD K1 L0 L1 L11 L3 L4 L5 L7 L9 LX M7 N1 N2 N3 N4 N7 N9 OID POD R3 "
    "S5 SDQ SPO",
    "820": "ADX AIN AMT ASM ATN BPR CUR DED DMG DTM DTP EMS ENT FA1 FA2 G53 HD INS INV IT1 ITA LOC LX N1 N2 N3 N4 N9 "
    "NM1 NTE PCT PEN PER PID PYD QTY RDM REF RMR RPA RYL SAC SLN TRN TXI TXP VEH",
    "824": "AMT BGN CTX DTM LM LQ N1 N2 N3 N4 NM1 NTE OTI PER QTY RED REF TED",
    "832": "AAA BCT CRC CRD CTB CTP CTT CUR DTM EFI FOB G26 G36 G39 G40 G43 G53 G54 G55 G93 ITD LDT LE LFG LIN LM LQ "
    "LS MEA MTX N1 N2 N3 N4 N9 NTE PAL PAM PER PID PKG PKL PO1 PO4 PWK QTY REF SAC SI SLN SPI TC2 TD1 TD3 TD4 TD5 TRD "
    "TRT TXI YNQ",
    "846": "BIA CS CTP CTT CUR DD DTM G53 LDT LE LIN LM LQ LS MAN MEA N1 N2 N3 N4 PCT PER PID PKG QTY REF SAC SCH SDQ "
    "SLN SSS UIT",
    "861": "BRA CTT CUR DTM FA1 FA2 FOB ITA LIN LM LQ MAN MEA N1 N2 N3 N4 NM1 NTE PER PID PO4 PRF RCD REF SAC SLN SN1 "
    "TD1 TD3 TD4 TD5",
}
"""Sets that trade and transport exchange beside those with tables, with their segments."""
KNOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "850": _tags("BEG PO1 IT3 " + _ASKED),
        "860": _tags("BCH POC G53 " + _ASKED),
        "855": _tags("BAK PO1 ACK " + _ORDER),
        "865": _tags("BCA POC ACK G53 LM LQ PCT PD PDD SPI " + _ORDER),
        "810": _tags(
            "BIG IT1 TDS CAD ISS AMT AT BAL CRC CTP CTT DMG FA1 FA2 INC IT3 ITD L7 LM LQ MSG MTX N9 NTE PAM QTY R4 SR "
            "TC2 TXI V1 YNQ " + _NAMES + _GOODS
        ),
        "856": _tags(
            "BSN HL SN1 PRF AT9 CLD CTT DTP ETD GF LHE LIN LM LQ MAN NTE PAL R4 TD1 TD3 TD4 TD5 TSD V1 YNQ "
            + _DANGER + _NAMES + _GOODS
        ),
        "214": _tags(
            "B10 AT5 AT7 AT8 B2A BIN BLR CD3 EFI G61 G62 G86 H3 K1 L11 LX M7 MAN MS1 MS2 MS3 N1 N2 N3 N4 N7 N9 NM1 OID "
            "PRF Q5 Q6 Q7 R3 REF SDQ SPO TSD"
        ),
        "940": _tags("W05 W01 W76 AT9 BNX G66 LH6 R2 SDQ SLN TD3 W09 W20 W66 " + _DANGER + _WAREHOUSE),
        "945": _tags("W06 W12 W03 G72 R4 TD1 W10 W27 W28 " + _WAREHOUSE),
        "997": _tags("AK1 AK2 AK3 AK4 AK5 AK9"),
        "999": _tags("AK1 AK2 AK9 CTX IK3 IK4 IK5"),
        **{kind: _tags(tags) for kind, tags in _NO_RECORDS.items()},
    }
)  # fmt: skip
"""The segments of a set in any release from 3040 to 6040, and ITA, which earlier ones have in the place of SAC."""
LAST_RELEASE = "006040"

_END = _tags("CTT")
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "850": Shape(_tags("PO1"), _END),
        "860": Shape(_tags("POC"), _END),
        "855": Shape(_tags("PO1"), _END),
        "865": Shape(_tags("POC"), _END),
        "810": Shape(_tags("IT1"), _tags("TDS CTT")),
        "940": Shape(_tags("W01"), _tags("W76"), block="LX"),
        "945": Shape(_tags("W12"), _tags("W03"), block="LX"),
        "214": Shape(_tags("AT7 Q5"), block="LX", inside=_tags("AT7 Q5 MS1 MS2")),
        "856": Shape(end=_END, hierarchy=True),
        "997": Shape(_tags("AK2"), _tags("AK9")),
        "999": Shape(_tags("AK2"), _tags("AK9")),
    }
)
LEVELS: Mapping[str, str] = MappingProxyType({"S": "shipment", "O": "order", "T": "tare", "P": "pack", "I": "line"})
"""Levels of the hierarchy of a ship notice that have columns; others stand in `other` of their lines."""
COUNTED: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "PO1": ("quantity", 2),
        "POC": ("quantity", 3),
        "IT1": ("quantity", 2),
        "W01": ("quantity", 1),
        "W12": ("quantity", 3),
        "SN1": ("quantity", 2),
    }
)
