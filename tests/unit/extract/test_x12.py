"""X12: what is written is read back, whatever the separators; what is wrong is refused or told with its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FileFacts
from pipelines.extract.messages import x12_plain
from pipelines.extract.messages.x12_parts import places
from pipelines.extract.messages.x12_places import LAYOUTS
from pipelines.extract.messages.x12_sets import SHAPES
from pipelines.extract.reader import read_table
from pipelines.formats import message_format
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


# -- what the tables hold -----------------------------------------------------------------------------------------


def test_every_table_and_column_is_declared_and_read() -> None:
    tables = message_format("x12").tables
    assert tables.keys() == {"interchanges", *LAYOUTS, "segments"}
    for name, layout in LAYOUTS.items():
        assert layout.columns.keys() <= tables[name].columns.keys()
        assert layout.kinds <= SHAPES.keys()
        assert all(places(place) for place in layout.columns.values())


def test_an_order_and_its_lines(tmp_path: Path) -> None:
    (order,), facts = rows_of(tmp_path, written(("850", ORDER)), "orders")
    wanted = {"order_id": "PO-1", "document_date": "2026-10-01", "requested_date": "2026-10-15", "buyer_id": "B100",
              "ship_to_city_name": "Salem", "ship_to_country_code": "US", "currency_code": "USD", "lines_found": "2",
              "created_at": "2026-10-05T14:30:00", "message_faults": "none"}  # fmt: skip
    assert wanted.items() <= order.items()
    assert "other" not in order
    assert [(t.name, t.said, t.found) for t in facts.totals] == [
        ("segments", "13", "13"), ("messages", "1", "1"), ("groups", "1", "1"), ("control_numbers", "3", "3"),
        ("lines", "2", "2"), ("quantities", "510", "510"),
    ]  # fmt: skip
    lines, _ = rows_of(tmp_path, written(("850", ORDER)), "order_lines")
    assert [(r["line_id"], r["ordered_quantity"], r["unit_price_amount"], r["supplier_product_id"]) for r in lines] == [
        ("1", "500", "42.5", "SKU-1"), ("2", "10", "42.5", "SKU-2"),
    ]  # fmt: skip
    assert (lines[0]["ean_id"], lines[0]["item_name"], lines[1]["price_as_written"]) == (
        "012345678905",
        "Sensor",
        "4250",
    )


def test_items_inherit_from_pack_order_and_shipment(tmp_path: Path) -> None:
    lines, _ = rows_of(tmp_path, written(("856", NOTICE)), "despatch_lines")
    assert [(r["order_id"], r["line_id"], r["despatched_quantity"], r.get("sscc_id")) for r in lines] == [
        ("PO-1", "4", "24", SSCC), ("PO-1", "5", "8", SSCC), ("PO-2", "7", "6", None),
    ]  # fmt: skip
    assert {r["expected_date"] for r in lines} == {"2026-10-08"}
    assert [r.get("shipment_weight_kg") for r in lines] == ["45.359", None, None]


def test_levels_without_the_number_of_the_one_above_follow_the_usual_order(tmp_path: Path) -> None:
    flat = NOTICE.replace("HL*2*1*", "HL*2**").replace("HL*6*1*", "HL*6**").replace("HL*7*6*", "HL*7**")
    lines, _ = rows_of(tmp_path, written(("856", flat)), "despatch_lines")
    assert [r["order_id"] for r in lines] == ["PO-1", "PO-1", "PO-2"]


def test_an_item_below_nothing_is_set_aside_with_the_reason(tmp_path: Path) -> None:
    rows, facts = rows_of(tmp_path, written(("856", NOTICE.replace("HL*7*6*", "HL*7*9*"))), "despatch_lines")
    assert facts.malformed == 1
    assert "level 9 of the hierarchy" in rows[3]["__problem"]
    assert "line 24" in rows[3]["__problem"]


def test_an_invoice_adds_up(tmp_path: Path) -> None:
    """300.00 + 12.55 + charge 10.00 + tax 10.00 = 332.55; due thirty days after its date."""
    (invoice,), _ = rows_of(tmp_path, written(("810", INVOICE)), "invoices")
    wanted = {"gross_amount": "332.55", "net_amount": "322.55", "tax_amount": "10.00", "charge_amount": "10.00",
              "due_date": "2026-11-05", "document_type_code": "invoice", "message_faults": "none"}  # fmt: skip
    assert wanted.items() <= invoice.items()
    lines, _ = rows_of(tmp_path, written(("810", INVOICE)), "invoice_lines")
    assert [(r["line_id"], r["signed_line_amount"]) for r in lines] == [
        ("1", "300.00"), ("2", "12.55"), ("charge 1", "10.00"),
    ]  # fmt: skip
    (tax,), _ = rows_of(tmp_path, written(("810", INVOICE)), "invoice_taxes")
    assert (tax["tax_amount"], tax["tax_rate_pct"]) == ("10", "3.19")


def test_a_credit_memo_is_negative(tmp_path: Path) -> None:
    credit = INVOICE.replace("*PO-1~CUR", "*PO-1***CR~CUR")
    (invoice,), _ = rows_of(tmp_path, written(("810", credit)), "invoices")
    assert (invoice["document_type_code"], invoice["signed_gross_amount"]) == ("credit_note", "-332.55")
    lines, _ = rows_of(tmp_path, written(("810", credit)), "invoice_lines")
    assert sum(Decimal(r["signed_line_amount"]) for r in lines) == Decimal(invoice["signed_net_amount"])


def test_a_total_that_does_not_add_up_is_told(tmp_path: Path) -> None:
    (invoice,), _ = rows_of(tmp_path, written(("810", INVOICE.replace("TDS*33255", "TDS*33256"))), "invoices")
    assert invoice["message_faults"] == "total_amount"


def test_answers_to_an_order_by_line_and_in_parts(tmp_path: Path) -> None:
    answer = (
        "BAK*00*AC*PO-1*20261001~PO1*1*24*EA*12.5*PE*VN*A~ACK*IQ*16*EA*067*20261015~ACK*IB*8*EA*067*20261101~"
        "PO1*2*5*EA*9*PE*VN*B~ACK*IR*5*EA~CTT*2"
    )
    lines, _ = rows_of(tmp_path, written(("855", answer)), "order_responses")
    assert [(r["line_id"], r["line_status_code"], r.get("promised_date")) for r in lines] == [
        ("1", "IQ", "2026-10-15"), ("2", "IR", None),
    ]  # fmt: skip
    assert "ACK*IB*8*EA*067*20261101" in lines[0]["other"]
    parts, _ = rows_of(tmp_path, written(("855", answer)), "order_confirmations")
    assert [(r["line_id"], r["confirmed_quantity"]) for r in parts] == [("1", "16"), ("1", "8"), ("2", "5")]
    whole, _ = rows_of(tmp_path, written(("855", "BAK*00*AD*PO-9*20261001")), "order_responses")
    assert [(r["order_id"], r["response_code"]) for r in whole] == [("PO-9", "AD")]


def test_events_of_a_carrier(tmp_path: Path) -> None:
    status = (
        "B10*PRO-1*SH-1*ABCD~N1*CN*Sample DC~LX*1~AT7*AF*NS***20261005*0815*ET~MS1*Portland*OR*US~"
        "AT7*D1*NS***20261007*1005*LT~MS1*Salem*OR*US~L11*PO-1*PO~AT8*G*L*100*2"
    )
    events, _ = rows_of(tmp_path, written(("214", status)), "statuses")
    assert [(r["status_code"], r["event_at"], r["city_name"], r["order_id"]) for r in events] == [
        ("AF", "2026-10-05T08:15:00-0400", "Portland", "PO-1"), ("D1", "2026-10-07T10:05:00", "Salem", "PO-1"),
    ]  # fmt: skip


def test_orders_to_a_warehouse_and_what_it_shipped(tmp_path: Path) -> None:
    order = (
        "W05*N*WO-1*PO-1~N1*ST*Sample DC*92*DC1~G62*10*20261006~LX*1~W01*12*CA**VN*A~G69*Sensor~"
        "LX*2~W01*4*CA**VN*B~W76*16"
    )
    lines, facts = rows_of(tmp_path, written(("940", order)), "order_lines")
    assert [(r["order_id"], r["line_id"], r["ordered_quantity"], r.get("item_name")) for r in lines] == [
        ("WO-1", "1", "12", "Sensor"), ("WO-1", "2", "4", None),
    ]  # fmt: skip
    assert ("quantities", "16", "16", "") in [tuple(vars(t).values()) for t in facts.totals]
    advice = (
        "W06*F*WO-1*20261006*SH-7**PO-1~N1*ST*Sample DC*92*DC1~W27*M*ABCD~LX*1~MAN*GM*00350000000000000026~"
        "W12*CC*12*12**CA**VN*A~W12*CP*4*3*1*CA**VN*B~W03*15*200*LB"
    )
    lines, _ = rows_of(tmp_path, written(("945", advice)), "despatch_lines")
    assert [(r["despatch_id"], r["order_id"], r["despatched_quantity"], r["sscc_id"]) for r in lines] == [
        ("SH-7", "WO-1", "12", "00350000000000000026"), ("SH-7", "WO-1", "3", "00350000000000000026"),
    ]  # fmt: skip


def test_acknowledgements_of_sets_groups_and_interchanges(tmp_path: Path) -> None:
    text = written(("997", "AK1*SH*4711~AK2*856*0001~AK5*A~AK2*856*0002~AK3*N1*7~AK5*R*5~AK9*P*2*2*1"))
    sets, _ = rows_of(tmp_path, text, "acknowledgements")
    assert [(r["acknowledged_message_number"], r["acknowledgement_code"]) for r in sets] == [
        ("0001", "accepted"), ("0002", "rejected"),
    ]  # fmt: skip
    ta1 = written().replace("IEA*0", "TA1*000000042*261005*1400*A*000~\nIEA*0")
    rows, _ = rows_of(tmp_path, text + ta1, "interchanges")
    assert [(r["message_type"], r["acknowledgement_code"]) for r in rows] == [
        ("997", "partially_accepted"), ("TA1", "received"),
    ]  # fmt: skip
    assert (rows[0]["acknowledged_group_number"], rows[0]["acknowledged_message_number"]) == ("4711", "0001 0002")
    assert rows[1]["acknowledged_interchange_number"] == "000000042"


# -- what does not agree ------------------------------------------------------------------------------------------

FAULTS: Mapping[str, tuple[str, str, str, tuple[str, str]]] = {
    "segment count": ("SE*13*", "SE*12*", "segment_count", ("segments", "13")),
    "no number": ("SE*13*", "SE*x*", "segment_count", ("segments", "13")),
    "number of the set": ("SE*13*0001", "SE*13*0002", "message_reference", ("control_numbers", "2")),
    "count of the group": ("GE*1*", "GE*2*", "message_count", ("messages", "1")),
    "number of the group": ("GE*1*701", "GE*1*702", "group_reference", ("control_numbers", "2")),
    "count of the interchange": ("IEA*1*", "IEA*3*", "group_count", ("groups", "1")),
    "number of the interchange": ("IEA*1*000000007", "IEA*1*8", "interchange_reference", ("control_numbers", "2")),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_trailer_that_says_otherwise_is_a_fault_and_a_total(tmp_path: Path, name: str) -> None:
    before, after, fault, (total, found) = FAULTS[name]
    text = written(("850", ORDER))
    assert before in text
    (row,), facts = rows_of(tmp_path, text.replace(before, after), "interchanges")
    assert row["message_faults"] == fault
    (wrong,) = [t for t in facts.totals if t.said != t.found]
    assert (wrong.name, wrong.found if total != "control_numbers" else "2") == (total, found)
    assert wrong.where.startswith("file.edi:")


def test_one_count_too_high_does_not_make_up_for_one_too_low(tmp_path: Path) -> None:
    text = written(("850", ORDER), ("850", ORDER.replace("PO-1", "PO-2")))
    first, second = text.index("SE*13"), text.rindex("SE*13")
    text = text[:first] + "SE*12" + text[first + 5 : second] + "SE*14" + text[second + 5 :]
    rows, facts = rows_of(tmp_path, text, "interchanges")
    assert [r["message_faults"] for r in rows] == ["segment_count", "segment_count"]
    assert [(t.said, t.found) for t in facts.totals if t.name == "segments"] == [("12", "13")]


@pytest.mark.parametrize(
    ("before", "after", "fault"), [("CTT*2*510", "CTT*3*510", "line_count"), ("*510", "*511", "quantity_total")]
)
def test_a_summary_that_says_otherwise(tmp_path: Path, before: str, after: str, fault: str) -> None:
    (row,), facts = rows_of(tmp_path, written(("850", ORDER.replace(before, after))), "orders")
    assert row["message_faults"] == fault
    assert [t.name for t in facts.totals if t.said != t.found] == [{"line_count": "lines"}.get(fault, "quantities")]


def test_a_number_used_twice_in_a_group(tmp_path: Path) -> None:
    text = written(("850", ORDER), ("850", ORDER)).replace("850*0002", "850*0001").replace("SE*13*0002", "SE*13*0001")
    rows, _ = rows_of(tmp_path, text, "interchanges")
    assert [r["message_faults"] for r in rows] == ["none", "message_number_repeated"]


def test_unknown_segments_are_told_and_kept(tmp_path: Path) -> None:
    text = written(("850", ORDER.replace("~PID*F****Sensor", "~PID*F****Sensor~ZZZ*1*2~ZZZ*3")))
    rows, facts = rows_of(tmp_path, text, "order_lines")
    assert rows[0]["other"] == "ZZZ*1*2 ~ ZZZ*3"
    assert facts.warnings == ["segment 'ZZZ' is none of transaction set 850: 2 times (lines 13, 14)"]
    (row,), _ = rows_of(tmp_path, text, "interchanges")
    assert row["unknown_segments"] == "ZZZ (2)"


def test_elements_without_a_column_are_kept(tmp_path: Path) -> None:
    rows, _ = rows_of(tmp_path, written(("850", ORDER.replace("*UP*0123", "*ZZ*EXTRA*UP*0123"))), "order_lines")
    assert "ZZ*EXTRA" in rows[0]["other"]


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


@pytest.mark.parametrize("kind", SETS)
def test_no_segment_is_lost_wherever_it_stands(tmp_path: Path, kind: str) -> None:
    """A segment that nobody knows, put behind every other one, is found again in the tables of the set."""
    segments = SETS[kind].split("~")
    for at in range(1, len(segments) + 1):
        text = written((kind, "~".join([*segments[:at], f"ZZZ*found {at}", *segments[at:]])))
        cells = ""
        for table, layout in LAYOUTS.items():
            if kind in layout.kinds:
                rows, facts = rows_of(tmp_path, text, table)
                cells += "".join(row.get("other", "") for row in rows)
                assert any("ZZZ" in warning for warning in facts.warnings)
        assert f"ZZZ*found {at}" in cells, segments[at - 1]


@pytest.mark.parametrize(
    ("address", "found"),
    [("N4*Salem*OR*97301*US", "US"), ("N4*Salem*OR*97301", "US"), ("N4*Ottawa*ON*K1A0B1", "CA"), ("N4*Salem*OR", None),
     ("N4*Lyon**69001", None), ("N4*Lyon**69001*FR", "FR")],
)  # fmt: skip
def test_a_country_that_goes_without_saying(tmp_path: Path, address: str, found: str | None) -> None:
    (order,), _ = rows_of(tmp_path, written(("850", ORDER.replace("N4*Salem*OR*97301*US", address))), "orders")
    assert order.get("ship_to_country") == found


def test_levels_without_items_are_told(tmp_path: Path) -> None:
    rows, _ = rows_of(
        tmp_path, written(("856", NOTICE.replace("~CTT*7", "~HL*8*1*O~PRF*PO-3~CTT*8"))), "despatch_lines"
    )
    assert [(r["order_id"], r.get("despatched_quantity")) for r in rows][-1] == ("PO-3", None)


def test_sets_without_a_table_are_told_and_have_their_segments(tmp_path: Path) -> None:
    text = written(("850", ORDER)).replace("ST*850", "ST*204")
    rows, facts = rows_of(tmp_path, text, "orders")
    assert rows == []
    assert "transaction sets without a table of their own (see table segments): 204 (1)" in facts.warnings
    rows, _ = rows_of(tmp_path, text, "segments")
    assert [r["tag"] for r in rows][:3] == ["ST", "BEG", "CUR"]
    assert (rows[1]["element_03"], rows[1]["text"]) == ("PO-1", "BEG*00*NE*PO-1**20261001")


# -- ways to write the same ---------------------------------------------------------------------------------------

WAYS = {
    "as usual": Marks(),
    "in one line": Marks(after=""),
    "windows": Marks(after="\r\n"),
    "line breaks end segments": Marks(segment="\n", after=""),
    "carriage returns": Marks(segment="\r", after=""),
    "both": Marks(segment="\r\n", after=""),
    "indented": Marks(after="\n    "),
    "other signs": Marks(element="|", component="^", segment="'", after="", repetition=">"),
    "control characters": Marks(element="\x1d", component="\x1f", segment="\x1c", after=""),
}


@pytest.mark.parametrize("way", WAYS)
def test_separators_come_from_the_header(tmp_path: Path, way: str) -> None:
    wanted, _ = rows_of(tmp_path, written(("850", ORDER), ("856", NOTICE)), "order_lines")
    found, facts = rows_of(tmp_path, written(("850", ORDER), ("856", NOTICE), marks=WAYS[way]), "order_lines")
    assert [{**r, "position": ""} for r in found] == [{**r, "position": ""} for r in wanted]
    assert facts.warnings == []
    assert [t for t in facts.totals if t.said != t.found] == []


def test_lines_of_eighty_characters_cut_segments(tmp_path: Path) -> None:
    text = written(("850", ORDER), marks=Marks(after=""))
    cut = "\r\n".join(text[i : i + 80] for i in range(0, len(text), 80))
    wanted, _ = rows_of(tmp_path, text, "orders")
    (row,), facts = rows_of(tmp_path, cut, "orders")
    assert {**row, "position": ""} == {**wanted[0], "position": ""}
    assert "put together again" in facts.warnings[0]


def test_several_interchanges_each_with_its_separators(tmp_path: Path) -> None:
    other = Marks(element="|", component="^", segment="'", after="")
    text = written(("850", ORDER)) + written(("850", ORDER.replace("PO-1", "PO-2")), marks=other)
    rows, _ = rows_of(tmp_path, "\ufeff" + text + "\x1a", "orders")
    assert [r["order_id"] for r in rows] == ["PO-1", "PO-2"]


def test_a_header_that_is_not_padded_and_a_trailer_without_terminator(tmp_path: Path) -> None:
    text = written(("850", ORDER)).replace("BUYER          ", "BUYER").rstrip().removesuffix("~")
    (row,), _ = rows_of(tmp_path, text, "orders")
    assert row["sender_id"] == "BUYER"


def test_old_dates_have_two_digits_of_the_year(tmp_path: Path) -> None:
    old = written(("850", ORDER.replace("20261001", "981001")), version="003040")
    (row,), _ = rows_of(tmp_path, old, "orders")
    assert (row["document_date"], row["message_version"]) == ("1998-10-01", "003040")


def test_dates_that_are_none_stay_as_written() -> None:
    assert [x12_plain.plain_date(t) for t in ("20260230", "2026-01-01", "1", "20261301")] == [
        "20260230", "2026-01-01", "1", "20261301",
    ]  # fmt: skip
    assert x12_plain.plain_moment("20260704", "2460", "ET") == "2026-07-04 2460"
    assert x12_plain.plain_moment("20260104", "0930", "PT") == "2026-01-04T09:30:00-0800"


def test_segments_that_lie_across_two_blocks_are_whole(tmp_path: Path) -> None:
    lines = "~".join(f"PO1*{n}*1*EA*1*PE*VN*SKU-{n:030}" for n in range(1, 40_001))
    rows, facts = rows_of(tmp_path, written(("850", f"BEG*00*NE*PO-1**20261001~{lines}~CTT*40000")), "order_lines")
    assert len(rows) == 40_000
    assert facts.warnings == []
    assert [t for t in facts.totals if t.said != t.found] == []


# -- what is refused ----------------------------------------------------------------------------------------------

WHOLE = written(("850", ORDER))
REFUSED = {
    "empty": ("", "no bytes"),
    "no header": ("ST*850*0001~", "text outside an interchange"),
    "other text": ("order_id,line\n1,2\n", "text outside an interchange"),
    "header cut off": (WHOLE[:60], "interchange header cannot be read"),
    "cut off inside a segment": (WHOLE[:300], "truncated"),
    "cut off behind a segment": (WHOLE[: WHOLE.index("SE*")], "truncated"),
    "no trailer of the interchange": (WHOLE[: WHOLE.index("IEA")], "truncated"),
    "text behind it": (WHOLE + "thank you", "text outside an interchange"),
    "set inside a set": (WHOLE.replace("CTT*2", "ST*850*0002~\nCTT*2"), "'ST' out of place"),
    "no trailer of the set": (WHOLE.replace("SE*13*0001~\n", ""), "'GE' out of place"),
    "no trailer of the group": (WHOLE.replace("GE*1*701~\n", ""), "'IEA' out of place"),
    "trailer without a set": (WHOLE.replace("GE*", "SE*1*0001~\nGE*"), "'SE' out of place"),
    "segment between sets": (WHOLE.replace("GE*", "BEG*00~\nGE*"), "'BEG' out of place"),
    "interchange inside one": (WHOLE[: WHOLE.index("GE*")] + WHOLE, "'ISA' out of place"),
    "letters as separators": (WHOLE.replace("*", "X"), "interchange header cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_interchange_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    text, what = REFUSED[name]
    with pytest.raises(DeliveryError) as error:
        rows_of(tmp_path, text, "orders")
    assert what in str(error.value)
    assert "file.edi" in str(error.value)


def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="not in the declared encoding"):
        rows_of(tmp_path, WHOLE.replace("Sensor", "Caf\xe9").encode("latin-1"), "orders")


def test_a_segment_without_end_is_refused_early(tmp_path: Path) -> None:
    endless = WHOLE[: WHOLE.index("BEG")] + "BEG*" + "x" * (5 << 20)
    with pytest.raises(DeliveryError, match="segment without end"):
        rows_of(tmp_path, endless, "orders")


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    head = WHOLE.encode()[:107]
    for text in (data, head + data):
        try:
            rows_of(folder, text, "segments")
        except DeliveryError as error:
            assert "file.edi" in str(error)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A stretch of a sound file is lost, doubled or written over: it is read with what it says, or refused."""
    kind = data.draw(st.sampled_from(sorted(SETS)))
    text = written((kind, SETS[kind]))
    begin = data.draw(st.integers(0, len(text)))
    piece = text[begin : begin + data.draw(st.integers(0, 40))]
    other = data.draw(st.sampled_from(["", piece * 2, "~", "*", "\n", "HL*1*1*I~", "ST*850*1~", "\x00", "*" * 40]))
    folder = tmp_path_factory.mktemp("damage")
    for table in ("interchanges", "segments", *(t for t, layout in LAYOUTS.items() if kind in layout.kinds)):
        try:
            rows_of(folder, text[:begin] + other + text[begin + len(piece) :], table)
        except DeliveryError as error:
            assert "file.edi" in str(error)


# -- round trip ---------------------------------------------------------------------------------------------------

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="*>~U"), min_size=1, max_size=20
)
NUMBER = st.decimals(min_value="0.01", max_value="99999", places=2).map(lambda d: f"{d.normalize():f}")
ITEM = st.fixed_dictionaries(
    {"supplier_product_id": TEXT, "despatched_quantity": NUMBER, "sscc_id": TEXT, "item_name": TEXT}
)
ORDERS = st.lists(st.tuples(TEXT, st.lists(ITEM, min_size=1, max_size=3)), min_size=1, max_size=3)
NOTICES = st.lists(st.tuples(TEXT, ORDERS), min_size=1, max_size=3)
MARKS = st.sampled_from([Marks(), Marks(after=""), Marks(after="\r\n"), Marks(segment="\n", after="")])


def notice(number: str, orders: list[tuple[str, list[dict[str, str]]]]) -> list[list[str]]:
    """A ship notice: shipment, orders, a pack for each item."""
    out = [["BSN", "00", number, "20261005", "1430", "0001"], ["HL", "1", "", "S"]]
    level = 1
    for order, items in orders:
        level += 1
        above = level
        out += [["HL", str(level), "1", "O"], ["PRF", order]]
        for item in items:
            out += [["HL", str(level + 1), str(above), "P"], ["MAN", "GM", item["sscc_id"]]]
            out += [["HL", str(level + 2), str(level + 1), "I"], ["LIN", "", "VN", item["supplier_product_id"]]]
            out += [["SN1", "", item["despatched_quantity"], "EA"], ["PID", "F", "", "", "", item["item_name"]]]
            level += 2
    return [*out, ["CTT", str(level)]]


@given(NOTICES, MARKS)
@settings(max_examples=60, deadline=None)
def test_written_ship_notices_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    notices: list[tuple[str, list[tuple[str, list[dict[str, str]]]]]],
    marks: Marks,
) -> None:
    writer = Writer("SUPPLIER", "BAYPORT", AT, marks)
    text = writer.interchange(9, [("856", notice(number, orders)) for number, orders in notices]).text()
    rows, facts = rows_of(tmp_path_factory.mktemp("trip"), text, "despatch_lines")
    keys = ("supplier_product_id", "despatched_quantity", "sscc_id", "item_name")
    assert [(r["despatch_id"], r["order_id"], *(r[k] for k in keys)) for r in rows] == [
        (number, order, *(item[k] for k in keys))
        for number, orders in notices
        for order, items in orders
        for item in items
    ]
    assert {r["message_faults"] for r in rows} == {"none"}
    assert [t for t in facts.totals if t.said != t.found] == []
    assert [r.get("other") for r in rows] == [None] * len(rows)


CENTS = st.decimals(min_value="0.01", max_value="9999", places=2)
BILL = st.tuples(
    TEXT, st.lists(st.tuples(TEXT, st.integers(1, 500), CENTS), min_size=1, max_size=4), CENTS, st.booleans()
)


@given(st.lists(BILL, min_size=1, max_size=3), MARKS)
@settings(max_examples=60, deadline=None)
def test_written_invoices_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    bills: list[tuple[str, list[tuple[str, int, Decimal]], Decimal, bool]],
    marks: Marks,
) -> None:
    """Numbers, products, quantities, prices, totals with their sign; nothing that was written stays unexplained."""
    sets = []
    for number, lines, freight, is_credit in bills:
        total = sum(quantity * price for _, quantity, price in lines) + freight
        items = [["IT1", str(n), str(q), "EA", str(p), "PE", "VN", name] for n, (name, q, p) in enumerate(lines, 1)]
        head = [["BIG", "20261006", number, "", "", "", "", "CR" if is_credit else "DI"]]
        freight_charge = ["SAC", "C", "D240", "", "", str(int(freight * 100))]
        sets.append(("810", [*head, *items, ["TDS", str(int(total * 100))], freight_charge, ["CTT", str(len(lines))]]))
    text = Writer("SUPPLIER", "BAYPORT", AT, marks).interchange(11, sets).text()
    folder = tmp_path_factory.mktemp("bills")
    heads, facts = rows_of(folder, text, "invoices")
    signs = [-1 if is_credit else 1 for _, _, _, is_credit in bills]
    totals = [sum(q * p for _, q, p in lines) + freight for _, lines, freight, _ in bills]
    assert [r["invoice_id"] for r in heads] == [number for number, *_ in bills]
    assert [Decimal(r["signed_gross_amount"]) for r in heads] == [s * t for s, t in zip(signs, totals, strict=True)]
    assert {r["message_faults"] for r in heads} == {"none"}
    assert [t for t in facts.totals if t.said != t.found] == []
    rows, _ = rows_of(folder, text, "invoice_lines")
    found = [
        (r["invoice_id"], r["supplier_product_id"], Decimal(r["signed_quantity"]), Decimal(r["unit_price_amount"]))
        for r in rows
        if r["line_kind"] == "line"
    ]
    assert found == [
        (number, name, Decimal(sign * quantity), price)
        for (number, lines, _, _), sign in zip(bills, signs, strict=True)
        for name, quantity, price in lines
    ]
