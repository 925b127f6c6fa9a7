"""The transaction sets of X12 that have tables: how each falls into parts, and which segments it may have.

The segments are those of all releases from 3040 to 8010 together: a sender's release decides which of them are in use,
and a segment that another release has is no fault worth telling. A tag that no release has in the set is one.
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
    known: frozenset[str] = frozenset()


def _tags(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARTY = "N1 N2 N3 N4 NX2 PER REF SI "
_PACKING = "PWK PKG TD1 TD5 TD3 TD4 MAN PCT PO4 PO3 MEA "
_ORDER = (
    "CUR REF PER TAX FOB CTP PAM CSH SAC ITA ITD DIS INC DTM LDT LIN SI PID CTB TXI LM LQ N9 MSG MTX EFI SPI ADV AMT "
    "CTT CN1 IT8 IT3 SDQ SCH SLN QTY SS ARC G53 NM1 HL AD1 FTH V1 R4 K1 NTE LS LE LDT BC CLD X1 DTP III UIT "
    + _PARTY + _PACKING
)  # fmt: skip
_ORDERS = _tags("BEG PO1 " + _ORDER)
_CHANGES = _tags("BCH POC PO1 " + _ORDER)
_RESPONSES = _tags("BAK PO1 ACK " + _ORDER)
_CHANGE_RESPONSES = _tags("BCA POC ACK " + _ORDER)
_INVOICES = _tags(
    "BIG NTE CUR REF YNQ PER ITD DTM FOB PID MEA PWK PKG L7 BAL INC PAM LM LQ N9 MSG MTX V1 R4 FA1 FA2 IT1 CRC QTY CTP "
    "IT3 TXI SAC SDQ SLN ADV DIS CTB TDS CAD AMT ISS CTT SI LIN LDT SCH CLD III UIT NM1 ITA TAX EFI SS CSH "
    + _PARTY + _PACKING
)  # fmt: skip
_DESPATCHES = _tags(
    "BSN DTM HL LIN SN1 SLN PRF PO4 PID MEA PWK PKG TD1 TD3 TD4 TD5 TSD REF PER LS LE LDT MAN FOB SDQ ETD CUR SAC GF "
    "YNQ LM LQ V1 R4 G61 ADV AMT EFI CLD QTY UIT N1 N2 N3 N4 NX2 N9 SD1 PAL PSD TXI CTP CTT CN1 TAX TC2 G62 IT8 SPS "
    "CLD ITA CSH ITD DIS E1 NM1 H1 H2 L11 MS3 MSG MTX LX NTE"
)
_STATUSES = _tags(
    "B10 L11 K1 MAN N1 N2 N3 N4 G61 G62 PER MS3 LX AT5 AT7 MS1 MS2 MS4 M7 AT8 Q5 Q7 CD3 NM1 EFI OID SPO PRF SDQ LDT "
    "BLR TSD REF LS LE S5 PWK DTM H1 H2 Y7 NTE SLN V1 R4 L0 L5 RES POD RTT C3 N7 N9 ED CN1 ADJ"
)
_WAREHOUSE = (
    "N1 N2 N3 N4 PER N9 REF G61 G62 NTE W09 W27 W66 W6 W28 LX MAN PAL G69 LIN QTY MEA AMT R1 R2 R4 LS LE "
    "FAC SAC ITD ITA FOB CTP PWK LH1 LH2 LH3 LHE LFH LEP LHR LHT PID G72 G73 W20 W19 NM1 CUR TXI DTM L11 MTX FA1 FA2 "
    "TD4 TD5 ADI G66 N10 G53 V1 "
)
_WAREHOUSE_ORDERS = _tags("W05 W01 W02 W76 SI SLN SDQ PO4 LM LQ " + _WAREHOUSE)
_WAREHOUSE_ADVICES = _tags("W06 W12 W03 W10 W13 SLN SI LM LQ UIT PO4 LDT " + _WAREHOUSE)
_ANSWERS = _tags("AK1 AK2 AK3 AK4 AK5 AK9 IK3 IK4 IK5 CTX TA1")

_END = _tags("CTT")
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "850": Shape(_tags("PO1"), _END, known=_ORDERS),
        "860": Shape(_tags("POC"), _END, known=_CHANGES),
        "855": Shape(_tags("PO1"), _END, known=_RESPONSES),
        "865": Shape(_tags("POC"), _END, known=_CHANGE_RESPONSES),
        "810": Shape(_tags("IT1"), _tags("TDS CTT"), known=_INVOICES),
        "940": Shape(_tags("W01"), _tags("W76"), block="LX", known=_WAREHOUSE_ORDERS),
        "945": Shape(_tags("W12"), _tags("W03"), block="LX", known=_WAREHOUSE_ADVICES),
        "214": Shape(_tags("AT7 Q5"), block="LX", inside=_tags("AT7 Q5 MS1 MS2"), known=_STATUSES),
        "856": Shape(end=_END, hierarchy=True, known=_DESPATCHES),
        "997": Shape(_tags("AK2"), _tags("AK9"), known=_ANSWERS),
        "999": Shape(_tags("AK2"), _tags("AK9"), known=_ANSWERS),
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
