"""Messages of X12 for tests of their reader, and its records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipelines.extract.facts import FileFacts
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.samples.x12_writer import Marks, Writer

AT = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)
Rows = list[dict[str, str]]


def rows_of(folder: Path, text: str | bytes, table: str) -> tuple[Rows, FileFacts]:
    """Records of a table without their empty cells, and the facts of the file."""
    path = folder / "file.edi"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with read_table(path, Format(type="x12", table=table), "en_US") as reader:
        rows = [row for batch in reader.batches() for row in batch.to_pylist()]
        return [{k: v for k, v in row.items() if v not in ("", None)} for row in rows], reader.facts


def written(*sets: tuple[str, str], marks: Marks | None = None, **words: object) -> str:
    """One interchange; sets as `BEG*00*NE*PO-1~CTT*1`."""
    writer = Writer("BUYER", "BAYPORT", AT, marks or Marks(), **words)  # type: ignore[arg-type]
    split = [(kind, [s.split("*") for s in text.split("~")]) for kind, text in sets]
    return writer.interchange(7, split).text()


ORDER = (
    "BEG*00*NE*PO-1**20261001~CUR*BY*USD~DTM*002*20261015~N1*BY*Sample Retail*92*B100~N1*ST*Sample DC*92*DC1~"
    "N3*1 Dock Road~N4*Salem*OR*97301*US~PO1*1*500*EA*42.5*PE*VN*SKU-1*UP*012345678905~PID*F****Sensor~"
    "PO1**10*CA*4250*HP*VN*SKU-2~CTT*2*510"
)
NOTICE = (
    "BSN*00*SH-1*20261005*1430*0001~HL*1**S~TD1*CTN25*2****G*100*LB~TD5**2*ABCD*M~DTM*011*20261005~DTM*017*20261008~"
    "N1*ST*Sample DC*92*DC1~N4*Salem*OR*97301*US~HL*2*1*O~PRF*PO-1***20261001~HL*3*2*P~MAN*GM*00350000000000000019~"
    "HL*4*3*I~LIN*1*VN*SKU-1~SN1**24*EA~HL*5*3*I~LIN*2*VN*SKU-2~SN1**8*CA~HL*6*1*O~PRF*PO-2~HL*7*6*I~LIN*1*VN*SKU-1~"
    "SN1**6*EA~CTT*7"
)
SSCC = "00350000000000000019"
INVOICE = (
    "BIG*20261006*INV-1*20261001*PO-1~CUR*SE*USD~N1*SE*Sample Supply*92*V1~ITD*01*3*2**10**30~IT1*1*24*EA*12.5**VN*A~"
    "IT1*2*10*EA*1.255**VN*B~SAC*C*D240***1000~TDS*33255~TXI*ST*10*3.19~CTT*2"
)


SETS = {
    "850": ORDER,
    "855": "BAK*00*AC*PO-1*20261001~PO1*1*24*EA*12.5*PE*VN*A~ACK*IA*24*EA~CTT*1",
    "856": NOTICE.replace("HL*3*2*P", "HL*3*2*Q"),
    "810": INVOICE,
    "214": "B10*P*SH-1*AB~LX*1~AT7*AF*NS***20261005*0815*ET~MS1*Salem*OR*US~L11*PO-1*PO",
    "940": "W05*N*WO-1*PO-1~LX*1~W01*12*CA**VN*A~G69*Sensor~W76*12",
    "945": "W06*F*WO-1*20261006*SH-7~LX*1~MAN*GM*1~W12*CC*12*12**CA**VN*A~W03*12",
    "997": "AK1*SH*4711~AK2*856*0001~AK5*A~AK9*A*1*1*1",
}
"""A message of each kind."""
