"""X12: what the tables hold, and what does not agree."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.extract.messages.x12_parts import places
from pipelines.extract.messages.x12_places import LAYOUTS
from pipelines.extract.messages.x12_sets import SHAPES
from pipelines.formats import message_format
from tests.unit.extract.x12_messages import INVOICE, NOTICE, ORDER, SETS, SSCC, rows_of, written

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
    names = (
        "line_id line_status_code line_answer_code accepted_quantity agreed_quantity backorder_quantity promised_date"
    )
    assert [tuple(r.get(name, "") for name in names.split()) for r in lines] == [
        ("1", "IQ", "backordered", "24", "24", "8", "2026-11-01"), ("2", "IR", "rejected", "0", "5", "", ""),
    ]  # fmt: skip
    assert lines[1]["cancelled_quantity"] == "5"
    assert "ACK" not in lines[0].get("other", "")
    parts, _ = rows_of(tmp_path, written(("855", answer)), "order_confirmations")
    assert [(r["line_id"], r["confirmed_quantity"]) for r in parts] == [("1", "16"), ("1", "8"), ("2", "5")]
    whole, _ = rows_of(tmp_path, written(("855", "BAK*00*AD*PO-9*20261001")), "order_responses")
    assert [(r["order_id"], r["response_code"]) for r in whole] == [("PO-9", "AD")]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("ACK*IA*24*EA", "accepted 24 24 - - -"),
        ("ACK*IA", "accepted 24 24 - - -"),
        ("", "accepted 24 24 - - -"),  # as BAK02 says of the order
        ("ACK*IQ*16*EA", "changed 16 16 8 - -"),
        ("ACK*IQ*30*EA", "changed 30 30 - - -"),
        ("ACK*IC*16*EA~ACK*IR*8*EA", "changed 16 16 8 - -"),
        ("ACK*IR*8*EA", "changed 16 16 8 - -"),  # of the rest nothing is said: it stands
        ("ACK*BP*16*EA*068*20261015", "backordered 24 24 - 8 2026-10-15"),
        ("ACK*BP*16*EA*068*20261015~ACK*IB*8*EA*068*20261101", "backordered 24 24 - 8 2026-11-01"),
        ("ACK*IP*24*EA~ACK*DR*24*EA*067*20261101", "changed 24 24 - - 2026-11-01"),  # one lot, two answers
        ("ACK*DR*12*EA*067*20261101~ACK*DR*12*EA*067*20261015", "changed 24 24 - - 2026-11-01"),
        ("ACK*IA*24*EA~DTM*067*20261015", "accepted 24 24 - - 2026-10-15"),
        ("ACK*IA*24*EA~SCH*12*EA***067*20261015~SCH*12*EA***067*20261101", "accepted 24 24 - - 2026-11-01"),
        ("ACK*IW*24*EA", "on_hold 24 24 - - -"),
        ("ACK*IF", "on_hold 24 24 - - -"),
        ("ACK*IS*24*EA****VN*B", "changed 24 24 - - -"),
        *((f"ACK*{code}*24*EA", "accepted 24 24 - - -") for code in ("AC", "AR", "AA", "IE", "SP")),
        *((f"ACK*{code}", "rejected 0 24 24 - -") for code in ("ID", "IR", *(f"R{n}" for n in range(1, 9)))),
    ],
)
def test_what_all_answers_to_a_line_leave_of_it(tmp_path: Path, answer: str, wanted: str) -> None:
    names = "line_answer_code accepted_quantity agreed_quantity cancelled_quantity backorder_quantity promised_date"
    for head, line in (("BAK*00*AT*PO-1*20261001", "PO1*1*24*EA*12.5*PE*VN*A"), ("BCA*00*AT*PO-1**1*20261001", POC)):
        body = "~".join(filter(None, (head, line, answer, "CTT*1")))
        (row,), facts = rows_of(tmp_path, written(("855" if head[1] == "A" else "865", body)), "order_responses")
        assert " ".join(row.get(name, "-") for name in names.split()) == wanted
        assert facts.warnings == []


POC = "POC*1*CA*24*24*EA*12.5*PE*VN*A"


def test_answers_to_an_order_as_a_whole(tmp_path: Path) -> None:
    """It rejects all lines, whatever they say; without lines the register has it."""
    body = "BAK*00*{}*PO-1*20261001~PO1*1*24*EA*12.5*PE*VN*A{}~CTT*1"
    for code, ack, word, accepted in (("RD", "~ACK*IA*24*EA", "rejected", "0"), ("AH", "", "on_hold", "24")):
        (row,), _ = rows_of(tmp_path, written(("855", body.format(code, ack))), "order_responses")
        assert (row["line_answer_code"], row["accepted_quantity"]) == (word, accepted)
    deleted = written(("865", f"BCA*00*AC*PO-1**1*20261001~{POC.replace('CA', 'DI')}~CTT*1"))
    (row,), _ = rows_of(tmp_path, deleted, "order_responses")
    assert (row["line_answer_code"], row["cancelled_quantity"]) == ("rejected", "24")
    text = written(("855", "BAK*00*RJ*PO-9*20261001"), ("865", "BCA*00*AC*PO-8**1*20261001"))
    rows, _ = rows_of(tmp_path, text, "interchanges")
    assert [(r["answered_document_id"], r["document_answer_code"]) for r in rows] == [
        ("PO-9", "rejected"), ("PO-8", "changed"),
    ]  # fmt: skip


def test_answers_that_say_nothing_of_a_quantity(tmp_path: Path) -> None:
    """A code of no release leaves the order as it is, with a warning; another unit than that of the order is set aside;
    what is accepted without any quantity stands as it was ordered."""
    body = "BAK*00*AC*PO-1*20261001~PO1*1*{}*12.5*PE*VN*A~ACK*{}~CTT*1"
    (row,), facts = rows_of(tmp_path, written(("855", body.format("24*EA", "QQ*16*EA"))), "order_responses")
    assert (row["accepted_quantity"], row["line_answer_code"]) == ("24", "changed")
    assert any("stays as ordered: QQ (1)" in warning for warning in facts.warnings)
    (row,), facts = rows_of(tmp_path, written(("855", body.format("24*EA", "IA*2*CA"))), "order_responses")
    assert "ordered in unit EA, answered in CA" in row["__problem"]
    assert "line 5" in row["__problem"]
    assert facts.malformed == 1
    (row,), _ = rows_of(tmp_path, written(("855", body.format("*", "IA"))), "order_responses")
    assert (row["stands_as_ordered"], row.get("agreed_quantity")) == ("true", None)


def test_advice_on_the_content_of_what_was_sent(tmp_path: Path) -> None:
    """824 takes one invoice and refuses the other with the places of two errors."""
    advice = (
        "BGN*11*ADV-1*20261008~OTI*TA*IV*INV-1*****7*0001*810~OTI*TR*IV*INV-2*****7*0002*810~"
        "TED*010*Total differs; see line 2*TDS*14*1~TED*011"
    )
    (row,), facts = rows_of(tmp_path, written(("824", advice)), "interchanges")
    wanted = {
        "document_id": "ADV-1", "acknowledged_group_number": "7", "acknowledged_message_number": "0001 0002",
        "acknowledged_message_type": "810", "acknowledgement_code": "partially_accepted",
        "rejected_message_number": "0002",
        "acknowledgement_errors": "0002 TDS at 14 element 1: 010 Total differs, see line 2; 0002: 011 does not match",
    }  # fmt: skip
    assert wanted.items() <= row.items()
    assert "answered_document_id" not in row
    assert facts.warnings == [
        "messages of types without a table of their own, see table segments: 824 application advice (1)"
    ]


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
    assert (rows[0]["rejected_message_number"], rows[0]["acknowledgement_errors"]) == (
        "0002", "0002: 5 segments have errors; group 4711: of 2 sent 2 received and 1 accepted",
    )  # fmt: skip
    assert rows[1]["acknowledged_interchange_number"] == "000000042"
    assert rows[0]["acknowledged_message_type"] == "856"
    assert "acknowledgement_errors" not in rows[1]
    (refused, _), _ = rows_of(tmp_path, ta1.replace("*A*000", "*R*025") + text, "interchanges")
    assert (refused["acknowledgement_code"], refused["acknowledgement_errors"]) == (
        "rejected", "interchange: 025 number of the interchange is used before",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "answer", "code", "rejected", "errors"),
    [
        ("997", "AK1*PO*7~AK9*A*3*3*3", "accepted", "", ""),
        ("997", "AK1*PO*7~AK9*R*3*3*0*5", "rejected", "",
         "group 7: 5 trailer counts other messages than came; group 7: of 3 sent 3 received and 0 accepted"),
        ("997", "AK1*PO*7~AK9*A*3*2*2", "accepted_with_errors", "", "group 7: of 3 sent 2 received and 2 accepted"),
        ("997", "AK1*PO*7~AK2*850*0001~AK5*E*5~AK9*E*1*1*1", "accepted_with_errors", "",
         "0001: 5 segments have errors"),
        ("997", "AK1*PO*7~AK2*850*0001~AK5*A~AK2*850*0001~AK5*R~AK9*P*2*2*2", "partially_accepted", "0001", ""),
        ("997", "AK1*PO*7~AK2*850*0001~AK5*M*5~AK9*A*1*1*1", "partially_accepted", "0001",
         "0001: 5 segments have errors"),
        ("997", "AK1*PO*7~AK2*850*0001~AK5*W~AK2*850*0002~AK5*X~AK9*R*2*2*0", "rejected", "0001 0002",
         "group 7: of 2 sent 2 received and 0 accepted"),
        ("997", "AK1*PO*7~AK2*850*0001~AK3*N1*8*N1*8~AK4*4*67*5*ABC~AK4*5>2**7~AK5*R*5*3~AK9*P*2*2*2",
         "partially_accepted", "0001",
         "0001 N1 at 8: 8 elements have errors; 0001 N1 at 8 element 4: 5 too long; 0001 N1 at 8 element 5.2: 7 "
         "code that is not in the list; 0001: 5 segments have errors, 3 header and trailer have different numbers"),
        ("999", "AK1*PO*7*005010~AK2*850*0001*005010~IK3*PO1*6**3~CTX*SITUATIONAL TRIGGER~IK4*2*330*1~IK5*R*I5~"
         "AK9*P*2*2*2", "partially_accepted", "0001", "0001 PO1 at 6: 3 required segment is missing; 0001 PO1 at 6 "
         "element 2: 1 required element is missing; 0001: I5 segments break the guideline of the partner"),
    ],
)  # fmt: skip
def test_what_an_acknowledgement_comes_to(
    tmp_path: Path, kind: str, answer: str, code: str, rejected: str, errors: str
) -> None:
    (row,), facts = rows_of(tmp_path, written((kind, answer)), "interchanges")
    assert (row["acknowledgement_code"], row.get("rejected_message_number", "")) == (code, rejected)
    assert row.get("acknowledgement_errors", "") == errors
    assert (row["acknowledged_group_number"], facts.warnings) == ("7", [])


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
    assert "messages of types without a table of their own, see table segments: 204 load tender (1)" in facts.warnings
    rows, _ = rows_of(tmp_path, text, "segments")
    assert [r["tag"] for r in rows][:3] == ["ST", "BEG", "CUR"]
    assert (rows[1]["element_03"], rows[1]["text"]) == ("PO-1", "BEG*00*NE*PO-1**20261001")


def test_other_sets_of_an_interchange_are_named_and_stop_none(tmp_path: Path) -> None:
    """Remittance, stock, sales, receipts and load tenders beside an order: it is read, they are told by their names."""
    text = written(*((("850", ORDER),) * 6))
    for kind in ("820", "846", "852", "861", "990"):
        text = text.replace("ST*850", f"ST*{kind}", 1)
    rows, facts = rows_of(tmp_path, text, "order_lines")
    assert [r["line_id"] for r in rows] == ["1", "2"]
    assert facts.warnings[-1] == (
        "messages of types without a table of their own, see table segments: 820 remittance advice (1), 846 stock "
        "list (1), 852 sales and stock (1), 861 receipt of goods (1), 990 answer to a load tender (1)"
    )
    rows, _ = rows_of(tmp_path, text, "interchanges")
    assert [r["message_type"] for r in rows] == ["820", "846", "852", "861", "990", "850"]
